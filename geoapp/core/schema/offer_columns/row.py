"""What a column of the offer is: where it comes from, what holds it, where it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from geoapp.core.schema.model import Colonne

FORMATION, ACTION, LIEU = "formation", "action", "lieu"
"""Parts of a flat offer."""


@dataclass(frozen=True, kw_only=True)
class Exportee:
    """One column of an export of a search; without `titre` or `sens`, it has those of its row.

    `largeur` is its width in a workbook (0: that of its type), `extrait` what is taken of a coded
    value: its `libelle` or its `code`.
    """

    nom: str
    titre: str = ""
    sens: str = ""
    largeur: int = 0
    extrait: str = "libelle"


@dataclass(frozen=True, kw_only=True)
class ColonneOffre:
    """One column.

    Attributes
    ----------
    nom, type, unite, libelle, sens, sens_offres : str
        `sens_offres` is its meaning in the table `offres`, when it is another.
    tables : tuple of str
        Tables of the snapshot that hold it.
    requis, valeurs, renvoi
        Constraints of the tables (`Colonne`).
    est_lue : bool
        A source may give it, under `plate` when it has another name there.
    part : str
        Part of a flat offer that it tells apart: `formation`, `action` or `lieu`.
    controle : str
        How what a source gives is checked (`geoapp.offer.rows`): « booleen », « nombre » or
        « valeurs » by default, after its type; « libre » keeps it as it is.
    minimum : float
        Least number kept.
    lheo : str
        Path of its element under `formation`; one with a plain text is read by it.
    fusion : str
        « complete »: unknown in the offer shown, it comes from the next catalogue of its group;
        « propre »: by a rule of `geoapp.ingest.duplicates`; "": it stays what it is.
    est_comptee : bool
        Counts to tell which offer of a group is the best informed.
    cle : str
        Key in cards, sheets and the API, when it is not its name.
    mots, est_liste
        Which labels say its codes (`Repertoire.labels`); several values parted by « | ».
    rubrique : str
        Where it is shown: identite, quoi, codes, dates, places, cout, lien, lieu or position.
    api : str
        Meaning in a card, which lists and the API show; "" when it is in none.
    exports : tuple of Exportee
        Columns of the exports of a search.
    fiche : str
        Words before it on the sheet of an offer; "" when it is not there.
    est_attendue : bool
        The sheet says that it is unknown; another unknown value is left out.
    """

    nom: str
    sens: str
    type: str = "texte"
    unite: str = ""
    libelle: str = ""
    sens_offres: str = ""
    tables: tuple[str, ...] = ()
    requis: bool = False
    valeurs: tuple[str, ...] = ()
    renvoi: str = ""
    est_lue: bool = False
    plate: str = ""
    part: str = ""
    controle: str = ""
    minimum: float = 0
    lheo: str = ""
    fusion: str = ""
    est_comptee: bool = False
    cle: str = ""
    mots: str = ""
    est_liste: bool = False
    rubrique: str = ""
    api: str = ""
    exports: tuple[Exportee, ...] = ()
    fiche: str = ""
    est_attendue: bool = False

    @property
    def nom_plat(self) -> str:
        """Return its name in a flat offer."""
        return self.plate or self.nom

    @property
    def controle_retenu(self) -> str:
        """Return how what a source gives is checked; "" when it is kept as it is."""
        if self.controle:
            return "" if self.controle == "libre" else self.controle
        by_type = {"booleen": "booleen", "entier": "nombre", "reel": "nombre"}
        return by_type.get(self.type, "valeurs" if self.valeurs else "")

    @property
    def nom_montre(self) -> str:
        """Return its key in cards, sheets and the API."""
        return self.cle or self.nom

    def in_table(self, table: str) -> Colonne:
        """Return its row of the contract of a table."""
        sens = self.sens_offres if table == "offres" and self.sens_offres else self.sens
        return Colonne(
            nom=self.nom,
            type=self.type,
            sens=sens,
            requis=self.requis,
            valeurs=self.valeurs,
            renvoi=self.renvoi,
        )
