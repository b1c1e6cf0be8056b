"""Read polygons (GeoJSON, GeoPackage, zipped shapefile) into EPSG:4326, repaired and counted."""

from __future__ import annotations

import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyproj.exceptions import ProjError

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.errors import SourceError
from geoapp.core.geometry import inside_france
from geoapp.sources.archive import open_archive_member
from geoapp.sources.content import list_members, read_bytes
from geoapp.sources.records import Lecture, reject

_LAYERS = (".shp", ".gpkg", ".geojson", ".json")
"""Files that hold a layer, the preferred ones first."""

_SIGNATURES = {
    ".gpkg": (b"SQLite format 3\0",),
    ".shp": (b"\0\0\x27\x0a",),
    ".geojson": (b"{", b"\xef\xbb\xbf{"),
    ".json": (b"{", b"\xef\xbb\xbf{"),
    ".dbf": tuple(
        bytes([version])
        for version in (0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x43, 0x83, 0x8B, 0x8C, 0xF5, 0xFB)
    ),
}
"""How each kind of file begins.  GDAL looks at the content, not at the name: a
text that names other files or addresses (VRT) must never reach it."""

_NOT_OURS = "Le fichier est coupé, ou n'est pas un GeoJSON, GeoPackage, DBF ou shapefile zippé."


def read_boundaries(path: Path) -> Lecture:
    """Return the polygons of a file, valid and in EPSG:4326, all attributes as text.

    A declared CRS that the coordinates contradict is replaced by the one they
    fit, swapped axes are put right, an invalid outline is repaired: all three
    are counted in `corrections`.  A feature without polygon, or outside France
    whatever the reading, is a reject.  A DBF has attributes only.

    Raises
    ------
    SourceError
        Unreadable file, unsafe or broken archive, no feature, no feature in France.
    """
    path = Path(path)
    read_bytes(path)
    frame = _read(path)
    read = len(frame)
    rejets: list[dict] = []
    corrections: list[dict] = []
    if read == 0:
        raise SourceError(
            path,
            "aucun objet dans le fichier.",
            cure="Téléchargez-le à nouveau auprès du producteur.",
        )
    if path.suffix.lower() != ".dbf":
        for step in (_keep_polygons, _place, _make_valid):
            frame, repaired, refused = step(frame)
            corrections, rejets = corrections + repaired, rejets + refused
            # All of it is elsewhere: the system is wrong, and one message is worth a thousand.
            if step is _place and refused and frame.empty:
                raise SourceError(
                    path,
                    f"coordonnées hors de France ({refused[0]['valeur']}).",
                    place=refused[0]["ligne"],
                    cure="Vérifiez le système de coordonnées du fichier.",
                )
    kept = set(frame.index)
    return Lecture(
        frame=_as_text(frame),
        nb_lues=read,
        rejets=rejets,
        corrections=[c for c in corrections if c["ligne"] in kept],
    )


def _read(path: Path) -> gpd.GeoDataFrame:
    """Read the first layer with outlines, whatever the container; rows are named by their rank."""
    member = _choose_member(path) if path.suffix.lower() == ".zip" else ""
    _check_signature(path, member)
    target = f"/vsizip/{path.resolve()}/{member}" if member else str(path.resolve())
    try:
        # What GDAL deplores is found again, feature by feature.
        with warnings.catch_warnings(action="ignore"):
            layers = pyogrio.list_layers(target)
            layer = next((name for name, kind in layers if kind), layers[0][0])
            frame = pyogrio.read_dataframe(
                target,
                layer=layer,
                encoding=_encoding(path, member),
                force_2d=True,
                on_invalid="ignore",
                datetime_as_string=True,
            )
    except (
        RuntimeError,
        ValueError,
        IndexError,
        OverflowError,
        NameError,
        shapely.errors.ShapelyError,
    ) as error:
        # NameError: pyogrio 0.13 on a .prj that is not UTF-8.
        raise SourceError(
            path, f"contours illisibles ({str(error)[:150]}).", place=member, cure=_NOT_OURS
        ) from None
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None] * len(frame), crs=CRS_GEO))
    return frame.set_index(
        pd.Index([f"objet {i}" for i in range(1, len(frame) + 1)], name="ligne", dtype="str")
    )


def _choose_member(path: Path) -> str:
    """Return the name of the layer file of an archive, checked."""
    names = sorted(n for n in list_members(path) if n.lower().endswith(_LAYERS))
    if not names:
        raise SourceError(
            path,
            "l'archive ne contient ni shapefile, ni GeoJSON, ni GeoPackage.",
            cure="Vérifiez le téléchargement.",
        )
    return min(names, key=lambda name: _LAYERS.index(Path(name).suffix.lower()))


def _check_signature(path: Path, member: str) -> None:
    """Refuse a file that does not begin as its name says."""
    suffix = Path(member or path).suffix.lower()
    start = _bytes_of(path, member, 64).lstrip(b" \t\r\n")
    if not start.startswith(_SIGNATURES.get(suffix, b"\0never\0")):
        raise SourceError(
            path,
            f"le contenu n'est pas celui d'un fichier « {suffix} ».",
            place=member,
            cure=_NOT_OURS,
        )


