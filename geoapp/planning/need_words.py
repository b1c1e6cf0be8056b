"""What an answer about the need says in French: its title, its sentences, what must be known.

Sentences are rules over the numbers: none says more than its row.
"""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    count,
    format_decimal,
    format_number,
    join_words,
    say_minutes,
    say_percent,
    with_unit,
)
from geoapp.core.schema.model import INDICES_TENSION
from geoapp.planning.families import ECRIT
from geoapp.planning.need_answer import (
    LISTES,
    SANTE,
    QuestionBesoin,
    ReponseBesoin,
    unlinked_families,
)
from geoapp.planning.need_table import (
    AUCUNE,
    FAIBLE,
    FORT,
    INCONNU,
    INCONNUE,
    LOIN,
    MODERE,
    NON_COLLECTEE,
    PART_PROCHE,
    PRESENTE,
    SEUIL_MIN,
)
from geoapp.reference.zonings import REGION

BESOINS_DITS = {FORT: "Fort", MODERE: "Modéré", INCONNU: "Inconnu (nombre tu ou non publié)"}
OFFRES_DITES = {
    PRESENTE: "Présente",
    FAIBLE: "Faible",
    LOIN: "Loin",
    AUCUNE: "Aucune dans nos sources",
    INCONNUE: "Inconnue",
    NON_COLLECTEE: "Non collectée",
}
NB_CITEES = 3

ALERTE_SANTE = (
    "Les écoles de soins (infirmiers, aides-soignants, auxiliaires de puériculture…) ne sont pas "
    "dans nos sources : consultez l'Agence régionale de santé et la Région."
)


def title_of(reponse: ReponseBesoin) -> str:
    """Return the question in one line."""
    question = reponse.question
    if question.famille:
        return f"Besoin et offre : {_family(reponse)}, zone par zone"
    where = question.sujet
    group = _group(reponse)
    return f"Besoin et offre dans {where}{f' : {group}' if group else ''}"


def _family(reponse: ReponseBesoin) -> str:
    table = reponse.familles.set_index("code_famille")["nom"]
    return str(table[reponse.question.famille])


def _group(reponse: ReponseBesoin) -> str:
    """Return the group asked in words, "" when none is."""
    code = reponse.question.groupe
    if code == SANTE:
        return "santé et action sociale"
    names = reponse.familles.dropna(subset="code_groupe").set_index("code_groupe")["groupe"]
    return str(names[code].iloc[0]).lower() if code in names.index else ""


def tell_need(reponse: ReponseBesoin) -> list[str]:
    """Return what must be retained, in order."""
    rows = reponse.toutes
    if rows.empty or rows["nb_bassins"].sum() == 0:
        return ["Nous n'avons pas de projets de recrutement pour ce choix : rien n'est comparé."]
    if reponse.question.famille:
        return [*_tell_family(reponse), *_alert(reponse)]
    return [_projects(reponse), *_strong(rows), *_unlinked(reponse), *_alert(reponse)]


def _projects(reponse: ReponseBesoin) -> str:
    """Return how many projects are known, how many numbers are not, and how many are difficult."""
    rows = reponse.toutes
    told = rows[rows["nb_bassins"].gt(0)]
    hidden = int(told["nb_tus"].gt(0).sum())
    total = told["nb_projets"].sum()
    least = "Au moins " if hidden else ""
    text = f"{least}{count(round(total), 'projet')} de recrutement en {_year(reponse)}"
    text += f" dans {count(len(told), 'famille')} de métiers"
    if hidden:
        text += (
            f" ; le nombre est tu, en tout ou partie, pour {format_number(hidden)} d'entre elles"
        )
    return f"{text}{_difficult(told)}."


def _difficult(told: pd.DataFrame) -> str:
    """Return the part of the projects that employers find difficult, where both are known.

    Bassin by bassin: the families that hide nothing anywhere are five of 214, and no sample.
    """
    judged, total = told["nb_projets_juges"].sum(), told["nb_projets"].sum()
    if not judged:
        return ""
    share = say_percent(told["nb_difficiles"].sum() / judged)
    where = "" if round(judged) == round(total) else f" ({say_percent(judged / total)} des projets)"
    return f". Là où les deux nombres sont connus{where}, {share} sont jugés difficiles"


