"""The perimeter of the known offer: claims of sources, cells, what a question may count."""

from __future__ import annotations

import html
import io
import re
from dataclasses import replace
from types import SimpleNamespace

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.config import Settings
from geoapp.core.schema import NIVEAUX, STATUTS, VOIES, conform
from geoapp.coverage.answer import answer
from geoapp.coverage.indicators import INDEPENDANTS, INDICATEURS
from geoapp.coverage.model import parse_question
from geoapp.coverage.publics import compare_publics, measure_equity
from geoapp.coverage.territories.content import build_content
from geoapp.coverage.territories.sheet import present
from geoapp.coverage.territories.zone import find_zone
from geoapp.coverage.world import open_world
from geoapp.ingest.perimeter import perimeter_table
from geoapp.ingest.totals import CASE, count_totals, read_totals, shares_by_case, totals_table
from geoapp.offer.filters import parse_filters
from geoapp.offer.perimeter import INCONNUE, perimeter_of, together
from geoapp.offer.quality.perimeter import _named, list_totals, perimeter_grid
from geoapp.outputs.coverage import file_of
from geoapp.outputs.figures.content import describe_figure, make_content
from geoapp.outputs.figures.model import Figure
from geoapp.outputs.files.shown import shown_title
from geoapp.sources.claims import claims_problem, is_recent, read_claims, real_domains
from geoapp.sources.records import Lecture
from geoapp.sources.registry import get_source, load_sources
from geoapp.web import create_app
from geoapp.web.perimeter_view import draw
from support.examples import cheap
from support.words import plain
from support.world import make_perimeter, make_tiny_frames, publish_world

CLAIM = {
    "nom": "lycées professionnels",
    "dit": "Un fichier le dit.",
    "est_complete": True,
    "voies": ["scolaire"],
    "niveaux": ["3", "4"],
}


def source(nom="a", millesime="2022", **changes):
    """Return a source with one claim, as the build reads it."""
    return replace(
        get_source("rco-2020-11"), id=nom, millesime=millesime, perimetre=[{**CLAIM, **changes}]
    )


def cells(sources, shares=(), offres=()) -> pd.DataFrame:
    """Return the table of a région of one département, by (voie, level, domain)."""
    counted = pd.DataFrame(
        [("t", "élèves", *case, nb, est_tenu) for case, nb, est_tenu in shares],
        columns=["id_source", "sujet", *CASE, "nb", "est_tenu"],
    )
    tables = {
        "offres": pd.DataFrame(offres, columns=[*CASE[:3], "code_commune"], dtype="object"),
        "communes": pd.DataFrame({"code_commune": ["59001"], "code_departement": ["59"]}),
    }
    table = perimeter_table(sources, tables, counted, ["59"])
    return table.set_index(["voie", "niveau_sortie", "code_domaine"])


COMMERCE = ("scolaire", "3", "commerce")


# --- Claims


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"voie": ["scolaire"]}, "« voies »"),
        ({"voies": ["scolair"]}, "Vouliez-vous dire « scolaire »"),
        ({"niveaux": ["2"]}, "Admis : 3, 4, 5, 6, 7, 8"),
        ({"niveaux": []}, "niveaux est attendu"),
        ({"domaines": ["santé"]}, "« sante »"),
        ({"domaines": ["sante"], "sauf_domaines": ["art"]}, "pas les deux"),
        ({"est_complete": "oui"}, "true ou false"),
        ({"dit": ""}, "dit est attendu"),
        ({"departements": "02"}, "liste de textes"),
        ({"types_diplome": ["bacpro"]}, "« bac_pro »"),
    ],
)
def test_a_claim_that_breaks_a_rule_is_refused_in_words(changes, said):
    assert said in claims_problem([{**CLAIM, **changes}])
    assert claims_problem([CLAIM]) == ""


