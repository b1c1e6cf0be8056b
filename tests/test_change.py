"""Two snapshots compared: matched by what offers are, nothing lost on the way."""

from collections import Counter

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoapp.core.errors import ParameterError
from geoapp.core.published import comparable_snapshots, open_pair
from geoapp.core.schema import TABLES, conform
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.change import INCONNU, SANS_ZONE, compare_snapshots, tell_change
from geoapp.coverage.model import Question, parse_question
from geoapp.coverage.territories.offer import offer_block
from geoapp.coverage.territories.zone import find_zone
from geoapp.coverage.world import open_world
from geoapp.outputs.changes import write_changes
from geoapp.planning.evolution import measure_change, read_series, tell_access_change
from geoapp.planning.people import count_people
from support.examples import NIGHT
from support.world import CREATED, make_tiny_frames, publish_world

OFFERS = st.lists(
    st.tuples(
        st.sampled_from(["80001", "80002", None]),
        st.sampled_from(["o1", "o2", None]),
        st.sampled_from(["scolaire", None]),
        st.sampled_from(["3", "4", None]),
        st.sampled_from(["CAP Cuisine", "cap cuisine", "Bac pro Bois"]),
        st.sampled_from(["ze2020:3201", "ze2020:0054", ""]),
    ),
    max_size=10,
)


def snapshot_of(rows, nom) -> Snapshot:
    """Return a snapshot that holds these offers, in memory."""
    frames = make_tiny_frames()
    columns = ["code_commune", "id_organisme", "voie", "niveau_sortie", "intitule", "zones"]
    offres = (
        pd.DataFrame(rows, columns=columns)
        .astype("str")
        .assign(code_domaine="hotellerie", id_source="tiny", modalite=None, id_place="50,2")
    )
    offres["id_action"] = offres["id_lieu"] = [f"o{rank}" for rank in range(len(offres))]
    return Snapshot(type("Nom", (), {"name": nom})(), {}, {**frames, "offres": offres})


def kind(row):
    return ("hotellerie", row[3] or INCONNU, row[2] or INCONNU)


@given(OFFERS, OFFERS)
def test_the_comparison_is_that_of_two_bags(before, after):
    found = compare_snapshots(snapshot_of(before, "a"), snapshot_of(after, "b"))
    bags = [
        Counter(
            (row[5].removeprefix("ze2020:") or SANS_ZONE, kind(row), row[0], row[1], row[4].lower())
            for row in rows
        )
        for rows in (before, after)
    ]
    same = bags[0] & bags[1]
    assert found.ensemble == {
        "nb_avant": len(before),
        "nb_apres": len(after),
        "inchangees": same.total(),
        "gagnees": (bags[1] - bags[0]).total(),
        "perdues": (bags[0] - bags[1]).total(),
    }
    for table in (found.zones, found.sortes):
        assert (table["nb_avant"] == table["inchangees"] + table["perdues"]).all() and (
            table["nb_apres"] == table["inchangees"] + table["gagnees"]
        ).all()
        assert table["nb_avant"].sum() == len(before)
    lost = {(zone, one) for zone, one, *_ in bags[0]} - {(zone, one) for zone, one, *_ in bags[1]}
    assert {
        (row.code_zone, (row.code_domaine, row.niveau_sortie, row.voie))
        for row in found.derniers.itertuples()
    } == lost


@pytest.fixture
def pair(tmp_path):
    """Return the folder of two tiny snapshots: an offer went away, its neighbour came from another
    source.
    """
    publish_world(make_tiny_frames(), tmp_path, "2025-01-02T03:04:05Z")
    frames = make_tiny_frames()
    for nom in ("offres", "actions_lieux"):
        frames[nom] = frames[nom][frames[nom]["id_action"].ne("tiny:a4")].reset_index(drop=True)
    publish_world(frames, tmp_path, CREATED)
    return tmp_path


def test_what_is_lost_is_named_and_written(pair, tmp_path):
    found = compare_snapshots(*open_pair("precedent", "courant", pair))
    assert (found.ensemble["perdues"], found.ensemble["inchangees"], found.ensemble["gagnees"]) == (
        1,
        5,
        0,
    )
    assert found.derniers[["nom", "niveau_sortie", "voie"]].to_numpy().tolist() == [
        ["Amiville", "3", INCONNU]
    ]
    write_changes(found, tmp_path / "e.csv")
    text = (tmp_path / "e.csv").read_text(encoding="utf-8-sig")
    assert (
        text.splitlines()[0].startswith("Code;Zone;")
        and "3201;Amiville;" in text
        and "même organisme" in (tmp_path / "e.lisez-moi.txt").read_text(encoding="utf-8-sig")
    )
    with pytest.raises(
        ParameterError, match=r"extension inconnue. Extensions admises : .csv, .xlsx"
    ):
        write_changes(found, tmp_path / "e.gpkg")


def test_what_is_merged_in_one_snapshot_is_not_lost_twice(tmp_path):
    """Of two offers of two catalogues that one snapshot shows as one, one is lost: it is said."""
    frames = make_tiny_frames()
    offres = frames["offres"]
    kept, gone = offres["id_action"].tolist()[:2]
    first = publish_world(frames, tmp_path, "2025-01-02T03:04:05Z")
    merged = make_tiny_frames()
    rows = offres.set_index("id_action")
    pairs = pd.DataFrame(
        {
            "id_action": [gone],
            "id_lieu": rows.at[gone, "id_lieu"],
            "id_action_retenue": kept,
            "id_lieu_retenu": rows.at[kept, "id_lieu"],
            "id_source": "tiny",
            "id_source_retenue": "tiny",
            "etat": "fusionnee",
            "regle": "a",
            "score": 1.0,
            "preuve": "p",
        }
    )
    merged["doublons"] = conform(pairs.reindex(columns=TABLES["doublons"].noms), "doublons")
    merged["offres"] = offres[offres["id_action"].ne(gone)].reset_index(drop=True)
    second = publish_world(merged, tmp_path, CREATED)
    found = compare_snapshots(first, second)
    assert found.ensemble["gagnees"] == 0 and found.ensemble["perdues"] == 1 == found.reunies
    assert "1 perdue toujours donnée" in tell_change(found)
    back = compare_snapshots(second, first)
    assert back.ensemble["gagnees"] == 1 == back.separees and back.ensemble["perdues"] == 0


