"""What administrators set up is judged at HQ by the rules of the window, whoever sent it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.errors import Invalid
from crm_core.ids import named_id
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.report_form import plain_report
from crm_core.rules.reports import Report
from crm_core.rules.segments import IN_SEGMENT, AllOf, plain_rule
from crm_core.rules.set_up import SET_UP
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.sync.codec import pack_value
from crm_core.sync.protocol import Code, OpKind, TxnFlag
from tests.support.hq import Laptop, Office, make


def where(field: str, value: str) -> dict[str, Any]:
    """Return the stored rules of a segment that asks for one value."""
    return plain_rule(AllOf((Condition(field=field, op=Op.EQUAL, value=value),)))


DEEP = named_id("article_category", "deep")
CATEGORIES = tuple(digit * 32 for digit in "abc")
"""Ids of three categories, each within the one before; nothing goes within the last."""


class Setup:
    """Two administrators with a laptop each, and what they set up."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.wang, self.lin = (office.laptop(office.user(name, "admin")) for name in ("Wang", "Lin"))
        self.team = office.hq.create("team", {"name": "Team"})
        self.sound: dict[str, dict[str, Any]] = {
            "capture_form": {
                "name": "Form",
                "token": "a-form",
                "asked": ["name", "phone"],
                "needed": ["name"],
            },
            "assignment_rule": {"name": "Rule", "way": "round_robin", "people": [[self.wang.user_id, 1]]},
            "scoring_rule": {"name": "Phone", "kind": "field", "field": "phone", "points": 5},
            "stage_rule": {
                "stage_id": office.stages["won"],
                "moment": "entry",
                "kind": "field_compares",
                "field": "amount",
                "operator": ">=",
                "value": "100",
            },
            "milestone": {"name": "Signed", "stage_id": office.stages["open"]},
            "pool_rule": {"name": "Quiet", "contact_days": 30},
            "value_rule": {"name": "Usual", "recency_days": "30, 90, 180, 365"},
            "campaign": {"name": "Fair", "starts_on": "2027-03-01", "ends_on": "2027-03-04"},
            "target": {"year": 2027, "period": "year", "measure": "visits", "number": 20},
            "scenario": {"name": "Dear", "changes": {"price": "5"}},
            "segment": {"name": "Big", "kind": "rules", "rules": where("level", "A")},
            "report": {"name": "Big", "definition": plain_report(Report(entity="deal"))},
            "dashboard": {"name": "Mine", "tiles": [{"id": "a", "standard": "won_by_month"}]},
            "report_schedule": {
                "name": "Daily",
                "standard": "ranking",
                "readers": [self.wang.user_id],
                "starts_at": 1_800_000_000_000,
                "repeat": "FREQ=DAILY",
            },
            "price_book": {"name": "Dealers", "currency": "CNY"},
            "price": {
                "product_id": office.hq.create("product", {"name": "Pump"}),
                "book": "Dealers",
                "unit_price": 1_00,
                "currency": "CNY",
            },
            "tax_class": {"name": "VAT", "rates": [{"from": "2019-04-01", "rate": "13"}]},
            "plan_template": {"name": "Thirds", "parts": "30/60/10"},
            "exchange_rate": {
                "currency": "EUR",
                "to_currency": "CNY",
                "rate": "8.12",
                "valid_from": "2026-01-01",
            },
            "approval_flow": {"name": "Flow", "record_entity": "quote", "steps": [{"who": "superior"}]},
            "mandate": {
                "name": "Lin",
                "user_id": self.lin.user_id,
                "most_percent": "10",
                "valid_until": "2031-12-31",
            },
            "absence": {
                "owner_id": self.wang.user_id,
                "stand_in_id": self.lin.user_id,
                "begins_at": 1,
                "ends_at": 2,
            },
            "article_category": {"name": "Pumps"},
            "document_template": {"name": "Offer", "kind": "quote", "body": "{{ customer.name }}"},
            "work_calendar": {"name": "Night", "time_zone": "Europe/Berlin", "hours": [[[0, 1440]]] * 7},
            "sla_policy": {"name": "Gold", "promised": {"high": {"reply": 30}}},
            "ticket_category": {"name": "Leaks"},
            "macro": {"name": "Waits", "changes": {"status": "waiting"}},
            "survey": {"name": "Closed", "scale": "stars", "bad_at": 2},
            "feedback_rule": {"name": "Often", "kind": "complains", "days": 90, "tickets": 3},
            "barred_sender": {"address": "@junk.example"},
            "request_form": {
                "name": "Goodwill",
                "questions": [{"key": "amount", "label": "Amount", "kind": "money", "currency": "CNY"}],
            },
        }
        levels = zip(CATEGORIES, (None, *CATEGORIES), strict=False)
        office.hq.write_all(
            [make("ticket_category", each, name=each[0], parent_id=above) for each, above in levels]
        )
        customer = office.hq.create("customer", {"name": "Acme"})
        agreed = {"customer_id": customer, "currency": "CNY"}
        order = office.hq.create("order", agreed)
        owed = {**agreed, "order_id": order, "amount": 1_00}
        self.sound |= {
            "instalment": owed,
            "receipt": {**agreed, "amount": 1_00, "received_on": "2026-07-01"},
            "invoice": {**agreed, "amount": 1_00, "title_name": "Acme"},
        }
        shelf = office.hq.create("article_category", {"name": "Meters"})
        office.hq.write_all([make("article_category", DEEP, name="Deep", parent_id=shelf)])
        self.records = {kind: office.hq.create(kind, values) for kind, values in self.sound.items()}
        self.meet()

    def meet(self) -> None:
        for laptop in (self.wang, self.lin, self.wang, self.lin):
            laptop.sync()

    def save(self, laptop: Laptop, kind: str, changes: dict[str, Any], record_id: str = "") -> list[int]:
        """Change fields as a form does, one operation for each in one transaction, and send it."""
        fields = [(SCHEMAS[kind].fields[name], value) for name, value in changes.items()]
        found = record_id or self.records[kind]
        return laptop.together(
            [(OpKind.SET, kind, found, each.no, pack_value(each, value)) for each, value in fields],
            flags=TxnFlag.NONE,
        )

    def answers(self, laptop: Laptop, numbers: list[int]) -> set[Code]:
        laptop.sync()
        return {laptop.code(number) for number in numbers}

    def said(self, laptop: Laptop, number: int) -> str:
        extra = laptop.answers[number].extra
        assert extra is not None
        return str(extra[:2])


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    office = Office(tmp_path_factory.mktemp("set-up") / "hq")
    yield Setup(office)
    office.close()


