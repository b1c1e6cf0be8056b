"""The lookups behind cards, sheets and exports: dictionaries made once per snapshot."""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from geoapp.core.config import CRS_GEO, CRS_METRIC
from geoapp.core.french import NON_RENSEIGNE
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import MODALITES, REV3
from geoapp.offer.starts import state_of
from geoapp.reference.codes.diplomas import load_diplomes
from geoapp.reference.codes.domains import load_domaines
from geoapp.reference.codes.funding import FINANCEURS, NIVEAUX_ENTREE, public_label
from geoapp.reference.codes.levels import load_niveaux
from geoapp.reference.codes.text import fold
from geoapp.reference.codes.voies import VOIES
from geoapp.reference.zone_joins import assign_by_geometry
from geoapp.reference.zonings import ZONAGES

_UNSAFE = re.compile(r"[^A-Za-z0-9:._-]+")
_LONG = 80
_DIGEST = 10
"""Characters of a public identifier that are kept as they are, and those of its digest."""


def public_id(id_action: str) -> str:
    """Return the identifier of an offer as an address writes it: stable, and safe in a URL.

    An identifier already safe is kept; another has its other characters
    replaced and the start of its SHA-256 digest added, so that two never meet.
    """
    if len(id_action) <= _LONG and not _UNSAFE.search(id_action):
        return id_action
    digest = hashlib.sha256(id_action.encode()).hexdigest()[:_DIGEST]
    return f"{_UNSAFE.sub('-', id_action)[:_LONG]}~{digest}"


@dataclass(frozen=True)
class ZoneNommee:
    """What a sheet says of one zone."""

    type: str
    code: str
    nom: str
    millesime: str


@dataclass(frozen=True)
class ContoursZonage:
    """The outlines of one zoning joined by geometry, in the metric CRS, and where they are known.

    `epci` are the intercommunalités in which a point outside every outline is
    truly outside; None stands for the whole region.
    """

    codes: list[str]
    arbre: shapely.STRtree
    nb_zones: int
    epci: frozenset[str] | None

    @property
    def est_complet(self) -> bool:
        """Tell whether every zone has its outline."""
        return len(self.codes) == self.nb_zones


