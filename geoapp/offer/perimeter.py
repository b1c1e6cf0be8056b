"""What is known of the offer that a question asks: its status, its shares, its scope in words.

A hole of the sources is not a gap of the offer.  Every answer asks here whether it may
count: where the offer is `inconnue`, no share, no zero, no white zone and no cause is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geoapp.core.french import (
    format_date,
    join_words,
    lower_first,
    typeset,
    upper_first,
    with_article,
)
from geoapp.core.memory import Memory
from geoapp.core.schema import STATUTS
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import FILTRES, Filtres, describe_filters
from geoapp.offer.values import INCONNU
from geoapp.reference.codes.diplomas import load_diplomes
from geoapp.reference.codes.domains import DOMAINE_AUTRE, load_domaines

CONNUE, PARTIELLE, INCONNUE = STATUTS

LIBELLES = {
    CONNUE: "Offre connue",
    PARTIELLE: "Offre partiellement connue",
    INCONNUE: "Offre non collectée",
}
"""How a status is said, in a legend as in a sentence."""

SENS = {
    CONNUE: "une source récente dit la tenir toute, et les totaux extérieurs le confirment",
    PARTIELLE: "nos sources n'en tiennent qu'une partie : une formation qu'elles n'ont pas "
    "peut exister",
    INCONNUE: "aucune de nos sources ne dit la tenir : on ne sait pas si elle existe, "
    "et l'on ne peut dire qu'elle manque",
}
"""What each status means."""

VIDE = "non collectée"
"""What stands in the place of a number of an offer that is not known."""

PART_RARE = 0.1
"""Part of what a source holds under which the cells that it holds in part are exceptions."""

_FACETTES = ("voie", "niveau", "domaine")
_CASE = ("voie", "niveau_sortie", "code_domaine", "code_departement")
_NEUTRES = (*_FACETTES, "type_diplome", "zone", "organisme")
"""Filters that every source gives, or that choose cells; any other may be told by some only."""

_ARTICLES = {
    "scolaire": "la voie scolaire",
    "apprentissage": "l'apprentissage",
    "continue": "la formation continue",
}


@dataclass(frozen=True, kw_only=True)
class Perimetre:
    """What is known of the offer asked.

    Attributes
    ----------
    statut : str
        `connue` when every cell is, `inconnue` when none is or when our sources, which hold a part
        only, have no such training; else `partielle`.
    parts : dict
        Status → share of the cells of the question; they add up to 1.
    portee : str
        What is held and what is not, in words, without a capital.
    tenues : tuple of str
        What the sources hold, each with its date: « apprentissage (novembre 2020, partiel) ».
    inconnues : tuple of str
        What none holds, with its article: « la formation continue ».
    departements : dict
        Code of each département asked → its status.
    demande : str
        The offer asked, in words; "" for all of it.
    reserves : tuple of str
        Criteria of the question that some sources do not give.
    est_sans_ligne : bool
        Our sources hold a part of such an offer, and not one training.
    """

    statut: str
    parts: dict[str, float]
    portee: str
    tenues: tuple[str, ...]
    inconnues: tuple[str, ...]
    departements: dict[str, str]
    demande: str
    reserves: tuple[str, ...] = ()
    est_sans_ligne: bool = False

    def tell(self, told: str) -> str:
        """Return a sentence that figures decide, said of the known offer where it is not whole."""
        if self.statut == CONNUE:
            return told
        return f"Dans l'offre que nos sources tiennent : {lower_first(told)} {self.phrase}"

    @property
    def est_chiffrable(self) -> bool:
        """Tell whether numbers about who lacks the offer may be told."""
        return self.statut != INCONNUE

    @property
    def libelle(self) -> str:
        """Return the status in words."""
        return LIBELLES[self.statut]

    @property
    def trous(self) -> str:
        """Return one sentence: what no source claims to hold; "" when nothing misses."""
        return f"{upper_first(_not_known(self.inconnues))}." if self.inconnues else ""

    @property
    def phrase(self) -> str:
        """Return one sentence: the status, and the scope."""
        if self.statut != INCONNUE:
            return f"{self.libelle} : {self.portee}."
        return f"{self.libelle} : {self._why()}."

    def _why(self) -> str:
        """Return why nothing can be told."""
        of_it = f" ({self.demande})" if self.demande else ""
        if self.est_sans_ligne:
            return (
                f"nos sources ne tiennent qu'une partie de cette offre{of_it}, et aucune formation "
                "n'y répond ; ce n'est pas dire qu'il n'en existe pas"
            )
        return (
            f"aucune de nos sources ne dit tenir cette offre{of_it} ; "
            "ce n'est pas dire qu'elle n'existe pas"
        )

    @property
    def suffixe(self) -> str:
        """Return the end of a title: "" when the offer is known."""
        return "" if self.statut == CONNUE else f" ({self.libelle.lower()})"

    def with_offers(self, nb: int) -> Perimetre:
        """Return the perimeter once the trainings that answer are counted.

        None of an offer that is held in part tells nothing: it is then `inconnue`.
        """
        if nb or self.statut != PARTIELLE:
            return self
        return replace(self, statut=INCONNUE, est_sans_ligne=True)

    def only_in_part(self, reserve: str) -> Perimetre:
        """Return the perimeter of a known offer of which a criterion is not known everywhere."""
        statut = PARTIELLE if self.statut == CONNUE else self.statut
        portee = f"{self.portee} ; {reserve}"
        return replace(self, statut=statut, portee=portee, reserves=(*self.reserves, reserve))


_GARDES = Memory(512)
"""Perimeters kept, by snapshot, filters and départements: a search page asks one each time."""

_TOUCHES = Memory(4)
"""Départements by zone, by snapshot: a search around a place asks those of its zone."""


def perimeter_of(
    snapshot: Snapshot, filtres: Filtres, departements: Iterable[str] | None = None
) -> Perimetre:
    """Return what is known of the offer that some filters ask.

    Parameters
    ----------
    snapshot : Snapshot
        Its table `perimetre` says what its sources hold.
    filtres : Filtres
        Voies, levels and domains choose cells, territories their départements;
        a criterion that some sources do not give makes the rest known in part.
    departements : iterable of str, optional
        Codes of the départements asked, in the place of those of the filter on territories.
    """
    asked = _asked(snapshot, filtres, departements)
    key = (snapshot.path, tuple(filtres.pairs()), tuple(asked[_CASE[3]] or ()))
    return _GARDES.get(key, lambda: _make(snapshot, filtres, asked))


def _make(snapshot: Snapshot, filtres: Filtres, asked: dict[str, list[str] | None]) -> Perimetre:
    """Return the perimeter of the cells asked."""
    cases = read_cases(snapshot)
    kept = np.ones(len(cases), dtype=bool)
    for colonne, valeurs in asked.items():
        if valeurs is not None:
            kept &= cases.has(colonne, valeurs)
    mine = _of_kinds(cases.keep(kept), filtres.values_of("type_diplome"))
    perimetre = _describe(snapshot, mine, filtres)
    for nom in filtres.choix:
        if nom not in _NEUTRES:
            told = f"le critère « {FILTRES[nom].libelle} » n'est pas donné par toutes les sources"
            perimetre = perimetre.only_in_part(told)
    return perimetre


@dataclass(frozen=True, kw_only=True)
class Cases:
    """Cells of the table `perimetre`, as ranks: a question is answered by sums, not by texts.

    `codes` and `valeurs` hold, by column, the rank of the value of each cell and the values; the
    column `tenue` is what sources hold of a cell (names, years), of rank −1 where they hold none.
    `statuts` are ranks in `STATUTS`.
    """

    codes: dict[str, np.ndarray]
    valeurs: dict[str, list]
    statuts: np.ndarray

    def __len__(self) -> int:
        return len(self.statuts)

    @property
    def est_inconnue(self) -> np.ndarray:
        """Tell of each cell whether its offer is not known."""
        return self.statuts == STATUTS.index(INCONNUE)

    def has(self, colonne: str, valeurs: Iterable[str]) -> np.ndarray:
        """Tell which cells have one of some values."""
        asked = set(valeurs)
        chosen = np.array([valeur in asked for valeur in self.valeurs[colonne]], dtype=bool)
        return chosen[self.codes[colonne]] if len(chosen) else np.zeros(len(self), dtype=bool)

    def keep(self, kept: np.ndarray) -> Cases:
        """Return some of the cells."""
        codes = {colonne: codes[kept] for colonne, codes in self.codes.items()}
        return replace(self, codes=codes, statuts=self.statuts[kept])

    def ranks(self, colonne: str) -> list[int]:
        """Return the distinct ranks of a column, in the order of the cells."""
        distinct, first = np.unique(self.codes[colonne], return_index=True)
        return distinct[np.argsort(first)].tolist()


_CASES = Memory(4)
"""Cells by snapshot."""


def read_cases(snapshot: Snapshot) -> Cases:
    """Return every cell of a snapshot."""
    return _CASES.get(snapshot.path, lambda: _rank_cases(snapshot.read("perimetre")))


def _rank_cases(table: pd.DataFrame) -> Cases:
    """Return the cells of the table `perimetre` as ranks."""
    tenue = pd.Series(
        list(zip(table["noms"], table["millesimes"], strict=True)), index=table.index, dtype=object
    ).where(table["noms"].notna() & table["millesimes"].notna())
    columns = {nom: table[nom] for nom in _CASE} | {
        "types_diplome": table["types_diplome"].fillna(""),
        "tenue": tenue,
    }
    ranked = {nom: pd.factorize(column) for nom, column in columns.items()}
    return Cases(
        codes={nom: codes for nom, (codes, _) in ranked.items()},
        valeurs={nom: list(valeurs) for nom, (_, valeurs) in ranked.items()},
        statuts=pd.Categorical(table["statut"], categories=list(STATUTS)).codes.astype(int),
    )


def _asked(
    snapshot: Snapshot, filtres: Filtres, departements: Iterable[str] | None
) -> dict[str, list[str] | None]:
    """Return the values asked of each part of a cell; None for all of them."""
    asked: dict[str, list[str] | None] = {}
    for nom, colonne in zip(_FACETTES, _CASE, strict=False):
        valeurs = filtres.values_of(nom)
        # What a source does not tell may be of any cell.
        is_free = not valeurs or INCONNU in valeurs or DOMAINE_AUTRE in valeurs
        asked[colonne] = None if is_free else valeurs
    asked["niveau_sortie"] = _levels(asked["niveau_sortie"], filtres.values_of("type_diplome"))
    if departements is None and filtres.values_of("zone"):
        departements = touched_departements(snapshot, filtres.values_of("zone"))
    asked[_CASE[3]] = None if departements is None else list(departements)
    return asked


def _of_kinds(cases: Cases, diplomes: list[str]) -> Cases:
    """Return the cells as they are for some kinds of diploma: held by none that claims others."""
    if not diplomes or INCONNU in diplomes or not len(cases):
        return cases
    # Few distinct claims: each is judged once.
    judged = np.array(
        [
            [STATUTS.index(_of_kinds_held(types, one, set(diplomes))) for one in STATUTS]
            for types in cases.valeurs["types_diplome"]
        ]
    )
    return replace(cases, statuts=judged[cases.codes["types_diplome"], cases.statuts])


def _of_kinds_held(types: str, statut: str, diplomes: set[str]) -> str:
    """Return the status of a cell for some kinds of diploma, `types` being those of its claims."""
    claims = [set(one.split(",")) - {""} for one in types.split("|")]
    if statut == INCONNUE or any(not one or diplomes <= one for one in claims):
        return statut
    return PARTIELLE if any(diplomes & one for one in claims) else INCONNUE


def _levels(niveaux: list[str] | None, diplomes: list[str]) -> list[str] | None:
    """Return the levels asked, among those that the kinds of diploma asked lead to."""
    if not diplomes or INCONNU in diplomes:
        return niveaux
    known = load_diplomes()
    led = sorted({niveau for code in diplomes for niveau in known[code].niveaux})
    return led if niveaux is None else [niveau for niveau in niveaux if niveau in led]


def touched_departements(snapshot: Snapshot, zones: Iterable[str]) -> list[str]:
    """Return the codes of the départements of the region that some zones touch (`type:code`)."""
    known = _TOUCHES.get(snapshot.path, lambda: _departements_by_zone(snapshot))
    return sorted(set().union(*(known.get(one, ()) for one in zones)))


def _departements_by_zone(snapshot: Snapshot) -> dict[str, set[str]]:
    """Return the départements of the region by zone, by zoning and by commune (`commune:code`)."""
    links, communes = snapshot.read("communes_zones"), snapshot.read("communes")
    mine = communes[communes["est_region"].astype(bool)]
    departements = mine.set_index("code_commune")["code_departement"]
    of_link = links["code_commune"].map(departements)
    keys = links["type_zone"].str.cat(links["code_zone"], sep=":")
    pairs = pd.concat(
        [
            pd.DataFrame({"zone": zone, "code": code})
            for zone, code in (
                (keys, of_link),
                (links["type_zone"], of_link),
                ("commune:" + mine["code_commune"], mine["code_departement"]),
            )
        ]
    ).dropna()
    return pairs.groupby("zone")["code"].agg(set).to_dict()


def _describe(snapshot: Snapshot, cases: Cases, filtres: Filtres) -> Perimetre:
    """Return the perimeter of some cells."""
    nb = np.bincount(cases.statuts, minlength=len(STATUTS)).tolist()
    parts = {statut: nb[rank] / max(len(cases), 1) for rank, statut in enumerate(STATUTS)}
    if not len(cases):
        parts[INCONNUE] = 1.0
    tenues, inconnues = _held(cases), _lacking(snapshot, cases)
    return Perimetre(
        statut=together(nb),
        parts=parts,
        portee=_scope(tenues, inconnues),
        tenues=tenues,
        inconnues=inconnues,
        departements=dict(sorted(_by_departement(cases).items())),
        demande=describe_filters(filtres),
    )


def together(nb_by_statut: Sequence[int]) -> str:
    """Return the status of cells counted by status: theirs when it is one, else `partielle`."""
    found = [statut for statut, nb in zip(STATUTS, nb_by_statut, strict=True) if nb]
    if not found:
        return INCONNUE
    return found[0] if len(found) == 1 else PARTIELLE


def _by_departement(cases: Cases) -> dict[str, str]:
    """Return the status of each département of some cells."""
    codes, size = cases.codes["code_departement"], len(STATUTS)
    names = cases.valeurs["code_departement"]
    table = np.bincount(codes * size + cases.statuts, minlength=len(names) * size)
    return {
        str(name): together(nb)
        for name, nb in zip(names, table.reshape(-1, size).tolist(), strict=True)
        if sum(nb)
    }


def _held(cases: Cases) -> tuple[str, ...]:
    """Return what the sources hold of some cells, each with its newest date."""
    tenue = cases.codes["tenue"]
    known = ~cases.est_inconnue & (tenue >= 0)
    keys = tenue[known] * len(STATUTS) + cases.statuts[known]
    distinct, first, counts = np.unique(keys, return_index=True, return_counts=True)
    dates: dict[str, set[str]] = {}
    cells: dict[str, dict[str, int]] = {}
    for rank in np.argsort(first):
        held, statut = divmod(int(distinct[rank]), len(STATUTS))
        noms, millesimes = cases.valeurs["tenue"][held]
        for nom, millesime in zip(noms.split("|"), millesimes.split("|"), strict=True):
            dates.setdefault(nom, set()).add(millesime)
            mine = cells.setdefault(nom, {CONNUE: 0, PARTIELLE: 0})
            mine[STATUTS[statut]] += int(counts[rank])
    return tuple(f"{nom}{_when(dates[nom], cells[nom])}" for nom in dates)


def _when(millesimes: set[str], cells: dict[str, int]) -> str:
    """Return the date and the completeness of what is held, in brackets."""
    # « courant », and whatever is no date, says no day.
    dated = sorted(one[:7] for one in millesimes if one[:4].isdigit())
    # Of one year, the month that is told is more than the year alone.
    told = [format_date(dated[-1])] if dated else []
    if not cells[CONNUE]:
        told.append("partiel")
    elif cells[PARTIELLE]:
        is_rare = cells[PARTIELLE] < PART_RARE * (cells[CONNUE] + cells[PARTIELLE])
        told.append("à quelques exceptions près" if is_rare else "en partie")
    return f" ({', '.join(told)})" if told else ""


def _lacking(snapshot: Snapshot, cases: Cases) -> tuple[str, ...]:
    """Return what no source holds of some cells, from the largest to the least."""
    found: list[str] = []
    rest = cases
    for colonne, name in _NOMS.items():
        whole = _wholly_unknown(rest, colonne)
        # What is all unknown is said by what was asked, not by each of its parts.
        if whole and len(whole) < len(rest.ranks(colonne)):
            found += name(snapshot, whole)
            rest = rest.keep(~rest.has(colonne, whole))
    for rank in rest.ranks("voie"):
        voie = rest.valeurs["voie"][rank]
        part = rest.keep(rest.codes["voie"] == rank)
        niveaux = _wholly_unknown(part, "niveau_sortie")
        if niveaux and len(niveaux) < len(part.ranks("niveau_sortie")):
            at = "aux niveaux" if len(niveaux) > 1 else "au niveau"
            found.append(f"{_ARTICLES[voie]} {at} {join_words(niveaux)}")
            rest = rest.keep(~(rest.has("voie", [voie]) & rest.has("niveau_sortie", niveaux)))
    if found and rest.est_inconnue.any():
        found.append("une partie des autres domaines")
    return tuple(found)


def _wholly_unknown(cases: Cases, colonne: str) -> list[str]:
    """Return the values of a column of which every cell is unknown, in the order of the table."""
    nb_known = np.bincount(cases.codes[colonne], ~cases.est_inconnue)
    names = cases.valeurs[colonne]
    return [str(names[rank]) for rank in cases.ranks(colonne) if not nb_known[rank]]


def list_uncollected(snapshot: Snapshot) -> frozenset[tuple[str, str]]:
    """Return the values of filters, as (filter, value), whose offer no source of the region holds.

    That none is found there is unknown, never zero.
    """
    cases = read_cases(snapshot)
    return frozenset(
        (nom, valeur)
        for nom, colonne in zip(_FACETTES, _CASE, strict=False)
        for valeur in _wholly_unknown(cases, colonne)
    )


def _name_voies(snapshot: Snapshot, codes: list[str]) -> list[str]:
    return [_ARTICLES[code] for code in codes]


def _name_domains(snapshot: Snapshot, codes: list[str]) -> list[str]:
    names = load_domaines().set_index("code_domaine")["libelle"]
    told = join_words([f"« {names[code]} »" for code in codes])
    return [f"{'les domaines' if len(codes) > 1 else 'le domaine'} {told}"]


def _name_levels(snapshot: Snapshot, codes: list[str]) -> list[str]:
    return [f"{'les niveaux' if len(codes) > 1 else 'le niveau'} {join_words(codes)}"]


def _name_departements(snapshot: Snapshot, codes: list[str]) -> list[str]:
    communes = snapshot.read("communes").drop_duplicates("code_departement")
    names = communes.set_index("code_departement")["nom_departement"]
    return [with_article(str(names.get(code, code))) for code in codes]


_NOMS = {
    "voie": _name_voies,
    "code_domaine": _name_domains,
    "niveau_sortie": _name_levels,
    "code_departement": _name_departements,
}
"""How the values of each part of a cell are named, in the order in which holes are told."""


def _scope(tenues: Sequence[str], inconnues: Sequence[str]) -> str:
    """Return what is held and what is not, in words."""
    held = join_words(list(tenues)) or "aucune source"
    return f"{held} ; {_not_known(inconnues)}" if inconnues else held


def _not_known(inconnues: Sequence[str]) -> str:
    """Return « la formation continue n'est pas connue », agreed with what is named."""
    feminine = all(one.startswith("la ") or one.startswith("une ") for one in inconnues)
    end = "e" if feminine else ""
    is_one = len(inconnues) == 1 and not inconnues[0].startswith("les ")
    verb = "n'est pas connu" if is_one else "ne sont pas connu"
    return f"{join_words(list(inconnues))} {verb}{end}{'' if is_one else 's'}"


def describe_perimeter(perimetre: Perimetre) -> dict:
    """Return a perimeter ready for JSON: the object `perimetre` of the API."""
    return {
        "statut": perimetre.statut,
        "libelle": perimetre.libelle,
        "phrase": typeset(perimetre.phrase),
        "portee": typeset(perimetre.portee),
        "parts": {statut: round(part, 4) for statut, part in perimetre.parts.items()},
        "tenues": [typeset(one) for one in perimetre.tenues],
        "inconnues": [typeset(one) for one in perimetre.inconnues],
        "departements": perimetre.departements,
        "reserves": [typeset(one) for one in perimetre.reserves],
    }
