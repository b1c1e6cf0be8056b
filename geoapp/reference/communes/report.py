"""The account of one build: what was repaired, and what the table holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class TrouComble:
    """A hole of the coverage that was given to a commune, and why.

    `regle` is "membre délégué", "ancien code" or "plus longue frontière".
    """

    code_commune: str
    aire_ha: float
    regle: str


@dataclass(frozen=True)
class Exception90:
    """A commune that overlaps the control outline by less than the threshold."""

    code_commune: str
    part_recouvrement: float
    motif: str


@dataclass(frozen=True, kw_only=True)
class RepairReport:
    """Counts of one build; areas in hectares (EPSG:2154), codes are text."""

    fichier: Path
    taille_octets: int
    nb_communes: int
    population: int
    millesime_population: str
    contours_invalides: tuple[str, ...] = ()
    contours_des_membres: tuple[str, ...] = ()
    trous_combles: tuple[TrouComble, ...] = ()
    nb_contours_ajustes: int = 0
    aire_ajustee_ha: float = 0.0
    mairies_collees: tuple[str, ...] = ()
    mairies_replacees: tuple[str, ...] = ()
    mairies_absentes: tuple[str, ...] = ()
    sans_epci: tuple[str, ...] = ()
    exceptions: tuple[Exception90, ...] = ()
    sources: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the report as French sentences, one per line."""
        trous = ", ".join(
            f"{t.code_commune} ({t.aire_ha:.0f} ha, {t.regle})" for t in self.trous_combles
        )
        return [
            *(f"Source : {source}" for source in self.sources),
            f"Contours invalides rectifiés : {_count(self.contours_invalides)}",
            "Contours absents, formés de ceux des communes déléguées : "
            f"{_count(self.contours_des_membres)}",
            f"Trous comblés : {len(self.trous_combles)}" + (f" — {trous}" if trous else ""),
            f"Contours ajustés à ceux des voisines : {self.nb_contours_ajustes} "
            f"({self.aire_ajustee_ha:.1f} ha au total)",
            f"Mairies ramenées dans leur commune toute proche : {len(self.mairies_collees)}",
            f"Mairies trop loin, remplacées par un point intérieur : {len(self.mairies_replacees)}",
            "Mairies absentes, remplacées par un point intérieur : "
            f"{_count(self.mairies_absentes)}",
            f"Communes sans EPCI : {_count(self.sans_epci)}",
            *(
                f"Exception au contrôle : {e.code_commune} ({e.part_recouvrement:.1%}) — {e.motif}"
                for e in self.exceptions
            ),
            f"{self.nb_communes} communes, {self.population} habitants "
            f"(populations municipales {self.millesime_population})",
            f"{self.fichier.name} : {self.taille_octets / 1e6:.2f} Mo",
        ]


def _count(codes: tuple[str, ...]) -> str:
    """Write a count, with the codes when there are few."""
    few = f" ({', '.join(codes)})" if 0 < len(codes) <= 12 else ""
    return f"{len(codes)}{few}"
