"""What a page shows of offers, as plain values: cards of a list, list on paper."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from geoapp.core.french import NON_RENSEIGNE
from geoapp.offer.cards import offer_card
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.travel import Duree
from geoapp.web.links import Adresses


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


def gather(cartes: list[dict]) -> list[dict]:
    """Return one card for each training of one body, the first of its offers, the others inside.

    What is taught, by whom and by which way is the same; places and sessions follow it (`autres`).
    """
    first: dict[tuple, dict] = {}
    for card in cartes:
        # Bodies that nobody names may be two.
        body = card["organisme"] if card["organisme"] is not None else len(first)
        key = (card["titre"], body, card["voie"]["code"], card["niveau"]["code"])
        if key in first:
            first[key]["autres"].append(card)
        else:
            first[key] = {**card, "autres": []}
    return list(first.values())


def say_dates(card: dict) -> str:
    """Return the dates of an offer with their state; "" without date.

    « session passée (2020) : à vérifier »: it was given then, only the body knows whether it still
    is.  Permanent entries have a badge of their own.
    """
    if card["etat"]["code"] == "passee" and card["periode"]:
        return f"session passée ({card['periode']}) : à vérifier"
    mots = {"en_cours": "en cours", "a_venir": "à venir"}
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
