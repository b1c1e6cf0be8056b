"""What the page « Données » shows, as plain values in words."""

from __future__ import annotations

from flask import url_for

from geoapp.core.french import count, format_decimal, with_unit
from geoapp.outputs.catalogue.listing import INDICATEURS, TABLE, Ressource
from geoapp.outputs.files.formats import LISEZMOI, Format

LIBELLES = {
    "csv": "CSV tableur",
    "csv-simple": "CSV simple",
    "xlsx": "XLSX",
    "geojson": "GeoJSON",
    "gpkg": "GeoPackage",
    "gpkg-l93": "GeoPackage Lambert-93",
    "parquet": "Parquet",
    "lisez-moi": "Notice",
}
"""Short names of the formats, under which the links are shown."""

_ROUTES = {TABLE: "downloads.table", INDICATEURS: "downloads.indicators"}


def resource_rows(resources: list[Ressource], genre: str, parametres: dict) -> list[dict]:
    """Return the resources of a kind as rows: what they are, sizes, licences, links.

    `parametres` are those of the question.
    """
    return [
        {
            "id": one.id,
            "titre": one.titre,
            "nom": one.nom,
            "sens": one.sens,
            "lignes": one.nb_lignes,
            "colonnes": len(one.colonnes_plates),
            "licences": [licence.titre for licence in one.licences],
            "fichiers": [_link(one, form, parametres) for form in (*one.formats, LISEZMOI)],
        }
        for one in resources
        if one.genre == genre
    ]


def _link(one: Ressource, form: Format, parametres: dict) -> dict:
    """Return one link: format, size when it is known, address."""
    octets = one.octets if form.nom == "parquet" else None
    adresse = url_for(_ROUTES[one.genre], fichier=f"{one.nom}{form.suffixe}", **parametres)
    return {
        "libelle": LIBELLES[form.nom],
        "taille": format_size(octets) if octets else "",
        "adresse": adresse,
    }


def format_size(octets: int) -> str:
    """Return the size of a file in words: « 850 octets », « 61 ko », « 1,3 Mo »."""
    if octets < 1_000:
        return count(octets, "octet")
    if octets < 999_500:
        return with_unit(round(octets / 1e3), "ko")
    return with_unit(format_decimal(octets / 1e6, 1), "Mo")


def dictionary(resources: list[Ressource]) -> list[dict]:
    """Return the columns of each table, and once those of the indicators."""
    tables = [one for one in resources if one.genre == TABLE]
    first = next((one for one in resources if one.genre == INDICATEURS), None)
    return [
        {
            "id": one.id,
            "titre": f"{one.titre} ({one.nom})",
            "sens": one.sens,
            "cle": ", ".join(one.cle),
            "colonnes": one.colonnes,
        }
        for one in tables
    ] + (
        [
            {
                "id": "indicateurs",
                "titre": "Indicateurs de couverture (tous les zonages)",
                "sens": "Une ligne par zone",
                "cle": "code_zone",
                "colonnes": first.colonnes,
            }
        ]
        if first
        else []
    )