def test_only_a_source_of_the_offer_may_claim(tmp_path):
    path = tmp_path / "sources.toml"
    row = '[[source]]\nid = "z"\ntitre = "Z"\nproducteur = "P"\nlicence = "L"\nmillesime = "2020"\n'
    row += 'usage = "passage"\nformat = "csv"\ncolonnes = { ancien_code = "a" }\n'
    row += '[[source.perimetre]]\nnom = "x"\ndit = "d"\nest_complete = true\n'
    path.write_text(row + 'voies = ["scolaire"]\nniveaux = ["3"]\n', encoding="utf-8")
    with pytest.raises(Exception, match="n'est pas une offre de la région"):
        load_sources(path)


def test_the_registry_claims_neither_care_nor_continuing_training_nor_doctorates_on_the_mirror():
    shipped = ("rco-2020-11", "bts-2024", "voie-pro-2022", "affelnet-2020")
    claims = [one for nom in shipped for one in read_claims(get_source(nom).perimetre)]
    assert len(claims) >= 6
    for one in claims:
        assert not any(
            one.holds(voie, niveau, "sante", "59") for voie in VOIES for niveau in NIVEAUX
        )
        assert not any(one.holds("continue", niveau, "commerce", "59") for niveau in NIVEAUX)
        assert not any(one.holds(voie, "8", "commerce", "59") for voie in VOIES)


def test_recent_is_measured_against_the_newest_source_never_today():
    assert is_recent("2021", 2024) and not is_recent("2020-11-16", 2024)
    assert is_recent("courant", 2024) and is_recent("2019", None)


# --- Cells


def test_a_cell_is_known_when_a_recent_source_claims_all_of_it():
    table = cells([source()])
    assert table.loc[COMMERCE, ["statut", "noms", "millesimes"]].tolist() == [
        "connue",
        "lycées professionnels",
        "2022",
    ]
    assert table.loc[("scolaire", "5", "commerce"), "statut"] == "inconnue"
    assert table.loc[("continue", "3", "commerce"), "statut"] == "inconnue"


def test_a_partial_or_an_old_claim_makes_a_cell_known_in_part():
    assert cells([source(est_complete=False)]).loc[COMMERCE, "statut"] == "partielle"
    old = cells([source(millesime="2020"), source("b", "2024", niveaux=["5"])])
    assert old.loc[COMMERCE, "statut"] == "partielle"
    assert "3 ans" in old.loc[COMMERCE, "preuve"]
    assert old.loc[("scolaire", "5", "commerce"), "statut"] == "connue"


def test_a_partial_list_adds_nothing_to_what_is_held_whole():
    table = cells([source("b", est_complete=False), source()])
    assert table.loc[COMMERCE, ["statut", "id_sources"]].tolist() == ["connue", "a"]


@pytest.mark.parametrize(
    ("tenus", "statut"), [(80, "connue"), (79, "partielle"), (0, "partielle"), (100, "connue")]
)
def test_an_outside_total_of_which_too_little_is_held_makes_it_partial(tenus, statut):
    case = (*COMMERCE, "59")
    table = cells([source()], [(case, tenus, True), (case, 100 - tenus, False)])
    assert table.loc[COMMERCE, "statut"] == statut
    assert table.loc[COMMERCE, "part_connue"] == pytest.approx(tenus / 100)


def test_a_total_of_fewer_than_five_people_tells_nothing():
    table = cells([source()], [((*COMMERCE, "59"), 4, False)])
    assert table.loc[COMMERCE, "statut"] == "connue" and pd.isna(table.loc[COMMERCE, "part_connue"])


def test_offers_that_happen_to_be_there_make_no_claim():
    table = cells([source()], offres=[("continue", "6", "sante", "59001")])
    row = table.loc[("continue", "6", "sante")]
    assert (row["statut"], row["nb_offres"]) == ("inconnue", 1)


def test_claims_of_some_domains_or_departements_hold_there_only():
    table = cells([source(sauf_domaines=["sante"])])
    assert table.loc[("scolaire", "3", "sante"), "statut"] == "inconnue"
    assert cells([source(departements=["02"])]).loc[COMMERCE, "statut"] == "inconnue"


def test_there_is_one_cell_per_voie_level_domain_and_departement():
    assert len(cells([])) == len(VOIES) * len(NIVEAUX) * len(real_domains())


