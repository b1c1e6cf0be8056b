"""Check the flat offer of a source and part it into the tables of the snapshot.

A flat offer has one row per action and place, in the columns of `FLAT`.  A row
that cannot be kept becomes a reject; a value that is repaired, or set aside as
unusable, becomes a correction: read = valid + rejected, and nothing is lost.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.offer.journal import Journal, resolve_communes
from geoapp.offer.repeats import LignesVues
from geoapp.reference import codes
from geoapp.sources.registry import Source

FORMATION = (
    "intitule",
    "type_diplome",
    "niveau_sortie",
    "code_formacode",
    "code_nsf",
    "code_rome",
    "code_rncp",
    "code_certifinfo",
    "code_cfd",
    "niveau_entree",
    "est_certifiante",
    "objectif",
    "contenu",
    "responsable_siret",
    "responsable_uai",
    "responsable_nom",
)
ACTION = (
    "formateur_siret",
    "formateur_uai",
    "formateur_nom",
    "voie",
    "modalite",
    "est_conventionnee",
    "est_permanente",
    "duree_h",
    "nb_voeux",
    "financeurs",
    "nb_places_financees",
    "publics",
    "prix_eur",
    "prix_horaire_eur",
    "est_gratuite",
    "url",
    "periodes",
    "capacite",
    "sessions",
)
LIEU = (
    "lieu_adresse",
    "lieu_code_postal",
    "lieu_uai",
    "lieu_code_commune",
    "latitude",
    "longitude",
)
FLAT = (
    "id_formation",
    "id_action",
    *FORMATION[:2],
    "niveau",
    *FORMATION[3:],
    *ACTION,
    *LIEU,
    "modalite_entree",
    "frais_restants",
    "code_mef",
)
"""Every column a source may declare."""

_CODES = {
    "code_formacode": codes.normalise_formacode,
    "code_nsf": codes.normalise_nsf,
    "code_rome": codes.normalise_rome,
    "code_rncp": codes.normalise_rncp,
    "code_cfd": codes.normalise_cfd,
    "responsable_siret": codes.check_siret,
    "formateur_siret": codes.check_siret,
    "responsable_uai": codes.check_uai,
    "formateur_uai": codes.check_uai,
    "lieu_uai": codes.check_uai,
}
_NOMBRES = (
    ("capacite", 0, True),
    ("nb_voeux", 0, True),
    ("nb_places_financees", 0, True),
    ("duree_h", 0.01, False),
    ("prix_eur", 0.01, False),
    ("prix_horaire_eur", 0.01, False),
)
"""Columns of numbers: least value, and whether they are whole.  A price of zero is what a form holds when nobody filled it: it is not kept."""

ETATS = ("ouvert", "ferme", "suspendu")
"""States of recruitment of a session."""

_BOOLEENS = {"1": True, "0": False}
_OUI_NON = {"1": "1", "0": "0", "true": "1", "false": "0", "oui": "1", "non": "0"}
_ADRESSE_WEB = re.compile(r"https?://[^\s/?#@]+\.[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)
_DOMAINE_NU = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)
_PERIODE = r"(?:19|20)\d{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
_SESSION = rf"[^;|]*;(?:{_PERIODE})?;(?:{_PERIODE})?;\d{{0,6}};(?:{'|'.join(ETATS)})?"
SANS_INTITULE = "(intitulé non fourni)"


@dataclass(frozen=True)
class OffreLue:
    """A checked flat offer (index: place in the file), its rejects and corrections."""

    flat: pd.DataFrame
    rejets: list[dict]
    corrections: list[dict]


def check_offre(
    flat: pd.DataFrame,
    source: Source,
    *,
    communes: pd.DataFrame,
    passage: dict[str, str],
    vues: LignesVues | None = None,
) -> OffreLue:
    """Return the rows of a flat offer that can be kept, normalised, and why the others cannot.

    Parameters
    ----------
    flat : DataFrame of text
        Columns of `FLAT` (missing ones are unknown), index = place in the file.
    source : Source
        Its options: `niveau` (notation of the level), `sans_intitule`.
    communes : DataFrame
        Current communes (`code_commune`).
    passage : dict
        Old commune code → current one.
    vues : LignesVues, optional
        Rows of the batches before, when `flat` is one batch of a stream: a row
        that repeats one of them is a repeat; they are remembered in it.

    Returns
    -------
    Offre
        len(offre.flat) + len(offre.rejets) = len(flat).
    """
    journal = Journal(flat.reindex(columns=list(FLAT)).astype("str"))
    resolve_communes(journal, "lieu_code_commune", communes, passage)
    _normalise_codes(journal, source)
    _normalise_levels(journal, source)
    _normalise_funding(journal, source)
    for column in ("latitude", "longitude"):
        journal.frame[column] = journal.frame[column].str.replace(
            r"^(-?\d{1,3}),(\d+)$", r"\1.\2", regex=True
        )
    _normalise_numbers(journal)
    _normalise_periods(journal)
    _normalise_sessions(journal)
    _refuse_rows(journal, source, vues)
    flat = journal.kept()
    flat["intitule"] = flat["intitule"].fillna(SANS_INTITULE)
    return OffreLue(flat, journal.rejets, journal.kept_corrections())


def _normalise_codes(journal: Journal, source: Source) -> None:
    """Normalise identifiers; one that is not valid is set aside."""
    for column, normalise in _CODES.items():
        journal.replace(
            column,
            _by_distinct(journal.frame[column], normalise),
            "code_normalise",
            quiet_if_valid=True,
        )
    derive = {"mef": codes.nsf_from_mef, "mefstat": codes.nsf_from_mefstat}.get(
        source.options.get("mef", "")
    )
    if derive:
        journal.frame["code_nsf"] = journal.frame["code_nsf"].fillna(
            derive(journal.frame["code_mef"])
        )
    postal, repaired = codes.normalise_code_postal(journal.frame["lieu_code_postal"])
    journal.replace("lieu_code_postal", postal, "zero_restitue", only=repaired)


def _by_distinct(values: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Return `function(values)`, worked out once by distinct value: codes repeat much."""
    if values.isna().all():
        return values
    rank, distinct = pd.factorize(values, use_na_sentinel=False)
    return function(pd.Series(distinct)).take(rank).set_axis(values.index)


