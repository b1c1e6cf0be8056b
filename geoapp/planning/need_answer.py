"""What is needed and what is taught, of one zone by family of jobs, or of one family by zone.

Pages, API, files and command show this one answer; every number is a row of `besoins_offres`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.french import dated, format_date
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import SANS_FILTRE
from geoapp.offer.parameters import Parametre, read_values, refuse_unknown
from geoapp.offer.perimeter import Perimetre, perimeter_of
from geoapp.planning.families import CAUSES, why_unlinked, written_reasons
from geoapp.planning.need_table import AUCUNE, BASSIN, FAIBLE, FORT, LOIN, MODERE, PRESENTE, ZONAGES
from geoapp.reference.codes.identifiers import suggest
from geoapp.reference.codes.voies import VOIES
from geoapp.reference.zonings import REGION, TERRITOIRES

SANTE = "sante"
"""Group of our own: the families of health and social care, wherever the survey puts them."""

LISTES = {
    "toutes": "Toutes les familles",
    "fort_loin": "Besoin fort, offre connue faible ou loin",
    "faible_forte": "Offre présente, besoin plus faible",
}
"""What is listed, in words."""

PARAMETRES: dict[str, Parametre] = {
    parametre.nom: parametre
    for parametre in (
        Parametre(
            nom="territoire",
            type="texte",
            aide="Bassin, zone d'emploi, département (« bassin2024:3223 », « ze2020:Maubeuge ») "
            "ou « region »",
            exemple=REGION,
        ),
        Parametre(
            nom="groupe",
            type="texte",
            aide="Groupe de familles de l'enquête (une lettre), ou « sante » : santé et social",
            exemple=SANTE,
        ),
        Parametre(
            nom="famille",
            type="texte",
            aide="Code d'une famille de métiers : ses nombres zone par zone",
            exemple="V0X60",
        ),
        Parametre(
            nom="decoupage",
            type="texte",
            aide="Zones montrées pour une famille",
            exemple=BASSIN,
            valeurs=ZONAGES,
        ),
        Parametre(
            nom="liste",
            type="texte",
            aide="Ce qui est listé : toutes les lignes, besoin fort et offre connue faible ou "
            "loin, ou l'inverse",
            exemple="fort_loin",
            valeurs=tuple(LISTES),
        ),
    )
}
"""Parameters of the question, in the order of the documentation."""


@dataclass(frozen=True, kw_only=True)
class QuestionBesoin:
    """What is asked: the families of one zone, or the zones of one family."""

    type_zone: str = REGION
    code_zone: str = ""
    nom_zone: str = ""
    groupe: str = ""
    famille: str = ""
    decoupage: str = BASSIN
    liste: str = "toutes"

    @property
    def territoire(self) -> str:
        """Return the zone as a parameter writes it."""
        return REGION if self.type_zone == REGION else f"{self.type_zone}:{self.code_zone}"

    @property
    def sujet(self) -> str:
        """Return the zone as the subject of a sentence."""
        return TERRITOIRES[self.type_zone].subject(self.nom_zone)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the question as (name, value) pairs; defaults left out."""
        given = {
            "territoire": "" if self.famille or self.type_zone == REGION else self.territoire,
            "groupe": "" if self.famille else self.groupe,
            "famille": self.famille,
            "decoupage": self.decoupage if self.famille and self.decoupage != BASSIN else "",
            "liste": self.liste if self.liste != "toutes" else "",
        }
        return [(nom, valeur) for nom, valeur in given.items() if valeur]


@dataclass(frozen=True, kw_only=True)
class ReponseBesoin:
    """The answer: `lignes` are those asked, `toutes` those of the whole list, most projects first.

    Beside the columns of `besoins_offres`: `nom` of the row, `nom_famille`, `est_sante_social`,
    `lien`, `nb_region` (trainings of the region), `cause` (why there is none, one of
    `families.CAUSES`; NA), `sans_formation` (the same in words, or None) and what is known of the
    nearest training (`proche_titre`, `proche_commune`, `proche_portee`).  `perimetre` is that of
    the whole offer of the region.
    """

    question: QuestionBesoin
    lignes: pd.DataFrame
    toutes: pd.DataFrame
    familles: pd.DataFrame
    sources: list[dict]
    perimetre: Perimetre


