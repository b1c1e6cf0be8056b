"""A real Chromium: one by process, pages that remember what they said and asked, the audit of a
page.
"""

from __future__ import annotations

import contextlib
import shutil
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from flask import Flask
from waitress import create_server

from geoapp.web import create_app
from support.examples import NIGHT

# The engine without windows does the same for a third less of processor.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    # One process draws every page: each new one costs a quarter of a second.
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
]
THEMES, WIDTHS = ("light", "dark"), (1280, 390)
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE_COLOURS = ["color-contrast", "link-in-text-block"]
ALIKE = 1_000_000 if NIGHT else 6
"""How many elements made alike are judged in each place."""
AUDIT = """async ([many, asked]) => {
    const past = new Set();
    for (const parent of document.querySelectorAll("*")) {
        if (parent.childElementCount <= many) continue;
        const seen = {};
        for (const one of parent.children) {
            const form = `${one.tagName} ${one.className.baseVal ?? one.className}`;
            seen[form] = (seen[form] ?? 0) + 1;
            if (seen[form] <= many) continue;
            for (const each of [one, ...one.querySelectorAll("*")]) past.add(each);
        }
    }
    document.head.contains = (one) => past.has(one);
    try {
        const found = await axe.run({include: [["html"]], exclude: [["head"]]}, asked);
        return found.violations;
    } finally {
        delete document.head.contains;
    }
}"""
"""Judges the page but what has the tag and the classes of enough elements before it, beside it.

axe asks for each element and each rule whether one of those left out contains it: of thousands, it
took longer than the rules.  One is named, and answers for all from a set.
"""
STILL = """() => document.getAnimations().every(one => one.playState !== 'running')
    && [...document.querySelectorAll('.leaflet-popup, .leaflet-tooltip')].every(
        one => getComputedStyle(one).opacity > 0.89)"""
AXE_QUICKER = """;(() => {
    const colour = axe.commons.color.Color.prototype, parse = colour.parseString, known = new Map();
    colour.parseString = function (text) {
        if (!known.has(text)) {
            parse.call(this, text);
            known.set(text, [this.r, this.g, this.b, this.alpha]);
        }
        [this.r, this.g, this.b, this.alpha] = known.get(text);
        return this;
    };
    axe._audit.noHtml = true;
})()"""
"""Reads each colour once, of the same few that it reads thousands of times, and does not write the
text of each element that each rule looks at: a third of an audit.
"""


@pytest.fixture(scope="session")
def browser():
    api = pytest.importorskip("playwright.sync_api", reason="paquet playwright absent")
    if not CHROMIUM:
        pytest.skip("aucun navigateur Chromium sur cette machine")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe_source():
    package = pytest.importorskip(
        "axe_playwright_python", reason="paquet axe-playwright-python absent"
    )
    source = (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
    return source + AXE_QUICKER


@pytest.fixture(scope="session")
def real_server(real_app):
    with running(real_app) as address:
        yield address


class running:
    """Serve one data folder, or an application, while the block runs."""

    def __init__(self, served):
        app = served if isinstance(served, Flask) else create_app(served)
        self.server = create_server(app, host="127.0.0.1", port=0, threads=8)

    def __enter__(self):
        threading.Thread(target=self._run, daemon=True).start()
        return f"http://127.0.0.1:{self.server.effective_port}"

    def _run(self) -> None:
        # Closed by another thread, the socket may be gone when the loop next asks for it.
        with contextlib.suppress(OSError):
            self.server.run()

    def __exit__(self, *_):
        self.server.close()


class Seen:
    """A page, with what its console said and what it asked for."""

    def __init__(self, browser, width=1280):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, locale="fr-FR")
        self.page = self.context.new_page()
        self.listen()

    def listen(self):
        """Remember what the page says and asks from now on."""
        self.errors, self.requests = [], []
        self.heard = {
            "console": lambda m: m.type in ("error", "warning") and self.errors.append(m.text),
            "pageerror": lambda e: self.errors.append(str(e)),
            "dialog": lambda d: self.errors.append(f"dialogue : {d.message}") or d.dismiss(),
            "request": lambda r: self.requests.append(r.url),
        }
        for event, hear in self.heard.items():
            self.page.on(event, hear)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def open(self, address):
        self.page.goto(address)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def foreign(self, address):
        """Return the requests that went elsewhere than to `address`."""
        return [url for url in self.requests if not url.startswith((address, "data:", "blob:"))]


