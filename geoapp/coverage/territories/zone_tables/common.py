"""What several tables of a sheet share: the column of an indicator, what no row means."""

from __future__ import annotations

from geoapp.core.french import (
    lower_first,
    upper_first,
)
from geoapp.coverage.indicators import (
    INDICATEURS,
    PETIT,
    say_missing,
)
from geoapp.coverage.offered import name_offer
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.tables import (
    ColonneTableau,
)
from geoapp.offer.perimeter import CONNUE, INCONNUE, LIBELLES


def indicator_column(nom: str, titre: str = "") -> ColonneTableau:
    """Return the column of an indicator, under its own title unless the table says the rest."""
    one = INDICATEURS[nom]
    counted = "personnes" if one.est_personnes else "entier"
    return ColonneTableau(
        nom=nom,
        titre=titre or one.titre,
        sens=one.sens,
        type=counted if one.type == "nombre" else one.type,
        vide=PETIT if one.est_personnes else say_missing(one),
    )


def no_offer(contenu: ContenuZone) -> str:
    """Return what a table of offers without row says."""
    nom = name_offer(contenu.question)
    return (
        where_known(contenu, f"{upper_first(nom.aucune)} n'est placé{nom.e} dans la zone.")
        if contenu.offre.est_connue
        else "Inconnue : le contour de la zone n'est pas connu."
    )


def where_known(contenu: ContenuZone, texte: str) -> str:
    """Return what a table without row says: nothing is told of an offer that is not collected."""
    status = contenu.couverture.ligne["perimetre"]
    if status == INCONNUE:
        return f"{LIBELLES[INCONNUE]} : rien ne peut en être dit."
    if status == CONNUE:
        return texte
    return f"Dans l'offre que nos sources tiennent : {lower_first(texte)}"
