"""Parameters ⇄ search: one reading of what is asked, shared by pages, API and command line."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from geoapp.core.errors import ParameterError
from geoapp.core.french import count, format_decimal, of_place, with_article, with_unit
from geoapp.core.geometry import METROPOLE
from geoapp.offer.filters import FILTRES, describe_filters, parse_filters
from geoapp.offer.parameters import (
    PAGE_MAX,
    Parametre,
    check_length,
    read_values,
    refuse_unknown,
)
from geoapp.offer.search.model import (
    RAYON_KM,
    RAYONS_KM,
    TAILLE,
    TAILLE_MAX,
    TRIS,
    Lieu,
    Requete,
    Resultat,
)
from geoapp.offer.search.places import parse_place
from geoapp.offer.search.sides import tell_side
from geoapp.offer.search.travel import MINUTES, MINUTES_SANS_VOITURE, MOYEN_USUEL, Moyen
from geoapp.reference.zonings import DEPARTS, TERRITOIRES

BORNES = ("texte", "lieu")
"""Parameters of a bounded length."""

DECIMALES = 3
"""Decimals of a position in an address that a person shares: about a hundred metres."""

_OUEST, _SUD, _EST, _NORD = METROPOLE
_SORTE = re.compile(r" \([^()]*\)$")
"""What a place name says of its kind (« Nord (département) »), said otherwise in a sentence."""


PARAMETRES: dict[str, Parametre] = {
    parametre.nom: parametre
    for parametre in (
        Parametre(
            nom="texte",
            type="texte",
            aide="Métier, intitulé, diplôme, sigle, code ROME ou RNCP",
            exemple="boulanger",
        ),
        Parametre(
            nom="lieu",
            type="texte",
            aide="Nom d'un lieu (commune, code postal, département…) "
            "ou « type:code » donné par les suggestions",
            exemple="Lens",
        ),
        Parametre(
            nom="lat",
            type="nombre",
            aide="Latitude du point choisi, en degrés (WGS84), avec lon",
            exemple="50.431",
            minimum=_SUD,
            maximum=_NORD,
        ),
        Parametre(
            nom="lon",
            type="nombre",
            aide="Longitude du point choisi, en degrés (WGS84), avec lat",
            exemple="2.832",
            minimum=_OUEST,
            maximum=_EST,
        ),
        Parametre(
            nom="rayon",
            type="nombre",
            aide="Rayon autour du lieu, en kilomètres",
            exemple="20",
            minimum=RAYONS_KM[0],
            maximum=RAYONS_KM[-1],
        ),
        Parametre(
            nom="seuil_min",
            type="nombre",
            aide="Temps de trajet depuis le lieu, en minutes, à la place du rayon",
            exemple="30",
            minimum=MINUTES[0],
            maximum=MINUTES[1],
        ),
        Parametre(
            nom="mode",
            type="texte",
            aide="Mode de déplacement : voiture (par défaut), voiture_fluide, velo, pied, "
            "ou transports quand leurs trajets sont connus",
            exemple="velo",
        ),
        Parametre(
            nom="sans_voiture",
            type="texte",
            aide="oui : d'abord ce qui se rejoint sans voiture en seuil_min minutes "
            f"({MINUTES_SANS_VOITURE:g} sans lui), puis en voiture",
            exemple="oui",
            valeurs=("oui", "non"),
        ),
        Parametre(
            nom="tri",
            type="texte",
            aide="Ordre de la liste",
            exemple="distance",
            valeurs=tuple(TRIS),
        ),
        Parametre(
            nom="page",
            type="entier",
            aide="Numéro de la page, à partir de 1",
            exemple="1",
            minimum=1,
        ),
        Parametre(
            nom="taille",
            type="entier",
            aide="Formations par page",
            exemple="20",
            minimum=1,
            maximum=TAILLE_MAX,
        ),
        Parametre(
            nom="emprise",
            type="emprise",
            aide="Rectangle visible : ouest,sud,est,nord, en degrés",
            exemple="2.5,50.2,3.1,50.6",
        ),
    )
}
"""Every parameter of a search beside the filters (`FILTRES`), in the order of the documentation."""


def parse_request(parametres: Mapping, moteur, *, autres: Sequence[str] = ()) -> Requete:
    """Return the search that `parametres` ask for.

    Parameters
    ----------
    parametres : Mapping
        Name → value or values: the arguments of a Flask request, a JSON
        object, the options of a command.  Empty values do not count.
    moteur : Moteur
        Its `snapshot` says which values filters accept, its `index` finds places, its `voyages`
        knows ways of travelling.
    autres : sequence of str
        Other names that may be there, and are left alone.

    Raises
    ------
    ParameterError
        When a name or a value is not accepted; the message gives the bounds
        or the nearest accepted one.
    """
    values = read_values(parametres)
    refuse_unknown(values, [*PARAMETRES, *FILTRES, *autres])
    lieu = tell_side(_place(values, moteur.index), moteur.snapshot)
    texte = _text(values, "texte")
    minutes = _minutes(values, moteur.voyages)
    return Requete(
        texte=texte,
        lieu=lieu,
        rayon_km=_radius(values),
        minutes=minutes,
        moyen=_way(values, moteur.voyages),
        sans_voiture=_without_car(values, moteur.voyages),
        filtres=parse_filters(
            {nom: values[nom] for nom in FILTRES if nom in values}, moteur.snapshot
        ),
        tri=_sort(values, default_sort(lieu, texte, minutes)),
        page=_whole(values, "page", 1),
        taille=_whole(values, "taille", TAILLE),
        emprise=parse_extent(_one(values, "emprise")),
    )


def default_sort(lieu: Lieu | None, texte: str, minutes: float | None = None) -> str:
    """Return the order when none is asked: nearest around a point, else best match, else title.

    Nearest in time where minutes are asked.
    """
    if lieu is not None and not lieu.est_zone:
        return "distance" if minutes is None else "duree"
    return "pertinence" if texte else "titre"


def _one(values: Mapping[str, list[str]], nom: str) -> str:
    """Return the only value of a parameter, "" when it is not there."""
    found = values.get(nom, [])
    if len(found) > 1:
        raise ParameterError(
            f"{nom} : une seule valeur est attendue, {len(found)} ont été données."
        )
    return found[0] if found else ""


def _text(values: Mapping[str, list[str]], nom: str) -> str:
    """Return a text of a bounded length, "" when it is not there."""
    texte = _one(values, nom)
    check_length(nom, texte)
    return texte


def _radius(values: Mapping[str, list[str]]) -> float:
    """Return the radius in kilometres, bounds included; a decimal comma is accepted."""
    raw = _one(values, "rayon")
    if not raw:
        return RAYON_KM
    return _bounded("rayon", raw, RAYONS_KM[0], RAYONS_KM[-1])


def _bounded(nom: str, raw: str, least: float, most: float) -> float:
    """Return a number within bounds, inclusive."""
    number = _finite(raw)
    if number is None or not least <= number <= most:
        bornes = f"de {format_decimal(least)} à {format_decimal(most)}"
        raise ParameterError(f"{nom} = « {raw[:40]} » : un nombre {bornes} est attendu.")
    return number


def _minutes(values: Mapping[str, list[str]], voyages) -> float | None:
    """Return the time asked in minutes, bounds included; it is not asked with a radius."""
    raw = _one(values, "seuil_min")
    if not raw:
        return None
    if _one(values, "rayon"):
        raise ParameterError("Donnez rayon ou seuil_min, pas les deux.")
    _need_trips("seuil_min", voyages)
    return _bounded("seuil_min", raw, *MINUTES)


def _way(values: Mapping[str, list[str]], voyages) -> Moyen | None:
    """Return the way of travelling asked, the default one when none is."""
    raw = _one(values, "mode")
    if not raw:
        return next(iter(voyages.moyens.values())) if voyages else None
    _need_trips("mode", voyages)
    if raw not in voyages.moyens:
        known = ", ".join(f"{one.nom} ({one.phrase})" for one in voyages.moyens.values())
        raise ParameterError(
            f"mode = « {raw[:40]} » : aucun trajet n'est connu ainsi. Modes connus : {known}."
        )
    return voyages.moyens[raw]


def _without_car(values: Mapping[str, list[str]], voyages) -> bool:
    """Tell whether what is reached without a car comes first."""
    raw = _one(values, "sans_voiture")
    if raw not in ("", "oui", "non"):
        raise ParameterError(f"sans_voiture = « {raw[:40]} » : oui ou non est attendu.")
    if raw == "oui":
        _need_trips("sans_voiture", voyages)
    return raw == "oui"


def _need_trips(nom: str, voyages) -> None:
    """Refuse what asks for trips where none is known."""
    if voyages is None:
        raise ParameterError(f"{nom} : les durées de trajet ne sont pas connues ici.")


def _finite(raw: str) -> float | None:
    """Return a finite number, or None."""
    try:
        number = float(raw.replace(",", "."))
    except ValueError:
        return None
    # Python reads « 1_000 », which nobody writes.
    return number if math.isfinite(number) and "_" not in raw else None


def _whole(values: Mapping[str, list[str]], nom: str, default: int) -> int:
    """Return a whole number from 1 on, at most the maximum of its parameter."""
    raw = _one(values, nom)
    if not raw:
        return default
    maximum = PARAMETRES[nom].maximum
    is_whole = raw.isascii() and raw.isdigit() and len(raw) <= len(str(PAGE_MAX))
    if not is_whole or int(raw) < 1 or (maximum and int(raw) > maximum):
        bornes = f"de 1 à {format_decimal(maximum)}" if maximum else "à partir de 1"
        raise ParameterError(f"{nom} = « {raw[:40]} » : un nombre entier {bornes} est attendu.")
    return int(raw)


def _sort(values: Mapping[str, list[str]], default: str) -> str:
    """Return the order asked, a key of `TRIS`."""
    raw = _one(values, "tri")
    if raw and raw not in TRIS:
        raise ParameterError(f"tri = « {raw[:40]} » : {', '.join(TRIS)} sont acceptés.")
    return raw or default


def _place(values: Mapping[str, list[str]], index) -> Lieu | None:
    """Return the place asked, by its name, its code or its point."""
    named = {
        "lieu": _text(values, "lieu"),
        **{nom: _one(values, nom).replace(",", ".") for nom in ("lat", "lon")},
    }
    if bool(named["lat"]) != bool(named["lon"]):
        raise ParameterError("lat et lon vont ensemble : donnez les deux, ou aucun.")
    return parse_place(index, named)


def parse_extent(raw: str) -> tuple[float, float, float, float] | None:
    """Return west, south, east, north in degrees; None when nothing is given."""
    if not raw:
        return None
    given = [_finite(part.strip()) for part in raw.split(",")]
    numbers = [number for number in given if number is not None]
    if len(given) == len(numbers) == 4:
        west, south, east, north = numbers
        # A rectangle holds something: one of no width or no height is a mistake.
        if -180 <= west < east <= 180 and -90 <= south < north <= 90:
            return west, south, east, north
    raise ParameterError(
        f"emprise = « {raw[:80]} » : ouest,sud,est,nord en degrés est attendu, "
        f"par exemple {PARAMETRES['emprise'].exemple}."
    )


def to_parameters(requete: Requete) -> list[tuple[str, str]]:
    """Return a search as the parameters of an address that may be shared.

    Positions are rounded to `DECIMALES`; what is by default is left out, so
    that `parse_request` gives the same search back.
    """
    pairs = [("texte", requete.texte)] if requete.texte else []
    pairs += _place_parameters(requete.lieu)
    if requete.minutes is not None:
        pairs.append(("seuil_min", repr(requete.minutes).removesuffix(".0")))
    elif requete.rayon_km != RAYON_KM:
        pairs.append(("rayon", repr(requete.rayon_km).removesuffix(".0")))
    if requete.moyen is not None and requete.moyen.nom != MOYEN_USUEL:
        pairs.append(("mode", requete.moyen.nom))
    if requete.sans_voiture:
        pairs.append(("sans_voiture", "oui"))
    pairs += requete.filtres.pairs()
    if requete.tri != default_sort(requete.lieu, requete.texte, requete.minutes):
        pairs.append(("tri", requete.tri))
    pairs += [("page", str(requete.page))] if requete.page != 1 else []
    pairs += [("taille", str(requete.taille))] if requete.taille != TAILLE else []
    if requete.emprise:
        pairs.append(("emprise", ",".join(_rounded(value) for value in requete.emprise)))
    return pairs


def _place_parameters(lieu: Lieu | None) -> list[tuple[str, str]]:
    """Return how an address writes a place."""
    if lieu is None:
        return []
    if lieu.type not in ("point", "adresse"):
        return [("lieu", f"{lieu.type}:{lieu.code}")]
    longitude, latitude = lieu.point
    return [("lat", _rounded(latitude)), ("lon", _rounded(longitude))]


def _rounded(degrees: float) -> str:
    return f"{degrees:.{DECIMALES}f}".rstrip("0").rstrip(".")


def describe_result(resultat: Resultat) -> str:
    """Return what was really searched and the number of its answers as a French sentence."""
    return describe_request(resultat.requete, resultat.total, resultat.texte.dit)


def describe_request(requete: Requete, total: int, mots: str | None = None) -> str:
    """Return a search and its number of results as a French sentence.

    « 38 formations « boulanger » à 20 km de Lens, niveau 3 »; `mots` are those searched when
    they are not what was typed.
    """
    # What our sources do not hold may exist.
    known = "" if total else " connue"
    return f"{count(total, 'formation')}{known}{describe_search(requete, mots)}"


def describe_search(requete: Requete, mots: str | None = None) -> str:
    """Return what is asked as the end of a sentence on trainings; "" for all of them."""
    mots = requete.texte if mots is None else mots
    texte = f" « {mots} »" if mots else ""
    emprise = ", dans le rectangle affiché" if requete.emprise else ""
    filtres = describe_filters(requete.filtres)
    kept = f", {filtres}" if filtres else ""
    # Those of a neighbour are not collected: none found there is not none there.
    ours = "" if is_inside(requete) else " de la région"
    return f"{ours}{texte}{describe_place(requete)}{emprise}{kept}"


def is_inside(requete: Requete) -> bool:
    """Tell whether a search is in the region: around a place of it, or around none."""
    return requete.lieu is None or requete.lieu.est_region


def describe_place(requete: Requete) -> str:
    """Return where a search is, with a blank before; "" for the whole region."""
    lieu = requete.lieu
    if lieu is None:
        return ""
    if lieu.est_zone:
        nom = _SORTE.sub("", lieu.nom)
        zonage = TERRITOIRES[lieu.type]
        # A département is said by its name alone: « dans l'Aisne ».
        return f" dans {with_article(nom) if zonage.est_avec_article else zonage.subject(nom)}"
    if lieu.type == "point":
        nom = "du point choisi"
    elif lieu.type in DEPARTS:
        nom = f"du quartier {_SORTE.sub('', lieu.nom)}"
    else:
        is_named = lieu.type in ("etablissement", "voie", "adresse")
        nom = f"de : {lieu.nom}" if is_named else of_place(lieu.nom)
    if requete.minutes is None or requete.moyen is None:
        return f" à {with_unit(format_decimal(requete.rayon_km), 'km')} {nom}"
    time = with_unit(format_decimal(requete.minutes), "min")
    way = "sans voiture puis en voiture" if requete.sans_voiture else requete.moyen.phrase
    return f" à {time} au plus {nom}, {way}"
