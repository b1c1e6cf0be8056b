"""LHÉO 2.2 and 2.3: every level kept, the right place, dates at their precision, nobody's name."""

from pathlib import Path

import pandas as pd
import pytest
from lxml import etree

from geoapp.core.errors import SourceError
from geoapp.ingest.check_file import check_file
from geoapp.offer.rows import check_offre, split_offre
from geoapp.sources.lheo import COLONNES, iter_lheo, read_lheo
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source, load_sources
from geoapp.sources.texts import clean_text, read_date
from geoapp.sources.usages import USAGES

DATA = Path(__file__).parent / "data"
FEED = DATA / "lheo_2.3.xml"
SOURCE = get_source("lheo-region")
COMMUNES = pd.DataFrame(
    {
        "code_commune": ["62498", "02691"],
        "code_departement": ["62", "02"],
        "nom": ["Lens", "Saint-Quentin"],
        "codes_postaux": ["62300", "02100"],
        "longitude_mairie": [2.8318, 3.2867],
        "latitude_mairie": [50.4288, 49.8465],
    }
)
NS = {"2.2": "http://www.lheo.org/2.2", "2.3": "http://lheo.gouv.fr/2.3"}
EXAMPLES = [s for s in load_sources().values() if s.id.startswith("lheo-exemple-")]


def tables_of(path: Path, source=SOURCE) -> dict[str, pd.DataFrame]:
    """Return the tables that a feed gives, every row of it valid."""
    lecture = read_source(source, path)
    checked = check_offre(lecture.frame, source, communes=COMMUNES, passage={})
    assert lecture.nb_lues == len(checked.flat) + len(checked.rejets) + len(lecture.rejets)
    return split_offre(checked.flat, "x")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return read_lheo(FEED).frame


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return tables_of(FEED)


def test_one_row_per_action_and_place_with_its_xpath(frame):
    assert frame.index.tolist() == [
        "/lheo/offres/formation[1]/action[1]/lieu-de-formation[1]",
        "/lheo/offres/formation[1]/action[1]/lieu-de-formation[2]",
        "/lheo/offres/formation[2]/action[1]",
    ]
    root = etree.parse(FEED)
    for place in frame.index:
        path = "".join(f"/n:{step}" for step in place.split("/")[1:])
        assert len(root.xpath(path, namespaces={"n": NS["2.3"]})) == 1


def test_what_a_feed_gives_is_what_the_checks_accept():
    assert set(COLONNES) <= set(USAGES["offre"].colonnes)


def test_the_place_is_that_of_training_never_another_address(frame):
    first, second = frame.iloc[0], frame.iloc[1]
    assert first[["lieu_adresse", "lieu_code_postal", "lieu_code_commune"]].tolist() == [
        "Centre de Lens, 1 rue des Essais",
        "62300",
        "62498",
    ]
    assert first[["latitude", "longitude"]].tolist() == ["50,4322", "2,8333"]
    assert second["lieu_code_commune"] == "02691" and pd.isna(second["latitude"])
    assert "75001" not in frame["lieu_code_postal"].tolist()


def test_sessions_are_all_kept_with_their_dates_places_and_state(tables):
    sessions = tables["sessions"].set_index("id_session").sort_index()
    assert len(sessions) == 4
    lens = sessions[sessions["id_action"].eq("x:A1")].replace({float("nan"): None})
    assert lens[["date_debut", "date_fin", "numero"]].to_numpy().tolist() == [
        ["2026-09-14", "2027-06-30", "S1"],
        ["2027-01", None, "S2"],
        [None, "2028", None],
    ]
    assert lens["capacite"].dropna().tolist() == [12] and lens[
        "etat_recrutement"
    ].dropna().tolist() == ["ouvert"]


def test_an_action_in_two_places_is_one_action(tables):
    assert tables["actions_lieux"].groupby("id_action").size().loc["x:A1"] == 2
    assert (
        len(tables["actions"]) == 2
        and len(tables["formations"]) == 2
        and len(tables["organismes"].drop_duplicates("id_organisme")) == 1
    )


def test_levels_follow_the_dictionary_of_lheo(tables):
    """The trap: 4 is the old niveau V, a CAP, hence 3."""
    formations = tables["formations"].set_index("id_formation")
    assert formations.loc["x:F1", ["niveau_sortie", "niveau_entree"]].tolist() == ["3", "aucun"]
    assert formations.loc["x:F2", ["niveau_sortie", "niveau_entree"]].isna().all()


def test_funding_publics_price_and_link(tables):
    action = tables["actions"].set_index("id_action").loc["x:A1"]
    assert action[
        ["financeurs", "nb_places_financees", "publics", "prix_eur", "prix_horaire_eur", "duree_h"]
    ].tolist() == ["2|4", 12, "80006|81042", 6621.5, 9.5, 697]
    assert (
        action["url"] == "https://exemple.fr/f1?a=1&b=2"
        and action["est_conventionnee"]
        and not action["est_permanente"]
    )
    assert action["voie"] == "apprentissage" and action["est_gratuite"]
    remote = tables["actions"].set_index("id_formation").loc["x:F2"]
    assert (
        remote["modalite"] == "a_distance"
        and remote["est_permanente"]
        and pd.isna(remote["url"])
        and pd.isna(remote["est_conventionnee"])
    )
    assert pd.isna(remote["est_gratuite"]) and pd.isna(remote["prix_eur"]), "no price is not free"


