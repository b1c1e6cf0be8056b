"""Names, codes, population and postcodes of communes, from one package only.

Everything but the geometry comes from ``@etalab/decoupage-administratif``, so
that code, EPCI and population share one geography (COG) and one vintage.
"""

from __future__ import annotations

import pandas as pd

from geoapp.core.errors import ParameterError, SourceError

#: Version of the package → (COG year, vintage of its municipal populations).
#: Its README names the INSEE publication of the populations used.
MILLESIMES = {"5.3.0": ("2025", "2023")}


def read_millesimes(tables: dict) -> tuple[str, str]:
    """Return (COG year, population year) of the package that was read.

    Raises
    ------
    SourceError
        When the version is not one whose vintages have been checked.
    """
    version = tables["version"]
    if version not in MILLESIMES:
        raise SourceError(
            "@etalab/decoupage-administratif",
            f"la version « {version} » n'est pas connue du produit.",
            cure="Versions acceptées : " + ", ".join(MILLESIMES) + ".",
        )
    return MILLESIMES[version]


def table_communes(tables: dict) -> pd.DataFrame:
    """Make the attribute table of every current commune of the package.

    Returns
    -------
    DataFrame
        Index code_commune (text, sorted); columns nom, code_departement,
        nom_departement, code_region, nom_region, code_arrondissement,
        nom_arrondissement, code_epci and nom_epci (NA: no EPCI), population
        (Int64, inhabitants; NA when the package has none),
        millesime_population, codes_postaux and anciens_codes (joined by "|",
        empty text when none).

    Raises
    ------
    SourceError
        Unknown version, or records that are not built as published.
    """
    millesime = read_millesimes(tables)[1]
    try:
        return _table(tables, millesime)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise SourceError(
            "@etalab/decoupage-administratif",
            f"les fichiers n'ont pas la forme attendue ({type(error).__name__} : {error}).",
            cure="Téléchargez de nouveau le paquet et donnez son chemin.",
        ) from error


def _table(tables: dict, millesime: str) -> pd.DataFrame:
    """Gather the columns of `table_communes`."""
    records = [c for c in tables["communes"] if c["type"] == "commune-actuelle"]
    frame = pd.DataFrame.from_records(records).set_index("code").sort_index()
    frame.index.name = "code_commune"
    epci = _membership(tables["epci"])
    anciens = _old_by_commune(old_codes(tables["communes"]))
    kinds = ("epci", "arrondissements", "departements", "regions")
    names = {key: {r["code"]: r["nom"] for r in tables[key]} for key in kinds}
    code_epci = frame.index.to_series().map(epci).astype("str")
    return pd.DataFrame(
        {
            "nom": frame["nom"].astype("str"),
            "code_departement": frame["departement"].astype("str"),
            "nom_departement": frame["departement"].map(names["departements"]).astype("str"),
            "code_region": frame["region"].astype("str"),
            "nom_region": frame["region"].map(names["regions"]).astype("str"),
            "code_arrondissement": frame["arrondissement"].astype("str"),
            "nom_arrondissement": frame["arrondissement"]
            .map(names["arrondissements"])
            .astype("str"),
            "code_epci": code_epci,
            "nom_epci": code_epci.map(names["epci"]).astype("str"),
            "population": frame["population"].astype("Int64"),
            "millesime_population": millesime,
            "codes_postaux": frame["codesPostaux"].map(_join).astype("str"),
            "anciens_codes": [_join(anciens.get(code)) for code in frame.index],
        }
    )


def old_codes(communes: list[dict]) -> dict[str, str]:
    """Return {old commune code: current commune code}, each old code once.

    An old code comes from ``anciensCodes`` of a current commune or is that of
    a commune déléguée/associée.  When both disagree the second wins: it tells
    where the territory is today (60455, left by Beaumont-les-Nonains when it
    became a commune again, belongs to Les Hauts-Talican).  The code that the
    commune itself bears is not an old code.
    """
    current = {c["code"] for c in communes if c["type"] == "commune-actuelle"}
    old = {
        code: c["code"]
        for c in communes
        if c["type"] == "commune-actuelle"
        for code in c.get("anciensCodes") or ()
    }
    old |= {
        c["code"]: c["chefLieu"]
        for c in communes
        if c["type"] in ("commune-deleguee", "commune-associee") and c.get("chefLieu")
    }
    return {code: parent for code, parent in old.items() if code not in current}


def member_codes(communes: list[dict]) -> dict[str, str]:
    """Return {code of a commune déléguée or associée: its commune}.

    Unlike `old_codes`, keeps the member that bears the code of its commune.
    """
    kinds = ("commune-deleguee", "commune-associee")
    return {c["code"]: c["chefLieu"] for c in communes if c["type"] in kinds and c.get("chefLieu")}


def codes_of_departements(table: pd.DataFrame, departements: list[str]) -> pd.Index:
    """Return the codes of the communes of the départements asked for.

    Raises
    ------
    ParameterError
        Unknown département, none, or one overseas (Lambert-93 does not hold).
    """
    accepted = sorted(d for d in table["code_departement"].unique() if d[:2] not in ("97", "98"))
    unknown = [d for d in departements if d not in accepted]
    if unknown or not departements:
        raise ParameterError(
            f"Département inconnu : « {', '.join(unknown)} ». Donnez un ou plusieurs codes de "
            "départements métropolitains, par exemple 02,59,60,62,80 "
            f"(acceptés : {', '.join(accepted)})."
        )
    return table.index[table["code_departement"].isin(departements)]


def _membership(epci: list[dict]) -> dict[str, str]:
    """Return {commune code: EPCI code} from the member lists."""
    return {member["code"]: group["code"] for group in epci for member in group["membres"]}


def _old_by_commune(old: dict[str, str]) -> dict[str, list[str]]:
    """Return {current code: its old codes}."""
    grouped: dict[str, list[str]] = {}
    for code, current in old.items():
        grouped.setdefault(current, []).append(code)
    return grouped


def _join(codes) -> str:
    """Join a list of codes by "|"; empty text when there is none."""
    return "|".join(sorted(codes)) if isinstance(codes, list) else ""