def _bytes_of(path: Path, member: str, size: int = -1) -> bytes:
    """Return the first bytes of a file, or of a member of an archive."""
    if not member:
        with path.open("rb") as stream:
            return stream.read(size)
    with open_archive_member(path, member) as stream:
        return stream.read(size)


def _encoding(path: Path, member: str) -> str | None:
    """Return UTF-8 for a DBF that declares nothing but is UTF-8 (GDAL would assume Latin-1)."""
    layer = Path(member or path)
    if layer.suffix.lower() not in (".shp", ".dbf"):
        return None
    names = list_members(path) if member else [one.name for one in path.parent.iterdir()]
    own = Path(member or path.name).with_suffix("")
    beside = {
        Path(name).suffix.lower(): name for name in names if Path(name).with_suffix("") == own
    }
    if ".cpg" in beside or ".dbf" not in beside:
        return None
    table = beside[".dbf"]
    content = _bytes_of(path, table) if member else path.with_name(table).read_bytes()
    # Bytes 8 and 9 of a DBF say where its rows begin.
    header = int.from_bytes(content[8:10], "little")
    try:
        content[header:].decode("utf-8")
    except UnicodeDecodeError:
        return None
    return "UTF-8"


def _keep_polygons(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[dict], list[dict]]:
    """Split features without polygon off, as rejects."""
    empty = frame.geometry.isna() | frame.geometry.is_empty
    other = ~empty & ~frame.geometry.geom_type.isin(("Polygon", "MultiPolygon"))
    rejets = [reject(ligne, "geometry", None, "contour_absent") for ligne in frame.index[empty]]
    rejets += [
        reject(ligne, "geometry", kind, "contour_attendu", proche="Polygon")
        for ligne, kind in frame.geometry.geom_type[other].items()
    ]
    return frame[~empty & ~other], [], rejets


def _place(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[dict], list[dict]]:
    """Return the frame in EPSG:4326, each feature by the first reading that puts it in France."""
    raw, declared = frame.geometry, frame.crs
    readings = [(declared, False)] if declared else []
    readings += [(crs, swapped) for swapped in (False, True) for crs in (CRS_GEO, CRS_METRIC)]
    placed, corrections = gpd.GeoSeries([None] * len(frame), index=frame.index, crs=CRS_GEO), []
    for crs, swapped in readings:
        tried = _read_as(raw[placed.isna()], crs, swapped)
        good = tried[inside_france(tried.bounds.to_numpy())]
        placed[good.index] = good
        if swapped or crs != declared:
            kind = "coordonnees_inversees" if swapped else "systeme_de_coordonnees"
            told = declared.to_string() if declared else "aucun système"
            corrections += [_correction(ligne, told, str(crs), kind) for ligne in good.index]
    lost = placed.isna()
    boxes = raw[lost].bounds.round(1)
    rejets = [
        reject(row.Index, "geometry", ", ".join(map(str, row[1:])), "contour_hors_france")
        for row in boxes.itertuples()
    ]
    return frame.set_geometry(placed)[~lost], corrections, rejets


def _read_as(raw: gpd.GeoSeries, crs, swapped: bool) -> gpd.GeoSeries:
    """Return outlines in EPSG:4326, their numbers taken for coordinates of `crs`.

    None when it leads nowhere.
    """
    values = shapely.transform(raw.array, lambda xy: xy[:, ::-1]) if swapped else raw.array
    try:
        return gpd.GeoSeries(values, raw.index).set_crs(crs, allow_override=True).to_crs(CRS_GEO)
    except ProjError:
        # A system of another planet, or a damaged one.
        return raw.iloc[:0]


def _correction(ligne: str, valeur: str, corrigee: str, kind: str) -> dict:
    """Return one record of a repaired outline."""
    return {
        "ligne": ligne,
        "colonne": "geometry",
        "valeur": valeur,
        "corrigee": corrigee,
        "type_correction": kind,
    }


def _make_valid(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[dict], list[dict]]:
    """Repair invalid outlines (GEOS make_valid, polygons kept); what collapses is a reject."""
    bad = ~frame.geometry.is_valid.to_numpy()
    if not bad.any():
        return frame, [], []
    reasons = shapely.is_valid_reason(frame.geometry.array[bad])
    corrections = [
        _correction(ligne, reason, "contour réparé", "contour_invalide")
        for ligne, reason in zip(frame.index[bad], reasons, strict=True)
    ]
    geometry = frame.geometry.array.copy()
    geometry[np.flatnonzero(bad)] = shapely.make_valid(
        geometry[bad], method="structure", keep_collapsed=False
    )
    frame = frame.set_geometry(gpd.GeoSeries(geometry, frame.index, CRS_GEO))
    kept, _, rejets = _keep_polygons(frame)
    return kept, corrections, rejets


def _as_text(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return attributes as stripped text, blank as NA; whole numbers lose their `.0`."""
    result = frame.copy()
    for name in result.columns.drop("geometry"):
        texts = result[name].astype("object").map(_text, na_action="ignore")
        column = texts.astype("str").str.strip()
        result[name] = column.mask(column.eq(""))
    return result


def _text(value) -> str:
    """Return one attribute as text; a list becomes "a|b"."""
    if isinstance(value, list | np.ndarray):
        return "|".join(_text(item) for item in value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
