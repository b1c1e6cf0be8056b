"""GeoPackage: one layer by table, named in French, with its style for QGIS and its notice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import geopandas as gpd
import pandas as pd

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.outputs.files.days import as_days
from geoapp.outputs.files.model import CONTOUR, TYPES, Fichier, Suite, layers
from geoapp.outputs.files.qml import plain_style, table_style

NOTICE, DICTIONNAIRE, STYLES = "lisez_moi", "dictionnaire", "layer_styles"
"""Tables beside the layers; QGIS reads the last one by itself."""

_DATE = "2020-01-01T00:00:00Z"
"""Date of change of every layer, so that the same tables give the same bytes.

The true dates are in the notice.
"""


COULEUR = "#0d5c63"
"""Colour of a layer that has none of its own."""

_VERSION = "1.2"
"""Version of the format: later ones are told to be unknown by the GDAL of Debian 12."""


def write_gpkg(fichier: Fichier, path: Path) -> None:
    """Write one table as a GeoPackage (see `write_layers`)."""
    write_layers([fichier], path)


def write_metric_gpkg(fichier: Fichier, path: Path) -> None:
    """Write one table as a GeoPackage in Lambert-93."""
    write_layers([fichier], path, crs=CRS_METRIC)


def write_layers(fichiers: Iterable[Fichier], path: Path, *, crs: str = CRS_GEO) -> None:
    """Write tables as the layers of one new GeoPackage.

    One without geometry is a plain table.  They are read one after the other, so that they never
    lie in memory together.  Dates are dates (`days`).
    `lisez_moi` holds the notices, `dictionnaire` the meaning of the columns,
    `layer_styles` the styles that QGIS applies when a layer is opened.
    """
    import pyogrio

    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _DATE})
    notices, columns, styles = [], [], []
    for fichier in fichiers:
        _write_layer(fichier, path, crs)
        notices += [(fichier.titre, cle, texte) for cle, texte in fichier.mentions]
        columns += [
            (fichier.titre, one.nom, one.titre, one.sens, one.type) for one in fichier.attributs
        ]
        styles.append(_style(fichier))
    _write_plain(pd.DataFrame(notices, columns=["couche", "cle", "texte"]), path, NOTICE)
    _write_plain(
        pd.DataFrame(columns, columns=["couche", "colonne", "titre", "sens", "type"]),
        path,
        DICTIONNAIRE,
    )
    _write_plain(pd.DataFrame(styles), path, STYLES)


def _write_layer(fichier: Fichier, path: Path, crs: str) -> None:
    """Add one layer; unknown values are NULL."""
    kind = "MultiPolygon" if fichier.forme == CONTOUR else "Point"
    for part in layers(fichier):
        table = pd.DataFrame(part)[fichier.noms].copy()
        for one in fichier.attributs:
            table[one.nom] = table[one.nom].astype(TYPES[one.type])
            if one.type == "texte":
                table[one.nom] = table[one.nom].where(table[one.nom].notna(), None)
        table = as_days(table, is_whole=not isinstance(fichier.table, Suite))
        if not fichier.forme:
            _write_plain(table, path, fichier.titre)
            continue
        layer = gpd.GeoDataFrame(table, geometry=part.geometry.to_numpy(), crs=CRS_GEO).to_crs(crs)
        _add(layer, path, fichier.titre, geometry_type=kind, promote_to_multi=kind != "Point")


def _write_plain(table: pd.DataFrame, path: Path, layer: str) -> None:
    """Add a table without geometry."""
    _add(table, path, layer)


def _add(table: pd.DataFrame, path: Path, layer: str, **geometry) -> None:
    """Add a table to the file, made with it when it is the first."""
    import pyogrio

    is_first = not path.exists()
    pyogrio.write_dataframe(
        table,
        path,
        layer=layer,
        driver="GPKG",
        append=not is_first,
        use_arrow=True,
        dataset_options={"VERSION": _VERSION} if is_first else None,
        **geometry,
    )


def _plain_style(fichier: Fichier) -> str:
    """Return the style of a layer that has none of its own."""
    columns = fichier.attributs
    return plain_style(fichier.forme, COULEUR, columns) if fichier.forme else table_style(columns)


def _style(fichier: Fichier) -> dict:
    """Return the row of `layer_styles` that makes a style the default one of its layer.

    Without style of its own, it names the columns by their titles.
    """
    return {
        "f_table_catalog": "",
        "f_table_schema": "",
        "f_table_name": fichier.titre,
        "f_geometry_column": "geom" if fichier.forme else "",
        "styleName": "GéoForma",
        "styleQML": fichier.style or _plain_style(fichier),
        "styleSLD": "",
        "useAsDefault": True,
        "description": "Style de GéoForma",
        "owner": "",
        "update_time": _DATE,
    }
