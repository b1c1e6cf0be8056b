"""A body that no source names goes by its code and commune, and one named by another source says
which.
"""

import html
import re
from dataclasses import replace

import pandas as pd
import pytest

from geoapp.ingest.offers import _name_organismes, read_etablissements
from geoapp.ingest.territories import load_communes
from geoapp.offer.cards import offer_card
from geoapp.offer.filters import list_options
from geoapp.offer.locating import merge_etablissements
from geoapp.offer.lookups import open_repertoire
from geoapp.offer.sheet import offer_sheet
from geoapp.reference.codes import name_unnamed
from geoapp.sources.records import Lecture
from geoapp.sources.registry import get_source
from geoapp.web import create_app
from support.world import make_tiny_frames, publish_world

UAI, SIRET = "0590184E", "13002374000439"


@pytest.fixture
def snapshot(tmp_path):
    """Return the tiny world: a1 has a UAI at a place of that code, a3 the same elsewhere, a4 a
    SIRET, a2 nothing.
    """
    frames = make_tiny_frames()
    bodies = {
        "tiny:a1": f"uai:{UAI}",
        "tiny:a3": f"uai:{UAI}",
        "tiny:a4": f"siret:{SIRET}",
        "tiny:a2": None,
    }
    frames["organismes"] = pd.concat(
        [
            frames["organismes"].assign(siret=None, code_uai="0594302F", id_source_nom="tiny"),
            pd.DataFrame(
                {
                    "id_organisme": [f"uai:{UAI}", f"siret:{SIRET}"],
                    "siret": [None, SIRET],
                    "code_uai": [UAI, None],
                    "nom": None,
                    "id_source_nom": None,
                }
            ),
        ]
    )
    for table in ("offres", "actions"):
        mine = frames[table]["id_action"].isin(list(bodies))
        frames[table].loc[mine, "id_organisme"] = frames[table].loc[mine, "id_action"].map(bodies)
    frames["offres"].loc[frames["offres"]["id_action"].isin(list(bodies)), "nom_organisme"] = None
    frames["lieux"].loc[frames["lieux"]["id_lieu"].eq("tiny:l1"), "code_uai"] = UAI
    return publish_world(frames, tmp_path)


@pytest.mark.parametrize(
    "identifiant, commune, dit",
    [
        (f"uai:{UAI}", "Lille", f"Établissement {UAI}, Lille"),
        (f"uai:{UAI}", None, f"Établissement {UAI}"),
        (f"siret:{SIRET}", "Lille", f"Organisme de SIRET {SIRET}"),
        ("rco:UN NOM", "Lille", None),
        (None, "Lille", None),
        (float("nan"), None, None),
        ("uai:", "Lille", None),
    ],
)
def test_what_is_known_of_a_body_in_words(identifiant, commune, dit):
    assert name_unnamed(identifiant, commune) == dit


def test_cards_say_code_and_commune_while_the_name_stays_unknown(snapshot):
    repertoire = open_repertoire(snapshot)
    pairs = zip(repertoire.colonnes["id_action"], repertoire.colonnes["id_lieu"], strict=True)
    said = {
        f"{action}@{lieu}": offer_card(repertoire, row) for row, (action, lieu) in enumerate(pairs)
    }
    assert (
        said["tiny:a1@tiny:l1"]["organisme"] is None
        and said["tiny:a1@tiny:l1"]["organisme_dit"] == f"Établissement {UAI}, Amiville"
    )
    assert said["tiny:a3@tiny:l3"]["organisme_dit"] == f"Établissement {UAI}", (
        "a place of another code does not say where the establishment is"
    )
    assert (
        said["tiny:a4@tiny:l2"]["organisme_dit"] == f"Organisme de SIRET {SIRET}"
        and said["tiny:a2@tiny:l1"]["organisme_dit"] == "Organisme non renseigné"
    )
    assert (
        said["tiny:a6@tiny:l3"]["organisme_dit"]
        == said["tiny:a6@tiny:l3"]["organisme"]
        == "Lycée <b>Test</b>"
    )


