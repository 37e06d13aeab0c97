"""A whole report is written as text and read back as the very same report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.rules.conditions import Condition, Op, Value
from crm_core.rules.customer_value import worth_fields
from crm_core.rules.report_check import problems_of_saved
from crm_core.rules.report_form import plain_report
from crm_core.rules.report_script import Script, parse_script, script_text
from crm_core.rules.reports import Measure, Over, Question, Report, Sort
from crm_core.rules.segments import bare
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_core.schema.field import Field
from tests.support.drawn_reports import reports

_WORDS = (
    st.text(st.sampled_from("ab \\\"': as where ()=;。客"), min_size=1, max_size=12)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)


def _fields(entity: str) -> Mapping[str, Field]:
    return {**SCHEMAS[entity].fields, **worth_fields(entity)}


@given(
    report=reports(),
    label=_WORDS,
    value=_WORDS,
    over=st.sampled_from(Over),
    place=st.integers(0, 2),
    down=st.booleans(),
    top=st.integers(0, 20),
)
def test_what_is_written_is_read_back(
    report: Report, label: str, value: str, over: Over, place: int, down: bool, top: int
) -> None:
    named = Condition(field="subject" if report.entity == "activity" else "name", op=Op.CONTAINS, value=value)
    asked = Condition(field=named.field, op=Op.EQUAL, value=None)
    report = replace(
        report,
        measures=(*report.measures, Measure(only=named, over=over, label=label)),
        questions=(
            Question(key="who", label=label, condition=named),
            Question(key="open", label=value, condition=asked),
        ),
        sort=Sort(place=place, by_measure=down, descending=down) if place else None,
        top=top,
    )
    script = Script(report=report, chart="bar")
    assert parse_script(script_text(script, _fields), _fields) == script


@pytest.mark.parametrize("key", STANDARD_REPORTS)
def test_every_standard_report_is_read_back(key: str) -> None:
    script = Script(report=STANDARD_REPORTS[key].report, chart=STANDARD_REPORTS[key].chart)
    text = script_text(script, _fields)
    assert script_text(parse_script(text, _fields), _fields) == text
    read = parse_script(text, _fields).report
    assert [_plainly(each) for each in read.measures] == [_plainly(each) for each in script.report.measures]
    assert (read.rows, read.columns, read.sort) == (
        script.report.rows,
        script.report.columns,
        script.report.sort,
    )
    assert not problems_of_saved({"definition": plain_report(read)}, _fields)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "1e99999999"),
        ("amount", 10**30),
        ("amount", Decimal("NaN")),
        ("customer_id.employees", "many"),
        ("customer_id.employees", 2**63),
        ("created_at", "2026-01-01"),
        ("customer_id.credit_limit", ("x",)),
    ],
)
def test_no_report_is_kept_that_compares_a_number_with_none(field: str, value: Value) -> None:
    op = Op.IN if isinstance(value, tuple) else Op.AT_LEAST
    asks = Report(entity="deal", rule=Condition(field=field, op=op, value=value))
    (problem,) = problems_of_saved({"definition": plain_report(asks)}, _fields)
    assert "compared with no number" in problem.message.text


def _plainly(measure: Measure) -> Measure:
    """Return a measure without groups of one condition around its own."""
    return replace(measure, only=None if measure.only is None else bare(measure.only))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("by owner_id", "begins with what it counts"),
        ("of nothing", "no kind of record"),
        ("of deal\nsum amount", "“sum” begins no line"),
        ("of deal\n\ntop ten", "Line 3: Say how many rows"),
        ("of deal\nask x close_date >= today", "Write a question as"),
        ('of deal\nask x "X": close_date >= today or name = a', "asks of one field"),
        ('of deal\nmeasure "Sum": total(amount)', "is not a measure"),
        ("of deal\nweek someday", "no day of the week"),
        ("", "begins with what it counts"),
        ("of deal\nmeasure sum(" + "amount + " * 3000 + "amount)", "too many parts"),
        ("of deal\nmeasure sum(" + "(" * 3000 + "amount" + ")" * 3000 + ")", "cannot be read"),
        ("of deal\nwhere " + "not (" * 3000 + "amount > 5" + ")" * 3000, "too many conditions"),
        ("of deal\nwhere " + "amount > 5 or " * 3000 + "amount > 6", "too many conditions"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_script(text, _fields)
    assert said in str(caught.value.message)
