"""API = command line = page: one search, the same answer wherever it is asked."""

import json
import re
from functools import cache

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core import snapshot
from geoapp.offer.search import engine

CASES = [
    {"lieu": "commune:62119", "rayon": "20", "niveau": "3"},
    {"lieu": "ze2020:3215", "domaine": "sante"},
    {"texte": "boulangere", "lieu": "commune:59350"},
    {"texte": "bac pro commerce", "tri": "titre", "voie": "apprentissage"},
    {"lieu": "commune:02408", "rayon": "5", "texte": "soudeur"},
    {"lieu": "commune:59350", "seuil_min": "20", "mode": "velo", "niveau": "3"},
]
OPTIONS = {"rayon": "rayon-km", "seuil_min": "seuil-min"}


def _command(folder, case: dict, forme: str) -> str:
    arguments = [
        part for nom, valeur in case.items() for part in (f"--{OPTIONS.get(nom, nom)}", valeur)
    ]
    result = CliRunner().invoke(main, ["search", "--data", str(folder), forme, *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture(scope="module")
def client(real_app):
    return real_app.test_client()


@pytest.fixture(scope="module")
def opened_once():
    """Let the commands read one snapshot and make one engine: what opens them is not compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "open_snapshot", cache(snapshot.open_snapshot))
        make, made = engine.open_engine, {}
        patch.setattr(
            engine,
            "open_engine",
            lambda one, **given: made.get(one.id) or made.setdefault(one.id, make(one, **given)),
        )
        yield


@pytest.mark.real
@pytest.mark.usefixtures("opened_once")
@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(case.values()))
def test_one_search_gives_one_answer(real_snapshot, client, case):
    folder = real_snapshot.path.parents[1]
    answer = client.get("/api/v1/formations", query_string=case).json
    assert json.loads(_command(folder, case, "--json")) == answer
    csv = client.get("/api/v1/formations.csv", query_string=case).get_data(as_text=True)
    # Alone, the command knows no address of the site: it gives the path of each sheet.
    csv = csv.replace("http://localhost/formations/", "/formations/")
    assert _command(folder, case, "--csv").splitlines() == csv.splitlines()
    page = client.get("/recherche", query_string=case).text
    cards = re.findall(r'<h4[^>]*>\s*<a href="(/formations/[^"?]+)', page)
    # A card holds the other places of its training, folded: no offer is lost, nor out of order.
    urls = [card["url"] for card in answer["formations"]]
    assert set(urls) <= set(re.findall(r'<a href="(/formations/[^"?]+)', page))
    assert cards[: len(set(urls) & set(cards))] == [url for url in urls if url in cards]
    others = answer["nb_voisins"] + answer["a_distance"]["total"] + len(answer["proches"])
    assert csv.count("\r\n") == 1 + answer["total"] + others
