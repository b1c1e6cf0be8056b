"""Identifiers: communes, postcodes, UAI, SIRET and the certification codes.

Every function takes a Series (any dtype) and returns a ``str`` Series with
the same index and row count, NA where the value is not a valid code; given
one value it returns text or None.  Nothing raises: who calls counts the NA.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterable

import pandas as pd

from geoapp.core.texts import by_distinct
from geoapp.reference.codes.text import as_code, as_str, as_text, fold, map_distinct, on_scalar_too

# Key letters of a UAI: the alphabet without I, O and Q (BCN, N_UAI).
UAI_KEYS = "ABCDEFGHJKLMNPRSTUVWXYZ"
# La Poste: the establishments of this SIREN need not satisfy Luhn's formula.
SIREN_LA_POSTE = "356000000"
# Several codes in one cell: the files met use all of these.
_SEPARATORS = re.compile(r"[|,;/.\s\u00a0]+")

_DEPARTEMENT = r"(?:0[1-9]|1\d|2[1-9AB]|[3-8]\d|9[0-578])"
_COMMUNE = re.compile(rf"{_DEPARTEMENT}(?!000)\d{{3}}")
_POSTAL = re.compile(r"(?:0[1-9]|[1-8]\d|9[0-578])\d{3}")


@on_scalar_too
def normalise_code_commune(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return INSEE commune codes on five characters, and which were repaired.

    Returns
    -------
    codes : Series of str
        "1001" becomes "01001", Corsican "2a004" becomes "2A004".  NA when the
        value is no commune code: unknown département, number 000 (a postcode
        taken for a commune), département 20 (abolished in 1976), other length.
    est_repare : Series of bool
        True where the code kept differs from the text received.
    """
    return _zero_filled(values, as_code, _COMMUNE)


