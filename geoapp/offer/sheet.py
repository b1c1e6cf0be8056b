"""The sheet of an offer: everything known about it, of its action, its places, its formation."""

from __future__ import annotations

import re
from datetime import date
from urllib.parse import quote, urlsplit

from geoapp.core.errors import NotFoundError
from geoapp.core.french import (
    count,
    format_date,
    format_period,
    say_if,
)
from geoapp.core.schema.offer_columns import (
    COLONNES_OFFRE,
    columns_of,
    shown_in,
)
from geoapp.offer.around import describe_quartiers, similar_rows
from geoapp.offer.cards import (
    coordinates_of,
    offer_card,
    split,
    tell_source,
    tell_state,
    tell_value,
    tell_where,
)
from geoapp.offer.filters import REV3
from geoapp.offer.lookups import Repertoire
from geoapp.offer.starts import session_state
from geoapp.offer.statistics import sheet_statistics
from geoapp.reference.zonings import ZONAGES

NB_SEMBLABLES = 5

FICHE = tuple(row for row in COLONNES_OFFRE if row.fiche)
"""Columns of the offer that a sheet tells, each after its words."""

CLASSEMENTS = tuple(nom for nom, row in ZONAGES.items() if row.est_classement)
"""Zonings that classify communes: to be in none of their zones is an answer too."""

_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")


def offer_sheet(repertoire: Repertoire, identifiant: str, *, contact: str = "") -> dict:
    """Return everything known about an offer: the action, all its places, its formation.

    Parameters
    ----------
    repertoire : Repertoire
        The lookups of the snapshot.
    identifiant : str
        Public identifier, as cards give it; that of an offer shown under
        another one gives the sheet of the latter.
    contact : str
        Address of e-mail for reports of errors; without one there is no link.

    Raises
    ------
    NotFoundError
        When no offer of the snapshot has this identifier.
    """
    lignes = _rows_of(repertoire, identifiant)
    row, card = repertoire.row(lignes[0]), offer_card(repertoire, lignes[0])
    id_action, id_formation = row["id_action"], row["id_formation"]
    formation, action = repertoire.formations[id_formation], repertoire.actions[id_action]
    # What another catalogue may have given is read in the row shown, before the tables.
    facts = {**formation, **action, **row}
    told = {one.nom: tell_value(repertoire, one, facts[one.nom]) for one in FICHE}
    return {
        **{nom: card[nom] for nom in REPRIS},
        **{one.nom_montre: told[one.nom] for one in FICHE if one.rubrique != "cout"},
        "financement": {one.nom_montre: told[one.nom] for one in FICHE if one.rubrique == "cout"},
        "qualites": [{"nom": one.fiche, "libelle": say_if(told[one.nom])} for one in QUALITES],
        "objectif": formation["objectif"],
        "contenu": formation["contenu"],
        "organisme": _body(repertoire, row["id_organisme"], card["organisme"]),
        "organisme_responsable": _body(repertoire, formation["id_organisme"], None),
        "lieux": [_place(repertoire, ligne) for ligne in lignes],
        "sessions": _all_sessions(repertoire, id_action),
        "statistiques": sheet_statistics(repertoire, id_action),
        "preuve_titre": formation["preuve_titre"],
        "preuve_niveau": formation["preuve_niveau"],
        "preuve_domaine": formation["preuve_domaine"],
        "rev3": explain_rev3(repertoire, formation),
        "codes": list_codes(formation),
        "certification": {
            nom: formation[nom]
            for nom in ("fiche_rncp", "echeance_rncp", "rncp_remplacee_par", "preuve_rncp")
        },
        "metiers": split(formation["metiers"]),
        "semblables": [
            offer_card(repertoire, ligne, metres)
            for ligne, metres in similar_rows(repertoire, lignes, NB_SEMBLABLES)
        ],
        "source": _full_source(repertoire, formation["id_source"]),
        "reunies": [_merged(repertoire, one) for one in _of_others(repertoire, id_action)],
        "provenances": _origins(repertoire, lignes[0]),
        "identifiants": {"action": id_action, "formation": id_formation},
        "signaler": report_link(contact, card, repertoire.snapshot.id),
    }


def _rows_of(repertoire: Repertoire, identifiant: str) -> list[int]:
    """Return the rows of the offer of a public identifier, or of the one that it was merged into.

    Raises
    ------
    NotFoundError
        When no offer of the snapshot has this identifier.
    """
    known = repertoire.lignes_par_id
    lignes = known.get(identifiant) or known.get(repertoire.retenues.get(identifiant, ""))
    if not lignes:
        raise NotFoundError(
            "Cette formation n'est pas, ou plus, dans les données servies. "
            "Cherchez-la par son intitulé."
        )
    return lignes


