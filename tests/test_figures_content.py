"""What figures say: densities, unknown, legends, places, neighbours' tints, names without overlap,
words; on the tiny and the real world.
"""

import io
import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from matplotlib.font_manager import get_font
from matplotlib.ft2font import LoadFlags
from PIL import Image
from pypdf import PdfReader

from geoapp.core.config import ROOT
from geoapp.core.errors import ParameterError
from geoapp.core.french import set_print
from geoapp.coverage.answer import answer
from geoapp.coverage.legend import HORS_DE_PORTEE, TEINTES, class_lines, legend
from geoapp.coverage.world import COMPTES, open_world
from geoapp.offer.filters import apply_filters
from geoapp.outputs.figures import (
    describe_figure,
    figure_title,
    palette,
    parse_figure,
    render_figure,
)
from geoapp.outputs.figures.content import make_content
from geoapp.outputs.figures.density import per_inhabitants, zone_supply
from geoapp.outputs.figures.fonts import (
    FICHIERS,
    LISIBLE_PT,
    MM_PAR_POINT,
    TRAITS,
    font_folder,
    width_mm,
    wrap,
)
from geoapp.outputs.figures.hatches import parallel_lines
from geoapp.outputs.figures.labels import Etiquette, overlap, place_labels, place_or_number
from geoapp.outputs.figures.map import frame_map, to_path
from geoapp.outputs.figures.page import _mark_boxes, compose_page
from geoapp.outputs.figures.zonings import colour_neighbours
from support.examples import NIGHT
from support.pdf import check_declared, tags_of
from support.words import plain
from support.world import make_tiny_frames, publish_world

REELLES = [
    {"type": "offre"},
    {"type": "offre", "domaine": "sante", "emprise": "departement:62"},
    {"type": "offre", "emprise": "ze2020:0054", "largeur_mm": "90"},
    {"type": "densite"},
    {"type": "densite", "offre": "places", "zonage": "epci", "emprise": "departement:80"},
    {"type": "couverture", "domaine": "sante", "niveau": "5"},
    {"type": "couverture", "zonage": "commune", "emprise": "ze2020:3215", "domaine": "batiment"},
    {"type": "couverture", "emprise": "ze2020:0058", "mesure": "e2sfca"},
    {"type": "couverture", "zonage": "qpv2024", "public": "adultes"},
    {"type": "zones"},
    {"type": "zones", "zonage": "epci"},
    {"type": "zones", "zonage": "frr"},
    {"type": "zones", "zonage": "qpv2015"},
    {"type": "zones", "zonage": "commune", "emprise": "epci:200093201"},
    {"type": "couverture", "emprise": "qpv2024:QN00201M"},
]


DESSINEES = [REELLES[rank] for rank in (1, 3, 6, 12)]
"""Of those, what is drawn at each commit, one of each type; the others are laid out."""


@pytest.fixture(scope="module")
def monde(tmp_path_factory):
    """Return the tiny world."""
    return open_world(publish_world(make_tiny_frames(), tmp_path_factory.mktemp("contenu")))


@pytest.fixture(scope="module")
def reel(real_world):
    """Return the real world."""
    return real_world


def ask(monde, **parametres):
    return parse_figure({"dpi": "60", **parametres}, monde)


@pytest.mark.parametrize(
    "offre, expected",
    [
        ("actions", {"3201": 4 / 1200, "0054": 2 / 5000}),
        ("places", {"3201": 36 / 1200, "0054": 27 / 5000}),
    ],
)
def test_densities_are_those_counted_by_hand(monde, offre, expected):
    figure = ask(monde, type="densite", offre=offre)
    found = per_inhabitants(
        zone_supply(monde, figure.question), answer(monde, figure.question).tableau["population"]
    )
    assert dict(zip(monde.mailles["ze2020"].codes, found, strict=True)) == pytest.approx(
        {code: value * 10_000 for code, value in expected.items()}
    )


def test_no_offer_is_zero_and_offers_that_say_nothing_are_unknown(monde):
    figure = ask(monde, type="densite", offre="places", zonage="commune", niveau="3")
    supply = dict(
        zip(monde.mailles["commune"].codes, zone_supply(monde, figure.question), strict=True)
    )
    assert supply["80001"] == 0 and np.isnan(supply["80002"]) and supply["59001"] == 3
    unknown = make_content(monde, figure).aplats[-1]
    assert (
        unknown.hachure == palette.INCONNU
        and unknown.fond not in palette.CHORO
        and unknown.effectif == "1 commune"
        and len(unknown.formes) == 1
    )


