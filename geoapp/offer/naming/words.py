"""Words as they are written: accents, capitals and abbreviations, learnt from the labels at hand.

Nothing is typed by hand.  A form (« électricité », « Hauts-de-France », « PME ») is what most
labels in small letters write; what an abbreviation stands for (« VEHIC. » → « véhicules ») is what
stands at its place in the long label of the same diploma.  What the labels do not say stays as
received.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from geoapp.reference.codes.text import fold

VIDES = frozenset("a au aux d de des du e en et l la le les ou par pour s sur un une".split())
"""Words that a short label leaves out."""

PART_ABREGE = 0.75
"""Share of its readings that one word must have to be what an abbreviation stands for."""

SAUTES = VIDES | frozenset("avec bep bt bts cap mention option spe specialite".split())
"""Words of a long label that teach nothing, and may miss from the short one."""

_OPTION = re.compile(r"\bop(?:t(?:ion)?)?[._ ]*([a-d])\b", re.IGNORECASE)
_FEMININ = re.compile(r"(?<=\w)\([^\W\d_]{1,6}\)")
_SUITE = re.compile(r"\s*\([^()]*\)\s*$")
RARE = 3
"""A form read fewer times is doubtful."""

_CROCHETS = re.compile(r"\([^()]*\)")
_MOT = re.compile(r"[^\W\d_]+")
_COMPOSE = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)+")
_COMPOSE_OU_MOT = re.compile(rf"{_COMPOSE.pattern}|{_MOT.pattern}")
_JETON = re.compile(r"[^\W\d_]+\.?")


@dataclass(frozen=True, kw_only=True)
class Vocabulaire:
    """What was learnt: folded word → form, (word before or "", abbreviation) → word."""

    formes: Mapping[str, str] = field(default_factory=dict)
    abreges: Mapping[tuple[str, str], str] = field(default_factory=dict)


def learn_forms(labels: Iterable[str]) -> dict[str, str]:
    """Return folded word → form, from labels that are not in capitals.

    A first word says nothing of its capital: it counts with a small one, and only where no other
    place tells.  A form in capitals or with one keeps the accents that any label gives it; a rare
    one is written small when its plural or singular is.
    """
    inside: dict[str, Counter[str]] = defaultdict(Counter)
    first: dict[str, Counter[str]] = defaultdict(Counter)
    for label in labels:
        if is_shortened(label):
            continue
        for match in _words_of(label):
            word = match.group()
            if _opens(label, match.start()) and word[1:].islower():
                first[fold_word(word)][word.lower()] += 1
            else:
                inside[fold_word(word)][word] += 1
    forms = {key: _usual(counts) for key, counts in first.items()}
    forms |= {key: _usual(counts) for key, counts in inside.items()}
    rare = {key for key, counts in inside.items() if counts.total() < RARE}
    return {key: _small(key, form, forms) if key in rare else form for key, form in forms.items()}


def _opens(label: str, start: int) -> bool:
    """Tell whether a word opens a label or a part of it (« Conducteur / Conductrice »)."""
    before = label[:start].rstrip(' ("«')
    return not before or before[-1] in "/-:."


def _small(key: str, form: str, forms: Mapping[str, str]) -> str:
    """Return a rare form in small letters when its plural or singular is."""
    other = forms.get(key[:-1] if key.endswith("s") else key + "s", form)
    return form.lower() if _case(form) == 1 and other.islower() else form


def _words_of(label: str) -> Iterable[re.Match]:
    """Yield the words of a label, the parts of a compound as well as the compound."""
    yield from _MOT.finditer(label)
    for match in _COMPOSE.finditer(label):
        if match.start() > 0:
            yield match


@lru_cache(maxsize=65536)
def fold_word(word: str) -> str:
    """Return a word or a compound without accents, in small letters."""
    return "-".join(map(fold, word.split("-")))


def _usual(counts: Counter[str]) -> str:
    """Return the form written most, accents preferred where a capital often drops them."""
    case: Counter[int] = Counter()
    for form, number in counts.items():
        case[_case(form)] += number
    kind = max(case, key=lambda kind: (case[kind], -kind))
    forms = {form: number for form, number in counts.items() if _case(form) == kind}
    if kind and (accented := {form: n for form, n in forms.items() if not form.isascii()}):
        forms = accented
    return max(forms, key=lambda form: (forms[form], not form.isascii(), form))


def _case(form: str) -> int:
    """Return 0 for small letters, 1 for a first capital, 2 for capitals or a mix of both."""
    if form.islower():
        return 0
    return 1 if form[1:].islower() or "-" in form else 2


def learn_abbreviations(pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return (word before, abbreviation) → word, and ("", abbreviation) → word.

    Parameters
    ----------
    pairs : iterable of (short label, long label)
        Two labels of one diploma.  Only those whose words all match, in order, teach anything.
    """
    readings: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for short, long in pairs:
        matched = align(short_tokens(short), long_tokens(long))
        before = ""
        for token, word in matched or ():
            if token != word:
                readings["", token][word] += 1
                readings[before or "^", token][word] += 1
            before = word
    return {
        key: best
        for key, counts in readings.items()
        if (best := _only(counts, atleast=2 if key[0] else 3))
    }


