"""The figure of coverage: zones by class of the measure asked, an outline round white communes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import shapely

from geoapp.core.french import count, lower_first
from geoapp.coverage.answer import Reponse, answer
from geoapp.coverage.indicators import INDICATEURS, format_share, format_value
from geoapp.coverage.legend import is_out_of_reach, is_reversed, is_uncollected, legend
from geoapp.coverage.model import Question, describe_question, describe_reach, usages_of
from geoapp.coverage.white_zones import CAUSES, SOLIDITES
from geoapp.coverage.world import World, choose_offer
from geoapp.offer.perimeter import INCONNUE
from geoapp.outputs.figures.choropleth import choropleth, extremes, name_zones, without_outline
from geoapp.outputs.figures.elements import Aplat, Bloc, ContenuFigure, here, tally
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.outlines import outlines
from geoapp.outputs.figures.palette import BLANCHE, TERRE
from geoapp.outputs.figures.texts import (
    choose_sources,
    is_fictitious,
    list_parameters,
    tell_scope,
)
from geoapp.reference.zonings import COMMUNE, MAILLES


def make_coverage(world: World, question: Question, emprise: Emprise) -> ContenuFigure:
    """Return the content of a figure of coverage."""
    reponse = answer(world, question)
    indicateur, told = INDICATEURS[question.mesure], legend(reponse)
    values = reponse.tableau[question.mesure].to_numpy(dtype=float)
    words = [format_value(indicateur, borne, question.unite) for borne in reponse.classes.bornes]
    fills = choropleth(
        world,
        question.zonage,
        emprise,
        valeurs=values,
        classes=reponse.classes,
        mots=words,
        non_collectees=is_uncollected(reponse).to_numpy(),
        hors=is_out_of_reach(reponse).to_numpy(),
        est_inverse=is_reversed(question.mesure),
    )
    whites = white_fills(world, reponse, emprise)
    sources = _sources(world, question)
    first = Bloc(
        told["titre"],
        f"{told['sens']}. {told['methode']}.",
        fills,
        without_outline(world, question.zonage),
    )
    second = Bloc(
        "Communes en zone blanche",
        "La moitié au moins des habitants y est en zone blanche.",
        whites[1:],
        white_lines(reponse) if whites else (_no_white(reponse),),
    )
    return ContenuFigure(
        titre=f"{describe_question(question)}{reponse.perimetre.suffixe}",
        emprise=emprise,
        blocs=(first, second),
        phrases=_sentences(world, reponse, emprise, values),
        notes=(
            reponse.perimetre.phrase,
            list_parameters(question, est_couverture=True),
            *reponse.notes,
        ),
        sources=sources,
        aplats=(*fills, *whites),
        noms=name_zones(world, question.zonage, emprise),
        est_numerotee=False,
        portee=tell_scope(
            world,
            _offer_ids(world, question),
            reponse.perimetre,
            "départements voisins compris" if question.voisins else "sans les départements voisins",
        ),
        est_fictive=is_fictitious(sources) or reponse.qualite["est_fictive"],
    )


def _no_white(reponse: Reponse) -> str:
    """Return why no commune is hatched."""
    return "Aucune." if reponse.perimetre.est_chiffrable else "Offre non collectée."


def white_fills(world: World, reponse: Reponse, emprise: Emprise) -> tuple[Aplat, ...]:
    """Return the outline of the white communes, light under dark: seen on every class.

    An outline, and no hatch: a pattern over five shades is read as a sixth, and hides them.
    """
    codes = reponse.blanches["code_commune"]
    if not len(codes):
        return ()
    inside, known = here(world, emprise, COMMUNE), world.mailles[COMMUNE].codes
    nb_here = None if inside is None else int(codes.isin(set(known[inside])).sum())
    formes = outlines(world, COMMUNE, not emprise.est_region)
    # United, so that no border parts two of them.
    drawn = formes.reindex(codes).dropna().to_numpy()
    shapes = np.array([shapely.coverage_union_all(drawn)]) if len(drawn) else drawn
    return (
        Aplat(formes=shapes, fond=None, bord=TERRE, epaisseur=2.4),
        Aplat(
            formes=shapes,
            fond=None,
            libelle="commune en zone blanche",
            effectif=tally(len(codes), "commune", nb_here),
            bord=BLANCHE,
            epaisseur=1.2,
        ),
    )


def white_lines(reponse: Reponse) -> tuple[str, ...]:
    """Return how many white communes there are by cause and solidity, from the worst."""
    groups = reponse.blanches.groupby(["cause", "solidite"]).size()
    return tuple(
        f"{CAUSES[cause].libelle}, {solidite} : {count(int(groups[cause, solidite]), 'commune')}"
        for cause in CAUSES
        for solidite in SOLIDITES
        if (cause, solidite) in groups.index
    )


def _sentences(
    world: World, reponse: Reponse, emprise: Emprise, values: np.ndarray
) -> tuple[str, ...]:
    """Return the alternative text: the region, the territory, the extremes, the white communes."""
    question, indicateur = reponse.question, INDICATEURS[reponse.question.mesure]
    found = extremes(
        reponse.tableau["nom"].to_numpy(),
        values,
        lambda value: format_value(indicateur, value, question.unite),
    )
    between = (
        f"Par {MAILLES[question.zonage].singulier}, "
        f"la mesure « {lower_first(indicateur.titre)} » va {found}."
        if found
        else ""
    )
    return tuple(
        text
        for text in (
            reponse.phrase,
            tell_territory(world, question, emprise),
            between,
            tell_whites(reponse),
        )
        if text
    )


def tell_territory(world: World, question: Question, emprise: Emprise) -> str:
    """Return the share of the people of the territory beyond the threshold, "" for the region."""
    if emprise.est_region:
        return ""
    table = answer(world, replace(question, zonage=emprise.type_zone)).tableau
    row = table[table["code_zone"].eq(emprise.code)].iloc[0]
    part = row["part_non_couverte"]
    if row["perimetre"] == INCONNUE:
        return f"{emprise.nom} : offre non collectée, rien ne dit qui en est loin."
    if pd.isna(part):
        return (
            f"{emprise.nom} : la part des habitants à plus de {describe_reach(question)} "
            "n'est pas connue ou est tue."
        )
    return (
        f"{emprise.nom} : {format_share(part)} des habitants "
        f"sont à plus de {describe_reach(question)}."
    )


def tell_whites(reponse: Reponse) -> str:
    """Return how many communes are white in the region, by cause."""
    blanches = reponse.blanches["cause"].value_counts()
    if not reponse.perimetre.est_chiffrable:
        return "Aucune commune n'est dite en zone blanche : l'offre n'est pas collectée."
    if not len(blanches):
        whole = reponse.ensemble["perimetre"] != INCONNUE
        which = "Aucune commune de la région" if whole else "Aucune commune dont l'offre est connue"
        return f"{which} n'est en zone blanche."
    causes = ", ".join(
        count(int(blanches[cause]), terme.libelle, terme.pluriel)
        for cause, terme in CAUSES.items()
        if cause in blanches
    )
    nb = int(blanches.sum())
    return (
        f"{count(nb, 'commune')} de la région {'sont' if nb > 1 else 'est'} en zone blanche, "
        f"entourée{'s' if nb > 1 else ''} d'un trait ({causes})."
    )


def _sources(world: World, question: Question) -> tuple[dict, ...]:
    """Return the sources of the offer counted, of the people and of the zones."""
    return choose_sources(
        world,
        ids=_offer_ids(world, question),
        usages=("communes", "population", *usages_of(question.public)),
        zonage=question.zonage,
    )


def _offer_ids(world: World, question: Question) -> set[str]:
    """Return the sources of the offer counted."""
    world = world.of(question)
    offers = choose_offer(world, question).comptes.index
    return set(world.offres.loc[offers, "id_source"])
