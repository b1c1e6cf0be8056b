"""What the map of a frame costs to draw, by tiles, by the points of a view, and by GeoJSON.

    python -m benchmarks.tiles DATA… [--repeat 5]

DATA are data folders that it may write in (`benchmarks.search_world` makes some): the tiles are
made and put in the snapshot, timed.  A headless Chromium then opens the frame of every training,
nothing kept by the browser: milliseconds from navigation to points drawn, bytes of the bodies and
requests, all of the page counted.  Beside: the same frame without tiles, and a page that gives the
same places as GeoJSON to leaflet.markercluster, base map left out.  « kept » is a frame asked
before, as a site that shows one gets it; « new » one whose address was never asked.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median

import pyogrio
from playwright.sync_api import sync_playwright
from waitress import create_server

from geoapp.core import publishing
from geoapp.core.config import ROOT
from geoapp.core.snapshot import MANIFEST, TUILES, open_snapshot
from geoapp.ingest.step_tiles import tiles_file
from geoapp.offer.search import tiled, tiles
from geoapp.web import create_app

CHROMIUM = "/usr/bin/chromium"
LARGEUR, HAUTEUR = 1280, 560
ATTENTE_MS = 300_000
DESSINEE = "[data-nb-visibles]"
NOTE = f"""
new MutationObserver(() => {{
  if (!window.dessine && document.querySelector("{DESSINEE}")) window.dessine = performance.now();
}}).observe(document, {{subtree: true, attributes: true, childList: true}});
"""
RIVALE = """<!DOCTYPE html><html lang="fr"><title>GeoJSON</title>
<link rel="stylesheet" href="/leaflet/leaflet.css">
<link rel="stylesheet" href="/leaflet.markercluster/MarkerCluster.css">
<div id="c" style="height:560px"></div>
<script src="/leaflet/leaflet.js"></script>
<script src="/leaflet.markercluster/leaflet.markercluster.js"></script>
<script>
const c = L.map("c", {maxZoom: 18}).setView([49.97, 2.8], 8);
fetch("/lieux.geojson").then(r => r.json()).then(d => {
  const g = L.markerClusterGroup();
  g.addLayer(L.geoJSON(d, {onEachFeature: (f, m) => m.bindPopup(f.properties.nom || "")}));
  c.addLayer(g);
  document.getElementById("c").dataset.nbVisibles = d.features.length;
});
</script>"""


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, nargs="+")
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    print(
        "| offers | places | tiles | file kB | heaviest tile kB | made s | GDAL, a zoom a write s |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|")
    for data in asked.data:
        print(make(data), flush=True)
    print("\n| offers | way | page | drawn ms (median / worst) | kB | of points kB | requests |")
    print("|---:|---|---|---:|---:|---:|---:|")
    for data in asked.data:
        for line in draw(data, asked.repeat):
            print(line, flush=True)


def make(data: Path) -> str:
    """Make the tiles of a data folder, put them in its snapshot, and return the row."""
    snapshot = open_snapshot(data)
    offres, start = snapshot.read("offres"), time.process_time()
    tuilage = tiles.offer_tiles({"offres": offres})
    content = tiles_file(tuilage, snapshot.read("sources"))
    made = time.process_time() - start
    path = snapshot.path / TUILES
    path.write_bytes(content)
    _seal(snapshot.path)
    heaviest = max(len(one.contenu) for one in tuilage.tuiles) / 1000
    return (
        f"| {len(offres):,} | {tuilage.totaux['nb'][1]:,} | {len(tuilage.tuiles):,} | "
        f"{len(content) / 1000:,.0f} | {heaviest:.1f} | {made:.1f} | {with_gdal(path):.1f} |"
    )


def _seal(folder: Path) -> None:
    """Write the manifest of a snapshot again, since it holds one file more."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    kept = {nom: one for nom, one in manifest.items() if nom not in ("fichiers", "empreinte")}
    publishing._write_manifest(folder, kept)


def with_gdal(path: Path) -> float:
    """Return the processor time of GDAL for the same points, one MBTiles by zoom."""
    spent = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for zoom in range(int(pyogrio.read_info(path)["dataset_metadata"]["ZOOM_LEVEL"]) + 1):
            points = pyogrio.read_dataframe(path, layer=tiles.COUCHE, ZOOM_LEVEL=zoom)
            start = time.process_time()
            pyogrio.write_dataframe(
                points,
                Path(folder) / f"{zoom}.mbtiles",
                driver="MBTiles",
                MINZOOM=zoom,
                MAXZOOM=zoom,
                BUFFER=0,
            )
            spent += time.process_time() - start
    return spent


