"""French words that pages, sheets and exports share: numbers, plurals, dates, distances, positions,
names of places.

Loads nothing heavy: the command line says the same words without opening a map.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import TypeIs

NON_RENSEIGNE = "Non renseigné"

THIN = "\u202f"
"""Narrow no-break space: parts thousands and units, stands before « ; » « : » « ? »."""

_ESPACE = "[ \u00a0]+"
_INSECABLES = re.compile(
    rf"{_ESPACE}(?=[;:?!»])|(?<=«){_ESPACE}"
    rf"|(?<=\d){_ESPACE}(?=(?:%|€|km|m|min|h|ko|Mo)(?!\w)|000(?!\d))"
    rf"|(?<=\d[ \u202f]h){_ESPACE}(?=\d\d(?!\d))"
)
"""Spaces where no line may part: before high signs, inside « », in numbers, before units."""

_A_PART = re.compile(r"(<(script|style|code|pre|textarea)\b.*?</\2>|<[^>]*>)", re.S)
"""What in a page is no sentence: tags, scripts, styles, what a program reads or a person typed."""

_DITS = re.compile(
    r"""(?<=\s)(?:aria-(?:label|description|roledescription|valuetext)|alt|title|label|placeholder"""
    r"""|data-titre)=(?:"[^"]*"|'[^']*')"""
)
"""Attributes that are read or shown as sentences, their values included."""

_APOSTROPHES = re.compile(r"(?<=[^\W\d_])(?:'|&#39;)(?=\w|«)|(?<=\b[ldjmtsncLDJMTSNC])(?:'|&#39;)$")
"""Straight apostrophes within a word, or of an article before a tag: a quote around words stays."""


def set_apostrophes(texte: str) -> str:
    """Return a text with the apostrophes of print: « l’emploi »."""
    return _APOSTROPHES.sub("’", texte)


def typeset(texte: str) -> str:
    """Return a French text, written with plain spaces, with those of print (`THIN`)."""
    return _INSECABLES.sub(THIN, texte)


def set_print(texte: str) -> str:
    """Return a French text, written plainly, with the spaces and apostrophes of print."""
    return set_apostrophes(typeset(texte))


def typeset_html(page: str) -> str:
    """Return a page whose texts are typeset, apostrophes too.

    Of its tags, only the attributes that a person reads or hears (`_DITS`) are.
    """
    parts = _A_PART.split(page)
    del parts[2::3]  # the names of the tags
    parts[::2] = [set_print(part) for part in parts[::2]]
    parts[1::2] = [_set_said(part) for part in parts[1::2]]
    return "".join(parts)


def _set_said(tag: str) -> str:
    """Return a tag whose sentences are typeset; what is kept whole (a script, a code) as it is."""
    if tag.startswith(("<script", "<style", "<code", "<pre", "<textarea", "<!--")):
        return tag
    return _DITS.sub(lambda found: _set_value(found[0]), tag)


def _set_value(attribute: str) -> str:
    """Return an attribute, its value typeset; its quotes are those of the page."""
    name, _, value = attribute.partition("=")
    return f"{name}={value[0]}{set_print(value[1:-1])}{value[0]}"


MOIS = (
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
)

POSITIONS = {
    "adresse": "adresse exacte",
    "coordonnees": "coordonnées fournies",
    "uai": "celle de l'établissement",
    "commune": "commune seulement, placé à la mairie",
}
"""`precision_position` in words."""


def _is_unknown(value: object) -> TypeIs[None]:
    """Tell whether a value is None or NaN (a table says unknown so)."""
    # No type says « not NaN »: for mypy what is unknown is None, and what is left is not.
    return value is None or value != value


def format_number(value: float) -> str:
    """Return a whole number as French writes it: 4 219."""
    return f"{int(value):,}".replace(",", THIN)


def format_euros(value: float) -> str:
    """Return an amount as French writes it, cents only when there are some: 6 621,50 €, 900 €."""
    euros, cents = divmod(round(value * 100), 100)
    return f"{format_number(euros)}{f',{cents:02d}' if cents else ''}{THIN}€"


