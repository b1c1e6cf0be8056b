"""What was worked out, kept by key: made once however many threads ask, the last ones asked."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import inf
from threading import Condition
from typing import Any, TypeVar

from cachetools import LRUCache, cached

T = TypeVar("T")


class Memory:
    """Values by key; beyond `maxsize`, the one asked for the longest ago is let go.

    `weigh` tells what each counts for, one when it is not given; a value that
    weighs more than `maxsize` alone is made each time.

    While a thread makes a value, those that ask for the same key wait for it,
    and those that ask for another key do not.  A maker that fails leaves
    nothing: one of those who wait makes the value in its turn.
    """

    def __init__(self, maxsize: float = inf, *, weigh: Callable[[Any], int] | None = None):
        # The condition is what makes a thread wait for the one that makes the value it asks for.
        kept = cached(LRUCache(maxsize, weigh), key=lambda key, make: key, condition=Condition())
        self._get = kept(lambda key, make: make())

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, made by `make()` unless it is kept."""
        return self._get(key, make)

    def clear(self) -> None:
        """Forget everything."""
        self._get.cache_clear()

    def __len__(self) -> int:
        return len(self._get.cache)