# --- Totals


def totals_world():
    """Return tables in which one lycée teaches one CAP, and the pupils of two lycées."""
    tables = {
        "formations": pd.DataFrame(
            {
                "id_formation": ["f"],
                "niveau_sortie": ["3"],
                "code_domaine": ["commerce"],
                "code_mef": ["23220031214"],
            }
        ),
        "actions": pd.DataFrame(
            {"id_action": ["a"], "id_formation": ["f"], "id_organisme": ["o"], "voie": ["scolaire"]}
        ),
        "organismes": pd.DataFrame(
            {"id_organisme": ["o"], "siret": [None], "code_uai": ["0590005K"]}, dtype="object"
        ),
        "actions_lieux": pd.DataFrame({"id_action": ["a"], "id_lieu": ["l"]}),
        "lieux": pd.DataFrame({"id_lieu": ["l"], "code_uai": ["0590005K"]}),
    }
    frame = pd.DataFrame(
        {
            "code_uai": ["0590005K", "0590249A", "0590249A", "zzz"],
            "code_mef": ["23210031214", "23210031214", "23820031214", "23820031214"],
            "nb_eleves": ["30", "10", "3", "9"],
            "sujet": "élèves",
        },
        dtype="str",
    )
    lecture = Lecture(frame=frame, nb_lues=4)
    return tables, read_totals(lecture, get_source("constat-2020-eleves"))


def test_pupils_are_held_when_their_establishment_teaches_that_level():
    tables, (total, bilan) = totals_world()
    assert (bilan.nb_lues, bilan.nb_valides, len(bilan.rejets)) == (4, 3, 1)
    counted = count_totals([total], tables, ["59"])
    table = totals_table(counted).set_index("niveau_sortie")
    assert table.loc["3", ["nb_total", "nb_tenus"]].tolist() == [40, 30]
    # Three pupils are fewer than five: neither they nor what is held of them is told.
    assert table.loc["4", "nb_total"] is pd.NA and table.loc["4", "nb_tenus"] == 0
    shares = shares_by_case(counted)
    assert shares[("scolaire", "3", "commerce", "59")] == (0.75, "constat-2020-eleves")


# --- What a question may count


def world_of(tmp_path, perimetre):
    """Return the tiny world with another perimeter."""
    frames = make_tiny_frames()
    frames["perimetre"] = perimetre
    return open_world(publish_world(frames, tmp_path))


@given(st.lists(st.sampled_from(STATUTS), min_size=1, max_size=30))
@cheap()
def test_several_cells_are_known_when_all_are_and_unknown_when_all_are(statuts):
    whole = together([statuts.count(one) for one in STATUTS])
    assert (whole == "connue") == (set(statuts) == {"connue"})
    assert (whole == INCONNUE) == (set(statuts) == {INCONNUE})


def test_the_shares_of_a_question_add_up_to_one_and_follow_its_filters(tmp_path):
    table = make_perimeter()
    is_continue, is_eight = table["voie"].eq("continue"), table["niveau_sortie"].eq("8")
    table.loc[is_continue | is_eight, ["statut", "id_sources", "noms", "millesimes"]] = [
        INCONNUE,
        None,
        None,
        None,
    ]
    table.loc[table["voie"].eq("apprentissage") & ~is_eight, "statut"] = "partielle"
    snapshot = world_of(tmp_path, table).snapshot
    expected = {
        (): ("partielle", 10 / 36),
        (("voie", "continue"),): (INCONNUE, 0.0),
        (("niveau", "8"),): (INCONNUE, 0.0),
        (("voie", "scolaire"),): ("partielle", 5 / 6),
        (("voie", "scolaire"), ("niveau", "3")): ("connue", 1.0),
        (("voie", "apprentissage"), ("niveau", "3")): ("partielle", 0.0),
        (("niveau", "inconnu"),): ("partielle", 10 / 36),
    }
    for pairs, (statut, _part) in expected.items():
        found = perimeter_of(snapshot, parse_filters(dict(pairs), snapshot))
        assert found.statut == statut, pairs
        assert sum(found.parts.values()) == pytest.approx(1)
    whole = perimeter_of(snapshot, parse_filters({}, snapshot))
    assert whole.parts["connue"] == pytest.approx(5 / 18)
    assert plain(whole.phrase) == (
        "Offre partiellement connue : petite offre (2026, en partie) ; "
        "la formation continue et le niveau 8 ne sont pas connus."
    )
    one = perimeter_of(snapshot, parse_filters({"voie": ["scolaire", "continue"]}, snapshot))
    assert "la formation continue et le niveau 8 ne sont pas connus" in plain(one.phrase)


