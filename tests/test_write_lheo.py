"""Our LHÉO feeds: valid, read back equal, nothing invented."""

from pathlib import Path

import pandas as pd
import pytest
from lxml import etree

from geoapp.core.errors import StorageError
from geoapp.core.schema.offer_columns import LHEO
from geoapp.ingest.offers import offer_tables
from geoapp.ingest.territories import load_communes
from geoapp.offer.locating import merge_etablissements
from geoapp.offer.rows import check_offre, split_offre
from geoapp.outputs.lheo import write_lheo
from geoapp.reference.commune_codes import make_passage
from geoapp.sources.lheo import read_lheo
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source, load_sources

DATA = Path(__file__).parent / "data"
NOMS = ("formations", "actions", "sessions", "lieux", "actions_lieux", "organismes")
SOURCES = pd.DataFrame({"id_source": ["x"], "mode": ["miroir"]})


@pytest.fixture(scope="module")
def communes():
    return load_communes("32")


def tables_of(path: Path, source, communes) -> dict[str, pd.DataFrame]:
    """Return the placed tables of one file."""
    return tables_made(read_source(source, path).frame, source, communes)


def tables_made(flat: pd.DataFrame, source, communes) -> dict[str, pd.DataFrame]:
    """Return the placed tables of a flat offer."""
    checked = check_offre(flat, source, communes=communes, passage=make_passage(communes, []))
    tables, _ = offer_tables(
        [split_offre(checked.flat, "x")],
        communes=communes,
        etablissements=merge_etablissements([]),
        doubtful_distance_m=1000.0,
    )
    return {nom: tables[nom] for nom in NOMS} | {"sources": SOURCES}


def assert_same(one: dict, two: dict, *, but: dict | None = None) -> None:
    for nom in NOMS:
        left, right = (
            (
                pd.DataFrame(tables[nom])
                .drop(columns=(but or {}).get(nom, []))
                .assign(
                    **(
                        {"geometry": pd.DataFrame(tables[nom])["geometry"].astype(str)}
                        if nom == "lieux"
                        else {}
                    )
                )
            )
            for tables in (one, two)
        )
        pd.testing.assert_frame_equal(left, right)


def test_read_write_read_gives_equal_tables(communes, tmp_path):
    source = get_source("lheo-region")
    one = tables_of(DATA / "lheo_2.3.xml", source, communes)
    assert write_lheo(one, tmp_path / "f.xml") == 2
    assert_same(one, tables_of(tmp_path / "f.xml", source, communes))


COMPLETE = {
    "id_formation": "F1",
    "id_action": "A1",
    "intitule": "Titre professionnel Soudeur",
    "niveau": "13",
    "niveau_entree": "13",
    "code_formacode": "23026",
    "code_nsf": "254",
    "code_rome": "H2913",
    "code_rncp": "RNCP1234",
    "code_certifinfo": "12345",
    "est_certifiante": "1",
    "objectif": "Souder",
    "contenu": "Soudage",
    "responsable_siret": "19590302600019",
    "responsable_uai": "0590258K",
    "responsable_nom": "Lycée",
    "formateur_siret": "19590302600019",
    "formateur_uai": "0590258K",
    "formateur_nom": "Lycée",
    "voie": "apprentissage",
    "modalite": "mixte",
    "modalite_entree": "1",
    "est_conventionnee": "1",
    "duree_h": "35",
    "financeurs": "2",
    "nb_places_financees": "12",
    "publics": "82056",
    "prix_eur": "900",
    "prix_horaire_eur": "9.5",
    "frais_restants": "Aucun",
    "url": "https://exemple.fr",
    "sessions": "S1;2026-09-01;2027-06-30;12;ouvert",
    "lieu_adresse": "1 rue du Four",
    "lieu_code_postal": "62300",
    "lieu_uai": "0590258K",
    "lieu_code_commune": "62498",
    "latitude": "50.43",
    "longitude": "2.83",
}
"""Every column that LHÉO has, told."""


def test_the_path_of_a_column_is_where_it_is_written_and_read(communes, tmp_path):
    assert set(COMPLETE) == set(LHEO)
    flat = pd.DataFrame(COMPLETE, index=["1"], dtype="str")
    source = get_source("lheo-region")
    checked = check_offre(flat, source, communes=communes, passage={})
    assert checked.corrections == checked.rejets == []
    tables, _ = offer_tables(
        [split_offre(checked.flat, "x")],
        communes=communes,
        etablissements=merge_etablissements([]),
        doubtful_distance_m=1000.0,
    )
    path = tmp_path / "f.xml"
    write_lheo({nom: tables[nom] for nom in NOMS} | {"sources": SOURCES}, path)
    formation = etree.parse(path).getroot().find("{*}offres/{*}formation")
    for nom, parts in LHEO.items():
        *above, last = parts
        holder = formation.find("/".join(f"{{*}}{part}" for part in above)) if above else formation
        found = holder.get(last[1:]) if last.startswith("@") else holder.find(f"{{*}}{last}")
        assert found is not None, nom
    read = read_lheo(path).frame
    assert set(read.columns) == set(LHEO) and read.notna().all(axis=None)


def test_the_same_tables_give_the_same_bytes_whatever_the_order_of_their_rows(communes, tmp_path):
    one = tables_of(DATA / "lheo_2.3.xml", get_source("lheo-region"), communes)
    write_lheo(one, tmp_path / "a.xml")
    write_lheo({nom: table.iloc[::-1] for nom, table in one.items()}, tmp_path / "b.xml")
    assert (tmp_path / "a.xml").read_bytes() == (tmp_path / "b.xml").read_bytes()


