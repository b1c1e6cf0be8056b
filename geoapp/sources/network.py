"""What a run knows of the network, and how a download shows its progress.

Values only: what opens a connection is `transport`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

Progress = Callable[[int, int | None], None]
"""Told the bytes received so far, and the bytes expected (None: unknown)."""
UNREACHABLE_HOSTS = 2
"""Producers that must be unreachable before the machine is taken to be offline."""


@contextmanager
def no_progress(title: str) -> Iterator[Progress]:
    """Yield a progress callback that shows nothing."""
    yield lambda received, total: None


@dataclass(kw_only=True)
class Network:
    """What this run has learnt of the network, so that no time-out is paid twice.

    `progress` opens a progress display for a title (`rich_progress`, `no_progress`);
    `essais` is how many times a failed request is tried again.
    """

    progress: Callable = no_progress
    essais: int = 0
    unreachable: set[str] = field(default_factory=set)
    reached: bool = False
    is_told: bool = False

    @property
    def is_offline(self) -> bool:
        """Tell whether the machine is taken to be without network."""
        return not self.reached and len(self.unreachable) >= UNREACHABLE_HOSTS

    def refuses(self, url: str) -> bool:
        """Tell whether asking `url` would only wait for another time-out."""
        return self.is_offline or urlsplit(url).netloc in self.unreachable
