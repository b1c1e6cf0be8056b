"""The catalogue that portals harvest obeys DCAT-AP, and the shapes that say so can fail."""

import json
from pathlib import Path

import pyshacl
import pytest
import rdflib

from geoapp.outputs.catalogue.dcat import PageCatalogue, describe_catalogue
from geoapp.outputs.catalogue.listing import list_resources
from support.world import make_tiny_frames, publish_world

# The reader of JSON-LD of rdflib calls what rdflib says is old.
pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")

SHAPES = Path(__file__).parent / "support" / "dcat_shapes.ttl"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    """Return the tiny world, published once."""
    return publish_world(make_tiny_frames(), tmp_path_factory.mktemp("dcat"))


@pytest.mark.parametrize("contact", ["carte@example.org", "", "02 00 00 00 00"])
def test_the_catalogue_obeys_the_shapes_of_dcat_ap(snapshot, contact):
    pages = PageCatalogue("https://carte.example.org/donnees", contact)
    told = describe_catalogue(snapshot, list_resources(snapshot), pages)
    graph = rdflib.Graph().parse(data=json.dumps(told), format="json-ld")
    shapes = rdflib.Graph().parse(SHAPES)
    conforms, _, text = pyshacl.validate(graph, shacl_graph=shapes, allow_warnings=False)
    assert conforms, text[:3000]


@pytest.mark.parametrize(
    "key", ["dct:license", "dct:format", "dcat:byteSize", "dct:temporal", "dcat:contactPoint"]
)
def test_the_shapes_see_what_lacks(snapshot, key):
    pages = PageCatalogue("https://carte.example.org/donnees")
    told = describe_catalogue(snapshot, list_resources(snapshot)[:1], pages)
    for node in told["@graph"]:
        node.pop(key, None)
    graph = rdflib.Graph().parse(data=json.dumps(told), format="json-ld")
    shapes = rdflib.Graph().parse(SHAPES)
    assert not pyshacl.validate(graph, shacl_graph=shapes)[0]
