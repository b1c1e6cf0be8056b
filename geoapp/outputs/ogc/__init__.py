"""OGC API – Features: what it serves (`collections`), how it is cut and written (`features`), how
it describes itself (`description`).

Published sources: OGC 17-069r4 (Part 1, Core), OGC 18-058r1 (Part 2, Coordinate Reference Systems
by Reference), OGC 19-079r2 (Part 3, queryables as query parameters).
"""
