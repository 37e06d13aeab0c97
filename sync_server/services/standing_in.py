"""Tickets of who is away: offered or handed to who stands in, as his absence says, once they are due."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules.approval import away_of
from crm_core.rules.ticket_routing import OPEN, candidates
from crm_core.sync.clock import ms_of
from resources import translation
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.quote_prices import living_rows
from sync_server.services.records import Record, Records, chunks
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.store.database import Database, HqTransaction

TICKET: Final = SCHEMAS["ticket"]
ABSENCE: Final = SCHEMAS["absence"]
STAY, OFFER, HAND = "stay", "offer", "hand"
A_TURN: Final = 200  # tickets while the head of the feed is held


@dataclass(frozen=True, slots=True)
class StoodIn:
    """How many tickets were offered and handed on."""

    offered: int = 0
    handed: int = 0


def follow(database: Database, now_ms: int) -> StoodIn:
    """Offer or hand on the tickets of who is away that are due before he is back, each once."""
    with database.read() as snapshot:
        absences = ABSENCE.table.c
        query = select(ABSENCE.table).where(absences.life % 2 == 1, absences.begins_at <= now_ms)
        away = [
            dict(row)
            for row in snapshot.connection.execute(query.where(absences.ends_at > now_ms)).mappings()
        ]
        tickets = TICKET.table.c
        due: dict[str, list[str]] = {}
        for each in away:
            if (each["tickets"] or OFFER) != STAY and each["owner_id"] and each["stand_in_id"]:
                found = (
                    select(tickets.id)
                    .where(tickets.assignee_id == each["owner_id"], tickets.life % 2 == 1)
                    .where(func.coalesce(tickets.status, "new").in_(OPEN), tickets.due_at < each["ends_at"])
                    .order_by(tickets.due_at, tickets.id)
                )
                due[each["id"]] = list(snapshot.connection.execute(found).scalars())
    done = StoodIn()
    for each in away:
        for some in chunks(due.get(each["id"], ()), A_TURN):
            with database.write() as hq:
                found_now = _follow(hq, each, some, now_ms)
                done = StoodIn(done.offered + found_now.offered, done.handed + found_now.handed)
    return done


def _follow(hq: HqTransaction, absence: Mapping[str, Any], ids: Sequence[str], now_ms: int) -> StoodIn:
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    rows = {kind: living_rows(records, SCHEMAS[kind]) for kind in ("user", "role", "absence")}
    people = candidates(rows["user"], rows["role"], away_of(rows["absence"]), now_ms)
    who = people.get(absence["owner_id"])
    stand_in = people.get((who.stand_in if who is not None else None) or "")
    if who is None or stand_in is None:
        return StoodIn()
    records.load({TICKET.no: ids})
    pen, told = Pen(hq, records, now_ms), []
    offered = handed = 0
    mark = f"away {absence['id']}"
    for ticket in (each for row_id in ids if (each := records.get(TICKET.no, row_id)) is not None):
        values = ticket.values
        said = dict(values.get("told") or {})
        if not ticket.lives or values.get("assignee_id") != who.user_id or mark in said:
            continue
        number = str(values.get("number") or values.get("subject") or "")
        if absence["tickets"] == HAND:
            _hand(pen, scopes, ticket, stand_in.user_id, who.name)
            subject = message(
                N_("Ticket {number} is yours while {name} is away"), number=number, name=who.name
            )
            handed += 1
        else:
            subject = message(
                N_("Ticket {number} is due while {name} is away: take it if you can"),
                number=number,
                name=who.name,
            )
            offered += 1
        pen.write(ticket, told={**said, mark: [values.get("due_at"), 0]})
        told.append(Errand(subject=subject, about=ticket, owner_id=stand_in.user_id))
    errands.open_tasks(hq, records, scopes, told, now_ms)
    store_all(hq, records, scopes)
    return StoodIn(offered, handed)


def _hand(pen: Pen, scopes: ScopeKeeper, ticket: Record, user_id: str, name: str) -> None:
    why = message(N_("Stands in for {name}"), name=name)
    scopes.lend(ticket)
    pen.write(
        ticket,
        assignee_id=user_id,
        assigned_why=why.show(translation(pen.hq.language)),
        assigned_at=ms_of(pen.mark().hlc),
    )
    pen.records.relink(ticket)
    scopes.changed(ticket)
    scopes.lend(ticket)
