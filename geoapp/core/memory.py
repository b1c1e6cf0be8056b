"""What was worked out, kept by key: made once however many threads ask, the last ones asked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
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


class Lazily(Mapping[str, T]):
    """Values by name, each made when it is first asked, once however many threads ask.

    A command asks for one or two of a dozen; a server makes them all before it answers
    (`make_all`), so that its processes share them.
    """

    def __init__(self, makers: Mapping[str, Callable[[], T]]):
        self._makers, self._made = dict(makers), Memory()

    def __getitem__(self, name: str) -> T:
        return self._made.get(name, self._makers[name])

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def make_all(self) -> None:
        """Make every value."""
        for name in self:
            self[name]
