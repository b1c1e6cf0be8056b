"""Logs in production: a line by answer, as JSON, and nothing of what a person typed or of who."""

import io
import json
import logging
import sys

import pytest
from werkzeug.test import Client, EnvironBuilder

from geoapp.web import create_app
from geoapp.web.logs import log_answer, log_as_json
from geoapp.web.observed import INCONNUE, Observation, observe
from support.world import make_tiny_frames, publish_world

TYPED = "secretissime"
POSITION = ("50.13579", "2.24681")
CLIENT = "203.0.113.77"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("journal")
    publish_world(make_tiny_frames(), folder)
    return folder


@pytest.fixture
def written():
    """What is written by every logger of the process, as JSON lines."""
    root, ours, stream = logging.getLogger(), logging.getLogger("geoapp"), io.StringIO()
    before = root.handlers[:], root.level, ours.level
    log_as_json(stream)
    try:
        yield stream
    finally:
        root.handlers[:], root.level, ours.level = before
        logging.captureWarnings(False)


@pytest.fixture
def seen(folder):
    """The application as a server runs it, and what was noted of its answers."""
    noted: list[Observation] = []
    app = create_app(folder)

    @app.get("/panne/<mot>")
    def breaks(mot: str):
        raise ValueError(f"{mot} at {POSITION}")

    return observe(app, (log_answer, noted.append)), noted


def lines(stream: io.StringIO) -> list[dict]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def ask(served, path: str, **request):
    """Ask as a client of the network does, and read the answer to its end."""
    environ = EnvironBuilder(
        path=path,
        environ_overrides={"REMOTE_ADDR": CLIENT},
        headers={"X-Forwarded-For": CLIENT, "User-Agent": TYPED, "Referer": f"/{TYPED}"},
        **request,
    ).get_environ()
    response = Client(served).open(environ, buffered=True)
    response.close()
    return response


def test_a_line_by_answer_says_route_status_time_size_and_snapshot(seen, written):
    served, noted = seen
    answer = ask(served, "/formations/tiny:a1")
    (line,) = lines(written)
    assert line.pop("duree_ms") > 0 and line.pop("date").endswith("+00:00")
    assert line.pop("processus") > 0
    assert line == {
        "niveau": "info",
        "journal": "geoapp.acces",
        "route": "/formations/<identifiant>",
        "methode": "GET",
        "statut": 200,
        "octets": len(answer.data),
        "instantane": "20260102T030405Z",
    }
    assert len(noted) == 1


ASKED = (
    ("/recherche", {"query_string": {"texte": TYPED, "lat": POSITION[0], "lon": POSITION[1]}}),
    ("/recherche", {"method": "POST", "data": {"texte": TYPED, "lat": POSITION[0]}}),
    ("/api/v1/places", {"method": "POST", "json": {"q": f"12 rue {TYPED}"}}),
    ("/api/v1/places", {"query_string": {"q": TYPED}}),
    ("/api/v1/formations.csv", {"query_string": {"texte": TYPED}}),
    ("/api/v1/formations", {"query_string": {TYPED: POSITION[0]}}),
    (f"/recherche/valeurs/{TYPED}", {}),
    (f"/formations/{TYPED}", {}),
    (f"/{TYPED}/{POSITION[0]}", {"query_string": {"lon": POSITION[1]}}),
    (f"/panne/{TYPED}", {"query_string": {"lat": POSITION[0]}}),
    ("/recherche", {"method": TYPED.upper()}),
)


def test_nothing_typed_no_position_and_no_client_is_ever_written(seen, written, capfd):
    served, noted = seen
    for path, request in ASKED:
        ask(served, path, **request)
    told = written.getvalue() + "".join(capfd.readouterr())
    for private in (TYPED, TYPED.upper(), *POSITION, CLIENT):
        assert private not in told, private
    answers = [line for line in lines(written) if line["journal"] == "geoapp.acces"]
    assert len(answers) == len(noted) == len(ASKED)
    assert {line["route"] for line in answers} > {"/panne/<mot>", INCONNUE, "/recherche"}


def test_an_error_is_told_by_its_kind_and_its_lines_of_code(seen, written):
    served, _ = seen
    assert ask(served, f"/panne/{TYPED}").status_code == 500
    error, answer = lines(written)
    assert error["niveau"] == "erreur" and error["trace"][-1].endswith("breaks")
    assert error["message"] == "Erreur imprévue sur /panne/<mot>"
    assert answer["niveau"] == "erreur" and answer["statut"] == 500


def test_what_a_library_says_is_written_without_its_arguments(written):
    logging.getLogger("bibliotheque").warning("Cannot read %s at %s", TYPED, POSITION)
    logging.getLogger("bibliotheque").info("Reading %s", TYPED)
    logging.getLogger("geoapp").warning("Publication refusée : %s", "abîmé")
    told = lines(written)
    assert [line["message"] for line in told] == [
        "Cannot read %s at %s",
        "Publication refusée : abîmé",
    ]
    assert told[0]["niveau"] == "alerte"


def test_a_message_of_several_lines_stays_one_line(written):
    try:
        raise RuntimeError(TYPED)
    except RuntimeError:
        logging.getLogger("geoapp").error("un\ndeux", exc_info=sys.exc_info())
    (line,) = lines(written)
    assert line["message"] == "un\ndeux" and line["erreur"] == "RuntimeError"
    assert TYPED not in written.getvalue()


def test_an_answer_whose_client_leaves_is_told_once(folder):
    noted: list[Observation] = []
    served = observe(create_app(folder), (noted.append,))
    environ = EnvironBuilder(path="/api/v1/formations.csv").get_environ()
    pieces = served(environ, lambda *given: None)
    next(iter(pieces))
    assert noted == []
    pieces.close()
    pieces.close()
    assert [(one.route, one.statut) for one in noted] == [("/api/v1/formations.<format>", 200)]
