"""The empty case of every source, usage and table: announced, or refused by name, never a crash."""

from __future__ import annotations

import os

import pytest

from geoapp.core.errors import SourceError
from geoapp.ingest.checking import check_lecture
from geoapp.ingest.territories import load_communes
from geoapp.reference.commune_codes import make_passage
from geoapp.sources.reading import iter_source
from geoapp.sources.registry import Source, load_sources
from support.empty import FACONS, empty_file

EST_NUIT = int(os.environ.get("GEOAPP_FUZZ", "0")) >= 1_000
SOURCES = [one for one in load_sources().values() if one.fichier]


@pytest.fixture(scope="module")
def reperes():
    communes = load_communes("32")
    return {"communes": communes, "passage": make_passage(communes, [])}


def tried(usage: str) -> list[Source]:
    """Return the sources of a usage: one for each format, all of them by night."""
    mine = [one for one in SOURCES if one.usage == usage]
    return mine if EST_NUIT else list({one.format: one for one in reversed(mine)}.values())


@pytest.mark.parametrize("facon", FACONS)
@pytest.mark.parametrize("usage", sorted({one.usage for one in SOURCES}))
def test_an_empty_source_is_counted_or_refused_by_its_name(usage, facon, reperes, tmp_path):
    if facon == "rien de connu" and usage.startswith("offre_") and not EST_NUIT:
        pytest.skip("contrôlée comme l'offre")
    for source in tried(usage):
        path = tmp_path / source.fichier.rpartition("/")[2]
        path.write_bytes(empty_file([source], facon))
        try:
            for lecture in iter_source(source, path):
                bilan = check_lecture(source, lecture, **reperes)
                assert bilan.nb_lues == bilan.nb_valides + len(bilan.rejets), source.id
        except SourceError as error:
            assert path.name in str(error) and error.cure, source.id
