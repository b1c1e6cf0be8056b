"""Render the sheet of a zone: HTML in one file, and the same as a tagged PDF.

WeasyPrint needs Pango on the machine; without it the HTML is still made and the
PDF is refused with a message that says what to install.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from geoapp import __version__
from geoapp.core.config import ROOT
from geoapp.core.errors import GeoFormaError
from geoapp.core.french import format_date, format_number
from geoapp.core.snapshot import Snapshot
from geoapp.coverage.territories.sheet import FicheTerritoire, kind_of
from geoapp.outputs.html import FrenchTemplate

VARIANTE = "pdf/ua-1"
"""Kind of PDF: tagged for screen readers."""

PART_PAGE = 0.2
"""Part of a page under which it is nearly empty."""

SERRAGES = (
    "section{margin-top:8pt!important} @page{margin:13mm 17mm 15mm!important}",
    "section{margin-top:7pt!important} @page{margin:12mm 16mm 14mm!important} "
    "table,.methodes,.notes{line-height:1.22!important}",
)
"""Tighter settings, tried in turn so that a sheet has no nearly empty page.

Those of a user, in the words of CSS: they win over those of the sheet when they are important.
"""

LIMITES = {
    "blanches": 15,
    "uniques": 8,
    "publics": None,
    "dehors": 10,
    "absents": None,
    "presque": 6,
    "departements": None,
    "qualite": None,
}
"""Rows of each table in a printed sheet; the page and its files have them all."""

ENTIERES = dict.fromkeys(LIMITES)
"""The same tables, whole."""

BIBLIOTHEQUES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
"""System libraries that a PDF needs, as Debian and Ubuntu name them."""


class PdfError(GeoFormaError, RuntimeError):
    """A PDF cannot be made on this machine; the message says what is missing."""


@dataclass(frozen=True)
class CarteFiche:
    """One map of a sheet.

    Its picture (`src`, a `data:` address), what it is in a few words, what it shows in sentences,
    its size in CSS pixels.
    """

    src: str
    nom: str
    texte: str
    largeur: int
    hauteur: int


@cache
def _environment() -> Environment:
    """Return the templates, escaped, with the filters that the pages have."""
    env = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.template_class = FrenchTemplate
    env.filters["nombre"] = format_number
    return env


def render_html(
    fiche: FicheTerritoire, cartes: Mapping[str, CarteFiche | str], *, cree_le: str
) -> str:
    """Return the sheet as one HTML file that calls nothing; `cree_le` is that of the snapshot."""
    style = Markup((ROOT / "static/css/territory_sheet.css").read_text(encoding="utf-8"))
    return (
        _environment()
        .get_template("territory_sheet.html")
        .render(
            fiche=fiche,
            cartes=cartes,
            limites=LIMITES,
            style=style,
            cree_le=cree_le,
            version=__version__,
            adresse_zone=None,
            adresse_csv=None,
        )
    )


def render_index(ecrites: Sequence, snapshot: Snapshot) -> str:
    """Return the page that lists the sheets of a folder (`folder.Ecrite`)."""
    style = Markup((ROOT / "static/css/territory_sheet.css").read_text(encoding="utf-8"))
    lignes = [
        {
            "titre": one.zone.titre,
            "sorte": kind_of(one.zone.type_zone),
            "phrase": one.phrase,
            "fichiers": [
                (nom.rpartition(".")[2].upper(), nom, f"{max(1, round(taille / 1000))} ko")
                for nom, taille in one.fichiers.items()
            ],
        }
        for one in ecrites
    ]
    return (
        _environment()
        .get_template("sheets_index.html")
        .render(
            lignes=lignes,
            style=style,
            date=format_date(snapshot.manifest["cree_le"][:10]),
            instantane=snapshot.id,
            version=__version__,
        )
    )


def render_pdf(html: str) -> bytes:
    """Return the PDF (tagged, PDF/UA-1) of what `render_html` made: same text, same bytes.

    Raises
    ------
    PdfError
        When the system libraries of WeasyPrint are missing.
    """
    weasyprint = _weasyprint()
    source = weasyprint.HTML(
        string=html,
        url_fetcher=weasyprint.URLFetcher(allowed_protocols=["data"], fail_on_errors=True),
    )
    document = best = source.render(pdf_variant=VARIANTE)
    # A page of a few lines is drawn in by tighter settings, if one of them does it.
    for serre in SERRAGES:
        if not has_poor_page(document):
            break
        tighter = [weasyprint.CSS(string=serre)]
        document = source.render(pdf_variant=VARIANTE, stylesheets=tighter)
    best = best if has_poor_page(document) else document
    return best.write_pdf(pdf_variant=VARIANTE, pdf_identifier=b"geoforma")


def has_poor_page(document) -> bool:
    """Tell whether a page after the first holds a few lines only."""
    return any(page_fill(page) < PART_PAGE for page in document.pages[1:])


def page_fill(page) -> float:
    """Return how far down a page of WeasyPrint is written, from 0 to 1 of its height of text."""
    box = page._page_box
    root = box.children[0]
    lines = [
        one.position_y + one.height
        for one in root.descendants()
        if type(one).__name__ in ("LineBox", "InlineReplacedBox", "BlockReplacedBox")
    ]
    top = box.content_box_y()
    return (max(lines, default=top) - top) / box.height


def check_pdf() -> str | None:
    """Return why this machine cannot make a PDF and how to cure it, None when it can."""
    try:
        _weasyprint()
    except PdfError as error:
        return str(error)
    return None


def _weasyprint():
    """Return WeasyPrint, or the error that says how to have its libraries."""
    try:
        import weasyprint
    except OSError as error:
        raise PdfError(
            "Le PDF ne peut être fait : "
            f"une bibliothèque manque à WeasyPrint ({str(error).splitlines()[0][:120]}). "
            f"Sous Debian ou Ubuntu : « apt-get install {BIBLIOTHEQUES} ». "
            "La fiche en HTML, elle, a les mêmes pages."
        ) from error
    # It warns, at each sheet, of every rule that is for screens.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint
