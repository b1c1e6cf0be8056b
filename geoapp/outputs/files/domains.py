"""How a layer of offers is coloured in QGIS: by domain, the same colours in every file."""

from __future__ import annotations

from collections.abc import Sequence

from geoapp.outputs.files.model import POINT, ColonneFichier
from geoapp.outputs.files.qml import INCONNU, category_style
from geoapp.reference.codes.domains import DOMAINE_AUTRE, load_domaines

COULEURS = (
    "#2e7d32",
    "#e07b00",
    "#c2185b",
    "#8d6e63",
    "#37474f",
    "#1565c0",
    "#f9c500",
    "#00838f",
    "#7b1fa2",
    "#5c6bc0",
    "#004d40",
    "#a1440b",
    "#d32f2f",
    "#ec8fb3",
    "#ab7fd0",
    "#b8860b",
    "#26a69a",
    "#7cb342",
    "#00b0e0",
    "#9e2a5b",
)
"""One colour by domain, in their order; « other » is grey."""


def domain_style(colonne: str, colonnes: Sequence[ColonneFichier]) -> str:
    """Return the style of offers coloured by `colonne`, which holds the codes of domains."""
    known = load_domaines().sort_values("ordre")
    colours = iter(COULEURS)
    categories = [
        (
            row.code_domaine,
            row.libelle,
            INCONNU if row.code_domaine == DOMAINE_AUTRE else next(colours, INCONNU),
        )
        for row in known.itertuples()
    ]
    return category_style(colonne, categories, colonnes, POINT)
