"""Build: from located source files to one published snapshot (`geoapp.ingest.pipeline`)."""
