"""Where something may open: town halls, establishments of the directory, places that already train.

A real place is nearer to an opening than a name on a map: `rang` says how near (`REALITES`), and an
answer prefers the nearer one as far as the part of people that the user gives up for it.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from geoapp.core.geometry import to_metric
from geoapp.core.snapshot import RECHERCHE
from geoapp.coverage.model import Question
from geoapp.coverage.travel.density import density_around
from geoapp.coverage.travel.intrazonal import commune_floors
from geoapp.coverage.world import World
from geoapp.offer.filters import FILTRES

COMMUNE, ETABLISSEMENT, LIEU, DOMAINE = "commune", "etablissement", "lieu", "domaine"

REALITES = {
    COMMUNE: "aucun établissement connu (mairie)",
    ETABLISSEMENT: "établissement de l'annuaire",
    LIEU: "forme déjà, dans d'autres domaines",
    DOMAINE: "forme déjà dans ce domaine",
}
"""How near to real an opening is, the farthest first; the rank is that of `rang`."""

SORTES = {
    "tous": "Communes, établissements et lieux de formation",
    "communes": "Communes (mairies) seulement",
    "etablissements": "Établissements de l'annuaire et lieux de formation seulement",
    "lieux": "Lieux qui forment déjà seulement",
}
"""What may be opened, as the user chooses it."""

_GARDES = {"tous": 0, "communes": 0, "etablissements": 1, "lieux": 2}

_MEME_M = 150.0
"""An establishment this near a place that trains is that place (metres)."""

_FORMENT = (
    "lycee",
    "lp",
    "cfa",
    "cfai",
    "maison familiale",
    "antenne cfa",
    "organisme formation",
    "etablissement regional",
    "ecole technologique",
    "universite",
    "iut",
    "greta",
    "afpa",
    "campus",
)
"""How the name of an establishment that may open a training begins: a collège or a CIO does not."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Where something may open, as aligned arrays.

    `table` has `id`, `sorte` (commune, etablissement, lieu), `nom`, `code_commune`, `nom_commune`,
    `longitude`, `latitude`; `colonne` is the place of the matrix that it is (−1: none), `densite`
    the people per km² around, `plancher_km` the least straight line inside its commune.
    """

    table: pd.DataFrame
    colonne: np.ndarray
    densite: np.ndarray
    plancher_km: np.ndarray

    def __len__(self) -> int:
        return len(self.table)


def list_candidates(world: World) -> Candidates:
    """Return every candidate of a snapshot, worked out once."""
    return world.memoire.get("candidats", lambda: _list(world))


def _list(world: World) -> Candidates:
    """Return the communes of the region, the places of its offer, the establishments elsewhere."""
    communes = world.snapshot.read("communes")
    names = communes.set_index("code_commune")["nom"]
    halls, places = _halls(communes), _places(world)
    if world.est_information:
        # Where people are informed already, nothing is to open.
        places = places.iloc[:0]
    others = _establishments(world)
    if len(others) and len(places):
        gap, _ = scipy.spatial.cKDTree(_xy(places)).query(_xy(others))
        others = others[gap > _MEME_M]
    table = pd.concat([places, others, halls], ignore_index=True)
    table["nom_commune"] = table["code_commune"].map(names).fillna("")
    table = table.sort_values(["rang", "id"], ascending=[False, True], ignore_index=True)
    floors = commune_floors(communes[communes["code_commune"].isin(table["code_commune"])])
    return Candidates(
        table=table.drop(columns="rang"),
        colonne=table["colonne"].to_numpy(dtype=np.intp),
        densite=density_around(table[["longitude", "latitude"]].to_numpy(float)),
        plancher_km=table["code_commune"].map(floors).fillna(0).to_numpy("f4"),
    )


def _xy(table: pd.DataFrame) -> np.ndarray:
    return np.column_stack(to_metric(table["longitude"], table["latitude"]))


def _halls(communes: pd.DataFrame) -> pd.DataFrame:
    """Return the town halls of the region."""
    mine = communes[communes["est_region"].astype(bool) & communes["longitude_mairie"].notna()]
    return pd.DataFrame(
        {
            "id": "commune:" + mine["code_commune"],
            "sorte": COMMUNE,
            "nom": mine["nom"],
            "code_commune": mine["code_commune"],
            "longitude": mine["longitude_mairie"].astype(float),
            "latitude": mine["latitude_mairie"].astype(float),
            "colonne": -1,
            "rang": 0,
        }
    )


def _places(world: World) -> pd.DataFrame:
    """Return the places where the offer of the region is given, exactly known."""
    offres = world.offres.assign(colonne=world.comptes["place"].to_numpy())
    exact = ~offres["est_voisine"] & ~world.comptes["est_mairie"].to_numpy()
    mine = offres[exact & offres["code_commune"].notna()].sort_values(["id_place", "id_action"])
    mine = mine.drop_duplicates("id_place")
    # « lat,lon »: what a place is told apart by.
    where = mine["id_place"].str.split(",", expand=True).reindex(columns=[0, 1]).astype(float)
    return pd.DataFrame(
        {
            "id": "lieu:" + mine["id_place"],
            "sorte": LIEU,
            "nom": mine["nom_organisme"].fillna("organisme sans nom"),
            "code_commune": mine["code_commune"],
            "longitude": where[1],
            "latitude": where[0],
            "colonne": mine["colonne"],
            "rang": 2,
        }
    )


def _establishments(world: World) -> pd.DataFrame:
    """Return the establishments of the directory that may open a training."""
    path = world.snapshot.path / RECHERCHE
    rows: list[tuple] = []
    if path.exists():
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
            rows = base.execute(
                "SELECT code, nom, plie, longitude, latitude FROM toponymes "
                "WHERE type = 'etablissement' AND precision = 'établissement' AND est_region"
            ).fetchall()
    columns = ["code", "nom", "plie", "longitude", "latitude"]
    found = pd.DataFrame(rows, columns=columns).dropna(subset=["longitude", "latitude"])
    found = found[found["plie"].astype(str).str.startswith(tuple(f"{mot} " for mot in _FORMENT))]
    return pd.DataFrame(
        {
            "id": "uai:" + found["code"].astype(str),
            "sorte": ETABLISSEMENT,
            "nom": found["nom"].astype(str).str.replace(r" \([^()]*\)$", "", regex=True),
            "code_commune": _communes_of(world, found),
            "longitude": found["longitude"].astype(float),
            "latitude": found["latitude"].astype(float),
            "colonne": -1,
            "rang": 1,
        }
    ).dropna(subset="code_commune")


def _communes_of(world: World, found: pd.DataFrame) -> pd.Series:
    """Return the commune that an establishment is told to be in, by the nearest of that name."""
    communes = world.snapshot.read("communes")
    mine = communes[communes["longitude_mairie"].notna()]
    town = found["nom"].astype(str).str.extract(r"\(([^()]*)\)$")[0]
    halls = pd.DataFrame(
        {
            "code": mine["code_commune"],
            "nom": mine["nom"],
            "x": mine["longitude_mairie"].astype(float),
            "y": mine["latitude_mairie"].astype(float),
        }
    )
    pairs = found.assign(rang=range(len(found)), ville=town).merge(
        halls, left_on="ville", right_on="nom", suffixes=("", "_ville")
    )
    gap = (pairs["x"] - pairs["longitude"]) ** 2 + (pairs["y"] - pairs["latitude"]) ** 2
    best = pairs.assign(gap=gap).sort_values(["rang", "gap"]).drop_duplicates("rang")
    codes = best.set_index("rang")["code_ville"].reindex(range(len(found)))
    return pd.Series(codes.to_numpy(), index=found.index, dtype=object)


def realities(world: World, question: Question) -> np.ndarray:
    """Return how near to real each candidate is for a question, as ranks of `REALITES`."""
    candidates = list_candidates(world)
    names = list(REALITES)
    ranks = np.array([names.index(one) for one in candidates.table["sorte"]], dtype=np.intp)
    asked = set(question.filtres.values_of("domaine"))
    if not asked:
        return ranks
    kept = FILTRES["domaine"].keep(world.offres, asked, None).to_numpy(dtype=bool)
    teaches = np.zeros(len(world.trajets.places) + 1, dtype=bool)
    teaches[world.comptes["place"].to_numpy()[kept]] = True
    # The last one is that of no place.
    teaches[-1] = False
    return np.where(teaches[candidates.colonne], names.index(DOMAINE), ranks)


def allowed(ranks: np.ndarray, sorte: str) -> np.ndarray:
    """Tell which candidates a choice of `SORTES` keeps."""
    return ranks == 0 if sorte == "communes" else ranks >= _GARDES[sorte]