NO_SUCH = CUSTOM_PREFIX + "nothing"
WRONG: dict[str, tuple[dict[str, Any], ...]] = {
    "article_category": ({"parent_id": DEEP},),
    "capture_form": (
        {"token": "../etc"},
        {"asked": ["name", "owner_id"]},
        {"asked": [["name"]]},
        {"needed": {"name": {}, NO_SUCH: 1}},
        {"redirect": "javascript:alert(1)"},
    ),
    "assignment_rule": (
        {"people": None},
        {"people": [["someone", 0]]},
        {"people": {"someone": 1}},
        {"regions": [7]},
        {"employees_from": 5, "employees_to": 4},
        {"way": "queue"},
        {"applies_to": "ticket", "way": "queue"},
        {"most_open": 0},
        {"rules": {"all": [{"field": NO_SUCH, "op": "=", "kind": "one", "value": 1}]}},
    ),
    "scoring_rule": ({"field": NO_SUCH}, {"comparison": "equal"}, {"kind": "field", "field": None}),
    "stage_rule": (
        {"field": NO_SUCH},
        {"value": "much"},
        {"operator": None},
        {"kind": "milestone_done"},
    ),
    "milestone": ({"stage_id": None},),
    "pool_rule": ({"contact_days": 0}, {"most_held": -1}, {"remind_days": -7}),
    "scenario": ({"changes": {"price": "much"}}, {"changes": {"luck": "5"}}),
    "value_rule": ({"recency_days": "30, 90"}, {"frequency": "2, 1, 3, 4"}, {"months": 0}, {"years": 99}),
    "campaign": ({"ends_on": "2027-02-28"}, {"cost": -1}),
    "target": ({"number": 0}, {"number": None}, {"year": 12}, {"measure": "won_amount"}),
    "price_book": (
        {"rule": "off"},
        {"rule": "off", "percent": "101"},
        {"valid_from": "2026-02-01", "valid_until": "2026-01-01"},
        {"customer_id": "f" * 32, "level": "A"},
    ),
    "price": (
        {"book": None},
        {"min_quantity": "-1"},
        {"valid_from": "2026-02-01", "valid_until": "2026-01-01"},
    ),
    "tax_class": (
        {"rates": [{"from": "2019-04-01", "rate": "113"}]},
        {"rates": [{"from": "spring", "rate": "13"}]},
        {"rates": [{"from": "2019-04-01", "rate": "13"}, {"from": "2019-04-01", "rate": "9"}]},
    ),
    "work_calendar": (
        {"time_zone": "Mars/Olympus"},
        {"hours": [[[600, 540]]] * 7},
        {"hours": [[]] * 6},
        {"holidays": ["someday"]},
        {"made_up": [["2026-10-10", 7]]},
        {"made_up": [["2026-10-10", True]]},
        {"hours": [[]] * 7},
    ),
    "sla_policy": (
        {"promised": {"high": {"reply": 0}}},
        {"promised": {"best": {"reply": 5}}},
        {"promised": {"high": {"smile": 5}}},
        {"pausing": ["solved"]},
        {"warn_minutes": -1},
        {"escalations": [{"after": 60, "to": "manager"}, {"after": 0, "to": "assignee"}]},
        {"escalations": [{"after": 0, "to": "reassign"}]},
        {"escalations": [{"after": 0, "to": "reassign", "user": ["f" * 32]}]},
        {"rules": where("subject", "Leak")},
    ),
    "ticket_category": ({"parent_id": CATEGORIES[-1]},),
    "barred_sender": ({"address": "somebody"},),
    "macro": (
        {"changes": {"subject": "Other"}},
        {"changes": {"status": "asleep"}},
        {"changes": {"status": ["open"]}},
        {"changes": {"assignee_id": "nobody"}},
        {"changes": {}},
    ),
    "survey": (
        {"scale": "thumbs"},
        {"bad_at": 6},
        {"wait_hours": -1},
        {"remind_days": 0},
        {"lives_days": 0},
        {"questions": [{"kind": "text"}]},
        {"questions": [{"kind": "choice", "en": "Which?", "options": [["One", ""]]}]},
        {"questions": [{"kind": "text", "en": "Why?"}] * 6},
        {"rules": where("subject", "Leak")},
    ),
    "feedback_rule": (
        {"days": 0},
        {"days": None},
        {"tickets": 0},
        {"tickets": None},
        {"share_percent": 101},
        {"bound": -1},
        {"kind": "promotes", "tickets": None, "late": 2},
    ),
    "request_form": (
        {"questions": [{"key": "a", "label": "A", "kind": "colour"}]},
        {"questions": [{"key": "A b", "label": "A", "kind": "text"}]},
        {"questions": [{"key": "a", "label": " ", "kind": "text"}]},
        {"questions": [{"key": "a", "label": "A", "kind": "text"}] * 2},
        {"questions": [{"key": "a", "label": "A", "kind": "choice"}]},
        {"questions": [{"key": "a", "label": "A", "kind": "ref", "target": "nothing"}]},
        {"questions": [{"key": "a", "label": "A", "kind": "text", "script": "x"}]},
        {"questions": [{"key": "a", "label": "A", "kind": "choice", "choices": "ab"}]},
        {"questions": {"key": "a"}},
        {"questions": ["a"]},
        {"questions": [{"key": f"q{n}", "label": "A", "kind": "text"} for n in range(41)]},
        {"task_for_id": "f" * 32},
    ),
    "report_schedule": (
        {"standard": "nothing"},
        {"standard": None},
        {"repeat": "sometimes"},
        {"zone": "Mars/Base"},
        {"outside": "nobody"},
        {"to_laptops": True},
        {"by_mail": False},
    ),
    "plan_template": ({"parts": "30/60"}, {"parts": "30, 70"}, {"parts": "0/100"}, {"months": 0}),
    "exchange_rate": ({"rate": "0"}, {"rate": "-1"}, {"to_currency": "EUR"}),
    "approval_flow": (
        {"record_entity": "nothing"},
        {"steps": []},
        {"steps": [{"who": "nobody"}]},
        {"steps": [{"who": "named"}]},
    ),
    "mandate": (
        {"user_id": None},
        {"most_percent": "110"},
        {"valid_from": "2032-01-01"},
    ),
    "absence": ({"ends_at": 0}, {"ends_at": 1}),
    "instalment": ({"order_id": None},),
    "receipt": ({"kind": "refund"},),
    "invoice": ({"kind": "vat_special"},),
    "document_template": (
        {"body": "{{ customer.nmae }}"},
        {"body": "{{ ''.__class__ }}"},
        {"body": "{% for a in lines %}"},
        {"body": None},
        {"engine": "mail"},
        {"engine": "word"},
        {"kind": "nothing"},
        {"language": "fr"},
    ),
    "report": (
        {"definition": None},
        {"definition": {"entity": "nothing", "rule": {"all": []}, "measures": []}},
        {"definition": plain_report(Report(entity="deal", measures=()))},
    ),
    "dashboard": (
        {"tiles": [{"id": "a"}]},
        {"tiles": "none"},
        {"tiles": [{"id": "a", "standard": "x"}] * 2},
        {"period": "some day"},
    ),
    "segment": ({"rules": {"all": 5}}, {"rules": None}, {"rules": {"of": "nowhere"}}),
}


