"""What a build did with each source: counts, rejects, corrections, and their tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from geoapp.core.errors import ContractError
from geoapp.core.french import count
from geoapp.core.repairs import REPARATIONS
from geoapp.core.schema import conform
from geoapp.offer.journal import Journal
from geoapp.offer.rows import OffreLue
from geoapp.sources.fetch import Located
from geoapp.sources.records import Lecture


@dataclass(kw_only=True)
class Bilan:
    """Counts of one source: rows read = valid + rejected, always."""

    id_source: str
    nb_lues: int = 0
    nb_valides: int = 0
    rejets: list[dict] = field(default_factory=list)
    corrections: list[dict] = field(default_factory=list)
    nb_extras: int = 0
    complements: dict[str, int] = field(default_factory=dict)
    """UAI → valid rows that complete another offer of this establishment."""
    nb_placees: int | None = None
    nb_douteuses: int | None = None
    nb_hors_region: int | None = None
    nb_par_code: int | None = None
    """Of a source checked alone: rows that only the code of their establishment may place."""
    note: str = ""

    @classmethod
    def of(cls, id_source: str, lecture: Lecture, journal: Journal) -> Bilan:
        """Return the counts of a lecture whose rows a journal has checked, one by one."""
        return cls(
            id_source=id_source,
            nb_lues=lecture.nb_lues,
            nb_valides=len(journal.kept()),
            rejets=lecture.rejets + journal.rejets,
            corrections=lecture.corrections + journal.kept_corrections(),
            note=" ".join(lecture.notes),
        )

    @classmethod
    def of_reading(cls, id_source: str, lecture: Lecture) -> Bilan:
        """Return the counts of a lecture: what was read and not refused is valid."""
        return cls(
            id_source=id_source,
            nb_lues=lecture.nb_lues,
            nb_valides=lecture.nb_lues - len(lecture.rejets),
            rejets=lecture.rejets,
            corrections=lecture.corrections,
        )

    @classmethod
    def of_offer(cls, id_source: str, lecture: Lecture, checked: OffreLue) -> Bilan:
        """Return the counts of a lecture whose rows are those of an offer."""
        return cls(
            id_source=id_source,
            nb_lues=lecture.nb_lues,
            nb_valides=len(checked.flat),
            rejets=lecture.rejets + checked.rejets,
            corrections=lecture.corrections + checked.corrections,
            note=" ".join(lecture.notes),
        )

    def count_apart(self, nb: int, why: str = "d'une autre région ou d'une autre année") -> None:
        """Count `nb` rows that were read and are of another region or year.

        Valid, left aside, and said to be.
        """
        if nb:
            self.nb_lues += nb
            self.nb_valides += nb
            told = f"{count(nb, 'ligne')} {why} : lues, laissées de côté."
            self.note = " ".join(filter(None, (self.note, told)))

    def check(self) -> None:
        """Raise `ContractError` when a row was lost."""
        if self.nb_lues != self.nb_valides + len(self.rejets):
            raise ContractError(
                f"Source « {self.id_source} » : {self.nb_lues} lignes lues, "
                f"{self.nb_valides} valides, {len(self.rejets)} rejetées."
            )


def sources_table(located: list[Located], bilans: dict[str, Bilan]) -> pd.DataFrame:
    """Return the table `sources`: one row per source of the registry, used or not."""
    rows = [_source_row(one, bilans.get(one.source.id)) for one in located]
    return conform(pd.DataFrame(rows), "sources")


def _source_row(one: Located, bilan: Bilan | None) -> dict:
    """Return the row of one source; counts are NA when it was not read."""
    source = one.source
    notes = (source.note, one.note, bilan.note if bilan else "")
    row: dict[str, object] = {
        "id_source": source.id,
        "titre": source.titre,
        "producteur": source.producteur,
        "licence": source.licence,
        "millesime": source.millesime,
        "rythme": source.rythme or None,
        "adresse": source.adresse or None,
        "usage": source.usage,
        "mode": one.mode,
        "fichier": one.path.name if one.path else None,
        "sha256": one.sha256,
        "date_obtention": one.obtenu_le[:10] or None,
        "alerte": one.alerte or None,
        "note": " ".join(filter(None, notes)) or None,
    }
    if bilan is not None:
        bilan.check()
        row |= {
            "nb_lues": bilan.nb_lues,
            "nb_valides": bilan.nb_valides,
            "nb_rejetees": len(bilan.rejets),
            "nb_complements": sum(bilan.complements.values()) if bilan.complements else None,
            "nb_placees": bilan.nb_placees,
            "nb_douteuses": bilan.nb_douteuses,
            "nb_hors_region": bilan.nb_hors_region,
            "nb_corrections": len(bilan.corrections),
        }
    return row


def records_table(bilans: dict[str, Bilan], nom: str) -> pd.DataFrame:
    """Return the table `rejets` or `corrections` of every source."""
    records = [
        {"id_source": b.id_source, **record} for b in bilans.values() for record in getattr(b, nom)
    ]
    # Without any record, the columns of the key: the table is sorted by them.
    frame = pd.DataFrame(records, columns=None if records else ["id_source", "ligne", "colonne"])
    if nom == "corrections" and records:
        frame["reparation"] = frame["type_correction"].map(REPARATIONS)
    return conform(frame, nom)
