"""A headquarters inside the test's own process, and laptops that speak the real bytes with it.

No HTTP and no passwords: `Office` is the database with the services over it and a clock the test turns;
`Laptop` keeps what HQ confirmed, so that it can be held against what its user may see by definition.
"""

from __future__ import annotations

import itertools
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Select, insert, inspect, select
from sqlalchemy.engine import make_url

from crm_core import SCHEMA_VERSION
from crm_core.entities import BY_NO, SCHEMAS
from crm_core.ids import named_id, new_id
from crm_core.rules.access import Person, readable_fields
from crm_core.rules.scopes import EVERYONE, direct_scopes, scopes_of
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.schema.field import Kind
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.sync import codec
from crm_core.sync.clock import ms_of, observe, reading, tick
from crm_core.sync.merge import dot, lives
from crm_core.sync.protocol import (
    PROTOCOL_VERSION,
    Answer,
    Code,
    DropFields,
    Lease,
    LostEdit,
    Op,
    OpKind,
    Progress,
    Purge,
    Put,
    Settings,
    SyncRequest,
    SyncResponse,
    Txn,
    TxnFlag,
)
from sync_server.services.auth import DeviceSession, sealer_of
from sync_server.services.blobs import BlobService
from sync_server.services.custom import CustomFields
from sync_server.services.entitlements import person_of
from sync_server.services.hq import Edit, EditKind, Hq
from sync_server.services.sync import SyncService
from sync_server.settings import fresh_settings
from sync_server.store.database import Database, found_feed
from sync_server.store.tables import FOUNDER, Device, NumberSeries, SetDot, Setting, table_of

START_MS = 1_800_000_000_000
Key = tuple[int, str]
Projection = dict[Key, dict[str, Any]]
"""What somebody may see: for each record its `life` and its filled fields by name."""


class Office:
    """HQ with a clock the test turns."""

    def __init__(self, folder: Path, database_url: str | None = None, *, offline_days: int = 0) -> None:
        """`offline_days` as in HQ's settings; months go by in many tests, so it is for ever unless told."""
        folder.mkdir(parents=True, exist_ok=True)
        self.settings = fresh_settings(folder, database=database_url, offline_days=offline_days)
        if database_url is None:
            _write_empty_tables(self.settings.database_url)
        self.database = Database(self.settings.database_url, pen=sealer_of(self.settings))
        self.now_ms = START_MS
        self.hq = Hq(self.database, self.clock)
        self.sync = SyncService(self.database, self.settings, self.clock)
        self.blobs = BlobService(self.database, self.settings, self.clock)
        if not inspect(self.database.engine).has_table(table_of(Setting).name):
            self.database.create_tables()
        self.founder = new_id()
        with self.database.note() as connection:
            self.epoch = bytes.fromhex(found_feed(connection))
            connection.execute(insert(table_of(Setting)).values(key=FOUNDER, value=self.founder))
            connection.execute(
                insert(table_of(NumberSeries)).values(series="quote", next=1, pattern="Q-{year}-{number:04d}")
            )
        roles = [
            make("role", named_id("role", name), name=name, rights=rights)
            for name, (_, rights) in STANDARD_ROLES.items()
        ]
        self.pipeline = named_id("pipeline", "Sales")
        self.stages = {kind: named_id("stage", kind) for kind in ("open", "won", "lost")}
        stages = [
            make("stage", stage, pipeline_id=self.pipeline, name=kind, kind=kind)
            for kind, stage in self.stages.items()
        ]
        founder = make("user", self.founder, name="Founder（示例）", role_id=named_id("role", "admin"))
        self.hq.write_all([*roles, founder, make("pipeline", self.pipeline, name="Sales"), *stages])

    def clock(self) -> int:
        """Return HQ's time."""
        return self.now_ms

    def user(self, name: str, role: str, **values: Any) -> str:
        """Take somebody on and return the id."""
        return self.hq.create("user", {"name": name, "role_id": named_id("role", role), **values})

    def laptop(self, user_id: str, schema: int = SCHEMA_VERSION) -> Laptop:
        """Enrol a laptop without asking for a password."""
        nonce = secrets.token_bytes(16)
        with self.database.note() as connection:
            number = connection.execute(
                insert(table_of(Device))
                .values(
                    user_id=user_id,
                    name="laptop",
                    secret_hash=secrets.token_hex(),
                    nonce=nonce,
                    schema=schema,
                    enrolled_at=self.now_ms,
                )
                .returning(table_of(Device).c.id)
            ).scalar_one()
        return Laptop(self, number, user_id, nonce, schema)

    def person(self, user_id: str) -> Person:
        """Return the person behind a user."""
        with self.database.read() as snapshot:
            return person_of(snapshot.connection, user_id)

    def row(self, entity: str, record_id: str) -> dict[str, Any]:
        """Return everything HQ's table holds of a record."""
        table = SCHEMAS[entity].table
        with self.database.read() as snapshot:
            found = snapshot.connection.execute(select(table).where(table.c.id == record_id))
            return dict(found.mappings().one())

    def projection(self, user_id: str) -> Projection:
        """Return what a user may see, by definition: nothing the feed keeps is asked."""
        return visible_to(self.database, self.person(user_id))

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()


