"""The columns of the offer, as rows: adding one is adding a row to `taught`, `given` or `placed`.

From these rows come the columns that a source may give, those of the tables
`formations`, `actions`, `sessions`, `lieux` and `offres` with the dictionary,
what a merge of duplicates completes, what cards, sheets, exports and the API
show, and the LHÉO elements that are read and written.
"""

from __future__ import annotations

from collections.abc import Iterator

from geoapp.core.schema.model import Colonne
from geoapp.core.schema.offer_columns.given import GIVEN
from geoapp.core.schema.offer_columns.placed import PLACED
from geoapp.core.schema.offer_columns.row import ColonneOffre
from geoapp.core.schema.offer_columns.taught import TAUGHT

COLONNES_OFFRE: tuple[ColonneOffre, ...] = (*TAUGHT, *GIVEN, *PLACED)
"""Every column but the keys, in an order that each table keeps."""

LUES: tuple[ColonneOffre, ...] = tuple(row for row in COLONNES_OFFRE if row.est_lue)
"""Those that a source may give."""

FLAT: tuple[str, ...] = tuple(row.nom_plat for row in LUES)
"""Their names, those of a flat offer: one row per action and place."""

LHEO: dict[str, tuple[str, ...]] = {
    row.nom_plat: tuple(row.lheo.split("/")) for row in LUES if row.lheo
}
"""Column of a flat offer → path of its element, under `formation`."""

RUBRIQUES = ("identite", "quoi", "codes", "dates", "places", "cout", "lien", "lieu", "position")
"""Headings under which a column may be shown."""


def columns_of(table: str) -> tuple[ColonneOffre, ...]:
    """Return the columns that a table holds beside its keys, in its order."""
    return tuple(row for row in COLONNES_OFFRE if table in row.tables)


def contract_of(table: str) -> Iterator[Colonne]:
    """Yield the rows of the contract of a table, its keys left out."""
    return (row.in_table(table) for row in columns_of(table))


def content_of(part: str) -> tuple[str, ...]:
    """Return the columns of a flat offer whose content tells apart two of its parts."""
    return tuple(row.nom_plat for row in COLONNES_OFFRE if row.part == part)


def shown_in(rubrique: str) -> tuple[ColonneOffre, ...]:
    """Return the columns of one heading of cards, sheets and exports."""
    return tuple(row for row in COLONNES_OFFRE if row.rubrique == rubrique)