def _normalise_levels(journal: Journal, source: Source) -> None:
    """Work out the exit level, the voie, the modality and permanence from their raw columns."""
    frame = journal.frame
    frame["niveau_sortie"] = codes.normalise_niveau(
        frame["niveau"], notation=source.options.get("niveau", "europeen")
    )
    journal.set_aside("niveau", frame["niveau"].notna() & frame["niveau_sortie"].isna())
    journal.replace(
        "voie", codes.normalise_voie(frame["voie"]), "voie_normalisee", quiet_if_valid=True
    )
    frame["est_permanente"] = frame["modalite_entree"].map({"1": "1", "0": "0"}).astype("str")
    journal.replace(
        "est_conventionnee",
        frame["est_conventionnee"].str.lower().map(_OUI_NON).astype("str"),
        "",
        quiet_if_valid=True,
    )
    journal.replace(
        "est_certifiante",
        frame["est_certifiante"].str.lower().map(_OUI_NON).astype("str"),
        "",
        quiet_if_valid=True,
    )
    known = frame["modalite"].where(frame["modalite"].isin(("sur_place", "mixte", "a_distance")))
    journal.replace("modalite", known, "", quiet_if_valid=True)


def _normalise_funding(journal: Journal, source: Source) -> None:
    """Normalise funders, publics, what is left to pay, entry level and the link to a contact page."""
    frame, notation = journal.frame, source.options.get("niveau", "europeen")
    journal.replace(
        "financeurs",
        codes.normalise_financeurs(frame["financeurs"]),
        "code_normalise",
        quiet_if_valid=True,
    )
    journal.replace(
        "publics", codes.normalise_publics(frame["publics"]), "code_normalise", quiet_if_valid=True
    )
    journal.replace(
        "est_gratuite",
        frame["est_gratuite"].str.lower().map(_OUI_NON).astype("str"),
        "",
        quiet_if_valid=True,
    )
    told = codes.read_frais_restants(frame["frais_restants"])
    journal.set_aside("frais_restants", frame["frais_restants"].notna() & told.isna())
    frame["est_gratuite"] = frame["est_gratuite"].fillna(told)
    entry = codes.normalise_niveau_entree(frame["niveau_entree"], notation=notation)
    journal.set_aside(
        "niveau_entree",
        frame["niveau_entree"].notna()
        & entry.isna()
        & ~(frame["niveau_entree"].eq("0").fillna(False)),
    )
    frame["niveau_entree"] = entry
    journal.replace("url", _by_distinct(frame["url"], _web_addresses), "adresse_completee")


