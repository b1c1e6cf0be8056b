"""Nobody is at 0 km: the floor inside a commune or a cell, and six questions worked out again."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from geoapp.coverage.answer import answer
from geoapp.coverage.measures import measure_points
from geoapp.coverage.model import parse_question
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.estimated import estimate_trajets
from geoapp.coverage.travel.intrazonal import commune_floors
from geoapp.coverage.world import choose_offer
from support.law_oracle import oracle

GEOD = Geod(ellps="GRS80")
KM = 1 / 111.2
"""About one kilometre, in degrees of latitude."""


def _world(*, est_vague: bool, place=(2.0, 50.0)):
    """One commune of about 100 km² counted at its centre, one cell in it, one place."""
    square = shapely.box(2 - 5 * KM / 0.643, 50 - 5 * KM, 2 + 5 * KM / 0.643, 50 + 5 * KM)
    communes = gpd.GeoDataFrame({"code_commune": ["80001"]}, geometry=[square], crs=4326)
    points = gpd.GeoDataFrame(
        {
            "id_point": ["commune:80001", "carreau:1", "commune:80002"],
            "type_point": ["commune", "carreau", "commune"],
            "code_commune": ["80001", "80001", "80002"],
        },
        geometry=gpd.points_from_xy([2.0, 2.0, 2.0], [50.0, 50.0, 50.0]),
        crs=4326,
    )
    places = pd.DataFrame(
        {
            "id_place": ["p"],
            "longitude": [place[0]],
            "latitude": [place[1]],
            "code_commune": ["80001"],
            "est_vague": [est_vague],
        }
    )
    unknown = {"origines": np.full(3, np.nan), "places": np.full(1, np.nan)}
    trajets = next(estimate_trajets(points, places, communes, unknown))
    km2 = communes.to_crs(2154).area.iloc[0] / 1e6
    return trajets.distance_km.toarray()[:, 0], trajets.duree_min.toarray()[:, 0], km2


def _law(cost: str, crow: float) -> float:
    """Return what the law of usual traffic says of a straight line, density unknown."""
    return float(oracle("voiture", cost, crow, np.nan, np.nan))


def test_a_commune_and_a_place_in_it_are_the_mean_radius_apart():
    km, minutes, km2 = _world(est_vague=False)
    assert 95 < km2 < 105
    # 0.376 = 2/3 / √π: the mean distance of a disc to its centre.
    assert 2 / 3 / math.sqrt(math.pi) == pytest.approx(0.376, abs=5e-4)
    assert km[0] == pytest.approx(_law("route", 0.376 * math.sqrt(km2)), rel=1e-5)
    assert km[1] == pytest.approx(_law("route", 0.376 * 0.2), rel=1e-5)
    assert km[2] == 0.0, "another commune: its own rule"
    assert minutes[0] == pytest.approx(_law("temps", 0.376 * math.sqrt(km2)), rel=1e-5)


def test_a_place_known_by_its_commune_is_that_far_from_every_cell_of_it():
    km, _, km2 = _world(est_vague=True)
    assert km[0] == km[1] == pytest.approx(_law("route", 0.376 * math.sqrt(km2)), rel=1e-5)


def test_a_longer_distance_stays_what_it_is():
    place = (2.0, 50.0 + 4.8 * KM)
    km, _, _ = _world(est_vague=True, place=place)
    metres = GEOD.inv(2.0, 50.0, *place)[2]
    assert km.tolist() == pytest.approx([_law("route", metres / 1000)] * 3, rel=1e-5)


def test_floors_are_known_where_outlines_are():
    communes = gpd.GeoDataFrame(
        {"code_commune": ["a", "b"]}, geometry=[None, shapely.box(2, 50, 2.1, 50.1)], crs=4326
    )
    assert commune_floors(communes).index.tolist() == ["b"]


# --- Six questions of the mirror, worked out again by their rules --------------------------------

QUESTIONS = [
    {"domaine": "hotellerie"},
    {"niveau": "3", "seuil_km": "10"},
    {"niveau": "4", "voie": "scolaire", "seuil_km": "15"},
    {"domaine": "batiment", "voie": "apprentissage", "seuil_km": "5"},
    {"domaine": "commerce", "niveau": "5", "voisins": "non", "seuil_km": "3"},
    {"domaine": "agriculture", "seuil_min": "20"},
]
COLONNES = {"domaine": "code_domaine", "niveau": "niveau_sortie", "voie": "voie"}


@pytest.fixture(scope="module")
def monde(real_world):
    return real_world


@pytest.fixture(scope="module")
def offers(real_snapshot) -> list[tuple[bool, object]]:
    """Return whether each offer is of a neighbour, and its row, the oracle's for every question."""
    columns = ["id_place", "precision_position", "code_commune", "modalite", *COLONNES.values()]
    found = []
    for table in ("offres", "offres_voisines"):
        frame = real_snapshot.read(table)
        frame = frame[frame["id_place"].notna()]
        rows = pd.DataFrame(frame[columns].astype(object)).assign(
            x=frame.geometry.x.astype(float), y=frame.geometry.y.astype(float)
        )
        found += [(table == "offres_voisines", row) for row in rows.itertuples()]
    return found


