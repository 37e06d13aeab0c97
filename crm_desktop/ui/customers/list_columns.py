"""What the list of customers shows beside the fields."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.i18n import Message, message
from crm_core.money import Money
from crm_core.rules.relative_days import RelativeDay, Unit
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services.calendar import local
from crm_desktop.services.customers import RECENT_DAYS, ListExtras
from crm_desktop.services.lists import ListSetup
from crm_desktop.ui.customers.words import step_shown
from crm_desktop.ui.format import figure, money, near_date
from crm_desktop.ui.itemmodels.rows import EMPTY_CELL, CellText, Column, Row
from crm_desktop.ui.lists.columns import longest_day
from crm_desktop.ui.lists.views import ListView
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.cells import CellKind

LAST_CONTACT = "last_contact"
POOL_DUE = "pool_due"
SHOWN = ("name", "level", "owner_id", "city", LAST_CONTACT, "open", "next_step", "tags")
"""The columns until a person chooses others."""

WIDTHS = {"level": 48, "owner_id": 96, "city": 88, LAST_CONTACT: 112, "next_step": 180, "tags": 116}
"""Their widths, before the font scale."""
POOL = ListView(
    key="pool",
    text=message("Public pool"),
    fixed=(Condition(field="owner_id", op=Op.EMPTY),),
    columns=("name", "level", "city", "industry", "last_owner_id", "returned_at", "pool_reason", "tags"),
)
"""Customers nobody owns."""
RETURNING = ListView(
    key="returning",
    text=message("Returns to the pool"),
    fixed=(Condition(field=POOL_DUE, op=Op.FILLED),),
    needs=POOL_DUE,
    sort=((POOL_DUE, False),),
    columns=("name", "level", "owner_id", "city", LAST_CONTACT, POOL_DUE, "open", "next_step"),
)
"""Customers that rules return when nothing is done, the next first."""


QUIET = ListView(
    key="quiet",
    text=message("No contact {days} days", days=RECENT_DAYS),
    fixed=(Condition(field=LAST_CONTACT, op=Op.NOT_SINCE, value=RelativeDay(Unit.DAY, -RECENT_DAYS)),),
    needs=LAST_CONTACT,
    sort=((LAST_CONTACT, False),),
)
"""Customers nobody spoke with for a month, those never spoken with among them."""


def extra_columns(setup: ListSetup) -> tuple[Column, ...]:
    """Return last contact as a day, where it may be read, open deals and next step."""
    currency = setup.currency
    contact = (
        Column(
            key=LAST_CONTACT,
            title=Message(shown.field.label),
            kind=CellKind.TEXT,
            width=96,
            cell=_last_contact,
            longest=longest_day,
            sort=LAST_CONTACT,
            field=shown.field,
        )
        for shown in setup.fields
        if shown.field.name == LAST_CONTACT
    )
    due = (
        Column(
            key=POOL_DUE,
            title=Message(shown.field.label),
            kind=CellKind.TEXT,
            width=112,
            cell=_pool_due,
            longest=longest_day,
            sort=POOL_DUE,
            field=shown.field,
        )
        for shown in setup.fields
        if shown.field.name == POOL_DUE
    )
    return (
        *contact,
        *due,
        Column(
            key="open",
            title=message("Open, {currency}", currency=currency),
            kind=CellKind.RIGHT,
            width=92,
            cell=lambda row: _open(row, currency),
        ),
        Column(key="next_step", title=message("Next step"), kind=CellKind.NEXT_STEP, width=180, cell=_step),
    )


def describe(currency: str, number: int, rows: Sequence[Row]) -> Message:
    """Return what is selected: how many customers and, where all are in memory, their open deals."""
    known = [row.extra for row in rows if isinstance(row.extra, ListExtras)]
    total = sum(extra.open_minor or 0 for extra in known)
    if len(known) < number or not total:
        return message("{count} selected", count=figure(number))
    return message(
        "{count} selected · open {amount}", count=figure(number), amount=money(Money(total, currency))
    )


def _last_contact(row: Row) -> CellText:
    at_ms = row.record.get(LAST_CONTACT)
    return EMPTY_CELL if at_ms is None else CellText(near_date(local(at_ms).date()))


def _pool_due(row: Row) -> CellText:
    at_ms = row.record.get(POOL_DUE)
    return EMPTY_CELL if at_ms is None else CellText(near_date(local(at_ms).date()))


def _open(row: Row, currency: str) -> CellText:
    extra = row.extra
    if not isinstance(extra, ListExtras) or extra.open_minor is None:
        return EMPTY_CELL
    return CellText(money(Money(extra.open_minor, currency), symbol=False))


def _step(row: Row) -> CellText:
    step = step_shown(row.extra.next_step if isinstance(row.extra, ListExtras) else None)
    return CellText(show(step.text), step)