def _write_empty_tables(url: str) -> None:
    """Write the file of a database that has every table and no row: making the tables takes longer."""
    path = Path(str(make_url(url).database))
    if not path.exists():
        path.write_bytes(_empty_tables())


@cache
def _empty_tables() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hq.db"
        made = Database(f"sqlite:///{path}")
        made.create_tables()
        made.close()
        assert not path.with_name("hq.db-wal").exists()
        return path.read_bytes()


@cache
def rows_of(entity: str) -> Select[Any]:
    """Return the question for every record of a kind, put together once."""
    return select(SCHEMAS[entity].table)


def visible_to(database: Database, person: Person) -> Projection:
    """Return what a person may see, by definition: nothing the feed keeps is asked."""
    with database.read() as snapshot:
        run = snapshot.connection.execute
        rows = {
            (schema.no, row["id"]): dict(row)
            for schema in SCHEMAS.values()
            for row in run(rows_of(schema.name)).mappings()
        }
        dots: dict[tuple[int, str, str], list[list[str]]] = {}
        for row in run(select(table_of(SetDot))):
            dots.setdefault((row.entity, row.row_id, row.field), []).append([row.word, row.dot])
        custom = {
            schema.name: dict(CustomFields(snapshot.connection).held(schema.name))
            for schema in SCHEMAS.values()
        }
    scopes, rights = _Scopes(rows), person.rights
    found: Projection = {}
    for (entity, record_id), row in rows.items():
        schema = BY_NO[entity]
        within = person.reads_in(schema.name)
        if EVERYONE not in within and within.isdisjoint(scopes.of((entity, record_id))):
            continue
        shown: dict[str, Any] = {"life": row["life"]}
        for each in readable_fields(person, schema.name):
            value = row[each.name]
            if each.kind is Kind.TAGS:
                value = sorted(dots.get((entity, record_id, str(each.no)), [])) or None
            if value is not None:
                shown[each.name] = value
        for name, value in (row["custom"] or {}).items() if "custom" in row else ():
            declared = custom[schema.name].get(CUSTOM_PREFIX + name)
            if declared is not None and rights.class_right(schema.name, declared.field_class):
                held = sorted(dots.get((entity, record_id, declared.name), []))
                shown[declared.name] = held if declared.kind is Kind.TAGS else value
        found[entity, record_id] = shown
    return found


class _Scopes:
    """Scopes worked out from the records alone."""

    def __init__(self, rows: Mapping[Key, dict[str, Any]]) -> None:
        self._rows = rows
        self._known: dict[Key, frozenset[str]] = {}
        self._lent: dict[Key, list[frozenset[str]]] = {}
        for (entity, _), row in rows.items():
            schema = BY_NO[entity]
            for link in schema.lending_fields:
                if row[link.name] and lives(row["life"]):
                    target = (SCHEMAS[link.target or ""].no, row[link.name])
                    self._lent.setdefault(target, []).append(direct_scopes(schema, row))

    def of(self, key: Key) -> frozenset[str]:
        if key not in self._known:
            schema, row = BY_NO[key[0]], self._rows[key]
            parents = []
            for link in schema.parent_fields:
                name = row[link.target_field or ""] if link.target == "*" else link.target
                target = (SCHEMAS[name].no, row[link.name]) if name and row[link.name] else None
                if target in self._rows and target is not None:
                    parents.append(self.of(target))
            self._known[key] = scopes_of(schema, row, parents, self._lent.get(key, []))
        return self._known[key]


