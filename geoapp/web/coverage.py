"""The pages of coverage: a question and its map, one zone, publics or snapshots compared."""

from __future__ import annotations

import numpy as np
from flask import Blueprint, abort, render_template, request, url_for
from markupsafe import Markup

from geoapp.core.snapshot import Snapshot
from geoapp.coverage.answer import Reponse, answer
from geoapp.coverage.border import crossing_zones
from geoapp.coverage.counted_publics import count_publics, part_of_all, tell_publics
from geoapp.coverage.indicators import MENTIONS
from geoapp.coverage.legend import legend, white_counts
from geoapp.coverage.model import (
    FILTRES_OFFRE,
    INFORMATION,
    Question,
    describe_question,
    describe_reach,
    parse_question,
    to_parameters,
)
from geoapp.coverage.offered import is_information
from geoapp.coverage.outlines import counted_outlines, zone_outlines
from geoapp.coverage.publics import compare_publics, measure_equity
from geoapp.coverage.scope import known_offer
from geoapp.coverage.sentences import nothing_farther, travel_precision
from geoapp.coverage.ways import SANS_SOURCE, compare_ways
from geoapp.coverage.white_zones import CAUSES, SOLIDITES
from geoapp.coverage.world import choose_offer
from geoapp.coverage.zone_points import zone_sheet
from geoapp.offer.filters import list_options
from geoapp.offer.statistics import (
    debouches_of_zone,
    describe_debouches,
    flux_of_zone,
    flux_rows,
    zone_rows,
)
from geoapp.outputs import maps
from geoapp.outputs.counted_publics import counted_file
from geoapp.outputs.coverage import file_of
from geoapp.outputs.files.geo import dump_json
from geoapp.outputs.html import escape_json
from geoapp.outputs.maps.layers import layer_css
from geoapp.reference.zonings import CARREAU, COMMUNE, MAILLES
from geoapp.web import coverage_view as vues
from geoapp.web.figures import export_form
from geoapp.web.layers import cacheable
from geoapp.web.national import served_country
from geoapp.web.presentation import form_fields, paginate, static_url
from geoapp.web.security import nonce
from geoapp.web.sending import find_format, list_files, send_table
from geoapp.web.served import courant, served_layers, served_world

blueprint = Blueprint("coverage", __name__)

AFFICHAGE = ("tri", "ordre", "page")
"""Parameters that order the table and change no number."""


def asked(autres: tuple[str, ...] = AFFICHAGE, **fixed: str) -> Question:
    """Return the question of the request; `fixed` parameters win, `autres` are left alone."""
    return parse_question(
        {**{nom: request.args.getlist(nom) for nom in request.args}, **fixed},
        served_world(),
        autres=autres,
    )


@blueprint.get("/couverture")
def index():
    """Show the answer to a question: sentence, map, legend, table."""
    reponse = answer(served_world(), asked())
    ordered, order = vues.sort_table(reponse, request.args)
    page, drawn = paginate(len(ordered)), map_parts(reponse)
    return render_template(
        "coverage.html",
        titre="Couverture",
        question=describe_question(reponse.question),
        reponse=reponse,
        page=page,
        colonnes=vues.columns(reponse, order),
        lignes=vues.rows(reponse, ordered.iloc[page.tranche]),
        **form_parts(reponse.question),
        telechargements=list_files(
            "coverage.export", vues.query(reponse.question), est_carte=drawn["est_dessinee"]
        ),
        mentions=MENTIONS,
        variantes=vues.variant_rows(reponse),
        causes=CAUSES,
        solidites=SOLIDITES,
        blanches=white_counts(reponse),
        **_links(reponse.question),
        **drawn,
        export_carte=_export(reponse.question),
    )


def form_parts(question: Question) -> dict:
    """Return the fields of the form; offers are counted over the region and its neighbours."""
    options = courant().derive("options_couverture", _count_options)
    utiles = frozenset(
        nom for nom, found in options.items() if sum(option.nb > 0 for option in found) > 1
    )
    return {
        # A place of information has none of the criteria of trainings.
        "champs": []
        if is_information(question)
        else form_fields(options, question.filtres, utiles),
        "choix": vues.choices(question, served_world()),
    }


def _count_options(snapshot: Snapshot) -> dict:
    """Return, by filter of the offer, its values with their number of offers."""
    return {nom: list_options(snapshot, nom, served_world().offres) for nom in FILTRES_OFFRE}


def _links(question: Question) -> dict:
    """Return the addresses of the other pages with the same question."""
    return {
        "adresse_publics": url_for(
            "coverage.publics", **vues.query(question, sauf=("zonage", "mesure", "classes"))
        ),
        "adresse_ouvrir": url_for(
            "planning.sites", **vues.query(question, sauf=("mesure", "classes"))
        ),
        "adresse_evolution": url_for("change.index", **_of_trainings(question)),
        "adresse_information": url_for("coverage.index", offre=INFORMATION),
        "adresse_france": url_for("national.index") if served_country() else None,
        "adresse_api": url_for("api.couverture", **vues.query(question)),
        "adresse_integrer": url_for("embed.index", **vues.query(question, contenu="couverture")),
    }


def _export(question: Question, emprise: str = "region") -> dict:
    """Return the form that exports the map of coverage."""
    return export_form(
        courant().snapshot(),
        ("couverture", "densite", "zones"),
        to_parameters(question),
        emprise=emprise,
    )


