"""Records of open-data portals in JSON.

The envelope of an API, the records of an older export, the points.

Opendatasoft writes a table as an array of flat records (v2.1), under
`results` with a total (its API), or as `recordid` + `fields` (v1.0, under
`records` in its API).  ONISEP answers `results` too, the apprenticeship
catalogue `formations`, a GeoJSON `features`.
"""

from __future__ import annotations

ENVELOPES = ("results", "records", "formations", "data", "features")
"""Fields of an API answer that may hold the array."""


def portal_rows(found):
    """Return the array of records of a JSON value, each one flat.

    An envelope of any name is opened when it holds one array of records; an object
    whose values are all objects is an array of them, their keys in « cle ».  What
    holds none, or several, comes back as it is.
    """
    if isinstance(found, dict) and len(found) > 1:
        values = list(found.values())
        if all(isinstance(value, dict) and "cle" not in value for value in values):
            found = [{"cle": key, **value} for key, value in found.items()]
    if isinstance(found, dict):
        known = (found[name] for name in ENVELOPES if isinstance(found.get(name), list))
        arrays = find_arrays(found)
        only = next(iter(arrays.values())) if len(arrays) == 1 else found
        found = next(known, only)
    return [_flat(record) for record in found] if isinstance(found, list) else found


def find_arrays(found, depth: int = 3) -> dict[str, list]:
    """Return the arrays of records that an envelope holds, by their path (« data.items »)."""
    if not isinstance(found, dict) or not depth:
        return {}
    arrays: dict[str, list] = {}
    for name, value in found.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            arrays[str(name)] = value
        for inside, array in find_arrays(value, depth - 1).items():
            arrays[f"{name}.{inside}"] = array
    return arrays


def _flat(record):
    """Return the fields of a record, points written « latitude,longitude »."""
    if not isinstance(record, dict):
        return record
    # A GeoJSON of points is a table too: its columns are the properties.
    if record.get("type") == "Feature" and isinstance(record.get("properties"), dict):
        return record["properties"]
    inner = record["record"] if isinstance(record.get("record"), dict) else record
    # A flat record may hold a column « fields » of its own: only an envelope names its record.
    is_envelope = inner is not record or "recordid" in inner
    is_wrapped = is_envelope and isinstance(inner.get("fields"), dict)
    fields = inner["fields"] if is_wrapped else record
    geometry = inner.get("geometry")
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    return {name: _point(value, coordinates) for name, value in fields.items()}


def _point(value, coordinates):
    """Return a point as « latitude,longitude ».

    `{lon, lat}`, or the pair that the geometry of the record gives the other way round.
    """
    if isinstance(value, dict) and value.keys() == {"lon", "lat"}:
        value = [value["lat"], value["lon"]]
    elif not (isinstance(value, list) and len(value) == 2 and value[::-1] == coordinates):
        return value
    return ",".join(map(str, value)) if None not in value else None
