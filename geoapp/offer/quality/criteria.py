"""The criteria of quality, as rows: what is measured, its weight, and how to correct it.

A criterion says of each offer whether it applies, and what is wrong when something is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from geoapp.offer.naming.titles import CONTREDIT
from geoapp.offer.quality.positions import find_wrong_positions
from geoapp.offer.rows import SANS_INTITULE
from geoapp.offer.values import yes
from geoapp.reference.codes.diplomas import load_diplomes
from geoapp.reference.codes.text import fold, map_distinct
from geoapp.sources.rhythm import parse_vintage

Jugement = tuple[pd.Series, pd.Series]
"""Does it apply (booleans); what is wrong, in French (NA: nothing)."""

PRECISES = ("coordonnees", "uai", "adresse")
CODES_CERTIFICATION = ("code_rncp", "code_certifinfo", "code_cfd", "code_mef")
ANCIENNETE_MOIS = 12
TITRE_MIN, TITRE_MAX = 5, 255

_ABREGE = re.compile(r"[A-Za-zÀ-ÿ]{2,}\.(?=\s|[A-Za-zÀ-ÿ&]|$)")
_SIGLES = re.compile(
    r"^(CAP[A2]?|BTS[A]?|BP[A]?|BAC PRO|BEP|MC|CS|DUT|BUT|TP|Bac pro( agricole)? \(seconde\))\s+",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Critere:
    """One criterion.

    `champs` are the columns it reads: when a source fills none of them, in no
    row, it does not carry the information and the criterion is not assessed
    there.  `valeur` is the column shown beside a defect ("" for none).
    """

    nom: str
    titre: str
    mesure: str
    poids: int
    cure: str
    juger: Callable[[pd.DataFrame], Jugement]
    champs: tuple[str, ...] = ()
    valeur: str = ""


def _every(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(True, index=frame.index)


def _present(frame: pd.DataFrame) -> pd.Series:
    """Tell which offers are somewhere: a fully remote one has no place to give."""
    return ~frame["modalite"].eq("a_distance").fillna(False).astype(bool)


def _where(mask: pd.Series, texte: str) -> pd.Series:
    """Return a text where a mask holds, NA elsewhere."""
    nothing = pd.Series(None, index=mask.index, dtype="object")
    return nothing.mask(mask.fillna(False).astype(bool), texte)


def _known(column: str, texte: str) -> Callable[[pd.DataFrame], Jugement]:
    """Return what asks for a column to be filled."""
    return lambda frame: (_every(frame), _where(frame[column].isna(), texte))


def _place(frame: pd.DataFrame) -> Jugement:
    return _present(frame), _where(
        frame["code_commune"].isna(), "Aucune commune connue : l'offre n'est dans aucun territoire."
    )


def _precision(frame: pd.DataFrame) -> Jugement:
    # An offer that is nowhere already fails « lieu »: it is not told twice.
    located = frame["code_commune"].notna() | frame["id_place"].notna()
    vague = ~frame["precision_position"].isin(PRECISES) | yes(frame["est_douteuse"])
    return _present(frame) & located, _where(
        vague, "Placée à la mairie, faute d'adresse ou de coordonnées utilisables."
    )


def _position(frame: pd.DataFrame) -> Jugement:
    return _present(frame) & frame["code_commune"].notna(), find_wrong_positions(frame)["constat"]


def _title(frame: pd.DataFrame) -> Jugement:
    return _every(frame), map_distinct(frame["intitule"], describe_title)


def describe_title(intitule: str) -> str | None:
    """Return what a title lacks to be understood by everybody; None when nothing."""
    rest = _SIGLES.sub("", intitule).strip()
    if intitule == SANS_INTITULE or not rest:
        return "Intitulé absent."
    if not TITRE_MIN <= len(intitule) <= TITRE_MAX:
        return (
            f"Intitulé de {len(intitule)} caractères : de {TITRE_MIN} à {TITRE_MAX} sont attendus."
        )
    if _ABREGE.search(rest):
        return "Intitulé abrégé : des mots sont coupés par un point."
    return "Intitulé tout en capitales." if rest.isupper() and len(rest) > TITRE_MIN else None


def _levels(frame: pd.DataFrame) -> Jugement:
    told = frame["preuve_niveau"].fillna("")
    against = told.str.contains(CONTREDIT, regex=False)
    labels = {code: one.libelle for code, one in load_diplomes().items()}
    finding = "Type de diplôme " + frame["code_diplome"].map(labels) + " : " + told
    return frame["code_diplome"].notna() & (told.eq("source") | against), finding.where(against)


def _domain(frame: pd.DataFrame) -> Jugement:
    return _every(frame), _where(
        frame["code_domaine"].eq("autre"),
        "Aucun domaine : ni l'intitulé ni les codes ne le disent.",
    )


def _certification(frame: pd.DataFrame) -> Jugement:
    # Asked of all but those declared without certification: silence excuses nobody.
    expected = ~frame["certifiante_declaree"].eq(False).fillna(False).astype(bool)
    return expected, _where(
        frame[list(CODES_CERTIFICATION)].isna().all(axis=1),
        "Aucun code de certification ni de diplôme.",
    )


def _body(frame: pd.DataFrame) -> Jugement:
    return _every(frame), _where(
        frame[["siret", "code_uai"]].isna().all(axis=1), "Organisme sans SIRET ni code UAI valable."
    )


def _dates(frame: pd.DataFrame) -> Jugement:
    permanent = frame["est_permanente"].fillna(False).astype(bool)
    starts = frame["dates_debut"]
    finding = _where(starts.isna(), "Aucune date de début, et pas d'entrée permanente.")
    # A month is written after a dash; one start that has it is enough.
    has_month = starts.str.contains("-", regex=False).fillna(False).astype(bool)
    vague = starts.notna() & ~has_month
    finding = finding.mask(vague, "Année seule : le mois de début manque.")
    return _every(frame), finding.mask(permanent, None)


def _freshness(frame: pd.DataFrame) -> Jugement:
    permanent = frame["est_permanente"].fillna(False).astype(bool)
    limit = map_distinct(frame["millesime"], _oldest_month)
    last = frame["date_fin"].str[:7].astype("object")
    # A year alone may last to December: what is not known is not held against the offer.
    last = last.where(last.isna() | last.str.len().eq(7), last + "-12")
    pairs = zip(last, limit, strict=True)
    is_old = [isinstance(a, str) and isinstance(b, str) and a < b for a, b in pairs]
    old = pd.Series(is_old, index=frame.index)
    applies = limit.notna() & (last.notna() | permanent)
    return applies, _where(
        old & ~permanent,
        f"Dernière date connue plus de {ANCIENNETE_MOIS} mois avant la date de la source.",
    )


def _oldest_month(millesime: str) -> str | None:
    """Return the month before which a date is old for a source of this vintage.

    None when the vintage is no date.
    """
    day = parse_vintage(millesime)
    if day is None:
        return None
    months = day.year * 12 + day.month - 1 - ANCIENNETE_MOIS
    return f"{months // 12:04d}-{months % 12 + 1:02d}"


JUMELLES = (
    "id_source",
    "id_organisme",
    "titre_plie",
    "code_certifinfo",
    "niveau_sortie",
    "voie",
    "modalite",
    "lieu",
    "dates_debut",
    "duree_h",
)
"""What makes two rows of one catalogue the same offer entered twice."""


def _repeats(frame: pd.DataFrame) -> Jugement:
    keys = frame.assign(
        titre_plie=map_distinct(frame["intitule"], fold),
        lieu=frame["id_place"].fillna(frame["id_lieu"]),
    )
    texts = keys[list(JUMELLES)].astype("str").fillna("")
    rank = texts.groupby(list(JUMELLES), sort=False).ngroup()
    alike = frame.loc[rank.duplicated(keep=False), ["id_action", "id_lieu"]]
    # The first identifier is the original, whatever the order of the rows.
    ordered = (alike["id_action"] + " " + alike["id_lieu"]).sort_values()
    first = ordered.groupby(rank).transform("first")
    again = first[first.ne(ordered)]
    finding = pd.Series(None, index=frame.index, dtype="object")
    finding[again.index] = (
        "Mêmes intitulé, organisme, lieu et dates que « "
        + again.map(lambda one: one.partition(" ")[0]).astype("str")
        + " » du même catalogue."
    )
    return _every(frame), finding


CRITERES: dict[str, Critere] = {
    critere.nom: critere
    for critere in (
        Critere(
            nom="lieu",
            titre="Lieu",
            mesure="La commune est connue (une formation à distance n'a pas à en donner)",
            poids=3,
            cure="Donnez le code INSEE de la commune, ou le code UAI de l'établissement.",
            juger=_place,
        ),
        Critere(
            nom="precision",
            titre="Précision",
            mesure="La position vient de coordonnées, d'une adresse ou d'un code UAI, "
            "pas de la mairie",
            poids=2,
            cure="Donnez l'adresse complète du lieu de formation et ses coordonnées, "
            "ou le code UAI du lieu.",
            juger=_precision,
        ),
        Critere(
            nom="position",
            titre="Position cohérente",
            mesure="Aucune règle ne contredit la position",
            poids=3,
            cure="Vérifiez les coordonnées sur une carte : "
            "elles doivent être celles du lieu de formation, dans la commune déclarée.",
            juger=_position,
            valeur="position_recue",
        ),
        Critere(
            nom="intitule",
            titre="Intitulé",
            mesure="L'intitulé est écrit, en toutes lettres, sans abréviation ni capitales",
            poids=2,
            cure="Écrivez l'intitulé officiel en toutes lettres, en minuscules accentuées.",
            juger=_title,
            champs=("intitule",),
            valeur="intitule",
        ),
        Critere(
            nom="niveau",
            titre="Niveau",
            mesure="Le niveau de sortie (3 à 8) est connu",
            poids=2,
            cure="Donnez le niveau du cadre national de 2019, de 3 à 8.",
            juger=_known("niveau_sortie", "Niveau de sortie inconnu."),
            champs=("niveau_sortie",),
        ),
        Critere(
            nom="diplome",
            titre="Niveau et diplôme",
            mesure="Le niveau donné est l'un de ceux que le type de diplôme peut avoir",
            poids=2,
            cure="Corrigez le niveau, ou le type de diplôme : un BTS est de niveau 5.",
            juger=_levels,
            valeur="type_diplome",
        ),
        Critere(
            nom="domaine",
            titre="Domaine",
            mesure="Le domaine de métiers est connu",
            poids=1,
            cure="Donnez un Formacode, un code ROME ou un groupe NSF.",
            juger=_domain,
            valeur="intitule",
        ),
        Critere(
            nom="certification",
            titre="Certification",
            mesure="Un code RNCP, Certif Info ou de diplôme est donné "
            "(sauf formation déclarée non certifiante)",
            poids=2,
            cure="Donnez le code RNCP ou Certif Info, ou le code du diplôme (CFD, MEF).",
            juger=_certification,
            champs=CODES_CERTIFICATION,
            valeur="intitule",
        ),
        Critere(
            nom="organisme",
            titre="Organisme",
            mesure="L'organisme a un SIRET ou un code UAI valable",
            poids=2,
            cure="Donnez le SIRET (14 chiffres) de l'établissement qui forme, ou son code UAI.",
            juger=_body,
            champs=("siret", "code_uai"),
            valeur="nom_organisme",
        ),
        Critere(
            nom="dates",
            titre="Dates",
            mesure="Une date de début est connue au mois près, ou les entrées sont permanentes",
            poids=3,
            cure="Donnez la date de chaque session, ou dites que les entrées sont permanentes.",
            juger=_dates,
            champs=("dates_debut", "est_permanente"),
            valeur="dates_debut",
        ),
        Critere(
            nom="capacite",
            titre="Places",
            mesure="Le nombre de places est connu",
            poids=1,
            cure="Donnez le nombre de places de chaque session.",
            juger=_known("capacite", "Nombre de places inconnu."),
            champs=("capacite",),
        ),
        Critere(
            nom="contact",
            titre="Lien de contact",
            mesure="Une page web de contact ou d'inscription est donnée",
            poids=1,
            cure="Donnez l'adresse web (http ou https) de la page de la formation.",
            juger=_known("url", "Aucun lien de contact ou d'inscription."),
            champs=("url",),
        ),
        Critere(
            nom="fraicheur",
            titre="Fraîcheur",
            mesure=f"La dernière date connue a moins de {ANCIENNETE_MOIS} mois "
            "à la date de la source, ou les entrées sont permanentes",
            poids=2,
            cure="Retirez les sessions terminées, ou donnez les prochaines.",
            juger=_freshness,
            champs=("dates_debut", "est_permanente"),
            valeur="date_fin",
        ),
        Critere(
            nom="doublons",
            titre="Sans doublon",
            mesure="La même offre n'est pas saisie deux fois dans le catalogue",
            poids=1,
            cure="Supprimez la ligne en double, "
            "ou donnez ce qui distingue les deux (dates, durée).",
            juger=_repeats,
            valeur="intitule",
        ),
    )
}
"""Every criterion, in the order of pages and files."""


def assess(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return three tables, offers × criteria.

    It applies, it is satisfied, what is wrong (NA elsewhere).

    Where a source carries none of the columns of a criterion, the criterion
    does not apply: unknown is not zero.
    """
    applies, findings = pd.DataFrame(index=frame.index), pd.DataFrame(index=frame.index)
    for critere in CRITERES.values():
        holds, finding = critere.juger(frame)
        applies[critere.nom] = holds.astype(bool) & carried(frame, critere)
        findings[critere.nom] = finding.astype("object").where(
            finding.notna() & applies[critere.nom], None
        )
    return applies, applies & findings.isna(), findings


def carried(frame: pd.DataFrame, critere: Critere) -> pd.Series:
    """Tell by offer whether its source fills a column of a criterion in one row at least."""
    if not critere.champs:
        return pd.Series(True, index=frame.index)
    known = frame[list(critere.champs)].notna().any(axis=1)
    return known.groupby(frame["id_source"]).transform("any")
