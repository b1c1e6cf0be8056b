"""What is new, late or broken among the sources, from the cache and the snapshot served.

No network is used.

Two readers: `geoapp fetch --status` asks it of the registry (`list_freshness`),
the pages and `geoapp info` of what the snapshot served was made of (`list_signals`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from geoapp.core.french import typeset
from geoapp.core.snapshot import Snapshot
from geoapp.sources.cache import Etat, cache_path, day_of, read_etat, recent_etat
from geoapp.sources.fetch import ALERTE_ECHEC
from geoapp.sources.registry import Source
from geoapp.sources.rhythm import expected_since, parse_vintage

ETATS = {
    "en_panne": "en panne",
    "nouvelle": "nouvelle",
    "en_retard": "en retard",
    "a_jour": "à jour",
    "non_datee": "sans date",
    "a_fournir": "à fournir",
    "jamais_obtenue": "jamais obtenue",
}
"""States of a source, in words; the first that holds is the one shown."""

OBTENUES = ("miroir", "cache", "telechargement")
"""Modes of a source that a producer's file feeds."""


@dataclass(frozen=True, kw_only=True)
class Signal:
    """What must be told today of a source served, in French; an empty one says nothing.

    Sentences come without their capital.

    Attributes
    ----------
    panne, raison : str
        Since when its producer fails and which data are kept, and why.
    retard : str
        The rhythm that is passed, and since when.
    nouvelle : str
        A delivery obtained that no build has read yet.
    panne_depuis, retard_depuis : str
        Days (ISO 8601) on which each began; empty when unknown.
    """

    panne: str = ""
    raison: str = ""
    panne_depuis: str = ""
    retard: str = ""
    retard_depuis: str = ""
    nouvelle: str = ""


def served_sources(snapshot: Snapshot) -> list[dict]:
    """Return the rows of the table `sources`; what is unknown is None."""
    table = snapshot.read("sources").astype("object")
    return table.where(table.notna(), None).to_dict("records")


def list_signals(served: list[dict], data_dir: Path | None, today: date) -> dict[str, Signal]:
    """Return by identifier what must be told of each source served, no build needed.

    Parameters
    ----------
    served : list of dict
        Rows of the table `sources` (see `served_sources`).
    data_dir : Path, optional
        Its cache holds the record of the last `geoapp fetch` of each source; a
        damaged record says nothing.  Without it, what the build met is told.
    today : date
        The day that lateness is measured on.
    """
    return {
        row["id_source"]: _signal(
            row, recent_etat(row["id_source"], data_dir) if data_dir else Etat(), today
        )
        for row in served
    }


def _signal(row: dict, etat: Etat, today: date) -> Signal:
    """Return what must be told of one source served."""
    told, obtained = _failure(row, etat), row["date_obtention"]
    if not told and _is_new(row, etat):
        day = day_of(etat.obtenu_le)
        told["nouvelle"] = typeset(
            f"livraison obtenue le {day}, pas encore servie : lancez « geoapp build »"
        )
        # What was just obtained is not late, though it is not served yet.
        obtained = etat.obtenu_le
    if row["mode"] not in OBTENUES:
        return Signal(**told)
    due = next_delivery(row["rythme"], row["millesime"], obtained)
    if due and due < today:
        told["retard"] = typeset(
            f"en retard : rythme annoncé ({row['rythme']}) dépassé depuis le {due:%d/%m/%Y}"
        )
        told["retard_depuis"] = due.isoformat()
    return Signal(**told)


def _is_new(row: dict, etat: Etat) -> bool:
    """Tell whether the cache holds another content than the one served."""
    return (
        row["mode"] in ("cache", "telechargement")
        and bool(etat.obtenu_le)
        and etat.sha256 not in ("", row["sha256"])
    )


