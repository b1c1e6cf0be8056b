"""Families of jobs: their jobs (ROME), and the trainings that lead to them.

A family of the survey that kept the code of a professional family of 2009 (FAP) has the jobs that
the published table gives it; the others have those of `geodata/familles_bmo.csv`, which is ours:
each row says why.  Why nothing of the sources leads to some families is written too
(`geodata/familles_sans_formation.csv`), one of `CAUSES` by family.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import pandas as pd

from geoapp.core.config import GEODATA
from geoapp.offer.values import join_by_group

PUBLIE, ECRIT, AUCUN = "publie", "ecrit", "aucun"

SANTE_SOCIAL = r"V[0-4]|T2[AB]|T4X61"
"""Codes of the families of health and social care: care, paramedical and social jobs, home help,
childcare, hospital orderlies; neither animation nor sport, that the survey puts beside them."""


CAUSES = {
    "reglementee": "profession réglementée ou de soins : ses écoles ne sont pas dans nos sources",
    "superieur": "concours ou études longues, hors de l'offre collectée",
    "art": "écoles d'art et du spectacle, hors de l'offre collectée",
    "employeur": "formation donnée par l'employeur",
    "poste": "métier appris au poste, ou par une formation continue que nous ne connaissons pas",
    "autre_famille": "des formations de nos sources y préparent, mais les métiers (ROME) qu'elles "
    "déclarent sont d'une autre famille",
    "absente": "diplômes qui existent, mais qu'aucune de nos sources ne donne dans la région",
    "sans_metier": "aucun métier (ROME) n'est relié à la famille",
    "inconnue": "raison inconnue",
}
"""Why no training of the sources is linked to a family of jobs."""


@cache
def written_reasons() -> Mapping[str, tuple[str, str]]:
    """Return, for some families without any training, the cause (`CAUSES`) and its detail."""
    path = GEODATA / "familles_sans_formation.csv"
    table = pd.read_csv(path, sep=";", dtype="str", encoding="utf-8")
    rows = table.itertuples(index=False)
    return {row.code_famille: (row.cause, row.raison) for row in rows}


def why_unlinked(families: pd.DataFrame) -> pd.Series:
    """Return why nothing leads to each family, one of `CAUSES`; NA where something does.

    `families` has `code_famille`, `codes_rome` and `nb_formations`, those of the region.
    """
    written = families["code_famille"].map(
        {one: why for one, (why, _) in written_reasons().items()}
    )
    unlinked = pd.Series("inconnue", index=families.index).mask(
        families["codes_rome"].isna(), "sans_metier"
    )
    return written.fillna(unlinked).where(families["nb_formations"].eq(0)).astype("object")


@cache
def written_links() -> Mapping[str, tuple[str, str]]:
    """Return the jobs that we wrote for some families, and why."""
    table = pd.read_csv(GEODATA / "familles_bmo.csv", sep=";", dtype="str", encoding="utf-8")
    rows = table.itertuples(index=False)
    return {row.code_famille: (row.codes_rome, row.raison) for row in rows}


def name_families(needs: pd.DataFrame, jobs: pd.DataFrame) -> pd.DataFrame:
    """Return the families of the survey with their jobs.

    Parameters
    ----------
    needs : DataFrame
        `code_famille`, `nom`, `code_groupe`, `groupe`, a row by family and bassin.
    jobs : DataFrame
        `code_fap`, `code_rome` of the families of 2009.

    Returns
    -------
    DataFrame
        One row by family: those columns, `est_sante_social`, `codes_rome` (NA without any),
        `lien` and `raison`.
    """
    families = needs.drop_duplicates("code_famille")[
        ["code_famille", "nom", "code_groupe", "groupe"]
    ].reset_index(drop=True)
    families = families.astype("str")
    published = jobs.groupby("code_fap")["code_rome"].agg(lambda codes: "|".join(sorted(codes)))
    # FAP 2021 writes X where FAP 2009 wrote Z: the number says that the content was kept.
    old = families["code_famille"].str.replace(r"^(..)X", r"\1Z", regex=True).map(published)
    ours = families["code_famille"].map(written_links())
    written = ours.str[0].astype("str")
    return families.assign(
        nom=families["nom"].str.replace("Ouviers", "Ouvriers", regex=False),
        est_sante_social=families["code_famille"].str.match(SANTE_SOCIAL),
        codes_rome=written.fillna(old),
        lien=old.notna().map({True: PUBLIE, False: AUCUN}).mask(written.notna(), ECRIT),
        raison=ours.str[1].astype("str"),
    )


def link_formations(
    formations: pd.DataFrame, families: pd.DataFrame, parents: Mapping[str, str]
) -> pd.DataFrame:
    """Return the families that each training leads to: one row by pair.

    Parameters
    ----------
    formations : DataFrame
        `id_formation`, `code_rome` (several parted by « | »), `preuve`.
    families : DataFrame
        `code_famille`, `codes_rome`.
    parents : mapping
        A job of ROME 4 → the code of the former ROME that it comes from, itself when it is one.
    """
    mine = formations.dropna(subset="code_rome")
    # The same jobs are those of many trainings: they are read once.
    rank, texts = pd.factorize(mine["code_rome"])
    jobs = pd.Series(texts).str.split("|").explode().rename("code_rome")
    jobs = jobs.map(lambda code: parents.get(code, code)).rename_axis("rang").reset_index()
    theirs = families.dropna(subset="codes_rome")
    theirs = theirs.assign(code_rome=theirs["codes_rome"].str.split("|")).explode("code_rome")
    pairs = jobs.drop_duplicates().merge(theirs[["code_famille", "code_rome"]], on="code_rome")
    keys = ["rang", "code_famille"]
    pairs = pairs.sort_values([*keys, "code_rome"], ignore_index=True)
    first = ~pairs.duplicated(keys)
    codes = join_by_group(pairs["code_rome"], first.cumsum())
    told = pairs.loc[first, keys].reset_index(drop=True).assign(codes_rome=codes.array)
    mine = mine[["id_formation", "preuve"]].assign(rang=rank).sort_values("id_formation")
    found = mine.merge(told, on="rang")
    return found[["id_formation", "code_famille", "codes_rome", "preuve"]]


def parents_of(rome: pd.DataFrame | None) -> dict[str, str]:
    """Return job → parent of a nomenclature of ROME; {} without it."""
    if rome is None or "code_parent" not in rome:
        return {}
    known = rome[["code_rome", "code_parent"]].dropna()
    return dict(known.itertuples(index=False, name=None))
