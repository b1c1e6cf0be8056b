"""Pages read for their words: their spaces are tested by `test_typography`."""

import re


def plain(text: str) -> str:
    """Return a text with plain spaces and apostrophes, as words are written in the code and in the
    tests.
    """
    return re.sub("[\u00a0\u202f]", " ", text).replace("’", "'")
