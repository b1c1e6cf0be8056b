"""The matrix of a road network: from an extract and a snapshot to a file that says what it is."""

from __future__ import annotations

import fcntl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geoapp.core.errors import StorageError
from geoapp.core.files import AILLEURS, PANNES
from geoapp.core.french import count, format_date, format_decimal, format_number, with_unit
from geoapp.coverage.travel.given import SourceTrajets, count_residents, write_matrix
from geoapp.coverage.travel.intrazonal import Floors
from geoapp.coverage.travel.law import load_laws
from geoapp.coverage.travel.modes import MODES, VOITURE
from geoapp.coverage.travel.network.adjust import add_traffic, raise_floors
from geoapp.coverage.travel.network.engine import DOSSIER, Graphe, find_engine, prepare_graph
from geoapp.coverage.travel.network.profiles import ACCROCHE_MAX_M, Profil
from geoapp.coverage.travel.network.tables import CoutsRoutiers, Watch, work_out_tables

LICENCE = "ODbL 1.0, © contributeurs OpenStreetMap"
_TRAFIC = (
    " OSRM ne connaît pas le trafic : ses minutes sont multipliées par le rapport de la loi de "
    "circulation habituelle à celle des routes fluides, à même distance et même densité."
)
ANCIEN_JOURS = 365
"""Days after which an extract is said to be old: roads open and close meanwhile."""


@dataclass(frozen=True, kw_only=True)
class Reseau:
    """Costs worked out on a network, and all that made them.

    `population` counts the people of the region at each point, 0 outside.
    """

    graphe: Graphe
    tables: CoutsRoutiers
    mode: str
    origines: np.ndarray
    places: np.ndarray
    population: np.ndarray
    fichier: str


def work_out_network(
    pbf: Path,
    profil: Profil,
    points: gpd.GeoDataFrame,
    places: pd.DataFrame,
    *,
    data_dir: Path,
    python: str = "",
    avec_trafic: bool = False,
    floors: Floors | None = None,
    say: Callable[[str], None] = lambda text: None,
    watch: Watch = lambda step, done, total: None,
) -> Reseau:
    """Return the costs of a road network from demand points to places.

    Parameters
    ----------
    pbf : Path
        OpenStreetMap extract.
    points : GeoDataFrame
        Rows: `id_point`, `est_region`, `population_retenue`, geometry (EPSG:4326).
    places : DataFrame
        Columns: `id_place`, `longitude`, `latitude` (degrees).
    data_dir : Path
        Where the graph and the tables are kept, by digest, in `reseau/`.
    python : str
        Interpreter that has OSRM; empty: that of `make reseau`.
    avec_trafic : bool
        By car: minutes of usual traffic (`adjust.add_traffic`), mode `voiture`.
    floors : Floors, optional
        Pairs inside a commune (`adjust.raise_floors`).
    say, watch
        Hear each step begin, and how many blocks are done.

    Raises
    ------
    ParameterError, SourceError, StorageError
        No OSRM; a file that is no extract; no room, or another run in the same folder.
    """
    calculateur = find_engine(python)
    origins = shapely.get_coordinates(points.geometry.to_numpy())
    ends = places[["longitude", "latitude"]].to_numpy(float)
    with _alone(Path(data_dir) / DOSSIER):
        graphe = prepare_graph(calculateur, Path(pbf), profil, data_dir, say)
        say("tables")
        tables = work_out_tables(calculateur, graphe, origins, ends, watch)
    mode = VOITURE if avec_trafic else profil.mode
    return Reseau(
        graphe=graphe,
        tables=_adjust(tables, mode, floors, (origins, ends)),
        mode=mode,
        origines=points["id_point"].to_numpy(dtype="U"),
        places=places["id_place"].to_numpy(dtype="U"),
        population=count_residents(points),
        fichier=Path(pbf).name,
    )


