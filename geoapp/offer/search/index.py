"""The search index of a snapshot: one SQLite file, written at the build and only read afterwards.

`listes` holds by stem the documents, one per distinct formation text, and the bodies, one per name,
with their scores (`postings`); `appellations` (FTS5)
holds the names of jobs, and `textes_metiers` which documents lead to each job;
`mots` is the vocabulary that typing errors are corrected with; `suggestions` and
`toponymes` feed the two autocompletions; `tableaux` holds arrays.  The same
tables give the same bytes.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import chain
from pathlib import Path
from threading import local
from typing import NamedTuple
from urllib.parse import quote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geoapp.core.errors import SnapshotError
from geoapp.core.memory import Memory
from geoapp.core.snapshot import RECHERCHE
from geoapp.core.texts import distinct_rows
from geoapp.offer.search.place_names import COLONNES, make_toponyms
from geoapp.offer.search.postings import LISTE, LISTES, make_lists
from geoapp.offer.search.prefixes import Prefixes, make_prefixes
from geoapp.offer.search.streets import Rues, open_streets
from geoapp.offer.search.synonyms import Synonymes, load_synonymes
from geoapp.offer.search.words import VIDES, split_words, stem
from geoapp.reference.codes.domains import load_domaines
from geoapp.reference.codes.text import fold

FICHIER = RECHERCHE
POIDS = {
    "intitule": 20.0,
    "type_diplome": 5.0,
    "codes": 8.0,
    "metiers": 2.0,
    "mots": 1.0,
    "domaine": 1.0,
}
"""Columns of a document and their weight in the score (BM25)."""

TEXTES, TITRES, DIPLOMES_TITRES, ORGANISMES = "textes", "titres", "diplomes", "organismes"
_TITRES = ("intitule", "codes")
"""What of a document says what the training is; of a diploma, its kind says it too."""

CHAMPS = {
    TEXTES: tuple(POIDS.values()),
    TITRES: tuple(poids if nom in _TITRES else 0.0 for nom, poids in POIDS.items()),
    DIPLOMES_TITRES: tuple(
        poids if nom in (*_TITRES, "type_diplome") else 0.0 for nom, poids in POIDS.items()
    ),
}
"""What is looked for apart in a document: the weight of each of its columns."""

REPETES = 65536
"""Cells of documents whose words are remembered while the index is written."""

MEMOIRE = 512
"""Expressions whose hits are remembered."""

_MMAP_BYTES = 1 << 30
"""Most of the file that is mapped; beyond, pages are read one by one."""

_BORD = "\x1f"
"""What parts the cells of a document: a character that no text of ours holds."""
_LUES = ("type_diplome", "metiers", "titre", "intitule", "mots", "code_domaine")
_CODES = ("code_rome", "code_rncp", "code_nsf", "code_formacode", "code_cfd", "code_certifinfo")
_MOTS = (
    "mot TEXT PRIMARY KEY, racine TEXT, nb_textes INTEGER, nb_organismes INTEGER, "
    "nb_titres INTEGER, nb_metiers INTEGER"
)
_MOTS_LUS = "SELECT * FROM mots ORDER BY mot"
_TABLES = f"""
{LISTES}
CREATE VIRTUAL TABLE appellations USING fts5(
    racines, entier UNINDEXED, nb UNINDEXED, code UNINDEXED, metier UNINDEXED, tokenize='ascii');
CREATE TABLE textes_metiers (
    code TEXT, texte INTEGER, rang INTEGER, nb INTEGER, PRIMARY KEY (code, texte)) WITHOUT ROWID;
