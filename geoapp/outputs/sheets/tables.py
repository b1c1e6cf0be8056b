"""The tables of a zone, as files."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geoapp.coverage.territories.tables import Tableau
from geoapp.outputs.files.model import Fichier, as_columns

_FICHIER = {
    "texte": "texte",
    "entier": "entier",
    "personnes": "entier",
    "part": "reel",
    "cout": "reel",
    "taux": "reel",
}


def to_file(tableau: Tableau, notice: Sequence[tuple[str, str]]) -> Fichier:
    """Return a table as a file, to be written as CSV or XLSX."""
    table = tableau.valeurs.astype("object")
    for colonne in tableau.colonnes:
        if colonne.type in ("entier", "personnes"):
            table[colonne.nom] = [
                value if isinstance(value, str) or pd.isna(value) else round(value)
                for value in table[colonne.nom]
            ]
    rows = [(one.nom, one.titre, one.sens, _FICHIER[one.type]) for one in tableau.colonnes]
    return Fichier(
        table=table,
        colonnes=as_columns(*rows),
        notice=notice,
        titre=tableau.titre,
        nom=tableau.nom,
    )
