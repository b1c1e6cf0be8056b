"""Exports of a search: exactly what the list shows, every page of it, in the same order.

Adding a column is adding a row to `COLONNES`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from geoapp.core.cells import neutralise
from geoapp.core.errors import ParameterError
from geoapp.core.french import format_number, say_if
from geoapp.offer.cards import offer_card
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.model import Resultat
from geoapp.offer.search.requests import describe_request
from geoapp.outputs.files.model import LIGNES_MAX, PAQUET

BLOCS = {"resultat": "Résultat", "a_distance": "À distance", "proche": "Plus proche, hors du rayon"}
"""The blocks of a list, in the order in which it shows them."""


@dataclass(frozen=True)
class Export:
    """One format: how a browser must be told of it."""

    nom: str
    extension: str
    mimetype: str
    libelle: str


FORMATS: dict[str, Export] = {
    export.nom: export
    for export in (
        Export("csv", "csv", "text/csv", "CSV pour tableur (point-virgule, virgule décimale)"),
        Export(
            "csv-brut",
            "csv",
            "text/csv",
            "CSV pour programme (virgule, point décimal, noms de colonnes courts)",
        ),
        Export(
            "xlsx",
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "Classeur XLSX avec sa notice",
        ),
        Export("geojson", "geojson", "application/geo+json", "GeoJSON (RFC 7946)"),
    )
}


@dataclass(frozen=True)
class ColonneExport:
    """One column: short name, title and meaning in French, type, how a card gives it."""

    nom: str
    titre: str
    sens: str
    lire: Callable[[dict], object]
    type: str = "texte"
    largeur: int = 18


def _of(*path: str) -> Callable[[dict], object]:
    """Return what reads a value inside a card."""

    def read(card: dict) -> object:
        for key in path:
            card = card[key]
        return card

    return read


def _zones(card: dict) -> str:
    return "|".join(f"{zone['type']}:{zone['code']}" for zone in card["zones"])


COLONNES: tuple[ColonneExport, ...] = (
    ColonneExport(
        "bloc", "Bloc", "Résultat, formation à distance, ou plus proche hors du rayon", _of("bloc")
    ),
    ColonneExport("id", "Identifiant", "Identifiant de la formation, celui de sa fiche", _of("id")),
    ColonneExport(
        "id_lieu", "Identifiant du lieu", "Identifiant du lieu dans les données", _of("id_lieu")
    ),
    ColonneExport(
        "intitule", "Intitulé", "Intitulé fourni par la source", _of("intitule"), largeur=50
    ),
    ColonneExport(
        "type_diplome",
        "Type de diplôme",
        "Diplôme ou titre, tel que fourni",
        _of("type_diplome"),
        largeur=30,
    ),
    ColonneExport(
        "organisme",
        "Organisme",
        "Organisme formateur, sinon responsable",
        _of("organisme"),
        largeur=40,
    ),
    ColonneExport(
        "id_organisme",
        "Identifiant de l'organisme",
        "siret:… ou uai:…, connu même quand aucune source ne nomme l'organisme",
        _of("id_organisme"),
        largeur=26,
    ),
    ColonneExport(
        "niveau",
        "Niveau de sortie",
        "Niveau 3 à 8 (cadre de 2019)",
        _of("niveau", "libelle"),
        largeur=28,
    ),
    ColonneExport(
        "code_niveau",
        "Code du niveau",
        "3 à 8 ; vide quand il n'est pas renseigné",
        _of("niveau", "code"),
    ),
    ColonneExport(
        "domaine", "Domaine", "Domaine simplifié de GéoForma", _of("domaine", "libelle"), largeur=30
    ),
    ColonneExport(
        "code_domaine", "Code du domaine", "Code du domaine simplifié", _of("domaine", "code")
    ),
    ColonneExport("voie", "Voie", "Scolaire, apprentissage ou continue", _of("voie", "libelle")),
    ColonneExport(
        "modalite", "Modalité", "Sur place, mixte ou à distance", _of("modalite", "libelle")
    ),
    ColonneExport(
        "conventionnee",
        "Conventionnée",
        "Financée par une convention publique",
        lambda card: say_if(card["est_conventionnee"]),
    ),
    ColonneExport(
        "certifiante",
        "Certifiante",
        "Mène à une certification connue",
        lambda card: say_if(card["est_certifiante"]),
    ),
    ColonneExport(
        "rev3",
        "Transitions rev3",
        "Transitions servies, séparées par « | »",
        lambda card: " | ".join(t["libelle"] for t in card["rev3"]),
    ),
    ColonneExport(
        "date_debut", "Première session", "Date ISO à la précision connue", _of("date_debut")
    ),
    ColonneExport(
        "date_fin", "Dernière session", "Date ISO à la précision connue", _of("date_fin")
    ),
    ColonneExport("periode", "Dates", "Dates en toutes lettres", _of("periode"), largeur=30),
    ColonneExport(
        "capacite",
        "Places",
        "Somme des places connues ; vide si aucune n'est connue",
        _of("capacite"),
        "nombre",
        9,
    ),
    ColonneExport(
        "prix_eur",
        "Prix total (€)",
        "Euros TTC, quand la source le donne ; vide quand il est inconnu",
        _of("prix_eur"),
        "nombre",
        14,
    ),
    ColonneExport(
        "prix_horaire_eur",
        "Prix horaire (€)",
        "Euros TTC de l'heure, quand la source le donne",
        _of("prix_horaire_eur"),
        "nombre",
        14,
    ),
    ColonneExport(
        "gratuite",
        "Gratuit pour le stagiaire",
        "Rien à payer pour la personne, selon la source",
        lambda card: say_if(card["est_gratuite"]),
    ),
    ColonneExport(
        "page_web",
        "Page web",
        "Page de contact ou de description donnée par la source",
        _of("page_web"),
        largeur=40,
    ),
    ColonneExport("adresse", "Adresse", "Adresse telle que fournie", _of("adresse"), largeur=40),
    ColonneExport(
        "code_postal", "Code postal", "Code postal (texte)", _of("code_postal"), largeur=12
    ),
    ColonneExport("commune", "Commune", "Commune actuelle", _of("commune", "nom"), largeur=24),
    ColonneExport(
        "code_commune", "Code commune", "Code INSEE (texte)", _of("commune", "code"), largeur=13
    ),
    ColonneExport(
        "precision", "Précision", "D'où vient le point", _of("precision", "libelle"), largeur=30
    ),
    ColonneExport(
        "douteuse",
        "Position douteuse",
        "Point reçu loin de la commune déclarée",
        lambda card: say_if(card["est_douteuse"]),
    ),
    ColonneExport(
        "distance_m",
        "Distance (m)",
        "Au lieu cherché, à vol d'oiseau, en mètres",
        _of("distance_m"),
        "nombre",
        13,
    ),
    ColonneExport(
        "longitude",
        "Longitude",
        "Degrés (WGS84) ; vide quand le lieu n'est pas placé",
        _of("longitude"),
        "nombre",
        12,
    ),
    ColonneExport("latitude", "Latitude", "Degrés (WGS84)", _of("latitude"), "nombre", 12),
    ColonneExport(
        "zones", "Zones", "Zones du lieu, « type:code » séparés par « | »", _zones, largeur=30
    ),
    ColonneExport("source", "Source", "Titre de la source", _of("source", "titre"), largeur=40),
    ColonneExport(
        "autres_sources",
        "Autres sources",
        "Autres catalogues qui donnent la même formation, séparés par « | »",
        lambda card: " | ".join(source["titre"] for source in card["sources"][1:]),
        largeur=40,
    ),
    ColonneExport("millesime", "Millésime", "Date de la source", _of("source", "millesime")),
    ColonneExport(
        "fictive",
        "Données fictives",
        "Oui pour des données de démonstration",
        lambda card: say_if(card["est_fictive"]),
    ),
)


def list_cards(resultat: Resultat, repertoire: Repertoire) -> Iterator[dict]:
    """Yield every card of an answer in the order of the list, each with its `bloc`.

    The offers found come first, every page of them, then the remote ones, then
    (when nothing was found) the nearest outside the radius.
    """
    blocs = (
        ("resultat", resultat.lignes, resultat.distances_m),
        ("a_distance", resultat.a_distance, np.full(len(resultat.a_distance), np.nan)),
        ("proche", resultat.proches, resultat.proches_m),
    )
    for bloc, lignes, distances in blocs:
        for ligne, distance_m in zip(lignes.tolist(), distances.tolist(), strict=True):
            yield {"bloc": BLOCS[bloc], **offer_card(repertoire, ligne, distance_m)}


def export_offers(resultat: Resultat, repertoire: Repertoire, format: str) -> Iterator[bytes]:
    """Return an answer in one of `FORMATS`, piece by piece.

    Raises
    ------
    ParameterError
        When the format is unknown, or when a workbook cannot hold the rows.
    """
    if format not in FORMATS:
        raise ParameterError(
            f"Format inconnu : « {format} ». Formats acceptés : {', '.join(FORMATS)}."
        )
    nb = resultat.total + len(resultat.a_distance) + len(resultat.proches)
    if format == "xlsx" and nb > LIGNES_MAX:
        raise ParameterError(
            f"Un classeur ne peut tenir que {format_number(LIGNES_MAX)} lignes. Ajoutez un filtre, ou choisissez le CSV."
        )
    return _WRITERS[format](resultat, repertoire)


def _values(card: dict) -> list:
    return [colonne.lire(card) for colonne in COLONNES]


def _french_csv(resultat: Resultat, repertoire: Repertoire) -> Iterator[bytes]:
    """Yield a CSV that a French spreadsheet opens as it should."""

    def cell(value):
        return str(value).replace(".", ",") if isinstance(value, float) else neutralise(value)

    titres = [colonne.titre for colonne in COLONNES]
    yield b"\xef\xbb\xbf"
    yield from _csv(
        titres, ([cell(v) for v in _values(card)] for card in list_cards(resultat, repertoire)), ";"
    )


def _plain_csv(resultat: Resultat, repertoire: Repertoire) -> Iterator[bytes]:
    """Yield a CSV for programs (RFC 4180), formulas neutralised too."""
    rows = ([neutralise(v) for v in _values(card)] for card in list_cards(resultat, repertoire))
    yield from _csv([colonne.nom for colonne in COLONNES], rows, ",")


def _csv(titres: list[str], rows: Iterable[list], delimiter: str) -> Iterator[bytes]:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(titres)
    rows = iter(rows)
    while paquet := list(islice(rows, PAQUET)):
        writer.writerows(paquet)
        yield stream.getvalue().encode()
        stream.seek(0)
        stream.truncate()
    yield stream.getvalue().encode()


def _geojson(resultat: Resultat, repertoire: Repertoire) -> Iterator[bytes]:
    """Yield a FeatureCollection; an offer without position has a null geometry."""
    yield f'{{"type":"FeatureCollection","metadata":{_dump(describe_export(resultat, repertoire))},"features":['.encode()
    cards, first = list_cards(resultat, repertoire), True
    while paquet := list(islice(cards, PAQUET)):
        yield (
            ("" if first else ",") + ",\n".join(_dump(_feature(card)) for card in paquet)
        ).encode()
        first = False
    yield b"]}\n"


def _feature(card: dict) -> dict:
    placee = card["longitude"] is not None
    point = (
        {"type": "Point", "coordinates": [card["longitude"], card["latitude"]]} if placee else None
    )
    properties = {
        colonne.nom: colonne.lire(card)
        for colonne in COLONNES
        if colonne.nom not in ("longitude", "latitude")
    }
    return {
        "type": "Feature",
        "id": f"{card['id']}@{card['id_lieu']}",
        "geometry": point,
        "properties": properties,
    }


def _dump(value) -> str:
    """Return compact JSON that stays harmless inside a page."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace(
        "<", "\\u003c"
    )


