"""The pages of planning: where to open."""

from __future__ import annotations

from flask import Blueprint, abort, render_template, request, url_for

from geoapp.coverage.model import describe_reach
from geoapp.coverage.sentences import travel_precision
from geoapp.outputs.files.formats import FORMATS
from geoapp.outputs.planning import sites_file
from geoapp.planning.asked import Recherche, parse_sites
from geoapp.planning.opening import Sites, find_sites
from geoapp.planning.words import describe_search, list_notes, tell_access, tell_sites
from geoapp.reference.zonings import MAILLES
from geoapp.web import planning_view as vues
from geoapp.web.coverage import form_parts
from geoapp.web.coverage_view import query as coverage_query
from geoapp.web.sending import send_table
from geoapp.web.served import served_world

blueprint = Blueprint("planning", __name__)

PREUVE_S = 10.0
"""Seconds that a proof takes at most: a process of the workshop is held meanwhile."""


def _asked() -> Recherche:
    """Return the search of the request."""
    return parse_sites(request.args, served_world())


@blueprint.get("/ou-ouvrir")
def sites():
    """Show where to open, at once."""
    return _show(find_sites(served_world(), _asked()), is_proven=False)


@blueprint.get("/ou-ouvrir/preuve")
def prove():
    """Show where to open once the solver has looked for better: made by the workshop."""
    return _show(find_sites(served_world(), _asked(), delai_s=PREUVE_S), is_proven=True)


def _show(found: Sites, *, is_proven: bool) -> str:
    """Return the page of an answer."""
    world, recherche = served_world(), found.recherche
    question = recherche.question
    parts = form_parts(question)
    return render_template(
        "siting.html",
        titre="Où ouvrir ?",
        question=describe_search(recherche),
        phrase=tell_sites(found),
        acces=tell_access(found.acces_avant, found.acces_apres) if found.ouvertures else "",
        notes=list_notes(world, found),
        precision=travel_precision(world, question),
        perimetre=found.comptes.perimetre,
        seuil=describe_reach(question),
        maille=MAILLES[question.zonage].singulier,
        champs=parts["champs"],
        choix=vues.without_map(parts["choix"]),
        plan=vues.search_fields(world, recherche),
        lignes=vues.opening_rows(found),
        zones=vues.zone_rows(found),
        croquis=vues.drawing(world, found),
        carte_dite=vues.tell_drawing(found),
        legende=vues.legend(found),
        telechargements=[
            (form.libelle, url_for("planning.export", format=nom, **vues.query(recherche)))
            for nom, form in FORMATS.items()
        ],
        adresse_preuve=""
        if is_proven or found.est_prouve or not found.ouvertures
        else url_for("planning.prove", **vues.query(recherche)),
        adresse_lieux=url_for("planning.sites", **vues.query(recherche, candidats="lieux")),
        adresse_api=url_for("api.ou_ouvrir", **vues.query(recherche)),
        retour=url_for("coverage.index", **coverage_query(question)),
    )


@blueprint.get("/ou-ouvrir/export.<format>")
def export(format: str):
    """Return the openings as a file."""
    if format not in FORMATS:
        abort(404)
    found = find_sites(served_world(), _asked())
    return send_table(sites_file(served_world(), found), FORMATS[format])
