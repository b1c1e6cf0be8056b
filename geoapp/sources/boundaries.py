"""Read polygons (GeoJSON, GeoPackage, zipped shapefile) into EPSG:4326, repaired and counted."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj.exceptions import ProjError

from geoapp.core.config import CRS_GEO
from geoapp.core.errors import SourceError
from geoapp.core.french import count
from geoapp.core.geometry import SYSTEMES_METRIQUES, inside_france
from geoapp.reference.vicinity import count_near
from geoapp.sources.archive import open_archive_member
from geoapp.sources.content import list_members, read_bytes
from geoapp.sources.records import Lecture, reject, show
from geoapp.sources.unpacking import expanded, is_noise

_LAYERS = (".shp", ".gpkg", ".geojson", ".fgb", ".kml", ".json")
"""Files of an archive that hold a layer, the preferred ones first."""

_DBF = bytes((0x02, 0x03, 0x04, 0x05, 0x30, 0x31, 0x43, 0x83, 0x8B, 0x8C, 0xF5, 0xFB))
_KML = re.compile(rb"\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<(?:kml:)?kml[\s>]", re.DOTALL)
_MARK = b"\xef\xbb\xbf"

_NOT_OURS = (
    "Le fichier est coupé, ou n'est pas un GeoJSON, GeoPackage, KML, FlatGeobuf, GeoParquet, DBF "
    "ou shapefile zippé."
)


DEGRES_MAX = 360.0
"""Greatest number that may be degrees."""


def _kind_of(start: bytes, suffix: str) -> str:
    """Return what a file is by its first bytes; "" for what is not read.

    GDAL looks at the content, not at the name: a text that names other files or
    addresses (VRT) must never reach it.
    """
    bare = start.removeprefix(_MARK).lstrip(b" \t\r\n")
    signs = {
        "gpkg": start.startswith(b"SQLite format 3\0"),
        "shp": start.startswith(b"\0\0\x27\x0a"),
        "fgb": start.startswith(b"fgb\x03fgb"),
        "parquet": start.startswith(b"PAR1"),
        "json": bare.startswith(b"{"),
        "kml": bool(_KML.match(bare)) and b"<!DOCTYPE" not in start and b"<!ENTITY" not in start,
        # One byte is little: the name must say it too.
        "dbf": suffix == ".dbf" and start[:1] in {bytes([one]) for one in _DBF},
    }
    return next((kind for kind, is_it in signs.items() if is_it), "")


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
    path = expanded(path)
    frame, notes = _read(path)
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
        frame, corrections = _extract_polygons(frame)
        for step in (_keep_polygons, _place, _make_valid):
            try:
                frame, repaired, refused = step(frame)
            except SystemeInconnu as error:
                raise SourceError(
                    path,
                    "système de coordonnées non dit, et plusieurs placent ces contours en France : "
                    f"{', '.join(error.args[0])}.",
                    cure="Déclarez le bon dans le fichier, ou exportez-le en degrés (EPSG:4326).",
                ) from None
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
        notes=notes,
    )


def _read(path: Path) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Read the layer with outlines, whatever the container; rows are named by their rank.

    And what is said of the layers that are not read.
    """
    import pyogrio

    start = _bytes_of(path, "", 4)
    member = _choose_member(path) if start.startswith(b"PK") else ""
    kind = _check_signature(path, member)
    target = f"/vsizip/{path.resolve()}/{member}" if member else str(path.resolve())
    notes: list[str] = []
    try:
        # What GDAL deplores is found again, feature by feature.
        with warnings.catch_warnings(action="ignore"):
            if kind == "parquet":
                frame = gpd.read_parquet(path)
            else:
                layer, notes = _choose_layer(target)
                frame = pyogrio.read_dataframe(
                    target,
                    layer=layer,
                    encoding=_encoding(path, member),
                    force_2d=True,
                    on_invalid="fix",
                    datetime_as_string=True,
                )
    except (
        RuntimeError,
        ValueError,
        IndexError,
        OverflowError,
        NameError,
        OSError,
        KeyError,
        TypeError,
        shapely.errors.ShapelyError,
    ) as error:
        # NameError: pyogrio 0.13 on a .prj that is not UTF-8.  KeyError, TypeError: the
        # metadata of a GeoParquet that lie.
        raise SourceError(
            path, f"contours illisibles ({str(error)[:150]}).", place=member, cure=_NOT_OURS
        ) from None
    if not isinstance(frame, gpd.GeoDataFrame):
        frame = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([None] * len(frame), crs=CRS_GEO))
    # A Parquet file names its outlines as it likes.
    if frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    return (
        frame.set_index(
            pd.Index([f"objet {i}" for i in range(1, len(frame) + 1)], name="ligne", dtype="str")
        ),
        notes,
    )


def _choose_layer(target: str) -> tuple[str, list[str]]:
    """Return the layer to read, the one that has polygons first, and what is said of the others."""
    import pyogrio

    layers = [(str(name), str(kind or "")) for name, kind in pyogrio.list_layers(target)]

    def fitness(layer: tuple[str, str]) -> tuple[bool, bool]:
        return "Polygon" in layer[1], bool(layer[1])

    chosen = max(layers, key=fitness)
    others = [show(name) for name, _ in layers if name != chosen[0]]
    if not others:
        return chosen[0], []
    told = count(len(others), "autre couche non lue", "autres couches non lues")
    shown = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
    return chosen[0], [f"Couche lue : {show(chosen[0])} ; {told} : {shown}."]


