"""Simplified training domains: one principal domain per offer, evidence kept.

Everything is in two tables.  ``geodata/domaines.csv`` names the domains in
plain French; ``geodata/domaines_regles.csv`` says what leads to them: a
prefix of Formacode, ROME, CFD or NSF, optionally with a word that the title
must hold, or a word alone.  Adding a domain or a rule is adding a row.

Inside one nomenclature the longest prefix wins, then the longest word.  Between
nomenclatures the domain with most voices (`VOIX`) wins, then `PRIORITE`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache

import pandas as pd

from geoapp.core.config import GEODATA
from geoapp.reference.codes.identifiers import (
    normalise_cfd,
    normalise_formacode,
    normalise_nsf,
    normalise_rome,
)
from geoapp.reference.codes.text import (
    as_code,
    as_text,
    first_code,
    fold,
    map_distinct,
    on_scalar_too,
)

DOMAINE_AUTRE = "autre"
PREUVE_AUCUNE = "aucune"
Candidates = tuple[tuple[str, str], ...]

# When the votes are equal, the first of these wins.  Formacode says what is
# taught, and its first code is by definition the principal one; ROME tells
# cook from butcher where NSF has one group; a word of the title is last.
PRIORITE = ("formacode", "rome", "cfd", "nsf", "mot")
# A nomenclature has two voices, a word of the title one: it settles a draw
# between nomenclatures, and never outvotes two that agree.
VOIX = {"formacode": 2, "rome": 2, "cfd": 2, "nsf": 2, "mot": 1}
_COLUMNS = {
    "formacode": ("code_formacode", normalise_formacode),
    "rome": ("code_rome", normalise_rome),
    "cfd": ("code_cfd", normalise_cfd),
    "nsf": ("code_nsf", normalise_nsf),
}


def load_domaines() -> pd.DataFrame:
    """Return the domains: code_domaine, libelle, definition (text), ordre (integer)."""
    return _domaines().copy()


@cache
def _domaines() -> pd.DataFrame:
    """Do what `load_domaines` gives a copy of, once."""
    return _table("domaines.csv").astype({"ordre": "int64"})


def load_regles() -> pd.DataFrame:
    """Return the rules as text: code_domaine, nomenclature, valeur, mot, commentaire."""
    return _table("domaines_regles.csv").copy()


@cache
def _table(name: str) -> pd.DataFrame:
    """Read one of our tables as text, empty cells as empty text."""
    return pd.read_csv(
        GEODATA / name, sep=";", dtype="str", keep_default_na=False, encoding="utf-8"
    )


def assign_domaine(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the principal domain of each offer and the evidence for it.

    Parameters
    ----------
    frame : DataFrame
        Columns read when present: code_formacode, code_rome, code_nsf,
        code_cfd (each may hold several codes parted by "|"), intitule.

    Returns
    -------
    DataFrame
        Same index and row count.  ``code_domaine`` is never NA: "autre" when
        no code or word is known.  ``preuve_domaine`` says what decided, such
        as "formacode 42752", "rome G1602", "nsf 221", "nsf 221 + mot
        « cuisine »", "mot « cuisine »", or "aucune".
    """
    evidence = read_evidence(frame)
    rows = evidence[list(PRIORITE)].itertuples(index=False, name=None)
    decided = [_elect(row) for row in rows]
    return pd.DataFrame(
        decided, index=frame.index, columns=["code_domaine", "preuve_domaine"], dtype="str"
    )


def domain_of(romes: str, intitule: str) -> str:
    """Return the domain of jobs (ROME codes parted by "|") and words, as `assign_domaine` does."""
    title = fold(intitule)
    found = {"rome": _candidates("rome", romes, title), "mot": _by_word(title)}
    return _elect(tuple(found.get(name, ()) for name in PRIORITE))[0]


@lru_cache(maxsize=65536)
def _elect(row: tuple[Candidates, ...]) -> tuple[str, str]:
    """Return the domain with most voices and the first evidence that names it."""
    voices: Counter[str] = Counter()
    proofs: dict[str, str] = {}
    for nomenclature, candidates in zip(PRIORITE, row, strict=True):
        for domaine, proof in candidates:
            voices[domaine] += VOIX[nomenclature]
            proofs.setdefault(domaine, proof)
    if not voices:
        return DOMAINE_AUTRE, PREUVE_AUCUNE
    # max keeps the first of equals, and a Counter the order of PRIORITE.
    winner = max(voices, key=voices.__getitem__)
    return winner, proofs[winner]


