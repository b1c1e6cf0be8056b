"""The registry of sources: every row obeys the rules, and the files it names are in the mirror."""

import pytest

from geoapp.core.errors import ParameterError, SourceError
from geoapp.core.schema import TABLES
from geoapp.core.schema.offer_columns import FLAT, LUES
from geoapp.ingest.checking import CONTROLES
from geoapp.offer.establishments import LIENS_ETABLISSEMENT
from geoapp.offer.locating import ETABLISSEMENT
from geoapp.offer.rows import CONTROLES as CONTROLES_DE_VALEURS
from geoapp.reference import codes
from geoapp.reference.vicinity import REGION_LIVREE
from geoapp.reference.zonings import ZONAGES
from geoapp.sources.formats import FORMATS
from geoapp.sources.mapping import required_columns
from geoapp.sources.registry import get_source, load_sources
from geoapp.sources.usages import INDICATEURS, USAGES

SOURCES = load_sources()
NOT_IN_THE_MIRROR = {
    "ban",
    "gares-voyageurs",
    "qpv2024",
    "lheo-region",
    "onisep-lheo-hdf",
    "catalogue-apprentissage",
    "onisep-actions",
    "parcoursup-carte",
    "mon-compte-formation",
    "annuaire-education",
    "onisep-premiere",
}
"""Downloaded or given only: the mirror holds neither the outlines of the quarters of 2024, nor
stations, nor the feeds of today.
"""

ROW = """
[[source]]
id = "a"
titre = "A"
producteur = "p"
licence = "l"
millesime = "2026"
usage = "etablissements"
format = "csv"
fichier = "a.csv"
{more}
[source.colonnes]
{columns}
"""


@pytest.fixture
def load(tmp_path):
    """Return a function that loads a registry of one row, changed."""

    def _load(more="", columns='code_uai = "uai"', row=ROW, **changed):
        text = row.format(more=more, columns=columns)
        for key, value in changed.items():
            text = "\n".join(
                f"{key} = {value}" if line.startswith(f"{key} = ") else line
                for line in text.splitlines()
            )
        path = tmp_path / "sources.toml"
        path.write_text(text, encoding="utf-8")
        return load_sources(path)

    return _load


def test_a_sound_row_is_loaded(load):
    assert list(load()) == ["a"] and load()["a"].colonnes == {"code_uai": "uai"}


