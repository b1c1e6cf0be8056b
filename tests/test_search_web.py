"""The search page: list, facets, position kept out of addresses, sheet, list to print, hostile
input.
"""

import html
import json
import re
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from geoapp.core.config import load_settings
from geoapp.core.schema import TABLES
from geoapp.offer.filters import FILTRES
from geoapp.reference.zonings import ZONAGES
from geoapp.web import create_app
from support.words import flat, plain
from support.world import HOSTILE, make_tiny_frames, publish_world

LAT, LON = "50.053", "2.057"
AUTOUR = {"lat": LAT, "lon": LON, "rayon": "5"}


def publish_tiny(folder, frames=None):
    """Publish the tiny world with its search index and its cost matrix."""
    return publish_world(frames or make_tiny_frames(), folder)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recherche")
    publish_tiny(folder)
    return create_app(
        folder, settings=load_settings({"GEOAPP_CONTACT": "contact@example.org"})
    ).test_client()


def sentence(page):
    found = re.search(r'id="titre-resultats"[^>]*>(.*?)</h2>', page.text).group(1)
    return plain(html.unescape(found))


def state(page):
    return json.loads(re.search(r'id="etat">(.*?)</script>', page.text).group(1))


def titles(page):
    return [
        html.unescape(t)
        for t in re.findall(r'class="offre-titre"><a href="[^"]*">(.*?)</a>', page.text)
    ]


def test_words_left_out_are_told_apart_from_words_that_nothing_holds(client):
    page = plain(client.get("/recherche?texte=cuisine+xylophoniste").text)
    told = "Aucune formation connue ne réunit tous ces mots : « xylophoniste » laissé de côté."
    assert told in page
    assert "Aucun mot de" not in page
    assert "Aucun mot de « xylophoniste »" in plain(
        client.get("/recherche?texte=xylophoniste").text
    )


def test_a_job_that_words_name_is_told_by_the_page_and_the_api(tmp_path):
    frames = make_tiny_frames()
    formations = frames["formations"]
    formations.loc[formations.index[0], "metiers"] = "Boulanger / Boulangère"
    job = ("1", "Fournilier / Fournilière", "D1102", "Boulanger", "Boulanger / Boulangère")
    frames["appellations"] = pd.DataFrame([job], columns=TABLES["appellations"].noms, dtype="str")
    publish_tiny(tmp_path, frames)
    client = create_app(tmp_path, settings=load_settings({})).test_client()
    told = "« fournilier » → métier du ROME D1102 (Boulanger)."
    assert told in plain(html.unescape(client.get("/recherche?texte=fournilier").text))
    read = client.get("/api/v1/formations?texte=fournilier").json["texte"]
    assert read["metiers"] == [
        {"mot": "fournilier", "code": "D1102", "libelle": "Boulanger", "est_enseigne": True}
    ]
    assert [plain(one) for one in read["explications_metiers"]] == [told]


def test_the_page_shows_everything_without_script(client):
    page = client.get("/recherche")
    assert page.status_code == 200
    # Two of one training by one body are one card.
    assert sentence(page) == "7 formations" and len(titles(page)) == 6
    assert page.text.count("1 autre lieu ou session") == 1
    assert "<h1>Formations autour de moi</h1>" in page.text
    assert 'method="get" action="/recherche"' in flat(page.text) and "<noscript>" in page.text
    assert HOSTILE not in page.text and HOSTILE in titles(page)
    assert "1 formation sans lieu connu" in page.text


def test_every_filter_of_the_product_is_a_facet(client):
    page = client.get("/recherche").text
    shown = re.findall(r'data-facette="(\w+)"', page)
    # Those of which no source says anything are named together, at the end.
    absent = page.partition('data-facette="absentes"')[2].partition("</ul>")[0]
    named = re.findall(r"<li>(.*?)</li>", html.unescape(absent))
    usual = [nom for nom, filtre in FILTRES.items() if not filtre.est_rare]
    unsaid = [nom for nom in usual if nom not in shown]
    assert named and [FILTRES[nom].libelle for nom in unsaid] == named
    assert shown == [*(nom for nom in usual if nom not in unsaid), "absentes"]
    chosen = client.get("/recherche?modalite=inconnu&financeur=2&public_vise=inconnu").text
    assert {"modalite", "financeur", "public_vise"} <= set(
        re.findall(r'data-facette="(\w+)"', chosen)
    )
    for nom in shown[:-1]:
        assert f'form="recherche" name="{nom}"' in page or f'name="{nom}" form="recherche"' in page


