"""A tiny literal world.

Three square communes side by side along a parallel, two zones d'emploi, four
lieux, six sessions, seven offers.

    Amiville (80001)  |  Beauval (80002)  |  Cysoing (59001)
    ZE 3201           |  ZE 3201          |  ZE 0054
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point, box

from geoapp.core import schema
from geoapp.core.geometry import place_ids
from geoapp.core.packed import Packed
from geoapp.core.publishing import publish
from geoapp.core.schema import NIVEAUX, TABLES, VOIES, conform
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.travel import write_trajets
from geoapp.coverage.travel.choice import choose_trajets
from geoapp.ingest.by_departement import read_by_departement
from geoapp.ingest.steps import content_key
from geoapp.ingest.territories import load_communes
from geoapp.offer.quality.reading import quality_tables
from geoapp.offer.search.index import write_index
from geoapp.sources.claims import real_domains
from geoapp.sources.reading import read_source
from geoapp.sources.registry import get_source

DATA = Path(__file__).resolve().parents[1] / "data"
HOSTILE = "<script>alert(1)</script>"
FORMULA = "=1+1"
CREATED = "2026-01-02T03:04:05Z"

SQUARES = {
    "80001": box(2.0, 50.0, 2.2, 50.2),
    "80002": box(2.2, 50.0, 2.4, 50.2),
    "59001": box(2.4, 50.0, 2.6, 50.2),
}
ZONES_OF = {
    "80001": "departement:80|epci:240000001|ze2010:3299|ze2020:3201|zrr:ZRR",
    "80002": "departement:80|epci:240000001|ze2010:3299|ze2020:3201|frr:FRR+",
    "59001": "departement:59|epci:240000002|ze2010:3299|ze2020:0054",
}


_PARQUET: dict[tuple[str, str], _Held] = {}
"""Tables already checked, by name and content: most tests change one of twenty-six."""
_MADE: dict[Callable, list[tuple[dict[str, str | None], dict[str, bytes]]]] = {}
"""What was already made of tables (index, costs): the content of those that it read, its files."""
_REFERRED: set[frozenset] = set()
"""Contents of whole worlds, all references of which resolve."""
_TINY: dict[str, pd.DataFrame] = {}


class _Noted(Mapping):
    """Tables that note which of them are read, be they there or not."""

    def __init__(self, frames: dict[str, pd.DataFrame]):
        self._frames = frames
        self.read: set[str] = set()

    def __getitem__(self, nom: str) -> pd.DataFrame:
        self.read.add(nom)
        return self._frames[nom]

    def __iter__(self) -> Iterator[str]:
        self.read.update(self._frames)
        return iter(self._frames)

    def __len__(self) -> int:
        return len(self._frames)


def _write_trips(frames: dict[str, pd.DataFrame], folder: Path) -> None:
    write_trajets(choose_trajets(frames), folder)


def _files_of(
    make: Callable, frames: dict[str, pd.DataFrame], keys: dict[str, str], aside: Path
) -> dict[str, bytes]:
    """Return the files that `make(frames, folder)` writes, made once for what it reads of them."""
    known = _MADE.setdefault(make, [])
    for read, files in known:
        if all(keys.get(nom) == key for nom, key in read.items()):
            return files
    noted = _Noted(frames)
    with TemporaryDirectory(dir=aside) as name:
        make(noted, Path(name))
        written = [path for path in Path(name).rglob("*") if path.is_file()]
        files = {path.relative_to(name).as_posix(): path.read_bytes() for path in written}
    known.append(({nom: keys.get(nom) for nom in noted.read}, files))
    return files


@dataclass(frozen=True)
class _Held(Packed):
    """A packed table whose frame is at hand: references are checked without reading it."""

    whole: pd.DataFrame

    def __getitem__(self, wanted):
        return self.whole[wanted]

    def __len__(self) -> int:
        return len(self.whole)


def publish_world(
    frames: dict[str, pd.DataFrame],
    folder: Path,
    cree_le: str = CREATED,
    *,
    also: Callable[[Path], None] = lambda folder: None,
) -> Snapshot:
    """Publish some tables with their search index and their cost matrix, as a build does.

    What was worked out for the same content in this process is not again.  `also` writes what else
    the snapshot holds.
    """
    keys = {nom: content_key(frame) for nom, frame in frames.items()}
    for nom, key in keys.items():
        if (nom, key) not in _PARQUET:
            packed = Packed.of(frames[nom], nom)
            _PARQUET[nom, key] = _Held(nom, packed.content, frames[nom])

    def finish(aside: Path) -> None:
        for make in (write_index, _write_trips):
            for name, content in _files_of(make, frames, keys, aside).items():
                (aside / name).parent.mkdir(exist_ok=True)
                (aside / name).write_bytes(content)
        also(aside)

    # Nobody cuts the power of a test: sixty files need not be on the disk.
    spared, content = [(os, "fsync")], frozenset(keys.items())
    if content in _REFERRED:
        spared.append((schema, "check_references"))
    with _spared(spared):
        snapshot = publish(
            {nom: _PARQUET[nom, key] for nom, key in keys.items()},
            {"cree_le": cree_le, "region": "32", "nom_region": "Hauts-de-France"},
            folder,
            finish=finish,
        )
    _REFERRED.add(content)
    return snapshot


@contextmanager
def _spared(functions: list[tuple[ModuleType, str]]) -> Iterator[None]:
    """Let some functions of modules do nothing while the block runs."""
    real = [(module, nom, getattr(module, nom)) for module, nom in functions]
    try:
        for module, nom, _ in real:
            setattr(module, nom, lambda *given: None)
        yield
    finally:
        for module, nom, function in real:
            setattr(module, nom, function)


def make_tiny_frames() -> dict[str, pd.DataFrame]:
    """Return every table of the tiny world, conform to the schema; those it has no use for are
    empty.
    """
    if not _TINY:
        frames = {**_territory(), **_offer(), **_records(), "perimetre": make_perimeter()}
        frames["offres"] = _offres(frames)
        empty = {nom: pd.DataFrame(columns=table.noms) for nom, table in TABLES.items()}
        every = {**empty, **frames}
        _TINY.update({nom: conform(_as_geo(frame, nom), nom) for nom, frame in every.items()})
    return {nom: frame.copy() for nom, frame in _TINY.items()}


def add_series(frames: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tiny world with places, wishes and pupils of the establishment of its first
    action, some hidden, and of one that no offer places.
    """
    uai = "0801864B"
    lieux = frames["lieux"].assign(code_uai=pd.array([uai, None, None, None], dtype="str"))
    rows = [
        ("2021", uai, "23810030006", 20, 18, None, None),
        ("2021", uai, "23820030004", 15, 6, None, None),
        ("2022", uai, "23810030006", 24, 30, None, None),
        ("2020", uai, "23830030004", None, None, 33, None),
        ("2020", uai, "23820030004", None, None, None, "nb_eleves"),
        ("2022", "0020012C", "23810030006", 99, 99, None, None),
    ]
    columns = ["annee", "code_uai", "code_mef", "capacite", "nb_voeux", "nb_eleves", "masques"]
    made = pd.DataFrame(rows, columns=columns).assign(id_source="tiny", voie="scolaire")
    flux = conform(made.assign(id_flux=[f"x{i}" for i in range(len(made))]), "flux")
    links = pd.DataFrame({"id_action": "tiny:a1", "id_flux": ["x2", "x1", "x3", "x4"]})
    linked = conform(links, "actions_flux")
    return {**frames, "lieux": lieux, "flux": flux, "actions_flux": linked}


