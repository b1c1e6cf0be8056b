"""Pages read for their words: their spaces are tested by `test_typography`."""

import re

_BLOCKS = "caption|dd|div|dt|figcaption|h[1-6]|label|li|option|p|summary|td|th"


def plain(text: str) -> str:
    """Return a text with plain spaces and apostrophes, as words are written in the code and in the
    tests; a page is on one line, as a reader sees it however its template is cut.
    """
    text = re.sub("[\u00a0\u202f]", " ", text).replace("’", "'")
    if "</" not in text:
        return text
    text = flat(text)
    return re.sub(rf"(<(?:{_BLOCKS})\b[^>]*>) | (?=</(?:{_BLOCKS})>)", r"\1", text)


def flat(page: str) -> str:
    """Return a page with one plain space for the line ends and margins of its template."""
    return re.sub(r"[ \n]+", " ", page)