def test_a_criterion_that_some_sources_do_not_give_makes_the_offer_known_in_part(tmp_path):
    snapshot = world_of(tmp_path, make_perimeter()).snapshot
    assert perimeter_of(snapshot, parse_filters({}, snapshot)).statut == "connue"
    found = perimeter_of(snapshot, parse_filters({"conventionnee": "oui"}, snapshot))
    assert found.statut == "partielle" and "Conventionnée" in found.portee
    assert found.with_offers(0).statut == INCONNUE and found.with_offers(1).statut == "partielle"


@pytest.fixture(scope="module", params=[INCONNUE, "partielle", "connue"])
def told(request, tmp_path_factory):
    """Return a tiny world of which the whole offer has one status, and its client."""
    folder = tmp_path_factory.mktemp(request.param)
    world = world_of(folder, make_perimeter(request.param))
    client = create_app(settings=Settings(data_dir=world.snapshot.path.parents[1])).test_client()
    return SimpleNamespace(statut=request.param, world=world, client=client)


QUESTIONS = [{"seuil_km": "1"}, {"niveau": "4", "seuil_km": "1"}, {"zonage": "commune"}]
NOMBRES = tuple(nom for nom in INDICATEURS if nom not in INDEPENDANTS)


@pytest.mark.parametrize("parametres", QUESTIONS)
def test_an_offer_that_is_not_known_gives_no_number_anywhere(told, parametres):
    world, question = told.world, parse_question(parametres, told.world)
    reponse = answer(world, question)
    body = told.client.get("/api/v1/couverture", query_string=parametres).get_json()
    assert body["perimetre"]["statut"] == reponse.perimetre.statut == told.statut
    is_empty = [
        all(row[nom] is None for nom in NOMBRES) and row["cause"] is row["solidite"] is None
        for row in (*body["zones"], body["ensemble"])
    ]
    assert all(is_empty) if told.statut == INCONNUE else not any(is_empty)
    words = [row["solidite"] for row in (*body["zones"], *body["communes_blanches"])]
    allowed = {INCONNUE: {None}, "partielle": {None, "incertaine"}}
    assert set(words) <= allowed.get(told.statut, {None, "robuste", "fragile"})
    if told.statut == INCONNUE:
        assert body["communes_blanches"] == [] and body["classes"]["effectifs"] == []
        assert not re.search(r"\d", reponse.phrase.replace(reponse.perimetre.demande, ""))
        book = told.client.get("/couverture/export.xlsx", query_string=parametres).data
        sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
        head, *lines = sheet.iter_rows(values_only=True)
        shown = [shown_title(one) for one in file_of(world, reponse).colonnes if one.nom in NOMBRES]
        for line in lines:
            row = dict(zip(head, line, strict=True))
            assert {row[titre] for titre in shown} == {"non collectée"}
            assert row["Offre connue"] == "Offre non collectée"


def test_a_value_that_no_source_holds_has_no_zero_beside_it(told):
    fields = r'name="(?:voie|niveau)" (?:form="\w+" )?value="\w+".*?class="nb">(.*?)<'
    for path in ("/carte", "/recherche?lieu=Amiville", "/couverture"):
        shown = re.findall(fields, plain(told.client.get(path).text))
        assert shown and ("non collectée" in shown) == (told.statut == INCONNUE), path
        # « Non renseigné » is a value of its own: of each list, it alone may have a zero.
        assert told.statut != INCONNUE or shown.count("0") <= 2, path


