"""Texts: accents, plurals, gender, typing errors, acronyms, codes, hostile texts, relaxing,
suggestions, same bytes.
"""

import sqlite3
from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from geoapp.core.snapshot import Snapshot
from geoapp.offer.search.concepts import suggest_texts, understand
from geoapp.offer.search.engine import open_engine, search
from geoapp.offer.search.index import FICHIER, open_index, write_index
from geoapp.offer.search.jobs import tell_jobs
from geoapp.offer.search.model import Requete
from geoapp.offer.search.synonyms import lengthen, load_abreges, load_synonymes
from geoapp.offer.search.text import find_text
from geoapp.offer.search.words import split_words, stem, stems
from geoapp.reference.codes.text import fold
from support.examples import cheap
from support.world import make_tiny_frames

TITLES = [
    "CAP Boulanger",
    "BTS Soins esthétiques",
    "CAP Cuisine",
    "Bac pro Menuiserie",
    "Diplôme d'État d'aide-soignant",
    "Titre professionnel électricien",
]

BOULANGER, CUISINIER = "Boulanger / Boulangère", "Cuisinier / Cuisinière"
JOBS = [
    ("Fournilier / Fournilière", "D1102", BOULANGER, BOULANGER),
    ("Boulanger / Boulangère de nuit", "D1102", BOULANGER, BOULANGER),
    ("Électricien / Électricienne de cuisine", "G1602", CUISINIER, CUISINIER),
    ("Gauffrier / Gauffrière en roulotte", "G1602", CUISINIER, f"Crêpier|{CUISINIER}"),
    ("Gauffrier / Gauffrière d'art", "B1802", "Relieur / Relieuse", "Relieur / Relieuse"),
    ("Sophrologue", "K1103", "Sophrologue", "Sophrologue"),
    *[(f"Aiguilleur {n}", f"N430{n}", f"Aiguilleur {n}", f"Aiguilleur {n}") for n in range(4)],
]
"""Names of jobs: name, code, label of the job, labels that trainings give it."""


def snapshot_of(folder, titles=TITLES) -> Snapshot:
    """Return the tiny world with other titles, jobs and codes, not checked nor written but for its
    index.
    """
    frames = make_tiny_frames()
    formations = frames["formations"].copy()
    formations["intitule"] = formations["titre"] = titles
    formations["metiers"] = [
        "Boulanger / Boulangère|Pâtissier / Pâtissière",
        None,
        "Cuisinier / Cuisinière",
        None,
        None,
        None,
    ]
    formations["code_rome"], formations["code_rncp"] = (
        ["D1102", None, "G1602", "H2206", "J1501", "F1602"],
        [None, None, "RNCP38430", None, None, None],
    )
    frames["formations"] = formations
    titles_of = dict(zip(formations["id_formation"], titles, strict=True))
    frames["offres"] = frames["offres"].assign(
        intitule=frames["offres"]["id_formation"].map(titles_of),
        titre=frames["offres"]["id_formation"].map(titles_of),
    )
    frames["appellations"] = pd.DataFrame(JOBS, columns="nom code_rome metier metiers".split())
    write_index(frames, folder)
    return Snapshot(folder, {}, frames)


@pytest.fixture(scope="module")
def monde(tmp_path_factory):
    snapshot = snapshot_of(tmp_path_factory.mktemp("texte"))
    return SimpleNamespace(
        snapshot=snapshot, index=open_index(snapshot), moteur=open_engine(snapshot)
    )


def titles(monde, texte: str) -> list[str]:
    """Return the titles found, best first."""
    return [TITLES[row] for row in find_text(monde.index, texte)[0]]


@pytest.mark.parametrize(
    "texte",
    [
        "boulanger",
        "BOULANGER",
        "boulangers",
        "boulangère",
        "boulangeres",
        "bolanger",
        "boulangre",
        "une formation de boulanger",
        "D1102",
        "d1102",
        "boulang",
        "cap boulanger",
        "pâtissière",
        "patissier",
    ],
)
def test_one_job_by_many_spellings(monde, texte):
    assert titles(monde, texte)[0] == "CAP Boulanger"


