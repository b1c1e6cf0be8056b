"""Maps: the only room that knows Folium.

`texts` says in French what a map shows, `places` packs the offers, `layers`
the outlines, `folium_map` assembles them, `standalone` writes one file.
"""

from geoapp.outputs.maps.folium_map import build_map, render_page_parts
from geoapp.outputs.maps.standalone import render_standalone

__all__ = ["build_map", "render_page_parts", "render_standalone"]
