"""How easily a French text is read: the formula of Kandel and Moles (1958), Flesch's for French.

207 - 1.015 x (words / sentences) - 73.6 x (syllables / words): 60 is « standard », what a pupil of
fourteen reads.  Syllables are counted as groups of vowels, a mute final e (es, ent of a verb is
rare here) left out, « io », « ia », « ie » counted as said: one.
"""

import re

_VOYELLES = re.compile(r"[aeiouyàâäéèêëîïôöùûüœæ]+", re.I)


def words_of(phrase: str) -> list[str]:
    """Return the words of a sentence: letters alone; a number is one word, read as its figures."""
    return re.findall(r"[a-zà-öø-ÿœæ]+|\d+", phrase, re.I)


def syllables_of(mot: str) -> int:
    """Return the syllables of a word as it is said, one at least."""
    bare = re.sub(r"(?<=[^aeiouyéèê])es?$", "", mot.lower())
    return max(1, len(_VOYELLES.findall(bare)))


def kandel_moles(phrases: list[str]) -> float:
    """Return how easily sentences are read together: 100 is very easy, 30 hard."""
    words = [mot for phrase in phrases for mot in words_of(phrase)]
    syllables = sum(map(syllables_of, words))
    return 207 - 1.015 * len(words) / len(phrases) - 73.6 * syllables / len(words)
