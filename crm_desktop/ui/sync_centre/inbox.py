"""Edits that came back: the records at the left, the fields of one at the right, answered by keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from PySide6.QtCore import QRect, QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.schema.field import Plain
from crm_core.sync.protocol import Code
from crm_desktop.models.records import Record
from crm_desktop.services.deciding import Decided, Decision, Verdict, decide, undo
from crm_desktop.services.joined import JoinedField
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.sync_centre.compare import CompareHead, CompareRow, grouped, label_of
from crm_desktop.ui.sync_centre.joined_list import JoinedList
from crm_desktop.ui.sync_centre.record_row import LIST_WIDTH, RecordRow
from crm_desktop.ui.sync_centre.values import Titles
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, S
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live

WIDE = 1080
"""From this width on there is room for what stands beside."""
Joined = Mapping[tuple[str, str], Sequence[JoinedField]]
"""What was joined without asking, by record."""


class Inbox(Live, QWidget):
    """A list of records with edits to decide; 1 to 4 decide, Enter carries out and goes on."""

    def __init__(
        self,
        context: Context,
        actions: ActionRegistry,
        *,
        hint: Text,
        empty: Text,
        beside: QWidget | None = None,
    ) -> None:
        """`beside` stands at the right where there is room."""
        super().__init__()
        self._beside = beside
        self._joined: Joined = {}
        self._alike: set[int] = set()
        """Ids of the edits whose answer is given to all of their kind."""
        self._context = context
        self._actions = actions
        self.form: RecordForm | None = None
        """The form of a record HQ did not take, while it is changed."""
        self._edits: tuple[ReturnedEdit, ...] = ()
        self._groups: list[list[ReturnedEdit]] = []
        self._titles: Titles = {}
        self._at = 0
        self._rows: list[CompareRow] = []
        self._present: CompareRow | None = None
        self._list = QVBoxLayout()
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        hint_label = Label(hint, step="caption", color="text-soft", wrap=True)
        below = QVBoxLayout()
        below.setContentsMargins(theme().px(XL), theme().px(L), theme().px(L), 0)
        below.addWidget(hint_label)
        records = QWidget()
        column = QVBoxLayout(records)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._list)
        column.addLayout(below)
        column.addStretch(1)
        side = QScrollArea()
        side.setWidgetResizable(True)
        side.setFrameShape(QFrame.Shape.NoFrame)
        side.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        side.setWidget(records)
        side.viewport().setAutoFillBackground(False)
        records.setAutoFillBackground(False)
        self._side = side
        self._pane = QWidget()
        self._fields = QVBoxLayout()
        self._fields.setSpacing(0)
        self._head = CompareHead()
        self._title = ElidedLabel(step="section")
        self._of = Label(color="text-soft")
        self._before = IconButton("left", message("Previous"), small=True)
        self._after = IconButton("right", message("Next"), small=True)
        self._before.clicked.connect(lambda: self.show_group(self._at - 1))
        self._after.clicked.connect(lambda: self.show_group(self._at + 1))
        self._line = Label(color="text-soft", wrap=True)
        self.alike = QCheckBox()
        self.alike.toggled.connect(self._on_alike_toggled)
        self.joined = JoinedList()
        self.open_record = Button(message("Open the record"), Kind.FLAT)
        self.open_record.clicked.connect(self._on_open_record)
        self.later = Button(message("Decide later"), Kind.STANDARD)
        self.later.clicked.connect(self._on_later)
        self.save = Button(message("Save and next"), Kind.OUTLINE, hint="Enter")
        self.save.clicked.connect(self.carry_out)
        self._lay_out_pane()
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(side)
        row.addWidget(self._pane, 1)
        if beside is not None:
            row.addWidget(beside)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(EmptyState("check", message("Nothing needs you"), empty))
        self._stack.addWidget(body)
        self.retranslate()
        self.retint()

    def show_edits(
        self, edits: Sequence[ReturnedEdit], titles: Titles, joined: Joined = MappingProxyType({})
    ) -> None:
        """Show edits; the record in front stays there, with what was decided, if it is among them."""
        if tuple(edits) == self._edits and joined == self._joined:
            return
        self._joined = joined
        present = self._groups[self._at][0] if self._groups else None
        self._edits, self._titles, self._groups = tuple(edits), titles, grouped(edits)
        while self._list.count():
            widget = self._list.takeAt(0).widget()
            widget.hide()
            widget.deleteLater()
        for place, group in enumerate(self._groups):
            row = RecordRow(group)
            row.chosen.connect(lambda place=place: self.show_group(place))
            self._list.addWidget(row)
        if self.form is None:
            self._stack.setCurrentIndex(1 if self._groups else 0)
        places = [
            place
            for place, group in enumerate(self._groups)
            if present is not None and group[0].record_id == present.record_id
        ]
        if self._groups:
            self.show_group(places[0] if places else min(self._at, len(self._groups) - 1))

    def show_group(self, place: int) -> None:
        """Bring a record to the front."""
        if not 0 <= place < len(self._groups):
            return
        group = self._groups[place]
        self._at = place
        kept = {row.edit.id: row for row in self._rows}
        self._alike &= {edit.id for edit in group}
        for row in self._rows:
            self._fields.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = [CompareRow(edit, self._titles) for edit in group]
        for row in self._rows:
            if row.edit.id in kept and kept[row.edit.id].edit == row.edit:
                row.take_over(kept[row.edit.id].decision)
            row.decided.connect(self._show_ready)
            row.focused.connect(self._on_row_focused)
            row.later_wanted.connect(self._on_later)
            row.form_wanted.connect(lambda edit=row.edit: self._show_form(edit))
            row.copied.connect(self._on_copied)
            self._fields.addWidget(row)
        for index in range(self._list.count()):
            self._list.itemAt(index).widget().show_present(index == place)
        self._before.setEnabled(place > 0)
        self._after.setEnabled(place < len(self._groups) - 1)
        first = group[0]
        self.joined.show_fields(self._joined.get((first.entity, first.record_id), ()), self._titles)
        self.open_record.setVisible(group[0].exists and group[0].entity in PAGE_OF_ENTITY)
        self.retranslate()
        self._show_ready()
        self._on_row_focused(self._rows[0])
        if self.isVisible():
            self._rows[0].setFocus()

    def show_record(self, entity: str, record_id: str) -> None:
        """Bring a record to the front, where it is among them."""
        for place, group in enumerate(self._groups):
            if (group[0].entity, group[0].record_id) == (entity, record_id):
                self.show_group(place)

    def carry_out(self) -> None:
        """Carry out what was decided for the record in front, and go on to the next."""
        decided = [
            (row.edit.id, replace(row.decision, alike=self._is_for_all(row)))
            for row in self._rows
            if row.decision is not None
        ]
        if not decided:
            self.show_group(self._at + 1)
            return
        replica = self._context.replica
        self.save.setEnabled(False)
        self._context.change(self, lambda: decide(replica, decided), self._on_decided, self._on_not_decided)

    def retranslate(self) -> None:
        """Say what is in front in the language on screen."""
        self.setAccessibleName(tr("Changes to decide"))
        if not self._groups:
            return
        group = self._groups[self._at]
        first = group[0]
        self._title.say(first.title or Message(SCHEMAS[first.entity].meta.label))
        self._of.say(message("{place} of {count}", place=self._at + 1, count=len(self._groups)))
        if first.exists and first.code is not Code.SUPERSEDED:
            self._line.say(message("HQ did not allow this. Keep mine tries it once more."))
        elif first.exists:
            self._line.say(
                message(
                    "1 field was changed here and at HQ. What you do not keep stays in the field history."
                )
                if len(group) == 1
                else message(
                    "{count} fields were changed here and at HQ."
                    " What you do not keep stays in the field history.",
                    count=len(group),
                )
            )
        elif first.typed is not None:
            self._line.say(
                message(
                    "HQ did not take this new record. Keep mine tries it once more,"
                    " Edit lets you change it first."
                )
            )
        else:
            self._line.say(message("This record is not on this laptop any more; the value can be copied"))
        self._say_alike()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._side.setFixedWidth(theme().px(LIST_WIDTH))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the fields the room where there is little."""
        super().resizeEvent(event)
        if self._beside is not None:
            self._beside.setVisible(self.width() >= theme().px(WIDE))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Carry out with Enter, walk the records with Page Up and Page Down."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.carry_out()
        elif event.key() == Qt.Key.Key_PageDown:
            self.show_group(self._at + 1)
        elif event.key() == Qt.Key.Key_PageUp:
            self.show_group(self._at - 1)
        else:
            super().keyPressEvent(event)

    def _lay_out_pane(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(theme().px(S))
        head.addWidget(self._title, 1)
        head.addWidget(self._of)
        head.addWidget(self._before)
        head.addWidget(self._after)
        foot = QHBoxLayout()
        foot.setSpacing(theme().px(S))
        foot.addWidget(self.open_record)
        foot.addStretch(1)
        foot.addWidget(self.later)
        foot.addWidget(self.save)
        inner = _Surface()
        column = QVBoxLayout(inner)
        column.setContentsMargins(theme().px(XL), theme().px(L), theme().px(XL), theme().px(XL))
        column.setSpacing(theme().px(6))
        column.addLayout(head)
        column.addWidget(self._line)
        column.addSpacing(theme().px(4))
        table = QVBoxLayout()
        table.setSpacing(0)
        table.addWidget(self._head)
        table.addLayout(self._fields)
        column.addLayout(table)
        column.addSpacing(theme().px(S))
        column.addWidget(self.alike)
        column.addWidget(self.joined)
        column.addLayout(foot)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(inner)
        whole = QVBoxLayout(self._pane)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _show_ready(self) -> None:
        self.save.setEnabled(True)
        decided = any(row.decision is not None for row in self._rows)
        self.save.say(message("Save and next") if decided else message("Next"))

    def _on_row_focused(self, present: CompareRow) -> None:
        self._present = present
        for row in self._rows:
            row.show_present(row is present)
        self._say_alike()

    def _say_alike(self) -> None:
        present = self._present
        if present is None or present not in self._rows:
            return
        others = present.edit.alike
        self.alike.setVisible(others > 0)
        with QSignalBlocker(self.alike):
            self.alike.setChecked(present.edit.id in self._alike)
        label = show(label_of(present.edit))
        self.alike.setText(tr("Same answer for every “{label}” ({count} more)", label=label, count=others))

    def _is_for_all(self, row: CompareRow) -> bool:
        return (
            row.edit.id in self._alike
            and row.decision is not None
            and row.decision.verdict is not Verdict.OTHER
        )

    def _on_decided(self, decided: Decided) -> None:
        """Say how many were decided, and which of a kind stay open."""
        replica = self._context.replica
        told = message("Decided: {count}", count=len(decided.ids))
        if decided.skipped:
            first = decided.skipped[0]
            told = message(
                "Decided: {count}. Still open: {skipped}, such as “{title}”: {reason}",
                count=len(decided.ids),
                skipped=len(decided.skipped),
                title=first.title,
                reason=first.reason,
            )
        self._context.tell(told, lambda: undo(replica, decided.ids))

    def _on_not_decided(self, error: CrmError) -> None:
        self._show_ready()
        self._context.show_error(error)

    def leave(self) -> bool:
        """Return whether nothing unsaved is open; a form that has something asks."""
        return self.form is None or self.form.leave()

    def _show_form(self, edit: ReturnedEdit) -> None:
        """Show what was typed into a record HQ did not take in its form; saving it makes the record."""
        replica = self._context.replica

        def make(values: Mapping[str, Plain]) -> Outcome[Record]:
            outcome = decide(replica, [(edit.id, Decision(verdict=Verdict.OTHER, values=values))])
            assert outcome.value.record is not None
            return Outcome(outcome.value.record, outcome.changed)

        form = RecordForm(self._context, self._actions, edit.entity, given=edit.typed, make=make)
        form.saved.connect(lambda _record: self._on_decided(Decided(ids=(edit.id,))))
        form.saved.connect(lambda _record: self._drop_form())
        form.closed.connect(self._drop_form)
        self.form = form
        self._stack.addWidget(form)
        self._stack.setCurrentWidget(form)

    def _drop_form(self) -> None:
        form, self.form = self.form, None
        if form is not None:
            self._stack.removeWidget(form)
            form.hide()
            form.deleteLater()
            self._stack.setCurrentIndex(1 if self._groups else 0)
            if self._rows and self.isVisible():
                self._rows[0].setFocus()

    def _on_alike_toggled(self, checked: bool) -> None:
        if self._present is not None:
            (self._alike.add if checked else self._alike.discard)(self._present.edit.id)

    def _on_later(self) -> None:
        for row in self._rows:
            row.undecide()
        self.show_group((self._at + 1) % len(self._groups))

    def _on_copied(self) -> None:
        self._context.notice.emit(Notice(kind="good", text=message("Copied"), seconds=5))

    def _on_open_record(self) -> None:
        first = self._groups[self._at][0]
        self._context.go.emit(Place(page=PAGE_OF_ENTITY[first.entity], record_id=first.record_id))


class _Surface(QWidget):
    """The white ground of the compared fields."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground and the hairline at the left."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface"))
        painter.fillRect(QRect(0, 0, 1, self.height()), theme().color("line"))
        painter.end()
