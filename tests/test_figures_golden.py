"""Golden pictures of ten figures, compared as an eye would: reduced fourfold, so that a letter
moved by a pixel does not count.

Tolerance: the mean absolute difference of the reduced pictures is at most
`MOYENNE` of 255 levels, and at most `PART` of their pixels differ by more than
`ECART` levels.  The date under a real figure changes with each build: it weighs
under a fifth of that.  To draw them anew, after looking at them:
`GEOFORMA_GOLDEN=1 pytest tests/test_figures_golden.py`.
"""

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from geoapp.coverage.world import open_world
from geoapp.outputs.figures import parse_figure, render_figure
from support.world import add_series, make_tiny_frames, publish_world

FOLDER = Path(__file__).parent / "golden"
MOYENNE, ECART, PART = 1.5, 48, 0.004
REDUCTION = 4

TINY = {
    "mini-offre": {"type": "offre"},
    "mini-densite": {"type": "densite", "zonage": "commune", "offre": "places"},
    "mini-couverture": {
        "type": "couverture",
        "zonage": "commune",
        "seuil_km": "5",
        "domaine": "sante",
    },
    "mini-zones": {"type": "zones", "largeur_mm": "90"},
    "mini-flux": {"type": "flux", "largeur_mm": "90"},
}
REAL = {
    "offre-region": {"type": "offre"},
    "densite-somme": {
        "type": "densite",
        "zonage": "epci",
        "offre": "places",
        "emprise": "departement:80",
    },
    "couverture-beauvais": {
        "type": "couverture",
        "voie": "scolaire",
        "domaine": "hotellerie",
        "niveau": "3",
        "zonage": "commune",
        "emprise": "ze2020:0054",
    },
    "zones-epci": {"type": "zones", "zonage": "epci"},
    "flux-aisne": {"type": "flux", "emprise": "departement:02"},
}


def difference(a: Image.Image, b: Image.Image) -> tuple[float, float]:
    """Return how two pictures of one size differ once reduced: mean absolute level, and part of the
    pixels that differ by more than `ECART`.
    """
    small = [np.asarray(one.convert("RGB").reduce(REDUCTION), dtype=float) for one in (a, b)]
    gap = np.abs(small[0] - small[1]).max(axis=2)
    return float(gap.mean()), float((gap > ECART).mean())


def check(monde, nom: str, parametres: dict) -> None:
    """Compare one figure with its golden picture."""
    content = render_figure(monde, parse_figure({"dpi": "60", **parametres}, monde))
    path = FOLDER / f"{nom}.png"
    if os.environ.get("GEOFORMA_GOLDEN"):
        Image.open(io.BytesIO(content)).convert("RGB").quantize(128).save(path, optimize=True)
    made = Image.open(io.BytesIO(content))
    with Image.open(path) as kept:
        golden = kept.convert("RGB")
    assert made.width == golden.width and abs(made.height - golden.height) <= 2, (
        made.size,
        golden.size,
    )
    height = min(made.height, golden.height)
    mean, part = difference(
        made.crop((0, 0, made.width, height)), golden.crop((0, 0, made.width, height))
    )
    assert mean <= MOYENNE and part <= PART, f"{nom}: mean {mean:.2f}, part {part:.4f}"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return open_world(
        publish_world(add_series(make_tiny_frames()), tmp_path_factory.mktemp("golden"))
    )


@pytest.fixture(scope="module")
def real(real_world):
    return real_world


@pytest.mark.parametrize("nom", TINY)
def test_tiny_figures_look_as_they_did(tiny, nom):
    check(tiny, nom, TINY[nom])


@pytest.mark.real
@pytest.mark.parametrize("nom", REAL)
def test_real_figures_look_as_they_did(real, nom):
    check(real, nom, REAL[nom])


def test_the_tolerance_sees_one_commune_that_changes_its_colour(tiny):
    one = Image.open(FOLDER / "mini-couverture.png").convert("RGB")
    changed = one.copy()
    left, top = one.width // 4, one.height // 3
    changed.paste((111, 36, 12), (left, top, left + 40, top + 40))
    _, part = difference(one, changed)
    assert part > PART and difference(one, one) == (0.0, 0.0)
