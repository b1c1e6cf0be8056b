"""What is known of the offer that a search asks, and what it says of few results, or of none."""

from __future__ import annotations

from collections.abc import Mapping

from geoapp.core.french import join_words
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import Filtres, Option
from geoapp.offer.perimeter import (
    CONNUE,
    INCONNUE,
    Perimetre,
    perimeter_of,
    touched_departements,
)
from geoapp.offer.search.model import Requete, Resultat
from geoapp.offer.search.requests import describe_place, is_inside
from geoapp.offer.search.words import as_typed

PEU = 5
"""Results under which a search says what the sources hold: few may be all that we know."""


def search_perimeter(
    requete: Requete, snapshot: Snapshot, sujet: Mapping[str, Option] | None = None
) -> Perimetre:
    """Return what is known of the offer of a search, in the départements of its place.

    A point in no commune that is told looks at the whole region.  `sujet` is what its words
    name: « aide-soignante » asks for Santé, « CAP fleuriste » for the CAP, as their filters do.
    """
    chosen, lieu = requete.filtres.choix, requete.lieu
    named = {nom: (option,) for nom, option in (sujet or {}).items()}
    if "niveau" in chosen:
        # Of a level that a CAP has not, there would be nothing to know.
        named.pop("type_diplome", None)
    filtres = Filtres(choix={**named, **chosen})
    if lieu is None or not (lieu.est_zone or lieu.type == "commune"):
        return perimeter_of(snapshot, filtres)
    there = touched_departements(snapshot, [f"{lieu.type}:{lieu.code}"])
    return perimeter_of(snapshot, filtres, there or None)


def tell_perimeter(resultat: Resultat, perimetre: Perimetre) -> str:
    """Return what must be known of few results, or of none; "" when there are enough.

    What no source claims to hold is said whatever the number of results.
    """
    texte = resultat.texte
    # Those of a neighbour are not collected.
    ours = "" if is_inside(resultat.requete) else " de la région"
    what = f"{ours} « {texte.dit} »" if texte.dit else ours
    where = describe_place(resultat.requete)
    nb = resultat.total + resultat.nb_a_distance
    if perimetre.statut == INCONNUE:
        if not nb:
            return perimetre.phrase
        of_it = f" ({perimetre.demande})" if perimetre.demande else ""
        return (
            f"{perimetre.libelle}{of_it} : nos sources citent ces formations sans dire "
            "qu'elles les tiennent toutes."
        )
    if nb >= PEU:
        return ""
    unknown = [as_typed(texte.recu, mot) for mot, _ in texte.corrections]
    if nb and unknown:
        # What was typed is in none of our trainings: those found are of another word.
        words = join_words([f"« {mot} »" for mot in unknown])
        return f"Aucune formation{ours} {words} dans nos sources{where} : {perimetre.portee}."
    if not nb:
        end = "" if perimetre.statut == CONNUE else " ; il peut en exister d'autres"
        return f"Aucune formation{what} dans nos sources{where} : {perimetre.portee}{end}."
    return f"Peu de résultats : nos sources tiennent {perimetre.portee}."
