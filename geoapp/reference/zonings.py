"""The zonings of the product: one row each, which carries all that is said of it.

Adding a zoning is adding a row to `ZONAGES` and a source to `geodata/sources.toml`: pages, search,
maps, coverage, sheets, figures, files, API and help read the row (`CONTRIBUTING.md`).  Commune,
carreau and region are rows of the same kind without being zonings.

Loads nothing heavy: `geoapp --help` names the zonings.
"""

from __future__ import annotations

from dataclasses import dataclass

from geoapp.core.french import of_place, with_article


@dataclass(frozen=True, kw_only=True)
class Trait:
    """How a zoning is drawn on a web map: colours on light and dark grounds, dashes, tint.

    `classes` names the zones told apart inside one zoning, by code;
    `decimales` are those kept of a degree (small zones need more).
    """

    clair: str
    sombre: str
    tirets: str = "none"
    largeur: float = 2
    opacite: float = 0.0
    classes: tuple[tuple[str, str], ...] = ()
    decimales: int = 4


@dataclass(frozen=True, kw_only=True)
class NomCherche:
    """How people name the zones of a zoning in a search.

    `affichage` is the name proposed; `mots` what may be typed with it; `genre` a regular expression
    of what a name says of its kind, that people leave out; `alias` another name: the `code`, or the
    `initiales` of a métropole.  Of two places of one name, that of the least `rang` comes first
    (equal ranks: order of the table).
    """

    affichage: str = "{nom}"
    mots: str = ""
    genre: str = ""
    alias: str = ""
    rang: int = 5


@dataclass(frozen=True, kw_only=True)
class Comparaison:
    """How the people of a zoning are compared with the others.

    `ses` follows « dans ses », `ensemble` « pour l'ensemble », `rurales` « dans les » in the main
    sentence of a coverage: "" says that the zoning is not rural.  `est_par_carreaux` says that
    people are known by cell in a part of the region only, so that cells alone are compared.
    `communes` names who is really counted where outlines are not known, hence whole communes.
    """

    ses: str
    ensemble: str
    rurales: str = ""
    communes: str = ""
    est_par_carreaux: bool = False


@dataclass(frozen=True, kw_only=True)
class Zonage:
    """One zoning: how it is named, joined, searched, drawn and measured.

    `methode` is `code` (a union of communes) or `geometrie` (free polygons).  `est_partition` says
    that every place lies in exactly one zone, `est_classement` that to be in none of its zones is
    an answer too, `est_affichee` that a map shows it at once.

    `sujet` names a zone in a sentence: `{nom}` is its name, `{de}` its name after « de » (with the
    article of a département or a region when `est_avec_article`).  A name that starts with one of
    `noms_complets` says its kind itself, in the feminine: « la CC du Vimeu ».  `unite` is what a
    legend counts, one and several.

    `rang_maille` is the place among the divisions of a coverage (equal ranks: order of the table),
    None when it is not one.  `cherche` is None when nobody types its zones to search inside them,
    `depart` when nobody starts from them, `compare` when its people are not compared with others.
    """

    type_zone: str
    titre: str
    singulier: str
    methode: str
    sujet: str
    est_partition: bool = False
    est_classement: bool = False
    est_affichee: bool = False
    est_avec_article: bool = False
    noms_complets: tuple[str, ...] = ()
    unite: tuple[str, str] = ("zone", "zones")
    rang_maille: int | None = 4
    trait: Trait = Trait(clair="#5d6675", sombre="#aab4c2", tirets="2 4", largeur=1.5)
    cherche: NomCherche | None = None
    depart: NomCherche | None = None
    compare: Comparaison | None = None

    @property
    def sorte(self) -> str:
        """Return what a zone is, with its article: « la zone d'emploi »."""
        return self.sujet.partition(" {")[0]

    def subject(self, nom: str) -> str:
        """Return a zone as the subject of a sentence: « la zone d'emploi de Lens »."""
        if nom.startswith(self.noms_complets):
            return f"la {nom}"
        de = of_place(with_article(nom) if self.est_avec_article else nom)
        return self.sujet.format(nom=nom, de=de)

    def label(self, nom: str) -> str:
        """Return a zone in words, without saying its kind twice: « zone d'emploi 2020 Lens »."""
        return f"{self.untold_kind(nom)} {nom}".strip()

    def untold_kind(self, nom: str) -> str:
        """Return what a zone is, "" when its name says so."""
        return "" if self.singulier.casefold() in nom.casefold() else self.singulier


