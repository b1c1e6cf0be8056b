"""What a snapshot holds, as plain data: `geoapp info` and the pages say the same."""

from __future__ import annotations

import pandas as pd

from geoapp.tables import Snapshot

_SOURCE_KEYS = {
    "id": "id_source", "title": "titre", "producer": "producteur", "licence": "licence", "usage": "usage", "mode": "mode",
    "vintage": "millesime", "rhythm": "rythme", "obtained": "date_obtention", "alert": "alerte", "address": "adresse", "file": "fichier", "sha256": "sha256", "read": "nb_lues", "valid": "nb_valides",
    "rejected": "nb_rejetees", "placed": "nb_placees", "doubtful": "nb_douteuses", "outside": "nb_hors_region",
    "corrected": "nb_corrections", "note": "note",
}


def describe_snapshot(snapshot: Snapshot) -> dict:
    """Return the content of a snapshot: row counts, zones, population, sources.

    Unknown counts are None: a source that is not an offer has no `placed`.
    """
    zones = snapshot.read("zones")
    communes = snapshot.read("communes")
    inside = communes[communes["est_region"].astype(bool)]
    return {
        "snapshot": snapshot.id,
        "created": snapshot.manifest["cree_le"],
        "region": {"code": snapshot.manifest["region"], "name": snapshot.manifest["nom_region"], "communes": len(inside),
                   "population": int(inside["population"].sum())},
        "tables": {nom: table["lignes"] for nom, table in sorted(snapshot.manifest["tables"].items())},
        "zones": {type_zone: _describe_zoning(part) for type_zone, part in zones.groupby("type_zone")},
        "population_by_zoning": {t: int(p["population"].sum()) for t, p in zones.groupby("type_zone") if p["population"].notna().all()},
        "sources": [_describe_source(row) for row in snapshot.read("sources").to_dict("records")],
    }


def _describe_zoning(zones: pd.DataFrame) -> int | dict:
    """Return the number of zones, or of communes by class for a classification (ZRR, FRR)."""
    if zones["type_zone"].iloc[0] not in ("zrr", "frr"):
        return len(zones)
    classes = {row.code_zone: int(row.nb_communes) for row in zones.itertuples()}
    return {"communes": sum(classes.values()), **({"classes": classes} if len(classes) > 1 else {})}


def _describe_source(row: dict) -> dict:
    """Return one source with the keys of the JSON form."""
    return {key: None if pd.isna(row[column]) else row[column] for key, column in _SOURCE_KEYS.items()}