REPRIS = (
    "id",
    "url",
    "titre",
    "intitule",
    "type_diplome",
    "date_debut",
    "date_fin",
    "periode",
    "etat",
    "prix",
    "page_web",
    "est_fictive",
)
"""What a sheet takes of the card as it is."""

QUALITES = tuple(one for one in FICHE if one.type == "booleen" and one.rubrique == "quoi")
"""Yes-or-no qualities of an offer."""


def _body(repertoire: Repertoire, id_organisme: str | None, nom: str | None) -> dict | None:
    """Return a training body; None when nothing is known of it."""
    organisme = repertoire.organismes.get(id_organisme, {}) if id_organisme else {}
    result = {
        "nom": nom or organisme.get("nom_affiche"),
        "siret": organisme.get("siret"),
        "code_uai": organisme.get("code_uai"),
    }
    if not any(result.values()):
        return None
    named_by = organisme.get("id_source_nom")
    return {**result, "nom_donne_par": tell_source(repertoire, named_by) if named_by else None}


def _place(repertoire: Repertoire, ligne: int) -> dict:
    """Return one place of an offer: where, how sure, in which zones."""
    row = repertoire.row(ligne)
    lieu = repertoire.lieux.get(row["id_lieu"], {})
    return {
        "id_lieu": row["id_lieu"],
        **tell_where(repertoire, row, coordinates_of(repertoire, ligne)),
        "code_uai": lieu.get("code_uai"),
        "motif_position": lieu.get("motif_position"),
        "zones": [
            {
                "type": zone.type,
                "titre": ZONAGES[zone.type].titre,
                "code": zone.code,
                "nom": zone.nom,
                "millesime": zone.millesime,
            }
            for zone in repertoire.parse_zones(row["zones"])
            if zone.type in ZONAGES
        ],
        "classements": [_classement(repertoire, row, type_zone) for type_zone in CLASSEMENTS],
        "quartiers": describe_quartiers(repertoire, ligne),
    }


def _classement(repertoire: Repertoire, row: dict, type_zone: str) -> dict:
    """Return whether the commune of a place is in a classification, unknown said unknown."""
    zonage = ZONAGES[type_zone]
    mine = [zone.nom for zone in repertoire.parse_zones(row["zones"]) if zone.type == type_zone]
    # Without the file of the zoning, or without commune, to be in no zone tells nothing.
    is_read = any(zone.type == type_zone for zone in repertoire.zones.values())
    is_known = is_read and row["code_commune"] is not None
    absent = "Non classée" if is_known else "Inconnu"
    return {
        "type": type_zone,
        "titre": zonage.titre,
        "est_dedans": bool(mine) if is_known else None,
        "libelle": ", ".join(mine) or absent,
    }


def _all_sessions(repertoire: Repertoire, id_action: str) -> list[dict]:
    """Return the sessions of an action and of those merged into it, by date.

    Each says its catalogue when there are several.
    """
    today = repertoire.jour or date.today()
    others = [
        (row["id_action"], repertoire.sources[row["id_source"]]["titre"])
        for row in repertoire.reunies.get(id_action, [])
    ]
    if not others:
        return [_session(row, today) for row in repertoire.sessions.get(id_action, [])]
    formation = repertoire.formations[repertoire.actions[id_action]["id_formation"]]
    mine = (id_action, repertoire.sources[formation["id_source"]]["titre"])
    has_several = len({titre for _, titre in [mine, *others]}) > 1
    found = [
        _session(row, today, source if has_several else None)
        for code, source in [mine, *others]
        for row in repertoire.sessions.get(code, [])
    ]
    # « 9999 »: a session without date comes last.
    return sorted(found, key=lambda session: session["date_debut"] or "9999")


def _of_others(repertoire: Repertoire, id_action: str) -> list[dict]:
    """Return what other catalogues were merged into an action, each once.

    Rows that repeat one another in a catalogue are the sessions of one training.
    """
    found: dict[str, dict] = {}
    for row in repertoire.reunies.get(id_action, []):
        if row["id_source"] != row["id_source_retenue"]:
            found.setdefault(row["id_source"], row)
    return list(found.values())


def _merged(repertoire: Repertoire, row: dict) -> dict:
    """Return what another catalogue says of the same training, and why it is the same."""
    formation = repertoire.formations[repertoire.actions[row["id_action"]]["id_formation"]]
    id_organisme = repertoire.actions[row["id_action"]]["id_organisme"] or formation["id_organisme"]
    organisme = _body(repertoire, id_organisme, None)
    return {
        "source": _full_source(repertoire, row["id_source"]),
        "identifiant": row["id_action"],
        "titre": formation["titre"],
        "intitule": formation["intitule"],
        "organisme": organisme["nom"] if organisme else None,
        "regle": row["regle"],
        "score": row["score"],
        "preuve": row["preuve"],
    }


