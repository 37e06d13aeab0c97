"""Mails to the service address taken in by HQ: from a real IMAP server, beside 100,000 tickets and threads.

The floor reads the same mails with the parser of the standard library alone and inserts sender, subject and
text into one table, a transaction for each fifty. `SATCHEL_INTAKE_MAILS` says how many come.
"""

from __future__ import annotations

import base64
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from email import policy
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, insert

from benchmarks.figures import Figure
from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from crm_core.rules.uniqueness import key_of
from crm_core.times import DAY_MS
from sync_server.services import founding
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.ticket_mail import fetch
from sync_server.settings import fresh_settings
from sync_server.store.bulk import insert_rows
from sync_server.store.database import Database
from sync_server.store.tables import RowMeta, UniqueKey, table_of
from tests.support.mail_box import PASSWORD, USER, mail_box, post
from tests.support.postgres import database_in, running_postgres

TITLE = "Mails of customers taken in as tickets"
TICKETS = 100_000
CUSTOMERS = 20_000
MAILS = 1_000
BATCH = 50
_FILE = b"\xff\xd8" + bytes(range(256)) * 160
_WORDS = "The pump on line two reads four percent high for ten minutes after each cold start. " * 12


def measure() -> list[Figure]:
    """Return mails a second on both engines, and the share of the plain work."""
    count = int(os.environ.get("SATCHEL_INTAKE_MAILS", MAILS))
    mails = list(_mails(count))
    figures: list[Figure] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(database_in(stack.enter_context(running_postgres())))
        for engine, database in (("SQLite", None), ("PostgreSQL", url)):
            floor, least = _floor(folder / f"floor-{engine}", database, mails)
            taken, busy = _taken(folder / engine, database, mails)
            figures += [
                Figure(
                    f"mails taken in a second, {engine}",
                    count / taken,
                    "mails",
                    count / floor,
                    "parsed, inserted",
                ),
                Figure(
                    f"processor time of HQ for one, {engine}", busy / count, "s", least / count, "the same"
                ),
            ]
    return figures


def _taken(folder: Path, database: str | None, mails: Sequence[bytes]) -> tuple[float, float]:
    """Return the seconds it took to take mails in, by the clock and of this process."""
    with mail_box() as port:
        post(port, *mails)
        settings = fresh_settings(
            folder,
            database=database,
            service_server=f"imap://127.0.0.1:{port}",
            service_user=USER,
            service_password=PASSWORD,
        )
        founding.found(settings, "admin", "a good password")
        hq = open_headquarters(settings)
        try:
            _fill(hq)
            begun, busy = time.perf_counter(), time.process_time()
            counts = fetch(hq, now_ms())
            took = time.perf_counter() - begun, time.process_time() - busy
        finally:
            hq.close()
    expected = {"tickets": 0, "messages": 0, "automatic": 0}
    for number in range(len(mails)):
        expected[_kind(number)] += 1
    assert {name: found for name, found in counts.items() if found} == expected, counts
    return took


def _floor(folder: Path, database: str | None, mails: Sequence[bytes]) -> tuple[float, float]:
    """Return the seconds of parsing mails and inserting three texts of each, by clock and of this process."""
    folder.mkdir()
    plain = Table(
        "plain_mail", MetaData(), Column("id", Integer, primary_key=True),
        *(Column(name, Text) for name in ("sender", "subject", "body")),
    )  # fmt: skip
    made = Database(database or f"sqlite:///{folder}/floor.db")
    plain.create(made.engine)
    begun, busy = time.perf_counter(), time.process_time()
    for start in range(0, len(mails), BATCH):
        rows = []
        for raw in mails[start : start + BATCH]:
            mail = BytesParser(policy=policy.default).parsebytes(raw)
            body = mail.get_body(preferencelist=("plain",))
            text = body.get_content() if body is not None else ""
            rows.append({"sender": str(mail["From"]), "subject": str(mail["Subject"]), "body": text})
        with made.note() as connection:
            connection.execute(insert(plain), rows)
    took = time.perf_counter() - begun, time.process_time() - busy
    plain.drop(made.engine)
    made.close()
    return took


def _kind(number: int) -> str:
    """Return what becomes of a mail: of ten six open tickets, three answer in threads, one is a machine's."""
    return "automatic" if number % 10 == 9 else "messages" if number % 10 in (2, 5, 8) else "tickets"


