"""The description of everything as a data package (Frictionless): schema, licence, sources."""

from __future__ import annotations

from pathlib import Path

from geoapp.core import schema
from geoapp.core.files import sha256_of
from geoapp.core.french import say_licence
from geoapp.core.snapshot import Snapshot
from geoapp.outputs.catalogue.licences import merge_licences
from geoapp.outputs.catalogue.listing import TABLE, Ressource
from geoapp.outputs.catalogue.resources import NOTES
from geoapp.outputs.files.model import ColonneFichier

NOM = "datapackage.json"

_TYPES = {"texte": "string", "entier": "integer", "reel": "number", "booleen": "boolean"}
LISTES = ("zones",)
"""Required columns that hold a list: an empty cell is then the empty list, not an unknown value."""


def describe_package(snapshot: Snapshot, resources: list[Ressource], question: str = "") -> dict:
    """Return the data package of a snapshot; `question` says what its indicators answer."""
    sources = {source["id_source"]: source for one in resources for source in one.sources}
    return {
        "profile": "tabular-data-package",
        "name": f"geoforma-{snapshot.manifest.get('region', '')}",
        "title": package_title(snapshot),
        "description": " ".join((*NOTES, f"Indicateurs : {question}." if question else "")).strip(),
        "version": snapshot.id,
        "created": snapshot.manifest["cree_le"],
        "licenses": _licenses(merge_licences(s["licence"] for s in sources.values())),
        "sources": [_source(source) for source in sources.values()],
        "resources": [_resource(one) for one in resources],
    }


def package_title(snapshot: Snapshot) -> str:
    """Return the title of the whole."""
    region = snapshot.manifest.get("nom_region")
    return "GéoForma : offre de formation et couverture" + (f", {region}" if region else "")


def _resource(one: Ressource) -> dict:
    """Return one CSV, with the schema that its cells obey."""
    return {
        "name": one.id,
        "title": one.titre,
        "description": one.sens,
        "path": one.path(),
        "profile": "tabular-data-resource",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "dialect": {
            "delimiter": ",",
            "lineTerminator": "\r\n",
            "doubleQuote": True,
            "header": True,
        },
        "schema": _schema(one),
        "licenses": _licenses(one.licences),
        "sources": [_source(source) for source in one.sources],
    }


def _schema(one: Ressource) -> dict:
    """Return the fields, the key and the references of one resource."""
    rows = (
        {colonne.nom: colonne for colonne in schema.TABLES[one.nom].colonnes}
        if one.genre == TABLE
        else {}
    )
    links = [_link(nom, row.renvoi) for nom, row in rows.items() if row.renvoi]
    fields = [
        _field(colonne, rows.get(colonne.nom), est_cle=colonne.nom in one.cle)
        for colonne in one.colonnes_plates
    ]
    return {
        "fields": fields,
        "primaryKey": list(one.cle),
        "missingValues": [""],
        **({"foreignKeys": links} if links else {}),
    }


def _field(colonne: ColonneFichier, row: schema.Colonne | None, *, est_cle: bool) -> dict:
    """Return one field: type, meaning and constraints."""
    required = est_cle or (row is not None and row.requis and colonne.nom not in LISTES)
    constraints = {
        **({"required": True} if required else {}),
        **({"enum": list(row.valeurs)} if row is not None and row.valeurs else {}),
    }
    words = {"trueValues": ["true"], "falseValues": ["false"]}
    booleans = words if colonne.type == "booleen" else {}
    return {
        "name": colonne.nom,
        "title": colonne.titre,
        "description": colonne.sens,
        "type": _TYPES[colonne.type],
        **booleans,
        **({"constraints": constraints} if constraints else {}),
    }


def _link(nom: str, renvoi: str) -> dict:
    """Return one reference to another table."""
    table, _, colonne = renvoi.partition(".")
    return {"fields": [nom], "reference": {"resource": table, "fields": [colonne]}}


def _licenses(licences) -> list[dict]:
    return [
        {"name": one.code, "title": one.titre, **({"path": one.adresse} if one.adresse else {})}
        for one in licences
    ]


def _source(source: dict) -> dict:
    """Return one source: title with producer, vintage and licence, address when on the web."""
    fictive = " (données fictives)" if source["mode"] == "demonstration" else ""
    titre = (
        f"{source['titre']}{fictive}, {source['producteur']}, {source['millesime']} "
        f"({say_licence(source['licence'])})"
    )
    return {
        "title": titre,
        **({"path": address} if (address := web_address(source["adresse"])) else {}),
    }


def web_address(adresse: str | None) -> str | None:
    """Return an address only when it is a plain web one."""
    return adresse if adresse and adresse.startswith(("https://", "http://")) else None


def seal_package(package: dict, folder: Path) -> dict:
    """Return a package with the size and the digest of each of its files, which are in `folder`."""
    sealed = [
        {
            **one,
            "bytes": (folder / one["path"]).stat().st_size,
            "hash": f"sha256:{sha256_of(folder / one['path'])}",
        }
        for one in package["resources"]
    ]
    return {**package, "resources": sealed}
