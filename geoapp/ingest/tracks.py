"""Tracks of the vocational school: rows by establishment and year of study made into trainings.

The file of the ministry has one row by establishment and MEF STAT 11: first
year of a CAP or of a BMA, seconde, première of bac pro.  The speciality is the
training: a bac pro is one training by première, and its seconde is the way in.

* A CAP, a BMA and a première are one training each.
* The seconde of a training is that of the same speciality, else the one that
  its family of jobs shares, in the same establishment: it completes it.
* A seconde that completes none is a training of its own (« Seconde
  professionnelle … »), its specialities not being said.
* The places are those of the seconde when it is of that speciality alone, else
  those of the première: places that several specialities share are told
  beside, so that a sum never counts one twice.  In farming the première of the
  file holds only the places left to newcomers: they are told, never summed.
* Two rows of one establishment and one MEF are two intakes of one training.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from geoapp.core.config import PETIT_NOMBRE
from geoapp.core.french import count, join_words
from geoapp.core.schema.offer_columns import FLAT
from geoapp.ingest.tally import Bilan
from geoapp.offer.journal import Journal
from geoapp.reference import codes
from geoapp.reference.codes.text import fold
from geoapp.reference.codes.tracks import ANNEES, Filieres, successors
from geoapp.sources.records import Lecture
from geoapp.sources.registry import Source
from geoapp.sources.usages import USAGES

NON_PRECISEE = (
    "Entrée non précisée : la source ne donne pas de seconde de cette spécialité "
    "dans cet établissement."
)


@dataclass(frozen=True, kw_only=True)
class Effectif:
    """What one establishment offers in one year of study: all its rows together.

    `capacite` and `voeux` are unknown (None) when those of one of its rows are.
    """

    uai: str
    mef: str
    terminale: str | None
    famille: str | None
    periodes: str | None
    voie: str | None
    lignes: tuple[str, ...]
    capacites: tuple[int | None, ...]
    capacite: int | None
    voeux: int | None

    @property
    def rang(self) -> str:
        """Return where in the track it is (`AnneeMef.rang`)."""
        return ANNEES[self.mef[:5]].rang


@dataclass(frozen=True, kw_only=True)
class VoieEntree:
    """The seconde that a training starts by, and the trainings of the establishment that do."""

    seconde: Effectif
    est_de_famille: bool
    nb_formations: int

    @property
    def est_propre(self) -> bool:
        """Tell whether the places of the seconde are of one training alone."""
        return not self.est_de_famille and self.nb_formations == 1


def read_tracks(lecture: Lecture, source: Source) -> tuple[pd.DataFrame, Bilan]:
    """Return the rows of a source of tracks, checked, and the counts.

    A row without valid UAI code, or whose MEF STAT 11 is no year of study that
    a training starts by, is a reject; a number that is none is set aside.
    """
    journal = Journal(
        lecture.frame.reindex(columns=list(USAGES["filieres"].colonnes)).astype("str")
    )
    frame = journal.frame
    journal.replace(
        "code_uai", codes.check_uai(frame["code_uai"]), "code_normalise", quiet_if_valid=True
    )
    is_known = frame["code_mef"].str.fullmatch(r"\d\w{10}") & frame["code_mef"].str[:5].isin(ANNEES)
    for column in ("capacite", "nb_voeux"):
        number = pd.to_numeric(frame[column], errors="coerce")
        good = number.ge(0) & number.lt(1e6) & number.mod(1).eq(0)
        journal.replace(column, frame[column].where(good), "", quiet_if_valid=True)
    journal.refuse_codes("code_uai", "uai_absent", "uai_faux")
    journal.refuse("code_mef", ~is_known.fillna(False).astype(bool), "annee_etude_inconnue")
    return journal.kept(), Bilan.of(source.id, lecture, journal)


def make_offers(rows: pd.DataFrame, filieres: Filieres) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return a flat offer, and by UAI the rows that complete another offer of the establishment.

    A training has one row, at the place in the file of its first one.

    Parameters
    ----------
    rows : DataFrame
        What `read_tracks` returns.
    filieres : Filieres
        What the nomenclatures say; without them a track is named by its code alone.
    """
    found = gather(rows)
    secondes = find_entries(found, filieres)
    uses = Counter((one.uai, one.mef) for one in secondes.values())
    entries = {
        key: VoieEntree(
            seconde=one,
            est_de_famille=filieres.is_shared(one.mef),
            nb_formations=uses[one.uai, one.mef],
        )
        for key, one in secondes.items()
    }
    records = {
        one.lignes[0]: _record(one, entries.get((one.uai, one.mef)), filieres)
        for one in found
        if (one.uai, one.mef) not in uses
    }
    index = pd.Index(list(records), name="ligne", dtype="str")
    flat = pd.DataFrame(list(records.values()), index=index, columns=FLAT, dtype="str")
    rest = rows["code_uai"][~rows.index.isin(records)]
    return flat, rest.value_counts().sort_index().to_dict()


