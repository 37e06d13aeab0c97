"""One measured figure, and how it is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured, and the least it could have been on this machine in the same run.

    `unit` is "s", "bytes" or any word; `floor` is in the same unit, and `floor_name` says what it is of.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    floor_name: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the floor the value is; None without a floor."""
        return self.value / self.floor if self.floor else None


def written(value: float, unit: str) -> str:
    """Return a value with a unit that leaves three telling digits."""
    if unit == "s":
        for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
            if value * factor >= 1:
                return f"{_three_digits(value * factor)} {name}"
        return f"{_three_digits(value * 1e9)} ns"
    if unit == "bytes":
        for factor, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
            if value >= factor:
                return f"{_three_digits(value / factor)} {name}"
    return f"{_three_digits(value)} {unit}"


def _three_digits(value: float) -> str:
    if value == int(value) or value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(figures: list[Figure]) -> str:
    """Return the figures as a Markdown table, its columns lined up."""
    rows = [("what", "measured", "floor", "ratio", "note"), ("---", "--:", "--:", "--:", "---")]
    for figure in figures:
        floor = "" if figure.floor is None else written(figure.floor, figure.unit)
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        named_floor = f"{floor} ({figure.floor_name})" if figure.floor_name else floor
        rows.append((figure.name, written(figure.value, figure.unit), named_floor, ratio, figure.note))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(f"| {line} |" for line in lines)
