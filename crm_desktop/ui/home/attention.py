"""What needs somebody, and what to do about it: edits that came back, mentions, deadlines, quiet deals."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message, plural
from crm_core.money import Money
from crm_core.times import DAY_MS
from crm_desktop.models.replica import Replica
from crm_desktop.services import attention
from crm_desktop.services.attention import ATTENTION_A_GROUP, AttentionItem
from crm_desktop.services.calendar import local
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import clock, duration, figure, money, near_date, near_moment, weekday_date
from crm_desktop.ui.home import words
from crm_desktop.ui.home.home_card import HomeCard
from crm_desktop.ui.home.lines import refill
from crm_desktop.ui.places import PAGE_OF_ENTITY, place_showing
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import ICON_INLINE
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.cards import GroupRow, InfoRow
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import IconLabel, Label

MOST_A_GROUP = 3
VERY_QUIET_DAYS = 30
SOON_DAYS = 2
_GROUPS: tuple[tuple[str, Message], ...] = (
    ("returned", message("Changes that came back")),
    ("mentions", message("You were mentioned")),
    ("tickets", message("Deadlines")),
    ("quotes", message("Quotes that expire this week")),
    ("payments", message("Payments due")),
    ("contracts", message("Contracts to renew")),
    ("purchases", message("Customers due to buy again")),
    ("deals", message("Quiet deals")),
    ("pool", message("Return to the pool this week")),
)


class AttentionCard(HomeCard):
    """Groups of things to act on, the most pressing first."""

    key = "attention"
    follows = frozenset(
        (
            *("instalment", "receipt_share", "ticket", "quote", "contract", "order"),
            *("deal", "activity", "customer", "comment", "stage", "pipeline"),
        )
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Needs attention"), flush=True)
        self._items: tuple[AttentionItem, ...] | None = None
        self.rows = QVBoxLayout()
        self.rows.setSpacing(0)
        self.body.addLayout(self.rows)
        self.nothing = EmptyState("check", message("Nothing needs you"))
        self.nothing.hide()
        self.body.addWidget(self.nothing, 1)
        self.body.addStretch(1)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the groups."""
        return lambda: attention.attention(replica)

    def take(self, read: Any) -> None:
        """Show the groups."""
        if read != self._items:  # rows are dear to make
            self._items = read
            self._show()

    def tick(self) -> None:
        """Say anew how late things are."""
        self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if getattr(self, "_items", None) is not None:
            self._show()

    def _show(self) -> None:
        if self._items is None:
            return
        rows: list[QWidget] = []
        now_ms = self.context.replica.clock.now_ms()
        cut = False
        for group, title in _GROUPS:
            items = [item for item in self._items if item.group == group]
            if not items:
                continue
            full = len(items) >= ATTENTION_A_GROUP
            cut = cut or full
            count: Text = message("{count} or more", count=len(items)) if full else figure(len(items))
            rows.append(GroupRow(title, count))
            shown = items[:MOST_A_GROUP]
            rows += [self._row(item, now_ms, lined=item is not shown[-1]) for item in shown]
        refill(self.rows, rows)
        self.nothing.setVisible(not self._items)
        number = len(self._items)
        counted = plural(number, message("1 item"), message("{count} items", count=figure(number)))
        self.set_remark("" if cut or not self._items else counted)

    def _row(self, item: AttentionItem, now_ms: int, *, lined: bool) -> InfoRow:
        title, line, state = _DRESS[item.group](item, now_ms)
        row = InfoRow(title, line, icon=SCHEMAS[item.entity].meta.icon, right=state, lined=lined)
        row.setFixedHeight(row.sizeHint().height())
        row.opened.connect(lambda: self._on_row_opened(item))
        return row

    def _on_row_opened(self, item: AttentionItem) -> None:
        page = PAGE_OF_ENTITY.get(item.entity)
        if item.group == "returned" or page is None:
            self.context.go.emit(Place(page="sync"))
            return
        shown_on = item.shown_on or (item.entity, item.record_id)
        self.context.go.emit(place_showing(item.entity, item.record_id, shown_on, item.tab))


class _State(QWidget):
    """A shape and a word at the right of a row, in one colour."""

    def __init__(self, icon: str, said: Text, color: str) -> None:
        super().__init__()
        label = Label(said, color=color)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(7))
        row.addWidget(IconLabel(icon, color=color, size=ICON_INLINE))
        row.addWidget(label)
        self.setAccessibleName(label.text())


