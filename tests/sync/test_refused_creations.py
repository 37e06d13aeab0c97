"""A record HQ did not take comes back whole: with what was typed, to be made again, otherwise, or let go."""

from __future__ import annotations

import pytest

from crm_core.errors import NotFound
from crm_core.ids import named_id
from crm_core.sync.protocol import Code
from crm_desktop.services import deciding, records, returned_edits, syncing
from crm_desktop.services.deciding import Decision, Verdict
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences

TYPED = {"name": "Blue Heron", "phone": "+44 1 222", "tags": ["vip"]}


@pytest.fixture
def lin(office: Office, laptops: Laptops) -> Laptop:
    """Give Lin, whose role was changed to one that makes nothing while she worked."""
    made = laptops.make("lin", office.user("Lin", "sales"))
    made.sync()
    return made


def refused_tree(office: Office, lin: Laptop) -> tuple[str, str]:
    """Let HQ refuse a customer with a contact and an edit of the customer; return the ids of both records."""
    office.hq.update("user", lin.user_id, {"role_id": named_id("role", "auditor")})
    customer = records.create(lin.replica, "customer", TYPED).value.id
    contact = records.create(
        lin.replica, "contact", {"name": "Wei", "customer_id": customer, "phone": "111"}
    ).value.id
    records.update(lin.replica, "contact", contact, {"phone": "+44 1 333"})
    lin.sync()
    office.hq.update("user", lin.user_id, {"role_id": named_id("role", "sales")})
    lin.sync()
    return customer, contact


def test_a_refused_record_comes_back_with_all_that_was_typed(office: Office, lin: Laptop) -> None:
    customer, _ = refused_tree(office, lin)
    of_customer, of_contact = returned_edits.returned(lin.replica)
    assert syncing.status(lin.replica).returned == 2, "what was typed into them later is a part of them"
    assert (of_customer.title, of_customer.record_id, of_customer.exists) == ("Blue Heron", customer, False)
    assert of_customer.typed is not None
    assert {name: of_customer.typed[name] for name in TYPED} == TYPED
    assert of_customer.can_be_made
    assert of_contact.typed is not None
    assert (of_contact.title, of_contact.typed["phone"]) == ("Wei", "+44 1 333")
    assert of_customer.code is of_contact.code is Code.FORBIDDEN_ROW


def test_what_belongs_to_a_refused_record_finds_it_again_when_both_are_made_again(
    office: Office, lin: Laptop
) -> None:
    customer, contact = refused_tree(office, lin)
    for edit in returned_edits.returned(lin.replica):
        deciding.redo(lin.replica, edit.id)
    lin.sync()
    assert returned_edits.returned(lin.replica) == ()
    assert office.row("customer", customer)["tags"] == ["vip"]
    row = office.row("contact", contact)
    assert (row["customer_id"], row["phone"]) == (customer, "+44 1 333")
    assert list(differences(lin)) == []


def test_a_refused_record_is_made_with_other_values(office: Office, lin: Laptop) -> None:
    team = office.hq.create("team", {"name": "North"})
    office.hq.update("user", lin.user_id, {"team_id": team})
    lin.sync()
    office.hq.update("user", lin.user_id, {"team_id": None})
    customer = records.create(lin.replica, "customer", {**TYPED, "team_id": team}).value.id
    lin.sync()
    (edit,) = returned_edits.returned(lin.replica)
    assert edit.code is Code.FORBIDDEN_ASSIGN
    assert edit.typed is not None
    values = {**edit.typed, "team_id": None, "phone": "+44 1 444"}
    outcome = deciding.decide(lin.replica, [(edit.id, Decision(verdict=Verdict.OTHER, values=values))])
    assert outcome.value.record is not None
    assert outcome.value.record.id == customer
    lin.sync()
    row = office.row("customer", customer)
    assert (row["name"], row["phone"], row["team_id"]) == ("Blue Heron", "+44 1 444", None)
    assert list(differences(lin)) == []


@pytest.mark.parametrize("heard", [True, False])
def test_making_a_refused_record_again_is_undone(office: Office, lin: Laptop, heard: bool) -> None:
    customer, _ = refused_tree(office, lin)
    first = returned_edits.returned(lin.replica)[0]
    deciding.redo(lin.replica, first.id)
    if heard:
        lin.sync()
    deciding.undo(lin.replica, [first.id])
    lin.sync()
    assert returned_edits.returned(lin.replica)[0].id == first.id
    if heard:
        assert not records.get(lin.replica, "customer", customer).alive
        again = deciding.redo(lin.replica, first.id).value
        assert again.id != customer, "the other one lies deleted under the first id"
    else:
        with pytest.raises(NotFound):
            records.get(lin.replica, "customer", customer)
        assert deciding.redo(lin.replica, first.id).value.id == customer
    lin.sync()
    assert list(differences(lin)) == []


def test_a_refused_record_is_let_go_and_looked_at_afterwards(office: Office, lin: Laptop) -> None:
    refused_tree(office, lin)
    first = returned_edits.returned(lin.replica)[0]
    deciding.discard(lin.replica, first.id)
    (decided,) = returned_edits.decided(lin.replica)
    assert decided.title == "Blue Heron"
    assert decided.typed is not None
