"""Cards and sheets: every value, unknown said unknown, the near and the similar."""

import json
from urllib.parse import parse_qs, unquote, urlsplit

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point, box

from geoapp.core import french
from geoapp.core.errors import NotFoundError
from geoapp.core.schema import conform
from geoapp.offer import lookups
from geoapp.offer.around import describe_quartiers
from geoapp.offer.cards import offer_card
from geoapp.offer.lookups import open_repertoire, public_id
from geoapp.offer.sheet import explain_rev3, offer_sheet
from support.words import flat
from support.world import FORMULA, HOSTILE, publish_world


@pytest.fixture
def repertoire(tiny_snapshot):
    return open_repertoire(tiny_snapshot)


def _row(repertoire, action: str, lieu: str) -> int:
    pairs = list(zip(repertoire.colonnes["id_action"], repertoire.colonnes["id_lieu"], strict=True))
    return pairs.index((f"tiny:{action}", f"tiny:{lieu}"))


def test_card_of_a_known_offer(repertoire):
    card = offer_card(repertoire, _row(repertoire, "a1", "l1"), 3249.6)
    assert card["intitule"] == HOSTILE and card["organisme"] == "Lycée <b>Test</b>"
    assert card["id"] == "tiny:a1" and card["url"] == "/formations/tiny:a1"
    assert card["niveau"]["code"] == "4" and card["domaine"] == {
        "code": "sante",
        "libelle": "Santé",
    }
    assert card["voie"] == {"code": "apprentissage", "libelle": "Apprentissage"}
    assert card["capacite"] == 12 and card["periode"] == "à partir de 1er septembre 2026"
    assert (card["distance_m"], card["distance"]) == (3250, "3,2 km")
    assert (card["longitude"], card["latitude"]) == (2.05, 50.05)
    assert {zone["type"]: zone["code"] for zone in card["zones"]}["zrr"] == "ZRR"
    assert card["source"] == {
        "id": "tiny",
        "titre": "Petite offre",
        "millesime": "2026",
        "mode": "miroir",
    }
    json.dumps(card, allow_nan=False)


def test_unknown_is_said_unknown_never_zero(repertoire):
    card = offer_card(repertoire, _row(repertoire, "a5", "l4"), float("nan"))
    assert card["longitude"] is None and card["distance_m"] is None and card["distance"] == ""
    assert card["commune"] == {"code": None, "nom": None} and card["capacite"] is None
    assert card["precision"]["libelle"] == "non placée" and card["zones"] == []
    assert offer_card(repertoire, _row(repertoire, "a2", "l1"))["niveau"] == {
        "code": None,
        "libelle": "Non renseigné",
    }
    assert card["est_conventionnee"] is None


def test_doubt_and_fiction_are_said(repertoire):
    card = offer_card(repertoire, _row(repertoire, "a4", "l2"), 0.0)
    assert (
        card["est_douteuse"]
        and "3,2\u202fkm" in card["doute"]
        and card["distance"] == "moins de 100 m"
    )
    assert offer_card(repertoire, _row(repertoire, "a6", "l3"))["est_fictive"] is True


@pytest.mark.parametrize(
    "metres, words_",
    [
        (0, "moins de 100 m"),
        (99, "moins de 100 m"),
        (100, "100 m"),
        (854, "850 m"),
        (994, "990 m"),
        (995, "1,0 km"),
        (3249, "3,2 km"),
        (None, ""),
    ],
)
def test_distances_in_words(metres, words_):
    assert french.format_distance(metres) == words_


def test_a_sheet_lists_every_place_of_the_action(repertoire):
    fiche = offer_sheet(repertoire, "tiny:a3")
    assert [lieu["id_lieu"] for lieu in fiche["lieux"]] == ["tiny:l1", "tiny:l3"]
    assert fiche["lieux"][0]["classements"][0] == {
        "type": "zrr",
        "titre": "Zones de revitalisation rurale (ZRR)",
        "est_dedans": True,
        "libelle": "Communes classées ZRR",
    }
    assert fiche["lieux"][1]["classements"][0]["libelle"] == "Non classée"
    assert fiche["lieux"][0]["quartiers"][0]["statut"] == "inconnu", "no outline: nobody knows"
    assert fiche["sessions"] == [
        {
            "date_debut": None,
            "date_fin": None,
            "dates": "Date non renseignée",
            "etat": {"code": "inconnue", "libelle": "Dates non renseignées"},
            "capacite": 24,
            "places": "24 places",
            "source": None,
            "etat_recrutement": None,
            "recrutement": None,
        }
    ]
    assert (
        fiche["source"]["licence"] == "Licence Ouverte 2.0"
        and fiche["source"]["adresse"] == "https://example.org/offre"
    )
    assert fiche["signaler"] is None and fiche["preuve_domaine"] == "aucune"
    json.dumps(fiche, allow_nan=False)


