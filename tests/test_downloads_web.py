"""The page « Données » and its downloads: everything is listed, every link gives the table,
descriptions validate, bad names are refused.
"""

import hashlib
import html
import io
import json
import re

import frictionless
import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest

from geoapp.core import schema
from geoapp.core.config import Settings
from geoapp.outputs.catalogue.indicators import list_zonings
from geoapp.outputs.catalogue.listing import list_resources
from geoapp.outputs.files.days import JOUR
from geoapp.outputs.files.formats import FORMATS, LISEZMOI
from geoapp.web import create_app, downloads
from support.examples import NIGHT
from support.words import flat
from support.world import make_tiny_frames, publish_world


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """Return the tiny world with a source for each thing, one of them under ODbL."""
    frames = make_tiny_frames()
    model = frames["sources"].iloc[:1]
    more = [
        model.assign(id_source=usage, usage=usage, titre=f"Source de {usage}", licence=licence)
        for usage, licence in (
            ("communes", "Licence Ouverte 2.0"),
            ("offre_departement", "Licence Ouverte 2.0"),
            ("population", "Licence Ouverte 2.0"),
            ("statistique", "Licence Ouverte 2.0"),
            ("besoins", "Licence Ouverte 2.0"),
            ("tensions", "Licence Ouverte 2.0"),
            ("demandeurs_secteurs", "Licence Ouverte 2.0"),
            ("mesures_communes", "Licence Ouverte 2.0"),
            ("lieux_information", "Licence Ouverte 2.0"),
            ("nomenclature", "non précisée par le producteur"),
            ("etablissements", "ODbL"),
        )
    ]
    frames["sources"] = pd.concat([frames["sources"], *more], ignore_index=True)
    return publish_world(frames, tmp_path_factory.mktemp("donnees"))


@pytest.fixture(scope="module")
def client(snapshot):
    return create_app(
        settings=Settings(data_dir=snapshot.path.parents[1], contact="carte@example.org")
    ).test_client()


def test_the_page_lists_everything_with_rows_licence_and_files(client, snapshot):
    text = client.get("/donnees").text
    for one in list_resources(snapshot):
        row = re.search(rf'<tr id="{one.id}">.*?</tr>', text, re.DOTALL).group(0)
        assert one.titre.replace("'", "’") in row and one.licences[0].titre in row
        # Beside the formats, the notice of the CSV.
        assert len(re.findall(r"<a href=", row)) == len(one.formats) + 1 == (8 if one.forme else 6)
    assert (
        'aria-current="page">Données' in text
        and "<caption>Tables de l’instantané et leurs fichiers</caption>" in text
    )
    for table in schema.TABLES.values():
        assert all(
            f"<code>{c.nom}</code>" in text for c in table.colonnes if c.type != "geometrie"
        ), "the dictionary has every column"


@pytest.fixture(scope="module")
def lasting(snapshot):
    """Return an application whose files are those of `light`, made once."""
    settings = Settings(data_dir=snapshot.path.parents[1], contact="carte@example.org")
    return create_app(settings=settings)


@pytest.fixture
def light(lasting, monkeypatch):
    """Return a client of which, of each format, one file of each kind of shape is made for real:
    what the file of each table holds is read back by `test_catalogue`.
    """
    write, made = downloads._write, {}

    def write_one(fichier, form, path):
        kind = form.nom, fichier.forme, fichier.nom in schema.TABLES
        if made.setdefault(kind, fichier.nom) == fichier.nom:
            write(fichier, form, path)
        else:
            path.write_bytes(fichier.nom.encode())

    monkeypatch.setattr(downloads, "_write", write_one)
    return lasting.test_client()


