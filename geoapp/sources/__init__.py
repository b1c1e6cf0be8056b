"""Sources: the registry, fetching, and one small reader per format."""