@pytest.mark.parametrize(
    "texte, attendu",
    [
        ("RNCP38430", "CAP Cuisine"),
        ("rncp 38430", "CAP Cuisine"),
        ("RNCP n° 38430", "CAP Cuisine"),
        ("G1602", "CAP Cuisine"),
        ("electrissien", "Titre professionnel électricien"),
        ("aidesoignant", "Diplôme d'État d'aide-soignant"),
        ("menuisier H2206", "Bac pro Menuiserie"),
    ],
)
def test_codes_errors_and_stuck_words(monde, texte, attendu):
    assert titles(monde, texte)[0] == attendu


def test_what_was_understood_is_said(monde):
    assert understand(monde.index, "bolanger")[1].corrections == (("bolanger", "boulanger"),)
    assert understand(monde.index, "bolanger D1102")[1].corrige == "boulanger d1102"
    assert understand(monde.index, "rome D1102")[1].codes == ("D1102",)


def test_a_known_or_short_word_is_never_corrected(monde):
    assert understand(monde.index, "soins")[1].corrections == ()
    assert understand(monde.index, "bto")[1].corrections == ()


def test_every_word_is_needed_then_the_most_informative(monde):
    assert titles(monde, "cap cuisine") == ["CAP Cuisine"]
    found, _, texte = find_text(monde.index, "cuisine xylophoniste")
    assert [TITLES[row] for row in found] == ["CAP Cuisine"]
    assert ("xylophoniste", "") in texte.corrections


def test_nothing_alike_is_nothing_found(monde):
    found, scores, texte = find_text(monde.index, "xylophoniste")
    assert not len(found) and not len(scores) and texte.corrections == (("xylophoniste", ""),)


def jobs(texte) -> list[tuple[str, str, bool]]:
    """Return the jobs understood."""
    return [(metier.mot, metier.code, metier.est_enseigne) for metier in texte.metiers]


@pytest.mark.parametrize(
    "texte, trouves, metiers",
    [
        ("fournilière", ["CAP Boulanger"], [("fournilière", "D1102", True)]),
        ("cap fournilier", ["CAP Boulanger"], [("fournilier", "D1102", True)]),
        ("gauffrier en roulotte", ["CAP Cuisine"], [("gauffrier en roulotte", "G1602", True)]),
        ("électricien cuisine", ["CAP Cuisine"], [("électricien cuisine", "G1602", True)]),
        ("sophrologue", [], [("sophrologue", "K1103", False)]),
    ],
)
def test_what_no_training_holds_is_read_among_the_names_of_jobs(monde, texte, trouves, metiers):
    found, _, read = find_text(monde.index, texte)
    assert [TITLES[row] for row in found] == trouves
    assert jobs(read) == metiers


def test_two_jobs_of_one_name_are_both_told(monde):
    found, _, read = find_text(monde.index, "gauffrier")
    assert [TITLES[row] for row in found] == ["CAP Cuisine"]
    assert tell_jobs(read) == [
        "« gauffrier » → métiers du ROME B1802 (Relieur / Relieuse) "
        "et G1602 (Cuisinier / Cuisinière)."
    ]


def test_a_job_that_no_training_leads_to_is_told_and_not_corrected(monde):
    _, _, read = find_text(monde.index, "boulanger sophrologue")
    assert read.corrige == "" and read.corrections == (("sophrologue", ""),)
    assert tell_jobs(read) == [
        "« sophrologue » → métier du ROME K1103 (Sophrologue) : "
        "aucune formation qui y mène dans nos sources."
    ]


def test_names_of_jobs_are_a_fallback_and_a_name_of_too_many_jobs_is_none(monde):
    assert jobs(find_text(monde.index, "boulanger")[2]) == []
    assert jobs(find_text(monde.index, "aiguilleur")[2]) == []
    assert jobs(find_text(monde.index, "aiguilleur 3")[2]) == [("aiguilleur 3", "N4303", False)]


