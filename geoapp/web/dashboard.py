"""The page « L'essentiel »: the dashboard of a territory, that prints on two pages."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request, url_for
from markupsafe import Markup

from geoapp.core.errors import ParameterError
from geoapp.offer.parameters import refuse_unknown
from geoapp.planning.dashboard import (
    ENTREES,
    NB_DITES,
    ZONAGES,
    TableauDeBord,
    build_dashboard,
    find_dashboard_zone,
)
from geoapp.reference.zonings import REGION, TERRITOIRES
from geoapp.web.public_address import public_url
from geoapp.web.served import courant

blueprint = Blueprint("dashboard", __name__)

LARGEUR, HAUTEUR = 120, 32
"""Size of the drawing of a trend, in pixels of its own."""


IMAGE_MM, IMAGE_DPI = 180, 150
"""Width of the picture to be set in another page, and its points by inch."""

IMAGE_PX = int(IMAGE_MM / 25.4 * IMAGE_DPI)


def asked(autres: tuple[str, ...] = ()) -> TableauDeBord:
    """Return the dashboard of the request; `autres` parameters are left alone."""
    refuse_unknown(list(request.args), ("territoire", "entree", *autres))
    snapshot = courant().snapshot()
    territoire = find_dashboard_zone(snapshot, request.args.get("territoire") or REGION)
    entree = request.args.get("entree") or "territoire"
    if entree not in ENTREES:
        raise ParameterError(f"entree = « {entree[:40]} » : attendu {', '.join(ENTREES)}.")
    return build_dashboard(snapshot, territoire, entree)


def title_of(tableau: TableauDeBord) -> str:
    """Return the title of a dashboard."""
    return f"L'essentiel : {tableau.territoire.sujet}"


def list_choices() -> dict:
    """Return the territories that have a dashboard, by zoning, and the titles of these."""
    zones = courant().snapshot().read("zones")
    return {
        "zonages": {nom: TERRITOIRES[nom].titre for nom in ZONAGES},
        "zones": {
            nom: [
                (f"{nom}:{row.code_zone}", row.nom)
                for row in zones[zones["type_zone"].eq(nom)].sort_values("nom").itertuples()
            ]
            for nom in ZONAGES
        },
    }


@blueprint.get("/essentiel")
def index():
    """Show the tiles of a territory by one way in."""
    tableau = asked()
    territoire, entree = tableau.territoire, tableau.entree
    images = _images(territoire.cle, entree)
    return render_template(
        "dashboard.html",
        titre=title_of(tableau),
        tableau=tableau,
        entrees=[
            (nom, mot, url_for("dashboard.index", territoire=territoire.cle, entree=nom))
            for nom, mot in ENTREES.items()
        ],
        **list_choices(),
        trait=lambda tuile: line_of([value for _, value in tuile.serie]),
        taille=(LARGEUR, HAUTEUR),
        images=images,
        code_image=_snippet(tableau, images[0][1]),
        image_px=IMAGE_PX,
    )


def _snippet(tableau: TableauDeBord, image: str) -> str:
    """Return the HTML that sets the picture in another page, with its alternative text."""
    told = " ; ".join(one.dite for one in tableau.tuiles[:NB_DITES])
    page = url_for("dashboard.index", territoire=tableau.territoire.cle, entree=tableau.entree)
    made = Markup('<a href="{}"><img src="{}" width="{}" alt="{}"></a>').format(
        public_url(page), image, IMAGE_PX, f"L'essentiel : {tableau.territoire.sujet}. {told}."
    )
    # A plain text: the page shows it as it is to be copied.
    return str(made)


def _images(cle: str, entree: str) -> list[tuple[str, str]]:
    """Return (format, whole address) of the pictures of the page."""
    return [
        (
            form,
            public_url(
                url_for(
                    "figures.figure",
                    type="essentiel",
                    format=form,
                    emprise=cle,
                    volet=entree,
                    largeur_mm=IMAGE_MM,
                    dpi=IMAGE_DPI,
                )
            ),
        )
        for form in ("png", "svg")
    ]


def line_of(values: Sequence[float]) -> str:
    """Return the points of the line of a trend, from zero up; "" for less than two values."""
    if len(values) < 2 or not max(values):
        return ""
    step = LARGEUR / (len(values) - 1)
    top = max(values)
    return " ".join(
        f"{round(rank * step, 1):g},{round(HAUTEUR - value / top * (HAUTEUR - 2) - 1, 1):g}"
        for rank, value in enumerate(values)
    )
