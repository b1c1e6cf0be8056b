"""Reference pages made from the code: tables, sources, settings, zonings.

`python -m geoapp.guide` writes them into `docs/`; a test fails when one of
them no longer says what the code does.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from geoapp.config import ROOT, Settings
from geoapp.schema import TABLES
from geoapp.sources.registry import load_sources
from geoapp.zones import ZONAGES

DOCS = ROOT / "docs"


def _table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines)


def write_dictionary() -> str:
    """Return the data dictionary: every table and column of a snapshot."""
    parts = ["# Dictionnaire des données", "Chaque table d'un instantané est un fichier Parquet (GeoParquet, EPSG:4326, quand elle porte un contour ou un point). "
             "Une case vide veut dire « inconnu », jamais zéro. Tous les codes sont du texte."]
    for table in TABLES.values():
        rows = [[f"`{c.nom}`", c.type, "oui" if c.requis else "", c.sens + (f" (valeurs : {', '.join(c.valeurs)})" if c.valeurs else "")
                 + (f" → `{c.renvoi}`" if c.renvoi else "")] for c in table.colonnes]
        parts += [f"## {table.nom}", f"{table.sens}. Clé : {', '.join(f'`{c}`' for c in table.cle)}.", _table(["colonne", "type", "requis", "sens"], rows)]
    return "\n\n".join(parts) + "\n"


def write_sources() -> str:
    """Return the list of sources and zonings."""
    rows = [[f"`{s.id}`", s.titre, s.producteur, s.millesime, s.rythme or "inconnu", s.licence, s.usage + (f" ({s.type_zone})" if s.type_zone else ""), s.note] for s in load_sources().values()]
    zonings = [[f"`{z.type_zone}`", z.titre, "par le code de la commune" if z.methode == "code" else "par le point", "oui" if z.est_partition else "non"] for z in ZONAGES.values()]
    return "\n\n".join([
        "# Sources et zonages", "Une source est une ligne de `geodata/sources.toml` ; en ajouter une, c'est ajouter une ligne.",
        _table(["source", "titre", "producteur", "millésime", "rythme", "licence", "usage", "à savoir"], rows),
        "## Zonages", _table(["zonage", "titre", "jointure", "partition"], zonings),
    ]) + "\n"


def write_settings() -> str:
    """Return the settings read from the environment."""
    rows = [[f"`{f.metadata['env']}`", f.metadata["aide"], "`var/`" if f.name == "data_dir" else f"`{f.default}`" if f.default != "" else "(vide)"] for f in fields(Settings)]
    return "\n\n".join(["# Réglages", "Chaque réglage se donne par une variable d'environnement.", _table(["variable", "sens", "défaut"], rows)]) + "\n"


PAGES = {"dictionnaire.md": write_dictionary, "sources.md": write_sources, "reglages.md": write_settings}


def write_pages(folder: Path = DOCS) -> None:
    """Write every reference page."""
    for name, write in PAGES.items():
        (folder / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
