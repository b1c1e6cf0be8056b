"""What a scenario and a stress test say in French: sentences made by rule from their figures."""

from __future__ import annotations

from dataclasses import asdict
from math import isnan

import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import (
    at_place,
    count,
    format_decimal,
    format_number,
    of_place,
    upper_first,
    with_unit,
)
from geoapp.coverage.indicators import format_share
from geoapp.coverage.model import (
    INFORMATION,
    Question,
    describe_offer,
    describe_reach,
    describe_threshold,
    in_households,
    tell_households,
)
from geoapp.coverage.scope import known_offer
from geoapp.coverage.sentences import list_sources, travel_precision, without_car
from geoapp.coverage.territories.tables import name_body
from geoapp.coverage.travel.modes import MODES, UNITES
from geoapp.coverage.world import World, choose_offer
from geoapp.offer.perimeter import describe_perimeter
from geoapp.offer.values import entity_of
from geoapp.planning.candidates import list_candidates
from geoapp.planning.people import INCONNU, tell_people
from geoapp.planning.scenario import (
    FORMATION,
    LIEU,
    ORGANISME,
    Cote,
    Effets,
    Scenario,
    write_address,
)
from geoapp.planning.stress import Fermeture, worst_closures


def name_change(world: World, one: str) -> str:
    """Return what closes or opens in words; its identifier when this snapshot does not know it.

    `world` is that of the question (`World.of`).
    """
    sorte, _, code = one.partition(":")
    offres = world.offres
    if sorte == ORGANISME:
        mine = entity_of(offres).eq(code).fillna(False).to_numpy(dtype=bool)
        ranks = world.comptes["organisme"].to_numpy()[mine]
        return name_body(str(world.noms_organismes[ranks[0]])) if len(ranks) else one
    if sorte in (LIEU, FORMATION):
        column = "id_place" if sorte == LIEU else "id_action"
        mine = offres[offres[column].eq(code).fillna(False)]
        if len(mine):
            first = mine.iloc[0]
            town = at_place(str(first["nom_commune"])) if pd.notna(first["nom_commune"]) else ""
            what = first["titre"] if sorte == FORMATION else first["nom_organisme"]
            return f"{what if pd.notna(what) else 'lieu'} {town}".strip()
    table = list_candidates(world).table
    mine = table[table["id"].eq(one)]
    return at_place(str(mine["nom_commune"].iloc[0])) if len(mine) else one


def describe_scenario(world: World, scenario: Scenario) -> str:
    """Return a scenario in one line, as a title says it: its name, else its changes."""
    if scenario.nom:
        return scenario.nom
    world = world.of(scenario.question)
    parts = [f"fermeture {of_place(name_change(world, one))}" for one in scenario.ferme[:2]]
    if len(scenario.ferme) > 2:
        parts.append(f"{len(scenario.ferme) - 2} autres fermetures")
    parts += [f"ouverture {name_change(world, one)}" for one in scenario.ouvre[:2]]
    if len(scenario.ouvre) > 2:
        parts.append(f"{len(scenario.ouvre) - 2} autres ouvertures")
    if scenario.places:
        parts.append(count(len(scenario.places), "changement de places", "changements de places"))
    if scenario.apres.seuil != scenario.question.seuil:
        parts.append(f"seuil de {describe_threshold(scenario.apres)}")
    if scenario.apres.mode != scenario.question.mode:
        parts.append(f"trajets {MODES[scenario.apres.mode].phrase}")
    return f"Et si : {' ; '.join(parts)}" if parts else "Et si rien ne changeait"


def tell_effects(effets: Effets) -> str:
    """Return what must be retained of a scenario; where the offer is not known, nothing else is."""
    perimetre = effets.effectif.perimetre
    if not perimetre.est_chiffrable:
        return perimetre.phrase
    return perimetre.tell(in_households(_tell(effets), effets.scenario.question.public))


