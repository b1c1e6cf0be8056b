"""The page of the whole country, when a data folder holds it: `geoapp national` writes it."""

from __future__ import annotations

from flask import Blueprint, abort, current_app, render_template, request, url_for

from geoapp.core.french import format_number
from geoapp.coverage.answer import Reponse
from geoapp.coverage.classes import assign_classes
from geoapp.coverage.indicators import INDICATEURS, show_value
from geoapp.coverage.legend import is_uncollected, legend, shade
from geoapp.coverage.national.answer import (
    DemandeNationale,
    answer_country,
    list_choices,
    parse_national,
)
from geoapp.coverage.national.result import Publie, find_result
from geoapp.outputs.national import LARGEUR, country_file, describe_country, drawn_zones
from geoapp.outputs.provenance import tell_source
from geoapp.web.presentation import paginate
from geoapp.web.sending import find_format, list_files, send_table

blueprint = Blueprint("national", __name__)

COLONNES = ("population", "population_non_couverte", "part_non_couverte", "nb_offres")
"""Numbers of the table on screen."""

LIBELLES = {"domaine": "Domaine", "niveau": "Niveau", "seuil_km": "Seuil", "zonage": "Par"}


def served_country() -> Publie | None:
    """Return the results of the country that the data folder holds; None without any."""
    return find_result(current_app.config["SETTINGS"].data_dir)


def _asked() -> tuple[Publie, DemandeNationale]:
    """Return the results and what the request asks of them; not found without results."""
    resultat = served_country()
    if resultat is None:
        abort(404)
    given = {nom: request.args.getlist(nom) for nom in request.args if nom != "page"}
    return resultat, parse_national(given, resultat)


@blueprint.get("/france")
def index():
    """Show the coverage of the country: sentence, map, legend, table."""
    resultat, demande = _asked()
    reponse = answer_country(resultat, demande)
    page = paginate(len(reponse.tableau))
    height, drawn = drawn_shapes(resultat, reponse)
    return render_template(
        "france.html",
        titre=describe_country(reponse),
        reponse=reponse,
        champs=[
            (nom, LIBELLES[nom], options, f"{getattr(demande, nom)}")
            for nom, options in list_choices(resultat).items()
        ],
        legende=legend(reponse),
        formes=drawn,
        cadre=(LARGEUR, height),
        est_dessinee=bool(drawn),
        nb_dehors=0,
        page=page,
        colonnes=[INDICATEURS[nom] for nom in COLONNES],
        lignes=[
            (row["nom"], [show_value(row, nom, "") for nom in COLONNES])
            for row in reponse.tableau.iloc[page.tranche].to_dict("records")
        ],
        telechargements=list_files("national.export", demande.query, est_carte=bool(drawn)),
        sources=[tell_source(one) for one in resultat.dit["sources"]],
        est_repartie=resultat.plan.maille == "carreaux",
        nb_points=format_number(resultat.plan.nb_points),
        adresse_region=url_for("coverage.index"),
    )


def drawn_shapes(resultat: Publie, reponse: Reponse) -> tuple[int, list[dict]]:
    """Return the height of the map, and its zones: path, shade, name, value in words."""
    height, paths = drawn_zones(resultat.dossier, reponse.question.zonage)
    table, mesure = reponse.tableau, reponse.question.mesure
    ranks = assign_classes(table[mesure].to_numpy(dtype=float), reponse.classes).tolist()
    nb, empty = len(reponse.classes.effectifs), is_uncollected(reponse).tolist()
    tints = ["inconnu" if one < 0 else shade(one, nb) for one in ranks]
    return height, [
        {
            "trace": paths[row["code_zone"]],
            "teinte": "non-collectee" if empty[rank] else tints[rank],
            "nom": row["nom"],
            "valeur": show_value(row, mesure, ""),
        }
        for rank, row in enumerate(table.to_dict("records"))
        if row["code_zone"] in paths
    ]


@blueprint.get("/france/export.<format>")
def export(format: str):
    """Return the whole table as a file."""
    form = find_format(format)
    resultat, demande = _asked()
    return send_table(country_file(resultat, answer_country(resultat, demande)), form)
