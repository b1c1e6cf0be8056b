"""The pages: the home, the map with its table, the sources, the rejects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import geopandas as gpd
import numpy as np
from flask import Blueprint, current_app, redirect, render_template, request, url_for
from markupsafe import Markup

from geoapp.core.errors import ParameterError
from geoapp.core.french import count, join_words
from geoapp.core.memory import Memory
from geoapp.core.reasons import RAISONS, count_reasons
from geoapp.core.snapshot import Snapshot
from geoapp.offer.cards import ADRESSE
from geoapp.offer.filters import (
    FILTRES,
    Filtres,
    describe_filters,
    list_options,
    parse_filters,
)
from geoapp.offer.parameters import refuse_unknown
from geoapp.offer.perimeter import perimeter_of
from geoapp.offer.search.columns import ColonneFiltre, count_facets, make_columns, sift
from geoapp.offer.search.streets import open_streets
from geoapp.outputs import maps
from geoapp.outputs.maps.layers import OFFRES, layer_css, show_chosen
from geoapp.outputs.maps.texts import place_of, summarise, title_of
from geoapp.web.figures import export_form
from geoapp.web.presentation import (
    Query,
    address_note,
    form_fields,
    offer_rows,
    paginate,
    source_groups,
    static_url,
)
from geoapp.web.security import nonce
from geoapp.web.served import courant, served_layers

blueprint = Blueprint("pages", __name__)


@dataclass(frozen=True, kw_only=True)
class Porte:
    """One door of the home page: what a person comes for, and where it is done."""

    titre: str
    texte: str
    page: str
    autres: tuple[tuple[str, str], ...] = ()


PORTES = (
    Porte(
        titre="Je cherche une formation",
        texte="Les formations d'un métier ou d'un diplôme, les plus proches d'abord.",
        page="search.index",
        autres=(("Voir la carte de la région", "pages.regional_map"),),
    ),
    Porte(
        titre="J'étudie un territoire",
        texte="Ce qu'une zone d'emploi ou un quartier trouve près de chez lui.",
        page="territories.index",
        autres=(("Mesurer la couverture", "coverage.index"),),
    ),
    Porte(
        titre="Je cite un chiffre",
        texte="Des tableaux et des cartes qui portent leur source et leur date.",
        page="downloads.index",
        autres=(("Connaître les sources", "pages.sources"),),
    ),
)
"""What people come for, in the order of the home page."""


@blueprint.get("/")
def home():
    """Show the search and three doors; an old address of the map, its filters with it, leads there.

    The map was here: links that were kept still work.
    """
    kept: Query = {
        nom: request.args.getlist(nom) for nom in (*FILTRES, "page") if nom in request.args
    }
    if kept:
        return redirect(url_for("pages.regional_map", **kept), 301)
    snapshot = courant().snapshot()
    scope = perimeter_of(snapshot, Filtres())
    return render_template(
        "home.html",
        titre=f"Trouver une formation {place_of(snapshot)}".strip(),
        nombre=count(snapshot.nb_rows("offres"), "formation"),
        connues=join_words(list(scope.tenues)),
        inconnues=join_words(list(scope.inconnues)),
        portes=[
            {
                "titre": porte.titre,
                "texte": porte.texte,
                "adresse": url_for(porte.page),
                "liens": [(libelle, url_for(page)) for libelle, page in porte.autres],
            }
            for porte in PORTES
        ],
        vue={"requete": {}},
        url_lieux=url_for("api.places"),
        url_textes=url_for("api.suggestions"),
        note_adresse=address_note(current_app.config["SETTINGS"], open_streets(snapshot.path)),
    )


@blueprint.get("/carte")
def regional_map():
    """Show the map, its filters, its summary and its table."""
    snapshot = courant().snapshot()
    filtres = parse_filters(request.args, snapshot, autres=("page",))
    offres, colonnes = served_list()
    kept, sauf = sift(colonnes, filtres, np.ones(len(offres), bool))
    retenues = offres[kept] if filtres else offres
    page = paginate(len(retenues))
    return render_template(
        "map.html",
        titre=title_of(snapshot, retenues, filtres),
        description=describe_filters(filtres),
        resume=summarise(retenues)
        if filtres
        else courant().derive("resume", lambda snapshot: summarise(offres)),
        perimetre=perimeter_of(snapshot, filtres).phrase,
        champs=form_fields(
            count_facets(colonnes, sauf), filtres, courant().derive("utiles", useful_filters)
        ),
        est_filtree=bool(filtres),
        lignes=offer_rows(snapshot, retenues.iloc[page.tranche]),
        page=page,
        adresse_fichier=url_for("layers.standalone_map", **query(filtres)),
        export_carte=offer_export(snapshot, filtres),
        **_map_parts(snapshot, retenues, filtres),
    )


def served_list() -> tuple[gpd.GeoDataFrame, dict[str, ColonneFiltre]]:
    """Return the offers in the order of the table, and the columns of their filters today."""
    today = date.today()
    snapshot, offres, days = courant().derive(
        "liste", lambda snapshot: (snapshot, _sorted_offers(snapshot), Memory(maxsize=1))
    )
    return offres, days.get(today, lambda: make_columns(snapshot, offres, today, est_placee=True))


def _sorted_offers(snapshot: Snapshot) -> gpd.GeoDataFrame:
    """Return the offers by title, commune, identifiers."""
    return snapshot.read("offres").sort_values(
        ["titre", "nom_commune", "id_action", "id_lieu"], kind="stable"
    )


def useful_filters(snapshot: Snapshot) -> frozenset[str]:
    """Return the filters that tell the offers apart: at least two of their values are met."""
    return frozenset(
        nom for nom in FILTRES if sum(option.nb > 0 for option in list_options(snapshot, nom)) > 1
    )


def query(filtres: Filtres) -> Query:
    """Return the filters as the parameters of an address."""
    return {nom: filtres.values_of(nom) for nom in filtres.choix}


def offer_export(snapshot: Snapshot, filtres: Filtres, note: str = "") -> dict:
    """Return the form that exports the map: one zone chosen becomes the territory shown."""
    zones = filtres.values_of("zone")
    one = zones[0] if len(zones) == 1 and ":" in zones[0] else "region"
    lost = (
        "Elle montre toute la région : les zones choisies ici n'en sont pas un territoire."
        if zones and one == "region"
        else ""
    )
    pairs = [(nom, valeur) for nom, valeur in filtres.pairs() if nom != "zone"]
    return export_form(
        snapshot,
        ("offre", "densite", "zones"),
        pairs,
        emprise=one,
        note=" ".join(texte for texte in (note, lost) if texte),
    )


def _map_parts(snapshot: Snapshot, offres, filtres: Filtres) -> dict:
    """Return the three parts of the map, its legend and its colours."""
    calques = show_chosen(served_layers(), filtres)

    def data_url(nom: str) -> str:
        if nom == OFFRES:
            return url_for("layers.points", **query(filtres))
        return url_for("layers.layer", type_zone=nom, v=snapshot.id)

    carte = maps.folium_map.build_map(
        snapshot,
        offres,
        donnees=data_url,
        fiches=request.script_root + ADRESSE,
        adresse=static_url,
        cadre=filtres.values_of("zone"),
        calques=calques,
    )
    parties = maps.folium_map.render_page_parts(carte, nonce())
    return {
        "entete_carte": Markup(parties.entete),
        "html_carte": Markup(parties.html),
        "script_carte": Markup(parties.script),
        "calques": calques,
        "couleurs": Markup(layer_css(calques)),
    }


@blueprint.get("/sources")
def sources():
    """Show where every figure comes from."""
    refuse_unknown(request.args, ())
    return render_template(
        "sources.html", titre="Sources des données", groupes=source_groups(courant().snapshot())
    )


@blueprint.get("/rejets")
def rejects():
    """Show the rows refused at the build, with the reason, and how many by reason."""
    refuse_unknown(request.args, ("page", "source", "raison"))
    snapshot = courant().snapshot()
    table = snapshot.read("rejets")
    titres = snapshot.read("sources").set_index("id_source")["titre"].to_dict()
    source = request.args.get("source") or None
    if source and source not in titres:
        raise ParameterError(
            f"Source inconnue : « {source} ». Sources connues : {', '.join(titres)}."
        )
    table = table[table["id_source"].eq(source)] if source else table
    raisons = count_reasons(table["code_raison"])
    raison = request.args.get("raison") or None
    if raison and raison not in RAISONS:
        raise ParameterError(
            f"Raison inconnue : « {raison[:40]} ». Raisons connues : {', '.join(RAISONS)}."
        )
    table = table[table["code_raison"].eq(raison)] if raison else table
    page = paginate(len(table))
    lignes = (
        table.iloc[page.tranche].astype("object").where(lambda t: t.notna(), "").to_dict("records")
    )
    return render_template(
        "rejects.html",
        titre="Lignes refusées",
        page=page,
        titres=titres,
        source=source,
        raison=raison and RAISONS[raison].titre,
        raisons=reason_rows(raisons, source),
        lignes=[
            {**ligne, "source": titres.get(ligne["id_source"], ligne["id_source"])}
            for ligne in lignes
        ],
    )


def reason_rows(raisons: dict[str, int], source: str | None) -> list[dict]:
    """Return the reasons in words, each with its count and the address of its rows."""
    return [
        {
            "titre": RAISONS[code].titre,
            "nb": nb,
            "adresse": url_for("pages.rejects", raison=code, source=source, _anchor="tableau"),
        }
        for code, nb in raisons.items()
    ]
