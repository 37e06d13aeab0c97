"""The small form over the board that asks for what a stage wants; Esc leaves the card where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import Problem, UserError
from crm_core.i18n import Message, message
from crm_core.schema.field import Plain
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import make_editor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.shadow import lift

WIDTH = 288
_EDGE = 8


class MissingForm(Live, QFrame):
    """Asks for the fields that problems name. Goes by itself once it is answered."""

    given = Signal(object)
    """{field: value} a person filled in."""
    left = Signal()
    """Esc or Cancel: nothing is to happen."""

    def __init__(
        self,
        context: Context,
        title: Message,
        problems: Sequence[Problem],
        values: Mapping[str, Any],
        currency: str,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._values = values
        self._answered = False
        self.setProperty("role", "popup")
        lift(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, 12, L, L)
        column.setSpacing(12)
        self._title = Label(title, weight=600, wrap=True)
        column.addWidget(self._title)
        self.fields: dict[str, Field] = {}
        for problem in problems:
            declared = SCHEMAS["deal"].fields.get(problem.field or "")
            if declared is None or declared.name in self.fields:
                continue
            editor = make_editor(context, declared, currency)
            editor.fill(values, {})
            field = Field(Message(declared.label), editor, required=True)
            field.set_note(problem.message)
            self.fields[declared.name] = field
            column.addWidget(field)
        self._save = Button(message("Move"), Kind.PRIMARY, small=True)
        self._cancel = Button(message("Cancel"), small=True, hint="Esc")
        self._save.clicked.connect(self.answer)
        self._cancel.clicked.connect(self.leave)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addStretch(1)
        row.addWidget(self._cancel)
        row.addWidget(self._save)
        column.addLayout(row)
        self.retranslate()
        self.retint()

    @property
    def can_ask(self) -> bool:
        """Whether any of the problems is one a field can put right."""
        return bool(self.fields)

    def open_at(self, anchor: QRect) -> None:
        """Show the form under the card, wholly inside its parent, and take the focus."""
        self.adjustSize()
        room = self.parentWidget().rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        corner = QPoint(anchor.left(), anchor.bottom() + 6)
        if corner.y() + self.height() > room.bottom():
            corner.setY(anchor.top() - self.height() - 6)
        corner.setX(max(room.left(), min(corner.x(), room.right() - self.width())))
        corner.setY(max(room.top(), min(corner.y(), room.bottom() - self.height())))
        self.move(corner)
        self.show()
        self.raise_()
        next(iter(self.fields.values())).editor.setFocus(Qt.FocusReason.PopupFocusReason)

    def answer(self) -> None:
        """Hand over what was filled in; say what is wrong where something is."""
        found: dict[str, Plain] = {}
        wrong: Field | None = None
        for name, field in self.fields.items():
            try:
                read = field.editor.read(self._values)
            except UserError as error:
                field.set_error(error.message)
                wrong = wrong or field
                continue
            if read.get(name) is None:
                field.set_error(message("This is required"))
                wrong = wrong or field
                continue
            found.update(read)
        if wrong is not None:
            wrong.editor.setFocus()
            self.adjustSize()
            return
        self._end()
        self.given.emit(found)

    def leave(self) -> None:
        """Go without doing anything."""
        if not self._answered:
            self._end()
            self.left.emit()

    def retranslate(self) -> None:
        """Name the form in the language on screen."""
        self.setAccessibleName(self._title.text())

    def retint(self) -> None:
        """Keep the width at the person's font scale."""
        self.setFixedWidth(theme().px(WIDTH))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter answers, Esc leaves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.answer()
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _end(self) -> None:
        self._answered = True
        self.hide()
        self.deleteLater()
