"""Coverage against a pure-Python oracle on random worlds, and its invariants."""

import itertools
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from geoapp.core.memory import Memory
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.answer import white_communes
from geoapp.coverage.divisions import Maille
from geoapp.coverage.equity import weighted_quantile
from geoapp.coverage.measures import measure_points
from geoapp.coverage.model import Question
from geoapp.coverage.sentences import mixed_years
from geoapp.coverage.table import region_row, zone_table
from geoapp.coverage.travel import Trajets, store_matrices
from geoapp.coverage.white_zones import CAUSES
from geoapp.coverage.world import World, choose_offer
from geoapp.coverage.zone_values import grouped_quantile
from geoapp.reference.borders import countries_near
from geoapp.reference.zonings import COMMUNE
from support.examples import cheap
from support.world import make_perimeter

SEUIL = 20.0
COSTS = st.sampled_from(
    [0.0, 3.0, 6.5, 15.0, 19.5, 20.0, 20.5, 24.0, 25.0, 25.5, 33.0, 40.0, 40.5, 55.0, None]
)
"""Costs around every limit: the threshold, its 75 %, 125 % and double; None cannot be reached."""


@st.composite
def worlds(draw):
    """Return a world as plain lists: costs, people, in region, zone of each point; offers."""
    nb_points, nb_places, nb_zones = (
        draw(st.integers(1, 7)),
        draw(st.integers(1, 5)),
        draw(st.integers(1, 3)),
    )

    def of_points(values):
        return draw(st.lists(values, min_size=nb_points, max_size=nb_points))

    offer = st.tuples(
        st.integers(0, nb_places - 1), st.integers(0, 2), st.booleans(), st.booleans()
    )
    return {
        "costs": of_points(st.lists(COSTS, min_size=nb_places, max_size=nb_places)),
        "people": of_points(st.sampled_from([0.0, 10.0, 120.0, 1000.0, float("nan")])),
        "region": of_points(st.booleans()),
        "zones": of_points(st.integers(0, nb_zones - 1)),
        "nb_zones": nb_zones,
        "offers": draw(st.lists(offer, max_size=8)),
    }


def known_snapshot(communes) -> Snapshot:
    """Return a snapshot that holds no file, and says that all its offer is known."""
    snapshot = Snapshot(Path("absent"), {"nom_region": "Région"})
    places = pd.DataFrame({"code_commune": communes, "code_departement": "59", "est_region": True})
    for nom, table in (("perimetre", make_perimeter(departements=("59",))), ("communes", places)):
        snapshot._tables.get(nom, lambda table=table: table)
    return snapshot


def make_monde(world) -> World:
    """Return the same world as the product holds it."""
    nb, nb_places = len(world["people"]), len(world["costs"][0])
    rows, cols, data = (
        zip(
            *[
                (i, j, c)
                for i, line in enumerate(world["costs"])
                for j, c in enumerate(line)
                if c is not None
            ],
            strict=True,
        )
        if any(c is not None for line in world["costs"] for c in line)
        else ((), (), ())
    )
    indptr = (
        np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=nb))])
        if rows
        else np.zeros(nb + 1, dtype=int)
    )
    cost = sparse.csr_array(
        (np.array(data, dtype="f4"), np.array(cols, dtype=np.int32), indptr), shape=(nb, nb_places)
    )
    costs = Trajets(
        origines=np.array([f"p{i}" for i in range(nb)]),
        places=np.array([f"l{j}" for j in range(nb_places)]),
        distance_km=cost,
        duree_min=cost,
        parametres={"note": ""},
    )
    trajets = store_matrices([costs])
    points = pd.DataFrame(
        {
            "id_point": trajets.origines,
            "type_point": "commune",
            "est_region": np.array(world["region"], dtype=bool),
            "code_commune": trajets.origines,
            "population_retenue": np.array(world["people"], dtype=float),
            "millesime": "2023",
        }
    )
    points[["nb_adultes", "nb_18_24"]] = np.nan
    offres = pd.DataFrame(
        [(p, o, d, v) for p, o, d, v in world["offers"]],
        columns=["place", "organisme", "est_douteuse", "est_voisine"],
    )
    offres = offres.astype(
        {"place": int, "organisme": int, "est_douteuse": bool, "est_voisine": bool}
    )
    offres = offres.assign(capacite=1.0, nb_sessions=1.0, est_fictive=False, est_mairie=False)
    region = np.flatnonzero(points["est_region"])
    codes = np.array([f"z{k}" for k in range(world["nb_zones"])], dtype=object)
    maille = Maille(
        type_zone="ze2020",
        codes=codes,
        noms=codes,
        points=region,
        zones=np.array(world["zones"])[region],
        est_estimee=np.zeros(len(codes), dtype=bool),
        offres=np.empty(0, int),
        zones_offres=np.empty(0, int),
    )
    return World(
        snapshot=known_snapshot(trajets.origines),
        trajets=trajets,
        points=points,
        offres=offres,
        comptes=offres,
        noms_organismes=np.array(["A", "B", "C"], dtype=object),
        nb_non_placees=0,
        nb_a_distance=0,
        mailles={"ze2020": maille},
    )


