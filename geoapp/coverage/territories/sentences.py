"""What must be retained of a zone: five sentences, each with its figure and that of the region."""

from __future__ import annotations

import pandas as pd

from geoapp.core.french import (
    NON_RENSEIGNE,
    at_place,
    count,
    format_number,
    join_words,
    lower_first,
    upper_first,
)
from geoapp.coverage.indicators import INDICATEURS, format_share, format_value
from geoapp.coverage.model import Question, describe_offer, describe_reach
from geoapp.coverage.offered import is_information, name_offer
from geoapp.coverage.publics import Public
from geoapp.coverage.territories.answers import AUTRE
from geoapp.coverage.territories.coverage import BlocCouverture
from geoapp.coverage.territories.offer import BlocOffre
from geoapp.coverage.territories.outside import BlocDehors
from geoapp.coverage.territories.tables import name_body
from geoapp.coverage.territories.zone import Zone
from geoapp.coverage.white_zones import CAUSES
from geoapp.coverage.zone_points import tell_status
from geoapp.offer.filters import describe_filters
from geoapp.offer.perimeter import CONNUE, INCONNUE, LIBELLES
from geoapp.offer.values import INCONNU
from geoapp.reference.codes.levels import load_niveaux
from geoapp.reference.codes.voies import VOIES
from geoapp.reference.zonings import COMMUNE, COMPARES

NB_CITES = 3
"""Names cited at most in one sentence; the others are counted."""

ECART_SENSIBLE = 0.005
"""A gap of shares under half a point is none: « à peu près comme dans la région »."""


def write_essentials(
    question: Question,
    zone: Zone,
    *,
    offre: BlocOffre,
    couverture: BlocCouverture,
    dehors: BlocDehors,
) -> tuple[str, ...]:
    """Return the sentences to retain: offer, domains, cover, access, what makes it fragile.

    What is known of the offer ends them when it is not all; where it is not known, it is all
    that is told, with what our sources hold of it all the same.
    """
    status = couverture.ligne["perimetre"]
    told = tell_status(couverture.reponse.perimetre, status)
    if status == INCONNUE:
        return told, _not_told(couverture), _cited(question, zone, offre)
    sentences = (
        _offer(question, zone, offre, couverture),
        _kinds(question, zone, offre, dehors)
        if is_information(question)
        else _domains(question, zone, offre=offre, couverture=couverture, dehors=dehors),
        _cover(question, zone, couverture),
        _access(question, couverture),
        _fragile(question, zone, offre=offre, couverture=couverture, dehors=dehors),
    )
    if status == CONNUE:
        return sentences
    return (*sentences, f"{told} Les nombres qui précèdent sont ceux de cette offre.")


def _not_told(couverture: BlocCouverture) -> str:
    """Say what cannot be told of the people of a zone whose offer is not known."""
    people = couverture.ligne["population"]
    whose = f"ses {count(round(people), 'habitant')}" if pd.notna(people) else "ses habitants"
    return f"On ne peut dire lesquels de {whose} en sont loin, ni quelles communes en manquent."


def _cited(question: Question, zone: Zone, offre: BlocOffre) -> str:
    """Say what our sources hold all the same of an offer that none claims to hold."""
    nb_region, nom = int(offre.region["nb_offres"].sum()), name_offer(question)
    if not nb_region:
        return f"Nos sources n'en citent aucun{nom.e}, faute de les collecter."
    told = nom.count(nb_region)
    where = (
        f", dont {nom.count(offre.nb)} dans {zone.sujet}" if offre.est_connue and offre.nb else ""
    )
    return (
        f"Nos sources en citent pourtant {told}{_kind(question)} dans la région{where} : "
        f"elles ne disent pas {'les tenir toutes' if nom.est_feminin else 'les tenir tous'}."
    )


def _kind(question: Question) -> str:
    """Return the filters as the end of « formation… »: « (Santé, niveau 4) »."""
    mots = describe_filters(question.filtres)
    return f" ({mots})" if mots else ""


