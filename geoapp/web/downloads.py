"""The page « Données »: every file, its dictionary, its description for programs and portals."""

from __future__ import annotations

import json
from pathlib import Path

from flask import Blueprint, Response, current_app, render_template, request, url_for

from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.model import Question, describe_asked, parse_question
from geoapp.offer.parameters import refuse_unknown
from geoapp.outputs.catalogue.datapackage import NOM, describe_package
from geoapp.outputs.catalogue.dcat import PageCatalogue, describe_catalogue
from geoapp.outputs.catalogue.export import every_file
from geoapp.outputs.catalogue.indicators import check_zoning, indicator_file
from geoapp.outputs.catalogue.listing import INDICATEURS, TABLE, Ressource, list_resources
from geoapp.outputs.catalogue.resources import check_table_name, table_file
from geoapp.outputs.files.formats import FORMATS, SERVIS, Format
from geoapp.outputs.files.geopackage import write_layers
from geoapp.reference.codes.identifiers import nearest_accepted
from geoapp.web.coverage_view import query
from geoapp.web.downloads_view import dictionary, resource_rows
from geoapp.web.public_address import public_url
from geoapp.web.sending import made_size, send_file
from geoapp.web.served import courant, served_world

blueprint = Blueprint("downloads", __name__)

ENSEMBLE = "geoforma.gpkg"


def _resources() -> list[Ressource]:
    return courant().derive("ressources", list_resources)


def _question() -> Question:
    """Return the question of the request; the matrix of costs is not opened when none is asked."""
    return (
        parse_question({nom: request.args.getlist(nom) for nom in request.args}, served_world())
        if request.args
        else Question()
    )


@blueprint.get("/donnees")
def index():
    """Show every table and every indicator, with their files."""
    question = _question()
    resources = _resources()
    asked = query(question, sauf=("zonage", "mesure", "classes"))
    return render_template(
        "downloads.html",
        titre="Données",
        tables=resource_rows(resources, TABLE, {}),
        indicateurs=resource_rows(resources, INDICATEURS, asked),
        question=describe_asked(question),
        adresse_question=url_for("coverage.index", **asked),
        dictionnaire=dictionary(resources),
        ensemble=url_for("downloads.everything"),
        adresse_rejets=url_for("pages.rejects"),
        adresse_sources=url_for("pages.sources"),
    )


@blueprint.get("/donnees/tables/<fichier>")
def table(fichier: str):
    """Return one table as a file."""
    refuse_unknown(request.args, ())
    nom, form = _parse_name(fichier)
    check_table_name(nom)
    return send_file(
        f"{nom}{form.suffixe}",
        form.mimetype,
        lambda path: _write(table_file(courant().snapshot(), nom), form, path),
    )


@blueprint.get("/donnees/indicateurs/<fichier>")
def indicators(fichier: str):
    """Return the indicators of one zoning as a file, for the question asked."""
    nom, form = _parse_name(fichier)
    check_zoning(courant().snapshot(), nom)
    if "zonage" in request.args:
        raise ParameterError(
            "zonage : il est dans le nom du fichier, ne le donnez pas une seconde fois."
        )
    parametres = {cle: request.args.getlist(cle) for cle in request.args}
    return send_file(
        f"couverture-{nom}{form.suffixe}",
        form.mimetype,
        lambda path: _write(indicator_file(served_world(), nom, parametres), form, path),
        est_gardee=not parametres,
    )


@blueprint.get(f"/donnees/{ENSEMBLE}")
def everything():
    """Return everything as one GeoPackage, one layer by table and by zoning."""
    refuse_unknown(request.args, ())
    resources = _resources()
    return send_file(
        ENSEMBLE,
        FORMATS["gpkg"].mimetype,
        lambda path: write_layers(
            every_file(courant().snapshot(), resources, {}, served_world()), path
        ),
    )


@blueprint.get(f"/donnees/{NOM}")
def datapackage():
    """Return the data package (Frictionless) of the CSV for programs."""
    refuse_unknown(request.args, ())
    return _json(courant().derive("datapackage", _package), "application/json")


@blueprint.get("/donnees/catalogue.jsonld")
def catalogue():
    """Return the catalogue (DCAT-AP) that a portal harvests."""
    refuse_unknown(request.args, ())
    adresses = PageCatalogue(
        public_url(url_for("downloads.index")),
        current_app.config["SETTINGS"].contact,
        public_url(url_for("about.contact")),
        _made_size,
    )
    return _json(
        describe_catalogue(courant().snapshot(), _resources(), adresses), "application/ld+json"
    )


def _made_size(one: Ressource, form: Format) -> int | None:
    """Return the size of a file of the catalogue that was made since the snapshot is served."""
    return made_size(f"{one.id}{form.suffixe}")


def _package(snapshot: Snapshot) -> dict:
    return describe_package(snapshot, _resources(), describe_asked(Question()))


def _parse_name(fichier: str) -> tuple[str, Format]:
    """Return the name and the format that the name of a file tells.

    Raises
    ------
    NotFoundError
        When it ends like no format; the nearest ending is named.
    """
    nom, _, fin = fichier.partition(".")
    suffixes = {form.suffixe.lstrip("."): form for form in SERVIS.values()}
    if fin in suffixes:
        return nom, suffixes[fin]
    near = nearest_accepted(fin, suffixes)
    cure = f"Vouliez-vous dire « {nom[:40]}.{near} » ? " if near else ""
    raise NotFoundError(
        f"Format inconnu : « {fichier[:60]} ». {cure}Formats : {', '.join(suffixes)}."
    )


def _write(fichier, form: Format, path: Path) -> None:
    """Write one file, or refuse a format that needs a geometry."""
    if form.est_carte and not fichier.forme:
        raise NotFoundError(
            f"« {fichier.titre} » n'a ni position ni contour : pas de {form.libelle}."
        )
    form.ecrire(fichier, path)


def _json(value: dict, mimetype: str) -> Response:
    response = Response(json.dumps(value, ensure_ascii=False, indent=1) + "\n", mimetype=mimetype)
    response.add_etag()
    response.make_conditional(request)
    return response
