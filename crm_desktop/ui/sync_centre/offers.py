"""Edits colleagues were not allowed to make, for whoever may: what was typed beside what is there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_core.sync.protocol import OpKind
from crm_desktop.services import offers
from crm_desktop.services.offers import OfferedEdit
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import near_moment
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.sync_centre.row_list import RowList
from crm_desktop.ui.sync_centre.values import Titles, value_words
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label


class OfferList(RowList):
    """Edits of colleagues on records this person may change; Enter opens a record, 1 accepts, 2 declines."""

    def __init__(self, context: Context) -> None:
        hint = Label(
            message(
                "Colleagues typed this on records you may change and they may not. Accept makes it your edit;"
                " both of you stand in the record's history."
            ),
            color="text-soft",
            wrap=True,
        )
        super().__init__(
            EmptyState("check", message("Nothing to accept"), message("Edits of colleagues wait here.")), hint
        )
        self._context = context
        self._offered: tuple[OfferedEdit, ...] = ()
        self._titles: Titles = {}
        self.show_rows([])

    def show_offers(self, offered: Sequence[OfferedEdit], titles: Titles) -> None:
        """Show other edits."""
        if tuple(offered) != self._offered or titles != self._titles:
            self._offered, self._titles = tuple(offered), titles
            self._show()

    def retranslate(self) -> None:
        """Say every edit in the language on screen."""
        if self._offered:
            self._show()

    def _show(self) -> None:
        rows = []
        for place, edit in enumerate(self._offered):
            row = OfferRow(edit, self._titles, lined=place < len(self._offered) - 1)
            row.opened.connect(lambda e=edit: self._open(e))
            row.accepted.connect(lambda e=edit: self._accept(e))
            row.declined.connect(lambda e=edit: self._decline(e))
            rows.append(row)
        self.show_rows(rows)

    def _open(self, edit: OfferedEdit) -> None:
        if edit.entity in PAGE_OF_ENTITY:
            self._context.go.emit(Place(page=PAGE_OF_ENTITY[edit.entity], record_id=edit.record_id))

    def _accept(self, edit: OfferedEdit) -> None:
        replica = self._context.replica
        self._context.change(
            self,
            lambda: offers.accept(replica, [edit.id]),
            told=message("Accepted; HQ makes it your edit with the next round"),
            undo=lambda: offers.take_back(replica, [edit.id]),
        )

    def _decline(self, edit: OfferedEdit) -> None:
        replica = self._context.replica
        self._context.change(
            self,
            lambda: offers.decline(replica, [edit.id]),
            told=message("Declined; {who} is told with the next round", who=_who(edit)),
            undo=lambda: offers.take_back(replica, [edit.id]),
        )


class OfferRow(InfoRow):
    """One edit: who typed what on which record, what is there now, and the two answers."""

    accepted = Signal()
    declined = Signal()

    def __init__(self, edit: OfferedEdit, titles: Titles, *, lined: bool) -> None:
        right = QWidget()
        row = QHBoxLayout(right)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(8))
        row.addWidget(Label(near_moment(moment(edit.at_ms)), step="caption", color="text-soft"))
        self.accept = Button(message("Accept"), Kind.OUTLINE, hint="1", small=True)
        self.decline = Button(message("Decline"), Kind.STANDARD, hint="2", small=True)
        for button in (self.accept, self.decline):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the keys on the row do the same
            row.addWidget(button)
        super().__init__(
            title_of(edit),
            detail_line(edit, titles),
            icon=SCHEMAS[edit.entity].meta.icon,
            right=right,
            lined=lined,
        )
        self.accept.clicked.connect(self.accepted)
        self.decline.clicked.connect(self.declined)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Accept with 1, decline with 2."""
        answers = {Qt.Key.Key_1: self.accepted, Qt.Key.Key_2: self.declined}
        answer = answers.get(Qt.Key(event.key()))
        if answer is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            answer.emit()
            return
        super().keyPressEvent(event)


def title_of(edit: OfferedEdit) -> Text:
    """Return who typed something on which record."""
    named: Text = edit.title or Message(SCHEMAS[edit.entity].meta.label)
    if edit.kind is OpKind.DELETE:
        return message("{who} wanted to delete {title}", who=_who(edit), title=named)
    if edit.kind is OpKind.RESTORE:
        return message("{who} wanted to restore {title}", who=_who(edit), title=named)
    return message("{who} typed this on {title}", who=_who(edit), title=named)


def detail_line(edit: OfferedEdit, titles: Titles) -> str:
    """Return the field with what is there and what was typed, and why it was not taken."""
    parts: list[str] = []
    if edit.kind not in (OpKind.DELETE, OpKind.RESTORE):
        parts.append(
            tr(
                "{label}: {present} → {value}",
                label=tr(edit.label) if edit.label else "",
                present=show(value_words(edit, edit.present, titles)),
                value=show(value_words(edit, edit.value, titles)),
            )
        )
    parts.append(show(edit.reason))
    if edit.problem is not None:
        parts.append(tr("HQ could not make it: {reason}", reason=show(edit.problem)))
    return " · ".join(parts)


def _who(edit: OfferedEdit) -> Text:
    return edit.who or message("A colleague")
