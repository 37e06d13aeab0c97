"""What would be different, as numbers to type or slide: price, win rate, volume, cycle, and single stages."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QGridLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.rules.what_if import LEAST_CYCLE, LEAST_PERCENT, MOST_PERCENT, MOST_POINTS, Changes
from crm_desktop.services.scenarios import OpenStage
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M, S
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.fields import keep_off_edges
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.sliders import BoxSlider

_EVEN = (-50, 50)
_UPWARD = (-50, 100)
"""What sliders reach over; further is typed."""
_PARTS = (
    ("price", message("Price"), LEAST_PERCENT, MOST_PERCENT, " %", _EVEN),
    ("win_rate", message("Win rate, points"), -MOST_POINTS, MOST_POINTS, "", _EVEN),
    ("volume", message("New deals"), LEAST_PERCENT, MOST_PERCENT, " %", _UPWARD),
    ("cycle", message("Length of the cycle"), LEAST_CYCLE, MOST_PERCENT, " %", _UPWARD),
)


class ChangeFields(Live, QWidget):
    """`edited` says that something else would be different."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._names: dict[QDoubleSpinBox, Message | str] = {}
        self.boxes: dict[str, QDoubleSpinBox] = {}
        self.stages: dict[str, QDoubleSpinBox] = {}
        self.sliders: dict[QDoubleSpinBox, BoxSlider] = {}
        self._grid = _grid()
        for row, (key, name, least, most, unit, usual) in enumerate(_PARTS):
            box = self._box(name, least, most, unit)
            self.boxes[key] = box
            self._add_row(self._grid, row, name, box, usual)
        self._heading = Label(message("Win rate by stage, points more"), step="caption", color="text-soft")
        self._stage_grid = _grid()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(M))
        column.addLayout(self._grid)
        column.addWidget(self._heading)
        column.addLayout(self._stage_grid)
        column.addStretch(1)
        self.retranslate()

    def changes(self) -> Changes:
        """Return what would be different."""
        values = {key: Decimal(str(round(box.value(), 1))) for key, box in self.boxes.items()}
        stages = {key: Decimal(str(round(box.value(), 1))) for key, box in self.stages.items() if box.value()}
        return Changes(**values, stages=stages)

    def show_changes(self, changes: Changes) -> None:
        """Show other changes without telling anybody."""
        for key, box in self.boxes.items():
            self._set(box, getattr(changes, key))
        for key, box in self.stages.items():
            self._set(box, changes.stages.get(key, Decimal(0)))

    def show_stages(self, stages: Sequence[OpenStage]) -> None:
        """Offer the stages that have open deals; what was typed for those that stay, stays."""
        self._heading.setVisible(bool(stages))
        if [stage.id for stage in stages] == list(self.stages):
            return
        held = {key: box.value() for key, box in self.stages.items()}
        while (item := self._stage_grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                self._names.pop(widget, None)
                self.sliders.pop(widget, None)
                widget.hide()
                widget.deleteLater()
        self.stages = {}
        for row, stage in enumerate(stages):
            box = self._box(stage.name, -MOST_POINTS, MOST_POINTS, "")
            self._set(box, Decimal(str(held.get(stage.id, 0))))
            self.stages[stage.id] = box
            self._add_row(self._stage_grid, row, stage.name, box, _EVEN)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the boxes in the language on screen."""
        for box, name in getattr(self, "_names", {}).items():
            box.setAccessibleName(show(name))
            if box in self.sliders:
                self.sliders[box].setAccessibleName(show(name))

    def _add_row(
        self,
        grid: QGridLayout,
        row: int,
        name: Message | str,
        box: QDoubleSpinBox,
        usual: tuple[int, int],
    ) -> None:
        self.sliders[box] = BoxSlider(box, *usual)
        grid.addWidget(Label(name), row, 0)
        grid.addWidget(self.sliders[box], row, 1)
        grid.addWidget(box, row, 2)

    def _box(self, name: Message | str, least: Decimal, most: Decimal, unit: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setRange(float(least), float(most))
        box.setDecimals(1)
        box.setSingleStep(1)
        box.setSuffix(unit)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.setMinimumWidth(theme().px(104))
        keep_off_edges(box)
        box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        box.valueChanged.connect(lambda _value: self.edited.emit())
        self._names[box] = name
        return box

    def _set(self, box: QDoubleSpinBox, value: Decimal) -> None:
        box.blockSignals(True)
        box.setValue(float(value))
        box.blockSignals(False)
        if box in self.sliders:
            self.sliders[box].follow()


def _grid() -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(theme().px(M))
    grid.setVerticalSpacing(theme().px(S))
    grid.setColumnMinimumWidth(0, theme().px(120))
    grid.setColumnStretch(1, 1)
    return grid