def _adjust(
    tables: CoutsRoutiers, mode: str, floors: Floors | None, ends: tuple[np.ndarray, np.ndarray]
) -> CoutsRoutiers:
    """Return the costs of OSRM with what it does not know (`adjust`)."""
    if mode == VOITURE:
        tables = add_traffic(tables, *ends)
    return tables if floors is None else raise_floors(tables, floors, load_laws()[mode], *ends)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder of networks: two runs at once would make the same files."""
    with ExitStack() as stack:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock = stack.enter_context((folder / ".verrou").open("w"))
        except OSError as error:
            unknown = (error.strerror or str(error), AILLEURS)
            reason, cure = PANNES.get(error.errno or 0, unknown)
            raise StorageError(f"Impossible d'écrire dans {folder} ({reason}). {cure}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StorageError(
                f"Un autre calcul de trajets est en cours dans {folder}. Attendez qu'il finisse."
            ) from None
        yield


def write_network(reseau: Reseau, out: Path) -> int:
    """Write the costs of a network with what they are; return the number of pairs.

    Raises
    ------
    StorageError
        When the file cannot be written.
    """
    graphe, tables = reseau.graphe, reseau.tables
    source = SourceTrajets(
        mode=reseau.mode,
        fournisseur=f"OSRM {graphe.version}, réseau {reseau.fichier}",
        note=f"{describe_network(reseau)} {_describe_reach(reseau)}",
        licence=LICENCE,
        date=day_of_extract(graphe.extrait) or "",
        fichiers=({"nom": reseau.fichier, "sha256": graphe.sha256},),
        details={
            "profil": graphe.profil.nom,
            "maximum_min": MODES[reseau.mode].maximum_min,
            "maximum_km": MODES[reseau.mode].maximum_km,
            "accroche_max_m": ACCROCHE_MAX_M,
            "accroche_mediane_m": _round(np.nanmedian(_snaps(tables))),
            "accroche_pire_m": _round(np.nanmax(_snaps(tables))),
            "nb_isoles": tables.nb_isoles,
            "nb_sans_chemin": tables.nb_sans_chemin,
        },
    )
    return write_matrix(
        out,
        origines=reseau.origines,
        places=reseau.places,
        duree_min=tables.duree_min,
        distance_km=tables.distance_km,
        source=source,
        couverture=tables.couverture,
    )


def _snaps(tables: CoutsRoutiers) -> np.ndarray:
    """Return the metres from each end that is near the network."""
    return np.concatenate([tables.accroche_origines_m, tables.accroche_places_m])


def _round(value: float) -> float:
    return round(float(value), 1)


def day_of_extract(extrait: dict) -> str | None:
    """Return the day of an extract, « AAAA-MM-JJ »: of its replication, else of its latest way."""
    for moment in (extrait["horodatage"], extrait["dernier"]):
        try:
            return datetime.fromisoformat(moment).date().isoformat()
        except (TypeError, ValueError):
            continue
    return None


def describe_network(reseau: Reseau) -> str:
    """Return in French which network, of which day, for which way to travel."""
    day = day_of_extract(reseau.graphe.extrait)
    usual = reseau.mode == VOITURE
    when = f"du {format_date(day)}" if day else "de date inconnue"
    return (
        f"Trajets {MODES[reseau.mode].phrase} sur le réseau OpenStreetMap {when} "
        f"({reseau.fichier}), calculés par OSRM {reseau.graphe.version} ; "
        "les mètres entre un point et sa route se font à pied." + (_TRAFIC if usual else "")
    )


def _describe_reach(reseau: Reseau) -> str:
    """Return in French whom the network reaches, and what stands for it elsewhere."""
    inside, held = reseau.tables.couverture.origines, reseau.tables.couverture.places
    people = reseau.population
    part = people[inside].sum() / people.sum() if people.sum() else 1.0
    return (
        f"Le réseau atteint {format_number(inside.sum())} points de population sur "
        f"{format_number(len(inside))} ({with_unit(format_decimal(part * 100, 1), '%')} des "
        f"habitants de la région) et {format_number(held.sum())} lieux sur "
        f"{format_number(len(held))} ; ailleurs, la loi le remplace."
    )


def warn_of(reseau: Reseau, today: date) -> list[str]:
    """Return in French what to know before using these costs."""
    extrait, tables = reseau.graphe.extrait, reseau.tables
    day = day_of_extract(extrait)
    warnings = []
    if day is None:
        warnings.append("La date de l'extrait n'est pas connue : il ne la dit pas.")
    elif (age := (today - date.fromisoformat(day)).days) > ANCIEN_JOURS:
        warnings.append(
            f"L'extrait a {count(age // 365, 'an')} (il est du {format_date(day)}) : "
            "des routes ont ouvert ou fermé depuis. Téléchargez-en un récent."
        )
    if not extrait["sens_uniques"]:
        warnings.append("Aucun sens unique n'est dit dans cet extrait.")
    if tables.nb_isoles:
        warnings.append(
            f"{count(tables.nb_isoles, 'point ou lieu', 'points ou lieux')} près d'une route qui "
            "ne mène pas aux autres : la loi les remplace."
        )
    if tables.nb_sans_chemin:
        warnings.append(
            f"{count(tables.nb_sans_chemin, 'paire', 'paires')} de points atteints sans chemin "
            "de l'un à l'autre : hors de portée."
        )
    return warnings


def report_network(reseau: Reseau) -> list[str]:
    """Return in French what was done, what it cost, and how near the points are to their way."""
    extrait, tables, cout = reseau.graphe.extrait, reseau.tables, reseau.tables.cout
    snaps = _snaps(tables)
    far = int(np.isnan(snaps).sum())
    lines = [
        describe_network(reseau),
        _describe_reach(reseau),
        f"Extrait : {format_number(extrait['routes'])} tronçons, dont "
        f"{format_number(extrait['sens_uniques'])} dits à sens unique ; "
        f"{count(extrait['bacs'], 'bac')} ou traversée en bateau.",
        f"Distance au réseau : {_metres(np.nanmedian(snaps))} pour la moitié des points et lieux, "
        f"{_metres(np.nanmax(snaps))} au plus ; {format_number(far)} à plus de "
        f"{_metres(ACCROCHE_MAX_M)}, hors du réseau.",
    ]
    found = " (déjà faite)" if reseau.graphe.est_trouve else ""
    for etape in reseau.graphe.etapes:
        lines.append(
            f"{etape['nom'].capitalize()}{found} : {format_decimal(etape['secondes'], 1)} s, "
            f"{_memory(etape['memoire_mo'])}."
        )
    lines.append(
        f"Tables : {count(int(cout['nb_blocs']), 'bloc')}, dont {int(cout['nb_trouves'])} déjà "
        f"faits, {format_decimal(cout['secondes'], 1)} s, {_memory(cout['memoire_mo'])}."
    )
    kept = sum(one.stat().st_size for one in reseau.graphe.dossier.rglob("*") if one.is_file())
    lines.append(
        f"Gardé pour la fois prochaine : {reseau.graphe.dossier}, "
        f"{format_decimal(kept / 1e6, 0)} Mo. Ce dossier peut être supprimé."
    )
    return lines


def _memory(megabytes: float | None) -> str:
    return f"{format_number(megabytes)} Mo de mémoire" if megabytes else "mémoire non mesurée"


def _metres(value: float) -> str:
    return with_unit(format_decimal(float(value), 0), "m")
