"""Files of costs that tell where they come from: written by the providers, read as any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from geoapp.core.errors import SourceError, StorageError
from geoapp.coverage.travel.choice import choose_trajets
from geoapp.coverage.travel.given import (
    COLONNES,
    Couverture,
    SourceTrajets,
    read_source,
    write_matrix,
)

ORIGINES = np.array(["commune:59001", "commune:80001", "commune:80002"])
PLACES = np.array(["50.05000,2.05000", "50.10000,2.30000", "50.10000,2.50000"])
MINUTES = sparse.csr_array(np.array([[0, 0, 7.5], [12, 0, 40], [0, 3.25, 0]], dtype="f4"))
SOURCE = SourceTrajets(
    mode="velo",
    fournisseur="réseau d'essai",
    note="Trajets d'essai.",
    licence="ODbL",
    date="2026-08-01",
    fichiers=({"nom": "essai.osm.pbf", "sha256": "0" * 64},),
)


def written(out: Path, **changed) -> Path:
    """Write the matrix of the test."""
    given = {"duree_min": MINUTES, "distance_km": MINUTES / 2, "couverture": None}
    assert (
        write_matrix(out, origines=ORIGINES, places=PLACES, source=SOURCE, **{**given, **changed})
        == 4
    )
    return out


def test_a_written_matrix_is_read_as_one_given(tiny_frames, tmp_path):
    given = [("velo", written(tmp_path / "m.parquet"))]
    trajets = choose_trajets(tiny_frames, given).trajets("velo")
    assert trajets.duree_min.nnz == trajets.distance_km.nnz == 4
    # Stored by tenths of a minute and decametres.
    assert trajets.duree_min.toarray() == pytest.approx(MINUTES.toarray(), abs=0.051)
    assert trajets.distance_km.toarray() == pytest.approx(MINUTES.toarray() / 2, abs=0.0051)


def test_a_file_tells_its_source_and_whom_it_reaches(tmp_path):
    reached = Couverture(
        origines=np.array([True, True, False]), places=np.array([False, True, True])
    )
    told = read_source(written(tmp_path / "m.parquet", couverture=reached))
    assert told["mode"] == "velo" and told["date"] == "2026-08-01"
    assert told["fichiers"] == [{"nom": "essai.osm.pbf", "sha256": "0" * 64}]
    assert told["origines"] == ["commune:59001", "commune:80001"]
    assert told["places"] == ["50.10000,2.30000", "50.10000,2.50000"]
    everywhere = read_source(written(tmp_path / "n.parquet"))
    assert everywhere["origines"] == ORIGINES.tolist() and everywhere["places"] == PLACES.tolist()


@pytest.mark.parametrize("missing", ["duree_min", "distance_km"])
def test_a_unit_that_is_not_known_is_an_empty_column(tmp_path, missing):
    frame = pd.read_parquet(written(tmp_path / "m.parquet", **{missing: None}))
    column = {"duree_min": "time_min", "distance_km": "distance_km"}[missing]
    assert frame.columns.tolist() == list(COLONNES)
    assert [nom for nom in COLONNES if frame[nom].isna().all()] == [column]


def test_same_costs_same_bytes(tmp_path):
    one, two = (written(tmp_path / nom).read_bytes() for nom in ("a.parquet", "b.parquet"))
    assert one == two


def test_a_file_without_source_tells_none(tmp_path):
    plain = pd.DataFrame([["80001", PLACES[0], 1.0, 1.0]], columns=list(COLONNES))
    plain.to_parquet(tmp_path / "m.parquet", index=False)
    assert read_source(tmp_path / "m.parquet") is None


@pytest.mark.parametrize("content", [b"", b"PAR1", b"origin;destination\n"])
def test_what_is_no_parquet_is_refused(tmp_path, content):
    path = tmp_path / "m.parquet"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"m\.parquet : matrice de trajets illisible"):
        read_source(path)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(StorageError, match="le dossier n'existe pas"):
        written(tmp_path / "absent" / "m.parquet")
