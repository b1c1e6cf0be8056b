"""The tables of a zone, as files."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from geoapp.core.french import lower_first
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.territories.sheet import FicheTerritoire
from geoapp.coverage.territories.tables import INCONNU, ColonneTableau, Tableau
from geoapp.outputs.files.model import ColonneFichier, Fichier
from geoapp.outputs.provenance import tell_provenance

_FICHIER: dict[str, dict] = {
    "texte": {"type": "texte"},
    "entier": {"type": "entier"},
    "personnes": {"type": "entier"},
    "part": {"type": "reel", "est_part": True, "decimales": 1},
    "cout": {"type": "reel", "decimales": 1},
    "taux": {"type": "reel", "decimales": 3},
}
"""How a file holds each type of column."""


def zone_notice(snapshot: Snapshot, fiche: FicheTerritoire) -> list[tuple[str, str]]:
    """Return what must travel with each table: zone, question, what limits it, sources, date."""
    sources = fiche.tableaux["sources"].valeurs
    return [
        ("Zone", f"{fiche.titre} ({fiche.cle})"),
        ("Question", fiche.question),
        *(("À savoir", one) for one in (*fiche.avertissements, *fiche.notes)),
        *tell_provenance(snapshot, sources.to_dict("records"), lower_first(fiche.titre)),
    ]


def to_file(tableau: Tableau, notice: Sequence[tuple[str, str]]) -> Fichier:
    """Return a table as a file, to be written as CSV or XLSX."""
    table = tableau.valeurs.astype("object")
    for colonne in tableau.colonnes:
        if colonne.type in ("entier", "personnes"):
            table[colonne.nom] = [
                value if isinstance(value, str) or pd.isna(value) else round(value)
                for value in table[colonne.nom]
            ]
    return Fichier(
        table=table,
        colonnes=[_column(one, tableau.unite) for one in tableau.colonnes],
        notice=notice,
        titre=tableau.titre,
        nom=tableau.nom,
    )


def _column(one: ColonneTableau, unite: str) -> ColonneFichier:
    """Return a column of a file; a cell that is empty for another reason than unknown says it."""
    return ColonneFichier(
        nom=one.nom,
        titre=one.titre,
        sens=one.sens,
        unite=unite if one.type == "cout" else "",
        dire_vide=None if one.vide == INCONNU else lambda row: one.vide,
        **_FICHIER[one.type],
    )
