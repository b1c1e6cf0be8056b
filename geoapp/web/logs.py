"""Logs of a server in production: one JSON object a line, and never what a person asked.

Our own messages are written whole: they hold nothing of a request.  What a
library says is written without its arguments, and an error without its message,
for either may quote an address: its type and its lines of code are enough.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TextIO

from geoapp.web.observed import Observation

NIVEAUX = {
    logging.DEBUG: "detail",
    logging.INFO: "info",
    logging.WARNING: "alerte",
    logging.ERROR: "erreur",
    logging.CRITICAL: "erreur",
}
"""Levels as the lines tell them."""

_OURS = ("geoapp", "gunicorn")
"""Loggers whose messages are known to hold nothing of a request (`production.ServerLogger`)."""

ACCES = logging.getLogger("geoapp.acces")


class JsonLine(logging.Formatter):
    """Writes one record as one JSON object on one line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        is_ours = record.name.partition(".")[0] in _OURS
        line: dict = {
            "date": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "niveau": NIVEAUX.get(record.levelno, "info"),
            "journal": record.name,
            "processus": record.process,
        }
        fields = getattr(record, "champs", None)
        line |= fields or {"message": record.getMessage() if is_ours else str(record.msg)}
        if record.exc_info and record.exc_info[0]:
            line["erreur"] = record.exc_info[0].__name__
            line["trace"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])
            ]
        return json.dumps(line, ensure_ascii=False)


def log_as_json(stream: TextIO | None = None) -> None:
    """Have every logger of the process write JSON lines on the standard error, or on `stream`."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("geoapp").setLevel(logging.INFO)
    logging.captureWarnings(True)


def log_answer(seen: Observation) -> None:
    """Write the line of one answer."""
    fields = {
        "route": seen.route,
        "methode": seen.methode,
        "statut": seen.statut,
        "duree_ms": round(seen.duree_s * 1000, 1),
        "octets": seen.octets,
        "instantane": seen.instantane or None,
    }
    level = logging.ERROR if seen.statut >= 500 and seen.statut != 503 else logging.INFO
    ACCES.log(level, "", extra={"champs": fields})
