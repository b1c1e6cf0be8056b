"""Filters of the offer, as rows of a table shared by the CLI, the maps and the web.

Adding a filter is adding a row to `FILTRES`.  A filter accepts several values
(any of them is enough) and the filters add up (all of them are needed).  An
unknown value is a value like another: `inconnu`, « Non renseigné ».
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import pandas as pd

from geoapp.core.errors import ParameterError
from geoapp.core.french import NON_RENSEIGNE
from geoapp.core.snapshot import Snapshot
from geoapp.offer.starts import DEBUTS
from geoapp.offer.values import (
    AUCUNE,
    INCONNU,
    entity_of,
    read_column,
    read_debut,
    read_entity,
    read_flag,
    read_prix,
    read_rev3,
    read_zones,
)
from geoapp.reference.codes.diplomas import load_diplomes
from geoapp.reference.codes.domains import load_domaines
from geoapp.reference.codes.funding import FINANCEURS, NIVEAUX_ENTREE, PUBLICS, public_label
from geoapp.reference.codes.identifiers import name_unnamed, nearest_accepted
from geoapp.reference.codes.levels import load_niveaux
from geoapp.reference.codes.text import fold
from geoapp.reference.codes.voies import VOIES
from geoapp.reference.vicinity import REGION_LIVREE
from geoapp.reference.zonings import ZONAGES

MODALITES = {"sur_place": "Sur place", "mixte": "Mixte", "a_distance": "À distance"}
PRIX = {
    "gratuit": "Gratuit pour le stagiaire",
    "a_charge": "Frais à la charge du stagiaire",
    "indique": "Prix indiqué",
}
REV3 = {
    "ecologique": "Transition écologique",
    "energetique": "Transition énergétique",
    "numerique": "Transition numérique",
}


@dataclass(frozen=True, kw_only=True)
class Option:
    """One accepted value: its label, how it reads in a sentence, its number of offers.

    `genre` is what a label alone does not say: Lille is an arrondissement, a zone d'emploi…
    """

    valeur: str
    libelle: str
    mots: str
    groupe: str = ""
    genre: str = ""
    nb: int = 0

    @property
    def distingue(self) -> str:
        """Return the label where others stand beside it: « Lille (zone d'emploi 2020) »."""
        return f"{self.libelle} ({self.genre})" if self.genre else self.libelle

    def counted(self, nb: int) -> Option:
        """Return the option with a number of offers; the same one when it is 0."""
        return replace(self, nb=nb) if nb else self


@dataclass(frozen=True, kw_only=True)
class Filtre:
    """One filter: its name in addresses and commands, its label, its values.

    `lister` gives every value of a snapshot; `lire` the value of each offer on
    a day, several parted by « | » when the filter `est_multiple`.  `forme` is
    how a page asks for it: `liste` or `cases`.
    """

    nom: str
    libelle: str
    tous: str
    aide: str
    lister: Callable[[Snapshot], list[Option]]
    lire: Callable[[pd.DataFrame, date], pd.Series]
    autres_noms: Callable[[Snapshot], Mapping[str, str]] | None = None
    """Other ways of naming a value, by text → value."""
    forme: str = "cases"
    est_multiple: bool = False
    est_rare: bool = False
    """Told by few sources: a search shows it when an offer found tells it, or when it is chosen."""

    def split(self, texte: str) -> list[str]:
        """Return the values that one text of `lire` holds."""
        return [valeur for valeur in texte.split("|") if valeur] if self.est_multiple else [texte]

    def count(self, offres: pd.DataFrame, today: date | None = None) -> pd.Series:
        """Return the number of offers by value."""
        counts: dict[str, int] = {}
        for texte, nb in self.lire(offres, today or date.today()).value_counts().items():
            for valeur in self.split(texte):
                counts[valeur] = counts.get(valeur, 0) + nb
        return pd.Series(counts, dtype="int64")

    def keep(self, offres: pd.DataFrame, valeurs: set[str], today: date | None = None) -> pd.Series:
        """Tell which offers hold one of the values."""
        textes = self.lire(offres, today or date.today())
        kept = [texte for texte in textes.unique() if valeurs.intersection(self.split(texte))]
        return textes.isin(kept)


@dataclass(frozen=True)
class Filtres:
    """What a person chose: by filter name, the options kept."""

    choix: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.choix)

    def values_of(self, nom: str) -> list[str]:
        """Return the values chosen for one filter."""
        return [option.valeur for option in self.choix.get(nom, ())]

    def pairs(self) -> list[tuple[str, str]]:
        """Return the choice as (name, value) pairs, as an address writes it."""
        return [(nom, option.valeur) for nom in self.choix for option in self.choix[nom]]