def _mails(count: int) -> Iterator[bytes]:
    """Yield mails of customers' people and of strangers, every tenth with a picture."""
    for number in range(count):
        kind = _kind(number)
        known = kind == "messages" or number % 10 != 7
        address = _address(number) if known else f"stranger{number}@elsewhere.example"
        head = [
            f"From: Person {number} <{address}>",
            f"Subject: Pump {number}",
            f"Message-ID: <m{number}@mails.example>",
        ]
        if kind == "messages":
            head.append(f"In-Reply-To: <t{number}@threads.example>")
        if kind == "automatic":
            head.append("Auto-Submitted: auto-replied")
        text = f"{_WORDS}\r\nCase {number}\r\n".encode()
        if number % 10 == 4:
            yield _with_file(head, text)
        else:
            yield "\r\n".join((*head, "Content-Type: text/plain; charset=utf-8", "", "")).encode() + text


def _with_file(head: Sequence[str], text: bytes) -> bytes:
    kind = 'Content-Type: multipart/mixed; boundary="b"'
    file = base64.encodebytes(_FILE).replace(b"\n", b"\r\n")
    return (
        "\r\n".join((*head, kind, "", "")).encode()
        + b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text
        + b"--b\r\nContent-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\n"
        + b'Content-Disposition: attachment; filename="pump.jpg"\r\n\r\n' + file + b"--b--\r\n"
    )  # fmt: skip


def _address(number: int) -> str:
    return f"person{number % CUSTOMERS}@firm{number % CUSTOMERS}.example"


def _fill(hq: Headquarters) -> None:
    """Write customers with a contact each, and tickets of theirs with their first mail."""
    ids = [(named_id("c", str(n)), named_id("p", str(n))) for n in range(CUSTOMERS)]
    tickets = [
        (named_id("t", str(n)), named_id("ticket mail", f"<t{n}@threads.example>")) for n in range(TICKETS)
    ]
    then = now_ms() - 40 * DAY_MS
    email = SCHEMAS["contact"].fields["email"]
    with hq.database.note() as connection:
        rows: dict[str, list[tuple[Any, ...]]] = {
            "customer": [(c, 1, f"Customer {n}", then) for n, (c, _) in enumerate(ids)],
            "contact": [(p, 1, f"Person {n}", c, _address(n), then) for n, (c, p) in enumerate(ids)],
            "ticket": [
                (t, 1, f"T-{n:06d}", f"Old {n}", "open", "mail", *ids[n % CUSTOMERS], _address(n), then)
                for n, (t, _) in enumerate(tickets)
            ],
            "ticket_message": [
                (m, 1, t, "Old words", True, then, f"<t{n}@threads.example>", then)
                for n, (t, m) in enumerate(tickets)
            ],
        }
        names = {
            "customer": ("id", "life", "name", "created_at"),
            "contact": ("id", "life", "name", "customer_id", "email", "created_at"),
            "ticket": (
                *("id", "life", "number", "subject", "status", "channel"),
                *("customer_id", "contact_id", "from_address", "created_at"),
            ),
            "ticket_message": (
                *("id", "life", "ticket_id", "body", "from_customer", "written_at"),
                *("mail_id", "created_at"),
            ),
        }
        for entity, values in rows.items():
            _insert(connection, entity, names[entity], values)
        contact, field = SCHEMAS["contact"].no, email.no
        keys = [(contact, field, p, key_of(email, _address(n)), True) for n, (_, p) in enumerate(ids)]
        insert_rows(connection, table_of(UniqueKey), ("entity", "field", "row_id", "hash", "first"), keys)
        connection.exec_driver_sql("ANALYZE")


def _insert(
    connection: Connection, entity: str, names: Sequence[str], values: Sequence[tuple[Any, ...]]
) -> None:
    schema = SCHEMAS[entity]
    insert_rows(connection, schema.table, names, values)
    meta = [(schema.no, row[0], 1, 1, 0, 1, 0, 1, 0, 0) for row in values]
    columns = (
        "entity",
        "row_id",
        "seq",
        "hlc",
        "device",
        "incarnation",
        "op_no",
        "life",
        "life_seq",
        "life_device",
    )
    insert_rows(connection, table_of(RowMeta), columns, meta)
