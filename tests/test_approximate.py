"""A place known by its commune only: an interval, never metres, never before an exact place."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from geoapp.core.french import describe_interval
from geoapp.core.schema import conform
from geoapp.core.snapshot import Snapshot
from geoapp.offer.answers import describe_answer
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.approximate import outline_places
from geoapp.offer.search.engine import open_engine, search
from geoapp.offer.search.index import write_index
from geoapp.offer.search.model import Lieu, Requete
from support.world import make_tiny_frames

GEOD = Geod(ellps="GRS80")
HALL = (2.1, 50.1)
"""Town hall of Amiville (80001), a square of the tiny world."""


@pytest.fixture
def world(tmp_path):
    """Two offers at one point, the town hall: one is there, the other is somewhere in Amiville."""
    frames = make_tiny_frames()
    offers = frames["offres"].drop_duplicates("id_action").head(2).copy()
    offers["precision_position"] = ["commune", "coordonnees"]
    offers["code_commune"], offers["nom_commune"] = "80001", "Amiville"
    offers["modalite"], offers["id_place"] = None, f"{HALL[1]:.5f},{HALL[0]:.5f}"
    # By title alone the approximate one would come first.
    offers["intitule"] = ["AAA", "ZZZ"]
    offers["geometry"] = [shapely.Point(HALL)] * 2
    frames["offres"] = gpd.GeoDataFrame(conform(offers, "offres"), geometry="geometry", crs=4326)
    write_index(frames, tmp_path)
    snapshot = Snapshot(tmp_path, {"cree_le": "2026-01-01"}, frames)
    return snapshot, open_engine(snapshot)


def _around(longitude, latitude, rayon_km=100.0, **autres) -> Requete:
    lieu = Lieu(type="point", code="p", nom="p", longitude=longitude, latitude=latitude)
    return Requete(lieu=lieu, rayon_km=rayon_km, **autres)


def _outline(snapshot) -> shapely.Geometry:
    return snapshot.read("communes").set_index("code_commune").geometry["80001"]


@pytest.mark.parametrize("point", [HALL, (2.02, 50.03), (2.6, 50.4), (1.2, 49.2)])
def test_the_bounds_hold_every_point_of_the_commune_and_touch_its_outline(world, point):
    snapshot, moteur = world
    outline = _outline(snapshot)
    west, south, east, north = outline.bounds
    xs, ys = np.meshgrid(np.linspace(west, east, 40), np.linspace(south, north, 40))
    kept = shapely.covers(outline, shapely.points(xs.ravel(), ys.ravel()))
    xs, ys = xs.ravel()[kept], ys.ravel()[kept]
    gaps = GEOD.inv(np.full(len(xs), point[0]), np.full(len(xs), point[1]), xs, ys)[2]
    found = search(moteur, _around(*point, rayon_km=200.0))
    vague = found.minima_m != found.distances_m
    assert vague.sum() == 1
    least, most = found.minima_m[vague][0], found.distances_m[vague][0]
    assert least <= gaps.min() * 1.003 and most * 1.003 >= gaps.max()
    # The grid has points within 300 m of the outline: no bound may be looser than that.
    assert gaps.min() - least < 400 and most - gaps.max() < 400
    assert (least == 0) == outline.covers(shapely.Point(point))


def test_an_exact_place_comes_before_one_known_by_its_commune_only(world):
    _, moteur = world
    for tri in ("distance", "date"):
        found = search(moteur, _around(*HALL, tri=tri))
        titles = moteur.snapshot.read("offres")["intitule"].iloc[found.lignes].tolist()
        assert titles == ["ZZZ", "AAA"]


def test_a_commune_is_within_a_radius_as_soon_as_its_outline_is_and_never_leaves_it(world):
    snapshot, moteur = world
    east = _outline(snapshot).bounds[2]
    point = (east + 0.08, 50.05)
    metres = search(moteur, _around(*point)).minima_m.min()
    totals = [
        search(moteur, _around(*point, rayon_km=one / 1000)).total
        for one in (metres - 1, metres + 1, 3 * metres, 10 * metres)
    ]
    assert totals[0] == 0 and totals[1] == 1 and totals == sorted(totals)


def test_cards_tell_an_interval_and_no_metre(world):
    snapshot, moteur = world
    repertoire = Repertoire(snapshot)
    inside = describe_answer(search(moteur, _around(*HALL)), repertoire)["formations"]
    exact, vague = inside
    assert exact["distance_m"] == exact["distance_min_m"] == exact["distance_max_m"] == 0
    assert vague["distance_m"] is None and vague["distance_min_m"] == 0
    assert vague["distance"] == "dans la commune" and vague["distance_max_m"] > 1000
    outside = describe_answer(search(moteur, _around(2.6, 50.4)), repertoire)["formations"][1]
    assert outside["distance"].startswith("dans la commune d'Amiville, à moins de ")
    nowhere = describe_answer(search(moteur, Requete()), repertoire)["formations"]
    assert {card["distance"] for card in nowhere} == {""}


def test_the_words_of_an_interval_are_never_less_than_its_bound():
    assert describe_interval(0, 3999, "Lens") == "dans la commune"
    assert describe_interval(1, 3999, "Lens").endswith("Lens, à moins de 4\u202fkm")
    assert describe_interval(1, 4000, None).startswith("dans sa commune, à moins de 5")
    assert describe_interval(None, 4000, "Lens") == ""


def test_a_commune_without_outline_leaves_its_place_where_it_is():
    communes = gpd.GeoDataFrame(
        pd.DataFrame({"code_commune": ["80001"]}), geometry=[None], crs=4326
    )
    places = outline_places(np.array(["80001", ""], dtype=object), communes)
    exact = np.array([5.0, 7.0])
    least, most = places.bound(exact, 2.0, 50.0)
    assert least.tolist() == most.tolist() == exact.tolist()
    assert replace(places).places.size == 0


@pytest.mark.real
def test_no_town_hall_is_first_around_the_largest_towns(real_snapshot):
    moteur = open_engine(real_snapshot)
    precisions = real_snapshot.read("offres")["precision_position"]
    halls = real_snapshot.read("communes").set_index("code_commune")
    for code in ("59350", "80021", "59183", "62041", "02691"):
        hall = halls.loc[code]
        found = search(moteur, _around(hall["longitude_mairie"], hall["latitude_mairie"], 20.0))
        first = precisions.iloc[found.lignes[:20]]
        assert first.ne("commune").all(), code
        assert (np.diff(found.distances_m) >= 0).all()
