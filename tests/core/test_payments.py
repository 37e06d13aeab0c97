"""Payment plans and matching: no minor unit is lost, nothing is paid more than it is."""

from __future__ import annotations

import datetime
import random
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.money import MAX_MINOR, Money
from crm_core.rules import payment_checks, payments
from crm_core.rules.payments import BUCKETS, Payable, Share, Standing, State

TODAY = datetime.date(2026, 7, 15)
_minor = st.integers(1, 10**9)
_percents = st.lists(st.integers(1, 10_000), min_size=1, max_size=8)
_day = st.dates(datetime.date(2026, 1, 1), datetime.date(2026, 12, 31))
_payables = st.lists(
    st.builds(
        Payable,
        id=st.uuids().map(lambda each: each.hex),
        open_minor=st.integers(0, 500),
        due_on=st.one_of(st.none(), _day.map(datetime.date.isoformat)),
        number=st.integers(1, 5),
    ),
    max_size=8,
    unique_by=lambda each: each.id,
)


@given(_minor, _percents)
def test_a_plan_by_percentages_loses_no_minor_unit(total: int, weights: list[int]) -> None:
    whole = sum(weights)
    percents = [(Decimal(each) * 100 / whole).quantize(Decimal("0.0001")) for each in weights[:-1]]
    percents.append(100 - sum(percents, Decimal(0)))
    if percents[-1] < 0:
        return
    amounts = payments.split(total, percents)
    assert sum(amounts) == total
    payments.demand_adds_up(Money(total, "CNY"), amounts)
    for percent, amount in zip(percents, amounts, strict=True):
        assert abs(amount - total * percent / 100) < 1


def test_percentages_as_people_write_them() -> None:
    assert payments.split(100_01, [Decimal(30), Decimal(60), Decimal(10)]) == [30_00, 60_01, 10_00]
    assert payments.split(100, [Decimal("33.33"), Decimal("33.33"), Decimal("33.34")]) == [33, 33, 34]
    assert payments.split(1000, [Decimal(30)]) == [300]
    assert payments.split(1000, []) == []
    assert sum(payments.split(MAX_MINOR, [Decimal("12.5")] * 8)) == MAX_MINOR
    with pytest.raises(UserError):
        payments.split(100, [Decimal(101)])


def test_a_plan_that_does_not_add_up_says_by_how_much() -> None:
    with pytest.raises(UserError, match=r"lacks 0\.01 CNY"):
        payments.demand_adds_up(Money(100, "CNY"), [50, 49])
    with pytest.raises(UserError, match=r"0\.10 CNY more"):
        payments.demand_adds_up(Money(100, "CNY"), [50, 60, None])


@given(
    st.sampled_from(["draft", "agreed", "void", None]),
    st.integers(1, 100),
    st.one_of(st.none(), st.integers(0, 120)),
    st.one_of(st.none(), _day),
)
def test_the_state_of_an_instalment_is_what_one_would_say(
    status: str | None, amount: int, paid: int | None, due: datetime.date | None
) -> None:
    values = {"status": status, "amount": amount, "paid": paid, "due_on": due.isoformat() if due else None}
    if status == "void":
        naive = State.VOID
    elif status in (None, "draft"):
        naive = State.DRAFT
    elif (paid or 0) >= amount:
        naive = State.PAID
    elif due is not None and due < TODAY:
        naive = State.OVERDUE
    else:
        naive = State.PART if paid else State.OPEN
    assert payments.state_of(values, TODAY) is naive
    is_open = payments.open_minor(values) > 0
    assert is_open is (naive in (State.OPEN, State.PART, State.OVERDUE))


def test_what_is_paid_over_is_told() -> None:
    assert payments.over_minor({"status": "agreed", "amount": 100, "paid": 130}) == 30
    assert payments.over_minor({"status": "void", "amount": 100, "paid": 40}) == 40
    assert payments.over_minor({"status": "agreed", "amount": 100, "paid": 90}) == 0


@given(st.one_of(st.none(), _day))
def test_each_day_lies_in_one_bucket(due: datetime.date | None) -> None:
    bucket = payments.bucket_of(due.isoformat() if due else None, TODAY)
    within = []
    for each in BUCKETS:
        first, last = payments.days_in(each, TODAY)
        if due is None:
            within += [each] if each.key == "not_due" else []
        elif (first is None or due.isoformat() >= first) and (last is None or due.isoformat() <= last):
            within.append(each)
    assert within == [bucket]


