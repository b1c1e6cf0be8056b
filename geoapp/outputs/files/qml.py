"""Styles for QGIS (QML): how a layer is drawn when it is opened, and the titles of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from geoapp.outputs.files.days import JOUR, PREFIXES
from geoapp.outputs.files.model import CONTOUR, POINT, ColonneFichier
from geoapp.outputs.files.shown import shown_title

VERSION = "3.34.0"
"""Version of QGIS whose form of style is written (`<Option>`, read since 3.16)."""

_GEOMETRIES = {POINT: ("marker", "SimpleMarker", "0")}
_CONTOUR = ("fill", "SimpleFill", "2")
SANS_GEOMETRIE = "4"
"""How QGIS writes the geometry of a table that has none."""

INCONNU = "#b6bcc3"
"""Fill of what is not known."""

NOM = "nom"
"""Column that names a zone on the map, where a layer of outlines has one."""


def plain_style(forme: str, couleur: str, colonnes: Sequence[ColonneFichier]) -> str:
    """Return the style of a layer drawn in one colour: discs, or outlines lightly filled."""
    root = _root(colonnes, forme)
    renderer = _renderer(root, "singleSymbol")
    symbols = ET.SubElement(renderer, "symbols")
    _symbol(symbols, "0", forme, couleur, opacite=230 if forme == POINT else 40)
    return _text(root, forme)


@dataclass(frozen=True)
class Regle:
    """One rule of a style: which rows (an expression of QGIS), in words, in which colour."""

    filtre: str
    libelle: str
    couleur: str


def class_style(
    regles: Sequence[Regle], colonnes: Sequence[ColonneFichier], forme: str = CONTOUR
) -> str:
    """Return the style of a layer coloured by classes: a row is drawn by the rule that it obeys.

    Rules, and not ranges of values: what has no value is drawn too, and says why.
    """
    root = _root(colonnes, forme)
    renderer = _renderer(root, "RuleRenderer")
    rules = ET.SubElement(renderer, "rules", key="racine")
    symbols = ET.SubElement(renderer, "symbols")
    for rank, one in enumerate(regles):
        ET.SubElement(
            rules,
            "rule",
            key=f"classe{rank}",
            filter=one.filtre,
            label=one.libelle,
            symbol=str(rank),
        )
        _symbol(symbols, str(rank), forme, one.couleur, opacite=235)
    return _text(root, forme)


def class_rules(colonne: str, classes: Sequence[tuple[float, float, str, str]]) -> list[Regle]:
    """Return the rules of classes of numbers.

    Parameters
    ----------
    classes : sequence of (low, high, label, colour)
        A bound belongs to the class that it ends; the first class has both.
    """
    field, rules = f'"{colonne}"', []
    for rank, (low, high, label, couleur) in enumerate(classes):
        above = f"{field} >= {low!r}" if not rank else f"{field} > {low!r}"
        rules.append(Regle(f"{above} AND {field} <= {high!r}", label, couleur))
    return rules


def category_style(
    colonne: str,
    categories: Sequence[tuple[str, str, str]],
    colonnes: Sequence[ColonneFichier],
    forme: str = POINT,
) -> str:
    """Return the style of a layer coloured by the values of one column: (value, label, colour)."""
    root = _root(colonnes, forme)
    renderer = _renderer(root, "categorizedSymbol")
    renderer.set("attr", colonne)
    found, symbols = ET.SubElement(renderer, "categories"), ET.SubElement(renderer, "symbols")
    for rank, (value, label, couleur) in enumerate([*categories, ("", "non renseigné", INCONNU)]):
        ET.SubElement(
            found,
            "category",
            value=value,
            type="string",
            label=label,
            symbol=str(rank),
            render="true",
        )
        _symbol(symbols, str(rank), forme, couleur, opacite=230)
    return _text(root, forme)


def table_style(colonnes: Sequence[ColonneFichier]) -> str:
    """Return the style of a table that draws nothing: the titles of its columns."""
    root = _root(colonnes, "")
    _renderer(root, "nullSymbol")
    return _text(root, "")


def _renderer(root: ET.Element, kind: str) -> ET.Element:
    """Add what draws a layer."""
    return ET.SubElement(
        root,
        "renderer-v2",
        type=kind,
        symbollevels="0",
        enableorderby="0",
        forceraster="0",
    )


def _root(colonnes: Sequence[ColonneFichier], forme: str) -> ET.Element:
    """Return a style that names the columns by their titles, and the zones on the map."""
    is_named = forme == CONTOUR and any(one.nom == NOM for one in colonnes)
    root = ET.Element(
        "qgis",
        version=VERSION,
        styleCategories="Symbology|Labeling|Fields|Forms",
        labelsEnabled="1" if is_named else "0",
    )
    aliases = ET.SubElement(root, "aliases")
    for rank, one in enumerate(colonnes):
        ET.SubElement(aliases, "alias", field=one.nom, index=str(rank), name=shown_title(one))
        if one.nom.startswith(PREFIXES):
            # The day that stands beside a date, where one is written (`days`).
            day = f"{shown_title(one)} (jour)"
            ET.SubElement(aliases, "alias", field=f"{one.nom}{JOUR}", index="-1", name=day)
    if is_named:
        _label(root)
    return root


def _label(root: ET.Element) -> None:
    """Add the names of zones, inside their outlines where they hold, on a light edge."""
    labeling = ET.SubElement(root, "labeling", type="simple")
    settings = ET.SubElement(labeling, "settings", calloutType="simple")
    text = ET.SubElement(
        settings,
        "text-style",
        fieldName=NOM,
        fontSize="7",
        fontSizeUnit="Point",
        textColor="28,36,48,255",
        isExpression="0",
        wrapChar="",
    )
    ET.SubElement(
        text,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.6",
        bufferSizeUnits="MM",
        bufferColor="255,255,255,255",
    )
    ET.SubElement(settings, "placement", placement="1", fitInPolygonOnly="1")
    ET.SubElement(settings, "rendering", drawLabels="1", obstacle="1", displayAll="0")


def _symbol(parent: ET.Element, nom: str, forme: str, couleur: str, *, opacite: int) -> None:
    """Add one symbol of one layer."""
    kind, layer_class, _ = _GEOMETRIES.get(forme, _CONTOUR)
    symbol = ET.SubElement(
        parent, "symbol", type=kind, name=nom, alpha="1", clip_to_extent="1", force_rhr="0"
    )
    layer = ET.SubElement(
        ET.SubElement(
            symbol, "layer", {"class": layer_class, "enabled": "1", "locked": "0", "pass": "0"}
        ),
        "Option",
        type="Map",
    )
    options = {
        "color": _rgba(couleur, opacite),
        "outline_color": _rgba("#5b6470", 255),
        "outline_width": "0.2",
        "outline_width_unit": "MM",
        "outline_style": "solid",
        "style": "solid",
    }
    if forme == POINT:
        options |= {"name": "circle", "size": "2", "size_unit": "MM"}
    for key, value in options.items():
        ET.SubElement(layer, "Option", name=key, type="QString", value=value)


def _rgba(couleur: str, opacite: int) -> str:
    """Return « #0d5c63 » as « 13,92,99,230 »."""
    return ",".join(str(int(couleur[i : i + 2], 16)) for i in (1, 3, 5)) + f",{opacite}"


def _text(root: ET.Element, forme: str) -> str:
    """Return a style as text, its kind of geometry told."""
    kind = _GEOMETRIES.get(forme, _CONTOUR)[2] if forme else SANS_GEOMETRIE
    ET.SubElement(root, "layerGeometryType").text = kind
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )
