"""Usages of sources, as rows: the columns each gives, its options, what it feeds.

How a usage is checked is registered under the same name by
`geoapp.ingest.checking.CONTROLES`: it needs what the rooms to the right know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geoapp.core.schema.model import INDICES_TENSION, MESURES, VOIES
from geoapp.core.schema.offer_columns import FLAT
from geoapp.sources.options import TEXTE, OptionSource

INDICATEURS = "indicateurs"
"""Name under which `tables` says that a usage feeds the indicators of coverage."""

_SUIVI = ("sources", "rejets", "corrections")
_SUR_L_OFFRE = ("offres", "doublons", "qualite", "defauts")
_DE_L_OFFRE = (
    "organismes",
    "formations",
    "actions",
    "sessions",
    "lieux",
    "actions_lieux",
    "lieux_zones",
    "actions_flux",
    "actions_debouches",
    "perimetre",
    "totaux",
    *_SUR_L_OFFRE,
    *_SUIVI,
    INDICATEURS,
)
_DE_ZONES = ("zones", "communes_zones", "lieux_zones", "couches")
_DE_GENS = ("demande", "demande_zones")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """One usage.

    Attributes
    ----------
    libelle : str
        What a source of it feeds, in words.
    etape : str
        Step of the build that reads it; "" for what is shipped with the product.
        Those of the step `verification` are checked, counted, and feed nothing.
    colonnes : tuple of str
        Columns of ours that a source may give; none accepts any.
    options : mapping
        What the check takes, beside what the reader of the format does.
    est_zonage : bool
        A source names its zoning (`type_zone`).
    tables : tuple of str
        Tables of the snapshot that it feeds, for their files to name their sources.
    est_du_jour : bool
        It tells a state: of a series, the newest year alone feeds; the others are read and checked.
    temoin : str
        Table whose `id_source` tells which of its sources feed them, when not all do.
    est_offre : bool
        A source of it is offer of the region, and may say what it holds (`perimetre`).
    """

    nom: str
    libelle: str
    etape: str
    colonnes: tuple[str, ...] = ()
    options: Mapping[str, OptionSource] = field(default_factory=dict)
    est_zonage: bool = False
    est_du_jour: bool = True
    tables: tuple[str, ...] = ()
    temoin: str = ""
    est_offre: bool = False


def _texts(values) -> bool:
    """Tell whether the values of a table of options are texts, at least one."""
    return bool(values) and all(isinstance(one, str) and one for one in values.values())


_GARDER = OptionSource(
    type=dict, est_bonne=_texts, probleme="option « garder » : colonne = texte attendu."
)

_BESOINS = ("besoins_offres",)

_OPTIONS_OFFRE = {
    "niveau": TEXTE,
    "mef": TEXTE,
    "sans_intitule": OptionSource(type=bool),
    "garder": _GARDER,
    "garder_region": OptionSource(type=bool),
    "derniere": TEXTE,
}

USAGES: dict[str, Usage] = {
    row.nom: row
    for row in (
        Usage(
            nom="offre",
            libelle="offre de formation",
            etape="offre",
            colonnes=FLAT,
            options=_OPTIONS_OFFRE,
            tables=_DE_L_OFFRE,
            temoin="formations",
            est_offre=True,
        ),
        Usage(
            nom="filieres",
            libelle="voie professionnelle scolaire, par établissement et année d'études",
            etape="offre",
            colonnes=(
                "code_uai",
                "code_mef",
                "capacite",
                "nb_voeux",
                "famille",
                "mef_terminale",
                "periodes",
                "voie",
            ),
            tables=_DE_L_OFFRE,
            temoin="formations",
            est_offre=True,
        ),
        Usage(
            nom="offre_departement",
            libelle="offre connue par département seulement",
            etape="offre",
            colonnes=(
                "id_formation",
                "code_departement",
                "intitule",
                "niveau",
                "code_formacode",
                "code_nsf",
                "code_rncp",
                "responsable_siret",
                "nb_actions",
                "nb_sessions",
                "nb_sessions_a_distance",
                "date_extraction",
            ),
            options=_OPTIONS_OFFRE,
            tables=("offres_departements",),
        ),
        Usage(
            nom="offre_voisine",
            libelle="offre des départements voisins, pour la couverture",
            etape="offre",
            colonnes=FLAT,
            options=_OPTIONS_OFFRE,
            tables=("offres_voisines", *_SUIVI, INDICATEURS),
            temoin="offres_voisines",
        ),
        Usage(
            nom="zonage",
            libelle="zonage",
            etape="zonages",
            colonnes=("code_commune", "code_zone", "nom", "type_lien"),
            est_zonage=True,
            tables=(*_DE_ZONES, "demande_zones", *_SUIVI, INDICATEURS),
            temoin="zones",
        ),
        Usage(
            nom="population_zonage",
            libelle="population des zones d'un zonage, d'une année",
            etape="zonages",
            colonnes=("code_zone", "nom", "population"),
            est_zonage=True,
            tables=(*_DE_ZONES, *_SUIVI, INDICATEURS),
        ),
        Usage(
            nom="communes",
            libelle="communes et leurs contours",
            etape="",
            tables=(
                "communes",
                "anciennes_communes",
                *_DE_ZONES,
                *_DE_GENS,
                *_SUIVI,
                INDICATEURS,
            ),
        ),
        Usage(
            nom="passage",
            libelle="anciennes communes",
            etape="passage",
            colonnes=("ancien_code", "code_commune", "nom", "type_ancienne"),
            tables=("anciennes_communes", *_SUIVI),
        ),
        Usage(
            nom="etablissements",
            libelle="position des établissements",
            etape="offre",
            colonnes=(
                "code_uai",
                "nom",
                "latitude",
                "longitude",
                "code_commune",
                "siret",
                "adresse",
            ),
            # Establishments may be named only, not placed.
            options={"noms_seuls": OptionSource(type=bool)},
            tables=(
                "organismes",
                "lieux",
                "lieux_zones",
                *_SUR_L_OFFRE,
                *_SUIVI,
                INDICATEURS,
            ),
        ),
        Usage(
            nom="population",
            libelle="population",
            etape="demande",
            colonnes=("id_point", "population", "longitude", "latitude", "code_commune"),
            tables=(*_DE_GENS, *_SUIVI, INDICATEURS),
        ),
        Usage(
            nom="ages",
            libelle="population par âge",
            etape="demande",
            colonnes=(
                "code_zone",
                "population",
                "nb_18_24",
                "nb_25_39",
                "nb_40_54",
                "nb_55_64",
                "nb_65_79",
                "nb_80_plus",
            ),
            tables=(*_DE_GENS, *_SUIVI, INDICATEURS),
        ),
        Usage(
            nom="statistique",
            libelle="statistiques d'une année : vœux, places, débouchés",
            etape="statistiques",
            est_du_jour=False,
            colonnes=(
                "code_uai",
                "code_mef",
                "intitule",
                "voie",
                "nb_voeux",
                "capacite",
                "nb_entrants",
                "nb_eleves",
                "nom",
                "public",
                "taux_poursuite_pct",
                "taux_emploi_pct",
                "taux_emploi_attendu_pct",
                "taux_emploi_24_pct",
                "annee",
                "code_cfd",
                "valeur_ajoutee_pts",
                "part_poursuite_pct",
                "part_emploi_pct",
                "part_autres_pct",
            ),
            options={
                "table": OptionSource(
                    type=str,
                    est_bonne=lambda value: value in ("flux", "debouches", "debouches_region"),
                    probleme="option « table » attendue pour une statistique : "
                    "flux, debouches ou debouches_region.",
                    est_requise=True,
                )
            },
            tables=(
                "flux",
                "actions_flux",
                "debouches",
                "debouches_region",
                "actions_debouches",
                *_SUIVI,
            ),
        ),
        Usage(
            nom="total",
            libelle="totaux extérieurs : quelle part d'eux l'offre tient",
            etape="perimetre",
            colonnes=("code_uai", "siret", "code_mef", "nb_eleves", "sujet"),
            options={
                "voie": OptionSource(
                    type=str,
                    est_bonne=lambda value: value in VOIES,
                    probleme=f"option « voie » attendue pour un total : {', '.join(VOIES)}.",
                    est_requise=True,
                )
            },
            tables=("perimetre", "totaux", *_SUIVI),
        ),
        Usage(
            nom="nomenclature",
            libelle="nomenclatures : métiers, domaines, certifications",
            etape="offre",
            colonnes=(
                "code_rome",
                "code_appellation",
                "code_parent",
                "code_formacode",
                "code_nsf",
                "code_certifinfo",
                "code_rncp",
                "code_cfd",
                "code_mef",
                "code_mefstat",
                "code_mefstat_commun",
                "famille",
                "libelle",
                "libelle_court",
                "type_diplome",
                "niveau",
                "nouveaux",
                "date_fin",
                "etat",
                "remplacee_par",
                "transition_eco",
                "transition_num",
            ),
            tables=(
                "formations",
                "appellations",
                "offres_voisines",
                *_SUR_L_OFFRE,
                *_SUIVI,
                INDICATEURS,
            ),
        ),
        Usage(
            nom="besoins",
            libelle="projets de recrutement, par bassin et famille de métiers",
            etape="besoins",
            colonnes=(
                "code_famille",
                "nom",
                "code_groupe",
                "groupe",
                "code_zone",
                "nb_projets",
                "nb_difficiles",
                "nb_saisonniers",
            ),
            tables=("besoins", "familles_metiers", "formations_familles", *_BESOINS, *_SUIVI),
        ),
        Usage(
            nom="familles_rome",
            libelle="familles professionnelles (FAP) et leurs métiers (ROME)",
            etape="besoins",
            colonnes=("code_fap", "code_rome"),
            tables=("familles_metiers", "formations_familles", *_BESOINS, *_SUIVI),
        ),
        Usage(
            nom="tensions",
            libelle="tensions sur les métiers et leurs causes",
            etape="besoins",
            colonnes=(
                "code_metier",
                "nomenclature",
                "type_zone",
                "code_zone",
                "annee",
                "nb_demandeurs",
                *INDICES_TENSION,
            ),
            options={"garder": _GARDER},
            tables=("tensions", *_BESOINS, *_SUIVI),
        ),
        Usage(
            nom="demandeurs_secteurs",
            libelle="demandeurs d'emploi par bassin et secteur",
            etape="besoins",
            colonnes=("code_zone", "secteur", "nb_demandeurs"),
            tables=("demandeurs_secteurs", *_SUIVI),
        ),
        Usage(
            nom="lieux_information",
            libelle="lieux d'information et d'orientation",
            etape="besoins",
            colonnes=(
                "type_lieu",
                "nom",
                "adresse",
                "code_commune",
                "nom_commune",
                "latitude",
                "longitude",
                "est_itinerant",
            ),
            options={"garder": _GARDER},
            tables=("lieux_information", *_SUIVI),
        ),
        Usage(
            nom="mesures_communes",
            libelle="nombres par commune : publics, emploi, établissements",
            etape="besoins",
            colonnes=(
                "code_commune",
                *(f"nb_{annee}" for annee in range(2009, 2031)),
                *(f"moins_{annee}" for annee in range(2009, 2031)),
            ),
            options={
                "mesure": OptionSource(
                    type=str,
                    est_bonne=lambda value: value in MESURES,
                    probleme=f"option « mesure » attendue : {', '.join(MESURES)}.",
                    est_requise=True,
                ),
                "zero_tu": OptionSource(type=bool),
            },
            tables=("mesures_communes", *_SUIVI),
        ),
        Usage(
            nom="rues",
            libelle="rues et adresses : points de départ d'une recherche",
            etape="rues",
            colonnes=(
                "code_commune",
                "nom",
                "ou",
                "code_postal",
                "longitude",
                "latitude",
                "numeros",
                "classe",
            ),
        ),
        Usage(
            nom="gares",
            libelle="gares, nommées sur le fond de carte",
            etape="rues",
            colonnes=("nom", "latitude", "longitude"),
            options={"garder": _GARDER},
        ),
        Usage(
            nom="verification",
            libelle="vérification, sans effet sur la carte",
            etape="verification",
            colonnes=("code_commune", "code_zone", "nom", "date_fin"),
        ),
        Usage(
            nom="offre_exemple",
            libelle="exemples de formats, lus et contrôlés, sans effet sur la carte",
            etape="offre",
            colonnes=FLAT,
            options=_OPTIONS_OFFRE,
        ),
    )
}
"""Every usage, in the order of the page of sources."""


def usages_of(etape: str) -> tuple[str, ...]:
    """Return the usages that one step of the build reads."""
    return tuple(row.nom for row in USAGES.values() if row.etape == etape)


def feeding(table: str) -> tuple[str, ...]:
    """Return the usages that feed a table."""
    return tuple(row.nom for row in USAGES.values() if table in row.tables)