@pytest.mark.real
@pytest.mark.parametrize("offre", list(COMPTES))
def test_real_supply_agrees_with_a_plain_count(reel, offre):
    figure = ask(reel, type="densite", offre=offre, zonage="epci")
    found = dict(zip(reel.mailles["epci"].codes, zone_supply(reel, figure.question), strict=True))
    told, counted = {}, reel.of(figure.question)
    for zones, est_voisine, value in zip(
        counted.offres["zones"],
        counted.offres["est_voisine"],
        COMPTES[offre](counted.comptes),
        strict=True,
    ):
        code = next(
            (
                one.partition(":")[2]
                for one in (zones.split("|") if isinstance(zones, str) else ())
                if one.startswith("epci:")
            ),
            None,
        )
        if not est_voisine and code:
            told.setdefault(code, []).append(value)
    for code, value in found.items():
        known = [one for one in told.get(code, []) if one == one]
        assert value == pytest.approx(sum(known)) if known or code not in told else value != value


@pytest.mark.real
@pytest.mark.parametrize(
    "parametres",
    [
        {"domaine": "sante", "niveau": "5"},
        {"zonage": "epci", "mesure": "e2sfca", "classes": "quantiles"},
        {"zonage": "commune", "classes": "fixes"},
    ],
)
def test_real_legends_count_what_the_answer_counts(reel, parametres):
    figure = ask(reel, type="couverture", **parametres)
    reponse, blocs = answer(reel, figure.question), make_content(reel, figure).blocs

    def number(texte):
        return int(re.sub(r"\D", "", texte.partition(",")[0]))

    told, counts = legend(reponse), [number(entree.effectif) for entree in blocs[0].entrees]
    others = [told[nom] for nom in ("nb_hors", "nb_inconnus", "nb_non_collectees") if told[nom]]
    assert counts == [nb for *_, nb in told["classes"]] + others
    assert sum(counts) == len(reponse.tableau)
    assert sum(number(entree.effectif) for entree in blocs[1].entrees) == len(reponse.blanches)


@pytest.mark.real
def test_real_places_hold_every_placed_offer_once(reel):
    figure = ask(reel, type="offre", domaine="sante")
    offres = apply_filters(reel.snapshot.read("offres"), figure.question.filtres)
    contenu = make_content(reel, figure)
    drawn = sum(len(marks.x) for marks in contenu.symboles if marks.marque == "o")
    counted = sum(
        int(re.sub(r"\D", "", entree.effectif))
        for entree in contenu.blocs[0].entrees
        if entree.effectif and "mairie" not in entree.libelle
    )
    assert drawn == counted == offres["id_place"].nunique()


@pytest.mark.real
@pytest.mark.parametrize("parametres", REELLES, ids=lambda p: "-".join(p.values()))
def test_real_figures_are_readable(reel, parametres):
    figure = ask(reel, **parametres)
    contenu = make_content(reel, figure)
    page = compose_page(reel, contenu, figure.largeur_mm)
    for one, other in itertools.combinations(page.noms, 2):
        assert not overlap(one.boite, other.boite), (one.etiquette.lignes, other.etiquette.lignes)
    left, top, width, height = page.carte
    assert all(
        left <= one.boite[0]
        and one.boite[2] <= left + width
        and top <= one.boite[1]
        and one.boite[3] <= top + height
        for one in page.noms
    )
    lines = [*page.lignes, *page.legende.lignes]
    assert all(
        line.x + width_mm(line.texte, line.taille, line.style) <= page.largeur - 2
        and 0 < line.y < page.hauteur
        for line in lines
    ), "a text is cut"
    words = " ".join(
        [line.texte for line in lines] + [describe_figure(reel, figure), figure_title(reel, figure)]
    )
    assert not re.search(
        r"\b(nan|None|NaT|<NA>)\b|\b1 (zones|communes|lieux|formations|places)\b|[^\s] [;:!?%]",
        set_print(words),
    ), words
    assert 1 <= len(contenu.phrases) <= 4
    assert len(contenu.noms) == 0 or page.noms


