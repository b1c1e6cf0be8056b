"""The OpenAPI 3.1 document and the documentation page, made from the rows of `contract`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from flask import request, url_for

from geoapp import __version__
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.model import FILTRES_OFFRE
from geoapp.coverage.travel import read_modes
from geoapp.coverage.travel.modes import DEFAUT, MODES, UNITES, greatest_threshold
from geoapp.offer.answers import held_zonages
from geoapp.offer.filters import FILTRES, Filtre
from geoapp.offer.lookups import Repertoire
from geoapp.offer.parameters import Parametre
from geoapp.offer.search.requests import PARAMETRES
from geoapp.outputs.files.formats import SERVIS
from geoapp.reference.zonings import CARREAU, COMMUNE
from geoapp.web.contract import (
    CARTE,
    CHEMINS,
    PAS_AVEC,
    PREFIXE,
    PROPRES,
    ROUTES,
    Route,
    describe_bounds,
)
from geoapp.web.openapi_schemas import (
    NB_VALEURS,
    RIEN,
    body_filter,
    body_schema,
    components,
    content,
    described,
    filter_reference,
    plain_schema,
    together,
)

SANS_TABLE = (COMMUNE, CARREAU)
"""Divisions of the region that are in the data whatever the zonings are."""

_VARIABLE = re.compile(r"<(\w+)>")
ERREURS = {
    "400": (
        "Paramètre inconnu ou valeur refusée ; "
        "le message donne les bornes ou la valeur la plus proche"
    ),
    "404": "Rien à cette adresse, ou identifiant inconnu",
    "405": "Méthode refusée ; `Allow` dit celles que l'adresse accepte",
    "413": "Corps trop long",
    "429": "Trop de fichiers demandés en une minute ; `Retry-After` dit quand revenir",
    "500": "Erreur du service",
    "503": "Aucune donnée n'est publiée, ou trop de fichiers à la fois (`Retry-After`)",
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
        "components": {"schemas": components(snapshot)},
    }


def _path(route: Route) -> str:
    """Return the path of a route as OpenAPI writes it: /formations/{identifiant}."""
    return _VARIABLE.sub(r"{\1}", route.chemin)


def _operations(route: Route, snapshot: Snapshot) -> dict:
    """Return the operations of one path."""
    variables = [
        _parameter(CHEMINS[nom], "path", requis=True, autres=set())
        | _example(CHEMINS[nom], set(), snapshot)
        for nom in _VARIABLE.findall(route.chemin)
    ]
    rows = _query(route, snapshot)
    noms = {row.nom for row in rows}
    query = [
        _parameter(row, "query", requis=row.nom in route.requis, autres=noms)
        | _example(row, noms, snapshot)
        | _reach(row.nom, snapshot)
        for row in rows
    ]
    operations = {
        "get": {
            "operationId": route.nom,
            "summary": route.resume,
            "responses": _responses(route, "get"),
            "parameters": [*variables, *query],
        }
    }
    if "POST" in route.methodes:
        operations["post"] = {
            "operationId": f"{route.nom}_post",
            "summary": route.resume,
            "responses": _responses(route, "post"),
            "parameters": variables,
            "requestBody": _body(rows, route.requis, snapshot),
            "description": (
                "Les mêmes paramètres dans le corps : une position n'est alors dans aucune adresse."
            ),
        }
    return operations


def _query(route: Route, snapshot: Snapshot) -> list[Parametre | Filtre]:
    """Return every parameter of a route, in the order of the documentation."""
    rows: list[Parametre | Filtre] = [_of_data(PROPRES[nom], snapshot) for nom in route.parametres]
    if route.est_recherche:
        rows += [*PARAMETRES.values(), *FILTRES.values()]
    if route.est_couverture:
        rows += [FILTRES[nom] for nom in FILTRES_OFFRE]
    return rows


def _of_data(row: Parametre, snapshot: Snapshot) -> Parametre:
    """Return a parameter with the values that the data hold: a zoning may be absent from them."""
    if row.nom in ("mode", "apres_mode"):
        known = read_modes(snapshot)
        return replace(row, valeurs=tuple(one for one in row.valeurs if one in known))
    if row.nom not in ("type", "zonage"):
        return row
    held = held_zonages(snapshot)
    if row.nom == "type":
        return replace(row, valeurs=tuple(held))
    return replace(row, valeurs=tuple(one for one in row.valeurs if one in (*held, *SANS_TABLE)))


SEUILS = {"seuil_km": ("mode",), "seuil_min": ("mode",), "apres_seuil": ("apres_mode", "mode")}
"""Thresholds, and what says how far they may go: the first that is given."""


def _reach(nom: str, snapshot: Snapshot) -> dict:
    """Return the greatest value of a threshold by way of travelling, which OpenAPI cannot say."""
    if nom not in SEUILS:
        return {}
    trajets = read_modes(snapshot)
    bornes = {
        mode: {unite: greatest_threshold(row, unite) for unite in UNITES}
        for mode, row in trajets.items()
    }
    usuelles = {mode: MODES[mode].unite for mode in trajets}
    rule = {"par": SEUILS[nom], "defaut": DEFAUT, "unites": usuelles, "maximum": bornes}
    return {"x-bornes-selon": rule}


def _parameter(row: Parametre | Filtre, place: str, *, requis: bool, autres: set[str]) -> dict:
    """Return one parameter of an address."""
    common = {"name": row.nom, "in": place, "required": requis}
    if isinstance(row, Filtre):
        schema = {"type": "array", "items": filter_reference(row)}
        return {**common, "explode": True, **described(row.nom, row.aide, autres), "schema": schema}
    return {**common, **described(row.nom, row.aide, autres), "schema": plain_schema(row)}


def _example(row: Parametre | Filtre, autres: set[str], snapshot: Snapshot) -> dict:
    """Return the example of a parameter, as its type: those of one operation go together."""
    if isinstance(row, Filtre) or autres.intersection(PAS_AVEC.get(row.nom, ())):
        return {}
    if row.nom == "lieu":
        return {"example": largest_commune(snapshot)}
    kinds: dict[str, Callable] = {"nombre": float, "entier": int}
    return {"example": kinds.get(row.type, str)(row.exemple)}


def largest_commune(snapshot: Snapshot) -> str:
    """Return a place that the region served has whatever the region: « commune:59350 »."""
    communes = snapshot.read("communes")
    communes = communes[communes["est_region"].astype(bool)]
    by_size = communes.sort_values(["population", "code_commune"], ascending=[False, True])
    return f"commune:{by_size['code_commune'].iloc[0]}"


def list_values(filtre: Filtre, snapshot: Snapshot) -> str:
    """Return the values that a filter accepts, in words."""
    values = [option.valeur for option in filtre.lister(snapshot)]
    if len(values) > NB_VALEURS:
        return f"{len(values)} valeurs, données par /facets ; par exemple {values[0]}."
    return f"Valeurs : {', '.join(values)}."


def _body(rows: list[Parametre | Filtre], requis: tuple[str, ...], snapshot: Snapshot) -> dict:
    """Return the body of a POST: the parameters as one object, JSON or form."""
    return {
        "required": bool(requis),
        "content": {
            mimetype: {"schema": _object(rows, requis, rien, snapshot)}
            for mimetype, rien in RIEN.items()
        },
    }


def _object(
    rows: list[Parametre | Filtre], requis: tuple[str, ...], rien: list, snapshot: Snapshot
) -> dict:
    """Return the parameters as one object."""
    noms = {row.nom for row in rows}
    properties = {}
    for row in rows:
        schema = (
            body_filter(row, rien, snapshot)
            if isinstance(row, Filtre)
            else body_schema(row, rien, requis=row.nom in requis)
        )
        properties[row.nom] = {**schema, **described(row.nom, row.aide, noms)}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(requis),
        **together(noms, rien),
    }


def _responses(route: Route, method: str) -> dict:
    """Return the answers of an operation: the good one, and the one shape of every error."""
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Erreur"}}}
    told = {status: {"description": words, "content": error} for status, words in ERREURS.items()}
    told["405"]["headers"] = {
        "Allow": {"description": "Méthodes acceptées", "schema": {"type": "string"}}
    }
    if method == "get":
        told["304"] = {"description": "Rien n'a changé depuis la réponse de cet `ETag`"}
    good = {"description": route.resume, "content": content(route)}
    if route.nom == "formations":
        total = {"description": "Formations trouvées", "schema": {"type": "integer"}}
        good["headers"] = {"X-Total-Count": total}
    return {"200": good, **told}


def documentation(snapshot: Snapshot, repertoire: Repertoire) -> dict:
    """Return what the documentation shows: routes with real examples, parameters, filters, keys."""
    identifiant = next(iter(repertoire.lignes_par_id), "")
    communes, lieu = snapshot.read("communes"), PARAMETRES["lieu"].exemple
    if not communes["nom"].eq(lieu).any():
        lieu = largest_commune(snapshot)
    return {
        "prefixe": request.script_root + PREFIXE,
        "adresse_openapi": url_for("api.openapi"),
        "erreurs": list(ERREURS.items()),
        "routes": [_describe_route(route, identifiant, lieu) for route in ROUTES.values()],
        "parametres": [_describe_parameter(parametre) for parametre in PARAMETRES.values()],
        "filtres": [
            {"nom": filtre.nom, "aide": filtre.aide, "valeurs": list_values(filtre, snapshot)}
            for filtre in FILTRES.values()
        ],
        "carte": [(nom, sens) for nom, (_, sens) in CARTE.items()],
        "formats": [
            (form.nom, f"{form.libelle} ({form.detail})" if form.detail else form.libelle)
            for form in SERVIS.values()
        ],
    }


def _describe_route(route: Route, identifiant: str, lieu: str) -> dict:
    return {
        "nom": route.nom,
        "chemin": request.script_root + PREFIXE + _path(route),
        "methodes": " ou ".join(route.methodes),
        "resume": route.resume,
        "exemple": request.script_root
        + PREFIXE
        + route.exemple.format(identifiant=identifiant, lieu=lieu),
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