def _as_geo(frame: pd.DataFrame, nom: str) -> pd.DataFrame:
    if not TABLES[nom].est_geographique:
        return frame
    return gpd.GeoDataFrame(frame, geometry="geometry", crs="EPSG:4326")


def _territory() -> dict[str, pd.DataFrame]:
    communes = pd.DataFrame(
        {
            "code_commune": ["80001", "80002", "59001"],
            "nom": ["Amiville", "Beauval", "Cysoing"],
            "code_departement": ["80", "80", "59"],
            "nom_departement": ["Somme", "Somme", "Nord"],
            "code_region": "32",
            "nom_region": "Hauts-de-France",
            "code_epci": ["240000001", "240000001", "240000002"],
            "nom_epci": ["CC des Carrés", "CC des Carrés", "CC de l'Est"],
            "population": [1000, 200, 5000],
            "millesime_population": "2022",
            "codes_postaux": ["80100", "80200", "59100"],
            "longitude_mairie": [2.1, 2.3, 2.5],
            "latitude_mairie": 50.1,
            "est_mairie_deplacee": False,
            "est_region": True,
            "geometry": list(SQUARES.values()),
        }
    )
    zones = _zones()
    demande = pd.DataFrame(
        {
            "id_point": "commune:" + communes["code_commune"],
            "type_point": "commune",
            "population": [1000.0, 200.0, 5000.0],
            "population_retenue": [1000.0, 200.0, 5000.0],
            "est_compte": True,
            "est_region": True,
            "code_commune": communes["code_commune"],
            "millesime": "2022",
            "geometry": [Point(2.1, 50.1), Point(2.3, 50.1), Point(2.5, 50.1)],
        }
    )
    links = [
        {
            "code_commune": code,
            "type_zone": zone.split(":")[0],
            "code_zone": zone.split(":")[1],
            "millesime": "2025",
            "type_lien": "entiere",
        }
        for code, texte in ZONES_OF.items()
        for zone in texte.split("|")
    ]
    return {
        "communes": communes,
        "zones": zones,
        "demande": demande,
        "communes_zones": pd.DataFrame(links),
        "couches": _couches(zones, communes),
        "demande_zones": pd.DataFrame(
            {
                "id_point": ["commune:80001"],
                "type_zone": "qpv2024",
                "code_zone": "QN08001A",
                "methode": "estimee",
            }
        ),
        "anciennes_communes": pd.DataFrame(
            {
                "code_ancien": ["80003", "59002"],
                "code_commune": ["80001", "59001"],
                "nom": ["Vieilleville", None],
                "type_ancienne": ["deleguee", "fusionnee"],
            }
        ),
    }