class Repertoire:
    """Columns and dictionaries of one snapshot, ready to make cards; read-only.

    `colonnes` holds the table `offres` as lists, unknown being None;
    `longitudes` and `latitudes` are NaN for an offer without point.  `jour` is the day that states
    are seen from, today when it is None.
    """

    def __init__(self, snapshot: Snapshot):
        offres = snapshot.read("offres")
        self.snapshot = snapshot
        self.jour: date | None = None
        self.colonnes = {
            nom: plain_list(offres[nom]) for nom in offres.columns if nom != "geometry"
        }
        self.longitudes, self.latitudes = shapely.get_coordinates(_points(offres)).T
        self.nb_offres = len(offres)
        self.zones = _zones(snapshot.read("zones"))
        self.sources = dict(Rows(snapshot.read("sources"), "id_source"))
        self.labels = code_labels()
        self._parsed_zones: dict[str, tuple[ZoneNommee, ...]] = {}

    def state(self, ligne: int) -> str:
        """Return the state of an offer, seen from `jour` (a key of `ETATS`)."""
        debuts, last, held = (
            self.colonnes[nom][ligne] or "" for nom in ("dates_debut", "date_fin", "fin_permanente")
        )
        until = f"P{held}" if self.colonnes["est_permanente"][ligne] else ""
        return state_of(f"{debuts}#{until}#{last}", self.jour or date.today())

    def row(self, ligne: int) -> dict:
        """Return one row of the table `offres`, without its geometry."""
        return {nom: valeurs[ligne] for nom, valeurs in self.colonnes.items()}

    def label(self, nom: str, code: str | None) -> dict:
        """Return {code, libelle} of a coded column; unknown is said unknown."""
        return {"code": code, "libelle": NON_RENSEIGNE if code is None else self.labels[nom](code)}

    def parse_zones(self, texte: str | None) -> tuple[ZoneNommee, ...]:
        """Return the zones written « type:code|type:code », in the order of the zonings."""
        texte = texte or ""
        # Places repeat, and so do their zones: a few thousand texts for the whole offer.
        if texte not in self._parsed_zones:
            found = [self._zone(key) for key in texte.split("|") if key]
            self._parsed_zones[texte] = tuple(sorted(found, key=_rank))
        return self._parsed_zones[texte]

    def _zone(self, key: str) -> ZoneNommee:
        """Return the zone « type:code »; one that no table names goes by its key."""
        type_zone, _, code = key.partition(":")
        return self.zones.get(key) or ZoneNommee(type_zone, code, nom=key, millesime="")

    @cached_property
    def lignes_par_id(self) -> Mapping[str, list[int]]:
        """Return the rows of `offres` by public identifier."""
        return _rows_by(map(public_id, self.colonnes["id_action"]))

    @cached_property
    def reunies(self) -> Mapping[str, list[dict]]:
        """Return, by action shown, the rows « fusionnee » of `doublons`.

        What other catalogues say of the same training.
        """
        table = self.snapshot.read("doublons")
        result = defaultdict(list)
        for row in records(table[table["etat"].eq("fusionnee")]):
            result[row["id_action_retenue"]].append(row)
        return result

    @cached_property
    def retenues(self) -> Mapping[str, str]:
        """Return the identifier of the action shown, by public identifier of one merged into it."""
        return {
            public_id(row["id_action"]): public_id(kept)
            for kept, rows in self.reunies.items()
            for row in rows
        }

    def sources_of(self, ligne: int) -> list[str]:
        """Return the catalogues that give an offer, that of the row shown first."""
        return (self.colonnes["sources"][ligne] or self.colonnes["id_source"][ligne]).split("|")

    @cached_property
    def lignes_par_genre(self) -> Mapping[Any, list[int]]:
        """Return the rows by (domain, level), both known."""
        pairs = zip(self.colonnes["code_domaine"], self.colonnes["niveau_sortie"], strict=True)
        return _rows_by(
            None if domaine == "autre" or niveau is None else (domaine, niveau)
            for domaine, niveau in pairs
        )

    @cached_property
    def lignes_par_titre(self) -> Mapping[Any, list[int]]:
        """Return the rows by folded title."""
        return _rows_by(map(fold, self.colonnes["titre"]))

    @cached_property
    def formations(self) -> Mapping[str, dict]:
        """Return the table `formations` by identifier."""
        return Rows(self.snapshot.read("formations"), "id_formation")

    @cached_property
    def types_diplome(self) -> Mapping[str, str | None]:
        """Return the kind of diploma by formation: all that a card reads of it."""
        formations = self.snapshot.read("formations")
        diplomes = plain_list(formations["type_diplome"])
        return dict(zip(formations["id_formation"], diplomes, strict=True))

    @cached_property
    def actions(self) -> Mapping[str, dict]:
        """Return the table `actions` by identifier."""
        return Rows(self.snapshot.read("actions"), "id_action")

    @cached_property
    def organismes(self) -> Mapping[str, dict]:
        """Return the table `organismes` by identifier."""
        return Rows(self.snapshot.read("organismes"), "id_organisme")

    @cached_property
    def lieux(self) -> Mapping[str, dict]:
        """Return the table `lieux` by identifier, without geometry."""
        return Rows(pd.DataFrame(self.snapshot.read("lieux").drop(columns="geometry")), "id_lieu")

    @cached_property
    def lieux_par_action(self) -> Mapping[str, list[str]]:
        """Return the places of each action."""
        table = self.snapshot.read("actions_lieux")
        return table.groupby("id_action")["id_lieu"].agg(list).to_dict()

    @cached_property
    def flux(self) -> Mapping[str, list[dict]]:
        """Return the rows of `flux` that describe each action."""
        links, flux = self.snapshot.read("actions_flux"), self.snapshot.read("flux")
        table = links.merge(flux, on="id_flux", validate="m:1")
        return GroupedRows(table, "id_action")

    @cached_property
    def debouches_region(self) -> Mapping[str, list[dict]]:
        """Return what became in the region of those who left the training of each action."""
        links = self.snapshot.read("actions_debouches")
        table = links.merge(
            self.snapshot.read("debouches_region"), on="id_debouche", validate="m:1"
        ).sort_values(["annee", "id_debouche"], kind="stable")
        return GroupedRows(table, "id_action")

    @cached_property
    def debouches(self) -> Mapping[str, list[dict]]:
        """Return the rows of `debouches` by establishment (UAI)."""
        return GroupedRows(self.snapshot.read("debouches"), "code_uai")

    @cached_property
    def sessions(self) -> Mapping[str, list[dict]]:
        """Return the sessions of each action, by date, unknown dates last."""
        table = self.snapshot.read("sessions").sort_values(
            ["date_debut", "id_session"], na_position="last", kind="stable"
        )
        return GroupedRows(table, "id_action")

    @cached_property
    def contours(self) -> Mapping[str, ContoursZonage]:
        """Return the outlines of each zoning joined by geometry that the snapshot holds."""
        zones, communes = self.snapshot.read("zones"), self.snapshot.read("communes")
        drawn = [nom for nom, zonage in ZONAGES.items() if zonage.methode == "geometrie"]
        parts = {nom: zones[zones["type_zone"].eq(nom)] for nom in drawn}
        return {nom: _contours(part, communes) for nom, part in parts.items() if len(part)}

    @cached_property
    def to_metric(self) -> Transformer:
        """Return the transformer from longitude and latitude to metres."""
        return Transformer.from_crs(CRS_GEO, CRS_METRIC, always_xy=True)


def open_repertoire(snapshot: Snapshot) -> Repertoire:
    """Return the lookups of a snapshot; keep it as long as the snapshot is served."""
    return Repertoire(snapshot)


def plain_list(column: pd.Series) -> list:
    """Return a column as plain Python values, unknown being None; equal values are one object."""
    codes, distinct = pd.factorize(column)
    values = [*(getattr(value, "item", lambda v=value: v)() for value in distinct), None]
    return [values[code] for code in codes]


