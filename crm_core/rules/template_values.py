"""What stands in a template's places: values, how they are written, and what there is to choose from."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal, Self, get_args

from crm_core.i18n import Message
from crm_core.money import Money, digits
from crm_core.rules import figures
from crm_core.rules.words import chinese_capitals, english_words

DocumentLanguage = Literal["en", "zh", "both"]
LANGUAGES: tuple[str, ...] = get_args(DocumentLanguage)

_MONTHS: tuple[str, ...] = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
)
_MONTHS += ("October", "November", "December")


class Sort(StrEnum):
    """What kind of value a place takes: which filters fit."""

    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    TRUTH = "truth"
    PICTURE = "picture"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One value: what it is called and what it may look like."""

    label: Message
    sort: Sort
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Values under a name, reached by a dot."""

    label: Message
    fields: Mapping[str, Shape]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Several alike, gone through by a loop."""

    label: Message
    row: Part


Shape = Leaf | Part | Rows


class Amount(Decimal):
    """An amount of money: compares as its number, and knows its currency."""

    currency: str

    def __new__(cls, money: Money) -> Self:
        """Return the amount in whole units of its currency, with its decimals."""
        made = super().__new__(cls, money.decimal())
        made.currency = money.currency
        return made

    @property
    def money(self) -> Money:
        """The amount as money."""
        return Money(int(self.scaleb(digits(self.currency))), self.currency)


class Blank(str):
    """A value the record does not have: prints as nothing, and knows where it should have stood."""

    __slots__ = ("path",)

    path: str

    def __new__(cls, path: str) -> Self:
        """Return nothing, at a path such as `contact.phone`."""
        made = super().__new__(cls, "")
        made.path = path
        return made


def say_money(value: Any, _language: DocumentLanguage) -> str:
    """Return an amount with its currency, e.g. `CNY 386,000.00`."""
    return f"{value.currency} {figures.amount(value.money.minor, value.currency)}"


def say_amount(value: Any, _language: DocumentLanguage) -> str:
    """Return an amount without its currency."""
    return figures.amount(value.money.minor, value.currency)


def say_words(value: Any, _language: DocumentLanguage) -> str:
    """Return an amount in English words."""
    return english_words(value.money)


def say_capitals(value: Any, _language: DocumentLanguage) -> str:
    """Return an amount in Chinese capitals."""
    return chinese_capitals(value.money)


def say_date(value: Any, language: DocumentLanguage) -> str:
    """Return a day as the language writes it; in both languages as ISO 8601 does."""
    if language == "en":
        return f"{value.day} {_MONTHS[value.month - 1]} {value.year}"
    return f"{value.year}年{value.month}月{value.day}日" if language == "zh" else str(value.isoformat())


def say_number(value: Any, _language: DocumentLanguage) -> str:
    """Return a number without needless zeros."""
    return figures.quantity(Decimal(value))


def say_percent(value: Any, _language: DocumentLanguage) -> str:
    """Return a percentage."""
    return figures.percent(Decimal(value))


@dataclass(frozen=True, slots=True)
class Writing:
    """A way to write a value: what it takes, and what it makes."""

    takes: frozenset[Sort]
    write: Callable[[Any, DocumentLanguage], str]


_MONEY, _NUMBERS = frozenset((Sort.MONEY,)), frozenset((Sort.NUMBER, Sort.MONEY))
WRITINGS: Mapping[str, Writing] = {
    "money": Writing(_MONEY, say_money),
    "amount": Writing(_MONEY, say_amount),
    "words": Writing(_MONEY, say_words),
    "capitals": Writing(_MONEY, say_capitals),
    "date": Writing(frozenset((Sort.DATE,)), say_date),
    "number": Writing(_NUMBERS, say_number),
    "percent": Writing(frozenset((Sort.NUMBER,)), say_percent),
}


def written(value: Any, language: DocumentLanguage) -> str:
    """Return a value as a document writes it where no filter says how. `TypeError` for what is none."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool):
        return {"en": ("no", "yes"), "zh": ("否", "是"), "both": ("否 no", "是 yes")}[language][value]
    if isinstance(value, Amount):
        return say_money(value, language)
    if isinstance(value, (int, Decimal)):
        return say_number(value, language)
    if isinstance(value, datetime.date):
        return say_date(value, language)
    raise TypeError(type(value).__name__)
