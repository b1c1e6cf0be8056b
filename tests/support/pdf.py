"""What a screen reader is given of a PDF: language, title, and its tags in their order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pypdf import PdfReader


class Balise(NamedTuple):
    """One tag: its kind (« H2 », « TD »…), its depth, its own entries."""

    sorte: str
    profondeur: int
    entrees: dict


def tags_of(reader: PdfReader) -> list[Balise]:
    """Return the tags of a PDF, in the order in which they are read."""
    return list(_walk(reader.trailer["/Root"]["/StructTreeRoot"], 0))


def _walk(node, depth: int) -> Iterator[Balise]:
    node = node.get_object()
    if not hasattr(node, "get"):
        return
    if "/S" in node:
        entries = {nom: node[nom] for nom in node if nom not in ("/K", "/P", "/Pg")}
        yield Balise(str(node["/S"]).lstrip("/"), depth, entries)
    held = node.get("/K")
    held = held.get_object() if held is not None else []
    for child in held if isinstance(held, list) else [held]:
        yield from _walk(child, depth + 1)


def check_declared(reader: PdfReader) -> None:
    """Assert what any reader asks of the whole: tagged, in French, named by its title."""
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and str(root["/Lang"]).startswith("fr")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"] and reader.metadata["/Title"]
    assert all(page["/Tabs"] == "/S" for page in reader.pages)
    assert not any(b"\x00\x00" in shown for page in reader.pages for shown in _shown(page))


def _shown(page) -> Iterator[bytes]:
    """Return the texts that a page shows in fonts of two bytes a character; 0 is a missing one."""
    fonts, is_wide = page["/Resources"].get("/Font", {}), False
    for operands, operator in page.get_contents().operations:
        if operator == b"Tf":
            is_wide = fonts[operands[0]].get_object()["/Subtype"] == "/Type0"
        elif operator in (b"Tj", b"TJ") and is_wide:
            held = operands[0] if operator == b"TJ" else operands
            for text in (one for one in held if isinstance(one, str | bytes)):
                codes = getattr(text, "original_bytes", text)
                yield from (codes[at : at + 2] for at in range(0, len(codes), 2))
