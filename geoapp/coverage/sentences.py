"""What an answer says in French: its main sentence, its notes, its sources."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from geoapp.core.french import count, format_number, join_words, lower_first, typeset
from geoapp.coverage.divisions import Maille
from geoapp.coverage.indicators import PETIT, format_share
from geoapp.coverage.model import (
    EN_FOYERS,
    INFORMATION,
    OFFRES,
    PUBLICS,
    Question,
    count_people_of,
    describe_offer,
    describe_reach,
    tell_households,
)
from geoapp.coverage.travel.modes import MODES, greatest_cost
from geoapp.coverage.travel.words import describe_cost_limit, describe_precision
from geoapp.coverage.world import PART_PLACES_INCONNUES, World
from geoapp.offer.filters import apply_filters
from geoapp.offer.perimeter import CONNUE, INCONNUE, Perimetre
from geoapp.reference.borders import countries_near
from geoapp.reference.codes.voies import only_track
from geoapp.reference.zonings import CARREAU, COMPARES

RURALES = {nom: row.rurales for nom, row in COMPARES.items() if row.rurales}
"""Rural zonings that the main sentence compares with, after « dans les », the newest first."""


def main_sentence(
    world: World,
    question: Question,
    *,
    ensemble: pd.Series,
    points: pd.DataFrame,
    perimetre: Perimetre,
) -> str:
    """Return what must be retained: how many people are too far, and in rural zones.

    Of an offer known in part, it is said first; of one that is not known, nothing else is.
    """
    if not perimetre.est_chiffrable:
        return perimetre.phrase
    if ensemble["perimetre"] == INCONNUE:
        return f"{perimetre.phrase} {_not_whole(perimetre, world)}"
    return perimetre.tell(_count_far(world, question, ensemble, points))


def _not_whole(perimetre: Perimetre, world: World) -> str:
    """Say why the whole region is not counted when the offer of a département is not known."""
    return (
        "Rien n'est compté pour la région entière, dont une partie n'est pas connue : "
        "le tableau donne les zones qui le sont."
    )


def _count_far(world: World, question: Question, ensemble: pd.Series, points: pd.DataFrame) -> str:
    """Return how many people of the region are too far, and in rural zones."""
    seuil, offre = describe_reach(question), _placed_offer(world, question)
    # NA is unknown, unless the small number is hidden: then somebody lives there.
    if pd.isna(ensemble["population"]) and "population" not in ensemble["masques"]:
        return (
            "La population de ce public n'est connue nulle part dans la région : "
            "rien ne peut être compté."
        )
    if pd.isna(ensemble["population_non_couverte"]):
        return (
            f"Le nombre de personnes à plus de {seuil} d'{offre} est tu : il en dirait de une à "
            "quatre."
        )
    nb, part = round(ensemble["population_non_couverte"]), ensemble["part_non_couverte"]
    known = _whose_trips(world, question)
    if nb == 0:
        whom = f"Les {known} ont tous" if known else "Tous les habitants connus ont"
        return f"{whom} {offre} à {seuil} ou moins."
    live = "vivent" if nb > 1 else "vit"
    whom = count_people_of(question.public, nb)
    phrase = f"{whom}, soit {format_share(part)}, {live} à plus de {seuil} d'{offre}"
    if known:
        return f"Parmi les {known}, {phrase}."
    return f"{phrase}{_rural(world, question, points)}."


def _placed_offer(world: World, question: Question) -> str:
    """Return the offer asked; of one whose place is not always known, that it counts those known.

    « une formation (Santé) dont le lieu est connu ».
    """
    offre = describe_offer(question)
    if question.offre == INFORMATION or not world.nb_non_placees:
        return offre
    unplaced = world.memoire.get("non_placees", lambda: _unplaced(world))
    lost = apply_filters(unplaced, question.filtres)
    return f"{offre} dont le lieu est connu" if len(lost) else offre


def _unplaced(world: World) -> pd.DataFrame:
    """Return the offers without a place, kept for the questions to come."""
    offres = world.snapshot.read("offres")
    return pd.DataFrame(offres[offres["id_place"].isna()])


def _whose_trips(world: World, question: Question) -> str:
    """Return of whom the trips are known, when they are not of all; "" otherwise."""
    if (known := _known_residents(world, question)) is None:
        return ""
    nb, part = known
    return (
        f"{format_number(round(nb))} habitants dont les trajets {MODES[question.mode].phrase} "
        f"sont connus ({format_share(part)} de la région)"
    )


def _known_residents(world: World, question: Question) -> tuple[float, float] | None:
    """Return the people of the region whose trips are known, and their part; None: all."""
    known = world.known_trips(question.mode)
    if known is None:
        return None
    people, total = world.residents
    mine = float(people[known].sum())
    return mine, mine / total if total else 0.0


def nothing_farther(zone: pd.Series | dict, question: Question) -> str:
    """Say why no place is told that would almost reach the people of a zone who have none.

    `zone` is its row of the answer: whether its offer is known, and its uncovered people.
    """
    if zone["perimetre"] == INCONNUE:
        return "Offre non collectée : rien ne peut en être dit."
    left = zone["population_non_couverte"]
    if pd.isna(left):
        return "On ne sait pas combien de ses habitants n'en ont pas : rien ne peut en être dit."
    if left == 0:
        one = "un lieu" if question.offre == INFORMATION else "une formation"
        return f"Chaque habitant compté a {one} à {describe_reach(question)}."
    ours = "" if zone["perimetre"] == CONNUE else " dans nos sources"
    none = "Aucun lieu connu" if question.offre == INFORMATION else "Aucune formation connue"
    return f"{none}{ours} plus loin pour ceux qui n'en ont pas."


def past_offer(quality: dict) -> str:
    """Return, a blank first, how many of the counted offers have past sessions only; "" for none.

    « 3 120 des 3 695 formations comptées n'ont que des sessions passées (2020 à 2024) : à
    vérifier. »
    """
    nb, total = quality["nb_passees"], quality["nb_offres"]
    if not nb:
        return ""
    years = " à ".join(quality["annees_passees"])
    when = f" ({years})" if years else ""
    verb = "n'a" if nb == 1 else "n'ont"
    whole = "formation comptée" if total == 1 else "formations comptées"
    told = f"{format_number(nb)} des {format_number(total)} {whole} {verb} que des sessions passées"
    if total == 1:
        told = "La seule formation comptée n'a que des sessions passées"
    elif nb == total:
        told = f"Les {format_number(total)} {whole} n'ont toutes que des sessions passées"
    return typeset(f" {told}{when} : à vérifier.")


def _rural(world: World, question: Question, points: pd.DataFrame) -> str:
    """Return the end of the sentence: the same share in rural zones, when it is known."""
    for zonage, zones in RURALES.items():
        if (maille := world.mailles.get(zonage)) is not None and len(maille.points):
            part = share_uncovered(world, question, maille, points)
            # The first zoning that has zones speaks alone, even to say nothing (NaN).
            told = typeset(f" ; dans les {zones}, c'est {format_share(part)}")
            return told if part == part else ""
    return ""


def share_uncovered(
    world: World, question: Question, maille: Maille, points: pd.DataFrame
) -> float:
    """Return the share of the people of a zoning, each counted once, who are beyond the threshold.

    NaN when unknown.
    """
    # Zones of one zoning may overlap.
    inside = np.unique(maille.points)
    people = np.nan_to_num(world.people(question)[inside])
    if not people.sum():
        return float("nan")
    return float(people[~points["est_couvert"].to_numpy()[inside]].sum() / people.sum())


def list_notes(world: World, question: Question, ensemble: pd.Series, quality: dict) -> list[str]:
    """Return what a reader must know before using the numbers, one sentence each.

    Nothing is told of the trainings counted where the offer is not known: none is.
    """
    of_offer = (
        []
        if ensemble["perimetre"] == INCONNUE
        else [
            _border(world, question, quality),
            _supply(question, quality),
            _precision(world, quality),
        ]
    )
    notes = [
        _fictive(quality),
        mixed_years(world, question),
        *of_offer,
        _demand(world, question, ensemble),
        _estimated(world, question),
        travel_precision(world, question),
        str(world.parametres(question.mode).get("note", "")),
        _kept_costs(world, question),
        without_car(question),
        tell_households(question.public),
        _partly_known(world, question),
    ]
    return [note for note in notes if note]


def travel_precision(world: World, question: Question) -> str:
    """Return where the travel costs of a question come from, and how far they are wrong."""
    return describe_precision(
        world.parametres(question.mode),
        mode=question.mode,
        unite=question.unite,
        seuil=question.seuil,
    )


def _kept_costs(world: World, question: Question) -> str:
    """Say how far costs were kept, when twice the threshold is farther."""
    maximum = greatest_cost(world.parametres(question.mode), question.unite)
    if 2 * question.seuil <= maximum:
        return ""
    return (
        f"Les trajets ne sont connus que jusqu'à {describe_cost_limit(maximum, question.unite)} : "
        "« sans offre » veut dire rien jusque-là, et une zone blanche n'est dite robuste que "
        "d'après eux."
    )


def without_car(question: Question) -> str:
    """Say who is counted when the question is asked without a car."""
    if not MODES[question.mode].sans_voiture:
        return ""
    return (
        "Sans voiture : les habitants comptés sont tous ceux de la zone, comme s'ils se "
        f"déplaçaient tous {MODES[question.mode].phrase} ; aucune de nos sources ne dit combien "
        "n'ont pas de voiture."
    )


def _partly_known(world: World, question: Question) -> str:
    """Say for whom the trips are known, when they are not for all."""
    if (known := _known_residents(world, question)) is None:
        return ""
    part = format_share(known[1])
    return (
        f"Les trajets {MODES[question.mode].phrase} ne sont connus que pour {part} des habitants, "
        "ceux que les fichiers donnés desservent. Les autres ne sont pas comptés : rien ne dit "
        "qu'ils n'ont pas de transports."
    )


def _fictive(quality: dict) -> str:
    return (
        "Données fictives : une partie de l'offre est engendrée pour la démonstration, "
        "à ne jamais citer."
        if quality["est_fictive"]
        else ""
    )


def mixed_years(world: World, question: Question) -> str:
    """Say that offer, people and zones are not of one year, when they are not.

    A vintage without a year tells nothing.
    """
    cle = ("annees", question.zonage)
    return world.memoire.get(cle, lambda: _tell_years(world, question.zonage))


def _tell_years(world: World, zonage: str) -> str:
    """Return the sentence of `mixed_years`, worked out once by zoning: no filter changes it."""
    sources = pd.DataFrame(list_sources(world), columns=["id_source", "millesime"])
    zones = world.snapshot.read("zones")
    dates = {
        "offre": sources.loc[
            sources["id_source"].isin(world.offres["id_source"].unique()), "millesime"
        ],
        "habitants": world.points.loc[world.points["est_region"], "millesime"],
        "zones": zones.loc[zones["type_zone"].eq(zonage), "millesime"],
    }
    years = {nom: years_of(values) for nom, values in dates.items()}
    if len(set().union(*years.values())) < 2:
        return ""
    told = " ; ".join(f"{nom} {join_words(values)}" for nom, values in years.items() if values)
    return (
        f"Ces chiffres rapprochent des années différentes : {told}. "
        "Ils ne décrivent pas un même jour."
    )


def years_of(millesimes: pd.Series) -> list[str]:
    """Return the years that some vintages hold, in order."""
    return sorted(
        pd.Series(millesimes.dropna().unique(), dtype="str")
        .str.extract(r"\b(\d{4})\b", expand=False)
        .dropna()
        .unique()
    )


def _border(world: World, question: Question, quality: dict) -> str:
    """Say whether neighbours count."""
    if not question.voisins:
        return (
            "Sans les départements voisins : près des limites de la région, "
            "la couverture est sous-estimée."
        )
    if not world.offres["est_voisine"].any():
        return (
            "Aucune source ne donne l'offre des départements voisins : "
            "près des limites de la région, la couverture est sous-estimée."
        )
    track = only_track(world.offres.loc[world.offres["est_voisine"], "voie"])
    kind = f" ({track})" if track else ""
    if not quality["nb_voisines"]:
        return (
            f"Avec les habitants des départements voisins, dont aucune formation connue{kind} ne "
            "répond : près des limites de la région, la couverture est sous-estimée."
        )
    theirs = count(
        quality["nb_voisines"], "de leurs formations compte", "de leurs formations comptent"
    )
    return (
        f"Avec les départements voisins : {theirs}{kind}, ainsi que leurs habitants."
        f"{_abroad(world)}"
    )


def _countries(world: World) -> list[str]:
    """Return the other countries that the region touches, or nearly."""
    communes = world.snapshot.read("communes")
    mine = communes[communes["est_region"].astype(bool)]
    return countries_near(mine["longitude_mairie"], mine["latitude_mairie"], 0)


def _abroad(world: World) -> str:
    """Say that what is beyond a border of the country counts for nothing; "" without a border."""
    found = world.snapshot.derive("pays voisins", lambda: _countries(world))
    return (
        f" Ce qui est {join_words(found)} n'est pas collecté : près de la frontière, "
        "la couverture est sous-estimée."
        if found
        else ""
    )


def _supply(question: Question, quality: dict) -> str:
    """Say what counts as offer, and what is not known of it."""
    if question.offre == INFORMATION:
        return f"Offre comptée : {count(quality['nb_offres'], 'lieu', 'lieux')} d'information."
    base = f"Offre comptée : {lower_first(OFFRES[question.offre])}."
    if not quality["nb_offres"]:
        return f"{base} Aucune formation de nos sources ne répond aux filtres."
    unknown = quality["part_sans_places"]
    return (
        f"{base} Le nombre de places n'est pas connu pour {format_share(unknown)} des "
        f"{format_number(quality['nb_offres'])} formations comptées"
        + (" : on ne dit pas où l'offre est saturée." if unknown > PART_PLACES_INCONNUES else ".")
        if unknown
        else base
    )


def _precision(world: World, quality: dict) -> str:
    """Say how well the offer is placed, and what is left out."""
    parts = []
    if quality["nb_offres"]:
        counted = "lieux comptés" if world.est_information else "formations comptées"
        parts.append(
            f"Position douteuse pour {format_share(quality['part_douteuses'])} des {counted}, "
            f"à la mairie de la commune, celles-là comprises, pour "
            f"{format_share(quality['part_a_la_mairie'])}."
        )
    if quality["nb_non_placees"]:
        nowhere = count(
            quality["nb_non_placees"],
            "formation sans position connue est laissée",
            "formations sans position connue sont laissées",
        )
        parts.append(f"{nowhere} de côté (tous filtres confondus).")
    if quality["nb_a_distance"]:
        remote = count(quality["nb_a_distance"], "formation", "formations")
        parts.append(f"{remote} entièrement à distance, accessibles partout, ne comptent pas.")
    return " ".join(parts)


def _demand(world: World, question: Question, ensemble: pd.Series) -> str:
    """Say where people are counted, from which year, and who is missing."""
    mine = world.points[world.points["est_region"]]
    cells = mine["type_point"].eq(CARREAU)
    people = mine["population_retenue"]
    text = (
        f"Habitants : population municipale {_vintages(mine.loc[~cells, 'millesime'])}, "
        "comptée à la mairie"
    )
    if cells.any():
        text += (
            f" ; pour {format_share(people[cells].sum() / people.sum())} d'entre eux, "
            f"répartie sur les carreaux de 200 m de {_vintages(mine.loc[cells, 'millesime'])}"
        )
    if missing := int(people.isna().sum()):
        text += f" ; population inconnue pour {count(missing, 'commune')}, non comptée"
    if question.public != "tous":
        year, public = world.year_of(question.public), PUBLICS[question.public]
        text += f". Public : {lower_first(public)} ; {_known_people(question.public, ensemble)}"
        text += f" ({year})" if year else ""
    return text + "."


def _vintages(millesimes: pd.Series) -> str:
    return ", ".join(sorted(millesimes.dropna().astype(str).unique()))


def _known_people(public: str, ensemble: pd.Series) -> str:
    nb = ensemble["population"]
    noun = "foyers" if public in EN_FOYERS else "personnes"
    return f"{PETIT if pd.isna(nb) else format_number(round(nb))} {noun}"


def _estimated(world: World, question: Question) -> str:
    """Say which zones are only estimated."""
    maille = world.mailles.get(question.zonage)
    if maille is None or not maille.est_estimee.any():
        return ""
    return (
        f"Chiffres estimés pour {count(int(maille.est_estimee.sum()), 'zone')} : "
        "leur contour ou leur population propre n'est pas connu, "
        "ce sont ceux des communes entières qui les portent."
    )


def offer_years(world: World, ids: Iterable[str]) -> str:
    """Return the years of some sources: « 2020 », « de 2019 à 2024 »; "" when none tells any."""
    sources = world.snapshot.read("sources")
    years = years_of(sources.loc[sources["id_source"].isin(set(ids)), "millesime"])
    if len(years) > 1:
        return f"de {years[0]} à {years[-1]}"
    return "".join(years)


def list_sources(world: World) -> list[dict]:
    """Return the sources behind the numbers, with title, producer, licence, vintage, use, mode."""
    return world.memoire.get("sources", lambda: _read_sources(world))


def _read_sources(world: World) -> list[dict]:
    """Return the sources, read once."""
    sources = world.snapshot.read("sources")
    offers = set(world.offres["id_source"])
    used = sources["id_source"].isin(offers) | sources["usage"].isin(
        ("communes", "zonage", "population", "ages")
    )
    rows = sources[used & sources["mode"].ne("absente")][
        ["id_source", "titre", "producteur", "licence", "millesime", "usage", "mode"]
    ].astype("object")
    return rows.where(rows.notna(), None).to_dict("records")
