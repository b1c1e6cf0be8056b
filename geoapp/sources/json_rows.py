"""Read JSON files as text rows, keeping the rank of every element."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.content import decode, read_bytes
from geoapp.sources.header_line import MAX_COLUMNS
from geoapp.sources.portals import find_arrays, portal_rows
from geoapp.sources.records import Lecture, reject, show
from geoapp.sources.text_frame import text_frame


def read_json(path: Path, *, encoding: str = "utf-8") -> Lecture:
    """Return a JSON array of flat objects as text.

    A list becomes "a|b", the shapes of open-data portals are opened (`portal_rows`).

    Numbers keep their digits as written, NaN is unknown.  An element that is no
    object, repeats a field, or holds half a character is a reject.

    Raises
    ------
    SourceError
        Truncated, broken or too deep JSON (line and column are given), not an array.
    """
    text = decode(path, read_bytes(path), encoding)
    with refusing_depth(path):
        lecture = _flatten(path, portal_rows(_parse(path, text.texte)))
        lecture.notes += filter(None, [text.dit])
        return lecture


@contextmanager
def refusing_depth(path: Path) -> Iterator[None]:
    """Raise `SourceError` where a JSON is nested too deeply to be read."""
    try:
        yield
    except RecursionError:
        raise SourceError(
            path,
            "JSON imbriqué trop profondément.",
            place="ligne 1",
            cure="Vérifiez le format de la source.",
        ) from None


def parse_json(path: Path, *, encoding: str = "utf-8"):
    """Return the JSON value of a file, numbers as texts; one value a line makes an array.

    An object that repeats a field comes as its bare pairs.

    Raises
    ------
    SourceError
        Truncated or broken JSON (line and column are given).
    RecursionError
        Nested too deeply.
    """
    return _parse(path, decode(path, read_bytes(path), encoding).texte)


def _parse(path: Path, text: str):
    """Return the JSON value of a text, or the array of its lines; numbers stay text."""
    try:
        return _value(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and (lines := _json_lines(text)) is not None:
            return lines
        raise SourceError(
            path,
            "JSON illisible.",
            place=f"ligne {error.lineno}, colonne {error.colno}",
            cure="Le fichier est sans doute coupé ou mal formé : téléchargez-le à nouveau.",
        ) from None


def _json_lines(text: str) -> list | None:
    """Return the values of JSON lines; None when a line is not one value."""
    try:
        return [_value(line) for line in text.splitlines() if line.strip()]
    except json.JSONDecodeError:
        return None


def _value(text: str):
    """Return the JSON value of a text; numbers stay text."""
    return json.loads(
        text,
        object_pairs_hook=_unique,
        parse_int=str,
        parse_float=str,
        parse_constant=lambda name: None if name == "NaN" else name,
    )


def _unique(pairs: list[tuple]) -> dict | tuple:
    """Return an object, or its bare pairs when a field is repeated (a value would be lost)."""
    record = dict(pairs)
    return record if len(record) == len(pairs) else tuple(pairs)


def _flatten(path: Path, records) -> Lecture:
    """Return the objects of an array as rows; what is no clean object is a reject."""
    if not isinstance(records, list) or not records:
        arrays = list(find_arrays(records))
        several = f" Le fichier en contient plusieurs : {', '.join(map(show, arrays[:8]))}."
        raise SourceError(
            path,
            f"un tableau JSON d'objets est attendu.{several if len(arrays) > 1 else ''}",
            place="ligne 1",
            cure="Extrayez le tableau qu'il faut lire."
            if len(arrays) > 1
            else "Vérifiez le format de la source.",
        )
    good, rejets = [], []
    for rank, record in enumerate(records, 1):
        if reason := refuse_element(record):
            text = json.dumps(record)[:200]
            rejets.append(reject(f"élément {rank}", "(élément)", text, reason))
        else:
            good.append((rank, record))
    # Records may leave out what they do not know: the columns are those of all of them.
    names = list(dict.fromkeys(name for _, record in good for name in record))
    if len(names) > MAX_COLUMNS:
        raise SourceError(
            path,
            f"{len(names)} champs différents, au plus {MAX_COLUMNS} sont lus.",
            place="ligne 1",
            cure="Vérifiez le format de la source.",
        )
    rows = [[json_text(record.get(name)) for name in names] for _, record in good]
    places = [f"élément {rank}" for rank, _ in good]
    return Lecture(frame=text_frame(rows, names, places), nb_lues=len(records), rejets=rejets)


def refuse_element(record) -> str:
    """Return why an element of a JSON array cannot be a row (a code of `RAISONS`), or ""."""
    if isinstance(record, tuple):
        return "champ_repete"
    if not isinstance(record, dict):
        return "pas_un_objet"
    try:
        json.dumps(record, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return "caractere_coupe"
    return ""


def json_text(value) -> str:
    """Return a JSON value as text: lists joined by `|`, booleans as CSV shows them."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(json_text(item) for item in value)
    return str(value) if isinstance(value, str | bool) else json.dumps(value, ensure_ascii=False)
