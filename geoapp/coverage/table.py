"""Table of coverage: from the measures of points to the numbers of zones."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.coverage.divisions import Maille
from geoapp.coverage.indicators import INDICATEURS
from geoapp.coverage.measures import is_compared_with_car
from geoapp.coverage.model import Question
from geoapp.coverage.scope import empty_unknown, known_offer, zone_status
from geoapp.coverage.white_zones import CAUSES, INCERTAINE
from geoapp.coverage.world import OffreComptee, World
from geoapp.coverage.zone_values import ZoneData
from geoapp.offer.perimeter import PARTIELLE
from geoapp.reference.zonings import CARREAU, COMMUNE


def zone_table(
    world: World, question: Question, offre: OffreComptee, points: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per zone of the zoning asked, with every indicator.

    Parameters
    ----------
    world, question, offre, points
        The world, the question, its offer (`choose_offer`) and its measures (`measure_points`).

    Returns
    -------
    DataFrame
        `type_zone`, `code_zone`, `nom`, the indicators of `INDICATEURS`,
        `offreur_unique`, `cause`, `solidite`, `est_estimee`, `type_demande`,
        `nb_points`, `nb_points_inconnus` (population not known), `perimetre`
        (what is known of the offer there).  Whatever is about people is NA for
        a zone where nobody is known, and whatever is about the offer where it
        is not known; Σ population over a partition is that of the region.
    """
    return table_of(world.mailles[question.zonage], world, question, offre=offre, points=points)


def region_row(
    world: World, question: Question, offre: OffreComptee, points: pd.DataFrame
) -> pd.Series:
    """Return the same numbers for the whole region."""
    inside = np.flatnonzero(world.points["est_region"].to_numpy())
    nom = world.snapshot.manifest.get("nom_region", "Région")
    offers = np.flatnonzero(~world.comptes["est_voisine"].to_numpy())
    code, name = np.array(["region"], dtype=object), np.array([nom], dtype=object)
    whole = Maille(
        type_zone="region",
        codes=code,
        noms=name,
        points=inside,
        zones=np.zeros_like(inside),
        est_estimee=np.zeros(1, dtype=bool),
        offres=offers,
        zones_offres=np.zeros_like(offers),
    )
    return table_of(whole, world, question, offre=offre, points=points).iloc[0]


def table_of(
    maille: Maille, world: World, question: Question, *, offre: OffreComptee, points: pd.DataFrame
) -> pd.DataFrame:
    """Return the table of one division (see `zone_table`)."""
    nb = len(maille.codes)
    zones = _zone_data(maille, world, question, offre=offre, points=points)
    rank = zones.points["zone"]
    words = _words(zones)
    defaut = known_offer(world, question, offre).statut
    statuts = zone_status(maille, points["perimetre"].to_numpy(), defaut)
    words["solidite"][(statuts == PARTIELLE) & words["solidite"].astype(bool)] = INCERTAINE
    texts = {
        "type_zone": [maille.type_zone] * nb,
        "code_zone": maille.codes,
        "nom": maille.noms,
    }
    numbers = {nom: indicateur.calcul(zones) for nom, indicateur in INDICATEURS.items()}
    counts = {
        "nb_points": np.bincount(rank, minlength=nb),
        "nb_points_inconnus": np.bincount(rank, ~zones.is_known, nb).astype(int),
    }
    table = pd.DataFrame(
        {nom: as_objects(values) for nom, values in texts.items()}
        | numbers
        | counts
        | {nom: as_objects(values) for nom, values in words.items()}
        | {
            "offreur_unique": as_objects(_sole_providers(maille, world, question, points)),
            "est_estimee": maille.est_estimee,
        }
    )
    return empty_unknown(table, statuts)


def _zone_data(
    maille: Maille, world: World, question: Question, *, offre: OffreComptee, points: pd.DataFrame
) -> ZoneData:
    """Return what the numbers of a division are worked out of."""
    nb, rows = len(maille.codes), maille.points
    measures = {
        nom: (values.cat.codes if nom == "cause" else values).to_numpy()[rows]
        for nom, values in points.items()
    }
    chosen = np.zeros(len(world.comptes), dtype=bool)
    chosen[offre.comptes.index] = True
    kept = chosen[maille.offres]
    # A cell is finer than the address of a place; a zone without outline holds nobody knows what.
    is_known = np.full(nb, maille.type_zone != CARREAU)
    if maille.est_sans_contour is not None:
        is_known &= ~maille.est_sans_contour
    offers = maille.offres[kept]
    return ZoneData(
        nb=nb,
        points=measures
        | {
            "zone": maille.zones,
            "people": world.people(question)[rows],
            "cell": world.points["type_point"].eq(CARREAU).to_numpy()[rows],
        },
        offres={
            nom: world.comptes[nom].to_numpy()[offers] for nom in ("place", "organisme", "capacite")
        }
        | {"zone": maille.zones_offres[kept]},
        est_offre_connue=is_known,
        est_saturation_dite=offre.est_saturation_dite,
        est_voiture_comparee=is_compared_with_car(world, question),
    )


def _sole_providers(
    maille: Maille, world: World, question: Question, measured: pd.DataFrame
) -> np.ndarray:
    """Return the body without which each zone would lose all its cover, None without such a one.

    It is the only body within reach of the covered people of the zone.
    """
    least, most = measured["organisme_min"].to_numpy(), measured["organisme_max"].to_numpy()
    # Where nobody lives, nobody loses anything.
    inhabited = np.nan_to_num(world.people(question)[maille.points]) > 0
    kept = measured["est_couvert"].to_numpy()[maille.points] & inhabited
    zone, points = maille.zones[kept], maille.points[kept]
    low, high = np.full(len(maille.codes), np.iinfo(np.int64).max), np.full(len(maille.codes), -1)
    np.minimum.at(low, zone, least[points])
    np.maximum.at(high, zone, most[points])
    names = world.noms_organismes
    return np.array(
        [names[a] if a == b else None for a, b in zip(low, high, strict=True)], dtype=object
    )


def _words(zones: ZoneData) -> dict[str, np.ndarray]:
    """Return the main cause of each zone's white points, how solid it is, and the demand used."""
    nb, rank = zones.nb, zones.points["zone"]
    white = zones.points["cause"] >= 0
    solid = zones.sum_people(white & zones.points["est_robuste"])
    total = zones.by_cause.sum(axis=0)
    # Of two causes of as many people, the gravest (the first of `CAUSES`).
    cause = np.array(list(CAUSES), dtype=object)[zones.by_cause.argmax(axis=0)]
    # At exactly half, it is robust.
    solidite = np.where(solid >= total / 2, "robuste", "fragile").astype(object)
    cause[total <= 0] = solidite[total <= 0] = None
    cells = np.bincount(rank, zones.points["cell"], nb)
    points = np.bincount(rank, minlength=nb)
    demande = np.full(nb, "mixte", dtype=object)
    demande[cells == points] = CARREAU
    demande[cells == 0] = COMMUNE
    demande[points == 0] = None
    return {"cause": cause, "solidite": solidite, "type_demande": demande}


def as_objects(values) -> pd.Series:
    """Return texts as plain Python objects: Arrow texts cost ten times more to turn into JSON."""
    return pd.Series(values, dtype=object)
