"""Tickets given out at HQ as they arrive: by conditions, in turn, by load, skill and territory; absences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from crm_core.rules.ticket_routing import problems_of_conditions
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from sync_server.services.routing import give_waiting
from tests.support.hq import Laptop, Office


def asks(field: str, value: Any) -> dict[str, Any]:
    return {"all": [{"field": field, "op": "=", "kind": "one", "value": value}]}


class Desk:
    """A service team with its head, and rules."""

    def __init__(self, office: Office) -> None:
        self.office, self.make = office, office.hq.create
        self.head = office.user("Head", "service")
        self.team = self.make("team", {"name": "Service", "manager_id": self.head})
        self.maya, self.chen, self.lin = (
            office.user(name, "service", team_id=self.team) for name in ("Maya", "Chen", "Lin")
        )
        self.writer = office.laptop(self.head)
        self.customer = self.make("customer", {"name": "Acme", "level": "A"})
        self.writer.sync()

    def rule(self, way: str, rank: int = 5, **values: Any) -> str:
        if way != "owner" and "people" not in values:
            values.setdefault("team_id", self.team)
        return self.make(
            "assignment_rule",
            {"name": f"R{rank}", "rank": rank, "way": way, "applies_to": "ticket", **values},
        )

    def ticket(self, **values: Any) -> dict[str, Any]:
        made = self.writer.create("ticket", {"subject": "Leak", "customer_id": self.customer, **values})
        self.writer.sync()
        return self.row(made)

    def row(self, ticket: str) -> dict[str, Any]:
        return self.office.row("ticket", ticket)

    def away(self, user: str, stand_in: str) -> str:
        now = self.office.now_ms
        values = {"owner_id": user, "stand_in_id": stand_in}
        return self.make("absence", {**values, "begins_at": now - DAY_MS, "ends_at": now + DAY_MS})

    def tasks(self, user: str) -> list[str]:
        seen = self.office.projection(user).values()
        return [row["subject"] for row in seen if row.get("kind") == "task" and row.get("owner_id") == user]


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    office = Office(tmp_path_factory.mktemp("desk") / "hq")
    yield Desk(office)
    office.close()


def test_tickets_go_round_the_team_and_laptops_hear_to_whom_and_why(desk: Desk) -> None:
    rule = desk.rule("round_robin")
    rows = [desk.ticket() for _ in range(6)]
    assert Counter(row["assignee_id"] for row in rows) == {desk.maya: 2, desk.chen: 2, desk.lin: 2}
    assert {(row["assigned_by"], row["team_id"]) for row in rows} == {(rule, desk.team)}
    assert rows[3]["assigned_why"] == "Rule “R5”: in turn, 1 before"
    mine = desk.office.laptop(str(rows[0]["assignee_id"]))
    mine.sync()
    shown = mine.shown("ticket", rows[0]["id"]) or {}
    assert (shown["assignee_id"], shown["assigned_why"]) == (mine.user_id, rows[0]["assigned_why"])
    desk.writer.sync()
    assert (desk.writer.shown("ticket", rows[0]["id"]) or {})["assignee_id"] == mine.user_id


def test_whoever_is_named_by_hand_and_a_queue_chosen_by_hand_stay(desk: Desk) -> None:
    desk.rule("round_robin")
    assert desk.ticket(assignee_id=desk.head)["assigned_at"] is None
    queued = desk.ticket(team_id=desk.team)
    assert (queued["assignee_id"], queued["assigned_at"]) == (None, None)


def test_the_first_rule_that_fits_decides_also_by_what_lies_two_links_away(desk: Desk) -> None:
    pumps = desk.make("ticket_category", {"name": "Pumps"})
    seals = desk.make("ticket_category", {"name": "Seals", "parent_id": pumps})
    north = desk.make("territory", {"name": "North"})
    city = desk.make("territory", {"name": "City", "parent_id": north})
    product = desk.make("product", {"name": "P-1", "code": "P1", "family": "Valves"})
    far = desk.make("customer", {"name": "Beta", "territory_id": city, "level": "C"})
    one = [[desk.maya, 1]]
    desk.rule("named", 1, people=one, rules=asks("category_id", pumps))
    desk.rule("named", 2, people=[[desk.chen, 1]], rules=asks("customer_id.territory_id", north))
    desk.rule("named", 3, people=[[desk.lin, 1]], rules=asks("product_id.family", "Valves"))
    desk.rule("named", 4, people=[[desk.chen, 1]], rules=asks("language", "zh"))
    desk.rule("queue", 9)
    desk.writer.sync()
    assert desk.ticket(category_id=seals, customer_id=far)["assignee_id"] == desk.maya
    assert desk.ticket(customer_id=far)["assignee_id"] == desk.chen
    assert desk.ticket(product_id=product)["assignee_id"] == desk.lin
    assert desk.ticket(subject="水泵漏水 PX-40")["assignee_id"] == desk.chen
    queued = desk.ticket()
    assert (queued["assignee_id"], queued["team_id"]) == (None, desk.team)
    assert queued["assigned_why"] == "Rule “R9”: queue of the team"


def test_skills_and_territories_narrow_whom_a_rule_gives_to(desk: Desk) -> None:
    category = desk.make("ticket_category", {"name": "Pumps", "skills": ["Pumps"]})
    below = desk.make("ticket_category", {"name": "Seals", "parent_id": category, "skills": ["welding"]})
    desk.office.hq.update("user", desk.chen, {"skills": ["pumps", "Welding"]})
    desk.office.hq.update("user", desk.lin, {"skills": ["PUMPS"]})
    desk.rule("round_robin", 1, skilled=True, rules=asks("category_id", category))
    north = desk.make("territory", {"name": "North"})
    city = desk.make("territory", {"name": "City", "parent_id": north})
    customer = desk.make("customer", {"name": "Beta", "territory_id": city})
    desk.office.hq.update("user", desk.maya, {"territory_id": north})
    desk.rule("round_robin", 2, in_territory=True)
    desk.writer.sync()
    skilled = {desk.ticket(category_id=category)["assignee_id"] for _ in range(4)}
    assert skilled == {desk.chen, desk.lin}
    assert desk.ticket(category_id=below)["assignee_id"] == desk.chen
    assert desk.ticket(customer_id=customer)["assignee_id"] == desk.maya
    desk.office.hq.update("user", desk.lin, {"territory_id": city})
    assert desk.ticket(customer_id=customer)["assignee_id"] == desk.lin, "who has the smaller one comes first"


def test_who_has_least_to_do_gets_the_next_and_nobody_more_than_the_rule_lets_him(desk: Desk) -> None:
    desk.rule("least_load", most_open=2)
    first = desk.ticket(priority="urgent")["assignee_id"]
    others = {desk.ticket(priority="low")["assignee_id"] for _ in range(2)}
    assert len({first, *others}) == 3
    assert desk.ticket(priority="low")["assignee_id"] != first, "one urgent ticket counts more than two low"
    for _ in range(2):
        desk.ticket()
    full = desk.ticket()
    assert (full["assignee_id"], full["team_id"]) == (None, desk.team)
    assert full["assigned_why"] == "Rule “R5”: nobody is free"
    assert any("nobody is free" in subject for subject in desk.tasks(desk.head))


def test_who_is_away_gets_nothing_and_his_stand_in_what_is_his_alone(desk: Desk) -> None:
    desk.office.hq.update("customer", desk.customer, {"owner_id": desk.maya})
    owners = desk.rule("owner", 1, rules=asks("kind", "complaint"))
    desk.rule("round_robin", 2)
    desk.away(desk.maya, desk.lin)
    assert {desk.ticket()["assignee_id"] for _ in range(4)} == {desk.chen, desk.lin}
    row = desk.ticket(kind="complaint")
    assert (row["assignee_id"], row["assigned_by"]) == (desk.lin, owners)
    assert row["assigned_why"] == "Rule “R1”: stands in for Maya"
    desk.away(desk.lin, desk.maya)
    nobody = desk.ticket(kind="complaint")
    assert (nobody["assignee_id"], nobody["team_id"]) == (None, None)
    assert any("nobody is free" in subject for subject in desk.tasks(desk.office.founder))


def test_tickets_that_wait_are_given_out_when_asked_for_and_once(desk: Desk) -> None:
    waiting = [desk.ticket()["id"] for _ in range(3)]
    assert all(desk.row(each)["assigned_at"] is None for each in waiting), "there was no rule"
    desk.rule("round_robin")
    assert give_waiting(desk.office.database, desk.office.now_ms) == 3
    assert {desk.row(each)["assignee_id"] for each in waiting} == {desk.maya, desk.chen, desk.lin}
    desk.office.hq.update("ticket", waiting[0], {"assignee_id": None, "team_id": None})
    assert give_waiting(desk.office.database, desk.office.now_ms) == 0, "a rule decides once"


def test_many_tickets_of_one_batch_are_given_out_evenly(desk: Desk) -> None:
    desk.rule("least_load")
    made = [
        desk.writer.create("ticket", {"subject": f"Leak {n}", "customer_id": desk.customer})
        for n in range(30)
    ]
    desk.writer.sync()
    assert set(Counter(desk.row(each)["assignee_id"] for each in made).values()) == {10}


def sight(laptop: Laptop, ticket: str) -> bool:
    return laptop.shown("ticket", ticket) is not None


def test_who_sees_his_own_alone_sees_a_ticket_once_a_rule_gave_it_to_him(desk: Desk) -> None:
    seller = desk.office.laptop(desk.office.user("Seller", "sales"))
    desk.rule("named", people=[[seller.user_id, 1]])
    row = desk.ticket()
    seller.sync()
    assert row["assignee_id"] == seller.user_id
    assert sight(seller, row["id"])
    assert seller.shown("customer", desk.customer) is not None, "a ticket lends its customer"


def test_of_two_who_take_a_ticket_at_once_the_first_at_hq_has_it_and_the_other_is_told(desk: Desk) -> None:
    ticket = desk.ticket(team_id=desk.team)["id"]
    maya, chen = (desk.office.laptop(each) for each in (desk.maya, desk.chen))
    for laptop in (maya, chen):
        laptop.sync()
    late = chen.set("ticket", ticket, "assignee_id", chen.user_id)
    first = maya.set("ticket", ticket, "assignee_id", maya.user_id)
    for laptop in (maya, chen, maya):
        laptop.sync()
    assert (maya.code(first), chen.code(late)) == (Code.APPLIED, Code.ILLEGAL_STATE)
    assert desk.row(ticket)["assignee_id"] == desk.maya
    assert (chen.shown("ticket", ticket) or {})["assignee_id"] == desk.maya
    assert chen.answers[late].extra[:2] == ["{name} has this ticket already", {"name": "Maya"}]
    chen.set("ticket", ticket, "assignee_id", chen.user_id)  # he knows now, and is given it by her word
    given = chen.set("ticket", ticket, "assignee_id", desk.lin)
    chen.sync()
    assert chen.code(given) is Code.APPLIED


def test_batches_beside_each_other_give_tickets_out_in_turn_on_either_engine(office: Office) -> None:
    desk = Desk(office)
    desk.rule("round_robin")
    laptops = [desk.writer, *(office.laptop(office.user(f"W{n}", "service")) for n in range(3))]
    for laptop in laptops:
        laptop.sync()

    def send(laptop: Laptop) -> list[str]:
        made = [
            laptop.create("ticket", {"subject": f"Leak {n}", "customer_id": desk.customer}) for n in range(6)
        ]
        laptop.sync()
        return made

    with ThreadPoolExecutor(len(laptops)) as pool:
        made = [ticket for tickets in pool.map(send, laptops) for ticket in tickets]
    assert Counter(desk.row(each)["assignee_id"] for each in made) == {
        desk.maya: 8,
        desk.chen: 8,
        desk.lin: 8,
    }


def test_a_rule_asks_whether_the_customer_is_in_a_segment_by_rules_or_picked(desk: Desk) -> None:
    acme, beta, gamma = desk.customer, *(desk.make("customer", {"name": name}) for name in ("Beta", "Gamma"))
    complained = {"of": "ticket", "op": ">=", "kind": "one", "value": 2, "where": []}
    of_rules = desk.make("segment", {"name": "Asks a lot", "kind": "rules", "rules": {"all": [complained]}})
    picked = desk.make("segment", {"name": "Chosen", "kind": "picked", "members": [beta]})
    for _ in range(2):
        desk.make("ticket", {"subject": "Before", "customer_id": acme, "assignee_id": desk.head})
    desk.rule("named", 1, people=[[desk.maya, 1]], rules=asks("segment", of_rules))
    desk.rule("named", 2, people=[[desk.chen, 1]], rules=asks("segment", picked))
    stranger = {"all": [{"field": "segment", "op": "!=", "kind": "one", "value": picked}]}
    desk.rule("named", 3, people=[[desk.lin, 1]], rules=stranger)
    desk.writer.sync()
    assert desk.ticket(customer_id=acme)["assignee_id"] == desk.maya
    assert desk.ticket(customer_id=beta)["assignee_id"] == desk.chen
    assert desk.ticket(customer_id=gamma)["assignee_id"] == desk.lin
    desk.office.hq.update("segment", of_rules, {"kind": "picked", "members": [gamma]})
    assert desk.ticket(customer_id=gamma)["assignee_id"] == desk.maya, "as the segment is now"
    assert desk.ticket(customer_id=None)["assignee_id"] == desk.lin, "of nobody: in no segment"
    wrong = {"all": [{"field": "segment", "op": "filled", "kind": "none", "value": None}]}
    assert problems_of_conditions(wrong)