def test_lists_paper_table_map_and_filter_say_it(snapshot):
    client = create_app(snapshot.path.parents[1]).test_client()
    for path in ("/recherche", "/recherche/imprimer"):
        page = re.sub(r'<a class="sigle"[^>]*>([^<]+)</a>', r"\1", client.get(path).text)
        page = html.unescape(page)
        assert (
            f"Établissement {UAI}, Amiville" in page
            and f"Organisme de SIRET {SIRET}" in page
            and page.count("Organisme non renseigné") == 1
        )
    assert f"Établissement {UAI}" in html.unescape(client.get("/carte").text)
    labels = {option.valeur: option.libelle for option in list_options(snapshot, "organisme")}
    assert (
        labels[f"uai:{UAI}"] == f"Établissement {UAI}"
        and labels[f"siret:{SIRET}"] == f"Organisme de SIRET {SIRET}"
    )
    listed = {
        card["id"]: card for card in client.get("/api/v1/formations").get_json()["formations"]
    }
    assert (
        listed["tiny:a1"]["organisme"] is None and listed["tiny:a1"]["id_organisme"] == f"uai:{UAI}"
    )


def test_the_sheet_says_which_source_names_the_body(snapshot):
    named = offer_sheet(open_repertoire(snapshot), "tiny:a6")["organisme"]
    assert named["nom_donne_par"]["titre"] == "Petite offre"
    client = create_app(snapshot.path.parents[1]).test_client()
    assert (
        "<dt>Nom donné par</dt><dd>Petite offre, 2026</dd>"
        in client.get("/formations/tiny:a6").text
    )
    assert "Nom donné par" not in client.get("/formations/tiny:a1").text


def test_the_first_source_that_knows_a_name_gives_it_and_is_kept():
    frame = pd.DataFrame(
        {
            "code_uai": [UAI],
            "nom": [None],
            "latitude": ["50.4"],
            "longitude": ["2.8"],
            "code_commune": ["62498"],
        },
        dtype="str",
    )
    later = pd.DataFrame(
        {
            "code_uai": [UAI, "0594302F"],
            "nom": ["CFA", "Lycée"],
            "latitude": None,
            "longitude": None,
            "code_commune": None,
        },
        dtype="str",
    )
    known = merge_etablissements(
        [
            frame.assign(id_source="un"),
            later.assign(id_source="deux"),
            later.assign(id_source="trois", nom="Autre"),
        ]
    )
    assert known.loc[UAI, ["nom", "id_source_nom", "latitude"]].tolist() == ["CFA", "deux", "50.4"]
    assert pd.isna(merge_etablissements([later]).loc[UAI, "id_source_nom"])
    bodies = pd.DataFrame(
        {
            "id_organisme": ["uai:a", "uai:b"],
            "siret": None,
            "code_uai": [UAI, "0594302F"],
            "nom": [None, "Le nom de l'offre"],
        }
    ).astype("str")
    named = _name_organismes(bodies, known)
    assert named["nom"].tolist() == ["CFA", "Le nom de l'offre"] and named["id_source_nom"].fillna(
        ""
    ).tolist() == ["deux", ""]


def test_a_source_of_names_places_nothing_and_refuses_a_row_without_name():
    source = get_source("inserjeunes-cfa-2023-noms")
    rows = pd.DataFrame(
        {"code_uai": [UAI, "0594302F", "faux"], "nom": ["CFA", None, "CFA"]},
        index=pd.Index(["2", "3", "4"], name="ligne"),
        dtype="str",
    )
    kept, bilan = read_etablissements(
        Lecture(frame=rows, nb_lues=3, rejets=[]), source, load_communes("32"), {}
    )
    assert (
        kept["nom"].tolist() == ["CFA"]
        and kept["code_commune"].isna().all()
        and len(bilan.rejets) == 2
    )
    placed, refused = read_etablissements(
        Lecture(frame=rows, nb_lues=3, rejets=[]),
        replace(source, options={}),
        load_communes("32"),
        {},
    )
    assert placed.empty and len(refused.rejets) == 3


@pytest.mark.real
def test_real_names_have_a_source_and_most_offers_a_name(real_snapshot):
    bodies, offres = real_snapshot.read("organismes"), real_snapshot.read("offres")
    assert bodies["id_source_nom"].notna().sum() >= 340
    nameless = offres[offres["nom_organisme"].isna()]
    assert len(nameless) <= 140 and nameless["id_organisme"].map(name_unnamed).notna().all(), (
        "each says its code at least"
    )
