"""Acronyms lead to the glossary once a page: where they stand, else from a list at its end."""

import re
from html import unescape

import pytest

from geoapp.reference.glossary import load_glossary
from geoapp.web import create_app
from geoapp.web.acronyms import AMBIGUS, link_acronyms


def linked(body: str) -> str:
    return link_acronyms(f"<p>CFA</p><main id=x>{body}</main><p>CFA</p>", "/g")


def test_the_first_use_is_linked_and_no_other():
    page = linked("<p>Un CFA, deux CFA, le CFAI, un CAP.</p>")
    assert page.count('href="/g#cfa"') == 1 and page.count('href="/g#cap"') == 1
    assert "Un <a" in page and "deux CFA, le CFAI" in page and page.startswith("<p>CFA</p>")
    assert "sigles" not in page, "nothing is left to explain"


@pytest.mark.parametrize(
    "closed", ["<a href=y>CFA</a>", "<label>CFA</label>", "<h2>CFA</h2>", "<option>CFA</option>"]
)
def test_no_link_stands_in_another_nor_in_a_label_or_a_title(closed):
    assert closed in linked(f"{closed}<p>CFA</p>") and linked(closed).startswith("<p>CFA</p>")
    assert linked(f"{closed}<p>CFA</p>").count("/g#cfa") == 1
    assert '<div class="liens-dits sigles">' in linked(closed) and closed in linked(closed)


def test_attributes_stay_as_they_are():
    assert '<p title="Un CFA">' in linked('<p title="Un CFA">rien</p>')
    assert "/g#" not in linked('<p title="Un CFA">rien</p>')


def test_every_acronym_of_a_page_leads_to_its_place(tiny_snapshot):
    client = create_app(tiny_snapshot.path.parents[1]).test_client()
    named = {one.terme: one.ancre for one in load_glossary() if one.est_sigle}
    word = re.compile(r"(?<![\w-])(" + "|".join(map(re.escape, named)) + r")(?![\w-])")
    met = set()
    for path in ("/", "/carte", "/recherche", "/formations/tiny:a1", "/couverture", "/donnees"):
        main = client.get(path).text.partition("<main")[2].partition("</main>")[0]
        bare = re.sub(r"(?s)<(script|style|code|pre|svg|noscript)\b.*?</\1>|<[^>]*>", " ", main)
        for one in set(word.findall(unescape(bare))) - AMBIGUS:
            met.add(one)
            assert main.count(f'href="/glossaire#{named[one]}"') == 1, (path, one)
    assert len(met) > 10
