"""Read the apprenticeship catalogue of the Carif-Oref.

The JSON that its API answers, from the version of 2020 to that of today.

One object is one training of one body at one place.  `date_debut` and
`date_fin` are lists that go together: each rank is a session; before them,
`periode` listed months of entry.  The API of 2025 nests the same facts.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.sources.json_rows import parse_json, refuse_element, refusing_depth
from geoapp.sources.portals import portal_rows
from geoapp.sources.records import Lecture, reject
from geoapp.sources.texts import clean_text, read_date, write_sessions

_CERTIFICATION = "certification.valeur"
_LIEU = "etablissement_lieu_formation"

COLONNES = {
    "intitule": (
        "intitule_rco",
        "nom",
        "intitule_long",
        "intitule_court",
        "onisep_intitule",
        "onisep.intitule",
        f"{_CERTIFICATION}.intitule.rncp",
        f"{_CERTIFICATION}.intitule.cfd.long",
    ),
    "type_diplome": ("diplome", f"{_CERTIFICATION}.intitule.niveau.cfd.libelle"),
    "niveau": (
        "niveau",
        f"{_CERTIFICATION}.intitule.niveau.cfd.europeen",
        f"{_CERTIFICATION}.intitule.niveau.rncp.europeen",
    ),
    "code_rncp": ("rncp_code", f"{_CERTIFICATION}.identifiant.rncp"),
    "code_certifinfo": ("id_certifinfo",),
    "code_cfd": ("cfd", f"{_CERTIFICATION}.identifiant.cfd"),
    "code_mef": ("bcn_mefs_10", "mef_10_code", "modalite.mef_10"),
    "code_formacode": (f"{_CERTIFICATION}.domaines.formacodes.rncp",),
    "code_nsf": (
        "rncp_details.nsf_code",
        "rncp_details.nsf",
        f"{_CERTIFICATION}.domaines.nsf.cfd",
        f"{_CERTIFICATION}.domaines.nsf.rncp",
    ),
    "code_rome": ("rncp_details.romes", "rome_codes", f"{_CERTIFICATION}.domaines.rome.rncp"),
    "responsable_siret": (
        "etablissement_gestionnaire_siret",
        "etablissement_responsable_siret",
        "responsable.organisme.identifiant.siret",
    ),
    "responsable_uai": (
        "etablissement_gestionnaire_uai",
        "etablissement_responsable_uai",
        "responsable.organisme.identifiant.uai",
    ),
    "responsable_nom": (
        "etablissement_gestionnaire_entreprise_raison_sociale",
        "etablissement_responsable_entreprise_raison_sociale",
        "responsable.organisme.unite_legale.raison_sociale",
    ),
    "formateur_siret": ("etablissement_formateur_siret", "formateur.organisme.identifiant.siret"),
    "formateur_uai": ("etablissement_formateur_uai", "formateur.organisme.identifiant.uai"),
    "formateur_nom": (
        "etablissement_formateur_entreprise_raison_sociale",
        "formateur.organisme.unite_legale.raison_sociale",
    ),
    "lieu_uai": (f"{_LIEU}_uai", "uai_formation", "lieu.uai"),
    "lieu_adresse": (
        "lieu_formation_adresse",
        "lieu_formation_adresse_computed",
        f"{_LIEU}_adresse",
        "lieu.adresse.label",
    ),
    "lieu_code_postal": ("code_postal", f"{_LIEU}_code_postal", "lieu.adresse.code_postal"),
    "lieu_code_commune": (
        "code_commune_insee",
        f"{_LIEU}_code_insee",
        "lieu.adresse.commune.code_insee",
    ),
    "url": ("onisep_url", "onisep_lien_site_onisepfr", "onisep.url", "onisep.lien_site_onisepfr"),
    "objectif": ("objectif", "contenu_educatif.objectif"),
    "contenu": ("contenu", "contenu_educatif.contenu"),
    "id_action": (
        "cle_ministere_educatif",
        "identifiant.cle_ministere_educatif",
        "id_rco_formation",
        "id_RCO",
        "_id",
        "id",
    ),
    "modalite": ("entierement_a_distance", "modalite.entierement_a_distance"),
    "capacite": ("capacite",),
}
"""Column of ours → fields that may give it, those of the newest flat version first.

