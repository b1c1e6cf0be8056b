"""The pages about the site itself: what the law asks, help, words, plan, and what robots read.

What only the operator knows comes from the settings; what they do not say is told to be unknown,
with the setting that says it.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, current_app, render_template, request, url_for

from geoapp.core.accessibility import ECHANTILLON, FAIT_LE, Audit, load_audit
from geoapp.core.config import Settings
from geoapp.core.french import format_date, format_decimal
from geoapp.coverage.territories.zone import list_types
from geoapp.reference.glossary import load_glossary
from geoapp.reference.vicinity import REGION_LIVREE
from geoapp.web.national import served_country
from geoapp.web.presentation import PIED, safe_link
from geoapp.web.public_address import public_url
from geoapp.web.served import served_world, snapshot_or_none

blueprint = Blueprint("about", __name__)


@dataclass(frozen=True, kw_only=True)
class Reglage:
    """What the operator says of itself, and the variable that says it."""

    valeur: str
    variable: str

    @property
    def lien(self) -> str | None:
        """Return where the value leads: a mail, a page, or nowhere."""
        est_adresse = "@" in self.valeur and " " not in self.valeur and ":" not in self.valeur
        return f"mailto:{self.valeur}" if est_adresse else safe_link(self.valeur)


PLAN: tuple[tuple[str, tuple[tuple[str, str, str], ...]], ...] = (
    (
        "Chercher une formation",
        (
            ("pages.home", "Accueil", "La recherche, et par où commencer."),
            ("search.index", "Recherche", "Par métier, diplôme ou mot, autour d'un lieu."),
            ("selection.index", "Ma sélection", "Quelques formations côte à côte."),
            ("pages.regional_map", "Carte de la région", "Toutes les formations sur une carte."),
            (
                "installed.kept_here",
                "Gardé sur cet appareil",
                "À relire sans réseau, ou à effacer.",
            ),
        ),
    ),
    (
        "Étudier un territoire",
        (
            ("coverage.index", "Couverture", "Qui a une formation à portée, zone par zone."),
            ("national.index", "Toute la France", "La couverture de l'apprentissage par région."),
            ("coverage.publics", "Publics comparés", "Quartiers prioritaires, zones rurales."),
            ("change.index", "Évolution de l'offre", "Ce qui a changé entre deux dates."),
            ("planning.sites", "Où ouvrir ?", "Les lieux qui rapprocheraient le plus d'habitants."),
            ("planning.what_if", "Et si ?", "Ce que change une fermeture ou une ouverture."),
            ("territories.index", "Territoires", "Une page et une fiche par zone."),
            (
                "dashboard.index",
                "L'essentiel",
                "Les chiffres à retenir d'un territoire, à imprimer sur deux pages.",
            ),
            (
                "needs.index",
                "Besoins et offre",
                "Ce que les employeurs cherchent, ce qui s'apprend et où, par famille de métiers.",
            ),
            (
                "trained.index",
                "Qui se forme près de moi ?",
                "Pour un employeur : élèves, places et débouchés à portée, par famille de métiers.",
            ),
        ),
    ),
    (
        "Les données",
        (
            ("downloads.index", "Données", "Tous les fichiers, avec leurs définitions."),
            ("pages.sources", "Sources", "D'où vient chaque nombre, sous quelle licence."),
            ("quality.index", "Qualité", "Ce qui est complet, ce qui est à corriger."),
            ("pages.rejects", "Lignes refusées", "Ce qui n'a pas pu être gardé, et pourquoi."),
            ("api.index", "API", "Les mêmes réponses, pour un programme."),
            ("ogc.index", "Dans QGIS", "Les mêmes données, dans un logiciel de cartes."),
            ("embed.index", "Intégrer dans un site", "Une carte ou des chiffres dans une page."),
            (
                "usage.index",
                "Usage du service",
                "Combien de pages sont vues, sans suivre personne.",
            ),
        ),
    ),
)
"""Pages by what they are for: endpoint, name, what is found there.  Those of `PIED` come after."""


def _settings() -> Settings:
    return current_app.config["SETTINGS"]


def _operator() -> dict[str, Reglage]:
    """Return what the settings say of the operator."""
    settings = _settings()
    fields = type(settings).__dataclass_fields__
    named = ("contact", "editeur", "directeur", "hebergeur", "delegue", "schema_accessibilite")
    return {
        nom: Reglage(valeur=getattr(settings, nom).strip(), variable=fields[nom].metadata["env"])
        for nom in named
    }


def _show(template: str, titre: str, **values):
    """Return one of these pages."""
    return render_template(template, titre=titre, exploitant=_operator(), **values)


def _by_reason(audit: Audit) -> list[tuple[str, list[str], str]]:
    """Return (criterion, pages, reason) of what fails: pages that fail alike are told once."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in audit.manques:
        pages = found.setdefault((one.critere, one.preuve), [])
        if one.page != "toutes":
            pages.append(ECHANTILLON[one.page][0])
    return [(critere, pages, preuve) for (critere, preuve), pages in found.items()]


