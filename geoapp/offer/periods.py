"""Read a date as people and spreadsheets write it: ISO 8601 at the precision it has."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from geoapp.reference.codes.text import fold

_MOIS = {
    name: number
    for number, names in enumerate(
        (
            ("janvier", "janv", "jan"),
            ("fevrier", "fevr", "fev"),
            ("mars", "mar"),
            ("avril", "avr"),
            ("mai",),
            ("juin",),
            ("juillet", "juil"),
            ("aout",),
            ("septembre", "sept", "sep"),
            ("octobre", "oct"),
            ("novembre", "nov"),
            ("decembre", "dec"),
        ),
        1,
    )
    for name in names
}
_HEURE = r"(?:[T ]\d{1,2}:\d\d.*)?"
_FORMES = (
    re.compile(rf"(?P<a>\d{{4}})[-/.](?P<m>\d{{1,2}})[-/.](?P<j>\d{{1,2}}){_HEURE}"),
    re.compile(rf"(?P<j>\d{{1,2}})[-/.](?P<m>\d{{1,2}})[-/.](?P<a>\d{{4}}){_HEURE}"),
    re.compile(r"(?P<a>(?:19|20)\d\d)(?P<m>\d\d)(?P<j>\d\d)"),
    re.compile(r"(?P<a>\d{4})[-/.](?P<m>\d{1,2})"),
    re.compile(r"(?P<m>\d{1,2})[-/.](?P<a>\d{4})"),
    re.compile(r"(?P<a>\d{4})"),
)
"""Numbers: the day comes first in French, as nobody here writes the month first."""
_MOTS = re.compile(r"(?:(?:le )?(?P<j>\d{1,2})(?:er)? )?(?P<m>[a-z]+) (?P<a>\d{4})")


_INTERVALLE = re.compile(r"(?:du |de )?(.+?)(?: au | à | - | → )(.+)", re.IGNORECASE)
_SUITE = re.compile(r"\s*(?:[,;\n]|\bet\b)\s*", re.IGNORECASE)


def read_periods(text: str) -> str | None:
    """Return the first day of each period of a text, parted by « | »; None where one is no date.

    Periods are parted by « | », a comma, a semicolon or « et »; « du 5 au 9 octobre 2026 » is one.
    """
    found: list[str] = []
    for part in text.split("|"):
        one = read_period(part)
        several = [one] if one else [_start(piece) for piece in _SUITE.split(part.strip())]
        if None in several:
            return None
        found += filter(None, several)
    return "|".join(dict.fromkeys(found))


def _start(text: str) -> str | None:
    """Return the first day of a period told by its two ends, or the date that a text is."""
    told = _INTERVALLE.fullmatch(text.strip())
    if told is None or (last := read_period(told[2])) is None:
        return read_period(text)
    # What the first day leaves out (month, year) is that of the last one.
    words = re.split(r"([ /.-])", told[2].strip())
    ends = ["".join(words[rank:]) for rank in range(len(words), 0, -2)]
    first = next(filter(None, (read_period(told[1].strip() + end) for end in ends)), None)
    return first if first and first <= last else None


@lru_cache(maxsize=4096)
def read_period(text: str) -> str | None:
    """Return a date as AAAA, AAAA-MM or AAAA-MM-JJ, None for what is no date of 1900 to 2099.

    A number of days, as a spreadsheet counts them, says a date of two calendars: it is none.
    """
    bare = text.strip()
    found = next(filter(None, (form.fullmatch(bare) for form in _FORMES)), None)
    if found is None and (found := _MOTS.fullmatch(fold(bare))) is None:
        return None
    parts = found.groupdict()
    word = parts.get("m")
    month = _MOIS.get(word, 0) if word and word.isalpha() else int(word or 0)
    year, day = int(parts["a"]), int(parts.get("j") or 0)
    if not 1900 <= year <= 2099 or (word and not 1 <= month <= 12):
        return None
    if not month:
        return f"{year}"
    if not day:
        return f"{year}-{month:02}"
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None
