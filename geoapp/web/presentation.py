"""What the templates show, as plain values: nothing is decided in a template."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
from flask import Flask, Response, request, url_for

from geoapp import __version__
from geoapp.core.accessibility import load_audit
from geoapp.core.config import ROOT, Settings
from geoapp.core.errors import ParameterError
from geoapp.core.french import (
    NON_RENSEIGNE,
    count,
    dated,
    describe_position,
    format_date,
    format_number,
    of_place,
    say_licence,
    set_print,
    upper_first,
)
from geoapp.core.snapshot import Snapshot
from geoapp.offer.filters import FILTRES, Filtres, Option
from geoapp.offer.lookups import public_id
from geoapp.offer.perimeter import list_uncollected
from geoapp.offer.search.streets import Rues
from geoapp.offer.values import is_yes
from geoapp.reference.codes.identifiers import name_unnamed
from geoapp.reference.codes.levels import load_niveaux
from geoapp.reference.codes.voies import VOIES
from geoapp.sources.addresses import is_configured
from geoapp.sources.freshness import OBTENUES, served_sources
from geoapp.sources.usages import USAGES
from geoapp.web.acronyms import PageTemplate
from geoapp.web.served import courant, holder, signals, snapshot_or_none

Query = dict[str, Any]
"""Parameters of an address: by name, one value or the list of them.

`url_for` takes them by `**` among options of its own, of other types: hence `Any`.
"""

PAR_PAGE = 50

MODES = {
    "miroir": "fichier du miroir",
    "cache": "téléchargement gardé",
    "telechargement": "téléchargée",
    "demonstration": "données fictives",
    "produit": "fournie avec le produit",
    "absente": "absente",
}
"""Where a source was read, in words."""

RYTHMES_DITS = {"ponctuel": "livraison unique, aucune autre n'est annoncée"}
"""Rhythms that need more than their name."""

PRINCIPAUX = ("domaine", "niveau", "voie", "zone")
"""Filters that the map asks for first; the others are folded."""


@dataclass(frozen=True, kw_only=True)
class Champ:
    """One filter as a form shows it: options by group, those chosen."""

    nom: str
    libelle: str
    tous: str
    forme: str
    groupes: list[tuple[str, list[Option]]]
    choisies: frozenset[str]

    @property
    def est_principal(self) -> bool:
        """Tell whether the field is shown first, not folded with the others."""
        return self.nom in PRINCIPAUX or bool(self.choisies)

    @property
    def est_multiple(self) -> bool:
        """Tell whether a list must let several values be chosen."""
        return len(self.choisies) > 1


def form_fields(
    facettes: Mapping[str, list[Option]], filtres: Filtres, utiles: frozenset[str]
) -> list[Champ]:
    """Return the fields of the filter form: the useful filters, and those in use."""
    return [
        Champ(
            nom=nom,
            libelle=filtre.libelle,
            tous=filtre.tous,
            forme=filtre.forme,
            groupes=[
                (groupe, list(options))
                for groupe, options in groupby(facettes[nom], key=lambda option: option.groupe)
            ],
            choisies=frozenset(filtres.values_of(nom)),
        )
        for nom, filtre in FILTRES.items()
        if nom in utiles or nom in filtres.choix
    ]


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a long table: which rows, and the addresses around."""

    numero: int
    nb_pages: int
    nb_lignes: int
    precedente: str | None
    suivante: str | None

    @property
    def tranche(self) -> slice:
        """Return the rows of the page."""
        return slice((self.numero - 1) * PAR_PAGE, self.numero * PAR_PAGE)

    @property
    def phrase(self) -> str:
        """Return « Lignes 51 à 100 sur 4 219 »."""
        fin = min(self.numero * PAR_PAGE, self.nb_lignes)
        debut = min(self.tranche.start + 1, fin)
        bornes = f"{format_number(debut)} à {format_number(fin)}"
        return f"Lignes {bornes} sur {format_number(self.nb_lignes)}"


