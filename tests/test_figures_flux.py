"""The figure of a series: its numbers, what it hides, what it says of itself, and where it is."""

import csv
import html
import re

import pytest

from geoapp.core.config import load_settings
from geoapp.core.errors import ParameterError
from geoapp.coverage.world import open_world
from geoapp.outputs.figures import describe_figure, figure_title, parse_figure
from geoapp.outputs.figures.content import make_content
from geoapp.outputs.figures.page import compose_page
from geoapp.web import create_app
from support.sources import MIRROR
from support.words import plain
from support.world import add_series, make_tiny_frames, publish_world

VOIE_PRO = MIRROR / "offre" / "voie_pro_capacite_voeux_2022_hdf.csv"


@pytest.fixture(scope="module")
def monde(tmp_path_factory):
    frames = add_series(make_tiny_frames())
    return open_world(publish_world(frames, tmp_path_factory.mktemp("flux")))


def content(monde, **parametres):
    return make_content(monde, parse_figure({"type": "flux", **parametres}, monde))


def lines(contenu) -> dict[str, list[tuple]]:
    """Return the lines of each measure."""
    return {
        mesure.titre: [(one.annee, one.valeur, one.mot) for one in mesure.lignes]
        for mesure in contenu.mesures
    }


def test_the_series_of_a_territory_is_that_of_its_entries_and_of_all_its_pupils(monde):
    assert lines(content(monde, emprise="departement:80")) == {
        "Places offertes": [("2021", 20, "20"), ("2022", 24, "24")],
        "Vœux": [("2021", 18, "18"), ("2022", 30, "30")],
        "Élèves": [("2020", 33, "33")],
    }


def test_the_region_counts_the_establishments_that_an_offer_places(monde):
    assert lines(content(monde)) == lines(content(monde, emprise="departement:80"))


def test_the_series_of_a_training_tells_each_year_of_study_and_hides_a_few_pupils(monde):
    contenu = content(monde, formation="tiny:a1")
    assert [(one.annee, one.quoi, one.mot) for one in contenu.mesures[-1].lignes] == [
        ("2020", "première", "< 5"),
        ("2020", "terminale", "33"),
    ]
    assert lines(contenu)["Places offertes"] == [("2021", 15, "15"), ("2022", 24, "24")]
    assert contenu.titre.endswith(": places, vœux et élèves, année par année")
    assert "Périmètre : cette formation" in contenu.notes[0]


def test_what_is_hidden_is_counted_and_its_source_and_perimeter_are_told(monde):
    contenu = content(monde, emprise="departement:80")
    said = " ".join(contenu.notes)
    assert "(1 nombre tu ici)" in said and "ne s'additionnent pas" in said
    assert contenu.notes[0].startswith("Périmètre : établissements où nos sources placent")
    assert [one["id_source"] for one in contenu.sources] == ["tiny"]


def test_bars_are_as_long_as_their_values_and_stay_within_the_page(monde):
    page = compose_page(monde, content(monde, emprise="departement:80"), 120)
    first, second = (bar.largeur for bar in page.barres[:2])
    assert first / second == pytest.approx(20 / 24)
    assert all(bar.x + bar.largeur < 116 for bar in page.barres)
    assert len(page.barres) == 5 and page.legende.lignes == ()


def test_a_territory_without_series_says_so(tmp_path):
    monde = open_world(publish_world(make_tiny_frames(), tmp_path))
    contenu = content(monde)
    assert contenu.phrases == ("Aucune place, aucun vœu, aucun élève connus.",)
    assert compose_page(monde, contenu, 120).barres == ()


@pytest.mark.parametrize(
    "parametres, message",
    [
        ({"type": "flux", "domaine": "sante"}, "ne prend aucun filtre"),
        ({"type": "flux", "formation": "absente"}, "aucune formation ne porte"),
        ({"type": "offre", "formation": "tiny:a1"}, "seule une figure « flux »"),
    ],
)
def test_what_a_series_cannot_show_is_refused(monde, parametres, message):
    with pytest.raises(ParameterError, match=message):
        make_content(monde, parse_figure(parametres, monde))


def test_the_sheet_and_the_zone_link_to_their_figure(monde):
    client = create_app(monde.snapshot.path.parents[1], settings=load_settings({})).test_client()
    for path in ("/formations/tiny:a1", "/couverture/zones/departement/80"):
        page = html.unescape(client.get(path).text)
        links = re.findall(r'href="(/figures/flux\.(?:png|svg|pdf)\?[^"]*)"', page)
        assert len(links) == 3, path
        assert [client.get(link).status_code for link in links] == [200, 200, 200]


@pytest.mark.real
def test_the_real_series_of_a_departement_is_that_of_its_file(real_snapshot, real_world):
    lieux = real_snapshot.read("lieux")
    inside = set(lieux.loc[lieux["code_commune"].str.startswith("02", na=False), "code_uai"])
    places = wishes = 0
    with open(VOIE_PRO, encoding="utf-8-sig", newline="") as stream:
        for row in csv.DictReader(stream, delimiter=";"):
            if row["MEF STAT 11"][:4] not in ("2321", "2381", "23C1"):
                continue
            if row["Etablissement d'accueil"] in inside:
                capacity, first = row["Capacité carte scolaire"], int(row["Demandes vœux 1"] or 0)
                places += 0 if capacity in ("", "0", "999") else int(capacity)
                wishes += first if first == 0 or first > 4 else 0
    found = content(real_world, emprise="departement:02")
    told = {
        mesure.titre: one.valeur
        for mesure in found.mesures
        for one in mesure.lignes
        if one.annee == "2022" and one.quoi == "Voie professionnelle scolaire"
    }
    assert told == {"Places offertes": places, "Vœux": wishes} and places > 1_000
    figure = parse_figure({"type": "flux", "emprise": "departement:02"}, real_world)
    assert figure_title(real_world, figure).endswith("Aisne")
    assert plain(describe_figure(real_world, figure)).startswith("Places offertes : ")
