"""What a file of a comparison of snapshots holds: the kinds that changed, its notice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from geoapp.core.french import format_number
from geoapp.coverage.change import Evolution, tell_change
from geoapp.outputs.files.formats import write_file
from geoapp.outputs.files.model import Fichier, as_columns
from geoapp.outputs.provenance import cite, tell_licences, tell_source
from geoapp.planning.evolution import EffetAcces, Releve, list_access_notes, tell_access_change

COLONNES = as_columns(
    ("code_zone", "Code", "Code de la zone", "texte"),
    ("nom", "Zone", "Nom de la zone", "texte"),
    ("code_domaine", "Code du domaine", "Domaine simplifié", "texte"),
    ("domaine", "Domaine", "Libellé du domaine", "texte"),
    ("niveau_sortie", "Niveau", "Niveau de sortie, 3 à 8", "texte"),
    ("voie", "Voie", "Voie d'accès", "texte"),
    ("nb_avant", "Avant", "Formations avant", "entier"),
    ("nb_apres", "Après", "Formations après", "entier"),
    ("gagnees", "Gagnées", "Présentes après seulement", "entier"),
    ("perdues", "Perdues", "Présentes avant seulement", "entier"),
    ("inchangees", "Inchangées", "Présentes avant et après", "entier"),
)
"""Columns of the file of a comparison."""


def changes_file(
    evolution: Evolution, acces: EffetAcces | None = None, series: Sequence[Releve] = ()
) -> Fichier:
    """Return a comparison as a file: one row per zone and kind, people and series in its notice."""
    people = [] if acces is None else [("Habitants", tell_access_change(acces))]
    notice = [
        ("Titre", f"Évolution de l'offre, du {evolution.avant} au {evolution.apres}"),
        ("À retenir", tell_change(evolution)),
        *people,
        ("Filtres", evolution.description or "aucun"),
        (
            "Même formation",
            "Même commune, même organisme, même voie, même niveau et même intitulé.",
        ),
        *(("À savoir", texte) for texte in evolution.avertissements),
        *(("À savoir", note) for note in (list_access_notes(acces) if acces else [])),
        *(
            (
                f"Instantané du {one.nom}",
                f"{format_number(one.nb_formations)} formations dans "
                f"{format_number(one.nb_lieux)} lieux ; habitants trop loin : "
                f"{one.non_couverts_dits}",
            )
            for one in series
        ),
        *(
            (
                "Source",
                f"{tell_source(s)} ; {s['nb_avant']} lignes avant, {s['nb_apres']} après",
            )
            for s in evolution.sources.to_dict("records")
        ),
        *tell_licences(evolution.sources["licence"].dropna()),
        cite("évolution de l'offre", f"du {evolution.avant} et du {evolution.apres}"),
    ]
    return Fichier(
        table=evolution.sortes,
        colonnes=COLONNES,
        notice=notice,
        titre="Évolution de l'offre",
        nom="evolution",
    )


def write_changes(
    evolution: Evolution,
    out: Path,
    acces: EffetAcces | None = None,
    series: Sequence[Releve] = (),
) -> None:
    """Write one row per zone and kind to `out` (.csv or .xlsx)."""
    write_file(changes_file(evolution, acces, series), out, formats=("csv", "xlsx"))