def _web_addresses(values: pd.Series) -> pd.Series:
    """Return http and https addresses of at most 400 characters; a bare domain gets its `http://`, the rest is NA."""

    def mend(text):
        if not isinstance(text, str) or len(text) > 400 or not text.isprintable():
            return None
        text = f"http://{text}" if _DOMAINE_NU.fullmatch(text) else text
        return text if _ADRESSE_WEB.fullmatch(text) else None

    return values.map(mend).astype("str")


def _normalise_numbers(journal: Journal) -> None:
    """Keep non-negative numbers below a million; counts of people are whole, hours above zero."""
    for column, minimum, is_whole in _NOMBRES:
        text = (
            journal.frame[column]
            .str.replace(",", ".", regex=False)
            .str.replace(r"\s|€", "", regex=True)
        )
        number = pd.to_numeric(text, errors="coerce")
        good = number.ge(minimum) & number.lt(1e6)
        if is_whole:
            good &= number.mod(1).eq(0)
        journal.replace(column, journal.frame[column].where(good), "", quiet_if_valid=True)
        journal.frame[column] = (
            number.where(good).astype("str").str.replace(r"\.0$", "", regex=True)
        )


def _normalise_periods(journal: Journal) -> None:
    """Keep periods written AAAA, AAAA-MM or AAAA-MM-JJ, parted by `|`."""
    periods = journal.frame["periodes"]
    good = periods.str.fullmatch(rf"{_PERIODE}(?:\|{_PERIODE})*").fillna(False).astype(bool)
    journal.replace("periodes", periods.where(good), "", quiet_if_valid=True)


def _normalise_sessions(journal: Journal) -> None:
    """Keep sessions written as `geoapp.sources.texts` says; what cannot be read of one is emptied, the session stays."""
    sessions = journal.frame["sessions"]
    good = sessions.isna() | sessions.str.fullmatch(rf"{_SESSION}(?:\|{_SESSION})*").fillna(
        False
    ).astype(bool)
    if not good.all():
        journal.replace(
            "sessions",
            sessions.where(
                good, sessions[~good].map(_mend_sessions).reindex(sessions.index)
            ).astype("str"),
            "valeur_ecartee",
        )


def _mend_sessions(text: str) -> str:
    """Return sessions with the parts that cannot be read emptied."""
    checks = (r"[^;|]*", _PERIODE, _PERIODE, r"\d{1,6}", "|".join(ETATS))
    mended = []
    for session in text.split("|"):
        parts = (session.split(";") + [""] * len(checks))[: len(checks)]
        mended.append(
            ";".join(
                part if re.fullmatch(check, part) else ""
                for part, check in zip(parts, checks, strict=True)
            )
        )
    return "|".join(mended)


def _refuse_rows(journal: Journal, source: Source, vues: LignesVues | None) -> None:
    """Reject rows without identifier, title or place, then repeats of another row."""
    frame = journal.frame
    if not source.options.get("sans_intitule"):
        journal.refuse("intitule", frame["intitule"].isna(), "intitule_absent")
    for column in ("id_formation", "id_action"):
        journal.refuse(column, frame[column].isna(), "identifiant_absent")
    placed = frame[["lieu_code_commune", "lieu_uai"]].notna().any(axis=1) | frame[
        ["latitude", "longitude"]
    ].notna().all(axis=1)
    remote = frame["modalite"].eq("a_distance").fillna(False).astype(bool)
    journal.refuse("lieu_code_commune", ~(placed | remote), "lieu_absent", with_original=True)
    journal.refuse_repeats(vues)


