"""The content of a zone as the templates of page, HTML and PDF show it: words, tables, facts."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoapp.core.french import NON_RENSEIGNE, count, format_date, format_number, upper_first
from geoapp.core.schema import NIVEAUX
from geoapp.coverage.indicators import QUI_PORTE, show_value
from geoapp.coverage.model import describe_offer, describe_reach
from geoapp.coverage.offered import is_information, name_offer
from geoapp.coverage.territories.answers import AUTRE
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.offer import BlocOffre
from geoapp.coverage.territories.quality import list_methods
from geoapp.coverage.territories.tables import Tableau
from geoapp.coverage.territories.zone_tables.coverage import coverage_table
from geoapp.coverage.territories.zone_tables.listed import list_tables
from geoapp.coverage.world import World
from geoapp.offer.filters import describe_filters
from geoapp.offer.perimeter import INCONNUE
from geoapp.offer.values import INCONNU
from geoapp.reference.codes.voies import VOIES
from geoapp.reference.zonings import MAILLES


@dataclass(frozen=True, kw_only=True)
class FicheTerritoire:
    """What a template shows of a zone, every value in words."""

    titre: str
    sorte: str
    cle: str
    question: str
    faits: list[tuple[str, str]]
    chiffres: list[tuple[str, str, str]]
    phrases: tuple[str, ...]
    avertissements: tuple[str, ...]
    matrice: dict
    tableaux: dict[str, Tableau]
    methodes: list[tuple[str, str]]
    notes: list[str]
    date: str
    instantane: str


def present(
    world: World, contenu: ContenuZone, autre: ContenuZone | None = None
) -> FicheTerritoire:
    """Return the content of a zone in words; `autre` is the zone that it is compared with."""
    zone = contenu.zone
    tables = {nom: make(contenu) for nom, make in list_tables(contenu.question).items()}
    if autre:
        tables["couverture"] = coverage_table(contenu, autre)
    cree_le = world.snapshot.manifest["cree_le"][:10]
    return FicheTerritoire(
        titre=zone.titre,
        sorte=kind_of(zone.type_zone),
        cle=zone.cle,
        question=f"{describe_scope(contenu)}{contenu.couverture.reponse.perimetre.suffixe}",
        faits=_facts(contenu, world),
        chiffres=_figures(contenu),
        phrases=contenu.phrases,
        avertissements=contenu.avertissements,
        matrice={} if is_information(contenu.question) else offer_matrix(contenu),
        tableaux=tables,
        methodes=list_methods(contenu.question),
        notes=list(contenu.couverture.reponse.notes),
        date=format_date(cree_le),
        instantane=world.snapshot.id,
    )


def kind_of(type_zone: str) -> str:
    """Return the noun of a zoning, with a capital: « Zone d'emploi 2020 »."""
    return upper_first(MAILLES[type_zone].singulier)


def describe_scope(contenu: ContenuZone) -> str:
    """Return what is counted, in one line: offer and threshold."""
    mots = describe_filters(contenu.question.filtres) or "toutes les formations"
    if is_information(contenu.question):
        mots = "lieux d'information et d'orientation"
    return f"{upper_first(mots)}, couverture à {describe_reach(contenu.question)}"


def _facts(contenu: ContenuZone, world: World) -> list[tuple[str, str]]:
    """Return what the zone is: code, vintage, communes, départements, source."""
    zone = contenu.zone
    sources = world.snapshot.read("sources").set_index("id_source")["titre"]
    communes = count(zone.nb_communes, "commune")
    if zone.nb_partielles:
        communes += f", dont {format_number(zone.nb_partielles)} en partie"
    if zone.nb_dehors:
        communes += f" dans la région, {format_number(zone.nb_dehors)} au-dehors"
    return [
        ("Code", zone.code_zone),
        ("Millésime", zone.millesime),
        ("Communes", communes),
        (
            "Départements" if len(zone.departements) > 1 else "Département",
            ", ".join(zone.departements) or "inconnu",
        ),
        ("Source du zonage", sources.get(zone.id_source, zone.id_source)),
    ]


_CHIFFRES = (
    ("population", "Habitants"),
    ("nb_offres", "Formations"),
    ("nb_lieux", "Lieux de formation"),
    ("nb_offreurs", "Organismes"),
    ("nb_places", "Places connues"),
    ("part_non_couverte", "Habitants trop loin"),
)
"""The figures shown first."""


