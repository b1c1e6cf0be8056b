"""When a training starts, seen from one day: the next start, permanent entries, past, unknown.

A date known to the month or to the year is an interval, which has begun only when it is over:
« 2026-09 » is still to come on the 15th of September 2026, and « 2026 » all year long.
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
    "en_cours": "En cours",
    "passee": "Sessions passées",
    "permanente_echue": "Entrées permanentes échues",
}
"""Values of the filter of starts, in the order in which it shows them."""

ETATS = {
    "a_venir": "À venir",
    "en_cours": "En cours",
    "passee": "Passée",
    "permanente": "Entrées permanentes",
    "permanente_echue": "Entrées permanentes échues",
    "inconnue": "Dates non renseignées",
}
"""State of an offer or of a session, seen from one day."""

PASSES = ("passee", "permanente_echue")
"""States in which nothing known can be entered any more."""

DUREE_PERMANENTE = 1
"""Years after the date of its source during which a permanent entry without any date is held."""

HORIZONS = (("3mois", 3), ("6mois", 6), ("12mois", 12))
"""Months after the day, the last day included; each value starts where the one before ends."""

DERNIER_RANG = 99_999_999
"""Rank of an offer of which no date is known, after every other."""


def read_starts(offres: pd.DataFrame) -> pd.Series:
    """Return the known starts of each offer, parted by « | », and whether entries are permanent.

    One text by offer, the same for many: what is read of it is worked out once by distinct text.
    « # » ends the starts, « P » and the day until which they are held follow when entries are
    permanent; « # », then the last known date, end the text.

    Reads `dates_debut`, `date_fin`, `est_permanente` and `fin_permanente` of the table `offres`.
    """
    permanent = offres["est_permanente"].astype("boolean").fillna(False).astype(bool)
    until = "P" + offres["fin_permanente"].fillna("").astype("object")
    starts, last = (offres[nom].fillna("").astype("object") for nom in ("dates_debut", "date_fin"))
    return (starts + "#" + until.where(permanent, "") + "#" + last).astype("object")


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
    etat = state_of(starts, today)
    return "inconnu" if etat == "inconnue" else etat


def state_of(starts: str, today: date) -> str:
    """Return the state of an offer (a key of `ETATS`).

    To come as long as one of its starts may be; else permanent while its entries are held; else
    under way until its last known end; else past. A start without end is over once it has begun:
    nobody enters it any more.
    """
    debuts, permanente, fin = [*starts.split("#"), "", ""][:3]
    if next_start(debuts, today):
        return "a_venir"
    if permanente:
        held = period(permanente[1:])
        return "permanente_echue" if held and held[1] < today else "permanente"
    last = period(fin)
    if last and last[1] >= today:
        return "en_cours"
    return "passee" if last or _last(debuts) else "inconnue"


def session_state(debut: str | None, fin: str | None, today: date) -> str:
    """Return the state of one session, by its start and its end, each an interval or unknown."""
    return state_of(f"{debut or ''}##{fin or debut or ''}", today)


def start_rank(starts: str, today: date) -> int:
    """Return the rank of an offer by date.

    Next starts, permanent entries, past ones latest first, unknown.
    """
    debut = next_start(starts, today)
    if debut:
        return debut.toordinal()
    if state_of(starts, today) == "permanente":
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
