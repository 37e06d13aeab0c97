"""Numbers and amounts as files write them: separators, signs, currency marks, 万 and 亿."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

_MARKS = {
    "¥": "CNY",
    "￥": "CNY",
    "元": "CNY",
    "人民币": "CNY",
    "rmb": "CNY",
    "hk$": "HKD",
    "us$": "USD",
    "$": "USD",
    "美元": "USD",
    "€": "EUR",
    "欧元": "EUR",
    "£": "GBP",
    "英镑": "GBP",
    "日元": "JPY",
}
_SCALES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}
_CORE = re.compile(
    r"(?P<before>[^\d+\-.,(]*)(?P<sign>[+\-−]?)\s*(?P<mark>[^\d+\-.,(\s]*)\s*"
    r"(?P<digits>\d[\d.,'’ ]*|[.,]\d+)\s*(?P<scale>[万亿]?)\s*(?P<after>.*)\Z",
    re.DOTALL,
)
_NOT_DIGITS = re.compile(r"\D")
_GROUPED = re.compile(r"\d{1,3}(?:[,'’ ]\d{3})+\Z|\d{1,2}(?:,\d{2})*,\d{3}\Z|\d+\Z")
_DECIMAL_COMMA = re.compile(r"\d,\d{1,2}(?!\d)\D*\Z|\d\.\d{3},\d|\d,\d{4,}\D*\Z")
_DECIMAL_POINT = re.compile(r",\d{3}\.\d|,\d{3},\d{3}|\d\.\d{1,2}(?!\d)\D*\Z")


class Written(NamedTuple):
    """A number as it stood in a cell."""

    number: Decimal
    unit: str
    """What stood around it: a currency's code or mark, `%`, or nothing."""


def comma_is_decimal(cells: Iterable[str]) -> bool:
    """Tell whether a column writes `1.234,50`: some cell must say so and none the opposite."""
    comma = False
    for cell in cells:
        plain = unicodedata.normalize("NFKC", cell)
        if _DECIMAL_POINT.search(plain):
            return False
        comma = comma or bool(_DECIMAL_COMMA.search(plain))
    return comma


def read_number(text: str, decimal_comma: bool) -> Written:
    """Return the number and its unit. Raises ValueError where it is none.

    A bracketed number is negative, as accountants write it. Separators between groups must stand where
    groups end: `1,5` is no fifteen.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    negative = plain.startswith("(") and plain.endswith(")")
    found = _CORE.match(plain[1:-1].strip() if negative else plain)
    if found is None:
        raise ValueError(text)
    digits = found["digits"].strip()
    whole, mark, fraction = digits.partition("," if decimal_comma else ".")
    if decimal_comma:
        whole = whole.replace(".", ",")
    if not (_GROUPED.match(whole) or (not whole and fraction)) or (
        mark and not re.fullmatch(r"\d*", fraction)
    ):
        raise ValueError(text)
    number = Decimal(f"{_NOT_DIGITS.sub('', whole) or '0'}.{fraction or '0'}")
    if found["scale"]:
        number *= _SCALES[found["scale"]]
    if negative or found["sign"] in ("-", "−"):
        number = -number
    units = [part.strip() for part in (found["before"], found["mark"], found["after"]) if part.strip()]
    if len(units) > 1:
        raise ValueError(text)
    return Written(number, units[0] if units else "")


def currency_of(unit: str, default: str) -> str:
    """Return the ISO 4217 code for what stood beside an amount. Raises ValueError for another word.

    The yen sign alone is the company's currency where that is the yen, else the yuan.
    """
    if not unit:
        return default
    if unit in ("¥", "￥") and default == "JPY":
        return "JPY"
    known = _MARKS.get(unit.lower())
    if known:
        return known
    if re.fullmatch(r"[A-Za-z]{3}", unit):
        return unit.upper()
    raise ValueError(unit)
