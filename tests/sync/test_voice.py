"""What customers say: the same on a laptop and at HQ, of what each person may see and nothing else."""

from __future__ import annotations

import random
from typing import Any

import pytest

from crm_core.errors import AccessDenied
from crm_core.reporting.heard import Of, WhatIsHeard, heard
from crm_core.rules.words_heard import words_in
from crm_core.times import DAY_MS
from crm_desktop.services import voice
from sync_server.services.reading import Reader
from sync_server.services.reports import HeadquartersSource
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, settle_all

WORDS = ("网关离线", "gateway offline", "水泵漏水", "pump leaks", "很快", "late delivery", "升级失败")


def at_hq(office: Office, user_id: str) -> WhatIsHeard:
    with office.database.read() as snapshot:
        reader = Reader(snapshot.connection, office.hq.author(snapshot.connection, user_id).person)
        return heard(HeadquartersSource(reader, "CNY", office.clock()), 30, office.clock())


def ticket(office: Office, subject: str, **values: Any) -> str:
    return office.hq.create("ticket", {"subject": subject, **values})


def say(office: Office, ticket_id: str, body: str) -> None:
    office.hq.create("ticket_message", {"ticket_id": ticket_id, "body": body, "from_customer": True})


def item(found: WhatIsHeard, label: str) -> tuple[int, int]:
    ((now, before),) = [(each.now, each.before) for each in found.items if each.label == label]
    return now, before


def told(found: WhatIsHeard) -> list[tuple[Any, ...]]:
    return [(each.of, each.label, each.now, each.before, each.records, each.rose) for each in found.items]


def test_a_laptop_says_what_hq_says_and_a_seller_hears_his_own_customers_alone(
    office: Office, laptops: Laptops
) -> None:
    lin, wu = office.user("Lin", "service"), office.user("Wu", "sales")
    own = office.hq.create("customer", {"name": "Heron", "owner_id": wu})
    other = office.hq.create("customer", {"name": "Finch", "owner_id": office.user("He", "sales")})
    leaks = office.hq.create("ticket_category", {"name": "Leaks"})
    drawn = random.Random(3)
    for days in (45, 12):
        for n in range(12):
            values = {"customer_id": own if n % 3 else other, "category_id": leaks if n % 2 else None}
            made = ticket(office, drawn.choice(WORDS), **values)
            say(office, made, f"{drawn.choice(WORDS)}，{drawn.choice(WORDS)}")
        office.now_ms += (days - 11) * DAY_MS
    people: dict[str, Laptop] = {user: laptops.make(user, user) for user in (lin, wu)}
    settle_all(list(people.values()), 1)
    for user, laptop in people.items():
        here = voice.heard(laptop.replica, 30)
        assert told(here) == told(at_hq(office, user))
        assert {each.of for each in here.items} == {Of.WORD, Of.PAIR, Of.CATEGORY}
        naive = _naive(office, own if user == wu else None)
        assert {each.key: each.now + each.before for each in here.items if each.of is Of.WORD} == naive
    everything, owns = at_hq(office, lin), at_hq(office, wu)
    assert (everything.now + everything.before, owns.now + owns.before) == (24, 16)
    seen = {record for each in owns.items for record in each.records}
    assert seen
    assert all(office.row("ticket", record_id)["customer_id"] == own for _, record_id in seen)


def _naive(office: Office, customer: str | None) -> dict[str, int]:
    """Count by hand: in how many tickets each word stands, of those told of at least three times."""
    counts: dict[str, int] = {}
    in_pairs: dict[str, set[str]] = {}
    stands: dict[str, set[str]] = {}
    for ticket_id, row in office.hq.all("ticket"):
        if customer is not None and row["customer_id"] != customer:
            continue
        texts = [
            row["subject"],
            *(m["body"] for _, m in office.hq.find("ticket_message", "ticket_id", ticket_id)),
        ]
        for text in texts:
            for word in words_in(text):
                (in_pairs if word.is_pair else stands).setdefault(word.key, set()).add(ticket_id)
    pairs = {key: found for key, found in in_pairs.items() if len(found) > 1}
    for key, found in stands.items():
        inside = [each for pair, each in pairs.items() if key in pair.split(" ")]
        if max(inside, key=len, default=None) != found and len(found) >= 3:
            counts[key] = len(found)
    return counts


def test_what_rose_is_told_with_the_very_records(office: Office, laptops: Laptops) -> None:
    lin = laptops.make("lin", office.user("Lin", "service"))
    for n in range(20):
        ticket(office, f"Question {'abcdefghijklmnopqrst'[n] * 3}")
    office.now_ms += 40 * DAY_MS
    late = [ticket(office, "Gateway offline") for _ in range(9)]
    for n in range(11):
        ticket(office, f"Question {'abcdefghijklmnopqrst'[n] * 3}")
    settle_all([lin], 1)
    found = voice.heard(lin.replica, 30)
    first = found.risen[0]
    assert (first.label, first.of, first.now, first.before) == ("gateway offline", Of.PAIR, 9, 0)
    assert first.stands
    assert {record_id for _, record_id in first.records} == set(late)
    assert {each.ticket_id for each in voice.behind(lin.replica, first)} == set(late)
    assert item(found, "question") == (11, 20)
    assert "question" not in [each.label for each in found.risen], "it is heard less"


def test_who_reads_no_tickets_is_told_so(office: Office, laptops: Laptops) -> None:
    fei = laptops.make("fei", office.user("Fei", "finance"))
    ticket(office, "Gateway offline")
    settle_all([fei], 1)
    with pytest.raises(AccessDenied):
        voice.heard(fei.replica, 30)
    with pytest.raises(AccessDenied):
        at_hq(office, fei.user_id)
