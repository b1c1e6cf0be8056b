"""The figure of density: offer for 10,000 inhabitants, by zone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.core.french import count, format_number, lower_first
from geoapp.coverage.answer import FIXES, NB_CLASSES, Reponse, answer
from geoapp.coverage.classes import METHODES, Classes, make_classes, round_classes
from geoapp.coverage.divisions import Maille
from geoapp.coverage.indicators import INDICATEURS, format_value
from geoapp.coverage.model import PUBLICS, Question, usages_of
from geoapp.coverage.world import COMPTES, World, choose_offer
from geoapp.coverage.zone_values import PAR_HABITANTS
from geoapp.offer.perimeter import CONNUE, INCONNUE
from geoapp.outputs.figures.choropleth import choropleth, extremes, name_zones, without_outline
from geoapp.outputs.figures.elements import Bloc, ContenuFigure
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.texts import (
    choose_sources,
    is_fictitious,
    list_parameters,
    tell_scope,
    with_filters,
)
from geoapp.reference.zonings import MAILLES

NOMS = {
    "actions": ("Formations", "formation"),
    "places": ("Places connues", "place"),
    "sessions": ("Sessions", "session"),
    "mixte": ("Places ou sessions", "place ou session"),
    "information": ("Lieux d'information", "lieu d'information"),
}
"""What is counted: as a title says it, and one of it."""


def make_density(world: World, question: Question, emprise: Emprise) -> ContenuFigure:
    """Return the content of a figure of density."""
    world = world.of(question)
    reponse = answer(world, question)
    people = reponse.tableau["population"].to_numpy(dtype=float)
    unknown = reponse.tableau["perimetre"].eq(INCONNUE).to_numpy()
    values = np.where(unknown, np.nan, per_inhabitants(zone_supply(world, question), people))
    whole = _whole(world, question, reponse)
    classes = density_classes(values, question, whole)
    fills = choropleth(
        world,
        question.zonage,
        emprise,
        valeurs=values,
        classes=classes,
        mots=[say(borne) for borne in classes.bornes],
        non_collectees=unknown,
        est_inverse=True,
    )
    quoi = f"{NOMS[question.offre][0]} pour {format_number(PAR_HABITANTS)} habitants"
    sens = (
        "Offre dont le lieu est dans la zone, rapportée à ses habitants "
        f"({lower_first(PUBLICS[question.public])}). {METHODES[classes.methode]}."
    )
    sources = _sources(world, question)
    return ContenuFigure(
        titre=f"{with_filters(quoi, question)}, par {MAILLES[question.zonage].singulier}"
        f"{reponse.perimetre.suffixe}",
        emprise=emprise,
        blocs=(Bloc(quoi, sens, fills, without_outline(world, question.zonage)),),
        phrases=_sentences(world, reponse, values, whole),
        notes=(
            reponse.perimetre.phrase,
            list_parameters(question, est_couverture=False),
            *_notes(world, reponse),
        ),
        sources=sources,
        aplats=fills,
        noms=name_zones(world, question.zonage, emprise),
        est_numerotee=False,
        portee=tell_scope(world, _offer_ids(world, question), reponse.perimetre),
        est_fictive=is_fictitious(sources)
        or bool(world.comptes.loc[_mine(world, question).index, "est_fictive"].any()),
    )


def _mine(world: World, question: Question) -> pd.DataFrame:
    """Return the offers of the question that are in the region (rows of `World.comptes`)."""
    comptes = choose_offer(world, question).comptes
    return comptes[~comptes["est_voisine"]]


def zone_supply(world: World, question: Question, maille: Maille | None = None) -> np.ndarray:
    """Return the supply placed in each zone: 0 without offer, NaN when none says its own."""
    world = world.of(question)
    maille = maille or world.mailles[question.zonage]
    mine = _mine(world, question)
    supply = (
        pd.Series(COMPTES[question.offre](mine), index=mine.index)
        .reindex(world.comptes.index)
        .to_numpy()[maille.offres]
    )
    chosen = np.isin(maille.offres, mine.index)
    nb, zone, known = len(maille.codes), maille.zones_offres, ~np.isnan(supply)
    total = np.bincount(zone[known], supply[known], nb)
    # Places where offers are but none says its supply: unknown, not zero.
    silent = (np.bincount(zone[chosen], minlength=nb) > 0) & (
        np.bincount(zone[chosen & known], minlength=nb) == 0
    )
    return np.where(silent, np.nan, total)


def per_inhabitants(offre, habitants) -> np.ndarray:
    """Return the supply for `PAR_HABITANTS` inhabitants, NaN where their number is not shown."""
    habitants = np.asarray(habitants, dtype=float)
    people = np.where(habitants > 0, habitants, np.nan)
    return np.asarray(offre, dtype=float) / people * PAR_HABITANTS


def _whole(world: World, question: Question, reponse: Reponse) -> float:
    """Return the density of the region; NaN when it is not known, or its offer is not."""
    if reponse.ensemble["perimetre"] == INCONNUE:
        return float("nan")
    supply = COMPTES[question.offre](_mine(world, question))
    known = supply[~np.isnan(supply)]
    total = known.sum() if len(known) or not len(supply) else np.nan
    return float(per_inhabitants(total, reponse.ensemble["population"]))


def density_classes(values: np.ndarray, question: Question, whole: float) -> Classes:
    """Return the classes of densities; fixed ones are multiples of that of the region."""
    if question.methode != "fixes":
        return round_classes(values, make_classes(values, methode=question.methode, nb=NB_CLASSES))
    bornes = FIXES["taux"](question, whole if whole == whole and whole > 0 else 1.0)
    # The last bound follows the greatest value: no zone is above every class.
    top = float(np.nanmax(values)) if np.any(~np.isnan(values)) else 0.0
    fixed = make_classes(values, methode="fixes", bornes=(*bornes[:-1], max(top, bornes[-2])))
    return round_classes(values, fixed)


def say(valeur: float) -> str:
    """Return a density as a reader expects it."""
    return format_value(INDICATEURS["e2sfca"], valeur)


def _sentences(world: World, reponse: Reponse, values: np.ndarray, whole: float) -> tuple[str, ...]:
    """Return the alternative text: the region, then the extremes; nothing of an unknown offer."""
    question = reponse.question
    if not reponse.perimetre.est_chiffrable:
        return (reponse.perimetre.phrase,)
    un = NOMS[question.offre][1]
    region = world.snapshot.manifest.get("nom_region", "La région")
    plural = un if whole < 2 else f"{un}s" if question.offre != "mixte" else "places ou sessions"
    first = (
        f"{region} : {say(whole)} {plural} pour {format_number(PAR_HABITANTS)} habitants."
        if whole == whole
        else f"{region} : densité inconnue."
    )
    found = extremes(world.mailles[question.zonage].noms, values, say)
    unknown = int(np.isnan(values).sum())
    return tuple(
        text
        for text in (
            first,
            f"Par {MAILLES[question.zonage].singulier}, la densité va {found}." if found else "",
            f"Elle est inconnue pour {count(unknown, 'zone')}, "
            f"hachurée{'s' if unknown > 1 else ''}."
            if unknown
            else "",
            "" if reponse.perimetre.statut == CONNUE else reponse.perimetre.phrase,
        )
        if text
    )


def _notes(world: World, reponse: Reponse) -> tuple[str, ...]:
    """Return what must be known before using the densities."""
    left = reponse.qualite["nb_non_placees"]
    nowhere = count(
        left,
        "formation sans position connue est laissée",
        "formations sans position connue sont laissées",
    )
    notes = [
        f"{nowhere} de côté (tous filtres confondus)." if left else "",
        "Une zone sans formation a une densité de 0 ; "
        "le nombre de places n'est pas connu de toutes les sources."
        if reponse.question.offre != "actions"
        else "",
    ]
    return tuple(note for note in notes if note)


def _sources(world: World, question: Question) -> tuple[dict, ...]:
    """Return the sources of the offer, of the people and of the zones."""
    ids = _offer_ids(world, question)
    return choose_sources(
        world,
        ids=ids,
        usages=("communes", "population", *usages_of(question.public)),
        zonage=question.zonage,
    )


def _offer_ids(world: World, question: Question) -> set[str]:
    """Return the sources of the offer counted."""
    return set(world.offres.loc[_mine(world, question).index, "id_source"])
