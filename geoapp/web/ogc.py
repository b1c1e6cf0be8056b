"""OGC API – Features under `/ogc`: for QGIS, GDAL and portals, from the snapshot served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from operator import attrgetter
from urllib.parse import quote, urlencode

import pandas as pd
from flask import Blueprint, Response, jsonify, render_template, request

from geoapp.core.errors import NotFoundError
from geoapp.core.memory import Memory
from geoapp.coverage.model import Question
from geoapp.outputs.files.geo import dump_json
from geoapp.outputs.ogc.collections import Collection, list_collections, open_features
from geoapp.outputs.ogc.description import (
    CONFORMITE,
    GEOJSON,
    LIMITE_MAX,
    OPENAPI,
    SCHEMA,
    Racine,
    as_schema,
    column_schema,
    describe_collection,
    landing,
    list_queryables,
    openapi,
)
from geoapp.outputs.ogc.features import Features
from geoapp.outputs.ogc.references import CRS84, Reference
from geoapp.reference.codes.identifiers import refusal
from geoapp.web.ogc_request import (
    default_limit,
    is_page,
    only,
    read_question,
    read_reference,
    read_selection,
    read_whole,
)
from geoapp.web.ogc_view import list_rows, list_values, table_of
from geoapp.web.public_address import public_url
from geoapp.web.served import courant, served_world

blueprint = Blueprint("ogc", __name__, url_prefix="/ogc")

OCTETS = 128_000_000
"""Bytes of features kept open by snapshot and process, those of the collections, and questions of
the coverage, asked last; a collection that weighs more is opened at each request.
"""


# QGIS follows no redirect from the address without its slash.
@blueprint.get("/", strict_slashes=False)
def index():
    """Say what the service is."""
    only("f")
    document = landing(courant().snapshot(), _ou())
    if not is_page():
        return jsonify(document)
    return _page(
        "GéoForma dans un logiciel de cartes", collections=list_rows(_collections().values())
    )


@blueprint.get("/conformance")
def conformance():
    """Say which classes of the standard are held to."""
    only("f")
    if is_page():
        return _page("Conformité du service", conformite=CONFORMITE)
    return jsonify(conformsTo=list(CONFORMITE))


@blueprint.get("/api")
def api():
    """Describe the service to programs."""
    only("f")
    answer = jsonify(openapi(_collections(), public_url(request.script_root + "/ogc")))
    answer.mimetype, answer.headers["Content-Type"] = "application/json", OPENAPI
    return answer


@blueprint.get("/collections")
def collections():
    """List the collections."""
    only("f")
    if is_page():
        return _page("Collections", collections=list_rows(_collections().values()))
    ou = _ou()
    return jsonify(
        links=[
            ou.link("/collections", "self", "application/json", "Collections"),
            ou.link("/collections?f=html", "alternate", "text/html", "Collections, en page"),
        ],
        crs=[CRS84],
        collections=[describe_collection(one, None, ou) for one in _collections().values()],
    )


@blueprint.get("/collections/<nom>")
def collection(nom: str):
    """Describe one collection."""
    only("f")
    one = _find(nom)
    if is_page():
        asked = _queryables(one, _features(one))
        champs = [{"nom": name, **told} for name, told in asked.items()]
        return _page(one.titre, collection=one, champs=champs)
    return jsonify(describe_collection(one, _features(one), _ou()))


@blueprint.get("/collections/<nom>/queryables")
def queryables(nom: str):
    """Say what may be asked of a collection."""
    return _schema(_find(nom), "queryables")


@blueprint.get("/collections/<nom>/schema")
def schema(nom: str):
    """Say what the features of a collection hold."""
    return _schema(_find(nom), "schema")


@blueprint.get("/collections/<nom>/items")
def items(nom: str):
    """Return the features that obey the request, a page of them."""
    one = _find(nom)
    question = read_question(one)
    features = _features(one, question)
    selection = read_selection(one, features)
    limit = min(read_whole("limit", default_limit(), 1), LIMITE_MAX)
    offset = read_whole("offset", 0, 0)
    ranks = features.select(selection)
    part = ranks[offset : offset + limit]
    links = _links(one, len(ranks), offset, limit)
    if is_page():
        around = {link["rel"]: link["href"] for link in links}
        table = table_of(one, features, part)
        return _page(one.titre, collection=one, total=len(ranks), autour=around, **table)
    reference = read_reference("crs")
    head = dump_json(
        {
            "type": "FeatureCollection",
            "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "numberMatched": len(ranks),
            "numberReturned": len(part),
            "links": links,
            "metadonnees": [
                {"cle": cle, "texte": texte} for cle, texte in features.fichier.mentions
            ],
        }
    )
    rows = ",\n".join(features.write(part, reference))
    body = f'{head[:-1]},"features":[\n{rows}\n]}}\n'
    return _geojson(body, reference)


@blueprint.get("/collections/<nom>/items/<path:cle>")
def item(nom: str, cle: str):
    """Return one feature."""
    one = _find(nom)
    only("f", "crs", *one.question)
    features = _features(one, read_question(one))
    rank = features.ranks.get(cle)
    if rank is None:
        raise NotFoundError(f"Aucun objet « {cle[:80]} » dans la collection {one.id}.")
    if is_page():
        return _page(f"{one.titre} : {cle}", collection=one, objet=list_values(features, rank))
    reference = read_reference("crs")
    (text,) = features.write(pd.Index([rank]).to_numpy(), reference)
    ou, chemin = _ou(), f"/collections/{one.id}"
    links = [
        ou.link(f"{chemin}/items/{quote(cle)}", "self", GEOJSON, cle),
        ou.link(f"{chemin}/items/{quote(cle)}?f=html", "alternate", "text/html", cle),
        ou.link(chemin, "collection", "application/json", one.titre),
    ]
    return _geojson(f'{text[:-1]},"links":{dump_json(links)}}}\n', reference)


def _geojson(body: str, reference: Reference) -> Response:
    """Return features, the reference system of their geometries said as part 2 asks."""
    answer = Response(body, mimetype=GEOJSON)
    answer.headers["Content-Crs"] = f"<{reference.uri}>"
    answer.headers["Vary"] = "Accept"
    return answer


def _collections() -> dict[str, Collection]:
    return courant().derive("ogc", lambda snapshot: list_collections(served_world()))


def _find(nom: str) -> Collection:
    """Return a collection by its identifier; the nearest one is named when there is none."""
    every = _collections()
    if nom not in every:
        raise NotFoundError(refusal("Collection inconnue", nom, "Collections", every))
    return every[nom]


def _features(one: Collection, question: Question | None = None) -> Features:
    """Return the features of a collection, kept open: the last ones asked."""
    world, asked = served_world(), question or Question()
    kept = courant().derive(
        "ogc objets", lambda snapshot: Memory(OCTETS, weigh=attrgetter("poids"))
    )
    key = one.id, asked if one.question else None
    return kept.get(repr(key), lambda: open_features(world, one, asked))


def _ou() -> Racine:
    return Racine(de=lambda chemin: public_url(f"{request.script_root}/ogc{chemin}"))


def _links(one: Collection, total: int, offset: int, limit: int) -> list[dict]:
    """Return the links of a page: itself, as a page for people, the next one and the one before."""
    ou, chemin = _ou(), f"/collections/{one.id}"

    def at(place: int, **more: str) -> str:
        pairs = [(k, v) for k, v in request.args.items(multi=True) if k not in ("offset", *more)]
        pairs += [*([("offset", str(place))] if place else []), *more.items()]
        return f"{chemin}/items" + (f"?{urlencode(pairs)}" if pairs else "")

    links = [
        ou.link(at(offset), "self", GEOJSON, "Cette page"),
        ou.link(at(offset, f="html"), "alternate", "text/html", "Cette page, pour lire"),
        ou.link(chemin, "collection", "application/json", one.titre),
    ]
    if offset + limit < total:
        links.append(ou.link(at(offset + limit), "next", GEOJSON, "Page suivante"))
    if offset:
        links.append(ou.link(at(max(0, offset - limit)), "prev", GEOJSON, "Page précédente"))
    return links


def _queryables(one: Collection, features: Features) -> Mapping[str, dict]:
    return list_queryables(one, features, courant().snapshot())


def _schema(one: Collection, kind: str) -> Response:
    """Return the schema of a collection: what may be asked of it, or what it holds."""
    only("f")
    features = _features(one)
    properties = (
        _queryables(one, features)
        if kind == "queryables"
        else {c.nom: column_schema(c) for c in features.fichier.attributs}
    )
    adresse = _ou().de(f"/collections/{one.id}/{kind}")
    answer = jsonify(as_schema(one.titre, adresse, properties, bool(features.fichier.forme)))
    answer.headers["Content-Type"] = SCHEMA
    return answer


def _page(titre: str, **parts) -> str:
    """Return a page for people."""
    return render_template("ogc.html", titre=titre, adresse=_ou().de("/"), **parts)