def _only(counts: Counter[str], *, atleast: int) -> str | None:
    word, number = max(counts.items(), key=lambda item: (item[1], item[0]))
    total = counts.total()
    return word if total >= atleast and number >= PART_ABREGE * total else None


def short_tokens(label: str) -> tuple[str, ...]:
    """Return the folded tokens of a short label, « OPTA » and « OP.A » as two."""
    return tuple(fold(_OPTION.sub(r"option \1 ", label)).split())


@lru_cache(maxsize=65536)
def long_tokens(label: str) -> tuple[str, ...]:
    """Return the folded tokens of a long label, without feminine endings nor who certifies."""
    return short_tokens(_SUITE.sub("", _FEMININ.sub("", label)))


def align(short: tuple[str, ...], long: tuple[str, ...]) -> list[tuple[str, str]] | None:
    """Return the word of the long label that each token of the short one stands for.

    Both in order; every word of the long label that means something has its token.  None when
    they do not match so.
    """
    pairs: list[tuple[str, str]] = []
    i = 0
    for word in long:
        if i < len(short) and _stands_for(short[i], word):
            # « D » of « D'USINAGE » is itself, not the start of the word after it.
            pairs.append((short[i], word))
            i += 1
        elif word not in SAUTES:
            return None
    return pairs if i == len(short) else None


@lru_cache(maxsize=262144)
def _stands_for(token: str, word: str) -> bool:
    """Tell whether a token is a word, its start, or some of its letters in order."""
    if word.startswith(token) or token.rstrip("s") == word.rstrip("s"):
        return True
    if word in VIDES or len(token) < 2 or token[0] != word[0] or len(token) >= len(word):
        return False
    letters = iter(word)
    return all(letter in letters for letter in token)


def is_shouted(text: str) -> bool:
    """Tell whether a text is in capitals, what its brackets hold left out."""
    return _CROCHETS.sub("", text).isupper()


def is_shortened(text: str) -> bool:
    """Tell whether a text is in capitals or holds an abbreviation."""
    return is_shouted(text) or bool(list_abbreviations(text))


def list_abbreviations(text: str) -> list[str]:
    """Return the words of a text cut by a dot (« VEHIC. », « TECHN.INSTALL ») or without a vowel.

    Initials in capitals in a text that is not (« BTP ») are names, and no abbreviation.
    """
    found = []
    for match in _JETON.finditer(text):
        token = match.group()
        if (
            (token.endswith(".") and len(token) > 2 and match.end() < len(text.rstrip()))
            or (token.endswith(".") and len(token) > 2 and len(fold(token)) < 9)
            or _is_mute(token, text)
        ):
            found.append(token)
    return found


def _is_mute(token: str, text: str) -> bool:
    """Tell whether a word has no vowel, and is neither initials nor one letter."""
    return _has_no_vowel(token) and (is_shouted(text) or not token.isupper())


