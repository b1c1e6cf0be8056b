"""CSV, JSON and XLSX: read as text, every row kept or rejected, every defect told in French."""

import gzip
import tracemalloc
import zipfile

import openpyxl
import pytest

from geoapp.core.errors import SourceError
from geoapp.sources import content, tabular
from geoapp.sources.header_line import MAX_COLUMNS
from geoapp.sources.json_rows import read_json
from geoapp.sources.records import show
from geoapp.sources.tabular import MAX_FIELD, read_csv
from geoapp.sources.workbook import MAX_CELLS, read_xlsx


@pytest.fixture
def write(tmp_path):
    """Return a function that writes bytes or text to a file of that name."""

    def _write(text, name="essai.csv"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return _write


@pytest.fixture
def workbook(tmp_path):
    """Return a function that writes rows to the sheet « Données » of a workbook."""

    def _write(rows, **sheets):
        book = openpyxl.Workbook()
        book.active.title = "Données"
        for row in rows:
            book.active.append(row)
        for name, others in sheets.items():
            sheet = book.create_sheet(name)
            for row in others:
                sheet.append(row)
        path = tmp_path / "classeur.xlsx"
        book.save(path)
        return path

    return _write


def rows_of(lecture):
    """Return the rows as lists, None for unknown, after checking that none was lost."""
    assert lecture.nb_lues == len(lecture.frame) + len(lecture.rejets)
    return [
        [None if cell != cell else cell for cell in row] for row in lecture.frame.values.tolist()
    ]


def refused(read, path, *words, **options):
    """Check that reading raises one French message naming the file and `words`; return the
    error.
    """
    with pytest.raises(SourceError) as caught:
        read(path, **options)
    text = str(caught.value)
    assert path.name in text and caught.value.cure and "Traceback" not in text
    for word in words:
        assert word in text, text
    return caught.value


# --- CSV
# -------------------------------------------------------------------------------------------


def test_cells_stay_text_with_their_zeros_and_signs(write):
    lecture = read_csv(write("code;nom;v\n02001; Abbécourt ;=1+1\n1e5;;-0\n"))
    assert rows_of(lecture) == [["02001", "Abbécourt", "=1+1"], ["1e5", None, "-0"]]
    assert list(lecture.frame.index) == ["ligne 2", "ligne 3"]


@pytest.mark.parametrize(
    "content, place, word",
    [
        (b"", "", "vide"),
        (b"  \n\n", "", "vide"),
        (b"\xef\xbb\xbf", "", "vide"),
        (b"\xff\xfe", "", "vide"),
        (b";;\n;\n", "", "en-tête"),
        (b"nom;ville\nA;B\xde\xf0\xfe\n", "ligne 2", "Windows-1252"),
        (b"nom;ville\nA;B\x00C\n", "ligne 2", "caractère nul"),
        (b'a;b\n1;2\n3;"coup', "ligne 3", "jamais fermé"),
        (b'a;b\n1;2\n3;"x;z"y\n', "ligne 3", "guillemet fermant"),
        (b'a;b\n1;"x"y"\n2;"\nz"y\n', "ligne 2", "guillemet fermant"),
        (b'a;b\n"1" bis;"x\ny"\n', "ligne 2", "guillemet fermant"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
            "ligne 1",
            "Git LFS",
        ),
        (b"<!DOCTYPE html><html>", "ligne 1", "page web"),
        (b";" * (MAX_COLUMNS + 1) + b"\n", "", "en-tête"),
        (b"a" + b";" * MAX_COLUMNS + b"\n1\n", "ligne 1", "colonnes"),
        (b"a;b\n1;2\n3;" + b"x" * 10_000_000 + b"\n", "ligne 3", str(MAX_FIELD)),
    ],
)
def test_a_csv_that_cannot_be_read_says_where_and_why(write, content, place, word):
    assert refused(read_csv, write(content), word).place == place


@pytest.mark.parametrize(
    "content",
    [
        'a;b;c\n1;"Diplome d\'etat" en 4 ans;3\n4;5;6\n',
        'Liste des diplômes\n\na;b;c\n1;"Diplome d\'etat" en 4 ans;"3"\n4;"5";6\n',
        'sep=;\na;b;c\n1;"Diplome d\'etat" en 4 ans;3\n4;"5\n";6',
    ],
)
def test_a_quote_that_is_a_letter_is_kept_as_one_and_told(write, content):
    lecture = read_csv(write(content))
    assert rows_of(lecture) == [["1", '"Diplome d\'etat" en 4 ans', "3"], ["4", "5", "6"]]
    line = content[: content.index("Diplome")].count("\n") + 1
    assert lecture.frame.index[0] == f"ligne {line}"
    assert f"1 ligne, par exemple la {line}." in " ".join(lecture.notes)


def test_only_a_header_gives_no_row(write):
    lecture = read_csv(write("code;nom\n"))
    assert rows_of(lecture) == [] and list(lecture.frame.columns) == ["code", "nom"]


def test_a_bom_wins_over_the_declared_encoding(write):
    for encoding in ("utf-8-sig", "utf-16"):
        lecture = read_csv(write("nom;ville\nA;Béthune\n".encode(encoding)), encoding="cp1252")
        assert rows_of(lecture) == [["A", "Béthune"]] and list(lecture.frame.columns) == [
            "nom",
            "ville",
        ]


def test_latin_1_is_read_when_declared_and_an_unknown_encoding_is_told(write):
    path = write("nom;ville\nA;Béthune\n".encode("cp1252"))
    assert rows_of(read_csv(path, encoding="cp1252")) == [["A", "Béthune"]]
    refused(read_csv, path, "latin-99", encoding="latin-99")
    refused(read_csv, path, "hex", encoding="hex")


def test_a_row_of_another_width_is_rejected_with_its_line(write):
    lecture = read_csv(write('a;b\n1;"x\ny"\n2\n\n3;4;5\n6;7;\n8;9\n'))
    assert rows_of(lecture) == [["1", "x\ny"], ["6", "7"], ["8", "9"]]
    assert list(lecture.frame.index) == ["ligne 2", "ligne 7", "ligne 8"]
    assert [(r["ligne"], r["valeur"]) for r in lecture.rejets] == [
        ("ligne 4", "2"),
        ("ligne 6", "3 | 4 | 5"),
    ]
    assert "au lieu de 2" in lecture.rejets[0]["raison"]


def test_a_nameless_last_column_may_lack(write):
    lecture = read_csv(write("a;b;\n1;2;\n3;4\n"))
    assert list(lecture.frame.columns) == ["a", "b", "colonne_3"] and rows_of(lecture) == [
        ["1", "2", None],
        ["3", "4", None],
    ]


@pytest.mark.parametrize(
    "text",
    [
        'nom;ville\n"a;b";c\n',
        'nom,ville\n"a;b",c\n',
        "nom\tville\na;b\tc\n",
        "nom|ville\na;b|c\n",
        '"nom";"ville"\r\n"a;b";"c"\r\n',
        'nom,ville\r"a;b",c\r',
    ],
)
def test_the_separator_is_guessed(write, text):
    assert rows_of(read_csv(write(text))) == [["a;b", "c"]]


@pytest.mark.parametrize(
    "header, columns",
    [
        ('"a, b, c, d";e', 2),
        ('"a; b; c; d",e', 2),
        ("a, b et c;d\n1;2\n3;4", 2),
        ("nom", 1),
    ],
)
def test_the_guess_counts_neither_quotes_nor_commas_of_prose(write, header, columns):
    assert read_csv(write(header + "\n")).frame.shape[1] == columns


def test_lines_before_the_header_are_skipped_as_a_person_counts_them(write):
    text = 'Titre avec un " guillemet\n\ncode;nom\n1;"a\nb"\n2;c\n'
    lecture = read_csv(write(text), skip=1)
    assert list(lecture.frame.index) == ["ligne 4", "ligne 6"] and rows_of(lecture) == [
        ["1", "a\nb"],
        ["2", "c"],
    ]
    refused(read_csv, write(text), skip=50)


# --- Compressed, absent, disguised
# -----------------------------------------------------------------


def test_a_gzipped_csv_is_read(write):
    assert rows_of(read_csv(write(gzip.compress(b"a;b\n1;2\n"), "essai.csv.gz"))) == [["1", "2"]]


def test_a_gzip_that_is_cut_or_damaged_is_told(write):
    whole = gzip.compress("".join(f"{i};{i * i}\n" for i in range(5000)).encode())
    refused(read_csv, write(whole[:-20], "coupe.csv.gz"), "gzip")
    refused(read_csv, write(whole[:200] + b"\xff" * 50 + whole[250:], "abime.csv.gz"), "gzip")
    refused(read_csv, write(b"\x1f\x8bnon", "faux.csv.gz"), "gzip")
    refused(read_csv, write(gzip.compress(b""), "rien.csv.gz"), "vide")


def test_a_gzip_bomb_is_refused_before_it_is_expanded(write, monkeypatch):
    refused(
        read_csv,
        write(gzip.compress(b"a;b\n" + b"1;2\n" * 5_000_000), "bombe.csv.gz"),
        "trop grand",
    )
    monkeypatch.setattr(content, "MAX_BYTES", 1000)
    refused(
        read_csv,
        write(gzip.compress("".join(map(str, range(2000))).encode()), "gros.csv.gz"),
        "trop grand",
    )
    refused(read_csv, write(b"a;b\n" + b"1;2\n" * 500), "trop grand")


def test_a_folder_or_nothing_in_place_of_a_file_is_told(tmp_path):
    refused(read_csv, tmp_path, "dossier")
    refused(read_json, tmp_path / "absent.json", "introuvable")


def test_what_a_file_holds_cannot_drive_a_terminal():
    assert show("\x1b[31mrouge\x07\n" + "x" * 200) == "·[31mrouge··" + "x" * 68


# --- JSON
# ------------------------------------------------------------------------------------------


def test_json_values_keep_their_digits(write):
    text = (
        '[{"a": "02", "b": 1.10, "c": null, "d": [1, "x"], "e": true, "f": {"g": "é"}}, {"a": '
        'NaN, "b": 123456789012345678901234567890}]'
    )
    lecture = read_json(write(text, "e.json"))
    assert rows_of(lecture) == [
        ["02", "1.10", None, "1|x", "True", '{"g": "é"}'],
        [None, "123456789012345678901234567890", None, None, None, None],
    ]
    assert list(lecture.frame.index) == ["élément 1", "élément 2"]


def test_elements_that_are_no_clean_object_are_rejected(write):
    lecture = read_json(
        write(
            '[{"a": 1}, 2, null, {"a": 1, "a": 2}, {"a": "\\ud800"}, {"a": {"b": 1, "b": 2}}]',
            "e.json",
        )
    )
    assert [r["ligne"] for r in lecture.rejets] == [
        "élément 2",
        "élément 3",
        "élément 4",
        "élément 5",
    ]
    assert rows_of(lecture) == [["1"], ['[["b", "1"], ["b", "2"]]']]
    for rejet in lecture.rejets:
        rejet["valeur"].encode()


@pytest.mark.parametrize(
    "text, place, word",
    [
        ('[{"a": 1},\n {"a": ', "ligne 2, colonne 8", "illisible"),
        ('{"a": 1}', "ligne 1", "tableau"),
        ("[]", "ligne 1", "tableau"),
        ('"texte"', "ligne 1", "tableau"),
        ('{"a":1}\n{"a":2\n', "ligne 2, colonne 1", "illisible"),
        ("[" * 100_000, "ligne 1", "profondément"),
        ('[{"a":' + "[" * 900 + "]" * 900 + "}]", "ligne 1", "profondément"),
        ('[{"a": 01}]', "ligne 1, colonne 9", "illisible"),
        ('[{"a": "\n"}]', "ligne 1, colonne 9", "illisible"),
    ],
)
def test_a_json_that_cannot_be_read_says_where_and_why(write, text, place, word):
    assert refused(read_json, write(text, "e.json"), word).place == place


def test_too_many_different_fields_are_refused(write):
    text = "[" + ",".join(f'{{"c{i}": 1}}' for i in range(MAX_COLUMNS + 1)) + "]"
    refused(read_json, write(text, "e.json"), "champs différents")


# --- XLSX
# ------------------------------------------------------------------------------------------


def test_a_sheet_is_read_as_text_with_the_lines_of_the_spreadsheet(workbook):
    path = workbook(
        [["Titre"], [], ["code", "nom", None], [2001.0, "é"], [None, None], ["02", 1.5]],
        Autre=[["x"], ["y"]],
    )
    lecture = read_xlsx(path, sheet="Données", header=3)
    assert list(lecture.frame.columns) == ["code", "nom", "colonne_3"] or list(
        lecture.frame.columns
    ) == ["code", "nom"]
    assert [row[:2] for row in rows_of(lecture)] == [["2001", "é"], ["02", "1.5"]]
    assert list(lecture.frame.index) == ["ligne 4", "ligne 6"]
    assert rows_of(read_xlsx(path, sheet="Autre")) == [["y"]]


def test_an_absent_sheet_is_told_with_those_found(workbook):
    error = refused(
        read_xlsx,
        workbook([["a"]], Autre=[["x"]]),
        "Composition",
        "Données, Autre",
        sheet="Composition",
    )
    assert "Données" in error.place


def test_a_workbook_without_header_is_told(workbook):
    path = workbook([["a", "b"], ["1", "2"]])
    refused(read_xlsx, path, "en-tête", header=9)
    refused(read_xlsx, workbook([["a", "b"], [None, "  "], ["1", "2"]]), "vide", header=2)


@pytest.mark.parametrize(
    "content, word",
    [
        (b"code;nom\n1;2\n", "pas un classeur"),
        (b"", "vide"),
        (b"PK\x03\x04coupe", "pas un classeur"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "mot de passe"),
    ],
)
def test_a_file_that_is_no_workbook_is_told(write, content, word):
    refused(read_xlsx, write(content, "faux.xlsx"), word)


def test_a_truncated_workbook_is_told(workbook):
    path = workbook([["a", "b"], ["1", "2"]])
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 3])
    refused(read_xlsx, path, "coupé")


