"""Deciding about edits that came back: one or all of a kind, taken back whether HQ has heard of it or not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm_core.errors import NotFound, UserError
from crm_core.ids import named_id
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from crm_desktop.models import repository
from crm_desktop.models.device_tables import Returned
from crm_desktop.services import deciding, records, returned_edits
from crm_desktop.services.deciding import Decision, Verdict
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, differences

MINE, HQ = Decision(verdict=Verdict.MINE), Decision(verdict=Verdict.HQ)


@pytest.fixture
def lin(office: Office, laptops: Laptops) -> Laptop:
    made = laptops.make("lin", office.user("Lin", "sales"))
    made.sync()
    return made


def lost_edits(office: Office, lin: Laptop, phones: dict[str, str]) -> list[str]:
    """Let the office be later than Lin with the phone of new customers; return their ids."""
    made = [
        records.create(lin.replica, "customer", {"name": name, "phone": "000"}).value.id for name in phones
    ]
    lin.sync()
    for customer, phone in zip(made, phones.values(), strict=True):
        records.update(lin.replica, "customer", customer, {"phone": phone})
        office.now_ms += 1000
        office.hq.update("customer", customer, {"phone": "000 999"})
    lin.sync()
    assert len(returned_edits.returned(lin.replica)) == len(phones)
    return made


def phones_of(lin: Laptop, customers: list[str]) -> list[str]:
    return [records.get(lin.replica, "customer", customer)["phone"] for customer in customers]


def assert_even(lin: Laptop) -> None:
    lin.sync()
    assert list(differences(lin)) == []


def test_an_edit_comes_back_with_the_value_it_was_made_upon(office: Office, lin: Laptop) -> None:
    customer = records.create(lin.replica, "customer", {"name": "A", "phone": "000"}).value.id
    lin.sync()
    records.update(lin.replica, "customer", customer, {"phone": "111"})
    typed_ms = office.now_ms
    for later in ("222", "333"):
        office.now_ms += 1000
        office.hq.update("customer", customer, {"phone": later})
    lin.sync()
    (edit,) = returned_edits.returned(lin.replica)
    assert (edit.base, edit.mine, edit.theirs) == ("000", "111", "333")
    assert (edit.mine_at_ms, edit.theirs_ms) == (typed_ms, office.now_ms)
    assert edit.who.startswith("Founder")


def test_of_fields_that_move_together_the_whole_value_before_comes_back(office: Office, lin: Laptop) -> None:
    customer = records.create(lin.replica, "customer", {"name": "A"}).value.id
    deal = records.create(
        lin.replica, "deal", {"name": "D", "customer_id": customer, "amount": 100, "currency": "CNY"}
    ).value.id
    lin.sync()
    records.update(lin.replica, "deal", deal, {"amount": 200})
    office.now_ms += 1000
    office.hq.update("deal", deal, {"amount": 300, "currency": "EUR"})
    lin.sync()
    (edit,) = returned_edits.returned(lin.replica)
    assert (edit.base, edit.mine, edit.theirs) == ([100, "CNY"], [200, "CNY"], [300, "EUR"])


def test_what_hq_forbids_comes_back_with_who_made_hqs_value_and_when(office: Office, lin: Laptop) -> None:
    customer = records.create(lin.replica, "customer", {"name": "A"}).value.id
    lin.sync()
    office.now_ms += 1000
    office.hq.update("customer", customer, {"credit_limit": 500, "credit_currency": "CNY"})
    changed_ms = office.now_ms
    lin.sync()
    role = named_id("role", "sales")
    rights = office.row("role", role)["rights"]
    records.update(lin.replica, "customer", customer, {"credit_limit": 900})
    rights["classes"]["customer"]["money"] = "read"
    office.now_ms += 1000
    office.hq.update("role", role, {"rights": rights})
    lin.sync()
    (edit,) = returned_edits.returned(lin.replica)
    assert (edit.code, edit.theirs) == (Code.FORBIDDEN_FIELD, [500, "CNY"])
    assert edit.who.startswith("Founder")
    assert (edit.theirs_ms, edit.at_ms) == (changed_ms, office.now_ms)


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_decision_is_undone_whether_hq_has_heard_of_it_or_not(
    office: Office, lin: Laptop, is_sent: bool
) -> None:
    customers = lost_edits(office, lin, {"A": "111", "B": "222"})
    first, second = (edit.id for edit in returned_edits.returned(lin.replica))
    decided = deciding.decide(lin.replica, [(first, MINE), (second, HQ)]).value
    assert phones_of(lin, customers) == ["111", "000 999"]
    assert returned_edits.returned(lin.replica) == ()
    if is_sent:
        lin.sync()
        assert office.row("customer", customers[0])["phone"] == "111"
    deciding.undo(lin.replica, decided.ids)
    assert phones_of(lin, customers) == ["000 999", "000 999"]
    assert [edit.id for edit in returned_edits.returned(lin.replica)] == [first, second]
    assert lin.waiting() == (1 if is_sent else 0)
    assert_even(lin)
    assert office.row("customer", customers[0])["phone"] == "000 999"


def test_one_answer_is_given_to_all_of_a_kind_and_undone_at_once(office: Office, lin: Laptop) -> None:
    customers = lost_edits(office, lin, {name: f"{number}" * 3 for number, name in enumerate("ABCDE", 1)})
    records.update(lin.replica, "customer", customers[0], {"website": "https://mine.example"})
    office.now_ms += 1000
    office.hq.update("customer", customers[0], {"website": "https://hq.example"})
    lin.sync()
    *phones, website = returned_edits.returned(lin.replica)
    assert [edit.alike for edit in phones] == [4] * 5
    assert website.alike == 0
    for_all = Decision(verdict=Verdict.MINE, alike=True)
    decided = deciding.decide(lin.replica, [(phones[2].id, for_all)]).value
    assert len(decided.ids) == 5
    assert phones_of(lin, customers) == ["111", "222", "333", "444", "555"]
    assert [edit.id for edit in returned_edits.returned(lin.replica)] == [website.id]
    deciding.undo(lin.replica, decided.ids)
    assert phones_of(lin, customers) == ["000 999"] * 5
    assert lin.waiting() == 0
    assert_even(lin)


def test_of_a_kind_what_cannot_be_made_again_stays_open_and_is_named(office: Office, lin: Laptop) -> None:
    customers = lost_edits(office, lin, {"A": "111", "B": "222", "C": "333"})
    records.delete(lin.replica, "customer", customers[1])
    first = returned_edits.returned(lin.replica)[0]
    decided = deciding.decide(lin.replica, [(first.id, Decision(verdict=Verdict.MINE, alike=True))]).value
    assert len(decided.ids) == 2
    assert [(skipped.title, str(skipped.reason)) for skipped in decided.skipped] == [
        ("B", "This record was deleted")
    ]
    (left,) = returned_edits.returned(lin.replica)
    assert left.mine == "222"


def test_a_third_value_a_deletion_and_a_new_record_are_undone_too(office: Office, lin: Laptop) -> None:
    (customer,) = lost_edits(office, lin, {"A": "111"})
    (edit,) = returned_edits.returned(lin.replica)
    other = Decision(verdict=Verdict.OTHER, value="999")
    decided = deciding.decide(lin.replica, [(edit.id, other)]).value
    assert phones_of(lin, [customer]) == ["999"]
    deciding.undo(lin.replica, decided.ids)
    assert phones_of(lin, [customer]) == ["000 999"]
    records.delete(lin.replica, "customer", customer)
    office.hq.delete("customer", customer)
    office.hq.restore("customer", customer)
    lin.sync()
    stale = returned_edits.returned(lin.replica)[-1]
    assert stale.code is Code.STALE_LIFE
    decided = deciding.decide(lin.replica, [(stale.id, MINE)]).value
    assert not records.get(lin.replica, "customer", customer).alive
    lin.sync()
    deciding.undo(lin.replica, decided.ids)
    assert records.get(lin.replica, "customer", customer).alive
    assert_even(lin)


def test_a_refused_record_made_again_goes_when_that_is_undone(office: Office, lin: Laptop) -> None:
    manager = office.user("Wang", "sales_manager")
    with lin.replica.write() as session:  # past the laptop's own check, as an older program might
        repository.create(session, "customer", {"name": "Forbidden", "owner_id": manager})
    lin.sync()
    (edit,) = returned_edits.returned(lin.replica)
    assert edit.code is Code.FORBIDDEN_ASSIGN
    with pytest.raises(UserError):
        deciding.decide(lin.replica, [(edit.id, MINE)])
    assert len(returned_edits.returned(lin.replica)) == 1


@pytest.mark.parametrize("decide", [deciding.redo, deciding.discard])
def test_a_decided_edit_is_gone_after_30_days_and_an_open_one_never(
    office: Office, lin: Laptop, decide: Callable[..., object]
) -> None:
    lost_edits(office, lin, {"A": "111", "B": "222"})
    first, second = returned_edits.returned(lin.replica)
    decide(lin.replica, first.id)
    assert [edit.id for edit in returned_edits.decided(lin.replica)] == [first.id]
    office.now_ms += 29 * DAY_MS
    assert deciding.forget_old(lin.replica) == 0
    office.now_ms += 2 * DAY_MS
    assert deciding.forget_old(lin.replica) == 1
    assert returned_edits.decided(lin.replica) == ()
    assert [edit.id for edit in returned_edits.returned(lin.replica)] == [second.id]
    with pytest.raises(NotFound):
        deciding.undo(lin.replica, [first.id])


def test_what_a_decision_replaced_goes_with_the_record_and_the_decision_is_undone_all_the_same(
    office: Office, lin: Laptop
) -> None:
    (customer,) = lost_edits(office, lin, {"A": "111"})
    (edit,) = returned_edits.returned(lin.replica)
    deciding.redo(lin.replica, edit.id)
    lin.sync()
    office.hq.update("customer", customer, {"owner_id": office.user("Wang", "sales")})
    lin.sync()
    with lin.replica.read() as session:
        kept = session.get_one(Returned, edit.id)
        assert (kept.mine, kept.theirs, kept.base, kept.undo) == ("111", None, None, None)
    deciding.undo(lin.replica, [edit.id])
    (again,) = returned_edits.returned(lin.replica)
    assert (again.mine, again.exists) == ("111", False)
