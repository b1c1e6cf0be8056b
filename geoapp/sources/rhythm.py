"""How often a source is renewed, and since when a newer delivery is to be expected."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

RYTHMES: dict[str, int | None] = {
    "quotidien": 1,
    "hebdomadaire": 7,
    "mensuel": 31,
    "trimestriel": 92,
    "semestriel": 184,
    "annuel": 366,
    "ponctuel": None,
}
"""Rhythm → longest number of days between two deliveries; None: no other is announced."""


def parse_vintage(millesime: str) -> date | None:
    """Return the last day of the period that a vintage names; None when it names none.

    Read are AAAA, AAAA-MM, AAAA-MM-JJ and the school years AAAA-AAAA (31 August of the second).
    """
    if school := re.fullmatch(r"(\d{4})-(\d{4})", millesime):
        return date(int(school[2]), 8, 31)
    if not (parts := re.fullmatch(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?", millesime)):
        return None
    year, month, day = int(parts[1]), int(parts[2] or 12), parts[3]
    try:
        return date(year, month, int(day) if day else calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        return None


def expected_since(rythme: str, known: date | None) -> date | None:
    """Return the day from which a newer delivery than the one of day `known` should be there.

    None when the rhythm or the day is unknown, or when the rhythm announces none.
    """
    days = RYTHMES.get(rythme)
    return known + timedelta(days=days) if days and known else None