def test_a_territory_says_what_it_is_where_others_bear_its_name(client):
    page = client.get("/recherche?zone=ze2020:3201").text
    facet = html.unescape(page.split('data-facette="zone"')[1].split("</details>")[0])
    listed = re.findall(r"<span>([^<]+)</span> <span class=\"nb\">", flat(facet))
    kinds = [zonage.singulier for zonage in ZONAGES.values()]
    assert listed and all(
        one.startswith("Toutes : ") or any(kind in one for kind in kinds)
        for one in map(plain, listed)
    )
    assert "Territoire : Amiville (zone d'emploi 2020)" in plain(html.unescape(flat(page)))


def test_a_count_of_zero_is_shown_disabled_and_unknown_is_a_value(client):
    page = client.get("/recherche?voie=scolaire").text
    niveau = page.split('data-facette="niveau"')[1].split("</details>")[0]
    assert re.search(
        r'class="vide"><input type="checkbox" form="recherche" name="niveau" value="3" disabled',
        flat(niveau),
    )
    assert "Non renseigné" in niveau
    assert sentence(client.get("/recherche?niveau=inconnu")) == "1 formation, niveau non renseigné"


def test_filters_have_chips_that_remove_them(client):
    page = client.get("/recherche?niveau=3&niveau=4&voie=apprentissage")
    chips = [
        html.unescape(a) for a in re.findall(r'class="puce" href="([^"]*)" data-nom', page.text)
    ]
    assert [parse_qs(urlsplit(chip).query) for chip in chips] == [
        {"niveau": ["4"], "voie": ["apprentissage"]},
        {"niveau": ["3"], "voie": ["apprentissage"]},
        {"niveau": ["3", "4"]},
    ]
    assert 'href="/recherche" data-effacer' in page.text


def test_priority_territories_are_one_click_away(client):
    page = flat(client.get("/recherche?niveau=3").text)
    (link,) = re.findall(r'class="puce" href="([^"]*)" data-ajoute', page)
    asked = parse_qs(urlsplit(html.unescape(link)).query)
    assert asked["niveau"] == ["3"] and {"zrr", "frr"} <= set(asked["zone"])
    chosen = client.get(html.unescape(link)).text
    assert "data-ajoute" not in chosen and 'data-valeur="zrr"' in chosen


def test_around_a_commune_distances_are_shown_and_sorted(client):
    page = client.get("/recherche?lieu=Amiville&rayon=30")
    assert sentence(page) == "6 formations à 30 km d'Amiville"
    told = re.findall(r'class="distance">([\d,]+) km', plain(page.text))
    found = [float(d.replace(",", ".")) for d in told]
    # Two more are somewhere in Cysoing: after the exact ones that are as near, without a distance.
    assert len(found) == 4 and found == sorted(found)
    assert plain(page.text).count('class="distance">dans la commune de Cysoing, à moins de') == 1
    assert "1 autre lieu ou session" in plain(page.text)
    assert "1 formation répond aussi à la recherche, sans lieu connu" in html.unescape(page.text)
    assert state(page)["lieuCode"] == "commune:80001"


@pytest.mark.parametrize(
    "texte, reste",
    [("cuisine Amiville", "cuisine"), ("amiville cap à", "cap"), ("cuisine à amiville", "cuisine")],
)
def test_a_commune_typed_among_the_words_is_proposed_as_the_place(client, texte, reste):
    page = plain(client.get("/recherche", query_string={"texte": texte}).text)
    link = re.search(r'« Amiville » est une commune : <a href="([^"]+)">([^<]+)</a>', page)
    assert link and link[2] == f"Chercher « {reste} », lieu : Amiville"
    assert f"texte={reste}" in link[1] and "lieu=commune" in link[1]
    for other in ("cuisine", "Amiville", "cuisine Amiville&lieu=Beauval"):
        assert "est une commune" not in plain(client.get(f"/recherche?texte={other}").text)