def draw(data: Path, repeat: int) -> Iterator[str]:
    """Yield the rows of a data folder: each way, the page kept and new."""
    snapshot = open_snapshot(data)
    seuil = tiled.SEUIL_LIEUX
    nb = len(snapshot.read("offres"))
    server = create_server(create_app(data), host="127.0.0.1", port=0, threads=8)
    threading.Thread(target=server.run, daemon=True).start()
    rival = rival_server(snapshot)
    frame = f"http://127.0.0.1:{server.effective_port}/integrer/recherche?taille="
    points = (
        "/api/v1/points",
        TUILES,
        "pmtiles",
        "pbf",
        "mapbox",
        "tiles.js",
        "cluster",
        "geojson",
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        size = iter(range(1, 100))
        for way, least in (("tiles", 1), ("points of the view", 10**9)):
            tiled.SEUIL_LIEUX = least
            kept = f"{frame}{next(size)}"
            visit(browser, kept)
            yield row(nb, way, "kept", [visit(browser, kept) for _ in range(repeat)], points)
            fresh = [visit(browser, f"{frame}{next(size)}") for _ in range(repeat)]
            yield row(nb, way, "new", fresh, points)
        tiled.SEUIL_LIEUX = seuil
        visit(browser, rival)
        yield row(nb, "GeoJSON", "a file", [visit(browser, rival) for _ in range(repeat)], points)
        browser.close()


def visit(browser, address: str) -> tuple[float, dict[str, int]]:
    """Return a cold visit: milliseconds to points drawn, bytes of each request."""
    context = browser.new_context(viewport={"width": LARGEUR, "height": HAUTEUR})
    context.add_init_script(NOTE)
    tab, answers = context.new_page(), []
    tab.on("requestfinished", lambda one: answers.append(one))
    tab.goto(address, wait_until="commit", timeout=ATTENTE_MS)
    tab.wait_for_selector(DESSINEE, state="attached", timeout=ATTENTE_MS)
    drawn = tab.evaluate("window.dessine")
    tab.wait_for_load_state("networkidle")
    sizes = {f"{n} {one.url}": one.sizes()["responseBodySize"] for n, one in enumerate(answers)}
    context.close()
    return drawn, sizes


def row(nb: int, way: str, page: str, runs: list, points: tuple[str, ...]) -> str:
    """Return one row: the medians of some visits."""
    drawn = [ms for ms, _ in runs]
    sizes = runs[-1][1]
    light = [
        size
        for url, size in sizes.items()
        if any(part in url for part in points) and "fond." not in url
    ]
    return (
        f"| {nb:,} | {way} | {page} | {median(drawn):,.0f} / {max(drawn):,.0f} | "
        f"{sum(sizes.values()) / 1000:,.0f} | {sum(light) / 1000:,.1f} | {len(sizes)} |"
    )


def rival_server(snapshot) -> str:
    """Serve a page that gives every place to leaflet.markercluster; return its address."""
    places = pyogrio.read_dataframe(snapshot.path / TUILES, layer=tiles.COUCHE).to_crs(4326)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(p.x, 6), round(p.y, 6)]},
            "properties": {"nom": nom if isinstance(nom, str) else "", "nb": nb},
        }
        for p, nom, nb in zip(places.geometry, places["nom"], places["nb"], strict=True)
    ]
    content = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    held = {"/": RIVALE.encode(), "/lieux.geojson": content.encode()}

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            body = held.get(self.path)
            if body is None:
                path = ROOT / "static" / "vendor" / self.path.lstrip("/")
                body = path.read_bytes() if path.is_file() else b""
            kinds = {".js": "text/javascript", ".css": "text/css", ".geojson": "application/json"}
            packed = gzip.compress(body)
            self.send_response(200)
            self.send_header("Content-Type", kinds.get(Path(self.path).suffix, "text/html"))
            self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(packed)))
            self.end_headers()
            self.wfile.write(packed)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


if __name__ == "__main__":
    main()
