"""Styles for QGIS (QML): how a layer is drawn when it is opened, and the titles of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from geoapp.outputs.files.model import POINT, ColonneFichier

VERSION = "3.34.0"
"""Version of QGIS whose form of style is written (`<Option>`, read since 3.16)."""

_GEOMETRIES = {POINT: ("marker", "SimpleMarker", "0")}
_CONTOUR = ("fill", "SimpleFill", "2")
INCONNU = "#b6bcc3"
"""Fill of what is not known."""


def plain_style(forme: str, couleur: str, colonnes: Sequence[ColonneFichier]) -> str:
    """Return the style of a layer drawn in one colour: discs, or outlines lightly filled."""
    root = _root(colonnes)
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        type="singleSymbol",
        symbollevels="0",
        enableorderby="0",
        forceraster="0",
    )
    symbols = ET.SubElement(renderer, "symbols")
    _symbol(symbols, "0", forme, couleur, opacite=230 if forme == POINT else 40)
    return _text(root, forme)


def graduated_style(
    colonne: str,
    classes: Sequence[tuple[float, float, str, str]],
    colonnes: Sequence[ColonneFichier],
    forme: str = "contour",
) -> str:
    """Return the style of a layer coloured by the classes of one column.

    Parameters
    ----------
    classes : sequence of (low, high, label, colour)
        QGIS takes the first class that holds a value, bounds included, and draws none for NULL.
    """
    root = _root(colonnes)
    renderer = ET.SubElement(
        root,
        "renderer-v2",
        type="graduatedSymbol",
        attr=colonne,
        graduatedMethod="GraduatedColor",
        symbollevels="0",
        enableorderby="0",
        forceraster="0",
    )
    ranges, symbols = ET.SubElement(renderer, "ranges"), ET.SubElement(renderer, "symbols")
    for rank, (low, high, label, couleur) in enumerate(classes):
        ET.SubElement(
            ranges,
            "range",
            symbol=str(rank),
            lower=repr(float(low)),
            upper=repr(float(high)),
            label=label,
            render="true",
        )
        _symbol(symbols, str(rank), forme, couleur, opacite=235)
    source = ET.SubElement(renderer, "source-symbol")
    _symbol(source, "0", forme, INCONNU, opacite=235)
    return _text(root, forme)


def _root(colonnes: Sequence[ColonneFichier]) -> ET.Element:
    """Return a style that names the columns by their titles."""
    root = ET.Element("qgis", version=VERSION, styleCategories="Symbology|Fields|Forms")
    aliases = ET.SubElement(root, "aliases")
    for rank, one in enumerate(colonnes):
        name = "" if one.titre == one.nom else one.titre
        ET.SubElement(aliases, "alias", field=one.nom, index=str(rank), name=name)
    return root


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
    ET.SubElement(root, "layerGeometryType").text = _GEOMETRIES.get(forme, _CONTOUR)[2]
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + ET.tostring(
        root, encoding="unicode"
    )
