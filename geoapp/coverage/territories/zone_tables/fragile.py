"""Tables of what a zone lacks or holds by a thread: white communes, bodies that stand alone."""

from __future__ import annotations

from functools import partial

import pandas as pd

from geoapp.core.french import (
    count,
    upper_first,
)
from geoapp.coverage.indicators import (
    MENTIONS,
)
from geoapp.coverage.offered import name_offer
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.tables import (
    ColonneTableau,
    Tableau,
    as_people,
    make_table,
    name_body,
)
from geoapp.coverage.territories.zone_tables.common import where_known
from geoapp.coverage.white_zones import CAUSES, SOLIDITES, name_term
from geoapp.reference.zonings import COMMUNE

NB_CITEES = 5
"""Communes named in one cell; the file has them all."""


def white_table(contenu: ContenuZone) -> Tableau:
    """Return the white communes of the zone, the most people first."""
    blanches = contenu.couverture.blanches
    valeurs = pd.DataFrame(
        {
            "nom": blanches["nom"],
            "code_commune": blanches["code_commune"],
            "population": as_people(blanches["population"]),
            "population_blanche": as_people(blanches["population_blanche"]),
            "cause": blanches["cause"].map(partial(name_term, termes=CAUSES)),
            "solidite": blanches["solidite"].map(partial(name_term, termes=SOLIDITES)),
        }
    )
    return make_table(
        "blanches",
        "Communes en zone blanche",
        (
            ColonneTableau(nom="nom", titre="Commune", sens="Nom de la commune"),
            ColonneTableau(nom="code_commune", titre="Code", sens="Code INSEE", est_cachee=True),
            ColonneTableau(
                nom="population",
                titre="Habitants",
                sens="Habitants de la commune",
                type="personnes",
            ),
            ColonneTableau(
                nom="population_blanche",
                titre="En zone blanche",
                sens="Habitants en zone blanche",
                type="personnes",
            ),
            ColonneTableau(nom="cause", titre="Cause", sens="Cause qui touche le plus d'habitants"),
            ColonneTableau(
                nom="solidite",
                titre=MENTIONS["solidite"].titre,
                sens="Robuste, ou fragile au choix du seuil",
            ),
        ),
        valeurs,
        vide=where_known(
            contenu, "Aucune commune de la zone n'a la moitié de ses habitants en zone blanche."
        ),
        cles=[f"{COMMUNE}:{code}" for code in blanches["code_commune"]],
    )


def sole_table(contenu: ContenuZone) -> Tableau:
    """Return the bodies that alone cover communes of the zone."""
    uniques, tenant = contenu.couverture.uniques, name_offer(contenu.question).tenant
    valeurs = uniques.assign(
        organisme=uniques["organisme"].map(name_body),
        population=as_people(uniques["population"]),
        premieres=[_firsts(noms) for noms in uniques["communes"]],
    )
    return make_table(
        "uniques",
        "Offreurs uniques",
        (
            ColonneTableau(
                nom="organisme",
                titre=upper_first(tenant),
                sens=f"{upper_first(tenant)} seul à portée des habitants couverts",
            ),
            ColonneTableau(
                nom="nb_communes",
                titre="Communes",
                sens="Communes qu'il couvre seul",
                type="entier",
            ),
            ColonneTableau(
                nom="population",
                titre="Habitants",
                sens="Habitants de ces communes, couverts ou non",
                type="personnes",
            ),
            ColonneTableau(nom="premieres", titre="D'abord", sens="Les plus peuplées"),
            ColonneTableau(
                nom="communes",
                titre="Lesquelles",
                sens="Noms, des plus peuplées aux moins peuplées",
                est_cachee=True,
            ),
        ),
        valeurs,
        vide=where_known(
            contenu, f"Aucune commune de la zone n'est couverte par un seul {tenant}."
        ),
    )


def _firsts(noms: str) -> str:
    """Return the first names of a list of communes."""
    every = noms.split(", ")
    return ", ".join(every[:NB_CITEES]) + (
        f" et {count(len(every) - NB_CITEES, 'autre')}" if len(every) > NB_CITEES else ""
    )
