"""Map = table = text: what a page draws, lists and says are the same figures, read back from it."""

import json
import re
from collections import Counter

import lxml.html
import pytest

from geoapp.coverage.world import open_world
from geoapp.planning.asked import parse_sites
from geoapp.planning.opening import find_sites
from geoapp.web import create_app
from support.needs import make_needs_world
from support.words import plain
from support.world import publish_world


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return publish_world(make_needs_world(), tmp_path_factory.mktemp("accord"))


@pytest.fixture(scope="module")
def client(tiny):
    return create_app(tiny.path.parents[1]).test_client()


def read(client, address: str) -> lxml.html.HtmlElement:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return lxml.html.fromstring(answer.text)


def words(element) -> str:
    return plain(" ".join(element.text_content().split()))


def numbers(told: str) -> list[int]:
    return [int(one.replace(" ", "")) for one in re.findall(r"\d{1,3}(?: \d{3})+|\d+", told)]


def rows(page, label: str) -> list[dict[str, str]]:
    """Return the rows of the table of that name: column → cell, and the address of the first."""
    (table,) = page.xpath(f"//div[@aria-label={json.dumps(label)}]//table")
    titles = [words(one).rstrip(" ▲▼") for one in table.xpath("./thead/tr/th")]
    found = []
    for row in table.xpath("./tbody/tr"):
        cells = row.xpath("./th|./td")
        address = row.xpath("./th//a/@href")
        found.append(
            dict(zip(titles, map(words, cells), strict=True))
            | {"adresse": address[0] if address else ""}
        )
    return found


def drawn(page) -> dict:
    (script,) = page.xpath("//script[@id='valeurs-couverture']")
    return json.loads(script.text)


def as_number(cell: str) -> float:
    return float(re.sub(r"[^\d,]", "", cell).replace(",", "."))


def check_coverage(client, asked: str) -> None:
    page = read(client, f"/couverture?{asked}")
    told, body = drawn(page), client.get(f"/api/v1/couverture?{asked}").json
    by_address = {zone[3]: zone for zone in told["zones"].values()}
    listed = rows(page, "Tableau des zones")
    assert listed and len(told["zones"]) == len(body["zones"])
    first = next(iter(listed[0]))
    for row in listed:
        zone = by_address[row["adresse"]]
        assert plain(zone[1]) == row[first] and plain(zone[2]) == row[plain(told["mesure"])]
    for zone in body["zones"]:
        part, shown = zone["part_non_couverte"], plain(told["zones"][zone["code_zone"]][2])
        if part is not None and "de " not in shown:
            assert as_number(shown) == pytest.approx(part * 100, abs=0.0501)
    shades = Counter(zone[0] for zone in told["zones"].values())
    legend = {
        int(one.xpath(".//rect/@class")[0].rsplit("-", 1)[1]): numbers(
            words(one.xpath(".//span[@class='nb']")[0])
        )[0]
        for one in page.xpath("//ul[@class='classes']/li[.//rect[contains(@class,'choro-')]]")
        if one.xpath(".//rect/@class")[0].rsplit("-", 1)[1].isdigit()
    }
    assert legend == {shade: nb for shade, nb in shades.items() if shade >= 0}
    (phrase,) = [words(one) for one in page.xpath("//p[starts-with(@class,'phrase ')]")]
    whole = body["ensemble"]["population_non_couverte"]
    assert phrase == plain(" ".join(body["phrase"].split()))
    if whole is None:
        assert re.search("est tu|connue nulle part", phrase) or "inconnue" in body["titre"]
    elif round(whole):
        assert round(whole) in numbers(phrase)
    parts = [zone["population_non_couverte"] for zone in body["zones"]]
    if whole is not None and None not in parts:
        assert sum(parts) == pytest.approx(whole)


def check_territory(client, zone: str, asked: str) -> None:
    page = read(client, f"/territoires/{zone}?{asked}")
    told = drawn(page)
    shown = plain(told["zones"][told["choisie"]][2])
    (table,) = page.xpath("//table[@class='t-couverture']")
    cells = {
        words(row.xpath("./th")[0]): words(row.xpath("./td")[0])
        for row in table.xpath("./tbody/tr")
    }
    assert cells[plain(told["mesure"])] == shown
    figures = {
        words(one.xpath("./dt")[0]): words(one.xpath("./dd/strong")[0])
        for one in page.xpath("//dl[@class='chiffres']/div")
    }
    assert figures["Habitants trop loin"] == shown
    assert figures["Habitants"] == cells["Habitants"]
    phrases = [words(one) for one in page.xpath("//ol[@class='essentiel-liste']/li")]
    (cover,) = [
        one
        for one in phrases
        if ("ses habitants" in one and "à plus de" in one) or "ous ses habitants ont" in one
    ][:1]
    if shown == "0 %":
        assert "ous ses habitants ont" in cover
    else:
        assert shown in cover and cells["Habitants non couverts"] in cover


