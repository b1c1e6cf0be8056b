"""What the words of a search name of an offer: what our sources hold is told of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from geoapp.offer.filters import Option
from geoapp.offer.search.columns import ColonneFiltre
from geoapp.offer.search.model import Texte
from geoapp.reference.codes.diplomas import GENERIQUES, split_head
from geoapp.reference.codes.domains import DOMAINE_AUTRE, domain_of

PART_DU_SUJET = 0.9
"""Least part of what answers some words, wherever it is, that their domain holds."""


def name_subject(
    colonnes: Mapping[str, ColonneFiltre], answers: np.ndarray, texte: Texte
) -> dict[str, Option]:
    """Return the domain and the kind of diploma that some words name, as their filters have them.

    A kind is named by what the words start with, as a title is read (« CAP fleuriste »).  A domain
    is that of the trainings that answer, wherever these are; where no training does, that of the
    jobs understood and of the words themselves, by the rules that give trainings theirs.  Words may
    name neither, or several domains.
    """
    if not texte.dit.strip():
        return {}
    notation, _ = split_head(texte.dit)
    codes = {
        "domaine": _domain(colonnes["domaine"], answers, texte),
        "type_diplome": notation.code if notation else "",
    }
    return {
        nom: colonnes[nom].options[colonnes[nom].rang_de[code]]
        for nom, code in codes.items()
        if code and code != DOMAINE_AUTRE and code not in GENERIQUES
    }


def _domain(domaines: ColonneFiltre, answers: np.ndarray, texte: Texte) -> str:
    """Return the code of the domain that some words name; "" for several."""
    numbers = domaines.count(np.flatnonzero(answers))
    if numbers.any():
        best = int(numbers.argmax())
        is_subject = numbers[best] >= PART_DU_SUJET * numbers.sum()
        return domaines.options[best].valeur if is_subject else ""
    return domain_of("|".join(metier.code for metier in texte.metiers), texte.dit)
