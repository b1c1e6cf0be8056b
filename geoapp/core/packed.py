"""A table of a snapshot as its file will be: a tenth of its memory, columns read when asked."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd
import pyarrow.parquet as pq

from geoapp.core import schema
from geoapp.core.snapshot import read_table


class Unpacked(Mapping[str, pd.DataFrame]):
    """Tables that are unpacked when they are asked, and let go at once."""

    def __init__(self, packed: Mapping[str, Packed]):
        self._packed = packed

    def __getitem__(self, nom: str) -> pd.DataFrame:
        return self._packed[nom].frame()

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


@dataclass(frozen=True)
class Packed:
    """A table that is final, as Parquet: no column of it is in memory but those being read.

    It is asked as a frame is: `table["id"]`, `table[["id", "nom"]]`, `len(table)`.
    """

    nom: str
    content: bytes = field(repr=False)

    @classmethod
    def of(cls, frame: pd.DataFrame, nom: str) -> Packed:
        """Return a frame as table `nom`.

        Raises
        ------
        ContractError
            When it breaks the contract of this table.
        """
        schema.check_table(frame, nom)
        stream = io.BytesIO()
        frame.to_parquet(stream, index=False, compression="zstd")
        return cls(nom, stream.getvalue())

    def __getitem__(self, wanted: str | list[str]) -> pd.Series | pd.DataFrame:
        columns = [wanted] if isinstance(wanted, str) else wanted
        return read_table(io.BytesIO(self.content), self.nom, columns)[wanted]

    def frame(self) -> pd.DataFrame:
        """Return the whole table."""
        return read_table(io.BytesIO(self.content), self.nom)

    def __len__(self) -> int:
        return pq.read_metadata(io.BytesIO(self.content)).num_rows

    @property
    def empty(self) -> bool:
        """Tell whether it has no row."""
        return not len(self)
