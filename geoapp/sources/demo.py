"""Demonstration data, for what cannot be had offline: fictitious, on the real communes.

Every generator takes the communes (see `geoapp.core.schema`) and a region code.
The draw is seeded and reads no clock: the same communes give the same bytes.
The mix of titles, levels and specialities is `geodata/demo_offre.csv`: shares
of the Hauts-de-France offer of November 2020, titles written by us.
"""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.config import GEODATA
from geoapp.core.geometry import to_geographic, to_metric
from geoapp.sources.demo_zones import (
    SEED,
    communes_of,
    make_frr,
    make_qpv,
    make_zones_emploi,
    make_zrr,
)

MIX = GEODATA / "demo_offre.csv"
NB_OFFRES, NB_LIEUX, NB_ORGANISMES = 4000, 350, 180
OFFRES_MAX = 120
"""Most offers in one place."""
RUN = 5
"""Offers of one speciality dealt together, so that a place has a profile."""
POPULATION_MIN, POPULATION_TOWN, POPULATION_POWER = 1000, 15_000, 1.1
"""Smallest commune with an offer, size from which a town has a place, weight of the others."""
SPREAD_M, TRIALS = 700.0, 40
"""Standard deviation, in metres, of a place around its town hall."""
PART_NIVEAU_INCONNU, PART_CAPACITE_CONNUE = 0.06, 0.60

VOIES = ("scolaire", "apprentissage", "continue")
PARTS_VOIES = {"Titre": (0.0, 0.35, 0.65), "": (0.35, 0.5, 0.15)}
"""Shares of the three voies, by first word of the type of diploma; "" is any other."""
PERIODES = {
    "2026-09": 0.62,
    "2026-09|2027-09": 0.2,
    "2026-10": 0.08,
    "2027-01": 0.05,
    "2026-10|2027-03": 0.05,
}
MODALITES = {"sur_place": 0.89, "mixte": 0.08, "a_distance": 0.03}
CAPACITES = (8, 10, 12, 15, 16, 20, 24, 30)

COLONNES = tuple(
    """
    id_formation id_action intitule type_diplome niveau
    code_formacode code_rome code_nsf code_rncp code_certifinfo code_cfd
    responsable_siret responsable_uai responsable_nom formateur_siret formateur_uai formateur_nom
    lieu_uai lieu_adresse lieu_code_postal lieu_code_commune latitude longitude
    periodes capacite duree_h modalite_entree modalite est_conventionnee voie nb_voeux
""".split()
)
"""Columns of the flat offer, all text, in their order."""


def make_offre(communes: gpd.GeoDataFrame, region: str) -> pd.DataFrame:
    """Return a fictitious offer of realistic size, spread and mix.

    Parameters
    ----------
    communes : GeoDataFrame
        Table `communes`, polygons in EPSG:4326, town halls in degrees.
    region : str
        INSEE code of the region that gets the offer.

    Returns
    -------
    DataFrame
        4,000 rows, the text columns `COLONNES`, NA for unknown; `capacite` in
        places, `duree_h` in hours, coordinates in EPSG:4326 inside the polygon
        of the commune.  No SIRET, UAI or certification code is made up: they
        are NA, and bodies are told apart by their fictitious names.  A fully
        remote offer keeps the place of its body.
    """
    rng = np.random.default_rng([SEED, 1])
    places = _draw_places(rng, communes_of(communes, region))
    sizes = _deal(rng, places["poids"].to_numpy())
    rows = places.loc[np.repeat(places.index, sizes)].reset_index(drop=True)
    titles = pd.read_csv(MIX, sep=";", dtype="str").astype({"part": "float64"})
    taught = titles.loc[_draw_titles(rng, titles)].reset_index(drop=True)
    frame = pd.concat([rows, taught], axis=1)
    frame = _name_offers(rng, frame)
    frame = _describe_actions(rng, frame)
    return frame.reindex(columns=list(COLONNES)).astype("str")


