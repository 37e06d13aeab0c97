"""The eight standard roles, and the one function that decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, BrokenPromise
from crm_core.rules.access import Action, Person, decide, read_rights, readable_fields
from crm_core.rules.people import person_for
from crm_core.rules.scopes import EVERYONE, below, passed_on, scopes_of
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.schema.field import FieldClass

TEAMS = [
    {"id": "north", "parent_id": None, "manager_id": "maya"},
    {"id": "north-1", "parent_id": "north", "manager_id": "tom"},
    {"id": "south", "parent_id": None, "manager_id": None},
]
TERRITORIES = [{"id": "east", "parent_id": None}, {"id": "east-1", "parent_id": "east"}]
USERS: dict[str, tuple[str, str | None, str | None]] = {
    "lin": ("sales", "north-1", "east-1"),
    "wang": ("sales", "south", "west"),
    "tom": ("sales_manager", "north-1", None),
    "maya": ("sales_manager", "north", None),
    "rita": ("regional_manager", "north", "east"),
    "fin": ("finance", None, None),
    "sven": ("service", None, None),
    "mark": ("marketing", None, None),
    "aud": ("auditor", None, None),
    "ada": ("admin", None, None),
}
ROLES = [{"id": name, "rights": rights} for name, (_, rights) in STANDARD_ROLES.items()]


def person(name: str) -> Person:
    users = [
        {"id": user, "role_id": role, "team_id": team, "territory_id": territory}
        for user, (role, team, territory) in USERS.items()
    ]
    return person_for(name, users, TEAMS, TERRITORIES, ROLES)


def customer_of(owner: str | None, **links: Any) -> frozenset[str]:
    return scopes_of(SCHEMAS["customer"], {"owner_id": owner, **links})


@pytest.mark.parametrize(
    ("who", "owner", "sees"),
    [
        ("lin", "lin", True),
        ("lin", "wang", False),
        ("lin", None, True),  # what nobody owns lies in the pool
        ("tom", "lin", True),
        ("tom", "maya", False),
        ("maya", "lin", True),
        ("maya", "wang", False),
        ("rita", "lin", True),
        ("rita", "wang", False),
        ("fin", "wang", True),
        ("sven", "wang", True),
        ("mark", None, True),
        ("aud", "wang", True),
        ("ada", None, True),
    ],
)
def test_each_role_sees_the_customers_its_reach_covers(who: str, owner: str | None, sees: bool) -> None:
    assert bool(decide(person(who), Action.READ, "customer", customer_of(owner))) is sees


def test_what_nobody_owns_is_read_by_who_may_see_the_pool_and_by_nobody_for_its_children() -> None:
    pooled = customer_of(None)
    below = scopes_of(SCHEMAS["contact"], {}, parents=[pooled])
    lin = person("lin")
    assert not decide(lin, Action.EDIT, "customer", pooled)
    assert not decide(lin, Action.READ, "contact", below)
    without = replace(lin, rights=replace(lin.rights, pool=frozenset()))
    assert not decide(without, Action.READ, "customer", pooled)


@pytest.mark.parametrize(
    ("who", "entity", "action", "may"),
    [
        ("lin", "deal", Action.CREATE, True),
        ("lin", "customer", Action.ASSIGN, False),
        ("tom", "customer", Action.ASSIGN, True),
        ("lin", "stage", Action.EDIT, False),
        ("lin", "stage", Action.READ, True),
        ("fin", "activity", Action.READ, False),
        ("fin", "ticket_message", Action.READ, False),
        ("fin", "quote", Action.READ, True),
        ("fin", "quote", Action.EDIT, False),
        ("sven", "ticket", Action.EDIT, True),
        ("sven", "customer", Action.EDIT, False),
        ("sven", "deal", Action.READ, False),
        ("sven", "quote", Action.READ, False),
        ("aud", "customer", Action.EDIT, False),
        ("aud", "customer", Action.EXPORT, True),
        ("ada", "role", Action.EDIT, True),
    ],
)
def test_each_role_may_do_what_it_is_for(who: str, entity: str, action: Action, may: bool) -> None:
    assert bool(decide(person(who), action, entity)) is may


def test_finance_reads_money_and_no_communication() -> None:
    names = {field.name for field in readable_fields(person("fin"), "customer")}
    assert {"name", "credit_limit", "payment_terms"} <= names
    assert "notes" not in names


def test_service_reads_base_data_and_no_money() -> None:
    names = {field.name for field in readable_fields(person("sven"), "customer")}
    assert "name" in names
    assert names.isdisjoint({"credit_limit", "payment_terms", "notes", "estimated_value"})


def test_nobody_but_finance_auditor_and_admin_sees_the_cost_of_a_product() -> None:
    for who in USERS:
        seen = any(f.field_class is FieldClass.PRIVATE for f in readable_fields(person(who), "product"))
        assert seen is (who in ("fin", "aud", "ada")), who


def test_a_refusal_says_which_field_stood_in_the_way() -> None:
    limit = SCHEMAS["customer"].fields["notes"]
    answer = decide(person("fin"), Action.EDIT, "customer", customer_of("lin"), [limit])
    assert not answer
    assert "Notes" in str(answer.reason)
    with pytest.raises(AccessDenied):
        answer.demand()


def test_a_customer_lent_by_a_deal_is_readable_and_nothing_more() -> None:
    scopes = scopes_of(SCHEMAS["customer"], {"owner_id": "wang"}, lent=[{"own:lin"}])
    assert decide(person("lin"), Action.READ, "customer", scopes)
    assert decide(person("tom"), Action.READ, "customer", scopes)
    assert not decide(person("lin"), Action.EDIT, "customer", scopes)
    assert not decide(person("lin"), Action.DELETE, "customer", scopes)


def test_children_inherit_from_their_parent_but_not_what_was_lent_to_it() -> None:
    parent = scopes_of(SCHEMAS["customer"], {"owner_id": "wang"}, lent=[{"own:lin"}])
    contact = scopes_of(SCHEMAS["contact"], {}, parents=[parent])
    assert contact == {EVERYONE, "own:wang"}


def test_what_belongs_to_setup_is_read_by_all_who_read_its_kind_and_stays_its_makers() -> None:
    product = SCHEMAS["product"]
    passed = passed_on(product, scopes_of(product, {}))
    picture = scopes_of(SCHEMAS["attachment"], {"owner_id": "root"}, parents=[passed])
    assert decide(person("wang"), Action.READ, "attachment", picture)
    for action in (Action.EDIT, Action.DELETE, Action.EXPORT, Action.SHARE):
        assert not decide(person("wang"), action, "attachment", picture), action
    unread = replace(person("wang"), rights=replace(person("wang").rights, reach={}))
    assert not decide(unread, Action.READ, "attachment", picture)
    customer = SCHEMAS["customer"]
    foreign = passed_on(customer, scopes_of(customer, {"owner_id": "lin"}))
    of_customer = scopes_of(SCHEMAS["attachment"], {"owner_id": "lin"}, parents=[foreign])
    assert not decide(person("wang"), Action.READ, "attachment", of_customer)


def test_a_missing_or_unreadable_policy_stops_everything() -> None:
    for rights in (
        None,
        [],
        {"reach": {"customer": {"read": "everywhere"}}},
        {"classes": {"*": {"core": "maybe"}}},
    ):
        with pytest.raises(BrokenPromise):
            read_rights(rights)  # type: ignore[arg-type]
    with pytest.raises(BrokenPromise):
        person_for("ghost", [], [], [], ROLES)


@given(st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("abcdef") | st.none(), max_size=6))
def test_a_tree_with_a_loop_still_ends(parents: dict[str, str | None]) -> None:
    found = below("a", parents)
    assert "a" in found
    assert found <= {"a", *parents}


@given(
    who=st.sampled_from(sorted(USERS)),
    entity=st.sampled_from(sorted(SCHEMAS)),
    owner=st.sampled_from([*sorted(USERS), None]),
)
def test_whoever_may_change_a_record_may_read_it(who: str, entity: str, owner: str | None) -> None:
    schema = SCHEMAS[entity]
    scopes = scopes_of(schema, {field.name: owner for field in schema.scope_fields if field.target == "user"})
    for action in (Action.EDIT, Action.DELETE, Action.EXPORT):
        if decide(person(who), action, entity, scopes):
            assert decide(person(who), Action.READ, entity, scopes)
