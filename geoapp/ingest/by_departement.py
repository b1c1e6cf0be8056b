"""Offers whose source gives a département and no address: counted there, never placed on a map."""

from __future__ import annotations

import pandas as pd

from geoapp.core.schema import TABLES, conform
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal
from geoapp.reference import codes
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source
from geoapp.sources.usages import USAGES

_KEYS = ["code_departement", "niveau_sortie", "code_domaine"]
_COUNTS = ("nb_actions", "nb_sessions", "nb_sessions_a_distance")


def read_by_departement(
    lecture: Lecture, source: Source, communes: pd.DataFrame
) -> tuple[pd.DataFrame, Bilan]:
    """Return the formations of a source counted by département, level and domain, and the counts of its rows.

    A row of an unknown département, without title or identifier, is a reject.
    A sum is NA when none of its terms is known.
    """
    journal = Journal(
        lecture.frame.reindex(columns=list(USAGES["offre_departement"].colonnes)).astype("str")
    )
    frame = journal.frame
    frame["niveau_sortie"] = codes.normalise_niveau(
        frame["niveau"], notation=source.options.get("niveau", "europeen")
    )
    journal.set_aside("niveau", frame["niveau"].notna() & frame["niveau_sortie"].isna())
    for column, normalise in (
        ("code_formacode", codes.normalise_formacode),
        ("code_nsf", codes.normalise_nsf),
    ):
        journal.replace(column, normalise(frame[column]), "code_normalise", quiet_if_valid=True)
    for column in _COUNTS:
        number = pd.to_numeric(frame[column], errors="coerce")
        journal.replace(
            column,
            frame[column].where(number.ge(0) & number.lt(1e6) & number.mod(1).eq(0)),
            "",
            quiet_if_valid=True,
        )
    days = frame["date_extraction"].str.slice(0, 10)
    journal.replace(
        "date_extraction",
        days.where(
            days.str.fullmatch(r"20\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
            .fillna(False)
            .astype(bool)
        ),
        "",
        quiet_if_valid=True,
    )
    padded = frame["code_departement"].str.zfill(2)
    journal.replace("code_departement", padded, "zero_restitue")
    known = set(communes["code_departement"])
    journal.refuse(
        "code_departement",
        ~padded.astype("object").isin(known),
        "departement_inconnu",
        with_original=True,
    )
    for column in ("intitule", "id_formation"):
        journal.refuse(column, frame[column].isna(), "valeur_absente")
    journal.refuse_repeats()
    kept = journal.kept()
    bilan = Bilan(
        source.id,
        lecture.nb_lues,
        len(kept),
        lecture.rejets + journal.rejets,
        lecture.corrections + journal.kept_corrections(),
    )
    return _count(kept).assign(id_source=source.id), bilan


def _count(kept: pd.DataFrame) -> pd.DataFrame:
    """Return the counts by département, level and domain."""
    flat = kept.assign(
        code_domaine=_domaines(kept),
        **{name: pd.to_numeric(kept[name]).astype("Int64") for name in _COUNTS},
    )
    groups = flat.groupby(_KEYS, dropna=False)
    result = groups[list(_COUNTS)].sum(min_count=1)
    result["date_extraction"] = groups["date_extraction"].max()
    result["nb_formations"] = groups["id_formation"].nunique()
    return result.reset_index()


def _domaines(kept: pd.DataFrame) -> pd.Series:
    if kept.empty:
        return pd.Series(index=kept.index, dtype="str")
    used = (
        kept[["intitule", "code_formacode", "code_nsf"]]
        .assign(code_rome=None, code_cfd=None)
        .astype("str")
    )
    return codes.assign_domaine(used)["code_domaine"]


def no_departement_offers() -> pd.DataFrame:
    """Return the table `offres_departements` of a build that has no source of them."""
    return conform(pd.DataFrame(columns=TABLES["offres_departements"].noms), "offres_departements")
