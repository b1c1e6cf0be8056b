"""Templates whose pages come out typeset: code and templates are written with plain spaces and
straight apostrophes."""

from __future__ import annotations

from jinja2 import Template

from geoapp.core.french import typeset_html


class FrenchTemplate(Template):
    """A template that sets the French spaces and apostrophes of a page once it is whole."""

    def render(self, *args, **kwargs) -> str:
        """Return the page, typeset (see `typeset_html`)."""
        return typeset_html(super().render(*args, **kwargs))
