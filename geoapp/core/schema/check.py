"""Give a frame the shape of its table, and check that it obeys its contract."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from geoapp.core.errors import ContractError
from geoapp.core.schema.model import Colonne, Table
from geoapp.core.schema.tables import TABLES
from geoapp.core.texts import is_among

_DTYPES = {
    "texte": pd.api.types.pandas_dtype("str"),
    "entier": pd.Int64Dtype(),
    "reel": np.dtype("float64"),
    "booleen": pd.BooleanDtype(),
}


def fingerprint() -> str:
    """Return a digest of the tables and their columns.

    Two versions that agree read each other's snapshots.
    """
    text = "\n".join(
        f"{table.nom}:{','.join(f'{c.nom} {c.type}' for c in table.colonnes)}"
        for table in TABLES.values()
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def conform(frame: pd.DataFrame, nom: str) -> pd.DataFrame:
    """Return `frame` with the columns, order, types and row order of table `nom`.

    Missing optional columns are added as NA, columns outside the contract are
    dropped, rows are sorted by the primary key so that equal content gives
    equal bytes.  The row count never changes.
    """
    table = TABLES[nom]
    result = frame.copy()
    for colonne in table.colonnes:
        if colonne.nom not in result:
            result[colonne.nom] = None
        dtype = _DTYPES.get(colonne.type)
        if dtype is not None and result[colonne.nom].dtype != dtype:
            result[colonne.nom] = result[colonne.nom].astype(dtype)
    result = result[table.noms].reset_index(drop=True)
    keys = result[list(table.cle)]
    # Most tables come in their order: they are not sorted again.
    if tell_order(keys) is not None:
        return result
    order = keys.sort_values(list(table.cle), kind="stable").index
    return result.take(order).reset_index(drop=True)


def tell_order(keys: pd.DataFrame) -> bool | None:
    """Tell whether rows in the order of their columns are all different; None for another order.

    None too when a column is unknown somewhere.
    """
    is_tied = np.ones(max(len(keys) - 1, 0), dtype=bool)
    for nom in keys:
        values = pa.array(keys[nom])
        if values.null_count or isinstance(values, pa.ChunkedArray):
            return None
        before, after = values[:-1], values[1:]
        if np.asarray(pc.greater(before, after))[is_tied].any():
            return None
        is_tied &= np.asarray(pc.equal(before, after))
    return not is_tied.any()


def check_table(frame: pd.DataFrame, nom: str) -> None:
    """Raise `ContractError` unless `frame` obeys the contract of table `nom`.

    Checked: the columns present and their types, required values, accepted
    values and the uniqueness of the primary key.
    """
    table = TABLES[nom]
    if _obeys(frame, table):
        return
    # Only to tell what is wrong: pandera takes a second to import, and describes the unknown values
    # of each column even where they are accepted.
    import pandera.pandas as pandera

    columns = {c.nom: _pandera_column(pandera, c) for c in table.colonnes}
    contract = pandera.DataFrameSchema(columns, unique=list(table.cle), strict=True)
    try:
        contract.validate(pd.DataFrame(frame), lazy=True)
    except pandera.errors.SchemaErrors as error:
        cases = error.failure_cases[["column", "check", "failure_case"]].head(5)
        raise ContractError(
            f"La table « {nom} » rompt son contrat :\n{cases.to_string(index=False)}"
        ) from None


def _obeys(frame: pd.DataFrame, table: Table) -> bool:
    """Tell whether a frame obeys its contract beyond doubt."""
    if sorted(frame.columns) != sorted(table.noms):
        return False
    for colonne in table.colonnes:
        values = frame[colonne.nom]
        if colonne.type in _DTYPES and values.dtype != _DTYPES[colonne.type]:
            return False
        if colonne.requis and values.isna().any():
            return False
        if colonne.valeurs and not values.dropna().isin(list(colonne.valeurs)).all():
            return False
    keys = frame[list(table.cle)]
    return bool(tell_order(keys)) or not keys.duplicated().any()


def _pandera_column(pandera, colonne: Colonne):
    """Return one row of the schema as a pandera column."""
    checks = [pandera.Check.isin(list(colonne.valeurs))] if colonne.valeurs else []
    dtype = _DTYPES.get(colonne.type)
    return pandera.Column(dtype, checks=checks, nullable=not colonne.requis, title=colonne.sens)


def check_references(frames: Mapping[str, Any]) -> None:
    """Raise `ContractError` unless every reference between `frames` resolves.

    A reference that is NA is allowed: it says "unknown".
    """
    asking: dict[str, list[tuple[str, str]]] = {}
    for nom, frame in frames.items():
        for colonne in TABLES[nom].colonnes:
            if colonne.renvoi and not frame.empty:
                asking.setdefault(colonne.renvoi, []).append((nom, colonne.nom))
    for renvoi, columns in asking.items():
        # A packed table is read each time that it is asked: what is referred to, once for all.
        target, key = renvoi.split(".")
        known = frames[target][key]
        for nom, column in columns:
            values = frames[nom][column]
            lost = values[values.notna() & ~is_among(values, known)]
            if len(lost):
                raise ContractError(
                    f"{nom}.{column} renvoie à {len(lost)} valeur(s) absente(s) "
                    f"de {renvoi}, par exemple « {lost.iloc[0]} »."
                )
