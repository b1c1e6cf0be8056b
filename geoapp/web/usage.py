"""The page « Usage » and its file: what was asked of the product, for those who steer it."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
from flask import Blueprint, Response, current_app, render_template, request, url_for

from geoapp.core.config import PETIT_NOMBRE, Settings
from geoapp.offer.parameters import refuse_unknown
from geoapp.outputs.files.formats import FORMATS
from geoapp.outputs.files.model import Fichier, as_columns
from geoapp.web.presentation import MENU
from geoapp.web.sending import send_table
from geoapp.web.served import courant, snapshot_or_none
from geoapp.web.usage_store import Compte, read
from geoapp.web.usage_view import LEGAL, RUBRIQUES, Noms, describe_usage, labels, months, tables

blueprint = Blueprint("usage", __name__)

JOURS = 30
"""Days that the page tells."""

MOIS = 365
"""Days whose months the page compares."""

COLONNES = as_columns(
    ("jour", "Jour", "Jour des demandes", "texte"),
    ("rubrique", "Rubrique", "Ce qui est compté", "texte"),
    ("cle", "Élément", "Adresse, filtre, zone, fichier, sorte de recherche ou texte", "texte"),
    ("nb", "Nombre", f"Demandes ; vide quand elles sont moins de {PETIT_NOMBRE}", "entier"),
    ("masque", "Petit nombre", f"« moins de {PETIT_NOMBRE} », sinon vide", "texte"),
)


def _settings() -> Settings:
    return current_app.config["SETTINGS"]


def _counts(days: int, *, by_month: bool = False) -> list[Compte]:
    """Return the sums of the last days, today's included."""
    since = date.today() - timedelta(days=days - 1)
    return read(_settings().data_dir, since, by_month=by_month)


def _labels() -> Noms:
    """Return the words of pages, filters and zones; none of the last two without a snapshot."""
    rules = current_app.url_map
    pages = {("page", next(rules.iter_rules(one.page)).rule): one.libelle for one in MENU}
    if snapshot_or_none() is None:
        return pages
    return {**pages, **courant().derive("usage_libelles", labels)}


@blueprint.get("/usage")
def index():
    """Show what was asked in the last month, and month by month."""
    refuse_unknown(request.args, ())
    found = _counts(JOURS)
    return render_template(
        "usage.html",
        titre="Usage du service",
        est_compte=_settings().usage == "oui",
        phrases=describe_usage(found, JOURS),
        tableaux=tables(found, _labels()),
        mois=months(_counts(MOIS, by_month=True)),
        mention=LEGAL,
        petit=PETIT_NOMBRE,
        fichier_csv=url_for("usage.table"),
    )


@blueprint.get("/usage.csv")
def table() -> Response:
    """Return every sum by day, small ones hidden."""
    refuse_unknown(request.args, ())
    rows = [
        {
            "jour": one.jour,
            "rubrique": RUBRIQUES.get(one.rubrique, one.rubrique),
            "cle": one.cle,
            "nb": one.nb if one.nb >= PETIT_NOMBRE else None,
            "masque": "" if one.nb >= PETIT_NOMBRE else f"moins de {PETIT_NOMBRE}",
        }
        for one in read(_settings().data_dir)
    ]
    frame = pd.DataFrame(rows, columns=[one.nom for one in COLONNES])
    fichier = Fichier(
        table=frame.astype({"nb": "Int64"}),
        colonnes=COLONNES,
        notice=[("Mesure", LEGAL)],
        titre="Usage du service",
        nom="usage",
    )
    return send_table(fichier, FORMATS["csv"])
