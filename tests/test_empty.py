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
from geoapp.web import create_app
from support.empty import FACONS, empty_file
from support.world import publish_world

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


SANS_ZONES = (
    "/",
    "/recherche?q=couture",
    "/carte",
    "/couverture",
    "/couverture/export.csv",
    "/territoires",
    "/ou-ouvrir",
    "/et-si?domaine=transport&apres_seuil=30",
    "/besoins",
    "/essentiel",
    "/qui-se-forme",
    "/donnees",
    "/figures/couverture.svg",
    "/figures/offre.svg",
    "/ogc/collections",
    "/api/v1/couverture",
    "/api/v1/ou-ouvrir",
    "/api/v1/et-si?domaine=transport&apres_seuil=30",
    "/api/v1/zones",
)
"""Addresses that would ask a division by default."""


def test_every_page_answers_where_no_source_tells_the_zones_of_employment(tiny_frames, tmp_path):
    frames = tiny_frames | {
        nom: tiny_frames[nom][~tiny_frames[nom]["type_zone"].eq("ze2020")]
        for nom, frame in tiny_frames.items()
        if "type_zone" in frame and len(frame)
    }
    client = create_app(publish_world(frames, tmp_path).path.parents[1]).test_client()
    answers = {path: client.get(path, follow_redirects=True).status_code for path in SANS_ZONES}
    assert answers == dict.fromkeys(SANS_ZONES, 200)
    assert "Par zone d" not in client.get("/couverture").get_data(as_text=True)
