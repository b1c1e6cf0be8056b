"""What the nomenclatures add to the formations.

Jobs, search words, transitions, each with its evidence.

A code given by a source is never replaced.  Codes found by a join serve to name
jobs, words and transitions only, and `preuve_metiers` says where they come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from geoapp.core.schema import conform
from geoapp.core.texts import distinct_rows
from geoapp.ingest.certifications import FICHES, find_fiches
from geoapp.ingest.code_joins import find_codes
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal
from geoapp.reference.codes import (
    normalise_cfd,
    normalise_formacode,
    normalise_nsf,
    normalise_rncp,
    normalise_rome,
)
from geoapp.reference.codes.jobs import Rome, choose_metiers, read_rome
from geoapp.reference.codes.rev3 import assign_rev3
from geoapp.reference.codes.text import fold, on_scalar_too
from geoapp.reference.vicinity import REGION_LIVREE, region_code
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source


@on_scalar_too
def _plain(values: pd.Series) -> pd.Series:
    """Return keys that need no more than being there."""
    return values


_NORMES = {
    "code_rome": normalise_rome,
    "code_formacode": normalise_formacode,
    "code_nsf": normalise_nsf,
    "code_cfd": normalise_cfd,
    "code_rncp": normalise_rncp,
    "code_appellation": _plain,
    "code_certifinfo": _plain,
    "code_mef": _plain,
    "code_mefstat_commun": _plain,
}


LUES = (
    "intitule",
    "type_diplome",
    "code_rome",
    "code_formacode",
    "code_nsf",
    "code_cfd",
    "code_certifinfo",
    "code_mef",
    "code_rncp",
)
"""Columns of a formation that what is found of it rests on."""

ENRICHIES = ("metiers", "mots", "preuve_metiers", "rev3", "preuve_rev3", *FICHES)


class Nomenclature(NamedTuple):
    """One nomenclature: the code it lists, and its rows."""

    cle: str
    table: pd.DataFrame


def key_of(source: Source) -> str:
    """Return the code that a nomenclature lists: the first of its declared columns."""
    return next(iter(source.colonnes))


def read_nomenclature(lecture: Lecture, source: Source) -> tuple[Nomenclature, Bilan]:
    """Return the rows of a nomenclature and the counts; a row without valid key is a reject."""
    journal = Journal(lecture.frame.astype("str"))
    for column in journal.frame.columns.intersection(list(_NORMES)):
        normal = _NORMES[column](journal.frame[column])
        journal.replace(column, normal, "code_normalise", quiet_if_valid=True)
    key = key_of(source)
    journal.refuse_codes(key, "code_absent", "code_faux")
    return Nomenclature(key, journal.kept()), Bilan.of(source.id, lecture, journal)


def enrich_formations(
    formations: pd.DataFrame, nomenclatures: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return the formations with `ENRICHIES`: jobs, words, transitions, record at the RNCP.

    Parameters
    ----------
    formations : DataFrame
        intitule, type_diplome, code_rome, code_formacode, code_nsf, code_cfd,
        code_certifinfo and, when the source gives them, code_mef and code_rncp.
    nomenclatures : mapping of DataFrame
        By key: code_rome, code_formacode, code_nsf, code_certifinfo, code_rncp, code_mef.  One
        that is absent leaves what depends on it unknown (NA).

    Returns
    -------
    DataFrame
        Same rows and index; the codes received are unchanged.
    """
    used = list(formations.columns.intersection(LUES))
    rank, mine = distinct_rows(formations[used])
    found = _enrich(mine.reset_index(drop=True), nomenclatures)
    return formations.assign(
        **{nom: found[nom].take(rank).set_axis(formations.index) for nom in ENRICHIES}
    )


def _enrich(formations: pd.DataFrame, nomenclatures: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what is found of formations that all differ.

    Titles and codes repeat much in a large offer.
    """
    found = find_codes(formations, nomenclatures.get("code_certifinfo"))
    evidence = formations[["intitule", "code_nsf", "code_cfd"]].join(
        found[["code_rome", "code_formacode"]]
    )
    rome = read_rome(nomenclatures.get("code_rome"))
    pairs = zip(_texts(evidence["code_rome"]), formations["intitule"], strict=True)
    metiers = [_name_metiers(codes, title, rome) for codes, title in pairs]
    result = formations.assign(
        metiers=pd.Series(metiers, index=formations.index, dtype="str"),
        mots=_words(formations, found, nomenclatures),
    )
    is_found = result["metiers"].notna() | result["mots"].notna()
    result["preuve_metiers"] = found["preuve"].where(is_found)
    # rev3 is of one region: elsewhere nobody asks for it, and nothing tells of it.
    told = evidence if region_code() == REGION_LIVREE else evidence.iloc[:, :0]
    result[["rev3", "preuve_rev3"]] = assign_rev3(told, nomenclatures.get("code_rome"))
    result[list(FICHES)] = find_fiches(formations, nomenclatures)
    return result


def job_names(nomenclatures: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the table `appellations`: the names of the jobs that ROME knows; none without them."""
    names = nomenclatures.get("code_appellation", pd.DataFrame(columns=["code_appellation"]))
    names = names.reindex(columns=["code_appellation", "libelle", "code_rome"])
    familles = read_rome(nomenclatures.get("code_rome")).familles
    labels = {code: [job.libelle for job in jobs] for code, jobs in familles.items()}
    known = names.dropna()
    known = known[known["code_rome"].isin(set(labels))].sort_values("code_appellation")
    return conform(
        known.rename(columns={"libelle": "nom"}).assign(
            metier=known["code_rome"].map({code: mine[0] for code, mine in labels.items()}),
            metiers=known["code_rome"].map({code: "|".join(all_) for code, all_ in labels.items()}),
        ),
        "appellations",
    )


def _texts(values: pd.Series) -> list[str]:
    """Return values as plain texts, unknown as empty."""
    return values.astype("object").where(values.notna(), "").tolist()


def _name_metiers(codes: str, title: str, rome: Rome) -> str | None:
    """Return the jobs of some ROME codes, parted by "|", each once; None when none is known."""
    labels = [
        metier.libelle for code in codes.split("|") for metier in choose_metiers(code, title, rome)
    ]
    return "|".join(dict.fromkeys(labels)) or None


def _words(
    formations: pd.DataFrame, found: pd.DataFrame, nomenclatures: Mapping[str, pd.DataFrame]
) -> pd.Series:
    """Return the labels that say more than the title: certification, Formacode and NSF group."""
    labels = [
        found["libelle"],
        _label(found["code_formacode"], nomenclatures.get("code_formacode")),
        _label(formations["code_nsf"], nomenclatures.get("code_nsf")),
    ]
    rows = zip(formations["intitule"], *map(_texts, labels), strict=True)
    words = [_beside(title, row) for title, *row in rows]
    return pd.Series(words, index=formations.index, dtype="str")


def _beside(title: str, labels: list[str]) -> str | None:
    """Return the labels that are not the title, each once, parted by « | »."""
    plain = fold(title)
    others = dict.fromkeys(label for label in labels if label and fold(label) != plain)
    return "|".join(others) or None


def _label(codes: pd.Series, table: pd.DataFrame | None) -> pd.Series:
    """Return the label of the first of some codes; NA without table."""
    if table is None:
        return pd.Series(None, index=codes.index, dtype="str")
    code = table.columns[0]
    by_code = table.dropna(subset="libelle").drop_duplicates(code).set_index(code)["libelle"]
    first = codes.astype("str").str.replace(r"\|.*$", "", regex=True)
    return first.map(by_code).astype("str")
