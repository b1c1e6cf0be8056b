"""The tiny world with what employers look for: two bassins, one of which two zones d'emploi share.

Amiville (1 000)  |  Beauval (200)  |  Cysoing (5 000)
bassin B1         |  bassin B2      |  bassin B2
ZE 3201           |  ZE 3201        |  ZE 0054
"""

from __future__ import annotations

import pandas as pd

from geoapp.core.schema import conform
from geoapp.coverage.travel.choice import choose_trajets
from geoapp.planning.need_table import need_table
from support.world import make_tiny_frames

BASSINS = {"80001": "B1", "80002": "B2", "59001": "B2"}

FAMILLES = [
    ("V0X60", "Aides-soignants", "S", "Fonctions sociales", True, "J1501", "ecrit", 2),
    ("S1X40", "Cuisiniers", "V", "Services", False, "G1602", "publie", 1),
    ("R0X61", "Caissiers", "V", "Services", False, "D1505", "publie", 0),
]

BESOINS = [
    ("B1", "V0X60", 10, 4, None),
    ("B2", "V0X60", None, None, None),
    ("B2", "S1X40", 52, 26, None),
    ("B2", "R0X61", 104, 26, 52),
]


def make_needs_world() -> dict[str, pd.DataFrame]:
    """Return the tiny world with its bassins, its needs, and the table that sets them side by
    side.
    """
    frames = make_tiny_frames()
    members = [
        {
            "code_commune": commune,
            "type_zone": "bassin2024",
            "code_zone": bassin,
            "millesime": "2024",
            "type_lien": "entiere",
        }
        for commune, bassin in BASSINS.items()
    ]
    zones = frames["zones"]
    mine = zones[zones["type_zone"].eq("ze2020")].assign(
        type_zone="bassin2024", code_zone=["B2", "B1"], nom=["Est", "Ouest"]
    )
    frames["zones"] = conform(pd.concat([zones, mine]), "zones")
    frames["communes_zones"] = conform(
        pd.concat([frames["communes_zones"], pd.DataFrame(members)]), "communes_zones"
    )
    bassin = frames["offres"]["code_commune"].map(BASSINS)
    frames["offres"]["zones"] = frames["offres"]["zones"] + ("|bassin2024:" + bassin).fillna("")
    made = {
        "familles_metiers": pd.DataFrame(
            FAMILLES,
            columns=[
                "code_famille",
                "nom",
                "code_groupe",
                "groupe",
                "est_sante_social",
                "codes_rome",
                "lien",
                "nb_formations",
            ],
        ),
        "besoins": pd.DataFrame(
            BESOINS,
            columns=[
                "code_zone",
                "code_famille",
                "nb_projets",
                "nb_difficiles",
                "nb_saisonniers",
            ],
        ).assign(annee="2024", id_source="tiny"),
        "tensions": pd.DataFrame(
            [("J1501", "B1", 5, 2, 4, 120.0), ("G1602", "B2", 1, None, 3, 52.0)],
            columns=[
                "code_metier",
                "code_zone",
                "tension",
                "conditions_travail",
                "lien_formation",
                "nb_demandeurs",
            ],
        ).assign(nomenclature="rome", type_zone="bassin2024", annee="2021", id_source="tiny"),
        "formations_familles": pd.DataFrame(
            [("tiny:f3", "V0X60", "J1501"), ("tiny:f4", "S1X40", "G1602")],
            columns=["id_formation", "code_famille", "codes_rome"],
        ),
    }
    frames |= {nom: conform(frame, nom) for nom, frame in made.items()}
    return {**frames, "besoins_offres": need_table(frames, choose_trajets(frames))}
