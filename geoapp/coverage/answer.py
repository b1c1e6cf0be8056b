"""The answer to a question of coverage, whole: table, map classes, sentence, quality, sources.

Pages, API, exports and the command line all show this one answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from geoapp.coverage import sentences
from geoapp.coverage.classes import Classes, make_classes, round_classes
from geoapp.coverage.indicators import INDICATEURS
from geoapp.coverage.measures import points_of
from geoapp.coverage.model import Question, describe_question, to_parameters
from geoapp.coverage.scope import RANGS, known_offer
from geoapp.coverage.small_counts import hide_small, protect
from geoapp.coverage.table import as_objects, region_row, zone_table
from geoapp.coverage.variants import Variante, answer_otherwise, describe_variant
from geoapp.coverage.white_zones import CAUSES, INCERTAINE
from geoapp.coverage.world import OffreComptee, World, choose_offer
from geoapp.coverage.zone_values import people_by_cause
from geoapp.offer.perimeter import INCONNUE, PARTIELLE, Perimetre, describe_perimeter
from geoapp.reference.zonings import COMMUNE, MAILLES

NB_CLASSES = 5
PART_BLANCHE = 0.5
"""A commune is drawn white when at least this part of its people is."""

TEXTES = (
    "type_zone",
    "code_zone",
    "nom",
    "cause",
    "solidite",
    "offreur_unique",
    "type_demande",
    "perimetre",
    "masques",
)
DRAPEAUX = ("est_estimee",)
"""Columns of the table beside the numbers of `INDICATEURS`."""


@dataclass(frozen=True, kw_only=True)
class Reponse:
    """One answer; `tableau` and `ensemble` hide small counts of people (column `masques`)."""

    question: Question
    tableau: pd.DataFrame
    points: pd.DataFrame
    ensemble: pd.Series
    blanches: pd.DataFrame
    classes: Classes
    phrase: str
    notes: list[str]
    qualite: dict
    perimetre: Perimetre
    precision: str
    variantes: list[Variante]


def answer(world: World, question: Question) -> Reponse:
    """Return the whole answer to a question.

    `blanches` lists the communes of which at least half the people live in a
    white zone: code_commune, nom, population, population_blanche, cause, solidite.
    """
    world = world.of(question)
    offre = choose_offer(world, question)
    points = points_of(world, question)
    raw = zone_table(world, question, offre, points)
    whole = region_row(world, question, offre, points)
    tableau = protect(raw, est_partition=MAILLES[question.zonage].est_partition)
    # One row alone is no partition: nothing else adds up to it.
    ensemble = protect(whole.to_frame().T.infer_objects(), est_partition=False).iloc[0]
    quality = describe_quality(world, question, offre)
    perimetre = known_offer(world, question, offre)
    is_told = perimetre.est_chiffrable and whole["perimetre"] != INCONNUE
    return Reponse(
        question=question,
        tableau=tableau,
        points=points,
        ensemble=ensemble,
        blanches=white_communes(world, points),
        perimetre=perimetre,
        precision=sentences.travel_precision(world, question),
        variantes=answer_otherwise(world, question) if is_told else [],
        classes=map_classes(tableau, ensemble, question),
        phrase=sentences.main_sentence(
            world, question, ensemble=ensemble, points=points, perimetre=perimetre
        )
        + (sentences.past_offer(quality) if perimetre.est_chiffrable else ""),
        notes=sentences.list_notes(world, question, ensemble, quality),
        qualite=quality,
    )


FIXES = {
    "part": lambda question, region: (0.0, 0.02, 0.10, 0.25, 0.5, 1.0),
    "cout": lambda question, region: tuple(
        question.seuil * k for k in (0.0, 0.25, 0.5, 1.0, 1.5, 5.0)
    ),
    # Zero twice: zones without anybody concerned have their own class.
    "nombre": lambda question, region: (0.0, 0.0, 1_000.0, 10_000.0, 50_000.0, 10_000_000.0),
    "taux": lambda question, region: tuple(region * k for k in (0.0, 0.25, 0.5, 1.0, 2.0, 1e6)),
    "taux_brut": lambda question, region: tuple(
        region * k for k in (0.0, 0.25, 0.5, 1.0, 2.0, 1e6)
    ),
}
"""Fixed class bounds by type of indicator: multiples of the threshold, or of the region's value."""


def map_classes(tableau: pd.DataFrame, ensemble: pd.Series, question: Question) -> Classes:
    """Return the classes of the measure asked, shared by map, legend, table and exports."""
    indicateur = INDICATEURS[question.mesure]
    values = tableau[question.mesure].to_numpy(dtype=float)
    if question.methode != "fixes":
        classes = make_classes(values, methode=question.methode, nb=NB_CLASSES)
    else:
        region = ensemble[question.mesure]
        # Without a value for the region, its multiples are those of one.
        bornes = FIXES[indicateur.type](question, float(region) if pd.notna(region) else 1.0)
        classes = make_classes(values, methode="fixes", bornes=bornes)
    return round_classes(values, classes)


