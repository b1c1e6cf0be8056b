"""Reference table of communes: built from public packages, repaired by stated rules.

``build.build_communes`` makes it, with libraries that its readers do without;
``geodata/communes.md`` tells in plain words which sources are read and which repairs are made.
"""
