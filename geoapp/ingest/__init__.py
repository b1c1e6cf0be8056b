"""Build: from located source files to one published snapshot."""

from geoapp.ingest.pipeline import build_snapshot

__all__ = ["build_snapshot"]