@pytest.mark.real
@pytest.mark.parametrize(
    "parametres", REELLES if NIGHT else DESSINEES, ids=lambda p: "-".join(p.values())
)
def test_a_real_map_is_not_empty(reel, parametres):
    figure = ask(reel, **parametres)
    page = compose_page(reel, make_content(reel, figure), figure.largeur_mm)
    left, top, width, height = page.carte
    picture = np.asarray(
        Image.open(io.BytesIO(render_figure(reel, figure))).convert("L"), dtype=float
    )
    box = [round(v * 60 / 25.4) for v in (top, top + height, left, left + width)]
    assert picture[box[0] : box[1], box[2] : box[3]].std() > 5, "an empty map"


@pytest.mark.real
@pytest.mark.parametrize("format", ["svg", "pdf"])
def test_real_drawings_are_well_formed_and_small(reel, format):
    content = render_figure(
        reel, ask(reel, type="couverture", domaine="sante", niveau="5", format=format)
    )
    assert len(content) < 2.5e6
    if format == "svg":
        root = etree.fromstring(content)
        assert (
            root.get("role") == "img"
            and root[0].tag.endswith("title")
            and root[1].tag.endswith("desc")
        )
    else:
        reader = PdfReader(io.BytesIO(content))
        check_declared(reader)
        (whole,) = [one for one in tags_of(reader) if one.sorte != "Document"]
        assert whole.sorte == "Figure" and whole.entrees["/Alt"] == reader.metadata["/Subject"]
        words = reader.pages[0].extract_text().replace("\u202f", " ")
        order = [
            words.index(part)
            for part in ("Couverture : Santé", "Sources sous", "Données assemblées le")
        ]
        assert order == sorted(order)


def test_colours_are_those_of_the_web_map_and_darken_step_by_step():
    css = (ROOT / "static" / "css" / "coverage.css").read_text(encoding="utf-8")
    light = css[: css.index("@media")]
    assert [re.search(rf"--choro-{rank}: (#\w+)", light)[1] for rank in range(TEINTES)] == list(
        palette.CHORO
    )
    assert f"--motif: {palette.MOTIF}" in light and f"--motif-gris: {palette.INCONNU_FOND}" in light
    grey = [
        np.dot([int(colour[i : i + 2], 16) for i in (1, 3, 5)], (0.299, 0.587, 0.114))
        for colour in palette.CHORO
    ]
    assert all(a - b > 25 for a, b in itertools.pairwise(grey)), (
        "shades must part in black and white"
    )


def test_what_is_out_of_reach_is_darker_than_the_worst_class_and_no_unknown():
    css = (ROOT / "static" / "css" / "coverage.css").read_text(encoding="utf-8")
    assert f"--choro-hors: {HORS_DE_PORTEE}" in css[: css.index("@media")]
    assert HORS_DE_PORTEE not in (*palette.CHORO, palette.INCONNU_FOND)


def test_no_pattern_is_drawn_over_the_shades(monde):
    """White communes are an outline: five hatches over five shades were not read."""
    figure = ask(monde, type="couverture", seuil_km="1", zonage="commune")
    found = make_content(monde, figure)
    over = [one for one in found.aplats if one.fond in palette.CHORO or one.fond is None]
    assert over and not [one for one in over if one.hachure]
    assert any(one.fond is None and one.bord == palette.BLANCHE for one in found.aplats)
    assert sum(one.hachure is not None for one in found.aplats) <= 1


@pytest.mark.parametrize(("mesure", "est_inverse"), [("part_couverte", True), ("mediane", False)])
def test_the_dark_end_is_always_the_worse(monde, mesure, est_inverse):
    reponse = answer(monde, ask(monde, type="couverture", mesure=mesure).question)
    shades = [one.teinte for one in class_lines(reponse)]
    assert shades == sorted(shades, reverse=est_inverse)


def test_zones_are_named_by_themselves_and_no_name_covers_a_mark(monde):
    figure = ask(monde, type="couverture", zonage="ze2020")
    assert {one.texte for one in make_content(monde, figure).noms} <= set(
        map(str, monde.mailles["ze2020"].noms)
    )
    page = compose_page(monde, make_content(monde, ask(monde, type="offre")), 170)
    boxes = _mark_boxes(make_content(monde, ask(monde, type="offre")), page.carte, page.cadre)
    assert boxes and not [1 for name in page.noms for mark in boxes if overlap(name.boite, mark)]


def test_a_figure_says_of_which_years_and_how_much_is_known(monde):
    found = make_content(monde, ask(monde, type="couverture"))
    assert "départements voisins" in found.portee and "offre" in found.portee


