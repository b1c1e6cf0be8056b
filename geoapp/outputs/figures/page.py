"""The page of a figure, in mm from its top left corner: title, map, names, legend, notes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import shapely

from geoapp.core.french import set_print
from geoapp.coverage.world import World
from geoapp.outputs.figures.bars import Barre, compose_bars
from geoapp.outputs.figures.elements import Bloc, ContenuFigure
from geoapp.outputs.figures.fonts import readable, wrap
from geoapp.outputs.figures.labels import Boite, Etiquette, Placee, place_labels, place_or_number
from geoapp.outputs.figures.legend import ColonneLegende, Ligne, compose_legend, set_text
from geoapp.outputs.figures.map import BANDE_MM, frame_map
from geoapp.outputs.figures.outlines import outlines, towns
from geoapp.outputs.figures.palette import ALERTE, DISCRET, ENCRE
from geoapp.outputs.figures.texts import FICTIVES, brief_sources, tell_snapshot, tell_sources
from geoapp.outputs.figures.tiles import compose_tiles

MARGE_MM, GOUTTIERE_MM = 4.0, 4.0
COLONNE_MIN_MM = 125.0
"""Width from which the legend stands beside the map; under it, below."""

TITRES = (10.5, 10.0, 9.5, 9.0)
"""Sizes of a title, the largest that holds on one line; the largest when none does."""

ETROITE_MM = 100.0
"""Width under which notes are short: at a size that is read, they would be longer than the map."""

PART_LEGENDE = 0.28
JOINTE = "Paramètres, sources et licences : voir « Méthode » et « Sources » dans la fiche."
"""Note of a figure that a sheet holds."""

NB_VILLES, VILLES_LUES = 26, 300
"""Names of towns written at most, and towns looked at."""
GRANDES, PORTEE_MM = 12, 18.0
"""Largest towns, that a map full of marks names all the same, and how far their names may stand."""

NUMERO_MM = 2.6
"""What parts a number from the middle of its mark."""

NOM_MM = 17.0
"""Width at which the name of a zone goes to the next line."""

NOMBREUSES, NOMS_MAX = 40, 120
"""Zones beyond which names are smaller, and names looked at: 3,800 communes are not numbered."""


SANS_LEGENDE = ColonneLegende((), (), 0.0)


@dataclass(frozen=True, kw_only=True)
class Planche:
    """One composed page.

    `carte` is (left, top, width, height) in mm, `cadre` what it shows in metres (EPSG:2154); a page
    of bars has no map, nor names nor legend.
    """

    largeur: float
    hauteur: float
    echelle: float
    lignes: tuple[Ligne, ...]
    carte: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    cadre: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    noms: tuple[Placee, ...] = ()
    legende: ColonneLegende = SANS_LEGENDE
    barres: tuple[Barre, ...] = ()


def compose_page(
    world: World, contenu: ContenuFigure, largeur_mm: float, *, est_jointe: bool = False
) -> Planche:
    """Return the page of a content, `largeur_mm` wide, as high as it needs.

    `est_jointe` leaves its notes to the sheet that holds it.
    """
    scale, width = min(max(largeur_mm / 170, 0.82), 1.35), largeur_mm - 2 * MARGE_MM
    head, top = _head(contenu, width, scale)
    notes = [JOINTE] if est_jointe else _notes(contenu, largeur_mm)
    if not contenu.est_carte:
        place = {"x": MARGE_MM, "y": top, "largeur": width, "echelle": scale}
        if contenu.tuiles:
            lines, bars, under = compose_tiles(contenu.tuiles, **place)
        else:
            lines, bars, under = compose_bars(contenu.mesures, **place)
        foot, bottom = _foot(world, contenu, notes, y=under, width=width, scale=scale)
        return Planche(
            largeur=largeur_mm,
            hauteur=bottom + MARGE_MM - 1.0,
            echelle=scale,
            lignes=(*head, *lines, *foot),
            barres=tuple(bars),
        )
    beside = largeur_mm >= COLONNE_MIN_MM
    side = width * PART_LEGENDE if beside else width
    map_width = width - side - GOUTTIERE_MM if beside else width
    cadre, map_height = frame_map(contenu.emprise.forme, map_width)
    carte = (MARGE_MM, top, map_width, map_height)
    names, rest = name_map(world, contenu, carte, cadre, scale=scale)
    column = compose_legend((*contenu.blocs, *rest), side, scale)
    column = (
        _moved(column, MARGE_MM + map_width + GOUTTIERE_MM, top)
        if beside
        else _moved(column, MARGE_MM, top + map_height + 3.0)
    )
    under = max(top + map_height, column.hauteur) + 2.5
    foot, bottom = _foot(world, contenu, notes, y=under, width=width, scale=scale)
    return Planche(
        largeur=largeur_mm,
        hauteur=bottom + MARGE_MM - 1.0,
        echelle=scale,
        carte=carte,
        cadre=cadre,
        noms=names,
        lignes=(*head, *foot),
        legende=column,
    )


def _moved(column: ColonneLegende, dx: float, dy: float) -> ColonneLegende:
    """Return a column at another place of the page; its height becomes the `y` of its foot."""
    return ColonneLegende(
        lignes=tuple(replace(one, x=one.x + dx, y=one.y + dy) for one in column.lignes),
        echantillons=tuple(replace(one, x=one.x + dx, y=one.y + dy) for one in column.echantillons),
        hauteur=column.hauteur + dy,
    )


def _head(contenu: ContenuFigure, width: float, scale: float) -> tuple[list[Ligne], float]:
    """Return the title, the territory and the warning, and the top of the map."""
    size = next(
        (
            one
            for one in TITRES
            if len(wrap(set_print(contenu.titre), one * scale, width, "gras")) == 1
        ),
        TITRES[0],
    )
    lines, y = set_text(contenu.titre, MARGE_MM, MARGE_MM, width, taille=size * scale, style="gras")
    where = " – ".join(one for one in (contenu.emprise.nom, contenu.portee) if one)
    made, y = set_text(
        where, MARGE_MM, y + 0.3, width, taille=readable(8.4 * scale), couleur=DISCRET
    )
    lines += made
    if contenu.est_fictive:
        made, y = set_text(
            f"{FICTIVES.upper()} : {'carte' if contenu.est_carte else 'figure'} de démonstration, "
            "à ne jamais citer.",
            MARGE_MM,
            y + 0.8,
            width,
            taille=8.5 * scale,
            style="gras",
            couleur=ALERTE,
        )
        lines += made
    return lines, y + 2.0


def _notes(contenu: ContenuFigure, largeur_mm: float) -> list[str]:
    """Return what stands under a map; a narrow one keeps what is known and who made the data."""
    if largeur_mm < ETROITE_MM:
        return [*contenu.notes[:1], brief_sources(contenu.sources)]
    return [" ".join(contenu.notes), tell_sources(contenu.sources)]


def _foot(
    world: World, contenu: ContenuFigure, notes: list[str], *, y: float, width: float, scale: float
) -> tuple[list[Ligne], float]:
    """Return the notes and the date, and where they end."""
    estimated = (
        "Contour inconnu : les communes entières sont montrées. "
        if contenu.emprise.est_estimee
        else ""
    )
    lines: list[Ligne] = []
    for texte in (
        estimated + "".join(notes[:1]),
        *notes[1:],
        tell_snapshot(world, est_carte=contenu.est_carte),
    ):
        if texte:
            size = readable(5.4 * scale)
            made, y = set_text(texte, MARGE_MM, y + 0.5, width, taille=size, couleur=DISCRET)
            lines += made
    return lines, y


def name_map(
    world: World, contenu: ContenuFigure, carte, cadre, *, scale: float
) -> tuple[tuple[Placee, ...], tuple[Bloc, ...]]:
    """Return the names placed on the map, and the legend of those written as a number."""
    left, top, width, height = carte
    inside: Boite = (left + 0.6, top + 0.6, left + width - 0.6, top + height - 0.6)
    foot: Boite = (left, top + height - BANDE_MM, left + width, top + height)
    marks = _mark_boxes(contenu, carte, cadre)
    if contenu.noms:
        placed, rest = _name_zones(
            contenu,
            lambda x, y: _to_page(x, y, carte, cadre),
            bounds=(inside, foot),
            scale=scale,
        )
        # Of a map that is inside one zone, towns alone tell where it is.
        if placed or contenu.est_numerotee:
            return placed, rest
    numbers = _numbers(contenu, carte, cadre, bounds=(inside, foot), scale=scale)
    marks = [*marks, *(one.boite for one in numbers)]
    # Départements before towns: the first named keep their place, and none hides a mark.
    first = place_labels(
        _departements(world, contenu, carte, cadre, scale=scale), inside, [foot, *marks]
    )
    towns_named = place_labels(
        _town_labels(world, carte, cadre, scale),
        inside,
        [foot, *marks, *(one.boite for one in first)],
        nb_max=NB_VILLES,
    )
    return (*numbers, *first, *towns_named), ()


def _numbers(
    contenu: ContenuFigure, carte, cadre, *, bounds: tuple[Boite, Boite], scale: float
) -> list[Placee]:
    """Return the numbers of the marks that have one, each beside its mark."""
    inside, foot = bounds
    labels = []
    for one in contenu.reperes:
        x, y = _to_page(one.x, one.y, carte, cadre)
        labels.append(
            Etiquette(
                lignes=(one.texte,),
                x=x,
                y=y,
                taille=8.0 * scale,
                style="gras",
                ecart_mm=NUMERO_MM,
                est_marque=False,
            )
        )
    return place_labels(labels, inside, [foot])


def _mark_boxes(contenu: ContenuFigure, carte, cadre) -> list[Boite]:
    """Return the boxes of the marks of the offer, which no name may hide."""
    boxes: list[Boite] = []
    for marks in contenu.symboles:
        half = marks.diametre_mm / 2
        x, y = _to_page(np.asarray(marks.x, float), np.asarray(marks.y, float), carte, cadre)
        boxes += zip(x - half, y - half, x + half, y + half, strict=True)
    return boxes


def _to_page(x, y, carte, cadre) -> tuple[Any, Any]:
    """Return where points of the ground (metres) are on the page (mm): numbers, or arrays."""
    metres = (cadre[2] - cadre[0]) / carte[2]
    return carte[0] + (x - cadre[0]) / metres, carte[1] + (cadre[3] - y) / metres


def _departements(
    world: World, contenu: ContenuFigure, carte, cadre, *, scale: float
) -> list[Etiquette]:
    """Return the names of the départements, on the map of the region only."""
    if not contenu.emprise.est_region:
        return []
    maille, found = world.mailles["departement"], []
    to_page = partial(_to_page, carte=carte, cadre=cadre)
    formes = outlines(world, "departement", False)
    for code, nom in zip(maille.codes, maille.noms, strict=True):
        if code in formes.index:
            middle = shapely.point_on_surface(formes[code])
            x, y = _to_page(middle.x, middle.y, carte, cadre)
            found.append(
                Etiquette(
                    lignes=(str(nom).upper(),),
                    x=x,
                    y=y,
                    taille=readable(6.2 * scale),
                    style="normal",
                    ecart_mm=None,
                    couleur=DISCRET,
                    portee_mm=PORTEE_MM * scale,
                    aire=shapely.transform(formes[code], to_page, interleaved=False),
                )
            )
    return found


def _town_labels(world: World, carte, cadre, scale: float) -> list[Etiquette]:
    """Return the names of the most peopled towns of the frame, those of the region first."""
    every = towns(world)
    seen = every[
        every["x"].between(cadre[0], cadre[2]) & every["y"].between(cadre[1], cadre[3])
    ].head(VILLES_LUES)
    seen = seen.sort_values("est_region", ascending=False, kind="stable")
    labels = []
    for rank, row in enumerate(seen.itertuples()):
        x, y = _to_page(row.x, row.y, carte, cadre)
        labels.append(
            Etiquette(
                lignes=(set_print(row.nom),),
                x=x,
                y=y,
                taille=readable((6.8 if rank < 5 else 6.0) * scale),
                style="normal" if row.est_region else "italique",
                couleur=ENCRE if row.est_region else DISCRET,
                portee_mm=PORTEE_MM * scale if row.est_region and rank < GRANDES else 0.0,
            )
        )
    return labels


def _name_zones(
    contenu: ContenuFigure, locate, *, bounds: tuple[Boite, Boite], scale: float
) -> tuple[tuple[Placee, ...], tuple[Bloc, ...]]:
    """Return the names of the zones seen, and the legend of those written as a number."""
    (inside, foot), noms = bounds, contenu.noms
    size = readable((6.0 if len(noms) <= NOMBREUSES else 5.2) * scale)
    # The most peopled first: it is they that are written whole.
    ordered = sorted(noms, key=lambda nom: (-nom.poids, nom.texte))
    spots = {nom: locate(nom.x, nom.y) for nom in ordered}
    seen = [
        nom
        for nom in ordered
        if inside[0] < spots[nom][0] < inside[2] and inside[1] < spots[nom][1] < foot[1]
    ][:NOMS_MAX]
    labels = [
        Etiquette(
            lignes=tuple(wrap(set_print(nom.texte), size, NOM_MM * scale)),
            x=spots[nom][0],
            y=spots[nom][1],
            taille=size,
            ecart_mm=None,
        )
        for nom in seen
    ]
    if not contenu.est_numerotee:
        return tuple(place_labels(labels, inside, [foot])), ()
    placed, numbered = place_or_number(labels, inside, [foot])
    rows = tuple(
        f"{number}\u00a0\u00a0{seen[rank].texte}" for number, rank in enumerate(numbered, 1)
    )
    return tuple(placed), (Bloc("Numéros de la carte", "", (), rows),) if rows else ()
