"""The displayed title of a training: its kind of diploma in short, then its title in a sentence.

« 1CAP3A MARECHAL-FERRANT » is said « CAP Maréchal-ferrant ».  The source text stays beside it.  A
title in capitals or cut short takes the long label of its diploma in the BCN, found by its MEF, its
CFD or the short label itself; one that is well written keeps its own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from geoapp.core.french import lower_first, of_place, upper_first
from geoapp.offer.naming.words import (
    Vocabulaire,
    align,
    content_key,
    is_shouted,
    list_abbreviations,
    long_tokens,
    share_told,
    short_tokens,
    write_out,
)
from geoapp.offer.rows import SANS_INTITULE
from geoapp.reference.codes.diplomas import (
    GENERIQUES,
    Diplome,
    NotationDiplome,
    load_diplomes,
    read_cfd,
    read_type,
    split_head,
    split_tail,
)
from geoapp.reference.codes.levels import normalise_niveau
from geoapp.reference.codes.text import fold

RUBRIQUE = "rubrique"
"""`mention` of a writing that is the head of a section of a catalogue, and no kind."""

_RESTE = re.compile(
    r"\s*(?:\(fiche nationale\)|\(bac ?\+ ?\d\)|- en apprentissage|pour apprentis)\s*$",
    re.IGNORECASE,
)
_SECONDE = re.compile(r"\s*-?\s*\b2NDE COMMUNE\b\s*", re.IGNORECASE)
_ANNEE = re.compile(r"\(?-?\s*\b1(?:[eè]re|re|E) ann[eé]e commune\)?", re.IGNORECASE)
_DEBUT = re.compile(
    r"^(?:domaine\s+)?(?:(?:mention|sp[eé]cialit[eé]|option)\b(?!\s*[A-D]\b)\s*:?\s*)?(?=\w)",
    re.IGNORECASE,
)
_OPTION = re.compile(r"\bop(?:t(?:ions?)?)?(?:[._\s]*:?\s*)([A-D])\b\s*[-:.]?\s*", re.IGNORECASE)
_OPTION_COLLEE = re.compile(r"\bOP(?:T(?:ION)?)?[._\s]*([A-D])\b[\s:.-]*")
_OPTION_NUE = re.compile(r"\bopt(?:ion)?s?\b\s*[.:]\s*", re.IGNORECASE)
_PARTIE = re.compile(
    r"(?<=[\w)])\s*(?:[-–,;]\s*)?\b(option|mention|sp[eé]cialit[eé])(?:\(s\))?\b\s*:?\s+",
    re.IGNORECASE,
)
_LETTRE = re.compile(r"\boption ([a-dà])\b")
_PARCOURS = re.compile(r"\s*[-–]\s*(enti[eè]rement|r[eé]serv[eé]e?)\b", re.IGNORECASE)
_DE = re.compile(r"^(?:d['’]|de |du |des )", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:l['’]|la |le |les )", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class LibelleDiplome:
    """What the BCN says of a CFD: its long label, and its level."""

    libelle: str
    niveau: str | None = None


@dataclass(frozen=True, kw_only=True)
class Libelles:
    """The labels at hand.

    `par_mef` gives the CFD of a MEF or MEFSTAT11, `par_cfd` what the BCN says of a CFD,
    `par_abrege` the CFD of a short label (with its kind), `courts` the short labels of each CFD,
    `types` the type and level of a certification, by Certif Info or RNCP code, or by its title
    (`label_key`).
    """

    par_mef: Mapping[str, str] = field(default_factory=dict)
    par_cfd: Mapping[str, LibelleDiplome] = field(default_factory=dict)
    par_abrege: Mapping[tuple[str, str], str] = field(default_factory=dict)
    courts: frozenset[tuple[str, str]] = frozenset()
    types: Mapping[str, tuple[str, str | None]] = field(default_factory=dict)
    vocabulaire: Vocabulaire = field(default_factory=Vocabulaire)


@dataclass(frozen=True, kw_only=True)
class Formation:
    """What a source says of a training; unknown is an empty text."""

    intitule: str
    type_diplome: str = ""
    niveau: str = ""
    code_mef: str = ""
    code_cfd: str = ""
    code_certifinfo: str = ""
    code_rncp: str = ""


@dataclass(frozen=True, kw_only=True)
class TitreDit:
    """What is said of it: title, kind and level, with what each rests on; unknown is None."""

    titre: str
    preuve_titre: str
    code_diplome: str | None
    niveau: str | None
    preuve_niveau: str | None


def name_training(formation: Formation, libelles: Libelles) -> TitreDit:
    """Return how a training is said."""
    notation, body = _read_title(formation.intitule)
    cfd, how = _find_cfd(formation, libelles)
    found = _find_kind(notation, formation, cfd, libelles)
    body, proof, label_cfd = _choose_words(body, found, (cfd, how), libelles)
    cfd = cfd or label_cfd
    if found and found.code == "bac_pro" and _SECONDE.search(body):
        found = replace(found, mention="seconde")
    words = _say_body(body, libelles.vocabulaire)
    niveau, preuve_niveau = _find_level(formation, found, cfd, libelles)
    titre = SANS_INTITULE if body == SANS_INTITULE else _compose(found, words)
    return TitreDit(
        titre=titre or formation.intitule,
        preuve_titre=proof,
        code_diplome=found.code if found else None,
        niveau=niveau,
        preuve_niveau=preuve_niveau,
    )


@lru_cache(maxsize=1024)
def _read_title(intitule: str) -> tuple[NotationDiplome | None, str]:
    """Return the kind that a title names, at its head else at its tail, and the rest."""
    text = " ".join(intitule.replace("’", "'").split()).rstrip(" -")
    head, body = split_head(text)
    if head and not head.code:
        head, body = split_head(body) if head.mention == RUBRIQUE else (None, text)
    tail, rest = split_tail(body)
    if not (head and tail and head.valeur != tail.valeur):
        body = rest
    body = _RESTE.sub("", body)
    return (head if head and head.code else tail), body


def _find_cfd(formation: Formation, libelles: Libelles) -> tuple[str, str]:
    """Return the CFD of a training and the code that says it; ("", "") when none does."""
    if formation.code_cfd:
        return formation.code_cfd.split("|")[0], "CFD"
    mef = formation.code_mef
    cfd = libelles.par_mef.get(mef) or libelles.par_mef.get(mef[:10])
    return (cfd, f"MEF {mef}") if cfd else ("", "")


def _find_kind(
    notation: NotationDiplome | None, formation: Formation, cfd: str, libelles: Libelles
) -> NotationDiplome | None:
    """Return the kind of a training: named by its title, its type, its certification, its CFD."""
    told = read_type(formation.type_diplome)
    certified = next(_certifications(formation, libelles), None)
    known = read_type(certified[1][0]) if certified else None
    candidates = (notation, told, known, read_cfd(cfd) if cfd else None)
    sure = (one for one in candidates if one and one.code not in GENERIQUES)
    return next(sure, None) or next((one for one in candidates if one), None)


def _certifications(
    formation: Formation, libelles: Libelles
) -> Iterator[tuple[str, tuple[str, str | None]]]:
    """Yield what Certif Info says of a training, with what finds it: its codes, then its title."""
    keys = {
        f"code {formation.code_certifinfo}": formation.code_certifinfo,
        formation.code_rncp: formation.code_rncp,
        "intitulé": label_key(_read_title(formation.intitule)[1]),
    }
    for how, key in keys.items():
        if key in libelles.types:
            yield how, libelles.types[key]


def _choose_words(
    body: str, kind: NotationDiplome | None, code: tuple[str, str], libelles: Libelles
) -> tuple[str, str, str]:
    """Return the words of a title, what they rest on, and the CFD found by a short label."""
    cfd, how = code
    key = label_key(body)
    short = libelles.par_abrege.get((kind.code if kind else "", key), "")
    label = libelles.par_cfd.get(cfd or short)
    is_unnamed = body == SANS_INTITULE
    is_short = is_unnamed or (how.startswith("MEF") and (cfd, key) in libelles.courts)
    if label and key != label_key(label.libelle) and (is_short or _says_more(label.libelle, body)):
        how = how if cfd else "libellé abrégé"
        proof = f"BCN, CFD {cfd or short}" + (f" ({how})" if how != "CFD" else "")
        return label.libelle.replace('"', ""), proof, short
    return body, "source", short


@lru_cache(maxsize=65536)
def label_key(label: str) -> str:
    """Return what is compared of two labels: letters and digits, without plurals nor feminines."""
    return "".join(token.rstrip("sx") or token for token in long_tokens(label))


def _says_more(label: str, body: str) -> bool:
    """Tell whether a label says in full what a title says cut short or in capitals."""
    if is_shouted(body) and content_key(label) == content_key(body):
        return True
    pairs = align(short_tokens(body), long_tokens(label))
    if pairs is not None:
        return is_shouted(body) or any(len(word) - len(token) > 2 for token, word in pairs)
    return bool(list_abbreviations(body)) and share_told(body, label) >= PART_DITE


PART_DITE = 0.6
"""Share of the words of a shortened title that its diploma's label must hold to stand for it."""