class Oracle:
    """The definitions of `methods.md`, in loops."""

    def __init__(self, world, voisins=True):
        self.world, self.voisins = world, voisins
        self.people = [0.0 if math.isnan(p) else p for p in world["people"]]
        self.offers = [o for o in world["offers"] if voisins or not o[3]]

    def supply(self, j):
        return sum(1 for o in self.offers if o[0] == j)

    def nearest(self, i, sure=False):
        costs = [
            c
            for j, c in enumerate(self.world["costs"][i])
            if c is not None and any(o[0] == j and not (sure and o[2]) for o in self.offers)
        ]
        return min(costs, default=math.inf)

    def weight(self, c, seuil):
        return (
            0.0
            if c is None or c > seuil
            else 1.0
            if c <= seuil / 3
            else 0.68
            if c <= 2 * seuil / 3
            else 0.22
        )

    def demand(self, k):
        return self.people[k] if self.voisins or self.world["region"][k] else 0.0

    def access(self, i, seuil, weight):
        total, reached = 0.0, False
        for j, c in enumerate(self.world["costs"][i]):
            w = weight(c, seuil)
            if not w or not self.supply(j):
                continue
            reached = True
            crowd = sum(
                weight(line[j], seuil) * self.demand(k)
                for k, line in enumerate(self.world["costs"])
            )
            total += w * self.supply(j) / crowd if crowd else 0.0
        return total if reached else math.nan

    def mean(self, seuil):
        inside = [i for i, r in enumerate(self.world["region"]) if r]
        nobody = sum(self.people[i] for i in inside)
        scores = [self.access(i, seuil, self.weight) for i in inside]
        return (
            sum(
                (0 if math.isnan(a) else a) * self.people[i]
                for a, i in zip(scores, inside, strict=True)
            )
            / nobody
            if nobody
            else 0.0
        )

    def is_white(self, i, seuil):
        score = self.access(i, seuil, self.weight)
        return self.nearest(i) > seuil or (0 if math.isnan(score) else score) < 0.25 * (
            1 - 1e-12
        ) * self.mean(seuil)

    def cause(self, i):
        nearest = self.nearest(i)
        if nearest > 2 * SEUIL:
            return "sans_offre"
        return "eloignee" if nearest > SEUIL else "saturee" if self.is_white(i, SEUIL) else None


def same(found, expected):
    assert (math.isnan(found) and math.isnan(expected)) or found == pytest.approx(
        expected, rel=1e-9, abs=1e-12
    )


@given(worlds(), st.sampled_from([0.0, 0.2, 0.21, 1.0]))
@cheap()
def test_nothing_is_said_full_where_places_are_not_known(world, part):
    """Up to a fifth of the offer may have no known places; beyond, nobody finds it full."""
    monde = make_monde(world)
    nb = len(monde.comptes)
    unknown = np.arange(nb) < math.ceil(part * nb - 1e-9)
    hidden = monde.comptes.assign(capacite=np.where(unknown, np.nan, 1.0))
    told = replace(monde, comptes=hidden, memoire=Memory())
    offre, question = choose_offer(told, Question()), Question()
    points = measure_points(told, question, offre)
    table = zone_table(told, question, offre, points)
    if unknown.sum() <= 0.2 * nb:
        assert points["cause"].equals(
            measure_points(monde, question, choose_offer(monde, question))["cause"]
        )
    else:
        assert not points["cause"].eq("saturee").any() and table["population_saturee"].isna().all()


@given(worlds(), st.booleans())
@cheap()
def test_every_measure_of_a_point_is_that_of_the_oracle(world, voisins):
    monde, oracle = make_monde(world), Oracle(world, voisins)
    question = Question(voisins=voisins)
    points = measure_points(monde, question, choose_offer(monde, question))

    def binary(c, seuil):
        return float(c is not None and c <= seuil)

    for i, row in enumerate(points.itertuples()):
        nearest = oracle.nearest(i)
        same(row.cout, nearest if nearest < math.inf else math.nan)
        assert row.est_couvert == (nearest <= SEUIL)
        assert row.est_couvert_sur == (oracle.nearest(i, sure=True) <= SEUIL)
        same(row.e2sfca, oracle.access(i, SEUIL, oracle.weight))
        same(row.deuxsfca, oracle.access(i, SEUIL, binary))
        assert row.cumulative == sum(
            oracle.supply(j)
            for j, c in enumerate(world["costs"][i])
            if c is not None and c <= SEUIL
        )
        assert (None if pd.isna(row.cause) else row.cause) == oracle.cause(i)
        assert row.est_robuste == all(oracle.is_white(i, SEUIL * k) for k in (1, 0.75, 1.25))


