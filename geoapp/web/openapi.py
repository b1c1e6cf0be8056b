"""The OpenAPI 3.1 document and the documentation page, made from the rows of `contract`."""

from __future__ import annotations

import re

from flask import request, url_for

from geoapp import __version__
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.model import FILTRES_OFFRE
from geoapp.offer.filters import FILTRES, Filtre
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.requests import PARAMETRES, Parametre
from geoapp.outputs.files.formats import FORMATS
from geoapp.web.contract import CARTE, CHEMINS, PREFIXE, PROPRES, ROUTES, Route, describe_bounds

NB_VALEURS = 30
"""Values of a filter that the documentation lists; beyond, it says where to find them."""

_TYPES = {"texte": "string", "nombre": "number", "entier": "integer", "emprise": "string"}
_VARIABLE = re.compile(r"<(\w+)>")
ERREURS = {
    "400": (
        "Paramètre inconnu ou valeur refusée ; "
        "le message donne les bornes ou la valeur la plus proche"
    ),
    "404": "Rien à cette adresse, ou identifiant inconnu",
    "503": "Aucune donnée n'est publiée",
}


def build_document(snapshot: Snapshot, server: str = PREFIXE) -> dict:
    """Return the description of the API for programs.

    Parameters
    ----------
    snapshot : Snapshot
        Gives the values that filters accept.
    server : str
        Address under which the paths are.
    """
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "GéoForma",
            "version": __version__,
            "license": {"name": "MIT", "identifier": "MIT"},
            "description": (
                "Offre de formation : recherche autour d'un lieu, fiches, facettes, "
                "points de carte, exports. Réponses en français."
            ),
        },
        "servers": [{"url": server}],
        "paths": {_path(route): _operations(route, snapshot) for route in ROUTES.values()},
        "components": {"schemas": {"Erreur": _error_schema(), "Formation": _card_schema()}},
    }


def _path(route: Route) -> str:
    """Return the path of a route as OpenAPI writes it: /formations/{identifiant}."""
    return _VARIABLE.sub(r"{\1}", route.chemin)


def _operations(route: Route, snapshot: Snapshot) -> dict:
    """Return the operations of one path."""
    variables = [
        _parameter(CHEMINS[nom], "path", requis=True) for nom in _VARIABLE.findall(route.chemin)
    ]
    query = [
        *_own_parameters(route),
        *(_search_parameters(route, snapshot) if route.est_recherche else []),
    ]
    query += [
        _filter_parameter(FILTRES[nom], snapshot) for nom in FILTRES_OFFRE if route.est_couverture
    ]
    common = {"summary": route.resume, "responses": _responses(route)}
    operations = {"get": {"operationId": route.nom, **common, "parameters": [*variables, *query]}}
    if "POST" in route.methodes:
        operations["post"] = {
            "operationId": f"{route.nom}_post",
            **common,
            "parameters": variables,
            "requestBody": _body(query),
            "description": (
                "Les mêmes paramètres dans le corps : une position n'est alors dans aucune adresse."
            ),
        }
    return operations


def _own_parameters(route: Route) -> list[dict]:
    return [
        _parameter(PROPRES[nom], "query", requis=nom in route.requis) for nom in route.parametres
    ]


def _search_parameters(route: Route, snapshot: Snapshot) -> list[dict]:
    """Return the parameters of a search, then every filter."""
    plain = [
        _parameter(parametre, "query", requis=parametre.nom in route.requis)
        for parametre in PARAMETRES.values()
    ]
    return plain + [_filter_parameter(filtre, snapshot) for filtre in FILTRES.values()]


def _parameter(parametre: Parametre, place: str, *, requis: bool = False) -> dict:
    """Return one parameter with its bounds and its example."""
    number = parametre.type in ("nombre", "entier")
    bounds = {
        "minimum": parametre.minimum,
        "maximum": parametre.maximum,
        "enum": list(parametre.valeurs) or None,
    }
    schema = {
        "type": _TYPES[parametre.type],
        **{nom: value for nom, value in bounds.items() if value is not None},
    }
    example = (
        (float if parametre.type == "nombre" else int)(parametre.exemple)
        if number
        else parametre.exemple
    )
    return {
        "name": parametre.nom,
        "in": place,
        "required": requis,
        "description": parametre.aide,
        "schema": schema,
        "example": example,
    }


