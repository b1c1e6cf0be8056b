"""Read the apprenticeship catalogue of the Carif-Oref (version 2 and later): the JSON that its API answers.

One object is one training of one body at one place.  `date_debut` and
`date_fin` are lists that go together: each rank is a session.
"""

from __future__ import annotations

import re
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from geoapp.errors import SourceError
from geoapp.sources.tabular import Lecture, parse_json, reject
from geoapp.sources.textes import clean_text, read_date, write_sessions

COLONNES = {
    "intitule": ("intitule_rco", "intitule_long", "intitule_court", "onisep_intitule"), "type_diplome": ("diplome",), "niveau": ("niveau",),
    "code_rncp": ("rncp_code",), "code_certifinfo": ("id_certifinfo",), "code_cfd": ("cfd",), "code_mef": ("mef_10_code",),
    "responsable_siret": ("etablissement_gestionnaire_siret",), "responsable_uai": ("etablissement_gestionnaire_uai",),
    "responsable_nom": ("etablissement_gestionnaire_entreprise_raison_sociale",), "formateur_siret": ("etablissement_formateur_siret",),
    "formateur_uai": ("etablissement_formateur_uai",), "formateur_nom": ("etablissement_formateur_entreprise_raison_sociale",),
    "lieu_uai": ("etablissement_lieu_formation_uai", "uai_formation"), "lieu_adresse": ("lieu_formation_adresse", "lieu_formation_adresse_computed"),
    "lieu_code_postal": ("code_postal",), "lieu_code_commune": ("code_commune_insee",), "url": ("onisep_url",), "objectif": ("objectif",),
    "contenu": ("contenu",),
}
"""Column of ours → fields that may give it, the best first."""

ENVELOPES = ("formations", "data", "results")
"""Fields of an API answer that may hold the array."""


def read_catalogue(path: Path) -> Lecture:
    """Return one row per object of the catalogue, in columns of ours.

    Raises
    ------
    SourceError
        Broken or too deep JSON, or no array of trainings.
    """
    try:
        records = _records(Path(path))
    except RecursionError:
        raise SourceError(path, "JSON imbriqué trop profondément.", place="ligne 1", cure="Vérifiez le format de la source.") from None
    rows, rejets = {}, []
    for rank, record in enumerate(records, 1):
        if not isinstance(record, dict):
            rejets.append(reject(f"élément {rank}", "(élément)", str(record)[:200], "Ce n'est pas un objet, ou un champ y figure deux fois : corrigez l'export."))
        else:
            rows[f"élément {rank}"] = {name: _sound(value) for name, value in _cells(record).items()}
    names = list(_cells({}))
    frame = pd.DataFrame([[row[name] for name in names] for row in rows.values()], columns=names, index=pd.Index(list(rows), name="ligne", dtype="str"), dtype="str")
    return Lecture(frame, len(records), rejets)


def _records(path: Path) -> list:
    """Return the objects of the file."""
    found = parse_json(path)
    if isinstance(found, dict):
        found = next((found[name] for name in ENVELOPES if isinstance(found.get(name), list)), [found] if "cle_ministere_educatif" in found else None)
    if not isinstance(found, list) or not found:
        raise SourceError(path, "un tableau JSON de formations est attendu.", place="ligne 1", cure="Vérifiez le format de la source.")
    return found


def _cells(record: dict) -> dict[str, str | None]:
    """Return the cells of one object."""
    cells = {ours: next(filter(None, (_text(record.get(name)) for name in names)), None) for ours, names in COLONNES.items()}
    cells |= {name: cells[name] and clean_text(cells[name]) for name in ("intitule", "objectif", "contenu")}
    latitude, longitude = _point(record)
    key = _text(record.get("cle_ministere_educatif"))
    permanent = {_text(value) for value in _list(record.get("modalites_entrees_sorties"))} - {None}
    return cells | {
        "id_formation": "-".join(filter(None, (cells["code_certifinfo"], cells["responsable_siret"]))) or key, "id_action": key,
        "niveau": (found.group() if (found := re.search(r"[3-8]", cells["niveau"] or "")) else None), "code_rome": _romes(record), "code_nsf": None,
        "voie": "apprentissage", "modalite": _modality(record), "modalite_entree": {"True": "1", "1": "1", "False": "0", "0": "0"}.get(permanent.pop()) if len(permanent) == 1 else None,
        "latitude": latitude, "longitude": longitude,
        "code_mef": _first_mef(record) or cells["code_mef"], "sessions": _sessions(record),
    }


def _sessions(record: dict) -> str | None:
    """Return the sessions; a capacity given once is that of an intake, and goes to the last one."""
    starts, ends, places = (_list(record.get(name)) for name in ("date_debut", "date_fin", "capacite"))
    dates = [(_date(start), _date(end)) for start, end in zip_longest(starts, ends)]
    if len(places) == 1:
        places = [None] * (len(dates) - 1) + places
    return write_sessions((None, *pair, _text(capacity), None) for pair, capacity in zip_longest(dates, places, fillvalue=None) if pair)


def _first_mef(record: dict) -> str | None:
    """Return the first MEF of the formation."""
    return next((mef for one in _list(record.get("bcn_mefs_10")) if isinstance(one, dict) and (mef := _text(one.get("mef10")))), None)


def _modality(record: dict) -> str | None:
    value = _text(record.get("entierement_a_distance"))
    return {"True": "a_distance", "False": "sur_place"}.get(value or "")


def _point(record: dict) -> tuple[str | None, str | None]:
    """Return latitude and longitude of the place, those received before those found again from the address."""
    for name in ("lieu_formation_geo_coordonnees", "lieu_formation_geo_coordonnees_computed"):
        parts = (_text(record.get(name)) or "").split(",")
        if len(parts) == 2 and all(part.strip() for part in parts):
            return parts[0].strip(), parts[1].strip()
    return None, None


def _romes(record: dict) -> str | None:
    """Return the ROME codes of the certification."""
    details = record.get("rncp_details")
    romes = _list(details.get("romes")) if isinstance(details, dict) else []
    codes = (_text(rome.get("rome")) if isinstance(rome, dict) else _text(rome) for rome in romes)
    return "|".join(filter(None, codes)) or _text(record.get("rome_codes"))


def _date(value) -> str | None:
    return read_date(_text(value))


def _list(value) -> list:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value) -> str | None:
    """Return a value as text; a list becomes its texts parted by « | »; nothing is unknown."""
    if isinstance(value, list):
        return "|".join(filter(None, map(_text, value))) or None
    if not isinstance(value, str | int | float | bool):
        return None
    return str(value).strip() or None


def _sound(text: str | None) -> str | None:
    """Return a text without half characters, which no file can hold."""
    return text and text.encode("utf-8", "replace").decode()