@given(worlds())
def test_zones_add_up_and_follow_the_oracle(world):
    monde, oracle = make_monde(world), Oracle(world)
    question = Question()
    offre = choose_offer(monde, question)
    points = measure_points(monde, question, offre)
    table, whole = (
        zone_table(monde, question, offre, points),
        region_row(monde, question, offre, points),
    )
    for zone, row in enumerate(table.itertuples()):
        inside = [i for i, z in enumerate(world["zones"]) if z == zone and world["region"][i]]
        known = [i for i in inside if not math.isnan(world["people"][i])]
        population = sum(oracle.people[i] for i in known) if known else math.nan
        lacking = (
            sum(oracle.people[i] for i in known if oracle.nearest(i) > SEUIL) if known else math.nan
        )
        same(row.population, population)
        same(row.population_non_couverte, lacking)
        same(
            row.part_non_couverte,
            lacking / population if population and population > 0 else math.nan,
        )
        for cause in ("sans_offre", "eloignee", "saturee"):
            same(
                getattr(row, f"population_{cause}"),
                sum(oracle.people[i] for i in known if oracle.cause(i) == cause)
                if known
                else math.nan,
            )
        bodies = {
            o[1]
            for i in inside
            if oracle.people[i] > 0
            for o in oracle.offers
            if (c := world["costs"][i][o[0]]) is not None and c <= SEUIL
        }
        assert (None if pd.isna(row.offreur_unique) else row.offreur_unique) == (
            "ABC"[next(iter(bodies))] if len(bodies) == 1 else None
        )
        assert row.nb_points_inconnus == len(inside) - len(known)
    assert table["population"].sum() == pytest.approx(
        0 if math.isnan(whole["population"]) else whole["population"]
    )
    assert table["population_non_couverte"].sum() == pytest.approx(
        0 if math.isnan(whole["population"]) else whole["population_non_couverte"]
    )
    assert table["part_couverte"].dropna().between(0, 1).all()


@given(worlds())
@cheap()
def test_places_offered_are_conserved(world):
    """Σ A·P = Σ S over the places that somebody reaches, all people counted."""
    monde, oracle = make_monde(world), Oracle(world)
    question = Question()
    points = measure_points(monde, question, choose_offer(monde, question))
    for name, limits in (
        ("e2sfca", oracle.weight),
        ("deuxsfca", lambda c, s: float(c is not None and c <= s)),
        ("troissfca", oracle.weight),
    ):
        reached = [
            j
            for j in range(len(world["costs"][0]))
            if any(
                limits(line[j], SEUIL) and oracle.people[i] for i, line in enumerate(world["costs"])
            )
        ]
        spread = np.nan_to_num(points[name].to_numpy()) @ np.array(oracle.people)
        assert spread == pytest.approx(sum(oracle.supply(j) for j in reached)), name


@given(worlds(), st.integers(0, 4), st.booleans())
def test_one_more_offer_never_takes_cover_away(world, place, voisine):
    before = make_monde(world)
    after = make_monde(
        {**world, "offers": [*world["offers"], (place % len(world["costs"][0]), 0, False, voisine)]}
    )
    question = Question()
    was, now = (measure_points(m, question, choose_offer(m, question)) for m in (before, after))
    assert (np.nan_to_num(now["cout"], nan=np.inf) <= np.nan_to_num(was["cout"], nan=np.inf)).all()
    assert (now["est_couvert"] >= was["est_couvert"]).all()


@given(worlds())
def test_cover_grows_with_the_threshold(world):
    monde = make_monde(world)
    shares = []
    for seuil in (5.0, 6.5, 19.5, 20.0, 33.0, 50.0):
        question = Question(seuil=seuil)
        offre = choose_offer(monde, question)
        shares.append(
            zone_table(monde, question, offre, measure_points(monde, question, offre))[
                "part_couverte"
            ].to_numpy()
        )
    for short, long in itertools.pairwise(shares):
        assert (np.nan_to_num(short) <= np.nan_to_num(long) + 1e-12).all()


