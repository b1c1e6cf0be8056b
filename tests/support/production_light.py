"""The production server, of which the warm-up asks one page: what it asks is tested elsewhere."""

from geoapp.web import warming

warming.ADDRESSES, warming._samples = ("/recherche",), lambda servi: []

from geoapp.web.production import *  # noqa: E402, F403
