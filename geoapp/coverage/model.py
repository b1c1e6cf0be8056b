"""Question of coverage ⇄ parameters: one reading shared by pages, API and command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geoapp.core.errors import ParameterError
from geoapp.core.french import count, format_decimal, lower_first, with_unit
from geoapp.coverage.classes import METHODES
from geoapp.coverage.indicators import INDICATEURS
from geoapp.coverage.travel.modes import MODES, UNITES, VOITURE, greatest_threshold
from geoapp.offer.filters import FILTRES, Filtres, describe_filters, parse_filters
from geoapp.offer.parameters import Parametre, read_values, refuse_unknown
from geoapp.reference.codes.identifiers import suggest
from geoapp.reference.zonings import MAILLE, MAILLES, TERRITOIRES

OFFRES = {
    "actions": "Formations (une par formation et par lieu)",
    "places": "Places, là où la source les donne",
    "sessions": "Sessions (dates d'entrée connues)",
    "mixte": "Places si connues, sinon sessions",
    "information": "Lieux d'information et d'orientation (CIO, France Services…)",
}
"""What counts as supply; adding a way of counting is adding a row here and in `world.COMPTES`."""

INFORMATION = "information"
"""What counts as supply when what is looked for is no training, but somebody to ask."""

VOISINS = {
    "oui": "avec l'offre et les habitants des départements voisins",
    "non": "sans les départements voisins",
}

PUBLICS = {
    "tous": "Toute la population",
    "adultes": "Adultes (18 ans et plus), là où les âges sont connus",
    "jeunes": "Jeunes de 18 à 24 ans, là où les âges sont connus",
    "jeunes_non_scolarises": "Jeunes de 15 à 24 ans non scolarisés, dans les communes où leur "
    "nombre est connu",
    "demandeurs": "Demandeurs d'emploi, catégories A, B et C, dans les communes où leur nombre "
    "est connu",
    "demandeurs_50": "Demandeurs d'emploi de 50 ans et plus, dans les communes où leur nombre est "
    "connu",
    "rsa": "Foyers allocataires du RSA, dans les communes où leur nombre est connu",
}
"""Who is counted; those of the last rows are counted by commune (`core.schema` `MESURES`)."""

COMPTES_PAR_COMMUNE = ("jeunes_non_scolarises", "demandeurs", "demandeurs_50", "rsa")
"""Publics that a producer counts by commune, some of them hidden: those are unknown, not none."""

EN_FOYERS = ("rsa",)
"""Publics that are households, not people."""


def tell_households(public: str) -> str:
    """Say how to read the counts of a public of households; "" for any other."""
    if public not in EN_FOYERS:
        return ""
    return (
        "Ce public est compté en foyers, pas en personnes : les « habitants » comptés, trop loin, "
        "non couverts ou rapprochés sont des foyers. Restent des habitants ceux des communes en "
        "zone blanche et de « pour 10 000 habitants »."
    )


def in_households(texte: str, public: str) -> str:
    """Return a sentence about people in the words of those who are counted."""
    if public not in EN_FOYERS:
        return texte
    return texte.replace("habitants", "foyers").replace("Habitants", "Foyers")


def count_people_of(public: str, nb: int) -> str:
    """Return a number of people of a public: « 3 personnes », « 3 foyers »."""
    return count(nb, "foyer" if public in EN_FOYERS else "personne")


def usages_of(public: str) -> tuple[str, ...]:
    """Return the usages of the sources that count a public, beside those of the population."""
    if public == "tous":
        return ()
    return ("mesures_communes",) if public in COMPTES_PAR_COMMUNE else ("ages",)


FILTRES_OFFRE = tuple(nom for nom in FILTRES if nom != "zone")
"""Filters of the offer; a territory is not one of them: everybody's access counts."""

PARAMETRES: dict[str, Parametre] = {
    parametre.nom: parametre
    for parametre in (
        Parametre(
            nom="seuil_km",
            type="nombre",
            aide="Distance par la route (estimée) au-delà de laquelle on n'est pas couvert, "
            "en kilomètres",
            exemple="20",
            minimum=UNITES["km"].minimum,
            maximum=UNITES["km"].maximum,
        ),
        Parametre(
            nom="seuil_min",
            type="nombre",
            aide="Durée du trajet (estimée), en minutes, à la place de seuil_km",
            exemple="30",
            minimum=UNITES["min"].minimum,
            maximum=UNITES["min"].maximum,
        ),
        Parametre(
            nom="mode",
            type="texte",
            aide="Mode de déplacement ; ceux dont les trajets ne sont pas connus sont refusés",
            exemple=VOITURE,
            valeurs=tuple(MODES),
        ),
        Parametre(
            nom="zonage",
            type="texte",
            aide="Découpage de la région",
            exemple=MAILLE,
            valeurs=tuple(MAILLES),
        ),
        Parametre(
            nom="mesure",
            type="texte",
            aide="Indicateur montré sur la carte",
            exemple="part_non_couverte",
            valeurs=tuple(INDICATEURS),
        ),
        Parametre(
            nom="offre",
            type="texte",
            aide="Ce qui compte comme offre",
            exemple="actions",
            valeurs=tuple(OFFRES),
        ),
        Parametre(
            nom="voisins",
            type="texte",
            aide="Compter l'offre et les habitants des départements voisins",
            exemple="oui",
            valeurs=tuple(VOISINS),
        ),
        Parametre(
            nom="public",
            type="texte",
            aide="Habitants comptés",
            exemple="tous",
            valeurs=tuple(PUBLICS),
        ),
        Parametre(
            nom="classes",
            type="texte",
            aide="Façon de former les classes de la carte",
            exemple="jenks",
            valeurs=tuple(METHODES),
        ),
    )
}
"""Every parameter of a question beside the filters, in the order of the documentation."""

