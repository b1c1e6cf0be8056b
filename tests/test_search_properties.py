"""The search against a pure-Python reading of its definition, on random worlds; its properties on
the real mirror.
"""

import itertools
from datetime import date, timedelta
from functools import cache
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
from hypothesis import HealthCheck, Phase, assume, example, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from geoapp.core.schema import conform
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import AUCUNE, FILTRES, INCONNU, Filtres, apply_filters, parse_filters
from geoapp.offer.search import index
from geoapp.offer.search.engine import at_day, open_engine, search
from geoapp.offer.search.index import write_index
from geoapp.offer.search.map_points import POINTS_MAX, offers_of_place, points
from geoapp.offer.search.model import TRIS, Lieu, Requete
from geoapp.offer.search.place_names import make_toponyms
from geoapp.offer.search.places import resolve_place
from support.world import make_tiny_frames

TODAY = date(2026, 9, 10)
WORDS = ("zorglub", "quibolin", "truvane", "meldorack")
BODIES = ("Institut Fantasque", "Ecole Wolframe", None)
PLACES = (
    (2.05, 50.05, "80001"),
    (2.31, 50.11, "80002"),
    (2.52, 50.07, "59001"),
    (2.17, 50.16, "80001"),
    None,
)
ZONES = {
    "80001": "departement:80|ze2020:3201|zrr:ZRR",
    "80002": "departement:80|ze2020:3201",
    "59001": "departement:59|ze2020:0054",
}
STARTS = (
    None,
    "2025",
    "2026",
    "2026-09",
    "2026-09-09",
    "2026-09-10",
    "2026-12-10",
    "2027-03-11",
    "2028",
)
GEOD = pyproj.Geod(ellps="GRS80")
POINT = Lieu(type="point", code="50.09,2.13", nom="point", longitude=2.13, latitude=50.09)
UNKNOWN_TOO = {
    "niveau": ("3", "5", None),
    "type_diplome": ("cap", "bts", None),
    "voie": ("scolaire", "continue", None),
    "modalite": ("sur_place", "a_distance", None),
}

offers = st.fixed_dictionaries(
    {
        "mots": st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
        "organisme": st.sampled_from(BODIES),
        "lieu": st.sampled_from(PLACES),
        "niveau_sortie": st.sampled_from(UNKNOWN_TOO["niveau"]),
        "code_diplome": st.sampled_from(UNKNOWN_TOO["type_diplome"]),
        "voie": st.sampled_from(UNKNOWN_TOO["voie"]),
        "modalite": st.sampled_from(UNKNOWN_TOO["modalite"]),
        "est_conventionnee": st.sampled_from((True, False, None)),
        "est_permanente": st.sampled_from((True, False, None)),
        "rev3": st.sampled_from((None, "ecologique", "ecologique|numerique")),
        "debuts": st.lists(st.sampled_from(STARTS[1:]), max_size=3, unique=True),
        "financeurs": st.sampled_from((None, "2", "2|4")),
        "publics": st.sampled_from((None, "83056", "80054|83056")),
        "niveau_entree": st.sampled_from((None, "aucun", "4")),
        "prix_eur": st.sampled_from((None, 900.0)),
        "prix_horaire_eur": st.sampled_from((None, 9.5)),
        "est_gratuite": st.sampled_from((True, False, None)),
    }
)
worlds = st.lists(offers, min_size=1, max_size=14)
choices = st.fixed_dictionaries(
    {},
    optional={
        "niveau": st.lists(
            st.sampled_from(("3", "5", INCONNU)), min_size=1, max_size=2, unique=True
        ),
        "type_diplome": st.sampled_from((["cap"], ["bts", INCONNU])),
        "voie": st.sampled_from((["scolaire"], ["continue", INCONNU])),
        "modalite": st.sampled_from((["a_distance"], ["sur_place"], [INCONNU])),
        "conventionnee": st.sampled_from((["oui"], ["non", INCONNU])),
        "rev3": st.sampled_from((["numerique"], ["ecologique"], [AUCUNE])),
        "debut": st.lists(
            st.sampled_from((*FILTRES["debut"].lister(None),)).map(lambda o: o.valeur),
            min_size=1,
            max_size=3,
            unique=True,
        ),
        "zone": st.sampled_from((["ze2020:3201"], ["zrr"], ["ze2020:0054", "zrr:ZRR"])),
        "financeur": st.sampled_from((["4"], ["2", INCONNU])),
        "public_vise": st.just([INCONNU]),
        "entree": st.sampled_from((["4"], ["aucun", INCONNU])),
        "prix": st.sampled_from((["gratuit"], ["indique"], ["a_charge", INCONNU])),
    },
)
_TINY = make_tiny_frames()
_SETTINGS = {
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),
}
"""Worlds are small enough to be read as they are: shrinking them takes minutes."""

