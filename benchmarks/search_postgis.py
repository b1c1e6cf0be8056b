"""The same searches in PostGIS, when a server is given: a GiST on places, covering B-trees, a GIN
on words.
"""

from __future__ import annotations

from benchmarks.search_rival import Answer, Offers, Vocabulary, count_cube, where_filters
from geoapp.offer.search.model import Requete
from geoapp.reference.codes.text import fold

_SCHEMA = """
DROP SCHEMA IF EXISTS banc CASCADE; CREATE SCHEMA banc; SET search_path TO banc, public;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE TABLE offres (offre int PRIMARY KEY, lieu int, paire int,
  domaine text, niveau text, voie text);
CREATE TABLE distantes (paire int, domaine text, niveau text, voie text);
CREATE TABLE places (lieu int PRIMARY KEY, lon float8, lat float8);
CREATE TABLE lieux_zones (zone text, lieu int, PRIMARY KEY (zone, lieu));
CREATE TABLE textes (paire int PRIMARY KEY, intitule text, autres text, organisme text);
"""
_INDEXES = """
ALTER TABLE places ADD geom geometry(Point, 2154);
UPDATE places SET geom = ST_Transform(ST_SetSRID(ST_MakePoint(lon, lat), 4326), 2154);
CREATE INDEX ON places USING gist (geom);
CREATE INDEX ON offres (lieu, domaine, niveau, voie, paire, offre);
CREATE INDEX ON offres (paire, lieu, domaine, niveau, voie, offre);
ALTER TABLE textes ADD mots tsvector;
UPDATE textes SET mots = setweight(to_tsvector('simple', intitule), 'A')
  || setweight(to_tsvector('simple', autres || ' ' || organisme), 'C');
CREATE INDEX ON textes USING gin (mots);
CREATE TABLE cube AS SELECT domaine, niveau, voie, COUNT(*), 0 FROM offres GROUP BY 1, 2, 3;
"""
_REMOTE = "SELECT domaine, niveau, voie, COUNT(*), 1 FROM distantes {found} GROUP BY 1, 2, 3"
_POINT = "ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), 2154)"
_AROUND = (
    f"SELECT lieu, ST_Distance(geom, p) AS d FROM places, (SELECT {_POINT} AS p) q WHERE "
    "ST_DWithin(geom, p, %s)"
)
_ZONE = "SELECT lieu, 0.0 AS d FROM lieux_zones WHERE zone = %s"
_TEXT = (
    "SELECT paire, ts_rank(mots, q) AS s FROM textes, to_tsquery('simple', %s) q WHERE mots @@ q"
)


class PostgisRival:
    """Tables made of the offers of an engine, asked through one connection."""

    name = "PostGIS"

    def __init__(self, offers: Offers, dsn: str):
        import psycopg

        self.db = psycopg.connect(dsn, autocommit=True)
        self.db.execute(_SCHEMA)
        self._copy("offres", offers.offres)
        self._copy("distantes", offers.distantes)
        self._copy("places", offers.lieux)
        self._copy("lieux_zones", offers.lieux_zones)
        self._copy(
            "textes",
            offers.textes.assign(
                **{nom: offers.textes[nom].map(fold) for nom in ("intitule", "autres", "organisme")}
            ),
        )
        self.db.execute(_INDEXES)
        self.db.execute("VACUUM ANALYZE")
        self.vocabulary = Vocabulary(
            word
            for (word,) in self.db.execute(
                "SELECT word FROM ts_stat('SELECT mots FROM banc.textes')"
            )
        )

    def _copy(self, table: str, frame) -> None:
        with self.db.cursor().copy(f"COPY {table} FROM STDIN") as copy:
            for row in zip(*(frame[nom].tolist() for nom in frame), strict=True):
                copy.write_row(row)

    def answer(self, requete: Requete) -> Answer:
        """Return the first page, the total and the three counts of a search."""
        words = self.vocabulary.read(requete.texte)
        answer = self._ask(requete, " & ".join(f"{word}:*" for word in words))
        if not answer.total and len(words) > 1:
            answer = self._ask(requete, " | ".join(f"{word}:*" for word in words))
        return answer

    def _ask(self, requete: Requete, query: str) -> Answer:
        """Run the two statements of a search: its counts, its page."""
        ctes, values, source, order = _plan(requete, query)
        with_ = f"WITH {', '.join(ctes)} " if ctes else ""
        counts = (
            f"SELECT o.domaine, o.niveau, o.voie, COUNT(*), 0 FROM {source} GROUP BY 1, 2, 3"
            if ctes
            else "SELECT * FROM cube"
        )
        remote = _REMOTE.format(found="JOIN trouves USING (paire)" if query else "")
        counts = f"{with_}{counts} UNION ALL {remote}"
        total, facets = count_cube(self.db.execute(counts, values).fetchall(), requete)
        where, chosen = where_filters(requete, "%s")
        page = f"{with_}SELECT o.offre FROM {source} WHERE {where} ORDER BY {order} LIMIT %s"
        return Answer(
            total,
            [row for (row,) in self.db.execute(page, [*values, *chosen, requete.taille])],
            facets,
        )

    def close(self) -> None:
        """Drop the tables and close the connection."""
        self.db.execute("DROP SCHEMA banc CASCADE")
        self.db.close()


def _plan(requete: Requete, query: str) -> tuple[list[str], list, str, str]:
    """Return the parts of a statement: named tables, their values, the join, the order."""
    ctes, values, source, order, lieu = [], [], "offres o", "o.offre", requete.lieu
    if lieu is not None:
        ctes.append(f"ici AS MATERIALIZED ({_ZONE if lieu.est_zone else _AROUND})")
        values += (
            [f"{lieu.type}:{lieu.code}"]
            if lieu.est_zone
            else [lieu.longitude, lieu.latitude, requete.rayon_km * 1000]
        )
        source += " JOIN ici i USING (lieu)"
        order = "i.d, o.offre"
    if query:
        ctes.append(f"trouves AS MATERIALIZED ({_TEXT})")
        values.append(query)
        source += " JOIN trouves t USING (paire)"
        order = "t.s DESC, o.offre" if requete.tri == "pertinence" else order
    return ctes, values, source, order


def connect_or_none(offers: Offers, dsn: str | None) -> PostgisRival | None:
    """Return the rival, None when no server is given or psycopg is not installed."""
    try:
        return PostgisRival(offers, dsn) if dsn else None
    except ImportError:
        return None