def test_pages_figures_and_sheets_tell_a_hole_of_the_data_as_one(told):
    if told.statut != INCONNUE:
        pytest.skip("rien à taire")
    world = told.world
    question = parse_question({"seuil_km": "1"}, world)
    for path in ("/couverture", "/couverture/zones/ze2020/3201", "/couverture/publics"):
        page = html.unescape(told.client.get(path, query_string={"seuil_km": "1"}).text)
        # Notes tell shares of trainings and of costs, the error of trips is one, and two indicators
        # have one in what they are.
        named = "90 % des habitants|plus de 20 % de"
        told_elsewhere = rf'<li>.*?</li>|<p class="aide precision">.*?</p>|{named}'
        page = re.sub(f"(?s){told_elsewhere}", "", plain(page))
        assert "Offre non collectée" in page and not re.search(r"\d\s?%", page), path
        assert "robuste" not in re.sub(r"(?s)<(style|script|svg|dl).*?</\1>", "", page), path
    for sort in ("couverture", "densite", "offre"):
        figure = Figure(type=sort, question=question)
        content = make_content(world, figure)
        assert "offre non collectée" in content.titre
        said = [one for bloc in content.blocs for one in bloc.lignes]
        assert "%" not in describe_figure(world, figure) + " ".join(said)
    content = build_content(world, question, find_zone(world, "ze2020:3201"))
    fiche = present(world, content)
    texts = [
        *fiche.phrases,
        *(
            mot
            for nom in ("couverture", "domaines")
            for row in fiche.tableaux[nom].mots
            for mot in row[1:]
        ),
    ]
    assert not [one for one in texts if "%" in one]
    assert fiche.tableaux["blanches"].mots == fiche.tableaux["absents"].mots == []
    assert all(index.valeur != index.valeur for index in measure_equity(world, question))
    assert all(pd.isna(one.part_couverte) for one in compare_publics(world, question))


def test_a_question_known_in_part_says_so_in_its_headline_and_is_never_robust(told):
    if told.statut != "partielle":
        pytest.skip("offre toute connue, ou pas du tout")
    reponse = answer(told.world, parse_question({"seuil_km": "1"}, told.world))
    assert reponse.phrase.startswith("Dans l'offre que nos sources tiennent : ")
    assert "Offre partiellement connue : petite offre (2026, partiel)." in reponse.phrase
    assert not reponse.points["est_robuste"].any()
    page = html.unescape(told.client.get("/couverture?seuil_km=1").text)
    assert "(offre partiellement connue)</h1>" in page
    # Said once to the eye: the number first, what the sources hold under it, a word in the legend.
    headline = plain(re.search(r'(?s)<p class="phrase.*?</p>', page).group(0))
    number, _, rest = headline.partition('<span class="suite">')
    assert "Offre partiellement" not in number and rest.startswith("Offre partiellement connue :")
    legend = plain(page.partition('id="titre-legende"')[2].partition("</section>")[0])
    assert "dit en tête de page" in legend and "petite offre" not in legend


def test_an_offer_held_in_part_of_which_no_training_is_held_is_not_known(tmp_path):
    world = world_of(tmp_path, make_perimeter("partielle"))
    reponse = answer(world, parse_question({"domaine": "sport"}, world))
    assert reponse.perimetre.statut == INCONNUE and reponse.perimetre.est_sans_ligne
    assert reponse.tableau["part_non_couverte"].isna().all()
    assert "ce n'est pas dire qu'il n'en existe pas" in reponse.phrase


def test_a_departement_whose_offer_is_not_known_empties_the_zones_that_it_touches(tmp_path):
    table = make_perimeter()
    table.loc[table["code_departement"].eq("59"), "statut"] = INCONNUE
    world = world_of(tmp_path, table)
    reponse = answer(world, parse_question({"zonage": "departement"}, world))
    rows = reponse.tableau.set_index("code_zone")
    assert rows["perimetre"].to_dict() == {"59": INCONNUE, "80": "connue"}
    assert pd.isna(rows.loc["59", "part_non_couverte"])
    assert pd.notna(rows.loc["80", "part_non_couverte"])
    assert pd.isna(reponse.ensemble["part_non_couverte"]) and "le tableau" in reponse.phrase
    assert pd.notna(reponse.ensemble["population"])


