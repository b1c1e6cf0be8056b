"""Folium maps of the offer: our own layers, no third-party host, stable bytes.

Folium gives the shell; the outlines and the points are small layers that call
`static/js/map.js`.  A layer's data is an address to fetch, or `#id` for a
block of JSON in the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import folium
import geopandas as gpd
from branca.element import Figure, MacroElement
from folium.elements import JSCSSMixin
from folium.template import Template

from geoapp.core.errors import ContractError
from geoapp.core.snapshot import Snapshot
from geoapp.outputs.maps.layers import FOND, OFFRES, Calque, list_layers

SCRIPTS = (
    "vendor/leaflet/leaflet.js",
    "vendor/leaflet.markercluster/leaflet.markercluster.js",
    "js/map.js",
)
STYLES = (
    "vendor/leaflet/leaflet.css",
    "vendor/leaflet.markercluster/MarkerCluster.css",
    "css/map.css",
)
"""Files of `static/` that a map needs, in the order in which they are loaded."""


@dataclass(frozen=True)
class Parties:
    """A rendered map in three parts, to put inside a page of ours."""

    entete: str
    html: str
    script: str


class CarteFolium(folium.Map):
    """Folium's map without what breaks a page: no viewport, no page-wide style, no third party."""

    _template = Template("""
    {% macro html(this, kwargs) %}
    <div class="folium-map carte" id={{ this.get_name()|tojson }} tabindex="0" role="application"
         aria-label="Carte des formations" aria-describedby="resume aide-carte"></div>
    {% endmacro %}
    {% macro script(this, kwargs) %}
    var {{ this.get_name() }} = geoforma.creer({{ this.get_name()|tojson }},
        {center: {{ this.location|tojson }}, ...{{ this.options|tojavascript }}});
    {% endmacro %}
    """)

    def __init__(self, *, adresse: Callable[[str], str] | None = None, est_groupee: bool = True):
        super().__init__(
            location=[49.97, 2.8],
            zoom_start=8,
            tiles=None,
            zoom_control=False,
            attribution_control=False,
            minZoom=7,
            maxZoom=17,
            zoomSnap=0.25,
        )
        # In the place of Folium's own, which are at third parties.
        self.default_js = _linked(SCRIPTS, adresse, est_groupee)
        self.default_css = _linked(STYLES, adresse, est_groupee)


def _linked(
    paths: Sequence[str], adresse: Callable[[str], str] | None, est_groupee: bool
) -> list[tuple[str, str]]:
    """Return the files that a page links, each with its address; none without addresses.

    What groups markers is left out of a map whose server, or whose tiles, group them.
    """
    kept = [path for path in paths if est_groupee or "markercluster" not in path]
    return [(path, adresse(path)) for path in kept] if adresse else []


class Appel(JSCSSMixin, MacroElement):
    """A layer that is one call of `map.js`: `geoforma.<fonction>(map, options)`."""

    _template = Template("""
        {% macro script(this, kwargs) %}
            geoforma.{{ this.fonction }}({{ this._parent.get_name() }}, {{ this.options|tojson }});
        {% endmacro %}
    """)
    fonction = ""

    def __init__(self, **options):
        super().__init__()
        self._name = type(self).__name__
        self.options = options


class Cadre(Appel):
    """What the map frames at first, without the animation of Folium's `fit_bounds`."""

    fonction = "cadrer"


class Fond(Appel):
    """The base map: land, borders of communes, names of towns; main roads where they are known."""

    fonction = "fond"


class CoucheZones(Appel):
    """One switchable zoning; a check box with `data-calque` turns it on and off."""

    fonction = "zones"


class CoucheOffres(Appel):
    """The points: one marker per position, groups that show the sum of offers."""

    fonction = "offres"


def build_map(
    snapshot: Snapshot,
    offres: gpd.GeoDataFrame,
    *,
    donnees: Callable[[str], str],
    adresse: Callable[[str], str] | None = None,
    fiches: str = "",
    cadre: Sequence[str] = (),
    calques: Sequence[Calque] | None = None,
) -> CarteFolium:
    """Return the map of some offers.

    Parameters
    ----------
    snapshot : Snapshot
        Gives the layers.
    offres : GeoDataFrame
        Rows of table `offres`, already filtered; they may frame the map:
        the points are read from `donnees("offres")`.
    donnees : callable
        Name of a data block (`offres`, `fond`, a zoning) → where `map.js` finds it.
    adresse : callable, optional
        Path in `static/` → address; without it no file is linked.
    fiches : str
        Address of the sheets, to which the popups add an identifier; "" without a server.
    cadre : sequence of str
        Zones to frame instead of the region, `type:code` or `type`; the
        offers are framed when none of them has an outline.
    calques : sequence of Calque, optional
        The layers of the snapshot, when they were listed before.
    """
    carte = CarteFolium(adresse=adresse)
    limites = _frame(snapshot.read("couches"), offres, cadre)
    Cadre(limites=limites, marge=24 if cadre else 8).add_to(carte)
    Fond(donnees=donnees(FOND)).add_to(carte)
    for calque in list_layers(snapshot) if calques is None else calques:
        if calque.est_dessine:
            CoucheZones(
                id=calque.type_zone, titre=calque.titre, donnees=donnees(calque.type_zone)
            ).add_to(carte)
    CoucheOffres(donnees=donnees(OFFRES), fiches=fiches).add_to(carte)
    return carte


def _frame(
    couches: gpd.GeoDataFrame, offres: gpd.GeoDataFrame, cadre: Sequence[str]
) -> list[list[float]]:
    """Return [[south, west], [north, east]] of the zones to frame, else of offers, else of all."""
    zones = couches["type_zone"].isin(cadre) | (
        couches["type_zone"] + ":" + couches["code_zone"]
    ).isin(cadre)
    choices = (
        couches[zones],
        offres if cadre else offres.head(0),
        couches[couches["type_zone"].eq("departement")],
        couches,
    )
    for choice in choices:
        if choice.geometry.notna().any():
            west, south, east, north = (round(float(v), 4) for v in choice.total_bounds)
            return [[south, west], [north, east]]
    raise ContractError("Aucune couche de l'instantané n'a de contour.")


def render_page_parts(carte: CarteFolium, nonce: str = "") -> Parties:
    """Return a map as header, HTML and script to put inside a page of ours.

    Scripts and styles carry `nonce`.  Folium's random element names are
    numbered in order: the same map gives the same bytes.
    """
    figure = cast(Figure, carte.get_root())  # Folium puts every map in a figure
    # The page says its own character set.
    figure.header._children.pop("meta_http", None)
    figure.render()
    entete = _with_nonce(_tidy(figure.header.render()), nonce)
    html, script = _tidy(figure.html.render()), _tidy(figure.script.render())
    return Parties(
        entete=_renumber(entete, figure),
        html=_renumber(html, figure),
        script=_renumber(script, figure),
    )


def _with_nonce(entete: str, nonce: str) -> str:
    """Return the header with `nonce` on every tag that the policy of the page checks."""
    return re.sub(r"<(script|style|link)\b", rf'<\1 nonce="{nonce}"', entete) if nonce else entete


def _tidy(text: str) -> str:
    """Return text without the blank lines and indents of Folium's templates."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _renumber(text: str, figure) -> str:
    """Replace the random identifier of each element by its rank in the map."""
    for rang, element in enumerate(_walk(figure)):
        text = text.replace(element._id, str(rang))
    return text


def _walk(element):
    """Yield an element and all its descendants, in order."""
    yield element
    for child in element._children.values():
        yield from _walk(child)
