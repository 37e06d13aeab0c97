"""Which laptop is speaking: tokens, nonces, copies of databases, restored servers, limits."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import select

from crm_core.sync import codec
from crm_core.sync.clock import ms_of
from crm_core.sync.plan import Phase, Plan, Token
from crm_core.sync.protocol import Code, SyncRequest
from sync_server.services.cursor import POSITION_LIMIT, Disguise, Signer, Standing
from sync_server.services.faults import PayloadChanged, Refusal
from sync_server.store.database import renew_epoch
from sync_server.store.tables import Audit, Device, table_of
from tests.support.hq import Laptop, Office, Pending, make

SECRET = b"s" * 32


@pytest.fixture
def laptop(office: Office) -> Laptop:
    """Give a seller's laptop that is up to date."""
    made = office.laptop(office.user("Seller", "sales"))
    made.sync()
    return made


def _device(laptop: Laptop) -> Any:
    device = table_of(Device)
    with laptop.office.database.read() as snapshot:
        return snapshot.connection.execute(select(device).where(device.c.id == laptop.device)).one()


def _copy(laptop: Laptop) -> Laptop:
    """Return the laptop as it is now, as from a copied disk."""
    copied = Laptop(laptop.office, laptop.device, laptop.user_id, laptop.nonce, laptop.schema)
    for name in ("incarnation", "token", "hlc", "last_op", "last_txn"):
        setattr(copied, name, getattr(laptop, name))
    copied.replica = {key: dict(row) for key, row in laptop.replica.items()}
    copied.outbox = [Pending(each.op, each.hlc, each.txn, each.flags) for each in laptop.outbox]
    return copied


def test_a_token_is_read_only_by_whom_it_was_signed_for() -> None:
    plan = Plan(to=9, schema=1, phase=Phase.FILL, entity=10, after="f" * 32, trail=(3, 5))
    standing = Standing(token=Token(seq=7, ent=3, schema=1, plan=plan), settings=4)
    signer = Signer(SECRET, device=1, incarnation=1, epoch="a")
    raw = signer.sign(standing)
    assert signer.read(raw) == standing
    others = [
        Signer(SECRET, device=2, incarnation=1, epoch="a"),
        Signer(SECRET, device=1, incarnation=2, epoch="a"),
        Signer(SECRET, device=1, incarnation=1, epoch="b"),
        Signer(b"t" * 32, device=1, incarnation=1, epoch="a"),
    ]
    assert [other.read(raw) for other in others] == [None] * 4
    for index in range(len(raw)):
        forged = bytearray(raw)
        forged[index] ^= 1
        assert signer.read(bytes(forged)) is None
    assert signer.read(b"") is None
    assert signer.read(raw[:-1]) is None


def test_positions_go_out_as_numbers_that_tell_nothing_and_come_back() -> None:
    mine, yours = Disguise(SECRET, 1), Disguise(SECRET, 2)
    hidden = [mine.hide(seq) for seq in range(1, 200)]
    assert len(set(hidden)) == len(hidden)
    assert all(0 < each <= POSITION_LIMIT for each in hidden)
    assert sorted(hidden) != hidden
    assert [mine.reveal(each, 1000) for each in hidden] == list(range(1, 200))
    assert [yours.reveal(each, 1000) for each in hidden] == [0] * len(hidden)
    assert (mine.hide(0), mine.reveal(0, 1000), mine.reveal(-5, 1000), mine.reveal(2**63, 1000)) == (
        0,
        0,
        0,
        0,
    )
    assert mine.reveal(mine.hide(1001), 1000) == 0


@pytest.mark.parametrize("token", [b"forged", b"\x00" * 40])
def test_a_forged_token_only_makes_everything_come_again(laptop: Laptop, token: bytes) -> None:
    held = dict(laptop.replica)
    laptop.create("customer", {"name": "Kept"})
    laptop.token = token
    response = laptop.sync()
    assert response.resync
    assert laptop.office.projection(laptop.user_id) == laptop.replica
    assert held.items() <= laptop.replica.items()


def test_another_laptops_token_opens_nothing(office: Office, laptop: Laptop) -> None:
    admin = office.laptop(office.user("Admin", "admin"))
    office.hq.create("customer", {"name": "Secret"})
    admin.sync()
    laptop.token = admin.token
    laptop.sync()
    assert laptop.replica == office.projection(laptop.user_id)


def test_a_lost_answer_is_simply_asked_for_again(laptop: Laptop) -> None:
    made = laptop.create("customer", {"name": "Customer"})
    for _ in range(3):
        laptop.send(laptop.request())
    laptop.sync()
    laptop.set("customer", made, "name", "Again")
    laptop.sync()
    assert laptop.incarnation == 1
    assert laptop.replica == laptop.office.projection(laptop.user_id)


