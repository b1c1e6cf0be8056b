"""The benchmark of the laws of travel runs at a tiny size; nothing is timed."""

from benchmarks.trajets import measure, to_markdown


def test_a_tiny_world_is_measured_by_blocks_and_one_trip_at_a_time():
    found = measure(60, 20)
    assert found["pairs"] == 1200 and 0 < found["kept"] <= 1200
    assert to_markdown([found]).count("\n") == 3
