"""The page « L'essentiel »: the dashboard of a territory, that prints on two pages."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from geoapp.core.errors import ParameterError
from geoapp.offer.search.requests import refuse_unknown
from geoapp.planning.dashboard import (
    ENTREES,
    ZONAGES,
    Tuile,
    build_dashboard,
    find_dashboard_zone,
)
from geoapp.reference.zonings import REGION, TERRITOIRES
from geoapp.web.served import courant

blueprint = Blueprint("dashboard", __name__)

LARGEUR, HAUTEUR = 120, 32
"""Size of the drawing of a trend, in pixels of its own."""


@blueprint.get("/essentiel")
def index():
    """Show the tiles of a territory by one way in."""
    refuse_unknown(list(request.args), ("territoire", "entree"))
    snapshot = courant().snapshot()
    territoire = find_dashboard_zone(snapshot, request.args.get("territoire") or REGION)
    entree = request.args.get("entree") or "territoire"
    if entree not in ENTREES:
        raise ParameterError(f"entree = « {entree[:40]} » : attendu {', '.join(ENTREES)}.")
    zones = snapshot.read("zones")
    return render_template(
        "dashboard.html",
        titre=f"L'essentiel : {territoire.sujet}",
        tableau=build_dashboard(snapshot, territoire, entree),
        entrees=[
            (nom, mot, url_for("dashboard.index", territoire=territoire.cle, entree=nom))
            for nom, mot in ENTREES.items()
        ],
        zonages={nom: TERRITOIRES[nom].titre for nom in ZONAGES},
        zones={
            nom: [
                (f"{nom}:{row.code_zone}", row.nom)
                for row in zones[zones["type_zone"].eq(nom)].sort_values("nom").itertuples()
            ]
            for nom in ZONAGES
        },
        trait=line_of,
        taille=(LARGEUR, HAUTEUR),
    )


def line_of(tuile: Tuile) -> str:
    """Return the points of the line of a trend, from zero up; "" without years."""
    values = [value for _, value in tuile.serie]
    if len(values) < 2 or not max(values):
        return ""
    step = LARGEUR / (len(values) - 1)
    top = max(values)
    return " ".join(
        f"{round(rank * step, 1):g},{round(HAUTEUR - value / top * (HAUTEUR - 2) - 1, 1):g}"
        for rank, value in enumerate(values)
    )
