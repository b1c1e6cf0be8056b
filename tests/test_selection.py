"""The page « Ma sélection »: its address says it all, and nothing of it is kept."""

import re

import pytest

from geoapp.web import create_app
from geoapp.web.presentation import SELECTION_MAX
from geoapp.web.selection import _tell_apart
from geoapp.web.usage_store import read
from support.words import plain


@pytest.fixture
def client(tiny_app):
    return tiny_app.test_client()


def headers(page):
    """Return the titles of the columns and of the rows of the table."""
    return (
        re.findall(r'<th scope="col"[^>]*><a href="([^"]*)"', page),
        re.findall(r'<th scope="row"[^>]*>([^<]*)<', page),
    )


def test_trainings_stand_side_by_side_from_the_address_alone(client):
    page = client.get("/selection?formations=tiny:a3,tiny:a1&lieu=Amiville").text
    columns, rows = headers(page)
    assert columns == [f"/formations/tiny:{one}?lieu=commune:80001" for one in ("a3", "a1")]
    assert {"Où", "Distance", "Quand", "Niveau", "Voie"} <= set(rows)
    assert "distances depuis Amiville" in page
    assert 'href="/selection?formations=tiny:a1&amp;lieu=commune:80001"' in page, "a3 withdrawn"
    shared = "http://localhost/selection?formations=tiny:a3,tiny:a1&amp;lieu=commune:80001"
    assert f'data-adresse="{shared}"' in page and "mailto:?subject=" in page


def test_trainings_of_one_title_are_told_apart():
    told = [("A", "Voie scolaire", "Lens"), ("A", "Apprentissage", "Lens"), ("B", "", "Lens")]
    columns = [
        {"titre": titre, "dit": {"Voie": [voie] if voie else [], "Où": [where], "Quand": []}}
        for titre, voie, where in told
    ]
    _tell_apart(columns)
    assert [one["titre"] for one in columns] == ["A (voie scolaire)", "A (apprentissage)", "B"]
    alike = [{"titre": "A", "dit": {nom: [] for nom in ("Voie", "Où", "Quand")}} for _ in range(2)]
    _tell_apart(alike)
    assert [one["titre"] for one in alike] == ["A", "A"], "nothing known parts them"


def test_what_is_no_more_is_said_and_is_no_error(client):
    page = client.get("/selection?formations=rien,tiny:a3,,autre")
    assert page.status_code == 200 and len(headers(page.text)[0]) == 1
    assert "2 formations de cette adresse n'existent plus" in plain(page.text)
    nothing = client.get("/selection?formations=rien")
    assert nothing.status_code == 200 and "<table" not in nothing.text.partition("<main")[2]
    assert "Aucune formation" in client.get("/selection").text


def test_as_many_as_can_be_compared_once_each(client):
    ids = ",".join(f"tiny:a{n}" for n in (1, 2, 3, 4, 5, 1))
    page = client.get(f"/selection?formations={ids}").text
    assert len(headers(page)[0]) == SELECTION_MAX == 4
    assert "les suivantes ne sont pas montrées" in page
    assert "Distance" not in headers(page)[1], "no place, no distance"


def test_a_place_that_is_not_understood_is_said_and_the_table_stays(client):
    page = client.get("/selection?formations=tiny:a3&lieu=Nulle+Part")
    assert page.status_code == 200 and len(headers(page.text)[0]) == 1
    assert 'id="depuis-alerte" role="alert"></p>' not in page.text


def test_no_identifier_is_counted_nor_kept(tiny_snapshot, tmp_path):
    app = create_app(tiny_snapshot.path.parents[1], est_prechauffee=True)
    client = app.test_client()
    client.get("/selection?formations=tiny:a3", headers={"User-Agent": "Mozilla/5.0"})
    app.extensions["usage"].flush()
    told = [one.cle for one in read(tiny_snapshot.path.parents[1])]
    assert "/selection" in told and not [cle for cle in told if "a3" in cle]
