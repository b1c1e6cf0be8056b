"""Timetables of public transport: feeds in the format GTFS, read and checked."""

from geoapp.sources.gtfs.feed import Feed, read_feed

__all__ = ["Feed", "read_feed"]
