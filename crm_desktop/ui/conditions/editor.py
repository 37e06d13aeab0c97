"""Rows of conditions: add one, take one away, all by keyboard; what each row offers is the caller's."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import message
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.ui.conditions.row import ConditionRow, Offered, Said
from crm_desktop.ui.context import Context
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.live import Live


class ConditionsEditor(Live, QWidget):
    """Shows conditions and reads them back. With `most` 1 there is always one row and nothing to add."""

    edited = Signal()
    row_class: type[ConditionRow] = ConditionRow

    def __init__(
        self,
        context: Context,
        offered: Sequence[Offered] = (),
        *,
        most: int | None = None,
        currency: str = DEFAULT_CURRENCY,
        prefix: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """`prefix` stands before the numbers of the rows, where these belong to another one."""
        super().__init__(parent)
        self._prefix = prefix
        self._context, self._offered, self._most, self._currency = context, tuple(offered), most, currency
        self._is_stale = True
        self.rows: list[ConditionRow] = []
        self.add_button = Button(message("Add a condition"), Kind.LINK, icon="plus", weight=400)
        self.add_button.clicked.connect(self._on_add_clicked)
        self.add_button.setVisible(most != 1)
        self._rows = QVBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._rows)
        column.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.setFocusProxy(self.add_button)
        self.retint()

    def offer(self, offered: Sequence[Offered]) -> None:
        """Offer other fields; what is shown is shown anew by the caller."""
        if self._offered != tuple(offered):
            self._offered = tuple(offered)
            self._is_stale = True

    def show_conditions(self, said: Sequence[Said]) -> None:
        """Show these conditions instead of what there is. Rows that say so already keep the keyboard."""
        if not self._is_stale and self._says(said):
            return
        self._is_stale = False
        while self.rows:
            self._drop(self.rows[-1])
        for each in said:
            self._add(each)
        if not said and self._most == 1:
            self._add(None)
        self._show_room()

    def conditions(self) -> list[Said]:
        """Return what the rows say, in their order. `UserError` where one cannot be read."""
        return [row.said() for row in self.rows]

    def _says(self, said: Sequence[Said]) -> bool:
        try:
            return self.conditions() == list(said)
        except UserError:
            return False

    def setAccessibleName(self, name: str) -> None:
        """Name the whole after its field."""
        super().setAccessibleName(name)
        self.add_button.setAccessibleName(tr("{field}: add a condition", field=name))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._rows.setSpacing(theme().px(S))

    def _add(self, said: Said | None) -> ConditionRow:
        row = self.row_class(
            self._context,
            self._offered,
            said,
            currency=self._currency,
            number=self._number(len(self.rows) + 1),
            only=self._most == 1,
            parent=self,
        )
        row.edited.connect(self.edited)
        row.removed.connect(lambda row=row: self._on_removed(row))
        self._rows.addWidget(row)
        row.show()
        if self.rows:
            QWidget.setTabOrder(self.rows[-1].remove_button, row.field_box)
        self.rows.append(row)
        QWidget.setTabOrder(row.remove_button, self.add_button)
        if self._most == 1:
            self.setFocusProxy(row)
        return row

    def renumber(self, prefix: str) -> None:
        """Number the rows anew, another prefix before each."""
        self._prefix = prefix
        for place, each in enumerate(self.rows, start=1):
            each.renumber(self._number(place))

    def stops(self) -> list[QWidget]:
        """Return what the Tab key stops at, in its order."""
        return [*(stop for row in self.rows for stop in row.stops()), self.add_button]

    def _number(self, place: int) -> int | str:
        return f"{self._prefix}{place}" if self._prefix else place

    def _drop(self, row: ConditionRow) -> None:
        self.rows.remove(row)
        self._rows.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _show_room(self) -> None:
        full = self._most is not None and len(self.rows) >= self._most
        self.add_button.setVisible(not full)

    def _on_add_clicked(self) -> None:
        self._add(None).field_box.setFocus()
        self._show_room()
        self.edited.emit()

    def _on_removed(self, row: ConditionRow) -> None:
        place = self.rows.index(row)
        self._drop(row)
        self._show_room()
        self.renumber(self._prefix)
        follows = self.rows[min(place, len(self.rows) - 1)].remove_button if self.rows else self.add_button
        follows.setFocus()
        self.edited.emit()