def test_unknown_stays_unknown(communes, tmp_path):
    """Compulsory codes that nobody knows are written, said unknown, and read back unknown."""
    one = tables_of(DATA / "lheo_2.3.xml", get_source("lheo-region"), communes)
    for nom, columns in (
        ("actions", ["modalite", "est_permanente", "publics", "voie", "financeurs"]),
        ("formations", ["est_certifiante", "niveau_entree"]),
    ):
        one[nom] = one[nom].assign(
            **{
                column: pd.Series(None, index=one[nom].index, dtype=one[nom][column].dtype)
                for column in columns
            }
        )
    write_lheo(one, tmp_path / "f.xml")
    frame = read_lheo(tmp_path / "f.xml").frame
    assert (
        frame[["modalite", "modalite_entree", "publics", "voie", "est_certifiante", "financeurs"]]
        .isna()
        .all()
        .all()
    )
    assert (
        frame["sessions"].str.contains(";12;").sum() == 2
        and frame["nb_places_financees"].iloc[0] == "12"
    )


def test_hostile_texts_are_only_texts(communes, tmp_path):
    one = tables_of(DATA / "lheo_2.3.xml", get_source("lheo-region"), communes)
    one["formations"] = one["formations"].assign(intitule="]]><script>&\x00\x1b" + "é" * 400)
    write_lheo(one, tmp_path / "f.xml")
    title = etree.parse(tmp_path / "f.xml").findtext(".//{*}intitule-formation")
    assert title.startswith("]]><script>&") and len(title) == 255


def test_fictitious_trainings_say_so(communes, tmp_path):
    one = tables_of(DATA / "lheo_2.3.xml", get_source("lheo-region"), communes)
    write_lheo(one | {"sources": SOURCES.assign(mode="demonstration")}, tmp_path / "f.xml")
    assert {f.get("info") for f in etree.parse(tmp_path / "f.xml").findall(".//{*}formation")} == {
        "données fictives"
    }


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_left(communes, tmp_path):
    one = tables_of(DATA / "lheo_2.3.xml", get_source("lheo-region"), communes)
    with pytest.raises(StorageError, match="Impossible d'écrire"):
        write_lheo(one, tmp_path / "absent" / "f.xml")
    (tmp_path / "f.xml").mkdir()
    with pytest.raises(StorageError):
        write_lheo(one, tmp_path / "f.xml")
    assert [path.name for path in tmp_path.iterdir()] == ["f.xml"]


@pytest.fixture(scope="module")
def schema(mirror):
    """Return the schema of LHÉO 2.3, compiled once."""
    return etree.XMLSchema(etree.parse(mirror / "lheo/schema/lheo-2.3.xsd"))


@pytest.mark.real
def test_what_is_written_obeys_the_schema(schema, communes, tmp_path):
    write_lheo(
        tables_of(DATA / "lheo_2.3.xml", get_source("lheo-region"), communes), tmp_path / "f.xml"
    )
    schema.assertValid(etree.parse(tmp_path / "f.xml"))


@pytest.mark.real
def test_the_real_examples_come_back_equal_and_valid(mirror, schema, communes, tmp_path):
    """In one feed, each under identifiers of its own: one check costs as much for one row."""
    examples = [s for s in load_sources().values() if s.id.startswith("lheo-exemple-")]
    frames = {s.id: read_source(s, mirror / s.fichier).frame for s in examples}
    flat = pd.concat(
        [
            frame.assign(**{nom: f"{key} " + frame[nom] for nom in ("id_formation", "id_action")})
            for key, frame in frames.items()
        ],
        keys=frames,
    )
    flat.index = flat.index.map(" ".join)
    source = get_source("lheo-exemple-formation")
    one = tables_made(flat, source, communes)
    assert len(one["formations"]) == sum(f["id_formation"].nunique() for f in frames.values())
    write_lheo(one, tmp_path / "f.xml")
    assert_same(one, tables_of(tmp_path / "f.xml", source, communes))
    schema.assertValid(etree.parse(tmp_path / "f.xml"))


@pytest.mark.real
def test_the_whole_real_offer_is_a_valid_feed_that_loses_no_session(
    real_snapshot, schema, tmp_path
):
    tables = {nom: real_snapshot.read(nom) for nom in (*NOMS, "sources")}
    nb = write_lheo(tables, tmp_path / "f.xml")
    tree = etree.parse(tmp_path / "f.xml")
    schema.assertValid(tree)
    assert nb == len(tables["formations"]) and len(tree.findall(".//{*}action")) == len(
        tables["actions"]
    )
    assert len(tree.findall(".//{*}session")) == len(tables["sessions"])
    capacities = [int(e.text) for e in tree.iter("{*}capacite-simultanee")]
    assert sum(capacities) == tables["sessions"]["capacite"].sum()


def test_the_command_writes_the_whole_offer_and_refuses_a_part_of_it(tiny_snapshot, tmp_path):
    from click.testing import CliRunner

    from geoapp.cli import main

    out, data = str(tmp_path / "f.xml"), ["--data", str(tiny_snapshot.path.parents[1])]
    done = CliRunner().invoke(main, ["export", "--format", "lheo", "--out", out, *data])
    assert done.exit_code == 0 and "LHÉO 2.3" in done.output, done.output
    assert len(etree.parse(out).findall(".//{*}formation")) == len(tiny_snapshot.read("formations"))
    assert (
        CliRunner()
        .invoke(main, ["export", "--format", "lheo", "--table", "offres", "--out", out, *data])
        .exit_code
        == 2
    )