def split_offre(flat: pd.DataFrame, id_source: str) -> dict[str, pd.DataFrame]:
    """Part a checked flat offer into formations, actions, sessions, lieux, actions_lieux, organismes.

    Identifiers are "{source}:{native id}", stable whatever the order of the
    rows; two different contents under one native id get the suffixes `~2`, `~3`…
    in the order of their content.
    """
    flat = flat.copy()
    flat[["code_domaine", "preuve_domaine"]] = _domaines(flat)
    flat["id_formation"] = id_source + ":" + _distinct_ids(flat, "id_formation", FORMATION)
    flat["id_action"] = (
        id_source + ":" + _distinct_ids(flat, "id_action", (*ACTION, "id_formation"))
    )
    flat["id_lieu"] = id_source + ":" + _digest(flat, LIEU)
    flat["id_responsable"] = _organisme_id(flat, "responsable", id_source)
    flat["id_formateur"] = _organisme_id(flat, "formateur", id_source)
    formations = (
        flat.drop_duplicates("id_formation")
        .rename(columns={"id_responsable": "id_organisme"})
        .assign(id_source=id_source)
    )
    actions = flat.drop_duplicates("id_action").rename(columns={"id_formateur": "id_organisme"})
    return {
        "formations": formations[
            [
                "id_formation",
                "id_source",
                "id_organisme",
                "code_domaine",
                "preuve_domaine",
                *FORMATION[:13],
            ]
        ].assign(est_certifiante=formations["est_certifiante"].map(_BOOLEENS).astype("boolean")),
        "actions": _typed_actions(actions),
        "sessions": _sessions(actions),
        "lieux": flat.drop_duplicates("id_lieu").assign(id_source=id_source)[
            ["id_lieu", "id_source", *LIEU]
        ],
        "actions_lieux": flat[["id_action", "id_lieu"]].drop_duplicates(),
        "organismes": _organismes(flat),
    }


def _domaines(flat: pd.DataFrame) -> pd.DataFrame:
    """Return domain and evidence of each row, worked out once by distinct title and codes."""
    used = ["intitule", "code_formacode", "code_rome", "code_nsf", "code_cfd"]
    rank, _ = pd.factorize(_content(flat, used))
    first = pd.Series(rank).drop_duplicates().index
    found = codes.assign_domaine(flat.iloc[first][used])[["code_domaine", "preuve_domaine"]]
    return found.take(rank).set_axis(flat.index)


