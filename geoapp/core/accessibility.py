"""The audit of accessibility (RGAA 4.1): its table, `docs/rgaa.csv`, and what it says as a whole.

One row says the state of one criterion on some pages, parted by spaces; « toutes » stands for those
of the sample that no other row of that criterion names.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from pathlib import Path

from geoapp.core.config import ROOT
from geoapp.core.errors import ParameterError

TABLE = ROOT / "docs" / "rgaa.csv"

FAIT_LE = date(2026, 11, 29)
"""Day of the audit."""

CONFORME, NON_CONFORME, SANS_OBJET = "C", "NC", "NA"

TOUTES = "toutes"

ECHANTILLON: dict[str, tuple[str, str]] = {
    "accueil": ("Accueil", "/"),
    "carte": ("Carte de la région", "/carte"),
    "recherche": ("Recherche", "/recherche"),
    "resultats": ("Résultats d'une recherche", "/recherche?lieu=commune:62498&texte=soudeur"),
    "lieu_inconnu": ("Recherche d'un lieu inconnu", "/recherche?lieu=Nimportequoiville"),
    "imprimer": ("Liste à imprimer", "/recherche/imprimer?lieu=commune:62498&texte=soudeur"),
    "formation": ("Fiche d'une formation", "/formations/bts-2024:0620113L-32211025415-Scolaire"),
    "selection": (
        "Ma sélection",
        "/selection?formations=bts-2024:0620113L-32211025415-Scolaire,"
        "bts-2024:0620113L-32211025415-Apprentissage",
    ),
    "couverture": ("Couverture", "/couverture?domaine=industrie&niveau=3"),
    "couverture_zone": ("Couverture d'une zone", "/couverture/zones/ze2020/3215"),
    "publics": ("Publics comparés", "/couverture/publics"),
    "evolution": ("Évolution de l'offre", "/couverture/evolution"),
    "territoires": ("Territoires", "/territoires"),
    "territoire": ("Page d'un territoire", "/territoires/ze2020/3215"),
    "donnees": ("Données", "/donnees"),
    "qualite": ("Qualité des données", "/qualite"),
    "qualite_source": ("Qualité d'une source", "/qualite/source/rco-2020-11"),
    "sources": ("Sources des données", "/sources"),
    "rejets": ("Lignes refusées", "/rejets"),
    "usage": ("Usage du service", "/usage"),
    "api": ("Données ouvertes (API)", "/api/"),
    "ogc": ("Dans un logiciel de cartes (OGC API)", "/ogc/?f=html"),
    "ogc_objets": ("Objets d'une collection", "/ogc/collections/formations/items?f=html"),
    "integrer": ("Intégrer dans un site", "/integrer"),
    "plan": ("Plan du site", "/plan-du-site"),
    "aide": ("Aide", "/aide"),
    "glossaire": ("Glossaire", "/glossaire"),
    "contact": ("Contact", "/contact"),
    "mentions": ("Mentions légales", "/mentions-legales"),
    "personnelles": ("Données personnelles", "/donnees-personnelles"),
    "accessibilite": ("Accessibilité", "/accessibilite"),
    "erreur": ("Page d'erreur", "/cette-page-n-existe-pas"),
    "fiche_html": ("Fiche de territoire (fichier)", "/territoires/ze2020/3215/fiche.html"),
    "carte_html": ("Carte (fichier)", "/carte.html"),
}
"""Pages that were looked at: name in the table, title, address."""


@dataclass(frozen=True, kw_only=True)
class Constat:
    """The state of one criterion on one page, and how it is known."""

    critere: str
    page: str
    etat: str
    preuve: str


@dataclass(frozen=True, kw_only=True)
class Audit:
    """Every row of the table."""

    constats: tuple[Constat, ...]

    @cached_property
    def _by_criterion(self) -> dict[str, dict[str, Constat]]:
        """Return the finding of each criterion, in their order, on each page of the sample."""
        rows: dict[str, dict[str, Constat]] = {}
        for one in self.constats:
            rows.setdefault(one.critere, {})[one.page] = one
        return {
            critere: {page: named.get(page) or named[TOUTES] for page in ECHANTILLON}
            for critere, named in rows.items()
        }

    def states(self, critere: str) -> dict[str, Constat]:
        """Return the finding of a criterion on each page of the sample."""
        return self._by_criterion[critere]

    @property
    def criteres(self) -> list[str]:
        """Return the criteria, in their order."""
        return list(self._by_criterion)

    def state(self, critere: str) -> str:
        """Return the state of a criterion: not met as soon as one page does not meet it."""
        return _sum_up(one.etat for one in self.states(critere).values())

    def count(self, etat: str) -> int:
        """Return how many criteria are in a state."""
        return sum(self.state(critere) == etat for critere in self.criteres)

    @property
    def taux(self) -> float:
        """Return the share of the criteria that apply which are met everywhere, in percent."""
        met = self.count(CONFORME)
        return 100 * met / (met + self.count(NON_CONFORME))

    @property
    def etat(self) -> str:
        """Return the state that the law wants told: « totalement », « partiellement », « non »."""
        return "totalement" if self.taux == 100 else "partiellement" if self.taux >= 50 else "non"

    @property
    def mention(self) -> str:
        """Return what the law asks of the foot of every page."""
        return f"Accessibilité : {self.etat} conforme"

    @property
    def manques(self) -> list[Constat]:
        """Return what is not met, row by row."""
        return [one for one in self.constats if one.etat == NON_CONFORME]

    def page_rate(self, page: str) -> float:
        """Return the share of the criteria met by one page, in percent."""
        found = [self.states(critere)[page].etat for critere in self.criteres]
        met = found.count(CONFORME)
        return 100 * met / (met + found.count(NON_CONFORME))


def _sum_up(etats: Iterable[str]) -> str:
    """Return the state of a criterion over pages."""
    found = set(etats)
    return next(one for one in (NON_CONFORME, CONFORME, SANS_OBJET) if one in found)


@cache
def load_audit(path: Path = TABLE) -> Audit:
    """Return the audit of the table.

    Raises
    ------
    ParameterError
        When a row names a page that is not of the sample, or a state that is none of the three.
    """
    with path.open(encoding="utf-8", newline="") as file:
        rows = tuple(
            Constat(**{**row, "page": page})
            for row in csv.DictReader(file, delimiter=";")
            for page in row["page"].split()
        )
    for one in rows:
        if one.page not in (TOUTES, *ECHANTILLON):
            raise ParameterError(f"{path.name} : page inconnue, « {one.page} ».")
        if one.etat not in (CONFORME, NON_CONFORME, SANS_OBJET):
            raise ParameterError(f"{path.name} : état inconnu, « {one.etat} » ({one.critere}).")
    return Audit(constats=rows)