SANS_FILTRE = Filtres()
"""Everything is kept."""


def _unknown(mots: str) -> Option:
    return Option(valeur=INCONNU, libelle=NON_RENSEIGNE, mots=mots)


def _domaines(snapshot: Snapshot) -> list[Option]:
    table = load_domaines().sort_values("ordre")
    return [
        Option(valeur=code, libelle=nom, mots=nom)
        for code, nom in zip(table["code_domaine"], table["libelle"], strict=True)
    ]


def _niveaux(snapshot: Snapshot) -> list[Option]:
    table = load_niveaux()
    rows = zip(table["niveau"], table["libelle"], table["libelle_usager"], strict=True)
    options = [
        Option(valeur=niveau, libelle=f"{libelle} ({usager})", mots=libelle.lower())
        for niveau, libelle, usager in rows
    ]
    return [*options, _unknown("niveau non renseigné")]


def _diplomes(snapshot: Snapshot) -> list[Option]:
    return [
        *(
            Option(valeur=one.code, libelle=one.libelle, mots=one.libelle)
            for one in load_diplomes().values()
        ),
        _unknown("type de diplôme non renseigné"),
    ]


def _zonages(snapshot: Snapshot) -> list[Option]:
    """List each zone of the snapshot (`ze2020:3215`), and zonings that leave places out (`zrr`)."""
    zones = snapshot.read("zones")
    options = []
    for type_zone, part in zones.groupby("type_zone"):
        options += _zones_of(type_zone, part.sort_values("nom"))
    ordre = list(ZONAGES)
    return sorted(options, key=lambda option: ordre.index(option.valeur.partition(":")[0]))


def _zones_of(type_zone: str, zones: pd.DataFrame) -> list[Option]:
    """Return the options of one zoning.

    Each zone by name, after all of it unless it covers the region.
    """
    zonage = ZONAGES[type_zone]
    entier = Option(
        valeur=type_zone, libelle=f"Toutes : {zonage.titre}", mots=zonage.titre, groupe=zonage.titre
    )
    rows = zip(zones["code_zone"], zones["nom"], strict=True)
    return ([] if zonage.est_partition else [entier]) + [
        Option(
            valeur=f"{type_zone}:{code}",
            libelle=nom,
            mots=zonage.label(nom),
            groupe=zonage.titre,
            genre=zonage.untold_kind(nom),
        )
        for code, nom in rows
    ]


def _labels(libelles: Mapping[str, str], inconnu: str) -> Callable[[Snapshot], list[Option]]:
    """Return the lister of a fixed set of values, unknown last."""
    return lambda snapshot: [
        *(Option(valeur=valeur, libelle=nom, mots=nom.lower()) for valeur, nom in libelles.items()),
        _unknown(inconnu),
    ]


def _yes_no(oui: str, non: str, inconnu: str) -> Callable[[Snapshot], list[Option]]:
    return lambda snapshot: [
        Option(valeur="oui", libelle="Oui", mots=oui),
        Option(valeur="non", libelle="Non", mots=non),
        _unknown(inconnu),
    ]


