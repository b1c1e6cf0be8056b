"""The page « Évolution »: snapshots compared, in trainings and for people."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, render_template, request, url_for

from geoapp.core.errors import ParameterError, SnapshotError
from geoapp.core.french import format_number
from geoapp.core.published import comparable_snapshots, name_snapshots
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.change import Evolution, compare_snapshots, match_snapshots, tell_change
from geoapp.coverage.model import (
    FILTRES_OFFRE,
    Question,
    describe_reach,
    of_trainings,
    parse_question,
)
from geoapp.coverage.world import World, open_world
from geoapp.outputs.changes import changes_file
from geoapp.planning.evolution import (
    EffetAcces,
    Releve,
    list_access_notes,
    measure_change,
    read_series,
    tell_access_change,
)
from geoapp.reference.codes.levels import load_niveaux
from geoapp.reference.codes.voies import VOIES
from geoapp.reference.zonings import MAILLES, ZONAGES
from geoapp.web.coverage import form_parts
from geoapp.web.coverage_view import query
from geoapp.web.dashboard import HAUTEUR, LARGEUR, line_of
from geoapp.web.planning_view import side_rows, without_map
from geoapp.web.sending import find_format, list_files, send_table
from geoapp.web.served import Servi, courant, served_world

blueprint = Blueprint("change", __name__)

INSTANTANES = ("avant", "apres")
"""Parameters that name the two snapshots."""

_ANCIENS = 1
"""Worlds of older snapshots kept, of some tens of megabytes each."""

_DERNIERS = 200
"""Kinds lost that the page shows; the file has all."""


def _parameters() -> dict[str, list[str]]:
    """Return the question of the request, without its snapshots."""
    return {nom: request.args.getlist(nom) for nom in request.args if nom not in INSTANTANES}


def _asked() -> Question:
    """Return the question of the request, asked of the snapshot served."""
    return of_trainings(parse_question(_parameters(), served_world()))


def kept_snapshots() -> dict[str, Snapshot]:
    """Return the snapshots of the folder that can be read, by id, oldest first."""
    return {one.id: one for one in comparable_snapshots(courant().data_dir)}


def warm_pair(servi: Servi) -> None:
    """Match the trainings of the snapshot with those of the oldest one kept: the page compares
    them, whatever is asked of it.
    """
    known = [one for one in comparable_snapshots(servi.data_dir) if one.id != servi.snapshot().id]
    # One that goes meanwhile is not compared.
    with suppress(SnapshotError):
        for avant in known[:1]:
            match_snapshots(avant, servi.snapshot())


def _pair(known: dict[str, Snapshot]) -> tuple[str, str]:
    """Return the ids of the two snapshots asked."""
    served = courant().snapshot().id
    avant = request.args.get("avant") or next(iter(known), served)
    apres = request.args.get("apres") or "courant"
    apres = served if apres == "courant" else apres
    if len(known) > 1 and not {avant, apres} <= set(known):
        told = ", ".join(known)
        raise ParameterError(f"Instantané inconnu. Connus : {told}.")
    return avant, apres


def world_of(snapshot: Snapshot) -> World:
    """Return the world of a snapshot that is kept; that of an older one for a while."""
    served = served_world()
    if snapshot.id == served.snapshot.id:
        return served
    return served.last_ones("anciens", _ANCIENS).get(snapshot.id, lambda: open_world(snapshot))


def _compare(known: dict[str, Snapshot]) -> tuple[Evolution, EffetAcces, list[Releve]] | None:
    """Return what changed, for people too, and the series; one snapshot may go meanwhile."""
    avant, apres = _pair(known)
    if len(known) < 2:
        return None
    parametres, question = _parameters(), _asked()
    filtres = {nom: values for nom, values in parametres.items() if nom in FILTRES_OFFRE}
    try:
        before, after = world_of(known[avant]), world_of(known[apres])
        evolution = compare_snapshots(
            before.snapshot, after.snapshot, zonage=question.zonage, parametres=filtres
        )
        series = read_series([world_of(one) for one in known.values()], parametres)
        return evolution, measure_change(before, after, parametres), series
    except SnapshotError as error:
        raise ParameterError(f"{error} Rechargez la page « Évolution ».") from error


@blueprint.get("/couverture/evolution")
def index():
    """Show what changed between two snapshots: trainings, people, and the series of all."""
    known, question = kept_snapshots(), _asked()
    found, (avant, apres) = _compare(known), _pair(known)
    parts = form_parts(question)
    shown = {} if found is None else _shown(*found)
    asked = query(question, sauf=("mesure", "classes"))
    return render_template(
        "coverage_change.html",
        titre="Couverture : évolution",
        est_comparee=found is not None,
        champs=parts["champs"],
        choix=without_map(parts["choix"]),
        instantanes=name_snapshots(known.values()),
        avant=avant,
        apres=apres,
        zonage=question.zonage,
        zonages=[(nom, row.titre) for nom, row in ZONAGES.items() if row.est_partition],
        maille=MAILLES[question.zonage].singulier,
        seuil=describe_reach(question),
        taille=(LARGEUR, HAUTEUR),
        telechargements=list_files(
            "change.export", {**asked, "avant": [avant], "apres": [apres]}, est_carte=False
        ),
        retour=url_for("coverage.index", **query(question)),
        **shown,
    )


def _shown(evolution: Evolution, acces: EffetAcces, series: list[Releve]) -> dict:
    """Return what the page shows of a comparison."""
    levels = load_niveaux().set_index("niveau")["libelle"].to_dict()
    return {
        "evolution": evolution,
        "phrase": tell_change(evolution),
        "phrase_habitants": tell_access_change(acces),
        "notes": [*evolution.avertissements, *list_access_notes(acces)],
        "publics": side_rows(acces.publics),
        "modes": side_rows(acces.modes),
        "habitants": side_rows(acces.zones.head(30)),
        "zones": list(evolution.zones.itertuples()),
        "derniers": [
            (
                row.nom,
                row.domaine,
                levels.get(row.niveau_sortie, row.niveau_sortie),
                VOIES.get(row.voie, row.voie),
                row.nb_avant,
            )
            for row in evolution.derniers.head(_DERNIERS).itertuples()
        ],
        "serie": [
            (
                one.nom,
                format_number(one.nb_formations),
                format_number(one.nb_lieux),
                one.non_couverts_dits,
            )
            for one in series
        ],
        "trait": line_of([one.nb_formations for one in series]),
    }


@blueprint.get("/couverture/evolution/export.<format>")
def export(format: str):
    """Return what changed as a file."""
    form = find_format(format, est_carte=False)
    found = _compare(kept_snapshots())
    if found is None:
        raise ParameterError("Un seul instantané est gardé ici : il en faut deux pour comparer.")
    return send_table(changes_file(*found), form)
