"""What the search page shows, as plain values: sentences, facets, chips, pages, choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import shapely
import shapely.geometry
from flask import url_for

from geoapp.core.french import (
    count,
    format_decimal,
    format_distance,
    format_number,
    join_words,
    upper_first,
    with_unit,
)
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.travel.modes import MODES
from geoapp.coverage.travel.reach import Atteinte
from geoapp.offer.by_departement import RECONNUS, count_by_departement, departements_of
from geoapp.offer.filters import FILTRES, Filtres, Option
from geoapp.offer.lookups import Repertoire
from geoapp.offer.search.index import Index
from geoapp.offer.search.jobs import tell_jobs
from geoapp.offer.search.model import (
    RAYON_KM,
    RAYONS_KM,
    TAILLE,
    TRIS,
    Lieu,
    Requete,
    Resultat,
    Texte,
)
from geoapp.offer.search.place_names import CONTOUR
from geoapp.offer.search.places import (
    A_LA_COMMUNE,
    RUE_INCONNUE,
    PlaceError,
    place_in_words,
)
from geoapp.offer.search.requests import default_sort, describe_place, describe_result
from geoapp.offer.search.said import read_said, without_said
from geoapp.offer.search.scope import search_perimeter, tell_perimeter
from geoapp.offer.search.sides import tell_neighbour
from geoapp.offer.search.street_places import MILIEU, SANS_NUMERO
from geoapp.offer.search.travel import (
    MINUTES_PROPOSEES,
    MINUTES_SANS_VOITURE,
    MOYEN_USUEL,
    Moyen,
)
from geoapp.offer.search.words import VIDES, as_typed, split_words
from geoapp.offer.values import INCONNU
from geoapp.reference.zonings import DEPARTS, TERRITOIRES, ZONAGES
from geoapp.web.links import Adresses, Lien
from geoapp.web.offer_view import cards, gather, number_places
from geoapp.web.presentation import Query
from geoapp.web.reached import round_people

TAILLES = (20, 50, 100)
LISTE_LONGUE = 24
"""Above this number of values a facet shows the most frequent, and a field to find the others."""

CORRESPOND, VOISINS = "Correspond à votre recherche", "Métiers voisins"
"""Titles of the two blocks of a list."""

TETE = 15
NB_A_DISTANCE = 5
NB_PROCHES = 10
PRIORITAIRES = ("qpv2015", "qpv2024", "zrr", "frr")
"""Zonings of the territories that the State and the Region put first."""

OUVERTES = ("domaine", "niveau", "voie")
"""Facets open at first; the others open when a value is chosen in them."""


@dataclass(frozen=True)
class Choix:
    """One entry of a list of choices."""

    valeur: str
    libelle: str
    est_choisi: bool


@dataclass(frozen=True)
class Case:
    """One value of a facet."""

    valeur: str
    libelle: str
    nb: int
    est_choisie: bool

    @property
    def est_desactivee(self) -> bool:
        """Tell whether choosing it would find nothing; one already chosen can always be removed."""
        return self.nb == 0 and not self.est_choisie


@dataclass(frozen=True, kw_only=True)
class Facette:
    """One filter with its live counts."""

    nom: str
    libelle: str
    options: list[Case]
    nb_options: int
    nb_choisies: int
    nb_tues: int
    """Values that trainings found hold, and that are not among `options`."""

    est_ouverte: bool
    adresse: str

    @property
    def est_muette(self) -> bool:
        """Tell whether the sources say nothing of it here: its only value is « unknown »."""
        said = [option for option in self.options if option.nb]
        return not self.nb_choisies and all(one.valeur == INCONNU for one in said) and bool(said)

    @property
    def est_longue(self) -> bool:
        """Tell whether some values are left out, to be found by their name."""
        return self.nb_options > len(self.options)

    @property
    def suite(self) -> str:
        """Return what is said of the values found that are left out; "" when none is."""
        if not self.nb_tues:
            return ""
        others = count(
            self.nb_tues, "autre se cherche par son nom", "autres se cherchent par leur nom"
        )
        return f"Les {len(self.options)} plus fréquents ici. {others}."


@dataclass(frozen=True)
class Groupe:
    """Some cards under one title, "" for none, and the number of the first in the whole list."""

    titre: str
    debut: int
    cartes: list[dict]
    est_voisin: bool = False


@dataclass(frozen=True)
class Feuillet:
    """One entry of the page numbers."""

    numero: int
    libelle: str
    adresse: str
    est_courante: bool


def facets_of(resultat: Resultat) -> list[Facette]:
    """Return every filter of the product with the counts of an answer."""
    return [
        _facet(nom, found, resultat.requete)
        for nom in FILTRES
        if _is_told(nom, found := resultat.facettes.get(nom, []), resultat.requete)
    ]


def _is_told(nom: str, options: list[Option], requete: Requete) -> bool:
    """Tell whether a filter has something to say: a rare one may be unknown everywhere, and one
    value tells nothing apart.
    """
    if nom in requete.filtres.choix:
        return True
    return len(options) > 1 and (
        not FILTRES[nom].est_rare
        or any(option.nb and option.valeur != INCONNU for option in options)
    )


def _facet(nom: str, options: list[Option], requete: Requete) -> Facette:
    choisies = set(requete.filtres.values_of(nom))
    montrees = _head(options, choisies) if len(options) > LISTE_LONGUE else options
    cases = [Case(o.valeur, o.distingue, o.nb, o.valeur in choisies) for o in montrees]
    return Facette(
        nom=nom,
        libelle=FILTRES[nom].libelle,
        options=cases,
        nb_options=len(options),
        nb_choisies=len(choisies),
        nb_tues=sum(o.nb > 0 for o in options) - sum(o.nb > 0 for o in montrees),
        est_ouverte=nom in OUVERTES or bool(choisies),
        adresse=url_for("search.values", nom=nom),
    )


def _head(options: list[Option], choisies: set[str]) -> list[Option]:
    """Return the values chosen, then the most frequent of the others; ties as in the list."""
    kept = [o for o in options if o.valeur in choisies]
    return (
        kept
        + sorted((o for o in options if o.valeur not in choisies and o.nb), key=lambda o: -o.nb)[
            :TETE
        ]
    )


def chips(requete: Requete, adresses: Adresses) -> list[Lien]:
    """Return one removable chip by value of a filter in use."""
    seen = [Lien("emprise", "Zone visible de la carte", adresses.without("emprise"))]
    return (seen if requete.emprise else []) + [
        Lien(
            nom,
            f"{FILTRES[nom].libelle} : {option.distingue}",
            adresses.without(nom, option.valeur),
            option.valeur,
        )
        for nom, options in requete.filtres.choix.items()
        for option in options
    ]


def priority_link(requete: Requete, adresses: Adresses, snapshot: Snapshot) -> Lien | None:
    """Return the filter of the priority territories in one click; None when it is in use.

    Quarters and rural zones of each generation known, whole: what a report calls « territoires
    prioritaires ».
    """
    known = set(snapshot.read("zones")["type_zone"])
    types = [nom for nom in PRIORITAIRES if nom in known]
    if not types or set(types) & set(requete.filtres.values_of("zone")):
        return None
    return Lien("zone", "Territoires prioritaires", adresses.within(types), " ".join(types))


def place_fields(lieu: Lieu | None) -> dict:
    """Return the place as the form and the map hold it."""
    if lieu is None:
        return {
            "lieu_nom": "",
            "lieu_code": "",
            "latitude": "",
            "longitude": "",
            "centre": None,
        }
    par_point = lieu.type in ("point", "adresse")
    centre = not lieu.est_zone and lieu.longitude is not None
    return {
        "lieu_nom": "" if par_point else lieu.nom,
        "lieu_code": "" if par_point else f"{lieu.type}:{lieu.code}",
        "latitude": lieu.latitude if par_point else "",
        "longitude": lieu.longitude if par_point else "",
        "centre": {
            "lat": lieu.latitude,
            "lon": lieu.longitude,
            "nom": lieu.nom,
            "estPoint": par_point,
        }
        if centre
        else None,
    }


def start_outline(lieu: Lieu | None, snapshot: Snapshot) -> dict | None:
    """Return the outline of the quarter that a search starts from, for the map; None without."""
    if lieu is None or lieu.precision != CONTOUR:
        return None
    zones = snapshot.read("zones")
    mine = zones[zones["type_zone"].eq(lieu.type) & zones["code_zone"].eq(lieu.code)]
    shape = shapely.transform(mine.geometry.iloc[0], lambda xy: xy.round(5))
    return shapely.geometry.mapping(shape)


def place_in_search(requete: Requete, index: Index) -> Lien | None:
    """Return the search that a place typed among the words asks for; None when none is."""
    found = None if requete.lieu else place_in_words(index, without_said(requete.texte))
    if found is None:
        return None
    texte, lieu = found
    # The criteria typed beside are told again there.
    texte = " ".join([texte, *(one.mot for one in read_said(requete.texte)[1])])
    asked = replace(requete, texte=texte, lieu=lieu, tri=default_sort(lieu, texte), page=1)
    libelle = f"Chercher « {texte} », lieu : {lieu.nom}"
    return Lien("lieu", libelle, Adresses(asked, est_privee=False).page(1), lieu.nom)


def place_choices(error: PlaceError, requete: Requete, est_privee: bool) -> list[Lien]:
    """Return the places to choose from, each the address of the same search from there."""
    return [
        Lien(
            # An address has no code: it is the point that it is at.
            f"point:{lieu.latitude},{lieu.longitude}"
            if lieu.type == "adresse"
            else f"{lieu.type}:{lieu.code}",
            lieu.nom,
            Adresses(replace(requete, lieu=lieu), est_privee=est_privee).page(1),
            _kind(lieu),
        )
        for lieu in error.choix
    ]


def _kind(lieu: Lieu) -> str:
    """Return the kind of a place, where its name does not tell it."""
    known = "(" in lieu.nom or lieu.type not in TERRITOIRES
    return "" if known else TERRITOIRES[lieu.type].singulier


NOTHING: dict = {
    "explications": [],
    "facettes": [],
    "actifs": [],
    "assouplir": [],
    "actions": [],
    "pages": [],
    "sans_adresse": [],
    "lieu_dit": None,
    "criteres_dits": None,
    "cadre": None,
    "zones": [],
    "contour": None,
    "source_trajets": [],
    "cartes": [],
    "groupes": [],
    "proches": [],
    "a_distance": [],
    "suite_a_distance": "",
}
"""What a page shows of a search whose place is not known: nothing, rather than the region."""


def doubtful(vue: dict, error: PlaceError, typed: str) -> dict:
    """Return what a page shows while its place is to be chosen: the question, kept whole."""
    requete = vue["requete"]
    return {
        **vue,
        **NOTHING,
        "phrase": "Lieu à préciser",
        "est_pliee": False,
        "alerte": upper_first(error.phrase),
        "choix_lieux": place_choices(error, requete, vue["est_privee"]),
        "lieu_nom": typed,
        "gardes": requete.filtres.pairs(),
    }


def summary(requete: Requete) -> dict:
    """Return the search in a line that stands for the form on a phone, and whether it does."""
    parts = [f"« {requete.texte} »" if requete.texte else "", describe_place(requete).strip()]
    nb = sum(len(options) for options in requete.filtres.choix.values())
    parts.append(count(nb, "filtre") if nb else "")
    said = ", ".join(part for part in parts if part)
    return {"resume": upper_first(said), "est_pliee": bool(said)}


def start_words(lieu: Lieu | None) -> str:
    """Return where trips start: « Trajet depuis Lens »."""
    named = lieu is not None and lieu.type != "point"
    return f"Trajet depuis {lieu.nom if lieu and named else 'le point choisi'}"


def relaxed(requete: Requete) -> list[tuple[str, str, Requete]]:
    """Return (parameter, words, search) without each filter in use, then without the text."""
    filtres = requete.filtres.choix
    result = [
        (
            nom,
            f"Sans le filtre « {FILTRES[nom].libelle} »",
            replace(requete, filtres=Filtres({n: o for n, o in filtres.items() if n != nom})),
        )
        for nom in filtres
    ]
    return result + (
        [("texte", f"Sans « {requete.texte} »", replace(requete, texte=""))]
        if requete.texte
        else []
    )


def widened(requete: Requete) -> list[tuple[str, str, str, Requete]]:
    """Return (parameter, value, words, search) of each larger radius, or time when it is asked."""
    minutes, rayon_km = requete.minutes, requete.rayon_km
    if minutes is not None:
        nom, unit = "seuil_min", "min"
        wider = [
            (one, replace(requete, minutes=float(one), page=1))
            for one in MINUTES_PROPOSEES
            if one > minutes
        ]
    else:
        nom, unit = "rayon", "km"
        wider = [
            (one, replace(requete, rayon_km=float(one), page=1))
            for one in RAYONS_KM
            if one > rayon_km
        ]
    return [
        (nom, f"{one:g}", f"À {with_unit(format_decimal(one), unit)}", larger)
        for one, larger in wider
    ]


def choices(requete: Requete, moyens: Mapping[str, Moyen]) -> dict[str, list[Choix]]:
    """Return the choices of radius, time, way, order and page size; that of a default is empty."""
    rayons = sorted({*map(float, RAYONS_KM), requete.rayon_km})
    temps = sorted({*map(float, MINUTES_PROPOSEES), *filter(None, [requete.minutes])})
    defaut = default_sort(requete.lieu, requete.texte, requete.minutes)
    return {
        "rayons": [
            Choix(
                "" if r == RAYON_KM else f"{r:g}",
                with_unit(format_decimal(r), "km"),
                r == requete.rayon_km,
            )
            for r in rayons
        ],
        "temps": [
            Choix("", "Sans limite de temps", requete.minutes is None),
            *(
                Choix(
                    f"{t:g}",
                    f"À {with_unit(format_decimal(t), 'min')} au plus",
                    t == requete.minutes,
                )
                for t in temps
            ),
        ],
        "modes": [
            Choix("" if nom == MOYEN_USUEL else nom, moyen.titre, moyen is requete.moyen)
            for nom, moyen in moyens.items()
        ],
        "tris": [
            Choix("" if nom == defaut else nom, libelle, nom == requete.tri)
            for nom, libelle in TRIS.items()
        ],
        "tailles": [
            Choix("" if t == TAILLE else str(t), str(t), t == requete.taille)
            for t in sorted({*TAILLES, requete.taille})
        ],
    }


def explain(resultat: Resultat, repertoire: Repertoire) -> list[str]:
    """Return what a person must know of an answer, as sentences."""
    requete, texte = resultat.requete, resultat.texte
    parts = [*_tell_words(resultat), *tell_jobs(texte)]
    if texte.synonymes:
        parts.append(f"Cherché aussi : {', '.join(texte.synonymes)}.")
    if requete.lieu is not None:
        parts += _tell_place(requete.lieu)
    if beside := tell_neighbour(requete, repertoire.snapshot):
        parts.append(beside)
    if requete.lieu is not None and requete.lieu.est_zone:
        what = "le rayon" if requete.minutes is None else "le temps de trajet"
        parts.append(
            "Un territoire est choisi : "
            f"{what} ne compte pas, la recherche se fait dans ses limites."
        )
    if requete.lieu is None and (requete.minutes is not None or requete.sans_voiture):
        parts.append("Choisissez un lieu de départ : sans lui, le temps de trajet ne compte pas.")
    perimetre = search_perimeter(requete, repertoire.snapshot, resultat.sujet)
    known = tell_perimeter(resultat, perimetre)
    return [*parts, *_unplaced(resultat, repertoire), *([known] if known else [])]


_PRECISIONS = {
    RUE_INCONNUE: "Cette rue n'est pas dans nos sources : on part de la commune, {nom}.",
    MILIEU: "On part du milieu de la rue : à quelques centaines de mètres près.",
    SANS_NUMERO: "Ce numéro n'est pas connu : on part du milieu de la rue, "
    "à quelques centaines de mètres près.",
}
"""What is said of a place that is not quite the one typed."""


def _tell_place(lieu: Lieu) -> list[str]:
    """Return how a place was understood, as sentences; nothing of one named exactly."""
    parts = []
    if lieu.compris_de:
        parts.append(f"Lieu compris : {lieu.nom} (vous avez écrit « {lieu.compris_de} »).")
    if lieu.precision == A_LA_COMMUNE:
        parts.append(f"L'adresse est cherchée à la commune : {lieu.nom}.")
    if lieu.precision in _PRECISIONS:
        parts.append(_PRECISIONS[lieu.precision].format(nom=lieu.nom))
    if lieu.credit:
        parts.append(f"Rue : {lieu.credit} (ODbL).")
    if lieu.type in DEPARTS:
        parts.append(
            "Les distances partent du bord du quartier, les temps de trajet de son milieu."
            if lieu.precision == CONTOUR
            else "Le contour de ce quartier n'est pas connu : on part du milieu de sa commune."
        )
    return parts


def _tell_words(resultat: Resultat) -> list[str]:
    """Return what was made of the words typed: read otherwise, left out, known by nobody."""
    texte, nb = resultat.texte, len(resultat.lignes) + len(resultat.a_distance)
    parts = [
        f"« {sigle.upper()} » : {sens}. Aucune formation de nos sources ne porte ce sigle."
        for sigle, sens in texte.sigles
    ]
    if any(lu for _, lu in texte.corrections):
        parts.append(f"Résultats pour « {texte.corrige} » (vous avez écrit « {texte.recu} »).")
    told = {mot for mot, _ in texte.sigles}
    out = [mot for mot, lu in texte.corrections if not lu and mot not in told]
    if out and nb:
        end = "s" if len(out) > 1 else ""
        words = join_words([f"« {as_typed(texte.recu, mot)} »" for mot in out])
        parts.append(
            f"Aucune formation connue ne réunit tous ces mots : {words} laissé{end} de côté."
        )
    elif not nb and not texte.sigles and not texte.metiers and not _is_known(texte):
        parts.append(
            f"Aucun mot de « {texte.recu} » n'est connu. Essayez un métier, un diplôme ou un sigle."
        )
    if resultat.nb_voisins and not resultat.total:
        parts.append("Plus bas : des formations de métiers voisins.")
    return parts


def _is_known(texte: Texte) -> bool:
    """Tell whether some word of a text is in a training or in the name of a body."""
    left_out = {word for mot, lu in texte.corrections if not lu for word in mot.split()}
    return not set(split_words(texte.recu)) - VIDES <= left_out


def _unplaced(resultat: Resultat, repertoire: Repertoire) -> list[str]:
    """Return how many offers have no place, whether they are in the list or not."""
    nb = resultat.nb_non_places
    dedans = int(np.isnan(repertoire.longitudes[resultat.lignes]).sum())
    parts = (
        [
            f"Dont {count(dedans, 'formation')} sans lieu connu : "
            "dans la liste, mais pas sur la carte."
        ]
        if dedans
        else []
    )
    if nb:
        absentes = "absente" if nb < 2 else "absentes"
        parts.append(
            f"{count(nb, 'formation répond', 'formations répondent')} aussi à la recherche, "
            f"sans lieu connu : {absentes} de cette liste."
        )
    return parts


def without_address(resultat: Resultat, snapshot: Snapshot) -> list[Lien]:
    """Return what is known by département alone where a search looks, and the page that says it."""
    requete = resultat.requete
    if requete.lieu is None or snapshot.read("offres_departements").empty:
        return []
    found = count_by_departement(snapshot, departements_of(snapshot, requete.lieu), requete.filtres)
    criteres = [
        nom
        for nom in (
            "texte cherché" if requete.texte else "",
            *(f"filtre « {nom} »" for nom in found.sans_effet),
        )
        if nom
    ]
    sauf = (
        f" Sans tenir compte du critère : {criteres[0]}."
        if len(criteres) == 1
        else f" Sans tenir compte des critères : {', '.join(criteres)}."
        if criteres
        else ""
    )
    kept: Query = {nom: requete.filtres.values_of(nom) for nom in RECONNUS}
    return [
        Lien(
            row.code_departement,
            _known_by_departement(row) + sauf,
            url_for(
                "territories.zone",
                type_zone="departement",
                code_zone=row.code_departement,
                **kept,
                _anchor="titre-departements",
            ),
            ZONAGES["departement"].subject(row.nom),
        )
        for row in found.lignes.itertuples()
    ]


def _known_by_departement(row) -> str:
    """Return how many formations a source counts in a département, in a sentence."""
    sans = count(
        row.nb_formations,
        "formation n'a pas d'adresse dans sa source",
        "formations n'ont pas d'adresse dans leur source",
    )
    fictives = ", données fictives" if row.est_fictive else ""
    part = "elle est comptée" if row.nb_formations < 2 else "elles sont comptées"
    departement = ZONAGES["departement"].subject(row.nom)
    source = f"{row.titre}, {row.millesime}{fictives}"
    return f"Dans {departement}, {sans} ({source}) : {part} à part de cette liste et de la carte."


def lists(resultat: Resultat, repertoire: Repertoire, adresses: Adresses) -> dict:
    """Return the three lists of a page: found, remote, nearest outside the radius."""
    nb = resultat.nb_a_distance or len(resultat.a_distance)
    distantes = resultat.a_distance[:nb]
    distantes = distantes[: NB_A_DISTANCE if resultat.total else resultat.requete.taille]
    reste = nb - len(distantes)
    words = "formation" if resultat.nb_a_distance else "formation de métiers voisins"
    page, durees, proches = resultat.page, resultat.durees, resultat.proches_durees
    found = cards(
        repertoire,
        resultat.lignes[page],
        (resultat.distances_m[page], resultat.minima_m[page]),
        adresses,
        durees.each(page) if durees else None,
    )
    return {
        "cartes": found,
        "groupes": _groups(resultat, found),
        "a_distance": cards(repertoire, distantes, None, adresses),
        "titre_a_distance": f"{count(nb, words, _plural(words))} entièrement à distance",
        "suite_a_distance": f"{count(reste, 'autre')} à distance : "
        "tous les fichiers à télécharger les contiennent."
        if reste
        else "",
        "proches": cards(
            repertoire,
            resultat.proches,
            (resultat.proches_m, resultat.proches_minima_m),
            adresses,
            proches.each() if proches else None,
        ),
        "titre_proches": _nearest(resultat),
    }


def _plural(words: str) -> str:
    return words.replace("formation", "formations")


def _groups(resultat: Resultat, found: list[dict]) -> list[Groupe]:
    """Return the cards of a page by block: what answers the search, then neighbouring jobs.

    One without title when there is no text.
    """
    start = resultat.page.start
    nb = max(0, min(len(found), resultat.total - start))
    groups = _answers(resultat, found[:nb])
    if found[nb:]:
        titre = f"{VOISINS} : {count(resultat.nb_voisins, 'formation')}"
        groups.append(Groupe(titre, start + nb + 1, gather(found[nb:]), est_voisin=True))
    return groups


def _answers(resultat: Resultat, found: list[dict]) -> list[Groupe]:
    """Return the cards that answer the search: in one group, or without a car, then with one."""
    start, free = resultat.page.start + 1, resultat.nb_sans_voiture
    if free is None:
        has_text = bool(resultat.texte.dit.strip())
        titre = f"{CORRESPOND} : {count(resultat.total, 'formation')}" if has_text else ""
        return [Groupe(titre, start, gather(found))] if found else []
    requete = resultat.requete
    limit = MINUTES_SANS_VOITURE if requete.minutes is None else requete.minutes
    cut = max(0, min(len(found), free - resultat.page.start))
    time = with_unit(format_decimal(limit), "min")
    groups = (
        Groupe(
            f"Sans voiture, en {time} au plus : {count(free, 'formation')}",
            start,
            gather(found[:cut]),
        ),
        Groupe(
            f"En voiture : {count(resultat.total - free, 'formation')}",
            start + cut,
            gather(found[cut:]),
        ),
    )
    return [group for group in groups if group.cartes]


def reached_area(zone: Atteinte) -> dict:
    """Return an area reached as the page shows it: outline, sentence, table of communes."""
    mode = MODES[zone.mode]
    time = with_unit(format_decimal(zone.minutes), "min")
    return {
        "mode": zone.mode,
        "couleur": mode.couleur,
        "contour": shapely.geometry.mapping(zone.contour),
        "titre": f"Zone atteinte en {time} {mode.phrase}",
        "phrase": f"{_say_people(zone.nb_habitants)} dans "
        f"{count(zone.nb_communes, 'commune')} de la région et de ses abords.",
        "communes": [(nom, _say_minutes(minutes)) for nom, minutes in zone.communes],
        "est_coupee": zone.nb_communes > len(zone.communes),
    }


def _say_people(people: float) -> str:
    """Return about how many people."""
    nb = round_people(people)
    return "Moins de 100 habitants" if nb is None else f"Environ {format_number(nb)} habitants"


def _say_minutes(minutes: float) -> str:
    """Return the minutes of the nearest people of a commune."""
    return with_unit(format_decimal(minutes, 0), "min") if minutes >= 1 else "moins d'une minute"


def _nearest(resultat: Resultat) -> str:
    """Return how far the nearest offers are."""
    if not len(resultat.proches):
        return ""
    what = "" if resultat.proches_repondent else " de métiers voisins"
    return f"Les plus proches{what}, à partir de {_least(resultat)}"


def _least(resultat: Resultat) -> str:
    """Return in words how far the nearest alternative is, at least."""
    return format_distance(round(float(resultat.proches_minima_m.min())))


def page_links(resultat: Resultat, adresses: Adresses) -> list[Feuillet]:
    """Return the previous, current and next pages; none when one page holds all."""
    nb, numero = count_pages(resultat), resultat.requete.page
    if nb < 2:
        return []
    return [
        Feuillet(n, libelle, adresses.page(n), n == numero)
        for n, libelle in (
            (numero - 1, "Page précédente"),
            (numero, ""),
            (numero + 1, "Page suivante"),
        )
        if 1 <= n <= nb
    ]


def count_pages(resultat: Resultat) -> int:
    """Return the number of pages of an answer, neighbours included, one at least."""
    return resultat.nb_pages


def sentence(resultat: Resultat) -> str:
    """Return the number of results and the search in words."""
    phrase = describe_result(resultat)
    return "Aucune " + phrase.removeprefix("0 ") if not resultat.total else phrase


def see_them(resultat: Resultat) -> str:
    """Return the words of the button that closes the filters on a phone."""
    nb = resultat.total + len(resultat.a_distance)
    if not nb:
        return "Voir la réponse"
    return "Voir la formation" if nb == 1 else f"Voir les {count(nb, 'formation')}"


def cut(resultat: Resultat) -> str:
    """Return what a list on paper leaves out; "" when it holds everything."""
    nb, every = resultat.requete.taille, len(resultat.lignes)
    if every <= nb:
        return ""
    return (
        f"Les {nb} premières sur {format_number(every)} : précisez la recherche, "
        "ou téléchargez le fichier complet."
    )


def paper_blocks(
    resultat: Resultat, repertoire: Repertoire, adresses: Adresses
) -> tuple[list[dict], list[tuple[float, float, str]]]:
    """Return the tables of a list on paper, and the numbered places to draw."""
    parts = lists(resultat, repertoire, adresses)
    nb = min(resultat.total, len(parts["cartes"]))
    listed = [*parts["cartes"][:nb], *parts["proches"], *parts["cartes"][nb:]]
    cartes, points = number_places([*listed, *parts["a_distance"]])
    blocs, debut = [], 0
    for titre, taille in (
        ("Formations trouvées" if resultat.total == len(resultat.lignes) else CORRESPOND, nb),
        (parts["titre_proches"], len(parts["proches"])),
        (VOISINS, len(parts["cartes"]) - nb),
        (parts["titre_a_distance"], len(parts["a_distance"])),
    ):
        fin = debut + taille
        blocs += [{"titre": titre, "offres": cartes[debut:fin]}] if taille else []
        debut = fin
    return blocs, points