def _rev3(snapshot: Snapshot) -> list[Option]:
    aucune = Option(valeur=AUCUNE, libelle="Aucune repérée", mots="sans transition rev3 repérée")
    if snapshot.manifest.get("region", REGION_LIVREE) != REGION_LIVREE:
        # A programme of our region alone.
        return [aucune]
    return [
        *(Option(valeur=valeur, libelle=nom, mots=nom.lower()) for valeur, nom in REV3.items()),
        aucune,
    ]


def _sites(snapshot: Snapshot) -> dict[str, str]:
    """Return the legal entity of each body, by identifier: addresses of before named bodies."""
    bodies = snapshot.read("organismes").dropna(subset="id_entite")
    return dict(zip(bodies["id_organisme"], bodies["id_entite"], strict=True))


def _financeurs(snapshot: Snapshot) -> list[Option]:
    return [
        *(
            Option(valeur=code, libelle=nom, mots=f"financeur {nom}")
            for code, nom in FINANCEURS.items()
        ),
        _unknown("financeur non renseigné"),
    ]


def _publics(snapshot: Snapshot) -> list[Option]:
    """List the publics that an offer aims at, those with a label first."""
    codes = {
        code
        for texte in snapshot.read("offres")["publics"].dropna().unique()
        for code in texte.split("|")
    }
    ordre = sorted(codes, key=lambda code: (code not in PUBLICS, code))
    return [
        *(
            Option(valeur=code, libelle=public_label(code), mots=public_label(code).lower())
            for code in ordre
        ),
        _unknown("public non renseigné"),
    ]


def _organismes(snapshot: Snapshot) -> list[Option]:
    """List the legal entities that have an offer, by name.

    One without name goes by its code in words, else by its identifier.
    """
    offres = snapshot.read("offres")
    table = offres[["nom_organisme"]].assign(code=entity_of(offres)).dropna(subset="code")
    table = table.sort_values(["code", "nom_organisme"]).drop_duplicates("code")
    bodies = snapshot.read("organismes").dropna(subset="id_entite").drop_duplicates("id_entite")
    entities = bodies.set_index("id_entite")["nom_entite"].dropna()
    codes = table["code"]
    names = codes.map(entities).astype("str").fillna(table["nom_organisme"])
    names = names.fillna(codes.map(name_unnamed).astype("str")).fillna(codes)
    pairs = zip(codes, names, strict=True)
    options = sorted(
        (Option(valeur=code, libelle=nom, mots=nom) for code, nom in pairs),
        key=lambda option: (fold(option.libelle), option.valeur),
    )
    return [*options, _unknown("organisme non renseigné")]


