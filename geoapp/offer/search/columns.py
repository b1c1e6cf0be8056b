"""The offers of a snapshot as numpy columns, made once when it is opened.

Rows are in the order (title, id): sorting by position is sorting by title.
Each filter is a column of texts, each distinct text a row of a small table of
values: counting and keeping never look at an offer twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import FILTRES, Filtre, Filtres, Option
from geoapp.offer.starts import read_starts, start_rank
from geoapp.reference.codes.text import fold, map_distinct

SANS_LIEU = "*"
"""What a remote offer has for zones: it is nowhere, and zone filters do not apply to it."""


@dataclass(frozen=True, kw_only=True)
class ColonneFiltre:
    """One filter: the rank of each offer's text, and the values of each distinct text.

    Text `textes[i]` holds the value `valeurs[i]`, a rank in `options`.
    """

    filtre: Filtre
    rangs: np.ndarray
    textes: np.ndarray
    valeurs: np.ndarray
    options: list[Option]
    rang_de: Mapping[str, int]
    toujours: np.ndarray
    """Texts that every choice keeps."""

    def keep(self, choix: list[str]) -> np.ndarray:
        """Tell which offers hold one of the values chosen."""
        wanted = np.zeros(len(self.options) + 1, bool)
        wanted[[self.rang_de[valeur] for valeur in choix if valeur in self.rang_de]] = True
        texts = self.toujours.copy()
        texts[self.textes[wanted[self.valeurs]]] = True
        return texts[self.rangs]

    def count(self, rows: np.ndarray | None) -> np.ndarray:
        """Return the number of offers of each option among `rows`, all of them when None."""
        ranks = self.rangs if rows is None else self.rangs[rows]
        by_text = np.bincount(ranks, minlength=len(self.toujours))
        weights = by_text[self.textes]
        by_value = np.bincount(self.valeurs, weights=weights, minlength=len(self.options))
        return by_value.astype(np.int64)


def make_column(filtre: Filtre, textes: pd.Series, options: list[Option]) -> ColonneFiltre:
    """Return the column of a filter from the text of each offer."""
    rangs, distinct = pd.factorize(textes.astype("object"))
    rang_de = {option.valeur: rang for rang, option in enumerate(options)}
    held = [[rang_de[v] for v in filtre.split(texte) if v in rang_de] for texte in distinct]
    texts = np.repeat(np.arange(len(held)), [len(values) for values in held])
    values = np.array([value for values in held for value in values], dtype=np.int64)
    return ColonneFiltre(
        filtre=filtre,
        rangs=rangs.astype(np.int32),
        textes=texts,
        valeurs=values,
        options=options,
        rang_de=rang_de,
        toujours=np.array([texte == SANS_LIEU for texte in distinct], dtype=bool),
    )


def make_columns(
    snapshot: Snapshot, offres: pd.DataFrame, today: date, *, est_placee: bool = False
) -> dict[str, ColonneFiltre]:
    """Return the column of every filter, by name.

    A remote offer has no zone, unless `est_placee`: on a map it is where it is drawn.
    """
    columns = {}
    for nom, filtre in FILTRES.items():
        textes = filtre.lire(offres, today)
        if nom == "zone" and not est_placee:
            is_remote = offres["modalite"].eq("a_distance").fillna(False).astype(bool)
            textes = textes.astype("object").mask(is_remote, SANS_LIEU)
        columns[nom] = make_column(filtre, textes, filtre.lister(snapshot))
    return columns


def sift(
    colonnes: Mapping[str, ColonneFiltre], filtres: Filtres, base: np.ndarray
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return which offers obey every filter, and which ones of `base` obey all of them but each."""
    refused = {nom: ~colonnes[nom].keep(filtres.values_of(nom)) for nom in filtres.choix}
    failures = np.zeros(len(base), np.uint8)
    for mask in refused.values():
        failures += mask
    obeys = failures == 0
    every = base & obeys
    # All but filter `nom`: no failure, or one which is its own.
    sauf = {nom: base & (failures == refused[nom]) if nom in refused else every for nom in colonnes}
    return obeys, sauf


class Facettes(Mapping):
    """The options of each filter with their live counts, made when they are read."""

    def __init__(self, colonnes: Mapping[str, ColonneFiltre], counts: Mapping[str, np.ndarray]):
        self._colonnes, self._counts = colonnes, counts

    def __getitem__(self, nom: str) -> list[Option]:
        counts = self._counts[nom].tolist()
        return list(map(Option.counted, self._colonnes[nom].options, counts))

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)


def count_facets(colonnes: Mapping[str, ColonneFiltre], sauf: Mapping[str, np.ndarray]) -> Facettes:
    """Return the options of each filter, counted among the offers that obey the others."""
    counts = {nom: colonne.count(_rows_or_all(sauf[nom])) for nom, colonne in colonnes.items()}
    return Facettes(colonnes, counts)


def _rows_or_all(mask: np.ndarray) -> np.ndarray | None:
    """Return the rows of a mask, None when it holds them all."""
    return None if mask.all() else np.flatnonzero(mask)


def title_order(offres: pd.DataFrame) -> np.ndarray:
    """Return the positions of offers in the order (folded title, action, place)."""
    titles = map_distinct(offres["titre"], fold).astype("object")
    keys = pd.DataFrame({"t": titles, "a": offres["id_action"], "l": offres["id_lieu"]})
    keys = keys.reset_index(drop=True)
    return keys.sort_values(["t", "a", "l"], kind="stable").index.to_numpy()


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where offers are: the place of each (−1 without one), and the distinct places, west first.

    `communes` is the commune of a place known by it alone, "" for a point.
    """

    rangs: np.ndarray
    longitudes: np.ndarray
    latitudes: np.ndarray
    communes: np.ndarray


def distinct_places(offres: pd.DataFrame) -> Places:
    """Return the places of some offers.

    A town hall where a training is somewhere in the commune is another place than the same point
    known for itself.
    """
    points = offres["geometry"]
    known = points.notna().to_numpy() & ~points.is_empty.to_numpy()
    place = np.full(len(offres), -1, dtype=np.int64)
    is_vague = offres["precision_position"].eq("commune").fillna(False).astype(bool)
    codes = offres["code_commune"].where(is_vague).fillna("").astype("object")[known]
    ranks, names = pd.factorize(codes, sort=True)
    table = np.column_stack([points[known].x, points[known].y, ranks]).reshape(-1, 3)
    distinct, rank = np.unique(table, axis=0, return_inverse=True)
    place[known] = rank.reshape(-1)
    return Places(
        rangs=place,
        longitudes=distinct[:, 0].copy(),
        latitudes=distinct[:, 1].copy(),
        communes=np.asarray(names, dtype=object)[distinct[:, 2].astype(np.int64)],
    )


def date_ranks(offres: pd.DataFrame, today: date) -> np.ndarray:
    """Return the rank of each offer by start: next, permanent, past, unknown."""
    ranks = map_distinct(read_starts(offres), lambda starts: start_rank(starts, today))
    return ranks.to_numpy(dtype=np.int64)
