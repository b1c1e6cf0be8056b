"""The audit of accessibility (docs/rgaa.csv): whole, and true of the pages a machine can judge.

A check returns whether a page meets a criterion, or None when the page has nothing that the
criterion is about.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter

import lxml.html
import pytest

from geoapp.core.accessibility import CONFORME, ECHANTILLON, SANS_OBJET, TOUTES, Audit, load_audit
from geoapp.core.errors import ParameterError
from geoapp.web import create_app
from geoapp.web.presentation import PIED
from support.world import make_tiny_frames, publish_world, with_quality

CRITERIA = (9, 2, 3, 13, 8, 2, 5, 10, 4, 14, 13, 11, 12)
"""How many criteria each theme of RGAA 4.1 has."""

TINY = {
    "resultats": "/recherche?lieu=Amiville&rayon=30&texte=cap",
    "imprimer": "/recherche/imprimer?lieu=Amiville&rayon=30&texte=cap",
    "formation": "/formations/tiny:a1",
    "selection": "/selection?formations=tiny:a1,tiny:a3",
    "couverture": "/couverture?domaine=sante",
    "couverture_zone": "/couverture/zones/ze2020/3201",
    "territoire": "/territoires/ze2020/3201",
    "qualite_source": "/qualite/source/tiny",
    "fiche_html": "/territoires/ze2020/3201/fiche.html",
}
"""Where the tiny world has the pages that the real one has elsewhere."""

FILES = ("fiche_html", "carte_html")
SHORT = 120
LIST = {"ul", "ol", "dl", "menu"}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return the pages of the sample, parsed."""
    folder = tmp_path_factory.mktemp("rgaa")
    publish_world(with_quality(make_tiny_frames()), folder, "2025-01-02T03:04:05Z")
    publish_world(with_quality(make_tiny_frames()), folder)
    client = create_app(folder).test_client()
    found = {}
    for nom, (_, path) in ECHANTILLON.items():
        answer = client.get(TINY.get(nom, path))
        assert answer.status_code == (404 if nom == "erreur" else answer.status_code)
        assert answer.status_code in (200, 404) or nom == "lieu_inconnu", (nom, answer.status_code)
        found[nom] = lxml.html.document_fromstring(answer.text)
    return found


def words(node) -> str:
    """Return what a person reads of a node, drawings included by their name."""
    named = [one.get("aria-label", "") for one in node.iter() if isinstance(one.tag, str)]
    return " ".join([node.text_content(), *named]).strip()


def every(nodes, check) -> bool | None:
    """Tell whether each node passes; None without any."""
    return all(map(check, nodes)) if nodes else None


def drawings(page):
    return [one for one in page.iter("svg") if one.get("aria-hidden") != "true"]


def has_name(node) -> bool:
    return bool(node.get("aria-label") or node.get("alt"))


def pictures_are_named(nom, page):
    return every([*page.iter("img"), *drawings(page)], has_name)


def decorations_are_hidden(nom, page):
    """A drawing is either named or hidden: none is left to be read as « image »."""
    hidden = [one for one in page.iter("svg") if one.get("aria-hidden") == "true"]
    return not [one for one in drawings(page) if not has_name(one)] if hidden else None


def names_are_short(nom, page):
    told = [one.get("alt") or one.get("aria-label") for one in (*page.iter("img"), *drawings(page))]
    return every(told, lambda one: len(one) <= SHORT)


def frames_have_a_title(nom, page):
    return every(list(page.iter("iframe")), lambda one: one.get("title"))


def tables_have_a_caption(nom, page):
    return every(
        list(page.iter("table")),
        lambda one: one[0].tag == "caption" and (words(one[0]) or one[0].get("id")),
    )


def headers_are_cells_of_headers(nom, page):
    return every(
        list(page.iter("table")),
        lambda one: all(words(th) for th in one.iter("th")) and len(list(one.iter("th"))) > 0,
    )


def headers_have_a_scope(nom, page):
    return every(list(page.iter("th")), lambda one: one.get("scope"))


def links_have_words(nom, page):
    return every([one for one in page.iter("a") if one.get("href")], words)


def is_valid(nom, page):
    ids = Counter(one.get("id") for one in page.iter() if one.get("id"))
    boxes = page.xpath("//input[@type='checkbox' or @type='radio'][@autocomplete]")
    roles = page.xpath("//table[@role]|//tr[@role]|//th[@role]|//td[@role]|//thead[@role]")
    return not (boxes or roles or any(nb > 1 for nb in ids.values()))


def language_is_told(nom, page):
    return page.get("lang") == "fr"


def title_is_there(nom, page):
    return bool(page.findtext("head/title"))


