"""The engine on the tiny literal world: radius, zones, order, remote, facets, points,
command line.
"""

import json
from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pyproj
import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.cli.options import NOMS_FILTRES
from geoapp.offer.filters import FILTRES, parse_filters
from geoapp.offer.search.engine import nearest_alternatives, open_engine, search, select
from geoapp.offer.search.map_points import points
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.places import resolve_place
from geoapp.offer.search.proximity import distances_m, to_ecef
from geoapp.offer.starts import next_start, start_value
from support.world import make_tiny_frames, publish_world

TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a published tiny world whose second action is remote."""
    frames, data = make_tiny_frames(), tmp_path_factory.mktemp("moteur")
    frames["offres"].loc[frames["offres"]["id_action"].eq("tiny:a2"), "modalite"] = "a_distance"
    publish_world(frames, data)
    return data


@pytest.fixture(scope="module")
def moteur(folder):
    from geoapp.core.snapshot import open_snapshot

    return open_engine(open_snapshot(folder), today=TODAY)


def ids(moteur, rows) -> list[str]:
    table = moteur.snapshot.read("offres")
    return [f"{table['id_action'].iat[row][5:]}{table['id_lieu'].iat[row][5:]}" for row in rows]


def test_without_anything_the_whole_offer(moteur):
    result = search(moteur, Requete(tri="titre"))
    assert (
        result.total == 6
        and ids(moteur, result.a_distance) == ["a2l1"]
        and result.nb_non_places == 0
    )
    assert np.isnan(result.distances_m).all()


def test_around_a_town_nearest_first_then_title(moteur):
    result = search(moteur, Requete(lieu=resolve_place(moteur, "Beauval"), rayon_km=20))
    assert ids(moteur, result.lignes) == ["a4l2", "a3l1", "a1l1", "a3l3", "a6l3"]
    # l3 is somewhere in its commune: the farthest that it may be sorts it.
    assert result.nb_non_places == 1 and ids(moteur, result.a_distance) == ["a2l1"]
    assert (np.diff(result.distances_m) >= 0).all()


def test_the_radius_is_inclusive(moteur):
    lieu = resolve_place(moteur, "Beauval")
    exact = search(moteur, Requete(lieu=lieu, rayon_km=50)).minima_m.max() / 1000
    assert (
        search(moteur, Requete(lieu=lieu, rayon_km=exact)).total
        == search(moteur, Requete(lieu=lieu, rayon_km=50)).total
    )
    assert (
        search(moteur, Requete(lieu=lieu, rayon_km=exact * (1 - 1e-9))).total
        < search(moteur, Requete(lieu=lieu, rayon_km=50)).total
    )


def test_a_zone_is_inside_whatever_the_radius(moteur):
    result = search(
        moteur, Requete(lieu=resolve_place(moteur, "ze amiville"), rayon_km=5, tri="titre")
    )
    assert set(ids(moteur, result.lignes)) == {"a1l1", "a3l1", "a4l2"}


def test_the_region_is_its_departements(moteur):
    assert search(moteur, Requete(lieu=resolve_place(moteur, "region:32"))).total == 5


def test_a_zone_filter_does_not_hide_remote_offers(moteur):
    result = search(
        moteur, Requete(filtres=parse_filters({"zone": "ze2020:0054"}, moteur.snapshot))
    )
    assert set(ids(moteur, result.lignes)) == {"a3l3", "a6l3"} and ids(
        moteur, result.a_distance
    ) == ["a2l1"]


def test_nothing_around_proposes_the_nearest(moteur):
    result = search(
        moteur,
        Requete(
            lieu=Lieu(type="point", code="", nom="x", longitude=4.0, latitude=50.0), rayon_km=10
        ),
    )
    assert result.total == 0 and len(result.proches) == 5 and result.proches_m[0] > 100_000
    assert (np.diff(result.proches_m) >= 0).all()


@pytest.mark.parametrize("nb", [1, 2, 3, 4, 5, 6])
def test_the_nearest_of_as_many_ties_as_there_are_is_the_first_title(moteur, nb):
    """Three offers share one place: a cut among them takes the first ones, and as many as asked."""
    requete = Requete(
        lieu=Lieu(type="point", code="", nom="x", longitude=1.0, latitude=50.0), rayon_km=5
    )
    selection = select(moteur, requete)
    every = nearest_alternatives(moteur, selection, nb=10)
    gaps = selection.distances[moteur.lieu[every]]
    assert len(every) == 5 and gaps[0] == gaps[1], "the nearest are tied"
    found = nearest_alternatives(moteur, selection, nb=nb)
    assert found.tolist() == every[:nb].tolist()


def test_counts_add_up_and_zero_stays(moteur):
    result = search(moteur, Requete(filtres=parse_filters({"voie": "scolaire"}, moteur.snapshot)))
    everything = search(moteur, Requete())
    for nom, filtre in FILTRES.items():
        if not filtre.est_multiple:
            assert sum(option.nb for option in everything.facettes[nom]) == everything.total + len(
                everything.a_distance
            )
    assert len(result.facettes["domaine"]) == len(FILTRES["domaine"].lister(moteur.snapshot))
    assert {o.valeur: o.nb for o in result.facettes["voie"]} == {
        o.valeur: o.nb for o in everything.facettes["voie"]
    }


def test_pages_are_slices_of_the_whole(moteur):
    whole = search(moteur, Requete(taille=2))
    pages = [
        whole.lignes[replace(whole, requete=replace(whole.requete, page=page)).page]
        for page in (1, 2, 3, 4)
    ]
    assert np.concatenate(pages).tolist() == whole.lignes.tolist()


def test_a_rectangle_keeps_its_borders(moteur):
    assert set(ids(moteur, search(moteur, Requete(emprise=(2.3, 50.1, 2.5, 50.1))).lignes)) == {
        "a4l2",
        "a3l3",
        "a6l3",
    }


@pytest.mark.parametrize(
    "starts, valeur",
    [
        ("2026-03-01#", "3mois"),
        ("2026-03#", "3mois"),
        ("2026#", "3mois"),
        ("2026-02-28#", "passee"),
        ("2025|2026-06-01#", "3mois"),
        ("2026-06-02#", "6mois"),
        ("2026-09-01#", "6mois"),
        ("2026-09-02#", "12mois"),
        ("2027-03-01#", "12mois"),
        ("2027-03-02#", "plus_tard"),
        ("#P", "permanente"),
        ("2025#P", "permanente"),
        ("#", "inconnu"),
        ("2026-13#", "inconnu"),
        ("demain#", "inconnu"),
    ],
)
def test_starts_at_their_limits(starts, valeur):
    assert start_value(starts, TODAY) == valeur


def test_the_next_start_is_the_first_to_come():
    assert next_start("2025-09|2026-09|2027-09#", TODAY) == date(2026, 9, 1)


def test_distances_are_geodesic():
    rng = np.random.default_rng(1)
    lon, lat = rng.uniform(1, 5, 500), rng.uniform(48, 51.5, 500)
    exact = pyproj.Geod(ellps="GRS80").inv(np.full(500, 2.8), np.full(500, 50.4), lon, lat)[2]
    assert np.allclose(distances_m(to_ecef(lon, lat), 2.8, 50.4), exact, rtol=0.003)


def test_points_by_place_and_by_cell(moteur):
    near, far = (
        points(moteur, Requete(), (1, 49, 4, 51), 18),
        points(moteur, Requete(), (1, 49, 4, 51), 3),
    )
    assert sorted(near.nb) == [1, 2, 2] and (near.lieux >= 0).all() and near.nb_non_places == 1
    assert far.nb.tolist() == [5] and far.lieux.tolist() == [-1]
    assert points(moteur, Requete(), (2.25, 50, 4, 51), 18).nb_dehors == 2


def run(folder, *arguments):
    result = CliRunner().invoke(main, ["search", "--data", str(folder), *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_knows_every_filter():
    assert tuple(FILTRES) == NOMS_FILTRES


def test_the_command_answers_as_the_engine(folder, moteur):
    content = json.loads(run(folder, "--lieu", "beauval", "--rayon-km", "20", "--json"))
    result = search(moteur, Requete(lieu=resolve_place(moteur, "beauval"), rayon_km=20))
    assert content["total"] == result.total and content["a_distance"]["total"] == 1
    assert [f["distance_max_m"] for f in content["formations"]] == [
        round(gap) for gap in result.distances_m
    ]
    assert len(json.loads(run(folder, "--limite", "2", "--json"))["formations"]) == 2
    cells = {cell for line in run(folder, "--csv").splitlines() for cell in line.split(";")}
    assert "=1+1" not in cells and "'=1+1" in cells
    assert "CAP Cuisine" in run(folder, "--texte", "cuisine")


@pytest.mark.parametrize("suffixe", [".csv", ".gpkg"])
def test_the_command_writes_every_page_to_a_file(folder, tmp_path, suffixe):
    out = tmp_path / f"formations{suffixe}"
    run(folder, "--texte", "cap", "--limite", "1", "--out", str(out))
    total = json.loads(run(folder, "--texte", "cap", "--json"))["total"]
    found = gpd.read_file(out, layer="Formations") if suffixe == ".gpkg" else out.read_text()
    assert len(found if suffixe == ".gpkg" else found.splitlines()[1:]) == total > 1


def test_the_command_refuses_in_words(folder):
    result = CliRunner().invoke(main, ["search", "--data", str(folder), "--lieu", "Amivxxe"])
    assert result.exit_code == 2 and "Amiville" in result.stderr