FILTRES: dict[str, Filtre] = {
    filtre.nom: filtre
    for filtre in (
        Filtre(
            nom="domaine",
            libelle="Domaine",
            tous="Tous les domaines",
            aide="Domaine de métiers",
            lister=_domaines,
            lire=read_column("code_domaine"),
            forme="liste",
        ),
        Filtre(
            nom="niveau",
            libelle="Niveau de sortie",
            tous="Tous les niveaux",
            aide="Niveau du diplôme ou du titre, de 3 à 8",
            lister=_niveaux,
            lire=read_column("niveau_sortie"),
        ),
        Filtre(
            nom="type_diplome",
            libelle="Type de diplôme",
            tous="Tous les diplômes",
            aide="CAP, bac pro, BTS… : le type de diplôme, quel que soit le mot de la source",
            lister=_diplomes,
            lire=read_column("code_diplome"),
        ),
        Filtre(
            nom="voie",
            libelle="Voie",
            tous="Toutes les voies",
            aide="Voie scolaire, apprentissage ou formation continue",
            lister=_labels(VOIES, "voie non renseignée"),
            lire=read_column("voie"),
        ),
        Filtre(
            nom="modalite",
            libelle="Modalité",
            tous="Toutes les modalités",
            aide="Sur place, mixte ou à distance",
            lister=_labels(MODALITES, "modalité non renseignée"),
            lire=read_column("modalite"),
        ),
        Filtre(
            nom="conventionnee",
            libelle="Conventionnée",
            tous="Conventionnées ou non",
            aide="Financée par une convention publique",
            lister=_yes_no("conventionnée", "non conventionnée", "convention non renseignée"),
            lire=read_flag("est_conventionnee"),
        ),
        Filtre(
            nom="certification",
            libelle="Certification",
            tous="Certifiantes ou non",
            aide="Mène à une certification connue",
            lister=_yes_no("certifiante", "non certifiante", "certification non renseignée"),
            lire=read_flag("est_certifiante"),
        ),
        Filtre(
            nom="financeur",
            libelle="Financeur",
            tous="Tous les financeurs",
            aide="Qui finance la formation, selon la source",
            lister=_financeurs,
            lire=read_column("financeurs"),
            est_multiple=True,
            est_rare=True,
        ),
        Filtre(
            nom="public_vise",
            libelle="Public visé",
            tous="Tous les publics",
            aide="Public visé, selon la source",
            lister=_publics,
            lire=read_column("publics"),
            est_multiple=True,
            est_rare=True,
        ),
        Filtre(
            nom="entree",
            libelle="Niveau d'entrée",
            tous="Tous les niveaux d'entrée",
            aide="Niveau demandé à l'entrée, selon la source",
            lister=_labels(NIVEAUX_ENTREE, "niveau d'entrée non renseigné"),
            lire=read_column("niveau_entree"),
            est_rare=True,
        ),
        Filtre(
            nom="prix",
            libelle="Prix",
            tous="Tous les prix",
            aide="Gratuit ou non pour le stagiaire, et prix donné, selon la source ; "
            "sans indication, le prix est inconnu",
            lister=_labels(PRIX, "prix non renseigné"),
            lire=read_prix,
            est_multiple=True,
            est_rare=True,
        ),
        Filtre(
            nom="rev3",
            libelle="Transitions (rev3)",
            tous="Toutes les transitions",
            aide="Transition écologique, énergétique ou numérique que la formation sert",
            lister=_rev3,
            lire=read_rev3,
            est_multiple=True,
        ),
        Filtre(
            nom="debut",
            libelle="Début",
            tous="Toutes les dates",
            aide="Prochaine entrée en formation, à partir d'aujourd'hui",
            lister=_labels(DEBUTS, "date de début non renseignée"),
            lire=read_debut,
        ),
        Filtre(
            nom="organisme",
            libelle="Organisme",
            tous="Tous les organismes",
            aide="Personne morale : son SIREN (siren:…), l'identifiant d'un de ses organismes, "
            "ou son nom",
            lister=_organismes,
            lire=read_entity,
            autres_noms=_sites,
            forme="liste",
        ),
        Filtre(
            nom="zone",
            libelle="Territoire",
            tous="Toute la région",
            aide="Zonage ou zone, écrit type:code (ze2020:3215, zrr…)",
            lister=_zonages,
            lire=read_zones,
            forme="liste",
            est_multiple=True,
        ),
    )
}
"""Every filter of the product, in the order in which it is shown and described."""


def list_options(snapshot: Snapshot, nom: str, offres: pd.DataFrame | None = None) -> list[Option]:
    """Return the values of filter `nom` with their number of offers.

    Parameters
    ----------
    snapshot : Snapshot
        Where the zones are listed.
    nom : str
        A name of `FILTRES`.
    offres : DataFrame, optional
        Offers to count, all those of the snapshot when not given.
    """
    filtre = FILTRES[nom]
    counts = filtre.count(snapshot.read("offres") if offres is None else offres)
    return [option.counted(int(counts.get(option.valeur, 0))) for option in filtre.lister(snapshot)]