def _tell(effets: Effets) -> str:
    scenario = effets.scenario
    offre, seuil = describe_offer(scenario.question), describe_reach(scenario.apres)
    parts = []
    if effets.perdus:
        parts.append(f"{_people(effets.perdus)} n'auraient plus {offre} à {seuil} ou moins")
    if effets.gagnes:
        one = "un" if scenario.question.offre == INFORMATION else "une"
        # What is named once is not named again.
        what = f"en auraient désormais {one}" if parts else f"auraient désormais {offre}"
        near = "" if parts else f" à {seuil} ou moins"
        parts.append(f"{_people(effets.gagnes)} {what}{near}")
    if not parts:
        told = f"Personne ne passe le seuil : autant d'habitants ont {offre} à portée."
    else:
        told = f"{', et '.join(parts)}."
    before, after = effets.avant.trajet_moyen, effets.apres.trajet_moyen
    if scenario.apres.mode == scenario.question.mode and not isnan(after):
        word = UNITES[scenario.question.unite].mot
        old, new = (format_decimal(round(one, 1)) for one in (before, after))
        if old != new:
            told += f" Le trajet moyen passe de {old} à {new} {word}."
    if len(effets.reprises):
        first = effets.reprises.iloc[0]
        told += (
            f" Le premier recours est {first['nom']} : le plus proche de "
            f"{format_number(round(first['habitants']))} habitants dont le lieu ferme."
        )
    return told


def _people(nb: float) -> str:
    return upper_first(tell_people(nb))


BILAN = {
    "non_couverts": ("Habitants trop loin", 0),
    "trajet_moyen": ("Trajet moyen", 1),
    "e2sfca": ("Accessibilité E2SFCA, pour 10 000 habitants", 3),
    "gini": ("Inégalité d'accès (Gini)", 3),
    "palma": ("Rapport de Palma", 2),
}
"""Figures of each side: title, decimals."""


def show(nom: str, bilan: Cote, unite: str) -> str:
    """Return one figure of a side in words; trips are in kilometres or minutes (`unite`)."""
    value = getattr(bilan, nom)
    if isnan(value):
        return INCONNU
    decimals = BILAN[nom][1]
    text = format_decimal(round(value, decimals)) if decimals else format_number(round(value))
    return with_unit(text, unite) if nom == "trajet_moyen" else text


def list_notes(world: World, effets: Effets) -> list[str]:
    """Return what must be known before using the figures, one sentence each."""
    scenario = effets.scenario
    unknown = "; ".join(effets.inconnus)
    notes = [
        f"Sans effet ici, car inconnu de cet instantané : {unknown}." if unknown else "",
        "Chaque ouverture compte pour une seule offre." if scenario.ouvre else "",
        "Les élèves d'un lieu qui ferme ne sont pas suivis : on compte les habitants qui auraient "
        "encore, ou n'auraient plus, une formation à portée."
        if scenario.ferme and scenario.question.offre != INFORMATION
        else "",
        "Qui n'a rien dans les trajets connus est compté au plus long d'entre eux.",
        travel_precision(world, scenario.apres),
        without_car(scenario.apres),
        tell_households(scenario.question.public),
    ]
    return [note for note in notes if note]


def describe_effects(world: World, effets: Effets) -> dict:
    """Return the effects of a scenario ready for JSON."""
    world = world.of(effets.scenario.question)
    scenario = effets.scenario
    return {
        "titre": describe_scenario(world, scenario),
        "phrase": tell_effects(effets),
        "notes": list_notes(world, effets),
        "adresse": write_address(scenario),
        "changements": {
            "ferme": [{"id": one, "nom": name_change(world, one)} for one in scenario.ferme],
            "ouvre": [{"id": one, "nom": name_change(world, one)} for one in scenario.ouvre],
            "places": dict(scenario.places),
            "inconnus": list(effets.inconnus),
        },
        "avant": _plain_bilan(effets.avant),
        "apres": _plain_bilan(effets.apres),
        "perdus": _whole(effets.perdus),
        "gagnes": _whole(effets.gagnes),
        "nb_fermees": effets.nb_fermees,
        "publics": _rows(effets.publics, ("code_zone", "nom"), ("population", "avant", "apres")),
        "zones": _rows(effets.zones, ("code_zone", "nom"), ("population", "avant", "apres")),
        "reprises": _rows(effets.reprises, ("nom",), ("habitants", "trajet")),
        "perimetre": describe_perimeter(effets.effectif.perimetre),
        "sources": list_sources(world),
        "instantane": world.snapshot.id,
    }


