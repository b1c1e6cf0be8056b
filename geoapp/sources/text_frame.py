"""Rows of text as a frame: every cell stripped, blank ones unknown."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def text_frame(rows: list, header: list[str], lines: list[str]) -> pd.DataFrame:
    """Return rows as a text frame indexed by `lines`, stripped, with blank cells as NA."""
    index = pd.Index(lines, name="ligne", dtype="str")
    # By column: a table of thousands of columns would be split and copied at each of them.
    cells = zip(*rows, strict=True) if rows else ((),) * len(header)
    columns = {name: _texts(column) for name, column in zip(header, cells, strict=True)}
    return pd.DataFrame(columns, index=index)


def _texts(column: tuple) -> pd.api.extensions.ExtensionArray:
    """Return texts stripped, blank ones as NA: to Arrow a space is what it is to Python."""
    return pd.array(stripped(pa.array(column, type=pa.large_string())), dtype="str")


def stripped(texts: pa.Array) -> pa.Array:
    """Return texts without the spaces around them, NA for none left."""
    texts = pc.utf8_trim_whitespace(texts)
    return pc.if_else(pc.equal(texts, ""), None, texts)
