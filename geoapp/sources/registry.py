"""The sources as data: `geodata/sources.toml` read into frozen records, every row checked."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from geoapp.core.config import GEODATA
from geoapp.core.errors import ParameterError, SourceError
from geoapp.sources.rhythm import RYTHMES

REGISTRY = GEODATA / "sources.toml"

USAGES = (
    "offre",
    "offre_voisine",
    "offre_exemple",
    "offre_departement",
    "zonage",
    "population",
    "ages",
    "etablissements",
    "passage",
    "communes",
    "nomenclature",
    "verification",
    "statistique",
)

OPTIONS_FORMAT = {
    "csv": {"encoding": str, "delimiter": str, "skip": int},
    "xlsx": {"sheet": str, "header": int},
    "json": {"encoding": str},
    "boundaries": {},
    "lheo": {"voie": str},
    "intercarif": {"voie": str},
    "catalogue": {},
}
"""Every format, with the options that its reader takes and their types."""

FORMATS_PRETS = ("lheo", "intercarif", "catalogue")
"""Formats whose reader gives the columns of ours: no mapping is declared."""

OPTIONS_USAGE = {
    "offre": {"niveau": str, "mef": str, "sans_intitule": bool, "garder": dict, "derniere": str}
}
OPTIONS_USAGE |= dict.fromkeys(
    ("offre_voisine", "offre_exemple", "offre_departement"), OPTIONS_USAGE["offre"]
)
OPTIONS_USAGE["statistique"] = {"table": str}
OPTIONS_USAGE["etablissements"] = {"noms_seuls": bool}
"""Options that the check of a usage takes (`table`: the one that a statistics source feeds, flux or debouches; `noms_seuls`: establishments are named, not placed)."""

COLONNES: dict[str, tuple[str, ...]] = {
    "offre": (
        "id_formation",
        "id_action",
        "intitule",
        "type_diplome",
        "niveau",
        "code_formacode",
        "code_nsf",
        "code_rome",
        "code_rncp",
        "code_certifinfo",
        "code_cfd",
        "code_mef",
        "responsable_siret",
        "responsable_uai",
        "responsable_nom",
        "formateur_siret",
        "formateur_uai",
        "formateur_nom",
        "voie",
        "modalite",
        "modalite_entree",
        "est_conventionnee",
        "est_permanente",
        "duree_h",
        "nb_voeux",
        "financeurs",
        "nb_places_financees",
        "publics",
        "prix_eur",
        "prix_horaire_eur",
        "est_gratuite",
        "frais_restants",
        "url",
        "niveau_entree",
        "est_certifiante",
        "objectif",
        "contenu",
        "periodes",
        "capacite",
        "sessions",
        "lieu_adresse",
        "lieu_code_postal",
        "lieu_uai",
        "lieu_code_commune",
        "latitude",
        "longitude",
    ),
    "zonage": ("code_commune", "code_zone", "nom", "type_lien"),
    "population": ("id_point", "population", "longitude", "latitude", "code_commune"),
    "ages": (
        "code_zone",
        "population",
        "nb_18_24",
        "nb_25_39",
        "nb_40_54",
        "nb_55_64",
        "nb_65_79",
        "nb_80_plus",
    ),
    "etablissements": ("code_uai", "nom", "latitude", "longitude", "code_commune"),
    "passage": ("ancien_code", "code_commune", "nom", "type_ancienne"),
    "nomenclature": (
        "code_rome",
        "code_parent",
        "code_formacode",
        "code_nsf",
        "code_certifinfo",
        "code_cfd",
        "libelle",
        "transition_eco",
        "transition_num",
    ),
    "verification": ("code_commune", "code_zone", "nom", "date_fin"),
}
COLONNES["statistique"] = (
    "code_uai",
    "code_mef",
    "intitule",
    "voie",
    "nb_voeux",
    "capacite",
    "nb_entrants",
    "nom",
    "public",
    "taux_poursuite_pct",
    "taux_emploi_pct",
    "taux_emploi_attendu_pct",
    "valeur_ajoutee_pts",
    "part_poursuite_pct",
    "part_emploi_pct",
    "part_autres_pct",
)
COLONNES["offre_departement"] = (
    "id_formation",
    "code_departement",
    "intitule",
    "niveau",
    "code_formacode",
    "code_nsf",
    "code_rncp",
    "responsable_siret",
    "nb_actions",
    "nb_sessions",
    "nb_sessions_a_distance",
    "date_extraction",
)
COLONNES["offre_voisine"] = COLONNES["offre_exemple"] = COLONNES["offre"]
"""Columns of ours that a source of each usage may give (`offre`: those of `geoapp.offer.rows.FLAT`)."""

RULE_KEYS = {
    "colonne": str,
    "colonnes": list,
    "valeur": str,
    "separateur": str,
    "partie": int,
    "remplace": list,
    "valeurs": dict,
    "premiere": bool,
    "sinon": str,
}


@dataclass(frozen=True)
class Source:
    """One source: who made it, where it is, how its columns are read.

    `colonnes` maps a column of ours to a column of the file or to a rule (see
    `geoapp.sources.mapping`).  `remplacee_par` names the source whose rows are
    the same offer in a better or newer file: when that one is available, this
    one is read, checked and counted, but does not feed the tables.
    `autres_noms` gives, for a column of the file, the names that it bears in
    other versions; `facultatives` names those that some versions lack.
    """

    id: str
    titre: str
    producteur: str
    licence: str
    millesime: str
    usage: str
    format: str
    fichier: str = ""
    adresse: str = ""
    telechargement: str = ""
    membre: str = ""
    note: str = ""
    remplacee_par: str = ""
    type_zone: str = ""
    demonstration: str = ""
    rythme: str = ""
    colonnes: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    autres_noms: dict = field(default_factory=dict)
    facultatives: list = field(default_factory=list)


def load_sources(path: Path = REGISTRY) -> dict[str, Source]:
    """Return every source of the registry by id, in the order of the file.

    Raises
    ------
    SourceError
        When the TOML cannot be read, or a row breaks a rule: key, usage,
        format, option or column unknown, id repeated, reference to no source.
    """
    path = Path(path)
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["source"]
        sources = [Source(**one) for row in rows for one in _series(row)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(
            path, f"registre illisible ({error}).", cure="Corrigez le fichier."
        ) from None
    ids = [source.id for source in sources]
    for source in sources:
        if problem := _problem(source, ids):
            raise SourceError(
                path,
                problem,
                place=f"source « {source.id} »",
                cure="Corrigez cette ligne du registre.",
            )
    return {source.id: source for source in sources}


def _series(row: dict) -> list[dict]:
    """Return one row per name of `serie`, « {nom} » replaced in its texts; a row without `serie` is alone."""
    if "serie" not in row:
        return [row]
    common = {key: value for key, value in row.items() if key != "serie"}
    return [
        {
            key: value.replace("{nom}", nom.replace("_", "-") if key == "id" else nom)
            if isinstance(value, str)
            else value
            for key, value in common.items()
        }
        for nom in row["serie"]
    ]


def _problem(source: Source, ids: list[str]) -> str:
    """Return in French the first rule that a row breaks, or an empty text."""
    texts = {
        nom: value
        for nom, value in vars(source).items()
        if nom not in ("colonnes", "options", "autres_noms", "facultatives")
    }
    bad = next((nom for nom, value in texts.items() if not isinstance(value, str)), None)
    if bad:
        return f"{bad} doit être un texte."
    if ids.count(source.id) > 1 or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", source.id):
        return "identifiant répété, ou qui n'est pas fait de minuscules, chiffres et tirets."
    if source.remplacee_par and (
        source.remplacee_par not in ids or source.remplacee_par == source.id
    ):
        return f"remplacee_par = « {source.remplacee_par} » n'est pas une autre source.{_near(source.remplacee_par, ids)}"
    for nom, known in (
        ("usage", USAGES),
        ("format", tuple(OPTIONS_FORMAT)),
        ("rythme", ("", *RYTHMES)),
    ):
        if texts[nom] not in known:
            return f"{nom} = « {texts[nom]} » inconnu. Valeurs admises : {', '.join(filter(None, known))}."
    return _place_problem(source) or _options_problem(source) or _columns_problem(source)


def _place_problem(source: Source) -> str:
    """Return what is wrong in where a source is, or an empty text."""
    for nom in ("adresse", "telechargement"):
        address = getattr(source, nom)
        if address and not re.match(r"https?://[^\s/]+", address):
            return f"{nom} = « {address} » n'est pas une adresse http ou https."
    parts = PurePosixPath(source.fichier).parts
    if ".." in parts or source.fichier.startswith("/"):
        return f"fichier = « {source.fichier} » sort du dossier miroir."
    if (source.usage == "zonage") != bool(source.type_zone):
        return "type_zone est attendu pour un zonage, et pour lui seul."
    return ""


def _options_problem(source: Source) -> str:
    """Return what is wrong in the options, or an empty text."""
    known = OPTIONS_FORMAT[source.format] | OPTIONS_USAGE.get(source.usage, {})
    for nom, value in source.options.items():
        if nom not in known:
            return f"option « {nom} » inconnue.{_near(nom, known)}"
        if type(value) is not known[nom]:
            return f"option « {nom} » = {value!r} : {known[nom].__name__} attendu."
    garder = source.options.get("garder", {"x": "x"})
    if not _are_texts(garder.values()):
        return "option « garder » : colonne = texte attendu."
    if source.usage == "statistique" and source.options.get("table") not in ("flux", "debouches"):
        return "option « table » attendue pour une statistique : flux ou debouches."
    if len(source.options.get("delimiter", ";")) != 1:
        return "option « delimiter » : un seul caractère attendu."
    if source.options.get("skip", 0) < 0 or source.options.get("header", 1) < 1:
        return "options « skip » (0 ou plus) et « header » (1 ou plus) : nombre de lignes attendu."
    return ""


def _columns_problem(source: Source) -> str:
    """Return what is wrong in the column mapping, or an empty text."""
    known = COLONNES.get(source.usage, ())
    if source.format in FORMATS_PRETS and source.colonnes == {}:
        return ""
    if not isinstance(source.colonnes, dict) or not source.colonnes:
        return "colonnes : au moins une colonne est attendue."
    for ours, rule in source.colonnes.items():
        if known and ours not in known:
            return (
                f"colonne « {ours} » inconnue pour l'usage « {source.usage} ».{_near(ours, known)}"
            )
        if problem := rule_problem(rule):
            return f"colonne « {ours} » : {problem}"
    names = (
        [*source.autres_noms.values(), source.facultatives or ["x"]]
        if isinstance(source.autres_noms, dict)
        else [""]
    )
    return (
        ""
        if all(isinstance(one, list) and _are_texts(one) for one in names)
        else "autres_noms et facultatives attendent des listes de noms de colonnes."
    )


def _near(value: str, known) -> str:
    """Return the nearest accepted value as a proposal."""
    near = difflib.get_close_matches(value, list(known), n=1)
    return f" Vouliez-vous dire « {near[0]} » ?" if near else ""


def rule_problem(rule) -> str:
    """Return in French why a rule of `colonnes` cannot be applied, or an empty text."""
    if isinstance(rule, str):
        return "" if rule else "nom de colonne vide."
    if isinstance(rule, list):
        return "" if _are_texts(rule) else "une liste de noms de colonnes est attendue."
    if not isinstance(rule, dict):
        return "un nom de colonne, une liste ou une table est attendu."
    for key, value in rule.items():
        if key not in RULE_KEYS:
            return f"clé « {key} » inconnue.{_near(key, RULE_KEYS)}"
        if type(value) is not RULE_KEYS[key] or (value in ("", [], {}) and key != "valeur"):
            return f"{key} = {value!r} : {RULE_KEYS[key].__name__} non vide attendu."
    if len({"colonne", "colonnes", "valeur"} & rule.keys()) != 1 or (
        "valeur" in rule and len(rule) > 1
    ):
        return "une seule des clés colonne, colonnes, valeur (seule) est attendue."
    if not _are_texts(rule.get("colonnes", ["x"])) or not _are_texts(
        rule.get("valeurs", {"x": "x"}).values()
    ):
        return "colonnes et valeurs sont faites de textes."
    return next(
        (problem for pair in rule.get("remplace", []) if (problem := _pair_problem(pair))), ""
    )


def _are_texts(values) -> bool:
    """Tell whether values are texts, at least one."""
    return bool(values) and all(isinstance(value, str) and value for value in values)


def _pair_problem(pair) -> str:
    """Return why a pair of `remplace` cannot be applied, or an empty text."""
    if not (
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(text, str) for text in pair)
    ):
        return "remplace attend des paires [expression, remplacement]."
    try:
        groups = re.compile(pair[0]).groups
    except re.error as error:
        return f"expression « {pair[0]} » illisible ({error})."
    asked = [int(number) for number in re.findall(r"\\(\d)", pair[1])]
    return (
        f"remplacement « {pair[1]} » : groupe absent de l'expression."
        if max(asked, default=0) > groups
        else ""
    )


def get_source(id_source: str) -> Source:
    """Return one source, or raise `ParameterError` naming the nearest id."""
    sources = load_sources()
    if id_source in sources:
        return sources[id_source]
    near = _near(id_source, sources) or f" Sources connues : {', '.join(sources)}."
    raise ParameterError(f"Source inconnue : « {id_source} ».{near}")
