"""How many random examples a property is tried on: few at each commit, many by night.

`HYPOTHESIS_PROFILE=night` (or `make test-heavy`) chooses the second profile.
"""

import os

from hypothesis import settings
from hypothesis.internal.conjecture import providers

NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "night"
"""Whether what other tests already show by kind is tried on every case."""

settings.register_profile("ci", deadline=None, max_examples=15)
settings.register_profile("night", deadline=None, max_examples=200)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

if not NIGHT:
    # Hypothesis draws some values from our own modules: each process would parse them all (2.5 s).
    providers._get_local_constants = lambda: providers._local_constants


def cheap(**options) -> settings:
    """Return the settings of a property whose examples cost a few milliseconds: four times more."""
    return settings(max_examples=4 * settings.default.max_examples, **options)
