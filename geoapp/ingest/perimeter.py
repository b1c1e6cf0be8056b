"""The perimeter of the known offer: what sources claim, cell by cell, checked against totals.

A cell is a voie, a level, a domain and a département.  It is `connue` when a
recent source claims all of it and, where an outside total is known, our offer
holds at least `PART_CONNUE` of it; `partielle` when only a part is claimed, or
held; `inconnue` when no source claims it.  Offers that happen to be there make
no claim: a catalogue with one nurse training does not hold care.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import pandas as pd

from geoapp.core.french import with_unit
from geoapp.core.schema import NIVEAUX, TABLES, VOIES, conform
from geoapp.ingest.totals import CASE, shares_by_case
from geoapp.sources.claims import (
    ANS_RECENTS,
    LignePerimetre,
    is_recent,
    newest_year,
    read_claims,
    real_domains,
)
from geoapp.sources.registry import Source

PART_CONNUE = 0.8
"""Part of an outside total under which a cell is held in part only."""


@dataclass(frozen=True)
class Tenue:
    """One claim, and the source that makes it."""

    source: Source
    ligne: LignePerimetre


def perimeter_table(
    sources: Iterable[Source],
    tables: Mapping[str, pd.DataFrame],
    counted: pd.DataFrame,
    departements: Sequence[str],
) -> pd.DataFrame:
    """Return the table `perimetre`: one row per voie, level, domain and département.

    Parameters
    ----------
    sources : iterable of Source
        Those that feed the offer; the order of the registry is that of the claims.
    tables : mapping
        `offres` and `communes`.
    counted : DataFrame
        What outside totals count (see `geoapp.ingest.totals.count_totals`).
    departements : sequence of str
        Codes of those of the region.
    """
    feeding = list(sources)
    newest = newest_year(one.millesime for one in feeding)
    claims = [Tenue(one, ligne) for one in feeding for ligne in read_claims(one.perimetre)]
    held, shares = _offers_by_case(tables), shares_by_case(counted)
    rows = []
    for case in product(VOIES, NIVEAUX, real_domains(), departements):
        mine = [one for one in claims if one.ligne.holds(*case)]
        row = dict(zip(CASE, case, strict=True)) | _decide(mine, newest, shares.get(case))
        rows.append(row | {"nb_offres": held.get(case, 0)})
    table = pd.DataFrame(rows, columns=TABLES["perimetre"].noms)
    return conform(table, "perimetre")


def _offers_by_case(tables: Mapping[str, pd.DataFrame]) -> dict[tuple, int]:
    """Return the number of our offers by cell; those of unknown place are in none."""
    offres, communes = tables["offres"][[*CASE[:3], "code_commune"]], tables["communes"]
    of_commune = communes.set_index("code_commune")["code_departement"]
    told = pd.DataFrame(
        {
            **{nom: offres[nom].astype("object") for nom in CASE[:3]},
            CASE[3]: offres["code_commune"].map(of_commune).astype("object"),
        }
    ).dropna()
    return told.value_counts().to_dict()


def _decide(claims: list[Tenue], newest: int | None, share: tuple[float, str] | None) -> dict:
    """Return the status of one cell, the claims it rests on, and why."""
    whole = [
        one for one in claims if one.ligne.est_complete and is_recent(one.source.millesime, newest)
    ]
    part, source_totale = share or (None, None)
    is_short = part is not None and part < PART_CONNUE
    statut = "inconnue" if not claims else "partielle" if is_short or not whole else "connue"
    # A partial list adds nothing to be said of what another source holds whole.
    said = whole or claims
    return {
        "statut": statut,
        "id_sources": "|".join(one.source.id for one in said) or None,
        "noms": "|".join(one.ligne.nom for one in said) or None,
        "millesimes": "|".join(one.source.millesime for one in said) or None,
        "types_diplome": "|".join(",".join(one.ligne.types_diplome) for one in said) or None,
        "part_connue": part,
        "source_totale": source_totale,
        "preuve": _proof(said, bool(whole), part),
    }


def _proof(said: list[Tenue], est_entiere: bool, part: float | None) -> str:
    """Return in one sentence where the status of a cell comes from."""
    if not said:
        return "Aucune source ne dit tenir cette offre."
    told = " ".join(dict.fromkeys(one.ligne.dit for one in said))
    if not est_entiere and any(one.ligne.est_complete for one in said):
        told += (
            f" Plus de {ANS_RECENTS} ans avant la source la plus récente : tenue pour partielle."
        )
    if part is not None:
        pupils = with_unit(str(round(part * 100)), "%")
        told += f" Notre offre tient l'établissement de {pupils} des élèves comptés à part."
    return told
