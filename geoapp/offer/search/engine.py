"""The search itself: a place, a text, filters; offers in order, counted, with their distance.

Nothing here touches a table: an engine holds the offers as numpy columns and
is read by any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoapp.core.config import CRS_METRIC
from geoapp.core.geometry import to_metric
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import FILTRES
from geoapp.offer.search.approximate import CommunePlaces, outline_places
from geoapp.offer.search.columns import (
    ColonneFiltre,
    count_facets,
    date_ranks,
    distinct_places,
    make_column,
    make_columns,
    sift,
    title_order,
)
from geoapp.offer.search.index import Index, Toponymes, open_index
from geoapp.offer.search.model import Lieu, Requete, Resultat, Texte
from geoapp.offer.search.proximity import RTree, distances_m, index_places, places_within, to_ecef
from geoapp.offer.search.subject import name_subject
from geoapp.offer.search.text import Paires, match_text, score_pairs
from geoapp.offer.search.travel import (
    MINUTES_SANS_VOITURE,
    Depart,
    Duree,
    Durees,
    Voyages,
    measure_trips,
    ways_of,
)
from geoapp.reference.zonings import DEPARTS

NB_PROCHES = 10
"""Offers proposed beyond the radius when nothing is within it."""

PAS_PERTINENCE = 50
"""Steps of relevance from nothing to the best: within one step the nearest offer comes first."""


@dataclass(frozen=True, kw_only=True)
class Moteur:
    """The offers of a snapshot ready to be searched.

    Arrays by offer follow `ordre`: positions in table `offres`, by title.  `contours` are the
    outlines (EPSG:2154) of the quarters that one may start from.  `voyages` knows the trips to its
    places, when it was given.
    """

    snapshot: Snapshot
    index: Index
    jour: date
    ordre: np.ndarray
    colonnes: Mapping[str, ColonneFiltre]
    dates: np.ndarray
    lieu: np.ndarray
    a_distance: np.ndarray
    longitudes: np.ndarray
    latitudes: np.ndarray
    xyz: np.ndarray
    arbre: RTree | None
    vagues: CommunePlaces
    contours: Mapping[tuple[str, str], BaseGeometry]
    paire: np.ndarray
    paires: Paires
    voyages: Voyages | None = None

    @property
    def toponymes(self) -> Toponymes:
        """Return the place names: an engine may stand for its index where places are looked up."""
        return self.index.toponymes


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What a search keeps, as masks over the rows of an engine.

    `repond` are those that answer the text itself, the others are of neighbouring jobs.
    `sauf[nom]` are the rows counted that obey everything but filter `nom`; `distances` and
    `minima` go with places: at most and at least how far, the same for a place known by its
    point.  `durees` are the trips to places, when they decide what is kept or its order.
    """

    trouvees: np.ndarray
    repond: np.ndarray
    distantes: np.ndarray
    ailleurs: np.ndarray
    nb_non_places: int
    sauf: Mapping[str, np.ndarray]
    scores: np.ndarray | None
    distances: np.ndarray | None
    minima: np.ndarray | None
    durees: Durees | None
    texte: Texte


def open_engine(
    snapshot: Snapshot,
    *,
    today: date | None = None,
    voyages: Callable[[np.ndarray], Voyages] | None = None,
) -> Moteur:
    """Return the engine of a snapshot.

    Parameters
    ----------
    snapshot : Snapshot
        Built with its search index.
    today : date, optional
        The day that start dates are seen from (default: today); `at_day` moves it.
    voyages : callable, optional
        Positions of places, (n, 2) degrees → what knows the trips to them; without it, no minute
        may be asked.

    Raises
    ------
    SnapshotError
        When the snapshot holds no search index.
    """
    jour, index, table = today or date.today(), open_index(snapshot), snapshot.read("offres")
    ordre = title_order(table)
    offres = table.iloc[ordre].reset_index(drop=True)
    places = distinct_places(offres)
    lonlat = (places.longitudes, places.latitudes)
    paire, paires = _pairs(snapshot, index, offres)
    return Moteur(
        snapshot=snapshot,
        index=index,
        jour=jour,
        ordre=ordre,
        colonnes=make_columns(snapshot, offres, jour),
        dates=date_ranks(offres, jour),
        lieu=places.rangs,
        a_distance=offres["modalite"].eq("a_distance").fillna(False).to_numpy(dtype=bool),
        longitudes=places.longitudes,
        latitudes=places.latitudes,
        xyz=to_ecef(*lonlat),
        arbre=index_places(*lonlat),
        vagues=outline_places(places.communes, snapshot.read("communes")),
        contours=_outlines(snapshot),
        paire=paire,
        paires=paires,
        voyages=voyages(np.column_stack(lonlat)) if voyages else None,
    )