def _zones() -> pd.DataFrame:
    west, east = box(2.0, 50.0, 2.4, 50.2), SQUARES["59001"]
    rows = [
        ("departement", "80", "Somme", west),
        ("departement", "59", "Nord", east),
        ("epci", "240000001", "CC des Carrés", west),
        ("epci", "240000002", "CC de l'Est", east),
        ("ze2020", "3201", "Amiville", west),
        ("ze2020", "0054", "Est - Frontière", east),
        ("ze2010", "3299", "Ancienne zone", west.union(east)),
        ("zrr", "ZRR", "Communes classées ZRR", SQUARES["80001"]),
        ("frr", "FRR+", "FRR+", SQUARES["80002"]),
        ("qpv2024", "QN08001A", "Quartier sans contour", None),
    ]
    frame = pd.DataFrame(rows, columns=["type_zone", "code_zone", "nom", "geometry"])
    return frame.assign(
        millesime="2025", id_source="tiny", nb_communes=1, population=1000, est_fictive=False
    )


def _couches(zones: pd.DataFrame, communes: pd.DataFrame) -> pd.DataFrame:
    drawn = zones[zones["geometry"].notna()]
    outlines = communes[["code_commune", "nom", "geometry"]].set_axis(
        ["code_zone", "nom", "geometry"], axis=1
    )
    columns = ["type_zone", "code_zone", "nom", "millesime", "est_fictive", "geometry"]
    return pd.concat(
        [
            drawn[columns],
            outlines.assign(type_zone="commune", millesime="2025", est_fictive=False)[columns],
        ],
        ignore_index=True,
    )


