"""The pages and the API of planning: same figures, addresses kept, what is refused."""

import html

import pytest

from support.words import plain

ADDRESS = "/ou-ouvrir?type_diplome=bts&seuil_km=12&ouvertures=1"


@pytest.fixture
def client(tiny_app):
    return tiny_app.test_client()


def text(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


def test_page_api_and_file_tell_one_answer(client):
    page = text(client, ADDRESS)
    told = client.get("/api/v1" + ADDRESS).get_json()
    assert "rapprocherait 200 des 200 habitants" in page
    assert "rapprocherait 200 des 200 habitants" in plain(told["phrase"])
    assert told["ouvertures"][0]["personnes"] == 200 == told["valeur"]
    lines = client.get(ADDRESS.replace("ou-ouvrir?", "ou-ouvrir/export.csv?")).text.splitlines()
    assert lines[1].startswith("1;80002;Beauval;")


def test_proof_page_links_and_title(client):
    assert "est prouvé" in text(client, ADDRESS.replace("?", "/preuve?"))
    page = text(client, "/couverture?type_diplome=bts")
    assert "/ou-ouvrir?type_diplome=bts" in page
    assert "/ou-ouvrir" in text(client, "/plan-du-site")


@pytest.mark.parametrize(
    "address",
    ["/ou-ouvrir?ouvertures=99", "/api/v1/ou-ouvrir?objectif=rien", "/ou-ouvrir?mesure=gini"],
)
def test_what_is_refused(client, address):
    assert client.get(address).status_code == 400


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("/et-si?fermer=lieu:x", "Vouliez-vous dire « ferme » ?"),
        ("/et-si?zzz=1", "ferme, ouvre"),
        ("/api/v1/ou-ouvrir?ouverture=2", "Vouliez-vous dire « ouvertures » ?"),
        ("/api/v1/ou-ouvrir?zzz=1", "objectif, ouvertures"),
    ],
)
def test_a_parameter_that_is_not_known_is_set_beside_those_of_its_page(client, asked, said):
    answer = client.get(asked)
    assert answer.status_code == 400
    told = answer.json["erreur"]["message"] if answer.is_json else html.unescape(answer.text)
    assert said in plain(told)
