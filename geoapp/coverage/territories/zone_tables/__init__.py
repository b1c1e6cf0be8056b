"""The tables of a sheet of a zone, by what they tell."""
