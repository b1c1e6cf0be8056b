"""The pages of quality: every source and body, one of them, their files."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request, url_for

from geoapp.offer.parameters import refuse_unknown
from geoapp.offer.quality.perimeter import list_totals
from geoapp.offer.quality.scores import Qualite, find_entity, list_defects, open_quality
from geoapp.outputs.files.formats import LISEZMOI
from geoapp.outputs.files.model import Fichier
from geoapp.outputs.quality import FORMATS_QUALITE, defects_file, scores_file
from geoapp.web import quality_view as vues
from geoapp.web.perimeter_view import picture
from geoapp.web.presentation import paginate
from geoapp.web.sending import find_format, send_table
from geoapp.web.served import courant

blueprint = Blueprint("quality", __name__)


def served_quality() -> Qualite:
    """Return the quality of the snapshot served, worked out once."""
    return courant().derive("qualite", lambda snapshot: open_quality(snapshot, courant().data_dir))


@blueprint.get("/qualite")
def index():
    """Show the scores of every source and body."""
    refuse_unknown(dict(request.args), ("q", "tri", "ordre", "page"))
    found, q = served_quality(), request.args.get("q", "").strip()
    ordered, order = vues.choose_entities(found, request.args)
    page = paginate(len(ordered))
    sources = found.entites[found.entites["type_entite"].eq("source")]
    return render_template(
        "quality.html",
        titre="Qualité des données",
        resume=vues.summary(found),
        sources=vues.entity_rows(sources),
        lignes=vues.entity_rows(ordered.iloc[page.tranche]),
        colonnes=vues.columns(order, q),
        page=page,
        q=q,
        tri=order[0],
        ordre=order[1],
        criteres=vues.criteria_rows(found),
        regles=vues.position_rules(),
        fichiers=vues.downloads("quality.scores"),
        corrections=vues.downloads("quality.corrections"),
        adresse_api=url_for("api.qualite"),
        perimetre=courant().derive("perimetre", picture),
        totaux=courant().derive("totaux", list_totals),
    )


@blueprint.get("/qualite/source/<identifiant>")
def source(identifiant: str):
    """Show the quality of one source."""
    return _entity("source", identifiant)


@blueprint.get("/qualite/organisme/<identifiant>", endpoint="organisme")
def body(identifiant: str):
    """Show the quality of one training body."""
    return _entity("organisme", identifiant)


def _entity(kind: str, identifiant: str):
    """Show the score of a source or body, its parts, and what it has to correct."""
    refuse_unknown(dict(request.args), ("critere", "page"))
    found, critere = served_quality(), request.args.get("critere") or None
    row = find_entity(found, kind, identifiant)
    every = list_defects(found, **{kind: row["id_entite"]})
    shown = list_defects(found, critere=critere, **{kind: row["id_entite"]}) if critere else every
    page = paginate(len(shown))
    parts = vues.part_rows(found, row, every["critere"].value_counts().to_dict())
    return render_template(
        "quality_entity.html",
        titre=f"Qualité : {row['nom']}",
        entite=vues.entity_words(row),
        sorte=kind,
        parties=parts,
        page=page,
        critere=critere,
        critere_dit=next((part["titre"] for part in parts if part["critere"] == critere), ""),
        lignes=vues.defect_rows(shown.iloc[page.tranche]),
        nb=len(every),
        tout=url_for(f"quality.{kind}", identifiant=row["id"], _anchor="tableau"),
        evolution=found.precedent and vues.say_snapshot(found.precedent),
        sans_precedent=found.sans_precedent,
        fichiers=vues.downloads(f"quality.corrections_{kind}", identifiant=row["id"]),
        adresse_api=url_for("api.qualite", **{kind: row["id"]}),
    )


@blueprint.get("/qualite/scores.<format>")
def scores(format: str):
    """Return the scores of every source and body as a file."""
    return _send(format, lambda: scores_file(served_quality()))


@blueprint.get("/qualite/corrections.<format>")
def corrections(format: str):
    """Return everything to be corrected as a file."""
    return _send(format, lambda: defects_file(served_quality()))


@blueprint.get("/qualite/source/<identifiant>/corrections.<format>")
def corrections_source(identifiant: str, format: str):
    """Return what one source has to correct as a file."""
    return _send(format, lambda: _defects_of("source", identifiant))


@blueprint.get(
    "/qualite/organisme/<identifiant>/corrections.<format>", endpoint="corrections_organisme"
)
def corrections_body(identifiant: str, format: str):
    """Return what one body has to correct as a file."""
    return _send(format, lambda: _defects_of("organisme", identifiant))


def _defects_of(kind: str, identifiant: str) -> Fichier:
    row = find_entity(served_quality(), kind, identifiant)
    return defects_file(served_quality(), row["nom"], **{kind: row["id_entite"]})


def _send(format: str, make) -> Response:
    """Return a file to keep, or 404 for a format that is not offered."""
    refuse_unknown(dict(request.args), ())
    if format not in (*FORMATS_QUALITE, LISEZMOI.nom):
        abort(404)
    return send_table(make(), find_format(format))
