"""The place that a person means: proposed while typing, named, coded or pointed at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from rapidfuzz import fuzz, process

from geoapp.core.errors import ParameterError
from geoapp.core.geometry import METROPOLE
from geoapp.offer.search.index import Index
from geoapp.offer.search.model import Lieu
from geoapp.offer.search.prefixes import find_prefixes
from geoapp.offer.search.words import place_words
from geoapp.reference.zonings import CHERCHES

POINTS = ("commune", "ancienne_commune", "code_postal")
ORDRE = (*POINTS, *CHERCHES)
"""When names are equal: a commune before the zones named after it."""

PROCHES = 5
NOM_POINT = "point choisi sur la carte"
DECIMALES = 6
"""Decimals of a position searched from: rounding to share it comes after measuring."""

LONGUEUR_MAX = 100
_RESSEMBLANCE = 72
"""Percentage of likeness (rapidfuzz ratio) from which a name is proposed for a misspelt one."""

_RESSEMBLANCE_SURE = 75
"""The same, from which a misspelt name may be taken for the place without asking."""

_RESSEMBLANCE_VAGUE = 55
"""The same, from which a name is given in a message."""

DOMINANCE = 5
"""Times more people than the next place of its name that make a short or misspelt name clear."""

_CODE = re.compile(r"([a-z0-9_]+)\s*:\s*(\S+)")

RUES = frozenset(
    "rue avenue boulevard place chemin impasse allee route quai square cite residence hameau "
    "lieu".split()
)
"""First words that announce an address."""

MOTS_COMMUNE = 6
"""Words of the longest commune name looked for at the end of an address."""

A_LA_COMMUNE = "commune de l'adresse"
"""`precision` of a place found at the end of an address: the street is not known."""


def suggest_places(index: Index, debut: str, limit: int = 8) -> list[Lieu]:
    """Return the places whose words start as those typed.

    Exact names, then starts of names, then others.

    Among equals: the region before its neighbours, communes before zones,
    largest population first.  When nothing starts so, the names that look most
    like what was typed.
    """
    tokens = place_words(debut[:LONGUEUR_MAX])
    rows = _ranked(index, tokens) if tokens else []
    if tokens and not rows:
        rows = _alike(index, " ".join(tokens))
    return [_place(index, row) for row in rows[:limit]]


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


def _place(index: Index, row: int) -> Lieu:
    """Return one row as a place."""
    type_, code, nom, _, _, _, longitude, latitude, _, _, precision = index.toponymes.lignes[row]
    return Lieu(
        type=type_, code=code, nom=nom, longitude=longitude, latitude=latitude, precision=precision
    )


def resolve_place(index: Index, texte: str) -> Lieu:
    """Return the place that a text names.

    Parameters
    ----------
    texte : str
        `type:code` (`commune:62498`, `ze2020:3215`), a name, a postcode, or a
        name with its département.  Case, accents and hyphens do not matter.

    Raises
    ------
    ParameterError
        When no place or several have that name; the message gives the nearest names.
    """
    if match := _CODE.fullmatch(texte.strip()):
        return _by_code(index, match[1], match[2])
    tokens = place_words(texte[:LONGUEUR_MAX])
    rows = _meant(index, tokens) if tokens else []
    if len(rows) == 1:
        return _place(index, rows[0])
    if commune := _commune_of_address(index, tokens):
        return commune
    near = rows or _alike(index, " ".join(tokens), _RESSEMBLANCE_VAGUE)
    names = [_place(index, row) for row in near[:PROCHES]]
    problem = "plusieurs lieux portent ce nom" if rows else "lieu inconnu"
    raise ParameterError(f"lieu = « {texte[:LONGUEUR_MAX]} » : {problem}.{_propose(names)}")


def _commune_of_address(index: Index, tokens: list[str]) -> Lieu | None:
    """Return the commune at the end of an address; None when it is no address.

    « 8 rue de la Gare 62300 Lens » ends with Lens.

    The name after the postcode counts first, then the longest exact name at
    the end, then the postcode itself.
    """
    if len(tokens) < 2 or not (any(token.isdigit() for token in tokens) or tokens[0] in RUES):
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


def _meant(index: Index, tokens: list[str]) -> list[int]:
    """Return the rows that tokens may mean: one when it is clear, several when one must choose.

    An exact name wins; then a short or unfinished one (« Boulogne »), then a
    misspelt one.  Of these two, the most populated place must be `DOMINANCE`
    times larger than the next one of its kind.
    """
    rows = _ranked(index, tokens)
    tier = _tier(index, rows[0], tokens) if rows else None
    same = [row for row in rows if _tier(index, row, tokens) == tier]
    if tier in (0, 1):
        return _same_kind(index, same)
    started = same if tier == 2 else rows
    near = started or _alike(index, " ".join(tokens), _RESSEMBLANCE_SURE)
    kind = _same_kind(index, near)
    if len(kind) < 2:
        return kind
    people = [index.toponymes.lignes[row][8] for row in kind]
    largest, second = sorted(people, reverse=True)[:2]
    is_clear = people[0] == largest >= DOMINANCE * second
    return kind[:1] if is_clear else kind


def _same_kind(index: Index, rows: list[int]) -> list[int]:
    """Return the rows of the kind of the first one, in the region when it is."""
    # The first two parts of the importance: outside the region or not, and the type.
    best = _importance(index, rows[0])[:2] if rows else ()
    return [row for row in rows if _importance(index, row)[:2] == best]


def _propose(places: list[Lieu]) -> str:
    """Return the end of a message that names places."""
    if not places:
        return " Donnez une commune, un code postal, un département, un EPCI ou une zone d'emploi."
    names = ", ".join(f"« {place.nom} »" for place in places)
    return f" Vouliez-vous dire {names} ?"


def _by_code(index: Index, type_: str, code: str) -> Lieu:
    """Return the place of an unambiguous `type:code`; a former commune code gives its commune."""
    if type_ == "point":
        latitude, _, longitude = code.partition(",")
        return _point(latitude, longitude)
    codes = index.toponymes.par_code
    row = codes.get((type_, code))
    if row is None and type_ == "commune":
        row = codes.get(("ancienne_commune", code))
    if row is None:
        kinds = ", ".join(ORDRE)
        raise ParameterError(
            f"lieu = « {type_}:{code} » : code inconnu. "
            f"Écrivez « type:code » avec un type parmi {kinds}, ou le nom du lieu."
        )
    return _place(index, row)


def parse_place(index: Index, parametres: Mapping) -> Lieu | None:
    """Return the place that parameters ask for.

    `lieu` (a name or `type:code`), or `lat` and `lon`; None without.

    A point is measured from where it is, to about ten centimetres; what is shared of it is rounded
    (`geoapp.offer.search.requests`).

    Raises
    ------
    ParameterError
        When the name is unknown or doubtful, or the point is not in metropolitan France.
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
        raise ParameterError(
            f"lat = {lat}, lon = {lon} : ce point n'est pas en France métropolitaine. "
            f"La latitude est entre {south} et {north}, la longitude entre {west} et {east}."
        )
    return Lieu(
        type="point",
        code=f"{lat},{lon}",
        nom=NOM_POINT,
        longitude=lon,
        latitude=lat,
        precision="coordonnees",
    )
