"""Bodies are legal entities: their sites count, filter and close together."""

from __future__ import annotations

import pandas as pd
import pytest

from geoapp.core.errors import ParameterError
from geoapp.core.schema import conform
from geoapp.coverage.answer import answer
from geoapp.coverage.model import parse_question
from geoapp.coverage.world import open_world
from geoapp.offer.establishments import group_entities
from geoapp.offer.filters import apply_filters, list_options, parse_filters
from geoapp.offer.values import entity_of
from support.world import make_tiny_frames, publish_world


def test_an_entity_takes_the_name_that_most_of_its_trainings_bear():
    bodies = pd.DataFrame(
        {
            "id_organisme": ["siret:1", "siret:2", "siret:3", "uai:4", "source:X"],
            "siren": ["9", "9", "9", None, None],
            "nom_affiche": ["CMA Caudry", "CMA", "CMA", None, "X"],
        }
    ).astype("str")
    actions = pd.DataFrame({"id_organisme": ["siret:1"] * 3 + ["siret:2"] * 2 + ["siret:3"] * 2})
    found = group_entities(bodies, actions).set_index("id_organisme")
    assert found["id_entite"].tolist() == ["siren:9"] * 3 + ["uai:4", "source:X"]
    assert found["nom_entite"].fillna("").tolist() == ["CMA"] * 3 + ["", "X"]


@pytest.fixture
def snapshot(tmp_path):
    """The tiny world in which every place is a site of its own, all of one legal entity."""
    frames = make_tiny_frames()
    sites = [f"siret:{i}" for i in range(1, 5)]
    frames["organismes"] = conform(
        pd.DataFrame(
            {
                "id_organisme": ["tiny:o1", *sites],
                "siren": [None, *["9"] * 4],
                "id_entite": ["tiny:o1", *["siren:9"] * 4],
                "nom_entite": ["Lycée", *["Réseau"] * 4],
                "nom": ["Lycée", *[f"Site {i}" for i in range(1, 5)]],
            }
        ),
        "organismes",
    )
    offers = frames["offres"].copy()
    offers["id_organisme"] = "siret:" + offers["id_lieu"].str[-1]
    offers["nom_organisme"] = "Site " + offers["id_lieu"].str[-1]
    offers["id_entite"] = "siren:9"
    frames["offres"] = offers
    return publish_world(frames, tmp_path)


def test_the_filter_lists_entities_and_takes_the_identifier_of_a_site(snapshot):
    offers = snapshot.read("offres")
    options = [one for one in list_options(snapshot, "organisme") if one.nb]
    assert [(one.valeur, one.libelle, one.nb) for one in options] == [
        ("siren:9", "Réseau", len(offers))
    ]
    for nom in ("siren:9", "siret:2", "Réseau"):
        kept = apply_filters(offers, parse_filters({"organisme": nom}, snapshot))
        assert len(kept) == len(offers)
    with pytest.raises(ParameterError):
        parse_filters({"organisme": "siret:77"}, snapshot)


def test_the_only_provider_of_a_zone_is_an_entity(snapshot):
    world = open_world(snapshot)
    reponse = answer(world, parse_question({"zonage": "departement", "seuil_km": "50"}, world))
    assert set(reponse.tableau["offreur_unique"].dropna()) == {"Réseau"}


@pytest.mark.real
def test_the_sites_of_the_mirror_close_together(real_world):
    """The sole providers of transport by EPCI, found again from the reach of each legal entity."""
    question = parse_question({"domaine": "transport", "zonage": "epci"}, real_world)
    reponse = answer(real_world, question)
    table = reponse.tableau.set_index("code_zone")["offreur_unique"]
    mine = real_world.offres[real_world.offres["code_domaine"].eq("transport")]
    entities = entity_of(mine).fillna(mine["nom_organisme"])
    place = dict(zip(real_world.trajets.places, range(len(real_world.trajets.places)), strict=True))
    columns = mine["id_place"].map(place)
    trained = set(zip(entities.tolist(), columns.tolist(), strict=True))
    cost, maille = real_world.cost("km"), real_world.mailles["epci"]
    people = real_world.population("tous")
    by_zone: dict[str, set[str]] = {code: set() for code in maille.codes}
    for point, zone in zip(maille.points.tolist(), maille.zones.tolist(), strict=True):
        if not people[point] > 0:
            continue
        start, end = cost.indptr[point], cost.indptr[point + 1]
        near = set(cost.indices[start:end][cost.data[start:end] <= 20.0].tolist())
        reached = {one for one, column in trained if column in near}
        by_zone[maille.codes[zone]] |= reached
    alone = {code for code, found in by_zone.items() if len(found) == 1}
    assert set(table.dropna().index) == alone
