"""The sheet in plain French: what it says, what it leaves unsaid, how easily it is read."""

import random
import re

import pytest

from geoapp.offer.lookups import open_repertoire
from geoapp.offer.plain import (
    tell_admission,
    tell_chances,
    tell_dates,
    tell_places,
    tell_price,
    tell_sheet,
)
from geoapp.offer.sheet import offer_sheet
from geoapp.web import create_app
from support.readability import kandel_moles, syllables_of, words_of
from support.words import plain
from support.world import publish_world

ATELIER = ("instantané", "millésime", "lignes refusées", "saturée", "code uai")
"""Words of the workshop, which no page for the public says."""


def told_of(etat, sessions=(), periode="septembre 2020"):
    made = [
        {"etat": {"code": code}, "dates": dates, "date_debut": dates, "recrutement": None}
        for code, dates in sessions
    ]
    return tell_dates({"etat": {"code": etat}, "sessions": made, "periode": periode})


@pytest.mark.parametrize(
    "etat, sessions, phrases",
    [
        (
            "passee",
            [("passee", "septembre 2019"), ("passee", "septembre 2020")],
            ["Session passée (septembre 2020) : à vérifier auprès de l'établissement."],
        ),
        (
            "a_venir",
            [("passee", "2025"), ("a_venir", "mars 2027"), ("a_venir", "mai 2027")],
            ["Prochaine entrée : mars 2027 et mai 2027."],
        ),
        ("en_cours", [("en_cours", "septembre 2026")], ["Session en cours : septembre 2026."]),
        ("permanente", [], ["On peut entrer toute l'année."]),
        ("permanente_echue", [], ["On entrait toute l'année (septembre 2020) : à vérifier."]),
        ("inconnue", [], []),
    ],
)
def test_what_is_past_says_so_and_what_is_unknown_says_nothing(etat, sessions, phrases):
    assert told_of(etat, sessions) == phrases


def test_no_price_is_the_law_of_apprenticeship_or_nothing():
    assert tell_price({"prix": "900 € TTC", "voie": {"code": "scolaire"}}) == ["900 € TTC."]
    assert tell_price({"prix": "", "voie": {"code": "scolaire"}}) == []
    assert tell_price({"prix": "", "voie": {"code": "apprentissage"}})[0].startswith("En général")


def test_admission_is_a_rule_said_as_such_then_the_words_of_the_source():
    sheet = {"voie": {"code": "scolaire"}, "diplome": {"code": "bac_pro"}}
    assert tell_admission(
        {**sheet, "entree": "En seconde : 30 places, communes à 2 filières."}
    ) == [
        "En général : la demande se fait par le collège, à la fin de la troisième.",
        "En seconde.",
        "30 places.",
        "Places communes à 2 filières.",
    ]
    assert tell_admission({"voie": {"code": None}, "diplome": {"code": None}}) == []


def flow(voeux, capacite, cellule=None):
    words = f"{voeux} vœux confirmés" if voeux is not None else ""
    return {
        "annee": "2024",
        "annee_etudes": None,
        "nb_voeux": voeux,
        "capacite": capacite,
        "cellules": ["", words if cellule is None else cellule, "", ""],
    }


@pytest.mark.parametrize(
    "row, phrases",
    [
        (flow(12, 10), ["12 vœux confirmés pour 10 places en 2024."]),
        (
            flow(5, 10),
            [
                "5 vœux confirmés pour 10 places en 2024.",
                "Il y avait plus de places que de vœux.",
            ],
        ),
        (
            flow(120, 10),
            ["120 vœux confirmés pour 10 places en 2024.", "Cela fait environ 12 vœux par place."],
        ),
        (flow(None, 10), ["10 places en 2024."]),
        (flow(None, 10, "moins de 5 vœux"), ["Moins de 5 vœux pour 10 places en 2024."]),
        (flow(None, None), []),
    ],
)
def test_wishes_and_places_of_the_last_year_known(row, phrases):
    assert tell_places([row]) == phrases


