"""The figure of a series: places, wishes and pupils, year by year, of a territory or a training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.errors import ParameterError
from geoapp.core.french import count, format_number, join_words
from geoapp.coverage.model import Question
from geoapp.coverage.world import World
from geoapp.offer.lookups import public_id
from geoapp.offer.statistics import SERIES, flux_of_training, flux_of_zone
from geoapp.outputs.figures.elements import ContenuFigure, LigneMesure, Mesure
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.texts import choose_sources, is_fictitious
from geoapp.reference.codes.tracks import name_year

TITRE = "Places, vœux et élèves, année par année"
NOTES = (
    "Paramètres : places et vœux des années par lesquelles on entre, élèves de toutes les années "
    "d'études.",
    "Chaque ligne a le périmètre de sa source : deux sources ne s'additionnent pas, une année "
    "absente n'est pas un zéro, un vœu n'est pas une admission (vœux confirmés de Parcoursup pour "
    "les BTS, premiers vœux d'Affelnet pour la voie professionnelle).",
)
RIEN = "Aucune place, aucun vœu, aucun élève connus."


def make_flux(world: World, question: Question, emprise: Emprise) -> ContenuFigure:
    """Return the content of the series of a territory, summed by year and source.

    Establishments are those that an offer places there.  The series know no filter of the offer:
    a question with one is refused, rather than answered beside.
    """
    if question.filtres:
        raise ParameterError(
            "Une figure « flux » ne prend aucun filtre : les places, vœux et élèves d'un "
            "territoire sont ceux de tous ses établissements. Retirez les filtres, ou demandez "
            "celle d'une formation (formation=…)."
        )
    rows = flux_of_zone(world.snapshot, emprise.type_zone, emprise.code)
    told = [{**row, "quoi": row["source"].partition(" : ")[0]} for row in rows]
    hidden = sum(row["nb_tus"] for row in rows)
    people = f"Les nombres de personnes de 1 à {PETIT_NOMBRE - 1} sont tus"
    inside = f"Périmètre : établissements où nos sources placent une formation, {emprise.nom}."
    return _content(
        world,
        told,
        titre=TITRE,
        emprise=emprise,
        notes=(
            inside,
            *NOTES,
            f"{people} et ne sont dans aucune somme"
            + (f" ({count(hidden, 'nombre tu', 'nombres tus')} ici)." if hidden else "."),
        ),
    )


def make_training_flux(world: World, formation: str, emprise: Emprise) -> ContenuFigure:
    """Return the content of the series of one training, a line by year, source and year of study.

    Raises
    ------
    ParameterError
        When no offer shown has this identifier.
    """
    offres = world.snapshot.read("offres")
    is_asked = offres["id_action"].eq(formation) | offres["id_action"].map(public_id).eq(formation)
    mine = offres[is_asked].astype("object")
    if mine.empty:
        raise ParameterError(
            f"formation = « {formation[:80]} » : aucune formation ne porte cet identifiant. "
            "Prenez celui de l'adresse de sa fiche."
        )
    offre = mine.where(mine.notna(), None).iloc[0]
    series = flux_of_training(world.snapshot, offre["id_action"])
    where = [one for one in (offre["nom_organisme"], offre["nom_commune"]) if one]
    told = [
        {**row, "quoi": row["intitule"] or name_year(row["code_mef"]) or "Cette formation"}
        for row in series
    ]
    return _content(
        world,
        told,
        titre=f"{offre['titre']} : places, vœux et élèves, année par année",
        emprise=replace(emprise, nom=", ".join(where) or "Lieu non renseigné"),
        notes=(
            "Périmètre : cette formation dans cet établissement (même diplôme, même voie).",
            *NOTES[1:],
            f"« < {PETIT_NOMBRE} » : nombre tu, de 1 à {PETIT_NOMBRE - 1} personnes.",
        ),
    )


def _content(
    world: World, rows: list[dict], *, titre: str, emprise: Emprise, notes: tuple[str, ...]
) -> ContenuFigure:
    """Return the content of some rows of a series."""
    measures = tuple(
        Mesure(nom, lines) for key, nom in SERIES.items() if (lines := _lines(rows, key))
    )
    sources = choose_sources(world, ids={row["id_source"] for row in rows}, usages=())
    return ContenuFigure(
        titre=titre,
        # Its outline is not shown: nothing is to be said of it.
        emprise=replace(emprise, est_estimee=False),
        blocs=(),
        phrases=tuple(map(_tell, measures)) or (RIEN,),
        notes=notes if measures else (RIEN, *notes),
        sources=sources,
        mesures=measures,
        est_carte=False,
        est_fictive=is_fictitious(sources),
    )


def _lines(rows: Iterable[dict], key: str) -> tuple[LigneMesure, ...]:
    """Return the lines of one measure: what a source gives or hides, not what it does not give.

    The years of one thing follow each other.
    """
    lines: list[LigneMesure] = []
    first: dict[str, int] = {}
    for row in rows:
        first.setdefault(row["quoi"], len(first))
        is_hidden = key in (row.get("masques") or "").split("|")
        if is_hidden or row[key] is not None:
            mot = f"< {PETIT_NOMBRE}" if is_hidden else format_number(row[key])
            lines.append(LigneMesure(row["annee"], row["quoi"], row[key], mot))
    return tuple(sorted(lines, key=lambda line: (first[line.quoi], line.annee)))


def _tell(mesure: Mesure) -> str:
    """Return one measure in a sentence of the alternative text."""
    told = [f"{one.mot} en {one.annee} ({one.quoi})" for one in mesure.lignes]
    return f"{mesure.titre} : {join_words(told)}."
