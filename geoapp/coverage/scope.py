"""What a question of coverage may count: the perimeter of its offer, by point and by zone.

Where the offer is not known, what depends on it is left empty: who lacks it is
not known either.  People of a département whose offer is not known cannot be
counted with those of another: one such département empties a zone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.core.french import dated
from geoapp.core.schema import STATUTS
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.divisions import Maille
from geoapp.coverage.indicators import INDEPENDANTS, INDICATEURS
from geoapp.coverage.model import INFORMATION, Question
from geoapp.coverage.world import OffreComptee, World
from geoapp.offer.perimeter import INCONNUE, PARTIELLE, Perimetre, perimeter_of

RANGS = {statut: rang for rang, statut in enumerate(STATUTS)}
"""Rank of each status, from the best known; the worst of a zone is the greatest."""


def known_offer(world: World, question: Question, offre: OffreComptee) -> Perimetre:
    """Return what is known of the offer of a question, once its trainings are counted.

    Places that are not known make the offer known in part; none known at all, not known.
    """
    if question.offre == INFORMATION:
        return information_perimeter(world.snapshot)
    perimetre = perimeter_of(world.snapshot, question.filtres)
    mine = offre.comptes[~offre.comptes["est_voisine"].to_numpy()]
    nb = len(mine)
    if question.offre == "places" and mine["capacite"].isna().any():
        perimetre = perimetre.only_in_part(
            "le nombre de places n'est pas donné par toutes les sources"
        )
        nb = int(mine["capacite"].notna().sum())
    return perimetre.with_offers(nb)


def information_perimeter(snapshot: Snapshot) -> Perimetre:
    """Return what is known of the places of information: those of our sources, never all of them.

    None at all tells nothing.
    """
    held = snapshot.read("lieux_information")["id_source"].unique()
    sources = snapshot.read("sources").set_index("id_source")
    tenues = tuple(
        dated(sources.at[one, "titre"], sources.at[one, "millesime"])
        for one in sorted(held)
        if one in sources.index
    )
    elsewhere = "missions locales, agences France Travail et autres lieux n'y sont pas"
    statut = PARTIELLE if len(held) else INCONNUE
    return Perimetre(
        statut=statut,
        parts={statut: 1.0},
        portee=f"{' ; '.join(tenues)} ; {elsewhere}" if tenues else elsewhere,
        tenues=tenues,
        inconnues=(),
        departements={},
        demande="lieux d'information et d'orientation",
    )


def point_ranks(world: World, perimetre: Perimetre) -> np.ndarray:
    """Return the status of each demand point, as a rank of `STATUTS`: that of its département.

    A neighbour has that of the question.
    """
    default = RANGS[perimetre.statut]
    of_point = world.memoire.get("departements", lambda: _departements(world))
    ranks = np.array(
        [_rank_of(perimetre, code, default) for code in of_point.categories] or [default]
    )
    return ranks[of_point.codes]


def _rank_of(perimetre: Perimetre, code: str, default: int) -> int:
    """Return the rank of one département, which a status of the whole question may lower."""
    if perimetre.statut == INCONNUE:
        return default
    own = RANGS[perimetre.departements.get(code, perimetre.statut)]
    return max(own, RANGS[PARTIELLE]) if perimetre.reserves else own


def _departements(world: World) -> pd.Categorical:
    """Return the département of each demand point."""
    communes = world.snapshot.read("communes").set_index("code_commune")["code_departement"]
    return pd.Categorical(world.points["code_commune"].map(communes).fillna(""))


def zone_status(maille: Maille, ranks: np.ndarray, defaut: str) -> np.ndarray:
    """Return the status of each zone of a division: the worst of its points, else `defaut`."""
    worst = np.full(len(maille.codes), -1)
    np.maximum.at(worst, maille.zones, ranks[maille.points])
    names = np.array(STATUTS, dtype=object)
    return np.where(worst < 0, defaut, names[np.maximum(worst, 0)])


def empty_unknown(table: pd.DataFrame, statuts: np.ndarray) -> pd.DataFrame:
    """Return a table of coverage with its `perimetre`, empty where the offer is not known."""
    unknown = statuts == INCONNUE
    told = [nom for nom in INDICATEURS if nom in table and nom not in INDEPENDANTS]
    words = [nom for nom in ("cause", "offreur_unique") if nom in table]
    result = table.assign(perimetre=pd.Series(statuts, index=table.index, dtype=object))
    if unknown.any():
        result.loc[unknown, told] = np.nan
        for nom in [*words, "solidite"]:
            result[nom] = result[nom].where(~unknown, None)
    return result