def test_empty_words_alone_find_everything(monde):
    for texte in ("", "  ", "formation", "une formation en", "🎓", '"*:^()'):
        assert len(find_text(monde.index, texte)[0]) == len(TITLES)


def test_the_name_of_the_body_completes_the_title(monde):
    result = search(monde.moteur, Requete(texte="boulanger lycée test"))
    assert result.total == 1 and result.texte.corrections == ()
    assert search(monde.moteur, Requete(texte="lycee")).total == 7


@pytest.mark.parametrize(
    "texte",
    [
        '"',
        "*",
        "NEAR(cap cuisine)",
        "intitule:cap",
        "cap AND",
        "OR",
        "cap OR NOT",
        "'; DROP TABLE textes; --",
        "a" * 10_000,
        "cap " * 3_000,
        "\x00cap",
        "🎓🔥",
        "{intitule} : cap",
        "^cap",
        "-cap",
        "cap*",
        "((((",
        "%_%",
        "<script>alert(1)</script>",
        "=1+1",
        "\ud800",
    ],
)
def test_hostile_texts_are_words_like_others(monde, texte):
    result = search(monde.moteur, Requete(texte=texte, tri="pertinence"))
    assert 0 <= result.total <= 7 and len(result.texte.recu) <= 10_000
    suggest_texts(monde.index, texte)


@cheap(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texte=st.text(max_size=60))
def test_any_text_is_answered(monde, texte):
    search(monde.moteur, Requete(texte=texte))
    assert len(suggest_texts(monde.index, texte)) <= 8


@cheap()
@given(texte=st.text(max_size=40))
def test_words_hold_no_syntax(texte):
    assert all(word.isascii() and word.isalnum() for word in split_words(texte))


@pytest.mark.parametrize(
    "one, other",
    [
        ("coiffeuse", "coiffeur"),
        ("animatrice", "animateur"),
        ("infirmière", "infirmier"),
        ("métiers", "métier"),
        ("taxis", "taxi"),
    ],
)
def test_gender_and_number_share_a_stem(one, other):
    assert [stem(word) for word in split_words(one)] == [stem(word) for word in split_words(other)]


def test_synonyms_read_both_ways_but_not_between_equivalents(tmp_path):
    path = tmp_path / "synonymes.csv"
    path.write_text("terme;equivalents\nas;aide-soignant|auxiliaire sociale\n", encoding="utf-8")
    table = load_synonymes(path).table
    assert [texte for texte, _ in table["as",]] == ["aide-soignant", "auxiliaire sociale"]
    assert [texte for texte, _ in table[tuple(stems("aide soignant"))]] == ["as"]
    assert load_synonymes(tmp_path / "absent.csv").table == {}


def test_acronyms_of_the_product(monde):
    assert titles(monde, "AS")[0] == "Diplôme d'État d'aide-soignant"
    assert "Bac pro Menuiserie" in titles(monde, "baccalauréat professionnel menuiserie")


def test_suggestions_start_with_what_is_typed(monde):
    first = suggest_texts(monde.index, "bou")
    assert (first[0].texte, first[0].type) == ("Boulanger / Boulangère", "metier")
    assert [s.texte for s in suggest_texts(monde.index, "cap cui")] == ["CAP Cuisine"]
    assert suggest_texts(monde.index, "bolanger")[0].texte == "Boulanger / Boulangère"
    assert [(s.nb, s.type) for s in suggest_texts(monde.index, "cuisin")] == [
        (2, "metier"),
        (2, "intitule"),
    ]
    assert (
        suggest_texts(monde.index, "") == [] and len(suggest_texts(monde.index, "c", limit=1)) == 1
    )