def test_an_old_answer_heard_late_does_not_hide_what_came_after_it(office: Office, laptop: Laptop) -> None:
    admin = office.laptop(office.user("Admin", "admin"))
    made = laptop.create("customer", {"name": "Customer"})
    laptop.sync()
    admin.sync()
    laptop.set("customer", made, "name", "Mine")
    laptop.send(laptop.request())  # taken, but the answer is lost
    office.now_ms += 5_000
    admin.set("customer", made, "name", "Newer")
    admin.sync()
    laptop.apply(laptop.send(laptop.request(txns=[])))  # news first
    assert laptop.shown("customer", made)["name"] == "Newer"  # type: ignore[index]
    laptop.sync()
    assert laptop.code(laptop.last_op) is Code.APPLIED
    assert laptop.replica == office.projection(laptop.user_id)


def test_a_delayed_repetition_of_an_old_request_does_no_harm(laptop: Laptop) -> None:
    made = laptop.create("customer", {"name": "Customer"})
    request = laptop.request()
    laptop.apply(laptop.send(request))
    laptop.send(request)
    laptop.set("customer", made, "name", "After")
    laptop.sync()
    assert laptop.incarnation == 1
    assert laptop.code(laptop.last_op) is Code.APPLIED


def test_a_restored_database_begins_anew_and_loses_no_unsent_work(office: Office, laptop: Laptop) -> None:
    sent = laptop.create("customer", {"name": "Sent after the backup"})
    backup = _copy(laptop)
    laptop.sync()
    laptop.set("customer", sent, "name", "Known to HQ alone")
    laptop.sync()
    unsent = backup.create("customer", {"name": "Typed into the restored one"})
    backup.tag("customer", unsent, "red")
    first = backup.send(backup.request())
    assert (first.resync, first.incarnation, first.answers, first.acked_to) == (True, 2, [], 0)
    backup.apply(first)
    backup.sync()
    assert [backup.code(number) for number in (1, 2, 3)] == [Code.APPLIED] * 3
    assert backup.replica == office.projection(backup.user_id)
    assert office.row("customer", sent)["name"] == "Known to HQ alone"
    assert office.row("customer", unsent)["tags"] == ["red"]
    assert [row for _, row in office.hq.find("customer", "name", "Sent after the backup")] == []
    with office.database.read() as snapshot:
        actions = snapshot.connection.execute(select(table_of(Audit).c.action)).scalars().all()
    assert "laptop restored" in actions


def test_two_copies_of_one_laptop_are_told_apart(office: Office, laptop: Laptop) -> None:
    copied = _copy(laptop)
    for n in range(3):
        for each in (laptop, copied):
            each.create("customer", {"name": f"Customer {n}"})
            try:
                each.sync()
            except PayloadChanged:  # the alarm; at its next contact the laptop begins anew
                each.sync()
    assert laptop.incarnation != copied.incarnation
    laptop.sync()
    copied.sync()
    assert len(office.hq.all("customer")) == 6
    assert laptop.replica == copied.replica == office.projection(laptop.user_id)


def test_an_hq_restored_from_a_backup_is_noticed_and_nothing_unsent_is_lost(
    office: Office, laptop: Laptop
) -> None:
    laptop.create("customer", {"name": "Unsent"})
    request = laptop.request()
    with office.database.note() as connection:
        office.epoch = bytes.fromhex(renew_epoch(connection))
    first = laptop.send(request)
    assert (first.resync, first.answers, first.epoch) == (True, [], office.epoch)
    laptop.apply(first)
    laptop.sync()
    assert laptop.answers[1].code == Code.APPLIED
    assert laptop.replica == office.projection(laptop.user_id)


def test_a_lost_edit_is_told_even_to_a_laptop_that_begins_anew(office: Office, laptop: Laptop) -> None:
    admin = office.laptop(office.user("Admin", "admin"))
    made = laptop.create("customer", {"name": "Customer"})
    laptop.sync()
    admin.sync()
    laptop.set("customer", made, "name", "Lost")
    laptop.sync()
    office.now_ms += 5_000
    admin.set("customer", made, "name", "Won")
    admin.sync()
    laptop.token = b"unreadable"
    laptop.sync()
    assert [(told.mine, told.theirs) for told in laptop.lost] == [("Lost", "Won")]


