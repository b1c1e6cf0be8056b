"""The documentation says what the code does."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import pictures
from geoapp.cli import main
from geoapp.cli.guide import DOCS, PAGES, list_commands
from geoapp.core.config import Settings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_reference_pages_are_up_to_date(page):
    assert (DOCS / page).read_text(encoding="utf-8") == PAGES[page](), (
        "run: python -m geoapp.cli.guide"
    )


def test_commands_are_told_as_their_own_help_tells_them():
    for nom in ("info", "build"):
        told = CliRunner().invoke(main, [nom, "-h"]).output
        option = next(line for line in told.splitlines() if "--help" in line)
        assert option.split() == ["-h,", "--help", "Montre", "cette", "aide."]
    page = (DOCS / "commandes.md").read_text(encoding="utf-8")
    assert page.count("\n  -h, --help ") == len(list(list_commands()))
    assert PAGES["commandes.md"]() == page


def test_readme_names_every_command():
    for command in main.commands:
        assert f"geoapp {command}" in README, command


def test_readme_names_the_two_commands_and_the_mirror():
    for text in ("make run", "make test", "MIRROR="):
        assert text in README


def test_every_setting_has_help_and_a_variable():
    for setting in fields(Settings):
        assert setting.metadata["aide"] and setting.metadata["env"].startswith("GEOAPP_")


def test_files_that_the_documentation_names_exist():
    for path in [ROOT / "README.md", *DOCS.glob("*.md")]:
        for target in re.findall(
            r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8")
        ):
            assert (path.parent / target).exists(), f"{path.name} → {target}"


ARCHITECTURE = (DOCS / "architecture.md").read_text(encoding="utf-8")


def _find(path: str) -> list[Path]:
    """Return what a path of the page of architecture names: from the checkout or from a room."""
    found = [folder / path for folder in (ROOT, ROOT / "geoapp") if (folder / path).exists()]
    return found or list((ROOT / "geoapp").rglob(path))


def _is_path(word: str) -> bool:
    return re.fullmatch(r"[\w/]+(?:/|\.\w+)", word) is not None and not word.startswith("/")


def test_paths_that_the_page_of_architecture_names_exist():
    paths = {word for word in re.findall(r"`([^`\n]+)`", ARCHITECTURE) if _is_path(word)}
    assert len(paths) > 40
    assert [path for path in sorted(paths) if not _find(path)] == []


def test_answers_to_the_questions_of_a_newcomer_are_where_they_are_said():
    rows = re.findall(r"^\| [^|`]*(?:`[^`]*`)?[^|`]* \| ([^|]+) \|$", ARCHITECTURE, re.M)
    answers = [re.findall(r"`([^`]+)`", row) for row in rows]
    named = [words for words in answers if len(words) > 1 and not _is_path(words[1])]
    assert len(named) >= 6
    for path, word, *_ in named:
        inside = [one for place in _find(path) for one in (place, *place.rglob("*.py"))]
        texts = [one.read_text(encoding="utf-8") for one in inside if one.is_file()]
        assert any(word in text for text in texts), f"{path} : {word}"


def test_changelog_names_the_current_version():
    import geoapp

    assert f"## {geoapp.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_templates_styles_and_scripts_hold_in_100_columns():
    files = [*ROOT.glob("templates/**/*.html"), *ROOT.glob("static/css/*.css")]
    files += ROOT.glob("static/js/*.js")
    long = [
        f"{file.relative_to(ROOT)}:{rank}"
        for file in files
        for rank, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 100
    ]
    assert len(files) > 80 and not long


def test_each_picture_is_shown_and_can_be_taken_again():
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    texts = "".join(page.read_text(encoding="utf-8") for page in pages)
    shown = set(re.findall(r"images/([\w-]+)\.png\)", texts))
    assert {path.stem for path in pictures.IMAGES.glob("*")} == shown
    assert {one.nom for one in pictures.PICTURES} | {pictures.FILM} == shown