def _plain_bilan(bilan: Cote) -> dict:
    rounded = {nom: round(value, 4) for nom, value in asdict(bilan).items() if not isnan(value)}
    return {nom: rounded.get(nom) for nom in asdict(bilan)}


def _whole(nb: float) -> int | None:
    return None if 0 < nb < PETIT_NOMBRE else round(nb)


def _rows(table: pd.DataFrame, words: tuple[str, ...], numbers: tuple[str, ...]) -> list[dict]:
    return [
        {nom: row[nom] for nom in words}
        | {nom: None if pd.isna(row[nom]) else round(float(row[nom]), 1) for nom in numbers}
        for row in table.to_dict("records")
    ]


def tell_closures(question: Question, found: list[Fermeture]) -> str:
    """Return what must be retained of a stress test."""
    offre, seuil = describe_offer(question), describe_reach(question)
    if not found:
        return (
            f"Aucune fermeture n'ôterait à elle seule, à {PETIT_NOMBRE} "
            f"{in_households('habitants', question.public)} ou plus, {offre} à {seuil} ou moins."
        )
    worst = found[0]
    people = in_households("habitants", question.public)
    return (
        f"La fermeture la plus lourde serait celle {of_place(worst.nom)} ({worst.lieu}) : "
        f"{format_number(round(worst.personnes))} {people} n'auraient plus {offre} à {seuil} ou "
        "moins."
    )


def show_left(question: Question, one: Fermeture) -> str:
    """Return the median trip to what would be left."""
    if isnan(one.reste):
        return "hors de portée pour la moitié"
    return f"{format_decimal(round(one.reste, 1))} {UNITES[question.unite].mot}"


def describe_stress(world: World, question: Question) -> dict:
    """Return a stress test ready for JSON: the worst closures of bodies, then of places."""
    perimetre = known_offer(world, question, choose_offer(world, question))
    found = {sorte: worst_closures(world, question, sorte) for sorte in (ORGANISME, LIEU)}
    is_told = perimetre.est_chiffrable
    return {
        "phrase": tell_closures(question, found[ORGANISME]) if is_told else perimetre.phrase,
        "par": ORGANISME,
        "fermetures": [_closure(one) for one in found[ORGANISME]],
        "lieux": [_closure(one) for one in found[LIEU]],
        "perimetre": describe_perimeter(perimetre),
        "precision": travel_precision(world, question),
        "instantane": world.snapshot.id,
    }


def _closure(one: Fermeture) -> dict:
    """Return a closure ready for JSON."""
    return {
        **asdict(one),
        "personnes": round(one.personnes),
        "reste": None if isnan(one.reste) else round(one.reste, 1),
    }


def compare_effects(premier: Effets, second: Effets) -> list[tuple[str, str, str, str]]:
    """Return two scenarios side by side: title, today, after the first, after the second."""
    return [
        (
            # What is told « pour 10 000 habitants » stays so.
            titre if nom == "e2sfca" else in_households(titre, premier.scenario.question.public),
            show(nom, premier.avant, premier.scenario.question.unite),
            show(nom, premier.apres, premier.scenario.apres.unite),
            show(nom, second.apres, second.scenario.apres.unite),
        )
        for nom, (titre, _) in BILAN.items()
    ]


def tell_changes(avant: Effets, apres: Effets) -> str:
    """Say what a scenario has become from one snapshot to another."""
    pairs = (("perdus", "perdraient"), ("gagnes", "gagneraient"))
    told = []
    for nom, verb in pairs:
        old, new = getattr(avant, nom), getattr(apres, nom)
        if round(old) != round(new):
            told.append(f"{_people(old)} {verb} l'accès avant, {_people(new).lower()} maintenant")
    far = (avant.avant.non_couverts, apres.avant.non_couverts)
    if not any(map(isnan, far)) and round(far[0]) != round(far[1]):
        part = far[1] / far[0] - 1 if far[0] else 0.0
        change = f"{'+' if part > 0 else '−'}{format_share(abs(part))}" if part else "—"
        told.append(
            f"sans rien changer, {format_number(round(far[0]))} habitants étaient trop loin, "
            f"{format_number(round(far[1]))} maintenant ({change})"
        )
    if not told:
        return "Rien n'a changé d'un instantané à l'autre."
    phrase = " ; ".join(told)
    return f"{upper_first(phrase)}."
