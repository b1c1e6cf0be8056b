"""Which formations and bodies hold what a text means, in two blocks.

A text is read as concepts (`concepts`).
A training answers the text itself when its title or its codes hold each concept,
or a way of saying it of its family.  It is of a neighbouring job when the jobs,
the groups or the domain that it is filed under hold them.  Names of bodies and
of communes are read for the words that no title holds and no job is called by.
When no title holds everything, what may be left out is, and the answer says it;
what no training holds is looked for among the names of jobs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from geoapp.offer.search.concepts import Concept, understand
from geoapp.offer.search.index import DIPLOMES_TITRES, ORGANISMES, TEXTES, TITRES, Index
from geoapp.offer.search.jobs import AppelMetier, MetierNomme, find_job, find_named_job
from geoapp.offer.search.model import MetierCompris, Texte
from geoapp.offer.search.postings import Liste, read_postings
from geoapp.offer.search.synonyms import Locution
from geoapp.reference.codes.text import fold

PART_SYNONYME = 0.999
"""Share of the best score that a synonym may reach when what was typed is found too: just under."""


@dataclass(frozen=True)
class Correspondance:
    """What holds each concept: the titles, any text of the documents, the bodies, the communes."""

    concepts: tuple[Concept, ...]
    titres: tuple[Liste, ...]
    textes: tuple[Liste, ...]
    organismes: tuple[Liste, ...]
    communes: tuple[Liste, ...]
    texte: Texte
    metier: MetierNomme | None = None


@dataclass(frozen=True)
class Paires:
    """Distinct (document, body, commune) of some offers: rows, −1 for no name."""

    textes: np.ndarray
    organismes: np.ndarray
    communes: np.ndarray


@dataclass(frozen=True)
class Notes:
    """What a text says of each pair: its score, whether it answers the text itself, whether it
    is kept, as an answer or as a neighbour; and how the text was read.
    """

    scores: np.ndarray
    repond: np.ndarray
    gardees: np.ndarray
    texte: Texte


def find_text(index: Index, texte: str) -> tuple[np.ndarray, np.ndarray, Texte]:
    """Return the formations that hold a text, best first, their scores and how it was read.

    Those that answer the text itself come first.  The rows are positions in table `formations`;
    names of bodies and communes do not count here.
    """
    docs = index.texte_de_formation
    none = np.full(len(docs), -1)
    notes = score_pairs(match_text(index, texte), Paires(docs, none, none), index)
    rows = np.flatnonzero(notes.gardees)
    order = rows[np.lexsort((-notes.scores[rows], ~notes.repond[rows]))]
    return order, notes.scores[order], notes.texte


def match_text(index: Index, texte: str) -> Correspondance:
    """Return what holds each concept of a text."""
    concepts, read = understand(index, texte)
    said = [root for concept in concepts for root in concept.locutions[0]]
    return Correspondance(
        concepts=tuple(concepts),
        titres=tuple(_title_hits(index, concept) for concept in concepts),
        textes=tuple(_text_hits(index, concept) for concept in concepts),
        organismes=tuple(_run(index, ORGANISMES, concept.locutions) for concept in concepts),
        communes=tuple(_communes(index, concept) for concept in concepts),
        texte=read,
        metier=find_named_job(index, said) if said else None,
    )


def _communes(index: Index, concept: Concept) -> Liste:
    """Return the communes whose name holds a concept, all of one score."""
    empty = np.empty(0, np.int64)
    found = [index.lieux_dits.get(root, empty) for root in concept.locutions[0]]
    rows = found[0]
    for other in found[1:]:
        rows = np.intersect1d(rows, other)
    return Liste(rows, np.ones(len(rows), np.float32))


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
    return replace(
        found,
        concepts=tuple(found.concepts[i] for i in kept),
        titres=tuple(found.titres[i] for i in kept),
        textes=tuple(_job_hits(taught[i]) if i in taught else found.textes[i] for i in kept),
        organismes=tuple(found.organismes[i] for i in kept),
        communes=tuple(found.communes[i] for i in kept),
        texte=replace(found.texte, metiers=tuple(dict.fromkeys(told))),
    )


def _job_hits(appel: AppelMetier) -> Liste:
    """Return the documents of some jobs, all of one score: none says what was typed."""
    return Liste(appel.textes, np.ones(len(appel.textes), np.float32))


def _said(found: Correspondance, appel: AppelMetier) -> list[MetierCompris]:
    """Return the jobs that some words name, with these words: as typed when they are the text."""
    words = [one.mot for one in found.concepts if appel.racines.issuperset(one.locutions[0])]
    is_whole = len(words) == len(found.concepts) and not found.texte.corrections
    mot = found.texte.dit.strip() if is_whole else " ".join(words)
    return [replace(metier, mot=mot) for metier in appel.metiers]


def score_pairs(found: Correspondance, pairs: Paires, index: Index) -> Notes:
    """Return what a text says of each (document, body, commune).

    With no concept, every pair answers, with score 0.
    """
    nb = len(pairs.textes)
    if not found.concepts:
        every = np.ones(nb, bool)
        return Notes(np.zeros(nb, np.float32), every, every, found.texte)
    names = _spread_names(found, pairs, index)
    titles = [_spread([(one, index.nb_textes, pairs.textes)], nb) for one in found.titres]
    is_name = [_is_name(index, *told) for told in zip(found.concepts, titles, names, strict=True)]
    answers, left_out, jobs = _answering(found, titles, names, is_name, pairs)
    neighbours, scores, read = _neighbouring(index, found, pairs, names, is_name, answers)
    if any(left_out) and _names_untaught_job(found, read):
        answers = np.zeros(nb, bool)
    if answers.any():
        gains = [gain for (_, gain), kept in zip(titles, left_out, strict=True) if not kept]
        more = [gain for (_, gain), held in zip(names, is_name, strict=True) if held]
        scores = np.where(answers, sum((*gains, *more), np.zeros(nb, np.float32)), scores)
        read = _read_without(found, left_out, jobs or read.metiers, is_told=bool(jobs))
    if found.metier is not None and not found.metier.textes.size:
        told = tuple(replace(one, mot=found.texte.dit.strip()) for one in found.metier.metiers)
        read = read if answers.any() else replace(read, metiers=told)
    absent = [
        (one.mot, index.synonymes.sigles[one.mot])
        for one, (here, _), named in zip(found.concepts, titles, is_name, strict=True)
        if one.est_sigle and not here.any() and not named
    ]
    read = replace(read, sigles=tuple(absent))
    return Notes(scores, answers, answers | neighbours, read)


def _names_untaught_job(found: Correspondance, read: Texte) -> bool:
    """Tell whether the whole text names jobs that no training of ours leads to.

    One of its words alone would be of other trainings: « maître d'école » is of no business school.
    """
    whole = found.texte.dit.strip()
    jobs = [job for job in read.metiers if job.mot == whole]
    return bool(jobs) and not any(job.est_enseigne for job in jobs)


def _read_without(
    found: Correspondance,
    left_out: list[bool],
    jobs: tuple[MetierCompris, ...],
    *,
    is_told: bool,
) -> Texte:
    """Return how a text was read whose concepts `left_out` were not looked for.

    The jobs that the text was read as are told; others, when a word left out names one that
    nothing leads to.
    """
    dropped = [one.mot for one, out in zip(found.concepts, left_out, strict=True) if out]
    kept = [one.mot for one in found.concepts if one.mot not in dropped]
    corrections = (*found.texte.corrections, *((mot, "") for mot in dropped))
    is_other = kept and (corrections or found.texte.criteres)
    return replace(
        found.texte,
        corrections=corrections,
        cherche=" ".join(kept) if is_other else "",
        metiers=tuple(
            job
            for job in jobs
            if is_told or (not job.est_enseigne and any(mot in fold(job.mot) for mot in dropped))
        ),
    )


class Etalee(NamedTuple):
    """Whether each pair holds something, and its score."""

    ici: np.ndarray
    notes: np.ndarray


def _spread_names(found: Correspondance, pairs: Paires, index: Index) -> list[Etalee]:
    """Return which pairs hold each concept in the name of their body or of their commune."""
    nb = len(pairs.textes)
    return [
        _spread(
            [
                (bodies, len(index.organismes), pairs.organismes),
                (towns, len(index.communes), pairs.communes),
            ],
            nb,
        )
        for bodies, towns in zip(found.organismes, found.communes, strict=True)
    ]


def _is_name(
    index: Index,
    concept: Concept,
    title: Etalee,
    name: Etalee,
) -> bool:
    """Tell whether a concept is a name of bodies or communes: of no title and of no job."""
    is_job = concept.titres or index.racines_metiers.issuperset(concept.locutions[0])
    return bool(name[0].any()) and not title[0].any() and not is_job


def _answering(
    found: Correspondance,
    titles: list[Etalee],
    names: list[Etalee],
    is_name: list[bool],
    pairs: Paires,
) -> tuple[np.ndarray, list[bool], tuple[MetierCompris, ...]]:
    """Return which pairs answer a text itself, the concepts left out, the jobs that it was read as.

    Everything is held; else the words of any trade are left out, then those that no title holds,
    then the less informative ones.  A text that names a job wholly is then answered by the
    trainings of this job alone, and by those made for it when no title says it.
    """
    named = any(is_name)
    held = [
        here | name if named else here for (here, _), (name, _) in zip(titles, names, strict=True)
    ]
    none = [False] * len(held)
    whole = np.logical_and.reduce(held)
    # « Boucher de Perthes », « chambre de commerce »: one name of a body holds everything.
    bodies = np.logical_and.reduce([name for name, _ in names])
    if bodies.any() and (named or (not whole.any() and len(held) > 1)):
        whole = bodies
    if whole.any():
        return whole, none, ()
    must = [
        one.est_diplome or named_one or one.est_sigle
        for one, named_one in zip(found.concepts, is_name, strict=True)
    ]
    nothing = np.zeros(len(whole), bool)
    if any(one and not here.any() for one, here in zip(must, held, strict=True)):
        return nothing, none, ()
    job = found.metier
    told = tuple(replace(one, mot=found.texte.dit.strip()) for one in job.metiers) if job else ()
    of_job = _among(pairs, job.textes) if job else ~nothing
    for out in _ways_to_drop(found.concepts, held, must, has_job=job is not None):
        kept = [here for here, dropped in zip(held, out, strict=True) if not dropped]
        answers = np.logical_and.reduce(kept) & of_job
        if answers.any():
            # The job holds every word: none is left out.
            return (answers, none, told) if job else (answers, out, ())
    # Of a family, the titles are known: no other diploma stands under its name.
    is_family = len(found.concepts) == 1 and bool(found.concepts[0].titres)
    if job is None or not job.vises.size or is_family:
        return nothing, none, ()
    needed = [here for here, kept in zip(held, must, strict=True) if kept]
    return np.logical_and.reduce([_among(pairs, job.vises), *needed]), none, told


def _ways_to_drop(
    concepts: tuple[Concept, ...],
    held: list[np.ndarray],
    must: list[bool],
    *,
    has_job: bool,
) -> Iterable[list[bool]]:
    """Yield which concepts are left out, from the least to the most.

    Where the text names a job, which the trainings kept must be of, each word is tried alone.
    """
    generic = [one.est_generique for one in concepts]
    unheld = [not here.any() for here in held]
    specific = [
        i
        for i in range(len(held))
        if not must[i]
        and not generic[i]
        and not unheld[i]
        and not concepts[i].est_sigle
        # What titles of other jobs hold tells nothing after a gesture: « conducteur de presse ».
        and (concepts[i].est_dit or has_job or not any(generic))
    ]
    if not specific:
        return
    if any(generic):
        yield generic
    # A word of any trade, then one that nothing holds: « conducteur de train » is of no truck.
    head = next(i for i, one in enumerate(must) if not one)
    if not generic[head]:
        yield [a or b for a, b in zip(generic, unheld, strict=True)]
    # A job that is known by its family tells more than a rare word beside it: « maraîcher bio ».
    specific.sort(key=lambda i: (not concepts[i].titres, int(held[i].sum())))
    for alone in specific if has_job else [] if any(unheld) else specific[:1]:
        yield [not one and i != alone for i, one in enumerate(must)]


def _neighbouring(
    index: Index,
    found: Correspondance,
    pairs: Paires,
    names: list[Etalee],
    is_name: list[bool],
    answers: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, Texte]:
    """Return which pairs are of neighbouring jobs, their scores, and how the text was read.

    They hold each concept, or lead to the job that the text names; else they hold those that say
    the most, words of any trade left out.
    """
    nb = len(pairs.textes)
    scores, weight = np.zeros(nb, np.float32), np.zeros(nb, np.float32)
    wide, named = _name_jobs(index, found), any(is_name)
    held = []
    names = names if wide is found else _spread_names(wide, pairs, index)
    for hits, (name, more) in zip(wide.textes, names, strict=True):
        here, gain = _spread([(hits, index.nb_textes, pairs.textes)], nb)
        if named:
            here, gain = here | name, gain + more
        held.append(here)
        scores += gain
        # The rarer a concept, the more it tells (as the « idf » of bm25).
        weight += here * np.float32(np.log1p(nb / max(1, here.sum())))
    of_job = np.zeros(nb, bool)
    if found.metier is not None:
        of_job = _among(pairs, found.metier.textes)
        scores += of_job
    every = np.logical_and.reduce(held)
    kept = every | of_job
    if found.metier is not None and of_job.any() and not every.any():
        told = tuple(replace(one, mot=found.texte.dit.strip()) for one in found.metier.metiers)
        wide = replace(wide, texte=replace(wide.texte, metiers=told))
    if kept.any() or (answers.any() and not any(here.any() for here in held)):
        return kept, scores, wide.texte
    said = [root for concept in wide.concepts for root in concept.locutions[0]]
    if appel := find_job(index, said, said):
        wide = replace(wide, texte=replace(wide.texte, metiers=tuple(_said(wide, appel))))
        here = _among(pairs, appel.textes)
        if here.any():
            return here, scores + here, wide.texte
    tells = [
        here
        for one, here, name in zip(wide.concepts, held, names, strict=True)
        if not one.est_generique and not one.est_diplome and not (named and name[0].any())
    ]
    # A job that no training of ours leads to has no neighbours by one of its words.
    if tells and (found.metier is None or found.metier.textes.size):
        # Sums of 32-bit numbers in another order differ by their last digits.
        kept = (weight > 0) & (weight >= weight.max() - 1e-4) & np.logical_or.reduce(tells)
    left_out = [
        (concept.mot, "")
        for concept, here in zip(wide.concepts, held, strict=True)
        if not kept.any() or not here[kept].all()
    ]
    corrections = (*wide.texte.corrections, *left_out)
    return kept, scores, replace(wide.texte, corrections=corrections)


def _spread(hits: Iterable[tuple[Liste, int, np.ndarray]], nb: int) -> Etalee:
    """Return which of `nb` pairs are hit, and their score; row −1 never is.

    Each hit is a list of rows, how many rows there are, and the row of each pair.
    """
    notes = np.zeros(nb, np.float32)
    for found, size, rows in hits:
        if len(found.lignes):
            # One cell more than there are rows: −1 reads it, and nothing writes it.
            gain = np.zeros(size + 1, np.float32)
            gain[found.lignes] = found.notes
            notes = notes + gain[rows]
    # What is held always says something: no score is nothing.
    return Etalee(notes > 0, notes)


def _among(pairs: Paires, textes: np.ndarray) -> np.ndarray:
    """Tell which pairs are of some documents."""
    held = np.zeros(max(pairs.textes.max(initial=0), textes.max(initial=0)) + 1, bool)
    held[textes] = True
    return held[pairs.textes]


def _title_hits(index: Index, concept: Concept) -> Liste:
    """Return the documents whose title or codes hold a concept or one of its family."""
    champ = DIPLOMES_TITRES if concept.est_diplome else TITRES
    typed = _run(index, champ, concept.locutions[:1] if concept.est_dit else ())
    return _merged(typed, _run(index, champ, (*concept.locutions[1:], *concept.titres)))


def _text_hits(index: Index, concept: Concept) -> Liste:
    """Return the documents that hold a concept anywhere: what was typed, or its synonyms."""
    return _merged(
        _run(index, TEXTES, concept.locutions[:1]),
        _run(index, TEXTES, concept.locutions[1:]),
    )


def _merged(typed: Liste, others: Liste) -> Liste:
    """Return the rows of what was typed and of its synonyms.

    A row that holds only a synonym scores at most `PART_SYNONYME` of the best
    one that holds what was typed.
    """
    if not len(typed[0]) or not len(others[0]):
        return typed if len(typed[0]) else others
    scale = np.float32(PART_SYNONYME * typed[1].max() / max(float(others[1].max()), 1e-9))
    rows = np.union1d(typed[0], others[0])
    scores = np.zeros(len(rows), np.float32)
    scores[np.searchsorted(rows, others[0])] = others[1] * scale
    at = np.searchsorted(rows, typed[0])
    scores[at] = np.maximum(scores[at], typed[1])
    return Liste(rows, scores)


def _run(index: Index, champ: str, locutions: tuple[Locution, ...]) -> Liste:
    """Return the rows of a field that hold one of some expressions; the answer is remembered."""
    return index.memoire.get(
        (champ, locutions), lambda: read_postings(index.read_list, champ, locutions)
    )
