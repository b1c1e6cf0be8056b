"""Read what is needed: recruitment projects, tensions, jobs of families, numbers by commune.

A number that a producer hides is unknown, never zero.
"""

from __future__ import annotations

from collections import Counter

import geopandas as gpd
import pandas as pd

from geoapp.core.config import CRS_GEO, PETIT_NOMBRE
from geoapp.core.geometry import make_points, place_ids
from geoapp.core.schema import TABLES
from geoapp.core.schema.model import INDICES_TENSION
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal, resolve_communes
from geoapp.offer.values import join_by_group
from geoapp.reference.codes import normalise_rome
from geoapp.reference.codes.text import fold
from geoapp.reference.zonings import COMMUNE, REGION
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source

TU = "*"
"""What France Travail writes in the place of a number that statistical secrecy hides."""

_PROJETS = ("nb_projets", "nb_difficiles", "nb_saisonniers")


def read_needs(lecture: Lecture, source: Source) -> tuple[pd.DataFrame, Bilan]:
    """Return recruitment projects by bassin and family of jobs, and the counts.

    A hidden number is NA; a row without code of a family or of a zone is a reject, and so is one
    of which a number is neither a count nor hidden.
    """
    journal = Journal(lecture.frame)
    frame = journal.frame
    for column in ("code_famille", "code_zone"):
        journal.refuse(column, frame[column].isna(), "identifiant_absent")
    for column in _PROJETS:
        _read_number(journal, column, frame[column].mask(frame[column].eq(TU)))
    kept = journal.kept().assign(id_source=source.id, annee=source.millesime)
    return kept, Bilan.of(source.id, lecture, journal)


def read_job_families(lecture: Lecture, source: Source) -> tuple[pd.DataFrame, Bilan]:
    """Return the ROME codes of each professional family (FAP), and the counts.

    The file writes a family once, on the first of its rows.
    """
    journal = Journal(lecture.frame)
    frame = journal.frame
    frame["code_fap"] = frame["code_fap"].ffill()
    journal.replace(
        "code_rome", normalise_rome(frame["code_rome"]), "code_normalise", quiet_if_valid=True
    )
    journal.refuse("code_fap", frame["code_fap"].isna(), "identifiant_absent")
    kept = journal.kept().dropna(subset="code_rome")
    return kept[["code_fap", "code_rome"]].drop_duplicates(), Bilan.of(source.id, lecture, journal)


def read_tensions(lecture: Lecture, source: Source) -> tuple[pd.DataFrame, Bilan]:
    """Return the tensions of jobs and their causes, and the counts; an index is 1 to 5, or NA."""
    journal = Journal(lecture.frame)
    frame = journal.frame
    for column in ("code_metier", "type_zone", "code_zone"):
        journal.refuse(column, frame[column].isna(), "identifiant_absent")
    for column in (*INDICES_TENSION, "nb_demandeurs"):
        if column not in frame:
            continue
        _read_number(journal, column, frame[column].str.replace(",", ".", regex=False))
    kept = journal.kept()
    found = kept.columns.intersection(list(INDICES_TENSION))
    kept[found] = kept[found].where(kept[found].isin(range(1, 6)))
    return kept.assign(id_source=source.id), Bilan.of(source.id, lecture, journal)


def read_sectors(lecture: Lecture, source: Source) -> tuple[pd.DataFrame, Bilan]:
    """Return job seekers by bassin and sector, and the counts; from 1 to 4 is NA."""
    journal = Journal(lecture.frame)
    frame = journal.frame
    for column in ("code_zone", "secteur"):
        journal.refuse(column, frame[column].isna(), "identifiant_absent")
    _read_number(journal, "nb_demandeurs", frame["nb_demandeurs"])
    kept = journal.kept()
    kept["nb_demandeurs"] = _hide(kept["nb_demandeurs"])
    # Commas were turned into dashes by who made the file.
    kept["secteur"] = kept["secteur"].str.replace(r"\s+-\s+", ", ", regex=True)
    return (
        kept.assign(id_source=source.id, annee=source.millesime),
        Bilan.of(source.id, lecture, journal),
    )


