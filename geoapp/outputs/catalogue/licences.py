"""Licences of the sources, as open-data catalogues name them, the strictest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Licence:
    """One licence: text of the registry of sources, code (SPDX), title, address ("" without)."""

    texte: str
    code: str
    titre: str
    adresse: str


NON_PRECISEE = "non précisée par le producteur"

_LICENCES = (
    Licence(
        "ODbL",
        "ODbL-1.0",
        "ODbL 1.0 (Open Database License)",
        "https://opendatacommons.org/licenses/odbl/1-0/",
    ),
    Licence(
        NON_PRECISEE,
        "notspecified",
        "Licence non précisée par le producteur",
        "",
    ),
    Licence(
        "Licence Ouverte 2.0",
        "etalab-2.0",
        "Licence Ouverte 2.0",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    ),
)
"""From the strictest; a licence that is not here is kept with its own words."""

PARTAGE = ("ODbL-1.0",)
"""Licences that ask to share alike: a table that holds such data is shared under them."""


def find_licence(texte: str) -> Licence:
    """Return the licence that a source writes as `texte`."""
    return next(
        (one for one in _LICENCES if one.texte == texte), Licence(texte, "other", texte, "")
    )


def merge_licences(textes: Iterable[str]) -> list[Licence]:
    """Return the distinct licences of some sources, the strictest first, unknown ones last."""
    distinct = {find_licence(texte) for texte in textes}
    # A licence of which nothing is known cannot be said stricter than those that are.
    return sorted(
        distinct,
        key=lambda one: (_LICENCES.index(one) if one in _LICENCES else len(_LICENCES), one.titre),
    )
