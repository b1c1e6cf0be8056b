"""The page of the need against the offer, and its files."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from geoapp.outputs.needs import need_file
from geoapp.planning.need_answer import (
    LISTES,
    PARAMETRES,
    ReponseBesoin,
    answer_need,
    list_groups,
    list_territories,
    parse_need,
)
from geoapp.planning.need_table import ZONAGES
from geoapp.planning.need_words import list_notes, list_title, tell_need, title_of
from geoapp.reference.zonings import TERRITOIRES
from geoapp.web import needs_view as vues
from geoapp.web.presentation import Query, paginate
from geoapp.web.sending import find_format, list_files, send_table
from geoapp.web.served import courant

blueprint = Blueprint("needs", __name__)


def _answer() -> ReponseBesoin:
    """Return the answer to the question of the request."""
    snapshot = courant().snapshot()
    given = {nom: request.args.getlist(nom) for nom in request.args}
    return answer_need(snapshot, parse_need(given, snapshot, autres=("page",)))


@blueprint.get("/besoins")
def index():
    """Show the need and the offer of a zone by family of jobs, or of a family by zone."""
    reponse = _answer()
    question, page = reponse.question, paginate(len(reponse.lignes))
    asked: Query = dict(question.pairs())
    families = reponse.familles.sort_values("nom")
    return render_template(
        "needs.html",
        titre=title_of(reponse),
        question=question,
        phrases=tell_need(reponse),
        notes=list_notes(reponse),
        liste=list_title(question),
        page=page,
        colonnes=vues.columns(question),
        lignes=vues.rows(reponse, reponse.lignes.iloc[page.tranche]),
        nuage=vues.cloud(reponse),
        sans_formation=vues.unlinked_rows(reponse),
        territoires=list_territories(courant().snapshot()),
        zonages={nom: TERRITOIRES[nom].titre for nom in ZONAGES},
        groupes=list_groups(families),
        familles=list(families[["code_famille", "nom"]].itertuples(index=False)),
        listes=LISTES,
        telechargements=list_files("needs.export", asked, est_carte=False),
        adresse_api=url_for("api.besoins", **asked),
        sources=reponse.sources,
        parametres=PARAMETRES,
    )


@blueprint.get("/besoins/export.<format>")
def export(format: str):
    """Return the rows that are listed as a file."""
    form = find_format(format, est_carte=False)
    return send_table(need_file(courant().snapshot(), _answer()), form)
