"""What a judgement of travel costs says, as a table for people and as JSON for programs."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from geoapp.core.french import count, format_decimal, format_number
from geoapp.coverage.travel.judging import Judgement
from geoapp.coverage.travel.law import Bande, Law
from geoapp.coverage.travel.modes import MODES
from geoapp.coverage.travel.pairs import Pairs

_TETE = ("bande", "paires", "biais", "médiane", "p90", "biais", "médiane", "p90")


def to_json(pairs: Pairs, one: Judgement, others: list[Judgement]) -> dict:
    """Return a judgement and, in short, those of other laws: parts (0.09 is 9 %), kilometres."""
    return {
        "fichier": pairs.nom,
        "mode": one.mode,
        "nb_paires": len(pairs),
        "nb_exclues": pairs.nb_exclues,
        "nb_hors_bandes": one.nb_hors_bandes,
        "bandes": [
            {
                "de_km": minutes.de_km,
                "a_km": minutes.a_km,
                "nb": minutes.nb,
                "minutes": _parts(minutes),
                "km": _parts(road),
            }
            for minutes, road in zip(one.minutes, one.road_km, strict=True)
        ],
        "ensemble": {"nb": one.total.nb, "minutes": _parts(one.total), "km": _parts(one.total_km)},
        "autres_lois": {
            other.mode: {"minutes": _parts(other.total), "km": _parts(other.total_km)}
            for other in others
        },
    }


def to_lines(pairs: Pairs, one: Judgement, others: list[Judgement], titre: str) -> list[str]:
    """Return a judgement as lines of a terminal."""
    lines = [
        f"{pairs.nom} : {count(len(pairs), 'trajet')} jugés, {titre}.",
        "Biais : médiane de (estimé / vrai − 1). Médiane, p90 : taille de l'écart, "
        "sous laquelle sont la moitié et neuf trajets sur dix.",
        "",
        f"{'':>12}{'':>9}  {'minutes':^24}  {'km par la route':^24}",
        _row(_TETE),
    ]
    rows = [*zip(one.minutes, one.road_km, strict=True), (one.total, one.total_km)]
    for minutes, road in rows:
        name = f"{minutes.de_km:.0f} à {minutes.a_km:.0f} km"
        lines.append(_row((name, format_number(minutes.nb), *_percents(minutes), *_percents(road))))
    if pairs.nb_exclues:
        lines.append(f"Non jugés (même point, durée ou distance nulle) : {pairs.nb_exclues}.")
    if one.nb_hors_bandes:
        lines.append(f"Au-delà de {one.total.a_km:.0f} km, hors du tableau : {one.nb_hors_bandes}.")
    for other in others:
        bias, middle, _ = _percents(other.total)
        lines.append(
            f"Avec la loi « {MODES[other.mode].titre} » : "
            f"biais des minutes {bias}, écart médian {middle}."
        )
    return lines


def bands_table(law: Law) -> list[list[str]]:
    """Return the errors of a law by band, as cells: band, pairs, minutes (3), kilometres (3)."""
    return [
        [
            f"{minutes.de_km:.0f} à {minutes.a_km:.0f} km",
            format_number(minutes.nb),
            *_percents(minutes),
            *_percents(road),
        ]
        for minutes, road in zip(law.errors, law.errors_km, strict=True)
    ]


def _row(cells: tuple[str, ...]) -> str:
    """Return the cells of one line, aligned."""
    name, nb, *parts = cells
    return f"{name:>12}{nb:>9}  " + "  ".join(
        "".join(f"{cell:>8}" for cell in three) for three in (parts[:3], parts[3:])
    )


def _parts(band: Bande) -> dict:
    """Return the errors of a band without its bounds."""
    return {nom: value for nom, value in asdict(band).items() if nom in ("biais", "mediane", "p90")}


def _percents(band: Bande) -> tuple[str, str, str]:
    """Return the errors of a band as percentages, the bias with its sign; « — » when unknown."""
    if np.isnan(band.mediane):
        return "—", "—", "—"
    bias = "—" if band.biais is None else _percent(band.biais, is_signed=True)
    return bias, _percent(band.mediane), _percent(band.p90)


def _percent(part: float, *, is_signed: bool = False) -> str:
    sign = ("+" if part > 0 else "−" if part < 0 else "") if is_signed else ""
    return f"{sign}{format_decimal(abs(part) * 100, 1)} %"
