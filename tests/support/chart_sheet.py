"""Every kind of chart without a value, with one, with some and with too many, on one picture to be looked at.

`python -m tests.support.chart_sheet FILE.png [--language zh_CN] [--dark] [--kinds]`; `--kinds`: one of each
kind, with as many values as are usual, as `docs/pictures/charts/kinds.png` shows them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from crm_core.charts.board import Placed
from resources.board_file import PNG, board_file
from tests.support.charts import MAKERS, USUAL

COUNTS: Final = (0, 1, 5, 60)
_SPAN: Final = 12 // len(COUNTS)


def tiles() -> list[Placed]:
    """Return a row for each kind and a column for each number of values."""
    return [
        Placed(title=name, row=row, column=_SPAN * at, span=_SPAN, tall=True, chart=make(count))
        for row, (name, make) in enumerate(MAKERS.items())
        for at, count in enumerate(COUNTS)
    ]


def kinds() -> list[Placed]:
    """Return a tile for each kind."""
    return [
        Placed(
            title="",
            row=at // 4,
            column=at % 4 * _SPAN,
            span=_SPAN,
            tall=True,
            chart=make(USUAL[name]),
        )
        for at, (name, make) in enumerate(MAKERS.items())
    ]


def main() -> None:
    """Draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--language", default="en", choices=("en", "zh_CN"))
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--kinds", action="store_true")
    asked = parser.parse_args()
    shown, remark = (kinds(), "") if asked.kinds else (tiles(), f"values: {COUNTS}")
    asked.file.write_bytes(board_file(PNG, shown, "Charts", remark, asked.language, dark=asked.dark))


if __name__ == "__main__":
    main()
