"""The perimeter as a director reads it: one box by voie and level, and the totals that check it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from geoapp.core.french import (
    count,
    format_decimal,
    format_number,
    join_words,
    upper_first,
    with_unit,
)
from geoapp.core.schema import NIVEAUX, STATUTS, VOIES
from geoapp.core.snapshot import Snapshot
from geoapp.offer.perimeter import CONNUE, INCONNUE, PARTIELLE
from geoapp.reference.codes.domains import load_domaines

MOTS = {CONNUE: "Connue", PARTIELLE: "En partie", INCONNUE: "Inconnue"}
"""Status of a whole box, in words."""

NB_CITES = 3
"""Exceptions named in one box; beyond, they are counted."""


@dataclass(frozen=True, kw_only=True)
class CaseGrille:
    """One box: a voie and a level; `statuts` has a row by département and a column by domain."""

    voie: str
    niveau: str
    statuts: pd.DataFrame
    nb_offres: int
    tenues: tuple[str, ...]

    @cached_property
    def effectifs(self) -> dict[str, int]:
        """Return the number of cells of each status."""
        statuts = self.statuts.to_numpy(dtype=object)
        return {one: int((statuts == one).sum()) for one in STATUTS}

    @property
    def resume(self) -> str:
        """Return the box in words: « Connue, sauf Santé (inconnue) »."""
        nb = self.effectifs
        main = max(STATUTS, key=lambda one: nb[one])
        others = [self._exception(one) for one in STATUTS if one != main and nb[one]]
        return f"{MOTS[main]}, sauf {join_words(others)}" if others else MOTS[main]

    def _exception(self, statut: str) -> str:
        """Return where a status is met: whole domains by name, single cells counted."""
        names = load_domaines().set_index("code_domaine")["libelle"]
        met = self.statuts.eq(statut)
        whole = [names[code] for code in met.columns if met[code].all()]
        rest = int(met.loc[:, ~met.all()].to_numpy().sum())
        told = whole if len(whole) <= NB_CITES else [count(len(whole), "domaine")]
        if rest:
            told = [*told, count(rest, "case")]
        return f"{join_words(told)} ({MOTS[statut].lower()})"


def perimeter_grid(snapshot: Snapshot) -> list[list[CaseGrille]]:
    """Return the boxes: a line by voie, a column by level."""
    table = snapshot.read("perimetre")
    known = table.pivot(
        index=["voie", "niveau_sortie", "code_departement"],
        columns="code_domaine",
        values="statut",
    )
    order = load_domaines().sort_values("ordre")["code_domaine"]
    statuts = known[[code for code in order if code in known]]
    return [[_box(table, statuts, voie, niveau) for niveau in NIVEAUX] for voie in VOIES]


def _box(table: pd.DataFrame, statuts: pd.DataFrame, voie: str, niveau: str) -> CaseGrille:
    """Return one box."""
    mine = table[table["voie"].eq(voie) & table["niveau_sortie"].eq(niveau)]
    names = mine["noms"].dropna().str.split("|").explode().drop_duplicates()
    return CaseGrille(
        voie=voie,
        niveau=niveau,
        statuts=statuts.loc[(voie, niveau)],
        nb_offres=int(mine["nb_offres"].sum()),
        tenues=tuple(names),
    )


def _share(held: int, total: int) -> str:
    """Return a share in words; "" of nothing."""
    if not total:
        return ""
    return with_unit(format_decimal(100 * held / total, 1).removesuffix(",0"), "%")


def _named(sujet: str, titre: str) -> str:
    """Return what is counted, and by whom: said once when the title begins by it."""
    return titre if titre.lower().startswith(sujet.lower()) else f"{sujet} : {titre}"


def list_totals(snapshot: Snapshot) -> list[tuple[str, str, str, str, str, str]]:
    """Return what is counted outside, its year, its level, the total, what we hold, the share.

    A count hidden in one département is in none of its sums.
    """
    table = snapshot.read("totaux")
    sources = snapshot.read("sources").set_index("id_source")
    if not len(table):
        return []
    known = table.dropna(subset=["nb_total", "nb_tenus"]).assign(
        niveau_sortie=table["niveau_sortie"]
        .astype("object")
        .where(table["niveau_sortie"].notna(), "")
    )
    groups = known.groupby(["id_source", "sujet", "niveau_sortie"], sort=False)
    rows = []
    for (id_source, sujet, niveau), part in groups:
        total, held = int(part["nb_total"].sum()), int(part["nb_tenus"].sum())
        source = sources.loc[id_source]
        rows.append(
            (
                _named(upper_first(sujet), source["titre"]),
                str(source["millesime"]),
                f"Niveau {niveau}" if niveau else "Tous",
                format_number(total),
                format_number(held),
                _share(held, total),
            )
        )
    return sorted(rows)
