"""The address client, against a small service of ours on loopback."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from geoapp.core.config import Settings
from geoapp.sources.addresses import Adresse, find_addresses, is_configured
from support.producer import ADDRESS


def test_an_address_is_found_with_its_position(service):
    handler, settings = service
    assert find_addresses("1 rue de la gare lens", settings=settings) == [
        Adresse("1 Rue de la Gare 62300 Lens", 2.832, 50.431, "62498")
    ]
    assert parse_qs(urlsplit(handler.seen[0]).query) == {
        "q": ["1 rue de la gare lens"],
        "limit": ["4"],
        "autocomplete": ["1"],
    }


def test_nothing_is_asked_without_a_service_or_for_a_short_text(service):
    handler, settings = service
    assert find_addresses("1 rue de la gare", settings=Settings()) == [] and not is_configured(
        Settings()
    )
    assert find_addresses(" le ", settings=settings) == [] and handler.seen == []
    assert not is_configured(replace(Settings(), adresses="file:///etc/passwd"))


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "<html>",
        "[]",
        '{"features": 3}',
        '{"features": [null, {}, {"geometry": {"coordinates": ["a"]}}]}',
        json.dumps({"features": [{**ADDRESS, "geometry": {"coordinates": [50.431, 2.832]}}]}),
        "{" * 100_000,
        "x" * 600_000,
    ],
)
def test_a_service_that_answers_nonsense_gives_nothing(service, answer):
    handler, settings = service
    handler.answer = answer
    assert find_addresses("1 rue de la gare", settings=settings) == []


def test_a_service_that_fails_or_is_slow_gives_nothing(service):
    handler, settings = service
    handler.status = 500
    assert find_addresses("1 rue de la gare", settings=settings) == []
    handler.status, handler.delay_s = 200, 3.0
    assert find_addresses("1 rue de la gare", settings=settings) == []
    assert (
        find_addresses(
            "1 rue de la gare", settings=replace(settings, adresses="http://127.0.0.1:9/")
        )
        == []
    )
