"""Errors: an exception becomes a status and a page (or JSON) in French."""

from __future__ import annotations

from flask import Flask, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from geoapp.core.errors import (
    MissingPartError,
    NotFoundError,
    ParameterError,
    SnapshotError,
    StorageError,
)
from geoapp.core.files import is_full
from geoapp.offer.answers import describe_place
from geoapp.offer.search.places import PlaceError
from geoapp.outputs.sheets.rendering import PdfError
from geoapp.web.heavy.views import DepartError, OccupeError
from geoapp.web.heavy.wire import PLACE
from geoapp.web.served import NON_PUBLIE

REPARTIR = "Repartez de la recherche."

TEXTES = {
    400: ("Demande non comprise", "Vérifiez l'adresse, ou repartez de la recherche."),
    404: ("Page introuvable", f"Cette adresse ne correspond à aucune page. {REPARTIR}"),
    405: ("Action non permise", f"Cette page se consulte seulement. {REPARTIR}"),
    413: ("Demande trop longue", "Raccourcissez votre demande."),
    501: ("Fichier impossible ici", "La page et la fiche en HTML disent la même chose."),
    500: (
        "Erreur de notre part",
        "L'erreur est notée. Réessayez dans un instant ; si elle revient, signalez-la.",
    ),
    503: (
        "Aucune donnée à montrer",
        "Préparez les données sur le serveur avec la commande « geoapp build », "
        "puis rechargez cette page.",
    ),
}
"""Title and advice by status."""

OCCUPE = (
    "Fichier à redemander dans un instant",
    "Les pages restent disponibles. Rechargez celle-ci pour redemander le fichier.",
)
"""Title and advice when a heavy file cannot be made now."""

PLEIN_DISQUE = (
    "Plus de place sur le serveur",
    "Réessayez plus tard. Administrateur : libérez de la place dans le dossier temporaire "
    "(TMPDIR) du serveur ; rien n'y est laissé à moitié fait.",
)
"""Title and advice when nothing can be written."""

_JSON = ("/donnees/", "/sante", "/pret", "/api/", "/ogc/")


def register(app: Flask) -> None:
    """Give every error its answer."""
    app.register_error_handler(PlaceError, _which_place)
    app.register_error_handler(ParameterError, lambda error: answer(400, str(error)))
    app.register_error_handler(
        NotFoundError, lambda error: answer(404, str(error), texte=(TEXTES[404][0], REPARTIR))
    )
    app.register_error_handler(MissingPartError, lambda error: answer(503, str(error)))
    app.register_error_handler(SnapshotError, lambda error: answer(503, NON_PUBLIE))
    app.register_error_handler(PdfError, lambda error: answer(501, str(error)))
    app.register_error_handler(OccupeError, _busy)
    app.register_error_handler(OSError, _not_written)
    app.register_error_handler(DepartError, lambda error: answer(503))
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _unexpected)


def _which_place(error: PlaceError):
    """Answer a place that is not understood; programs get the places to choose from too."""
    if not request.path.startswith(_JSON):
        return answer(400, str(error))
    response, status = answer(400, str(error))
    choices = [describe_place(lieu) for lieu in error.choix]
    return jsonify(erreur={**response.get_json()["erreur"], "choix": choices}), status


def _refused(error: HTTPException):
    """Answer an error of HTTP with what its status must tell: `Allow`, `Retry-After`, a range."""
    response = current_app.make_response(answer(error.code or 500))
    for nom, valeur in error.get_headers():
        if nom != "Content-Type":
            response.headers[nom] = valeur
    return response


def _unexpected(error: Exception):
    """Log an unforeseen error and answer without detail.

    The log says route, kind and where; never the address, nor a message that may quote it.
    """
    kind = RuntimeError(type(error).__name__)
    current_app.logger.error(
        "Erreur imprévue sur %s", _route(), exc_info=(RuntimeError, kind, error.__traceback__)
    )
    return answer(500)


def _busy(error: OccupeError):
    """Say that a file cannot be made now, and when to come back."""
    texte = PLEIN_DISQUE if error.raison == PLACE else OCCUPE
    response = current_app.make_response(answer(error.statut, str(error), texte=texte))
    response.headers["Retry-After"] = str(error.revenir_s)
    response.headers["Cache-Control"] = "no-store"
    return response


def _route() -> str:
    """Return the template of the route asked: a path may hold what a person typed."""
    return request.url_rule.rule if request.url_rule else "une adresse inconnue"


def _not_written(error: OSError):
    """Say that there is no room left; any other error of the system is ours."""
    cause = error.__cause__ if isinstance(error, StorageError) else error
    # What libraries say of a full disk has no number: `StorageError` stands for it.
    if isinstance(cause, OSError) and not is_full(cause):
        return _unexpected(error)
    current_app.logger.error("Plus de place pour écrire sur %s", _route())
    return _busy(OccupeError(PLACE))


def answer(status: int, message: str = "", *, texte: tuple[str, str] | None = None):
    """Return the answer to an error: JSON for data, a page otherwise.

    `texte` is its title and advice, those of its status when not given.
    """
    titre, conseil = texte or TEXTES.get(status, TEXTES[400 if status < 500 else 500])
    if request.path.startswith(_JSON):
        return jsonify(
            erreur={"code": status, "titre": titre, "message": message or conseil}
        ), status
    return render_template(
        "error.html", titre=titre, message=message, conseil=conseil, est_erreur=True
    ), status
