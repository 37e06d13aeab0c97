"""Handing over a leaver's customers: previewed, carried out in one step, heard at HQ, taken back."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.errors import AccessDenied, UserError
from crm_core.rules.hand_over import Spread
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services import hand_over, records
from crm_desktop.services.hand_over import Wish
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences, settle_all


class Company:
    """A manager's team: one who leaves, two who stay, and somebody of another team."""

    def __init__(self, office: Office, laptops: Laptops) -> None:
        self.office = office
        team = office.hq.create("team", {"name": "East"})
        self.boss_id = office.user("Boss", "sales_manager", team_id=team)
        self.leaver, self.one, self.two = (
            office.user(name, "sales", team_id=team) for name in ("Leaver", "One", "Two")
        )
        self.foreign = office.user("Foreign", "sales")
        self.boss = laptops.make("boss", self.boss_id)
        self.heir = laptops.make("one", self.one)

    def make(self, entity: str, **values: Any) -> str:
        return self.office.hq.create(entity, values)

    def owner(self, entity: str, record_id: str) -> Any:
        return self.office.row(entity, record_id)[hand_over.OWNER[entity]]


@pytest.fixture
def company(office: Office, laptops: Laptops) -> Company:
    return Company(office, laptops)


def work(company: Company) -> dict[str, str]:
    """Give the leaver a customer with everything on it, and one more."""
    leaver, office = company.leaver, company.office
    customer = company.make("customer", name="第一客户", owner_id=leaver, city="Ningbo")
    on_it = {"customer_id": customer, "owner_id": leaver}
    stage = {"pipeline_id": office.pipeline}
    return {
        "customer": customer,
        "second": company.make("customer", name="Second", owner_id=leaver, city="Wuxi"),
        "contact": company.make("contact", name="Contact", customer_id=customer),
        "open": company.make("deal", name="Open", stage_id=office.stages["open"], **stage, **on_it),
        "won": company.make(
            "deal", name="Won", amount=100, currency="CNY", stage_id=office.stages["won"], **stage, **on_it
        ),
        "task": company.make("activity", kind="task", subject="Call", due_at=office.now_ms, **on_it),
        "visit": company.make("activity", kind="visit", subject="Was there", done=True, **on_it),
        "contract": company.make("contract", currency="CNY", **on_it),
        "order": company.make("order", currency="CNY", **on_it),
        "ticket": company.make("ticket", subject="Broken", customer_id=customer, assignee_id=leaver),
    }


def test_everything_open_moves_in_one_step_and_back(company: Company) -> None:
    made = work(company)
    boss, heir = company.boss, company.heir
    settle_all([boss, heir])
    wish = Wish(giver_id=company.leaver, receiver_ids=(company.one,))
    planned = hand_over.plan(boss.replica, wish)
    one_each = dict.fromkeys(("deal", "contract", "order", "activity", "ticket"), 1)
    assert planned.counts == {"customer": 2, "quote": 0, **one_each}
    assert (planned.stays, planned.to) == ((), {company.one: 2})
    assert company.owner("customer", made["customer"]) == company.leaver
    done = hand_over.carry_out(boss.replica, wish, planned).value
    assert (done.moved, done.kept) == (7, 0)
    settle_all([boss, heir])
    assert boss.returned() == []
    for entity, name in (
        ("customer", "customer"),
        ("deal", "open"),
        ("activity", "task"),
        ("ticket", "ticket"),
    ):
        assert company.owner(entity, made[name]) == company.one, name
    for entity, name in (("deal", "won"), ("activity", "visit")):
        assert company.owner(entity, made[name]) == company.leaver, name
        assert records.get(heir.replica, entity, made[name]).alive
    records.update(boss.replica, "customer", made["second"], {"owner_id": company.two})
    back = hand_over.undo(boss.replica, done.id).value
    assert (back.moved, back.kept) == (6, 1)
    settle_all([boss, heir])
    assert company.owner("customer", made["customer"]) == company.leaver
    assert company.owner("customer", made["second"]) == company.two
    assert [line for laptop in (boss, heir) for line in differences(laptop)] == []
    with pytest.raises(UserError, match="already"):
        hand_over.undo(boss.replica, done.id)
    (past,) = hand_over.past(boss.replica)
    assert (past.giver, past.records, past.undone) == ("Leaver", 7, True)


def test_some_customers_go_with_what_is_on_them_alone(company: Company) -> None:
    made = work(company)
    company.boss.sync()
    only = Condition(field="city", op=Op.EQUAL, value="Wuxi")
    wish = Wish(giver_id=company.leaver, receiver_ids=(company.one, company.two), conditions=(only,))
    planned = hand_over.plan(company.boss.replica, wish)
    assert [(move.entity, move.record_id) for move in planned.moves] == [("customer", made["second"])]


def test_what_may_not_move_is_named_with_the_reason(company: Company, laptops: Laptops) -> None:
    work(company)
    boss = company.boss
    settle_all([boss, company.heir])
    far = hand_over.plan(boss.replica, Wish(giver_id=company.leaver, receiver_ids=(company.foreign,)))
    assert far.counts["customer"] == 0
    ((kind, why, number),) = [each for each in far.stays if each[0] == "customer"]
    assert (kind, number, "outside what your role may" in why.text) == ("customer", 2, True)
    nobody = Wish(giver_id=company.leaver, receiver_ids=(company.one,), how=Spread.TERRITORY)
    stays = hand_over.plan(boss.replica, nobody).stays
    assert [(kind, number) for kind, _, number in stays] == [("customer", 2)]
    with pytest.raises(AccessDenied):
        hand_over.plan(company.heir.replica, Wish(giver_id=company.one, receiver_ids=(company.two,)))
    with pytest.raises(UserError, match="others"):
        hand_over.plan(boss.replica, Wish(giver_id=company.one, receiver_ids=(company.one,)))
    assert laptops is not None


def test_a_name_stands_for_a_person(company: Company) -> None:
    boss: Laptop = company.boss
    boss.sync()
    assert hand_over.person_named(boss.replica, "leaver") == company.leaver
    with pytest.raises(UserError, match="no user called Nobody"):
        hand_over.person_named(boss.replica, "Nobody")
