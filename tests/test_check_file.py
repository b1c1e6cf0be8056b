"""`geoapp check`: recognise a file, count it, list its rejects, never a traceback."""

import csv
import gzip
import itertools
import json
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.cli.check_report import print_check
from geoapp.core.errors import ParameterError, SourceError
from geoapp.ingest.check_file import NB_EXEMPLES, Controle, check_file
from geoapp.ingest.checking import check_lecture
from geoapp.ingest.territories import load_communes
from geoapp.reference.commune_codes import make_passage
from geoapp.sources.formats import FORMATS
from geoapp.sources.lheo import iter_lheo
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source, load_sources

HEADER = "uai;nom;latitude;longitude;code_insee"
GOOD = "0590184E;Lycée;50.63;3.06;59350"
QUIRKS = {
    "asp_ref_insee_com_v4_hdf.csv": (
        "7\u202f866 lignes lues, 7\u202f866 valides, 0 rejetée",
        "zéro de tête rétabli",
    ),
    "quirk_geojson_declare_CRS84_coords_LAMBERT93.geojson": (
        "1 ligne lue, 1 valide, 0 rejetée",
        "coordonnées d'un autre système",
    ),
    "quirk_insee_ze2020_2022.dbf": ("306 lignes lues, 306 valides, 0 rejetée", ""),
}
AMBIGUOUS = {"epci-2025": {"ze2020", "epci-2025"}, "qpv2015-geojson": {"qpv2015-region"}}
"""Files whose columns are those of several sources: the name alone tells."""
_STREETS = {"rues-osm-lille", "rues-osm-amiens", "rues-osm-calais-dunkerque"}
AMBIGUOUS |= dict.fromkeys(_STREETS, _STREETS)
EXAMPLES = {
    "lheo-exemple-formation": "lheo-region",
    "lheo-exemple-onisep": "lheo-region",
    "intercarif-exemple-formation": "intercarif-exemple-certifiante",
    "onisep-seconde": "onisep-seconde",
}
"""Real examples of a format, and the source that such a file is read as under another name."""
AMBIGUOUS |= {example: {source} for example, source in EXAMPLES.items()}


