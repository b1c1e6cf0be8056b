"""A terminal that does not read UTF-8: every command ends well, data for programs stay whole."""

import io
import json
import sys

import pytest

from geoapp.cli import main
from geoapp.cli.encoding import make_printable

COMMANDS = (
    ["info"],
    ["info", "--sources"],
    ["search", "--lieu", "Amiville"],
    ["search", "--texte", "œuvre"],
    ["gaps"],
    ["quality"],
    ["fetch", "--status"],
    ["gaps", "--help"],
)


def output_of(monkeypatch, command: list[str], encoding: str) -> bytes:
    """Return the bytes that a command prints on an output of one encoding."""
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    monkeypatch.setattr(sys, "stdout", out)
    main(command, standalone_mode=False)
    out.flush()
    return raw.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_no_command_ends_on_a_sign_that_the_terminal_lacks(tiny_snapshot, monkeypatch, encoding):
    monkeypatch.setenv("GEOAPP_DATA", str(tiny_snapshot.path.parents[1]))
    for command in COMMANDS:
        assert len(output_of(monkeypatch, command, encoding)) > 50, command
    found = output_of(monkeypatch, ["search", "--lieu", "Amiville"], encoding).decode(encoding)
    assert "formations" in found and "\u202f" not in found


def test_data_for_programs_are_utf_8_whatever_the_terminal(tiny_snapshot, monkeypatch):
    monkeypatch.setenv("GEOAPP_DATA", str(tiny_snapshot.path.parents[1]))
    info = json.loads(output_of(monkeypatch, ["info", "--json"], "ascii").decode())
    assert info["snapshot"] == tiny_snapshot.id
    found = json.loads(output_of(monkeypatch, ["search", "--json"], "ascii").decode())
    assert found["total"] == 7
    rows = output_of(monkeypatch, ["search", "--csv"], "cp1252")
    assert rows.decode("utf-8-sig").count("\r\n") == rows.count(b"\n") > 6


def test_signs_are_written_by_the_nearest(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    make_printable()
    print("« Œuvre » : 1\u202f000 €, déjà…, 学, \udce9")
    sys.stdout.flush()
    assert raw.getvalue().decode().rstrip() == '" OEuvre " : 1 000 EUR, deja..., ?, ?'
