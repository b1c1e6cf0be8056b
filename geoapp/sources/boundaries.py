"""Read polygons (GeoJSON, GeoPackage, zipped shapefile) into EPSG:4326, repaired and counted."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from geoapp.config import CRS_GEO, CRS_METRIC
from geoapp.errors import SourceError
from geoapp.geometry import find_crs
from geoapp.sources.tabular import Lecture, read_bytes, reject

_LAYER_SUFFIXES = (".shp", ".gpkg", ".geojson", ".json")


def read_boundaries(path: Path) -> Lecture:
    """Return the polygons of a file, valid and in EPSG:4326, all attributes as text.

    A declared CRS that the coordinates contradict is replaced by the one they
    fit, an invalid outline is repaired: both are counted in `corrections`.
    A feature without geometry is a reject.

    Raises
    ------
    SourceError
        Unreadable file, unsafe or broken archive, coordinates of no known CRS.
    """
    read_bytes(path)
    frame = _read(path)
    frame, corrections = _reproject(frame, path)
    frame, rejets = _drop_empty(frame)
    frame, repaired = _make_valid(frame)
    return Lecture(_as_text(frame), len(frame) + len(rejets), rejets, corrections + repaired)


def _read(path: Path) -> gpd.GeoDataFrame:
    """Read the first layer, whatever the container; rows are named by their rank."""
    target = _inside_zip(path) if path.suffix.lower() == ".zip" else str(path)
    try:
        layers = pyogrio.list_layers(target)
        frame = pyogrio.read_dataframe(target, layer=layers[0][0], encoding=_encoding(target))
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, IndexError, UnicodeDecodeError) as error:
        raise SourceError(path, f"contours illisibles ({str(error)[:150]}).", cure="Le fichier est coupé ou n'est pas un GeoJSON, GeoPackage ou shapefile zippé.") from None
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None] * len(frame), crs=CRS_GEO))
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    return frame.set_index(pd.Index([f"objet {i}" for i in range(1, len(frame) + 1)], name="ligne", dtype="str"))


def _inside_zip(path: Path) -> str:
    """Return the address GDAL uses for the one layer file of a checked archive."""
    from geoapp.sources.fetch import check_archive

    names = [n for n in check_archive(path) if n.lower().endswith(_LAYER_SUFFIXES)]
    if not names:
        raise SourceError(path, "l'archive ne contient ni shapefile, ni GeoJSON, ni GeoPackage.", cure="Vérifiez le téléchargement.")
    return f"/vsizip/{path}/{sorted(names)[0]}"


def _encoding(target: str) -> str | None:
    """Return UTF-8 for a DBF that declares nothing but is UTF-8 (GDAL would assume Latin-1)."""
    if not target.lower().endswith(".dbf") or Path(target).with_suffix(".cpg").exists():
        return None
    try:
        Path(target).read_bytes().decode("utf-8", errors="strict")
    except UnicodeDecodeError:
        return "UTF-8" if _body_is_utf8(Path(target).read_bytes()) else None
    return "UTF-8"


def _body_is_utf8(content: bytes) -> bool:
    """Tell whether the records of a DBF, after its binary header, are UTF-8."""
    start = int.from_bytes(content[8:10], "little")
    try:
        content[start:].decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _reproject(frame: gpd.GeoDataFrame, path: Path) -> tuple[gpd.GeoDataFrame, list[dict]]:
    """Return the frame in EPSG:4326, after checking the declared CRS against the coordinates."""
    if frame.geometry.isna().all():
        return frame, []
    declared = frame.crs.to_string() if frame.crs else None
    real = find_crs(frame.total_bounds, declared)
    if real is None:
        raise SourceError(path, f"coordonnées hors de France ({frame.total_bounds.round(1).tolist()}).", cure="Vérifiez le système de coordonnées du fichier.")
    corrections = []
    if real != declared and not (real == CRS_GEO and frame.crs and frame.crs.is_geographic):
        corrections = [
            {"ligne": ligne, "colonne": "geometry", "valeur": declared or "aucun système", "corrigee": real, "type_correction": "systeme_de_coordonnees"}
            for ligne in frame.index
        ]
        frame = frame.set_crs(real, allow_override=True)
    return frame.to_crs(CRS_GEO), corrections


def _drop_empty(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[dict]]:
    """Split features without geometry off, as rejects (unless the file has no geometry at all)."""
    empty = frame.geometry.isna() | frame.geometry.is_empty
    if empty.all():
        return frame, []
    rejets = [reject(ligne, "geometry", None, "Objet sans contour : redemandez-le au producteur.") for ligne in frame.index[empty]]
    return frame[~empty], rejets


def _make_valid(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[dict]]:
    """Repair invalid outlines (GEOS make_valid, polygons kept) in the metric CRS."""
    if frame.geometry.isna().all():
        return frame, []
    bad = ~frame.geometry.is_valid.to_numpy()
    if not bad.any():
        return frame, []
    reasons = shapely.is_valid_reason(frame.geometry.array[bad])
    metric = frame.geometry[bad].to_crs(CRS_METRIC)
    fixed = shapely.make_valid(metric.array, method="structure", keep_collapsed=False)
    geometry = frame.geometry.array.copy()
    geometry[np.flatnonzero(bad)] = gpd.GeoSeries(fixed, crs=CRS_METRIC).to_crs(CRS_GEO).array
    corrections = [
        {"ligne": ligne, "colonne": "geometry", "valeur": reason, "corrigee": "contour réparé", "type_correction": "contour_invalide"}
        for ligne, reason in zip(frame.index[bad], reasons)
    ]
    return frame.set_geometry(geometry), corrections


def _as_text(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return attributes as stripped text, blank as NA; whole numbers lose their `.0`."""
    result = frame.copy()
    for name in result.columns.drop("geometry"):
        column = result[name].map(lambda v: str(int(v)) if isinstance(v, float) and v.is_integer() else v, na_action="ignore")
        column = column.astype("str").str.strip()
        result[name] = column.mask(column.eq(""))
    return result
