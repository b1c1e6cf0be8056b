"""`geoapp publish` on a real PostgreSQL with PostGIS, asked by another user than who published."""

import os
import signal
import threading
from contextlib import contextmanager
from multiprocessing import get_context

import numpy as np
import pandas as pd
import psycopg
import pytest
import shapely
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core.schema import TABLES
from geoapp.coverage.answer import answer
from geoapp.coverage.model import Question
from geoapp.coverage.world import open_world
from geoapp.offer.filters import FILTRES
from geoapp.offer.search.engine import open_engine, search
from geoapp.offer.search.model import Lieu, Requete
from geoapp.outputs.files.model import plain_rows
from geoapp.outputs.postgis import readers
from geoapp.outputs.postgis.publication import publish_postgis
from geoapp.outputs.postgis.tables import filtered_columns
from geoapp.reference.zonings import COMMUNE, ZONAGES
from support.postgres import COMPTE, MOT_DE_PASSE
from support.stack import wait_for
from support.world import make_tiny_frames, publish_world

DAYS = ("2026-01-02T03:04:05Z", "2026-02-02T03:04:05Z", "2026-03-02T03:04:05Z")


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Return the folders of three tiny worlds, each with one offer less than the one before."""
    found = []
    for rank, day in enumerate(DAYS):
        frames = make_tiny_frames()
        frames["offres"] = frames["offres"].iloc[: len(frames["offres"]) - rank]
        found.append(publish_world(frames, tmp_path_factory.mktemp(f"monde{rank}"), day).path)
    return found


@pytest.fixture(scope="module")
def tiny(cluster, folders):
    """Return a base where the first tiny world is published, and what was said of it."""
    with cluster.new_base() as base:
        yield base, publish_postgis(folders[0], cluster.dsn(base))


@pytest.fixture(scope="module")
def demo(cluster, demo_snapshot):
    """Return a base where the demonstration is published."""
    with cluster.new_base() as base:
        publish_postgis(demo_snapshot.path, cluster.dsn(base))
        yield base


@contextmanager
def reading(cluster, base, role=""):
    """Yield what asks a base, as the role of readers when it is told."""
    with psycopg.connect(cluster.dsn(base), autocommit=True) as db:
        if role:
            db.execute(f"SET ROLE {role}")
        yield lambda query, *values: db.execute(query, values).fetchall()


def count_offers(ask):
    ((nb,),) = ask("SELECT count(*) FROM geoforma.offres")
    return nb


def schemas(ask):
    rows = ask("SELECT nspname FROM pg_namespace WHERE starts_with(nspname, 'geoforma') ORDER BY 1")
    return [nom for (nom,) in rows]


def publish(*arguments, **environ):
    return CliRunner(env=environ).invoke(main, ["publish", *map(str, arguments)])


def at_index(what):
    """Return what makes a base do something at the next index, all rows written."""
    return (
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {what}; END $$",
        "CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('CREATE INDEX') "
        "EXECUTE FUNCTION refuse()",
    )


def as_plain(rows):
    """Return rows with their geometries as text and their numbers alike."""
    shapes = [one if isinstance(one, list) else list(one) for one in rows]
    return [
        [shapely.to_wkt(shapely.from_wkb(v), 7) if isinstance(v, bytes) else v for v in row]
        for row in shapes
    ]


def test_every_table_is_read_as_it_was_written(cluster, tiny, tiny_frames):
    base, done = tiny
    assert done.nb_tables == len(TABLES) and not done.reserves
    assert done.nb_lignes == sum(map(len, tiny_frames.values()))
    with reading(cluster, base, "geoforma_lecture") as ask:
        for nom, frame in tiny_frames.items():
            noms = [one.nom for one in TABLES[nom].colonnes if one.type != "geometrie"]
            asked = ", ".join(f'"{one}"' for one in noms)
            found = as_plain(ask(f"SELECT {asked} FROM geoforma.{nom}"))
            assert sorted(found, key=repr) == sorted(plain_rows(frame, noms), key=repr), nom
        points = dict(ask("SELECT id_lieu, ST_AsBinary(geometry) FROM geoforma.lieux"))
        for id_lieu, point in tiny_frames["lieux"].set_index("id_lieu").geometry.items():
            assert point == (points[id_lieu] and shapely.from_wkb(points[id_lieu]))
        same = "SELECT ST_Equals(geometry, ST_SetSRID(%s::geometry, 4326)) FROM geoforma.communes"
        for code, shape in tiny_frames["communes"].set_index("code_commune").geometry.items():
            assert ask(f"{same} WHERE code_commune = %s", shape.wkb, code) == [(True,)]


def test_tables_say_what_they_are(cluster, tiny):
    with reading(cluster, tiny[0]) as ask:
        for kind in ("geoforma", "geoforma_20260102t030405z"):
            mute = ask(
                "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a "
                "ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relkind IN ('r', 'v') "
                "AND c.relnamespace = %s::regnamespace AND (col_description(c.oid, a.attnum) "
                "IS NULL OR obj_description(c.oid, 'pg_class') IS NULL)",
                kind,
            )
            assert mute == []
        ((told,),) = ask("SELECT obj_description('geoforma.offres'::regclass, 'pg_class')")
        assert "Une ligne par formation et lieu" in told and "Licence : " in told
        kinds = ask(
            "SELECT f_table_name, type, srid FROM geometry_columns WHERE f_table_schema = "
            "'geoforma' AND f_table_name IN ('lieux', 'zones', 'zonage_ze2020') ORDER BY 1"
        )
        assert kinds == [
            ("lieux", "POINT", 4326),
            ("zonage_ze2020", "MULTIPOLYGON", 4326),
            ("zones", "MULTIPOLYGON", 4326),
        ]


def test_keys_and_references_are_those_of_the_schema(cluster, tiny):
    with reading(cluster, tiny[0]) as ask:
        rows = ask(
            "SELECT conrelid::regclass::text, contype, pg_get_constraintdef(oid) FROM "
            "pg_constraint WHERE connamespace = 'geoforma_20260102t030405z'::regnamespace"
        )
    told = {(nom.rpartition(".")[2], " ".join(words.split())) for nom, _, words in rows}
    for nom, table in TABLES.items():
        whole = ", ".join(table.cle)
        assert (nom, f"PRIMARY KEY ({whole})") in told or (nom, f"UNIQUE ({whole})") in told
        for one in table.colonnes:
            if one.renvoi:
                target, key = one.renvoi.split(".")
                words = f"REFERENCES geoforma_20260102t030405z.{target}({key})"
                assert (nom, f"FOREIGN KEY ({one.nom}) {words}") in told
    assert ("offres", "PRIMARY KEY (id_action, id_lieu)") in told


def test_what_filters_read_and_where_things_are_is_indexed(cluster, tiny):
    whole, lists = filtered_columns()
    assert {"code_domaine", "niveau_sortie", "voie"} <= set(whole) and "zones" in lists
    assert len(FILTRES) > 10
    asked = [
        "ST_DWithin(geometry::geography, ST_MakePoint(2.1, 50.1)::geography, 9000)",
        "geometry && ST_MakeEnvelope(2, 50, 2.1, 50.1, 4326)",
        *(f"{nom} = 'x'" for nom in whole),
        *(f"string_to_array({nom}, '|') @> ARRAY['x']" for nom in lists),
    ]
    with reading(cluster, tiny[0]) as ask:
        ask("SELECT set_config('enable_seqscan', 'off', false)")
        for where in asked:
            plan = ask(f"EXPLAIN SELECT * FROM geoforma.offres WHERE {where}")
            assert any("Index" in line and "_idx" in line for (line,) in plan), (where, plan)


def test_the_role_of_readers_reads_and_nothing_more(cluster, tiny):
    with reading(cluster, tiny[0], "geoforma_lecture") as ask:
        assert count_offers(ask) > 0
        for order in (
            "INSERT INTO geoforma.sessions (id_session, id_action) VALUES ('x', 'y')",
            "UPDATE geoforma.offres SET titre = 'x'",
            "DELETE FROM geoforma_20260102t030405z.offres",
            "TRUNCATE geoforma_20260102t030405z.offres CASCADE",
            "DROP VIEW geoforma.offres",
            "CREATE TABLE geoforma.x (y int)",
            "CREATE SCHEMA x",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ask(order)


def test_a_publication_takes_the_place_of_the_one_before(cluster, base, folders):
    dsn = cluster.dsn(base)
    publish_postgis(folders[0], dsn)
    cluster.run(
        base,
        "CREATE SCHEMA geoforma_a_moi",
        "CREATE TABLE geoforma_a_moi.notes (x int)",
        "CREATE VIEW public.sante AS SELECT titre FROM geoforma.offres",
    )
    with reading(cluster, base) as ask:
        nb = count_offers(ask)
        assert publish_postgis(folders[1], dsn).retires == ()
        assert count_offers(ask) == nb - 1 == len(ask("SELECT * FROM public.sante"))
        done = publish_postgis(folders[2], dsn)
        assert done.retires == ("geoforma_20260102t030405z",)
        assert schemas(ask) == [
            "geoforma",
            "geoforma_20260202t030405z",
            "geoforma_20260302t030405z",
            "geoforma_a_moi",
        ]
        # Back to the one before: it is there, whole, and only shown again.
        done = publish_postgis(folders[1], dsn)
        assert done.nb_tables == 0 and done.retires == () and count_offers(ask) == nb - 1
        assert publish_postgis(folders[1], dsn).retires == ()
        assert ask("SELECT instantane FROM geoforma.publication") == [("20260202T030405Z",)]


def test_what_others_made_upon_a_former_one_keeps_it(cluster, base, folders):
    dsn = cluster.dsn(base)
    publish_postgis(folders[0], dsn)
    cluster.run(
        base, "CREATE VIEW public.ancien AS SELECT titre FROM geoforma_20260102t030405z.offres"
    )
    publish_postgis(folders[1], dsn)
    done = publish_postgis(folders[2], dsn)
    assert done.retires == () and "geoforma_20260102t030405z" in done.reserves[0]
    with reading(cluster, base) as ask:
        assert len(ask("SELECT * FROM public.ancien")) == count_offers(ask) + 2


@pytest.mark.parametrize("moment", ["while it writes", "before its last word"])
def test_killed_it_leaves_readers_as_they_were(cluster, base, folders, moment):
    dsn = cluster.dsn(base)
    publish_postgis(folders[0], dsn)
    with reading(cluster, base) as ask, psycopg.connect(dsn) as reader:
        nb, before = count_offers(ask), schemas(ask)
        if moment == "while it writes":
            cluster.run(base, *at_index("PERFORM pg_sleep(60)"))
        else:
            reader.execute("SELECT * FROM geoforma.sessions")
        killed = get_context("fork").Process(target=publish_postgis, args=(folders[1], dsn))
        killed.start()
        under_way = (
            "SELECT 1 FROM pg_stat_activity WHERE application_name = 'geoapp publish' "
            "AND datname = %s AND wait_event IN ('PgSleep', 'relation')"
        )
        wait_for(lambda: ask(under_way, base))
        # Others read meanwhile.
        assert count_offers(ask) == nb
        os.kill(killed.pid, signal.SIGKILL)
        killed.join()
        reader.rollback()
        gone = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'geoapp publish' AND "
        wait_for(lambda: not ask(f"{gone} datname = %s", base))
        assert count_offers(ask) == nb and schemas(ask) == before
        if moment == "while it writes":
            cluster.run(base, "DROP EVENT TRIGGER refuse")
        publish_postgis(folders[1], dsn)
        assert count_offers(ask) == nb - 1


def test_readers_who_hold_a_view_are_waited_for(cluster, base, folders, monkeypatch):
    dsn = cluster.dsn(base)
    publish_postgis(folders[0], dsn)
    monkeypatch.setattr(readers, "ATTENTE_S", 0.05)
    with psycopg.connect(dsn) as reader, reading(cluster, base) as ask:
        nb = reader.execute("SELECT count(*) FROM geoforma.offres").fetchone()[0]
        monkeypatch.setattr(readers, "ESSAIS", 2)
        result = publish("--postgis", dsn, "--data", folders[1].parents[1])
        assert result.exit_code == 1 and "tiennent les vues" in result.output
        assert count_offers(ask) == nb
        monkeypatch.setattr(readers, "ESSAIS", 200)
        threading.Timer(1.0, reader.rollback).start()
        publish_postgis(folders[1], dsn)
        assert count_offers(ask) == nb - 1


def test_counts_by_zone_are_those_of_the_coverage(cluster, demo, demo_snapshot):
    world = open_world(demo_snapshot)
    with reading(cluster, demo, "geoforma_lecture") as ask:
        for zonage in [nom for nom in world.mailles if nom in ZONAGES or nom == COMMUNE]:
            code = "code_commune" if zonage == COMMUNE else "code_zone"
            rows = ask(f"SELECT {code}, nb_offres, nb_lieux FROM geoforma.zonage_{zonage}")
            told = answer(world, Question(zonage=zonage)).tableau
            expected = [
                (one.code_zone, *(None if np.isnan(v) else int(v) for v in counts))
                for one, counts in zip(
                    told.itertuples(),
                    told[["nb_offres", "nb_lieux"]].to_numpy(float),
                    strict=True,
                )
            ]
            found = {one[0]: one for one in rows}
            assert expected and [found[one[0]] for one in expected] == expected, zonage


def test_a_radius_finds_what_the_search_finds(cluster, demo, demo_snapshot):
    moteur = open_engine(demo_snapshot)
    offers = demo_snapshot.read("offres")
    # Who is somewhere in a commune has an interval of distances, which a base does not know.
    exact = offers["precision_position"].ne("commune").to_numpy(bool)
    rng = np.random.default_rng(7)
    nb = 0
    with reading(cluster, demo, "geoforma_lecture") as ask:
        for lon, lat in rng.uniform((2.2, 49.4), (3.6, 50.8), (12, 2)):
            lieu = Lieu(type="point", code="", nom="ici", longitude=lon, latitude=lat)
            for km in (5, 20, 50):
                rows = search(moteur, Requete(lieu=lieu, rayon_km=km)).lignes
                mine = {
                    (offers["id_action"].iat[r], offers["id_lieu"].iat[r]) for r in rows if exact[r]
                }
                query = (
                    "SELECT id_action, id_lieu FROM geoforma.offres WHERE precision_position <> "
                    "'commune' AND modalite IS DISTINCT FROM 'a_distance' AND ST_DWithin("
                    "geometry::geography, ST_MakePoint(%s, %s)::geography, %s)"
                )
                # The search is within 0.3 % of the geodesic (`offer/search/proximity.py`).
                assert set(ask(query, lon, lat, km * 997.0)) <= mine
                assert mine <= set(ask(query, lon, lat, km * 1003.0))
                nb += len(mine)
    assert nb > 100


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        (f"postgresql://moi:{MOT_DE_PASSE}@[hôte/base", "non comprise"),
        (f"host=127.0.0.1 {MOT_DE_PASSE}", "non comprise"),
        ("postgresql://moi:se@cret:de/passe@hote/base", ""),
        ("postgresql://moi:secret@127.0.0.1:1/base", "aucun serveur"),
        ("host=127.0.0.1 port=1 password=secret", "aucun serveur"),
        ("host=/nulle/part dbname=x", "aucun serveur"),
        ("", "Base PostGIS"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_in_words(folders, dsn, words):
    result = publish("--postgis", dsn, "--data", folders[0].parents[1], PGHOST="/nulle/part")
    assert result.exit_code in (1, 2) and words in result.output and "Erreur : " in result.output
    assert not any(one in result.output for one in ("secret", "cret:", "passe@", MOT_DE_PASSE))
    assert "Traceback" not in result.output and result.exc_info[0] is SystemExit


def test_the_password_is_read_where_libpq_reads_it(cluster, base, folders, tmp_path):
    dsn, data = cluster.by_password(base), folders[0].parents[1]
    cluster.run(base, f'GRANT CREATE ON DATABASE {base} TO "{COMPTE}"')
    without = publish("--postgis", dsn, "--data", data, PGPASSFILE="/nulle/part")
    assert without.exit_code == 1 and "~/.pgpass" in without.output
    wrong = publish("--postgis", dsn, "--data", data, PGPASSWORD="pas celui-là")
    assert (
        wrong.exit_code == 1 and "celui-là" not in wrong.output and "mot de passe" in wrong.output
    )
    kept = tmp_path / "pgpass"
    kept.write_text(f"*:*:*:*:{MOT_DE_PASSE}\n", encoding="utf-8")
    kept.chmod(0o600)
    done = publish("--postgis", dsn, "--data", data, PGPASSFILE=str(kept))
    assert done.exit_code == 0, done.output
    assert MOT_DE_PASSE not in done.output and "CREATE ROLE geoforma_lecture" not in done.output
    again = publish("--postgis", dsn, "--data", data, PGPASSWORD=MOT_DE_PASSE)
    assert again.exit_code == 0 and "déjà là" in again.output
    told = f"{dsn} password='{MOT_DE_PASSE}'"
    shown = publish("--postgis", told, "--data", data)
    assert shown.exit_code == 0 and "~/.pgpass" in shown.output and MOT_DE_PASSE not in shown.output


def test_who_may_not_make_a_role_is_told_how(cluster, base, folders):
    cluster.run("postgres", "DROP ROLE IF EXISTS autre_lecture")
    cluster.run(base, f'GRANT CREATE ON DATABASE {base} TO "{COMPTE}"')
    arguments = ("--postgis", cluster.by_password(base), "--data", folders[0].parents[1])
    done = publish(*arguments, "--schema", "autre", PGPASSWORD=MOT_DE_PASSE)
    assert done.exit_code == 0 and "CREATE ROLE autre_lecture" in done.output
    with reading(cluster, base) as ask:
        assert len(ask("SELECT * FROM autre.offres")) == len(
            pd.read_parquet(folders[0] / "offres.parquet")
        )


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        (["DROP EXTENSION postgis"], "CREATE EXTENSION postgis"),
        ([f'REVOKE CREATE ON DATABASE {{base}} FROM "{COMPTE}"'], "GRANT CREATE ON DATABASE"),
        (["ALTER DATABASE {base} SET default_transaction_read_only = on"], "lecture seule"),
        (["CREATE SCHEMA geoforma"], "un droit manque"),
        (
            [
                f'CREATE SCHEMA geoforma AUTHORIZATION "{COMPTE}"',
                "CREATE TABLE geoforma.offres (x int)",
            ],
            "n'est pas une vue de GéoForma",
        ),
        ([f'CREATE SCHEMA geoforma_20260102t030405z AUTHORIZATION "{COMPTE}"'], "cet instantané"),
        (at_index("RAISE EXCEPTION 'x' USING ERRCODE = '53100'"), "disque du serveur est plein"),
        (at_index("RAISE EXCEPTION 'x' USING ERRCODE = 'XX000'"), "code XX000"),
        (at_index("PERFORM pg_terminate_backend(pg_backend_pid())"), "le serveur s'est arrêté"),
    ],
)
def test_what_a_base_refuses_is_told_with_its_cure(cluster, base, folders, orders, words):
    cluster.run(base, f'GRANT CREATE ON DATABASE {base} TO "{COMPTE}"')
    cluster.run(base, *(one.replace("{base}", base) for one in orders))
    with reading(cluster, base) as ask:
        before = schemas(ask)
        result = publish(
            "--postgis",
            cluster.by_password(base),
            "--data",
            folders[0].parents[1],
            PGPASSWORD=MOT_DE_PASSE,
        )
        assert result.exit_code == 1 and words in result.output, result.output
        assert "n'a pas changé" in result.output and MOT_DE_PASSE not in result.output
        assert schemas(ask) == before


def test_two_publications_at_once_are_refused(cluster, base, folders):
    with reading(cluster, base) as ask:
        ask("SELECT pg_advisory_lock(hashtext('geoforma geoforma'))")
        result = publish("--postgis", cluster.dsn(base), "--data", folders[0].parents[1])
    assert result.exit_code == 1 and "en cours" in result.output


def test_a_name_of_schema_is_checked_first(folders):
    for nom in ("Geo", "a b", 'x"; DROP SCHEMA public; --', "é", "a" * 40, ""):
        result = publish("--postgis", "", "--schema", nom, "--data", folders[0].parents[1])
        assert result.exit_code == 2 and "--schema" in result.output
