"""Coverage of the population by the offer: indicators, gaps, causes, publics, changes."""
