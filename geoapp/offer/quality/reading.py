"""What a build keeps of quality: the tables `qualite` and `defauts`."""

from __future__ import annotations

import pandas as pd

from geoapp.core.geometry import metric_points
from geoapp.core.schema import conform
from geoapp.offer.quality.criteria import CRITERES, assess, carried
from geoapp.offer.values import entity_of


def quality_tables(
    tables: dict[str, pd.DataFrame], communes: pd.DataFrame, millesimes: dict[str, str]
) -> dict[str, pd.DataFrame]:
    """Return the tables `qualite` and `defauts`.

    `qualite` counts by criterion of each source and body, `defauts` has one row per thing to
    correct.

    Parameters
    ----------
    tables : dict
        formations, actions, organismes, lieux and offres: every offer of every catalogue, none
        merged.
    communes : DataFrame
        code_commune, codes_postaux.
    millesimes : dict
        Source → its vintage: freshness is seen from there, so that equal sources give equal tables.
    """
    frame = assessed_offers(tables, communes, millesimes)
    applies, satisfied, findings = assess(frame)
    fills = pd.DataFrame({nom: carried(frame, critere) for nom, critere in CRITERES.items()})
    parts = [
        _counts(kind, frame[column], (applies, satisfied, fills))
        for kind, column in (("source", "id_source"), ("organisme", "id_entite"))
    ]
    return {
        "qualite": conform(pd.concat(parts, ignore_index=True), "qualite"),
        "defauts": conform(_defects(frame, findings), "defauts"),
    }


def assessed_offers(
    tables: dict[str, pd.DataFrame], communes: pd.DataFrame, millesimes: dict[str, str]
) -> pd.DataFrame:
    """Return the offers with every column that a criterion reads.

    Same rows and index as `offres`.
    """
    offers = tables["offres"]
    codes = ["code_rncp", "code_certifinfo", "code_cfd", "code_mef", "type_diplome"]
    codes.append("preuve_niveau")
    formations = tables["formations"][["id_formation", *codes, "est_certifiante"]]
    formations = formations.set_index("id_formation")
    result = pd.DataFrame(offers.drop(columns="geometry"))
    result = result.join(formations[codes], on="id_formation")
    # What is judged is what the source gave, not what is shown of it.
    points = ["latitude_declaree", "longitude_declaree"]
    received = tables["lieux"][["id_lieu", "adresse", "code_postal", *points]]
    received = received.set_index("id_lieu")
    for nom in ("adresse", "code_postal"):
        result[nom] = offers["id_lieu"].map(received[nom]).astype("str")
    # As declared: in `offres` a code completes it, which « certification » must not see.
    declared = offers["id_formation"].map(formations["est_certifiante"])
    result["certifiante_declaree"] = declared.astype("boolean")
    actions = tables["actions"][["id_action", "duree_h"]].set_index("id_action")
    result["duree_h"] = offers["id_action"].map(actions["duree_h"])
    result["id_entite"] = entity_of(offers)
    bodies = tables["organismes"][["id_organisme", "siret", "code_uai"]]
    bodies = bodies.set_index("id_organisme")
    for nom in ("siret", "code_uai"):
        result[nom] = offers["id_organisme"].map(bodies[nom]).astype("str")
    postcodes = communes.set_index("code_commune")["codes_postaux"]
    result["codes_postaux"] = offers["code_commune"].map(postcodes).astype("str")
    result["millesime"] = offers["id_source"].map(millesimes).astype("str")
    x, y = metric_points(offers.geometry)
    return result.assign(
        x_m=x,
        y_m=y,
        position_recue=offers["id_lieu"].map(_declared(received[points])).astype("str"),
    )


def _declared(received: pd.DataFrame) -> pd.Series:
    """Return « latitude,longitude » as received, by place; NA without a point."""
    points = received.round(5).astype("str")
    return points["latitude_declaree"] + "," + points["longitude_declaree"]


def _counts(kind: str, entity: pd.Series, three: tuple[pd.DataFrame, ...]) -> pd.DataFrame:
    """Return one row per entity and criterion.

    Offers, those it applies to, those that satisfy it, whether a source fills it.
    """
    applies, satisfied, fills = three
    size = entity.value_counts()
    named = [table.groupby(entity).sum().stack() for table in (applies, satisfied)]
    known = fills.groupby(entity).any().stack()
    counts = pd.DataFrame(
        {"nb_applicables": named[0], "nb_satisfaites": named[1], "est_fournie": known}
    )
    counts.index = counts.index.set_names(["id_entite", "critere"])
    counts = counts.reset_index()
    return counts.assign(type_entite=kind, nb_offres=counts["id_entite"].map(size))


def _defects(frame: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Return one row per offer and criterion that is not satisfied."""
    ids = ["id_action", "id_lieu", "id_source", "id_organisme", "id_entite"]
    parts = []
    for critere in CRITERES.values():
        wrong = findings[critere.nom].notna()
        value = frame.loc[wrong, critere.valeur].astype("str") if critere.valeur else None
        parts.append(
            frame.loc[wrong, ids].assign(
                critere=critere.nom, constat=findings.loc[wrong, critere.nom], valeur=value
            )
        )
    return pd.concat(parts, ignore_index=True)