def cite(mots: list[str], autre: str = "autre", autres: str = "autres") -> str:
    """Return the first names of a list, the others counted: « a, b, c et 4 autres »."""
    rest = len(mots) - NB_CITES
    if rest <= 0:
        return join_words(mots)
    return join_words([*mots[:NB_CITES], f"{format_number(rest)} {autre if rest == 1 else autres}"])


def compare_share(part: float, region: float) -> str:
    """Return how a share stands to that of the region: « contre 12 % dans la région »."""
    if pd.isna(region):
        return "part de la région inconnue"
    if abs(part - region) < ECART_SENSIBLE:
        return f"à peu près comme dans la région ({format_share(region)})"
    return f"contre {format_share(region)} dans la région"


def _offer(question: Question, zone: Zone, offre: BlocOffre, couverture: BlocCouverture) -> str:
    """Say how much is taught in the zone."""
    ligne, region = couverture.ligne, couverture.ensemble
    total, nom = round(region["nb_offres"]), name_offer(question)
    when = _years(offre, ligne["perimetre"])
    if not offre.est_connue:
        return (
            f"On ne sait pas combien de {nom.des} sont dans {zone.sujet} : "
            f"aucune source n'en donne le contour ; "
            f"la région en compte {format_number(total)}."
        )
    if not offre.nb:
        none = (
            f"{upper_first(zone.sujet)} n'a {nom.aucune}{_kind(question)} "
            f"placé{nom.e} sur son territoire"
            if ligne["perimetre"] == CONNUE
            else f"Nos sources ne placent {nom.aucune}{_kind(question)} dans {zone.sujet}"
        )
        none += f" (sources {_of_years(offre.annees)})" if offre.annees else ""
        return f"{none} ; la région en compte {format_number(total)}."
    texte = (
        f"{when}{zone.sujet if when else upper_first(zone.sujet)} compte "
        f"{nom.count(offre.nb)}{_kind(question)}{_in_places(question, ligne)}, "
        f"soit {format_share(offre.nb / total)} de l'offre de la région"
    )
    if pd.notna(ligne["population"]) and region["population"]:
        texte += (
            f" pour {format_share(ligne['population'] / region['population'])} de ses habitants"
        )
    return f"{texte}{_voie(offre)}."


def _in_places(question: Question, ligne: pd.Series) -> str:
    """Return in how many places trainings are given; a place of information is its own."""
    if is_information(question):
        return ""
    return f" dans {count(round(ligne['nb_lieux']), 'lieu', 'lieux')}"


def _kinds(question: Question, zone: Zone, offre: BlocOffre, dehors: BlocDehors) -> str:
    """Say which kinds of places of information the zone has, and what is near."""
    near = f"{near_sentence(question, zone, dehors)}."
    if not offre.nb:
        return near
    kinds = offre.lignes["nom_organisme"].value_counts()
    ordered = sorted(kinds.items(), key=lambda one: (-one[1], str(one[0])))
    told = join_words([f"{nom} ({format_number(nb)})" for nom, nb in ordered])
    return f"Par sorte de lieu : {told} ; {lower_first(near)}"


def _years(offre: BlocOffre, statut: str) -> str:
    """Return the beginning of a sentence: of which years the offer is, and what of it is known."""
    if not offre.annees:
        return ""
    known = "" if statut == CONNUE else f", {LIBELLES[statut].lower()}"
    return f"D'après nos sources {_of_years(offre.annees)}{known}, "


def _of_years(annees: str) -> str:
    """Return years as the end of « sources… »."""
    return annees if annees.startswith("de ") else f"de {annees}"


def _voie(offre: BlocOffre) -> str:
    """Return the share of apprenticeship, the voie that every source gives."""
    shares = offre.shares("voie")
    if len(shares) < 2 or "apprentissage" not in shares.index:
        return ""
    row = shares.loc["apprentissage"]
    these = f"{format_share(row['part'])} sont" if row["nb"] else "aucune n'est"
    return f" ; {these} en apprentissage, {compare_share(row['part'], row['part_region'])}"


