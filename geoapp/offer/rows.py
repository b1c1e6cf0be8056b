"""Check the flat offer of a source and part it into the tables of the snapshot.

A flat offer has one row per action and place, in the columns of `FLAT`.  A row
that cannot be kept becomes a reject; a value that is repaired, or set aside as
unusable, becomes a correction: read = valid + rejected, and nothing is lost.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat

import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.schema.offer_columns import FLAT, LUES, columns_of, content_of
from geoapp.core.texts import by_distinct, distinct_rows, plain
from geoapp.offer.journal import Journal, resolve_communes
from geoapp.offer.periods import read_period, read_periods
from geoapp.offer.postcodes import find_by_postcode, settle_postcodes
from geoapp.offer.repeats import LignesVues
from geoapp.reference import codes
from geoapp.reference.codes.modalities import modality_of_title
from geoapp.reference.codes.text import as_str
from geoapp.sources.registry import Source

FORMATION, ACTION, LIEU = (content_of(part) for part in ("formation", "action", "lieu"))
"""Columns whose content tells apart two formations, two actions, two places."""

ETATS = ("ouvert", "ferme", "suspendu")
"""States of recruitment of a session."""

_BOOLEENS = {"1": True, "0": False}
_OUI_NON = {"1": "1", "0": "0", "true": "1", "false": "0", "oui": "1", "non": "0"}


def _yes_no(values: pd.Series) -> pd.Series:
    """Return 1 and 0 for what says yes and no, NA for the rest."""
    return values.str.lower().map(_OUI_NON).astype("str")


CONTROLES: dict[str, Callable[[pd.Series], pd.Series]] = {
    "booleen": _yes_no,
    "formacode": codes.normalise_formacode,
    "nsf": codes.normalise_nsf,
    "rome": codes.normalise_rome,
    "rncp": codes.normalise_rncp,
    "cfd": codes.normalise_cfd,
    "siret": codes.check_siret,
    "uai": codes.check_uai,
    "voie": codes.normalise_voie,
    "financeurs": codes.normalise_financeurs,
    "publics": codes.normalise_publics,
}
"""Checks that the columns of the offer name: each gives the normal form of values, NA for none.

Numbers and closed lists (« nombre », « valeurs ») are checked by what their rows say.
"""

_ADRESSE_WEB = re.compile(r"https?://[^\s/?#@]+\.[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)
_DOMAINE_NU = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?:/\S*)?", re.IGNORECASE)
_VIRGULE = r"^(-?\d{1,3}),(\d+)$"
"""A coordinate with a decimal comma: no repair worth a line in the report."""
_PERIODE = r"(?:19|20)\d{2}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?"
_SESSION = rf"[^;|]*;(?:{_PERIODE})?;(?:{_PERIODE})?;\d{{0,6}};(?:{'|'.join(ETATS)})?"
_PARTIE = r"[^;|]+"
"""One thing that a session tells."""
_UNITES = re.compile(r"€|\s*(?:h|heures?|euros?|eur|places?)\s*$", re.IGNORECASE)
_MILLIERS = r"\d{1,2}(?:[.,]\d{3})+|\d{3}(?:[.,]\d{3}){2,}"
"""Digits in groups of three.

