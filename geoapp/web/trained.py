"""The page « Qui se forme près de moi ? », for employers, and its file."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for

from geoapp.core.errors import ParameterError
from geoapp.core.french import format_decimal, format_number, with_unit
from geoapp.offer.parameters import refuse_unknown
from geoapp.offer.search.engine import search
from geoapp.offer.search.model import Requete
from geoapp.offer.search.requests import describe_place, parse_request
from geoapp.outputs.needs import trained_file
from geoapp.planning.need_answer import list_groups
from geoapp.planning.trained import Formes, list_notes, who_is_trained
from geoapp.web.presentation import Query
from geoapp.web.sending import find_format, list_files, send_table
from geoapp.web.served import courant, served_engine

blueprint = Blueprint("trained", __name__)

DUREES = (15, 30, 45, 60)
"""Minutes by car that the page proposes; the address accepts any of the search."""

DUREE = 30

_PARAMETRES = ("lieu", "seuil_min", "groupe")


@dataclass(frozen=True, kw_only=True)
class DemandeFormes:
    """What is asked: from where (None: nothing yet), in how many minutes, which families."""

    requete: Requete | None
    minutes: str
    groupe: str
    lieu: str

    @property
    def query(self) -> Query:
        """Return the parameters of the address."""
        return {"lieu": self.lieu, "seuil_min": self.minutes, "groupe": self.groupe or None}


def _groups() -> list[tuple[str, str]]:
    """Return the groups of families that may be asked: their codes, their names."""
    return list_groups(courant().snapshot().read("familles_metiers"))


def _asked() -> DemandeFormes:
    """Return what the request asks."""
    refuse_unknown(list(request.args), _PARAMETRES)
    lieu = request.args.get("lieu", "").strip()
    minutes = request.args.get("seuil_min", "").strip() or str(DUREE)
    groupe = request.args.get("groupe", "")
    if groupe and groupe not in dict(_groups()):
        raise ParameterError(f"groupe = « {groupe[:40]} » : valeur inconnue.")
    found = parse_request({"lieu": lieu, "seuil_min": minutes}, served_engine()) if lieu else None
    return DemandeFormes(requete=found, minutes=minutes, groupe=groupe, lieu=lieu)


def _answer(asked: DemandeFormes) -> Formes | None:
    """Return who is trained in reach; None when no place is asked."""
    if asked.requete is None:
        return None
    found = search(served_engine(), asked.requete)
    offers = courant().snapshot().read("offres").iloc[found.lignes[: found.total]]
    return who_is_trained(courant().snapshot(), offers, asked.groupe)


def _title(asked: DemandeFormes) -> str:
    if asked.requete is None or asked.requete.lieu is None:
        return "Qui se forme près de moi ?"
    return f"Qui se forme{describe_place(asked.requete)} ?"


@blueprint.get("/qui-se-forme")
def index():
    """Show who is trained near a place, by family of jobs."""
    asked = _asked()
    found = _answer(asked)
    return render_template(
        "trained.html",
        titre=_title(asked),
        demande=asked,
        formes=found,
        lignes=_rows(found) if found else [],
        notes=list_notes(courant().snapshot()),
        durees=DUREES,
        groupes=_groups(),
        telechargements=list_files("trained.export", asked.query, est_carte=False),
    )


def _rows(found: Formes) -> list[dict]:
    """Return the rows of the table in words; « inconnu » where nothing is known."""
    rows = found.lignes.astype("object").where(found.lignes.notna(), None).to_dict("records")
    return [
        {
            **{
                nom: "inconnu" if row[nom] is None else format_number(row[nom])
                for nom in ("nb_formations", "nb_lieux", "nb_places", "nb_entrants", "nb_sortants")
            },
            "nom": row["nom"],
            "adresse": url_for("needs.index", famille=row["code_famille"]),
            "apprentissage": format_number(row["nb_apprentissage"]),
            "sans_places": row["nb_sans_places"],
            "taux": "inconnu"
            if row["taux_emploi_pct"] is None
            else f"{with_unit(format_decimal(row['taux_emploi_pct']), '%')} ({row['annee_taux']})",
        }
        for row in rows
    ]


@blueprint.get("/qui-se-forme/export.<format>")
def export(format: str):
    """Return the table as a file."""
    form = find_format(format, est_carte=False)
    asked = _asked()
    found = _answer(asked)
    if found is None:
        raise ParameterError("lieu : dites de quelle commune partir.")
    return send_table(trained_file(courant().snapshot(), found, _title(asked)), form)
