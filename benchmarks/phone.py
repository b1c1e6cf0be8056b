"""What a phone pays for a search: a processor four times slower, slow 4G, 390 × 844.

    python -m benchmarks.phone --adresse http://127.0.0.1:8000 [--repeat 3]

Prints, for each page, the bytes received before the map is asked, the first content, the shift of
the layout and where the first card stands.  Slow 4G is that of Lighthouse: 1.6 Mb/s, 150 ms.
"""

from __future__ import annotations

import argparse
from statistics import median

PAGES = ("/", "/recherche", "/recherche?lieu=Lens&texte=cuisine", "/recherche?lieu=Lille")
DEBIT = 1_600_000 / 8
LATENCE_MS = 150
PROCESSEUR = 4

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


def measure(browser, address: str) -> dict[str, float]:
    """Return the bytes, first content (ms), shift and place of the first card of one cold visit."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True
    )
    page, sizes = context.new_page(), []
    page.add_init_script(OBSERVE)
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
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(address, wait_until="load", timeout=120_000)
    page.wait_for_timeout(2_000)
    found = page.evaluate(LIRE)
    context.close()
    return {"octets": sum(sizes), **found}


def main() -> None:
    """Measure a server and print."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--adresse", default="http://127.0.0.1:8000")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    with sync_playwright() as api:
        browser = api.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
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
