"""Discount mandates at HQ: what it signed is final at once, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crm_core.rules import approval, mandates
from crm_core.sync.protocol import Code
from crm_core.sync.sealing import Sealer
from crm_core.times import DAY_MS
from sync_server.store.tables import Audit, table_of
from tests.server.sync.approval_firm import ApprovalFirm, below_list
from tests.support.hq import Laptop, Office


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[ApprovalFirm]:
    office = Office(tmp_path / "hq")
    yield ApprovalFirm(office)
    office.close()


def give(firm: ApprovalFirm, **said: Any) -> dict[str, Any]:
    """Give Eve a mandate of ten percent, and return what was signed."""
    values = {
        "name": "Ten",
        "user_id": firm.eve_id,
        "most_percent": "10",
        "valid_from": "2026-12-01",
        "valid_until": "2027-06-30",
    }
    made = firm.office.hq.create("mandate", {**values, **said})
    firm.sync()
    signed = firm.office.row("mandate", made)["signed"]
    assert isinstance(signed, dict)
    return signed


def send(firm: ApprovalFirm, less: str, *signed: dict[str, Any], laptop: Laptop | None = None) -> int:
    quote, _ = firm.quote(less, laptop)
    return firm.command(laptop or firm.eve, "quote", quote, "send", "draft", mandates=list(signed))


def test_within_a_mandate_a_quote_is_sent_at_once_and_it_is_written_down(firm: ApprovalFirm) -> None:
    firm.flow(rules=below_list("5"))
    signed = give(firm)
    sent = send(firm, "10", signed)
    assert firm.answer(firm.eve, sent) is Code.APPLIED
    with firm.office.database.read() as snapshot:
        audit = table_of(Audit)
        query = select(audit.c.detail).where(audit.c.action == "rely on mandate")
        found = snapshot.connection.execute(query).scalars().all()
    assert found == [{"mandates": [signed["id"]], "below_list": "10.00"}]
    assert firm.eve.replica == firm.office.projection(firm.eve_id)


def test_beyond_it_or_without_one_a_discount_needs_approval(firm: ApprovalFirm) -> None:
    signed = give(firm)
    without, beyond = send(firm, "10"), send(firm, "11", signed)
    plain = send(firm, "0")
    firm.eve.sync()
    assert [firm.eve.code(each) for each in (without, beyond)] == [Code.ILLEGAL_STATE] * 2
    assert firm.why(firm.eve, without) == approval.NOT_ASKED.text
    assert firm.why(firm.eve, beyond) == mandates.NOT_COVERED.text
    assert firm.eve.code(plain) is Code.APPLIED


def test_where_no_flow_says_otherwise_the_superior_is_asked_beyond_it(firm: ApprovalFirm) -> None:
    give(firm)
    quote, _ = firm.quote("20")
    request = firm.ask(quote)
    assert firm.office.row("approval_request", request)["waits_for"] == [firm.lin_id]


def test_a_flow_no_mandate_takes_the_place_of_is_gone_through_all_the_same(firm: ApprovalFirm) -> None:
    firm.flow(rules=below_list("5"), mandate_suffices=False)
    sent = send(firm, "10", give(firm))
    assert firm.answer(firm.eve, sent) is Code.ILLEGAL_STATE


def test_a_forged_altered_or_foreign_mandate_is_refused_with_its_reason(firm: ApprovalFirm) -> None:
    signed = give(firm)
    wider = {**signed, "percent": "90"}
    own = {**wider, "signature": Sealer(b"mine").sign(mandates.digest_of(wider)).hex()}
    bare = {name: value for name, value in signed.items() if name != "signature"}
    for forged in (wider, own, bare, {**signed, "signature": "zz"}, {**signed, "user": firm.bo_id}, {}, []):
        sent = send(firm, "10", forged)  # type: ignore[arg-type]
        assert firm.answer(firm.eve, sent) is Code.ILLEGAL_STATE, forged
        assert firm.why(firm.eve, sent) == mandates.FORGED.text
    customer = firm.office.hq.create("customer", {"name": "Bo's", "owner_id": firm.bo_id})
    firm.customer = customer
    firm.bo.sync()
    foreign = send(firm, "10", signed, laptop=firm.bo)
    assert firm.answer(firm.bo, foreign) is Code.ILLEGAL_STATE
    assert firm.why(firm.bo, foreign) == mandates.FOREIGN.text


def test_a_mandate_for_a_role_is_for_whoever_holds_it_at_hq(firm: ApprovalFirm) -> None:
    role = firm.office.row("user", firm.eve_id)["role_id"]
    signed = give(firm, user_id=None, role_id=role)
    assert firm.answer(firm.eve, send(firm, "10", signed)) is Code.APPLIED
    firm.office.hq.update("user", firm.eve_id, {"role_id": firm.office.row("user", firm.lin_id)["role_id"]})
    assert firm.answer(firm.eve, send(firm, "10", signed)) is Code.ILLEGAL_STATE


def test_an_expired_mandate_is_refused_by_when_the_step_was_taken(firm: ApprovalFirm) -> None:
    signed = give(firm, valid_until="2027-01-20")
    made_in_time = send(firm, "10", signed)
    firm.office.now_ms = signed["until_ms"] + DAY_MS
    assert firm.answer(firm.eve, made_in_time) is Code.APPLIED
    late = send(firm, "10", signed)
    assert firm.answer(firm.eve, late) is Code.ILLEGAL_STATE
    assert firm.why(firm.eve, late) == mandates.EXPIRED.text


def test_turning_the_clock_back_makes_no_mandate_valid_again(firm: ApprovalFirm) -> None:
    signed = give(firm, valid_until="2027-01-20")
    firm.eve.sync()
    firm.office.now_ms = signed["until_ms"] + 10 * DAY_MS
    firm.eve.skew_ms = -20 * DAY_MS
    late = send(firm, "10", signed)
    assert firm.answer(firm.eve, late) is Code.ILLEGAL_STATE
    assert firm.why(firm.eve, late) == mandates.EXPIRED.text


def test_a_mandate_that_hq_has_signed_anew_counts_from_then_on(firm: ApprovalFirm) -> None:
    signed = give(firm)
    before = send(firm, "10", signed)
    firm.office.now_ms += DAY_MS
    firm.office.hq.update("mandate", signed["id"], {"most_percent": "5"})
    firm.office.now_ms += DAY_MS
    after, within = send(firm, "10", signed), send(firm, "5", signed)
    firm.eve.sync()
    assert [firm.eve.code(each) for each in (before, after, within)] == [
        Code.APPLIED,
        Code.ILLEGAL_STATE,
        Code.APPLIED,
    ]
    firm.office.hq.update("mandate", signed["id"], {"valid_until": "2026-12-31"})
    firm.office.now_ms += DAY_MS
    ended = send(firm, "5", signed)
    assert firm.answer(firm.eve, ended) is Code.ILLEGAL_STATE
    assert firm.why(firm.eve, ended) == mandates.ENDED.text


def test_only_administrators_give_mandates_and_only_hq_signs_them(firm: ApprovalFirm) -> None:
    values = {"name": "Mine", "user_id": firm.eve_id, "most_percent": "90", "valid_until": "2027-06-30"}
    firm.eve.create("mandate", values)
    assert not firm.answer(firm.eve, firm.eve.last_op).took_effect
    signed = give(firm)
    assert not firm.answer(firm.eve, firm.eve.set("mandate", signed["id"], "most_percent", "90")).took_effect
    admin = firm.office.laptop(firm.office.founder)
    admin.sync()
    made = admin.create("mandate", values)
    assert firm.answer(admin, admin.last_op) is Code.APPLIED
    assert (admin.shown("mandate", made) or {})["signed"]["percent"] == "90"
    for said in (
        {"user_id": None},
        {"most_percent": "101"},
        {"valid_from": "2028-01-01"},
        {"signed": signed},
    ):
        admin.create("mandate", {**values, **said})
        assert firm.answer(admin, admin.last_op) is Code.INVALID, said
    assert not firm.answer(admin, admin.delete("mandate", made)).took_effect


def test_what_a_customers_book_says_is_his_list_price(firm: ApprovalFirm) -> None:
    hq = firm.office.hq
    give(firm)
    hq.update("customer", firm.customer, {"level": "a"})
    book = hq.create("price_book", {"name": "For A", "level": "a", "currency": "CNY"})
    price = hq.create(
        "price", {"book_id": book, "product_id": firm.pump, "unit_price": 80_000, "currency": "CNY"}
    )
    firm.eve.sync()
    at_his_price, below_it = (firm.quote(price=each)[0] for each in (80_000, 79_000))
    sent = [firm.command(firm.eve, "quote", each, "send", "draft") for each in (at_his_price, below_it)]
    firm.eve.sync()
    assert [firm.eve.code(each) for each in sent] == [Code.APPLIED, Code.ILLEGAL_STATE]
    # What HQ wrote down since the last page counts against nobody; what is held back no longer helps.
    offline, _ = firm.quote(price=80_000)
    hq.update("price", price, {"unit_price": 90_000})
    assert firm.answer(firm.eve, firm.command(firm.eve, "quote", offline, "send", "draft")) is Code.APPLIED
    firm.eve.sync()
    later, _ = firm.quote(price=80_000)
    number = firm.command(firm.eve, "quote", later, "send", "draft")
    assert firm.answer(firm.eve, number) is Code.ILLEGAL_STATE
    dear, _ = firm.quote(price=90_000)
    hq.delete("price", price)
    assert firm.answer(firm.eve, firm.command(firm.eve, "quote", dear, "send", "draft")) is Code.APPLIED
    firm.eve.sync()
    after, _ = firm.quote(price=90_000)
    assert (
        firm.answer(firm.eve, firm.command(firm.eve, "quote", after, "send", "draft")) is Code.ILLEGAL_STATE
    )
