"""The figure of the offer: one mark per place, sized by its number of offers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.core.french import count, format_number
from geoapp.core.geometry import to_metric
from geoapp.coverage.model import Question, of_trainings
from geoapp.coverage.world import World
from geoapp.offer.counted import is_counted, is_remote
from geoapp.offer.filters import apply_filters
from geoapp.offer.perimeter import CONNUE, perimeter_of, touched_departements
from geoapp.offer.values import yes
from geoapp.outputs.figures.elements import Bloc, ContenuFigure, Symboles
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.palette import DISCRET, OFFRE, OFFRE_DEHORS, TERRE
from geoapp.outputs.figures.texts import choose_sources, is_fictitious, tell_scope, with_filters

CLASSES = ((1, 1, 1.3), (2, 5, 2.1), (6, 20, 3.2), (21, 50, 4.6), (51, None, 6.2))
"""Offers of a place (from, to, both included) and diameter of its mark in mm.

Fixed, so that two figures compare.
"""

PART_AUTOUR = 0.25
"""Width around a territory where other places are told, in parts of its largest side."""

VOISINE_MM = 1.4
"""Side of the mark of a place outside the region, only told to be there."""

NB_LIEUX_CITES = 3


def make_offer(world: World, question: Question, emprise: Emprise) -> ContenuFigure:
    """Return the content of a figure of the offer."""
    offres = apply_filters(world.snapshot.read("offres"), of_trainings(question).filtres)
    inside = offres if emprise.est_region else offres[_members(offres, emprise)]
    around = _neighbours(world, question)
    places = _near(group_places(offres, set(inside.loc[is_counted(inside), "id_place"])), emprise)
    theirs = _near(group_places(around, set()), emprise)
    by_code = ("etablissements",) if inside["precision_position"].eq("uai").any() else ()
    sources = choose_sources(
        world,
        ids=set(inside["id_source"]) | set(around["id_source"]),
        usages=("communes", *by_code),
    )
    mine = places[places["est_dedans"]]
    perimetre = perimeter_of(world.snapshot, question.filtres, _departements(world, emprise))
    perimetre = perimetre.with_offers(len(inside))
    return ContenuFigure(
        titre=f"{with_filters('Offre de formation', question)}{perimetre.suffixe}",
        emprise=emprise,
        blocs=(_block(places, theirs, emprise),),
        phrases=(
            *_sentences(inside, mine, emprise),
            *(() if perimetre.statut == CONNUE else (perimetre.phrase,)),
        ),
        notes=(perimetre.phrase, *_notes(inside)),
        sources=sources,
        # The last ones drawn are over the others: those of the territory.
        symboles=(
            *_marks(theirs, "voisine"),
            *_marks(places[~places["est_dedans"]], "dehors"),
            *_marks(mine, "dedans"),
        ),
        portee=tell_scope(world, set(inside["id_source"]), perimetre),
        est_fictive=is_fictitious(sources) or bool(inside["est_fictive"].any()),
    )


def _departements(world: World, emprise: Emprise) -> list[str] | None:
    """Return the codes of the départements of the territory, None for the whole region."""
    return None if emprise.est_region else touched_departements(world.snapshot, [emprise.valeur])


def _members(offres: pd.DataFrame, emprise: Emprise) -> np.ndarray:
    """Tell which offers are in the territory, placed or not."""
    # A commune is no zone of a formation: it is in a column of its own.
    if emprise.type_zone == "commune":
        return offres["code_commune"].eq(emprise.code).fillna(False).to_numpy(dtype=bool)
    return np.array(
        [
            emprise.valeur in texte.split("|") if isinstance(texte, str) else False
            for texte in offres["zones"]
        ],
        dtype=bool,
    )


def group_places(offres: pd.DataFrame, inside: set[str]) -> pd.DataFrame:
    """Return one row per place, in the order of its identifier.

    Columns: `nb`, `est_mairie` (all its offers are), `est_dedans`, `nom`, `x`, `y` (EPSG:2154).
    """
    placed = offres[is_counted(offres)]
    town_hall = placed["precision_position"].eq("commune").fillna(False).to_numpy(dtype=bool)
    groups = placed.assign(
        est_mairie=town_hall, lon=placed.geometry.x, lat=placed.geometry.y
    ).groupby("id_place", sort=True)
    found = pd.DataFrame(
        groups.agg(
            nb=("id_action", "size"),
            est_mairie=("est_mairie", "all"),
            nom=("nom_commune", "first"),
            lon=("lon", "first"),
            lat=("lat", "first"),
        )
    )
    x, y = to_metric(found["lon"], found["lat"])
    return found.assign(x=x, y=y, est_dedans=found.index.isin(inside)).reset_index()


def _neighbours(world: World, question: Question) -> pd.DataFrame:
    """Return the offers of the neighbours that count in the question, with their position."""
    if not question.voisins:
        return world.snapshot.read("offres_voisines").iloc[:0]
    theirs = apply_filters(world.snapshot.read("offres_voisines"), question.filtres)
    return theirs[theirs["id_place"].notna()]


def _near(places: pd.DataFrame, emprise: Emprise) -> pd.DataFrame:
    """Return the places of the territory and those near enough to be on its map."""
    west, south, east, north = emprise.forme.bounds
    margin = max(east - west, north - south) * PART_AUTOUR
    seen = places["x"].between(west - margin, east + margin) & places["y"].between(
        south - margin, north + margin
    )
    return places[places["est_dedans"] | seen]


STYLES = {
    "dedans": (OFFRE, TERRE, "o"),
    "mairie": (TERRE, OFFRE, "o"),
    "dehors": (OFFRE_DEHORS, TERRE, "o"),
    "voisine": (TERRE, DISCRET, "s"),
}
"""Fill, edge and shape of a mark, by what it is."""


def _marks(places: pd.DataFrame, sorte: str) -> tuple[Symboles, ...]:
    """Return the marks of some places, the largest first so that the small ones stay seen."""
    if sorte == "voisine":
        if not len(places):
            return ()
        return (_mark(places["x"].to_numpy(), places["y"].to_numpy(), VOISINE_MM, sorte),)
    found = []
    for low, high, size in reversed(CLASSES):
        mine = places[places["nb"].between(low, high or np.inf)]
        for est_mairie in (False, True):
            part = mine[mine["est_mairie"].eq(est_mairie)]
            if len(part):
                found.append(
                    _mark(
                        part["x"].to_numpy(),
                        part["y"].to_numpy(),
                        size,
                        "mairie" if est_mairie and sorte == "dedans" else sorte,
                    )
                )
    return tuple(found)


def _mark(x, y, size: float, sorte: str, *, libelle: str = "", effectif: str = "") -> Symboles:
    fond, bord, marque = STYLES[sorte]
    return Symboles(
        x=np.asarray(x),
        y=np.asarray(y),
        diametre_mm=size,
        fond=fond,
        bord=bord,
        libelle=libelle,
        effectif=effectif,
        marque=marque,
    )


def _block(places: pd.DataFrame, theirs: pd.DataFrame, emprise: Emprise) -> Bloc:
    """Return the legend: places by number of offers, then what the other marks mean."""
    mine, outside = places[places["est_dedans"]], places[~places["est_dedans"]]
    rows = [
        _mark(
            (),
            (),
            size,
            "dedans",
            libelle=_interval(low, high),
            effectif=_places(held),
        )
        for low, high, size in CLASSES
        if (held := mine["nb"].between(low, high or np.inf).sum())
    ]
    at_town_hall, middle = int(mine["est_mairie"].sum()), CLASSES[2][2]
    others = (
        ("mairie", "placé à la mairie, faute d'adresse plus précise", at_town_hall, middle),
        ("dehors", "hors du territoire", len(outside), middle),
        ("voisine", "hors de la région, apprentissage seulement", len(theirs), VOISINE_MM),
    )
    for sorte, libelle, nb, size in others:
        if nb:
            told = _places(nb) if sorte == "mairie" else ""
            rows.append(_mark((), (), size, sorte, libelle=libelle, effectif=told))
    return Bloc(
        "Formations par lieu",
        "Une formation compte une fois par lieu."
        + ("" if emprise.est_region else " Effectifs du territoire."),
        tuple(rows),
        () if len(mine) else ("Aucune formation placée ne répond à ces filtres.",),
    )


def _places(nb) -> str:
    return count(int(nb), "lieu", "lieux")


def _interval(low: int, high: int | None) -> str:
    """Return one class in words."""
    if high is None:
        return f"{low} et plus"
    return count(low, "formation") if low == high else f"{low} à {high}"


def _sentences(offres: pd.DataFrame, places: pd.DataFrame, emprise: Emprise) -> tuple[str, ...]:
    """Return the alternative text: offers and places, largest communes, what is not drawn."""
    if not len(offres):
        return (f"{emprise.nom} : aucune formation de nos sources ne répond à ces filtres.",)
    nb = int(places["nb"].sum())
    first = (
        f"{emprise.nom} : {count(nb, 'formation')} {'est placée' if nb < 2 else 'sont placées'} "
        f"dans {_places(len(places))}, un rond par lieu, "
        "d'autant plus grand qu'il a de formations."
    )
    towns = (
        places.groupby("nom")["nb"]
        .sum()
        .reset_index()
        .sort_values(["nb", "nom"], ascending=[False, True])
        .head(NB_LIEUX_CITES)
    )
    most = " ; ".join(
        f"{nom} ({format_number(n)})" for nom, n in zip(towns["nom"], towns["nb"], strict=True)
    )
    return tuple(
        text
        for text in (
            first,
            f"{'Communes les mieux pourvues' if len(towns) > 1 else 'Seule commune'} : {most}."
            if most
            else "",
            _missing(offres),
        )
        if text
    )


def _missing(offres: pd.DataFrame) -> str:
    """Return how many offers have no known position; "" when there is none."""
    nb = int((offres["id_place"].isna() & ~is_remote(offres)).sum())
    told = count(
        nb,
        "formation sans position connue n’est pas dessinée",
        "formations sans position connue ne sont pas dessinées",
    )
    return f"{told}." if nb else ""


def _notes(offres: pd.DataFrame) -> tuple[str, ...]:
    """Return what must be known of the positions."""
    doubtful = int(yes(offres["est_douteuse"]).sum())
    remote = int(is_remote(offres).sum())
    moved = count(
        doubtful,
        "formation de position douteuse est placée",
        "formations de position douteuse sont placées",
    )
    notes = (
        _missing(offres),
        f"{moved} à la mairie de la commune déclarée." if doubtful else "",
        f"{count(remote, 'formation', 'formations')} entièrement à distance." if remote else "",
    )
    return tuple(note for note in notes if note)
