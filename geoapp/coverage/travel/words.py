"""What a cost is worth, in words: its source, how far it is wrong, beside every number shown.

Errors are those of the matrix (`erreurs` for the minutes, `erreurs_km` for the kilometres, by band
of straight line: parts, as 0.1 for 10 %).  What has no known error is said to have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from geoapp.core.french import format_decimal, say_minutes, with_unit
from geoapp.coverage.travel.modes import MODES, UNITES

_CLES = {"km": "erreurs_km", "min": "erreurs"}
_DETOUR = 1.3
"""Road kilometres by kilometre of straight line, to find the band of a cost in kilometres."""


@dataclass(frozen=True)
class Erreur:
    """How far costs are wrong: half of them less than `mediane`, nine in ten less than `p90`.

    `nb` trips were measured; none when the error is declared.
    """

    mediane: float
    p90: float
    nb: int


def error_at(parametres: Mapping, unite: str, cout: float) -> Erreur | None:
    """Return the error of costs around one, in the unit asked; None when it is not known.

    The band is that of the straight line of such a cost; where a provider does not tell its
    minutes (`a_min`), the widest error of all bands stands for each.
    """
    bands = [one for one in parametres.get(_CLES[unite]) or () if one.get("p90") is not None]
    if not bands:
        return None
    if unite == "km":
        ends = [one["a_km"] * _DETOUR for one in bands]
    elif all("a_min" in one for one in bands):
        ends = [one["a_min"] for one in bands]
    else:
        return _error(max(bands, key=lambda one: one["p90"]))
    return _error(
        next((one for one, end in zip(bands, ends, strict=True) if cout < end), bands[-1])
    )


def _error(band: Mapping) -> Erreur:
    return Erreur(float(band["mediane"]), float(band["p90"]), int(band.get("nb") or 0))


def describe_error(erreur: Erreur | None) -> str:
    """Return an error in words: « à 10 % près une fois sur deux »."""
    if erreur is None:
        return "erreur inconnue"
    return f"à {_percent(erreur.mediane)} près une fois sur deux"


def describe_cost(parametres: Mapping, unite: str, cout: float) -> str:
    """Return a cost with its error: « environ 25 min, à 10 % près une fois sur deux »."""
    if unite == "min" and cout < 1:
        return "moins d'une minute"
    # A figure finer than its error would be believed.
    if unite == "min":
        shown = say_minutes(cout)
    else:
        shown = with_unit(format_decimal(cout, 1 if cout < 10 else 0), unite)
    return f"environ {shown}, {describe_error(error_at(parametres, unite, cout))}"


def describe_cost_limit(cout: float, unite: str) -> str:
    """Return a limit as it is: « 120 minutes »."""
    return with_unit(format_decimal(cout, 0), UNITES[unite].mot)


def describe_precision(parametres: Mapping, *, mode: str, unite: str, seuil: float) -> str:
    """Return in one sentence where costs come from, and how far they are wrong at a threshold.

    « Trajets à vélo : loi calée sur… (2026). Vers 30 minutes, ils sont justes à 15 % près une fois
    sur deux, à 35 % près neuf fois sur dix (erreur déclarée, non mesurée). »
    """
    source = ", ".join(
        str(parametres[nom]) for nom in ("fournisseur", "date") if parametres.get(nom)
    )
    credit = str(parametres.get("licence") or "")
    # Who made the data is told beside the numbers where the licence asks for it.
    owed = f" ({credit})" if "©" in credit else ""
    told = f"Trajets {MODES[mode].phrase} : {source or 'source inconnue'}{owed}."
    erreur = error_at(parametres, unite, seuil)
    if erreur is None:
        return f"{told} Leur erreur n'est pas connue."
    where = with_unit(format_decimal(seuil), UNITES[unite].mot)
    how = "mesurée" if erreur.nb else "déclarée, non mesurée"
    return (
        f"{told} Vers {where}, ils sont justes {describe_error(erreur)}, "
        f"à {_percent(erreur.p90)} près neuf fois sur dix (erreur {how})."
    )


def _percent(part: float) -> str:
    return with_unit(format_decimal(part * 100, 0), "%")
