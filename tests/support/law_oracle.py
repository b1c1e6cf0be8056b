"""The laws of travel by their formula alone, from their file: nothing of `coverage/travel`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

TOLD = json.loads(
    (Path(__file__).resolve().parents[2] / "geodata" / "lois_trajets.json").read_text("utf-8")
)["lois"]


def oracle(mode: str, cost: str, crow, density_o, density_d) -> np.ndarray:
    """Return the minutes (`temps`) or road kilometres (`route`) of straight lines above 0 (km)."""
    told, crow = TOLD[mode], np.asarray(crow, dtype=float)
    ends = [
        np.log(1 + np.where(np.isnan(one), told["densite_type"], one) / 100)
        for one in (density_o, density_d)
    ]
    m = (ends[0] + ends[1]) / 2

    def curve(one: dict) -> np.ndarray:
        near, far, core = one["densite"]
        first, second, third = one["pentes"]
        power = crow**first * np.maximum(crow / 5, 1) ** second * np.maximum(crow / 25, 1) ** third
        fading = np.exp(-crow / 15)
        effect = m * (near * fading + far * (1 - fading)) + core * np.maximum(m - 3, 0)
        return np.exp(one["constante"] + effect) * power

    if cost == "route":
        return np.maximum(curve(told["route"]), crow)
    minutes = curve(told["temps"])
    if told.get("plafond"):
        minutes = np.where(crow < 5, np.minimum(minutes, curve(told["plafond"])), minutes)
    return minutes
