"""What each filter reads in an offer: one text, or several values parted by « | ».

Every reader takes the table `offres` and the day, and returns a Series of text
without NA, same index and length.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from geoapp.offer.starts import read_starts, start_value
from geoapp.reference.codes.text import map_distinct

INCONNU = "inconnu"
AUCUNE = "aucune"


def yes(flags: pd.Series) -> pd.Series:
    """Return where a column of yes and no says yes, as plain booleans: unknown is not yes."""
    return flags.astype("boolean").fillna(False).astype(bool)


def is_yes(flag) -> bool:
    """Tell whether one value of a column of yes and no says yes."""
    return bool(pd.notna(flag) and flag)


def join_by_group(
    values: pd.Series,
    group: pd.Series | pd.Index,
    join: Callable[[list[str]], str] = "|".join,
) -> pd.Series:
    """Return the texts of each group in one, in the order of the groups: those of each in theirs.

    As `groupby(group).agg(join)`, without a Series by group; a row of no group is in none.  A text
    that is alone stays as it is.
    """
    codes, labels = pd.factorize(group, sort=True)
    order = np.argsort(codes, kind="stable")
    order = order[np.searchsorted(codes[order], 0) :]
    texts = values.astype("object").to_numpy()[order]
    sizes = np.bincount(codes[order], minlength=len(labels))
    starts = np.cumsum(sizes) - sizes
    joined = texts[starts]
    for rank in np.flatnonzero(sizes > 1).tolist():
        joined[rank] = join(texts[starts[rank] : starts[rank] + sizes[rank]].tolist())
    return pd.Series(joined, index=labels, dtype="str")


def entity_of(offres: pd.DataFrame) -> pd.Series:
    """Return the legal entity of each offer (`id_entite`), else its body; NA without body."""
    return offres["id_entite"].fillna(offres["id_organisme"])


def read_entity(offres: pd.DataFrame, today: date) -> pd.Series:
    """Return the legal entity of each offer, `inconnu` without body."""
    return entity_of(offres).fillna(INCONNU)


def read_column(colonne: str) -> Callable[[pd.DataFrame, date], pd.Series]:
    """Return how a plain column is read, NA being `inconnu`."""
    return lambda offres, today: offres[colonne].fillna(INCONNU)


def read_flag(colonne: str) -> Callable[[pd.DataFrame, date], pd.Series]:
    """Return how a column of yes and no is read."""
    return lambda offres, today: (
        offres[colonne].astype("object").map({True: "oui", False: "non"}).fillna(INCONNU)
    )


def read_prix(offres: pd.DataFrame, today: date) -> pd.Series:
    """Return what is known of the price: free, something left to pay, a price given.

    Two of them may hold.
    """
    told = offres["est_gratuite"].astype("object").map({True: "gratuit", False: "a_charge"})
    is_given = offres[["prix_eur", "prix_horaire_eur"]].notna().any(axis=1)
    given = is_given.map({True: "indique", False: ""})
    both = told.fillna("").astype("object") + "|" + given
    return both.str.strip("|").replace("", INCONNU)


def read_zones(offres: pd.DataFrame, today: date) -> pd.Series:
    """Return the zones of each offer: `type:code`, and each `type` once."""
    return map_distinct(offres["zones"].fillna("").astype("object"), _with_types).astype("object")


def _with_types(texte: str) -> str:
    zones = [zone for zone in texte.split("|") if zone]
    return "|".join([*zones, *dict.fromkeys(zone.partition(":")[0] for zone in zones)])


def read_debut(offres: pd.DataFrame, today: date) -> pd.Series:
    """Return when each offer starts, seen from the day (keys of `DEBUTS`)."""
    return map_distinct(read_starts(offres), lambda starts: start_value(starts, today))


def read_rev3(offres: pd.DataFrame, today: date) -> pd.Series:
    """Return the transitions that each offer serves, `aucune` when it serves none."""
    return offres["rev3"].fillna("").replace("", AUCUNE)
