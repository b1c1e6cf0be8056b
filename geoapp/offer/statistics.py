"""Statistics beside the offer: wishes and places of a training, what became of those who left.

Always with their year.

They describe a year gone by, and most of them an establishment rather than one
training: nothing here is ever said of the present.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import count, format_decimal, format_number, typeset, with_unit
from geoapp.core.snapshot import Snapshot
from geoapp.offer.lookups import Repertoire, records
from geoapp.reference.codes.tracks import ENTREES, name_year
from geoapp.reference.zonings import REGION

PUBLICS = {
    "apprentis": "apprentis",
    "scolaires": "élèves de la voie scolaire",
    "ensemble": "élèves et apprentis ensemble",
}
"""`public` of the table `debouches`, in words."""
NON_DIFFUSE = "non diffusé"
AVERTISSEMENT = (
    "Statistiques d'années passées : elles ne disent ni les places, ni les débouchés d'aujourd'hui."
)

AUTRE_PUBLIC = {"apprentissage": "scolaires", "scolaire": "apprentis"}
"""By voie, those whose outcomes say nothing of it."""

_PRESENT = ("taux_poursuite_pct", "taux_emploi_pct", "taux_emploi_attendu_pct")


@dataclass(frozen=True, kw_only=True)
class Debouches:
    """What became of those who left the establishments of a zone.

    `lignes` has one row per establishment, public and source of the zone;
    medians are over the `nb_connus` establishments whose rate is given, each
    counting once whatever its size (the producers do not give it), in %.
    """

    annees: tuple[str, ...]
    lignes: pd.DataFrame
    nb_etablissements: int
    nb_connus: int
    mediane_emploi_pct: float | None
    mediane_poursuite_pct: float | None


def sheet_statistics(repertoire: Repertoire, id_action: str) -> dict:
    """Return the statistics of an action.

    `flux` of the training, `debouches` of its establishments, in words and plain values.
    """
    flux = repertoire.flux.get(id_action, [])
    uais = _uai_of(repertoire, id_action)
    others = AUTRE_PUBLIC.get(repertoire.actions[id_action]["voie"])
    debouches = [
        row for uai in uais for row in repertoire.debouches.get(uai, []) if row["public"] != others
    ]
    return {
        "flux": [
            _tell_flux(row, _source(repertoire, row)) for row in sorted(flux, key=_flux_order)
        ],
        "debouches": [_tell_debouche(row, _source(repertoire, row)) for row in debouches],
        "debouches_region": _tell_regions(repertoire, id_action),
        "avertissement": AVERTISSEMENT,
    }


def _uai_of(repertoire: Repertoire, id_action: str) -> list[str]:
    """Return the establishments of an action: its places, then the body that teaches."""
    places = [
        repertoire.lieux[lieu].get("code_uai")
        for lieu in repertoire.lieux_par_action.get(id_action, [])
    ]
    body = repertoire.organismes.get(repertoire.actions[id_action]["id_organisme"], {})
    return list(dict.fromkeys(uai for uai in (*places, body.get("code_uai")) if uai))


def _source(repertoire: Repertoire, row: dict) -> dict:
    source = repertoire.sources[row["id_source"]]
    return {nom: source[nom] for nom in ("titre", "producteur", "licence", "millesime")}


def _flux_order(row: dict) -> tuple[str, ...]:
    """Return what sorts the flows of a training: year, then year of study, then identifier."""
    return row["annee"], (row["code_mef"] or "")[:4], row["id_flux"]


def _tell_flux(row: dict, source: dict) -> dict:
    """Return wishes, places and pupils of one year."""
    names = ("vœu confirmé", "vœux confirmés")
    if is_first_wish(row["code_mef"]):
        names = ("premier vœu", "premiers vœux")
    wishes = _tell_people(row, "nb_voeux", *names)
    told = (
        wishes,
        "" if row["capacite"] is None else count(row["capacite"], "place"),
        _tell_people(row, "nb_entrants", "entrant", "entrants"),
        _tell_people(row, "nb_eleves", "élève", "élèves"),
    )
    words = ", ".join(filter(None, told)) or "chiffres non diffusés"
    kept = ("annee", "intitule", "nb_voeux", "capacite", "nb_entrants", "nb_eleves")
    return {nom: row[nom] for nom in kept} | {
        "phrase": typeset(f"En {row['annee']} : {words}."),
        "annee_etudes": name_year(row["code_mef"]),
        "cellules": [
            "" if row["capacite"] is None else format_number(row["capacite"]),
            wishes,
            *(_show_people(row, nom) for nom in ("nb_entrants", "nb_eleves")),
        ],
        "source": source,
    }


def is_first_wish(mef: str | None) -> bool:
    """Tell whether the wishes of a year of study are first wishes: those of Affelnet."""
    return (mef or "").startswith("23")


def _show_people(row: dict, nom: str) -> str:
    """Return a number of persons for a cell; "" for unknown, « < 5 » for a hidden one."""
    if nom in (row["masques"] or "").split("|"):
        return f"< {PETIT_NOMBRE}"
    return "" if row[nom] is None else format_number(row[nom])


def _tell_people(row: dict, nom: str, one: str, many: str) -> str:
    """Return a number of persons and their noun; a small one is told as « moins de 5 »."""
    # Hidden is not unknown: « masques » says that the producer counted a few.
    if nom in (row["masques"] or "").split("|"):
        return f"moins de {PETIT_NOMBRE} {many}"
    return "" if row[nom] is None else count(row[nom], one, many)


def _tell_debouche(row: dict, source: dict) -> dict:
    """Return what became of those who left one establishment."""
    kept = ("annee", "nom", "public", *_PRESENT, "valeur_ajoutee_pts")
    return {
        **{nom: row[nom] for nom in kept},
        "public_dit": PUBLICS[row["public"]],
        "source": source,
        "poursuite": format_rate(row["taux_poursuite_pct"]),
        "emploi": format_rate(row["taux_emploi_pct"]),
        "attendu": format_rate(row["taux_emploi_attendu_pct"]),
    }


def _tell_regions(repertoire: Repertoire, id_action: str) -> list[dict]:
    """Return what became in the region of those who left a training, year by year.

    A diploma and the one that replaced it may both be counted in one year: `est_double` says so,
    and `code` which is which.
    """
    rows = repertoire.debouches_region.get(id_action, [])
    years = [row["annee"] for row in rows]
    return [
        _tell_region(row, _source(repertoire, row)) | {"est_double": years.count(row["annee"]) > 1}
        for row in rows
    ]


def _tell_region(row: dict, source: dict) -> dict:
    """Return what became in the region of those who left a training, in one year."""
    rates = ("taux_poursuite_pct", "taux_emploi_pct", "taux_emploi_24_pct")
    return {
        **{nom: row[nom] for nom in ("annee", *rates)},
        "code": row["code_cfd"] or row["code_mef"],
        "cellules": [format_rate(row[nom]) for nom in rates],
        "source": source,
    }


def format_rate(value: float | None) -> str:
    """Return a rate in words; « non diffusé » when the producer does not give it."""
    # A value that is not equal to itself is NaN.
    if value is None or value != value:
        return NON_DIFFUSE
    return with_unit(format_decimal(value), "%")


def debouches_of_zone(snapshot: Snapshot, type_zone: str, code_zone: str) -> Debouches:
    """Return what became of those who left the establishments whose place lies in a zone.

    An establishment lies where an offer with its UAI code is placed; one that
    no offer places is in no zone.  Apprentices and pupils of one establishment
    are rows of their own; medians are over the row that holds the most of them
    (`ensemble`, else the only one).
    """
    table = snapshot.read("debouches")
    mine = table[table["code_uai"].isin(_uai_inside(snapshot, type_zone, code_zone))]
    mine = mine.sort_values(["nom", "code_uai", "public", "id_source"], ignore_index=True)
    ranked = mine.assign(rang=mine["public"].ne("ensemble"))
    ranked = ranked.sort_values(["code_uai", "rang", "id_source"])
    whole = ranked.drop_duplicates("code_uai")
    return Debouches(
        annees=tuple(sorted(mine["annee"].unique())),
        lignes=mine,
        nb_etablissements=len(whole),
        nb_connus=int(whole["taux_emploi_pct"].notna().sum()),
        mediane_emploi_pct=_median(whole["taux_emploi_pct"]),
        mediane_poursuite_pct=_median(whole["taux_poursuite_pct"]),
    )


def _median(values: pd.Series) -> float | None:
    known = values.dropna()
    return float(known.median()) if len(known) else None


def describe_debouches(found: Debouches) -> list[str]:
    """Return what is known of a zone in sentences, years and method said.

    None without any establishment.
    """
    if not found.nb_etablissements:
        return []
    annees = " et ".join(found.annees)
    head = f"Débouchés {annees}, {count(found.nb_etablissements, 'établissement')} de la zone :"
    if not found.nb_connus:
        return [f"{head} taux d'emploi non diffusé.", AVERTISSEMENT]
    emploi, suite = format_rate(found.mediane_emploi_pct), format_rate(found.mediane_poursuite_pct)
    return [
        f"{head} au milieu de ceux dont le taux est diffusé ({found.nb_connus}), "
        f"{emploi} des sortants sont en emploi salarié six mois après, "
        f"et {suite} des jeunes poursuivent leurs études "
        "(médianes, chaque établissement comptant une fois).",
        AVERTISSEMENT,
    ]


def zone_rows(found: Debouches) -> list[dict]:
    """Return the rows of a zone as a table shows them."""
    return [
        {
            "nom": row["nom"],
            "public": PUBLICS[row["public"]],
            "annee": row["annee"],
            "poursuite": format_rate(row["taux_poursuite_pct"]),
            "emploi": format_rate(row["taux_emploi_pct"]),
            "attendu": format_rate(row["taux_emploi_attendu_pct"]),
        }
        for row in records(found.lignes)
    ]


def _uai_inside(snapshot: Snapshot, type_zone: str, code_zone: str) -> set[str]:
    """Return the establishments whose place lies in a zone, or anywhere in the region."""
    links, lieux = snapshot.read("lieux_zones"), snapshot.read("lieux")
    if type_zone == REGION:
        return set(lieux["code_uai"].dropna())
    is_mine = links["type_zone"].eq(type_zone) & links["code_zone"].eq(code_zone)
    is_here = lieux["id_lieu"].isin(links.loc[is_mine, "id_lieu"])
    # Communes are no zoning: no link names them.
    if type_zone == "commune":
        is_here = lieux["code_commune"].eq(code_zone).fillna(False)
    return set(lieux.loc[is_here, "code_uai"].dropna())


_SOMMES = ("capacite", "nb_voeux", "nb_eleves")
SERIES = {
    "capacite": "Places offertes",
    "nb_voeux": "Vœux",
    "nb_entrants": "Entrants",
    "nb_eleves": "Élèves",
}
"""What a series counts → its name."""


def flux_of_zone(snapshot: Snapshot, type_zone: str, code_zone: str) -> list[dict]:
    """Return places, wishes and pupils of the establishments of a zone, summed by year and source.

    Places and wishes are those of the years by which newcomers come in (`ENTREES`), so that no
    place is counted twice; pupils are those of every year of study.  What is hidden or unknown is
    in no sum, `nb_tus` says how many numbers are hidden.  A sum of which nothing is known is None.
    """
    table, sources = snapshot.read("flux"), snapshot.read("sources")
    titles = sources.set_index("id_source")["titre"]
    mine = table[table["code_uai"].isin(_uai_inside(snapshot, type_zone, code_zone))]
    is_entry = mine["code_mef"].str[:4].isin(ENTREES) | ~mine["code_mef"].str.startswith("23")
    # Pupils that are too few to be shown are told apart from those that nobody counted.
    is_hidden = mine["masques"].fillna("").str.contains("nb_eleves")
    is_pupils = mine["nb_eleves"].notna() | is_hidden
    mine = mine[is_entry.fillna(False).astype(bool) | is_pupils]
    rows = []
    for (annee, id_source), part in mine.groupby(["annee", "id_source"]):
        hidden = part["masques"].fillna("").str.split("|").explode().isin(_SOMMES)
        rows.append(
            {
                "annee": annee,
                "id_source": id_source,
                "source": titles[id_source],
                "nb_etablissements": int(part["code_uai"].nunique()),
                **{nom: _sum_known(part[nom]) for nom in _SOMMES},
                "nb_entrants": None,
                "nb_tus": int(hidden.sum()),
            }
        )
    return rows


def flux_of_training(snapshot: Snapshot, id_action: str) -> list[dict]:
    """Return the series of one training, a row by year, source and year of study."""
    links = snapshot.read("actions_flux")
    mine = set(links.loc[links["id_action"].eq(id_action), "id_flux"])
    table = snapshot.read("flux")
    return sorted(records(table[table["id_flux"].isin(mine)]), key=_flux_order)


def _sum_known(values: pd.Series) -> int | None:
    known = values.dropna()
    return int(known.sum()) if len(known) else None


def flux_rows(found: list[dict]) -> list[dict]:
    """Return the sums of a zone as a table shows them."""
    return [
        {**row, **{nom: "" if row[nom] is None else format_number(row[nom]) for nom in _SOMMES}}
        for row in found
    ]
