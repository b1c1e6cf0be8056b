"""Static maps for reports: the only room that knows matplotlib, which is loaded when a map is drawn.

`model` reads what is asked, `emprise` where, `contenu` (with `offre`,
`densite`, `couverture`, `zonage`) what is shown, `textes` the words;
`dessin`, `carte`, `legende` and `etiquettes` draw it, `fichiers` makes the bytes.
"""

from geoapp.outputs.figures.content import describe_figure, figure_title
from geoapp.outputs.figures.files import render_figure, write_figure
from geoapp.outputs.figures.model import Figure, parse_figure

__all__ = [
    "Figure",
    "describe_figure",
    "figure_title",
    "parse_figure",
    "render_figure",
    "write_figure",
]
