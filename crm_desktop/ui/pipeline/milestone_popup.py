"""When a milestone is due and whose it is, asked beside it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import Message, message
from crm_core.schema.field import Plain
from crm_desktop.services.milestones import ListedMilestone
from crm_desktop.ui.calendar.plan_popup import place_inside
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.day_editors import DayEditor
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.shadow import lift

WIDTH = 312
_FIELDS = SCHEMAS["deal_milestone"].fields


class MilestonePopup(Live, QFrame):
    """Goes by itself once it is answered; Esc leaves everything as it was."""

    given = Signal(object)
    """{`due_on`, `owner_id`} as a person wants them; None for none."""

    def __init__(self, context: Context, name: str, each: ListedMilestone, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "popup")
        lift(self)
        self.due = DayEditor(_FIELDS["due_on"])
        self.owner = LinkEditor(context, _FIELDS["owner_id"])
        self.fields = {
            "due_on": Field(Message(_FIELDS["due_on"].label), self.due),
            "owner_id": Field(Message(_FIELDS["owner_id"].label), self.owner),
        }
        self.due.fill({"due_on": each.due_on}, {})
        self.owner.fill({"owner_id": each.owner_id}, {"owner_id": each.owner_name})
        self.save_button = Button(message("Plan"), Kind.PRIMARY, small=True)
        cancel = Button(message("Cancel"), small=True, hint="Esc")
        self.save_button.clicked.connect(self.answer)
        cancel.clicked.connect(self.leave)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, 12, L, L)
        column.setSpacing(12)
        column.addWidget(Label(message("Plan: {subject}", subject=name), weight=600, wrap=True))
        for field in self.fields.values():
            column.addWidget(field)
        column.addLayout(row)
        self.retranslate()
        self.retint()

    def open_at(self, anchor: QRect) -> None:
        """Show the popup beside the milestone, wholly inside its parent, and take the focus."""
        place_inside(self, anchor)
        self.due.setFocus(Qt.FocusReason.PopupFocusReason)

    def answer(self) -> None:
        """Hand over what is to be; say at its field what cannot be read."""
        found: dict[str, Plain] = {}
        for name, editor in (("due_on", self.due), ("owner_id", self.owner)):
            try:
                found |= editor.read({})
            except UserError as error:
                self.fields[name].set_error(error.message)
                editor.setFocus()
                self.adjustSize()
                return
        self._end()
        self.given.emit(found)

    def leave(self) -> None:
        """Go without planning anything."""
        self._end()

    def retranslate(self) -> None:
        """Name the popup in the language on screen."""
        self.setAccessibleName(tr("Plan…"))

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
        self.hide()
        self.deleteLater()


def held_of(each: ListedMilestone) -> Mapping[str, Plain]:
    """Return how a milestone is planned now, to be put back."""
    return {"due_on": each.due_on, "owner_id": each.owner_id}
