"""Payment plans as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crm_core.errors import UserError
from crm_core.rules.plan_parts import Part, parse_parts, problems_of_template


def test_parts_are_percentages_due_one_after_the_other_or_after_something() -> None:
    day = [Part(percent=Decimal(each)) for each in ("33.4", "33.3", "33.3")]
    assert parse_parts("33.4/33.3%／ 33.3 %") == day
    assert parse_parts("30 signing / 60 Delivery+30/10% 交货+365") == [
        Part(percent=Decimal(30), due_from="signing", due_days=0),
        Part(percent=Decimal(60), due_from="delivery", due_days=30),
        Part(percent=Decimal(10), due_from="delivery", due_days=365),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("30/60", "come to {percent} %"),
        ("", "such as 30/60/10"),
        ("100/0", "such as 30/60/10"),
        ("-10/110", "such as 30/60/10"),
        ("30,70", "such as 30/60/10"),
        ("NaN/100", "such as 30/60/10"),
        ("100 delivery+9999", "Between 0 and {most} days"),
        ("/".join(["1"] * 100), "such as 30/60/10"),
    ],
)
def test_what_is_no_plan_is_told_at_its_field(text: str, words: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_parts(text)
    assert words in caught.value.message.text
    told = problems_of_template({"parts": text, "months": 61})
    assert [each.field for each in told] == (["parts", "months"] if text else ["months"])
