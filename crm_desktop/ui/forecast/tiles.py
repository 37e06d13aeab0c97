"""A figure with its name and one line below; its name leads to what it counts."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 152


class FigureTile(Live, QWidget):
    """`opens` is called when somebody wants the records; None: there are none to show."""

    def __init__(self, name: Text, opens: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._name = name
        self.button: Button | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if opens is None:
            self.head = Label(name, color="text-soft")
            column.addWidget(self.head)
        else:
            self.button = Button(name, Kind.LINK, weight=400)
            self.button.clicked.connect(lambda: opens())
            row = QHBoxLayout()
            row.addWidget(self.button)
            row.addStretch(1)
            column.addLayout(row)
        self.value = Label(step="title")
        column.addWidget(self.value)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(4)
        self.line = Label(step="caption", color="text-soft")
        self._foot.addWidget(self.line)
        self._foot.addStretch(1)
        self._mark: IconLabel | None = None
        column.addLayout(self._foot)
        self.retint()

    def say(self, value: Text, line: Text = "", mark: tuple[str, str] | None = None) -> None:
        """Show a value, a line, and a mark (icon, colour) before the line."""
        self.value.say(value)
        self.line.say(line)
        self.line.set_color(mark[1] if mark is not None else "text-soft")
        if self._mark is not None:
            self._foot.removeWidget(self._mark)
            self._mark.deleteLater()
            self._mark = None
        if mark is not None:
            self._mark = IconLabel(mark[0], color=mark[1], size=14)
            self._foot.insertWidget(0, self._mark)
        self.retranslate()

    def retranslate(self) -> None:
        """Say it to those who listen."""
        if hasattr(self, "value"):
            said = (show(self._name), self.value.text(), self.line.text())
            self.setAccessibleName(". ".join(filter(None, said)))

    def retint(self) -> None:
        """Keep room for an amount."""
        self.setMinimumWidth(theme().px(WIDTH))
        if self.button is None:
            self.head.setFixedHeight(theme().px(24))  # as high as the links beside it