def _strong(rows: pd.DataFrame) -> list[str]:
    """Return how many needs are strong, and for which the offer is weak, far, or not in sources."""
    strong = rows[rows["besoin"].eq(FORT)]
    if strong.empty:
        return ["Aucune famille n'y a un besoin fort parmi les nombres connus."]
    lacking = strong[strong["offre"].isin([FAIBLE, LOIN])]
    none = strong[strong["offre"].eq(AUCUNE)]
    unheld = strong[strong["offre"].eq(NON_COLLECTEE)]
    text = f"{count(len(strong), 'famille')} {_plural(len(strong), 'a', 'ont')} un besoin fort"
    if len(lacking):
        text += (
            f", dont {format_number(len(lacking))} avec une offre connue faible ou loin : "
            f"{_cite(lacking)}"
        )
    sentences = [f"{text}."]
    if len(none):
        sentences.append(
            f"Pour {count(len(none), 'autre')}, aucune formation de nos sources n'y est reliée : "
            f"{_cite(none)}."
        )
    if len(unheld):
        sentences.append(
            f"Pour {count(len(unheld), 'autre')}, l'offre n'est pas collectée, et l'on ne peut "
            f"dire si elle manque : {_cite(unheld)}."
        )
    return sentences


def _unlinked(reponse: ReponseBesoin) -> list[str]:
    """Return which part of the known projects has a training of the region, and why not the rest.

    Projects that are hidden are in neither part.
    """
    total = reponse.toutes["nb_projets"].sum()
    found = unlinked_families(reponse)
    if not total or not found:
        return []
    without = sum(projects for _, _, projects, _ in found)
    families = count(sum(nb for _, nb, _, _ in found), "famille")
    text = f"{say_percent(1 - without / total)} des projets connus sont de familles auxquelles une "
    text += "formation de nos sources est reliée dans la région. Aucune n'est reliée à "
    text += families
    return [f"{text} : la première raison est « {found[0][0]} »."]


def _cite(rows: pd.DataFrame) -> str:
    """Return the first rows by name, with their projects."""
    names = [f"{row.nom} ({say_projects(row)})" for row in rows.head(NB_CITEES).itertuples()]
    more = len(rows) - len(names)
    if not more:
        return join_words(names)
    others = "une autre" if more == 1 else f"{format_number(more)} autres"
    return f"{', '.join(names)} et {others}"


def _tell_family(reponse: ReponseBesoin) -> list[str]:
    """Return what is known of a family in the region, then the zones where it lacks."""
    whole = reponse.toutes[reponse.toutes["type_zone"].eq("region")]
    zones = reponse.toutes[~reponse.toutes["type_zone"].eq("region")]
    sentences = [_in_region(row, reponse) for row in whole.head(1).itertuples()]
    lacking = zones[zones["besoin"].eq(FORT) & zones["offre"].isin([FAIBLE, LOIN, AUCUNE])]
    if len(whole) and whole["offre"].iloc[0] == NON_COLLECTEE:
        sentences.append(
            "Offre non collectée : aucune de nos sources ne dit tenir ces formations, et l'on ne "
            "peut dire où elles manquent."
        )
    if len(lacking):
        text = f"Besoin fort, offre connue faible ou loin dans {count(len(lacking), 'zone')}"
        sentences.append(f"{text} : {_cite(lacking)}.")
    return sentences


def _in_region(row, reponse: ReponseBesoin) -> str:
    projects = (
        f"{'au moins ' if row.nb_tus else ''}{count(round(row.nb_projets), 'projet')}"
        if pd.notna(row.nb_projets)
        else "nombre de projets tu"
    )
    return (
        f"Dans la région : {projects} en {_year(reponse)}, "
        f"{count(int(row.nb_formations), 'formation reliée', 'formations reliées')}."
    )


def _alert(reponse: ReponseBesoin) -> list[str]:
    """Return that care schools are in no source, when the answer is about care."""
    return [ALERTE_SANTE] if is_about_care(reponse) and _lacks_care(reponse) else []


