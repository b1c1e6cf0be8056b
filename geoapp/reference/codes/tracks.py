"""Codes of the vocational school: year of study, diploma and family of jobs of a MEF STAT 11.

A family of jobs (« famille de métiers ») shares one seconde between several
specialities of bac pro, whose première and terminale are their own.  The
tables are those of the Base centrale des nomenclatures (BCN).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from geoapp.core.french import upper_first
from geoapp.core.texts import plain


@dataclass(frozen=True, kw_only=True)
class AnneeMef:
    """One year of study of a track: where in the track, which diploma it leads to.

    Attributes
    ----------
    rang : str
        « entree » for the first year of a diploma whose title is that of its speciality,
        « seconde » for one that a family may share, « premiere » for the year of the speciality.
    est_ouverture : bool
        The places of the ministry's file are those that are open to newcomers, not those of the
        year: in farming, a third of the seconde's at the median, and all of them elsewhere.
    """

    rang: str
    abrege: str
    diplome: str
    niveau: str
    est_ouverture: bool = False


CAP = "Certificat d'aptitude professionnelle"
BAC_PRO = "Baccalauréat professionnel"

ANNEES: dict[str, AnneeMef] = {
    "23210": AnneeMef(rang="entree", abrege="CAP", diplome=CAP, niveau="3"),
    "23211": AnneeMef(rang="entree", abrege="CAP agricole", diplome=f"{CAP} agricole", niveau="3"),
    "23810": AnneeMef(rang="seconde", abrege="Bac pro", diplome=BAC_PRO, niveau="4"),
    "23811": AnneeMef(rang="seconde", abrege="Bac pro", diplome=f"{BAC_PRO} agricole", niveau="4"),
    "23820": AnneeMef(rang="premiere", abrege="Bac pro", diplome=BAC_PRO, niveau="4"),
    "23821": AnneeMef(
        rang="premiere",
        abrege="Bac pro",
        diplome=f"{BAC_PRO} agricole",
        niveau="4",
        est_ouverture=True,
    ),
    "23C10": AnneeMef(rang="entree", abrege="BMA", diplome="Brevet des métiers d'art", niveau="4"),
}
"""First characters of a MEF STAT 11 → the year of study that it is."""

ETUDES: dict[str, str] = {
    "2321": "première année de CAP",
    "2322": "deuxième année de CAP",
    "2381": "seconde",
    "2382": "première",
    "2383": "terminale",
    "23C1": "première année de BMA",
    "23C2": "deuxième année de BMA",
    "3221": "première année de BTS",
    "3222": "deuxième année de BTS",
}
"""First characters of a MEF STAT 11 → the year of study that it is, in words."""

ENTREES = ("2321", "2381", "23C1", "3221")
"""Those by which newcomers come in: the places of the other years are for pupils already there."""


def name_year(mef: str | None) -> str:
    """Return the year of study of a MEF STAT 11 in words, "" when it is none of `ETUDES`."""
    return ETUDES.get((mef or "")[:4], "")


_ABREGES = r"^(?:CAP agricole|CAP|Bac pro|BMA)(?: spécialité)? "
_ANNEE = r"^(?:1\s?ere?|1[eè]re|2nde|2nd|1cap2a?|1bma2|1ep?r?oa?)\s*(?:pro)?\s*(?:agricole)?\s+"
_COMMUNE = r"\s+2nde commune$"


@dataclass(frozen=True, kw_only=True)
class Filieres:
    """What the BCN says of tracks, by MEF STAT 11.

    Attributes
    ----------
    cfd : mapping
        Code of the diploma.
    noms : mapping
        Name of the speciality or of the family, in sentence case, without its diploma.
    communes : mapping
        Seconde that is shared by the family of a speciality.
    par_cfd : mapping
        The same, by the code of the diploma of the speciality.
    nouveaux : mapping
        Code of a diploma → those that took its place.
    """

    cfd: Mapping[str, str] = field(default_factory=dict)
    noms: Mapping[str, str] = field(default_factory=dict)
    communes: Mapping[str, str] = field(default_factory=dict)
    par_cfd: Mapping[str, str] = field(default_factory=dict)
    nouveaux: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def shared_seconde(self, *mefs: str | None) -> str | None:
        """Return the seconde that the family of a speciality shares; None for none.

        `mefs` are codes of years of study of the speciality.  A diploma that took
        the place of another is of the same family.
        """
        for mef in filter(None, mefs):
            if mef in self.communes:
                return self.communes[mef]
        for mef in filter(None, mefs):
            for cfd in successors(self.cfd.get(mef), self.nouveaux):
                if cfd in self.par_cfd:
                    return self.par_cfd[cfd]
        return None

    def is_shared(self, mef: str) -> bool:
        """Tell whether a seconde is that of a family of jobs."""
        return mef in self.communes.values()


def successors(cfd: str | None, nouveaux: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return a diploma and those that took its place, one after the other, each once."""
    found: dict[str, None] = {}
    todo = [cfd] if cfd else []
    while todo:
        code = todo.pop(0)
        if code not in found:
            found[code] = None
            todo += nouveaux.get(code, ())
    return list(found)


