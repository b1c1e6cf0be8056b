"""What a command refuses before it loads anything, and what it says to a person who waits."""

import time

import click
import pytest

from geoapp.cli import early
from geoapp.cli.group import Patient, main, waiting
from geoapp.coverage.model import PARAMETRES
from geoapp.coverage.travel.modes import UNITES
from geoapp.outputs.figures.model import PARAMETRES as FIGURE
from geoapp.outputs.files.formats import FORMATS
from test_cli import _run, loaded


def test_the_lists_are_those_of_the_rooms_that_read_the_question():
    known = {**PARAMETRES, **FIGURE}
    told = {nom: row.valeurs for nom, row in known.items() if row.valeurs}
    assert {nom: tuple(valeurs) for nom, valeurs in told.items()} == early.CHOIX
    bounds = {nom: (row.minimum, row.maximum) for nom, row in known.items() if row.minimum}
    assert bounds == early.BORNES and set(UNITES) == {"km", "min"}
    assert set(early.FICHIERS) == {form.suffixe for form in FORMATS.values()}
    assert set(early.IMAGES) == {f".{nom}" for nom in FIGURE["format"].valeurs}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["gaps", "--seuil-km", "900"], "un nombre de 1 à 100"),
        (["gaps", "--seuil-km", "5", "--seuil-min", "5"], "pas les deux"),
        (["gaps", "--zonage", "ze202"], "Vouliez-vous dire « ze2020 »"),
        (["gaps", "--out", "x.ods"], "extension inconnue"),
        (["gaps", "--out", "absent/x.csv"], "le dossier n'existe pas"),
        (["figure", "--type", "carte", "--out", "x.png"], "Valeurs acceptées : offre"),
        (["figure", "--type", "offre", "--dpi", "9000", "--out", "x.png"], "de 50 à 600"),
        (["figure", "--type", "offre", "--out", "x.gif"], "extension inconnue"),
        (["compare", "a", "b", "--out", "x.pdf"], "extension inconnue"),
        (["export", "--table", "offres", "--format", "lheo", "--out", "x"], "toute l'offre"),
        (["needs", "--out", "x.pdf"], "extension inconnue"),
        (["site", "--mode", "cheval"], "Valeurs acceptées : voiture"),
    ],
)
def test_what_no_data_could_make_right_is_refused_at_once(arguments, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    begun = time.monotonic()
    result = _run(*arguments, "--data", tmp_path)
    assert result.exit_code in (1, 2) and text in result.output and time.monotonic() - begun < 1
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_loads_nothing_heavy():
    heavy = "pandas geopandas numpy scipy matplotlib geoapp.coverage geoapp.outputs"
    assert loaded(["gaps", "--seuil-km", "900"], heavy) == []


def test_who_waits_is_told_and_who_does_not_is_not(monkeypatch, capsys):
    monkeypatch.setattr("geoapp.cli.group.PATIENCE_S", 0.02)
    with waiting("geoapp gaps"):
        time.sleep(0.1)
    assert "geoapp gaps : calcul en cours" in capsys.readouterr().err
    with waiting("geoapp gaps"):
        pass
    assert capsys.readouterr().err == ""
    plain = [one for one in main.commands.values() if not isinstance(one, click.Group)]
    assert plain and all(isinstance(one, Patient) for one in plain)


def test_a_summary_of_coverage_and_a_map_load_neither_search_nor_files(tiny_snapshot, tmp_path):
    """What costs a second of a command that takes three: loaded by who asks for it."""
    data = ["--data", str(tiny_snapshot.path.parents[1])]
    apart = "scipy.spatial scipy.sparse.csgraph snowballstemmer xlsxwriter pyogrio matplotlib"
    assert loaded(["gaps", *data], apart) == []
    picture = ["figure", "--type", "couverture", "--out", str(tmp_path / "c.png")]
    assert loaded([*picture, *data], apart) == ["matplotlib"]
    offer = ["figure", "--type", "offre", "--out", str(tmp_path / "o.png")]
    assert loaded([*offer, *data], "scipy.sparse scipy.spatial") == []