def _filter_parameter(filtre: Filtre, snapshot: Snapshot) -> dict:
    """Return one filter: several values, any of them is enough."""
    return {
        "name": filtre.nom,
        "in": "query",
        "required": False,
        "explode": True,
        "description": (
            f"{filtre.aide}. Plusieurs valeurs possibles, une suffit. "
            f"{list_values(filtre, snapshot)}"
        ),
        "schema": {"type": "array", "items": {"type": "string"}},
    }


def list_values(filtre: Filtre, snapshot: Snapshot) -> str:
    """Return the values that a filter accepts, in words."""
    values = [option.valeur for option in filtre.lister(snapshot)]
    if len(values) > NB_VALEURS:
        return f"{len(values)} valeurs, données par /facets ; par exemple {values[0]}."
    return f"Valeurs : {', '.join(values)}."


def _body(query: list[dict]) -> dict:
    """Return the body of a POST: the parameters as one object, JSON or form."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            row["name"]: {**row["schema"], "description": row["description"]} for row in query
        },
        "required": [row["name"] for row in query if row["required"]],
    }
    return {
        "content": {
            mimetype: {"schema": schema}
            for mimetype in ("application/json", "application/x-www-form-urlencoded")
        }
    }


def _responses(route: Route) -> dict:
    """Return the answers of a route: the good one, and the one shape of every error."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Erreur"}}}
    return {
        "200": {"description": route.resume, "content": _content(route)},
        **{status: {"description": words, "content": error} for status, words in ERREURS.items()},
    }


def _content(route: Route) -> dict:
    if route.nom == "export":
        return {form.mimetype: {"schema": {"type": "string"}} for form in FORMATS.values()}
    properties: dict[str, dict] = {nom: {"description": sens} for nom, sens in route.cles}
    for nom in ("formations", "proches"):
        if nom in properties:
            properties[nom] |= {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Formation"},
            }
    return {
        "application/json": {
            "schema": {"type": "object", "properties": properties, "required": list(properties)}
        }
    }


def _error_schema() -> dict:
    inner = {
        "code": {"type": "integer"},
        "titre": {"type": "string"},
        "message": {"type": "string"},
    }
    erreur = {"type": "object", "properties": inner, "required": list(inner)}
    return {"type": "object", "properties": {"erreur": erreur}, "required": ["erreur"]}


def _card_schema() -> dict:
    """Return the schema of an offer in a list: all but what identifies it may be null (unknown)."""
    sure = ("id", "id_lieu", "url", "titre", "intitule", "source")
    properties = {
        nom: {"type": type_ if nom in sure else [type_, "null"], "description": sens}
        for nom, (type_, sens) in CARTE.items()
    }
    return {"type": "object", "properties": properties, "required": list(CARTE)}


def documentation(snapshot: Snapshot, repertoire: Repertoire) -> dict:
    """Return what the documentation shows: routes with real examples, parameters, filters, keys."""
    identifiant = next(iter(repertoire.lignes_par_id), "")
    return {
        "prefixe": request.script_root + PREFIXE,
        "adresse_openapi": url_for("api.openapi"),
        "erreurs": list(ERREURS.items()),
        "routes": [_describe_route(route, identifiant) for route in ROUTES.values()],
        "parametres": [_describe_parameter(parametre) for parametre in PARAMETRES.values()],
        "filtres": [
            {"nom": filtre.nom, "aide": filtre.aide, "valeurs": list_values(filtre, snapshot)}
            for filtre in FILTRES.values()
        ],
        "carte": [(nom, sens) for nom, (_, sens) in CARTE.items()],
        "formats": [
            (form.nom, f"{form.libelle} ({form.detail})" if form.detail else form.libelle)
            for form in FORMATS.values()
        ],
    }


def _describe_route(route: Route, identifiant: str) -> dict:
    return {
        "nom": route.nom,
        "chemin": request.script_root + PREFIXE + _path(route),
        "methodes": " ou ".join(route.methodes),
        "resume": route.resume,
        "exemple": request.script_root + PREFIXE + route.exemple.format(identifiant=identifiant),
        "cles": route.cles,
        "est_recherche": route.est_recherche,
        "est_couverture": route.est_couverture,
        "parametres": [
            {**_describe_parameter(PROPRES[nom]), "requis": nom in route.requis}
            for nom in route.parametres
        ],
    }


def _describe_parameter(parametre: Parametre) -> dict:
    return {
        "nom": parametre.nom,
        "aide": parametre.aide,
        "bornes": describe_bounds(parametre),
        "exemple": parametre.exemple,
    }