class Visited(Seen):
    """A page that the tests share, but those that go back, cut the network, print, answer in the
    place of the server or look at what is kept: a new one costs more than a second of processor.

    Nothing of the test before is left, neither cookies, permissions nor what its page stored; the
    page of one that failed is closed.
    """

    kept: ClassVar[dict] = {}
    """The page of each browser."""

    def __init__(self, browser, width=1280):
        if browser not in self.kept:
            self.kept[browser] = browser.new_context(locale="fr-FR").new_page()
        self.browser, self.page = browser, self.kept[browser]
        self.context = self.page.context
        self.page.set_viewport_size({"width": width, "height": 900})
        self.listen()

    def __exit__(self, failure, *_):
        if failure:
            del self.kept[self.browser]
            return self.context.close()
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.goto("about:blank")
        self.context.clear_cookies()
        self.context.clear_permissions()
        self.page.emulate_media(color_scheme="null")
        for event, hear in self.heard.items():
            self.page.remove_listener(event, hear)


def follow(page, selector):
    """Click what leads to another page, and wait until that page is whole."""
    with page.expect_navigation(wait_until="load"):
        page.click(selector)


def still(page):
    """Wait until nothing fades or moves any more: a half-drawn popup has no contrast to judge."""
    # To wait compiles a quarter of a megabyte in the page, to ask nothing.
    if not page.evaluate(STILL):
        page.wait_for_function(STILL)


def violations(page, axe_source, rules=AXE_TAGS):
    """Return what axe finds wrong, in short, once the page, or one frame of it, is still.

    Past the first ones, the rows of a table or the points of a map are made as those before, and
    are left to the night.
    """
    still(page)
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(axe_source)
    # Frames are judged one by one: asked through the page, those of another origin never answer.
    asked = {"runOnly": rules, "resultTypes": ["violations"], "elementRef": False, "iframes": False}
    if not page.evaluate(AUDIT, [ALIKE, asked]):
        return []
    # What is wrong is asked again, with the text of its elements.
    page.evaluate("axe._audit.noHtml = false")
    found = page.evaluate(AUDIT, [ALIKE, asked])
    return [(v["id"], [node["html"][:120] for node in v["nodes"][:3]]) for v in found]


def violations_by_theme(page, axe_source, themes=THEMES) -> dict[str, list]:
    """Return what axe finds wrong in each theme, none but the themes where something is.

    A theme changes nothing but colours: the other rules are held in the first one alone.
    """
    found = {}
    for theme in themes:
        page.emulate_media(color_scheme=theme)
        rules = AXE_TAGS if theme == themes[0] else AXE_COLOURS
        found[theme] = violations(page, axe_source, rules)
    return {theme: wrong for theme, wrong in found.items() if wrong}


def themes_of(page) -> tuple[str, ...]:
    """Return the themes in which a page seen on every width is judged: light on a wide screen, dark
    on a phone; by night both on each.
    """
    return THEMES if NIGHT else (THEMES[page.viewport_size["width"] < WIDTHS[0]],)


def audit(seen, axe_source, address):
    """Check the page shown, all that is folded in it open: accessible, no wider than its screen,
    silent, calling nobody but `address`.
    """
    page = seen.page
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert violations_by_theme(page, axe_source, themes_of(page)) == {}
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"], (
        "the page is wider than the screen"
    )
    assert seen.errors == [] and seen.foreign(address) == []


def drawn(page):
    """Wait until the coverage map is drawn."""
    page.wait_for_selector(".carte[data-pret=oui]", timeout=60_000)
