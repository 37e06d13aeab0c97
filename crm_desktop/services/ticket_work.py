"""What is done with a whole ticket in one step: macros, splitting, answers that were held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.service import Macro
from crm_core.entities.ticket import TicketMessage
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules.access import ClassRight
from crm_core.rules.macros import changes_of, tags_of
from crm_core.rules.whose import are_apart
from crm_core.schema.field import Plain
from crm_desktop.models import promises, repository
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import merging, records
from crm_desktop.services.marks import not_sent_of
from crm_desktop.services.outcome import Outcome

_GOES_ALONG = (
    *("customer_id", "contact_id", "assignee_id", "team_id", "kind", "priority", "channel", "category_id"),
    *("product_id", "installed_id", "from_address", "from_name", "from_phone"),
)
"""What a ticket split off another has of that one."""
_SUBJECT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroRow:
    """A macro to choose."""

    id: str
    name: str
    answer_id: str | None
    """Template of the answer it gives."""
    internal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a macro changed, so that it can be taken back."""

    ticket_id: str
    before: Mapping[str, Plain]
    after: Mapping[str, Plain]
    tags: tuple[str, ...]
    """Those it added."""
    message_id: str | None


def macros(replica: Replica) -> tuple[MacroRow, ...]:
    """Return the macros there are, by name."""
    with replica.read() as session:
        rows = session.scalars(select(Macro).where(Macro.life % 2 == 1).order_by(Macro.name, Macro.id))
        return tuple(
            MacroRow(id=row.id, name=row.name or "", answer_id=row.answer_id, internal=bool(row.internal))
            for row in rows
        )


def run_macro(replica: Replica, ticket_id: str, macro_id: str, answer: str = "") -> Outcome[Done]:
    """Do what a macro says, in one step. `answer` is what its template says of this ticket.

    Raises `NotFound`, and what changing the ticket raises.
    """
    with replica.write() as session:
        macro = repository.get(session, "macro", macro_id)
        ticket = repository.get(session, "ticket", ticket_id)
        if macro is None or ticket is None:
            raise NotFound(N_("There is no such record on this laptop"))
        message_id = None
        if answer.strip():
            said: dict[str, Plain] = {
                "ticket_id": ticket_id,
                "body": answer,
                "internal": bool(macro.get("internal")),
            }
            message_id = records.create_in(session, replica, "ticket_message", said).id
        changes, tags = changes_of(macro.values, ticket.values), tags_of(macro.values, ticket.values)
        if changes:
            records.update_in(session, replica, "ticket", ticket_id, changes)
        if tags:
            held = ticket.get("tags") or ()
            records.update_in(session, replica, "ticket", ticket_id, {"tags": sorted({*held, *tags})})
        done = Done(
            ticket_id=ticket_id,
            before={name: ticket.get(name) for name in changes},
            after=changes,
            tags=tags,
            message_id=message_id,
        )
    return Outcome(done, frozenset(session.changed))


def take_back(replica: Replica, done: Done) -> Outcome[Record]:
    """Take back what a macro did; what was sent meanwhile, or changed by somebody since, stands."""
    with replica.write() as session:
        ticket = repository.get(session, "ticket", done.ticket_id)
        if ticket is None:
            raise NotFound(N_("There is no such record on this laptop"))
        message_id = done.message_id
        if message_id is not None and message_id in not_sent_of(session, "ticket_message", [message_id]):
            records.delete_in(session, replica, "ticket_message", message_id)
        changes: dict[str, Plain] = {
            name: value for name, value in done.before.items() if ticket.get(name) == done.after[name]
        }
        if done.tags:
            changes["tags"] = sorted(set(ticket.get("tags") or ()).difference(done.tags))
        if changes:
            records.update_in(session, replica, "ticket", done.ticket_id, changes)
    return Outcome(ticket, frozenset(session.changed))


