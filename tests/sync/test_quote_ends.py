"""Quotes whose last day is over: shown as expired at once, marked once at HQ, answered late all the same."""

from __future__ import annotations

import datetime

from crm_core.rules.quote_state import has_expired, was_sent
from crm_core.times import DAY_MS
from crm_desktop.services import quotes, records
from sync_server.services.quote_ends import expire_quotes
from tests.support.hq import Office
from tests.support.replicas import Laptops, differences, settle_all


def test_the_last_day_counts_whole_and_a_draft_never_expires() -> None:
    today = datetime.date(2026, 12, 31)
    sent = {"status": "sent", "valid_until": "2026-12-30"}
    assert has_expired(sent, today)
    assert not has_expired({**sent, "valid_until": "2026-12-31"}, today)
    assert not has_expired({**sent, "status": "draft"}, today)
    assert not has_expired({"status": "sent"}, today)
    assert was_sent({"status": "draft", "version": 2})
    assert not was_sent({"status": None, "version": 1})


def test_a_quote_is_expired_at_once_on_the_laptop_and_once_at_hq_and_can_be_accepted_late(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    settle_all([lin], 1)
    customer = records.create(lin.replica, "customer", {"name": "Blue Heron", "phone": "021 5550 0142"}).value
    made = []
    for days in (2, 30):
        until = lin.replica.clock.today() + datetime.timedelta(days=days)
        facts = {"customer_id": customer.id, "currency": "CNY", "valid_until": until.isoformat()}
        quote = quotes.create(lin.replica, facts).value.id
        quotes.add_line(lin.replica, quote, {"description": "Pump", "quantity": "1", "unit_price": 1_00})
        quotes.set_status(lin.replica, quote, "sent")
        made.append(quote)
    settle_all([lin])
    office.now_ms += 3 * DAY_MS
    over = office.now_ms
    assert expire_quotes(office.database, over) == 1
    assert expire_quotes(office.database, over) == 0
    settle_all([lin])
    assert [records.get(lin.replica, "quote", each)["status"] for each in made] == ["expired", "sent"]
    told = [row["subject"] for _, row in office.hq.find("activity", "about_id", made[0])]
    number = records.get(lin.replica, "quote", made[0])["number"]
    assert told == [f"Quote {number} has expired: ask, or send a new version"]
    quotes.set_status(lin.replica, made[0], "accepted")
    settle_all([lin])
    assert expire_quotes(office.database, over) == 0
    assert office.row("quote", made[0])["status"] == "accepted"
    assert list(differences(lin)) == []
