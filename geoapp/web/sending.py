"""Files too long to lie in memory: made in a folder, one at a time, and sent piece by piece."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock

from flask import Response, abort, url_for

from geoapp.core.errors import NotFoundError
from geoapp.outputs.files.formats import SERVIS, Format, storing
from geoapp.outputs.files.model import Fichier
from geoapp.web.presentation import Query
from geoapp.web.served import courant

_MORCEAU = 256 * 1024
"""Bytes of a file sent at once."""

_VERROU = Lock()
"""One file is made at a time: a workbook of 16,000 rows takes a core for two seconds."""


class Dossier:
    """A folder of files made for one snapshot: it goes with what is derived from the snapshot."""

    def __init__(self):
        self.path = Path(tempfile.mkdtemp(prefix="geoforma-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def list_files(endpoint: str, asked: Query, *, est_carte: bool = True) -> list[tuple[str, str]]:
    """Return (label, address) of each file of a table; without those of maps, if it has no place.

    `endpoint` answers to `format`, a name of `SERVIS`.
    """
    return [
        (form.libelle, url_for(endpoint, format=form.nom, **asked))
        for form in SERVIS.values()
        if est_carte or not form.est_carte
    ]


def find_format(nom: str, *, est_carte: bool = True) -> Format:
    """Return the format of an address, one of `list_files`; any other is not found."""
    form = SERVIS.get(nom)
    if form is None or (form.est_carte and not est_carte):
        abort(404)
    return form


def send_table(fichier: Fichier, form: Format) -> Response:
    """Return a table asked once as a file: a text as it is made, any other format once whole."""
    nom = f"{fichier.nom}{form.suffixe}"
    if form.est_carte and not fichier.forme:
        raise NotFoundError(
            f"« {fichier.titre} » n'a ni position ni contour : pas de {form.libelle}."
        )
    if form.couler is None:
        return send_file(
            nom, form.mimetype, lambda path: form.ecrire(fichier, path), est_gardee=False
        )
    headers = {"Content-Disposition": f"attachment; filename={nom}"}
    return Response(form.couler(fichier), mimetype=form.mimetype, headers=headers)


def made_size(nom: str) -> int | None:
    """Return the size of a file that is kept on disk, None when nobody asked it yet."""
    path = courant().derive("exports", lambda snapshot: Dossier()).path / nom
    return path.stat().st_size if path.exists() else None


def send_file(
    nom: str, mimetype: str, write: Callable[[Path], None], *, est_gardee: bool = True
) -> Response:
    """Return a file, piece by piece.

    What depends on no question is made once by snapshot and kept on disk.
    """
    dossier = courant().derive("exports", lambda snapshot: Dossier())
    path = dossier.path / nom
    with _VERROU:
        if not (est_gardee and path.exists()):
            with storing(path) as aside:
                write(aside)
        stream = open(path, "rb")  # noqa: SIM115 – closed once it is sent
        octets = path.stat().st_size
        if not est_gardee:
            path.unlink()
    response = Response(
        _pieces(stream, dossier),
        mimetype=mimetype,
        headers={"Content-Disposition": f"attachment; filename={nom}", "Cache-Control": "no-cache"},
    )
    response.call_on_close(stream.close)
    response.content_length = octets
    return response


def _pieces(stream, dossier: Dossier) -> Iterator[bytes]:
    """Yield a file; the folder stays until it is sent."""
    with stream:
        while morceau := stream.read(_MORCEAU):
            yield morceau
