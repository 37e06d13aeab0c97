"""Sharing between real replicas: what a colleague may do here, what he is told, what stays when it ends."""

from __future__ import annotations

import pytest

from crm_core.errors import AccessDenied, Invalid, NotFound
from crm_core.ids import new_id
from crm_core.sync.protocol import Code
from crm_desktop.services import records, sharing
from tests.support.hq import Office
from tests.support.pages import found_in
from tests.support.replicas import KEY, Laptop, Laptops, differences, settle_all


def test_a_colleague_works_on_what_is_shared_and_keeps_nothing_of_it_afterwards(
    office: Office, laptops: Laptops
) -> None:
    lin_id, wang_id = office.user("Lin", "sales"), office.user("Wang", "sales")
    customer = office.hq.create("customer", {"name": "canaryshared", "owner_id": lin_id})
    contact = office.hq.create("contact", {"name": "canarybelow", "customer_id": customer})
    lin, wang = laptops.make("lin", lin_id), laptops.make("wang", wang_id)
    settle_all([lin, wang], 1)
    records.update(lin.replica, "customer", customer, {"shared_with": [wang_id]})
    settle_all([lin, wang])
    assert _agree(lin, wang)

    office.now_ms += 5_000
    records.update(wang.replica, "customer", customer, {"industry": "From Wang"})
    records.update(wang.replica, "contact", contact, {"title": "Boss"})
    records.create(wang.replica, "activity", {"kind": "call", "subject": "Call", "customer_id": customer})
    for refused in (
        {"owner_id": wang_id},
        {"shared_with": [wang_id, lin_id]},
        {"shown_to": [lin_id]},
    ):
        with pytest.raises(AccessDenied):
            records.update(wang.replica, "customer", customer, refused)
    with pytest.raises(AccessDenied):
        records.delete(wang.replica, "customer", customer)
    settle_all([wang, lin])
    assert records.get(lin.replica, "customer", customer).values["industry"] == "From Wang"
    assert wang.returned() == []

    office.now_ms += 5_000
    records.update(wang.replica, "customer", customer, {"size": "mine"})
    records.update(lin.replica, "customer", customer, {"shared_with": []})
    lin.sync()
    wang.sync()
    assert wang.returned() == [("customer", "18", Code.FORBIDDEN_ROW)]
    assert _agree(lin, wang)
    assert found_in(wang.replica.profile.root, KEY, ["canaryshared", "canarybelow"]) == set()


def test_a_colleague_takes_himself_out(office: Office, laptops: Laptops) -> None:
    lin_id, wang_id = office.user("Lin", "sales"), office.user("Wang", "sales")
    shared = {"shared_with": [lin_id, wang_id]}
    customer = office.hq.create("customer", {"name": "Shared", "owner_id": lin_id, **shared})
    wang = laptops.make("wang", wang_id)
    wang.sync()
    office.now_ms += 5_000
    records.update(wang.replica, "customer", customer, {"shared_with": [lin_id]})
    wang.sync()
    assert wang.returned() == []
    assert office.row("customer", customer)["shared_with"] == [lin_id]
    assert _agree(wang)


def test_a_colleague_who_only_sees_it_takes_himself_out(office: Office, laptops: Laptops) -> None:
    lin_id, wang_id = office.user("Lin", "sales"), office.user("Wang", "sales")
    shown = {"shown_to": [lin_id, wang_id]}
    customer = office.hq.create("customer", {"name": "Shown", "owner_id": lin_id, **shown})
    colour = {"entity": "customer", "key": "colour", "label": "Colour", "kind": "text"}
    office.hq.create("custom_field", colour)
    wang = laptops.make("wang", wang_id)
    wang.sync()
    for refused in (
        {"shown_to": [wang_id]},
        {"shown_to": [lin_id], "name": "Mine"},
        {"shown_to": [lin_id], "x:colour": "blue"},
    ):
        with pytest.raises(AccessDenied):
            records.update(wang.replica, "customer", customer, refused)
    office.now_ms += 5_000
    sharing.leave(wang.replica, "customer", customer)
    wang.sync()
    assert wang.returned() == []
    assert office.row("customer", customer)["shown_to"] == [lin_id]
    with pytest.raises(NotFound):
        sharing.leave(wang.replica, "customer", customer)
    assert _agree(wang)


def test_a_record_is_shared_with_somebody_known_here(office: Office, laptops: Laptops) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    lin.sync()
    made = records.create(lin.replica, "customer", {"name": "Mine"}).value
    with pytest.raises(Invalid):
        records.update(lin.replica, "customer", made.id, {"shared_with": [new_id()]})
    with pytest.raises(Invalid):
        records.update(lin.replica, "customer", made.id, {"shared_with": ["Wang"]})


def _agree(*parties: Laptop) -> bool:
    return not [each for laptop in parties for each in differences(laptop)]
