"""Commands that answer a question: search, maps, coverage, figures, sheets, comparison."""

from __future__ import annotations

from pathlib import Path

import click

from geoapp.cli.early import FICHIERS, IMAGES, TABLEUR, check_out, check_question
from geoapp.cli.group import DATA, main, read_settings
from geoapp.cli.options import (
    filter_options,
    offer_options,
    question_options,
    question_options_of,
    site_options,
)
from geoapp.reference.zonings import MAILLE


@main.command("map")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Fichier HTML à écrire."
)
@click.option("--domaine", multiple=True, help="Domaine (code ou libellé) ; répétable.")
@click.option("--niveau", multiple=True, help="Niveau de sortie, 3 à 8 ; répétable.")
@click.option("--voie", multiple=True, help="scolaire, apprentissage ou continue ; répétable.")
@click.option(
    "--zonage",
    multiple=True,
    help="Zone « type:code », par exemple ze2020:3215 ou zrr ; répétable.",
)
@DATA
def map_(*, out: Path, domaine, niveau, voie, zonage, data_dir: Path | None) -> None:
    """Écrit la carte dans un seul fichier HTML, lisible sans réseau."""
    check_out(out)
    from geoapp.core.files import write_text
    from geoapp.core.snapshot import open_snapshot
    from geoapp.offer.filters import parse_filters
    from geoapp.outputs.maps.standalone import render_standalone

    snapshot = open_snapshot(read_settings(data_dir).data_dir)
    filtres = parse_filters(
        {"domaine": domaine, "niveau": niveau, "voie": voie, "zone": zonage}, snapshot
    )
    html = render_standalone(snapshot, filtres)
    write_text(out, html)
    click.echo(f"{out} : {len(html.encode()) / 1e6:.2f} Mo")


@main.command()
@click.option(
    "--lieu",
    help="Commune, code postal, département, EPCI, zone d'emploi ; "
    "ou « type:code », « point:lat,lon ».",
)
@click.option("--rayon-km", "rayon", help="Rayon autour du lieu, 5 à 100 (20 par défaut).")
@click.option("--seuil-min", "seuil_min", help="Temps de trajet, 1 à 120 minutes, sans rayon.")
@click.option("--mode", help="voiture (par défaut), voiture_fluide, velo, pied ou transports.")
@click.option(
    "--sans-voiture",
    "sans_voiture",
    flag_value="oui",
    help="D'abord ce qui se rejoint sans voiture en --seuil-min minutes (30 sans lui).",
)
@click.option("--texte", help="Métier, intitulé, diplôme, sigle, code ROME ou RNCP.")
@filter_options
@click.option("--tri", help="distance, duree, pertinence, date ou titre.")
@click.option("--limite", "taille", help="Formations par page, 1 à 100 (20 par défaut).")
@click.option("--page", help="Page, à partir de 1.")
@click.option("--json", "forme", flag_value="json", help="Une page en JSON : la réponse de l'API.")
@click.option(
    "--csv",
    "forme",
    flag_value="csv",
    help="Toutes les pages en CSV : l'export de la page de recherche.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Toutes les pages dans un fichier : "
    ".csv, .simple.csv, .xlsx, .geojson, .gpkg, .l93.gpkg ou .parquet.",
)
@DATA
def search(forme: str | None, out: Path | None, data_dir: Path | None, **parametres) -> None:
    """Cherche des formations : autour d'un lieu, par un texte, avec des filtres."""
    check_out(out, FICHIERS)
    from geoapp.cli.console import print_search
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.travel.from_point import from_points
    from geoapp.offer.lookups import open_repertoire
    from geoapp.offer.search.engine import open_engine
    from geoapp.offer.search.engine import search as run_search
    from geoapp.offer.search.requests import parse_request
    from geoapp.outputs.files.formats import write_file
    from geoapp.outputs.offers import offers_file

    snapshot = open_snapshot(read_settings(data_dir).data_dir)
    moteur = open_engine(snapshot, voyages=from_points(snapshot))
    found = run_search(moteur, parse_request(parametres, moteur))
    if out:
        write_file(offers_file(found, open_repertoire(snapshot)), out)
    print_search(found, open_repertoire(snapshot), forme=forme)


