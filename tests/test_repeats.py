"""Repeated rows: the same ones, named after the same first, whether a table comes whole or by
batches.
"""

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from geoapp.offer.repeats import LignesVues, first_places

CELLS = st.sampled_from(["a", "b", "", "None", "a', 'b", "\x1f", "é", None])


def table(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["un", "deux"], dtype="str")
    return frame.set_axis([f"ligne {i}" for i in range(len(frame))], axis=0)


def oracle(rows) -> list:
    """The place of the first equal row, found one by one."""
    return [
        None if rows.index(row) == i else f"ligne {rows.index(row)}" for i, row in enumerate(rows)
    ]


def known(places: pd.Series) -> list:
    return [None if pd.isna(one) else one for one in places]


@given(
    st.lists(st.tuples(CELLS, CELLS), max_size=40),
    st.lists(st.integers(1, 7), min_size=40, max_size=40),
)
def test_a_stream_and_a_whole_table_find_the_same_repeats(rows, sizes):
    frame, vues, found, start = table(rows), LignesVues(), [], 0
    while start < len(frame):
        size = sizes.pop()
        found += known(vues.first_places(frame.iloc[start : start + size]))
        start += size
    assert found == known(first_places(frame)) == oracle(rows)


def test_an_empty_batch_is_no_row():
    vues = LignesVues()
    assert (
        vues.first_places(table([])).empty and vues.first_places(table([("a", "b")])).isna().all()
    )


def test_a_row_costs_a_few_tens_of_bytes():
    import tracemalloc

    vues, sizes = LignesVues(), []
    tracemalloc.start()
    for i in range(11):
        vues.first_places(table([(f"{i}-{j}", "x") for j in range(2_000)]))
        sizes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert (sizes[-1] - sizes[0]) / 20_000 < 60