def test_each_kind_of_set_up_has_something_wrong_to_try() -> None:
    assert WRONG.keys() == SET_UP


@pytest.mark.parametrize("kind", sorted(SET_UP))
def test_what_the_window_would_not_save_comes_back_with_the_reason(setup: Setup, kind: str) -> None:
    before = setup.office.row(kind, setup.records[kind])
    for wrong in WRONG[kind]:
        numbers = setup.save(setup.wang, kind, wrong)
        assert setup.answers(setup.wang, numbers) == {Code.INVALID}, wrong
        assert "{field}: {problem}" in setup.said(setup.wang, numbers[0]), wrong
        setup.wang.create(kind, {**setup.sound[kind], **wrong})
        assert setup.answers(setup.wang, [setup.wang.last_op]) == {Code.INVALID}, wrong
        with pytest.raises(Invalid):
            setup.office.hq.update(kind, setup.records[kind], wrong)
    assert setup.office.row(kind, setup.records[kind]) == before


def test_fields_saved_together_are_judged_together_in_whatever_order(setup: Setup) -> None:
    to_team = {"people": None, "team_id": setup.team}
    back = {"team_id": None, "people": [[setup.lin.user_id, 2]]}
    for changes in (to_team, back):
        assert setup.answers(setup.wang, setup.save(setup.wang, "assignment_rule", changes)) == {Code.APPLIED}
    assert setup.answers(setup.wang, setup.save(setup.wang, "assignment_rule", {"people": None})) == {
        Code.INVALID
    }