def gather(rows: pd.DataFrame) -> list[Effectif]:
    """Return what each establishment offers in each year of study, in the order of the file."""
    plain = rows.astype("object").where(rows.notna(), None)
    groups: dict[tuple[str, str], list[tuple[str, dict]]] = {}
    for ligne, row in zip(rows.index, plain.to_dict("records"), strict=True):
        groups.setdefault((row["code_uai"], row["code_mef"]), []).append((ligne, row))
    return [_gather_one(uai, mef, part) for (uai, mef), part in groups.items()]


def _gather_one(uai: str, mef: str, part: list[tuple[str, dict]]) -> Effectif:
    """Return the rows of one establishment and year of study as one."""
    first = part[0][1]
    places = [_whole(row["capacite"]) for _, row in part]
    return Effectif(
        uai=uai,
        mef=mef,
        terminale=first["mef_terminale"],
        famille=first["famille"],
        periodes=first["periodes"],
        voie=first["voie"],
        lignes=tuple(ligne for ligne, _ in part),
        capacites=tuple(places),
        capacite=_total(places),
        voeux=_total([_whole(row["nb_voeux"]) for _, row in part]),
    )


def _whole(text: str | None) -> int | None:
    """Return a number read by `read_tracks`."""
    return None if text is None else int(float(text))


def _total(values: list[int | None]) -> int | None:
    """Return the sum of values that are all known, else None."""
    known = [value for value in values if value is not None]
    return sum(known) if len(known) == len(values) else None


def find_entries(found: Iterable[Effectif], filieres: Filieres) -> dict[tuple[str, str], Effectif]:
    """Return (UAI, MEF) of each première → its seconde in the same establishment.

    Only what evidence links is: in order, the seconde of the same diploma or of
    the one that took its place; the one that its family shares (BCN table); the
    one of the same name, with its option or without; the one that the producer's label of
    family stands for.
    """
    found = list(found)
    secondes = {(one.uai, one.mef): one for one in found if one.rang == "seconde"}
    labels = _families_by_label(found, filieres)
    own: dict[tuple[str, str | None], Effectif] = {}
    for one in secondes.values():
        if not filieres.is_shared(one.mef):
            own.setdefault((one.uai, filieres.cfd.get(one.mef)), one)
            own.setdefault((one.uai, _name_key(one.mef, filieres)), one)
    links: dict[tuple[str, str], Effectif] = {}
    for one in (one for one in found if one.rang == "premiere"):
        diplomas = successors(filieres.cfd.get(one.mef), filieres.nouveaux)
        entry = (
            next(filter(None, (own.get((one.uai, cfd)) for cfd in diplomas)), None)
            or secondes.get((one.uai, filieres.shared_seconde(one.terminale, one.mef) or ""))
            or own.get((one.uai, _name_key(one.mef, filieres)))
            or own.get((one.uai, _name_key(one.mef, filieres).partition(" option ")[0]))
            or secondes.get((one.uai, labels.get(one.famille or "", "")))
        )
        if entry:
            links[one.uai, one.mef] = entry
    return links