def test_a_zone_is_searched_inside_whatever_the_radius(client):
    page = client.get("/recherche?lieu=departement:59&rayon=5")
    assert sentence(page).startswith("2 formations dans le Nord")
    assert "le rayon ne compte pas" in page.text


def test_nothing_found_says_how_far_the_nearest_are_and_what_to_relax(client):
    page = client.get("/recherche?lieu=Amiville&rayon=8&niveau=5&voie=apprentissage")
    assert sentence(page).startswith("Aucune formation")
    assert "Sans le filtre « Voie » : 1 formation" in plain(html.unescape(page.text))
    page = client.get("/recherche?lieu=Amiville&rayon=8&voie=inconnu")
    assert re.search(r"Les plus proches, à partir de 14,\d km", plain(page.text))
    assert titles(page) == ["CAP Cuisine"]


def test_a_corrected_text_is_said(client):
    page = client.get("/recherche?texte=cuisinne")
    assert "vous avez écrit «\u202fcuisinne\u202f»" in html.unescape(page.text)
    assert "CAP Cuisine" in titles(page)


def test_the_visible_part_of_the_map_is_where_one_looks(client):
    page = client.get("/recherche?emprise=2.0,50.0,2.2,50.2")
    assert "dans le rectangle affiché" in plain(html.unescape(page.text))
    inside = client.get("/api/v1/formations?emprise=2.0,50.0,2.2,50.2").json["total"]
    assert 0 < inside < client.get("/api/v1/formations").json["total"]
    assert f"{inside} formation" in plain(html.unescape(page.text))
    # With a position, the rectangle tells where it is: it is in no address either.
    private = client.post(
        "/recherche", data={"lat": "50.1", "lon": "2.1", "emprise": "2.0,50.0,2.2,50.2"}
    )
    links = re.findall(r'(?:href|action|formaction)="([^"]*)"', private.text)
    assert links and not [link for link in links if "emprise" in link or "lat=" in link]


def sent(client, path: str) -> bool:
    """Tell whether a file is sent, and close it."""
    with client.get(path) as response:
        return response.status_code == 200


def test_the_site_can_be_installed_and_its_worker_sees_it_all(client):
    manifest = client.get("/application.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    assert manifest.json["display"] == "standalone" and manifest.json["scope"] == "/"
    assert sent(client, manifest.json["icons"][0]["src"])
    worker = client.get("/veille.js")
    assert worker.mimetype == "text/javascript" and worker.headers["Cache-Control"] == "no-cache"
    for path in re.findall(r'"(/static/[^"]+|/garde)"', worker.text):
        assert sent(client, path)
    assert "worker-src 'self'" in client.get("/recherche").headers["Content-Security-Policy"]


def test_hostile_text_is_only_text(client):
    page = client.get("/recherche", query_string={"texte": HOSTILE})
    assert page.status_code == 200 and "<script>alert" not in page.text
    page = client.get("/recherche", query_string={"lieu": HOSTILE})
    assert page.status_code == 200 and "<script>alert" not in page.text
    for path in (
        "/recherche?texte=%00",
        "/recherche?lieu=%F0%9F%92%A5",
        "/recherche?texte=" + "a" * 199,
    ):
        assert client.get(path).status_code in (200, 400)


@pytest.mark.parametrize(
    "query, words",
    [
        ("niveau=9", "valeur inconnue"),
        ("rayon=4", "un nombre de 5 à 100"),
        ("rayon=nan", "un nombre de 5 à 100"),
        ("tri=prix", "distance, duree, pertinence"),
        ("taille=101", "de 1 à 100"),
        ("lat=50", "vont ensemble"),
    ],
)
def test_a_wrong_value_is_said_and_the_search_kept(client, query, words):
    page = client.get("/recherche?texte=cuisine&" + query)
    assert page.status_code == 200 and words in plain(html.unescape(page.text))
    assert titles(page) == titles(client.get("/recherche?texte=cuisine"))
    assert client.get("/recherche/imprimer?texte=cuisine&" + query).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/carte", "/territoires", "/couverture", "/sources", "/rejets", "/qualite"]
)
def test_no_page_minds_what_mail_tools_add(client, path):
    assert client.get(f"{path}?utm_source=lettre&fbclid=abc").status_code == 200
    # A program is told of a name that nobody knows.
    assert client.get("/api/v1/formations?utm_source=lettre").status_code == 400


