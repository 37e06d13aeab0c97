"""Segments: groups of customers by rules or picked by hand; who is in them, as of now and of what is here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm_core.entities import schema_of
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_, Message
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.segment_text import parse_rule, rule_text
from crm_core.rules.segments import CUSTOMER, IN_SEGMENT, PICKED, RULES, Rule, plain_rule, rule_of
from crm_core.schema.field import Field, Plain
from crm_desktop.models import query
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.custom import asked_fields
from crm_desktop.models.narrowing import Narrowing
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_desktop.services.outcome import Outcome

SEGMENT = "segment"
SHOWN = 8
"""Customers named beside a count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRow:
    """A segment. `rule` None: picked by hand, or written by a newer version."""

    id: str
    name: str
    kind: str
    rule: Rule | None
    members: tuple[str, ...]
    own: bool
    """The person's own; another's is one that is shown to him."""
    shown_to: tuple[str, ...]

    @property
    def condition(self) -> Condition:
        """What a list of customers, or of what belongs to them, is narrowed by."""
        return Condition(field=IN_SEGMENT.name, op=Op.EQUAL, value=self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How many customers are meant of how many the person has here, and the first of them by name."""

    count: int
    of: int
    at_ms: int
    first: tuple[tuple[str, str], ...]
    """(id, name)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentUse:
    """How many customers a segment holds; None with the reason where it cannot be judged here."""

    count: int | None
    refused: Message | None = None


def segments_of(replica: Replica) -> tuple[SegmentRow, ...]:
    """Return the person's segments and those shown to him, by name, his own first."""
    person = replica.person
    wanted = ListQuery(entity=SEGMENT, sort=(("name", False),), limit=query.MAX_LIMIT)
    rows = (_row_of(record, person.user_id) for record in records.page(replica, wanted).rows)
    meant = [row for row in rows if row.own or person.circles.intersection(row.shown_to)]
    return tuple(sorted(meant, key=lambda row: not row.own))


def segment(replica: Replica, named: str) -> SegmentRow:
    """Return a segment by id, or by name whatever its case. `NotFound` where there is none."""
    wanted = named.strip().casefold()
    found = [row for row in segments_of(replica) if wanted in (row.id, row.name.casefold())]
    if not found:
        raise NotFound(N_("There is no segment called “{name}”"), name=named)
    if len(found) > 1:
        raise UserError(N_("Several segments are called “{name}”: name one by its id"), name=named)
    return found[0]


def save(replica: Replica, name: str, rule: Rule, segment_id: str | None = None) -> Outcome[Record]:
    """Keep a segment of whoever fits a rule; with an id, change that one."""
    values: dict[str, Plain] = {"name": name, "kind": RULES, "rules": plain_rule(rule)}
    if segment_id is None:
        return records.create(replica, SEGMENT, values)
    return records.update(replica, SEGMENT, segment_id, values)


def save_text(replica: Replica, name: str, text: str, segment_id: str | None = None) -> Outcome[Record]:
    """Keep a segment of whoever fits the rule written as text."""
    return save(replica, name, read_rule(replica, text), segment_id)


def rename(replica: Replica, segment_id: str, name: str) -> Outcome[Record]:
    """Call a segment something else."""
    return records.update(replica, SEGMENT, segment_id, {"name": name})


def pick(replica: Replica, name: str, customer_ids: Collection[str] = ()) -> Outcome[Record]:
    """Keep a segment of customers picked by hand."""
    members: list[Plain] = [*sorted(set(customer_ids))]
    return records.create(replica, SEGMENT, {"name": name, "kind": PICKED, "members": members})


def change_members(
    replica: Replica, segment_id: str, *, add: Collection[str] = (), remove: Collection[str] = ()
) -> Outcome[tuple[str, ...]]:
    """Put customers into a segment picked by hand or take them out; return those that were not so before."""
    record = records.get(replica, SEGMENT, segment_id)
    if record.get("kind") != PICKED:
        raise UserError(
            N_("Who is in “{name}” follows from its rules; pick customers into a segment picked by hand"),
            name=record.title,
        )
    held = set(record.get("members") or ())
    moved = tuple(sorted(set(add) - held | set(remove) & held))
    outcome = records.change_tags(replica, SEGMENT, segment_id, "members", add=add, remove=remove)
    return Outcome(moved, outcome.changed)


def show_to(replica: Replica, segment_id: str, role_id: str, *, shown: bool) -> Outcome[Record]:
    """Show a segment to everybody who holds a role, or to them no more."""
    joins, leaves = ((role_id,), ()) if shown else ((), (role_id,))
    return records.change_tags(replica, SEGMENT, segment_id, "shown_to", add=joins, remove=leaves)


def preview(replica: Replica, meant: Rule | SegmentRow) -> Preview:
    """Return how many customers fit a rule, or are in a segment, and the first of them."""
    person, now_ms = replica.person, replica.clock.now_ms()
    decide(person, Action.READ, CUSTOMER).demand()
    table = schema_of(CUSTOMER).table
    with replica.read() as session:
        narrowing = Narrowing(session, person)
        fits = narrowing.by_segment(meant.id) if isinstance(meant, SegmentRow) else narrowing.by_rule(meant)
        alive = table.c.life % 2 == 1
        count = session.scalar(select(func.count()).select_from(table).where(alive, fits)) or 0
        whole = query.count(session, person, ListQuery(entity=CUSTOMER))
        first: list[tuple[str, str]] = []
        if count:
            narrowing.field(CUSTOMER, "name")
            rows = session.execute(
                select(table.c.id, table.c.name).where(alive, fits).order_by(table.c.name).limit(SHOWN)
            )
            first = [(row.id, row.name or "") for row in rows]
    return Preview(count=count, of=whole, at_ms=now_ms, first=tuple(first))


def uses(replica: Replica, ids: Sequence[str]) -> dict[str, SegmentUse]:
    """Return how many customers each segment holds."""
    found = {}
    for segment_id in ids:
        wanted = ListQuery(
            entity=CUSTOMER, conditions=(Condition(field=IN_SEGMENT.name, op=Op.EQUAL, value=segment_id),)
        )
        try:
            found[segment_id] = SegmentUse(count=records.count(replica, wanted))
        except UserError as error:
            found[segment_id] = SegmentUse(count=None, refused=error.message)
    return found


def containing(replica: Replica, customer_id: str) -> tuple[SegmentRow, ...]:
    """Return the segments a customer is in, of those the person has; those he cannot judge are left out."""
    rows = segments_of(replica) if decide(replica.person, Action.READ, SEGMENT) else ()
    with replica.read() as session:
        inside = in_segments(session, replica.person, [customer_id], [row.id for row in rows])
    return tuple(row for row in rows if row.id in inside.get(customer_id, ()))


def in_segments(
    session: Session, person: Person, customers: Collection[str], segment_ids: Iterable[str]
) -> dict[str, list[str]]:
    """Return in which of some segments a few customers are, by customer.

    Segments the person cannot judge, or that are not on this laptop, have nobody in them.
    """
    table = schema_of(CUSTOMER).table
    narrowing = Narrowing(session, person, one_by_one=True)
    found: dict[str, list[str]] = {}
    for segment_id in segment_ids:
        try:
            fits = narrowing.by_segment(segment_id)
        except UserError:
            continue
        for customer_id in session.scalars(select(table.c.id).where(table.c.id.in_(customers), fits)):
            found.setdefault(customer_id, []).append(segment_id)
    return found


def read_rule(replica: Replica, text: str) -> Rule:
    """Return the rule written as text. `UserError` where it cannot be read."""
    names = {row.name.casefold(): row.id for row in segments_of(replica)}
    with replica.read() as session:
        return parse_rule(text, lambda entity: asked_fields(session, entity), names)


def written_rule(replica: Replica, rule: Rule) -> str:
    """Return a rule as the text `read_rule` reads."""
    with replica.read() as session:
        return rule_text(rule, lambda entity: asked_fields(session, entity))


def fields_of_kind(replica: Replica, entity: str) -> dict[str, Field]:
    """Return every field of a kind of record that rules may speak of, by name."""
    with replica.read() as session:
        return asked_fields(session, entity)


def _row_of(record: Record, user_id: str) -> SegmentRow:
    kind = str(record.get("kind") or RULES)
    return SegmentRow(
        id=record.id,
        name=record.title,
        kind=kind,
        rule=rule_of(record.get("rules")) if kind == RULES else None,
        members=tuple(record.get("members") or ()),
        own=record.get("owner_id") in (None, user_id),
        shown_to=tuple(record.get("shown_to") or ()),
    )
