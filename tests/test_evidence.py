"""Unknown is not no: every « no » of the snapshot rests on something that a source said."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from geoapp.core.schema import TABLES
from geoapp.core.snapshot import Snapshot
from geoapp.offer.whole import wide_offers
from support.world import make_tiny_frames

Preuve = Callable[[Snapshot], pd.Series]
"""Which rows of a table have something that may say no; all of them when the build decides."""


def _declared(table: str, column: str) -> Preuve:
    """A « no » of the raw table is what a source gave: no step of the build fills it."""
    return lambda snapshot: snapshot.read(table)[column].notna()


def _of_action(column: str) -> Preuve:
    def told(snapshot: Snapshot) -> pd.Series:
        # A merge takes what it lacks from another catalogue: some action of the group said it.
        said = snapshot.read("actions").set_index("id_action")[column].notna()
        merged = snapshot.read("doublons")
        merged = merged[merged["etat"].eq("fusionnee")]
        by_other = merged["id_action"].map(said).groupby(merged["id_action_retenue"]).any()
        mine = snapshot.read("offres")["id_action"]
        return mine.map(said).astype(bool) | mine.map(by_other).eq(True)

    return told


def _certifying(snapshot: Snapshot) -> pd.Series:
    declared = snapshot.read("formations").set_index("id_formation")["est_certifiante"]
    return snapshot.read("offres")["id_formation"].map(declared).notna()


def _compared(table: str) -> Preuve:
    return lambda snapshot: snapshot.read(table)["distance_commune_m"].notna()


def _decided(table: str) -> Preuve:
    """What the build itself decides (its region, its sources, its count) is always known."""
    return lambda snapshot: pd.Series(True, index=snapshot.read(table).index)


def _nearest_known(snapshot: Snapshot) -> pd.Series:
    return snapshot.read("besoins_offres")["id_action_proche"].notna()


PREUVES: dict[tuple[str, str], Preuve] = {
    ("formations", "est_certifiante"): _declared("formations", "est_certifiante"),
    ("actions", "est_conventionnee"): _declared("actions", "est_conventionnee"),
    ("actions", "est_permanente"): _declared("actions", "est_permanente"),
    ("actions", "est_gratuite"): _declared("actions", "est_gratuite"),
    ("lieux", "est_douteuse"): _compared("lieux"),
    ("communes", "est_mairie_deplacee"): _decided("communes"),
    ("communes", "est_region"): _decided("communes"),
    ("zones", "est_fictive"): _decided("zones"),
    ("demande", "est_compte"): _decided("demande"),
    ("demande", "est_region"): _decided("demande"),
    ("offres", "est_conventionnee"): _of_action("est_conventionnee"),
    ("offres", "est_permanente"): _of_action("est_permanente"),
    ("offres", "est_gratuite"): _of_action("est_gratuite"),
    ("offres", "est_certifiante"): _certifying,
    ("offres", "est_douteuse"): _compared("offres"),
    ("offres", "est_fictive"): _decided("offres"),
    ("qualite", "est_fournie"): _decided("qualite"),
    ("couches", "est_fictive"): _decided("couches"),
    ("lieux_information", "est_itinerant"): _declared("lieux_information", "est_itinerant"),
    ("familles_metiers", "est_sante_social"): _decided("familles_metiers"),
    ("besoins_offres", "est_repartie"): _decided("besoins_offres"),
    ("besoins_offres", "est_proche_dehors"): _nearest_known,
}
"""Every boolean of the schema but those of the neighbours' offer, which has the same columns."""


def test_every_boolean_says_what_its_no_rests_on():
    found = {
        (nom, colonne.nom)
        for nom, table in TABLES.items()
        for colonne in table.colonnes
        if colonne.type == "booleen" and nom != "offres_voisines"
    }
    assert found == set(PREUVES)


@pytest.mark.real
def test_no_boolean_of_the_mirror_is_false_without_evidence(real_snapshot):
    wrong = {
        f"{table}.{colonne}": int(
            (real_snapshot.read(table)[colonne].eq(False).fillna(False) & ~preuve(real_snapshot))
            .astype(bool)
            .sum()
        )
        for (table, colonne), preuve in PREUVES.items()
    }
    assert {nom: nb for nom, nb in wrong.items() if nb} == {}


@pytest.mark.real
def test_the_diplomas_of_the_mirror_lead_to_a_certification(real_snapshot):
    offers = real_snapshot.read("offres")
    school = offers[offers["id_source"].str.startswith(("bts", "affelnet", "voie-pro"))]
    # What stays unknown has neither code nor diploma in its title (« COMMERCE »).
    assert len(school) and school["est_certifiante"].eq(True).mean() > 0.98
    assert not school["est_certifiante"].eq(False).any()


@pytest.mark.parametrize(
    ("intitule", "codes", "declaree", "attendue"),
    [
        ("BTS Comptabilité et gestion", {}, None, True),
        ("Comptabilité", {"type_diplome": "Brevet de technicien supérieur"}, None, True),
        ("COMMERCE", {"code_mef": "24731201"}, None, True),
        ("COMMERCE", {"code_rncp": "RNCP123"}, None, True),
        ("Formation professionnelle - Titre professionnel Comptable", {}, None, True),
        ("Autre titre inscrit sur demande au RNCP", {}, None, True),
        ("Mise à niveau - Hôtellerie restauration", {}, None, None),
        ("Préparation au CAP Cuisine", {}, None, None),
        ("Anglais professionnel", {}, None, None),
        ("Anglais professionnel", {}, False, False),
        ("CAP Cuisine", {}, False, False),
        ("Anglais professionnel", {}, True, True),
    ],
)
def test_what_leads_to_a_certification(intitule, codes, declaree, attendue):
    frames = make_tiny_frames()
    formations = frames["formations"]
    for nom in ("type_diplome", "code_rncp", "code_certifinfo", "code_cfd", "code_mef"):
        formations[nom] = pd.Series([codes.get(nom)] * len(formations), dtype="str")
    formations["intitule"] = intitule
    formations["est_certifiante"] = pd.Series([declaree] * len(formations), dtype="boolean")
    found = wide_offers(frames, set())["est_certifiante"]
    assert found.isna().all() if attendue is None else found.eq(attendue).all()