def test_of_two_changes_that_make_no_rule_together_the_second_comes_back(setup: Setup) -> None:
    setup.meet()
    both = {"team_id": setup.team, "people": [[setup.lin.user_id, 1]]}
    assert setup.answers(setup.lin, setup.save(setup.lin, "assignment_rule", both)) == {Code.APPLIED}
    setup.meet()
    first = setup.save(setup.lin, "assignment_rule", {"team_id": None})
    second = setup.save(setup.wang, "assignment_rule", {"people": None})
    assert setup.answers(setup.lin, first) == {Code.APPLIED}
    assert setup.answers(setup.wang, second) == {Code.INVALID}
    assert "A rule needs people or a team" in setup.said(setup.wang, second[0])


@pytest.mark.parametrize("kind", ["ticket_category", "article_category"])
def test_a_category_takes_none_too_deep_along_when_it_moves(setup: Setup, kind: str) -> None:
    create = setup.office.hq.create
    most = {"ticket_category": 3, "article_category": 2}[kind]
    top = create(kind, {"name": "Top"})
    moved = create(kind, {"name": "Moved"})
    lowest = moved
    for level in range(most - 1):
        lowest = create(kind, {"name": f"Below {level}", "parent_id": lowest})
    setup.meet()
    numbers = setup.save(setup.wang, kind, {"parent_id": top}, moved)
    assert setup.answers(setup.wang, numbers) == {Code.INVALID}
    with pytest.raises(Invalid):
        setup.office.hq.update(kind, moved, {"parent_id": top})
    assert setup.answers(setup.wang, setup.save(setup.wang, kind, {"parent_id": top}, lowest)) == {
        Code.APPLIED
    }


