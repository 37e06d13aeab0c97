"""A tab of a record: what belongs to it of one kind, with a form in place where that has no page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.schema.field import Plain
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.record_words import new_words
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.widgets.buttons import Button

LINK = "customer_id"


class ChildList(QWidget):
    """Records of `entity` that belong to one customer, or to what another field (`link`) leads to.

    `in_place`: the form is here, also where there is a page for such records.
    """

    def __init__(
        self,
        context: Context,
        actions: ActionRegistry,
        entity: str,
        columns: Sequence[str],
        sort: tuple[tuple[str, bool], ...] | None = None,
        parent: QWidget | None = None,
        *,
        link: str = LINK,
        in_place: bool = False,
    ) -> None:
        super().__init__(parent)
        self._context, self._actions, self._entity = context, actions, entity
        page = PAGE_OF_ENTITY.get(entity)
        self._link, self._page = link, None if in_place or page == "customers" else page
        self._customer_id = ""
        self._form: RecordForm | None = None
        self.list = RecordList(
            context,
            actions,
            entity,
            columns,
            conditions=self._conditions(),
            sort=sort,
            views=False,
            details=False,
            name=f"{link.removesuffix('_id')}.{entity}",
        )
        self.list.opened.connect(self.open)
        self.list.new_asked.connect(self.new)
        self.list.shown.connect(self._on_list_shown)
        self.new_button = Button(new_words(entity), icon="plus", small=True)
        self.new_button.clicked.connect(self.new)
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.list)
        self.list.bar.layout().insertWidget(2, self.new_button)
        self.list.bar.layout().insertSpacing(3, L)
        self._stack = QStackedWidget()
        self._stack.addWidget(holder)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._stack)

    def show_customer(self, customer_id: str) -> None:
        """Show what belongs to a customer, or another record."""
        if customer_id != self._customer_id:
            self._customer_id = customer_id
            self._close_form()
            self.list.set_base(self._conditions())

    show_record = show_customer

    def leave(self) -> bool:
        """Return whether the tab may go: its form asks where something is not saved."""
        return self._form is None or self._form.leave()

    def new(self) -> None:
        """Make one that belongs to it: here, or on the page of its kind."""
        values: dict[str, Plain] = {self._link: self._customer_id}
        if self._page is None:
            self._show_form(None, values)
        else:
            place = Place(page=self._page, options={"new": self._entity, "values": values})
            self._context.go.emit(place)

    def open(self, record_id: str, beside: str = "") -> None:
        """Show a record, here with a tab beside it, or on the page of its kind."""
        if self._page is None:
            self._show_form(record_id, None)
            if beside and self._form is not None:
                self._form.tabs.choose(beside)
        else:
            self._context.go.emit(Place(page=self._page, record_id=record_id))

    def _on_list_shown(self) -> None:
        setup = self.list.setup
        self.new_button.setVisible(setup is not None and setup.may_create and not self.list.offers_new)

    def _conditions(self) -> tuple[Condition, ...]:
        return (Condition(field=self._link, op=Op.EQUAL, value=self._customer_id or "-"),)

    def _show_form(self, record_id: str | None, values: dict[str, Plain] | None) -> None:
        self._close_form()
        self._form = RecordForm(
            self._context, self._actions, self._entity, record_id, given=values, left_out=(self._link,)
        )
        self._form.closed.connect(self._close_form)
        self._stack.addWidget(self._form)
        self._stack.setCurrentWidget(self._form)

    def _close_form(self) -> None:
        if self._form is None:
            return
        self._stack.removeWidget(self._form)
        self._form.hide()
        self._form.deleteLater()
        self._form = None
        self._stack.setCurrentIndex(0)
        self.list.focus_table()
