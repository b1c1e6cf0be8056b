"""The same searches in SQLite: an R*Tree on places, covering B-trees, FTS5 with corrected words."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np

from benchmarks.search_rival import Answer, Offers, Vocabulary, count_cube, where_filters
from geoapp.offer.search.model import Requete
from geoapp.offer.search.proximity import distances_m, to_ecef

_SCHEMA = """
PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=MEMORY;
PRAGMA cache_size=-400000; PRAGMA mmap_size=2000000000;
CREATE TABLE offres (offre INTEGER PRIMARY KEY, lieu INTEGER, paire INTEGER, domaine TEXT,
  niveau TEXT, voie TEXT);
CREATE TABLE distantes (paire INTEGER, domaine TEXT, niveau TEXT, voie TEXT);
CREATE VIRTUAL TABLE places USING rtree(lieu, ouest, est, sud, nord);
CREATE TABLE lieux_zones (zone TEXT, lieu INTEGER, PRIMARY KEY (zone, lieu)) WITHOUT ROWID;
CREATE VIRTUAL TABLE textes USING fts5(intitule, autres, organisme,
  tokenize='unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE vocabulaire USING fts5vocab(textes, row);
CREATE TEMP TABLE ici (rang INTEGER PRIMARY KEY, lieu INTEGER UNIQUE);
CREATE TEMP TABLE trouves (rang INTEGER PRIMARY KEY, paire INTEGER UNIQUE);
"""
_INDEXES = """
INSERT INTO textes(textes) VALUES ('optimize');
CREATE INDEX offres_lieu ON offres(lieu);
CREATE INDEX offres_comptes ON offres(lieu, domaine, niveau, voie, paire);
CREATE INDEX offres_paire ON offres(paire, lieu, domaine, niveau, voie);
CREATE TABLE cube AS SELECT domaine, niveau, voie, COUNT(*), 0 FROM offres GROUP BY 1, 2, 3;
ANALYZE;
"""
_MATCH = (
    "INSERT INTO trouves(paire) SELECT rowid FROM textes WHERE textes MATCH ? ORDER BY "
    "bm25(textes, 20.0, 2.0, 2.0), rowid"
)
_CUBE = "SELECT o.domaine, o.niveau, o.voie, COUNT(*), 0 FROM {source} GROUP BY 1, 2, 3"
_REMOTE = "SELECT domaine, niveau, voie, COUNT(*), 1 FROM distantes {found} GROUP BY 1, 2, 3"
_PAGE = "SELECT o.offre FROM {source} WHERE {where} ORDER BY {order} LIMIT ?"


class SqliteRival:
    """A database made of the offers of an engine, asked through one connection."""

    name = "SQLite"

    def __init__(self, offers: Offers, path: Path):
        self.db = sqlite3.connect(path, isolation_level=None)
        self.db.executescript(_SCHEMA)
        self.db.execute("BEGIN")
        self.xyz = to_ecef(offers.lieux["lon"], offers.lieux["lat"])
        self._insert("offres", offers.offres)
        self._insert("distantes", offers.distantes)
        self._insert("lieux_zones", offers.lieux_zones)
        boxes = zip(
            *(offers.lieux[nom].tolist() for nom in ("lieu", "lon", "lon", "lat", "lat")),
            strict=True,
        )
        self.db.executemany("INSERT INTO places VALUES (?, ?, ?, ?, ?)", boxes)
        self._insert("textes(rowid, intitule, autres, organisme)", offers.textes)
        self.db.executescript(_INDEXES)
        self.vocabulary = Vocabulary(
            word for (word,) in self.db.execute("SELECT term FROM vocabulaire")
        )

    def _insert(self, table: str, frame) -> None:
        rows = zip(*(frame[nom].tolist() for nom in frame), strict=True)
        self.db.executemany(
            f"INSERT INTO {table} VALUES ({', '.join('?' * len(frame.columns))})", rows
        )

    def answer(self, requete: Requete) -> Answer:
        """Return the first page, the total and the three counts of a search."""
        has_place, has_text = self._find_places(requete), self._find_texts(requete.texte)
        cells = self._cells(has_place, has_text)
        total, facets = count_cube(cells, requete)
        return Answer(total, self._page(requete, has_place, has_text), facets)

    def _find_places(self, requete: Requete) -> bool:
        """Fill `ici` with the places of the search, nearest first; False when it has no place."""
        lieu = requete.lieu
        if lieu is None:
            return False
        self.db.execute("DELETE FROM ici")
        if lieu.est_zone:
            self.db.execute(
                "INSERT INTO ici(lieu) SELECT lieu FROM lieux_zones WHERE zone = ?",
                (f"{lieu.type}:{lieu.code}",),
            )
            return True
        dy = requete.rayon_km / 111.0
        dx = dy / np.cos(np.radians(lieu.latitude + dy))
        box = (lieu.longitude - dx, lieu.longitude + dx, lieu.latitude - dy, lieu.latitude + dy)
        found = self.db.execute(
            "SELECT lieu FROM places WHERE est >= ? AND ouest <= ? AND nord >= ? AND sud <= ?", box
        ).fetchall()
        rows = np.fromiter((row for (row,) in found), np.int64, len(found))
        gaps = distances_m(self.xyz[rows], lieu.longitude, lieu.latitude)
        near = gaps <= requete.rayon_km * 1000
        ordered = rows[near][np.argsort(gaps[near], kind="stable")]
        self.db.executemany("INSERT INTO ici(lieu) VALUES (?)", zip(ordered.tolist(), strict=True))
        return True

    def _find_texts(self, texte: str) -> bool:
        """Fill `trouves` with the texts that hold every word, else one of them; False
        without text.
        """
        words = self.vocabulary.read(texte)
        if not words:
            return False
        self.db.execute("DELETE FROM trouves")
        terms = [f'"{word}"*' for word in words]
        if not self.db.execute(_MATCH, (" AND ".join(terms),)).rowcount and len(terms) > 1:
            self.db.execute(_MATCH, (" OR ".join(terms),))
        return True

    def _cells(self, has_place: bool, has_text: bool) -> list[tuple]:
        remote = _REMOTE.format(found="JOIN trouves USING (paire)" if has_text else "")
        cells = "SELECT * FROM cube"
        if has_place or has_text:
            cells = _CUBE.format(source=_source(has_place, has_text))
        return [row for counts in (cells, remote) for row in self.db.execute(counts)]

    def _page(self, requete: Requete, has_place: bool, has_text: bool) -> list[int]:
        """Return the first page, streamed in its order where an index gives it."""
        where, values = where_filters(requete, "?")
        source = _source(has_place, has_text)
        if has_place and not has_text:
            source = "ici i CROSS JOIN offres o INDEXED BY offres_lieu ON o.lieu = i.lieu"
        order = {"distance": "i.rang, o.offre", "pertinence": "t.rang, o.offre"}.get(
            requete.tri, "o.offre"
        )
        if order.startswith("t.") and not has_text:
            order = "o.offre"
        return [
            row
            for (row,) in self.db.execute(
                _PAGE.format(source=source, where=where, order=order), (*values, requete.taille)
            )
        ]

    def close(self) -> None:
        """Close the database."""
        self.db.close()


def _source(has_place: bool, has_text: bool) -> str:
    """Return the join that a search reads: from the texts when there are, else from the places."""
    if has_text:
        found = "trouves t CROSS JOIN offres o INDEXED BY offres_paire ON o.paire = t.paire"
        return found + (" CROSS JOIN ici i ON i.lieu = o.lieu" if has_place else "")
    return (
        "ici i CROSS JOIN offres o INDEXED BY offres_comptes ON o.lieu = i.lieu"
        if has_place
        else "offres o"
    )