def test_segments_of_two_people_do_not_ask_each_other(setup: Setup) -> None:
    def asks(segment: str) -> dict[str, Any]:
        return where(IN_SEGMENT.name, segment)

    one, two = (setup.office.hq.create("segment", {**setup.sound["segment"], "name": n}) for n in "12")
    setup.meet()
    first = setup.save(setup.lin, "segment", {"rules": asks(two)}, one)
    second = setup.save(setup.wang, "segment", {"rules": asks(one)}, two)
    assert setup.answers(setup.lin, first) == {Code.APPLIED}
    assert setup.answers(setup.wang, second) == {Code.INVALID}
    assert setup.answers(setup.wang, setup.save(setup.wang, "segment", {"rules": asks(two)}, two)) == {
        Code.INVALID
    }


def test_a_form_may_ask_for_a_field_that_is_made_with_it_and_be_changed_when_it_is_retired(
    setup: Setup,
) -> None:
    field = setup.wang.create(
        "custom_field", {"entity": "lead", "key": "fleet", "kind": "text", "label": "F"}
    )
    made = setup.wang.last_op
    form = {"name": "Fleet", "token": "fleet", "asked": ["name", CUSTOM_PREFIX + "fleet"]}
    record = setup.wang.create("capture_form", form)
    assert setup.answers(setup.wang, [made, setup.wang.last_op]) == {Code.APPLIED}
    setup.office.hq.update("custom_field", field, {"retired": True})
    setup.meet()
    changed = setup.save(setup.wang, "capture_form", {"heading": "Your fleet"}, record)
    assert setup.answers(setup.wang, changed) == {Code.APPLIED}
    worse = setup.save(setup.wang, "capture_form", {"needed": [CUSTOM_PREFIX + "fleet"]}, record)
    assert setup.answers(setup.wang, worse) == {Code.INVALID}


def test_a_wrong_rule_takes_nothing_with_it_that_was_sent_beside_it(setup: Setup) -> None:
    customer = setup.wang.create("customer", {"name": "Beside"})
    beside = setup.wang.last_op
    wrong = setup.save(setup.wang, "pool_rule", {"contact_days": 0, "name": "Renamed"})
    after = setup.wang.set("customer", customer, "name", "Beside it")
    assert setup.answers(setup.wang, wrong) == {Code.INVALID}
    assert {setup.wang.code(number) for number in (beside, after)} == {Code.APPLIED}
    assert setup.office.row("pool_rule", setup.records["pool_rule"])["name"] == "Quiet"
    setup.meet()
    assert setup.wang.replica == setup.office.projection(setup.wang.user_id)


def test_conditions_of_one_stage_edited_by_two_people_offline_are_all_kept(setup: Setup) -> None:
    stage = setup.office.stages["open"]
    ask = {"stage_id": stage, "moment": "exit", "kind": "field_filled"}
    shared = setup.office.hq.create("stage_rule", {**ask, "field": "amount"})
    going = setup.office.hq.create("stage_rule", {**ask, "field": "source"})
    setup.meet()
    # Neither hears of the other: each adds one, changes the same one elsewhere; one takes one away.
    added = {
        setup.wang.create("stage_rule", {**ask, "field": "product_id"}),
        setup.lin.create("stage_rule", {**ask, "field": "close_date"}),
    }
    setup.save(setup.wang, "stage_rule", {"message": "How much?"}, shared)
    setup.save(setup.lin, "stage_rule", {"moment": "entry"}, shared)
    setup.lin.delete("stage_rule", going)
    setup.save(setup.wang, "stage_rule", {"message": "From where?"}, going)
    setup.meet()
    assert not setup.wang.outbox
    assert not setup.lin.outbox
    kept = dict(setup.office.hq.find("stage_rule", "stage_id", stage))
    assert kept.keys() == {shared, *added}
    assert (kept[shared]["message"], kept[shared]["moment"]) == ("How much?", "entry")
    assert setup.office.row("stage_rule", going)["life"] == 2
    for laptop in (setup.wang, setup.lin):
        assert laptop.replica == setup.office.projection(laptop.user_id)
