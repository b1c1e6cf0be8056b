"""What a source says that it holds of the offer, as rows: the perimeter is made of these claims.

A claim is not what the file contains: a catalogue may hold one nurse training
without claiming care.  What no source claims is not known, however many rows
happen to be there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from geoapp.core.schema.model import NIVEAUX, VOIES
from geoapp.reference.codes.diplomas import load_diplomes
from geoapp.reference.codes.domains import DOMAINE_AUTRE, load_domaines

ANS_RECENTS = 3
"""Years before the newest source of the offer beyond which a claim no longer makes a cell known."""


@dataclass(frozen=True, kw_only=True)
class LignePerimetre:
    """One claim of a source.

    Attributes
    ----------
    nom : str
        What is held, as a sentence says it: « lycées professionnels ».
    dit : str
        From where we know it.
    est_complete : bool
        All of it, or a part only.
    voies, niveaux : tuple of str
        What the claim is about.
    domaines, sauf_domaines : tuple of str
        Domains held, or those that are not; every domain without either.
    departements : tuple of str
        Codes; the whole region without any.
    types_diplome : tuple of str
        Kinds of diploma held; every kind of those levels without any.
    """

    nom: str
    dit: str
    est_complete: bool
    voies: tuple[str, ...]
    niveaux: tuple[str, ...]
    domaines: tuple[str, ...] = ()
    sauf_domaines: tuple[str, ...] = ()
    departements: tuple[str, ...] = ()
    types_diplome: tuple[str, ...] = ()

    def holds(self, voie: str, niveau: str, domaine: str, departement: str) -> bool:
        """Tell whether the claim is about one cell."""
        return (
            voie in self.voies
            and niveau in self.niveaux
            and (not self.domaines or domaine in self.domaines)
            and domaine not in self.sauf_domaines
            and (not self.departements or departement in self.departements)
        )


_CLES = {one.name: one.type for one in fields(LignePerimetre)}
_REQUISES = ("nom", "dit", "est_complete", "voies", "niveaux")


@cache
def real_domains() -> tuple[str, ...]:
    """Return the codes of the domains, in their order: « autre » is none, but what is not told."""
    codes = load_domaines().sort_values("ordre")["code_domaine"]
    return tuple(code for code in codes if code != DOMAINE_AUTRE)


def read_claims(rows: Iterable[Mapping[str, Any]]) -> tuple[LignePerimetre, ...]:
    """Return the claims that the rows `perimetre` of a source make, once they are checked."""
    claims = []
    for row in rows:
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in row.items()
        }
        claims.append(LignePerimetre(**given))
    return tuple(claims)


def claims_problem(rows: Any) -> str:
    """Return in French the first rule that the claims of a source break, or an empty text."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return "perimetre : des lignes [[source.perimetre]] sont attendues."
    problems = (_row_problem(row) for row in rows)
    return next((f"perimetre : {problem}" for problem in problems if problem), "")


def _row_problem(row: Mapping[str, Any]) -> str:
    """Return what is wrong in one row, or an empty text."""
    for key in row:
        if key not in _CLES:
            return f"clé « {key} » inconnue.{_near(key, tuple(_CLES))}"
    for key in _REQUISES:
        if row.get(key) in (None, "", []):
            return f"{key} est attendu."
    if type(row["est_complete"]) is not bool:
        return "est_complete doit être true ou false."
    for key in ("nom", "dit"):
        if type(row[key]) is not str:
            return f"{key} doit être un texte."
    if row.get("domaines") and row.get("sauf_domaines"):
        return "domaines ou sauf_domaines, pas les deux."
    return next(filter(None, (_list_problem(row, key) for key in _LISTES)), "")


_LISTES: dict[str, tuple[str, ...] | None] = {
    "voies": VOIES,
    "niveaux": NIVEAUX,
    "domaines": None,
    "sauf_domaines": None,
    "departements": (),
    "types_diplome": tuple(load_diplomes()),
}
"""Accepted values of each list: () for any text, None for the domains."""


def _list_problem(row: Mapping[str, Any], key: str) -> str:
    """Return what is wrong in one list of a row, or an empty text."""
    values = row.get(key, [])
    if not isinstance(values, list) or not all(type(one) is str and one for one in values):
        return f"{key} attend une liste de textes."
    accepted = _LISTES[key]
    known = real_domains() if accepted is None else accepted
    for one in values:
        if known and one not in known:
            return f"{key} : « {one} » inconnu.{_near(one, known)}"
    return ""


def _near(value: str, known: Sequence[str]) -> str:
    """Return the nearest accepted value as a proposal, else the accepted ones."""
    near = difflib.get_close_matches(value, known, n=1)
    return f" Vouliez-vous dire « {near[0]} » ?" if near else f" Admis : {', '.join(known)}."


def year_of(millesime: str | None) -> int | None:
    """Return the year that a vintage tells, None for one that tells none (« courant »)."""
    found = re.search(r"\b(\d{4})\b", millesime or "")
    return int(found.group(1)) if found else None


def newest_year(millesimes: Iterable[str | None]) -> int | None:
    """Return the newest year of some vintages, None when none tells a year."""
    return max((year for one in millesimes if (year := year_of(one))), default=None)


def is_recent(millesime: str | None, newest: int | None) -> bool:
    """Tell whether a vintage is recent beside the newest one of the snapshot.

    Today's date plays no part: the same files give the same perimeter.  A
    vintage without year (« courant ») is that of a feed renewed all the time.
    """
    year = year_of(millesime)
    return year is None or newest is None or newest - year <= ANS_RECENTS
