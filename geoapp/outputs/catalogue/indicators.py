"""The indicators of coverage as files: zonings, columns, sources, colours for QGIS."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoapp.core.errors import NotFoundError
from geoapp.core.memory import Memory
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.answer import answer
from geoapp.coverage.model import parse_question
from geoapp.coverage.world import World
from geoapp.outputs.catalogue.resources import sources_of
from geoapp.outputs.coverage import file_of, layer_name
from geoapp.outputs.files.model import Fichier
from geoapp.reference.codes.identifiers import refusal
from geoapp.reference.zonings import CARREAU, COMMUNE, MAILLES
from geoapp.sources.usages import INDICATEURS


@dataclass(frozen=True)
class ZonageIndicateurs:
    """One zoning whose indicators can be taken away: its name, title and number of zones.

    One that is not `est_dessine` is a list: no source gives the outline of any of its zones.
    """

    nom: str
    titre: str
    nb_zones: int
    est_dessine: bool = True


def list_zonings(snapshot: Snapshot) -> list[ZonageIndicateurs]:
    """Return the zonings that have zones in a snapshot, in the order of the choice."""
    return list(_ZONAGES.get(snapshot.path, lambda: _list_zonings(snapshot)))


_ZONAGES = Memory(4)
"""Zonings that have zones, by snapshot: each file asks them."""


def _list_zonings(snapshot: Snapshot) -> list[ZonageIndicateurs]:
    """Do what `list_zonings` keeps."""
    # Columns alone are read: the outlines of these tables are heavy.
    zones = pd.read_parquet(snapshot.path / "zones.parquet", columns=["type_zone"])
    communes = pd.read_parquet(snapshot.path / "communes.parquet", columns=["est_region"])
    demande = pd.read_parquet(
        snapshot.path / "demande.parquet", columns=["type_point", "est_region"]
    )
    couches = pd.read_parquet(snapshot.path / "couches.parquet", columns=["type_zone"])
    drawn = {CARREAU, *couches["type_zone"]}
    counts = zones["type_zone"].value_counts().to_dict()
    counts[COMMUNE] = int(communes["est_region"].sum())
    counts[CARREAU] = int((demande["type_point"].eq(CARREAU) & demande["est_region"]).sum())
    return [
        ZonageIndicateurs(nom, row.titre, int(counts[nom]), nom in drawn)
        for nom, row in MAILLES.items()
        if counts.get(nom)
    ]


def check_zoning(snapshot: Snapshot, nom: str) -> None:
    """Raise `NotFoundError` unless indicators exist for a zoning; the nearest one is named."""
    known = [zonage.nom for zonage in list_zonings(snapshot)]
    if nom not in known:
        raise NotFoundError(refusal("Zonage inconnu", nom, "Zonages", known))


def indicator_sources(snapshot: Snapshot) -> pd.DataFrame:
    """Return the sources that feed the indicators (rows of the table `sources`)."""
    return sources_of(snapshot, INDICATEURS)


def indicator_file(world: World, zonage: str, parametres: dict) -> Fichier:
    """Return the indicators of a zoning for one question as a file, small counts of people hidden.

    Raises
    ------
    NotFoundError
        When no indicator exists for the zoning.
    ParameterError
        When a parameter of the question is not accepted.
    """
    check_zoning(world.snapshot, zonage)
    reponse = answer(world, parse_question({**parametres, "zonage": zonage}, world))
    return file_of(world, reponse)


def indicator_title(zonage: str) -> str:
    """Return the title of a file of indicators."""
    return layer_name(zonage)
