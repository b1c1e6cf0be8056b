"""What a request of `/ogc` asks: its page, its box, its time, its filters, its form."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from flask import request

from geoapp.core.errors import ParameterError
from geoapp.coverage.model import Question, parse_question
from geoapp.offer.filters import apply_filters, parse_filters
from geoapp.offer.parameters import refuse_unknown
from geoapp.outputs.ogc.collections import Collection
from geoapp.outputs.ogc.description import GEOJSON, LIMITE
from geoapp.outputs.ogc.features import JOUR, Demandes, Features, find_reference
from geoapp.outputs.ogc.references import CRS84, Reference, to_degrees
from geoapp.web.served import courant, served_world

PAGE = ("limit", "offset", "bbox", "bbox-crs", "datetime", "crs", "f")
"""Parameters of the standard, which no column may be named like."""

LIGNES_HTML = 50
"""Features of a page for people, when no number is asked."""


def read_question(one: Collection) -> Question:
    """Return the question of the coverage that the parameters of the request ask."""
    if not one.question:
        return Question()
    asked = {nom: request.args.getlist(nom) for nom in one.question if nom in request.args}
    return parse_question(asked, served_world())


def read_selection(one: Collection, features: Features) -> Demandes:
    """Return what the request asks of a collection; a parameter that is not ours is refused."""
    columns = [c.nom for c in features.fichier.attributs if c.nom not in one.filtres]
    refuse_unknown(list(request.args), [*PAGE, *one.filtres, *one.question, *columns])
    for nom in (*PAGE, *columns):
        if len(request.args.getlist(nom)) > 1:
            raise ParameterError(f"{nom} : une seule valeur est attendue.")
    values = {
        nom: request.args[nom] for nom in columns if nom in request.args and nom not in one.question
    }
    return Demandes(
        boite=_box(),
        periode=_period(),
        valeurs=values,
        masque=_filtered(one, features),
    )


def _filtered(one: Collection, features: Features):
    """Return which features the filters of the product keep, None without any."""
    chosen = {nom: request.args.getlist(nom) for nom in one.filtres if nom in request.args}
    if not chosen:
        return None
    snapshot = courant().snapshot()
    kept = apply_filters(snapshot.read(one.table), parse_filters(chosen, snapshot))
    return features.table.index.isin(kept.index)


def _box():
    """Return the rectangle asked, in degrees, its heights left out; None without one."""
    texte = request.args.get("bbox", "")
    if not texte:
        return None
    try:
        numbers = [float(one) for one in texte.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [numbers[rank] for rank in (0, 1, 3, 4)]
    if len(numbers) != 4 or not all(abs(one) < 1e9 for one in numbers):
        raise ParameterError(
            f"bbox = « {texte[:60]} » : quatre nombres sont attendus, ouest,sud,est,nord."
        )
    west, south, east, north = numbers
    return to_degrees((west, south, east, north), read_reference("bbox-crs"))


def _period() -> tuple[pd.Timestamp | None, pd.Timestamp | None] | None:
    """Return the interval asked, open ends as None; None without one."""
    texte = request.args.get("datetime", "")
    if not texte:
        return None
    ends = texte.split("/")
    try:
        if len(ends) > 2:
            raise ValueError
        start, end = map(_instant, ends * 2 if len(ends) == 1 else ends)
        if end is not None and len(ends[-1]) == len("2026-09-01"):
            end += JOUR
        if start is not None and end is not None and start > end:
            raise ValueError
    except ValueError:
        raise ParameterError(
            f"datetime = « {texte[:60]} » : un instant (2026-09-01) ou un intervalle "
            "(2026-09-01/2027-06-30, ../2027-06-30) est attendu."
        ) from None
    return start, end


def _instant(texte: str) -> pd.Timestamp | None:
    if texte in ("", ".."):
        return None
    return pd.Timestamp(datetime.fromisoformat(texte)).tz_localize(None).tz_localize("UTC")


def read_reference(nom: str) -> Reference:
    """Return the reference system that a parameter asks, WGS84 when it is not given."""
    return find_reference(nom, request.args.get(nom) or CRS84)


def read_whole(nom: str, default: int, least: int) -> int:
    """Return the whole number of a parameter, at least `least`."""
    texte = request.args.get(nom, "")
    if not texte:
        return default
    if not (texte.isascii() and texte.isdigit()) or not least <= int(texte[:12]):
        raise ParameterError(
            f"{nom} = « {texte[:40]} » : un nombre entier d'au moins {least} est attendu."
        )
    return int(texte[:12])


def only(*noms: str) -> None:
    """Refuse a parameter that the address does not have."""
    refuse_unknown(list(request.args), noms)


def is_page() -> bool:
    """Tell whether people ask: `f` says it, else what the browser accepts."""
    form = request.args.get("f", "")
    if form not in ("", "json", "html"):
        raise ParameterError(f"f = « {form[:20]} » : json ou html est attendu.")
    if form:
        return form == "html"
    best = request.accept_mimetypes.best_match(["application/json", GEOJSON, "text/html"])
    return best == "text/html"


def default_limit() -> int:
    """Return how many features an answer holds when nothing is asked: fewer on a page."""
    return LIGNES_HTML if is_page() else LIMITE
