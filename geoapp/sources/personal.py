"""Personal data of contacts: what must not get past the reading.

The readers never read the elements that hold a person (name, telephone,
e-mail).  What is left, an address of e-mail or a telephone number written
inside a text, is masked here before any check sees it.
"""

from __future__ import annotations

import re

import pandas as pd

from geoapp.core.texts import contains
from geoapp.reference.codes.text import map_distinct

MASQUE = "(masqué)"

_MAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_TEL = re.compile(
    r"(?<![\w.,-])(?:(?:\+|00)33 ?(?:\(0\) ?)?|0)[1-9](?:[ .\u00a0\u202f-]?\d\d){4}(?![\w,-])"
)
_MAY_HOLD = re.compile(r"@|\d\d[ .\u00a0\u202f-]?\d\d")
_LOOKED_AT = "@|\\d\\d.?\\d\\d|[^\x00-\u024f\u2000-\u20ff]"
"""What all that `_MAY_HOLD` finds has, for Arrow, to which a digit is one of ASCII."""


def mask_text(text: str) -> str:
    """Return a text with e-mail addresses and telephone numbers masked."""
    if not _MAY_HOLD.search(text):
        return text
    return _TEL.sub(MASQUE, _MAIL.sub(MASQUE, text))


_NOT_TEXT = ("geometry", "numeros")
"""Columns of objects that hold no text: shapes, packed house numbers."""


def mask_frame(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame of text, same rows and columns, with e-mails and telephone numbers masked.

    Identifiers and codes (`id_…`, `code_…`, SIRET, coordinates) are masked where
    they hold a sentence; ten digits in a row may be one of them.
    """
    masked = {}
    for name in frame.columns:
        values = frame[name]
        if str(values.dtype) not in ("str", "object") or name in _NOT_TEXT:
            continue
        # A code without space holds no telephone number: most of them are not looked at.
        is_code = _is_code(str(name))
        mask, sign = (_mask_code, "[@ ]") if is_code else (mask_text, _LOOKED_AT)
        is_text = values.dtype == "str"
        suspect = contains(values, sign) if is_text else values.str.contains(sign, na=False)
        if suspect.any():
            clean = map_distinct(values[suspect], mask).reindex(values.index)
            masked[name] = values.where(~suspect, clean).astype("str")
    return frame.assign(**masked) if masked else frame


def _mask_code(text: str) -> str:
    """Return a code without e-mail, and without telephone when it is made of several words."""
    return mask_text(text) if " " in text else _MAIL.sub(MASQUE, text)


def _is_code(name: str) -> bool:
    """Tell whether a column holds identifiers, codes, dates or coordinates."""
    return (
        name.startswith(("id_", "code_", "nb_", "date_"))
        or name.endswith(("_siret", "_uai", "_code_commune", "_code_postal", "_eur", "_h"))
        or name
        in (
            "latitude",
            "longitude",
            "sessions",
            "periodes",
            "niveau",
            "niveau_entree",
            "financeurs",
            "publics",
            "capacite",
        )
    )
