"""The sheet of a training in plain French: the sentences that are read aloud to a person.

Short sentences, plain words: `tests/test_plain.py` measures them over real sheets.  Nothing is
invented: what no source says is named in `manques`, and a rule that holds in general (law of
apprenticeship, path after a diploma) is told as a general rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from geoapp.core.french import count, format_date, join_words, lower_first, upper_first
from geoapp.reference.codes.diplomas import load_diplomes
from geoapp.reference.codes.levels import load_niveaux

REGLE = "En général : "
"""Head of a sentence that is true of such trainings, whatever this one's source says."""

ADMISSIONS = {
    "apprentissage": "il faut un employeur qui signe un contrat d'apprentissage.",
    "parcoursup": "la demande se fait sur Parcoursup, l'hiver d'avant.",
    "affelnet": "la demande se fait par le collège, à la fin de la troisième.",
}
"""How one asks for a place, in general."""

SUR_PARCOURSUP = ("bts", "but", "dut", "deust", "licence", "dcg", "dnmade")
APRES_TROISIEME = ("cap", "bac_pro")
NB_METIERS = 4

AVERTISSEMENT = "Ce sont des chiffres passés : ils ne promettent rien pour demain."


@dataclass
class Recit:
    """What a sheet tells, by section, in the order in which an advisor reads it.

    Each is a list of sentences, empty when nothing is known; `manques` names what no source says.
    """

    quand: list[str] = field(default_factory=list)
    duree: list[str] = field(default_factory=list)
    prix: list[str] = field(default_factory=list)
    prerequis: list[str] = field(default_factory=list)
    admission: list[str] = field(default_factory=list)
    contact: list[str] = field(default_factory=list)
    chances: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    diplome: list[str] = field(default_factory=list)
    suite: list[str] = field(default_factory=list)
    manques: list[str] = field(default_factory=list)

    def phrases(self) -> list[str]:
        """Return every sentence, in order."""
        told = (
            *(self.quand, self.duree, self.prix, self.prerequis, self.admission, self.contact),
            *(self.chances, self.places, self.diplome, self.suite),
        )
        return [phrase for part in told for phrase in part]


def tell_sheet(sheet: dict) -> Recit:
    """Return what a sheet (see `offer_sheet`) tells in plain French."""
    told = Recit(
        quand=tell_dates(sheet),
        duree=tell_length(sheet),
        prix=tell_price(sheet),
        prerequis=tell_prerequisites(sheet),
        admission=tell_admission(sheet),
        contact=tell_contact(sheet),
        chances=tell_chances(sheet["statistiques"]),
        places=tell_places(sheet["statistiques"]["flux"]),
        diplome=tell_diploma(sheet),
        suite=tell_next(sheet),
    )
    missing = {
        "dates": told.quand,
        "durée": told.duree,
        "prix": told.prix,
        "niveau demandé": told.prerequis,
        "téléphone": None,
        "site": sheet["page_web"],
        "chances d'emploi": told.chances,
        "places": told.places,
    }
    told.manques = [nom for nom, known in missing.items() if not known]
    return told


def tell_dates(sheet: dict) -> list[str]:
    """Return when a training is given, and whether that is past."""
    etat, sessions = sheet["etat"]["code"], sheet["sessions"]
    mine = [one for one in sessions if one["etat"]["code"] == etat and one["date_debut"]]
    match etat:
        case "a_venir" if mine:
            starts = list(dict.fromkeys(one["dates"] for one in mine))[:3]
            phrases = [f"Prochaine entrée : {join_words(starts)}."]
        case "a_venir":
            phrases = [f"Prochaine entrée : {sheet['periode']}."]
        case "en_cours":
            phrases = [f"Session en cours : {mine[-1]['dates'] if mine else sheet['periode']}."]
        case "passee":
            last = mine[-1]["dates"] if mine else sheet["periode"]
            phrases = [f"Session passée ({last}) : à vérifier auprès de l'établissement."]
        case "permanente":
            phrases = ["On peut entrer toute l'année."]
        case "permanente_echue":
            phrases = [f"On entrait toute l'année ({sheet['periode']}) : à vérifier."]
        case _:
            phrases = []
    recruiting = next((one["recrutement"] for one in mine if one["recrutement"]), None)
    return phrases + ([f"{recruiting.capitalize()}, d'après la source."] if recruiting else [])


def tell_length(sheet: dict) -> list[str]:
    """Return how long a training is."""
    heures = sheet.get("duree_h")
    return [f"{count(round(heures), 'heure')} en tout."] if heures else []


def tell_price(sheet: dict) -> list[str]:
    """Return what a training costs; the law when the source says nothing of an apprenticeship."""
    if sheet["prix"]:
        return [f"{sheet['prix']}."]
    if sheet["voie"]["code"] == "apprentissage":
        return [f"{REGLE}l'apprenti ne paie pas sa formation (Code du travail, L. 6211-1)."]
    return []


def tell_prerequisites(sheet: dict) -> list[str]:
    """Return who may come in, as the source tells it."""
    told = []
    entree = sheet.get("niveau_entree")
    if entree and entree["code"] is not None:
        told.append(f"Niveau demandé : {lower_first(entree['libelle'])}.")
    publics = [one["libelle"] for one in sheet.get("publics") or [] if one["code"] is not None]
    return told + ([f"Pour qui : {', '.join(publics)}."] if publics else [])