def test_every_link_of_the_page_is_a_file(light, snapshot):
    links = re.findall(
        r'href="(/donnees/(?:tables|indicateurs)/[^"]+)" download', flat(light.get("/donnees").text)
    )
    resources = list_resources(snapshot)
    assert len(set(links)) == len(links) == sum(len(one.formats) + 1 for one in resources)
    asked = links if NIGHT else links[::3]
    ends = {link.partition(".")[2] for link in links}
    assert {link.partition(".")[2] for link in asked} == ends, "every kind of file is asked"
    for link in asked:
        answer = light.get(link)
        assert (
            answer.status_code == 200
            and int(answer.headers["Content-Length"]) == len(answer.data) > 0
        ), link
        assert re.fullmatch(
            r"attachment; filename=[\w-]+\.[\w.-]+", answer.headers["Content-Disposition"]
        )
        assert answer.mimetype == next(
            f.mimetype
            for f in (*FORMATS.values(), LISEZMOI)
            if link.endswith(f.suffixe) and (f.nom != "csv" or ".simple." not in link)
        )


def test_the_parquet_of_a_table_is_that_of_the_snapshot(client, snapshot):
    assert (
        client.get("/donnees/tables/offres.parquet").data
        == (snapshot.path / "offres.parquet").read_bytes()
    )


def test_a_file_is_made_once_and_the_same_twice(client, monkeypatch):
    first = client.get("/donnees/tables/lieux.xlsx").data
    monkeypatch.setattr("geoapp.web.downloads._write", lambda *args: pytest.fail("made again"))
    assert client.get("/donnees/tables/lieux.xlsx").data == first
    sheet = openpyxl.load_workbook(io.BytesIO(first))
    assert sheet.sheetnames == ["Données", "Lisez-moi"] and sheet["Données"].freeze_panes == "B2"


def test_indicators_follow_the_question_of_the_page(client):
    page = client.get("/donnees?seuil_km=5&domaine=sante&zonage=epci").text
    assert "Santé" in page and "à 5\u202fkm par la route" in page
    link = (
        re.search(r'href="(/donnees/indicateurs/ze2020\.geojson[^"]*)"', page)
        .group(1)
        .replace("&amp;", "&")
    )
    assert "seuil_km=5" in link and "domaine=sante" in link and "zonage" not in link
    ours = json.loads(client.get(link).data)["features"]
    theirs = client.get("/api/v1/couverture?seuil_km=5&domaine=sante&zonage=ze2020").json["zones"]
    assert [(f["properties"]["code_zone"], f["properties"]["part_non_couverte"]) for f in ours] == [
        (z["code_zone"], z["part_non_couverte"]) for z in theirs
    ]


def test_small_counts_are_hidden_in_every_format(tmp_path):
    frames = make_tiny_frames()
    frames["demande"].loc[0, ["population", "population_retenue"]] = 3.0
    client = create_app(
        settings=Settings(data_dir=publish_world(frames, tmp_path).path.parents[1])
    ).test_client()
    rows = {
        f["properties"]["code_zone"]: f["properties"]
        for f in json.loads(client.get("/donnees/indicateurs/commune.geojson").data)["features"]
    }
    hidden = [row for row in rows.values() if row["population"] is None]
    assert hidden and all("population" in row["masques"] for row in hidden)
    plain = client.get("/donnees/indicateurs/commune.simple.csv").text.splitlines()
    column = plain[0].split(",").index("population")
    assert sum(line.split(",")[column] == "" for line in plain[1:]) == len(hidden)


def test_everything_is_one_geopackage(client, snapshot, tmp_path):
    path = tmp_path / "tout.gpkg"
    path.write_bytes(client.get("/donnees/geoforma.gpkg").data)
    layers = dict(pyogrio.list_layers(path))
    resources = list_resources(snapshot)
    assert set(layers) == {one.titre for one in resources} | {
        "lisez_moi",
        "dictionnaire",
        "layer_styles",
    }
    for one in resources:
        info = pyogrio.read_info(path, layer=one.titre)
        assert info["features"] == one.nb_lignes and info["crs"] == (
            "EPSG:4326" if one.forme else None
        )
        # Beside a date that is not known to the day, the day that it may be.
        told = [nom for nom in info["fields"] if not nom.endswith(JOUR)]
        assert told == [colonne.nom for colonne in one.colonnes]
    styles = pyogrio.read_dataframe(path, layer="layer_styles").set_index("f_table_name")[
        "styleQML"
    ]
    assert set(styles.index) == {one.titre for one in resources}, "every layer names its columns"
    assert 'type="RuleRenderer"' in styles["Couverture par commune"]
    assert '"part_non_couverte" >= ' in html.unescape(styles["Couverture par commune"])
    assert 'type="categorizedSymbol"' in styles["Offre de formation"]
    assert 'attr="code_domaine"' in styles["Offre de formation"]
    assert 'field="id_organisme"' in styles["Organismes de formation"]
    dictionary = pyogrio.read_dataframe(path, layer="dictionnaire")
    assert set(dictionary.loc[dictionary["couche"].eq("Offre de formation"), "colonne"]) == set(
        schema.TABLES["offres"].noms
    ) - {"geometry"}


