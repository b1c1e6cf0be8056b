"""What a text means, and which formations and bodies hold it.

A text is read as concepts: a code, an expression with its synonyms, or a word.
An offer is found when each concept is in the text of its formation or in the
name of its body.  When no offer holds them all, those that hold the most
informative ones are given, and the answer says which words were left out.
What no training holds is looked for among the names of jobs first.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from geoapp.offer.search.index import POIDS, Index
from geoapp.offer.search.jobs import AppelMetier, find_job
from geoapp.offer.search.model import MetierCompris, Texte
from geoapp.offer.search.prefixes import find_prefixes
from geoapp.offer.search.synonyms import Locution
from geoapp.offer.search.words import VIDES, is_code, split_words, stem

LONGUEUR_MAX = 200
"""Characters of a text that are read."""

CONCEPTS_MAX = 12
DEBUT_MIN = 4
"""Letters from which a word unknown but starting known ones stands for them (« compta »)."""

DEBUTS_MAX = 40
PART_SYNONYME = 0.999
"""Share of the best score that a synonym may reach when what was typed is found too: just under."""

VOIES_DITES = frozenset("alternance apprenti apprentie apprentis apprentissage".split())
"""Words of the filter `voie`, that titles seldom hold: left out of the text, and said so."""

FAUTES = ((12, 3), (8, 2), (4, 1))
"""Letters of a word, and the typing errors then forgiven; a shorter word is never corrected."""

_POIDS = ", ".join(map(str, POIDS.values()))
_SQL = {
    "textes": f"SELECT rowid, bm25(textes, {_POIDS}) FROM textes "
    "WHERE textes MATCH ? ORDER BY rowid",
    "organismes": "SELECT rowid, bm25(organismes) FROM organismes "
    "WHERE organismes MATCH ? ORDER BY rowid",
}
_SUGGESTIONS_LUES = 2000


@dataclass(frozen=True)
class Concept:
    """One thing looked for: as typed, and the expressions (stems) any of which says it."""

    mot: str
    locutions: tuple[Locution, ...]


@dataclass(frozen=True)
class Suggestion:
    """A text proposed while typing.

    Its kind (`metier`, `intitule`, `diplome`) and its number of offers.
    """

    texte: str
    type: str
    nb: int


@dataclass(frozen=True)
class Correspondance:
    """The documents and bodies that hold each concept, as (rows, scores), in their order."""

    concepts: tuple[Concept, ...]
    textes: tuple[tuple[np.ndarray, np.ndarray], ...]
    organismes: tuple[tuple[np.ndarray, np.ndarray], ...]
    texte: Texte


def find_text(index: Index, texte: str) -> tuple[np.ndarray, np.ndarray, Texte]:
    """Return the formations that hold a text, best first, their scores and how it was read.

    The rows are positions in table `formations`; names of bodies do not count here.
    """
    docs = index.texte_de_formation
    scores, kept, read = score_pairs(match_text(index, texte), docs, np.full(len(docs), -1), index)
    rows = np.flatnonzero(kept)
    order = rows[np.argsort(-scores[rows], kind="stable")]
    return order, scores[order], read


def match_text(index: Index, texte: str) -> Correspondance:
    """Return the documents and bodies that hold each concept of a text."""
    concepts, read = understand(index, texte)
    hits = {table: [_hits(index, table, concept) for concept in concepts] for table in _SQL}
    found = Correspondance(tuple(concepts), tuple(hits["textes"]), tuple(hits["organismes"]), read)
    return _name_jobs(index, found)


def _name_jobs(index: Index, found: Correspondance) -> Correspondance:
    """Return what was found, the words that nothing holds being read as names of jobs.

    The words beside that the same names hold are read with them.
    """
    held = [len(a[0]) + len(b[0]) for a, b in zip(found.textes, found.organismes, strict=True)]
    said = [root for concept in found.concepts for root in concept.locutions[0]]
    jobs = {
        i: appel
        for i, concept in enumerate(found.concepts)
        if not held[i] and (appel := find_job(index, said, concept.locutions[0]))
    }
    if not jobs:
        return found
    taught = {i: appel for i, appel in jobs.items() if len(appel.textes)}
    read = {root for appel in taught.values() for root in appel.racines}
    kept = [
        i
        for i, concept in enumerate(found.concepts)
        if i in taught or not read.issuperset(concept.locutions[0])
    ]
    told = [metier for appel in jobs.values() for metier in _said(found, appel)]
    return Correspondance(
        concepts=tuple(found.concepts[i] for i in kept),
        textes=tuple(_job_hits(taught[i]) if i in taught else found.textes[i] for i in kept),
        organismes=tuple(found.organismes[i] for i in kept),
        texte=replace(found.texte, metiers=tuple(dict.fromkeys(told))),
    )


def _job_hits(appel: AppelMetier) -> tuple[np.ndarray, np.ndarray]:
    """Return the documents of some jobs, all of one score: none says what was typed."""
    return appel.textes, np.ones(len(appel.textes), np.float32)


def _said(found: Correspondance, appel: AppelMetier) -> list[MetierCompris]:
    """Return the jobs that some words name, with these words: as typed when they are the text."""
    words = [one.mot for one in found.concepts if appel.racines.issuperset(one.locutions[0])]
    is_whole = len(words) == len(found.concepts) and not found.texte.corrections
    mot = found.texte.recu.strip() if is_whole else " ".join(words)
    return [replace(metier, mot=mot) for metier in appel.metiers]


def score_pairs(
    found: Correspondance, docs: np.ndarray, bodies: np.ndarray, index: Index
) -> tuple[np.ndarray, np.ndarray, Texte]:
    """Return for each (document, body) pair its score, whether it is kept, and what was left out.

    Parameters
    ----------
    found : Correspondance
        With at least one concept, otherwise every pair is kept with score 0.
    docs, bodies : int arrays
        Rows of `textes` and of `organismes` (−1: no name), one pair each.
    """
    scores, weight = np.zeros(len(docs), np.float32), np.zeros(len(docs), np.float32)
    if not found.concepts:
        return scores, np.ones(len(docs), bool), found.texte
    held = []
    for hits, names in zip(found.textes, found.organismes, strict=True):
        here, gain = _spread(hits, index.nb_textes, docs)
        if len(names[0]):
            here_too, more = _spread(names, len(index.organismes), bodies)
            here, gain = here | here_too, gain + more
        held.append(here)
        scores += gain
        # The rarer a concept, the more it tells (as the « idf » of bm25).
        weight += here * np.float32(np.log1p(len(docs) / max(1, here.sum())))
    kept = np.logical_and.reduce(held)
    if not kept.any():
        said = [root for concept in found.concepts for root in concept.locutions[0]]
        if appel := find_job(index, said, said):
            told = replace(found.texte, metiers=tuple(_said(found, appel)))
            found = replace(found, texte=told)
            here = np.isin(docs, appel.textes)
            if here.any():
                return scores + here, here, found.texte
        # Sums of 32-bit numbers in another order differ by their last digits.
        kept = (weight > 0) & (weight >= weight.max() - 1e-4)
    left_out = [
        (concept.mot, "")
        for concept, here in zip(found.concepts, held, strict=True)
        if not here[kept].all() or not kept.any()
    ]
    return scores, kept, replace(found.texte, corrections=(*found.texte.corrections, *left_out))


def _spread(
    hits: tuple[np.ndarray, np.ndarray], size: int, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return whether each of `rows` is hit, and its score; row −1 never is."""
    # One cell more than there are rows: −1 reads it, and nothing writes it.
    here, gain = np.zeros(size + 1, bool), np.zeros(size + 1, np.float32)
    here[hits[0]], gain[hits[0]] = True, hits[1]
    return here[rows], gain[rows]


