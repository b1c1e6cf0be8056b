"""Maps: the only room that knows Folium.

`texts` says in French what a map shows, `places` packs the offers, `layers`
the outlines, `folium_map` assembles them, `standalone` writes one file.
"""
