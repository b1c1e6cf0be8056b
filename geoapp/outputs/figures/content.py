"""What a figure shows, before anything is drawn: fills, marks, names, legend, sentences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from geoapp.coverage.model import Question, to_parameters
from geoapp.coverage.world import World
from geoapp.outputs.figures.coverage import make_coverage
from geoapp.outputs.figures.density import make_density
from geoapp.outputs.figures.elements import ContenuFigure
from geoapp.outputs.figures.extent import Emprise, resolve_emprise
from geoapp.outputs.figures.flux import make_flux, make_training_flux
from geoapp.outputs.figures.model import Figure
from geoapp.outputs.figures.offer import make_offer
from geoapp.outputs.figures.zonings import make_zoning

_GARDES = 8
"""Contents kept by world: title, alternative text and picture of one figure are asked in turn."""

FAISEURS: dict[str, Callable[[World, Question, Emprise], ContenuFigure]] = {
    "offre": make_offer,
    "densite": make_density,
    "couverture": make_coverage,
    "zones": make_zoning,
    "flux": make_flux,
}
"""What makes the content of each type of figure."""


def make_content(world: World, figure: Figure) -> ContenuFigure:
    """Return what a figure shows; the last ones are kept."""
    asked = tuple(to_parameters(figure.question))
    key = (figure.type, figure.emprise, figure.formation, asked, date.today())

    def make() -> ContenuFigure:
        emprise = resolve_emprise(world, figure.emprise)
        if figure.formation:
            return make_training_flux(world, figure.formation, emprise)
        return FAISEURS[figure.type](world, figure.question, emprise)

    return world.last_ones("figures", _GARDES).get(key, make)


def figure_title(world: World, figure: Figure) -> str:
    """Return the title of a figure: what, of which question, where."""
    contenu = make_content(world, figure)
    return f"{contenu.titre} – {contenu.emprise.nom}"


def describe_figure(world: World, figure: Figure) -> str:
    """Return the alternative text of a figure: its main numbers, in two to four sentences."""
    return " ".join(make_content(world, figure).phrases)
