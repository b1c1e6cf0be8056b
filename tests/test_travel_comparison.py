"""Two matrices side by side: bias, error by band, pairs of one side only, the map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from geoapp.cli import main
from geoapp.core.errors import ParameterError
from geoapp.coverage.travel import open_trajets
from geoapp.coverage.travel.choice import read_tables
from geoapp.coverage.travel.comparison import compare_costs
from geoapp.coverage.travel.given import write_parquet


@pytest.fixture
def longer(tiny_snapshot, tmp_path):
    """Write the matrix of the tiny world, each trip a tenth longer and one of them left out."""
    trajets = open_trajets(tiny_snapshot).trajets("voiture")
    minutes = trajets.duree_min.copy()
    minutes.data = minutes.data * np.float32(1.1)
    path = tmp_path / "longue.parquet"
    write_parquet(replace(trajets, duree_min=minutes), path)
    return path


def test_a_matrix_a_tenth_longer_than_the_law_says_so(tiny_snapshot, longer):
    frames = read_tables(tiny_snapshot)
    found = compare_costs(frames, str(longer), "loi")
    # Two of the nine start at the very place: nothing is judged on them.
    assert (len(found.trajets), found.trajets.nb_exclues, found.seuls) == (7, 2, (0, 0))
    assert found.jugement.total.biais == pytest.approx(0.1, abs=0.01)
    assert found.jugement.total_km.biais == pytest.approx(0, abs=0.005)
    assert found.ecarts.to_numpy() == pytest.approx([0.1] * 3, abs=0.02)
    back = compare_costs(frames, "loi", str(longer))
    assert back.jugement.total.biais == pytest.approx(-1 / 11, abs=0.01)
    fluid = compare_costs(frames, str(longer), "loi", "voiture_fluide")
    assert fluid.jugement.total.biais > 0.2
    with pytest.raises(ParameterError, match="au moins une matrice"):
        compare_costs(frames, "loi", "loi")


def test_the_command_tells_the_comparison_and_draws_its_map(tiny_snapshot, longer, tmp_path):
    out = tmp_path / "ecarts.png"
    asked = ["trajets", "--comparer", str(longer), "loi", "--data", str(tmp_path)]
    done = CliRunner().invoke(main, [*asked, "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "longue.parquet à côté de la loi" in done.output and "+10,0 %" in done.output
    assert "0 du premier, 0 du second" in done.output
    assert out.read_bytes().startswith(b"\x89PNG")
    refused = CliRunner().invoke(
        main, ["trajets", "--comparer", "loi", "loi", "--data", str(tmp_path)]
    )
    assert refused.exit_code == 2


def test_a_matrix_is_judged_on_the_known_trips_that_it_holds(tiny_snapshot, longer, tmp_path):
    # From the town hall of 80001 to l2, once as the matrix has it and once out of its reach.
    minutes = open_trajets(tiny_snapshot).trajets("voiture").duree_min.toarray()[1, 1] * 1.1
    trips = tmp_path / "paires.csv"
    trips.write_text(
        "o_lon,o_lat,d_lon,d_lat,driving_s,driving_m\n"
        f"2.1005,50.1,2.3,50.1,{minutes * 60 / 1.2},20000\n"
        "2.2,50.1,2.3,50.1,600,9000\n"
    )
    asked = ["trajets", "evaluer", str(trips), "--matrice", str(longer), "--data", str(tmp_path)]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 0, done.output
    assert "1 trajet" in done.output and "matrice longue.parquet" in done.output
    assert "+20," in done.output or "+19," in done.output
    trips.write_text("o_lon,o_lat,d_lon,d_lat,driving_s,driving_m\n7,43,7.1,43,600,9000\n")
    refused = CliRunner().invoke(main, asked)
    assert refused.exit_code == 2 and "aucun de ces trajets" in refused.output
