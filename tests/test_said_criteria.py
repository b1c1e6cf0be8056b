"""Criteria typed among the words: taken out of them, told, offered as the filter they name."""

import csv
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.offer.filters import parse_filters
from geoapp.offer.search.said import DITS, load_said, take_said
from geoapp.offer.search.words import as_typed, split_words
from support.words import plain


@pytest.mark.parametrize(
    "texte, reste, dits",
    [
        ("boulanger alternance", "boulanger", [("alternance", "voie", "apprentissage")]),
        (
            "Apprenti boucher, 16 ans",
            "boucher",
            [("apprenti", "voie", "apprentissage"), ("16 ans", "", "")],
        ),
        ("bac+2", "", [("bac plus 2", "niveau", "5")]),
        ("bac +3 informatique", "informatique", [("bac plus 3", "niveau", "6")]),
        ("niveau V", "", [("niveau v", "niveau", "3")]),
        ("BTS tourisme à distance", "bts tourisme", [("a distance", "modalite", "a_distance")]),
        ("informatique sans le bac", "informatique", [("sans le bac", "entree", "aucun|infra|3")]),
        ("vendeur sans expérience", "vendeur", [("sans experience", "", "")]),
        ("cap en 1 an", "cap", [("en 1 an", "", "")]),
        ("tout sauf le commerce", "tout", [("sauf le commerce", "", "")]),
        ("formation continue", "", [("formation continue", "voie", "continue")]),
        ("alternance en alternance", "", [("alternance", "voie", "apprentissage")]),
        ("cuisine après le bac", "cuisine", [("apres le bac", "niveau", "5|6|7|8")]),
        ("boulanger reconversion", "boulanger", [("reconversion", "", "")]),
        ("CAP pour adultes", "cap", [("pour adultes", "", "")]),
        ("cuisine en septembre", "cuisine", [("en septembre", "debut", "3mois|6mois|12mois")]),
        ("soudeur sans voiture", "soudeur", [("sans voiture", "", "")]),
        # What is part of a trade is no criterion.
        ("formateur pour adultes", "formateur pour adultes", []),
        ("maître d'internat", "maitre d internat", []),
        ("vente à distance", "vente a distance", []),
        ("mise à niveau 5", "mise a niveau 5", []),
        ("restauration rapide", "restauration rapide", []),
        ("pas de calais", "pas de calais", []),
        ("conducteur de ligne", "conducteur de ligne", []),
        ("bac pro", "bac pro", []),
        ("licence 3", "licence 3", []),
    ],
)
def test_a_criterion_is_taken_out_of_the_words(texte, reste, dits):
    left, said = take_said(split_words(texte))
    assert " ".join(left) == reste
    assert [(one.mot, one.filtre, "|".join(one.valeurs)) for one in said] == dits


WORDS = sorted(
    {word for way in load_said()[0] for word in way} | {"sans", "bac", "vente", "2", "ans"}
)


@given(st.lists(st.sampled_from(WORDS), max_size=8))
def test_no_word_is_lost_nor_made(words):
    """What is left and what is said are the words typed, each criterion told once."""
    left, said = take_said(words)
    kept = [word for one in said for word in one.mot.split()]
    assert set(left) | set(kept) <= set(words)
    assert len(left) + len(kept) <= len(words)
    assert take_said([])[0] == [] and len({one.mot for one in said}) == len(said)


