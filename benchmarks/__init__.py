"""What `docs/performance.md` reports: each module measures one subject against a floor from the same run.

A module that has `TITLE` and `measure() -> list[Figure]` is found and run by `python -m benchmarks`.
"""
