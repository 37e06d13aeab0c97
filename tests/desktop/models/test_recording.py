"""Every change of a record leaves its operations, confirmed values, history and stamps behind."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select, update

from crm_core.entities import SCHEMAS
from crm_core.entities.customer import Customer
from crm_core.errors import BrokenPromise, NotFound, StaleRecord, UserError
from crm_core.sync.clock import ms_of
from crm_core.sync.protocol import OpKind, TxnFlag
from crm_desktop.models import repository, state
from crm_desktop.models.clock import Clock
from crm_desktop.models.device_tables import History, OutboxTxn, RowMeta
from crm_desktop.models.recording import MAX_TXN_OPS, adopt_identity
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.platform.paths import Profile
from tests.desktop.models.support import (
    KEY,
    confirm_everything,
    dots,
    history,
    number,
    outbox,
    rows_of,
    shadows,
)


def confirmed_customer(replica: Replica, **values: object) -> str:
    """Return the id of a customer HQ knows, with nothing waiting."""
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": "Acme", **values})  # type: ignore[dict-item]
    with replica.applying() as session:
        confirm_everything(session)
    return made.id


def test_a_new_record_is_one_operation_with_what_is_not_empty(replica: Replica) -> None:
    with replica.write() as session:
        made = repository.create(
            session, "customer", {"name": "Acme", "city": "Bern", "phone": None, "x:size": "big"}
        )
    (op,) = outbox(replica)
    assert (op.kind, op.entity, op.row_id, op.field) == (OpKind.CREATE, "customer", made.id, "")
    assert dict(zip(*op.value, strict=True)) == {10: "Acme", 28: "Bern", "x:size": "big"}
    assert op.base == 0
    (meta,) = rows_of(replica, RowMeta)
    assert (meta.base, meta.life, meta.local) == (0, 0, True)
    assert history(replica, made.id) == [("", None, 1)]
    assert made["x:size"] == "big"
    assert made["created_at"] == made["updated_at"] == ms_of(op.hlc)


def test_an_edit_is_one_operation_a_field_over_the_value_hq_confirmed(replica: Replica) -> None:
    row = confirmed_customer(replica, level="A")
    with replica.write() as session:
        repository.update(session, "customer", row, {"name": "Acme AG", "level": None})
    name, level = sorted(outbox(replica), key=lambda op: op.field)
    assert (name.kind, name.field, name.value, name.base) == (OpKind.SET, "10", "Acme AG", 7)
    assert (level.field, level.value) == ("11", None)
    assert shadows(replica, row) == {"10": "Acme", "11": "A"}
    assert sorted(history(replica, row)[1:]) == [("10", "Acme", "Acme AG"), ("11", "A", None)]


def test_a_second_edit_keeps_the_confirmed_value_of_the_first(replica: Replica) -> None:
    row = confirmed_customer(replica)
    for name in ("Second", "Third"):
        with replica.write() as session:
            repository.update(session, "customer", row, {"name": name})
    assert [op.value for op in outbox(replica)] == ["Second", "Third"]
    assert shadows(replica, row) == {"10": "Acme"}
    first, second = outbox(replica)
    assert second.hlc > first.hlc
    assert second.txn_no == first.txn_no + 1


def test_a_group_travels_whole_when_one_of_its_fields_changes(replica: Replica) -> None:
    row = confirmed_customer(replica, country="CH", city="Bern", address="Gasse 1")
    with replica.write() as session:
        repository.update(session, "customer", row, {"city": "Zug"})
    (op,) = outbox(replica)
    assert op.field == number("customer", "country")
    assert op.value == ["CH", None, "Zug", "Gasse 1"]
    assert shadows(replica, row) == {op.field: ["CH", None, "Bern", "Gasse 1"]}
    assert history(replica, row)[1:] == [(number("customer", "city"), "Bern", "Zug")]


def test_an_edit_that_changes_nothing_is_no_operation(replica: Replica) -> None:
    row = confirmed_customer(replica, tags=["a"], city="Bern")
    changed = []
    replica.on_changed.append(changed.append)
    with replica.write() as session:
        repository.update(session, "customer", row, {"name": "Acme", "tags": ["a"], "city": "Bern"})
    assert outbox(replica) == []
    assert rows_of(replica, OutboxTxn) == []
    assert changed == []


def test_words_are_added_and_removed_by_the_dots_that_were_seen(replica: Replica) -> None:
    row = confirmed_customer(replica, tags=["a", "b"])
    before = dots(replica, row)
    with replica.write() as session:
        made = repository.add_tags(session, "customer", row, ["c", "a"])
        assert made["tags"] == ["a", "b", "c"]
        kept = repository.remove_tags(session, "customer", row, ["b", "never"])
        assert kept["tags"] == ["a", "c"]
    added, removed = outbox(replica)
    assert (added.kind, added.field, added.value) == (OpKind.TAG_ADD, "44", "c")
    seen = [name for word, name in before if word == "b"]
    assert (removed.kind, removed.value) == (OpKind.TAG_DEL, ["b", seen])
    assert dots(replica, row) == {pair for pair in before if pair[0] == "a"} | {("c", f"0.1.{added.no}")}
    assert shadows(replica, row) == {"44": sorted([word, name] for word, name in before)}
    assert history(replica, row)[1:] == [
        ("44", ["a", "b"], ["a", "b", "c"]),
        ("44", ["a", "b", "c"], ["a", "c"]),
    ]


def test_the_words_of_a_new_record_follow_its_creation(replica: Replica) -> None:
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": "Acme", "tags": ["b", "a", "b"]})
    create, first, second = outbox(replica)
    assert 44 not in create.value[0]
    assert [(op.kind, op.value) for op in (first, second)] == [(OpKind.TAG_ADD, "a"), (OpKind.TAG_ADD, "b")]
    assert dots(replica, made.id) == {("a", f"0.1.{first.no}"), ("b", f"0.1.{second.no}")}
    assert made["tags"] == ["a", "b"]


def test_emptying_a_set_leaves_it_empty(replica: Replica) -> None:
    row = confirmed_customer(replica, tags=["a"])
    with replica.write() as session:
        assert repository.update(session, "customer", row, {"tags": []})["tags"] is None
    assert [op.kind for op in outbox(replica)] == [OpKind.TAG_DEL]
    assert dots(replica, row) == set()


def test_deleting_and_restoring_name_the_life_they_saw(replica: Replica) -> None:
    row = confirmed_customer(replica)
    with replica.write() as session:
        assert not repository.delete(session, "customer", row).alive
    with replica.write() as session:
        assert repository.restore(session, "customer", row).life == 3
    assert [(op.kind, op.value) for op in outbox(replica)] == [(OpKind.DELETE, 1), (OpKind.RESTORE, 2)]
    assert history(replica, row)[1:] == [("", 1, 2), ("", 2, 3)]


def test_what_is_deleted_or_missing_cannot_be_changed(replica: Replica) -> None:
    row = confirmed_customer(replica)
    with replica.write() as session:
        with pytest.raises(StaleRecord):
            repository.restore(session, "customer", row)
        repository.delete(session, "customer", row)
        with pytest.raises(StaleRecord):
            repository.update(session, "customer", row, {"name": "x"})
        with pytest.raises(StaleRecord):
            repository.delete(session, "customer", row)
        with pytest.raises(NotFound):
            repository.update(session, "customer", "0" * 32, {"name": "x"})


def test_a_form_that_saw_older_values_is_stale(replica: Replica) -> None:
    row = confirmed_customer(replica)
    with replica.write() as session, pytest.raises(StaleRecord, match="Acme"):
        repository.update(session, "customer", row, {"level": "B"}, expected={"name": "Old name"})
    assert outbox(replica) == []


def test_custom_values_are_registers_of_their_own(replica: Replica) -> None:
    row = confirmed_customer(replica, **{"x:a": 1, "x:b": "two"})
    with replica.write() as session:
        record = repository.update(session, "customer", row, {"x:a": 2, "x:b": None, "x:c": True})
    assert {op.field: op.value for op in outbox(replica)} == {"x:a": 2, "x:b": None, "x:c": True}
    assert shadows(replica, row) == {"x:a": 1, "x:b": "two", "x:c": None}
    assert (record["x:a"], record.get("x:b"), record["x:c"]) == (2, None, True)


def test_computed_and_bookkeeping_fields_make_no_operation(replica: Replica) -> None:
    with replica.write() as session:
        quote = repository.create(session, "quote", {"number": "Q-1", "currency": "CNY", "total": 5})
    (op,) = outbox(replica)
    assert SCHEMAS["quote"].fields["total"].no not in op.value[0]
    with replica.applying() as session:
        confirm_everything(session)
    with replica.write() as session:
        changed = repository.update(session, "quote", quote.id, {"total": 700})
    assert outbox(replica) == []
    assert changed["updated_at"] == quote["updated_at"]
    assert changed["total"] == 700


def test_settings_within_one_transaction_fold_into_the_creation(replica: Replica) -> None:
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": "Draft", "level": "A"})
        repository.update(session, "customer", made.id, {"name": "Final", "level": None, "city": "Bern"})
    (op,) = outbox(replica)
    assert dict(zip(*op.value, strict=True)) == {10: "Final", 28: "Bern"}
    assert shadows(replica, made.id) == {}


def test_setting_a_field_twice_in_one_transaction_is_one_operation(replica: Replica) -> None:
    row = confirmed_customer(replica)
    with replica.write() as session:
        repository.update(session, "customer", row, {"city": "Bern"})
        repository.update(session, "customer", row, {"city": "Zug", "country": "CH"})
    (op,) = outbox(replica)
    assert op.value == ["CH", None, "Zug", None]
    assert sorted(history(replica, row)[1:]) == [("26", None, "CH"), ("28", None, "Zug")]


def test_an_edit_after_another_row_was_touched_stays_in_its_place(replica: Replica) -> None:
    with replica.write() as session:
        customer = repository.create(session, "customer", {"name": "Acme"})
        deal = repository.create(session, "deal", {"name": "Deal"})
        repository.update(session, "customer", customer.id, {"level": "A"})
        repository.update(session, "deal", deal.id, {"customer_id": customer.id})
    assert [(op.kind, op.entity) for op in outbox(replica)] == [
        (OpKind.CREATE, "customer"),
        (OpKind.CREATE, "deal"),
        (OpKind.SET, "customer"),
        (OpKind.SET, "deal"),
    ]


def test_one_block_is_one_transaction_with_its_flags(replica: Replica) -> None:
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        repository.create(session, "customer", {"name": "a"})
        repository.create(session, "customer", {"name": "b"})
    (txn,) = rows_of(replica, OutboxTxn)
    assert txn.flags == TxnFlag.ALL_OR_NOTHING
    assert {op.txn_no for op in outbox(replica)} == {txn.no}
    assert txn.hlc == outbox(replica)[0].hlc


def test_an_exception_undoes_rows_operations_and_clock(replica: Replica) -> None:
    with replica.read() as session:
        before = state.read_all(session)

    def fail() -> None:
        with replica.write() as session:
            repository.create(session, "customer", {"name": "never"})
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail()
    with replica.read() as session:
        assert state.read_all(session) == before
        assert session.scalars(select(Customer)).all() == []
    assert outbox(replica) == []


def test_operation_numbers_are_never_given_twice(replica: Replica) -> None:
    row = confirmed_customer(replica)
    numbers = []
    for n in range(5):
        with replica.write() as session:
            repository.update(session, "customer", row, {"city": f"c{n}"})
        numbers.append(outbox(replica)[-1].no)
        with replica.applying() as session:
            confirm_everything(session)
    assert numbers == sorted(set(numbers))


def test_stamps_go_up_though_the_clock_goes_back(profile: Profile) -> None:
    times = iter([1_000_000, 5_000, 2_000, 900])
    clock = Clock(wall=lambda: 1, steady=lambda: 1)
    clock.now_ms = lambda: next(times, 1)  # type: ignore[method-assign]
    with Replica.create(profile, KEY, Clock()) as replica:
        replica.clock = clock
        stamps = []
        for n in range(4):
            with replica.write() as session:
                repository.create(session, "tag", {"name": f"t{n}"})
            stamps.append(outbox(replica)[-1].hlc)
    assert stamps == sorted(set(stamps))
    with Replica.open(profile, KEY) as again, again.read() as session:
        assert state.read(session, Key.HLC) == stamps[-1]


def test_many_rows_at_once_leave_what_single_ones_leave(profile: Profile, tmp_path: object) -> None:
    rows = [
        {"name": f"Customer {n}", "city": "Bern" if n % 2 else None, "tags": ["x", "y"] if n % 3 else None}
        for n in range(7)
    ]
    with Replica.create(profile, KEY) as one, Replica.create(Profile(profile.root / "b"), KEY) as many:
        with one.write() as session:
            single = [repository.create(session, "customer", row).id for row in rows]
        with many.write() as session:
            bulk = repository.create_many(session, "customer", rows)
        ours, theirs = outbox(one), outbox(many)
        assert [(op.no, op.kind, op.field, op.value, op.txn_no) for op in ours] == [
            (op.no, op.kind, op.field, op.value, op.txn_no) for op in theirs
        ]
        for mine, other in zip(single, bulk, strict=True):
            assert dots(one, mine) == dots(many, other)
            assert history(one, mine) == history(many, other)
            with one.read() as a, many.read() as b:
                left, right = repository.get(a, "customer", mine), repository.get(b, "customer", other)
            assert left is not None
            assert right is not None
            times = {"created_at", "updated_at"}
            assert {k: v for k, v in left.values.items() if k not in times} == {
                k: v for k, v in right.values.items() if k not in times
            }
            assert right["created_at"]
        assert len(rows_of(many, RowMeta)) == len(rows)


def test_an_id_is_used_once(replica: Replica) -> None:
    taken = confirmed_customer(replica)
    with replica.write() as session:
        with pytest.raises(UserError, match="of this id already"):
            repository.create(session, "customer", {"name": "x"}, taken)
        for ids in ([taken], ["1" * 32, "1" * 32]):
            with pytest.raises(UserError, match="of this id already"):
                repository.create_many(session, "customer", [{"id": i, "name": "x"} for i in ids])
    assert outbox(replica) == []


def test_an_import_is_cut_into_transactions_that_fit_a_request(replica: Replica) -> None:
    with replica.write() as session:
        repository.create_many(session, "tag", [{"name": f"t{n}"} for n in range(2 * MAX_TXN_OPS + 1)])
    sizes: dict[int, int] = {}
    for op in outbox(replica):
        sizes[op.txn_no] = sizes.get(op.txn_no, 0) + 1
    assert list(sizes.values()) == [MAX_TXN_OPS, MAX_TXN_OPS, 1]
    first_ops = {op.txn_no: op.hlc for op in reversed(outbox(replica))}
    assert {txn.no: txn.hlc for txn in rows_of(replica, OutboxTxn)} == first_ops


def test_statements_that_pass_by_the_recording_are_refused(replica: Replica) -> None:
    table = SCHEMAS["customer"].table
    for statement in (
        update(Customer).values(name="x"),
        table.delete(),
        insert(table).values(id="1" * 32, life=1),
    ):
        with pytest.raises(BrokenPromise), replica.write() as session:
            session.execute(statement)
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": "x"})
        session.delete(session.get_one(Customer, made.id))
        with pytest.raises(BrokenPromise):
            session.flush()
        session.expunge_all()


def test_what_hq_sent_is_applied_without_an_operation(replica: Replica) -> None:
    heard = []
    replica.on_changed.append(heard.append)
    with replica.applying() as session:
        session.execute(insert(SCHEMAS["customer"].table).values(id="1" * 32, life=1, name="From HQ"))
        session.touch("customer", ["1" * 32])
    assert outbox(replica) == []
    assert rows_of(replica, History) == []
    assert heard == [frozenset({("customer", "1" * 32)})]


def test_enrolment_renames_the_dots_of_what_waits(replica: Replica) -> None:
    with replica.write() as session:
        made = repository.create(session, "customer", {"name": "Acme", "tags": ["a", "b"]})
    with replica.write() as session:
        repository.remove_tags(session, "customer", made.id, ["a"])
    with replica.applying() as session:
        adopt_identity(session, device=9, incarnation=4)
    add_a, add_b = (op for op in outbox(replica) if op.kind == OpKind.TAG_ADD)
    (removal,) = (op for op in outbox(replica) if op.kind == OpKind.TAG_DEL)
    assert removal.value == ["a", [f"9.4.{add_a.no}"]]
    assert dots(replica, made.id) == {("b", f"9.4.{add_b.no}")}
    with replica.write() as session:
        repository.add_tags(session, "customer", made.id, ["c"])
    assert ("c", f"9.4.{outbox(replica)[-1].no}") in dots(replica, made.id)
