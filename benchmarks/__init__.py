"""Benchmarks of GéoForma: what the build costs, and how that grows with the offer."""
