"""Snapshots compared: offers gained, lost, unchanged, by zone and kind.

A training is counted as everywhere else (`offer.counted`): shown once, in its place.  Identifiers
change when a catalogue comes by another source, so offers are matched by what they are: same
commune, body, voie, exit level and title, or the same once merged in either snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from geoapp.core.french import count, format_number, join_words
from geoapp.core.published import name_snapshots
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.model import FILTRES_OFFRE, refuse_value
from geoapp.offer.counted import is_counted
from geoapp.offer.filters import apply_filters, describe_filters, parse_filters
from geoapp.offer.parameters import refuse_unknown
from geoapp.offer.whole import whole_offer
from geoapp.reference.codes.domains import load_domaines
from geoapp.reference.codes.text import fold, map_distinct
from geoapp.reference.zonings import MAILLE, ZONAGES

CLE = ("code_commune", "id_organisme", "voie", "niveau_sortie", "titre_plie")
"""What makes two offers the same one."""

SORTE = ("code_domaine", "niveau_sortie", "voie")
"""What makes a kind of offer."""

INCONNU = "inconnu"
SANS_ZONE = "(sans zone)"

RANGEE = ["id_action", "id_lieu"]
"""What tells an offer of a catalogue apart: an action in one place."""

RETENUE = ["id_action_retenue", "id_lieu_retenu"]
"""The same of the offer with which it is shown."""

_NOMBRES = ("nb_avant", "nb_apres", "gagnees", "perdues", "inchangees")


@dataclass(frozen=True, kw_only=True)
class Evolution:
    """What changed between two snapshots, each told by its name (`name_snapshots`).

    `sortes` has one row per zone and kind; `zones` the same by zone; `derniers`
    the rows that lost their last offer; `sources` the offer's sources before and after.
    `reunies` of the lost ones are still taught, shown with another that is the same training;
    `separees` of those gained were shown so before.
    """

    avant: str
    apres: str
    zonage: str
    description: str
    ensemble: dict[str, int]
    reunies: int
    separees: int
    zones: pd.DataFrame
    sortes: pd.DataFrame
    derniers: pd.DataFrame
    sources: pd.DataFrame
    avertissements: list[str]


def compare_snapshots(
    avant: Snapshot, apres: Snapshot, *, zonage: str = MAILLE, parametres: Mapping | None = None
) -> Evolution:
    """Return what changed in the offer of the region, counted as everywhere (`counted_offers`).

    Parameters
    ----------
    zonage : str
        A partition of the region (`ZONAGES`); an offer without zone is counted apart.
    parametres : mapping, optional
        Filters of the offer, name → values, as addresses and commands give them.
    """
    partitions = [nom for nom, row in ZONAGES.items() if row.est_partition]
    if zonage not in partitions:
        refuse_value("zonage", zonage, partitions)
    parametres = dict(parametres or {})
    refuse_unknown(parametres, FILTRES_OFFRE)
    pair = match_snapshots(avant, apres)
    frames = [
        _offers(one, zonage, parametres, mine)
        for one, mine in zip((avant, apres), pair.memes, strict=True)
    ]
    counts = [frame.groupby(["code_zone", *SORTE, "meme"]).size() for frame in frames]
    both = pd.concat(counts, axis=1, keys=["nb_avant", "nb_apres"]).fillna(0).astype(int)
    # Offers of one key are alike: of three before and two after, one is lost and none gained.
    both["inchangees"] = both.min(axis=1)
    both["gagnees"] = both["nb_apres"] - both["inchangees"]
    both["perdues"] = both["nb_avant"] - both["inchangees"]
    by_training = both.groupby(level="meme")[["gagnees", "perdues"]].sum()
    names = {**_names(avant, zonage), **_names(apres, zonage), SANS_ZONE: "Hors de ces zones"}
    sortes = _named(
        both.groupby(level=["code_zone", *SORTE])[list(_NOMBRES)].sum().reset_index(), names
    )
    zones = _named(both.groupby(level="code_zone")[list(_NOMBRES)].sum().reset_index(), names)
    told = name_snapshots((avant, apres))
    return Evolution(
        avant=told[avant.id],
        apres=told[apres.id],
        zonage=zonage,
        description=describe_filters(parse_filters(parametres, apres)),
        ensemble={nom: int(both[nom].sum()) for nom in _NOMBRES},
        reunies=_explained(by_training["perdues"], pair.cachees[1]),
        separees=_explained(by_training["gagnees"], pair.cachees[0]),
        zones=zones.sort_values(
            ["perdues", "code_zone"], ascending=[False, True], ignore_index=True
        ),
        sortes=sortes,
        derniers=sortes[sortes["nb_avant"].gt(0) & sortes["nb_apres"].eq(0)].sort_values(
            ["nb_avant", "code_zone"], ascending=[False, True], ignore_index=True
        ),
        sources=pair.sources,
        avertissements=_warnings(avant, apres, zonage, pair.sources),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class Paire:
    """What two snapshots decide, whatever is asked of them, each first then second.

    `memes` is the training that each offer is (by action and place), `cachees` how many offers of
    each training are shown with another, `sources` those of either offer.
    """

    memes: tuple[pd.Series, ...]
    cachees: tuple[pd.Series, ...]
    sources: pd.DataFrame


def match_snapshots(avant: Snapshot, apres: Snapshot) -> Paire:
    """Return the trainings of two snapshots matched, kept with the second."""
    return apres.derive(("appariement", avant.id), lambda: _match(avant, apres))


def _match(avant: Snapshot, apres: Snapshot) -> Paire:
    both = (avant, apres)
    whole = [whole_offer(snapshot) for snapshot in both]
    same = _same_trainings(both, whole)
    return Paire(
        memes=tuple(same),
        cachees=tuple(_hidden(one, mine) for one, mine in zip(both, same, strict=True)),
        sources=_sources(avant, apres, whole),
    )


def tell_change(evolution: Evolution) -> str:
    """Return what must be retained of a comparison."""
    found = evolution.ensemble
    told = [
        count(found["gagnees"], "formation gagnée", "formations gagnées"),
        count(found["perdues"], "perdue", "perdues"),
        count(found["inchangees"], "inchangée", "inchangées"),
    ]
    phrase = (
        f"Du {evolution.avant} au {evolution.apres} : {join_words(told)} "
        f"({format_number(found['nb_avant'])} avant, {format_number(found['nb_apres'])} après)."
    )
    if evolution.reunies:
        merged = count(evolution.reunies, "perdue toujours donnée", "perdues toujours données")
        phrase += (
            f" Dont {merged}, comptée{'s' * (evolution.reunies > 1)} avec une autre, la même "
            "formation dans un autre catalogue."
        )
    if evolution.separees:
        parted = count(evolution.separees, "gagnée déjà donnée", "gagnées déjà données")
        phrase += (
            f" Dont {parted}, comptée{'s' * (evolution.separees > 1)} jusque-là avec une autre."
        )
    return phrase


def counted_offers(snapshot: Snapshot, parametres: Mapping) -> pd.DataFrame:
    """Return the trainings of the region that filters ask, as every page counts them."""
    offres = apply_filters(snapshot.read("offres"), parse_filters(parametres, snapshot))
    return offres[is_counted(offres)]


def _offers(snapshot: Snapshot, zonage: str, parametres: Mapping, same: pd.Series) -> pd.DataFrame:
    """Return the offers asked with their zone, their kind and the training that each is."""
    offres = counted_offers(snapshot, parametres)
    zone = offres["zones"].str.extract(rf"(?:^|\|){zonage}:([^|]+)", expand=False)
    frame = _keys(offres)[list(SORTE)].assign(meme=_find(same, offres).to_numpy())
    return frame.assign(code_zone=zone.astype("object").where(zone.notna(), SANS_ZONE))


def _keys(offres: pd.DataFrame) -> pd.DataFrame:
    """Return what each offer is, as plain texts: its kind, and what else makes it the same one."""
    frame = pd.DataFrame(
        {
            # Unknown is a value like another: `groupby` would leave NA out, and lose the offer.
            nom: offres[nom].astype("object").where(offres[nom].notna(), INCONNU)
            for nom in ("code_commune", "id_organisme", *SORTE)
        }
    )
    titles = map_distinct(offres["intitule"].astype("object"), fold)
    return frame.assign(titre_plie=titles.where(titles.notna(), INCONNU))


def _rows(keys: pd.DataFrame) -> list[tuple]:
    return list(keys[list(CLE)].itertuples(index=False, name=None))


def _same_trainings(snapshots: tuple[Snapshot, ...], whole: list[pd.DataFrame]) -> list[pd.Series]:
    """Return the training that each offer of each snapshot is, by action and place.

    Offers of one key are one, and keys that any of the snapshots merged.
    """
    ranks: dict[tuple, int] = {}
    ends: tuple[list[int], list[int]] = ([], [])
    found = []
    for snapshot, every in zip(snapshots, whole, strict=True):
        keys = [ranks.setdefault(key, len(ranks)) for key in _rows(_keys(every))]
        mine = pd.Series(keys, index=pd.MultiIndex.from_frame(every[RANGEE]))
        merged = _merged(snapshot)
        for end, columns in zip(ends, (RANGEE, RETENUE), strict=True):
            end.extend(_find(mine, merged[columns].set_axis(RANGEE, axis=1)))
        found.append(mine)
    links = scipy.sparse.coo_array((np.ones(len(ends[0])), ends), shape=(len(ranks), len(ranks)))
    from scipy.sparse.csgraph import connected_components

    _, groups = connected_components(links, directed=False)
    return [mine.map(pd.Series(groups)) for mine in found]


def _merged(snapshot: Snapshot) -> pd.DataFrame:
    """Return the offers that a snapshot shows with another, and which one."""
    doublons = snapshot.read("doublons")
    return doublons[doublons["etat"].eq("fusionnee")]


def _hidden(snapshot: Snapshot, same: pd.Series) -> pd.Series:
    """Return how many offers of each training are shown with another."""
    return _find(same, _merged(snapshot)[RANGEE]).value_counts()


def _find(same: pd.Series, offres: pd.DataFrame) -> pd.Series:
    """Return the training that each of some offers is."""
    return same.loc[list(offres[RANGEE].itertuples(index=False, name=None))]


def _explained(changed: pd.Series, hidden: pd.Series) -> int:
    """Return how many of the changed trainings are on the other side, shown with another."""
    return int(np.minimum(changed, hidden.reindex(changed.index).fillna(0)).sum())


def _names(snapshot: Snapshot, zonage: str) -> dict[str, str]:
    zones = snapshot.read("zones")
    mine = zones[zones["type_zone"].eq(zonage)]
    return dict(zip(mine["code_zone"], mine["nom"], strict=True))


def _named(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return a table with the name of each zone, and of each domain when there is one."""
    frame.insert(1, "nom", frame["code_zone"].map(names))
    if "code_domaine" in frame:
        labels = load_domaines().set_index("code_domaine")["libelle"]
        frame.insert(3, "domaine", frame["code_domaine"].map(labels))
    return frame


