"""A snapshot in a PostGIS database: its tables as SQL (`tables`, `zonings`) and their rows
(`copying`), how they are asked for (`session`), put before readers (`readers`, `publication`), and
what is refused, in words (`refusals`).
"""
