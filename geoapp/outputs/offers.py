"""The file of a search: exactly what the list shows, every page of it, in the same order.

A column of the offer is told by its row (`geoapp.core.schema.offer_columns`), another one by
`COLONNES`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice

import geopandas as gpd
import numpy as np
import pandas as pd

from geoapp.core.config import CRS_GEO
from geoapp.core.french import count, say_if, typeset
from geoapp.core.schema.offer_columns import ColonneOffre, shown_in
from geoapp.core.snapshot import Snapshot
from geoapp.offer.cards import offer_card
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.model import Resultat
from geoapp.offer.search.requests import describe_result
from geoapp.offer.search.scope import search_perimeter
from geoapp.offer.search.sides import tell_neighbour
from geoapp.outputs.files.domains import domain_style
from geoapp.outputs.files.model import PAQUET, POINT, ColonneFichier, Fichier, Suite
from geoapp.outputs.provenance import tell_provenance

BLOCS = {
    "resultat": "Résultat",
    "voisin": "Métier voisin",
    "a_distance": "À distance",
    "a_distance_voisin": "À distance, métier voisin",
    "proche": "Plus proche, hors du rayon",
}
"""The blocks of a list, in the order in which it shows them."""

REGLES = (
    "Le tableau contient exactement ce que montre la liste, toutes pages confondues, "
    "dans le même ordre.",
    "Une cellule vide, ou « Non renseigné », dit que la source ne donne pas la valeur ; "
    "ce n'est jamais zéro.",
    "Le bloc « Métier voisin » vient après les résultats : le métier cherché n'est pas dans "
    "l'intitulé de ces formations, elles mènent à des métiers proches.",
    "Les distances sont à vol d'oiseau, en mètres, depuis le lieu cherché ; une formation dont "
    "seule la commune est connue n'en a pas : elle est à une distance comprise entre deux bornes.",
    "Les durées de trajet sont estimées depuis le lieu cherché : chacune dit son erreur.",
    "Les formations entièrement à distance sont dans le bloc « À distance » : "
    "la distance ne les écarte jamais.",
)
"""What a reader must know before using the figures."""


@dataclass(frozen=True, kw_only=True)
class ColonneExport(ColonneFichier):
    """One column, and how a card gives its value; under its own name when None."""

    lire: Callable[[dict], object] | None = None

    def value(self, card: dict) -> object:
        """Return the value of an offer."""
        return card[self.nom] if self.lire is None else self.lire(card)


def _row(nom: str, titre: str, sens: str, lire=None, **autres) -> ColonneExport:
    """Return a column told by name, title, meaning and, unless a card has its name, its reader."""
    return ColonneExport(nom=nom, titre=titre, sens=sens, lire=lire, **autres)


def _of(*path: str) -> Callable[[dict], object]:
    """Return what reads a value inside a card."""

    def read(card: dict) -> object:
        for key in path:
            card = card[key]
        return card

    return read


def _said(nom: str) -> Callable[[dict], object]:
    """Return what says yes, no or unknown."""
    return lambda card: say_if(card[nom])


def _zones(card: dict) -> str:
    return "|".join(f"{zone['type']}:{zone['code']}" for zone in card["zones"])


def _told(rubrique: str) -> Iterator[ColonneExport]:
    """Yield the columns of one heading, as the rows of the columns of the offer say them."""
    for row in shown_in(rubrique):
        for one in row.exports:
            yield ColonneExport(
                nom=one.nom,
                titre=one.titre or row.libelle,
                sens=one.sens or row.sens_offres or row.sens,
                type=row.type if row.type in ("entier", "reel") else "texte",
                largeur=one.largeur,
                decimales=6 if one.nom in ("longitude", "latitude") else 2,
                lire=_reader(row, one.extrait),
            )


def _reader(row: ColonneOffre, extrait: str) -> Callable[[dict], object]:
    """Return what reads a column of the offer in a card: a code by its words, yes and no said."""
    if row.mots and row.est_liste:
        return lambda card: " | ".join(one[extrait] for one in card[row.nom_montre])
    if row.mots:
        return _of(row.nom_montre, extrait)
    return _said(row.nom_montre) if row.type == "booleen" else _of(row.nom_montre)


COLONNES = (
    _row("bloc", "Bloc", "Résultat, métier voisin, à distance, ou plus proche hors du rayon"),
    _row("id", "Identifiant", "Identifiant de la formation, celui de sa fiche"),
    _row("id_lieu", "Identifiant du lieu", "Identifiant du lieu dans les données"),
    *_told("identite"),
    *_told("quoi"),
    *_told("dates"),
    _row("periode", "Dates", "Dates en toutes lettres"),
    _row("etat", "État des sessions", "Au jour du fichier", _of("etat", "libelle")),
    *_told("places"),
    *_told("cout"),
    *_told("lien"),
    *_told("lieu"),
    _row("commune", "Commune", "Commune actuelle", _of("commune", "nom")),
    _row("code_commune", "Code commune", "Code INSEE (texte)", _of("commune", "code")),
    _row("precision", "Précision", "D'où vient le point", _of("precision", "libelle")),
    *_told("position"),
    _row(
        "distance_m",
        "Distance (m)",
        "Au lieu cherché, à vol d'oiseau, en mètres ; vide quand la commune seule est connue",
        type="entier",
    ),
    _row(
        "distance_min_m",
        "Distance au moins (m)",
        "Du lieu cherché au contour de la commune, quand elle seule est connue",
        type="entier",
    ),
    _row(
        "distance_max_m",
        "Distance au plus (m)",
        "Du lieu cherché au point le plus loin de la commune, quand elle seule est connue",
        type="entier",
    ),
    _row(
        "mode",
        "Mode de déplacement",
        "Celui de la durée : voiture, voiture_fluide, velo, pied ou transports ; "
        "vide quand aucune durée n'est connue",
    ),
    _row(
        "duree_min",
        "Trajet (min)",
        "Durée estimée du trajet depuis le lieu cherché, en minutes ; "
        "vide quand la commune seule est connue",
        type="reel",
        decimales=1,
    ),
    _row(
        "duree_moins_min",
        "Trajet au moins (min)",
        "Jusqu'au contour de la commune, quand elle seule est connue",
        type="reel",
        decimales=1,
    ),
    _row(
        "duree_plus_min",
        "Trajet au plus (min)",
        "Jusqu'au point le plus loin de la commune, quand elle seule est connue",
        type="reel",
        decimales=1,
    ),
    _row("duree", "Trajet", "Durée du trajet en clair, avec son erreur", largeur=40),
    _row(
        "longitude",
        "Longitude",
        "Degrés (WGS84) ; vide quand le lieu n'est pas placé",
        type="reel",
        est_position=True,
    ),
    _row("latitude", "Latitude", "Degrés (WGS84)", type="reel", est_position=True),
    _row("zones", "Zones", "Zones du lieu, « type:code » séparés par « | »", _zones),
    _row("fiche", "Fiche", "Adresse de la fiche, à ouvrir dans un navigateur", largeur=40),
    _row("source", "Source", "Titre de la source", _of("source", "titre"), largeur=40),
    _row(
        "autres_sources",
        "Autres sources",
        "Autres catalogues qui donnent la même formation, séparés par « | »",
        lambda card: " | ".join(source["titre"] for source in card["sources"][1:]),
        largeur=40,
    ),
    _row("millesime", "Millésime", "Date de la source", _of("source", "millesime")),
    _row(
        "fictive",
        "Données fictives",
        "Oui pour des données de démonstration",
        _said("est_fictive"),
    ),
)


def list_cards(resultat: Resultat, repertoire: Repertoire) -> Iterator[dict]:
    """Yield every card of an answer in the order of the list, each with its `bloc`.

    The offers found come first, every page of them, then those of neighbouring jobs, the remote
    ones, then (when nothing answers the search) the nearest outside the radius.
    """
    nowhere = np.full(len(resultat.a_distance), np.nan)
    voisins = {"resultat": resultat.total, "a_distance": resultat.nb_a_distance}
    titles = BLOCS
    if resultat.requete.minutes is not None:
        titles = {**BLOCS, "proche": "Plus proche, au-delà du temps demandé"}
    near = (resultat.proches_m, resultat.proches_minima_m, resultat.proches_durees)
    blocs = (
        ("resultat", resultat.lignes, resultat.distances_m, resultat.minima_m, resultat.durees),
        ("a_distance", resultat.a_distance, nowhere, nowhere, None),
        ("proche", resultat.proches, *near),
    )
    for bloc, lignes, distances, minima, durees in blocs:
        for row, ligne in enumerate(lignes.tolist()):
            trip = durees.at(row) if durees else None
            card = offer_card(repertoire, ligne, distances[row], minima[row], trip)
            is_near = row >= voisins.get(bloc, row + 1)
            nom = ("voisin" if bloc == "resultat" else f"{bloc}_voisin") if is_near else bloc
            yield {"bloc": titles[nom], **card}


def offers_file(resultat: Resultat, repertoire: Repertoire, site: str = "") -> Fichier:
    """Return an answer as a file, its offers read as they are written.

    `site` is the public address before that of each sheet; "" leaves the path alone.
    """
    about = describe_export(resultat, repertoire)
    return Fichier(
        table=Suite(
            len(resultat.lignes) + len(resultat.a_distance) + len(resultat.proches),
            partial(_read_pieces, resultat, repertoire, site),
        ),
        colonnes=COLONNES,
        notice=_list_notice(about, repertoire.snapshot),
        titre="Formations",
        nom="formations",
        feuille="Formations",
        forme=POINT,
        style=domain_style("code_domaine", COLONNES),
        identifiant=("id", "id_lieu"),
        description=about,
    )


def _read_pieces(
    resultat: Resultat, repertoire: Repertoire, site: str
) -> Iterator[gpd.GeoDataFrame]:
    """Yield the offers as tables of plain values, an empty one when there is none."""
    cards = ({**card, "fiche": site + card["url"]} for card in list_cards(resultat, repertoire))
    paquet = list(islice(cards, PAQUET))
    yield _as_table(paquet)
    while paquet := list(islice(cards, PAQUET)):
        yield _as_table(paquet)


def _as_table(cards: list[dict]) -> gpd.GeoDataFrame:
    """Return cards as rows; an offer without position has no geometry."""
    rows = [[colonne.value(card) for colonne in COLONNES] for card in cards]
    table = pd.DataFrame(rows, columns=[colonne.nom for colonne in COLONNES], dtype="object")
    x, y = (table[nom].astype("float64") for nom in ("longitude", "latitude"))
    points = gpd.GeoSeries.from_xy(x, y, crs=CRS_GEO)
    return gpd.GeoDataFrame(table, geometry=points.where(x.notna(), None))


def describe_export(resultat: Resultat, repertoire: Repertoire) -> dict:
    """Return what must be known of an export: the query in words, the date, the sources."""
    lignes = np.concatenate([resultat.lignes, resultat.a_distance, resultat.proches]).astype(
        "int64"
    )
    ids = sorted(
        {id_source for ligne in lignes.tolist() for id_source in repertoire.sources_of(ligne)}
    )
    kept = ("id_source", "titre", "producteur", "licence", "millesime", "mode", "adresse")
    return {
        "titre": describe_result(resultat),
        "nb_resultats": resultat.total,
        "nb_voisins": resultat.nb_voisins,
        "nb_a_distance": len(resultat.a_distance),
        "nb_proches": len(resultat.proches),
        "perimetre": search_perimeter(resultat.requete, repertoire.snapshot, resultat.sujet).phrase,
        "trajets": resultat.raconter(),
        "au_dela": "du rayon" if resultat.requete.minutes is None else "du temps demandé",
        "hors_region": typeset(tell_neighbour(resultat.requete, repertoire.snapshot)),
        "instantane": repertoire.snapshot.id,
        "assemble_le": repertoire.snapshot.manifest["cree_le"],
        "sources": [{nom: repertoire.sources[id_source][nom] for nom in kept} for id_source in ids],
    }


def _list_notice(about: dict, snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return what must travel with the offers, in words."""
    return [
        ("Recherche", about["titre"]),
        ("Contenu", ", ".join(_list_contents(about))),
        ("Offre connue", about["perimetre"]),
        *([("Au-delà de la région", about["hors_region"])] if about["hors_region"] else []),
        *(("Trajets", phrase) for phrase in about["trajets"]),
        *(("À savoir", regle) for regle in REGLES),
        *tell_provenance(snapshot, about["sources"], "recherche de formations"),
    ]


def _list_contents(about: dict) -> list[str]:
    """Return how many offers each block holds, empty blocks left out."""
    blocs = [count(about["nb_resultats"], "formation")]
    if about["nb_voisins"]:
        blocs.append(f"{count(about['nb_voisins'], 'formation')} de métiers voisins")
    if about["nb_a_distance"]:
        blocs.append(f"{count(about['nb_a_distance'], 'formation')} à distance")
    if about["nb_proches"]:
        words = ("formation plus proche", "formations plus proches")
        blocs.append(f"{count(about['nb_proches'], *words)} hors {about['au_dela']}")
    return blocs