COMMUNE, CARREAU, REGION = "commune", "carreau", "region"

ZONAGES: dict[str, Zonage] = {
    zonage.type_zone: zonage
    for zonage in (
        Zonage(
            type_zone="departement",
            titre="Départements",
            singulier="département",
            methode="code",
            sujet="le département {de}",
            est_partition=True,
            est_affichee=True,
            est_avec_article=True,
            trait=Trait(clair="#3d4a5c", sombre="#c3cddb", largeur=2.2),
            cherche=NomCherche(
                affichage="{nom} (département)", mots="departement", alias="code", rang=1
            ),
        ),
        Zonage(
            type_zone="arrondissement",
            titre="Arrondissements",
            singulier="arrondissement",
            methode="code",
            sujet="l'arrondissement {de}",
            est_partition=True,
            cherche=NomCherche(affichage="{nom} (arrondissement)", mots="arrondissement"),
        ),
        Zonage(
            type_zone="epci",
            titre="Intercommunalités (EPCI)",
            singulier="EPCI",
            methode="code",
            sujet="l'intercommunalité {nom}",
            est_partition=True,
            noms_complets=("CC ", "CA ", "CU ", "Métropole ", "Communauté "),
            rang_maille=2,
            trait=Trait(clair="#0b6b54", sombre="#6fd3b5", tirets="6 3", largeur=1.5, opacite=0.05),
            cherche=NomCherche(
                mots="epci intercommunalite communaute agglomeration agglo communes urbaine"
                " metropole ca cc cu",
                genre=r"^(?:CA|CC|CU|Communauté (?:d'agglomération|de communes|urbaine))\s+"
                r"(?:de la |de l'|du |des |de |d')?",
                alias="initiales",
                rang=3,
            ),
        ),
        Zonage(
            type_zone="ze2020",
            titre="Zones d'emploi 2020",
            singulier="zone d'emploi 2020",
            methode="code",
            sujet="la zone d'emploi {de}",
            est_partition=True,
            rang_maille=1,
            trait=Trait(clair="#6a2c91", sombre="#cfa4ee", opacite=0.05),
            cherche=NomCherche(
                affichage="{nom} (zone d'emploi)", mots="ze zone emploi 2020", rang=4
            ),
        ),
        Zonage(
            type_zone="ze2010",
            titre="Zones d'emploi 2010",
            singulier="zone d'emploi 2010",
            methode="code",
            sujet="la zone d'emploi 2010 {de}",
            est_partition=True,
            trait=Trait(
                clair="#8a5a00", sombre="#e8bd62", tirets="8 4 2 4", largeur=1.7, opacite=0.05
            ),
        ),
        Zonage(
            type_zone="bassin2024",
            titre="Bassins d'emploi 2024 (France Travail)",
            singulier="bassin d'emploi 2024",
            methode="code",
            sujet="le bassin d'emploi {de}",
            est_partition=True,
            trait=Trait(clair="#245f9e", sombre="#8fbff0", tirets="1 3", largeur=1.7),
            cherche=NomCherche(affichage="{nom} (bassin d'emploi)", mots="bassin emploi"),
        ),
        Zonage(
            type_zone="zrr",
            titre="Zones de revitalisation rurale (ZRR)",
            singulier="ZRR",
            methode="code",
            sujet="l'ensemble des communes classées ZRR",
            est_classement=True,
            trait=Trait(clair="#556b00", sombre="#c3d657", tirets="3 3", largeur=1.2, opacite=0.22),
            compare=Comparaison(
                ses="communes classées ZRR",
                ensemble="des communes ZRR",
                rurales="zones de revitalisation rurale (ZRR)",
            ),
        ),
        Zonage(
            type_zone="frr",
            titre="France ruralités revitalisation (FRR)",
            singulier="FRR",
            methode="code",
            sujet="l'ensemble des communes classées « {nom} »",
            est_classement=True,
            trait=Trait(
                clair="#00607a",
                sombre="#69cde6",
                largeur=1.2,
                opacite=0.2,
                classes=(("FRR+", "fort"), ("EX-ZRR", "leger")),
            ),
            compare=Comparaison(
                ses="communes France ruralités revitalisation (FRR)",
                ensemble="des communes FRR",
                rurales="communes France ruralités revitalisation (FRR)",
            ),
        ),
        Zonage(
            type_zone="qpv2015",
            titre="Quartiers prioritaires 2015 (QPV)",
            singulier="QPV 2015",
            methode="geometrie",
            sujet="le quartier prioritaire « {nom} » (2015)",
            depart=NomCherche(
                affichage="{nom} (quartier prioritaire 2015)", mots="qpv quartier prioritaire"
            ),
            trait=Trait(
                clair="#a8125a",
                sombre="#ff9ac6",
                tirets="4 2",
                largeur=1.8,
                opacite=0.3,
                decimales=5,
            ),
            compare=Comparaison(
                ses="quartiers prioritaires de 2015",
                ensemble="de ces quartiers",
                est_par_carreaux=True,
            ),
        ),
        Zonage(
            type_zone="qpv2024",
            titre="Quartiers prioritaires 2024 (QPV)",
            singulier="QPV 2024",
            methode="geometrie",
            sujet="le quartier prioritaire « {nom} » (2024)",
            depart=NomCherche(
                affichage="{nom} (quartier prioritaire 2024)", mots="qpv quartier prioritaire"
            ),
            trait=Trait(clair="#b3261e", sombre="#ffaba3", largeur=1.8, opacite=0.3, decimales=5),
            compare=Comparaison(
                ses="quartiers prioritaires de 2024",
                ensemble="de ces quartiers",
                communes="communes portant un quartier prioritaire de 2024",
            ),
        ),
    )
}
"""Every zoning of the product, in the order of maps and filters: the older before the newer."""

