"""Laws of travel: minutes and road kilometres of a mode from the straight line and the density.

Of both costs the logarithm is piecewise linear in that of the straight line (a power law whose
exponent changes at two distances), plus three terms of the mean density m of both ends,
m = ln(1 + people per km² / 100): near (fading as exp(−km / 15)), far (the rest), and in the core of
large cities (what is over 3, 1,900 people per km²).  The parameters are in
`geodata/lois_trajets.json`, written by `geoapp trajets calibrer`, with their source and error.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import scipy

from geoapp.core.config import GEODATA
from geoapp.core.files import writing
from geoapp.coverage.travel.crow import near_pairs, to_ecef
from geoapp.coverage.travel.growing import GrowingMatrix
from geoapp.coverage.travel.intrazonal import Floors

FICHIER = GEODATA / "lois_trajets.json"
BANDES_KM = (0.0, 1.0, 3.0, 5.0, 10.0, 20.0, 40.0, 80.0)
"""Bounds of the bands of straight line by which errors are told, in kilometres."""
RUPTURES_KM = (5.0, 25.0)
"""Straight lines at which the exponent of a fitted law changes."""
PROCHE_KM = 15.0
"""Distance over which the effect of the density near the ends fades."""
DENSITE_UNITE, COEUR = 100.0, 3.0
"""People per km² of the logarithm, and the logarithm from which a core of city begins."""
PORTEE_KM = 150.0
"""Straight line up to which a law is kept sane and its reach is looked for."""


_PAIRES = 1 << 17
"""Pairs worked out at once: what is written of them is read back before it leaves the processor."""


class Lines:
    """Straight lines (km), (n,), and what every cost takes of them, worked out once."""

    def __init__(self, km: np.ndarray):
        self.km = km

    @functools.cached_property
    def log(self) -> np.ndarray:
        """Return their logarithm; that of 0 is that of a millimetre."""
        return np.log(np.maximum(self.km, 1e-6))

    @functools.cached_property
    def beyond(self) -> tuple[np.ndarray, ...]:
        """Return by break what their logarithm is over that of the break."""
        over = [self.log - np.float32(np.log(km)) for km in RUPTURES_KM]
        return tuple(np.maximum(one, 0, out=one) for one in over)

    @functools.cached_property
    def fading(self) -> np.ndarray:
        """Return what is left of an effect that fades with the distance."""
        return np.exp(self.km * np.float32(-1 / PROCHE_KM))

    @functools.cached_property
    def nothing(self) -> np.ndarray:
        """Return the ranks of those of 0."""
        return np.flatnonzero(self.km <= 0)


@dataclass(frozen=True)
class Courbe:
    """One cost: exp(constante) × a power of the straight line × an effect of the density.

    Attributes
    ----------
    constante : float
        Logarithm of the cost at 1 km, density aside.
    pentes : tuple of 3
        Exponent up to the first break, then what each break adds to it.
    densite : tuple of 3
        Effects of the density: near, far, core.
    """

    constante: float
    pentes: tuple[float, float, float] = (1.0, 0.0, 0.0)
    densite: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def cost(self, lines: Lines, mean: np.ndarray) -> np.ndarray:
        """Return the cost of straight lines, `mean` being m (both (n,)); 0 stays 0."""
        total = lines.log * self.pentes[0]
        for slope, beyond in zip(self.pentes[1:], lines.beyond, strict=True):
            if slope:
                total += slope * beyond
        near, far, core = self.densite
        if near or far:
            effect = lines.fading * np.float32(near - far)
            effect += np.float32(far)
            effect *= mean
            total += effect
        if core:
            over = mean - np.float32(COEUR)
            np.maximum(over, 0, out=over)
            over *= np.float32(core)
            total += over
        total += self.constante
        np.exp(total, out=total)
        total[lines.nothing] = 0
        return total


@dataclass(frozen=True)
class Bande:
    """Errors of a law on the pairs of one band of straight line: parts, as 0.09 for 9 %.

    `biais` is the median of estimate / truth − 1, `mediane` and `p90` those of its size; half of
    the pairs are under the first.  A declared band has `nb` 0 and no measured bias.
    """

    de_km: float
    a_km: float
    biais: float | None
    mediane: float
    p90: float
    nb: int


@dataclass(frozen=True, kw_only=True)
class Law:
    """What one mode costs between two points anywhere, how far it is wrong, and who says so.

    Attributes
    ----------
    temps, route : Courbe
        Minutes, and kilometres by road (never under the straight line).
    densite_type : float
        People per km² taken where the density is unknown.
    errors, errors_km : tuple of Bande
        Of the minutes and of the kilometres, by band of straight line.
    est_mesuree : bool
        The errors are measured on pairs held apart; else they are declared.
    source, perimetre, licence, date : str
        In French, as they are shown.
    nb_paires : int
        Pairs that it was fitted on.
    plafond : Courbe, optional
        Minutes that are never exceeded: a fluid road is no slower than one with traffic.
    """

    mode: str
    temps: Courbe
    route: Courbe
    densite_type: float
    errors: tuple[Bande, ...]
    errors_km: tuple[Bande, ...]
    est_mesuree: bool
    source: str
    perimetre: str
    licence: str
    date: str
    nb_paires: int
    plafond: Courbe | None = None

    def minutes(self, crow_km, density_o=np.nan, density_d=np.nan) -> np.ndarray:
        """Return the minutes of straight lines (km), given the people per km² at both ends.

        Arrays that broadcast together; a density that is NaN is unknown.  Longer with the straight
        line, 0 only at 0.
        """
        return self._cost(self.minutes_of, crow_km, density_o, density_d)

    def road_km(self, crow_km, density_o=np.nan, density_d=np.nan) -> np.ndarray:
        """Return the kilometres by road, as `minutes`; never under the straight line."""
        return self._cost(self.road_of, crow_km, density_o, density_d)

    def minutes_of(self, lines: Lines, mean: np.ndarray) -> np.ndarray:
        """Return the minutes of straight lines, given m, (n,)."""
        cost = self.temps.cost(lines, mean)
        if self.plafond is not None:
            short = np.flatnonzero(lines.km < RUPTURES_KM[0])
            most = self.plafond.cost(Lines(lines.km[short]), mean[short])
            cost[short] = np.minimum(cost[short], most)
        return cost

    def road_of(self, lines: Lines, mean: np.ndarray) -> np.ndarray:
        """Return the kilometres by road of straight lines, given m, (n,)."""
        cost = self.route.cost(lines, mean)
        return np.maximum(cost, lines.km, out=cost)

    def reach_km(self, max_min: float) -> float:
        """Return a straight line beyond which nobody arrives within `max_min`, at any density."""
        crow = np.linspace(0.05, PORTEE_KM, 3000)
        ends = np.expm1([0.0, COEUR, 6.0]) * DENSITE_UNITE
        least = np.min([self.minutes(crow, one, one) for one in ends], axis=0)
        rank = int(np.searchsorted(least, max_min, "right"))
        return float(crow[min(rank, len(crow) - 1)])

    def log_density(self, density: np.ndarray) -> np.ndarray:
        """Return ln(1 + density / 100), that of `densite_type` where it is unknown."""
        known = np.where(np.isnan(density), self.densite_type, density)
        return np.log1p(known / DENSITE_UNITE)

    def _cost(self, cost: Callable, crow_km, density_o, density_d) -> np.ndarray:
        ends = [self.log_density(np.asarray(one, dtype=float)) for one in (density_o, density_d)]
        crow, mean = np.broadcast_arrays(np.asarray(crow_km, dtype=float), (ends[0] + ends[1]) / 2)
        return cost(Lines(crow.ravel()), mean.ravel()).reshape(crow.shape)


def empty_law(mode: str, *, source: str, perimetre: str, licence: str, date: str) -> Law:
    """Return a law that nothing is fitted on yet."""
    return Law(
        mode=mode,
        temps=Courbe(0.0),
        route=Courbe(0.0),
        densite_type=DENSITE_UNITE,
        errors=(),
        errors_km=(),
        est_mesuree=False,
        source=source,
        perimetre=perimetre,
        licence=licence,
        date=date,
        nb_paires=0,
    )


@functools.cache
def load_laws(path: Path = FICHIER) -> dict[str, Law]:
    """Return the laws by mode, in the order of the file."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return {mode: _law(mode, one) for mode, one in told["lois"].items()}


