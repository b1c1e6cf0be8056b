"""Heavy requests, worked out apart: a light request never waits for a file that takes seconds.

`workshop.start_heavy` forks, before any thread, a process that forks one child by
file; `views` sends it the requests of the heavy routes; `store` keeps what several may ask.
"""
