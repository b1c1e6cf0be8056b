"""« L'essentiel » of a territory: four themes, seen by territory, job, sector and public.

Each tile is one number with its year, what is unusual of it against the region by a rule, and what
is hidden of it.  A trend compares the communes whose number is known in both its years.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geoapp.core.errors import NotFoundError, ParameterError
from geoapp.core.french import (
    count,
    format_decimal,
    format_number,
    join_words,
    say_percent,
    with_unit,
)
from geoapp.core.schema.model import MESURES
from geoapp.core.snapshot import Snapshot
from geoapp.offer.counted import is_counted
from geoapp.offer.filters import SANS_FILTRE
from geoapp.offer.perimeter import perimeter_of
from geoapp.planning.need_answer import (
    QuestionBesoin,
    answer_need,
    has_needs,
)
from geoapp.planning.need_table import AUCUNE, BASSIN, FAIBLE, FORT, LOIN
from geoapp.planning.need_table import ZONAGES as BESOINS
from geoapp.reference.codes.identifiers import suggest
from geoapp.reference.zonings import COMMUNE, REGION, TERRITOIRES

ZONAGES = ("departement", "ze2020", BASSIN, "epci")
"""Zonings that have a dashboard, beside the region."""

ENTREES = {
    "territoire": "Territoire",
    "metier": "Métiers",
    "secteur": "Secteurs",
    "public": "Publics",
}
"""Ways into the dashboard, in words."""

THEMES = ("Population", "Entreprises et emploi", "Marché du travail", "Formations")

ECART = 0.10
"""Relative difference with the region from which a number is told to be unusual."""

NB_CITES = 5


@dataclass(frozen=True, kw_only=True)
class Tuile:
    """One tile: a number, its sentence, where it comes from, its years when there are several."""

    theme: str
    titre: str
    valeur: str
    phrase: str
    annee: str
    source: str
    definition: str
    table: str
    serie: tuple[tuple[str, float], ...] = ()
    liste: tuple[tuple[str, str], ...] = ()

    @property
    def dite(self) -> str:
        """Return the tile as an alternative text says it."""
        return f"{self.titre} : {self.valeur} ({self.annee})"


NB_DITES = 8
"""Tiles that an alternative text tells."""


@dataclass(frozen=True, kw_only=True)
class Territoire:
    """The territory of a dashboard: its key, its name, its communes and their people."""

    type_zone: str
    code_zone: str
    nom: str
    communes: pd.Series

    @property
    def cle(self) -> str:
        """Return the territory as a parameter writes it."""
        return REGION if self.type_zone == REGION else f"{self.type_zone}:{self.code_zone}"

    @property
    def sujet(self) -> str:
        """Return the territory as the subject of a sentence."""
        return TERRITOIRES[self.type_zone].subject(self.nom)


_CONNU = {
    "metier": "Les besoins et les métiers enseignés sont connus par bassin d'emploi, zone "
    "d'emploi et département, et pour la région.",
    "secteur": "Les demandeurs d'emploi par secteur ne sont connus que par bassin d'emploi, et "
    "pour la région.",
}
"""Where what a way in tells is known."""


@dataclass(frozen=True, kw_only=True)
class TableauDeBord:
    """A dashboard: its territory, the way in, its tiles in the order of the themes."""

    territoire: Territoire
    entree: str
    tuiles: tuple[Tuile, ...]

    @property
    def par_theme(self) -> list[tuple[str, list[Tuile]]]:
        """Return the tiles by theme; a theme of which nothing is known has none."""
        return [(theme, [one for one in self.tuiles if one.theme == theme]) for theme in THEMES]

    @property
    def absence(self) -> str:
        """Return why nothing is told of a territory by a way in."""
        return f"Rien n'est connu de ce territoire par cette entrée. {_CONNU.get(self.entree, '')}"


def find_dashboard_zone(snapshot: Snapshot, texte: str) -> Territoire:
    """Return the territory of a key.

    Raises
    ------
    ParameterError
        When its zoning has no dashboard.
    NotFoundError
        When no zone has that code or that name.
    """
    communes = snapshot.read("communes")
    people = communes[communes["est_region"].astype(bool)].set_index("code_commune")["population"]
    people = people.astype("float64")
    if texte == REGION:
        name = snapshot.manifest["nom_region"]
        return Territoire(
            type_zone=REGION, code_zone=snapshot.manifest["region"], nom=name, communes=people
        )
    type_zone, _, wanted = texte.partition(":")
    if type_zone not in ZONAGES:
        cure = suggest(type_zone, list(ZONAGES)) or f"Zonages : {', '.join(ZONAGES)}, region."
        raise ParameterError(f"territoire = « {texte[:40]} » : sans tableau de bord. {cure}")
    zones = snapshot.read("zones")
    mine = zones[zones["type_zone"].eq(type_zone)]
    found = mine[mine["code_zone"].eq(wanted) | mine["nom"].str.casefold().eq(wanted.casefold())]
    if found.empty:
        raise NotFoundError(f"territoire = « {texte[:60]} » : zone inconnue.")
    code = str(found["code_zone"].iloc[0])
    members = snapshot.read("communes_zones")
    inside = members.loc[
        members["type_zone"].eq(type_zone) & members["code_zone"].eq(code), "code_commune"
    ]
    return Territoire(
        type_zone=type_zone,
        code_zone=code,
        nom=str(found["nom"].iloc[0]),
        communes=people[people.index.isin(inside)],
    )


def build_dashboard(snapshot: Snapshot, territoire: Territoire, entree: str) -> TableauDeBord:
    """Return the tiles of a territory by one way in."""
    whole = find_dashboard_zone(snapshot, REGION)
    makers = {
        "territoire": (_people, _jobs, _market, _needs, _offer),
        "metier": (_lacking, _taught),
        "secteur": (_sectors,),
        "public": (_publics,),
    }
    found = [tile for make in makers[entree] for tile in make(snapshot, territoire, whole) if tile]
    return TableauDeBord(territoire=territoire, entree=entree, tuiles=tuple(found))


DECUPLE = 10
"""Times beyond which a percentage says less than a number of times."""


def against(rate: float, usual: float, what: str = "à population égale") -> str:
    """Return what is unusual of a rate against that of the region, "" when neither is known.

    Under a tenth more or less, it is told to be like it.
    """
    if not (np.isfinite(rate) and np.isfinite(usual) and usual > 0):
        return ""
    gap = rate / usual - 1
    if abs(gap) < ECART:
        return f"Proche de la région, {what}."
    if gap >= DECUPLE - 1:
        return f"Plus de {DECUPLE} fois la région, {what}."
    more = "de plus" if gap > 0 else "de moins"
    share = with_unit(format_number(round(abs(gap) * 100)), "%")
    return f"{share} {more} que la région, {what}."


def _is_region(territoire: Territoire) -> bool:
    return territoire.type_zone == REGION


def _people(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    communes = snapshot.read("communes").set_index("code_commune")
    year = str(communes["millesime_population"].dropna().iloc[0])
    total = mine.communes.sum()
    share = total / whole.communes.sum()
    members = snapshot.read("communes_zones")
    links = members[members["type_zone"].eq("frr")]
    rural = set(links["code_commune"])
    tiles = [
        Tuile(
            theme=THEMES[0],
            titre="Habitants",
            valeur=format_number(round(total)),
            phrase=f"{count(len(mine.communes), 'commune')}."
            if _is_region(mine)
            else f"{count(len(mine.communes), 'commune')}, {say_percent(share)} de la région.",
            annee=year,
            source="INSEE, population municipale",
            definition="Habitants des communes du territoire qui sont dans la région.",
            table="communes",
        )
    ]
    if rural:
        part, usual = (
            one.communes[one.communes.index.isin(rural)].sum() / one.communes.sum()
            for one in (mine, whole)
        )
        tiles.append(
            Tuile(
                theme=THEMES[0],
                titre="Vivent en zone rurale fragile (FRR)",
                valeur=say_percent(part),
                phrase="" if _is_region(mine) else f"{say_percent(usual)} dans la région.",
                annee=str(links["millesime"].iloc[0]),
                source="ANCT, DGCL",
                definition="Habitants des communes classées France ruralités revitalisation, "
                "FRR+, ou gardant le bénéfice des anciennes ZRR.",
                table="communes_zones",
            )
        )
    return [*tiles, *_measures(snapshot, mine, whole, ("jeunes_non_scolarises",), THEMES[0])]


def _jobs(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    return _measures(snapshot, mine, whole, ("salaries", "etablissements"), THEMES[1])


def _market(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    return _measures(snapshot, mine, whole, ("demandeurs", "rsa"), THEMES[2])


_PUBLIEE = "Total que le producteur publie pour le territoire, communes au nombre tu comprises."
_SOMMEE = (
    "Somme des communes dont le nombre est connu ; l'évolution est celle des communes connues "
    "toutes les années."
)

_SOURCES = {
    "demandeurs": "Dares, France Travail",
    "demandeurs_50": "Dares, France Travail",
    "rsa": "CNAF",
    "jeunes_non_scolarises": "INSEE, recensement",
    "salaries": "INSEE, Flores",
    "etablissements": "INSEE, Flores",
}


def _measures(
    snapshot: Snapshot, mine: Territoire, whole: Territoire, names: tuple[str, ...], theme: str
) -> list[Tuile]:
    """Return a tile by measure of communes that is known."""
    wide = snapshot.derive("mesures", lambda: _by_year(snapshot))
    return [_measure(wide[nom], nom, mine, whole, theme) for nom in names if nom in wide]


def _by_year(snapshot: Snapshot) -> dict[str, pd.DataFrame]:
    """Return each measure, zones (`type_zone`, `code_zone`) × years, for every territory.

    Communes, and the départements and the region whose own total the producer publishes.
    """
    return {
        str(nom): rows.pivot(
            index=["type_zone", "code_zone"], columns="annee", values="nombre"
        ).astype("float64")
        for nom, rows in snapshot.read("mesures_communes").groupby("mesure")
    }


def _measure(
    wide: pd.DataFrame, nom: str, mine: Territoire, whole: Territoire, theme: str
) -> Tuile:
    """Return the tile of one measure: its last year, against the region, its trend."""
    last = wide.columns.max()
    is_commune = wide.index.get_level_values("type_zone") == COMMUNE
    communes = wide[is_commune].droplevel("type_zone")
    hidden = int(communes[last].reindex(mine.communes.index).isna().sum())
    found, usual = (_sums(wide, communes, one) for one in (mine, whole))
    total, is_published = found[last], _published(wide, mine) is not None
    rates = total / mine.communes.sum(), usual[last] / whole.communes.sum()
    text = [] if _is_region(mine) else [against(*rates)]
    serie: tuple[tuple[str, float], ...] = ()
    if len(wide.columns) > 1:
        steady, everywhere = (_steady(wide, communes, one) for one in (mine, whole))
        serie = tuple((str(year), float(value)) for year, value in steady.items())
        text.append(_trend(serie, everywhere, mine))
    if hidden:
        included = ", compris dans ce total" if is_published else ""
        text.append(f"Nombre tu ou inconnu dans {count(hidden, 'commune')}{included}.")
    return Tuile(
        theme=theme,
        titre=MESURES[nom],
        valeur=format_number(round(total)),
        phrase=" ".join(filter(None, text)),
        annee=str(last),
        source=_SOURCES[nom],
        definition=_PUBLIEE if is_published else _SOMMEE,
        table="mesures_communes",
        serie=serie if len(serie) > 1 and serie[0][1] else (),
    )


def _published(wide: pd.DataFrame, territoire: Territoire) -> pd.Series | None:
    """Return the totals that the producer publishes for a territory, by year; None without them."""
    key = (territoire.type_zone, territoire.code_zone)
    found = wide.loc[key] if key in wide.index else None
    return None if found is None or np.isnan(found[wide.columns.max()]) else found


def _sums(wide: pd.DataFrame, communes: pd.DataFrame, territoire: Territoire) -> pd.Series:
    """Return the number of a territory by year: the total published, else what communes tell."""
    own = _published(wide, territoire)
    return communes.reindex(territoire.communes.index).sum() if own is None else own


def _steady(wide: pd.DataFrame, communes: pd.DataFrame, territoire: Territoire) -> pd.Series:
    """Return the number of a territory by year, of the same communes every year.

    What was hidden one year and told another would be told as growth.
    """
    own = _published(wide, territoire)
    if own is not None and own.notna().all():
        return own
    return communes.reindex(territoire.communes.index).dropna().sum()


def _trend(serie: tuple[tuple[str, float], ...], everywhere: pd.Series, mine: Territoire) -> str:
    """Return how a number changed over its years, and how it did in the region."""
    (first, before), (last, after) = serie[0], serie[-1]
    if not before:
        return ""
    told = f"{_signed(after / before - 1)} de {first} à {last}"
    if _is_region(mine) or not everywhere.iloc[0]:
        return f"{told}."
    return f"{told} ({_signed(everywhere.iloc[-1] / everywhere.iloc[0] - 1)} dans la région)."


def _signed(change: float) -> str:
    sign = "+" if change > 0 else "−" if change < 0 else ""
    return f"{sign}{with_unit(format_decimal(abs(round(change * 100, 1))), '%')}"


def _need_rows(snapshot: Snapshot, mine: Territoire) -> pd.DataFrame:
    """Return the needs of a territory; none where the survey is not told (EPCI)."""
    if mine.type_zone not in (*BESOINS, REGION) or not has_needs(snapshot):
        return snapshot.read("besoins_offres").iloc[:0]
    question = QuestionBesoin(type_zone=mine.type_zone, code_zone=mine.code_zone, nom_zone=mine.nom)
    return answer_need(snapshot, question).toutes


def _needs(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    rows = _need_rows(snapshot, mine)
    told = rows[rows["nb_bassins"].gt(0)] if len(rows) else rows
    if told.empty:
        return []
    hidden = int(told["nb_tus"].gt(0).sum())
    total = told["nb_projets"].sum()
    usual = _need_rows(snapshot, whole)["nb_projets"].sum() / whole.communes.sum()
    text = [] if _is_region(mine) else [against(total / mine.communes.sum(), usual)]
    if hidden:
        text.append(f"Nombre tu, en tout ou partie, pour {count(hidden, 'famille')} de métiers.")
    year = str(snapshot.read("besoins")["annee"].iloc[0])
    return [
        Tuile(
            theme=THEMES[2],
            titre="Projets de recrutement",
            valeur=f"{'au moins ' if hidden else ''}{format_number(round(total))}",
            phrase=" ".join(filter(None, text)),
            annee=year,
            source="France Travail, Besoins en main-d'œuvre",
            definition="Projets que les employeurs déclarent ; les bassins passent aux zones par "
            "la population.",
            table="besoins_offres",
        )
    ]


def _offer(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    every = snapshot.read("offres")
    offers = pd.DataFrame(every[is_counted(every)].drop(columns="geometry"))
    inside = offers[offers["code_commune"].isin(mine.communes.index)]
    rate, usual = (
        offers["code_commune"].isin(one.communes.index).sum() / one.communes.sum()
        for one in (mine, whole)
    )
    years = _years(snapshot, inside)
    places = inside["capacite"].astype("float64")
    tiles = [
        Tuile(
            theme=THEMES[3],
            titre="Formations connues",
            valeur=format_number(len(inside)),
            phrase="" if _is_region(mine) else against(rate, usual),
            annee=years,
            source=_producers(snapshot, inside),
            definition="Une formation par lieu connu, hors formations à distance. "
            f"{perimeter_of(snapshot, SANS_FILTRE).trous}".strip(),
            table="offres",
        )
    ]
    if places.notna().any():
        unknown = int(places.isna().sum())
        tiles.append(
            Tuile(
                theme=THEMES[3],
                titre="Places connues",
                valeur=format_number(round(places.sum())),
                phrase=f"Inconnues pour {count(unknown, 'formation')}." if unknown else "",
                annee=_years(snapshot, inside[places.notna()]),
                source=_producers(snapshot, inside[places.notna()]),
                definition="Places que les sources donnent ; aucune n'est estimée.",
                table="offres",
            )
        )
    return [*tiles, *_bts(snapshot, mine)]


def _bts(snapshot: Snapshot, mine: Territoire) -> list[Tuile]:
    """Return the places of BTS by school year over the years known: one source, one definition."""
    flux, lieux = snapshot.read("flux"), snapshot.read("lieux")
    here = set(lieux.loc[lieux["code_commune"].isin(mine.communes.index), "code_uai"].dropna())
    bts = flux[flux["id_source"].str.startswith("bts-") & flux["voie"].eq("scolaire")]
    bts = bts[bts["code_uai"].isin(here) & bts["capacite"].notna()]
    sums = bts.groupby("annee")["capacite"].sum().astype("float64")
    if len(sums) < 2 or not sums.iloc[0]:
        return []
    serie = tuple((str(year), float(value)) for year, value in sums.items())
    return [
        Tuile(
            theme=THEMES[3],
            titre="Places de BTS, voie scolaire",
            valeur=format_number(round(serie[-1][1])),
            phrase=f"{_signed(serie[-1][1] / serie[0][1] - 1)} de {serie[0][0]} à {serie[-1][0]}.",
            annee=serie[-1][0],
            source="Parcoursup",
            definition="Places offertes l'année dite, dans les établissements du territoire que "
            "notre offre tient.",
            table="flux",
            serie=serie,
        )
    ]


def _years(snapshot: Snapshot, offers: pd.DataFrame) -> str:
    """Return the years of the sources of some offers."""
    years = {one[:4] for one in _told_by_sources(snapshot, offers, "millesime")}
    return join_words(sorted(years)) or "année inconnue"


def _producers(snapshot: Snapshot, offers: pd.DataFrame) -> str:
    """Return who made the sources of some offers."""
    named = {one.split(" (")[0] for one in _told_by_sources(snapshot, offers, "producteur")}
    return join_words(sorted(named)) or "source inconnue"


def _told_by_sources(snapshot: Snapshot, offers: pd.DataFrame, column: str) -> set[str]:
    """Return what the sources of some offers say in a column, where they say it."""
    known = snapshot.read("sources").set_index("id_source")[column]
    return {str(known.get(one, "")) for one in offers["id_source"].unique()} - {""}


def _lacking(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    rows = _need_rows(snapshot, mine)
    if rows.empty:
        return []
    lacking = rows[rows["besoin"].eq(FORT) & rows["offre"].isin([FAIBLE, LOIN, AUCUNE])]
    strong = rows[rows["besoin"].eq(FORT)]
    base = Tuile(
        theme=THEMES[2],
        titre="Besoins les plus forts",
        valeur=count(len(strong), "famille"),
        phrase="Familles qui ont plus de projets par habitant que la famille moyenne de la région.",
        annee=str(snapshot.read("besoins")["annee"].iloc[0]),
        source="France Travail, Besoins en main-d'œuvre",
        definition="Voir « Besoins et offre ».",
        table="besoins_offres",
        liste=_cited(strong),
    )
    return [
        base,
        replace(
            base,
            theme=THEMES[3],
            titre="Besoin fort, offre connue faible ou loin",
            valeur=count(len(lacking), "famille"),
            phrase=perimeter_of(snapshot, SANS_FILTRE).trous,
            liste=_cited(lacking),
        ),
    ]


def _cited(rows: pd.DataFrame) -> tuple[tuple[str, str], ...]:
    """Return the first rows by name, with their projects."""
    return tuple(
        (row.nom_famille, count(round(row.nb_projets), "projet"))
        for row in rows.head(NB_CITES).itertuples()
    )


def _taught(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    rows = _need_rows(snapshot, mine)
    taught = rows[rows["nb_formations"].gt(0)] if len(rows) else rows
    if taught.empty:
        return []
    first = taught.sort_values(["nb_formations", "nom"], ascending=[False, True])
    return [
        Tuile(
            theme=THEMES[3],
            titre="Métiers les plus enseignés",
            valeur=count(len(taught), "famille"),
            phrase="Une formation de plusieurs familles est comptée dans chacune.",
            annee=_years(snapshot, snapshot.read("offres")),
            source=_producers(snapshot, snapshot.read("offres")),
            definition="Familles de métiers auxquelles mène au moins une formation du territoire.",
            table="formations_familles",
            liste=tuple(
                (row.nom_famille, count(int(row.nb_formations), "formation"))
                for row in first.head(NB_CITES).itertuples()
            ),
        )
    ]


def _sectors(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    table = snapshot.read("demandeurs_secteurs")
    if mine.type_zone == BASSIN:
        table = table[table["code_zone"].eq(mine.code_zone)]
    elif not _is_region(mine):
        return []
    sums = table.groupby("secteur")["nb_demandeurs"].sum(min_count=1).dropna().astype("float64")
    if sums.empty:
        return []
    sums = sums.sort_values(ascending=False)
    return [
        Tuile(
            theme=THEMES[2],
            titre="Demandeurs d'emploi par secteur",
            valeur=format_number(round(sums.sum())),
            phrase=f"Les {NB_CITES} premiers font "
            f"{say_percent(sums.head(NB_CITES).sum() / sums.sum())} des demandeurs d'emploi "
            "dont le secteur est connu.",
            annee=str(table["annee"].iloc[0]),
            source="France Travail",
            definition="Secteur de l'emploi recherché ou perdu : le fichier ne le précise pas.",
            table="demandeurs_secteurs",
            liste=tuple(
                (str(nom), format_number(round(value)))
                for nom, value in sums.head(NB_CITES).items()
            ),
        )
    ]


def _publics(snapshot: Snapshot, mine: Territoire, whole: Territoire) -> list[Tuile]:
    return [
        *_measures(snapshot, mine, whole, ("jeunes_non_scolarises",), THEMES[0]),
        *_measures(snapshot, mine, whole, ("demandeurs", "demandeurs_50", "rsa"), THEMES[2]),
    ]
