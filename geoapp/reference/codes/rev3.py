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
from geoapp.reference.codes.jobs import Rome, choose_metiers, read_rome
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
    decide = lru_cache(maxsize=65536)(lambda row: _decide(dict(zip(_USED, row, strict=True)), jobs))
    decided = [decide(row) for row in cells.itertuples(index=False, name=None)]
    return pd.DataFrame(decided, index=frame.index, columns=["rev3", "preuve_rev3"], dtype="str")


def _decide(offer: dict[str, str], rome: Rome) -> tuple[str | None, str | None]:
    """Return the transitions of one offer and the evidence of each."""
    found = list_evidence(offer, rome)
    kept = {}
    for transition in TRANSITIONS:
        best: dict[str, tuple[int, str]] = {}
        for rule, proof in found:
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


def list_evidence(offer: dict[str, str], rome: Rome) -> list[tuple[RegleRev3, str]]:
    """Return every rule that one offer meets, with what met it; `assign_rev3` counts the voices."""
    title = _plain(offer["intitule"])
    return [(rule, proof) for rule in load_regles() if (proof := _meet(rule, offer, title, rome))]


def _meet(rule: RegleRev3, offer: dict[str, str], title: str, rome: Rome) -> str:
    """Return the evidence of one rule for one offer, or an empty text."""
    if rule.nomenclature == "mot":
        hit = _pattern(rule.valeur).search(title)
        return f"mot « {hit.group()} »" if hit else ""
    if rule.nomenclature in _CODES:
        code = next((code for code in offer[_CODES[rule.nomenclature]].split("|") if code), "")
        return f"{rule.nomenclature} {code} ({rule.motif})" if code.startswith(rule.valeur) else ""
    codes = [code for code in offer["code_rome"].split("|") if code]
    if rule.nomenclature == "rome":
        agreed = [code for code in codes if code.startswith(rule.valeur)]
    elif rule.nomenclature in _FLAGS:
        agreed = [code for code in codes if _is_flagged(code, offer["intitule"], rule, rome)]
    else:
        return ""
    return (
        f"rome {agreed[0]} ({rule.motif})"
        if agreed and len(agreed) > PART_METIERS * len(codes)
        else ""
    )


def _is_flagged(code: str, intitule: str, rule: RegleRev3, rome: Rome) -> bool:
    """Tell whether most of the jobs meant by a code bear the flag."""
    jobs = choose_metiers(code, intitule, rome)
    flagged = [job for job in jobs if getattr(job, _FLAGS[rule.nomenclature]) == rule.valeur]
    return bool(flagged) and 2 * len(flagged) > len(jobs)


@lru_cache(maxsize=65536)
def _plain(intitule: str) -> str:
    """Return a folded title without the phrases that mislead (`mot_vide`)."""
    title = fold(intitule)
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
