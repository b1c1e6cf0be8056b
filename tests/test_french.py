"""Names of places in a sentence: de, d', du, des, de l', à, au, aux, en; which h are aspirated."""

import csv
import re
from pathlib import Path

import pytest

from geoapp.core.french import (
    at_place,
    dated,
    in_region,
    of_place,
    say_between,
    say_licence,
    say_percent,
    with_article,
)
from support.words import plain

INSEE = Path(__file__).parent / "data" / "liaisons_insee_2025.csv"
"""Communes of eleven départements and their « type de liaison » (code officiel géographique 2025,
after INSEE, in @etalab/decoupage-administratif 5.3.0, Licence Ouverte): those whose name starts
with h, y, an accent, a ligature or an article."""

LIAISONS = {
    "0": lambda nom: f"de {nom}",
    "1": lambda nom: f"d'{nom}",
    "2": lambda nom: f"du {nom.removeprefix('Le ')}",
    "3": lambda nom: f"de {nom}",
    "4": lambda nom: f"des {nom.removeprefix('Les ')}",
    "5": lambda nom: f"de {nom}",
    "6": lambda nom: f"des {nom.removeprefix('Aux ')}",
}
"""How INSEE says « de » before a name, by « type de liaison »."""

AUTREMENT = {
    "02376 Hauteville",
    "08211 Haraucourt",
    "08219 Hauteville",
    "27337 Heuqueville",
    "59283 Hargnies",
    "60295 Halloy",
    "62437 Herly",
    "76347 Hautot-le-Vatois",
    "76350 Hautot-sur-Seine",
    "95301 Haute-Isle",
}
"""Communes whose first word INSEE says both ways: the rule follows the most, by first word."""


@pytest.mark.parametrize(
    "nom, apres",
    [
        ("Lens", "de Lens"),
        ("Arras", "d'Arras"),
        ("Étaples", "d'Étaples"),
        ("Œuf-en-Ternois", "d'Œuf-en-Ternois"),
        ("Yvetot", "d'Yvetot"),
        ("Le Touquet-Paris-Plage", "du Touquet-Paris-Plage"),
        ("Le Havre", "du Havre"),
        ("le Quesnoy", "du Quesnoy"),
        ("Leforest", "de Leforest"),
        ("Les Mureaux", "des Mureaux"),
        ("Lespesses", "de Lespesses"),
        ("Aux Marais", "des Marais"),
        ("La Madeleine", "de La Madeleine"),
        ("L'Étoile", "de L'Étoile"),
        ("Hirson", "d'Hirson"),
        ("Hénin-Beaumont", "d'Hénin-Beaumont"),
        ("Hazebrouck", "d'Hazebrouck"),
        ("Ham", "de Ham"),
        ("Hem", "de Hem"),
        ("Haute-Avesnes", "de Haute-Avesnes"),
        ("62300 Lens", "de 62300 Lens"),
    ],
)
def test_of_contracts_the_article_and_elides_before_a_vowel_or_a_mute_h(nom, apres):
    assert of_place(nom) == apres


@pytest.mark.parametrize(
    "nom, apres",
    [
        ("Nord", "du Nord"),
        ("Pas-de-Calais", "du Pas-de-Calais"),
        ("Somme", "de la Somme"),
        ("Aisne", "de l'Aisne"),
        ("Oise", "de l'Oise"),
        ("Hérault", "de l'Hérault"),
        ("Haute-Savoie", "de la Haute-Savoie"),
        ("Ardennes", "des Ardennes"),
        ("Seine-et-Marne", "de Seine-et-Marne"),
        ("Ille-et-Vilaine", "d'Ille-et-Vilaine"),
        ("Paris", "de Paris"),
        ("Hauts-de-France", "des Hauts-de-France"),
        ("Normandie", "de Normandie"),
        ("Occitanie", "d'Occitanie"),
    ],
)
def test_a_departement_or_a_region_takes_its_article(nom, apres):
    assert of_place(with_article(nom)) == apres


@pytest.mark.parametrize(
    "nom, apres",
    [
        ("Lens", "à Lens"),
        ("Arras", "à Arras"),
        ("Le Touquet-Paris-Plage", "au Touquet-Paris-Plage"),
        ("Les Attaques", "aux Attaques"),
        ("La Bassée", "à La Bassée"),
    ],
)
def test_at_contracts_the_article(nom, apres):
    assert at_place(nom) == apres


@pytest.mark.parametrize(
    "nom, ou",
    [
        ("Hauts-de-France", "dans les Hauts-de-France"),
        ("Grand Est", "dans le Grand Est"),
        ("Normandie", "en Normandie"),
        ("Île-de-France", "en Île-de-France"),
        ("La Réunion", "à La Réunion"),
    ],
)
def test_a_region_is_somewhere(nom, ou):
    assert in_region(nom) == ou


def test_a_source_tells_its_year_once():
    assert dated("Places et vœux, Affelnet 2022", "2022") == "Places et vœux, Affelnet 2022"
    assert dated("Annuaire", "2025") == "Annuaire, 2025" and dated("Annuaire", None) == "Annuaire"


def test_the_rule_says_what_insee_says():
    with INSEE.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    wrong = {
        f"{row['code_commune']} {row['nom']}"
        for row in rows
        if of_place(row["nom"]) != LIAISONS[row["type_liaison"]](row["nom"])
    }
    assert len(rows) > 800 and wrong == AUTREMENT


def test_no_name_is_set_after_de_or_a_as_it_is():
    # « de Arras », « à Le Quesnoy »: pages say them by the filter, code by the functions above.
    as_it_is = re.compile(r"\b(?:[dD]e|à) \{+ ?[\w.]*(?:nom|titre)\w* ?\}")
    root = Path(__file__).parents[1]
    files = [*root.glob("templates/**/*.html"), *root.glob("geoapp/**/*.py")]
    found = {
        (file.name, one) for file in files for one in as_it_is.findall(file.read_text("utf-8"))
    }
    assert found == {("french.py", "de {nom}"), ("french.py", "à {nom}")}


@pytest.mark.parametrize(
    ("least", "most", "said"),
    [(20, 35, "20 à 35 min"), (50, 70, "50 min à 1 h 10"), (118, 127, "2 h à 2 h 05")],
)
def test_bounds_of_a_duration(least, most, said):
    assert say_between(least, most).replace("\u202f", " ") == said


def test_what_is_not_quite_all_or_nothing_is_not_rounded_to_it():
    told = [plain(say_percent(one)) for one in (0, 0.001, 0.006, 0.5, 0.994, 0.999, 1)]
    assert told == ["0 %", "moins de 1 %", "1 %", "50 %", "99 %", "plus de 99 %", "100 %"]


def test_a_licence_says_that_it_is_one_unless_its_name_does():
    assert say_licence("non précisée par le producteur").startswith("licence non précisée")
    assert [say_licence(one) for one in ("ODbL 1.0", "Licence Ouverte 2.0")] == [
        "ODbL 1.0",
        "Licence Ouverte 2.0",
    ]
