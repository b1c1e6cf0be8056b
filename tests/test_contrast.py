"""What is drawn over coloured zones is seen on all of them: ratios worked out from the style
sheets, in the light theme and in the dark one.
"""

import re
from pathlib import Path

import pytest

CSS = Path(__file__).resolve().parents[1] / "static" / "css"
CLASSES = ["choro-0", "choro-1", "choro-2", "choro-3", "choro-4"]
GROUNDS = [*CLASSES, "motif-gris", "non-collectee", "terre", "eau"]
"""What zones are filled with, and what lies around them."""

OPACITY = 0.92
"""Of the fill of a zone, over the land (`.choro`)."""


def tokens(theme: str) -> dict[str, tuple[float, ...]]:
    """Return the colours of a theme by name; the dark one changes some of those of the light."""
    found = {}
    for sheet in ("base.css", "coverage.css"):
        light, _, dark = (CSS / sheet).read_text(encoding="utf-8").partition("prefers-color-scheme")
        for part in (light, dark.partition("\n}\n")[0]) if theme == "dark" else (light,):
            found |= {
                name: tuple(int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))
                for name, code in re.findall(r"--([\w-]+): #([0-9a-f]{6})\b", part)
            }
    return found


def luminance(colour) -> float:
    """Return the relative luminance of WCAG 2."""
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour]
    return sum(k * v for k, v in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def ratio(one, other) -> float:
    """Return the contrast of WCAG 2 between two colours."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def over(colour, ground, opacity: float):
    """Return a colour seen through."""
    return tuple(opacity * c + (1 - opacity) * g for c, g in zip(colour, ground, strict=True))


def grounds(theme: str) -> dict[str, tuple[float, ...]]:
    """Return what a line may lie on."""
    known = tokens(theme)
    return {
        name: over(known[name], known["terre"], OPACITY) if name in CLASSES else known[name]
        for name in GROUNDS
    }


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("inner", "outer"), [("cerne-sombre", "cerne-clair"), ("motif", "motif-bord")]
)
def test_a_line_of_two_tones_is_seen_on_every_fill(theme, inner, outer):
    known = tokens(theme)
    assert ratio(known[inner], known[outer]) >= 3
    for name, ground in grounds(theme).items():
        seen = max(ratio(known[inner], ground), ratio(known[outer], ground))
        assert seen >= 3, f"{inner} on {name}: {seen:.2f}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_hatch_of_what_is_not_collected_is_seen_on_its_ground(theme):
    known = tokens(theme)
    assert ratio(known["non-collectee-trait"], known["non-collectee"]) >= 3
    assert ratio(known["motif-gris-trait"], known["motif-gris"]) >= 3


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_controls_are_seen_on_their_grounds(theme):
    known = tokens(theme)
    for ground in ("papier", "surface"):
        assert min(ratio(known[c], known[ground]) for c in ("texte", "discret", "lien")) >= 4.5
        assert min(ratio(known[c], known[ground]) for c in ("bord-fort", "focus", "accent")) >= 3


def test_the_sheets_use_both_tones():
    style = (CSS / "map.css").read_text(encoding="utf-8")
    assert ".cerne-clair { stroke: var(--cerne-clair)" in style
    assert ".cerne-sombre { stroke: var(--cerne-sombre)" in style
    assert f"fill-opacity: {OPACITY:g}".replace("0.", ".") in (CSS / "coverage.css").read_text(
        encoding="utf-8"
    )
