"""Pages that need no more than a list and a form, and what such pages share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.entities import schema_of
from crm_core.i18n import Message, message
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.records import Record
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.calendar.calendar_actions import VIEWS
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.imports.import_button import ImportButton
from crm_desktop.ui.itemmodels.reading import ReadExtras
from crm_desktop.ui.itemmodels.rows import Column
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.lists.views import ListView
from crm_desktop.ui.pages.page import Page, current_of
from crm_desktop.ui.record_words import new_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.timeline.record_tabs import FIRST
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.room import give_way
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

HEADER = 52


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsLook:
    """How the list of one kind of record begins."""

    page: str
    entity: str
    columns: tuple[str, ...]
    sort: tuple[tuple[str, bool], ...]
    views: tuple[ListView, ...] = ()
    imports: bool = True
    """Whether a button brings a file in."""
    widths: Mapping[str, int] = field(default_factory=dict)
    extra_columns: tuple[Column, ...] = ()
    """Shown beside the fields, from what `extras` reads."""
    extras: ReadExtras | None = None
    follows: frozenset[str] = frozenset()
    """Kinds of records after whose change the list is read anew, besides its own."""


class RecordsPage(Page):
    """The list of one kind of record; one record, or a new one, is shown in its form."""

    form_class: type[RecordForm] = RecordForm

    def __init__(self, context: Context, actions: ActionRegistry, look: RecordsLook) -> None:
        super().__init__(context, actions)
        self._look = look
        self._saved_id: str | None = None
        self.form: RecordForm | None = None
        self.title = Label(Message(schema_of(look.entity).meta.plural), step="title")
        self.new_button = Button(new_words(look.entity), Kind.PRIMARY, icon="plus")
        self.new_button.hide()
        self.new_button.clicked.connect(self._on_new_asked)
        self._stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        side = QWidget()
        self._stack.addWidget(side)
        self.import_button = ImportButton(context, actions, look.entity, self) if look.imports else None
        self._header = QWidget()
        head = QHBoxLayout(self._header)
        head.setSpacing(M)
        keep_margins(head, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        head.addWidget(self.title)
        head.addStretch(1)
        if self.import_button is not None:
            head.addWidget(self.import_button)
            give_way(self._header, self.import_button)
        head.addWidget(self.new_button)
        self._head = head
        self.side_column = inner = QVBoxLayout(side)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(0)
        inner.addWidget(self._header)
        self.list = RecordList(
            context,
            actions,
            look.entity,
            look.columns,
            look.extra_columns,
            extras=look.extras,
            follows=look.follows,
            sort=look.sort,
            views=look.views,
            widths=look.widths,
            imports=look.imports,
            parent=side,
        )
        self.list.opened.connect(self._on_opened)
        self.list.new_asked.connect(self._on_new_asked)
        self.list.shown.connect(self._on_list_shown)
        if self.import_button is not None:
            self.import_button.beside(self.list)
        inner.addWidget(self.list, 1)
        self.retint()

    def show_place(self, place: Place) -> None:
        """Show the list, one record (`record_id`), or the form of a new one (`new`, `values`).

        `conditions` and `title` narrow the list to what was drilled into; `tab`: the part of a record.
        """
        self._drop_form()
        if place.options.get("new"):
            self._show_form(None, place.options.get("values"))
        elif place.record_id is not None:
            self.list.select_record(place.record_id)
            self._show_form(place.record_id, None).tabs.choose(place.options.get("tab", FIRST))
        else:
            if "conditions" in place.options:
                conditions: Sequence[Condition] = place.options["conditions"]
                self.list.show_conditions(conditions, place.options.get("title"))
            self.list.focus_table()

    def add_beside(self, widget: QWidget) -> None:
        """Put something at the left of the list."""
        self.side_column.removeWidget(self.list)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(widget)
        row.addWidget(self.list, 1)
        self.side_column.addLayout(row, 1)

    def shift_current(self, shift: Callable[[str, int], Outcome[Record]], by: int) -> None:
        """Put the record in front so many places later; at an end nothing moves, and nothing is to undo."""
        row = self.list.current_row()
        if row is None:
            return
        record_id, moved = row.id, list[bool]()
        self.list.select_record(record_id)

        def work() -> Outcome[Record]:
            outcome = shift(record_id, by)
            moved.append(bool(outcome.changed))
            return outcome

        def done(record: Record) -> None:
            if any(moved):
                told = message("“{title}” moved", title=record.title)
                self.context.tell(told, lambda: shift(record_id, -by))

        self.context.change(self, work, done)

    def in_front(self) -> tuple[str, str] | None:
        """Return the current row of the list."""
        return current_of(self.list)

    def leave(self) -> bool:
        """Return whether the form holds nothing unsaved; one that does asks."""
        return self.form is None or self.form.leave()

    def refresh(self) -> None:
        """Read the list anew."""
        self.list.refresh()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._header.setFixedHeight(theme().px(HEADER))

    def _show_form(self, record_id: str | None, values: Any) -> RecordForm:
        form = self.form = self.make_form(record_id, values)
        self.form.saved.connect(self._on_saved)
        self.form.closed.connect(self._on_form_closed)
        self._stack.addWidget(self.form)
        self._stack.setCurrentWidget(self.form)
        return form

    def make_form(self, record_id: str | None, values: Any) -> RecordForm:
        """Return the form of a record, or of a new one."""
        return self.form_class(
            self.context, self.actions_of_program, self._look.entity, record_id, given=values
        )

    def _drop_form(self) -> None:
        if self.form is not None:
            self._stack.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
            self.form = None
            self._stack.setCurrentIndex(0)

    def _on_opened(self, record_id: str) -> None:
        self.context.go.emit(Place(page=self._look.page, record_id=record_id))

    def _on_new_asked(self) -> None:
        self.context.go.emit(Place(page=self._look.page, options={"new": self._look.entity}))

    def _on_saved(self, record: Record) -> None:
        self._saved_id = record.id

    def _on_form_closed(self) -> None:
        if self._saved_id is not None:
            self.list.select_record(self._saved_id)
        self._saved_id = None
        self._drop_form()
        self.context.go.emit(Place(page=self._look.page))

    def _on_list_shown(self) -> None:
        setup = self.list.setup
        self.new_button.setVisible(setup is not None and setup.may_create and not self.list.offers_new)


class ActivitiesPage(RecordsPage):
    """What was done and what is to be done, as a list; one of the calendar's views."""

    switch_wanted = Signal(str)
    """Another view of the calendar is to be shown."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        planned = ListView(
            key="planned",
            text=message("To be done"),
            fixed=(
                Condition(field="done", op=Op.EQUAL, value=False),
                Condition(field="due_at", op=Op.FILLED),
            ),
            sort=(("due_at", False),),
        )
        look = RecordsLook(
            page="calendar",
            entity="activity",
            columns=(
                "subject",
                "kind",
                "customer_id",
                "deal_id",
                "owner_id",
                "due_at",
                "happened_at",
                "done",
            ),
            sort=(("created_at", True),),
            views=(planned,),
            widths={"kind": 84, "customer_id": 148, "deal_id": 120, "owner_id": 104, "done": 56},
        )
        super().__init__(context, actions, look)
        self._switch = SegmentedSwitch(
            [Segment(key=key, text=Message(text)) for key, text in VIEWS], name=message("View"), small=True
        )
        self._switch.chosen.connect(self.switch_wanted)
        self._head.insertWidget(2, self._switch)

    def show_switch(self, view: str) -> None:
        """Show which view was chosen."""
        self._switch.choose(view)
