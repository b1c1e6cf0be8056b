"""Which trainings are counted: the one definition behind every number of trainings of a place."""

from __future__ import annotations

import pandas as pd


def is_remote(offres: pd.DataFrame) -> pd.Series:
    """Tell which rows of the table `offres` are wholly remote: reached from everywhere."""
    return offres["modalite"].eq("a_distance").fillna(False).astype(bool)


def is_counted(offres: pd.DataFrame) -> pd.Series:
    """Tell which rows of the table `offres` are counted, in zones and on the way to them.

    A training in a place: the same one in two places counts twice, in two catalogues once.  What is
    wholly remote, or has no known place, is told apart.
    """
    return offres["id_place"].notna() & ~is_remote(offres)