def test_requests_that_name_another_laptop_or_protocol_are_refused(laptop: Laptop) -> None:
    for changed, code in (
        ({"device": 999}, "bad_request"),
        ({"v": 2}, "upgrade"),
    ):
        with pytest.raises(Refusal) as refused:
            laptop.send(laptop.request(**changed))
        assert refused.value.code == code


def test_the_laptops_clock_and_place_are_noted(laptop: Laptop) -> None:
    laptop.skew_ms = 2 * 60 * 60 * 1000
    laptop.hlc = 0
    laptop.create("customer", {"name": "Customer"})
    laptop.sync()
    laptop.sync()
    device = _device(laptop)
    assert abs(device.clock_shift_ms - laptop.skew_ms) < 1000
    assert device.acked_op == 1
    assert device.acked_seq > 0
    assert device.last_seen_at == laptop.office.now_ms


def test_a_page_fetched_ahead_counts_as_held_when_the_next_one_is_asked_for(laptop: Laptop) -> None:
    laptop.sync()
    laptop.office.hq.create("customer", {"name": "Customer"})
    request = laptop.request()
    first = laptop.send(request)
    held = _device(laptop).acked_seq
    ahead = laptop.send(structs.replace(request, token=first.token))
    assert (ahead.nonce, ahead.incarnation, ahead.resync) == (first.nonce, 0, False)
    assert _device(laptop).acked_seq == held
    laptop.apply(first)
    laptop.sync()
    assert _device(laptop).acked_seq > held
    assert laptop.incarnation == 1


def test_hq_does_not_start_with_a_clock_behind_its_last_change(office: Office, laptop: Laptop) -> None:
    laptop.create("customer", {"name": "Customer"})
    laptop.sync()
    office.sync.demand_clock()
    office.now_ms -= 60_000
    with pytest.raises(Exception, match="behind"):
        office.sync.demand_clock()


def test_laptops_syncing_at_once_skip_nothing(office: Office) -> None:
    """Positions become visible in their order, whoever commits first."""
    laptops = [office.laptop(office.user(f"Admin {n}", "admin")) for n in range(4)]
    failures: list[BaseException] = []

    def work(laptop: Laptop, seed: int) -> None:
        chance = random.Random(seed)
        try:
            for n in range(8):
                laptop.create("customer", {"name": f"Customer {seed}.{n}"})
                there = [row_id for number, row_id in laptop.replica if number == 10]
                if there:
                    laptop.set("customer", chance.choice(there), "name", f"Changed {seed}.{n}")
                laptop.sync(chance.choice((2048, 1 << 20)))
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=work, args=(each, n)) for n, each in enumerate(laptops)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    expected = office.projection(laptops[0].user_id)
    for laptop in laptops:
        laptop.sync()
        assert laptop.replica == expected
    assert len([key for key in expected if key[0] == 10]) == 32


def test_json_carries_ids_in_base64_and_they_are_understood(sqlite_office: Office) -> None:
    office = sqlite_office
    admin = office.laptop(office.user("Admin", "admin"))
    office.hq.write_all([make("customer", f"{1:032x}", name="Customer")])
    admin.sync()
    contact = admin.create("contact", {"name": "Contact", "customer_id": f"{1:032x}"})
    request = codec.decode_json(codec.encode_json(admin.request()), SyncRequest)
    admin.apply(admin.send(request))
    assert office.row("contact", contact)["customer_id"] == f"{1:032x}"


def test_the_same_edit_at_the_same_reading_of_a_slow_clock_is_an_edit_of_its_own(office: Office) -> None:
    """Two laptops of one person: what the second does an hour later is no repetition of the first's."""
    lin = office.user("Lin", "sales")
    hour_ms = 60 * 60 * 1000
    one, two = office.laptop(lin), office.laptop(lin)
    customer = one.create("customer", {"name": "Acme（示例）", "phone": "000"})
    for laptop in (one, two):
        laptop.sync()
    two.set("customer", customer, "website", "https://acme.example")
    two.sync()
    office.now_ms += 24 * hour_ms
    one.set("customer", customer, "phone", "111")
    first = one.outbox[-1].hlc
    one.sync()
    office.now_ms += hour_ms // 2
    one.set("customer", customer, "phone", "222")
    one.sync()
    office.now_ms = ms_of(first) + hour_ms
    two.skew_ms = -hour_ms
    number = two.set("customer", customer, "phone", "111")
    assert two.outbox[-1].hlc == first, "the same content and the same reading"
    two.sync()
    assert two.code(number) is Code.MERGED, "the first laptop's was not seen by then"
    assert office.row("customer", customer)["phone"] == "111"
    one.sync()
    assert one.replica == two.replica == office.projection(lin)
