"""Programs of different versions beside each other: laptops older and newer than HQ, and upgraded ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import update

from crm_core import SCHEMA_VERSION
from crm_core.entities import SCHEMAS
from crm_core.sync import codec
from crm_core.sync.protocol import Code, OpKind, SyncRequest, SyncResponse
from crm_desktop.models import state
from crm_desktop.models.replica import Replica
from crm_desktop.services import records, returned_edits
from crm_desktop.sync import engine as engines
from crm_desktop.sync.refused import Refused
from sync_server.services import sync as hq_sync
from tests.support.hq import Office
from tests.support.older_program import OlderProgram
from tests.support.replicas import KEY, Laptop, Laptops, differences

OLDER = 1  # the first one: it knows no field since 2, and none of the kinds of records since 3


@contextmanager
def older_program(laptop: Laptop, schema: int = OLDER) -> Iterator[OlderProgram]:
    """Run an earlier program over a laptop's profile; afterwards it is the program of now again."""
    profile, office = laptop.replica.profile, laptop.office

    def answer(raw: bytes) -> bytes:
        request = codec.decode(raw, SyncRequest)
        assert request.schema == schema
        response = codec.encode(office.sync.answer(request, laptop.line._device))
        laptop.line.seen.append(codec.decode(response, SyncResponse))
        return response

    laptop.replica.close()
    with OlderProgram(profile.root, schema, answer, office.clock) as program:
        yield program
    laptop.replica = Replica.open(profile, KEY, laptop._clock())


def fields_sent(laptop: Laptop) -> set[tuple[int, int | str]]:
    """Return every (entity, field) HQ ever sent to a laptop."""
    puts = [message for response in laptop.line.seen for message in response.msgs if message[0] == 1]
    return {(message[2], number) for message in puts for number in message[7]}


def test_an_older_program_works_beside_a_newer_hq_and_its_upgrade_fills_what_it_could_not_read(
    office: Office, laptops: Laptops
) -> None:
    lin, maya = office.user("Lin", "sales"), office.user("Maya", "admin")
    old, fresh = laptops.make("lin", lin), laptops.make("fresh", lin)
    shared = office.hq.create("customer", {"name": "Blue Heron", "owner_id": lin, "shared_with": [maya]})
    office.hq.create(
        "attachment",
        {"name": "plan.pdf", "record_entity": "customer", "record_id": shared, "caption": "newer than it"},
    )
    with older_program(old) as program:
        assert program.do("sync")["up_to_date"]
        office.now_ms += 60_000
        assert "shared_with" not in program.do("show", "customer", shared)
        made = program.do("create", "customer", {"name": "纸鹤食品（示例）", "city": "苏州", "tags": ["vip"]})
        program.do("update", "customer", shared, {"industry": "typed in the older one", "tags": ["asia"]})
        office.hq.update("customer", shared, {"shared_with": [], "phone": "111 111"})
        office.hq.update("customer", shared, {"shared_with": [maya]})
        program.do("compare")
        report = program.do("sync")
        assert (report["up_to_date"], report["compared"], report["differing"]) == (True, True, 0)
        assert program.do("returned") == []
        program.do("update", "customer", made, {"industry": "still waits at the upgrade"})
    newer = {
        (schema.no, field.no)
        for schema in SCHEMAS.values()
        for field in schema.fields.values()
        if field.since > OLDER
    }
    assert newer
    assert fields_sent(old).isdisjoint(newer)
    before = len(old.line.seen)
    with old.replica.applying() as session:
        state.write(session, {state.Key.COMPARE_AT_MS: 1})
    report = old.sync()
    assert (report.up_to_date, report.compared, report.differing) == (True, True, 0)
    assert not any(response.resync for response in old.line.seen[before:])
    assert records.get(old.replica, "customer", shared).get("shared_with") == [maya]
    fresh.sync()
    assert list(differences(old)) == list(differences(fresh)) == []
    assert old.projection() == fresh.projection()
    assert office.row("customer", made)["industry"] == "still waits at the upgrade"
    assert office.row("customer", made)["city"] == "苏州"


