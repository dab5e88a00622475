"""Times clfavor and other implementations of the same attention in one interleaved run.

`python -m peers` measures and writes peers.json; `python -m peers.report` makes the table and the
pictures from it. bench/README.md says what is measured and why.
"""