def test_same_tables_same_bytes(tmp_path):
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()
    snapshot_of(tmp_path / "a"), snapshot_of(tmp_path / "b")
    assert (tmp_path / "a" / FICHIER).read_bytes() == (tmp_path / "b" / FICHIER).read_bytes()


def test_an_index_of_an_earlier_version_finds_the_same(monde, tmp_path):
    snapshot = snapshot_of(tmp_path)
    with sqlite3.connect(tmp_path / FICHIER) as connection:
        connection.execute("DROP TABLE listes")
    old = open_index(snapshot)
    assert old.listes and monde.index.listes is None
    for texte in ("cap", "boulanger de nuit", "lycee", "aide soignant"):
        (rows, scores, read), same = find_text(old, texte), find_text(monde.index, texte)
        assert (rows.tolist(), scores.tolist(), read) == (*map(list, same[:2]), same[2])


def test_the_index_is_read_only(monde):
    with pytest.raises(sqlite3.OperationalError):
        monde.index.connect().execute("DELETE FROM mots")


def test_threads_read_together(monde):
    from concurrent.futures import ThreadPoolExecutor

    def ask(i: int) -> int:
        return search(
            monde.moteur, Requete(texte=["cap", "soins", "bolanger", "lycee"][i % 4])
        ).total

    with ThreadPoolExecutor(8) as pool:
        totals = list(pool.map(ask, range(200)))
    assert totals == [ask(i) for i in range(200)]


@pytest.mark.real
@pytest.mark.parametrize(
    "texte, mot",
    [
        ("coiffeuse", "coiff"),
        ("boulangé", "boulang"),
        ("bts mco", "management commercial op"),
        ("electrissien", "lectric"),
        ("aide soignant", "soignant"),
        ("maconnerie", "macon"),
        ("K1302", ""),
        ("bac pro cuisine", "cuisine"),
        ("vendre des maisons", "immobili"),
        ("travailler la terre", "agr"),
        ("installer des alarmes", "surete"),
    ],
)
def test_real_texts(real_snapshot, real_index, texte, mot):
    rows = find_text(real_index, texte)[0]
    assert len(rows) and mot in fold(real_snapshot.read("formations")["intitule"].iloc[rows[0]])


@pytest.mark.real
def test_no_job_is_said_untaught_beside_trainings_that_lead_to_it(real_snapshot, real_index):
    for texte in ("grutier", "pizzaïolo", "DEAS", "coach sportif"):
        rows, _, read = find_text(real_index, texte)
        assert len(rows) and read.metiers == (), texte
    assert find_text(real_index, "psychologue")[2].metiers
    best = find_text(real_index, "cyber sécurité")[0][0]
    title = fold(real_snapshot.read("formations")["titre"].iloc[best])
    assert "cyber" in title or "infrastructures securisees" in title


@pytest.mark.real
@pytest.mark.parametrize(
    "texte, code",
    [
        ("maître d'école", "K2106"),
        ("prof des écoles", "K2106"),
        ("instit", "K2106"),
        ("prof de français", "K2107"),
        ("psy", "K1104"),
    ],
)
def test_a_word_of_an_untaught_job_is_not_taken_for_another_training(real_index, texte, code):
    """« école » and « français » are in the names of engineering schools."""
    rows, _, read = find_text(real_index, texte)
    assert len(rows) == 0
    assert code in {job.code for job in read.metiers} and not read.metiers[0].est_enseigne


@pytest.mark.parametrize(
    "texte, mots",
    [("s'occuper", "occuper"), ("C’est", "est"), ("bac S", "bac s"), ("l'eau", "l eau")],
)
def test_an_elided_pronoun_is_no_word(texte, mots):
    assert " ".join(split_words(texte)) == mots


def test_words_said_short_are_read_whole():
    assert lengthen(["prof", "de", "maths"]) == ["professeur", "de", "mathematiques"]
    assert lengthen(["instit"]) == ["professeur", "des", "ecoles"]
    # What is read whole is not short for something else.
    for whole in load_abreges().values():
        assert lengthen(whole) == list(whole)
