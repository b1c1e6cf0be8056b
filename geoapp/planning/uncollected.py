"""Families of jobs whose trainings no source claims to hold: their offer cannot be judged.

A hole of the sources is not a gap of the offer: where nobody collects the schools of care, « far »
or « weak » would tell of our files.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from geoapp.offer.perimeter import INCONNUE
from geoapp.reference.codes.domains import read_evidence
from geoapp.reference.zonings import REGION

_KEY = ["type_zone", "code_zone", "code_famille"]


def is_uncollected(rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame]) -> np.ndarray:
    """Tell which rows (zone, family) ask for an offer that no source claims to hold.

    A family is of the domains of its jobs (ROME), by the rules that give trainings theirs; a zone
    has the least known of the départements of the region that it touches.

    Parameters
    ----------
    rows : DataFrame
        `type_zone`, `code_zone`, `code_famille`, distinct.
    tables : mapping
        `perimetre`, `familles_metiers`, `communes` and `communes_zones`.
    """
    families, unheld = _domains(tables["familles_metiers"]), _unheld(tables["perimetre"])
    nb = families.groupby("code_famille").size()
    found = families.merge(unheld, on="code_domaine").groupby(["code_famille", "code_departement"])
    of_family = found.size().reset_index(name="nb")
    # Of several domains, one that is held is enough to look.
    of_family = of_family[of_family["nb"].eq(of_family["code_famille"].map(nb))]
    lost = _departements(tables).merge(of_family, on="code_departement")[_KEY].drop_duplicates()
    return pd.MultiIndex.from_frame(rows[_KEY]).isin(pd.MultiIndex.from_frame(lost))


def _domains(families: pd.DataFrame) -> pd.DataFrame:
    """Return the domains of the jobs of each family (`code_famille`, `code_domaine`)."""
    evidence = read_evidence(pd.DataFrame({"code_rome": families["codes_rome"]}))["rome"]
    told = [[domaine for domaine, _ in pairs] for pairs in evidence]
    domains = pd.DataFrame({"code_famille": families["code_famille"], "code_domaine": told})
    return domains.explode("code_domaine").dropna()


def _unheld(cells: pd.DataFrame) -> pd.DataFrame:
    """Return the domains of which no cell is known in a département."""
    held = cells["statut"].ne(INCONNUE)
    known = held.groupby([cells["code_domaine"], cells["code_departement"]]).any()
    return known.index[~known].to_frame(index=False)


def _departements(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the départements of the region that each zone touches, the region among the zones."""
    communes = tables["communes"]
    mine = communes[communes["est_region"].astype(bool)]
    departements = mine.set_index("code_commune")["code_departement"]
    links = tables["communes_zones"][["type_zone", "code_zone", "code_commune"]]
    zones = links.assign(code_departement=links["code_commune"].map(departements))
    whole = mine.assign(type_zone=REGION, code_zone=mine["code_region"])
    columns = ["type_zone", "code_zone", "code_departement"]
    return pd.concat([zones[columns], whole[columns]]).dropna().drop_duplicates()