def test_a_place_without_commune_is_unknown_everywhere(repertoire):
    lieu = offer_sheet(repertoire, "tiny:a5")["lieux"][0]
    assert {c["libelle"] for c in lieu["classements"]} == {"Inconnu"} and lieu["classements"][0][
        "est_dedans"
    ] is None
    assert {q["statut"] for q in lieu["quartiers"]} == {"inconnu"}


def test_links_of_sources_are_plain_web_ones(repertoire):
    assert offer_sheet(repertoire, "tiny:a6")["source"]["adresse"] is None, "javascript: is no link"


@pytest.mark.parametrize("identifiant", ["", "tiny:a9", "../tiny:a1", "<script>", "tiny:a1 "])
def test_an_unknown_identifier_is_not_found(repertoire, identifiant):
    with pytest.raises(NotFoundError):
        offer_sheet(repertoire, identifiant)


def test_report_link_is_prefilled_and_encoded(repertoire):
    lien = offer_sheet(repertoire, "tiny:a1", contact="contact@exemple.fr")["signaler"]
    parts = urlsplit(lien)
    fields = parse_qs(parts.query, strict_parsing=True)
    assert parts.scheme == "mailto" and unquote(parts.path) == "contact@exemple.fr"
    assert (
        HOSTILE in fields["subject"][0]
        and "tiny:a1" in fields["body"][0]
        and "\r\n" in fields["body"][0]
    )
    assert "<" not in lien and " " not in lien
    for contact in ("", "x", "a@b.fr?bcc=c@d.fr", "https://a.fr", "a@b.fr\nx"):
        assert offer_sheet(repertoire, "tiny:a1", contact=contact)["signaler"] is None


def test_public_identifiers_are_safe_stable_and_distinct():
    assert (
        public_id("bts-2024:0020012C-32211031408-Scolaire")
        == "bts-2024:0020012C-32211031408-Scolaire"
    )
    ids = [public_id(text) for text in ("a|b", "a/b", "a b", "é" * 200, "é" * 201, "a-b")]
    assert len(set(ids)) == 6
    assert all(
        len(i) <= 91 and not set(i) - set("abcdefghijklmnopqrstuvwxyz0123456789:._~-") for i in ids
    )


def test_similar_offers_are_near_first_and_never_itself(tiny_frames, tmp_path):
    formations = tiny_frames["formations"]
    formations["titre"] = [
        "CAP Cuisine",
        "cap cuisine",
        "Autre",
        "CAP cuisine",
        "CAP Cuisine",
        "CAP Fictif",
    ]
    tiny_frames["offres"]["titre"] = tiny_frames["offres"]["id_formation"].map(
        formations.set_index("id_formation")["titre"]
    )
    repertoire = open_repertoire(publish_world(tiny_frames, tmp_path))
    semblables = offer_sheet(repertoire, "tiny:a1")["semblables"]
    assert [s["id"] for s in semblables] == ["tiny:a2", "tiny:a4", "tiny:a5"], (
        "same place, then 18 km, then not placed"
    )
    assert semblables[0]["distance_m"] == 0 and semblables[2]["distance_m"] is None
    oracle = gpd.GeoSeries([Point(2.05, 50.05), Point(2.3, 50.1)], crs=4326).to_crs(2154)
    assert abs(semblables[1]["distance_m"] - oracle[0].distance(oracle[1])) < 0.003 * oracle[
        0
    ].distance(oracle[1])
    assert [s["distance_m"] for s in offer_sheet(repertoire, "tiny:a5")["semblables"]] == [
        None,
        None,
        None,
    ]


def _with_quartiers(frames: dict, outlines: dict[str, object]) -> dict:
    """Return the tiny world with these neighbourhoods (EPSG:2154), one in each département
    or not.
    """
    shapes = gpd.GeoSeries(list(outlines.values()), crs=2154).to_crs(4326)
    rows = pd.DataFrame(
        {
            "type_zone": "qpv2015",
            "code_zone": list(outlines),
            "nom": [f"Quartier {c}" for c in outlines],
            "millesime": "2015",
            "id_source": "tiny",
            "est_fictive": False,
            "geometry": shapes.tolist(),
        }
    )
    zones = pd.concat([pd.DataFrame(frames["zones"]), rows], ignore_index=True)
    frames["zones"] = gpd.GeoDataFrame(conform(zones, "zones"), geometry="geometry", crs=4326)
    return frames


