"""What a search page says of the criteria typed among the words: the filter that each names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from geoapp.core.french import count, join_words
from geoapp.offer.filters import FILTRES, Filtres, parse_filters
from geoapp.offer.perimeter import INCONNUE
from geoapp.offer.search.engine import Moteur, search
from geoapp.offer.search.model import Requete, Resultat
from geoapp.offer.search.requests import default_sort, describe_search
from geoapp.offer.search.said import CritereDit, without_said
from geoapp.offer.search.scope import search_perimeter
from geoapp.offer.values import INCONNU
from geoapp.web.links import Adresses, Lien


@dataclass(frozen=True)
class CriteresDits:
    """The search that keeps what the criteria say (`valeur` of the link: their words), if some
    training does; and what is said of the others.
    """

    lien: Lien | None
    phrases: tuple[str, ...]


def offer_criteria(resultat: Resultat, moteur: Moteur, *, est_privee: bool) -> CriteresDits:
    """Return what a page says of the criteria of a search; none that is chosen already."""
    chosen = resultat.requete.filtres
    asked = [
        one
        for one in resultat.texte.criteres
        if not one.filtre or not set(one.valeurs) <= set(chosen.values_of(one.filtre))
    ]
    untold = [one for one in asked if not one.filtre]
    unknown = [one for one in asked if one.filtre and not _is_told(resultat, one.filtre)]
    told = [one for one in asked if one not in untold and one not in unknown]
    phrases = [
        *(
            f"« {one.mot} » n'est pas cherché : {one.conseil or 'aucun filtre ne le dit'}."
            for one in untold
        ),
        *(
            f"« {one.mot} » n'est pas cherché : aucune formation trouvée ne dit ce critère "
            f"({FILTRES[one.filtre].libelle})."
            for one in unknown
        ),
    ]
    if not told:
        return CriteresDits(None, tuple(phrases))
    requete = _kept(resultat, told, moteur)
    found = search(moteur, requete)
    if nb := found.total + found.nb_a_distance:
        words = f"{count(nb, 'formation')}{describe_search(requete, found.texte.dit)}"
        address = Adresses(requete, est_privee=est_privee).page(1)
        return CriteresDits(Lien("criteres", words, address, _named(told)), tuple(phrases))
    perimetre = search_perimeter(requete, moteur.snapshot)
    why = f" {perimetre.phrase}" if perimetre.statut == INCONNUE else ""
    phrases.append(f"{_named(told)} : aucune formation trouvée n'y répond.{why}")
    return CriteresDits(None, tuple(phrases))


def _is_told(resultat: Resultat, nom: str) -> bool:
    """Tell whether some training found tells a filter; true when none is found."""
    options = [one for one in resultat.facettes.get(nom, []) if one.nb]
    return not options or any(one.valeur != INCONNU for one in options)


def _named(criteres: Sequence[CritereDit]) -> str:
    """Return what was typed: « « alternance » est un critère »."""
    words = join_words([f"« {one.mot} »" for one in criteres])
    return f"{words} est un critère" if len(criteres) == 1 else f"{words} sont des critères"


def _kept(resultat: Resultat, criteres: Sequence[CritereDit], moteur: Moteur) -> Requete:
    """Return a search with the filters that some criteria name, and without their words."""
    requete = resultat.requete
    values: dict[str, list[str]] = {}
    for one in criteres:
        values.setdefault(one.filtre, []).extend(one.valeurs)
    asked = parse_filters(values, moteur.snapshot)
    # All the other words: what no title holds may still name a place.
    texte = without_said(resultat.texte.recu)
    return replace(
        requete,
        texte=texte,
        filtres=Filtres({**requete.filtres.choix, **asked.choix}),
        tri=default_sort(requete.lieu, texte, requete.minutes),
        page=1,
    )
