"""The sentences of what is taught in a zone, and of what is not."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    NON_RENSEIGNE,
    count,
    format_number,
    join_words,
    lower_first,
    upper_first,
)
from geoapp.coverage.indicators import format_share
from geoapp.coverage.model import Question
from geoapp.coverage.offered import is_information, name_offer
from geoapp.coverage.territories.answers import AUTRE
from geoapp.coverage.territories.coverage import BlocCouverture
from geoapp.coverage.territories.offer import BlocOffre
from geoapp.coverage.territories.outside import BlocDehors
from geoapp.coverage.territories.sentences.common import (
    cite,
    compare_share,
    filter_words,
    label_levels,
    near_sentence,
)
from geoapp.coverage.territories.zone import Zone
from geoapp.offer.perimeter import CONNUE, INCONNUE, LIBELLES
from geoapp.offer.values import INCONNU
from geoapp.reference.codes.voies import VOIES


def tell_offer(question: Question, zone: Zone, offre: BlocOffre, couverture: BlocCouverture) -> str:
    """Say how much is taught in the zone."""
    ligne, region = couverture.ligne, couverture.ensemble
    total, nom = round(region["nb_offres"]), name_offer(question)
    when = _years(offre, ligne["perimetre"])
    if not offre.est_connue:
        return (
            f"On ne sait pas combien de {nom.des} sont dans {zone.sujet} : "
            f"aucune source n'en donne le contour ; "
            f"la région en compte {format_number(total)}."
        )
    if not offre.nb:
        none = (
            f"{upper_first(zone.sujet)} n'a {nom.aucune}{filter_words(question)} "
            f"placé{nom.e} sur son territoire"
            if ligne["perimetre"] == CONNUE
            else f"Nos sources ne placent {nom.aucune}{filter_words(question)} dans {zone.sujet}"
        )
        none += f" (sources {_of_years(offre.annees)})" if offre.annees else ""
        return f"{none} ; la région en compte {format_number(total)}."
    texte = (
        f"{when}{zone.sujet if when else upper_first(zone.sujet)} compte "
        f"{nom.count(offre.nb)}{filter_words(question)}{_in_places(question, ligne)}, "
        f"soit {format_share(offre.nb / total)} de l'offre de la région"
    )
    if pd.notna(ligne["population"]) and region["population"]:
        texte += (
            f" pour {format_share(ligne['population'] / region['population'])} de ses habitants"
        )
    return f"{texte}{_voie(offre)}."


def _in_places(question: Question, ligne: pd.Series) -> str:
    """Return in how many places trainings are given; a place of information is its own."""
    if is_information(question):
        return ""
    return f" dans {count(round(ligne['nb_lieux']), 'lieu', 'lieux')}"


def tell_kinds(question: Question, zone: Zone, offre: BlocOffre, dehors: BlocDehors) -> str:
    """Say which kinds of places of information the zone has, and what is near."""
    near = f"{near_sentence(question, zone, dehors)}."
    if not offre.nb:
        return near
    kinds = offre.lignes["nom_organisme"].value_counts()
    ordered = sorted(kinds.items(), key=lambda one: (-one[1], str(one[0])))
    told = join_words([f"{nom} ({format_number(nb)})" for nom, nb in ordered])
    return f"Par sorte de lieu : {told} ; {lower_first(near)}"


def _years(offre: BlocOffre, statut: str) -> str:
    """Return the beginning of a sentence: of which years the offer is, and what of it is known."""
    if not offre.annees:
        return ""
    known = "" if statut == CONNUE else f", {LIBELLES[statut].lower()}"
    return f"D'après nos sources {_of_years(offre.annees)}{known}, "


def _of_years(annees: str) -> str:
    """Return years as the end of « sources… »."""
    return annees if annees.startswith("de ") else f"de {annees}"


def _voie(offre: BlocOffre) -> str:
    """Return the share of apprenticeship, the voie that every source gives."""
    shares = offre.shares("voie")
    if len(shares) < 2 or "apprentissage" not in shares.index:
        return ""
    row = shares.loc["apprentissage"]
    these = f"{format_share(row['part'])} sont" if row["nb"] else "aucune n'est"
    return f" ; {these} en apprentissage, {compare_share(row['part'], row['part_region'])}"


def tell_domains(
    question: Question,
    zone: Zone,
    *,
    offre: BlocOffre,
    couverture: BlocCouverture,
    dehors: BlocDehors,
) -> str:
    """Say what is taught, and what is not."""
    first = _first(question, offre, couverture, ranked="nb" if offre.nb else "nb_region")
    if not offre.nb or first is None:
        end = (
            f" ; dans la région, {first[0]} est « {first[1]} » "
            f"({format_share(first[2]['part_region'])} de l'offre)"
            if first
            else ""
        )
        return f"{near_sentence(question, zone, dehors)}{end}."
    sorte, nom, row = first
    texte = (
        f"{upper_first(sorte)} y est « {nom} » "
        f"avec {count(int(row['nb']), 'formation')}, "
        f"{format_share(row['part'])} de son offre {compare_share(row['part'], row['part_region'])}"
    )
    absents = [f"« {nom} »" for nom in dehors.absents["domaine"]]
    known = couverture.domaines[couverture.domaines["code_domaine"].ne(AUTRE)]
    unknown = known.loc[known["perimetre"].eq(INCONNUE), "domaine"].tolist()
    nb = len(known)
    if nb < 2:
        return f"{texte}."
    return f"{texte} ; {_lacking(nb, absents, unknown, couverture.ligne['perimetre'])}."


def _lacking(nb: int, absents: list[str], unknown: list[str], status: str) -> str:
    """Say which domains have no training in the zone, and of which nothing is known."""
    if status == CONNUE:
        lacking = count(len(absents), f"domaine sur {nb} manque", f"domaines sur {nb} manquent")
    else:
        none = "sans formation dans nos sources"
        lacking = count(
            len(absents), f"domaine sur {nb} y est {none}", f"domaines sur {nb} y sont {none}"
        )
    every = f"les {nb - len(unknown)} domaines{' connus' if unknown else ''} y sont tous enseignés"
    told = f"{lacking} : {cite(absents)}" if absents else every
    if not unknown:
        return told
    names = cite([f"« {nom} »" for nom in unknown])
    verb = "n'est pas collectée" if len(unknown) == 1 else "ne sont pas collectées"
    return f"{told} ; {_whose_offer(unknown)} {names} {verb}"


def _whose_offer(unknown: list[str]) -> str:
    return "l'offre du domaine" if len(unknown) == 1 else "les offres des domaines"


_SORTES = (
    ("code_domaine", "domaine", "le premier domaine"),
    ("niveau_sortie", "niveau", "le premier niveau"),
    ("voie", "voie", "la première voie"),
)
"""What an offer is told by (column, filter, words): the first that a question leaves free."""


def _first(
    question: Question, offre: BlocOffre, couverture: BlocCouverture, *, ranked: str
) -> tuple[str, str, pd.Series] | None:
    """Return the words, the label and the shares of the most frequent kind of offer, if any."""
    colonne, _, mots = next(
        (row for row in _SORTES if len(question.filtres.values_of(row[1])) != 1), _SORTES[0]
    )
    shares = offre.shares(colonne).sort_values(
        [ranked, "nb_region"], ascending=False, kind="stable"
    )
    # « Inconnu » is said to be the first only when nothing else is there to say.
    told = shares[~shares.index.isin([AUTRE, INCONNU])]
    shares = told if len(told) and told[ranked].iloc[0] else shares
    if not len(shares):
        return None
    labels = {
        "code_domaine": couverture.domaines.set_index("code_domaine")["domaine"].to_dict(),
        "niveau_sortie": label_levels(),
        "voie": VOIES,
    }[colonne]
    return mots, labels.get(shares.index[0], NON_RENSEIGNE), shares.iloc[0]
