"""The map of a search, whose points our API gives as the map moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from geoapp.core.snapshot import Snapshot
from geoapp.outputs.maps.folium_map import Appel, CarteFolium, CoucheZones, Fond
from geoapp.outputs.maps.layers import FOND, ROUTES_DU_FOND, Calque, has_roads
from geoapp.outputs.maps.sketch import region_frame


class CoucheRecherche(Appel):
    """The places found: `recherche.js` asks for those in view and links them with the list."""

    fonction = "recherche"


def build_search_map(
    snapshot: Snapshot,
    calques: Sequence[Calque],
    *,
    donnees: Callable[[str], str],
    api: Mapping[str, str],
    adresse: Callable[[str], str] | None = None,
    cadre: list | None = None,
) -> CarteFolium:
    """Return the map of a search.

    Parameters
    ----------
    snapshot : Snapshot
        Gives the region.
    calques : sequence of Calque
        The layers of the snapshot.
    donnees : callable
        Name of a layer (`fond`, a zoning) → address of its outlines.
    api : mapping
        Addresses that the map asks: `points` (those in view), `formations` (those of one place).
    adresse : callable, optional
        Path in `static/` → address.
    cadre : list, optional
        [[south, west], [north, east]] to show first; the region when not given.
    """
    carte = CarteFolium(adresse=adresse, est_groupee=False)
    routes = donnees(ROUTES_DU_FOND) if has_roads(snapshot) else ""
    Fond(donnees=donnees(FOND), routes=routes).add_to(carte)
    for calque in calques:
        if calque.est_dessine:
            CoucheZones(
                id=calque.type_zone, titre=calque.titre, donnees=donnees(calque.type_zone)
            ).add_to(carte)
    CoucheRecherche(cadre=cadre or region_frame(snapshot), api=dict(api)).add_to(carte)
    return carte