def _ticket(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    moment = local(item.at_ms)
    today = moment.date() == local(now_ms).date()
    time = clock(moment) if today else near_moment(moment, local(now_ms))
    if item.subtitle == "reply":
        line = (
            message("First reply was due {time}: answer now", time=time)
            if item.late
            else message("First reply due {time}: answer", time=time)
        )
    elif item.subtitle == "next":
        line = (
            message("Reply was due {time}: answer now", time=time)
            if item.late
            else message("Reply due {time}: answer", time=time)
        )
    else:
        line = (
            message("Solution was due {time}: solve it, or say when", time=time)
            if item.late
            else message("Solution due {time}", time=time)
        )
    left = duration(datetime.timedelta(milliseconds=item.at_ms - now_ms))
    return item.title, line, _State("overdue", left, "bad") if item.late else _State("clock", left, "warn")


def _quote(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    title: Text = item.title
    if item.subtitle:
        title = message("{number} · {customer}", number=item.title, customer=item.subtitle)
    amount = (
        Money(item.amount_minor, item.currency) if item.amount_minor is not None and item.currency else None
    )
    day = local(item.at_ms).date()
    soon = (day - local(now_ms).date()).days <= SOON_DAYS
    line = message("{amount}: ask for the decision", amount=money(amount))
    return title, line, _State("clock", weekday_date(day), "warn" if soon else "text-soft")


def _payment(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    title: Text = item.title
    if item.subtitle:
        title = message("{number} · {customer}", number=item.title, customer=item.subtitle)
    amount = Money(item.amount_minor or 0, item.currency or "")
    day = near_date(local(item.at_ms).date(), local(now_ms).date())
    if item.late:
        line = message("{amount} has not come: call, or match what came", amount=money(amount))
        return title, line, _State("overdue", day, "bad")
    return title, message("{amount} to come", amount=money(amount)), _State("clock", day, "warn")


def _contract(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    title: Text = item.title
    if item.subtitle:
        title = message("{number} · {customer}", number=item.title, customer=item.subtitle)
    day = local(item.at_ms).date()
    soon = (day - local(now_ms).date()).days <= SOON_DAYS
    line = message("Ends soon: renew it, or give notice")
    return title, line, _State("clock", near_date(day), "warn" if soon else "text-soft")


def _purchase(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    title = message("{customer}: {product}", customer=item.subtitle, product=item.title)
    day = local(item.at_ms).date()
    return title, item.why or "", _State("clock", near_date(day), "warn" if item.late else "text-soft")


def _deal(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    title: Text = item.title
    if item.subtitle:
        title = message("{deal}, {customer}", deal=item.title, customer=item.subtitle)
    quiet = words.quiet_words(item.at_ms, now_ms)
    far = now_ms - item.at_ms > VERY_QUIET_DAYS * DAY_MS
    line = (
        message("No contact: call, or plan the next step")
        if item.late
        else message("In its stage for too long: move it, or plan the next step")
    )
    return title, line, _State("clock", quiet, "warn" if far else "text-soft")


def _returned(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    when = near_moment(local(item.at_ms), local(now_ms))
    line = (
        message("{field}: keep yours or that of HQ", field=Message(item.subtitle))
        if item.subtitle
        else message("Keep yours or that of HQ")
    )
    return item.title or Message(SCHEMAS[item.entity].meta.label), line, _State("conflict", when, "bad")


def _mention(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    when = near_moment(local(item.at_ms), local(now_ms))
    return (
        item.title,
        message("{who}: answer, or tick the task off", who=item.subtitle),
        _State("reply", when, "text-soft"),
    )


def _leaving(item: AttentionItem, now_ms: int) -> tuple[Text, Text, QWidget]:
    when = near_date(local(item.at_ms).date(), local(now_ms).date())
    line = message("Log a visit or a call, or it is nobody's")
    return item.title, line, _State("overdue" if item.late else "clock", when, "bad" if item.late else "warn")


_DRESS: dict[str, Callable[[AttentionItem, int], tuple[Text, Text, QWidget]]] = {
    "returned": _returned,
    "mentions": _mention,
    "pool": _leaving,
    "tickets": _ticket,
    "quotes": _quote,
    "payments": _payment,
    "contracts": _contract,
    "purchases": _purchase,
    "deals": _deal,
}
