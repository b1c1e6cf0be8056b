"""What is worked out once: one maker at a time by key, bounded, whatever is published meanwhile."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from geoapp.core.memory import Lazily, Memory
from geoapp.web import create_app, served
from geoapp.web.served import Courant, served_engine
from support.world import CREATED, publish_world


def test_eight_threads_that_ask_for_one_key_make_it_once():
    memory, together, made = Memory(), threading.Barrier(8), []
    slow = threading.Event()

    def make():
        made.append(1)
        slow.wait(0.2)
        return object()

    def ask(_):
        together.wait()
        return memory.get("clé", make)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert made == [1] and len(set(map(id, answers))) == 1


def test_another_key_does_not_wait_and_may_be_made_inside():
    memory, held, free = Memory(), threading.Event(), threading.Event()

    def slow():
        held.set()
        assert free.wait(10), "the other key waited for this one"
        return memory.get("dedans", lambda: "dedans")

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(memory.get, "lente", slow)
        held.wait(10)
        assert memory.get("autre", lambda: 2) == 2
        free.set()
        assert first.result(10) == "dedans" and len(memory) == 3


def test_a_failure_is_not_kept_and_one_who_waits_makes_the_value():
    memory, tries, together = Memory(), [], threading.Barrier(2)

    def make():
        tries.append(1)
        if len(tries) == 1:
            threading.Event().wait(0.1)
            raise OSError("disque plein")
        return "fait"

    def ask(_):
        together.wait()
        try:
            return memory.get("clé", make)
        except OSError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, range(2))) == ["disque plein", "fait"]
    assert memory.get("clé", lambda: pytest.fail("made again")) == "fait" and len(tries) == 2


def test_only_the_last_ones_asked_are_kept():
    memory = Memory(2)
    for key in ("a", "b", "a", "c"):
        memory.get(key, key.upper)
    assert len(memory) == 2
    assert memory.get("a", lambda: pytest.fail("let go")) == "A", "asked after « b »"
    assert memory.get("b", lambda: "refait") == "refait"
    memory.clear()
    assert len(memory) == 0


def _publish(frames, folder, second):
    return publish_world(frames, folder, f"{CREATED[:17]}{second:02d}Z")


def test_a_snapshot_published_while_something_is_derived_harms_nothing(tiny_frames, tmp_path):
    before = _publish(tiny_frames, tmp_path, 1).id
    courant = Courant(tmp_path)

    def make(snapshot):
        _publish(tiny_frames, tmp_path, 2)
        with ThreadPoolExecutor(1) as pool:  # another request opens the new one meanwhile
            assert pool.submit(courant.snapshot).result().id != before
        return snapshot.id

    assert courant.derive("id", make) == before
    assert courant.derive("id", lambda snapshot: snapshot.id) == courant.snapshot().id != before


def test_what_depends_on_the_day_is_let_go_with_the_day(tiny_frames, tmp_path, monkeypatch):
    _publish(tiny_frames, tmp_path, 1)

    class Day(date):
        today = classmethod(lambda cls: cls.day)

    monkeypatch.setattr(served, "date", Day)
    app = create_app(tmp_path)
    with app.app_context():
        for day in (1, 2, 3):
            Day.day = date(2026, 12, day)
            assert served_engine().jour == Day.day and served_engine() is served_engine()
        _, days = served.courant().derive("moteur", lambda snapshot: pytest.fail("made again"))
    assert len(days) == 1


def test_a_value_by_name_is_made_when_it_is_asked_and_once():
    made = []
    values = Lazily({name: lambda name=name: made.append(name) or name.upper() for name in "ab"})
    assert "a" in values and "c" not in values and list(values) == ["a", "b"] and made == []
    assert values["b"] == values["b"] == "B" and made == ["b"]
    values.make_all()
    assert made == ["b", "a"] and dict(values) == {"a": "A", "b": "B"}
