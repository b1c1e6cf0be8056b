"""Schemas of the OpenAPI document: what each parameter, body and answer may be."""

from __future__ import annotations

from geoapp.core.memory import Memory
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import FILTRES, Filtre
from geoapp.offer.parameters import PAGE_MAX, TEXTE_MAX, Parametre
from geoapp.offer.search.requests import BORNES
from geoapp.outputs.files.formats import SERVIS, Format
from geoapp.web.contract import CARTE, PAS_AVEC, VONT_ENSEMBLE, Route

NB_VALEURS = 30
"""Values of a filter that the documentation lists; beyond, it says where to find them."""

_VALEURS = Memory(2 * len(FILTRES))
"""Values of the filters, by snapshot: each operation and each kind of body names them."""

_TYPES = {"texte": "string", "nombre": "number", "entier": "integer", "emprise": "string"}

OUVERTS = ("lieu", "emprise", "mode", "territoire")
"""Texts that are not any text: their name is the format that the document gives them."""


RIEN: dict[str, list] = {"application/json": ["", None], "application/x-www-form-urlencoded": [""]}
"""Kinds of body, and how each writes a parameter that is not given."""


def plain_schema(parametre: Parametre) -> dict:
    """Return what one value of a parameter is."""
    bounds = {
        "minimum": parametre.minimum,
        "maximum": PAGE_MAX if parametre.nom == "page" else parametre.maximum,
        "maxLength": TEXTE_MAX if parametre.nom in BORNES else None,
        "format": parametre.nom if parametre.nom in OUVERTS else None,
        "enum": list(parametre.valeurs) or None,
        "pattern": parametre.motif or None,
    }
    kept = {nom: value for nom, value in bounds.items() if value is not None}
    return {"type": _TYPES[parametre.type], **kept}


def body_schema(parametre: Parametre, rien: list, *, requis: bool) -> dict:
    """Return what a parameter is in a body; `rien` are the values of one not given."""
    schema = plain_schema(parametre)
    # A text may be written as the number that it is; a place, a rectangle, a form is no number.
    is_free = schema["type"] == "string" and not {"enum", "format", "pattern"} & schema.keys()
    schema = {**schema, "type": ["string", "number"]} if is_free else schema
    return schema if requis else {"anyOf": [schema, {"enum": rien}]}


def filter_reference(filtre: Filtre) -> dict:
    """Return the reference to what one value of a filter is."""
    return {"$ref": f"#/components/schemas/valeur_{filtre.nom}"}


def filter_values(filtre: Filtre, snapshot: Snapshot) -> dict:
    """Return what one value of a filter is: those of the snapshot, when they are few."""
    key = snapshot.path, filtre.nom
    values = _VALEURS.get(key, lambda: [option.valeur for option in filtre.lister(snapshot)])
    if len(values) > NB_VALEURS:
        return {"type": "string", "format": f"valeur_{filtre.nom}"}
    return {"type": "string", "enum": list(values)}


def body_filter(filtre: Filtre, rien: list, snapshot: Snapshot) -> dict:
    """Return what a filter is in a body: one value or several, a code of digits as it is."""
    values = filter_values(filtre, snapshot).get("enum", [])
    numbers = [int(one) for one in values if one.isdigit() and str(int(one)) == one]
    one = filter_reference(filtre)
    one = {"anyOf": [one, {"enum": numbers}]} if numbers else one
    several = {"type": "array", "items": {"anyOf": [one, {"const": ""}]}}
    return {"anyOf": [one, several, {"enum": rien}]}


def described(nom: str, aide: str, autres: set[str]) -> dict:
    """Return the description of a parameter: what it may not be given with, and what it must."""
    contre = [one for one in PAS_AVEC.get(nom, ()) if one in autres]
    avec = [one for one in VONT_ENSEMBLE.get(nom, ()) if one in autres]
    words = [aide, *(f"pas avec {one}" for one in contre), *(f"avec {one}" for one in avec)]
    return {
        "description": " ; ".join(words),
        **({"x-pas-avec": contre} if contre else {}),
        **({"x-avec": avec} if avec else {}),
    }


