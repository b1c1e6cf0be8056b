"""The sources as data: `geodata/sources.toml` read into frozen records, every row checked."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import Any

from geoapp.core.config import GEODATA
from geoapp.core.errors import ParameterError, SourceError
from geoapp.core.french import upper_first
from geoapp.core.memory import Memory
from geoapp.sources.claims import claims_problem
from geoapp.sources.formats import FORMATS
from geoapp.sources.rhythm import RYTHMES
from geoapp.sources.usages import USAGES

REGISTRY = GEODATA / "sources.toml"
ANNEE = "{annee}"
"""What stands for the year in the texts of a row that is a series."""

RULE_KEYS = {
    "colonne": str,
    "colonnes": list,
    "valeur": str,
    "annee": bool,
    "separateur": str,
    "partie": int,
    "remplace": list,
    "valeurs": dict,
    "premiere": bool,
    "vides": bool,
    "sinon": str,
}


@dataclass(frozen=True, kw_only=True)
class Source:
    """One source: who made it, where it is, how its columns are read.

    `colonnes` maps a column of ours to a column of the file or to a rule (see
    `geoapp.sources.mapping`).  `remplacee_par` names the source whose rows are
    the same offer in a better or newer file: when that one is available, this
    one is read, checked and counted, but does not feed the tables.
    `autres_noms` gives, for a column of the file, the names that it bears in
    other versions; `facultatives` names those that some versions lack.

    A row with `annees` is a series: one source by year, `serie` being what they
    have in common, `annee` the year of each and `modele` the name of its files;
    `colonne_annee` is the column of the file that says the year, when one does.
    `region` is the code of the only region that the file tells of, or « sauf » and that of the one
    where a better file is read.
    `perimetre` says what a source of the offer claims to hold (`geoapp.sources.claims`).
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
    region: str = ""
    rythme: str = ""
    colonnes: dict = field(default_factory=dict)
    options: dict = field(default_factory=dict)
    autres_noms: dict = field(default_factory=dict)
    facultatives: list = field(default_factory=list)
    serie: str = ""
    annee: str = ""
    modele: str = ""
    colonne_annee: str = ""
    perimetre: list = field(default_factory=list)
    est_locale: bool = False
    """Of the local registry of an installation: its file is in the data folder."""

    def tells_of(self, region: str) -> bool:
        """Tell whether the file is to be read when a region is served."""
        but = self.region.startswith("sauf ")
        return not self.region or (self.region.removeprefix("sauf ") == region) is not but


def sources_of_region(sources: Mapping[str, Source], region: str) -> list[Source]:
    """Return the sources that serve a region, in their order.

    A file that tells of another region only is not looked for: its demonstration may stand for it.
    """
    here = {nom: one for nom, one in sources.items() if one.tells_of(region)}
    return [
        one if nom in here else _stand_in(one)
        for nom, one in sources.items()
        if nom in here or one.demonstration
    ]


def _stand_in(source: Source) -> Source:
    """Return what is invented elsewhere in the place of a file of one region."""
    usage = USAGES[source.usage]
    return replace(
        source,
        titre=upper_first(usage.libelle) if usage.est_offre else source.titre,
        fichier="",
        telechargement="",
        remplacee_par="",
        note="",
    )


def load_sources(
    path: Path = REGISTRY, *, annees: Mapping[str, Iterable[str]] = MappingProxyType({})
) -> dict[str, Source]:
    """Return every source of the registry by id, in the order of the file.

    `annees` gives, by model of file name, years to add to those that the
    registry knows of a series.

    Raises
    ------
    SourceError
        When the TOML cannot be read, or a row breaks a rule: key, usage,
        format, option or column unknown, id repeated, reference to no source.
    """
    path = Path(path)
    changed = path.stat().st_mtime_ns if path.exists() else 0
    years = tuple(sorted((modele, tuple(known)) for modele, known in annees.items()))
    return dict(_READ.get((path, changed, years), lambda: _read(path, annees)))


