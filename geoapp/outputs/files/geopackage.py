"""GeoPackage: one layer by table, named in French, with its style for QGIS and its notice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from geoapp.core.config import CRS_GEO
from geoapp.outputs.files.model import CONTOUR, Fichier

NOTICE, DICTIONNAIRE, STYLES = "lisez_moi", "dictionnaire", "layer_styles"
"""Tables beside the layers; QGIS reads the last one by itself."""

_TYPES = {"entier": "Int64", "reel": "float64", "booleen": "boolean", "texte": "object"}
_DATE = "2020-01-01T00:00:00Z"
"""Date of change of every layer, so that the same tables give the same bytes; the true dates are in the notice."""


def write_gpkg(fichier: Fichier, path: Path) -> None:
    """Write one table as a GeoPackage (see `write_layers`)."""
    write_layers([fichier], path)


def write_layers(fichiers: Iterable[Fichier], path: Path) -> None:
    """Write tables as the layers of one new GeoPackage, EPSG:4326; one without geometry is a plain table.

    They are read one after the other, so that they never lie in memory together.
    `lisez_moi` holds the notices, `dictionnaire` the meaning of the columns,
    `layer_styles` the styles that QGIS applies when a layer is opened.
    """
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    notices, columns, styles = [], [], []
    for fichier in fichiers:
        _write_layer(fichier, path)
        notices += [(fichier.titre, cle, texte) for cle, texte in fichier.notice]
        columns += [(fichier.titre, *colonne) for colonne in fichier.colonnes]
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
    table = pd.DataFrame(fichier.table)[fichier.noms].copy()
    for nom, _, _, kind in fichier.colonnes:
        table[nom] = table[nom].astype(_TYPES[kind])
        if kind == "texte":
            table[nom] = table[nom].where(table[nom].notna(), None)
    if not fichier.forme:
        return _write_plain(table, path, fichier.titre)
    layer = gpd.GeoDataFrame(table, geometry=fichier.table.geometry.to_numpy(), crs=CRS_GEO)
    kind = "MultiPolygon" if fichier.forme == CONTOUR else "Point"
    pyogrio.write_dataframe(
        layer,
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