def _outlines(snapshot: Snapshot) -> dict[tuple[str, str], BaseGeometry]:
    """Return by type and code the outlines of the zones that one starts from."""
    zones = snapshot.read("zones")
    zones = zones[zones["type_zone"].isin(DEPARTS) & zones.geometry.notna()].to_crs(CRS_METRIC)
    return dict(
        zip(zip(zones["type_zone"], zones["code_zone"], strict=True), zones.geometry, strict=True)
    )


def _pairs(snapshot: Snapshot, index: Index, offres) -> tuple[np.ndarray, Paires]:
    """Return the (document, body, commune) of each offer, as a rank among the distinct ones."""
    formations = {code: row for row, code in enumerate(snapshot.read("formations")["id_formation"])}
    docs = np.empty(0, np.int64)
    if len(offres):
        ranks = offres["id_formation"].map(formations).to_numpy(dtype=np.int64)
        docs = index.texte_de_formation[ranks].astype(np.int64)
    bodies = _rows_of(offres["nom_organisme"], index.organismes)
    towns = _rows_of(offres["nom_commune"], index.communes)
    # Row −1 (no name) becomes 0, so that a pair is one whole number.
    width, towns_width = len(index.organismes) + 1, len(index.communes) + 1
    keys = (docs * width + bodies + 1) * towns_width + towns + 1
    distinct, pair = np.unique(keys, return_inverse=True)
    held, town = np.divmod(distinct, towns_width)
    return pair.reshape(-1), Paires(held // width, held % width - 1, town - 1)


def _rows_of(noms, known: list[str]) -> np.ndarray:
    """Return the row of each name among the known ones, −1 without a name."""
    rows = {nom: row for row, nom in enumerate(known)}
    return noms.map(rows).fillna(-1).to_numpy(dtype=np.int64)


def at_day(moteur: Moteur, today: date) -> Moteur:
    """Return the engine seen from another day; only what depends on the day is made anew."""
    if today == moteur.jour:
        return moteur
    snapshot = moteur.snapshot
    offres = snapshot.read("offres").iloc[moteur.ordre].reset_index(drop=True)
    filtre = FILTRES["debut"]
    colonne = make_column(filtre, filtre.lire(offres, today), filtre.lister(snapshot))
    return replace(
        moteur,
        jour=today,
        dates=date_ranks(offres, today),
        colonnes={**moteur.colonnes, "debut": colonne},
    )


def search(moteur: Moteur, requete: Requete) -> Resultat:
    """Return the offers that obey a search, in the order asked, with their counts.

    Around a place the radius is inclusive; inside a zone it does not count.  A place known by its
    commune only is within the radius as soon as it may be, and is sorted by the farthest that it
    may be, after an exact place as far: a larger radius never gives fewer offers.  Minutes, when
    they are asked, take the place of the radius and follow the same rules; a place to which no trip
    is known is out of them.
    `emprise` keeps the offers whose place is in the rectangle, borders
    included.  Fully remote offers obey text and filters only: neither a place,
    a rectangle nor the zone filter leaves them out, since they are nowhere.

    What answers the text itself comes first, then what is of neighbouring jobs: the order asked is
    that of each block.  The number announced, and those of facets and maps, are of the first block;
    of the second one when nothing around answers the text itself.

    Facets count found and remote offers together, each filter without its
    own choice: for a filter of one value per offer the counts add up to
    ``total + nb_a_distance`` when it is not in use.

    Orders are total and stable, what is reached without a car first when it is asked:
    « distance » is (distance, title, id); « duree » (minutes, distance, title, id);
    « pertinence » (score, distance, title, id); « date » (next start, then
    permanent entries, then past ones latest first, then unknown; distance,
    title, id); « titre » (title, id).  Without a point, distance says nothing:
    relevance then title decide.
    """
    found = select(moteur, requete)
    rows = _sorted_rows(moteur, np.flatnonzero(found.trouvees), requete.tri, found)
    nowhere = replace(found, distances=None, durees=None)
    remote = _sorted_rows(moteur, np.flatnonzero(found.distantes), requete.tri, nowhere)
    nb_answers = int((found.trouvees & found.repond).sum())
    near = np.empty(0, np.int64)
    if not nb_answers:
        near = nearest_alternatives(moteur, found)

    def measure() -> tuple[Durees | None, Durees | None]:
        """Return the trips, which cost a fifth of a search: facets do not read them."""
        durees = found.durees or _trips(moteur, requete, found.minima, found.distances)
        return durees and durees.take(moteur.lieu[rows]), durees and durees.take(moteur.lieu[near])

    return Resultat(
        lignes=moteur.ordre[rows],
        distances_m=_row_distances(moteur, found.distances, rows),
        minima_m=_row_distances(moteur, found.minima, rows),
        a_distance=moteur.ordre[remote],
        total=nb_answers,
        nb_a_distance=int((found.distantes & found.repond).sum()),
        proches=moteur.ordre[near],
        proches_m=_row_distances(moteur, found.distances, near),
        proches_minima_m=_row_distances(moteur, found.minima, near),
        proches_repondent=bool(found.repond[near].all()),
        nb_non_places=found.nb_non_places,
        facettes=count_facets(moteur.colonnes, found.sauf),
        texte=found.texte,
        sujet=name_subject(moteur.colonnes, found.repond, found.texte),
        requete=requete,
        mesurer=measure,
        raconter=partial(tell_trips, moteur, requete),
    )


def tell_trips(moteur: Moteur, requete: Requete) -> list[str]:
    """Return where the trips of a search come from, one sentence by way; none without point."""
    lieu, voyages = requete.lieu, moteur.voyages
    if voyages is None or lieu is None or lieu.est_zone or np.isnan(lieu.point[0]):
        return []
    ways = ways_of(voyages.moyens, requete.moyen, sans_voiture=requete.sans_voiture)
    minutes = MINUTES_SANS_VOITURE if requete.minutes is None else requete.minutes
    return [voyages.tell_source(nom, *lieu.point, minutes) for nom in ways]


def trips_to(moteur: Moteur, requete: Requete, lignes: Sequence[int]) -> list[Duree]:
    """Return the trips from the point of a search to some offers (positions in `offres`).

    None without a point, or where no trip is known.
    """
    _, minima, distances, durees = _place_mask(moteur, requete)
    durees = durees or _trips(moteur, requete, minima, distances)
    if durees is None:
        return []
    rows = np.flatnonzero(np.isin(moteur.ordre, lignes))
    place_of = dict(zip(moteur.ordre[rows].tolist(), moteur.lieu[rows].tolist(), strict=True))
    return durees.take(np.array([place_of[ligne] for ligne in lignes], dtype=np.int64)).each()


def _row_distances(moteur: Moteur, distances: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
    """Return the distance of each row in metres; NaN without point or place."""
    if distances is None or not len(distances):
        return np.full(len(rows), np.nan)
    places = moteur.lieu[rows]
    return np.where(places >= 0, distances[places], np.nan)


def select(moteur: Moteur, requete: Requete) -> Selection:
    """Return what a search keeps, before order and counts."""
    base, answers, scores, texte = _text_mask(moteur, requete.texte)
    here, minima, distances, durees = _place_mask(moteur, requete)
    reached = base & (moteur.a_distance | here)
    counted = reached & answers
    filtered, sauf = sift(moteur.colonnes, requete.filtres, counted if counted.any() else reached)
    obeys = base & filtered
    placed = obeys & ~moteur.a_distance
    return Selection(
        trouvees=placed & here,
        repond=answers,
        distantes=obeys & moteur.a_distance,
        ailleurs=placed & ~here & (moteur.lieu >= 0),
        nb_non_places=int((placed & answers & ~here & (moteur.lieu < 0)).sum()),
        sauf=sauf,
        scores=scores,
        distances=distances,
        minima=minima,
        durees=durees,
        texte=texte,
    )


def counted_rows(found: Selection) -> np.ndarray:
    """Return the mask of what is counted of a search: its answers, else its neighbours."""
    answers = found.trouvees & found.repond
    return answers if answers.any() else found.trouvees


def _text_mask(
    moteur: Moteur, texte: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, Texte]:
    """Return the offers that a text keeps, those that answer it, their scores, how it was read.

    Scores are None without text.
    """
    every = np.ones(len(moteur.ordre), bool)
    if not texte.strip():
        return every, every, None, Texte(recu=texte)
    found = match_text(moteur.index, texte)
    if not found.concepts:
        return every, every, None, found.texte
    notes = score_pairs(found, moteur.paires, moteur.index)
    pair = moteur.paire
    return notes.gardees[pair], notes.repond[pair], notes.scores[pair], notes.texte


def _place_mask(
    moteur: Moteur, requete: Requete
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None, Durees | None]:
    """Return the offers that are where the search is, and how far every place is from its point.

    At least, then at most; then the trips, when the search asks for them.
    """
    here, lieu = np.ones(len(moteur.ordre), bool), requete.lieu
    minima = distances = durees = None
    if lieu is not None and lieu.est_zone:
        here = moteur.colonnes["zone"].keep(_zones_of_place(moteur, lieu)) & (moteur.lieu >= 0)
    elif lieu is not None:
        minima, distances = _gaps(moteur, lieu)
        within = minima <= requete.rayon_km * 1000
        if requete.minutes is not None or requete.sans_voiture or requete.tri == "duree":
            durees = _trips(moteur, requete, minima, distances)
        if requete.minutes is not None and durees is not None:
            within = durees.moins <= requete.minutes
        here = _by_place(moteur, within)
    if requete.emprise is not None:
        inside = np.zeros(len(moteur.longitudes), bool)
        inside[places_within(moteur.arbre, requete.emprise)] = True
        here = here & _by_place(moteur, inside)
    return here, minima, distances, durees


def _gaps(moteur: Moteur, lieu: Lieu) -> tuple[np.ndarray, np.ndarray]:
    """Return how far every place is from where one starts, at least and at most.

    From a quarter, to its nearest edge: whoever lives there is at least that far.
    """
    exact = distances_m(moteur.xyz, *lieu.point)
    minima, distances = moteur.vagues.bound(exact, *lieu.point)
    contour = moteur.contours.get((lieu.type, lieu.code))
    if contour is None:
        return minima, distances
    points = shapely.points(*to_metric(moteur.longitudes, moteur.latitudes))
    edge = shapely.distance(points, contour)
    is_exact = np.ones(len(exact), bool)
    is_exact[moteur.vagues.places] = False
    minima[is_exact] = distances[is_exact] = edge[is_exact]
    # Its commune is a place's outline: the greatest distance stays that to a point of the quarter.
    minima[moteur.vagues.places] = shapely.distance(moteur.vagues.contours, contour)
    return minima, distances


def _trips(
    moteur: Moteur, requete: Requete, minima: np.ndarray | None, distances: np.ndarray | None
) -> Durees | None:
    """Return the trips from the point of a search to every place; None without point or trips."""
    if moteur.voyages is None or requete.lieu is None or minima is None or distances is None:
        return None
    longitude, latitude = requete.lieu.point
    if np.isnan(longitude):
        return None
    if (requete.lieu.type, requete.lieu.code) in moteur.contours:
        # A trip starts from a point: that inside the quarter.
        exact = distances_m(moteur.xyz, longitude, latitude)
        minima, distances = moteur.vagues.bound(exact, longitude, latitude)
    return measure_trips(
        moteur.voyages,
        requete.moyen or next(iter(moteur.voyages.moyens.values())),
        Depart(longitude=longitude, latitude=latitude, moins_m=minima, plus_m=distances),
        minutes=requete.minutes,
        sans_voiture=requete.sans_voiture,
    )


def _zones_of_place(moteur: Moteur, lieu: Lieu) -> list[str]:
    """Return the values of the zone filter of a zone; the region is its départements."""
    if lieu.type != "region":
        return [f"{lieu.type}:{lieu.code}"]
    zones = moteur.colonnes["zone"].rang_de
    return [valeur for valeur in zones if valeur.startswith("departement:")]


def _by_place(moteur: Moteur, places: np.ndarray) -> np.ndarray:
    """Spread a mask of places over offers; an offer without place is out."""
    return np.append(places, False)[moteur.lieu]


def _sorted_rows(moteur: Moteur, rows: np.ndarray, tri: str, found: Selection) -> np.ndarray:
    """Return rows, given in title order, in the order asked: answers, then neighbours."""
    keys = []
    if not found.repond[rows].all():
        keys.append((~found.repond[rows]).astype(np.int64))
    if found.durees is not None and found.durees.sans_voiture is not None:
        keys.append(np.append(~found.durees.sans_voiture, True)[moteur.lieu[rows]].astype(np.int64))
    if found.durees is not None and tri == "duree":
        most = np.nan_to_num(found.durees.plus, nan=np.inf)
        known = np.isfinite(found.durees.moins) & np.isfinite(most)
        gaps = np.zeros(len(most))
        gaps[known] = most[known] - found.durees.moins[known]
        keys.append(_ranks_of_places(most, gaps)[moteur.lieu[rows]])
    if tri == "date":
        keys.append(moteur.dates[rows])
    # Without a point, « distance » says nothing: relevance stands in for it.
    by_score = tri == "pertinence" or (tri in ("distance", "duree") and found.distances is None)
    if found.scores is not None and by_score:
        keys.append(_relevance_steps(found.scores[rows], found.repond[rows]))
    if found.distances is not None and found.minima is not None and tri != "titre":
        gaps = found.distances - found.minima
        keys.append(_ranks_of_places(found.distances, gaps)[moteur.lieu[rows]])
    return rows[_order(keys, len(rows))] if keys else rows


def _relevance_steps(scores: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Return the step of each score, best of its block first, as ranks to sort by."""
    steps = np.zeros(len(scores), np.int64)
    for block in (answers, ~answers):
        best = scores[block].max(initial=0)
        if best > 0:
            gaps = PAS_PERTINENCE - np.floor(scores[block] / best * PAS_PERTINENCE)
            steps[block] = gaps.astype(np.int64)
    return steps


def _ranks_of_places(most: np.ndarray, gaps: np.ndarray) -> np.ndarray:
    """Return the rank of each place by what it costs at most, equal when costs are.

    Of two equal at most, the one known best (`gaps`) comes first.  One more rank at the end, that
    of « no place »: place −1 reads it.
    """
    # Two sorts of numbers are several times faster than one of pairs.
    order = np.lexsort((gaps, most))
    most, gaps = most[order], gaps[order]
    differs = (most[1:] != most[:-1]) | (gaps[1:] != gaps[:-1])
    ranks = np.zeros(len(order) + 1, np.int64)
    ranks[order[1:]] = np.cumsum(differs)
    ranks[-1] = ranks[:-1].max(initial=-1) + 1
    return ranks


def _order(keys: list[np.ndarray], n: int) -> np.ndarray:
    """Return the stable order by several whole keys.

    One sort of one combined key is several times faster than a lexical sort.
    """
    combined = np.zeros(n, np.int64)
    for key in keys:
        combined = combined * (int(key.max(initial=0)) + 1) + key
    # The position is the last part of the key: equal keys keep their order, whatever the sort.
    width = max(1, n)
    if n and int(combined.max()) < np.iinfo(np.int64).max // width:
        return np.sort(combined * width + np.arange(n)) % width
    return np.lexsort(keys[::-1])


def nearest_alternatives(moteur: Moteur, found: Selection, nb: int = NB_PROCHES) -> np.ndarray:
    """Return the rows of the nearest offers that obey everything but the place.

    Those that answer the text itself; when none does, neighbours where the list holds nothing.
    Empty without a point.  Order: (distance, or minutes when they decide, at most; title, id).
    """
    if found.distances is None:
        return np.empty(0, np.int64)
    rows = np.flatnonzero(found.ailleurs & found.repond)
    if not len(rows) and not found.trouvees.any():
        rows = np.flatnonzero(found.ailleurs)
    costs = found.distances
    if found.durees is not None:
        costs = np.nan_to_num(found.durees.plus, nan=np.inf)
    gaps = costs[moteur.lieu[rows]]
    if len(rows) > nb:
        # All those as near as the last one: the title tells which of them come first.
        kept = gaps <= np.partition(gaps, nb - 1)[nb - 1]
        rows, gaps = rows[kept], gaps[kept]
    first = np.lexsort((rows, gaps))[:nb]
    return rows[first]
