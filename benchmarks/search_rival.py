"""What the rivals share: the offers laid out for a database, the words of a text, counts out of a
cube.

The same is asked of each: the total, the first page of 20, the live counts of
domain, level and voie (each without its own choice), where fully remote trainings
count wherever the search is.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
import pandas as pd
from rapidfuzz import process
from rapidfuzz.distance import OSA

from benchmarks.queries import FILTERS
from geoapp.offer.filters import INCONNU
from geoapp.offer.search.engine import Moteur
from geoapp.offer.search.model import Requete
from geoapp.offer.search.words import VIDES, split_words
from geoapp.reference.codes.text import fold

COLUMNS = {"domaine": "code_domaine", "niveau": "niveau_sortie", "voie": "voie"}
_TEXT = (
    "type_diplome",
    "metiers",
    "mots",
    "code_rome",
    "code_rncp",
    "code_nsf",
    "code_formacode",
    "code_cfd",
    "code_certifinfo",
)


@dataclass(frozen=True)
class Answer:
    """What a rival answers: rows are ranks by title, as in the engine."""

    total: int
    rows: list[int]
    facets: dict[str, dict[str, int]]


@dataclass(frozen=True)
class Offers:
    """The offers of an engine as a database would hold them; fully remote ones are apart."""

    offres: pd.DataFrame
    distantes: pd.DataFrame
    lieux: pd.DataFrame
    lieux_zones: pd.DataFrame
    textes: pd.DataFrame


def lay_out(moteur: Moteur) -> Offers:
    """Return offers (rank by title, place, text, three filters), places, their zones and the
    distinct texts.
    """
    table = (
        pd.DataFrame(moteur.snapshot.read("offres").drop(columns="geometry"))
        .iloc[moteur.ordre]
        .reset_index(drop=True)
    )
    offres = pd.DataFrame(
        {"offre": np.arange(len(table)), "lieu": moteur.lieu, "paire": moteur.paire}
    )
    for nom, colonne in COLUMNS.items():
        offres[nom] = table[colonne].astype("object").fillna(INCONNU).to_numpy()
    zones = (
        pd.DataFrame({"zone": table["zones"].astype("object"), "lieu": moteur.lieu})
        .query("lieu >= 0")
        .drop_duplicates()
    )
    zones = (
        zones.assign(zone=zones["zone"].str.split("|"))
        .explode("zone")
        .drop_duplicates()
        .sort_values(["zone", "lieu"])
    )
    lieux = pd.DataFrame(
        {
            "lieu": np.arange(len(moteur.longitudes)),
            "lon": moteur.longitudes,
            "lat": moteur.latitudes,
        }
    )
    return Offers(
        offres=offres[~moteur.a_distance],
        distantes=offres.loc[moteur.a_distance, ["paire", *COLUMNS]],
        lieux=lieux,
        lieux_zones=zones[zones["zone"].ne("")],
        textes=_texts(moteur, table),
    )


def _texts(moteur: Moteur, table: pd.DataFrame) -> pd.DataFrame:
    """Return title, other words and name of body of each distinct (document, body) pair."""
    first = np.unique(moteur.paire, return_index=True)[1]
    drawn = table.iloc[first]
    formations = (
        moteur.snapshot.read("formations").set_index("id_formation").loc[drawn["id_formation"]]
    )
    autres = formations[_TEXT[0]].astype("object").fillna("")
    for nom in _TEXT[1:]:
        autres = autres + " " + formations[nom].astype("object").fillna("")
    return pd.DataFrame(
        {
            "paire": np.arange(len(first)),
            "intitule": formations["intitule"].astype("object").to_numpy(),
            "autres": autres.str.replace("|", " ").to_numpy(),
            "organisme": drawn["nom_organisme"].astype("object").fillna("").to_numpy(),
        }
    )


class Vocabulary:
    """The words that texts hold: a word unknown takes the nearest one, by `rapidfuzz`."""

    def __init__(self, words):
        self.words = sorted(words)

    def read(self, texte: str) -> list[str]:
        """Return the words of a text, corrected, without their plural."""
        return [self._nearest(word) for word in split_words(fold(texte)) if word not in VIDES]

    def _nearest(self, word: str) -> str:
        word = word[:-1] if len(word) > 3 and word[-1] in "sx" else word
        at = bisect_left(self.words, word)
        if (at < len(self.words) and self.words[at].startswith(word)) or len(word) < 4:
            return word
        found = process.extractOne(
            word, self.words, scorer=OSA.distance, score_cutoff=1 if len(word) < 8 else 2
        )
        return found[0] if found else word


def count_cube(cells: list[tuple], requete: Requete) -> tuple[int, dict[str, dict[str, int]]]:
    """Return the total and the live counts out of cells counted before these filters: domain,
    level, voie, number, whether they are remote.  The total is of what is somewhere.
    """
    kept = [set(requete.filtres.values_of(nom)) for nom in FILTERS]
    total, facets = 0, {nom: {} for nom in FILTERS}
    for *values, nb, is_remote in cells:
        failed = [i for i, wanted in enumerate(kept) if wanted and values[i] not in wanted]
        total += nb if not failed and not is_remote else 0
        for i, nom in enumerate(FILTERS):
            if not failed or failed == [i]:
                facets[nom][values[i]] = facets[nom].get(values[i], 0) + nb
    return total, facets


def where_filters(requete: Requete, mark: str) -> tuple[str, list[str]]:
    """Return the condition on the three filters and its values; `mark` is how the database writes a
    parameter.
    """
    parts, values = [], []
    for nom in FILTERS:
        if chosen := requete.filtres.values_of(nom):
            parts.append(f"o.{nom} IN ({', '.join([mark] * len(chosen))})")
            values += chosen
    return " AND ".join(parts) or "1 = 1", values
