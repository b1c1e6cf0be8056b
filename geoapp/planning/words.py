"""What an answer of siting says in French: sentences made by rule from its figures, and notes."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from math import isnan

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import (
    at_place,
    count,
    format_decimal,
    format_number,
    join_words,
)
from geoapp.coverage.indicators import format_share
from geoapp.coverage.model import (
    INFORMATION,
    describe_offer,
    describe_public,
    describe_reach,
    describe_way,
    in_households,
    tell_households,
)
from geoapp.coverage.sentences import list_sources, travel_precision, without_car
from geoapp.coverage.travel.modes import UNITES
from geoapp.coverage.world import World
from geoapp.offer.perimeter import describe_perimeter
from geoapp.planning.asked import OBJECTIFS, PARMI, Recherche, to_parameters
from geoapp.planning.candidates import REALITES, SORTES
from geoapp.planning.opening import Acces, Ouverture, Sites
from geoapp.planning.people import tell_people
from geoapp.reference.zonings import COMPARES, MAILLES

RIEN_D_AUTRE = (
    "Une ouverture est ici un lieu de plus où la formation serait donnée. Locaux, formateurs, "
    "coûts et nombre d'élèves ne sont pas dans nos sources : la liste se discute sur place."
)

RIEN_D_AUTRE_INFORMATION = (
    "Une ouverture est ici un lieu d'information de plus, ou une permanence. Locaux, conseillers "
    "et coûts ne sont pas dans nos sources : la liste se discute sur place."
)


def _is_information(recherche: Recherche) -> bool:
    return recherche.question.offre == INFORMATION


def describe_search(recherche: Recherche) -> str:
    """Return a search in one line, as a title says it."""
    offre, where = describe_offer(recherche.question), _where(recherche)
    what = {
        "couverture": f"Où ouvrir {offre}",
        "nombre": f"Où ouvrir {offre} pour que {format_share(recherche.part)} l'aient à portée",
        "trajet": f"Où ouvrir {offre} pour réduire les trajets",
        "acces": f"Où ouvrir {offre} pour rendre l'accès plus égal",
    }[recherche.objectif]
    return f"{what}, à {describe_reach(recherche.question)}{where}"


def _where(recherche: Recherche) -> str:
    """Return the territory and the people, after a comma: « , dans la zone d'emploi de Lens »."""
    parts = [f"dans {recherche.zone.sujet}"] if recherche.zone else []
    if recherche.parmi != "tous":
        compare = COMPARES[recherche.parmi]
        parts.append(f"parmi les {compare.communes or compare.ses}")
    parts.append(describe_public(recherche.question.public))
    return "".join(f", {part}" for part in parts if part)


def tell_sites(sites: Sites) -> str:
    """Return what must be retained: who is brought near, how many are left, how good it is.

    Of an offer known in part, it is said; of one that is not known, nothing else is.
    """
    perimetre = sites.comptes.perimetre
    if not perimetre.est_chiffrable:
        return perimetre.phrase
    return perimetre.tell(in_households(_tell(sites), sites.recherche.question.public))


def _tell(sites: Sites) -> str:
    recherche = sites.recherche
    offre, seuil = describe_offer(recherche.question), describe_reach(recherche.question)
    if not sites.comptes.population:
        return "Personne n'est compté ici : la population ou l'offre de ce choix n'est pas connue."
    if recherche.objectif == "acces":
        return _tell_level(sites)
    if recherche.objectif != "trajet" and sites.non_couverts <= 0:
        return f"Tous les habitants comptés ont déjà {offre} à {seuil} ou moins."
    if not sites.est_possible:
        return _out_of_reach(sites)
    if not sites.ouvertures:
        if recherche.objectif == "nombre":
            return (
                f"Rien n'est à ouvrir : {format_share(recherche.part)} des habitants comptés "
                f"ont déjà {offre} à {seuil} ou moins."
            )
        return "Aucun lieu candidat ne rapprocherait quelqu'un."
    verb = "Ouvrir" if recherche.objectif != "nombre" else f"Ouvrir {_nb(sites)},"
    if recherche.objectif == "trajet":
        first = f"{verb} {_places(sites)} ferait passer le trajet moyen {_mean(sites)}."
        return f"{first} {_quality(sites)}"
    first = (
        f"{verb} {_places(sites)} rapprocherait {_number(sites.gagnes)} des "
        f"{tell_people(sites.non_couverts)} qui vivent à plus de {seuil} d'{offre} ; "
        f"il en resterait {_number(sites.non_couverts_apres)}."
    )
    return f"{first} {_quality(sites)}"