def split(replica: Replica, ticket_id: str, message_id: str) -> Outcome[Record]:
    """Open another ticket with a message and all after it, which leave this one; return the new ticket.

    Raises `UserError` for the first message: nothing would be left.
    """
    with replica.write() as session:
        ticket = repository.get(session, "ticket", ticket_id)
        if ticket is None:
            raise NotFound(N_("There is no such record on this laptop"))
        said = [
            record_of(row)
            for row in session.scalars(
                select(TicketMessage)
                .where(TicketMessage.ticket_id == ticket_id, TicketMessage.life % 2 == 1)
                .order_by(TicketMessage.written_at, TicketMessage.id)
            )
        ]
        place = next((place for place, each in enumerate(said) if each.id == message_id), 0)
        if not place:
            raise UserError(N_("Choose a message that is not the first: a ticket keeps at least one"))
        first = str(said[place].get("body") or "").strip().splitlines()
        right, fields = replica.person.rights.class_right, SCHEMAS["ticket"].fields
        values: dict[str, Plain] = {
            name: ticket.get(name)
            for name in _GOES_ALONG
            if ticket.get(name) is not None and right("ticket", fields[name].field_class) >= ClassRight.WRITE
        }
        values["subject"] = (first or [""])[0][:_SUBJECT] or ticket.get("subject")
        made = records.create_in(session, replica, "ticket", values)
        repository.update(session, "ticket", made.id, {"split_from_id": ticket_id})
        for each in said[place:]:
            records.update_in(session, replica, "ticket_message", each.id, {"ticket_id": made.id})
        promises.refresh(session, (ticket_id, made.id))
        made = repository.get(session, "ticket", made.id) or made
    return Outcome(made, frozenset(session.changed))


def join_again(replica: Replica, ticket_id: str) -> Outcome[Record]:
    """Take back a split: what the ticket holds returns to the one it came from, and it is deleted.

    Where that was merged into another meanwhile, it returns there. Raises `UserError` where it was deleted.
    """
    with replica.write() as session:
        ticket = repository.get(session, "ticket", ticket_id)
        origin_id = str(ticket.get("split_from_id") or "") if ticket is not None else ""
        if ticket is None or not ticket.alive or not origin_id:
            raise NotFound(N_("There is no such record on this laptop"))
        origin = _origin(session, origin_id)
        ids = session.scalars(
            select(TicketMessage.id).where(TicketMessage.ticket_id == ticket_id, TicketMessage.life % 2 == 1)
        ).all()
        for each in ids:
            records.update_in(session, replica, "ticket_message", each, {"ticket_id": origin.id})
        records.delete_in(session, replica, "ticket", ticket_id)
    return Outcome(ticket, frozenset(session.changed))


def _origin(session: Session, ticket_id: str) -> Record:
    seen: set[str] = set()
    found = repository.get(session, "ticket", ticket_id)
    while found is not None and not found.alive and found.id not in seen:
        seen.add(found.id)
        found = repository.get(session, "ticket", str(found.get("merged_into_id") or ""))
    if found is None or not found.alive:
        raise UserError(N_("The ticket it was split from is deleted: restore that first"))
    return found


def merge_into(replica: Replica, ticket_id: str, kept_id: str) -> Outcome[Record]:
    """Merge a ticket into another, which keeps its own values and gets the messages, notes and files.

    Returns the record of the merge, by which `merging.take_apart` undoes it.
    """
    shown = merging.compare(replica, "ticket", (kept_id, ticket_id), kept_id)
    place = next(place for place, each in enumerate(shown.records) if each.id == kept_id)
    customers = [each.get("customer_id") for each in shown.records]
    keeps_contact = are_apart(customers[place], customers[1 - place])
    right = replica.person.rights.class_right
    take = {
        row.fields[0].name: kept_id
        for row in shown.rows
        # What a merge changed is noted; whoever may not note it of a class leaves those fields alone.
        if any(row.values[place])
        or right("merge", row.fields[0].field_class) < ClassRight.WRITE
        or (keeps_contact and row.name == "contact_id")  # one's customer and the other's contact are nobody's
    }
    return merging.merge(replica, "ticket", kept_id, (ticket_id,), take)


def send_held(replica: Replica, message_id: str) -> Outcome[Record]:
    """Have an answer that was held sent all the same."""
    return records.update(replica, "ticket_message", message_id, {"status": "sent"})


def drop_held(replica: Replica, message_id: str) -> Outcome[Record]:
    """Leave an answer that was held unsent; colleagues still read it."""
    return records.update(replica, "ticket_message", message_id, {"status": "dropped"})
