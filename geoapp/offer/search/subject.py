"""The domain that the words of a search name: what our sources hold is told of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geoapp.offer.filters import Option
from geoapp.offer.search.columns import ColonneFiltre
from geoapp.offer.search.model import Texte
from geoapp.reference.codes.domains import DOMAINE_AUTRE, assign_domaine

PART_DU_SUJET = 0.9
"""Least part of what answers some words, wherever it is, that their domain holds."""


def name_domain(domaines: ColonneFiltre, answers: np.ndarray, texte: Texte) -> Option | None:
    """Return the domain that some words name, as its filter has it; None for none, or several.

    The domain of the trainings that answer them, wherever these are; where no training does, that
    of the jobs understood and of the words themselves, by the rules that give trainings theirs.
    """
    if not texte.dit.strip():
        return None
    numbers = domaines.count(np.flatnonzero(answers))
    if numbers.any():
        best = int(numbers.argmax())
        is_subject = numbers[best] >= PART_DU_SUJET * numbers.sum()
        found = domaines.options[best] if is_subject else None
    else:
        romes = "|".join(metier.code for metier in texte.metiers)
        asked = pd.DataFrame({"code_rome": [romes], "intitule": [texte.dit]})
        code = assign_domaine(asked)["code_domaine"].iloc[0]
        found = domaines.options[domaines.rang_de[code]]
    return None if found is None or found.valeur == DOMAINE_AUTRE else found