« 233.333 » may be a mean with three decimals: it is no number of thousands.
"""
MILLIERS = ("duree_h", "prix_eur")
"""Numbers with decimals that nobody writes with three of them."""
PETITE = 2
"""Rows of a flat offer that may be checked with others: of three, `postcodes` judges a column."""

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
    unknown = pd.Series(None, index=flat.index, dtype="str")
    texts = {nom: as_str(flat[nom]) if nom in flat else unknown for nom in FLAT}
    journal = Journal(pd.DataFrame(texts, index=flat.index))
    settle_postcodes(journal, communes, passage)
    resolve_communes(journal, "lieu_code_commune", communes, passage)
    _normalise_values(journal)
    _normalise_codes(journal, source)
    _normalise_levels(journal, source)
    for column in ("latitude", "longitude"):
        given = journal.frame[column]
        journal.frame[column] = given.str.replace(_VIRGULE, r"\1.\2", regex=True)
    _normalise_numbers(journal)
    _normalise_periods(journal)
    _normalise_sessions(journal)
    find_by_postcode(journal, communes)
    _refuse_rows(journal, source, vues)
    flat = journal.kept()
    flat["intitule"] = flat["intitule"].fillna(SANS_INTITULE)
    return OffreLue(flat, journal.rejets, journal.kept_corrections())


def check_small(
    flats: Mapping[str, pd.DataFrame],
    source: Source,
    *,
    communes: pd.DataFrame,
    passage: dict[str, str],
) -> dict[str, OffreLue]:
    """Return what `check_offre` does of each of several flat offers, checked together.

    A check costs the same for two rows as for a thousand.  Those of at most `PETITE` rows alone:
    their columns are too short to tell what they hold, so that a row is checked as if alone.

    Parameters
    ----------
    flats : mapping
        Flat offers by source, all of the options of `source`.
    """
    whole = pd.concat(flats, names=["fichier", "ligne"])
    checked = check_offre(whole, source, communes=communes, passage=passage)
    rows = checked.flat.index.get_level_values(0)
    return {
        nom: OffreLue(
            checked.flat[rows == nom].droplevel(0),
            *(
                [{**one, "ligne": one["ligne"][1]} for one in told if one["ligne"][0] == nom]
                for told in (checked.rejets, checked.corrections)
            ),
        )
        for nom in flats
    }


def _normalise_values(journal: Journal) -> None:
    """Put what a source gives in its normal form; a value that has none is set aside."""
    for row in LUES:
        values = journal.frame[row.nom_plat]
        if values.isna().all():
            continue
        if row.controle_retenu == "valeurs":
            normal = values.where(values.isin(row.valeurs))
        elif row.controle_retenu in CONTROLES:
            normal = by_distinct(values, CONTROLES[row.controle_retenu])
        else:
            continue
        journal.replace(row.nom_plat, normal, "", quiet_if_valid=True)


def _normalise_codes(journal: Journal, source: Source) -> None:
    """Complete codes from others, and the modality from the title."""
    frame = journal.frame
    by_notation = {"mef": codes.nsf_from_mef, "mefstat": codes.nsf_from_mefstat}
    if derive := by_notation.get(source.options.get("mef", "")):
        frame["code_nsf"] = frame["code_nsf"].fillna(derive(frame["code_mef"]))
    told = modality_of_title(frame["intitule"])
    is_told = frame["modalite"].isna() & told.notna()
    journal.note("modalite", is_told, "modalite_de_l_intitule", told)
    frame["modalite"] = frame["modalite"].fillna(told)


def _normalise_levels(journal: Journal, source: Source) -> None:
    """Work out levels, permanence, what is left to pay and the link from their raw columns."""
    frame, notation = journal.frame, source.options.get("niveau", "europeen")
    frame["niveau_sortie"] = codes.normalise_niveau(frame["niveau"], notation=notation)
    journal.set_aside("niveau", frame["niveau"].notna() & frame["niveau_sortie"].isna())
    entry = codes.normalise_niveau_entree(frame["niveau_entree"], notation=notation)
    # LHÉO writes 0 for « no level told »: it is not a value that was lost.
    is_told = frame["niveau_entree"].notna() & ~frame["niveau_entree"].eq("0").fillna(False)
    journal.set_aside("niveau_entree", is_told & entry.isna())
    frame["niveau_entree"] = entry
    frame["est_permanente"] = frame["modalite_entree"].map({"1": "1", "0": "0"}).astype("str")
    told = codes.read_frais_restants(frame["frais_restants"])
    journal.set_aside("frais_restants", frame["frais_restants"].notna() & told.isna())
    frame["est_gratuite"] = frame["est_gratuite"].fillna(told)
    journal.replace("url", by_distinct(frame["url"], _web_addresses), "adresse_completee")


def _web_addresses(values: pd.Series) -> pd.Series:
    """Return http and https addresses of at most 400 characters.

    A bare domain gets its `http://`, the rest is NA.
    """

    def mend(text):
        if not isinstance(text, str) or len(text) > 400 or not text.isprintable():
            return None
        text = f"http://{text}" if _DOMAINE_NU.fullmatch(text) else text
        return text if _ADRESSE_WEB.fullmatch(text) else None

    return values.map(mend).astype("str")


def _normalise_numbers(journal: Journal) -> None:
    """Keep the numbers of each column from its least one to a million; counts are whole."""
    for row in (row for row in LUES if row.controle_retenu == "nombre"):
        values = journal.frame[row.nom_plat]
        if values.isna().all():
            continue
        text = by_distinct(values, _without_units)
        if row.type == "entier" or row.nom_plat in MILLIERS:
            grouped = text.str.fullmatch(_MILLIERS, na=False)
            text = text.mask(grouped, text.str.replace(r"[.,]", "", regex=True))
            journal.note(row.nom_plat, grouped, "milliers", text)
        number = by_distinct(text, _as_number)
        good = number.ge(row.minimum) & number.lt(1e6)
        if row.type == "entier":
            good &= number.mod(1).eq(0)
        journal.replace(row.nom_plat, values.where(good), "", quiet_if_valid=True)
        journal.frame[row.nom_plat] = by_distinct(number.where(good), _digits)


def _without_units(values: pd.Series) -> pd.Series:
    return values.str.replace(_UNITES, "", regex=True).str.replace(r"\s", "", regex=True)


def _as_number(text: pd.Series) -> pd.Series:
    return pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce")


def _digits(numbers: pd.Series) -> pd.Series:
    return numbers.astype("str").str.replace(r"\.0$", "", regex=True)


def _normalise_periods(journal: Journal) -> None:
    """Put periods in the forms AAAA, AAAA-MM or AAAA-MM-JJ, parted by `|`.

    A cell of which one period cannot be read is set aside whole.
    """
    periods = journal.frame["periodes"]
    is_read = rf"{_PERIODE}(?:\|{_PERIODE})*"
    good = by_distinct(periods, lambda texts: texts.str.fullmatch(is_read, na=False))
    rest = periods[~good & periods.notna()]
    mended = rest.map(read_periods).astype("str").reindex(periods.index)
    journal.replace("periodes", periods.where(good, mended), "date_normalisee")


def _normalise_sessions(journal: Journal) -> None:
    """Keep sessions written as `geoapp.sources.texts` says.

    What cannot be read of one is emptied, the session stays.
    """
    sessions = journal.frame["sessions"]
    is_read = sessions.str.fullmatch(rf"{_SESSION}(?:\|{_SESSION})*").fillna(False).astype(bool)
    good = sessions.isna() | is_read
    if not good.all():
        mended = sessions[~good].map(_mend_sessions)
        told, kept = (texts.str.count(_PARTIE) for texts in (sessions[~good], mended))
        lost = kept.lt(told).reindex(sessions.index, fill_value=False)
        for kind, mask in (("valeur_ecartee", lost), ("date_normalisee", ~good & ~lost)):
            journal.note("sessions", mask, kind, mended)
        journal.frame["sessions"] = sessions.where(good, mended.reindex(sessions.index)).astype(
            "str"
        )


def _mend_sessions(text: str) -> str:
    """Return sessions with the parts that cannot be read emptied."""
    checks = (r"[^;|]*", _PERIODE, _PERIODE, r"\d{1,6}", "|".join(ETATS))
    mended = []
    for session in text.split("|"):
        parts = (session.split(";") + [""] * len(checks))[: len(checks)]
        parts[1:3] = [read_period(part) or "" for part in parts[1:3]]
        both = zip(parts, checks, strict=True)
        mended.append(";".join(part if re.fullmatch(check, part) else "" for part, check in both))
    return "|".join(mended)


def _refuse_rows(journal: Journal, source: Source, vues: LignesVues | None) -> None:
    """Reject rows without identifier, title or place, then repeats of another row."""
    frame = journal.frame
    if not source.options.get("sans_intitule"):
        journal.refuse("intitule", frame["intitule"].isna(), "intitule_absent")
    for column in ("id_formation", "id_action"):
        journal.refuse(column, frame[column].isna(), "identifiant_absent")
    has_code = frame[["lieu_code_commune", "lieu_uai"]].notna().any(axis=1)
    has_point = frame[["latitude", "longitude"]].notna().all(axis=1)
    placed = has_code | has_point
    remote = frame["modalite"].eq("a_distance").fillna(False).astype(bool)
    # What a person would send to a postbox: no commune, until the name is beside it.
    shared = ~(placed | remote) & frame["lieu_code_postal"].notna()
    journal.refuse("lieu_code_postal", shared, "code_postal_partage", with_original=True)
    # What was told of the place is shown: a code, else an address.
    for column in ("lieu_code_commune", "lieu_adresse"):
        told = ~(placed | remote) & journal.original[column].notna()
        journal.refuse(column, told, "lieu_absent", with_original=True)
    journal.refuse("lieu_code_commune", ~(placed | remote), "lieu_absent", with_original=True)
    journal.refuse_repeats(vues)


def split_offre(flat: pd.DataFrame, id_source: str) -> dict[str, pd.DataFrame]:
    """Part a checked flat offer into its six tables.

    formations, actions, sessions, lieux, actions_lieux, organismes.

    Identifiers are "{source}:{native id}", stable whatever the order of the
    rows; two different contents under one native id get the suffixes `~2`, `~3`…
    in the order of their content.
    """
    flat = _identified(flat, id_source)
    flat[["code_domaine", "preuve_domaine"]] = _domaines(flat)
    flat["id_responsable"] = _organisme_id(flat, "responsable", id_source)
    flat["id_formateur"] = _organisme_id(flat, "formateur", id_source)
    formations = flat.rename(columns={"id_responsable": "id_organisme"})
    keys = ["id_formation", "id_source", "id_organisme"]
    actions = flat.rename(columns={"id_formateur": "id_organisme"})
    told = flat[["id_action", "sessions", "periodes", "capacite"]].drop_duplicates("id_action")
    return {
        "formations": _typed(formations, "formations", keys),
        "actions": _typed_actions(actions),
        "sessions": _sessions(told),
        **_places(flat),
        "organismes": _organismes(flat),
    }


def split_places(flat: pd.DataFrame, id_source: str) -> dict[str, pd.DataFrame]:
    """Return the tables lieux and actions_lieux that `split_offre` gives, and no other."""
    return _places(_identified(flat, id_source))


def _places(flat: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the places of a flat offer, and the actions given in each."""
    return {
        "lieux": flat.drop_duplicates("id_lieu")[["id_lieu", "id_source", *LIEU]],
        "actions_lieux": flat[["id_action", "id_lieu"]].drop_duplicates(),
    }


