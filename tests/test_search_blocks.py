"""Two blocks of a search: what answers it, what is of a neighbouring job; families of words."""

import csv
import html
import itertools
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geoapp.core.config import GEODATA, load_settings
from geoapp.core.schema import TABLES
from geoapp.core.snapshot import open_snapshot
from geoapp.offer.answers import describe_answer
from geoapp.offer.lookups import open_repertoire
from geoapp.offer.search.concepts import understand
from geoapp.offer.search.engine import open_engine, search
from geoapp.offer.search.kin import kin_of
from geoapp.offer.search.model import Requete
from geoapp.offer.search.requests import parse_request
from geoapp.offer.search.sounds import sound
from geoapp.offer.search.synonyms import load_synonymes
from geoapp.offer.search.text import match_text
from geoapp.reference.codes.text import fold
from geoapp.web import create_app
from support.words import plain
from support.world import make_tiny_frames, publish_world

TITRES = (
    "CAP Boucher",
    "CAP Équipier polyvalent du commerce",
    "CAP Conducteur routier marchandises",
    "Diplôme d'État d'accompagnant éducatif et social",
    "Bac pro Métiers du commerce et de la vente, option A animation et gestion de l'espace",
    "TP Soudeur(se)",
)
METIERS = (
    "Boucher / Bouchère",
    "Boucher / Bouchère|Hôte / Hôtesse de caisse",
    "Conducteur / Conductrice de poids lourd",
    "Aide-soignant / Aide-soignante",
    "Animateur / Animatrice des ventes",
    "Soudeur / Soudeuse",
)
NOMS = (
    ("1", "Sage-femme", "J1104", "Sage-femme", "Sage-femme"),
    ("2", "Conducteur / Conductrice de train", "N4301", "Conducteur / Conductrice de train", ""),
    ("3", "Aide-soignant / Aide-soignante", "J1501", "Aide-soignant", METIERS[3]),
)


@pytest.fixture(scope="module")
def monde(tmp_path_factory):
    folder = tmp_path_factory.mktemp("blocs")
    frames = make_tiny_frames()
    formations = frames["formations"]
    formations["titre"] = formations["intitule"] = TITRES
    formations["metiers"] = METIERS
    titre_de = dict(zip(formations["id_formation"], TITRES, strict=True))
    offres = frames["offres"]
    bodies = ["Lycée La Sagesse", "Accès métiers", "Lycée Boucher de Perthes"]
    frames["offres"] = offres.assign(
        titre=offres["id_formation"].map(titre_de),
        intitule=offres["id_formation"].map(titre_de),
        nom_organisme=[bodies[i % 3] for i in range(len(offres))],
    )
    frames["appellations"] = pd.DataFrame(NOMS, columns=TABLES["appellations"].noms, dtype="str")
    publish_world(frames, folder)
    snapshot = open_snapshot(folder)
    moteur = open_engine(snapshot)
    return SimpleNamespace(
        moteur=moteur,
        index=moteur.index,
        repertoire=open_repertoire(snapshot),
        client=create_app(folder, settings=load_settings({})).test_client(),
        titres=snapshot.read("offres")["titre"],
    )


def blocks(monde, texte: str, **autres) -> tuple[set[str], set[str]]:
    """Return the titles of each block."""
    found = search(monde.moteur, Requete(texte=texte, **autres))
    titles = monde.titres.iloc[found.lignes].tolist()
    return set(titles[: found.total]), set(titles[found.total :])


def test_the_title_answers_and_what_leads_to_the_job_is_a_neighbour(monde):
    assert blocks(monde, "boucher") == ({"CAP Boucher"}, {"CAP Équipier polyvalent du commerce"})


def test_another_diploma_never_stands_under_the_name_of_a_job(monde):
    answers, neighbours = blocks(monde, "aide-soignante")
    assert not answers and neighbours == {"Diplôme d'État d'accompagnant éducatif et social"}


def test_an_animation_of_sales_makes_no_animateur(monde):
    assert blocks(monde, "animateur")[0] == set()


@pytest.mark.parametrize(
    "textes",
    [
        ("soudeur", "soudeuse", "soudure", "souder", "soudage", "soudur"),
        ("chauffeur poids lourd", "conducteur routier", "chauffeuse de poids lourds", "camion"),
        ("caissière", "caissier", "hôtesse de caisse", "hôte de caisse"),
    ],
)
def test_a_family_answers_alike(monde, textes):
    found = [blocks(monde, texte)[0] for texte in textes]
    assert found[0] and all(one == found[0] for one in found)


@pytest.mark.parametrize("texte", ["sage-femme", "CACES", "AFPA", "BAFA", "conducteur de train"])
def test_what_is_not_there_is_said_and_nothing_takes_its_place(monde, texte):
    assert blocks(monde, texte) == (set(), set())
    assert understand(monde.index, texte)[1].corrige == ""


def test_a_known_acronym_is_told_with_its_meaning(monde):
    found = search(monde.moteur, Requete(texte="CACES"))
    assert found.texte.sigles == (("caces", "certificat d'aptitude à la conduite en sécurité"),)
    page = plain(html.unescape(monde.client.get("/recherche?texte=CACES").text))
    assert "Aucune formation « CACES »" in page and "ne porte ce sigle" in page


