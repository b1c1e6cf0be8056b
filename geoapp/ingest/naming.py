"""Give trainings, bodies and places the names that are shown, and trainings kind and level.

The labels at hand (`geoapp.offer.naming.titles.Libelles`) come from the nomenclatures of the build
and are a step of their own: they are learnt again when a nomenclature changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import geopandas as gpd
import pandas as pd

from geoapp.core.texts import distinct_rows, plain
from geoapp.offer.naming.bodies import (
    NomsPropres,
    learn_names,
    say_address,
    say_body,
    town_postcodes,
)
from geoapp.offer.naming.titles import (
    Formation,
    LibelleDiplome,
    Libelles,
    label_key,
    name_training,
)
from geoapp.offer.naming.words import Vocabulaire, learn_abbreviations, learn_forms
from geoapp.reference.codes.diplomas import read_cfd, split_head, split_tail
from geoapp.reference.codes.text import fold, map_distinct

LUES = (
    "intitule",
    "type_diplome",
    "niveau_sortie",
    "code_mef",
    "code_cfd",
    "code_certifinfo",
    "code_rncp",
)
"""Columns of a formation that its name rests on."""

DITES = ("titre", "preuve_titre", "code_diplome", "niveau_sortie", "preuve_niveau")
"""Columns of a formation that are worked out here."""

_ETIQUETTES = frozenset(
    "libelle libelle_court niveau type_diplome date_fin "
    "code_cfd code_mef code_mefstat code_certifinfo code_rncp".split()
)
"""Columns of the nomenclatures that labels rest on."""

ECRITES = ("code_certifinfo", "code_formacode", "code_rome", "code_nsf")
"""Nomenclatures whose labels are written in small letters, with their accents."""


def gather_labels(nomenclatures: Mapping[str, pd.DataFrame]) -> Libelles:
    """Return the labels at hand of some nomenclatures, by the code that each lists."""
    diplomas, modules = _rows(nomenclatures, "code_cfd"), _rows(nomenclatures, "code_mef")
    by_cfd = {
        row["code_cfd"]: LibelleDiplome(
            libelle=split_tail(row["libelle"])[1], niveau=row["niveau"].lstrip("0") or None
        )
        for row in diplomas
        if row["libelle"]
    }
    short = list(_short_labels(diplomas, modules))
    written = [row["libelle"] for key in ECRITES for row in _rows(nomenclatures, key)]
    return Libelles(
        par_mef={
            row[key]: row["code_cfd"] for row in modules for key in ("code_mefstat", "code_mef")
        },
        par_cfd=by_cfd,
        par_abrege=_by_short_label(short, by_cfd, _ends(diplomas)),
        courts=frozenset((cfd, label_key(text)) for text, cfd in short),
        types=_types(_rows(nomenclatures, "code_certifinfo")),
        vocabulaire=Vocabulaire(
            # The BCN leaves many accents out: it serves for the words that no other label holds.
            formes=learn_forms(text for text, _ in short) | learn_forms(written),
            abreges=learn_abbreviations(
                sorted(
                    {
                        (text, by_cfd[cfd].libelle)
                        for text, cfd in short
                        if cfd in by_cfd and fold(text) != fold(by_cfd[cfd].libelle)
                    }
                )
            ),
        ),
    )


def _rows(nomenclatures: Mapping[str, pd.DataFrame], key: str) -> list[dict[str, str]]:
    """Return the rows of one nomenclature as plain texts; none when it is absent."""
    table = nomenclatures.get(key)
    if table is None:
        return []
    read = [nom for nom in table.columns if nom in _ETIQUETTES]
    columns = (plain(table[nom].fillna("")) for nom in read)
    return [dict(zip(read, row, strict=True)) for row in zip(*columns, strict=True)]


def _short_labels(
    diplomas: Iterable[dict[str, str]], modules: Iterable[dict[str, str]]
) -> Iterable[tuple[str, str]]:
    """Yield the short labels of diplomas and modules, without their kind, with their CFD."""
    for row in diplomas:
        yield split_tail(row["libelle_court"])[1], row["code_cfd"]
    for row in modules:
        for column in ("libelle", "libelle_court"):
            head, rest = split_head(row[column])
            if head and rest:
                yield split_tail(rest)[1], row["code_cfd"]


def _ends(diplomas: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return CFD → the day when its diploma closed, « 9999 » for one that is open."""
    return {
        row["code_cfd"]: "-".join(reversed(row["date_fin"].split("/"))) or "9999"
        for row in diplomas
    }


