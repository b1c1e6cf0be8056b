"""What was published of the country: the last results of each division, one question at a time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geoapp.coverage.national.plan import Plan, name_filter, read_plan
from geoapp.coverage.national.sums import ZONES

DOSSIER, CONTOURS = "national", "contours.parquet"
"""Folder of the country in a data folder; outlines of regions and départements."""

SORTES = ("carreaux", "communes")
"""What people were counted by, the finest first: it is the one shown."""


@dataclass(frozen=True, kw_only=True)
class Publie:
    """Results published: where they are, their parameters, what is told of them."""

    dossier: Path
    plan: Plan
    dit: dict

    def zones(self, domaine: str, niveau: str) -> pd.DataFrame:
        """Return the rows of every zone for one filter: those alone are read."""
        kept = [("filtre", "==", name_filter(domaine, niveau))]
        return pd.read_parquet(self.dossier / ZONES, filters=kept)


def pointer_of(folder: Path, maille: str) -> Path:
    """Return the file that names the results served of one division."""
    return Path(folder) / f"{maille}.json"


def find_result(data_dir: Path) -> Publie | None:
    """Return the finest results that a data folder holds; None without any."""
    folder = Path(data_dir) / DOSSIER
    for maille in SORTES:
        try:
            told = json.loads(pointer_of(folder, maille).read_text(encoding="utf-8"))
            dossier = folder / told["dossier"]
            return Publie(dossier=dossier, plan=read_plan(dossier), dit=told)
        except FileNotFoundError:
            continue
    return None
