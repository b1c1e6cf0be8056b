"""A question about the whole country, answered from what was published: as that of a region is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geoapp.core.errors import ParameterError
from geoapp.core.french import count, format_date, format_decimal, join_words, with_unit
from geoapp.coverage.answer import NB_CLASSES, Reponse
from geoapp.coverage.classes import make_classes, round_classes
from geoapp.coverage.indicators import INDICATEURS, format_share, show_value
from geoapp.coverage.model import Question, describe_offer, describe_reach
from geoapp.coverage.national.result import Publie
from geoapp.coverage.national.sums import ENSEMBLE
from geoapp.coverage.small_counts import protect
from geoapp.coverage.travel.law import load_laws
from geoapp.coverage.travel.modes import VOITURE
from geoapp.offer.filters import Filtres, Option
from geoapp.offer.parameters import read_values, refuse_unknown
from geoapp.offer.perimeter import INCONNUE, PARTIELLE, Perimetre
from geoapp.reference.codes.domains import load_domaines
from geoapp.reference.codes.levels import load_niveaux
from geoapp.reference.codes.voies import VOIES

PARAMETRES = ("domaine", "niveau", "seuil_km", "zonage")


@dataclass(frozen=True, kw_only=True)
class DemandeNationale:
    """What is asked: a filter and a threshold that were measured, a division."""

    domaine: str = ""
    niveau: str = ""
    seuil_km: int = 20
    zonage: str = "region"

    @property
    def query(self) -> dict[str, str | int]:
        """Return the parameters of the address, what is usual left out."""
        usual = DemandeNationale()
        return {nom: v for nom in PARAMETRES if (v := getattr(self, nom)) != getattr(usual, nom)}


def list_choices(resultat: Publie) -> dict[str, list[tuple[str, str]]]:
    """Return what may be asked: by parameter, the values (code, words)."""
    held = {domaine for domaine, _ in resultat.plan.filtres}
    levels = {niveau for _, niveau in resultat.plan.filtres}
    domaines, niveaux = load_domaines().sort_values("ordre"), load_niveaux()
    return {
        "domaine": [
            ("", "Tous les domaines"),
            *(one for one in _pairs(domaines, "code_domaine") if one[0] in held),
        ],
        "niveau": [
            ("", "Tous les niveaux"),
            *(one for one in _pairs(niveaux, "niveau") if one[0] in levels),
        ],
        "seuil_km": [
            (f"{km}", f"{with_unit(km, 'km')} par la route") for km in resultat.plan.seuils_km
        ],
        "zonage": [("region", "Régions"), ("departement", "Départements"), ("epci", "EPCI")],
    }


def _pairs(table: pd.DataFrame, code: str) -> list[tuple[str, str]]:
    return list(zip(table[code], table["libelle"], strict=True))


def parse_national(parametres: Mapping, resultat: Publie) -> DemandeNationale:
    """Return the question that parameters ask.

    Raises
    ------
    ParameterError
        A name or a value is not accepted; the message gives those that are.
    """
    values = read_values(parametres)
    refuse_unknown(values, list(PARAMETRES))
    usual = {"zonage": "region", "seuil_km": f"{_usual_threshold(resultat)}"}
    chosen = {}
    for nom, options in list_choices(resultat).items():
        given = values.get(nom, [usual.get(nom, "")])
        accepted = [code for code, _ in options]
        if len(given) > 1 or given[0] not in accepted:
            told = ", ".join(one for one in accepted if one)
            raise ParameterError(f"{nom} = « {given[-1][:40]} » : valeur inconnue. Admis : {told}.")
        chosen[nom] = given[0]
    return DemandeNationale(
        domaine=chosen["domaine"],
        niveau=chosen["niveau"],
        seuil_km=int(chosen["seuil_km"]),
        zonage=chosen["zonage"],
    )


def _usual_threshold(resultat: Publie) -> int:
    """Return the threshold shown first: that of the pages of a region, else the middle one."""
    seuils = resultat.plan.seuils_km
    usual = DemandeNationale().seuil_km
    return usual if usual in seuils else seuils[len(seuils) // 2]


def answer_country(resultat: Publie, demande: DemandeNationale) -> Reponse:
    """Return the answer, with the table of its zones, the worst first."""
    question = _question(demande, resultat.dit["voies"])
    rows = resultat.zones(demande.domaine, demande.niveau)
    mine = rows[rows["type_zone"].eq(demande.zonage)]
    tableau = protect(_table(mine, demande.seuil_km), est_partition=True)
    tableau = tableau.sort_values(
        ["part_non_couverte", "population_non_couverte", "code_zone"],
        ascending=[False, False, True],
        na_position="last",
        ignore_index=True,
    )
    whole = rows[rows["type_zone"].eq(ENSEMBLE)]
    ensemble = protect(_table(whole, demande.seuil_km), est_partition=False).iloc[0]
    nb_regions = int(whole["nb_regions"].iloc[0])
    is_whole = nb_regions == rows["type_zone"].eq("region").sum()
    told = "" if is_whole else count(nb_regions, "région")
    perimetre = _perimeter(resultat, question, nb_regions, told)
    shares = tableau["part_non_couverte"].to_numpy(dtype=float)
    return Reponse(
        question=question,
        tableau=tableau,
        points=pd.DataFrame(),
        ensemble=ensemble,
        blanches=pd.DataFrame(),
        classes=round_classes(shares, make_classes(shares, nb=NB_CLASSES)),
        phrase=_sentence(question, ensemble, perimetre, told),
        notes=_notes(resultat),
        qualite={},
        perimetre=perimetre,
        precision="",
        variantes=[],
    )


def _question(demande: DemandeNationale, voies: Sequence[str]) -> Question:
    """Return the question as pages and files word it."""
    words = {
        "domaine": dict(_pairs(load_domaines(), "code_domaine")),
        "niveau": {code: nom.lower() for code, nom in _pairs(load_niveaux(), "niveau")},
    }
    choix: dict[str, tuple[Option, ...]] = {
        nom: (Option(valeur=code, libelle=words[nom][code], mots=words[nom][code]),)
        for nom in ("domaine", "niveau")
        if (code := getattr(demande, nom))
    }
    choix["voie"] = tuple(
        Option(valeur=code, libelle=VOIES[code], mots=VOIES[code].lower()) for code in voies
    )
    return Question(filtres=Filtres(choix), seuil=demande.seuil_km, zonage=demande.zonage)


def _table(rows: pd.DataFrame, seuil_km: int) -> pd.DataFrame:
    """Return the columns of an answer of coverage; what was not measured of the country is NaN."""
    people = rows["population"].to_numpy(dtype=float)
    served = rows[f"couverte_{seuil_km}"].to_numpy(dtype=float, na_value=np.nan)
    share = np.divide(served, people, out=np.full(len(rows), np.nan), where=people > 0)
    numbers = {nom: np.full(len(rows), np.nan) for nom in INDICATEURS} | {
        "population": people,
        "part_couverte": share,
        "part_non_couverte": 1 - share,
        "population_non_couverte": people - served,
        "nb_offres": rows["nb_offres"].to_numpy(dtype=float),
    }
    return pd.DataFrame(
        {
            **{nom: rows[nom].to_numpy(dtype=object) for nom in ("type_zone", "code_zone", "nom")},
            **numbers,
            "perimetre": rows["perimetre"].to_numpy(dtype=object),
        }
    )


def _perimeter(resultat: Publie, question: Question, nb_regions: int, told: str) -> Perimetre:
    """Return what is known of the offer asked, and in how many regions (`told`, "" for all)."""
    days = sorted({one["millesime"][:7] for one in resultat.dit["sources"]})
    held = tuple(
        f"{one['nom']} ({format_date(days[-1])}, partiel)" for one in resultat.dit["tenues"]
    )
    statut = PARTIELLE if nb_regions else INCONNUE
    where = f"dans {told} seulement" if told else "dans toutes les régions"
    return Perimetre(
        statut=statut,
        parts={statut: 1.0},
        portee=f"{join_words(list(held))}, {where} ; le reste de l'offre n'est pas connu",
        tenues=held,
        inconnues=(),
        departements={},
        demande=", ".join(one.mots for chosen in question.filtres.choix.values() for one in chosen),
        est_sans_ligne=not nb_regions,
    )


def _sentence(question: Question, ensemble: pd.Series, perimetre: Perimetre, told: str) -> str:
    """Return what must be retained."""
    if not perimetre.est_chiffrable:
        return perimetre.phrase
    reach, offre = describe_reach(question), describe_offer(question)
    people = show_value(ensemble, "population_non_couverte", "")
    where = f"dans {told} où cette offre est connue" if told else "en France métropolitaine"
    share = ensemble["part_non_couverte"]
    part = f" ({format_share(share)})" if pd.notna(share) else ""
    return perimetre.tell(f"{people} habitants{part} vivent à plus de {reach} d'{offre}, {where}.")


def _notes(resultat: Publie) -> list[str]:
    """Return what must be known before these numbers are used."""
    plan, told = resultat.plan, resultat.dit
    spread = (
        f"Les habitants de chaque commune (populations municipales {told['millesime_population']}, "
        f"INSEE) sont répartis sur {count(plan.nb_points, 'carreau', 'carreaux')} de 200 m autour "
        "de sa mairie : une démonstration, pas une mesure. On ne sait pas où ils vivent."
        if plan.maille == "carreaux"
        else f"Les habitants de chaque commune (populations municipales "
        f"{told['millesime_population']}, INSEE) sont comptés à sa mairie "
        f"({count(plan.nb_points, 'commune')})."
    )
    return [
        spread,
        f"L'offre est celle de {count(plan.nb_offres, 'formation')} en "
        f"{count(plan.nb_lieux, 'lieu', 'lieux')}. "
        + " ".join(one["dit"] for one in told["tenues"]),
        "Une région où nos sources n'ont aucune formation d'un domaine et d'un niveau n'a pas de "
        "pourcentage : on ne sait pas si elle en manque.",
        "Les distances sont par la route, estimées selon la distance à vol d'oiseau et la densité "
        "de population aux deux bouts, comme dans les pages d'une région : à "
        f"{_usual_error()} près une fois sur deux, de 3 à 80 km, là où la loi a été calée. "
        "En montagne, et vers les îles, il est plus grand.",
        "L'outre-mer n'est pas compté : ces distances n'y valent pas. L'offre des pays voisins "
        "non plus.",
    ]


def _usual_error() -> str:
    """Return the error of the kilometres by road that half of the trips do not exceed."""
    bands = [one.mediane for one in load_laws()[VOITURE].errors_km if one.de_km >= 3]
    return with_unit(format_decimal(round(100 * max(bands), 1)), "%")
