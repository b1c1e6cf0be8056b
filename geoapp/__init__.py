"""GéoForma: the training offer of a French region, joined with its territories."""

__version__ = "0.1.0"