def _identified(flat: pd.DataFrame, id_source: str) -> pd.DataFrame:
    """Return a flat offer with the identifiers of its formations, actions and places."""
    flat = flat.copy()
    flat["id_formation"] = id_source + ":" + _distinct_ids(flat, "id_formation", FORMATION)
    # Of its formation too: some producers number the actions of each formation from 1.
    mine = (*ACTION, "id_formation")
    flat["id_action"] = id_source + ":" + _distinct_ids(flat, "id_action", mine)
    flat["id_lieu"] = id_source + ":" + _digest(flat, LIEU)
    flat["id_source"] = id_source
    return flat


def _domaines(flat: pd.DataFrame) -> pd.DataFrame:
    """Return domain and evidence of each row, worked out once by distinct title and codes."""
    used = ["intitule", "code_formacode", "code_rome", "code_nsf", "code_cfd"]
    rank, distinct = distinct_rows(flat[list(used)])
    found = codes.assign_domaine(distinct)[["code_domaine", "preuve_domaine"]]
    return found.take(rank).set_axis(flat.index)


def _content(flat: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """Return the content of some columns as one text; unknown reads as empty."""
    # Joined row by row: one text is made by row, and not one by row and column.
    texts = (
        repeat("", len(flat))
        if flat[column].isna().all()
        else flat[column].to_numpy(dtype=object, na_value="")
        for column in columns
    )
    return pd.Series(map("\x1f".join, zip(*texts, strict=True)), index=flat.index, dtype="str")


def _distinct_ids(flat: pd.DataFrame, column: str, content: tuple) -> pd.Series:
    """Return native ids, with a suffix where one id covers several contents."""
    ids = flat[column].copy()
    # An id that comes once covers one content, whatever it is.
    is_again = ids.duplicated(keep=False)
    if not is_again.any():
        return ids
    again = plain(ids[is_again]), plain(_content(flat[is_again], content))
    contents: dict[str, dict[str, str]] = {}
    for native, text in zip(*again, strict=True):
        contents.setdefault(native, {})[text] = native
    for native, named in contents.items():
        # By content, not by place in the file: a delivery in another order gives the same suffixes.
        for rank, text in enumerate(sorted(named)[1:] if len(named) > 1 else (), 2):
            named[text] = f"{native}~{rank}"
    ids[is_again] = [contents[native][text] for native, text in zip(*again, strict=True)]
    return ids


def _digest(flat: pd.DataFrame, columns: tuple) -> pd.Series:
    """Return a short stable digest of the content of some columns."""
    rank, distinct = distinct_rows(flat[list(columns)])
    texts = _content(distinct, columns)
    digests = [hashlib.sha256(text.encode()).hexdigest()[:12] for text in texts]
    return pd.Series(digests, dtype="str").take(rank).set_axis(flat.index)


def _organisme_id(flat: pd.DataFrame, role: str, id_source: str) -> pd.Series:
    """Return siret:…, else uai:…, else source:name, else NA."""
    by_siret, by_uai = "siret:" + flat[f"{role}_siret"], "uai:" + flat[f"{role}_uai"]
    by_name = id_source + ":" + flat[f"{role}_nom"].str.upper()
    return by_siret.fillna(by_uai).fillna(by_name)


def _organismes(flat: pd.DataFrame) -> pd.DataFrame:
    """Return every body met, in either role, one row per way of writing it."""
    names = ["id_organisme", "siret", "code_uai", "nom"]
    parts = [
        flat[[f"id_{role}", f"{role}_siret", f"{role}_uai", f"{role}_nom"]].set_axis(names, axis=1)
        for role in ("responsable", "formateur")
    ]
    return pd.concat(parts).dropna(subset="id_organisme").drop_duplicates()


def merge_organismes(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return one row per body: its codes, and its most frequent name (then the first in order)."""
    every = pd.concat(parts, ignore_index=True)
    counts = every.groupby(["id_organisme", "nom"], dropna=True).size().reset_index(name="n")
    counts = counts.sort_values(["id_organisme", "n", "nom"], ascending=[True, False, True])
    names = counts.drop_duplicates("id_organisme")[["id_organisme", "nom"]]
    ordered = every.sort_values(["siret", "code_uai"], na_position="last")
    first = ordered.groupby("id_organisme", as_index=False)[["siret", "code_uai"]].first()
    return first.merge(names, on="id_organisme", how="left", validate="1:1")


def _typed(rows: pd.DataFrame, table: str, keys: list[str]) -> pd.DataFrame:
    """Return the keys of a table and the columns that a flat offer gives of it, typed.

    One row by value of the first key: the first that has it.
    """
    mine = [row for row in columns_of(table) if row.nom in rows]
    result = rows[[*keys, *(row.nom for row in mine)]].drop_duplicates(keys[0])
    for row in mine:
        if row.type == "booleen":
            result[row.nom] = result[row.nom].map(_BOOLEENS).astype("boolean")
        elif row.type in ("entier", "reel"):
            number = pd.to_numeric(result[row.nom])
            result[row.nom] = number.astype("Int64") if row.type == "entier" else number
    return result


def _typed_actions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return the actions with their types."""
    result = _typed(actions, "actions", ["id_action", "id_formation", "id_organisme"])
    # One to four wishes would tell of persons (`methods.md`): not kept, as in the table `flux`.
    is_small = result["nb_voeux"].between(1, PETIT_NOMBRE - 1)
    return result.assign(nb_voeux=result["nb_voeux"].mask(is_small))


def _sessions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return the sessions of the actions: those listed one by one, else one per period."""
    listed = actions["sessions"].notna()
    both = (_listed_sessions(actions[listed]), _period_sessions(actions[~listed]))
    # An empty part has other types: it would change those of the whole.
    parts = [part for part in both if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else _period_sessions(actions)


def _listed_sessions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return one row per session of the column `sessions`; two that look alike are two."""
    texts = actions[["id_action"]].assign(texte=actions["sessions"].str.split("|"))
    rows = texts.explode("texte").reset_index(drop=True)
    columns = ["numero", "date_debut", "date_fin", "capacite", "etat_recrutement"]
    cells = pd.DataFrame([text.split(";") for text in rows["texte"]], columns=columns, dtype="str")
    cells = cells.mask(cells.eq(""))
    rows = pd.concat([rows[["id_action"]], cells], axis=1).sort_values(
        ["id_action", *columns], na_position="last", kind="stable"
    )
    rows["capacite"] = pd.to_numeric(rows["capacite"]).astype("Int64")
    name = rows["numero"].fillna(rows["date_debut"]).fillna("date-inconnue")
    key = rows["id_action"] + ":" + name
    again = key.groupby(key).cumcount()
    rows["id_session"] = key.where(again.eq(0), key + "~" + (again + 1).astype("str"))
    return rows[["id_session", "id_action", *columns]]


def _period_sessions(actions: pd.DataFrame) -> pd.DataFrame:
    """Return one session per period; an action without period has one session of unknown date.

    The capacity of a source is that of an intake: it goes to the last session
    only, so that a sum never counts the same places twice.
    """
    # By rank: the text of all the periods of an action would be in each of its sessions.
    rank, written = pd.factorize(actions["periodes"], use_na_sentinel=False)
    listed = pd.Series(written, dtype="str").str.split("|")
    dates = listed.explode().astype("str").rename("date_debut").rename_axis("rang").reset_index()
    dates = dates.drop_duplicates().sort_values(["rang", "date_debut"])
    dates["est_derniere"] = ~dates["rang"].duplicated(keep="last")
    sessions = actions[["id_action", "capacite"]].assign(rang=rank).merge(dates, on="rang")
    places = sessions["capacite"].where(sessions["est_derniere"])
    sessions["capacite"] = pd.to_numeric(places).astype("Int64")
    name = sessions["date_debut"].fillna("date-inconnue")
    sessions["id_session"] = sessions["id_action"] + ":" + name
    return sessions[["id_session", "id_action", "date_debut", "capacite"]]
