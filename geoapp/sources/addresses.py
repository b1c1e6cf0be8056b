"""Find addresses with the service that the operator configured, when there is one.

Protocol: the `search` request of the Base Adresse Nationale, also spoken by the
Géoplateforme (GeoJSON answer).  Nothing is asked unless `GEOAPP_ADRESSES` is
set; nothing typed is kept or logged.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from queue import Empty, Queue
from threading import BoundedSemaphore, Thread

from geoapp.core.config import Settings
from geoapp.core.geometry import METROPOLE

TIMEOUT_S = 2.0
"""A suggestion that comes later than this, to its last byte, is of no use to who types."""

A_LA_FOIS = 4
"""Questions asked at once: beyond, or while the service answers to none, communes are enough."""

_LIBRES = BoundedSemaphore(A_LA_FOIS)

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
    features = _ask_in_time(settings.adresses, texte.strip(), limit)
    found = [adresse for feature in features[:limit] if (adresse := _read(feature)) is not None]
    return list({adresse.libelle: adresse for adresse in found}.values())


def _ask_in_time(url: str, texte: str, limit: int) -> list:
    """Return what the service answers in time; nothing when it is late, busy or wrong.

    A service that drips is given up, whatever it still sends: what waits for it
    is a thread of ours, a few at most, never that of the request.
    """
    if not _LIBRES.acquire(blocking=False):
        return []
    answer: Queue = Queue()

    def ask() -> None:
        try:
            answer.put(_ask(url, texte, limit))
        # requests' errors are OSError, broken JSON is ValueError.
        except (OSError, ValueError, AttributeError, RecursionError):
            answer.put([])
        finally:
            _LIBRES.release()

    Thread(target=ask, daemon=True).start()
    try:
        return answer.get(timeout=TIMEOUT_S)
    except Empty:
        return []


def _ask(url: str, texte: str, limit: int) -> list:
    """Return the features of one answer, read up to a limit, in bytes and in time."""
    # Late: most processes never ask an address.
    import requests

    end, content = time.monotonic() + TIMEOUT_S, b""
    params: dict[str, str | int] = {"q": texte[:200], "limit": limit, "autocomplete": 1}
    # Elsewhere than where the operator said, nothing is asked.
    with requests.get(
        url, params=params, timeout=TIMEOUT_S, stream=True, allow_redirects=False
    ) as response:
        response.raise_for_status()
        # What has come, be it one byte: a longer read would wait for a service that drips.
        while piece := response.raw.read1(8192, decode_content=True):
            content += piece
            if len(content) > ANSWER_MAX_BYTES or time.monotonic() > end:
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
