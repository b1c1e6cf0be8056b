"""Find addresses with the service that the operator configured, when there is one.

Protocol: the `search` request of the Base Adresse Nationale, also spoken by the
Géoplateforme (GeoJSON answer).  Nothing is asked unless `GEOAPP_ADRESSES` is
set; nothing typed is kept or logged.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from geoapp.core.config import Settings
from geoapp.core.geometry import METROPOLE

TIMEOUT_S = 2.0
"""A suggestion that comes later than this is of no use to the person who types."""

ANSWER_MAX_BYTES = 500_000
LONGUEUR_MIN = 4


@dataclass(frozen=True)
class Adresse:
    """One address found: its label, its position in degrees (EPSG:4326), its commune."""

    libelle: str
    longitude: float
    latitude: float
    code_commune: str = ""


def is_configured(settings: Settings) -> bool:
    """Tell whether an address service may be asked."""
    return settings.adresses.startswith(("http://", "https://"))


def find_addresses(texte: str, *, settings: Settings, limit: int = 4) -> list[Adresse]:
    """Return the addresses that the configured service finds for `texte`, best first.

    Empty without a service, for a text too short, and whenever the service
    fails or answers nonsense: a search must never wait for it nor fail with it.
    """
    if not is_configured(settings) or len(texte.strip()) < LONGUEUR_MIN:
        return []
    try:
        features = _ask(settings.adresses, texte.strip(), limit)
    # requests' errors are OSError, broken JSON is ValueError.
    except (OSError, ValueError, AttributeError):
        return []
    found = [adresse for feature in features[:limit] if (adresse := _read(feature)) is not None]
    return list({adresse.libelle: adresse for adresse in found}.values())


def _ask(url: str, texte: str, limit: int) -> list:
    """Return the features of one answer, read up to a limit."""
    # Late: most processes never ask an address.
    import requests

    params: dict[str, str | int] = {"q": texte[:200], "limit": limit, "autocomplete": 1}
    with requests.get(url, params=params, timeout=TIMEOUT_S, stream=True) as response:
        response.raise_for_status()
        content = response.raw.read(ANSWER_MAX_BYTES + 1, decode_content=True)
    if len(content) > ANSWER_MAX_BYTES:
        return []
    features = json.loads(content).get("features", [])
    return features if isinstance(features, list) else []


def _read(feature) -> Adresse | None:
    """Return one address, or None when the feature is not one of metropolitan France."""
    try:
        longitude, latitude = (float(value) for value in feature["geometry"]["coordinates"][:2])
        properties = feature["properties"]
        libelle = "".join(c for c in str(properties["label"])[:200] if c.isprintable())
    except (KeyError, TypeError, ValueError):
        return None
    ouest, sud, est, nord = METROPOLE
    if not (ouest <= longitude <= est and sud <= latitude <= nord) or not libelle:
        return None
    return Adresse(libelle, longitude, latitude, str(properties.get("citycode") or ""))
