"""The search page « Formations autour de moi », the sheet of a training, the list to print.

A search by position comes by POST: its position is in no address of the page,
and so in no log, until a person copies the link to share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from flask import Blueprint, current_app, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from geoapp.core.errors import ParameterError
from geoapp.core.french import count, format_date
from geoapp.offer.filters import FILTRES
from geoapp.offer.search.engine import search, tell_trips, trips_to
from geoapp.offer.search.model import TAILLE_MAX, Requete, Resultat
from geoapp.offer.search.places import PlaceError
from geoapp.offer.search.requests import PARAMETRES, describe_result, parse_request
from geoapp.offer.sheet import offer_sheet
from geoapp.outputs import maps
from geoapp.outputs.maps.layers import Calque, layer_css
from geoapp.outputs.maps.sketch import frame_around, frame_of, sketch
from geoapp.reference.codes.text import fold
from geoapp.web import search_view
from geoapp.web.links import POSITIONS, Adresses, Lien
from geoapp.web.presentation import address_note, static_url
from geoapp.web.reached import reached_areas
from geoapp.web.said_criteria import offer_criteria
from geoapp.web.security import nonce
from geoapp.web.served import courant, served_engine, served_layers, served_lookups, served_trips
from geoapp.web.sheet_view import sheet_parts
from geoapp.web.usage_count import FRAGMENT, TOTAL

blueprint = Blueprint("search", __name__)

NB_VALEURS = 8


@blueprint.route("/recherche", methods=["GET", "POST"])
def index():
    """Show the search: form, facets, list, map; only the parts that change for the script."""
    demande = _requested()
    resultat = search(served_engine(), demande.requete)
    vue = view_of(resultat)
    found = {TOTAL: str(resultat.total + resultat.nb_a_distance)}
    if demande.doute is not None:
        vue = search_view.doubtful(vue, demande.doute, demande.saisie)
        # A question back is no search without results.
        found = {}
    vue["oublis"] = demande.oublis
    if FRAGMENT in request.headers:
        return render_template("_fragment.html", vue=vue), found
    page = render_template(
        "search.html",
        titre="Formations autour de moi",
        vue=vue,
        note_adresse=address_note(current_app.config["SETTINGS"], served_engine().index.rues),
        **map_parts(vue["cadre"], served_layers()),
    )
    return page, found


def read_parameters() -> MultiDict:
    """Return the parameters of the request; a place typed wins over a point chosen before.

    A time chosen wins over the radius, which the form always holds.
    """
    parametres = MultiDict(
        (request.form if request.method == "POST" else request.args).items(multi=True)
    )
    # Mail tools and social networks add names of their own: they say nothing of the search.
    for nom in [nom for nom in parametres if nom not in PARAMETRES and nom not in FILTRES]:
        parametres.poplist(nom)
    if parametres.get("lieu", "").strip():
        for nom in POSITIONS:
            parametres.poplist(nom)
    if parametres.get("seuil_min", "").strip():
        parametres.poplist("rayon")
    return parametres


@dataclass(frozen=True, kw_only=True)
class Demandee:
    """What a page is asked: the search, its place when it is doubtful, what was left out.

    `saisie` is the place as it was typed, `oublis` the values that are not understood.
    """

    requete: Requete
    doute: PlaceError | None = None
    saisie: str = ""
    oublis: tuple[str, ...] = ()


def _requested() -> Demandee:
    """Return the search asked: what is wrong in it is said, and the rest is kept.

    A place that is not understood is asked again beside its field.
    """
    parametres = read_parameters()
    try:
        return Demandee(requete=_parse(parametres))
    except ParameterError:
        doute, saisie = None, parametres.get("lieu", "").strip()
    oublis = []
    # Alone, a parameter is right or wrong by itself; the two of a position go together.
    for noms in (("lieu",), POSITIONS, *((nom,) for nom in {*parametres} - {"lieu", *POSITIONS})):
        mine = MultiDict((nom, one) for nom in noms for one in parametres.getlist(nom))
        try:
            _parse(mine)
        except PlaceError as error:
            doute = error
        except ParameterError as error:
            oublis.append(str(error))
        else:
            continue
        for nom in noms:
            parametres.poplist(nom)
    return Demandee(requete=_parse(parametres), doute=doute, saisie=saisie, oublis=tuple(oublis))


def _parse(parametres: MultiDict) -> Requete:
    """Return the search of some parameters."""
    return parse_request(parametres, served_engine())


def view_of(resultat: Resultat) -> dict:
    """Return everything that the templates of the search show."""
    nb_pages = search_view.count_pages(resultat)
    # A link kept from a longer list shows the end of this one.
    requete = replace(resultat.requete, page=min(resultat.requete.page, nb_pages))
    resultat = replace(resultat, requete=requete)
    adresses = Adresses(requete, est_privee=request.method == "POST")
    zones = reached_areas(requete)
    return {
        "requete": requete,
        "est_privee": adresses.est_privee,
        "phrase": search_view.sentence(resultat),
        "voir": search_view.see_them(resultat),
        **search_view.summary(requete),
        "explications": search_view.explain(resultat, served_lookups()),
        **search_view.place_fields(requete.lieu),
        **search_view.choices(requete, served_trips().moyens),
        "facettes": search_view.facets_of(resultat),
        "prioritaires": search_view.priority_link(requete, adresses, courant().snapshot()),
        "actifs": search_view.chips(requete, adresses),
        "adresse_sans_filtre": adresses.without_filters(),
        "lieu_dit": search_view.place_in_search(requete, served_engine().index),
        "criteres_dits": offer_criteria(resultat, served_engine(), est_privee=adresses.est_privee),
        "elargir": _widen(resultat, adresses),
        "assouplir": _relax(resultat, adresses),
        "actions": adresses.actions(),
        "partage": adresses.to_share(),
        "parametres": adresses.query(),
        "pages": search_view.page_links(resultat, adresses),
        "nb_pages": nb_pages,
        "debut": resultat.page.start + 1,
        "sans_adresse": search_view.without_address(resultat, courant().snapshot()),
        "cadre": _seen(requete) or frame_of(zones) or _frame(requete),
        "emprise": dict(adresses.partage).get("emprise", ""),
        "zones": [search_view.reached_area(zone) for zone in zones],
        "contour": search_view.start_outline(requete.lieu, courant().snapshot()),
        "source_trajets": resultat.raconter(),
        **search_view.lists(resultat, served_lookups(), adresses),
    }


def _widen(resultat: Resultat, adresses: Adresses) -> list[Lien]:
    """Return, when nothing answers the search around a place, what a larger reach gives.

    Each that gives more than the one before.
    """
    if resultat.total or not resultat.proches_repondent or not len(resultat.proches):
        return []
    links, most = [], 0
    for nom, valeur, libelle, autre in search_view.widened(resultat.requete):
        nb = search(served_engine(), autre).total
        if nb > most:
            words = f"{libelle} : {count(nb, 'formation')}"
            links.append(Lien(nom, words, adresses.widened(nom, valeur), valeur))
            most = nb
    return links


def _relax(resultat: Resultat, adresses: Adresses) -> list[Lien]:
    """Return, when nothing is found, what leaving out a filter or the text gives, best first."""
    if resultat.total or resultat.nb_a_distance:
        return []
    found = [
        (search(served_engine(), autre).total, nom, libelle)
        for nom, libelle, autre in search_view.relaxed(resultat.requete)
    ]
    return [
        Lien(nom, f"{libelle} : {count(nb, 'formation')}", adresses.without(nom))
        for nb, nom, libelle in sorted(found, key=lambda one: -one[0])
        if nb
    ]


def _seen(requete: Requete) -> list[list[float]] | None:
    """Return the rectangle that a search looks in, as the map frames it; None without one."""
    if requete.emprise is None:
        return None
    ouest, sud, est, nord = requete.emprise
    return [[sud, ouest], [nord, est]]


def _frame(requete: Requete) -> list[list[float]] | None:
    """Return what the map shows first: the circle, the zone, else the region."""
    lieu = requete.lieu
    if lieu is None or not lieu.est_zone:
        return frame_around(lieu, requete.rayon_km)
    zones = courant().snapshot().read("zones")
    zone = zones[
        zones["type_zone"].eq(lieu.type) & zones["code_zone"].eq(lieu.code) & zones.geometry.notna()
    ]
    if not len(zone):
        return None
    ouest, sud, est, nord = (round(float(v), 4) for v in zone.total_bounds)
    return [[sud, ouest], [nord, est]]


def map_parts(cadre: list[list[float]] | None, calques: list[Calque]) -> dict:
    """Return the three parts of the map, its legend and its colours."""
    snapshot = courant().snapshot()
    carte = maps.search_map.build_search_map(
        snapshot,
        calques,
        donnees=lambda nom: url_for("layers.layer", type_zone=nom, v=snapshot.id),
        adresse=static_url,
        cadre=cadre,
        api={nom: url_for(f"api.{nom}") for nom in ("points", "formations")},
    )
    parties = maps.folium_map.render_page_parts(carte, nonce())
    return {
        "entete_carte": Markup(parties.entete),
        "html_carte": Markup(parties.html),
        "script_carte": Markup(parties.script),
        "calques": calques,
        "couleurs": Markup(layer_css(calques)),
        "url_lieux": url_for("api.places"),
        "url_textes": url_for("api.suggestions"),
    }


@blueprint.get("/recherche/valeurs/<nom>")
def values(nom: str):
    """Return the values of a long filter whose label holds every word typed, as JSON."""
    if nom not in FILTRES:
        raise ParameterError(f"Filtre inconnu : « {nom[:40]} ». Filtres : {', '.join(FILTRES)}.")
    mots = fold(request.args.get("q", "")[:100]).split()
    options = courant().derive(
        ("options", nom),
        lambda snapshot: [
            (fold(f"{o.libelle} {o.groupe}"), o) for o in FILTRES[nom].lister(snapshot)
        ],
    )
    found = [o for plie, o in options if mots and all(mot in plie for mot in mots)][:NB_VALEURS]
    return jsonify(
        valeurs=[{"valeur": o.valeur, "libelle": o.libelle, "detail": o.groupe} for o in found]
    )


@blueprint.get("/favicon.ico")
def favicon():
    """Send the icon to browsers that ask for it by its old name, as when going back."""
    return redirect(static_url("img/icon.svg"), 301)


@blueprint.get("/formations/<identifiant>")
def sheet(identifiant: str):
    """Show everything known of a training; the address may hold the search it was opened from."""
    requete = _requested().requete
    adresses = Adresses(requete, est_privee=False)
    sheet = offer_sheet(
        served_lookups(), identifiant, contact=current_app.config["SETTINGS"].contact
    )
    points = [
        (lieu["longitude"], lieu["latitude"], str(rang))
        for rang, lieu in enumerate(sheet["lieux"], 1)
        if lieu["longitude"] is not None
    ]
    croquis = sketch(courant().snapshot(), points) if points else None
    # What is taught at a distance is reached from home.
    is_remote = sheet["modalite"]["code"] == "a_distance"
    lignes = [] if is_remote else served_lookups().lignes_par_id[sheet["id"]]
    trajets = trips_to(served_engine(), requete, lignes)
    return render_template(
        "offer_sheet.html",
        titre=sheet["titre"],
        fiche=sheet,
        retour=adresses.page(requete.page),
        croquis=croquis,
        croquis_dit="Carte des lieux de la formation",
        sources_trajets=tell_trips(served_engine(), requete) if trajets else [],
        **sheet_parts(sheet, adresses, trajets, search_view.start_words(requete.lieu)),
    )


@blueprint.route("/recherche/imprimer", methods=["GET", "POST"])
def print_list():
    """Show the list to print: A4, a small map, the date, the search in words."""
    demande = _requested()
    if demande.doute is not None:
        raise demande.doute
    requete = replace(demande.requete, page=1, taille=TAILLE_MAX)
    resultat = search(served_engine(), requete)
    adresses = Adresses(requete, est_privee=request.method == "POST")
    blocs, points = search_view.paper_blocks(resultat, served_lookups(), adresses)
    return render_template(
        "print.html",
        titre=search_view.sentence(resultat),
        explications=[
            *search_view.explain(resultat, served_lookups()),
            *resultat.raconter(),
            *(lien.libelle for lien in search_view.without_address(resultat, courant().snapshot())),
        ],
        blocs=blocs,
        jour=format_date(date.today().isoformat()),
        coupe=search_view.cut(resultat),
        retour=adresses.page(1),
        # A time has no circle.
        croquis=sketch(
            courant().snapshot(),
            points,
            lieu=requete.lieu,
            rayon_km=requete.rayon_km if requete.minutes is None else 0.0,
        ),
        croquis_dit=f"Carte : {describe_result(resultat)}",
    )