@pytest.mark.parametrize("query", ["utm_source=lettre", "fbclid=abc", "x=1", "niveua=3", "page=99"])
def test_what_mail_tools_add_and_a_page_too_far_change_nothing(client, query):
    usual = client.get("/recherche?texte=cuisine")
    page = client.get("/recherche?texte=cuisine&" + query)
    assert page.status_code == 200 and titles(page) == titles(usual)
    assert query not in page.text


def test_an_unknown_place_is_asked_beside_its_field_and_the_rest_kept(client):
    page = client.get("/recherche?lieu=Amivile&niveau=3&texte=cuisine")
    alert = page.text.partition('id="lieu-alerte" role="alert">')[2].partition("</div>")[0]
    assert "Amivile" in alert and 'aria-invalid="true"' in page.text
    # Nothing of the region is shown meanwhile.
    assert titles(page) == [] and "Lieu à préciser" in plain(html.unescape(page.text))
    assert 'name="niveau" value="3"' in page.text
    (link,) = [html.unescape(one) for one in re.findall(r'href="([^"]*80001[^"]*)"', alert)]
    chosen = client.get(link)
    assert titles(chosen) == titles(client.get("/recherche?lieu=Amiville&niveau=3&texte=cuisine"))


def test_no_box_of_filters_while_the_place_is_in_doubt(client):
    for path, is_hidden in (
        ("/recherche?lieu=Bruxelles", True),
        ("/recherche?lieu=Amiville", False),
    ):
        page = flat(client.get(path).text)
        for name in ("filtres", "montrer-filtres"):
            tag = re.search(rf'<[^>]*\bid="{name}"[^>]*>', page)[0]
            assert (" hidden " in tag) is is_hidden, (path, tag)


def test_a_place_outside_the_region_shows_nothing_of_it(client):
    page = client.get("/recherche?lieu=Bruxelles")
    assert "Bruxelles (Belgique) est hors de la région" in plain(html.unescape(page.text))
    assert titles(page) == [] and "X-Total-Count" not in page.headers


def test_the_fragment_is_the_same_answer(client):
    query = "lieu=Beauval&rayon=20&voie=apprentissage"
    page, fragment = (
        client.get(f"/recherche?{query}"),
        client.get(f"/recherche?{query}", headers={"X-Fragment": "1"}),
    )
    assert "<html" not in fragment.text and len(fragment.text) < len(page.text)
    assert (
        titles(fragment) == titles(page)
        and sentence(fragment) == sentence(page)
        and state(fragment) == state(page)
    )


def test_a_position_sent_by_post_is_in_no_address_but_the_one_to_share(client):
    page = client.post("/recherche", data=AUTOUR)
    assert page.status_code == 200 and len(titles(page)) == 3
    for address in re.findall(r'(?:href|action|formaction)="([^"]*)"', page.text):
        assert "lat=" not in address and LAT not in address
    assert parse_qs(urlsplit(state(page)["partage"]).query) == {
        "lat": [LAT],
        "lon": [LON],
        "rayon": ["5"],
    }
    assert re.search(r'formmethod="post" formaction="/api/v1/formations.csv"', flat(page.text))


def test_a_shared_position_is_rounded_and_opens_the_same_search(client):
    page = client.post("/recherche", data={**AUTOUR, "lat": "50.05312345", "lon": "2.05698765"})
    shared = state(page)["partage"]
    assert "50.053" in shared and "50.0531" not in shared
    assert titles(client.get(shared)) == titles(page)


def test_a_typed_place_wins_over_a_point_chosen_before(client):
    assert (
        sentence(client.post("/recherche", data={**AUTOUR, "lieu": "Cysoing"}))
        == "2 formations à 5 km de Cysoing"
    )


