"""The one font of figures, DejaVu Sans as matplotlib ships it, and the size of texts set in it."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from geoapp.core.errors import GeoFormaError

FICHIERS = {
    "normal": "DejaVuSans.ttf",
    "gras": "DejaVuSans-Bold.ttf",
    "italique": "DejaVuSans-Oblique.ttf",
}
MM_PAR_POINT = 25.4 / 72
TRAITS = ("-liga",)
"""Features of the font: no « ff » or « fi » drawn as one, which a PDF/UA-1 has no number for."""
INTERLIGNE = 1.22
"""Height of a line, for a size of one."""


def font_folder() -> Path:
    """Return the folder of the fonts that matplotlib ships."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


def check_fonts() -> None:
    """Raise `GeoFormaError` when a font file is not there: another would change every figure."""
    missing = [nom for nom in FICHIERS.values() if not (font_folder() / nom).is_file()]
    if missing:
        raise GeoFormaError(
            f"Police absente : {', '.join(missing)}. Elle est livrée avec matplotlib : "
            "réinstallez-le (pip install --force-reinstall matplotlib)."
        )


@cache
def font(style: str = "normal"):
    """Return the font of one style (`FICHIERS`), by its file: none of the machine is searched."""
    from matplotlib.font_manager import FontProperties

    return FontProperties(fname=str(font_folder() / FICHIERS[style]))


LISIBLE_PT = 6.0
"""Least size of a text of a figure, in points, however narrow the figure."""


def readable(taille: float) -> float:
    """Return a size of text, not under the least one that is read."""
    return max(taille, LISIBLE_PT)


def width_mm(texte: str, taille: float, style: str = "normal") -> float:
    """Return the width in mm of one line of text set in `taille` points.

    The sum of its letters, each measured once: the pairs that the font draws closer, or rarely
    farther, change a line by less than three hundredths.
    """
    ems = sum(_advance_em(letter, style) for letter in texte)
    return ems * taille * MM_PAR_POINT


@cache
def _advance_em(letter: str, style: str) -> float:
    """Return how far one letter moves the next, for a size of one."""
    from matplotlib.font_manager import get_font
    from matplotlib.ft2font import LoadFlags

    face = get_font(str(font_folder() / FICHIERS[style]))
    return face.load_char(ord(letter), LoadFlags.NO_SCALE).horiAdvance / face.units_per_EM


def wrap(texte: str, taille: float, largeur_mm: float, style: str = "normal") -> list[str]:
    """Return the lines of a text no wider than `largeur_mm`.

    Only ordinary spaces part lines, and a longer word stands alone.
    """
    first, *words = texte.split(" ")
    lines = [first]
    for word in words:
        line = f"{lines[-1]} {word}"
        if width_mm(line, taille, style) <= largeur_mm:
            lines[-1] = line
        else:
            lines.append(word)
    return lines


def line_mm(taille: float) -> float:
    """Return the height in mm of one line set in `taille` points."""
    return taille * INTERLIGNE * MM_PAR_POINT
