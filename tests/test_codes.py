"""The room `codes`: identifiers, levels, domains, voies."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.errors import ParameterError
from geoapp.core.texts import is_among
from geoapp.reference import codes
from geoapp.reference.codes.identifiers import UAI_KEYS, luhn_sum
from geoapp.reference.codes.text import fold

# --- identifiers ---------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "code", "repaired"),
    [
        ("59350", "59350", False),
        (59350, "59350", False),
        ("1001", "01001", True),
        (2691, "02691", True),
        (2691.0, "02691", True),
        ("2001.0", "02001", True),
        ("2a004", "2A004", True),
        ("2B033", "2B033", False),
        ("97411", "97411", False),
        ("59000", None, False),  # a postcode, no commune has number 000
        ("20004", None, False),  # Corsica has been 2A and 2B since 1976
        ("96001", None, False),
        ("691", None, False),
        ("Lille", None, False),
        ("", None, False),
        (None, None, False),
    ],
)
def test_code_commune(received, code, repaired):
    assert codes.normalise_code_commune(received) == (code, repaired)


@given(st.integers(min_value=1001, max_value=95999).filter(lambda n: n % 1000))
def test_code_commune_finds_its_zero_back(number):
    departement = number // 1000
    code, repaired = codes.normalise_code_commune(str(number))
    assert code == (None if departement == 20 else f"{number:05d}")
    assert repaired == (number < 10000)


@pytest.mark.parametrize(
    ("received", "code"),
    [("2100", "02100"), (2000, "02000"), ("59308 CEDEX 9", "59308"), ("20000", "20000"),
     ("00100", None), ("591", None), ("-", None)],
)  # fmt: skip
def test_code_postal(received, code):
    assert codes.normalise_code_postal(received)[0] == code


@given(st.integers(min_value=0, max_value=9_999_999), st.sampled_from(UAI_KEYS))
def test_uai_has_one_right_key(number, key):
    right = UAI_KEYS[number % 23]
    expected = f"{number:07d}{right}" if key == right else None
    assert codes.check_uai(f"{number:07d}{key.lower()}") == expected


def test_uai_literals():
    received = pd.Series(
        ["0590189k", "0590189K", "0590189A", "590189K", "x", None], index=list("abcdef")
    )
    checked = codes.check_uai(received)
    assert checked.index.tolist() == list("abcdef")
    assert checked.fillna("").tolist() == ["0590189K", "0590189K", "", "0590189K", "", ""]


@given(st.integers(min_value=10**9, max_value=10**13 - 1))
def test_siret_luhn(body):
    key = -luhn_sum(f"{body:013d}0") % 10
    siret = f"{body:013d}{key}"
    assert codes.check_siret(siret) == siret
    wrong = f"{body:013d}{(key + 1) % 10}"
    assert codes.check_siret(wrong) is None or wrong.startswith("356000000")


@pytest.mark.parametrize(
    ("received", "siret"),
    [
        ("130 023 740 00439", "13002374000439"),
        ("35600000000048", "35600000000048"),
        ("35600000000100", "35600000000100"),  # La Poste: not Luhn, digit sum multiple of 5
        ("35600000000101", None),  # La Poste: neither
        ("35600000000010", "35600000000010"),
        ("35600100000000", None),  # not La Poste: the sum alone proves nothing
        ("0" * 14, None),
        ("1.30024E+13", None),
        ("1300237400043", None),
    ],
)
def test_siret_literals(received, siret):
    assert codes.check_siret(received) == siret


@pytest.mark.parametrize(
    "received", ["RNCP1272", "1272", 1272, 1272.0, "RNCP 1272", "rncp1272", "RNCP01272"]
)
def test_rncp(received):
    assert codes.normalise_rncp(received) == "RNCP1272"


@pytest.mark.parametrize(
    ("function", "received", "expected"),
    [
        (codes.normalise_rncp, "RS5012", None),
        (codes.normalise_rncp, "RNCP", None),
        (codes.normalise_cfd, "1022107", "01022107"),  # mention complémentaire
        (codes.normalise_cfd, "36c3120g", "36C3120G"),
        (codes.normalise_cfd, "40031213.4003121", "40031213"),  # second one cut by the source
        (codes.normalise_cfd, "56033205,56033204", "56033205|56033204"),
        (codes.normalise_cfd, "5002213", None),
        (codes.normalise_formacode, 42752.0, "42752"),
        (codes.normalise_formacode, "4275", None),
        (codes.normalise_rome, "a1101 | G1602", "A1101|G1602"),
        (codes.normalise_rome, "Z1101", None),
        (codes.normalise_nsf, "230n", "230"),
        (codes.normalise_nsf, "20|201", "201"),
        (codes.normalise_nsf, "319", None),
        (codes.nsf_from_cfd, "50022139", "221"),
        (codes.nsf_from_mef, "3113121321", "312"),
        (codes.nsf_from_mefstat, "32211031213", "312"),
        (codes.nsf_from_mefstat, "44210099901", None),
    ],
)  # fmt: skip
def test_other_codes(function, received, expected):
    assert function(received) == expected


@pytest.mark.parametrize("dtype", ["str", "object"])
def test_what_is_among_others_is_told_by_value_and_the_unknown_is_not(dtype):
    values = pd.Series(["59350", None, "62193", "00000"], index=list("abcd"), dtype=dtype)
    others = ["62193", "59350", None]
    for held in (others, pd.Series(others, dtype="str"), pd.Index(others), dict.fromkeys(others)):
        assert is_among(values, held).to_dict() == {"a": True, "b": False, "c": True, "d": False}
    assert not is_among(values, []).any() and is_among(values, []).dtype == bool


@given(st.text(max_size=12))
def test_a_text_is_folded_into_its_letters_and_digits(text):
    plain = text
    for ligature, letters in (("œ", "oe"), ("Œ", "OE"), ("æ", "ae"), ("Æ", "AE")):
        plain = plain.replace(ligature, letters)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
    assert fold(text) == re.sub("[^0-9a-z]+", " ", plain.replace("+", " plus ")).strip()


def test_nearest_accepted():
    assert codes.nearest_accepted("Scolairre", codes.VOIES) == "scolaire"
    assert codes.nearest_accepted("zzz", codes.VOIES) is None


# --- levels --------------------------------------------------------------


@pytest.mark.parametrize(
    ("notation", "received", "niveau"),
    [
        ("lheo", "4", "3"),  # the trap: LHÉO 4 is niveau V, a CAP
        ("lheo", "04", "3"),
        ("lheo", 4, "3"),
        ("lheo", "8", "7"),
        ("lheo", "14", "4"),
        ("lheo", "18", "8"),
        ("lheo", "3", None),
        ("lheo", "12", None),
        ("lheo", "9", None),
        ("europeen", "4", "4"),
        ("europeen", "Niveau 5", "5"),
        ("europeen", 3.0, "3"),
        ("europeen", "2", None),
        ("europeen", "V", None),
        ("ancien", "V", "3"),
        ("ancien", "Niveau IV (Bac)", "4"),
        ("ancien", "I", "7"),
        ("ancien", "V bis", None),
        ("ancien", "5", None),
        ("education_nationale", "5", "3"),
        ("education_nationale", "4", "4"),
        ("education_nationale", "1", "7"),
        ("education_nationale", "Niveau III (Bac + 2)", "5"),
        ("education_nationale", "Titre professionnel (TP de niveau 3)", "5"),
        ("education_nationale", "diplôme de niveau 2, diplôme de niveau 3", None),
        ("cfd", "50022139", "3"),
        ("cfd", "36T32602", "5"),
        ("cfd", "01022107", None),  # a mention complémentaire is 3 or 4
        ("cfd", "1022107", None),  # ... and is no niveau 7 when its zero is lost
        ("cfd", "10033101", "8"),
        ("mef", "3113121321", "5"),
        ("mef", "24122139210", "3"),
        ("mefstat", "32211031213", "5"),
        ("mefstat", "23K00033403", "4"),
        ("mefstat", "44210099901", None),
        ("libelle", "CAP cuisine", "3"),
        ("libelle", "1CAP2  BOULANGER", "3"),
        ("libelle", "Bac pro commerce", "4"),
        ("libelle", "Brevet professionnel agricole (niveau 5)", "3"),
        ("libelle", "Brevet professionnel (Agriculture)", "4"),
        ("libelle", "BTS - Agricole - Gestion et maitrise de l'eau", "5"),
        ("libelle", "bac + 2", "5"),
        ("libelle", "Bac+3", "6"),
        ("libelle", "BUT Informatique", "6"),
        ("libelle", "Licence pro mention agronomie", "6"),
        ("libelle", "D.E secteur social - D.E Educateur Spécialisé", "6"),
        ("libelle", "Diplôme d'ingénieur", "7"),
        ("libelle", "Doctorat", "8"),
        ("libelle", "Titre professionnel (TP de niveau 4)", "4"),  # 4 is 4 on both scales
        ("libelle", "Titre professionnel (TP de niveau 3)", None),  # 5 before 2019, 3 since
        ("libelle", "Mention complémentaire (de niveau 5)", "3"),
        ("libelle", "Mention complémentaire", None),
        ("libelle", "Cap vers l'emploi", None),
        ("libelle", "CAP ou bac pro", None),
        ("libelle", "Anglais", None),
    ],
)
def test_niveau(notation, received, niveau):
    assert codes.normalise_niveau(received, notation=notation) == niveau


@given(
    st.lists(st.one_of(st.none(), st.text(max_size=12), st.integers(-5, 20), st.floats())),
    st.sampled_from(sorted(codes.NOTATIONS)),
)
def test_niveau_output_stays_in_the_scale(values, notation):
    received = pd.Series(values, dtype="object", index=range(10, 10 + len(values)))
    levels = codes.normalise_niveau(received, notation=notation)
    assert levels.index.equals(received.index)
    assert set(levels.dropna()) <= set(codes.NIVEAUX)


def test_niveau_of_unknown_notation():
    with pytest.raises(ParameterError, match="Vouliez-vous dire « europeen »"):
        codes.normalise_niveau("5", notation="européenne")


def test_niveaux_table():
    table = codes.load_niveaux()
    assert tuple(table["niveau"]) == codes.NIVEAUX
    assert table["libelle"].tolist() == [f"Niveau {n}" for n in codes.NIVEAUX]


# --- domains -------------------------------------------------------------


@pytest.mark.parametrize(
    ("offer", "domaine", "preuve"),
    [
        ({"code_formacode": "42752"}, "hotellerie", "formacode 42752"),
        ({"code_rome": "D1102"}, "alimentation", "rome D1102"),
        ({"code_nsf": "221", "intitule": "CAP boulanger"}, "alimentation", "nsf 221"),
        ({"code_nsf": "221", "intitule": "CAP Cuisine"}, "hotellerie", "nsf 221 + mot « cuisine »"),
        ({"code_cfd": "50022139"}, "hotellerie", "cfd 50022139"),
        ({"code_cfd": "50022137"}, "alimentation", "nsf 221"),
        ({"intitule": "BP coiffure"}, "coiffure", "mot « coiffure »"),
        ({"code_nsf": "312", "intitule": "BTS Management commercial"}, "commerce", "nsf 312"),
        (
            {"code_nsf": "334", "intitule": "BTS tourisme"},
            "hotellerie",
            "nsf 334 + mot « tourisme »",
        ),
        ({"intitule": "DE aide-soignant"}, "sante", "mot « aide soignant »"),
        ({"code_nsf": "332", "intitule": "assistant de service social"}, "social", "nsf 332"),
        ({"code_nsf": "254", "intitule": "CAP peinture en carrosserie"}, "automobile",
         "nsf 254 + mot « carrosserie »"),
        ({"intitule": "BTS - Production - Chimie"}, "industrie", "mot « chimie »"),
        ({"intitule": "Xyz"}, "autre", "aucune"),
        ({"code_nsf": "999", "code_rome": None}, "autre", "aucune"),
        # Two nomenclatures outvote the first one (BP boucher is coded as a sale).
        ({"code_formacode": "34066", "code_rome": "D1101", "code_nsf": "221"},
         "alimentation", "rome D1101"),
        # All differ: Formacode wins, unless a word of the title says otherwise.
        ({"code_formacode": "42752", "code_rome": "N1101", "code_nsf": "331"},
         "hotellerie", "formacode 42752"),
        ({"code_formacode": "42752", "code_rome": "N1101", "code_nsf": "331",
          "intitule": "Infirmier"}, "sante", "nsf 331"),
        # The ROME domain most often named, not the first.
        ({"code_rome": "E1401|M1703|M1705"}, "commerce", "rome M1703"),
    ],
)  # fmt: skip
def test_domaine(offer, domaine, preuve):
    result = codes.assign_domaine(pd.DataFrame([offer]))
    assert result.iloc[0].tolist() == [domaine, preuve]


_offers = st.fixed_dictionaries(
    {
        "code_formacode": st.one_of(st.none(), st.from_regex(r"\A[1-8]\d{4}\Z")),
        "code_rome": st.one_of(st.none(), st.from_regex(r"\A[A-N][1-4][1-9]\d\d\Z")),
        "code_nsf": st.one_of(st.none(), st.from_regex(r"\A[1-4]\d\d\Z")),
        "intitule": st.one_of(st.none(), st.text(max_size=20)),
    }
)


@given(st.lists(_offers, max_size=6), st.integers(0, 50))
def test_domaine_is_one_per_offer(offers, start):
    columns = ["code_formacode", "code_rome", "code_nsf", "intitule"]
    frame = pd.DataFrame(offers, index=range(start, start + len(offers)), columns=columns)
    result = codes.assign_domaine(frame)
    assert result.index.equals(frame.index)
    assert result["code_domaine"].isin(codes.load_domaines()["code_domaine"]).all()
    assert (result["code_domaine"].eq("autre") == result["preuve_domaine"].eq("aucune")).all()


def test_domaines_table():
    table = codes.load_domaines()
    assert 15 <= len(table) - 1 <= 20
    assert table["code_domaine"].is_unique and table["libelle"].is_unique
    assert table["code_domaine"].str.fullmatch(r"[a-z]+").all()
    assert table["ordre"].tolist() == list(range(1, len(table) + 1))
    assert table["code_domaine"].iloc[-1] == codes.DOMAINE_AUTRE


def test_every_domain_is_explained_to_readers():
    guide = (Path(__file__).resolve().parents[1] / "docs" / "domaines.md").read_text("utf-8")
    for label in codes.load_domaines()["libelle"]:
        assert label in guide


def test_rules_are_coherent():
    rules = codes.load_regles()
    assert not rules.duplicated(["nomenclature", "valeur", "mot"]).any()
    real = rules.loc[rules["nomenclature"].ne("mot_vide")]
    named = set(codes.load_domaines()["code_domaine"]) - {codes.DOMAINE_AUTRE}
    assert set(real["code_domaine"]) == named
    assert set(rules["nomenclature"]) == {"formacode", "rome", "cfd", "nsf", "mot", "mot_vide"}
    # A rule that waits for a word has an answer for titles without it.
    bases = real.loc[real["mot"].eq("")].groupby("nomenclature")["valeur"].agg(set)
    for row in real.loc[real["mot"].ne("")].itertuples():
        prefixes = {row.valeur[:n] for n in range(1, len(row.valeur) + 1)}
        assert prefixes & bases[row.nomenclature], row


def test_rules_cover_each_nomenclature_once():
    rules = codes.load_regles()
    base = rules.loc[rules["mot"].eq("")]
    count = base.loc[base["valeur"].str.len().eq(3), "nomenclature"].value_counts()
    assert count["rome"] == 110  # ROME domains
    assert count["formacode"] == 67  # Formacode fields
    assert count["nsf"] == 93  # NSF groups, totals of domains apart


# --- voies ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("label", "voie"),
    [
        ("Apprentissage", "apprentissage"),
        ("BTS - Services - Tourisme - en apprentissage", "apprentissage"),
        ("Contrat d'apprentissage", "apprentissage"),
        ("Scolaire", "scolaire"),
        ("Formation initiale", "scolaire"),
        ("Formation initiale (hors apprentissage)", "scolaire"),
        ("Formation initiale par apprentissage", "apprentissage"),
        ("CA", "apprentissage"),
        ("Formation continue", "continue"),
        ("Contrat de professionnalisation", "continue"),
        ("Formation continue et apprentissage", None),
        ("BTS Tourisme", None),
        (None, None),
    ],
)
def test_voie(label, voie):
    assert codes.normalise_voie(label) == voie


# --- the real files ------------------------------------------------------


def _read(path):
    return pd.read_csv(path, sep=";", dtype="str")


def _offers_of(mirror, name):
    """Return one real file with the columns that assign_domaine reads."""
    offre = mirror / "offre"
    if name == "enrichi":
        frame = _read(offre / "rcoformations_2020-11-16_hdf_enrichi.csv")
        return frame.rename(columns={c: f"code_{c}" for c in ("formacode", "rome", "nsf", "cfd")})
    if name == "fevrier":
        frame = _read(offre / "RCO_extraction_apprentissage_2020-02-13_hdf.csv")
        return frame.rename(
            columns={"Code scolarité": "code_cfd", "Intitulé du diplôme ou titre": "intitule"}
        )
    if name == "bts":
        frame = _read(offre / "bts_attractivite_capacite_2024_hdf.csv")
        return pd.DataFrame(
            {
                "intitule": frame["LIBELLÉFORMATION"],
                "code_nsf": codes.nsf_from_mefstat(frame["MEFSTAT11"]),
            }
        )
    if name == "affelnet":
        frame = _read(offre / "affelnet_2020-05-12_hdf.csv")
        nsf = frame["CODE_SPECIALITE_FORMATION_ACCUEIL"].str[:3]
        return pd.DataFrame({"intitule": frame["LIBELLE_FORMATION_ACCUEIL_BAN"], "code_nsf": nsf})
    if name == "parcoursup":
        frame = _read(offre / "parcoursup_apprentissage_2020_hdf.csv")
        titles = frame["LIBFORMATION"] + " - " + frame["LIBSPÉCIALITÉ"]
        return pd.DataFrame({"intitule": titles, "code_nsf": codes.nsf_from_mef(frame["CODEMEF"])})
    frame = _read(offre / "rcoformations_2020-11-16_france.csv.gz").dropna(subset="cfd")
    return frame.rename(columns={"cfd": "code_cfd"})


@pytest.mark.real
@pytest.mark.parametrize("name", ["enrichi", "fevrier", "bts", "affelnet", "parcoursup", "france"])
def test_real_share_without_domain(mirror, name):
    domains = codes.assign_domaine(_offers_of(mirror, name))["code_domaine"]
    assert domains.eq(codes.DOMAINE_AUTRE).mean() < 0.01


@pytest.mark.real
def test_real_nomenclatures_are_covered(mirror):
    base = mirror / "nomenclatures"
    champs = _read(base / "formacode_champs_semantiques.csv")["champ"]
    nsf = _read(base / "nsf_groupes_bcn_2025.csv")["code_nsf"]
    rome = _read(base / "rome_grands_domaines_et_domaines.csv")["code_domaine"].dropna()
    rules = codes.load_regles()
    for nomenclature, known in (("formacode", champs), ("nsf", nsf), ("rome", rome)):
        of_it = rules.loc[rules["nomenclature"].eq(nomenclature) & rules["mot"].eq("")]
        known = known[~known.str.endswith("9")] if nomenclature == "nsf" else known
        assert of_it["valeur"].value_counts().reindex(known).eq(1).all()


@pytest.mark.real
def test_real_nomenclatures_agree(mirror):
    frame = _offers_of(mirror, "enrichi")
    evidence = codes.read_evidence(frame)
    first = evidence.map(lambda cell: cell[0][0] if cell else None)
    first["nsf"] = first["nsf"].fillna(first["cfd"])
    said = first.dropna(subset="formacode")
    assert (said["formacode"] == said["nsf"]).mean() > 0.95
    assert (said["formacode"] == said["rome"]).mean() > 0.89


@pytest.mark.real
def test_real_uai(mirror):
    received = _read(mirror / "offre" / "uai_coordonnees_hdf.csv")["uai"]
    checked = codes.check_uai(received)
    assert checked.notna().all() and len(checked) == 426
    assert checked.eq(received).sum() == 425  # 0590189k: lower-case key


@pytest.mark.real
def test_real_levels(mirror):
    frame = _read(mirror / "offre" / "RCO_extraction_apprentissage_2020-02-13_hdf.csv")
    expected = frame["code niveau européen"].dropna()
    for column, notation in (
        ("code niveau EN", "education_nationale"),
        ("nom niveau EN", "ancien"),
        ("code niveau européen", "europeen"),
    ):
        levels = codes.normalise_niveau(frame[column], notation=notation)
        assert levels[expected.index].eq(expected).all()
    for column, notation in (("Code scolarité", "cfd"), ("Diplôme ou titre visé", "libelle")):
        levels = codes.normalise_niveau(frame[column], notation=notation)[expected.index]
        assert levels.dropna().eq(expected[levels.notna()]).all()
        assert levels.notna().mean() > 0.9


@pytest.mark.real
def test_real_lost_zeros(mirror):
    frame = _read(mirror / "offre" / "RCO_extraction_apprentissage_2020-02-13_hdf.csv")
    communes, repaired = codes.normalise_code_commune(frame["code INSEE lieu"])
    assert communes.notna().all() and repaired.sum() == 86