@on_scalar_too
def normalise_code_postal(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Return postcodes on five digits, and which were repaired.

    "2100" becomes "02100".  A CEDEX code is kept: it is a true postcode, though
    it locates nothing.  What is written around a postcode is left out: "59308
    CEDEX 9" and "F-59308 LILLE" give "59308"; a prefix of another country gives NA.
    """
    return _zero_filled(values, _postal_digits, _POSTAL)


def _postal_digits(values: pd.Series) -> pd.Series:
    return as_code(values).str.replace(r"^(?:F-?)?(\d{5})\D.*$|^F-?", r"\1", regex=True)


def _zero_filled(
    values: pd.Series, read: Callable[[pd.Series], pd.Series], pattern: re.Pattern
) -> tuple[pd.Series, pd.Series]:
    """Give a four-digit code its zero back, refuse what misses the pattern."""

    def filled(values: pd.Series) -> pd.Series:
        text = read(values)
        # A Corsican « 2A04 » has lost another digit than its zero: digits only are mended.
        four_digits = text.str.fullmatch(r"\d{4}", na=False)
        codes = text.where(~four_digits, "0" + text)
        return codes.where(codes.str.fullmatch(pattern, na=False))

    given = as_str(values)
    codes = by_distinct(given, filled)
    return codes, codes.notna() & codes.ne(by_distinct(given, lambda texts: texts.str.strip()))


@on_scalar_too
def check_uai(values: pd.Series) -> pd.Series:
    """Return the UAI whose key letter is right, NA elsewhere.

    The letter is ``UAI_KEYS[first seven digits mod 23]``.  A lower-case key
    is put in upper case, a lost leading zero restored.
    """
    codes = as_code(values)
    codes = codes.where(~codes.str.fullmatch(r"\d{6}[A-Z]", na=False), "0" + codes)
    return map_distinct(codes, _valid_uai).astype("str")


def _valid_uai(code: str) -> str | None:
    """Return the code when its key is right."""
    if not re.fullmatch(r"[0-9]{7}[A-Z]", code):
        return None
    return code if code[7] == UAI_KEYS[int(code[:7]) % 23] else None


@on_scalar_too
def check_siret(values: pd.Series) -> pd.Series:
    """Return the SIRET on fourteen digits that satisfy Luhn, NA elsewhere.

    Blanks and dots are dropped, one or two lost leading zeros restored.  The
    establishments of La Poste may instead have a digit sum multiple of five.
    """
    codes = as_code(values).str.replace(".", "", regex=False)
    # Spreadsheets drop leading zeros; to add more than two would make any number a SIRET.
    short = codes.str.fullmatch(r"\d{12,13}", na=False)
    codes = codes.where(~short, codes.str.zfill(14))
    return map_distinct(codes, _valid_siret).astype("str")


def _valid_siret(code: str) -> str | None:
    """Return the code when it can be a SIRET."""
    if not re.fullmatch(r"[0-9]{14}", code) or code.startswith("000000000"):
        return None
    if luhn_sum(code) % 10 == 0:
        return code
    is_poste = code.startswith(SIREN_LA_POSTE) and sum(map(int, code)) % 5 == 0
    return code if is_poste else None


def luhn_sum(digits: str) -> int:
    """Return Luhn's sum: every second digit from the right is doubled."""
    doubled = (int(d) * (1 + i % 2) for i, d in enumerate(reversed(digits)))
    return sum(d - 9 if d > 9 else d for d in doubled)


@on_scalar_too
def normalise_rncp(values: pd.Series) -> pd.Series:
    """Return RNCP records as "RNCP" and a number: 1272, "rncp 1272", "RNCP1272"."""
    number = as_code(values).str.extract(r"^(?:RNCP)?[-:N°]*0*([1-9]\d{0,5})$")[0]
    return "RNCP" + number


@on_scalar_too
def normalise_cfd(values: pd.Series) -> pd.Series:
    """Return the "code formation diplôme": three level, three NSF, two more characters.

    A seven-digit code starting with 10 is a mention complémentaire (010…)
    that lost its zero.  Several codes in one cell come back parted by "|".
    """
    return _code_list(values, re.compile(r"[0-9]{2}[0-9A-Z]\d{3}[0-9A-Z]{2}"), _cfd_zero)


def _cfd_zero(code: str) -> str:
    """Give a mention complémentaire its leading zero back."""
    return "0" + code if re.fullmatch(r"10\d{3}[0-9A-Z]{2}", code) else code


@on_scalar_too
def normalise_formacode(values: pd.Series) -> pd.Series:
    """Return Formacode descriptors (five digits), several parted by "|"."""
    return _code_list(values, re.compile(r"[1-8]\d{4}"))


@on_scalar_too
def normalise_rome(values: pd.Series) -> pd.Series:
    """Return ROME codes (a letter A to N, four digits), several parted by "|"."""
    return _code_list(values, re.compile(r"[A-N]\d{4}"))


@on_scalar_too
def normalise_nsf(values: pd.Series) -> pd.Series:
    """Return NSF groups (three digits), several parted by "|".

    The letter of function is dropped ("230n" gives "230"); totals of domain
    ("20", "319") are no groups and give NA.
    """
    return _code_list(values, re.compile(r"[1-4]\d[0-8]"), lambda code: code[:3])


def _code_list(values: pd.Series, pattern: re.Pattern, mend=lambda code: code) -> pd.Series:
    """Keep the codes of each cell that fit the pattern, in order, each once."""

    def keep(cell: str) -> str | None:
        codes = (mend(code) for code in _SEPARATORS.split(cell) if code)
        kept = dict.fromkeys(code for code in codes if pattern.fullmatch(code))
        return "|".join(kept) or None

    return map_distinct(as_text(values).str.upper(), keep).astype("str")


def name_unnamed(id_organisme: str | None, commune: str | None = None) -> str | None:
    """Return what is known of a body that no source names, in French words; None when nothing is.

    « Établissement 0590111A, Lille » for a UAI code (`uai:…`) and its commune,
    « Organisme de SIRET 50260294900039 » for `siret:…`.  The name itself stays unknown.
    """
    sorte, _, code = id_organisme.partition(":") if isinstance(id_organisme, str) else ("", "", "")
    if sorte == "uai" and code:
        return (
            f"Établissement {code}, {commune}"
            if isinstance(commune, str) and commune
            else f"Établissement {code}"
        )
    words = {"siret": "Organisme de SIRET", "siren": "Organisme de SIREN"}.get(sorte)
    return f"{words} {code}" if words and code else None


def nearest_accepted(value: object, accepted: Iterable[str]) -> str | None:
    """Return the accepted value that looks most like the one received.

    Case and accents do not count.  None when nothing is close (similarity
    under 0.6): a message then lists the accepted values instead.
    """
    by_folded: dict[str, str] = {}
    for candidate in accepted:
        by_folded.setdefault(fold(candidate), candidate)
    close = difflib.get_close_matches(fold(str(value)), list(by_folded), n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def suggest(value: object, accepted: Iterable[str]) -> str:
    """Return the sentence that proposes the nearest accepted value; "" when nothing is close."""
    near = nearest_accepted(value, accepted)
    return f"Vouliez-vous dire « {near} » ?" if near else ""


def refusal(inconnu: str, value: str, liste: str, accepted: Collection[str]) -> str:
    """Return the error of an unknown name: what it is, the nearest one, all those accepted."""
    parts = (f"{inconnu} : « {value[:40]} ».", suggest(value, accepted))
    return " ".join(filter(None, (*parts, f"{liste} : {', '.join(accepted)}.")))