def paginate(nb_lignes: int) -> Page:
    """Return the page that the request asks for.

    Raises
    ------
    ParameterError
        When `page` is not a number, or is beyond the last page.
    """
    raw = request.args.get("page", "1")
    nb_pages = max(1, -(-nb_lignes // PAR_PAGE))
    if not (raw.isascii() and raw.isdigit() and len(raw) < 10 and 1 <= int(raw) <= nb_pages):
        raise ParameterError(f"page = « {raw} » : un nombre de 1 à {nb_pages} est attendu.")
    numero = int(raw)
    return Page(
        numero=numero,
        nb_pages=nb_pages,
        nb_lignes=nb_lignes,
        precedente=_page_link(numero - 1, nb_pages),
        suivante=_page_link(numero + 1, nb_pages),
    )


def _page_link(numero: int, nb_pages: int) -> str | None:
    """Return the address of another page with the same filters; None when there is none."""
    if not 1 <= numero <= nb_pages:
        return None
    kept: Query = {
        **(request.view_args or {}),
        **{nom: valeurs for nom, valeurs in request.args.lists() if nom != "page"},
    }
    # A page that is cut into pages was found: it has an endpoint.
    return url_for(str(request.endpoint), **kept, page=numero, _anchor="tableau")


def offer_rows(snapshot: Snapshot, offres: pd.DataFrame) -> list[dict[str, str]]:
    """Return offers as the rows of a table, every value in words."""
    niveaux = load_niveaux().set_index("niveau")["libelle"].to_dict()
    zones = snapshot.read("zones")
    emplois = zones[zones["type_zone"].eq("ze2020")].set_index("code_zone")["nom"].to_dict()
    return [_offer_row(row, niveaux, emplois) for row in offres.itertuples()]


def _offer_row(row, niveaux: dict, emplois: dict) -> dict[str, str]:
    zones = dict(zone.partition(":")[::2] for zone in (row.zones or "").split("|") if zone)
    est_placee = row.geometry is not None and not row.geometry.is_empty
    position = describe_position(row.precision_position, est_placee)
    return {
        "titre": row.titre,
        "adresse": url_for("search.sheet", identifiant=public_id(row.id_action)),
        "organisme": row.nom_organisme
        if pd.notna(row.nom_organisme)
        else name_unnamed(row.id_organisme) or NON_RENSEIGNE,
        "niveau": niveaux.get(row.niveau_sortie, NON_RENSEIGNE),
        "voie": VOIES.get(row.voie, NON_RENSEIGNE),
        "commune": _or_unknown(row.nom_commune),
        "zone_emploi": emplois.get(zones.get("ze2020"), "hors zone"),
        "position": f"{position}, douteuse" if is_yes(row.est_douteuse) else position,
        "est_fictive": row.est_fictive,
    }


def _or_unknown(value) -> str:
    return NON_RENSEIGNE if pd.isna(value) else value


def address_note(settings: Settings, rues: Rues) -> str:
    """Return how a search finds an address, in words."""
    if is_configured(settings):
        return "Adresse : tapez le numéro et la rue."
    if rues:
        return "Adresse : tapez la rue et la commune."
    return "Adresse : recherche à la commune."


def source_rows(snapshot: Snapshot) -> list[dict]:
    """Return the sources by usage, offers first, the absent ones last; NA becomes None."""
    ordre = {usage: rang for rang, usage in enumerate(USAGES)}
    rows = sorted(
        served_sources(snapshot),
        key=lambda row: (ordre.get(row["usage"], len(ordre)), row["mode"] == "absente"),
    )
    return [_source_row(row) for row in rows]


def source_groups(snapshot: Snapshot) -> list[dict]:
    """Return the sources by what they serve, in the order of `source_rows`."""
    groups: dict[str, dict] = {}
    for row in source_rows(snapshot):
        titre = upper_first(row["usage_dit"])
        groups.setdefault(row["usage"], {"usage": row["usage"], "titre": titre, "sources": []})[
            "sources"
        ].append(row)
    return list(groups.values())


def _say_usage(nom: str) -> str:
    """Return what a usage feeds, in words; one that an older version named, by its name."""
    return USAGES[nom].libelle if nom in USAGES else nom


def _source_row(row: dict) -> dict:
    """Return one source with its words, its safe link and its counts."""
    words = {
        "mode_dit": MODES.get(row["mode"], row["mode"]),
        "usage_dit": _say_usage(row["usage"]),
    }
    return {
        **row,
        **words,
        "lien": safe_link(row["adresse"]),
        "comptes": _counts(row),
        "resume": _summarise(row),
        "obtenue_dit": format_date(row["date_obtention"]) if row["date_obtention"] else "",
        "rythme_dit": RYTHMES_DITS.get(row["rythme"], row["rythme"] or ""),
    }


_COMPTES = (
    ("nb_lues", "Lignes lues"),
    ("nb_valides", "Valides"),
    ("nb_rejetees", "Rejetées"),
    ("nb_complements", "Complètent une autre offre"),
    ("nb_placees", "Placées"),
    ("nb_douteuses", "Position douteuse"),
    ("nb_hors_region", "Hors de la région"),
    ("nb_corrections", "Valeurs réparées"),
)


def _summarise(row: dict) -> str:
    """Return vintage and rows of a source in one line; nothing for one that was not read."""
    if row["nb_lues"] is None:
        return ""
    refused = [count(row["nb_rejetees"], "refusée")] if row["nb_rejetees"] else []
    return ", ".join(
        [
            *filter(None, [row["millesime"]]),
            count(row["nb_lues"], "ligne lue", "lignes lues"),
            *refused,
        ]
    )


def _counts(row: dict) -> list[tuple[str, str]]:
    """Return the known numbers of a source, in words."""
    return [(titre, format_number(row[nom])) for nom, titre in _COMPTES if row[nom] is not None]


def safe_link(adresse: str | None) -> str | None:
    """Return an address only when it is a plain web one."""
    if not adresse:
        return None
    parts = urlsplit(adresse)
    return adresse if parts.scheme in ("http", "https") and parts.netloc else None


def footer(snapshot: Snapshot) -> dict:
    """Return what the foot and the banner of every page say of the sources."""
    sources = snapshot.read("sources")
    fictives = sources.loc[sources["mode"].eq("demonstration"), "titre"].tolist()
    reelles = int(sources["mode"].isin(["miroir", "cache", "telechargement", "produit"]).sum())
    told = [count(reelles, "source réelle", "sources réelles")]
    if fictives:
        told.append(count(len(fictives), "source fictive", "sources fictives"))
    return {
        "fictives": fictives,
        "sources": ", ".join(told),
        "licences": _licences(sources),
        "date": _day(snapshot.manifest.get("cree_le", "")),
    }


def _licences(sources: pd.DataFrame) -> str:
    """Return the licences of the sources held, in a few words."""
    held = set(sources.loc[sources["mode"].ne("absente"), "licence"].dropna())
    told = sorted(one for one in held if "non précisée" not in one)
    if len(told) < len(held):
        told.append("licence non précisée")
    return " ou ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _day(moment: str) -> str:
    """Return an ISO moment as « 22/11/2026 à 21 h 04 (UTC) »."""
    date, _, heure = moment.partition("T")
    if len(date) != 10:
        return moment
    return f"{date[8:]}/{date[5:7]}/{date[:4]}" + (
        f" à {heure[:2]} h {heure[3:5]} (UTC)" if len(heure) >= 5 else ""
    )


@cache
def _digest(path: str) -> str:
    return hashlib.sha256((ROOT / "static" / path).read_bytes()).hexdigest()[:10]


def static_url(path: str) -> str:
    """Return the address of a file of `static/`; it changes when the file does."""
    return url_for("static", filename=path, v=_digest(path))


def _keep_for_ever(response: Response) -> Response:
    """Let browsers and proxies keep a file of `static/` whose address holds its digest."""
    # A file was sent: what OPTIONS or a mistake name may not be one.
    is_sent = request.method in ("GET", "HEAD") and response.status_code in (200, 304)
    if not is_sent or request.endpoint != "static":
        return response
    if request.args.get("v") == _digest((request.view_args or {})["filename"]):
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@dataclass(frozen=True, kw_only=True)
class ColonneTriable:
    """One sortable column: title, meaning, the address that sorts by it, how it is sorted now."""

    nom: str
    titre: str
    sens: str = ""
    adresse: str
    aria: str = "none"


@dataclass(frozen=True)
class Entree:
    """One entry of the menu: its page, its label, whether it holds every page of its blueprint."""

    page: str
    libelle: str
    est_rubrique: bool = False
    dessous: tuple[Entree, ...] = ()

    def holds(self, endpoint: str | None) -> bool:
        """Tell whether a page is the one of this entry, or one of those under it."""
        family = self.page.partition(".")[0] + "."
        return (
            endpoint == self.page
            or (self.est_rubrique and (endpoint or "").startswith(family))
            or any(entree.holds(endpoint) for entree in self.dessous)
        )


DONNEES = (
    Entree("downloads.index", "Télécharger"),
    Entree("pages.sources", "Sources"),
    Entree("quality.index", "Qualité", est_rubrique=True),
    Entree("pages.rejects", "Lignes refusées"),
    Entree("api.index", "API"),
    Entree("ogc.index", "Dans QGIS", est_rubrique=True),
    Entree("embed.index", "Dans un site"),
)
"""The pages about the data, which have one word of the menu between them."""

TERRITOIRES = (
    Entree("territories.index", "Territoires", est_rubrique=True),
    Entree("dashboard.index", "L'essentiel"),
    Entree("needs.index", "Besoins et offre"),
    Entree("trained.index", "Qui se forme ?"),
)
"""The pages about one territory: its offer, its figures, its need, its pupils."""

COUVERTURE = (
    Entree("coverage.index", "Couverture"),
    Entree("planning.sites", "Où ouvrir ?"),
    Entree("planning.what_if", "Et si ?"),
)
"""The pages about who is near what, today and if something opened."""

MENU = (
    Entree("search.index", "Formations"),
    Entree("pages.regional_map", "Carte"),
    Entree("territories.index", "Territoires", dessous=TERRITOIRES),
    Entree("coverage.index", "Couverture", est_rubrique=True, dessous=COUVERTURE),
    Entree("downloads.index", "Données", dessous=DONNEES),
)
"""The menu of every page, in its order: five words at most."""

SELECTION_MAX = 4
"""Trainings kept and compared side by side: more can neither be compared, nor read on a page."""

PIED = (
    Entree("about.site_map", "Plan du site"),
    Entree("about.guide", "Aide"),
    Entree("about.glossary", "Glossaire"),
    Entree("about.contact", "Contact"),
    Entree("about.legal", "Mentions légales"),
    Entree("about.personal", "Données personnelles"),
    Entree("about.accessibility", load_audit().mention),
)
"""The pages about the site, at the foot of every page."""


def register_words(app: Flask) -> None:
    """Give the templates their words and addresses."""
    app.after_request(_keep_for_ever)
    app.jinja_env.template_class = PageTemplate
    app.jinja_env.filters["nombre"] = format_number
    app.jinja_env.filters["licence"] = say_licence
    app.jinja_env.filters["de"] = of_place
    # For what a script shows: what stands in the page is typeset with it.
    app.jinja_env.filters["imprime"] = set_print
    app.jinja_env.globals.update(
        dated=dated,
        fichier=static_url,
        version=__version__,
        menu=MENU,
        selection_max=SELECTION_MAX,
        pages_du_site=PIED,
    )
    app.context_processor(_about_sources)


def _about_sources() -> dict:
    """Return what every page says of the sources: what is held, what is broken or late today.

    The banner names the broken sources whose data are shown; those that never
    gave any are on their page.
    """
    if snapshot_or_none() is None:
        nothing = {"signaux": {}, "pannes": [], "retards": "", "non_collectees": frozenset()}
        return {"pied": None, "refus": None, **nothing}
    found = signals()
    served = {
        row["id_source"]: row["titre"]
        for row in courant().derive("servies", served_sources)
        if row["mode"] in OBTENUES
    }
    late = sum(bool(one.retard) for one in found.values())
    return {
        "pied": courant().derive("pied", footer),
        "non_collectees": courant().derive("non_collectees", list_uncollected),
        "signaux": found,
        "refus": holder().refus,
        "pannes": [
            f"{titre} ({found[id_source].panne.removeprefix('en panne').lstrip(', ')})"
            for id_source, titre in served.items()
            if found[id_source].panne
        ],
        "retards": f"{count(late, 'source en retard', 'sources en retard')} sur le rythme annoncé"
        if late
        else "",
    }
