"""Polygons from elsewhere: placed by their coordinates, repaired and counted, or refused with a
reason.
"""

import json
import shutil
import warnings
import zipfile

import geopandas as gpd
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from geoapp.core.errors import SourceError
from geoapp.sources.boundaries import read_boundaries

LILLE = box(3.0, 50.6, 3.1, 50.7)


@pytest.fixture
def geojson(tmp_path):
    """Return a function that writes features (geometry, properties) to a GeoJSON file."""

    def _write(*features, name="zones.geojson", **members):
        rows = [
            {
                "type": "Feature",
                "properties": properties,
                "geometry": None if geometry is None else geometry.__geo_interface__,
            }
            for geometry, properties in features
        ]
        path = tmp_path / name
        path.write_text(
            json.dumps({"type": "FeatureCollection", **members, "features": rows}), encoding="utf-8"
        )
        return path

    return _write


@pytest.fixture
def shapefile(tmp_path):
    """Return a function that writes a frame as a zipped shapefile, without the files whose
    extension is given.
    """

    def _write(frame, *without, encoding="utf-8", extra=()):
        folder = tmp_path / "couche"
        folder.mkdir()
        with warnings.catch_warnings(action="ignore"):
            frame.to_file(folder / "zones.shp", encoding=encoding)
        path = tmp_path / "zones.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for member in sorted(folder.iterdir()):
                if member.suffix not in without:
                    archive.write(member, f"dossier/{member.name}")
            for name, content in extra:
                archive.writestr(name, content)
        shutil.rmtree(folder)
        return path

    return _write


def frame_of(*geometries, crs="EPSG:4326", **columns):
    """Return geometries with a column `nom`, accented."""
    return gpd.GeoDataFrame(
        {"nom": ["Béthune"] * len(geometries), **columns}, geometry=list(geometries), crs=crs
    )


def kinds(lecture):
    """Return the kinds of correction, after checking that no feature was lost."""
    assert lecture.nb_lues == len(lecture.frame) + len(lecture.rejets)
    return [c["type_correction"] for c in lecture.corrections]


def refused(path, *words):
    """Check that reading raises one French message naming the file and `words`."""
    with pytest.raises(SourceError) as caught:
        read_boundaries(path)
    text = str(caught.value)
    assert path.name in text and caught.value.cure
    for word in words:
        assert word in text, text


def assert_near_lille(lecture):
    """Check that the first outline is the square near Lille."""
    assert (
        lecture.frame.crs == "EPSG:4326"
        and lecture.frame.geometry.iloc[0].symmetric_difference(LILLE).area < 1e-4
        and lecture.frame.geometry.is_valid.all()
    )


def test_a_sound_geojson_is_read_as_text(geojson):
    properties = {
        "code": "02",
        "n": 4.0,
        "liste": ["a", "b"],
        "date": "2020/01/02",
        "vide": " ",
        "gros": 1.5,
        "oui": True,
    }
    lecture = read_boundaries(geojson((LILLE, properties)))
    assert kinds(lecture) == [] and list(lecture.frame.index) == ["objet 1"]
    row = lecture.frame.iloc[0]
    assert (
        (row["code"], row["n"], row["liste"], row["gros"]) == ("02", "4", "a|b", "1.5")
        and row["date"].startswith("2020")
        and row.isna()["vide"]
    )
    assert_near_lille(lecture)


@pytest.mark.parametrize("crs", ["EPSG:2154", "EPSG:3857", "EPSG:27572", "EPSG:32631", "EPSG:4171"])
def test_a_declared_system_that_gives_france_is_trusted(tmp_path, crs):
    path = tmp_path / "zones.gpkg"
    frame_of(LILLE).to_crs(crs).to_file(path)
    lecture = read_boundaries(path)
    assert kinds(lecture) == [] and lecture.frame["nom"].tolist() == ["Béthune"]
    assert_near_lille(lecture)


def test_lambert_93_metres_declared_as_degrees_are_recognised(geojson):
    metric = gpd.GeoSeries([LILLE], crs=4326).to_crs(2154).iloc[0]
    lecture = read_boundaries(
        geojson(
            (metric, {"a": 1}),
            crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}},
        )
    )
    assert (
        kinds(lecture) == ["systeme_de_coordonnees"]
        and lecture.corrections[0]["corrigee"] == "EPSG:2154"
    )
    assert_near_lille(lecture)


def test_swapped_axes_are_put_right_in_degrees_and_in_metres(geojson):
    swapped = box(50.6, 3.0, 50.7, 3.1)
    metric = gpd.GeoSeries([LILLE], crs=4326).to_crs(2154).iloc[0]
    swapped_metric = Polygon([(y, x) for x, y in metric.exterior.coords])
    lecture = read_boundaries(
        geojson((swapped, {"a": 1}), (LILLE, {"a": 2}), (swapped_metric, {"a": 3}))
    )
    assert kinds(lecture) == ["coordonnees_inversees"] * 2 and [
        c["ligne"] for c in lecture.corrections
    ] == ["objet 1", "objet 3"]
    assert_near_lille(lecture)
    assert list(lecture.frame.index) == ["objet 1", "objet 2", "objet 3"]