def together(noms: set[str], rien: list) -> dict:
    """Return what a body says of the parameters that go together, or never do."""
    absent = {"enum": rien}
    rules = [_apart(pair, absent) for pair in _pairs(PAS_AVEC, noms)]
    rules += [_both(pair, absent) for pair in _pairs(VONT_ENSEMBLE, noms)]
    return {"allOf": rules} if rules else {}


def _pairs(rows: dict[str, tuple[str, ...]], noms: set[str]) -> list[list[str]]:
    """Return the pairs of a table of the contract whose two names are there, each once."""
    found = {
        frozenset((nom, autre))
        for nom, autres in rows.items()
        for autre in autres
        if noms.issuperset((nom, autre))
    }
    return sorted(map(sorted, found))


def _apart(pair: list[str], absent: dict) -> dict:
    """Return the rule of two parameters of which one at least is not given."""
    return {"anyOf": [{"properties": {nom: absent}} for nom in pair]}


def _both(pair: list[str], absent: dict) -> dict:
    """Return the rule of two parameters that are given both, or neither."""
    given = {"properties": {nom: {"not": absent} for nom in pair}, "required": pair}
    return {"anyOf": [given, {"properties": dict.fromkeys(pair, absent)}]}


def content(route: Route) -> dict:
    """Return what the good answer of a route holds."""
    if route.nom == "export":
        return {form.mimetype: _file(form) for form in SERVIS.values()}
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


def _file(form: Format) -> dict:
    """Return what a file is; OpenAPI 3.1 says of bytes nothing but their type."""
    if form.nom == "geojson":
        return {"schema": {"$ref": "#/components/schemas/CollectionGeoJSON"}}
    return {"schema": {"type": "string"}} if form.mimetype.startswith("text/") else {}


def components(snapshot: Snapshot) -> dict:
    """Return the schemas that several operations share."""
    return {
        "Erreur": _error(),
        "Formation": _card(),
        "CollectionGeoJSON": _collection(),
        **{f"valeur_{filtre.nom}": filter_values(filtre, snapshot) for filtre in FILTRES.values()},
    }


def _error() -> dict:
    inner = {
        "code": {"type": "integer"},
        "titre": {"type": "string"},
        "message": {"type": "string"},
    }
    choix = {
        "type": "array",
        "items": {"type": "object"},
        "description": "Lieux à choisir, quand le lieu n'est pas compris : valeur, nom, type…",
    }
    erreur = {
        "type": "object",
        "properties": {**inner, "choix": choix},
        "required": list(inner),
    }
    return {"type": "object", "properties": {"erreur": erreur}, "required": ["erreur"]}


def _card() -> dict:
    """Return the schema of an offer in a list: all but what identifies it may be null (unknown)."""
    sure = ("id", "id_lieu", "url", "titre", "intitule", "source")
    properties = {
        nom: {"type": type_ if nom in sure else [type_, "null"], "description": sens}
        for nom, (type_, sens) in CARTE.items()
    }
    return {"type": "object", "properties": properties, "required": list(CARTE)}


def _collection() -> dict:
    """Return the schema of a GeoJSON file (RFC 7946), with the notice that ours hold."""
    point = {
        "type": "object",
        "properties": {
            "type": {"const": "Point"},
            "coordinates": {
                "type": "array",
                "items": {"type": "number"},
                "minItems": 2,
                "maxItems": 2,
            },
        },
        "required": ["type", "coordinates"],
    }
    feature = {
        "type": "object",
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": "string"},
            "geometry": {"anyOf": [point, {"type": "null"}]},
            "properties": {"type": "object"},
        },
        "required": ["type", "geometry", "properties"],
    }
    return {
        "type": "object",
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": feature},
            "metadonnees": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["type", "features"],
    }
