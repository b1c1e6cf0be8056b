"""Offer tables of a build: union of the sources, placed and joined to zones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd

from geoapp.core.config import CRS_GEO, load_settings
from geoapp.core.errors import ContractError
from geoapp.core.geometry import repair_coordinates
from geoapp.core.schema import conform
from geoapp.core.texts import is_among
from geoapp.ingest.naming import gather_names, name_bodies, name_formations, name_places
from geoapp.ingest.nomenclatures import enrich_formations
from geoapp.ingest.tally import Bilan
from geoapp.offer.establishments import LIENS_ETABLISSEMENT, group_entities, name_entities
from geoapp.offer.journal import Journal, resolve_communes
from geoapp.offer.locating import ETABLISSEMENT, locate_lieux, merge_etablissements
from geoapp.offer.naming.titles import Libelles
from geoapp.offer.rows import merge_organismes, split_places
from geoapp.offer.values import yes
from geoapp.reference.codes import check_siret, check_uai
from geoapp.reference.postal import AnnuairePostal
from geoapp.reference.vicinity import box_of_communes
from geoapp.reference.zone_joins import assign_by_geometry
from geoapp.reference.zonings import ZONAGES
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source

PRECISIONS_SURES = ("coordonnees", "adresse")
"""Precisions trusted for a test by geometry (`methods.md`)."""


def read_etablissements(
    lecture: Lecture, source: Source, communes: pd.DataFrame, passage: dict[str, str]
) -> tuple[pd.DataFrame, Bilan]:
    """Return establishments by UAI code with what places them, and the counts.

    A row without valid UAI code, or with neither coordinates nor commune, is a reject; under the
    option `noms_seuls` a row only names, and one without name is the reject.  An address tells
    the commune where the source gives none.  A row without UAI code that has a SIRET says where
    this one is.
    """
    journal = Journal(
        lecture.frame.reindex(columns=[*ETABLISSEMENT, *LIENS_ETABLISSEMENT]).astype("str")
    )
    frame = journal.frame
    resolve_communes(journal, "code_commune", communes, passage)
    if frame["adresse"].notna().any():
        told = AnnuairePostal(communes).find_all(frame["adresse"])
        found = frame["code_commune"].isna() & told.notna()
        journal.note("code_commune", found, "commune_de_l_adresse", told)
        frame["code_commune"] = frame["code_commune"].fillna(told)
    journal.replace("siret", check_siret(frame["siret"]), "", quiet_if_valid=True)
    journal.replace("code_uai", check_uai(frame["code_uai"]), "code_normalise", quiet_if_valid=True)
    points = repair_coordinates(frame["latitude"], frame["longitude"], near=box_of_communes())
    latitude = points["latitude"].astype("str")
    for kind in points["reparation"].dropna().unique():
        journal.note("latitude", points["reparation"].eq(kind), kind, latitude)
    frame[["latitude", "longitude"]] = points[["latitude", "longitude"]].astype("str")
    _refuse_uai(journal)
    if source.options.get("noms_seuls"):
        journal.refuse("nom", frame["nom"].isna(), "nom_absent")
    else:
        nowhere = frame["latitude"].isna() & frame["code_commune"].isna()
        journal.refuse("code_commune", nowhere, "position_absente", with_original=True)
    kept = journal.kept()
    return kept, Bilan.of(source.id, lecture, journal)


def _refuse_uai(journal: Journal) -> None:
    """Reject the rows of a wrong UAI code, and those that have neither UAI code nor SIRET."""
    received = journal.original["code_uai"].notna()
    journal.refuse("code_uai", ~received & journal.frame["siret"].isna(), "uai_absent")
    is_wrong = received & journal.frame["code_uai"].isna()
    journal.refuse("code_uai", is_wrong, "uai_faux", with_original=True)


def offer_tables(
    parts: Sequence[dict[str, pd.DataFrame]],
    *,
    communes: gpd.GeoDataFrame,
    etablissements: pd.DataFrame,
    doubtful_distance_m: float,
    nomenclatures: Mapping[str, pd.DataFrame] = MappingProxyType({}),
    libelles: Libelles | None = None,
    keep: Callable[[pd.DataFrame, str], Any] = lambda frame, nom: frame,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return organismes, formations, actions, sessions, lieux, actions_lieux and position repairs.

    Parameters
    ----------
    parts : sequence of dicts
        What `geoapp.offer.rows.split_offre` gives of each source: they are emptied.
    nomenclatures : mapping of DataFrame
        What enriches the formations (see `enrich_formations`); none leaves jobs and transitions
        unknown.
    libelles : Libelles, optional
        Labels that titles, kinds of diploma and levels may rest on (see `gather_labels`).
    keep : callable
        What each table is returned as, the frame being let go (`Packed.of`); as it is by default.
    """
    bodies = merge_organismes([part["organismes"] for part in parts])
    # Each table is let go as soon as another takes its place: a large offer fits once in memory.
    union = {
        nom: pd.concat([part.pop(nom) for part in parts], ignore_index=True)
        for nom in list(parts[0])
    }
    union["formations"] = name_formations(union["formations"], libelles or Libelles())
    if nomenclatures:
        union["formations"] = enrich_formations(union["formations"], nomenclatures)
    bodies = _name_organismes(bodies, etablissements)
    noms = gather_names(bodies, etablissements, communes)
    union["organismes"] = group_entities(name_bodies(bodies, noms), union["actions"])
    lieux, repairs = locate_lieux(
        union["lieux"],
        communes=communes,
        etablissements=etablissements,
        doubtful_distance_m=doubtful_distance_m,
    )
    union["lieux"] = name_places(lieux, communes, noms)
    del bodies, lieux
    return {nom: keep(_final(union.pop(nom), nom), nom) for nom in list(union)}, repairs


