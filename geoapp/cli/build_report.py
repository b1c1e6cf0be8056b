"""What `geoapp build` prints: its progress, then in ten lines what was found and what was not."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from geoapp.cli.info import describe_snapshot
from geoapp.cli.terminal import number, open_console
from geoapp.core.french import THIN, count
from geoapp.core.snapshot import Snapshot
from geoapp.sources.usages import USAGES

REELS = ("miroir", "cache", "telechargement")
"""Modes of a source whose real file was read."""


@contextmanager
def watching():
    """Show one progress bar per step; give `say(text)` and `watch(step, done, total)`.

    What is said passes on a line of its own: the report tells what remains true.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=open_console()) as progress:
        tasks: dict[str, TaskID] = {}
        said = progress.add_task("", total=None, visible=False)

        def watch(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = progress.add_task(step.capitalize(), total=total)
            progress.update(tasks[step], completed=done)

        yield lambda text: progress.update(said, description=text, visible=True), watch
        progress.update(said, visible=False)


def print_build(snapshot: Snapshot, data_dir: Path) -> None:
    """Print what a build found, what is fictitious, what is absent, and how to give real files."""
    console = open_console()
    for line in describe_build(describe_snapshot(snapshot, data_dir)):
        console.print(Text(line), highlight=False)


def describe_build(info: dict) -> list[str]:
    """Return the report of a build, one sentence a line."""
    sources = info["sources"]
    lines = [
        f"Instantané {info['snapshot']} — {info['region']['name']}.",
        _found([one for one in sources if one["mode"] in REELS]),
        _drawn(info),
    ]
    fictive = [one["id"] for one in sources if one["mode"] == "demonstration"]
    absent = [one for one in sources if one["mode"] == "absente"]
    if fictive:
        lines.append(f"Données fictives, à ne jamais citer{THIN}: {', '.join(fictive)}.")
    if absent:
        lines.append(_absent(absent))
    if broken := [one["id"] for one in sources if one["alert"]]:
        lines.append(f"En panne{THIN}: {', '.join(broken)} (geoapp fetch --status dit pourquoi).")
    if fictive or absent:
        lines += [
            f"Pour donner de vrais fichiers{THIN}: « make run MIRROR=dossier », le dossier rangé",
            "  comme le dit docs/sources.md ; ou « geoapp fetch », s'il y a un réseau.",
        ]
    return [*lines, f"Source par source{THIN}: geoapp info --sources."]


def _found(real: list[dict]) -> str:
    if not real:
        return "Aucun fichier de producteur trouvé."
    read, rejected = (sum(one[key] or 0 for one in real) for key in ("read", "rejected"))
    return (
        f"Trouvé{THIN}: {count(len(real), 'source réelle', 'sources réelles')}, "
        f"{count(read, 'ligne lue', 'lignes lues')}, {count(rejected, 'rejetée')}."
    )


def _drawn(info: dict) -> str:
    """Say what the pages show."""
    return (
        f"À voir{THIN}: {count(info['tables']['offres'], 'offre')}, "
        f"{count(info['region']['communes'], 'commune')}, "
        f"{number(info['tables']['zones'])} zones de {len(info['zones'])} zonages."
    )


def _absent(absent: list[dict]) -> str:
    """Count the absent sources, those that feed no table apart: examples, checks."""
    examples = sum(not USAGES[one["usage"]].tables for one in absent)
    text = f"Absentes{THIN}: {count(len(absent), 'source')}"
    return f"{text}, dont {examples} qui ne nourrissent pas la carte." if examples else f"{text}."
