"""Find where the header of a table is: under a title, comments, or a line that groups columns.

What a source declares tells best (`attendues`); without it, the first line as full as the
others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.sources.records import show

LIGNES_REGARDEES = 40
"""Lines that are not blank among which the header is looked for."""
MAX_COLUMNS = 16_384
"""Most columns accepted: those of a spreadsheet."""

_YEAR = re.compile(r"(?:19|20)\d\d(?:[-/](?:19|20)?\d\d)?")
_NUMBER = re.compile(r"[-+\d.,\s/:%€]+")


@dataclass(frozen=True, kw_only=True)
class Entete:
    """The header of a table.

    Attributes
    ----------
    rang : int
        Rank, among the lines given, of the last line of the header.
    noms : list of str
        Unique names; a nameless column gets its rank.
    largeur : int
        Columns that every line must have: up to the last named one.
    doubles : dict
        Name given twice or more → the names its other columns got.
    """

    rang: int
    noms: list[str]
    largeur: int
    doubles: dict[str, list[str]] = field(default_factory=dict)


@lru_cache(maxsize=1 << 16)
def bare(name: str) -> str:
    """Return a name reduced to its letters and digits, without case or accents."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", plain)


def count_known(cells: Sequence[str], attendues: frozenset[str]) -> int:
    """Return how many different names of `attendues` (bare) the cells of a line hold."""
    return len({bare(cell) for cell in cells} & attendues) if attendues else 0


def find_header(
    path: Path,
    rows: Sequence[list[str]],
    places: Sequence[str],
    *,
    attendues: frozenset[str] = frozenset(),
    is_first: bool = False,
) -> Entete:
    """Return the header of a table from its first lines that are not blank.

    Parameters
    ----------
    places : sequence of str
        Where each line is, for messages.
    attendues : frozenset of str
        Names that a source declares, bare.
    is_first : bool
        The source says where its header is: it is the first line.

    Raises
    ------
    SourceError
        No name at all, more than `MAX_COLUMNS`.
    """
    first, last = (0, 0) if is_first else _choose(rows[:LIGNES_REGARDEES], attendues)
    cells = [cell.strip() for cell in rows[first]]
    _check_names(path, cells, places[first])
    group = _group_above(rows, first)
    names, doubles = _unique(_completed(cells, group), group)
    width = max(rank for rank, name in enumerate(cells, 1) if name or rank == 1)
    return Entete(rang=last, noms=names, largeur=width, doubles=doubles)


def _check_names(path: Path, cells: list[str], place: str) -> None:
    """Refuse a header that is blank, or wider than any table."""
    if len(cells) > MAX_COLUMNS:
        raise SourceError(
            path,
            f"{len(cells)} colonnes, au plus {MAX_COLUMNS} sont lues.",
            place=place,
            cure="Vérifiez le séparateur.",
        )
    if not any(cells):
        raise SourceError(
            path,
            "la ligne d'en-tête est vide.",
            place=place,
            cure="Vérifiez le numéro de la ligne d'en-tête.",
        )


def _choose(rows: Sequence[list[str]], attendues: frozenset[str]) -> tuple[int, int]:
    """Return the ranks of the line of names and of the last line of the header."""
    known = [0 if _has_number(row) else count_known(row, attendues) for row in rows]
    best = max(known, default=0)
    if best < 2:
        rank = _first_full(rows)
        return rank, rank
    rank = last = known.index(best)
    # Labels, then keys (or the other way round): the second line is no row.
    while last + 1 < len(rows) and known[last + 1] >= max(2, best / 2):
        last += 1
    return rank, last


def _has_number(cells: Sequence[str]) -> bool:
    """Tell whether a line holds a number that is no year: it is a row, whatever its words."""
    texts = (cell.strip() for cell in cells)
    return any(text and _NUMBER.fullmatch(text) and not _YEAR.fullmatch(text) for text in texts)


def _first_full(rows: Sequence[list[str]]) -> int:
    """Return the rank of the first line with more than half the texts of the fullest one.

    A line that groups columns (fewer texts, some repeated or lacking) gives way to the next.
    """
    filled = [_filled(row) for row in rows]
    most = max(filled, default=0)
    rank = next((i for i, nb in enumerate(filled) if 2 * nb > most), 0)
    is_group = rank + 1 < len(rows) and _groups(rows[rank], rows[rank + 1])
    return rank + 1 if is_group else rank


def _filled(row: Sequence[str]) -> int:
    """Return how many cells of a line hold something; a merged title is one cell."""
    cells = [cell for cell in map(str.strip, row) if cell]
    return len(cells) if len(set(cells)) > 1 else len(set(cells))


def _groups(row: Sequence[str], following: Sequence[str]) -> bool:
    """Tell whether a line only groups the columns that the next one names."""
    cells, names = [cell.strip() for cell in row], _names_in(following)
    different = len(set(cells) - {""})
    if "" in cells:
        return different < names
    # Merged cells say their value of each column.
    return 2 * different <= names and any(a == b for a, b in pairwise(cells))


def _names_in(cells: Sequence[str]) -> int:
    """Return how many different names a line holds; 0 when it holds a number or a long text."""
    texts = {cell.strip() for cell in cells} - {""}
    is_name = all(len(text) <= 60 and not _NUMBER.fullmatch(text) for text in texts)
    has_digits = sum(any(c.isdigit() for c in text) for text in texts)
    return len(texts) if is_name and 4 * has_digits <= len(texts) else 0


def _group_above(rows: Sequence[list[str]], rank: int) -> list[str]:
    """Return the names of groups that the line above the header gives, spread to the right."""
    above = [cell.strip() for cell in rows[rank - 1]] if rank else []
    if len(set(above) - {""}) < 2:
        return []
    spread, last = [], ""
    for cell in above:
        last = cell or last
        spread.append(last)
    return spread


def _completed(cells: list[str], group: list[str]) -> list[str]:
    """Return the names, a column that is named in the line above only taking that name."""
    if not group:
        return cells
    blank = {rank for rank, cell in enumerate(cells) if not cell}
    return [
        group[rank] if rank in blank and rank < len(group) else cell
        for rank, cell in enumerate(cells)
    ]


def _unique(cells: list[str], group: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """Return unique names, and those that stand for another column of the same name.

    Two columns of one name in two groups take that of their group too.
    """
    again = {name for name in cells if name and cells.count(name) > 1} if group else set()
    named = [
        f"{group[rank]} {name}" if name in again and rank < len(group) and group[rank] else name
        for rank, name in enumerate(cells)
    ]
    found: dict[str, None] = {}
    doubles: dict[str, list[str]] = {}
    for rank, cell in enumerate(named, 1):
        name = cell or f"colonne_{rank}"
        if name in found:
            doubles.setdefault(name, [])
            twin = next(t for i in range(2, rank + 2) if (t := f"{name} ({i})") not in found)
            doubles[name].append(twin)
            name = twin
        found[name] = None
    return list(found), doubles


def say_doubles(doubles: dict[str, list[str]]) -> list[str]:
    """Return what is said of columns of one name."""
    return [
        f"La colonne « {show(name)} » figure {len(twins) + 1} fois."
        for name, twins in doubles.items()
    ]