TERRITOIRES: dict[str, Zonage] = ZONAGES | {
    COMMUNE: Zonage(
        type_zone=COMMUNE,
        titre="Communes",
        singulier="commune",
        methode="code",
        sujet="la commune {de}",
        est_partition=True,
        unite=("commune", "communes"),
        rang_maille=3,
    ),
    CARREAU: Zonage(
        type_zone=CARREAU,
        titre="Carreaux de 200 m",
        singulier="carreau de 200 m",
        methode="geometrie",
        sujet="le carreau {nom}",
        unite=("carreau", "carreaux"),
        rang_maille=5,
    ),
    REGION: Zonage(
        type_zone=REGION,
        titre="Régions",
        singulier="région",
        methode="code",
        sujet="la région {nom}",
        rang_maille=None,
        cherche=NomCherche(affichage="{nom} (région)", mots="region", rang=2),
    ),
}
"""Every kind of territory: the zonings, and three that are none."""

MAILLES: dict[str, Zonage] = {
    row.type_zone: row
    for row in sorted(
        (row for row in TERRITOIRES.values() if row.rang_maille is not None),
        key=lambda row: row.rang_maille or 0,
    )
}
"""What the region is divided into, in the order of the choice."""

MAILLE = next(iter(MAILLES))
"""The division shown when none is asked."""

CHERCHES: dict[str, NomCherche] = dict(
    sorted(
        ((nom, row.cherche) for nom, row in TERRITOIRES.items() if row.cherche),
        key=lambda one: one[1].rang,
    )
)
"""Territories whose zones people name in a search, the first proposed first."""

DEPARTS: dict[str, NomCherche] = {
    nom: row.depart for nom, row in reversed(ZONAGES.items()) if row.depart
}
"""Zonings whose zones are places that people start from, the newest first."""

COMPARES: dict[str, Comparaison] = {
    nom: row.compare for nom, row in reversed(ZONAGES.items()) if row.compare
}
"""Zonings whose people are compared with the others, the newest first."""
