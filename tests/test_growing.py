"""Arrays made block by block: in memory or in a file, they are what `numpy` makes at once."""

from __future__ import annotations

import numpy as np
import pytest

from geoapp.coverage.travel import growing
from geoapp.coverage.travel.growing import GrowingArray, GrowingMatrix, let_go


@pytest.mark.parametrize("sizes", [(), (0,), (3, 0, 5), (40, 40, 40)])
def test_a_file_that_grows_is_that_of_numpy(tmp_path, monkeypatch, sizes):
    monkeypatch.setattr(growing, "_BUFFER", 50)
    monkeypatch.setattr(growing, "HELD", 20)
    blocks = [np.arange(size) + rank for rank, size in enumerate(sizes)]
    inside, written = GrowingArray("<u2"), GrowingArray("<u2", tmp_path / "a.npy")
    for block in blocks:
        inside.add(block)
        written.add(block)
    whole = np.concatenate([np.empty(0), *blocks]).astype("<u2")
    np.save(tmp_path / "b.npy", whole)
    mapped = written.whole()
    assert np.array_equal(mapped, whole) and np.array_equal(inside.whole(), whole)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    let_go(mapped)
    assert np.array_equal(mapped, whole)


def test_rows_added_by_blocks_make_matrices_of_one_structure(tmp_path):
    dense = np.array([[0, 5, 0], [0, 0, 0], [7, 0, 9]])
    folder = tmp_path / "m"
    folder.mkdir()
    for where in (None, folder):
        growing_one = GrowingMatrix(dense.shape, {"a": "<u2", "b": "<f4"}, where)
        for rows in (dense[:1], dense[1:]):
            _, columns = rows.nonzero()
            values = rows[rows > 0]
            growing_one.add((rows > 0).sum(axis=1), columns, {"a": values, "b": values / 2})
        found = growing_one.whole()
        assert np.array_equal(found["a"].toarray(), dense)
        assert np.array_equal(found["b"].toarray(), dense / 2)
        assert found["a"].indices.dtype == found["a"].indptr.dtype == np.dtype("<i4")
