"""Read a LHÉO 2.2 or 2.3 feed (XML) into flat offers.

One row per action and place, its sessions kept in a list.

Formation, action and session are the three levels of LHÉO.  The place read is
that of `lieu-de-formation`, never another address of the file; an action in
several places gives as many rows.  Elements that hold a person (name,
telephone, e-mail) are never read; `extras` are left out, but for the few facts
of `EXTRAS` that real feeds write there alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.core.schema.offer_columns import LHEO
from geoapp.sources.records import Lecture, reject
from geoapp.sources.texts import clean_text, read_count, read_date, write_sessions
from geoapp.sources.xml_stream import local_name, stream_elements

BATCH = 5_000
"""Rows of one batch: the memory of the reader does not grow with the feed."""

COLONNES = tuple(LHEO)
"""Columns of ours that a feed gives."""

EXTRAS = {
    "latitude": ("geolocalisation", "latitude"),
    "longitude": ("geolocalisation", "longitude"),
    "prix_eur": ("frais-pedagogiques", "frais-ttc"),
}
"""Column of ours → `info` of the private group and element that give it.

Read when the format's own element is absent (old feeds, Mon Compte Formation).
"""

MODALITES = {"0": "sur_place", "1": "mixte", "2": "a_distance"}
VOIES_CYCLE = {"0": "scolaire", "1": "apprentissage"}
ETATS = {"1": "ouvert", "2": "ferme", "3": "suspendu"}
FILLERS = frozenset(
    ("", "-", "--", "---", "–", "—", "-----", "--------", "-----------", "--------------", ".")
)
"""What a producer writes where LHÉO wants a text and nothing is known."""

INCONNU = "non renseigné"
"""What the attribute `info` of a compulsory code says, in our own feeds, when nobody knows it."""

_PROSES = ("intitule", "objectif", "contenu")
"""Texts that may hold the marks of a page: they are read as plain text."""

_PARTICULIERES = frozenset(
    """
    id_formation id_action code_formacode code_nsf code_rome code_rncp code_certifinfo
    responsable_uai responsable_nom formateur_uai voie modalite duree_h financeurs
    nb_places_financees publics prix_eur url sessions
    """.split()
)
"""Columns that more than one plain element gives: the functions of this file read them."""


def _simples(holder: tuple[str, ...], *others: str) -> dict[str, tuple[str, ...]]:
    """Return the path, under `holder`, of each column that one plain element gives."""
    return {
        nom: path[len(holder) :]
        for nom, path in LHEO.items()
        if nom not in _PARTICULIERES
        and path[: len(holder)] == holder
        and path[len(holder)] not in others
    }


_SIMPLES = {
    "formation": _simples((), "action"),
    "action": _simples(("action",), "lieu-de-formation"),
}
"""The others, by what holds them: column → path of its element.  A place has its own reading."""

_HOURS = re.compile(r"\d{1,5}(?:\.\d{1,2})?")


class _Names(dict):
    """Local names by full tag, worked out once each."""

    def __missing__(self, tag):
        name = self[tag] = local_name(tag)
        return name


_NAMES = _Names()


def read_lheo(path: Path, *, voie: str = "") -> Lecture:
    """Return the whole feed as one lecture (see `iter_lheo`)."""
    parts = list(iter_lheo(path, voie=voie))
    frame = pd.concat([part.frame for part in parts]) if len(parts) > 1 else parts[0].frame
    return Lecture(
        frame=frame,
        nb_lues=sum(part.nb_lues for part in parts),
        rejets=[r for part in parts for r in part.rejets],
        corrections=[],
        extras=sum(part.extras for part in parts),
    )


def iter_lheo(path: Path, *, voie: str = "", batch: int = BATCH) -> Iterator[Lecture]:
    """Yield the rows of a feed by batches, in its order, at least one batch.

    Parameters
    ----------
    path : Path
        Plain, gzipped, or zip archive of one XML file.
    voie : str
        Voie of the actions that no cycle tells (formation initiale or contrat d'apprentissage).
    batch : int
        Rows of a batch.

    Yields
    ------
    Lecture
        Text columns `COLONNES`, index = XPath of the place or the action,
        namespaces left out.  A formation without action is a reject.
        `extras` counts the private elements that were left out.

    Raises
    ------
    SourceError
        Not XML, not LHÉO, or dangerous (see `stream_elements`).
    """
    rows: list[list] = []
    places: list[str] = []
    rejets: list[dict] = []
    extras = rank = 0
    for rank, formation in enumerate(stream_elements(path, "formation", "offres"), 1):
        here = f"/lheo/offres/formation[{rank}]"
        found = len(rows)
        for place, row in _formation_rows(formation, here, voie):
            places.append(place)
            rows.append(row)
        extras += sum(1 for _ in formation.iter("{*}extra"))
        if len(rows) == found:
            rejets.append(reject(here, "action", None, "sans_action"))
        if len(rows) >= batch:
            yield _lecture(rows, places, rejets, extras)
            rows, places, rejets, extras = [], [], [], 0
    if not rank and next(stream_elements(path, "offre-formation", "offres"), None) is not None:
        raise SourceError(
            path,
            "LHÉO d'une version 1, d'avant 2012 (« offre-formation ») : elle n'est pas lue.",
            cure="Demandez un flux LHÉO 2.2 ou 2.3 au producteur.",
        )
    yield _lecture(rows, places, rejets, extras)


def _lecture(rows: list, places: list[str], rejets: list[dict], extras: int) -> Lecture:
    """Return one batch."""
    columns = zip(*rows, strict=True) if rows else [()] * len(COLONNES)
    cells = {
        name: pd.array(values, dtype="str") for name, values in zip(COLONNES, columns, strict=True)
    }
    frame = pd.DataFrame(cells, index=pd.Index(places, name="ligne", dtype="str"))
    return Lecture(frame=frame, nb_lues=len(rows) + len(rejets), rejets=rejets, extras=extras)


def _index(element) -> dict[str, list]:
    """Return the children of an element by local name."""
    found: dict[str, list] = {}
    for child in element:
        name = _NAMES[child.tag]
        if name in found:
            found[name].append(child)
        else:
            found[name] = [child]
    return found


def _text(found: dict[str, list], name: str) -> str | None:
    """Return the text of the first child of that name; fillers are unknown."""
    if name not in found:
        return None
    element = found[name][0]
    text = "".join(element.itertext()) if len(element) else element.text
    text = text.strip() if text else ""
    return None if text in FILLERS or element.get("info") == INCONNU else text


def _texts(found: dict[str, list], name: str) -> list[str]:
    """Return the known texts of the children of that name."""
    texts = (
        (element.text or "").strip()
        for element in found.get(name, ())
        if element.get("info") != INCONNU
    )
    return [text for text in texts if text not in FILLERS]


def _under(found: dict[str, list], *names: str) -> str | None:
    """Return the text at the end of a path of first children."""
    for name in names[:-1]:
        if name not in found:
            return None
        found = _index(found[name][0])
    return _text(found, names[-1])


def _simple_cells(found: dict[str, list], holder: str) -> dict[str, str | None]:
    """Return the columns that one plain element of a formation, or of an action, gives."""
    return {
        nom: _clean(_under(found, *path)) if nom in _PROSES else _under(found, *path)
        for nom, path in _SIMPLES[holder].items()
    }


def _formation_rows(formation, here: str, voie: str) -> Iterator[tuple[str, list]]:
    """Yield the place and the cells of each row of a formation."""
    found = _index(formation)
    shared = _formation_cells(found)
    shared["id_formation"] = formation.get("numero") or formation.get("id") or _digest(shared)
    for rank, action in enumerate(found.get("action", ()), 1):
        inside = _index(action)
        cells = shared | _action_cells(inside, voie, shared["url"])
        cells["id_action"] = (
            action.get("numero") or action.get("id") or f"{cells['id_formation']}-{_digest(cells)}"
        )
        yield from _rows_of_places(
            cells, inside.get("lieu-de-formation", ()), f"{here}/action[{rank}]"
        )


def _rows_of_places(cells: dict, lieux, here: str) -> Iterator[tuple[str, list]]:
    """Yield one row per place, one without place when there is none."""
    # An action without place is kept: the check says what it lacks.
    if not lieux:
        yield here, [*map(cells.get, COLONNES)]
    for rank, lieu in enumerate(lieux, 1):
        cells.update(_place_cells(_index(lieu)))
        yield f"{here}/lieu-de-formation[{rank}]", [*map(cells.get, COLONNES)]


def _digest(cells: dict) -> str:
    """Return a name for what the producer did not number, stable as long as its content is."""
    content = "\x1f".join(f"{name}={value}" for name, value in sorted(cells.items()) if value)
    return "x" + hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:12]


def _formation_cells(found: dict[str, list]) -> dict:
    """Return what is learnt, and who answers for it."""
    domaine = _index(found["domaine-formation"][0]) if "domaine-formation" in found else {}
    certifications = [_index(one) for one in found.get("certification", ())]
    responsable = (
        _index(found["organisme-formation-responsable"][0])
        if "organisme-formation-responsable" in found
        else {}
    )
    return {
        **_simple_cells(found, "formation"),
        "code_formacode": _principal(domaine.get("code-FORMACODE", ())),
        "code_nsf": next(iter(_texts(domaine, "code-NSF")), None),
        "code_rome": "|".join(_texts(domaine, "code-ROME")) or None,
        "code_rncp": _first_known(certifications, "code-RNCP"),
        "code_certifinfo": _first_known(certifications, "code-CERTIFINFO"),
        "responsable_uai": _uai(responsable, "code-UAI-organisme-formation")
        or _text(responsable, "code-UAI"),
        "responsable_nom": _text(responsable, "nom-organisme")
        or _text(responsable, "raison-sociale"),
        "url": _under(found, "url-formation", "urlweb"),
    }


def _clean(text: str | None) -> str | None:
    return text and clean_text(text)


def _principal(formacodes) -> str | None:
    """Return the Formacode tagged principal, else the first."""
    marked = [one for one in formacodes if one.get("tag") == "principal"] or list(formacodes)
    text = (marked[0].text or "").strip() if marked else ""
    return None if text in FILLERS else text


def _first_known(parts: list[dict[str, list]], name: str) -> str | None:
    return next((text for part in parts if (text := _text(part, name))), None)


def _uai(found: dict[str, list], name: str) -> str | None:
    """Return a UAI code, written bare or in an element of that name."""
    return _under(found, name, "code-UAI") or _text(found, name)


def _action_cells(found: dict[str, list], voie: str, url: str | None) -> dict:
    """Return how, by whom and for whom, and the sessions."""
    formateur = _index(found["organisme-formateur"][0]) if "organisme-formateur" in found else {}
    financeurs = [_index(one) for one in found.get("organisme-financeur", ())]
    places = [
        nb
        for one in financeurs
        if (nb := read_count(_text(one, "nb-places-financees"))) is not None
    ]
    codes = dict.fromkeys(text for one in financeurs if (text := _text(one, "code-financeur")))
    sessions = [_session_cells(session) for session in found.get("session", ())]
    # One action is of one voie: cycles that disagree tell nothing.
    cycles = {code for *_, code in sessions if code}
    return {
        **_simple_cells(found, "action"),
        "formateur_uai": _uai(formateur, "code-UAI-formateur"),
        "voie": VOIES_CYCLE.get(cycles.pop(), voie) if len(cycles) == 1 else voie or None,
        "modalite": MODALITES.get(_text(found, "modalites-enseignement") or ""),
        "duree_h": _text(found, "nombre-heures-total") or _total_hours(found),
        "financeurs": "|".join(codes) or None,
        "nb_places_financees": str(sum(places)) if places else None,
        "publics": "|".join(dict.fromkeys(_texts(found, "code-public-vise"))) or None,
        "prix_eur": _text(found, "prix-total-TTC") or _extra(found, "prix_eur"),
        "url": _under(found, "url-action", "urlweb") or url,
        "sessions": write_sessions(cells for *cells, _ in sessions),
    }


def _total_hours(found: dict[str, list]) -> str | None:
    """Return the hours at the centre and in a firm together, when both are told."""
    parts = [
        (_text(found, f"nombre-heures-{place}") or "").replace(",", ".")
        for place in ("centre", "entreprise")
    ]
    # One of the two alone would pass for the whole length.
    return f"{sum(map(float, parts)):g}" if all(_HOURS.fullmatch(part) for part in parts) else None


def _extra(found: dict[str, list], ours: str) -> str | None:
    """Return the text of the private element that gives a column, at any depth under `extras`."""
    group, name = EXTRAS[ours]
    for extras in found.get("extras", ()):
        for element in extras.iter("{*}extra"):
            if (
                element.get("info") == name
                and element.getparent().get("info") == group
                and (text := (element.text or "").strip()) not in FILLERS
            ):
                return text
    return None


def _session_cells(session) -> tuple:
    """Return number, start, end, places, state of recruitment, and the code of the first cycle."""
    found = _index(session)
    periode = _index(found["periode"][0]) if "periode" in found else {}
    cycle = _index(found["cycle"][0]) if "cycle" in found else {}
    return (
        session.get("numero") or session.get("id"),
        read_date(_text(periode, "debut")),
        read_date(_text(periode, "fin")),
        _text(cycle, "capacite-simultanee") or _text(cycle, "capacite-cumulee"),
        ETATS.get(_text(found, "etat-recrutement") or ""),
        _text(cycle, "type-cycle"),
    )


def _place_cells(lieu: dict[str, list]) -> dict:
    """Return the address, codes and coordinates of one place of training.

    The person named there is not read.
    """
    coordonnees = _index(lieu["coordonnees"][0]) if "coordonnees" in lieu else {}
    adresse = _index(coordonnees["adresse"][0]) if "adresse" in coordonnees else {}
    point = _index(adresse["geolocalisation"][0]) if "geolocalisation" in adresse else {}
    lignes = [*_texts(adresse, "denomination"), *_texts(adresse, "ligne")]
    return {
        "lieu_adresse": ", ".join(lignes) or None,
        "lieu_code_postal": _text(adresse, "codepostal"),
        "lieu_code_commune": _text(adresse, "code-INSEE-commune"),
        "lieu_uai": _uai(lieu, "code-UAI-lieu-formation"),
        "latitude": _text(point, "latitude") or _extra(adresse, "latitude"),
        "longitude": _text(point, "longitude") or _extra(adresse, "longitude"),
    }
