"""The picture of « L'essentiel »: the tiles of a territory, to be set in another page."""

from __future__ import annotations

from dataclasses import replace

from geoapp.core.errors import ParameterError
from geoapp.coverage.world import World
from geoapp.outputs.figures.elements import ContenuFigure
from geoapp.outputs.figures.extent import Emprise
from geoapp.outputs.figures.model import Figure
from geoapp.outputs.figures.texts import choose_sources, is_fictitious
from geoapp.planning.dashboard import NB_DITES, Tuile, build_dashboard, find_dashboard_zone


def make_essential(world: World, figure: Figure, emprise: Emprise) -> ContenuFigure:
    """Return the content of the tiles of a territory, by one way in.

    Raises
    ------
    ParameterError
        When the territory has no dashboard, or a filter is given: tiles know none.
    """
    if figure.question.filtres:
        raise ParameterError(
            "Une figure « essentiel » ne prend aucun filtre : ses tuiles sont celles d'un "
            "territoire. Retirez les filtres."
        )
    snapshot = world.snapshot
    territoire = find_dashboard_zone(snapshot, emprise.valeur)
    tiles = build_dashboard(snapshot, territoire, figure.volet).tuiles
    sources = choose_sources(world, ids=_source_ids(world, tiles), usages=("communes",))
    return ContenuFigure(
        titre=f"L'essentiel : {territoire.sujet}",
        emprise=replace(emprise, est_estimee=False),
        blocs=(),
        phrases=tuple(f"{one.dite}." for one in tiles[:NB_DITES]) or ("Rien n'est connu.",),
        notes=(
            "Chaque nombre est de l'année écrite à côté ; sa définition est sur la page "
            "« L'essentiel » de GéoForma.",
        ),
        sources=sources,
        tuiles=tiles,
        est_carte=False,
        est_fictive=is_fictitious(sources),
    )


def _source_ids(world: World, tiles: tuple[Tuile, ...]) -> set[str]:
    """Return the sources of the tables behind the tiles."""
    found: set[str] = set()
    for table in {one.table for one in tiles}:
        rows = world.snapshot.read(table)
        if "id_source" in rows:
            found |= set(rows["id_source"].dropna().astype(str))
    return found
