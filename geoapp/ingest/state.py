"""What the steps of one build share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import geopandas as gpd

from geoapp.ingest.steps import Etapes, do
from geoapp.ingest.tally import Bilan
from geoapp.sources.fetch import Located
from geoapp.sources.registry import Source
from geoapp.sources.usages import USAGES

T = TypeVar("T")

REELS = ("miroir", "cache", "telechargement")
"""Modes of a source that was really had."""


@dataclass(kw_only=True)
class BuildState:
    """The sources at hand, the communes, and what was done with each source so far."""

    located: list[Located]
    communes: gpd.GeoDataFrame
    region: str
    bilans: dict[str, Bilan]
    passage: dict[str, str]
    etapes: Etapes
    cle_communes: str
    """Key of the communes, and of the code that reads them."""
    cle_passage: str = ""
    """Key of the communes and of the passage of old ones to them; "" before it is made."""
    servies: dict[str, dict] = field(default_factory=dict)
    """Digest and date of each source in the snapshot served."""

    def find(self, id_source: str) -> Located:
        """Return one source."""
        return next(one for one in self.located if one.source.id == id_source)

    def feeding(self, usage: str) -> list[Located]:
        """Return the sources of one usage that feed the tables, in the order of the registry."""
        return [one for one in self.present(usage) if not self.is_replaced(one.source)]

    def present(self, *usages: str) -> list[Located]:
        """Return the sources of some usages that can be read."""
        return [
            one
            for one in self.located
            if one.source.usage in usages and one.mode in (*REELS, "demonstration")
        ]

    def is_replaced(self, source: Source) -> bool:
        """Tell whether a better file of the same data is there: another source, or a newer year.

        What replaces the source that replaces this one does too.
        """
        by = {one.source.id: one.source.remplacee_par for one in self.located}
        better, nom = set(), source.remplacee_par
        while nom and nom not in better:
            better.add(nom)
            nom = by.get(nom, "")
        return any(
            one.mode in REELS and (one.source.id in better or _is_newer(one.source, source))
            for one in self.located
        )


def _is_newer(other: Source, source: Source) -> bool:
    """Tell whether `other` is a newer year of a series of which one year alone feeds."""
    return (
        bool(source.serie)
        and other.serie == source.serie
        and other.annee > source.annee
        and USAGES[source.usage].est_du_jour
    )


def counted(state: BuildState, nom: str, key: str, make: Callable[[BuildState], T]) -> T:
    """Return the result of a step that counts sources: its counts are kept, and restored, with it.

    `make` is given the state with counts of its own; it must not look at those of other steps.
    """

    def run() -> tuple[T, dict[str, Bilan]]:
        mine = replace(state, bilans={})
        return make(mine), mine.bilans

    value, bilans = do(state.etapes, nom, key, run)
    state.bilans |= bilans
    return value
