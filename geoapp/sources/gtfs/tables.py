"""The tables of one GTFS archive, as text, each row keeping the line where it is.

Format: « General Transit Feed Specification », https://gtfs.org/documentation/schedule/reference/.
Read with the CSV reader of pandas and the checks of archives of this house: the libraries that know
the format expand an archive without looking at it, and name neither the line nor the cure.
"""

from __future__ import annotations

import io
import re
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.sources.archive import open_archive_member
from geoapp.sources.content import decode, list_members
from geoapp.sources.records import show

CURE = "Signalez-le à l'exploitant, ou prenez une autre version de ses horaires."
_UTF8 = (
    "Une archive GTFS est en UTF-8 : enregistrez ce fichier ainsi, ou signalez-le à l'exploitant."
)
_AGAIN = "Téléchargez l'archive à nouveau auprès de l'exploitant."
_TIME = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
_WIDTH = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")
_QUOTE = re.compile(r"EOF inside string starting at row (\d+)")


class Tables:
    """The tables of one archive, found by name, whatever the folder that holds them all."""

    def __init__(self, path: Path):
        """Check every entry of the archive and find its tables.

        Raises
        ------
        SourceError
            As `check_archive`; a table that is there twice; no table at all.
        """
        self.path = Path(path)
        self._members: dict[str, str] = {}
        for member in list_members(self.path):
            name = PurePosixPath(member.replace("\\", "/")).name.lower()
            if not name.endswith(".txt") or "__MACOSX" in member:
                continue
            if name in self._members:
                raise SourceError(
                    self.path, f"la table {name} y figure deux fois.", cure="Gardez-en une."
                )
            self._members[name] = member
        if "stop_times.txt" not in self._members:
            raise SourceError(
                self.path,
                "ce n'est pas une archive GTFS : stop_times.txt est absent.",
                cure="Donnez l'archive d'horaires (stops.txt, trips.txt, stop_times.txt…).",
            )

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def read(self, name: str, required: tuple[str, ...], optional: tuple[str, ...] = ()):
        """Return some columns of a table as text, blank cells as NA, indexed by line.

        A column of `optional` that the table lacks is wholly NA; blank lines are no rows.

        Raises
        ------
        SourceError
            No such table, wrong encoding, unreadable quotes, a line that is too long, a required
            column that is absent.
        """
        if name not in self._members:
            raise self.error(name, None, "cette table, obligatoire, est absente.", _AGAIN)
        # Text held as UTF-8: a StringIO would keep four bytes by character.
        content = self._text(name).encode()
        try:
            frame = pd.read_csv(
                io.BytesIO(content),
                dtype="str",
                keep_default_na=False,
                na_values=[""],
                skip_blank_lines=False,
                skipinitialspace=True,
            )
        except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
            raise self._unreadable(name, str(error)) from None
        frame.columns = [str(column).strip().strip("\ufeff") for column in frame.columns]
        if absent := [column for column in required if column not in frame]:
            raise self.error(name, 1, f"colonne « {absent[0]} » absente.", CURE)
        frame = frame.reindex(columns=[*required, *optional])
        frame.index = pd.RangeIndex(2, len(frame) + 2, name="ligne")
        for column in frame:
            frame[column] = frame[column].astype("str").str.strip().replace("", np.nan)
        return frame.dropna(how="all")

    def error(self, name: str, line: int | None, problem: str, cure: str = CURE) -> SourceError:
        """Return an error that names the archive, the table and the line."""
        place = name if line is None else f"{name}, ligne {line}"
        return SourceError(self.path, problem, cure=cure, place=place)

    def refuse_first(self, name: str, frame: pd.DataFrame, bad, column: str, expected: str) -> None:
        """Raise `SourceError` for the first row of `frame` that `bad` marks, if there is one."""
        bad = np.asarray(bad, dtype=bool)
        if bad.any():
            value = frame[column].iloc[int(bad.argmax())]
            told = "vide" if pd.isna(value) else f"« {show(value)} »"
            more = f" ({int(bad.sum())} lignes sont dans ce cas)" if bad.sum() > 1 else ""
            line = int(frame.index[int(bad.argmax())])
            raise self.error(name, line, f"{column} {told} : {expected} est attendu{more}.")

    def _text(self, name: str) -> str:
        """Return the text of a table."""
        with open_archive_member(self.path, self._members[name]) as stream:
            content = stream.read()
        try:
            text = decode(self.path, content, "utf-8").texte
        except SourceError as error:
            place = f"{name}, {error.place}" if error.place else name
            raise SourceError(self.path, error.problem, cure=_UTF8, place=place) from None
        if not text.strip():
            raise self.error(name, None, "cette table est vide, sans même un en-tête.", _AGAIN)
        return text

    def _unreadable(self, name: str, told: str) -> SourceError:
        """Return the error of a table whose lines do not part into cells."""
        if found := _WIDTH.search(told):
            expected, line, seen = found.groups()
            return self.error(name, int(line), f"{seen} cellules, {expected} sont attendues.")
        if found := _QUOTE.search(told):
            line = int(found[1]) + 1
            return self.error(name, line, "un guillemet ouvert n'est jamais fermé.")
        return self.error(name, None, "ses lignes ne se lisent pas comme du CSV.")


def read_times(tables: Tables, name: str, frame: pd.DataFrame, column: str) -> np.ndarray:
    """Return times « H:MM:SS » as seconds, float, NaN where blank; hours go beyond 24.

    Counted from « noon minus 12 h » of the day of service, as the format says.

    Raises
    ------
    SourceError
        A cell that is no time; its line is named.
    """
    codes, distinct = pd.factorize(frame[column])
    known = np.full(len(distinct) + 1, np.nan)
    wrong = np.zeros(len(distinct) + 1, dtype=bool)
    for rank, text in enumerate(distinct):
        if found := _TIME.fullmatch(str(text)):
            hours, minutes, seconds = map(int, found.groups())
            known[rank] = hours * 3600 + minutes * 60 + seconds
        else:
            wrong[rank] = True
    tables.refuse_first(name, frame, wrong[codes], column, "une heure « 7:05:00 »")
    return known[codes]


def read_numbers(
    tables: Tables, name: str, frame: pd.DataFrame, column: str, expected: str = "un nombre"
) -> np.ndarray:
    """Return the numbers of a column, float, NaN where blank.

    Raises
    ------
    SourceError
        A cell that is no finite number; its line is named.
    """
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype="float64")
    bad = frame[column].notna().to_numpy() & ~np.isfinite(numbers)
    tables.refuse_first(name, frame, bad, column, expected)
    return numbers