def _lacks_care(reponse: ReponseBesoin) -> bool:
    """Tell whether no source claims to hold the trainings of some care."""
    rows = reponse.toutes
    return bool((rows["est_sante_social"] & rows["offre"].eq(NON_COLLECTEE)).any())


def is_about_care(reponse: ReponseBesoin) -> bool:
    """Tell whether all that is asked is of health and social care."""
    rows = reponse.toutes
    return bool(len(rows)) and bool(rows["est_sante_social"].all())


def _year(reponse: ReponseBesoin) -> str:
    """Return the year of the survey."""
    return next(
        (one["millesime"] for one in reponse.sources if "Besoins en main" in one["titre"]),
        "année inconnue",
    )


def list_notes(reponse: ReponseBesoin) -> list[str]:
    """Return what must be known before the numbers are used: secrecy, years, passages, links."""
    rows = reponse.toutes
    passed = rows["est_repartie"].fillna(False).astype(bool).any()
    elsewhere = [] if not passed else [_PASSAGE]
    care = [] if is_about_care(reponse) or not _lacks_care(reponse) else [ALERTE_SANTE]
    return [
        *care,
        "Besoin fort : plus de projets connus pour 1 000 habitants que la famille moyenne de la "
        f"région. Offre loin : moins de {say_percent(PART_PROCHE)} des habitants à {SEUIL_MIN} "
        "minutes de voiture d'une formation reliée (trajets estimés, sans l'offre des départements "
        "voisins). Offre faible : aucune formation dans "
        "la zone, ou moitié moins de formations par projet que dans la région.",
        "Un projet n'est pas un poste à pourvoir après une formation : beaucoup de familles "
        "recrutent sans diplôme, et un recrutement difficile l'est souvent pour d'autres raisons "
        "que la formation. Les causes de tension aident à en juger.",
        "Les nombres tus par le secret statistique ne sont dans aucune somme. Une famille sans "
        "ligne dans l'enquête n'a rien de publié : ce n'est pas zéro.",
        *elsewhere,
        "Une formation est reliée par ses métiers (ROME, donnés par la source ou par Certif Info) "
        "aux familles de l'enquête. Une formation de plusieurs familles est comptée dans chacune : "
        "les sommes par famille ne s'ajoutent pas. Les métiers d'un diplôme général sont larges : "
        "lisez le nom de la formation la plus proche. "
        f"Pour {count(_written(reponse), 'famille')} de l'enquête, le lien est le nôtre, dit "
        "famille par famille dans la table « familles_metiers ».",
        f"Années différentes : {_years(reponse)}.",
        f"{reponse.perimetre.phrase} Les secondes communes à plusieurs bacs pro ne sont comptées "
        "dans aucune famille.",
    ]


def _written(reponse: ReponseBesoin) -> int:
    """Return how many families of the survey are linked by us."""
    return int(reponse.familles["lien"].eq(ECRIT).sum())


def _years(reponse: ReponseBesoin) -> str:
    """Return the year of each kind of number."""
    rows = reponse.toutes
    told = [f"projets de {_year(reponse)}"]
    for column, what in (
        ("annee_demandeurs", "demandeurs d'emploi de"),
        ("annee_tension", "tensions de"),
        ("annee_eleves", "élèves de la rentrée"),
    ):
        if years := sorted(rows[column].dropna().unique()):
            told.append(f"{what} {join_words(list(years))}")
    offers = [one["dit"] for one in reponse.sources if one["est_offre"]]
    return " ; ".join([*told, f"formations et places : {', '.join(offers)}"] if offers else told)


_PASSAGE = (
    "L'enquête est faite par bassin d'emploi. Une zone d'emploi ou un département reçoit de chaque "
    "bassin la part que font ses habitants : la somme des zones est celle des bassins, mais un "
    "nombre partagé est une estimation."
)


def list_title(question: QuestionBesoin) -> str:
    """Return what is listed, in words."""
    return LISTES[question.liste].replace("familles", "zones" if question.famille else "familles")


def say_number(value, decimals: int = 0) -> str:
    """Return a number, "" when it is unknown."""
    if value is None or pd.isna(value):
        return ""
    return format_number(round(value)) if not decimals else format_decimal(round(value, decimals))