def _content(flat: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return the content of some columns as one text; unknown reads as empty."""
    content = flat[columns[0]].fillna("")
    for column in columns[1:]:
        content = content + "\x1f" + flat[column].fillna("")
    return content


def _distinct_ids(flat: pd.DataFrame, column: str, content: tuple) -> pd.Series:
    """Return native ids, with a suffix where one id covers several contents."""
    content = _content(flat, content)
    pairs = pd.DataFrame({"id": flat[column], "content": content}).drop_duplicates()
    several = pairs[pairs["id"].duplicated(keep=False)].sort_values(["id", "content"])
    rank = several.groupby("id").cumcount() + 1
    suffix = pd.Series("~" + rank.astype("str"), index=several.index).mask(rank.eq(1), "")
    by_pair = dict(zip(zip(several["id"], several["content"]), several["id"] + suffix))
    ids = flat[column].copy()
    again = ids.isin(several["id"].unique())
    ids[again] = [by_pair[pair] for pair in zip(ids[again], content[again])]
    return ids


def _digest(flat: pd.DataFrame, columns: tuple) -> pd.Series:
    """Return a short stable digest of the content of some columns."""
    content = _content(flat, columns)
    return content.map(
        {text: hashlib.sha256(text.encode()).hexdigest()[:12] for text in content.unique()}
    ).astype("str")


def _organisme_id(flat: pd.DataFrame, role: str, id_source: str) -> pd.Series:
    """Return siret:…, else uai:…, else source:name, else NA."""
    by_siret, by_uai = "siret:" + flat[f"{role}_siret"], "uai:" + flat[f"{role}_uai"]
    by_name = id_source + ":" + flat[f"{role}_nom"].str.upper()
    return by_siret.fillna(by_uai).fillna(by_name)


def _organismes(flat: pd.DataFrame) -> pd.DataFrame:
    """Return every body met, in either role, one row per way of writing it."""
    parts = [
        flat[[f"id_{role}", f"{role}_siret", f"{role}_uai", f"{role}_nom"]].set_axis(
            ["id_organisme", "siret", "code_uai", "nom"], axis=1
        )
        for role in ("responsable", "formateur")
    ]
    return pd.concat(parts).dropna(subset="id_organisme").drop_duplicates()


def merge_organismes(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return one row per body: its codes, and its most frequent name (then the first in order)."""
    every = pd.concat(parts, ignore_index=True)
    counts = every.groupby(["id_organisme", "nom"], dropna=True).size().reset_index(name="n")
    names = counts.sort_values(
        ["id_organisme", "n", "nom"], ascending=[True, False, True]
    ).drop_duplicates("id_organisme")
    first = (
        every.sort_values(["siret", "code_uai"], na_position="last")
        .groupby("id_organisme", as_index=False)[["siret", "code_uai"]]
        .first()
    )
    return first.merge(
        names[["id_organisme", "nom"]], on="id_organisme", how="left", validate="1:1"
    )


def _typed_actions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return the actions with their types."""
    result = actions[["id_action", "id_formation", "id_organisme", *ACTION[3:16]]].copy()
    for column in ("est_conventionnee", "est_permanente", "est_gratuite"):
        result[column] = result[column].map(_BOOLEENS).astype("boolean")
    for column in ("duree_h", "prix_eur", "prix_horaire_eur"):
        result[column] = pd.to_numeric(result[column])
    for column in ("nb_voeux", "nb_places_financees"):
        result[column] = pd.to_numeric(result[column]).astype("Int64")
    # One to four wishes would tell of persons (`methods.md`): not kept, as in the table `flux`.
    return result.assign(
        nb_voeux=result["nb_voeux"].mask(result["nb_voeux"].between(1, PETIT_NOMBRE - 1))
    )


def _sessions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return the sessions of the actions: those listed one by one, else one per period."""
    listed = actions["sessions"].notna()
    parts = [
        part
        for part in (_listed_sessions(actions[listed]), _period_sessions(actions[~listed]))
        if len(part)
    ]
    return pd.concat(parts, ignore_index=True) if parts else _period_sessions(actions)


def _listed_sessions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per session of the column `sessions`; two that look alike are two."""
    rows = (
        actions[["id_action", "sessions"]]
        .assign(texte=actions["sessions"].str.split("|"))
        .explode("texte")
        .reset_index(drop=True)
    )
    columns = ["numero", "date_debut", "date_fin", "capacite", "etat_recrutement"]
    cells = pd.DataFrame([text.split(";") for text in rows["texte"]], columns=columns, dtype="str")
    cells = cells.mask(cells.eq(""))
    rows = pd.concat([rows[["id_action"]], cells], axis=1).sort_values(
        ["id_action", *columns], na_position="last", kind="stable"
    )
    rows["capacite"] = pd.to_numeric(rows["capacite"]).astype("Int64")
    key = (
        rows["id_action"] + ":" + rows["numero"].fillna(rows["date_debut"]).fillna("date-inconnue")
    )
    again = key.groupby(key).cumcount()
    rows["id_session"] = key.where(again.eq(0), key + "~" + (again + 1).astype("str"))
    return rows[["id_session", "id_action", *columns]]


def _period_sessions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return one session per period; an action without period has one session of unknown date.

    The capacity of a source is that of an intake: it goes to the last session
    only, so that a sum never counts the same places twice.
    """
    written = actions["periodes"].drop_duplicates()
    dates = (
        pd.DataFrame({"periodes": written, "date_debut": written.str.split("|")})
        .explode("date_debut")
        .drop_duplicates()
    )
    dates = dates.sort_values(["periodes", "date_debut"]).astype("str")
    dates["est_derniere"] = ~dates["periodes"].duplicated(keep="last")
    sessions = actions[["id_action", "periodes", "capacite"]].merge(dates, on="periodes")
    sessions["capacite"] = pd.to_numeric(
        sessions["capacite"].where(sessions["est_derniere"])
    ).astype("Int64")
    sessions["id_session"] = (
        sessions["id_action"] + ":" + sessions["date_debut"].fillna("date-inconnue")
    )
    return sessions[["id_session", "id_action", "date_debut", "capacite"]]
