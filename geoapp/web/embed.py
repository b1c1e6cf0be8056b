"""What other sites show inside their pages, and the page that writes what they copy.

Each is light: no menu, no form, its years and sources, links that open GéoForma in a tab.  Where
somebody is never stands in its address: a place is a code, chosen once by who writes the page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from flask import Blueprint, current_app, render_template, request, url_for
from markupsafe import Markup
from werkzeug.datastructures import ImmutableMultiDict

from geoapp.core.errors import ParameterError
from geoapp.coverage.answer import answer
from geoapp.coverage.indicators import MENTIONS
from geoapp.coverage.legend import white_counts
from geoapp.coverage.model import describe_question
from geoapp.coverage.white_zones import CAUSES, SOLIDITES
from geoapp.offer.perimeter import perimeter_of
from geoapp.offer.search.columns import count_facets, sift
from geoapp.offer.search.engine import search
from geoapp.offer.search.model import Resultat
from geoapp.offer.search.requests import describe_search, parse_request, to_parameters
from geoapp.offer.search.tiled import answering, open_archive, placed_rows
from geoapp.web import coverage, dashboard, pages, search_view
from geoapp.web import coverage_view as vues
from geoapp.web.links import grouped, is_position
from geoapp.web.presentation import PAR_PAGE, Query, form_fields, static_url
from geoapp.web.public_address import public_url
from geoapp.web.search import map_parts, read_parameters, view_of
from geoapp.web.security import AUCUN, BAC
from geoapp.web.served import courant, served_engine, served_trips, served_world

blueprint = Blueprint("embed", __name__)

PROPRES = ("contenu", "hauteur", "titre")
"""Parameters of the page that writes the code, beside those of what it shows."""

HAUTEURS = {"400": "Basse", "560": "Moyenne", "760": "Haute"}
"""Heights of a frame, in pixels.

