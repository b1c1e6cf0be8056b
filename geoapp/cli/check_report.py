"""What `geoapp check` prints.

Apart from the other reports: whoever checks a file need not wait for maps and sheets to load.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from geoapp.cli.terminal import number, open_console, plain
from geoapp.core.french import count
from geoapp.core.reasons import RAISONS
from geoapp.core.repairs import REPARATIONS
from geoapp.ingest.check_file import Controle
from geoapp.ingest.propose import Proposition
from geoapp.sources.registry import Source


def print_check(file: Path, source: Source, found: Controle) -> None:
    """Print the result of the check of one file."""
    console = open_console()
    console.print(
        f"{file.name} lu comme « {source.id} » ({source.titre})", highlight=False, markup=False
    )
    read = count(found.nb_lues, "ligne lue", "lignes lues")
    valid, refused = count(found.nb_valides, "valide"), count(found.nb_rejetees, "rejetée")
    console.print(f"{read}, {valid}, {refused}", highlight=False)
    for note in found.notes:
        console.print(plain(f"  {note}"), highlight=False)
    _print_positions(console, found)
    if found.nb_extras:
        private = count(
            found.nb_extras, "élément privé (extras) laissé", "éléments privés (extras) laissés"
        )
        console.print(f"  {private} de côté", highlight=False)
    _print_repairs(console, found.reparations)
    if not found.nb_rejetees:
        return
    for code, nb in found.raisons.most_common():
        console.print(
            f"  {count(nb, 'ligne rejetée', 'lignes rejetées')} : {RAISONS[code].titre} ({code})",
            highlight=False,
            markup=False,
        )
    table = Table(
        "Ligne",
        "Colonne",
        "Valeur",
        "Raison",
        "Valeur proche",
        title="Rejets",
        title_justify="left",
    )
    for rejet in found.exemples:
        table.add_row(
            *[
                plain(rejet[key])
                for key in ("ligne", "colonne", "valeur", "raison", "valeur_proche")
            ]
        )
    console.print(table)
    if (more := found.nb_rejetees - len(found.exemples)) > 0:
        console.print(
            f"… et {number(more)} autres ; « --out rejets.csv » les écrit tous.", highlight=False
        )


def print_proposal(proposal: Proposition, registry: Path) -> None:
    """Print how a table of a body would be read, and where that is written."""
    console = open_console()
    table = Table(
        "Notre colonne",
        "Colonne du fichier",
        "Exemples",
        "Reconnue par",
        title="Correspondance proposée",
        title_justify="left",
    )
    for one in proposal.lignes:
        table.add_row(one.notre, plain(one.leur), plain(" · ".join(one.exemples)), one.preuve)
    console.print(table)
    if proposal.laissees:
        left = ", ".join(proposal.laissees[:20])
        console.print(plain(f"Colonnes laissées : {left}."), highlight=False)
    if proposal.manques:
        lacking = ", ".join(proposal.manques)
        console.print(f"Inconnus partout : {lacking}.", highlight=False)
    console.print(
        plain(
            f"Écrit dans {registry} (source « {proposal.source.id} ») : relisez-le, "
            "complétez la voie, le producteur et la licence, puis « geoapp build »."
        ),
        highlight=False,
    )


def _print_positions(console: Console, found: Controle) -> None:
    """Print how many of the valid rows are placed, in doubt, to be placed, outside the region."""
    if found.nb_placees is not None:
        placed = count(found.nb_placees, "ligne placée", "lignes placées")
        doubtful = count(found.nb_douteuses or 0, "position douteuse", "positions douteuses")
        console.print(f"  {placed}, {doubtful}", highlight=False)
    if found.nb_par_code:
        rows = count(found.nb_par_code, "ligne")
        console.print(
            f"  {rows} sans position ni commune : « geoapp build » place par leur code UAI celles "
            "dont l'établissement est connu d'une autre source",
            highlight=False,
        )
    if found.nb_hors_region:
        rows = count(found.nb_hors_region, "ligne", "lignes")
        console.print(f"  {rows} hors de la région, à part", highlight=False)


def _print_repairs(console: Console, reparations: dict[tuple[str, str], tuple[int, dict]]) -> None:
    """Print what was repaired or set aside: one line per kind, its count and its first example."""
    for (colonne, kind), (n, one) in sorted(reparations.items(), key=lambda pair: pair[0]):
        before = "sans valeur" if pd.isna(one["valeur"]) else f"« {one['valeur']} »"
        after = "" if pd.isna(one["corrigee"]) else f" → « {one['corrigee']} »"
        text = (
            f"  {number(n)} × {REPARATIONS[kind]} ({colonne}), par exemple {one['ligne']} : "
            f"{before}{after}"
        )
        console.print(plain(text), highlight=False)