def white_communes(world: World, points: pd.DataFrame) -> pd.DataFrame:
    """Return the communes mostly white, the most people first (see `answer`)."""
    maille = world.mailles[COMMUNE]
    nb, zone = len(maille.codes), maille.zones
    people = np.nan_to_num(world.population("tous")[maille.points])
    cause = points["cause"].cat.codes.to_numpy()[maille.points]
    robust = points["est_robuste"].to_numpy()[maille.points]
    by_cause = people_by_cause(zone, cause, people, nb)
    white, total = by_cause.sum(axis=0), np.bincount(zone, people, nb)
    solid = np.bincount(zone, np.where((cause >= 0) & robust, people, 0.0), nb)
    is_partial = points["perimetre"].to_numpy()[maille.points] == RANGS[PARTIELLE]
    partial = np.bincount(zone, is_partial, nb) > 0
    # A commune where nobody lives is not white: half of nothing is nothing.
    kept = np.flatnonzero((white >= PART_BLANCHE * total) & (white > 0))
    result = pd.DataFrame(
        {
            "code_commune": as_objects(maille.codes[kept]),
            "nom": as_objects(maille.noms[kept]),
            "population": total[kept],
            "population_blanche": white[kept],
            "cause": as_objects(
                np.array(list(CAUSES), dtype=object)[by_cause.argmax(axis=0)[kept]]
            ),
            "solidite": as_objects(_solidity(solid, white, partial)[kept]),
        }
    )
    return result.sort_values(
        ["population_blanche", "code_commune"], ascending=[False, True], ignore_index=True
    )


def _past_years(world: World, comptes: pd.DataFrame) -> list[str]:
    """Return the first and the last year of the past sessions, one when they are the same."""
    past = world.offres.loc[comptes.index[world.past(date.today())[comptes.index]], "date_fin"]
    years = sorted(past.dropna().str[:4].unique())
    return years if len(years) < 2 else [years[0], years[-1]]


def _solidity(solid: np.ndarray, white: np.ndarray, partial: np.ndarray) -> np.ndarray:
    """Return how solid each white commune is; not known where the offer is known in part."""
    return np.where(partial, INCERTAINE, np.where(solid >= white / 2, "robuste", "fragile"))


def describe_quality(world: World, question: Question, offre: OffreComptee) -> dict:
    """Return counts and shares (None without offer) of the offer behind the numbers."""
    mine = offre.comptes

    def share(mask: pd.Series) -> float | None:
        return float(mask.mean()) if len(mine) else None

    return {
        "nb_offres": len(mine),
        "nb_voisines": int(mine["est_voisine"].sum()),
        "nb_passees": int(world.past(date.today())[mine.index].sum()),
        "annees_passees": _past_years(world, mine),
        "nb_lieux": int(mine["place"].nunique()),
        "part_douteuses": share(mine["est_douteuse"]),
        "part_sans_places": share(mine["capacite"].isna()),
        "part_a_la_mairie": share(mine["est_mairie"]),
        "nb_non_placees": world.nb_non_placees,
        "nb_a_distance": world.nb_a_distance,
        "est_fictive": bool(mine["est_fictive"].any()),
    }


def rows_of(tableau: pd.DataFrame) -> list[dict]:
    """Return the rows of a table ready for JSON: None when unknown, `masques` as a list."""
    names = [
        *TEXTES[:3],
        *(nom for nom in INDICATEURS if nom in tableau),
        *TEXTES[3:-1],
        *DRAPEAUX,
        "nb_points",
        "nb_points_inconnus",
    ]
    columns = [_plain_values(tableau[nom]) for nom in names]
    hidden = [[nom for nom in (texte or "").split("|") if nom] for texte in tableau["masques"]]
    return [
        {**dict(zip(names, row, strict=True)), "masques": masques}
        for *row, masques in zip(*columns, hidden, strict=True)
    ]


def _records(frame: pd.DataFrame) -> list[dict]:
    """Return the rows of a frame ready for JSON: None when unknown."""
    columns = [_plain_values(frame[nom]) for nom in frame]
    return [dict(zip(frame.columns, row, strict=True)) for row in zip(*columns, strict=True)]


def _plain_values(column: pd.Series) -> list:
    """Return a column as plain Python values, None when unknown."""
    values = column.to_numpy()
    if values.dtype.kind == "f":
        return [None if value != value else value for value in values.tolist()]
    plain = (value.item() if isinstance(value, np.generic) else value for value in column.tolist())
    return [None if value is None or value != value else value for value in plain]


def describe_response(reponse: Reponse, world: World) -> dict:
    """Return an answer ready for JSON: the body of the API."""
    question = reponse.question
    return {
        "titre": f"{describe_question(question)}{reponse.perimetre.suffixe}",
        "phrase": reponse.phrase,
        "notes": reponse.notes,
        "precision": reponse.precision,
        "parametres": {
            **describe_parameters(question),
            "trajets": dict(world.parametres(question.mode)),
        },
        "indicateurs": {
            nom: {"titre": i.titre, "sens": i.sens, "type": i.type}
            for nom, i in INDICATEURS.items()
        },
        "mesure": question.mesure,
        "classes": {
            "methode": reponse.classes.methode,
            "bornes": list(reponse.classes.bornes),
            "effectifs": list(reponse.classes.effectifs),
            "nb_inconnus": reponse.classes.nb_inconnus,
        },
        "ensemble": rows_of(reponse.ensemble.to_frame().T)[0],
        "zones": rows_of(reponse.tableau),
        "variantes": [describe_variant(one) for one in reponse.variantes],
        "communes_blanches": _records(hide_small(reponse.blanches)),
        "perimetre": describe_perimeter(reponse.perimetre),
        "qualite": reponse.qualite,
        "sources": sentences.list_sources(world),
        "instantane": world.snapshot.id,
    }


def describe_parameters(question: Question) -> dict:
    """Return every parameter of a question, defaults included."""
    filtres = {nom: question.filtres.values_of(nom) for nom in question.filtres.choix}
    return {
        **filtres,
        f"seuil_{question.unite}": question.seuil,
        "mode": question.mode,
        "zonage": question.zonage,
        "mesure": question.mesure,
        "offre": question.offre,
        "voisins": "oui" if question.voisins else "non",
        "public": question.public,
        "classes": question.methode,
        "adresse": "&".join(f"{nom}={valeur}" for nom, valeur in to_parameters(question)),
    }
