"""Edits that came back, refused or replaced: what was before, what was typed, what HQ has, who and when."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.i18n import N_, Message, sentence_of
from crm_core.schema.field import Field, Plain
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import OFFERED, Code, OpKind
from crm_desktop.models import query, repository
from crm_desktop.models.device_tables import History, Returned
from crm_desktop.models.history import tells_of
from crm_desktop.models.records import field_named
from crm_desktop.models.refused import parts_of, stands_alone, waits_by_itself
from crm_desktop.models.replica import Replica
from crm_desktop.services.replaying import filled_by, typed_values, wanted_value
from crm_desktop.services.syncing import SHOWN, custom_among, label_of, titles_in

REASONS = {
    Code.SUPERSEDED: N_("Somebody changed the same field later"),
    Code.STALE_LIFE: N_("It was deleted or restored meanwhile"),
    Code.FORBIDDEN_ROW: N_("You may not change this record any more"),
    Code.FORBIDDEN_FIELD: N_("You may not change this field"),
    Code.FORBIDDEN_ASSIGN: N_("You may not hand records to this person"),
    Code.INVALID: N_("HQ's rules do not allow this value"),
    Code.ILLEGAL_STATE: N_("The record's state does not allow this any more"),
    Code.PARENT: N_("The record it belongs to is gone"),
    Code.ID_TAKEN: N_("HQ has another record under this id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedEdit:
    """An edit HQ refused, or a newer one replaced."""

    id: int
    entity: str
    record_id: str
    title: str
    field: str | None
    """Field name; None where the edit was of the record as a whole."""
    label: str
    base: Plain
    mine: Plain
    theirs: Plain
    code: Code
    reason: Message
    who: str
    at_ms: int
    """When it was replaced at HQ, or refused."""
    theirs_ms: int | None
    """When HQ's value came about, as far as it may be seen."""
    exists: bool
    """Whether the record is still on this laptop."""
    mine_at_ms: int | None
    """When the edit was made here, as far as the record's history says."""
    base_at_ms: int | None
    """When the value before it came about."""
    alike: int = 0
    """How many other open ones came back for the same reason from the same field of another record."""
    may_be_handed: bool = False
    """Whoever may change the record can be left to decide: HQ shows it to them."""
    declined_by: str = ""
    """Who said no to it."""
    state: str = "open"
    decided_ms: int | None = None
    """When the decision was made, of one that is not open any more."""
    customs: Mapping[str, Field] = dataclasses.field(default_factory=dict)
    """Custom fields by name, where the edit is of one."""
    typed: Mapping[str, Plain] | None = None
    """What a record that was to be made holds, by field name; None where the edit made none."""

    @property
    def can_be_made(self) -> bool:
        """Tell whether it can be made again here."""
        return self.exists or self.typed is not None


def returned(replica: Replica, limit: int | None = SHOWN) -> tuple[ReturnedEdit, ...]:
    """Return the edits that came back and wait for a decision, oldest first; None is all of them."""
    with replica.read() as session:
        rows = session.scalars(
            select(Returned).where(waits_by_itself()).order_by(Returned.id).limit(limit)
        ).all()
        return _edits(session, rows)


def one(replica: Replica, returned_id: int) -> ReturnedEdit:
    """Return an edit that waits for a decision. `NotFound` where there is none."""
    with replica.read() as session:
        row = session.scalar(select(Returned).where(Returned.id == returned_id, waits_by_itself()))
        if row is None:
            raise NotFound(N_("There is no such returned edit"))
        return _edits(session, [row])[0]


def decided(replica: Replica, limit: int | None = SHOWN) -> tuple[ReturnedEdit, ...]:
    """Return the edits that were decided in the last 30 days, the latest decision first."""
    with replica.read() as session:
        rows = session.scalars(
            select(Returned)
            .where(Returned.state != "open", stands_alone())
            .order_by(Returned.decided_ms.desc(), Returned.id.desc())
            .limit(limit)
        ).all()
        return _edits(session, rows)


def alike(session: Session, edit: Returned) -> list[int]:
    """Return the numbers of the open edits of the same kind as `edit`, itself left out, oldest first."""
    query_of_kind = select(Returned.id).where(
        waits_by_itself(),
        Returned.id != edit.id,
        *(getattr(Returned, name) == getattr(edit, name) for name in _KIND),
    )
    return list(session.scalars(query_of_kind.order_by(Returned.id)))


