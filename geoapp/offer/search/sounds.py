"""How a French word sounds, coarsely: « masson » and « maçon », « contable » and « comptable ».

Two words of one sound are nearer than their letters say.  The measure is coarse on purpose: it only
chooses among words that are already spelt much alike.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SONS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"ph", "f"),
        (r"h|(?<=m)p(?=t)", ""),
        (r"[ae]n|[ae]m(?=[bpt])", "an"),
        (r"m(?=[bpt])", "n"),
        (r"eau|au", "o"),
        (r"ai|ei", "e"),
        (r"qu|[ckqxz]", "s"),
        (r"g(?=[eiy])", "j"),
        (r"y", "i"),
        (r"(.)\1+", r"\1"),
        (r"(?<=e)[rtzs]$|[desxt]$", ""),
    )
)
"""Spellings and what they sound like, in order; folded words have no cedilla: « c » is « s »."""


@lru_cache(maxsize=100_000)
def sound(word: str) -> str:
    """Return the sound of a folded word."""
    for pattern, said in _SONS:
        word = pattern.sub(said, word)
    return word
