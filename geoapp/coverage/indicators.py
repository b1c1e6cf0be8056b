"""Indicators of a zone, as rows: name, meaning, type, which way is worse, what works it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geoapp.core.french import format_decimal, format_number, with_unit
from geoapp.coverage import zone_values as values
from geoapp.coverage.white_zones import CAUSES, SOLIDITES
from geoapp.coverage.zone_values import Calcul
from geoapp.offer.perimeter import INCONNUE, VIDE
from geoapp.offer.perimeter import SENS as SENS_PERIMETRE


@dataclass(frozen=True, kw_only=True)
class Indicateur:
    """One number of a zone.

    `type` is `part` (0–1, shown in %), `nombre` (whole), `cout` (in the unit of
    the threshold), `taux` (per 10,000 inhabitants) or `taux_brut`.  `calcul`
    works it out (`geoapp.coverage.zone_values`).  `est_personnes` says that it
    counts people, so that small numbers are hidden; `est_carte` that a map may show it.
    """

    nom: str
    titre: str
    sens: str
    type: str
    calcul: Calcul
    est_pire_si: str = "haut"
    est_personnes: bool = False
    est_carte: bool = True


INDICATEURS: dict[str, Indicateur] = {
    indicateur.nom: indicateur
    for indicateur in (
        Indicateur(
            nom="part_non_couverte",
            titre="Part non couverte",
            sens="Part des habitants dont la formation la plus proche est au-delà du seuil",
            type="part",
            calcul=values.uncovered_share,
        ),
        Indicateur(
            nom="population_non_couverte",
            titre="Habitants non couverts",
            sens="Habitants dont la formation la plus proche est au-delà du seuil",
            type="nombre",
            calcul=values.uncovered,
            est_personnes=True,
        ),
        Indicateur(
            nom="part_couverte",
            titre="Part couverte",
            sens="Part des habitants qui ont une formation jusqu'au seuil, compris",
            type="part",
            calcul=values.covered_share,
            est_pire_si="bas",
        ),
        Indicateur(
            nom="mediane",
            titre="Trajet médian",
            sens="La moitié des habitants a une formation à ce trajet ou moins",
            type="cout",
            calcul=values.cost_quantile(0.5),
        ),
        Indicateur(
            nom="p90",
            titre="Trajet de 90 % des habitants",
            sens="Neuf habitants sur dix ont une formation à ce trajet ou moins",
            type="cout",
            calcul=values.cost_quantile(0.9),
        ),
        Indicateur(
            nom="e2sfca",
            titre="Accessibilité (E2SFCA)",
            sens="Offre accessible pour 10 000 habitants, la concurrence comptée, "
            "le plus proche comptant plus (Luo et Qi, 2009)",
            type="taux",
            calcul=values.mean_access("e2sfca"),
            est_pire_si="bas",
        ),
        Indicateur(
            nom="deuxsfca",
            titre="Accessibilité (2SFCA)",
            sens="Offre accessible pour 10 000 habitants, la concurrence comptée "
            "(Luo et Wang, 2003)",
            type="taux",
            calcul=values.mean_access("deuxsfca"),
            est_pire_si="bas",
        ),
        Indicateur(
            nom="troissfca",
            titre="Accessibilité (3SFCA)",
            sens="Offre accessible pour 10 000 habitants, "
            "chacun partageant sa demande entre les lieux (Wan et al., 2012)",
            type="taux",
            calcul=values.mean_access("troissfca"),
            est_pire_si="bas",
        ),
        Indicateur(
            nom="cumulative",
            titre="Offre à portée",
            sens="Offre moyenne jusqu'au seuil, pour un habitant, sans compter la concurrence",
            type="taux_brut",
            calcul=values.cumulative,
            est_pire_si="bas",
        ),
        Indicateur(
            nom="population_sans_offre",
            titre="Habitants sans offre",
            sens="Habitants sans formation jusqu'au double du seuil",
            type="nombre",
            calcul=values.of_cause("sans_offre"),
            est_personnes=True,
        ),
        Indicateur(
            nom="population_eloignee",
            titre="Habitants éloignés",
            sens="Habitants dont la formation la plus proche est entre le seuil et son double",
            type="nombre",
            calcul=values.of_cause("eloignee"),
            est_personnes=True,
        ),
        Indicateur(
            nom="population_sans_voiture",
            titre="Habitants trop loin sans voiture",
            sens="Habitants qui ont une formation à portée en voiture dans le même temps, et "
            "aucune par le mode de déplacement choisi ; vide quand la question n'est pas posée "
            "sans voiture, en minutes",
            type="nombre",
            calcul=values.without_car,
            est_personnes=True,
        ),
        Indicateur(
            nom="population_saturee",
            titre="Habitants en offre saturée",
            sens="Habitants couverts dont l'accessibilité (E2SFCA) est sous le quart "
            "de la moyenne régionale ; inconnu quand les places manquent pour plus de 20 % de "
            "l'offre",
            type="nombre",
            calcul=values.saturated,
            est_personnes=True,
        ),
        Indicateur(
            nom="nb_offres",
            titre="Formations dans la zone",
            sens="Formations dont le lieu est dans la zone (une par formation et lieu)",
            type="nombre",
            calcul=values.nb_offers,
            est_pire_si="bas",
        ),
        Indicateur(
            nom="nb_lieux",
            titre="Lieux dans la zone",
            sens="Lieux distincts de formation dans la zone",
            type="nombre",
            calcul=values.nb_distinct("place"),
            est_pire_si="bas",
        ),
        Indicateur(
            nom="nb_offreurs",
            titre="Organismes dans la zone",
            sens="Organismes distincts qui forment dans la zone",
            type="nombre",
            calcul=values.nb_distinct("organisme"),
            est_pire_si="bas",
        ),
        Indicateur(
            nom="nb_places",
            titre="Places connues dans la zone",
            sens="Somme des places que les sources donnent ; inconnue si aucune ne les donne",
            type="nombre",
            calcul=values.nb_seats,
            est_pire_si="bas",
        ),
        Indicateur(
            nom="population",
            titre="Habitants",
            sens="Habitants de la zone, dans la région",
            type="nombre",
            calcul=values.population,
            est_pire_si="bas",
            est_personnes=True,
            est_carte=False,
        ),
        Indicateur(
            nom="population_douteuse",
            titre="Couverts par une position douteuse",
            sens="Habitants qui ne sont couverts que grâce à des formations de position douteuse",
            type="nombre",
            calcul=values.doubtful,
            est_personnes=True,
            est_carte=False,
        ),
    )
}
"""Every number of a zone, in the order of the table; adding one is adding a row here."""


@dataclass(frozen=True, kw_only=True)
class Mention:
    """What a table of coverage says of a zone beside its numbers; `type` is that of a file."""

    nom: str
    titre: str
    sens: str
    type: str = "texte"


MENTIONS: dict[str, Mention] = {
    mention.nom: mention
    for mention in (
        Mention(nom="type_zone", titre="Zonage", sens="Découpage de la région"),
        Mention(nom="code_zone", titre="Code", sens="Code de la zone (texte)"),
        Mention(nom="nom", titre="Zone", sens="Nom de la zone"),
        Mention(
            nom="offreur_unique",
            titre="Offreur unique",
            sens="Organisme sans lequel la zone perdrait toute sa couverture ; "
            "vide s'il n'y en a pas",
        ),
        Mention(
            nom="cause",
            titre="Cause principale",
            sens="Cause qui touche le plus d'habitants en zone blanche : " + ", ".join(CAUSES),
        ),
        Mention(
            nom="solidite",
            titre="Solidité",
            sens="La moitié au moins des habitants en zone blanche l'est de façon "
            + " ou ".join(SOLIDITES),
        ),
        Mention(
            nom="perimetre",
            titre="Offre connue",
            sens="Ce que nos sources tiennent de l'offre demandée : "
            + " ; ".join(f"{statut} ({sens})" for statut, sens in SENS_PERIMETRE.items())
            + ". Là où elle est inconnue, les nombres sont vides",
        ),
        Mention(
            nom="type_demande",
            titre="Habitants comptés",
            sens="À la mairie (commune), par carreau de 200 m (carreau), ou les deux (mixte)",
        ),
        Mention(
            nom="est_estimee",
            titre="Estimée",
            sens="Chiffres des communes entières, faute de contour ou de population propre",
            type="booleen",
        ),
        Mention(
            nom="masques",
            titre="Masqués",
            sens="Nombres de personnes tus parce qu'ils sont de 1 à 4, "
            "ou qu'ils les feraient retrouver",
        ),
        Mention(
            nom="nb_points_inconnus",
            titre="Points sans population connue",
            sens="Points laissés de côté, leur population étant inconnue",
            type="entier",
        ),
    )
}

NB_NOMS = 3
"""The first of `MENTIONS` name the zone: a file has them before the numbers."""

QUI_PORTE = "(communes portant un quartier)"
"""Who is counted as the people of a zone whose own people are not known."""

PETIT = "< 5"
"""How a count of fewer than five people is written (`methods.md`)."""


def title_of(nom: str, est_estimee: bool = False) -> str:
    """Return the title of an indicator; of a zone only estimated, it says who is counted."""
    row = INDICATEURS[nom]
    if not (est_estimee and row.est_personnes):
        return row.titre
    return f"{row.titre} {QUI_PORTE if nom == 'population' else '(communes entières)'}"


def format_share(part: float) -> str:
    """Return a share in words: « 6,9 % »."""
    # What is not quite nothing, or not quite everything, is not rounded to it.
    if 0 < part < 0.0005:
        return with_unit("moins de 0,1", "%")
    if 0.9995 <= part < 1:
        return with_unit("plus de 99,9", "%")
    return with_unit(format_decimal(part * 100, 1).removesuffix(",0"), "%")


INCONNU = "inconnu"


def say_missing(indicateur: Indicateur) -> str:
    """Return what stands for a value that is NA: a cost that is none is out of reach."""
    return "hors de portée" if indicateur.type in ("cout", "taux") else INCONNU


def format_value(indicateur: Indicateur, valeur, unite: str = "km") -> str:
    """Return a value as a reader expects it: what is NA is unknown, or out of reach for a cost."""
    if valeur is None or valeur != valeur:
        return say_missing(indicateur)
    if isinstance(valeur, str):
        return valeur
    forms = {
        "part": format_share,
        "nombre": lambda v: format_number(round(v)),
        "cout": lambda v: with_unit(format_decimal(v, 1), unite),
        "taux": lambda v: "moins de 0,001" if 0 < v < 0.001 else format_decimal(float(f"{v:.3g}")),
        "taux_brut": lambda v: format_decimal(v, 1),
    }
    return forms[indicateur.type](float(valeur))


INDEPENDANTS = ("population",)
"""Numbers that tell nothing of the offer: never emptied for want of it."""


def show_value(ligne: Mapping, nom: str, unite: str) -> str:
    """Return one number of a row of coverage in words.

    « < 5 » when it is hidden, `VIDE` when the offer there is not known.
    """
    if nom in (ligne["masques"] or "").split("|"):
        return PETIT
    if ligne["perimetre"] == INCONNUE and nom not in INDEPENDANTS:
        return VIDE
    value, people = ligne[nom], ligne["population"]
    # Where nobody is known, or nobody's trips, the nearest offer is unknown: not out of reach.
    if value != value and people != people and "population" not in (ligne["masques"] or ""):
        return INCONNU
    return format_value(INDICATEURS[nom], value, unite)


def list_map_measures() -> list[Indicateur]:
    """Return the indicators that a map may show."""
    return [indicateur for indicateur in INDICATEURS.values() if indicateur.est_carte]
