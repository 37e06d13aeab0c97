"""Long texts two people wrote at the same time: the one that gave way is kept beside the one that stands.

Who lost has his own among the edits that came back, who won has the other's; both see it at the field until
somebody says what becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.errors import NotFound
from crm_core.i18n import N_
from crm_core.rules.access import Person, readable_fields
from crm_core.schema.field import Kind
from crm_core.sync.protocol import Code, OpKind
from crm_desktop.models import query, repository
from crm_desktop.models.device_tables import OtherVersion as Kept
from crm_desktop.models.device_tables import Returned
from crm_desktop.models.records import Record, field_named
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome

_RETURNED, _KEPT = "returned", "kept"


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherVersion:
    """A text that gave way to the one the record shows."""

    key: str
    """What the functions here know it by."""
    entity: str
    record_id: str
    field: str
    label: str
    """English label of the field."""
    text: str
    who: str
    """Who wrote it; '' for the person at this laptop."""
    at_ms: int


def of_record(replica: Replica, entity: str, record_id: str) -> tuple[OtherVersion, ...]:
    """Return the open other versions of a record's texts, oldest first."""
    with replica.read() as session:
        return of_record_in(session, replica.person, entity, record_id)


def of_record_in(session: Session, person: Person, entity: str, record_id: str) -> tuple[OtherVersion, ...]:
    """Return the open other versions of a record's texts, in the reader's session."""
    schema = SCHEMAS[entity]
    readable = {field.name for field in readable_fields(person, entity)}
    found: list[OtherVersion] = []

    def add(key: str, register: str, text: object, who: str, at_ms: int) -> None:
        field = field_named(schema, register)
        if field is None or field.kind is not Kind.LONG_TEXT or field.name not in readable:
            return
        if isinstance(text, str) and text:
            found.append(
                OtherVersion(
                    key=key,
                    entity=entity,
                    record_id=record_id,
                    field=field.name,
                    label=field.label,
                    text=text,
                    who=who,
                    at_ms=at_ms,
                )
            )

    lost = select(Returned).where(
        Returned.entity == entity,
        Returned.row_id == record_id,
        Returned.state == "open",
        Returned.code == Code.SUPERSEDED,
        Returned.kind == OpKind.SET,
    )
    for row in session.scalars(lost.order_by(Returned.id)):
        add(f"{_RETURNED}:{row.id}", row.field, row.mine, "", row.at_ms)
    kept = select(Kept).where(Kept.entity == entity, Kept.row_id == record_id, Kept.is_open)
    others = session.scalars(kept.order_by(Kept.id)).all()
    names = query.labels(session, "user", {row.user_id for row in others if row.user_id})
    for other in others:
        add(f"{_KEPT}:{other.id}", other.field, other.text, names.get(other.user_id or "", "?"), other.at_ms)
    return tuple(sorted(found, key=lambda version: version.at_ms))


def take(replica: Replica, version: OtherVersion, *, below: bool = False) -> Outcome[Record]:
    """Let a text be the record's, or with `below` stand under the one that is there."""
    with replica.write() as session:
        text = version.text
        if below:
            present = repository.get(session, version.entity, version.record_id)
            if present is None:
                raise NotFound(N_("There is no such record on this laptop"))
            text = joined(present.get(version.field, ""), text)
        record = records.update_in(session, replica, version.entity, version.record_id, {version.field: text})
        _settle(session, [version.key], replica.clock.now_ms(), is_open=False)
    return Outcome(record, frozenset(session.changed))


def dismiss(replica: Replica, versions: Iterable[OtherVersion]) -> Outcome[None]:
    """Let the record's text stand."""
    return _change(replica, versions, is_open=False)


def reopen(replica: Replica, versions: Iterable[OtherVersion]) -> Outcome[None]:
    """Undo a dismissal."""
    return _change(replica, versions, is_open=True)


def joined(above: str, below: str) -> str:
    """Return two texts as one, an empty line between."""
    return f"{above.rstrip()}\n\n{below}" if above.strip() else below


def _change(replica: Replica, versions: Iterable[OtherVersion], *, is_open: bool) -> Outcome[None]:
    some = list(versions)
    if not some:
        return Outcome(None, frozenset())
    with replica.write() as session:
        _settle(session, [version.key for version in some], replica.clock.now_ms(), is_open=is_open)
        for version in some:
            session.touch(version.entity, [version.record_id])
    return Outcome(None, frozenset(session.changed))


def _settle(session: WriteSession, keys: Iterable[str], at_ms: int, *, is_open: bool) -> None:
    for key in keys:
        kind, _, number = key.partition(":")
        if kind == _RETURNED:
            state, decided_ms = ("open", None) if is_open else ("discarded", at_ms)
            decided = {"state": state, "decided_ms": decided_ms}
            session.execute(update(Returned).where(Returned.id == int(number)).values(decided))
        else:
            session.execute(update(Kept).where(Kept.id == int(number)).values(is_open=is_open))