def _hits(index: Index, table: str, concept: Concept) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of a full-text table that hold a concept, and their scores.

    A row that holds only a synonym scores at most `PART_SYNONYME` of the best
    one that holds what was typed.
    """
    typed = _run(index, table, concept.locutions[:1])
    others = _run(index, table, concept.locutions[1:])
    if not len(typed[0]) or not len(others[0]):
        return typed if len(typed[0]) else others
    scale = np.float32(PART_SYNONYME * typed[1].max() / max(float(others[1].max()), 1e-9))
    rows = np.union1d(typed[0], others[0])
    scores = np.zeros(len(rows), np.float32)
    scores[np.searchsorted(rows, others[0])] = others[1] * scale
    at = np.searchsorted(rows, typed[0])
    scores[at] = np.maximum(scores[at], typed[1])
    return rows, scores


def _run(
    index: Index, table: str, locutions: tuple[Locution, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that hold one of some expressions, in order, and their bm25 scores.

    The answer is remembered.
    """
    parts = (" AND ".join(f'"{root}"' for root in locution) for locution in locutions)
    expression = " OR ".join(f"({part})" for part in parts)

    def make() -> tuple[np.ndarray, np.ndarray]:
        rows = index.connect().execute(_SQL[table], (expression,)).fetchall() if expression else []
        return (
            np.array([row for row, _ in rows], dtype=np.int64),
            np.array([-score for _, score in rows], dtype=np.float32),
        )

    return index.memoire.get((table, expression), make)


