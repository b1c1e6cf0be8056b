"""Arrays made block by block: in memory, or in a `.npy` file that is mapped once whole.

The costs of a large offer are more than there is memory: none of them is held whole.
"""

from __future__ import annotations

import io
import mmap
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import scipy
from numpy.lib import format as npy

from geoapp.core.files import HELD, let_file_go

_BUFFER = 1 << 17
"""Bytes that wait to be written: no more than stay near the processor."""


class GrowingArray:
    """An array of one dimension that grows by blocks, in a file when it is given a path."""

    def __init__(self, dtype: str, path: Path | None = None):
        self._dtype, self._path = np.dtype(dtype), path
        self._blocks: list[np.ndarray] = []
        self._nb = self._held = 0
        self._stream = open(path, "wb", _BUFFER) if path else None  # noqa: SIM115
        if self._stream:
            self._stream.write(self._header())

    def add(self, block: np.ndarray) -> None:
        """Add the values of a block."""
        block = np.ascontiguousarray(block, dtype=self._dtype)
        self._nb += len(block)
        if self._stream:
            self._stream.write(block.data)
            self._held += block.nbytes
            if self._held >= HELD:
                self._stream.flush()
                let_file_go(self._stream.fileno())
                self._held = 0
        else:
            self._blocks.append(block)

    def whole(self) -> np.ndarray:
        """Return the array; a file is mapped."""
        if self._stream is None or self._path is None:
            joined = np.concatenate(self._blocks) if self._blocks else np.empty(0, self._dtype)
            self._blocks.clear()
            return joined
        with self._stream as stream:
            stream.seek(0)
            stream.write(self._header())
        return np.asarray(np.load(self._path, mmap_mode="r"))

    def _header(self) -> bytes:
        """Return what `numpy.save` writes before the values.

        It leaves room for any length: that of an empty array is as long.
        """
        stream = io.BytesIO()
        told = {"descr": self._dtype.str, "fortran_order": False, "shape": (self._nb,)}
        npy.write_array_header_1_0(stream, told)
        return stream.getvalue()


class GrowingMatrix:
    """Sparse matrices of one structure that grow by rows; in a folder when it is given one.

    `noms` gives the type of the values of each; the files bear their names.
    """

    def __init__(self, shape: tuple[int, int], noms: Mapping[str, str], folder: Path | None = None):
        # One type for both: otherwise every process would copy them at opening.
        integer = "<i4" if shape[0] * shape[1] < 2**31 else "<i8"
        self._shape, self._nb = shape, 0
        self._indices = GrowingArray(integer, folder and folder / "indices.npy")
        self._indptr = GrowingArray(integer, folder and folder / "indptr.npy")
        self._values = {
            nom: GrowingArray(dtype, folder and folder / f"{nom}.npy")
            for nom, dtype in noms.items()
        }
        self._indptr.add(np.zeros(1))

    def add(
        self, nombres: np.ndarray, indices: np.ndarray, values: Mapping[str, np.ndarray]
    ) -> None:
        """Add rows: how many values each has, their columns in order, the values of each matrix."""
        self._indptr.add(self._nb + np.cumsum(nombres))
        self._nb += len(indices)
        self._indices.add(indices)
        for nom, growing in self._values.items():
            growing.add(values[nom])

    def whole(self) -> dict[str, scipy.sparse.csr_array]:
        """Return the matrices."""
        indices, indptr = self._indices.whole(), self._indptr.whole()
        return {
            nom: scipy.sparse.csr_array(
                (growing.whole(), indices, indptr), shape=self._shape, copy=False
            )
            for nom, growing in self._values.items()
        }


def let_go(array: np.ndarray) -> None:
    """Give back the memory of what was read of a mapped array; it is read again when asked."""
    base: object = array
    path = None
    while isinstance(base, np.ndarray):
        path = getattr(base, "filename", path)
        base = base.base
    if isinstance(base, mmap.mmap):
        with suppress(OSError, ValueError):
            base.madvise(mmap.MADV_DONTNEED)
            if path and array.nbytes > HELD:
                with open(path, "rb") as file:
                    let_file_go(file.fileno())