def _square(lon: float, lat: float, *, east_m: float) -> object:
    x, y = gpd.GeoSeries([Point(lon, lat)], crs=4326).to_crs(2154)[0].coords[0]
    return box(x + east_m, y - 50, x + east_m + 100, y + 50)


@pytest.mark.parametrize(
    "east_m, statut",
    [
        (-50, "dedans"),
        (0, "dedans"),
        (1, "a_moins_de_500_m"),
        (499.9, "a_moins_de_500_m"),
        (501, "dehors"),
    ],
)
def test_neighbourhoods_within_500_m(tiny_frames, tmp_path, east_m, statut):
    frames = _with_quartiers(
        tiny_frames,
        {"QP1": _square(2.05, 50.05, east_m=east_m), "QP2": _square(2.5, 50.19, east_m=0)},
    )
    repertoire = open_repertoire(publish_world(frames, tmp_path))
    answer = describe_quartiers(repertoire, _row(repertoire, "a1", "l1"))[0]
    assert (answer["type"], answer["statut"]) == ("qpv2015", statut)
    if statut != "dehors":
        assert answer["code"] == "QP1" and abs(answer["distance_m"] - max(east_m, 0)) <= 1
    assert describe_quartiers(repertoire, _row(repertoire, "a3", "l3"))[0]["statut"] == "inconnu", (
        "placed at the town hall"
    )
    assert describe_quartiers(repertoire, _row(repertoire, "a4", "l2"))[0]["statut"] == "inconnu", (
        "doubtful position"
    )


def test_outside_is_said_only_where_outlines_are_known(tiny_frames, tmp_path):
    frames = _with_quartiers(tiny_frames, {"QP1": _square(2.5, 50.19, east_m=0)})
    repertoire = open_repertoire(publish_world(frames, tmp_path))
    answer = describe_quartiers(repertoire, _row(repertoire, "a1", "l1"))[0]
    assert answer["statut"] == "inconnu" and "à cet endroit" in answer["raison"]


def test_each_transition_has_its_evidence(repertoire):
    formation = {
        "rev3": "ecologique|numerique",
        "preuve_rev3": "écologique : rome A1204 (Emploi ; Vert) ; numérique : mot « web »",
    }
    assert [(t["code"], t["preuve"]) for t in explain_rev3(repertoire, formation)] == [
        ("ecologique", "rome A1204 (Emploi ; Vert)"),
        ("numerique", "mot « web »"),
    ]
    assert explain_rev3(repertoire, {"rev3": None, "preuve_rev3": None}) == []


def test_formula_titles_are_left_as_they_are_in_cards(repertoire):
    assert offer_card(repertoire, _row(repertoire, "a2", "l1"))["intitule"] == FORMULA


@pytest.mark.real
def test_every_real_offer_has_a_card_and_a_sheet(real_snapshot):
    repertoire = open_repertoire(real_snapshot)
    cards = [offer_card(repertoire, ligne) for ligne in range(repertoire.nb_offres)]
    assert len({card["id"] for card in cards}) == len(set(repertoire.colonnes["id_action"]))
    rng = np.random.default_rng(0)
    for ligne in rng.choice(len(cards), 150, replace=False):
        fiche = offer_sheet(repertoire, cards[ligne]["id"])
        assert fiche["intitule"] == cards[ligne]["intitule"] and len(fiche["semblables"]) <= 5
        distances = [s["distance_m"] for s in fiche["semblables"] if s["distance_m"] is not None]
        assert distances == sorted(distances)
        json.dumps(fiche, allow_nan=False)


