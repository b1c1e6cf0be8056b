"""What the API offers, as rows: routes, parameters, keys of the answers.

The blueprint, the OpenAPI document and the documentation page are made from
these rows; tests compare the real answers with them.
"""

from __future__ import annotations

from dataclasses import dataclass

from geoapp.core.french import format_decimal
from geoapp.core.schema.offer_columns import ColonneOffre
from geoapp.coverage.model import PARAMETRES as COUVERTURE
from geoapp.offer.cards import CARTE as CARTES
from geoapp.offer.parameters import Parametre
from geoapp.offer.quality.criteria import CRITERES
from geoapp.outputs.files.formats import SERVIS
from geoapp.planning.asked import ACCEPTES as PLAN_ACCEPTES
from geoapp.planning.asked import PARAMETRES as PLAN
from geoapp.planning.need_answer import PARAMETRES as BESOINS
from geoapp.planning.scenario import ACCEPTES as SCENARIO_ACCEPTES
from geoapp.planning.scenario import PARAMETRES as SCENARIO

VERSION_API = "v1"
PREFIXE = f"/api/{VERSION_API}"
SUGGESTIONS_MAX = 20
ZOOM_MAX = 22

PROPRES: dict[str, Parametre] = (
    COUVERTURE
    | SCENARIO
    | PLAN
    | BESOINS
    | {
        parametre.nom: parametre
        for parametre in (
            Parametre(nom="q", type="texte", aide="Ce qui est tapé", exemple="beth"),
            Parametre(
                nom="limite",
                type="entier",
                aide="Nombre de propositions",
                exemple="8",
                minimum=1,
                maximum=SUGGESTIONS_MAX,
            ),
            Parametre(
                nom="zoom",
                type="entier",
                aide="Niveau de zoom de la carte",
                exemple="10",
                minimum=0,
                maximum=ZOOM_MAX,
            ),
            Parametre(
                nom="source", type="texte", aide="Identifiant d'une source", exemple="bts-2024"
            ),
            Parametre(
                nom="organisme",
                type="texte",
                aide="Identifiant ou nom d'un organisme",
                exemple="siret:19593395700035",
            ),
            Parametre(
                nom="critere",
                type="texte",
                aide="Un seul critère de qualité",
                exemple="position",
                valeurs=tuple(CRITERES),
            ),
            Parametre(
                nom="type",
                type="texte",
                aide="Zonage à lister (ze2020, epci, qpv2024…) ; sans lui, tous",
                exemple="ze2020",
            ),
        )
    }
)
"""Parameters that are neither those of a search nor filters."""

PAS_AVEC: dict[str, tuple[str, ...]] = {
    "lat": ("lieu",),
    "lon": ("lieu",),
    "seuil_min": ("seuil_km",),
    "rayon": ("seuil_min",),
    "organisme": ("source",),
}
"""Parameters refused beside others of their route: the API does not choose for who asks."""

VONT_ENSEMBLE: dict[str, tuple[str, ...]] = {"lat": ("lon",), "lon": ("lat",)}
"""Parameters that go with others."""