LIEUX = (
    None,
    POINT,
    Lieu(type="ze2020", code="3201", nom="Amiville"),
    Lieu(type="departement", code="59", nom="Nord"),
    Lieu(type="region", code="32", nom="Hauts-de-France"),
)


@cache
def known_places() -> pd.DataFrame:
    """Return the place names of the tiny world, made once: two thirds of the time of an index."""
    return make_toponyms(_TINY)


def make_world(rows: list[dict], folder) -> SimpleNamespace:
    """Return a snapshot of some offers with its engine, made without the cost of checks and
    files.
    """
    frames = dict(_TINY)
    base = [
        {
            **row,
            "id_action": f"a{i:02}",
            "id_lieu": f"l{PLACES.index(row['lieu'])}",
            "id_formation": f"f{i:02}",
            "id_source": "tiny",
            "titre": " ".join(row["mots"]).upper() if i % 2 else " ".join(row["mots"]),
            "intitule": row["mots"][0],
            "code_domaine": "sante",
            "nom_organisme": row["organisme"],
            "id_organisme": row["organisme"],
            "est_douteuse": False,
            "est_fictive": False,
            "dates_debut": "|".join(sorted(row["debuts"])) or None,
            "date_debut": min(row["debuts"], default=None),
            "date_fin": max(row["debuts"], default=None),
            "zones": ZONES[row["lieu"][2]] if row["lieu"] else "",
            "geometry": Point(row["lieu"][:2]) if row["lieu"] else None,
        }
        for i, row in enumerate(rows)
    ]
    table = gpd.GeoDataFrame(pd.DataFrame(base), geometry="geometry", crs=4326)
    frames["offres"] = conform(table, "offres")
    frames["formations"] = conform(
        pd.DataFrame(base)[
            ["id_formation", "id_source", "titre", "intitule", "code_domaine"]
        ].assign(preuve_domaine="x"),
        "formations",
    )
    starts = [
        {"id_session": f"{one['id_action']}:{d}", "id_action": one["id_action"], "date_debut": d}
        for one in base
        for d in one["debuts"]
    ]
    frames["sessions"] = conform(
        pd.DataFrame(starts, columns=["id_session", "id_action", "date_debut"]), "sessions"
    )
    (folder / "recherche.sqlite").unlink(missing_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        # No property types the name of a place: those of the tiny world stand for all.
        patch.setattr(index, "make_toponyms", lambda frames: known_places())
        write_index(frames, folder)
    snapshot = Snapshot(folder, {}, dict(frames))
    return SimpleNamespace(snapshot=snapshot, moteur=open_engine(snapshot, today=TODAY), rows=base)


def period(text: str) -> tuple[date, date]:
    """Return the first and last day of a partial date, the slow way."""
    year, *rest = (int(part) for part in text.split("-"))
    days = [date(year, 1, 1) + timedelta(n) for n in range(366)]
    held = [
        day
        for day in days
        if day.year == year
        and (not rest or day.month == rest[0])
        and (len(rest) < 2 or day.day == rest[1])
    ]
    return held[0], held[-1]


def next_start(row: dict) -> date | None:
    return min(
        (max(period(d)[0], TODAY) for d in row["debuts"] if period(d)[1] >= TODAY), default=None
    )


def value_of(nom: str, row: dict) -> set[str]:
    """Return the values of one filter that an offer holds."""
    if nom == "zone":
        zones = [zone for zone in row["zones"].split("|") if zone]
        return {*zones, *(zone.split(":")[0] for zone in zones)}
    if nom in ("financeur", "public_vise"):
        return set(
            (row[{"financeur": "financeurs", "public_vise": "publics"}[nom]] or INCONNU).split("|")
        )
    if nom == "prix":
        told = {
            {True: "gratuit", False: "a_charge", None: None}[row["est_gratuite"]],
            "indique" if row["prix_eur"] or row["prix_horaire_eur"] else None,
        } - {None}
        return told or {INCONNU}
    if nom == "rev3":
        return set((row["rev3"] or AUCUNE).split("|"))
    if nom == "debut":
        start = next_start(row)
        limits = (
            ("3mois", date(2026, 12, 10)),
            ("6mois", date(2027, 3, 10)),
            ("12mois", date(2027, 9, 10)),
        )
        if start:
            return {next((valeur for valeur, limit in limits if start <= limit), "plus_tard")}
        return {"permanente" if row["est_permanente"] else "passee" if row["debuts"] else INCONNU}
    raw = row[
        {
            "niveau": "niveau_sortie",
            "type_diplome": "code_diplome",
            "conventionnee": "est_conventionnee",
            "entree": "niveau_entree",
        }.get(nom, nom)
    ]
    return {
        INCONNU
        if raw is None
        else {True: "oui", False: "non"}.get(raw, raw)
        if isinstance(raw, bool)
        else raw
    }


def is_remote(row: dict) -> bool:
    return row["modalite"] == "a_distance"


def obeys(row: dict, chosen: dict, words: list[str]) -> bool:
    """Tell whether an offer obeys filters and text; the zone filter says nothing of a
    remote one.
    """
    filters = all(
        value_of(nom, row) & set(valeurs)
        for nom, valeurs in chosen.items()
        if not (nom == "zone" and is_remote(row))
    )
    return filters and set(words) <= {*row["mots"], *(row["organisme"] or "").lower().split()}


def gap_m(row: dict, lieu: Lieu) -> float:
    return GEOD.inv(lieu.longitude, lieu.latitude, *row["lieu"][:2])[2]


def is_here(row: dict, requete: Requete) -> bool:
    """Tell whether an offer is where the search is."""
    lieu = requete.lieu
    if lieu is None:
        return True
    if row["lieu"] is None:
        return False
    if lieu.est_zone:
        return lieu.type == "region" or f"{lieu.type}:{lieu.code}" in row["zones"].split("|")
    return gap_m(row, lieu) <= requete.rayon_km * 1000


def sort_key(row: dict, requete: Requete) -> tuple:
    """Return the key of the total order asked."""
    title, point = (
        (row["titre"].lower(), row["id_action"], row["id_lieu"]),
        requete.lieu and not requete.lieu.est_zone,
    )
    gap = round(gap_m(row, requete.lieu)) if point and row["lieu"] and not is_remote(row) else 0
    if requete.tri == "titre":
        return title
    if requete.tri == "distance":
        return (gap, *title)
    start = next_start(row)
    past = max((period(d)[1] for d in row["debuts"]), default=None)
    if start:
        rank = (0, start.toordinal())
    elif row["est_permanente"]:
        rank = (1, 0)
    else:
        rank = (2, -past.toordinal()) if past else (3, 0)
    return (*rank, gap, *title)


@settings(**_SETTINGS)
@given(
    rows=worlds,
    chosen=choices,
    lieu=st.sampled_from(LIEUX),
    rayon=st.sampled_from((5.0, 12.0, 20.0, 60.0)),
    words=st.lists(st.sampled_from((*WORDS, "fantasque", "wolframe")), max_size=2, unique=True),
    tri=st.sampled_from(("distance", "titre", "date")),
)
@example(
    rows=[
        {
            "mots": ["zorglub"],
            "organisme": None,
            "lieu": None,
            "niveau_sortie": None,
            "code_diplome": None,
            "voie": None,
            "modalite": None,
            "est_conventionnee": None,
            "est_permanente": None,
            "rev3": None,
            "debuts": [],
            "financeurs": None,
            "publics": None,
            "niveau_entree": None,
            "prix_eur": None,
            "prix_horaire_eur": None,
            "est_gratuite": None,
        }
    ],
    chosen={},
    lieu=POINT,
    rayon=5.0,
    words=[],
    tri="date",
)
def test_search_is_its_definition(tmp_path, rows, chosen, lieu, rayon, words, tri):
    world = make_world(rows, tmp_path)
    found_words = [row for row in world.rows if obeys(row, {}, words)]
    assume(found_words or not words)
    assume(not (words and tri == "distance" and (lieu is None or lieu.est_zone)))
    requete = Requete(
        texte=" ".join(words),
        lieu=lieu,
        rayon_km=rayon,
        filtres=parse_filters(chosen, world.snapshot),
        tri=tri,
    )
    result = search(world.moteur, requete)
    ids = world.snapshot.read("offres")["id_action"].to_numpy()

    kept = [row for row in world.rows if obeys(row, chosen, words)]
    here = sorted(
        (row for row in kept if not is_remote(row) and is_here(row, requete)),
        key=lambda row: sort_key(row, requete),
    )
    assert ids[result.lignes].tolist() == [row["id_action"] for row in here]
    assert set(ids[result.a_distance]) == {row["id_action"] for row in kept if is_remote(row)}
    assert result.nb_non_places == sum(
        not is_remote(row) and row["lieu"] is None and lieu is not None for row in kept
    )
    if lieu is POINT:
        gaps = [gap_m(row, POINT) for row in here]
        assert np.allclose(result.distances_m, gaps, rtol=0.003, atol=0.01)
        far = sorted(
            gap_m(row, POINT)
            for row in kept
            if not is_remote(row) and row["lieu"] and not is_here(row, requete)
        )
        assert np.allclose(result.proches_m, [] if here else far[:10], rtol=0.003)
    for nom in FILTRES:
        if nom in ("domaine", "certification", "organisme"):
            continue
        others = {autre: valeurs for autre, valeurs in chosen.items() if autre != nom}
        counted = [
            row
            for row in world.rows
            if obeys(row, others, words) and (is_remote(row) or is_here(row, requete))
        ]
        expected = {
            option.valeur: sum(
                option.valeur in value_of(nom, row) and not (nom == "zone" and is_remote(row))
                for row in counted
            )
            for option in FILTRES[nom].lister(world.snapshot)
        }
        assert {option.valeur: option.nb for option in result.facettes[nom]} == expected


@settings(**_SETTINGS)
@given(rows=worlds, chosen=choices)
def test_the_tables_filtered_by_pandas_agree(tmp_path, rows, chosen):
    world = make_world([{**row, "debuts": row["debuts"][:2]} for row in rows], tmp_path)
    offres, filtres = world.snapshot.read("offres"), parse_filters(chosen, world.snapshot)
    result = search(world.moteur, Requete(filtres=filtres))
    onsite = offres[~offres["modalite"].eq("a_distance").fillna(False).astype(bool)]
    assert set(offres["id_action"].iloc[result.lignes]) == set(
        apply_filters(onsite, filtres, today=TODAY)["id_action"]
    )


@settings(**_SETTINGS)
@given(rows=worlds, day=st.dates(date(2024, 1, 1), date(2029, 1, 1)))
def test_moving_the_day_is_opening_that_day(tmp_path, rows, day):
    world = make_world(rows, tmp_path)
    moved, opened = at_day(world.moteur, day), open_engine(world.snapshot, today=day)
    for tri in TRIS:
        assert (
            search(moved, Requete(tri=tri)).lignes.tolist()
            == search(opened, Requete(tri=tri)).lignes.tolist()
        )
    assert search(moved, Requete()).facettes["debut"] == search(opened, Requete()).facettes["debut"]


@settings(**_SETTINGS)
@given(rows=worlds, zoom=st.floats(0, 20), lieu=st.sampled_from(LIEUX))
def test_points_hold_every_placed_offer_once(tmp_path, rows, zoom, lieu):
    world = make_world(rows, tmp_path)
    requete = Requete(lieu=lieu)
    result, shown = (
        search(world.moteur, requete),
        points(world.moteur, requete, (2.0, 50.0, 2.4, 50.2), zoom),
    )
    assert (
        shown.nb.sum() + shown.nb_dehors + shown.nb_non_places
        == result.total + result.nb_non_places
    )
    for place, nb in zip(shown.lieux, shown.nb, strict=True):
        if place >= 0:
            assert len(offers_of_place(world.moteur, requete, place)) == nb


@pytest.fixture(scope="module")
def real(real_snapshot):
    return open_engine(real_snapshot, today=TODAY)


def some_filters(moteur, rng) -> Filtres:
    """Return a random choice of real values."""
    names = rng.choice(list(FILTRES), size=rng.integers(0, 3), replace=False)
    return Filtres(
        {
            nom: (moteur.colonnes[nom].options[rng.integers(len(moteur.colonnes[nom].options))],)
            for nom in names
        }
    )


@pytest.mark.real
@pytest.mark.parametrize("seed", range(25))
def test_properties_on_the_real_offer(real, seed):
    rng = np.random.default_rng(seed)
    texte = str(rng.choice(["", "", "cuisine", "bts", "bac pro", "K1302", "electrissien"]))
    lieu, tri = (
        resolve_place(real, str(rng.choice(["Lens", "Amiens", "Hirson", "Calais"]))),
        str(rng.choice(list(TRIS))),
    )
    requetes = [
        Requete(
            texte=texte,
            lieu=lieu,
            rayon_km=r,
            filtres=some_filters(real, np.random.default_rng(seed)),
            tri=tri,
        )
        for r in (5.0, 20.0, 50.0, 100.0)
    ]
    results = [search(real, requete) for requete in requetes]
    for small, large in itertools.pairwise(results):
        assert set(small.lignes) <= set(large.lignes)
    wide = results[-1]
    bare = search(real, Requete(texte=texte, lieu=lieu, rayon_km=100.0, tri=tri))
    assert set(wide.lignes) <= set(bare.lignes)
    for nom in FILTRES:
        if not FILTRES[nom].est_multiple:
            counted = bare.total + bare.nb_a_distance
            every = len(bare.lignes) + len(bare.a_distance)
            assert sum(option.nb for option in bare.facettes[nom]) == (counted or every)
    pages = [wide.lignes[Resized(wide, page).page] for page in range(1, wide.nb_pages + 1)]
    assert np.concatenate(pages).tolist() == wide.lignes.tolist()
    assert len(set(wide.lignes)) == wide.total + wide.nb_voisins
    offres = real.snapshot.read("offres").iloc[wide.lignes]
    places = offres.geometry
    exact = (
        GEOD.inv(
            [lieu.longitude] * len(places),
            [lieu.latitude] * len(places),
            places.x.to_list(),
            places.y.to_list(),
        )[2]
        if len(places)
        else []
    )
    # Of what is known by its commune only, the distance is the farthest that it may be.
    is_vague = offres["precision_position"].eq("commune").to_numpy(dtype=bool)
    found, exact = np.asarray(wide.distances_m), np.asarray(exact)
    assert np.allclose(found[~is_vague], exact[~is_vague], rtol=0.003, atol=0.01)
    assert (found[is_vague] > exact[is_vague] * 0.997).all()


def Resized(result, page: int):
    """Return the same answer at another page."""
    from dataclasses import replace

    return replace(result, requete=replace(result.requete, page=page))


@pytest.mark.real
def test_points_of_the_real_offer_are_few_at_any_zoom(real):
    for zoom in range(0, 20):
        shown = points(real, Requete(), (1.0, 48.5, 4.5, 51.5), zoom)
        assert len(shown.nb) <= POINTS_MAX
        drawn = shown.nb.sum() + shown.nb_dehors + shown.nb_non_places
        assert drawn + real.a_distance.sum() == len(real.ordre), "what is remote is nowhere"
