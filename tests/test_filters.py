"""Filters are rows: what they accept, keep, count and say."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from werkzeug.datastructures import MultiDict

from geoapp.core.errors import ParameterError
from geoapp.offer.filters import (
    FILTRES,
    INCONNU,
    Filtres,
    apply_filters,
    describe_filters,
    list_options,
    parse_filters,
)
from geoapp.offer.search.columns import count_facets, make_columns, sift
from support.examples import NIGHT
from support.world import publish_world


def kept(snapshot, **parametres):
    """Return the actions kept by some parameters."""
    return set(
        apply_filters(snapshot.read("offres"), parse_filters(parametres, snapshot))["id_action"]
    )


def test_no_filter_keeps_every_offer(tiny_snapshot):
    assert len(apply_filters(tiny_snapshot.read("offres"), parse_filters({}, tiny_snapshot))) == 7


def test_code_label_case_and_accents_are_accepted(tiny_snapshot):
    for valeur in ("sante", "SANTE", "Santé", " santé "):
        assert kept(tiny_snapshot, domaine=valeur) == {"tiny:a1", "tiny:a3"}


def test_values_of_one_filter_add_up_and_filters_narrow(tiny_snapshot):
    assert kept(tiny_snapshot, niveau=["3", "4"]) == {"tiny:a1", "tiny:a4", "tiny:a5", "tiny:a6"}
    assert kept(tiny_snapshot, niveau=["3", "4"], voie="apprentissage") == {"tiny:a1", "tiny:a6"}


def test_a_kind_of_diploma_is_a_filter_like_another(tiny_snapshot):
    assert kept(tiny_snapshot, type_diplome="cap") == {"tiny:a4", "tiny:a6"}
    assert kept(tiny_snapshot, type_diplome=["Bac pro", "BTS"]) == {"tiny:a3", "tiny:a5"}
    assert kept(tiny_snapshot, type_diplome="bac_pro", niveau="3") == set()
    assert kept(tiny_snapshot, type_diplome=INCONNU) == {"tiny:a1", "tiny:a2"}
    filtres = parse_filters({"type_diplome": "bac_pro"}, tiny_snapshot)
    assert describe_filters(filtres) == "Bac pro"
    assert sum(option.nb for option in list_options(tiny_snapshot, "type_diplome")) == 7


def test_repeated_parameters_of_an_address(tiny_snapshot):
    filtres = parse_filters(
        MultiDict([("niveau", "4"), ("niveau", "3"), ("domaine", "")]), tiny_snapshot
    )
    assert filtres.pairs() == [("niveau", "3"), ("niveau", "4")]


def test_unknown_is_a_value_never_hidden(tiny_snapshot):
    assert kept(tiny_snapshot, niveau=INCONNU) == {"tiny:a2"}
    assert kept(tiny_snapshot, voie="Non renseigné") == {"tiny:a4"}
    for nom in ("niveau", "voie", "domaine"):
        assert sum(option.nb for option in list_options(tiny_snapshot, nom)) == 7


def test_zone_keeps_its_leading_zero_and_is_not_a_prefix(tiny_snapshot):
    assert kept(tiny_snapshot, zone="ze2020:0054") == {"tiny:a3", "tiny:a6"}
    with pytest.raises(ParameterError, match="ze2020:0054"):
        parse_filters({"zone": "ze2020:054"}, tiny_snapshot)


def test_prefix_of_a_code_does_not_match():
    offres = pd.DataFrame({"zones": ["frr:FRR+", "frr:FRR", "zrr:ZRR", ""]})
    assert FILTRES["zone"].keep(offres, {"frr:FRR"}).tolist() == [False, True, False, False]
    assert FILTRES["zone"].keep(offres, {"frr"}).tolist() == [True, True, False, False]


def test_whole_zoning_counts_a_place_once(tiny_snapshot):
    counts = {option.valeur: option.nb for option in list_options(tiny_snapshot, "zone")}
    assert counts["zrr"] == counts["zrr:ZRR"] == 3
    assert counts["ze2020:3201"] + counts["ze2020:0054"] == 6, "the unplaced offer is in no zone"
    assert "departement" not in counts, "a partition keeps everything: no use as a filter"


def test_facets_count_with_the_other_filters_only(tiny_snapshot):
    filtres = parse_filters({"niveau": "4"}, tiny_snapshot)
    offres = tiny_snapshot.read("offres")
    colonnes = make_columns(tiny_snapshot, offres, date(2026, 11, 26), est_placee=True)
    kept, sauf = sift(colonnes, filtres, np.ones(len(offres), bool))
    assert offres[kept].equals(apply_filters(offres, filtres))
    options = count_facets(colonnes, sauf)
    assert {o.valeur: o.nb for o in options["niveau"] if o.nb} == {
        "3": 2,
        "4": 2,
        "5": 2,
        "inconnu": 1,
    }
    assert {o.valeur: o.nb for o in options["domaine"] if o.nb} == {"sante": 1, "batiment": 1}


@pytest.mark.parametrize(
    "choix",
    [{}, {"zone": ["ze2020:3201"]}, {"zone": ["zrr"], "niveau": ["3", "4"]}, {"voie": ["inconnu"]}],
)
def test_facets_are_those_counted_offer_by_offer_remote_ones_on_the_map_too(
    tiny_frames, tmp_path, choix
):
    tiny_frames["offres"].loc[tiny_frames["offres"]["id_action"].eq("tiny:a1"), "modalite"] = (
        "a_distance"
    )
    snapshot = publish_world(tiny_frames, tmp_path)
    offres, filtres = snapshot.read("offres"), parse_filters(choix, snapshot)
    colonnes = make_columns(snapshot, offres, date.today(), est_placee=True)
    _, sauf = sift(colonnes, filtres, np.ones(len(offres), bool))
    found = count_facets(colonnes, sauf)
    for nom in FILTRES:
        others = Filtres({autre: values for autre, values in filtres.choix.items() if autre != nom})
        assert found[nom] == list_options(snapshot, nom, apply_filters(offres, others)), nom


@pytest.mark.parametrize(
    "parametres, attendu",
    [
        ({"domane": "sante"}, "« domane ». Vouliez-vous dire « domaine » ?"),
        ({"domaine": "sente"}, "Vouliez-vous dire « sante » ?"),
        ({"niveau": "12"}, "Valeurs acceptées : 3, 4, 5, 6, 7, 8, inconnu."),
        ({"zone": "ze2020:3202"}, "Vouliez-vous dire « ze2020:3201 » ?"),
        ({"voie": "<script>"}, "voie = « <script> »"),
    ],
)
def test_unknown_name_or_value_is_refused_with_the_nearest(tiny_snapshot, parametres, attendu):
    with pytest.raises(ParameterError) as error:
        parse_filters(parametres, tiny_snapshot)
    assert attendu in str(error.value)


def test_other_names_are_left_alone_when_declared(tiny_snapshot):
    assert not parse_filters({"page": "2"}, tiny_snapshot, autres=("page",))
    with pytest.raises(ParameterError):
        parse_filters({"page": "2"}, tiny_snapshot)


def test_description_in_words(tiny_snapshot):
    filtres = parse_filters(
        {
            "domaine": "sante",
            "niveau": ["4", "3"],
            "voie": "apprentissage",
            "zone": ["ze2020:0054", "zrr:ZRR"],
        },
        tiny_snapshot,
    )
    assert describe_filters(filtres) == (
        "Santé, niveau 3 ou niveau 4, apprentissage, zone d'emploi 2020 Est - Frontière ou "
        "Communes classées ZRR"
    )
    assert describe_filters(Filtres()) == ""


@pytest.mark.real
def test_every_option_of_the_real_snapshot_is_accepted_and_counted(real_snapshot):
    # Their geometry has no part in it, and is what copying the rows kept costs most.
    offres = pd.DataFrame(real_snapshot.read("offres").drop(columns="geometry"))
    for nom in FILTRES:
        options = list_options(real_snapshot, nom)
        asked = [one.valeur for one in options]
        accepted = parse_filters({nom: asked}, real_snapshot).choix.get(nom, ())
        assert sorted(one.valeur for one in accepted) == sorted(asked)
        # Of a thousand bodies, forty: what counts one counts them all.
        for option in options if NIGHT else options[:: max(1, len(options) // 40)]:
            assert len(apply_filters(offres, Filtres({nom: (option,)}))) == option.nb