def _domains(
    question: Question,
    zone: Zone,
    *,
    offre: BlocOffre,
    couverture: BlocCouverture,
    dehors: BlocDehors,
) -> str:
    """Say what is taught, and what is not."""
    first = _first(question, offre, couverture, ranked="nb" if offre.nb else "nb_region")
    if not offre.nb or first is None:
        end = (
            f" ; dans la région, {first[0]} est « {first[1]} » "
            f"({format_share(first[2]['part_region'])} de l'offre)"
            if first
            else ""
        )
        return f"{near_sentence(question, zone, dehors)}{end}."
    sorte, nom, row = first
    texte = (
        f"{upper_first(sorte)} y est « {nom} » "
        f"avec {count(int(row['nb']), 'formation')}, "
        f"{format_share(row['part'])} de son offre {compare_share(row['part'], row['part_region'])}"
    )
    absents = [f"« {nom} »" for nom in dehors.absents["domaine"]]
    known = couverture.domaines[couverture.domaines["code_domaine"].ne(AUTRE)]
    unknown = known.loc[known["perimetre"].eq(INCONNUE), "domaine"].tolist()
    nb = len(known)
    if nb < 2:
        return f"{texte}."
    return f"{texte} ; {_lacking(nb, absents, unknown, couverture.ligne['perimetre'])}."


def _lacking(nb: int, absents: list[str], unknown: list[str], status: str) -> str:
    """Say which domains have no training in the zone, and of which nothing is known."""
    if status == CONNUE:
        lacking = count(len(absents), f"domaine sur {nb} manque", f"domaines sur {nb} manquent")
    else:
        none = "sans formation dans nos sources"
        lacking = count(
            len(absents), f"domaine sur {nb} y est {none}", f"domaines sur {nb} y sont {none}"
        )
    every = f"les {nb - len(unknown)} domaines{' connus' if unknown else ''} y sont tous enseignés"
    told = f"{lacking} : {cite(absents)}" if absents else every
    if not unknown:
        return told
    names = cite([f"« {nom} »" for nom in unknown])
    verb = "n'est pas collectée" if len(unknown) == 1 else "ne sont pas collectées"
    return f"{told} ; {_whose_offer(unknown)} {names} {verb}"


def _whose_offer(unknown: list[str]) -> str:
    return "l'offre du domaine" if len(unknown) == 1 else "les offres des domaines"


_SORTES = (
    ("code_domaine", "domaine", "le premier domaine"),
    ("niveau_sortie", "niveau", "le premier niveau"),
    ("voie", "voie", "la première voie"),
)
"""What an offer is told by (column, filter, words): the first that a question leaves free."""


def _first(
    question: Question, offre: BlocOffre, couverture: BlocCouverture, *, ranked: str
) -> tuple[str, str, pd.Series] | None:
    """Return the words, the label and the shares of the most frequent kind of offer, if any."""
    colonne, _, mots = next(
        (row for row in _SORTES if len(question.filtres.values_of(row[1])) != 1), _SORTES[0]
    )
    shares = offre.shares(colonne).sort_values(
        [ranked, "nb_region"], ascending=False, kind="stable"
    )
    # « Inconnu » is said to be the first only when nothing else is there to say.
    told = shares[~shares.index.isin([AUTRE, INCONNU])]
    shares = told if len(told) and told[ranked].iloc[0] else shares
    if not len(shares):
        return None
    labels = {
        "code_domaine": couverture.domaines.set_index("code_domaine")["domaine"].to_dict(),
        "niveau_sortie": label_levels(),
        "voie": VOIES,
    }[colonne]
    return mots, labels.get(shares.index[0], NON_RENSEIGNE), shares.iloc[0]


def label_levels() -> dict[str, str]:
    """Return the label of each exit level: « Niveau 5 (Bac + 2 : BTS, DUT) »."""
    table = load_niveaux()
    return {row.niveau: f"{row.libelle} ({row.libelle_usager})" for row in table.itertuples()}


def _at(cout: float, question: Question) -> str:
    """Return a cost as a place: « à 12,3 km », « sur place »."""
    if cout < 0.05:
        return "sur place"
    return f"à {format_value(INDICATEURS['mediane'], cout, question.unite)}"


