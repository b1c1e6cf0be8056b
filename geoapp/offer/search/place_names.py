"""The place names that a person may type, made once at the build.

One row per commune, former commune, postcode, département, EPCI, zone
d'emploi, arrondissement, for the region, and for the places that people start
from: priority neighbourhoods and establishments.  `plie` is the name as it is
compared; `mots` holds what else may be typed with it (département, postcode,
kind of zone), so that « lens 62 » and « ze lens » are understood.
"""

from __future__ import annotations

import re

import pandas as pd

from geoapp.core.french import of_place
from geoapp.offer.search.words import place_words
from geoapp.reference.zonings import CHERCHES, DEPARTS, REGION

COLONNES = [
    "type",
    "code",
    "nom",
    "plie",
    "alias",
    "mots",
    "longitude",
    "latitude",
    "population",
    "est_region",
    "precision",
]

CONTOUR = "contour du quartier"
"""`precision` of a quarter whose outline is known."""

_ALIAS = {
    "": lambda code, nom: "",
    "code": lambda code, nom: code,
    "initiales": lambda code, nom: _initials(nom),
}
"""Another name of a zone of a zoning, by the word of its row (`NomCherche.alias`)."""


def make_toponyms(frames: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return every place name of the snapshot tables, columns `COLONNES`, in a fixed order."""
    communes = pd.DataFrame(frames["communes"].drop(columns="geometry"))
    communes["est_region"] = communes["est_region"].astype(bool)
    parts = [
        _communes(communes),
        _old(frames.get("anciennes_communes"), communes),
        _postcodes(communes),
        _zones(frames, communes),
        _region(communes),
        _quarters(frames, communes),
        _establishments(frames.get("etablissements"), communes),
        _bodies(frames, communes),
    ]
    table = pd.concat([part[COLONNES] for part in parts if len(part)], ignore_index=True)
    return table.sort_values(["type", "code", "nom"], kind="stable", ignore_index=True)


def _fold(nom: str) -> str:
    return " ".join(place_words(nom))


def _typed_beside(table: pd.DataFrame, code: str) -> pd.Series:
    """Return what people type beside the name of a commune: département, its code, postcodes."""
    return (
        table["nom_departement"]
        + " "
        + table["code_departement"]
        + " "
        + table[code]
        + " "
        + table["codes_postaux"].fillna("")
    )


def _communes(communes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per commune; homonyms carry their département."""
    plie = communes["nom"].map(_fold)
    twin = plie.duplicated(keep=False)
    shown = communes["nom"] + (" (" + communes["nom_departement"] + ")").where(twin, "")
    words = _typed_beside(communes, "code_commune")
    return communes.assign(
        type="commune",
        code=communes["code_commune"],
        nom=shown,
        plie=plie,
        alias="",
        mots=words.map(_fold),
        precision="mairie",
        longitude=communes["longitude_mairie"],
        latitude=communes["latitude_mairie"],
        population=communes["population"].fillna(0),
    )


def _old(old: pd.DataFrame | None, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the former communes, at the town hall of the commune they belong to.

    One whose name is unknown is found by its code alone.
    """
    if old is None:
        codes = communes.assign(code_ancien=communes["anciens_codes"].str.split("|"))
        old = codes.explode("code_ancien")[["code_ancien", "code_commune"]]
        old = old[old["code_ancien"].fillna("").ne("")].assign(nom=None)
    old = old.drop(columns="type_ancienne", errors="ignore").rename(columns={"nom": "ancien"})
    table = old.merge(communes, on="code_commune")
    table = table.drop_duplicates("code_ancien").astype({"ancien": "str"})
    known = table["ancien"].notna()
    by_name = table["ancien"] + " (commune " + table["nom"].map(of_place) + ")"
    by_code = table["nom"] + " (ancien code " + table["code_ancien"] + ")"
    table["nom"] = by_name.where(known, by_code)
    words = _typed_beside(table, "code_ancien")
    return table.assign(
        type="ancienne_commune",
        code=table["code_ancien"],
        plie=table["ancien"].fillna("").map(_fold_or_none),
        alias="",
        mots=words.where(known, table["code_ancien"]).map(_fold),
        precision="mairie de la commune actuelle",
        longitude=table["longitude_mairie"],
        latitude=table["latitude_mairie"],
        population=0,
    )


def _fold_or_none(nom: str) -> str:
    return _fold(nom) if nom else ""


def _postcodes(communes: pd.DataFrame) -> pd.DataFrame:
    """Return the postcodes, centred on the people of their communes."""
    table = communes.assign(code=communes["codes_postaux"].fillna("").str.split("|"))
    table = table.explode("code")
    # The most populated commune of a postcode names it.
    table = table[table["code"].ne("")].sort_values(
        ["code", "population", "code_commune"], ascending=[True, False, True]
    )
    centres = _centres(table, "code")
    first = table.groupby("code")["nom"].agg(["first", "size"])
    return centres.assign(
        type="code_postal",
        code=centres.index,
        nom=centres.index + " " + first["first"] + first["size"].map(_and_others),
        plie=centres.index,
        alias="",
        mots=table.groupby("code")["nom"].agg(lambda noms: _fold(" ".join(noms))),
        precision="centre des communes du code postal",
    )


def _and_others(nb: int) -> str:
    """Return what follows the first of some communes."""
    if nb == 1:
        return ""
    return " et 1 autre commune" if nb == 2 else f" et {nb - 1} autres communes"


def _centres(members: pd.DataFrame, *keys: str) -> pd.DataFrame:
    """Return by group its centre, its population and whether it touches the region.

    The centre is the mean town hall, weighted by population.
    """
    # A little more than nothing: a group without inhabitants has a centre too.
    weight = members["population"].astype("float64").fillna(0) + 1e-6
    table = pd.DataFrame(
        {
            **{key: members[key] for key in keys},
            "w": weight,
            "x": weight * members["longitude_mairie"],
            "y": weight * members["latitude_mairie"],
            "population": members["population"].fillna(0),
            "est_region": members["est_region"],
        }
    )
    sums = table.groupby(list(keys)).agg(
        {"w": "sum", "x": "sum", "y": "sum", "population": "sum", "est_region": "max"}
    )
    return sums.assign(
        longitude=(sums["x"] / sums["w"]).round(6), latitude=(sums["y"] / sums["w"]).round(6)
    )


def _zones(frames: dict[str, pd.DataFrame], communes: pd.DataFrame) -> pd.DataFrame:
    """Return the zones that one may type, centred on their people."""
    keys = ["type_zone", "code_zone"]
    zones, links = frames["zones"][[*keys, "nom"]], frames["communes_zones"]
    searched = set(CHERCHES) - {REGION}
    zones = zones[zones["type_zone"].isin(searched)]
    members = links[links["type_zone"].isin(searched)].merge(communes, on="code_commune")
    centres = _centres(members, *keys).reindex(pd.MultiIndex.from_frame(zones[keys]))
    kinds = {nom: re.compile(CHERCHES[nom].genre, re.IGNORECASE) for nom in searched}
    rows = [
        {
            "type": type_zone,
            "code": code,
            "nom": CHERCHES[type_zone].affichage.format(nom=nom),
            "plie": _fold(kinds[type_zone].sub("", nom)),
            "alias": _ALIAS[CHERCHES[type_zone].alias](code, nom),
            "mots": f"{CHERCHES[type_zone].mots} {code.lower()}",
        }
        for type_zone, code, nom in zip(*(zones[nom] for nom in (*keys, "nom")), strict=True)
    ]
    return pd.DataFrame(rows, columns=COLONNES[:6]).assign(
        longitude=centres["longitude"].to_numpy(),
        latitude=centres["latitude"].to_numpy(),
        population=centres["population"].fillna(0).to_numpy(),
        est_region=True,
        precision="",
    )


def _quarters(frames: dict[str, pd.DataFrame], communes: pd.DataFrame) -> pd.DataFrame:
    """Return the zones that one starts from, at a point inside their outline.

    The newest outline of a quarter stands for it.  One whose outline is not known is at the middle
    of its communes, and says so.
    """
    zones = frames["zones"]
    zones = zones[zones["type_zone"].isin(DEPARTS)]
    if zones.empty:
        return pd.DataFrame(columns=COLONNES)
    links = frames["communes_zones"].merge(communes, on="code_commune")
    towns = _towns_of_zones(links)
    table = pd.DataFrame(zones.drop(columns="geometry")).assign(
        ville=[
            towns.get(key, "") for key in zip(zones["type_zone"], zones["code_zone"], strict=True)
        ],
        plie=zones["nom"].map(_fold),
        a_contour=zones.geometry.notna().to_numpy(),
        rang=zones["type_zone"].map(list(DEPARTS).index),
    )
    points = zones.geometry.representative_point()
    table["longitude"], table["latitude"] = points.x, points.y
    middle = _centres(links, "code_zone").reindex(table["code_zone"])
    table["longitude"] = table["longitude"].fillna(
        pd.Series(middle["longitude"].to_numpy(), table.index)
    )
    table["latitude"] = table["latitude"].fillna(
        pd.Series(middle["latitude"].to_numpy(), table.index)
    )
    table = table.sort_values(["a_contour", "rang", "code_zone"], ascending=[False, True, True])
    table["chef"] = table["ville"].map(lambda one: one.partition(", ")[0], na_action="ignore")
    first = ~table.duplicated(["plie", "chef"])
    shown = [
        DEPARTS[row.type_zone].affichage.format(
            nom=f"{row.nom}, {row.ville}" if row.ville else row.nom
        )
        for row in table.itertuples()
    ]
    return table.assign(
        type=table["type_zone"],
        code=table["code_zone"],
        nom=shown,
        # One known by its code alone has the name of another generation.
        plie=table["plie"].where(first, ""),
        alias=table["code_zone"].str.lower(),
        mots=[
            f"{DEPARTS[row.type_zone].mots} {_fold(row.ville)} {row.code_zone.lower()}"
            if row.is_first
            else row.code_zone.lower()
            for row in table.assign(is_first=first).itertuples()
        ],
        population=table["population"].fillna(0),
        est_region=True,
        precision=table["a_contour"].map({True: CONTOUR, False: "communes du quartier"}),
    )


def _towns_of_zones(links: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Return the communes of the zones that one starts from, most people first, three at most."""
    named = links[links["type_zone"].isin(DEPARTS)].sort_values("population", ascending=False)
    return {
        key: ", ".join(group["nom"].head(3))
        for key, group in named.groupby(["type_zone", "code_zone"], sort=False)
    }


def _establishments(table: pd.DataFrame | None, communes: pd.DataFrame) -> pd.DataFrame:
    """Return the establishments that a source places, by name and UAI code."""
    if table is None or table.empty:
        return pd.DataFrame(columns=COLONNES)
    known = table.dropna(subset=["nom", "latitude", "longitude"]).reset_index()
    # Nobody starts from the section of a collège, nor trains from a primary school.
    is_apart = (
        known["nom"].map(_fold).str.match(r"section |ecole (?:primaire|maternelle|elementaire)")
    )
    known = known[known["code_commune"].isin(communes["code_commune"]) & ~is_apart]
    known = known.astype({"longitude": "float64", "latitude": "float64"})
    return _named_places(known.assign(code=known["code_uai"], precision="établissement"), communes)


def _bodies(frames: dict[str, pd.DataFrame], communes: pd.DataFrame) -> pd.DataFrame:
    """Return the bodies of the offer, one by commune, where their exact places are."""
    offers = frames["offres"]
    bodies = frames.get("organismes")
    told = ["id_organisme", "nom_organisme", "code_commune", "id_place", "geometry"]
    if bodies is None or offers.empty:
        return pd.DataFrame(columns=COLONNES)
    offers = offers[[*told, "precision_position"]]
    uai = bodies[["id_organisme", "code_uai"]].set_index("id_organisme")["code_uai"]
    is_exact = offers["precision_position"].ne("commune").fillna(False) & offers.geometry.notna()
    is_known = offers["code_commune"].isin(communes["code_commune"])
    known = offers.loc[is_exact & is_known, told].dropna(subset=["nom_organisme", "id_organisme"])
    table = pd.DataFrame(known.drop(columns="geometry")).assign(
        longitude=known.geometry.x,
        latitude=known.geometry.y,
        nom=known["nom_organisme"],
        code_uai=known["id_organisme"].map(uai),
    )
    table = table.sort_values(["id_organisme", "code_commune", "id_place"])
    table = table.drop_duplicates(["id_organisme", "code_commune"])
    # An establishment of the directory is there already, by its UAI code.
    listed = frames.get("etablissements")
    if listed is not None:
        table = table[~table["code_uai"].isin(listed.index)]
    code = table["id_organisme"] + "@" + table["code_commune"]
    return _named_places(table.assign(code=code, precision="organisme"), communes)


def _named_places(table: pd.DataFrame, communes: pd.DataFrame) -> pd.DataFrame:
    """Return places that have a name and a commune, in the form of a place name."""
    towns = communes.set_index("code_commune")
    town = table["code_commune"].map(towns["nom"])
    uai = table["code_uai"].fillna("").str.lower()
    return table.assign(
        type="etablissement",
        nom=table["nom"] + " (" + town + ")",
        plie=table["nom"].map(_fold),
        alias=uai,
        mots=town.map(_fold)
        + " "
        + table["code_commune"].map(towns["codes_postaux"]).fillna("").map(_fold),
        population=0,
        est_region=table["code_commune"].map(towns["est_region"]).astype(bool),
    )


def _initials(nom: str) -> str:
    """Return « mel » for « Métropole Européenne de Lille »; nothing for the kinds CA, CC, CU."""
    words = place_words(nom)
    return "".join(word[0] for word in words) if words[0] == "metropole" else ""


def _region(communes: pd.DataFrame) -> pd.DataFrame:
    """Return the region covered."""
    inside = communes[communes["est_region"]]
    if inside.empty:
        return pd.DataFrame(columns=COLONNES)
    cherche = CHERCHES[REGION]
    nom, code = inside["nom_region"].iloc[0], inside["code_region"].iloc[0]
    return _centres(inside, "code_region").assign(
        type=REGION,
        code=code,
        nom=cherche.affichage.format(nom=nom),
        plie=_fold(nom),
        alias="".join(w[0] for w in nom.lower().replace("-", " ").split()),
        mots=cherche.mots,
        precision="",
    )
