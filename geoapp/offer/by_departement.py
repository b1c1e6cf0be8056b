"""Offers whose source tells the département and no address.

Counted beside the offer, never on a map nor in the coverage.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd
from shapely.geometry import Point

from geoapp.core.french import format_date
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import FILTRES, SANS_FILTRE, Filtres
from geoapp.offer.search.model import Lieu
from geoapp.offer.values import INCONNU
from geoapp.reference.zonings import REGION

RECONNUS = {"domaine": "code_domaine", "niveau": "niveau_sortie"}
"""Filters that these counts can obey, and the column that each reads.

Their source tells nothing of the others.
"""

NOMBRES = ("nb_formations", "nb_actions", "nb_sessions", "nb_sessions_a_distance")
_SOURCE = ("titre", "producteur", "licence", "millesime")


@dataclass(frozen=True)
class ParDepartement:
    """What is known of some départements.

    `lignes` has one row per département and source that give something: `code_departement`, `nom`,
    the columns `NOMBRES` (NA when unknown), `id_source`, `titre`, `producteur`, `licence`,
    `est_fictive`, `date_extraction` and, in words, `millesime`: the day of the extraction where the
    source gives it, else the vintage of the source. `sans_effet` are the labels of the filters
    chosen that cannot be obeyed.
    """

    lignes: pd.DataFrame
    sans_effet: tuple[str, ...] = ()

    @property
    def est_fictive(self) -> bool:
        """Tell whether a part of it is demonstration data."""
        return bool(self.lignes["est_fictive"].any())


def count_by_departement(
    snapshot: Snapshot, departements: Collection[str], filtres: Filtres = SANS_FILTRE
) -> ParDepartement:
    """Return the formations without address of some départements, by département and source.

    Parameters
    ----------
    snapshot : Snapshot
        Its tables `offres_departements`, `sources` and `communes`.
    departements : collection of str
        Codes of départements; one of which nothing is known gives no row: unknown is not zero.
    filtres : Filtres
        Those of `RECONNUS` are obeyed, the others are named in `sans_effet`.
    """
    table = snapshot.read("offres_departements")
    kept = table[table["code_departement"].isin(list(departements))]
    for nom, colonne in RECONNUS.items():
        if nom in filtres.choix:
            kept = kept[kept[colonne].fillna(INCONNU).isin(filtres.values_of(nom))]
    groups = kept.groupby(["code_departement", "id_source"])
    # A number that no row tells stays unknown: it is not zero.
    counts = groups[list(NOMBRES)].sum(min_count=1)
    counts = counts.assign(date_extraction=groups["date_extraction"].max()).reset_index()
    ignored = tuple(FILTRES[nom].libelle for nom in filtres.choix if nom not in RECONNUS)
    return ParDepartement(_named(snapshot, counts), ignored)


def _named(snapshot: Snapshot, counts: pd.DataFrame) -> pd.DataFrame:
    """Return counts with the name of their département and what is said of their source."""
    communes = snapshot.read("communes").drop_duplicates("code_departement")
    names = communes.set_index("code_departement")["nom_departement"]
    sources = snapshot.read("sources").set_index("id_source")
    counts = counts.assign(
        nom=counts["code_departement"].map(names),
        **{nom: counts["id_source"].map(sources[nom]) for nom in _SOURCE},
    )
    dated = counts["date_extraction"].map(
        lambda day: f"extrait le {format_date(day)}", na_action="ignore"
    )
    counts["millesime"] = dated.astype("object").fillna(counts["millesime"])
    modes = counts["id_source"].map(sources["mode"])
    counts["est_fictive"] = modes.eq("demonstration").fillna(False).astype(bool)
    return counts


def departements_of(snapshot: Snapshot, lieu: Lieu) -> list[str]:
    """Return the codes of the départements of the region that a place lies in, in order.

    None for the region itself.

    A point outside every outline, as one beyond the region, lies in none.
    """
    if lieu.type == "departement":
        return [lieu.code]
    links, communes = snapshot.read("communes_zones"), snapshot.read("communes")
    is_mine = links["type_zone"].eq(lieu.type) & links["code_zone"].eq(lieu.code)
    mine = links.loc[is_mine, "code_commune"]
    if mine.empty:
        return [] if lieu.type == REGION else _around(snapshot, lieu)
    # A zone may go beyond the region, where no such source is read.
    inside = communes["code_commune"].isin(mine) & communes["est_region"].astype(bool)
    return sorted(communes.loc[inside, "code_departement"].unique())


def _around(snapshot: Snapshot, lieu: Lieu) -> list[str]:
    """Return the département whose outline holds the point of a place.

    The smallest code on a border. One test for five outlines, no join.
    """
    if lieu.longitude is None:
        return []
    zones = snapshot.read("zones")
    outlines = zones[zones["type_zone"].eq("departement") & zones.geometry.notna()]
    holds = outlines.geometry.covers(Point(lieu.longitude, lieu.latitude))
    return sorted(outlines.loc[holds, "code_zone"])[:1]
