"""The JSON API: each route of `contract.ROUTES`, answered as pages and command line are."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from typing import cast

from flask import Blueprint, Response, current_app, jsonify, render_template, request
from werkzeug.datastructures import MultiDict

from geoapp import __version__
from geoapp.core.config import Settings
from geoapp.core.errors import ParameterError
from geoapp.coverage.answer import answer, describe_response
from geoapp.coverage.model import parse_question
from geoapp.offer.answers import (
    describe_answer,
    describe_facets,
    describe_place,
    describe_points,
    first_rows,
    list_zonages,
)
from geoapp.offer.cards import ADRESSE
from geoapp.offer.filters import FILTRES
from geoapp.offer.parameters import check_length, read_values, refuse_unknown
from geoapp.offer.quality.answer import describe_quality
from geoapp.offer.search.concepts import suggest_texts
from geoapp.offer.search.engine import search
from geoapp.offer.search.map_points import points
from geoapp.offer.search.model import Lieu, Requete
from geoapp.offer.search.places import suggest_places, suggest_streets, tell_outside
from geoapp.offer.search.requests import BORNES, PARAMETRES, parse_request
from geoapp.offer.sheet import offer_sheet
from geoapp.outputs.counted_publics import describe_publics
from geoapp.outputs.files.formats import SERVIS, parse_format
from geoapp.outputs.needs import describe_need
from geoapp.outputs.offers import offers_file
from geoapp.planning.asked import parse_sites
from geoapp.planning.need_answer import answer_need, parse_need
from geoapp.planning.opening import find_sites
from geoapp.planning.scenario import parse_scenario, run_scenario
from geoapp.planning.scenario_words import describe_effects, describe_stress
from geoapp.planning.words import describe_sites
from geoapp.reference.codes.identifiers import suggest
from geoapp.sources.addresses import find_addresses
from geoapp.web.contract import PREFIXE, PROPRES, ROUTES, Route
from geoapp.web.heavy.views import leave_to_workshop
from geoapp.web.openapi import build_document, documentation
from geoapp.web.presentation import safe_link
from geoapp.web.public_address import public_url
from geoapp.web.quality import served_quality
from geoapp.web.reached import describe_reached, reached_areas
from geoapp.web.sending import send_table
from geoapp.web.served import courant, served_engine, served_lookups, served_world
from geoapp.web.usage_count import TOTAL

blueprint = Blueprint("api", __name__)

NB_PROPOSITIONS = 8

LISTES = (*FILTRES, "emprise")
"""Parameters that a JSON body may give as a list: values any of which is enough, four bounds."""

COURT = 1_000
"""Rows at most of a text made where it is asked: a tenth of a second of processor."""


def _parameters(route: Route) -> MultiDict | dict:
    """Return the parameters of the request: those of the address, or the body of a POST.

    Raises
    ------
    ParameterError
        When a POST has parameters in its address too, or a body that is no form and no JSON object.
    """
    if request.method != "POST":
        return request.args
    if request.args:
        raise ParameterError(
            "Par POST, tous les paramètres vont dans le corps de la demande, aucun dans l'adresse."
        )
    if not request.is_json:
        return request.form
    try:
        body = request.get_json()
    except RecursionError:
        body = None
    if not isinstance(body, dict):
        raise ParameterError(
            'Le corps de la demande doit être un objet JSON : {"lieu": "Lens", "rayon": 20}.'
        )
    for nom, value in body.items():
        if problem := _wrong_shape(nom, value):
            raise ParameterError(f"{nom[:40]} : {problem}.")
    return body


def _wrong_shape(nom: str, value) -> str:
    """Return what is wrong with the kind of a value of a JSON body, "" when nothing is."""
    if isinstance(value, list) and nom not in LISTES:
        return "une seule valeur est attendue, pas une liste"
    if isinstance(value, list) and None in value:
        return "une liste sans null est attendue"
    # 02100 written as a number would have lost its zero.
    if nom == "lieu" and not isinstance(value, str | None):
        return "un texte est attendu"
    return ""


def _requested(route: Route) -> tuple[Requete, dict[str, list[str]]]:
    """Return the search asked, and the other parameters of the route."""
    given = _parameters(route)
    values = read_values(given)
    # A name that is not ours is a mistake, be it given nothing.
    refuse_unknown(list(given), [*PARAMETRES, *FILTRES, *route.parametres])
    for nom in given:
        _refuse_unreadable(nom, given)
    for nom in BORNES:
        # As it was sent: blanks that are then left out count too.
        check_length(nom, str(given.get(nom) or ""))
    autres = {nom: values.pop(nom) for nom in route.parametres if nom in values}
    require(route, {**values, **autres})
    return parse_request(values, served_engine(), autres=route.parametres), autres


def _refuse_unreadable(nom: str, given: MultiDict | dict) -> None:
    """Refuse a choice or a number written with nothing that is read: it is no absent one."""
    values = given.getlist(nom) if isinstance(given, MultiDict) else given[nom]
    for value in values if isinstance(values, list) else [values]:
        is_written = isinstance(value, str) and nom != "texte" and value.strip()
        if is_written and not any(c.isprintable() and not c.isspace() for c in value):
            raise ParameterError(f"{nom[:40]} : aucun caractère lisible.")


def _own_values(route: Route) -> dict[str, str]:
    """Return the parameters of a route that is not a search."""
    given = _parameters(route)
    values = read_values(given)
    refuse_unknown(list(given), route.parametres)
    # What is typed may be nothing yet: the parameter is there, and nothing starts so.
    require(route, [nom for nom in given if nom in values or isinstance(given[nom], str)])
    return {nom: found[0] for nom, found in values.items()}


def require(route: Route, values: Collection[str]) -> None:
    """Raise `ParameterError` when a parameter that the route needs is missing."""
    for nom in route.requis:
        if nom not in values:
            example = route.exemple.format(identifiant="", lieu=PARAMETRES["lieu"].exemple)
            raise ParameterError(f"Le paramètre « {nom} » manque. Exemple : {PREFIXE}{example}")


def _whole(nom: str, raw: str) -> int:
    """Return a whole number within the bounds of its row."""
    # Every whole number of the contract has both bounds.
    low, high = cast(tuple[float, float], (PROPRES[nom].minimum, PROPRES[nom].maximum))
    if not (raw.isascii() and raw.isdigit() and len(raw) < 5 and low <= int(raw) <= high):
        raise ParameterError(
            f"{nom} = « {raw[:40]} » : un nombre entier de {low:g} à {high:g} est attendu."
        )
    return int(raw)


def places(route: Route) -> dict:
    """Return the places whose name starts as what is typed.

    By POST, so that an address never stands in a URL, the streets typed with their commune come
    first, and those of the address service follow, when one is configured and what is typed begins
    like an address.
    """
    values = _own_values(route)
    typed = values.get("q", "")
    found = suggest_places(
        served_engine().index,
        typed,
        _whole("limite", values.get("limite", str(NB_PROPOSITIONS))),
    )
    if request.method == "POST":
        found = [*suggest_streets(served_engine().index, typed), *found]
    if (request.method == "POST" and any(c.isdigit() for c in typed)) or not found:
        found = [*found, *_addresses(typed)]
    return {
        "lieux": [describe_place(lieu) for lieu in found],
        "message": "" if found else tell_outside(typed),
    }


def _addresses(texte: str) -> list[Lieu]:
    """Return the addresses that the configured service finds, as places; none by GET."""
    if request.method != "POST" or not texte:
        return []
    found = find_addresses(texte, settings=settings())
    return [
        Lieu(
            type="adresse",
            code=a.code_commune,
            nom=a.libelle,
            longitude=a.longitude,
            latitude=a.latitude,
            precision="adresse",
        )
        for a in found
    ]


def suggestions(route: Route) -> dict:
    """Return the texts that start as what is typed."""
    values = _own_values(route)
    found = suggest_texts(
        served_engine().index,
        values.get("q", ""),
        _whole("limite", values.get("limite", str(NB_PROPOSITIONS))),
    )
    return {"suggestions": [{"texte": s.texte, "type": s.type, "nb": s.nb} for s in found]}


def list_offers(route: Route) -> dict:
    """Return one page of a search."""
    requete, _ = _requested(route)
    return describe_answer(search(served_engine(), requete), served_lookups())


def sheet(route: Route, identifiant: str) -> dict:
    """Return the sheet of an offer."""
    _own_values(route)
    return {
        "formation": offer_sheet(served_lookups(), identifiant, contact=settings().contact),
        "instantane": courant().snapshot().id,
    }


def settings() -> Settings:
    """Return the settings of the application that answers."""
    return current_app.config["SETTINGS"]


def export(route: Route, format: str) -> Response:
    """Return every page of a search as a file."""
    requete, _ = _requested(route)
    form = parse_format(format, tuple(SERVIS))
    found = search(served_engine(), requete)
    if len(found.lignes) > COURT or form.couler is None:
        leave_to_workshop()
    return send_table(offers_file(found, served_lookups(), public_url(request.script_root)), form)


def facets(route: Route) -> dict:
    """Return the live counts of every filter."""
    requete, _ = _requested(route)
    return {
        **describe_facets(search(served_engine(), requete), courant().snapshot()),
        "instantane": courant().snapshot().id,
    }


def map_points(route: Route) -> dict:
    """Return the points of a map; the rectangle is that of the map, not a filter of the list."""
    requete, autres = _requested(route)
    engine, zoom = served_engine(), _whole("zoom", autres["zoom"][0])
    # The route requires it: a request without one was refused.
    emprise = cast(tuple[float, float, float, float], requete.emprise)
    found = points(engine, replace(requete, emprise=None), emprise, zoom)
    rows = courant().derive("rang_des_lieux", lambda snapshot: first_rows(engine))
    return {**describe_points(found, served_lookups(), rows), "instantane": courant().snapshot().id}


def reached(route: Route) -> dict:
    """Return the areas reached in the time asked."""
    requete, _ = _requested(route)
    return {
        "lieu": describe_place(requete.lieu) if requete.lieu else None,
        "zones": [describe_reached(zone) for zone in reached_areas(requete)],
        "instantane": courant().snapshot().id,
    }


def zones(route: Route) -> dict:
    """Return the zonings of the snapshot and their zones."""
    values = _own_values(route)
    zonages = courant().derive("api_zonages", list_zonages)
    wanted = values.get("type")
    known = [zonage["type"] for zonage in zonages]
    if wanted and wanted not in known:
        cure = suggest(wanted, known) or f"Zonages connus : {', '.join(known)}."
        raise ParameterError(f"type = « {wanted[:40]} » : zonage inconnu. {cure}")
    kept = [zonage for zonage in zonages if not wanted or zonage["type"] == wanted]
    return {
        "zonages": [
            {nom: valeur for nom, valeur in zonage.items() if nom != "zones"} for zonage in zonages
        ],
        "zones": [zone for zonage in kept for zone in zonage["zones"]],
        "instantane": courant().snapshot().id,
    }


def sources(route: Route) -> dict:
    """Return the sources of the snapshot; a link that is not a plain web one is left out."""
    _own_values(route)
    snapshot = courant().snapshot()
    rows = [
        {**row, "adresse": safe_link(row["adresse"])} for row in served_lookups().sources.values()
    ]
    return {"sources": rows, "assemble_le": snapshot.manifest["cree_le"], "instantane": snapshot.id}


def coverage(route: Route) -> dict:
    """Return the answer to a question of coverage."""
    world = served_world()
    return describe_response(answer(world, parse_question(_parameters(route), world)), world)


def publics(route: Route) -> dict:
    """Return how many of each public live too far."""
    world = served_world()
    return describe_publics(world, parse_question(_parameters(route), world))


def needs(route: Route) -> dict:
    """Return the need and the offer of a zone, or of a family."""
    snapshot = courant().snapshot()
    return describe_need(answer_need(snapshot, parse_need(_own_values(route), snapshot)), snapshot)


def openings(route: Route) -> dict:
    """Return where to open for a question of coverage."""
    world = served_world()
    return describe_sites(world, find_sites(world, parse_sites(_parameters(route), world)))


def scenario(route: Route) -> dict:
    """Return what a scenario changes."""
    world = served_world()
    return describe_effects(world, run_scenario(world, parse_scenario(_parameters(route), world)))


def closures(route: Route) -> dict:
    """Return the closures that would hurt most, of bodies then of places."""
    world = served_world()
    return describe_stress(world, parse_question(_parameters(route), world))


def quality(route: Route) -> dict:
    """Return the scores of quality; of one source or body, its parts and what it has to correct."""
    return describe_quality(served_quality(), **_own_values(route))


VUES: dict[str, Callable[..., dict | Response]] = {
    "qualite": quality,
    "publics": publics,
    "besoins": needs,
    "couverture": coverage,
    "ou_ouvrir": openings,
    "et_si": scenario,
    "fermetures": closures,
    "places": places,
    "suggestions": suggestions,
    "formations": list_offers,
    "fiche": sheet,
    "export": export,
    "facets": facets,
    "points": map_points,
    "atteinte": reached,
    "zones": zones,
    "sources": sources,
}
"""What answers each route."""


def _view(route: Route):
    """Return the view of one route: answer, then cache headers."""

    def view(**path):
        if request.method != "POST" and _is_known(etag := _etag()):
            return _cacheable(Response(status=304), etag)
        answer = _under_root(VUES[route.nom](route, **path))
        response = answer if isinstance(answer, Response) else jsonify(answer)
        if route.nom == "formations":
            response.headers[TOTAL] = str(answer["total"] + answer["a_distance"]["total"])
        return _cacheable(response, None if request.method == "POST" else _etag())

    return view


def _under_root(value):
    """Return an answer whose addresses of sheets are under the prefix of the site."""
    if not request.script_root:
        return value
    if isinstance(value, dict):
        return {
            nom: request.script_root + inner
            if nom == "url" and isinstance(inner, str) and inner.startswith(ADRESSE)
            else _under_root(inner)
            for nom, inner in value.items()
        }
    return [_under_root(one) for one in value] if isinstance(value, list) else value


def _etag() -> str:
    """Return the digest of all that an answer depends on: snapshot, day, version, address."""
    text = "\n".join(
        (
            courant().snapshot().id,
            date.today().isoformat(),
            __version__,
            settings().contact,
            request.full_path,
        )
    )
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _is_known(etag: str) -> bool:
    """Tell whether the browser already has the answer; compression adds its name to the tag."""
    return any(
        tag.partition(":")[0] == etag for tag in request.if_none_match.as_set(include_weak=True)
    )


def _cacheable(response: Response, etag: str | None) -> Response:
    """Return the response with its cache headers: a POST is never kept, a GET is asked again."""
    response.headers["Cache-Control"] = "private, no-cache" if etag else "no-store"
    if etag:
        response.set_etag(etag)
    return response


for _route in ROUTES.values():
    blueprint.add_url_rule(
        PREFIXE + _route.chemin,
        endpoint=_route.nom,
        view_func=_view(_route),
        methods=list(_route.methodes),
    )


@blueprint.get(f"{PREFIXE}/openapi.json")
def openapi():
    """Return the description of the API for programs (OpenAPI 3.1)."""
    server = request.script_root + PREFIXE
    if settings().url:
        server = public_url(server)
    document = courant().derive(
        ("openapi", server), lambda snapshot: build_document(snapshot, server)
    )
    return _cacheable(jsonify(document), _etag())


@blueprint.get("/api/")
def index():
    """Show the documentation of the API."""
    return render_template(
        "api.html", titre="API de GéoForma", **documentation(courant().snapshot(), served_lookups())
    )
