"""What the page « Usage » shows, as plain values in words; a small count is never told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import count, format_decimal, format_number
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import FILTRES
from geoapp.reference.zonings import ZONAGES
from geoapp.web.usage_count import OPEN_FILTERS
from geoapp.web.usage_store import ATTENTE_JOURS, GARDE_JOURS, JOURS_POUR_ETRE_DIT, Compte

RUBRIQUES = {
    "page": "Pages",
    "recherche": "Recherches",
    "filtre": "Filtres",
    "zone": "Zones",
    "fichier": "Fichiers",
    "api": "API",
    "texte": "Textes cherchés",
    "robot": "Robots",
}
"""Sections of the counts, in the order of the page."""

LIGNES = 20
"""Rows of a table of the page; the file has them all."""

Noms = Mapping[tuple[str, str], str]
"""What a person reads for a key of a section."""

LEGAL = (
    "Cette mesure ne lit ni n'écrit rien sur l'appareil des visiteurs : aucun traceur, et donc "
    "aucun consentement à demander (article 82 de la loi du 6 janvier 1978). Elle ne garde ni "
    "adresse IP, ni identifiant, ni lieu ou position cherchés, et ne suit personne d'une page à "
    "l'autre : seulement des sommes par jour, effacées après "
    f"{GARDE_JOURS // 30} mois. Un texte cherché n'est écrit que s'il l'a été "
    f"{JOURS_POUR_ETRE_DIT} jours différents ; jusque-là il n'en reste qu'une empreinte à clé, "
    f"oubliée après {ATTENTE_JOURS} jours."
)
"""What the law wants told, on the page and in its file."""


def told(nb: int) -> str:
    """Return a count as it is shown."""
    return format_number(nb) if nb == 0 or nb >= PETIT_NOMBRE else f"moins de {PETIT_NOMBRE}"


def total(comptes: Iterable[Compte], rubrique: str, cle: str = "") -> int:
    """Return the sum of a section, or of one of its keys."""
    return sum(one.nb for one in comptes if one.rubrique == rubrique and cle in ("", one.cle))


def describe_usage(comptes: list[Compte], jours: int) -> list[str]:
    """Return the last days in sentences."""
    pages, fichiers = total(comptes, "page"), total(comptes, "fichier")
    searches = total(comptes, "recherche", "toutes")
    if not comptes:
        return ["Rien n'a encore été compté."]
    phrases = [
        f"En {jours} jours : {_times(pages, 'page vue', 'pages vues')}, "
        f"{_times(searches, 'recherche')}, {_times(fichiers, 'fichier pris', 'fichiers pris')}."
    ]
    empty = total(comptes, "recherche", "sans résultat")
    if searches >= PETIT_NOMBRE and (empty == 0 or empty >= PETIT_NOMBRE):
        share = format_decimal(100 * empty / searches, 1)
        phrases.append(f"{_times(empty, 'recherche')} sans résultat, soit {share} % d'entre elles.")
    return phrases


def _times(nb: int, singulier: str, pluriel: str | None = None) -> str:
    """Return a count with its word, a small one hidden."""
    if nb == 0 or nb >= PETIT_NOMBRE:
        return count(nb, singulier, pluriel)
    return f"{told(nb)} {pluriel or singulier + 's'}"


def labels(snapshot: Snapshot) -> Noms:
    """Return what a person reads for the filters and the zones of a snapshot."""
    kinds = {nom: row.singulier for nom, row in ZONAGES.items()}
    zones = snapshot.read("zones")[["type_zone", "code_zone", "nom"]].itertuples(index=False)
    found = {
        ("zone", f"{type_zone}:{code}"): f"{nom} ({kinds[type_zone]})"
        for type_zone, code, nom in zones
        if type_zone in kinds
    }
    for nom, filtre in FILTRES.items():
        found["filtre", nom] = filtre.libelle
        if nom not in OPEN_FILTERS:
            found |= {
                ("filtre", f"{nom}={one.valeur}"): f"{filtre.libelle} : {one.libelle}"
                for one in filtre.lister(snapshot)
            }
    return found


def tables(comptes: list[Compte], noms: Noms) -> list[dict]:
    """Return a table by section: its rows by count, the small ones last and hidden."""
    found = []
    for rubrique, titre in RUBRIQUES.items():
        sums: Counter[str] = Counter()
        for one in comptes:
            if one.rubrique == rubrique:
                sums[one.cle] += one.nb
        rows = sorted(sums.items(), key=lambda row: (-_rank(row[1]), row[0]))
        if rows:
            lignes = [
                {"nom": noms.get((rubrique, cle), cle), "nb": told(nb)} for cle, nb in rows[:LIGNES]
            ]
            reste = len(rows) - len(lignes)
            found.append({"nom": rubrique, "titre": titre, "lignes": lignes, "reste": reste})
    return found


def _rank(nb: int) -> int:
    """Return a count by which to sort: the order of small ones would tell them."""
    return nb if nb >= PETIT_NOMBRE else 0


def months(comptes: list[Compte]) -> list[dict]:
    """Return one row by month, the newest first."""
    return [
        {
            "mois": mois,
            "pages": told(total(mine, "page")),
            "recherches": told(total(mine, "recherche", "toutes")),
            "vides": told(total(mine, "recherche", "sans résultat")),
            "fichiers": told(total(mine, "fichier")),
            "api": told(total(mine, "api")),
        }
        for mois in dict.fromkeys(one.jour for one in comptes)
        if (mine := [one for one in comptes if one.jour == mois])
    ]
