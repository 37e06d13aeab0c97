"""What only steps, HQ or whoever has more rights may write is not written by operations made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.schema.field import FieldClass
from crm_core.sync.codec import pack_value
from crm_core.sync.protocol import Code, OpKind, TxnFlag
from crm_core.times import DAY_MS
from tests.support.hq import Laptop, Office

STAGE = SCHEMAS["deal"].register(SCHEMAS["deal"].fields["stage_id"])


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


def test_who_did_something_is_who_says_so(firm: Firm) -> None:
    office, eve = firm.office, firm.eve
    tomorrow = office.now_ms + 3 * DAY_MS
    call = {"kind": "call", "subject": "Call", "customer_id": firm.customer, "done": True}
    made = eve.create("activity", {**call, "done_by": firm.lin_id})
    set_later = eve.create("activity", {**call, "done_by": firm.eve_id})
    told = [eve.last_op, eve.set("activity", set_later, "done_by", firm.lin_id)]
    stage = {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
    deal = eve.create("deal", {"name": "Deal", "customer_id": firm.customer, **stage})
    ticked = {"name": "Signed", "deal_id": deal, "done": True, "done_at": tomorrow, "done_by": firm.lin_id}
    milestones = [
        eve.create("deal_milestone", ticked),
        eve.create("deal_milestone", {**ticked, "done": False}),
    ]
    again = eve.create("deal_milestone", {"name": "Paid", "deal_id": deal})
    told.append(eve.set("deal_milestone", again, "done", [True, 1_000, firm.lin_id]))
    eve.sync()
    assert {eve.code(number) for number in told} == {Code.APPLIED}
    for activity in (made, set_later):
        assert office.row("activity", activity)["done_by"] == firm.eve_id
    kept = [office.row("deal_milestone", each) for each in (*milestones, again)]
    assert [row["done_by"] for row in kept] == [firm.eve_id, None, firm.eve_id]
    assert kept[0]["done_at"] <= office.now_ms
    assert (kept[1]["done_at"], kept[2]["done_at"]) == (None, 1_000)
    assert eve.replica == office.projection(firm.eve_id)  # and her laptop hears what HQ made of it


def test_what_was_done_may_be_its_owners_when_it_is_told_of(firm: Firm) -> None:
    manager = firm.office.user("Manager", "admin")
    laptop = firm.office.laptop(manager)
    visit = {
        "kind": "visit",
        "subject": "Seen",
        "owner_id": firm.lin_id,
        "done": True,
        "done_by": firm.lin_id,
    }
    made = laptop.create("activity", visit)
    laptop.sync()
    assert firm.office.row("activity", made)["done_by"] == firm.lin_id


def test_nothing_is_about_what_its_writer_does_not_see(firm: Firm) -> None:
    eve = firm.eve
    about = {"kind": "task", "subject": "Look", "about_entity": "customer"}
    answers = []
    for named in (firm.hidden, "f" * 32, firm.customer):
        made = eve.create("activity", {**about, "about_id": named})
        answers.append(firm.answer(eve.last_op))
    assert answers == [Code.PARENT, Code.PARENT, Code.APPLIED]
    assert eve.answers[eve.last_op - 1].extra == eve.answers[eve.last_op - 2].extra
    for named in (firm.hidden, "f" * 32):
        assert firm.answer(eve.set("activity", made, "about_id", named)) is Code.PARENT
    assert firm.answer(eve.set("activity", made, "about_entity", "nothing")) is Code.PARENT
    assert firm.answer(eve.set("activity", made, "about_id", None)) is Code.APPLIED


def test_no_skip_is_told_of_beside_a_move_or_by_who_may_not_skip(firm: Firm) -> None:
    office, eve = firm.office, firm.eve
    proposal = office.hq.create(
        "stage", {"pipeline_id": office.pipeline, "name": "Proposal", "kind": "open", "rank": 2}
    )
    office.hq.create("stage_rule", {"stage_id": proposal, "field": "close_date"})
    boss = office.laptop(office.user("Boss", "admin"))
    stage = {"pipeline_id": office.pipeline, "stage_id": office.stages["open"], "stage_since": 5}
    forged = {"skip_reason": "Forged", "skip_at": 5, "skipped": [["forged", "Forged", {}]]}
    deal = eve.create("deal", {"name": "Deal", "customer_id": firm.customer, **stage, **forged})
    assert firm.answer(eve.last_op) is Code.APPLIED
    assert [office.row("deal", deal)[name] for name in ("skip_at", "skipped")] == [None, None]
    skip = ("deal", deal, "skip_reason", list(forged.values()))
    assert firm.answer(eve.set(*skip)) is Code.INVALID
    boss.sync()
    assert_refused(boss, boss.set(*skip))  # who may skip tells of no skip without a move either
    moved = [office.pipeline, proposal, 50, None, 9]
    skipped = ["Agreed", 9, [["forged", "Something else", {}]]]
    numbers = both(boss, deal, skipped, moved)
    boss.sync()
    assert [boss.code(number) for number in numbers] == [Code.APPLIED, Code.APPLIED]
    row = office.row("deal", deal)
    assert (row["stage_id"], row["skip_reason"], row["skip_at"]) == (proposal, "Agreed", 9)
    assert [kept[1] for kept in row["skipped"]] == ["“{field}” must be filled in"]
    eve.sync()
    assert firm.answer(eve.set("deal", deal, "skip_reason", [None, None, None])) is Code.INVALID
    numbers = both(boss, deal, [None, None, None], [office.pipeline, office.stages["open"], 10, None, 5])
    boss.sync()
    assert [boss.code(number) for number in numbers] == [Code.APPLIED, Code.APPLIED]
    assert office.row("deal", deal)["skip_at"] is None
    eve.sync()
    for laptop in (eve, boss):
        assert laptop.replica == office.projection(laptop.user_id)


def assert_refused(laptop: Laptop, number: int) -> None:
    laptop.sync()
    assert laptop.code(number) is Code.INVALID


def both(laptop: Laptop, deal: str, skip: list[Any], move: list[Any]) -> list[int]:
    """Tell of a skip and a move in one transaction, as a laptop does."""
    fields = SCHEMAS["deal"].fields
    move = [pack_value(each, value) for each, value in zip(STAGE, move, strict=True)]
    return laptop.together(
        [
            (OpKind.SET, "deal", deal, fields["pipeline_id"].no, move),
            (OpKind.SET, "deal", deal, fields["skip_reason"].no, skip),
        ],
        flags=TxnFlag.NONE,
    )


def test_a_version_and_what_hq_fills_in_are_made_by_nobody_else(firm: Firm) -> None:
    eve = firm.eve
    quote = {"customer_id": firm.customer, "currency": "CNY", "valid_until": "2030-01-01"}
    made = eve.create("quote", {**quote, "version": 1})
    assert firm.answer(eve.last_op) is Code.APPLIED
    eve.create("quote", {**quote, "version": 7})
    assert firm.answer(eve.last_op) is Code.INVALID
    assert firm.answer(eve.set("quote", made, "version", 2)) is Code.INVALID
    for name, value in (("consent", "forged"), ("assigned_at", 1), ("assigned_why", "forged")):
        eve.create("lead", {"name": "Forged", name: value})
        assert firm.answer(eve.last_op) is Code.INVALID, name


KEPT_ELSEWHERE = {
    ("ticket", "replied_at"): "its time, which programs before steps set",
    ("ticket", "closed_at"): "its time, which programs before steps set; HQ puts that of the step there",
    ("deal", "stage_since"): "told with its move: days count from when it was made",
    ("comment", "mentions"): "its writer's",
    ("ticket", "category"): "the name of its category, as programs read it that know of no categories",
    ("ticket", "reply_due_at"): "worked out at HQ with whatever it follows from, itself among it",
    ("ticket", "solve_due_at"): "worked out at HQ with whatever it follows from, itself among it",
    ("ticket", "split_from_id"): "where its first messages stood, which its writer must see",
    ("ticket", "merged_into_id"): "merging",
    ("ticket", "form_id"): "its service request says it; nobody works more or less on it for what it names",
    ("ticket_message", "answers_seen"): "its writer's",
    ("customer", "merged_into_id"): "merging",
    ("contact", "merged_into_id"): "merging",
}


def test_every_field_nobody_types_is_watched_by_somebody() -> None:
    watched = {("activity", "done_by"), ("activity", "about_entity"), ("activity", "about_id")}
    watched |= {("deal_milestone", name) for name in ("done_at", "done_by")}
    watched |= {("deal", name) for name in ("skip_at", "skipped")}
    for schema in SCHEMAS.values():
        stepped = schema.meta.machine.named_fields() if schema.meta.machine else frozenset()
        for field in schema.fields.values():
            if not field.read_only or field.computed or field.field_class is FieldClass.SYSTEM:
                continue
            key = (schema.name, field.name)
            kept = field.by_hq or field.name in stepped or schema.meta.stands
            kept |= field.name == "number" and schema.meta.series is not None
            assert kept or key in watched or key in KEPT_ELSEWHERE or schema.name == "merge", key


def test_hq_goes_on_writing_what_is_its_own(firm: Firm) -> None:
    firm.office.hq.update("lead", firm.lead, {"assigned_why": "by rule", "assigned_at": 1})
    firm.eve.sync()
    shown = firm.eve.shown("lead", firm.lead)
    assert shown is not None
    assert shown["assigned_why"] == "by rule"
