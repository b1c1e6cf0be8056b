"""The data behind the pages: points, outlines, downloads."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort, request, send_file

from geoapp.core.snapshot import TUILES, Snapshot
from geoapp.offer.filters import Filtres, apply_filters, parse_filters
from geoapp.outputs import maps
from geoapp.outputs.catalogue.resources import table_file
from geoapp.outputs.files.formats import FORMATS
from geoapp.outputs.files.geo import dump_json
from geoapp.outputs.maps.layers import FOND, ROUTES_DU_FOND, has_roads, outline_geojson
from geoapp.outputs.maps.places import pack_offers
from geoapp.web.sending import send_table
from geoapp.web.served import courant, served_layers

blueprint = Blueprint("layers", __name__)

PMTILES = "application/vnd.pmtiles"
_YEAR_S = 365 * 24 * 3600


@blueprint.get("/donnees/points.json")
def points():
    """Return the placed offers that obey the filters, as `carte.js` reads them."""
    snapshot = courant().snapshot()
    filtres = parse_filters(request.args, snapshot)
    texte = (
        _points(snapshot, filtres)
        if filtres
        else courant().derive("points", lambda s: _points(s, filtres))
    )
    return cacheable(texte, "application/json")


def _points(snapshot: Snapshot, filtres: Filtres) -> str:
    """Return the offers as JSON text; only those of the whole snapshot are kept in memory."""
    return dump_json(pack_offers(snapshot, apply_filters(snapshot.read("offres"), filtres)))


@blueprint.get("/donnees/couches/<type_zone>.geojson")
def layer(type_zone: str):
    """Return the outlines of one zoning, or of the base map (`fond`, `routes`)."""
    snapshot = courant().snapshot()
    drawn = {FOND, *(c.type_zone for c in served_layers() if c.est_dessine)}
    if has_roads(snapshot):
        drawn.add(ROUTES_DU_FOND)
    if type_zone not in drawn:
        abort(404)
    texte = _outlines(type_zone)
    return cacheable(texte, "application/geo+json", for_ever=request.args.get("v") == snapshot.id)


def _outlines(type_zone: str) -> str:
    """Return the outlines of one zoning, made once by snapshot."""
    return courant().derive(("couche", type_zone), lambda s: outline_geojson(s, type_zone))


def cacheable(texte: str, mimetype: str, *, for_ever: bool = False) -> Response:
    """Return text with its digest as ETag; 304 when the browser already has it."""
    response = Response(texte, mimetype=mimetype)
    response.set_etag(hashlib.sha256(texte.encode()).hexdigest()[:32])
    response.headers["Cache-Control"] = _cached(for_ever)
    response.make_conditional(request)
    return response


def _cached(for_ever: bool) -> str:
    """Return how long an answer is kept: for ever under an address that its content decides."""
    return f"public, max-age={_YEAR_S}, immutable" if for_ever else "no-cache"


@blueprint.get(f"/donnees/{TUILES}")
def tiles():
    """Send the places as vector tiles: whole, or the bytes that are asked (`Range`)."""
    snapshot = courant().snapshot()
    digest = snapshot.manifest.get("fichiers", {}).get(TUILES)
    if digest is None:
        abort(404)
    # By content: what a browser keeps of the one before is never mixed with this one.
    response = send_file(
        snapshot.path / TUILES, mimetype=PMTILES, etag=digest[:32], conditional=True
    )
    response.headers["Cache-Control"] = _cached(request.args.get("v") == snapshot.id)
    return response


@blueprint.get("/carte.html")
def standalone_map():
    """Return the map of the current filters as one file to keep."""
    snapshot = courant().snapshot()
    filtres = parse_filters(request.args, snapshot)
    page = maps.standalone.render_standalone(
        snapshot, filtres, calques=served_layers(), contours=_outlines
    )
    return Response(
        page,
        mimetype="text/html",
        headers={"Content-Disposition": "attachment; filename=carte-formations.html"},
    )


@blueprint.get("/rejets.csv")
def rejects_csv():
    """Return every reject as CSV for a French spreadsheet (semicolons, UTF-8 with BOM)."""
    return send_table(table_file(courant().snapshot(), "rejets"), FORMATS["csv"])