def describe_price(
    prix_eur: float | None, prix_horaire_eur: float | None, est_gratuite: bool | None
) -> str:
    """Return what a training costs, as the source tells it; "" when it tells nothing.

    No price is not free.  The whole price comes first, the price of an hour only without it:
    « 900 € TTC, gratuit pour le stagiaire ».
    """
    parts = []
    if not _is_unknown(prix_eur):
        parts.append(f"{format_euros(prix_eur)} TTC")
    elif not _is_unknown(prix_horaire_eur):
        parts.append(f"{format_euros(prix_horaire_eur)} TTC de l'heure")
    if not _is_unknown(est_gratuite):
        parts.append(
            "gratuit pour le stagiaire" if est_gratuite else "frais à la charge du stagiaire"
        )
    return upper_first(", ".join(parts))


def count(value: int, singulier: str, pluriel: str | None = None) -> str:
    """Return a number and its noun: « 0 formation », « 1 formation », « 2 formations »."""
    return f"{format_number(value)} {singulier if value < 2 else pluriel or singulier + 's'}"


def upper_first(texte: str) -> str:
    """Return a text whose first letter is a capital, accents kept: « Électricien »."""
    return texte[:1].upper() + texte[1:]


def lower_first(texte: str) -> str:
    """Return a text whose first letter is small."""
    return texte[:1].lower() + texte[1:]


def join_words(mots: list[str]) -> str:
    """Return « a, b et c »."""
    return " et ".join([", ".join(mots[:-1]), mots[-1]]) if len(mots) > 1 else "".join(mots)


def format_decimal(value: float, decimals: int | None = None) -> str:
    """Return a number with a decimal comma: to some decimals, else as short as it is exact."""
    return (f"{value:g}" if decimals is None else f"{value:.{decimals}f}").replace(".", ",")


def say_percent(part: float) -> str:
    """Return a share in whole percents; not quite nothing, or everything, is not rounded to it."""
    if 0 < part < 0.005:
        return f"moins de {with_unit(1, '%')}"
    if 0.995 <= part < 1:
        return f"plus de {with_unit(99, '%')}"
    return with_unit(format_number(round(part * 100)), "%")


def say_licence(texte: str) -> str:
    """Return a licence where nothing else says that it is one: « licence non précisée… »."""
    return f"licence {texte}" if texte[:1].islower() else texte


def with_unit(number: str | int, unit: str) -> str:
    """Return a number and its unit, which no line parts: 20 km, 6,9 %."""
    return f"{number}{THIN}{unit}"


HEURE_MIN = 60
"""Minutes in an hour."""


def say_minutes(minutes: float) -> str:
    """Return a duration as people say it: « 45 min », « 1 h », « 3 h 30 ».

    To the minute under an hour, to five minutes above: finer would be believed.
    """
    step = 1 if minutes < HEURE_MIN else 5
    whole = round(minutes / step) * step
    if whole < HEURE_MIN:
        return with_unit(whole, "min")
    hours, rest = divmod(whole, HEURE_MIN)
    return with_unit(hours, "h") + (f"{THIN}{rest:02d}" if rest else "")


def say_between(least: float, most: float) -> str:
    """Return the bounds of a duration: « 20 à 35 min », « 50 min à 1 h 10 »."""
    start, end = say_minutes(least), say_minutes(most)
    start = start.removesuffix(f"{THIN}min") if end.endswith("min") else start
    return f"{start} à {end}"


def format_date(value: str) -> str:
    """Return an ISO date of any precision in words: « 1er septembre 2020 », « septembre 2020 »."""
    annee, _, reste = value.partition("-")
    mois, _, jour = reste.partition("-")
    if not mois:
        return annee
    mots = f"{MOIS[int(mois) - 1]} {annee}"
    return f"{'1er' if int(jour) == 1 else int(jour)} {mots}" if jour else mots


def format_period(debut: str | None, fin: str | None) -> str:
    """Return the dates of an offer in words; "" when none is known."""
    if _is_unknown(debut):
        return "" if _is_unknown(fin) else f"jusqu'à {format_date(fin)}"
    if _is_unknown(fin):
        return f"à partir de {format_date(debut)}"
    if debut == fin:
        return format_date(debut)
    return f"de {format_date(debut)} à {format_date(fin)}"


