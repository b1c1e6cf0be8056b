"""Use is counted without following anybody: what is kept, what never is, and what it costs."""

import csv
import io
import os
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from geoapp.core.config import Settings, load_settings
from geoapp.core.errors import ParameterError
from geoapp.core.files import read_secret
from geoapp.web import create_app, usage_count
from geoapp.web.usage_count import sayable
from geoapp.web.usage_store import ATTENTE_JOURS, FICHIER, GARDE_JOURS, add, read, write_ahead
from geoapp.web.usage_view import describe_usage, months, tables, told
from support.world import make_tiny_frames, publish_world

TODAY = date.today()
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a data folder that serves the tiny world."""
    folder = tmp_path_factory.mktemp("usage")
    publish_world(make_tiny_frames(), folder / "var")
    return folder


@pytest.fixture
def app(folder):
    """Return an application that counts, and nothing counted yet."""
    for path in (folder / "var").glob(FICHIER + "*"):
        path.unlink()
    app = create_app(settings=Settings(data_dir=folder / "var", cle_usage=folder / "usage.cle"))
    usage_count.register(app)
    yield app
    app.extensions["usage"].flush()


@pytest.fixture
def client(app):
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = BROWSER["User-Agent"]
    return client


def counted(app) -> dict[tuple[str, str], int]:
    """Return what was counted so far."""
    app.extensions["usage"].flush()
    found = read(app.config["SETTINGS"].data_dir)
    return {(one.rubrique, one.cle): one.nb for one in found}


def test_what_is_asked_is_counted_by_what_it_is(app, client):
    client.get("/formations/tiny:a1")
    client.get("/recherche?lieu=Amiville&niveau=3&zone=ze2020:3201&organisme=inconnu")
    client.get("/recherche?niveau=3&page=1")
    client.get("/recherche?niveau=3", headers={"X-Fragment": "1"})
    client.post("/recherche", data={"lat": "49.5", "lon": "2.05", "rayon": "5"})
    client.post("/api/v1/formations", json={"niveau": [3], "texte": "cap"})
    client.get("/api/v1/formations.csv").close()
    client.get("/donnees/tables/offres.csv").close()
    client.get("/couverture/zones/ze2020/3201")
    client.get("/couverture/zones/commune/80001")
    assert counted(app) == {
        ("page", "/formations/<identifiant>"): 1,
        ("page", "/recherche"): 3,
        ("page", "/couverture/zones/<type_zone>/<code_zone>"): 2,
        ("api", "/api/v1/formations"): 1,
        ("fichier", "/api/v1/formations.csv"): 1,
        ("fichier", "/donnees/tables/offres.csv"): 1,
        ("filtre", "niveau=3"): 4,
        ("filtre", "zone"): 1,
        ("filtre", "organisme"): 1,
        ("zone", "ze2020:3201"): 2,
        ("recherche", "toutes"): 5,
        ("recherche", "avec un texte"): 1,
        ("recherche", "autour d'un lieu"): 2,
        ("recherche", "sans résultat"): 2,
    }


def test_what_is_no_use_is_not_counted(app, client):
    for path in ("/sante", "/pret", "/usage", "/usage.csv", "/static/css/base.css", "/rien"):
        client.get(path).close()
    client.head("/recherche")
    client.get("/carte?niveau=9")
    client.get("/api/v1/places?q=ami")
    client.get("/recherche?niveau=3&page=2&taille=1")
    for agent in (
        "Googlebot/2.1",
        "curl/8",
        "",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://b)",
    ):
        client.get("/", headers={"User-Agent": agent})
    client.get("/api/v1/sources", headers={"User-Agent": "python-requests/2.32"})
    assert counted(app) == {
        ("robot", "toutes"): 4,
        ("api", "/api/v1/sources"): 1,
        ("page", "/recherche"): 1,
        ("filtre", "niveau=3"): 1,
    }


def test_a_kept_answer_counts_as_the_first_one(app, client):
    for _ in range(3):
        client.get("/recherche?niveau=3")
    assert counted(app)["recherche", "toutes"] == 3


def _bytes(folder) -> bytes:
    """Return all that the files of counts hold, journals too."""
    return b"".join(path.read_bytes() for path in folder.glob(FICHIER + "*"))


SECRETS = ("chaudronnerie", "Amiville", "50.0512", "2.0534", "Dupont", "192.0.2.77", "Firefox")


def test_nothing_typed_is_in_the_files_after_a_day(app, client, folder):
    away = {"REMOTE_ADDR": "192.0.2.77"}
    typed = {"texte": "chaudronnerie Dupont"}
    client.get("/recherche", query_string=typed, environ_overrides=away)
    client.get("/recherche", query_string={"texte": "chaudronnerie"}, environ_overrides=away)
    client.get("/recherche", query_string={"lieu": "Amiville"})
    client.post("/recherche", data={**typed, "lat": "50.0512", "lon": "2.0534"})
    client.post("/api/v1/formations", json={**typed, "lat": 50.0512, "lon": 2.0534})
    client.get("/qualite", query_string={"q": "Dupont"})
    client.get("/territoires", query_string={"q": "Amiville"})
    client.get("/recherche/valeurs/organisme", query_string={"q": "Dupont"})
    assert counted(app)["recherche", "avec un texte"] == 4
    content = _bytes(folder / "var")
    assert content and not [one for one in SECRETS if one.lower().encode() in content.lower()]
    assert (folder / "usage.cle").stat().st_mode & 0o077 == 0


def test_a_text_is_written_from_its_fifth_day_on(tmp_path):
    cle = tmp_path / "cle" / "usage.cle"
    (tmp_path / "var").mkdir()

    def say(days: int, texte: str = "soudeur", nb: int = 1) -> None:
        jour = TODAY + timedelta(days=days)
        add(tmp_path / "var", cle, jour=jour, comptes={}, textes={texte: nb})

    for day in (0, 0, 0, 1, 7, 30):
        say(day)
    assert b"soudeur" not in _bytes(tmp_path / "var") and read(tmp_path / "var") == []
    say(31, nb=3)
    say(31, nb=2)
    assert [(one.cle, one.nb) for one in read(tmp_path / "var")] == [("soudeur", 5)]
    say(31, "plombier")
    say(31 + ATTENTE_JOURS + 1, "autre")
    with sqlite3.connect(tmp_path / "var" / FICHIER) as connection:
        assert connection.execute("SELECT count(*) FROM attentes").fetchone() == (1,)
    connection.close()


def test_four_days_then_a_long_silence_start_again(tmp_path):
    (tmp_path / "var").mkdir()
    for day in (0, 1, 2, 3, 3 + ATTENTE_JOURS + 1):
        jour = TODAY + timedelta(days=day)
        add(tmp_path / "var", tmp_path / "cle", jour=jour, comptes={}, textes={"soudeur": 1})
    assert read(tmp_path / "var") == []


def test_the_key_is_renewed_and_counts_are_forgotten(tmp_path):
    cle, var = tmp_path / "cle", tmp_path / "var"
    var.mkdir()
    add(var, cle, jour=TODAY, comptes={("page", "/"): 1}, textes={"soudeur": 1})
    first = read_secret(cle)
    add(var, cle, jour=TODAY, comptes={}, textes={"soudeur": 1})
    assert read_secret(cle) == first
    old = cle.stat().st_mtime - (ATTENTE_JOURS + 1) * 86_400
    os.utime(cle, (old, old))
    add(var, cle, jour=TODAY, comptes={}, textes={"soudeur": 1})
    assert read_secret(cle) != first
    late = TODAY + timedelta(days=GARDE_JOURS + 1)
    add(var, cle, jour=late, comptes={("page", "/b"): 1}, textes={})
    assert [one.cle for one in read(var)] == ["/b"]


@pytest.mark.parametrize("where", ["var/usage.cle", "a file/usage.cle"])
def test_without_a_key_of_its_own_a_text_is_not_followed_and_the_rest_is_counted(tmp_path, where):
    (tmp_path / "var").mkdir()
    (tmp_path / "a file").write_text("in the way of a folder")
    for day in range(6):
        jour = TODAY + timedelta(days=day)
        counts = {"jour": jour, "comptes": {("page", "/"): 1}, "textes": {"soudeur": 1}}
        add(tmp_path / "var", tmp_path / where, **counts)
    assert {one.cle for one in read(tmp_path / "var")} == {"/"}
    with sqlite3.connect(tmp_path / "var" / FICHIER) as connection:
        assert connection.execute("SELECT count(*) FROM attentes").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize(
    "texte, kept",
    [
        ("Boulanger-pâtissier", "boulanger patissier"),
        ("CAP cuisine", "cap cuisine"),
        ("12 rue de la Gare", ""),
        ("rue de la gare", ""),
        ("jean.dupont@exemple.fr", ""),
        ("06 12 34 56 78", ""),
        ("dupont1987", ""),
        ("cuisine Amiville", ""),
        ("amiville", ""),
        ("un deux trois quatre cinq six sept", ""),
        ("x" * 61, ""),
        ("", ""),
    ],
)
def test_texts_that_may_tell_of_a_person_or_a_place_are_never_followed(app, texte, kept):
    with app.test_request_context("/"):
        assert sayable(texte) == kept


def test_a_first_writer_refused_without_waiting_asks_again(tmp_path):
    """Seen twice in 150 openings of a new file by eight threads at the same instant."""

    class Refusing:
        asked = 0

        def execute(self, statement: str) -> None:
            self.asked += 1
            if self.asked < 3:
                raise sqlite3.OperationalError("database is locked")

    connection = Refusing()
    write_ahead(connection)
    assert connection.asked == 3


def test_many_writers_at_once_lose_nothing(tmp_path):
    def write(rank: int) -> None:
        for _ in range(10):
            comptes = {("page", "/"): 1, ("page", f"/{rank}"): 1}
            add(tmp_path, tmp_path / "cle", jour=TODAY, comptes=comptes, textes={"soudeur": 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    found = {one.cle: one.nb for one in read(tmp_path)}
    assert found["/"] == 80 and found["/3"] == 10


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), sqlite3.OperationalError("disk is full")]
)
def test_a_full_disk_costs_nothing_to_answers(app, client, monkeypatch, caplog, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("geoapp.web.usage_count.add", fail)
    assert client.get("/recherche?texte=soudeur").status_code == 200
    app.extensions["usage"].flush()
    assert "Usage non compté" in caplog.text and "soudeur" not in caplog.text
    monkeypatch.setattr("geoapp.web.usage_count.what_counts", fail)
    assert client.get("/recherche?texte=soudeur").status_code == 200


def test_a_file_of_counts_that_is_none_breaks_no_page(app, client):
    path = app.config["SETTINGS"].data_dir / FICHIER
    path.write_bytes(b"this is no database" * 100)
    client.get("/")
    assert counted(app) == {}
    assert client.get("/usage").status_code == client.get("/usage.csv").status_code == 200


def test_the_setting_closes_it(folder):
    assert load_settings({"GEOAPP_USAGE": "non"}).usage == "non"
    with pytest.raises(ParameterError, match="oui ou non"):
        load_settings({"GEOAPP_USAGE": "peut-être"})
    for usage, est_prechauffee in (("non", True), ("oui", False)):
        settings = Settings(data_dir=folder / "vide", usage=usage)
        app = create_app(settings=settings, est_prechauffee=est_prechauffee)
        assert "usage" not in app.extensions
    app = create_app(settings=Settings(data_dir=folder / "vide"), est_prechauffee=True)
    assert "usage" in app.extensions
    closed = create_app(settings=Settings(data_dir=folder / "var", usage="non")).test_client()
    assert "ce réglage est fermé" in closed.get("/usage").text


def test_small_counts_are_never_told(app, client):
    assert [told(nb) for nb in (0, 1, 4, 5)] == ["0", "moins de 5", "moins de 5", "5"]
    for _ in range(6):
        client.get("/recherche?niveau=3")
    client.get("/recherche?niveau=4")
    client.get("/carte")
    app.extensions["usage"].flush()
    page = re.sub(r'<a class="sigle"[^>]*>([^<]+)</a>', r"\1", client.get("/usage").text)
    told_by_name = {
        r"Niveau de sortie\W+Niveau 3": "6",
        r"Niveau de sortie\W+Niveau 4": "moins de 5",
        "Formations": "7",
        "Carte": "moins de 5",
    }
    for nom, nb in told_by_name.items():
        assert re.search(rf'>{nom}[^<]*</th><td class="nb">{nb}</td>', page), nom
    assert "7 recherches" in page and "article 82" in page
    rows = list(
        csv.DictReader(
            io.StringIO(client.get("/usage.csv").data.decode("utf-8-sig"), newline=""),
            delimiter=";",
        )
    )
    by_key = {row["Élément"]: (row["Nombre"], row["Petit nombre"]) for row in rows}
    assert by_key["niveau=3"] == ("6", "") and by_key["niveau=4"] == ("", "moins de 5")
    assert 'href="/usage"' in client.get("/").text


def test_the_last_month_in_words():
    assert describe_usage([], 30) == ["Rien n'a encore été compté."]
    assert tables([], {}) == months([]) == []