def _tell_level(sites: Sites) -> str:
    """Return how much of the access that lacks would be filled."""
    if not sites.manque:
        return "Personne n'a moins d'accès que la moyenne des habitants comptés : rien ne manque."
    if not sites.ouvertures:
        return "Aucun lieu candidat ne donnerait plus d'accès à qui en a moins que la moyenne."
    filled = format_share(sites.valeur / sites.manque)
    first = (
        f"Ouvrir {_places(sites)} comblerait {filled} de l'accès qui manque aux habitants moins "
        "bien servis que la moyenne d'aujourd'hui, concurrence comptée."
    )
    nb = len(sites.ouvertures)
    other = "Aucun autre lieu" if nb == 1 else f"Aucun autre choix de {nb} lieux"
    if sites.est_prouve and not sites.cede:
        return f"{first} {other} n'en comblerait plus : c'est prouvé."
    most = format_share(min(sites.borne / sites.manque, 1.0))
    return f"{first} {other} n'en comblerait plus de {most} (écart : {format_share(sites.ecart)})."


def _places(sites: Sites) -> str:
    """Return where openings are, three at most by their name."""
    many = Counter(at_place(one.nom_commune or one.nom) for one in sites.ouvertures)
    towns = [town if nb == 1 else f"{town} ({nb} lieux)" for town, nb in many.items()]
    if len(towns) <= 3:
        return join_words(towns)
    more = len(sites.ouvertures) - sum(list(many.values())[:2])
    return f"{towns[0]}, {towns[1]} et dans {count(more, 'autre lieu', 'autres lieux')}"


def _nb(sites: Sites) -> str:
    return count(len(sites.ouvertures), "lieu", "lieux")


def _number(nb: float) -> str:
    if 0 < nb < PETIT_NOMBRE:
        return f"moins de {PETIT_NOMBRE}"
    return format_number(round(nb))


def _mean(sites: Sites) -> str:
    """Return the mean trip before and after."""
    question = sites.recherche.question
    word = UNITES[question.unite].mot
    before, after = (
        format_decimal(round(one, 1)) for one in (sites.trajet_moyen, sites.trajet_moyen_apres)
    )
    return f"de {before} à {after} {word} {describe_way(question)}"


def _out_of_reach(sites: Sites) -> str:
    """Say that a part of the people cannot be covered."""
    return (
        f"{format_share(sites.recherche.part)} des habitants comptés ne peuvent être couverts : "
        f"aucun lieu candidat n'est à {describe_reach(sites.recherche.question)} ou moins de "
        f"{tell_people(sites.hors_portee)}, ou il en faudrait plus de 200."
    )


def _quality(sites: Sites) -> str:
    """Say how far the answer is from the best one."""
    nb, recherche = len(sites.ouvertures), sites.recherche
    if recherche.objectif == "nombre":
        if sites.est_prouve:
            return "Moins de lieux n'y suffiraient pas : c'est prouvé."
        return (
            f"Il en faut au moins {round(sites.borne)} : c'est prouvé ; moins de {nb} peut suffire."
        )
    given, is_travel = _given_up(sites), recherche.objectif == "trajet"
    better = "ne réduirait plus les trajets" if is_travel else "n'en rapprocherait plus"
    other = "Aucun autre lieu" if nb == 1 else f"Aucun autre choix de {nb} lieux"
    if sites.est_prouve:
        return given or f"{other} {better} : c'est prouvé."
    share = format_share(sites.ecart)
    if is_travel:
        limit = f"Un autre choix ferait mieux de {share} au plus."
    else:
        limit = f"{other} n'en rapprocherait plus de {_number(sites.borne)} (écart : {share})."
    return f"{limit} {given}".strip()


