"""Tickets given to people and queues by the rules HQ holds, once, as they arrive."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import structlog
from sqlalchemy import func, select

from crm_core.entities import SCHEMAS
from crm_core.entities.assignment import TICKET as TICKETS
from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.approval import away_of
from crm_core.rules.assignment import Candidate, Rule, Standing, rules_of
from crm_core.rules.ticket_routing import (
    LOADS,
    OPEN,
    Case,
    Routed,
    candidates,
    case_of,
    route,
    segments_asked,
    waits,
)
from crm_core.sync.clock import ms_of
from resources import translation
from sync_server.services import errands, promises
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.narrowing import Narrowing
from sync_server.services.quote_prices import living_rows
from sync_server.services.reading import Reader, hq_itself
from sync_server.services.records import Record, Records, chunks
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all, store_new
from sync_server.store.bulk import update_rows
from sync_server.store.database import Database, HqTransaction
from sync_server.store.turns import count_turn, given_by

TICKET: Final = SCHEMAS["ticket"]
MESSAGE: Final = SCHEMAS["ticket_message"]
A_TURN: Final = 200  # tickets while the head of the feed is held
_TEAM: Final = SCHEMAS["team"]
_CUSTOMER: Final = SCHEMAS["customer"].table
log = structlog.get_logger("satchel.routing")


def settle(hq: HqTransaction, records: Records, scopes: ScopeKeeper, server_ms: int) -> None:
    """Give out the tickets a batch opened that name nobody.

    While the head of the feed is held: no other batch comes between, so turns are fair and loads are true.
    """
    fresh = [
        each
        for each in records.touched()
        if each.schema is TICKET and each.is_new and each.lives and waits(each.values)
    ]
    if not fresh:
        return
    for ticket in _give_out(hq, records, scopes, sorted(fresh, key=lambda each: each.made.seq), server_ms):
        names = ("id", *sorted(ticket.changed))  # what it was made with is written already
        row = tuple(map(ticket.values.__getitem__, names))
        update_rows(hq.connection, TICKET.table, ("id",), names, [row])


def give_waiting(database: Database, now_ms: int) -> int:
    """Give out the tickets that wait for somebody and no rule has given to anybody yet; return how many."""
    columns = TICKET.table.c
    query = (
        select(columns.id)
        .where(columns.life % 2 == 1, columns.assignee_id.is_(None), columns.team_id.is_(None))
        .where(
            columns.assigned_at.is_(None),
            func.coalesce(columns.status, "new").in_(OPEN),
            columns.merged_into_id.is_(None),
        )
        .order_by(columns.created_at, columns.id)
    )
    with database.read() as snapshot:
        ids = list(snapshot.connection.execute(query).scalars())
    done = 0
    for some in chunks(ids, A_TURN):
        with database.write() as hq:
            records = Records(hq.connection)
            scopes = ScopeKeeper(records, hq.positions)
            records.load({TICKET.no: some})
            found = [each for row_id in some if (each := records.get(TICKET.no, row_id)) is not None]
            waiting = [each for each in found if each.lives and waits(each.values)]
            done += len(_give_out(hq, records, scopes, waiting, now_ms))
            store_all(hq, records, scopes)
    return done


def _give_out(
    hq: HqTransaction, records: Records, scopes: ScopeKeeper, tickets: list[Record], server_ms: int
) -> list[Record]:
    rows = living_rows(records, SCHEMAS["assignment_rule"])
    away = away_of(living_rows(records, SCHEMAS["absence"]))
    people = candidates(
        living_rows(records, SCHEMAS["user"]), living_rows(records, SCHEMAS["role"]), away, server_ms
    )
    rules = rules_of(rows, people, TICKETS)
    if not rules:
        return []
    pen, said = Pen(hq, records, server_ms), _first_words(records, tickets)
    inside = _segments(hq, rules, tickets, server_ms)
    given, open_tickets, load = _standing(hq, rules)
    told: list[Errand] = []
    done: list[Record] = []
    for ticket in tickets:
        within = inside.get(str(ticket.values.get("customer_id")), ())
        case = _case(records, ticket, said.get(ticket.id, ""), within)
        standing = Standing(given=given, load=load, open_tickets=open_tickets)
        routed = route(case, rules, standing, people)
        if routed is None:
            continue
        _write(pen, scopes, ticket, routed)
        done.append(ticket)
        if routed.user_id is not None:
            count_turn(hq.connection, routed.rule_id, routed.user_id)
            given.update(given_by(hq.connection, (routed.rule_id,)))
            open_tickets[routed.user_id] += 1
            load[routed.user_id] += LOADS.get(str(ticket.values.get("priority")), 1)
        if routed.nobody_free:
            told.append(_nobody_free(records, ticket, routed, people))
    scopes.settle_lent()
    promises.settle(hq, records, [(TICKET.no, each.id) for each in done], server_ms)
    store_new(hq.connection, errands.open_tasks(hq, records, scopes, told, server_ms))
    return done


def _standing(
    hq: HqTransaction, rules: Iterable[Rule]
) -> tuple[dict[tuple[str, str], int], Counter[str], Counter[str]]:
    columns = TICKET.table.c
    open_tickets, load = Counter[str](), Counter[str]()
    query = (
        select(columns.assignee_id, columns.priority, func.count().label("number"))
        .where(
            columns.life % 2 == 1,
            func.coalesce(columns.status, "new").in_(OPEN),
            columns.assignee_id.is_not(None),
        )
        .group_by(columns.assignee_id, columns.priority)
    )
    for row in hq.connection.execute(query):
        open_tickets[row.assignee_id] += row.number
        load[row.assignee_id] += row.number * LOADS.get(row.priority, 1)
    return given_by(hq.connection, [rule.id for rule in rules]), open_tickets, load


def _segments(
    hq: HqTransaction, rules: Iterable[Rule], tickets: Iterable[Record], server_ms: int
) -> dict[str, list[str]]:
    """Return in which of the segments rules ask of the customers of some tickets are, by customer.

    Of all HQ holds as it is written by now, where days begin as they do where HQ stands. A segment a newer
    program wrote has nobody in it.
    """
    asked = segments_asked(rules)
    customers = sorted({str(each.values["customer_id"]) for each in tickets if each.values["customer_id"]})
    found: dict[str, list[str]] = {}
    if not asked or not customers:
        return found
    today = datetime.datetime.fromtimestamp(server_ms / 1000).astimezone().date()
    narrowing = Narrowing(Reader(hq.connection, hq_itself()), today, "", hq.currency)
    for segment_id in sorted(asked):
        try:
            fits = narrowing.by_segment(segment_id)
        except UserError as error:
            log.warning("a segment cannot be judged", segment=segment_id, reason=str(error.message))
            continue
        for some in chunks(customers, A_TURN):
            query = select(_CUSTOMER.c.id).where(_CUSTOMER.c.id.in_(some), fits)
            for customer_id in hq.connection.execute(query).scalars():
                found.setdefault(customer_id, []).append(segment_id)
    return found


def _case(records: Records, ticket: Record, text: str, in_segments: Iterable[str]) -> Case:
    def value_of(kind: str, record_id: str) -> Mapping[str, Any] | None:
        found = records.get(SCHEMAS[kind].no, record_id)
        return found.values if found is not None and found.lives else None

    return case_of(ticket.values, text, value_of, in_segments)


def _first_words(records: Records, tickets: Iterable[Record]) -> dict[str, str]:
    ids = [each.id for each in tickets]
    columns = MESSAGE.table.c
    for some in chunks(ids, A_TURN):
        query = select(columns.id).where(columns.ticket_id.in_(some), columns.from_customer.is_(True))
        records.load({MESSAGE.no: records.connection.execute(query).scalars().all()})
    found = {}
    for ticket_id in ids:
        said = [
            each
            for each in records.linking(MESSAGE, "ticket_id", ticket_id)
            if each.lives and each.values.get("from_customer")
        ]
        if said:
            first = min(said, key=lambda each: (each.values.get("written_at") or 0, each.id))
            found[ticket_id] = str(first.values.get("body") or "")
    return found


def _write(pen: Pen, scopes: ScopeKeeper, ticket: Record, routed: Routed) -> None:
    scopes.lend(ticket)
    pen.write(
        ticket,
        assignee_id=routed.user_id,
        team_id=routed.team_id,
        assigned_by=routed.rule_id,
        assigned_why=routed.why.show(translation(pen.hq.language)),
        assigned_at=ms_of(pen.mark().hlc),
    )
    pen.records.relink(ticket)
    scopes.changed(ticket)
    scopes.lend(ticket)


def _nobody_free(records: Records, ticket: Record, routed: Routed, people: Mapping[str, Candidate]) -> Errand:
    team = records.get(_TEAM.no, routed.team_id) if routed.team_id else None
    leader = team.values.get("manager_id") if team is not None and team.lives else None
    if leader is not None and leader in people and people[leader].stand_in:
        leader = people[leader].stand_in
    number = str(ticket.values.get("number") or ticket.values.get("subject") or "")
    said = message(N_("Ticket {number} waits: nobody is free whom its rule names"), number=number)
    return Errand(subject=said, about=ticket, owner_id=leader or errands.founder(records))