@main.command()
@question_options
@offer_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Fichier .csv, .simple.csv, .xlsx, .geojson, .gpkg, .l93.gpkg ou .parquet ; "
    "sans lui, un résumé à l'écran.",
)
@DATA
def gaps(out: Path | None, data_dir: Path | None, **parametres) -> None:
    """Mesure la couverture par zone : habitants trop loin, causes, accessibilité."""
    check_question(parametres)
    check_out(out, FICHIERS)
    from geoapp.cli.coverage_report import print_gaps
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.answer import answer
    from geoapp.coverage.model import parse_question
    from geoapp.coverage.world import open_world

    world = open_world(open_snapshot(read_settings(data_dir).data_dir))
    reponse = answer(
        world, parse_question({nom: valeur for nom, valeur in parametres.items() if valeur}, world)
    )
    if out:
        # What writes files costs half a second: a summary does without.
        from geoapp.outputs.coverage import write_answer

        write_answer(world, reponse, out)
    print_gaps(reponse, out)


@main.command()
@click.option(
    "--type",
    "type",
    required=True,
    help="offre, densite, couverture, zones, flux, ouvertures ou essentiel.",
)
@click.option(
    "--emprise", help="region (par défaut), departement:62, ze2020:3215, epci:…, commune:…"
)
@click.option("--formation", help="Formation dont la figure flux montre la série (identifiant).")
@click.option(
    "--volet", help="Entrée de la figure essentiel : territoire, metier, secteur, public."
)
@site_options
@question_options_of("mesure", "classes")
@click.option("--format", "format", help="png, svg ou pdf ; sinon celui du nom du fichier.")
@click.option("--largeur-mm", "largeur_mm", help="Largeur imprimée, 60 à 400 mm (170 par défaut).")
@click.option("--dpi", help="Points par pouce d'une image PNG, 50 à 600 (300 par défaut).")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Fichier à écrire.")
@DATA
def figure(out: Path, data_dir: Path | None, **parametres) -> None:
    """Dessine une carte pour un rapport :
    titre, légende, échelle, sources, texte de remplacement.
    """
    check_question(parametres)
    # The format asked says what an ending may be, and is read with it.
    check_out(out, IMAGES if out.suffix else ())
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.world import open_world
    from geoapp.outputs.figures import describe_figure, parse_figure, write_figure
    from geoapp.outputs.figures.model import format_of

    world = open_world(open_snapshot(read_settings(data_dir).data_dir))
    asked = parse_figure(
        {
            nom: valeur
            for nom, valeur in {
                **parametres,
                "format": parametres["format"] or format_of(out),
            }.items()
            if valeur
        },
        world,
    )
    size = write_figure(world, asked, out)
    click.echo(f"{out} : {size / 1e3:.0f} ko\n{describe_figure(world, asked)}")


@main.command()
@click.option(
    "--zone",
    "cles",
    multiple=True,
    metavar="TYPE:CODE",
    help="Zone de la fiche, « ze2020:3215 » ou « ze2020:Lens » ; répétable.",
)
@click.option(
    "--all",
    "types",
    multiple=True,
    metavar="ZONAGE",
    help="Toutes les zones d'un zonage (ze2020, epci…), avec une page d'accueil ; répétable.",
)
@question_options_of("seuil_km", "seuil_min", "mode")
@offer_options
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="Dossier où écrire les fiches."
)
@DATA
def report(
    cles: tuple[str, ...], types: tuple[str, ...], out: Path, data_dir: Path | None, **parametres
) -> None:
    """Écrit la fiche de territoire d'une ou plusieurs zones, en PDF et en HTML."""
    check_question(parametres)
    from geoapp.cli.build_report import watching
    from geoapp.cli.console import print_sheets
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.model import parse_question
    from geoapp.coverage.territories.zone import choose_zones
    from geoapp.coverage.world import open_world
    from geoapp.outputs.sheets.folder import working, write_sheets

    world = open_world(open_snapshot(read_settings(data_dir).data_dir))
    zones = choose_zones(world, cles, types)
    question = parse_question({nom: valeur for nom, valeur in parametres.items() if valeur}, world)
    with working(world, question, zones) as travail, watching() as (_, watch):
        written = write_sheets(world, travail, zones, out, watch=watch)
    print_sheets(written, out)


