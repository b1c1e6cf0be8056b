"""Propose how to read the table of a body: which of its columns is which of ours.

By the name of each column, and by what its cells hold; a person confirms.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from geoapp.core.errors import SourceError
from geoapp.core.schema.offer_columns import LUES
from geoapp.offer.periods import read_periods
from geoapp.reference import codes
from geoapp.reference.codes.text import fold
from geoapp.sources.fillers import REMPLISSAGES
from geoapp.sources.formats import FORMATS, recognise_format
from geoapp.sources.header_line import bare
from geoapp.sources.headers import expected_names
from geoapp.sources.local import PREFIXE
from geoapp.sources.reading import read_raw
from geoapp.sources.records import show
from geoapp.sources.registry import Source, load_sources

NB_EXEMPLES = 3
SEUIL = 0.6
"""Least score, from 0 to 2, of a column that is proposed: a name alone or a content alone do."""


@dataclass(frozen=True, kw_only=True)
class Reconnue:
    """How a column of ours is told in a table of a body.

    Attributes
    ----------
    mots : tuple of str
        Names it bears there, folded; a name that begins with one of them is one.
    contenu : callable, optional
        Gives the share of cells that are such values.
    suffit : bool
        Its content tells it whatever its name.
    """

    nom: str
    mots: tuple[str, ...]
    contenu: Callable[[pd.Series], float] | None = None
    suffit: bool = False
    jamais: tuple[str, ...] = ()


def _share(check: Callable[[pd.Series], pd.Series]) -> Callable[[pd.Series], float]:
    """Return what gives the share of values that a check keeps."""
    return lambda values: float(check(values).notna().mean())


def _matches(pattern: str) -> Callable[[pd.Series], float]:
    """Return what gives the share of values of a form."""
    form = re.compile(pattern, re.IGNORECASE)
    return lambda values: float(values.str.strip().str.fullmatch(form).mean())


def _between(least: float, most: float) -> Callable[[pd.Series], float]:
    """Return what gives the share of values that are numbers of a range."""

    def share(values: pd.Series) -> float:
        number = pd.to_numeric(values.str.replace(",", ".", regex=False), errors="coerce")
        return float(number.between(least, most).mean())

    return share


def _dates(values: pd.Series) -> float:
    """Return the share of values that are dates with a month."""
    read = values.map(read_periods).astype("str")
    return float(read.str.len().ge(7).mean())


_PAIRE = r"\(?\s*-?\d{1,2}\.\d+\s*(?P<signe>[,;/]|\s)\s*-?\d{1,2}\.\d+\s*\)?"
"""Latitude and longitude in one cell, as portals write them; the other order is mended."""


def _titles(values: pd.Series) -> float:
    """Return the share of values that look like the title of a training."""
    words = "cap|bac|bts|but|titre|licence|master|bachelor|dipl|certif|mention|brevet|bp|tp"
    return float(values.map(fold).str.contains(rf"\b(?:{words})").mean())


RECONNUES: tuple[Reconnue, ...] = (
    Reconnue(
        nom="intitule",
        mots=(
            "intitule",
            "libelle de la formation",
            "libelle formation",
            "nom de la formation",
            "formation",
            "titre",
            "libelle",
            "certification",
            "nom formation",
            "diplome prepare",
        ),
        contenu=_titles,
        jamais=(
            "code",
            "date",
            "organisme",
            "lieu",
            "site",
            "duree",
            "niveau",
            "type",
            "cout",
            "responsable",
            "debut",
            "fin",
            "adresse",
            "ville",
            "url",
            "lien",
        ),
    ),
    Reconnue(
        nom="type_diplome",
        mots=("type de diplome", "diplome", "type diplome", "type de certification"),
    ),
    Reconnue(
        nom="niveau",
        mots=("niveau", "niveau de sortie", "niveau europeen", "niv"),
        jamais=("entree", "prerequis"),
    ),
    Reconnue(
        nom="code_rncp",
        mots=("rncp", "code rncp", "n rncp", "numero rncp", "fiche rncp"),
        contenu=_matches(r"RNCP\s?\d{2,6}"),
        suffit=True,
    ),
    Reconnue(
        nom="code_rome",
        mots=("rome", "code rome", "metier"),
        contenu=_matches(r"[A-N]\d{4}(?:\W+[A-N]\d{4})*"),
        suffit=True,
    ),
    Reconnue(nom="code_formacode", mots=("formacode", "code formacode")),
    Reconnue(nom="code_nsf", mots=("nsf", "code nsf")),
    Reconnue(
        nom="code_cfd", mots=("cfd", "code diplome", "code scolarite", "code formation diplome")
    ),
    Reconnue(nom="code_certifinfo", mots=("certif info", "certifinfo", "code certifinfo")),
    Reconnue(
        nom="formateur_siret",
        mots=("siret", "siret organisme", "n siret", "numero siret"),
        contenu=_share(codes.check_siret),
        suffit=True,
    ),
    Reconnue(
        nom="lieu_uai",
        mots=("uai", "code uai", "rne", "n uai"),
        contenu=_share(codes.check_uai),
        suffit=True,
    ),
    Reconnue(
        nom="formateur_nom",
        mots=(
            "organisme",
            "nom de l organisme",
            "cfa",
            "etablissement",
            "raison sociale",
            "centre de formation",
            "nom du cfa",
            "centre",
            "of",
        ),
    ),
    Reconnue(
        nom="lieu_adresse",
        mots=(
            "adresse",
            "adresse du site",
            "lieu",
            "site",
            "rue",
            "lieu de formation",
            "adresse lieu",
        ),
        contenu=_matches(
            r".*\b(?:rue|avenue|av|boulevard|bd|place|route|chemin|all[ée]e|quai|impasse|zone|za|zi)\b.*"
            r"|(?:.*\D)?\d{5}\D.*|\D+(?:\d{5}|\(\d\d\))"
        ),
        suffit=True,
        jamais=("mail", "code", "uai", "siret", "web", "insee"),
    ),
    Reconnue(
        nom="lieu_code_postal",
        mots=("code postal", "cp", "postal", "code postal lieu", "code postal du site"),
        contenu=_matches(r"(?:F-?)?\d{4,5}(?:\s+\D.*)?"),
    ),
    Reconnue(
        nom="ville",
        mots=("ville", "commune", "localite", "ville du site", "ville de formation"),
        jamais=("code", "insee"),
    ),
    Reconnue(
        nom="lieu_code_commune",
        mots=("insee", "code insee", "code commune", "depcom", "codgeo"),
        contenu=_share(lambda values: codes.normalise_code_commune(values)[0]),
    ),
    Reconnue(nom="latitude", mots=("latitude", "lat", "y"), contenu=_between(41, 51.5)),
    Reconnue(
        nom="longitude", mots=("longitude", "lon", "lng", "long", "x"), contenu=_between(-5.5, 10)
    ),
    Reconnue(
        nom="position",
        mots=("geo point 2d", "geo point", "coordonnees gps", "coordonnees", "gps", "position"),
        contenu=_matches(_PAIRE),
        suffit=True,
    ),
    Reconnue(
        nom="periodes",
        mots=(
            "date de debut",
            "debut",
            "date debut",
            "date d entree",
            "rentree",
            "demarrage",
            "periode",
            "session",
            "dates",
            "date",
            "entree",
        ),
        contenu=_dates,
        jamais=("fin", "limite", "inscription", "maj", "naissance", "creation"),
    ),
    Reconnue(
        nom="fin",
        mots=("date de fin", "fin", "date fin", "fin de formation", "date de sortie"),
        contenu=_dates,
        jamais=("inscription", "validite", "candidature", "contrat"),
    ),
    Reconnue(
        nom="duree_h",
        mots=(
            "duree en heures",
            "nombre d heures",
            "heures",
            "nb heures",
            "volume horaire",
            "duree h",
            "duree",
        ),
        contenu=_matches(r"[\d  .,]+\s*(?:h|heures?)?"),
        jamais=("mois", "jour", "semaine", "an"),
    ),
    Reconnue(
        nom="prix_eur",
        mots=("prix", "cout", "tarif", "cout total", "frais"),
        contenu=_matches(r"[\d  .,]+\s*(?:€|euros?)?"),
        jamais=("horaire", "heure"),
    ),
    Reconnue(
        nom="capacite",
        mots=("places", "capacite", "nb places", "nombre de places", "effectif", "effectif max"),
        contenu=_matches(r"\d{1,4}"),
    ),
    Reconnue(
        nom="voie",
        mots=("voie", "statut", "type de contrat", "dispositif"),
        contenu=_share(codes.normalise_voie),
    ),
    Reconnue(
        nom="url",
        mots=("url", "site web", "lien", "site internet", "page"),
        contenu=_matches(r"(?:https?://|www\.)\S+"),
        suffit=True,
    ),
    Reconnue(
        nom="id_action",
        mots=(
            "identifiant",
            "id",
            "reference",
            "ref",
            "code action",
            "numero",
            "code formation",
            "code session",
            "n",
        ),
    ),
)
"""Columns of ours that a table of a body may hold, those that name a place or a code first told."""

_COMPOSEES = ("ville", "id_action", "position", "fin")
"""What is no column of ours by itself."""

_D_UNE_SESSION = ("periodes", "capacite")
"""What a session tells, where its last day is known."""


@dataclass(frozen=True, kw_only=True)
class ColonneReconnue:
    """One column that is proposed: ours, theirs, examples, and what told it."""

    notre: str
    leur: str
    exemples: list[str]
    preuve: str


@dataclass(frozen=True, kw_only=True)
class Proposition:
    """What is proposed for a file: the source that would read it, and how that was told."""

    source: Source
    lignes: list[ColonneReconnue]
    laissees: list[str] = field(default_factory=list)
    manques: list[str] = field(default_factory=list)


def propose(path: Path) -> Proposition:
    """Return a source that reads a table of a body, as its columns say.

    Raises
    ------
    SourceError
        The file is no table, is read without mapping, or no column tells a title or a place.
    """
    format = recognise_format(path)
    if not FORMATS[format].est_tableau:
        raise SourceError(
            path,
            f"{FORMATS[format].libelle} : ce format est lu sans correspondance de colonnes.",
            cure="Vérifiez-le avec « geoapp check », sans --proposer.",
        )
    raw = read_raw(path, format, {}, _known_names()).frame
    found = match_columns(raw)
    wanted = {"intitule": "un intitulé", "lieu": "un lieu"}
    has_place = {"lieu_code_commune", "lieu_code_postal", "lieu_uai", "lieu_adresse"} & found.keys()
    has_point = {"latitude", "longitude"} <= found.keys() or "position" in found
    lacking = [
        word
        for key, word in wanted.items()
        if (key == "intitule" and key not in found)
        or (key == "lieu" and not has_place and not has_point)
    ]
    if lacking:
        shown = ", ".join(f"« {show(name)} »" for name in list(raw.columns)[:12])
        raise SourceError(
            path,
            f"aucune colonne ne dit {' ni '.join(lacking)}.",
            place=f"colonnes : {shown}",
            cure="Nommez-la « intitulé », « code INSEE », « code postal », « adresse » ou "
            "« latitude » et « longitude ».",
        )
    source = _source_of(path, format, found, raw)
    lines = [
        ColonneReconnue(
            notre=ours,
            leur=theirs,
            exemples=list(map(show, raw[theirs].dropna().drop_duplicates().head(NB_EXEMPLES))),
            preuve=proof,
        )
        for ours, (theirs, proof) in found.items()
    ]
    used = {theirs for theirs, _ in found.values()}
    labels = {row.nom_plat for row in LUES} - source.colonnes.keys()
    absent = [one.nom for one in RECONNUES if one.nom in labels and one.nom not in found]
    return Proposition(
        source=source,
        lignes=lines,
        laissees=[str(name) for name in raw.columns if name not in used],
        manques=absent,
    )


def _known_names() -> frozenset[str]:
    """Return the names that the columns of a table of a body may bear, bare."""
    mine = frozenset(bare(word) for one in RECONNUES for word in one.mots)
    return mine | expected_names(one for one in load_sources().values() if one.usage == "offre")


def match_columns(raw: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Return column of ours → column of a table, and what told it (name, content or both).

    Each column of the table is one of ours at most: the surest pair first.
    """
    pairs = []
    for rank, name in enumerate(raw.columns):
        values = raw[name].dropna()
        values = values[~values.str.lower().isin(REMPLISSAGES)].head(500)
        for order, one in enumerate(RECONNUES):
            by_name = _name_score(fold(str(name)), one)
            by_content = one.contenu(values) if one.contenu and len(values) else 0.0
            # A name that its cells deny is another thing of that name.
            if (
                one.contenu
                and by_name
                and by_content < 0.3
                and len(values)
                and one.nom != "intitule"
            ):
                continue
            alone = by_content if one.suffit and by_content >= 0.8 else 0.0
            score = by_name + (by_content if by_name else alone)
            if score >= SEUIL:
                proof = (
                    "nom et contenu" if by_name and by_content else "nom" if by_name else "contenu"
                )
                pairs.append((-score, order, rank, one.nom, str(name), proof))
    found: dict[str, tuple[str, str]] = {}
    taken: set[str] = set()
    for _, _, _, ours, theirs, proof in sorted(pairs):
        if ours not in found and theirs not in taken:
            found[ours] = theirs, proof
            taken.add(theirs)
    # What would serve nothing is left to the person who reads.
    if {"latitude", "longitude"} <= found.keys():
        found.pop("position", None)
    if "periodes" not in found:
        found.pop("fin", None)
    return found


