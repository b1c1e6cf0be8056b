"""Words of the field and acronyms: what the page « Glossaire » and `docs/glossaire.md` tell.

``geodata/glossaire.csv`` holds one row per word; kinds of diploma come from
``geodata/diplomes.csv``.  Adding a word is adding a row.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache

from geoapp.core.config import GEODATA
from geoapp.core.french import upper_first
from geoapp.reference.codes.diplomas import load_diplomes
from geoapp.reference.codes.text import fold

_SIGLE = re.compile(r"[^\s\d]*[A-ZÉ][^\s]*[A-ZÉ][^\s]*|\d?[A-Z]{2}\S*")
"""A word of at least two capitals: it is read letter by letter, or said of nothing else."""


@dataclass(frozen=True, kw_only=True)
class Mot:
    """One word: what it means, from where."""

    terme: str
    sens: str
    source: str
    region: str = ""
    """Code of the only region where it is said; "" everywhere."""

    @property
    def est_sigle(self) -> bool:
        """Tell whether the word is an acronym."""
        return _SIGLE.fullmatch(self.terme) is not None

    @property
    def ancre(self) -> str:
        """Return the name of its place in the page."""
        return re.sub(r"[^a-z0-9]+", "-", fold(self.terme)).strip("-")


@cache
def load_glossary() -> tuple[Mot, ...]:
    """Return every word in alphabetical order, accents and capitals set aside."""
    with (GEODATA / "glossaire.csv").open(encoding="utf-8", newline="") as file:
        known = {row["terme"]: Mot(**row) for row in csv.DictReader(file, delimiter=";")}
    for one in load_diplomes().values():
        terme = Mot(terme=one.court, sens=_sentence(one.en_clair, one.niveau), source="diplôme")
        if terme.est_sigle:
            known.setdefault(one.court, terme)
    return tuple(sorted(known.values(), key=lambda one: fold(one.terme)))


def _sentence(en_clair: str, niveau: str | None) -> str:
    """Return the full name of a kind of diploma as a sentence."""
    told = upper_first(en_clair)
    return f"{told}, diplôme de niveau {niveau}." if niveau else f"{told}."
