"""Series: one source a year, the year read from the file and never from the registry."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from geoapp.core.errors import ParameterError, SourceError
from geoapp.ingest.check_file import check_file
from geoapp.ingest.state import BuildState
from geoapp.sources.fetch import Located
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source, load_sources
from geoapp.sources.series import source_of_file, sources_with_mirror, year_of_name, years_in

MODELE = "offre/bts_attractivite_capacite_{annee}_hdf.csv"
LIGNES = """UAI;LIBELLÉFORMATION;MEFSTAT11;NB_VOEUX_CONFIRMES;STATUT;CAPACITEPSUP
0590258K;BTS - Services - Tourisme;32211033401;40;Scolaire;18
"""


def never() -> pd.DataFrame:
    raise AssertionError("the rows of the file were read")


def write(folder: Path, name: str, text: str = LIGNES) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "name, year",
    [
        ("bts_attractivite_capacite_2022_hdf.csv", "2022"),
        ("bts_attractivite_capacite_2031_hdf.csv", "2031"),
        ("BTS 2023 (copie).csv", "2023"),
        ("bts_2022_2023.csv", ""),
        ("bts.csv", ""),
        ("bts_120221.csv", ""),
        ("bts_1998.csv", ""),
    ],
)
def test_a_name_says_a_year_or_does_not(name, year):
    assert year_of_name(Path(name), MODELE) == year


def test_a_file_of_2022_read_as_that_of_2024_is_of_2022(tmp_path):
    path = write(tmp_path, "bts_attractivite_capacite_2022_hdf.csv")
    source, found = check_file(path, "bts-2024")
    assert (source.id, source.millesime, source.titre[-4:]) == ("bts-2022", "2022", "2022")
    assert (found.nb_lues, found.nb_valides) == (1, 1)
    assert read_source(source, path).frame["periodes"].tolist() == ["2022"]


def test_a_file_of_a_year_that_the_registry_does_not_know_is_of_that_year(tmp_path):
    path = write(tmp_path, "bts_attractivite_capacite_2031_hdf.csv")
    assert check_file(path)[0].id == check_file(path, "bts")[0].id == "bts-2031"


def test_a_file_that_says_no_year_is_refused_with_the_cure_and_read_with_it(tmp_path):
    path = write(tmp_path, "mes_bts.csv")
    for as_source in ("bts-2024", None):
        with pytest.raises(SourceError, match="l'année de ce fichier") as caught:
            check_file(path, as_source)
        assert "--as bts --millesime 2024" in str(caught.value)
    source, _ = check_file(path, "bts", millesime="2023")
    assert (source.id, source.millesime) == ("bts-2023", "2023")


@pytest.mark.parametrize(
    "id_source, millesime", [("bts", "23"), ("bts", "MMXX"), ("ze2020", "2020")]
)
def test_a_vintage_that_is_no_year_or_has_no_series_is_refused(id_source, millesime):
    with pytest.raises(ParameterError):
        source_of_file(get_source(id_source), Path("x.csv"), millesime, never)


COLONNE = """
[[source]]
id = "constat-{annee}"
annees = ["2020"]
colonne_annee = "Rentrée"
titre = "Constat {annee}"
producteur = "p"
licence = "l"
millesime = "{annee}"
usage = "statistique"
format = "csv"
fichier = "constat_{annee}.csv"
options = { table = "flux" }
[source.colonnes]
code_uai = "UAI"
intitule = { annee = true, remplace = [["$", "-09"]] }
"""


@pytest.fixture
def constat(tmp_path, monkeypatch):
    """Return the source of a series whose files say their year in a column."""
    registry = write(tmp_path, "sources.toml", COLONNE)
    monkeypatch.setattr(
        "geoapp.sources.series.load_sources", lambda **more: load_sources(registry, **more)
    )
    return load_sources(registry)["constat-2020"]


def test_a_column_says_the_year_of_a_file(constat, tmp_path):
    rows = pd.DataFrame({"Rentrée": ["2019", None, "2019"]}, dtype="str")
    assert source_of_file(constat, Path("x.csv"), "", lambda: rows).id == "constat-2019"
    for bad in (["2019", "2020"], [None], ["19"]):
        with pytest.raises(SourceError, match="une seule année"):
            source_of_file(
                constat, Path("x.csv"), "", lambda b=bad: pd.DataFrame({"Rentrée": b}, dtype="str")
            )
    with pytest.raises(SourceError, match="est absente"):
        source_of_file(constat, Path("x.csv"), "", lambda: pd.DataFrame({"UAI": ["a"]}))


def test_the_column_wins_over_a_name_and_over_a_person(constat, tmp_path):
    path = write(tmp_path, "constat_2020.csv", "Rentrée;UAI\n2019;0590258K\n")
    for source in (constat, source_of_file(constat, path, "2021", never)):
        with pytest.raises(SourceError, match="dit 2019") as caught:
            read_source(source, path)
        assert "--millesime 2019" in str(caught.value)
    good = source_of_file(constat, path, "2019", never)
    assert read_source(good, path).frame["intitule"].tolist() == ["2019-09"]


def test_a_newer_file_of_the_mirror_is_found_and_takes_the_place_of_the_others(tmp_path):
    for year in ("2022", "2024", "2031"):
        write(tmp_path, MODELE.replace("{annee}", year))
    write(tmp_path, "offre/bts_attractivite_capacite_20311_hdf.csv")
    assert years_in(tmp_path, MODELE) == ["2022", "2024", "2031"]
    found = sources_with_mirror(tmp_path)
    assert list(found)[4:8] == ["bts-2022", "bts-2023", "bts-2024", "bts-2031"]
    assert found["bts-2031"].fichier == MODELE.replace("{annee}", "2031")
    assert sources_with_mirror(None).keys() == load_sources().keys()

    located = [
        Located(
            source=one,
            path=tmp_path,
            mode="miroir" if (tmp_path / one.fichier).is_file() else "absente",
            sha256=None,
            note="",
        )
        for one in found.values()
        if one.serie.startswith("bts")
    ]
    state = BuildState(
        located=located,
        communes=None,
        cle_communes="",
        region="32",
        bilans={},
        passage={},
        etapes=None,
    )
    assert [one.source.id for one in state.feeding("offre")] == ["bts-2031"]
    assert [one.source.id for one in state.feeding("statistique")] == [
        "bts-2022-flux",
        "bts-2024-flux",
        "bts-2031-flux",
    ]


@pytest.mark.parametrize(
    "old, new",
    [
        ('annees = ["2020"]', 'annees = "2020"'),
        ('annees = ["2020"]', 'annees = ["1998"]'),
        ('annees = ["2020"]', "annees = [2020, 3]"),
        ('id = "constat-{annee}"', 'id = "constat"'),
        ('fichier = "constat_{annee}.csv"', 'fichier = "constat.csv"'),
        ('millesime = "{annee}"', 'millesime = "2020"'),
        ("{ annee = true,", "{ annee = 3,"),
        ("{ annee = true,", '{ annee = true, valeur = "x",'),
    ],
)
def test_a_series_that_breaks_a_rule_is_refused(tmp_path, old, new):
    assert old in COLONNE
    with pytest.raises(SourceError):
        load_sources(write(tmp_path, "sources.toml", COLONNE.replace(old, new)))


@pytest.mark.real
def test_every_year_of_the_mirror_is_read_as_its_own(mirror):
    for year, rows in (("2022", 1078), ("2023", 1226), ("2024", 1393)):
        source, found = check_file(mirror / MODELE.replace("{annee}", year), "bts-2024")
        assert (source.id, found.nb_lues) == (f"bts-{year}", rows)
        assert found.nb_lues == found.nb_valides + found.nb_rejetees
