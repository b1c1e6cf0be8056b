"""Tables of what is known of the offer: counts by département, defects, sources."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    count,
    upper_first,
)
from geoapp.coverage.offered import name_offer
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.tables import (
    ColonneTableau,
    Tableau,
    make_table,
)

_DEPARTEMENTS = (
    ColonneTableau(
        nom="nom",
        titre="Département",
        sens="Département entier, même quand la zone n'en est qu'une partie",
    ),
    ColonneTableau(
        nom="code_departement", titre="Code", sens="Code du département", est_cachee=True
    ),
    ColonneTableau(
        nom="nb_formations",
        titre="Formations",
        sens="Formations que la source compte dans le département",
        type="entier",
    ),
    ColonneTableau(
        nom="nb_actions",
        titre="Actions",
        sens="Actions de formation ; vide si aucune n'est connue",
        type="entier",
    ),
    ColonneTableau(
        nom="nb_sessions",
        titre="Sessions ouvertes",
        sens="Sessions ouvertes à la date de la source ; vide si aucune n'est connue",
        type="entier",
    ),
    ColonneTableau(
        nom="nb_sessions_a_distance",
        titre="Dont à distance",
        sens="Sessions à distance ; vide si aucune n'est connue",
        type="entier",
    ),
    ColonneTableau(nom="titre", titre="Source", sens="Titre de la source"),
    ColonneTableau(
        nom="millesime",
        titre="Millésime",
        sens="Jour de l'extraction quand la source le donne, sinon millésime de la source",
    ),
    ColonneTableau(nom="producteur", titre="Producteur", sens="Qui la produit", est_cachee=True),
    ColonneTableau(nom="licence", titre="Licence", sens="Conditions de réemploi", est_cachee=True),
)
"""Columns of the table by département, before what is told of invented data."""


def departements_table(contenu: ContenuZone) -> Tableau:
    """Return what is known by département alone, a row by département and source."""
    bloc = contenu.departements
    valeurs = bloc.lignes.assign(
        fictive=["données fictives" if est else "" for est in bloc.lignes["est_fictive"]]
    )
    return make_table(
        "departements",
        "Formations connues seulement par département",
        (
            *_DEPARTEMENTS,
            ColonneTableau(
                nom="fictive",
                titre="À savoir",
                sens="Données de démonstration",
                vide="",
                est_cachee=not bloc.est_fictive,
            ),
        ),
        valeurs,
        vide="Aucune source de cet instantané n'en donne.",
        note=_without_address(contenu),
    )


def _without_address(contenu: ContenuZone) -> str:
    """Say what the counts by département are not."""
    part = (
        ""
        if contenu.zone.type_zone == "departement"
        else " On ne sait pas lesquelles sont données dans la zone."
    )
    apart = contenu.departements.sans_effet
    filters = (
        " Leur source ne permet pas d'appliquer "
        f"{'le critère' if len(apart) == 1 else 'les critères'} : {', '.join(apart)}."
        if apart
        else ""
    )
    return (
        "Sans adresse, elles ne sont sur aucune carte et ne comptent ni dans l'offre ni dans la "
        f"couverture de cette page.{part}{filters}"
    )


def quality_table(contenu: ContenuZone) -> Tableau:
    """Return how good the data of the offer are, in the zone and in the region."""
    qualite, nom = contenu.qualite, name_offer(contenu.question)
    many = upper_first(nom.des)
    return make_table(
        "qualite",
        "Qualité des données de l'offre",
        (
            ColonneTableau(nom="titre", titre="Défaut", sens="Ce qui manque ou qui est douteux"),
            ColonneTableau(
                nom="nb", titre="Dans la zone", sens=f"{many} de la zone", type="entier"
            ),
            ColonneTableau(
                nom="part",
                titre="Part",
                sens=f"Part des {nom.des} de la zone",
                type="part",
                vide="sans objet",
            ),
            ColonneTableau(
                nom="nb_region",
                titre="Dans la région",
                sens=f"{many} de la région",
                type="entier",
            ),
            ColonneTableau(
                nom="part_region",
                titre="Part (région)",
                sens=f"Part des {nom.des} de la région",
                type="part",
                vide="sans objet",
            ),
        ),
        qualite.defauts,
        vide="",
        note=_unplaced(contenu),
    )


def _unplaced(contenu: ContenuZone) -> str:
    """Say what is left out because it has no place."""
    qualite, parts = contenu.qualite, []
    if qualite.nb_non_placees:
        lost = count(qualite.nb_non_placees, "formation de la région", "formations de la région")
        here = count(qualite.nb_non_placees_zone, "est dans une commune", "sont dans des communes")
        end = (
            f"{here} de la zone."
            if qualite.nb_non_placees_zone
            else "on ne sait pas si certaines sont dans la zone."
        )
        parts.append(f"{lost} sans position connue : {end}")
    if qualite.nb_a_distance:
        remote = count(
            qualite.nb_a_distance,
            "formation entièrement à distance",
            "formations entièrement à distance",
        )
        parts.append(f"{remote}, accessibles partout, ne comptent pas.")
    return " ".join(parts)


def sources_table(contenu: ContenuZone) -> Tableau:
    """Return the sources of the offer of the zone, then the others behind its figures."""
    mine, others = contenu.qualite.sources, contenu.qualite.autres
    many = upper_first(name_offer(contenu.question).des)
    valeurs = pd.concat([mine, others.assign(nb_offres=None)], ignore_index=True)
    valeurs["nb_offres"] = valeurs["nb_offres"].astype("object")
    return make_table(
        "sources",
        "Sources et millésimes",
        (
            ColonneTableau(nom="titre", titre="Source", sens="Titre"),
            ColonneTableau(nom="producteur", titre="Producteur", sens="Qui la produit"),
            ColonneTableau(nom="millesime", titre="Millésime", sens="Date ou année"),
            ColonneTableau(nom="licence", titre="Licence", sens="Conditions de réemploi"),
            ColonneTableau(
                nom="nb_offres",
                titre=f"{many} de la zone",
                sens=f"{many} de la zone qui en viennent",
                type="entier",
                vide="",
            ),
        ),
        valeurs,
    )
