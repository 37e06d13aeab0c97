"""Where the laptop stands with HQ and what happened: the Sync centre's facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.customer import Customer
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, plain_places, sentence_of
from crm_core.schema.field import Field
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_desktop.models import access_lease, numbers, query, state
from crm_desktop.models.custom import all_custom_fields
from crm_desktop.models.device_tables import History, OutboxOp, OutboxTxn, Returned, SyncEvent
from crm_desktop.models.records import field_named
from crm_desktop.models.refused import waits_by_itself
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.sync.judging import is_open
from crm_desktop.sync.report import COPIED, HQ_WENT_BACK
from crm_desktop.sync.telling import has_verdicts

BEGUN_ANEW = {
    COPIED: N_(
        "This laptop's data is a copy or an older state. Nothing is lost; on a copied laptop, sign in anew"
    ),
    HQ_WENT_BACK: N_(
        "HQ was restored from a backup. Nothing is lost: what it does not have any more goes there again"
    ),
}
"""What is said where HQ had this laptop begin anew, by `RoundReport.begun_anew`."""

HELD = N_(
    "HQ would take most of what this laptop holds off it; until an administrator allows that, no news come"
)
"""What is said of `RoundReport.held`."""

EVENTS_KEPT = 500
SHOWN = 200
_AT_ONCE = 1  # a moment long past
_ANY_CUSTOMER = select(Customer.id).where(Customer.life % 2 == 1).limit(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncStatus:
    """What the status command and the status bar say. Times are milliseconds since 1970 UTC."""

    enrolled: bool
    server: str
    user_name: str
    company: str
    waiting_records: int
    waiting_operations: int
    oldest_waiting_ms: int | None
    returned: int
    last_ok_ms: int | None
    device: int
    quote_numbers_left: int
    has_customers: bool
    """Whether there is any on this laptop."""
    interval_s: int
    offered: int = 0
    """Edits of others this person may accept."""
    clock_off_ms: int = 0
    """HQ's time less this laptop's, as of the last sync."""
    works_until_ms: int | None = None
    """From when on nothing can be changed unless HQ is heard of before."""
    read_only: Message | None = None
    """Why nothing can be changed now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line of the sync history."""

    at_ms: int
    kind: str
    detail: dict[str, Any]

    @property
    def reason(self) -> Message:
        """Why a round failed; empty where it did not."""
        return sentence_of(str(self.detail.get("reason", "")), self.detail.get("places") or {})


def status(replica: Replica) -> SyncStatus:
    """Return where this laptop stands with HQ."""
    with replica.read() as session:
        known, now = state.read_all(session), replica.clock.now_ms()
        waiting = session.execute(
            select(OutboxOp.entity, OutboxOp.row_id, func.count()).group_by(OutboxOp.entity, OutboxOp.row_id)
        ).all()
        return SyncStatus(
            enrolled=bool(known[Key.DEVICE]),
            server=known[Key.SERVER_URL],
            user_name=known[Key.USER_NAME],
            company=known[Key.COMPANY],
            waiting_records=len(waiting),
            waiting_operations=sum(row[2] for row in waiting),
            oldest_waiting_ms=session.scalar(select(func.min(OutboxTxn.created_ms))),
            returned=session.scalar(select(func.count(Returned.id)).where(waits_by_itself())) or 0,
            offered=session.scalar(select(func.count()).where(*is_open(now))) or 0,
            last_ok_ms=known[Key.LAST_OK_MS] or None,
            device=known[Key.DEVICE],
            quote_numbers_left=numbers.left(session, "quote"),
            has_customers=bool(session.scalar(_ANY_CUSTOMER)),
            interval_s=interval_of(known[Key.SETTINGS]),
            clock_off_ms=known[Key.OFFSET_MS],
            works_until_ms=access_lease.until_ms(known),
            read_only=access_lease.words(known, now) if access_lease.is_over(known, now) else None,
        )


def rows_here(replica: Replica) -> dict[str, int]:
    """Return how many living records there are on this laptop, by entity; goes through all of them."""
    with replica.read() as session:
        return {
            name: session.scalar(select(func.count()).where(schema.model.life % 2 == 1)) or 0
            for name, schema in SCHEMAS.items()
        }


def has_waiting(replica: Replica) -> bool:
    """Tell whether anything waits to be sent, an edit or a decision about one."""
    with replica.read() as session:
        return session.scalar(select(OutboxOp.no).limit(1)) is not None or has_verdicts(session)


def interval_of(settings: Any) -> int:
    """Return the seconds between rounds that HQ asks for, within sane bounds."""
    asked = settings.get("interval_s") if isinstance(settings, dict) else None
    return max(10, min(asked, 86_400)) if isinstance(asked, int) else 120


def events(replica: Replica, limit: int = SHOWN) -> tuple[Event, ...]:
    """Return the history of rounds, newest first."""
    with replica.read() as session:
        rows = session.scalars(select(SyncEvent).order_by(SyncEvent.id.desc()).limit(limit)).all()
        return tuple(Event(at_ms=row.at_ms, kind=row.kind, detail=row.detail or {}) for row in rows)


def note_event(replica: Replica, kind: str, detail: dict[str, Any]) -> None:
    """Add a line to the history; the oldest beyond 500 go."""
    with replica.applying() as session:
        note_event_in(session, replica.clock.now_ms(), kind, detail)


def note_event_in(session: Session, at_ms: int, kind: str, detail: dict[str, Any]) -> None:
    """Add a line to the history, as `note_event`, in the caller's transaction."""
    session.add(SyncEvent(at_ms=at_ms, kind=kind, detail=detail))
    session.flush()
    newest = session.scalar(select(func.max(SyncEvent.id))) or 0
    session.execute(SyncEvent.__table__.delete().where(SyncEvent.id <= newest - EVENTS_KEPT))  # type: ignore[attr-defined]