@dataclass
class Pending:
    """An operation made but not answered."""

    op: Op
    hlc: int
    txn: int
    flags: int


@dataclass
class Laptop:
    """One enrolled device: an outbox, and what HQ confirmed."""

    office: Office
    device: int
    user_id: str
    nonce: bytes
    schema: int = SCHEMA_VERSION
    incarnation: int = 1
    token: bytes = b""
    skew_ms: int = 0
    replica: Projection = field(default_factory=dict)
    bases: dict[Key, int] = field(default_factory=dict)
    outbox: list[Pending] = field(default_factory=list)
    answers: dict[int, Answer] = field(default_factory=dict)
    lost: list[LostEdit] = field(default_factory=list)
    leases: list[Lease] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    progress: list[Progress] = field(default_factory=list)
    received: list[bytes] = field(default_factory=list)
    """Every answer as it came, decompressed by nobody yet."""
    rounds: int = 0
    hlc: int = 0
    last_op: int = 0
    last_txn: int = 0
    _swept: set[Key] | None = None

    # Working

    def create(self, entity: str, values: Mapping[str, Any], record_id: str | None = None) -> str:
        """Make a record and return its id."""
        made = record_id or new_id()
        schema = SCHEMAS[entity]
        fields = [schema.fields[name] for name in values]
        packed = [codec.pack_value(each, values[each.name]) for each in fields]
        self.do(OpKind.CREATE, entity, made, 0, [[each.no for each in fields], packed])
        return made

    def set(self, entity: str, record_id: str, name: str, value: Any) -> int:
        """Set a field, or with the name of a group's first member its list of values; return the number."""
        schema = SCHEMAS[entity]
        members = schema.register(schema.fields[name])
        if len(members) == 1:
            value = codec.pack_value(members[0], value)
        else:
            value = [codec.pack_value(each, item) for each, item in zip(members, value, strict=True)]
        return self.do(OpKind.SET, entity, record_id, members[0].no, value)

    def delete(self, entity: str, record_id: str) -> int:
        """Delete a record as it is seen here."""
        return self.do(OpKind.DELETE, entity, record_id, 0, self.life(entity, record_id))

    def restore(self, entity: str, record_id: str) -> int:
        """Restore a record as it is seen here."""
        return self.do(OpKind.RESTORE, entity, record_id, 0, self.life(entity, record_id))

    def tag(self, entity: str, record_id: str, word: str, name: str = "tags") -> int:
        """Add a word to a set."""
        return self.do(OpKind.TAG_ADD, entity, record_id, SCHEMAS[entity].fields[name].no, word)

    def untag(self, entity: str, record_id: str, word: str, name: str = "tags") -> int:
        """Take the additions of a word that are seen here out of a set."""
        seen = self.replica.get((SCHEMAS[entity].no, record_id), {}).get(name, [])
        value = [word, [dotted for held, dotted in seen if held == word]]
        return self.do(OpKind.TAG_DEL, entity, record_id, SCHEMAS[entity].fields[name].no, value)

    def life(self, entity: str, record_id: str) -> int:
        """Return the life counter seen here."""
        return int(self.replica.get((SCHEMAS[entity].no, record_id), {"life": 1})["life"])

    def do(self, kind: int, entity: str, record_id: str, number: int | str, value: Any) -> int:
        """Put any operation into the outbox, in a transaction of its own, and return its number."""
        return self.together([(kind, entity, record_id, number, value)], flags=TxnFlag.NONE)[0]

    def together(
        self, changes: Iterable[tuple[int, str, str, int | str, Any]], flags: int = TxnFlag.ALL_OR_NOTHING
    ) -> list[int]:
        """Put operations into the outbox that stand or fall together; return their numbers."""
        self.last_txn += 1
        numbers = []
        for kind, entity, record_id, number, value in changes:
            self.hlc = tick(self.hlc, self.office.now_ms + self.skew_ms)
            self.last_op += 1
            no = SCHEMAS[entity].no if entity in SCHEMAS else int(entity)
            base = self.bases.get((no, record_id), 0)
            op = Op(self.last_op, kind, no, bytes.fromhex(record_id), number, value, 0, base)
            self.outbox.append(Pending(op, self.hlc, self.last_txn, flags))
            numbers.append(self.last_op)
        return numbers

    # Speaking

    def request(self, want_bytes: int = 1 << 20, **others: Any) -> SyncRequest:
        """Return the request this laptop would send now."""
        txns = []
        for number, several in itertools.groupby(self.outbox, key=lambda pending: pending.txn):
            pending = list(several)
            ops = [_with_delta(each.op, each.hlc - pending[0].hlc) for each in pending]
            txns.append(Txn(number, pending[0].flags, pending[0].hlc, ops))
        wanted: dict[str, Any] = {
            "v": PROTOCOL_VERSION,
            "epoch": self.office.epoch,
            "device": self.device,
            "incarnation": self.incarnation,
            "nonce": self.nonce,
            "schema": self.schema,
            "sent_hlc": max(self.hlc, reading(self.office.now_ms + self.skew_ms)),
            "token": self.token,
            "want_bytes": want_bytes,
            "txns": txns,
        }
        return SyncRequest(**(wanted | others))

    def send(self, request: SyncRequest) -> SyncResponse:
        """Send a request as bytes and return the answer, read from bytes; nothing is applied."""
        self.office.now_ms += 1  # the way takes time
        travelled = codec.decode(codec.encode(request), SyncRequest)
        session = DeviceSession(device_id=self.device, user_id=self.user_id)
        raw = codec.encode(self.office.sync.answer(travelled, session))
        self.received.append(raw)
        return codec.decode(raw, SyncResponse)

    def sync(self, want_bytes: int = 1 << 20, **others: Any) -> SyncResponse:
        """Push and pull until HQ has no more, and return the last answer."""
        while True:
            response = self.send(self.request(want_bytes, **others))
            self.rounds += 1
            self.apply(response)
            others.pop("leases", None)
            if not response.more and not (response.incarnation and self.outbox):
                return response

    def apply(self, response: SyncResponse) -> None:
        """Take an answer in, whole."""
        self.nonce = response.nonce
        # Whatever came was accepted by then; what is written from now on comes after it.
        self.hlc = observe(self.hlc, reading(response.server_ms))
        if response.incarnation:
            self._renumber(response.incarnation)
        if response.resync:
            self._swept = set()
        for answer in response.answers:
            self._settle(answer)
        for raw in response.msgs:
            self._take(codec.read_message(raw))
        self.token = response.token
        if self._swept is not None and not response.more:
            self.replica = {key: row for key, row in self.replica.items() if key in self._swept}
            self._swept = None

    def code(self, number: int) -> Code:
        """Return HQ's answer to an operation."""
        return Code(self.answers[number].code)

    def shown(self, entity: str, record_id: str) -> dict[str, Any] | None:
        """Return what this laptop holds of a record."""
        return self.replica.get((SCHEMAS[entity].no, record_id))

    def _renumber(self, incarnation: int) -> None:
        self.incarnation, self.leases = incarnation, []
        self.last_op = 0
        for pending in self.outbox:
            self.last_op += 1
            op = pending.op
            pending.op = Op(
                self.last_op, op.kind, op.entity, op.row, op.field, op.value, op.hlc_delta, op.base
            )

    def _settle(self, answer: Answer) -> None:
        pending = next((each for each in self.outbox if each.op.no == answer.no), None)
        self.answers[answer.no] = answer
        if pending is None:
            return
        self.outbox.remove(pending)
        if not Code(answer.code).took_effect:
            return
        op, key = pending.op, (pending.op.entity, pending.op.row.hex())
        if answer.base:
            self.bases[key] = answer.base
        schema = BY_NO[op.entity]
        ms = ms_of(answer.hlc)
        if op.kind == OpKind.CREATE:
            if self._swept is not None:
                self._swept.add(key)  # HQ does not send what was made here, and the sweep must not take it
            self.replica[key] = {"life": 1, **_created(schema, op, self)}
            self.replica[key] |= {"created_at": ms, "created_by": self.user_id}
            self.replica[key] |= {"updated_at": ms, "updated_by": self.user_id}
        elif op.kind == OpKind.SET and key in self.replica and isinstance(op.field, int):
            members = schema.register(schema.by_no[op.field])
            values = op.value if len(members) > 1 else [op.value]
            for each, value in zip(members, values, strict=True):
                _fill(self.replica[key], each.name, codec.unpack_value(value))
            if ms >= self.replica[key].get("updated_at", 0):
                self.replica[key] |= {"updated_at": ms, "updated_by": self.user_id}
        elif op.kind == OpKind.COMMAND and key in self.replica:
            self._step(schema, self.replica[key], op, ms)

    def _step(self, schema: Schema, row: dict[str, Any], op: Op, ms: int) -> None:
        """Take a step as HQ did; where it stood there already, HQ says what it holds."""
        machine = schema.meta.machine
        step = machine.named(op.value[0]) if machine is not None else None
        if machine is None or step is None:
            return
        numbers, values = op.value[2]
        given = {schema.by_no[no].name: value for no, value in zip(numbers, values, strict=True)}
        for name, value in machine.effects(step, ms, given, held=row).items():
            _fill(row, name, value)
        if ms >= row.get("updated_at", 0):
            row |= {"updated_at": ms, "updated_by": self.user_id}

    def _take(self, message: Any) -> None:
        match message:
            case Put():
                self._put(message)
            case Purge():
                for record_id in codec.unpack_ids(message.ids):
                    self.replica.pop((message.entity, record_id), None)
            case DropFields():
                names = [BY_NO[message.entity].by_no[number].name for number in message.fields]
                for key, row in self.replica.items():
                    if key[0] == message.entity:
                        for name in names:
                            row.pop(name, None)
            case Lease():
                self.leases.append(message)
            case LostEdit():
                self.lost.append(message)
            case Settings():
                self.settings = message.values
            case Progress():
                self.progress.append(message)

    def _put(self, message: Put) -> None:
        schema = BY_NO[message.entity]
        columns = [codec.unpack_column(column) for column in message.columns]
        for index, record_id in enumerate(codec.unpack_ids(message.ids)):
            key = (message.entity, record_id)
            if message.full:
                self.replica[key] = {}
                if self._swept is not None:
                    self._swept.add(key)
            row = self.replica[key]
            row["life"] = message.lives[index]
            for number, column in zip(message.fields, columns, strict=True):
                name = schema.by_no[number].name if isinstance(number, int) else number
                _fill(row, name, column[index])
            self.bases[key] = message.base


def make(entity: str, record_id: str, **values: Any) -> Edit:
    """Return the edit that makes a record at HQ."""
    return Edit(kind=EditKind.CREATE, entity=entity, record_id=record_id, values=values)


def _fill(row: dict[str, Any], name: str, value: Any) -> None:
    if value is None:
        row.pop(name, None)
    else:
        row[name] = value


def _created(schema: Schema, op: Op, laptop: Laptop) -> Iterator[tuple[str, Any]] | dict[str, Any]:
    filled: dict[str, Any] = {}
    for number, value in zip(*op.value, strict=True):
        each = schema.by_no[number]
        if each.kind is Kind.TAGS and value:
            name = dot(laptop.device, laptop.incarnation, op.no)
            value = [[word, name] for word in sorted(set(value))]
        _fill(filled, each.name, codec.unpack_value(value))
    return filled


def _with_delta(op: Op, delta: int) -> Op:
    return Op(op.no, op.kind, op.entity, op.row, op.field, op.value, delta, op.base)
