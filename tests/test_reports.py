"""Territory sheets as files: whole, always the same, saying the numbers of the API, and what to do
when they cannot be made.
"""

import builtins
import errno
import io
import itertools
import os
import re
import shutil
import subprocess
from functools import lru_cache
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner
from pypdf import PdfReader

from geoapp.cli import main
from geoapp.core.config import Settings
from geoapp.core.errors import StorageError
from geoapp.core.french import format_number
from geoapp.coverage.indicators import INDICATEURS, format_value
from geoapp.coverage.model import Question, parse_question
from geoapp.coverage.offered import counted_numbers
from geoapp.coverage.territories.zone import choose_zones, find_zone
from geoapp.coverage.world import open_world
from geoapp.outputs.sheets import folder
from geoapp.outputs.sheets.folder import make_sheet, working, write_sheets
from geoapp.outputs.sheets.rendering import PART_PAGE, PdfError, render_pdf
from geoapp.web import create_app
from support.examples import NIGHT
from support.pdf import check_declared, tags_of
from support.words import plain
from support.world import make_tiny_frames, publish_world

GOLDEN = Path(__file__).parent / "golden"
ZONES = ("ze2020:3201", "ze2020:0054", "qpv2024:QN08001A")
MAX_BYTES = 2_000_000
TITRE_PT = 9.4
"""Size from which a text of a sheet is a heading; the sentences of the first page are smaller."""


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return publish_world(make_tiny_frames(), tmp_path_factory.mktemp("fiches"))


@pytest.fixture(scope="module")
def monde(snapshot):
    return open_world(snapshot)


@pytest.fixture(scope="module")
def fiches(monde):
    """Return the (HTML, PDF, first sentence) of each of `ZONES`."""
    return {cle: make_sheet(monde, Question(), find_zone(monde, cle)) for cle in ZONES}


@pytest.fixture(scope="module")
def commanded(snapshot, tmp_path_factory):
    """Return what the command says, and the folder where it writes the zones d'emploi."""
    out = tmp_path_factory.mktemp("commande") / "sortie"
    asked = ["--zone", "ze2020:Amiville", "--all", "ze2020"]
    data = ["--data", str(snapshot.path.parents[1])]
    return CliRunner().invoke(main, ["report", *asked, *data, "--out", str(out)]), out


@lru_cache(maxsize=8)
def open_pdf(content: bytes) -> PdfReader:
    """Return a PDF, read once: most tests ask something of the same ones."""
    return PdfReader(io.BytesIO(content))


@lru_cache(maxsize=8)
def pages_of(content: bytes) -> list[tuple[str, list[tuple[float, float, str]]]]:
    """Return, for each page of a PDF, its text, and how far down each piece of it is (0 to 1), its
    size, its words; the foot of the page is left out of the pieces.
    """
    pages = []
    for page in open_pdf(content).pages:
        height, found = float(page.mediabox.height), []

        def see(text, base, matrix, font, size, height=height, found=found):
            x, y = matrix[4], matrix[5]
            down = 1 - (base[1] * x + base[3] * y + base[5]) / height
            if text.strip() and down < 0.94:
                found.append((down, abs(size * matrix[3] * base[3]), text.strip()))

        pages.append((page.extract_text(visitor_text=see), sorted(found)))
    return pages


def read_pdf(content: bytes) -> str:
    """Return the text of a PDF in its order, without the foot of its pages."""
    return "\n".join(
        re.sub(r"[^\n]* · GéoForma|^\d+ / \d+$", "", page, flags=re.M).strip()
        for page, _ in pages_of(content)
    )


def read_html(html: str) -> str:
    """Return the text of a sheet in its order."""
    return unescape(re.sub(r"<[^>]+>", "", html.partition("<body")[2]))


def flat(texte: str) -> str:
    """Return a text without its spaces, with plain apostrophes: where a line is cut is not what is
    compared.
    """
    return "".join(texte.split()).replace("’", "'")


