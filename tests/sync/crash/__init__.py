"""One story of laptops and HQ, told once for each point at which one of them may end.

`python -m tests.sync.crash FOLDER` tells it for every point and prints a report; see `__main__`.
"""