# --- Search


def test_few_results_or_none_say_what_the_sources_hold(told):
    found = told.client.get("/api/v1/formations?texte=zzz").get_json()["perimetre"]
    assert found["statut"] == told.statut
    said = {
        INCONNUE: "Offre non collectée : aucune de nos sources ne dit tenir cette offre",
        "partielle": "Aucune formation « zzz » dans nos sources : petite offre (2026, partiel)",
        "connue": "Aucune formation « zzz » dans nos sources : petite offre (2026).",
    }[told.statut]
    assert plain(found["message"]).startswith(said)
    page = html.unescape(told.client.get("/recherche?texte=zzz").text)
    assert said in plain(page)
    few = told.client.get("/api/v1/formations?niveau=5").get_json()
    words = {INCONNUE: "sans dire qu'elles les tiennent toutes"}.get(
        told.statut, "Peu de résultats"
    )
    assert 0 < few["total"] < 5 and words in plain(few["perimetre"]["message"])
    typo = told.client.get("/api/v1/formations?texte=cuisne").get_json()
    if told.statut != INCONNUE:
        assert typo["total"] and "Aucune formation « cuisne » dans nos sources" in plain(
            typo["perimetre"]["message"]
        )
    many = told.client.get("/api/v1/formations").get_json()
    assert (many["perimetre"]["message"] == "") == (told.statut != INCONNUE)
    facets = told.client.get("/api/v1/facets?niveau=5").get_json()["perimetre"]
    assert facets == few["perimetre"]


def test_two_voies_that_no_source_holds_are_two_and_feminine(tmp_path):
    table = make_perimeter()
    table.loc[table["voie"].isin(["continue", "scolaire"]), "statut"] = INCONNUE
    snapshot = publish_world({**make_tiny_frames(), "perimetre": table}, tmp_path)
    found = perimeter_of(snapshot, parse_filters({}, snapshot))
    assert set(found.inconnues) == {"la formation continue", "la voie scolaire"}
    assert found.trous.endswith(" ne sont pas connues.") and found.trous.startswith("La ")


NOT_HELD = "Offre non collectée : aucune de nos sources ne dit tenir cette offre"
NONE = "dans nos sources : petite offre (2026)"


@pytest.mark.parametrize(
    ("texte", "said"),
    [
        # Of no training of ours: the rules that give a training its domain read the words.
        ("infirmier", f"{NOT_HELD} (Santé)"),
        # The trainings that answer, wherever they are, are of one domain.
        ("soins", "Offre non collectée (Santé) : nos sources citent ces formations"),
        # Words of another domain ask what is known of it, words of none of every offer.
        ("cap", "Peu de résultats : nos sources tiennent petite offre (2026)."),
        # A kind of diploma asks for its levels: that of a doctorate is held by none.
        ("Doctorat zzz", f"{NOT_HELD} (Doctorat)"),
        ("bts zzz", f"Aucune formation « bts zzz » {NONE} ; le domaine"),
        ("plombier", f"Aucune formation « plombier » {NONE} ; le niveau 8 n'est pas connu ;"),
        ("zzz", f"Aucune formation « zzz » {NONE} ; le domaine « Santé » et le niveau 8 ne"),
    ],
)
def test_words_that_name_a_domain_ask_what_is_known_of_it(tmp_path, texte, said):
    table = make_perimeter()
    is_unheld = table["code_domaine"].eq("sante") | table["niveau_sortie"].eq("8")
    table.loc[is_unheld, "statut"] = INCONNUE
    snapshot = publish_world({**make_tiny_frames(), "perimetre": table}, tmp_path)
    client = create_app(snapshot.path.parents[1]).test_client()
    found = client.get(f"/api/v1/formations?texte={texte}").get_json()
    assert plain(found["perimetre"]["message"]).startswith(said), found["perimetre"]
    page = plain(html.unescape(client.get(f"/recherche?texte={texte}").text))
    assert ("Aucune formation connue" in page) == (not found["total"])


