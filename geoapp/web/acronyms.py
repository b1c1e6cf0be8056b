"""Acronyms of a page lead to the glossary: the first time each is read, or, where no link may
stand (a link, a label, a title…), from a list at the end of the page.
"""

from __future__ import annotations

import re
from functools import cache

from flask import url_for

from geoapp.outputs.html import FrenchTemplate
from geoapp.reference.glossary import load_glossary

AMBIGUS = frozenset({"DU"})
"""Acronyms that are also a word, which names in capitals hold."""

_CLOSED = (
    "a|label|button|summary|option|select|legend|h[1-6]|script|style|code|pre|textarea|svg|noscript"
)
"""Elements in which no link may stand, or where it would be in the way."""


@cache
def _places() -> dict[str, str]:
    """Return the acronyms, each with its place in the glossary."""
    return {
        one.terme: one.ancre
        for one in load_glossary()
        if one.est_sigle and one.terme not in AMBIGUS
    }


@cache
def _pattern() -> re.Pattern[str]:
    """Return what is read of a page: tags that close a text to links, others, acronyms."""
    named = "|".join(re.escape(one) for one in sorted(_places(), key=len, reverse=True))
    return re.compile(
        rf"<(?P<end>/?)(?P<closed>{_CLOSED})\b[^>]*>|<[^>]*>|(?<![\w-])(?P<named>{named})(?![\w-])"
    )


def link_acronyms(page: str, glossary: str) -> str:
    """Return a page whose acronyms lead to `glossary`, the address of the page of words.

    Only what is in its `main` element is read; a page without one is returned as it is.
    """
    head, opening, rest = page.partition("<main")
    body, closing, foot = rest.partition("</main>")
    if not closing:
        return page
    linked: set[str] = set()
    met: dict[str, None] = {}
    depth = 0

    def replace(found: re.Match[str]) -> str:
        nonlocal depth
        if found["closed"]:
            depth += -1 if found["end"] else 1
        named = found["named"]
        if not named or named in linked:
            return found[0]
        met[named] = None
        if depth:
            return found[0]
        linked.add(named)
        return _link(named, glossary)

    body = _pattern().sub(replace, body)
    left = [one for one in sorted(met) if one not in linked]
    return f"{head}{opening}{body}{_list(left, glossary)}{closing}{foot}"


def _link(named: str, glossary: str) -> str:
    place = f"{glossary}#{_places()[named]}"
    return f'<a class="sigle" href="{place}" aria-describedby="dit-glossaire">{named}</a>'


def _list(left: list[str], glossary: str) -> str:
    """Return the list of the acronyms that no link of the page explains; "" without any."""
    if not left:
        return ""
    rows = "".join(f"<li>{_link(one, glossary)}</li>" for one in left)
    return (
        '<div class="liens-dits sigles"><p>Autres sigles de cette page\u202f:</p>'
        f'<ul class="liens">{rows}</ul></div>'
    )


class PageTemplate(FrenchTemplate):
    """A page of the site: typeset, its acronyms linked."""

    def render(self, *args, **kwargs) -> str:
        """Return the page (see `link_acronyms`)."""
        page = super().render(*args, **kwargs)
        address = url_for("about.glossary")
        # The glossary explains them all where they stand.
        return page if self.name == "glossary.html" else link_acronyms(page, address)
