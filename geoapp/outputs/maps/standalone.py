"""One self-contained HTML file: map, legend, summary, data, scripts and styles inside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path

import jinja2
from markupsafe import Markup

from geoapp.core.config import ROOT
from geoapp.core.french import say_licence
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import Filtres, apply_filters
from geoapp.offer.perimeter import perimeter_of
from geoapp.outputs.files.geo import dump_json
from geoapp.outputs.html import FrenchTemplate, escape_json
from geoapp.outputs.maps.folium_map import SCRIPTS, STYLES, build_map, render_page_parts
from geoapp.outputs.maps.layers import (
    FOND,
    OFFRES,
    Calque,
    layer_css,
    list_layers,
    outline_geojson,
    show_chosen,
)
from geoapp.outputs.maps.places import pack_offers
from geoapp.outputs.maps.texts import summarise, title_of

STATIC = ROOT / "static"
TEMPLATES = ROOT / "templates"


def render_standalone(
    snapshot: Snapshot,
    filtres: Filtres | None = None,
    *,
    calques: list[Calque] | None = None,
    contours: Callable[[str], str] | None = None,
) -> str:
    """Return the map of the offers that obey `filtres` as one HTML file.

    The file opens without a server nor the Internet: nothing in it is loaded
    from elsewhere.  The same snapshot and filters give the same bytes.

    Parameters
    ----------
    calques : list of Calque, optional
        The layers of the snapshot, when they were listed before.
    contours : callable, optional
        Zoning → its outlines (see `outline_geojson`), when they were made before.
    """
    filtres = filtres or Filtres()
    offres = apply_filters(snapshot.read("offres"), filtres)
    calques = show_chosen(list_layers(snapshot) if calques is None else calques, filtres)
    contours = contours or partial(outline_geojson, snapshot)
    drawn = [FOND, *(c.type_zone for c in calques if c.est_dessine)]
    carte = build_map(
        snapshot,
        offres,
        donnees=lambda nom: f"#donnees-{nom}",
        cadre=filtres.values_of("zone"),
        calques=calques,
    )
    return (
        _templates()
        .get_template("map_standalone.html")
        .render(
            titre=title_of(snapshot, offres, filtres),
            resume=summarise(offres),
            perimetre=perimeter_of(snapshot, filtres).phrase,
            calques=calques,
            styles=Markup(_style_block(layer_css(calques))),
            scripts=Markup("\n".join(_script(path) for path in SCRIPTS)),
            carte=render_page_parts(carte),
            donnees=_data_blocks(snapshot, offres, {nom: contours(nom) for nom in drawn}),
            sources=_credits(snapshot.read("sources")),
            fictives=snapshot.read("sources").query("mode == 'demonstration'")["titre"].tolist(),
            instantane=snapshot.id,
        )
    )


def _credits(sources) -> list[str]:
    """Return one line per source used: title, producer, vintage, licence."""
    used = sources[sources["mode"].ne("absente")]
    return [
        f"{row.titre}, {row.producteur}, {row.millesime} ({say_licence(row.licence)})"
        + (", données fictives" if row.mode == "demonstration" else "")
        for row in used.itertuples()
    ]


@cache
def _templates() -> jinja2.Environment:
    """Return the environment of our templates, every text escaped."""
    loader = jinja2.FileSystemLoader(TEMPLATES)
    env = jinja2.Environment(
        loader=loader,
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.template_class = FrenchTemplate
    return env


def _data_blocks(
    snapshot: Snapshot, offres, contours: Mapping[str, str]
) -> list[tuple[str, Markup]]:
    """Return (name, JSON) of each block that `map.js` reads."""
    blocks = {OFFRES: dump_json(pack_offers(snapshot, offres)), **contours}
    return [(nom, Markup(escape_json(texte))) for nom, texte in blocks.items()]


def _style_block(colours: str) -> str:
    """Return every style sheet of the map in one text, without any link to a file."""
    sheets = [_read("css/base.css"), *(_read(path) for path in STYLES), colours]
    texte = "\n".join(re.sub(r"url\((?!data:)[^)]*\)", "none", sheet) for sheet in sheets)
    # Nothing in a style sheet may close the element that holds it.
    return texte.replace("</", "<\\/")


def _script(path: str) -> str:
    """Return one script, without its link to a source map."""
    texte = re.sub(r"\n//# sourceMappingURL=.*", "", _read(path))
    return f"<script>{texte}</script>"


@cache
def _read(path: str) -> str:
    """Return a file of `static/`."""
    return Path(STATIC / path).read_text(encoding="utf-8")