@pytest.mark.parametrize("entry, word", [("../evil", "« .. »"), ("/etc/passwd", "absolu")])
def test_a_workbook_that_holds_a_dangerous_entry_is_refused(workbook, entry, word):
    path = workbook([["a"], ["1"]])
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(entry, "x")
    refused(read_xlsx, path, word)


def test_a_workbook_that_expands_too_much_is_refused(workbook):
    path = workbook([["a"], ["1"]])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/bombe.bin", b"\0" * 20_000_000)
    refused(read_xlsx, path, "bombe")


def test_one_far_cell_does_not_make_a_huge_sheet(workbook, tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "code"
    book.active["XFD1048576"] = "loin"
    path = tmp_path / "loin.xlsx"
    book.save(path)
    refused(read_xlsx, path, "1048576 lignes et 16384 colonnes", str(MAX_CELLS))


def test_a_zip_that_is_no_workbook_is_told(tmp_path):
    path = tmp_path / "autre.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lisez-moi.txt", "rien")
    refused(read_xlsx, path, "lisible")


@pytest.mark.parametrize(
    "cell",
    [
        "<t:table-cell><textextext:p>a</textextext:p></t:table-cell>",
        '<t:table-cell t:number-columns-repeated="²"/>',
        f'<t:table-cell t:number-columns-repeated="{"9" * 5000}"/>',
    ],
)
def test_a_damaged_open_document_is_told(tmp_path, cell):
    path = tmp_path / "abime.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "content.xml",
            '<o:c xmlns:o="urn:o" xmlns:t="urn:oasis:names:tc:opendocument:xmlns:table:1.0">'
            f"<t:table><t:table-row>{cell}</t:table-row></t:table></o:c>",
        )
    with pytest.raises(SourceError) as told:
        read_xlsx(path)
    assert path.name in str(told.value) and told.value.cure


