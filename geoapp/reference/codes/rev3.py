"""Transitions of the regional plan rev3: ecological, energy, digital.

An offer may serve several, each with its evidence.
The rules are rows of ``geodata/rev3.csv``: a transition, a nomenclature, a
value and a number of voices.  A transition is kept from `VOIX_REQUISES` voices
on, and one nomenclature speaks once: a broad clue (one voice, such as "strategic
job for the ecological transition", half of the trades) needs a second one of
another nature.  ``docs/rev3.md`` says what each rule was measured to give.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import NamedTuple

import pandas as pd

from geoapp.core.config import GEODATA
from geoapp.reference.codes.jobs import Metier, choose_metiers, read_rome
from geoapp.reference.codes.text import fold

TRANSITIONS = {"ecologique": "écologique", "energetique": "énergétique", "numerique": "numérique"}
VOIX_REQUISES = 2
PART_METIERS = 0.5
"""More than this share of an offer's ROME codes must say the same: one among five is chance."""
_CODES = {"formacode": "code_formacode", "nsf": "code_nsf", "cfd": "code_cfd"}
_USED = ("intitule", "code_rome", *_CODES.values())
_FLAGS = {"rome_eco": "transition_eco", "rome_num": "transition_num"}


class RegleRev3(NamedTuple):
    """One row of the table."""

    transition: str
    nomenclature: str
    valeur: str
    voix: int
    motif: str


@cache
def load_regles() -> tuple[RegleRev3, ...]:
    """Return the rules, in the order of the table."""
    table = pd.read_csv(
        GEODATA / "rev3.csv", sep=";", dtype="str", keep_default_na=False, encoding="utf-8"
    )
    return tuple(
        RegleRev3(
            transition=row.transition,
            nomenclature=row.nomenclature,
            valeur=row.valeur,
            voix=int(row.voix),
            motif=row.motif,
        )
        for row in table.itertuples(index=False)
    )


def assign_rev3(frame: pd.DataFrame, rome: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the transitions that each offer serves, and what says so.

    Parameters
    ----------
    frame : DataFrame
        Columns read when present: intitule, code_rome, code_formacode,
        code_nsf, code_cfd (codes parted by "|").
    rome : DataFrame, optional
        The ROME table with its flags; without it its rules say nothing.

    Returns
    -------
    DataFrame
        Same index and row count.  ``rev3`` is "ecologique|numerique", in the
        order of `TRANSITIONS`, NA when no transition is served or known;
        ``preuve_rev3`` says for each "écologique : rome A1204 (Emploi Vert)".
    """
    jobs = read_rome(rome)
    cells = frame.reindex(columns=list(_USED)).astype("object").where(lambda part: part.notna(), "")
    # Words are those of a title, codes those of many: each is looked for apart.
    by_codes, decide = cache(_met_by_codes), cache(_decide)
    decided = []
    for title, romes, *codes in cells.itertuples(index=False, name=None):
        meant = tuple(choose_metiers(code, title, jobs) for code in romes.split("|") if code)
        found = _met_by_words(_plain(title)) + by_codes(romes, *codes, meant)
        decided.append(decide(tuple(sorted(found))))
    return pd.DataFrame(decided, index=frame.index, columns=["rev3", "preuve_rev3"], dtype="str")


Evidence = tuple[tuple[int, str], ...]
"""The rank of each rule that an offer meets, in the table, with what met it."""


def _decide(found: Evidence) -> tuple[str | None, str | None]:
    """Return the transitions of one offer and the evidence of each."""
    kept, rules = {}, load_regles()
    for transition in TRANSITIONS:
        best: dict[str, tuple[int, str]] = {}
        for rank, proof in found:
            rule = rules[rank]
            family = rule.nomenclature.partition("_")[0]
            if rule.transition == transition and rule.voix > best.get(family, (0, ""))[0]:
                best[family] = (rule.voix, proof)
        if sum(voices for voices, _ in best.values()) >= VOIX_REQUISES:
            kept[transition] = " + ".join(proof for _, proof in best.values())
    if not kept:
        return None, None
    return "|".join(kept), " ; ".join(
        f"{TRANSITIONS[transition]} : {proof}" for transition, proof in kept.items()
    )


def _met_by_words(title: str) -> Evidence:
    """Return the rules of words that a plain title meets."""
    if not _may_hold(title, "mot"):
        return ()
    return tuple(
        (rank, f"mot « {hit.group()} »")
        for rank, rule in enumerate(load_regles())
        if rule.nomenclature == "mot" and (hit := _pattern(rule.valeur).search(title))
    )


def _met_by_codes(
    romes: str, formacode: str, nsf: str, cfd: str, meant: tuple[tuple[Metier, ...], ...]
) -> Evidence:
    """Return the rules of codes that some codes meet; `meant` holds the jobs of each ROME."""
    codes = [code for code in romes.split("|") if code]
    others = {
        nom: next((code for code in held.split("|") if code), "")
        for nom, held in zip(_CODES, (formacode, nsf, cfd), strict=True)
    }
    found = []
    for rank, rule in enumerate(load_regles()):
        if rule.nomenclature in others:
            code = others[rule.nomenclature]
            if code.startswith(rule.valeur):
                found.append((rank, f"{rule.nomenclature} {code} ({rule.motif})"))
            continue
        if rule.nomenclature == "rome":
            agreed = [code for code in codes if code.startswith(rule.valeur)]
        elif rule.nomenclature in _FLAGS:
            pairs = zip(codes, meant, strict=True)
            agreed = [code for code, jobs in pairs if _are_flagged(jobs, rule)]
        else:
            continue
        if agreed and len(agreed) > PART_METIERS * len(codes):
            found.append((rank, f"rome {agreed[0]} ({rule.motif})"))
    return tuple(found)


def _are_flagged(jobs: tuple[Metier, ...], rule: RegleRev3) -> bool:
    """Tell whether most of some jobs bear the flag of a rule."""
    flagged = [job for job in jobs if getattr(job, _FLAGS[rule.nomenclature]) == rule.valeur]
    return bool(flagged) and 2 * len(flagged) > len(jobs)


def _may_hold(title: str, nomenclature: str) -> bool:
    """Tell whether a folded title holds the first word of a rule: most titles hold none."""
    words, starts = _first_words(nomenclature)
    return any(word in words or word.startswith(starts) for word in title.split())


@cache
def _first_words(nomenclature: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the first words of the rules of a nomenclature: whole ones, and starts."""
    firsts = {rule.valeur.split()[0] for rule in load_regles() if rule.nomenclature == nomenclature}
    starts = tuple(sorted(word.rstrip("*") for word in firsts if word.endswith("*")))
    return frozenset(word for word in firsts if not word.endswith("*")), starts


@lru_cache(maxsize=65536)
def _plain(intitule: str) -> str:
    """Return a folded title without the phrases that mislead (`mot_vide`)."""
    title = fold(intitule)
    if not _may_hold(title, "mot_vide"):
        return title
    for rule in load_regles():
        if rule.nomenclature == "mot_vide":
            title = _pattern(rule.valeur).sub(" ", title)
    return title


@cache
def _pattern(words: str) -> re.Pattern:
    """Return the pattern of whole words; a final * lets the last one go on."""
    return re.compile(
        rf"\b{re.escape(words.rstrip('*'))}{'[a-z]*' if words.endswith('*') else ''}\b"
    )