def _name_score(name: str, one: Reconnue) -> float:
    """Return how far a name says a column of ours: 1 for one of its names, less for longer ones."""
    if name in one.mots:
        return 1.0
    words = name.split()
    if any(word in words for word in one.jamais):
        return 0.0
    held = [word for word in one.mots if len(word) > 1 and f" {word} " in f" {name} "]
    if not held:
        return 0.0
    return 0.6 + 0.3 * max(len(word.split()) for word in held) / len(words)


def _source_of(
    path: Path, format: str, found: dict[str, tuple[str, str]], raw: pd.DataFrame
) -> Source:
    """Return the source that reads a file as it was matched."""
    theirs = {ours: name for ours, (name, _) in found.items()}
    columns: dict = {ours: name for ours, name in theirs.items() if ours not in _COMPOSEES}
    if "ville" in theirs and "lieu_code_postal" in theirs:
        # The name beside its postcode says the commune where several share it.
        pair = [theirs["lieu_code_postal"], theirs["ville"]]
        columns["lieu_code_postal"] = {"colonnes": pair, "separateur": " "}
    if "position" in theirs:
        columns |= _two_of(raw, theirs["position"])
    if "fin" in theirs:
        # A session: its number, unknown, its first day, its last one, its places.
        said = [theirs[ours] for ours in ("periodes", "fin", "capacite") if ours in theirs]
        rule = {"colonnes": said, "separateur": ";", "vides": True, "remplace": [["^", ";"]]}
        columns = {ours: name for ours, name in columns.items() if ours not in _D_UNE_SESSION}
        columns["sessions"] = rule
    told = [
        theirs[ours]
        for ours in ("intitule", "code_rncp", "formateur_siret", "lieu_uai", "lieu_code_commune",
                     "lieu_code_postal", "lieu_adresse", "periodes")
        if ours in theirs
    ]  # fmt: skip
    is_key = "id_action" in theirs and not raw[theirs["id_action"]].dropna().duplicated().any()
    ids = {
        "id_formation": [theirs[ours] for ours in ("intitule", "code_rncp") if ours in theirs],
        "id_action": [theirs["id_action"]] if is_key else told,
    }
    stem = re.sub(r"[^a-z0-9]+", "-", fold(path.name.split(".")[0])).strip("-") or "table"
    return Source(
        id=f"{PREFIXE}{stem}",
        titre=f"Table d'un organisme : {path.name}",
        producteur="à préciser",
        licence="à préciser",
        millesime=_newest_year(raw, theirs.get("periodes")),
        usage="offre",
        format=format,
        fichier=f"{stem}{''.join(path.suffixes[-2:])}",
        note="Correspondance proposée par « geoapp check --proposer », à relire.",
        options={"niveau": _notation(raw, theirs.get("niveau"))},
        colonnes=ids | columns,
        est_locale=True,
    )


def _two_of(raw: pd.DataFrame, column: str) -> dict:
    """Return the rules of a latitude and a longitude that are in one cell."""
    between = raw[column].dropna().str.strip().str.extract(f"^{_PAIRE}$")["signe"].dropna()
    separator = next(iter(between.mode()), ",")
    return {
        ours: {
            "colonne": column,
            "separateur": separator,
            "partie": rank,
            "remplace": [[r"[()\s]", ""]],
        }
        for rank, ours in enumerate(("latitude", "longitude"))
    }


def _newest_year(raw: pd.DataFrame, column: str | None) -> str:
    """Return the last year that the dates of a table say; « courant » without any."""
    read = raw[column].dropna().map(read_periods).dropna() if column else []
    return max((text[:4] for text in read), default="courant")


def _notation(raw: pd.DataFrame, column: str | None) -> str:
    """Return how levels are written: European numbers, or words."""
    values = raw[column].dropna() if column else pd.Series(dtype="str")
    return "europeen" if len(values) == 0 or _matches(r"[2-8]")(values) > 0.5 else "libelle"