def _final(frame: pd.DataFrame, nom: str) -> pd.DataFrame:
    """Return a frame as the table that it is of the offer."""
    table = conform(frame, nom)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=CRS_GEO) if nom == "lieux" else table


def _name_organismes(organismes: pd.DataFrame, etablissements: pd.DataFrame) -> pd.DataFrame:
    """Give a body known by its UAI code alone the name and the SIREN of the establishment.

    `id_source_nom` says which source names each.
    """
    codes, is_unnamed = organismes["code_uai"], organismes["nom"].isna()
    names = codes.map(etablissements["nom"]).astype("str")
    sources = codes.map(etablissements["id_source_nom"]).astype("str")
    named = organismes.assign(
        nom=organismes["nom"].fillna(names), id_source_nom=sources.where(is_unnamed)
    )
    return name_entities(named, etablissements.reindex(columns=["siren", "id_source_siren"]))


def link_places(
    lieux: gpd.GeoDataFrame, zones: gpd.GeoDataFrame, communes_zones: pd.DataFrame
) -> pd.DataFrame:
    """Return the table `lieux_zones`.

    Unions of communes join by the code of the commune.  Free polygons join by
    the point, for trusted positions only: a doubtful or approximate place is
    in no free polygon rather than in a wrong one.
    """
    whole = communes_zones[communes_zones["type_lien"].eq("entiere")]
    by_code = lieux[["id_lieu", "code_commune"]].merge(whole, on="code_commune")
    parts = [by_code.assign(methode="code")]
    is_sure = lieux["precision_position"].isin(PRECISIONS_SURES)
    sure = lieux[is_sure & ~yes(lieux["est_douteuse"])]
    for type_zone, part in zones[zones.geometry.notna()].groupby("type_zone"):
        if ZONAGES[type_zone].methode == "geometrie":
            found = assign_by_geometry(sure.geometry, part)
            inside = pd.DataFrame(sure[["id_lieu"]]).assign(
                type_zone=type_zone, code_zone=found, methode="geometrie"
            )
            parts.append(inside.dropna())
    return conform(pd.concat(parts, ignore_index=True), "lieux_zones")


def locate_alone(bilan: Bilan, flat: pd.DataFrame, communes: gpd.GeoDataFrame) -> None:
    """Complete the counts of a source checked alone: what a build would say of its positions.

    Without the establishments of the other sources, which a build has: the rows
    that only they may place are counted apart.
    """
    tables = split_places(flat, bilan.id_source)
    lieux, repairs = locate_lieux(
        tables["lieux"],
        communes=communes,
        etablissements=merge_etablissements([]),
        doubtful_distance_m=load_settings().doubtful_distance_m,
    )
    lines = dict(zip(tables["lieux"]["id_lieu"], tables["lieux"].index, strict=True))
    tables["lieux"] = lieux.assign(id_source=bilan.id_source)
    inside = set(communes.loc[communes["est_region"].astype(bool), "code_commune"])
    count_places(bilan, list_placed(tables), inside)
    waits = lieux["geometry"].isna() & lieux["code_uai"].notna()
    bilan.nb_par_code = int(tables["actions_lieux"]["id_lieu"].isin(lieux["id_lieu"][waits]).sum())
    bilan.corrections += [
        {"ligne": lines[id_lieu], "colonne": "latitude, longitude", **row}
        for id_lieu, row in repairs.to_dict("index").items()
    ]


def add_repairs(bilan: Bilan, repairs: pd.DataFrame) -> None:
    """Add to the corrections of a source those made to the positions of its places."""
    mine = repairs[repairs.index.str.startswith(bilan.id_source + ":")]
    bilan.corrections += [
        {"ligne": f"lieu {id_lieu}", "colonne": "latitude, longitude", **row}
        for id_lieu, row in mine.to_dict("index").items()
    ]


def list_placed(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what `count_places` counts: the offers of every source, each with its place."""
    told = ["id_source", "id_lieu", "geometry", "est_douteuse", "code_commune", "code_uai"]
    places = pd.DataFrame(tables["lieux"][told])
    return tables["actions_lieux"][["id_lieu"]].merge(places, on="id_lieu")


def count_places(bilan: Bilan, placed: pd.DataFrame, region_communes: set[str]) -> None:
    """Fill the placed, doubtful and outside counts of a source, given the offers of `list_placed`.

    One offer is one row of its file: one action in one place.
    """
    mine = placed[placed["id_source"].eq(bilan.id_source)]
    nb = len(mine) + sum(bilan.complements.values())
    if nb != bilan.nb_valides:
        raise ContractError(
            f"Source « {bilan.id_source} » : {bilan.nb_valides} lignes valides "
            f"ont donné {nb} offres et compléments."
        )
    if bilan.complements:
        # A row that completes an offer lies where the offers of its establishment lie.
        by_uai = mine.drop_duplicates("code_uai").set_index("code_uai")
        times = pd.Series(bilan.complements)
        mine = pd.concat([mine, by_uai.loc[times.index.repeat(times)].reset_index()])
    placed = mine["geometry"].notna()
    bilan.nb_placees = int(placed.sum())
    bilan.nb_douteuses = int(mine["est_douteuse"].sum())
    bilan.nb_hors_region = int((placed & ~is_among(mine["code_commune"], region_communes)).sum())
