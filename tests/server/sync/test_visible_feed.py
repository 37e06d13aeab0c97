"""What goes down: rows by scope, fields by class, changes of rights, and never a byte too much."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import func, select, update

from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from crm_core.sync import codec
from crm_core.sync.protocol import MsgKind, Put, SyncResponse
from sync_server.services import entitlements, sync
from sync_server.services.auth import Auth
from sync_server.services.events import events_query
from sync_server.services.faults import Refusal
from sync_server.store.tables import Device, ScopeExit, table_of
from tests.support.hq import Laptop, Office, make

CANARY = "canary-7f3a"


def _role(office: Office, laptop: Laptop, role: str) -> None:
    office.hq.update("user", laptop.user_id, {"role_id": named_id("role", role)})


def _kinds(response: SyncResponse) -> list[int]:
    return [message[0] for message in response.msgs]


def _is_right(office: Office, *laptops: Laptop) -> None:
    for laptop in laptops:
        assert laptop.replica == office.projection(laptop.user_id)


def _bytes_of(laptop: Laptop) -> bytes:
    """Return everything that ever came to the laptop, as JSON with ids readable."""
    pages = (codec.decode(raw, SyncResponse) for raw in laptop.received)
    return b"".join(codec.encode_json(page) + msgspec.msgpack.encode(page) for page in pages)


def test_giving_a_record_to_somebody_else_takes_it_and_all_below_from_the_laptop(office: Office) -> None:
    giver, taker = (office.laptop(office.user(name, "sales")) for name in ("Giver", "Taker"))
    made = giver.create("customer", {"name": "Customer"})
    ticket = giver.create("ticket", {"subject": "Ticket", "customer_id": made})
    giver.create("ticket_message", {"body": "Message", "ticket_id": ticket})
    giver.sync()
    taker.sync()
    assert taker.shown("customer", made) is None
    office.hq.update("customer", made, {"owner_id": taker.user_id})
    purged = giver.sync()
    assert MsgKind.PURGE in _kinds(purged)
    taker.sync()
    for entity, row_id in (("customer", made), ("ticket", ticket)):
        assert giver.shown(entity, row_id) is None
        assert taker.shown(entity, row_id) is not None
    _is_right(office, giver, taker)


def test_nobody_hears_of_a_record_that_passes_between_others(office: Office) -> None:
    one, two, third = (office.laptop(office.user(name, "sales")) for name in ("One", "Two", "Third"))
    third.sync()
    made = one.create("customer", {"name": CANARY})
    one.sync()
    office.hq.update("customer", made, {"owner_id": two.user_id})
    office.hq.update("customer", made, {"owner_id": one.user_id})
    third.sync()
    assert CANARY.encode() not in _bytes_of(third)
    assert bytes.fromhex(made) not in _bytes_of(third)


def test_a_masked_field_never_leaves_hq(office: Office) -> None:
    """Not in a page, not in an answer, not in a notice of a lost edit, not when rights come and go."""
    seller = office.laptop(office.user("Seller", "sales"))
    service = office.laptop(office.user("Service", "service"))
    service.sync()
    made = seller.create("customer", {"name": "Customer", "notes": f"{CANARY} note", "payment_terms": CANARY})
    seller.sync()
    service.sync()
    number = service.set("customer", made, "notes", "Guess")
    service.sync()
    assert service.answers[number].extra[2] is None
    office.now_ms += 5_000
    seller.set("customer", made, "notes", f"{CANARY} again")
    seller.set("customer", made, "credit_limit", [123454321, "CNY"])
    seller.sync()
    service.sync()
    _role(office, service, "marketing")
    service.sync()
    _role(office, service, "service")
    service.sync()
    office.hq.delete("customer", made)
    office.hq.restore("customer", made)
    service.sync()
    shown = service.shown("customer", made)
    assert shown is not None
    assert {"notes", "payment_terms", "credit_limit"}.isdisjoint(shown)
    assert CANARY.encode() not in _bytes_of(service)
    assert b"123454321" not in _bytes_of(service)
    _is_right(office, service)


def test_who_changed_a_masked_field_is_not_told_either(office: Office) -> None:
    one, other = (office.laptop(office.user(name, "admin")) for name in ("One", "Other"))
    service = office.laptop(office.user("Service", "service"))
    made = one.create("customer", {"name": "Customer"})
    for laptop in (one, other, service):
        laptop.sync()
    one.set("customer", made, "payment_terms", CANARY)
    one.sync()
    office.now_ms += 60_000
    other.set("customer", made, "name", "Changed")
    other.sync()
    page = service.sync()
    puts = [codec.read_message(raw) for raw in page.msgs]
    told = [put.writers for put in puts if isinstance(put, Put)]
    terms = SCHEMAS["customer"].fields["payment_terms"].no
    assert told
    assert all(terms not in (triples or []) for writers in told for triples in writers)
    assert bytes.fromhex(one.user_id) not in msgspec.msgpack.encode(page.msgs)
    _is_right(office, service)


def test_losing_a_class_of_fields_drops_them_and_gaining_it_brings_them_back(office: Office) -> None:
    laptop = office.laptop(office.user("Somebody", "auditor"))
    office.hq.create("customer", {"name": "Customer", "notes": "Note", "payment_terms": "30 days"})
    laptop.sync()
    _role(office, laptop, "finance")
    dropped = laptop.sync()
    assert MsgKind.DROP_FIELDS in _kinds(dropped)
    _is_right(office, laptop)
    _role(office, laptop, "auditor")
    laptop.sync()
    _is_right(office, laptop)


@pytest.mark.parametrize("want_bytes", [2048, 1 << 20])
def test_a_change_of_role_in_the_middle_of_a_fill_ends_in_the_rights_of_now(
    office: Office, want_bytes: int
) -> None:
    laptop = office.laptop(office.user("Somebody", "auditor"))
    other = office.user("Other", "sales")
    edits = [
        make(
            "customer",
            f"{n:032x}",
            name=f"Customer {n} " + "x" * 200,
            owner_id=(other, laptop.user_id)[n % 2],
        )
        for n in range(120)
    ]
    office.hq.write_all(edits)
    for role in ("sales", "auditor", "finance", "sales", "admin", "marketing", "sales"):
        for _ in range(3):
            laptop.apply(laptop.send(laptop.request(want_bytes)))
        _role(office, laptop, role)
        office.hq.update("customer", f"{1:032x}", {"name": f"Seen by {role}"})
    laptop.sync(want_bytes)
    _is_right(office, laptop)
    assert len([key for key in laptop.replica if key[0] == SCHEMAS["customer"].no]) == 60


def test_a_manager_sees_whoever_joins_the_team(office: Office) -> None:
    above, below = (office.hq.create("team", {"name": name}) for name in ("Above", "Below"))
    office.hq.update("team", below, {"parent_id": above})
    manager = office.laptop(office.user("Manager", "sales_manager", team_id=above))
    seller = office.user("Seller", "sales")
    made = office.hq.create("customer", {"name": "Customer", "owner_id": seller})
    manager.sync()
    assert manager.shown("customer", made) is None
    office.hq.update("user", seller, {"team_id": below})
    manager.sync()
    assert manager.shown("customer", made) is not None
    office.hq.update("user", seller, {"team_id": None})
    manager.sync()
    assert manager.shown("customer", made) is None
    _is_right(office, manager)


def test_rights_that_cannot_be_read_stop_the_sync_and_take_nothing_away(office: Office) -> None:
    role = office.hq.create("role", {"name": "Odd", "rights": {"reach": {"customer": {"read": "own"}}}})
    laptop = office.laptop(office.user("Somebody", "sales"))
    made = laptop.create("customer", {"name": "Customer"})
    laptop.sync()
    office.hq.update("user", laptop.user_id, {"role_id": role})
    # HQ takes no such rights any more; an older program, or a newer one, may have left them.
    table = SCHEMAS["role"].table
    with office.database.note() as connection:
        galaxy = {"reach": {"customer": {"read": "galaxy"}}}
        connection.execute(update(table).where(table.c.id == role).values(rights=galaxy))
    office.hq.update("role", role, {"description": "Odd indeed"})
    laptop.set("customer", made, "name", "Unheard")
    with pytest.raises(Refusal) as refused:
        laptop.send(laptop.request())
    assert (refused.value.code, refused.value.status) == ("policy", 503)
    assert office.row("customer", made)["name"] == "Customer"
    office.hq.update("user", laptop.user_id, {"role_id": named_id("role", "sales")})
    office.hq.update("role", role, {"rights": {"reach": {"customer": {"read": "team"}}}})
    laptop.sync()
    assert office.row("customer", made)["name"] == "Unheard"
    _is_right(office, laptop)


def test_a_disabled_user_gets_nothing(sqlite_office: Office) -> None:
    laptop = sqlite_office.laptop(sqlite_office.user("Somebody", "sales"))
    laptop.sync()
    sqlite_office.hq.update("user", laptop.user_id, {"active": False})
    with pytest.raises(Refusal) as refused:
        laptop.send(laptop.request())
    assert refused.value.code == "disabled"


def test_a_purge_of_very_many_rows_waits_for_an_administrator(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entitlements, "HOLD_ROWS", 10)
    laptop = office.laptop(office.user("Somebody", "auditor"))
    office.hq.write_all([make("customer", f"{n:032x}", name=f"Customer {n}") for n in range(30)])
    laptop.sync()
    held = dict(laptop.replica)
    _role(office, laptop, "sales")
    waiting = laptop.sync()
    assert ([message[0] for message in waiting.msgs], waiting.more) == ([MsgKind.HELD], False)
    assert laptop.replica == held
    office.hq.update("customer", f"{1:032x}", {"name": CANARY})
    made = laptop.create("customer", {"name": "Made meanwhile"})
    laptop.sync()
    assert office.row("customer", made)["owner_id"] == laptop.user_id
    assert CANARY.encode() not in _bytes_of(laptop)
    Auth(office.database, office.settings).allow_purge(laptop.device)
    laptop.sync()
    _is_right(office, laptop)


def test_a_small_loss_waits_for_nobody(office: Office) -> None:
    laptop = office.laptop(office.user("Somebody", "auditor"))
    office.hq.create("customer", {"name": "Customer"})
    laptop.sync()
    _role(office, laptop, "sales")
    laptop.sync()
    _is_right(office, laptop)
    with office.database.read() as snapshot:
        device = table_of(Device)
        assert snapshot.connection.execute(select(device.c.purge_held)).scalars().all() == [None]


def test_a_laptop_is_not_told_again_what_it_did_itself(office: Office) -> None:
    laptop = office.laptop(office.user("Somebody", "sales"))
    laptop.sync()
    made = laptop.create("customer", {"name": "Customer", "owner_id": laptop.user_id})
    assert laptop.sync().msgs == []
    office.now_ms += 5_000
    laptop.set("customer", made, "name", "Changed")
    laptop.set("customer", made, "country", ["CN", None, None, None])
    assert laptop.sync().msgs == []
    _is_right(office, laptop)


def test_an_older_edit_heard_of_later_does_not_count_as_the_last(office: Office) -> None:
    one, other = (office.laptop(office.user(name, "admin")) for name in ("One", "Other"))
    made = one.create("customer", {"name": "Customer"})
    one.sync()
    other.sync()
    one.set("customer", made, "phone", "123456")
    office.now_ms += 60_000
    other.set("customer", made, "name", "Later")
    other.sync()
    one.sync()
    assert office.row("customer", made)["updated_by"] == other.user_id
    other.sync()
    _is_right(office, one, other)


def test_every_page_is_as_small_as_asked(office: Office) -> None:
    laptop = office.laptop(office.user("Somebody", "auditor"))
    edits = [
        make("customer", f"{n:032x}", name=f"Customer {n}", needs=f"{n * 7919 % 65537}" * 40)
        for n in range(300)
    ]
    office.hq.write_all(edits)
    laptop.sync(want_bytes=4096)
    assert laptop.rounds > 3
    for raw in laptop.received:
        messages = codec.encode(codec.decode(raw, SyncResponse).msgs)
        assert len(messages) <= 4096 + 600  # the settings come on top, once
    assert laptop.progress[0].total >= laptop.progress[0].done
    _is_right(office, laptop)


def test_a_change_heard_of_before_the_arrival_brings_the_whole_record(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page ends between the change and the event that moved the record into sight."""
    monkeypatch.setattr(sync, "LEAST_BYTES", 1)
    taker = office.laptop(office.user("Taker", "sales"))
    giver = office.user("Giver", "sales")
    made = [office.hq.create("customer", {"name": f"Customer {n}", "owner_id": giver}) for n in range(3)]
    taker.sync()
    for row_id in made:
        office.hq.update("customer", row_id, {"name": "Changed first"})
    for row_id in made:
        office.hq.update("customer", row_id, {"owner_id": taker.user_id})
    taker.sync(want_bytes=1)
    assert taker.rounds >= 3
    _is_right(office, taker)