def describe_export(resultat: Resultat, repertoire: Repertoire) -> dict:
    """Return what must be known of an export: the query in words, the date, the sources and their licences."""
    lignes = np.concatenate([resultat.lignes, resultat.a_distance, resultat.proches]).astype(
        "int64"
    )
    ids = sorted(
        {id_source for ligne in lignes.tolist() for id_source in repertoire.sources_of(ligne)}
    )
    kept = ("id_source", "titre", "producteur", "licence", "millesime", "mode", "adresse")
    return {
        "titre": describe_request(resultat.requete, resultat.total),
        "nb_resultats": resultat.total,
        "nb_a_distance": len(resultat.a_distance),
        "nb_proches": len(resultat.proches),
        "instantane": repertoire.snapshot.id,
        "assemble_le": repertoire.snapshot.manifest["cree_le"],
        "sources": [{nom: repertoire.sources[id_source][nom] for nom in kept} for id_source in ids],
    }


def _xlsx(resultat: Resultat, repertoire: Repertoire) -> Iterator[bytes]:
    from geoapp.outputs.offers_workbook import write_workbook

    yield write_workbook(resultat, repertoire)


_WRITERS = {"csv": _french_csv, "csv-brut": _plain_csv, "xlsx": _xlsx, "geojson": _geojson}
