"""The displayed name of a body, and the displayed address and postcode of a place.

Catalogues write names in capitals, cut or with the holes of a form (« BP null CEDEX null »).
What is shown is in small letters with the particles of French; initials stay as the table
``geodata/mots_organismes.csv`` has them, and proper names take the accents of the names written
in small letters and of the communes.  The source text stays in `organismes` and `lieux`.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

import pandas as pd

from geoapp.core.config import GEODATA
from geoapp.core.french import upper_first
from geoapp.offer.naming.words import fold_word
from geoapp.reference.codes.text import fold

PARTICULES = frozenset("a à au aux d de des du en et l la le les lès lez par pour sous sur".split())
"""Words that take no capital inside a name."""

_MOT = re.compile(r"[^\W_]+(?:\.[^\W_]\b\.?)*")
_ELISION = re.compile(r"(?<![\w.'])([DL])(?:'| (?=[AEIOUYHÀÂÉÈÊÎÔ][^\W\d_]))(?=\w)")
_A_SEUL = re.compile(r"(?<=[A-Z]{2} )A(?= [A-Z]{2})")
_ENSEIGNEMENT = re.compile(r"\bLYCEE (?:D['’ ])?ENS(?:EIG\w*)?\s+(?=GEN|TECH)")
_SAINTS = {"st": "saint", "ste": "sainte"}
_PARTIE = re.compile(r"(?:\s[-–]\s*|[-–]\s+|[/:(]\s*)$")
_LABEL = re.compile(r"(?<=\w)\s+lyc[eé]e des m[eé]tiers\b.*$", re.IGNORECASE)
_ABSORBE = re.compile(r"\s*\(A ABSORB[EÉ] [^)]*\)", re.IGNORECASE)
_NULL = re.compile(r"\b(?:(?:BP|CS|CEDEX)\s+)?null\b", re.IGNORECASE)
_CEDEX = re.compile(r"\bCEDEX\b(?:\s*\d{1,2}\b|\s*\d{5}\b)?[\s.]*", re.IGNORECASE)
_FINALE = re.compile(
    r"[\s,;:/–-]+(?:(?:site|et|de|du|des|d'|la|le|l'|à|au)\b['\s]*)*$", re.IGNORECASE
)
_VOIES = (
    "allée|avenue|boulevard|chaussée|chemin|cours|faubourg|impasse|parvis|passage|place|placette"
    "|quai|route|rue|ruelle|square|voie"
)
_VOIES_PLIEES = frozenset(map(fold, _VOIES.split("|")))
_NUMERO = re.compile(
    rf"(?<=[^\W\d_])\s+(?=\d+(?:\s*[-/]\s*\d+)?\s*(?:bis|ter)?\s*(?:{_VOIES})\b)", re.IGNORECASE
)
_NOMS = (
    "AFTRAL|ARCPP|BTP CFA|CCI|CFA|CMA|Centre|CESI|CNAM|Campus|Collège|EIC|E[Cc]ole|École|Espace"
    "|Facult[eé]|Greta|IESEG|INSA|IUT|Immeuble|Institut|Institution|ISA|Lycée|LP|MFR|Maison"
    "|PROMEO|SKEMA|Section|Startévo|UFA|UFR|Unité|Université|Z\\.?[IA]\\.?|ZAC|Zone"
)
_ETABLISSEMENT = re.compile(rf"(?<=[\w'.])\s+(?=(?:{_NOMS})\b)")
_RUE_EN_TETE = re.compile(rf"^\s*(?:\d|(?:{_VOIES})\b)", re.IGNORECASE)


@cache
def load_words() -> dict[str, tuple[str, str]]:
    """Return folded word → (form, sort): generique, abrege or sigle."""
    table = pd.read_csv(
        GEODATA / "mots_organismes.csv", sep=";", dtype="str", keep_default_na=False
    )
    return {row.mot: (row.forme, row.sorte) for row in table.itertuples(index=False)}


@dataclass(frozen=True, kw_only=True)
class NomsPropres:
    """Proper names known: folded word → form, and the words of a compound place → its name."""

    mots: Mapping[str, str] = field(default_factory=dict)
    lieux: Mapping[tuple[str, ...], str] = field(default_factory=dict)


def learn_names(names: Iterable[str], places: Iterable[str]) -> NomsPropres:
    """Return the proper names that some names and places write in small letters with a capital."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    places = sorted(set(places))
    for name in (*names, *places):
        for match in _MOT.finditer(name):
            word = match.group()
            if len(word) > 2 and word[0].isupper() and word[1:].islower():
                counts[fold_word(word)][word] += 1
    compounds = {place_key(place): place for place in places if "-" in place}
    return NomsPropres(mots={key: _usual(forms) for key, forms in counts.items()}, lieux=compounds)


