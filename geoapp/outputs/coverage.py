"""What a file of an answer holds: the table shown, its columns, its notice, its outlines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from geoapp.core.config import CRS_GEO
from geoapp.coverage.answer import Reponse
from geoapp.coverage.border import crossing_zones
from geoapp.coverage.indicators import (
    INCONNU,
    INDICATEURS,
    MENTIONS,
    NB_NOMS,
    say_missing,
    show_value,
)
from geoapp.coverage.legend import COULEURS, HORS_DE_PORTEE, class_lines, legend
from geoapp.coverage.model import OFFRES, PUBLICS, VOISINS, describe_question, describe_way
from geoapp.coverage.outlines import counted_outlines
from geoapp.coverage.sentences import list_sources
from geoapp.coverage.territories.tables import name_body
from geoapp.coverage.white_zones import CAUSES, SOLIDITES
from geoapp.coverage.world import World
from geoapp.offer.perimeter import INCONNUE, LIBELLES
from geoapp.outputs.files.formats import write_file
from geoapp.outputs.files.model import CONTOUR, ColonneFichier, Fichier
from geoapp.outputs.files.qml import INCONNU as FOND_INCONNU
from geoapp.outputs.files.qml import Regle, class_rules, class_style
from geoapp.outputs.provenance import tell_provenance
from geoapp.reference.zonings import MAILLES

NON_COLLECTEE = "#e3d294"
"""Fill of a zone whose offer no source holds, as on the page."""

_DECIMALES = {"part": 1, "cout": 1, "taux": 3, "taux_brut": 1}
"""Decimals of each type of number, those of the page."""

_MOTS: dict[str, Mapping[str, str] | Callable[[str], str]] = {
    "type_zone": {nom: row.singulier for nom, row in MAILLES.items()},
    "offreur_unique": name_body,
    "cause": {nom: terme.libelle for nom, terme in CAUSES.items()},
    "solidite": {nom: terme.libelle for nom, terme in SOLIDITES.items()},
    "perimetre": LIBELLES,
    "masques": {nom: row.titre for nom, row in INDICATEURS.items()},
}
"""Words of the codes of the columns that name, for readers."""

_ANNEXES = ("perimetre", "type_demande", "est_estimee", "masques", "nb_points_inconnus")
"""Columns that a printed page leaves out: they say how the others are known."""


def list_columns(unite: str = "") -> list[ColonneFichier]:
    """Return the columns of a file: the zone, the indicators, what must be known of them.

    `unite` is that of the threshold, in which trips are told.
    """
    mentions = [
        ColonneFichier(
            nom=one.nom,
            titre=one.titre,
            sens=one.sens,
            type=one.type,
            libelles=_MOTS.get(one.nom),
            est_annexe=one.nom in _ANNEXES,
        )
        for one in MENTIONS.values()
    ]
    numbers = [
        ColonneFichier(
            nom=one.nom,
            titre=one.titre,
            sens=one.sens,
            type="entier" if one.type == "nombre" else "reel",
            unite={"cout": unite, "taux": "pour 10 000 hab."}.get(one.type, ""),
            decimales=_DECIMALES.get(one.type, 0),
            est_part=one.type == "part",
            dire_vide=partial(_say_empty, nom=one.nom),
        )
        for one in INDICATEURS.values()
    ]
    return [*mentions[:NB_NOMS], *numbers, *mentions[NB_NOMS:]]


def _say_empty(row: Mapping, nom: str) -> str:
    """Return why a number is not there, as the page says it; "" when it is unknown."""
    known = {one: np.nan if row[one] is None else row[one] for one in (nom, "population")}
    words = show_value({**row, **known}, nom, "")
    return "" if words == INCONNU else words


def file_table(reponse: Reponse) -> pd.DataFrame:
    """Return the table of an answer as a file holds it: people as whole numbers, unknown as NA."""
    table = reponse.tableau.copy()
    for indicateur in INDICATEURS.values():
        if indicateur.type == "nombre":
            table[indicateur.nom] = table[indicateur.nom].round().astype("Int64")
    return table[[one.nom for one in list_columns()]]


def list_notice(world: World, reponse: Reponse) -> list[tuple[str, str]]:
    """Return what must travel with the figures.

    Question, sentence, parameters, quality, sources, date.
    """
    question = reponse.question
    trajets = ", ".join(
        f"{nom} = {valeur}"
        for nom, valeur in world.parametres(question.mode).items()
        if nom != "note" and isinstance(valeur, str | int | float)
    )
    return [
        ("Titre", f"{describe_question(question)}{reponse.perimetre.suffixe}"),
        ("À retenir", reponse.phrase),
        ("Offre connue", reponse.perimetre.phrase),
        ("Seuil", f"{question.seuil:g} {question.unite} {describe_way(question)}, compris"),
        ("Offre comptée", OFFRES[question.offre]),
        ("Public", PUBLICS[question.public]),
        ("Départements voisins", VOISINS["oui" if question.voisins else "non"]),
        ("Trajets", trajets),
        *(("À savoir", note) for note in (*reponse.notes, *_cut(world, question.zonage))),
        *tell_provenance(
            world.snapshot,
            list_sources(world),
            describe_question(question),
        ),
    ]


def _cut(world: World, zonage: str) -> tuple[str, ...]:
    """Say which zones are drawn in part; () when none is."""
    codes = crossing_zones(world.snapshot, zonage)
    return (
        (f"Contour coupé à la limite de la région, comme les chiffres, pour {', '.join(codes)}.",)
        if codes
        else ()
    )


def layer_name(zonage: str) -> str:
    """Return the name of a layer of outlines, as QGIS shows it."""
    return f"Couverture par {MAILLES[zonage].singulier}"


def style_of(reponse: Reponse) -> str:
    """Return the style of an answer: the classes, shades and words of the legend of the page."""
    mesure = reponse.question.mesure
    classes = [(one.bas, one.haut, one.mots, COULEURS[one.teinte]) for one in class_lines(reponse)]
    empty = f'"{mesure}" IS NULL AND '
    uncollected = f"\"perimetre\" = '{INCONNUE}'"
    out = f"NOT {uncollected} AND {_out_of_reach(mesure)}"
    others = [
        Regle(f"{empty}{uncollected}", "offre non collectée", NON_COLLECTEE),
        Regle(f"{empty}{out}", "hors de portée", HORS_DE_PORTEE),
        Regle(
            f"{empty}NOT {uncollected} AND NOT ({_out_of_reach(mesure)})",
            "inconnu ou tu",
            FOND_INCONNU,
        ),
    ]
    told = legend(reponse)
    held = [told["nb_non_collectees"], told["nb_hors"], told["nb_inconnus"]]
    rules = [
        *class_rules(mesure, classes),
        *(one for one, nb in zip(others, held, strict=True) if nb),
    ]
    return class_style(rules, list_columns(reponse.question.unite))


def _out_of_reach(mesure: str) -> str:
    """Return the expression of QGIS of a zone that has no value because nothing is reached."""
    if say_missing(INDICATEURS[mesure]) == INCONNU:
        return "FALSE"
    # The names hidden are parted by « | »: none of them holds another one.
    hidden = "coalesce(\"masques\", '')"
    return (
        f"NOT {hidden} LIKE '%{mesure}%' AND "
        f"(\"population\" IS NOT NULL OR {hidden} LIKE '%population%')"
    )


def file_of(world: World, reponse: Reponse) -> Fichier:
    """Return an answer as a file, to be written in any format.

    A zoning without any outline is a table that draws nothing.  A zone that crosses the border is
    drawn in the region only, where its figures are; the notice says so.
    """
    zonage = reponse.question.zonage
    table, (outlines, _) = file_table(reponse), counted_outlines(world, zonage)
    drawn = outlines.reindex(table["code_zone"]).to_numpy()
    has_outline = bool(outlines.notna().any())
    layer = gpd.GeoDataFrame(table, geometry=drawn, crs=CRS_GEO) if has_outline else table
    return Fichier(
        table=layer,
        colonnes=list_columns(reponse.question.unite),
        notice=list_notice(world, reponse),
        titre=layer_name(zonage),
        nom=f"couverture-{zonage}",
        forme=CONTOUR if has_outline else "",
        nb_figees=3,
        style=style_of(reponse) if has_outline else "",
    )


def write_answer(world: World, reponse: Reponse, out: Path) -> None:
    """Write an answer to `out`, in the format that its extension names.

    `geoapp.outputs.files.formats` lists them.
    """
    write_file(file_of(world, reponse), out)