@given(
    st.lists(
        st.tuples(
            st.sampled_from([1.0, 2.0, 5.0, float("nan")]),
            st.sampled_from([0.0, 1.0, 3.0, 10.0]),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=12,
    )
)
@cheap()
def test_grouped_quantiles_are_those_of_each_group(rows):
    values, weights, groups = (np.array(column) for column in zip(*rows, strict=True))
    for q in (0.5, 0.9):
        found = grouped_quantile(values, weights, groups, q=q, nb=3)
        for k in range(3):
            mine = groups == k
            expected = (
                weighted_quantile(values[mine], weights[mine], q, inconnu="loin")
                if weights[mine].sum() > 0
                else math.nan
            )
            same(found[k], expected)


def test_the_weights_kept_are_those_of_their_threshold_unit_and_form():
    monde = make_monde(
        {
            "costs": [[3.0, 6.0, 15.0, 19.0]],
            "people": [10.0],
            "region": [True],
            "zones": [0],
            "nb_zones": 1,
            "offers": [],
        }
    )

    def kept(seuil, forme):
        return monde.weights(Question(seuil=seuil), forme).toarray().tolist()

    for _ in range(2):
        assert kept(20.0, "un") == [[1.0, 1.0, 1.0, 1.0]]
        assert kept(6.0, "un") == [[1.0, 1.0, 0.0, 0.0]], "a cost equal to the threshold counts"
        assert kept(20.0, "pas") == [[1.0, 1.0, 0.22, 0.22]]


@pytest.mark.parametrize(("white", "listed"), [(49.0, []), (50.0, ["a"]), (51.0, ["a"])])
def test_a_commune_half_of_which_is_white_is_a_white_commune(white, listed):
    people = np.array([white, 100.0 - white, 30.0])
    maille = Maille(
        type_zone=COMMUNE,
        codes=np.array(["a", "b"], dtype=object),
        noms=np.array(["A", "B"], dtype=object),
        points=np.arange(3),
        zones=np.array([0, 0, 1]),
        est_estimee=np.zeros(2, dtype=bool),
        offres=np.empty(0, int),
        zones_offres=np.empty(0, int),
    )
    world = SimpleNamespace(mailles={COMMUNE: maille}, population=lambda public: people)
    points = pd.DataFrame(
        {
            "cause": pd.Categorical(["eloignee", None, None], categories=list(CAUSES)),
            "est_robuste": [True, False, False],
            "perimetre": 0,
        }
    )
    found = white_communes(world, points)
    assert found["code_commune"].tolist() == listed
    assert found["population_blanche"].tolist() == [white] * len(listed)


def test_the_quantile_of_a_group_is_that_of_its_weights_one_by_one():
    values, weights = np.arange(100, 0, -1, dtype=float), np.ones(100)
    groups = np.repeat([0, 1], 50)
    for q in (0.01, 0.1, 0.5, 0.9, 0.99, 1.0):
        expected = [sorted(values[groups == g])[math.ceil(q * 50 - 1e-9) - 1] for g in (0, 1)]
        assert grouped_quantile(values, weights, groups, q=q, nb=3).tolist()[:2] == expected
    assert np.isnan(grouped_quantile(values, weights, groups, q=0.5, nb=3)[2])
    heavy = np.where(values == 100, 49.0, 1.0)
    assert grouped_quantile(values, heavy, groups, q=0.5, nb=2)[0] == 99.0
    heavy[values == 100] = 50.0
    assert grouped_quantile(values, heavy, groups, q=0.5, nb=2)[0] == 100.0


@pytest.mark.parametrize(
    ("annee", "dit"), [("2023", ""), ("2020", "offre 2023 ; habitants 2020 ; zones 2023")]
)
def test_figures_that_mix_years_say_so_and_others_do_not(annee, dit):
    zones = pd.DataFrame({"type_zone": ["ze2020", "epci"], "millesime": ["2023", "1999"]})
    sources = [
        {"id_source": "a", "millesime": "2023-11-16"},
        {"id_source": "b", "millesime": "courant"},
        {"id_source": "autre", "millesime": "1998"},
    ]
    memoire = Memory()
    memoire.get("sources", lambda: sources)
    monde = SimpleNamespace(
        memoire=memoire,
        offres=pd.DataFrame({"id_source": ["a", "b"]}),
        snapshot=SimpleNamespace(read=lambda nom: zones),
        points=pd.DataFrame({"est_region": [True, False], "millesime": [annee, "1997"]}),
    )
    said = mixed_years(monde, SimpleNamespace(zonage="ze2020"))
    assert said == (
        (
            f"Ces chiffres rapprochent des années différentes : {dit}. Ils ne décrivent pas un "
            "même jour."
        )
        if dit
        else ""
    )


def test_a_border_of_the_country_is_told_where_the_region_touches_it():
    """Belgium is not collected: the cover near it is the least that it is."""
    assert countries_near([4.08, 2.3], [49.92, 49.9], 15_000) == ["en Belgique"]
    assert countries_near([2.3], [49.9], 15_000) == []
    assert countries_near([math.nan], [math.nan], 15_000) == []
