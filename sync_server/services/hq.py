"""Records at HQ for everybody who is no laptop: one way to read them, one way to change them.

Changes go through the same merge as a laptop's (`sync_server.services.merge`), with HQ as device 0 and the
rights of the person they are made for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from sqlalchemy import Connection, select

from crm_core.entities import schema_of
from crm_core.errors import AccessDenied, CrmError, Invalid, NotFound, Problem, StaleRecord, UserError
from crm_core.i18n import N_, Message
from crm_core.ids import is_id, new_id
from crm_core.rules.set_up import problems_made
from crm_core.schema.field import Field
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.schema.validate import custom_problems, is_storable, problems_of
from crm_core.sync.clock import reading, tick
from crm_core.sync.protocol import Answer, Code, Op, Txn, TxnFlag
from sync_server.services import measures
from sync_server.services.auth import now_ms
from sync_server.services.custom import CustomFields
from sync_server.services.declaring import around_hq
from sync_server.services.edits import POLICY
from sync_server.services.merge import apply_transactions
from sync_server.services.operations import Change, operations_of
from sync_server.services.reading import NO_SUCH, Reader, hq_itself, read_person
from sync_server.services.rights import Author
from sync_server.store.database import Database, HqTransaction
from sync_server.store.tables import FOUNDER, Setting, table_of

_setting = table_of(Setting)

CHANGED_MEANWHILE: Final = N_("Somebody else changed this record meanwhile")

Values = dict[str, Any]


class EditKind(Enum):
    """What an edit does."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A change of one record. `values` by field name, custom fields as `x:key`; None clears."""

    kind: EditKind
    entity: str
    record_id: str = field(default_factory=new_id)
    values: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, Any] = field(default_factory=dict)
    """What fields must still hold for it to be made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of an edit: taken whole, or refused whole."""

    record_id: str
    error: CrmError | None = None