@blueprint.get("/accessibilite")
def accessibility():
    """Show the declaration of accessibility, computed from the table of the audit."""
    audit = load_audit()
    return _show(
        "accessibility.html",
        "Accessibilité",
        audit=audit,
        taux=format_decimal(audit.taux, 1),
        nb={etat: audit.count(etat) for etat in ("C", "NC", "NA")},
        manques=_by_reason(audit),
        pages=[
            (titre, adresse, format_decimal(audit.page_rate(nom), 1))
            for nom, (titre, adresse) in ECHANTILLON.items()
        ],
        fait_le=format_date(FAIT_LE.isoformat()),
        adresse=public_url(url_for("pages.home")),
    )


@blueprint.get("/mentions-legales")
def legal():
    """Show who publishes and hosts the service."""
    return _show("legal.html", "Mentions légales")


@blueprint.get("/donnees-personnelles")
def personal():
    """Show what is known of a visitor: nearly nothing, and for how long."""
    return _show("personal.html", "Données personnelles", est_compte=_settings().usage == "oui")


@blueprint.get("/plan-du-site")
def site_map():
    """Show every page of the site."""
    zonages = list_types(served_world()) if snapshot_or_none() else {}
    return _show("site_map.html", "Plan du site", plan=_plan(), zonages=zonages)


def _plan() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """Return the pages that are there: that of the country is when it was measured."""
    absent = () if served_country() else ("national.index",)
    return [(titre, [one for one in pages if one[0] not in absent]) for titre, pages in PLAN]


@blueprint.get("/aide")
def guide():
    """Show how to use the service."""
    return _show("help.html", "Aide")


@blueprint.get("/glossaire")
def glossary():
    """Show every word of the field and every acronym."""
    snapshot = snapshot_or_none()
    region = snapshot.manifest.get("region", REGION_LIVREE) if snapshot else REGION_LIVREE
    termes = [one for one in load_glossary() if one.region in ("", region)]
    return _show("glossary.html", "Glossaire", termes=termes)


@blueprint.get("/contact")
def contact():
    """Show whom to write to, and for what."""
    return _show("contact.html", "Contact")


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Tell robots to leave what costs and what repeats: searches, files, data."""
    lines = [
        "User-agent: *",
        *(
            f"Disallow: {request.script_root}{path}"
            for path in ("/recherche?", "/figures", "/api/v1")
        ),
        f"Sitemap: {public_url(url_for('about.sitemap'))}",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """Give robots the pages that a person finds in the plan."""
    named = [one[0] for _, pages in _plan() for one in pages] + [one.page for one in PIED]
    rows = "".join(
        f"<url><loc>{public_url(url_for(page))}</loc></url>" for page in dict.fromkeys(named)
    )
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>\n'
    )
    return Response(body, mimetype="application/xml")
