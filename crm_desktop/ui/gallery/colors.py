"""The first column of the gallery: colours, patterns, spacing, a menu."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from crm_core.charts import patterns
from crm_core.charts.drawing import Box, Shape, rectangle
from crm_core.i18n import message
from crm_desktop.ui.charts.drawn import paint_shape
from crm_desktop.ui.theme import theme, tokens
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.shadow import lift

_RAMP = ("ramp1", "ramp2", "ramp3", "ramp4", "ramp5")
_CHART = tuple(f"chart{place}" for place in range(1, 9))


def sections() -> list[tuple[Text, QWidget]]:
    """Return the headings and what stands under them."""
    roles = [name for name in tokens.COLORS[theme().scheme] if name not in (*_RAMP, *_CHART, "shadow")]
    return [
        (message("Colour by role"), _swatches(roles)),
        (message("One-hue ramp for ordered values"), _swatches(list(_RAMP))),
        (message("Chart colours, solid and patterned"), _patterns()),
        (message("Spacing"), _spacing()),
        (message("Menu, the one soft shadow"), _menu()),
    ]


class _Swatch(QWidget):
    def __init__(self, color: str, width: int, height: int, *, edge: bool = True) -> None:
        super().__init__()
        self._color, self._edge = color, edge
        self.setFixedSize(QSize(width, height))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        edge = theme().color("line-strong" if self._edge else "accent-line")
        paint.rounded(painter, self.rect(), theme().color(self._color), edge, 6 if self._edge else 0)
        painter.end()


class _Pattern(QWidget):
    def __init__(self, place: int, *, solid: bool) -> None:
        super().__init__()
        self._place, self._solid = place, solid
        self.setFixedSize(QSize(52, 40))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_shape(
            painter,
            Shape(
                outline=rectangle(Box(0, 0, self.width(), self.height()), 4),
                fill=patterns.color_of(self._place),
                pattern="" if self._solid else patterns.name_of(self._place),
            ),
        )
        painter.end()


def _swatches(names: list[str]) -> QWidget:
    sheet = QWidget()
    grid = QGridLayout(sheet)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setSpacing(8)
    for place, name in enumerate(names):
        cell = QHBoxLayout()
        cell.setSpacing(8)
        cell.addWidget(_Swatch(name, 32, 32))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(name, step="caption"))
        words.addWidget(Label(theme().color(name).name().upper(), step="caption", color="text-soft"))
        cell.addLayout(words, 1)
        grid.addLayout(cell, place // 3, place % 3)
    for column in range(3):
        grid.setColumnStretch(column, 1)
    return sheet


def _patterns() -> QWidget:
    sheet = QWidget()
    grid = QGridLayout(sheet)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(6)
    grid.setVerticalSpacing(8)
    for place in range(len(patterns.NAMES)):
        column = 3 * (place % 2)
        grid.addWidget(_Pattern(place, solid=True), place // 2, column)
        grid.addWidget(_Pattern(place, solid=False), place // 2, column + 1)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(f"chart-{place + 1}", step="caption"))
        color = theme().color(f"chart{place + 1}").name().upper()
        words.addWidget(Label(color, step="caption", color="text-soft"))
        words.addWidget(Label(patterns.NAMES[place], step="caption", color="text-soft"))
        grid.addLayout(words, place // 2, column + 2)
        grid.setColumnStretch(column + 2, 1)
    return sheet


def _spacing() -> QWidget:
    sheet = QWidget()
    row = QHBoxLayout(sheet)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(20)
    for length in (tokens.XS, tokens.S, tokens.M, tokens.L, tokens.XL):
        cell = QVBoxLayout()
        cell.setSpacing(2)
        swatch = _Swatch("accent-soft", length, 16, edge=False)
        cell.addWidget(swatch, 0, Qt.AlignmentFlag.AlignLeft)
        cell.addWidget(Label(str(length), step="caption", color="text-soft"))
        row.addLayout(cell)
    row.addStretch(1)
    return sheet


def _menu() -> QWidget:
    menu = Menu()
    chosen = menu.add(tr("Edit"), "pen", "F2")
    menu.add(tr("Move to…"), "right", "M")
    menu.addSeparator()
    menu.add(tr("Transfer, needs HQ"), "user").setEnabled(False)
    menu.add(tr("Delete"), "trash", "Del")
    menu.setActiveAction(chosen)
    menu.setMinimumWidth(theme().px(232))
    picture = QLabel()
    picture.setPixmap(menu.grab())
    picture.setFixedSize(menu.sizeHint().expandedTo(QSize(theme().px(232), 0)))
    lift(picture)
    sheet = QWidget()
    around = QVBoxLayout(sheet)
    around.setContentsMargins(0, 0, 0, 20)
    around.addWidget(picture, 0, Qt.AlignmentFlag.AlignLeft)
    return sheet
