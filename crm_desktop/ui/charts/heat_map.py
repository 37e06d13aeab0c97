"""How often something happened, by two measures: a table whose cells are darker the more there is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from crm_desktop.ui.charts.chart import CENTER, RIGHT, Chart, Part, box, share_words
from crm_desktop.ui.charts.values import ShowNumber
from crm_desktop.ui.format import figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show, tr

_RAMP = 5
_LABELS = 26


class HeatMap(Chart):
    """Rows and columns of counts; a part's key is `row/column`, both counted from 0."""

    def __init__(
        self,
        name: Text,
        rows: Sequence[Text] = (),
        columns: Sequence[Text] = (),
        counts: Sequence[Sequence[int]] = (),
        *,
        empty: Text | None = None,
        show_number: ShowNumber = figure,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, empty=empty, show_number=show_number, parent=parent)
        self._rows: tuple[Text, ...] = ()
        self._columns: tuple[Text, ...] = ()
        self._counts: tuple[tuple[int, ...], ...] = ()
        self.show_counts(rows, columns, counts)

    def show_counts(
        self, rows: Sequence[Text], columns: Sequence[Text], counts: Sequence[Sequence[int]]
    ) -> None:
        """Show other counts; one row of them for each row, one count for each column."""
        if len(counts) != len(rows) or any(len(row) != len(columns) for row in counts):
            raise ValueError(f"counts are not {len(rows)} rows of {len(columns)}")
        self._rows, self._columns = tuple(rows), tuple(columns)
        self._counts = tuple(tuple(row) for row in counts)
        self.refresh()

    def is_empty(self) -> bool:
        """Say whether nothing was counted."""
        return not any(any(row) for row in self._counts)

    def as_table(self) -> list[tuple[str, ...]]:
        """Return the counts with their heads."""
        rows: list[tuple[str, ...]] = [("", *map(show, self._columns))]
        for label, counts in zip(self._rows, self._counts, strict=True):
            rows.append((show(label), *map(self.say_number, counts)))
        return rows

    def summary(self) -> str:
        """Return where most was counted."""
        count, row, column = max(
            (count, row, column)
            for row, counts in enumerate(self._counts)
            for column, count in enumerate(counts)
        )
        return tr(
            "most in {row}, {column}: {value}",
            row=show(self._rows[row]),
            column=show(self._columns[column]),
            value=self.say_number(count),
        )

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        left = self.width_of([show(row) for row in self._rows]) + 8
        below = theme().px(_LABELS)
        width = (area.width() - left) / len(self._columns)
        height = min((area.height() - below) / len(self._rows), theme().px(29))
        most = max(max(row) for row in self._counts)
        parts = []
        for row, counts in enumerate(self._counts):
            y = area.top() + height * row
            name = QRectF(area.left(), y, left - 8, height)
            self.write(painter, name, show(self._rows[row]), color="text-soft", align=RIGHT)
            for column, count in enumerate(counts):
                x = area.left() + left + width * column
                cell = QRectF(round(x) + 1, round(y) + 1, round(x + width) - round(x) - 2, round(height) - 2)
                step = _step(count, most)
                painter.fillPath(box(cell, RADII["bar"]), theme().color(f"ramp{step}"))
                if not count:
                    continue
                ink = "on-accent" if step <= 2 else "text"
                self.write(painter, cell, self.say_number(count), color=ink, align=CENTER)
                place = f"{show(self._rows[row])}, {show(self._columns[column])}"
                words = share_words(place, self.say_number(count))
                parts.append(Part(f"{row}/{column}", words, box(cell, RADII["bar"])))
        foot = area.top() + height * len(self._rows) + 2
        for column, label in enumerate(self._columns):
            under = QRectF(area.left() + left + width * column, foot, width, below - 4)
            self.write(painter, under, show(label), color="text-soft", align=CENTER)
        return parts


def _step(count: int, most: int) -> int:
    """Return the step of the ramp, 5 for the weakest; none counted is the weakest too."""
    return _RAMP - min(_RAMP - 1, count * _RAMP // (most + 1)) if count else _RAMP
