"""Static maps for reports: the only room that knows matplotlib, loaded when a map is drawn.

`model` reads what is asked, `extent` where, `content` (with `offer`, `density`, `coverage`,
`zonings`) what is shown, `texts` the words; `page`, `map`, `legend` and `labels` place it,
`drawing` draws it, `files` makes the bytes.
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