def records(table: pd.DataFrame) -> list[dict]:
    """Return the rows of a table as plain dictionaries."""
    columns = [plain_list(table[nom]) for nom in table.columns]
    return [dict(zip(table.columns, row, strict=True)) for row in zip(*columns, strict=True)]


ROWS_KEPT = 5_000
"""Rows of each table kept as dictionaries, the last ones asked for.

A page and its export repeat many.
"""


class Rows(Mapping):
    """The rows of a table by its key, each made into a plain dictionary when it is asked for.

    A dictionary per row for good would take several times the memory of the table.
    """

    def __init__(self, table: pd.DataFrame, cle: str):
        self._arrays = {nom: table[nom].array for nom in table.columns}
        self._index = pd.Index(table[cle])
        self._make = lru_cache(maxsize=ROWS_KEPT)(self._row)

    def __getitem__(self, key: str) -> dict:
        return self._make(key)

    def _row(self, key: str) -> dict:
        row = self._index.get_loc(key)
        values = ((nom, array[row]) for nom, array in self._arrays.items())
        return {
            nom: None if pd.isna(value) else getattr(value, "item", lambda v=value: v)()
            for nom, value in values
        }

    def __iter__(self) -> Iterator[str]:
        return iter(self._index)

    def __len__(self) -> int:
        return len(self._index)


class GroupedRows(Mapping):
    """The rows of a table by a key that they share, made into dictionaries when it is asked for.

    Rows of one key keep the order of the table.
    """

    def __init__(self, table: pd.DataFrame, cle: str):
        self._table = table
        self._rows = table.groupby(cle, sort=False).indices
        self._make = lru_cache(maxsize=ROWS_KEPT)(self._records)

    def __getitem__(self, key: str) -> list[dict]:
        return self._make(key)

    def _records(self, key: str) -> list[dict]:
        return records(self._table.iloc[self._rows[key]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _rows_by(keys: Iterable[Any]) -> dict[Any, list[int]]:
    """Return the positions of each key, None left out."""
    result: dict[Any, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key is not None:
            result[key].append(row)
    return dict(result)


def _points(offres) -> np.ndarray:
    """Return one point per offer, POINT(NaN NaN) for one without position."""
    points = offres.geometry.to_numpy()
    unknown = shapely.is_missing(points) | shapely.is_empty(points)
    return np.where(unknown, shapely.Point(np.nan, np.nan), points)


def _zones(zones: pd.DataFrame) -> dict[str, ZoneNommee]:
    """Return the zones by « type:code »."""
    columns = (zones[nom].tolist() for nom in ("type_zone", "code_zone", "nom", "millesime"))
    return {f"{row[0]}:{row[1]}": ZoneNommee(*row) for row in zip(*columns, strict=True)}


def _rank(zone: ZoneNommee) -> tuple[int, str]:
    """Return the place of a zone in the order of the zonings, then by code."""
    ordre = list(ZONAGES)
    return (ordre.index(zone.type) if zone.type in ordre else len(ordre), zone.code)


def _contours(zones, communes) -> ContoursZonage:
    """Return the outlines of one zoning, projected, and the territory that they cover."""
    drawn = zones[zones.geometry.notna()]
    tree = shapely.STRtree(drawn.geometry.to_crs(CRS_METRIC).to_numpy())
    return ContoursZonage(drawn["code_zone"].tolist(), tree, len(zones), _covered(drawn, communes))


def _covered(drawn, communes) -> frozenset[str] | None:
    """Return the EPCI that hold an outline.

    None (everywhere) when every département of the region has one.

    A file may cover one metropolis only: elsewhere, to be in no outline says nothing.
    """
    codes = assign_by_geometry(drawn.geometry.representative_point(), communes, "code_commune")
    mine = communes[communes["code_commune"].isin(codes)]
    region = communes.loc[communes["est_region"].astype(bool), "code_departement"]
    if set(region) <= set(mine["code_departement"]):
        return None
    return frozenset(mine["code_epci"].dropna())


def code_labels() -> dict[str, Callable[[str], str]]:
    """Return what says the codes of each coded column in words."""
    domaines, niveaux = load_domaines(), load_niveaux()
    levels = niveaux["libelle"] + " (" + niveaux["libelle_usager"] + ")"
    known = {
        "domaine": dict(zip(domaines["code_domaine"], domaines["libelle"], strict=True)),
        "niveau": dict(zip(niveaux["niveau"], levels, strict=True)),
        "diplome": {code: one.libelle for code, one in load_diplomes().items()},
        "niveau_entree": NIVEAUX_ENTREE,
        "voie": VOIES,
        "modalite": MODALITES,
        "rev3": REV3,
        "financeur": FINANCEURS,
    }
    return {nom: _among(words) for nom, words in known.items()} | {"public": public_label}


def _among(words: Mapping[str, str]) -> Callable[[str], str]:
    """Return what gives the word of a code, the code itself when it has none."""
    return lambda code: words.get(code, code)
