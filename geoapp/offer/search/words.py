"""Words as the search compares them: folded, without empty words, cut to their French stem.

The same functions serve the index and the query, so that both always agree.
Every word they give holds only `a-z` and `0-9`: no text of a user can act as
syntax of the full-text engine.
"""

from __future__ import annotations

import re
from functools import lru_cache
from threading import Lock

import snowballstemmer

from geoapp.reference.codes.text import fold

VIDES = frozenset(
    "a ai aime aimer aimerais au aux avec ce ces cette cherche chercher comme comment d dans de "
    "des devenir du en est et etre faire formation formations je l la le les m ma me mes "
    "metier metiers mon n nos notre occuper ou par pour pres qu que qui sa se ses suis sur "
    "travail travailler un une vers veux voudrais y".split()
)
"""Words that say nothing of what is looked for."""

LETTRES_RACINE = 4
"""Shorter words are kept whole: acronyms (BTS, AS) have no stem."""

_GENRES = (("trice", "teur"), ("euse", "eur"), ("ienne", "ien"), ("iere", "ier"), ("ee", "e"))
"""Endings of the feminine and of the masculine of a job: coiffeuse, coiffeur."""

_DIPLOMES = (
    "bac baccalaureat bachelor bep bm bma bp bpa bpjeps brevet bt btm bts btsa but cap capa "
    "certificat cpjeps cqp cs ctm dcg dejeps deust diplome doctorat dscg dut licence master mba mc "
    "mention tfp titre tp"
)
_GENERIQUES = (
    "adjoint agent aide apprenti artisan assistant cadre charge chauffeur chef collaborateur "
    "concepteur conducteur conseiller consultant controleur coordinateur createur directeur "
    "employe encadrant enseignant entreprise equipier expert exploitant fabricant formateur "
    "gestionnaire guide ingenieur inspecteur installateur intervenant maitre manager moniteur "
    "monteur negociateur operateur organisateur ouvrier patron pilote poseur preparateur prof "
    "professeur professionnel releve reparateur representant responsable second secteur "
    "service services specialiste specialise superieur superviseur technicien technique techniques "
    "travaux visiteur"
)

_STEMMER = snowballstemmer.stemmer("french")
_LOCK = Lock()
_ECRITS = re.compile(r"[^\s'’,;:!?()«»\"/]+")
"""A word as it is typed, with its accents and its capitals."""

_SUR = re.compile(r"\bs/|/(?=\s*mer\b)", re.IGNORECASE)
_ELIDEES = re.compile(r"\b[cjst]['’]", re.IGNORECASE)
"""What « ce », « je », « se » and « te » leave before a vowel: « s'occuper »."""

_SAINTS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
_ARTICLES = frozenset("a d de des du en l la le les".split())
_ROME = re.compile(r"[a-n]\d{4}")
_RNCP = re.compile(r"rncp0*[1-9]\d*")
_DE = re.compile(r"\bD\.\s?E\b\.?", re.IGNORECASE)
_RNCP_ECRIT = re.compile(r"\brncp[\s:n°.-]*0*([1-9]\d*)", re.IGNORECASE)
_CFD = re.compile(r"\d{2}[0-9a-z]\d{3}[0-9a-z]{2}")


def split_words(texte: str) -> list[str]:
    """Return every folded word of a text; « RNCP n° 1234 » is one word, « D.E » two."""
    if "'" in texte or "’" in texte:
        texte = _ELIDEES.sub(" ", texte)
    if "." in texte:
        texte = _DE.sub("diplome etat ", texte)
    if "rncp" in texte.lower():
        texte = _RNCP_ECRIT.sub(r" rncp\1 ", texte)
    return fold(texte).split()


def as_typed(texte: str, mots: str) -> str:
    """Return some folded words as a text writes them: « electricien » is its « Électricien ».

    A word that the text does not hold stays as it is.
    """
    wanted, found = mots.split(), list(_ECRITS.finditer(texte))
    folded = [fold(one[0]).split() for one in found]
    for i in range(len(found)):
        words: list[str] = []
        # As many words as wanted at most: a long text is not tried piece by piece.
        for j in range(i, min(i + len(wanted), len(found))):
            words += folded[j]
            if words == wanted:
                return texte[found[i].start() : found[j].end()]
    alone = {part[0]: one[0] for part, one in zip(folded, found, strict=True) if len(part) == 1}
    return " ".join(alone.get(word, word) for word in wanted)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """Return the French stem of a folded word, the same for plural, feminine and masculine.

    Short words and codes are kept whole.  The plural goes before the stemmer,
    that keeps the « s » of « taxis ».
    """
    if len(word) < LETTRES_RACINE or not word.isalpha():
        return word
    single = word.removesuffix("s") if len(word) > LETTRES_RACINE else word
    for feminine, masculine in _GENRES:
        if single.endswith(feminine):
            single = single.removesuffix(feminine) + masculine
            break
    with _LOCK:
        return _STEMMER.stemWord(single)


def stems(texte: str) -> list[str]:
    """Return the stems of the words of a text that say something."""
    return [stem(word) for word in split_words(texte) if word not in VIDES]


def is_code(word: str) -> bool:
    """Tell whether a folded word has the form of a ROME, RNCP or CFD code."""
    return bool(_ROME.fullmatch(word) or _RNCP.fullmatch(word) or _CFD.fullmatch(word))


DIPLOMES = frozenset(map(stem, _DIPLOMES.split()))
"""Stems of the words that name a diploma: a training holds them in the kind of its diploma too."""

GENERIQUES = frozenset(map(stem, _GENERIQUES.split()))
"""Stems of the words that say a rank or a gesture, of no trade: alone they tell nothing of it."""


def place_words(texte: str) -> list[str]:
    """Return the words of a place name: « St-Pol s/ Ternoise » is saint, pol, sur, ternoise.

    Articles are left out, unless nothing else remains.
    """
    if "/" in texte:
        texte = _SUR.sub(" sur ", texte)
    words = [_SAINTS.get(word, word) for word in fold(texte).split()]
    return [word for word in words if word not in _ARTICLES] or words[-1:]
