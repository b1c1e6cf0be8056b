"""Parameters ⇄ search: what is accepted, what is refused and how, the address that gives the search
back.
"""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from geoapp.core.errors import ParameterError
from geoapp.offer.parameters import read_values
from geoapp.offer.search.index import open_index
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.requests import describe_request, parse_request, to_parameters
from support.world import publish_world


@pytest.fixture(scope="module")
def moteur(tmp_path_factory):
    """Return the part of an engine that parsing needs, on the tiny world."""
    from support.world import make_tiny_frames

    frames = make_tiny_frames()
    snapshot = publish_world(frames, tmp_path_factory.mktemp("req"))
    return SimpleNamespace(snapshot=snapshot, index=open_index(snapshot), voyages=None)


def test_nothing_asked_is_everything_by_title(moteur):
    requete = parse_request({}, moteur)
    assert requete == Requete(tri="titre")
    assert to_parameters(requete) == []


def test_every_parameter_is_read(moteur):
    parametres = MultiDict(
        [
            ("texte", "  soins \n infirmiers "),
            ("lieu", "Amiville"),
            ("rayon", "7,5"),
            ("tri", "date"),
            ("page", "3"),
            ("taille", "100"),
            ("emprise", "2.5,50,3,50.5"),
            ("niveau", "3"),
            ("niveau", "4"),
            ("domaine", ""),
        ]
    )
    requete = parse_request(parametres, moteur)
    assert (requete.texte, requete.rayon_km, requete.tri, requete.page, requete.taille) == (
        "soins infirmiers",
        7.5,
        "date",
        3,
        100,
    )
    assert (requete.lieu.type, requete.lieu.code) == ("commune", "80001")
    assert requete.emprise == (2.5, 50.0, 3.0, 50.5)
    assert (
        requete.filtres.values_of("niveau") == ["3", "4"] and "domaine" not in requete.filtres.choix
    )


@pytest.mark.parametrize(
    "parametres, tri",
    [
        ({}, "titre"),
        ({"texte": "bois"}, "pertinence"),
        ({"lieu": "Amiville"}, "distance"),
        ({"lat": 50.1, "lon": 2.1, "texte": "bois"}, "distance"),
        ({"lieu": "departement:80"}, "titre"),
        ({"lieu": "departement:80", "texte": "bois"}, "pertinence"),
    ],
)
def test_default_order(moteur, parametres, tri):
    assert parse_request(parametres, moteur).tri == tri


@pytest.mark.parametrize(
    "parametres, words",
    [
        ({"rayon": "4.9"}, "un nombre de 5 à 100 est attendu"),
        ({"rayon": "100.1"}, "un nombre de 5 à 100 est attendu"),
        ({"rayon": "nan"}, "un nombre de 5 à 100 est attendu"),
        ({"rayon": "1_0"}, "un nombre de 5 à 100 est attendu"),
        ({"taille": "101"}, "un nombre entier de 1 à 100"),
        ({"taille": "0"}, "un nombre entier de 1 à 100"),
        ({"page": "0"}, "à partir de 1"),
        ({"page": "²"}, "à partir de 1"),
        ({"page": "9" * 10}, "à partir de 1"),
        ({"page": 1.5}, "à partir de 1"),
        ({"tri": "prix"}, "distance, duree, pertinence, date, titre"),
        ({"lat": "50.1"}, "vont ensemble"),
        ({"lat": "x", "lon": "2"}, "deux nombres en degrés"),
        ({"lat": "2.1", "lon": "50.1"}, "France métropolitaine"),
        ({"lat": "50.1", "lon": "2.1", "lieu": "Amiville"}, "pas les deux"),
        ({"lieu": "Nulle-Part-Ailleurs"}, "lieu"),
        ({"emprise": "3,50,2,51"}, "ouest,sud,est,nord"),
        ({"emprise": "2,50,2,51"}, "ouest,sud,est,nord"),
        ({"emprise": "2,50,3,50"}, "ouest,sud,est,nord"),
        ({"emprise": "2,50,181,51"}, "ouest,sud,est,nord"),
        ({"emprise": "2,50,3,91"}, "ouest,sud,est,nord"),
        ({"emprise": "2,50,3"}, "ouest,sud,est,nord"),
        ({"emprise": "2,50,3,inf"}, "ouest,sud,est,nord"),
        ({"rayn": "20"}, "Vouliez-vous dire « rayon » ?"),
        ({"niveau": "9"}, "valeur inconnue"),
        ({"texte": ["a", "b"]}, "une seule valeur"),
        ({"texte": {"a": 1}}, "un texte, un nombre"),
        ({"texte": "x" * 201}, "200 caractères au plus"),
        ({"<script>": "1"}, "Paramètre inconnu"),
    ],
)
def test_what_is_refused_says_how_to_put_it_right(moteur, parametres, words):
    with pytest.raises(ParameterError, match=words.replace("(", "\\(").replace("?", "\\?")):
        parse_request(parametres, moteur)


