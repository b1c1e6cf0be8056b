"""The site as it is installed on a device: its manifest, its worker, the page read offline.

The worker keeps in the browser the last lists and sheets seen, never a search by position; one
button erases them (`templates/kept_here.html`).
"""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request, url_for

from geoapp.web.presentation import static_url

blueprint = Blueprint("installed", __name__)

COULEUR = "#0b5a5f"
PAGES_GARDEES = 30
"""Lists and sheets kept on a device: an afternoon of interviews."""


@blueprint.get("/application.webmanifest")
def manifest() -> Response:
    """Say how the site is installed on a device."""
    response = jsonify(
        name="GéoForma, les formations autour de moi",
        short_name="GéoForma",
        lang="fr",
        start_url=url_for("search.index"),
        scope=url_for("pages.home"),
        display="standalone",
        background_color="#f6f6f4",
        theme_color=COULEUR,
        icons=[
            {
                "src": static_url("img/icon.svg"),
                "sizes": "any",
                "type": "image/svg+xml",
                "purpose": "any",
            }
        ],
    )
    response.mimetype = "application/manifest+json"
    return response


@blueprint.get("/veille.js")
def worker() -> Response:
    """Send the worker, at the root of the site so that it sees every page of it."""
    text = render_template(
        "worker.js",
        racine=request.script_root,
        hors_ligne=url_for("installed.kept_here"),
        fichiers=[static_url(f"css/{nom}.css") for nom in ("base", "search")]
        + [static_url("js/kept_here.js"), static_url("img/icon.svg")],
        nb=PAGES_GARDEES,
    )
    response = Response(text, mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response


@blueprint.get("/garde")
def kept_here() -> str:
    """Show what this device keeps; the list is made in the browser, the server knows nothing."""
    return render_template("kept_here.html", titre="Gardé sur cet appareil")