def test_chances_are_people_with_their_year_and_their_caution():
    region = {"taux_poursuite_pct": 53.0, "taux_emploi_pct": 38.0, "annee": "2022-2023"}
    older = {**region, "annee": "2019-2020", "taux_emploi_pct": 90.0}
    told = tell_chances({"debouches_region": [older, region], "debouches": []})
    assert told[0].endswith("53 jeunes sur 100 ont continué leurs études (2022-2023).")
    assert "38 jeunes sur 100" in told[1] and "ne promettent rien" in told[2]
    school = tell_chances({"debouches_region": [], "debouches": [region]})
    assert school[0].startswith("Dans cet établissement, toutes formations ensemble")
    no_study = {**region, "taux_poursuite_pct": None}
    assert "2022-2023" in tell_chances({"debouches_region": [no_study], "debouches": []})[0]
    assert tell_chances({"debouches_region": [], "debouches": []}) == []


def test_what_no_source_says_is_one_line(tiny_frames, tmp_path):
    snapshot = publish_world(tiny_frames, tmp_path)
    told = tell_sheet(offer_sheet(open_repertoire(snapshot), "tiny:a3"))
    assert "téléphone" in told.manques and "prix" in told.manques
    page = plain(create_app(tmp_path).test_client().get("/formations/tiny:a3").text)
    line = re.findall(r"Non renseigné par nos sources : ([^<]*)\.", page)
    assert line == [", ".join(told.manques)]


def test_the_sheet_is_shared_without_any_position(tiny_frames, tmp_path):
    publish_world(tiny_frames, tmp_path)
    page = create_app(tmp_path).test_client().get("/formations/tiny:a3?lieu=Amiville&niveau=5").text
    mail = re.search(r'href="(mailto:\?[^"]*)"', page)[1]
    assert "BTS%20Soins" in mail and "formations%2Ftiny%3Aa3" in mail and "lieu" not in mail
    assert 'data-adresse="http://localhost/formations/tiny:a3"' in page
    assert '<figure class="code-qr">' in page and "<svg" in page
    assert "openstreetmap.org/directions?to=" in page and "from=" not in page
    other = (
        create_app(tmp_path)
        .test_client()
        .get("/formations/tiny:a3", headers={"Host": "ailleurs.example"})
    )
    assert "code-qr" not in other.text and "ailleurs" not in other.text


def test_the_formula_of_readability():
    assert [syllables_of(mot) for mot in ("formation", "école", "places", "été", "bac")] == [
        3,
        2,
        1,
        2,
        1,
    ]
    assert words_of("L'école : 12 places.") == ["L", "école", "12", "places"]
    assert kandel_moles(["le bac pro"]) == pytest.approx(207 - 1.015 * 3 - 73.6)


@pytest.mark.real
def test_real_sheets_are_easy_to_read(real_snapshot):
    repertoire = open_repertoire(real_snapshot)
    everything = []
    for one in random.Random(14).sample(sorted(repertoire.lignes_par_id), 150):
        sheet = offer_sheet(repertoire, one)
        told = tell_sheet(sheet)
        body = (sheet["organisme"] or sheet["organisme_responsable"] or {}).get("nom") or "·"
        # Names of bodies and of jobs are not ours.
        mine = [one.replace(body, "lui") for one in told.phrases() if "Métiers visés" not in one]
        mine.append(f"Non renseigné par nos sources : {', '.join(told.manques)}.")
        assert max(len(words_of(phrase)) for phrase in mine) <= 20, mine
        assert kandel_moles(mine) >= 60, mine
        everything += mine
    assert kandel_moles(everything) >= 70


@pytest.mark.real
def test_public_pages_say_no_word_of_the_workshop(real_snapshot, real_app):
    client = real_app.test_client()
    offres = real_snapshot.read("offres").drop_duplicates("id_source")
    sheets = [f"/formations/{one}" for one in offres["id_action"]]
    for path in ("/", "/recherche?lieu=Lens&texte=cuisine", *sheets):
        page = client.get(path, follow_redirects=True)
        text = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", page.text, flags=re.S)
        assert page.status_code == 200
        assert [word for word in ATELIER if word in text.lower()] == [], path
