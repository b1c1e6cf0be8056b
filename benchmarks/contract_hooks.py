"""What Schemathesis cannot know of our API: values that only the data tell, and what goes together.

Read by `python -m benchmarks.contract`; `GEOAPP_CONTRAT` is the address of the API that it tests.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from urllib.request import urlopen

import schemathesis
from hypothesis import strategies as st

API = os.environ["GEOAPP_CONTRAT"]


def _asked(path: str) -> dict:
    with urlopen(API + path, timeout=60) as answer:
        return json.load(answer)


def _register() -> None:
    """Give each format of the document, which is none of JSON Schema, the values of the data."""
    zones = [f"{one['type']}:{one['code']}" for one in _asked("/zones")["zones"]]
    known = {
        nom: [row["valeur"] for row in facet["valeurs"]]
        for nom, facet in _asked("/facets")["facettes"].items()
    }
    known |= {"zone": zones}
    departements = [one for one in zones if one.startswith("departement:")]
    schemathesis.openapi.format("lieu", st.sampled_from(departements))
    # Laws know these ways whatever the data; others need a file.
    schemathesis.openapi.format("mode", st.sampled_from(["voiture", "velo", "pied"]))
    schemathesis.openapi.format("territoire", st.sampled_from(["region", *departements]))
    schemathesis.openapi.format("emprise", st.sampled_from(["1.9,49.9,2.2,50.3", "-5,41,10,51"]))
    for nom, values in known.items():
        schemathesis.openapi.format(f"valeur_{nom}", st.sampled_from(values or ["inconnu"]))


_register()


def _is_nothing(value) -> bool:
    """Tell whether a parameter of an address, or one of its values, is written as not given.

    An object is: its inner names are written in the place of that of the parameter.
    """
    if isinstance(value, list | tuple):
        return not value or any(_is_nothing(one) for one in value)
    return (
        value is None
        or isinstance(value, Mapping)
        or (isinstance(value, str) and not any(c.isprintable() and not c.isspace() for c in value))
    )


def _is_too_far(query: Mapping, nom: str, rule: Mapping) -> bool:
    """Tell whether a threshold goes further than the trips of its way of travelling are known."""
    if not rule:
        return False
    before = query.get("mode", rule["defaut"])
    mode = next((query[one] for one in rule["par"] if one in query), rule["defaut"])
    given = [one for one in ("seuil_km", "seuil_min") if one in query]
    unite = (given or [f"seuil_{rule['unites'].get(before, 'km')}"])[0].removeprefix("seuil_")
    try:
        return float(query[nom]) > rule["maximum"][mode][unite]
    except (KeyError, TypeError, ValueError):
        return False


@schemathesis.hook
def filter_case(context, case) -> bool:
    """Keep the cases that OpenAPI 3.1 can tell good from bad.

    It cannot say that two parameters of an address go together or never do, which `x-pas-avec`
    and `x-avec` say, nor how far a threshold goes by way of travelling, which `x-bornes-selon`
    says, nor that one left empty is one not given.
    """
    query = case.query if isinstance(case.query, Mapping) else {}
    rows = {row["name"]: row for row in case.operation.definition.raw.get("parameters", ())}
    return all(
        not query.keys() & rows[nom].get("x-pas-avec", ())
        and query.keys() >= set(rows[nom].get("x-avec", ()))
        and (rows[nom]["required"] or not _is_nothing(value))
        and not _is_too_far(query, nom, rows[nom].get("x-bornes-selon", {}))
        for nom, value in query.items()
        if nom in rows
    )
