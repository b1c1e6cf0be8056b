"""The one font of figures, DejaVu Sans as matplotlib ships it, and the size of texts set in it."""

from __future__ import annotations

from functools import cache, lru_cache
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
_MESURE_PT = 100
"""Size in which texts are measured, in points."""
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
    """Return the width in mm of one line of text set in `taille` points."""
    return _width_per_point(texte, style) * taille * MM_PAR_POINT


@lru_cache(maxsize=20_000)
def _width_per_point(texte: str, style: str) -> float:
    """Return the width of a text set in one point: nothing is hinted, widths follow the size."""
    from matplotlib.font_manager import get_font
    from matplotlib.ft2font import LoadFlags

    face = get_font(str(font_folder() / FICHIERS[style]))
    face.set_size(_MESURE_PT, 72)
    face.set_text(texte, 0.0, flags=LoadFlags.NO_HINTING, features=TRAITS)
    # FreeType counts in 64ths of a pixel, here a point.
    return face.get_width_height()[0] / 64 / _MESURE_PT


def wrap(texte: str, taille: float, largeur_mm: float, style: str = "normal") -> list[str]:
    """Return the lines of a text no wider than `largeur_mm`.

    Only ordinary spaces part lines, and a longer word stands alone.
    """
    words, lines = texte.split(" "), []

    def holds(nb: int) -> bool:
        return width_mm(" ".join(words[:nb]), taille, style) <= largeur_mm

    while words:
        # Words are met again and again: their widths tell about where a line ends, then it is seen.
        nb = _about(words, taille, largeur_mm, style)
        while nb > 1 and not holds(nb):
            nb -= 1
        while nb < len(words) and holds(nb + 1):
            nb += 1
        lines.append(" ".join(words[:nb]))
        words = words[nb:]
    return lines


def _about(words: list[str], taille: float, largeur_mm: float, style: str) -> int:
    """Return about how many words a line holds, one at least."""
    space = width_mm("a a", taille, style) - 2 * width_mm("a", taille, style)
    left = largeur_mm
    for nb, word in enumerate(words):
        left -= width_mm(word, taille, style) + space
        if left < -space:
            return max(nb, 1)
    return len(words)


def line_mm(taille: float) -> float:
    """Return the height in mm of one line set in `taille` points."""
    return taille * INTERLIGNE * MM_PAR_POINT
