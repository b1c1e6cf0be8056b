"""Read trainings in the JSON of Intercarif (« Open Formation »).

Here the place belongs to the session, and numbers are texts.

A file holds one training, or an array of them.  Sessions of one action at one
place make one row, so that an action keeps its sessions together as in LHÉO.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.sources.json_rows import parse_json, refuse_element, refusing_depth
from geoapp.sources.lheo import COLONNES, FILLERS, MODALITES
from geoapp.sources.records import Lecture, reject
from geoapp.sources.texts import clean_text, read_count, read_date, write_sessions


def read_intercarif(path: Path, *, voie: str = "") -> Lecture:
    """Return one row per training, action and place, in the columns of `geoapp.sources.lheo`.

    Raises
    ------
    SourceError
        Broken or too deep JSON, or no training in it.
    """
    with refusing_depth(path):
        return _read(Path(path), voie)


def _read(path: Path, voie: str) -> Lecture:
    """Return the rows of a file that is not nested too deeply."""
    found = parse_json(path)
    trainings = found if isinstance(found, list) else [found]
    rows, places, rejets = [], [], []
    for rank, training in enumerate(trainings, 1):
        here = f"élément {rank}"
        if problem := _problem(training):
            rejets.append(reject(here, "(élément)", json.dumps(training)[:200], problem))
            continue
        for number, cells in enumerate(_rows(training, voie), 1):
            places.append(f"{here}, lieu {number}")
            rows.append([cells.get(name) for name in COLONNES])
    if not rows and not rejets:
        raise SourceError(
            path,
            "aucune formation dans ce JSON.",
            place="ligne 1",
            cure="Vérifiez le format de la source.",
        )
    frame = pd.DataFrame(
        rows, columns=list(COLONNES), index=pd.Index(places, name="ligne", dtype="str"), dtype="str"
    )
    return Lecture(frame=frame, nb_lues=len(rows) + len(rejets), rejets=rejets)


def _problem(training) -> str:
    """Return why an element is no training (a code of `RAISONS`), or an empty text."""
    is_empty = isinstance(training, dict) and not [
        session for session in _list(training, "sessions") if isinstance(session, dict)
    ]
    return "sans_session" if is_empty else refuse_element(training)


def _rows(training: dict, voie: str) -> list[dict]:
    """Return the cells of each (action, place) of a training, in the order of its sessions."""
    shared = _training_cells(training, voie)
    groups: dict[tuple, tuple[str | None, dict, list[dict]]] = {}
    for session in _list(training, "sessions"):
        if isinstance(session, dict):
            place = _place_cells(_dict(_dict(session, "localisation"), "formation"))
            action = _text(session, "uida") or _text(session, "uid") or _text(session, "id")
            groups.setdefault((action, *place.values()), (action, place, []))[2].append(session)
    return [
        shared | _action_cells(sessions) | place | {"id_action": action}
        for action, place, sessions in groups.values()
    ]


def _training_cells(training: dict, voie: str) -> dict:
    """Return what is learnt and by whom; the contacts are not read."""
    organisme = _dict(training, "organisme")
    is_apprentissage = _flag(training, "contrat-apprentissage") == "1"
    return {
        "id_formation": _text(training, "uid") or _text(training, "id"),
        "intitule": _clean(training, "intitule"),
        "objectif": _clean(training, "objectif"),
        "contenu": _clean(training, "description"),
        "niveau": _text(training, "niveau-sortie"),
        "niveau_entree": _text(training, "niveau-entree"),
        "code_formacode": next(
            iter(_texts(training, "codes-formacode") or _texts(training, "formacode")), None
        ),
        "code_rome": "|".join(_texts(training, "codes-rome-vises")) or None,
        "code_rncp": _text(training, "code-rncp"),
        "code_certifinfo": _text(training, "code-certifinfo"),
        "est_certifiante": _flag(training, "certifiante"),
        "modalite_entree": _flag(training, "entrees-sorties-permanentes"),
        "modalite": MODALITES.get(_text(training, "modalite-enseignement") or ""),
        "voie": "apprentissage" if is_apprentissage else voie or None,
        "responsable_siret": _text(organisme, "siret"),
        "responsable_nom": _text(organisme, "nom"),
    }


def _action_cells(sessions: list[dict]) -> dict:
    """Return what the sessions of one action at one place say.

    Hours, funders, link, and themselves.
    """
    listed = [funder for session in sessions for funder in _list(session, "financeurs")]
    funders = [funder for funder in listed if isinstance(funder, dict)]
    codes = dict.fromkeys(code for funder in funders if (code := _text(funder, "code")))
    places = [nb for one in funders if (nb := read_count(_text(one, "places"))) is not None]
    hours = (_text(session, "nombre-heures-total") for session in sessions)
    links = (_text(_dict(session, "contact"), "url") for session in sessions)
    return {
        "duree_h": next(filter(None, hours), None),
        "financeurs": "|".join(codes) or None,
        "nb_places_financees": str(sum(places)) if places else None,
        "url": next(filter(None, links), None),
        "sessions": write_sessions(map(_session_cells, sessions)),
    }


def _session_cells(session: dict) -> tuple[str | None, ...]:
    """Return number, start and end; places and recruitment are not in this format."""
    return (
        _text(session, "uid") or _text(session, "id"),
        read_date(_text(session, "debut")),
        read_date(_text(session, "fin")),
        None,
        None,
    )


def _place_cells(place: dict) -> dict:
    """Return the address, codes and coordinates of the place of training."""
    adresse = _text(place, "adresse")
    return {
        "lieu_adresse": (adresse and ", ".join(filter(None, map(str.strip, adresse.splitlines()))))
        or None,
        "lieu_code_postal": _text(place, "code-postal"),
        "lieu_code_commune": _text(place, "commune-insee"),
        "latitude": _text(place, "latitude"),
        "longitude": _text(place, "longitude"),
    }


def _dict(holder: dict, name: str) -> dict:
    """Return an object inside another; an empty one when it is anything else."""
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _list(holder: dict, name: str) -> list:
    value = holder.get(name)
    return value if isinstance(value, list) else []


def _text(holder: dict, name: str) -> str | None:
    """Return a text or a number as text; fillers, lists and objects are unknown."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value).strip()
    return None if text in FILLERS else text


def _texts(holder: dict, name: str) -> list[str]:
    return [
        text
        for value in _list(holder, name)
        if isinstance(value, str) and (text := value.strip()) not in FILLERS
    ]


def _flag(holder: dict, name: str) -> str | None:
    """Return a boolean as « 1 » or « 0 »; anything else is unknown."""
    value = holder.get(name)
    return {True: "1", False: "0"}[value] if isinstance(value, bool) else _text(holder, name)


def _clean(holder: dict, name: str) -> str | None:
    text = _text(holder, name)
    return text and clean_text(text)
