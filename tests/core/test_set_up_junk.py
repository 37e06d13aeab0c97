"""What sets something up is judged whatever stands in it: nonsense is refused and stops nobody."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.rules import approval, segments
from crm_core.rules.approval import Step
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.segments import AllOf, AnyOf, Not
from crm_core.rules.set_up import Around, problems_of_set_up
from crm_core.schema.field import Kind

_RULE = segments.plain_rule(
    AllOf((AnyOf((Condition(field="priority", op=Op.EQUAL, value="high"),)), Not(AllOf(()))))
)
SOUND: dict[str, dict[str, Any]] = {
    "macro": {"changes": {"status": "open", "priority": "high", "assignee_id": "f" * 32}},
    "sla_policy": {
        "promised": {"high": {"reply": 30, "next": 60, "solve": 90}},
        "pausing": ["waiting"],
        "escalations": [{"after": 0, "to": "assignee"}, {"after": 9, "to": "reassign", "user": "f" * 32}],
        "rules": _RULE,
    },
    "work_calendar": {
        "time_zone": "Europe/Berlin",
        "hours": [[[0, 60], [90, 1440]]] * 7,
        "holidays": ["2026-10-01"],
        "made_up": [["2026-10-10", 0]],
    },
    "request_form": {
        "questions": [
            {"key": "a", "label": "A", "kind": "choice", "choices": [{"value": "x", "label": "X"}]},
            {"key": "b", "label": "B", "kind": "money", "currency": "CNY", "required": True, "hint": "H"},
            {"key": "c", "label": "C", "kind": "ref", "target": "customer"},
        ]
    },
    "approval_flow": {
        "record_entity": "ticket",
        "steps": [approval.plain_step(Step(who=approval.Who.NAMED, users=("f" * 32,)))],
        "rules": _RULE,
    },
}
"""Of each kind a record that is right, to be spoiled at one place."""
_JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**12,
    "",
    "x",
    "f" * 32,
    [],
    {},
    [["x"]],
    {"a": {"b": [1]}},
    [{}],
    [None],
)
_AROUND = Around(fields_of=lambda name: SCHEMAS[name].fields, value_of=lambda *_: None)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found += _places(inner, (*path, key))
    return found


@pytest.mark.parametrize("kind", sorted(SOUND))
@settings(max_examples=60)
@given(data=st.data())
def test_one_thing_nobody_meant_stops_nobody_who_judges_it(kind: str, data: st.DataObject) -> None:
    spoiled = copy.deepcopy(SOUND[kind])
    assert problems_of_set_up(kind, None, {"name": "N", **SOUND[kind]}, _AROUND) == []
    fields = SCHEMAS[kind].fields  # single values are looked at before, each by its own kind
    *way, last = data.draw(
        st.sampled_from([each for each in _places(spoiled) if fields[each[0]].kind is Kind.JSON])
    )
    holder: Any = spoiled
    for key in way:
        holder = holder[key]
    holder[last] = data.draw(st.sampled_from(_JUNK))
    for problem in problems_of_set_up(kind, "e" * 32, {"name": "N", **spoiled}, _AROUND):
        assert str(problem.message)
