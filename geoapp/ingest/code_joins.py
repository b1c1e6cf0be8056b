"""Find the ROME and Formacode that a source leaves out, by joins that decide without doubt.

In order: the code of Certif Info, the CFD, the CFD that a MEF holds, the title.
The references are Certif Info and the formations of the build that have their
codes.  When the rows of one key do not agree, what they share is kept, else
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from geoapp.core.texts import by_distinct, distinct_rows
from geoapp.reference.codes import normalise_cfd
from geoapp.reference.codes.text import fold

DIPLOMES_MEF = {
    "241": "500",
    "271": "503",
    "247": "400",
    "311": "320",
    "371": "323",
    "441": "260",
    "253": "010",
    "322110": "320",
    "322120": "323",
    "323110": "320",
    "23K000": "010",
}
"""Level of a MEF (3 characters) or MEFSTAT11 (6) → first three characters of its CFD."""

_TAILS = re.compile(
    r"\b(entierement en distanciel|1ere annee commune|reserve aux mises a niveau"
    r"|a referentiel( commun)? europeen|en apprentissage|bac plus \d)\b"
)
_SAME = (
    ("certificat de specialisation agricole", "csa"),
    ("certificat de specialisation", "mc"),
    ("mention complementaire", "mc"),
)
_EMPTY = frozenset(
    "a au aux d de des du e en et l la le les opt option specialite mention ne".split()
)
LUES = ("intitule", "code_rome", "code_formacode", "code_cfd", "code_certifinfo", "code_mef")
"""Columns of a formation that what is found rests on."""

_CERTIF_INFO, _OFFRE = "Certif Info", "même diplôme dans l'offre"
_COLUMNS = ["code_rome", "code_formacode", "libelle", "preuve"]


def find_codes(formations: pd.DataFrame, certifications: pd.DataFrame | None) -> pd.DataFrame:
    """Return code_rome, code_formacode, libelle and preuve of each formation.

    A code of the formation itself comes first.  `libelle` is that of the
    certification in Certif Info; `preuve` says what each thing found rests on.
    """
    used = list(formations.columns.intersection(LUES))
    # Titles and codes repeat much in a large offer.
    rank, mine = distinct_rows(formations[used])
    keys = _keys(mine)
    refs = _references(mine, keys, certifications)
    given = zip(_plain(mine["code_rome"]), _plain(mine["code_formacode"]), keys, strict=True)
    rows = [_complete(rome, formacode, key, refs) for rome, formacode, key in given]
    found = pd.DataFrame(rows, columns=_COLUMNS, dtype="str")
    return found.take(rank).set_axis(formations.index)


def _plain(values: pd.Series) -> list:
    """Return values with None for unknown."""
    return values.astype("object").where(values.notna(), None).tolist()


def _keys(formations: pd.DataFrame) -> list[tuple[tuple[str, str], ...]]:
    """Return the (kind, value) keys of each formation, the surest first."""
    unknown = pd.Series(None, index=formations.index, dtype="str")
    mefs = formations.get("code_mef", unknown)
    columns = {
        "certifinfo": formations["code_certifinfo"],
        "cfd": formations["code_cfd"],
        "mef": cfd_from_mef(mefs),
        "titre": formations["intitule"].map(title_key),
    }
    rows = zip(*map(_plain, columns.values()), strict=True)
    return [
        tuple((kind, value) for kind, value in zip(columns, row, strict=True) if value)
        for row in rows
    ]


def cfd_from_mef(values: pd.Series) -> pd.Series:
    """Return the CFD held by a MEF (10 or 11 digits) or a MEFSTAT11.

    NA when its level is none of `DIPLOMES_MEF`.
    """
    return by_distinct(values, _cfd_of)


def _cfd_of(values: pd.Series) -> pd.Series:
    """Do what `cfd_from_mef` does once by distinct value."""
    by_mef = values.str[:3].map(DIPLOMES_MEF) + values.str[3:8]
    by_mefstat = values.str[:6].map(DIPLOMES_MEF) + values.str[6:11]
    return normalise_cfd(by_mefstat.fillna(by_mef).astype("str"))


def title_key(title: str) -> str:
    """Return what is compared of a title.

    No accent, plural, option letter or word without meaning.
    """
    text = _TAILS.sub(" ", fold(title))
    for long, short in _SAME:
        text = text.replace(long, short)
    words = [word.rstrip("s") for word in text.split() if word not in _EMPTY]
    return " ".join(word for word in words if len(word) > 1 or word.isdigit())


def _references(formations: pd.DataFrame, keys: list, certifications: pd.DataFrame | None) -> dict:
    """Return key → (ROME, Formacode, label, name of the reference) on which all its rows agree."""
    rows: dict[tuple[str, str], list] = {}
    for certifinfo, cfd, label, rome, formacode in _certification_rows(certifications):
        listed = ("certifinfo", certifinfo), ("cfd", cfd), ("mef", cfd), ("titre", title_key(label))
        for key in listed:
            if key[1]:
                rows.setdefault(key, []).append((label, rome, formacode, _CERTIF_INFO))
    romes, formacodes = _plain(formations["code_rome"]), _plain(formations["code_formacode"])
    offer = {row for row in zip(romes, formacodes, keys, strict=True) if row[0] or row[1]}
    # In an order of their own: the rows of a set come as they like.
    for rome, formacode, mine in sorted(offer, key=repr):
        for kind, value in mine:
            # A CFD is also what a MEF of another source holds.
            for key in {(kind, value), ("mef" if kind == "cfd" else kind, value)}:
                # Where Certif Info has jobs, the offer adds none.
                known = [row for row in rows.get(key, []) if row[-1] == _CERTIF_INFO]
                if not any(row[1] for row in known):
                    rows.setdefault(key, []).append((None, rome, formacode, _OFFRE))
    return {key: _agree(several) for key, several in rows.items()}


def _certification_rows(certifications: pd.DataFrame | None) -> Iterable[tuple]:
    """Return (Certif Info, CFD, label, ROME, Formacode) of each certification."""
    if certifications is None:
        return ()
    columns = ["code_certifinfo", "code_cfd", "libelle", "code_rome", "code_formacode"]
    full = certifications.dropna(subset="libelle").reindex(columns=columns)
    return zip(*(_plain(full[column]) for column in columns), strict=True)


def _agree(rows: list[tuple]) -> tuple:
    """Return what the rows of one key share, and who said it."""
    romes = [row[1].split("|") for row in rows if row[1]]
    shared = [code for code in romes[0] if all(code in codes for codes in romes)] if romes else []
    formacodes = {row[2] for row in rows if row[2]}
    labels = {row[0] for row in rows if row[0]}
    return "|".join(shared) or None, _only(formacodes), _only(labels), rows[0][-1]


def _only(values: set) -> str | None:
    """Return the only value, or None."""
    return next(iter(values)) if len(values) == 1 else None


def _complete(rome: str | None, formacode: str | None, keys: tuple, refs: dict) -> tuple:
    """Return codes, label and evidence of one formation, from the first key that gives each."""
    found = {"ROME": (rome, "source"), "Formacode": (formacode, "source"), "libellé": (None, "")}
    for kind, value in keys:
        *values, origin = refs.get((kind, value), (None, None, None, ""))
        by = "intitulé" if kind == "titre" else f"{kind} {value}"
        for name, got in zip(found, values, strict=True):
            if not found[name][0] and got:
                found[name] = (got, f"{origin}, {by}")
    values = [value for value, _ in found.values()]
    proofs = "; ".join(f"{name} : {proof}" for name, (value, proof) in found.items() if value)
    return *values, proofs or None
