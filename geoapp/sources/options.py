"""What an option of a source may be: its type, and what a good value is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class OptionSource:
    """One option; `probleme` is said of a value that `est_bonne` refuses, or of a missing one."""

    type: type
    est_bonne: Callable[[Any], bool] = lambda value: True
    probleme: str = ""
    est_requise: bool = False


TEXTE = OptionSource(type=str)
"""An option that takes any text."""
