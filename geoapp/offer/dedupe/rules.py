"""The rules of likeness, as rows: what is learnt, and where.

The score of a pair is the product of the two parts.
"""

from __future__ import annotations

from dataclasses import dataclass

SEUIL_FUSION = 0.9
"""Score from which two offers are shown as one (inclusive).

Measured on the labelled pairs of `tests/dedupe`.
"""

SEUIL_POSSIBLE = 0.7
"""Score from which a pair is worth a look (inclusive): it is listed, and merges nothing."""

RAYON_M = 100.0
"""Two trusted positions at most this far apart are one place (inclusive)."""

ILOT_M = 200.0
"""Two trusted positions at most this far apart are one block, where one code of diploma is enough.

A title alone is not: two schools of one street may teach what goes by one name.
"""

VOISINAGE_M = 500.0
"""Beyond `RAYON_M` and up to this distance, two trusted positions may be one place.

Geocoders differ by that much.
"""

SITE_M = 3000.0
"""Up to this distance, two positions of one commune may be those of one name.

One is often that of the town, or of the head office.
"""

NOM_PROCHE = 85.0
"""Likeness of two names of bodies, 0 to 100, from which they may be one body."""

TITRE_PROCHE = 75.0
"""Likeness of two titles, 0 to 100, under which a pair is not looked at."""

PART_CODES_OPPOSES = 0.85
"""What is left of the likeness of two titles when their codes of diploma differ.

« Monteur en installations sanitaires » and « thermiques » are alike at 80 %.
"""


@dataclass(frozen=True)
class RegleDoublon:
    """One rule: its name, the part of the score that it gives (0 to 1), and its evidence in French.

    `part` is None when the part is measured on the pair (a likeness, a distance).
    """

    nom: str
    part: float | None
    preuve: str


APPRENTISSAGES: tuple[RegleDoublon, ...] = (
    RegleDoublon("certification", 1.0, "même certification (Certif Info {valeur})"),
    RegleDoublon("diplome", 1.0, "même diplôme (code formation diplôme {valeur})"),
    RegleDoublon("intitule", 1.0, "même intitulé"),
    RegleDoublon("rncp", 0.95, "même fiche RNCP ({valeur})"),
    RegleDoublon("intitule_proche", None, "intitulés proches à {valeur} %"),
)
"""What is learnt: the first rule that holds decides."""

LIEUX: tuple[RegleDoublon, ...] = (
    RegleDoublon("uai", 1.0, "même établissement (UAI {valeur})"),
    RegleDoublon("siret", 1.0, "même organisme (SIRET {valeur}) dans la même commune"),
    RegleDoublon("point", 1.0, "lieux à {valeur} m l'un de l'autre"),
    RegleDoublon("siren", 0.95, "même personne morale (SIREN {valeur}) dans la même commune"),
    RegleDoublon("nom", 0.9, "même nom d'établissement dans la même commune ({valeur})"),
    RegleDoublon("ilot", 0.9, "lieux à {valeur} m l'un de l'autre, et un même code de diplôme"),
    RegleDoublon("voisinage", None, "lieux à {valeur} m l'un de l'autre"),
    RegleDoublon("commune", 0.75, "même commune, l'un des lieux n'étant connu qu'à la mairie"),
)
"""Where: the first rule that holds decides; when none holds the two are elsewhere."""


def part_of_distance(distance_m: float) -> float:
    """Return the part of two places, from 0.89 at `RAYON_M` down to 0.7 at `VOISINAGE_M`."""
    return 0.89 - 0.19 * (distance_m - RAYON_M) / (VOISINAGE_M - RAYON_M)