_DE_SOURCE = ("titre", "producteur", "licence", "adresse", "mode")
"""What a file tells of a source."""


def _sources(avant: Snapshot, apres: Snapshot, whole: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the sources of either offer: what they are, vintages, rows of each side (0: none)."""
    parts, known = [], {}
    for snapshot, every in zip((avant, apres), whole, strict=True):
        sources = snapshot.read("sources").set_index("id_source")
        known.update(sources[list(_DE_SOURCE)].to_dict("index"))
        counts = every["id_source"].value_counts()
        ids = sorted(counts.index)
        parts.append(
            pd.DataFrame(
                {
                    "id_source": pd.Series(ids, dtype="str"),
                    "millesime": sources["millesime"].reindex(ids).to_numpy(),
                    "nb": counts.reindex(ids).to_numpy(),
                }
            )
        )
    both = parts[0].merge(
        parts[1], on="id_source", how="outer", suffixes=("_avant", "_apres"), validate="1:1"
    )
    both[["nb_avant", "nb_apres"]] = both[["nb_avant", "nb_apres"]].fillna(0).astype(int)
    for rank, nom in enumerate(_DE_SOURCE, 1):
        both.insert(rank, nom, [known.get(one, {}).get(nom) for one in both["id_source"]])
    both["titre"] = both["titre"].fillna(both["id_source"])
    years = both[["millesime_avant", "millesime_apres"]].itertuples(index=False)
    both["millesime"] = [
        " puis ".join(dict.fromkeys(str(one) for one in pair if not pd.isna(one))) for pair in years
    ]
    return both.sort_values("id_source", ignore_index=True)


def _left_out(avant: Snapshot, apres: Snapshot) -> list[str]:
    """Say how many trainings are in no zone, since they have no place known or need none."""
    before, after = (int((~is_counted(one.read("offres"))).sum()) for one in (avant, apres))
    if not before + after:
        return []
    return [
        "Ne sont pas comptées les formations à distance ou sans lieu connu : "
        f"{format_number(before)} avant, {format_number(after)} après (tous filtres confondus)."
    ]


def _warnings(avant: Snapshot, apres: Snapshot, zonage: str, sources: pd.DataFrame) -> list[str]:
    """Return what makes the difference doubtful."""
    alone = sources[sources["nb_avant"].eq(0) | sources["nb_apres"].eq(0)]["titre"].tolist()
    warnings = [
        "Sont comparées les formations que nos sources tiennent, qui n'en tiennent qu'une partie : "
        "une perte peut être celle d'une source.",
        *_left_out(avant, apres),
    ]
    if alone:
        warnings.append(
            f"Les sources ne sont pas les mêmes ({' ; '.join(alone)}) : "
            "la différence peut venir des sources et non de l'offre."
        )
    if set(_names(avant, zonage)) != set(_names(apres, zonage)):
        warnings.append(
            "Le zonage n'a pas les mêmes zones dans les deux instantanés : "
            "une zone qui n'est que dans l'un paraît gagnée ou perdue."
        )
    return warnings