def parse_need(
    parametres: Mapping, snapshot: Snapshot, *, autres: tuple[str, ...] = ()
) -> QuestionBesoin:
    """Return the question that some parameters ask.

    Raises
    ------
    ParameterError
        When a name or a value is not accepted; the nearest one is named.
    NotFoundError
        When no group, family or zone has that code.
    """
    values = read_values(parametres)
    refuse_unknown(values, [*PARAMETRES, *autres])
    first = {nom: values[nom][0] for nom in PARAMETRES if nom in values}
    for nom in ("decoupage", "liste"):
        _one_of(nom, first.get(nom, PARAMETRES[nom].valeurs[0]), PARAMETRES[nom].valeurs)
    families = snapshot.read("familles_metiers")
    groups = [code for code, _ in list_groups(families)]
    for nom, known in (("groupe", groups), ("famille", families["code_famille"].tolist())):
        if first.get(nom, known) not in (known, *known):
            raise NotFoundError(f"{nom} : « {first[nom][:40]} » n'est pas dans l'enquête.")
    type_zone, code_zone, nom = find_territory(snapshot, first.get("territoire", REGION))
    return QuestionBesoin(
        type_zone=type_zone,
        code_zone=code_zone,
        nom_zone=nom,
        groupe=first.get("groupe", ""),
        famille=first.get("famille", ""),
        decoupage=first.get("decoupage", BASSIN),
        liste=first.get("liste", "toutes"),
    )


def list_groups(families: pd.DataFrame) -> list[tuple[str, str]]:
    """Return (code, name) of each group of families, health and social work first."""
    groups = families.dropna(subset="code_groupe").drop_duplicates("code_groupe")
    rows = groups[["code_groupe", "groupe"]].sort_values("groupe")
    return [(SANTE, "Santé et action sociale"), *rows.itertuples(index=False, name=None)]


def of_group(rows: pd.DataFrame, groupe: str) -> pd.DataFrame:
    """Return the rows whose family is of a group (see `list_groups`); all of them for ""."""
    if not groupe:
        return rows
    if groupe == SANTE:
        return rows[rows["est_sante_social"].astype(bool)]
    return rows[rows["code_groupe"].eq(groupe)]


def has_needs(snapshot: Snapshot) -> bool:
    """Tell whether a snapshot knows any recruitment project."""
    return len(snapshot.read("besoins")) > 0


def _one_of(nom: str, valeur: str, acceptees) -> None:
    if valeur not in acceptees:
        cure = suggest(valeur, list(acceptees)) or f"Valeurs acceptées : {', '.join(acceptees)}."
        raise ParameterError(f"{nom} = « {valeur[:40]} » : valeur inconnue. {cure}")


def list_territories(snapshot: Snapshot) -> dict[str, list[tuple[str, str]]]:
    """Return the zones that may be asked, by zoning: key and name."""
    zones = snapshot.read("zones")
    return {
        nom: [
            (f"{nom}:{row.code_zone}", row.nom)
            for row in zones[zones["type_zone"].eq(nom)].sort_values("nom").itertuples()
        ]
        for nom in ZONAGES
    }


def find_territory(snapshot: Snapshot, texte: str) -> tuple[str, str, str]:
    """Return zoning, code and name of the zone that a key names (by its code, or by its name).

    Raises
    ------
    ParameterError
        When the zoning is none of `ZONAGES`.
    NotFoundError
        When none of its zones is so named.
    """
    if texte == REGION:
        return REGION, snapshot.manifest["region"], snapshot.manifest["nom_region"]
    type_zone, _, wanted = texte.partition(":")
    _one_of("territoire", type_zone if wanted else texte, (*ZONAGES, REGION))
    zones = snapshot.read("zones")
    mine = zones[zones["type_zone"].eq(type_zone)]
    found = mine[mine["code_zone"].eq(wanted) | mine["nom"].str.casefold().eq(wanted.casefold())]
    if found.empty:
        cure = suggest(wanted, mine["nom"].tolist()) or "Écrivez zonage:code, ou zonage:nom."
        raise NotFoundError(f"territoire = « {texte[:60]} » : zone inconnue. {cure}")
    return type_zone, str(found["code_zone"].iloc[0]), str(found["nom"].iloc[0])


def answer_need(snapshot: Snapshot, question: QuestionBesoin) -> ReponseBesoin:
    """Return the answer to a question."""
    families = snapshot.read("familles_metiers")
    table = snapshot.read("besoins_offres")
    if question.famille:
        mine = table[
            table["code_famille"].eq(question.famille)
            & table["type_zone"].isin([question.decoupage, REGION])
        ]
    else:
        mine = table[
            table["type_zone"].eq(question.type_zone) & table["code_zone"].eq(question.code_zone)
        ]
    told = families.assign(cause=why_unlinked(families)).rename(
        columns={"nom": "nom_famille", "nb_formations": "nb_region"}
    )
    shown = ("nom_famille", "code_groupe", "est_sante_social", "lien", "nb_region", "cause")
    rows = mine.merge(told[["code_famille", *shown]], on="code_famille")
    words = rows["cause"].map(CAUSES).astype("object")
    rows["sans_formation"] = words.where(words.notna(), None)
    if question.groupe == SANTE or not question.famille:
        rows = of_group(rows, question.groupe)
    rows = _with_nearest(snapshot, rows)
    rows = rows.assign(nom_zone=_names(snapshot, rows))
    rows = rows.assign(nom=rows["nom_zone" if question.famille else "nom_famille"])
    rows = rows.sort_values(["nb_projets", "nom"], ascending=[False, True], na_position="last")
    rows = rows.reset_index(drop=True)
    return ReponseBesoin(
        question=question,
        lignes=_listed(rows, question).reset_index(drop=True),
        toutes=rows,
        familles=families,
        sources=need_sources(snapshot),
        perimetre=perimeter_of(snapshot, SANS_FILTRE),
    )


