"""A search from a neighbour says what is known there, from the tables of the snapshot."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geoapp.core.schema import conform
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.sides import tell_neighbour
from geoapp.reference.codes.voies import only_track
from geoapp.web import create_app
from support.words import plain
from support.world import make_tiny_frames, publish_world


def place(**changes) -> Requete:
    """Return a search around a place at 4° E, 49° N, beside the region."""
    beside = {"est_region": False, "longitude": 4.0, "latitude": 49.0} | changes
    return Requete(lieu=Lieu(type="commune", code="51454", nom="Reims", **beside), rayon_km=20)


@pytest.mark.parametrize(
    ("voies", "said"),
    [
        (["apprentissage", None], "apprentissage seulement"),
        (["scolaire"], "voie scolaire seulement"),
        (["continue", "apprentissage"], ""),
        ([None, np.nan], ""),
        ([], ""),
    ],
)
def test_trainings_of_one_voie_say_it(voies, said):
    assert only_track(voies) == said


def test_what_is_known_beside_the_region_is_that_of_its_sources(tmp_path):
    frames = make_tiny_frames()
    known = frames["offres"].head(3).copy()
    at = gpd.points_from_xy([4.0, 4.1, 6.0], [49.0, 49.0, 49.0], crs=4326)
    known = known.assign(voie="continue").set_geometry(at)
    frames["sources"].loc[frames["sources"]["id_source"].eq("tiny"), "millesime"] = "2026-03"
    frames["offres_voisines"] = conform(known, "offres_voisines")
    snapshot = publish_world(frames, tmp_path)
    told = plain(tell_neighbour(place(), snapshot))
    assert "2 formations à 20 km sont connues (formation continue seulement, mars 2026)" in told
    alone = plain(tell_neighbour(place(longitude=2.0, latitude=46.0), snapshot))
    assert alone.endswith("De ce côté, l'offre n'a pas été collectée.")
    # Some of them are known 30 km from there.
    near = plain(tell_neighbour(place(longitude=4.4), snapshot))
    assert near.endswith(
        "De ce côté, aucune formation n'est connue : toutes n'ont pas été collectées."
    )


@pytest.fixture(scope="module")
def bordered(tmp_path_factory):
    """The tiny world, with a commune of Marne at 4° E, 49.2° N and two trainings near it."""
    frames = make_tiny_frames()
    row = (
        frames["communes"]
        .head(1)
        .assign(
            code_commune="51454",
            est_region=False,
            longitude_mairie=4.0,
            latitude_mairie=49.2,
        )
    )
    frames["communes"] = conform(pd.concat([frames["communes"], row]), "communes")
    at = gpd.points_from_xy([4.0, 4.1], [49.15, 49.15], crs=4326)
    known = frames["offres"].head(2).assign(voie="apprentissage").set_geometry(at)
    frames["offres_voisines"] = conform(known, "offres_voisines")
    return publish_world(frames, tmp_path_factory.mktemp("bord"))


def test_a_radius_that_leaves_the_region_says_what_is_known_there(bordered):
    inside = place(est_region=True, latitude=49.3)
    told = plain(tell_neighbour(inside, bordered))
    assert told.startswith("La région s'arrête près de là, et cette liste avec elle. Au-delà, 2 ")
    assert "2 formations à 20 km sont connues (apprentissage seulement" in told
    asked = plain(tell_neighbour(replace(inside, texte="soudeur"), bordered))
    assert "tous métiers et tous filtres confondus, hors de cette liste" in asked
    # The town hall is 11 km from there, the trainings 17.
    near = plain(tell_neighbour(replace(inside, rayon_km=12), bordered))
    assert near.endswith("aucune formation n'est connue : toutes n'ont pas été collectées.")
    assert tell_neighbour(replace(inside, rayon_km=5), bordered) == ""


def test_a_time_that_leaves_the_region_counts_nothing_by_radius(bordered):
    car = SimpleNamespace(nom="voiture", sans_voiture=False)
    on_foot = SimpleNamespace(nom="pied", sans_voiture=True)
    inside = replace(place(est_region=True, latitude=49.3), minutes=30.0)
    told = plain(tell_neighbour(replace(inside, moyen=car), bordered))
    assert "des formations sont connues (apprentissage seulement" in told and "km" not in told
    assert tell_neighbour(replace(inside, moyen=on_foot), bordered) == ""


@pytest.mark.parametrize(
    ("longitude", "latitude", "radius", "said"),
    [
        (3.06, 50.63, 20, "En Belgique, l'offre n'a pas été collectée."),
        (3.06, 50.63, 5, ""),
        (2.13, 50.99, 20, ""),
        (2.78, 50.29, 20, ""),
    ],
    ids=["Lille", "Lille, 5 km", "Gravelines", "Arras"],
)
def test_belgium_is_told_where_a_search_reaches_it(bordered, longitude, latitude, radius, said):
    asked = place(est_region=True, longitude=longitude, latitude=latitude)
    told = plain(tell_neighbour(replace(asked, rayon_km=radius), bordered))
    assert told.endswith(said) and bool(told) == bool(said)


def test_programs_and_files_are_told_too(bordered):
    client = create_app(bordered.path.parents[1]).test_client()
    told = client.get("/api/v1/formations?lat=49.2&lon=4.0").json["hors_region"]
    assert plain(told).startswith("Ce point est hors de la région") and "2 formations" in told
    notice = plain(client.get("/api/v1/formations.lisez-moi?lat=49.2&lon=4.0").text)
    assert f"Au-delà de la région : {plain(told)}" in notice
    assert client.get("/api/v1/formations").json["hors_region"] == ""
    assert "Au-delà" not in client.get("/api/v1/formations.lisez-moi").text
