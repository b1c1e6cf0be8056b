"""Offers by where they lie: those of the neighbouring départements count in the coverage, and
nowhere else; a file of the whole country gives those of the region.
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import pandas as pd

from geoapp.core.config import CRS_GEO
from geoapp.core.schema import TABLES, conform
from geoapp.offer.rows import SANS_INTITULE
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source


def keep_neighbours(lecture: Lecture, communes: pd.DataFrame) -> tuple[Lecture, int]:
    """Return the rows whose place lies in a neighbouring département, and how many lie elsewhere.

    The offer of the region itself comes from better sources: it is left out here too.
    """
    around = set(communes.loc[~communes["est_region"].astype(bool), "code_departement"])
    kept = _departement(lecture).isin(around).fillna(False).astype(bool)
    return _only(lecture, kept), int((~kept).sum())


def keep_region(lecture: Lecture, source: Source, communes: pd.DataFrame) -> Lecture:
    """Return the rows of a file of the whole country (option `garder_region`) that lie in the
    region, or nowhere that is known; the others are counted among those set aside.
    """
    if not source.options.get("garder_region"):
        return lecture
    here = set(communes.loc[communes["est_region"].astype(bool), "code_departement"])
    departement = _departement(lecture)
    kept = (departement.isna() | departement.isin(here)).astype(bool)
    return replace(_only(lecture, kept), nb_ecartees=lecture.nb_ecartees + int((~kept).sum()))


def _departement(lecture: Lecture) -> pd.Series:
    """Return the département of each row, by the code of its commune."""
    return lecture.frame["lieu_code_commune"].astype("str").str.zfill(5).str[:2]


def _only(lecture: Lecture, kept: pd.Series) -> Lecture:
    """Return some rows of a lecture, and all that was said of it."""
    nb = int(kept.sum()) + len(lecture.rejets)
    return replace(lecture, frame=lecture.frame[kept], nb_lues=nb)


def name_trainings(flat: pd.DataFrame, certifications: pd.DataFrame | None) -> pd.DataFrame:
    """Return a checked flat offer, its untitled trainings named by their certification if listed.

    The code of the certification decides, else that of the diploma when all the
    certifications that hold it bear one name.
    """
    if certifications is None:
        return flat
    unnamed = flat["intitule"].eq(SANS_INTITULE)
    found = flat["code_certifinfo"].map(_single_label(certifications, "code_certifinfo"))
    found = found.fillna(flat["code_cfd"].map(_single_label(certifications, "code_cfd")))
    return flat.assign(intitule=flat["intitule"].mask(unnamed & found.notna(), found).astype("str"))


def _single_label(certifications: pd.DataFrame, code: str) -> pd.Series:
    """Return the label of each code that has only one."""
    pairs = certifications[[code, "libelle"]].dropna().drop_duplicates()
    return pairs.drop_duplicates(code, keep=False).set_index(code)["libelle"]


def no_neighbours() -> gpd.GeoDataFrame:
    """Return the table `offres_voisines` of a build that has no source of them."""
    empty = gpd.GeoDataFrame(
        pd.DataFrame(columns=TABLES["offres_voisines"].noms), geometry="geometry", crs=CRS_GEO
    )
    return gpd.GeoDataFrame(conform(empty, "offres_voisines"), geometry="geometry", crs=CRS_GEO)
