"""What can be taken away: tables and indicators, with licence, sources and description."""