@pytest.mark.parametrize(
    "changed, word",
    [
        ({"usage": '"offres"'}, "usage = « offres »"),
        ({"format": '"shapefile"'}, "format = « shapefile »"),
        ({"id": '"A b"'}, "identifiant"),
        ({"titre": "3"}, "titre doit être un texte"),
        ({"fichier": '"../a.csv"'}, "sort du dossier"),
        ({"fichier": '"/etc/passwd"'}, "sort du dossier"),
        ({"columns": 'code_uia = "uai"'}, "Vouliez-vous dire « code_uai »"),
        ({"columns": 'nom = { colone = "x" }'}, "colonne « nom » : clé « colone »"),
        ({"columns": ""}, "au moins une colonne"),
        ({"more": 'adresse = "ftp://x"'}, "adresse"),
        ({"more": 'telechargement = "javascript:x"'}, "telechargement"),
        ({"more": 'remplacee_par = "b"'}, "remplacee_par"),
        ({"more": 'remplacee_par = "a"'}, "remplacee_par"),
        ({"more": 'type_zone = "qpv2015"'}, "type_zone"),
        ({"usage": '"zonage"'}, "type_zone"),
        ({"more": 'options = { encodng = "x" }'}, "Vouliez-vous dire « encoding »"),
        ({"more": 'options = { skip = "1" }'}, "skip"),
        ({"more": "options = { skip = -1 }"}, "skip"),
        ({"more": 'options = { delimiter = ";;" }'}, "delimiter"),
        ({"more": 'options = { sheet = "x" }'}, "sheet"),
        ({"more": 'inconnu = "x"'}, "illisible"),
        ({"row": "[[source]"}, "illisible"),
        ({"row": "x = 1"}, "illisible"),
        ({"more": 'facultatives = "x"'}, "facultatives"),
        ({"more": "facultatives = [3]"}, "facultatives"),
        ({"more": 'autres_noms = { x = "y" }'}, "autres_noms"),
        ({"more": 'autres_noms = ["x"]'}, "autres_noms"),
        ({"more": "autres_noms = { x = [] }"}, "autres_noms"),
        ({"row": "source = 3"}, "illisible"),
        ({"row": ROW + ROW}, "répété"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_in_french(load, changed, word):
    with pytest.raises(SourceError) as caught:
        load(**changed)
    assert word in str(caught.value) and "sources.toml" in str(caught.value)


def test_a_registry_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "latin.toml").write_bytes('titre = "é"'.encode("latin-1"))
    for path in (tmp_path / "absent.toml", tmp_path / "latin.toml", tmp_path):
        with pytest.raises(SourceError, match="illisible"):
            load_sources(path)


def test_the_columns_known_are_those_the_product_reads():
    assert set(USAGES["offre"].colonnes) == set(FLAT)
    assert set(USAGES["etablissements"].colonnes) == {*ETABLISSEMENT, *LIENS_ETABLISSEMENT}
    assert (
        set(USAGES["population"].colonnes)
        == {"longitude", "latitude", "id_point", "population", "code_commune"}
        <= {"longitude", "latitude", *TABLES["demande"].noms}
    )
    assert [row.nom for row in USAGES.values() if not row.colonnes] == ["communes"]


def test_every_check_that_a_column_names_is_known():
    named = {row.controle_retenu for row in LUES}
    assert named - {"", "nombre", "valeurs"} == set(CONTROLES_DE_VALEURS)


def test_every_usage_that_a_source_may_have_is_checked():
    assert set(CONTROLES) == {row.nom for row in USAGES.values() if row.etape}


def test_every_table_says_which_sources_feed_it():
    fed = {table for row in USAGES.values() for table in row.tables}
    assert fed == {*TABLES, INDICATEURS}
    assert {row.temoin for row in USAGES.values()} - {""} <= set(TABLES)


@pytest.mark.parametrize("source", SOURCES.values(), ids=list(SOURCES))
def test_every_row_names_what_exists(source):
    from geoapp.sources.demo import GENERATEURS

    assert (
        source.titre
        and source.producteur
        and source.licence
        and source.millesime
        and source.fichier
    )
    assert not source.type_zone or source.type_zone in ZONAGES
    assert not source.demonstration or source.demonstration in GENERATEURS
    assert not source.remplacee_par or source.remplacee_par in SOURCES
    assert source.format in FORMATS and source.options.get("niveau", "europeen") in codes.NOTATIONS
    assert source.options.get("mef", "mef") in ("mef", "mefstat")
    assert required_columns(source) or FORMATS[source.format].est_pret


def test_no_source_is_replaced_in_a_circle():
    for source in SOURCES.values():
        seen = []
        while source and source.id not in seen:
            seen.append(source.id)
            source = SOURCES.get(source.remplacee_par)
        assert source is None, seen


def test_two_sources_never_read_one_file_name():
    # A file of offers may hold figures too, or say where establishments are: `check` reads its
    # offers, whose row comes first.  A file of communes holds several measures, one a row.
    readers: dict[str, list[str]] = {}
    for source in SOURCES.values():
        apart = ("statistique", "total", "mesures_communes", "lieux_information")
        if source.usage not in apart and source.tells_of(REGION_LIVREE):
            readers.setdefault(source.fichier, []).append(source.usage)
    twice = [usages for usages in readers.values() if len(usages) > 1]
    assert twice == [["offre", "etablissements"]] * len(twice)


def test_an_unknown_source_is_told_with_the_nearest():
    with pytest.raises(ParameterError, match="Vouliez-vous dire « rco-2020-11 »"):
        get_source("rco-2020-1")
    with pytest.raises(ParameterError, match="Sources connues : rco-2020-11"):
        get_source("zzzzzz")
    assert get_source("ze2020").type_zone == "ze2020"


@pytest.mark.real
@pytest.mark.parametrize("id_source", list(SOURCES))
def test_every_file_named_is_in_the_mirror(mirror, id_source):
    assert (mirror / SOURCES[id_source].fichier).is_file() != (id_source in NOT_IN_THE_MIRROR)
