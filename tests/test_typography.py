"""Numbers and texts as French prints them: decimal commas, units and signs that no line parts."""

import html
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.config import ROOT
from geoapp.core.french import (
    format_decimal,
    format_euros,
    format_number,
    typeset,
    typeset_html,
    with_unit,
)
from geoapp.web import create_app
from support.words import plain
from support.world import make_tiny_frames, publish_world

PAGES = (
    "/",
    "/recherche?texte=cap&lieu=Amiville",
    "/formations/tiny:a1",
    "/couverture",
    "/couverture/publics",
    "/territoires/ze2020/3201",
    "/territoires/ze2020/3201/fiche.html",
    "/donnees",
    "/qualite",
    "/sources",
    "/rejets",
    "/usage",
    "/api/",
    "/carte.html",
    "/rien",
)
TITRE = "CAP Cuisine : option « A » ; 2 m"


@pytest.mark.parametrize(
    ("value", "decimals", "said"),
    [(20.0, None, "20"), (7.5, None, "7,5"), (7.46, 1, "7,5"), (7, 1, "7,0"), (-0.25, 2, "-0,25")],
)
def test_decimals_have_a_comma(value, decimals, said):
    assert format_decimal(value, decimals) == said


def test_a_number_is_never_parted_from_its_thousands_nor_its_unit():
    assert format_number(1234567) == "1\u202f234\u202f567"
    assert format_euros(6621.5) == "6\u202f621,50\u202f€" and format_euros(900) == "900\u202f€"
    assert with_unit(format_decimal(6.94, 1), "%") == "6,9\u202f%"
    assert with_unit(3, "km") == "3\u202fkm"


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("Seuil : 20 km ; public : tous", "Seuil~: 20~km~; public~: tous"),
        ("Vouliez-vous dire « niveau » ?", "Vouliez-vous dire «~niveau~»~?"),
        ("6,9 % de 10 000 habitants, 850 m", "6,9~% de 10~000 habitants, 850~m"),
        ("à 21 h 04 (UTC), 3 min, 1,3 Mo", "à 21~h~04 (UTC), 3~min, 1,3~Mo"),
        ("dit «\u00a0oui\u00a0»", "dit «~oui~»"),
        ("« < 5 »", "«~< 5~»"),
        ("ze2020:3201, à 12:30, http://a.fr/?b=1;c", "ze2020:3201, à 12:30, http://a.fr/?b=1;c"),
        ("en 2023 450 formations, 3 maisons, 2 habitants", None),
    ],
)
def test_spaces_of_print(written, printed):
    expected = written if printed is None else printed.replace("~", "\u202f")
    assert typeset(written) == typeset(expected) == expected


@given(st.text(alphabet="a1 %:;!?«»€\u00a0\u202fhkm<&"))
def test_nothing_but_spaces_changes(texte):
    once = typeset(texte)
    assert typeset(once) == once
    assert re.sub(" +", " ", plain(once)) == re.sub(" +", " ", plain(texte))


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("<p>l'emploi d&#39;Hirson, aujourd'hui</p>", "<p>l’emploi d’Hirson, aujourd’hui</p>"),
        ("<p>l'<b>eau</b> d'« ici »</p>", "<p>l’<b>eau</b> d’«\u202fici\u202f»</p>"),
        ("<p class=\"l'eau\">dit 'oui'</p><code title=\"l'a\">l'a</code>", None),
        (
            '<p title="l\'eau : ici" aria-label=\'« a »\'><img alt="d&#39;Hirson">',
            '<p title="l’eau\u202f: ici" aria-label=\'«\u202fa\u202f»\'><img alt="d’Hirson">',
        ),
    ],
)
def test_apostrophes_of_print(written, printed):
    assert typeset_html(written) == (printed or written)


def test_only_what_is_read_is_typeset_in_a_page():
    kept = (
        '<input value="a : b">',
        '<a href="/x?q=a%20: b" data-lieu="a : b">',
        "<script>x = '</code> a : b ; c'</script>",
        "<style>a { b : c ; }</style>",
        "<code>a : b</code>",
        "<textarea>a : b</textarea>",
        "<!-- a : b -->",
    )
    page = "<p>a : b</p>".join(kept)
    assert typeset_html(page) == "<p>a\u202f: b</p>".join(kept)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    frames = make_tiny_frames()
    for nom in ("offres", "formations"):
        for column in ("intitule", "titre"):
            frames[nom][column] = frames[nom][column].mask(
                frames[nom]["id_formation"].eq("tiny:f4"), TITRE
            )
    folder = tmp_path_factory.mktemp("espaces")
    publish_world(frames, folder)
    return create_app(folder).test_client()


@pytest.mark.parametrize("path", PAGES)
def test_what_is_heard_of_a_page_is_typeset_as_what_is_read(client, path):
    page = re.sub(r"(?s)<(script|style|code|pre|textarea)\b.*?</\1>", "", client.get(path).text)
    # What names a thing for programs, an address, a file, what was typed: no sentence.
    kept = r"href|src|action|value|content|style|id|class|name|for|data-(?!titre)[a-z-]+"
    said = re.findall(rf'\s(?!(?:{kept})=)([a-z-]+="[^"]*")', page)
    wrong = r"[^\W\d_]'[^\W\d_]|[ \u00a0][;:?!»]|« "
    assert [one for one in said if re.search(wrong, html.unescape(one))] == []


def test_what_a_script_says_has_the_apostrophes_of_print():
    straight = re.compile(r"""(["`])(?:(?!\1).)*[^\W\d_]'[^\W\d_]""")
    found = {
        path.name: straight.search(line)[0]
        for path in (ROOT / "static" / "js").glob("*.js")
        for line in path.read_text("utf-8").splitlines()
        if straight.search(line)
    }
    assert found == {}


def test_the_title_that_the_script_sets_is_that_of_the_page(client):
    path = "/recherche?texte=cuisine&lieu=Amiville"
    page = client.get(path).text
    title = html.unescape(re.search(r"<title>(.*?)</title>", page)[1])
    state = json.loads(re.search(r'(?s)id="etat">(.*?)</script>', page)[1])
    assert state["titre"] == title and "d’Amiville" in title and "d’Amiville" in state["resume"]


@pytest.mark.parametrize("path", PAGES)
def test_no_line_of_a_page_begins_with_a_sign(client, path):
    page = re.sub(
        r"(?s)<(script|style|code|pre|textarea)\b.*?</\1>|<[^>]*>", "<>", client.get(path).text
    )
    assert not re.findall(
        r".{0,30}[ \u00a0](?:[;:?!»])|« .{0,30}|\d (?:%|km\b)", html.unescape(page)
    )
    assert not re.findall(r".{0,30}[^\W\d_]'[^\W\d_].{0,9}", html.unescape(page)), "apostrophes"


def test_data_keep_their_spaces_in_the_api_and_in_what_a_person_typed(client):
    answer = client.get("/api/v1/formations", query_string={"texte": "cuisine"}).get_json()
    assert TITRE in [one["intitule"] for one in answer["formations"]]
    page = client.get("/recherche", query_string={"texte": "cuisine : a"}).text
    assert 'value="cuisine : a"' in page and "«\u202fcuisine\u202f: a\u202f»" in page
