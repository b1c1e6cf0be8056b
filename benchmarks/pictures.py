"""Take again the pictures of the pages that the documentation shows, from a server of real files.

    python -m benchmarks.pictures --adresse http://127.0.0.1:5000 [--only NAME]

A picture is one row of `PICTURES`; `tests/test_docs.py` holds them and the pages to each other.
The film of a phone is that of `benchmarks.phone`.
"""

from __future__ import annotations

import argparse
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"

FILM = "telephone-film"
SETTLE_MS = 2500
SHADES = 256
"""Colours kept: a page has few, and its file is a third of the whole."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What a picture shows: an address, the size of the window, pixels of the page above it."""

    nom: str
    adresse: str
    taille: tuple[int, int]
    haut: int = 0


PICTURES = (
    Picture(
        nom="recherche-1280",
        adresse="/recherche?lieu=Béthune&texte=cuisine",
        taille=(1280, 900),
    ),
    Picture(
        nom="integrer-recherche",
        adresse="/integrer/recherche?lieu=commune:62498",
        taille=(1000, 700),
    ),
    Picture(
        nom="ou-ouvrir-1280",
        adresse="/ou-ouvrir?domaine=batiment&niveau=3",
        taille=(1280, 1120),
        haut=66,
    ),
    Picture(
        nom="bac-pro-1280",
        adresse="/ou-ouvrir?type_diplome=bac_pro&seuil_min=30",
        taille=(1280, 1080),
        haut=66,
    ),
    Picture(
        nom="et-si-1280",
        adresse="/et-si?domaine=transport&ferme=organisme:siren:305405045",
        taille=(1280, 1080),
    ),
    Picture(
        nom="ou-ouvrir-velo-1280",
        adresse="/ou-ouvrir?domaine=social&parmi=frr&mode=velo",
        taille=(1280, 1080),
        haut=66,
    ),
    Picture(
        nom="besoins-1280",
        adresse="/besoins?territoire=ze2020:Maubeuge&liste=fort_loin",
        taille=(1280, 1180),
        haut=140,
    ),
)


def take(browser, server: str, picture: Picture) -> bytes:
    """Return one picture, PNG."""
    width, height = picture.taille
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(server + picture.adresse, wait_until="load", timeout=120_000)
    page.evaluate(f"window.scrollTo(0, {picture.haut})")
    page.wait_for_timeout(SETTLE_MS)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    page.close()
    stream = io.BytesIO()
    shot.quantize(SHADES, Image.Quantize.MAXCOVERAGE, dither=0).save(
        stream, format="png", optimize=True
    )
    return stream.getvalue()


def main() -> None:
    """Take the pictures of a server."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--adresse", default="http://127.0.0.1:5000")
    parser.add_argument("--only", help="nom d'une image ; toutes sinon")
    given = parser.parse_args()
    with sync_playwright() as api:
        browser = api.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for one in PICTURES:
            if given.only in (None, one.nom):
                (IMAGES / f"{one.nom}.png").write_bytes(take(browser, given.adresse, one))


if __name__ == "__main__":
    main()
