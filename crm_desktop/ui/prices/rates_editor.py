"""The rates of a tax class: one line each, with the day it begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.tax_classes import rates_of, stored_rates
from crm_core.schema.field import Field, Plain
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live


class RatesEditor(Live, QWidget):
    """A line whose percentage is empty is none; one without a day holds since ever."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self.lines: list[tuple[QLineEdit, QLineEdit]] = []
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(6)
        for place, words in enumerate((message("Rate, %"), message("From the day"))):
            self._grid.addWidget(Label(words, step="caption", color="text-soft"), 0, place)
        self._grid.setColumnStretch(2, 1)
        self.add_button = Button(message("Add a rate"), Kind.LINK, icon="plus", weight=400)
        self.add_button.clicked.connect(self._on_add_clicked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.add_button)

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the rates of the record."""
        for line in self.lines:
            for widget in line:
                self._grid.removeWidget(widget)
                widget.hide()
                widget.deleteLater()
        self.lines = []
        try:
            rates = rates_of(values.get(self.field.name) or [])
        except ValueError:
            rates = ()  # what a newer version wrote is left alone until somebody writes rates here
        for rate in rates:
            self._add(rate.rate, rate.first.isoformat() if rate.first else "")
        if not rates:
            self._add("", "")

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the rates as the record keeps them. `UserError` where one cannot be read."""
        said = [
            {"rate": rate.text().strip().removesuffix("%").strip(), "from": day.text().strip() or None}
            for rate, day in self.lines
            if rate.text().strip()
        ]
        try:
            rates: list[Plain] = [dict(each) for each in stored_rates(rates_of(said))]
        except ValueError as error:
            raise UserError(
                N_("A rate is a percentage with the day it begins, such as 13 from 2019-04-01")
            ) from error
        return {self.field.name: rates or None}

    def retranslate(self) -> None:
        """Name the lines by their place."""
        for place, (rate, day) in enumerate(self.lines, start=1):
            rate.setAccessibleName(tr("Percentage of rate {number}", number=place))
            day.setAccessibleName(tr("First day of rate {number}", number=place))

    def _on_add_clicked(self) -> None:
        self._add("", "")
        self.lines[-1][0].setFocus()
        self.edited.emit()

    def _add(self, rate: str, first: str) -> None:
        line = QLineEdit(rate), QLineEdit(first)
        line[0].setAlignment(Qt.AlignmentFlag.AlignRight)
        row = len(self.lines) + 1
        for place, widget in enumerate(line):
            widget.textEdited.connect(self.edited)
            self._grid.addWidget(widget, row, place)
        self.lines.append(line)
        self.retranslate()