def say_projects(row) -> str:
    """Return the projects of a row: « au moins 12 », « tu », « non publié »."""
    if not row.nb_bassins and pd.isna(row.nb_projets):
        return "non publié"
    return _least(row.nb_projets, row.nb_tus) or "tu"


def _least(value, hidden) -> str:
    """Return a sum, « au moins » when a number is hidden from it; "" when nothing is known.

    « Au moins 0 » would say nothing.
    """
    if pd.isna(value) or (hidden and not round(value)):
        return ""
    return f"{'au moins ' if hidden else ''}{format_number(round(value))}"


def say_difficult(row) -> str:
    """Return the difficult projects: « 70 (63 %) », « au moins 66 », « inconnu »."""
    hidden = row.nb_difficiles_tus or row.nb_tus
    known = _least(row.nb_difficiles, hidden)
    if hidden or not known:
        return known or "inconnu"
    share = f" ({say_percent(row.nb_difficiles / row.nb_projets)})" if row.nb_projets else ""
    return f"{known}{share}"


def say_tension(row) -> str:
    """Return the tension out of five and its strong causes."""
    if pd.isna(row.tension):
        return "inconnue"
    causes = [] if pd.isna(row.causes) else row.causes.split("|")
    named = [INDICES_TENSION[nom].lower() for nom in causes]
    return f"{say_number(row.tension, 1)} sur 5{' : ' + ', '.join(named) if named else ''}"


def say_places(row) -> str:
    """Return the places known of the trainings of a row, and of how many they are not."""
    if pd.isna(row.nb_places):
        return "inconnues" if row.nb_formations else ""
    unknown = f" (inconnues pour {row.nb_sans_places})" if row.nb_sans_places else ""
    return f"{format_number(row.nb_places)}{unknown}"


def list_need(row) -> list[str]:
    """Return what is known of the need of a row, in a few words each."""
    projects = say_projects(row)
    if not projects[-1].isdigit():
        return [f"projets : {projects}"]
    noun = "projet" if projects == "1" else "projets"
    seasonal = _least(row.nb_saisonniers, row.nb_saisonniers_tus or row.nb_tus)
    return [
        f"{projects} {noun}",
        f"difficiles : {say_difficult(row)}",
        *([f"saisonniers : {seasonal}"] if seasonal else []),
    ]


def list_market(row) -> list[str]:
    """Return what is known of the labour market of a row."""
    seekers = _least(row.nb_demandeurs, row.nb_demandeurs_tus)
    if pd.isna(row.tension) and row.type_zone == "ze2020":
        tension = "tension : dite par bassin seulement"
    else:
        tension = f"tension {say_tension(row)}"
    return [f"demandeurs d'emploi : {seekers or 'inconnu'}", tension]


def list_offer(row) -> list[str]:
    """Return what is known of the offer of a row inside its zone."""
    told = [count(int(row.nb_formations), "formation")]
    if row.nb_formations:
        told.append(f"places : {say_places(row)}")
    if not pd.isna(row.nb_entrants):
        told.append(f"élèves de première année : {say_number(row.nb_entrants)}")
    return told


def say_near_people(row) -> str:
    """Return how many people have a training near: « 38 % des habitants à 30 min »."""
    return f"{say_near(row)} des habitants à {with_unit(SEUIL_MIN, 'min')}"


def say_near(row) -> str:
    """Return the part of the people who have a training within half an hour."""
    return "" if pd.isna(row.part_30_min) else say_percent(row.part_30_min)


def say_nearest(row) -> str:
    """Return the nearest training: title, commune, median trip, scope.

    None is near a whole region: that of most of its people is an hour and a half from the others.
    """
    if row.type_zone == REGION or not isinstance(row.proche_titre, str):
        return ""
    trip = (
        "trajet inconnu"
        if pd.isna(row.trajet_proche_min)
        else f"environ {say_minutes(row.trajet_proche_min)}"
    )
    where = f"{row.proche_commune}, {trip}" if isinstance(row.proche_commune, str) else trip
    return f"{row.proche_titre} ({where} ; {row.proche_portee or 'source inconnue'})"


def _plural(nb: int, one: str, many: str) -> str:
    return one if nb <= 1 else many
