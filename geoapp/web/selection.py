"""The page « Ma sélection »: a few trainings side by side, from the address alone.

Nothing is kept on the server: the browser keeps what a person chose, and the address says it all.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import quote, urlencode

from flask import Blueprint, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.french import count, format_distance, lower_first, upper_first
from geoapp.offer.plain import Recit, tell_sheet
from geoapp.offer.search.engine import tell_trips, trips_to
from geoapp.offer.search.model import Requete
from geoapp.offer.search.requests import parse_request
from geoapp.offer.sheet import offer_sheet
from geoapp.web import search_view
from geoapp.web.links import mail_link
from geoapp.web.offer_view import place_words
from geoapp.web.presentation import SELECTION_MAX
from geoapp.web.public_address import public_url
from geoapp.web.served import served_engine, served_lookups

blueprint = Blueprint("selection", __name__)


@blueprint.get("/selection")
def index():
    """Show the trainings of the address side by side; those that are no more are said."""
    wanted = list(dict.fromkeys(wanted_ids(request.args.getlist("formations"))))
    requete, alerte = _place(request.args)
    kept, gone = [], []
    for one in wanted[:SELECTION_MAX]:
        try:
            sheet = offer_sheet(served_lookups(), one)
        except NotFoundError:
            gone.append(one)
        else:
            kept.append(sheet)
    # An identifier that was merged into another gives the sheet of the latter: once.
    kept = list({sheet["id"]: sheet for sheet in kept}.values())
    fields = search_view.place_fields(requete.lieu)
    # The code of a place; an address typed has none, and is not shared.
    lieu = fields["lieu_code"]
    address = _address([sheet["id"] for sheet in kept], lieu)
    colonnes = [_column(sheet, requete, [one["id"] for one in kept], lieu) for sheet in kept]
    _tell_apart(colonnes)
    lignes = _rows(colonnes, requete)
    return render_template(
        "selection.html",
        titre=f"Ma sélection : {count(len(kept), 'formation')}" if kept else "Ma sélection",
        colonnes=colonnes,
        lignes=[ligne for ligne in lignes if any(ligne["cellules"])],
        manques=[ligne["nom"].lower() for ligne in lignes if not any(ligne["cellules"])],
        disparues=len(gone),
        en_trop=max(0, len(wanted) - SELECTION_MAX),
        maximum=SELECTION_MAX,
        lieu=fields["lieu_nom"] or request.args.get("lieu", ""),
        alerte=alerte,
        identifiants=",".join(sheet["id"] for sheet in kept),
        adresse_selection=public_url(address),
        courriel=_mail(colonnes, public_url(address)),
        sources_trajets=tell_trips(served_engine(), requete) if kept else [],
    )


def wanted_ids(valeurs: list[str]) -> list[str]:
    """Return the identifiers that an address asks for: one parameter, parted by commas."""
    return [one.strip() for valeur in valeurs for one in valeur.split(",") if one.strip()]


def _place(parametres: MultiDict) -> tuple[Requete, str]:
    """Return the search of the place whose distances are told, and what is wrong with it."""
    asked = MultiDict({nom: parametres.get(nom, "") for nom in ("lieu", "mode")})
    try:
        return parse_request(asked, served_engine()), ""
    except ParameterError as error:
        return parse_request(MultiDict(), served_engine()), str(error)


def _address(identifiants: list[str], lieu: str) -> str:
    """Return the address of a selection: it may be shared, and holds no position."""
    query = {"formations": ",".join(identifiants)} | ({"lieu": lieu} if lieu else {})
    return f"{url_for('selection.index')}?{urlencode(query, safe=':,~', quote_via=quote)}"


def _column(sheet: dict, requete: Requete, tous: list[str], lieu: str) -> dict:
    """Return one training: its title, its address, and what each row says of it."""
    told = tell_sheet(sheet)
    others = [one for one in tous if one != sheet["id"]]
    query = f"?{urlencode({'lieu': lieu}, safe=':', quote_via=quote)}" if lieu else ""
    return {
        "id": sheet["id"],
        "titre": sheet["titre"],
        "lien": url_for("search.sheet", identifiant=sheet["id"]) + query,
        "sans": _address(others, lieu) if others else url_for("selection.index"),
        "adresse": public_url(url_for("search.sheet", identifiant=sheet["id"])),
        "dit": _said(sheet, told, requete),
    }


def _tell_apart(colonnes: list[dict]) -> None:
    """Add, in place, to titles that are the same the first thing that parts them.

    On a phone a cell is told by the title of its training alone.
    """
    for titre, nb in Counter(colonne["titre"] for colonne in colonnes).items():
        alike = [colonne for colonne in colonnes if colonne["titre"] == titre]
        for nom in ("Voie", "Où", "Quand"):
            told = [", ".join(colonne["dit"][nom]) for colonne in alike]
            if nb > 1 and len(set(told)) == nb and all(told):
                for colonne, words in zip(alike, told, strict=True):
                    colonne["titre"] = f"{titre} ({lower_first(words) if nom == 'Voie' else words})"
                break


def _said(sheet: dict, told: Recit, requete: Requete) -> dict[str, list[str]]:
    """Return what each row says of a training; an empty list is unknown."""
    body = sheet["organisme"] or sheet["organisme_responsable"] or {}
    where = [place_words(lieu) for lieu in sheet["lieux"][:2]]
    return {
        "Où": [one for one in (body.get("nom"), *where) if one],
        "Distance": _distance(sheet, requete),
        "Quand": told.quand,
        "Durée": told.duree,
        "Prix": told.prix,
        "Niveau": [sheet["niveau"]["libelle"]] if sheet["niveau"]["code"] else [],
        "Voie": [sheet["voie"]["libelle"]] if sheet["voie"]["code"] else [],
        "Pour qui": told.prerequis,
        "Admission": told.admission,
        "Places et vœux": told.places,
        "Chances d'emploi": told.chances,
    }


def _distance(sheet: dict, requete: Requete) -> list[str]:
    """Return how far the first place is from the place chosen, when both are known."""
    if sheet["modalite"]["code"] == "a_distance":
        return ["À distance : se suit de chez soi."]
    lignes = served_lookups().lignes_par_id[sheet["id"]][:1]
    trajets = trips_to(served_engine(), requete, lignes)
    if not trajets:
        return []
    trajet, lieu = trajets[0], sheet["lieux"][0]
    is_exact = lieu["precision"]["code"] != "commune" and trajet.metres == trajet.metres
    km = [f"{format_distance(trajet.metres)} à vol d'oiseau"] if is_exact else []
    return km + ([upper_first(trajet.mots)] if trajet.mots else [])


def _rows(colonnes: list[dict], requete: Requete) -> list[dict]:
    """Return the rows of the table; without a place nobody asked for a distance."""
    names = list(colonnes[0]["dit"]) if colonnes else []
    return [
        {"nom": nom, "cellules": [colonne["dit"][nom] for colonne in colonnes]}
        for nom in names
        if nom != "Distance" or requete.lieu is not None
    ]


def _mail(colonnes: list[dict], adresse: str) -> str:
    """Return a `mailto:` link without recipient: titles, places, and one address."""
    lines = [
        f"{colonne['titre']}, {', '.join(colonne['dit']['Où'])} : {colonne['adresse']}"
        for colonne in colonnes
    ]
    return mail_link("Formations à comparer", [*lines, "", adresse])
