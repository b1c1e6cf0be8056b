"""What can be taken away: each table of a snapshot and each indicator, with licence, sources and description."""