def test_every_row_names_a_filter_and_values_that_a_search_accepts(tiny_snapshot):
    with open(DITS, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    ways = [way for row in rows for way in row["mots"].split("|")]
    assert len({tuple(split_words(way)) for way in ways}) == len(ways)
    for row in rows:
        asked = row["valeurs"].split("|") if row["filtre"] else []
        if asked:
            found = parse_filters({row["filtre"]: asked}, tiny_snapshot)
            assert found.values_of(row["filtre"]) == asked
        assert bool(row["filtre"]) == bool(row["valeurs"])


@pytest.mark.parametrize(
    "texte, mots, dit",
    [
        ("Électricien bac+2", "electricien", "Électricien"),
        ("Électricien bac +2", "bac plus 2", "bac +2"),
        ("aide à la personne", "aide personne", "aide personne"),
        ("l'Hôtellerie, à Lens", "hotellerie", "Hôtellerie"),
        ("RSA, demandeur d'emploi", "demandeur d emploi", "demandeur d'emploi"),
        ("soudeur", "boulanger", "boulanger"),
        ("D.E. aide", "diplome etat", "diplome etat"),
        ("", "bac", "bac"),
    ],
)
def test_folded_words_are_told_as_they_were_typed(texte, mots, dit):
    assert as_typed(texte, mots) == dit


def _told(client, texte, **autres):
    page = plain(client.get("/recherche", query_string={"texte": texte, **autres}).text)
    return page, re.findall(r'<p class="explication">(.*?)</p>', page)


def test_the_filter_that_a_word_names_is_offered_not_applied(tiny_app):
    client = tiny_app.test_client()
    page, told = _told(client, "fictif voie scolaire")
    assert "1 formation « fictif »" in page
    assert "« voie scolaire » est un critère : aucune formation trouvée n'y répond." in told
    page, told = _told(client, "apprentissage")
    assert re.search(r'id="titre-resultats"[^>]*>7 formations</h2>', page)
    link = next(one for one in told if "« apprentissage » est un critère :" in one)
    address, words = re.search(r'href="([^"]+)">([^<]+)</a>', link).groups()
    assert words == "3 formations, apprentissage" and "texte" not in address
    kept = client.get(address.replace("&amp;", "&")).text
    assert re.search(r'id="titre-resultats"[^>]*>3 formations, apprentissage</h2>', kept)
    # Words that no title holds stay: they may name a place.
    told = "".join(_told(client, "soins voie scolaire à Amiville")[1])
    assert re.search(r'href="[^"]*texte=soins\+%C3%A0\+Amiville[^"]*voie=scolaire', told)
    # Two values of one filter: either is enough.
    told = "".join(_told(client, "niveau 3 niveau 4")[1])
    assert "niveau=3&amp;niveau=4" in told
    # Chosen already, it is not offered again.
    assert "est un critère" not in "".join(_told(client, "apprentissage", voie="apprentissage")[1])


def test_a_criterion_that_nothing_tells_is_said_not_searched(tiny_app):
    client = tiny_app.test_client()
    for texte, phrase in (
        (
            "cuisine sans expérience",
            "« sans expérience » n'est pas cherché : aucun filtre ne le dit.",
        ),
        (
            "cuisine gratuite",
            "« gratuite » n'est pas cherché : aucune formation trouvée ne dit ce critère (Prix).",
        ),
    ):
        page, told = _told(client, texte)
        assert phrase in told
        assert "1 formation « cuisine »" in page and "laissé de côté" not in page


def test_a_place_is_found_before_criteria_too(tiny_app):
    told = "".join(_told(tiny_app.test_client(), "cuisine à Amiville en alternance")[1])
    assert ">Chercher « cuisine en alternance », lieu : Amiville<" in told
    told = "".join(_told(tiny_app.test_client(), "cuisine près de chez moi")[1])
    assert "n'est pas cherché : dites où sous « Où ? », ou utilisez votre position." in told


def test_the_api_tells_the_criteria_and_does_not_apply_them(tiny_app):
    client = tiny_app.test_client()
    answer = client.get("/api/v1/formations", query_string={"texte": "cuisine en alternance"}).json
    assert answer["texte"]["criteres"] == [
        {"mot": "en alternance", "filtre": "voie", "valeurs": ["apprentissage"], "conseil": ""}
    ]
    assert answer["texte"]["cherche"] == "cuisine" and answer["total"] == 1


def test_a_long_filter_says_how_many_values_it_leaves_out(tiny_app):
    """Nothing is said of values that no training found holds."""
    assert "plus fréquents ici" not in tiny_app.test_client().get("/recherche?texte=cuisine").text