def test_the_data_package_describes_what_is_served(client, snapshot, tmp_path):
    package = client.get("/donnees/datapackage.json").json
    assert not list(frictionless.Package.metadata_validate(package))
    for one in package["resources"]:
        path = tmp_path / one["path"]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(client.get(f"/donnees/{one['path']}").data)
        assert one["licenses"] and one["sources"] and one["schema"]["primaryKey"]
    (tmp_path / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    report = frictionless.validate(str(tmp_path / "datapackage.json"))
    assert report.valid and len(report.tasks) == len(list_resources(snapshot)), [
        (task.name, [e.message for e in task.errors]) for task in report.tasks if task.errors
    ]


def test_a_data_package_that_lies_is_found_out(client, tmp_path):
    package = client.get("/donnees/datapackage.json").json
    resource = next(one for one in package["resources"] if one["name"] == "sources")
    (tmp_path / "tables").mkdir()
    (tmp_path / resource["path"]).write_bytes(
        client.get(f"/donnees/{resource['path']}").data.replace(b",8,6,2,", b",huit,6,2,")
    )
    (tmp_path / "datapackage.json").write_text(
        json.dumps({**package, "resources": [resource]}), encoding="utf-8"
    )
    assert (
        next(
            error.type
            for error in frictionless.validate(str(tmp_path / "datapackage.json")).tasks[0].errors
        )
        == "type-error"
    )


def test_each_resource_says_its_licence(client):
    licences = {
        one["name"]: [licence["name"] for licence in one["licenses"]]
        for one in client.get("/donnees/datapackage.json").json["resources"]
    }
    assert (
        licences["lieux"]
        == [licences["couverture-commune"][0], "etalab-2.0"]
        == ["ODbL-1.0", "etalab-2.0"]
    )
    assert licences["sessions"] == licences["communes"] == ["etalab-2.0"] and licences[
        "formations"
    ] == ["notspecified", "etalab-2.0"]


IRI = re.compile(r"https?://[^\s#]+(#[\w-]+)?|mailto:\S+")


def test_the_catalogue_has_what_dcat_ap_requires(light, snapshot):
    answer = light.get("/donnees/catalogue.jsonld")
    assert (
        answer.mimetype == "application/ld+json"
        and light.get(
            "/donnees/catalogue.jsonld", headers={"If-None-Match": answer.headers["ETag"]}
        ).status_code
        == 304
    )
    graph = answer.get_json(force=True)["@graph"]
    by_id = {node["@id"]: node for node in graph}
    assert len(by_id) == len(graph)
    catalogue = next(node for node in graph if node["@type"] == "dcat:Catalog")
    assert all(
        catalogue[key]
        for key in (
            "dct:title",
            "dct:description",
            "dct:publisher",
            "dcat:dataset",
            "dct:language",
            "foaf:homepage",
        )
    )
    datasets = [by_id[link["@id"]] for link in catalogue["dcat:dataset"]]
    assert len(datasets) == len(list_resources(snapshot)) and all(
        one["@type"] == "dcat:Dataset" for one in datasets
    )
    for one in datasets:
        assert all(
            one[key]
            for key in (
                "dct:title",
                "dct:description",
                "dct:publisher",
                "dcat:theme",
                "dcat:keyword",
                "dcat:contactPoint",
                "dct:provenance",
                "dcat:distribution",
            )
        )
        assert one["dcat:contactPoint"]["vcard:hasEmail"] == {"@id": "mailto:carte@example.org"}
        for link in one["dcat:distribution"]:
            file = by_id[link["@id"]]
            assert (
                file["@type"] == "dcat:Distribution"
                and IRI.fullmatch(file["dcat:accessURL"]["@id"])
                and file["dct:rights"]
            )
            assert (
                light.get(
                    file["dcat:downloadURL"]["@id"].removeprefix("http://localhost")
                ).status_code
                == 200
            )
    for node in graph:
        assert IRI.fullmatch(node["@id"]) and "javascript:" not in json.dumps(node)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/donnees/tables/offre.csv", 404, "Vouliez-vous dire « offres »"),
        ("/donnees/tables/offres.xls", 404, "Vouliez-vous dire « offres.xlsx »"),
        ("/donnees/tables/offres", 404, "Formats"),
        ("/donnees/tables/sessions.geojson", 404, "ni position ni contour"),
        ("/donnees/tables/..%2Fmanifest.json", 404, ""),
        ("/donnees/indicateurs/ze202.csv", 404, "Vouliez-vous dire « ze2020 »"),
        ("/donnees/indicateurs/epci.csv?zonage=epci", 400, "dans le nom du fichier"),
        ("/donnees/indicateurs/epci.csv?seuil_km=900", 400, "de 1 à 100"),
        ("/donnees/tables/offres.csv?x=1", 400, "Paramètre inconnu"),
        ("/donnees/datapackage.json?x=1", 400, "Paramètre inconnu"),
        ("/donnees?sueil_km=3", 400, "seuil_km"),
    ],
)
def test_what_does_not_exist_is_refused_in_french(client, path, status, text):
    answer = client.get(path)
    assert answer.status_code == status
    assert text in (
        answer.text if answer.mimetype == "text/html" else answer.json["erreur"]["message"]
    )


