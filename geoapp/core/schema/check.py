"""Give a frame the shape of its table, and check that it obeys its contract."""

from __future__ import annotations

import hashlib

import pandas as pd

from geoapp.core.errors import ContractError
from geoapp.core.schema.model import Colonne, Table
from geoapp.core.schema.tables import TABLES
from geoapp.core.texts import is_among

_DTYPES = {"texte": "str", "entier": "Int64", "reel": "float64", "booleen": "boolean"}


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
        if colonne.type in _DTYPES:
            result[colonne.nom] = result[colonne.nom].astype(_DTYPES[colonne.type])
    result = result[table.noms].reset_index(drop=True)
    keys = result[list(table.cle)].sort_values(list(table.cle), kind="stable")
    # Most tables come in their order: their columns are then not taken again.
    is_sorted = keys.index.is_monotonic_increasing
    return result if is_sorted else result.take(keys.index).reset_index(drop=True)


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
    import pandera.pandas as pa

    columns = {c.nom: _pandera_column(pa, c) for c in table.colonnes}
    contract = pa.DataFrameSchema(columns, unique=list(table.cle), strict=True)
    try:
        contract.validate(pd.DataFrame(frame), lazy=True)
    except pa.errors.SchemaErrors as error:
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
    return not frame.duplicated(list(table.cle)).any()


def _pandera_column(pa, colonne: Colonne):
    """Return one row of the schema as a pandera column."""
    checks = [pa.Check.isin(list(colonne.valeurs))] if colonne.valeurs else []
    dtype = _DTYPES.get(colonne.type)
    return pa.Column(dtype, checks=checks, nullable=not colonne.requis, title=colonne.sens)


def check_references(frames: dict[str, pd.DataFrame]) -> None:
    """Raise `ContractError` unless every reference between `frames` resolves.

    A reference that is NA is allowed: it says "unknown".
    """
    for nom, frame in frames.items():
        for colonne in TABLES[nom].colonnes:
            if not colonne.renvoi or frame.empty:
                continue
            target, key = colonne.renvoi.split(".")
            values = frame[colonne.nom]
            lost = values[values.notna() & ~is_among(values, frames[target][key])]
            if len(lost):
                raise ContractError(
                    f"{nom}.{colonne.nom} renvoie à {len(lost)} valeur(s) absente(s) "
                    f"de {colonne.renvoi}, par exemple « {lost.iloc[0]} »."
                )
