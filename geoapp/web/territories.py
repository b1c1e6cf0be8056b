"""The pages of territories: the index of zones, one zone and its comparison, its files."""

from __future__ import annotations

from dataclasses import replace
from threading import Lock

from flask import Blueprint, Response, abort, render_template, request, url_for

from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.memory import Memory
from geoapp.coverage.model import Question, describe_asked, parse_question
from geoapp.coverage.offered import is_information
from geoapp.coverage.scope import known_offer
from geoapp.coverage.territories.content import ContenuZone, build_content
from geoapp.coverage.territories.sheet import compare_sentences, present
from geoapp.coverage.territories.zone import Zone, find_zone, list_types, list_zones, search_zones
from geoapp.coverage.territories.zone_tables.coverage import coverage_table
from geoapp.coverage.territories.zone_tables.listed import list_tables
from geoapp.coverage.world import choose_offer
from geoapp.offer.parameters import refuse_unknown
from geoapp.outputs.sheets.folder import file_stem, make_sheet
from geoapp.outputs.sheets.rendering import ENTIERES
from geoapp.outputs.sheets.tables import to_file, zone_notice
from geoapp.reference.zonings import COMMUNE
from geoapp.web import territories_view as vues
from geoapp.web.coverage import form_parts, map_parts
from geoapp.web.figures import export_form
from geoapp.web.sending import find_format, send_table
from geoapp.web.served import courant, served_world

blueprint = Blueprint("territories", __name__)

NB_TROUVEES = 100
"""Zones shown at most by a search."""

FIGURES = ("offre", "couverture", "densite")
"""Static maps that the page of a zone proposes; the first draws trainings alone."""

_SHEETS_KEPT = 8
_lock = Lock()
"""One sheet is drawn at a time by process: a PDF takes seconds and memory."""


@blueprint.get("/territoires")
def index():
    """List the zones of one zoning, or those that a text names."""
    refuse_unknown(request.args, ("zonage", "q", "offre"))
    question = parse_question(
        {nom: request.args.getlist(nom) for nom in ("offre",) if nom in request.args},
        served_world(),
    )
    types, texte = list_types(served_world()), request.args.get("q", "").strip()[:80]
    zonage = request.args.get("zonage") or ("" if texte else next(iter(types)))
    if zonage:
        list_zones(served_world(), zonage)
    found = (
        search_zones(served_world(), texte, zonage or None)
        if texte
        else []
        if zonage == COMMUNE
        else [(zonage, *row) for row in list_zones(served_world(), zonage).itertuples(index=False)]
    )
    return render_template(
        "territories.html",
        titre="Territoires",
        types=types,
        zonage=zonage,
        texte=texte,
        nb=len(found),
        est_commune=zonage == COMMUNE,
        lignes=vues.zone_rows(served_world(), question, found[:NB_TROUVEES] if texte else found),
        nb_max=NB_TROUVEES,
        legende=describe_asked(question).removeprefix("Couverture : "),
        offre=question.offre,
        est_information=is_information(question),
        perimetre=known_offer(served_world(), question, choose_offer(served_world(), question)),
    )


def _asked(type_zone: str) -> Question:
    """Return the question of the request, for one zoning."""
    return parse_question(
        {**{nom: request.args.getlist(nom) for nom in request.args}, "zonage": type_zone},
        served_world(),
        autres=("avec",),
    )


def _zone(type_zone: str, code_zone: str) -> Zone:
    """Return the zone of an address; an unknown zoning is not found either."""
    try:
        return find_zone(served_world(), f"{type_zone}:{code_zone}")
    except ParameterError as error:
        raise NotFoundError(str(error)) from None


def _content(type_zone: str, code_zone: str) -> tuple[ContenuZone, ContenuZone | None]:
    """Return the content of the zone of the request, and of the one it is compared with."""
    zone, question = _zone(type_zone, code_zone), _asked(type_zone)
    avec = request.args.get("avec", "").strip()
    other = find_zone(served_world(), avec) if avec else None
    return build_content(served_world(), question, zone), build_content(
        served_world(), question, other
    ) if other else None


@blueprint.get("/territoires/<type_zone>/<code_zone>")
def zone(type_zone: str, code_zone: str):
    """Show everything that is told of a zone."""
    contenu, other = _content(type_zone, code_zone)
    asked = contenu.question
    form = form_parts(asked)
    return render_template(
        "territory.html",
        titre=contenu.zone.titre,
        fiche=present(served_world(), contenu, other),
        limites=ENTIERES,
        cartes={},
        est_page=True,
        zone=contenu.zone,
        autre=other.zone if other else None,
        phrases_avec=compare_sentences(contenu, other) if other else [],
        adresse_avec=vues.zone_page(asked, other.zone.cle) if other else None,
        adresse_zone=lambda cle: vues.zone_page(asked, cle),
        adresse_csv=lambda nom: url_for(
            "territories.table",
            type_zone=type_zone,
            code_zone=code_zone,
            nom=nom,
            format="csv",
            **vues.query(asked),
            avec=other.zone.cle if other else None,
        ),
        telechargements=vues.downloads(contenu.zone, asked),
        retour=url_for("territories.index", zonage=type_zone),
        comparables=vues.comparables(served_world(), contenu.zone, other.zone if other else None),
        liens=vues.links(contenu.zone, asked),
        export_carte=export_form(
            courant().snapshot(),
            FIGURES[is_information(asked) :],
            vues.pairs(asked),
            emprise=contenu.zone.cle,
        ),
        reponse=contenu.couverture.reponse,
        **form,
        **(
            map_parts(contenu.couverture.reponse, code_zone)
            if contenu.zone.est_dessinee
            else {"est_dessinee": False}
        ),
    )


@blueprint.get("/territoires/<type_zone>/<code_zone>/fiche.<format>")
def sheet(type_zone: str, code_zone: str, format: str):
    """Return the sheet of a zone as a file: `html` or `pdf`."""
    if format not in ("html", "pdf"):
        abort(404)
    found, asked = _zone(type_zone, code_zone), _asked(type_zone)
    content = _sheet(found, asked, format)
    mimetype = "application/pdf" if format == "pdf" else "text/html"
    return Response(
        content,
        mimetype=mimetype,
        headers={"Content-Disposition": f"attachment; filename={file_stem(found)}.{format}"},
    )


def _sheet(found: Zone, asked: Question, format: str) -> bytes:
    """Return one file of a sheet; the last ones made are kept."""
    kept = courant().derive("fiches", lambda snapshot: Memory(_SHEETS_KEPT))

    def make() -> bytes:
        with _lock:
            html, pdf, _ = make_sheet(served_world(), asked, found, pdf=format == "pdf")
        return html.encode() if pdf is None else pdf

    return kept.get((found.cle, tuple(vues.pairs(asked)), format), make)


@blueprint.get("/territoires/<type_zone>/<code_zone>/<nom>.<format>")
def table(type_zone: str, code_zone: str, nom: str, format: str):
    """Return one table of a zone as a file, or its notice."""
    form, tables = find_format(format, est_carte=False), list_tables(_asked(type_zone))
    if nom not in tables:
        abort(404)
    contenu, other = _content(type_zone, code_zone)
    table = coverage_table(contenu, other) if nom == "couverture" else tables[nom](contenu)
    fichier = to_file(table, zone_notice(courant().snapshot(), present(served_world(), contenu)))
    return send_table(replace(fichier, nom=f"{file_stem(contenu.zone)}-{nom}"), form)
