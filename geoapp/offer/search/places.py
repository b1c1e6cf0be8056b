"""The place that a person means: proposed while typing, named, coded or pointed at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rapidfuzz import fuzz, process

from geoapp.core.errors import ParameterError
from geoapp.core.geometry import METROPOLE
from geoapp.offer.search.index import Index
from geoapp.offer.search.model import Lieu
from geoapp.offer.search.place_typed import (
    LONGUEUR_MAX,
    Saisie,
    bare_text,
    natural_areas,
    outside_name,
    read_typed,
)
from geoapp.offer.search.prefixes import find_prefixes
from geoapp.offer.search.street_places import VOIE, nearest_streets, street_place
from geoapp.offer.search.street_words import (
    TYPES,
    Adressee,
    is_announced,
    read_number,
    street_words,
)
from geoapp.offer.search.streets import Rue
from geoapp.offer.search.words import place_words, stem, stems
from geoapp.reference.codes.text import fold
from geoapp.reference.zonings import CHERCHES, DEPARTS

COMMUNES = ("commune", "ancienne_commune", "code_postal")
ETABLISSEMENT = "etablissement"
POINTS = (*COMMUNES, ETABLISSEMENT)
"""Places of which the name alone is looked up, whatever département or postcode goes with it."""

ORDRE = (*COMMUNES, *CHERCHES, *DEPARTS, ETABLISSEMENT)
"""When names are equal: a commune before the zones named after it, then where one starts from."""

PROCHES = 6
"""Places proposed at most when one must choose."""

NOM_POINT = "point choisi sur la carte"
DECIMALES = 6
"""Decimals of a position searched from: rounding to share it comes after measuring."""

_RESSEMBLANCE = 72
"""Percentage of likeness (rapidfuzz ratio) from which a name is proposed for a misspelt one."""

_RESSEMBLANCE_VAGUE = 65
"""The same, from which a name is among those to choose from when nothing is nearer."""

_RESSEMBLANCE_SURE = 85
"""The same, from which a misspelt name may be taken for a town, and told."""

_VILLE = 5_000
"""People from which a misspelt name may be taken for a town without asking."""

_RESSEMBLANCE_VILLE = 75
_GRANDE_VILLE = 20_000
"""The same two, for a large town whose first letters are right (« dunkerk »)."""

_DEBUT = 3
"""First letters of a name that a misspelling keeps."""

DOMINANCE = 5
"""Times more people than the next place of its name that make a short or misspelt name clear."""

_CODE = re.compile(r"([a-z0-9_]+)\s*:\s*(\S+)")

RUES = frozenset(
    "rue avenue boulevard place chemin impasse allee route quai square cite residence hameau "
    "lieu".split()
)
"""First words that announce an address, wherever they are typed."""

_VERS_UN_LIEU = frozenset("a autour cote dans de pres sur vers".split())
"""Words that lead to the name of a place."""

MOTS_COMMUNE = 6
"""Words of the longest commune name looked for at the end of an address."""

A_LA_COMMUNE = "commune de l'adresse"
"""`precision` of a place found at the end of an address: no street is known there."""

RUE_INCONNUE = "commune de l'adresse, rue inconnue"
"""The same where the streets are known, and none has the name typed."""

CONSEIL = "Tapez une commune, un code postal, un quartier, un établissement ou un territoire."


class PlaceError(ParameterError):
    """A place that is not understood, or is elsewhere: what to say, and what may be chosen."""

    def __init__(self, texte: str, phrase: str, choix: Sequence[Lieu] = ()):
        self.phrase = phrase
        self.choix = tuple(choix)
        names = ", ".join(f"« {place.nom} »" for place in self.choix)
        ask = f" Vouliez-vous dire {names} ?" if names else ""
        super().__init__(f"lieu = « {texte[:LONGUEUR_MAX]} » : {phrase}{ask}")


def suggest_places(index: Index, debut: str, limit: int = 8) -> list[Lieu]:
    """Return the places whose words start as those typed.

    Exact names, then starts of names, then others.

    Among equals: the region before its neighbours, communes before zones,
    largest population first.  When nothing starts so, the names that look most
    like what was typed.
    """
    saisie = read_typed(debut)
    if not saisie.mots:
        return []
    rows = _of_kind(index, saisie) or _ranked(index, saisie.mots)
    if area := natural_areas().get(saisie.plie):
        rows = [*(row for row in rows if _tier(index, row, saisie.mots) == 0), *_near(index, area)]
    if not rows and not outside_name(saisie):
        rows = _alike(index, saisie.plie)
    return [_place(index, row) for row in dict.fromkeys(rows[:limit])]


def suggest_streets(index: Index, debut: str) -> list[Lieu]:
    """Return the streets that may be meant by a street and its commune, best first."""
    try:
        found = _street(index, debut)
    except PlaceError as error:
        return [place for place in error.choix if place.type in (VOIE, "adresse")]
    return [found] if found and found.type in (VOIE, "adresse") else []


def tell_outside(texte: str) -> str:
    """Return that a name is outside the region, in a sentence; "" when it is not known to be."""
    named = outside_name(read_typed(texte))
    return (
        f"{named} est hors de la région : ses formations ne sont pas connues ici." if named else ""
    )


def _near(index: Index, area: tuple[str, tuple[str, ...]]) -> list[int]:
    """Return the rows of the territories near an area without borders; those that are known."""
    codes = (tuple(valeur.split(":", 1)) for valeur in area[1])
    found = (index.toponymes.par_code.get((type_, code)) for type_, code in codes)
    return [row for row in found if row is not None]


def _of_kind(index: Index, saisie: Saisie) -> list[int]:
    """Return the rows of the kind of zone that was typed (« agglo de Lens »), best first."""
    if not saisie.type_zone:
        return []
    rest = list(saisie.reste)
    kinds = tuple(DEPARTS) if saisie.type_zone in DEPARTS else (saisie.type_zone,)
    rows = find_prefixes(index.toponymes.prefixes, rest).tolist()
    found = [row for row in rows if index.toponymes.lignes[row][0] in kinds]
    return sorted(found, key=lambda row: (_tier(index, row, rest), *_importance(index, row)))


def _ranked(index: Index, tokens: list[str]) -> list[int]:
    """Return the rows that hold every token as the start of a word, best first."""
    rows = find_prefixes(index.toponymes.prefixes, tokens).tolist()
    found = [row for row in rows if _is_named(index, row, tokens)]
    return sorted(found, key=lambda row: (_tier(index, row, tokens), *_importance(index, row)))


def _is_named(index: Index, row: int, tokens: list[str]) -> bool:
    """Tell whether a token starts the name itself.

    A département or postcode alone does not bring all its communes.
    """
    type_, alias = index.toponymes.lignes[row][0], index.toponymes.lignes[row][4]
    if type_ not in POINTS or " ".join(tokens) == alias:
        return True
    return any(
        (token.isdigit() and len(token) == 5)
        or any(word.startswith(token) for word in index.toponymes.noyaux[row])
        for token in tokens
    )


def _tier(index: Index, row: int, tokens: list[str]) -> int:
    """Return how near the tokens are to a name, 0 for the name itself.

    1 for the name and words that go with it, 2 for its start, else 3.
    """
    places = index.toponymes
    core, text = places.noyaux[row], " ".join(tokens)
    if text in (places.plies[row], places.lignes[row][4]):
        return 0
    if text == places.lignes[row][1].lower():
        return 1
    if core and core.issubset(tokens) and places.mots[row].issuperset(tokens):
        return 1
    return 2 if core and places.plies[row].startswith(text) else 3


def _importance(index: Index, row: int) -> tuple:
    """Return how places of one tier are sorted."""
    line = index.toponymes.lignes[row]
    return not line[9], ORDRE.index(line[0]), -line[8], line[2], line[1]


def _alike(index: Index, text: str, cutoff: float = _RESSEMBLANCE) -> list[int]:
    """Return the rows whose name looks like a text, most alike first."""
    plies = index.toponymes.plies
    if text.replace(" ", "").isdigit():
        return []
    near = process.extract(text, plies, scorer=fuzz.ratio, score_cutoff=cutoff, limit=40)
    # By steps of four points: within a step the larger place is the more likely one.
    near.sort(key=lambda one: (-round(one[1] / 4), *_importance(index, one[2])))
    return [row for _, _, row in near]


def _place(index: Index, row: int, compris_de: str = "") -> Lieu:
    """Return one row as a place."""
    type_, code, nom, _, _, _, longitude, latitude, _, inside, precision = index.toponymes.lignes[
        row
    ]
    return Lieu(
        type=type_,
        code=code,
        nom=nom,
        longitude=longitude,
        latitude=latitude,
        precision=precision,
        compris_de=compris_de,
        est_region=bool(inside),
    )


def resolve_place(index: Index, texte: str) -> Lieu:
    """Return the place that a text names.

    Parameters
    ----------
    texte : str
        `type:code` (`commune:62498`, `ze2020:3215`), a name, a postcode, or a
        name with its département.  Case, accents and hyphens do not matter.

    A name that is not exactly that of a place is taken for one only when it is
    clear, and the place tells it (`compris_de`): a town of which it is the start,
    or a misspelling, and that has `DOMINANCE` times more people than the next one.

    Raises
    ------
    PlaceError
        When no place or several have that name, or it is outside the region; with those to choose
        from.
    """
    if match := _CODE.fullmatch(texte.strip()):
        return _by_code(index, match[1], match[2])
    saisie = read_typed(texte)
    rows = _ranked(index, saisie.mots) if saisie.mots else []
    tiers = {row: _tier(index, row, saisie.mots) for row in rows}
    named = [row for row in rows if tiers[row] == 0]
    found = _same_kind(index, named or [row for row in rows if tiers[row] == 1])
    started = [row for row in rows if tiers[row] == 2]
    inside = [row for row in started if index.toponymes.lignes[row][9]]
    area = natural_areas().get(saisie.plie)
    if area and not (found and index.toponymes.lignes[found[0]][0] in COMMUNES):
        phrase = f"« {area[0]} » n'a pas de limites officielles : choisissez un territoire proche."
        near = dict.fromkeys([*named, *_near(index, area)])
        raise PlaceError(texte, phrase, [_place(index, row) for row in near])
    if found:
        if not index.toponymes.lignes[found[0]][9] and _is_lesser(index, found[0], inside):
            raise _several(index, texte, [*inside, *found])
        return _only(index, texte, found)
    if kind := _of_kind(index, saisie):
        best = _tier(index, kind[0], list(saisie.reste))
        return _only(index, texte, [r for r in kind if _tier(index, r, [*saisie.reste]) == best])
    if outside := tell_outside(texte):
        raise PlaceError(texte, outside, [_place(index, row) for row in inside[:PROCHES]])
    return (
        _street(index, texte)
        or _commune_of_address(index, saisie.mots)
        or _short_name(index, texte, started)
        or _whole_words(index, texte, rows, saisie)
        or _misspelt(index, texte, rows, saisie)
    )


def _only(index: Index, texte: str, rows: list[int], compris_de: str = "") -> Lieu:
    """Return the place of the only row; several ask."""
    if len(rows) == 1:
        return _place(index, rows[0], compris_de)
    raise _several(index, texte, rows)


def _several(index: Index, texte: str, rows: list[int]) -> PlaceError:
    phrase = (
        f"plusieurs lieux répondent à « {texte.strip()[:LONGUEUR_MAX]} » : choisissez le vôtre."
    )
    return PlaceError(texte, phrase, [_place(index, row) for row in rows[: 2 * PROCHES]])


def _short_name(index: Index, texte: str, started: list[int]) -> Lieu | None:
    """Return the town of which the start of the name was typed (« Boulogne »), when it is clear.

    A former commune has no population of its own: beside one, nothing is clear (« Saint-Pol »).
    """
    near = _same_side(index, started)
    if not near:
        return None
    largest = _largest(index, near)
    old = len(near) > 1 and any(
        index.toponymes.lignes[row][0] == "ancienne_commune" for row in near
    )
    if largest is not None and not old:
        return _place(index, largest, texte.strip())
    raise _several(index, texte, near)


def _whole_words(index: Index, texte: str, rows: list[int], saisie: Saisie) -> Lieu | None:
    """Return the only establishment or quarter that holds all the words typed, two at least."""
    near = [row for row in rows if index.toponymes.mots[row].issuperset(saisie.mots)]
    if len(near) == 1 and len(saisie.mots) > 1:
        type_ = index.toponymes.lignes[near[0]][0]
        return _place(index, near[0], texte.strip()) if type_ not in COMMUNES else None
    return None


def _misspelt(index: Index, texte: str, rows: list[int], saisie: Saisie) -> Lieu:
    """Return the town of which the name is misspelt, when it is clear; else ask, or say unknown."""
    held = _communes_held(index, saisie.mots)
    if rows:
        # What holds every word typed before the commune that holds one of them.
        raise _several(index, texte, list(dict.fromkeys([*rows, *held])))
    for likeness, people in ((_RESSEMBLANCE_SURE, _VILLE), (_RESSEMBLANCE_VILLE, _GRANDE_VILLE)):
        largest = _largest(index, _same_side(index, _alike(index, saisie.plie, likeness)))
        if (
            largest is not None
            and index.toponymes.lignes[largest][8] >= people
            and index.toponymes.plies[largest][:_DEBUT] == saisie.plie[:_DEBUT]
        ):
            return _place(index, largest, texte.strip())
    near = list(dict.fromkeys([*held, *_alike(index, saisie.plie, _RESSEMBLANCE_VAGUE)]))[:PROCHES]
    shown = texte.strip()[:LONGUEUR_MAX]
    raise PlaceError(
        texte,
        f"« {shown} » n'est pas connu ici. {'Choisissez un lieu proche.' if near else CONSEIL}",
        [_place(index, row) for row in near],
    )


def _communes_held(index: Index, mots: list[str]) -> list[int]:
    """Return the communes of the region whose name stands whole in a text (« gare de Lens »)."""
    held = []
    for size in range(min(MOTS_COMMUNE, len(mots) - 1), 0, -1):
        for start in range(len(mots) - size + 1):
            part = mots[start : start + size]
            held += [
                row
                for row in _ranked(index, part)
                if _tier(index, row, part) == 0
                and index.toponymes.lignes[row][0] == "commune"
                and index.toponymes.lignes[row][9]
            ]
    return held


def place_in_words(index: Index, texte: str) -> tuple[str, Lieu] | None:
    """Return the commune of the region that ends or starts a text, and what is asked beside it.

    « coiffure à Valenciennes » typed as what is looked for: nobody knows that a place is meant.
    None when nothing is left, or when several communes have the name.
    """
    words = texte.split()
    for size in range(min(MOTS_COMMUNE, len(words) - 1), 0, -1):
        for rest, said in ((words[:-size], words[-size:]), (words[size:], words[:size])):
            while rest and fold(rest[-1]) in _VERS_UN_LIEU:
                rest = rest[:-1]
            tokens = place_words(" ".join(said))
            found = [
                row
                for row in (_ranked(index, tokens) if tokens and stems(" ".join(rest)) else [])
                if _tier(index, row, tokens) == 0
                and index.toponymes.lignes[row][0] == "commune"
                and index.toponymes.lignes[row][9]
            ]
            if len(found) == 1 and not index.racines_metiers.issuperset(map(stem, tokens)):
                return " ".join(rest), _place(index, found[0])
    return None


def _is_lesser(index: Index, row: int, others: list[int]) -> bool:
    """Tell whether a place has far fewer people than another whose name starts as it."""
    people = index.toponymes.lignes[row][8]
    return any(index.toponymes.lignes[one][8] >= DOMINANCE * max(1, people) for one in others)


def _largest(index: Index, rows: list[int]) -> int | None:
    """Return the first row when it has `DOMINANCE` times more people than any other commune."""
    if len(rows) < 2:
        return rows[0] if rows else None
    people = [index.toponymes.lignes[row][8] for row in rows]
    return rows[0] if people[0] >= DOMINANCE * max(1, *people[1:]) else None


def _same_side(index: Index, rows: list[int]) -> list[int]:
    """Return the rows of communes in the region, else those outside, else the others."""
    communes = [row for row in rows if index.toponymes.lignes[row][0] in COMMUNES[:2]]
    inside = [row for row in communes if index.toponymes.lignes[row][9]]
    return inside or communes or rows


def _street(index: Index, texte: str) -> Lieu | None:
    """Return the street typed, with its house number or not; None when no street was typed.

    A street that its commune does not have gives the commune, and the place tells it.

    Raises
    ------
    PlaceError
        When several streets may be meant, with those to choose from.
    """
    if not index.rues:
        return None
    typed = read_number(bare_text(texte))
    held: list[int] = []
    asked: list[Lieu] = []
    sure: list[tuple[int, Lieu]] = []
    for words, rows in _street_and_communes(index, typed.reste):
        # « rue de Lille » alone is a street of that name, not one of Lille without a name.
        if len(words) == 1 and words[0] in TYPES:
            continue
        towns = _codes_of(index, rows)
        ou = index.toponymes.lignes[rows[0]][2].partition(" (")[0]
        rues = index.rues.in_communes(list(towns), " ".join(words))
        found = nearest_streets(rues, words, ou)
        is_typed = bool(typed.numero) or is_announced(words)
        # Without a number nor a kind, only the very name of a street is one.
        if not is_typed and found.ecart:
            continue
        places = [_street_as_place(index, rue, typed, towns) for rue in found.rues]
        if found.est_sure:
            told = texte.strip() if found.est_corrigee else ""
            sure.append((found.ecart, replace(places[0], compris_de=told)))
            # A comma says where the street ends.
            if "," in texte:
                break
        asked = asked or places[: 2 * PROCHES]
        held = held or (rows if rues else [])
    if sure:
        # « rue de la Digue de Nielles Ardres »: of Ardres, or « rue de la Digue » of Nielles?
        nearest = min(gap for gap, _ in sure)
        asked = list({place.nom: place for gap, place in sure if gap == nearest}.values())
        if len(asked) == 1:
            return asked[0]
    is_typed = bool(typed.numero) or is_announced(street_words(typed.reste))
    if not asked and not is_typed:
        return None
    town = [_place(index, held[0])] if len(held) == 1 else []
    if asked:
        shown = texte.strip()[:LONGUEUR_MAX]
        phrase = (
            f"plusieurs rues répondent à « {shown} » : choisissez la vôtre."
            if len(asked) > 1
            else f"« {shown} » n'est pas connu ici. Choisissez un lieu proche."
        )
        raise PlaceError(texte, phrase, [*asked, *town])
    if town:
        return replace(town[0], precision=RUE_INCONNUE)
    return None if held else _street_anywhere(index, texte, typed)


def _street_anywhere(index: Index, texte: str, typed: Adressee) -> Lieu | None:
    """Return the only street of a name typed without its commune; several ask."""
    rues = index.rues.named(" ".join(street_words(typed.reste)))
    if not rues:
        return None
    places = [
        (_importance(index, row), _street_as_place(index, rue, typed, {rue.code_commune: row}))
        for rue in rues
        if (row := index.toponymes.par_code.get(("commune", rue.code_commune))) is not None
    ]
    if len(places) == 1:
        return places[0][1]
    near = [place for _, place in sorted(places, key=lambda one: one[0])]
    phrase = f"{len(near)} rues portent ce nom : ajoutez la commune, ou choisissez."
    raise PlaceError(texte, phrase, near[: 2 * PROCHES])


def _street_as_place(index: Index, rue: Rue, typed: Adressee, towns: Mapping[str, int]) -> Lieu:
    """Return a street of one of some communes (code → row) as a place."""
    line = index.toponymes.lignes[towns[rue.code_commune]]
    return street_place(rue, typed, line[2], is_inside=bool(line[9]))


def _street_and_communes(index: Index, texte: str) -> Iterator[tuple[list[str], list[int]]]:
    """Yield the ways to read a text as a street and the communes it may be in.

    « rue de la Gare, Lens », « rue Faidherbe 59000 Lille », « Lens, rue de la Gare »; the longest
    name of a commune first.
    """
    before, comma, after = texte.rpartition(",")
    if comma:
        for street, town in ((before, after), (after, before)):
            if (rows := _communes_named(index, place_words(town))) and street_words(street):
                yield street_words(street), rows
    tokens = place_words(texte)
    for start in range(max(1, len(tokens) - MOTS_COMMUNE - 1), len(tokens)):
        if rows := _communes_named(index, tokens[start:]):
            yield street_words(" ".join(tokens[:start])), rows
    for end in range(min(MOTS_COMMUNE, len(tokens) - 1), 0, -1):
        if rows := _communes_named(index, tokens[:end]):
            yield street_words(" ".join(tokens[end:])), rows


def _communes_named(index: Index, tokens: list[str]) -> list[int]:
    """Return the communes, former ones too, of exactly this name, of a postcode, or of both."""
    code = next((token for token in tokens if len(token) == 5 and token.isdigit()), "")
    name = [token for token in tokens if token != code]
    kinds = COMMUNES[:2]
    if not name:
        rows = find_prefixes(index.toponymes.prefixes, [code]).tolist() if code else []
        return [
            row
            for row in rows
            if index.toponymes.lignes[row][0] == "commune" and code in index.toponymes.mots[row]
        ]
    named = [
        row
        for row in _ranked(index, name)
        if index.toponymes.lignes[row][0] in kinds and _tier(index, row, name) == 0
    ]
    return [row for row in named if code in index.toponymes.mots[row]] or named if code else named


def _codes_of(index: Index, rows: list[int]) -> dict[str, int]:
    """Return the communes of today of some rows, by code; a former one is in that of its place."""
    lines, codes = index.toponymes.lignes, {}
    for row in rows:
        if lines[row][0] == "commune":
            codes[lines[row][1]] = row
            continue
        there = lines[row][6:8]
        codes |= {
            line[1]: rank
            for rank, line in enumerate(lines)
            if line[0] == "commune" and line[6:8] == there
        }
    return codes


def _commune_of_address(index: Index, tokens: list[str]) -> Lieu | None:
    """Return the commune at the end of an address; None when it is no address.

    « 8 rue de la Gare 62300 Lens » ends with Lens.

    The name after the postcode counts first, then the longest exact name at
    the end, then the postcode itself.
    """
    announced = RUES | TYPES
    if len(tokens) < 2 or not (
        any(token.isdigit() for token in tokens) or street_words(tokens[0])[0] in announced
    ):
        return None
    # The longest end first: « Saint-Pol-sur-Mer » is not « Mer ».
    for start in range(max(1, len(tokens) - MOTS_COMMUNE), len(tokens)):
        end = tokens[start:]
        rows = [
            row
            for row in _ranked(index, end)
            if _tier(index, row, end) == 0
            and index.toponymes.lignes[row][0] in ("commune", "code_postal")
        ]
        # Homonyms tell nothing, unless a postcode comes before: then the best one is meant.
        if len(rows) == 1 or (rows and end[0].isdigit()):
            return replace(_place(index, rows[0]), precision=A_LA_COMMUNE)
    by_code = index.toponymes.par_code
    for token in tokens:
        if len(token) == 5 and token.isdigit() and ("code_postal", token) in by_code:
            return replace(_place(index, by_code["code_postal", token]), precision=A_LA_COMMUNE)
    return None


def _same_kind(index: Index, rows: list[int]) -> list[int]:
    """Return the rows of the kind of the first one, in the region when it is."""
    # The first two parts of the importance: outside the region or not, and the type.
    best = _importance(index, rows[0])[:2] if rows else ()
    return [row for row in rows if _importance(index, row)[:2] == best]


def _by_code(index: Index, type_: str, code: str) -> Lieu:
    """Return the place of an unambiguous `type:code`; a former commune code gives its commune."""
    if type_ == "point":
        latitude, _, longitude = code.partition(",")
        return _point(latitude, longitude)
    codes = index.toponymes.par_code
    if type_ == VOIE and (rue := index.rues.coded(code)):
        row = codes.get(("commune", rue.code_commune))
        if row is not None:
            return _street_as_place(index, rue, Adressee(0, "", ""), {rue.code_commune: row})
    row = codes.get((type_, code))
    if row is None and type_ == "commune":
        row = codes.get(("ancienne_commune", code))
    if row is None:
        kinds = ", ".join(ORDRE)
        raise PlaceError(
            f"{type_}:{code}",
            f"code inconnu. Écrivez « type:code » avec un type parmi {kinds}, ou le nom du lieu.",
        )
    return _place(index, row)


def parse_place(index: Index, parametres: Mapping) -> Lieu | None:
    """Return the place that parameters ask for.

    `lieu` (a name or `type:code`), or `lat` and `lon`; None without.

    A point is measured from where it is, to about ten centimetres; what is shared of it is rounded
    (`geoapp.offer.search.requests`).

    Raises
    ------
    PlaceError
        When the name is unknown or doubtful, or the point is not in metropolitan France.
    ParameterError
        When a coordinate is no number, or a name and a point are given.
    """
    texte, latitude, longitude = (
        str(parametres.get(nom) or "").strip() for nom in ("lieu", "lat", "lon")
    )
    if latitude or longitude:
        if texte:
            raise ParameterError("Donnez soit lieu, soit lat et lon, pas les deux.")
        return _point(latitude, longitude)
    return resolve_place(index, texte) if texte else None


def _point(latitude: str, longitude: str) -> Lieu:
    """Return a point from its two coordinates as text, in degrees."""
    try:
        lat, lon = round(float(latitude), DECIMALES), round(float(longitude), DECIMALES)
    except ValueError:
        raise ParameterError(
            f"lat = « {latitude[:20]} », lon = « {longitude[:20]} » : "
            "deux nombres en degrés sont attendus, par exemple lat=50.433 et lon=2.828."
        ) from None
    # NaN and infinity lie between no bounds either.
    west, south, east, north = METROPOLE
    if not (west <= lon <= east and south <= lat <= north):
        raise PlaceError(
            f"{lat},{lon}",
            "ce point est hors de la région, et hors de France métropolitaine "
            f"(latitude de {south} à {north}, longitude de {west} à {east}).",
        )
    return Lieu(
        type="point",
        code=f"{lat},{lon}",
        nom=NOM_POINT,
        longitude=lon,
        latitude=lat,
        precision="coordonnees",
    )
