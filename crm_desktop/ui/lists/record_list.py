"""A list of records of one kind: views, filter bar, table, details. Pages put it in and listen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from crm_core.entities import schema_of
from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_desktop.models.conditions import Condition
from crm_desktop.models.query import ListQuery
from crm_desktop.services import lists, saved_views
from crm_desktop.services.lists import ListSetup
from crm_desktop.services.saved_views import Audience, View, ViewDefinition
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.itemmodels.keyset import KeysetModel
from crm_desktop.ui.itemmodels.reading import ReadExtras
from crm_desktop.ui.itemmodels.rows import Column, Row
from crm_desktop.ui.lists.bulk_bar import BulkBar
from crm_desktop.ui.lists.columns import chosen_columns, columns_of, marks_column
from crm_desktop.ui.lists.details import DetailsPane
from crm_desktop.ui.lists.empty_list import EmptyList
from crm_desktop.ui.lists.filter_bar import FilterBar
from crm_desktop.ui.lists.follower import Follower
from crm_desktop.ui.lists.list_actions import ListActions
from crm_desktop.ui.lists.memory import Density, ListMemory
from crm_desktop.ui.lists.selection import ListSelection
from crm_desktop.ui.lists.side_pane import Hairline, SidePane
from crm_desktop.ui.lists.stepper import Stepper
from crm_desktop.ui.lists.table import RecordTable
from crm_desktop.ui.lists.view_keeper import ViewKeeper
from crm_desktop.ui.lists.views import FOUND, MINE, ListView, ViewTabs
from crm_desktop.ui.record_words import counted
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.live import Live

Describe = Callable[[int, Sequence[Row]], Message]
"""Says for the status bar what is selected: how many, and those of them that are in memory."""
ColumnsOf = Callable[[ListSetup], Sequence[Column]]
"""Makes columns that depend on what the list reads first, such as the company's currency."""
_Read = tuple[ListSetup, tuple[View, ...], tuple[Audience, ...]]


