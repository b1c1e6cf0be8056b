"""How the service describes itself: conformance, collections, queryables, OpenAPI 3.0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from geoapp import __version__
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.model import PARAMETRES
from geoapp.offer.filters import FILTRES
from geoapp.outputs.files.model import ColonneFichier
from geoapp.outputs.ogc.collections import Collection
from geoapp.outputs.ogc.features import Features
from geoapp.outputs.ogc.references import CRS84, REFERENCES

CONFORMITE = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-common-2/1.0/conf/collections",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
)
"""Classes that the service holds to; tests ask it as they say."""

LIMITE, LIMITE_MAX = 100, 10_000
"""Features of a page when no number is asked, and at most: one greater is this one."""

NB_VALEURS = 60
"""Values of a filter that a description lists; beyond, any text is described."""

GEOJSON, SCHEMA = "application/geo+json", "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.0"

_TYPES = {"texte": "string", "entier": "integer", "reel": "number", "booleen": "boolean"}
_DOSSIER = "http://www.opengis.net/def/rel/ogc/1.0/queryables"
_LICENCE_TITRE = "Licence des données"


@dataclass(frozen=True, kw_only=True)
class Racine:
    """Where the service is: the absolute address of one of its paths."""

    de: Callable[[str], str]

    def link(self, chemin: str, rel: str, type_: str, titre: str) -> dict:
        """Return a link as OGC APIs write them."""
        return {"href": self.de(chemin), "rel": rel, "type": type_, "title": titre}


def landing(snapshot: Snapshot, ou: Racine) -> dict:
    """Return what the service is and where its parts are."""
    region = snapshot.manifest.get("nom_region", "")
    return {
        "title": f"GéoForma – {region}" if region else "GéoForma",
        "description": (
            "Offre de formation connue, lieux, territoires et couverture, par OGC API – Features. "
            "Données ouvertes, sans clé ni inscription."
        ),
        "links": [
            ou.link("/", "self", "application/json", "Ce document"),
            ou.link("/?f=html", "alternate", "text/html", "Ce document, en page"),
            ou.link("/api", "service-desc", OPENAPI, "Description de l'API (OpenAPI 3.0)"),
            ou.link("/?f=html", "service-doc", "text/html", "Mode d'emploi"),
            ou.link("/conformance", "conformance", "application/json", "Conformité"),
            ou.link("/collections", "data", "application/json", "Collections"),
        ],
    }


def describe_collection(collection: Collection, features: Features | None, ou: Racine) -> dict:
    """Return a collection: words, extent (when its features are open), systems, links, licences."""
    chemin = f"/collections/{collection.id}"
    extent: dict = {}
    if features is not None and features.etendue:
        extent["spatial"] = {"bbox": [features.etendue], "crs": CRS84}
    if features is not None and features.duree:
        extent["temporal"] = {"interval": [features.duree]}
    return {
        "id": collection.id,
        "title": collection.titre,
        "description": collection.description,
        **({"extent": extent} if extent else {}),
        "itemType": "feature",
        "crs": list(REFERENCES),
        "storageCrs": CRS84,
        "links": [
            ou.link(chemin, "self", "application/json", collection.titre),
            ou.link(f"{chemin}?f=html", "alternate", "text/html", collection.titre),
            ou.link(f"{chemin}/items", "items", GEOJSON, "Objets, en GeoJSON"),
            ou.link(f"{chemin}/items?f=html", "items", "text/html", "Objets, en page"),
            ou.link(f"{chemin}/queryables", _DOSSIER, SCHEMA, "Ce qui se filtre"),
            ou.link(f"{chemin}/schema", "describedby", SCHEMA, "Propriétés"),
            *(
                {"href": one.adresse, "rel": "license", "title": one.titre or _LICENCE_TITRE}
                for one in collection.licences
                if one.adresse
            ),
        ],
    }


def column_schema(one: ColonneFichier) -> dict:
    """Return a column as JSON Schema."""
    return {"title": one.titre, "description": one.sens, "type": _TYPES[one.type]}


def list_queryables(collection: Collection, features: Features, snapshot: Snapshot) -> dict:
    """Return what may be asked of a collection, by parameter, as JSON Schema.

    The filters of the product first; then the columns whose name is none of theirs.
    """
    asked = {nom: _filter_schema(nom, snapshot) for nom in collection.filtres}
    asked |= {nom: _question_schema(nom, snapshot) for nom in collection.question}
    for one in features.fichier.attributs:
        asked.setdefault(one.nom, column_schema(one))
    return asked


def _filter_schema(nom: str, snapshot: Snapshot) -> dict:
    filtre = FILTRES[nom]
    values = [option.valeur for option in filtre.lister(snapshot)]
    kept = {"enum": values} if len(values) <= NB_VALEURS else {}
    return {"title": filtre.libelle, "description": filtre.aide, "type": "string", **kept}


def _question_schema(nom: str, snapshot: Snapshot) -> dict:
    if nom in FILTRES:
        return _filter_schema(nom, snapshot)
    one = PARAMETRES[nom]
    kept = {"enum": list(one.valeurs)} if one.valeurs else {}
    kind = "string" if one.type == "texte" else "number"
    return {"title": one.nom, "description": one.aide, "type": kind, **kept}


def as_schema(titre: str, adresse: str, properties: Mapping[str, dict], geometrie: bool) -> dict:
    """Return a JSON Schema of properties."""
    shape = {"geometry": {"format": "geometry-any", "x-ogc-role": "primary-geometry"}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": adresse,
        "type": "object",
        "title": titre,
        "properties": {**properties, **(shape if geometrie else {})},
        "additionalProperties": False,
    }


def openapi(collections: Mapping[str, Collection], serveur: str) -> dict:
    """Return the OpenAPI 3.0 description of the service."""
    nom = _path("collectionId", "Identifiant d'une collection", enum=list(collections))
    objet = _path("featureId", "Identifiant d'un objet")
    forme = _query("f", "Forme de la réponse", {"type": "string", "enum": ["json", "html"]})
    page = [
        _query("limit", "Objets par page", {**_ENTIER, "maximum": LIMITE_MAX, "default": LIMITE}),
        _query("offset", "Objets passés", {"type": "integer", "minimum": 0, "default": 0}),
        _query("bbox", "Rectangle : ouest,sud,est,nord", _BOITE, explode=False),
        _query("bbox-crs", "Système du rectangle", {"type": "string", "enum": list(REFERENCES)}),
        _query("datetime", "Instant ou intervalle (RFC 3339)", {"type": "string"}),
    ]
    crs = _query("crs", "Système des géométries", {"type": "string", "enum": list(REFERENCES)})
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "GéoForma, OGC API – Features",
            "version": __version__,
            "license": {"name": "MIT"},
        },
        "servers": [{"url": serveur}],
        "paths": {
            "/": _get("accueil", "Accueil du service", [forme]),
            "/api": _get("description", "Cette description", []),
            "/conformance": _get("conformite", "Classes de conformité", [forme]),
            "/collections": _get("collections", "Collections", [forme]),
            "/collections/{collectionId}": _get("collection", "Une collection", [nom, forme]),
            "/collections/{collectionId}/queryables": _get("filtres", "Ce qui se filtre", [nom]),
            "/collections/{collectionId}/schema": _get("schema", "Propriétés", [nom]),
            "/collections/{collectionId}/items": _get(
                "objets", "Objets d'une collection", [nom, forme, crs, *page, _LIBRES], GEOJSON
            ),
            "/collections/{collectionId}/items/{featureId}": _get(
                "objet", "Un objet", [nom, objet, forme, crs], GEOJSON
            ),
        },
    }


_ENTIER = {"type": "integer", "minimum": 1}
_BOITE = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
_LIBRES = {
    "name": "filtres",
    "in": "query",
    "description": "Toute propriété de « queryables », une valeur",
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
    "style": "form",
    "explode": True,
}


def _query(nom: str, aide: str, schema: dict, **autres) -> dict:
    return {"name": nom, "in": "query", "description": aide, "schema": schema, **autres}


def _path(nom: str, aide: str, **schema) -> dict:
    one = {"name": nom, "in": "path", "required": True, "description": aide}
    return {**one, "schema": {"type": "string", **schema}}


def _get(nom: str, resume: str, parametres: list[dict], kind: str = "application/json") -> dict:
    answers = {
        "200": {"description": "Réponse", "content": {kind: {}, "text/html": {}}},
        "400": {"description": "Paramètre inconnu ou valeur refusée"},
        "404": {"description": "Rien à cette adresse"},
    }
    return {
        "get": {
            "operationId": nom,
            "summary": resume,
            "parameters": parametres,
            "responses": answers,
        }
    }