CREATE TABLE tableaux (nom TEXT PRIMARY KEY, valeurs BLOB) WITHOUT ROWID;
CREATE TABLE mots ({_MOTS}) WITHOUT ROWID;
CREATE TABLE suggestions (texte TEXT, type TEXT, nb INTEGER);
CREATE TABLE toponymes ({", ".join(COLONNES)});
"""

_END = (
    "INSERT INTO appellations(appellations) VALUES ('optimize')",
    "COMMIT",
    "VACUUM",
)


def write_index(frames: dict[str, pd.DataFrame], folder: Path) -> None:
    """Write the search index of snapshot tables into `folder`.

    Parameters
    ----------
    frames : dict
        Tables of the schema: formations, offres, communes, zones,
        communes_zones (and anciennes_communes, appellations when there).
    folder : Path
        The folder of the snapshot, not yet published.
    """
    connection = sqlite3.connect(Path(folder) / FICHIER, isolation_level=None)
    try:
        # No journal: the file is written aside, and thrown away unless it is whole.
        connection.executescript(
            "PRAGMA page_size=4096; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; BEGIN;"
            + _TABLES
        )
        _write_texts(connection, frames)
        connection.executemany("INSERT INTO suggestions VALUES (?, ?, ?)", _suggestions(frames))
        names = make_toponyms(frames).astype({"population": "int64", "est_region": "int64"})
        rows = map(tuple, names.itertuples(index=False))
        connection.executemany(f"INSERT INTO toponymes VALUES ({_marks(len(COLONNES))})", rows)
        for statement in _END:
            connection.execute(statement)
    finally:
        connection.close()


def _marks(nb: int) -> str:
    """Return the places of the values of a row in a statement."""
    return ", ".join("?" * nb)


def index_bytes(frames: dict[str, pd.DataFrame]) -> bytes:
    """Return the content of the search index of snapshot tables (see `write_index`)."""
    with tempfile.TemporaryDirectory() as folder:
        write_index(frames, Path(folder))
        return (Path(folder) / FICHIER).read_bytes()


def _write_texts(connection: sqlite3.Connection, frames: dict[str, pd.DataFrame]) -> None:
    """Write the documents, the bodies, and the vocabulary of both."""
    formations = frames["formations"][[*_LUES, *_CODES]]
    doc, distinct = _documents(formations)
    _write_jobs(connection, frames.get("appellations"), formations["metiers"], doc)
    del formations
    vocabulary: dict[str, list[int]] = {}
    # Kinds, jobs, codes and domains are those of many documents: their words are parted once.
    words = lru_cache(maxsize=REPETES)(_telling)
    _count(vocabulary, (set().union(*map(words, cells)) for cells in distinct), 0)
    names = body_names(frames["offres"])
    lists = _lists(distinct, names)
    connection.executemany(f"INSERT INTO listes VALUES ({_marks(4)})", lists)
    _count(vocabulary, map(_telling, names), 1)
    _count(vocabulary, (words(cells[0]) for cells in distinct), 2)
    jobs = frames.get("appellations")
    _count(vocabulary, map(_telling, [] if jobs is None else jobs["nom"]), 3)
    connection.executemany(
        "INSERT INTO mots VALUES (?, ?, ?, ?, ?, ?)",
        ((word, stem(word), *vocabulary[word]) for word in sorted(vocabulary)),
    )
    connection.execute(
        "INSERT INTO tableaux VALUES ('texte_de_formation', ?)",
        (np.asarray(doc, dtype="<i4").tobytes(),),
    )


def _lists(documents: list[list[str]], names: list[str]) -> Iterator[tuple[str, str, bytes, bytes]]:
    """Yield the rows of table `listes`: those of documents given as cells, those of bodies."""
    stemmed = lru_cache(maxsize=REPETES)(_stemmed)
    yield from make_lists((list(map(stemmed, cells)) for cells in documents), CHAMPS)
    yield from make_lists(([_stemmed(nom)] for nom in names), {ORGANISMES: (1.0,)})


def _write_jobs(
    connection: sqlite3.Connection,
    names: pd.DataFrame | None,
    metiers_of: pd.Series,
    doc: np.ndarray,
) -> None:
    """Write the names of jobs as distinct stems, and the documents that lead to each job."""
    if names is None or names.empty:
        return
    # Most names are whole: both readings of them are one.
    read = cache(_distinct_roots)
    roots = names["nom"].map(read)
    counts = roots.str.split().str.len()
    # « Caissier / Caissière de parking »: what follows the bar is a whole name.
    whole = names["nom"].str.rpartition(" / ")[2].map(read)
    told = (roots, whole, counts, names["code_rome"], names["metier"])
    rows = sorted(set(zip(*told, strict=True)))
    connection.executemany("INSERT INTO appellations VALUES (?, ?, ?, ?, ?)", rows)
    metiers = names.drop_duplicates("code_rome").set_index("code_rome")["metiers"]
    codes_of: dict[str, list[str]] = {}
    for code, label in _exploded(metiers).items():
        codes_of.setdefault(label, []).append(code)

    @cache
    def ranked(cell: str) -> list[tuple[str, int, int]]:
        """Return the jobs of a cell, each once at its best rank, and how many the cell names."""
        best: dict[str, int] = {}
        labels = cell.split("|")
        for rank, label in enumerate(labels):
            for code in codes_of.get(label.strip(), ()):
                best.setdefault(code, rank)
        return [(code, rank, len(labels)) for code, rank in best.items()]

    # The formations of one document have the same jobs.
    first = pd.Series(doc).drop_duplicates()
    cells = dict(zip(first, metiers_of.iloc[first.index].fillna(""), strict=True))
    led = ((code, row, *rest) for row, cell in cells.items() for code, *rest in ranked(cell))
    connection.executemany("INSERT INTO textes_metiers VALUES (?, ?, ?, ?)", sorted(led))


def _distinct_roots(nom: str) -> str:
    """Return the distinct stems of a name of a job, in its order."""
    return " ".join(dict.fromkeys(_stemmed(nom).split()))


def _documents(formations: pd.DataFrame) -> tuple[np.ndarray, list[list[str]]]:
    """Return the document of each formation, and the cells of each distinct one, sorted.

    Cells are the columns of `POIDS`.
    """
    labels = load_domaines().set_index("code_domaine")["libelle"]
    # Most are those of many formations: their texts, long ones, are made once.
    rank, mine = distinct_rows(formations)
    columns = {nom: mine[nom] for nom in ("type_diplome", "metiers")}
    columns |= {
        "intitule": mine["titre"],
        "mots": _join([mine["mots"], _received(mine)], " "),
        "codes": _join([mine[nom] for nom in _CODES], " "),
        "domaine": mine["code_domaine"].map(labels),
    }
    doc, distinct = pd.factorize(_join([columns[nom] for nom in POIDS], _BORD), sort=True)
    return doc[rank], [texte.split(_BORD) for texte in distinct]


def _received(formations: pd.DataFrame) -> pd.Series:
    """Return the titles received that hold a word which the one shown does not; else NA."""

    @cache
    def kept(one: str, shown: str) -> str | None:
        is_more = one != shown and set(split_words(one)) - set(split_words(shown))
        return one if is_more else None

    told = map(kept, formations["intitule"], formations["titre"])
    return pd.Series(list(told), index=formations.index, dtype="str")


def _join(columns: list[pd.Series], border: str) -> pd.Series:
    """Return some columns as one text by row; unknown reads as empty."""
    texts = [pa.array(column.astype("str").fillna("")) for column in columns]
    joined = pc.binary_join_element_wise(*texts, pa.scalar(border, texts[0].type))
    return pd.Series(pd.array(joined, dtype="str"))


def body_names(offres: pd.DataFrame) -> list[str]:
    """Return the distinct names of bodies, sorted: the order of table `organismes`."""
    return sorted(offres["nom_organisme"].dropna().unique())


def _stemmed(texte: str) -> str:
    """Return a cell as the engine stores it: stems parted by blanks."""
    return " ".join(stem(word) for word in split_words(texte) if word not in VIDES)


def _telling(texte: str) -> frozenset[str]:
    """Return the words of a text that say something."""
    return frozenset(split_words(texte)) - VIDES


def _count(vocabulary: dict[str, list[int]], textes: Iterable[Iterable[str]], column: int) -> None:
    """Add to each word the number of texts that hold it, given as words each once."""
    counts = Counter(chain.from_iterable(textes))
    for word, nb in counts.items():
        vocabulary.setdefault(word, [0, 0, 0, 0])[column] += nb


def _suggestions(frames: dict[str, pd.DataFrame]) -> list[tuple[str, str, int]]:
    """Return titles, jobs and diplomas with their number of offers.

    Each comes once whatever its case and accents.
    """
    offers = frames["offres"]["id_formation"].value_counts()
    cells = ["metiers", "titre", "type_diplome"]
    formations = frames["formations"][["id_formation", *cells]]
    nb = formations["id_formation"].map(offers).fillna(0).astype(int)
    # By distinct cell: a job or a kind of diploma is that of many.
    by_cell = [nb.groupby(formations[nom]).sum() for nom in cells]
    jobs, titles, diplomas = (pd.Series(one.index, index=one.index) for one in by_cell)
    parts = [("metier", _exploded(jobs)), ("intitule", titles), ("diplome", diplomas)]
    rows: list[tuple[str, str, int]] = []
    seen: set[str] = set()
    # A text that is a job and a title is proposed as a job: the first of the parts.
    for (kind, textes), counted in zip(parts, by_cell, strict=True):
        for texte, count in _merge_spellings(textes, counted):
            if fold(texte) not in seen and count:
                rows.append((texte, kind, count))
                seen.add(fold(texte))
    return rows


def _exploded(cells: pd.Series) -> pd.Series:
    return cells.dropna().str.split("|").explode().str.strip()


def _merge_spellings(textes: pd.Series, nb: pd.Series) -> list[tuple[str, int]]:
    """Return each text in its most frequent spelling with its number of offers."""
    table = pd.DataFrame({"texte": textes, "nb": nb.reindex(textes.index).to_numpy()})
    table = table.groupby("texte", as_index=False)["nb"].sum()
    table["plie"] = table["texte"].map(fold)
    total = table.groupby("plie")["nb"].sum()
    # Of two as frequent, the last in order: accents and small letters come after capitals.
    ranked = table.sort_values(["plie", "nb", "texte"], ascending=[True, False, False])
    best = ranked.drop_duplicates("plie")
    pairs = zip(best["texte"], best["plie"], strict=True)
    return [(texte, int(total[plie])) for texte, plie in pairs if plie]


@dataclass(frozen=True, kw_only=True)
class Toponymes:
    """The place names, as columns in memory; `mots` and `noyaux` are sets of words by row."""

    lignes: list[tuple]
    plies: list[str]
    noyaux: list[frozenset[str]]
    mots: list[frozenset[str]]
    par_code: dict[tuple[str, str], int]
    prefixes: Prefixes


class MotIndexe(NamedTuple):
    """A word of the vocabulary: its stem, and how many texts of each kind hold it."""

    racine: str
    nb_textes: int
    nb_organismes: int
    nb_titres: int
    nb_metiers: int


@dataclass(frozen=True, kw_only=True)
class Index:
    """An open search index.

    Its small tables are in memory, its full text is read through one connection per thread.
    """

    chemin: Path
    texte_de_formation: np.ndarray
    nb_textes: int
    organismes: list[str]
    mots: dict[str, MotIndexe]
    racines: frozenset[str]
    racines_titres: frozenset[str]
    racines_metiers: frozenset[str]
    mots_corriges: list[str]
    """Words that a typing error may be of: no name of a body is one of them."""
    mots_debutes: list[str]
    """Words that an unfinished one may be the start of: those of titles and of families."""
    communes: list[str]
    lieux_dits: dict[str, np.ndarray]
    """By stem of a word, the rows of `communes` whose name holds it."""
    suggestions: list[tuple[str, str, int]]
    suggestions_pliees: list[str]
    mots_suggeres: Prefixes
    toponymes: Toponymes
    rues: Rues
    """Streets, read from their files when one is typed: none is in memory."""
    synonymes: Synonymes
    memoire: Memory = field(default_factory=lambda: Memory(MEMOIRE), repr=False, compare=False)
    listes: dict[tuple[str, str], tuple[bytes, bytes]] | None = None
    """The lists of a file that has none, written by an earlier version."""
    _local: local = field(default_factory=local, repr=False, compare=False)

    def read_list(self, champ: str, racine: str) -> tuple[bytes, bytes] | None:
        """Return the rows that hold a stem in a field, and their scores, as they are stored."""
        if self.listes is not None:
            return self.listes.get((champ, racine))
        return self.connect().execute(LISTE, (champ, racine)).fetchone()

    def connect(self) -> sqlite3.Connection:
        """Return the read-only connection of this thread."""
        if not hasattr(self._local, "connection"):
            self._local.connection = _connect(self.chemin)
        return self._local.connection


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True)
    # Pages are read where the system keeps them, shared by all processes: none is copied.
    connection.execute(f"PRAGMA mmap_size={_MMAP_BYTES}")
    return connection


def open_index(snapshot) -> Index:
    """Return the search index of a snapshot.

    Raises
    ------
    SnapshotError
        When the snapshot holds no index: it was built before the search existed.
    """
    path = snapshot.path / FICHIER
    if not path.exists():
        raise SnapshotError(
            f"L'instantané {snapshot.id} n'a pas d'index de recherche. Relancez « geoapp build »."
        )
    connection = _connect(path)
    try:
        written = [nom for _, nom, *_ in connection.execute("PRAGMA table_info(mots)")]
        if written != ["mot", *MotIndexe._fields]:
            raise SnapshotError(
                f"L'index de recherche de l'instantané {snapshot.id} vient d'une autre version "
                "de GéoForma. Relancez « geoapp build »."
            )
        (docs_bytes,) = connection.execute(
            "SELECT valeurs FROM tableaux WHERE nom = 'texte_de_formation'"
        ).fetchone()
        words = {mot: MotIndexe(*rest) for mot, *rest in connection.execute(_MOTS_LUS)}
        suggestions = connection.execute(
            "SELECT texte, type, nb FROM suggestions ORDER BY rowid"
        ).fetchall()
        places = connection.execute("SELECT * FROM toponymes ORDER BY rowid").fetchall()
        has_lists = bool(connection.execute("PRAGMA table_info(listes)").fetchall())
    finally:
        connection.close()
    docs = np.frombuffer(docs_bytes, dtype="<i4")
    synonymes, offres = load_synonymes(), snapshot.read("offres")
    communes = sorted(offres["nom_commune"].dropna().unique())
    bodies = body_names(offres)
    return Index(
        chemin=path,
        texte_de_formation=docs,
        nb_textes=int(docs.max()) + 1 if len(docs) else 0,
        organismes=bodies,
        listes=None if has_lists else _missing_lists(snapshot, bodies),
        mots=words,
        racines=frozenset(one.racine for one in words.values()),
        racines_titres=frozenset(one.racine for one in words.values() if one.nb_titres),
        racines_metiers=frozenset(one.racine for one in words.values() if one.nb_metiers),
        mots_corriges=sorted(
            synonymes.mots | {mot for mot, one in words.items() if one.nb_textes or one.nb_metiers}
        ),
        mots_debutes=sorted(synonymes.mots | {mot for mot, one in words.items() if one.nb_titres}),
        communes=communes,
        lieux_dits=_rows_by_stem(communes),
        suggestions=suggestions,
        suggestions_pliees=[fold(texte) for texte, _, _ in suggestions],
        mots_suggeres=make_prefixes(split_words(texte) for texte, _, _ in suggestions),
        toponymes=_toponyms(places),
        rues=open_streets(snapshot.path),
        synonymes=synonymes,
    )


def _missing_lists(snapshot, bodies: list[str]) -> dict[tuple[str, str], tuple[bytes, bytes]]:
    """Return the lists of a snapshot whose index was written before there were any."""
    made = _lists(_documents(snapshot.read("formations"))[1], bodies)
    return {(champ, racine): (rows, notes) for champ, racine, rows, notes in made}


def _rows_by_stem(noms: list[str]) -> dict[str, np.ndarray]:
    """Return the rows of some names that hold each stem."""
    rows: dict[str, list[int]] = {}
    for row, nom in enumerate(noms):
        for root in dict.fromkeys(_stemmed(nom).split()):
            rows.setdefault(root, []).append(row)
    return {root: np.array(found, dtype=np.int64) for root, found in rows.items()}


def _toponyms(rows: list[tuple]) -> Toponymes:
    """Return the place names as columns."""
    plies = [row[3] for row in rows]
    cores = [frozenset(plie.split()) for plie in plies]
    words = [
        core | set(f"{row[4]} {row[5]}".split()) for core, row in zip(cores, rows, strict=True)
    ]
    return Toponymes(
        lignes=rows,
        plies=plies,
        noyaux=cores,
        mots=words,
        par_code={(row[0], row[1]): i for i, row in enumerate(rows)},
        prefixes=make_prefixes(words),
    )
