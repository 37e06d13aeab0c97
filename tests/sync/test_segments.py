"""Segments on several laptops: what is picked is kept by all, what is shown to a role reaches its holders."""

from __future__ import annotations

import pytest

from crm_core.errors import UserError
from crm_core.ids import named_id
from crm_core.rules.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.services import comments, merging, records, segments
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences, settle_all


def customer(replica: Replica, name: str, **values: str) -> str:
    """Make a customer and return its id."""
    return records.create(replica, "customer", {"name": name, **values}).value.id


def names_in(replica: Replica, segment: str) -> list[str]:
    """Return who is in a segment, as a list on a laptop shows it."""
    wanted = ListQuery(
        entity="customer",
        conditions=(segments.segment(replica, segment).condition,),
        sort=(("name", False),),
    )
    return [row.title for row in records.page(replica, wanted).rows]


def test_two_people_pick_offline_and_both_are_heard(office: Office, laptops: Laptops) -> None:
    sal = office.user("Sal", "sales")
    lin, home = laptops.make("lin", sal), laptops.make("home", sal)
    settle_all([lin, home])
    one, two, three = (customer(lin.replica, name) for name in ("One", "Two", "Three"))
    made = segments.pick(lin.replica, "To visit", [one]).value
    settle_all([lin, home])
    segments.change_members(lin.replica, made.id, add=[two])
    segments.change_members(home.replica, made.id, add=[three], remove=[one])
    settle_all([lin, home])
    for laptop in (lin, home):
        assert names_in(laptop.replica, "to visit") == ["Three", "Two"]
        assert laptop.returned() == []
        assert list(differences(laptop)) == []


def test_a_shared_rule_means_on_each_laptop_those_its_person_sees(office: Office, laptops: Laptops) -> None:
    boss = laptops.make("boss", office.user("Bo", "sales_manager"))
    lin, kim = (laptops.make(name, office.user(name, "sales")) for name in ("lin", "kim"))
    settle_all([boss, lin, kim], rounds=1)
    customer(lin.replica, "Lin A", level="A")
    customer(lin.replica, "Lin B", level="B")
    customer(kim.replica, "Kim A", level="A")
    settle_all([boss, lin, kim])
    rule = segments.read_rule(boss.replica, "level = A")
    made = segments.save(boss.replica, "Best", rule).value
    assert segments.segments_of(lin.replica) == ()
    segments.show_to(boss.replica, made.id, named_id("role", "sales"), shown=True)
    settle_all([boss, lin, kim])
    assert names_in(lin.replica, "Best") == ["Lin A"]
    assert names_in(kim.replica, "Best") == ["Kim A"]
    (shown,) = segments.segments_of(lin.replica)
    assert not shown.own
    comments.add(boss.replica, "segment", made.id, "Visit these first")
    settle_all([boss, lin, kim])
    (said,) = comments.comments_of(lin.replica, "segment", made.id)
    assert said.body == "Visit these first"
    comments.add(lin.replica, "segment", made.id, "Done")  # whoever reads it may answer, and nothing more
    with pytest.raises(UserError):
        segments.save(lin.replica, "Taken over", rule, made.id)
    segments.show_to(boss.replica, made.id, named_id("role", "sales"), shown=False)
    settle_all([boss, lin, kim])
    assert segments.segments_of(kim.replica) == ()
    with pytest.raises(UserError):
        names_in(kim.replica, "Best")


def test_a_customer_that_was_merged_stays_picked_as_the_one_it_became(
    office: Office, laptops: Laptops
) -> None:
    boss = laptops.make("boss", office.user("Bo", "sales_manager"))
    boss.sync()
    kept, gone = customer(boss.replica, "Kept"), customer(boss.replica, "Kept again")
    segments.pick(boss.replica, "Picked", [gone])
    merging.merge(boss.replica, "customer", kept, [gone])
    settle_all([boss])
    assert names_in(boss.replica, "Picked") == ["Kept"]
    assert [row.name for row in segments.containing(boss.replica, kept)] == ["Picked"]


def test_a_segment_does_not_ask_of_itself_and_a_broken_rule_says_why(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("lin", "sales"))
    lin.sync()
    a = segments.save(lin.replica, "A", segments.read_rule(lin.replica, "level = A")).value
    b = segments.save(lin.replica, "B", segments.read_rule(lin.replica, "not segment = A")).value
    customer(lin.replica, "C", level="C")
    assert (names_in(lin.replica, "A"), names_in(lin.replica, "B")) == ([], ["C"])
    circle = segments.read_rule(lin.replica, "segment = B")
    with pytest.raises(UserError, match="itself"):
        segments.save(lin.replica, "A", circle, a.id)
    with pytest.raises(UserError, match="no field"):
        segments.save(lin.replica, "N", Condition(field="nothing", op=Op.FILLED))
    with pytest.raises(UserError, match="follows from its rules"):
        segments.change_members(lin.replica, b.id, add=[a.id])
