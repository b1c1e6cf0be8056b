"""GéoForma: the training offer of a French region, joined with its territories."""

import atexit
import gc

__version__ = "0.2.0"

# What libraries make while they load is there to stay: with the collector's own threshold (700),
# walking it again and again is a tenth of every start.
gc.set_threshold(50_000)

# A process that ends gives back its memory whole: looking in it for cycles once more takes as long
# as a tenth of its start.
atexit.register(gc.freeze)
