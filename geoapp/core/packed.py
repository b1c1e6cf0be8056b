"""A table of a snapshot as its file will be: a tenth of its memory, columns read when asked."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import pandas as pd
import pyarrow.parquet as pq

from geoapp.core import schema
from geoapp.core.snapshot import read_table


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
        content = io.BytesIO(self.content)
        return read_table(content, self.nom, columns, is_shared=False)[wanted]

    def __len__(self) -> int:
        return pq.read_metadata(io.BytesIO(self.content)).num_rows

    @property
    def empty(self) -> bool:
        """Tell whether it has no row."""
        return not len(self)
