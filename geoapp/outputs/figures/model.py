"""Figure ⇄ parameters: one reading shared by the command line, the pages and the reports."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from geoapp.core.errors import ParameterError
from geoapp.coverage.model import FILTRES_OFFRE, Question, parse_question, refuse_value
from geoapp.coverage.model import PARAMETRES as QUESTION
from geoapp.offer.parameters import Parametre, read_values, refuse_unknown
from geoapp.outputs.figures.extent import parse_emprise
from geoapp.outputs.figures.outlines import is_drawn
from geoapp.planning.asked import PARAMETRES as PLAN
from geoapp.planning.asked import Recherche, parse_sites
from geoapp.planning.dashboard import ENTREES
from geoapp.reference.zonings import CARREAU, REGION

OUVERTURES = "ouvertures"
"""The type of figure that a search of siting makes."""

TYPES = {
    "offre": "Lieux de formation, selon leur nombre de formations",
    "densite": "Offre pour 10 000 habitants, par zone",
    "couverture": "Couverture par zone, communes en zone blanche entourées",
    "zones": "Zonage seul, avec ses noms",
    "flux": "Places, vœux et élèves, année par année",
    "ouvertures": "Où ouvrir : lieux proposés, habitants rapprochés",
    "essentiel": "L'essentiel d'un territoire, en tuiles",
}
"""What a figure may show; adding a type is adding a row here and in `content.FAISEURS`."""

FORMATS = {"png": "Image PNG", "svg": "Dessin SVG", "pdf": "Document PDF"}
"""Formats of a figure; adding one is adding a row here and in `files.ECRIRE`."""

PIXELS_MAX = 6_000
"""Widest picture, in pixels: about 140 MB of memory while it is drawn."""

PARAMETRES: dict[str, Parametre] = {
    parametre.nom: parametre
    for parametre in (
        Parametre(
            nom="type",
            type="texte",
            aide="Ce que la figure montre",
            exemple="offre",
            valeurs=tuple(TYPES),
        ),
        Parametre(
            nom="emprise",
            type="texte",
            aide="Territoire montré : region, ou type:code",
            exemple="ze2020:3215",
        ),
        Parametre(
            nom="formation",
            type="texte",
            aide="Formation dont une figure « flux » montre la série, au lieu d'un territoire",
            exemple="bts-2024:1",
        ),
        Parametre(
            nom="volet",
            type="texte",
            aide="Entrée d'une figure « essentiel »",
            exemple="territoire",
            valeurs=tuple(ENTREES),
        ),
        Parametre(
            nom="format",
            type="texte",
            aide="Format du fichier",
            exemple="png",
            valeurs=tuple(FORMATS),
        ),
        Parametre(
            nom="largeur_mm",
            type="nombre",
            aide="Largeur imprimée, en millimètres",
            exemple="170",
            minimum=60,
            maximum=400,
        ),
        Parametre(
            nom="dpi",
            type="nombre",
            aide="Points par pouce d'une image PNG",
            exemple="300",
            minimum=50,
            maximum=600,
        ),
    )
}
"""Every parameter of a figure beside those of its question."""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure asked: what, of which question, where (`region` or `type:code`), in which form.

    A figure `est_jointe` to a sheet leaves its notes and its sources to the sheet, and says so.
    """

    type: str
    question: Question
    emprise: str = REGION
    format: str = "png"
    largeur_mm: float = 170
    dpi: int = 300
    est_jointe: bool = False
    formation: str = ""
    recherche: Recherche | None = None
    volet: str = "territoire"


