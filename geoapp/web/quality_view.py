"""What the templates of quality show, as plain values in words."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from flask import url_for

from geoapp.core.errors import ParameterError
from geoapp.core.french import count, format_date, format_decimal, format_number, with_unit
from geoapp.offer.quality.answer import criteria
from geoapp.offer.quality.criteria import CRITERES
from geoapp.offer.quality.positions import REGLES_POSITION
from geoapp.offer.quality.scores import Qualite, score_parts
from geoapp.outputs.files.formats import FORMATS, LISEZMOI
from geoapp.outputs.quality import FORMATS_QUALITE
from geoapp.reference.codes.identifiers import name_unnamed
from geoapp.reference.codes.text import fold
from geoapp.web.presentation import ColonneTriable

COLONNES = {
    "nom": ("Nom", "asc"),
    "score": ("Score", "asc"),
    "evolution": ("Évolution", "asc"),
    "part_evaluee": ("Barème évalué", "desc"),
    "nb_offres": ("Offres", "desc"),
    "nb_defauts": ("À corriger", "desc"),
}
"""Sortable columns of the table: title, first order."""

ORDRES = {"asc": "ascending", "desc": "descending"}
ETATS = {"non_fourni": "Non fourni par la source", "sans_objet": "Sans objet"}
"""Why a criterion is not assessed, in words."""


def choose_entities(qualite: Qualite, args: Mapping) -> tuple[pd.DataFrame, tuple[str, str]]:
    """Return the bodies whose name holds the words of `q`, in the order asked, and that order.

    Raises
    ------
    ParameterError
        When `tri` is no column or `ordre` is neither asc nor desc.
    """
    tri = args.get("tri") or "nb_defauts"
    if tri not in COLONNES:
        raise ParameterError(
            f"tri = « {tri[:40]} » : colonne inconnue. Colonnes : {', '.join(COLONNES)}."
        )
    ordre = args.get("ordre") or COLONNES[tri][1]
    if ordre not in ORDRES:
        raise ParameterError(f"ordre = « {ordre[:40]} » : asc ou desc est attendu.")
    bodies = qualite.entites[qualite.entites["type_entite"].eq("organisme")]
    words = fold(args.get("q", "")[:100]).split()
    folded = bodies["nom"].map(fold)
    keys = bodies.assign(nom_plie=folded, evolution=bodies["score"] - bodies["score_avant"])
    keys = keys[folded.map(lambda name: all(word in name for word in words)).astype(bool)]
    column = "nom_plie" if tri == "nom" else tri
    return keys.sort_values(
        [column, "nom_plie", "id_entite"],
        ascending=[ordre == "asc", True, True],
        na_position="last",
        kind="stable",
    ), (tri, ordre)


def columns(order: tuple[str, str], q: str) -> list[ColonneTriable]:
    """Return the headers; following the current one again turns the order round."""
    return [_column(nom, order, q) for nom in COLONNES]


def _column(nom: str, order: tuple[str, str], q: str) -> ColonneTriable:
    """Return one header."""
    titre, first = COLONNES[nom]
    is_current = nom == order[0]
    ordre = {"asc": "desc", "desc": "asc"}[order[1]] if is_current else first
    adresse = url_for("quality.index", tri=nom, ordre=ordre, q=q or None, _anchor="tableau")
    return ColonneTriable(
        nom=nom,
        titre=titre,
        adresse=adresse,
        aria=ORDRES[order[1]] if is_current else "none",
    )


def entity_rows(table: pd.DataFrame) -> list[dict]:
    """Return sources or bodies as rows in words."""
    return [entity_words(row) for row in table.to_dict("records")]


def entity_words(row: Mapping) -> dict:
    """Return one source or body in words."""
    return {
        "id_source": row["id_entite"] if row["type_entite"] == "source" else None,
        "nom": row["nom"],
        "adresse": url_for(f"quality.{row['type_entite']}", identifiant=row["id"]),
        "score": say_score(row["score"]),
        "valeur": None if pd.isna(row["score"]) else round(row["score"], 1),
        "evolution": say_change(row["score"], row["score_avant"]),
        "part_evaluee": say_share(row["part_evaluee"]),
        "nb_offres": format_number(row["nb_offres"]),
        "nb_defauts": format_number(row["nb_defauts"]),
        "faibles": ", ".join(CRITERES[nom].titre for nom in row["faibles"].split("|") if nom)
        or "Rien",
    }


def say_score(score: float) -> str:
    """Return a score in words: « 87,5 », « non évalué »."""
    return "non évalué" if pd.isna(score) else format_decimal(score, 1)


def say_change(score: float, before: float) -> str:
    """Return the change of a score: « +1,2 », « = », « – » when there is nothing to compare."""
    if pd.isna(score) or pd.isna(before):
        return "–"
    change = round(score - before, 1)
    sign = "+" if change > 0 else "−"
    return f"{sign}{format_decimal(abs(change), 1)}" if change else "="


def say_share(share: float | None) -> str:
    """Return a share as a percentage: 100 % only when nothing is missing, 0 % when all is."""
    if share is None or pd.isna(share):
        return "–"
    per_cent = 100 * share
    rounded = min(max(round(per_cent), 1), 99) if 0 < per_cent < 100 else round(per_cent)
    return with_unit(rounded, "%")


def part_rows(qualite: Qualite, row: Mapping, compte: Mapping[str, int]) -> list[dict]:
    """Return the criteria of one source or body in words; `compte`: defects by criterion."""
    address = f"quality.{row['type_entite']}"
    return [
        {
            **part,
            "nombres": None
            if part["etat"] != "evalue"
            else (
                format_number(part["nb_applicables"]),
                format_number(part["nb_satisfaites"]),
                say_share(part["part"]),
                format_decimal(part["points"], 2).rstrip("0").rstrip(","),
            ),
            "etat_dit": ETATS.get(part["etat"], ""),
            "nb_defauts": compte.get(part["critere"], 0),
            "adresse": url_for(
                address, identifiant=row["id"], critere=part["critere"], _anchor="tableau"
            ),
        }
        for part in score_parts(qualite, row["type_entite"], row["id_entite"])
    ]


def defect_rows(table: pd.DataFrame) -> list[dict]:
    """Return things to correct in words, each with the address of its sheet."""
    rows = table.astype("object").where(table.notna(), None).to_dict("records")
    return [
        {
            "titre": row["titre"],
            "constat": row["constat"],
            "valeur": row["valeur"] or "",
            "cure": row["cure"],
            "intitule": row["titre_formation"],
            "identifiant": row["id_action"],
            "adresse": url_for("search.sheet", identifiant=row["identifiant"]),
            "organisme": row["nom_organisme"]
            or name_unnamed(row["id_organisme"])
            or "Organisme sans nom",
            "lieu": ", ".join(part for part in (row["adresse"], row["commune"]) if part)
            or "Lieu non renseigné",
        }
        for row in rows
    ]


def summary(qualite: Qualite) -> list[str]:
    """Return what must be kept of the quality of a snapshot, as sentences."""
    entites = qualite.entites
    sources, bodies = (entites[entites["type_entite"].eq(kind)] for kind in ("source", "organisme"))
    defauts = qualite.snapshot.read("defauts")
    wrong = defauts[defauts["critere"].eq("position")]
    phrases = [
        f"{count(len(sources), 'source')} et {count(len(bodies), 'organisme')} "
        f"sont notés de 0 à 100 sur {len(CRITERES)} critères, "
        f"pour {count(int(sources['nb_offres'].sum()), 'offre')} de tous les catalogues."
    ]
    if len(defauts):
        first = (
            defauts["critere"]
            .value_counts(sort=False)
            .reset_index()
            .sort_values(["count", "critere"], ascending=[False, True])
            .iloc[0]
        )
        phrases.append(
            f"{count(len(defauts), 'point')} à corriger ; le critère le plus souvent en défaut "
            f"est « {CRITERES[first['critere']].titre} » ({format_number(first['count'])})."
        )
    if len(wrong):
        phrases.append(
            f"{count(len(wrong), 'offre')} ({count(wrong['id_lieu'].nunique(), 'lieu', 'lieux')}) "
            "ont une position qu'une règle contredit."
        )
    if qualite.precedent:
        return [*phrases, f"Évolution depuis l'instantané {say_snapshot(qualite.precedent)}."]
    return [*phrases, qualite.sans_precedent]


def say_snapshot(code: str) -> str:
    """Return a snapshot by its day and identifier: « du 25 novembre 2026 (20261125T193950Z) »."""
    return f"du {format_date(f'{code[:4]}-{code[4:6]}-{code[6:8]}')} ({code})"


def criteria_rows(qualite: Qualite) -> list[dict]:
    """Return the criteria with, in words, the share of all the offers that satisfy each."""
    return [
        {**critere, "part": "Non fourni" if critere["part"] is None else say_share(critere["part"])}
        for critere in criteria(qualite)
    ]


def position_rules() -> list[tuple[str, str]]:
    """Return the rules that find wrong positions: title, meaning."""
    return [(regle.titre, regle.sens) for regle in REGLES_POSITION]


def downloads(endpoint: str, identifiant: str | None = None) -> list[tuple[str, str]]:
    """Return (label, address) of each file, of one source or body if its identifier is given."""
    return [
        (form.libelle, url_for(endpoint, format=form.nom, identifiant=identifiant))
        for form in (*(FORMATS[nom] for nom in FORMATS_QUALITE), LISEZMOI)
    ]
