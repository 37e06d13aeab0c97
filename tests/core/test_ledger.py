"""Accounts: what entries come to, and what an entry may be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.rules.access import Action, ClassRight, decide, read_rights
from crm_core.rules.ledger import MOST, falls_below_zero, most_of, total
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.schema.field import FieldClass, Kind
from crm_core.schema.validate import problems_of
from tests.core.test_access import person

LEDGERS = [schema for schema in SCHEMAS.values() if schema.meta.ledger is not None]


@given(st.lists(st.integers(-1000, 1000)), st.randoms())
def test_the_order_of_entries_does_not_matter(amounts: list[int], random: object) -> None:
    shuffled = list(amounts)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert total(amounts) == total(shuffled) == sum(amounts)


def test_a_sum_never_leaves_what_a_column_holds() -> None:
    assert total([MOST, MOST]) == MOST
    assert total([-MOST, -MOST]) == -MOST
    assert total([None, 3]) == 3


def test_falling_below_zero_is_told_once() -> None:
    assert falls_below_zero(None, -1)
    assert falls_below_zero(0, -1)
    assert not falls_below_zero(-1, -2)
    assert not falls_below_zero(5, 0)


def test_every_declared_account_makes_sense() -> None:
    assert LEDGERS
    for schema in LEDGERS:
        ledger = schema.meta.ledger
        assert ledger is not None
        assert ledger.accounts
        for account in ledger.accounts:
            link = schema.fields[account.link]
            assert link.parent
            assert link.required
            amount = schema.fields[ledger.amount]
            assert amount.kind in (Kind.INTEGER, Kind.MONEY)
            summed = SCHEMAS[str(link.target)].fields[account.total]
            assert summed.computed
            assert summed.kind is amount.kind
            assert most_of(summed) >= MOST
            assert "{title}" in account.below_zero or not account.below_zero


def test_an_entry_of_nothing_is_none() -> None:
    schema = SCHEMAS["point_entry"]
    values = {"customer_id": "0" * 32, "reason": "Nothing"}
    assert [each.field for each in problems_of(schema, {**values, "points": 0})] == ["points"]
    assert problems_of(schema, {**values, "points": -5}) == []


def test_nobody_changes_or_deletes_an_entry_whatever_his_role() -> None:
    admin = person("ada")
    assert decide(admin, Action.CREATE, "point_entry")
    for action in (Action.EDIT, Action.DELETE):
        refused = decide(admin, action, "point_entry")
        assert not refused
        assert "stays as it was written" in str(refused.reason)


def test_a_role_written_before_an_entity_was_known_gives_the_rights_of_the_kind_it_is_like() -> None:
    stored = STANDARD_ROLES["sales"][1]
    assert "point_entry" not in stored["reach"]
    rights = read_rights(stored)
    assert rights.reach["point_entry"] == rights.reach["contact"]
    assert rights.class_right("point_entry", FieldClass.CORE) is ClassRight.WRITE
    masked = {**stored, "reach": {**stored["reach"], "point_entry": {"read": "own"}}}
    assert Action.CREATE not in read_rights(masked).reach["point_entry"]
