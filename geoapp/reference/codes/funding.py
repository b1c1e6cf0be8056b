"""Who pays, for whom, from which level: the dictionaries of LHÉO in plain words."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pandas as pd

from geoapp.reference.codes.text import as_code, as_text, fold, map_distinct, on_scalar_too

FINANCEURS = {
    "2": "Région",
    "4": "France Travail (Pôle emploi)",
    "16": "OPCO",
    "17": "Transitions Pro",
    "5": "Entreprise",
    "10": "La personne elle-même",
    "7": "Agefiph",
    "11": "État : emploi",
    "12": "État : éducation nationale",
    "19": "État : intérieur",
    "13": "État : autre",
    "8": "Département",
    "9": "Commune",
    "15": "Autre collectivité",
    "3": "Fonds social européen",
    "14": "Autre fonds européen",
    "18": "Ladom",
    "20": "Ofii",
    "6": "Acsé (ancien Fasild)",
    "1": "Code obsolète",
    "0": "Autre",
}
"""Codes of `dict-financeurs` (LHÉO 2.3), in the order of a list."""

PUBLICS = {
    "80006": "Tous publics",
    "81019": "Personnes en situation d'illettrisme",
    "81021": "Personnes analphabètes",
    "81022": "Personnes immigrées",
    "81023": "Primo-arrivants",
    "81042": "Réfugiés",
    "81043": "Personnes en situation d'illectronisme",
    "82060": "Travailleurs étrangers",
}
"""Labels known to us of the list of publics of the Formacode; another code is shown as it is."""

NIVEAUX_ENTREE = {
    "aucun": "Sans niveau exigé",
    "infra": "Moins que le niveau 3",
    "3": "Niveau 3 (CAP)",
    "4": "Niveau 4 (bac)",
    "5": "Niveau 5 (bac + 2)",
    "6": "Niveau 6 (bac + 3 ou 4)",
    "7": "Niveau 7 (bac + 5)",
    "8": "Niveau 8 (doctorat)",
}
"""Entry levels: `aucun` is said by the source, and is not the same as unknown."""

_FRAIS_NULS = re.compile(
    r"(0[0 ]*( eur| euros?)?|neant|rien|aucun|gratuite?|formation gratuite"
    r"|(aucuns?|pas de|sans) (frais|couts?|reste)( restants?)?)"
    r"( a( la| sa)? charge)?"
    r"( (pour|du|des|de)( (l|la|le|les))? (stagiaires?|apprenants?|eleves?|apprentis?))?"
)
"""What a source writes, folded, when nothing is left to pay for the person who learns."""

_MONTANT = re.compile(r"[1-9][\d\s\u00a0\u202f]*(?:[.,]\d+)?\s*(?:€|eur)", re.IGNORECASE)
_ENTREE_LHEO = {
    "1": "aucun",
    "2": "infra",
    "3": "infra",
    "4": "3",
    "5": "4",
    "6": "5",
    "7": "6",
    "8": "7",
    "11": "infra",
    "12": "infra",
    **{str(10 + niveau): str(niveau) for niveau in range(3, 9)},
}


@on_scalar_too
def normalise_financeurs(values: pd.Series) -> pd.Series:
    """Return the known codes of `FINANCEURS` in each cell, parted by « | », each once.

    NA when the cell holds none.
    """
    return map_distinct(as_text(values), lambda cell: _known(cell, FINANCEURS)).astype("str")


def _known(cell: str, accepted: Mapping[str, str]) -> str | None:
    codes = (code.strip().lstrip("0") or "0" for code in cell.split("|") if code.strip())
    return "|".join(dict.fromkeys(code for code in codes if code in accepted)) or None


@on_scalar_too
def normalise_publics(values: pd.Series) -> pd.Series:
    """Return the Formacode codes of publics (8 and four digits) in each cell, parted by « | ».

    NA when the cell holds none.
    """

    def keep(cell: str) -> str | None:
        return "|".join(dict.fromkeys(re.findall(r"\b8\d{4}\b", cell))) or None

    return map_distinct(as_text(values), keep).astype("str")


@on_scalar_too
def normalise_niveau_entree(values: pd.Series, *, notation: str) -> pd.Series:
    """Return the entry level, a key of `NIVEAUX_ENTREE`; NA when it is not told.

    Under `lheo` the codes are those of `dict-niveaux` (0 is not told, 1 is none
    required); another notation accepts the keys themselves.
    """
    table = _ENTREE_LHEO if notation == "lheo" else {key.upper(): key for key in NIVEAUX_ENTREE}
    return as_code(values).map(table).astype("str")


@on_scalar_too
def read_frais_restants(values: pd.Series) -> pd.Series:
    """Read what is left to pay for the person: « 1 » when it is free, « 0 » when not, else NA.

    A training without price is not free: nothing is read from an absent text, nor from a sentence
    that does not decide.
    """

    def decide(cell: str) -> str | None:
        plain = fold(cell)
        if _FRAIS_NULS.fullmatch(plain):
            return "1"
        is_due = _MONTANT.search(cell) or (plain.startswith("frais") and "a la charge d" in plain)
        return "0" if is_due else None

    return map_distinct(as_text(values), decide).astype("str")


def public_label(code: str) -> str:
    """Return a public in words."""
    return PUBLICS.get(code, f"Public {code} du Formacode")