def headings_follow(nom, page):
    levels = [int(one.tag[1]) for one in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    steps = itertools.pairwise(levels)
    return levels.count(1) == 1 and levels[0] == 1 and all(b - a <= 1 for a, b in steps)


def landmarks_are_there(nom, page):
    tags = ("main", "footer") if nom in FILES else ("header", "nav", "main", "footer")
    return len(list(page.iter("main"))) == 1 and all(page.xpath(f"//{one}") for one in tags)


def links_in_a_row_are_a_list(nom, page):
    """Two links with nothing but blanks and signs between them, in what is no list."""
    for link in page.iter("a"):
        after = link.getnext()
        # An acronym of a sentence that leads to the glossary is no choice among links.
        is_row = (
            link.get("class") != "sigle"
            and after is not None
            and after.tag == "a"
            and not re.search(r"\w", link.tail or "")
        )
        if is_row:
            return False
    return True


def fields_have_a_label(nom, page):
    fields = page.xpath("//main//input[not(@type='hidden')]|//main//select|//main//textarea")
    labelled = {one.get("for") for one in page.iter("label")}
    return every(
        [one for one in fields if one.getparent() is not None],
        lambda one: (
            one.get("aria-label")
            or one.get("id") in labelled
            or any(parent.tag == "label" for parent in one.iterancestors())
        ),
    )


def obligations_and_errors_are_told(nom, page):
    required = page.xpath("//*[@required]")
    told = [
        any(
            "obligatoire" in words(label)
            for label in (
                *page.xpath(f"//label[@for='{one.get('id')}']"),
                *one.xpath("ancestor::fieldset/legend"),
            )
        )
        for one in required
    ]
    if nom == "lieu_inconnu":
        field = page.get_element_by_id("lieu")
        said = page.get_element_by_id("lieu-alerte")
        told += [
            field.get("aria-invalid") == "true",
            "lieu-alerte" in field.get("aria-describedby", "").split(),
            "Où ?" in words(said).replace("\u202f", " ").replace("\u00a0", " "),
        ]
    return all(told) if page.xpath("//main//form") else None


def two_ways_lead_everywhere(nom, page):
    return bool(page.xpath("//nav[@aria-label='Menu principal']//a")) and bool(
        page.xpath("//footer//a[@href='/plan-du-site']")
    )


def the_plan_is_in_the_foot(nom, page):
    return len(page.xpath("//footer//nav[@aria-label='À propos du site']//a")) == len(PIED)


def the_first_link_skips(nom, page):
    first = next(page.iter("a"))
    target = page.xpath(f"//*[@id='{first.get('href', '#')[1:]}']")
    return bool(target) and (target[0].get("tabindex") == "-1" or target[0].tag in ("a", "main"))


def focus_stops_do_something(nom, page):
    """What takes the focus is a control, a map, a place that the skip link reaches, or a frame that
    scrolls and says its name.
    """
    stops = page.xpath("//*[@tabindex]")
    return all(
        one.get("tabindex") in ("0", "-1")
        and (
            one.get("tabindex") == "-1"
            or (
                one.get("role") in ("application", "group")
                and (has_name(one) or one.get("aria-labelledby"))
            )
        )
        for one in stops
    )


CHECKS = {
    "1.1": pictures_are_named,
    "1.2": decorations_are_hidden,
    "1.3": names_are_short,
    "2.1": frames_have_a_title,
    "5.4": tables_have_a_caption,
    "5.6": headers_are_cells_of_headers,
    "5.7": headers_have_a_scope,
    "6.2": links_have_words,
    "7.3": focus_stops_do_something,
    "8.2": is_valid,
    "8.3": language_is_told,
    "8.5": title_is_there,
    "9.1": headings_follow,
    "9.2": landmarks_are_there,
    "9.3": links_in_a_row_are_a_list,
    "11.1": fields_have_a_label,
    "11.10": obligations_and_errors_are_told,
    "12.1": two_ways_lead_everywhere,
    "12.4": the_plan_is_in_the_foot,
    "12.7": the_first_link_skips,
}


@pytest.mark.parametrize("critere", CHECKS)
def test_the_table_says_what_the_pages_are(pages, critere):
    states = load_audit().states(critere)
    wrong = {}
    for nom, page in pages.items():
        met = CHECKS[critere](nom, page)
        if states[nom].etat == SANS_OBJET:
            # A file alone has no menu to ask for.
            is_right = not met or (nom in FILES and critere in ("7.3", "12.1", "12.4"))
        else:
            is_right = met is None or bool(met) == (states[nom].etat == CONFORME)
        if not is_right:
            wrong[nom] = (states[nom].etat, met)
    assert wrong == {}


def test_titles_are_all_different(pages):
    """RGAA 8.6, and the question asked is in them."""
    titles = Counter(page.findtext("head/title") for page in pages.values())
    assert [one for one, nb in titles.items() if nb > 1] == []


def test_the_table_has_every_criterion_and_every_page():
    audit = load_audit()
    expected = [f"{i}.{j}" for i, nb in enumerate(CRITERIA, 1) for j in range(1, nb + 1)]
    assert audit.criteres == expected and len(expected) == 106
    for critere in expected:
        rows = [one for one in audit.constats if one.critere == critere]
        assert sum(one.page == TOUTES for one in rows) == 1, critere
        assert len({one.page for one in rows}) == len(rows), f"{critere} twice for one page"
        assert all(one.preuve for one in rows), critere
    assert audit.taux >= 95


def test_a_criterion_fails_as_soon_as_one_page_does(tmp_path):
    def read(*rows: str) -> Audit:
        path = tmp_path / f"{len(rows)}{hash(rows)}.csv"
        path.write_text("critere;page;etat;preuve\n" + "\n".join(rows), encoding="utf-8")
        return load_audit(path)

    audit = read("1.1;toutes;C;x", "1.1;aide plan;NC;y", "1.2;toutes;C;x", "1.3;toutes;NA;x")
    assert [audit.state(one) for one in audit.criteres] == ["NC", "C", "NA"]
    assert audit.taux == 50 and audit.etat == "partiellement" and len(audit.manques) == 2
    assert audit.page_rate("aide") == 50 and audit.page_rate("contact") == 100
    assert read("1.1;toutes;C;x").etat == "totalement"
    assert read("1.1;toutes;NC;x", "1.2;toutes;NC;x").etat == "non"
    for bad in ("1.1;nulle-part;C;x", "1.1;toutes;OUI;x"):
        with pytest.raises(ParameterError):
            read(bad)