def test_people_who_lose_an_offer_are_those_of_no_longer_within(pair):
    """The places of Beauval alone reach nobody else: its 200 inhabitants lose what closes there."""
    before, after = (open_world(one) for one in open_pair("precedent", "courant", pair))
    asked = {"niveau": "3", "voie": "inconnu", "seuil_km": "12"}
    found = measure_change(before, after, asked)
    was, now = (count_people(w, parse_question(asked, w), None, "tous") for w in (before, after))
    lost = was.beyond(now.cost, 12) - was.beyond(was.cost, 12)
    assert found.perdus == lost > 0 == found.gagnes and "n'ont plus" in tell_access_change(found)
    same = measure_change(after, after, asked)
    assert (same.perdus, same.gagnes) == (0, 0) and "Personne" in tell_access_change(same)
    series = read_series((before, after), asked)
    assert [one.nb_formations for one in series] == [1, 0]
    assert [one.nom for one in series] == ["2 janvier 2025", "2 janvier 2026"]


def test_filters_and_zoning(pair):
    found = compare_snapshots(
        *open_pair("precedent", "courant", pair),
        zonage="departement",
        parametres={"domaine": "sante"},
    )
    assert found.ensemble["perdues"] == 0 and found.description == "Santé"
    with pytest.raises(ParameterError, match="Vouliez-vous dire « ze2020 »"):
        compare_snapshots(*open_pair("precedent", "courant", pair), zonage="ze2021")
    with pytest.raises(ParameterError, match="Paramètre inconnu"):
        compare_snapshots(*open_pair("precedent", "courant", pair), parametres={"zone": "zrr"})


def test_snapshots_are_named_by_id_folder_or_word(pair):
    ids = [one.id for one in comparable_snapshots(pair)]
    assert [one.id for one in open_pair(ids[0], str(pair / "instantanes" / ids[1]), pair)] == ids
    with pytest.raises(
        ParameterError, match=f"Instantané inconnu : « hier ». Connus : {ids[0]}, {ids[1]}"
    ):
        open_pair("hier", "courant", pair)


def test_there_must_be_two(tmp_path):
    publish_world(make_tiny_frames(), tmp_path)
    with pytest.raises(ParameterError, match="Il en faut deux"):
        open_pair("precedent", "courant", tmp_path)


NOVEMBER = "rco-2020-11"


def without_november(snapshot: Snapshot) -> Snapshot:
    """Return the real snapshot less what the catalogue of November gives, in memory."""
    frames = {nom: snapshot.read(nom) for nom in TABLES}
    for nom, columns in {
        "offres": ["id_source"],
        "doublons": ["id_source", "id_source_retenue"],
        "actions_lieux": ["id_action"],
    }.items():
        is_new = frames[nom][columns].apply(lambda held: held.str.startswith(NOVEMBER))
        frames[nom] = frames[nom][~is_new.any(axis=1)].reset_index(drop=True)
    return Snapshot(type("Nom", (), {"name": "sans"})(), snapshot.manifest, frames)


def february(snapshot: Snapshot, mirror, tmp_path) -> Snapshot:
    """Return what was built before the catalogue of November came."""
    from geoapp.ingest.pipeline import build_snapshot
    from support.builds import lend_steps

    for path in mirror.rglob("*"):
        if path.is_file() and not path.name.startswith("rcoformations_2020-11-16_hdf"):
            link = tmp_path / "miroir" / path.relative_to(mirror)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(path)
    lend_steps(snapshot, tmp_path / "var")
    return build_snapshot(mirror=tmp_path / "miroir", data_dir=tmp_path / "var")


@pytest.mark.real
def test_the_catalogue_of_february_then_that_of_november(
    real_snapshot, mirror, tmp_path, real_world
):
    """By night, that of February is built: its offers are those that November changed."""
    before = without_november(real_snapshot)
    if NIGHT:
        before = february(real_snapshot, mirror, tmp_path)
    found = compare_snapshots(before, real_snapshot)
    every = real_snapshot.read("actions_lieux")
    assert len(real_snapshot.read("offres")) < len(every) == 5730, "merged ones are shown once"
    lens = found.zones.set_index("code_zone").loc["3215"]
    block = offer_block(real_world, Question(), find_zone(real_world, "ze2020:3215"))
    assert lens["nb_apres"] == block.nb, "one definition on « Évolution » and on the sheet"
    assert found.ensemble["nb_apres"] == len(real_world.comptes[~real_world.comptes["est_voisine"]])
    assert found.ensemble["inchangees"] > 2000, "BTS, Affelnet and Parcoursup did not change"
    assert found.zones["nb_apres"].sum() == found.ensemble["nb_apres"]
    assert any("ne sont pas les mêmes" in text for text in found.avertissements)
    if NIGHT:
        acces = measure_change(open_world(before), real_world, {"zonage": "ze2020"})
        assert acces.effectif.population > 0 and len(acces.publics) > 1 and len(acces.modes) > 1
