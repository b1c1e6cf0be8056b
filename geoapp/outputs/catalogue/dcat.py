"""The description of everything as DCAT-AP, in JSON-LD: what an open-data portal harvests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from geoapp.core.french import say_licence, typeset
from geoapp.core.snapshot import TUILES, Snapshot
from geoapp.outputs.catalogue.datapackage import package_title, web_address
from geoapp.outputs.catalogue.licences import NON_PRECISEE, Licence, find_licence
from geoapp.outputs.catalogue.listing import TABLE, Ressource
from geoapp.outputs.files.formats import LISEZMOI, Format
from geoapp.outputs.files.model import CONTOUR
from geoapp.outputs.provenance import years_of_sources

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
_MEDIAS = "https://www.iana.org/assignments/media-types"
_TUILES_DITES = (
    "Tuiles vectorielles, un fichier lu par morceaux (HTTP Range) : lieux groupés aux petits "
    "zooms, un par un au dernier, avec leur nombre de formations par domaine et par niveau"
)
_TYPES_FICHIER = {
    "csv": "CSV",
    "csv-simple": "CSV",
    "xlsx": "XLSX",
    "geojson": "GEOJSON",
    "gpkg": "GPKG",
    "gpkg-l93": "GPKG",
    "parquet": "PARQUET",
}
"""How the list of file types of the European Union names each format."""

_OCTETS_CASE = {
    "csv": 12,
    "csv-simple": 10,
    "xlsx": 7,
    "geojson": 34,
    "gpkg": 14,
    "gpkg-l93": 14,
    "parquet": 3,
}
"""Bytes of a cell in each format, about: DCAT takes a size that is approached until it is known."""

_OCTETS_FIXES = dict.fromkeys(_OCTETS_CASE, 200) | {
    "xlsx": 9_000,
    "gpkg": 120_000,
    "gpkg-l93": 120_000,
    "parquet": 8_000,
}
"""Bytes of a file without any row."""

_OCTETS_CONTOUR = 3_000
"""Bytes of an outline."""

_DESSINES = ("geojson", "gpkg", "gpkg-l93", "parquet")
"""Formats that hold outlines."""

_THEMES = {TABLE: ("EDUC",), "indicateurs": ("EDUC", "SOCI", "REGI")}
_MOTS = {
    TABLE: ("formation", "offre de formation"),
    "indicateurs": ("couverture", "accessibilité", "zone blanche", "offre de formation"),
}


@dataclass(frozen=True)
class PageCatalogue:
    """Where things are: address of the catalogue page (no final slash), contact ("" without).

    `page_contact` is the address of the page that says whom to write to.  `octets` gives the size
    of a file that is made already, None of one that is not.
    """

    racine: str
    contact: str = ""
    page_contact: str = ""
    octets: Callable[[Ressource, Format], int | None] = lambda one, form: None


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
        "dcat:themeTaxonomy": _id(f"{_EUROPE}data-theme"),
        "dcat:dataset": [_id(dataset["@id"]) for dataset in datasets],
    }
    return {
        "@context": CONTEXTE,
        "@graph": [
            catalogue,
            *datasets,
            *_licences(resources, adresses),
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
        "dcat:contactPoint": _contact(adresses),
        "dct:license": _id(_licence_id(one, adresses)),
        "dct:temporal": _period(one, snapshot),
        "dct:issued": _moment(snapshot),
        "dct:modified": _moment(snapshot),
        "dct:language": _id(f"{_EUROPE}language/FRA"),
        "dct:accrualPeriodicity": _id(f"{_EUROPE}frequency/IRREG"),
        "dct:accessRights": _id(f"{_EUROPE}access-right/PUBLIC"),
        "dct:spatial": _place(snapshot),
        "dcat:version": snapshot.id,
        "dcat:theme": [_id(f"{_EUROPE}data-theme/{theme}") for theme in _THEMES[one.genre]],
        "dcat:keyword": [_fr(mot) for mot in _keywords(one, snapshot)],
        "dcat:landingPage": _id(f"{adresses.racine}#{one.id}"),
        "foaf:page": _id(f"{adresses.racine}/{one.path(LISEZMOI)}"),
        "dct:provenance": {"@type": "dct:ProvenanceStatement", "rdfs:label": _fr(_provenance(one))},
        "prov:wasDerivedFrom": [_id(address) for address in dict.fromkeys(addresses)],
        "dcat:distribution": [
            *(_id(_distribution_id(one, form, adresses)) for form in one.formats),
            *(_id(nom) for nom in _tiles_ids(one, snapshot, adresses)),
        ],
    }


def _tiles_ids(one: Ressource, snapshot: Snapshot, adresses: PageCatalogue) -> list[str]:
    """Return the identifier of the vector tiles of a dataset; none but for places."""
    is_there = one.id == "lieux" and (snapshot.path / TUILES).is_file()
    return [f"{adresses.racine}#{one.id}-pmtiles"] if is_there else []


def _distributions(one: Ressource, snapshot: Snapshot, adresses: PageCatalogue) -> list[dict]:
    """Return the files of one dataset."""
    common = {
        "@type": "dcat:Distribution",
        "dcat:accessURL": _id(adresses.racine),
        "dct:license": _id(_licence_id(one, adresses)),
        "dct:rights": _rights(one),
        "dct:issued": _moment(snapshot),
        "dct:modified": _moment(snapshot),
    }
    files = [
        {
            "@id": _distribution_id(one, form, adresses),
            "dct:title": _fr(f"{one.titre} ({form.libelle})"),
            "dct:description": _fr(typeset(_tell_format(form))),
            "dcat:downloadURL": _id(f"{adresses.racine}/{one.path(form)}"),
            "dcat:mediaType": _id(f"{_MEDIAS}/{form.mimetype}"),
            "dct:format": _id(f"{_EUROPE}file-type/{_TYPES_FICHIER[form.nom]}"),
            "dcat:byteSize": _octets(_size(one, form, adresses)),
        }
        for form in one.formats
    ]
    files += [
        {
            "@id": nom,
            "dct:title": _fr(f"{one.titre} (tuiles vectorielles PMTiles)"),
            "dct:description": _fr(typeset(_TUILES_DITES)),
            "dcat:downloadURL": _id(f"{adresses.racine}/{TUILES}"),
            "dcat:mediaType": _id(f"{_MEDIAS}/application/vnd.pmtiles"),
            "dct:format": _id(f"{_EUROPE}file-type/BIN"),
            "dcat:byteSize": _octets((snapshot.path / TUILES).stat().st_size),
        }
        for nom in _tiles_ids(one, snapshot, adresses)
    ]
    return [common | file for file in files]


def _octets(nb: int) -> dict:
    return {"@type": "xsd:nonNegativeInteger", "@value": str(nb)}


def _tell_format(form: Format) -> str:
    return f"{form.libelle} : {form.detail}" if form.detail else form.libelle


def _size(one: Ressource, form: Format, adresses: PageCatalogue) -> int:
    """Return the size of a file, that of a like one when it is not made yet.

    DCAT accepts a size that is approximate when the exact one is not known.
    """
    exact = one.octets if form.nom == "parquet" else None
    known = adresses.octets(one, form) or exact
    if known:
        return known
    cells = max(1, one.nb_lignes * len(one.colonnes_plates))
    drawn = one.nb_lignes * _OCTETS_CONTOUR if form.nom in _DESSINES and one.forme == CONTOUR else 0
    return _two_digits(_OCTETS_FIXES[form.nom] + cells * _OCTETS_CASE[form.nom] + drawn)


def _two_digits(octets: float) -> int:
    """Return a size to two digits: it is not said more precisely than it is known."""
    return int(float(f"{octets:.2g}"))


def _period(one: Ressource, snapshot: Snapshot) -> dict:
    """Return the years that the sources are of; that of the snapshot when none tells its own."""
    years = years_of_sources(one.sources) or [snapshot.manifest["cree_le"][:4]]
    return {
        "@type": "dct:PeriodOfTime",
        "dcat:startDate": {"@type": "xsd:date", "@value": f"{years[0]}-01-01"},
        "dcat:endDate": {"@type": "xsd:date", "@value": f"{years[-1]}-12-31"},
    }


def _keywords(one: Ressource, snapshot: Snapshot) -> list[str]:
    """Return the words by which a portal finds a dataset: of its kind, its own, the region."""
    region = snapshot.manifest.get("nom_region")
    return [*_MOTS[one.genre], one.titre.lower(), *([region] if region else [])]


def _licence_id(one: Ressource, adresses: PageCatalogue) -> str:
    """Return the strictest licence: its address, or where we say that the producer tells none."""
    licence = _strictest(one)
    return licence.adresse or f"{adresses.racine}#licence-{licence.code}"


def _strictest(one: Ressource) -> Licence:
    """Return the licence under which a resource is shared."""
    return next(iter(one.licences), find_licence(NON_PRECISEE))


def _licences(resources: list[Ressource], adresses: PageCatalogue) -> list[dict]:
    """Return each licence once, as a document of the catalogue."""
    found = {_licence_id(one, adresses): _strictest(one) for one in resources}
    return [
        {"@id": address, "@type": "dct:LicenseDocument", "dct:title": _fr(licence.titre)}
        for address, licence in found.items()
    ]


def _rights(one: Ressource) -> dict:
    """Return the licences of all the sources in words."""
    words = " ; ".join(licence.titre for licence in one.licences) or _strictest(one).titre
    return {"@type": "dct:RightsStatement", "rdfs:label": _fr(words)}


def _provenance(one: Ressource) -> str:
    return " ; ".join(
        f"{s['titre']}, {s['producteur']}, {s['millesime']} ({say_licence(s['licence'])})"
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
    """Return whom to write to: an address of mail when there is one, else the page that says it."""
    found: dict = {"@type": "vcard:Organization", "vcard:fn": "GéoForma"}
    if "@" in adresses.contact and ":" not in adresses.contact:
        found["vcard:hasEmail"] = _id("mailto:" + adresses.contact)
    elif adresses.contact:
        found["vcard:note"] = adresses.contact
    if "vcard:hasEmail" not in found:
        found["vcard:hasURL"] = _id(adresses.page_contact or adresses.racine)
    return found


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
