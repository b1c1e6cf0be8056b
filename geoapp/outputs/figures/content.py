"""What a figure shows, before anything is drawn: fills, symbols, names, legend, sentences (no matplotlib here)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import date
from threading import Lock

from geoapp.coverage.model import to_parameters
from geoapp.coverage.world import Monde
from geoapp.outputs.figures.elements import Contenu
from geoapp.outputs.figures.extent import resolve_emprise
from geoapp.outputs.figures.model import Figure

_GARDES = 8
"""Contents kept by world: title, alternative text and picture of one figure are asked one after the other."""

_VERROU = Lock()


def make_content(monde: Monde, figure: Figure) -> Contenu:
    """Return what a figure shows; the last ones are kept, since drawing, title and description ask the same."""
    key = (figure.type, figure.emprise, tuple(to_parameters(figure.question)), date.today())
    with _VERROU:
        kept = monde.memoire.setdefault(("figures", "contenus"), OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
    made = _makers()[figure.type](monde, figure.question, resolve_emprise(monde, figure.emprise))
    with _VERROU:
        kept[key] = made
        while len(kept) > _GARDES:
            kept.popitem(last=False)
    return made


def _makers() -> dict[str, Callable[..., Contenu]]:
    """Return what makes each type of figure (rooms that read this one: imported late)."""
    from geoapp.outputs.figures.coverage import make_coverage
    from geoapp.outputs.figures.density import make_density
    from geoapp.outputs.figures.offer import make_offer
    from geoapp.outputs.figures.zonings import make_zoning

    return {
        "offre": make_offer,
        "densite": make_density,
        "couverture": make_coverage,
        "zones": make_zoning,
    }


def figure_title(monde: Monde, figure: Figure) -> str:
    """Return the title of a figure: what, of which question, where."""
    contenu = make_content(monde, figure)
    return f"{contenu.titre} – {contenu.emprise.nom}"


def describe_figure(monde: Monde, figure: Figure) -> str:
    """Return the alternative text of a figure: what it shows and its main numbers, in two to four sentences."""
    return " ".join(make_content(monde, figure).phrases)
