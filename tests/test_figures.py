"""Figures: what they read and refuse, what they say, their bytes, on the tiny world."""

import ast
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import make_tiny_frames, publish_world
from PIL import Image
from pypdf import PdfReader

from geoapp.coverage.legende import legend
from geoapp.coverage.monde import open_world
from geoapp.coverage.reponse import answer
from geoapp.errors import ParameterError
from geoapp.figures import Figure, describe_figure, figure_title, parse_figure, render_figure
from geoapp.figures.contenu import make_content
from geoapp.figures.model import FORMATS, TYPES

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def monde(tmp_path_factory):
    """Return the tiny world."""
    return open_world(publish_world(make_tiny_frames(), tmp_path_factory.mktemp("figures")))


def ask(monde, **parametres) -> Figure:
    """Return a small figure of the tiny world."""
    return parse_figure({"type": "couverture", "dpi": "60", **parametres}, monde)


def test_defaults_are_those_of_a_report(monde):
    figure = parse_figure({"type": "offre"}, monde)
    assert (figure.emprise, figure.format, figure.largeur_mm, figure.dpi) == ("region", "png", 170, 300)


@pytest.mark.parametrize("parametres, message", [
    ({"type": "carte"}, "Valeurs acceptées : offre, densite, couverture, zones"), ({"type": ""}, "dites ce que la figure montre"),
    ({"format": "jpg"}, "« jpg » : valeur inconnue"), ({"largeur_mm": "20"}, "un nombre de 60 à 400"), ({"dpi": "nan"}, "un nombre de 50 à 600"),
    ({"largeur_mm": "400", "dpi": "600"}, "demandez 381 au plus"), ({"typ": "offre"}, "Vouliez-vous dire « type »"),
    ({"emprise": "ze2020:3202"}, "« ze2020:3201 » (Amiville)"), ({"emprise": "ze2020:Amivile"}, "« ze2020:3201 » (Amiville)"),
    ({"emprise": "Amiville"}, "« ze2020:3201 » (Amiville)"), ({"emprise": "lune:1"}, "territoire inconnu"), ({"mesure": "x"}, "valeur inconnue"),
    ({"format": ["png", "svg"]}, "une seule valeur"),
])
def test_what_is_not_accepted_is_refused_in_french(monde, parametres, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        parse_figure({"type": "offre", **parametres}, monde)


def test_a_territory_is_named_by_code_or_by_name(monde):
    assert ask(monde, emprise="ze2020:amiville").emprise == ask(monde, emprise="ZE2020:3201").emprise == "ze2020:3201"
    assert ask(monde, emprise="Hauts-de-France").emprise == "region"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("type_", TYPES)
def test_same_input_gives_the_same_bytes(monde, tmp_path, type_, format):
    figure = ask(monde, type=type_, format=format)
    other = open_world(monde.snapshot)
    assert render_figure(monde, figure) == render_figure(monde, figure) == render_figure(other, figure)


def test_the_alternative_text_is_in_every_format(monde):
    figure = ask(monde, domaine="sante")
    texte, titre = describe_figure(monde, figure), figure_title(monde, figure)
    png = Image.open(io.BytesIO(render_figure(monde, figure))).text
    svg = render_figure(monde, replace(figure, format="svg")).decode()
    pdf = PdfReader(io.BytesIO(render_figure(monde, replace(figure, format="pdf"))))
    same = lambda found: found.replace("\u202f", " ").replace("’", "'")  # noqa: E731
    for found in (png["Description"], re.search(r"<desc[^>]*>(.*?)</desc>", svg, re.S)[1], pdf.metadata.subject):
        assert same(texte) in same(found)
    for found in (png["Title"], re.search(r"<title[^>]*>(.*?)</title>", svg)[1], pdf.metadata.title):
        assert same(found) == same(titre)
    root = pdf.trailer["/Root"]
    element = root["/StructTreeRoot"]["/K"][0]["/K"][0]
    assert (root["/Lang"], bool(root["/MarkInfo"]["/Marked"]), element["/S"]) == ("fr-FR", True, "/Figure")
    assert same(texte) in same(element["/Alt"]) and b"/MCID 0" in pdf.pages[0].get_contents().get_data()


@pytest.mark.parametrize("methode", ["jenks", "quantiles", "fixes"])
def test_the_legend_counts_what_the_answer_counts(monde, methode):
    figure = ask(monde, zonage="commune", seuil_km="5", domaine="sante", classes=methode)
    reponse, bloc = answer(monde, figure.question), make_content(monde, figure).blocs[0]
    told = [(nb, bounds) for _, bounds, nb in legend(reponse)["classes"]]
    assert [(int(re.match(r"\d+", entree.effectif)[0]), entree.libelle) for entree in bloc.entrees] == told
    assert sum(nb for nb, _ in told) == len(reponse.tableau) and sum(len(entree.formes) for entree in bloc.entrees) == 3


def test_matplotlib_waits_until_a_figure_is_drawn():
    for path in (ROOT / "geoapp" / "figures").glob("*.py"):
        top = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.Import | ast.ImportFrom)]
        assert not [node for node in top if "matplotlib" in ast.dump(node) or "pypdf" in ast.dump(node)], path.name


def test_a_figure_has_its_width(monde):
    picture = Image.open(io.BytesIO(render_figure(monde, ask(monde, largeur_mm="100"))))
    assert abs(picture.width - 100 / 25.4 * 60) <= 1
    assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 20, "an empty picture"
