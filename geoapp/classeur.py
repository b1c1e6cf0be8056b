"""The XLSX form of an export: one sheet of typed columns, one « Lisez-moi »."""

from __future__ import annotations

import io
from collections.abc import Callable

import xlsxwriter

from geoapp.exports import COLONNES, describe_export, list_cards
from geoapp.repertoire import Repertoire
from geoapp.search.model import Resultat
from geoapp.tables import neutralise
from geoapp.words import count

FEUILLE, NOTICE = "Formations", "Lisez-moi"

_OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_CELLULE_MAX = 32_767
"""Characters that a cell can hold."""

REGLES = (
    "Le tableau contient exactement ce que montre la liste, toutes pages confondues, dans le même ordre.",
    "Une cellule vide, ou « Non renseigné », dit que la source ne donne pas la valeur ; ce n'est jamais zéro.",
    "Les distances sont à vol d'oiseau, en mètres, depuis le lieu cherché.",
    "Les formations entièrement à distance sont dans le bloc « À distance » : la distance ne les écarte jamais.",
    "Une apostrophe devant un texte empêche le tableur de le prendre pour une formule.",
)
"""What a reader must know before using the figures."""


def write_workbook(resultat: Resultat, repertoire: Repertoire) -> bytes:
    """Return an answer as a workbook; no text of a source can act as a formula or a link."""
    stream = io.BytesIO()
    classeur = xlsxwriter.Workbook(stream, _OPTIONS)
    classeur.set_properties({"title": describe_export(resultat, repertoire)["titre"], "author": "GéoForma"})
    gras = classeur.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    _write_offers(classeur.add_worksheet(FEUILLE), resultat, repertoire, gras)
    _write_notice(classeur.add_worksheet(NOTICE), describe_export(resultat, repertoire), gras, classeur.add_format({"text_wrap": True}))
    classeur.close()
    return stream.getvalue()


def _write_offers(feuille, resultat: Resultat, repertoire: Repertoire, gras) -> None:
    """Write the header, frozen and filterable, then one row per offer."""
    feuille.freeze_panes(1, 0)
    for rang, colonne in enumerate(COLONNES):
        feuille.set_column(rang, rang, colonne.largeur)
        feuille.write_string(0, rang, colonne.titre, gras)
    ligne = 0
    for ligne, card in enumerate(list_cards(resultat, repertoire), start=1):
        for rang, colonne in enumerate(COLONNES):
            _write_cell(feuille, ligne, rang, colonne.lire(card), est_nombre=colonne.type == "nombre")
    feuille.autofilter(0, 0, ligne, len(COLONNES) - 1)


def _write_cell(feuille, ligne: int, rang: int, valeur, *, est_nombre: bool) -> None:
    """Write one cell as a number or as text; unknown is left empty."""
    if valeur is None or valeur == "":
        return
    if est_nombre:
        feuille.write_number(ligne, rang, valeur)
    else:
        feuille.write_string(ligne, rang, neutralise(str(valeur))[:_CELLULE_MAX])


def _write_notice(feuille, notice: dict, gras, texte) -> None:
    """Write the query, the rules, the meaning of the columns and the sources."""
    feuille.set_column(0, 0, 34)
    feuille.set_column(1, 5, 48, texte)
    say = _writer(feuille, gras)
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
        say(source["titre"] + fictive, source["producteur"], source["millesime"], source["licence"], source["adresse"])


def _contents(notice: dict) -> list[str]:
    """Return how many offers each block holds, empty blocks left out."""
    blocs = [count(notice["nb_resultats"], "formation")]
    if notice["nb_a_distance"]:
        blocs.append(f"{count(notice['nb_a_distance'], 'formation')} à distance")
    if notice["nb_proches"]:
        blocs.append(f"{count(notice['nb_proches'], 'formation plus proche', 'formations plus proches')} hors du rayon")
    return blocs


def _writer(feuille, gras) -> Callable[..., None]:
    """Return what writes the next line of a sheet."""
    ligne = -1

    def say(*cells: str | None, titre: bool = False) -> None:
        nonlocal ligne
        ligne += 1
        for rang, cell in enumerate(cells):
            if cell:
                feuille.write_string(ligne, rang, neutralise(cell)[:_CELLULE_MAX], *([gras] if titre else []))

    return say