def _offer() -> dict[str, pd.DataFrame]:
    """Six actions in four lieux: one doubtful, one unplaced; hostile texts; one unknown level."""
    formations = pd.DataFrame(
        {
            "id_formation": [f"tiny:f{i}" for i in range(1, 7)],
            "id_source": ["tiny"] * 5 + ["fictive"],
            "id_organisme": "tiny:o1",
            "intitule": [
                HOSTILE,
                FORMULA,
                "BTS Soins",
                "CAP Cuisine",
                "Bac pro Bois",
                "CAP Fictif",
            ],
            "niveau_sortie": ["4", None, "5", "3", "4", "3"],
            "code_domaine": ["sante", "autre", "sante", "hotellerie", "batiment", "hotellerie"],
            "code_diplome": [None, None, "bts", "cap", "bac_pro", "cap"],
            "preuve_domaine": "aucune",
        }
    )
    formations["titre"] = formations["intitule"]
    actions = pd.DataFrame(
        {
            "id_action": [f"tiny:a{i}" for i in range(1, 7)],
            "id_formation": formations["id_formation"],
            "id_organisme": "tiny:o1",
            "voie": [
                "apprentissage",
                "apprentissage",
                "scolaire",
                None,
                "continue",
                "apprentissage",
            ],
        }
    )
    sessions = pd.DataFrame(
        {
            "id_session": [f"tiny:s{i}" for i in range(1, 7)],
            "id_action": actions["id_action"],
            "date_debut": ["2026-09-01", "2026-09", None, "2026", "2026-09-01", None],
            "capacite": [12, None, 24, None, None, 3],
        }
    )
    lieux = pd.DataFrame(
        {
            "id_lieu": ["tiny:l1", "tiny:l2", "tiny:l3", "tiny:l4"],
            "id_source": "tiny",
            "adresse": ["1 rue du Lycée", "2 place </script>", None, "lieu inconnu"],
            "code_postal": ["80100", "80200", "59100", None],
            "code_commune": ["80001", "80002", "59001", None],
            "nom_commune": ["Amiville", "Beauval", "Cysoing", None],
            "precision_position": ["adresse", "coordonnees", "commune", None],
            "est_douteuse": [False, True, False, False],
            "distance_commune_m": [0.0, 3200.0, None, None],
            "geometry": [Point(2.05, 50.05), Point(2.3, 50.1), Point(2.5, 50.1), None],
        }
    )
    lieux["adresse_affichee"] = lieux["adresse"]
    lieux["code_postal_affiche"] = lieux["code_postal"]
    links = [
        ("a1", "l1"),
        ("a2", "l1"),
        ("a3", "l1"),
        ("a3", "l3"),
        ("a4", "l2"),
        ("a5", "l4"),
        ("a6", "l3"),
    ]
    return {
        "organismes": pd.DataFrame(
            {
                "id_organisme": ["tiny:o1"],
                "nom": ["Lycée <b>Test</b>"],
                "nom_affiche": ["Lycée <b>Test</b>"],
            }
        ),
        "formations": formations,
        "actions": actions,
        "sessions": sessions,
        "lieux": lieux,
        "actions_lieux": pd.DataFrame(
            [(f"tiny:{a}", f"tiny:{lieu}") for a, lieu in links], columns=["id_action", "id_lieu"]
        ),
        "lieux_zones": pd.DataFrame(
            [
                {
                    "id_lieu": f"tiny:l{i}",
                    "type_zone": zone.split(":")[0],
                    "code_zone": zone.split(":")[1],
                    "methode": "code",
                }
                for i, code in ((1, "80001"), (2, "80002"), (3, "59001"))
                for zone in ZONES_OF[code].split("|")
            ]
        ),
    }


