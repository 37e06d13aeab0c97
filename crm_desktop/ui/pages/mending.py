"""Fields to mend: what is not standard or missing, how often, and each record opened at the field."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QStackedWidget, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import N_, message
from crm_core.schema.standards import mended
from crm_desktop.models.conditions import Op
from crm_desktop.models.records import Record
from crm_desktop.services import bulk, mending
from crm_desktop.services.bulk import BulkOutcome
from crm_desktop.services.mending import Counted, Flaw
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.field_texts import value_text
from crm_desktop.ui.format import figure
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.itemmodels.rows import EMPTY_CELL, CellText, Column, Row
from crm_desktop.ui.lists.bulk_words import looked_words, tell_applied
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.pages.listed_page import ListedPage
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label

FORM_WIDTH = 400
BECOMES = "becomes"


class MendingPage(ListedPage):
    """What is the matter at the left, the records with it beside, and the form of the one that is opened."""

    list_width = 280
    list_gap = 4

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.counted: tuple[Counted, ...] = ()
        self.flaw: Flaw | None = None
        self.form: RecordForm | None = None
        self.outcome: BulkOutcome | None = None
        """What mending would come to; None until somebody had a look."""
        self._job: Job | None = None
        self._lists: dict[str, RecordList] = {}
        self.title = Label(message("Fields to mend"), step="title")
        self.flaws = QListWidget()
        self.said = Label(color="text-soft", wrap=True)
        self.look = Button(message("Mend what is clear"), icon="check")
        self.apply = Button(message("Mend"), Kind.PRIMARY)
        self.empty = EmptyState("check", message("Nothing to mend"))
        self._stack = QStackedWidget()
        self._lay_out()
        self._connect()
        self.retint()
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Count what is the matter; `entity` and `field` of the options choose what is shown."""
        self.refresh()

    def leave(self) -> bool:
        """Stay while the form asks whether to give changes up."""
        return self.form is None or self.form.leave()

    def refresh(self) -> None:
        """Count anew."""
        replica = self.context.replica
        if not self.counted:
            self.empty.say(message("Looking through the records…"), icon="search")
        self.context.tasks.read(
            self, lambda: mending.count(replica), self._on_counted, self.context.show_error, topic="count"
        )

    def preview(self) -> None:
        """Find out what mending would change; nothing is changed."""
        flaw, replica = self.flaw, self.context.replica
        if flaw is None or flaw.op is not Op.DOUBTFUL or self._job is not None:
            return

        def work(job: Job) -> BulkOutcome:
            change, ids = mending.mending_of(flaw), mending.ids_of(replica, flaw)
            return bulk.preview(replica, change, ids, job.step, job.is_cancelled)

        def done(outcome: BulkOutcome) -> None:
            self._job = None
            if outcome.stopped or flaw is not self.flaw:
                return
            self.outcome = outcome
            unclear = message("{count} are not clear and stay", count=figure(outcome.same))
            self.said.say(looked_words(outcome, unclear))
            self.apply.setVisible(outcome.changed > 0)
            self.apply.setFocus()

        self.look.setEnabled(False)
        self._job = self.context.tasks.run(
            self, message("Looking at what would change"), work, done, self._on_failed
        )

    def mend_clear(self) -> None:
        """Mend what was looked at, with Undo."""
        flaw, replica = self.flaw, self.context.replica
        if flaw is None or self.outcome is None or self._job is not None:
            return

        def work(job: Job) -> BulkOutcome:
            change, ids = mending.mending_of(flaw), mending.ids_of(replica, flaw)
            return bulk.apply(replica, change, ids, job.step, job.is_cancelled)

        def done(outcome: BulkOutcome) -> None:
            self._job = None
            tell_applied(self.context, self, flaw.entity, outcome)
            self._forget_look()
            self.refresh()

        self.apply.setVisible(False)
        number = figure(self.outcome.changed)
        self._job = self.context.tasks.run(
            self, message("Changing {count} records", count=number), work, done, self._on_failed
        )

    def open_record(self, record_id: str) -> None:
        """Open a record's form at the field to be mended."""
        flaw = self.flaw
        if flaw is None or (self.form is not None and not self.form.leave()):
            return
        self._close_form()
        form = RecordForm(self.context, self.actions_of_program, flaw.entity, record_id, narrow=True)
        form.setFixedWidth(theme().px(FORM_WIDTH))
        form.closed.connect(self._on_form_closed)
        form.saved.connect(self._on_saved)
        form.loaded.connect(lambda: form.focus_field(flaw.field.name))
        self.form = form
        self._right.addWidget(form)

    def retranslate(self) -> None:
        """Write the list in the language on screen."""
        self.flaws.setAccessibleName(tr("Fields to mend"))
        self._fill_flaws()

    def _lay_out(self) -> None:
        front = QWidget()
        self._right = QHBoxLayout(front)
        self._right.setContentsMargins(0, 0, 0, 0)
        self._right.setSpacing(0)
        self._right.addWidget(self._stack, 1)
        self.lay_out((self.title,), (self.said, self.look, self.apply), self.flaws, front)
        self._stack.addWidget(self.empty)
        self.apply.hide()
        self.look.hide()

    def _connect(self) -> None:
        self.flaws.currentRowChanged.connect(self._on_flaw_chosen)
        self.look.clicked.connect(self.preview)
        self.apply.clicked.connect(self.mend_clear)
        spec = ActionSpec(id="mend.clear", text=N_("Mend what is clear"), group=N_("Fields to mend"))
        self.actions_of_program.add(spec, self.preview, self)

    def _on_counted(self, counted: tuple[Counted, ...]) -> None:
        self.counted = counted
        self._fill_flaws()
        if not counted:
            self.flaw = None
            self._forget_look()
            self.empty.say(
                message("Nothing to mend"),
                message("Numbers, addresses and names of places are in their standard form"),
                "check",
            )
            self._stack.setCurrentWidget(self.empty)

    def _fill_flaws(self) -> None:
        kept = self.flaw.key if self.flaw is not None else ""
        self.flaws.blockSignals(True)
        self.flaws.clear()
        for each in self.counted:
            item = QListWidgetItem(_flaw_words(each))
            item.setToolTip(item.text())
            self.flaws.addItem(item)
        self.flaws.blockSignals(False)
        keys = [each.flaw.key for each in self.counted]
        if keys:
            self.flaws.setCurrentRow(keys.index(kept) if kept in keys else 0)
            self._on_flaw_chosen(self.flaws.currentRow())

    def _on_flaw_chosen(self, row: int) -> None:
        if not 0 <= row < len(self.counted):
            return
        flaw = self.counted[row].flaw
        if self.flaw is None or flaw.key != self.flaw.key:
            self._close_form()
            self._forget_look()
        self.flaw = flaw
        self.look.setVisible(flaw.op is Op.DOUBTFUL)
        self._show_list(flaw)

    def _show_list(self, flaw: Flaw) -> None:
        shown = self._lists.get(flaw.key)
        if shown is None:
            name = flaw.field.name
            title = SCHEMAS[flaw.entity].meta.title
            columns = dict.fromkeys((title, name, BECOMES if flaw.op is Op.DOUBTFUL else "owner_id"))
            shown = RecordList(
                self.context,
                self.actions_of_program,
                flaw.entity,
                tuple(columns),
                (_becomes(flaw),) if flaw.op is Op.DOUBTFUL else (),
                conditions=(flaw.condition,),
                views=False,
                details=False,
                imports=False,
                widths={title: 240, name: 180},
                name=f"mend.{flaw.key}",
            )
            shown.opened.connect(self.open_record)
            self._lists[flaw.key] = shown
            self._stack.addWidget(shown)
        self._stack.setCurrentWidget(shown)

    def _forget_look(self) -> None:
        self.outcome = None
        self.said.say("")
        self.apply.hide()
        self.look.setEnabled(True)
        self.look.setVisible(self.flaw is not None and self.flaw.op is Op.DOUBTFUL)

    def _on_saved(self, _record: Record) -> None:
        self._forget_look()
        self.refresh()

    def _on_form_closed(self) -> None:
        self._close_form()
        shown = self._stack.currentWidget()
        if isinstance(shown, RecordList):
            shown.focus_table()

    def _close_form(self) -> None:
        if self.form is None:
            return
        self._right.removeWidget(self.form)
        self.form.hide()
        self.form.deleteLater()
        self.form = None

    def _on_failed(self, error: CrmError) -> None:
        self._job = None
        self._forget_look()
        self.context.show_error(error)


def _flaw_words(counted: Counted) -> str:
    flaw = counted.flaw
    what = tr("missing") if flaw.op is Op.EMPTY else tr("not standard")
    kind, label = tr(SCHEMAS[flaw.entity].meta.plural), tr(flaw.field.label)
    return f"{kind} · {label}\n{figure(counted.count)} · {what}"


def _becomes(flaw: Flaw) -> Column:
    def cell(row: Row) -> CellText:
        values = row.record.values
        clear = mended(flaw.field, values.get(flaw.field.name), values)
        return EMPTY_CELL if clear is None else CellText(value_text(flaw.field, clear, values, {}))

    return Column(key=BECOMES, title=message("Becomes"), kind=CellKind.TEXT, width=200, cell=cell)
