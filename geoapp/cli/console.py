"""What the command line prints: progress bars and tables in French (rich)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from geoapp.cli.encoding import print_data
from geoapp.cli.info import describe_snapshot
from geoapp.cli.progress import rich_progress
from geoapp.cli.terminal import decimal, number, open_console, plain
from geoapp.core.config import Settings
from geoapp.core.errors import SnapshotError
from geoapp.core.french import count
from geoapp.core.published import Publication
from geoapp.core.reasons import RAISONS
from geoapp.core.snapshot import Snapshot, open_snapshot
from geoapp.coverage.change import Evolution, tell_change
from geoapp.offer.answers import VOISIN, describe_answer
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.model import Resultat
from geoapp.outputs.files.csv import french_csv
from geoapp.outputs.offers import offers_file
from geoapp.outputs.sheets.folder import Ecrite
from geoapp.planning.evolution import EffetAcces, Releve, list_access_notes, tell_access_change
from geoapp.sources.cache import day_of
from geoapp.sources.freshness import ETATS, list_freshness
from geoapp.sources.network import Network
from geoapp.sources.registry import Source, load_sources
from geoapp.sources.usages import USAGES

MODES = {
    "miroir": "miroir",
    "cache": "cache",
    "telechargement": "téléchargée",
    "demonstration": "données fictives",
    "produit": "livrée avec GéoForma",
    "absente": "absente",
}
ISSUES = {
    "nouvelle": "nouvelle version",
    "inchangee": "inchangée",
    "en_panne": "en panne",
    "sans_adresse": "non actualisée",
}


@contextmanager
def refreshing(settings: Settings):
    """Give the network of a refresh, with its progress bar, and what prints each ending."""
    console = open_console()
    console.print("Actualisation des sources auprès de leurs producteurs.", highlight=False)
    yield (
        Network(progress=rich_progress, essais=settings.retries),
        lambda one: console.print(
            f"{one.source.id} : {ISSUES[one.issue]}. {one.message}", highlight=False, markup=False
        ),
    )


def print_freshness(sources: list[Source], data_dir: Path) -> None:
    """Print the state of each source: new, late, broken, or what to do to have it."""
    try:
        snapshot = open_snapshot(data_dir)
    except SnapshotError:
        snapshot = None
    table = Table(title="État des sources", title_justify="left")
    for column in ("Source", "État", "Rythme", "Millésime", "Obtenue le", "À savoir"):
        table.add_column(column, no_wrap=column == "Source", overflow="fold")
    rows = list_freshness(sources, data_dir, snapshot, datetime.now(UTC).date())
    for one in sorted(rows, key=lambda one: list(ETATS).index(one.etat)):
        table.add_row(
            one.source.id,
            ETATS[one.etat],
            one.source.rythme or "inconnu",
            one.source.millesime,
            day_of(one.obtenu_le) if one.obtenu_le else "–",
            Text(one.message),
        )
    open_console().print(table)


def print_sheets(written: list[Ecrite], out: Path) -> None:
    """Print the territory sheets written: zone, files, sizes."""
    console = open_console()
    for one in written:
        files = ", ".join(f"{nom} ({taille / 1e6:.2f} Mo)" for nom, taille in one.fichiers.items())
        console.print(f"{one.zone.titre} : {files}", highlight=False, markup=False)
    console.print(
        f"{len(written)} fiche{'s' if len(written) > 1 else ''} dans {out}",
        highlight=False,
        markup=False,
    )


def print_publications(found: list[Publication]) -> None:
    """Print the published snapshots, newest first."""
    table = Table(title="Instantanés publiés", title_justify="left")
    for column in ("Instantané", "Assemblé le", "Taille", "État"):
        table.add_column(column, justify="right" if column == "Taille" else "left", overflow="fold")
    for one in found:
        etat = one.defaut or ("servi" if one.est_servie else "entier")
        if one.defaut and one.est_servie:
            etat = f"publié, {etat}"
        table.add_row(one.id, one.cree_le or "–", f"{decimal(one.octets / 1e6)} Mo", plain(etat))
    open_console().print(table)


def print_summary(snapshot: Snapshot, data_dir: Path) -> None:
    """Print what a snapshot holds: sources, what is broken or late today, tables and zones."""
    info = describe_snapshot(snapshot, data_dir)
    console = open_console()
    console.print(_sources_table(info))
    for source, told in [
        (s["id"], s[key]) for key in ("alert", "pending", "late") for s in info["sources"] if s[key]
    ]:
        console.print(Text.assemble(f"{source} : ", plain(told)), style="yellow", highlight=False)
    _print_reasons(console, info)
    absent = [s for s in info["sources"] if s["mode"] == "absente"]
    if absent:
        console.print(
            f"{count(len(absent), 'source absente', 'sources absentes')} : geoapp info --sources.",
            highlight=False,
        )
    console.print(
        "Tables : " + ", ".join(f"{nom} {number(n)}" for nom, n in info["tables"].items()),
        highlight=False,
    )
    console.print(
        "Zones : " + ", ".join(f"{nom} {_zones(n)}" for nom, n in info["zones"].items()),
        highlight=False,
    )
    fictives = [s["id"] for s in info["sources"] if s["mode"] == "demonstration"]
    if fictives:
        console.print(
            f"[bold red]Données fictives[/] pour : {', '.join(fictives)}.", highlight=False
        )


def _sources_table(info: dict) -> Table:
    """Return the counts of each source that is not absent."""
    table = Table(
        title=f"Instantané {info['snapshot']} — {info['region']['name']}", title_justify="left"
    )
    table.add_column("Source", no_wrap=True)
    table.add_column("Origine")
    table.add_column("Millésime")
    for column in (
        "Lues",
        "Valides",
        "Rejetées",
        "Placées",
        "Douteuses",
        "Hors région",
        "Réparées",
    ):
        table.add_column(column, justify="right")
    keys = ("read", "valid", "rejected", "placed", "doubtful", "outside", "corrected")
    for source in [s for s in info["sources"] if s["mode"] != "absente"]:
        table.add_row(
            source["id"],
            MODES[source["mode"]] + (" (en panne)" if source["alert"] else ""),
            source["vintage"],
            *[number(source[key]) for key in keys],
        )
    return table


def print_absent(snapshot: Snapshot, data_dir: Path) -> None:
    """Print each source that was not found: what it feeds, the file that a mirror would hold."""
    table = Table(title="Sources absentes", title_justify="left")
    for column in ("Source", "Ce qu'elle nourrit", "Fichier attendu dans le dossier miroir"):
        table.add_column(column, no_wrap=column == "Source", overflow="fold")
    registry = load_sources()
    for one in describe_snapshot(snapshot, data_dir)["sources"]:
        if one["mode"] == "absente" and one["id"] in registry:
            fichier = registry[one["id"]].fichier
            table.add_row(one["id"], USAGES[one["usage"]].libelle, fichier or "–")
    if table.row_count:
        open_console().print(table)


def _print_reasons(console: Console, info: dict) -> None:
    """Print how many rows of each source were rejected by reason."""
    table = Table(
        "Source", "Raison", "Lignes", title="Lignes rejetées, par raison", title_justify="left"
    )
    for source in info["sources"]:
        for code, nb in source["rejected_by_reason"].items():
            table.add_row(source["id"], f"{RAISONS[code].titre} ({code})", number(nb))
    if table.row_count:
        console.print(table)


def _zones(value: int | dict) -> str:
    """Return a count of zones in words."""
    return f"{number(value['communes'])} communes" if isinstance(value, dict) else number(value)


def print_search(resultat: Resultat, repertoire: Repertoire, *, forme: str | None = None) -> None:
    """Print what a search found: a table, the answer of the API (`json`), or every row (`csv`)."""
    if forme == "json":
        told = describe_answer(resultat, repertoire)
        print_data(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    elif forme == "csv":
        for piece in french_csv(offers_file(resultat, repertoire)):
            print_data(piece)
    else:
        _print_found(describe_answer(resultat, repertoire))


def _print_understood(console: Console, texte: dict) -> None:
    """Print what the search made of the words typed."""
    for mot, corrige in texte["corrections"]:
        console.print(
            f"« {mot} » lu « {corrige} »" if corrige else f"« {mot} » n'a pas été retenu",
            highlight=False,
            markup=False,
        )
    for critere in texte["criteres"]:
        option = " ".join(f"--{critere['filtre']} {one}" for one in critere["valeurs"])
        cure = f"ajoutez {option}" if option else "aucun filtre ne le dit"
        console.print(
            f"« {critere['mot']} » est un critère, pas un mot cherché : {cure}",
            highlight=False,
            markup=False,
        )
    for sentence in texte["explications_metiers"]:
        console.print(sentence, highlight=False, markup=False)


def _print_found(answer: dict) -> None:
    """Print one page of an answer as a table, and what the search understood."""
    console = open_console()
    console.print(answer["titre"], highlight=False, markup=False)
    _print_understood(console, answer["texte"])
    if answer["perimetre"]["message"]:
        console.print(answer["perimetre"]["message"], highlight=False, markup=False)
    if answer["nb_sans_voiture"] is not None:
        console.print(
            f"Dont {number(answer['nb_sans_voiture'])} sans voiture, en premier.", highlight=False
        )
    for sentence in [*filter(None, [answer["hors_region"]]), *answer["trajets"]]:
        console.print(sentence, highlight=False, markup=False)
    is_near = False
    table = Table("Distance", "Trajet", "Formation", "Organisme", "Commune", "Niveau")
    for card in answer["formations"] + answer["a_distance"]["formations"]:
        if card["bloc"] == VOISIN and not is_near:
            is_near = True
            table.add_row("", "", "Métiers voisins")
        table.add_row(
            *[
                plain(text)
                for text in (
                    card["distance"],
                    card["duree"],
                    card["titre"],
                    card["organisme"],
                    card["commune"]["nom"],
                    card["niveau"]["code"],
                )
            ]
        )
    if table.row_count:
        console.print(table)
    for card in answer["proches"]:
        console.print(
            f"Au-delà ({card['duree'] or card['distance']}) : {card['titre']}",
            highlight=False,
            markup=False,
        )
    apart = [
        (answer["nb_voisins"], "de métiers voisins"),
        (answer["a_distance"]["total"], "entièrement à distance"),
        (answer["nb_non_places"], "de lieu inconnu"),
    ]
    for nb, mots in apart:
        if nb:
            console.print(f"{number(nb)} {mots}", highlight=False)


def print_changes(
    evolution: Evolution, acces: EffetAcces, series: Sequence[Releve], out: Path | None
) -> None:
    """Print what changed between two snapshots: trainings, people, zones, series of snapshots."""
    console = open_console()
    for texte in (
        tell_change(evolution),
        tell_access_change(acces),
        *(f"Attention : {texte}" for texte in evolution.avertissements),
        *list_access_notes(acces),
    ):
        console.print(texte, highlight=False, markup=False)
    kept = Table("Assemblé le", "Formations", "Lieux", "Habitants trop loin")
    for one in series:
        kept.add_row(one.nom, str(one.nb_formations), str(one.nb_lieux), one.non_couverts_dits)
    console.print(kept)
    table = Table("Zone", "Avant", "Après", "Gagnées", "Perdues", "Inchangées")
    for row in evolution.zones.itertuples():
        table.add_row(
            row.nom,
            *(
                str(getattr(row, nom))
                for nom in ("nb_avant", "nb_apres", "gagnees", "perdues", "inchangees")
            ),
        )
    console.print(table)
    console.print(
        f"Dernières formations d'une sorte perdues : {len(evolution.derniers)} (zone, domaine, "
        "niveau, voie).",
        highlight=False,
        markup=False,
    )
    for row in evolution.derniers.head(15).itertuples():
        console.print(
            f"- {row.nom} : {row.domaine}, niveau {row.niveau_sortie}, "
            f"{row.voie} ({row.nb_avant} avant)",
            highlight=False,
            markup=False,
        )
    if out:
        console.print(f"{out} : {len(evolution.sortes)} lignes.", highlight=False, markup=False)
