"""OGC API – Features under `/ogc`: for QGIS, GDAL and portals, from the snapshot served."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

import pandas as pd
from flask import Blueprint, Response, jsonify, render_template, request, url_for

from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.memory import Memory
from geoapp.coverage.model import Question, parse_question
from geoapp.offer.filters import apply_filters, parse_filters
from geoapp.offer.parameters import refuse_unknown
from geoapp.outputs.files.geo import dump_json
from geoapp.outputs.ogc.collections import Collection, list_collections, open_features
from geoapp.outputs.ogc.description import (
    CONFORMITE,
    GEOJSON,
    LIMITE,
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
from geoapp.outputs.ogc.features import JOUR, Demandes, Features, find_reference
from geoapp.outputs.ogc.references import CRS84, Reference, to_degrees
from geoapp.reference.codes.identifiers import refusal
from geoapp.web.presentation import Query
from geoapp.web.public_address import public_url
from geoapp.web.served import courant, served_world

blueprint = Blueprint("ogc", __name__, url_prefix="/ogc")

QUESTIONS = 8
"""Collections, and questions of the coverage, whose features are kept open by snapshot."""

PAGE = ("limit", "offset", "bbox", "bbox-crs", "datetime", "crs", "f")
"""Parameters of the standard, which no column may be named like."""

LIGNES_HTML = 50
"""Features of a page for people, when no number is asked."""


# QGIS follows no redirect from the address without its slash.
@blueprint.get("/", strict_slashes=False)
def index():
    """Say what the service is."""
    _only("f")
    document = landing(courant().snapshot(), _ou())
    if not _is_page():
        return jsonify(document)
    return _page("GéoForma dans un logiciel de cartes", collections=_rows())


@blueprint.get("/conformance")
def conformance():
    """Say which classes of the standard are held to."""
    _only("f")
    if _is_page():
        return _page("Conformité du service", conformite=CONFORMITE)
    return jsonify(conformsTo=list(CONFORMITE))


@blueprint.get("/api")
def api():
    """Describe the service to programs."""
    _only("f")
    answer = jsonify(openapi(_collections(), public_url(request.script_root + "/ogc")))
    answer.mimetype, answer.headers["Content-Type"] = "application/json", OPENAPI
    return answer


@blueprint.get("/collections")
def collections():
    """List the collections."""
    _only("f")
    if _is_page():
        return _page("Collections", collections=_rows())
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
    _only("f")
    one = _find(nom)
    if _is_page():
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
    question = _question(one)
    features = _features(one, question)
    selection = _selection(one, features)
    limit, offset = _whole("limit", _default(), 1), _whole("offset", 0, 0)
    ranks = features.select(selection)
    part = ranks[offset : offset + min(limit, LIMITE_MAX)]
    if _is_page():
        return _page(one.titre, collection=one, **_table(one, features, part, len(ranks), offset))
    reference = _crs("crs")
    head = dump_json(
        {
            "type": "FeatureCollection",
            "timeStamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "numberMatched": len(ranks),
            "numberReturned": len(part),
            "links": _links(one, len(ranks), offset, limit),
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
    _only("f", "crs", *one.question)
    features = _features(one, _question(one))
    rank = features.ranks.get(cle)
    if rank is None:
        raise NotFoundError(f"Aucun objet « {cle[:80]} » dans la collection {one.id}.")
    if _is_page():
        return _page(f"{one.titre} : {cle}", collection=one, objet=_values(features, rank))
    reference = _crs("crs")
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
    kept = courant().derive("ogc objets", lambda snapshot: Memory(maxsize=QUESTIONS))
    key = one.id, asked if one.question else None
    return kept.get(repr(key), lambda: open_features(world, one, asked))


def _question(one: Collection) -> Question:
    """Return the question of the coverage that the parameters of the request ask."""
    if not one.question:
        return Question()
    asked = {nom: request.args.getlist(nom) for nom in one.question if nom in request.args}
    return parse_question(asked, served_world())


def _selection(one: Collection, features: Features) -> Demandes:
    """Return what the request asks of a collection; a parameter that is not ours is refused."""
    columns = [c.nom for c in features.fichier.attributs if c.nom not in one.filtres]
    refuse_unknown(list(request.args), [*PAGE, *one.filtres, *one.question, *columns])
    for nom in (*PAGE, *columns):
        if len(request.args.getlist(nom)) > 1:
            raise ParameterError(f"{nom} : une seule valeur est attendue.")
    values = {
        nom: request.args[nom] for nom in columns if nom in request.args and nom not in one.question
    }
    return Demandes(
        boite=_box(),
        periode=_period(),
        valeurs=values,
        masque=_filtered(one, features),
    )


def _filtered(one: Collection, features: Features):
    """Return which features the filters of the product keep, None without any."""
    chosen = {nom: request.args.getlist(nom) for nom in one.filtres if nom in request.args}
    if not chosen:
        return None
    snapshot = courant().snapshot()
    kept = apply_filters(snapshot.read(one.table), parse_filters(chosen, snapshot))
    return features.table.index.isin(kept.index)


def _box():
    """Return the rectangle asked, in degrees, its heights left out; None without one."""
    texte = request.args.get("bbox", "")
    if not texte:
        return None
    try:
        numbers = [float(one) for one in texte.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [numbers[rank] for rank in (0, 1, 3, 4)]
    if len(numbers) != 4 or not all(abs(one) < 1e9 for one in numbers):
        raise ParameterError(
            f"bbox = « {texte[:60]} » : quatre nombres sont attendus, ouest,sud,est,nord."
        )
    west, south, east, north = numbers
    return to_degrees((west, south, east, north), _crs("bbox-crs"))


def _period() -> tuple[pd.Timestamp | None, pd.Timestamp | None] | None:
    """Return the interval asked, open ends as None; None without one."""
    texte = request.args.get("datetime", "")
    if not texte:
        return None
    ends = texte.split("/")
    try:
        if len(ends) > 2:
            raise ValueError
        start, end = map(_instant, ends * 2 if len(ends) == 1 else ends)
        if end is not None and len(ends[-1]) == len("2026-09-01"):
            end += JOUR
        if start is not None and end is not None and start > end:
            raise ValueError
    except ValueError:
        raise ParameterError(
            f"datetime = « {texte[:60]} » : un instant (2026-09-01) ou un intervalle "
            "(2026-09-01/2027-06-30, ../2027-06-30) est attendu."
        ) from None
    return start, end


def _instant(texte: str) -> pd.Timestamp | None:
    if texte in ("", ".."):
        return None
    return pd.Timestamp(datetime.fromisoformat(texte)).tz_localize(None).tz_localize("UTC")


def _crs(nom: str) -> Reference:
    return find_reference(nom, request.args.get(nom) or CRS84)


def _whole(nom: str, default: int, least: int) -> int:
    texte = request.args.get(nom, "")
    if not texte:
        return default
    if not (texte.isascii() and texte.isdigit()) or not least <= int(texte[:12]):
        raise ParameterError(
            f"{nom} = « {texte[:40]} » : un nombre entier d'au moins {least} est attendu."
        )
    return int(texte[:12])


def _only(*noms: str) -> None:
    """Refuse a parameter that the address does not have."""
    refuse_unknown(list(request.args), noms)


def _is_page() -> bool:
    """Tell whether people ask: `f` says it, else what the browser accepts."""
    form = request.args.get("f", "")
    if form not in ("", "json", "html"):
        raise ParameterError(f"f = « {form[:20]} » : json ou html est attendu.")
    if form:
        return form == "html"
    best = request.accept_mimetypes.best_match(["application/json", GEOJSON, "text/html"])
    return best == "text/html"


def _default() -> int:
    return LIGNES_HTML if _is_page() else LIMITE


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
    _only("f")
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


def _rows() -> list[dict]:
    """Return the collections as rows of a table."""
    return [
        {
            "nom": one.id,
            "titre": one.titre,
            "sens": one.description,
            "adresse": url_for("ogc.items", nom=one.id, f="html"),
        }
        for one in _collections().values()
    ]


def _values(features: Features, rank: int) -> list[tuple[str, str]]:
    """Return a feature as (title, value) pairs; what is unknown is left out."""
    row = features.table.iloc[rank]
    return [
        (one.titre, str(row[one.nom]))
        for one in features.fichier.attributs
        if not pd.isna(row[one.nom])
    ]


NB_COLONNES = 6
"""Columns of the table of a page for people; a feature shows them all."""


def _table(one: Collection, features: Features, ranks, total: int, offset: int) -> Query:
    """Return the rows of a page for people, and where the pages around it are."""
    told = [c for c in features.fichier.attributs if not c.nom.startswith("id_")]
    columns = told[:NB_COLONNES]
    part = features.table.iloc[ranks]
    limit = _whole("limit", LIGNES_HTML, 1)
    links = {link["rel"]: link["href"] for link in _links(one, total, offset, limit)}
    return {
        "total": total,
        "colonnes": [("Objet", ""), *((c.titre, c.nom) for c in columns)],
        "lignes": [
            {
                "cle": features.ids[rank],
                "adresse": url_for("ogc.item", nom=one.id, cle=features.ids[rank], f="html"),
                **{c.nom: "" if pd.isna(row[c.nom]) else str(row[c.nom]) for c in columns},
            }
            for rank, (_, row) in zip(ranks.tolist(), part.iterrows(), strict=True)
        ],
        "suivante": links.get("next", ""),
        "precedente": links.get("prev", ""),
    }
