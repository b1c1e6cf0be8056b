"""The web: pages, data and errors over one snapshot, opened read-only."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import Flask
from flask_compress import Compress

from geoapp.core.config import ROOT, Settings, load_settings
from geoapp.web import (
    about,
    api,
    change,
    coverage,
    dashboard,
    downloads,
    embed,
    errors,
    figures,
    health,
    installed,
    kept,
    layers,
    national,
    needs,
    ogc,
    pages,
    planning,
    public_address,
    quality,
    search,
    security,
    selection,
    territories,
    trained,
    usage,
    usage_count,
)
from geoapp.web.heavy import views as heavy_views
from geoapp.web.presentation import register_words
from geoapp.web.served import Courant
from geoapp.web.warming import warm_pages

COMPRESSIBLE = [
    "text/html",
    "text/css",
    "text/csv",
    "text/javascript",
    "application/json",
    "application/geo+json",
    "image/svg+xml",
]

PAGES = (
    pages,
    layers,
    search,
    selection,
    change,
    coverage,
    national,
    figures,
    territories,
    needs,
    planning,
    dashboard,
    trained,
    downloads,
    quality,
    api,
    ogc,
    embed,
    health,
    installed,
    usage,
    about,
)
"""Modules of pages and data, each with its blueprint."""


def create_app(
    data_dir: Path | str | None = None,
    *,
    settings: Settings | None = None,
    est_prechauffee: bool = False,
) -> Flask:
    """Return the web application that serves the last good snapshot published in `data_dir`.

    A new snapshot is served once it is proven whole; a bad one is refused, and
    the one before still served.  Without a snapshot every page says, with
    status 503, which command makes one.

    Parameters
    ----------
    data_dir : path, optional
        Folder of the snapshots; that of the settings when not given.
    settings : Settings, optional
        Read from the environment when not given.
    est_prechauffee : bool
        Whether a new snapshot is prepared and warmed in a thread of its own, the
        one before being served meanwhile, instead of within a request.  So are served
        those of who visits: their use is then counted, unless the settings refuse it.  The
        first snapshot is warmed by `Courant.warm_up`, once the server has forked its processes.
    """
    settings = settings or load_settings()
    settings = replace(settings, data_dir=Path(data_dir)) if data_dir else settings
    app = Flask(
        "geoapp", static_folder=str(ROOT / "static"), template_folder=str(ROOT / "templates")
    )
    app.config.update(
        SETTINGS=settings,
        MAX_CONTENT_LENGTH=64 * 1024,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        COMPRESS_EVALUATE_CONDITIONAL_REQUEST=True,
        COMPRESS_MIMETYPES=COMPRESSIBLE,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True, "autoescape": True}
    warm = partial(warm_pages, app) if est_prechauffee else None
    app.extensions["courant"] = Courant(settings.data_dir, warm)
    Compress(app)
    register_words(app)
    public_address.register(app, settings)
    security.register(app)
    errors.register(app)
    for module in PAGES:
        app.register_blueprint(module.blueprint)
    if est_prechauffee and settings.usage == "oui":
        usage_count.register(app)
    kept.register(app)
    heavy_views.register(app)
    app.extensions["courant"].open_first()
    return app
