"""Figures as a reader of each language writes them."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from PySide6.QtWidgets import QApplication

from crm_core.money import Money
from crm_desktop.ui import format as written
from crm_desktop.ui.translate import translator

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("day", "english", "chinese"),
    [
        (date(2026, 11, 24), "Today", "今天"),
        (date(2026, 11, 23), "Yesterday", "昨天"),
        (date(2026, 11, 25), "Tomorrow", "明天"),
        (date(2026, 9, 5), "5 Sep", "9月5日"),
        (date(2025, 12, 31), "31 Dec 2025", "2025年12月31日"),
    ],
)
def test_days_near_by_are_words_and_others_dates(
    look: QApplication, day: date, english: str, chinese: str
) -> None:
    assert written.near_date(day, TODAY) == english
    translator().use("zh_CN")
    assert written.near_date(day, TODAY) == chinese


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2027, 1, 17), "17 Jan"),
        (date(2027, 7, 17), "17 Jul 2027"),
        (date(2026, 1, 17), "17 Jan"),
        (date(2025, 12, 31), "31 Dec 2025"),
    ],
)
def test_a_day_planned_for_needs_no_year_within_half_a_year(look: QApplication, day: date, text: str) -> None:
    assert written.coming_date(day, TODAY) == text


def test_long_dates_name_the_day_of_the_week(look: QApplication) -> None:
    assert written.long_date(TODAY) == "Tuesday, 24 November"
    assert written.weekday_date(TODAY) == "Tue 24 Nov"
    translator().use("zh_CN")
    assert written.long_date(TODAY) == "11月24日 星期二"


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (Money(12_800_000, "CNY"), "¥128,000"),
        (Money(-432_708, "CNY"), "\N{MINUS SIGN}¥4,327.08"),
        (Money(5, "USD"), "$0.05"),
        (Money(1_500, "JPY"), "JP¥1,500"),
        (Money(1_500, "KWD"), "KWD 1.500"),
        (None, "\N{EM DASH}"),
    ],
)
def test_money_is_grouped_and_exact(look: QApplication, amount: Money | None, text: str) -> None:
    assert written.money(amount) == text


def test_money_without_its_sign_stands_under_a_head_that_names_it(look: QApplication) -> None:
    amount = Money(34_592_000, "CNY")
    assert written.money(amount, symbol=False) == "345,920"
    assert written.money(amount, symbol=False, decimals=True) == "345,920.00"


def test_amounts_larger_than_any_float_keep_every_digit(look: QApplication) -> None:
    assert written.figure(9_007_199_254_740_993) == "9,007,199,254,740,993"
    assert written.figure(Decimal("0.1") + Decimal("0.2")) == "0.3"


@pytest.mark.parametrize(
    ("span", "english", "chinese"),
    [
        (timedelta(minutes=46), "46 min", "46 分钟"),
        (timedelta(hours=4, minutes=5), "4 h 05", "4 小时 05 分"),
        (timedelta(days=-3, minutes=-5), "3 d", "3 天"),
    ],
)
def test_durations_take_one_or_two_units(
    look: QApplication, span: timedelta, english: str, chinese: str
) -> None:
    assert written.duration(span) == english
    translator().use("zh_CN")
    assert written.duration(span) == chinese


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (640, "640 bytes"),
        (8_400, "8.4 KB"),
        (640_000, "640 KB"),
        (18_300_000, "18 MB"),
        (2_500_000_000, "2.5 GB"),
    ],
)
def test_file_sizes_are_short(look: QApplication, size: int, text: str) -> None:
    assert written.file_size(size) == text


def test_a_moment_is_as_short_as_it_is_near(look: QApplication) -> None:
    now = datetime(2026, 11, 24, 12, 0).astimezone()
    assert written.near_moment(now - timedelta(hours=2), now) == "10:00"
    assert written.near_moment(now - timedelta(days=1), now) == "Mon 12:00"
    assert written.near_moment(now - timedelta(days=30), now) == "25 Oct"
