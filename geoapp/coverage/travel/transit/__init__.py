"""Trips by public transport, worked out from timetables."""
