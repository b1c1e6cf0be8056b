"""The description of everything as DCAT-AP, in JSON-LD: what an open-data portal harvests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geoapp.core.snapshot import Snapshot
from geoapp.outputs.catalogue.datapackage import package_title, web_address
from geoapp.outputs.catalogue.listing import TABLE, Ressource
from geoapp.outputs.files.formats import Format

CONTEXTE = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "prov": "http://www.w3.org/ns/prov#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_EUROPE = "http://publications.europa.eu/resource/authority/"
_TYPES_FICHIER = {
    "csv": "CSV",
    "csv-simple": "CSV",
    "xlsx": "XLSX",
    "geojson": "GEOJSON",
    "gpkg": "GPKG",
}
"""Formats that the list of file types of the European Union names."""

_THEMES = {TABLE: ("EDUC",), "indicateurs": ("EDUC", "SOCI", "REGI")}
_MOTS = {
    TABLE: ("formation", "offre de formation"),
    "indicateurs": ("couverture", "accessibilité", "zone blanche", "offre de formation"),
}


@dataclass(frozen=True)
class PageCatalogue:
    """Where things are: address of the catalogue page (no final slash), contact ("" without)."""

    racine: str
    contact: str = ""


def describe_catalogue(
    snapshot: Snapshot, resources: list[Ressource], adresses: PageCatalogue
) -> dict:
    """Return the catalogue of a snapshot as JSON-LD: a dataset by resource, with its formats."""
    moment = _moment(snapshot)
    datasets = [_dataset(one, snapshot, adresses) for one in resources]
    catalogue = {
        "@id": f"{adresses.racine}#catalogue",
        "@type": "dcat:Catalog",
        "dct:title": _fr(package_title(snapshot)),
        "dct:description": _fr(
            "Tables de l'offre de formation et des territoires, "
            "et indicateurs de couverture par zonage."
        ),
        "dct:publisher": _publisher(adresses),
        "dct:language": _id(f"{_EUROPE}language/FRA"),
        "dct:issued": moment,
        "dct:modified": moment,
        "foaf:homepage": _id(adresses.racine),
        "dct:spatial": _place(snapshot),
        "dcat:dataset": [_id(dataset["@id"]) for dataset in datasets],
    }
    return {
        "@context": CONTEXTE,
        "@graph": [
            catalogue,
            *datasets,
            *(d for one in resources for d in _distributions(one, snapshot, adresses)),
        ],
    }


def _dataset(one: Ressource, snapshot: Snapshot, adresses: PageCatalogue) -> dict:
    """Return one dataset: what it is, of when, from which sources."""
    addresses = [address for source in one.sources if (address := web_address(source["adresse"]))]
    return {
        "@id": _dataset_id(one, adresses),
        "@type": "dcat:Dataset",
        "dct:identifier": one.id,
        "dct:title": _fr(one.titre),
        "dct:description": _fr(one.sens),
        "dct:publisher": _publisher(adresses),
        **_contact(adresses),
        "dct:issued": _moment(snapshot),
        "dct:modified": _moment(snapshot),
        "dct:language": _id(f"{_EUROPE}language/FRA"),
        "dct:accrualPeriodicity": _id(f"{_EUROPE}frequency/IRREG"),
        "dct:accessRights": _id(f"{_EUROPE}access-right/PUBLIC"),
        "dct:spatial": _place(snapshot),
        "dcat:version": snapshot.id,
        "dcat:theme": [_id(f"{_EUROPE}data-theme/{theme}") for theme in _THEMES[one.genre]],
        "dcat:keyword": [_fr(mot) for mot in _MOTS[one.genre]],
        "dcat:landingPage": _id(f"{adresses.racine}#{one.id}"),
        "dct:provenance": {"@type": "dct:ProvenanceStatement", "rdfs:label": _fr(_provenance(one))},
        "prov:wasDerivedFrom": [_id(address) for address in dict.fromkeys(addresses)],
        "dcat:distribution": [_id(_distribution_id(one, form, adresses)) for form in one.formats],
    }


def _distributions(one: Ressource, snapshot: Snapshot, adresses: PageCatalogue) -> list[dict]:
    """Return the files of one dataset."""
    return [
        {
            "@id": _distribution_id(one, form, adresses),
            "@type": "dcat:Distribution",
            "dct:title": _fr(f"{one.titre} ({form.libelle})"),
            "dcat:accessURL": _id(adresses.racine),
            "dcat:downloadURL": _id(f"{adresses.racine}/{one.path(form)}"),
            "dcat:mediaType": _id(f"https://www.iana.org/assignments/media-types/{form.mimetype}"),
            **_file_type(form),
            **_rights(one),
            "dct:issued": _moment(snapshot),
            "dct:modified": _moment(snapshot),
            **(
                {"dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(one.octets)}}
                if form.nom == "parquet" and one.octets
                else {}
            ),
        }
        for form in one.formats
    ]


def _file_type(form: Format) -> dict:
    known = _TYPES_FICHIER.get(form.nom)
    return {"dct:format": _id(f"{_EUROPE}file-type/{known}")} if known else {}


def _rights(one: Ressource) -> dict:
    """Return the strictest licence that has an address, and all of them in words."""
    address = next((licence.adresse for licence in one.licences if licence.adresse), "")
    words = " ; ".join(licence.titre for licence in one.licences)
    return {
        **({"dct:license": _id(address)} if address else {}),
        "dct:rights": {"@type": "dct:RightsStatement", "rdfs:label": _fr(words)},
    }


def _provenance(one: Ressource) -> str:
    return " ; ".join(
        f"{s['titre']}, {s['producteur']}, {s['millesime']} ({s['licence']})"
        + (", données fictives" if s["mode"] == "demonstration" else "")
        for s in one.sources
    )


def _publisher(adresses: PageCatalogue) -> dict:
    return {
        "@id": f"{adresses.racine}#editeur",
        "@type": "foaf:Agent",
        "foaf:name": _fr("GéoForma"),
    }


def _contact(adresses: PageCatalogue) -> dict:
    """Return the contact, when there is one."""
    if not adresses.contact:
        return {}
    known = (
        _id("mailto:" + adresses.contact)
        if "@" in adresses.contact and ":" not in adresses.contact
        else None
    )
    return {
        "dcat:contactPoint": {
            "@type": "vcard:Kind",
            "vcard:fn": "GéoForma",
            **({"vcard:hasEmail": known} if known else {"vcard:note": adresses.contact}),
        }
    }


def _place(snapshot: Snapshot) -> dict:
    """Return the region, by the address that INSEE gives it."""
    return {
        "@id": f"http://id.insee.fr/geo/region/{snapshot.manifest.get('region', '')}",
        "@type": "dct:Location",
    }


def _dataset_id(one: Ressource, adresses: PageCatalogue) -> str:
    return f"{adresses.racine}#{one.id}"


def _distribution_id(one: Ressource, form: Format, adresses: PageCatalogue) -> str:
    return f"{adresses.racine}#{one.id}-{form.nom}"


def _moment(snapshot: Snapshot) -> Mapping:
    return {"@type": "xsd:dateTime", "@value": snapshot.manifest["cree_le"]}


def _fr(texte: str) -> dict:
    return {"@language": "fr", "@value": texte}


def _id(adresse: str) -> dict:
    return {"@id": adresse}
