"""Words of figures: French typography, titles, notes, sources, date."""

from __future__ import annotations

from geoapp.core.french import format_date, has_year, lower_first, say_licence
from geoapp.coverage.model import OFFRES, PUBLICS, VOISINS, Question, describe_reach
from geoapp.coverage.sentences import offer_years
from geoapp.coverage.world import World
from geoapp.offer.filters import describe_filters
from geoapp.offer.perimeter import Perimetre

FICTIVES = "Données fictives"


def with_filters(quoi: str, question: Question) -> str:
    """Return a title and the filters of the offer after it."""
    mots = describe_filters(question.filtres)
    return f"{quoi} : {mots}" if mots else quoi


def list_parameters(question: Question, *, est_couverture: bool) -> str:
    """Return the parameters of a figure in one sentence."""
    # What counts as offer is told by the notes of a coverage.
    if est_couverture:
        parts = [
            f"seuil {describe_reach(question)}, compris",
            VOISINS["oui" if question.voisins else "non"],
            f"public : {lower_first(PUBLICS[question.public])}",
        ]
    else:
        parts = [
            f"offre comptée : {lower_first(OFFRES[question.offre])}",
            f"habitants : {lower_first(PUBLICS[question.public])}",
        ]
    return f"Paramètres : {' ; '.join(parts)}."


def tell_scope(
    world: World, ids: set[str], perimetre: Perimetre | None = None, compte: str = ""
) -> str:
    """Return what stands under a title: years of the offer, what is counted, what is known of it.

    `ids` are the sources of the offer; one without a year in its vintage tells none.
    """
    years = offer_years(world, ids)
    when = f"offre {years}" if years.startswith("de ") else f"offre de {years}" if years else ""
    # What is not wholly known is in the title.
    known = lower_first(perimetre.libelle) if perimetre and not perimetre.suffixe else ""
    return " · ".join(one for one in (when, lower_first(compte), known) if one)


def brief_sources(sources: tuple[dict, ...]) -> str:
    """Return who made the data and under which licences, for a figure too narrow for titles."""
    makers = dict.fromkeys(str(one["producteur"]) for one in sources if one["producteur"])
    licences = dict.fromkeys(say_licence(str(one["licence"])) for one in sources if one["licence"])
    return f"Sources : {', '.join(makers)} ({', '.join(licences)})." if makers else ""


def choose_sources(
    world: World, *, ids: set[str], usages: tuple[str, ...], zonage: str | None = None
) -> tuple[dict, ...]:
    """Return the sources behind a figure, in the order of their table.

    They are those of `ids`, those of some `usages`, and those of a zoning shown.
    """
    sources, zones = world.snapshot.read("sources"), world.snapshot.read("zones")
    ids = ids | set(zones.loc[zones["type_zone"].eq(zonage), "id_source"])
    kept = sources[
        (sources["id_source"].isin(ids) | sources["usage"].isin(usages))
        & sources["mode"].ne("absente")
    ]
    rows = kept[["id_source", "titre", "producteur", "licence", "millesime", "mode"]].astype(
        "object"
    )
    return tuple(rows.where(rows.notna(), None).to_dict("records"))


def tell_sources(sources: tuple[dict, ...]) -> str:
    """Return the sources in words, grouped by licence.

    « Sources sous Licence Ouverte 2.0 : titre (producteur, millésime) ; … ».
    """
    groups: dict[str, list[str]] = {}
    for one in sources:
        year = "" if has_year(one["titre"], str(one["millesime"])) else one["millesime"]
        who = ", ".join(str(word) for word in (one["producteur"], year) if word)
        fictive = ", données fictives" if one["mode"] == "demonstration" else ""
        groups.setdefault(one["licence"] or "non précisée", []).append(
            f"{one['titre']} ({who}{fictive})"
        )
    return " ".join(
        f"Sources {'de licence' if licence.startswith('non') else 'sous'} {licence} : "
        f"{' ; '.join(titles)}."
        for licence, titles in groups.items()
    )


def tell_snapshot(world: World, *, est_carte: bool = True) -> str:
    """Return when the data was put together, and by what."""
    made = "Carte : GéoForma, projection Lambert-93 (EPSG:2154)" if est_carte else "GéoForma"
    return (
        f"Données assemblées le {format_date(world.snapshot.manifest['cree_le'][:10])} "
        f"(instantané {world.snapshot.id}). {made}."
    )


def is_fictitious(sources: tuple[dict, ...]) -> bool:
    """Tell whether a source behind a figure is made up for the demonstration."""
    return any(one["mode"] == "demonstration" for one in sources)
