"""A form for one record of any kind: made of its schema, with drafts, checks and quiet bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import schema_of
from crm_core.errors import CrmError, Invalid, StaleRecord, UserError
from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Plain
from crm_core.schema.validate import problem_with
from crm_desktop.models.records import Record
from crm_desktop.services import drafts, forms, other_versions, records
from crm_desktop.services.calendar import local
from crm_desktop.services.forms import FormSetup
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.duplicates.alike_panel import AlikePanel
from crm_desktop.ui.files.panel import FilesPanel
from crm_desktop.ui.files.words import WITH_FILES
from crm_desktop.ui.format import clock, near_moment
from crm_desktop.ui.forms.alike import say_alike
from crm_desktop.ui.forms.field_grid import FieldGrid
from crm_desktop.ui.forms.following import RecordWatch, overtaken, overtaken_words
from crm_desktop.ui.forms.form_bar import FormBar
from crm_desktop.ui.forms.other_versions import VersionPanels
from crm_desktop.ui.forms.refusal import say_refusal
from crm_desktop.ui.record_words import new_words
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.timeline.record_tabs import Further, RecordTabs
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, at_the_left, keep_margins
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.scrolling import scrolled, show_whole

DRAFT_MS = 3_000
CHECK_MS = 400  # after the last key, so that nobody is told off in the middle of a word


class RecordForm(Live, QWidget):
    """Makes a record, or changes one. `given` are values a new one starts with, `left_out` fields not shown.
    `narrow` is for a pane. `make` makes a new one otherwise than by itself; then no draft is kept.

    Ctrl+S saves and stays, Ctrl+Enter saves and closes, Esc closes and asks only where something is not
    saved. What is typed is kept as a draft every three seconds.
    """

    grid_class = FieldGrid
    saved = Signal(object)
    """The `Record` as it was saved."""
    closed = Signal()
    """A person is done with the form."""
    loaded = Signal()
    """The editors are there."""

    def __init__(
        self,
        context: Context,
        actions: ActionRegistry,
        entity: str,
        record_id: str | None = None,
        *,
        given: Mapping[str, Plain] | None = None,
        make: Callable[[Mapping[str, Plain]], Outcome[Record]] | None = None,
        left_out: Iterable[str] = (),
        title: Text | None = None,
        narrow: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.context = context
        self.entity = entity
        self.record_id = record_id
        self._given = dict(given or {})
        self._make = make
        self._left_out = tuple(left_out)
        self._setup: FormSetup | None = None
        self._touched: set[str] = set()
        self._later: set[str] = set()  # edited since saving began
        self._kept: Mapping[str, Plain] | None = None
        self._saving = False
        self._title = title
        self._narrow = narrow
        self.files: FilesPanel | None = None
        """The files of a record that is saved."""
        self._lay_out()
        self._timers()
        self._keys(actions)
        self.retranslate()
        self._read()

    @property
    def dirty(self) -> bool:
        """Whether something was changed and not saved."""
        return bool(self._touched)

    def leave(self) -> bool:
        """Return True where the form may go; else ask, in its bar, whether to give the changes up."""
        if not self.dirty:
            return True
        self._ask_to_discard()
        return False

    def save(self, *, close: bool = False) -> None:
        """Save what was changed; say under each field what is wrong with it."""
        if self._setup is None or self._saving or self._setup.refusal is not None:
            return
        self._check_timer.stop()  # what saving finds wrong stands until the field is edited again
        values = self._read_all()
        if values is None:
            self._focus_first_error()
            return
        self._later.clear()
        changes = self.grid.changes(values, self._setup.record, self._given)
        if self.record_id is not None and not changes:
            self._finished(self._setup.record, close)
            return
        self._saving = True
        self._save_button.setEnabled(False)
        self.context.change(
            self, self._work(values, changes), lambda record: self._finished(record, close), self._on_refused
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close by Esc; a second Esc while the form asks goes on with it."""
        if event.key() != Qt.Key.Key_Escape:
            super().keyPressEvent(event)
        elif self._note.asks and not self._note.bar.isHidden():
            self._note.clear()
        else:
            self.close_form()

    def focus_field(self, name: str) -> None:
        """Put the focus in a field and bring it into sight, with what stands below it."""
        found = self.grid.fields.get(name)
        if found is not None and found.editor is not None:
            found.editor.setFocus()
            show_whole(self._scroll, found.widget)

    def close_form(self) -> None:
        """Close the form, after asking where something is not saved."""
        if self.leave():
            self.closed.emit()

    def retranslate(self) -> None:
        """Write title and buttons in the language on screen."""
        if self._title is not None:
            self._heading.say(self._title)
        elif self._setup is not None and self._setup.record is not None:
            self._heading.say(self._setup.record.title or Message(schema_of(self.entity).meta.label))
        elif self.record_id is None:
            self._heading.say(new_words(self.entity))
        self.setAccessibleName(self._heading.text() or tr(schema_of(self.entity).meta.label))

    # Making

    def _lay_out(self) -> None:
        margin, small = L if self._narrow else PAGE_MARGIN, self._narrow
        self._heading = ElidedLabel(step="section" if small else "title")
        self._state = Label(step="caption", color="text-soft")
        self._cancel_button = Button(message("Close"), hint="" if small else "Esc", small=small)
        self._save_button = Button(
            message("Save"), Kind.PRIMARY, hint="" if small else "Ctrl+Enter", small=small
        )
        self._cancel_button.clicked.connect(self.close_form)
        self._save_button.clicked.connect(lambda: self.save(close=True))
        head = QHBoxLayout()
        keep_margins(head, margin, 12, margin, 8)
        head.setSpacing(12)
        head.addWidget(self._heading, 1)
        if not self._narrow:
            head.addWidget(self._state)
        head.addWidget(self._cancel_button)
        head.addWidget(self._save_button)
        self._note = FormBar(margin)
        self._others = VersionPanels(self.context, self)
        self.grid = self.grid_class()
        self.grid.edited.connect(self._on_edited)
        inner = QWidget()
        row = QHBoxLayout(inner)
        keep_margins(row, margin, 8, margin, margin)
        fields = self.column = QVBoxLayout()
        fields.setSpacing(L)
        fields.addLayout(at_the_left(self.grid))
        if self.entity in WITH_FILES and self.record_id is not None:
            self.files = FilesPanel(self.context, self.entity, compact_rows=4)
            self.files.show_record(self.record_id)
            fields.addWidget(self.files)
        fields.addStretch(1)
        row.addLayout(fields, 1)
        self._scroll = scrolled(inner)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        if self._narrow:
            self._state.setContentsMargins(margin, 0, margin, 4)
            column.addWidget(self._state)
        column.addWidget(self._note)
        column.addWidget(AlikePanel(self, margin))
        further = self.further_tabs()
        self.tabs = RecordTabs(self.context, self.entity, self._scroll, message("Details"), margin, further)
        column.addWidget(self.tabs, 1)

    def further_tabs(self) -> Sequence[Further]:
        """Return what stands beside a record of this kind, besides comments and history."""
        return ()

    def _timers(self) -> None:
        self._draft_timer = QTimer(self)
        self._draft_timer.setInterval(DRAFT_MS)
        self._draft_timer.timeout.connect(self._keep_draft)
        self._watch = RecordWatch(self.context, self.entity, self.record_id, self)
        self._watch.changed.connect(self._on_changed_elsewhere)
        self._check_timer = QTimer(self)
        self._check_timer.setSingleShot(True)
        self._check_timer.setInterval(CHECK_MS)
        self._check_timer.timeout.connect(self._check_touched)

    def _keys(self, actions: ActionRegistry) -> None:
        save = ActionSpec(id="form.save", text=N_("Save"), group=N_("Form"), icon="check", shortcut="Ctrl+S")
        close = ActionSpec(
            id="form.save-close", text=N_("Save and close"), group=N_("Form"), shortcut="Ctrl+Return"
        )
        actions.add(save, self.save, self)
        actions.add(close, lambda: self.save(close=True), self)

    # Reading

    def _read(self) -> None:
        replica, entity, record_id, given = self.context.replica, self.entity, self.record_id, self._given
        self.context.tasks.read(
            self,
            lambda: forms.open_form(replica, entity, record_id, given, self._left_out),
            self._on_read,
            self._on_unreadable,
            topic="form",
        )

    def _on_read(self, setup: FormSetup) -> None:
        first = self._setup is None
        before = self._setup.record if self._setup is not None else None
        replaced = overtaken([n for n in self.grid.fields if n in self._touched], before, setup.record)
        self._setup = setup
        if first:
            self.grid.build(
                self.context,
                setup.fields,
                setup.values,
                setup.titles,
                setup.currency,
                locked=setup.refusal is not None,
                left_out=self._left_out,
            )
        else:
            untouched = [name for name in self.grid.fields if name not in self._touched]
            if untouched:  # an empty list would mean every field
                self.grid.fill(setup.values, setup.titles, untouched)
        if setup.record is not None and self.entity != "customer":  # whose page has tabs of its own
            self.tabs.show_record(setup.record.id)
        self._save_button.setVisible(setup.refusal is None)
        self._others.show_versions(setup.others, self.grid, locked=setup.refusal is not None)
        self.retranslate()
        if setup.refusal is not None:
            say_refusal(setup, self._note, self.context, self)
        elif first and setup.draft is not None and self._make is None:
            self._restore_draft(setup)
        elif replaced and setup.record is not None:
            self._say_overtaken(replaced, setup.record)
        elif first:
            say_alike(setup, self.entity, self.grid, self._note, self.context)
        if first:
            editor = self.grid.first_editor()
            if editor is not None and self.tabs.shows_record:
                editor.setFocus()
            self.loaded.emit()

    def _on_changed_elsewhere(self) -> None:
        """Show what came meanwhile in the fields nobody typed into."""
        if not self._saving:
            self._read()

    def _say_overtaken(self, names: Sequence[str], record: Record) -> None:
        fields = [self.grid.fields[name].field for name in names]
        text = overtaken_words(fields, record, self._setup.user_id if self._setup is not None else "")
        self._note.say(text, Tone.WARN, message("Take that value"), lambda: self._take_present(names))

    def _take_present(self, names: Sequence[str]) -> None:
        self._note.clear()
        self._touched -= set(names)
        if self._setup is not None:
            self.grid.fill(self._setup.values, self._setup.titles, names)

    def _on_unreadable(self, error: CrmError) -> None:
        self._save_button.hide()
        self._note.say(error.message, Tone.BAD)

    def _restore_draft(self, setup: FormSetup) -> None:
        draft = setup.draft
        if draft is None:
            return
        titles = {key: title for key, title in setup.titles.items() if key not in self.grid.fields}
        titles |= {
            name: titles.get(str(value), "") for name, value in draft.values.items() if value is not None
        }
        names = [name for name in draft.values if name in self.grid.fields]
        self.grid.fill({**setup.values, **draft.values}, titles, names or ("",))
        self._touched |= set(names)
        self._kept = dict(draft.values)
        if names:
            text = message(
                "What was typed here before ({time}) is back.", time=near_moment(local(draft.at_ms))
            )
            self._note.say(text, Tone.INFO, message("Discard"), self._discard)
            self._draft_timer.start()

    # Editing

    def _on_edited(self, name: str) -> None:
        self._touched.add(name)
        self._later.add(name)
        self._state.say("")
        if self._note.asks:
            self._note.clear()
        self._check_timer.start()
        if not self._draft_timer.isActive():
            self._draft_timer.start()

    def _check_touched(self) -> None:
        values: dict[str, Plain] = dict(self._setup.values) if self._setup else {}
        for name in self._touched:
            self._check(name, values)

    def _check(self, name: str, values: dict[str, Plain]) -> bool:
        """Read one editor into `values`; say what is wrong, and return whether nothing is."""
        found = self.grid.fields.get(name)
        if found is None or found.editor is None:
            return True
        try:
            read = found.editor.read(values)
        except UserError as error:
            found.widget.set_error(error.message)
            return False
        value = read.get(name)
        wrong = problem_with(found.field, value) if value not in (None, "", []) else None
        values.update(read)
        found.judge(wrong, values)
        return wrong is None

    def _read_all(self) -> dict[str, Plain] | None:
        """Return the whole row as the editors have it; None where one cannot be read."""
        assert self._setup is not None
        values: dict[str, Plain] = dict(self._setup.values)
        good = [self._check(name, values) for name in self.grid.fields]
        for name, found in self.grid.fields.items():
            empty = values.get(name) in (None, "", [])
            if found.editor is not None and found.field.required and empty:
                found.widget.set_error(message("This is required"))
                good.append(False)
        return values if all(good) else None

    # Saving

    def _work(self, values: Mapping[str, Plain], changes: Mapping[str, Plain]) -> Any:
        replica, entity, record_id = self.context.replica, self.entity, self.record_id
        assert self._setup is not None
        before = self._setup.record.values if self._setup.record is not None else {}
        used, make = self._others.used, self._make

        def save() -> Outcome[Record]:
            if record_id is None:
                given = {name: value for name, value in changes.items() if value not in (None, "", [])}
                if make is not None:
                    return make(given)
                outcome = records.create(replica, entity, given)
            else:
                expected = {name: before.get(name) for name in changes}
                outcome = records.update(replica, entity, record_id, changes, expected)
            drafts.drop(replica, entity, record_id)
            other_versions.dismiss(replica, used)
            return outcome

        return save

    def _finished(self, record: Record | None, close: bool) -> None:
        self._saving = False
        self._save_button.setEnabled(True)
        self._touched &= self._later
        self._kept = None
        if not self._touched:
            self._draft_timer.stop()
        self._note.clear()
        self._state.say(
            message("Saved on this laptop {time}", time=clock(local(self.context.replica.clock.now_ms())))
        )
        if record is not None and self._setup is not None:
            self._setup = replace(self._setup, record=record)
            self.record_id = self._watch.record_id = record.id
            self.saved.emit(record)
        if close:
            self.closed.emit()
        else:
            self._read()

    def _on_refused(self, error: CrmError) -> None:
        self._saving = False
        self._save_button.setEnabled(True)
        if isinstance(error, Invalid):
            self._show_problems(error)
        elif isinstance(error, StaleRecord):
            self._watch.rest()
            self._note.say(error.message, Tone.WARN, message("Show the present values"), self._look_again)
        else:
            self._note.say(error.message, Tone.BAD)

    def _show_problems(self, error: Invalid) -> None:
        unplaced: list[Message] = []
        for problem in error.problems:
            found = self.grid.fields.get(problem.field or "")
            if found is None or found.editor is None:
                unplaced.append(problem.message)
            else:
                found.widget.set_error(problem.message)
        if unplaced:
            self._note.say(unplaced[0], Tone.BAD)
        self._focus_first_error()

    def _look_again(self) -> None:
        """Read the record again; what a person typed stays, everything else shows the present values."""
        self._note.clear()
        self._read()

    def _focus_first_error(self) -> None:
        for found in self.grid.fields.values():
            if found.editor is not None and found.widget.error:
                found.editor.setFocus()
                self._scroll.ensureWidgetVisible(found.widget)
                return

    # Drafts

    def _keep_draft(self) -> None:
        if not self.dirty or self._setup is None or self._saving or self._make is not None:
            return
        kept = self.grid.typed(self._touched, self._setup.values)
        if kept == self._kept:
            return
        self._kept = kept
        replica, entity, record_id = self.context.replica, self.entity, self.record_id
        keep = partial(drafts.keep, replica, entity, record_id, kept)
        self.context.tasks.write(self, keep, self._on_draft_kept, self._on_draft_lost)

    def _on_draft_kept(self, at_ms: int) -> None:
        if self.dirty:
            self._state.say(message("Draft kept {time}", time=clock(local(at_ms))))

    def _on_draft_lost(self, error: CrmError) -> None:
        self._kept = None
        self._note.say(error.message, Tone.WARN)

    # The bar

    def _ask_to_discard(self) -> None:
        self._note.say(
            message("Your changes are not saved."), Tone.WARN, message("Discard"), self._discard_and_close
        )
        self._note.asks = True

    def _discard_and_close(self) -> None:
        self._discard()
        self.closed.emit()

    def _discard(self) -> None:
        """Give up what was typed, and its draft."""
        self._touched.clear()
        self._kept = None
        self._draft_timer.stop()
        self._note.clear()
        replica, entity, record_id = self.context.replica, self.entity, self.record_id
        if self._make is None:
            self.context.tasks.write(
                self, lambda: drafts.drop(replica, entity, record_id), None, self.context.show_error
            )
        if self._setup is not None:
            self.grid.fill(self._setup.values, self._setup.titles)
            for found in self.grid.fields.values():
                if found.editor is not None:
                    found.widget.set_error("")
