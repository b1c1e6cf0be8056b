"""When a training starts, seen from one day: the next start, permanent entries, past, unknown.

A date known to the month or to the year has begun only when that period is
over: « 2026-09 » is still to come on the 15th of September 2026.
"""

from __future__ import annotations

import calendar
from datetime import date

import pandas as pd

DEBUTS = {
    "3mois": "Dans les 3 mois",
    "6mois": "Dans 3 à 6 mois",
    "12mois": "Dans 6 à 12 mois",
    "plus_tard": "Dans plus d'un an",
    "permanente": "Entrées permanentes",
    "passee": "Déjà commencée",
}
HORIZONS = (("3mois", 3), ("6mois", 6), ("12mois", 12))
"""Months after the day, the last day included; each value starts where the one before ends."""

DERNIER_RANG = 99_999_999
"""Rank of an offer of which no date is known, after every other."""


def read_starts(offres: pd.DataFrame) -> pd.Series:
    """Return the known starts of each offer, parted by « | », and whether entries are permanent.

    One text by offer, the same for many: what is read of it is worked out once by distinct text.
    « # » ends the starts, « P » follows when entries are permanent.

    Reads `dates_debut` and `est_permanente` of the table `offres`.
    """
    permanent = offres["est_permanente"].astype("boolean").fillna(False)
    mark = permanent.map({True: "P", False: ""}).astype("object")
    starts = offres["dates_debut"].fillna("").astype("object")
    return (starts + "#" + mark).astype("object")


def period(texte: str) -> tuple[date, date] | None:
    """Return the first and last day that a date of one of our precisions covers.

    None when it is no date.
    """
    try:
        year, *rest = (int(part) for part in texte.split("-"))
        if not rest:
            return date(year, 1, 1), date(year, 12, 31)
        month, *days = rest
        last = calendar.monthrange(year, month)[1]
        if not days:
            return date(year, month, 1), date(year, month, last)
        (day,) = days
        return date(year, month, day), date(year, month, day)
    except (ValueError, TypeError, calendar.IllegalMonthError):
        return None


def next_start(starts: str, today: date) -> date | None:
    """Return the first day not yet past among the starts, the day itself included.

    None when there is none.
    """
    periods = [period(texte) for texte in starts.partition("#")[0].split("|")]
    return min((max(p[0], today) for p in periods if p and p[1] >= today), default=None)


def start_value(starts: str, today: date) -> str:
    """Return the value of the filter `debut` (a key of `DEBUTS`, or « inconnu »)."""
    debut = next_start(starts, today)
    if debut:
        return next(
            (valeur for valeur, mois in HORIZONS if debut <= _add_months(today, mois)), "plus_tard"
        )
    if starts.endswith("#P"):
        return "permanente"
    return "passee" if _last(starts) else "inconnu"


def start_rank(starts: str, today: date) -> int:
    """Return the rank of an offer by date.

    Next starts, permanent entries, past ones latest first, unknown.
    """
    debut = next_start(starts, today)
    if debut:
        return debut.toordinal()
    if starts.endswith("#P"):
        return date.max.toordinal() + 1
    # Beyond permanent entries, and the later the sooner; the greatest is about 7.3 millions.
    last = _last(starts)
    return 2 * date.max.toordinal() + 2 - last.toordinal() if last else DERNIER_RANG


def _last(starts: str) -> date | None:
    """Return the last day of the latest start."""
    periods = [period(texte) for texte in starts.partition("#")[0].split("|")]
    return max((p[1] for p in periods if p), default=None)


def _add_months(day: date, months: int) -> date:
    """Return the same day some months later, or the last day of a shorter month."""
    year, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + year, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
