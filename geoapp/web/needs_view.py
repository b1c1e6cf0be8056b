"""What the template of the need shows, as plain values in words."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd
from flask import url_for

from geoapp.core.french import format_decimal, format_number, upper_first
from geoapp.offer.lookups import public_id
from geoapp.planning import need_words as mots
from geoapp.planning.need_answer import QuestionBesoin, ReponseBesoin, unlinked_families
from geoapp.planning.need_table import OFFRE_FAIBLE
from geoapp.reference.zonings import REGION

LARGEUR, HAUTEUR, MARGE = 640, 360, 46
"""Size of the drawing and room for its axes, in pixels of its own."""

OFFRE_MAX = 4.0
"""Offer against the region from which points are drawn at the top."""

BESOIN_MIN = -2
"""Power of ten of projects for 1,000 people under which points stand at the left."""

NB_NOMMES = 8


@dataclass(frozen=True, kw_only=True)
class Point:
    """One family in the drawing: where, its name, whether it is named, its quadrant."""

    x: float
    y: float
    nom: str
    est_nomme: bool
    genre: str


@dataclass(frozen=True, kw_only=True)
class Nuage:
    """The drawing: its points, where its lines are, what is under its axis, its text."""

    points: list[Point]
    x_fort: float
    y_faible: float
    graduations: list[tuple[float, str]]
    texte: str
    largeur: int = LARGEUR
    hauteur: int = HAUTEUR
    marge: int = MARGE


def columns(question: QuestionBesoin) -> list[tuple[str, str]]:
    """Return the columns of the table: title and key."""
    return [
        ("Zone" if question.famille else "Famille de métiers", "nom"),
        ("Besoin", "besoin"),
        ("Marché du travail", "marche"),
        ("Offre dans la zone", "offre"),
        ("Accès", "acces"),
    ]


def rows(reponse: ReponseBesoin, part: pd.DataFrame) -> list[dict]:
    """Return the rows of the table in words: first word of a cell, then its details."""
    question = reponse.question
    return [
        {
            "nom": row.nom,
            "adresse": _other_way(question, row),
            "besoin": (mots.BESOINS_DITS[row.besoin], mots.list_need(row)),
            "marche": ("", mots.list_market(row)),
            "offre": (
                mots.OFFRES_DITES[row.offre],
                [*mots.list_offer(row), *([row.sans_formation] if row.sans_formation else [])],
            ),
            "acces": ("", [mots.say_near_people(row)] if mots.say_near(row) else []),
            "proche": mots.say_nearest(row),
            "adresse_proche": url_for("search.sheet", identifiant=public_id(row.id_action_proche))
            if isinstance(row.id_action_proche, str)
            else "",
        }
        for row in part.itertuples()
    ]


def unlinked_rows(reponse: ReponseBesoin) -> list[tuple[str, str, str, str]]:
    """Return why nothing leads to some families: cause, families, known projects, names."""
    return [
        (upper_first(why), str(nb), format_number(round(projects)), " ; ".join(names))
        for why, nb, projects, names in unlinked_families(reponse)
    ]


def _other_way(question: QuestionBesoin, row) -> str:
    """Return the page that shows a family by zone, or a zone by family."""
    if not question.famille:
        return url_for("needs.index", famille=row.code_famille)
    if row.type_zone == "region":
        return url_for("needs.index")
    return url_for("needs.index", territoire=f"{row.type_zone}:{row.code_zone}")


def cloud(reponse: ReponseBesoin) -> Nuage | None:
    """Return the drawing of the need against the offer; None when fewer than three points are told.

    Across, projects for 1,000 people (logarithmic); up, trainings by project against the region,
    which has nothing to be set against: it has no drawing.
    """
    if reponse.question.type_zone == REGION and not reponse.question.famille:
        return None
    rows = reponse.toutes
    if reponse.question.famille:
        rows = rows[~rows["type_zone"].eq("region")]
    told = rows[rows["projets_pour_1000"].gt(0) & rows["offre_relative"].notna()]
    if len(told) < 3:
        return None
    # A sliver of a bassin gives a family a hundredth of a project: it stands at the edge.
    low = max(math.floor(math.log10(told["projets_pour_1000"].min())), BESOIN_MIN)
    high = math.ceil(math.log10(told["projets_pour_1000"].max()))
    wide, tall = LARGEUR - 2 * MARGE, HAUTEUR - 2 * MARGE

    def across(rate: float) -> float:
        return round(MARGE + max(math.log10(rate) - low, 0) / max(high - low, 1) * wide, 1)

    def up(offer: float) -> float:
        return round(HAUTEUR - MARGE - math.sqrt(min(offer, OFFRE_MAX) / OFFRE_MAX) * tall, 1)

    strong = told[told["besoin"].eq("fort")]["projets_pour_1000"]
    weak = told[~told["besoin"].eq("fort")]["projets_pour_1000"]
    # The line stands between the last that is not strong and the first that is.
    limit = (
        math.sqrt(strong.min() * weak.max())
        if len(strong) and len(weak)
        else (strong.min() if len(strong) else weak.max())
    )
    lacking = strong.index[told.loc[strong.index, "offre_relative"].lt(OFFRE_FAIBLE)]
    named = set(told.loc[lacking].nlargest(NB_NOMMES, "nb_projets").index)
    points = [
        Point(
            x=across(row.projets_pour_1000),
            y=up(row.offre_relative),
            nom=row.nom,
            est_nomme=row.Index in named,
            genre="manque" if row.Index in set(lacking) else row.besoin,
        )
        for row in told.itertuples()
    ]
    return Nuage(
        points=points,
        x_fort=across(limit),
        y_faible=up(OFFRE_FAIBLE),
        graduations=[(across(10.0**k), format_decimal(10.0**k)) for k in range(low, high + 1)],
        texte=(
            f"{len(told)} {'zones' if reponse.question.famille else 'familles'} dont les deux "
            f"nombres sont connus : {len(strong)} au besoin fort, dont {len(lacking)} avec moins "
            "de la moitié des formations par projet de la région. Les nombres sont dans le tableau."
        ),
    )
