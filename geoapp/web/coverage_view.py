"""What the templates of coverage show, as plain values in words."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

import pandas as pd
from flask import url_for

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.errors import ParameterError
from geoapp.core.french import count, format_decimal, format_number, upper_first, with_unit
from geoapp.coverage.answer import Reponse
from geoapp.coverage.classes import METHODES, assign_classes
from geoapp.coverage.counted_publics import PublicCompte
from geoapp.coverage.indicators import (
    INDEPENDANTS,
    INDICATEURS,
    PETIT,
    format_value,
    list_map_measures,
    show_value,
    title_of,
)
from geoapp.coverage.legend import is_out_of_reach, is_reversed, is_uncollected, shade
from geoapp.coverage.model import OFFRES, PUBLICS, VOISINS, Question, to_parameters
from geoapp.coverage.offered import counted_numbers, worded
from geoapp.coverage.publics import Public
from geoapp.coverage.travel.modes import MODES, UNITES, greatest_threshold
from geoapp.coverage.ways import ParMode
from geoapp.coverage.white_zones import CAUSES, SOLIDITES, name_term
from geoapp.coverage.world import World
from geoapp.coverage.zone_points import FicheZone, Presque
from geoapp.offer.perimeter import CONNUE, INCONNUE, VIDE
from geoapp.reference.zonings import CARREAU, MAILLES
from geoapp.web.presentation import ColonneTriable, Query

COLONNES = (
    "population",
    "population_non_couverte",
    "part_non_couverte",
    "mediane",
    "p90",
    "e2sfca",
    "nb_offres",
)
"""Numbers of the table on screen; the files have them all."""

ORDRES = {"desc": "descending", "asc": "ascending"}


def query(question: Question, *, sauf: tuple[str, ...] = (), **autres: str) -> Query:
    """Return a question as the parameters of an address, some left out, others added."""
    result: Query = {}
    for nom, valeur in to_parameters(question):
        if nom not in sauf:
            result.setdefault(nom, []).append(valeur)
    return {**result, **{nom: [valeur] for nom, valeur in autres.items()}}


def choices(question: Question, world: World) -> dict:
    """Return the fields of the form that are not filters: options (value, label), choice made."""
    zonings = [
        (nom, row.titre)
        for nom, row in MAILLES.items()
        if nom in world.mailles and len(world.mailles[nom].codes)
    ]
    return {
        "seuil": f"{question.seuil:g}",
        "unite": question.unite,
        "unites": [
            (unite, UNITES[unite].mot, greatest_threshold(world.parametres(question.mode), unite))
            for unite in world.unites(question.mode)
        ],
        "mode": question.mode,
        "modes": [_mode_choice(nom, world) for nom in world.modes],
        "listes": [
            ("zonage", "Par", zonings, question.zonage),
            (
                "mesure",
                "Mesure sur la carte",
                [(i.nom, i.titre) for i in list_map_measures()],
                question.mesure,
            ),
        ],
        "reglages": [
            ("offre", "Offre comptée", list(OFFRES.items()), question.offre),
            ("public", "Public", list(PUBLICS.items()), question.public),
            (
                "voisins",
                "Départements voisins",
                [(nom, upper_first(mots)) for nom, mots in VOISINS.items()],
                "oui" if question.voisins else "non",
            ),
            ("classes", "Classes de la carte", list(METHODES.items()), question.methode),
        ],
    }


def _mode_choice(nom: str, world: World) -> dict:
    """Return a way of travelling as the form offers it: greatest threshold by unit, usual one."""
    maxima = {
        unite: int(greatest_threshold(world.parametres(nom), unite)) for unite in world.unites(nom)
    }
    unite = MODES[nom].unite if MODES[nom].unite in maxima else next(iter(maxima))
    return {
        "nom": nom,
        "titre": MODES[nom].titre,
        "maxima": maxima,
        "unite": unite,
        "seuil": f"{min(MODES[nom].seuil, maxima[unite]):g}",
    }


def shown_columns(question: Question) -> list[str]:
    """Return the numbers of the table, that of the map included."""
    return list(COLONNES) if question.mesure in COLONNES else [*COLONNES, question.mesure]


def sort_table(reponse: Reponse, args: Mapping) -> tuple[pd.DataFrame, tuple[str, str]]:
    """Return the table in the order asked, and that order.

    By default, the measure of the map sorts it, worst first.

    Raises
    ------
    ParameterError
        When `tri` is no column or `ordre` is neither asc nor desc.
    """
    known = ["nom", *shown_columns(reponse.question)]
    tri = args.get("tri") or reponse.question.mesure
    if tri not in known:
        raise ParameterError(
            f"tri = « {tri[:40]} » : colonne inconnue. Colonnes : {', '.join(known)}."
        )
    ordre = args.get("ordre") or _worst_first(tri)
    if ordre not in ORDRES:
        raise ParameterError(f"ordre = « {ordre[:40]} » : asc ou desc est attendu.")
    ascending = [ordre == "asc", False, True]
    return reponse.tableau.sort_values(
        [tri, "population_non_couverte", "code_zone"],
        ascending=ascending,
        na_position="last",
        kind="stable",
    ), (tri, ordre)


def _worst_first(nom: str) -> str:
    return (
        "asc"
        if nom == "nom"
        or (nom in INDICATEURS and INDICATEURS[nom].est_pire_si == "bas" and nom != "population")
        else "desc"
    )


def columns(reponse: Reponse, order: tuple[str, str]) -> list[ColonneTriable]:
    """Return the headers of the table; following one again turns the order round."""
    question = reponse.question
    is_whole = bool(reponse.tableau["est_estimee"].any())
    titles = {nom: worded(title_of(nom, is_whole), question) for nom in shown_columns(question)}
    titles = {"nom": MAILLES[question.zonage].singulier.capitalize(), **titles}
    return [_column(question, nom, titre, order) for nom, titre in titles.items()]


def _column(question: Question, nom: str, titre: str, order: tuple[str, str]) -> ColonneTriable:
    """Return one header."""
    sens = "Nom de la zone" if nom == "nom" else worded(INDICATEURS[nom].sens, question)
    is_current = nom == order[0]
    ordre = {"asc": "desc", "desc": "asc"}[order[1]] if is_current else _worst_first(nom)
    adresse = url_for("coverage.index", **query(question, tri=nom, ordre=ordre), _anchor="tableau")
    return ColonneTriable(
        nom=nom,
        titre=titre,
        sens=sens,
        adresse=adresse,
        aria=ORDRES[order[1]] if is_current else "none",
    )


def rows(reponse: Reponse, table: pd.DataFrame) -> list[dict]:
    """Return the rows of the table in words."""
    question = reponse.question
    return [
        {
            "nom": row["nom"],
            "adresse": zone_address(question, row["code_zone"]),
            "est_estimee": row["est_estimee"],
            "nombres": [
                (
                    worded(title_of(nom, row["est_estimee"]), question),
                    show_value(row, nom, question.unite),
                )
                for nom in shown_columns(question)
            ],
            "cause": name_term(row["cause"], CAUSES),
            "solidite": name_term(row["solidite"], SOLIDITES),
            "offreur": _or_nothing(row["offreur_unique"]),
        }
        for row in table.to_dict("records")
    ]


def zone_address(question: Question, code: str) -> str | None:
    """Return the page of a zone; None for a cell of the grid."""
    if question.zonage == CARREAU:
        return None
    return url_for(
        "coverage.zone",
        type_zone=question.zonage,
        code_zone=code,
        **query(question, sauf=("zonage",)),
    )


def _or_nothing(value) -> str:
    return value if isinstance(value, str) else ""


NON_COLLECTEE, HORS_DE_PORTEE = -2, -3
"""Shades of a zone whose offer no source holds, and of one from which nothing is reached."""


def map_values(reponse: Reponse, code: str | None = None) -> dict:
    """Return what the map colours, and the white communes.

    By zone: shade (−1 when unknown), name, value in words, address.
    """
    question, table = reponse.question, reponse.tableau
    classes = assign_classes(table[question.mesure].to_numpy(dtype=float), reponse.classes).tolist()
    shown = table.to_dict("records")
    nb, uncollected = len(reponse.classes.effectifs), is_uncollected(reponse)
    values = {
        row["code_zone"]: [
            NON_COLLECTEE
            if is_empty
            else HORS_DE_PORTEE
            if is_out
            else shade(rank, nb, est_inverse=is_reversed(question.mesure)),
            row["nom"],
            show_value(row, question.mesure, question.unite),
            zone_address(question, row["code_zone"]),
        ]
        for row, rank, is_empty, is_out in zip(
            shown, classes, uncollected, is_out_of_reach(reponse), strict=True
        )
    }
    whites = {
        row.code_commune: f"{row.cause}-{row.solidite}" for row in reponse.blanches.itertuples()
    }
    return {
        "zones": values,
        "blanches": whites,
        "mesure": worded(INDICATEURS[question.mesure].titre, question),
        "choisie": code,
    }


def variant_rows(reponse: Reponse) -> list[tuple[str, ...]]:
    """Return (title, people too far, their share, median cost) of the answer with other trips."""
    shown = []
    for one in reponse.variantes:
        numbers = {
            "population_non_couverte": one.population_non_couverte,
            "part_non_couverte": one.part_non_couverte,
            "mediane": one.cout_median,
        }
        words = [
            PETIT
            if one.est_masquee and nom != "mediane"
            else format_value(INDICATEURS[nom], value, reponse.question.unite)
            for nom, value in numbers.items()
        ]
        shown.append((one.titre, *words))
    return shown


def against_region(sheet: FicheZone, question: Question) -> list[tuple[str, str, str, str]]:
    """Return (title, meaning, zone, region) of every indicator."""
    zone, region = sheet.zone.to_dict(), sheet.ensemble.to_dict()
    return [
        (
            worded(i.titre, question),
            worded(i.sens, question),
            show_value(zone, i.nom, question.unite),
            show_value(region, i.nom, question.unite),
        )
        for i in map(INDICATEURS.__getitem__, counted_numbers(question, INDICATEURS))
    ]


def white_rows(blanches: pd.DataFrame, question: Question) -> list[dict]:
    """Return the white communes of a zone in words."""
    return [
        {
            "nom": row.nom,
            "adresse": url_for(
                "coverage.zone",
                type_zone="commune",
                code_zone=row.code_commune,
                **query(question, sauf=("zonage",)),
            ),
            "population": PETIT
            if 0 < row.population_blanche < PETIT_NOMBRE
            else format_number(round(row.population_blanche)),
            "cause": name_term(row.cause, CAUSES),
            "solidite": name_term(row.solidite, SOLIDITES),
        }
        for row in blanches.itertuples()
    ]


def almost_rows(presque: list[Presque], question: Question) -> list[dict]:
    """Return the offers that almost reach a zone, in words."""
    return [
        {
            "titre": one.titre,
            "adresse": url_for("search.sheet", identifiant=one.identifiant)
            if one.identifiant
            else None,
            "organisme": one.nom_organisme or "organisme non renseigné",
            "commune": one.nom_commune,
            "autres": count(one.nb_offres - 1, "autre formation", "autres formations")
            if one.nb_offres > 1
            else "",
            "cout": format_value(INDICATEURS["mediane"], one.cout, question.unite),
            "est_voisine": one.est_voisine,
            "est_douteuse": one.est_douteuse,
        }
        for one in presque
    ]


_PUBLICS = ("population", "part_couverte", "population_non_couverte", "mediane", "p90", "e2sfca")


def show_public(public: Public, nom: str, unite: str) -> str:
    """Return one number of a public in words."""
    if public.perimetre == INCONNUE and nom not in INDEPENDANTS:
        return VIDE
    return format_value(INDICATEURS[nom], getattr(public, nom), unite)


def public_groups(found: list[Public], question: Question) -> list[dict]:
    """Return the publics by comparison, in words, with the gap of cover between the two."""
    groups = []
    for titre, publics in groupby(found, key=lambda one: one.groupe):
        mine = list(publics)
        groups.append(
            {
                "titre": titre,
                "note": mine[0].note,
                "ecart": _gap(mine) if len(mine) == 2 else "",
                "lignes": [
                    (
                        one.titre,
                        [
                            (
                                INDICATEURS[nom].titre,
                                show_public(one, nom, question.unite),
                            )
                            for nom in _PUBLICS
                        ],
                    )
                    for one in mine
                ],
            }
        )
    return groups


def counted_rows(found: list[PublicCompte], part_de_tous: float) -> list[dict]:
    """Return the publics counted by commune in words, against all the inhabitants."""
    return [
        {
            "titre": one.titre,
            "annee": one.annee,
            "nombre": format_number(round(one.nombre)),
            "loin": PETIT
            if one.est_petit
            else format_value(INDICATEURS["population_non_couverte"], one.nb_loin),
            "part": format_value(INDICATEURS["part_non_couverte"], one.part_loin),
            "ecart": _against_all(one.part_loin, part_de_tous),
            "tus": _hidden_words(one),
            "gini": "" if pd.isna(one.gini) else format_decimal(round(one.gini, 2)),
        }
        for one in found
    ]


def _against_all(part: float, part_de_tous: float) -> str:
    """Return how much more, or less, a public lives too far than all the inhabitants."""
    if pd.isna(part) or pd.isna(part_de_tous):
        return "inconnu"
    points = round((part - part_de_tous) * 100, 1)
    if not points:
        return "comme tous"
    value = with_unit(format_decimal(abs(points)), "point" if abs(points) < 2 else "points")
    return f"{value} de {'plus' if points > 0 else 'moins'}"


def _hidden_words(one: PublicCompte) -> str:
    """Return how many communes hide their number, and how many people they hide together."""
    if not one.nb_tues:
        return "aucune" if one.unite == "commune" else "aucun"
    missing = one.publie - one.nombre
    people = f", {format_number(round(missing))} en tout" if missing >= PETIT_NOMBRE else ""
    return f"{count(one.nb_tues, one.unite)}{people}"


def way_rows(found: list[ParMode]) -> list[tuple[str, str, str, str]]:
    """Return (way, share within the threshold, people beyond, median) of each way of travelling."""
    return [
        (
            one.titre,
            format_value(INDICATEURS["part_couverte"], one.part_couverte),
            PETIT
            if one.est_masquee
            else format_value(INDICATEURS["population_non_couverte"], one.population_non_couverte),
            one.mediane_mots,
        )
        for one in found
    ]


def _gap(two: list[Public]) -> str:
    """Return the difference of cover of two publics in one sentence."""
    if any(one.perimetre == INCONNUE for one in two):
        return "Offre non collectée : rien ne dit qui en manque."
    gap = (two[0].part_couverte - two[1].part_couverte) * 100
    if gap != gap:
        return "L'écart ne peut être calculé."
    if abs(gap) < 0.05:
        return "La part couverte y est la même qu'ailleurs."
    points = f"{format_decimal(abs(gap), 1)} points {'plus haute' if gap > 0 else 'plus basse'}"
    known = "" if two[0].perimetre == CONNUE else ", dans l'offre que nos sources tiennent"
    return f"La part couverte y est de {points} qu'ailleurs{known}."
