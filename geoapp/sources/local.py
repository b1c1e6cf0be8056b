"""The local registry: sources of this installation alone, in its data folder.

`sources.toml` of the data folder has the form of `geodata/sources.toml`; the
files are in its folder `local`.  `geoapp check --proposer` adds a row to it,
`geoapp build` reads it after the registry of the product.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

from geoapp.core.errors import SourceError
from geoapp.core.files import writing
from geoapp.sources.registry import Source, load_sources

REGISTRE, DOSSIER = "sources.toml", "local"
PREFIXE = "local-"
"""Beginning of the identifiers of local sources."""


def local_sources(data_dir: Path) -> dict[str, Source]:
    """Return the sources of the local registry of a data folder by id; none without it.

    Raises
    ------
    SourceError
        The registry cannot be read, a row breaks a rule, or has an id of the product's.
    """
    path = Path(data_dir) / REGISTRE
    if not path.is_file():
        return {}
    found = {one.id: replace(one, est_locale=True) for one in load_sources(path).values()}
    if twice := sorted(found.keys() & load_sources().keys()):
        raise SourceError(
            path,
            f"la source « {twice[0]} » est déjà dans le registre du produit.",
            cure="Donnez un autre identifiant à cette ligne.",
        )
    return found


def local_file(source: Source, data_dir: Path) -> Path:
    """Return where the file of a local source is."""
    return Path(data_dir) / DOSSIER / source.fichier


def add_local(source: Source, file: Path, data_dir: Path) -> Path:
    """Write a source in the local registry, in the place of the one of its id; return the registry.

    Its file is copied beside.
    """
    registry = Path(data_dir) / REGISTRE
    target = local_file(source, data_dir)
    target.parent.mkdir(parents=True, exist_ok=True)
    if file.resolve() != target.resolve():
        with writing(target) as aside:
            shutil.copyfile(file, aside)
    before = registry.read_text(encoding="utf-8") if registry.is_file() else _HEAD
    blocks = re.split(r"(?m)^(?=\[\[source\]\]$)", before)
    kept = [block for block in blocks if f'\nid = "{source.id}"\n' not in block]
    text = "".join(kept).rstrip() + "\n\n" + _as_toml(source)
    with writing(registry) as aside:
        Path(aside).write_text(text, encoding="utf-8")
    return registry


_HEAD = """# Sources de cette installation, lues par « geoapp build » après celles du produit.
# Même forme que geodata/sources.toml ; les fichiers sont dans le dossier « local ».
"""


def _as_toml(source: Source) -> str:
    """Return a source as a row of a registry."""
    told = (
        "id",
        "titre",
        "producteur",
        "licence",
        "millesime",
        "usage",
        "format",
        "fichier",
        "note",
    )
    lines = ["[[source]]"]
    lines += [f"{name} = {_text(value)}" for name in told if (value := getattr(source, name))]
    options = ", ".join(f"{name} = {_text(value)}" for name, value in source.options.items())
    if options:
        lines.append(f"options = {{ {options} }}")
    lines.append("[source.colonnes]")
    lines += [f"{ours} = {_rule(rule)}" for ours, rule in source.colonnes.items()]
    return "\n".join(lines) + "\n"


def _rule(rule) -> str:
    """Return a rule of a mapping in TOML."""
    if isinstance(rule, dict):
        pairs = (f"{name} = {_rule(value)}" for name, value in rule.items())
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(rule, list):
        return f"[{', '.join(map(_text, rule))}]"
    return _text(rule)


def _text(value) -> str:
    """Return a text, a number or a boolean in TOML: a basic string escapes as JSON does."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
