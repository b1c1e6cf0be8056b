"""Tell in which encoding a text was written, from its bytes.

`charset-normalizer` was tried and left: on short French files it takes MacRoman for DOS (cp850).
Here the reading that gives French letters wins: few encodings, one language.
"""

from __future__ import annotations

from dataclasses import dataclass

NOMS = {
    "cp1252": "Windows-1252",
    "mac_roman": "MacRoman",
    "cp850": "DOS (CP850)",
    "utf-16-le": "UTF-16 (petit-boutiste, sans marque)",
    "utf-16-be": "UTF-16 (gros-boutiste, sans marque)",
}
"""Encodings told from content, and how a message names them."""

_OCTETS = ("cp1252", "mac_roman", "cp850")
"""Encodings of one byte, the most frequent first."""
_ATTENDUS = frozenset("àâäçéèêëîïôöùûüÿœæÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŒÆ«»’‘“”–—…°€²³§µ·•\u00a0\u202f")
_HEAD = 4096
_LIGNES_DITES = 5


@dataclass(frozen=True)
class TexteLu:
    """A text read, and how it was if that was not as announced (in French, else "")."""

    texte: str
    dit: str = ""


def without_mark(content: bytes) -> str:
    """Return the UTF-16 encoding of bytes without order mark; "" for another encoding."""
    head = content[:_HEAD]
    zeros = (head[0::2].count(0), head[1::2].count(0))
    if sum(zeros) * 4 < len(head) or len(content) % 2:
        return ""
    # Latin letters have a zero byte each: the second one in little-endian.
    return (
        "utf-16-le" if zeros[1] > 9 * zeros[0] else "utf-16-be" if zeros[0] > 9 * zeros[1] else ""
    )


def read_otherwise(content: bytes) -> TexteLu | None:
    """Return bytes that are not in UTF-8 as text, by what they hold; None when nothing fits.

    A file whose lines are of two encodings is read line by line, and its strange
    lines are named.
    """
    if encoding := without_mark(content):
        try:
            return TexteLu(content.decode(encoding), f"Lu en {NOMS[encoding]}.")
        except UnicodeDecodeError:
            return None
    strange = _strange_lines(content)
    lines = content.split(b"\n")
    encoding = _by_letters(content if strange is None else b"\n".join(lines[i] for i in strange))
    if not encoding:
        return None
    try:
        if strange is None:
            return TexteLu(content.decode(encoding), f"Lu en {NOMS[encoding]}.")
        texts = [
            line.decode(encoding if rank in strange else "utf-8") for rank, line in enumerate(lines)
        ]
    except UnicodeDecodeError:
        return None
    shown = ", ".join(str(rank + 1) for rank in sorted(strange)[:_LIGNES_DITES])
    more = " …" if len(strange) > _LIGNES_DITES else ""
    word = "lignes" if len(strange) > 1 else "ligne"
    return TexteLu(
        "\n".join(texts),
        f"Deux encodages mêlés : UTF-8, et {NOMS[encoding]} ({word} {shown}{more}).",
    )


def _strange_lines(content: bytes) -> set[int] | None:
    """Return the ranks of the lines that are not UTF-8 in a file that has others with accents.

    None when no line says that the file was UTF-8.
    """
    strange, accented = set(), False
    for rank, line in enumerate(content.split(b"\n")):
        if line.isascii():
            continue
        try:
            line.decode()
            accented = True
        except UnicodeDecodeError:
            strange.add(rank)
    return strange if accented else None


def _by_letters(content: bytes) -> str:
    """Return the encoding of one byte under which bytes give most French letters.

    "" when fewer than half of them do under any.
    """
    sample = bytes(byte for byte in content[: 1 << 20] if byte > 127)

    def score(encoding: str) -> int:
        text = sample.decode(encoding, "replace")
        return sum(1 if letter in _ATTENDUS else -1 for letter in text)

    best = max(_OCTETS, key=score)
    return best if score(best) > 0 else ""
