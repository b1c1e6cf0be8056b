"""The collections: one row by table, one by zoning, one by division of the coverage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

import geopandas as gpd

from geoapp.coverage.answer import answer
from geoapp.coverage.model import FILTRES_OFFRE, PARAMETRES, Question
from geoapp.coverage.world import World
from geoapp.offer.filters import FILTRES
from geoapp.outputs.catalogue.licences import Licence
from geoapp.outputs.catalogue.resources import (
    feeding_table,
    find_sheet,
    licences_of,
    sources_used,
    table_file,
)
from geoapp.outputs.coverage import file_of, layer_name
from geoapp.outputs.files.model import Fichier
from geoapp.outputs.ogc.features import Features
from geoapp.reference.zonings import MAILLES, ZONAGES

PREFIXE = "couverture-"
"""What the name of a collection of indicators begins with."""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """One collection: its identifier, its words, the table it is of, how its rows are read.

    `filtres` are the parameters of the product that choose its rows, `question` those that change
    its values.  `licences` are those of what it is made of, the strictest first.
    """

    id: str
    titre: str
    description: str
    table: str
    lire: Callable[[World, Question], Fichier]
    cle: tuple[str, ...]
    dates: tuple[str, ...] = ()
    filtres: tuple[str, ...] = ()
    question: tuple[str, ...] = ()
    licences: tuple[Licence, ...] = ()


def _table(id_: str, nom: str, cle: tuple[str, ...], **autres) -> Collection:
    """Return the row of a table of the snapshot."""
    return Collection(
        id=id_,
        titre=find_sheet(nom).titre,
        table=nom,
        lire=lambda world, question: table_file(world.snapshot, nom),
        cle=cle,
        **autres,
    )


TABLES = (
    _table(
        "formations",
        "offres",
        ("id_action", "id_lieu"),
        description=(
            "Une formation en un lieu, telle que nos sources la donnent. Sans géométrie quand son "
            "lieu est inconnu ; sans date quand la source n'en donne pas."
        ),
        dates=("date_debut", "date_fin"),
        filtres=tuple(FILTRES),
    ),
    _table(
        "lieux",
        "lieux",
        ("id_lieu",),
        description="Lieux de formation, et ce que l'on sait de leur position.",
    ),
    _table(
        "lieux-information",
        "lieux_information",
        ("id_lieu_information",),
        description="CIO et France Services : lieux d'information et d'orientation connus.",
    ),
    _table(
        "communes",
        "communes",
        ("code_commune",),
        description="Communes de la région et de ses voisines ; est_region dit lesquelles.",
    ),
)
"""Tables of the snapshot that are collections under a name of their own."""


def list_collections(world: World) -> dict[str, Collection]:
    """Return the collections of a snapshot, by identifier."""
    snapshot = world.snapshot
    present = set(snapshot.read("zones")["type_zone"])
    rows = [
        *(one for one in TABLES if snapshot.nb_rows(one.table)),
        *(_zoning(nom) for nom in ZONAGES if nom in present),
        *(_coverage(nom) for nom in MAILLES if nom in world.mailles),
    ]
    used = sources_used(snapshot)
    licences = {
        nom: tuple(licences_of(feeding_table(used, nom))) for nom in {one.table for one in rows}
    }
    return {one.id: replace(one, licences=licences[one.table]) for one in rows}


def _zoning(type_zone: str) -> Collection:
    """Return the row of a zoning: its zones, as their source draws them."""

    def read(world: World, question: Question) -> Fichier:
        whole = table_file(world.snapshot, "zones")
        zones = cast(gpd.GeoDataFrame, whole.table)
        mine = zones[zones["type_zone"].eq(type_zone)].reset_index(drop=True)
        return replace(whole, table=mine, parquet=None, nom=type_zone)

    return Collection(
        id=type_zone,
        titre=ZONAGES[type_zone].titre,
        description=f"Zones du zonage « {ZONAGES[type_zone].titre} », avec leur population.",
        table="zones",
        lire=read,
        cle=("code_zone",),
    )


def _coverage(zonage: str) -> Collection:
    """Return the row of a division of the coverage: its indicators for the question asked."""

    def read(world: World, question: Question) -> Fichier:
        return file_of(world, answer(world, replace(question, zonage=zonage)))

    return Collection(
        id=f"{PREFIXE}{zonage}",
        titre=layer_name(zonage),
        description=(
            "Indicateurs de couverture pour la question que disent les paramètres : qui est loin "
            "de l'offre connue de nos sources, et de combien. Une zone dont l'offre n'est pas "
            "connue n'a pas de pourcentage."
        ),
        table="demande",
        lire=read,
        cle=("code_zone",),
        question=(*(nom for nom in PARAMETRES if nom != "zonage"), *FILTRES_OFFRE),
    )


def open_features(world: World, collection: Collection, question: Question) -> Features:
    """Return the features of a collection, for a question where it depends on one."""
    return Features(collection.lire(world, question), collection.cle, collection.dates)