def _say_body(body: str, vocabulaire: Vocabulaire) -> str:
    """Return the words of a title without its kind: in full, in small letters, its parts parted."""
    text = _SECONDE.sub(" ", body).replace("&", " et ")
    if is_shouted(text):
        text = _OPTION_COLLEE.sub(r" OPTION \1 ", text)
    text = _OPTION.sub(lambda match: _like(match, f"option {match[1].upper()} "), text)
    text = _OPTION_NUE.sub(lambda match: _like(match, "option "), text)
    text = write_out(_DEBUT.sub("", text), vocabulaire)
    text = _LETTRE.sub(lambda match: f"option {match[1].replace('à', 'a').upper()}", text)
    text = _PARTIE.sub(lambda match: f", {match[1].lower()} ", text)
    text = _PARCOURS.sub(lambda match: f", {match[1].lower()}", text)
    text = _ANNEE.sub(" (1re année commune)", text)
    text = re.sub(r"(?<=\w)\s*:\s+", " : ", text)
    return re.sub(r"\s+", " ", text).replace(" ,", ",").replace("( ", "(").strip(" .,;:-")


def _like(match: re.Match, text: str) -> str:
    """Return a text in capitals where what it replaces is."""
    return text.upper() if match.group().isupper() else text


def _compose(kind: NotationDiplome | None, words: str) -> str:
    """Return the title: the kind in short, the year of its course, the words."""
    if kind is None:
        return upper_first(words)
    if not words:
        # What follows the comma tells what else the kind covers.
        return upper_first(load_diplomes()[kind.code].en_clair.partition(",")[0])
    if kind.code in _COMPOSES:
        return _COMPOSES[kind.code](words)
    year = f" ({kind.mention})" if kind.mention else ""
    return f"{kind.court}{year} {upper_first(words)}".strip()