@pytest.fixture
def merged(tiny_frames, tmp_path):
    """Return the lookups of the tiny world in which « tiny:a2 » is shown under « tiny:a1 », of
    another catalogue.
    """
    frames = tiny_frames
    frames["formations"].loc[frames["formations"]["id_formation"].eq("tiny:f2"), "id_source"] = (
        "fictive"
    )
    frames["doublons"] = conform(
        pd.DataFrame(
            [
                {
                    "id_action": "tiny:a2",
                    "id_lieu": "tiny:l1",
                    "id_action_retenue": "tiny:a1",
                    "id_lieu_retenu": "tiny:l1",
                    "id_source": "fictive",
                    "id_source_retenue": "tiny",
                    "etat": "fusionnee",
                    "regle": "intitule+uai",
                    "score": 1.0,
                    "preuve": "même intitulé, même établissement (UAI 0800001A)",
                }
            ]
        ),
        "doublons",
    )
    offres = frames["offres"]
    offres = offres[offres["id_action"].ne("tiny:a2")].reset_index(drop=True)
    first = offres["id_action"].eq("tiny:a1")
    frames["offres"] = offres.assign(
        sources=offres["id_source"].mask(first, "tiny|fictive"),
        provenances=pd.Series(None, index=offres.index, dtype="str").mask(
            first, "capacite:fictive"
        ),
    )
    return open_repertoire(publish_world(frames, tmp_path))


def test_a_training_of_two_catalogues_has_one_sheet_with_both_sources_and_every_session(merged):
    sheet = offer_sheet(merged, "tiny:a1")
    assert [s["date_debut"] for s in sheet["sessions"]] == ["2026-09", "2026-09-01"], (
        "sessions of both are kept"
    )
    assert [s["source"] for s in sheet["sessions"]] == ["Offre inventée", "Petite offre"]
    assert [(one["source"]["id"], one["intitule"], one["preuve"]) for one in sheet["reunies"]] == [
        ("fictive", FORMULA, "même intitulé, même établissement (UAI 0800001A)")
    ]
    assert (
        sheet["provenances"][0]["libelle"] == "Places"
        and sheet["provenances"][0]["sources"][0]["id"] == "fictive"
    )
    card = offer_card(merged, merged.lignes_par_id["tiny:a1"][0])
    assert [source["id"] for source in card["sources"]] == ["tiny", "fictive"] and card[
        "source"
    ] == card["sources"][0]


def test_the_address_of_an_offer_that_was_merged_gives_the_sheet_of_the_one_shown(merged):
    assert offer_sheet(merged, "tiny:a2")["id"] == "tiny:a1"
    with pytest.raises(NotFoundError):
        offer_sheet(merged, "tiny:a99")


@pytest.fixture
def funded(tmp_path):
    """Return the lookups of the tiny world, its third action funded, priced and described, with
    hostile texts.
    """
    from support.world import make_tiny_frames, publish_world

    frames = make_tiny_frames()
    third = frames["actions"]["id_action"].eq("tiny:a3")
    values = {
        "financeurs": "2|4",
        "nb_places_financees": 8,
        "publics": "80006|83056",
        "prix_eur": 6621.5,
        "prix_horaire_eur": 9.0,
        "est_gratuite": True,
        "url": "https://exemple.fr/?a=1&b=<x>",
    }
    for nom, value in values.items():
        frames["actions"].loc[third, nom] = value
    frames["formations"].loc[third, ["niveau_entree", "objectif", "contenu"]] = [
        "aucun",
        HOSTILE + "\nfin",
        "Contenu",
    ]
    del values["nb_places_financees"]
    for nom, value in {**values, "niveau_entree": "aucun"}.items():
        frames["offres"].loc[frames["offres"]["id_action"].eq("tiny:a3"), nom] = value
    return publish_world(frames, tmp_path)


def test_a_sheet_shows_funding_publics_prices_and_link_escaped(funded):
    from geoapp.web import create_app

    page = create_app(funded.path.parents[1]).test_client().get("/formations/tiny:a3").text
    for words in (
        "Région, France Travail",
        "Places financées",
        "6\u202f621,50\u202f€ TTC",
        "9\u202f€ TTC de l’heure",
        "Tous publics, Public 83056 du Formacode",
        "Sans niveau exigé",
        'href="https://exemple.fr/?a=1&amp;b=&lt;x&gt;"',
        "<p>fin</p>",
        "&lt;script&gt;",
    ):
        assert words in page, words
    assert HOSTILE not in page


def test_a_card_tells_price_and_page_where_the_source_does_and_nothing_else(funded):
    repertoire = open_repertoire(funded)
    card = offer_card(repertoire, _row(repertoire, "a3", "l1"))
    assert (card["prix_eur"], card["prix_horaire_eur"], card["est_gratuite"]) == (6621.5, 9.0, True)
    assert (
        card["prix"] == "6\u202f621,50\u202f€ TTC, gratuit pour le stagiaire"
        and card["page_web"] == "https://exemple.fr/?a=1&b=<x>"
    )
    silent = offer_card(repertoire, _row(repertoire, "a1", "l1"))
    assert [
        silent[nom] for nom in ("prix_eur", "prix_horaire_eur", "est_gratuite", "prix", "page_web")
    ] == [None, None, None, "", None]