def near_sentence(question: Question, zone: Zone, dehors: BlocDehors) -> str:
    """Say what is in reach outside the zone (or around it, when what is inside is not known)."""
    seuil = describe_reach(question)
    outside, nom = " hors de la zone" if zone.est_offre_connue else "", name_offer(question)
    if not dehors.nb_offres:
        none = f"{upper_first(nom.aucune)}{_kind(question)}"
        return f"{none}{outside} n'est à {seuil} ou moins de ses habitants"
    first = dehors.communes.iloc[0]
    return (
        f"{nom.count(dehors.nb_offres)}{outside} "
        f"{'est' if dehors.nb_offres == 1 else 'sont'} "
        f"à {seuil} ou moins d'au moins un de ses habitants, "
        f"d'abord {at_place(first['nom_commune'])} ({format_number(first['nb_offres'])}, "
        f"{_at(first['cout'], question)})"
    )


def _cover(question: Question, zone: Zone, couverture: BlocCouverture) -> str:
    """Say how many people are too far, and where."""
    ligne, region = couverture.ligne, couverture.ensemble
    loin = f"à plus de {describe_reach(question)} d'{describe_offer(question)}"
    if pd.isna(ligne["population"]) and "population" not in (ligne["masques"] or "").split("|"):
        beyond = (
            f" ; dans la région, {format_share(region['part_non_couverte'])} vit {loin}"
            if pd.notna(region["part_non_couverte"])
            else ""
        )
        return f"La population n'y est pas connue : la couverture ne peut être chiffrée{beyond}."
    told = f"{_how_many(question, ligne, region, loin)}{_white(zone, couverture)}."
    if ligne["perimetre"] == CONNUE:
        return told
    return f"Dans l'offre que nos sources tiennent, {lower_first(told)}"


def _how_many(question: Question, ligne: pd.Series, region: pd.Series, loin: str) -> str:
    """Return how many people of the zone are too far, against the region."""
    if pd.isna(ligne["population_non_couverte"]):
        return (
            f"Le nombre de ses habitants qui vivent {loin} est tu : il dirait un nombre de une à "
            "quatre personnes"
        )
    # People of a cell are not whole numbers: less than half a person is nobody.
    if ligne["population_non_couverte"] < 0.5:
        others = (
            ""
            if pd.isna(region["part_non_couverte"])
            else ", comme tous ceux de la région"
            if region["part_non_couverte"] == 0
            else f", contre {format_share(1 - region['part_non_couverte'])} de ceux de la région"
        )
        return (
            f"Tous ses habitants ont {describe_offer(question)} à {describe_reach(question)} "
            f"ou moins{others}"
        )
    nb = round(ligne["population_non_couverte"])
    texte = (
        f"{format_share(ligne['part_non_couverte'])} de ses habitants ({count(nb, 'personne')}) "
        f"{'vit' if nb == 1 else 'vivent'} {loin}"
    )
    return f"{texte}, {compare_share(ligne['part_non_couverte'], region['part_non_couverte'])}"


def _white(zone: Zone, couverture: BlocCouverture) -> str:
    """Return the end of a sentence on the white communes of a zone of several."""
    if zone.nb_communes < 2 or zone.type_zone == COMMUNE:
        return ""
    whites, total = couverture.blanches, format_number(zone.nb_communes)
    if not len(whites):
        return f" ; aucune de ses {total} communes n'est en zone blanche"
    first = whites.iloc[0]
    if len(whites) == zone.nb_communes:
        return f" ; ses {total} communes sont toutes en zone blanche"
    if len(whites) == 1:
        offre = CAUSES[first["cause"]].de_l_offre
        return f" ; une de ses {total} communes est en zone blanche, {first['nom']} (offre {offre})"
    causes = whites["cause"].value_counts()
    return (
        f" ; {format_number(len(whites))} de ses {total} communes sont en zone blanche, "
        f"la plus peuplée étant {first['nom']}, "
        f"{_how_often(int(causes.iloc[0]), len(whites))} "
        f"parce que l'offre y est {CAUSES[causes.index[0]].de_l_offre}"
    )


