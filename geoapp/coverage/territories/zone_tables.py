"""Each table of a sheet: adding one is adding a function and its row in `TABLEAUX`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pandas as pd

from geoapp.core.french import (
    NON_RENSEIGNE,
    POSITIONS,
    count,
    format_decimal,
    join_words,
    lower_first,
    upper_first,
    with_unit,
)
from geoapp.coverage.indicators import (
    INDICATEURS,
    MENTIONS,
    PETIT,
    say_missing,
    show_value,
    title_of,
)
from geoapp.coverage.model import Question, describe_reach
from geoapp.coverage.offered import Nom, counted_numbers, is_information, name_offer, worded
from geoapp.coverage.publics import Public
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.coverage import PublicZone
from geoapp.coverage.territories.sentences import label_levels
from geoapp.coverage.territories.tables import (
    ColonneTableau,
    Tableau,
    as_people,
    make_table,
    name_body,
)
from geoapp.coverage.ways import SANS_SOURCE
from geoapp.coverage.white_zones import CAUSES, SOLIDITES, name_term
from geoapp.offer.perimeter import CONNUE, INCONNUE, LIBELLES, VIDE
from geoapp.reference.codes.voies import VOIES
from geoapp.reference.zonings import COMMUNE, COMPARES

NB_CITEES = 5
"""Communes named in one cell; the file has them all."""

_UNITES = {
    "part": "part de 0 à 1",
    "nombre": "",
    "taux": "pour 10 000 habitants",
    "taux_brut": "par habitant",
}


def _indicator_column(nom: str, titre: str = "") -> ColonneTableau:
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
        vide=_no_offer(contenu),
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
        vide=_no_offer(contenu),
    )


def _no_offer(contenu: ContenuZone) -> str:
    nom = name_offer(contenu.question)
    return (
        _where_known(contenu, f"{upper_first(nom.aucune)} n'est placé{nom.e} dans la zone.")
        if contenu.offre.est_connue
        else "Inconnue : le contour de la zone n'est pas connu."
    )


def coverage_table(contenu: ContenuZone, autre: ContenuZone | None = None) -> Tableau:
    """Return every indicator for the zone, the zone compared with and the region."""
    zones = [
        ("zone", contenu.zone.nom, contenu.couverture.ligne),
        *([("avec", autre.zone.nom, autre.couverture.ligne)] if autre else []),
        ("region", contenu.couverture.ensemble["nom"], contenu.couverture.ensemble),
    ]
    unite, rows, words = contenu.question.unite, [], []
    is_whole = bool(contenu.couverture.ligne["est_estimee"])
    question = contenu.question
    for indicateur in map(INDICATEURS.__getitem__, counted_numbers(question, INDICATEURS)):
        shown = [show_value(row, indicateur.nom, unite) for _, _, row in zones]
        raw = {
            nom: PETIT if word == PETIT else row[indicateur.nom]
            for (nom, _, row), word in zip(zones, shown, strict=True)
        }
        rows.append(
            {
                "indicateur": worded(title_of(indicateur.nom, is_whole), question),
                "sens": worded(indicateur.sens, question),
                "unite": _UNITES.get(indicateur.type, unite),
                **raw,
            }
        )
        words.append([rows[-1]["indicateur"], *shown])
    columns = [
        ColonneTableau(nom="indicateur", titre="Indicateur", sens="Titre de l'indicateur"),
        *(
            ColonneTableau(nom=nom, titre=titre, sens=f"Valeur pour {titre}", type="taux")
            for nom, titre, _ in zones
        ),
    ]
    extra = [
        ColonneTableau(
            nom="unite", titre="Unité", sens="Unité des valeurs", vide="", est_cachee=True
        ),
        ColonneTableau(
            nom="sens", titre="Sens", sens="Ce que l'indicateur mesure", est_cachee=True
        ),
    ]
    table = make_table(
        "couverture", "La zone et la région", columns, pd.DataFrame(rows), unite=unite
    )
    return Tableau(
        nom=table.nom,
        titre=table.titre,
        colonnes=(*table.colonnes, *extra),
        valeurs=pd.DataFrame(rows),
        mots=words,
        note=f"Seuil : {describe_reach(contenu.question)}, compris.",
    )


def ways_table(contenu: ContenuZone) -> Tableau:
    """Return how far the nearest training is by each way of travelling, in minutes."""
    found, nom = contenu.couverture.par_mode, name_offer(contenu.question)
    rows = pd.DataFrame(
        {
            "mode": pd.Series([one.titre for one in found], dtype="str"),
            "mediane": pd.Series([one.mediane_mots for one in found], dtype="str"),
            "mediane_min": pd.Series([one.mediane_min for one in found], dtype=float),
            "part_couverte": pd.Series([one.part_couverte for one in found], dtype=float),
        }
    )
    seuil = with_unit(format_decimal(found[0].seuil_min), "minutes") if found else ""
    return make_table(
        "modes",
        f"{upper_first(nom.la)} {nom.le_plus} proche, en voiture et sans voiture",
        (
            ColonneTableau(nom="mode", titre="Déplacement", sens="Mode de déplacement"),
            ColonneTableau(
                nom="mediane",
                titre="Trajet médian",
                sens=f"La moitié des habitants a {nom.une} à ce trajet ou moins, "
                "avec l'erreur du trajet",
            ),
            ColonneTableau(
                nom="mediane_min",
                titre="Minutes",
                sens="Trajet médian, en minutes ; vide au-delà des trajets connus",
                type="taux",
                est_cachee=True,
            ),
            ColonneTableau(
                nom="part_couverte",
                titre=f"Habitants à {seuil} ou moins" if seuil else "Habitants à portée",
                sens=f"Part des habitants qui ont {nom.une} à ce trajet ou moins",
                type="part",
                vide="–",
            ),
        ),
        rows,
        vide=_where_known(contenu, "Aucun trajet en minutes n'est connu."),
        note=SANS_SOURCE,
    )


def domains_table(contenu: ContenuZone) -> Tableau:
    """Return the coverage of the zone domain by domain."""
    domaines = contenu.couverture.domaines
    table = make_table(
        "domaines",
        "Couverture par domaine",
        _domain_columns(),
        domaines.assign(
            offreur_unique=domaines["offreur_unique"].map(name_body, na_action="ignore")
        ),
        unite=contenu.question.unite,
        note="Chaque ligne est la réponse à la même question, pour ce domaine seul.",
    )
    # The seats of no offer are not unknown: there are none.
    words = [
        _domain_words(row, nb, statut)
        for row, nb, statut in zip(
            table.mots, domaines["nb_offres"], domaines["perimetre"], strict=True
        )
    ]
    return replace(table, mots=words)


def _domain_columns() -> tuple[ColonneTableau, ...]:
    return (
        ColonneTableau(nom="domaine", titre="Domaine", sens="Domaine simplifié"),
        _indicator_column("nb_offres"),
        _indicator_column("nb_places", "Places connues"),
        _indicator_column("part_non_couverte"),
        _indicator_column("mediane"),
        _indicator_column("e2sfca"),
        ColonneTableau(
            nom="offreur_unique",
            titre=MENTIONS["offreur_unique"].titre,
            sens="Organisme sans lequel la zone perdrait toute couverture dans ce domaine",
            vide="",
        ),
        ColonneTableau(
            nom="perimetre",
            titre=MENTIONS["perimetre"].titre,
            sens=MENTIONS["perimetre"].sens,
        ),
    )


def _domain_words(row: list[str], nb: float, statut: str) -> list[str]:
    """Return the words of one domain: nothing is told of an offer that is not collected."""
    if statut == INCONNUE:
        return [row[0], *([VIDE] * (len(row) - 3)), "", row[-1]]
    return [*row[:2], "–", *row[3:]] if nb == 0 else row


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
        vide=_where_known(
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
        vide=_where_known(
            contenu, f"Aucune commune de la zone n'est couverte par un seul {tenant}."
        ),
    )


def _where_known(contenu: ContenuZone, texte: str) -> str:
    """Return what a table without row says: nothing is told of an offer that is not collected."""
    status = contenu.couverture.ligne["perimetre"]
    if status == INCONNUE:
        return f"{LIBELLES[INCONNUE]} : rien ne peut en être dit."
    return texte if status == CONNUE else f"Dans l'offre que nos sources tiennent : {texte}"


def _firsts(noms: str) -> str:
    """Return the first names of a list of communes."""
    every = noms.split(", ")
    return ", ".join(every[:NB_CITEES]) + (
        f" et {count(len(every) - NB_CITEES, 'autre')}" if len(every) > NB_CITEES else ""
    )


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
    _indicator_column("part_couverte"),
    _indicator_column("population_non_couverte", "Non couverts"),
    _indicator_column("mediane"),
    _indicator_column("e2sfca"),
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
        vide=_where_known(
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
                nom="domaine", titre="Domaine", sens="Domaine sans formation dans la zone"
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
            _indicator_column("part_couverte", "Habitants couverts"),
        ),
        contenu.dehors.absents,
        unite=contenu.question.unite,
        vide=_where_known(contenu, _none_lacks(contenu.question))
        if contenu.offre.est_connue
        else _no_offer(contenu),
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
        vide=_where_known(
            contenu,
            f"Tous ses habitants ont {nom.une} à portée."
            if contenu.couverture.ligne["part_non_couverte"] == 0
            else f"Aucun{nom.e}, même lointain{nom.e}.",
        ),
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


TABLEAUX: dict[str, Callable[[ContenuZone], Tableau]] = {
    "offre": offer_table,
    "couverture": coverage_table,
    "modes": ways_table,
    "domaines": domains_table,
    "blanches": white_table,
    "uniques": sole_table,
    "publics": publics_table,
    "dehors": outside_table,
    "absents": lacking_table,
    "presque": almost_table,
    "departements": departements_table,
    "qualite": quality_table,
    "sources": sources_table,
}
"""Every table of a sheet, in its order."""

DE_FORMATIONS = ("domaines", "absents", "departements")
"""Tables that places of information do not have."""


def list_tables(question: Question) -> dict[str, Callable[[ContenuZone], Tableau]]:
    """Return the tables of a sheet for what its question counts, in their order."""
    if not is_information(question):
        return TABLEAUX
    kept = {nom: make for nom, make in TABLEAUX.items() if nom not in DE_FORMATIONS}
    return {**kept, "offre": places_table}