def parse_figure(parametres: Mapping, world) -> Figure:
    """Return the figure that `parametres` ask.

    Parameters
    ----------
    parametres : Mapping
        Name → value or values: those of `PARAMETRES`, and every parameter of a
        question of coverage (`coverage.model.PARAMETRES`, filters of the offer); those of siting
        (`planning.asked.PARAMETRES`) for a figure « ouvertures ».
    world : World
        Its snapshot says which values and which territories exist.

    Raises
    ------
    ParameterError
        When a name or a value is not accepted; the message gives the bounds, or the nearest ones.
    """
    values = read_values(parametres)
    own = {nom: _one(nom, values[nom]) for nom in PARAMETRES if nom in values}
    is_siting = own.get("type") == OUVERTURES
    siting = tuple(PLAN) if is_siting else ()
    refuse_unknown(values, [*PARAMETRES, *QUESTION, *FILTRES_OFFRE, *siting])
    if "type" not in own:
        raise ParameterError(
            f"type : dites ce que la figure montre. Valeurs acceptées : {', '.join(TYPES)}."
        )
    for nom in ("type", "format", "volet"):
        if nom in own and own[nom] not in PARAMETRES[nom].valeurs:
            refuse_value(nom, own[nom], PARAMETRES[nom].valeurs)
    rest = {nom: value for nom, value in values.items() if nom not in PARAMETRES}
    recherche = parse_sites(rest, world) if is_siting else None
    question = recherche.question if recherche else parse_question(rest, world)
    seen = recherche.zone.cle if recherche and recherche.zone else REGION
    _check_zoning(own["type"], question.zonage, world)
    if own.get("formation") and own["type"] != "flux":
        raise ParameterError(
            f"formation : seule une figure « flux » montre une formation, pas « {own['type']} »."
        )
    largeur_mm = _number("largeur_mm", own.get("largeur_mm", "170"))
    dpi = round(_number("dpi", own.get("dpi", "300")))
    _check_size(own.get("format", "png"), largeur_mm, dpi)
    return Figure(
        type=own["type"],
        question=question,
        emprise=parse_emprise(own.get("emprise", seen), world),
        format=own.get("format", "png"),
        largeur_mm=largeur_mm,
        dpi=dpi,
        formation=own.get("formation", ""),
        recherche=recherche,
        volet=own.get("volet", "territoire"),
    )


def _check_zoning(type_: str, zonage: str, world) -> None:
    """Refuse a zoning that a type of figure cannot draw."""
    if zonage == CARREAU and type_ in ("densite", "zones"):
        raise ParameterError(
            f"zonage = carreau : une figure « {type_} » ne se fait pas par carreau. "
            "Choisissez commune, epci ou ze2020."
        )
    if type_ == "zones" and not is_drawn(world, zonage):
        raise ParameterError(
            f"zonage = {zonage} : aucune source ne donne le contour de ces zones, une "
            "figure « zones » serait vide. Choisissez un autre zonage, par exemple epci."
        )


def format_of(out: Path) -> str:
    """Return the format that the extension of a file names, "" when it names none.

    Raises
    ------
    ParameterError
        When the extension is none of `FORMATS`.
    """
    extension = Path(out).suffix.lower().removeprefix(".")
    if extension and extension not in FORMATS:
        raise ParameterError(
            f"« {Path(out).name} » : extension inconnue. "
            f"Extensions admises : {', '.join('.' + one for one in FORMATS)}."
        )
    return extension


def _one(nom: str, found: list[str]) -> str:
    """Return the only value of a parameter."""
    if len(found) > 1:
        raise ParameterError(
            f"{nom} : une seule valeur est attendue, {len(found)} ont été données."
        )
    return found[0]


def _number(nom: str, texte: str) -> float:
    """Return one parameter as a number within the bounds of its row."""
    row = PARAMETRES[nom]
    low = -math.inf if row.minimum is None else row.minimum
    high = math.inf if row.maximum is None else row.maximum
    try:
        number = float(texte.replace(",", "."))
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise ParameterError(
            f"{nom} = « {texte[:40]} » : un nombre de {low:g} à {high:g} est attendu."
        )
    return number


def _check_size(format: str, largeur_mm: float, dpi: int) -> None:
    """Refuse a picture too large to be drawn."""
    if format == "png" and largeur_mm / 25.4 * dpi > PIXELS_MAX:
        most = int(PIXELS_MAX * 25.4 / largeur_mm)
        raise ParameterError(
            f"dpi = {dpi} : l'image aurait plus de {PIXELS_MAX} pixels de large. "
            f"À {largeur_mm:g} mm, demandez {most} au plus, ou le format pdf."
        )