def _given_up(sites: Sites) -> str:
    """Say what real places cost."""
    if sites.recherche.objectif == "trajet" or round(sites.cede) < PETIT_NOMBRE:
        return ""
    best, more = (format_number(round(one)) for one in (sites.valeur + sites.cede, sites.cede))
    which = "Le meilleur choix (c'est prouvé)" if sites.est_prouve else "Le meilleur choix trouvé"
    return (
        f"{which} en rapprocherait {best}, soit {more} de plus, dans des communes sans "
        "établissement connu : ils sont cédés pour des lieux qui existent."
    )


def tell_opening(sites: Sites, one: Ouverture) -> str:
    """Return why an opening, and what would do as well."""
    told = REALITES[one.realite]
    if one.nb_egales:
        names = ", ".join(one.egales)
        etc = "…" if one.nb_egales > len(one.egales) else ""
        told += (
            f" ; {count(one.nb_egales, 'autre commune fait', 'autres communes font')} au "
            f"moins aussi bien, à 1 % près : {names}{etc}"
        )
    return told


def tell_access(avant: Acces, apres: Acces) -> str:
    """Return what becomes of the inequality of access; "" when it is not known."""
    if isnan(avant.gini) or isnan(apres.gini):
        return ""
    old, new = (format_decimal(round(one.gini, 3)) for one in (avant, apres))
    if old == new:
        return f"L'inégalité d'accès (indice de Gini de l'E2SFCA) reste à {old}."
    verb = "baisse" if apres.gini < avant.gini else "monte"
    return f"L'inégalité d'accès (indice de Gini de l'E2SFCA) {verb} de {old} à {new}."


def list_notes(world: World, sites: Sites) -> list[str]:
    """Return what must be known before using the answer, one sentence each."""
    recherche, comptes = sites.recherche, sites.comptes
    question = recherche.question
    unknown = round(comptes.nb_inconnus)
    beyond = round(sites.hors_portee)
    notes = [
        f"{tell_people(unknown)} ne sont pas comptés : l'offre demandée, ou leurs trajets, ne sont "
        "pas connus où ils vivent."
        if unknown >= PETIT_NOMBRE
        else "",
        "Le public est estimé par des communes entières, faute de contour des quartiers."
        if comptes.est_estimee
        else "",
        f"{tell_people(beyond)} n'ont aucun lieu candidat à portée."
        if beyond >= PETIT_NOMBRE and sites.est_possible
        else "",
        _candidates(recherche),
        f"Chaque ouverture compte pour {format_decimal(recherche.capacite)} places : c'est votre "
        "hypothèse."
        if question.offre in ("places", "mixte")
        else "Pour l'accessibilité, chaque ouverture compte pour une seule offre.",
        "Accès qui manque : somme, sur les habitants, de ce qui sépare leur accessibilité (E2SFCA) "
        "de la moyenne d'aujourd'hui, quand elle est en dessous."
        if recherche.objectif == "acces"
        else "",
        "Qui n'a rien dans les trajets connus est compté au plus long d'entre eux."
        if recherche.objectif == "trajet"
        else "",
        "Les lieux d'aujourd'hui restent ouverts.",
        RIEN_D_AUTRE_INFORMATION if _is_information(recherche) else RIEN_D_AUTRE,
        travel_precision(world, question),
        without_car(question),
        tell_households(question.public),
    ]
    return [note for note in notes if note]


