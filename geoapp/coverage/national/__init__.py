"""Coverage of the whole country: every filter and threshold at once, tile by tile.

`people` makes the points, `roads` inverts the law of travel, `plan` writes what a run needs and
`tiles` parts it; `kernel` measures arrays, `measure` one tile; `run` measures all of them in one
process, `dask_run` on an engine; `sums` adds them up, `result` reads what was published.
"""
