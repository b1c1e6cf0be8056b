"""What a text means: the concepts that it is read as, its words corrected, what it may become.

A concept is a code, an expression with its synonyms, or a word; criteria are taken out before.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from geoapp.offer.search.index import Index
from geoapp.offer.search.jobs import find_job
from geoapp.offer.search.kin import kin_of
from geoapp.offer.search.model import Texte
from geoapp.offer.search.prefixes import find_prefixes
from geoapp.offer.search.said import read_said
from geoapp.offer.search.sounds import sound
from geoapp.offer.search.synonyms import Locution, lengthen
from geoapp.offer.search.words import (
    DIPLOMES,
    GENERIQUES,
    VIDES,
    is_code,
    split_words,
    stem,
)

LONGUEUR_MAX = 200
"""Characters of a text that are read."""

CONCEPTS_MAX = 12
DEBUT_MIN = 4
"""Letters from which a word unknown but starting known ones stands for them (« compta »)."""

DEBUTS_MAX = 40
DEBUTS_DITS = 3
"""Words that an unfinished one is told to be read as."""

FAUTES = ((12, 3), (7, 2), (4, 1))
"""Letters of a word, and the typing errors then forgiven; a shorter word is never corrected."""

_SUGGESTIONS_LUES = 2000


@dataclass(frozen=True)
class Concept:
    """One thing looked for: as typed, and the expressions (stems) any of which says it.

    `titres` are those of its family: a title that holds one answers what was typed.  `est_dit`
    tells whether titles say it as it was typed.
    """

    mot: str
    locutions: tuple[Locution, ...]
    titres: tuple[Locution, ...] = ()
    est_sigle: bool = False
    est_dit: bool = True

    @property
    def est_diplome(self) -> bool:
        """Tell whether it is the name of a diploma, that no training may lack."""
        return all(root in DIPLOMES for root in self.locutions[0])

    @property
    def est_generique(self) -> bool:
        """Tell whether it says a rank or a gesture of any trade."""
        return all(root in GENERIQUES for root in self.locutions[0])


@dataclass(frozen=True)
class Suggestion:
    """A text proposed while typing.

    Its kind (`metier`, `intitule`, `diplome`) and its number of offers.
    """

    texte: str
    type: str
    nb: int


def understand(index: Index, texte: str) -> tuple[list[Concept], Texte]:
    """Return the concepts of a text, and how it was read."""
    left, said = read_said(texte[:LONGUEUR_MAX])
    read, corrections = [], []
    for word in dict.fromkeys(word for word in lengthen(left) if word not in VIDES):
        better = _correct(index, word)
        if better != [word]:
            corrections.append((word, " ".join(better)))
        read += better
    concepts, synonyms = _gather(index, read)
    # A number may be a code of no form of ours: NSF (3 digits), Formacode (5).
    codes = [
        word.upper()
        for word in read
        if is_code(word) or (word.isdigit() and len(word) > 2 and word in index.mots)
    ]
    return concepts[:CONCEPTS_MAX], Texte(
        recu=texte[:LONGUEUR_MAX],
        corrige=" ".join(read) if corrections else "",
        cherche=" ".join(read) if said else "",
        corrections=tuple(corrections),
        synonymes=tuple(dict.fromkeys(synonyms)),
        codes=tuple(dict.fromkeys(codes)),
        criteres=said,
    )


def _gather(index: Index, words: list[str]) -> tuple[list[Concept], list[str]]:
    """Return the concepts of words, longest expressions first, and the synonyms added."""
    whole = tuple(sorted(stem(word) for word in words))
    if whole in index.synonymes.melees:
        key = index.synonymes.melees[whole]
        return [_concept(index, " ".join(words), key)], []
    concepts, added, i = [], [], 0
    while i < len(words):
        size, key = _longest(index, words[i:])
        mot = " ".join(words[i : i + size])
        others = index.synonymes.table.get(key, ())
        concept = _concept(index, mot, key)
        if size == 1 and not others and not concept.titres:
            known = _kin(index, words[i])
            if not known and not _is_known(index, words[i]):
                known = _starting(index, words[i])
                added += _started(index, words[i])[:DEBUTS_DITS]
            concept = replace(concept, titres=known)
        said = tuple(locution for _, locution in others)
        concepts.append(replace(concept, locutions=(*concept.locutions, *said)))
        added += [texte for texte, _ in others]
        i += size
    return concepts, added


def _concept(index: Index, mot: str, key: Locution) -> Concept:
    """Return an expression with its family."""
    family = index.synonymes.familles.get(key, (key,))
    return Concept(
        mot,
        (tuple(stem(word) for word in mot.split()),),
        tuple(one for one in family if one != key),
        est_sigle=mot in index.synonymes.sigles,
        est_dit=key in family,
    )


def _family(index: Index, key: Locution) -> tuple[Locution, ...]:
    """Return what the titles of the job of an expression hold, itself left out."""
    return tuple(one for one in index.synonymes.familles.get(key, ()) if one != key)


def _kin(index: Index, word: str) -> tuple[Locution, ...]:
    """Return the words of the family of a word by its endings, and the families of these."""
    if stem(word) in GENERIQUES:
        return ()
    near = [stem(one) for one in kin_of(word, index.mots) if index.mots[one].nb_titres]
    near += [stem(one) for one in kin_of(word, index.synonymes.mots)]
    found = [(root,) for root in dict.fromkeys(near) if root != stem(word)]
    families = [one for key in found for one in _family(index, key)]
    return tuple(dict.fromkeys([*found, *families]))


def _longest(index: Index, words: list[str]) -> tuple[int, Locution]:
    """Return the longest expression with synonyms that starts `words`, else the first word.

    Its number of words, and what it is known by.
    """
    said = index.synonymes
    roots = [stem(word) for word in words]
    for size in range(min(said.nb_mots, len(roots)), 0, -1):
        # An acronym is known as it is written: the stem of « DEES » is that of « de ».
        for key in (tuple(words[:size]), tuple(roots[:size])):
            if key in said.table or key in said.familles:
                return size, key
    return 1, (roots[0],)


def _is_known(index: Index, word: str) -> bool:
    """Tell whether a word needs no correction.

    It is in the vocabulary, a synonym, a known acronym, the name of a commune, a number or a code.
    """
    root = stem(word)
    return (
        word in index.mots
        or root in index.racines
        or root in index.synonymes.racines
        or (word,) in index.synonymes.table
        or (word,) in index.synonymes.familles
        or word in index.synonymes.sigles
        or root in index.lieux_dits
        or any(c.isdigit() for c in word)
    )


def _starting(index: Index, word: str) -> tuple[Locution, ...]:
    """Return the stems of the known words that a word starts, and their families."""
    if len(word) < DEBUT_MIN:
        return ()
    starting = [(stem(mot),) for mot in _started(index, word)]
    families = [one for key in starting for one in _family(index, key)]
    return tuple(dict.fromkeys([*starting, *families]))


def _started(index: Index, word: str) -> list[str]:
    """Return the known words that a word starts, in order."""
    known = index.mots_debutes
    low, high = bisect_left(known, word), bisect_left(known, word + "\x7f")
    return known[low : min(high, low + DEBUTS_MAX)]


def _correct(index: Index, word: str) -> list[str]:
    """Return a word as the vocabulary spells it.

    Itself when known, two words that were stuck, or the nearest; never the name of a body.
    """
    if (
        _is_known(index, word)
        or _starting(index, word)
        or find_job(index, [stem(word)], [stem(word)])
    ):
        return [word]
    for cut in range(3, len(word) - 2):
        if all(_is_taught(index, part) for part in (word[:cut], word[cut:])):
            return [word[:cut], word[cut:]]
    errors = next((errors for letters, errors in FAUTES if len(word) >= letters), 0)
    if not errors:
        return [word]
    near = process.extract(
        word, index.mots_corriges, scorer=OSA.distance, score_cutoff=errors + 1, limit=60
    )
    # What sounds the same may have one error more.  Then fewest errors, the same first letter
    # (seldom mistyped), a word of a title or of a family, the most frequent word.
    told = sound(word)
    ranked = sorted(
        (
            is_other,
            distance,
            mot[0] != word[0],
            not _is_taught(index, mot),
            -_frequency(index, mot),
            mot,
        )
        for mot, distance, _ in near
        if not mot.isdigit()
        and not _is_acronym(index, mot)
        and distance <= errors + (not (is_other := sound(mot) != told))
    )
    return [ranked[0][-1]] if ranked else [word]


def _is_acronym(index: Index, word: str) -> bool:
    """Tell whether a word is too short, or an acronym: nobody means it by a typing error."""
    return len(word) < DEBUT_MIN or word in index.synonymes.sigles


def _is_taught(index: Index, word: str) -> bool:
    """Tell whether some title holds a word, or a family."""
    known = index.mots.get(word)
    return word in index.synonymes.mots or bool(known and known.nb_titres)


def _frequency(index: Index, word: str) -> int:
    known = index.mots.get(word)
    return known.nb_textes + known.nb_metiers if known else 0


def suggest_texts(index: Index, debut: str, limit: int = 8) -> list[Suggestion]:
    """Return titles, jobs and diplomas whose words start as those typed, most offers first.

    A word unknown is corrected when nothing starts with it.
    """
    words = split_words(debut[:LONGUEUR_MAX])
    # The last word may be unfinished: « a » is the start of a word, not the preposition.
    words = [word for word in words[:-1] if word not in VIDES] + words[-1:]
    if not words:
        return []
    entries = find_prefixes(index.mots_suggeres, words)
    if not len(entries):
        words = [better for word in words for better in _correct(index, word)]
        entries = find_prefixes(index.mots_suggeres, words)
    rows, start = entries.tolist(), " ".join(words)
    if len(rows) > _SUGGESTIONS_LUES:
        rows = sorted(rows, key=lambda row: -index.suggestions[row][2])[:_SUGGESTIONS_LUES]
    rows.sort(
        key=lambda row: (
            not index.suggestions_pliees[row].startswith(start),
            -index.suggestions[row][2],
            index.suggestions[row][0],
        )
    )
    return [Suggestion(*index.suggestions[row]) for row in rows[:limit]]
