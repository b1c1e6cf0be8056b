"""Displayed names: titles, kinds, levels, bodies and addresses, by hand and on the mirror."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from geoapp.ingest.naming import gather_labels, name_formations
from geoapp.offer.naming.bodies import (
    NomsPropres,
    learn_names,
    say_address,
    say_body,
    town_postcodes,
)
from geoapp.offer.naming.titles import CONTREDIT, Formation, Libelles, name_training
from geoapp.offer.naming.words import (
    Vocabulaire,
    align,
    learn_abbreviations,
    list_abbreviations,
    write_out,
)
from geoapp.reference.codes.diplomas import (
    load_diplomes,
    read_cfd,
    read_type,
    split_head,
    split_tail,
)
from geoapp.reference.codes.levels import load_niveaux

CFD = pd.DataFrame(
    {
        "code_cfd": ["40025214", "50033412", "50022137", "32011111"],
        "libelle": [
            "MAINTENANCE DES VEHICULES OPTION A VOITURES PARTICULIERES",
            "COMMERCIALISATION ET SERVICES EN HOTEL-CAFE-RESTAURANT",
            "Boulanger (CAP)",
            "Banque",
        ],
        "libelle_court": ["MAINT.VEHIC.OPTA VOIT.PARTICUL.", "COMMER.SERV.HOTEL-CAFE", "", ""],
        "niveau": ["04", "03", "03", "05"],
        "date_fin": ["", "", "", ""],
    }
).astype("str")
MEF = pd.DataFrame(
    {
        "code_mef": ["2472521431"],
        "code_mefstat": ["22112521431"],
        "code_cfd": ["40025214"],
        "libelle": ["2NDPRO MAINT.VEHIC.OPTA VOIT.PARTICUL."],
        "libelle_court": [""],
    }
).astype("str")
ECRITS = pd.DataFrame(
    {
        "code_rome": ["I1604"],
        "libelle": ["Mécanicien de véhicules, maintenance des voitures particulières en hôtel"],
    }
).astype("str")
LIBELLES = gather_labels({"code_cfd": CFD, "code_mef": MEF, "code_rome": ECRITS})


def said(intitule: str, libelles: Libelles = LIBELLES, **values):
    """Return how one training is said."""
    return name_training(Formation(intitule=intitule, **values), libelles)


@pytest.mark.parametrize(
    ("intitule", "values", "titre"),
    [
        ("1CAP3A MARECHAL-FERRANT", {}, "CAP Marechal-ferrant"),
        ("boulanger", {"type_diplome": "Certificat d'aptitude professionnelle"}, "CAP Boulanger"),
        ("CAP boulanger", {"type_diplome": "CAP"}, "CAP Boulanger"),
        (
            "Bac pro (seconde) MAINT.VEHIC.OPTA VOIT.PARTICUL.",
            {"code_mef": "2472521431"},
            "Bac pro (seconde) Maintenance des véhicules, option A voitures particulières",
        ),
        (
            "2NDPRO MAINT.VEHIC.OPTA VOIT.PARTICUL.",
            {"code_cfd": "40025214"},
            "Bac pro (seconde) Maintenance des véhicules, option A voitures particulières",
        ),
        ("DUT - Service - Gestion", {}, "DUT Gestion"),
        ("coiffeur (BM)", {}, "BM Coiffeur"),
        ("Licence pro mention banque", {}, "Licence pro Banque"),
        ("Diplôme d'État d'aide-soignant", {"niveau": "4"}, "Diplôme d'État d'aide-soignant"),
        ("Sans rien de connu", {}, "Sans rien de connu"),
    ],
)
def test_a_title_is_its_kind_then_a_sentence(intitule, values, titre):
    assert said(intitule, **values).titre == titre


def test_what_a_title_rests_on_is_told():
    assert said("CAP boulanger").preuve_titre == "source"
    known = said("MAINT.VEHIC.OPTA VOIT.PARTICUL.", code_mef="2472521431")
    assert known.preuve_titre == "BCN, CFD 40025214 (MEF 2472521431)"


@pytest.mark.parametrize(
    ("intitule", "values", "niveau", "preuve"),
    [
        ("BTS Banque", {"niveau": "5"}, "5", "source"),
        ("BTS Chimie", {}, "5", "type de diplôme BTS"),
        ("BTS Chimie", {"niveau": "4"}, "5", f"type de diplôme BTS ({CONTREDIT}, 4)"),
        ("Boulanger", {"code_cfd": "50022137"}, "3", "BCN, CFD 50022137"),
        ("MC Sommellerie", {"niveau": "4"}, "4", "source"),
        ("MC Sommellerie", {"niveau": "7"}, None, f"{CONTREDIT}, 7"),
        ("Un stage", {}, None, None),
    ],
)
def test_a_level_is_one_that_its_kind_may_have_and_says_why(intitule, values, niveau, preuve):
    found = said(intitule, **values)
    assert (found.niveau, found.preuve_niveau) == (niveau, preuve)


def test_kinds_and_their_writings_agree():
    diplomes, niveaux = load_diplomes(), set(load_niveaux()["niveau"])
    assert all(set(one.niveaux) <= niveaux for one in diplomes.values())
    assert split_head("BUT Informatique")[0].code == "but" and split_head("But de jeu")[0] is None
    assert split_head("Captation d'images")[0] is None
    assert split_head("1cap2aLad cavalier")[1] == "Lad cavalier"
    assert split_tail("GRAPHISME ET DECOR (BMA)")[1] == "GRAPHISME ET DECOR"
    assert split_tail("(BMA)") == (None, "(BMA)")
    assert read_type("Titre professionnel (TP de niveau 4)").code == "tp"
    assert read_type("quelque chose") is None
    assert read_cfd("50022137").code == "cap" and read_cfd("") is None


def test_abbreviations_are_learnt_from_pairs_that_match_whole():
    pairs = [
        ("MAINT VEHIC", "MAINTENANCE DES VEHICULES"),
        ("MAINT VEHIC LOURDS", "MAINTENANCE DES VEHICULES LOURDS"),
        ("MAINT INDUST", "MAINTENANCE INDUSTRIELLE"),
        ("VENTE", "CONDUITE D'ENGINS"),
    ]
    known = learn_abbreviations(pairs)
    assert known["", "maint"] == "maintenance" and known["maintenance", "vehic"] == "vehicules"
    assert ("", "indust") not in known, "once is not enough"
    assert align(("vente",), ("conduite", "engins")) is None


def test_abbreviations_left_are_seen_and_initials_are_not():
    assert list_abbreviations("MAINT.VEHIC. A") and list_abbreviations("Techn. en énergies")
    assert not list_abbreviations("Métiers du BTP et du CNRS")


def test_words_in_capitals_take_the_accents_of_the_labels():
    known = Vocabulaire(formes={"electricite": "électricité", "pme": "PME"})
    assert write_out("ELECTRICITE DES PME", known) == "électricité des PME"


NOMS = learn_names(["Lycée Gérard Philipe"], ["Saint-Omer", "Béthune", "Villeneuve-d'Ascq"])


@pytest.mark.parametrize(
    ("nom", "affiche"),
    [
        ("LYCEE PROFESSIONNEL GERARD PHILIPE", "Lycée professionnel Gérard Philipe"),
        ("CFA DE BETHUNE", "CFA de Béthune"),
        ("MFR DE SAINT OMER", "MFR de Saint-Omer"),
        ("AFTRAL", "AFTRAL"),
        ("Lycée polyvalent Gérard Philipe", "Lycée polyvalent Gérard Philipe"),
    ],
)
def test_a_body_is_said_with_its_particles_and_initials(nom, affiche):
    assert say_body(nom, NOMS) == affiche


@pytest.mark.parametrize(
    ("adresse", "affichee"),
    [
        ("12 RUE DE LA GARE BP null CEDEX null", "12 rue de la Gare"),
        ("null", None),
        ("BP null CEDEX null", None),
        ("3 avenue de Béthune CEDEX 9", "3 avenue de Béthune"),
        ("3 avenue Jean Moulin BP 50123", "3 avenue Jean Moulin BP 50123"),
    ],
)
def test_an_address_loses_its_empty_boxes_only(adresse, affichee):
    assert say_address(adresse, NOMS) == affichee


def test_a_cedex_gives_way_to_the_postcode_of_the_town():
    communes = pd.DataFrame({"code_commune": ["59350"], "codes_postaux": ["59000|59800"]})
    lieux = pd.DataFrame(
        {
            "code_commune": ["59350", "59350", "59350", None],
            "code_postal": ["59800", "59034", None, "59034"],
        }
    )
    assert town_postcodes(lieux, communes).fillna("").tolist() == ["59800", "59800", "", "59034"]


def test_rows_and_received_titles_are_kept():
    formations = pd.DataFrame({"intitule": ["bac pro", "BTS Banque"], "niveau_sortie": [None, "5"]})
    named = name_formations(formations.set_axis([7, 9]), Libelles())
    assert named.index.tolist() == [7, 9]
    assert named["intitule"].tolist() == formations["intitule"].tolist()
    assert named["titre"].tolist() == ["Baccalauréat professionnel", "BTS Banque"]
    assert say_body("Greta", NomsPropres()) == "Greta"


# --- The mirror: written again here, without the rules under test. ---

PLUSIEURS = {"cs": "345", "fcil": "345", "mise_a_niveau": "345", "ecole_commerce": "67"}
SEULS = {
    "3": "cap bep bpa cpjeps ctm",
    "4": "bac_pro bp bma bt bac_techno bac_general bpjeps btm daeu",
    "5": "bts dut deust deug dma dejeps bm btms",
    "6": "but licence licence_pro bachelor dcg dnmade desjeps bms",
    "7": "master mastere ingenieur dscg",
}
ENTETE = {
    "CAP ": "3",
    "Bac pro ": "4",
    "BP ": "4",
    "BTS ": "5",
    "DUT ": "5",
    "BUT ": "6",
    "Licence ": "6",
    "Master ": "7",
}


@pytest.mark.real
def test_no_line_of_the_mirror_contradicts_itself(real_snapshot):
    allowed = PLUSIEURS | {code: n for n, codes in SEULS.items() for code in codes.split()}
    offres = real_snapshot.read("offres")
    for titre, kind, niveau in set(
        offres[["titre", "code_diplome", "niveau_sortie"]].astype("object").itertuples(index=False)
    ):
        assert not isinstance(niveau, str) or niveau in allowed.get(kind, "345678"), (titre, kind)
        for head, expected in ENTETE.items():
            assert not titre.startswith(head) or niveau in (expected, None), (titre, niveau)


@pytest.mark.real
def test_titles_and_levels_of_the_mirror_can_be_read(real_snapshot):
    offres = real_snapshot.read("offres")
    titles = pd.Series(offres["titre"].unique())
    cut = r"\b[^\W\d_]{2,}\.[^\W\d_]|\b(?![A-Z]+\b)[b-df-hj-np-tv-xzç]{3,}\b"
    assert titles.str.contains(cut, flags=re.IGNORECASE).mean() < 0.01
    assert not titles.str.isupper().any() and not titles.str.contains("  ").any()
    assert offres["niveau_sortie"].isna().sum() <= 3
    assert offres["titre"].notna().all() and offres["intitule"].notna().all()


@pytest.mark.real
def test_bodies_and_addresses_of_the_mirror_can_be_read(real_snapshot):
    bodies, places = real_snapshot.read("organismes"), real_snapshot.read("lieux")
    assert not places["adresse_affichee"].str.contains("null|CEDEX", case=False, na=False).any()
    long = bodies["nom_affiche"].dropna()[bodies["nom_affiche"].dropna().str.split().str.len() > 3]
    assert long.str.isupper().mean() < 0.01
    inside = places[places["code_commune"].notna() & places["code_postal_affiche"].notna()]
    known = real_snapshot.read("communes").set_index("code_commune")["codes_postaux"]
    pairs = zip(inside["code_postal_affiche"], inside["code_commune"].map(known), strict=True)
    assert all(code in (codes or code) for code, codes in pairs)
