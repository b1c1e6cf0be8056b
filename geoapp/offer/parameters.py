"""Parameters as texts: how those of every question are read, and which are refused.

Apart from the search, which loads its index and its words: a question of coverage needs neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from geoapp.core.errors import ParameterError
from geoapp.reference.codes.identifiers import nearest_accepted

TEXTE_MAX = 200
"""Characters of a text or of a place; nobody searches for more."""

VALEURS_MAX = 1_000
"""Values of one request, all parameters together; no filter has so many that a person chooses."""

TROP_DE_VALEURS = f"{VALEURS_MAX} valeurs au plus sont lues dans une demande."

PAGE_MAX = 999_999_999
"""Last page that may be asked: a longer number would not fit in the arrays that it indexes."""


@dataclass(frozen=True, kw_only=True)
class Parametre:
    """One parameter of a search that is not a filter: its meaning and its bounds."""

    nom: str
    type: str
    aide: str
    exemple: str
    minimum: float | None = None
    maximum: float | None = None
    valeurs: tuple[str, ...] = ()
    motif: str = ""
    """Regular expression (that of JSON Schema) of every text that may be right; "" for any."""


def read_values(parametres: Mapping) -> dict[str, list[str]]:
    """Return every parameter as texts, blanks and empty parameters left out.

    Raises
    ------
    ParameterError
        When a value is neither a text, a number, nor a list of these, or there are too many.
    """
    result: dict[str, list[str]] = {}
    nb = 0
    for nom in parametres:
        raw = parametres.getlist(nom) if hasattr(parametres, "getlist") else parametres[nom]
        values = raw if isinstance(raw, list | tuple) else [raw]
        nb += len(values)
        if nb > VALEURS_MAX:
            raise ParameterError(TROP_DE_VALEURS)
        texts = [_as_text(nom, value) for value in values if value is not None]
        if kept := [text for text in texts if text]:
            # A client may send the four bounds of a rectangle as a list.
            result[str(nom)] = [",".join(kept)] if nom == "emprise" else kept
    return result


def _as_text(nom: str, value) -> str:
    """Return one value as clean text: control characters become blanks."""
    # A boolean is a whole number to Python, not to who wrote it.
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ParameterError(f"{nom} : un texte, un nombre ou une liste de ceux-ci est attendu.")
    # JSON knows one kind of number: 20.0 is the whole number 20.
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) <= PAGE_MAX
    texte = str(int(value) if is_whole else value)
    return " ".join("".join(c if c.isprintable() else " " for c in texte).split())


def refuse_unknown(names: Mapping | Sequence[str], accepted: Sequence[str]) -> None:
    """Raise `ParameterError` for the first name that is not accepted, naming the nearest one."""
    for nom in names:
        if nom not in accepted:
            nearest = nearest_accepted(nom, accepted)
            every = f"Paramètres acceptés : {', '.join(accepted) or 'aucun'}."
            hint = f"Vouliez-vous dire « {nearest} » ?" if nearest else every
            raise ParameterError(f"Paramètre inconnu : « {nom[:TEXTE_MAX]} ». {hint}")


def check_length(nom: str, texte: str) -> None:
    """Raise `ParameterError` when a text is longer than anybody writes."""
    if len(texte) > TEXTE_MAX:
        raise ParameterError(
            f"{nom} : {TEXTE_MAX} caractères au plus, {len(texte)} ont été donnés."
        )