def place_key(place: str) -> tuple[str, ...]:
    """Return the folded words of a place, « St » as « Saint »."""
    return tuple(_SAINTS.get(word, word) for word in fold(place).split())


def _usual(forms: Counter[str]) -> str:
    """Return the form written most, its first letter with the accent that a capital often drops."""
    ends: Counter[str] = Counter()
    for form, number in forms.items():
        ends[form[1:]] += number
    end = max(ends, key=lambda one: (ends[one], not one.isascii(), one))
    return max((form for form in forms if form[1:] == end), key=lambda form: not form.isascii())


def say_body(name: str, noms: NomsPropres) -> str:
    """Return the name of a body as it is said."""
    text = _ABSORBE.sub("", name).replace("’", "'")
    text = re.sub(r"(?<=\w\w)\.(?=\w\w)", " ", " ".join(text.split()))
    text = _ENSEIGNEMENT.sub("LYCEE ", _LABEL.sub("", text))
    text = re.sub(r"\b(Saint|Sainte|St|Ste)- (?=\w)", r"\1-", text).replace("' ", "'")
    if _is_shouted(name):
        text = _A_SEUL.sub("à", text)
    text = _ELISION.sub(lambda match: match[1].lower() + "'", text)
    text = _say_places(text, noms)
    return _tidy(_say_words(text, noms, is_shouted=_is_shouted(name)))


def _is_shouted(name: str) -> bool:
    return _ABSORBE.sub("", name).isupper()


def _say_places(text: str, noms: NomsPropres) -> str:
    """Return a text whose compound places are written as they are: « ST OMER » → « Saint-Omer »."""
    words = list(_MOT.finditer(text))
    out, last, i = [], 0, 0
    while i < len(words):
        for size in range(min(7, len(words) - i), 1, -1):
            part = text[words[i].start() : words[i + size - 1].end()]
            place = noms.lieux.get(place_key(part)) if part[0].isupper() else None
            if place and re.fullmatch(r"[\w' -]+", part):
                out += [text[last : words[i].start()], place]
                last, i = words[i + size - 1].end(), i + size
                break
        else:
            i += 1
    return "".join([*out, text[last:]])


def _say_words(text: str, noms: NomsPropres, *, is_shouted: bool) -> str:
    """Return the words of a name, each as its sort says."""
    words = _MOT.findall(text)
    is_known = any(_sort(word) in ("generique", "abrege") for word in words) or (
        len(words) > 1 and any(word.lower() in PARTICULES and len(word) > 1 for word in words)
    )
    out, last, before = [], 0, ""
    for match in _MOT.finditer(text):
        word = match.group()
        opens = not before or (is_shouted and _PARTIE.search(text[: match.start()]))
        if word.isupper():
            said = _say_capitals(word, before, noms, is_known)
        else:
            said = _mend(word, before, noms)
        before = said
        out += [text[last : match.start()], upper_first(said) if opens else said]
        last = match.end()
    return "".join([*out, text[last:]])


def _sort(word: str) -> str:
    return load_words().get(fold_word(word), ("", ""))[1]