def test_names_of_bodies_and_communes_are_read_when_they_are_no_job(monde):
    found = search(monde.moteur, Requete(texte="Boucher de Perthes"))
    bodies = monde.repertoire.colonnes["nom_organisme"]
    assert found.total and {bodies[row] for row in found.lignes} == {"Lycée Boucher de Perthes"}
    town = next(nom for nom in monde.repertoire.colonnes["nom_commune"] if nom)
    here = search(monde.moteur, Requete(texte=f"Sagesse {town}"))
    towns = monde.repertoire.colonnes["nom_commune"]
    assert all(town == towns[row] for row in here.lignes)


def test_a_word_left_out_is_said_and_the_title_tells_what_was_searched(monde):
    found = search(monde.moteur, Requete(texte="boucher xylophoniste"))
    assert found.total == 1 and found.texte.cherche == "boucher"
    assert ("xylophoniste", "") in found.texte.corrections
    assert plain(describe_answer(found, monde.repertoire)["titre"]) == "1 formation « boucher »"


def test_order_is_inside_each_block_and_pages_go_through_both(monde):
    for tri in ("distance", "pertinence", "titre", "date"):
        found = search(monde.moteur, Requete(texte="boucher", tri=tri))
        titles = monde.titres.iloc[found.lignes].tolist()
        assert titles[: found.total] == ["CAP Boucher"] * found.total
    one = parse_request({"texte": "boucher", "taille": "1"}, monde.moteur)
    answers = [
        describe_answer(search(monde.moteur, parse_request(
            {"texte": "boucher", "taille": "1", "page": str(page)}, monde.moteur)),
            monde.repertoire)
        for page in range(1, search(monde.moteur, one).nb_pages + 1)
    ]  # fmt: skip
    blocs = [card["bloc"] for answer in answers for card in answer["formations"]]
    assert blocs == ["correspond"] * answers[0]["total"] + ["voisin"] * answers[0]["nb_voisins"]
    assert len(set(blocs)) == 2


def test_facets_count_what_is_announced_else_the_neighbours(monde):
    found = search(monde.moteur, Requete(texte="boucher"))
    assert sum(option.nb for option in found.facettes["niveau"]) == found.total
    none = search(monde.moteur, Requete(texte="aide-soignante"))
    assert not none.total and sum(o.nb for o in none.facettes["niveau"]) == none.nb_voisins


def test_the_page_shows_two_counted_blocks(monde):
    page = plain(html.unescape(monde.client.get("/recherche?texte=boucher").text))
    answer = monde.client.get("/api/v1/formations?texte=boucher").json
    assert f"Correspond à votre recherche : {answer['total']} formation" in page
    assert f"Métiers voisins : {answer['nb_voisins']} formation" in page
    paper = monde.client.get("/recherche/imprimer?texte=boucher").text
    assert "Correspond à votre recherche" in paper and "Métiers voisins" in paper


# --- Words


def test_kin_share_a_root_and_an_ending_of_one_group():
    known = {"soudage", "soudeur", "soudant", "animation", "magasinier", "comptabilite"}
    assert set(kin_of("soudure", known)) == {"soudage", "soudeur"}
    assert kin_of("animateur", known) == [] and kin_of("magasin", known) == []
    assert kin_of("comptable", known) == ["comptabilite"]
    assert kin_of("sure", {"suer"}) == []


@pytest.mark.parametrize(
    "typed, meant, other",
    [
        ("masson", "macon", "maison"),
        ("contable", "comptable", "controle"),
        ("chofeur", "chauffeur", "coffreur"),
        ("infirmiaire", "infirmiere", "intermediaire"),
    ],
)
def test_what_sounds_the_same_is_nearer_than_its_letters(typed, meant, other):
    assert sound(typed) == sound(meant) != sound(other)


def test_families_are_well_formed_and_symmetric():
    with open(GEODATA / "familles.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    ways = [fold(way) for row in rows for way in row["mots"].split("|")]
    assert len(rows) >= 150 and len(set(ways)) == len(ways) and all(ways)
    assert all(title.strip() for row in rows for title in row["intitules"].split("|"))
    said = load_synonymes()
    for key, titles in itertools.islice(said.familles.items(), 500):
        # Every title that a family looks for holds something.
        assert titles and all(any(not root.startswith("-") for root in one) for one in titles), key


def test_acronyms_known_to_all_are_told():
    with open(GEODATA / "sigles.csv", encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    known = {fold(row["sigle"]) for row in rows}
    assert {"caces", "bafa", "afpa", "greta", "cqp", "clea", "daeu", "vae", "poei"} <= known
    assert all(row["sens"].strip() for row in rows) and len(known) == len(rows)


def test_an_empty_text_answers_everything(monde):
    found = search(monde.moteur, Requete(texte="une formation en"))
    assert found.nb_voisins == 0 and found.total == len(found.lignes)
    assert match_text(monde.index, "une formation").concepts == ()
    assert np.isfinite(found.total)