class Hq:
    """The records of one HQ. Threads may share it.

    `author_id` is the user a change is made for; None: HQ itself, on behalf of its first administrator, as
    the command line does.
    """

    def __init__(self, database: Database, clock: Callable[[], int] = now_ms) -> None:
        self._database = database
        self._clock = clock

    # Changing

    def create(self, entity: str, values: Mapping[str, Any], author_id: str | None = None) -> str:
        """Make a record and return its id. Raises `Invalid`, `AccessDenied` and the like."""
        edit = Edit(kind=EditKind.CREATE, entity=entity, values=values)
        self._write_one(edit, author_id)
        return edit.record_id

    def update(
        self,
        entity: str,
        record_id: str,
        values: Mapping[str, Any],
        author_id: str | None = None,
        *,
        expected: Mapping[str, Any] | None = None,
    ) -> None:
        """Change fields of a record, all or none; `StaleRecord` where it holds something unexpected."""
        edit = Edit(
            kind=EditKind.UPDATE, entity=entity, record_id=record_id, values=values, expected=expected or {}
        )
        self._write_one(edit, author_id)

    def delete(self, entity: str, record_id: str, author_id: str | None = None) -> None:
        """Delete a record and what belongs to it."""
        self._write_one(Edit(kind=EditKind.DELETE, entity=entity, record_id=record_id), author_id)

    def restore(self, entity: str, record_id: str, author_id: str | None = None) -> None:
        """Undo a delete, with everything that went with it."""
        self._write_one(Edit(kind=EditKind.RESTORE, entity=entity, record_id=record_id), author_id)

    def write(self, edits: Sequence[Edit], author_id: str | None = None) -> list[Result]:
        """Make many changes in one transaction; each is taken or refused by itself."""
        with self.writing(author_id) as writing:
            return writing.write(edits)

    def write_all(self, edits: Sequence[Edit], author_id: str | None = None) -> None:
        """Make many changes in one transaction, all or none. Raises the first one's error."""
        with self.writing(author_id) as writing:
            writing.write_all(edits)

    @contextmanager
    def writing(self, author_id: str | None = None) -> Iterator[Writing]:
        """Give one transaction of changes; it commits at the end of the block, unless that raises."""
        with self._database.write() as hq:
            yield Writing(self, hq, author_id)

    def founder_id(self) -> str:
        """Return the id of the first administrator, in whose name HQ itself acts."""
        with self._database.read() as snapshot:
            return self.author(snapshot.connection).user_id

    # Reading as a person

    @contextmanager
    def reader(self, user_id: str) -> Iterator[Reader]:
        """Give one person's sight of one moment."""
        with self._database.read() as snapshot:
            yield Reader(snapshot.connection, read_person(snapshot.connection, user_id))

    # Reading as HQ

    def get(self, entity: str, record_id: str) -> Values:
        """Return every field of a living record. Raises `NotFound`."""
        with self._database.read() as snapshot:
            return Reader(snapshot.connection, hq_itself("")).get(entity, record_id)

    def has(self, entity: str, record_id: str) -> bool:
        """Tell whether there is a living record with this id."""
        if not is_id(record_id):
            return False
        table = schema_of(entity).table
        query = select(table.c.id).where(table.c.id == record_id, table.c.life % 2 == 1)
        with self._database.read() as snapshot:
            return snapshot.connection.execute(query).first() is not None

    def find(self, entity: str, name: str, value: Any) -> list[tuple[str, Values]]:
        """Return the living records with a value in a field, by id."""
        if isinstance(value, str) and not is_storable(value):
            return []
        return self._rows(entity, lambda table: [table.c[name] == value, table.c.life % 2 == 1])

    def all(self, entity: str, *, deleted: bool | None = False) -> list[tuple[str, Values]]:
        """Return every record, by id: living ones, deleted ones, or with None both."""
        if deleted is None:
            return self._rows(entity, lambda _table: [])
        return self._rows(entity, lambda table: [table.c.life % 2 == (0 if deleted else 1)])

    def name_of(self, entity: str, record_id: str | None) -> str | None:
        """Return what a record is called, deleted or not; None where there is none."""
        schema = schema_of(entity)
        found = self._rows(entity, lambda table: [table.c.id == record_id]) if record_id else []
        return found[0][1][schema.meta.title] if found else None

    def _rows(self, entity: str, where: Callable[[Any], list[Any]]) -> list[tuple[str, Values]]:
        schema = schema_of(entity)
        query = select(schema.table).where(*where(schema.table)).order_by(schema.table.c.id)
        with self._database.read() as snapshot:
            rows = snapshot.connection.execute(query).mappings().all()
        return [(row["id"], {name: row[name] for name in schema.fields}) for row in rows]

    # How a change is made

    def _write_one(self, edit: Edit, author_id: str | None) -> None:
        self.write_all((edit,), author_id)

    def write_in(self, hq: HqTransaction, edits: Sequence[Edit], author: Author) -> list[Result]:
        """Turn edits into transactions, merge them, and turn the answers into results."""
        server_ms = self._clock()
        hlc = tick(hq.hq_hlc, server_ms)
        op_no, base = hq.hq_op_no, hq.seen
        results: list[Result | None] = []
        txns: list[Txn] = []
        custom = CustomFields(hq.connection)
        for edit in edits:
            schema = schema_of(edit.entity)
            try:
                changes = self._changes(hq.connection, author, schema, edit, custom)
            except CrmError as error:
                results.append(Result(record_id=edit.record_id, error=error))
                continue
            row = bytes.fromhex(edit.record_id)
            ops = [
                Op(op_no + 1 + n, change.kind, schema.no, row, change.register, change.value, n, base)
                for n, change in enumerate(changes)
            ]
            results.append(None if ops else Result(record_id=edit.record_id))
            if ops:
                txns.append(Txn(len(txns) + 1, TxnFlag.ALL_OR_NOTHING, hlc, ops))
                op_no, hlc = op_no + len(ops), hlc + len(ops)
        answers = apply_transactions(hq, author, txns, sent_hlc=reading(server_ms), server_ms=server_ms)
        measures.count_answers(answer.code for answer in answers)
        by_no = {answer.no: answer for answer in answers}
        written = iter(txns)
        return [
            result
            or Result(record_id=edit.record_id, error=_error_in(by_no[op.no] for op in next(written).ops))
            for edit, result in zip(edits, results, strict=True)
        ]

    def author(self, connection: Connection, author_id: str | None = None) -> Author:
        """Return whom a change is made for."""
        if author_id is not None:
            return Author(user_id=author_id, person=read_person(connection, author_id))
        founder = select(_setting.c.value).where(_setting.c.key == FOUNDER)
        user_id = connection.execute(founder).scalar_one()
        return Author(user_id=user_id, person=hq_itself(user_id))

    def _changes(
        self, connection: Connection, author: Author, schema: Schema, edit: Edit, custom: CustomFields
    ) -> Sequence[Change]:
        """Return an edit's operations. Raises `Invalid`, and `NotFound` for what the author cannot see."""
        if not is_id(edit.record_id):
            raise NotFound(NO_SUCH)
        row: Values | None = None
        if edit.kind is not EditKind.CREATE:
            Reader(connection, author.person).get(
                edit.entity, edit.record_id, deleted=edit.kind is EditKind.RESTORE
            )
            found = select(schema.table).where(schema.table.c.id == edit.record_id)
            row = dict(connection.execute(found).mappings().one())
            if any(row[name] != value for name, value in edit.expected.items()):
                raise StaleRecord(CHANGED_MEANWHILE)
        if edit.kind in (EditKind.CREATE, EditKind.UPDATE):
            _demand_valid(connection, schema, edit, row, custom.of(schema.name))
        return operations_of(connection, schema, edit.kind.name, edit.record_id, edit.values, row, custom)


