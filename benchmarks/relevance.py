"""How well the search answers real queries: recall@10, MRR, and every query that fails.

Run `python -m benchmarks.relevance [--data DOSSIER]`.  The queries and their
judgments are in `tests/relevance/`: an offer is relevant because of its title,
level or codes, read by a person, never because the engine found it.

* recall@10 = relevant offers among the first ten / min(10, relevant offers), averaged over the
  queries;
* MRR = 1 / rank of the first relevant offer (0 beyond the tenth), averaged.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geoapp.reference.codes.text import fold

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "relevance"
TAILLE = 10
RAPPEL_MINIMAL = 0.95
CHAMPS = {
    "intitule": "intitule",
    "diplome": "type_diplome",
    "niveau": "niveau_sortie",
    "rome": "code_rome",
    "nsf": "code_nsf",
    "rncp": "code_rncp",
    "cfd": "code_cfd",
}
"""Fields of a rule → columns of `formations`; title and diploma are compared without accents nor
capitals.
"""


@dataclass(frozen=True)
class Jugement:
    """One query, its kind, and the positions in `offres` of its relevant offers."""

    requete: str
    type: str
    pertinents: frozenset[int]


@dataclass(frozen=True)
class Note:
    """What one query got: share of the possible relevant offers in the first ten, and 1 / rank of
    the first.
    """

    jugement: Jugement
    trouves: tuple[int, ...]
    rappel: float
    rang_inverse: float


def read_judgments(
    offres: pd.DataFrame, formations: pd.DataFrame, path: Path = FOLDER / "requetes.csv"
) -> list[Jugement]:
    """Return the judged queries against a snapshot.

    Raises
    ------
    ValueError
        A query whose rule no offer meets: it would measure nothing.
    """
    table = pd.read_csv(path, sep=";", dtype="str", keep_default_na=False)
    known = (
        formations.set_index("id_formation").reindex(offres["id_formation"]).reset_index(drop=True)
    )
    texts = {name: known[column].fillna("").astype("object") for name, column in CHAMPS.items()}
    for name in ("intitule", "diplome"):
        texts[name] = texts[name].map({text: fold(text) for text in texts[name].unique()})
    judgments = []
    for row in table.itertuples(index=False):
        relevant = _meets(row.pertinents, texts)
        if row.exclus:
            relevant &= ~_meets(row.exclus, texts)
        if not relevant.any():
            raise ValueError(f"Requête « {row.requete} » : aucune offre n'obéit à sa règle.")
        judgments.append(
            Jugement(row.requete, row.type, frozenset(np.flatnonzero(relevant).tolist()))
        )
    return judgments


def _meets(rule: str, texts: dict[str, pd.Series]) -> np.ndarray:
    """Return which offers obey « champ:expression ET … OU champ:expression … »."""
    result = np.zeros(len(texts["intitule"]), dtype=bool)
    for alternative in rule.split(" OU "):
        every = np.ones(len(result), dtype=bool)
        for clause in alternative.split(" ET "):
            name, _, pattern = clause.partition(":")
            every &= _contains(texts[name], re.compile(pattern))
        result |= every
    return result


def _contains(texts: pd.Series, pattern: re.Pattern) -> np.ndarray:
    """Return which texts hold an expression."""
    return np.fromiter((bool(pattern.search(text)) for text in texts), dtype=bool, count=len(texts))


def score(judgment: Jugement, found: Iterable[int]) -> Note:
    """Return the marks of one query for the positions found, best first."""
    first = tuple(int(position) for position in found)[:TAILLE]
    hits = [position in judgment.pertinents for position in first]
    rank = next((1 / rank for rank, hit in enumerate(hits, 1) if hit), 0.0)
    return Note(judgment, first, sum(hits) / min(TAILLE, len(judgment.pertinents)), rank)


def measure(judgments: list[Jugement], search: Callable[[str], Iterable[int]]) -> list[Note]:
    """Return the marks of every query."""
    return [score(judgment, search(judgment.requete)) for judgment in judgments]


def summarise(notes: list[Note]) -> pd.DataFrame:
    """Return number, recall@10 and MRR by kind of query, then for all."""
    table = pd.DataFrame(
        {
            "type": [n.jugement.type for n in notes],
            "rappel": [n.rappel for n in notes],
            "mrr": [n.rang_inverse for n in notes],
        }
    )
    by_type = table.groupby("type").agg(
        requetes=("rappel", "size"), rappel_10=("rappel", "mean"), mrr=("mrr", "mean")
    )
    by_type.loc["ensemble"] = [len(table), table["rappel"].mean(), table["mrr"].mean()]
    return by_type.astype({"requetes": int}).round(3)


def open_search(snapshot) -> Callable[[str], np.ndarray]:
    """Return the search of the product as a function of the text: positions in `offres`, by
    relevance.
    """
    from geoapp.offer.search.engine import open_engine, search
    from geoapp.offer.search.model import Requete

    engine = open_engine(snapshot)
    return lambda texte: search(
        engine, Requete(texte=texte, tri="pertinence", taille=TAILLE)
    ).lignes[:TAILLE]


def read_places(path: Path = FOLDER / "lieux.csv") -> pd.DataFrame:
    """Return the typed places and what each must mean: saisie, type, code, and the half (`partie`).

    `type` is that of the place, or `choix` (it must be asked, with at least the `type:code` of
    `code` to choose from), `hors` (said to be outside the region) or `inconnu` (never taken for
    another place).
    """
    return pd.read_csv(path, sep=";", dtype="str", keep_default_na=False)


def measure_places(snapshot) -> pd.DataFrame:
    """Return the typed places with what the search understood, and whether it is right."""
    from geoapp.offer.search.index import open_index

    index, table = open_index(snapshot), read_places()
    understood = [understand(index, typed) for typed in table["saisie"]]
    rows = zip(table["type"], table["code"], understood, strict=True)
    return table.assign(
        compris=[" ".join(found) for found in understood],
        est_juste=[is_right(type_, code, found) for type_, code, found in rows],
    )


def understand(index, typed: str) -> list[str]:
    """Return the `type:code` understood; else `hors`, `choix` or `inconnu`, and the choices."""
    from geoapp.offer.search.places import PlaceError, resolve_place

    try:
        place = resolve_place(index, typed)
    except PlaceError as error:
        choices = [f"{one.type}:{one.code}" for one in error.choix]
        if "hors de la région" in error.phrase:
            return ["hors", *choices]
        return ["choix" if choices else "inconnu", *choices]
    return [f"{place.type}:{place.code}"]


def is_right(type_: str, code: str, found: list[str]) -> bool:
    """Tell whether a place was understood as judged."""
    if type_ == "choix":
        return found[0] == "choix" and set(filter(None, code.split("|"))) <= set(found[1:])
    if type_ == "inconnu":
        return found[0] in ("inconnu", "choix")
    return found[0] == (type_ if type_ == "hors" else f"{type_}:{code}")


def draw_job_names(snapshot, nb: int = 60) -> list[Jugement]:
    """Return names of jobs of ROME drawn by digest, and the offers that lead to their jobs.

    Only those to which some offer leads.  These offers are told by the very table that the search
    reads: what is measured is whether words lead to it, not whether it is right.
    """
    offres = snapshot.read("offres")
    formations = snapshot.read("formations").set_index("id_formation")
    metiers = formations["metiers"].reindex(offres["id_formation"]).fillna("").str.split("|")
    rows: dict[str, set[int]] = {}
    for row, labels in enumerate(metiers):
        for label in labels:
            rows.setdefault(label, set()).add(row)
    drawn = []
    for name in sorted(snapshot.read("appellations").itertuples(), key=_digest_of_name):
        relevant = set().union(*(rows.get(label, ()) for label in name.metiers.split("|")))
        if relevant and len(drawn) < nb:
            drawn.append(Jugement(_masculine(name.nom), "appellation", frozenset(relevant)))
    return drawn


def _digest_of_name(name) -> str:
    return hashlib.sha256(name.code_appellation.encode()).hexdigest()


def _masculine(name: str) -> str:
    """Return « Peintre ragréeur » for « Peintre ragréeur / ragréeuse »."""
    first, _, second = name.partition(" / ")
    return " ".join([first, *second.split(" ")[1:]]).lower()


def print_report(notes: list[Note], places: pd.DataFrame, offres: pd.DataFrame) -> None:
    """Print the scores, every query below a full recall with its first five answers, and the places
    misread.
    """
    print(summarise(notes).to_string())
    for note in sorted(notes, key=lambda note: (note.rappel, note.jugement.requete)):
        if note.rappel < 1:
            print(
                f"\n{note.jugement.requete} ({note.jugement.type}) : rappel {note.rappel:.2f}, "
                f"{len(note.jugement.pertinents)} pertinentes"
            )
            for position in note.trouves[:5]:
                sign = "+" if position in note.jugement.pertinents else "-"
                print(f"  {sign} {offres['intitule'].iat[position][:100]}")
    for partie, mine in places.groupby("partie"):
        print(f"\nlieux ({partie}) : {mine['est_juste'].sum()} / {len(mine)}")
    # Those that judge are counted, never shown: nobody tunes on them.
    tuned = places[places["partie"].eq("reglage") & ~places["est_juste"]]
    for row in tuned.itertuples():
        print(f"  {row.saisie} : attendu {row.type}:{row.code}, compris {row.compris}")


def main() -> None:
    """Measure the snapshot served and print."""
    from geoapp.core.config import load_settings

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data", type=Path, default=load_settings().data_dir, help="dossier des instantanés"
    )
    run(parser.parse_args().data)


def run(data_dir: Path) -> None:
    """Measure the snapshot served from a folder and print."""
    from geoapp.core.snapshot import open_snapshot

    snapshot = open_snapshot(data_dir)
    offres = snapshot.read("offres")
    find = open_search(snapshot)
    notes = measure(read_judgments(offres, snapshot.read("formations")), find)
    print_report(notes, measure_places(snapshot), offres)
    print(summarise(measure(draw_job_names(snapshot), find)).loc[["appellation"]].to_string())


if __name__ == "__main__":
    main()