@pytest.mark.parametrize("cle", ZONES)
def test_the_text_of_a_sheet_is_the_one_kept(fiches, cle):
    """To renew it on purpose: GEOAPP_GOLDEN=1 python -m pytest tests/test_reports.py."""
    path, found = GOLDEN / f"fiche-{cle.replace(':', '-')}.txt", read_pdf(fiches[cle][1])
    if os.environ.get("GEOAPP_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found + "\n", encoding="utf-8")
    assert flat(found) == flat(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("cle", ZONES)
def test_a_sheet_is_light_tagged_and_the_same_twice(monde, fiches, commanded, cle):
    html, pdf, _ = fiches[cle]
    # Those that the command writes are made again, of a world opened by itself.
    written = sorted(commanded[1].glob(f"{cle.replace(':', '-')}-*"))
    again = [one.read_bytes() for one in written]
    if not again:
        html_again, pdf_again, _ = make_sheet(monde, Question(), find_zone(monde, cle))
        again = [html_again.encode(), pdf_again]
    assert [html.encode(), pdf] == again
    reader = open_pdf(pdf)
    root = reader.trailer["/Root"]
    assert (
        len(pdf) < MAX_BYTES
        and root["/Lang"] == "fr"
        and root["/MarkInfo"]["/Marked"]
        and len(reader.pages) <= 6
    )
    assert reader.metadata["/CreationDate"] == "D:20260102030405Z"
    assert "http" not in re.sub(
        r"http://www\.w3\.org/\S+", "", re.sub(r"data:image/png;base64,\S+", "", html)
    ), "nothing is fetched"
    assert not re.search(r"\b(nan|None|NaN)\b|<NA>", read_pdf(pdf))


def test_a_sheet_reads_in_order_and_holds_what_the_page_says(fiches, snapshot):
    texte = flat(read_pdf(fiches["ze2020:3201"][1]))
    heads = [
        "L'essentielàretenir",
        "Lazoneetlarégion",
        "Lescartes",
        "Offrepardomaine,niveauetvoie",
        "Couverturepardomaine",
        "Communesenzoneblanche",
        "Offreursuniques",
        "Qualitédesdonnées",
        "Méthode",
        "Sourcesetmillésimes",
    ]
    ranks = [texte.index(head) for head in heads]
    assert ranks == sorted(ranks)
    page = (
        create_app(settings=Settings(data_dir=snapshot.path.parents[1]))
        .test_client()
        .get("/territoires/ze2020/3201")
        .text
    )
    for phrase in re.findall(
        r"<li>(.*?)</li>", page.split('class="essentiel-liste"')[1].split("</ol>")[0]
    ):
        assert flat(unescape(phrase)) in texte


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext absent")
def test_pdftotext_reads_the_sheet_in_order(fiches, tmp_path):
    path = tmp_path / "f.pdf"
    path.write_bytes(fiches["ze2020:3201"][1])
    texte = subprocess.run(
        ["pdftotext", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert (
        texte.index("essentiel à retenir")
        < texte.index("Offre par domaine")
        < texte.index("Sources et millésimes")
    )


def test_the_command_writes_each_zone_and_an_index(commanded):
    ran, out = commanded
    assert ran.exit_code == 0, ran.output
    assert sorted(path.name for path in out.iterdir()) == [
        "index.html",
        "ze2020-0054-est-frontiere.html",
        "ze2020-0054-est-frontiere.pdf",
        "ze2020-3201-amiville.html",
        "ze2020-3201-amiville.pdf",
    ]
    index = (out / "index.html").read_text(encoding="utf-8")
    assert (
        all(path.name in index for path in out.iterdir() if path.name != "index.html")
        and "<b>Test" not in index
    )


@pytest.mark.parametrize(
    "options, code, dit",
    [
        (["--zone", "ze2020:Amivile"], 1, "Vouliez-vous dire : Amiville (ze2020:3201)"),
        (["--zone", "ze2021:1"], 2, "Vouliez-vous dire « ze2020 »"),
        ([], 2, "Quelle zone"),
        (["--all", "rien"], 2, "valeur inconnue"),
        (["--zone", "ze2020:3201", "--domaine", "sente"], 2, "Vouliez-vous dire « sante »"),
    ],
)
def test_bad_input_is_one_french_message_and_no_file(snapshot, tmp_path, options, code, dit):
    ran = CliRunner().invoke(
        main,
        ["report", *options, "--data", str(snapshot.path.parents[1]), "--out", str(tmp_path / "x")],
    )
    assert ran.exit_code == code and dit in ran.stderr and "Traceback" not in ran.output
    assert not (tmp_path / "x").exists()


def test_a_folder_that_cannot_be_made_is_said(monde, tmp_path):
    (tmp_path / "fichier").write_text("occupé")
    zones = choose_zones(monde, ["ze2020:3201"], [])
    with (
        working(monde, Question(), zones) as travail,
        pytest.raises(StorageError, match="Impossible de créer le dossier"),
    ):
        write_sheets(monde, travail, zones, tmp_path / "fichier" / "sortie")


def test_a_full_disk_leaves_no_half_written_file(monde, tmp_path, monkeypatch):
    true_write = Path.write_bytes

    def full(self, content):
        if ".pdf" in self.name:
            true_write(self, content[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return true_write(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    # What the file would hold is no matter: only its first bytes find place.
    monkeypatch.setattr(folder, "render_pdf", lambda html: b"%PDF-1.7 and what follows")
    zones = choose_zones(monde, ["ze2020:3201"], [])
    with (
        working(monde, Question(), zones) as travail,
        pytest.raises(StorageError, match="disque est plein"),
    ):
        write_sheets(monde, travail, zones, tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".html"]


def test_without_pango_the_html_is_made_and_the_cure_told(snapshot, tmp_path, monkeypatch):
    true_import = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return true_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    ran = CliRunner().invoke(
        main,
        [
            "report",
            "--zone",
            "ze2020:3201",
            "--data",
            str(snapshot.path.parents[1]),
            "--out",
            str(tmp_path / "x"),
        ],
    )
    assert (
        ran.exit_code == 1
        and "apt-get install libpango-1.0-0" in ran.stderr
        and "aucun PDF" in ran.stderr
    )
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["ze2020-3201-amiville.html"]
    with pytest.raises(PdfError):
        render_pdf("<p>")
    client = create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()
    answered = client.get("/territoires/ze2020/3201/fiche.pdf")
    assert answered.status_code == 501 and "libpango" in answered.text
    assert client.get("/territoires/ze2020/3201/fiche.html").status_code == 200


@pytest.mark.real
@pytest.mark.parametrize(
    "cle, parametres, pdf",
    [
        ("ze2020:3215", {}, False),
        ("ze2020:0058", {"seuil_km": "15"}, False),
        ("epci:200067999", {"voie": "apprentissage"}, True),
    ],
)
def test_every_number_of_a_real_sheet_is_the_one_of_the_api(
    real_world, real_client, monkeypatch, cle, parametres, pdf
):
    """Figures of the table of coverage, and every cell of the offer, read back from the sheet: one
    from its PDF, the others, of which the PDF says nothing else, from its HTML without its maps.
    """
    zonage, _, code = cle.partition(":")
    question, pdf = parse_question(parametres, real_world), pdf or NIGHT
    if not pdf:
        monkeypatch.setattr(folder, "draw_maps", lambda world, contenu: {})
    html, printed, _ = make_sheet(real_world, question, find_zone(real_world, cle), pdf=pdf)
    texte = flat(read_pdf(printed) if pdf else read_html(html))
    api = real_client.get(
        "/api/v1/couverture", query_string={"zonage": zonage, **parametres}
    ).get_json()
    zone = next(one for one in api["zones"] if one["code_zone"] == code)
    told = counted_numbers(question, INDICATEURS)
    assert set(INDICATEURS) - set(told) == {"population_sans_voiture"}
    for nom in told:
        indicateur = INDICATEURS[nom]
        shown = [format_value(indicateur, row[nom], "km") for row in (zone, api["ensemble"])]
        assert flat(indicateur.titre + shown[0] + shown[1]) in texte, nom
    _check_offer(texte, real_client, cle, parametres, zone)


def _check_offer(texte: str, client, cle: str, parametres: dict, zone: dict) -> None:
    """Check the offer of a sheet against the facets: its total, each level, each domain (the cells
    of the matrix, seats aside); what is taught remotely is in no zone.
    """
    asked = {nom: valeur for nom, valeur in parametres.items() if nom != "seuil_km"}
    asked["modalite"] = ["sur_place", "mixte", "inconnu"]
    here = client.get("/api/v1/facets", query_string={"zone": cle, **asked}).get_json()
    region = client.get("/api/v1/facets", query_string=asked).get_json()
    assert here["total"] == zone["nb_offres"]
    assert flat(f"compte {format_number(here['total'])} formation") in texte
    niveaux = [one["valeur"] for one in region["facettes"]["niveau"]["valeurs"] if one["nb"]]
    assert re.search("Touslesdomaines" + _cells(here, niveaux), texte), "the total of the matrix"
    voies = (
        [asked["voie"]]
        if "voie" in asked
        else sorted(voie["valeur"] for voie in here["facettes"]["voie"]["valeurs"] if voie["nb"])
    )
    for one in here["facettes"]["domaine"]["valeurs"]:
        if one["nb"]:
            by_voie = [
                client.get(
                    "/api/v1/facets",
                    query_string={"zone": cle, **asked, "domaine": one["valeur"], "voie": voie},
                ).get_json()
                for voie in voies
            ]
            rows = [_cells(found, niveaux) for found in by_voie if found["total"]]
            assert re.search(
                re.escape(flat(one["libelle"])) + r"[A-Za-zé]+" + r"[A-Za-zé]+".join(rows), texte
            ), one["libelle"]


def _cells(facets: dict, niveaux: list[str]) -> str:
    """Return the pattern of one row of the matrix: each level, then the total, with or without
    seats.
    """
    by_level = {one["valeur"]: one["nb"] for one in facets["facettes"]["niveau"]["valeurs"]}
    numbers = [
        format_number(by_level[niveau]) if by_level.get(niveau) else "–" for niveau in niveaux
    ] + [format_number(facets["total"])]
    return "".join(re.escape(flat(nombre)) + r"(?:\([\d]+\+?\))?" for nombre in numbers)


@pytest.fixture(scope="module")
def real_client(real_app):
    return real_app.test_client()


IMPRIMEES = ("qpv2024:QN00201M", "commune:62498")
"""Awkward zones whose PDF is made at each commit: one without a map, one of a few tables."""


@pytest.mark.real
@pytest.mark.parametrize(
    "cle",
    [
        "ze2020:0054",
        "frr:EX-ZRR",
        "qpv2015:QP059069",
        "qpv2024:QN00201M",
        "commune:62498",
        "zrr:ZRR",
    ],
)
def test_awkward_zones_give_a_readable_sheet(real_world, cle):
    zone, printed = find_zone(real_world, cle), NIGHT or cle in IMPRIMEES
    html, pdf, _ = make_sheet(real_world, Question(), zone, pdf=printed)
    texte = read_pdf(pdf) if printed else read_html(html)
    assert len(pdf or b"") < MAX_BYTES and not re.search(r"\b(nan|None|NaN)\b|<NA>", texte)
    dit = {
        "ze2020:0054": "24 de ses communes sont hors",
        "frr:EX-ZRR": "compte 4 formations dans 1 lieu",
        "qpv2015:QP059069": "Nos sources ne placent aucune formation",
        "qpv2024:QN00201M": "ne peut être dessinée",
    }.get(cle, "essentiel")
    assert flat(dit) in flat(texte)
    assert ("<img" in html) == zone.est_dessinee


@pytest.mark.real
def test_a_neighbourhood_tells_its_people_of_2013_and_what_is_inside_by_a_code(real_world):
    offres, zones = (real_world.snapshot.read(nom) for nom in ("offres", "zones"))
    by_code = [
        point
        for point, precision in zip(offres.geometry, offres["precision_position"], strict=True)
        if precision == "uai" and point is not None
    ]
    quarters = zones[zones["type_zone"].eq("qpv2015")]
    inside = [sum(one.intersects(point) for point in by_code) for one in quarters.geometry]
    assert sum(inside) > 150
    most = quarters.iloc[inside.index(max(inside))]
    zone = find_zone(real_world, f"qpv2015:{most['code_zone']}")
    told = plain(unescape(make_sheet(real_world, Question(), zone, pdf=False)[0]))
    assert f"{max(inside)} autres formations y sont par la position de l'établissement" in told
    assert "Population municipale de 2013 : " in told


@pytest.mark.parametrize("cle", ZONES)
def test_no_page_of_a_sheet_is_nearly_empty_nor_ends_by_a_heading(fiches, cle):
    pages = [lines for _, lines in pages_of(fiches[cle][1])]
    titles = {texte for page in pages for _, size, texte in page if size > TITRE_PT}
    assert len(titles) > 10, "headings are seen"
    for number, lines in enumerate(pages, 1):
        down, size, texte = lines[-1]
        assert down > PART_PAGE, (number, texte)
        assert size < TITRE_PT, f"page {number} ends by « {texte} »"


@pytest.mark.parametrize("cle", ZONES)
def test_the_tags_of_a_sheet_say_what_its_page_says(fiches, cle):
    """The part of PDF/UA-1 that a test can read; docs/territoires.md says what veraPDF finds."""
    reader = open_pdf(fiches[cle][1])
    check_declared(reader)
    tags = tags_of(reader)
    levels = [int(one.sorte[1]) for one in tags if re.fullmatch(r"H\d", one.sorte)]
    assert levels[0] == 1 and levels.count(1) == 1 and len(levels) > 10
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(one.entrees.get("/Alt") for one in tags if one.sorte == "Figure")
    items = [at for at, one in enumerate(tags) if one.sorte == "LI"]
    assert items and all(tags[at + 1].sorte == "LBody" for at in items)
    heads = {str(one.entrees["/ID"]) for one in tags if one.sorte == "TH"}
    cells = [one.entrees for one in tags if one.sorte == "TD"]
    told = [
        {str(nom) for nom in cell["/A"].get_object().get("/Headers", [])}
        for cell in cells
        if "/A" in cell
    ]
    assert len(told) == len(cells) and all(one and one <= heads for one in told)


@pytest.mark.parametrize(("nb", "pages"), [(20, 1), (32, 2)])
def test_no_sheet_ends_by_a_nearly_empty_page(nb, pages):
    """A page of one line is drawn in by tighter settings; a page that is written stays."""
    sections = '<section style="height:16.5pt">Une ligne</section>' * nb
    style = "@page{size:A5;margin:10mm} body{margin:0} section{margin-top:11pt;line-height:1}"
    html = f'<!DOCTYPE html><html lang="fr"><title>Essai</title><style>{style}</style>{sections}'
    assert len(PdfReader(io.BytesIO(render_pdf(html))).pages) == pages