def _choose_member(path: Path) -> str:
    """Return the name of the layer file of an archive, checked."""
    names = sorted(n for n in list_members(path) if not is_noise(n))
    layers = [name for name in names if name.lower().endswith(_LAYERS)]
    if not layers:
        held = ", ".join(map(show, names[:5])) or "rien"
        raise SourceError(
            path,
            f"l'archive ne contient ni tableau, ni shapefile, ni GeoJSON, ni GeoPackage ({held}).",
            cure="Vérifiez le téléchargement : il faut un tableau, ou des contours.",
        )
    return min(layers, key=lambda name: _LAYERS.index(Path(name).suffix.lower()))


def _check_signature(path: Path, member: str) -> str:
    """Return what a file is; refuse one whose beginning is of nothing that is read."""
    suffix = Path(member or path).suffix.lower()
    kind = _kind_of(_bytes_of(path, member, 4096), suffix)
    if not kind or (member and kind == "parquet"):
        raise SourceError(
            path,
            f"le contenu n'est pas celui d'un fichier « {suffix} ».",
            place=member,
            cure=_NOT_OURS,
        )
    return kind


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


def _extract_polygons(frame: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, list[dict]]:
    """Return the frame with the polygons of each collection in its place, and the corrections."""
    mixed = frame.geometry.geom_type.eq("GeometryCollection") & ~frame.geometry.is_empty
    if not mixed.any():
        return frame, []
    geometry = frame.geometry.copy()
    geometry[mixed] = geometry[mixed].map(_polygons_of)
    found = mixed & geometry.notna()
    # What holds no polygon stays as it was: its reject says what it is.
    frame = frame.set_geometry(geometry.where(found | ~mixed, frame.geometry))
    corrections = [
        _correction(ligne, "GeometryCollection", "polygones extraits", "polygones_extraits")
        for ligne in frame.index[found]
    ]
    return frame, corrections


def _polygons_of(collection):
    """Return the polygons of a collection as one shape, None without any."""
    parts = [
        part
        for one in shapely.get_parts(collection)
        for part in shapely.get_parts(one)
        if part.geom_type == "Polygon" and not part.is_empty
    ]
    return None if not parts else parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


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
    """Return the frame in EPSG:4326, each feature by the first reading that puts it in France.

    The system declared, then degrees; what is left is in metres of a system that
    nothing says: the one that puts most of it in the communes at hand.

    Raises
    ------
    SystemeInconnu
        Several systems put what is left in France, none of them near: nothing chooses.
    """
    raw, declared = frame.geometry, frame.crs
    placed = gpd.GeoSeries([None] * len(frame), index=frame.index, crs=CRS_GEO)
    corrections: list[dict] = []
    told = declared.to_string() if declared else "aucun système"

    def accept(good: gpd.GeoSeries, crs, swapped: bool) -> None:
        placed[good.index] = good
        if swapped or crs != declared:
            kind = "coordonnees_inversees" if swapped else "systeme_de_coordonnees"
            corrections.extend(_correction(one, told, str(crs), kind) for one in good.index)

    for crs, swapped in [(declared, False)] * (declared is not None) + [(CRS_GEO, False)]:
        accept(_in_france(raw[placed.isna()], crs, swapped), crs, swapped)
    accept(_in_france(raw[placed.isna()], CRS_GEO, True), CRS_GEO, True)
    is_told = declared is not None and declared.is_projected
    while len(rest := _in_metres(raw[placed.isna()])):
        try:
            chosen = _best_system(rest, is_told=is_told)
        except SystemeInconnu:
            if placed.isna().all():
                raise
            break
        if chosen is None:
            break
        accept(*chosen)
    lost = placed.isna()
    boxes = raw[lost].bounds.round(1)
    rejets = [
        reject(row.Index, "geometry", ", ".join(map(str, row[1:])), "contour_hors_france")
        for row in boxes.itertuples()
    ]
    return frame.set_geometry(placed)[~lost], corrections, rejets


def _in_france(raw: gpd.GeoSeries, crs, swapped: bool) -> gpd.GeoSeries:
    """Return the outlines that a reading puts in France, in EPSG:4326."""
    tried = _read_as(raw, crs, swapped)
    return tried[inside_france(tried.bounds.to_numpy())]


def _in_metres(raw: gpd.GeoSeries) -> gpd.GeoSeries:
    """Return the outlines whose numbers are too great for degrees."""
    return raw[np.abs(raw.bounds.to_numpy()).max(axis=1) > DEGRES_MAX]


def _best_system(raw: gpd.GeoSeries, *, is_told: bool) -> tuple[gpd.GeoSeries, str, bool] | None:
    """Return what the best system of metres puts in France, that system, and whether swapped.

    Best: most outlines in France, then most that meet a commune at hand.  When none
    does, the only one that puts some in France, unless the file told its system;
    None when no one does.
    """
    near: list[tuple[tuple[int, int], gpd.GeoSeries, str, bool]] = []
    only: list[tuple[tuple[int, int], gpd.GeoSeries, str, bool]] = []
    for swapped in (False, True):
        for crs in SYSTEMES_METRIQUES:
            good = _in_france(raw, crs, swapped)
            if len(good):
                nb = count_near(good)
                (near if nb else only).append(((len(good), nb), good, crs, swapped))
    if near:
        return max(near, key=lambda one: one[0])[1:]
    if is_told or not only:
        return None
    if len(only) > 1:
        raise SystemeInconnu(list(dict.fromkeys(crs for _, _, crs, _ in only)))
    return only[0][1:]


class SystemeInconnu(Exception):
    """Several systems put outlines in France, and nothing says which."""


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