def _offres(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one row per action and lieu, as the build makes them."""
    offres = frames["actions_lieux"].merge(
        frames["actions"].drop(columns="id_organisme"), on="id_action"
    )
    offres = offres.merge(frames["formations"], on="id_formation").merge(
        frames["lieux"].drop(columns="id_source"), on="id_lieu"
    )
    offres = offres.merge(frames["sessions"].drop(columns="id_session"), on="id_action")
    return offres.assign(
        nom_organisme="Lycée <b>Test</b>",
        est_fictive=offres["id_source"].eq("fictive"),
        zones=offres["code_commune"].map(ZONES_OF).fillna(""),
        dates_debut=offres["date_debut"],
        id_place=place_ids(gpd.GeoSeries(offres["geometry"])),
    )


def _records() -> dict[str, pd.DataFrame]:
    sources = pd.DataFrame(
        {
            "id_source": ["tiny", "fictive"],
            "titre": ["Petite offre", "Offre inventée"],
            "producteur": "Nous",
            "licence": "Licence Ouverte 2.0",
            "millesime": "2026",
            "adresse": ["https://example.org/offre", "javascript:alert(1)"],
            "usage": "offre",
            "mode": ["miroir", "demonstration"],
            "fichier": ["offre.csv", None],
            "sha256": ["0123456789abcdef" * 4, None],
            "nb_lues": [8, 1],
            "nb_valides": [6, 1],
            "nb_rejetees": [2, 0],
            "note": ["Une note <i>brute</i>", None],
        }
    )
    rejets = pd.DataFrame(
        {
            "id_source": "tiny",
            "ligne": ["12", "13"],
            "colonne": ["code_commune", "intitule"],
            "valeur": ["5935", '=HYPERLINK("a")'],
            "code_raison": ["commune_inconnue", "intitule_absent"],
            "raison": ["Commune inconnue.", "+ mauvais début"],
            "valeur_proche": ["59350", None],
        }
    )
    corrections = pd.DataFrame(
        {
            "id_source": ["tiny"],
            "ligne": ["3"],
            "colonne": ["code_commune"],
            "valeur": ["2691"],
            "corrigee": ["02691"],
            "type_correction": ["zero_restitue"],
            "reparation": ["zéro de tête rétabli"],
        }
    )
    return {"sources": sources, "rejets": rejets, "corrections": corrections}


def make_perimeter(statut: str = "connue", departements: tuple = ("59", "80")) -> pd.DataFrame:
    """Return a perimeter in which every cell has one status, of one source."""
    cases = product(VOIES, NIVEAUX, real_domains(), departements)
    frame = pd.DataFrame(
        cases, columns=["voie", "niveau_sortie", "code_domaine", "code_departement"]
    )
    held = (None, None, None) if statut == "inconnue" else ("tiny", "petite offre", "2026")
    claims = dict(zip(("id_sources", "noms", "millesimes"), held, strict=True))
    filled = frame.assign(statut=statut, nb_offres=0, preuve="Pour l'essai.", **claims)
    return conform(filled, "perimetre")


def with_quality(frames: dict) -> dict:
    """Return the tables with those of quality, as a build makes them."""
    return frames | quality_tables(frames, frames["communes"], {"tiny": "2026"})


def departement_world(mode: str = "miroir") -> dict[str, pd.DataFrame]:
    """Return the tiny world with the sample of Mon Compte Formation (Nord 1 formation, Aisne 1),
    and more of the Nord.
    """
    frames, source = make_tiny_frames(), get_source("mon-compte-formation")
    table, _ = read_by_departement(
        read_source(source, DATA / "moncompteformation.csv"), source, load_communes("32")
    )
    more = pd.DataFrame(
        {
            "id_source": [source.id],
            "code_departement": ["59"],
            "niveau_sortie": ["3"],
            "code_domaine": ["batiment"],
            "nb_formations": [1200],
            "nb_actions": [3],
            "nb_sessions": [4],
            "date_extraction": ["2026-09-30"],
        }
    )
    frames["offres_departements"] = conform(pd.concat([table, more]), "offres_departements")
    row = pd.DataFrame(
        {
            "id_source": [source.id],
            "titre": ["MCF <b>"],
            "producteur": ["CDC"],
            "licence": ["LO"],
            "millesime": ["courant"],
            "usage": ["offre_departement"],
            "mode": [mode],
            "nb_lues": [3],
            "nb_valides": [2],
            "nb_rejetees": [1],
        }
    )
    frames["sources"] = conform(pd.concat([frames["sources"], row]), "sources")
    return frames