def _how_often(nb: int, total: int) -> str:
    return "toutes" if nb == total else f"{format_number(nb)} d'entre elles"


def _access(question: Question, couverture: BlocCouverture) -> str:
    """Say what one reaches, the competition of others counted, and how far the nearest is."""
    ligne, region = couverture.ligne, couverture.ensemble

    def show(nom: str, row: pd.Series) -> str:
        return format_value(INDICATEURS[nom], row[nom], question.unite)

    if pd.isna(ligne["e2sfca"]) and pd.isna(ligne["population"]):
        return "On ne sait pas ce que ses habitants atteignent : leur nombre n'est pas connu."
    if pd.isna(ligne["e2sfca"]) or not ligne["e2sfca"]:
        return (
            f"Personne n'y atteint d'offre{_of_ours(couverture)} jusqu'au seuil, "
            "alors que la région en donne "
            f"{show('e2sfca', region)} pour 10 000 habitants, concurrence comptée."
        )
    ratio = ligne["e2sfca"] / region["e2sfca"] - 1
    gap = (
        "autant que"
        if abs(ratio) < 0.005
        else f"{format_share(abs(ratio))} de {'plus' if ratio > 0 else 'moins'} que"
    )
    nom = name_offer(question)
    nouns = {"places": ("place", "places"), "sessions": ("session", "sessions")}
    one, many = nouns.get(question.offre, (nom.un, nom.des))
    texte = (
        f"Concurrence entre habitants comptée, on y atteint {show('e2sfca', ligne)} "
        f"{many if ligne['e2sfca'] >= 2 else one} pour 10 000 habitants, "
        f"{gap} dans la région ({show('e2sfca', region)})"
    )
    if pd.isna(ligne["mediane"]):
        return f"{texte} ; la moitié de ses habitants n'a {nom.aucune} à portée."
    if pd.isna(region["mediane"]):
        return f"{texte}."
    half = "sur place" if ligne["mediane"] < 0.05 else f"à {show('mediane', ligne)} ou moins"
    return (
        f"{texte} ; un habitant sur deux a {nom.une} {half}, "
        f"contre {show('mediane', region)} dans la région."
    )


def _fragile(
    question: Question,
    zone: Zone,
    *,
    offre: BlocOffre,
    couverture: BlocCouverture,
    dehors: BlocDehors,
) -> str:
    """Say who is left behind, or on whom the cover depends: the gravest that can be said."""
    # In this order: nobody covered, one body for all, a public left behind, communes or domains
    # that one body holds, and at last that nothing of the kind is the case.
    if couverture.ligne["part_couverte"] == 0:
        return _nobody(question, couverture)
    alone = format_share(couverture.part_communes_uniques_region)
    body = f"un seul {name_offer(question).tenant}"
    if pd.notna(couverture.ligne["offreur_unique"]):
        return (
            f"Toute sa couverture tient à {body}, "
            f"{name_body(couverture.ligne['offreur_unique'])} : "
            f"s'il ferme, {_left(couverture)}, "
            f"comme dans {alone} des communes de la région."
        )
    gaps = [
        (one.ici, one.ailleurs, one.region)
        for one in couverture.publics
        if one.ailleurs is not None
        and one.ici.part_couverte < one.ailleurs.part_couverte - ECART_SENSIBLE
    ]
    if gaps:
        here, others, region = max(
            gaps, key=lambda gap: gap[1].part_couverte - gap[0].part_couverte
        )
        return _gap(question, here, others, region)
    if zone.type_zone != COMMUNE and couverture.part_communes_uniques > 0:
        return _alone(zone, couverture, body)
    if len(couverture.domaines_uniques):
        return _alone_by_domain(couverture)
    if zone.type_zone == COMMUNE or zone.nb_communes < 2:
        others_too = format_share(1 - couverture.part_communes_uniques_region)
        return (
            f"Sa couverture ne tient pas à {body}, "
            f"comme celle de {others_too} des communes de la région."
        )
    # Of places of information, what is near was told with their kinds.
    is_told = not offre.nb or is_information(question)
    start = "Aucune" if is_told else f"{near_sentence(question, zone, dehors)} ; aucune"
    return (
        f"{start} de ses communes n'est couverte par {body}, "
        f"ce qui est le cas de {alone} de celles de la région."
    )