def test_pages_follow_one_another(client):
    seen = [
        title
        for number in (1, 2, 3, 4)
        for title in titles(client.get(f"/recherche?taille=2&page={number}"))
    ]
    assert seen == titles(client.get("/recherche"))
    page = client.get("/recherche?taille=2&page=2")
    assert 'href="/recherche?taille=2" data-page="1"' in flat(page.text)
    assert 'start="3"' in page.text


def test_exports_hold_the_same_parameters(client):
    page = client.get("/recherche?lieu=Amiville&niveau=4&page=1")
    links = {
        nom: html.unescape(href)
        for href, nom in re.findall(r'href="([^"]*)" data-action="([\w-]+)"', flat(page.text))
    }
    files = ("csv", "xlsx", "geojson", "gpkg", "parquet", "lisez-moi")
    assert set(links) == {"imprimer", "integrer", *files}
    for nom in files:
        parts = urlsplit(links[nom])
        assert parts.path == f"/api/v1/formations.{nom}" and parse_qs(parts.query) == {
            "lieu": ["commune:80001"],
            "niveau": ["4"],
        }


def test_remote_trainings_have_their_own_block(tmp_path):
    frames = make_tiny_frames()
    frames["actions"].loc[frames["actions"]["id_action"].eq("tiny:a4"), "modalite"] = "a_distance"
    frames["offres"].loc[frames["offres"]["id_action"].eq("tiny:a4"), "modalite"] = "a_distance"
    publish_tiny(tmp_path, frames)
    page = create_app(tmp_path).test_client().get("/recherche?lieu=Cysoing&rayon=5")
    assert sentence(page).startswith("2 formations")
    assert "1 formation entièrement à distance" in page.text
    assert titles(page)[-1] == "CAP Cuisine"


def test_the_sheet_says_everything(client):
    page = client.get("/formations/tiny:a3?lieu=Amiville&niveau=5")
    assert page.status_code == 200 and "<h1>BTS Soins</h1>" in page.text
    for words in (
        "1 rue du Lycée",
        "Amiville",
        "Cysoing",
        "24 places",
        "Zones d’emploi 2020",
        "Lycée &lt;b&gt;Test&lt;/b&gt;",
        "Petite offre",
        "Non renseigné",
    ):
        assert words in page.text
    assert 'id="retour" href="/recherche?lieu=commune:80001&amp;niveau=5"' in page.text
    assert "mailto:contact@example.org" in page.text
    assert '<svg class="croquis"' in page.text


def test_the_sheet_of_a_doubtful_place_and_of_hostile_titles(client):
    assert "Position douteuse" in client.get("/formations/tiny:a4").text
    page = client.get("/formations/tiny:a1")
    assert page.status_code == 200 and HOSTILE not in page.text
    assert "javascript:" not in client.get("/formations/tiny:a6").text


def test_an_unknown_sheet_is_a_404(client):
    page = client.get("/formations/rien")
    assert page.status_code == 404 and "n’est pas, ou plus" in page.text
    assert client.get("/formations/tiny:a3?x=1").status_code == 200


def test_the_paper_list_says_date_search_and_places(client):
    page = client.get("/recherche/imprimer?lieu=Amiville&rayon=30")
    assert "6 formations à 30" in page.text and "Liste établie le" in page.text
    assert page.text.count('data-titre="Organisme et lieu"') == 6
    assert page.text.count('<g class="lieu-point">') == 3 and 'class="cercle"' in page.text
    private = client.post("/recherche/imprimer", data=AUTOUR)
    assert private.status_code == 200 and "lat=" not in private.text


def test_values_of_a_long_filter_are_found_by_their_words(client):
    values = client.get("/recherche/valeurs/zone?q=carres").get_json()["valeurs"]
    assert values == [
        {
            "valeur": "epci:240000001",
            "libelle": "CC des Carrés",
            "detail": "Intercommunalités (EPCI)",
        }
    ]
    assert client.get("/recherche/valeurs/zone").get_json() == {"valeurs": []}
    assert client.get("/recherche/valeurs/lune?q=a").status_code == 400