def _law(mode: str, told: dict) -> Law:
    """Return a law as its file tells it."""
    parts = dict(told)
    for nom in ("temps", "route", "plafond"):
        if (curve := parts.get(nom)) is None:
            continue
        parts[nom] = Courbe(curve["constante"], tuple(curve["pentes"]), tuple(curve["densite"]))
    for nom in ("errors", "errors_km"):
        parts[nom] = tuple(Bande(**band) for band in parts[nom])
    return Law(mode=mode, **parts)


def write_law(law: Law, path: Path = FICHIER) -> None:
    """Put one law in the file of the laws, in place of that of its mode.

    Raises
    ------
    StorageError
        When the file cannot be written.
    """
    told = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"lois": {}}
    parts = asdict(law)
    told["lois"][parts.pop("mode")] = parts
    with writing(path) as aside:
        aside.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    load_laws.cache_clear()


class CostBlock(NamedTuple):
    """The costs of some points, one after the other: how many each has, and its pairs."""

    nombres: np.ndarray
    places: np.ndarray
    km: np.ndarray
    minutes: np.ndarray


class Portee(NamedTuple):
    """A law between some points and places, and the costs that are kept: `max_min` or `max_km`.

    The densities are people per km² around each; NaN unknown.
    """

    law: Law
    density_o: np.ndarray
    density_d: np.ndarray
    max_min: float
    max_km: float


