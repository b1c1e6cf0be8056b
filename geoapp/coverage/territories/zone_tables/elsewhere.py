"""Tables of what is near but outside a zone, and of what it lacks."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    join_words,
    upper_first,
)
from geoapp.coverage.model import Question, describe_reach
from geoapp.coverage.offered import Nom, name_offer
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.tables import (
    ColonneTableau,
    Tableau,
    make_table,
)
from geoapp.coverage.territories.zone_tables.common import indicator_column, no_offer, where_known
from geoapp.offer.perimeter import CONNUE, INCONNUE, LIBELLES


def outside_table(contenu: ContenuZone) -> Tableau:
    """Return the communes outside that teach within the threshold of somebody of the zone."""
    communes, nom = contenu.dehors.communes, name_offer(contenu.question)
    many = upper_first(nom.des)
    valeurs = communes.assign(voisine=communes["est_voisine"].map({True: "oui", False: ""}))
    title = (
        "Ce qui est proche, mais hors de la zone"
        if contenu.zone.est_offre_connue
        else "Ce qui est proche"
    )
    return make_table(
        "dehors",
        title,
        (
            ColonneTableau(nom="nom_commune", titre="Commune", sens="Commune où l'on forme")
            if nom.est_feminin
            else ColonneTableau(nom="nom_commune", titre="Commune", sens="Commune du lieu"),
            ColonneTableau(
                nom="code_commune", titre="Code", sens="Code INSEE", vide="", est_cachee=True
            ),
            ColonneTableau(nom="nb_offres", titre=many, sens=f"{many} à portée", type="entier"),
            ColonneTableau(
                nom="cout",
                titre="Trajet le plus court",
                sens="Trajet estimé depuis l'habitant de la zone le plus proche",
                type="cout",
            ),
            ColonneTableau(
                nom="voisine", titre="Département voisin", sens="Hors de la région", vide=""
            ),
        ),
        valeurs,
        unite=contenu.question.unite,
        vide=where_known(
            contenu,
            f"{upper_first(nom.aucune)} hors de la zone n'est "
            f"à {describe_reach(contenu.question)} ou moins d'un de ses habitants.",
        ),
    )


def lacking_table(contenu: ContenuZone) -> Tableau:
    """Return the domains that the zone lacks, and where the nearest offer is."""
    return make_table(
        "absents",
        "Domaines absents, et où les trouver"
        if contenu.couverture.ligne["perimetre"] == CONNUE
        else "Domaines sans formation dans nos sources, et où les trouver",
        (
            ColonneTableau(
                nom="domaine", titre="Domaine", sens="Domaine sans formation connue dans la zone"
            ),
            ColonneTableau(
                nom="nom_commune",
                titre="Au plus près",
                sens="Commune de la formation la plus proche",
                vide="nulle part à portée",
            ),
            ColonneTableau(
                nom="cout",
                titre="Trajet le plus court",
                sens="Trajet estimé depuis l'habitant de la zone le plus proche",
                type="cout",
                vide="hors de portée",
            ),
            indicator_column("part_couverte", "Habitants couverts"),
        ),
        contenu.dehors.absents,
        unite=contenu.question.unite,
        vide=where_known(contenu, _none_lacks(contenu.question))
        if contenu.offre.est_connue
        else no_offer(contenu),
        note=_uncollected(contenu),
    )


def _none_lacks(question: Question) -> str:
    """Say that no domain lacks, among those that were asked."""
    asked = question.filtres.choix.get("domaine", ())
    if not asked:
        return "Aucun domaine ne manque."
    start = (
        "Le domaine demandé n'y manque pas" if len(asked) == 1 else "Aucun des domaines demandés"
    )
    end = "" if len(asked) == 1 else " n'y manque"
    return f"{start}{end} ; les autres n'ont pas été demandés."


def _uncollected(contenu: ContenuZone) -> str:
    """Return which domains are not told to be lacking, their offer not being collected."""
    domaines = contenu.couverture.domaines
    names = domaines.loc[domaines["perimetre"].eq(INCONNUE), "domaine"].tolist()
    return f"{LIBELLES[INCONNUE]}, absente de cette liste : {join_words(names)}." if names else ""


def _almost_columns(nom: Nom) -> tuple[ColonneTableau, ...]:
    return (
        ColonneTableau(
            nom="intitule",
            titre=upper_first(nom.un),
            sens="Première formation du lieu, par ordre de titre" if nom.est_feminin else "Nom",
        ),
        ColonneTableau(nom="organisme", titre="Organisme", sens="Organisme formateur")
        if nom.est_feminin
        else ColonneTableau(nom="organisme", titre="Sorte", sens="Sorte de lieu"),
        ColonneTableau(nom="commune", titre="Commune", sens="Commune du lieu"),
        ColonneTableau(
            nom="nb_offres",
            titre="Formations du lieu" if nom.est_feminin else "Lieux à cette adresse",
            sens="Formations données en ce lieu"
            if nom.est_feminin
            else "Lieux d'information à cette adresse",
            type="entier",
        ),
        ColonneTableau(
            nom="cout",
            titre="Trajet",
            sens="Trajet du plus proche des habitants qui n'en ont pas",
            type="cout",
        ),
        ColonneTableau(
            nom="note", titre="À savoir", sens="Département voisin, position douteuse", vide=""
        ),
    )


def almost_table(contenu: ContenuZone) -> Tableau:
    """Return the nearest offers beyond the threshold for the people who have none."""
    nom = name_offer(contenu.question)
    valeurs = pd.DataFrame(
        [
            (
                one.titre,
                one.nom_organisme or "organisme non renseigné",
                one.nom_commune or "commune inconnue",
                one.nb_offres,
                one.cout,
                ", ".join(
                    mot
                    for est, mot in (
                        (one.est_voisine, "département voisin"),
                        (one.est_douteuse, "position douteuse"),
                    )
                    if est
                ),
            )
            for one in contenu.couverture.presque
        ],
        columns=["intitule", "organisme", "commune", "nb_offres", "cout", "note"],
    )
    return make_table(
        "presque",
        f"Les {nom.des} qui atteindraient presque ceux qui n'en ont pas",
        _almost_columns(nom),
        valeurs,
        unite=contenu.question.unite,
        vide=where_known(
            contenu,
            f"Tous ses habitants ont {nom.une} à portée."
            if contenu.couverture.ligne["part_non_couverte"] == 0
            else f"Aucun{nom.e}, même lointain{nom.e}.",
        ),
    )