def read_measures(
    lecture: Lecture, source: Source, communes: pd.DataFrame, passage: dict[str, str]
) -> tuple[pd.DataFrame, Bilan]:
    """Return one measure by commune and year (table `mesures_communes`), and the counts.

    `nb_AAAA` minus `moins_AAAA` when the source gives both.  Less than five people are NA, and so
      is a zero where it stands for a hidden number (option `zero_tu`).  Rows of a département or
      of the region are kept beside; those of other territories are counted apart.
    """
    journal = Journal(lecture.frame)
    frame = journal.frame
    received = frame["code_commune"]
    above = _above(received, communes)
    is_mine = received.str.fullmatch(r"\d[\dAB]\d{2,3}").fillna(False).astype(bool)
    journal.frame = frame.assign(code_commune=received.where(is_mine))
    resolve_communes(journal, "code_commune", communes, passage)
    frame = journal.frame
    for column in [nom for nom in frame if nom != "code_commune"]:
        _read_number(journal, column, _sum_terms(frame[column]))
    journal.refuse(
        "code_commune",
        is_mine & frame["code_commune"].isna(),
        "commune_inconnue",
        with_original=True,
    )
    kept = journal.kept()
    places = pd.DataFrame(
        {
            "type_zone": above["type_zone"].reindex(kept.index).fillna(COMMUNE),
            "code_zone": above["code_zone"].reindex(kept.index).fillna(kept["code_commune"]),
        }
    )
    is_kept = places["code_zone"].notna()
    rows = [
        places[is_kept].assign(
            annee=nom.removeprefix("nb_"), nombre=_measure(kept, nom, source)[is_kept]
        )
        for nom in kept
        if nom.startswith("nb_")
    ]
    made = pd.concat(rows, ignore_index=True).assign(
        mesure=source.options["mesure"], id_source=source.id
    )
    key = ["mesure", "annee", "type_zone", "code_zone"]
    # Communes that have merged since: their numbers add up, unless one of them is hidden.
    merged = made.groupby([*key, "id_source"], as_index=False)["nombre"].sum(skipna=False)
    bilan = Bilan.of(source.id, lecture, journal)
    outside = int((~is_kept).sum())
    if outside:
        bilan.note = f"{outside} lignes d'intercommunalités et de la France, laissées de côté."
    return merged, bilan