def test_overseas_france_is_france(geojson):
    """The producer's file of the QPV of 2024 holds them all."""
    lecture = read_boundaries(
        geojson(
            (LILLE, {"a": 1}),
            (box(55.4, -21, 55.5, -20.9), {"a": 2}),
            (box(-61.6, 16.2, -61.5, 16.3), {"a": 3}),
        )
    )
    assert kinds(lecture) == [] and len(lecture.frame) == 3


def test_a_feature_outside_france_is_rejected_and_a_whole_file_is_refused(geojson):
    elsewhere = box(120, 10, 121, 11)
    lecture = read_boundaries(geojson((LILLE, {"a": 1}), (elsewhere, {"a": 2})))
    assert (
        kinds(lecture) == []
        and lecture.rejets[0]["ligne"] == "objet 2"
        and "hors de France" in lecture.rejets[0]["raison"]
    )
    refused(geojson((elsewhere, {"a": 1})), "hors de France", "objet 1", "120.0")


def test_features_without_polygon_are_rejected(geojson):
    lecture = read_boundaries(
        geojson(
            (LILLE, {"a": 1}),
            (None, {"a": 2}),
            (Polygon(), {"a": 3}),
            (Point(3, 50), {"a": 4}),
            (LineString([(3, 50), (3.1, 50)]), {"a": 5}),
            (MultiPolygon([LILLE]), {"a": 6}),
        )
    )
    assert kinds(lecture) == [] and list(lecture.frame.index) == ["objet 1", "objet 6"]
    assert sorted(r["ligne"] for r in lecture.rejets) == [
        "objet 2",
        "objet 3",
        "objet 4",
        "objet 5",
    ]


def test_a_file_of_empty_geometries_rejects_all_of_them(geojson):
    lecture = read_boundaries(geojson((None, {"a": 1}), (None, {"a": 2})))
    assert lecture.nb_lues == 2 and len(lecture.rejets) == 2 and lecture.frame.empty


def test_an_invalid_outline_is_repaired_and_counted_and_a_collapsed_one_rejected(geojson):
    bowtie = Polygon([(3, 50), (3.1, 50.1), (3.1, 50), (3, 50.1), (3, 50)])
    spike = Polygon([(3, 50), (3.1, 50), (3, 50), (3, 50)])
    lecture = read_boundaries(geojson((bowtie, {"a": 1}), (LILLE, {"a": 2}), (spike, {"a": 3})))
    assert kinds(lecture) == ["contour_invalide"] and [r["ligne"] for r in lecture.rejets] == [
        "objet 3"
    ]
    assert lecture.frame.geometry.is_valid.all() and set(lecture.frame.geom_type) <= {
        "Polygon",
        "MultiPolygon",
    }
    assert lecture.frame.geometry.iloc[1].equals(LILLE)


@pytest.mark.parametrize(
    "coordinates",
    [
        [[[3, 50], [3.1, 50]]],
        "texte",
        [],
        [[[3, 50], [3, float("nan")], [3.1, 50], [3, 50]]],
    ],
)
def test_a_broken_ring_costs_its_feature_only(tmp_path, coordinates):
    good = {"type": "Feature", "properties": {"a": 1}, "geometry": LILLE.__geo_interface__}
    bad = {
        "type": "Feature",
        "properties": {"a": 2},
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }
    path = tmp_path / "zones.geojson"
    path.write_text(
        json.dumps({"type": "FeatureCollection", "features": [good, bad]}), encoding="utf-8"
    )
    lecture = read_boundaries(path)
    assert (
        lecture.nb_lues == 2
        and list(lecture.frame.index) == ["objet 1"]
        and [r["ligne"] for r in lecture.rejets] == ["objet 2"]
    )


def test_a_truncated_or_empty_file_is_told(geojson, tmp_path):
    path = geojson((LILLE, {"a": 1}))
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    refused(path, "illisibles", "coupé")
    path.write_bytes(b"")
    refused(path, "vide")
    refused(geojson(), "aucun objet")
    package = tmp_path / "zones.gpkg"
    frame_of(LILLE).to_file(package)
    package.write_bytes(package.read_bytes()[:40_000])
    refused(package, "illisibles")


def test_text_that_is_not_utf_8_is_told(geojson):
    path = geojson((LILLE, {"nom": "XX"}))
    path.write_bytes(path.read_bytes().replace(b"XX", b"\xe9\xff"))
    refused(path, "illisibles")