def map_parts(reponse: Reponse, code: str | None = None) -> dict:
    """Return the parts of the map, its legend and the values that the script reads."""
    snapshot, zonage = courant().snapshot(), reponse.question.zonage
    contours = courant().derive(
        ("contours", zonage), lambda s: zone_outlines(served_world(), zonage)
    )
    carte = maps.coverage_map.build_coverage_map(
        snapshot,
        donnees=lambda nom: url_for("layers.layer", type_zone=nom, v=snapshot.id),
        adresse=static_url,
        zonage=zonage,
        contours=lambda nom: url_for("coverage.outlines", type_zone=nom, v=snapshot.id),
        cadre=maps.coverage_map.frame_of(contours, code) if code or zonage == CARREAU else None,
    )
    parties = maps.folium_map.render_page_parts(carte, nonce())
    return {
        "entete_carte": Markup(parties.entete),
        "html_carte": Markup(parties.html),
        "script_carte": Markup(parties.script),
        "couleurs": Markup(layer_css(served_layers())),
        "legende": legend(reponse),
        "nb_dehors": courant().derive(("dehors", zonage), lambda s: len(crossing_zones(s, zonage))),
        "valeurs": Markup(escape_json(dump_json(vues.map_values(reponse, code)))),
        "est_dessinee": len(contours) > 0,
    }


@blueprint.get("/couverture/contours/<type_zone>.geojson")
def outlines(type_zone: str):
    """Return the outlines that a map colours: zones, communes, or squares of the grid."""
    if type_zone not in MAILLES:
        abort(404)
    texte = courant().derive(
        ("contours_json", type_zone),
        lambda s: maps.coverage_map.outlines_json(*counted_outlines(served_world(), type_zone)),
    )
    return cacheable(
        texte, "application/geo+json", for_ever=request.args.get("v") == courant().snapshot().id
    )


@blueprint.get("/couverture/export.<format>")
def export(format: str):
    """Return the whole table as a file."""
    form = find_format(format)
    reponse = answer(served_world(), asked())
    return send_table(file_of(served_world(), reponse), form)


@blueprint.get("/couverture/zones/<type_zone>/<code_zone>")
def zone(type_zone: str, code_zone: str):
    """Show one zone against the region: indicators, white communes, what almost reaches it."""
    if type_zone not in MAILLES or type_zone == CARREAU:
        abort(404)
    reponse = answer(served_world(), asked(zonage=type_zone))
    sheet = zone_sheet(served_world(), reponse, code_zone)
    question = reponse.question
    snapshot, of_trainings = courant().snapshot(), not is_information(question)
    left = debouches_of_zone(snapshot, type_zone, code_zone)
    pupils = flux_of_zone(snapshot, type_zone, code_zone)
    return render_template(
        "coverage_zone.html",
        flux=flux_rows(pupils) if of_trainings else [],
        debouches=zone_rows(left) if of_trainings else [],
        debouches_phrases=describe_debouches(left),
        titre=f"Couverture : {sheet.zone['nom']}",
        question=describe_question(question),
        fiche=sheet,
        reponse=reponse,
        indicateurs=vues.against_region(sheet, question),
        blanches=vues.white_rows(sheet.blanches, question),
        presque=vues.almost_rows(sheet.presque, question),
        rien_presque=nothing_farther(sheet.zone, question),
        seuil=describe_reach(question),
        retour=url_for("coverage.index", **vues.query(question)),
        est_commune=type_zone == COMMUNE,
        adresse_territoire=vues.query(question, sauf=("zonage", "mesure", "classes")),
        **map_parts(reponse, code_zone),
        export_carte=_export(question, f"{type_zone}:{code_zone}"),
    )


def _of_trainings(question: Question) -> dict:
    """Return the parameters of « Évolution », which counts trainings whatever the question does."""
    other = ("offre",) if question.offre == INFORMATION else ()
    return vues.query(question, sauf=("zonage", "mesure", "classes", *other))


@blueprint.get("/couverture/publics")
def publics():
    """Show publics compared, and how unequal access is."""
    question = asked()
    region = np.flatnonzero(served_world().points["est_region"].to_numpy())
    ways = compare_ways(served_world(), question, region)
    counted, everybody = (
        count_publics(served_world(), question),
        part_of_all(served_world(), question),
    )
    kept = vues.query(question, sauf=("zonage", "mesure", "classes"))
    return render_template(
        "coverage_publics.html",
        comptes=vues.counted_rows(counted, everybody),
        phrase_comptes=tell_publics(counted, everybody),
        telechargements=list_files("coverage.publics_file", kept, est_carte=False),
        adresse_api=url_for("api.publics", **kept),
        titre="Couverture : publics comparés",
        question=describe_question(question),
        **form_parts(question),
        groupes=vues.public_groups(compare_publics(served_world(), question), question),
        perimetre=known_offer(served_world(), question, choose_offer(served_world(), question)),
        modes=vues.way_rows(ways),
        seuil_modes=ways[0].seuil_min if ways else None,
        sans_source=SANS_SOURCE,
        precision=travel_precision(served_world(), question),
        indices=measure_equity(served_world(), question),
        seuil=describe_reach(question),
        retour=url_for("coverage.index", **vues.query(question)),
    )


@blueprint.get("/couverture/publics/export.<format>")
def publics_file(format: str):
    """Return the publics counted by commune as a file."""
    form = find_format(format, est_carte=False)
    return send_table(counted_file(served_world(), asked()), form)