def _draw_places(rng: np.random.Generator, communes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return the places: one in every town, the others by population, each inside its commune."""
    population = communes["population"].fillna(0).astype("float64").clip(lower=1)
    rank = population.groupby(communes["code_arrondissement"]).rank(ascending=False)
    towns = communes.index[population.ge(POPULATION_TOWN) | rank.eq(1)]
    # Where no commune is large enough, the largest ones still get an offer.
    least = min(POPULATION_MIN, population.max())
    weight = (population**POPULATION_POWER).where(population.ge(least), 0)
    others = rng.choice(communes.index, size=max(NB_LIEUX - len(towns), 0), p=weight / weight.sum())
    drawn = np.sort(np.concatenate([towns, others]))
    chosen = communes.loc[drawn].reset_index(drop=True)
    longitude, latitude = _scatter(rng, chosen)
    rank = np.arange(len(chosen))
    size = rng.lognormal(sigma=1.0, size=len(chosen))
    return pd.DataFrame(
        {
            "lieu_code_commune": chosen["code_commune"],
            "lieu_code_postal": chosen["codes_postaux"].str.split("|").str[0].replace("", pd.NA),
            "lieu_adresse": [f"Site fictif {n}" for n in rank + 1],
            "longitude": np.char.mod("%.6f", longitude),
            "latitude": np.char.mod("%.6f", latitude),
            "organisme": rank * NB_ORGANISMES // len(chosen) + 1,
            "poids": size * population.loc[drawn].to_numpy() ** 0.4,
        }
    )


def _scatter(rng: np.random.Generator, communes: gpd.GeoDataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return longitudes and latitudes around the town halls, each in its polygon.

    Where no draw falls inside, the town hall itself.
    """
    polygons = communes.geometry.to_numpy()
    longitude, latitude = (
        communes[f"{axis}_mairie"].to_numpy(float).round(6) for axis in ("longitude", "latitude")
    )
    x, y = to_metric(longitude, latitude)
    waiting = np.ones(len(communes), dtype=bool)
    for _ in range(TRIALS):
        steps = rng.normal(scale=SPREAD_M, size=(2, len(communes)))
        lon, lat = (np.round(axis, 6) for axis in to_geographic(x + steps[0], y + steps[1]))
        found = waiting & shapely.contains_xy(polygons, lon, lat)
        longitude, latitude = np.where(found, lon, longitude), np.where(found, lat, latitude)
        waiting &= ~found
    return longitude, latitude


def _deal(rng: np.random.Generator, weights: np.ndarray) -> np.ndarray:
    """Return the number of offers of each place.

    At least 1, at most `OFFRES_MAX`, `NB_OFFRES` in all.
    """
    sizes = np.ones(len(weights), dtype=int)
    while (left := NB_OFFRES - sizes.sum()) > 0:
        open_ = weights * (sizes < OFFRES_MAX)
        sizes = np.minimum(sizes + rng.multinomial(left, open_ / open_.sum()), OFFRES_MAX)
    return sizes


def _draw_titles(rng: np.random.Generator, titles: pd.DataFrame) -> np.ndarray:
    """Return one row number of `titles` per offer.

    Exact shares, dealt in runs of one speciality.
    """
    exact = titles["part"].to_numpy() / titles["part"].sum() * NB_OFFRES
    counts = np.floor(exact).astype(int)
    # Largest remainders: the counts are whole, and their sum is that of the offers.
    counts[np.argsort(counts - exact, kind="stable")[: NB_OFFRES - counts.sum()]] += 1
    drawn = np.repeat(np.arange(len(titles)), counts)
    speciality = titles["code_nsf"].to_numpy(dtype=str)[drawn]
    runs = drawn[np.lexsort((rng.random(NB_OFFRES), speciality))].reshape(-1, RUN)
    return rng.permutation(runs).ravel()


def _name_offers(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Add identifiers and names that say "fictif".

    One formation is one title of one responsible body.
    """
    body = frame["organisme"]
    network = body % 4 == 0
    responsible = ("Organisme fictif " + body.astype("str")).where(
        ~network, "Réseau fictif " + (body // 20 + 1).astype("str")
    )
    formation, _ = pd.factorize(responsible + "/" + frame["intitule"])
    unknown = rng.random(formation.max() + 1) < PART_NIVEAU_INCONNU
    return frame.assign(
        id_formation=np.char.mod("fictif-F%04d", formation + 1),
        id_action=np.char.mod("fictif-A%04d", np.arange(1, len(frame) + 1)),
        intitule=frame["intitule"] + " (fictif)",
        niveau=frame["niveau"].mask(unknown[formation]),
        responsable_nom=responsible,
        formateur_nom="Organisme fictif " + body.astype("str"),
    )


def _describe_actions(rng: np.random.Generator, frame: pd.DataFrame) -> pd.DataFrame:
    """Add voie, sessions, places, duration and conditions; what is not known stays NA."""
    n = len(frame)
    voie = _draw_voies(rng, frame["type_diplome"])
    continuing = pd.Series(voie == "continue")
    permanent = continuing & (rng.random(n) < 0.35)
    wishes = (voie == "scolaire") & frame["niveau"].eq("5")
    return frame.assign(
        voie=voie,
        periodes=_draw(rng, PERIODES, n),
        modalite=_draw(rng, MODALITES, n),
        modalite_entree=permanent.map({True: "1", False: "0"}),
        capacite=_text(rng.choice(CAPACITES, size=n), rng.random(n) < PART_CAPACITE_CONNUE),
        duree_h=_text(
            rng.integers(4, 36, size=n) * 35, (voie != "scolaire") & (rng.random(n) < 0.7)
        ),
        est_conventionnee=_text((rng.random(n) < 0.6).astype(int), continuing),
        nb_voeux=_text(rng.integers(15, 400, size=n), wishes),
    )


def _draw_voies(rng: np.random.Generator, type_diplome: pd.Series) -> np.ndarray:
    """Return one voie per offer; professional titles are never prepared at school."""
    is_titre = type_diplome.str.startswith("Titre").to_numpy()
    limits = np.where(
        is_titre[:, None], np.cumsum(PARTS_VOIES["Titre"]), np.cumsum(PARTS_VOIES[""])
    )
    rank = (rng.random(len(is_titre))[:, None] >= limits[:, :2]).sum(axis=1)
    return np.array(VOIES)[rank]


def _draw(rng: np.random.Generator, parts: dict[str, float], n: int) -> np.ndarray:
    """Return `n` keys of `parts`, drawn by their shares."""
    return rng.choice(list(parts), size=n, p=list(parts.values()))


def _text(values: np.ndarray, known) -> pd.Series:
    """Return numbers as text, NA where not `known`."""
    return pd.Series(values).astype("str").where(np.asarray(known))


GENERATEURS: dict[str, Callable[[gpd.GeoDataFrame, str], pd.DataFrame]] = {
    "offre": make_offre,
    "zones_emploi": make_zones_emploi,
    "zrr": make_zrr,
    "frr": make_frr,
    "qpv": make_qpv,
}
"""Generators by the name that `demonstration` gives in `sources.toml`."""