A height rather than a ratio: on a phone a ratio leaves a strip where nothing is read.
"""

SANS_POSITION = (
    "Un cadre ne part ni d'une adresse ni d'un point : choisissez une commune, un code postal, "
    "un établissement ou un territoire."
)

CODE_ATTENDU = (
    "lieu : un code est attendu ici, comme commune:62498. "
    "La page « Intégrer dans un site » l'écrit."
)


@dataclass(frozen=True, kw_only=True)
class Choisi:
    """What is chosen to be shown: its parameters, its title, what its form shows."""

    parametres: Query
    titre: str
    formulaire: dict


@dataclass(frozen=True, kw_only=True)
class Contenu:
    """One thing that a site may show: its page in a frame, its page of ours, what reads a form."""

    libelle: str
    cadre: str
    page: str
    choisir: Callable[[], Choisi]


@blueprint.get("/integrer/recherche")
def found():
    """Show the map and the list of a search."""
    if any(is_position(*pair) for pair in request.args.items(multi=True)):
        raise ParameterError(SANS_POSITION)
    lieu = request.args.get("lieu", "")
    if lieu and ":" not in lieu:
        raise ParameterError(CODE_ATTENDU)
    resultat = search(served_engine(), parse_request(request.args, served_engine()))
    vue = view_of(resultat)
    return render_template(
        "embed_search.html",
        titre=vue["phrase"],
        vue=vue,
        tuiles=_tiles(resultat),
        perimetre=perimeter_of(courant().snapshot(), vue["requete"].filtres).phrase,
        voir=url_for("search.index", **grouped(to_parameters(vue["requete"]))),
        **map_parts(vue["cadre"], []),
    )


def _tiles(resultat: Resultat) -> dict | None:
    """Return what the map reads of the tiles; None when it asks the points of each view.

    Made only of what the snapshot and the choices decide: the answer is kept.
    """
    known = courant().derive("offres_placees", lambda snapshot: placed_rows(served_engine()))
    archive = courant().derive("tuiles", open_archive)
    nb = int(known[resultat.lignes].sum())
    proprietes = answering(archive, resultat.requete, nb)
    if archive is None or not proprietes:
        return None
    return {
        "adresse": url_for("layers.tiles", v=courant().snapshot().id),
        "lecteur": static_url("vendor/@mapbox/vector-tile/index.js"),
        "tete": archive.tete,
        "nb": nb,
        "proprietes": proprietes,
        "estFiltree": bool(resultat.requete.filtres),
    }


@blueprint.get("/integrer/couverture")
def covered():
    """Show the answer to a question of coverage: sentence, map, legend, table."""
    reponse = answer(served_world(), coverage.asked(()))
    ordered, order = vues.sort_table(reponse, {})
    return render_template(
        "embed_coverage.html",
        titre=describe_question(reponse.question) + reponse.perimetre.suffixe,
        reponse=reponse,
        colonnes=vues.columns(reponse, order),
        lignes=vues.rows(reponse, ordered.head(PAR_PAGE)),
        nb_zones=len(ordered),
        mentions=MENTIONS,
        causes=CAUSES,
        solidites=SOLIDITES,
        blanches=white_counts(reponse),
        voir=url_for("coverage.index", **vues.query(reponse.question)),
        **coverage.map_parts(reponse),
    )


@blueprint.get("/integrer/zone")
def told():
    """Show the figures of a territory."""
    tableau = dashboard.asked()
    return render_template(
        "embed_zone.html",
        titre=dashboard.title_of(tableau),
        tableau=tableau,
        voir=url_for("dashboard.index", territoire=tableau.territoire.cle, entree=tableau.entree),
    )


def _choose_search() -> Choisi:
    """Return the search that the form asks; its place becomes a code."""
    requete = replace(parse_request(read_parameters(), served_engine()), page=1)
    pairs = to_parameters(requete)
    if any(is_position(*pair) for pair in pairs):
        raise ParameterError(SANS_POSITION)
    offres, colonnes = pages.served_list()
    _, sauf = sift(colonnes, requete.filtres, np.ones(len(offres), bool))
    return Choisi(
        parametres=grouped(pairs),
        titre=f"Formations{describe_search(requete)}",
        formulaire={
            "requete": requete,
            **search_view.choices(requete, served_trips().moyens),
            "champs": form_fields(
                count_facets(colonnes, sauf),
                requete.filtres,
                courant().derive("utiles", pages.useful_filters),
            ),
        },
    )


def _choose_coverage() -> Choisi:
    """Return the question that the form asks."""
    question = coverage.asked((*coverage.AFFICHAGE, *PROPRES))
    return Choisi(
        parametres=vues.query(question),
        titre=describe_question(question),
        formulaire=coverage.form_parts(question),
    )


def _choose_zone() -> Choisi:
    """Return the territory that the form asks."""
    tableau = dashboard.asked(PROPRES)
    return Choisi(
        parametres={"territoire": tableau.territoire.cle, "entree": tableau.entree},
        titre=dashboard.title_of(tableau),
        formulaire={
            "t": tableau.territoire,
            "entree": tableau.entree,
            "entrees": dashboard.ENTREES,
            **dashboard.list_choices(),
        },
    )


CONTENUS = {
    "recherche": Contenu(
        libelle="Carte d'une recherche",
        cadre="embed.found",
        page="search.index",
        choisir=_choose_search,
    ),
    "couverture": Contenu(
        libelle="Couverture",
        cadre="embed.covered",
        page="coverage.index",
        choisir=_choose_coverage,
    ),
    "zone": Contenu(
        libelle="Chiffres d'un territoire",
        cadre="embed.told",
        page="dashboard.index",
        choisir=_choose_zone,
    ),
}
"""What a site may show, in the order of the page that writes the code."""


@blueprint.get("/integrer")
def index():
    """Show what a site may show, as it will be seen, and the code to copy."""
    nom = request.args.get("contenu") or next(iter(CONTENUS))
    hauteur = request.args.get("hauteur") or "560"
    if nom not in CONTENUS or hauteur not in HAUTEURS:
        given, known = (nom, CONTENUS) if nom not in CONTENUS else (hauteur, HAUTEURS)
        raise ParameterError(f"« {given[:40]} » n'est pas proposé. Attendu : {', '.join(known)}.")
    saisi = request.args
    choisi, erreur = _chosen(CONTENUS[nom].choisir)
    titre = saisi.get("titre", "").strip()[:120] or choisi.titre
    return render_template(
        "embed_index.html",
        titre="Intégrer dans un site",
        contenus=[
            (one.libelle, url_for("embed.index", contenu=cle), cle == nom)
            for cle, one in CONTENUS.items()
        ],
        contenu=nom,
        erreur=erreur,
        saisi=saisi,
        hauteur=hauteur,
        hauteurs=HAUTEURS,
        bac=BAC,
        nom_cadre=titre,
        apercu=url_for(CONTENUS[nom].cadre, **choisi.parametres),
        codes=_codes(nom, choisi.parametres, titre, hauteur),
        est_fermee=current_app.config["SETTINGS"].integration.strip() == AUCUN,
        action=url_for("embed.index", contenu=nom),
        **choisi.formulaire,
    )


def _chosen(choisir: Callable[[], Choisi]) -> tuple[Choisi, str]:
    """Return what the form asks, and what is wrong in it: then what is shown without a choice."""
    try:
        return choisir(), ""
    except ParameterError as error:
        request.args = ImmutableMultiDict()
        return choisir(), str(error)


def _codes(nom: str, parametres: Query, titre: str, hauteur: str) -> list[tuple[str, str, str]]:
    """Return (key, label, HTML) of each way to show a content in another page."""
    contenu = CONTENUS[nom]
    cadre = public_url(url_for(contenu.cadre, **parametres))
    page = public_url(url_for(contenu.page, **parametres))
    frame = Markup(
        '<iframe src="{}" title="{}" width="100%" height="{}" style="border:0" loading="lazy" '
        'sandbox="{}" referrerpolicy="no-referrer"></iframe>'
    ).format(cadre, titre, hauteur, BAC)
    element = Markup(
        '<script src="{}" defer></script>\n'
        '<geoforma-carte type="{}" parametres="{}" titre="{}" hauteur="{}">\n'
        '  <a href="{}">{}</a>\n'
        "</geoforma-carte>"
    ).format(
        public_url(static_url("js/geoforma-carte.js")),
        nom,
        cadre.partition("?")[2],
        titre,
        hauteur,
        page,
        titre,
    )
    # Plain texts: the page shows them as they are to be copied.
    return [("cadre", "Cadre (iframe)", str(frame)), ("element", "Composant", str(element))]
