"""Who is being trained near a place, by family of jobs: what an employer asks.

Pupils are those of a return of past years: they tell how many leave each year, not who leaves now.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoapp.core.french import count, format_number
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import SANS_FILTRE
from geoapp.offer.perimeter import perimeter_of
from geoapp.planning.need_answer import of_group, tell_vintage
from geoapp.planning.need_table import SORTIES
from geoapp.reference.codes.tracks import ENTREES

COLONNES = {
    "code_famille": ("Code de la famille", "Code dans l'enquête", "texte"),
    "nom": ("Famille de métiers", "Famille de métiers à laquelle mènent les formations", "texte"),
    "nb_formations": ("Formations", "Formations données dans la zone atteinte", "entier"),
    "nb_lieux": ("Lieux", "Lieux de ces formations", "entier"),
    "nb_places": ("Places connues", "Places ; vide quand aucune n'est connue", "entier"),
    "nb_sans_places": (
        "Aux places inconnues",
        "Formations aux places inconnues",
        "entier",
    ),
    "nb_entrants": ("Élèves de première année", "Constat de rentrée, voie scolaire", "entier"),
    "nb_sortants": ("Élèves de dernière année", "Constat de rentrée, voie scolaire", "entier"),
    "nb_apprentissage": (
        "En apprentissage",
        "Formations en apprentissage",
        "entier",
    ),
    "taux_emploi_pct": (
        "En emploi à six mois (%)",
        "Médiane des formations de la famille dans la région",
        "reel",
    ),
    "annee_taux": ("Années du taux", "Années de ce taux", "texte"),
}
"""Columns of the answer, in their order: title, meaning, type."""

NOTES = (
    "Une formation de plusieurs familles est comptée dans chacune : les sommes ne s'ajoutent pas.",
    "Les effectifs sont ceux de la voie scolaire, au constat de rentrée de l'année dite. "
    "L'apprentissage est compté en formations : nos sources n'en donnent pas les effectifs.",
    "Les nombres d'élèves de 1 à 4 sont tus. La seconde commune à plusieurs bacs pro n'est comptée "
    "dans aucune famille.",
    "Les taux d'emploi sont ceux de la région entière, toutes années d'une même cohorte.",
)
"""What must be known of these numbers, whatever the sources."""


def list_notes(snapshot: Snapshot) -> list[str]:
    """Return what must be known of these numbers, what no source holds at the end."""
    holes = perimeter_of(snapshot, SANS_FILTRE).trous
    return [*NOTES, *([holes] if holes else [])]


@dataclass(frozen=True, kw_only=True)
class Formes:
    """Who is trained: `lignes` by family, the years of places and of pupils, and how many sites.

    `sources` are the catalogues of the trainings counted.
    """

    lignes: pd.DataFrame
    annees_places: tuple[str, ...]
    annee_eleves: str
    nb_formations: int
    nb_lieux: int
    sources: tuple[str, ...] = ()

    @property
    def phrase(self) -> str:
        """Return what must be retained."""
        if not self.nb_formations:
            return "Aucune formation de nos sources n'y est à portée."
        leaving = self.lignes["nb_sortants"]
        text = (
            f"{count(self.nb_formations, 'formation')} dans "
            f"{count(self.nb_lieux, 'lieu', 'lieux')}, vers "
            f"{count(len(self.lignes), 'famille')} de métiers"
        )
        if not leaving.notna().any():
            return f"{text}. Leurs effectifs ne sont pas connus."
        first = self.lignes.loc[leaving.astype("float64").idxmax()]
        return (
            f"{text}. Le plus d'élèves en dernière année (rentrée {self.annee_eleves}) : "
            f"{first['nom']}, {format_number(int(first['nb_sortants']))}."
        )


def who_is_trained(snapshot: Snapshot, offers: pd.DataFrame, groupe: str = "") -> Formes:
    """Return who is trained in some offers (rows of the table `offres`), by family of jobs."""
    links = snapshot.read("formations_familles")[["id_formation", "code_famille"]]
    families = of_group(snapshot.read("familles_metiers"), groupe)
    rows = pd.DataFrame(offers).merge(links, on="id_formation")
    rows = rows[rows["code_famille"].isin(families["code_famille"])]
    places = rows["capacite"].astype("float64")
    rows = rows.assign(
        places=places, sans=places.isna(), apprentis=rows["voie"].eq("apprentissage").fillna(False)
    )
    found = rows.groupby("code_famille")
    pupils, year = _pupils(snapshot, rows)
    table = pd.DataFrame(
        {
            "nb_formations": found.size(),
            "nb_lieux": found["id_lieu"].nunique(),
            "nb_places": found["places"].sum(min_count=1).astype("Int64"),
            "nb_sans_places": found["sans"].sum().astype("Int64"),
            "nb_apprentissage": found["apprentis"].sum().astype("Int64"),
        }
    ).join(pupils)
    told = families.set_index("code_famille")[["nom", "taux_emploi_pct", "annee_taux"]]
    table = table.join(told).reset_index().reindex(columns=list(COLONNES))
    table = table.sort_values(
        ["nb_sortants", "nb_formations", "nom"],
        ascending=[False, False, True],
        na_position="last",
        ignore_index=True,
    )
    counted = rows.loc[rows["places"].notna(), "id_source"].unique()
    sources = snapshot.read("sources").set_index("id_source")["millesime"]
    years = {str(sources.get(one, "inconnue")) for one in counted}
    distinct = rows.drop_duplicates(["id_action", "id_lieu"])
    return Formes(
        lignes=table,
        annees_places=tuple(tell_vintage(one) for one in sorted(years)),
        annee_eleves=year,
        nb_formations=len(distinct),
        nb_lieux=int(distinct["id_lieu"].nunique()),
        sources=tuple(sorted(rows["id_source"].unique())),
    )


def _pupils(snapshot: Snapshot, rows: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Return the pupils of the first and last year by family, and the year of the return."""
    flux = snapshot.read("flux")
    counted = flux[flux["nb_eleves"].notna() & flux["code_mef"].notna()]
    year = "" if counted.empty else str(counted["annee"].max())
    pairs = (
        snapshot.read("actions_flux")
        .merge(rows[["id_action", "code_famille"]].drop_duplicates(), on="id_action")[
            ["id_flux", "code_famille"]
        ]
        .drop_duplicates()
    )
    mine = counted[counted["annee"].eq(year)].merge(pairs, on="id_flux")
    step, pupils = mine["code_mef"].str[:4], mine["nb_eleves"].astype("float64")
    mine = mine.assign(
        nb_entrants=pupils.where(step.isin(ENTREES)), nb_sortants=pupils.where(step.isin(SORTIES))
    )
    sums = mine.groupby("code_famille")[["nb_entrants", "nb_sortants"]].sum(min_count=1)
    return sums.astype("Int64"), year
