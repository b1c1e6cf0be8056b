"""A search from a neighbour says what is known there, from the tables of the snapshot."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest

from geoapp.core.schema import conform
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.sides import tell_neighbour
from geoapp.reference.codes.voies import only_track
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
    assert tell_neighbour(place(est_region=True), snapshot) == ""
