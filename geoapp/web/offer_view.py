"""What a page shows of offers, as plain values: cards of a list, sheet, list on paper."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from geoapp.core.french import NON_RENSEIGNE, count, format_date
from geoapp.core.schema.offer_columns import ColonneOffre
from geoapp.offer.cards import CLASSEMENTS, FICHE, offer_card, say_value
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.travel import Duree
from geoapp.web.links import Adresses

Paires = list[tuple[str, str]]


def cards(
    repertoire: Repertoire,
    lignes,
    bornes_m,
    adresses: Adresses,
    durees: Sequence[Duree] | None = None,
) -> list[dict]:
    """Return offers as the list shows them; `bornes_m` are how far they are, at most and at least.

    None when distance says nothing; `durees` are the trips to them, None when none is known.
    """
    nothing = [None] * len(lignes)
    most, least = bornes_m or (nothing, nothing)
    return [
        dress(offer_card(repertoire, int(ligne), *told), adresses)
        for ligne, *told in zip(lignes, most, least, durees or nothing, strict=True)
    ]


def dress(card: dict, adresses: Adresses) -> dict:
    """Return a card with its address, traits, place and badges in words."""
    traits = [
        card["diplome"]["libelle"],
        card["niveau"]["libelle"],
        card["voie"]["libelle"],
        card["modalite"]["libelle"],
    ]
    return {
        **card,
        "lien": adresses.sheet(card["url"]),
        "traits": words(traits),
        "dates_dites": say_dates(card),
        "badges": badges(card),
        "lieu_dit": place_words(card),
        "site": web_site(card["page_web"]),
    }


def say_dates(card: dict) -> str:
    """Return the dates of an offer with their state: « 2020 : sessions passées »; "" without date.

    Permanent entries have a badge of their own.
    """
    mots = {"passee": "sessions passées", "en_cours": "en cours", "a_venir": "à venir"}
    mot = mots.get(card["etat"]["code"])
    return f"{card['periode']} : {mot}" if card["periode"] and mot else card["periode"]


def web_site(url: str | None) -> str:
    """Return the site that an address leads to, as one reads it: « exemple.fr »; "" without one."""
    return (urlsplit(url or "").hostname or "").removeprefix("www.")


def words(traits: list[str | None]) -> list[str]:
    """Return the known traits of an offer; unknown ones are left to the sheet."""
    return [trait for trait in traits if trait and trait != NON_RENSEIGNE]


def place_words(card: dict) -> str:
    """Return where an offer is: address, postcode and commune."""
    commune = " ".join(part for part in (card["code_postal"], card["commune"]["nom"]) if part)
    return ", ".join(part for part in (card["adresse"], commune) if part) or "Lieu non renseigné"


def badges(card: dict) -> list[dict[str, str]]:
    """Return the qualities and the warnings of an offer."""
    found = [("vert", f"rev3 : {t['libelle'].lower()}") for t in card.get("rev3", [])]
    found += [("vert", "Conventionnée")] if card["est_conventionnee"] else []
    etat = card["etat"]
    # Past sessions are told with their dates; entries no longer held have none to go with.
    if etat["code"] == "permanente_echue":
        found.append(("alerte", etat["libelle"]))
    elif card["est_permanente"]:
        found.append(("", "Entrées permanentes"))
    if card.get("est_douteuse"):
        found.append(("alerte", "Position douteuse"))
    elif card.get("precision", {}).get("code") == "commune":
        found.append(("", "Position approximative (mairie)"))
    found += [("alerte", "Données fictives")] if card["est_fictive"] else []
    return [{"classe": classe, "libelle": libelle} for classe, libelle in found]


def number_places(cartes: list[dict]) -> tuple[list[dict], list[tuple[float, float, str]]]:
    """Return cards with the number of their place on the map, and these places as points."""
    numbers: dict[tuple[float, float], int] = {}
    numbered = [{**card, "numero": _number(card, numbers)} for card in cartes]
    return numbered, [(lon, lat, str(rang)) for (lon, lat), rang in numbers.items()]


def _number(card: dict, numbers: dict[tuple[float, float], int]) -> int | str:
    """Return the number of the place of a card; a dash when it is nowhere."""
    if card["longitude"] is None or card["modalite"]["code"] == "a_distance":
        return "–"
    return numbers.setdefault((card["longitude"], card["latitude"]), len(numbers) + 1)


def sheet_parts(sheet: dict, adresses: Adresses) -> dict:
    """Return the parts of a sheet in words."""
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
        "site": web_site(sheet["page_web"]),
        "titre_lieux": "Où"
        if len(sheet["lieux"]) == 1
        else f"Où : {count(len(sheet['lieux']), 'lieu', 'lieux')}",
        "lieux": [_place(lieu) for lieu in sheet["lieux"]],
        "details": _details(sheet),
        "organismes": _bodies(sheet),
        "source": _source(sheet),
        "semblables": [dress(card, adresses) for card in sheet["semblables"]],
    }


def _place(lieu: dict) -> dict:
    """Return one place: address, position, doubt, zones with their vintage."""
    zones = [
        {"titre": zone["titre"], "nom": f"{zone['nom']} (millésime {zone['millesime']})"}
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
        "doute": lieu["doute"],
        "position": ". ".join(
            part
            for part in (lieu["precision"]["libelle"].capitalize(), lieu["motif_position"])
            if part
        ),
        "zones": zones,
    }


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
    """Return what is learnt and how, unknown said unknown when it is expected."""
    expected = [row for row in FICHE if row.est_attendue]
    others = [row for row in FICHE if not row.est_attendue]
    others.sort(key=lambda row: ORDRE.index(row.nom) if row.nom in ORDRE else len(ORDRE))
    pairs = [(row.fiche, _said(sheet, row) or NON_RENSEIGNE) for row in expected]
    pairs += [(row.fiche, said) for row in others if (said := _said(sheet, row))]
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
        ("Millésime", source["millesime"]),
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
