"""The pages of planning: where to open, what if, which closures would hurt most."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for

from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.french import format_date, upper_first
from geoapp.core.published import name_snapshots
from geoapp.coverage.model import describe_asked, describe_reach, in_households
from geoapp.coverage.offered import name_offer
from geoapp.coverage.sentences import list_sources, travel_precision
from geoapp.outputs.planning import sites_file
from geoapp.planning.asked import Recherche, parse_sites, to_parameters
from geoapp.planning.opening import Sites, find_sites
from geoapp.planning.people import show_people
from geoapp.planning.scenario import (
    LIEU,
    ORGANISME,
    Effets,
    parse_scenario,
    read_address,
    run_scenario,
    write_address,
)
from geoapp.planning.scenario_words import (
    INCONNU,
    compare_effects,
    describe_scenario,
    tell_changes,
    tell_closures,
    tell_effects,
)
from geoapp.planning.scenario_words import list_notes as scenario_notes
from geoapp.planning.stress import worst_closures
from geoapp.planning.words import describe_search, list_notes, tell_access, tell_sites
from geoapp.reference.zonings import MAILLES, REGION
from geoapp.web import planning_view as vues
from geoapp.web.change import kept_snapshots, world_of
from geoapp.web.coverage import form_parts
from geoapp.web.coverage_view import query as coverage_query
from geoapp.web.figures import export_form
from geoapp.web.sending import find_format, list_files, send_table
from geoapp.web.served import served_world

blueprint = Blueprint("planning", __name__)

PREUVE_S = 10.0
"""Seconds that a proof takes at most: a process of the workshop is held meanwhile."""


def _asked() -> Recherche:
    """Return the search of the request."""
    return parse_sites(request.args, served_world())


@blueprint.get("/ou-ouvrir")
def sites():
    """Show where to open, at once."""
    return _show(find_sites(served_world(), _asked()), is_proven=False)


@blueprint.get("/ou-ouvrir/preuve")
def prove():
    """Show where to open once the solver has looked for better: made by the workshop."""
    return _show(find_sites(served_world(), _asked(), delai_s=PREUVE_S), is_proven=True)


def _show(found: Sites, *, is_proven: bool) -> str:
    """Return the page of an answer."""
    recherche = found.recherche
    question = recherche.question
    world = served_world().of(question)
    parts = form_parts(question)
    return render_template(
        "siting.html",
        titre="Où ouvrir ?",
        question=describe_search(recherche),
        rapproches=in_households("Habitants rapprochés", question.public),
        comptes=in_households("Habitants comptés", question.public),
        phrase=tell_sites(found),
        acces=tell_access(found.acces_avant, found.acces_apres) if found.ouvertures else "",
        notes=list_notes(world, found),
        precision=travel_precision(world, question),
        perimetre=found.comptes.perimetre,
        seuil=describe_reach(question),
        maille=MAILLES[question.zonage].singulier,
        champs=parts["champs"],
        choix=vues.without_map(parts["choix"]),
        plan=vues.search_fields(world, recherche),
        lignes=vues.opening_rows(found),
        apport=vues.APPORTS.get(recherche.objectif, ""),
        zones=vues.zone_rows(found),
        croquis=vues.drawing(world, found),
        carte_dite=vues.tell_drawing(found),
        legende=vues.legend(found),
        telechargements=list_files("planning.export", vues.query(recherche)),
        adresse_preuve=""
        if is_proven or found.est_prouve or not found.ouvertures or recherche.objectif == "acces"
        else url_for("planning.prove", **vues.query(recherche)),
        adresse_lieux=url_for("planning.sites", **vues.query(recherche, candidats="lieux")),
        adresse_et_si=_what_if(found),
        adresse_api=url_for("api.ou_ouvrir", **vues.query(recherche)),
        sources=list_sources(world),
        assemble=format_date(world.snapshot.manifest["cree_le"][:10]),
        export_carte=export_form(
            world.snapshot,
            ("ouvertures",),
            to_parameters(recherche),
            emprise=recherche.zone.cle if recherche.zone else REGION,
        ),
        retour=url_for("coverage.index", **coverage_query(question)),
    )


def _what_if(found: Sites) -> str:
    """Return the address of the scenario that opens what is proposed."""
    asked = coverage_query(found.recherche.question, sauf=("mesure", "classes"))
    return url_for("planning.what_if", **asked, ouvre=[one.id for one in found.ouvertures])


@blueprint.get("/ou-ouvrir/export.<format>")
def export(format: str):
    """Return the openings as a file."""
    form = find_format(format)
    return send_table(sites_file(served_world(), find_sites(served_world(), _asked())), form)


COMPARE = "compare"
"""Parameter that holds the address of a second scenario."""

INSTANTANE = "instantane"
"""Parameter that names another snapshot, where the same scenario is run again."""


@blueprint.get("/et-si")
def what_if():
    """Show what a scenario changes, and the closures that would hurt most."""
    world = served_world()
    args = {nom: request.args.getlist(nom) for nom in request.args}
    other = "".join(args.pop(COMPARE, [])[:1])
    ancien = "".join(args.pop(INSTANTANE, [])[:1])
    scenario = parse_scenario(args, world)
    effets = run_scenario(world, scenario)
    second = run_scenario(world, read_address(other, world)) if other else None
    question, parts = scenario.question, form_parts(scenario.question)
    world = world.of(question)
    # A place of information is its own body.
    kinds = (LIEU,) if world.est_information else (ORGANISME, LIEU)
    closures = {sorte: worst_closures(world, question, sorte) for sorte in kinds}
    perimetre = effets.effectif.perimetre
    return render_template(
        "what_if.html",
        titre="Et si ?" if scenario.est_vide else describe_scenario(world, scenario),
        question=describe_asked(question).removeprefix("Couverture : "),
        est_vide=scenario.est_vide,
        phrase=_invite(effets) if scenario.est_vide else tell_effects(effets),
        notes=scenario_notes(world, effets),
        inconnus=effets.inconnus,
        perimetre=perimetre,
        population=show_people(effets.effectif.population),
        qui=in_households("habitants", question.public),
        champs=parts["champs"],
        choix=vues.without_map(parts["choix"]),
        plan=vues.scenario_fields(world, scenario)
        | {
            "compare": other,
            "compare_dit": describe_scenario(world, second.scenario) if second else "",
        },
        bilan=compare_effects(effets, second or effets),
        **_again(effets, ancien),
        titre_second=describe_scenario(world, second.scenario) if second else "",
        phrase_second=tell_effects(second) if second else "",
        tableaux=vues.effect_tables(effets),
        inconnu=INCONNU,
        seuil=describe_reach(question),
        phrase_fermetures=tell_closures(question, closures[kinds[0]])
        if perimetre.est_chiffrable
        else perimetre.phrase,
        fermetures=vues.closure_tables(question, closures),
        compte=upper_first(name_offer(question).des),
        adresse_api=url_for("api.et_si") + "?" + write_address(scenario),
        adresse_export=url_for("api.et_si") + "?" + write_address(scenario),
        adresse_autre=url_for("planning.what_if", compare=write_address(scenario)),
        retour=url_for("coverage.index", **coverage_query(question)),
    )


def _again(effets: Effets, ancien: str) -> dict:
    """Return what the page shows of the same scenario on another snapshot, and where to ask it."""
    known, served = kept_snapshots(), served_world().snapshot.id
    names, address = name_snapshots(known.values()), write_address(effets.scenario)
    if ancien and ancien not in known:
        raise ParameterError(
            f"instantane = « {ancien[:40]} » : inconnu. Connus : {', '.join(known)}."
        )
    shown = {
        "autres_instantanes": [
            (names[nom], f"{url_for('planning.what_if', instantane=nom)}&{address}")
            for nom in known
            if nom != served
        ]
        if address
        else [],
        "ancien": names.get(ancien, ""),
    }
    if not ancien:
        return shown
    try:
        world = world_of(known[ancien])
        before = run_scenario(world, read_address(address, world))
    except SnapshotError as error:
        raise ParameterError(f"{error} Rechargez la page.") from error
    return shown | {
        "phrase_ancien": tell_effects(before),
        "change_depuis": tell_changes(before, effets),
        "inconnus_alors": before.inconnus,
        "bilan_ancien": [
            (*was[:3], *now[1:3])
            for was, now in zip(
                compare_effects(before, before), compare_effects(effets, effets), strict=True
            )
        ],
    }


def _invite(effets: Effets) -> str:
    """Return what an empty scenario says: what can be changed, and that nothing is."""
    if not effets.effectif.perimetre.est_chiffrable:
        return effets.effectif.perimetre.phrase
    return (
        "Fermez un organisme, ouvrez dans une commune, changez le seuil ou le mode : la page dit "
        "qui y gagne et qui y perd. Son adresse garde tout le scénario ; rien n'est enregistré."
    )
