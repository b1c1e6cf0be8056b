"""Tags of a PDF of one figure: matplotlib writes none, so they are added to what it wrote.

The whole page is one marked content, the only child of one `Figure` that has
an alternative text (ISO 32000-1, 14.7 and 14.8).  The words of the page are
not tagged one by one: a reader hears the alternative text in their place.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from xml.sax.saxutils import escape

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:format>application/pdf</dc:format>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{titre}</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">{texte}</rdf:li></rdf:Alt></dc:description>
<dc:creator><rdf:Seq><rdf:li>{auteur}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>fr-FR</rdf:li></rdf:Bag></dc:language>
<dc:source>{sources}</dc:source>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">{licences}</rdf:li></rdf:Alt></dc:rights>
<xmp:CreateDate>{date}</xmp:CreateDate>
<xmp:ModifyDate>{date}</xmp:ModifyDate>
<xmp:CreatorTool>{auteur}</xmp:CreatorTool>
<pdf:Producer>{auteur}</pdf:Producer>
<pdf:Keywords>{sources}</pdf:Keywords>
<pdfuaid:part>1</pdfuaid:part>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"""
"""Metadata of a PDF that catalogues and screen readers read (ISO 16684-1; ISO 14289-1, 5)."""


def tag_pdf(content: bytes, about: Mapping[str, str], *, auteur: str) -> bytes:
    """Return a PDF of one page with tags: in French, one figure with an alternative text.

    `about` holds `titre`, `texte`, `sources`, `licences` and `date` (ISO 8601), written as XMP too.
    """
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
        T=TextStringObject(about["titre"]),
        Alt=TextStringObject(about["texte"]),
        A=_dictionary(O="/Layout", Placement="/Block", BBox=_array(*page.mediabox)),
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
            Contents=writer._add_object(stream.flate_encode(level=3)),
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
    told = {key: escape(str(value)) for key, value in about.items()}
    metadata = StreamObject()
    metadata.set_data(XMP.format(auteur=auteur, **told).encode())
    metadata.update(_dictionary(Type="/Metadata", Subtype="/XML"))
    root.update(_dictionary(Metadata=writer._add_object(metadata)))
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
