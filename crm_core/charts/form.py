"""A chart as plain values, as a record keeps it, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from crm_core.charts.chart import (
    Band,
    Category,
    Chart,
    Form,
    Interval,
    Kind,
    Number,
    Role,
    Series,
    Text,
    Tone,
    Unit,
)
from crm_core.i18n import Message
from crm_core.schema.field import Plain

DEEPEST = 6
"""Messages within messages."""


def plain_chart(chart: Chart) -> dict[str, Plain]:
    """Return a chart as plain values."""
    interval = chart.interval
    return {
        "kind": chart.kind.value,
        "title": _plain_text(chart.title),
        "categories": [
            [each.key, _plain_text(each.label), _plain_text(each.name), each.current]
            for each in chart.categories
        ],
        "series": [
            [
                each.key,
                _plain_text(each.label),
                _plain_numbers(each.values),
                each.role.value,
                None if each.form is None else _plain_form(each.form),
            ]
            for each in chart.series
        ],
        "form": _plain_form(chart.form),
        "subtitle": _plain_text(chart.subtitle),
        "note": _plain_text(chart.note),
        "empty": _plain_text(chart.empty),
        "flags": [chart.stacked, chart.lying, chart.ring],
        "bands": [
            [_plain_number(each.since), each.tone.value, _plain_text(each.label)] for each in chart.bands
        ],
        "interval": None
        if interval is None
        else [
            _plain_text(interval.label),
            *(_plain_numbers(each) for each in (interval.middle, interval.low, interval.high)),
        ],
    }


def stored_chart(stored: Any) -> Chart | None:
    """Return the chart a record keeps; None where a newer version made it, or it is damaged."""
    try:
        return _chart(stored)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def _chart(stored: Mapping[str, Any]) -> Chart:
    stacked, lying, ring = stored["flags"]
    interval = stored["interval"]
    return Chart(
        kind=Kind(stored["kind"]),
        title=_text(stored["title"]),
        categories=tuple(
            Category(key=str(key), label=_text(label), name=_text(name), current=bool(current))
            for key, label, name, current in stored["categories"]
        ),
        series=tuple(
            Series(
                key=str(key),
                label=_text(label),
                values=_numbers(values),
                role=Role(role),
                form=None if form is None else _form(form),
            )
            for key, label, values, role, form in stored["series"]
        ),
        form=_form(stored["form"]),
        subtitle=_text(stored["subtitle"]),
        note=_text(stored["note"]),
        empty=_text(stored["empty"]),
        stacked=bool(stacked),
        lying=bool(lying),
        ring=bool(ring),
        bands=tuple(
            Band(since=_some(since), tone=Tone(tone), label=_text(label))
            for since, tone, label in stored["bands"]
        ),
        interval=None
        if interval is None
        else Interval(
            label=_text(interval[0]),
            middle=_numbers(interval[1]),
            low=_numbers(interval[2]),
            high=_numbers(interval[3]),
        ),
    )


def _plain_form(form: Form) -> Plain:
    return [form.unit.value, form.currency, form.decimals, form.thousands, form.adds]


def _form(stored: Any) -> Form:
    unit, currency, decimals, thousands, *later = stored
    return Form(
        unit=Unit(unit),
        currency=str(currency),
        decimals=None if decimals is None else int(decimals),
        thousands=bool(thousands),
        adds=bool(later[0]) if later else True,
    )


def _plain_number(value: Number | None) -> Plain:
    return f"{value:f}" if isinstance(value, Decimal) else value


def _plain_numbers(values: Sequence[Number | None]) -> list[Plain]:
    return [_plain_number(value) for value in values]


def _number(stored: Any) -> Number | None:
    if stored is None or (isinstance(stored, int) and not isinstance(stored, bool)):
        return stored
    if not isinstance(stored, str):
        raise TypeError(stored)
    found = Decimal(stored)
    if not found.is_finite():
        raise ValueError(stored)
    return found


def _some(stored: Any) -> Number:
    found = _number(stored)
    if found is None:
        raise ValueError(stored)
    return found


def _numbers(stored: Any) -> tuple[Number | None, ...]:
    return tuple(map(_number, stored))


def _plain_text(text: Text) -> Plain:
    """Return a text, or a sentence with what goes into it, so that either language shows it."""
    if isinstance(text, str):
        return text
    places: dict[str, Plain] = {
        name: _plain_text(value if isinstance(value, Message) else str(value))
        for name, value in text.places.items()
    }
    return [text.text, places]


def _text(stored: Any, depth: int = 0) -> Text:
    if isinstance(stored, str):
        return stored
    if depth > DEEPEST:
        raise ValueError(stored)
    text, places = stored
    return Message(str(text), {name: _text(value, depth + 1) for name, value in places.items()})