def check_siting(client, snapshot, asked: str) -> None:
    page = read(client, f"/ou-ouvrir?{asked}")
    body = client.get(f"/api/v1/ou-ouvrir?{asked}").json
    given = dict(pair.split("=") for pair in asked.split("&"))
    world = open_world(snapshot)
    sites = find_sites(world, parse_sites(given, world))
    listed = rows(page, "Ouvertures")
    rings = page.xpath("//svg[contains(@class,'croquis')]/g[@class='lieu-point']/text")
    assert [words(one) for one in rings] == [row["Rang"] for row in listed]
    assert [row["Commune"] for row in listed] == [one["commune"] for one in body["ouvertures"]]
    (near,) = page.xpath("//svg[contains(@class,'croquis')]/path[@class='rapproche']/@d")
    assert near.count("h0") == len(sites.rapproches)
    people = dict(zip(sites.comptes.rows, sites.comptes.people, strict=True))
    gained = round(sum(people[row] for row in sites.rapproches))
    (phrase,) = [words(one) for one in page.xpath("//p[starts-with(@class,'phrase ')]")]
    left = (body["non_couverts"], body["non_couverts_apres"])
    assert gained == as_number(listed[-1]["Cumul"]) == pytest.approx(left[0] - left[1], abs=1)
    assert {gained, *left} <= set(numbers(phrase))
    zones = rows(page, "Gain par territoire")
    if all("<" not in row["Gain"] for row in zones):
        total = sum(as_number(row["Gain"]) for row in zones)
        assert total == pytest.approx(gained, abs=len(zones))


def check_what_if(client, asked: str) -> None:
    page, body = read(client, f"/et-si?{asked}"), client.get(f"/api/v1/et-si?{asked}").json
    (table,) = [one for one in page.xpath("//table") if "Habitants trop loin" in words(one)][:1]
    cells = {
        words(row.xpath("./th")[0]): [words(one) for one in row.xpath("./td")]
        for row in table.xpath("./tbody/tr")
    }
    before, after = (as_number(one) for one in cells["Habitants trop loin"][:2])
    assert (round(before), round(after)) == (
        round(body["avant"]["non_couverts"]),
        round(body["apres"]["non_couverts"]),
    )
    assert after - before == pytest.approx(body["perdus"] - body["gagnes"], abs=1)
    (phrase,) = [words(one) for one in page.xpath("//p[starts-with(@class,'phrase ')]")][:1]
    moved = {body["perdus"], body["gagnes"]} - {0}
    assert moved and moved <= set(numbers(phrase))
    changes = [(zone["apres"], zone["avant"]) for zone in body["zones"]]
    if not [pair for pair in changes if None in pair]:
        total = sum(new - old for new, old in changes)
        assert total == pytest.approx(after - before, abs=len(changes))


def check_need(client, asked: str) -> None:
    page, body = read(client, f"/besoins?{asked}"), client.get(f"/api/v1/besoins?{asked}").json
    lines = {plain(line["nom_famille"]): line for line in body["lignes"]}
    for row in rows(page, "Besoin et offre"):
        line = lines[row["Famille de métiers"]]
        if line["nb_projets"] is not None:
            assert numbers(row["Besoin"])[0] == round(line["nb_projets"])
        assert numbers(row["Offre dans la zone"])[0] == line["nb_formations"]
        assert row["Besoin"].startswith("Fort") == (line["besoin"] == "fort")
    phrases = [words(one) for one in page.xpath("//ul[@class='essentiel-liste']/li")]
    known = [line for line in body["lignes"] if line["nb_bassins"]]
    total = sum(line["nb_projets"] or 0 for line in known)
    assert numbers(phrases[0])[0] == pytest.approx(total, abs=0.5)
    assert len(known) in numbers(phrases[0])
    strong = sum(line["besoin"] == "fort" for line in body["lignes"])
    assert phrases[1].startswith("Aucune") if not strong else numbers(phrases[1])[0] == strong
    if asked == "territoire=region":
        assert not page.xpath("//figure[@class='nuage']"), "a region is not set against itself"
    if page.xpath("//figure[@class='nuage']"):
        points = page.xpath("//figure[@class='nuage']//circle")
        text = numbers(words(page.xpath("//*[@id='texte-nuage']")[0]))
        lacking = [one for one in points if one.get("class") == "p-manque"]
        both = [one for one in points if one.get("class") in ("p-manque", "p-fort")]
        assert text[:3] == [len(points), len(both), len(lacking)]
        assert {plain(one.xpath("./title")[0].text) for one in points} <= set(lines)


@pytest.mark.parametrize(
    "asked",
    [
        "domaine=sante&seuil_km=12&zonage=ze2020",
        "type_diplome=bts&seuil_km=12&zonage=departement",
        "seuil_min=15&zonage=commune",
        "public=demandeurs&zonage=ze2020",
    ],
)
def test_coverage(client, asked):
    check_coverage(client, asked)


@pytest.mark.parametrize("zone", ["ze2020/3201", "departement/59"])
@pytest.mark.parametrize("asked", ["type_diplome=bts&seuil_km=12", "seuil_km=20"])
def test_a_territory(client, zone, asked):
    check_territory(client, zone, asked)


def test_where_to_open(client, tiny):
    check_siting(client, tiny, "type_diplome=bts&seuil_km=12&ouvertures=1&zonage=departement")


def test_what_if(client):
    check_what_if(client, "type_diplome=bts&seuil_km=12&ouvre=commune:80002&zonage=departement")


def test_need(client):
    check_need(client, "territoire=region")


@pytest.mark.real
def test_two_questions_on_the_real_mirror(real_snapshot, real_app):
    client = real_app.test_client()
    for asked in ("domaine=batiment&niveau=3", "type_diplome=bac_pro&seuil_min=30"):
        check_coverage(client, f"{asked}&zonage=ze2020")
        check_territory(client, "ze2020/3215", asked)
        check_siting(client, real_snapshot, f"{asked}&zonage=departement")
    check_what_if(client, "domaine=batiment&niveau=3&ouvre=commune:60395&zonage=departement")
    check_need(client, "territoire=ze2020:Maubeuge")
