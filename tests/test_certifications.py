"""Records at the RNCP: by the code given, else by the only sure record of a diploma."""

from __future__ import annotations

import pandas as pd
import pytest

from geoapp.ingest.certifications import find_fiches

KIT = pd.DataFrame(
    [
        ("RNCP1", "50022137", "31/08/2026", "ACTIVE", None),
        ("RNCP2", "32031312", "01/01/2024", "INACTIVE", "RNCP3"),
        ("RNCP3", "32031312", "31/12/2028", "ACTIVE", None),
        ("RNCP4", "32031408", "31/12/2028", "ACTIVE", None),
        ("RNCP5", "32031408", "31/12/2028", "ACTIVE", None),
        ("RNCP6", "40030004", None, "INACTIVE", "RNCP9"),
        ("RNCP7", "40030005", None, "INACTIVE", None),
        ("RNCP8", "40030005", None, "INACTIVE", None),
    ],
    columns=["code_rncp", "code_cfd", "date_fin", "etat", "remplacee_par"],
    dtype="str",
)
MEF = pd.DataFrame(
    {"code_mef": ["x"], "code_mefstat": ["23820030004"], "code_cfd": ["40030004"]}, dtype="str"
)
PAR_CFD = "diplôme "


@pytest.mark.parametrize(
    "cells, expected",
    [
        ({"code_cfd": "50022137"}, ("RNCP1", "2026-08-31", "", PAR_CFD + "50022137")),
        ({"code_cfd": "32031312"}, ("RNCP3", "2028-12-31", "", PAR_CFD + "32031312")),
        (
            {"code_cfd": "32031312", "code_rncp": "RNCP2"},
            ("RNCP2", "2024-01-01", "RNCP3", "code de la source"),
        ),
        ({"code_cfd": "32031312", "code_rncp": "RNCP99"}, ("", "", "", "")),
        ({"code_cfd": "32031408"}, ("", "", "", "")),
        ({"code_cfd": "40030005"}, ("", "", "", "")),
        ({"code_mef": "23820030004"}, ("RNCP6", "", "RNCP9", PAR_CFD + "40030004")),
        ({"code_mef": "32211031312"}, ("RNCP3", "2028-12-31", "", PAR_CFD + "32031312")),
        ({}, ("", "", "", "")),
    ],
)
def test_a_record_is_that_of_the_code_given_else_the_only_sure_one_of_the_diploma(cells, expected):
    rows = pd.DataFrame([{"code_rncp": None, "code_cfd": None, "code_mef": None} | cells])
    found = find_fiches(rows.astype("str"), {"code_rncp": KIT, "code_mef": MEF})
    assert tuple(found.fillna("").iloc[0]) == expected


def test_without_register_nothing_is_known():
    rows = pd.DataFrame({"code_rncp": ["RNCP1"], "code_cfd": ["50022137"], "code_mef": ["x"]})
    assert find_fiches(rows.astype("str"), {}).isna().all(axis=None)


@pytest.mark.real
def test_no_code_received_is_replaced_and_most_diplomas_have_their_record(real_snapshot):
    formations = real_snapshot.read("formations")
    given = formations[formations["code_rncp"].notna() & formations["fiche_rncp"].notna()]
    assert given["fiche_rncp"].eq(given["code_rncp"]).all()
    school = formations[formations["id_source"].eq("voie-pro-2022")]
    assert school["fiche_rncp"].notna().mean() > 0.8 and school["code_rncp"].isna().all()
    dates = formations["echeance_rncp"].dropna()
    assert dates.str.fullmatch(r"20\d\d-\d\d-\d\d").all()