def run(*args):
    """Run `geoapp check` and return its exit code and what it printed, after checking that nothing
    crashed.
    """
    result = CliRunner().invoke(main, ["check", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result.exit_code, result.output


@pytest.fixture
def places(tmp_path):
    """Return a function that writes establishment rows under a name no source has."""

    def _write(*rows, header=HEADER, name="mes_lieux.csv"):
        path = tmp_path / name
        path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        return path

    return _write


def test_a_clean_file_is_recognised_by_its_columns(places):
    code, text = run(places(GOOD))
    assert (
        code == 0
        and "lu comme « uai-coordonnees »" in text
        and "1 ligne lue, 1 valide, 0 rejetée" in text
    )


def test_rejects_are_listed_and_set_the_exit_code(places, tmp_path):
    out = tmp_path / "rejets.csv"
    code, text = run(places(GOOD, "0590184X;Faux;50.63;3.06;59350", "court"), "--out", out)
    assert (
        code == 1
        and "3 lignes lues, 1 valide, 2 rejetées" in text
        and "clé fausse" in text
        and "ligne 4" in text
    )
    with open(out, encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=";"))
    assert [r["ligne"] for r in rows] == ["ligne 4", "ligne 3"] and rows[1]["valeur"] == "0590184X"


def test_a_gzipped_file_is_recognised_too(places):
    path = places(GOOD)
    packed = path.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert run(packed)[0] == 0


def test_a_missing_column_is_told_with_the_nearest(places):
    code, text = run(places(GOOD, header=HEADER.replace("latitude", "lattitude")))
    assert (
        code == 1
        and "uai-coordonnees" in text
        and "« latitude » (la plus proche : « lattitude »)" in text
    )
    code, text = run(
        places(GOOD, header=HEADER.replace("latitude", "lattitude")), "--as", "uai-coordonnees"
    )
    assert (
        code == 1
        and "« latitude » est absente" in text
        and "La plus proche : « lattitude »" in text
    )


def test_an_unknown_file_is_told_with_its_columns_and_the_cure(places):
    code, text = run(places("1;2", header="pomme;poire"))
    assert (
        code == 1
        and "format non reconnu" in text
        and "poire, pomme" in text
        and "--as" in text
        and "il manque" not in text
    )


@pytest.mark.parametrize(
    "name, content, code, words",
    [
        ("vide.csv", b"", 1, ("vide.csv", "vide")),
        ("f.xml", b"<a/>", 1, ("racine est « a »", "LHÉO")),
        ("sans", b"a", 1, ("format non reconnu", "colonnes : a")),
        ("t.json", b'[{"a": ', 1, ("t.json", "ligne 1, colonne")),
        ("l.csv", b"\xde\xf0\xfe;b\n", 1, ("ligne 1", "Windows-1252")),
        ("p.csv", b"%PDF-1.7\n", 1, ("PDF", "CSV")),
        ("x.xlsx", b"a;b\n", 1, ("format non reconnu", "colonnes : a, b")),
        ("z.zip", b"PK", 1, ("zip",)),
        ("g.geojson", b'{"type": "FeatureColl', 1, ("coup",)),
    ],
)
def test_a_hostile_file_gets_one_message(tmp_path, name, content, code, words):
    path = tmp_path / name
    path.write_bytes(content)
    found, text = run(path)
    assert found == code and text.startswith("Erreur : ")
    for word in words:
        assert word in text


def test_a_wrong_path_or_source_is_a_wrong_parameter(places, tmp_path):
    assert run(tmp_path / "absent.csv")[0] == 2
    assert run(tmp_path)[0] == 2
    code, text = run(places(GOOD), "--as", "uai-coordonees")
    assert code == 2 and "Vouliez-vous dire « uai-coordonnees »" in text
    with pytest.raises(ParameterError):
        check_file(tmp_path / "absent.csv")


def test_a_header_alone_is_told(places):
    code, text = run(places())
    assert code == 1 and "aucune ligne de données" in text


def test_what_a_file_holds_is_printed_inert(places, capsys):
    """Neither terminal escapes nor the markup of our own tables may come from a file."""
    code, text = run(places("\x1b[31mrouge\x1b[0m;[bold]x[/bold];a;b;[link=file:///etc]y"))
    assert code == 1 and "\x1b" not in text and "·[31mrouge·[0m" in text
    rejet = {
        "ligne": "ligne 2",
        "colonne": "[red]c[/red]",
        "valeur": "\x1b]0;titre\x07 [bold]x[/bold] \u202e",
        "code_raison": "uai_faux",
        "raison": "[/]",
        "valeur_proche": None,
    }
    print_check(
        Path("f.csv"),
        get_source("uai-coordonnees"),
        Controle(
            nb_lues=1,
            nb_valides=0,
            nb_rejetees=1,
            nb_extras=0,
            raisons=Counter(uai_faux=1),
            exemples=[rejet],
        ),
    )
    shown = capsys.readouterr().out
    assert (
        "\x1b" not in shown
        and "\x07" not in shown
        and "\u202e" not in shown
        and "[bold]x[/bold]" in shown
        and "[red]c[/red]" in shown
    )
    code, text = run(places("1", header="\x1b[31mcolonne"))
    assert code == 1 and "\x1b" not in text


def test_rejects_written_for_a_spreadsheet_run_no_formula(places, tmp_path):
    out = tmp_path / "r.csv"
    run(places('"=HYPERLINK(""x"")";Faux;50.63;3.06;59350'), "--out", out)
    assert out.read_bytes().startswith(b"\xef\xbb\xbf") and "'=HYPERLINK" in out.read_text(
        encoding="utf-8-sig"
    )


def test_a_file_is_read_once_per_way_of_reading(places):
    """Twenty CSV sources, one parse: a big unknown file must not take twenty times as long."""
    import time

    path = places(*[GOOD] * 60_000)
    start = time.process_time()
    _, bilan = check_file(path)
    assert bilan.nb_lues == 60_000 and time.process_time() - start < 20


def test_a_lheo_feed_is_recognised_whatever_its_name_and_packing(tmp_path):
    feed = (Path(__file__).parent / "data" / "lheo_2.3.xml").read_bytes()
    with zipfile.ZipFile(tmp_path / "flux.zip", "w") as archive:
        archive.writestr("dossier/offre.xml", feed)
    (tmp_path / "flux.csv").write_bytes(b"\xef\xbb\xbf" + feed)
    (tmp_path / "flux.dat").write_bytes(gzip.compress(feed))
    for name in ("flux.zip", "flux.csv", "flux.dat"):
        code, text = run(tmp_path / name)
        assert (
            code == 0 and "lu comme « lheo-region »" in text and "3 lignes lues, 3 valides" in text
        ), name
        assert (
            "1 × valeur inutilisable, écartée (url), par exemple "
            "/lheo/offres/formation[2]/action[1] : « javascript:alert(1) »"
        ) in text
        assert "1 élément privé (extras) laissé de côté" in text


def write_feed(path: Path, numbers: list[int], end: str = "</offres></lheo>") -> Path:
    """Write a LHÉO feed of formations; equal numbers make equal rows, 0 a formation without
    action.
    """
    one = (
        "<formation numero='F{n}'><intitule-formation>Titre "
        "{n}</intitule-formation>{action}</formation>"
    )
    action = (
        "<action "
        "numero='A{n}'><lieu-de-formation><coordonnees><adresse><code-INSEE-commune>62498</"
        "code-INSEE-commune></adresse></coordonnees></lieu-de-formation></action>"
    )
    body = "".join(one.format(n=n, action=action.format(n=n) if n else "") for n in numbers)
    path.write_text(f'<lheo xmlns="http://lheo.gouv.fr/2.3"><offres>{body}{end}', encoding="utf-8")
    return path


def cut_in_batches(monkeypatch, nb: int) -> None:
    """Make a batch of a stream some rows long."""
    short = replace(FORMATS["lheo"], lire_par_lots=partial(iter_lheo, batch=nb))
    monkeypatch.setitem(FORMATS, "lheo", short)


@pytest.fixture
def short_batches(monkeypatch):
    """Make a batch of a stream two rows long."""
    cut_in_batches(monkeypatch, 2)


def test_a_row_is_found_repeated_wherever_the_first_one_was(tmp_path, short_batches):
    path, out = (
        write_feed(tmp_path / "flux.xml", [1, 2, 3, 0, 2, 4, 2, 5, 1]),
        tmp_path / "rejets.csv",
    )
    code, text = run(path, "--out", out)
    assert code == 1 and "9 lignes lues, 5 valides, 4 rejetées" in text
    assert (
        "3 lignes rejetées : Ligne répétée (ligne_repetee)" in text
        and "1 ligne rejetée : Formation sans action (sans_action)" in text
    )
    with open(out, encoding="utf-8-sig", newline="") as stream:
        written = [
            {k: v or None for k, v in row.items()} for row in csv.DictReader(stream, delimiter=";")
        ]
    source = get_source("lheo-region")
    communes = load_communes("32")
    whole = check_lecture(
        source,
        read_source(source, path),
        communes=communes,
        passage=make_passage(communes, []),
    )
    assert sorted(written, key=str) == sorted(whole.rejets, key=str), (
        "a stream refuses what the build refuses, for the same reasons"
    )
    assert "formation[2]/action[1]/lieu-de-formation[1] »" in next(
        row["raison"] for row in written if "formation[7]" in row["ligne"]
    )


def test_rejects_are_all_written_and_a_few_kept(tmp_path, monkeypatch):
    # Four batches: the second one has more rejects than are still to be kept.
    cut_in_batches(monkeypatch, 15)
    path, out = write_feed(tmp_path / "flux.xml", [1] * 60), tmp_path / "rejets.csv"
    _, found = check_file(path, out=out)
    assert (
        found.nb_rejetees == 59
        and len(found.exemples) == NB_EXEMPLES
        and found.raisons == {"ligne_repetee": 59}
    )
    assert len(out.read_text(encoding="utf-8-sig").splitlines()) == 60
    assert "et 39 autres" in run(path)[1]


def test_a_feed_cut_on_its_way_leaves_no_half_list(tmp_path, short_batches):
    out = tmp_path / "rejets.csv"
    out.write_text("celui d'avant", encoding="utf-8")
    code, text = run(
        write_feed(tmp_path / "flux.xml", [1, 1, 2, 2, 3, 3], end="<formation>"), "--out", out
    )
    assert code == 1 and "flux.xml" in text
    assert out.read_text(encoding="utf-8") == "celui d'avant" and {
        p.name for p in tmp_path.iterdir()
    } == {"flux.xml", "rejets.csv"}


def test_the_list_of_rejects_never_takes_the_place_of_the_file(places, tmp_path):
    path = places(GOOD, "court")
    before = path.read_bytes()
    code, text = run(path, "--out", path)
    assert code == 2 and "autre nom" in text and path.read_bytes() == before
    assert run(path, "--out", tmp_path / "absent" / "r.csv")[0] == 1


# --- The real files
# --------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize("name", QUIRKS)
def test_the_quirks_are_read_or_told(mirror, name):
    code, text = run(mirror / "quirks" / name)
    counts, repair = QUIRKS[name]
    assert code == 0 and counts in text and repair in text


CHECKS = """
import sys
from geoapp.cli import main
for path in sys.argv[1:]:
    try:
        main(["check", path])
    except SystemExit as ended:
        assert not ended.code, path
"""


@pytest.mark.real
def test_the_quirks_in_a_process_of_their_own(mirror):
    """One process for all: it takes longer to start than to check them."""
    done = subprocess.run(
        [sys.executable, "-c", CHECKS, *(str(mirror / "quirks" / name) for name in QUIRKS)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=Path(__file__).resolve().parents[1],
        timeout=120,
    )
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr
    told = done.stdout
    for name in QUIRKS:
        _, found, told = told.partition(QUIRKS[name][0])
        assert found, name


def copy_head(path: Path, copy: Path, lines: int = 300) -> None:
    """Copy the first lines of a CSV file, plain or gzipped; the whole of any other file."""
    if ".csv" not in path.suffixes:
        shutil.copy(path, copy)
        return
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rb") as whole, opened(copy, "wb") as head:
        head.writelines(itertools.islice(whole, lines))


@pytest.mark.real
@pytest.mark.parametrize(
    "id_source",
    [s.id for s in load_sources().values() if s.usage != "offre_exemple" or s.id in EXAMPLES],
)
def test_every_real_file_is_recognised_by_name_and_by_columns(
    mirror, tmp_path, monkeypatch, id_source
):
    """Its first rows are checked under its name: a build of the mirror checks them all."""
    path = mirror / get_source(id_source).fichier
    if not path.is_file():
        pytest.skip("ce fichier n'est pas dans le miroir")
    named = tmp_path / path.name
    copy_head(path, named)
    sources = load_sources()
    same = {one.id for one in sources.values() if one.fichier == sources[id_source].fichier}
    source, bilan = check_file(named)
    assert source.id in same
    assert bilan.nb_lues == bilan.nb_valides + bilan.nb_rejetees > 0
    # Without header, the name alone tells.
    if "entete" not in sources[id_source].options:
        copy = named.rename(
            tmp_path / f"renomme{get_source(id_source).annee}{''.join(path.suffixes)}"
        )
        # The same rows: they are not checked again.
        monkeypatch.setattr("geoapp.ingest.check_file._check", lambda *given: None)
        assert check_file(copy)[0].id in AMBIGUOUS.get(id_source, set()) | same


@pytest.mark.real
def test_rows_that_only_a_code_places_are_told_apart(mirror, tmp_path):
    """A build places nearly all of them: « 0 placée » alone would not be true."""
    for id_source, by_code in (("bts-2024", True), ("affelnet-2020", False)):
        copy = tmp_path / Path(get_source(id_source).fichier).name
        copy_head(mirror / get_source(id_source).fichier, copy)
        found = check_file(copy)[1]
        assert (found.nb_placees, found.nb_par_code) == (
            (0, found.nb_valides) if by_code else (found.nb_valides, 0)
        )
        assert ("place par leur code UAI" in run(copy)[1]) == by_code


@pytest.mark.real
def test_a_real_file_cut_short_is_told(mirror, tmp_path):
    for name in (
        "offre/rcoformations_2020-11-16_hdf.json",
        "zonages/qpv2015_mel.geojson",
        "zonages/insee_ze2020_au_01-01-2022.xlsx",
        "zonages/qpv2015_mel.gpkg",
    ):
        content = (mirror / name).read_bytes()
        path = tmp_path / Path(name).name
        path.write_bytes(content[: len(content) * 3 // 5])
        with pytest.raises(SourceError) as caught:
            check_file(path)
        assert path.name in str(caught.value)


def test_json_rows_are_recognised_too(tmp_path):
    row = {
        "uai": "0590184E",
        "entreprise_raison_sociale": "CFA",
        "geo_coordonnees": "50.63,3.06",
        "code_insee_localite": "59350",
    }
    path = tmp_path / "cfa.json"
    path.write_text(json.dumps([row, 3]), encoding="utf-8")
    source, bilan = check_file(path)
    assert source.id == "rco-etablissements-2022" and (
        bilan.nb_lues,
        bilan.nb_valides,
        bilan.nb_rejetees,
    ) == (2, 1, 1)