_WELL_FORMED = {
    "plain": "a;b\n1; x \n2;\n",
    "spaces of Python": "a;b\n\u00a01\u2003;\u3000\n2;\x1c\n",
    "blank rows": "a;b\n1;x\n ; \n3;z\n",
    "cells of several lines": 'titre du fichier\na;b\r\n1;"x\ny ""z"""\r\n' + "2;t\r\n" * 4,
    "a quote inside": 'a;b\n1;rue dite "la Haute"\n2;x\n3;y\n',
    "an empty line": "a;b\n1;x\n\n3;z\n",
    "one column": "a\n1\n\n3\n",
}
_OTHERS = {
    "several widths": "a;b\n1\n2;x;y\n3;z\n",
    "a return alone": "a;b\n1;x\ry\n2;z\n",
    "text after a quote": 'a;b\n1;"x"y\n',
    "a quote left open": 'a;b\n1;"x\n2;y\n',
    "a long cell": f"a;b\n1;{'x' * (MAX_FIELD + 1)}\n",
}


@pytest.mark.parametrize("case", [*_WELL_FORMED, *_OTHERS])
def test_rows_read_at_once_are_those_read_one_by_one(write, case, monkeypatch):
    path, at_once, seen = write((_WELL_FORMED | _OTHERS)[case]), tabular._read_at_once, []
    monkeypatch.setattr(tabular, "_read_at_once", lambda *args: None)
    one_by_one = _told(path)
    monkeypatch.setattr(
        tabular, "_read_at_once", lambda *args: seen.append(at_once(*args)) or seen[-1]
    )
    assert _told(path) == one_by_one
    assert all((one is not None) == (case in _WELL_FORMED) for one in seen)


def _told(path):
    """Return all that is read of a file, or why it is not."""
    try:
        lecture = read_csv(path)
    except SourceError as error:
        return str(error)
    frame = lecture.frame
    told = (list(frame.columns), frame.dtypes.tolist(), frame.index.tolist(), rows_of(lecture))
    return *told, lecture.rejets, lecture.nb_lues, lecture.notes


def test_a_large_file_is_held_once_while_it_is_read(write, monkeypatch):
    path, held = write("code;nom\n" + "12345;Une formation quelque part\n" * 60_000), []
    read = tabular.pacsv.read_csv

    def note(*args):
        held.append(tracemalloc.get_traced_memory()[0])
        return read(*args)

    monkeypatch.setattr(tabular.pacsv, "read_csv", note)
    tracemalloc.start()
    try:
        read_csv(path)
    finally:
        tracemalloc.stop()
    assert held[0] < 1.5 * path.stat().st_size
