"""Two snapshots compared: offers gained, lost, unchanged, by zone and kind.

Identifiers change when a catalogue comes by another source, so offers are
matched by what they are: same commune, body, voie, exit level and title.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.snapshot import Snapshot, list_snapshots, open_folder, open_snapshot
from geoapp.coverage.model import FILTRES_OFFRE, refuse_value
from geoapp.offer.filters import apply_filters, describe_filters, parse_filters
from geoapp.offer.search.requests import refuse_unknown
from geoapp.offer.whole import whole_offer
from geoapp.reference.codes.domains import load_domaines
from geoapp.reference.codes.text import fold, map_distinct
from geoapp.reference.zonings import MAILLE, ZONAGES

CLE = ("code_commune", "id_organisme", "voie", "niveau_sortie", "titre_plie")
"""What makes two offers the same one."""

SORTE = ("code_domaine", "niveau_sortie", "voie")
"""What makes a kind of offer."""

CLE_SEULE = tuple(nom for nom in CLE if nom not in SORTE)

INCONNU = "inconnu"
SANS_ZONE = "(sans zone)"
_NOMBRES = ("nb_avant", "nb_apres", "gagnees", "perdues", "inchangees")


@dataclass(frozen=True, kw_only=True)
class Evolution:
    """What changed between two snapshots.

    `sortes` has one row per zone and kind; `zones` the same by zone; `derniers`
    the rows that lost their last offer; `sources` the offer's sources before and after.
    """

    avant: str
    apres: str
    zonage: str
    description: str
    ensemble: dict[str, int]
    zones: pd.DataFrame
    sortes: pd.DataFrame
    derniers: pd.DataFrame
    sources: pd.DataFrame
    avertissements: list[str]


def open_pair(avant: str, apres: str, data_dir: Path) -> tuple[Snapshot, Snapshot]:
    """Return two snapshots, each named by its id, its folder, « precedent » or « courant ».

    Raises
    ------
    ParameterError
        When a name is none of these; the ids known are given.
    """
    return _open_one(avant, Path(data_dir)), _open_one(apres, Path(data_dir))


def _open_one(name: str, data_dir: Path) -> Snapshot:
    """Return one snapshot."""
    known = {path.name: path for path in list_snapshots(data_dir)}
    if name == "courant":
        return open_snapshot(data_dir)
    if name == "precedent":
        current = open_snapshot(data_dir).id
        older = [path for nom, path in sorted(known.items()) if nom < current]
        if not older:
            raise ParameterError(
                f"Il n'y a pas d'instantané avant {current}. Il en faut deux pour comparer : "
                "relancez « geoapp build » quand les sources changent."
            )
        return open_folder(older[-1])
    if name in known:
        return open_folder(known[name])
    if (Path(name) / "manifest.json").exists():
        return open_folder(Path(name))
    raise ParameterError(
        f"Instantané inconnu : « {name[:80]} ». "
        f"Connus : {', '.join(known) or 'aucun'}, « precedent », « courant », "
        "ou un dossier d'instantané."
    )


def comparable_snapshots(data_dir: Path) -> list[str]:
    """Return the ids of the snapshots kept that this version can read, oldest first."""
    kept = []
    for path in list_snapshots(data_dir):
        try:
            kept.append(open_folder(path).id)
        except SnapshotError:
            # Made by another version: nothing to compare with, and no error of the user.
            continue
    return kept


def compare_snapshots(
    avant: Snapshot, apres: Snapshot, *, zonage: str = MAILLE, parametres: Mapping | None = None
) -> Evolution:
    """Return what changed in the placed and unplaced offer of the region.

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
    frames = [_offers(snapshot, zonage, parametres) for snapshot in (avant, apres)]
    counts = [frame.groupby(["code_zone", *SORTE, *CLE_SEULE]).size() for frame in frames]
    both = pd.concat(counts, axis=1, keys=["nb_avant", "nb_apres"]).fillna(0).astype(int)
    # Offers of one key are alike: of three before and two after, one is lost and none gained.
    both["inchangees"] = both.min(axis=1)
    both["gagnees"] = both["nb_apres"] - both["inchangees"]
    both["perdues"] = both["nb_avant"] - both["inchangees"]
    before, after = _names(avant, zonage), _names(apres, zonage)
    names = {**before, **after, SANS_ZONE: "Sans zone (lieu inconnu)"}
    sortes = _named(
        both.groupby(level=["code_zone", *SORTE])[list(_NOMBRES)].sum().reset_index(), names
    )
    zones = _named(both.groupby(level="code_zone")[list(_NOMBRES)].sum().reset_index(), names)
    sources = _sources(avant, apres)
    return Evolution(
        avant=avant.id,
        apres=apres.id,
        zonage=zonage,
        description=describe_filters(parse_filters(parametres, apres)),
        ensemble={nom: int(both[nom].sum()) for nom in _NOMBRES},
        zones=zones.sort_values(
            ["perdues", "code_zone"], ascending=[False, True], ignore_index=True
        ),
        sortes=sortes,
        derniers=sortes[sortes["nb_avant"].gt(0) & sortes["nb_apres"].eq(0)].sort_values(
            ["nb_avant", "code_zone"], ascending=[False, True], ignore_index=True
        ),
        sources=sources,
        avertissements=_warnings(avant, apres, zonage, sources),
    )


def _offers(snapshot: Snapshot, zonage: str, parametres: Mapping) -> pd.DataFrame:
    """Return the offers asked, of every catalogue, with their zone, kind and key as plain texts.

    Those shown under another catalogue's are there too: a merge made in one
    snapshot only is no change of the offer.
    """
    offres = apply_filters(whole_offer(snapshot), parse_filters(parametres, snapshot))
    zone = offres["zones"].str.extract(rf"(?:^|\|){zonage}:([^|]+)", expand=False)
    frame = pd.DataFrame(
        {
            nom: offres[nom].astype("object").where(offres[nom].notna(), INCONNU)
            for nom in ("code_commune", "id_organisme", *SORTE)
        }
    )
    frame["titre_plie"] = map_distinct(offres["intitule"].astype("object"), fold)
    # Unknown is a value like another: `groupby` would leave NA out, and lose the offer.
    return frame.assign(code_zone=zone.astype("object").where(zone.notna(), SANS_ZONE))


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


def _sources(avant: Snapshot, apres: Snapshot) -> pd.DataFrame:
    """Return the sources of either offer: vintages, and number of offers (0 when absent)."""
    parts = []
    for snapshot in (avant, apres):
        sources = snapshot.read("sources").set_index("id_source")
        counts = whole_offer(snapshot)["id_source"].value_counts()
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
    return both.sort_values("id_source", ignore_index=True)


def _warnings(avant: Snapshot, apres: Snapshot, zonage: str, sources: pd.DataFrame) -> list[str]:
    """Return what makes the difference doubtful."""
    alone = sources[sources["nb_avant"].eq(0) | sources["nb_apres"].eq(0)]["id_source"].tolist()
    warnings = [
        "Sont comparées les formations que nos sources tiennent, qui n'en tiennent qu'une partie : "
        "une perte peut être celle d'une source."
    ]
    if alone:
        warnings.append(
            f"Les sources ne sont pas les mêmes ({', '.join(alone)}) : "
            "la différence peut venir des sources et non de l'offre."
        )
    if set(_names(avant, zonage)) != set(_names(apres, zonage)):
        warnings.append(
            "Le zonage n'a pas les mêmes zones dans les deux instantanés : "
            "une zone qui n'est que dans l'un paraît gagnée ou perdue."
        )
    return warnings
