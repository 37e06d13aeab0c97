"""Order lines of many millions, and what reports come to over them, reckoned by fractions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from crm_core.ids import named_id
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.report_text import parse_term
from crm_core.rules.reports import Measure, Report, ReportTable, Take
from crm_core.rules.segments import AllOf

_LINES = ((99_999_999_99, "123.456", "12.5"), (7_777_777_77, "999.000001", "0.01"), (1, "0.01", "99.99"))
_ORDER = named_id("order", "large")
_NET = "unit_price * quantity * (1 - discount_percent / 100)"
_BACK = f"(unit_price - unit_price - {_NET}) / quantity"


def large_lines() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield an order and its lines as plain values: (entity, id, values)."""
    customer = named_id("customer", "large")
    yield "customer", customer, {"name": "Large"}
    order = {"number": "O-large", "customer_id": customer, "status": "draft", "currency": "CNY"}
    yield "order", _ORDER, order
    for place, (price, quantity, discount) in enumerate(_LINES):
        line = {"unit_price": price, "currency": "CNY", "quantity": quantity, "discount_percent": discount}
        more = {"order_id": _ORDER, "description": "L", "tax_rate": "0"}
        yield "order_line", named_id("order_line", f"large {place}"), {**more, **line}


def demand_large_sums(count: Callable[[Report], ReportTable]) -> None:
    """Demand that a report over these lines comes to what they come to."""
    of_it = Condition(field="order_id", op=Op.EQUAL, value=_ORDER)
    net, back, each = [], [], []
    for price, quantity, discount in ((Fraction(p), Fraction(q), Fraction(d)) for p, q, d in _LINES):
        net.append(_cut(_cut(price * quantity) * (1 - discount / 100)))
        back.append(_cut(-net[-1] / quantity))
        each.append(_cut(price / quantity))
    for text, by_hand in ((_NET, net), (_BACK, back), ("unit_price / quantity", each)):
        measures = tuple(Measure(take=take, of=parse_term(text)) for take in (Take.SUM, Take.LEAST))
        (row,) = count(Report(entity="order_line", rule=AllOf((of_it,)), measures=measures)).rows
        assert row.figures == (_rounded(sum(by_hand, Fraction(0))), _rounded(min(by_hand))), text


def _cut(value: Fraction) -> Fraction:
    return Fraction(math.trunc(value * 10**6), 10**6)


def _rounded(value: Fraction) -> int:
    """Return whole minor units, halves away from zero."""
    size = math.floor(abs(value) + Fraction(1, 2))
    return size if value >= 0 else -size