def _say_state_diploma(words: str) -> str:
    """Return « Diplôme d'État d'infirmier »."""
    if fold(words).startswith("diplome"):
        return upper_first(words)
    if _DE.match(words):
        return f"Diplôme d'État {words}"
    return f"Diplôme d'État {of_place(lower_first(words))}"


def _say_engineer(words: str) -> str:
    """Return « Ingénieur diplômé de l'école… »; a preparatory course goes by its own words."""
    words = re.sub(r"^(?:ing[eé]nieur )?dipl[oô]m[eé] ", "", words, flags=re.IGNORECASE)
    if _DE.match(words):
        return f"Ingénieur diplômé {lower_first(words)}"
    if _ARTICLE.match(words):
        return f"Ingénieur diplômé de {lower_first(words)}"
    return upper_first(words)


_COMPOSES = {"etat": _say_state_diploma, "ingenieur": _say_engineer}
"""Kinds whose name and title make one phrase."""


def _find_level(
    formation: Formation, kind: NotationDiplome | None, cfd: str, libelles: Libelles
) -> tuple[str | None, str | None]:
    """Return the level of a training and what says it, None for one its kind cannot have."""
    diplome = load_diplomes()[kind.code] if kind else None
    allowed = diplome.niveaux if diplome else ("3", "4", "5", "6", "7", "8")
    if formation.niveau in allowed:
        return formation.niveau, "source"
    told = f" ({CONTREDIT}, {formation.niveau})" if formation.niveau else ""
    for niveau, proof in _level_evidence(formation, diplome, cfd, libelles):
        if niveau in allowed:
            return niveau, proof + told
    return None, told.strip(" ()") or None


CONTREDIT = "la source dit un autre niveau"
"""What the evidence of a level holds when the source gives one that its kind cannot have."""


def _level_evidence(
    formation: Formation, diplome: Diplome | None, cfd: str, libelles: Libelles
) -> Iterator[tuple[str | None, str]]:
    """Yield the levels that codes, kind and title say, the surest first."""
    if cfd in libelles.par_cfd:
        yield libelles.par_cfd[cfd].niveau, f"BCN, CFD {cfd}"
    if diplome and diplome.niveau:
        yield diplome.niveau, f"type de diplôme {diplome.libelle}"
    for how, (_, niveau) in _certifications(formation, libelles):
        yield niveau, f"Certif Info, {how}"
    yield normalise_niveau(formation.intitule, notation="libelle"), "intitulé"
