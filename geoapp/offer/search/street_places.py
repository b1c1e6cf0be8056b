"""The street of a commune that a person means, as a place to start from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geoapp.offer.search.model import Lieu
from geoapp.offer.search.street_words import AUTRE_SORTE, RESSEMBLANCE, Adressee, likeness, nearness
from geoapp.offer.search.streets import Rue
from geoapp.offer.search.words import place_words

VOIE = "voie"
"""Type of a street as a place; one with its house number is an `adresse`."""

MILIEU = "milieu de la rue"
"""`precision` of a street without house number: somebody may live at either end."""

SANS_NUMERO = "numéro inconnu, milieu de la rue"
A_L_ADRESSE = "adresse"

RESSEMBLE = AUTRE_SORTE + 1
"""How near a street is of which the name is only alike."""

_SURE = 88
"""Percentage of likeness from which a misspelt street may be taken, and told."""

_ECART = 6
"""How much less alike the next street must be for that."""


@dataclass(frozen=True)
class Trouvees:
    """Streets that words may mean, best first, and how near (`nearness`; `RESSEMBLE`: misspelt)."""

    rues: list[Rue]
    ecart: int
    est_sure: bool

    @property
    def est_corrigee(self) -> bool:
        """Tell whether the street is spelt otherwise than what was typed."""
        return self.ecart == RESSEMBLE


def nearest_streets(rues: Sequence[Rue], words: list[str], ou: str = "") -> Trouvees:
    """Return the streets that words may mean.

    `ou` is the former commune that was named: the streets in it come alone, where there are some.
    """
    tiers: dict[int, list[Rue]] = {}
    for rue in rues:
        tier = nearness(words, rue.plie.split())
        if tier is not None:
            tiers.setdefault(tier, []).append(rue)
    for tier in sorted(tiers):
        found = _within(tiers[tier], ou)
        return Trouvees(found, tier, tier < AUTRE_SORTE and len(found) == 1)
    alike = sorted(
        ((likeness(words, rue.plie.split()), rue) for rue in rues), key=lambda one: -one[0]
    )
    near = [(score, rue) for score, rue in alike[:20] if score >= RESSEMBLANCE]
    sure = len(near) > 0 and near[0][0] >= _SURE
    alone = len(near) == 1 or (len(near) > 1 and near[0][0] - near[1][0] >= _ECART)
    return Trouvees([rue for _, rue in near], RESSEMBLE, sure and alone)


def _within(rues: list[Rue], ou: str) -> list[Rue]:
    """Return the streets of a former commune; all of them when none is said to be in it."""
    wanted = place_words(ou) if ou else []
    kept = [rue for rue in rues if wanted and place_words(rue.ou) == wanted]
    return kept or rues


def street_place(
    rue: Rue, typed: Adressee, commune: str, *, is_inside: bool, compris_de: str = ""
) -> Lieu:
    """Return a street as a place: at the house number where it is known, else at its middle."""
    where = f"{commune}, {rue.ou}" if rue.ou and rue.ou != commune else commune
    point = rue.find_number(typed.numero, typed.suite) if typed.numero else None
    if point:
        number = f"{typed.numero} {typed.suite}".strip()
        return Lieu(
            type="adresse",
            code=rue.code_commune,
            nom=f"{number} {rue.nom}, {where}",
            longitude=point[0],
            latitude=point[1],
            precision=A_L_ADRESSE,
            compris_de=compris_de,
            est_region=is_inside,
            credit=rue.credit,
        )
    return Lieu(
        type=VOIE,
        code=rue.code,
        nom=f"{rue.nom}, {where}",
        longitude=rue.longitude,
        latitude=rue.latitude,
        precision=SANS_NUMERO if typed.numero else MILIEU,
        compris_de=compris_de,
        est_region=is_inside,
        credit=rue.credit,
    )
