"""Cells as a reader sees them: titles with their unit, percents, rounding, words for codes.

For the two formats made for people, the CSV for spreadsheets and the workbook.  A format for
programs holds the values as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from geoapp.core.french import format_number, say_if, typeset, with_unit
from geoapp.outputs.files.model import ColonneFichier, Fichier, flat_rows

OUI_NON = {True: "oui", False: "non"}
_TYPES = {"texte": "texte", "entier": "nombre entier", "reel": "nombre", "booleen": "oui ou non"}


def shown_title(colonne: ColonneFichier, *, est_en_pour_cent: bool = False) -> str:
    """Return the title of a column, its unit told once: « Trajet médian (min) ».

    `est_en_pour_cent` says that the cells of a share are written in percents without their sign.
    """
    unite = "%" if colonne.est_part and est_en_pour_cent else colonne.unite
    told = f"({unite}" in colonne.titre
    return typeset(colonne.titre if told or not unite else f"{colonne.titre} ({unite})")


def shown_rows(fichier: Fichier) -> Iterator[list]:
    """Yield the rows of `colonnes_plates`: numbers whole, codes in words, None when unknown."""
    columns = fichier.colonnes_plates
    noms = [one.nom for one in columns]
    tells = any(one.dire_vide for one in columns)
    for row in flat_rows(fichier):
        whole: Mapping = dict(zip(noms, row, strict=True)) if tells else {}
        yield [
            _shown(one, value, whole) if isinstance(value, str) or value is None else value
            for one, value in zip(columns, row, strict=True)
        ]


def _shown(colonne: ColonneFichier, value: str | None, row: Mapping) -> str | None:
    """Return a text in words, and in the place of nothing why there is nothing, if it is known."""
    if value is None:
        return colonne.dire_vide(row) or None if colonne.dire_vide else None
    return say_codes(colonne, value)


def say_cell(colonne: ColonneFichier, value, row: Mapping) -> str:
    """Return a cell in words, as a page shows it: « 52,6 % », « Oui »; "" when it is unknown."""
    if isinstance(value, str) or value is None:
        return _shown(colonne, value, row) or ""
    if isinstance(value, bool):
        return say_if(value)
    if colonne.est_part:
        return with_unit(_say_number(in_percents(value, colonne.decimales)), "%")
    return _say_number(round_shown(value, colonne.decimales))


def _say_number(number: float) -> str:
    """Return a number as French writes it, without decimals that say nothing."""
    whole, _, rest = f"{abs(number):.12f}".partition(".")
    rest = rest.rstrip("0")
    return ("-" if number < 0 else "") + format_number(int(whole)) + (f",{rest}" if rest else "")


def say_codes(colonne: ColonneFichier, value: str) -> str:
    """Return the words of a code, or of several parted by « | »; what has none stays as it is."""
    words = colonne.libelles
    if words is None:
        return value
    say = words if callable(words) else lambda code: words.get(code, code)
    return ", ".join(say(code) for code in value.split("|")) if "|" in value else say(value)


def round_shown(value: float, decimales: int, *, tout: float | None = None) -> float:
    """Return a number to its decimals.

    What is not quite nothing is not rounded to it, nor what is not quite `tout` to that.
    """
    rounded = round(value, decimales)
    while (rounded == 0 != value or (rounded == tout != value)) and decimales < 12:
        decimales += 1
        rounded = round(value, decimales)
    return rounded


def in_percents(part: float, decimales: int) -> float:
    """Return a share as a number of percents."""
    return round_shown(part * 100, decimales, tout=100)


def describe_columns(fichier: Fichier) -> list[tuple[str, str, str]]:
    """Return title, meaning and kind of each column, as the notice of a reader says them."""
    return [
        (
            shown_title(one),
            typeset(one.sens),
            "pourcentage" if one.est_part else _TYPES[one.type],
        )
        for one in fichier.colonnes_plates
    ]


def read_me(fichier: Fichier) -> Iterator[bytes]:
    """Yield the notice of a table as a plain text: what it is, then what each column means."""
    yield b"\xef\xbb\xbf"
    lines = [
        *(f"{cle} : {texte}" for cle, texte in fichier.mentions),
        "",
        "Colonnes",
        *(f"- {titre} ({kind}) : {sens}" for titre, sens, kind in describe_columns(fichier)),
    ]
    yield typeset("\r\n".join(lines) + "\r\n").encode()
