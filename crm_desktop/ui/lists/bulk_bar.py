"""The bar that changes one field of many records: what, how, a look at what would come of it, then do it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import CrmError, UserError
from crm_core.i18n import Message, message, plural
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.standards import has_standard
from crm_core.schema.validate import problem_with
from crm_desktop.services import bulk, lists
from crm_desktop.services.bulk import BulkChange, BulkOutcome, How
from crm_desktop.ui.format import figure
from crm_desktop.ui.forms.editors import QuietCombo, accessible, make_editor
from crm_desktop.ui.lists.bulk_words import looked_words, tell_applied
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

if TYPE_CHECKING:
    from crm_desktop.ui.lists.record_list import RecordList

_UNCHANGED = frozenset((Kind.JSON, Kind.POSITION, Kind.CURRENCY))
_HOW_WORDS: Mapping[How, Message] = {
    How.SET: message("to"),
    How.CLEAR: message("to nothing"),
    How.ADD: message("by adding"),
    How.TAKE: message("by taking out"),
    How.MEND: message("to its standard form"),
}
_WITHOUT_VALUE = frozenset((How.CLEAR, How.MEND))


class BulkBar(Live, QWidget):
    """Hidden until it is asked for; works on what was selected then, or on every record of the filter."""

    def __init__(self, owner: RecordList) -> None:
        super().__init__(owner)
        self._list = owner
        self._context = owner.context
        self._ids: Sequence[str] | None = ()
        self._number = 0
        self._job: Job | None = None
        self._change: BulkChange | None = None
        self.outcome: BulkOutcome | None = None
        """What the present change would come to; None until somebody had a look."""
        self.head = Label(weight=600)
        self.field_box = QuietCombo()
        self.how_box = QuietCombo()
        self.editor: Any = None
        self.preview_button = Button(message("Preview"), hint="")
        self.apply_button = Button(message("Change"), ButtonKind.PRIMARY)
        self.cross = IconButton("x", message("Close"), hint="Esc", small=True)
        self.said = Label(color="text-soft", wrap=True)
        self._lay_out()
        self.field_box.activated.connect(lambda _place: self._on_field_chosen())
        self.how_box.activated.connect(lambda _place: self._on_how_chosen())
        self.preview_button.clicked.connect(self.preview)
        self.apply_button.clicked.connect(self.apply)
        self.cross.clicked.connect(self.close_bar)
        self.hide()

    def open_bar(self) -> None:
        """Offer to change what is selected, or the current row."""
        setup = self._list.setup
        if setup is None or self._list.view.deleted:
            return
        _, self._ids = self._list.selected_query()
        self._number = self._list.selection.number
        current = self._list.current_row()
        if self._ids is not None and not self._ids and current is not None:
            self._ids, self._number = (current.id,), 1
        if not self._number:
            return
        fields = [s.field for s in setup.fields if s.writable and s.field.kind not in _UNCHANGED]
        self._fields = {field.name: field for field in fields if field.target != "*"}
        self.field_box.clear()
        for name, field in self._fields.items():
            self.field_box.addItem(tr(field.label), name)
        if not self._fields:
            return
        self.show()
        self._on_field_chosen()
        self.retranslate()
        self.field_box.setFocus()

    def close_bar(self) -> None:
        """Put the bar away; a look or a change under way is stopped."""
        if self._job is not None:
            self._job.cancel()
        self.hide()
        self._list.focus_table()

    def choose(self, name: str, how: How = How.SET) -> None:
        """Choose a field and what becomes of it."""
        self.field_box.setCurrentIndex(self.field_box.findData(name))
        self._on_field_chosen()
        self.how_box.setCurrentIndex(self.how_box.findData(how.value))
        self._on_how_chosen()

    def preview(self) -> None:
        """Find out what the change would come to; nothing is changed."""
        change = self._wanted()
        if change is None:
            return
        query, ids, replica = self._list.query, self._ids, self._context.replica

        def work(job: Job) -> BulkOutcome:
            chosen = lists.all_ids(replica, query) if ids is None else ids
            return bulk.preview(replica, change, chosen, job.step, job.is_cancelled)

        def done(outcome: BulkOutcome) -> None:
            self._job = None
            if outcome.stopped or not self.isVisible():
                return
            self._change, self.outcome = change, outcome
            self._say(outcome)
            self.apply_button.setEnabled(outcome.changed > 0)

        self.said.say(message("Looking at {count} records…", count=figure(self._number)))
        self._job = self._context.tasks.run(
            self, message("Looking at what would change"), work, done, self._on_failed
        )

    def apply(self) -> None:
        """Make the change that was looked at."""
        change = self._change
        if change is None or self.outcome is None:
            return
        query, ids, replica = self._list.query, self._ids, self._context.replica
        self.apply_button.setEnabled(False)

        def work(job: Job) -> BulkOutcome:
            chosen = lists.all_ids(replica, query) if ids is None else ids
            return bulk.apply(replica, change, chosen, job.step, job.is_cancelled)

        self._job = self._context.tasks.run(
            self,
            message("Changing {count} records", count=figure(self._number)),
            work,
            self._on_applied,
            self._on_failed,
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Look by Enter, change by Ctrl+Enter, close by Esc."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_bar()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.apply_button.click()
            else:
                self.preview()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground, and a hairline below."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("accent-soft"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme().color("line"))
        painter.end()

    def retranslate(self) -> None:
        """Say how many are meant, in the language on screen."""
        self.setAccessibleName(tr("Change many records"))
        self.field_box.setAccessibleName(tr("Field"))
        self.how_box.setAccessibleName(tr("What becomes of it"))
        self.head.say(
            plural(
                self._number,
                message("Change 1 record"),
                message("Change {count} records", count=figure(self._number)),
            )
        )
        for place in range(self.how_box.count()):
            self.how_box.setItemText(place, show(_HOW_WORDS[How(self.how_box.itemData(place))]))

    def _lay_out(self) -> None:
        self._place = QHBoxLayout()
        self._place.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.head)
        row.addWidget(self.field_box)
        row.addWidget(self.how_box)
        row.addLayout(self._place, 1)
        row.addWidget(self.preview_button)
        row.addWidget(self.apply_button)
        row.addWidget(self.cross)
        column = QVBoxLayout(self)
        keep_margins(column, PAGE_MARGIN, 8, PAGE_MARGIN, 8)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(self.said)

    @property
    def _field(self) -> Field:
        return self._fields[str(self.field_box.currentData())]

    @property
    def _how(self) -> How:
        return How(self.how_box.currentData())

    def _on_field_chosen(self) -> None:
        field = self._field
        self.how_box.clear()
        offered = (How.ADD, How.TAKE, How.SET) if field.kind is Kind.TAGS else (How.SET,)
        offered = (*offered, How.MEND) if has_standard(field) else offered
        for how in (*offered, *(() if field.required or field.kind is Kind.BOOLEAN else (How.CLEAR,))):
            self.how_box.addItem(show(_HOW_WORDS[how]), how.value)
        if self.editor is not None:
            self._place.removeWidget(self.editor)
            self.editor.hide()
            self.editor.deleteLater()
        setup = self._list.setup
        self.editor = make_editor(self._context, field, setup.currency if setup is not None else "CNY")
        accessible(self.editor, field)
        self.editor.edited.connect(self._on_edited)
        self._place.addWidget(self.editor)
        QWidget.setTabOrder(self.how_box, self.editor)
        QWidget.setTabOrder(self.editor, self.preview_button)
        self._on_how_chosen()

    def _on_how_chosen(self) -> None:
        self.editor.setVisible(self._how not in _WITHOUT_VALUE)
        self._on_edited()

    def _on_edited(self) -> None:
        self.outcome = self._change = None
        self.apply_button.setEnabled(False)
        self.said.say(message("See first what would change; nothing is changed by looking."))

    def _wanted(self) -> BulkChange | None:
        """Return the change as the bar has it; None, saying why, where there is none."""
        field, how = self._field, self._how
        values: dict[str, Plain] = {}
        if how not in _WITHOUT_VALUE:
            try:
                values = self.editor.read({})
            except UserError as error:
                return self._refuse(error.message)
            value = values.get(field.name)
            if value in (None, "", []):
                return self._refuse(message("Say what to change it to"))
            if wrong := problem_with(field, value):
                return self._refuse(wrong)
        return BulkChange(entity=self._list.entity, field=field, how=how, values=values)

    def _refuse(self, said: Message) -> BulkChange | None:
        self.said.say(said)
        self.editor.setFocus()
        return None

    def _say(self, outcome: BulkOutcome) -> None:
        self.said.say(looked_words(outcome))

    def _on_applied(self, outcome: BulkOutcome) -> None:
        self._job = None
        self.hide()
        tell_applied(self._context, self._list, self._list.entity, outcome)
        self._list.focus_table()

    def _on_failed(self, error: CrmError) -> None:
        self._job = None
        self.said.say(error.message)
