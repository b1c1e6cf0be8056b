"""Tables of what is taught in a zone, and of its places of information."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    NON_RENSEIGNE,
    POSITIONS,
)
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.sentences.common import label_levels
from geoapp.coverage.territories.tables import (
    ColonneTableau,
    Tableau,
    make_table,
)
from geoapp.coverage.territories.zone_tables.common import no_offer
from geoapp.reference.codes.voies import VOIES


def offer_table(contenu: ContenuZone) -> Tableau:
    """Return the offer by domain × level × voie, one row by case met."""
    names = contenu.couverture.domaines.set_index("code_domaine")["domaine"].to_dict()
    cases = contenu.offre.cases
    valeurs = pd.DataFrame(
        {
            "domaine": [names.get(code, NON_RENSEIGNE) for code in cases["code_domaine"]],
            "niveau": [label_levels().get(code, NON_RENSEIGNE) for code in cases["niveau_sortie"]],
            "voie": [VOIES.get(code, NON_RENSEIGNE) for code in cases["voie"]],
            "nb_offres": cases["nb_offres"],
            "nb_lieux": cases["nb_lieux"],
            "nb_places": cases["nb_places"],
            "nb_sans_places": cases["nb_sans_places"],
        }
    )
    return make_table(
        "offre",
        "Offre par domaine, niveau et voie",
        (
            ColonneTableau(nom="domaine", titre="Domaine", sens="Domaine simplifié"),
            ColonneTableau(nom="niveau", titre="Niveau", sens="Niveau de sortie"),
            ColonneTableau(nom="voie", titre="Voie", sens="Voie d'accès"),
            ColonneTableau(
                nom="nb_offres",
                titre="Formations",
                sens="Formations dont le lieu est dans la zone",
                type="entier",
            ),
            ColonneTableau(nom="nb_lieux", titre="Lieux", sens="Lieux distincts", type="entier"),
            ColonneTableau(
                nom="nb_places",
                titre="Places connues",
                sens="Somme des places que les sources donnent ; vide si aucune ne les donne",
                type="entier",
            ),
            ColonneTableau(
                nom="nb_sans_places",
                titre="Formations sans places connues",
                sens="Formations dont le nombre de places n'est pas donné",
                type="entier",
            ),
        ),
        valeurs,
        vide=no_offer(contenu),
    )


def places_table(contenu: ContenuZone) -> Tableau:
    """Return the places of information of the zone, by name."""
    lignes = contenu.offre.lignes.sort_values(["titre", "id_action"])
    valeurs = pd.DataFrame(
        {
            "nom": lignes["titre"],
            "sorte": lignes["nom_organisme"],
            "commune": lignes["nom_commune"],
            "adresse": lignes["adresse"],
            "position": lignes["precision_position"].map(POSITIONS),
        }
    )
    return make_table(
        "offre",
        "Lieux d'information et d'orientation de la zone",
        (
            ColonneTableau(nom="nom", titre="Lieu", sens="Nom, tel que la source le dit"),
            ColonneTableau(nom="sorte", titre="Sorte", sens="Sorte de lieu"),
            ColonneTableau(nom="commune", titre="Commune", sens="Commune du lieu"),
            ColonneTableau(
                nom="adresse", titre="Adresse", sens="Adresse de la source", vide="non donnée"
            ),
            ColonneTableau(
                nom="position",
                titre="Position",
                sens="Comment le point est connu",
                est_cachee=True,
            ),
        ),
        valeurs,
        vide=no_offer(contenu),
    )