def test_only_scopes_left_are_written_down(office: Office) -> None:
    """A record made and changed in one upload leaves no event nobody needs."""
    laptop = office.laptop(office.user("Somebody", "sales"))
    made = laptop.create("customer", {"name": "Customer"})
    laptop.create("contact", {"name": "Contact", "customer_id": made})
    laptop.sync()
    with office.database.read() as snapshot:
        count = select(func.count()).select_from(table_of(ScopeExit))
        assert snapshot.connection.execute(count).scalar_one() == 0


def test_a_lost_edit_shows_its_winner_only_to_who_may_see_it(office: Office) -> None:
    loser = office.laptop(office.user("Loser", "sales"))
    winner = office.laptop(office.user("Winner", "admin"))
    made = loser.create("customer", {"name": "Customer"})
    loser.sync()
    winner.sync()
    loser.set("customer", made, "name", "Lost")
    loser.apply(loser.send(loser.request(pull=False)))
    office.now_ms += 5_000
    winner.set("customer", made, "name", CANARY)
    winner.set("customer", made, "owner_id", winner.user_id)
    winner.sync()
    loser.sync()
    assert [(told.mine, told.theirs, told.user) for told in loser.lost] == [("Lost", None, None)]
    assert CANARY.encode() not in _bytes_of(loser)


