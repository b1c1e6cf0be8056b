"""Maps: the only room that knows Folium.

`texts` says in French what a map shows, `places` packs the offers, `layers` the outlines, `sketch`
draws on paper; `folium_map`, `search_map` and `coverage_map` assemble them, `standalone` writes one
file.
"""

from importlib import import_module

PAR_FOLIUM = ("coverage_map", "folium_map", "search_map", "standalone")
"""Modules that `maps.<name>` loads when it is read: Folium takes a quarter of a second of the start
of a server, whose first answers need no map.
"""


def __getattr__(name: str):
    if name in PAR_FOLIUM:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
