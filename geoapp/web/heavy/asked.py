"""A heavy request as it is sent to the workshop, and the name under which its answer is kept."""

from __future__ import annotations

import base64
import hashlib
from datetime import date

from flask import request

from geoapp.web.heavy.wire import Demande
from geoapp.web.kept import has_choices_only
from geoapp.web.security import nonce
from geoapp.web.served import signals

PASSES = (
    "REQUEST_METHOD",
    "SCRIPT_NAME",
    "PATH_INFO",
    "QUERY_STRING",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "CONTENT_TYPE",
    "HTTP_HOST",
    "HTTP_IF_NONE_MATCH",
    "wsgi.url_scheme",
)
"""What an answer may depend on in the environment of a request, beside what is ours."""


def answer_key() -> str:
    """Return the name of a kept answer: address, day, what sources tell; "" when not to be kept.

    What a person typed is never kept.
    """
    if request.method != "GET" or not has_choices_only():
        return ""
    asked = sorted(request.args.items(multi=True))
    depends = request.script_root, request.path, asked, date.today(), sorted(signals().items())
    return hashlib.sha256(repr(depends).encode()).hexdigest()


def read_asked(cle: str) -> Demande:
    """Return the request that is being answered, as the workshop reads it."""
    environ = {
        nom: valeur
        for nom, valeur in request.environ.items()
        if isinstance(valeur, str | bool) and (nom in PASSES or nom.startswith("geoapp."))
    }
    corps = base64.b64encode(request.get_data()).decode()
    genre = f"{request.endpoint} {(request.view_args or {}).get('format') or ''}"
    return Demande(environ=environ, corps=corps, nonce=nonce(), cle=cle, genre=genre)
