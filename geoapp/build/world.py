"""What the steps of one build share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd

from geoapp.build.bilan import Bilan
from geoapp.sources.fetch import Located
from geoapp.sources.registry import Source

REELS = ("miroir", "cache", "telechargement")
"""Modes of a source that was really had."""


@dataclass
class World:
    """The sources at hand, the communes, and what was done with each source so far."""

    located: list[Located]
    communes: gpd.GeoDataFrame
    region: str
    bilans: dict[str, Bilan]
    passage: dict[str, str]

    def feeding(self, usage: str) -> list[Located]:
        """Return the sources of one usage that feed the tables, in the order of the registry."""
        return [one for one in self.present(usage) if not self.is_replaced(one.source)]

    def present(self, usage: str) -> list[Located]:
        """Return the sources of one usage that can be read."""
        return [one for one in self.located if one.source.usage == usage and one.mode in (*REELS, "demonstration")]

    def annotate(self, id_source: str, text: str) -> None:
        """Add a sentence to what is told of one source."""
        self.located = [replace(one, note=" ".join(filter(None, [one.note, text]))) if one.source.id == id_source else one for one in self.located]

    def is_replaced(self, source: Source) -> bool:
        """Tell whether a better file of the same data is there."""
        return any(one.source.id == source.remplacee_par and one.mode in REELS for one in self.located)