def note_round(session: Session, at_ms: int, report: dict[str, Any]) -> None:
    """Add a round to the history, and how far the records' own history went when it ended."""
    newest = session.scalar(select(func.max(History.id))) or 0
    note_event_in(session, at_ms, "round", {**report, "history": newest})


def ask_to_compare(replica: Replica) -> None:
    """Let the next round compare everything that is here with HQ, and repair what differs."""
    with replica.applying() as session:
        if not state.read(session, Key.DEVICE):
            raise UserError(N_("This laptop is not connected to an HQ. Sign in first"))
        state.write(session, {Key.COMPARE_AT_MS: _AT_ONCE})


def is_comparison_asked(replica: Replica) -> bool:
    """Tell whether somebody asked for a comparison that no round has got to yet."""
    with replica.read() as session:
        return bool(state.read(session, Key.COMPARE_AT_MS) == _AT_ONCE)


def told(sentence: Message) -> dict[str, Any]:
    """Return a sentence as a line of the history keeps it, to be shown in the language of then."""
    return {"reason": sentence.text, "places": plain_places(sentence)}


def titles_in(session: Session, links: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what records are called, by (entity, id); unknown ones are left out."""
    by_entity: dict[str, set[str]] = {}
    for entity, record_id in links:
        by_entity.setdefault(entity, set()).add(record_id)
    return {
        (entity, record_id): title
        for entity, ids in by_entity.items()
        for record_id, title in query.labels(session, entity, ids).items()
    }


def custom_among(session: Session, entity: str, names: Iterable[str | None]) -> Mapping[str, Field]:
    """Return an entity's custom fields by name, retired ones too; none are read where none is named."""
    if not any(name and name.startswith(CUSTOM_PREFIX) for name in names):
        return {}
    return all_custom_fields(session, entity)


def label_of(session: Session, entity: str, field: str) -> str:
    """Return the English label of a register, by its key: of a large group its section's."""
    schema = SCHEMAS[entity]
    known = field_named(schema, field)
    if known is None:
        custom = custom_among(session, entity, (field,)).get(field)
        return custom.label if custom is not None else field.removeprefix(CUSTOM_PREFIX)
    members = schema.register(known)
    if len(members) > 2 and known.section:
        return known.section
    return next((member for member in members if member.in_list), known).label
