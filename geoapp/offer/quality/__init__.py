"""An explainable score for each source and each body, and what each has to correct, row by row."""