def test_a_kind_of_diploma_asks_the_levels_that_it_leads_to(tmp_path):
    table = make_perimeter()
    table.loc[table["niveau_sortie"].ne("3"), "statut"] = INCONNUE
    snapshot = world_of(tmp_path, table).snapshot
    for code, statut in (("cap", "connue"), ("bts", INCONNUE)):
        found = perimeter_of(snapshot, parse_filters({"type_diplome": code}, snapshot))
        assert found.statut == statut
    held = make_perimeter().assign(types_diplome="bac_pro,bma|")
    one_of_two = make_perimeter().assign(types_diplome="bac_pro,bma")
    for number, (table, statut) in enumerate([(held, "connue"), (one_of_two, INCONNUE)]):
        kinds = world_of(tmp_path / str(number), conform(table, "perimetre")).snapshot
        asked = parse_filters({"type_diplome": "bac_general"}, kinds)
        assert perimeter_of(kinds, asked).statut == statut
        asked = parse_filters({"type_diplome": "bac_pro"}, kinds)
        assert perimeter_of(kinds, asked).statut == "connue"
    both = {"type_diplome": ["cap", "bts"]}
    assert perimeter_of(snapshot, parse_filters(both, snapshot)).statut == "partielle"


# --- The picture


def test_the_picture_tells_every_cell_once_and_its_exceptions_in_words(tmp_path):
    table = make_perimeter()
    table.loc[table["code_domaine"].eq("sante"), "statut"] = INCONNUE
    is_one = table["code_domaine"].eq("art") & table["code_departement"].eq("80")
    table.loc[is_one & table["niveau_sortie"].eq("3"), "statut"] = "partielle"
    table.loc[table["voie"].eq("continue"), "statut"] = INCONNUE
    snapshot = world_of(tmp_path, table).snapshot
    grid = perimeter_grid(snapshot)
    boxes = {(case.voie, case.niveau): case for line in grid for case in line}
    assert len(boxes) == len(VOIES) * len(NIVEAUX)
    assert sum(sum(case.effectifs.values()) for case in boxes.values()) == len(table)
    assert boxes["scolaire", "5"].resume == "Connue, sauf Santé (inconnue)"
    assert boxes["scolaire", "3"].resume == ("Connue, sauf 1 case (en partie) et Santé (inconnue)")
    assert boxes["continue", "3"].resume == "Inconnue"
    drawn = draw(boxes["scolaire", "3"])
    assert [path.count("M") for _, path in drawn.chemins] == [37, 1, 2]
    page = create_app(settings=Settings(data_dir=snapshot.path.parents[1])).test_client()
    shown = html.unescape(page.get("/qualite").text)
    assert "Connue, sauf Santé (inconnue)" in shown and shown.count('class="dessin"') == 18


def test_the_totals_shown_add_up_the_departements_and_leave_out_what_is_hidden(tmp_path):
    frames = make_tiny_frames()
    rows = [("59", 100, 90), ("80", 50, 50), ("62", None, 3)]
    frames["totaux"] = conform(
        pd.DataFrame(
            [
                {
                    "id_total": f"tiny:3:{code}",
                    "id_source": "tiny",
                    "sujet": "élèves",
                    "voie": "scolaire",
                    "niveau_sortie": "3",
                    "code_departement": code,
                    "nb_total": total,
                    "nb_tenus": held,
                }
                for code, total, held in rows
            ]
        ),
        "totaux",
    )
    told = list_totals(publish_world(frames, tmp_path))
    assert [[plain(one) for one in row] for row in told] == [
        ["Élèves : Petite offre", "2026", "Niveau 3", "150", "140", "93,3 %"]
    ]
    assert _named("Élèves", "Élèves par établissement") == "Élèves par établissement"
