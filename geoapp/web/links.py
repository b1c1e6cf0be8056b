"""Addresses of a search: pages, chips, sheets, exports; a private one never holds its position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from flask import request, url_for

from geoapp.offer.filters import FILTRES
from geoapp.offer.search.model import Requete
from geoapp.offer.search.requests import to_parameters
from geoapp.offer.search.street_places import VOIE
from geoapp.web.figures import EMPRISES
from geoapp.web.presentation import Query

POSITIONS = ("lat", "lon")
EXPORTS = (
    ("csv", "Télécharger en CSV"),
    ("xlsx", "Télécharger en XLSX"),
    ("geojson", "Télécharger en GeoJSON"),
    ("gpkg", "Télécharger en GeoPackage"),
    ("parquet", "Télécharger en GeoParquet"),
    ("lisez-moi", "Notice du CSV"),
)

Parametres = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Lien:
    """One address, its words, and what it stands for."""

    nom: str
    libelle: str
    adresse: str
    valeur: str = ""


class Adresses:
    """Addresses of one search; those of a private one (by position) never hold the position."""

    def __init__(self, requete: Requete, *, est_privee: bool):
        pairs = to_parameters(requete)
        self.est_privee = est_privee
        self.partage = pairs
        self.parametres = (
            [pair for pair in pairs if not is_position(*pair)] if est_privee else pairs
        )

    def _query(
        self, *, sans: Parametres = (), noms: tuple[str, ...] = ("page",), avec: Parametres = ()
    ) -> Query:
        """Return the parameters of the search, some pairs and some names left out, others added."""
        kept = [pair for pair in self.parametres if pair not in sans and pair[0] not in noms]
        return grouped([*kept, *avec])

    def page(self, numero: int) -> str:
        """Return the address of another page of the list."""
        return url_for(
            "search.index", **self._query(avec=[("page", str(numero))] if numero > 1 else [])
        )

    def without(self, nom: str, valeur: str | None = None) -> str:
        """Return the address of the search without one parameter, or one value of it."""
        kept = (
            self._query(noms=("page", nom)) if valeur is None else self._query(sans=[(nom, valeur)])
        )
        return url_for("search.index", **kept)

    def widened(self, nom: str, valeur: str) -> str:
        """Return the address of the search in another radius, or in another time."""
        return url_for(
            "search.index",
            **self._query(noms=("page", "rayon", "seuil_min"), avec=[(nom, valeur)]),
        )

    def within(self, types: Sequence[str]) -> str:
        """Return the address of the search within all the zones of some zonings."""
        return url_for("search.index", **self._query(avec=[("zone", nom) for nom in types]))

    def without_filters(self) -> str:
        """Return the address of the search without its filters."""
        return url_for("search.index", **self._query(noms=("page", *FILTRES)))

    def sheet(self, adresse: str) -> str:
        """Return the address of a sheet that knows the search it was opened from."""
        return _with_query(
            request.script_root + adresse, url_for("search.index", **self._query(noms=()))
        )

    def to_print(self) -> str:
        """Return the address of the list to print."""
        return url_for(
            "search.print_list",
            **({} if self.est_privee else self._query(noms=("page", "taille"))),
        )

    def export(self, format: str) -> str:
        """Return the address of the export of every result."""
        base = url_for("api.export", format=format)
        return (
            base
            if self.est_privee
            else _with_query(base, url_for("search.index", **self._query(noms=("page", "taille"))))
        )

    def query(self) -> str:
        """Return the parameters of the search as the query of an address."""
        return urlencode(self.parametres)

    def to_share(self) -> str:
        """Return the address that a person chose to share: it holds the position, rounded."""
        return url_for("search.index", **grouped(self.partage))

    def actions(self) -> list[Lien]:
        """Return what can be done with the results."""
        files = [Lien(nom, libelle, self.export(nom)) for nom, libelle in EXPORTS]
        printed = Lien("imprimer", "Imprimer la liste", self.to_print())
        return [printed, *files, *self._figure(), *self._embed()]

    def _embed(self) -> list[Lien]:
        """Return where the search is set in another site; one with a position is not."""
        if any(is_position(*pair) for pair in self.partage):
            return []
        address = url_for("embed.index", **self._query(noms=("page", "taille")))
        return [Lien("integrer", "Intégrer dans un site", address)]

    def _figure(self) -> list[Lien]:
        """Return the static map of the results, when a figure can show just them.

        It can when the search is filters alone, in the region or in one zone.
        """
        territories = [valeur for nom, valeur in self.parametres if nom in ("lieu", "zone")]
        kept = [
            (nom, valeur) for nom, valeur in self.parametres if nom in FILTRES and nom != "zone"
        ]
        others = {nom for nom, _ in self.parametres} - {
            *FILTRES,
            "lieu",
            "rayon",
            "seuil_min",
            "mode",
            "sans_voiture",
            "tri",
            "page",
            "taille",
        }
        if (
            self.est_privee
            or others
            or len(territories) > 1
            or (territories and territories[0].partition(":")[0] not in EMPRISES)
        ):
            return []
        return [
            Lien(
                "figure",
                "Carte pour un rapport (PNG)",
                url_for(
                    "figures.figure",
                    type="offre",
                    format="png",
                    **grouped([*kept, *(("emprise", one) for one in territories)]),
                ),
            )
        ]


def is_position(nom: str, valeur: str) -> bool:
    """Tell whether a parameter tells where somebody starts from: a point, a map, a street."""
    return nom in (*POSITIONS, "emprise") or (nom == "lieu" and valeur.startswith(f"{VOIE}:"))


def grouped(pairs: Parametres) -> Query:
    """Return pairs as the parameters of an address."""
    result: Query = {}
    for nom, valeur in pairs:
        result.setdefault(nom, []).append(valeur)
    return result


def _with_query(adresse: str, autre: str) -> str:
    """Return an address with the query of another one."""
    _, _, query = autre.partition("?")
    return f"{adresse}?{query}" if query else adresse


def mail_link(objet: str, lignes: Sequence[str]) -> str:
    """Return a `mailto:` link without recipient, which a person sends to whom they want."""
    fields = {"subject": objet, "body": "\r\n".join(lignes)}
    return f"mailto:?{urlencode(fields, quote_via=quote)}"
