"""Old communes: what a person may still call a place that has merged since."""

from __future__ import annotations

import pandas as pd

from geoapp.core.schema import conform

_READ = ["ancien_code", "code_commune", "nom", "type_ancienne"]
_COLUMNS = ["code_ancien", "code_commune", "nom", "type_ancienne"]


def old_communes(
    communes: pd.DataFrame, passages: list[pd.DataFrame], passage: dict[str, str]
) -> pd.DataFrame:
    """Return the table `anciennes_communes`.

    Parameters
    ----------
    communes : DataFrame
        Current communes: code_commune, nom.
    passages : list of DataFrame
        ancien_code, code_commune and, in those that name them, nom and type_ancienne.
    passage : dict
        Old code → current code (see `make_passage`).

    Returns
    -------
    DataFrame
        One row per old commune whose current one is known.  A delegated commune
        that keeps code and name of the current one is left out: it is no other
        name.  `nom` is NA when only the code is known.
    """
    bare = pd.DataFrame({"ancien_code": list(passage), "code_commune": list(passage.values())})
    parts = [frame.reindex(columns=_READ).astype("str") for frame in (*passages, bare)]
    every = pd.concat(parts, ignore_index=True).rename(columns={"ancien_code": "code_ancien"})
    every["code_commune"] = every["code_commune"].map(lambda code: passage.get(code, code))
    names = communes.set_index("code_commune")["nom"]
    has_no_other_name = every["nom"].isna() | every["nom"].eq(every["code_commune"].map(names))
    same = every["code_ancien"].eq(every["code_commune"]) & has_no_other_name
    every = every[every["code_commune"].isin(names.index) & ~same]
    # A source that names the old commune comes before one that gives its code alone.
    every = every.sort_values(["code_ancien", "code_commune", "nom"], na_position="last")
    every = every.drop_duplicates(["code_ancien", "code_commune"])
    every["type_ancienne"] = every["type_ancienne"].fillna("fusionnee")
    return conform(every[_COLUMNS], "anciennes_communes")
