"""What is new, late or broken among the sources, from the cache and the snapshot served: no network is used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from geoapp.sources.cache import cache_path, day_of, read_etat
from geoapp.sources.registry import Source
from geoapp.sources.rythme import expected_since, parse_vintage
from geoapp.tables import Snapshot

ETATS = {
    "en_panne": "en panne", "nouvelle": "nouvelle", "en_retard": "en retard", "a_jour": "à jour",
    "non_datee": "sans date", "a_fournir": "à fournir", "jamais_obtenue": "jamais obtenue",
}
"""States of a source, in words; the first that holds is the one shown."""


@dataclass(frozen=True)
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


def list_freshness(sources: list[Source], data_dir: Path, snapshot: Snapshot | None, today: date) -> list[Fraicheur]:
    """Return the state of each source, in the given order.

    Parameters
    ----------
    snapshot : Snapshot, optional
        The one served: a cached copy that it does not hold is new.
    today : date
        The day that lateness is measured on.
    """
    served = {} if snapshot is None else snapshot.read("sources").set_index("id_source")[["sha256", "mode"]].to_dict("index")
    return [_freshness(source, data_dir, served.get(source.id, {}), today) for source in sources]


def _freshness(source: Source, data_dir: Path, served: dict, today: date) -> Fraicheur:
    """Return the state of one source."""
    etat, is_cached = read_etat(source, data_dir), cache_path(source, data_dir).is_file()
    since = next_delivery(source.rythme, source.millesime, etat.obtenu_le)
    is_had = is_cached or served.get("mode") in ("miroir", "cache", "telechargement")
    if etat.echec:
        found = "en_panne", f"Échec le {day_of(etat.echec_le)} : {etat.echec}"
    elif is_cached and etat.sha256 and etat.sha256 != served.get("sha256"):
        found = "nouvelle", f"Obtenue le {day_of(etat.obtenu_le)}, pas encore dans l'instantané : lancez « geoapp build »."
    elif not is_had:
        found = _missing(source)
    elif since is not None and since < today:
        found = "en_retard", f"Rythme {source.rythme} : une livraison plus récente est attendue depuis le {since:%d/%m/%Y}."
    else:
        found = ("non_datee", f"Rythme {source.rythme or 'inconnu'}, sans échéance.") if since is None else ("a_jour", f"Prochaine livraison attendue vers le {since:%d/%m/%Y}.")
    return Fraicheur(source, found[0], etat.obtenu_le[:10], since, found[1])


def next_delivery(rythme: str | None, millesime: str, obtenu_le: str | None) -> date | None:
    """Return the day a newer delivery is due: the rhythm after the vintage, or after the content was last obtained."""
    known = [parse_vintage(millesime), date.fromisoformat(obtenu_le[:10]) if obtenu_le else None]
    return expected_since(rythme or "", max(filter(None, known), default=None))


def _missing(source: Source) -> tuple[str, str]:
    """Return the state of a source that neither the cache nor the snapshot holds."""
    if source.telechargement:
        return "jamais_obtenue", f"Lancez « geoapp fetch --source {source.id} »."
    return "a_fournir", "Pas d'adresse de téléchargement direct." + (f" À prendre ici : {source.adresse}" if source.adresse else "")