def _above(codes: pd.Series, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the département or the region that a row counts whole: « D2 », « R32 »."""
    region = communes.loc[communes["est_region"].astype(bool)]
    mine = {
        **{
            f"D{code.lstrip('0')}": ("departement", code)
            for code in region["code_departement"].unique()
        },
        **{f"R{code}": (REGION, code) for code in region["code_region"].unique()},
    }
    found = codes.map(mine).dropna()
    return pd.DataFrame(found.tolist(), index=found.index, columns=["type_zone", "code_zone"])


def _measure(kept: pd.DataFrame, nom: str, source: Source) -> pd.Series:
    """Return the numbers of one year."""
    number = kept[nom]
    minus = kept.get(nom.replace("nb_", "moins_"))
    if minus is not None:
        # Estimates of a survey: more may be at school than live there.
        number = (number - minus).clip(lower=0)
    if source.options.get("zero_tu"):
        number = number.mask(number.eq(0))
    # Establishments are no people: a few of them tell of nobody.
    return number if source.options["mesure"] == "etablissements" else _hide(number)


def _sum_terms(texts: pd.Series) -> pd.Series:
    """Return the sum of the terms of each text: a registry joins columns by « + »."""
    if not texts.str.contains("+", regex=False).fillna(False).any():
        return texts
    terms = texts.str.split("+", expand=True, regex=False)
    return terms.apply(pd.to_numeric, errors="coerce").sum(axis=1, skipna=False).astype("str")


def _hide(values: pd.Series) -> pd.Series:
    """Return counts of people without those of less than five."""
    return values.mask(values.gt(0) & values.lt(PETIT_NOMBRE))


def _read_number(journal: Journal, column: str, text: pd.Series) -> None:
    """Put a column of texts into numbers; what is neither a number nor unknown is a reject."""
    number = pd.to_numeric(text, errors="coerce")
    wrong = (text.notna() & number.isna()) | number.lt(0)
    journal.refuse(column, wrong, "nombre_attendu", with_original=True)
    journal.frame[column] = number


def read_information(
    lecture: Lecture, source: Source, communes: pd.DataFrame, passage: dict[str, str]
) -> tuple[pd.DataFrame, Bilan]:
    """Return places of information, and the counts.

    A branch is listed with the code and the point of the office that it depends on: where the name
    of its commune is that of another commune of the département, that one is its own, and the point
    is not.  A row of a kind that is none of ours is valid and gives nothing.
    """
    journal = Journal(lecture.frame.drop(columns="geometry", errors="ignore"))
    resolve_communes(journal, "code_commune", communes, passage)
    frame = journal.frame
    for column in ("latitude", "longitude"):
        _read_number(journal, column, frame[column])
    journal.refuse("code_commune", frame["code_commune"].isna(), "commune_inconnue")
    journal.refuse("nom", frame["nom"].isna(), "nom_absent")
    kept = journal.kept().dropna(subset="type_lieu")
    named = kept.get("nom_commune", pd.Series(None, index=kept.index, dtype="str"))
    by_name = _communes_by_name(communes) if named.notna().any() else {}
    own = pd.Series(
        [
            by_name.get((code[:2], fold(name))) if isinstance(name, str) else None
            for name, code in zip(named, kept["code_commune"], strict=True)
        ],
        index=kept.index,
        dtype="str",
    )
    moved = own.notna() & own.ne(kept["code_commune"])
    point = kept["latitude"].notna() & kept["longitude"].notna() & ~moved
    flag = kept.get("est_itinerant", pd.Series(None, index=kept.index, dtype="str"))
    rows = kept.assign(
        code_commune=own.fillna(kept["code_commune"]),
        precision_position=point.map({True: "coordonnees", False: "commune"}),
        est_itinerant=flag.map({"oui": True, "non": False}).astype("boolean"),
        id_source=source.id,
    )
    return rows, Bilan.of(source.id, lecture, journal)


def _communes_by_name(communes: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return (département, folded name) → the commune that alone bears it there."""
    keys = list(zip(communes["code_departement"], communes["nom"].map(fold), strict=True))
    times = Counter(keys)
    both = zip(keys, communes["code_commune"], strict=True)
    return {key: code for key, code in both if times[key] == 1}


def place_information(
    rows: pd.DataFrame, communes: gpd.GeoDataFrame, members: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Return the table `lieux_information`: each place once, at its point or at its town hall."""
    if rows.empty:
        nothing = pd.DataFrame(columns=TABLES["lieux_information"].noms)
        return gpd.GeoDataFrame(nothing, geometry="geometry", crs=CRS_GEO)
    facts = communes.set_index("code_commune")
    mine = rows[rows["code_commune"].isin(facts.index[facts["est_region"].astype(bool)])].copy()
    hall = mine["precision_position"].eq("commune").to_numpy(dtype=bool)
    codes = mine["code_commune"]
    longitude = mine["longitude"].astype("float64").mask(hall, codes.map(facts["longitude_mairie"]))
    latitude = mine["latitude"].astype("float64").mask(hall, codes.map(facts["latitude_mairie"]))
    points = make_points(longitude, latitude).set_axis(mine.index)
    whole = members[members["type_lien"].eq("entiere")]
    keys = whole["type_zone"] + ":" + whole["code_zone"]
    zones = join_by_group(keys, whole["code_commune"])
    made = mine.assign(
        id_lieu_information=mine["id_source"] + ":" + codes + ":" + mine["nom"],
        nom_commune=codes.map(facts["nom"]),
        id_place=place_ids(points),
        zones=codes.map(zones),
        geometry=points,
    ).drop_duplicates("id_lieu_information")
    return gpd.GeoDataFrame(made, geometry="geometry", crs=CRS_GEO)