def tell_admission(sheet: dict) -> list[str]:
    """Return how one asks for a place: what the source says, else the general rule."""
    voie, diplome = sheet["voie"]["code"], sheet["diplome"]["code"]
    told = []
    if voie == "apprentissage":
        told.append(REGLE + ADMISSIONS["apprentissage"])
    elif voie == "scolaire" and diplome in SUR_PARCOURSUP:
        told.append(REGLE + ADMISSIONS["parcoursup"])
    elif voie == "scolaire" and diplome in APRES_TROISIEME:
        told.append(REGLE + ADMISSIONS["affelnet"])
    return told + _sentences(sheet.get("entree") or "")


def _sentences(entree: str) -> list[str]:
    """Return what the source says of the entry, cut into short sentences."""
    cut = entree.replace(" : ", ". ", 1).replace(", communes à", ". Places communes à")
    return [f"{one.strip().rstrip('.')}." for one in cut.split(". ") if one.strip()]


def tell_contact(sheet: dict) -> list[str]:
    """Return whom to ask: no source gives a telephone."""
    organisme = sheet["organisme"] or sheet["organisme_responsable"]
    if organisme and organisme["nom"]:
        return [f"Numéro inconnu de nos sources. Organisme à joindre : {organisme['nom']}."]
    return ["Nom et numéro inconnus de nos sources : demandez au CIO ou à la mission locale."]


def tell_chances(statistiques: dict) -> list[str]:
    """Return what became of those who left: this training in the region, else the establishment."""
    regions = [one for one in statistiques["debouches_region"] if _is_told(one)]
    if regions:
        last = max(regions, key=lambda one: one["annee"])
        return [*_outcome("Dans la région, après cette formation", last), AVERTISSEMENT]
    schools = [one for one in statistiques["debouches"] if _is_told(one)]
    if schools:
        return [
            *_outcome("Dans cet établissement, toutes formations ensemble", schools[0]),
            AVERTISSEMENT,
        ]
    return []


def _is_known(rate: float | None) -> bool:
    # A value that is not equal to itself is NaN.
    return rate is not None and rate == rate


def _is_told(row: dict) -> bool:
    return _is_known(row["taux_emploi_pct"]) or _is_known(row["taux_poursuite_pct"])


def _outcome(head: str, row: dict) -> list[str]:
    """Return the rates of one row: those who go on, and of the others those who work."""
    suite, emploi, annee = row["taux_poursuite_pct"], row["taux_emploi_pct"], row["annee"]
    going_on = f"{head} : {_in_hundred(suite)} ont continué leurs études ({annee})."
    if not _is_known(emploi):
        return [going_on]
    work = f"{_in_hundred(emploi)} travaillaient à 6 mois"
    if not _is_known(suite):
        return [f"{head} : {work} ({annee}).", "On compte ceux qui ont arrêté leurs études."]
    return [going_on, f"Parmi ceux qui ont arrêté, {work}."]


def _in_hundred(rate: float | None) -> str:
    """Return a rate as people: « 38 jeunes sur 100 »; "" when it is unknown."""
    return "" if rate is None or rate != rate else f"{round(rate)} jeunes sur 100"


def tell_places(flux: list[dict]) -> list[str]:
    """Return the last year whose places or wishes are known, and how they compare."""
    known = [one for one in flux if one["capacite"] is not None or one["cellules"][1]]
    if not known:
        return []
    last = known[-1]
    voeux, places = last["nb_voeux"], last["capacite"]
    where = f" en {last['annee_etudes']}" if last["annee_etudes"] else ""
    when = f"en {last['annee']}"
    told_places = "" if places is None else count(places, "place")
    told = " pour ".join(filter(None, [last["cellules"][1], told_places]))
    phrases = [f"{upper_first(told)}{where} {when}."]
    if voeux is not None and places:
        if voeux < places:
            phrases.append("Il y avait plus de places que de vœux.")
        elif voeux >= 2 * places:
            phrases.append(f"Cela fait environ {round(voeux / places)} vœux par place.")
    return phrases


def tell_diploma(sheet: dict) -> list[str]:
    """Return what the diploma is: by its kind, else by its level."""
    kind = load_diplomes().get(sheet["diplome"]["code"] or "")
    phrase = (kind and kind.phrase) or _of_level(sheet, "phrase")
    metiers = list(dict.fromkeys(sheet["metiers"]))[:NB_METIERS]
    told = [f"Métiers visés : {', '.join(metiers)}."] if metiers else []
    return ([phrase] if phrase else []) + told


def tell_next(sheet: dict) -> list[str]:
    """Return what comes after in general, by kind of diploma, else by level."""
    kind = load_diplomes().get(sheet["diplome"]["code"] or "")
    suite = (kind and kind.suite) or _of_level(sheet, "suite")
    return [f"{REGLE}{lower_first(suite)}"] if suite else []


def _of_level(sheet: dict, column: str) -> str:
    niveaux = load_niveaux().set_index("niveau")[column].to_dict()
    return niveaux.get(sheet["niveau"]["code"] or "", "")


def tell_register(certification: dict, today: date) -> str:
    """Return how long the record of the national register holds; "" when that is unknown."""
    ends, newer = certification["echeance_rncp"], certification["rncp_remplacee_par"]
    told = [""]
    if ends:
        head = "valable jusqu'au" if ends >= today.isoformat()[: len(ends)] else "close depuis le"
        told = [f"{head} {format_date(ends)}"]
    told += [f"remplacée par {newer}" if newer else ""]
    return ", ".join(filter(None, told))
