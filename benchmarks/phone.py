"""What a phone pays for a search: a processor four times slower, slow 4G, 390 × 844.

    python -m benchmarks.phone --adresse http://127.0.0.1:8000 [--repeat 3] [--film FILE.png]

Prints, for each page, the bytes received before the map is asked, the first content, the shift of
the layout and where the first card stands.  Slow 4G is that of Lighthouse: 1.6 Mb/s, 150 ms.
`--film` draws instead what the screen shows at each moment of two cold visits, a row for each.
"""

from __future__ import annotations

import argparse
import base64
import io
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw

PAGES = ("/", "/recherche", "/recherche?lieu=Lens&texte=cuisine", "/recherche?lieu=Lille")
DEBIT = 1_600_000 / 8
LATENCE_MS = 150
PROCESSEUR = 4

FILM = PAGES[2:]
INSTANTS = (0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Seconds after the address is asked at which the screen is shown."""

VIGNETTE = (156, 338)
MARGE, LEGENDE = 8, 20
"""Pixels around each picture of the film, and of the line above it."""

OBSERVE = """
window.mesure = {cls: 0};
new PerformanceObserver(list => list.getEntries().forEach(one => {
  if (!one.hadRecentInput) { window.mesure.cls += one.value; }
})).observe({type: "layout-shift", buffered: true});
"""

LIRE = """() => ({
  fcp: (performance.getEntriesByName("first-contentful-paint")[0] || {}).startTime,
  cls: window.mesure.cls,
  carte: (document.querySelector(".offre")?.getBoundingClientRect() || {}).top,
})"""


def open_phone(browser):
    """Return a page of a phone that nothing was asked of yet, and what speaks to its browser."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": LATENCE_MS,
            "downloadThroughput": DEBIT,
            "uploadThroughput": DEBIT / 2,
        },
    )
    session.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSEUR})
    return page, session


def measure(browser, address: str) -> dict[str, float]:
    """Return the bytes, first content (ms), shift and place of the first card of one cold visit."""
    page, session = open_phone(browser)
    sizes: list[int] = []
    page.add_init_script(OBSERVE)
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="load", timeout=120_000)
    page.wait_for_timeout(2_000)
    found = page.evaluate(LIRE)
    page.context.close()
    return {"octets": sum(sizes), **found}


def film(browser, address: str) -> list[Image.Image]:
    """Return what the screen shows at each of `INSTANTS` of one cold visit."""
    page, session = open_phone(browser)
    shown: list[tuple[float, bytes]] = []

    def keep(event: dict) -> None:
        """Keep one change of the screen, and ask for the next."""
        shown.append((event["metadata"]["timestamp"], base64.b64decode(event["data"])))
        session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    session.on("Page.screencastFrame", keep)
    # Our pages open in a process of their own: what was filmed of the blank one would end there.
    page.goto(address, wait_until="commit", timeout=120_000)
    session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
    start = page.evaluate("performance.timeOrigin") / 1000
    page.wait_for_timeout(1000 * (INSTANTS[-1] + 1))
    page.context.close()
    pictures = []
    for moment in INSTANTS:
        seen = [picture for at, picture in shown if start <= at <= start + moment]
        # Until something is drawn, the screen is white.
        blank = Image.new("RGB", VIGNETTE, "white")
        last = Image.open(io.BytesIO(seen[-1])).convert("RGB").resize(VIGNETTE) if seen else blank
        pictures.append(last)
    return pictures


def draw_strip(rows: list[list[Image.Image]]) -> Image.Image:
    """Return films one below the other, each picture under its moment."""
    width, height = VIGNETTE[0] + MARGE, VIGNETTE[1] + MARGE
    size = (width * len(INSTANTS) + MARGE, LEGENDE + height * len(rows) + MARGE)
    strip = Image.new("RGB", size, "#c8ccd2")
    pen = ImageDraw.Draw(strip)
    for column, moment in enumerate(INSTANTS):
        left = MARGE + column * width
        pen.text((left, 4), f"{moment:.1f} s".replace(".", ","), fill="black")
        for row, pictures in enumerate(rows):
            strip.paste(pictures[column], (left, LEGENDE + MARGE + row * height))
    return strip.quantize(48)


def main() -> None:
    """Measure a server and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--adresse", default="http://127.0.0.1:8000")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--film", type=Path, help="image PNG à écrire, au lieu des mesures")
    given = parser.parse_args()
    with sync_playwright() as api:
        browser = api.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        if given.film:
            rows = [film(browser, given.adresse + path) for path in FILM]
            draw_strip(rows).save(given.film, optimize=True)
            return
        print("page | octets | premier contenu, ms | CLS | première carte, px")
        for path in PAGES:
            runs = [measure(browser, given.adresse + path) for _ in range(given.repeat)]
            told = {nom: median(run[nom] or 0 for run in runs) for nom in runs[0]}
            print(
                f"{path} | {told['octets']:.0f} | {told['fcp']:.0f} | {told['cls']:.3f} | "
                f"{told['carte']:.0f}"
            )


if __name__ == "__main__":
    main()
