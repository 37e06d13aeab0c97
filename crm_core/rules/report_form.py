"""A report as plain values, as a record keeps it and a file carries it, and back."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from crm_core.rules.conditions import plain_condition, stored_condition
from crm_core.rules.reports import (
    MOST_DIGITS,
    Currencies,
    Days,
    FieldAt,
    Group,
    Measure,
    Number,
    Over,
    Period,
    Question,
    Reckoned,
    Report,
    Sign,
    Sort,
    Take,
    Term,
)
from crm_core.rules.segments import plain_rule, rule_of
from crm_core.schema.field import Plain

DEEPEST_TERM = 8


def plain_report(report: Report) -> dict[str, Plain]:
    """Return a report as plain values."""
    sort = report.sort
    return {
        "entity": report.entity,
        "rule": plain_rule(report.rule),
        "rows": [_plain_group(each) for each in report.rows],
        "columns": [_plain_group(each) for each in report.columns],
        "measures": [_plain_measure(each) for each in report.measures],
        "sort": None if sort is None else [sort.place, sort.by_measure, sort.descending],
        "top": report.top,
        "questions": [
            {"key": each.key, "label": each.label, "condition": plain_condition(each.condition)}
            for each in report.questions
        ],
        "currencies": report.currencies.value,
        "zone": report.zone,
        "first_weekday": report.first_weekday,
    }


def stored_report(stored: Any) -> Report | None:
    """Return the report a record keeps; None where a newer version wrote what this cannot read."""
    try:
        return _report(stored)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def _report(stored: Any) -> Report:
    if not isinstance(stored, Mapping):
        raise TypeError(stored)
    rule = rule_of(stored["rule"])
    if rule is None:
        raise ValueError(stored["rule"])
    sort = stored.get("sort")
    return Report(
        entity=str(stored["entity"]),
        rule=rule,
        rows=tuple(_group(each) for each in stored.get("rows") or ()),
        columns=tuple(_group(each) for each in stored.get("columns") or ()),
        measures=tuple(_measure(each) for each in stored["measures"]),
        sort=None
        if sort is None
        else Sort(place=int(sort[0]), by_measure=bool(sort[1]), descending=bool(sort[2])),
        top=int(stored.get("top") or 0),
        questions=tuple(
            Question(
                key=str(each["key"]),
                label=str(each["label"]),
                condition=stored_condition(each["condition"]),
            )
            for each in stored.get("questions") or ()
        ),
        currencies=Currencies(stored.get("currencies") or Currencies.APART),
        zone=str(stored.get("zone") or ""),
        first_weekday=int(stored.get("first_weekday") or 0),
    )


def _plain_group(group: Group) -> dict[str, Plain]:
    return {"field": group.field, "period": group.period.value if group.period is not None else None}


def _group(stored: Any) -> Group:
    period = stored.get("period")
    return Group(field=str(stored["field"]), period=Period(period) if period is not None else None)


def _plain_measure(measure: Measure) -> dict[str, Plain]:
    return {
        "take": measure.take.value,
        "of": _plain_term(measure.of) if measure.of is not None else None,
        "only": plain_rule(measure.only) if measure.only is not None else None,
        "over": measure.over.value,
        "label": measure.label,
    }


def _measure(stored: Any) -> Measure:
    term, only = stored.get("of"), stored.get("only")
    rule = rule_of(only) if only is not None else None
    if only is not None and rule is None:
        raise ValueError(only)
    return Measure(
        take=Take(stored["take"]),
        of=_term(term, 0) if term is not None else None,
        only=rule,
        over=Over(stored.get("over") or ""),
        label=str(stored.get("label") or ""),
    )


def _plain_term(term: Term) -> Plain:
    match term:
        case FieldAt(path):
            return {"field": path}
        case Number(value):
            return {"number": f"{value:f}"}
        case Days(first, last):
            return {"days": [first, last]}
        case Reckoned(left, sign, right):
            return {"sign": sign.value, "terms": [_plain_term(left), _plain_term(right)]}


def _term(stored: Any, depth: int) -> Term:
    if depth > DEEPEST_TERM:
        raise ValueError(stored)
    if "field" in stored:
        return FieldAt(str(stored["field"]))
    if "number" in stored:
        number = Decimal(stored["number"])
        # Whoever makes a report by hand could have one written with a billion noughts.
        if not number.is_finite() or not -MOST_DIGITS <= number.adjusted() <= MOST_DIGITS:
            raise ValueError(stored["number"])
        return Number(number)
    if "days" in stored:
        first, last = stored["days"]
        return Days(str(first), str(last))
    left, right = stored["terms"]
    return Reckoned(_term(left, depth + 1), Sign(stored["sign"]), _term(right, depth + 1))
