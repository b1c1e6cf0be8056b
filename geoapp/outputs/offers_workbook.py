"""The XLSX form of an export: one sheet of typed columns, one « Lisez-moi »."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import partial

from geoapp.core.french import count
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.model import Resultat
from geoapp.outputs.files.workbook import LISEZMOI, open_book, text_writer
from geoapp.outputs.offers import COLONNES, describe_export, list_cards

FEUILLE = "Formations"

REGLES = (
    "Le tableau contient exactement ce que montre la liste, toutes pages confondues, dans le même ordre.",
    "Une cellule vide, ou « Non renseigné », dit que la source ne donne pas la valeur ; ce n'est jamais zéro.",
    "Les distances sont à vol d'oiseau, en mètres, depuis le lieu cherché.",
    "Les formations entièrement à distance sont dans le bloc « À distance » : la distance ne les écarte jamais.",
)
"""What a reader must know before using the figures."""


def write_workbook(resultat: Resultat, repertoire: Repertoire) -> bytes:
    """Return an answer as a workbook; no text of a source can act as a formula or a link."""
    stream, notice = io.BytesIO(), describe_export(resultat, repertoire)
    with open_book(stream, notice["titre"]) as classeur:
        gras, ecrire = (
            classeur.add_format({"bold": True, "bottom": 1, "text_wrap": True}),
            text_writer(classeur),
        )
        _write_offers(
            classeur.add_worksheet(FEUILLE), list_cards(resultat, repertoire), gras, ecrire
        )
        _write_notice(
            classeur.add_worksheet(LISEZMOI),
            notice,
            classeur.add_format({"text_wrap": True}),
            _writer(gras, ecrire),
        )
    return stream.getvalue()


def _write_offers(feuille, cards: Iterable[dict], gras, ecrire: Callable) -> None:
    """Write the header, frozen and filterable, then one row per offer."""
    feuille.freeze_panes(1, 0)
    for rang, colonne in enumerate(COLONNES):
        feuille.set_column(rang, rang, colonne.largeur)
        feuille.write_string(0, rang, colonne.titre, gras)
    ligne = 0
    for ligne, card in enumerate(cards, start=1):
        for rang, colonne in enumerate(COLONNES):
            _write_cell(
                ligne,
                rang,
                colonne.lire(card),
                feuille.write_number if colonne.type == "nombre" else partial(ecrire, feuille),
            )
    feuille.autofilter(0, 0, ligne, len(COLONNES) - 1)


def _write_cell(ligne: int, rang: int, valeur, ecrire: Callable) -> None:
    """Write one cell; unknown is left empty."""
    if valeur is not None and valeur != "":
        ecrire(ligne, rang, valeur)


def _write_notice(feuille, notice: dict, texte, writer: Callable) -> None:
    """Write the query, the rules, the meaning of the columns and the sources."""
    feuille.set_column(0, 0, 34)
    feuille.set_column(1, 5, 48, texte)
    say = partial(writer, feuille)
    say("GéoForma : export de formations", titre=True)
    say("Recherche", notice["titre"])
    say("Contenu", ", ".join(_contents(notice)))
    say("Données assemblées le", f"{notice['assemble_le']} (instantané {notice['instantane']})")
    say("")
    say("À savoir", titre=True)
    for regle in REGLES:
        say("", regle)
    say("")
    say("Colonne", "Sens", titre=True)
    for colonne in COLONNES:
        say(colonne.titre, colonne.sens)
    say("")
    say("Source", "Producteur", "Millésime", "Licence", "Adresse", titre=True)
    for source in notice["sources"]:
        fictive = " (données fictives)" if source["mode"] == "demonstration" else ""
        say(
            source["titre"] + fictive,
            source["producteur"],
            source["millesime"],
            source["licence"],
            source["adresse"],
        )


def _contents(notice: dict) -> list[str]:
    """Return how many offers each block holds, empty blocks left out."""
    blocs = [count(notice["nb_resultats"], "formation")]
    if notice["nb_a_distance"]:
        blocs.append(f"{count(notice['nb_a_distance'], 'formation')} à distance")
    if notice["nb_proches"]:
        blocs.append(
            f"{count(notice['nb_proches'], 'formation plus proche', 'formations plus proches')} hors du rayon"
        )
    return blocs


def _writer(gras, ecrire: Callable) -> Callable[..., None]:
    """Return what writes the next line of a sheet."""
    ligne = -1

    def say(feuille, *cells: str | None, titre: bool = False) -> None:
        nonlocal ligne
        ligne += 1
        for rang, cell in enumerate(cells):
            if cell:
                ecrire(feuille, ligne, rang, cell, *([gras] if titre else []))

    return say
