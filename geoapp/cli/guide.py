"""Reference pages made from the code: tables, sources, settings, zonings.

`python -m geoapp.cli.guide` writes them into `docs/`; a test fails when one of
them no longer says what the code does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path

import click

from geoapp.cli import main
from geoapp.core.config import ROOT, Settings
from geoapp.core.french import format_decimal
from geoapp.core.schema import TABLES
from geoapp.core.snapshot import TUILES
from geoapp.offer.dedupe.repeated import REGLE as REPETITION
from geoapp.offer.dedupe.rules import (
    APPRENTISSAGES,
    LIEUX,
    PART_CODES_OPPOSES,
    SEUIL_FUSION,
    SEUIL_POSSIBLE,
)
from geoapp.offer.filters import FILTRES
from geoapp.offer.quality.criteria import CRITERES
from geoapp.offer.quality.positions import REGLES_POSITION
from geoapp.offer.quality.scores import POIDS_TOTAL
from geoapp.offer.search.tile_counts import COMPTEES, property_name
from geoapp.offer.search.tiles import CHAMPS, COUCHE, LIEUX_MAX, MAILLES
from geoapp.reference.glossary import load_glossary
from geoapp.reference.zonings import ZONAGES
from geoapp.sources.formats import FORMATS
from geoapp.sources.registry import load_sources
from geoapp.sources.usages import USAGES

DOCS = ROOT / "docs"


def _page(parts: list[str]) -> str:
    """Return a page of Markdown, its parts set apart."""
    return "\n\n".join(parts) + "\n"


def _table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
        for line in lines
    )


def write_dictionary() -> str:
    """Return the data dictionary: every table and column of a snapshot."""
    parts = [
        "# Dictionnaire des données",
        "Chaque table d'un instantané est un fichier Parquet (GeoParquet, EPSG:4326, "
        "quand elle porte un contour ou un point). "
        "Une case vide veut dire « inconnu », jamais zéro. Tous les codes sont du texte.",
    ]
    for table in TABLES.values():
        rows = [
            [
                f"`{c.nom}`",
                c.type,
                "oui" if c.requis else "",
                c.sens
                + (f" (valeurs : {', '.join(c.valeurs)})" if c.valeurs else "")
                + (f" → `{c.renvoi}`" if c.renvoi else ""),
            ]
            for c in table.colonnes
        ]
        parts += [
            f"## {table.nom}",
            f"{table.sens}. Clé : {', '.join(f'`{c}`' for c in table.cle)}.",
            _table(["colonne", "type", "requis", "sens"], rows),
        ]
    counted = [
        [
            f"`{property_name(nom, '…')}`",
            "Number",
            f"Nombre de formations dont « {FILTRES[nom].libelle} » a cette valeur",
        ]
        for nom in COMPTEES
    ]
    parts += [
        f"## {TUILES}",
        "Pas une table : les lieux de `offres` en tuiles vectorielles (PMTiles 3, MVT, Web "
        f"Mercator), couche `{COUCHE}`. Groupés par maille d'une tuile aux petits zooms "
        f"({MAILLES} × {MAILLES} au plus), un par un au dernier ({LIEUX_MAX} lieux au plus par "
        "tuile). La somme de `nb` sur les tuiles d'un zoom est le nombre de formations placées, "
        "sans celles à distance. Une propriété absente veut dire zéro pour un nombre par valeur, "
        "« inconnu » pour le reste.",
        _table(
            ["propriété", "type", "sens"],
            [[f"`{nom}`", kind, sens] for nom, (kind, sens) in CHAMPS.items()] + counted,
        ),
    ]
    return _page(parts)


def write_sources() -> str:
    """Return the list of sources and zonings."""
    rows = [
        [
            f"`{s.id}`",
            s.titre,
            s.producteur,
            s.millesime,
            s.rythme or "inconnu",
            s.licence,
            s.usage + (f" ({s.type_zone})" if s.type_zone else ""),
            s.note,
        ]
        for s in load_sources().values()
    ]
    zonings = [
        [
            f"`{z.type_zone}`",
            z.titre,
            "par le code de la commune" if z.methode == "code" else "par le point",
            "oui" if z.est_partition else "non",
            "oui" if z.cherche else "non",
        ]
        for z in ZONAGES.values()
    ]
    parts = [
        "# Sources et zonages",
        "Une source est une ligne de `geodata/sources.toml` ; "
        "en ajouter une, c'est ajouter une ligne.",
        _table(
            [
                "source",
                "titre",
                "producteur",
                "millésime",
                "rythme",
                "licence",
                "usage",
                "à savoir",
            ],
            rows,
        ),
        "## Usages",
        _table(["usage", "ce que la source alimente", "colonnes", "options"], _usages()),
        "## Formats",
        _table(["format", "ce que c'est", "options"], _formats()),
        "## Zonages",
        "Un zonage est une ligne de `geoapp/reference/zonings.py` ; "
        "en ajouter un, c'est ajouter une ligne et sa source "
        "([CONTRIBUTING](../CONTRIBUTING.md#add-a-zoning)).",
        _table(["zonage", "titre", "jointure", "partition", "lieu de recherche"], zonings),
    ]
    return _page(parts)


def _usages() -> list[list[str]]:
    """Return the usages that a source may have: the columns of ours and the options of each."""
    return [
        [f"`{row.nom}`", row.libelle, _codes(row.colonnes), _codes(row.options)]
        for row in USAGES.values()
        if row.etape
    ]


def _formats() -> list[list[str]]:
    """Return the formats that a source may have, with their options."""
    return [[f"`{row.nom}`", row.libelle, _codes(row.options)] for row in FORMATS.values()]


def _codes(names: Iterable[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


SHOWN = {
    "data_dir": "var/",
    "cle_etapes": "~/.local/state/geoforma/etapes.cle",
    "cle_usage": "~/.local/state/geoforma/usage.cle",
}
"""Defaults that depend on the machine, as a person reads them."""


def write_settings() -> str:
    """Return the settings read from the environment."""
    rows = [
        [
            f"`{f.metadata['env']}`",
            f.metadata["aide"],
            f"`{SHOWN.get(f.name, f.default)}`" if f.default != "" else "(vide)",
        ]
        for f in fields(Settings)
    ]
    parts = [
        "# Réglages",
        "Chaque réglage se donne par une variable d'environnement.",
        _table(["variable", "sens", "défaut"], rows),
    ]
    return _page(parts)


def _rules(rows) -> str:
    """Return the rules of one part of a score, as a table."""
    return _table(
        ["règle", "part", "preuve affichée"],
        [
            [
                f"`{r.nom}`",
                "mesurée" if r.part is None else format_decimal(r.part),
                r.preuve,
            ]
            for r in rows
        ],
    )


def write_glossary() -> str:
    """Return the words of the field, with their source."""
    rows = [[one.terme, one.sens, one.source] for one in load_glossary()]
    parts = [
        "# Glossaire",
        "Les mots du métier et les sigles, tels que GéoForma les emploie, avec leur source. "
        "Un mot est une ligne de `geodata/glossaire.csv` ; la page « Glossaire » dit les mêmes.",
        _table(["terme", "ce que c'est", "source"], rows),
    ]
    return _page(parts)


def write_duplicates() -> str:
    """Return how the same training given by two catalogues is found."""
    fusion, possible = map(format_decimal, (SEUIL_FUSION, SEUIL_POSSIBLE))
    parts = [
        "# Une formation, plusieurs catalogues",
        "Quand deux catalogues donnent la même formation au même endroit, la recherche, "
        "la carte et la couverture la montrent **une fois**, avec le nom des deux "
        "sources. Rien n'est effacé : les tables `formations`, `actions`, "
        "`sessions` et `lieux` gardent toutes les lignes ; la table `doublons` dit "
        "ce qui est réuni, par quelle règle, avec quel score et quelle preuve. "
        "Les sessions des deux catalogues sont montrées ensemble sur la fiche.",
        "Un catalogue donne souvent une formation sur plusieurs lignes : une par entrée, par "
        "année, par contrat. **Une formation compte une fois par lieu** : les lignes d'un même "
        "catalogue qui ont la même certification (sinon le même intitulé), la même option et la "
        "même année de cours, le même organisme (SIREN, sinon son identifiant), le même lieu (et "
        "la même adresse, quand il n'est connu qu'à la mairie), la même voie et la même modalité "
        f"sont ses sessions (règle `{REPETITION}`), et leurs places s'additionnent. Deux lignes "
        "d'un même catalogue qui diffèrent en cela ne sont jamais réunies.",
        "Le score d'une paire est le produit de deux parts, chacune de 0 à 1 : "
        "ce qui est appris, et où. La première règle qui tient décide de chaque part. "
        f"À partir de {fusion} les deux offres sont montrées comme une seule ; "
        f"de {possible} à {fusion} la paire est listée comme possible, "
        "et rien n'est réuni.",
        "## Ce qui est appris",
        _rules(APPRENTISSAGES),
        "## Où",
        _rules(LIEUX),
        "## Ce qui empêche",
        "Deux voies, deux niveaux, deux modalités, deux diplômes ou deux options connus "
        "et différents ; une première année commune, une mise à niveau ou une formation "
        "à distance d'un côté seulement. "
        "Quand les codes du diplôme diffèrent sans que les intitulés soient égaux, "
        "la ressemblance des intitulés est multipliée par "
        f"{PART_CODES_OPPOSES:g}.".replace("0.", "0,")
        + " Des données fictives ne sont réunies à rien.",
        "## Quelle ligne est montrée",
        "La mieux renseignée, puis celle de la source la plus récente, "
        "puis la première par identifiant. "
        "Ce qu'elle ne dit pas vient de l'autre catalogue ; la colonne "
        "`provenances` des offres et la fiche disent quel champ vient d'où. "
        "L'adresse d'une fiche non montrée mène à celle qui l'est.",
        "## Défaire une réunion",
        "Ajoutez la paire à `geodata/doublons_refuses.csv` (`id_action`, "
        "`id_action_autre`, `motif`), puis relancez `geoapp build` : "
        "elle n'est plus ni réunie ni listée.",
        "## Ce que cela vaut",
        "`python -m benchmarks.duplicates` compare ces règles à des paires réelles "
        "jugées à la lecture (`tests/dedupe/paires.csv` : 522 paires, dont 70 puis 70 autres lues "
        "pour juger et non pour régler). "
        "Novembre 2026 : 301 paires jugées réunies, toutes à raison ; "
        "95 % des vraies paires de l'échantillon sont réunies et 97 % réunies ou listées. "
        "L'échantillon est chargé en cas difficiles : "
        "ces rappels ne sont pas ceux de l'ensemble. Des 65 paires nouvelles qui jugent seules, "
        "35 vraies, 32 sont réunies (91 %) : aucune règle générale n'a été trouvée pour les trois "
        "autres sans les lire.",
    ]
    return _page(parts)


def write_quality() -> str:
    """Return how quality is scored: criteria, rules of positions, what the score says and not."""
    rows = [[f"`{c.nom}`", c.titre, c.mesure, str(c.poids), c.cure] for c in CRITERES.values()]
    rules = [[f"`{r.nom}`", r.titre, r.sens] for r in REGLES_POSITION]
    parts = [
        "# Qualité des données",
        "Chaque source et chaque organisme reçoit un score de 0 à 100, "
        "et la liste de ce qu'il a à corriger, offre par offre, avec le remède. "
        "La page « Qualité », `geoapp quality` et `/api/v1/qualite` disent la même chose ; "
        "les listes se téléchargent en CSV et en XLSX.",
        "## Critères",
        _table(["critère", "titre", "ce qui est mesuré", "poids", "comment corriger"], rows),
        "## Comment le score est fait",
        "Pour chaque critère, la part des offres concernées qui le satisfont, "
        "multipliée par son poids ; la somme, "
        f"divisée par celle des poids évalués (au plus {POIDS_TOTAL}), ramenée à 100. "
        "L'unité est l'offre (une action en un lieu) de chaque catalogue, "
        "avant tout rapprochement entre catalogues. "
        "L'organisme est celui qui forme, sinon le responsable.",
        "**Inconnu n'est pas zéro.** Une information que la source ne porte dans aucune "
        "ligne est « non fournie » : elle n'est pas comptée, "
        "et « barème évalué » dit quelle part des poids a pu l'être. "
        "Un critère sans objet (le lieu d'une formation à distance) "
        "n'est pas compté non plus. Deux scores se comparent à barème évalué voisin.",
        "La fraîcheur est vue de la date de la source, pas du jour où l'on regarde : "
        "les mêmes sources donnent les mêmes tables. "
        "L'âge des sources est sur la page « Sources ». "
        "Une position que l'établissement doit à son seul code UAI peut être contredite "
        "par une erreur de la table des UAI : la règle désigne, une personne vérifie.",
        "## Positions fausses, trouvées par règle",
        _table(["règle", "titre", "sens"], rules),
        "La première règle qui tient donne le constat. "
        "Novembre 2026, sur les quatre catalogues : 256 offres de 53 lieux.",
        "## Évolution",
        "Le score est comparé à celui de l'instantané gardé juste avant (`precedent`). "
        "Sans instantané plus ancien, ou quand il vient d'une autre version, la page le dit.",
    ]
    return _page(parts)


def list_commands(
    group: click.Group = main, before: str = ""
) -> Iterator[tuple[str, click.Command]]:
    """Yield every command and its whole name, those of a group after it, in alphabetical order."""
    for nom, command in sorted(group.commands.items()):
        yield before + nom, command
        if isinstance(command, click.Group):
            yield from list_commands(command, f"{before}{nom} ")


def write_commands() -> str:
    """Return every command with its options, in the words of its own help."""
    parts = [
        "# Commandes",
        "Chaque commande dit tout avec `-h`. Les instantanés sont dans `var/`, ou là où "
        "`GEOAPP_DATA` le dit ([réglages](reglages.md)). Un terminal qui ne lit pas UTF-8 reçoit "
        "le signe le plus proche ; `--json` et `--csv` sortent toujours en UTF-8.",
    ]
    for nom, command in list_commands():
        # Of one width, or the page would follow the terminal that makes it; and of the names that
        # `main` gives to the option, which click keeps from the first help that is asked.
        helped = click.Context(
            command,
            info_name=f"geoapp {nom}",
            terminal_width=96,
            help_option_names=main.context_settings["help_option_names"],
        )
        parts += [f"## geoapp {nom}", "```text\n" + command.get_help(helped) + "\n```"]
    return _page(parts)


PAGES = {
    "commandes.md": write_commands,
    "qualite.md": write_quality,
    "dictionnaire.md": write_dictionary,
    "sources.md": write_sources,
    "reglages.md": write_settings,
    "glossaire.md": write_glossary,
    "doublons.md": write_duplicates,
}


def write_pages(folder: Path = DOCS) -> None:
    """Write every reference page."""
    for name, write in PAGES.items():
        (folder / name).write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    write_pages()