def parse_filters(
    parametres: Mapping, snapshot: Snapshot, *, autres: Iterable[str] = ()
) -> Filtres:
    """Return the filters that `parametres` ask for.

    Parameters
    ----------
    parametres : Mapping
        Filter name → one value, several, or None.  A value is a code or a
        label, whatever its case and accents.  The arguments of a Flask
        request are accepted as they are.  Empty values do not filter.
    snapshot : Snapshot
        Says which zones exist.
    autres : iterable of str
        Other names that may be there, and are left alone.

    Raises
    ------
    ParameterError
        When a name or a value is unknown; the message gives the nearest one accepted.
    """
    for nom in parametres:
        if nom not in FILTRES and nom not in autres:
            raise ParameterError(
                f"Paramètre inconnu : « {nom} ».{_suggest(nom, [*FILTRES, *autres])}"
            )
    choix = {
        nom: _chosen(filtre, _values(parametres, nom), snapshot) for nom, filtre in FILTRES.items()
    }
    return Filtres({nom: options for nom, options in choix.items() if options})


def _values(parametres: Mapping, nom: str) -> list[str]:
    """Return the values given for one name, without blanks or doubles."""
    valeurs = parametres.getlist(nom) if hasattr(parametres, "getlist") else parametres.get(nom)
    valeurs = [valeurs] if isinstance(valeurs, str) else list(valeurs or [])
    return list(dict.fromkeys(str(valeur).strip() for valeur in valeurs if str(valeur).strip()))


def _chosen(filtre: Filtre, valeurs: list[str], snapshot: Snapshot) -> tuple[Option, ...]:
    """Return the options named by `valeurs`, in the order of the list."""
    if not valeurs:
        return ()
    options = filtre.lister(snapshot)
    if filtre.autres_noms:
        known, others = {option.valeur for option in options}, filtre.autres_noms(snapshot)
        valeurs = [one if one in known else others.get(one, one) for one in valeurs]
    wanted = {_find(filtre, valeur, options) for valeur in valeurs}
    return tuple(option for option in options if option.valeur in wanted)


def _find(filtre: Filtre, valeur: str, options: list[Option]) -> str:
    """Return the accepted value that a code or a label names."""
    codes = {option.valeur.casefold(): option.valeur for option in options}
    if valeur.casefold() in codes:
        return codes[valeur.casefold()]
    # From the end, so that the first option of a name is the one that stays.
    names = {
        fold(nom): option.valeur
        for option in reversed(options)
        for nom in (option.libelle, option.mots)
    }
    if fold(valeur) in names:
        return names[fold(valeur)]
    accepted, labels = [option.valeur for option in options], [option.libelle for option in options]
    raise ParameterError(
        f"{filtre.nom} = « {valeur} » : valeur inconnue.{_suggest(valeur, accepted, labels)}"
    )


def _suggest(valeur: str, accepted: list[str], labels: Iterable[str] = ()) -> str:
    """Return the end of an error message: the nearest accepted value, else the first ones."""
    nearest = nearest_accepted(valeur, [*accepted, *labels])
    if nearest:
        return f" Vouliez-vous dire « {nearest} » ?"
    suite = ", …" if len(accepted) > 30 else ""
    return f" Valeurs acceptées : {', '.join(accepted[:30])}{suite}."


def apply_filters(
    offres: pd.DataFrame, filtres: Filtres, *, today: date | None = None
) -> pd.DataFrame:
    """Return the rows of `offres` (columns of that table) that obey every filter, order kept.

    `today` decides what a start date means (default: the day it is).
    """
    mask = pd.Series(True, index=offres.index)
    for nom in filtres.choix:
        mask &= FILTRES[nom].keep(offres, set(filtres.values_of(nom)), today)
    return offres[mask]


def describe_filters(filtres: Filtres) -> str:
    """Return the filters in French words, as a title says them; "" when there is none."""
    return ", ".join(_either(options) for options in filtres.choix.values())


def _either(options: tuple[Option, ...]) -> str:
    """Return « a, b ou c »."""
    mots = [option.mots for option in options]
    return " ou ".join([", ".join(mots[:-1]), mots[-1]]) if len(mots) > 1 else mots[0]
