"""Words of one family: « soudure », « soudage » and « souder » say the job of « soudeur ».

The rules are of endings, never of words: what endings do not tell is a row of
`geodata/familles.csv`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

RACINE_MIN = 4
"""Letters that two words of one family share before their endings."""

TERMINAISONS = (
    ("eur", "euse", "age", "ure", "er"),
    ("ier", "iere", "er", "ere", "erie"),
    ("icien", "icienne", "ique", "icite"),
    ("iste", "ie"),
    ("on", "onne", "onnier", "onnerie", "onnage"),
    ("aire", "ariat"),
    ("able", "abilite"),
)
"""Endings that follow one root in the names of a job, of a work and of a place of work.

« -teur, -tion » is not one of them, an « animation » of sales makes no « animateur »; nor is the
bare root, a « magasinier » is not for a « magasin ».
"""


def kin_of(word: str, vocabulary: Collection[str]) -> list[str]:
    """Return the words of a vocabulary of the same family as a folded word, itself left out."""
    single = word.removesuffix("s")
    found = (one for one in _forms(single) if one in vocabulary)
    return [one for one in dict.fromkeys(found) if one not in (word, single)]


def _forms(word: str) -> Iterator[str]:
    """Yield the words, singular then plural, that the root of a word makes with other endings."""
    for group in TERMINAISONS:
        for ending in group:
            root = word.removesuffix(ending)
            if word.endswith(ending) and len(root) >= RACINE_MIN and root.isalpha():
                for other in group:
                    yield from (root + other, f"{root + other}s")
