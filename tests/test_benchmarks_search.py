"""The search benchmark runs at a tiny size, and its rivals answer what the engine answers; nothing
is timed.
"""

from __future__ import annotations

import pytest

from benchmarks import search, search_job
from benchmarks.queries import FILTERS, MIX, make_queries, parameters
from benchmarks.search_rival import count_cube, lay_out
from benchmarks.search_sqlite import SqliteRival
from benchmarks.search_world import replicate, write_world
from geoapp.core.schema import TABLES
from geoapp.core.snapshot import open_snapshot
from geoapp.offer.filters import Filtres, Option
from geoapp.offer.search.engine import open_engine
from geoapp.offer.search.model import Requete

NB_OFFERS = 40


@pytest.fixture
def world(tiny_snapshot, tmp_path):
    """Return the data folder of the tiny world, replicated, some of its offers fully remote."""
    frames = replicate({nom: tiny_snapshot.read(nom) for nom in TABLES}, NB_OFFERS)
    for nom in ("offres", "actions"):
        is_remote = frames[nom]["id_action"].isin(frames["offres"]["id_action"].iloc[::7])
        frames[nom]["modalite"] = frames[nom]["modalite"].mask(is_remote, "a_distance")
    write_world(frames, tiny_snapshot.manifest, tmp_path / "wide")
    return tmp_path / "wide"


@pytest.fixture
def moteur(world):
    return open_engine(open_snapshot(world))


def test_replicated_offers_have_new_identifiers_and_obey_the_schema(world):
    offres = open_snapshot(world).read("offres")
    assert len(offres) == NB_OFFERS
    assert not offres.duplicated(["id_action", "id_lieu"]).any()
    assert offres["intitule"].str.contains("parcours 1").any()


def test_same_seed_same_queries_of_every_kind(moteur):
    queries = make_queries(moteur, 300)
    assert queries == make_queries(moteur, 300)
    assert {kind for kind, _ in queries} == set(MIX)
    assert all(isinstance(value, str) for _, requete in queries for _, value in parameters(requete))


def test_sqlite_gives_the_same_totals_pages_and_counts(moteur, tmp_path):
    queries = [
        (kind, requete)
        for kind, requete in make_queries(moteur, 200)
        if kind in ("radius", "radius + filter", "zone", "zone + filter", "filter")
    ]
    assert moteur.a_distance.any() and not moteur.a_distance.all()
    rival, ours = SqliteRival(lay_out(moteur), tmp_path / "rival.sqlite"), search_job.Ours(moteur)
    rank = {int(row): i for i, row in enumerate(moteur.ordre)}
    for _, requete in queries:
        mine, theirs = ours.answer(requete), rival.answer(requete)
        assert theirs.total == mine.total
        assert theirs.rows == [rank[row] for row in mine.rows]
        assert theirs.facets == {nom: mine.facets[nom] for nom in FILTERS}
    rival.close()


def test_live_counts_leave_out_their_own_filter():
    cells = [
        ("gestion", "5", "scolaire", 2, 0),
        ("gestion", "5", "scolaire", 1, 1),
        ("sante", "5", "scolaire", 2, 0),
        ("gestion", "6", "scolaire", 7, 0),
    ]
    requete = Requete(
        filtres=Filtres(
            {
                "domaine": (Option(valeur="gestion", libelle="", mots=""),),
                "niveau": (Option(valeur="5", libelle="", mots=""),),
            }
        )
    )
    total, facets = count_cube(cells, requete)
    # What is remote counts in the filters, and is no part of the total.
    assert total == 2
    assert facets == {
        "domaine": {"gestion": 3, "sante": 2},
        "niveau": {"5": 3, "6": 7},
        "voie": {"scolaire": 3},
    }


def test_report_says_that_postgis_is_absent(tiny_snapshot, jobs, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(search, "REAL_MAX", len(tiny_snapshot.read("offres")))
    # One server is enough: the larger size is asked in process alone.
    monkeypatch.setattr(search, "HTTP_MAX", 1000)
    # Nothing is timed: the servers make nothing ahead.
    monkeypatch.setenv("GEOAPP_AVANCE_S", "0")
    base = tmp_path / "base"
    write_world({nom: tiny_snapshot.read(nom) for nom in TABLES}, tiny_snapshot.manifest, base)
    assert (
        search.main(
            [
                "--data",
                str(base),
                "--sizes",
                "7,1001",
                "--queries",
                "25",
                "--out",
                str(tmp_path / "report.md"),
            ]
        )
        == 0
    )
    printed = capsys.readouterr().out
    assert (
        "PostGIS absent" in printed
        and "| 7 | 25 |" in printed
        and "| 1,001 | 25 |" in printed
        and "2 clients" in printed
    )
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == printed
