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
_JOUR = r"20\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_COUNTS = ("nb_actions", "nb_sessions", "nb_sessions_a_distance")


def read_by_departement(
    lecture: Lecture, source: Source, communes: pd.DataFrame
) -> tuple[pd.DataFrame, Bilan]:
    """Return the formations of a source by département, level and domain, and its counts.

    A row of an unknown département, without title or identifier, is a reject.
    A sum is NA when none of its terms is known.
    """
    columns = list(USAGES["offre_departement"].colonnes)
    journal = Journal(lecture.frame.reindex(columns=columns).astype("str"))
    _normalise_codes(journal, source)
    _normalise_counts(journal)
    _normalise_days(journal)
    padded = journal.frame["code_departement"].str.zfill(2)
    journal.replace("code_departement", padded, "zero_restitue")
    is_known = padded.astype("object").isin(set(communes["code_departement"]))
    journal.refuse("code_departement", ~is_known, "departement_inconnu", with_original=True)
    for column in ("intitule", "id_formation"):
        journal.refuse(column, journal.frame[column].isna(), "valeur_absente")
    journal.refuse_repeats()
    bilan = Bilan.of(source.id, lecture, journal)
    return _count(journal.kept()).assign(id_source=source.id), bilan


def _normalise_codes(journal: Journal, source: Source) -> None:
    """Work out the level and put the codes in their normal form."""
    frame, notation = journal.frame, source.options.get("niveau", "europeen")
    frame["niveau_sortie"] = codes.normalise_niveau(frame["niveau"], notation=notation)
    journal.set_aside("niveau", frame["niveau"].notna() & frame["niveau_sortie"].isna())
    formacode, nsf = frame["code_formacode"], frame["code_nsf"]
    for column, normal in (
        ("code_formacode", codes.normalise_formacode(formacode)),
        ("code_nsf", codes.normalise_nsf(nsf)),
    ):
        journal.replace(column, normal, "code_normalise", quiet_if_valid=True)


def _normalise_counts(journal: Journal) -> None:
    """Keep whole numbers from zero to a million."""
    for column in _COUNTS:
        values = journal.frame[column]
        number = pd.to_numeric(values, errors="coerce")
        good = number.ge(0) & number.lt(1e6) & number.mod(1).eq(0)
        journal.replace(column, values.where(good), "", quiet_if_valid=True)


def _normalise_days(journal: Journal) -> None:
    """Keep the day of an extraction, whatever hour follows it."""
    days = journal.frame["date_extraction"].str.slice(0, 10)
    good = days.str.fullmatch(_JOUR).fillna(False).astype(bool)
    journal.replace("date_extraction", days.where(good), "", quiet_if_valid=True)


def _count(kept: pd.DataFrame) -> pd.DataFrame:
    """Return the counts by département, level and domain."""
    flat = kept.assign(
        code_domaine=_domaines(kept),
        **{name: pd.to_numeric(kept[name]).astype("Int64") for name in _COUNTS},
    )
    # A level that is not told makes groups of its own.
    groups = flat.groupby(_KEYS, dropna=False)
    result = groups[list(_COUNTS)].sum(min_count=1)
    result["date_extraction"] = groups["date_extraction"].max()
    result["nb_formations"] = groups["id_formation"].nunique()
    return result.reset_index()


def _domaines(kept: pd.DataFrame) -> pd.Series:
    """Return the domain of each row."""
    if kept.empty:
        return pd.Series(index=kept.index, dtype="str")
    used = kept[["intitule", "code_formacode", "code_nsf"]].assign(code_rome=None, code_cfd=None)
    return codes.assign_domaine(used.astype("str"))["code_domaine"]


def no_departement_offers() -> pd.DataFrame:
    """Return the table `offres_departements` of a build that has no source of them."""
    return conform(pd.DataFrame(columns=TABLES["offres_departements"].noms), "offres_departements")
