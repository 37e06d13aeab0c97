"""What the home page says of a day: its visits and calls, how late a task is, how old the figures are."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QLocale

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message, plural
from crm_core.money import Money
from crm_desktop.services.activities import Agenda, AgendaItem
from crm_desktop.services.calendar import local
from crm_desktop.services.figures import DataAge
from crm_desktop.ui.format import clock, figure, near_moment
from crm_desktop.ui.translate import show, tr, translator

_KIND = SCHEMAS["activity"].fields["kind"]


def kind_words(kind: str) -> str:
    """Return what a kind of activity is called."""
    return tr(_KIND.choice_label(kind))


def meets(item: AgendaItem) -> bool:
    """Say whether an activity has its place in the day, as a task has not."""
    return item.kind != "task"


def summary_words(agenda: Agenda) -> Message:
    """Return the day in one line: what stands in it, and what is late."""
    numbers = {
        kind: sum(item.kind == kind for item in agenda.today) for kind in ("visit", "meeting", "call", "mail")
    }
    counted = [_counted(kind, number) for kind, number in numbers.items() if number]
    planned = _listed(counted)
    if agenda.late_total == 0:
        return planned
    late = plural(
        agenda.late_total,
        message("1 task overdue"),
        message("{count} tasks overdue", count=figure(agenda.late_total)),
    )
    return message("{planned} · {late}", planned=planned, late=late)


def age_words(age: DataAge) -> Message:
    """Return whose figures these are and how old: `Your 2,310 customers, as of 10:42`."""
    count = figure(age.customers)
    if age.as_of_ms is None:
        return plural(
            age.customers,
            message("Your 1 customer, on this laptop only"),
            message("Your {count} customers, on this laptop only", count=count),
        )
    time = near_moment(local(age.as_of_ms))
    return plural(
        age.customers,
        message("Your 1 customer, as of {time}", time=time),
        message("Your {count} customers, as of {time}", count=count, time=time),
    )


def next_words(agenda: Agenda, now_ms: int) -> Message | str:
    """Return what comes next today; empty where nothing does."""
    coming = next((i for i in agenda.today if meets(i) and not i.done and i.at_ms >= now_ms), None)
    if coming is None:
        return ""
    who = coming.customer_name or coming.subject
    return message("Next: {who} at {time}", who=who, time=clock(local(coming.at_ms)))


def late_words(at_ms: int, now_ms: int) -> str:
    """Return how late something is: `due 09:30`, `1 day late`, `3 days late`."""
    due = local(at_ms)
    days = (local(now_ms).date() - due.date()).days
    if days < 1:
        return tr("due {time}", time=clock(due))
    return show(plural(days, message("1 day late"), message("{days} days late", days=days)))


def quiet_words(at_ms: int, now_ms: int) -> str:
    """Return how long nothing has happened."""
    days = max((local(now_ms).date() - local(at_ms).date()).days, 0)
    return show(plural(days, message("1 day"), message("{days} days", days=days)))


def major(minor: int, currency: str) -> Decimal:
    """Return an amount in whole units of its currency."""
    return Money(minor, currency).decimal()


def month_letter(day: datetime.date) -> str:
    """Return a month as short as it goes: `N`, or `11` in Chinese."""
    if translator().language == "zh_CN":
        return str(day.month)
    return translator().locale.standaloneMonthName(day.month, QLocale.FormatType.NarrowFormat)


def month_name(day: datetime.date) -> str:
    """Return month and year in full."""
    locale = translator().locale
    if translator().language == "zh_CN":
        return f"{day.year}年{day.month}月"
    return f"{locale.standaloneMonthName(day.month, QLocale.FormatType.LongFormat)} {day.year}"


def _counted(kind: str, number: int) -> Message:
    if number == 1:
        return {
            "visit": message("1 visit"),
            "meeting": message("1 meeting"),
            "call": message("1 call"),
            "mail": message("1 mail"),
        }[kind]
    return {
        "visit": message("{count} visits", count=number),
        "meeting": message("{count} meetings", count=number),
        "call": message("{count} calls", count=number),
        "mail": message("{count} mails", count=number),
    }[kind]


def _listed(parts: Sequence[Message]) -> Message:
    match list(parts):
        case []:
            return message("Nothing planned today")
        case [only]:
            return only
        case [first, second]:
            return message("{first} and {second}", first=first, second=second)
        case [first, second, third]:
            return message("{first}, {second} and {third}", first=first, second=second, third=third)
        case [first, second, third, *rest]:
            return message(
                "{first}, {second}, {third} and {fourth}",
                first=first,
                second=second,
                third=third,
                fourth=rest[0],
            )
    raise AssertionError  # every length is above