@pytest.mark.parametrize("largeur", [60, 170])
def test_every_text_is_read_at_any_width(monde, largeur):
    page = compose_page(monde, make_content(monde, ask(monde, type="couverture")), largeur)
    sizes = [one.taille for one in (*page.lignes, *page.legende.lignes)]
    assert min([*sizes, *(one.etiquette.taille for one in page.noms)]) >= LISIBLE_PT


@pytest.mark.parametrize("degres", [0.0, 45.0, -45.0, 90.0])
def test_hatches_cover_their_box_and_pass_at_the_same_places_whatever_it_is(degres):
    normal = np.array([-np.sin(np.radians(degres)), np.cos(np.radians(degres))])
    ranks = [
        lines[:, 0] @ normal / 2
        for lines in (
            parallel_lines((0, 0, 30, 20), 2.0, degres),
            parallel_lines((7, 5, 21, 13), 2.0, degres),
        )
    ]
    assert np.allclose(ranks[0], np.round(ranks[0])) and set(np.round(ranks[1])) <= set(
        np.round(ranks[0])
    )
    corners = np.array([[x, y] for x in (0, 30) for y in (0, 20)]) @ normal / 2
    assert ranks[0].min() <= corners.min() + 1e-9 and ranks[0].max() >= corners.max() - 1e-9


boxes = st.tuples(
    st.floats(5, 95),
    st.floats(5, 95),
    st.sampled_from(["Lens", "Villeneuve-d’Ascq", "Y"]),
    st.sampled_from([None, 1.0]),
    st.sampled_from([0.0, 15.0]),
)


@given(st.lists(boxes, max_size=40))
def test_names_never_overlap_nor_leave_the_frame(found):
    frame, foot = (0.0, 0.0, 100.0, 100.0), (0.0, 92.0, 100.0, 100.0)
    labels = [
        Etiquette(lignes=(texte,), x=x, y=y, taille=6.5, ecart_mm=gap, portee_mm=reach)
        for x, y, texte, gap, reach in found
    ]
    for placed in (
        place_labels(labels, frame, [foot]),
        place_or_number([one for one in labels if one.ecart_mm is None], frame, [foot])[0],
    ):
        assert all(not overlap(a.boite, b.boite) for a, b in itertools.combinations(placed, 2))
        assert all(
            not overlap(one.boite, foot)
            and one.boite[0] >= 0
            and one.boite[1] >= 0
            and one.boite[2] <= 100
            for one in placed
        )


def test_a_large_town_among_marks_is_named_farther_and_tied_to_its_place():
    frame, marks = (0.0, 0.0, 60.0, 60.0), [(24.0, 24.0, 36.0, 36.0)]
    near = Etiquette(lignes=("Lille",), x=30, y=30, taille=6.5)
    assert place_labels([near], frame, marks) == []
    (placed,) = place_labels([replace(near, portee_mm=12.0)], frame, marks)
    (start, end), (left, top, right, bottom) = placed.lien, placed.boite
    assert start == (30, 30) and left <= end[0] <= right and top <= end[1] <= bottom
    assert not overlap(placed.boite, marks[0]) and math.dist(start, end) < 12
    (beside,) = place_labels([replace(near, portee_mm=12.0)], frame)
    assert beside.lien is None
    aire = shapely.box(0, 0, 60, 24)
    (inside,) = place_labels(
        [replace(near, ecart_mm=None, portee_mm=20.0, aire=aire)], frame, marks
    )
    assert aire.contains(shapely.box(*inside.boite)) and inside.lien is None


def test_the_first_name_wins_and_a_name_that_does_not_fit_is_a_number():
    frame = (0.0, 0.0, 60.0, 60.0)
    near = [
        Etiquette(lignes=("Grande ville",), x=30, y=30, taille=8, style="normal", ecart_mm=None),
        Etiquette(lignes=("Petite ville",), x=33, y=33.5, taille=8, style="normal", ecart_mm=None),
    ]
    assert next(one.etiquette.lignes[0] for one in place_labels(near, frame)) == "Grande ville"
    written, numbered = place_or_number(
        [
            Etiquette(
                lignes=("Un nom très long qui déborde",),
                x=5,
                y=5,
                taille=9,
                style="normal",
                ecart_mm=None,
            )
        ],
        (0.0, 0.0, 12.0, 12.0),
    )
    assert [one.etiquette.lignes for one in written] == [("1",)] and numbered == [0]