@lru_cache(maxsize=65536)
def _has_no_vowel(token: str) -> bool:
    """Tell whether a word of two letters or more has no vowel."""
    word = fold(token)
    return len(word) > 1 and not set(word) & set("aeiouy") and word != "st"


def expand(text: str, vocabulaire: Vocabulaire) -> str:
    """Return a text whose abbreviations known to the vocabulary are written in full."""
    if not is_shortened(text):
        return text
    out, last, before = [], 0, ""
    for match in _JETON.finditer(text):
        raw, token = match.group(), fold(match.group())
        is_last = match.end() == len(text.rstrip(" )"))
        # The dot of a last word that is whole ends the sentence.
        is_whole = token in vocabulaire.formes and (is_last or not raw.endswith("."))
        word = None if is_whole or len(token) < 2 else _reading(before, token, vocabulaire)
        if word:
            out += [text[last : match.start()], word]
            last = match.end()
            if text[last : last + 1].isalpha():
                out.append(" ")
        before = word or token
    return "".join([*out, text[last:]])


def _reading(before: str, token: str, vocabulaire: Vocabulaire) -> str | None:
    known = vocabulaire.abreges
    return known.get((before or "^", token)) or known.get(("", token))


def write_out(text: str, vocabulaire: Vocabulaire) -> str:
    """Return a text in full, in small letters, with the accents and capitals of the vocabulary."""
    shouted = is_shouted(text)
    full = expand(text, vocabulaire)
    out, last, is_name = [], 0, False
    for match in _COMPOSE_OU_MOT.finditer(full):
        between = full[last : match.start()]
        follows = is_name and between == " "
        is_bracketed = full.rfind("(", 0, match.start()) > full.rfind(")", 0, match.start())
        word = _write(match.group(), vocabulaire.formes, shouted, follows or is_bracketed)
        is_name = _case(word) == 1 and last > 0
        out += [between, word]
        last = match.end()
    return "".join([*out, full[last:]])


def _write(text: str, formes: Mapping[str, str], shouted: bool, is_kept: bool) -> str:
    """Return a word or a compound as the vocabulary writes it.

    `is_kept` says that its capitals are those of a name, unless the vocabulary knows it otherwise:
    it follows a name (« Nord Pas de Calais »), or stands in a bracket of a title in capitals.
    """
    form = formes.get(fold_word(text))
    if "-" in text and not (form and _case(form) and not text.islower()):
        return "-".join(_write(part, formes, shouted, is_kept) for part in text.split("-"))
    if shouted:
        return _write_shouted(text, form, is_kept)
    if len(text) == 1 or (is_kept and text[0].isupper()) or form is None:
        return text
    if text.isupper() or (_case(text) == 2 and _case(form)):
        return text
    return _with_accents(text if _case(form) else text.lower(), form)


def _write_shouted(word: str, form: str | None, is_kept: bool) -> str:
    """Return a word of a text in capitals; an unknown one that may be a name stays as it is."""
    if form:
        return form
    return word if is_kept or not set(fold(word)) & set("aeiouy") else word.lower()


@lru_cache(maxsize=65536)
def _with_accents(word: str, form: str) -> str:
    """Return a word with the accents of its form, its own capitals kept.

    One that has some lacks at most that of its first letter, often dropped on a capital.
    """
    if len(word) != len(form):
        return word
    if not word.isascii():
        form = form[0] + word[1:]
    letters = zip(word, form, strict=True)
    return "".join(b.upper() if a.isupper() else b.lower() for a, b in letters)


def content_key(label: str) -> str:
    """Return the words of a label that mean something, in one piece, without plurals."""
    words = (word for word in long_tokens(label) if word not in SAUTES)
    return "".join(word.rstrip("sx") or word for word in words)


def share_told(short: str, label: str) -> float:
    """Return the share of the words of a short label that stand for a word of a long one."""
    tokens = [token for token in short_tokens(short) if token not in SAUTES]
    words = [word for word in long_tokens(label) if word not in SAUTES]
    told = sum(any(_stands_for(token, word) for word in words) for token in tokens)
    return told / len(tokens) if tokens else 0.0