CHEMINS: dict[str, Parametre] = {
    parametre.nom: parametre
    for parametre in (
        Parametre(
            nom="identifiant",
            type="texte",
            aide="Identifiant donné par la liste des formations",
            exemple="bts-2024:0020012C-32211031408-Scolaire",
        ),
        Parametre(
            nom="format",
            type="texte",
            aide="Format du fichier",
            exemple="csv",
            valeurs=tuple(SERVIS),
        ),
    )
}
"""Parts of a path that vary."""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One address of the API.

    `parametres` are names of `PROPRES`; `est_recherche` adds every parameter of
    a search and every filter, and allows POST, so that a position need not be
    in an address; `est_postable` allows POST for what may be somebody's
    address; `est_couverture` adds the filters of the offer.  `cles` are the
    keys of the answer.
    """

    nom: str
    chemin: str
    resume: str
    cles: tuple[tuple[str, str], ...]
    exemple: str
    parametres: tuple[str, ...] = ()
    requis: tuple[str, ...] = ()
    est_recherche: bool = False
    est_postable: bool = False
    est_couverture: bool = False

    @property
    def methodes(self) -> tuple[str, ...]:
        """Return the methods accepted (HEAD goes with GET)."""
        return ("GET", "POST") if self.est_recherche or self.est_postable else ("GET",)


PERIMETRE = (
    "Ce que nos sources tiennent de l'offre demandée, du domaine que nomment ses mots : statut "
    "(connue, partielle, inconnue), portée en mots ; message : ce qu'il faut savoir de résultats "
    "rares ou absents"
)
"""What the object `perimetre` of a search is."""

ROUTES: dict[str, Route] = {
    route.nom: route
    for route in (
        Route(
            nom="places",
            chemin="/places",
            resume="Lieux dont le nom commence comme ce qui est tapé",
            cles=(
                ("lieux", "Lieux proposés, du plus probable au moins probable"),
                (
                    "message",
                    "Ce qu'il faut savoir quand rien n'est proposé : lieu hors de la région",
                ),
            ),
            exemple="/places?q=beth",
            parametres=("q", "limite"),
            requis=("q",),
            est_postable=True,
        ),
        Route(
            nom="suggestions",
            chemin="/suggestions",
            resume="Textes de recherche proposés pendant la frappe",
            cles=(
                ("suggestions", "Intitulés, métiers et diplômes, avec leur nombre de formations"),
            ),
            exemple="/suggestions?q=boul",
            parametres=("q", "limite"),
            requis=("q",),
        ),
        Route(
            nom="formations",
            chemin="/formations",
            resume="Cherche des formations : texte, lieu, rayon, filtres, tri, pages",
            cles=(
                ("titre", "La recherche en une phrase"),
                (
                    "total",
                    "Formations qui correspondent à la recherche, à distance exclues : "
                    "le nombre annoncé, les premières de la liste",
                ),
                ("nb_voisins", "Formations de métiers voisins, à la suite dans la liste"),
                ("page", "Numéro de la page"),
                ("taille", "Formations par page"),
                ("nb_pages", "Nombre de pages, métiers voisins compris"),
                ("tri", "Ordre de la liste"),
                ("lieu", "Lieu compris, ou null"),
                ("rayon_km", "Rayon, en kilomètres ; sans effet quand seuil_min est demandé"),
                ("seuil_min", "Temps de trajet demandé, en minutes, ou null"),
                ("mode", "Mode de déplacement des durées, ou null"),
                (
                    "nb_sans_voiture",
                    "Formations qui se rejoignent à temps sans voiture, les premières de la liste, "
                    "ou null quand sans_voiture n'est pas demandé",
                ),
                (
                    "trajets",
                    "D'où viennent les durées et à combien près elles sont justes, "
                    "une phrase par mode ; vide sans point de départ",
                ),
                (
                    "texte",
                    "Texte compris : ce qui est cherché, corrections, sigles absents des sources, "
                    "synonymes, codes, métiers du ROME ; criteres : ceux tapés parmi les mots, "
                    "avec le filtre et les valeurs qu'ils nomment, jamais appliqués d'office",
                ),
                ("nb_non_places", "Formations sans position, hors de la liste autour d'un point"),
                ("perimetre", PERIMETRE),
                (
                    "hors_region",
                    "Ce qui est connu hors de la région autour du lieu, en une phrase ; vide quand "
                    "la recherche n'en sort pas",
                ),
                ("formations", "Formations de la page ; bloc : correspond, ou voisin"),
                ("a_distance", "Formations entièrement à distance : total, et celles de la page"),
                ("proches", "Les plus proches hors du rayon, quand rien n'y correspond"),
                ("partage", "Paramètres à partager, positions arrondies"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/formations?texte=boulanger&lieu={lieu}&rayon=20",
            est_recherche=True,
        ),
        Route(
            nom="fiche",
            chemin="/formations/<identifiant>",
            resume="Tout ce qui est connu d'une formation",
            cles=(
                (
                    "formation",
                    "La fiche : lieux, sessions, organisme, codes, zones, preuves, "
                    "statistiques d'années passées, semblables, source, "
                    "autres catalogues réunis et pourquoi",
                ),
                ("instantane", "Instantané des données"),
            ),
            exemple="/formations/{identifiant}",
        ),
        Route(
            nom="export",
            chemin="/formations.<format>",
            resume="Exporte toute la liste, dans le même ordre, avec les formations à distance",
            cles=(),
            exemple="/formations.csv?lieu={lieu}",
            est_recherche=True,
        ),
        Route(
            nom="facets",
            chemin="/facets",
            resume="Nombre de formations par valeur de chaque filtre, les autres filtres tenus",
            cles=(
                ("total", "Formations qui correspondent à la recherche, à distance exclues"),
                ("nb_voisins", "Formations de métiers voisins, comptées si rien ne correspond"),
                ("nb_a_distance", "Formations à distance, comptées dans les facettes"),
                ("facettes", "Par filtre : libellé, et valeurs avec leur nombre"),
                ("perimetre", PERIMETRE),
                ("instantane", "Instantané des données"),
            ),
            exemple="/facets?lieu={lieu}",
            est_recherche=True,
        ),
        Route(
            nom="points",
            chemin="/points",
            resume="Points de la carte dans une emprise, regroupés selon le zoom",
            cles=(
                ("points", "Lieux, ou groupes de lieux, avec leur nombre de formations"),
                ("nb_dehors", "Formations hors de l'emprise"),
                ("nb_non_places", "Formations sans position"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/points?emprise=2.5,50.2,3.1,50.6&zoom=10",
            parametres=("zoom",),
            requis=("emprise", "zoom"),
            est_recherche=True,
        ),
        Route(
            nom="atteinte",
            chemin="/atteinte",
            resume="Zone atteinte depuis un lieu en seuil_min minutes, par le mode demandé ; "
            "contour approximatif, estimé par une loi",
            cles=(
                ("lieu", "Lieu de départ compris, ou null"),
                (
                    "zones",
                    "Par mode qui a une loi : contour (MultiPolygon GeoJSON), habitants à deux "
                    "chiffres significatifs (null sous 100), communes où le plus sont atteints ; "
                    "vide sans point de départ",
                ),
                ("instantane", "Instantané des données"),
            ),
            exemple="/atteinte?lieu={lieu}&seuil_min=30&mode=velo",
            requis=("seuil_min",),
            est_recherche=True,
        ),
        Route(
            nom="couverture",
            chemin="/couverture",
            resume="Couverture de la population : "
            "indicateurs par zone, zones blanches, classes de la carte",
            cles=(
                ("titre", "La question en une phrase"),
                ("phrase", "Ce qu'il faut retenir"),
                ("notes", "Ce qu'il faut savoir avant d'employer les nombres"),
                (
                    "precision",
                    "D'où viennent les trajets, et à combien près ils sont justes au seuil demandé",
                ),
                ("parametres", "Tous les paramètres, ceux par défaut compris, et ceux des trajets"),
                ("indicateurs", "Sens et type de chaque nombre"),
                ("mesure", "Mesure de la carte"),
                ("classes", "Bornes et effectifs des classes de la carte"),
                ("ensemble", "Les nombres de la région"),
                (
                    "zones",
                    "Les nombres de chaque zone ; "
                    "masques nomme ceux qui sont tus (moins de 5 personnes)",
                ),
                (
                    "variantes",
                    "La réponse de la région avec d'autres trajets : plus longs ou plus courts "
                    "de l'erreur de neuf sur dix, autre circulation, loi seule",
                ),
                ("communes_blanches", "Communes dont la moitié des habitants est en zone blanche"),
                (
                    "perimetre",
                    "Ce que nos sources tiennent de l'offre demandée : statut (connue, partielle, "
                    "inconnue), parts, portée en mots. Là où elle est inconnue, les nombres qui en "
                    "dépendent valent null : ce n'est pas zéro",
                ),
                ("qualite", "Ce que l'on sait de l'offre comptée"),
                ("sources", "Sources des nombres, avec leur millésime"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/couverture?domaine=sante&niveau=4&zonage=departement",
            parametres=tuple(COUVERTURE),
            est_couverture=True,
        ),
        Route(
            nom="publics",
            chemin="/couverture/publics",
            resume="Demandeurs d'emploi, foyers du RSA, jeunes non scolarisés, habitants des "
            "quartiers de 2015 : combien vivent au-delà du seuil",
            cles=(
                ("titre", "La question en une phrase"),
                ("phrase", "Ce qu'il faut retenir ; vide quand rien ne peut être dit"),
                ("notes", "Ce qu'il faut savoir avant d'employer les nombres"),
                (
                    "publics",
                    "Par public : nombre connu et son année, combien vivent trop loin, part, "
                    "nombres tus, inégalité d'accès ; null : inconnu, ou de 1 à 4 personnes",
                ),
                ("instantane", "Instantané des données"),
            ),
            exemple="/couverture/publics?domaine=sante&seuil_km=20",
            parametres=tuple(COUVERTURE),
            est_couverture=True,
        ),
        Route(
            nom="besoins",
            chemin="/besoins",
            resume="Besoins de recrutement et offre de formation d'une zone, par famille de "
            "métiers, ou d'une famille, par zone",
            cles=(
                ("titre", "La question en une phrase"),
                ("phrases", "Ce qu'il faut retenir"),
                ("notes", "Ce qu'il faut savoir : secret, années, passages, liens"),
                (
                    "lignes",
                    "Une ligne par famille (ou par zone), les plus de projets d'abord : besoin, "
                    "offre, formation la plus proche ; null : inconnu ou tu, jamais zéro",
                ),
                ("colonnes", "Sens de chaque nombre"),
                ("sources", "Sources des nombres, avec leur millésime"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/besoins?territoire=region&liste=fort_loin",
            parametres=tuple(BESOINS),
        ),
        Route(
            nom="ou_ouvrir",
            chemin="/ou-ouvrir",
            resume="Où ouvrir pour rapprocher des habitants : "
            "ouvertures dans l'ordre, borne et écart, gain par zone",
            cles=(
                ("titre", "La question en une phrase"),
                ("phrase", "Ce qu'il faut retenir"),
                ("notes", "Ce qu'il faut savoir avant d'employer les nombres"),
                ("parametres", "Ce qui est cherché, pour qui, et l'adresse de la question"),
                ("population", "Habitants comptés, ou null quand l'offre n'est pas connue"),
                ("non_couverts", "Habitants au-delà du seuil aujourd'hui"),
                ("non_couverts_apres", "Les mêmes, après les ouvertures"),
                ("trajet_moyen", "Trajet moyen aujourd'hui, dans l'unité du seuil"),
                ("trajet_moyen_apres", "Trajet moyen après les ouvertures"),
                (
                    "valeur",
                    "Ce qui est obtenu : habitants rapprochés, habitants × trajet épargné, ou "
                    "nombre de lieux",
                ),
                ("borne", "Ce qu'aucun autre choix ne dépasse (ou le moins de lieux, prouvé)"),
                ("manque", "Accès qui manque sous la moyenne (objectif « acces »), sinon null"),
                ("ecart", "Part de la borne qui est peut-être manquée, de 0 à 1"),
                ("est_prouve", "Si rien ne peut faire mieux"),
                ("cede", "Ce qui est cédé pour des lieux qui forment déjà"),
                ("hors_portee", "Habitants qu'aucun lieu candidat n'atteint"),
                (
                    "ouvertures",
                    "Les ouvertures, celle qui apporte le plus d'abord ; personnes et cumul valent "
                    "null de une à quatre personnes",
                ),
                ("acces", "Accessibilité E2SFCA et son inégalité, avant et après"),
                ("zones", "Habitants au-delà du seuil par zone, avant et après"),
                ("zonage", "Titre du zonage de ces zones"),
                ("perimetre", "Ce que nos sources tiennent de l'offre demandée"),
                ("precision", "D'où viennent les trajets, et à combien près ils sont justes"),
                ("sources", "Sources des nombres, avec leur millésime"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/ou-ouvrir?domaine=batiment&niveau=3&ouvertures=3",
            parametres=PLAN_ACCEPTES,
            est_couverture=True,
        ),
        Route(
            nom="et_si",
            chemin="/et-si",
            resume="Ce que change un scénario : fermetures, ouvertures, places, seuil, mode",
            cles=(
                ("titre", "Le nom du scénario, ou ce qu'il change"),
                ("phrase", "Ce qu'il faut retenir"),
                ("notes", "Ce qu'il faut savoir avant d'employer les nombres"),
                ("adresse", "L'adresse du scénario, entière : relue, elle s'écrit de même"),
                ("changements", "Ce qui change, avec les noms, et ce qui est inconnu ici"),
                ("avant", "Habitants trop loin, trajet moyen, accessibilité, équité aujourd'hui"),
                ("apres", "Les mêmes, après"),
                ("perdus", "Habitants qui n'auraient plus rien à portée ; null de 1 à 4"),
                ("gagnes", "Habitants qui auraient enfin quelque chose à portée"),
                ("nb_fermees", "Formations fermées parmi celles de la question"),
                ("publics", "Habitants trop loin, par public, avant et après"),
                ("zones", "Les mêmes, par zone qui change"),
                ("reprises", "Organismes les plus proches de ceux dont le lieu ferme"),
                ("perimetre", "Ce que nos sources tiennent de l'offre demandée"),
                ("sources", "Sources des nombres, avec leur millésime"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/et-si?domaine=transport&apres_seuil=30",
            parametres=SCENARIO_ACCEPTES,
            est_couverture=True,
        ),
        Route(
            nom="fermetures",
            chemin="/fermetures",
            resume="Les fermetures qui ôteraient tout au plus d'habitants : organismes, lieux",
            cles=(
                ("phrase", "Ce qu'il faut retenir"),
                ("par", "organisme"),
                (
                    "fermetures",
                    "Les dix pires organismes : habitants qui n'auraient plus rien à portée, et "
                    "trajet médian vers ce qui resterait",
                ),
                ("lieux", "Les dix pires lieux, de même"),
                ("perimetre", "Ce que nos sources tiennent de l'offre demandée"),
                ("precision", "D'où viennent les trajets, et à combien près ils sont justes"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/fermetures?domaine=transport",
            parametres=tuple(nom for nom in COUVERTURE if nom not in ("mesure", "classes")),
            est_couverture=True,
        ),
        Route(
            nom="qualite",
            chemin="/qualite",
            resume="Scores de qualité des sources et des organismes ; "
            "d'un seul, ses critères et ce qu'il doit corriger",
            cles=(
                (
                    "criteres",
                    "Critères : mesure, poids, comment corriger, part des offres qui le satisfont",
                ),
                (
                    "entites",
                    "Sources et organismes : score de 0 à 100, part du barème évaluée, évolution",
                ),
                (
                    "parties",
                    "Détail par critère de la source ou de l'organisme demandé ; vide sans demande",
                ),
                (
                    "corrections",
                    "Ce qu'il doit corriger, offre par offre (les 500 premières lignes) ; "
                    "vide sans demande",
                ),
                ("nb_corrections", "Nombre de corrections, toutes lignes"),
                ("precedent", "Instantané comparé, ou null"),
                ("sans_precedent", "Pourquoi il n'y en a pas"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/qualite?critere=position",
            parametres=("source", "organisme", "critere"),
        ),
        Route(
            nom="zones",
            chemin="/zones",
            resume="Zonages et leurs zones, avec leur millésime",
            cles=(
                ("zonages", "Zonages connus"),
                ("zones", "Zones du zonage demandé, sinon toutes"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/zones?type=ze2020",
            parametres=("type",),
        ),
        Route(
            nom="sources",
            chemin="/sources",
            resume="Sources de toutes les données, avec leur licence",
            cles=(
                ("sources", "Sources"),
                ("assemble_le", "Date de l'instantané (UTC)"),
                ("instantane", "Instantané des données"),
            ),
            exemple="/sources",
        ),
    )
}
"""Every address of the API, in the order of the documentation."""

_TYPES = {"texte": "string", "entier": "integer", "reel": "number", "booleen": "boolean"}
"""Types of our columns → types of JSON."""


def _told(rubrique: str) -> dict[str, tuple[str, str]]:
    """Return the keys of a card under one heading, as the rows of the columns say them."""
    return {row.nom_montre: (_json_type(row), row.api) for row in CARTES[rubrique]}


def _json_type(row: ColonneOffre) -> str:
    if row.mots:
        return "array" if row.est_liste else "object"
    return _TYPES[row.type]


CARTE: dict[str, tuple[str, str]] = {
    "id": ("string", "Identifiant public, stable"),
    "id_lieu": ("string", "Lieu"),
    "url": ("string", "Adresse de la fiche"),
    **_told("identite"),
    "organisme_dit": ("string", "L'organisme en clair : son nom, sinon son code et sa commune"),
    **_told("quoi"),
    **_told("dates"),
    "periode": ("string", "Dates en toutes lettres"),
    "etat": (
        "object",
        "État des sessions au jour de la demande : code (a_venir, en_cours, passee, permanente, "
        "permanente_echue, inconnue), libelle",
    ),
    **_told("places"),
    **_told("cout"),
    "prix": ("string", "Prix en clair ; vide quand il est inconnu"),
    **_told("lien"),
    **_told("lieu"),
    "commune": ("object", "Commune : code, nom"),
    "precision": ("object", "Précision du point : code, libelle"),
    **_told("position"),
    "doute": ("string", "Le doute en clair"),
    "longitude": ("number", "Longitude, degrés"),
    "latitude": ("number", "Latitude, degrés"),
    "zones": ("array", "Zones du lieu : type, code, nom"),
    "distance_m": (
        "integer",
        "Distance au lieu cherché, en mètres ; null quand la commune seule est connue",
    ),
    "distance_min_m": ("integer", "Distance au moins ; celle du contour de la commune, si besoin"),
    "distance_max_m": ("integer", "Distance au plus ; celle du bout de la commune, si besoin"),
    "distance": ("string", "Distance en clair"),
    "mode": ("string", "Mode de déplacement de la durée ; null quand elle est inconnue"),
    "duree_min": (
        "number",
        "Durée estimée du trajet depuis le lieu cherché, en minutes ; "
        "null quand elle est inconnue, ou la commune seule connue",
    ),
    "duree_moins_min": ("number", "Durée au moins ; jusqu'au contour de la commune, si besoin"),
    "duree_plus_min": ("number", "Durée au plus ; jusqu'au bout de la commune, si besoin"),
    "duree": ("string", "Durée en clair, avec son erreur"),
    "est_a_temps_sans_voiture": (
        "boolean",
        "Se rejoint à temps sans voiture ; null quand sans_voiture n'est pas demandé",
    ),
    "bloc": (
        "string",
        "Dans une liste : correspond (à la recherche elle-même) ou voisin (un métier voisin)",
    ),
    "source": ("object", "Source de la ligne montrée : id, titre, millesime, mode"),
    "sources": (
        "array",
        "Tous les catalogues qui donnent cette formation, celui de la ligne d'abord",
    ),
    "est_fictive": ("boolean", "Donnée de démonstration"),
}
"""Keys of an offer in a list: JSON type (null when unknown) and meaning."""


def describe_bounds(parametre: Parametre) -> str:
    """Return what a parameter accepts, in words."""
    if parametre.valeurs:
        return ", ".join(parametre.valeurs)
    if parametre.minimum is not None and parametre.maximum is not None:
        return f"de {format_decimal(parametre.minimum)} à {format_decimal(parametre.maximum)}"
    return f"à partir de {parametre.minimum:g}" if parametre.minimum is not None else ""
