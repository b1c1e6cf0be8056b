"""The criteria of quality, as rows: what is measured, its weight, and how to correct it.

A criterion says of each offer whether it applies, and what is wrong when something is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from geoapp.offer.quality.positions import find_wrong_positions
from geoapp.offer.rows import SANS_INTITULE
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


@dataclass(frozen=True)
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
    return pd.Series(None, index=mask.index, dtype="object").mask(
        mask.fillna(False).astype(bool), texte
    )


def _known(column: str, texte: str) -> Callable[[pd.DataFrame], Jugement]:
    """Return what asks for a column to be filled."""
    return lambda frame: (_every(frame), _where(frame[column].isna(), texte))


def _place(frame: pd.DataFrame) -> Jugement:
    return _present(frame), _where(
        frame["code_commune"].isna(), "Aucune commune connue : l'offre n'est dans aucun territoire."
    )


def _precision(frame: pd.DataFrame) -> Jugement:
    located = frame["code_commune"].notna() | frame["id_place"].notna()
    vague = ~frame["precision_position"].isin(PRECISES) | frame["est_douteuse"].astype(bool)
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


def _domain(frame: pd.DataFrame) -> Jugement:
    return _every(frame), _where(
        frame["code_domaine"].eq("autre"),
        "Aucun domaine : ni l'intitulé ni les codes ne le disent.",
    )


def _certification(frame: pd.DataFrame) -> Jugement:
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
    finding = _where(
        frame["dates_debut"].isna(), "Aucune date de début, et pas d'entrée permanente."
    )
    vague = frame["dates_debut"].notna() & ~frame["dates_debut"].str.contains(
        "-", regex=False
    ).fillna(False).astype(bool)
    return _every(frame), finding.mask(vague, "Année seule : le mois de début manque.").mask(
        permanent, None
    )


def _freshness(frame: pd.DataFrame) -> Jugement:
    permanent = frame["est_permanente"].fillna(False).astype(bool)
    limit = map_distinct(frame["millesime"], _oldest_month)
    last = frame["date_fin"].str[:7].astype("object")
    last = last.where(last.isna() | last.str.len().eq(7), last + "-12")
    old = pd.Series(
        [
            isinstance(a, str) and isinstance(b, str) and a < b
            for a, b in zip(last, limit, strict=True)
        ],
        index=frame.index,
    )
    applies = limit.notna() & (last.notna() | permanent)
    return applies, _where(
        old & ~permanent,
        f"Dernière date connue plus de {ANCIENNETE_MOIS} mois avant la date de la source.",
    )


def _oldest_month(millesime: str) -> str | None:
    """Return the month before which a date is old for a source of this vintage; None when the vintage is no date."""
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
    ordered = texts.assign(id=frame["id_action"] + " " + frame["id_lieu"]).sort_values("id")
    first = ordered.groupby(list(JUMELLES))["id"].transform("first").reindex(frame.index)
    again = first.ne(frame["id_action"] + " " + frame["id_lieu"])
    finding = (
        "Mêmes intitulé, organisme, lieu et dates que « "
        + first.str.partition(" ")[0]
        + " » du même catalogue."
    )
    return _every(frame), finding.astype("object").where(again, None)


CRITERES: dict[str, Critere] = {
    critere.nom: critere
    for critere in (
        Critere(
            "lieu",
            "Lieu",
            "La commune est connue (une formation à distance n'a pas à en donner)",
            3,
            "Donnez le code INSEE de la commune, ou le code UAI de l'établissement.",
            _place,
        ),
        Critere(
            "precision",
            "Précision",
            "La position vient de coordonnées, d'une adresse ou d'un code UAI, pas de la mairie",
            2,
            "Donnez l'adresse complète du lieu de formation et ses coordonnées, ou le code UAI du lieu.",
            _precision,
        ),
        Critere(
            "position",
            "Position cohérente",
            "Aucune règle ne contredit la position",
            3,
            "Vérifiez les coordonnées sur une carte : elles doivent être celles du lieu de formation, dans la commune déclarée.",
            _position,
            valeur="position_recue",
        ),
        Critere(
            "intitule",
            "Intitulé",
            "L'intitulé est écrit, en toutes lettres, sans abréviation ni capitales",
            2,
            "Écrivez l'intitulé officiel en toutes lettres, en minuscules accentuées.",
            _title,
            ("intitule",),
            "intitule",
        ),
        Critere(
            "niveau",
            "Niveau",
            "Le niveau de sortie (3 à 8) est connu",
            2,
            "Donnez le niveau du cadre national de 2019, de 3 à 8.",
            _known("niveau_sortie", "Niveau de sortie inconnu."),
            ("niveau_sortie",),
        ),
        Critere(
            "domaine",
            "Domaine",
            "Le domaine de métiers est connu",
            1,
            "Donnez un Formacode, un code ROME ou un groupe NSF.",
            _domain,
            valeur="intitule",
        ),
        Critere(
            "certification",
            "Certification",
            "Un code RNCP, Certif Info ou de diplôme est donné (sauf formation déclarée non certifiante)",
            2,
            "Donnez le code RNCP ou Certif Info, ou le code du diplôme (CFD, MEF).",
            _certification,
            CODES_CERTIFICATION,
            "intitule",
        ),
        Critere(
            "organisme",
            "Organisme",
            "L'organisme a un SIRET ou un code UAI valable",
            2,
            "Donnez le SIRET (14 chiffres) de l'établissement qui forme, ou son code UAI.",
            _body,
            ("siret", "code_uai"),
            "nom_organisme",
        ),
        Critere(
            "dates",
            "Dates",
            "Une date de début est connue au mois près, ou les entrées sont permanentes",
            3,
            "Donnez la date de chaque session, ou dites que les entrées sont permanentes.",
            _dates,
            ("dates_debut", "est_permanente"),
            "dates_debut",
        ),
        Critere(
            "capacite",
            "Places",
            "Le nombre de places est connu",
            1,
            "Donnez le nombre de places de chaque session.",
            _known("capacite", "Nombre de places inconnu."),
            ("capacite",),
        ),
        Critere(
            "contact",
            "Lien de contact",
            "Une page web de contact ou d'inscription est donnée",
            1,
            "Donnez l'adresse web (http ou https) de la page de la formation.",
            _known("url", "Aucun lien de contact ou d'inscription."),
            ("url",),
        ),
        Critere(
            "fraicheur",
            "Fraîcheur",
            f"La dernière date connue a moins de {ANCIENNETE_MOIS} mois à la date de la source, ou les entrées sont permanentes",
            2,
            "Retirez les sessions terminées, ou donnez les prochaines.",
            _freshness,
            ("dates_debut", "est_permanente"),
            "date_fin",
        ),
        Critere(
            "doublons",
            "Sans doublon",
            "La même offre n'est pas saisie deux fois dans le catalogue",
            1,
            "Supprimez la ligne en double, ou donnez ce qui distingue les deux (dates, durée).",
            _repeats,
            valeur="intitule",
        ),
    )
}
"""Every criterion, in the order of pages and files."""


def assess(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return three tables, offers × criteria: it applies, it is satisfied, what is wrong (NA elsewhere).

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
    """Tell, for each offer, whether its source fills one of the columns of a criterion in one row at least."""
    if not critere.champs:
        return pd.Series(True, index=frame.index)
    known = frame[list(critere.champs)].notna().any(axis=1)
    return known.groupby(frame["id_source"]).transform("any")
