"""Find the same training given by several catalogues: stated rules, a score, reversible merges."""
