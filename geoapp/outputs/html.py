"""What a page is made of: templates that come out typeset (code and templates are written with
plain spaces and straight apostrophes), and JSON that stands in a page."""

from __future__ import annotations

from jinja2 import Template

from geoapp.core.french import typeset_html


class FrenchTemplate(Template):
    """A template that sets the French spaces and apostrophes of a page once it is whole."""

    def render(self, *args, **kwargs) -> str:
        """Return the page, typeset (see `typeset_html`)."""
        return typeset_html(super().render(*args, **kwargs))


def escape_json(texte: str) -> str:
    """Return JSON that can stand inside a `script` element: no `<`, `>` nor `&` is left."""
    return texte.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