def test_escaped_html_becomes_plain_text_and_fillers_are_unknown(frame):
    assert frame["objectif"].iloc[0].startswith("Poser des cloisons & des plafonds.\nÉcrire à")
    assert (
        "alert" not in frame["objectif"].iloc[0]
        and frame[["objectif", "contenu"]].iloc[2].isna().all()
    )
    assert (
        frame["code_formacode"].iloc[0] == "22403" and frame["code_rome"].iloc[0] == "F1604|F1601"
    )


def test_extras_are_left_out_but_counted():
    assert read_lheo(FEED).extras == 1


def test_an_action_without_number_has_a_stable_one(frame):
    again = read_lheo(FEED).frame
    assert frame["id_action"].iloc[2] == again["id_action"].iloc[2] and frame["id_action"].iloc[
        2
    ].startswith("F2-x")


@pytest.mark.parametrize("version", NS)
def test_both_namespaces_and_none_give_the_same_rows(version, frame, tmp_path):
    text = FEED.read_text(encoding="utf-8")
    for i, declared in enumerate(
        (f' xmlns="{NS[version]}"', f' xmlns="{NS[version]}" xmlns:x="urn:x"', "")
    ):
        path = tmp_path / f"f{i}.xml"
        path.write_text(text.replace(f' xmlns="{NS["2.3"]}"', declared), encoding="utf-8")
        pd.testing.assert_frame_equal(read_lheo(path).frame, frame)


def test_batches_are_the_whole(frame):
    parts = list(iter_lheo(FEED, batch=1))
    assert len(parts) == 3 and parts[-1].nb_lues == 0
    pd.testing.assert_frame_equal(pd.concat([part.frame for part in parts]), frame)


def test_a_formation_without_action_is_a_reject(tmp_path):
    path = tmp_path / "f.xml"
    path.write_text(
        "<lheo><offres><formation "
        "numero='F'><intitule-formation>Rien</intitule-formation></formation></offres></lheo>",
        encoding="utf-8",
    )
    lecture = read_lheo(path)
    assert (
        lecture.nb_lues == 1
        and lecture.frame.empty
        and lecture.rejets[0]["ligne"] == "/lheo/offres/formation[1]"
    )


def test_a_session_that_cannot_be_read_stays_its_dates_set_aside():
    frame = read_lheo(FEED).frame.assign(sessions="S1;20261399;2027;;|S2;2026-09;;x;ouvert")
    checked = check_offre(frame, SOURCE, communes=COMMUNES, passage={})
    assert checked.flat["sessions"].tolist() == ["S1;;2027;;|S2;2026-09;;;ouvert"] * 3
    assert {c["type_correction"] for c in checked.corrections if c["colonne"] == "sessions"} == {
        "valeur_ecartee"
    }


@pytest.mark.parametrize(
    "written, read",
    [
        ("20260914", "2026-09-14"),
        ("20260900", "2026-09"),
        ("20260000", "2026"),
        ("00000000", None),
        ("99999999", None),
        ("2026-09-14", "2026-09-14"),
        ("2026-09-14T00:00:00.000Z", "2026-09-14"),
        ("bientôt", "bientôt"),
        (None, None),
        ("20269999", "2026"),
    ],
)
def test_dates_keep_the_precision_they_have(written, read):
    assert read_date(written) == read