def _origins(repertoire: Repertoire, ligne: int) -> list[dict]:
    """Return the fields that come from another catalogue than the row shown.

    Field, its words, catalogues.
    """
    pairs = [part.partition(":")[::2] for part in split(repertoire.colonnes["provenances"][ligne])]
    return [
        {
            "champ": champ,
            "libelle": CHAMPS.get(champ, champ),
            "sources": [tell_source(repertoire, code) for code in codes.split(",")],
        }
        for champ, codes in pairs
    ]


CHAMPS = {row.nom: row.libelle for row in columns_of("offres") if row.fusion}
"""Fields that may come from another catalogue, in words."""


RECRUTEMENTS = {
    "ouvert": "recrutement ouvert",
    "ferme": "recrutement fermé",
    "suspendu": "recrutement suspendu",
}
"""States of recruitment in words, at the date of the source."""


def _session(row: dict, today: date, source: str | None = None) -> dict:
    """Return one session, its dates, its state on a day and its capacity in words.

    `source` is None when only one catalogue gives the training.
    """
    capacite, debut, fin = row["capacite"], row["date_debut"], row["date_fin"]
    return {
        "date_debut": debut,
        "date_fin": fin,
        "dates": format_period(debut, fin) if fin else _start(debut),
        "etat": tell_state(session_state(debut, fin, today)),
        "capacite": capacite,
        "places": "Places non renseignées" if capacite is None else count(capacite, "place"),
        "source": source,
        "etat_recrutement": row["etat_recrutement"],
        "recrutement": RECRUTEMENTS.get(row["etat_recrutement"]),
    }


def _start(date_debut: str | None) -> str:
    return format_date(date_debut) if date_debut else "Date non renseignée"


def explain_rev3(repertoire: Repertoire, formation: dict) -> list[dict]:
    """Return the transitions that a formation serves, each with what decided it."""
    proofs = _proofs(formation["preuve_rev3"])
    return [
        {**repertoire.label("rev3", code), "preuve": proofs.get(code)}
        for code in split(formation["rev3"])
    ]


def _proofs(texte: str | None) -> dict[str, str]:
    """Part « écologique : rome A1204 (…) ; numérique : … » by transition."""
    codes = {nom.removeprefix("Transition "): code for code, nom in REV3.items()}
    parts = re.split(rf"(?:^| ; )({'|'.join(map(re.escape, codes))}) : ", texte or "")
    return {codes[nom]: preuve for nom, preuve in zip(parts[1::2], parts[2::2], strict=True)}


def list_codes(formation: dict) -> list[dict]:
    """Return the codes of a formation: nomenclature and code."""
    return [
        {"nomenclature": row.libelle, "code": code}
        for row in shown_in("codes")
        for code in split(formation[row.nom])
    ]


def _full_source(repertoire: Repertoire, id_source: str) -> dict:
    """Return the source of an offer with its date, licence and page."""
    source = repertoire.sources[id_source]
    page = urlsplit(source["adresse"] or "")
    kept = {nom: source[nom] for nom in ("producteur", "licence", "fichier", "note")}
    return {
        **tell_source(repertoire, id_source),
        **kept,
        "adresse": source["adresse"] if page.scheme in ("http", "https") and page.netloc else None,
    }


def report_link(contact: str, card: dict, instantane: str) -> str | None:
    """Return a `mailto:` link, subject and body written; None without a valid address."""
    if not _MAIL.fullmatch(contact):
        return None
    objet = f"GéoForma : erreur sur « {card['titre']} »"
    corps = "\n".join(
        (
            "Bonjour,",
            "",
            "J'ai relevé une erreur sur cette formation.",
            "",
            f"Intitulé : {card['titre']}",
            f"Organisme : {card['organisme'] or 'non renseigné'}",
            f"Commune : {card['commune']['nom'] or 'non renseignée'}",
            f"Identifiant : {card['id']}",
            f"Source : {card['source']['titre']} ({card['source']['millesime']})",
            f"Données : {instantane}",
            "",
            "Ce qui est faux, et la bonne valeur :",
            "",
        )
    )
    # RFC 6068: the lines of a body are parted by CR LF.
    body = quote(corps.replace("\n", "\r\n"), safe="")
    return f"mailto:{quote(contact, safe='@')}?subject={quote(objet, safe='')}&body={body}"
