"""How right the first block of a search is: precision@10, zeros that lie, recall; by half.

Run `python -m benchmarks.precision [--data DOSSIER] [--moitie regle|juge] [--erreurs]`.

`tests/relevance/metiers.csv` holds job words as people say them; a row is one job, its ways of
being asked for, and the titles that a person judged: `justes` lead to the job itself, `admis` are
those that an advisor would show too.  A row without titles asks for what no training of ours is.
Half of the questions, told by their digest, are asked from a commune.  A digest of the job parts
them in a half that tunes and a half that judges: rules are never changed for what the second says.

* precision = right titles among the first ten of the block, over those shown;
* a false zero = an empty block where the area holds a training of `justes`;
* recall = part of the trainings of `justes` of the area that the block holds.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.relevance import FOLDER, TAILLE
from geoapp.reference.codes.text import fold

METIERS = FOLDER / "metiers.csv"
MOITIES = ("regle", "juge")
LIEUX = (
    "Lille", "Roubaix", "Dunkerque", "Calais", "Boulogne-sur-Mer", "Lens", "Arras", "Béthune",
    "Valenciennes", "Maubeuge", "Cambrai", "Douai", "Hénin-Beaumont", "Amiens", "Abbeville",
    "Beauvais", "Creil", "Compiègne", "Laon", "Saint-Quentin", "Soissons", "Hirson",
    "Saint-Omer", "Montreuil", "Péronne",
)  # fmt: skip
"""Communes of every size that questions are asked from."""


@dataclass(frozen=True)
class Question:
    """One question: its text, its place ("" for the region), its half, the titles judged."""

    texte: str
    lieu: str
    moitie: str
    justes: str
    admis: str


@dataclass(frozen=True)
class Reponse:
    """What one question got: marks of the first titles shown, 2 right, 1 admitted, 0 wrong."""

    question: Question
    notes: tuple[int, ...]
    titres: tuple[str, ...]
    nb_justes: int
    nb_justes_trouves: int

    @property
    def precision(self) -> float | None:
        """Return the part of what is shown that is right; None for a zero that says the truth."""
        if self.notes:
            return sum(note > 0 for note in self.notes) / len(self.notes)
        return 0.0 if self.nb_justes else None

    @property
    def est_faux_zero(self) -> bool:
        """Tell whether nothing is shown where something right is there."""
        return not self.notes and self.nb_justes > 0

    @property
    def rappel(self) -> float | None:
        """Return the part of the right trainings of the area that are found; None without any."""
        return self.nb_justes_trouves / self.nb_justes if self.nb_justes else None


def _digest(texte: str) -> int:
    return int(hashlib.sha256(texte.encode()).hexdigest(), 16)


def read_questions(path: Path = METIERS) -> list[Question]:
    """Return the questions of a file, each with its half and its place."""
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    questions = []
    for row in rows:
        texts = row["requetes"].split("|")
        moitie = MOITIES[_digest(f"moitie {texts[0]}") % 2]
        for texte in texts:
            digest = _digest(f"lieu {texte}")
            lieu = LIEUX[digest // 2 % len(LIEUX)] if digest % 2 else ""
            questions.append(Question(texte, lieu, moitie, row["justes"], row["admis"] or ""))
    return questions


def answer_all(snapshot, questions: list[Question]) -> list[Reponse]:
    """Return what the search of the product answers to questions, as a page would show it."""
    from geoapp.offer.search.engine import open_engine, search
    from geoapp.offer.search.requests import parse_request

    engine = open_engine(snapshot)
    titles = snapshot.read("offres")["titre"].tolist()
    folded = {title: fold(title) for title in set(titles)}
    areas: dict[str, np.ndarray] = {}
    answers = []
    for one in questions:
        if one.lieu not in areas:
            everything = search(engine, parse_request({"lieu": one.lieu}, engine))
            areas[one.lieu] = np.concatenate([everything.lignes, everything.a_distance])
        found = search(engine, parse_request({"texte": one.texte, "lieu": one.lieu}, engine))
        # What is remote is shown apart from the list, and is in the area wherever one is.
        block = found.lignes[: found.total].tolist()
        shown = block or found.a_distance[: found.nb_a_distance].tolist()
        held = {*block, *found.a_distance[: found.nb_a_distance].tolist()}
        marks = {title: _mark(one, folded[title]) for title in folded}
        right = [row for row in areas[one.lieu].tolist() if marks[titles[row]] == 2]
        first = [titles[row] for row in shown[:TAILLE]]
        answers.append(
            Reponse(
                question=one,
                notes=tuple(marks[title] for title in first),
                titres=tuple(first),
                nb_justes=len(right),
                nb_justes_trouves=sum(row in held for row in right),
            )
        )
    return answers


def _mark(question: Question, title: str) -> int:
    """Return what a folded title is worth: 2 right, 1 admitted, 0 wrong."""
    if question.justes and re.search(question.justes, title):
        return 2
    return int(bool(question.admis and re.search(question.admis, title)))


def summarise(answers: list[Reponse]) -> pd.DataFrame:
    """Return the measures by half, with a place, without, and for all."""
    rows = {}
    for moitie in MOITIES:
        mine = [one for one in answers if one.question.moitie == moitie]
        placed = [one for one in mine if one.question.lieu]
        for nom, part in (("avec lieu", placed), ("ensemble", mine)):
            rows[moitie, nom] = {
                "questions": len(part),
                "precision_10": _mean(one.precision for one in part),
                "faux_zeros": sum(one.est_faux_zero for one in part),
                "zeros_vrais": sum(one.precision is None for one in part),
                "rappel": _mean(one.rappel for one in part),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def _mean(values) -> float:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 3) if known else float("nan")


def main() -> None:
    """Measure the snapshot served and print."""
    from geoapp.core.config import load_settings
    from geoapp.core.snapshot import open_snapshot

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=None, help="dossier des instantanés")
    parser.add_argument("--fichier", type=Path, default=METIERS, help="questions jugées")
    parser.add_argument("--erreurs", action="store_true", help="montre les erreurs qui règlent")
    given = parser.parse_args()
    snapshot = open_snapshot(given.data or load_settings().data_dir)
    answers = answer_all(snapshot, read_questions(given.fichier))
    print(summarise(answers).to_string())
    if given.erreurs:
        # Those of the half that judges are not shown: nobody tunes on them.
        for one in answers:
            if one.question.moitie == "regle":
                _print_mistakes(one)


def _print_mistakes(one: Reponse) -> None:
    """Print one answer that is not all right."""
    if one.precision == 1 and (one.rappel is None or one.rappel > 0.9):
        return
    if one.precision is None:
        return
    recall = "–" if one.rappel is None else f"{one.rappel:.2f}"
    print(f"\n{one.question.texte} @ {one.question.lieu or '–'} : {one.precision:.2f}, {recall}")
    for note, title in dict.fromkeys(zip(one.notes, one.titres, strict=True)):
        print(f"  {note} {title[:100]}")


if __name__ == "__main__":
    main()
