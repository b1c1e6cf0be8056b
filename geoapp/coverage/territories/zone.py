"""A zone of any zoning: found by key or name, named in French, with what limits its figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd
from rapidfuzz import fuzz, process

from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.french import upper_first
from geoapp.coverage.model import refuse_value
from geoapp.coverage.world import World
from geoapp.reference.codes.text import fold
from geoapp.reference.zonings import CARREAU, COMMUNE, MAILLES

NB_PROPOSITIONS = 3


@dataclass(frozen=True, kw_only=True)
class Zone:
    """One zone, and what must be known before reading its figures.

    Communes are those of the region; `nb_partielles` of them lie in the zone in part only,
    `nb_dehors` others are beyond the limit of the region (`population_dehors` people, NaN when
    unknown).  `est_dessinee` tells whether its outline is known, `est_offre_connue` whether the
    offers inside it can be told: a zone of free form without outline holds unknown offers, not
    none.  `population` is what a producer counted in it in `annee_population`, NaN when none did.
    """

    type_zone: str
    code_zone: str
    nom: str
    millesime: str
    id_source: str
    nb_communes: int
    nb_partielles: int
    nb_dehors: int
    population_dehors: float
    departements: tuple[str, ...]
    est_fictive: bool
    est_dessinee: bool
    population: float = float("nan")
    annee_population: str = ""

    @property
    def cle(self) -> str:
        """Return `type:code`, as parameters and commands write it."""
        return f"{self.type_zone}:{self.code_zone}"

    @property
    def sujet(self) -> str:
        """Return the zone as the subject of a sentence: « la zone d'emploi de Lens »."""
        return MAILLES[self.type_zone].subject(self.nom)

    @property
    def titre(self) -> str:
        """Return the zone as a title: « Zone d'emploi de Lens »."""
        texte = self.sujet
        for article in ("la ", "le ", "l'"):
            texte = texte.removeprefix(article)
        return upper_first(texte)

    @property
    def est_offre_connue(self) -> bool:
        """Tell whether the offers inside the zone can be counted."""
        return self.est_dessinee or MAILLES[self.type_zone].methode == "code"


def list_types(world: World) -> dict[str, str]:
    """Return the zonings that have zones, in the order of the product: type → title."""
    return {
        nom: row.titre
        for nom, row in MAILLES.items()
        if nom != CARREAU and nom in world.mailles and len(world.mailles[nom].codes)
    }


def list_zones(world: World, type_zone: str) -> pd.DataFrame:
    """Return the zones of a zoning: `code_zone`, `nom`, in the order of names.

    Raises
    ------
    ParameterError
        When the snapshot has no such zoning; the nearest one is proposed.
    """
    known = list_types(world)
    if type_zone not in known:
        refuse_value("zonage", type_zone, tuple(known))
    maille = world.mailles[type_zone]
    table = pd.DataFrame({"code_zone": maille.codes, "nom": maille.noms})
    return (
        table.assign(_tri=[fold(nom) for nom in table["nom"]])
        .sort_values(["_tri", "code_zone"], ignore_index=True)
        .drop(columns="_tri")
    )


def find_zone(world: World, cle: str) -> Zone:
    """Return the zone that `cle` names: `type:code` or `type:nom`, whatever case and accents.

    Raises
    ------
    ParameterError
        When the zoning is unknown, or a name is that of several zones.
    NotFoundError
        When the zoning has no such zone; the nearest ones are proposed.
    """
    type_zone, deux_points, texte = cle.partition(":")
    if not deux_points or not texte.strip():
        raise ParameterError(
            f"zone = « {cle[:80]} » : une zone s'écrit type:code ou type:nom, "
            "par exemple ze2020:3215."
        )
    zones = list_zones(world, type_zone)
    # A code before a name: it is that of one zone alone.
    found = zones[zones["code_zone"].str.casefold().eq(texte.strip().casefold())]
    if not len(found):
        found = zones[[fold(nom) == fold(texte) for nom in zones["nom"]]]
    if not len(found):
        raise NotFoundError(
            f"zone = « {cle[:80]} » : zone inconnue de cet instantané."
            f"{propose(zones, type_zone, texte)}"
        )
    if len(found) > 1:
        codes = ", ".join(f"{type_zone}:{code}" for code in found["code_zone"][:8])
        raise ParameterError(
            f"zone = « {cle[:80]} » : plusieurs zones portent ce nom. Donnez le code : {codes}."
        )
    return _described(world, type_zone, found["code_zone"].iloc[0], found["nom"].iloc[0])


