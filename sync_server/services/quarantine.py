"""Edits HQ refused, kept whole; and who may decide about those refused for want of rights.

Whoever may make the same edit now may say yes or no to it: who sees the record and may write the fields, by
the rights of now.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, insert, select

from crm_core.i18n import N_, Message, message, plain_places
from crm_core.rules.access import Action, Person
from crm_core.rules.scopes import EVERYONE
from crm_core.sync.merge import lives
from crm_core.sync.protocol import Code, Op, OpKind
from sync_server.services.custom import CustomFields
from sync_server.services.records import META, ROW_SCOPE, chunks
from sync_server.services.rights import Author, AuthorRights, Refused
from sync_server.services.wanted import Wanted, read_op
from sync_server.store.database import HqTransaction
from sync_server.store.tables import Quarantine, table_of

TURNING: Final = (OpKind.DELETE, OpKind.RESTORE)
NO_SUCH_EDIT = message(N_("There is no such edit to decide about"))

KEPT: Final = table_of(Quarantine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An edit HQ refused."""

    id: int
    device: int
    incarnation: int
    op_no: int
    user_id: str
    entity: int
    row_id: str
    op: Op | None
    """None where it cannot be read any more."""
    code: Code
    reason: Message
    at_ms: int
    state: str
    judge_id: str | None
    judged_ms: int | None


class Judge:
    """Which refused edits a person could make, asked of the one place that answers it for every edit."""

    def __init__(self, connection: Connection, person: Person) -> None:
        self._connection = connection
        self._rights = AuthorRights(person)
        self._custom = CustomFields(connection)
        self._scopes: dict[tuple[int, str], set[str]] = {}
        self._lives: dict[tuple[int, str], int] = {}

    def know(self, kept: Iterable[Kept]) -> None:
        """Read where the records lie, in a few statements."""
        by_entity: dict[int, set[str]] = {}
        for each in kept:
            by_entity.setdefault(each.entity, set()).add(each.row_id)
        run = self._connection.execute
        for entity, ids in by_entity.items():
            for some in chunks(sorted(ids)):
                for row in run(
                    select(META.c.row_id, META.c.life).where(META.c.entity == entity, META.c.row_id.in_(some))
                ):
                    self._lives[entity, row.row_id] = row.life
                    self._scopes[entity, row.row_id] = {EVERYONE}
                for row in run(
                    select(ROW_SCOPE.c.row_id, ROW_SCOPE.c.scope).where(
                        ROW_SCOPE.c.entity == entity, ROW_SCOPE.c.row_id.in_(some)
                    )
                ):
                    self._scopes.setdefault((entity, row.row_id), {EVERYONE}).add(row.scope)

    def life(self, kept: Kept) -> int:
        """Return the record's life counter; 0 where there is none."""
        self.know((kept,))
        return self._lives.get((kept.entity, kept.row_id), 0)

    def wanted(self, kept: Kept) -> Wanted | None:
        """Return what an edit wants, if the person sees its record and could make it."""
        op, key = kept.op, (kept.entity, kept.row_id)
        if op is None or key not in self._lives or op.kind == OpKind.CREATE:
            return None
        try:
            wanted = read_op(op, self._custom)
            self._demand(wanted, self._scopes[key])
        except Refused:
            return None
        # An edit of a deleted record, or deleting it again, has nobody to decide about it.
        return wanted if lives(self._lives[key]) is (wanted.kind is not OpKind.RESTORE) else None

    def _demand(self, wanted: Wanted, scopes: set[str]) -> None:
        may, name = self._rights.may, wanted.schema.name
        action = Action.DELETE if wanted.kind in TURNING else Action.EDIT
        assigns = any(field.scope for field in wanted.fields)
        if not (
            may(Action.READ, name, scopes)
            and may(action, name, scopes)
            and (not assigns or may(Action.ASSIGN, name, scopes))
        ):
            raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_EDIT)
        self._rights.demand_fields(Action.EDIT, wanted.schema, wanted.fields)


def keep(hq: HqTransaction, author: Author, refusals: Sequence[tuple[Op, Refused]], server_ms: int) -> None:
    """Keep refused operations whole, each with a place in the feed, for others may accept it."""
    rows = [
        {
            "device": author.device,
            "incarnation": author.incarnation,
            "op_no": op.no,
            "user_id": author.user_id,
            "entity": min(abs(op.entity), 2**31 - 1),
            "row_id": op.row.hex()[:64],
            "payload": _payload(op),
            "code": refused.code,
            "reason": refused.reason.text,
            "places": plain_places(refused.reason),
            "at_ms": server_ms,
            "seq": hq.positions.next(),
        }
        for op, refused in refusals
    ]
    if rows:
        hq.connection.execute(insert(KEPT), rows)


def _payload(op: Op) -> bytes:
    try:
        return msgspec.msgpack.encode(op)
    except OverflowError:  # JSON can write whole numbers that MessagePack cannot
        return msgspec.json.encode(op)


def kept_edits(connection: Connection, where: Mapping[str, Any], limit: int) -> Iterator[Kept]:
    """Yield refused edits, newest first; `where` gives columns of `Quarantine` and their values."""
    query = select(KEPT).where(*(KEPT.c[name] == value for name, value in where.items()))
    for row in connection.execute(query.order_by(KEPT.c.id.desc()).limit(limit)).mappings():
        yield read_kept(row)


def refused_by_device(connection: Connection) -> dict[int, int]:
    """Return how many refused edits of each laptop wait for a word."""
    query = select(KEPT.c.device, func.count()).where(KEPT.c.state == "open").group_by(KEPT.c.device)
    return {row[0]: row[1] for row in connection.execute(query)}


def values_of(connection: Connection, kept: Kept) -> dict[str, Any] | None:
    """Return what an edit set by field name, as stored; None where it sets nothing or cannot be read."""
    if kept.op is None:
        return None
    try:
        wanted = read_op(kept.op, CustomFields(connection))
    except Refused:
        return None
    if wanted.word:
        return {wanted.fields[0].name: wanted.word}
    return dict(wanted.values) or None


def read_kept(row: Any) -> Kept:
    """Return the edit a row of `Quarantine` holds."""
    places = row["places"] or {}
    return Kept(
        **{name: row[name] for name in ("id", "device", "incarnation", "op_no", "user_id", "entity")},
        **{name: row[name] for name in ("row_id", "at_ms", "state", "judge_id", "judged_ms")},
        op=_op_of(row["payload"]),
        code=Code(row["code"]),
        reason=Message(row["reason"], {name: Message(str(value)) for name, value in places.items()}),
    )


def _op_of(payload: bytes) -> Op | None:
    for read in (msgspec.msgpack.decode, msgspec.json.decode):
        try:
            return read(payload, type=Op)
        except (msgspec.DecodeError, msgspec.ValidationError):
            continue
    return None