def _left(couverture: BlocCouverture) -> str:
    """Return what is left of a zone when its only body closes, as far as is known."""
    if couverture.ligne["perimetre"] == CONNUE:
        return "plus personne n'est couvert"
    return "plus personne n'est couvert par l'offre que nous connaissons"


def _nobody(question: Question, couverture: BlocCouverture) -> str:
    """Say where the nearest offer is, for a zone that none reaches."""
    mediane = format_value(INDICATEURS["mediane"], couverture.ensemble["mediane"], question.unite)
    nom = name_offer(question)
    region = (
        f"la moitié des habitants n'en ont aucun{nom.e} à portée"
        if pd.isna(couverture.ensemble["mediane"])
        else f"la moitié des habitants en ont un{nom.e} à {mediane} ou moins"
    )
    if not couverture.presque:
        return (
            f"{upper_first(nom.aucune)}{_of_ours(couverture)} n'est à portée de ses habitants, "
            "même lointaine ; "
            f"dans la région, {region}."
        )
    first = couverture.presque[0]
    return (
        f"{upper_first(nom.la)}{_of_ours(couverture)} {nom.le_plus} proche est "
        f"{at_place(first.nom_commune or 'une commune inconnue')}, {_at(first.cout, question)} "
        f"du premier de ses habitants ; dans la région, {region}."
    )


def _of_ours(couverture: BlocCouverture) -> str:
    """Return « de nos sources » where other trainings may be."""
    return "" if couverture.ligne["perimetre"] == CONNUE else " de nos sources"


def _alone_by_domain(couverture: BlocCouverture) -> str:
    """Say in which domains only one body covers the zone."""
    names = [
        f"« {row.domaine} » ({name_body(row.offreur_unique)})"
        for row in couverture.domaines_uniques.itertuples()
    ]
    whole = "un domaine" if len(names) == 1 else f"{len(names)} domaines"
    return (
        f"Dans {whole}, sa couverture tient à un seul organisme, alors que la région en compte "
        f"{format_number(couverture.nb_offreurs_region)} "
        f"dans {'ce domaine' if len(names) == 1 else 'ces domaines'} : {cite(names)}."
    )


def _alone(zone: Zone, couverture: BlocCouverture, seul: str) -> str:
    """Say how many communes only one body covers."""
    first, nb = couverture.uniques.iloc[0], int(couverture.uniques["nb_communes"].sum())
    whole = (
        "Une de ses communes n'est couverte"
        if nb == 1
        else f"{format_number(nb)} de ses communes ne sont couvertes"
    )
    body = name_body(first["organisme"])
    named = (
        body
        if nb == first["nb_communes"]
        else f"d'abord {body} ({count(first['nb_communes'], 'commune')})"
    )
    return (
        f"{whole} que par {seul} ({format_share(couverture.part_communes_uniques)}, "
        f"contre {format_share(couverture.part_communes_uniques_region)} "
        f"de celles de la région) : {named}."
    )


def _gap(question: Question, here: Public, others: Public, region: Public | None) -> str:
    """Say how a public of the zone is covered beside the others, there and in the region."""
    mots = COMPARES[here.zonage]
    ses, ensemble = mots.ses, mots.ensemble
    if here.est_estimee and mots.communes:
        ses, ensemble = mots.communes, "de ces communes"
    texte = (
        f"Dans ses {ses}, {format_share(1 - here.part_couverte)} des habitants "
        f"sont à plus de {describe_reach(question)} d'{describe_offer(question)}, "
        f"contre {format_share(1 - others.part_couverte)} ailleurs dans la zone"
    )
    if region is not None and pd.notna(region.part_couverte):
        theirs = format_share(1 - region.part_couverte)
        texte += f" et {theirs} pour l'ensemble {ensemble} de la région"
    return f"{texte}{' (estimé par communes entières)' if here.est_estimee else ''}."