def read_filieres(nomenclatures: Mapping[str, pd.DataFrame]) -> Filieres:
    """Return what the nomenclatures of a build say of tracks; one that is absent says nothing.

    Reads `code_mef` (years of study), `code_cfd` (diplomas), `code_mefstat_commun`
    (families) and `code_certifinfo` (names with their accents).
    """
    mefs = _table(nomenclatures, "code_mef", ("code_mefstat", "code_cfd", "libelle"))
    diplomas = _table(nomenclatures, "code_cfd", ("code_cfd", "libelle", "nouveaux"))
    families = _table(
        nomenclatures, "code_mefstat_commun", ("code_mefstat_commun", "code_mefstat", "code_cfd")
    )
    shared = families.dropna(subset="code_mefstat")
    cfd = _only(mefs, "code_mefstat", "code_cfd")
    return Filieres(
        cfd=cfd,
        noms=_names(mefs, diplomas, nomenclatures, cfd),
        communes=_only(shared, "code_mefstat", "code_mefstat_commun"),
        par_cfd=_only(shared, "code_cfd", "code_mefstat_commun"),
        nouveaux=successions(nomenclatures),
    )


def successions(nomenclatures: Mapping[str, pd.DataFrame]) -> dict[str, tuple[str, ...]]:
    """Return the diplomas that took the place of each, by the code of the diploma."""
    renewed = _table(nomenclatures, "code_cfd", ("code_cfd", "nouveaux")).dropna()
    return {
        code: tuple(new.split("|"))
        for code, new in zip(renewed["code_cfd"], renewed["nouveaux"], strict=True)
    }


def _table(
    nomenclatures: Mapping[str, pd.DataFrame], cle: str, columns: Iterable[str]
) -> pd.DataFrame:
    """Return some columns of a nomenclature; no row when it is absent."""
    empty = pd.DataFrame(columns=list(columns), dtype="str")
    return nomenclatures.get(cle, empty).reindex(columns=list(columns))


def _only(table: pd.DataFrame, key: str, value: str) -> dict[str, str]:
    """Return key → value for the keys that have one value only."""
    pairs = table[[key, value]].dropna().drop_duplicates()
    alone = pairs.drop_duplicates(key, keep=False)
    return dict(zip(plain(alone[key]), plain(alone[value]), strict=True))


def _names(
    mefs: pd.DataFrame,
    diplomas: pd.DataFrame,
    nomenclatures: Mapping[str, pd.DataFrame],
    cfd: Mapping[str, str],
) -> dict[str, str]:
    """Return the name of each speciality: Certif Info's, else the family's, else the BCN's."""
    certified = _only(
        _table(nomenclatures, "code_certifinfo", ("code_cfd", "libelle")), "code_cfd", "libelle"
    )
    long = _only(diplomas, "code_cfd", "libelle")
    families = _only(
        _table(nomenclatures, "code_mefstat_commun", ("code_mefstat_commun", "famille")),
        "code_mefstat_commun",
        "famille",
    )
    plain = _only(mefs.drop_duplicates("code_mefstat"), "code_mefstat", "libelle")
    return {
        mef: families.get(mef)
        or _sentence(re.sub(_ABREGES, "", certified.get(code, "")))
        or _plain_name(plain.get(mef, ""))
        or _sentence(re.sub(r"\s*\([^()]*\)$", "", long.get(code, "")).lower())
        for mef, code in cfd.items()
    }


def _plain_name(label: str) -> str:
    """Return the name in the label of a year of study; "" for one that is abbreviated."""
    name = re.sub(_COMMUNE, "", re.sub(_ANNEE, "", label, flags=re.IGNORECASE))
    return "" if re.search(r"[.&]|^année \d|apprenti", name, re.IGNORECASE) else _sentence(name)


def _sentence(text: str) -> str:
    """Return a text with a capital at its start."""
    text = " ".join(text.split())
    return upper_first(text)
