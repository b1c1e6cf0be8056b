"""The public transport benchmark runs at a tiny size; nothing is timed."""

from benchmarks.transit import measure, write_feed


def test_a_drawn_network_is_read_and_travelled(tmp_path):
    path = tmp_path / "tirage.zip"
    write_feed(path, 30)
    found = measure(path, 400, 60)
    assert set(found["steps"]) == {"read", "trips"}
    assert 0 < found["pairs"] <= found["origins"] * found["places"]
    assert 400 < found["stops"] <= 900 and found["passages"] > 2000
