"""What a figure shows, before anything is drawn: fills, marks, names, legend, sentences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from geoapp.coverage.model import to_parameters
from geoapp.coverage.world import World
from geoapp.outputs.figures.coverage import make_coverage
from geoapp.outputs.figures.density import make_density
from geoapp.outputs.figures.elements import ContenuFigure
from geoapp.outputs.figures.essential import make_essential
from geoapp.outputs.figures.extent import Emprise, resolve_emprise
from geoapp.outputs.figures.flux import make_flux, make_training_flux
from geoapp.outputs.figures.model import Figure
from geoapp.outputs.figures.offer import make_offer
from geoapp.outputs.figures.siting import make_siting
from geoapp.outputs.figures.zonings import make_zoning
from geoapp.planning.asked import Recherche
from geoapp.planning.asked import to_parameters as site_parameters

_GARDES = 8
"""Contents kept by world: title, alternative text and picture of one figure are asked in turn."""

FAISEURS: dict[str, Callable[[World, Figure, Emprise], ContenuFigure]] = {
    "offre": lambda world, figure, emprise: make_offer(world, figure.question, emprise),
    "densite": lambda world, figure, emprise: make_density(world, figure.question, emprise),
    "couverture": lambda world, figure, emprise: make_coverage(world, figure.question, emprise),
    "zones": lambda world, figure, emprise: make_zoning(world, figure.question, emprise),
    "flux": lambda world, figure, emprise: _make_flux(world, figure, emprise),
    "ouvertures": lambda world, figure, emprise: _make_siting(world, figure, emprise),
    "essentiel": make_essential,
}
"""What makes the content of each type of figure."""


def _make_flux(world: World, figure: Figure, emprise: Emprise) -> ContenuFigure:
    if figure.formation:
        return make_training_flux(world, figure.formation, emprise)
    return make_flux(world, figure.question, emprise)


def _make_siting(world: World, figure: Figure, emprise: Emprise) -> ContenuFigure:
    asked = figure.recherche or Recherche(question=figure.question)
    return make_siting(world, asked, emprise)


def make_content(world: World, figure: Figure) -> ContenuFigure:
    """Return what a figure shows; the last ones are kept."""
    asked = tuple(to_parameters(figure.question))
    siting = tuple(site_parameters(figure.recherche)) if figure.recherche else ()
    also = (figure.formation, figure.volet, siting)
    key = (figure.type, figure.emprise, also, asked, date.today())

    def make() -> ContenuFigure:
        return FAISEURS[figure.type](world, figure, resolve_emprise(world, figure.emprise))

    return world.last_ones("figures", _GARDES).get(key, make)


def figure_title(world: World, figure: Figure) -> str:
    """Return the title of a figure: what, of which question, where."""
    contenu = make_content(world, figure)
    return f"{contenu.titre} – {contenu.emprise.nom}"


def describe_figure(world: World, figure: Figure) -> str:
    """Return the alternative text of a figure: its main numbers, in two to four sentences."""
    return " ".join(make_content(world, figure).phrases)
