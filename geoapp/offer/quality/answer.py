"""Quality as plain values ready for JSON: the API and the command line say the same."""

from __future__ import annotations

import pandas as pd

from geoapp.core.errors import ParameterError
from geoapp.offer.quality.criteria import CRITERES
from geoapp.offer.quality.scores import Qualite, find_entity, list_defects, score_parts

CORRECTIONS_MAX = 500
"""Things to correct in one answer; the files have them all."""

_ENTITE = (
    "type_entite",
    "id",
    "id_entite",
    "nom",
    "nb_offres",
    "score",
    "part_evaluee",
    "score_avant",
    "nb_defauts",
)
_DEFAUT = (
    "critere",
    "titre",
    "constat",
    "valeur",
    "cure",
    "identifiant",
    "titre_formation",
    "intitule",
    "nom_organisme",
    "adresse",
    "commune",
    "id_source",
    "id_action",
    "id_lieu",
)


def choose_entity(
    qualite: Qualite, *, source: str | None = None, organisme: str | None = None
) -> dict | None:
    """Return the row of the source or body asked, None when none is.

    Raises
    ------
    ParameterError
        When both are given.
    NotFoundError
        When there is none of that name.
    """
    if source and organisme:
        raise ParameterError("source et organisme : donnez l'un ou l'autre.")
    if not (source or organisme):
        return None
    return find_entity(qualite, "source" if source else "organisme", source or organisme or "")


def describe_quality(
    qualite: Qualite,
    *,
    source: str | None = None,
    organisme: str | None = None,
    critere: str | None = None,
) -> dict:
    """Return criteria and scores; of one source or body, its parts and what it has to correct.

    Unknown is None.
    """
    row = choose_entity(qualite, source=source, organisme=organisme)
    choix = {row["type_entite"]: row["id_entite"]} if row else {}
    found = list_defects(qualite, critere=critere, **choix) if row or critere else None
    entites = qualite.entites
    if row is not None:
        is_kind = entites["type_entite"].eq(row["type_entite"])
        entites = entites[entites["id"].eq(row["id"]) & is_kind]
    listed = [] if found is None else found.head(CORRECTIONS_MAX).to_dict("records")
    return {
        "criteres": criteria(qualite),
        "entites": [
            _plain(one, _ENTITE) | {"faibles": [nom for nom in one["faibles"].split("|") if nom]}
            for one in entites.to_dict("records")
        ],
        "parties": score_parts(qualite, row["type_entite"], row["id_entite"]) if row else [],
        "corrections": [_plain(one, _DEFAUT) for one in listed],
        "nb_corrections": len(qualite.snapshot.read("defauts")) if found is None else len(found),
        "precedent": qualite.precedent,
        "sans_precedent": qualite.sans_precedent or None,
        "instantane": qualite.snapshot.id,
    }


def criteria(qualite: Qualite) -> list[dict]:
    """Return the criteria with the share of all the offers that satisfy each.

    None when no source carries it.
    """
    # Every offer has one source and may have no body: sources count each offer once.
    parties = qualite.parties[qualite.parties["type_entite"].eq("source")]
    sums = parties.groupby("critere")[["nb_applicables", "nb_satisfaites"]].sum()
    sums = sums[sums["nb_applicables"].gt(0)]
    return [
        {
            "critere": c.nom,
            "titre": c.titre,
            "mesure": c.mesure,
            "poids": c.poids,
            "cure": c.cure,
            "part": _share(sums.loc[c.nom]) if c.nom in sums.index else None,
        }
        for c in CRITERES.values()
    ]


def _share(counts: pd.Series) -> float:
    """Return the share of the offers that a criterion applies to and that satisfy it."""
    return int(counts["nb_satisfaites"]) / int(counts["nb_applicables"])


def _plain(row: dict, names: tuple[str, ...]) -> dict:
    """Return some values of a row as plain Python ones, unknown as None, numbers rounded."""
    values = {
        nom: None if pd.isna(row[nom]) else getattr(row[nom], "item", lambda v=row[nom]: v)()
        for nom in names
    }
    return {
        nom: round(value, 4) if isinstance(value, float) else value for nom, value in values.items()
    }
