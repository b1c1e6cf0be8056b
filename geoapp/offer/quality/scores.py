"""Scores read from a snapshot.

Each source and each body, its parts, what it has to correct, the change since the one before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from geoapp.core.errors import NotFoundError, ParameterError, SnapshotError
from geoapp.core.snapshot import Snapshot, list_snapshots, open_folder
from geoapp.offer.lookups import public_id
from geoapp.offer.quality.criteria import CRITERES, Critere
from geoapp.reference.codes.identifiers import nearest_accepted
from geoapp.reference.codes.text import fold

POIDS_TOTAL = sum(critere.poids for critere in CRITERES.values())
SANS_NOM = "Organisme sans nom"


@dataclass(frozen=True, kw_only=True)
class Qualite:
    """The quality of one snapshot, ready to be shown.

    `entites` has one row per source and body: type_entite, id_entite, id
    (public), nom, nb_offres, score (0–100, NA when nothing could be assessed),
    part_evaluee (share of the weights that could be assessed), nb_defauts,
    score_avant (NA without a snapshot before), faibles (names of the criteria
    that cost most).  `parties` is the table `qualite`; `precedent` names the
    snapshot compared, `sans_precedent` says why there is none.
    """

    snapshot: Snapshot
    entites: pd.DataFrame
    parties: pd.DataFrame
    precedent: str | None
    sans_precedent: str
    _par_id: dict = field(default_factory=dict, repr=False)


def open_quality(snapshot: Snapshot, data_dir: Path | None = None) -> Qualite:
    """Return the quality of a snapshot, compared with the one kept before it.

    That one is looked for in `data_dir` (default: where the snapshot lies).
    """
    parties = snapshot.read("qualite")
    entites = _score_table(parties)
    entites["nb_defauts"] = _count_defects(snapshot, entites)
    entites["nom"] = _names(snapshot, entites)
    entites["id"] = entites["id_entite"].map(public_id)
    before, why = _previous(snapshot, data_dir or snapshot.path.parent.parent)
    entites["score_avant"] = float("nan")
    if before is not None:
        old = _score_table(before.read("qualite")).set_index(["type_entite", "id_entite"])["score"]
        keys = pd.MultiIndex.from_frame(entites[["type_entite", "id_entite"]])
        entites["score_avant"] = old.reindex(keys).to_numpy(dtype=float)
    entites = entites.sort_values(
        ["type_entite", "score", "id_entite"], na_position="last", kind="stable", ignore_index=True
    )
    rows = {(row["type_entite"], row["id"]): row for row in entites.to_dict("records")}
    return Qualite(
        snapshot=snapshot,
        entites=entites,
        parties=parties,
        precedent=None if before is None else before.id,
        sans_precedent=why,
        _par_id=rows,
    )


def _score_table(parties: pd.DataFrame) -> pd.DataFrame:
    """Return one row per entity: nb_offres, score, part_evaluee, faibles."""
    # A criterion that applies to no offer weighs nothing: the score is over the others.
    known = parties[parties["nb_applicables"].gt(0) & parties["critere"].isin(CRITERES)]
    part = (known["nb_satisfaites"] / known["nb_applicables"]).astype(float)
    weights = {nom: critere.poids for nom, critere in CRITERES.items()}
    weight = known["critere"].map(weights).astype(float)
    sums = known.assign(poids=weight, points=weight * part, perdus=weight * (1 - part))
    by = ["type_entite", "id_entite"]
    total = sums.groupby(by)[["poids", "points"]].sum()
    lost = sums[sums["perdus"].gt(0)]
    lost = lost.sort_values(["perdus", "critere"], ascending=[False, True])
    worst = lost.groupby(by)["critere"].agg(lambda noms: "|".join(noms.head(3)))
    result = parties.groupby(by)[["nb_offres"]].first().join(total)
    result["score"] = 100 * result["points"] / result["poids"]
    result["part_evaluee"] = result["poids"].fillna(0) / POIDS_TOTAL
    result["faibles"] = worst.reindex(result.index).fillna("")
    return result.drop(columns=["poids", "points"]).reset_index()


def _count_defects(snapshot: Snapshot, entites: pd.DataFrame) -> pd.Series:
    """Return the number of things that each entity has to correct."""
    defauts = snapshot.read("defauts")
    counts = {
        "source": defauts["id_source"].value_counts(),
        "organisme": defauts["id_entite"].value_counts(),
    }
    keys = zip(entites["type_entite"], entites["id_entite"], strict=True)
    found = [int(counts[kind].get(code, 0)) for kind, code in keys]
    return pd.Series(found, index=entites.index)


def _names(snapshot: Snapshot, entites: pd.DataFrame) -> pd.Series:
    """Return the title of a source, the name of a body.

    A body without name goes by its identifier.
    """
    sources = snapshot.read("sources").set_index("id_source")["titre"]
    organismes = snapshot.read("organismes")
    bodies = organismes.dropna(subset="id_entite").drop_duplicates("id_entite")
    bodies = bodies.set_index("id_entite")["nom_entite"]
    alone = organismes.set_index("id_organisme")["nom_affiche"]
    bodies = bodies.combine_first(alone)
    is_body, codes = entites["type_entite"].eq("organisme"), entites["id_entite"]
    names = codes.map(bodies).where(is_body, codes.map(sources))
    return names.fillna(SANS_NOM + " (" + entites["id_entite"] + ")")


def _previous(snapshot: Snapshot, data_dir: Path) -> tuple[Snapshot | None, str]:
    """Return the snapshot kept before this one, or why there is none to compare."""
    older = [path for path in list_snapshots(data_dir) if path.name < snapshot.id]
    if not older:
        return None, "Pas d'évolution à montrer : aucun instantané plus ancien n'est gardé."
    try:
        before = open_folder(older[-1])
        before.read("qualite")
        return before, ""
    except SnapshotError:
        why = (
            f"l'instantané d'avant ({older[-1].name}) vient d'une autre version de GéoForma, "
            "ou n'est plus entier."
        )
        return None, f"Pas d'évolution à montrer : {why}"


def _entity_of_site(snapshot: Snapshot, nom: str) -> str:
    """Return the public identifier of the legal entity of a body; "" when it is none."""
    bodies = snapshot.read("organismes").dropna(subset="id_entite")
    found = bodies.loc[bodies["id_organisme"].map(public_id).eq(nom), "id_entite"]
    return public_id(found.iloc[0]) if len(found) else ""


def find_entity(qualite: Qualite, kind: str, nom: str) -> dict:
    """Return the row of `entites` that an identifier (public or not) or a name designates.

    Raises
    ------
    NotFoundError
        When there is none, or several bodies of that name; the nearest are named.
    """
    table = qualite.entites[qualite.entites["type_entite"].eq(kind)]
    row = qualite._par_id.get((kind, nom))
    if row is None and kind == "organisme":
        # A body goes by its legal entity: addresses of before named one of its sites.
        row = qualite._par_id.get((kind, _entity_of_site(qualite.snapshot, nom)))
    if row is not None:
        return row
    found = table[table["id_entite"].eq(nom) | table["nom"].map(fold).eq(fold(nom))]
    if len(found) == 1:
        return found.iloc[0].to_dict()
    if len(found):
        raise NotFoundError(
            f"{len(found)} {kind}s s'appellent « {nom[:60]} ». "
            f"Donnez l'identifiant : {', '.join(found['id'])}."
        )
    near = nearest_accepted(nom, [*table["nom"], *table["id"]])
    hint = f" Vouliez-vous dire « {near} » ?" if near else ""
    raise NotFoundError(
        f"{kind.capitalize()} sans offre dans les données servies : « {nom[:60]} ».{hint}"
    )


def score_parts(qualite: Qualite, kind: str, code: str) -> list[dict]:
    """Return one row per criterion.

    What is measured, weight, counts, share, points, state (`evalue`, `non_fourni`, `sans_objet`).
    """
    parties = qualite.parties
    mine = parties[parties["type_entite"].eq(kind) & parties["id_entite"].eq(code)]
    mine = mine.set_index("critere")
    return [
        _part(critere, mine.loc[critere.nom] if critere.nom in mine.index else None)
        for critere in CRITERES.values()
    ]


def _part(critere: Critere, row: pd.Series | None) -> dict:
    """Return what one criterion says of an entity."""
    applies = 0 if row is None else int(row["nb_applicables"])
    met = 0 if row is None else int(row["nb_satisfaites"])
    share = met / applies if applies else None
    carried = row is not None and bool(row["est_fournie"])
    return {
        "critere": critere.nom,
        "titre": critere.titre,
        "mesure": critere.mesure,
        "cure": critere.cure,
        "poids": critere.poids,
        "nb_applicables": applies,
        "nb_satisfaites": met,
        "part": share,
        "points": None if share is None else critere.poids * share,
        "etat": "evalue" if applies else "sans_objet" if carried else "non_fourni",
    }


def list_defects(
    qualite: Qualite,
    *,
    source: str | None = None,
    organisme: str | None = None,
    critere: str | None = None,
) -> pd.DataFrame:
    """Return what is to be corrected, offer by offer.

    The columns of `defauts`, with `titre`, `cure`, `titre_formation`, `intitule`, `commune`,
    `nom_organisme`.

    Rows come by weight of the criterion, then criterion and identifiers.

    Raises
    ------
    ParameterError
        When `critere` is none of `CRITERES`.
    """
    if critere and critere not in CRITERES:
        near = nearest_accepted(critere, list(CRITERES))
        known = f"Critères : {', '.join(CRITERES)}."
        hint = f"Vouliez-vous dire « {near} » ?" if near else known
        raise ParameterError(f"critere = « {critere[:40]} » : inconnu. {hint}")
    table = qualite.snapshot.read("defauts")
    for column, wanted in (
        ("id_source", source),
        ("id_entite", organisme),
        ("critere", critere),
    ):
        table = table[table[column].eq(wanted).fillna(False)] if wanted else table
    return _dressed(qualite.snapshot, table)


def _dressed(snapshot: Snapshot, defauts: pd.DataFrame) -> pd.DataFrame:
    """Return defects with the words that tell which offer it is and how to cure it."""
    actions = snapshot.read("actions").set_index("id_action")["id_formation"]
    titles = snapshot.read("formations").set_index("id_formation")[["titre", "intitule"]]
    formations = defauts["id_action"].map(actions)
    places = snapshot.read("lieux").set_index("id_lieu")
    bodies = snapshot.read("organismes").set_index("id_organisme")["nom_affiche"]
    result = defauts.assign(
        titre=defauts["critere"].map({nom: c.titre for nom, c in CRITERES.items()}),
        cure=defauts["critere"].map({nom: c.cure for nom, c in CRITERES.items()}),
        poids=defauts["critere"].map({nom: c.poids for nom, c in CRITERES.items()}),
        titre_formation=formations.map(titles["titre"]),
        intitule=formations.map(titles["intitule"]),
        commune=defauts["id_lieu"].map(places["nom_commune"]),
        adresse=defauts["id_lieu"].map(places["adresse"]),
        nom_organisme=defauts["id_organisme"].map(bodies),
        identifiant=defauts["id_action"].map(public_id),
    )
    return result.sort_values(
        ["poids", "critere", "id_action", "id_lieu"],
        ascending=[False, True, True, True],
        kind="stable",
        ignore_index=True,
    )