class RecordList(Live, QWidget):
    """Records of `entity`. Everything about them is read off the main thread.

    `columns` are the keys shown until the person chooses, in order; `extra_columns` show what `extras` read
    beside the fields, anew when records of the kinds in `follows` change. `conditions` always hold. `widths`
    are those of columns until a person draws them, before the font scale.
    """

    opened = Signal(str)
    """The id of the record a person wants to see."""
    new_asked = Signal()
    """A person wants to make a record (button of the empty list)."""
    current_changed = Signal(object)
    """The `Row` the details show; None for none."""
    selection_changed = Signal(object)
    """The ids selected, those in memory."""
    shown = Signal()
    """The first page of what was asked for is on screen."""

    def __init__(
        self,
        context: Context,
        actions: ActionRegistry,
        entity: str,
        columns: Sequence[str] | None = None,
        extra_columns: Sequence[Column] | ColumnsOf = (),
        *,
        extras: ReadExtras | None = None,
        follows: Collection[str] = (),
        conditions: Sequence[Condition] = (),
        sort: tuple[tuple[str, bool], ...] | None = None,
        views: bool | Sequence[ListView] = True,
        details: DetailsPane | bool = True,
        describe: Describe | None = None,
        imports: bool = True,
        widths: Mapping[str, int] | None = None,
        name: str | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.context = context
        self.entity = entity
        self.name = name or entity
        self._wanted_columns = tuple(columns) if columns is not None else ()
        self._extra_columns = extra_columns
        self._base = tuple(conditions)
        self._own_sort = sort or ((schema_of(entity).meta.title, False),)
        self._sort = self._own_sort
        self._has_views = views is not False
        self._imports = imports and self._has_views
        self._describe = describe
        self._own_widths = dict(widths or {})
        self._setup: ListSetup | None = None
        self._all_columns: dict[str, Column] = {}
        self._memory = ListMemory(context, self.name, self)
        self._wanted_current: str | None = None
        self._looked_for: str | None = None
        self._failure: CrmError | None = None

        self.model = KeysetModel(context, [marks_column()], extras, self)
        self.table = RecordTable(context, self.model)
        self.pane = details if isinstance(details, DetailsPane) else DetailsPane() if details else None
        self.selection = ListSelection(self.table)
        self.stepper = Stepper(self.model, self.table)
        self._follower = Follower(context, entity, follows, self.model, self.table)
        self.bar = FilterBar(context, pane=self.pane is not None)
        self.tabs = ViewTabs()
        further = () if isinstance(views, bool) else views
        self.keeper = ViewKeeper(context, entity, self.tabs, further, used=self._has_views)
        self._view = self.keeper.views[0]
        self.empty = EmptyList(entity)
        self._lay_out()
        self._listen()
        self.density = Density(context, self.table, self.bar.density_button)
        self.bulk = BulkBar(self)
        self._column.insertWidget(self._column.count() - 1, self.bulk)
        self.actions_of_list = ListActions(self, actions)
        self.row_actions: Callable[[], Sequence[str]] = tuple
        """Returns the ids of what else the menu of a row offers, in the view in front."""
        self.retranslate()
        self.read_setup()

    # What pages call

    @property
    def setup(self) -> ListSetup | None:
        """Fields and rights, once they are read."""
        return self._setup

    @property
    def view(self) -> ListView:
        """The view in front."""
        return self._view

    @property
    def query(self) -> ListQuery:
        """What is asked for."""
        return ListQuery(
            entity=self.entity,
            conditions=(*self._base, *self._view.fixed, *self.bar.conditions),
            text=self.bar.text,
            sort=self._sort,
            deleted=self._view.deleted,
        )

    @property
    def offers_new(self) -> bool:
        """Whether the list is empty and says so with the button that makes a record."""
        return self._stack.currentIndex() == 1 and not self.empty.new_button.isHidden()

    @property
    def offers_import(self) -> bool:
        """Whether the list is empty and says so with the button that brings a file in."""
        return self._stack.currentIndex() == 1 and not self.empty.import_button.isHidden()

    def show_conditions(self, conditions: Sequence[Condition], title: Text | None = None) -> None:
        """Show the records a chart or a link drilled into, as a view of their own until it is left."""
        found = self.keeper.add_found(conditions, title)
        self.keeper.show(FOUND)
        self._take_view(found)

    def set_base(self, conditions: Sequence[Condition]) -> None:
        """Narrow the whole list, whatever its view."""
        self._base = tuple(conditions)
        self.ask()
        self.keeper.count_soon(self._base)

    def choose_view(self, key: str) -> None:
        """Bring a view to the front."""
        view = self.keeper.named(key)
        if view is not None:
            self.tabs.tabs.choose(key)
            self._take_view(view)

    def refresh(self) -> None:
        """Read everything shown anew."""
        self.model.reload()
        self.keeper.count_soon(self._base)

    def focus_table(self) -> None:
        """Give the rows the focus."""
        self.table.setFocus()

    def current_row(self) -> Row | None:
        """Return the row with the focus frame, where it is in memory."""
        index = self.table.currentIndex()
        return self.model.row_at(index.row()) if index.isValid() else None

    def selected_query(self) -> tuple[ListQuery, tuple[str, ...] | None]:
        """Return the query and the ids among it that are selected; None for every one of it."""
        return self.query, self.selection.ids()

    def select_record(self, record_id: str) -> None:
        """Make a record the current one, now or when the list is read anew."""
        place = self.model.places((record_id,)).get(record_id)
        self._wanted_current = self._looked_for = record_id
        if place is not None:
            self._looked_for = None
            self.selection.make_current(place)

    def toggle_pane(self) -> None:
        """Show or hide the details."""
        if self.side is None:
            return
        self.side.toggle()
        if self.side.pane.isHidden():
            self.focus_table()
        self._memory.keep(pane=self.side.wanted)

    def ask(self) -> None:
        """Ask for what views, filter and order say now."""
        if self._setup is None:
            return
        self._failure = None
        self.table.horizontalHeader().show_sort(self._sort[0] if self._sort else None)
        self.model.ask(self.query)

    def show_column_keys(self, keys: Sequence[str]) -> None:
        """Show these columns, in this order, and remember them."""
        usual = (column.key for column in chosen_columns(self._all_columns, ()))
        # Without any the list has its own; a saved view, which must have some, takes those.
        self._keep_columns(tuple(keys) or (tuple(usual) if self._view.columns else ()))
        self._show_columns()
        self.ask()

    def column_keys(self) -> list[str]:
        """Return the columns shown, in their order on screen, without the marks."""
        return [key for key in self.table.shown_keys() if not self._all_columns[key].fixed]

    def all_columns(self) -> Mapping[str, Column]:
        """Return every column there is to show."""
        return self._all_columns

    # Making

    def _lay_out(self) -> None:
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        line = Hairline()
        if not self._has_views:
            line.hide()
        column.addWidget(line)
        column.addWidget(self.bar)
        column.addWidget(Hairline())
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        shown = self._memory.state.pane
        self.side = SidePane(self._stack, self.pane, shown=shown, parent=self) if self.pane else None
        column.addWidget(self.side or self._stack, 1)

    def _listen(self) -> None:
        self.model.asked.connect(self._on_asked)
        self.model.reloaded.connect(self._on_reloaded)
        self.model.page_read.connect(self._on_page_read)
        self.model.counted.connect(self._on_counted)
        self.model.failed.connect(self._on_failed)
        self.table.sort_asked.connect(self._on_sort_asked)
        self.table.widths_changed.connect(self._on_widths_changed)
        self.table.refresh_asked.connect(self.refresh)
        self.table.opened.connect(self._on_row_opened)
        self.selection.changed.connect(self._tell_selection)
        self.table.selectionModel().currentRowChanged.connect(lambda *_: self._on_current_changed())
        self.bar.filtered.connect(self.ask)
        self.bar.pane_asked.connect(self.toggle_pane)
        self.tabs.chosen.connect(self.choose_view)
        self.tabs.saved.connect(self._on_view_saved)
        self.tabs.kept.connect(self._on_view_changed)
        self.keeper.saved.connect(self._on_view_kept)
        self.empty.new_asked.connect(self.new_asked)
        self.empty.import_asked.connect(self._on_import_asked)
        self.empty.clear_asked.connect(self.bar.chips.clear_button.click)
        if self.pane is not None and self.side is not None:
            self.side.shown_changed.connect(self.bar.pane_button.setChecked)
            self.pane.closed.connect(self.toggle_pane)
            self.pane.opened.connect(self.opened)
        self._follower.followed.connect(lambda: self.keeper.count_soon(self._base))
        if self._has_views:
            self._follower.views_changed.connect(self.read_setup)

    # Reading

    def read_setup(self) -> None:
        """Read fields, rights and saved views, then ask for the first page."""
        replica, entity = self.context.replica, self.entity
        with_views = self._has_views

        def read() -> _Read:
            setup = lists.setup_of(replica, entity)
            views = saved_views.views_of(replica, entity) if with_views else ()
            return setup, views, saved_views.audiences(replica) if with_views else ()

        self.context.tasks.read(self, read, self._on_setup_read, self._on_failed, topic="setup")

    def _on_setup_read(self, read: _Read) -> None:
        first = self._setup is None
        self._setup, saved, self.tabs.audiences = read
        self.keeper.take(self._setup, saved)
        self.bar.chips.set_fields(self._setup)
        further = self._extra_columns
        further = further(self._setup) if callable(further) else further
        self._all_columns = columns_of(self.entity, self._setup, further, self._wanted_columns)
        if self.pane is not None:
            self.pane.set_fields(self._setup.fields)
        drilled = self._view.key == FOUND
        wanted = self._view.key if drilled or not first else self._memory.state.view or MINE
        self._view = self.keeper.named(wanted) or self.keeper.views[0]
        self.keeper.show(self._view.key)
        if first:
            self._sort = self._valid_sort(self._memory.state.sort) or self._own_sort
            if not drilled:
                self.bar.show_filter(self._view.conditions, self._view.words)
        self._show_columns()
        self.ask()
        self.keeper.count_soon(self._base)

    def _show_columns(self) -> None:
        keys = self._view.columns or self._memory.state.columns
        self.model.set_columns(chosen_columns(self._all_columns, keys))
        self.table.show_columns(self._memory.state.widths, self._own_widths)

    def _take_view(self, view: ListView) -> None:
        columns_before = self._view.columns
        self._view = view
        self._sort = (
            self._valid_sort(view.sort) or self._valid_sort(self._memory.state.sort) or self._own_sort
        )
        self.bar.show_filter(view.conditions, view.words)
        if self._setup is None:
            return
        if columns_before != view.columns:
            self._show_columns()
        if view.key != FOUND:
            self._memory.keep(view=view.key)
        self.ask()

    def _valid_sort(self, sort: tuple[tuple[str, bool], ...]) -> tuple[tuple[str, bool], ...]:
        if self._setup is None:
            return ()
        known = {shown.field.name for shown in self._setup.fields if shown.sortable}
        return tuple((by, descending) for by, descending in sort if by in known)

    def _on_asked(self) -> None:
        self.table.scrollToTop()
        self._show_emptiness()
        if self.model.known:
            self._wanted_current, self._looked_for = self._looked_for, None
            self._go_to_wanted()
        else:
            self._on_current_changed()
        self._tell_selection()
        self.shown.emit()

    def _on_reloaded(self) -> None:
        self._show_emptiness()
        self._go_to_wanted()
        self._on_current_changed()
        self._tell_selection()
        self.shown.emit()

    def _on_page_read(self) -> None:
        shown = self.pane.row if self.pane is not None else None
        if shown is not None and self.current_row() is not shown:
            self._on_current_changed()

    def _go_to_wanted(self) -> None:
        wanted = self._wanted_current
        place = self.model.places((wanted,)).get(wanted, 0) if wanted else 0
        if self.model.known:
            self.selection.make_current(min(place, self.model.known - 1))

    def _on_import_asked(self) -> None:
        self.context.go.emit(Place(page="import", options={"entity": self.entity}))

    def _on_counted(self, number: int) -> None:
        self.bar.show_count(counted(self.entity, number))

    def _on_failed(self, error: CrmError) -> None:
        self._failure = error
        self._show_emptiness()

    def _show_emptiness(self) -> None:
        self.empty.explain(
            self._failure,
            filtered=bool(self.bar.conditions or self.bar.text),
            deleted=self._view.deleted,
            may_create=self._setup is not None and self._setup.may_create,
            imports=self._imports,
        )
        empty = self._failure is not None or (self.model.complete and self.model.known == 0)
        self._stack.setCurrentIndex(1 if empty else 0)
        if self.side is not None:
            self.side.need(not empty, self.bar.pane_button)

    def _on_sort_asked(self, field: str) -> None:
        descending = self._sort[:1] == ((field, False),)
        self._sort = ((field, descending),)
        self._memory.keep(sort=self._sort)
        self.ask()

    def _on_row_opened(self, place: int) -> None:
        row = self.model.row_at(place)
        if row is not None:
            self._wanted_current = row.id
            self.opened.emit(row.id)

    def _on_current_changed(self) -> None:
        row = self.current_row()
        if row is not None:
            self._wanted_current = row.id
        if self.pane is not None:
            self.pane.show_row(row, self.selection.number)
        self.current_changed.emit(row)

    def _tell_selection(self) -> None:
        number = self.selection.number
        rows = self.selection.rows() if number else []
        self.selection_changed.emit(tuple(row.id for row in rows))
        if self.pane is not None:
            self.pane.show_row(self.current_row(), number)
        if not self.isVisible():
            return
        if not number:
            self.context.selection_changed.emit(None)
        elif self._describe is not None:
            self.context.selection_changed.emit(self._describe(number, rows))
        else:
            self.context.selection_changed.emit(message("{count} selected", count=number))

    # Remembering

    def _present_widths(self) -> dict[str, int]:
        return {**self._memory.state.widths, **self.table.widths()}

    def _on_widths_changed(self) -> None:
        self._keep_columns(tuple(self.column_keys()))

    def _keep_columns(self, keys: tuple[str, ...]) -> None:
        if self._view.columns:  # a saved view has its own, which stay as they are until they are kept
            self._view = replace(self._view, columns=keys)
            self._memory.keep(widths=self._present_widths())
        else:
            self._memory.keep(columns=keys, widths=self._present_widths())

    def _on_view_saved(self, name: str) -> None:
        self.keeper.save(name, self._definition())

    def _on_view_changed(self, record_id: str) -> None:
        self.keeper.change(record_id, self._definition())

    def _definition(self) -> ViewDefinition:
        """Return what is shown now, as a saved view keeps it."""
        return ViewDefinition(
            conditions=(*self._view.fixed, *self.bar.conditions),
            text=self.bar.text,
            sort=self._sort,
            columns=tuple(self.column_keys()),
        )

    def _on_view_kept(self, key: str) -> None:
        self._memory.keep(view=key)
        self.bar.show_filter((*self._view.fixed, *self.bar.conditions), self.bar.text)  # as it was saved
        self._view = ListView(key=key, text="")
        self.read_setup()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed meanwhile."""
        super().showEvent(event)
        if self.side is not None:
            self.side.arrange()
        self._tell_selection()
        self._follower.catch_up()

    def retranslate(self) -> None:
        """Name the table in the language on screen."""
        self.table.setAccessibleName(tr(schema_of(self.entity).meta.plural))

    def retint(self) -> None:
        """Keep the rows' height at another font scale."""
        self.density.show()