def cost_blocks(
    origins_lonlat: np.ndarray,
    places_lonlat: np.ndarray,
    portees: Sequence[Portee],
    floors: Floors | None = None,
) -> Iterator[list[CostBlock]]:
    """Yield the costs of every law, some points at a time, in their order; see `build_costs`.

    The straight lines are worked out once for all of them.
    """
    origins, places = to_ecef(origins_lonlat), to_ecef(places_lonlat).T.copy()
    ready = [_ready(one) for one in portees]
    widest = max(reach for _, reach, _, _ in ready)
    step = max(1, _PAIRES // max(1, places.shape[1]))
    for start in range(0, len(origins), step):
        rows = slice(start, start + step)
        near = _near(origins[rows], places, widest, floors, start)
        blocks: dict[int, CostBlock] = {}
        # From the widest to the narrowest: each looks among the pairs of the one before.
        for rank in sorted(range(len(ready)), key=lambda rank: -ready[rank][1]):
            one, reach, mean_o, mean_d = ready[rank]
            # What few lines more cost is less than to work out again what they share.
            if reach <= widest / 2:
                near = _nearer(near, reach)
            blocks[rank] = _block(one, near, reach, mean_o[rows], mean_d)
        yield [blocks[rank] for rank in range(len(ready))]


def _ready(one: Portee) -> tuple[Portee, float, np.ndarray, np.ndarray]:
    """Return a law, the straight line beyond which nothing is kept, half of m at each end."""
    # A road is never shorter than the straight line.
    reach = max(one.law.reach_km(one.max_min), one.max_km)
    ends = [one.law.log_density(np.asarray(d, dtype=float)) for d in (one.density_o, one.density_d)]
    mean_o, mean_d = (end.astype("f4") / 2 for end in ends)
    return one, reach, mean_o, mean_d


class _Near(NamedTuple):
    """The pairs within some reach: how many each point has, the places, their lines."""

    nombres: np.ndarray
    places: np.ndarray
    lines: Lines


def _near(
    origins: np.ndarray, places: np.ndarray, reach: float, floors: Floors | None, start: int
) -> _Near:
    """Return the pairs of some points, the first of rank `start`, at most at `reach` (km)."""
    width = places.shape[1]
    pairs, km = near_pairs(origins, places, reach)
    if floors is not None:
        floors.raise_near(km, pairs, start, width)
    ends = np.searchsorted(pairs, np.arange(1, len(origins) + 1) * width)
    nombres = np.diff(ends, prepend=0)
    pairs -= np.repeat(np.arange(len(origins)) * width, nombres)
    return _Near(nombres, pairs, Lines(km))


def _nearer(near: _Near, reach: float) -> _Near:
    """Return the pairs of some that are at most at `reach` (km)."""
    kept = np.flatnonzero(near.lines.km <= reach)
    return _Near(
        _count_kept(near.nombres, kept), near.places.take(kept), Lines(near.lines.km.take(kept))
    )


def _count_kept(nombres: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return how many pairs each point has left, given the ranks of those that are kept."""
    return np.diff(np.searchsorted(kept, np.cumsum(nombres)), prepend=0)


def _block(
    one: Portee, near: _Near, reach: float, mean_o: np.ndarray, mean_d: np.ndarray
) -> CostBlock:
    """Return the costs of a law for some pairs."""
    nombres, places, lines = near
    mean = np.repeat(mean_o, nombres)
    mean += mean_d.take(places)
    minutes, km = one.law.minutes_of(lines, mean), one.law.road_of(lines, mean)
    is_kept = (minutes <= one.max_min) | (km <= one.max_km)
    is_kept &= lines.km <= reach
    if not is_kept.all():
        kept = np.flatnonzero(is_kept)
        places, km, minutes = places.take(kept), km.take(kept), minutes.take(kept)
        nombres = _count_kept(nombres, kept)
    return CostBlock(nombres, places.astype("i4"), km, minutes)


def build_costs(
    law: Law,
    origins_lonlat: np.ndarray,
    places_lonlat: np.ndarray,
    density_o: np.ndarray,
    density_d: np.ndarray,
    max_min: float,
    floors: Floors | None = None,
    max_km: float = 0.0,
) -> tuple[scipy.sparse.csr_array, scipy.sparse.csr_array]:
    """Return the kilometres by road and the minutes of every pair within `max_min` or `max_km`.

    Parameters
    ----------
    origins_lonlat, places_lonlat : (n, 2) arrays
        Longitude and latitude, degrees (EPSG:4326).
    density_o, density_d : (n,) arrays
        People per km² around them; NaN unknown.
    max_min, max_km : float
        Largest costs kept, inclusive: either is enough.
    floors : Floors, optional
        Least straight lines inside a commune or a cell (`intrazonal`), applied before the law.

    Returns
    -------
    distance, minutes : csr_array of float32, (n_origins, n_places)
        Same structure, columns sorted in each row; two points at one position are at a stored 0.
    """
    portee = Portee(law, density_o, density_d, max_min, max_km)
    found = GrowingMatrix((len(origins_lonlat), len(places_lonlat)), {"km": "f4", "min": "f4"})
    for (block,) in cost_blocks(origins_lonlat, places_lonlat, [portee], floors):
        found.add(block.nombres, block.places, {"km": block.km, "min": block.minutes})
    matrices = found.whole()
    return matrices["km"], matrices["min"]
