"""What a lead becomes and what it asks for next, as pure rules."""

from __future__ import annotations

from crm_core.entities import SCHEMAS
from crm_core.entities.lead import OPEN
from crm_core.rules.conversion import UNDO_MS, contact_values, customer_values, deal_values, may_take_back
from crm_core.rules.leads import open_questions, suggested_step


def test_a_lead_without_a_company_becomes_a_person_and_one_with_a_company_that_company() -> None:
    person = customer_values({"name": "Ann Moss", "phone": "1", "x:size": 40}, known=("x:size", "x:other"))
    assert person == {"name": "Ann Moss", "kind": "person", "phone": "1", "x:size": 40}
    company = customer_values({"name": "Ann Moss", "company": "Blue Heron", "tags": []})
    assert company == {"name": "Blue Heron", "kind": "company"}


def test_what_a_lead_passes_on_are_fields_customer_contact_and_deal_have() -> None:
    lead = dict.fromkeys(SCHEMAS["lead"].fields, "1")
    for entity, values in (
        ("customer", customer_values(lead)),
        ("contact", contact_values(lead)),
        ("deal", deal_values(lead)),
    ):
        assert values.keys() <= SCHEMAS[entity].fields.keys()
        assert not any(SCHEMAS[entity].fields[name].read_only for name in values)


def test_a_conversion_is_taken_back_within_a_day() -> None:
    assert may_take_back(0, UNDO_MS)
    assert not may_take_back(0, UNDO_MS + 1)
    assert not may_take_back(None, 0)


def test_a_conversion_taken_back_leads_to_each_state_it_may_have_come_from() -> None:
    machine = SCHEMAS["lead"].meta.machine
    assert machine is not None
    for state in OPEN:
        step = machine.between("converted", state)
        assert step is not None
        assert machine.effects(step, 1)["customer_id"] is None
        assert machine.between(state, "converted") is not None
    assert machine.between("junk", "converted") is None


def test_only_what_is_not_known_is_asked() -> None:
    everything = dict.fromkeys(("needs", "estimated_value", "title", "next_contact_on", "phone"), "1")
    assert open_questions(everything) == []
    assert len(open_questions({})) == 5
    assert suggested_step(None) == suggested_step("new")
    assert suggested_step("a newer state") == suggested_step("new")