@dataclass(slots=True)
class Writing:
    """One transaction of changes made for one person; what is written beside them stands or falls with it."""

    _records: Hq
    _transaction: HqTransaction
    author_id: str | None
    _author: Author | None = None
    """As he was read last; what changes rights has him read anew."""

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""
        return self._transaction.connection

    def as_hq(self) -> Writing:
        """Return the same transaction for what HQ itself writes in it."""
        return Writing(self._records, self._transaction, None)

    def reader(self) -> Reader:
        """Return the person's sight of what is there now, with what was just written."""
        return Reader(self.connection, self._now().person)

    def write(self, edits: Sequence[Edit]) -> list[Result]:
        """Make changes; each is taken or refused by itself."""
        results = self._records.write_in(self._transaction, edits, self._now())
        if any(edit.entity in POLICY for edit in edits):
            self._author = None
        return results

    def write_all(self, edits: Sequence[Edit]) -> None:
        """Make changes. Raises the first one's error; the caller lets it end the transaction or its part."""
        for result in self.write(edits):
            if result.error is not None:
                raise result.error

    def _now(self) -> Author:
        if self._author is None:
            self._author = self._records.author(self.connection, self.author_id)
        return self._author

    @contextmanager
    def part(self) -> Iterator[None]:
        """Make the block a part of the transaction that is undone where it raises, and the rest stands."""
        try:
            with self.connection.begin_nested():
                yield
        except BaseException:
            self._author = None  # he may have been read from what is undone
            raise


def _demand_valid(
    connection: Connection, schema: Schema, edit: Edit, row: Values | None, custom: Mapping[str, Field]
) -> None:
    """Raise `Invalid` naming every field that is wrong, where a laptop would be told of the first.

    And where it lets laptops that have not heard of it do as before: what a custom field asks for.
    """
    values = dict(edit.values)
    if edit.kind is EditKind.CREATE:
        fields = (*schema.fields.values(), *custom.values())
        values = {
            each.name: each.default for each in fields if each.default is not None and not each.retired
        } | values
    problems = problems_of(schema, values, partial=edit.kind is EditKind.UPDATE)
    held = {CUSTOM_PREFIX + key: value for key, value in ((row or {}).get("custom") or {}).items()}
    problems += custom_problems(custom, values, None if row is None else held)
    around = around_hq(connection)
    problems += problems_made(schema.name, edit.record_id, row, {**(row or {}), **values}, around)
    for name in values:
        declared = schema.fields.get(name)
        if declared is not None and (declared.computed or declared.no < FIRST_OWN_FIELD):
            problems.append(
                Problem(
                    field=name,
                    message=Message(
                        N_("“{field}” is kept by the program"), {"field": Message(declared.label)}
                    ),
                )
            )
    if problems:
        raise Invalid(problems)


FIRST_OWN_FIELD: Final = 10  # numbers below are the bookkeeping every entity has


def _error_in(answers: Iterator[Answer]) -> CrmError | None:
    """Return the error of a transaction that was refused; None where it was taken."""
    for answer in answers:
        code = Code(answer.code)
        if code.took_effect:
            continue
        if not answer.extra:
            return StaleRecord(CHANGED_MEANWHILE)
        text, places = answer.extra[0], answer.extra[1]
        # A place may itself be an English source, such as a field's label.
        said = Message(text, {name: Message(value) for name, value in places.items()})
        if code in (Code.FORBIDDEN_ROW, Code.FORBIDDEN_FIELD, Code.FORBIDDEN_ASSIGN):
            return AccessDenied(said)
        if code in (Code.STALE_LIFE, Code.ID_TAKEN, Code.SUPERSEDED):
            return StaleRecord(said)
        if code in (Code.INVALID, Code.PARENT, Code.ILLEGAL_STATE):
            return Invalid([Problem(field=None, message=said)])
        return UserError(said)
    return None
