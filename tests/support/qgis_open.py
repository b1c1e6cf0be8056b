"""Open a GeoPackage in QGIS as a person does, and say what is seen: run by the Python of QGIS.

`python3 qgis_open.py FILE.gpkg FOLDER` opens each layer with its default style, draws it as
`FOLDER/<rank>.png`, and prints a JSON: for each layer its name, renderer, classes, titles and types
of columns, reference system, extent, number of features, whether names are drawn, colours seen.
"""

from __future__ import annotations

import json
import os
import sys

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import (
    QgsApplication,
    QgsMapRendererParallelJob,
    QgsMapSettings,
    QgsProject,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

TABLES = ("lisez_moi", "dictionnaire", "layer_styles")
"""Tables beside the layers."""

LARGEUR, HAUTEUR = 900, 700


def classes_of(layer) -> list[str]:
    """Return the words of the legend of a layer."""
    renderer = layer.renderer()
    return [one.label() for one in renderer.legendSymbolItems()] if renderer else []


def draw(layer, path: str) -> int:
    """Draw a layer over white; return how many colours are seen."""
    settings = QgsMapSettings()
    settings.setLayers([layer])
    settings.setBackgroundColor(QColor("white"))
    settings.setOutputSize(QSize(LARGEUR, HAUTEUR))
    settings.setDestinationCrs(layer.crs())
    extent = layer.extent()
    extent.scale(1.05)
    settings.setExtent(extent)
    job = QgsMapRendererParallelJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    image.save(path)
    seen = {image.pixel(x, y) for x in range(0, LARGEUR, 3) for y in range(0, HAUTEUR, 3)}
    return len(seen)


def describe(layer, path: str) -> dict:
    """Return what QGIS shows of a layer."""
    fields = layer.fields()
    extent = layer.extent()
    drawn = layer.isSpatial() and layer.featureCount() > 0
    return {
        "nom": layer.name(),
        "est_lue": layer.isValid(),
        "geometrie": layer.geometryType().__str__() if layer.isSpatial() else "",
        "nb": layer.featureCount(),
        "crs": layer.crs().authid(),
        "emprise": [extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum()],
        "rendu": layer.renderer().type() if layer.renderer() else "",
        "classes": classes_of(layer),
        "titres": {one.name(): layer.attributeAlias(i) for i, one in enumerate(fields)},
        "types": {one.name(): one.typeName() for one in fields},
        "est_nommee": layer.labelsEnabled(),
        "couleurs": draw(layer, path) if drawn else 0,
    }


def main(source: str, folder: str) -> None:
    """Open every layer of a GeoPackage."""
    app = QgsApplication([], False)
    app.initQgis()
    container = QgsVectorLayer(source, "tout", "ogr")
    names = [one.split("!!::!!")[1] for one in container.dataProvider().subLayers()]
    seen = []
    for rank, name in enumerate(one for one in names if one not in TABLES):
        layer = QgsVectorLayer(f"{source}|layername={name}", name, "ogr")
        QgsProject.instance().addMapLayer(layer, False)
        seen.append(describe(layer, os.path.join(folder, f"{rank}.png")))
    print(json.dumps(seen, ensure_ascii=False), flush=True)
    # Some versions of QGIS crash while Python takes their objects apart: what is said is said.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:3])