def format_distance(distance_m: float | None) -> str:
    """Return a distance in words: « moins de 100 m », « 850 m », « 3,2 km »; "" when unknown."""
    if _is_unknown(distance_m):
        return ""
    if distance_m < 100:
        return "moins de 100 m"
    return (
        f"{round(distance_m / 10) * 10} m"
        if distance_m < 995
        else f"{format_decimal(distance_m / 1000, 1)} km"
    )


def describe_interval(least_m: float | None, most_m: float | None, nom_commune: str | None) -> str:
    """Return where an offer is when only its commune is known; "" without a place searched.

    « dans la commune » where the place searched is in it, else « dans la commune de Seclin, à
    moins de 13 km »: no metre is known.
    """
    if _is_unknown(least_m) or _is_unknown(most_m):
        return ""
    if least_m == 0:
        return "dans la commune"
    commune = f"la commune {of_place(nom_commune)}" if nom_commune else "sa commune"
    return f"dans {commune}, à moins de {with_unit(int(most_m // 1000) + 1, 'km')}"


def describe_position(precision: str | None, est_placee: bool = True) -> str:
    """Return how precisely an offer is placed, in words."""
    return POSITIONS.get(precision or "", "précision inconnue") if est_placee else "non placée"


def describe_doubt(est_douteuse: bool | None, distance_m: float | None) -> str:
    """Return why a position is doubtful, in words; "" when it is not, or when nothing tells."""
    if not est_douteuse:
        return ""
    if _is_unknown(distance_m):
        return "Position douteuse."
    km = format_decimal(distance_m / 1000, 1)
    return typeset(f"Position douteuse : le point reçu est à {km} km de la commune déclarée.")


def say_if(value: bool | None) -> str:
    """Return « Oui », « Non » or « Non renseigné »."""
    return NON_RENSEIGNE if value is None else ("Oui" if value else "Non")


_ARTICLES = {
    "le ": "Bas-Rhin|Calvados|Cantal|Cher|Doubs|Finistère|Gard|Gers|Haut-Rhin|Jura|Loir-et-Cher|"
    "Loiret|Lot|Lot-et-Garonne|Morbihan|Nord|Pas-de-Calais|Puy-de-Dôme|Rhône|Tarn|Tarn-et-Garonne|"
    "Territoire de Belfort|Val-d'Oise|Val-de-Marne|Var|Vaucluse|Centre-Val de Loire|Grand Est",
    "la ": "Charente|Charente-Maritime|Corrèze|Corse-du-Sud|Côte-d'Or|Creuse|Dordogne|Drôme|"
    "Gironde|Guadeloupe|Guyane|Haute-Corse|Haute-Garonne|Haute-Loire|Haute-Marne|Haute-Saône|"
    "Haute-Savoie|Haute-Vienne|Loire|Loire-Atlantique|Lozère|Manche|Marne|Martinique|Mayenne|Meuse|"
    "Moselle|Nièvre|Nouvelle-Aquitaine|Sarthe|Savoie|Seine-Maritime|Seine-Saint-Denis|Somme|Vendée|"
    "Vienne",
    "l'": "Ain|Aisne|Allier|Ardèche|Ariège|Aube|Aude|Aveyron|Essonne|Eure|Hérault|Indre|Isère|Oise|"
    "Orne|Yonne",
    "les ": "Alpes-de-Haute-Provence|Alpes-Maritimes|Ardennes|Bouches-du-Rhône|Côtes-d'Armor|"
    "Deux-Sèvres|Hautes-Alpes|Hautes-Pyrénées|Hauts-de-Seine|Landes|Pyrénées-Atlantiques|"
    "Pyrénées-Orientales|Vosges|Yvelines|Hauts-de-France|Pays de la Loire",
}
"""Départements and regions that take an article in a sentence (INSEE); the others take none."""

