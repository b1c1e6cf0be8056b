"""French words of a map: its title and its summary."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoapp.core.french import count, in_region
from geoapp.core.snapshot import Snapshot
from geoapp.offer.counted import is_counted, is_remote
from geoapp.offer.filters import Filtres, describe_filters
from geoapp.offer.values import yes


def place_of(snapshot: Snapshot) -> str:
    """Return the region covered, with its preposition: « dans les Hauts-de-France »."""
    region = snapshot.manifest.get("nom_region", "")
    return in_region(region) if region else ""


def title_of(snapshot: Snapshot, offres: pd.DataFrame, filtres: Filtres) -> str:
    """Return the title of a map: count, region, and the filters in words."""
    suite = describe_filters(filtres)
    nb = count(len(offres), "formation connue", "formations connues")
    title = f"{nb} {place_of(snapshot)}".strip()
    return f"{title} : {suite}" if suite else title


@dataclass(frozen=True, kw_only=True)
class Resume:
    """What a map shows, in numbers of offers (and of places)."""

    nb_offres: int
    nb_lieux: int
    nb_placees: int
    nb_non_placees: int
    nb_a_distance: int
    nb_mairie: int
    nb_douteuses: int
    nb_fictives: int

    @property
    def phrases(self) -> list[str]:
        """Return the summary as sentences; what is zero and harmless is left out."""
        return [
            texte
            for texte in (
                self._placed(),
                self._imprecise(),
                self._unplaced(),
                self._remote(),
                self._fictitious(),
            )
            if texte
        ]

    def _placed(self) -> str:
        if not self.nb_offres:
            return (
                "Aucune formation de nos sources ne répond à ces filtres. "
                "Retirez un filtre ou élargissez le territoire."
            )
        sont = "est placée" if self.nb_placees < 2 else "sont placées"
        lieux = count(self.nb_lieux, "lieu", "lieux")
        if not self.nb_placees:
            return ""
        return f"{count(self.nb_placees, 'formation')} {sont} sur la carte, dans {lieux}."

    def _imprecise(self) -> str:
        parts = []
        if self.nb_mairie:
            leur = "sa" if self.nb_mairie < 2 else "leur"
            parts.append(
                f"{count(self.nb_mairie, 'formation')} à la mairie de {leur} commune, "
                "faute d'adresse plus précise"
            )
        if self.nb_douteuses:
            parts.append(
                f"{count(self.nb_douteuses, 'formation')} de position douteuse, à vérifier"
            )
        return f"Parmi elles : {' ; '.join(parts)}." if parts else ""

    def _unplaced(self) -> str:
        if not self.nb_non_placees:
            return "Aucune formation n'est sans position." if self.nb_offres else ""
        verbe = (
            "n'a pas pu être placée : elle figure"
            if self.nb_non_placees < 2
            else "n'ont pas pu être placées : elles figurent"
        )
        return f"{count(self.nb_non_placees, 'formation')} {verbe} seulement dans le tableau."

    def _remote(self) -> str:
        if not self.nb_a_distance:
            return ""
        one = self.nb_a_distance < 2
        told = count(self.nb_a_distance, "formation entièrement", "formations entièrement")
        where = "accessible partout : elle est" if one else "accessibles partout : elles sont"
        return f"{told} à distance, {where} dans le tableau, pas sur la carte."

    def _fictitious(self) -> str:
        told = count(self.nb_fictives, "formation fictive", "formations fictives")
        return f"{told} (démonstration)." if self.nb_fictives else ""


def summarise(offres: pd.DataFrame) -> Resume:
    """Return the numbers of a set of offers (columns of table `offres`)."""
    placees, nb_a_distance = offres[is_counted(offres)], int(is_remote(offres).sum())
    points = placees.geometry
    return Resume(
        nb_offres=len(offres),
        nb_lieux=len({(round(y, 5), round(x, 5)) for x, y in zip(points.x, points.y, strict=True)}),
        nb_placees=len(placees),
        nb_non_placees=len(offres) - len(placees) - nb_a_distance,
        nb_a_distance=nb_a_distance,
        nb_mairie=int(
            (placees["precision_position"].eq("commune") & ~yes(placees["est_douteuse"])).sum()
        ),
        nb_douteuses=int(yes(placees["est_douteuse"]).sum()),
        nb_fictives=int(offres["est_fictive"].sum()),
    )
