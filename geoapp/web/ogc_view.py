"""What the pages of `/ogc` show to people: collections, features, a feature, codes in words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from flask import url_for

from geoapp.outputs.files.model import plain_rows
from geoapp.outputs.files.shown import say_cell, shown_title
from geoapp.outputs.ogc.collections import Collection
from geoapp.outputs.ogc.features import Features
from geoapp.web.presentation import Query

NB_COLONNES = 6
"""Columns of the table of a page for people; a feature shows them all."""


def list_rows(collections: Iterable[Collection]) -> list[dict]:
    """Return collections as rows of a table."""
    return [
        {
            "nom": one.id,
            "titre": one.titre,
            "sens": one.description,
            "adresse": url_for("ogc.items", nom=one.id, f="html"),
        }
        for one in collections
    ]


def list_values(features: Features, rank: int) -> list[tuple[str, str]]:
    """Return a feature as (title, words) pairs; what is unknown, and says not why, is left out."""
    noms = features.fichier.noms
    (row,) = plain_rows(features.table.iloc[[rank]], noms)
    whole = dict(zip(noms, row, strict=True))
    told = (
        (shown_title(one), say_cell(one, whole[one.nom], whole))
        for one in features.fichier.attributs
    )
    return [(titre, words) for titre, words in told if words]


def table_of(one: Collection, features: Features, ranks: np.ndarray) -> Query:
    """Return some features as rows of a table, by their first columns that are no identifier."""
    told = [c for c in features.fichier.attributs if not c.nom.startswith("id_")]
    columns = told[:NB_COLONNES]
    noms = features.fichier.noms
    rows = (
        dict(zip(noms, row, strict=True)) for row in plain_rows(features.table.iloc[ranks], noms)
    )
    return {
        "colonnes": [("Objet", ""), *((shown_title(c), c.nom) for c in columns)],
        "lignes": [
            {
                "cle": features.ids[rank],
                "adresse": url_for("ogc.item", nom=one.id, cle=features.ids[rank], f="html"),
                **{c.nom: say_cell(c, row[c.nom], row) for c in columns},
            }
            for rank, row in zip(ranks.tolist(), rows, strict=True)
        ],
    }
