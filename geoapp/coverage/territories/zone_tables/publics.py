"""Table of the people of priority quarters and rural zones, beside the others."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from geoapp.core.french import (
    lower_first,
)
from geoapp.coverage.indicators import (
    PETIT,
)
from geoapp.coverage.offered import worded
from geoapp.coverage.publics import Public
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.coverage import PublicZone
from geoapp.coverage.territories.tables import (
    ColonneTableau,
    Tableau,
    make_table,
)
from geoapp.coverage.territories.zone_tables.common import indicator_column
from geoapp.offer.perimeter import INCONNUE, VIDE
from geoapp.reference.zonings import COMPARES

_PUBLICS = (
    ColonneTableau(nom="public", titre="Public", sens="Habitants comparés"),
    ColonneTableau(
        nom="ou",
        titre="Où",
        sens="Dans la zone, ailleurs dans la zone, ou dans toute la région",
    ),
    ColonneTableau(
        nom="population",
        titre="Habitants",
        sens="Habitants du public",
        type="personnes",
        vide=PETIT,
    ),
    indicator_column("part_couverte"),
    indicator_column("population_non_couverte", "Non couverts"),
    indicator_column("mediane"),
    indicator_column("e2sfca"),
    ColonneTableau(
        nom="note",
        titre="À savoir",
        sens="Limite de la comparaison",
        vide="",
        est_cachee=True,
    ),
)
"""Columns of the table of publics, in the order of `_public_rows`."""


def publics_table(contenu: ContenuZone) -> Tableau:
    """Return the access of the residents of QPV and rural zones, beside the others, the region."""
    publics, question = contenu.couverture.publics, contenu.question
    rows = [row for public in publics for row in _public_rows(public)]
    statuts = [one.perimetre for public in publics for _, one in _sides(public)]
    table = make_table(
        "publics",
        "Habitants des quartiers prioritaires et des zones rurales",
        [
            replace(one, titre=worded(one.titre, question), sens=worded(one.sens, question))
            for one in _PUBLICS
        ],
        pd.DataFrame(rows, columns=[colonne.nom for colonne in _PUBLICS]),
        unite=contenu.question.unite,
        vide=_no_public(contenu),
        note=" ".join(
            dict.fromkeys(
                f"{public.ici.groupe} : {lower_first(public.ici.note)}"
                for public in publics
                if public.ici.note
            )
        ),
        est_groupee=True,
    )
    words = [
        [*row[:3], *([VIDE] * (len(row) - 3))] if statut == INCONNUE else row
        for row, statut in zip(table.mots, statuts, strict=True)
    ]
    return replace(table, mots=words)


def _no_public(contenu: ContenuZone) -> str:
    """Return why no public is compared: a quarter is not compared with itself."""
    if contenu.zone.type_zone in COMPARES:
        return (
            "La zone est elle-même un de ces territoires. "
            "Aucun habitant d'un autre d'entre eux n'y vit, à notre connaissance."
        )
    return (
        "Aucun habitant de la zone n'est dans un quartier prioritaire ni dans une zone rurale "
        "classée, à notre connaissance."
    )


def _public_rows(public: PublicZone) -> list[tuple]:
    """Return the rows of one public: here, elsewhere in the zone, in the region."""
    return [
        (
            public.ici.groupe,
            where,
            one.population,
            one.part_couverte,
            one.population_non_couverte,
            one.mediane,
            one.e2sfca,
            public.ici.note,
        )
        for where, one in _sides(public)
    ]


def _sides(public: PublicZone) -> list[tuple[str, Public]]:
    """Return where each side of a comparison is, and its access."""
    sides = (
        ("dans la zone", public.ici),
        ("ailleurs dans la zone", public.ailleurs),
        ("même public, région", public.region),
    )
    return [(where, one) for where, one in sides if one is not None]
