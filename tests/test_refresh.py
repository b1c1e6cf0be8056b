"""`geoapp fetch`: conditional, retried, resumed and checked, against a local producer that is told
how to behave.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
from dataclasses import replace
from datetime import date

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core.errors import SourceError, StorageError
from geoapp.sources import freshness, transport
from geoapp.sources import refresh as refreshing
from geoapp.sources.cache import (
    Etat,
    cache_path,
    partial_path,
    previous_path,
    read_etat,
    write_etat,
)
from geoapp.sources.network import Network
from geoapp.sources.refresh import refresh, refresh_all
from geoapp.sources.registry import Source, load_sources
from geoapp.sources.rhythm import expected_since, parse_vintage
from support.producer import SETTINGS, make_csv

DATED = "Wed, 25 Nov 2026 10:00:00 GMT"


class Place:
    """A cache and one source of the local producer."""

    def __init__(self, folder, url: str):
        self.data_dir = folder / "var"
        self.source = Source(
            id="communes-test",
            titre="Communes",
            producteur="Nous",
            licence="MIT",
            millesime="2025",
            usage="verification",
            format="csv",
            fichier="zonages/communes.csv",
            telechargement=url,
            rythme="mensuel",
            colonnes={"code_commune": "code", "nom": "nom"},
        )
        self.copy = cache_path(self.source, self.data_dir)

    def refresh(self, essais: int = 0, **options) -> bool:
        return refresh(
            self.source,
            data_dir=self.data_dir,
            settings=SETTINGS,
            network=Network(essais=essais),
            **options,
        )

    @property
    def etat(self) -> Etat:
        return read_etat(self.source, self.data_dir)


@pytest.fixture
def place(tmp_path, producer) -> Place:
    return Place(tmp_path, producer.url)


# --- Conditional requests
# ------------------------------------------------------------------------------


def test_an_unchanged_file_is_asked_with_its_etag_and_not_sent_again(place, producer):
    assert place.refresh() is True
    first = place.etat
    assert place.refresh() is False
    assert producer.asked[1]["If-None-Match"] == '"v1"' and "If-None-Match" not in producer.asked[0]
    assert (
        place.etat.obtenu_le == first.obtenu_le
        and place.etat.nb_lignes == 100
        and place.etat.verifie_le >= first.verifie_le
    )


def test_a_file_dated_only_is_asked_with_its_date(place, producer):
    producer.etag, producer.dated = "", DATED
    place.refresh()
    assert place.refresh() is False and producer.asked[1]["If-Modified-Since"] == DATED


def test_a_new_file_replaces_the_copy_and_the_one_before_is_kept(place, producer):
    place.refresh()
    producer.body, producer.etag = make_csv(120), '"v2"'
    assert place.refresh() is True
    assert place.copy.read_bytes() == make_csv(120) and previous_path(
        place.source, place.data_dir
    ).read_bytes() == make_csv(100)
    assert (place.etat.etag, place.etat.nb_lignes) == ('"v2"', 120)


def test_the_same_bytes_under_another_validator_are_no_news(place, producer):
    place.refresh()
    producer.etag = '"v2"'
    assert (
        place.refresh() is False
        and place.etat.etag == '"v2"'
        and not previous_path(place.source, place.data_dir).exists()
    )


def test_a_copy_altered_by_hand_is_asked_without_condition(place, producer):
    place.refresh()
    place.copy.write_bytes(b"code;nom\n")
    assert place.refresh() is True and place.copy.read_bytes() == producer.body
    assert "If-None-Match" not in producer.asked[1]


def test_another_address_is_asked_without_condition(place, producer):
    place.refresh()
    place.source = replace(place.source, telechargement=producer.url + "?v=2")
    assert place.refresh() is False and "If-None-Match" not in producer.asked[1]


# --- Retries and resume
# ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "script", [[503], [500, 502, 429], ["moitie"], ["fige"], ["moitie", 500], ["moitie", "moitie"]]
)
def test_a_passing_failure_is_tried_again(place, producer, script):
    producer.script = list(script)
    assert place.refresh(essais=3) is True and place.copy.read_bytes() == producer.body
    assert len(producer.asked) == len(script) + 1 - script.count("fige") and place.etat.echec == ""


def test_a_lasting_failure_is_given_up_after_the_tries(place, producer):
    producer.script = [500] * 10
    with pytest.raises(SourceError, match="500"):
        place.refresh(essais=2)
    assert len(producer.asked) == 3


def test_a_refusal_is_not_tried_again(place, producer):
    producer.script = [404, 404]
    with pytest.raises(SourceError, match="404"):
        place.refresh(essais=3)
    assert len(producer.asked) == 1


def test_waits_grow_between_tries(place, producer, monkeypatch):
    waits = []
    monkeypatch.setattr(transport, "BACKOFF_S", 1.0)
    monkeypatch.setattr(transport.time, "sleep", waits.append)
    producer.script, producer.etag = ["moitie"] * 3, ""
    place.refresh(essais=3)
    assert waits == [1.0, 2.0, 4.0]


def test_half_a_file_is_kept_and_its_rest_asked_by_the_next_run(place, producer):
    producer.script = ["moitie"]
    with pytest.raises(SourceError, match="incomplet"):
        place.refresh()
    assert (
        not place.copy.exists()
        and partial_path(place.source, place.data_dir).stat().st_size == len(producer.body) // 2
    )
    assert place.refresh() is True and place.copy.read_bytes() == producer.body
    assert (
        producer.asked[1]["Range"] == f"bytes={len(producer.body) // 2}-"
        and producer.asked[1]["If-Range"] == '"v1"'
    )
    assert not partial_path(place.source, place.data_dir).exists()


def test_half_a_file_that_changed_meanwhile_starts_again(place, producer):
    producer.script = ["moitie"]
    with pytest.raises(SourceError):
        place.refresh()
    producer.body, producer.etag = make_csv(130), '"v2"'
    assert place.refresh() is True and place.copy.read_bytes() == make_csv(130)


def test_half_a_file_without_validator_is_not_resumed(place, producer):
    producer.script, producer.etag = ["moitie"], ""
    with pytest.raises(SourceError):
        place.refresh()
    assert not partial_path(place.source, place.data_dir).exists()
    place.refresh()
    assert "Range" not in producer.asked[1] and place.copy.read_bytes() == producer.body


def test_a_weak_etag_is_no_ground_to_resume(place, producer):
    producer.script, producer.etag = ["moitie"], 'W/"v1"'
    with pytest.raises(SourceError):
        place.refresh()
    assert place.etat.partiel == ""


def test_a_rest_that_is_not_the_one_asked_is_refused(place, producer):
    producer.script = ["moitie", "mauvaise suite"]
    with pytest.raises(SourceError):
        place.refresh()
    with pytest.raises(SourceError, match="206"):
        place.refresh()
    assert place.refresh() is True and place.copy.read_bytes() == producer.body


def test_a_partial_file_longer_than_the_whole_starts_again(place, producer):
    producer.script = ["moitie"]
    with pytest.raises(SourceError):
        place.refresh()
    partial_path(place.source, place.data_dir).write_bytes(b"x" * 9999)
    assert place.refresh(essais=1) is True and place.copy.read_bytes() == producer.body


# --- What is refused, and the good copy kept
# ---------------------------------------------------------------


def announce(body: bytes, name: str) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    return (
        {"Repr-Digest": f"sha-256=:{digest}:"}
        if name == "Repr-Digest"
        else {"Digest": f"SHA-256={digest}"}
    )


@pytest.mark.parametrize("header", ["Repr-Digest", "Digest"])
def test_the_digest_announced_is_checked(place, producer, header):
    producer.more = announce(producer.body, header)
    assert place.refresh() is True
    producer.etag, producer.more = '"v2"', announce(b"autre", header)
    with pytest.raises(SourceError, match="empreinte sha-256"):
        place.refresh()
    assert place.copy.read_bytes() == producer.body


BAD = {
    "page": ({"script": ["page"]}, "page web"),
    "500": ({"script": [500]}, "500"),
    "moitié": ({"script": ["moitie"]}, "incomplet"),
    "silence": ({"script": ["fige"], "body": b""}, "vide"),
    "coupé": ({"body": make_csv(49)}, "49 lignes au lieu de 100"),
    "colonnes": ({"body": make_csv(100).replace(b"nom", b"libelle")}, "« nom »"),
    "octets": ({"body": make_csv(100) + b"80999;\xde\xf0\xfe\n"}, "Windows-1252"),
    "en-tête seul": ({"body": make_csv(0)}, "aucune ligne"),
    "gros": ({"body": make_csv(90_000)}, "plus de 1 Mo"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_delivery_never_replaces_the_good_one(place, producer, case):
    place.refresh()
    good, before = place.copy.read_bytes(), place.etat
    changes, word = BAD[case]
    producer.etag = '"v2"'
    for name, value in changes.items():
        setattr(producer, name, value)
    with pytest.raises(SourceError) as caught:
        place.refresh()
    assert word in str(caught.value) and "communes.csv, téléchargement depuis 127.0.0.1:" in str(
        caught.value
    )
    assert place.copy.read_bytes() == good and word in place.etat.echec and place.etat.echec_le
    assert (place.etat.sha256, place.etat.etag, place.etat.obtenu_le) == (
        before.sha256,
        '"v1"',
        before.obtenu_le,
    )
    names = {path.name for path in place.copy.parent.iterdir()}
    assert names <= {
        "communes.csv",
        "etat.json",
        ".verrou",
        partial_path(place.source, place.data_dir).name,
    }


def test_a_shorter_file_may_be_accepted(place, producer):
    place.refresh()
    producer.body, producer.etag = make_csv(10), '"v2"'
    with pytest.raises(SourceError, match="--accepter"):
        place.refresh()
    assert (
        place.refresh(accept_smaller=True) is True
        and place.etat.nb_lignes == 10
        and place.etat.echec == ""
    )


def test_a_failure_is_forgotten_once_the_producer_answers_well(place, producer):
    place.refresh()
    producer.script = [500]
    with pytest.raises(SourceError):
        place.refresh()
    assert place.refresh() is False and place.etat.echec == "" and place.etat.sha256


def test_a_full_disk_is_told_and_loses_nothing(place, producer, monkeypatch):
    place.refresh()
    good = place.copy.read_bytes()
    producer.body, producer.etag = make_csv(120), '"v2"'

    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(refreshing, "replace_copy", full)
    with pytest.raises(StorageError, match="Libérez de la place"):
        refresh_all([place.source], data_dir=place.data_dir, settings=SETTINGS, network=Network())
    assert place.copy.read_bytes() == good
    monkeypatch.undo()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert place.refresh() is True and place.copy.read_bytes() == make_csv(120)


def test_two_refreshes_at_once_do_not_mix(place, producer):
    from geoapp.sources.cache import locked

    with locked(place.source, place.data_dir), pytest.raises(SourceError, match="en cours"):
        place.refresh()


def test_a_damaged_record_is_no_record(place, producer):
    place.refresh()
    (place.copy.parent / "etat.json").write_text("{")
    assert place.etat == Etat() and place.refresh() is True


# --- One broken source among others, the command, the states
# ------------------------------------------------


def test_a_broken_source_does_not_stop_the_others(place, producer):
    dead, none = (
        replace(place.source, id="morte", telechargement="http://127.0.0.1:9/a.csv"),
        replace(place.source, id="sans", telechargement="", adresse="https://ici.fr"),
    )
    told = []
    done = refresh_all(
        [dead, none, place.source, place.source],
        data_dir=place.data_dir,
        settings=SETTINGS,
        network=Network(),
        watch=told.append,
    )
    assert [one.issue for one in done] == [
        "en_panne",
        "sans_adresse",
        "nouvelle",
        "inchangee",
    ] and told == done
    assert "https://ici.fr" in done[1].message and "100 lignes" in done[2].message


@pytest.fixture
def registry(place, monkeypatch):
    monkeypatch.setattr(
        "geoapp.sources.registry.load_sources", lambda: {place.source.id: place.source}
    )
    return place


def test_the_command_tells_news_and_failures_and_its_exit_code(registry, producer):
    def run(*options):
        return CliRunner().invoke(main, ["fetch", "--data", str(registry.data_dir), *options])

    first = run()
    assert first.exit_code == 0 and "communes-test : nouvelle version" in first.output
    assert "inchangée" in run("--source", "communes-test").output
    producer.script = ["page"]
    broken = run()
    assert (
        broken.exit_code == 1
        and "page web" in broken.output
        and "dernière bonne version est gardée" in broken.output
    )
    assert "en panne" in run("--status").output
    unknown = run("--source", "communes-tset")
    assert unknown.exit_code == 2 and "communes-test" in unknown.stderr


def test_an_unwritable_cache_is_told_without_traceback(registry, producer, tmp_path):
    (tmp_path / "var").write_text("un fichier, pas un dossier")
    result = CliRunner().invoke(main, ["fetch", "--data", str(tmp_path / "var")])
    assert (
        result.exit_code == 1
        and "Impossible d'écrire" in result.stderr
        and "Traceback" not in result.output
    )


@pytest.mark.parametrize(
    "millesime, day",
    [
        ("2024", date(2024, 12, 31)),
        ("2024-02", date(2024, 2, 29)),
        ("2020-11-16", date(2020, 11, 16)),
        ("2022-2023", date(2023, 8, 31)),
        ("4.60", None),
        ("fictif", None),
        ("2024-13", None),
        ("2024-02-30", None),
    ],
)
def test_the_day_that_a_vintage_names(millesime, day):
    assert parse_vintage(millesime) == day


def test_a_delivery_is_due_after_the_rhythm_and_not_before():
    assert expected_since("hebdomadaire", date(2026, 1, 1)) == date(2026, 1, 8)
    assert (
        expected_since("ponctuel", date(2026, 1, 1)) is None
        and expected_since("", date(2026, 1, 1)) is None
        and expected_since("annuel", None) is None
    )


def states(place, today: date, snapshot=None, **changes) -> str:
    return freshness.list_freshness(
        [replace(place.source, **changes)], place.data_dir, snapshot, today
    )[0].etat


def test_the_states_of_a_source(place, producer, tiny_snapshot):
    assert (
        states(place, date(2026, 1, 1)) == "jamais_obtenue"
        and states(place, date(2026, 1, 1), telechargement="") == "a_fournir"
    )
    served = replace(place.source, id="tiny")
    assert [
        states(place, day, tiny_snapshot, id="tiny")
        for day in (date(2026, 1, 31), date(2026, 2, 1))
    ] == ["a_jour", "en_retard"]
    assert (
        states(place, date(2026, 2, 1), tiny_snapshot, id="tiny", rythme="ponctuel") == "non_datee"
    )
    place.refresh()
    assert states(place, date(2026, 1, 1)) == "nouvelle"
    write_etat(
        served,
        place.data_dir,
        Etat(echec="le producteur a répondu 500.", echec_le="2026-01-02T00:00:00Z"),
    )
    assert states(place, date(2026, 1, 1), tiny_snapshot, id="tiny") == "en_panne"


def test_every_source_of_the_registry_has_a_rhythm():
    assert [one.id for one in load_sources().values() if not one.rythme] == []


def test_the_record_beside_a_copy_is_plain_json(place, producer):
    place.refresh()
    record = json.loads((place.copy.parent / "etat.json").read_text(encoding="utf-8"))
    assert record["sha256"] == hashlib.sha256(producer.body).hexdigest() and str(
        place.data_dir
    ) not in json.dumps(record)