DEFAUTS = {
    "mode": VOITURE,
    "zonage": MAILLE,
    "mesure": "part_non_couverte",
    "offre": "actions",
    "voisins": "oui",
    "public": "tous",
    "classes": "jenks",
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked of the coverage; `seuil` is in `unite` (km of the way, or min), by `mode`."""

    filtres: Filtres = field(default_factory=Filtres)
    seuil: float = MODES[VOITURE].seuil
    unite: str = MODES[VOITURE].unite
    mode: str = VOITURE
    zonage: str = MAILLE
    mesure: str = "part_non_couverte"
    offre: str = "actions"
    voisins: bool = True
    public: str = "tous"
    methode: str = "jenks"


def parse_question(parametres: Mapping, world, *, autres: tuple[str, ...] = ()) -> Question:
    """Return the question that `parametres` ask.

    Parameters
    ----------
    parametres : Mapping
        Name → value or values (arguments of a request, options of a command); blanks do not count.
    world : World
        Its snapshot says which values the filters accept, its matrix which unit exists.
    autres : tuple of str
        Other names that may be there, and are left alone.

    Raises
    ------
    ParameterError
        When a name or a value is not accepted; the message gives the bounds, or the nearest one.
    """
    values = read_values(parametres)
    refuse_unknown(values, [*PARAMETRES, *FILTRES_OFFRE, *autres])
    chosen = {nom: _choice(nom, values) for nom in DEFAUTS}
    if "zonage" not in values:
        chosen["zonage"] = world.maille
    elif chosen["zonage"] not in world.mailles:
        refuse_value("zonage", chosen["zonage"], [nom for nom in MAILLES if nom in world.mailles])
    if chosen["mode"] not in world.modes:
        _refuse_mode(chosen["mode"], world.modes)
    if chosen["offre"] == INFORMATION and any(nom in values for nom in FILTRES_OFFRE):
        raise ParameterError(
            "offre = « information » : un lieu d'information n'a ni domaine ni niveau. "
            "Retirez les filtres des formations."
        )
    seuil, unite = _threshold(values, chosen["mode"], world)
    return Question(
        filtres=parse_filters(
            {nom: values[nom] for nom in FILTRES_OFFRE if nom in values}, world.snapshot
        ),
        seuil=seuil,
        unite=unite,
        mode=chosen["mode"],
        zonage=chosen["zonage"],
        mesure=chosen["mesure"],
        offre=chosen["offre"],
        voisins=chosen["voisins"] == "oui",
        public=chosen["public"],
        methode=chosen["classes"],
    )


def _choice(nom: str, values: Mapping[str, list[str]]) -> str:
    """Return one value among those of its row, the default when none is given."""
    found = values.get(nom, [DEFAUTS[nom]])
    if len(found) > 1:
        raise ParameterError(
            f"{nom} : une seule valeur est attendue, {len(found)} ont été données."
        )
    if found[0] not in PARAMETRES[nom].valeurs:
        refuse_value(nom, found[0], PARAMETRES[nom].valeurs)
    return found[0]


def of_trainings(question: Question) -> Question:
    """Return a question about trainings.

    Raises
    ------
    ParameterError
        When it counts places of information, which this answer does not know.
    """
    if question.offre == INFORMATION:
        raise ParameterError(
            "offre = « information » : la couverture, les territoires, « Où ouvrir ? » et « Et "
            "si ? » comptent les lieux d'information. Retirez ce paramètre : ici on compte des "
            "formations."
        )
    return question


def refuse_value(nom: str, valeur: str, acceptees) -> None:
    """Raise the error of a value that is not accepted, naming the nearest one."""
    suite = suggest(valeur, acceptees) or f"Valeurs acceptées : {', '.join(acceptees)}."
    raise ParameterError(f"{nom} = « {valeur[:80]} » : valeur inconnue. {suite}")


def _refuse_mode(mode: str, connus: tuple[str, ...]) -> None:
    """Raise the error of a way of travelling whose costs are not known here."""
    raise ParameterError(
        f"mode = « {mode} » : cet instantané ne connaît pas de trajets {MODES[mode].phrase}. "
        f"Modes connus : {', '.join(f'{nom} ({MODES[nom].phrase})' for nom in connus)}."
    )


def _threshold(values: Mapping[str, list[str]], mode: str, world) -> tuple[float, str]:
    """Return threshold and unit; distance and time are not asked together."""
    given = [nom for nom in ("seuil_km", "seuil_min") if nom in values]
    if len(given) == 2:
        raise ParameterError("Donnez seuil_km ou seuil_min, pas les deux.")
    row, unites = MODES[mode], world.unites(mode)
    # A matrix that the user gives may know one unit alone: it is then the unit by default.
    usual = row.unite if row.unite in unites else unites[0]
    unite = given[0].removeprefix("seuil_") if given else usual
    if unite not in unites:
        raise ParameterError(
            f"seuil_{unite} : la matrice de trajets de cet instantané ne donne pas de "
            f"{UNITES[unite].mot} {row.phrase}. Employez seuil_{unites[0]}."
        )
    maximum = greatest_threshold(world.parametres(mode), unite)
    if not given:
        return min(row.seuil, maximum), unite
    return _within_bounds(given[0], values[given[0]], (UNITES[unite].minimum, maximum), mode), unite


def _within_bounds(nom: str, found: list[str], bornes: tuple[float, float], mode: str) -> float:
    """Return one threshold as a number within the bounds of its unit and way of travelling."""
    try:
        number = float(found[0].replace(",", ".")) if len(found) == 1 else float("nan")
    except ValueError:
        number = float("nan")
    # NaN is within no bounds: a text that is no number is refused with the same words.
    if not bornes[0] <= number <= bornes[1]:
        way = "" if mode == VOITURE else f" {MODES[mode].phrase}"
        raise ParameterError(
            f"{nom} = « {', '.join(found)[:40]} » : un nombre de {bornes[0]:g} à {bornes[1]:g} "
            f"est attendu{way}."
        )
    return number


def to_parameters(question: Question) -> list[tuple[str, str]]:
    """Return a question as (name, value) pairs, as an address writes it; defaults left out."""
    pairs = list(question.filtres.pairs())
    # Defaults are left out: one question has one address.
    row = MODES[question.mode]
    if (question.seuil, question.unite) != (row.seuil, row.unite):
        pairs.append((f"seuil_{question.unite}", f"{question.seuil:g}"))
    given = {
        "mode": question.mode,
        "zonage": question.zonage,
        "mesure": question.mesure,
        "offre": question.offre,
        "voisins": "oui" if question.voisins else "non",
        "public": question.public,
        "classes": question.methode,
    }
    return pairs + [(nom, valeur) for nom, valeur in given.items() if valeur != DEFAUTS[nom]]


def describe_offer(question: Question) -> str:
    """Return the offer asked, in words, after « d' »: « une formation (Santé, niveau 4) »."""
    if question.offre == INFORMATION:
        return "un lieu d'information et d'orientation"
    mots = describe_filters(question.filtres)
    return f"une formation ({mots})" if mots else "une formation"


def describe_threshold(question: Question) -> str:
    """Return the threshold in words: « 20 km », « 30 minutes »."""
    return with_unit(format_decimal(question.seuil), UNITES[question.unite].mot)


def describe_reach(question: Question) -> str:
    """Return the threshold and the way: « 20 km par la route », « 30 minutes à vélo »."""
    return f"{describe_threshold(question)} {describe_way(question)}"


def describe_way(question: Question) -> str:
    """Return the way of travelling in words: « par la route », « en voiture », « à vélo »."""
    # The kilometres of a car are those of the road.
    if (question.mode, question.unite) == (VOITURE, "km"):
        return "par la route"
    return MODES[question.mode].phrase


def describe_question(question: Question) -> str:
    """Return a question in one line of French, as a title says it."""
    return f"{describe_asked(question)}, par {TERRITOIRES[question.zonage].singulier}"


def describe_asked(question: Question) -> str:
    """Return a question in words, its zoning left out: the offer, the reach, who is counted."""
    mots = describe_filters(question.filtres) or "toutes les formations"
    if question.offre == INFORMATION:
        mots = "lieux d'information et d'orientation"
    parts = [f"Couverture : {mots}", f"à {describe_reach(question)}"]
    return ", ".join(filter(None, [*parts, describe_public(question.public)]))


def describe_public(public: str) -> str:
    """Return who is counted in a few words; "" for everybody."""
    return "" if public == "tous" else lower_first(PUBLICS[public].split(",")[0])
