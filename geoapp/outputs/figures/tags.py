"""Tags of a PDF of one figure: matplotlib writes none, so they are added to what it wrote.

The whole page is one marked content, the only child of one `Figure` that has
an alternative text (ISO 32000-1, 14.7 and 14.8).  The words of the page are
not tagged one by one: a reader hears the alternative text in their place.
"""

from __future__ import annotations

import io


def tag_pdf(content: bytes, *, titre: str, texte: str) -> bytes:
    """Return a PDF of one page with tags: in French, one figure with an alternative text."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import NumberObject, StreamObject, TextStringObject

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    page, root = writer.pages[0], writer.root_object
    contents, stream = page.get_contents(), StreamObject()
    # A stream is a dictionary too: without entries it is false, and not absent.
    drawn = b"" if contents is None else contents.get_data()
    stream.set_data(b"/Figure <</MCID 0>> BDC\n" + drawn + b"\nEMC\n")
    figure = _dictionary(
        Type="/StructElem",
        S="/Figure",
        T=TextStringObject(titre),
        Alt=TextStringObject(texte),
        Pg=page.indirect_reference,
        K=NumberObject(0),
    )
    held = _array(writer._add_object(figure))
    document = _dictionary(Type="/StructElem", S="/Document", K=held)
    tree = _dictionary(
        Type="/StructTreeRoot",
        K=_array(writer._add_object(document)),
        ParentTree=_dictionary(Nums=_array(NumberObject(0), held)),
        ParentTreeNextKey=NumberObject(1),
    )
    # Each names its parent, which is written after it.
    figure.update(_dictionary(P=document.indirect_reference))
    document.update(_dictionary(P=writer._add_object(tree)))
    page.update(
        _dictionary(
            Contents=writer._add_object(stream.flate_encode()),
            StructParents=NumberObject(0),
            Tabs="/S",
        )
    )
    root.update(
        _dictionary(
            StructTreeRoot=tree.indirect_reference,
            MarkInfo=_dictionary(Marked=True),
            Lang=TextStringObject("fr-FR"),
            ViewerPreferences=_dictionary(DisplayDocTitle=True),
        )
    )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _array(*items):
    """Return a PDF array."""
    from pypdf.generic import ArrayObject

    return ArrayObject(items)


def _dictionary(**entries):
    """Return a PDF dictionary: texts that begin with « / » are names, booleans are PDF booleans."""
    from pypdf.generic import BooleanObject, DictionaryObject, NameObject

    forms = {bool: BooleanObject, str: NameObject}
    return DictionaryObject(
        {
            NameObject(f"/{key}"): forms[type(value)](value) if type(value) in forms else value
            for key, value in entries.items()
        }
    )