def _say_capitals(word: str, before: str, noms: NomsPropres, is_known: bool) -> str:
    """Return a word in capitals: initials, particle, common word, else a proper name.

    An article that no particle precedes opens a proper name: « Lycée La Providence ».
    """
    key = fold_word(word)
    form, sort = load_words().get(key, ("", ""))
    if sort == "sigle" or (not is_known and not noms.mots.get(key)) or len(word) == 1:
        return form or noms.mots.get(key) or word
    if word.lower() in PARTICULES:
        is_name = word.lower() in ("la", "le", "les") and before.lower() not in PARTICULES
        return word.capitalize() if is_name else word.lower()
    if sort:
        return form
    if known := noms.mots.get(key):
        return known
    is_sayable = len(word) > 3 and word.isalpha() and set(key) & set("aeiouy")
    return word.capitalize() if is_sayable else word


def _mend(word: str, before: str, noms: NomsPropres) -> str:
    """Return a word of a name in small letters: its accents, « De » after a name as « de »."""
    if word in ("De", "Du", "Des", "Et") and (before[:1].isupper() or _sort(before)):
        return word.lower()
    if word in ("St", "Ste"):
        return load_words()[word.lower()][0]
    return noms.mots.get(fold_word(word), word) if word[0].isupper() and word.isascii() else word


def _tidy(text: str) -> str:
    """Return a text with single spaces, and dashes that part names between two of them."""
    text = re.sub(r"(?<=[\w)])\s*[-–]\s+|\s+[-–]\s*(?=\w)", " - ", text)
    return re.sub(r"\s+", " ", text).replace("( ", "(").replace(" )", ")").strip(" -–,")


def say_address(address: str, noms: NomsPropres) -> str | None:
    """Return an address as it is said; None when it tells nothing.

    The empty boxes of a form, « CEDEX » and what was cut at the end go; a comma parts the street
    from the name of a place; numbers and boxes stay.
    """
    text = _CEDEX.sub(" ", _NULL.sub(" ", address.replace("’", "'")))
    text = _FINALE.sub("", " ".join(text.split()))
    half = len(text) // 2
    if text[:half] == text[half + 1 :]:
        text = text[:half]
    text = _MOT.sub(lambda match: _say_street_word(match.group(), noms, match.start() == 0), text)
    text = _NUMERO.sub(", ", text)
    if _RUE_EN_TETE.match(text):
        text = _ETABLISSEMENT.sub(", ", text, count=1)
    text = re.sub(r"\s*[-–]?\s*,(?:\s*,)*\s*", ", ", text).strip(" ,;-")
    return text or None


def _say_street_word(word: str, noms: NomsPropres, opens: bool) -> str:
    """Return a word of an address: its accents; in capitals and no initials, small letters."""
    key = fold_word(word)
    form, sort = load_words().get(key, ("", ""))
    if not word.isupper():
        return noms.mots.get(key, word) if word[:1].isupper() and word.isascii() else word
    if (word.lower() in PARTICULES and len(word) > 1 and not opens) or key in _VOIES_PLIEES:
        return word.lower()
    if sort == "sigle" or len(word) < 4 or not word.isalpha():
        return word
    if sort == "generique":
        return upper_first(form)
    is_sayable = not opens and set(key) & set("aeiouy")
    return noms.mots.get(key) or (word.capitalize() if is_sayable else word)


def town_postcodes(lieux: pd.DataFrame, communes: pd.DataFrame) -> pd.Series:
    """Return the postcode of each place: that of its town where the one received is a CEDEX.

    A town of several postcodes has that of most of its places, else the first.  One whose commune
    is unknown stays as received.
    """
    known = dict(zip(communes["code_commune"], communes["codes_postaux"], strict=True))
    used: dict[str, Counter[str]] = defaultdict(Counter)
    pairs = list(zip(lieux["code_commune"], lieux["code_postal"], strict=True))
    for commune, code in pairs:
        if isinstance(code, str):
            used[commune][code] += 1
    result = []
    for commune, code in pairs:
        codes = re.findall(r"\d{5}", known.get(commune) or "") if isinstance(commune, str) else []
        if isinstance(code, str) and codes and code not in codes:
            code = min(codes, key=lambda one: (-used[commune][one], one))
        result.append(code)
    return pd.Series(result, index=lieux.index, dtype="str")
