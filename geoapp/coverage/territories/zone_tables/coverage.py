"""Tables of the coverage of a zone: its indicators, ways of travelling, domains."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from geoapp.core.french import (
    format_decimal,
    upper_first,
    with_unit,
)
from geoapp.coverage.indicators import (
    INDICATEURS,
    MENTIONS,
    PETIT,
    show_value,
    title_of,
)
from geoapp.coverage.model import describe_reach
from geoapp.coverage.offered import counted_numbers, name_offer, worded
from geoapp.coverage.territories.content import ContenuZone
from geoapp.coverage.territories.tables import (
    ColonneTableau,
    Tableau,
    make_table,
    name_body,
)
from geoapp.coverage.territories.zone_tables.common import indicator_column, where_known
from geoapp.coverage.ways import SANS_SOURCE
from geoapp.offer.perimeter import INCONNUE, VIDE

_UNITES = {
    "part": "part de 0 à 1",
    "nombre": "",
    "taux": "pour 10 000 habitants",
    "taux_brut": "par habitant",
}


def coverage_table(contenu: ContenuZone, autre: ContenuZone | None = None) -> Tableau:
    """Return every indicator for the zone, the zone compared with and the region."""
    zones = [
        ("zone", contenu.zone.nom, contenu.couverture.ligne),
        *([("avec", autre.zone.nom, autre.couverture.ligne)] if autre else []),
        ("region", contenu.couverture.ensemble["nom"], contenu.couverture.ensemble),
    ]
    unite, rows, words = contenu.question.unite, [], []
    is_whole = bool(contenu.couverture.ligne["est_estimee"])
    question = contenu.question
    for indicateur in map(INDICATEURS.__getitem__, counted_numbers(question, INDICATEURS)):
        shown = [show_value(row, indicateur.nom, unite) for _, _, row in zones]
        raw = {
            nom: PETIT if word == PETIT else row[indicateur.nom]
            for (nom, _, row), word in zip(zones, shown, strict=True)
        }
        rows.append(
            {
                "indicateur": worded(title_of(indicateur.nom, is_whole), question),
                "sens": worded(indicateur.sens, question),
                "unite": _UNITES.get(indicateur.type, unite),
                **raw,
            }
        )
        words.append([rows[-1]["indicateur"], *shown])
    columns = [
        ColonneTableau(nom="indicateur", titre="Indicateur", sens="Titre de l'indicateur"),
        *(
            ColonneTableau(nom=nom, titre=titre, sens=f"Valeur pour {titre}", type="taux")
            for nom, titre, _ in zones
        ),
    ]
    extra = [
        ColonneTableau(
            nom="unite", titre="Unité", sens="Unité des valeurs", vide="", est_cachee=True
        ),
        ColonneTableau(
            nom="sens", titre="Sens", sens="Ce que l'indicateur mesure", est_cachee=True
        ),
    ]
    table = make_table(
        "couverture", "La zone et la région", columns, pd.DataFrame(rows), unite=unite
    )
    return Tableau(
        nom=table.nom,
        titre=table.titre,
        colonnes=(*table.colonnes, *extra),
        valeurs=pd.DataFrame(rows),
        mots=words,
        note=f"Seuil : {describe_reach(contenu.question)}, compris.",
    )


def ways_table(contenu: ContenuZone) -> Tableau:
    """Return how far the nearest training is by each way of travelling, in minutes."""
    found, nom = contenu.couverture.par_mode, name_offer(contenu.question)
    rows = pd.DataFrame(
        {
            "mode": pd.Series([one.titre for one in found], dtype="str"),
            "mediane": pd.Series([one.mediane_mots for one in found], dtype="str"),
            "mediane_min": pd.Series([one.mediane_min for one in found], dtype=float),
            "part_couverte": pd.Series([one.part_couverte for one in found], dtype=float),
        }
    )
    seuil = with_unit(format_decimal(found[0].seuil_min), "minutes") if found else ""
    return make_table(
        "modes",
        f"{upper_first(nom.la)} {nom.le_plus} proche, en voiture et sans voiture",
        (
            ColonneTableau(nom="mode", titre="Déplacement", sens="Mode de déplacement"),
            ColonneTableau(
                nom="mediane",
                titre="Trajet médian",
                sens=f"La moitié des habitants a {nom.une} à ce trajet ou moins, "
                "avec l'erreur du trajet",
            ),
            ColonneTableau(
                nom="mediane_min",
                titre="Minutes",
                sens="Trajet médian, en minutes ; vide au-delà des trajets connus",
                type="taux",
                est_cachee=True,
            ),
            ColonneTableau(
                nom="part_couverte",
                titre=f"Habitants à {seuil} ou moins" if seuil else "Habitants à portée",
                sens=f"Part des habitants qui ont {nom.une} à ce trajet ou moins",
                type="part",
                vide="–",
            ),
        ),
        rows,
        vide=where_known(contenu, "Aucun trajet en minutes n'est connu."),
        note=SANS_SOURCE,
    )


def domains_table(contenu: ContenuZone) -> Tableau:
    """Return the coverage of the zone domain by domain."""
    domaines = contenu.couverture.domaines
    table = make_table(
        "domaines",
        "Couverture par domaine",
        _domain_columns(),
        domaines.assign(
            offreur_unique=domaines["offreur_unique"].map(name_body, na_action="ignore")
        ),
        unite=contenu.question.unite,
        note="Chaque ligne est la réponse à la même question, pour ce domaine seul.",
    )
    # The seats of no offer are not unknown: there are none.
    words = [
        _domain_words(row, nb, statut)
        for row, nb, statut in zip(
            table.mots, domaines["nb_offres"], domaines["perimetre"], strict=True
        )
    ]
    return replace(table, mots=words)


def _domain_columns() -> tuple[ColonneTableau, ...]:
    return (
        ColonneTableau(nom="domaine", titre="Domaine", sens="Domaine simplifié"),
        indicator_column("nb_offres"),
        indicator_column("nb_places", "Places connues"),
        indicator_column("part_non_couverte"),
        indicator_column("mediane"),
        indicator_column("e2sfca"),
        ColonneTableau(
            nom="offreur_unique",
            titre=MENTIONS["offreur_unique"].titre,
            sens="Organisme sans lequel la zone perdrait toute couverture dans ce domaine",
            vide="",
        ),
        ColonneTableau(
            nom="perimetre",
            titre=MENTIONS["perimetre"].titre,
            sens=MENTIONS["perimetre"].sens,
        ),
    )


def _domain_words(row: list[str], nb: float, statut: str) -> list[str]:
    """Return the words of one domain: nothing is told of an offer that is not collected."""
    if statut == INCONNUE:
        return [row[0], *([VIDE] * (len(row) - 3)), "", row[-1]]
    return [*row[:2], "–", *row[3:]] if nb == 0 else row
