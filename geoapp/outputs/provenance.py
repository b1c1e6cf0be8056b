"""What travels with every file: snapshot, years, sources, licences, how to cite it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from geoapp.core.french import format_date, say_licence
from geoapp.core.snapshot import Snapshot
from geoapp.outputs.catalogue.licences import PARTAGE, merge_licences

_LICENCE_PARTAGE = (
    "Une part de ces données vient d'une source sous ODbL : "
    "ce fichier est à partager sous la même licence."
)


def tell_provenance(
    snapshot: Snapshot, sources: Iterable[Mapping], titre: str
) -> list[tuple[str, str]]:
    """Return the last lines of a notice.

    Parameters
    ----------
    sources : iterable of mappings
        `titre`, `producteur`, `millesime`, `licence`, and `mode` when it is known.
    titre : str
        What the file is, in the words of a citation.
    """
    rows = list(sources)
    day = format_date(snapshot.manifest["cree_le"][:10])
    years = years_of_sources(rows)
    return [
        ("Instantané", f"{snapshot.id}, assemblé le {day}"),
        *([("Années des sources", ", ".join(years))] if years else []),
        *(("Source", tell_source(one)) for one in rows),
        *tell_licences(one["licence"] for one in rows),
        cite(titre, f"du {day}"),
    ]


def tell_licences(textes: Iterable[str]) -> list[tuple[str, str]]:
    """Return the licences of some sources, and what one that asks to share alike means here."""
    licences = merge_licences(textes)
    shared = any(one.code in PARTAGE for one in licences)
    return [
        *(("Licence", one.titre) for one in licences),
        *([("Licence", _LICENCE_PARTAGE)] if shared else []),
    ]


def cite(titre: str, jour: str) -> tuple[str, str]:
    """Return how to cite a file: what it is, and of which day (« du 2 janvier 2026 »)."""
    return ("Citer", f"GéoForma, {titre}, données {jour}.")


def years_of_sources(sources: Iterable[Mapping]) -> list[str]:
    """Return the years that the vintages of some sources tell, in order."""
    told = " ".join(str(one["millesime"] or "") for one in sources)
    return sorted(set(re.findall(r"\b(?:19|20)\d{2}\b", told)))


def tell_source(source: Mapping) -> str:
    """Return one source: title, producer, vintage, licence, address.

    A fictitious one says so.
    """
    fictive = " (données fictives)" if source.get("mode") == "demonstration" else ""
    parts = [source["titre"] + fictive, source["producteur"], source["millesime"]]
    licence = source["licence"]
    parts += [say_licence(licence) if isinstance(licence, str) else licence, source.get("adresse")]
    return " ; ".join(str(one) for one in parts if one and not pd.isna(one))
