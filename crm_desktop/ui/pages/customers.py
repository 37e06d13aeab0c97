"""Customers: the list, all of one, and the form of a new one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action as Right
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.services import customers
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.customers.customer_details import CustomerDetails
from crm_desktop.ui.customers.customer_view import CustomerView
from crm_desktop.ui.customers.hand_over_dialog import HandOverDialog
from crm_desktop.ui.customers.list_columns import (
    POOL,
    QUIET,
    RETURNING,
    SHOWN,
    WIDTHS,
    describe,
    extra_columns,
)
from crm_desktop.ui.customers.pool_actions import PoolActions
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.imports.import_button import ImportButton
from crm_desktop.ui.itemmodels.rows import Row
from crm_desktop.ui.lists.chosen import Ids, chosen_ids
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.pages.at_rest import OnceAtRest
from crm_desktop.ui.pages.page import Page, current_of
from crm_desktop.ui.places import CONTACT
from crm_desktop.ui.segments.segment_actions import SegmentActions
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.room import give_way

HEADER = 52


class CustomersPage(Page):
    """Shows the list, or one customer, or the form; each is a place of its own."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.list: RecordList | None = None
        self.view: CustomerView | None = None
        self.form: RecordForm | None = None
        self._place = Place(page="customers")
        self._log_next = False
        self._saved_id: str | None = None
        self._stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)
        self.title = Label(message("Customers"), step="title")
        self.new_button = Button(message("New customer"), Kind.PRIMARY, icon="plus")
        self.new_button.clicked.connect(self._on_new_asked)
        self.import_button = ImportButton(context, actions, "customer", self)
        self.duplicates_button = Button(message("Duplicates"), icon="compare")
        self.duplicates_button.clicked.connect(lambda: context.go.emit(Place(page="duplicates")))
        self.segments_button = Button(message("Segments"), icon="filter")
        self.segments_button.clicked.connect(lambda: context.go.emit(Place(page="segments")))
        self.mend_button = Button(message("Mend"), icon="pen")
        self.mend_button.clicked.connect(lambda: context.go.emit(Place(page="mend")))
        self._header = QWidget()
        head = QHBoxLayout(self._header)
        head.setSpacing(M)
        keep_margins(head, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        head.addWidget(self.title)
        head.addStretch(1)
        beside = (self.segments_button, self.duplicates_button, self.mend_button, self.import_button)
        for button in (*beside, self.new_button):
            head.addWidget(button)
        give_way(self._header, *reversed(beside), self.new_button)
        self._list_side = QWidget()
        self._stack.addWidget(self._list_side)
        self._list_column = QVBoxLayout(self._list_side)
        self._list_column.setContentsMargins(0, 0, 0, 0)
        self._list_column.setSpacing(0)
        self._list_column.addWidget(self._header)
        self._make_list()
        self.pool = PoolActions(context, actions, self, self._chosen, self._anchor)
        self.segments = SegmentActions(context, actions, self, self._chosen, self._filtered, self._anchor)
        hands = ActionSpec(
            id="customers.hand-over",
            text=N_("Hand over customers…"),
            group=N_("Customers"),
            icon="people",
            shortcut="Ctrl+Shift+H",
            right=(Right.ASSIGN, "customer"),
        )
        actions.add(hands, self.open_hand_over, self)
        self.retint()

    def show_place(self, place: Place) -> None:
        """Show the list, one customer (`record_id`), or a form (`new`, with the `values` it starts with).

        `conditions` and `title` narrow the list to what was drilled into.
        """
        self._place = place
        self._drop_form()
        if place.options.get("new"):
            self._show_form(place.options.get("values"))
        elif place.record_id is not None:
            self._show_customer(place.record_id)
            tab = str(place.options.get("tab") or "")
            if self.view is not None and CONTACT in place.options:
                self.view.open_contact(str(place.options[CONTACT]), tab)
            elif self.view is not None and tab:
                self.view.choose_tab(tab)
        else:
            self._show_list(place)

    def in_front(self) -> tuple[str, str] | None:
        """Return the current row of the list."""
        return current_of(self.list)

    def leave(self) -> bool:
        """Return whether no form in the page holds unsaved changes; one that does asks."""
        if self.form is not None and not self.form.leave():
            return False
        return self.view is None or self._stack.currentWidget() is not self.view or self.view.leave()

    def refresh(self) -> None:
        """Read anew what is in front."""
        if self.view is not None and self._stack.currentWidget() is self.view:
            self.view.read()
        elif self.list is not None:
            self.list.refresh()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._header.setFixedHeight(theme().px(HEADER))

    def _make_list(self) -> None:
        details = CustomerDetails(self.context)
        details.log_asked.connect(self._on_log_asked)

        self.list = RecordList(
            self.context,
            self.actions_of_program,
            "customer",
            SHOWN,
            extra_columns,
            extras=customers.list_extras,
            follows=("activity", "deal"),
            views=(QUIET, RETURNING, POOL),
            details=details,
            describe=self._described,
            widths=WIDTHS,
            parent=self._list_side,
        )
        self.list.row_actions = self._row_actions
        self.list.opened.connect(self._on_opened)
        self.list.new_asked.connect(self._on_new_asked)
        self.list.shown.connect(self._on_list_shown)
        self.import_button.beside(self.list)
        self.list.stepper.stepped.connect(self._on_stepped)
        self.list.model.counted.connect(lambda _number: self._show_place_in_list())
        self._list_column.addWidget(self.list, 1)
        OnceAtRest(self.list, self._made_view)

    def _described(self, number: int, rows: Sequence[Row]) -> Message:
        setup = self.list.setup if self.list is not None else None
        return describe(setup.currency if setup is not None else DEFAULT_CURRENCY, number, rows)

    def _show_list(self, place: Place) -> None:
        self._stack.setCurrentWidget(self._list_side)
        assert self.list is not None
        if "conditions" in place.options:
            self.list.show_conditions(place.options["conditions"], place.options.get("title"))
        self.list.focus_table()

    def _show_customer(self, customer_id: str) -> None:
        view = self._made_view()
        self._stack.setCurrentWidget(view)
        view.show_customer(customer_id)
        self._show_place_in_list()
        if self.list is not None:
            self.list.select_record(customer_id)
        if self._log_next:
            self._log_next = False
            view.begin_log()
        else:
            view.line.list.setFocus()

    def _made_view(self) -> CustomerView:
        if self.view is None:
            self.view = CustomerView(self.context, self.actions_of_program, self._stack)
            self.view.step_asked.connect(self._on_step_asked)
            self.view.header.claim_asked.connect(self.pool.claim)
            self._stack.addWidget(self.view)
        return self.view

    def _show_place_in_list(self) -> None:
        if self.view is not None and self._stack.currentWidget() is self.view and self.list is not None:
            self.view.show_place(self.list.stepper.place_of(self.view.customer_id))

    def _show_form(self, values: Any) -> None:
        self.form = RecordForm(self.context, self.actions_of_program, "customer", given=values)
        self.form.saved.connect(self._on_saved)
        self.form.closed.connect(self._on_form_closed)
        self._stack.addWidget(self.form)
        self._stack.setCurrentWidget(self.form)

    def _drop_form(self) -> None:
        if self.form is not None:
            self._stack.removeWidget(self.form)
            self.form.hide()
            self.form.deleteLater()
            self.form = None

    def open_hand_over(self) -> HandOverDialog:
        """Ask to whom the customers of somebody go; where some are selected, those alone."""
        query, number, row = None, 0, None
        if self.list is not None and self._stack.currentWidget() is self._list_side:
            number, row = self.list.selection.number, self.list.current_row()
            if number:
                query, ids = self.list.selected_query()
                if ids is not None:
                    among = Condition(field="id", op=Op.IN, value=ids)
                    query = ListQuery(entity="customer", conditions=(among,))
        owner_id = str(row.record.get("owner_id") or "") if row is not None else ""
        title = row.titles.get(("user", owner_id), "") if row is not None else ""
        giver = (owner_id, title) if title else None
        dialog = HandOverDialog(self.context, giver, query, number, self)
        dialog.open()
        return dialog

    def _chosen(self) -> Ids | None:
        """Return what reads the customer shown, or those selected in the list, or its current row."""
        if self.view is not None and self._stack.currentWidget() is self.view:
            shown = (self.view.customer_id,)
            return lambda: shown
        if self.list is None or self._stack.currentWidget() is not self._list_side:
            return None
        return chosen_ids(self.list, self.context.replica)

    def _row_actions(self) -> Sequence[str]:
        """Return what the menu of a customer offers: one of nobody is claimed, others are handed on."""
        if self.list is not None and self.list.view.key == POOL.key:
            return ("pool.claim", "segments.pick")
        return ("pool.return", "pool.lock", "customers.hand-over", "segments.pick")

    def _filtered(self) -> ListQuery | None:
        return self.list.query if self.list is not None else None

    def _anchor(self) -> QWidget:
        shows_one = self.view is not None and self._stack.currentWidget() is self.view
        return self.view.header.name if self.view is not None and shows_one else self.title

    def _on_opened(self, customer_id: str) -> None:
        self.context.go.emit(Place(page="customers", record_id=customer_id))

    def _on_new_asked(self) -> None:
        self.context.go.emit(Place(page="customers", options={"new": "customer"}))

    def _on_log_asked(self, customer_id: str) -> None:
        self._log_next = True
        self._on_opened(customer_id)

    def _on_saved(self, record: Record) -> None:
        self._saved_id = record.id

    def _on_form_closed(self) -> None:
        saved, self._saved_id = self._saved_id, None
        self._drop_form()
        self.context.go.emit(Place(page="customers", record_id=saved))

    def _on_list_shown(self) -> None:
        if self.list is not None and self.list.setup is not None:
            self.new_button.setVisible(self.list.setup.may_create and not self.list.offers_new)
        self._show_place_in_list()

    def _on_step_asked(self, by: int) -> None:
        if self.list is None or self.view is None or not self.view.leave():
            return
        if self.list.stepper.place_of(self.view.customer_id) is None:
            self.context.remark(message("This customer is not in the view of the list that is in front"))
        else:
            self.list.stepper.step(self.view.customer_id, by)

    def _on_stepped(self, customer_id: str) -> None:
        if self.view is not None and self._stack.currentWidget() is self.view:
            self._on_opened(customer_id)