_KIND: Final = ("entity", "field", "kind", "code", "reason")
"""What edits have in common that one answer is given to."""


def _counts(session: Session) -> dict[tuple[Any, ...], int]:
    """Return how many open edits there are of each kind."""
    kind = [getattr(Returned, name) for name in _KIND]
    rows = session.execute(select(*kind, func.count()).where(waits_by_itself()).group_by(*kind))
    return {tuple(row[:-1]): row[-1] for row in rows}


def _edits(session: Session, rows: Any) -> tuple[ReturnedEdit, ...]:
    titles = titles_in(session, {(row.entity, row.row_id) for row in rows})
    people = {name for row in rows for name in (row.who, row.judge) if name}
    names = query.labels(session, "user", people)
    counts = _counts(session)
    edits = []
    for row in rows:
        schema = SCHEMAS[row.entity]
        about = filled_by(schema, row.kind, row.mine)
        field = schema.fields[about] if about else field_named(schema, row.field) if row.field else None
        theirs = _held(session, row, about) if about else row.theirs
        key = str(field.no) if field else row.field
        code = Code(row.code)
        made = _made(session, row)
        is_creation = row.kind == OpKind.CREATE
        typed = typed_values(schema, row, parts_of(session, row)) if is_creation else None
        edits.append(
            ReturnedEdit(
                id=row.id,
                entity=row.entity,
                record_id=row.row_id,
                title=titles.get((row.entity, row.row_id), _title_of(schema, typed)),
                field=field.name if field else row.field or None,
                label=label_of(session, row.entity, key) if row.field else "",
                base=None if about else row.base if row.base is not None else made.base,
                mine=wanted_value(schema, row.kind, row.field, row.mine),
                theirs=theirs,
                code=code,
                reason=sentence_of(row.reason or REASONS.get(code, ""), row.places or {}),
                who=names.get(row.who or "", ""),
                at_ms=row.at_ms,
                theirs_ms=row.theirs_ms or (row.at_ms if code is Code.SUPERSEDED else None),
                exists=(row.entity, row.row_id) in titles,
                mine_at_ms=row.mine_ms or made.at_ms,
                base_at_ms=made.base_at_ms,
                alike=max(0, counts.get(tuple(getattr(row, name) for name in _KIND), 0) - 1),
                may_be_handed=code in OFFERED and row.kind != OpKind.CREATE and not row.verdict,
                declined_by=names.get(row.judge or "", "") if row.verdict == "declined" else "",
                state=row.state,
                decided_ms=row.decided_ms,
                typed=typed,
                customs=custom_among(session, row.entity, (row.field, *(typed or ()))),
            )
        )
    return tuple(edits)


def _held(session: Session, row: Returned, name: str) -> Plain:
    """Return what the record on this laptop has in a field; None where it is not here any more."""
    record = repository.get(session, row.entity, row.row_id)
    return None if record is None else record.get(name)


def _title_of(schema: Schema, typed: Mapping[str, Plain] | None) -> str:
    """Return what a record that was to be made would be called; '' where nothing says."""
    return str((typed or {}).get(schema.meta.title) or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    """What the record's history says of an edit that came back."""

    at_ms: int | None = None
    base: Plain = None
    base_at_ms: int | None = None


def _made(session: Session, row: Returned) -> _Made:
    schema = SCHEMAS[row.entity]
    field = field_named(schema, row.field)
    keys = [str(member.no) for member in schema.register(field)] if field else [row.field]
    of_record = (History.entity == row.entity, History.row_id == row.row_id)
    entries = session.scalars(
        select(History)
        .where(*of_record, History.op_no == row.op_no, History.origin == "here", History.field.in_(keys))
        .order_by(History.id.desc())
        .limit(len(keys))
    ).all()
    if not entries:
        return _Made()
    earlier = (*of_record, tells_of([*keys, ""]), History.id < entries[-1].id)
    before = session.scalar(select(func.max(History.at_ms)).where(*earlier))
    if before is None:
        before = session.scalar(select(schema.table.c.created_at).where(schema.table.c.id == row.row_id))
    # Of a group the history holds the members that changed; alone it says no whole value.
    base = entries[0].old if len(keys) == 1 and keys[0] else None
    return _Made(at_ms=entries[-1].at_ms, base=base, base_at_ms=before)
