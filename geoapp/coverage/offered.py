"""How what is counted is named: trainings, or places of information; nouns and their agreements."""

from __future__ import annotations

from dataclasses import dataclass

from geoapp.core.french import count
from geoapp.coverage.model import INFORMATION, Question, in_households
from geoapp.coverage.travel.modes import MODES


@dataclass(frozen=True, kw_only=True)
class Nom:
    """A noun as sentences need it: `un` and `des` (one, several), what holds it, its gender."""

    un: str
    des: str
    tenant: str
    est_feminin: bool

    @property
    def e(self) -> str:
        """Return what an adjective ends with: « placé », « placée »."""
        return "e" if self.est_feminin else ""

    @property
    def une(self) -> str:
        """Return one of them: « une formation », « un lieu d'information »."""
        return f"un{self.e} {self.un}"

    @property
    def aucune(self) -> str:
        """Return none of them: « aucune formation »."""
        return f"aucun{self.e} {self.un}"

    @property
    def la(self) -> str:
        """Return it with its article: « la formation », « le lieu d'information »."""
        return f"{'la' if self.est_feminin else 'le'} {self.un}"

    @property
    def le_plus(self) -> str:
        """Return the superlative: « la plus (proche) »."""
        return f"{'la' if self.est_feminin else 'le'} plus"

    def count(self, nb: int) -> str:
        """Return a number of them: « 2 lieux d'information »."""
        return count(nb, self.un, self.des)


FORMATION = Nom(un="formation", des="formations", tenant="organisme", est_feminin=True)
LIEU = Nom(
    un="lieu d'information",
    des="lieux d'information",
    # A place of information closes alone, whatever network it is of.
    tenant="lieu",
    est_feminin=False,
)


def is_information(question: Question) -> bool:
    """Tell whether a question counts places of information."""
    return question.offre == INFORMATION


def name_offer(question: Question) -> Nom:
    """Return the noun of what a question counts."""
    return LIEU if is_information(question) else FORMATION


_TOURS = (
    ("la formation la plus proche", "le lieu d'information le plus proche"),
    ("une par formation et lieu", "chacun une fois"),
    ("Formations dont le lieu est", "Lieux d'information qui sont"),
    ("Lieux distincts de formation", "Adresses distinctes de lieux d'information"),
    ("que grâce à des formations", "que grâce à des lieux"),
    ("Organismes distincts qui forment", "Lieux distincts qui informent"),
    ("d'une formation", "d'un lieu d'information"),
    ("et aucune par", "et aucun par"),
    ("une formation", "un lieu d'information"),
    ("sans formation", "sans lieu d'information"),
    ("Organisme sans lequel", "Lieu sans lequel"),
    ("Organismes", "Lieux d'information"),
    ("Formations", "Lieux d'information"),
)
"""Phrases of our own fixed texts, about trainings and about places of information."""


def worded(texte: str, question: Question) -> str:
    """Return a fixed text (title or meaning of a number) in the words of what is counted, and of
    whom.
    """
    for tour, autre in _TOURS if is_information(question) else ():
        texte = texte.replace(tour, autre)
    return in_households(texte, question.public)


SANS_OBJET = ("nb_offreurs", "nb_places", "population_saturee")
"""Numbers that places of information do not have."""


def counted_numbers(question: Question, names) -> list[str]:
    """Return the names of the numbers that have a sense for what a question counts."""
    left_out = set(SANS_OBJET if is_information(question) else ())
    if not MODES[question.mode].sans_voiture or question.unite != "min":
        left_out.add("population_sans_voiture")
    return [nom for nom in names if nom not in left_out]
