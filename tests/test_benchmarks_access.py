"""The access benchmark runs at a tiny size, and its jobs answer alike; nothing is timed."""

import json

import numpy as np

from benchmarks.access_job import JOBS
from benchmarks.access_world import NB_FILTERS, draw_points, write_world


def test_jobs_run_on_one_world_and_agree(tmp_path):
    world = write_world(tmp_path, 60, 20)
    assert world["pairs"] > 0 and 0 < world["density"] < 1
    reports = {name: json.loads(job(tmp_path)) for name, job in JOBS.items() if name != "pysal"}
    assert reports["ours"]["same"], "all the filters at once give what one gives"
    assert reports["build"]["pairs"] == world["pairs"]
    assert np.load(tmp_path / "ours.npy").shape == (60,)
    assert np.load(tmp_path / "supply.npy").shape == (20, NB_FILTERS)


def test_points_are_in_the_region_and_always_the_same():
    few, many = draw_points(50, 1), draw_points(5000, 1)
    assert (few == draw_points(50, 1)).all() and len(many) == 5000
    assert many[:, 0].min() > 1.0 and many[:, 0].max() < 4.7