def understand(index: Index, texte: str) -> tuple[list[Concept], Texte]:
    """Return the concepts of a text, and how it was read."""
    words = [word for word in split_words(texte[:LONGUEUR_MAX]) if word not in VIDES]
    said = [word for word in words if word in VOIES_DITES]
    read, corrections = [], [(word, "") for word in dict.fromkeys(said)]
    for word in dict.fromkeys(word for word in words if word not in VOIES_DITES):
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
        corrections=tuple(corrections),
        synonymes=tuple(dict.fromkeys(synonyms)),
        codes=tuple(dict.fromkeys(codes)),
    )


def _gather(index: Index, words: list[str]) -> tuple[list[Concept], list[str]]:
    """Return the concepts of words, longest expressions first, and the synonyms added."""
    concepts, added, i = [], [], 0
    while i < len(words):
        key, others = _longest(index, [stem(word) for word in words[i:]])
        mot = " ".join(words[i : i + len(key)])
        starts = () if others or _is_known(index, words[i]) else _starting(index, words[i])
        concepts.append(Concept(mot, (key, *(locution for _, locution in others), *starts)))
        added += [texte for texte, _ in others]
        i += len(key)
    return concepts, added


def _longest(index: Index, roots: list[str]) -> tuple[Locution, tuple[tuple[str, Locution], ...]]:
    """Return the longest expression with synonyms that starts `roots`, else its first word."""
    for size in range(min(index.synonymes.nb_mots, len(roots)), 0, -1):
        key = tuple(roots[:size])
        if key in index.synonymes.table:
            return key, index.synonymes.table[key]
    return (roots[0],), ()


def _is_known(index: Index, word: str) -> bool:
    """Tell whether a word needs no correction: in the vocabulary, a synonym, a number or a code."""
    root = stem(word)
    return (
        word in index.mots
        or root in index.racines
        or root in index.synonymes.racines
        or any(c.isdigit() for c in word)
    )


def _starting(index: Index, word: str) -> tuple[Locution, ...]:
    """Return the stems of the known words that a word starts."""
    if len(word) < DEBUT_MIN:
        return ()
    low, high = bisect_left(index.mots_tries, word), bisect_left(index.mots_tries, word + "\x7f")
    starting = index.mots_tries[low : min(high, low + DEBUTS_MAX)]
    return tuple(dict.fromkeys((index.mots[mot][0],) for mot in starting))


def _correct(index: Index, word: str) -> list[str]:
    """Return a word as the vocabulary spells it.

    Itself when known, two words that were stuck, or the nearest.
    """
    if (
        _is_known(index, word)
        or _starting(index, word)
        or find_job(index, [stem(word)], [stem(word)])
    ):
        return [word]
    for cut in range(3, len(word) - 2):
        if word[:cut] in index.mots and word[cut:] in index.mots:
            return [word[:cut], word[cut:]]
    errors = next((errors for letters, errors in FAUTES if len(word) >= letters), 0)
    if not errors:
        return [word]
    near = process.extract(
        word, index.mots_tries, scorer=OSA.distance, score_cutoff=errors, limit=20
    )
    # Fewest errors, then the same first letter (seldom mistyped), then the most frequent word.
    ranked = sorted(
        (distance, mot[0] != word[0], -index.mots[mot][1], mot)
        for mot, distance, _ in near
        if not mot.isdigit()
    )
    return [ranked[0][-1]] if ranked else [word]


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