def _candidates(recherche: Recherche) -> str:
    """Say what may be opened, and how far a real place is preferred."""
    told = f"Candidats : {SORTES[recherche.candidats].lower()}."
    if recherche.candidats not in ("tous", "etablissements") or not recherche.reel:
        return told
    real = "établissement" if _is_information(recherche) else "lieu qui forme déjà"
    return (
        f"{told} Un {real} est préféré à une commune tant qu'il rapproche au moins "
        f"{format_share(1 - recherche.reel)} des mêmes "
        f"{in_households('habitants', recherche.question.public)}."
    )


def describe_sites(world: World, sites: Sites) -> dict:
    """Return an answer ready for JSON: the body of the API and of `geoapp site --json`."""
    world = world.of(sites.recherche.question)
    recherche, comptes = sites.recherche, sites.comptes
    is_told = comptes.perimetre.est_chiffrable
    return {
        "titre": describe_search(recherche),
        "phrase": tell_sites(sites),
        "notes": list_notes(world, sites),
        "parametres": {
            "objectif": recherche.objectif,
            "objectif_dit": OBJECTIFS[recherche.objectif],
            "parmi": PARMI[recherche.parmi],
            "territoire": recherche.zone.titre if recherche.zone else None,
            "adresse": "&".join(f"{nom}={valeur}" for nom, valeur in to_parameters(recherche)),
        },
        "population": _plain(comptes.population) if is_told else None,
        "non_couverts": _plain(sites.non_couverts) if is_told else None,
        "non_couverts_apres": _plain(sites.non_couverts_apres) if is_told else None,
        "trajet_moyen": _decimal(sites.trajet_moyen) if is_told else None,
        "trajet_moyen_apres": _decimal(sites.trajet_moyen_apres) if is_told else None,
        "valeur": _worth(sites, sites.valeur) if is_told else None,
        "borne": _worth(sites, sites.borne) if is_told else None,
        "manque": _decimal(sites.manque) if is_told else None,
        "ecart": round(sites.ecart, 6) if is_told else None,
        "est_prouve": sites.est_prouve,
        "cede": _worth(sites, sites.cede),
        "hors_portee": _plain(sites.hors_portee),
        "ouvertures": [_opening(one) for one in sites.ouvertures],
        "acces": {
            nom: {cle: _decimal(valeur) for cle, valeur in asdict(one).items()}
            for nom, one in (("avant", sites.acces_avant), ("apres", sites.acces_apres))
        },
        "zones": [
            {
                "type_zone": recherche.question.zonage,
                "code_zone": row.code_zone,
                "nom": row.nom,
                "avant": _plain(row.avant),
                "apres": _plain(row.apres),
                "gain": _plain(row.gain),
            }
            for row in sites.zones.itertuples()
        ],
        "zonage": MAILLES[recherche.question.zonage].titre,
        "perimetre": describe_perimeter(comptes.perimetre),
        "precision": travel_precision(world, recherche.question),
        "sources": list_sources(world),
        "instantane": world.snapshot.id,
    }


def _opening(one: Ouverture) -> dict:
    """Return an opening ready for JSON."""
    return {
        "rang": one.rang,
        "id": one.id,
        "nom": one.nom,
        "realite": one.realite,
        "code_commune": one.code_commune,
        "commune": one.nom_commune,
        "longitude": one.longitude,
        "latitude": one.latitude,
        "personnes": _plain(one.personnes),
        "cumul": _plain(one.cumul),
        "nb_egales": one.nb_egales,
        "egales": list(one.egales),
    }


def _worth(sites: Sites, value: float) -> float | None:
    """Return what is looked for as a number: people or openings whole, access with decimals."""
    return _decimal(value) if sites.recherche.objectif == "acces" else _plain(value)


def _plain(nb: float) -> int | None:
    """Return a count as a whole number; None when unknown, or from one to four people."""
    return None if isnan(nb) or 0 < nb < 0.5 else round(nb)


def _decimal(nb: float) -> float | None:
    return None if isnan(nb) else round(float(nb), 4)