_H_ASPIRES = frozenset(
    """
    habsheim hachan hadancourt haegen hagedet hagenbach hagenthal haget hagnicourt haguenau
    hailles haimps haims halles ham hambach hambers hambye hamelet hames hammeville hamonville
    hampigny hampont han handschuheim hangard hangenbieten hangviller hannapes hannappes hannogne
    hannonville hans hanvec hanviller hanvoile happencourt harcy hardanges hardinvast hargnies
    harricourt harskirchen hartmannswiller harville hary hatten hattmatt hattstatt hauban
    haudivillers haulies haulmé hausgauen haut hautbos haute hautecloque hautefage hautefontaine
    hauteroche hautes haution hauts hautteville hauville hauviné haybes hecken hecmanville hegeney
    heidolsheim heidwiller heiligenberg heiligenstein heilles heimersdorf heimsbrunn heiteren
    heiwiller helfrantzkirch helleville hem hengwiller henvic herbitzheim herbsheim hercé herly
    hermes hermival herpont herran herrlisheim hescamps hessenheim hettenschlag heugueville
    heuqueville hibarette hierges hiermont hiesville hiis hilsenheim hinacourt hindisheim
    hindlingen hinsbourg hinsingen hipsheim hirschland hirsingue hirtzbach hirtzfelden hitte
    hochfelden hochstatt hochstett hocquigny hodenc hodeng hoffen hohengœft hohfrankenheim hohrod
    holnon holque holtzheim hombourg hommarting hommert homps hon hondainville hondouville
    honfleur honguemare honskirch horbourg horgues hornoy hoste hotot hottot hottviller houdan
    houdilcourt houetteville houeydets houldizy houlette houlgate houlle houppeville houquetot
    hourc hourges houry houssay houssen housset houville hoymille huanne huelgoat huest hugleville
    huillé huiron huisnes humes hunawihr hundsbach huningue hunspach hurtigheim husseren
    huttendorf huttenheim hyet hyémondans hèches hères hédé hégenheim hémevez hénansal hénon
    hésingue hœdic hœnheim hœrdt
    """.split()
)
"""First words of the communes before which one says « de » and not « d' »."""

_LOCATIONS = {
    "Grand Est": "dans le",
    "Hauts-de-France": "dans les",
    "La Réunion": "à",
    "Mayotte": "à",
    "Pays de la Loire": "dans les",
}
"""Regions that are not said with « en »."""


def of_place(nom: str) -> str:
    """Return a name of place after « de »: « d'Arras », « de Lens », « du Touquet ».

    The article of the name itself is contracted, whatever its capital: « Le » gives « du », « Les »
    and « Aux » give « des »; « La » and « L' » stay (« de La Flèche », « de l'Aisne »). Else « d' »
    stands before a vowel, y included, and before a mute h: « d'Hirson », « d'Hénin-Beaumont ». An h
    is aspirated (« de Ham », « de Hem », « de Haute-Avesnes ») where INSEE says so of most communes
    of that first word (code officiel géographique 2025, « type de nom en clair » 0).
    """
    contracted = _contract(nom, le="du", les="des")
    if contracted:
        return contracted
    return f"d'{nom}" if _is_elided(nom) else f"de {nom}"


def at_place(nom: str) -> str:
    """Return a name of place after « à »: « à Lens », « au Touquet », « aux Mureaux »."""
    return _contract(nom, le="au", les="aux") or f"à {nom}"


def _contract(nom: str, *, le: str, les: str) -> str:
    """Return a name whose masculine or plural article is contracted; "" when it has none."""
    article, _, reste = nom.partition(" ")
    forme = {"le": le, "les": les, "aux": les}.get(article.lower())
    return f"{forme} {reste}" if forme and reste else ""


def _is_elided(nom: str) -> bool:
    """Tell whether « de » loses its vowel before a name."""
    first = unicodedata.normalize("NFKD", nom[:1].lower().replace("œ", "oe").replace("æ", "ae"))[:1]
    if first != "h":
        return first in tuple("aeiouy")
    return re.split(r"[-\s']", nom.lower())[0] not in _H_ASPIRES


def with_article(nom: str) -> str:
    """Return a département or a region with its article, if any: « le Nord », « l'Aisne »."""
    for article, noms in _ARTICLES.items():
        if nom in noms.split("|"):
            return f"{article}{nom}"
    return nom


def in_region(nom: str) -> str:
    """Return where a region is: « dans les Hauts-de-France », « en Normandie », « à Mayotte »."""
    return f"{_LOCATIONS.get(nom, 'en')} {nom}"


def has_year(titre: str, millesime: str) -> bool:
    """Tell whether a title ends with its vintage: « Affelnet 2022 » needs no other « 2022 »."""
    return titre.endswith(millesime)


def dated(titre: str, millesime: str | None) -> str:
    """Return a title and its vintage, told once."""
    return titre if not millesime or has_year(titre, millesime) else f"{titre}, {millesime}"