@main.command()
@click.argument("avant")
@click.argument("apres")
@click.option("--zonage", default=MAILLE, help=f"Découpage de la région ({MAILLE} par défaut).")
@question_options_of("seuil_km", "seuil_min", "mode", "voisins", "public")
@offer_options
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Fichier .csv ou .xlsx : une ligne par zone et par sorte de formation.",
)
@DATA
def compare(
    *, avant: str, apres: str, zonage: str, out: Path | None, data_dir: Path | None, **parametres
) -> None:
    """Compare deux instantanés : offre gagnée ou perdue, habitants qui y gagnent ou y perdent.

    AVANT et APRES : identifiant d'un instantané, son dossier, « precedent » ou « courant ».
    La série des instantanés gardés est dite aussi.
    """
    check_question({"zonage": zonage})
    check_out(out, TABLEUR)
    from geoapp.cli.console import print_changes
    from geoapp.core.published import comparable_snapshots, open_pair
    from geoapp.coverage.change import compare_snapshots
    from geoapp.coverage.model import FILTRES_OFFRE
    from geoapp.coverage.world import open_world
    from geoapp.outputs.changes import write_changes
    from geoapp.planning.evolution import measure_change, read_series

    folder = read_settings(data_dir).data_dir
    pair = open_pair(avant, apres, folder)
    asked = {nom: valeur for nom, valeur in parametres.items() if valeur}
    filtres = {nom: valeur for nom, valeur in asked.items() if nom in FILTRES_OFFRE}
    evolution = compare_snapshots(*pair, zonage=zonage, parametres=filtres)
    worlds = {one.id: open_world(one) for one in pair}
    question = {**asked, "zonage": zonage}
    acces = measure_change(worlds[pair[0].id], worlds[pair[1].id], question)
    every = {one.id: one for one in (*comparable_snapshots(folder), *pair)}
    known = [worlds.get(nom) or open_world(every[nom]) for nom in sorted(every)]
    series = read_series(known, question)
    if out:
        write_changes(evolution, out, acces, series)
    print_changes(evolution, acces, series, out)


@main.command()
@site_options
@click.option(
    "--limite-s",
    "delai_s",
    type=click.FloatRange(0, 3600),
    default=20.0,
    help="Secondes de calcul pour chercher mieux et prouver (20 par défaut ; 0 : à vue).",
)
@click.option("--json", "is_json", is_flag=True, help="La réponse de l'API.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Fichier .csv, .xlsx, .geojson, .gpkg…"
)
@DATA
def site(
    delai_s: float, is_json: bool, out: Path | None, data_dir: Path | None, **parametres
) -> None:
    """Cherche où ouvrir : le plus d'habitants rapprochés, le moins de lieux, ou de trajet."""
    check_question(parametres)
    check_out(out, FICHIERS)
    from geoapp.cli.planning_report import print_sites
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.world import open_world
    from geoapp.outputs.planning import write_sites
    from geoapp.planning.asked import parse_sites
    from geoapp.planning.opening import find_sites

    world = open_world(open_snapshot(read_settings(data_dir).data_dir))
    asked = parse_sites({nom: valeur for nom, valeur in parametres.items() if valeur}, world)
    sites = find_sites(world, asked, delai_s=delai_s)
    if out:
        write_sites(world, sites, out)
    print_sites(world, sites, is_json=is_json)


@main.command()
@click.argument("adresse")
@click.option("--avec", "autre", help="Adresse d'un second scénario, à mettre à côté.")
@click.option("--instantane", help="Un autre instantané où le rejouer, et ce qui a changé.")
@click.option("--json", "is_json", is_flag=True, help="La réponse de l'API.")
@DATA
def scenario(
    adresse: str, autre: str | None, instantane: str | None, is_json: bool, data_dir: Path | None
) -> None:
    """Mesure ce que change un scénario : fermetures, ouvertures, places, seuil ou mode.

    ADRESSE : celle de la page « Et si ? », ou ce qui suit son « ? » :
    « domaine=transport&ferme=organisme:siren:305405045 ».
    """
    from geoapp.cli.planning_report import print_scenario
    from geoapp.core.published import open_pair
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.world import open_world
    from geoapp.planning.scenario import read_address, run_scenario

    folder = read_settings(data_dir).data_dir
    world = open_world(open_snapshot(folder))
    found = run_scenario(world, read_address(adresse, world))
    second = run_scenario(world, read_address(autre, world)) if autre else None
    before = None
    if instantane:
        old = open_world(open_pair(instantane, "courant", folder)[0])
        before = run_scenario(old, read_address(adresse, old))
    print_scenario(world, found, second=second, before=before, is_json=is_json)


@main.command()
@question_options_of("seuil_km", "seuil_min", "mode", "offre", "voisins", "public")
@offer_options
@click.option("--json", "is_json", is_flag=True, help="La réponse de l'API.")
@DATA
def stress(is_json: bool, data_dir: Path | None, **parametres) -> None:
    """Classe les fermetures qui ôteraient tout au plus d'habitants."""
    check_question(parametres)
    from geoapp.cli.planning_report import print_stress
    from geoapp.core.snapshot import open_snapshot
    from geoapp.coverage.model import parse_question
    from geoapp.coverage.world import open_world

    world = open_world(open_snapshot(read_settings(data_dir).data_dir))
    question = parse_question({nom: valeur for nom, valeur in parametres.items() if valeur}, world)
    print_stress(world, question, is_json=is_json)
