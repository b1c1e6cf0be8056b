"""The bytes of a figure (PNG, SVG, PDF), with its alternative text, whatever day and machine."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from geoapp.core.errors import ParameterError
from geoapp.core.files import writing
from geoapp.core.french import set_print
from geoapp.coverage.world import World
from geoapp.outputs.figures.content import describe_figure, figure_title, make_content
from geoapp.outputs.figures.drawing import draw_page
from geoapp.outputs.figures.model import Figure, format_of
from geoapp.outputs.figures.page import compose_page
from geoapp.outputs.figures.tags import tag_pdf
from geoapp.outputs.figures.texts import FICTIVES, tell_sources

AUTEUR = "GéoForma"
TYPES_MIME = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}


def render_figure(world: World, figure: Figure) -> bytes:
    """Return the bytes of a figure: the same for the same snapshot and the same figure.

    Raises
    ------
    GeoFormaError
        When the font is not there.
    """
    contenu = make_content(world, figure)
    drawn = draw_page(
        world,
        contenu,
        compose_page(world, contenu, figure.largeur_mm, est_jointe=figure.est_jointe),
    )
    return ECRIRE[figure.format](drawn, _about(world, figure), figure.dpi)


def _about(world: World, figure: Figure) -> dict[str, str]:
    """Return what the file says of itself: title, alternative text, sources, licences, date."""
    contenu = make_content(world, figure)
    licences = sorted({str(one["licence"]) for one in contenu.sources if one["licence"]})
    fictive = f"{FICTIVES}. " if contenu.est_fictive else ""
    return {
        "titre": set_print(figure_title(world, figure)),
        "texte": set_print(fictive + describe_figure(world, figure)),
        "sources": set_print(tell_sources(contenu.sources)),
        "licences": " ; ".join(licences),
        "date": world.snapshot.manifest["cree_le"],
        "instantane": world.snapshot.id,
    }


def write_png(drawn, about: dict[str, str], dpi: int) -> bytes:
    """Return a PNG; its texts hold title, description, sources, licences and date."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    canvas = FigureCanvasAgg(drawn)
    drawn.set_dpi(dpi)
    canvas.draw()
    # Nothing shows through a page: three bytes a point are a third faster to write than four.
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
    stream, told = io.BytesIO(), PngInfo()
    texts = {
        "Title": about["titre"],
        "Description": about["texte"],
        "Author": AUTEUR,
        "Software": AUTEUR,
        "Source": about["sources"],
        "Copyright": about["licences"],
        "Creation Time": about["date"],
    }
    for nom, texte in texts.items():
        told.add_text(nom, texte)
    # Of flat shades a quick compression is the smaller one too.
    picture.save(stream, format="png", pnginfo=told, dpi=(dpi, dpi), compress_level=3)
    return stream.getvalue()


def write_svg(drawn, about: dict[str, str], dpi: int) -> bytes:
    """Return an SVG whose `<title>` and `<desc>` a screen reader says in French."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    FigureCanvasSVG(drawn)
    stream = io.StringIO()
    told = {
        "Title": about["titre"],
        "Description": about["texte"],
        "Creator": AUTEUR,
        "Source": about["sources"],
        "Rights": about["licences"],
        "Date": about["date"],
        "Language": "fr",
    }
    drawn.savefig(stream, format="svg", metadata=told)
    text = stream.getvalue().replace(
        "<svg ", '<svg role="img" lang="fr" aria-labelledby="titre description" ', 1
    )
    # matplotlib's title has no identifier and no description beside it.
    head, _, rest = text.partition("<title>")
    _, _, rest = rest.partition("</title>")
    title = f'<title id="titre">{escape(about["titre"])}</title>'
    description = f'<desc id="description">{escape(about["texte"])}</desc>'
    return f"{head}{title}\n {description}{rest}".encode()


def write_pdf(drawn, about: dict[str, str], dpi: int) -> bytes:
    """Return a PDF tagged with its language and its alternative text, once matplotlib wrote it."""
    from matplotlib.backends.backend_pdf import FigureCanvasPdf

    FigureCanvasPdf(drawn)
    stream = io.BytesIO()
    # Dates of the snapshot, not of the day: same snapshot, same bytes.
    day = datetime.fromisoformat(about["date"].replace("Z", "+00:00")).astimezone(UTC)
    drawn.savefig(
        stream,
        format="pdf",
        metadata={
            "Title": about["titre"],
            "Author": AUTEUR,
            "Subject": about["texte"],
            "Keywords": about["sources"],
            "Creator": AUTEUR,
            "Producer": AUTEUR,
            "CreationDate": day,
            "ModDate": day,
        },
    )
    return tag_pdf(stream.getvalue(), about, auteur=AUTEUR)


ECRIRE: dict[str, Callable[..., bytes]] = {"png": write_png, "svg": write_svg, "pdf": write_pdf}
"""How each format of `model.FORMATS` is written."""


def write_figure(world: World, figure: Figure, out: Path) -> int:
    """Write a figure to `out`, whole or not at all; return its number of bytes.

    Raises
    ------
    ParameterError
        When the extension of `out` is not that of the format.
    StorageError
        When the file cannot be written; nothing half-written is left.
    """
    out = Path(out)
    if format_of(out) not in ("", figure.format):
        raise ParameterError(
            f"« {out.name} » : l'extension et le format ({figure.format}) se contredisent."
        )
    content = render_figure(world, figure)
    with writing(out) as aside:
        aside.write_bytes(content)
    return len(content)