def test_a_file_that_names_other_files_never_reaches_gdal(tmp_path, geojson):
    other = geojson((LILLE, {"a": 1}), name="secret.geojson")
    vrt = (
        "<OGRVRTDataSource><OGRVRTLayer "
        f'name="secret"><SrcDataSource>{other}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    )
    for name in ("zones.geojson", "zones.gpkg", "zones.dbf", "zones.shp", "zones.json"):
        path = tmp_path / name
        path.write_text(vrt, encoding="utf-8")
        refused(path, "le contenu n'est pas celui")
    with zipfile.ZipFile(tmp_path / "zones.zip", "w") as archive:
        archive.writestr("zones.geojson", vrt)
    refused(tmp_path / "zones.zip", "le contenu n'est pas celui", "zones.geojson")


def test_a_git_lfs_pointer_a_web_page_and_a_folder_are_told(tmp_path):
    for name, content, word in (
        ("a.gpkg", b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        ("b.geojson", b"<html></html>", "page web"),
    ):
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, word)
    refused(tmp_path, "dossier")


@pytest.mark.parametrize("without", [(), (".cpg",), (".prj",)])
def test_a_zipped_shapefile_is_read_with_its_accents(shapefile, without):
    lecture = read_boundaries(shapefile(frame_of(LILLE), *without))
    assert lecture.frame["nom"].tolist() == ["Béthune"]
    assert kinds(lecture) == (["systeme_de_coordonnees"] if without == (".prj",) else [])
    assert_near_lille(lecture)


@pytest.mark.parametrize(
    "prj",
    [
        (
            'GEOGCS["Mars",DATUM["D_Mars",SPHEROID["Mars",3396190.0,169.89]],PRIMEM["Reference",'
            '0.0],UNIT["Degree",0.0174532925199433]]'
        ),
        "n'importe quoi",
    ],
)
def test_a_system_that_leads_nowhere_is_replaced_by_the_one_that_fits(shapefile, prj):
    lecture = read_boundaries(
        shapefile(frame_of(LILLE), ".prj", extra=[("dossier/zones.prj", prj)])
    )
    assert kinds(lecture) == ["systeme_de_coordonnees"]
    assert_near_lille(lecture)


def test_a_system_that_is_not_utf_8_is_told(shapefile):
    refused(
        shapefile(
            frame_of(LILLE),
            ".prj",
            extra=[
                (
                    "dossier/zones.prj",
                    (
                        b'GEOGCS["M\xd0 x",DATUM["D\xd0 '
                        b'x",SPHEROID["x",6378137.0,298.25]],PRIMEM["G",0.0],UNIT["Degree",'
                        b"0.0174532925199433]]"
                    ),
                )
            ],
        ),
        "illisibles",
    )


def test_a_shapefile_in_latin_1_keeps_its_accents(shapefile):
    assert read_boundaries(shapefile(frame_of(LILLE), ".cpg", encoding="ISO-8859-1")).frame[
        "nom"
    ].tolist() == ["Béthune"]


@pytest.mark.parametrize(
    "without, words", [((".shp",), ("ni shapefile",)), ((".shx",), ("illisibles",))]
)
def test_a_shapefile_that_lacks_a_part_is_told(shapefile, without, words):
    refused(shapefile(frame_of(LILLE), *without), *words)


def test_an_archive_with_a_dangerous_entry_is_refused(shapefile, tmp_path):
    path = shapefile(frame_of(LILLE), extra=[("../evil", "x")])
    refused(path, "../evil")
    assert not (tmp_path.parent / "evil").exists()


def test_the_shapefile_is_preferred_to_a_note_beside_it(shapefile):
    lecture = read_boundaries(shapefile(frame_of(LILLE), extra=[("a.json", '{"note": 1}')]))
    assert len(lecture.frame) == 1


def test_the_first_layer_with_outlines_is_read(tmp_path):
    import pyogrio

    path = tmp_path / "zones.gpkg"
    pyogrio.write_dataframe(frame_of(LILLE).drop(columns="geometry"), path, layer="a_table")
    pyogrio.write_dataframe(frame_of(LILLE), path, layer="zones")
    assert len(read_boundaries(path).frame) == 1 and not read_boundaries(path).rejets


@pytest.mark.real
def test_the_dbf_without_encoding_keeps_its_accents(mirror):
    lecture = read_boundaries(mirror / "quirks" / "quirk_insee_ze2020_2022.dbf")
    names = lecture.frame["libze2020"]
    assert lecture.nb_lues == 306 and not lecture.rejets and kinds(lecture) == []
    assert names.str.contains("Étampes|Béthune|Orléans").any() and not names.str.contains("Ã").any()


@pytest.mark.real
def test_the_geojson_declared_in_degrees_is_read_in_metres(mirror):
    lecture = read_boundaries(
        mirror / "quirks" / "quirk_geojson_declare_CRS84_coords_LAMBERT93.geojson"
    )
    assert kinds(lecture) == ["systeme_de_coordonnees"] and lecture.frame.total_bounds[1] > 41


@pytest.mark.real
def test_the_same_quarters_in_both_containers(mirror):
    metric, degrees = (
        read_boundaries(mirror / "zonages" / f"qpv2015_mel.{suffix}")
        for suffix in ("gpkg", "geojson")
    )
    assert len(metric.frame) == len(degrees.frame) == 26
    a, b = (
        lecture.frame.set_index("CODE_QP").geometry.sort_index().to_crs(2154)
        for lecture in (metric, degrees)
    )
    assert a.symmetric_difference(b).area.max() < 1000
