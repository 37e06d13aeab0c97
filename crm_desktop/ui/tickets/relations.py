"""What a ticket belongs to, chosen: its category, the product it is about, the ticket it is a part of."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.services import records, ticket_around
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.ticket_around import CategoryRow, Stands
from crm_desktop.services.tickets import TicketView
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import short_date
from crm_desktop.ui.tickets.dialogs import AskDialog, CategoryDialog, LineDialog, LinkDialog

Ask = Callable[[Mapping[str, Message | str], str, Callable[[str], None]], None]
"""Shows a menu of values, the present one, and takes the chosen one."""
_BY_SERIAL, _NONE = "serial", "none"
RELATIONS = ("category", "product", "part", "part_of")
"""What is asked for by keys and from the palette."""
_TICKET = SCHEMAS["ticket"].fields


class TicketRelations(QObject):
    """Asks by menus and dialogs over the page, and changes the ticket on screen."""

    def __init__(self, context: Context, ask: Ask, page: QWidget) -> None:
        super().__init__(page)
        self._context, self._ask, self._page = context, ask, page
        self._view: TicketView | None = None
        self.dialog: AskDialog | None = None

    def show_view(self, view: TicketView) -> None:
        """Work on this ticket from now on."""
        self._view = view

    def do(self, relation: str) -> None:
        """Ask for one of `category`, `product`, `part`, `part_of` and `apart`."""
        view = self._view
        if view is None or not view.may_edit:
            return
        replica = self._context.replica
        match relation:
            case "category":
                self._read(lambda: ticket_around.categories(replica), self._show_categories)
            case "product":
                customer_id = str(view.ticket.get("customer_id") or "")
                self._read(
                    lambda: ticket_around.standing_at(replica, customer_id) if customer_id else (),
                    self._show_products,
                )
            case "part":
                title, done = message("Open a part of this ticket"), message("Open ticket")
                self._show(LineDialog(title, message("Subject"), done, self._page), self._make_part)
            case "part_of":
                title, field = message("Part of another ticket"), _TICKET["parent_id"]
                label = message("Number or subject of the ticket")
                self._show(LinkDialog(self._context, field, title, label, self._page), self._make_part_of)
            case "apart":
                self._make_part_of(None)

    def _show_categories(self, rows: tuple[CategoryRow, ...]) -> None:
        if self._view is None:
            return
        if not rows:
            told = message("There are no categories yet; an administrator makes them under Settings, Service")
            self._context.remark(told)
            return
        present = self._view.ticket.get("category_id")
        self._show(
            CategoryDialog(rows, present if isinstance(present, str) else None, self._page), self._sort
        )

    def _sort(self, category_id: str | None) -> None:
        self._change({"category_id": category_id}, message("Category changed"))

    def _show_products(self, there: tuple[Stands, ...]) -> None:
        if self._view is None:
            return
        words: dict[str, Message | str] = {each.id: stands_words(each) for each in there}
        words[_BY_SERIAL] = message("Another one by serial number…")
        if self._view.ticket.get("installed_id"):
            words[_NONE] = message("None of them")
        self._ask(words, str(self._view.ticket.get("installed_id") or ""), self._take_product)

    def _take_product(self, key: str) -> None:
        if key == _BY_SERIAL:
            title, label = message("Product of the ticket"), message("Serial number or name")
            dialog = LinkDialog(self._context, _TICKET["installed_id"], title, label, self._page)
            self._show(dialog, self._choose_product)
        else:
            self._choose_product(None if key == _NONE else key)

    def _choose_product(self, installed_id: str | None) -> None:
        view, replica = self._view, self._context.replica
        if view is None:
            return
        ticket_id = view.ticket.id
        before = {name: view.ticket.get(name) for name in ("installed_id", "product_id", "customer_id")}
        self._context.change(
            self,
            lambda: ticket_around.choose_product(replica, ticket_id, installed_id),
            told=message("Product of the ticket changed"),
            undo=lambda: records.update(replica, "ticket", ticket_id, before),
        )

    def _make_part(self, subject: str) -> None:
        view, replica = self._view, self._context.replica
        if view is None:
            return
        ticket_id = view.ticket.id
        made: list[Record] = []

        def opened(part: Record) -> None:
            made.append(part)
            self._context.go.emit(Place(page="tickets", record_id=part.id))

        self._context.change(
            self,
            lambda: ticket_around.make_part(replica, ticket_id, subject),
            opened,
            told=message("A part of the ticket was opened"),
            undo=lambda: records.delete(replica, "ticket", made[-1].id),
        )

    def _make_part_of(self, parent_id: str | None) -> None:
        view, replica = self._view, self._context.replica
        if view is None:
            return
        ticket_id, before = view.ticket.id, view.ticket.get("parent_id")

        def write(to: Plain) -> Callable[[], Outcome[Record]]:
            return lambda: ticket_around.make_part_of(replica, ticket_id, str(to) if to else None)

        told = message("The ticket is a part of another") if parent_id else message("The ticket stands alone")
        self._context.change(self, write(parent_id), told=told, undo=write(before))

    def _change(self, values: dict[str, Plain], told: Message) -> None:
        view, replica = self._view, self._context.replica
        if view is None:
            return
        ticket_id = view.ticket.id
        before = {name: view.ticket.get(name) for name in values}
        if before == values:
            return
        self._context.change(
            self,
            lambda: records.update(replica, "ticket", ticket_id, values),
            told=told,
            undo=lambda: records.update(replica, "ticket", ticket_id, before),
        )

    def _show(self, dialog: AskDialog, take: Callable[..., None]) -> None:
        self.dialog = dialog
        dialog.said.connect(take)
        dialog.destroyed.connect(self._on_gone)
        dialog.open()

    def _on_gone(self) -> None:
        self.dialog = None

    def _read(self, read: Callable[[], object], show: Callable[..., None]) -> None:
        self._context.tasks.read(self, read, show, self._context.show_error, topic="relation")


def stands_words(each: Stands) -> Message | str:
    """Return a product that stands somewhere in a line: its name, serial number and warranty."""
    name = f"{each.name} · {each.serial}" if each.serial else each.name
    warranty = warranty_words(each)
    return message("{name} · {warranty}", name=name, warranty=warranty) if warranty is not None else name


def warranty_words(each: Stands) -> Message | None:
    """Return until when its warranty holds, or since when it does not; None where nobody gave one."""
    if not each.warranty_until:
        return None
    last = datetime.date.fromisoformat(each.warranty_until)
    if each.in_warranty:
        return message("in warranty until {day}", day=short_date(last))
    return message("out of warranty since {day}", day=short_date(last + datetime.timedelta(days=1)))
