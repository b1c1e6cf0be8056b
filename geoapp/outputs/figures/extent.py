"""Where a figure looks: the region, or one zone of any zoning, with its frame in Lambert-93."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import numpy as np
import shapely

from geoapp.core.errors import ParameterError
from geoapp.core.french import upper_first
from geoapp.coverage.world import World
from geoapp.outputs.figures.outlines import find_outline, outlines
from geoapp.reference.codes.text import fold
from geoapp.reference.zonings import CARREAU, COMMUNE, MAILLES, REGION

NB_PROCHES = 3
"""Territories proposed when the one asked is unknown."""


@dataclass(frozen=True)
class Emprise:
    """One territory: value asked, name in words, outline (EPSG:2154).

    `est_estimee` says that its own outline is not known: that of the communes that hold it is
    shown.
    """

    valeur: str
    nom: str
    forme: shapely.Geometry
    est_estimee: bool = False

    @property
    def est_region(self) -> bool:
        """Tell whether it is the whole region."""
        return self.valeur == REGION

    @property
    def type_zone(self) -> str:
        """Return the zoning of the territory."""
        return self.valeur.partition(":")[0]

    @property
    def code(self) -> str:
        """Return the code of the zone, "" for the region."""
        return self.valeur.partition(":")[2]


def parse_emprise(texte: str, world: World) -> str:
    """Return the accepted value that a text names: `region`, `type:code` or `type:name`.

    Raises
    ------
    ParameterError
        When no territory is called so; the message proposes the nearest ones.
    """
    valeur = texte.strip()
    if fold(valeur) in (REGION, fold(world.snapshot.manifest.get("nom_region", REGION))):
        return REGION
    accepted = _accepted(world)
    if fold(valeur) in accepted:
        return accepted[fold(valeur)]
    raise ParameterError(
        f"emprise = « {valeur[:80]} » : territoire inconnu. {_nearest(valeur, _known(world))}"
    )


def _known(world: World) -> list[tuple[str, str]]:
    """Return (type:code, name) of every territory, communes last."""
    # Of a zone and a commune of one name, the zone is proposed first.
    types = [nom for nom in world.mailles if nom not in (COMMUNE, CARREAU)] + [COMMUNE]
    return [
        (f"{nom}:{code}", str(zone))
        for nom in types
        for code, zone in zip(world.mailles[nom].codes, world.mailles[nom].noms, strict=True)
    ]


def _accepted(world: World) -> dict[str, str]:
    """Return what may be written → accepted value, made once."""

    def make() -> dict[str, str]:
        known = _known(world)
        # Reversed, so that of two zones of one name the first stands.
        names = {fold(f"{one.partition(':')[0]}:{nom}"): one for one, nom in reversed(known)}
        return names | {fold(one): one for one, _ in known}

    return world.memoire.get(("figures", "emprises"), make)


def _nearest(valeur: str, known: list[tuple[str, str]]) -> str:
    """Return the end of the message: the nearest territories, of the same zoning when it is one."""
    type_zone, _, rest = valeur.partition(":")
    mine = [pair for pair in known if pair[0].startswith(f"{type_zone}:")]
    words: dict[str, list[tuple[str, str]]] = {}
    for one, nom in mine or known:
        for mot in {fold(nom), fold(one.partition(":")[2])}:
            words.setdefault(mot, []).append((one, nom))
    close = difflib.get_close_matches(
        fold(rest if mine else rest or valeur), list(words), n=NB_PROCHES, cutoff=0.55
    )
    found = list(dict.fromkeys(pair for mot in close for pair in words[mot]))[:NB_PROCHES]
    if found:
        return f"Vouliez-vous dire {' ou '.join(f'« {one} » ({nom})' for one, nom in found)} ?"
    return (
        "Écrivez « region », ou un zonage et un code, "
        "par exemple « departement:62 » ou « ze2020:3215 »."
    )


def resolve_emprise(world: World, valeur: str) -> Emprise:
    """Return the territory of an accepted value, with its outline."""
    if valeur == REGION:
        return Emprise(
            REGION, world.snapshot.manifest.get("nom_region", "Région"), region_outline(world)
        )
    type_zone, _, code = valeur.partition(":")
    maille = world.mailles[type_zone]
    rank = int(np.flatnonzero(maille.codes == code)[0])
    nom = name_zone(type_zone, str(maille.noms[rank]))
    forme = find_outline(world, type_zone, code)
    if forme is not None:
        return Emprise(valeur, nom, forme)
    communes = np.unique(
        world.points["code_commune"].to_numpy()[maille.points[maille.zones == rank]]
    )
    held = outlines(world, COMMUNE, True).reindex(communes).dropna()
    forme = shapely.union_all(held.to_numpy()) if len(held) else region_outline(world)
    return Emprise(valeur, nom, forme, est_estimee=True)


def name_zone(type_zone: str, nom: str) -> str:
    """Return a zone in words, its kind said once: « zone d'emploi 2020 Lens », « CC du Vimeu »."""
    row = MAILLES[type_zone]
    label = nom if row.noms_complets else row.label(nom)
    return label if label == nom else upper_first(label)


def region_outline(world: World) -> shapely.Geometry:
    """Return the land of the region, made once."""
    return world.memoire.get(
        ("figures", "region"),
        lambda: shapely.union_all(outlines(world, "departement", False).to_numpy()),
    )
