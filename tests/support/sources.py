"""Folders of sources: the real mirror, the same with its rows shuffled, and small ones."""

from __future__ import annotations

import csv
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
"""What lies beside the checkout: real sources, reference values."""
MIRROR = SHARED / "sources"
TRUTH = SHARED / "truth"

AFFELNET = "offre/affelnet_2020-05-12_hdf.csv"
HEADER = (
    "UAI;COMMUNE;ACADEMIE;MINISTERE;TYPE_ETABLISSEMENT;MNEMONIQUE_FORMATION_ACCUEIL;"
    "CODE_SPECIALITE_FORMATION_ACCUEIL;LIBELLE_FORMATION_ACCUEIL_BAN;CODE_FORMATION_ACCUEIL_BAN;"
    "CODE_COMMUNE_INSEE;CODE_POSTAL\n"
)
ROW = (
    "0590258K;LILLE;LILLE;Education Nationale;CENTRE DE FORMATION D APPRENTIS;1CAP2;22130;"
    "1CAP2  BOULANGER;24122130210;59350;59000\n"
)
BTS = "offre/bts_attractivite_capacite_2024_hdf.csv"
BTS_HEADER = "UAI;LIBELLÉFORMATION;MEFSTAT11;NB_VOEUX_CONFIRMES;STATUT;CAPACITEPSUP\n"
BTS_ROW = "0590258K;BTS - Services - Tourisme;32211033412;133;Scolaire;15\n"

SHUFFLED = (
    "offre/rcoformations_2020-11-16_hdf_enrichi.csv",
    "offre/bts_attractivite_capacite_2024_hdf.csv",
    "offre/affelnet_2020-05-12_hdf.csv",
    "offre/parcoursup_apprentissage_2020_hdf.csv",
    "offre/uai_coordonnees_hdf.csv",
)
"""Files of the mirror whose rows are put in another order."""


def make_mirror(folder: Path, files: dict[str, bytes]) -> Path:
    """Write a small mirror in `folder` and return it."""
    for name, content in files.items():
        path = folder / "miroir" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder / "miroir"


def lay_out_shuffled(mirror: Path, folder: Path) -> None:
    """Lay out a mirror by links, the rows of the files of `SHUFFLED` in another order."""
    for path in (path for path in mirror.rglob("*") if path.is_file()):
        copy = folder / path.relative_to(mirror)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if path.relative_to(mirror).as_posix() in SHUFFLED:
            shuffle_csv(path, copy)
        else:
            copy.symlink_to(path)


def shuffle_csv(path: Path, copy: Path) -> None:
    """Write the rows of a CSV file in another order."""
    with open(path, encoding="utf-8-sig", newline="") as stream:
        delimiter = max(";,\t|", key=stream.readline().count)
        stream.seek(0)
        header, *rows = csv.reader(stream, delimiter=delimiter)
    random.Random(7).shuffle(rows)
    with open(copy, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\n").writerows([header, *rows])