@pytest.mark.parametrize(
    "html, text",
    [
        ("<p>a</p><p>b</p>", "a\nb"),
        ("&lt;b&gt;a&lt;/b&gt;", "a"),
        ("5 < 6 et 7 > 3", "5 < 6 et 7 > 3"),
        ("a<br/>b", "a\nb"),
        ("<p></p>", None),
        ("a\x00b\x1b", "a b"),
        ("a\t\t b \n\n  c", "a b\nc"),
        ("<" + " " * 30_000, "<"),
        ("<script>" * 3_000, None),
        ("<style>x{}</style>a", "a"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("&amp;eacute;", "é"),
        ("x" * 4000, "x" * 3000),
    ],
)
def test_html_to_text(html, text):
    assert clean_text(html) == text


# --- The real examples
# ------------------------------------------------------------------------------


@pytest.mark.real
def test_our_sample_obeys_the_schema(mirror):
    schema = etree.XMLSchema(etree.parse(mirror / "lheo/schema/lheo-2.3.xsd"))
    schema.assertValid(etree.parse(FEED))


def test_a_feed_made_for_mon_compte_formation():
    """Its own namespace, Latin-1, no domain, no period: price and place in private elements, hours
    in two parts, and nobody's name.
    """
    path = DATA / "lheo_edof.xml"
    lecture = read_source(SOURCE, path)
    row = lecture.frame.iloc[0]
    assert row[["intitule", "prix_eur", "duree_h", "latitude", "longitude"]].tolist() == [
        "Anglais débutant d'essai",
        "1200.00",
        "40",
        "50.4322",
        "2.8333",
    ]
    assert row["sessions"] == "13002374000439_S1;;;;ouvert" and lecture.extras == 12
    tables = tables_of(path)
    assert tables["actions"]["prix_eur"].tolist() == [1200] and len(tables["sessions"]) == 1
    shown = f"{lecture.frame.to_csv()} {lecture.rejets}".lower()
    assert not [word for word in ("jeanne", "durand", "0612345678", "paris") if word in shown]


@pytest.mark.parametrize(
    "centre, firm, total",
    [("400", "140", "540"), ("35,5", "0", "35.5"), ("400", None, None), ("x", "0", None)],
)
def test_hours_are_added_only_when_both_parts_are_known(tmp_path, centre, firm, total):
    text = (
        (DATA / "lheo_edof.xml")
        .read_text(encoding="iso-8859-1")
        .replace("centre>40<", f"centre>{centre}<")
    )
    text = text.replace(
        "<nombre-heures-entreprise>0</nombre-heures-entreprise>",
        "" if firm is None else f"<nombre-heures-entreprise>{firm}</nombre-heures-entreprise>",
    )
    (tmp_path / "f.xml").write_text(text, encoding="iso-8859-1")
    found = read_lheo(tmp_path / "f.xml").frame["duree_h"].iloc[0]
    assert found == total if total else pd.isna(found)


@pytest.mark.parametrize(
    "text, message",
    [
        (
            "<lheo "
            'xmlns="http://www.lheo.org/1.3"><offres><offre-formation><formation/></'
            "offre-formation></offres></lheo>",
            "version 1",
        ),
        (
            '<lheo-index xmlns="http://www.lheo.org/2.2"><resumes-offres/></lheo-index>',
            "index LHÉO",
        ),
    ],
)
def test_an_old_version_and_an_index_are_refused_by_their_name(tmp_path, text, message):
    (tmp_path / "f.xml").write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        check_file(tmp_path / "f.xml")


@pytest.mark.real
@pytest.mark.parametrize("source", EXAMPLES, ids=lambda s: s.id)
def test_the_real_examples_give_the_same_tables_in_both_versions(mirror, source, tmp_path):
    path = mirror / source.fichier
    other = tmp_path / path.name
    other.write_text(
        path.read_text(encoding="utf-8").replace(NS["2.2"], NS["2.3"]), encoding="utf-8"
    )
    assert other.read_bytes() != path.read_bytes()
    one, two = (read_source(source, each) for each in (path, other))
    # Tables are made of this frame and of nothing else of the file.
    pd.testing.assert_frame_equal(one.frame, two.frame)
    assert (one.nb_lues, one.rejets) == (two.nb_lues, two.rejets)


@pytest.mark.real
def test_the_tables_of_the_real_examples_hold_all_their_actions_and_sessions(mirror):
    """All at once, each under identifiers of its own: a check costs as much for one row as for
    all.
    """
    frames, actions, sessions = {}, 0, 0
    for source in EXAMPLES:
        frame = read_source(source, mirror / source.fichier).frame
        named = {nom: f"{source.id} " + frame[nom] for nom in ("id_formation", "id_action")}
        frames[source.id] = frame.assign(**named)
        root = etree.parse(mirror / source.fichier)
        actions += len(root.findall(".//{*}action"))
        sessions += len(root.findall(".//{*}session"))
    flat = pd.concat(frames.values(), keys=frames)
    flat.index = flat.index.map(" ".join)
    checked = check_offre(flat, EXAMPLES[0], communes=COMMUNES, passage={})
    assert checked.rejets == []
    tables = split_offre(checked.flat, "x")
    assert (len(tables["actions"]), len(tables["sessions"])) == (actions, sessions)


@pytest.mark.real
def test_the_place_of_a_real_example_is_that_of_training(mirror):
    frame = read_lheo(mirror / "lheo/samples_intercarif_2018/formation.xml").frame
    assert frame[["latitude", "longitude"]].to_numpy().tolist() == [
        ["47.286057", "0.737711"],
        ["47.306826", "0.688594"],
    ]


@pytest.mark.real
def test_the_examples_of_other_regions_feed_no_table(real_snapshot):
    sources = real_snapshot.read("sources").set_index("id_source")
    mine = sources.loc[[s.id for s in EXAMPLES]]
    assert (
        mine["nb_lues"].sum() == 34
        and mine["nb_placees"].eq(mine["nb_hors_region"]).all()
        and mine["nb_rejetees"].sum() == 0
    )
    assert not real_snapshot.read("formations")["id_source"].str.contains("exemple").any()