def _by_short_label(
    short: Iterable[tuple[str, str]],
    by_cfd: Mapping[str, LibelleDiplome],
    ends: Mapping[str, str],
) -> dict[tuple[str, str], str]:
    """Return (kind, short or long label) → CFD of the diploma that closed last.

    A label that several diplomas bear until the same day, of other names or levels, is left out.
    """
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    long = ((label.libelle, cfd) for cfd, label in by_cfd.items())
    for text, cfd in (*short, *long):
        kind = read_cfd(cfd)
        if kind and cfd in by_cfd:
            found[kind.code, label_key(text)].add(cfd)
    result = {}
    for key, codes in found.items():
        end = max(ends[cfd] for cfd in codes)
        last = [cfd for cfd in codes if ends[cfd] == end]
        if len({(label_key(by_cfd[cfd].libelle), by_cfd[cfd].niveau) for cfd in last}) == 1:
            result[key] = min(last)
    return result


def _types(certifications: Iterable[dict[str, str]]) -> dict[str, tuple[str, str | None]]:
    """Return Certif Info code, RNCP code or title → type and level, where all of them agree."""
    found: dict[str, set[tuple[str, str | None]]] = defaultdict(set)
    for row in certifications:
        told = (row.get("type_diplome", ""), row.get("niveau") or None)
        for key in (row["code_certifinfo"], row.get("code_rncp"), label_key(row["libelle"])):
            if told[0] and key:
                found[key].add(told)
    return {code: next(iter(told)) for code, told in found.items() if len(told) == 1}


def name_formations(formations: pd.DataFrame, libelles: Libelles) -> pd.DataFrame:
    """Return the formations with `DITES`: same rows and index, what the source gives unchanged.

    A level given by the source changes only where its kind of diploma cannot have it.
    """
    # The same texts are those of many formations.
    rank, texts = distinct_rows(formations.reindex(columns=list(LUES)))
    texts = texts.astype("object")
    texts = texts.where(texts.notna(), "")
    rows = texts.itertuples(index=False, name=None)
    named = [name_training(_formation(row), libelles) for row in rows]

    def column(nom: str) -> pd.Series:
        told = pd.Series([getattr(one, nom) for one in named], dtype="str")
        return told.take(rank).set_axis(formations.index)

    return formations.assign(
        titre=column("titre"),
        preuve_titre=column("preuve_titre"),
        code_diplome=column("code_diplome"),
        niveau_sortie=column("niveau"),
        preuve_niveau=column("preuve_niveau"),
    )


def gather_names(
    organismes: pd.DataFrame, etablissements: pd.DataFrame, communes: pd.DataFrame
) -> NomsPropres:
    """Return the proper names that bodies, establishments, communes and their region bear."""
    every = [*organismes["nom"].dropna(), *etablissements["nom"].dropna()]
    return learn_names(
        sorted(every),
        [
            name
            for column in ("nom", "nom_departement", "nom_region")
            for name in communes[column].dropna().unique()
        ],
    )


def name_bodies(organismes: pd.DataFrame, noms: NomsPropres) -> pd.DataFrame:
    """Return the bodies with `nom_affiche`."""
    said = map_distinct(organismes["nom"], lambda name: say_body(name, noms))
    return organismes.assign(nom_affiche=said.astype("str"))


def name_places(
    lieux: gpd.GeoDataFrame, communes: pd.DataFrame, noms: NomsPropres
) -> gpd.GeoDataFrame:
    """Return the places with `adresse_affichee` and `code_postal_affiche`."""
    said = map_distinct(lieux["adresse"], lambda address: say_address(address, noms))
    return lieux.assign(
        adresse_affichee=said.astype("str"), code_postal_affiche=town_postcodes(lieux, communes)
    )


def _formation(row: tuple) -> Formation:
    intitule, type_diplome, niveau, mef, cfd, certifinfo, rncp = row
    return Formation(
        intitule=intitule,
        type_diplome=type_diplome,
        niveau=niveau,
        code_mef=mef,
        code_cfd=cfd,
        code_certifinfo=certifinfo,
        code_rncp=rncp,
    )
