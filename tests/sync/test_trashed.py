"""Who deletes a record a colleague is working on hears of the work, and nobody else does."""

from __future__ import annotations

from crm_desktop.services import records, syncing
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, settle_all


def test_whoever_deleted_a_record_hears_that_a_colleague_changed_it(office: Office, laptops: Laptops) -> None:
    users = [office.user(name, "admin") for name in ("Lin", "Maya", "Wang")]
    lin, maya, wang = (laptops.make(f"laptop{n}", user) for n, user in enumerate(users))
    customer = office.hq.create("customer", {"name": "Customer", "owner_id": users[0]})
    contact = office.hq.create("contact", {"name": "Contact", "customer_id": customer})
    everybody = [lin, maya, wang]
    settle_all(everybody, 1)
    records.delete(lin.replica, "customer", customer)
    office.now_ms += 5_000
    records.update(maya.replica, "customer", customer, {"industry": "water"})
    records.update(maya.replica, "contact", contact, {"title": "Boss"})
    settle_all([lin, maya, wang])

    (told,) = _told(lin)
    assert told.detail["id"] == customer
    assert told.at_ms == records.get(lin.replica, "customer", customer).values["updated_at"]
    assert len(_told(maya)) == 2, "she hears that what she changed lies among the recently deleted"
    assert _told(wang) == []

    records.restore(lin.replica, "customer", customer)
    settle_all(everybody)
    assert records.get(lin.replica, "customer", customer).values["industry"] == "water"
    office.now_ms += 5_000
    records.update(maya.replica, "customer", customer, {"industry": "marine"})
    settle_all(everybody)
    assert len(_told(lin)) == 1, "it lives: there is nothing to say"
    assert all(laptop.returned() == [] for laptop in everybody)


def _told(laptop: Laptop) -> list[syncing.Event]:
    return [event for event in syncing.events(laptop.replica) if event.kind == "trash"]
