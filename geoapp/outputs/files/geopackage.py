"""GeoPackage: one layer by table, named in French, with its style for QGIS and its notice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from geoapp.core.config import CRS_GEO
from geoapp.outputs.files.model import CONTOUR, TYPES, Fichier, layers

NOTICE, DICTIONNAIRE, STYLES = "lisez_moi", "dictionnaire", "layer_styles"
"""Tables beside the layers; QGIS reads the last one by itself."""

_DATE = "2020-01-01T00:00:00Z"
"""Date of change of every layer, so that the same tables give the same bytes.

The true dates are in the notice.
"""


def write_gpkg(fichier: Fichier, path: Path) -> None:
    """Write one table as a GeoPackage (see `write_layers`)."""
    write_layers([fichier], path)


def write_layers(fichiers: Iterable[Fichier], path: Path) -> None:
    """Write tables as the layers of one new GeoPackage, EPSG:4326.

    One without geometry is a plain table.  They are read one after the other, so that they never
    lie in memory together.
    `lisez_moi` holds the notices, `dictionnaire` the meaning of the columns,
    `layer_styles` the styles that QGIS applies when a layer is opened.
    """
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    notices, columns, styles = [], [], []
    for fichier in fichiers:
        _write_layer(fichier, path)
        notices += [(fichier.titre, cle, texte) for cle, texte in fichier.mentions]
        columns += [
            (fichier.titre, one.nom, one.titre, one.sens, one.type) for one in fichier.attributs
        ]
        styles += [_style(fichier)] if fichier.style else []
    _write_plain(pd.DataFrame(notices, columns=["couche", "cle", "texte"]), path, NOTICE)
    _write_plain(
        pd.DataFrame(columns, columns=["couche", "colonne", "titre", "sens", "type"]),
        path,
        DICTIONNAIRE,
    )
    if styles:
        _write_plain(pd.DataFrame(styles), path, STYLES)


def _write_layer(fichier: Fichier, path: Path) -> None:
    """Add one layer; unknown values are NULL."""
    kind = "MultiPolygon" if fichier.forme == CONTOUR else "Point"
    for part in layers(fichier):
        table = pd.DataFrame(part)[fichier.noms].copy()
        for one in fichier.attributs:
            table[one.nom] = table[one.nom].astype(TYPES[one.type])
            if one.type == "texte":
                table[one.nom] = table[one.nom].where(table[one.nom].notna(), None)
        if not fichier.forme:
            _write_plain(table, path, fichier.titre)
            continue
        pyogrio.write_dataframe(
            gpd.GeoDataFrame(table, geometry=part.geometry.to_numpy(), crs=CRS_GEO),
            path,
            layer=fichier.titre,
            driver="GPKG",
            append=path.exists(),
            geometry_type=kind,
            promote_to_multi=kind != "Point",
        )


def _write_plain(table: pd.DataFrame, path: Path, layer: str) -> None:
    """Add a table without geometry."""
    pyogrio.write_dataframe(table, path, layer=layer, driver="GPKG", append=path.exists())


def _style(fichier: Fichier) -> dict:
    """Return the row of `layer_styles` that makes a style the default one of its layer."""
    return {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_table_name": fichier.titre,
        "f_geometry_column": "geom",
        "styleName": "GéoForma",
        "styleQML": fichier.style,
        "styleSLD": "",
        "useAsDefault": True,
        "description": "Style de GéoForma",
        "owner": "",
        "update_time": _DATE,
    }
