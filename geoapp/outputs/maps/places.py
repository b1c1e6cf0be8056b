"""The offers of a map as compact data: one point per position, texts kept once.

Read by `static/js/map.js`.  A text is a rank in `textes`, -1 when unknown.

=========  =======================================================================
`infos`    [address, commune, position in words, doubt in words, [zones]]
`offres`   [title, body, level, voie, dates, places or -1, source, info, 1 if fictitious,
           public identifier]
`points`   [latitude, longitude, commune, number of offers]; `offres` follows this
           order, and ends with the offers that could not be placed, or are wholly remote
=========  =======================================================================
"""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import describe_doubt, describe_position, format_period, upper_first
from geoapp.core.snapshot import Snapshot
from geoapp.offer.counted import is_counted
from geoapp.offer.lookups import public_id
from geoapp.offer.values import is_yes
from geoapp.reference.codes.identifiers import name_unnamed
from geoapp.reference.codes.levels import load_niveaux
from geoapp.reference.codes.voies import VOIES
from geoapp.reference.zonings import ZONAGES

DECIMALES = 5
"""Decimals of a degree kept: about one metre."""

_RANGS = {type_zone: rank for rank, type_zone in enumerate(ZONAGES)}


class Textes:
    """Distinct texts, each with its rank in order of first use."""

    def __init__(self):
        self.rangs: dict[str, int] = {}

    def rank(self, texte) -> int:
        """Return the rank of `texte`; -1 when it is unknown or empty."""
        # `texte != texte` is NaN; it comes after NA, which cannot be compared.
        if texte is None or texte is pd.NA or texte != texte or texte == "":
            return -1
        return self.rangs.setdefault(str(texte), len(self.rangs))


def order_offers(offres: pd.DataFrame) -> pd.DataFrame:
    """Return the offers with `lat` and `lon` rounded, by position then title.

    Offers without a point, or wholly remote, come last, with NaN; the order of equal keys is that
    of the identifiers, so equal input gives equal output.
    """
    points = offres.geometry.where(is_counted(offres))
    positions = {"lat": points.y.round(DECIMALES), "lon": points.x.round(DECIMALES)}
    return offres.assign(**positions).sort_values(
        ["lat", "lon", "titre", "id_action", "id_lieu"], kind="stable"
    )


def pack_offers(snapshot: Snapshot, offres: pd.DataFrame) -> dict:
    """Return the offers as compact data, ready for JSON.

    Parameters
    ----------
    snapshot : Snapshot
        Gives the names of zones and sources.
    offres : DataFrame
        Rows of table `offres`, already filtered.

    Returns
    -------
    dict
        `nb_offres` (all rows), `nb_placees`, `textes`, `infos`, `offres`, `points`.
    """
    ordered, textes = order_offers(offres), Textes()
    infos: dict[tuple, int] = {}
    places = _pack_places(ordered.dropna(subset="lat"), textes)
    names = _names(snapshot)
    packed = [_pack_offer(row, textes, infos, names) for row in ordered.itertuples()]
    return {
        "nb_offres": len(offres),
        "nb_placees": sum(place[3] for place in places),
        "points": places,
        "offres": packed,
        "infos": [[*info[:-1], list(info[-1])] for info in infos],
        "textes": list(textes.rangs),
    }


def _pack_places(placees: pd.DataFrame, textes: Textes) -> list[list]:
    """Return one row per position."""
    groups = placees.groupby(["lat", "lon"], sort=True)["nom_commune"].agg(["first", "size"])
    return [
        [lat, lon, textes.rank(nom), int(nb)]
        for (lat, lon), nom, nb in zip(groups.index, groups["first"], groups["size"], strict=True)
    ]


def _names(snapshot: Snapshot) -> dict[str, dict]:
    """Return the words that codes stand for: zones, sources, levels."""
    zones, sources, niveaux = snapshot.read("zones"), snapshot.read("sources"), load_niveaux()
    keys = zones["type_zone"] + ":" + zones["code_zone"]
    titles = zones["type_zone"].map(lambda t: ZONAGES[t].singulier if t in ZONAGES else t)
    words = [
        f"{upper_first(titre)} : {nom}" for titre, nom in zip(titles, zones["nom"], strict=True)
    ]
    return {
        "zones": dict(zip(keys, words, strict=True)),
        "sources": dict(zip(sources["id_source"], sources["titre"], strict=True)),
        "niveaux": dict(
            zip(
                niveaux["niveau"],
                niveaux["libelle"] + " (" + niveaux["libelle_usager"] + ")",
                strict=True,
            )
        ),
    }


def _pack_offer(row, textes: Textes, infos: dict[tuple, int], names: dict[str, dict]) -> list:
    """Return one offer as a row of ranks."""
    info = infos.setdefault(_pack_info(row, textes, names["zones"]), len(infos))
    return [
        textes.rank(row.titre),
        textes.rank(
            row.nom_organisme if pd.notna(row.nom_organisme) else name_unnamed(row.id_organisme)
        ),
        textes.rank(names["niveaux"].get(row.niveau_sortie)),
        textes.rank(VOIES.get(row.voie)),
        textes.rank(format_period(row.date_debut, row.date_fin)),
        -1 if pd.isna(row.capacite) else int(row.capacite),
        textes.rank(" ; ".join(names["sources"].get(code, code) for code in _sources(row))),
        info,
        int(row.est_fictive),
        public_id(row.id_action),
    ]


def _sources(row) -> list[str]:
    """Return the catalogues that give an offer."""
    return (row.sources if pd.notna(row.sources) else row.id_source).split("|")


def _pack_info(row, textes: Textes, zones: dict[str, str]) -> tuple:
    """Return what an offer shares with the others of its place."""
    adresse = row.adresse if pd.notna(row.adresse) else None
    commune = " ".join(str(part) for part in (row.code_postal, row.nom_commune) if pd.notna(part))
    codes = (
        sorted(row.zones.split("|"), key=_rank_of_zoning)
        if pd.notna(row.zones) and row.zones
        else []
    )
    return (
        textes.rank(adresse),
        textes.rank(commune),
        textes.rank(describe_position(row.precision_position, row.lat == row.lat)),
        textes.rank(describe_doubt(is_yes(row.est_douteuse), row.distance_commune_m)),
        tuple(textes.rank(zones.get(code, code)) for code in codes),
    )


def _rank_of_zoning(zone: str) -> int:
    """Return the place of a zone's zoning in the order of the product."""
    return _RANGS.get(zone.partition(":")[0], len(_RANGS))