def read_evidence(frame: pd.DataFrame) -> pd.DataFrame:
    """Return, per nomenclature of `PRIORITE`, the (domain, evidence) pairs it gives.

    Each cell is a tuple, empty when the nomenclature says nothing.  ROME may
    give several domains, equally often named; the others give one at most.
    A CFD with a rule of its own silences NSF, which it refines.  Serves
    `assign_domaine`, and to measure how far the nomenclatures agree.
    """
    absent = pd.Series(pd.NA, index=frame.index, dtype="object")
    titles = as_text(frame.get("intitule", absent)).fillna("")
    titles = map_distinct(titles, fold)
    codes = {
        name: normalise(frame.get(column, absent)) for name, (column, normalise) in _COLUMNS.items()
    }
    codes["nsf"] = codes["nsf"].fillna(nsf_from_cfd(codes["cfd"]))
    found = {name: _by_code(name, column, titles) for name, column in codes.items()}
    found["nsf"] = [() if cfd else nsf for cfd, nsf in zip(found["cfd"], found["nsf"], strict=True)]
    found["mot"] = [_by_word(title) for title in titles]
    return pd.DataFrame(found, index=frame.index, dtype="object")


def _by_code(nomenclature: str, codes: pd.Series, titles: pd.Series) -> list[Candidates]:
    """Return the candidates of each cell."""
    cells = zip(codes.astype("object").fillna(""), titles, strict=True)
    return [_candidates(nomenclature, cell, title) if cell else () for cell, title in cells]


@lru_cache(maxsize=65536)
def _candidates(nomenclature: str, cell: str, title: str) -> Candidates:
    """Return the domains of a cell: of the first code known, or for ROME the most named."""
    hits = [hit for code in cell.split("|") if (hit := _rule(nomenclature, code, title))]
    if nomenclature != "rome":
        return tuple(hits[:1])
    # Lists of ROME codes come sorted, not by importance: the first is not the main one.
    voices = Counter(domaine for domaine, _ in hits)
    most = max(voices.values(), default=0)
    best = {domaine: proof for domaine, proof in reversed(hits) if voices[domaine] == most}
    return tuple((domaine, best[domaine]) for domaine in voices if domaine in best)


def _rule(nomenclature: str, code: str, title: str) -> tuple[str, str] | None:
    """Return (domain, evidence) of one code: longest prefix, then longest word."""
    rules = _regles_by_prefix(nomenclature)
    for length in range(len(code), 0, -1):
        for word, domaine in rules.get(code[:length], ()):
            if not word:
                return domaine, f"{nomenclature} {code}"
            if hit := _word_pattern(word).search(title):
                return domaine, f"{nomenclature} {code} + mot « {hit.group()} »"
    return None


@cache
def _regles_by_prefix(nomenclature: str) -> dict[str, list[tuple[str, str]]]:
    """Return prefix → [(word, domain)], longest word first, no word last."""
    table = load_regles()
    rows = table.loc[table["nomenclature"].eq(nomenclature)]
    rules: dict[str, list[tuple[str, str]]] = {}
    for row in rows.itertuples(index=False):
        rules.setdefault(row.valeur, []).append((row.mot, row.code_domaine))
    return {prefix: sorted(pairs, key=_longest_first) for prefix, pairs in rules.items()}


def _longest_first(pair: tuple[str, str]) -> tuple[int, str]:
    return -len(pair[0]), pair[0]


@cache
def _word_pattern(start: str) -> re.Pattern:
    """Return a pattern that finds a word, or words, beginning like this."""
    return re.compile(rf"\b{re.escape(start)}[a-z]*")


@cache
def _words() -> tuple[re.Pattern, dict[str, str], re.Pattern]:
    """Return the pattern of title words, longest first, their domains, the empty words."""
    table = load_regles()
    rows = table.loc[table["nomenclature"].eq("mot")]
    domains = dict(zip(rows["valeur"], rows["code_domaine"], strict=True))
    empty = table.loc[table["nomenclature"].eq("mot_vide"), "valeur"]
    return (
        re.compile(rf"\b({_alternatives(domains)})[a-z]*"),
        domains,
        re.compile(rf"\b(?:{_alternatives(empty)})\b"),
    )


def _alternatives(words: Iterable[str]) -> str:
    """Return the words as alternatives of a pattern, longest first."""
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))


@lru_cache(maxsize=65536)
def _by_word(title: str) -> Candidates:
    """Return the domain of the longest word known in a folded title, the first if equal."""
    pattern, domains, empty = _words()
    hits = list(pattern.finditer(empty.sub(" ", title)))
    if not hits:
        return ()
    best = max(hits, key=lambda hit: len(hit.group(1)))
    return ((domains[best.group(1)], f"mot « {best.group()} »"),)


@on_scalar_too
def nsf_from_cfd(values: pd.Series) -> pd.Series:
    """Return the NSF group held by a CFD: its characters 4 to 6."""
    return normalise_nsf(first_code(normalise_cfd(values)).str[3:6])


@on_scalar_too
def nsf_from_mef(values: pd.Series) -> pd.Series:
    """Return the NSF group held by a MEF (10 or 11 digits): its characters 4 to 6."""
    codes = as_code(values)
    return normalise_nsf(codes.where(codes.str.len().isin([10, 11])).str[3:6])


@on_scalar_too
def nsf_from_mefstat(values: pd.Series) -> pd.Series:
    """Return the NSF group held by a MEFSTAT11: its characters 7 to 9."""
    codes = as_code(values)
    return normalise_nsf(codes.where(codes.str.len().eq(11)).str[6:9])
