"""The record of each formation in the national register of certifications (RNCP), when one is sure.

By the RNCP code that the source gives, else by its diploma (CFD, that of the MEF).  What is found
is told beside the codes of the source, which never change, with what it rests on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd

from geoapp.ingest.code_joins import cfd_from_mef
from geoapp.reference.codes.tracks import read_filieres

FICHES = ("fiche_rncp", "echeance_rncp", "rncp_remplacee_par", "preuve_rncp")
"""Columns of a formation that are worked out here."""

ACTIVE = "active"


@dataclass(frozen=True, kw_only=True)
class FicheRncp:
    """One record: its code, when it ends (AAAA-MM-JJ), whether it is active, what replaced it."""

    code: str
    echeance: str | None
    est_active: bool
    remplacee_par: str | None


@dataclass(frozen=True, kw_only=True)
class RegistreRncp:
    """The records by their code, and by the diploma that they certify."""

    par_code: Mapping[str, FicheRncp] = field(default_factory=dict)
    par_cfd: Mapping[str, tuple[FicheRncp, ...]] = field(default_factory=dict)

    def of_diploma(self, cfd: str) -> FicheRncp | None:
        """Return the record of a diploma: its only active one, else its only one."""
        mine = self.par_cfd.get(cfd, ())
        active = [one for one in mine if one.est_active]
        known = active or list(mine)
        return known[0] if len(known) == 1 else None


def read_register(table: pd.DataFrame | None) -> RegistreRncp:
    """Return the records of a nomenclature of key `code_rncp`; none without table."""
    if table is None:
        return RegistreRncp()
    columns = ("code_rncp", "code_cfd", "date_fin", "etat", "remplacee_par")
    frame = table.reindex(columns=list(columns)).astype("object")
    by_code: dict[str, FicheRncp] = {}
    by_cfd: dict[str, dict[str, FicheRncp]] = defaultdict(dict)
    for code, cfd, end, state, newer in frame.where(frame.notna(), "").itertuples(index=False):
        one = FicheRncp(
            code=code,
            echeance="-".join(reversed(end.split("/"))) or None,
            est_active=state.casefold() == ACTIVE,
            remplacee_par=newer or None,
        )
        by_code.setdefault(code, one)
        if cfd:
            by_cfd[cfd][code] = one
    diplomas = {cfd: tuple(found.values()) for cfd, found in by_cfd.items()}
    return RegistreRncp(par_code=by_code, par_cfd=diplomas)


def find_fiches(
    formations: pd.DataFrame, nomenclatures: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return `FICHES` of each formation, unknown when no record is sure.

    Parameters
    ----------
    formations : DataFrame
        code_rncp, code_cfd, code_mef; those that are absent are unknown.
    nomenclatures : mapping of DataFrame
        By key: code_rncp (the records), code_mef (the diploma of a year of study).
    """
    register = read_register(nomenclatures.get("code_rncp"))
    texts = formations.reindex(columns=["code_rncp", "code_cfd", "code_mef"]).astype("str")
    by_mef = cfd_from_mef(texts["code_mef"]).fillna(
        texts["code_mef"].map(read_filieres(nomenclatures).cfd).astype("str")
    )
    diplomas = texts["code_cfd"].fillna(by_mef)
    rows = zip(_texts(texts["code_rncp"]), _texts(diplomas), strict=True)
    found = [_record(*_choose(register, rncp, cfd)) for rncp, cfd in rows]
    return pd.DataFrame(found, index=formations.index, columns=list(FICHES), dtype="str")


def _texts(values: pd.Series) -> Iterable[str]:
    return values.astype("object").where(values.notna(), "")


def _choose(register: RegistreRncp, rncp: str, cfd: str) -> tuple[FicheRncp | None, str]:
    """Return the record of a formation and what it rests on; what the source says decides alone."""
    if rncp:
        return register.par_code.get(rncp), "code de la source"
    return register.of_diploma(cfd), f"diplôme {cfd}"


def _record(one: FicheRncp | None, preuve: str) -> tuple[str | None, ...]:
    if one is None:
        return (None,) * len(FICHES)
    return one.code, one.echeance, one.remplacee_par, preuve
