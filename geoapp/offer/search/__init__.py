"""Search: text, facets and proximity over a snapshot."""