_READ = Memory(8)
"""Registries read, by path, time of change and years: one source is asked at a time."""


def _read(path: Path, annees: Mapping[str, Iterable[str]]) -> dict[str, Source]:
    """Return the sources of a registry, checked."""
    try:
        rows = tomllib.loads(path.read_text(encoding="utf-8"))["source"]
        sources = [
            Source(**one) for row in rows for named in _series(row) for one in _years(named, annees)
        ]
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
    """Return one row per name of `serie`, « {nom} » replaced in its texts.

    A row without `serie` is alone.
    """
    if "serie" not in row:
        return [row]
    common = {key: value for key, value in row.items() if key != "serie"}
    return [{key: _named(key, value, nom) for key, value in common.items()} for nom in row["serie"]]


def _named(key: str, value: Any, nom: str) -> Any:
    """Return a value of a row of a series with its name in it."""
    if not isinstance(value, str):
        return value
    # Identifiers take dashes, names of columns and files take underscores.
    return value.replace("{nom}", nom.replace("_", "-") if key == "id" else nom)


def _years(row: dict, annees: Mapping[str, Iterable[str]]) -> list[dict]:
    """Return one row per year of a series, the oldest first; a row without `annees` is alone."""
    if "annees" not in row:
        return [row]
    known = row["annees"]
    if not isinstance(known, list) or not all(re.fullmatch(r"20\d\d", str(one)) for one in known):
        raise ValueError("annees attend une liste d'années, de 2000 à 2099")
    if not all(ANNEE in row.get(key, "") for key in ("id", "titre", "fichier", "millesime")):
        raise ValueError(f"une série écrit {ANNEE} dans id, titre, fichier et millesime")
    common = {key: value for key, value in row.items() if key != "annees"}
    shared = {"modele": row["fichier"], "serie": row["id"].replace(f"-{ANNEE}", "")}
    return [
        {
            key: value.replace(ANNEE, annee) if isinstance(value, str) else value
            for key, value in common.items()
        }
        | {**shared, "annee": annee}
        for annee in sorted({*known, *annees.get(row["fichier"], ())})
    ]


def _problem(source: Source, ids: list[str]) -> str:
    """Return in French the first rule that a row breaks, or an empty text."""
    texts = {
        nom: value
        for nom, value in vars(source).items()
        if nom
        not in ("colonnes", "options", "autres_noms", "facultatives", "perimetre", "est_locale")
    }
    bad = next((nom for nom, value in texts.items() if not isinstance(value, str)), None)
    if bad:
        return f"{bad} doit être un texte."
    if ids.count(source.id) > 1 or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", source.id):
        return "identifiant répété, ou qui n'est pas fait de minuscules, chiffres et tirets."
    by = source.remplacee_par
    if by and (by not in ids or by == source.id):
        return f"remplacee_par = « {by} » n'est pas une autre source.{_near(by, ids)}"
    for nom, known in (
        ("usage", tuple(USAGES)),
        ("format", tuple(FORMATS)),
        ("rythme", ("", *RYTHMES)),
    ):
        if texts[nom] not in known:
            accepted = ", ".join(filter(None, known))
            return f"{nom} = « {texts[nom]} » inconnu. Valeurs admises : {accepted}."
    return (
        _place_problem(source)
        or _options_problem(source)
        or _columns_problem(source)
        or _claims_problem(source)
    )


def _place_problem(source: Source) -> str:
    """Return what is wrong in where a source is, or an empty text."""
    for nom in ("adresse", "telechargement"):
        address = getattr(source, nom)
        if address and not re.match(r"https?://[^\s/]+", address):
            return f"{nom} = « {address} » n'est pas une adresse http ou https."
    parts = PurePosixPath(source.fichier).parts
    if ".." in parts or source.fichier.startswith("/"):
        return f"fichier = « {source.fichier} » sort du dossier miroir."
    if not re.fullmatch(r"((sauf )?\d{2})?", source.region):
        return f"region = « {source.region} » : « 32 » ou « sauf 32 » est attendu."
    if USAGES[source.usage].est_zonage != bool(source.type_zone):
        return "type_zone est attendu pour un zonage, et pour lui seul."
    return ""


