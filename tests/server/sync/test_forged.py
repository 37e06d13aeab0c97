"""What only steps, HQ or whoever has more rights may write is not written by operations made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from tests.support.hq import Office


class Firm:
    """Eve who sells, somebody else who sells too, and what each has."""

    def __init__(self, office: Office) -> None:
        create = office.hq.create
        self.office = office
        self.eve_id, self.lin_id = (office.user(name, "sales") for name in ("Eve", "Lin"))
        self.customer = create("customer", {"name": "Mine", "owner_id": self.eve_id})
        self.lead = create("lead", {"name": "Mine", "owner_id": self.eve_id})
        self.shared = create(
            "customer", {"name": "Lin's", "owner_id": self.lin_id, "shared_with": [self.eve_id]}
        )
        self.hidden = create("customer", {"name": "Hidden", "owner_id": self.lin_id})
        self.eve = office.laptop(self.eve_id)
        self.eve.sync()

    def answer(self, number: int) -> Code:
        self.eve.sync()
        return self.eve.code(number)

    def merge_of(self, kept: str, **told: Any) -> Code:
        values = {"name": "Forged", "kept_entity": "customer", "kept_id": kept, "merged": [], "moves": []}
        self.eve.create("merge", {**values, **told})
        return self.answer(self.eve.last_op)


@pytest.fixture(scope="module")
def firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firm]:
    """Give one firm to all tests: none of what they try leaves anything."""
    office = Office(tmp_path_factory.mktemp("forged") / "hq")
    yield Firm(office)
    office.close()


KEPT = (
    *(("customer", name, 1) for name in ("held_since", "claimed_at", "returned_at")),
    ("customer", "last_owner_id", None),
    *(("lead", name, None) for name in ("customer_id", "contact_id", "deal_id", "form_id", "assigned_by")),
    *(("lead", name, 1) for name in ("converted_at", "consent_at", "assigned_at")),
    *(("lead", name, "forged") for name in ("consent", "consent_version", "consent_from", "assigned_why")),
    ("lead", "conversion", {"made": [], "moved": []}),
)


def test_what_steps_and_hq_keep_is_set_by_nobody(firm: Firm) -> None:
    for entity, name, value in KEPT:
        record_id = firm.customer if entity == "customer" else firm.lead
        assert firm.answer(firm.eve.set(entity, record_id, name, value)) is Code.INVALID, name
    assert firm.eve.replica == firm.office.projection(firm.eve_id)


def test_no_customer_is_made_that_is_held_since_tomorrow(firm: Firm) -> None:
    for days, answer in ((0, Code.APPLIED), (2, Code.INVALID), (4_000, Code.INVALID)):
        since = firm.office.now_ms + days * DAY_MS
        firm.eve.create("customer", {"name": f"In {days} days", "held_since": since})
        assert firm.answer(firm.eve.last_op) is answer, days


def test_a_merge_tells_of_nothing_its_author_may_not_do(firm: Firm) -> None:
    give = {"owner_id": [firm.eve_id, firm.lin_id]}
    share = {"shown_to": [firm.eve_id]}
    assert firm.merge_of(firm.shared, before_core=give) is Code.FORBIDDEN_ASSIGN
    assert firm.merge_of(firm.shared, before_core=share) is Code.FORBIDDEN_ASSIGN
    assert firm.merge_of(firm.customer, before_core={"credit_limit": [1, 2]}) is Code.INVALID
    assert firm.merge_of(firm.customer, before_core={"held_since": [1, 2]}) is Code.INVALID
    assert not firm.merge_of(firm.hidden, before_core={"name": ["a", "b"]}).took_effect
    assert firm.merge_of("f" * 32).took_effect is firm.merge_of(firm.hidden).took_effect is False
    assert firm.merge_of(firm.shared, before_core={"name": ["a", "b"]}) is Code.APPLIED


def test_what_a_merge_told_stays_as_it_was(firm: Firm) -> None:
    assert firm.merge_of(firm.shared, name="Told") is Code.APPLIED
    merge = firm.office.hq.find("merge", "name", "Told")[0][0]
    for name, value in (
        ("merged", [firm.hidden]),
        ("before_core", {"owner_id": [firm.eve_id, firm.lin_id]}),
        ("kept_id", firm.customer),
    ):
        assert firm.answer(firm.eve.set("merge", merge, name, value)) is Code.ILLEGAL_STATE, name
    assert firm.answer(firm.eve.set("merge", merge, "taken_apart_at", 1)) is Code.APPLIED


def test_nobody_merges_into_or_away_what_he_does_not_see(firm: Firm) -> None:
    eve = firm.eve
    unknown = [
        firm.answer(eve.set("customer", firm.customer, "merged_into_id", kept))
        for kept in (firm.hidden, "f" * 32)
    ]
    assert unknown == [Code.PARENT, Code.PARENT]
    away = [
        firm.answer(eve.set("customer", gone, "merged_into_id", firm.customer))
        for gone in (firm.hidden, "f" * 32)
    ]
    assert away == [Code.FORBIDDEN_ROW, Code.FORBIDDEN_ROW]


def test_a_milestone_and_a_comment_are_their_owners_and_writers(firm: Firm) -> None:
    office, eve = firm.office, firm.eve
    stage = {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
    deal = eve.create("deal", {"name": "Deal", "customer_id": firm.customer, **stage})
    eve.create("deal_milestone", {"name": "Forged", "deal_id": deal, "owner_id": firm.lin_id})
    assert firm.answer(eve.last_op) is Code.FORBIDDEN_ASSIGN
    remark = {"record_entity": "customer", "record_id": firm.customer, "body": "Mine"}
    eve.create("comment", {**remark, "created_by": firm.lin_id})
    assert firm.answer(eve.last_op) is Code.INVALID
    comment = eve.create("comment", remark)
    eve.sync()
    assert office.row("comment", comment)["created_by"] == firm.eve_id
    moved = firm.answer(eve.set("comment", comment, "record_id", firm.hidden))
    assert not moved.took_effect
    eve.create("comment", {**remark, "record_id": firm.hidden})
    assert not firm.answer(eve.last_op).took_effect


def test_hq_goes_on_writing_what_is_its_own(firm: Firm) -> None:
    firm.office.hq.update("lead", firm.lead, {"assigned_why": "by rule", "assigned_at": 1})
    firm.eve.sync()
    shown = firm.eve.shown("lead", firm.lead)
    assert shown is not None
    assert shown["assigned_why"] == "by rule"
