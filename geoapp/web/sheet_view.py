"""What the page of a sheet shows, as plain values: what is handed over first, codes folded last."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote

import segno
from flask import url_for
from markupsafe import Markup

from geoapp.core.french import NON_RENSEIGNE, count, format_date, format_distance
from geoapp.core.schema.offer_columns import ColonneOffre
from geoapp.offer.cards import say_value
from geoapp.offer.plain import tell_register, tell_sheet
from geoapp.offer.search.travel import Duree
from geoapp.offer.sheet import CLASSEMENTS, FICHE
from geoapp.web.links import Adresses, mail_link
from geoapp.web.offer_view import badges, dress, place_words, web_site, words
from geoapp.web.public_address import public_url

Paires = list[tuple[str, str]]

ITINERAIRE = "https://www.openstreetmap.org/directions?to="
RNCP = "https://www.francecompetences.fr/recherche/rncp/"
ONISEP = "https://www.onisep.fr/recherche?text="
ANNUAIRE_UAI = "https://data.education.gouv.fr/explore/dataset/fr-en-annuaire-education/table/?q="
ANNUAIRE_SIRET = "https://annuaire-entreprises.data.gouv.fr/etablissement/"
"""Official pages, opened when a person clicks and never before."""

NB_PROCHES = 3


def sheet_parts(sheet: dict, adresses: Adresses, trajets: list[Duree], depart: str) -> dict:
    """Return the parts of a sheet in words.

    Parameters
    ----------
    sheet : dict
        See `offer_sheet`.
    adresses : Adresses
        Those of the search from which the sheet was opened.
    trajets : list of Duree
        The trips to its places from the place searched; none without one.
    depart : str
        Name of the place searched.
    """
    told = tell_sheet(sheet)
    lieux = [_place(lieu) for lieu in sheet["lieux"]]
    for lieu, trajet in zip(lieux, trajets, strict=False):
        lieu["trajet"] = _trip(lieu, trajet, depart)
    page = public_url(url_for("search.sheet", identifiant=sheet["id"]))
    return {
        "traits": words(
            [
                sheet["diplome"]["libelle"],
                sheet["niveau"]["libelle"],
                sheet["voie"]["libelle"],
                sheet["modalite"]["libelle"],
            ]
        ),
        "badges": badges(sheet),
        "recit": told,
        "site": web_site(sheet["page_web"]),
        "titre_lieux": "Où"
        if len(sheet["lieux"]) == 1
        else f"Où : {count(len(sheet['lieux']), 'lieu', 'lieux')}",
        "nom_organisme": (sheet["organisme"] or sheet["organisme_responsable"] or {}).get("nom"),
        "lieux": lieux,
        "annuaires": _directories(sheet),
        "officielles": _official(sheet),
        "adresse_fiche": page,
        "courriel": _mail(sheet, lieux, page),
        "code_qr": _qr(page),
        "details": _details(sheet),
        "organismes": _bodies(sheet),
        "source": _source(sheet),
        "semblables": [dress(card, adresses) for card in sheet["semblables"][:NB_PROCHES]],
    }


def _trip(lieu: dict, trajet: Duree, depart: str) -> str:
    """Return how far a place is: kilometres where its point is known, and the trip."""
    km = "" if lieu["reserve"] or trajet.metres != trajet.metres else format_distance(trajet.metres)
    told = [f"à {km} à vol d'oiseau" if km[:1].isdigit() else km, trajet.mots]
    return f"{depart} : {', '.join(filter(None, told))}" if any(told) else ""


def _directories(sheet: dict) -> Paires:
    """Return the official directories that hold the telephone of a body."""
    body = sheet["organisme"] or sheet["organisme_responsable"] or {}
    uai = body.get("code_uai") or next(
        (lieu["code_uai"] for lieu in sheet["lieux"] if lieu["code_uai"]), None
    )
    pairs = [("Annuaire de l'éducation", ANNUAIRE_UAI + quote(uai))] if uai else []
    siret = body.get("siret")
    return pairs + ([("Annuaire des entreprises", ANNUAIRE_SIRET + quote(siret))] if siret else [])


def _official(sheet: dict) -> list[dict]:
    """Return the official pages of what is learnt."""
    record = sheet["certification"]["fiche_rncp"]
    codes = [code["code"] for code in sheet["codes"] if code["nomenclature"] == "RNCP"]
    found = []
    for code in dict.fromkeys([record, *codes] if record else codes):
        number = code.upper().removeprefix("RNCP")
        if number.isdigit():
            note = tell_register(sheet["certification"], date.today()) if code == record else ""
            found.append(
                {"nom": f"France compétences, RNCP{number}", "adresse": RNCP + number + "/"}
                | {"note": note}
            )
    return [*found[:1], {"nom": "ONISEP", "adresse": ONISEP + quote(sheet["titre"]), "note": ""}]


def _mail(sheet: dict, lieux: list[dict], page: str) -> str:
    """Return a `mailto:` link without recipient: title, place and address; no position."""
    lines = [sheet["titre"], *(lieu["adresse"] for lieu in lieux), page]
    return mail_link(f"Formation : {sheet['titre']}", lines)


def _qr(page: str) -> Markup | None:
    """Return the QR code of an address, as SVG; None when its host is not known."""
    if not page.startswith("http"):
        return None
    code = segno.make(page, error="m", micro=False)
    drawn = code.svg_inline(scale=2, border=2, dark="#000", light="#fff", omitsize=True)
    named = '<svg role="img" aria-label="Code QR de l\'adresse de cette fiche" '
    return Markup(drawn.replace("<svg ", named, 1))


def _place(lieu: dict) -> dict:
    """Return one place: address, doubt, way there, zones with their year."""
    zones = [
        {"titre": zone["titre"], "nom": f"{zone['nom']} ({zone['millesime']})"}
        for zone in lieu["zones"]
        if zone["type"] not in CLASSEMENTS
    ]
    zones += [{"titre": c["titre"], "nom": c["libelle"]} for c in lieu["classements"]]
    vus = {zone["titre"] for zone in zones}
    zones += [
        {"titre": q["titre"], "nom": q["libelle"]}
        for q in lieu["quartiers"]
        if q["titre"] not in vus
    ]
    return {
        "nom": lieu["commune"]["nom"] or "Commune non renseignée",
        "adresse": place_words(lieu),
        "reserve": _reserve(lieu),
        "doute": lieu["doute"],
        "motif": lieu["motif_position"],
        "itineraire": directions(lieu),
        "zones": zones,
    }


def _reserve(lieu: dict) -> str:
    """Return how much of a place is known, when it is not where it is drawn."""
    if lieu["longitude"] is None:
        return "Lieu inconnu de nos sources : demandez l'adresse."
    if lieu["precision"]["code"] == "commune" and not lieu["doute"]:
        return "Adresse exacte inconnue : la carte montre la mairie."
    return ""


def directions(lieu: dict) -> str | None:
    """Return the address where a way to a place is looked for, at a third party, once clicked.

    It holds the place alone: who clicks says there where to start.  None where the point is not
    that of the place.
    """
    if lieu["longitude"] is None or lieu["precision"]["code"] == "commune" or lieu["doute"]:
        return None
    return f"{ITINERAIRE}{lieu['latitude']:.5f}%2C{lieu['longitude']:.5f}"


ORDRE = (
    "niveau_entree",
    "publics",
    "financeurs",
    "nb_places_financees",
    "est_gratuite",
    "prix_eur",
    "prix_horaire_eur",
    "nb_voeux",
)
"""Facts that a sheet tells when they are known, in its order; the others follow."""


def _details(sheet: dict) -> Paires:
    """Return what is learnt and how: facts that are known (a sentence names the others)."""
    rows = sorted(
        FICHE, key=lambda row: ORDRE.index(row.nom) if row.nom in ORDRE else -row.est_attendue
    )
    pairs = [
        (row.fiche, said) for row in rows if (said := _said(sheet, row)) and said != NON_RENSEIGNE
    ]
    pairs += [
        (f"Transition {t['libelle'].lower().removeprefix('transition ')}", t["preuve"] or "Oui")
        for t in sheet["rev3"]
    ]
    pairs += [("Métiers visés", ", ".join(sheet["metiers"]))] if sheet["metiers"] else []
    pairs += [(code["nomenclature"], code["code"]) for code in sheet["codes"]]
    return pairs + _register(sheet["certification"])


def _register(fiche: dict) -> Paires:
    """Return the record of a training in the national register, when one is sure."""
    if fiche["fiche_rncp"] is None:
        return []
    ends, newer = fiche["echeance_rncp"], fiche["rncp_remplacee_par"]
    told = [
        fiche["fiche_rncp"],
        f"enregistrée jusqu'au {format_date(ends)}" if ends else "",
        f"remplacée par {newer}" if newer else "",
        f"d'après le {fiche['preuve_rncp']}",
    ]
    return [("Fiche au RNCP", ", ".join(filter(None, told)))]


def _said(sheet: dict, row: ColonneOffre) -> str:
    """Return what a sheet tells of a column, in words; "" when it is unknown."""
    place = sheet["financement"] if row.rubrique == "cout" else sheet
    return say_value(row, place[row.nom_montre])


def _bodies(sheet: dict) -> Paires:
    """Return the bodies of a training: who trains, who answers for it when another."""
    former, responsible = sheet["organisme"], sheet["organisme_responsable"]
    if former is None and responsible is None:
        return [("Nom", NON_RENSEIGNE)]
    pairs = _body(former or responsible)
    autre = former and responsible and responsible["nom"] and responsible["nom"] != former["nom"]
    named_by = (former or responsible)["nom_donne_par"]
    pairs += (
        [("Nom donné par", f"{named_by['titre']}, {named_by['millesime']}")] if named_by else []
    )
    return pairs + ([("Organisme responsable", responsible["nom"])] if autre else [])


def _body(organisme: dict) -> Paires:
    return [
        ("Nom", organisme["nom"] or NON_RENSEIGNE),
        ("SIRET", organisme["siret"] or NON_RENSEIGNE),
        ("Code UAI", organisme["code_uai"] or NON_RENSEIGNE),
    ]


def _source(sheet: dict) -> Paires:
    """Return where a sheet comes from, its date and licence."""
    source = sheet["source"]
    pairs = [
        ("Source", source["titre"]),
        ("Producteur", source["producteur"]),
        ("Année", source["millesime"]),
        ("Licence", source["licence"]),
    ]
    pairs += [("À savoir", source["note"])] if source["note"] else []
    pairs += _received(sheet)
    return [*pairs, ("Identifiant", sheet["identifiants"]["action"])]


def _received(sheet: dict) -> Paires:
    """Return what the source wrote, where what is shown is another, and what the rest is from."""
    pairs = [("Intitulé reçu", sheet["intitule"])] if sheet["intitule"] != sheet["titre"] else []
    pairs += [("Diplôme reçu", sheet["type_diplome"])] if sheet["type_diplome"] else []
    if sheet["preuve_niveau"] not in (None, "source"):
        pairs.append(("Niveau d'après", sheet["preuve_niveau"]))
    return pairs