def _claims_problem(source: Source) -> str:
    """Return what is wrong in the claims, or an empty text."""
    if source.perimetre and not USAGES[source.usage].est_offre:
        return f"perimetre : l'usage « {source.usage} » n'est pas une offre de la région."
    return claims_problem(source.perimetre)


def _options_problem(source: Source) -> str:
    """Return what is wrong in the options, or an empty text."""
    known = {**FORMATS[source.format].options, **USAGES[source.usage].options}
    for nom, value in source.options.items():
        if nom not in known:
            return f"option « {nom} » inconnue.{_near(nom, known)}"
        if type(value) is not known[nom].type:
            return f"option « {nom} » = {value!r} : {known[nom].type.__name__} attendu."
    for nom, option in known.items():
        given = nom in source.options
        if option.est_bonne(source.options[nom]) if given else not option.est_requise:
            continue
        return option.probleme
    return ""


def _columns_problem(source: Source) -> str:
    """Return what is wrong in the column mapping, or an empty text."""
    known = USAGES[source.usage].colonnes
    if FORMATS[source.format].est_pret and source.colonnes == {}:
        return ""
    if not isinstance(source.colonnes, dict) or not source.colonnes:
        return "colonnes : au moins une colonne est attendue."
    for ours, rule in source.colonnes.items():
        if known and ours not in known:
            near = _near(ours, known)
            return f"colonne « {ours} » inconnue pour l'usage « {source.usage} ».{near}"
        if problem := rule_problem(rule):
            return f"colonne « {ours} » : {problem}"
    # TOML may give anything where a list of names is expected.
    others: Any = source.autres_noms
    lists = list(others.values()) if isinstance(others, dict) else [""]
    lists.append(source.facultatives or ["x"])
    if all(isinstance(one, list) and _are_texts(one) for one in lists):
        return ""
    return "autres_noms et facultatives attendent des listes de noms de colonnes."


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
    given = {"colonne", "colonnes", "annee", "valeur"} & rule.keys()
    if len(given) != 1 or ("valeur" in rule and len(rule) > 1):
        return "une seule des clés colonne, colonnes, annee, valeur (seule) est attendue."
    texts = (rule.get("colonnes", ["x"]), rule.get("valeurs", {"x": "x"}).values())
    if not all(map(_are_texts, texts)):
        return "colonnes et valeurs sont faites de textes."
    return next(filter(None, map(_pair_problem, rule.get("remplace", []))), "")


def _are_texts(values) -> bool:
    """Tell whether values are texts, at least one."""
    return bool(values) and all(isinstance(value, str) and value for value in values)


def _pair_problem(pair) -> str:
    """Return why a pair of `remplace` cannot be applied, or an empty text."""
    is_pair = isinstance(pair, list) and len(pair) == 2
    if not is_pair or not all(isinstance(text, str) for text in pair):
        return "remplace attend des paires [expression, remplacement]."
    try:
        groups = re.compile(pair[0]).groups
    except re.error as error:
        return f"expression « {pair[0]} » illisible ({error})."
    asked = [int(number) for number in re.findall(r"\\(\d)", pair[1])]
    if max(asked, default=0) > groups:
        return f"remplacement « {pair[1]} » : groupe absent de l'expression."
    return ""


def get_source(id_source: str) -> Source:
    """Return one source; the name of a series stands for its newest year.

    Raises
    ------
    ParameterError
        No source has this id: the nearest one is proposed.
    """
    sources = load_sources()
    if id_source in sources:
        return sources[id_source]
    if years := [one for one in sources.values() if one.serie and one.serie == id_source]:
        return years[-1]
    near = _near(id_source, sources) or f" Sources connues : {', '.join(sources)}."
    raise ParameterError(f"Source inconnue : « {id_source} ».{near}")