@pytest.mark.parametrize(
    "prix, horaire, gratuite, dit",
    [
        (900.0, 9.0, None, "900\u202f€ TTC"),
        (None, 9.5, None, "9,50\u202f€ TTC de l'heure"),
        (None, None, True, "Gratuit pour le stagiaire"),
        (None, None, False, "Frais à la charge du stagiaire"),
        (900.0, None, False, "900\u202f€ TTC, frais à la charge du stagiaire"),
        (None, None, None, ""),
        (float("nan"), float("nan"), None, ""),
    ],
)
def test_no_price_is_neither_zero_nor_free(prix, horaire, gratuite, dit):
    assert french.describe_price(prix, horaire, gratuite) == dit


def test_price_and_page_are_on_the_list_and_on_paper_as_another_site(funded):
    from geoapp.web import create_app

    client = create_app(funded.path.parents[1]).test_client()
    for path in ("/recherche", "/recherche/imprimer", "/formations/tiny:a3"):
        page = flat(client.get(path).text)
        links = [tag for tag in page.split("<a ")[1:] if "https://exemple.fr" in tag.split(">")[0]]
        assert links and all(
            'rel="noopener noreferrer nofollow external" referrerpolicy="no-referrer"' in link
            and "autre site" in link.split("</a>")[0]
            for link in links
        )
        assert "\u202f0\u202f€" not in page and " 0\u202f€" not in page
    assert page.count("Gratuit pour le stagiaire") == 1
    # Both places of one training of a body are one card of the list, two rows of the paper.
    assert (
        client.get("/recherche").text.count('<li class="prix">') == 1
        and client.get("/recherche/imprimer").text.count("Prix non renseigné") == 5
    )
    listed = client.get("/api/v1/formations").get_json()["formations"]
    assert [card["prix_eur"] for card in listed if card["id"] == "tiny:a3"] == [6621.5] * 2 and {
        card["prix_eur"] for card in listed
    } == {6621.5, None}


def test_a_list_without_any_price_keeps_its_columns(tiny_snapshot):
    from geoapp.web import create_app

    client = create_app(tiny_snapshot.path.parents[1]).test_client()
    assert (
        "Prix" not in client.get("/recherche/imprimer").text
        and 'data-facette="prix"' not in client.get("/recherche").text
    )


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//exemple.fr", "http:", None, "mailto:a@b.fr"],
)
def test_only_http_addresses_are_links(url):
    from geoapp.offer.cards import web_page

    assert web_page(url) is None


def test_funders_publics_and_entry_levels_are_filters_and_unknown_is_a_value(funded):
    from geoapp.offer.filters import apply_filters, parse_filters

    offres = funded.read("offres")
    for asked, found in (
        ({"financeur": "2"}, {"tiny:a3"}),
        ({"public_vise": "83056"}, {"tiny:a3"}),
        ({"entree": "aucun"}, {"tiny:a3"}),
        ({"financeur": "Région"}, {"tiny:a3"}),
        ({"prix": "gratuit"}, {"tiny:a3"}),
        ({"prix": "Prix indiqué"}, {"tiny:a3"}),
        ({"prix": "a_charge"}, set()),
    ):
        assert set(apply_filters(offres, parse_filters(asked, funded))["id_action"]) == found
    unknown = apply_filters(offres, parse_filters({"financeur": "inconnu"}, funded))
    assert len(unknown) == len(offres) - 2


def test_the_rows_of_a_training_are_read_when_it_is_asked_for(tiny_snapshot, monkeypatch):
    made, real = [], lookups.records
    monkeypatch.setattr(lookups, "records", lambda table: made.append(len(table)) or real(table))
    sessions = open_repertoire(tiny_snapshot).sessions
    table = tiny_snapshot.read("sessions")
    assert set(sessions) == set(table["id_action"]) and made == []
    for id_action, rows in table.groupby("id_action"):
        expected = rows.sort_values(["date_debut", "id_session"], na_position="last")
        found = [row["id_session"] for row in sessions[id_action]]
        assert found == expected["id_session"].tolist()
    assert sum(made) == len(table)