def test_a_repeated_answer_shows_nothing_that_became_invisible(office: Office) -> None:
    loser = office.laptop(office.user("Loser", "sales"))
    winner = office.laptop(office.user("Winner", "admin"))
    made = loser.create("customer", {"name": "Customer"})
    loser.sync()
    winner.sync()
    loser.set("customer", made, "name", "Lost")
    office.now_ms += 5_000
    winner.set("customer", made, "name", CANARY)
    winner.sync()
    request = loser.request()
    first = loser.send(request)
    assert first.answers[0].extra[0] == CANARY
    office.hq.update("customer", made, {"owner_id": winner.user_id})
    again = loser.send(request)
    assert (again.answers[0].code, again.answers[0].extra) == (first.answers[0].code, None)


def test_news_are_found_through_indexes_on_a_grown_database(office: Office) -> None:
    edits: list[Any] = [make("customer", f"{n:032x}", name=f"Customer {n}") for n in range(2000)]
    office.hq.write_all(edits)
    query = events_query().params(after=2_000_000, limit=500, to=1)
    with office.database.engine.begin() as connection:
        if not office.database.is_sqlite:
            connection.exec_driver_sql("ANALYZE")
        text = str(query.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        explain = "EXPLAIN QUERY PLAN " if office.database.is_sqlite else "EXPLAIN "
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + text.replace("%", "%%")))
    for index in ("ix_cell_seq", "ix_row_meta_seq", "ix_row_meta_life_seq", "ix_row_scope_in_seq"):
        assert index in plan, plan
    for table in ("row_meta", "row_scope"):
        assert f"Seq Scan on {table}" not in plan, plan
        assert f"SCAN {table}" not in plan, plan
