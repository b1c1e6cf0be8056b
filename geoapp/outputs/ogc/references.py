"""Reference systems of the features: how an address names them, how they turn degrees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import shapely
from pyproj import Transformer
from pyproj.enums import TransformDirection

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One reference system: address, EPSG code, decimals written (about a centimetre).

    `est_inverse` says that its first axis is the northern one, as EPSG defines it.
    """

    uri: str
    code: int
    decimales: int
    est_inverse: bool = False


REFERENCES: dict[str, Reference] = {
    one.uri: one
    for one in (
        Reference(uri=CRS84, code=4326, decimales=7),
        Reference(
            uri="http://www.opengis.net/def/crs/EPSG/0/4326",
            code=4326,
            decimales=7,
            est_inverse=True,
        ),
        Reference(uri="http://www.opengis.net/def/crs/EPSG/0/2154", code=2154, decimales=2),
        Reference(uri="http://www.opengis.net/def/crs/EPSG/0/3857", code=3857, decimales=2),
    )
}
"""Systems by address, that of the data first."""


@cache
def _to(code: int) -> Transformer:
    """Return what turns degrees into a system: made once, it costs more than a page."""
    return Transformer.from_crs(4326, code, always_xy=True)


def project(shapes: np.ndarray, reference: Reference) -> np.ndarray:
    """Return geometries in degrees (longitude, latitude) as a system writes them; None stays."""

    def move(xy: np.ndarray) -> np.ndarray:
        if reference.code != 4326:
            xy = np.column_stack(_to(reference.code).transform(xy[:, 0], xy[:, 1]))
        return (xy[:, ::-1] if reference.est_inverse else xy).round(reference.decimales)

    return shapely.transform(shapes, move)


def to_degrees(box: tuple[float, float, float, float], reference: Reference) -> tuple:
    """Return the box in degrees (west, south, east, north) that holds one of a system."""
    if reference.est_inverse:
        box = (box[1], box[0], box[3], box[2])
    if reference.code == 4326:
        return box
    return _to(reference.code).transform_bounds(*box, direction=TransformDirection.INVERSE)