def test_an_instalment_is_due_as_its_plan_says() -> None:
    by_day = {"due_from": "day", "due_day": "2026-03-01"}
    assert payments.due_on(by_day, None, None) == "2026-03-01"
    signed = {"due_from": "signing", "due_days": 30}
    assert payments.due_on(signed, "2026-01-31", None) == "2026-03-02"
    assert payments.due_on(signed, None, "2026-01-31") is None
    delivered = {"due_from": "delivery", "due_days": 0}
    assert payments.due_on(delivered, "2026-01-01", "2026-02-02") == "2026-02-02"
    assert payments.due_on({"due_from": "delivery"}, None, "2026-02-02") is None


# Matching


@given(st.integers(1, 2000), _payables, st.randoms())
def test_a_proposal_is_never_over_and_knows_no_order(
    left: int, payables: list[Payable], chance: random.Random
) -> None:
    shares = payments.proposal(left, payables)
    shuffled = list(payables)
    chance.shuffle(shuffled)
    assert payments.proposal(left, shuffled) == shares
    open_of = {each.id: each.open_minor for each in payables}
    assert all(0 < each.minor <= open_of[each.instalment_id] for each in shares)
    assert len({each.instalment_id for each in shares}) == len(shares)
    assert sum(each.minor for each in shares) == min(left, sum(open_of.values()))


def test_the_exact_amount_comes_before_the_oldest() -> None:
    first = Payable(id="a", open_minor=300, due_on="2026-01-01")
    exact = Payable(id="b", open_minor=500, due_on="2026-02-01")
    unknown = Payable(id="c", open_minor=100)
    assert payments.proposal(500, [first, exact, unknown]) == [Share("b", 500)]
    assert payments.proposal(400, [unknown, exact, first]) == [Share("a", 300), Share("b", 100)]


@given(st.integers(1, 2000), st.integers(0, 500), _payables)
def test_a_refund_of_all_takes_everything_back(amount: int, left: int, payables: list[Payable]) -> None:
    matched = [(each, each.open_minor) for each in payables if each.open_minor]
    everything = left + sum(minor for _, minor in matched)
    whole = payments.reversal(everything, left, matched)
    assert {each.instalment_id: -each.minor for each in whole} == {each.id: minor for each, minor in matched}
    part = min(amount, everything)
    shares = payments.reversal(part, left, list(reversed(matched)))
    assert -sum(each.minor for each in shares) == max(part - left, 0)
    most = {each.id: minor for each, minor in matched}
    assert all(0 > each.minor >= -most[each.instalment_id] for each in shares)
    assert shares == payments.reversal(part, left, matched)


@given(st.lists(st.tuples(st.integers(-300, 300), st.integers(0, 2)), max_size=30), st.integers(1, 600))
def test_whatever_is_tried_nothing_is_ever_over(tries: list[tuple[int, int]], amount: int) -> None:
    """Shares in any order, as two laptops may send them: what is refused changes nothing."""
    plan = {
        name: {"status": "agreed", "amount": 200, "currency": "CNY", "customer_id": "c"} for name in "012"
    }
    paid = dict.fromkeys(plan, 0)
    receipt = {"status": "posted", "kind": "receipt", "currency": "CNY", "customer_id": "c"}
    for minor, place in tries:
        name = str(place)
        now = Standing(
            receipt=receipt,
            instalment={**plan[name], "paid": paid[name]},
            left_minor=payments.left_of(amount, sum(paid.values())),
            between_minor=paid[name],
        )
        if not minor:
            continue
        try:
            payments.demand_share(minor, now)
        except UserError:
            fits = 0 <= paid[name] + minor <= 200 and sum(paid.values()) + minor <= amount
            assert not fits
        else:
            paid[name] += minor
        assert all(0 <= each <= 200 for each in paid.values())
        assert sum(paid.values()) <= amount


def _standing(**receipt: object) -> Standing:
    held = {"status": "posted", "kind": "receipt", "currency": "CNY", "customer_id": "c", **receipt}
    instalment = {"status": "agreed", "amount": 100, "currency": "CNY", "customer_id": "c", "paid": 60}
    return Standing(receipt=held, instalment=instalment, left_minor=-40, between_minor=60)


