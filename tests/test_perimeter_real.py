"""The perimeter on the real mirror: no page, file, figure or sheet tells a hole as a gap."""

from __future__ import annotations

import csv
import html
import io
import re
from types import SimpleNamespace

import pytest

from geoapp.coverage.answer import answer
from geoapp.coverage.indicators import INDEPENDANTS, INDICATEURS
from geoapp.coverage.model import parse_question
from geoapp.coverage.territories.content import build_content
from geoapp.coverage.territories.sheet import present
from geoapp.coverage.territories.zone import find_zone
from geoapp.outputs.coverage import file_of
from geoapp.outputs.figures.content import describe_figure, make_content
from geoapp.outputs.figures.model import Figure
from geoapp.outputs.files.shown import shown_title
from support.words import plain

pytestmark = pytest.mark.real

INCONNUES = [{"voie": "continue"}, {"niveau": "8"}, {"domaine": "sante"}]
GAPS = re.compile(r"\d[\d  ,]*%|vivent à plus|manque|n'a aucune|robuste|sans offre|éloignée")
"""Words that would tell that people lack an offer."""


@pytest.fixture(scope="module")
def served(real_world, real_app):
    client = real_app.test_client()
    return SimpleNamespace(world=real_world, client=client)


@pytest.mark.parametrize("filtre", INCONNUES)
def test_the_page_and_its_files_tell_no_lack_of_what_no_source_holds(served, filtre):
    page = html.unescape(served.client.get("/couverture", query_string=filtre).text)
    headline = plain(re.search(r'(?s)<p class="phrase.*?</p>', page).group(0))
    assert (
        "Offre non collectée" in headline and "ce n'est pas dire qu'elle n'existe pas" in headline
    )
    assert not GAPS.search(headline)
    assert "(offre non collectée)</h1>" in page and "choro-non-collectee" in page
    raw = served.client.get("/couverture/export.csv", query_string=filtre).data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(raw), delimiter=";"))
    reponse = answer(served.world, parse_question(filtre, served.world))
    shown = [
        shown_title(one, est_en_pour_cent=True)
        for one in file_of(served.world, reponse).colonnes
        if one.nom in INDICATEURS and one.nom not in INDEPENDANTS
    ]
    assert len(rows) == 24 and {row["Offre connue"] for row in rows} == {"Offre non collectée"}
    assert {row[titre] for row in rows for titre in shown} == {"non collectée"}
    body = served.client.get("/api/v1/couverture", query_string=filtre).get_json()
    assert body["perimetre"]["parts"] == {"connue": 0, "partielle": 0, "inconnue": 1}
    assert body["communes_blanches"] == []


@pytest.mark.parametrize("filtre", INCONNUES)
def test_the_static_map_tells_no_lack_of_what_no_source_holds(served, filtre):
    question = parse_question(filtre, served.world)
    for sort in ("couverture", "densite"):
        figure = Figure(type=sort, question=question, emprise="departement:02")
        content = make_content(served.world, figure)
        assert content.titre.endswith("(offre non collectée)")
        legend = [entry.libelle for bloc in content.blocs for entry in bloc.entrees]
        assert legend == ["offre non collectée"]
        assert not GAPS.search(plain(describe_figure(served.world, figure)))


def test_the_sheet_of_the_aisne_in_care_tells_what_is_not_known_and_nothing_else(served):
    question = parse_question({"domaine": "sante"}, served.world)
    content = build_content(served.world, question, find_zone(served.world, "departement:02"))
    fiche = present(served.world, content)
    assert plain(fiche.phrases[0]) == (
        "Offre non collectée : aucune de nos sources ne dit tenir cette offre (Santé) ; "
        "ce n'est pas dire qu'elle n'existe pas."
    )
    assert fiche.phrases[1].startswith("On ne peut dire lesquels de ses")
    assert fiche.phrases[2].startswith("Nos sources en citent pourtant")
    assert fiche.question.endswith("(offre non collectée)")
    told = [
        *fiche.phrases,
        *fiche.avertissements,
        *(t.vide for t in fiche.tableaux.values() if not t.mots),
    ]
    assert not [one for one in told if re.search(r"\d\s?%|n'a aucune|zone blanche", plain(one))]
    words = {mot for row in fiche.tableaux["couverture"].mots for mot in row[1:]}
    assert "non collectée" in words and not [one for one in words if "%" in one]


def test_a_school_question_that_is_known_keeps_its_numbers_and_its_solidity(served):
    asked = {"voie": "scolaire", "niveau": "4", "domaine": "commerce", "zonage": "epci"}
    body = served.client.get("/api/v1/couverture", query_string=asked).get_json()
    assert body["perimetre"]["statut"] == "connue"
    assert plain(body["perimetre"]["phrase"]) == "Offre connue : CAP et bac pro des lycées (2022)."
    assert {row["solidite"] for row in body["communes_blanches"]} <= {"robuste", "fragile"}
    assert all(row["perimetre"] == "connue" for row in body["zones"])


def test_a_general_baccalaureate_is_not_held_by_the_vocational_school(served):
    asked = {"voie": "scolaire", "type_diplome": "bac_general"}
    body = served.client.get("/api/v1/couverture", query_string=asked).get_json()
    assert body["perimetre"]["statut"] == "inconnue" and "%" not in body["phrase"]
