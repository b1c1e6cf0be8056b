"""How many heavy files one client may have made in a minute; nobody's address is kept."""

from __future__ import annotations

import hashlib
import secrets
from ipaddress import IPv6Address, ip_address, ip_network
from threading import Lock

from cachetools import TTLCache

FENETRE_S = 60
"""Seconds over which files are counted: what is counted is forgotten after them."""

CLIENTS_MAX = 10_000
"""Clients counted at once; beyond, the one counted the longest ago is forgotten."""


class Quota:
    """Counts the heavy files of each client, in one process.

    A client is a digest of its address by a key that this process drew and keeps
    in memory alone: it cannot be traced back, and is forgotten after a minute.
    """

    def __init__(self, par_minute: int):
        self._max = par_minute
        self._key = secrets.token_bytes(32)
        self._counts: TTLCache = TTLCache(CLIENTS_MAX, FENETRE_S)
        self._lock = Lock()

    def is_over(self, address: str | None) -> bool:
        """Count one file of a client; tell whether it had too many in the minute.

        A client of this machine is never counted: it is its operator, or a proxy
        that the settings do not name and behind which are many people.
        """
        network = _network_of(address)
        if not self._max or network is None:
            return False
        client = hashlib.blake2b(network.encode(), key=self._key, digest_size=16).digest()
        with self._lock:
            count = self._counts.get(client)
            if count is None:
                # The count is changed in place: it lives one minute from its first file.
                count = self._counts[client] = [0]
            count[0] += 1
            return count[0] > self._max


def _network_of(address: str | None) -> str | None:
    """Return what stands for a client: its address, its network in IPv6; None for this machine."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return None
    if found.is_loopback:
        return None
    if isinstance(found, IPv6Address):
        return str(ip_network((found, 64), strict=False))
    return str(found)
