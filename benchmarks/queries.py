"""A seeded mix of searches as advisors make them: places, radii, texts with typing errors, zones,
filters.
"""

from __future__ import annotations

import csv
from functools import partial
from pathlib import Path

import numpy as np

from geoapp.offer.filters import Filtres
from geoapp.offer.search.engine import Moteur
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.requests import default_sort

TEXTS = Path(__file__).resolve().parents[1] / "tests" / "relevance" / "requetes.csv"
MIX = {
    "radius": 0.20,
    "radius + filter": 0.25,
    "radius + text": 0.20,
    "radius + text + filter": 0.10,
    "zone": 0.05,
    "zone + filter": 0.05,
    "zone + text": 0.05,
    "text": 0.07,
    "filter": 0.03,
}
"""Kinds of searches and their shares."""

FILTERS = ("domaine", "niveau", "voie")
MISSPELT = 0.3
"""Share of texts typed with one error, beside those that the judged queries hold already."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def make_queries(moteur: Moteur, nb: int, *, seed: int = 7) -> list[tuple[str, Requete]]:
    """Return `nb` searches with their kind, in a shuffled order; same seed and territory, same
    searches.
    """
    rng = np.random.default_rng(seed)
    places, zones = _places(moteur), _zones(moteur)
    kinds = rng.choice(list(MIX), nb, p=list(MIX.values()))
    texts = read_texts()
    drawn = partial(_query, moteur, rng, places=places, zones=zones, texts=texts)
    return [(str(kind), drawn(str(kind))) for kind in kinds]


def read_texts() -> list[str]:
    """Return the texts of the judged queries."""
    with open(TEXTS, encoding="utf-8-sig", newline="") as stream:
        return [row["requete"] for row in csv.DictReader(stream, delimiter=";")]


def _query(
    moteur: Moteur,
    rng: np.random.Generator,
    kind: str,
    *,
    places: tuple[list[Lieu], np.ndarray],
    zones: list[Lieu],
    texts: list[str],
) -> Requete:
    lieu = zones[rng.integers(len(zones))] if "zone" in kind else None
    if "radius" in kind:
        lieu = places[0][rng.choice(len(places[0]), p=places[1])]
    texte = _typed(texts[rng.integers(len(texts))], rng) if "text" in kind else ""
    filtres = _filters(moteur, rng) if "filter" in kind else Filtres()
    return Requete(
        texte=texte,
        lieu=lieu,
        rayon_km=float(rng.integers(5, 51)),
        filtres=filtres,
        tri=default_sort(lieu, texte),
    )


def _places(moteur: Moteur) -> tuple[list[Lieu], np.ndarray]:
    """Return the communes of the region and how likely each is: as many as its people."""
    rows = [row for row in moteur.toponymes.lignes if row[0] == "commune" and row[9]]
    people = np.array([row[8] + 1 for row in rows], dtype=float)
    return [
        Lieu(
            type="commune",
            code=row[1],
            nom=row[2],
            longitude=round(row[6], 3),
            latitude=round(row[7], 3),
        )
        for row in rows
    ], people / people.sum()


def _zones(moteur: Moteur) -> list[Lieu]:
    return [
        Lieu(type=row[0], code=row[1], nom=row[2], longitude=row[6], latitude=row[7])
        for row in moteur.toponymes.lignes
        if row[0] in ("departement", "epci", "ze2020") and row[9]
    ]


def _typed(texte: str, rng: np.random.Generator) -> str:
    """Return a text as typed: sometimes a letter of its longest word is changed, lost or
    swapped.
    """
    word = max(texte.split(), key=len)
    if rng.random() > MISSPELT or len(word) < 6:
        return texte
    i, letter = int(rng.integers(1, len(word) - 2)), LETTERS[rng.integers(26)]
    wrong = (
        word[:i] + letter + word[i + 1 :],
        word[:i] + word[i + 1 :],
        word[:i] + word[i + 1] + word[i] + word[i + 2 :],
    )
    return texte.replace(word, wrong[rng.integers(3)], 1)


def _filters(moteur: Moteur, rng: np.random.Generator) -> Filtres:
    """Return one or two filters, of one or two values that offers hold."""
    names = rng.permutation(FILTERS)[: rng.integers(1, 3)]
    choice = {}
    for nom in sorted(names):
        colonne = moteur.colonnes[nom]
        held = [
            option for option, nb in zip(colonne.options, colonne.count(None), strict=True) if nb
        ]
        choice[nom] = tuple(
            held[i] for i in sorted(rng.permutation(len(held))[: rng.integers(1, 3)])
        )
    return Filtres(choice)


def parameters(requete: Requete) -> list[tuple[str, str]]:
    """Return a search as the parameters of an address."""
    pairs = [("rayon", f"{requete.rayon_km:g}"), *requete.filtres.pairs()]
    if requete.texte:
        pairs.append(("texte", requete.texte))
    if requete.lieu is not None and requete.lieu.est_zone:
        pairs.append(("lieu", f"{requete.lieu.type}:{requete.lieu.code}"))
    elif requete.lieu is not None:
        pairs += [("lat", f"{requete.lieu.latitude}"), ("lon", f"{requete.lieu.longitude}")]
    return pairs