def _oracle(snapshot, offers, question: dict) -> dict[str, float]:
    """Return people, those uncovered, those at zero, and the offers that somebody reaches.

    By rules alone: people of the region are counted, those of the neighbours reach offers too.
    """
    alone = question.get("voisins") == "non"
    places: dict[str, dict] = {}
    for est_voisine, row in offers:
        if alone and est_voisine:
            continue
        # What is known of a position does not depend on the question.
        one = places.setdefault(
            row.id_place, {"xy": (row.x, row.y), "codes": [], "vague": True, "nb": 0}
        )
        one["vague"] &= row.precision_position == "commune"
        one["codes"] += [] if pd.isna(row.code_commune) else [row.code_commune]
        if pd.notna(row.modalite) and row.modalite == "a_distance":
            continue
        one["nb"] += all(
            getattr(row, COLONNES[nom]) == valeur
            for nom, valeur in question.items()
            if nom in COLONNES
        )
    if alone:
        for est_voisine, row in offers:
            if est_voisine and row.id_place in places:
                places[row.id_place]["vague"] &= row.precision_position == "commune"
    communes = snapshot.read("communes")
    km2 = dict(zip(communes["code_commune"], communes.to_crs(2154).area / 1e6, strict=True))
    demande = snapshot.read("demande")
    demande = demande[demande["est_compte"].astype(bool)]
    if question.get("voisins") == "non":
        demande = demande[demande["est_region"].astype(bool)]
    people = demande["population_retenue"].fillna(0).tolist()
    unite, steps = ("temps", 10) if "seuil_min" in question else ("route", 100)
    seuil = float(question.get("seuil_min", question.get("seuil_km", 20)))
    density = density_around(np.column_stack([demande.geometry.x, demande.geometry.y]))
    x, y = demande.geometry.x.to_numpy(), demande.geometry.y.to_numpy()
    codes, kinds = demande["code_commune"].tolist(), demande["type_point"].tolist()
    # Nobody within the threshold is farther than so many degrees: a road is no shorter than the
    # straight line, and nobody goes farther than 32 km in 20 minutes.
    wide, high = (0.45, 0.3) if unite == "temps" else (seuil / 65, seuil / 105)
    cells, communes_at = np.array(kinds) == "carreau", np.array(kinds) == "commune"
    codes, people_at = np.array(codes, dtype=object), np.array(people)
    best, reached = np.full(len(demande), math.inf), 0
    for one in places.values():
        if not one["nb"]:
            continue
        near = np.flatnonzero((abs(x - one["xy"][0]) < wide) & (abs(y - one["xy"][1]) < high))
        if not len(near):
            continue
        here = [np.full(len(near), degrees) for degrees in one["xy"]]
        km = GEOD.inv(*here, x[near], y[near])[2] / 1000
        km = np.where(cells[near], np.maximum(km, 0.376 * 0.2), km)
        mine = min(one["codes"], default=None)
        if mine is not None:
            is_inside = (codes[near] == mine) & (communes_at[near] | one["vague"])
            km = np.where(is_inside, np.maximum(km, 0.376 * math.sqrt(km2[mine])), km)
        costs = oracle("voiture", unite, km, density[near], density_around([one["xy"]]))
        # Costs are kept in whole decametres and tenths of a minute.
        costs = np.rint(costs * steps) / steps
        best[near] = np.minimum(best[near], costs)
        reached += one["nb"] * bool(((people_at[near] > 0) & (costs <= seuil)).any())
    inside = demande["est_region"].tolist()
    ours = [(nb, cost) for nb, cost, here in zip(people, best, inside, strict=True) if here]
    return {
        "population": math.fsum(nb for nb, _ in ours),
        "population_non_couverte": math.fsum(nb for nb, cost in ours if cost > seuil),
        "a_zero": math.fsum(nb for nb, cost in ours if cost == 0),
        "offres_a_portee": reached,
    }


@pytest.mark.real
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: "-".join(one.values()))
def test_six_questions_are_those_of_an_oracle(monde, real_snapshot, offers, question):
    expected = _oracle(real_snapshot, offers, question)
    asked = parse_question(question, monde)
    reponse = answer(monde, asked)
    found = reponse.ensemble
    assert found["population"] == pytest.approx(expected["population"], abs=1)
    # A point at the very threshold may fall on either side in float32.
    assert found["population_non_couverte"] == pytest.approx(
        expected["population_non_couverte"], rel=1e-4, abs=50
    )
    assert expected["a_zero"] == 0
    # Conservation: zones add up to the region, and what is within reach is shared out to people.
    for nom in ("population", "population_non_couverte"):
        assert reponse.tableau[nom].sum() == pytest.approx(found[nom], abs=25)
    points = measure_points(monde, asked, choose_offer(monde, asked))
    people = np.nan_to_num(monde.demand(asked.voisins))
    assert np.nan_to_num(points["e2sfca"].to_numpy()) @ people == pytest.approx(
        expected["offres_a_portee"], rel=1e-3
    )


@pytest.mark.real
def test_nobody_of_the_mirror_is_at_zero(monde):
    assert monde.trajets.modes["voiture"].pas["km"].data.min() > 0