A dot goes into an object.
"""

POINTS = (
    "lieu_formation_geo_coordonnees",
    f"{_LIEU}_geo_coordonnees",
    "lieu_formation_geo_coordonnees_computed",
    f"{_LIEU}_geo_coordonnees_computed",
)
"""Fields of the position of the place, those received before those found again from the address."""

SEULS = ("code_mef", "code_formacode", "code_nsf")
"""Columns that keep the first of several codes."""

PROSES = ("intitule", "objectif", "contenu")
"""Columns that may hold the marks of a page: they are read as plain text."""

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?Z")
_RETIREES = ("supprimé", "archivé")


def read_catalogue(path: Path) -> Lecture:
    """Return one row per object of the catalogue, in columns of ours.

    A training that the catalogue withdrew is a reject.

    Raises
    ------
    SourceError
        Broken or too deep JSON, or no array of trainings.
    """
    with refusing_depth(path):
        records = _records(Path(path))
        rows, rejets = {}, []
        for rank, record in enumerate(records, 1):
            place = f"élément {rank}"
            if refused := _refusal(record):
                rejets.append(reject(place, *refused))
            else:
                rows[place] = {name: _sound(value) for name, value in _cells(record).items()}
    names = list(_cells({}))
    frame = pd.DataFrame(
        [[row[name] for name in names] for row in rows.values()],
        columns=names,
        index=pd.Index(list(rows), name="ligne", dtype="str"),
        dtype="str",
    )
    return Lecture(frame=frame, nb_lues=len(records), rejets=rejets)


def _records(path: Path) -> list:
    """Return the objects of the file."""
    found = portal_rows(parse_json(path))
    if isinstance(found, dict) and "cle_ministere_educatif" in found:
        found = [found]
    if not isinstance(found, list) or not found:
        raise SourceError(
            path,
            "un tableau JSON de formations est attendu.",
            place="ligne 1",
            cure="Vérifiez le format de la source.",
        )
    return found


def _refusal(record) -> tuple[str, str, str] | None:
    """Return column, value and reason (a code of `RAISONS`) of an element that gives no row."""
    if not isinstance(record, dict):
        return "(élément)", str(record)[:200], refuse_element(record)
    if record.get("published") is False or _at(record, "statut.catalogue") in _RETIREES:
        return "published", "false", "formation_retiree"
    return None


def _cells(record: dict) -> dict[str, str | None]:
    """Return the cells of one object."""
    cells: dict[str, str | None] = {
        ours: next(filter(None, (_text(_at(record, name)) for name in names)), None)
        for ours, names in COLONNES.items()
    }
    cells |= {name: text.partition("|")[0] for name in SEULS if (text := cells[name])}
    cells |= {name: clean_text(text) for name in PROSES if (text := cells[name])}
    latitude, longitude = _point(record)
    level = re.search(r"[3-8]", cells["niveau"] or "")
    # What is learnt by whom: the catalogue numbers a training at one place, and no formation.
    certification = cells["code_certifinfo"] or cells["code_cfd"] or cells["code_rncp"]
    formation = "-".join(filter(None, (certification, cells["responsable_siret"])))
    return cells | {
        "id_formation": formation or cells["id_action"],
        "niveau": level.group() if level else None,
        "voie": "apprentissage",
        "modalite": {"True": "a_distance", "False": "sur_place"}.get(cells["modalite"] or ""),
        "modalite_entree": _permanent(record),
        "latitude": latitude,
        "longitude": longitude,
        "sessions": _sessions(record),
        "periodes": _periods(record),
    }


def _permanent(record: dict) -> str | None:
    """Return « 1 » or « 0 » when all the sessions agree on permanent entries; else unknown."""
    told = {_text(value) for value in _list(record.get("modalites_entrees_sorties"))} - {None}
    if len(told) != 1:
        return None
    return {"True": "1", "1": "1", "False": "0", "0": "0"}.get(told.pop() or "")


def _sessions(record: dict) -> str | None:
    """Return the sessions; a capacity given once is that of an intake, and goes to the last one."""
    listed = [one for one in _list(record.get("sessions")) if isinstance(one, dict)]
    starts, ends, places = (
        [one.get(name) for one in listed] or _list(record.get(older)) for name, older in SESSION
    )
    dates = [(_date(start), _date(end)) for start, end in zip_longest(starts, ends)]
    if not dates:
        return None
    if len(places) == 1:
        places = [None] * (len(dates) - 1) + places
    return write_sessions(
        (None, *pair, _text(capacity), None)
        for pair, capacity in zip_longest(dates, places, fillvalue=None)
        if pair
    )


SESSION = (("debut", "date_debut"), ("fin", "date_fin"), ("capacite", "capacite"))
"""Start, end and places: in a session of the newest version, and as a list of the older ones."""


def _periods(record: dict) -> str | None:
    """Return the months of entry; names of months without a year (2020) date nothing."""
    written = record.get("periode")
    if isinstance(written, str) and written.startswith("["):
        try:
            written = json.loads(written)
        except ValueError:
            return None
    months = (
        text[:7] for text in map(_text, _list(written)) if text and re.match(r"\d{4}-\d\d", text)
    )
    return "|".join(dict.fromkeys(months)) or None


def _point(record: dict) -> tuple[str | None, str | None]:
    """Return latitude and longitude of the place."""
    written = [_text(record.get(name)) for name in POINTS]
    geometry = _at(record, "lieu.geolocalisation.coordinates")
    if isinstance(geometry, list):
        # GeoJSON writes the longitude first, the flat fields the latitude.
        written.append(",".join(_text(one) or "" for one in geometry[::-1]))
    for text in written:
        parts = (text or "").split(",")
        if len(parts) == 2 and all(part.strip() for part in parts):
            return parts[0].strip(), parts[1].strip()
    return None, None


def _date(value) -> str | None:
    """Return a date; an instant in UTC is that of Paris.

    Midnight there is 22 h or 23 h of the day before.
    """
    text = _text(value)
    if text and _INSTANT.fullmatch(text):
        try:
            # Two hours are right in summer, one too many in winter: the day is the same.
            return (datetime.fromisoformat(text) + timedelta(hours=2)).date().isoformat()
        except (ValueError, OverflowError):
            return text
    return read_date(text)


def _at(record: dict, path: str) -> Any:
    """Return the value at the end of a path of objects; None where it breaks."""
    # Some exports write the whole path as the name of one field.
    if path in record:
        return record[path]
    found: Any = record
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def _list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value) -> str | None:
    """Return a value as text; a list becomes its texts parted by « | », an object its code.

    None for a blank, an empty list and an object without code.
    """
    if isinstance(value, list):
        return "|".join(filter(None, map(_text, value))) or None
    if isinstance(value, dict):
        return next(
            (text for name in ("code", "rome", "mef10") if (text := _text(value.get(name)))), None
        )
    if not isinstance(value, str | int | float | bool):
        return None
    return str(value).strip() or None


def _sound(text: str | None) -> str | None:
    """Return a text without half characters, which no file can hold."""
    return text and text.encode("utf-8", "replace").decode()
