"""No statement of a round reads a table from end to end that grows with the company's records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event

from crm_core.entities import SCHEMAS
from crm_core.sync.protocol import Code
from sync_server.services.hearing import ever_of, touched_after
from tests.support.claims import LEADS
from tests.support.hq import Office

GROWING = {
    *(name for name, schema in SCHEMAS.items() if not schema.meta.reference and name != "saved_view"),
    *("row_meta", "cell", "row_scope", "scope_exit", "set_dot", "lost_edit", "grave", "user_scope_ever"),
    *("op_log", "op_seen", "quarantine", "number_used", "number_lease", "device", "blob", "blob_part"),
}
IS_ANY_THERE = re.compile(r"^SELECT \S+ \s*FROM \w+\s+LIMIT ")  # stops at the first row
Asked = list[tuple[str, Any]]


@contextmanager
def noted(office: Office) -> Iterator[Asked]:
    """Note every statement with its values for as long as the block runs."""
    asked: Asked = []

    def note(
        _connection: Connection, _cursor: Any, statement: str, values: Any, _context: Any, many: bool
    ) -> None:
        asked.append((statement, values[0] if many and values else values))

    event.listen(office.database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(office.database.engine, "before_cursor_execute", note)


def full_scans(office: Office, asked: Asked) -> set[tuple[str, str]]:
    """Return (table, statement) for every growing table that a statement can only read from end to end."""
    found = set()
    with office.database.engine.connect() as connection:
        if not office.database.is_sqlite:  # then only what no index could serve is read whole
            connection.exec_driver_sql("SET enable_seqscan = off")
        pattern = r"SCAN (\w+)(?! USING INDEX)" if office.database.is_sqlite else r"Seq Scan on (\w+)"
        for statement, values in dict.fromkeys((text, _frozen(values)) for text, values in asked):
            if not statement.startswith(("SELECT", "UPDATE", "DELETE")) or IS_ANY_THERE.match(statement):
                continue
            prefix = "EXPLAIN QUERY PLAN " if office.database.is_sqlite else "EXPLAIN "
            rows = connection.exec_driver_sql(prefix + statement, _thawed(values)).all()
            for row in rows:
                for table in re.findall(pattern, str(row[-1])):
                    if table in GROWING:
                        found.add((table, statement))
    return found


def _frozen(values: Any) -> Any:
    return tuple(sorted(values.items())) if isinstance(values, dict) else tuple(values or ())


def _thawed(values: Any) -> Any:
    named = values and all(isinstance(each, tuple) and len(each) == 2 for each in values)
    return dict(values) if named else values


def test_no_statement_of_a_round_reads_a_growing_table_from_end_to_end(office: Office) -> None:
    seller = office.user("卖家", "sales")
    laptop, admin = office.laptop(seller), office.laptop(office.user("管理", "admin"))
    laptop.sync()
    rows = [office.hq.create("customer", {"name": f"{n}", "owner_id": seller}) for n in range(3)]
    values = {"customer_id": rows[0], "pipeline_id": office.pipeline, "stage_id": office.stages["open"]}
    deal = office.hq.create("deal", {"name": "商机", "owner_id": seller, **values})
    LEADS.rule(office, most_held=5, claims_a_week=5, barred_days=5)
    lead = LEADS.free(office)
    laptop.sync()
    with office.database.read() as snapshot:
        head = snapshot.head
    steps: dict[str, Callable[[], object]] = {
        "first page": lambda: office.laptop(seller).sync(),
        "first page of everything": admin.sync,
        "one edit": lambda: (laptop.set("customer", rows[1], "notes", "新"), laptop.sync()),
        "a tag": lambda: (laptop.tag("customer", rows[1], "重点"), laptop.sync()),
        "a new contact": lambda: (
            laptop.create("contact", {"name": "联系人", "customer_id": rows[0]}),
            laptop.sync(),
        ),
        "a deal that goes to another": lambda: (
            admin.set("deal", deal, "owner_id", admin.user_id),
            admin.sync(),
        ),
        "a delete": lambda: (laptop.delete("customer", rows[2]), laptop.sync()),
        "an exit, and nothing more": laptop.sync,
        "a claim of a lead": lambda: (LEADS.claim(laptop, lead), laptop.sync()),
        "news": lambda: _hear(office, head, seller),
    }
    for name, step in steps.items():
        with noted(office) as asked:
            step()
        scans = full_scans(office, asked)
        assert not scans, f"{name}: {sorted(scans)}"
    with noted(office) as asked, office.database.read() as snapshot:
        snapshot.connection.exec_driver_sql("SELECT notes FROM customer WHERE notes = 'x'")
    assert {table for table, _ in full_scans(office, asked)} == {"customer"}  # one would be noticed


def test_what_many_records_are_about_is_read_at_once(sqlite_office: Office) -> None:
    office = sqlite_office
    lin = office.laptop(office.user("Lin", "sales"))
    asked_for = []
    for count in (2, 30):
        values = {"name": "C", "owner_id": lin.user_id}
        customers = [office.hq.create("customer", values) for _ in range(count)]
        lin.sync()
        for customer in customers:
            task = {"kind": "task", "subject": "Look", "about_entity": "customer", "about_id": customer}
            lin.create("activity", task)
        with noted(office) as asked:
            lin.sync()
        assert lin.code(lin.last_op) is Code.APPLIED
        asked_for.append(sum("FROM customer" in text for text, _ in asked))
    assert asked_for[0] == asked_for[1]


def _hear(office: Office, head: int, user_id: str) -> None:
    with office.database.read() as snapshot:
        assert touched_after(snapshot, head) is not None
        assert ever_of(snapshot.connection, user_id)
