"""Static maps on request, and the form that asks for one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from threading import BoundedSemaphore

from flask import Blueprint, Response, abort, request, url_for

from geoapp.core.snapshot import Snapshot
from geoapp.outputs.figures import parse_figure, render_figure
from geoapp.outputs.figures.files import TYPES_MIME
from geoapp.outputs.figures.model import FORMATS, PARAMETRES, TYPES
from geoapp.reference.zonings import CHERCHES, COMMUNE, MAILLES, ZONAGES
from geoapp.web.served import courant, served_world

blueprint = Blueprint("figures", __name__)

EMPRISES = sorted(
    (nom for nom in MAILLES if nom in CHERCHES),
    key=lambda nom: not ZONAGES[nom].est_affichee,
)
"""Zonings whose zones the form proposes: those people name; an address may name any other."""

_DESSINS = BoundedSemaphore(2)
"""Figures drawn at once by one process: each may take 140 MB."""


@blueprint.get("/figures")
def ask():
    """Return the figure that a form asks for."""
    return _answer({nom: request.args.getlist(nom) for nom in request.args})


@blueprint.get("/figures/<type>.<format>")
def figure(type: str, format: str):
    """Return the figure of an address."""
    if type not in TYPES or format not in FORMATS:
        abort(404)
    return _answer(
        {
            **{nom: request.args.getlist(nom) for nom in request.args},
            "type": [type],
            "format": [format],
        }
    )


def _answer(parametres: dict[str, list[str]]) -> Response:
    """Return the file of a figure; 304 when the browser has it already, without drawing it."""
    world = served_world()
    asked = parse_figure(parametres, world)
    name = f"{asked.type}-{asked.emprise.replace(':', '-')}.{asked.format}"
    tag = hashlib.sha256(repr((world.snapshot.id, asked)).encode()).hexdigest()[:32]
    if tag in request.if_none_match:
        response = Response(status=304)
    else:
        with _DESSINS:
            response = Response(
                render_figure(world, asked),
                mimetype=TYPES_MIME[asked.format],
                headers={"Content-Disposition": f"attachment; filename={name}"},
            )
    response.set_etag(tag)
    response.headers["Cache-Control"] = "no-cache"
    return response


def export_form(
    snapshot: Snapshot,
    types: Iterable[str],
    pairs: Iterable[tuple[str, str]],
    *,
    emprise: str = "region",
    note: str = "",
) -> dict:
    """Return what the form « Exporter la carte » shows, and what it keeps of the page.

    Parameters
    ----------
    types : iterable of str
        Names of `figures.model.TYPES`, the one of the page first.
    pairs : iterable of (name, value)
        Parameters of the page that the figure keeps.
    emprise : str
        Territory chosen first.
    note : str
        What the figure does not keep of the page.
    """
    groups = courant().derive("emprises", _territories)
    known = {valeur for _, options in groups for valeur, _ in options}
    if emprise not in known and emprise != "region":
        groups = [*groups, ("Territoire de la page", [(emprise, _zone_name(snapshot, emprise))])]
    return {
        "adresse": url_for("figures.ask"),
        "types": [(nom, TYPES[nom]) for nom in types],
        "emprises": groups,
        "emprise": emprise,
        "formats": list(FORMATS.items()),
        "largeur": PARAMETRES["largeur_mm"],
        "dpi": PARAMETRES["dpi"],
        "gardes": list(pairs),
        "note": note,
    }


def _territories(snapshot: Snapshot) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return (title, [(type:code, name)]) of each zoning of `EMPRISES`."""
    zones = snapshot.read("zones").sort_values(["nom", "code_zone"])
    return [
        (
            ZONAGES[nom].titre,
            [
                (f"{nom}:{row.code_zone}", row.nom)
                for row in zones[zones["type_zone"].eq(nom)].itertuples()
            ],
        )
        for nom in EMPRISES
    ]


def _zone_name(snapshot: Snapshot, emprise: str) -> str:
    """Return the name of a territory, its value when it has none."""
    type_zone, _, code = emprise.partition(":")
    if type_zone == COMMUNE:
        communes = snapshot.read("communes")
        found = communes.loc[communes["code_commune"].eq(code), "nom"]
    else:
        zones = snapshot.read("zones")
        found = zones.loc[zones["type_zone"].eq(type_zone) & zones["code_zone"].eq(code), "nom"]
    return str(found.iloc[0]) if len(found) else emprise