def test_a_program_too_old_hands_in_what_was_typed_and_says_why_no_news_come(
    office: Office, laptops: Laptops, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    lin.sync()
    customer = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    office.hq.create("customer", {"name": "News", "owner_id": lin.user_id})
    monkeypatch.setattr(hq_sync, "MIN_SCHEMA", SCHEMA_VERSION + 1)
    for _ in range(2):
        with pytest.raises(Refused) as refused:
            lin.sync()
        assert refused.value.code == "upgrade"
    assert lin.waiting() == 0
    assert office.row("customer", customer)["name"] == "纸鹤食品（示例）"
    assert [row["name"] for (entity, _), row in lin.projection().items() if entity == 10] == [
        "纸鹤食品（示例）"
    ]
    records.update(lin.replica, "customer", customer, {"industry": "later"})
    monkeypatch.setattr(hq_sync, "MIN_SCHEMA", 1)
    assert lin.sync().up_to_date
    assert list(differences(lin)) == []


@pytest.mark.soak
def test_a_newer_program_creates_at_an_older_hq_and_gets_back_only_what_that_does_not_know(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    office.sync._told["schema"] = OLDER
    lin.sync()
    customer = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    values = {"name": "plan.pdf", "record_entity": "customer", "record_id": customer, "caption": "newer"}
    made = records.create(lin.replica, "attachment", values).value.id
    with lin.replica.read() as session:
        sent = [
            (OpKind(op.kind), op.field, op.value)
            for op in session.query(engines.outbox.OutboxOp).filter_by(row_id=made)
        ]
    caption = SCHEMAS["attachment"].fields["caption"].no
    assert [kind for kind, _, _ in sent] == [OpKind.CREATE, OpKind.SET]
    assert caption not in sent[0][2][0]
    assert sent[1][1:] == (str(caption), "newer")
    with lin.replica.applying() as session:  # as an HQ answers that has no such field
        session.execute(
            update(engines.outbox.OutboxOp)
            .where(engines.outbox.OutboxOp.field == str(caption))
            .values(field="4711")
        )
    assert lin.sync().up_to_date
    assert office.row("attachment", made)["name"] == "plan.pdf"
    (back,) = returned_edits.returned(lin.replica)
    assert (back.code, "may be older" in back.reason.text) == (Code.INVALID, True)


def test_a_kind_of_record_an_older_program_does_not_know_is_not_sent_and_comes_with_the_upgrade(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = SCHEMAS["ticket"].model
    monkeypatch.setattr(kind, "meta", dataclasses.replace(kind.meta, since=SCHEMA_VERSION))
    lin = office.user("Lin", "admin")
    old, fresh = office.laptop(lin, schema=1), office.laptop(lin, schema=SCHEMA_VERSION)
    customer = office.hq.create("customer", {"name": "Blue Heron", "owner_id": lin})
    ticket = office.hq.create("ticket", {"subject": "Leak", "customer_id": customer})
    old.sync()
    office.hq.update("ticket", ticket, {"subject": "Leaks"})
    office.hq.update("customer", customer, {"industry": "food"})
    old.sync()
    assert old.shown("ticket", ticket) is None
    assert old.shown("customer", customer) is not None
    old.schema = SCHEMA_VERSION
    old.sync()
    fresh.sync()
    assert old.replica == fresh.replica == office.projection(lin)
    old.schema = 1  # and back again: what it does not know any more is left alone
    office.hq.update("ticket", ticket, {"subject": "Leaks badly"})
    old.sync()
    old.schema = SCHEMA_VERSION
    old.sync()
    assert old.replica == office.projection(lin)


@pytest.mark.soak
def test_values_of_choices_a_program_does_not_know_travel_and_show_raw(
    office: Office, laptops: Laptops
) -> None:
    lin, maya = (laptops.make(name, office.user(name, "admin")) for name in ("lin", "maya"))
    lin.sync()
    customer = records.create(lin.replica, "customer", {"name": "Blue Heron"}).value.id
    lin.sync()
    with office.database.note() as connection:  # as a newer HQ may hold it
        table = SCHEMAS["customer"].table
        connection.execute(update(table).where(table.c.id == customer).values(level="platinum"))
    office.hq.update("customer", customer, {"industry": "food"})
    maya.sync()
    assert records.get(maya.replica, "customer", customer).get("level") == "platinum"
    assert SCHEMAS["customer"].fields["level"].choice_label("platinum") == "platinum"
    records.update(maya.replica, "customer", customer, {"notes": "edited beside it"})
    maya.sync()
    assert maya.returned() == []
    assert office.row("customer", customer)["level"] == "platinum"


@pytest.mark.soak
def test_custom_fields_added_and_retired_while_laptops_are_away_lose_nothing_typed(
    office: Office, laptops: Laptops
) -> None:
    lin, maya = (laptops.make(name, office.user(name, "admin")) for name in ("lin", "maya"))
    field = office.hq.create(
        "custom_field", {"entity": "customer", "key": "fleet", "label": "Fleet", "kind": "text"}
    )
    for laptop in (lin, maya):
        laptop.sync()
    customer = records.create(lin.replica, "customer", {"name": "Blue Heron", "x:fleet": "three"}).value.id
    for laptop in (lin, maya):
        laptop.sync()
    records.update(lin.replica, "customer", customer, {"x:fleet": "four, typed away"})
    office.hq.update("custom_field", field, {"retired": True})
    office.hq.create("custom_field", {"entity": "customer", "key": "dogs", "label": "Dogs", "kind": "text"})
    office.hq.update("customer", customer, {"x:dogs": "two"})
    lin.sync()
    assert office.row("customer", customer)["custom"] == {"fleet": "four, typed away", "dogs": "two"}
    records.update(maya.replica, "customer", customer, {"x:fleet": "five, typed away"})
    office.hq.delete("custom_field", field)
    maya.sync()
    assert records.get(maya.replica, "customer", customer).get("x:dogs") == "two"
    assert [(entity, code) for entity, _, code in maya.returned()] == [("customer", Code.INVALID)]
    assert returned_edits.returned(maya.replica)[0].mine == "five, typed away"
    lin.sync()
    for laptop in (lin, maya):
        assert list(differences(laptop)) == []


@pytest.mark.soak
def test_messages_of_a_kind_nobody_here_knows_are_skipped_where_they_may_be(
    office: Office, laptops: Laptops, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    send = office.sync.answer
    optional = [1]

    def with_more(request, session):  # type: ignore[no-untyped-def]
        response = send(request, session)
        response.msgs.append([99, optional[0], "from the future"])
        return response

    monkeypatch.setattr(office.sync, "answer", with_more)
    assert lin.sync().up_to_date
    optional[0] = 0
    customer = records.create(lin.replica, "customer", {"name": "typed all the same"}).value.id
    with pytest.raises(codec.Malformed, match="does not know"):
        lin.sync()
    assert lin.waiting() > 0
    monkeypatch.setattr(office.sync, "answer", send)
    assert lin.sync().up_to_date
    assert office.row("customer", customer)["name"] == "typed all the same"
