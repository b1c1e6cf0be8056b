"""Words of white zones, as rows: why a point is one, how solid it is, and what each word means."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Terme:
    """A word and its meaning; its form for several communes, and for the offer itself."""

    libelle: str
    definition: str
    pluriel: str = ""
    de_l_offre: str = ""


CAUSES = {
    "sans_offre": Terme(
        libelle="sans offre",
        definition="rien jusqu'au double du seuil",
        pluriel="sans offre",
        de_l_offre="absente",
    ),
    "eloignee": Terme(
        libelle="éloignée",
        definition="une offre entre le seuil et son double",
        pluriel="éloignées",
        de_l_offre="éloignée",
    ),
    "sans_voiture": Terme(
        libelle="trop loin sans voiture",
        definition="une offre à portée en voiture dans le même temps, aucune par le mode choisi",
        pluriel="trop loin sans voiture",
        de_l_offre="trop loin sans voiture",
    ),
    "saturee": Terme(
        libelle="saturée",
        definition="une offre proche, mais moins du quart de l'accessibilité moyenne",
        pluriel="saturées",
        de_l_offre="saturée",
    ),
}
"""Why a point is a white zone, from the worst."""

SOLIDITES = {
    "robuste": Terme(
        libelle="robuste",
        definition="reste blanche avec un seuil de 25 % plus court ou plus long (de toute l'erreur "
        "des trajets quand elle est plus grande), et sans les positions douteuses",
    ),
    "fragile": Terme(
        libelle="fragile",
        definition="cesse de l'être quand le seuil change d'autant",
    ),
    "incertaine": Terme(
        libelle="incertaine",
        definition="l'offre n'y est connue qu'en partie : "
        "une formation que nos sources n'ont pas peut la couvrir",
    ),
}
"""Whether a white zone stays one when what is asked changes a little."""


INCERTAINE = "incertaine"


def name_term(code, termes: dict[str, Terme]) -> str:
    """Return the word of a cause or solidity, with its capital; "" when there is none."""
    return termes[code].libelle.capitalize() if isinstance(code, str) else ""
