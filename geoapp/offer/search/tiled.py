"""Which searches the tiles of a snapshot answer: those that they tell, whose count is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from pmtiles.reader import MmapSource, Reader

from geoapp.core.snapshot import TUILES, Snapshot
from geoapp.offer.search.engine import Moteur
from geoapp.offer.search.model import Requete
from geoapp.offer.search.tile_counts import COMPTEES, property_name

SEUIL_LIEUX = 2_000
"""Places from which a map reads tiles: under it the points of a view weigh less than their reader.
"""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The file of a snapshot: bytes to ask first (header and directory), totals by property."""

    tete: int
    totaux: Mapping[str, Sequence[int]]


def open_archive(snapshot: Snapshot) -> Archive | None:
    """Return what a snapshot's file says of itself; None when the snapshot has none."""
    path = snapshot.path / TUILES
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        reader = Reader(MmapSource(stream))
        header = reader.header()
        return Archive(
            tete=header["root_offset"] + header["root_length"],
            totaux=reader.metadata()["totaux"],
        )


def answering(archive: Archive | None, requete: Requete, nb: int) -> list[str]:
    """Return the properties whose sum is a search at every point; none when tiles do not tell it.

    Parameters
    ----------
    nb : int
        Offers that the search found in a place: what the tiles would show must be as many, else
        they are not asked.
    """
    chosen = requete.filtres.choix
    # What else a search may ask is in no tile: an unfiltered point would be false.
    asks_more = requete.texte.strip() or requete.lieu or requete.emprise
    if archive is None or asks_more or len(chosen) > 1 or not set(chosen) <= set(COMPTEES):
        return []
    names = [
        property_name(nom, valeur) for nom in chosen for valeur in requete.filtres.values_of(nom)
    ]
    totals = [archive.totaux.get(nom, (0, 0)) for nom in names or ["nb"]]
    offers, places = (sum(values) for values in zip(*totals, strict=True))
    return (names or ["nb"]) if offers == nb and places >= SEUIL_LIEUX else []


def placed_rows(moteur: Moteur) -> np.ndarray:
    """Return which rows of table `offres` are in a place, as the engine sees them."""
    known = np.zeros(len(moteur.ordre), bool)
    known[moteur.ordre] = moteur.lieu >= 0
    return known