@pytest.mark.parametrize("rayon", ["5", "100", "5,0", 20, 99.9])
def test_radius_bounds_are_inclusive(moteur, rayon):
    assert 5 <= parse_request({"rayon": rayon}, moteur).rayon_km <= 100


def test_blank_and_control_characters_do_not_count():
    assert read_values(
        {"a": " \x00 ", "b": None, "c": [], "d": "x\x00y", "emprise": [1, 2, 3, 4]}
    ) == {"d": ["x y"], "emprise": ["1,2,3,4"]}


@given(
    texte=st.text(alphabet="abcé <>&=+", max_size=30),
    lieu=st.sampled_from(["", "commune:80001", "epci:240000002", "code_postal:59100", "point"]),
    lat=st.floats(49.0, 51.0),
    lon=st.floats(1.0, 4.0),
    rayon=st.floats(5, 100),
    tri=st.sampled_from(["distance", "pertinence", "date", "titre"]),
    page=st.integers(1, 999),
    taille=st.integers(1, 100),
    niveau=st.sets(st.sampled_from("345")),
)
def test_an_address_gives_the_search_back(
    moteur, texte, lieu, lat, lon, rayon, tri, page, taille, niveau
):
    place = {"lat": lat, "lon": lon} if lieu == "point" else {"lieu": lieu}
    requete = parse_request(
        {
            "texte": texte,
            **place,
            "rayon": rayon,
            "tri": tri,
            "page": page,
            "taille": taille,
            "niveau": sorted(niveau),
        },
        moteur,
    )
    pairs = to_parameters(requete)
    shared = parse_request(MultiDict(pairs), moteur)
    if lieu == "point":
        # The search is measured from the point given; only what is shared is rounded.
        assert abs(shared.lieu.latitude - requete.lieu.latitude) <= 0.000501
        assert abs(shared.lieu.longitude - requete.lieu.longitude) <= 0.000501
        requete = replace(requete, lieu=shared.lieu)
    assert shared == requete
    assert all(len(value.partition(".")[2]) <= 3 for nom, value in pairs if nom in ("lat", "lon"))


def test_sentences(moteur):
    def say(total, **parametres):
        return describe_request(parse_request(parametres, moteur), total).replace("\u202f", " ")

    assert (
        say(38, texte="boulanger", lieu="Amiville", niveau="3")
        == "38 formations « boulanger » à 20 km d'Amiville, niveau 3"
    )
    assert say(1) == "1 formation"
    assert say(0, lieu="departement:80") == "0 formation connue dans la Somme"
    assert say(2, lat=50.1, lon=2.1, rayon="7.5") == "2 formations à 7,5 km du point choisi"
    for nom, words in (
        ("Le Quesnoy", "du Quesnoy"),
        ("Les Attaques", "des Attaques"),
        ("Lens", "de Lens"),
        ("Étaples", "d'Étaples"),
    ):
        assert describe_request(
            Requete(lieu=Lieu(type="commune", code="1", nom=nom, longitude=2.0, latitude=50.0)), 2
        ).endswith(words)
