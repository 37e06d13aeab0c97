"""Deadlines of tickets by the clock: a warning before, levels after, each told and done once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules.approval import away_of
from crm_core.rules.assignment import Candidate
from crm_core.rules.service_levels import Level, Policy
from crm_core.rules.sla import Promised
from crm_core.rules.ticket_routing import candidates
from sync_server.services import errands, promises
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.neglect import managers_of
from sync_server.services.promises import TICKET
from sync_server.services.quote_prices import living_rows
from sync_server.services.records import Record, Records, chunks
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.store.database import Database, HqTransaction

_TEAM: Final = SCHEMAS["team"]
A_TURN: Final = 200  # tickets while the head of the feed is held
WARNED: Final = 0
_SOON: Final[Mapping[Promised, str]] = {
    Promised.REPLY: N_("Ticket {number}: the first reply is due soon"),
    Promised.NEXT: N_("Ticket {number}: the customer waits for a reply, due soon"),
    Promised.SOLVE: N_("Ticket {number}: to be solved soon"),
}
_LATE: Final[Mapping[Promised, str]] = {
    Promised.REPLY: N_("Ticket {number}: the first reply is late"),
    Promised.NEXT: N_("Ticket {number}: the customer waits for a reply, it is late"),
    Promised.SOLVE: N_("Ticket {number}: it should be solved by now"),
}


@dataclass(frozen=True, slots=True)
class Escalated:
    """How much was told: warnings before a deadline, and levels after one."""

    warned: int = 0
    levels: int = 0


def escalate(database: Database, now_ms: int) -> Escalated:
    """Warn of what is due soon and take the levels that are reached, each once for a deadline."""
    with database.read() as snapshot:
        known = promises.policies(Records(snapshot.connection))
        ends = (policy.time.after(now_ms, policy.warn_ms) for policy in known)
        ids = promises.due_by(snapshot.connection, max((at for at in ends if at is not None), default=now_ms))
    warned = levels = 0
    for some in chunks(ids, A_TURN):
        with database.write() as hq:
            done = _escalate(hq, some, now_ms)
            warned, levels = warned + done.warned, levels + done.levels
    return Escalated(warned, levels)


def _escalate(hq: HqTransaction, ids: Sequence[str], now_ms: int) -> Escalated:
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    records.load({TICKET.no: ids})
    pen = Pen(hq, records, now_ms)
    found = [each for each in (records.get(TICKET.no, row_id) for row_id in ids) if each is not None]
    managers = managers_of(hq.connection)
    people = _people(records, now_ms)
    told: list[Errand] = []
    warned = levels = 0
    for ticket, policy, stands in promises.write(pen, found):
        if policy is None:
            continue
        kept = dict(ticket.values.get("told") or {})
        for which, promise in stands.items():
            if promise.met_at is not None or promise.due_at is None:
                continue
            for reached in _reached(policy, promise.due_at, kept.get(which.value), now_ms):
                kept[which.value] = [promise.due_at, reached]
                if reached == WARNED:
                    told.append(_errand(ticket, _SOON[which], ticket.values.get("assignee_id")))
                    warned += 1
                else:
                    level = policy.levels[reached - 1]
                    taker = _taker(people, level)
                    told.append(_take(pen, scopes, ticket, level, which, managers, taker))
                    pen.write(ticket, escalated=max(reached, ticket.values.get("escalated") or 0))
                    levels += 1
        pen.write(ticket, told=kept or None)
    errands.open_tasks(hq, records, scopes, told, now_ms)
    store_all(hq, records, scopes)
    return Escalated(warned, levels)


def _reached(policy: Policy, due_at: int, told: Any, now_ms: int) -> range:
    """Return what of a deadline is reached and was not told of: 0 for the warning, then level by level.

    A deadline that moved is another one: what is said of it begins anew. After it nobody is warned of it.
    """
    said = told[1] if told and told[0] == due_at else WARNED - 1
    if due_at > now_ms:
        until = policy.time.after(now_ms, policy.warn_ms)
        is_near = bool(policy.warn_ms) and until is not None and due_at <= until
        return range(said + 1, WARNED + 1 if is_near else said + 1)
    late_ms = policy.time.worked(due_at, now_ms)
    return range(max(said, WARNED) + 1, sum(level.after_ms <= late_ms for level in policy.levels) + 1)


def _take(
    pen: Pen,
    scopes: ScopeKeeper,
    ticket: Record,
    level: Level,
    which: Promised,
    managers: Mapping[str, str],
    taker: str | None,
) -> Errand:
    """Do what a level says, and return who is told of it; it gives a ticket away to the `taker`."""
    assignee = ticket.values.get("assignee_id")
    match level.to:
        case "manager":
            return _errand(
                ticket, _LATE[which], managers.get(assignee or "") or _head_of(pen.records, ticket)
            )
        case "flag":
            pen.write(ticket, flagged=True)
            return _errand(ticket, _LATE[which], errands.founder(pen.records))
        case "reassign" if taker and taker != assignee:
            scopes.lend(ticket)
            pen.write(ticket, assignee_id=taker)
            pen.records.relink(ticket)
            scopes.changed(ticket)
            scopes.lend(ticket)
            return _errand(ticket, _LATE[which], taker)
        case _:
            return _errand(ticket, _LATE[which], assignee)


def _errand(ticket: Record, text: str, owner_id: str | None) -> Errand:
    number = str(ticket.values.get("number") or ticket.values.get("subject") or "")
    return Errand(subject=message(text, number=number), about=ticket, owner_id=owner_id)


def _head_of(records: Records, ticket: Record) -> str | None:
    """Return who leads the team a ticket that nobody has is of."""
    team = records.get(_TEAM.no, ticket.values["team_id"]) if ticket.values.get("team_id") else None
    return team.values.get("manager_id") if team is not None and team.lives else None


def _people(records: Records, now_ms: int) -> Mapping[str, Candidate]:
    users, roles, absences = (living_rows(records, SCHEMAS[name]) for name in ("user", "role", "absence"))
    return candidates(users, roles, away_of(absences), now_ms)


def _taker(people: Mapping[str, Candidate], level: Level) -> str | None:
    """Return whom a level gives a ticket to: who is named, or who stands in for him while he is away.

    None where he works on tickets no more, or is away and nobody stands in.
    """
    named = people.get(level.user_id or "")
    if named is None:
        return None
    return (named.stand_in or None) if named.is_away else named.user_id