@pytest.mark.parametrize(
    ("receipt", "words"),
    [
        ({"status": "reported"}, "once it is posted"),
        ({"customer_id": "d"}, "two customers"),
        ({"currency": "EUR"}, "two currencies"),
        ({"kind": "refund"}, "takes off"),
    ],
)
def test_what_cannot_be_matched_says_why(receipt: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        payments.demand_share(10, _standing(**receipt))


def test_a_refund_takes_off_what_it_has_and_no_more() -> None:
    refund = _standing(kind="refund")
    payments.demand_share(-40, refund)
    with pytest.raises(UserError, match=r"0\.40 CNY is left"):
        payments.demand_share(-41, refund)
    with pytest.raises(UserError, match=r"Only 0\.60 CNY"):
        payments.demand_share(-61, _standing())


def test_what_went_back_is_not_left() -> None:
    assert payments.left_of(1000, 900) == 100
    assert payments.left_of(1000, 900, [(-300, -200)]) == 0
    held = {"status": "posted", "kind": "receipt", "currency": "CNY"}
    payments.demand_refund(-700, held, 0, 700)
    with pytest.raises(UserError, match=r"7\.00 CNY can go back"):
        payments.demand_refund(-701, held, 0, 700)
    with pytest.raises(UserError, match="posted receipt"):
        payments.demand_refund(-1, {**held, "status": "reported"}, 0, 700)


# Invoices


def test_more_than_agreed_is_invoiced_only_with_a_reason() -> None:
    total = Money(1000, "CNY")
    others = [
        {"status": "issued", "amount": 700, "currency": "CNY"},
        {"status": "void", "amount": 900, "currency": "CNY"},
        {"status": "issued", "amount": -100, "currency": "CNY"},
    ]
    asked = {"amount": 400, "currency": "CNY"}
    payments.demand_invoiced(asked, total, others)
    with pytest.raises(UserError, match=r"0\.01 CNY more than the 10\.00 CNY agreed"):
        payments.demand_invoiced({**asked, "amount": 401}, total, others)
    payments.demand_invoiced({**asked, "amount": 401, "over_reason": "Freight"}, total, others)


def test_each_kind_of_record_says_what_it_lacks() -> None:
    invoice = {"kind": "vat_special", "amount": 5, "title_name": "A", "tax_number": "1"}
    wrong = [each.field for each in payments.problems_of_invoice(invoice)]
    assert wrong == ["address", "phone", "bank", "account"]
    assert payments.problems_of_invoice({**invoice, "kind": "plain"}) == []
    assert [each.field for each in payments.problems_of_receipt({"kind": "refund", "amount": 5})] == [
        "amount",
        "reverses_id",
    ]
    assert payments.problems_of_receipt({"kind": "receipt", "amount": 5}) == []
    both = {"order_id": "o", "contract_id": "c", "due_from": "delivery"}
    assert [each.field for each in payments.problems_of_instalment(both)] == ["order_id", "due_days"]


class OneReceipt:
    """Books with a posted receipt of 100.00, a refund of 10.00 of it, and an instalment of 80.00."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def get(self, entity: str, record_id: str) -> dict[str, Any] | None:
        common = {"id": record_id, "customer_id": "c", "currency": "CNY"}
        if entity == "instalment":
            return {**common, "amount": 80_00, "status": "agreed"}
        return {**common, "amount": 100_00, "status": "posted", "kind": "receipt"}

    def living(self, entity: str, link: str, record_id: str) -> list[dict[str, Any]]:
        assert entity == "receipt", "shares are summed, not read: each new one would read all before it"
        return [{"id": "back", "amount": -10_00, "status": "posted"}]

    def holding(self, entity: str, field: str, text: str) -> list[dict[str, Any]]:
        raise AssertionError(entity)

    def summed(self, links: Mapping[str, str]) -> int:
        self.asked.append(dict(links))
        return {"r": 30_00, "back": -5_00}.get(links.get("receipt_id", ""), 25_00)


def test_a_share_is_judged_by_sums_alone() -> None:
    books = OneReceipt()
    share = {"receipt_id": "r", "instalment_id": "i", "currency": "CNY"}
    # 100 - 30 matched - (10 - 5) back are left; 80 - 25 are open; 30 - 5 of it are between the two.
    payment_checks.demand_share(books, {**share, "amount": 55_00})
    for amount, words in ((55_01, "is open"), (65_01, "is left"), (-25_01, "is matched")):
        with pytest.raises(UserError) as caught:
            payment_checks.demand_share(books, {**share, "amount": amount})
        assert words in caught.value.message.text
    assert {"receipt_id": "back", "instalment_id": "i"} in books.asked
