"""A journal of what is done to rows on their way in: repairs, values set aside, rejects."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.offer.repeats import LignesVues, first_places
from geoapp.reference import codes
from geoapp.reference.commune_codes import is_lost, to_current
from geoapp.sources.records import reject


class Journal:
    """A frame being checked, with the record of every change made to it.

    `frame` has one row per record, all text, indexed by its place in the file;
    `rejets` and `corrections` are records ready for the tables of that name.
    """

    def __init__(self, frame: pd.DataFrame):
        self.frame = frame.copy()
        self.original = frame
        self.rejets: list[dict] = []
        self._corrections: list[dict] = []
        self._refused = pd.Series(False, index=frame.index)

    def replace(
        self,
        column: str,
        new: pd.Series,
        kind: str,
        *,
        only: pd.Series | None = None,
        quiet_if_valid: bool = False,
    ) -> None:
        """Put `new` in `column` and record what changed.

        A value that became unknown is recorded as `valeur_ecartee`.  With
        `quiet_if_valid`, a value merely put in its normal form is not recorded;
        with `only`, changes outside that mask are not.
        """
        old = self.frame[column]
        known = old.notna()
        # A column that the source does not give: nothing can have changed.
        if known.any():
            self.note(column, known & new.isna(), "valeur_ecartee", None)
            if not quiet_if_valid:
                changed = known & new.notna() & old.ne(new).fillna(False)
                self.note(column, changed if only is None else changed & only, kind, new)
        self.frame[column] = new

    def set_aside(self, column: str, mask: pd.Series) -> None:
        """Record that the values of `column` under `mask` could not be used."""
        self.note(column, mask, "valeur_ecartee", None)

    def note(self, column: str, mask: pd.Series, kind: str, new: pd.Series | None) -> None:
        """Add one correction per row of `mask`."""
        mask = mask.fillna(False).astype(bool)
        if not mask.any():
            return
        rows = mask.index[mask]
        before = self.frame.loc[rows, column]
        after = new.loc[rows] if new is not None else [None] * len(rows)
        self._corrections += [
            {"ligne": ligne, "colonne": column, "valeur": b, "corrigee": a, "type_correction": kind}
            for ligne, b, a in zip(rows, before, after, strict=True)
        ]

    def refuse(
        self, column: str, mask: pd.Series, code: str, *, with_original: bool = False, closest=None
    ) -> None:
        """Reject the rows of `mask` that are not rejected yet, for a reason of `RAISONS`."""
        new = mask.fillna(False).astype(bool) & ~self._refused
        if not new.any():
            return
        shown = self.original if with_original else self.frame
        for ligne, value in shown.loc[new, column].items():
            value = None if pd.isna(value) else value
            near = closest(value) if closest and value else None
            self.rejets.append(reject(ligne, column, value, code, proche=near))
        self._refused |= new

    def refuse_codes(self, column: str, absent: str, false: str) -> None:
        """Reject the rows without a usable code in `column`.

        For one reason when none was received, for another when it is not valid.
        """
        self.refuse(column, self.original[column].isna(), absent, with_original=True)
        self.refuse(column, self.frame[column].isna(), false, with_original=True)

    def refuse_repeats(self, vues: LignesVues | None = None) -> None:
        """Reject every row whose content equals that of an earlier kept row.

        Earlier: here, or in the batches that `vues` remembers.
        """
        kept = self.frame[~self._refused]
        origins = _own_first_places(kept) if vues is None else vues.first_places(kept)
        for ligne, origine in origins.dropna().items():
            self.rejets.append(reject(ligne, "(ligne)", None, "ligne_repetee", origine=origine))
        self._refused |= origins.notna().reindex(self._refused.index, fill_value=False)

    def kept(self) -> pd.DataFrame:
        """Return the rows that were not rejected."""
        return (self.frame[~self._refused] if self._refused.any() else self.frame).copy()

    def kept_corrections(self) -> list[dict]:
        """Return the corrections of the rows that were not rejected."""
        refused = set(self._refused.index[self._refused])
        return [c for c in self._corrections if c["ligne"] not in refused]


def _own_first_places(rows: pd.DataFrame) -> pd.Series:
    """Return what `first_places` does; of rows of several sources, each repeats those of its own.

    Their index then holds source and place (`rows.check_small`).
    """
    if rows.index.nlevels == 1:
        return first_places(rows)
    sources, places = (rows.index.get_level_values(rank) for rank in (0, 1))
    found = first_places(rows.assign(source=sources).set_axis(np.arange(len(rows))))
    told = [None if pd.isna(one) else places[one] for one in found]
    return pd.Series(told, index=rows.index, dtype="object")


def restore_codes(journal: Journal, column: str) -> None:
    """Put commune codes on five characters in `column`, recording each zero restored."""
    full, repaired = codes.normalise_code_commune(journal.frame[column])
    journal.replace(column, full, "zero_restitue", only=repaired)


def resolve_communes(
    journal: Journal, column: str, communes: pd.DataFrame, passage: dict[str, str]
) -> None:
    """Restore lost zeros and map old codes in `column`, recording each repair.

    A code of a département we hold that is no commune, old or current, is set
    aside (`valeur_ecartee`); a code of another département is kept as received.
    """
    restore_codes(journal, column)
    journal.replace(column, to_current(journal.frame[column], passage), "ancienne_commune")
    known = journal.frame[column]
    journal.replace(column, known.mask(is_lost(known, communes)), "")
