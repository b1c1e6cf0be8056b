"""Write the offer of a snapshot as a LHÉO 2.3 feed, one formation at a time.

What LHÉO wants and nobody knows is written as producers do, « - » or the
unknown date, and a compulsory code carries `info="non renseigné"`, which our
reader takes for unknown.  No person is written: there is none in a snapshot.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd
from lxml import etree

from geoapp.core.files import writing
from geoapp.core.schema.offer_columns import LHEO
from geoapp.sources.lheo import ETATS, INCONNU, MODALITES
from geoapp.sources.texts import without_controls

ESPACE = "http://lheo.gouv.fr/2.3"
FICTIF = "données fictives"
TABLES = ("formations", "actions", "sessions", "lieux", "actions_lieux", "organismes", "sources")

ELEMENTS = {nom: path[-1] for nom, path in LHEO.items()}
"""Column of a flat offer → its element, which the reader knows by the same row."""

_NIVEAUX_ENTREE = {"aucun": "1", "infra": "11", **{str(n): str(10 + n) for n in range(3, 9)}}
_CODES_MODALITE = {modalite: code for code, modalite in MODALITES.items()}
_CODES_ETAT = {etat: code for code, etat in ETATS.items()}
_CODES_CYCLE = {"scolaire": "0", "apprentissage": "1"}
_TOUT_PUBLIC = "80006"


def write_lheo(tables: Mapping[str, pd.DataFrame], path: Path) -> int:
    """Write every formation of some tables to `path`, whole or not at all; return their number.

    Parameters
    ----------
    tables : mapping
        Those named in `TABLES`, as a snapshot holds them.

    Raises
    ------
    StorageError
        When the file cannot be written.
    """
    with writing(path) as aside, open(aside, "wb") as stream:
        return _write(tables, stream)


def _write(tables: Mapping[str, pd.DataFrame], stream) -> int:
    """Write the feed; return the number of formations."""
    nb = 0
    with etree.xmlfile(stream, encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element("lheo", nsmap={None: ESPACE}), xml.element("offres"):
            for formation in _formations(tables):
                xml.write(formation, pretty_print=True)
                nb += 1
    return nb


def _formations(tables: Mapping[str, pd.DataFrame]) -> Iterator[etree._Element]:
    """Yield the formations that have an action, in the order of their identifiers."""
    bodies = _by_key(tables["organismes"], "id_organisme")
    lieux = {
        key: rows[0]
        for key, rows in _by_key(
            pd.DataFrame(tables["lieux"]).drop(columns="geometry", errors="ignore"), "id_lieu"
        ).items()
    }
    places = {
        key: [lieux[row["id_lieu"]] for row in rows]
        for key, rows in _by_key(tables["actions_lieux"], "id_action").items()
    }
    sessions, actions = (
        _by_key(tables["sessions"], "id_action"),
        _by_key(tables["actions"], "id_formation"),
    )
    sources = tables["sources"]
    fictive = (
        set(sources.loc[sources["mode"].eq("demonstration"), "id_source"])
        if "mode" in sources
        else set()
    )
    is_single = tables["formations"]["id_source"].nunique() == 1
    for row in _records(tables["formations"].sort_values("id_formation", kind="stable")):
        mine = [
            (action, places.get(action["id_action"], []), sessions.get(action["id_action"], []))
            for action in actions.get(row["id_formation"], [])
        ]
        if mine:
            yield _formation(
                row, mine, bodies, is_single=is_single, is_fictive=row["id_source"] in fictive
            )


def _records(table: pd.DataFrame) -> list[dict]:
    """Return rows as dictionaries without unknown values."""
    return [
        {nom: value for nom, value in row.items() if not pd.isna(value)}
        for row in table.to_dict("records")
    ]


def _by_key(table: pd.DataFrame, key: str) -> dict[str, list[dict]]:
    """Return the rows by one column, those of each key in a stable order."""
    found: dict[str, list[dict]] = {}
    for row in _records(
        table.sort_values(
            list(dict.fromkeys([key, *[c for c in table.columns if c.startswith("id_")]])),
            kind="stable",
        )
    ):
        found.setdefault(row[key], []).append(row)
    return found


def _add(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    """Add a child with a text fit for XML."""
    child = etree.SubElement(parent, f"{{{ESPACE}}}{name}", attributes)
    if text is not None:
        child.text = without_controls(text)
    return child


def _coded(parent: etree._Element, name: str, code: str | None, default: str) -> None:
    """Add a compulsory code; an unknown one says so beside the default."""
    if code is None:
        _add(parent, name, default, info=INCONNU)
    else:
        _add(parent, name, code)


def _local_id(identifier: str, is_single: bool) -> str:
    return identifier.partition(":")[2] if is_single else identifier


def _formation(
    row: dict, actions: list, bodies: dict, *, is_single: bool, is_fictive: bool
) -> etree._Element:
    """Return one formation."""
    formation = etree.Element(
        f"{{{ESPACE}}}formation",
        {"numero": _local_id(row["id_formation"], is_single)},
        nsmap={None: ESPACE},
    )
    if is_fictive:
        formation.set("info", FICTIF)
    _domain(formation, row)
    _add(formation, ELEMENTS["intitule"], row["intitule"][:255])
    _add(formation, ELEMENTS["objectif"], row.get("objectif", "-"))
    _add(formation, "resultats-attendus", "-")
    _add(formation, ELEMENTS["contenu"], row.get("contenu", "-"))
    _coded(formation, ELEMENTS["est_certifiante"], _flag(row, "est_certifiante"), "0")
    _add(_add(formation, "contact-formation"), "coordonnees")
    _add(formation, "parcours-de-formation", "4", info=INCONNU)
    _add(
        formation, ELEMENTS["niveau_entree"], _NIVEAUX_ENTREE.get(row.get("niveau_entree", ""), "0")
    )
    _certification(formation, row)
    if "niveau_sortie" in row:
        _add(formation, ELEMENTS["niveau"], str(10 + int(row["niveau_sortie"])))
    for action, places, sessions in actions:
        _action(formation, action, places, sessions, bodies=bodies, is_single=is_single)
    _responsible_body(formation, bodies.get(row.get("id_organisme"), [{}])[0])
    return formation


def _domain(formation: etree._Element, row: dict) -> None:
    domaine = _add(formation, "domaine-formation")
    if "code_formacode" in row:
        _add(
            domaine,
            ELEMENTS["code_formacode"],
            row["code_formacode"].split("|")[0],
            ref="V14",
            tag="principal",
        )
    if "code_nsf" in row:
        _add(domaine, ELEMENTS["code_nsf"], row["code_nsf"].split("|")[0])
    for code in row.get("code_rome", "").split("|")[:5]:
        if code:
            _add(domaine, ELEMENTS["code_rome"], code)


def _certification(formation: etree._Element, row: dict) -> None:
    if "code_rncp" in row or "code_certifinfo" in row:
        certification = _add(formation, "certification")
        if "code_rncp" in row:
            _add(certification, ELEMENTS["code_rncp"], row["code_rncp"].removeprefix("RNCP"))
        if "code_certifinfo" in row:
            _add(certification, ELEMENTS["code_certifinfo"], row["code_certifinfo"][:10])


def _action(
    formation: etree._Element,
    row: dict,
    places: list[dict],
    sessions: list[dict],
    *,
    bodies: dict,
    is_single: bool,
) -> None:
    """Add one action, its places and sessions."""
    action = _add(formation, "action", numero=_local_id(row["id_action"], is_single))
    _add(action, "rythme-formation", "-")
    publics = row.get("publics", "").split("|")[:10] if "publics" in row else []
    for code in publics or [None]:
        _coded(action, ELEMENTS["publics"], code, _TOUT_PUBLIC)
        action[-1].set("ref", "V14")
    _add(action, "niveau-entree-obligatoire", "0", info=INCONNU)
    _add(action, "modalites-alternance", "-")
    _coded(action, ELEMENTS["modalite"], _CODES_MODALITE.get(row.get("modalite", "")), "0")
    _add(action, "conditions-specifiques", "-")
    _add(action, "prise-en-charge-frais-possible", "0", info=INCONNU)
    for place in places:
        _place(action, place)
    _coded(action, ELEMENTS["modalite_entree"], _flag(row, "est_permanente"), "0")
    if "url" in row:
        _add(_add(action, "url-action"), ELEMENTS["url"], row["url"])
    for session in sessions or [{}]:
        _session(action, session, row.get("voie", ""))
    _costs(action, row)
    if "id_organisme" in row:
        _trainer(action, bodies[row["id_organisme"]][0])
    _funders(action, row)


def _costs(action: etree._Element, row: dict) -> None:
    """Add what is left to pay, prices, hours (LHÉO counts whole ones only), public agreement."""
    if "est_gratuite" in row:
        _add(
            action,
            ELEMENTS["frais_restants"],
            "Aucun" if row["est_gratuite"] else "Frais à la charge du stagiaire",
        )
    for column, longest in (("prix_horaire_eur", 6), ("prix_eur", 10)):
        if column in row and len(f"{row[column]:g}") <= longest:
            _add(action, ELEMENTS[column], _number(row[column]))
    if "duree_h" in row and float(row["duree_h"]).is_integer():
        _add(action, ELEMENTS["duree_h"], str(int(row["duree_h"])))
    elif "duree_h" in row:
        _add(action, "duree-indicative", f"{_number(row['duree_h'])} heures".replace(".", ","))
    if "est_conventionnee" in row:
        _add(action, ELEMENTS["est_conventionnee"], _flag(row, "est_conventionnee"))


def _number(value: float) -> str:
    return repr(float(value)).removesuffix(".0")


def _flag(row: dict, nom: str) -> str | None:
    """Return a yes-or-no as its code; None when it is unknown."""
    return str(int(row[nom])) if nom in row else None


def _place(action: etree._Element, row: dict) -> None:
    """Add one place of training, with the coordinates received."""
    lieu = _add(action, "lieu-de-formation")
    if "code_uai" in row:
        _add(_add(lieu, ELEMENTS["lieu_uai"]), "code-UAI", row["code_uai"])
    adresse = _add(_add(lieu, "coordonnees"), "adresse")
    text = row.get("adresse", "-")
    if len(text) > 50:
        _add(adresse, "denomination", text[:255])
    _add(adresse, ELEMENTS["lieu_adresse"], text if len(text) <= 50 else "-")
    _add(adresse, ELEMENTS["lieu_code_postal"], row.get("code_postal", "-----"))
    _add(adresse, "ville", row.get("nom_commune", "-")[:50])
    if "code_commune" in row:
        _add(adresse, ELEMENTS["lieu_code_commune"], row["code_commune"])
    if "latitude_declaree" in row and "longitude_declaree" in row:
        point = _add(adresse, "geolocalisation")
        _add(point, ELEMENTS["latitude"], repr(float(row["latitude_declaree"])))
        _add(point, ELEMENTS["longitude"], repr(float(row["longitude_declaree"])))


def _session(action: etree._Element, row: dict, voie: str) -> None:
    """Add one session; the cycle holds its places and the voie."""
    session = _add(action, "session", **({"numero": row["numero"]} if "numero" in row else {}))
    periode = _add(session, "periode")
    _add(periode, "debut", _date(row.get("date_debut"), "00000000"))
    _add(periode, "fin", _date(row.get("date_fin"), "99999999"))
    inscription = _add(_add(session, "adresse-inscription"), "adresse")
    for name, filler in (("ligne", "-"), ("codepostal", "-----"), ("ville", "-")):
        _add(inscription, name, filler)
    if "etat_recrutement" in row:
        _add(session, "etat-recrutement", _CODES_ETAT[row["etat_recrutement"]])
    if "capacite" in row or voie in _CODES_CYCLE:
        cycle = _add(session, "cycle")
        _coded(cycle, ELEMENTS["voie"], _CODES_CYCLE.get(voie), "0")
        if "capacite" in row:
            _add(cycle, "capacite-simultanee", str(int(row["capacite"])))


def _date(iso: str | None, unknown: str) -> str:
    """Return a date of ours as LHÉO writes it: AAAAMMJJ, the parts unknown being 00."""
    return iso.replace("-", "").ljust(8, "0") if iso else unknown


def _trainer(action: etree._Element, body: dict) -> None:
    formateur = _add(action, "organisme-formateur")
    _add(
        _add(formateur, "SIRET-formateur"), ELEMENTS["formateur_siret"], body.get("siret", "-" * 14)
    )
    _add(formateur, ELEMENTS["formateur_nom"], body.get("nom", "-")[:250])
    if "code_uai" in body:
        _add(_add(formateur, ELEMENTS["formateur_uai"]), "code-UAI", body["code_uai"])


def _funders(action: etree._Element, row: dict) -> None:
    """Add the funders; the places financed are a total, written with the first."""
    codes = row["financeurs"].split("|")[:8] if "financeurs" in row else []
    for rank, code in enumerate(codes or ([None] if "nb_places_financees" in row else [])):
        financeur = _add(action, "organisme-financeur")
        _coded(financeur, ELEMENTS["financeurs"], code, "0")
        if rank == 0 and "nb_places_financees" in row:
            _add(financeur, ELEMENTS["nb_places_financees"], str(int(row["nb_places_financees"])))


def _responsible_body(formation: etree._Element, body: dict) -> None:
    responsable = _add(formation, "organisme-formation-responsable")
    _add(responsable, "numero-activite", "9" * 11, info=INCONNU)
    _add(
        _add(responsable, "SIRET-organisme-formation"),
        ELEMENTS["responsable_siret"],
        body.get("siret", "-" * 14),
    )
    _add(responsable, ELEMENTS["responsable_nom"], body.get("nom", "-")[:250])
    _add(responsable, "raison-sociale", "-")
    _add(_add(responsable, "coordonnees-organisme"), "coordonnees")
    _add(_add(responsable, "contact-organisme"), "coordonnees")
    if "code_uai" in body:
        _add(_add(responsable, ELEMENTS["responsable_uai"]), "code-UAI", body["code_uai"])
