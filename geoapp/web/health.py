"""What a supervisor asks: does the process live, can it answer, and with which data."""

from __future__ import annotations

from flask import Blueprint, jsonify

from geoapp.core.errors import SnapshotError
from geoapp.web.served import NON_PUBLIE, Refus, holder

blueprint = Blueprint("health", __name__)


@blueprint.get("/sante")
def health():
    """Say that the process lives, whatever it has to serve."""
    return _fresh({"etat": "ok"}), 200


@blueprint.get("/pret")
def ready():
    """Say whether pages can be answered, from which snapshot, and what publication was refused."""
    current = holder()
    try:
        servi = current.current()
    except SnapshotError:
        told = {"etat": "indisponible", "instantane": None, "est_chaud": False}
        return _fresh({**told, "refus": describe_refusal(current.refus)}), 503
    refus = describe_refusal(current.refus)
    told = {
        "etat": "dernieres_bonnes_donnees" if refus else "pret",
        "instantane": servi.snapshot().id,
        "assemble_le": servi.snapshot().manifest["cree_le"],
        "est_chaud": servi.est_chaud,
    }
    return _fresh({**told, "refus": refus}), 200


def describe_refusal(refus: Refus | None) -> dict | None:
    """Return a publication refused as plain values; None when the last one is served."""
    if refus is None:
        return None
    return {
        "instantane": refus.instantane or None,
        "raison": refus.raison or NON_PUBLIE,
        "depuis": refus.depuis,
    }


def _fresh(told: dict):
    """Return an answer that no cache keeps."""
    response = jsonify(told)
    response.headers["Cache-Control"] = "no-store"
    return response
