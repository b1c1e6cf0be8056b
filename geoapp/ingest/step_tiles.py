"""The step that makes the vector tiles of the offer, and what travels with them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

import pandas as pd

from geoapp.core.french import say_licence
from geoapp.ingest.steps import Etapes, do
from geoapp.offer.search.tiles import Tuilage, archive, offer_tiles
from geoapp.sources.usages import feeding


def tile_step(etapes: Etapes, tables: Mapping[str, pd.DataFrame], offer_key: str) -> Tuilage:
    """Return the tiles of the offer, found again when neither it nor their encoder has changed."""
    key = etapes.key("tuiles", offer_tiles, offer_key, version("mapbox-vector-tile"))
    return do(etapes, "tuiles", key, lambda: offer_tiles(tables))


def tiles_file(tuilage: Tuilage | None, sources: pd.DataFrame) -> bytes:
    """Return the file of the tiles, with where its places come from; b"" without any tile.

    Parameters
    ----------
    sources : DataFrame
        The table `sources`: those of the offer that were had are named.  No date of the build:
        the same sources give the same bytes.
    """
    if tuilage is None:
        return b""
    used = sources[sources["usage"].isin(feeding("offres")) & sources["mode"].ne("absente")]
    return archive(
        tuilage,
        {
            "name": "Lieux de formation",
            "description": "Lieux où des formations sont données, avec leur nombre, par domaine "
            "et par niveau ; groupés aux petits zooms, un par un au dernier.",
            "type": "overlay",
            "attribution": " ; ".join(map(_tell, used.to_dict("records"))),
        },
    )


def _tell(source: Mapping) -> str:
    """Return one source: title, producer, vintage, licence; a fictitious one says so."""
    fictive = ", données fictives" if source["mode"] == "demonstration" else ""
    parts = [source[nom] for nom in ("titre", "producteur", "millesime") if pd.notna(source[nom])]
    return f"{', '.join(map(str, parts))} ({say_licence(source['licence'])}{fictive})"