def choose_zones(world: World, cles: Iterable[str], types: Iterable[str]) -> list[Zone]:
    """Return the zones named by their keys, then every zone of some zonings, each once.

    Raises
    ------
    ParameterError
        When none is asked, or a zoning is unknown.
    NotFoundError
        When a zone is unknown.
    """
    every = [
        *(find_zone(world, cle) for cle in cles),
        *(
            find_zone(world, f"{nom}:{code}")
            for nom in types
            for code in list_zones(world, nom)["code_zone"]
        ),
    ]
    if not every:
        raise ParameterError(
            "Quelle zone ? Donnez --zone type:code (ze2020:3215), "
            "ou --all et un zonage (ze2020, epci…)."
        )
    return list({zone.cle: zone for zone in every}.values())


def propose(zones: pd.DataFrame, type_zone: str, texte: str) -> str:
    """Return the end of a message: the zones whose name or code looks like a text, "" without."""
    wanted = fold(texte[:80])
    by_name = process.extract(
        wanted,
        [fold(nom) for nom in zones["nom"]],
        scorer=fuzz.WRatio,
        limit=NB_PROPOSITIONS,
        score_cutoff=60,
    )
    by_code = process.extract(
        wanted,
        [fold(code) for code in zones["code_zone"]],
        scorer=fuzz.ratio,
        limit=NB_PROPOSITIONS,
        score_cutoff=60,
    )
    # The most alike first; of equal ones, the order of names.
    found = sorted([*by_name, *by_code], key=lambda one: (-one[1], one[2]))
    ranks = list(dict.fromkeys(rank for _, _, rank in found))[:NB_PROPOSITIONS]
    near = [
        f"{zones['nom'].iloc[rank]} ({type_zone}:{zones['code_zone'].iloc[rank]})" for rank in ranks
    ]
    return f" Vouliez-vous dire : {' ; '.join(near)} ?" if near else ""


def search_zones(
    world: World, texte: str, type_zone: str | None = None
) -> list[tuple[str, str, str]]:
    """Return (type, code, name) of the zones that a text names.

    Every word typed begins a word of the name, or the text is the code.
    """
    words, found = fold(texte).split(), []
    for nom in [type_zone] if type_zone else list_types(world):
        for row in list_zones(world, nom).itertuples():
            if _matches(words, fold(row.nom).split(), row.code_zone):
                found.append((nom, row.code_zone, row.nom))
    return found


def _matches(words: list[str], name: list[str], code: str) -> bool:
    """Tell whether typed words name a zone."""
    return words == fold(code).split() or all(
        any(part.startswith(word) for part in name) for word in words
    )


def _described(world: World, type_zone: str, code_zone: str, nom: str) -> Zone:
    """Return a zone with its communes, its vintage and its limits."""
    whole, partial, row = _members(world, type_zone, code_zone)
    communes = world.snapshot.read("communes").set_index("code_commune")
    mine = communes.reindex(list(whole | partial))
    region = mine["est_region"].fillna(False).astype(bool)
    beyond = mine.loc[~region, "population"]
    drawn = row["geometry"] is not None and not row["geometry"].is_empty
    return Zone(
        type_zone=type_zone,
        code_zone=code_zone,
        nom=nom,
        millesime=str(row["millesime"]),
        id_source=str(row["id_source"]),
        nb_communes=int(region.sum()),
        nb_partielles=len(partial & set(mine.index[region])),
        nb_dehors=int((~region).sum()),
        population_dehors=float(beyond.sum()) if beyond.notna().all() else float("nan"),
        departements=tuple(sorted(mine.loc[region, "nom_departement"].dropna().unique())),
        est_fictive=bool(row["est_fictive"]),
        est_dessinee=drawn,
        population=float("nan") if pd.isna(row["population"]) else float(row["population"]),
        annee_population="" if pd.isna(row["annee_population"]) else row["annee_population"],
    )


def _members(world: World, type_zone: str, code_zone: str) -> tuple[set[str], set[str], dict]:
    """Return the communes wholly, then partly in a zone, and its row of the snapshot."""
    if type_zone == COMMUNE:
        mine = world.snapshot.read("communes")
        row = mine[mine["code_commune"].eq(code_zone)].iloc[0]
        # The year of its outline and of its code, not that of its people.
        sources = world.snapshot.read("sources").set_index("id_source")["millesime"]
        told = {
            "millesime": sources.get("communes", row["millesime_population"]),
            "population": row["population"],
            "annee_population": row["millesime_population"],
            "id_source": "communes",
            "est_fictive": False,
            "geometry": row["geometry"],
        }
        return {code_zone}, set(), told
    zones, links = world.snapshot.read("zones"), world.snapshot.read("communes_zones")
    mine = links[links["type_zone"].eq(type_zone) & links["code_zone"].eq(code_zone)]
    whole = set(mine.loc[mine["type_lien"].eq("entiere"), "code_commune"])
    row = zones[zones["type_zone"].eq(type_zone) & zones["code_zone"].eq(code_zone)].iloc[0]
    return whole, set(mine["code_commune"]) - whole, row.to_dict()