def _name_key(mef: str, filieres: Filieres) -> str:
    """Return what is compared of the name of a speciality: no plural; farming apart."""
    words = fold(filieres.noms.get(mef, mef)).split()
    return " ".join([mef[4], *(word.rstrip("s") for word in words)])


def _families_by_label(found: Iterable[Effectif], filieres: Filieres) -> dict[str, str]:
    """Return producer's label of a family → its seconde.

    It is the one that all premières under that label share, of those that the
    BCN table knows.
    """
    shared: dict[str, set[str]] = {}
    for one in found:
        entry = filieres.shared_seconde(one.terminale, one.mef)
        if one.famille and one.rang == "premiere" and entry:
            shared.setdefault(one.famille, set()).add(entry)
    return {label: entries.pop() for label, entries in shared.items() if len(entries) == 1}


def _record(one: Effectif, entry: VoieEntree | None, filieres: Filieres) -> dict:
    """Return one training as a row of a flat offer."""
    annee = ANNEES[one.mef[:5]]
    name = filieres.noms.get(one.mef)
    head = "Seconde professionnelle" if annee.rang == "seconde" else annee.abrege
    places = _places(one, entry)
    return {
        "id_formation": one.mef,
        "id_action": f"{one.uai}-{one.mef}",
        "intitule": f"{head} {name}" if name else None,
        "type_diplome": annee.diplome,
        "niveau": annee.niveau,
        "code_mef": one.mef,
        "code_cfd": filieres.cfd.get(one.mef),
        "formateur_uai": one.uai,
        "lieu_uai": one.uai,
        "periodes": one.periodes,
        "capacite": None if places is None else str(places),
        "voie": one.voie,
        "entree": _say_entry(one, entry, filieres),
    }


def _places(one: Effectif, entry: VoieEntree | None) -> int | None:
    """Return the places of a training that are of it alone; None when they are not known."""
    if entry and entry.est_propre and entry.seconde.capacite is not None:
        return entry.seconde.capacite
    return None if ANNEES[one.mef[:5]].est_ouverture else one.capacite


def _say_entry(one: Effectif, entry: VoieEntree | None, filieres: Filieres) -> str | None:
    """Return in French how one enters a training; None when there is nothing to say."""
    told = NON_PRECISEE if one.rang == "premiere" else None
    if entry:
        told = _say_seconde(entry, filieres)
    opened = None
    if ANNEES[one.mef[:5]].est_ouverture and one.capacite is not None:
        opened = f"En première : {count(one.capacite, 'place ouverte', 'places ouvertes')}."
    intakes = _say_intakes(entry.seconde if entry else one)
    return " ".join(filter(None, (told, intakes, opened))) or None


def _say_seconde(entry: VoieEntree, filieres: Filieres) -> str:
    """Return in French the seconde that a training starts by."""
    one = entry.seconde
    numbers = ", ".join(_say_numbers(one))
    if entry.est_propre:
        return f"Entrée en seconde de la spécialité : {numbers or 'places inconnues'}."
    shared = "communes à une famille de métiers"
    if entry.nb_formations > 1:
        shared = f"communes à {count(entry.nb_formations, 'spécialité')} de l'établissement"
    told = ", ".join(filter(None, (numbers, shared)))
    return f"Entrée en seconde {filieres.noms.get(one.mef, one.mef)} : {told}."


def _say_numbers(one: Effectif) -> list[str]:
    """Return places and first wishes in words; wishes from one to four are not shown."""
    told = [] if one.capacite is None else [count(one.capacite, "place")]
    if one.voeux is not None:
        hidden = 0 < one.voeux < PETIT_NOMBRE
        told.append(
            f"moins de {PETIT_NOMBRE} premiers vœux"
            if hidden
            else count(one.voeux, "premier vœu", "premiers vœux")
        )
    return told


def _say_intakes(one: Effectif) -> str | None:
    """Return in French the places of each intake, when there are several."""
    if len(one.lignes) < 2:
        return None
    parts = ["un nombre inconnu" if nb is None else str(nb) for nb in one.capacites]
    return f"{len(parts)} effectifs réunis : {join_words(parts)} places."
