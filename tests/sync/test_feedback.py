"""Marks of customers: the same at HQ and on the laptop of whoever sees all of them; owners told once."""

from __future__ import annotations

import random

import pytest

from crm_core.times import DAY_MS
from crm_desktop.services import customers, records
from sync_server.services.feedback import Marked, mark_customers
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences, settle_all


def test_hq_marks_whom_the_laptop_marks_and_tells_the_owner_once_in_its_days(
    office: Office, laptops: Laptops
) -> None:
    owner = office.user("Wu", "sales")
    wu = laptops.make("wu", owner)
    drawn = random.Random(0)
    made = [office.hq.create("customer", {"name": f"C{n}", "owner_id": owner}) for n in range(6)]
    for customer in made:
        for _ in range(drawn.randrange(6)):
            kind = drawn.choice(("complaint", "praise", "question"))
            office.hq.create("ticket", {"subject": "T", "customer_id": customer, "kind": kind})
    office.hq.create("customer", {"name": "By word", "owner_id": owner, "referred_by_id": made[0]})
    done = mark_customers(office.database, office.clock())
    assert done.marks
    assert done.tasks >= done.marks
    settle_all([wu], 1)
    told = {each: records.get(wu.replica, "customer", each).get("feedback") for each in made}
    assert told == {each: customers.overview(wu.replica, each).feedback for each in made}
    assert len(set(told.values())) > 2, "the drawn customers are of several kinds"
    assert mark_customers(office.database, office.clock()) == Marked()
    office.now_ms += 89 * DAY_MS
    assert mark_customers(office.database, office.clock()).tasks == 0
    office.now_ms += 2 * DAY_MS
    assert mark_customers(office.database, office.clock()).tasks == done.tasks
    office.now_ms += 400 * DAY_MS
    assert mark_customers(office.database, office.clock()).marks == done.marks, "all of it is long ago"
    assert {office.row("customer", each)["feedback"] for each in made} == {None}
    wu.sync()
    assert {records.get(wu.replica, "customer", each).get("feedback") for each in made} == {None}
    assert list(differences(wu)) == []


def test_the_mark_and_its_reasons_are_part_of_the_health_and_other_terms_mark_others(
    office: Office, laptops: Laptops
) -> None:
    owner = office.user("Wu", "sales")
    customer = office.hq.create("customer", {"name": "Heron", "owner_id": owner})
    for _ in range(3):
        office.hq.create("ticket", {"subject": "T", "customer_id": customer, "kind": "complaint"})
    wu = laptops.make("wu", owner)
    settle_all([wu], 1)
    shown = customers.overview(wu.replica, customer)
    assert shown.feedback == "complains"
    assert shown.feedback_why is not None
    assert "{count} complaints" in shown.feedback_why.text
    reasons = [reason.text.text for reason in shown.health.reasons if reason.direction < 0]
    assert any("{count} complaints" in text for text in reasons)
    office.hq.create("feedback_rule", {"name": "Seldom", "kind": "complains", "days": 30, "tickets": 4})
    settle_all([wu], 1)
    after = customers.overview(wu.replica, customer)
    assert after.feedback is None
    assert after.health.score == shown.health.score + 15


@pytest.mark.parametrize("role", ["finance", "marketing"])
def test_who_reads_no_tickets_learns_nothing_of_them_by_a_mark(
    office: Office, laptops: Laptops, role: str
) -> None:
    customer = office.hq.create("customer", {"name": "Heron"})
    for _ in range(3):
        office.hq.create("ticket", {"subject": "T", "customer_id": customer, "kind": "complaint"})
    mark_customers(office.database, office.clock())
    assert office.row("customer", customer)["feedback"] == "complains"
    fei = laptops.make("fei", office.user("Fei", role))
    settle_all([fei], 1)
    assert records.get(fei.replica, "customer", customer).get("feedback") is None
    assert customers.overview(fei.replica, customer).feedback is None