def _figures(contenu: ContenuZone) -> list[tuple[str, str, str]]:
    """Return (title, zone, region) of the figures shown first."""
    unite, couverture = contenu.question.unite, contenu.couverture
    titles = dict(_CHIFFRES)
    if is_information(contenu.question):
        titles = {"population": "Habitants", "nb_offres": "Lieux d'information"} | {
            "part_non_couverte": titles["part_non_couverte"]
        }
    is_whole = bool(couverture.ligne["est_estimee"])
    return [
        (
            f"{titre} {QUI_PORTE}" if is_whole and nom == "population" else titre,
            show_value(couverture.ligne, nom, unite),
            show_value(couverture.ensemble, nom, unite),
        )
        for nom, titre in titles.items()
    ]


def offer_matrix(contenu: ContenuZone) -> dict:
    """Return the offer by domain and voie (rows) and level (columns), and the domains without any.

    A cell is « 12 », « 12 (340) » with the seats known, « 12 (340+) » when some of its offers do
    not give theirs.
    """
    bloc = contenu.offre
    # Levels met in the region, even when the zone has none: sheets compare column by column.
    niveaux = [
        niveau for niveau in (*NIVEAUX, INCONNU) if niveau in set(bloc.region["niveau_sortie"])
    ]
    names = contenu.couverture.domaines.set_index("code_domaine")["domaine"].to_dict()
    statuts = contenu.couverture.domaines.set_index("code_domaine")["perimetre"].to_dict()
    unknown = [code for code in names if statuts[code] == INCONNUE and code != AUTRE]
    met = [code for code in names if (bloc.cases["code_domaine"] == code).any()]
    return {
        "niveaux": [
            "Niveau non renseigné" if niveau == INCONNU else f"Niveau {niveau}"
            for niveau in niveaux
        ],
        "domaines": [
            {
                "nom": names[code],
                "lignes": _voie_rows(bloc.cases[bloc.cases["code_domaine"].eq(code)], niveaux),
            }
            for code in met
        ],
        "total": _row(bloc.cases, niveaux) if bloc.nb else [],
        "absents": [names[code] for code in names if code not in (*met, *unknown, AUTRE)],
        "non_collectes": [names[code] for code in unknown if code not in met],
        "est_connue": bloc.est_connue,
        "sans_places": _places_note(bloc),
    }


def _voie_rows(cases: pd.DataFrame, niveaux: list[str]) -> list[dict]:
    """Return one row by voie met in a domain."""
    return [
        {"voie": VOIES.get(voie, NON_RENSEIGNE), "cases": _row(part, niveaux)}
        for voie, part in cases.groupby("voie", sort=True)
    ]


def _row(cases: pd.DataFrame, niveaux: list[str]) -> list[str]:
    """Return the cells of one row: each level, then the total."""
    return [*(_cell(cases[cases["niveau_sortie"].eq(niveau)]) for niveau in niveaux), _cell(cases)]


def _cell(cases: pd.DataFrame) -> str:
    """Return one cell of the matrix."""
    nb = int(cases["nb_offres"].sum())
    if not nb:
        return "–"
    places = cases["nb_places"].sum(min_count=1)
    if pd.isna(places):
        return format_number(nb)
    # « + » : the seats of some of these offers are not known, there are more.
    more = "+" if cases["nb_sans_places"].sum() else ""
    return f"{format_number(nb)} ({format_number(places)}{more})"


def _places_note(bloc: BlocOffre) -> str:
    """Say for how many offers the seats are known."""
    unknown = int(bloc.cases["nb_sans_places"].sum()) if bloc.nb else 0
    if not unknown:
        return ""
    these = f"{count(unknown, 'formation')} sur {format_number(bloc.nb)}"
    return f"Le nombre de places n'est pas connu pour {these}."


def compare_sentences(contenu: ContenuZone, autre: ContenuZone) -> list[str]:
    """Return how two zones differ, in sentences: offer, cover, access."""
    one, two = contenu.couverture.ligne, autre.couverture.ligne
    mine, other = contenu.zone.nom, autre.zone.nom
    unite, show = contenu.question.unite, show_value
    if INCONNUE in (one["perimetre"], two["perimetre"]):
        return [contenu.couverture.reponse.perimetre.phrase]
    rows = (
        (
            "nb_offres",
            f"{mine} a {{}} {name_offer(contenu.question).des}, {other} {{}}.",
        ),
        (
            "part_non_couverte",
            f"La part des habitants à plus de {describe_reach(contenu.question)} "
            f"d'{describe_offer(contenu.question)} est de {{}} à {mine}, de {{}} à {other}.",
        ),
        (
            "e2sfca",
            f"L'accessibilité pour 10 000 habitants, concurrence comptée, "
            f"est de {{}} à {mine}, de {{}} à {other}.",
        ),
    )
    return [texte.format(show(one, nom, unite), show(two, nom, unite)) for nom, texte in rows]
