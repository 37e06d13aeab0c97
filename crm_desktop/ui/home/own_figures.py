"""The person's month in figures, and how far the targets of today are reached."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message, plural
from crm_core.money import Money
from crm_core.rules.targets import AMOUNT, Standing
from crm_desktop.models.conditions import Condition
from crm_desktop.models.replica import Replica
from crm_desktop.services import targets
from crm_desktop.services.calendar import local
from crm_desktop.services.targets import OwnFigures, OwnMonth, Progress
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure, money, near_moment, percent
from crm_desktop.ui.home import words
from crm_desktop.ui.home.home_card import HomeCard
from crm_desktop.ui.home.lines import refill
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.progress import Gauge

_TARGET = SCHEMAS["target"]


class OwnFiguresCard(HomeCard):
    """What was won and done this month; below it each target with its pace, the person's own first."""

    key = "own_figures"
    follows = frozenset(("deal", "stage", "activity", "customer", "target", "user", "team", "role"))

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("My figures"))
        self._figures: OwnFigures | None = None
        self.rows = QVBoxLayout()
        self.rows.setSpacing(14)
        self.body.addLayout(self.rows)
        self.set_button = Button(message("Set a target"), Kind.LINK, weight=400)
        self.set_button.clicked.connect(self._on_set_clicked)
        row = QHBoxLayout()
        row.addWidget(self.set_button)
        row.addStretch(1)
        self.body.addLayout(row)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what counts the month and the targets."""
        return lambda: targets.own_figures(replica)

    def take(self, read: Any) -> None:
        """Show the figures."""
        self.offered = read.month is not None or bool(read.progress)
        if read != self._figures:
            self._figures = read
            self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if getattr(self, "_figures", None) is not None:
            self._show()

    def _show(self) -> None:
        shown = self._figures
        if shown is None:
            return
        blocks = [] if shown.month is None else [self._month(shown.month, shown.progress)]
        blocks += [_TargetBlock(each, lambda each=each: self._open(each)) for each in shown.progress]
        refill(self.rows, blocks)
        self.set_button.setVisible(shown.may_set and not shown.progress)
        age: Text = ""
        if shown.progress:
            age = (
                message("targets as of {time}", time=near_moment(local(shown.as_of_ms)))
                if shown.as_of_ms
                else message("on this laptop only")
            )
        self.set_remark(age)

    def _month(self, month: OwnMonth, progress: tuple[Progress, ...]) -> QWidget:
        name = words.month_name(month.first)
        # Told by the target below where there is one for the very month.
        told = any(
            each.mine and each.measure == AMOUNT and each.period.startswith("m") and not each.product
            for each in progress
        )
        block = QWidget()
        column = QVBoxLayout(block)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = Button(message("{month} so far", month=name), Kind.LINK, weight=400)
        head.clicked.connect(
            lambda: self.drill("pipeline", month.conditions, message("Won in {month}", month=name))
        )
        column.addWidget(_left(head))
        if not told:
            for place, amount in enumerate(month.won or (None,)):
                said = money(amount) if amount is not None else figure(month.won_count)
                column.addWidget(Label(said, step="figure" if place == 0 else "section"))
        column.addWidget(ElidedLabel(_done_words(month), step="caption", color="text-soft"))
        return block

    def _open(self, each: Progress) -> None:
        conditions: tuple[Condition, ...] = each.conditions
        self.drill(PAGE_OF_ENTITY[each.entity], conditions, heading(each))

    def _on_set_clicked(self) -> None:
        self.context.go.emit(Place(page="targets", options={"new": "target"}))


class _TargetBlock(QWidget):
    """One target: what of what, the gauge with the even pace, and the day of the period."""

    def __init__(self, shown: Progress, opens: Callable[[], None]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        said = heading(shown)
        head = Button(said, Kind.LINK, weight=400)
        head.clicked.connect(lambda: opens())
        column.addWidget(_left(head))
        row = QHBoxLayout()
        row.setSpacing(S)
        self.reached = Label(_value(shown.reached, shown.currency), step="title")
        goal = message("of {goal}", goal=_value(shown.goal, shown.currency))
        self.percent = Label(percent(shown.percent), weight=600)
        row.addWidget(self.reached)
        row.addWidget(Label(goal, color="text-soft"), 1)
        row.addWidget(self.percent)
        column.addLayout(row)
        behind = shown.standing is Standing.BELOW
        done = shown.percent >= 100
        self.gauge = Gauge(
            Decimal(shown.percent) / 100,
            tone="good" if done else "warn" if behind else "accent",
            tick=Decimal(shown.even_percent) / 100,
            name=said,
        )
        column.addWidget(self.gauge)
        foot = QHBoxLayout()
        self.pace = Label(_pace_words(shown), step="caption", color="text-soft")
        foot.addWidget(self.pace, 1)
        left = plural(
            shown.pace.left,
            message("1 day left"),
            message("{count} days left", count=figure(shown.pace.left)),
        )
        foot.addWidget(Label(left, step="caption", color="text-soft"))
        column.addLayout(foot)
        if shown.others:
            others = plural(
                shown.others,
                message("1 deal in another currency left out"),
                message("{count} deals in other currencies left out", count=figure(shown.others)),
            )
            column.addWidget(ElidedLabel(others, step="caption", color="text-soft"))


def heading(shown: Progress) -> Message:
    """Return what a target is called: its period, what counts and whose it is."""
    when = _period_words(shown)
    what: Text = Message(_TARGET.fields["measure"].choice_label(shown.measure))
    if shown.product:
        what = message("{measure}, {product}", measure=what, product=shown.product)
    if shown.mine:
        return message("{period} · {measure}", period=when, measure=what)
    whose: Text = shown.whose or message("Whole company")
    return message("{whose} · {period} · {measure}", whose=whose, period=when, measure=what)


def _period_words(shown: Progress) -> Text:
    if shown.period == "year":
        return str(shown.year)
    period = Message(_TARGET.fields["period"].choice_label(shown.period))
    return message("{period} {year}", period=period, year=str(shown.year))


def _pace_words(shown: Progress) -> Message:
    day, days = figure(shown.pace.day), figure(shown.pace.days)
    if shown.percent >= 100:
        return message("Reached · day {day} of {days}", day=day, days=days)
    even = percent(shown.even_percent)
    return message("Day {day} of {days} · even pace {percent}", day=day, days=days, percent=even)


def _value(value: int, currency: str | None) -> str:
    return figure(value) if currency is None else money(Money(value, currency))


def _done_words(month: OwnMonth) -> Message:
    deals, visits, calls, customers = month.won_count, month.visits, month.calls, month.new_customers
    return message(
        "{deals} · {visits} · {calls} · {customers}",
        deals=plural(deals, message("1 deal"), message("{count} deals", count=figure(deals))),
        visits=plural(visits, message("1 visit"), message("{count} visits", count=figure(visits))),
        calls=plural(calls, message("1 call"), message("{count} calls", count=figure(calls))),
        customers=plural(
            customers, message("1 new customer"), message("{count} new customers", count=figure(customers))
        ),
    )


def _left(button: Button) -> QWidget:
    """Return a button at the left, as wide as its words."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(button)
    row.addStretch(1)
    return holder