def _failure(row: dict, etat: Etat) -> dict[str, str]:
    """Return what is broken: the last refresh, else what it brought, unreadable at the build."""
    if etat.echec:
        since = etat.panne_le or etat.echec_le
        day = f"depuis le {day_of(since)}" if since else "depuis un jour inconnu"
        return {
            "panne": f"en panne {day}, {_kept(row)}",
            "raison": etat.echec,
            "panne_depuis": since[:10],
        }
    # The alert was written by the build; the producer has answered well since.
    is_over = etat.verifie_le and (row["alerte"] or "").startswith(ALERTE_ECHEC)
    if not row["alerte"] or is_over:
        return {}
    return {"panne": f"en panne, {_kept(row)}", "raison": row["alerte"]}


def _kept(row: dict) -> str:
    """Return which data are shown in the place of a delivery that failed."""
    if row["mode"] not in OBTENUES:
        return "aucune bonne donnée encore obtenue"
    if row["date_obtention"]:
        return f"dernières bonnes données du {day_of(row['date_obtention'])} gardées"
    return f"dernières bonnes données, millésime {row['millesime']}, gardées"


@dataclass(frozen=True, kw_only=True)
class Fraicheur:
    """The state of one source (a key of `ETATS`), and why in a French sentence.

    `attendue_depuis` is the day from which its producer should have a newer
    delivery, whatever the state; None when its rhythm or its date is unknown.
    """

    source: Source
    etat: str
    obtenu_le: str
    attendue_depuis: date | None
    message: str


def list_freshness(
    sources: list[Source], data_dir: Path, snapshot: Snapshot | None, today: date
) -> list[Fraicheur]:
    """Return the state of each source, in the given order.

    Parameters
    ----------
    snapshot : Snapshot, optional
        The one served: a cached copy that it does not hold is new.
    today : date
        The day that lateness is measured on.
    """
    served: dict = {}
    if snapshot is not None:
        rows = snapshot.read("sources").set_index("id_source")
        served = rows[["sha256", "mode"]].to_dict("index")
    return [_freshness(source, data_dir, served.get(source.id, {}), today) for source in sources]


def _freshness(source: Source, data_dir: Path, served: dict, today: date) -> Fraicheur:
    """Return the state of one source."""
    etat, is_cached = read_etat(source, data_dir), cache_path(source, data_dir).is_file()
    since = next_delivery(source.rythme, source.millesime, etat.obtenu_le)
    is_had = is_cached or served.get("mode") in OBTENUES
    # In the order of `ETATS`: what asks for an act comes before what only tells.
    if etat.echec:
        day = day_of(etat.panne_le or etat.echec_le)
        found = ("en_panne", f"Échec depuis le {day} : {etat.echec}")
    elif is_cached and etat.sha256 and etat.sha256 != served.get("sha256"):
        day = day_of(etat.obtenu_le)
        found = (
            "nouvelle",
            f"Obtenue le {day}, pas encore dans l'instantané : lancez « geoapp build ».",
        )
    elif not is_had:
        found = _missing(source)
    elif since is None:
        found = ("non_datee", f"Rythme {source.rythme or 'inconnu'}, sans échéance.")
    elif since < today:
        found = (
            "en_retard",
            f"Rythme {source.rythme} : "
            f"une livraison plus récente est attendue depuis le {since:%d/%m/%Y}.",
        )
    else:
        found = ("a_jour", f"Prochaine livraison attendue vers le {since:%d/%m/%Y}.")
    return Fraicheur(
        source=source,
        etat=found[0],
        obtenu_le=etat.obtenu_le[:10],
        attendue_depuis=since,
        message=found[1],
    )


def next_delivery(rythme: str | None, millesime: str, obtenu_le: str | None) -> date | None:
    """Return the day a newer delivery is due.

    The rhythm after the vintage, or after the content was last obtained.
    """
    # The later of the two: an old vintage obtained yesterday is not late today.
    known = [parse_vintage(millesime), date.fromisoformat(obtenu_le[:10]) if obtenu_le else None]
    return expected_since(rythme or "", max(filter(None, known), default=None))


def _missing(source: Source) -> tuple[str, str]:
    """Return the state of a source that neither the cache nor the snapshot holds."""
    if source.telechargement:
        return "jamais_obtenue", f"Lancez « geoapp fetch --source {source.id} »."
    return "a_fournir", "Pas d'adresse de téléchargement direct." + (
        f" À prendre ici : {source.adresse}" if source.adresse else ""
    )
