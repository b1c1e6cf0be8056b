"""What the readers of the offer share: HTML to plain text, dates of LHÉO, the list of sessions.

`sessions` is a column of text: sessions parted by « | », each written
`numéro;début;fin;places;état`, where only the separators are compulsory.
Dates are ISO 8601 at the precision known.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache

TEXTE_MAX = 3_000
"""Longest text kept, in characters: the limit of LHÉO."""

CHIFFRES_MAX = 20
"""Digits from which a text counts nothing."""

_BLOCKS = re.compile(r"</?(?:p|br|li|ul|ol|div|h[1-6]|tr|table)\b[^<>]*>", re.IGNORECASE)
_TAGS = re.compile(r"</?[A-Za-z!][^<>]*>")
_HIDDEN = re.compile(r"<(script|style)\b[^<>]*>.*?(?:</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_CONTROLS = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ud800-\udfff\ufffe\uffff]"
)
"""What a text may not hold: it shows nothing, or turns what is around."""
_BLANKS = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
_LINES = re.compile(r"\s*\n\s*")
_DATE = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:T.*)?")


def read_count(text: str | None) -> int | None:
    """Return the whole number that a text is, of plain digits; None for any other text.

    `isdigit` alone takes « ² » for a number, which `int` refuses, as it does thousands of digits.
    """
    if text and text.isascii() and text.isdigit() and len(text) < CHIFFRES_MAX:
        return int(text)
    return None


def clean_text(text: str) -> str | None:
    """Return HTML, escaped or not, as plain text of at most `TEXTE_MAX` characters.

    None when nothing is left.
    """
    # Tags take room: ten times the limit leaves enough text, and bounds the expressions' work.
    text = text[: 10 * TEXTE_MAX]
    if "&" in text:
        text = html.unescape(text)
    if "<s" in text or "<S" in text:
        text = _HIDDEN.sub("", text)
    if "<" in text:
        text = _TAGS.sub("", _BLOCKS.sub("\n", text))
    # Twice: escaped HTML escapes its own entities (« &amp;eacute; »).
    if "&" in text:
        text = html.unescape(text)
    text = text.strip()
    if "  " in text or not text.isprintable():
        text = _LINES.sub("\n", _BLANKS.sub(" ", _CONTROLS.sub(" ", text))).strip()
    return text[:TEXTE_MAX].rstrip() or None


def without_controls(text: str) -> str:
    """Return a text without the characters that XML refuses or that show nothing."""
    return _CONTROLS.sub(" ", text)


@lru_cache(maxsize=4096)
def read_date(text: str | None) -> str | None:
    """Return a date of LHÉO (AAAAMMJJ) or ISO 8601 at the precision it has.

    Month or day 00 or 99 is unknown; 00000000 and 99999999 give None.  What is
    no date comes back as it is, for the checks to set it aside.
    """
    found = _DATE.fullmatch(text) if text else None
    if found is None:
        return text
    year, month, day = found.groups()
    if year in ("0000", "9999"):
        return None
    if month in ("00", "99"):
        return year
    return f"{year}-{month}" if day in ("00", "99") else f"{year}-{month}-{day}"


def write_sessions(sessions: Iterable[Iterable[str | None]]) -> str | None:
    """Return sessions (numéro, début, fin, places, état) as the text of the column `sessions`.

    None when there is none.
    """
    written = [_one_session([value or "" for value in session]) for session in sessions]
    return "|".join(written) or None


def _one_session(values: list[str]) -> str:
    """Return one session; its values are rewritten only when one holds a separator or a blank."""
    text = ";".join(values)
    if " " in text or "|" in text or text.count(";") >= len(values) or not text.isprintable():
        return ";".join(map(_cell, values))
    return text


def _cell(value: str) -> str:
    """Return a value that holds no separator."""
    return value.replace("|", "_").replace(";", "_").strip()
