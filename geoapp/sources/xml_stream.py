"""Read an XML feed as a stream of elements, in constant memory, whatever its author intended.

Entities, DTDs and networks are never followed; depth and the size of one
element are bounded; every refusal is one sentence in French with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from geoapp.core.errors import SourceError
from geoapp.sources.content import stream_bytes
from geoapp.sources.records import show

ELEMENT_MAX_BYTES = 20_000_000
"""Most bytes between the ends of two elements read: they are held in memory."""
CHUNK = 1 << 18

_SAFE = "Demandez un fichier sain au producteur."
_AGAIN = (
    "Le fichier est sans doute coupé ou mal formé : téléchargez-le à nouveau auprès du producteur."
)
# In this order: libxml2 says « entity » of a text that is too long, too.
_PROBLEMS = (
    (r"Excessive depth|depth", "éléments imbriqués trop profondément, refusé.", _SAFE),
    (
        r"[Hh]uge|too long|xmlSAX2Characters|buffer|Memory"
        r"|Maximum entity|amplification|entity loop",
        "un élément est démesuré, refusé.",
        _SAFE,
    ),
    (r"[Ee]ntity", "une entité y est employée sans pouvoir être suivie, refusé.", _SAFE),
    (
        r"encod|UTF-8|bytes|Char 0x|PCDATA invalid|xmlParseCharRef|Input is not",
        "un octet n'est pas dans l'encodage que le fichier déclare.",
        "Demandez un export en UTF-8 au producteur.",
    ),
    (r"Namespace prefix", "préfixe d'espace de noms non déclaré.", _AGAIN),
)


def stream_elements(
    path: Path, name: str, parent: str, *, max_bytes: int = ELEMENT_MAX_BYTES
) -> Iterator[etree._Element]:
    """Yield every element `name` directly under a `parent`, namespaces ignored, then forget it.

    The file may be plain, gzipped, or a zip archive of one XML file.  An
    element yielded is emptied when the next one is asked for.

    Raises
    ------
    SourceError
        Not XML, cut, in a wrong encoding, with entities declared, nested too
        deeply, or with an element beyond `max_bytes`; the line is given.
    """
    parser = etree.XMLPullParser(
        events=("end",),
        tag="{*}" + name,
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    waiting, is_checked = 0, False
    try:
        for piece in stream_bytes(path, suffix=".xml", chunk=CHUNK):
            parser.feed(piece)
            waiting += len(piece)
            for _, element in parser.read_events():
                if not is_checked:
                    _refuse_entities(path, element)
                    is_checked = True
                waiting = 0
                yield from _release(element, parent)
            if waiting > max_bytes:
                raise SourceError(
                    path,
                    f"plus de {max_bytes // 1_000_000} Mo "
                    f"sans un élément « {name} » entier, refusé.",
                    cure=_SAFE,
                )
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise _unreadable(path, error, parser) from None
    for _, element in parser.read_events():
        yield from _release(element, parent)
    _refuse_entities(path, root)


def _release(element: etree._Element, parent: str) -> Iterator[etree._Element]:
    """Yield one element when it is where it must be, then empty it and drop those before it."""
    above = element.getparent()
    if above is None or local_name(above.tag) != parent:
        return
    yield element
    element.clear()
    # The element itself stays: libxml2 still hangs the text that follows on it.
    while above[0] is not element:
        del above[0]


def local_name(tag) -> str:
    """Return a tag without its namespace; "" for what is no element."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _refuse_entities(path: Path, element: etree._Element) -> None:
    """Refuse a document whose DTD declares entities: a feed has no use for them."""
    dtd = element.getroottree().docinfo.internalDTD
    if dtd is not None and next(iter(dtd.iterentities()), None) is not None:
        raise SourceError(
            path, "le fichier déclare des entités XML, refusé.", place="DOCTYPE", cure=_SAFE
        )


def _unreadable(
    path: Path, error: etree.XMLSyntaxError, parser: etree.XMLPullParser
) -> SourceError:
    """Return the error of the parser in French, with its line.

    Its log knows what its last word hides.
    """
    log = parser.feed_error_log.filter_from_errors()
    said = log[0].message if len(log) else str(error)
    line = log[0].line if len(log) else getattr(error, "lineno", 0)
    place = f"ligne {line}" if line else ""
    for sign, problem, cure in _PROBLEMS:
        if re.search(sign, said):
            return SourceError(path, problem, place=place, cure=cure)
    return SourceError(path, f"XML illisible ({show(said)}).", place=place, cure=_AGAIN)