def _listed(rows: pd.DataFrame, question: QuestionBesoin) -> pd.DataFrame:
    """Return the rows of the list that is asked."""
    if question.liste == "fort_loin":
        return rows[rows["besoin"].eq(FORT) & rows["offre"].isin([FAIBLE, LOIN, AUCUNE])]
    if question.liste == "faible_forte":
        return rows[rows["besoin"].eq(MODERE) & rows["offre"].eq(PRESENTE)]
    # A family of which the survey publishes nothing here, and that nobody teaches, says nothing.
    return rows[rows["nb_bassins"].gt(0) | rows["nb_formations"].gt(0)]


def _names(snapshot: Snapshot, rows: pd.DataFrame) -> list[str]:
    """Return the name of the zone of each row."""
    zones = snapshot.read("zones").set_index(["type_zone", "code_zone"])["nom"]
    keys = zip(rows["type_zone"], rows["code_zone"], strict=True)
    region = f"Toute la région ({snapshot.manifest['nom_region']})"
    return [region if key[0] == REGION else zones.get(key, key[1]) for key in keys]


def _with_nearest(snapshot: Snapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the title, the commune and the source of the nearest training."""
    offers = snapshot.read("offres").drop_duplicates("id_action").set_index("id_action")
    sources = snapshot.read("sources").set_index("id_source")["millesime"]
    near = offers[["titre", "nom_commune", "voie", "id_source"]].reindex(rows["id_action_proche"])
    voies = near["voie"].map(VOIES).astype("object")
    years = near["id_source"].map(sources.map(tell_vintage)).astype("object")
    scope = [
        ", ".join(str(one).lower() for one in pair if isinstance(one, str)) or None
        for pair in zip(voies, years, strict=True)
    ]
    return rows.assign(
        proche_titre=near["titre"].to_numpy(),
        proche_commune=near["nom_commune"].to_numpy(),
        proche_portee=scope,
    )


def tell_vintage(millesime: str) -> str:
    """Return a vintage as people write it: a day in full, a year as it is."""
    return format_date(millesime) if len(millesime) == len("2020-11-16") else millesime


def unlinked_families(reponse: ReponseBesoin) -> list[tuple[str, int, float, list[str]]]:
    """Return, by cause, the families of the answer that no training of the region leads to.

    Each row is the cause in words, how many families, their known projects, their names with what
    is written of each; most projects first.
    """
    rows = reponse.toutes[reponse.toutes["nb_bassins"].gt(0)].dropna(subset="cause")
    if reponse.question.famille:
        rows = rows[rows["type_zone"].eq(REGION)]
    found = [
        (CAUSES[cause], len(mine), float(mine["nb_projets"].sum()), _with_reasons(mine))
        for cause, mine in rows.groupby("cause")
    ]
    return sorted(found, key=lambda one: (-one[2], one[0]))


def _with_reasons(rows: pd.DataFrame) -> list[str]:
    """Return the name of each family, and what is written of why nothing is linked to it."""
    written = written_reasons()
    return [
        f"{row.nom_famille} ({written[row.code_famille][1]})"
        if row.code_famille in written
        else row.nom_famille
        for row in rows.itertuples()
    ]


def need_sources(snapshot: Snapshot) -> list[dict]:
    """Return the sources of the need and of the offer set against it, those that were had."""
    wanted = ("besoins", "familles_rome", "tensions")
    sources = snapshot.read("sources")
    used = set(snapshot.read("offres")["id_source"])
    mine = sources[
        (sources["usage"].isin(wanted) | sources["id_source"].isin(used))
        & sources["mode"].ne("absente")
    ]
    return [
        {
            "titre": row.titre,
            "dit": dated(row.titre, row.millesime),
            "producteur": row.producteur,
            "millesime": row.millesime,
            "licence": row.licence,
            "est_offre": row.id_source in used,
        }
        for row in mine.itertuples()
    ]
