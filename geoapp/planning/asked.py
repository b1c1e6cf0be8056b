"""Question of siting ⇄ parameters: a question of coverage, and what may be opened for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geoapp.core.errors import ParameterError
from geoapp.core.french import upper_first
from geoapp.coverage.model import PARAMETRES as COUVERTURE
from geoapp.coverage.model import Question, parse_question, refuse_value
from geoapp.coverage.model import to_parameters as coverage_parameters
from geoapp.coverage.territories.zone import Zone, find_zone
from geoapp.coverage.world import World
from geoapp.offer.parameters import Parametre, read_values
from geoapp.planning.candidates import SORTES
from geoapp.reference.zonings import COMPARES, REGION

OBJECTIFS = {
    "couverture": "Rapprocher le plus d'habitants",
    "nombre": "Ouvrir le moins de lieux pour couvrir une part des habitants",
    "trajet": "Réduire le plus les trajets",
    "acces": "Rendre l'accès plus égal, places et concurrence comptées",
}
"""What is looked for: MCLP, LSCP, p-median, E2SFCA evened."""

PARMI = {"tous": "Tout le territoire"} | {
    nom: upper_first(row.communes) if row.communes else upper_first(row.ses)
    for nom, row in COMPARES.items()
}
"""People counted, by where they live."""

PARAMETRES: dict[str, Parametre] = {
    parametre.nom: parametre
    for parametre in (
        Parametre(
            nom="objectif",
            type="texte",
            aide="Ce qui est cherché",
            exemple="couverture",
            valeurs=tuple(OBJECTIFS),
        ),
        Parametre(
            nom="ouvertures",
            type="entier",
            aide="Nombre d'ouvertures (sans effet avec l'objectif « nombre »)",
            exemple="3",
            minimum=1,
            maximum=20,
        ),
        Parametre(
            nom="part",
            type="nombre",
            aide="Part des habitants à couvrir, en %, avec l'objectif « nombre »",
            exemple="95",
            minimum=1,
            maximum=100,
        ),
        Parametre(
            nom="territoire",
            type="texte",
            aide="Où l'on compte et où l'on ouvre, « type:code » ; sans lui, la région",
            exemple="ze2020:3215",
        ),
        Parametre(
            nom="parmi",
            type="texte",
            aide="Habitants comptés, selon leur lieu de vie",
            exemple="frr",
            valeurs=tuple(PARMI),
        ),
        Parametre(
            nom="candidats",
            type="texte",
            aide="Où l'on peut ouvrir",
            exemple="tous",
            valeurs=tuple(SORTES),
        ),
        Parametre(
            nom="reel",
            type="nombre",
            aide="Part des habitants, en %, que l'on cède au plus pour ouvrir dans un lieu qui "
            "forme déjà plutôt que dans une commune sans établissement",
            exemple="10",
            minimum=0,
            maximum=20,
        ),
        Parametre(
            nom="capacite",
            type="nombre",
            aide="Places de chaque ouverture, quand l'offre comptée est en places",
            exemple="12",
            minimum=1,
            maximum=500,
        ),
    )
}
"""Parameters of siting, beside those of coverage."""

DEFAUTS = {
    "objectif": "couverture",
    "ouvertures": "3",
    "part": "95",
    "territoire": "",
    "parmi": "tous",
    "candidats": "tous",
    "reel": "10",
    "capacite": "12",
}

SANS = ("mesure", "classes")
"""Parameters of coverage that only draw its map."""

ACCEPTES = (*(nom for nom in COUVERTURE if nom not in SANS), *PARAMETRES)


@dataclass(frozen=True, kw_only=True)
class Recherche:
    """What is asked: where to open so that a question of coverage is better answered.

    `zone` is None for the region; `part` and `reel` are from 0 to 1.
    """

    question: Question
    objectif: str = "couverture"
    ouvertures: int = 3
    part: float = 0.95
    zone: Zone | None = None
    parmi: str = "tous"
    candidats: str = "tous"
    reel: float = 0.1
    capacite: float = 12.0


def parse_sites(parametres: Mapping, world: World, *, autres: tuple[str, ...] = ()) -> Recherche:
    """Return the search that `parametres` ask (see `coverage.model.parse_question`).

    Raises
    ------
    ParameterError
        When a name or a value is not accepted.
    NotFoundError
        When the territory is not one of this snapshot.
    """
    values = read_values(parametres)
    given = {nom: _one(values, nom) for nom in PARAMETRES}
    rest = {nom: found for nom, found in values.items() if nom not in PARAMETRES}
    question = parse_question(rest, world, autres=(*PARAMETRES, *autres))
    for nom, valeur in given.items():
        if PARAMETRES[nom].valeurs and valeur not in PARAMETRES[nom].valeurs:
            refuse_value(nom, valeur, PARAMETRES[nom].valeurs)
    if given["parmi"] != "tous" and given["parmi"] not in world.mailles:
        refuse_value("parmi", given["parmi"], ("tous", *(n for n in PARMI if n in world.mailles)))
    return Recherche(
        question=question,
        objectif=given["objectif"],
        ouvertures=int(_number(given, "ouvertures")),
        part=_number(given, "part") / 100,
        zone=None if given["territoire"] in ("", REGION) else find_zone(world, given["territoire"]),
        parmi=given["parmi"],
        candidats=given["candidats"],
        reel=_number(given, "reel") / 100,
        capacite=_number(given, "capacite"),
    )


def _one(values: Mapping[str, list[str]], nom: str) -> str:
    """Return one value, the default when none is given."""
    found = values.get(nom, [DEFAUTS[nom]])
    if len(found) > 1:
        raise ParameterError(
            f"{nom} : une seule valeur est attendue, {len(found)} ont été données."
        )
    return found[0]


def _number(given: Mapping[str, str], nom: str) -> float:
    """Return a number within the bounds of its row; a decimal comma is accepted."""
    row = PARAMETRES[nom]
    try:
        number = float(given[nom].replace(",", "."))
    except ValueError:
        number = float("nan")
    least, most = row.minimum or 0.0, row.maximum or 0.0
    is_whole = row.type != "entier" or number == number // 1
    if not (least <= number <= most and is_whole):
        kind = "un nombre entier" if row.type == "entier" else "un nombre"
        raise ParameterError(
            f"{nom} = « {given[nom][:40]} » : {kind} de {least:g} à {most:g} est attendu."
        )
    return number


def to_parameters(recherche: Recherche) -> list[tuple[str, str]]:
    """Return a search as (name, value) pairs, as an address writes it; defaults left out."""
    given = {
        "objectif": recherche.objectif,
        "ouvertures": str(recherche.ouvertures),
        "part": f"{recherche.part * 100:g}",
        "territoire": recherche.zone.cle if recherche.zone else "",
        "parmi": recherche.parmi,
        "candidats": recherche.candidats,
        "reel": f"{recherche.reel * 100:g}",
        "capacite": f"{recherche.capacite:g}",
    }
    pairs = [pair for pair in coverage_parameters(recherche.question) if pair[0] not in SANS]
    return pairs + [(nom, valeur) for nom, valeur in given.items() if valeur != DEFAUTS[nom]]
