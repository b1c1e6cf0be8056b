"""A table as the bytes of a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

from geoapp.outputs.files.formats import Format, write_as
from geoapp.outputs.files.model import Fichier


def file_bytes(fichier: Fichier, form: Format) -> bytes:
    """Return a table in one format."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"fichier{form.suffixe}"
        write_as(fichier, form, path)
        return path.read_bytes()
