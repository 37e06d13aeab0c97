"""Machines: which step leads where, what it writes, and that every declaration makes sense."""

from __future__ import annotations

import pytest

from crm_core.entities import CHILDREN, SCHEMAS
from crm_core.entities.quote import QUOTE_STEPS
from crm_core.entities.ticket import TICKET_STEPS
from crm_core.schema.field import Kind
from crm_core.schema.machine import Machine, Step

MACHINES = {name: schema.meta.machine for name, schema in SCHEMAS.items() if schema.meta.machine}


def test_a_step_writes_its_state_what_it_keeps_and_what_it_takes() -> None:
    claim = Step(name="claim", starts=("free",), ends="held", takes=("owner_id",), keeps={"note": None})
    machine = Machine(field="state", first="free", steps=(claim,), refusal="No")
    assert machine.effects(claim, 7, {"owner_id": "me", "name": "smuggled"}) == {
        "state": "held",
        "note": None,
        "owner_id": "me",
    }
    solve = TICKET_STEPS.named("solve")
    assert solve is not None
    assert TICKET_STEPS.effects(solve, 7) == {
        "status": "solved",
        "closed_at": 7,
        "steps": [[7, "new", "solved"]],
    }
    revise = QUOTE_STEPS.named("revise")
    assert revise is not None
    assert QUOTE_STEPS.effects(revise, 7, held={"version": 2}) == {"status": "draft", "version": 3}
    assert QUOTE_STEPS.effects(revise, 7, held={"version": None}) == {"status": "draft", "version": 2}


def test_the_way_from_one_state_to_another_is_the_shortest() -> None:
    names = [step.name for step in QUOTE_STEPS.path("draft", "accepted") or ()]
    assert names == ["send", "accept"]
    assert QUOTE_STEPS.path(None, "draft") == ()
    assert [step.name for step in QUOTE_STEPS.path("accepted", "draft") or ()] == ["reopen", "revise"]
    assert QUOTE_STEPS.between("draft", "accepted") is None


@pytest.mark.parametrize("entity", MACHINES)
def test_every_declared_machine_makes_sense(entity: str) -> None:
    schema, machine = SCHEMAS[entity], MACHINES[entity]
    assert machine is not None
    state = schema.fields[machine.field]
    states = {choice.value for choice in state.choices}
    assert state.kind is Kind.CHOICE
    assert state.group is None
    assert {machine.first, *machine.born} <= states
    assert len({step.name for step in machine.steps}) == len(machine.steps)
    ways = [(start, step.ends or step.name) for step in machine.steps for start in step.starts]
    assert len(set(ways)) == len(ways), "two steps lead from one state to another"
    for step in machine.steps:
        assert {*step.starts, *([] if step.stays else [step.ends])} <= states
        assert not step.stays or (step.fills or step.empties) in step.takes, "a way nobody could take"
        written = [schema.fields[name] for name in (*step.keeps, *step.takes)]
        assert all(not field.computed and field.kind is not Kind.TAGS for field in written)
        if step.needs_child is not None:
            assert step.needs_child in {child.name for child, _ in CHILDREN[entity]}
            assert step.lacking
