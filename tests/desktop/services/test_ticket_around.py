"""What stands around a ticket: categories as a tree, products with warranty, parts and how they end."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import UserError
from crm_core.schema.field import Plain
from crm_desktop.models.replica import Replica
from crm_desktop.services import lists, records, ticket_around, tickets
from tests.support.desktop import empty_app


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    """Give an empty profile's replica."""
    made = empty_app(tmp_path)
    yield made.replica
    made.close()


def make(replica: Replica, entity: str, **values: Plain) -> str:
    return records.create(replica, entity, values).value.id


def test_categories_stand_as_a_tree_and_those_retired_are_not_chosen(replica: Replica) -> None:
    pumps = make(replica, "ticket_category", name="Pumps", rank=2)
    make(replica, "ticket_category", name="Orders", rank=1)
    seals = make(replica, "ticket_category", name="Seals", parent_id=pumps)
    old = make(replica, "ticket_category", name="Old", parent_id=pumps, retired=True)
    make(replica, "ticket_category", name="Below", parent_id=old)
    rows = ticket_around.categories(replica)
    assert [(row.name, row.depth, row.path) for row in rows] == [
        ("Below", 0, "Below"),
        ("Orders", 0, "Orders"),
        ("Pumps", 0, "Pumps"),
        ("Seals", 1, "Pumps › Seals"),
    ]
    ticket = make(replica, "ticket", subject="Leak", category_id=seals)
    assert tickets.view(replica, ticket).around.category == "Pumps › Seals"


def test_a_serial_number_finds_product_customer_and_warranty(replica: Replica) -> None:
    customer = make(replica, "customer", name="Acme")
    product = make(replica, "product", name="Pump", code="P1")
    today = replica.clock.today()
    ended = (today - datetime.timedelta(days=1)).isoformat()
    held = make(
        replica,
        "installed_product",
        name="Pump",
        customer_id=customer,
        product_id=product,
        serial="SN-4711",
        warranty_until=today.isoformat(),
    )
    spare = make(replica, "installed_product", name="Valve", customer_id=customer, warranty_until=ended)
    make(replica, "installed_product", name="Gone", customer_id=customer, status="retired")
    assert [(each.name, each.in_warranty) for each in ticket_around.standing_at(replica, customer)] == [
        ("Pump", True),
        ("Valve", False),
    ]
    (option,) = lists.options(replica, "installed_product", "4711")
    found = ticket_around.stands(replica, option.id)
    assert found is not None
    assert (found.id, found.customer, found.in_warranty) == (held, "Acme", True)
    ticket = make(replica, "ticket", subject="Leak")
    ticket_around.choose_product(replica, ticket, held)
    view = tickets.view(replica, ticket)
    assert (view.ticket.get("customer_id"), view.ticket.get("product_id")) == (customer, product)
    assert view.around.stands == found
    other = make(replica, "customer", name="Other")
    records.update(replica, "ticket", ticket, {"customer_id": other})
    ticket_around.choose_product(replica, ticket, spare)
    assert records.get(replica, "ticket", ticket).get("customer_id") == other, "whose it is was said"
    ticket_around.choose_product(replica, ticket, None)
    assert tickets.view(replica, ticket).around.stands is None


def test_parts_are_made_linked_and_end_with_the_whole_or_stay(replica: Replica) -> None:
    customer = make(replica, "customer", name="Acme")
    whole = make(replica, "ticket", subject="Plant stands still", customer_id=customer, priority="urgent")
    with pytest.raises(UserError, match="what it is about"):
        ticket_around.make_part(replica, whole, " ")
    part = ticket_around.make_part(replica, whole, "Order a seal").value
    assert (part.get("customer_id"), part.get("priority")) == (customer, "urgent")
    other = make(replica, "ticket", subject="Send somebody", customer_id=customer)
    ticket_around.make_part_of(replica, other, whole)
    with pytest.raises(UserError, match="part of itself"):
        ticket_around.make_part_of(replica, whole, other)
    around = tickets.view(replica, whole).around
    assert [each.subject for each in around.parts] == ["Order a seal", "Send somebody"]
    assert around.open_parts == 2
    parent = tickets.view(replica, other).around.parent
    assert parent is not None
    assert parent.id == whole
    ended = ticket_around.end_with_parts(replica, whole, "solved").value
    assert set(ended) == {part.id, other}
    states = {each: records.get(replica, "ticket", each).get("status") for each in (whole, part.id, other)}
    assert set(states.values()) == {"solved"}
    ticket_around.begin_again(replica, whole, "new", [(part.id, "new"), (other, "new")])
    assert tickets.view(replica, whole).around.open_parts == 2
    tickets.reply(replica, whole, "Done.", close=True)
    assert records.get(replica, "ticket", other).get("status") == "new", "nobody asked for it"
    ticket_around.make_part_of(replica, other, None)
    again = make(replica, "ticket", subject="Again", customer_id=customer)
    ticket_around.make_part_of(replica, other, again)
    tickets.reply(replica, again, "Done.", close=True, with_parts=True)
    assert records.get(replica, "ticket", other).get("status") == "solved"