@pytest.mark.real
def test_the_real_files_open_and_the_real_package_validates(real_snapshot, tmp_path):
    from click.testing import CliRunner

    from geoapp.cli import main

    data = ["--data", str(real_snapshot.path.parents[1])]
    result = CliRunner().invoke(
        main,
        ["export", *data, "--tout", "--format", "csv-simple", "--out", str(tmp_path / "paquet")],
    )
    assert result.exit_code == 0, result.output
    # The first rows of each: the types of the others are held by the schema of the snapshot.
    limit = {} if NIGHT else {"limit_rows": 100}
    report = frictionless.validate(str(tmp_path / "paquet" / "datapackage.json"), **limit)
    assert report.valid, [
        (task.name, [error.message for error in task.errors[:2]])
        for task in report.tasks
        if task.errors
    ]
    described = (tmp_path / "paquet" / "datapackage.json").read_text(encoding="utf-8")
    resources = json.loads(described)["resources"]
    assert {one["name"] for one in resources} == {one.id for one in list_resources(real_snapshot)}
    for one in resources:
        content = (tmp_path / "paquet" / one["path"]).read_bytes()
        assert one["bytes"] == len(content), one["name"]
        assert one["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}", one["name"]
    assert len(list_zonings(real_snapshot)) == 12


@pytest.mark.real
def test_gdal_lists_the_layers_of_the_real_geopackage(real_snapshot, tmp_path):
    import shutil
    import subprocess

    from geoapp.outputs.catalogue.export import extract

    out = tmp_path / "ze.gpkg"
    extract(real_snapshot, out, choix={"indicateurs": "ze2020"}, parametres={"seuil_km": "10"})
    layer = gpd.read_file(out, layer="Couverture par zone d'emploi 2020")
    assert len(layer) == 24 and layer.crs.to_epsg() == 4326 and layer.geometry.notna().all()
    if shutil.which("ogrinfo"):
        told = subprocess.run(
            ["ogrinfo", "-so", "-al", str(out)], capture_output=True, text=True, check=True
        ).stdout
        assert (
            "Layer name: Couverture par zone d'emploi 2020" in told
            and "Feature Count: 24" in told
            and 'ID["EPSG",4326]' in told
        )
        assert "Layer name: lisez_moi" in told and "Layer name: layer_styles" in told
