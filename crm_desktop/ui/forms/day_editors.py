"""The editors of days and moments: typed in figures or words, or picked from a month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QDate, QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCalendarWidget, QFrame, QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Field, Plain
from crm_desktop.ui.forms.when import parse_day, parse_moment
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.right_edge import right_edge


class DayEditor(Live, QLineEdit):
    """A day: typed in figures or words, or picked from a calendar (Alt+Down)."""

    edited = Signal()

    def __init__(self, field: Field, hint: Message | None = None, parent: QWidget | None = None) -> None:
        """`hint`: what stands in the empty field instead of how it is written."""
        super().__init__(parent)
        self.field, self._hint = field, hint
        self.pick = IconButton(
            "cal", message("Pick a day"), hint="Alt+Down", color="text-soft", small=True, parent=self
        )
        self.pick.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.pick.setCursor(Qt.CursorShape.ArrowCursor)
        self.pick.clicked.connect(self._on_pick_triggered)
        self._pick = QAction(self)
        self.addAction(self._pick)
        self._pick.setShortcut("Alt+Down")
        self._pick.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self._pick.triggered.connect(self._on_pick_triggered)
        self.textEdited.connect(self.edited)
        self.editingFinished.connect(self._on_editing_finished)
        right_edge(self).put(self.pick)
        self.retranslate()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's day."""
        self.setText(str(values.get(self.field.name) or ""))

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the day that was typed."""
        text = self.text().strip()
        if not text:
            return {self.field.name: None}
        try:
            return {self.field.name: parse_day(text, _now().date()).isoformat()}
        except ValueError:
            raise UserError(N_("“{text}” is not a day such as 2026-12-24 or tomorrow"), text=text) from None

    def retranslate(self) -> None:
        """Say how a day is written."""
        self.setPlaceholderText(show(self._hint or message("Year-month-day")))

    def _chosen_day(self) -> datetime.date:
        try:
            return parse_day(self.text(), _now().date())
        except ValueError:
            return _now().date()

    def _on_pick_triggered(self) -> None:
        calendar = _Calendar(self, self._chosen_day())
        calendar.picked.connect(self._on_picked)
        calendar.open_below(self)

    def _on_picked(self, day: datetime.date) -> None:
        self.setText(day.isoformat())
        self.edited.emit()
        self.setFocus()

    def _on_editing_finished(self) -> None:
        try:
            day = self.read({})[self.field.name]
        except UserError:
            return
        self.setText(str(day or ""))


class MomentEditor(DayEditor):
    """A day and a time, in this laptop's zone."""

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the row's moment."""
        ms = values.get(self.field.name)
        self._show(None if ms is None else datetime.datetime.fromtimestamp(ms / 1000).astimezone())

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the moment that was typed, in milliseconds since 1970 UTC."""
        moment = self.moment()
        return {self.field.name: None if moment is None else round(moment.timestamp() * 1000)}

    def moment(self) -> datetime.datetime | None:
        """Return the moment that was typed. `UserError` where it is none."""
        text = self.text().strip()
        if not text:
            return None
        try:
            return parse_moment(text, _now())
        except ValueError:
            raise UserError(
                N_("“{text}” is not a time such as 2026-12-24 09:30 or tomorrow 9"), text=text
            ) from None

    def retranslate(self) -> None:
        """Say how a moment is written."""
        super().retranslate()
        self.setPlaceholderText(show(self._hint or message("Year-month-day hour:minute")))

    def _show(self, moment: datetime.datetime | None) -> None:
        self.setText("" if moment is None else f"{moment:%Y-%m-%d %H:%M}")

    def _chosen_day(self) -> datetime.date:
        try:
            return parse_moment(self.text(), _now()).date()
        except ValueError:
            return _now().date()

    def _on_picked(self, day: datetime.date) -> None:
        try:
            present = self.moment()
        except UserError:
            present = None
        time = present.time() if present else datetime.time(9)
        self._show(datetime.datetime.combine(day, time).astimezone())
        self.edited.emit()
        self.setFocus()

    def _on_editing_finished(self) -> None:
        try:
            self._show(self.moment())
        except UserError:
            return


class _Calendar(QFrame):
    """A month to pick a day from, under its field."""

    picked = Signal(object)
    """A `datetime.date`."""

    def __init__(self, parent: QWidget, day: datetime.date) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("role", "popup")
        self._month = QCalendarWidget()
        self._month.setLocale(translator().locale)
        self._month.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self._month.setSelectedDate(QDate(day.year, day.month, day.day))
        column = QVBoxLayout(self)
        column.setContentsMargins(4, 4, 4, 4)
        column.addWidget(self._month)
        self._month.clicked.connect(self._on_day_chosen)
        self._month.activated.connect(self._on_day_chosen)

    def open_below(self, field: QWidget) -> None:
        """Show the month under a field."""
        self.move(field.mapToGlobal(QPoint(0, field.height() + 2)))
        self.show()
        self._month.setFocus()

    def _on_day_chosen(self, day: QDate) -> None:
        self.picked.emit(datetime.date(day.year(), day.month(), day.day()))
        self.close()


def _now() -> datetime.datetime:
    return datetime.datetime.now().astimezone()
