"""What becomes of operations: merge, life, sets, quotes, deals, and answers that come again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import Invalid
from crm_core.ids import named_id, new_id
from crm_core.sync.clock import ms_of, reading
from crm_core.sync.protocol import Code, Op, OpKind
from sync_server.services.faults import Refusal
from sync_server.store.tables import Audit, Quarantine, table_of
from tests.support.hq import Laptop, Office

YEAR_MS = 365 * 24 * 3600 * 1000


@pytest.fixture
def two(office: Office) -> tuple[Laptop, Laptop]:
    """Give two laptops of two administrators, who may do everything."""
    first, second = (office.laptop(office.user(name, "admin")) for name in ("First", "Second"))
    first.sync()
    second.sync()
    return first, second


def _customer(*laptops: Laptop, **values: object) -> str:
    made = laptops[0].create("customer", {"name": "Before", **values})
    for laptop in laptops:
        laptop.sync()
    return made


def test_two_people_changing_different_fields_both_win(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, other = two
    made = _customer(one, other)
    numbers = one.set("customer", made, "name", "Name"), other.set("customer", made, "phone", "123456")
    one.sync()
    other.sync()
    one.sync()
    assert (one.code(numbers[0]), other.code(numbers[1])) == (Code.APPLIED, Code.APPLIED)
    assert one.shown("customer", made) == other.shown("customer", made)
    assert office.row("customer", made)["name"] == "Name"
    assert office.row("customer", made)["phone"] == "123456"


def test_the_later_edit_of_a_field_wins_whoever_syncs_first(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one, other)
    earlier = one.set("customer", made, "name", "Earlier")
    office.now_ms += 5_000
    later = other.set("customer", made, "name", "Later")
    other.sync()
    one.sync()
    assert other.code(later) is Code.APPLIED
    assert one.code(earlier) is Code.SUPERSEDED
    value, user_id, ms = one.answers[earlier].extra
    assert (value, user_id) == ("Later", other.user_id)
    assert ms == ms_of(other.answers[later].hlc)
    assert one.shown("customer", made)["name"] == "Later"  # type: ignore[index]


def test_who_loses_an_edit_that_stood_is_told_what_replaced_it(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one, other)
    lost = one.set("customer", made, "name", "Stood")
    one.sync()
    office.now_ms += 5_000
    won = other.set("customer", made, "name", "Won")
    other.sync()
    assert other.code(won) is Code.MERGED
    one.sync()
    told = one.lost[0]
    assert (told.op_no, told.mine, told.theirs) == (lost, "Stood", "Won")
    assert told.user == bytes.fromhex(other.user_id)
    assert told.row == bytes.fromhex(made)


def test_an_edit_made_on_top_of_what_was_seen_is_no_conflict(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one, other)
    one.set("customer", made, "name", "First")
    one.sync()
    other.sync()
    office.now_ms += 5_000
    after = other.set("customer", made, "name", "Second")
    other.sync()
    one.sync()
    assert other.code(after) is Code.APPLIED
    assert one.lost == []


def test_own_edits_hide_nobody_elses(office: Office, two: tuple[Laptop, Laptop]) -> None:
    """A laptop that pushes field after field has still not seen what others did to the next."""
    one, other = two
    made = _customer(one, other)
    one.set("customer", made, "name", "Unseen")
    one.sync()
    office.now_ms += 5_000
    other.set("customer", made, "phone", "123456")
    other.apply(other.send(other.request(pull=False)))
    conflicting = other.set("customer", made, "name", "Blind")
    other.apply(other.send(other.request(pull=False)))
    assert other.code(conflicting) is Code.MERGED


def test_a_group_moves_as_one(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, other = two
    made = _customer(one, other)
    one.set("customer", made, "country", ["CN", "Shanghai", "Shanghai", "Road 1"])
    office.now_ms += 5_000
    other.set("customer", made, "country", ["DE", None, "Hamburg", None])
    for laptop in (other, one, other):
        laptop.sync()
    row = office.row("customer", made)
    assert [row[name] for name in ("country", "province", "city", "address")] == ["DE", None, "Hamburg", None]


def test_a_clock_that_jumps_between_two_edits_puts_none_before_what_its_writer_saw(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one, other)
    seen = other.set("customer", made, "name", "Seen by both")
    other.sync()
    one.sync()
    office.now_ms += 60_000
    above = one.set("customer", made, "name", "Written above it")
    one.skew_ms = YEAR_MS  # set wrong while it was off
    again = one.set("customer", made, "name", "And above that")
    elsewhere = one.set("customer", made, "phone", "123456")
    one.sync()
    other.sync()
    codes = [other.code(seen), *(one.code(number) for number in (above, again, elsewhere))]
    assert codes == [Code.APPLIED] * 4
    assert office.row("customer", made)["name"] == "And above that"
    readings = [one.answers[number].hlc for number in (above, again, elsewhere)]
    assert ms_of(max(readings)) <= office.now_ms
    assert readings == sorted(readings)
    assert one.lost == other.lost == []
    assert one.shown("customer", made) == other.shown("customer", made)


def test_a_clock_that_jumps_gives_no_place_before_what_was_not_seen(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one, other)
    older = one.set("customer", made, "name", "Older")
    one.skew_ms = YEAR_MS
    one.set("customer", made, "phone", "123456")
    office.now_ms += 60_000
    other.set("customer", made, "name", "Newer, unseen")
    other.sync()
    one.sync()
    assert one.code(older) == Code.SUPERSEDED
    assert office.row("customer", made)["name"] == "Newer, unseen"


def test_a_clock_in_the_future_is_moved_to_hqs_now(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, other = two
    made = _customer(one, other)
    one.skew_ms = 365 * 24 * 3600 * 1000
    number = one.set("customer", made, "name", "From the future")
    one.sync()
    assert ms_of(one.answers[number].hlc) <= office.now_ms
    office.now_ms += 1_000
    other.set("customer", made, "name", "After it")
    other.sync()
    assert office.row("customer", made)["name"] == "After it"
    with office.database.read() as snapshot:
        assert snapshot.max_hlc <= reading(office.now_ms, 0xFFFF)


def test_a_forged_time_of_sending_gains_nothing(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, _ = two
    made = _customer(one)
    number = one.set("customer", made, "name", "Forged")
    one.outbox[0].hlc = 2**62
    one.apply(one.send(one.request(sent_hlc=0)))
    assert ms_of(one.answers[number].hlc) <= office.now_ms


def test_deleting_a_customer_takes_everything_below_and_restoring_brings_exactly_that_back(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one)
    contact = one.create("contact", {"name": "Contact", "customer_id": made})
    gone = one.create("contact", {"name": "Deleted before", "customer_id": made})
    ticket = one.create("ticket", {"subject": "Ticket", "customer_id": made})
    message = one.create("ticket_message", {"body": "Text", "ticket_id": ticket})
    one.sync()
    one.delete("contact", gone)
    one.sync()
    other.sync()
    before = dict(other.replica)
    one.delete("customer", made)
    one.sync()
    other.sync()
    for entity, row_id in (
        ("customer", made),
        ("contact", contact),
        ("ticket", ticket),
        ("ticket_message", message),
    ):
        assert other.shown(entity, row_id)["life"] == 2  # type: ignore[index]
    one.restore("customer", made)
    one.sync()
    other.sync()
    assert other.shown("contact", gone)["life"] == 2  # type: ignore[index]
    without_life = {key: {k: v for k, v in row.items() if k != "life"} for key, row in other.replica.items()}
    assert without_life == {key: {k: v for k, v in row.items() if k != "life"} for key, row in before.items()}
    assert one.replica == other.replica


def test_what_was_deleted_stays_so_until_somebody_restores_it(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one, other)
    one.delete("customer", made)
    one.sync()
    office.now_ms += 5_000
    edited = other.set("customer", made, "name", "Edited in trash")
    second = other.delete("customer", made)
    other.sync()
    assert other.code(edited) is Code.APPLIED
    assert "deleted" in other.answers[edited].extra[0]
    assert other.code(second) is Code.STALE_LIFE
    assert other.answers[second].extra[2] == 2
    row = office.row("customer", made)
    assert (row["life"], row["name"]) == (2, "Edited in trash")
    other.restore("customer", made)
    other.sync()
    assert office.row("customer", made)["life"] == 3


def test_a_child_of_a_deleted_record_lands_in_trash_beside_it(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one, other)
    one.delete("customer", made)
    one.sync()
    contact = other.create("contact", {"name": "Too late", "customer_id": made})
    other.sync()
    assert other.code(other.last_op) is Code.APPLIED
    assert other.answers[other.last_op].extra is not None
    assert other.shown("contact", contact)["life"] == 2  # type: ignore[index]
    alone = other.restore("contact", contact)
    other.sync()
    assert other.code(alone) is Code.PARENT
    other.restore("customer", made)
    other.sync()
    assert other.shown("contact", contact)["life"] == 3  # type: ignore[index]


def test_additions_to_a_set_beat_a_removal_that_did_not_see_them(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, other = two
    made = _customer(one, other, tags=["red"])
    one.untag("customer", made, "red")
    other.tag("customer", made, "red")
    other.tag("customer", made, "blue")
    one.sync()
    other.sync()
    one.sync()
    assert office.row("customer", made)["tags"] == ["blue", "red"]
    one.untag("customer", made, "red")
    one.sync()
    assert office.row("customer", made)["tags"] == ["blue"]
    other.sync()
    assert one.shown("customer", made) == other.shown("customer", made)


def test_a_repeated_upload_changes_nothing_and_gets_the_same_answers(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    made = _customer(one)
    one.set("customer", made, "name", "Once")
    one.set("customer", made, "level", "Z" * 2000)
    request = one.request()
    first, second = one.send(request), one.send(request)
    assert [answer.code for answer in first.answers] == [Code.APPLIED, Code.INVALID]
    assert first.answers == second.answers
    assert first.acked_to == second.acked_to == 3
    with office.database.read() as snapshot:
        assert len(snapshot.connection.execute(select(table_of(Quarantine))).all()) == 1


def test_an_operation_that_comes_again_with_other_content_is_an_alarm(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    made = _customer(one)
    one.set("customer", made, "name", "Original")
    one.send(one.request())
    one.outbox[-1].op = msgspec.structs.replace(one.outbox[-1].op, value="Forged")
    one.set("customer", made, "phone", "123456")
    answer = one.send(one.request())
    assert (answer.answers, answer.resync, answer.incarnation) == ([], True, 2)
    assert office.row("customer", made)["name"] == "Original"
    assert office.row("customer", made)["phone"] is None
    with office.database.read() as snapshot:
        actions = snapshot.connection.execute(select(table_of(Audit).c.action)).scalars().all()
    assert "operation changed" in actions


def test_missing_operations_are_asked_for(two: tuple[Laptop, Laptop]) -> None:
    one, _ = two
    made = _customer(one)
    one.set("customer", made, "name", "Lost on the way")
    one.outbox.clear()
    one.set("customer", made, "name", "Next")
    with pytest.raises(Refusal) as refused:
        one.send(one.request())
    assert refused.value.code == "gap"
    assert refused.value.message.places["acked_to"] == 1


def test_operations_out_of_order_are_refused_whole(two: tuple[Laptop, Laptop]) -> None:
    one, _ = two
    one.create("customer", {"name": "One"})
    one.create("customer", {"name": "Two"})
    one.outbox.reverse()
    with pytest.raises(Refusal) as refused:
        one.send(one.request())
    assert refused.value.code == "bad_request"


def test_a_transaction_of_all_or_nothing_stands_or_falls_together(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    made = _customer(one)
    good = (OpKind.SET, "customer", made, 10, "Changed")
    bad = (OpKind.SET, "customer", made, 10, "")
    contact = (OpKind.CREATE, "contact", new_id(), 0, [[10, 11], [bytes.fromhex(made), "Contact"]])
    numbers = one.together([good, contact, bad])
    one.sync()
    assert [one.code(number) for number in numbers] == [Code.INVALID] * 3
    assert office.row("customer", made)["name"] == "Before"
    assert office.hq.all("contact", deleted=None) == []
    numbers = one.together([good, contact])
    one.sync()
    assert [one.code(number) for number in numbers] == [Code.APPLIED] * 2


@pytest.mark.parametrize(
    ("entity", "kind", "field", "value"),
    [
        ("customer", OpKind.SET, 9999, "unknown field"),
        ("customer", OpKind.SET, "x:nothing", "unknown custom field"),
        ("customer", OpKind.SET, 3, 5),
        ("customer", OpKind.SET, 27, "not the group's leader"),
        ("customer", OpKind.SET, 26, ["too", "few"]),
        ("customer", OpKind.SET, 44, ["a set is no register"]),
        ("customer", OpKind.SET, 19, 2**40),
        ("customer", OpKind.SET, 19, 1.5),
        ("customer", OpKind.SET, 19, ""),
        ("customer", OpKind.SET, 10, 5),
        ("customer", OpKind.SET, 10, "a\x00b"),
        ("customer", OpKind.SET, 12, b"short"),
        ("customer", OpKind.SET, 12, b"\x01" * 16),
        ("customer", OpKind.SET, 32, [True, "CNY"]),
        ("customer", OpKind.TAG_ADD, 44, ""),
        ("customer", OpKind.TAG_ADD, 44, "a\x00b"),
        ("customer", OpKind.TAG_ADD, 10, "no set"),
        ("customer", OpKind.TAG_DEL, 44, "no list"),
        ("customer", OpKind.TAG_DEL, 44, ["word", [1, 2]]),
        ("customer", OpKind.DELETE, 0, "one"),
        ("customer", OpKind.DELETE, 0, None),
        ("customer", OpKind.LEDGER, 0, 1),
        ("customer", OpKind.COMMAND, 0, ["send", "draft", {}]),
        ("customer", 77, 0, None),
        ("999", OpKind.SET, 10, "unknown entity"),
        ("customer", OpKind.CREATE, 0, "nonsense"),
        ("customer", OpKind.CREATE, 0, [[10], []]),
        ("customer", OpKind.CREATE, 0, [[10, 10], ["twice", "twice"]]),
        ("customer", OpKind.CREATE, 0, [[{"a": 1}], ["b"]]),
        ("quote", OpKind.SET, 22, 1),
        ("role", OpKind.SET, 12, {"deep": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}),
        ("role", OpKind.SET, 12, {"float": 0.5}),
    ],
)
def test_nonsense_is_refused_kept_and_stops_nothing(
    sqlite_office: Office, entity: str, kind: int, field: int | str, value: object
) -> None:
    laptop = sqlite_office.laptop(sqlite_office.user("Somebody", "admin"))
    made = laptop.create("customer", {"name": "Customer"})
    bad = laptop.do(kind, entity, made if kind != OpKind.CREATE else new_id(), field, value)
    good = laptop.set("customer", made, "name", "Afterwards")
    laptop.sync()
    assert laptop.code(bad) in (Code.INVALID, Code.FORBIDDEN_ROW)
    assert laptop.code(good) is Code.APPLIED
    with sqlite_office.database.read() as snapshot:
        kept = snapshot.connection.execute(select(table_of(Quarantine))).one()
    assert msgspec.msgpack.decode(kept.payload, type=Op).no == bad


def test_lines_of_a_sent_quote_stand(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, other = two
    made = _customer(one)
    quote = one.create("quote", {"customer_id": made, "currency": "CNY", "valid_until": "2027-12-31"})
    line = {"quote_id": quote, "description": "Line", "quantity": "3", "unit_price": 1000, "currency": "CNY"}
    first = one.create("quote_line", line)
    one.sync()
    assert office.row("quote", quote)["total"] == 3000
    assert one.shown("quote", quote)["total"] == 3000  # type: ignore[index]
    other.sync()
    one.set("quote", quote, "status", "sent")
    one.sync()
    price = other.set("quote_line", first, "unit_price", [1, "CNY"])
    discount = other.set("quote", quote, "discount_percent", "50")
    second = other.create("quote_line", line)
    deleted = other.delete("quote_line", first)
    other.sync()
    codes = [other.code(number) for number in (price, discount, other.last_op - 1, deleted)]
    assert codes == [Code.ILLEGAL_STATE] * 4
    assert other.answers[price].extra[2] == [1000, "CNY"]
    assert other.shown("quote_line", second) is None
    assert office.row("quote", quote)["total"] == 3000


def test_hq_works_out_a_quotes_total_from_its_lines(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, other = two
    made = _customer(one, other)
    quote = one.create("quote", {"customer_id": made, "currency": "CNY", "valid_until": "2027-12-31"})
    one.sync()
    other.sync()
    line = {"quote_id": quote, "description": "Line", "unit_price": 1000, "currency": "CNY", "tax_rate": "13"}
    first = one.create("quote_line", line | {"quantity": "1"})
    second = other.create("quote_line", line | {"quantity": "2"})
    one.sync()
    other.sync()
    one.sync()
    assert office.row("quote", quote)["total"] == one.shown("quote", quote)["total"] == 3390  # type: ignore[index]
    one.set("quote", quote, "discount_percent", "10")
    one.delete("quote_line", second)
    one.sync()
    assert office.row("quote", quote)["total"] == 1017
    other.set("quote_line", first, "unit_price", [1000, "EUR"])
    other.sync()
    assert office.row("quote", quote)["total"] is None


def test_a_deal_stands_in_a_stage_of_its_pipeline_and_says_why_it_was_lost(
    office: Office, two: tuple[Laptop, Laptop]
) -> None:
    one, _ = two
    elsewhere = office.hq.create("pipeline", {"name": "Elsewhere"})
    stage = {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
    deal = one.create("deal", {"name": "Deal", **stage})
    wrong = one.set("deal", deal, "pipeline_id", [elsewhere, office.stages["open"], None, None, None])
    silent = one.set("deal", deal, "pipeline_id", [office.pipeline, office.stages["lost"], None, None, None])
    told = one.set("deal", deal, "pipeline_id", [office.pipeline, office.stages["lost"], 0, "price", None])
    one.sync()
    codes = [one.code(number) for number in (wrong, silent, told)]
    assert codes == [Code.INVALID, Code.INVALID, Code.APPLIED]
    assert office.row("deal", deal)["loss_reason"] == "price"


def test_an_id_already_taken_is_told_apart(two: tuple[Laptop, Laptop]) -> None:
    one, other = two
    made = _customer(one)
    other.create("customer", {"name": "Same id"}, made)
    other.sync()
    assert other.code(other.last_op) is Code.ID_TAKEN


def test_custom_fields_merge_like_any_other(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, other = two
    for key, kind in (("colour", "text"), ("size", "integer"), ("marks", "tags")):
        office.hq.create("custom_field", {"entity": "customer", "key": key, "label": key, "kind": kind})
    made = _customer(one, other)
    row = bytes.fromhex(made).hex()
    one.do(OpKind.SET, "customer", row, "x:colour", "red")
    other.do(OpKind.SET, "customer", row, "x:size", 7)
    other.do(OpKind.TAG_ADD, "customer", row, "x:marks", "new")
    bad = one.do(OpKind.SET, "customer", row, "x:size", "seven")
    for laptop in (one, other, one):
        laptop.sync()
    assert one.code(bad) is Code.INVALID
    assert office.row("customer", made)["custom"] == {"colour": "red", "size": 7, "marks": ["new"]}
    shown = one.shown("customer", made)
    assert shown is not None
    assert (shown["x:size"], [word for word, _ in shown["x:marks"]]) == (7, ["new"])
    fresh = office.laptop(one.user_id)
    fresh.sync()
    assert fresh.shown("customer", made)["x:colour"] == "red"  # type: ignore[index]


def test_attachments_hang_on_any_record_but_another_attachment(two: tuple[Laptop, Laptop]) -> None:
    one, _ = two
    made = _customer(one)
    file = one.create("attachment", {"name": "a.pdf", "record_entity": "customer", "record_id": made})
    one.create("attachment", {"name": "b.pdf", "record_entity": "attachment", "record_id": file})
    one.create("attachment", {"name": "c.pdf", "record_entity": "nothing", "record_id": made})
    one.sync()
    assert [one.code(one.last_op - 2), one.code(one.last_op - 1), one.code(one.last_op)] == [
        Code.APPLIED,
        Code.PARENT,
        Code.PARENT,
    ]


def test_a_role_with_holders_is_not_deleted(office: Office, two: tuple[Laptop, Laptop]) -> None:
    one, _ = two
    roles = [row_id for number, row_id in one.replica if number == SCHEMAS["role"].no]
    held = office.row("user", one.user_id)["role_id"]
    assert held in roles
    number = one.delete("role", held)
    one.sync()
    assert one.code(number) is Code.ILLEGAL_STATE


def test_a_roles_rights_that_cannot_be_read_are_refused_and_its_holders_go_on(office: Office) -> None:
    admin = office.laptop(office.user("Admin", "admin"))
    admin.sync()
    role = named_id("role", "sales")
    nonsense: list[Any] = [
        {"reach": {"customer": {"read": "everywhere"}}, "classes": {}},
        {"reach": {"customer": {"fly": "all"}}, "classes": {}},
        {"reach": {}, "classes": {"customer": {"core": "own"}}},
        {"reach": []},
        ["all"],
    ]
    numbers = [admin.set("role", role, "rights", rights) for rights in nonsense]
    admin.create("role", {"name": "Odd", "rights": nonsense[0]})
    admin.sync()
    assert {admin.code(number) for number in (*numbers, admin.last_op)} == {Code.INVALID}
    seller = office.laptop(office.user("Seller", "sales"))
    assert not seller.sync().more


def test_a_record_is_no_part_of_itself(office: Office) -> None:
    admin = office.laptop(office.user("Admin", "admin"))
    made, other = admin.create("customer", {"name": "A"}), new_id()
    looped = admin.set("customer", made, "parent_id", made)
    admin.create("customer", {"name": "B", "parent_id": other}, other)
    admin.sync()
    assert admin.code(looped) is admin.code(admin.last_op) is Code.INVALID
    assert office.row("customer", made)["parent_id"] is None


def test_half_a_character_is_refused(office: Office) -> None:
    with pytest.raises(Invalid, match="cannot be stored"):
        office.hq.create("customer", {"name": "half \ud800"})
    with pytest.raises(Invalid, match="cannot be stored"):
        office.hq.create("customer", {"name": "Tagged", "tags": ["half \udfff"]})
