"""What a snapshot holds, as plain data: `geoapp info` and the pages say the same."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd

from geoapp.core.reasons import count_reasons
from geoapp.core.snapshot import Snapshot
from geoapp.reference.zonings import ZONAGES
from geoapp.sources.freshness import Signal, list_signals, served_sources

_SOURCE_KEYS = {
    "id": "id_source",
    "title": "titre",
    "producer": "producteur",
    "licence": "licence",
    "usage": "usage",
    "mode": "mode",
    "vintage": "millesime",
    "rhythm": "rythme",
    "obtained": "date_obtention",
    "address": "adresse",
    "file": "fichier",
    "sha256": "sha256",
    "read": "nb_lues",
    "valid": "nb_valides",
    "rejected": "nb_rejetees",
    "completing": "nb_complements",
    "placed": "nb_placees",
    "doubtful": "nb_douteuses",
    "outside": "nb_hors_region",
    "corrected": "nb_corrections",
    "note": "note",
}


def describe_snapshot(
    snapshot: Snapshot, data_dir: Path | None = None, today: date | None = None
) -> dict:
    """Return the content of a snapshot: row counts, zones, population, sources.

    Unknown counts are None: a source that is not an offer has no `placed`.
    Each source says whether it is broken (`alert`, `broken_since`), late
    (`late`, `late_since`) or obtained anew (`pending`); None when it is not.
    `rejected_by_reason` counts its rejects by code of `RAISONS`.

    Parameters
    ----------
    data_dir : Path, optional
        Folder whose cache tells what the last `geoapp fetch` met; without it,
        what the build met.
    today : date, optional
        The day that lateness is measured on; the present one (UTC) by default.
    """
    served = served_sources(snapshot)
    signals = list_signals(served, data_dir, today or datetime.now(UTC).date())
    reasons = reasons_by_source(snapshot)
    zones = snapshot.read("zones")
    communes = snapshot.read("communes")
    inside = communes[communes["est_region"].astype(bool)]
    return {
        "snapshot": snapshot.id,
        "created": snapshot.manifest["cree_le"],
        "region": {
            "code": snapshot.manifest["region"],
            "name": snapshot.manifest["nom_region"],
            "communes": len(inside),
            "population": int(inside["population"].sum()),
        },
        "tables": {
            nom: table["lignes"] for nom, table in sorted(snapshot.manifest["tables"].items())
        },
        "zones": {
            type_zone: _describe_zoning(part) for type_zone, part in zones.groupby("type_zone")
        },
        "population_by_zoning": {
            t: int(p["population"].sum())
            for t, p in zones.groupby("type_zone")
            if p["population"].notna().all()
        },
        "sources": [
            _describe_source(row, signals[row["id_source"]])
            | {"rejected_by_reason": reasons.get(row["id_source"], {})}
            for row in served
        ],
    }


def reasons_by_source(snapshot: Snapshot) -> dict[str, dict[str, int]]:
    """Return how many rows were rejected, by source that has some and by code of `RAISONS`."""
    return {
        id_source: count_reasons(part)
        for id_source, part in snapshot.read("rejets").groupby("id_source")["code_raison"]
    }


def _describe_zoning(zones: pd.DataFrame) -> int | dict:
    """Return the number of zones, or of communes by class for a classification (ZRR, FRR)."""
    if not ZONAGES[zones["type_zone"].iloc[0]].est_classement:
        return len(zones)
    classes = {row.code_zone: int(row.nb_communes) for row in zones.itertuples()}
    return {"communes": sum(classes.values()), **({"classes": classes} if len(classes) > 1 else {})}


def _describe_source(row: dict, signal: Signal) -> dict:
    """Return one source with the keys of the JSON form."""
    alert = f"{signal.panne}. {signal.raison}" if signal.panne else None
    told = {
        "alert": alert,
        "broken_since": signal.panne_depuis,
        "late": signal.retard,
        "late_since": signal.retard_depuis,
        "pending": signal.nouvelle,
    }
    return {key: row[column] for key, column in _SOURCE_KEYS.items()} | {
        key: value or None for key, value in told.items()
    }
