"""Static maps for reports: the only room that knows matplotlib, which is loaded when a map is drawn.

`model` reads what is asked, `emprise` where, `contenu` (with `offre`,
`densite`, `couverture`, `zonage`) what is shown, `textes` the words;
`dessin`, `carte`, `legende` and `etiquettes` draw it, `fichiers` makes the bytes.
"""

from geoapp.figures.contenu import describe_figure, figure_title
from geoapp.figures.fichiers import render_figure, write_figure
from geoapp.figures.model import Figure, parse_figure

__all__ = ["Figure", "describe_figure", "figure_title", "parse_figure", "render_figure", "write_figure"]
