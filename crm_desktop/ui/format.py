"""Dates, times, money and other figures as a reader of the language on screen writes them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal

from PySide6.QtCore import QDate, QLocale

from crm_core.money import Money, digits
from crm_desktop.ui.translate import tr, translator

MINUS = "\N{MINUS SIGN}"
NOTHING = "\N{EM DASH}"
"""What a cell without a value shows."""
HALF_A_YEAR = 183
"""Days in which a day and a month alone say which year is meant."""

_SYMBOLS = {"CNY": "¥", "JPY": "JP¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$"}


def _locale() -> QLocale:
    return translator().locale


def _pattern(day: date, pattern: str) -> str:
    return _locale().toString(QDate(day.year, day.month, day.day), pattern)


def short_date(day: date, today: date | None = None) -> str:
    """Return `24 Nov` or `11月24日`; with the year where it is not that of `today`."""
    this_year = (today or date.today()).year == day.year  # noqa: DTZ011 - the laptop's own calendar day
    if translator().language == "zh_CN":
        return _pattern(day, "M月d日" if this_year else "yyyy年M月d日")
    return _pattern(day, "d MMM" if this_year else "d MMM yyyy")


def coming_date(day: date, today: date | None = None) -> str:
    """Return a day that is planned for: without the year where it is less than half a year ahead."""
    now = today or date.today()  # noqa: DTZ011 - the laptop's own calendar day
    ahead = (day - now).days
    return short_date(day, day if 0 <= ahead < HALF_A_YEAR else now)


def near_date(day: date, today: date | None = None) -> str:
    """Return today, yesterday or tomorrow in words, any other day as `short_date`."""
    now = today or date.today()  # noqa: DTZ011 - the laptop's own calendar day
    away = (day - now).days
    if away == 0:
        return tr("Today")
    if away == -1:
        return tr("Yesterday")
    if away == 1:
        return tr("Tomorrow")
    return short_date(day, now)


def weekday(day: date) -> str:
    """Return the weekday's short name, `Thu` or `周四`."""
    return _pattern(day, "ddd")


def weekday_date(day: date) -> str:
    """Return `Thu 26 Nov` or `11月26日 周四`."""
    return _pattern(day, "M月d日 ddd" if translator().language == "zh_CN" else "ddd d MMM")


def long_date(day: date) -> str:
    """Return `Tuesday, 24 November` or `11月24日 星期二`."""
    return _pattern(day, "M月d日 dddd" if translator().language == "zh_CN" else "dddd, d MMMM")


def month(day: date) -> str:
    """Return the month's short name, `Nov` or `11月`."""
    return _pattern(day, "M月" if translator().language == "zh_CN" else "MMM")


def clock(moment: time | datetime) -> str:
    """Return the time of day, `09:08`; an aware datetime in the laptop's zone."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        moment = moment.astimezone()
    return f"{moment.hour:02}:{moment.minute:02}"


def near_moment(moment: datetime, now: datetime | None = None) -> str:
    """Return the time alone for today, weekday and time for the six days before, else the date."""
    local = moment.astimezone()
    today = (now or datetime.now().astimezone()).astimezone().date()
    away = (today - local.date()).days
    if away == 0:
        return clock(local)
    if 0 < away < 7:
        return f"{_pattern(local.date(), 'ddd')} {clock(local)}"
    return short_date(local.date(), today)


def figure(value: int | Decimal, decimals: int | None = None) -> str:
    """Return a number grouped as the locale does, exactly; `decimals` pads or rounds half up."""
    exact = Decimal(value)
    if decimals is not None:
        exact = exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
    whole, _, part = f"{abs(exact):f}".partition(".")
    locale = _locale()
    text = locale.toString(int(whole)) if int(whole) < 2**63 else whole
    if part:
        text += locale.decimalPoint() + part
    return f"{MINUS}{text}" if exact < 0 else text


def money(amount: Money | None, *, symbol: bool = True, decimals: bool | None = None) -> str:
    """Return `¥128,000` or `¥4,327.08`; an em dash for no amount.

    `symbol` off where the column head names the unit; `decimals` None shows the minor unit only where
    there is some.
    """
    if amount is None:
        return NOTHING
    exact = amount.decimal()
    if decimals is None:
        decimals = exact != exact.to_integral_value()
    text = figure(abs(exact), digits(amount.currency) if decimals else 0)
    if symbol:
        sign = _SYMBOLS.get(amount.currency)
        text = f"{sign}{text}" if sign else f"{amount.currency} {text}"
    return f"{MINUS}{text}" if exact < 0 else text


def percent(share: Decimal | int, decimals: int = 0) -> str:
    """Return a share given in hundredths, `56 %`, as both languages' pages write it."""
    return f"{figure(Decimal(share), decimals)} %"


def duration(span: timedelta) -> str:
    """Return `46 min`, `4 h 05` or `3 d`, of the span's size without its sign."""
    minutes = int(abs(span).total_seconds() // 60)
    if minutes < 60:
        return tr("{minutes} min", minutes=minutes)
    if minutes < 24 * 60:
        return tr("{hours} h {minutes}", hours=minutes // 60, minutes=f"{minutes % 60:02}")
    return tr("{days} d", days=minutes // (24 * 60))


def file_size(size: int) -> str:
    """Return a size in bytes as `640 KB` or `18 MB`, in powers of 1000."""
    if size < 1000:
        return tr("{size} bytes", size=size)
    for unit in ("KB", "MB"):
        size_in_unit = Decimal(size) / 1000
        if size_in_unit < 1000:
            return f"{figure(size_in_unit, 1 if size_in_unit < 10 else 0)} {unit}"
        size //= 1000
    return f"{figure(Decimal(size) / 1000, 1)} GB"