@given(st.integers(2, 6), st.integers(2, 6))
def test_touching_zones_have_different_tints(columns, rows):
    squares = (
        np.array([shapely.box(x, y, x + 1, y + 1) for x in range(columns) for y in range(rows)])
        if columns
        else None
    )
    tints = colour_neighbours(shapely.transform(squares, lambda xy: xy * 1000))
    for a, b in itertools.combinations(range(len(squares)), 2):
        assert not squares[a].touches(squares[b]) or tints[a] != tints[b]


def test_holes_stay_empty_and_the_frame_holds_the_territory():
    ring = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))
    path = to_path(np.array([ring, shapely.box(20, 0, 30, 10)]))
    assert path.contains_point((1, 1)) and path.contains_point((25, 5))
    outer, hole = np.split(path.vertices, [5])[0], path.vertices[5:10]

    def turn(p):
        return np.sum(p[:-1, 0] * p[1:, 1] - p[1:, 0] * p[:-1, 1])

    assert turn(outer) * turn(hole) < 0, "a hole must turn the other way"
    for shape in (
        shapely.box(0, 0, 200_000, 50_000),
        shapely.box(0, 0, 20_000, 300_000),
        shapely.box(0, 0, 500, 500),
    ):
        (west, south, east, north), height = frame_map(shape, 120)
        assert (
            west <= 0
            and south <= 0
            and east >= shape.bounds[2]
            and north >= shape.bounds[3]
            and 84 <= height <= 156
        )
        assert (east - west) / 120 == pytest.approx((north - south) / height)


def test_texts_are_set_in_french():
    assert (
        set_print("Titre : d'un « mot » ; 20 % ?")
        == "Titre\u202f: d’un «\u202fmot\u202f»\u202f; 20\u202f%\u202f?"
    )
    assert wrap("un deux trois", 10, 12) and all(
        width_mm(line, 10) <= 12 or " " not in line for line in wrap("un deux trois", 10, 12)
    )


@pytest.mark.parametrize("style", FICHIERS)
def test_a_line_is_as_wide_as_the_font_draws_it(style):
    """The letters summed, against FreeType setting the whole line."""
    face = get_font(str(font_folder() / FICHIERS[style]))
    for line in (
        "Part non couverte à plus de 20\u202fkm",
        "AVATAR, « fjord » : l’Oise",
        "Wœrth",
        "",
    ):
        face.set_size(100, 72)
        face.set_text(line, 0.0, flags=LoadFlags.NO_HINTING, features=TRAITS)
        drawn = face.get_width_height()[0] / 64 / 100 * MM_PAR_POINT
        assert width_mm(line, 1, style) == pytest.approx(drawn, rel=0.03)


def test_a_figure_of_siting_tells_the_answer_of_the_page(monde):
    asked = {"type": "ouvertures", "type_diplome": "bts", "seuil_km": "12", "ouvertures": "1"}
    figure = parse_figure({**asked, "dpi": "60"}, monde)
    made = make_content(monde, figure)
    assert "rapprocherait 200 des 200 habitants" in plain(made.phrases[0])
    assert [one.texte for one in made.reperes] == ["1"]
    assert plain(made.blocs[0].lignes[0]) == "1  Beauval : 200 (cumul 200)"
    assert render_figure(monde, figure).startswith(b"\x89PNG")
    only = parse_figure({**asked, "territoire": "ze2020:0054"}, monde)
    assert only.emprise == "ze2020:0054" and not make_content(monde, only).reperes
    with pytest.raises(ParameterError, match="Paramètre inconnu"):
        parse_figure({"type": "offre", "ouvertures": "1"}, monde)


def test_the_picture_of_the_dashboard_tells_its_tiles(monde):
    figure = parse_figure({"type": "essentiel", "emprise": "ze2020:3201", "format": "svg"}, monde)
    made = make_content(monde, figure)
    values = {one.titre: one.valeur for one in made.tuiles}
    assert plain(values["Habitants"]) == "1 200" and "Habitants : 1" in made.phrases[0]
    assert b"Habitants" in render_figure(monde, figure)
    with pytest.raises(ParameterError, match="aucun filtre"):
        make_content(monde, parse_figure({"type": "essentiel", "domaine": "sante"}, monde))
    with pytest.raises(ParameterError, match="sans tableau de bord"):
        make_content(monde, parse_figure({"type": "essentiel", "emprise": "zrr:ZRR"}, monde))
