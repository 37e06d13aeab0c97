"""What always holds and has no test of its own elsewhere; docs/invariants.md names the test of each."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from crm_core import SCHEMA_VERSION
from crm_core.entities import BY_NO, SCHEMAS
from crm_core.ids import named_id, new_id, to_bytes
from crm_core.sync import codec
from crm_core.sync.digest import Digest, bucket_of, row_hash
from crm_core.sync.protocol import Code, DigestAsk, DigestRows, OpKind, Purge, Put
from tests.support.hq import Key, Laptop, Office, make

CUSTOMER = SCHEMAS["customer"].no
SEEDS = int(os.environ.get("SATCHEL_INVARIANT_SEEDS", "1"))


def poison(laptop: Laptop, chance: random.Random, foreign: str, own: str) -> int:
    """Put an operation into the outbox that cannot be taken; return its number."""
    return chance.choice(
        (
            lambda: laptop.do(OpKind.SET, "customer", own, 10, 7),
            lambda: laptop.do(OpKind.SET, "customer", own, 9999, "x"),
            lambda: laptop.do(OpKind.SET, "customer", foreign, 10, "x"),
            lambda: laptop.do(OpKind.SET, "customer", new_id(), 10, "x"),
            lambda: laptop.do(OpKind.DELETE, "customer", own, 0, 4),
            lambda: laptop.do(99, "customer", own, 0, None),
            lambda: laptop.do(OpKind.CREATE, "customer", own, 0, [[10], ["Taken"]]),
            lambda: laptop.do(OpKind.CREATE, "contact", new_id(), 0, [[10, 11], [to_bytes(new_id()), "x"]]),
            lambda: laptop.do(OpKind.TAG_ADD, "customer", own, 44, "x" * 5000),
            lambda: laptop.set("customer", own, "owner_id", new_id()),
        )
    )()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_refused_holds_up_nothing_that_comes_after_it_and_no_download(
    sqlite_office: Office, seed: int
) -> None:
    office, chance = sqlite_office, random.Random(seed)
    me, other = office.user("Me", "sales"), office.user("Other", "sales")
    own = office.hq.create("customer", {"name": "Own", "owner_id": me})
    foreign = office.hq.create("customer", {"name": "Foreign", "owner_id": other})
    laptop = office.laptop(me, schema=SCHEMA_VERSION)
    laptop.sync()
    good: dict[int, str] = {}
    bad: list[int] = []
    for number in range(24):
        office.now_ms += 10
        if chance.random() < 0.5:
            bad.append(poison(laptop, chance, foreign, own))
        else:
            made = laptop.create("customer", {"name": f"Good {number}"})
            good[laptop.last_op] = made
    news = office.hq.create("customer", {"name": "News", "owner_id": me})
    response = laptop.send(laptop.request())
    codes = {answer.no: Code(answer.code) for answer in response.answers}
    assert {codes[no] for no in good} == {Code.APPLIED}
    assert not any(codes[no].took_effect for no in bad)
    assert response.acked_to == laptop.last_op
    puts = [message for raw in response.msgs if isinstance(message := codec.read_message(raw), Put)]
    assert news in {row for put in puts if put.entity == CUSTOMER for row in codec.unpack_ids(put.ids)}
    laptop.apply(response)
    assert laptop.replica == office.projection(me)


def hashed(key: Key, row: dict[str, Any]) -> bytes:
    """Return the hash of a row as a laptop holds it."""
    fields = BY_NO[key[0]].fields
    return row_hash(*key, row["life"], {fields[name].no: row[name] for name in row if name != "life"})


def digest_of(laptop: Laptop, entity: int) -> Digest:
    """Return the digest of what a laptop holds of an entity."""
    return Digest((key[1], hashed(key, row)) for key, row in laptop.replica.items() if key[0] == entity)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_digests_are_equal_exactly_where_what_is_held_is_and_only_what_differs_is_sent(
    sqlite_office: Office, seed: int
) -> None:
    office, chance = sqlite_office, random.Random(seed)
    me = office.user("Me", "sales_manager")
    ids = [named_id("customer", f"{n}") for n in range(40)]
    office.hq.write_all([make("customer", each, name="Made", owner_id=me, tags=["a"]) for each in ids])
    laptop = office.laptop(me, schema=SCHEMA_VERSION)
    laptop.sync()
    for _ in range(4):
        spoilt = set(chance.sample(ids, chance.choice((0, 1, 3))))
        for each in sorted(spoilt):
            row = laptop.replica[CUSTOMER, each]
            way = chance.randrange(3)
            if way == 0:
                del laptop.replica[CUSTOMER, each]
            else:
                laptop.replica[CUSTOMER, each] = {**row, "name": "Spoilt"} if way == 1 else {**row, "life": 3}
        kinds = [(no, digest_of(laptop, no).summary()) for no in sorted(BY_NO)]
        response = laptop.sync(digest=DigestAsk(kinds=kinds))
        assert response.digest_diff is not None
        assert response.digest_diff.kinds == ([CUSTOMER] if spoilt else [])
        buckets = [tuple(each) for each in digest_of(laptop, CUSTOMER).buckets()]
        response = laptop.sync(digest=DigestAsk(buckets=[(CUSTOMER, buckets)]))
        assert response.digest_diff is not None
        differing = {bucket for _, several in response.digest_diff.buckets for bucket, _ in several}
        assert differing == {bucket_of(each) for each in spoilt}
        if not spoilt:
            continue
        held = {
            key[1]: hashed(key, row)
            for key, row in laptop.replica.items()
            if key[0] == CUSTOMER and bucket_of(key[1]) in differing
        }
        rows = DigestRows(CUSTOMER, bytes(sorted(differing)), codec.pack_ids(held), b"".join(held.values()))
        response = laptop.sync(digest=DigestAsk(rows=[rows]))
        sent = [codec.read_message(raw) for raw in response.msgs]
        named = {row for each in sent if isinstance(each, Put | Purge) for row in codec.unpack_ids(each.ids)}
        assert named == spoilt
        assert laptop.replica == office.projection(me)
