"""Figures: what they read and refuse, what they say, their bytes, on the tiny world."""

import ast
import errno
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from pypdf import PdfReader

from benchmarks.figures import draw_all, list_territories
from geoapp.cli import main
from geoapp.core.config import Settings
from geoapp.core.errors import GeoFormaError, ParameterError, StorageError
from geoapp.coverage.answer import answer
from geoapp.coverage.legend import legend
from geoapp.coverage.world import open_world
from geoapp.outputs.figures import (
    Figure,
    describe_figure,
    figure_title,
    fonts,
    parse_figure,
    render_figure,
    write_figure,
)
from geoapp.outputs.figures.content import make_content
from geoapp.outputs.figures.files import TYPES_MIME
from geoapp.outputs.figures.model import FORMATS, TYPES
from geoapp.web import create_app
from support.examples import NIGHT
from support.words import flat
from support.world import make_tiny_frames, publish_world

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
    assert (figure.emprise, figure.format, figure.largeur_mm, figure.dpi) == (
        "region",
        "png",
        170,
        300,
    )


@pytest.mark.parametrize(
    "parametres, message",
    [
        ({"type": "carte"}, "Valeurs acceptées : offre, densite, couverture, zones"),
        ({"type": ""}, "dites ce que la figure montre"),
        ({"format": "jpg"}, "« jpg » : valeur inconnue"),
        ({"largeur_mm": "20"}, "un nombre de 60 à 400"),
        ({"dpi": "nan"}, "un nombre de 50 à 600"),
        ({"largeur_mm": "400", "dpi": "600"}, "demandez 381 au plus"),
        ({"typ": "offre"}, "Vouliez-vous dire « type »"),
        ({"emprise": "ze2020:3202"}, "« ze2020:3201 » (Amiville)"),
        ({"emprise": "ze2020:Amivile"}, "« ze2020:3201 » (Amiville)"),
        ({"emprise": "Amiville"}, "« ze2020:3201 » (Amiville)"),
        ({"emprise": "lune:1"}, "territoire inconnu"),
        ({"mesure": "x"}, "valeur inconnue"),
        ({"format": ["png", "svg"]}, "une seule valeur"),
    ],
)
def test_what_is_not_accepted_is_refused_in_french(monde, parametres, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        parse_figure({"type": "offre", **parametres}, monde)


def test_a_territory_is_named_by_code_or_by_name(monde):
    assert (
        ask(monde, emprise="ze2020:amiville").emprise
        == ask(monde, emprise="ZE2020:3201").emprise
        == "ze2020:3201"
    )
    assert ask(monde, emprise="Hauts-de-France").emprise == "region"


DESSINEES = [
    (type_, format)
    for type_ in TYPES
    for format in FORMATS
    # What a type draws is told by its cheapest format, what a format writes by two types.
    if NIGHT or format == "svg" or type_ in ("couverture", "essentiel")
]


@pytest.mark.parametrize(("type_", "format"), DESSINEES)
def test_same_input_gives_the_same_bytes(monde, tmp_path, type_, format):
    figure = ask(monde, type=type_, format=format)
    other = open_world(monde.snapshot)
    assert (
        render_figure(monde, figure) == render_figure(monde, figure) == render_figure(other, figure)
    )


def test_the_alternative_text_is_in_every_format(monde):
    figure = ask(monde, domaine="sante")
    texte, titre = describe_figure(monde, figure), figure_title(monde, figure)
    png = Image.open(io.BytesIO(render_figure(monde, figure))).text
    svg = render_figure(monde, replace(figure, format="svg")).decode()
    pdf = PdfReader(io.BytesIO(render_figure(monde, replace(figure, format="pdf"))))

    def same(found):
        return found.replace("\u202f", " ").replace("’", "'")

    for found in (
        png["Description"],
        re.search(r"<desc[^>]*>(.*?)</desc>", svg, re.S)[1],
        pdf.metadata.subject,
    ):
        assert same(texte) in same(found)
    for found in (
        png["Title"],
        re.search(r"<title[^>]*>(.*?)</title>", svg)[1],
        pdf.metadata.title,
    ):
        assert same(found) == same(titre)
    root = pdf.trailer["/Root"]
    element = root["/StructTreeRoot"]["/K"][0]["/K"][0]
    assert (root["/Lang"], bool(root["/MarkInfo"]["/Marked"]), element["/S"]) == (
        "fr-FR",
        True,
        "/Figure",
    )
    assert (
        same(texte) in same(element["/Alt"])
        and b"/MCID 0" in pdf.pages[0].get_contents().get_data()
    )


@pytest.mark.parametrize("methode", ["jenks", "quantiles", "fixes"])
def test_the_legend_counts_what_the_answer_counts(monde, methode):
    figure = ask(monde, zonage="commune", seuil_km="5", domaine="sante", classes=methode)
    reponse, bloc = answer(monde, figure.question), make_content(monde, figure).blocs[0]
    told = [(nb, bounds) for _, bounds, nb in legend(reponse)["classes"]]
    assert [
        (int(re.match(r"\d+", entree.effectif)[0]), entree.libelle) for entree in bloc.entrees
    ] == told
    assert (
        sum(nb for nb, _ in told) == len(reponse.tableau)
        and sum(len(entree.formes) for entree in bloc.entrees) == 3
    )


def test_matplotlib_waits_until_a_figure_is_drawn():
    for path in (ROOT / "geoapp" / "outputs" / "figures").glob("*.py"):
        top = [
            node
            for node in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        assert not [
            node for node in top if "matplotlib" in ast.dump(node) or "pypdf" in ast.dump(node)
        ], path.name


def test_a_figure_has_its_width(monde):
    picture = Image.open(io.BytesIO(render_figure(monde, ask(monde, largeur_mm="100"))))
    assert abs(picture.width - 100 / 25.4 * 60) <= 1
    assert len(np.unique(np.asarray(picture.convert("RGB")).reshape(-1, 3), axis=0)) > 20, (
        "an empty picture"
    )


@pytest.fixture(scope="module")
def client(monde):
    return create_app(settings=Settings(data_dir=monde.snapshot.path.parents[1])).test_client()


@pytest.mark.parametrize("format", FORMATS)
def test_the_address_gives_the_bytes_of_the_figure(client, monde, format):
    answered = client.get(f"/figures/couverture.{format}?dpi=60&domaine=sante&emprise=ze2020:3201")
    assert answered.status_code == 200 and answered.mimetype == TYPES_MIME[format]
    assert answered.data == render_figure(
        monde, ask(monde, domaine="sante", emprise="ze2020:3201", format=format)
    )
    assert (
        client.get(
            f"/figures/couverture.{format}?dpi=60&domaine=sante&emprise=ze2020:3201",
            headers={"If-None-Match": answered.headers["ETag"]},
        ).status_code
        == 304
    )


@pytest.mark.parametrize(
    "path, status",
    [
        ("/figures/plan.png", 404),
        ("/figures/offre.jpg", 404),
        ("/figures/offre.png?dpi=601", 400),
        ("/figures/offre.png?largeur_mm=4000", 400),
        ("/figures", 400),
        ("/figures?type=offre&emprise=ze2020:9999", 400),
        ("/figures/offre.png?x=1", 400),
        ("/figures/densite.png?zonage=carreau", 400),
    ],
)
def test_addresses_that_are_not_accepted(client, path, status):
    assert client.get(path).status_code == status


@pytest.mark.parametrize(
    "path, type_",
    [
        ("/carte?niveau=3", "offre"),
        ("/couverture?niveau=3&seuil_km=5", "couverture"),
        ("/couverture/zones/commune/80002?niveau=3", "couverture"),
    ],
)
def test_the_form_of_a_page_asks_for_its_own_map(client, monde, path, type_):
    page = flat(client.get(path).text)
    form = re.search(r'<form[^>]*action="/figures".*?</form>', page)[0]
    kept = dict(re.findall(r'type="hidden" name="([^"]*)" value="([^"]*)"', form))
    first, chosen = (
        re.search(r'name="type"> ?<option value="([^"]*)"', form)[1],
        re.search(r'value="([^"]*)" selected', form),
    )
    figure = parse_figure(
        {**kept, "type": first, "emprise": chosen[1] if chosen else "region"}, monde
    )
    assert (figure.type, figure.question.filtres.values_of("niveau")) == (type_, ["3"])
    assert figure.emprise == ("commune:80002" if "80002" in path else "region") and (
        figure.question.seuil == 5
    ) == ("seuil" in path)


def test_the_search_links_to_a_figure_only_when_it_shows_the_same(client):
    def link(path):
        return re.findall(r'href="(/figures/[^"]*)"', client.get(path).text)

    assert link("/recherche?niveau=3&zone=ze2020:3201") == [
        "/figures/offre.png?niveau=3&amp;emprise=ze2020:3201"
    ]
    assert not link("/recherche?texte=cuisine") and not link("/recherche?lieu=Beauval")


def test_the_command_writes_the_file_and_says_what_it_shows(monde, tmp_path):
    out = tmp_path / "carte.svg"
    done = CliRunner().invoke(
        main,
        [
            "figure",
            "--type",
            "offre",
            "--niveau",
            "3",
            "--emprise",
            "ze2020:3201",
            "--out",
            str(out),
            "--data",
            str(monde.snapshot.path.parents[1]),
        ],
    )
    assert (
        done.exit_code == 0
        and "Zone d'emploi 2020 Amiville" in done.output
        and out.read_bytes().startswith(b"<?xml")
    )


@pytest.mark.parametrize(
    "options, code, message",
    [
        (["--out", "x.jpg"], 2, "extension inconnue"),
        (["--out", "x.png", "--format", "pdf"], 2, "se contredisent"),
        (["--out", "absent/x.png"], 1, "Impossible d'écrire"),
        (
            ["--out", "x.png", "--emprise", "ze2020:Amivile"],
            2,
            "Vouliez-vous dire « ze2020:3201 » (Amiville)",
        ),
    ],
)
def test_the_command_refuses_in_french_and_leaves_nothing(
    monde, tmp_path, options, code, message, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(
        main,
        [
            "figure",
            "--type",
            "offre",
            *options,
            "--dpi",
            "60",
            "--data",
            str(monde.snapshot.path.parents[1]),
        ],
    )
    assert (
        done.exit_code == code
        and message in done.output
        and "Traceback" not in done.output
        and not list(tmp_path.iterdir())
    )


def test_a_full_disk_leaves_the_former_file_and_nothing_else(monde, tmp_path, monkeypatch):
    out = tmp_path / "carte.png"
    out.write_bytes(b"ancienne")

    def full(path, content):
        with open(path, "wb") as stream:
            stream.write(content[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="Impossible d'écrire"):
        write_figure(monde, ask(monde), out)
    monkeypatch.undo()
    assert out.read_bytes() == b"ancienne" and list(tmp_path.iterdir()) == [out]


def test_a_missing_font_is_said_in_french(monde, tmp_path, monkeypatch):
    monkeypatch.setattr(fonts, "font_folder", lambda: tmp_path)
    with pytest.raises(GeoFormaError, match=r"Police absente : DejaVuSans.ttf"):
        render_figure(monde, ask(monde))


def test_fictitious_data_is_said_on_the_figure_and_in_its_text(monde):
    figure = ask(monde, type="offre", niveau="3", format="pdf")
    words = (
        PdfReader(io.BytesIO(render_figure(monde, figure)))
        .pages[0]
        .extract_text()
        .replace("\u202f", " ")
    )
    assert "DONNÉES FICTIVES" in words and "données fictives)" in words
    assert (
        "DONNÉES FICTIVES"
        not in PdfReader(io.BytesIO(render_figure(monde, replace(figure, emprise="ze2020:3201"))))
        .pages[0]
        .extract_text()
    )


def test_hostile_names_are_text_and_never_markup(tmp_path):
    frames = make_tiny_frames()
    for nom in ("zones", "couches"):
        frames[nom].loc[frames[nom]["code_zone"].eq("3201"), "nom"] = "<script>$\\alpha$</script>"
    world = open_world(publish_world(frames, tmp_path))
    svg = render_figure(
        world, ask(world, type="zones", emprise="ze2020:3201", format="svg")
    ).decode()
    assert "<script" not in svg and "&lt;script&gt;" in svg


def test_the_benchmark_draws_every_territory(monde):
    territories = list_territories(monde, "ze2020")
    measured = list(draw_all(monde, territories, type="offre", dpi="50", largeur_mm="60"))
    assert territories == ["ze2020:0054", "ze2020:3201"] and all(
        clock > 0 and size > 1_000 for clock, _, size in measured
    )
