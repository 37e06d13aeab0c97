"""Asking customers about tickets that have ended: who is asked, and what becomes of those who are.

Each end of a ticket is looked at once. Whoever is asked once more about the same ticket, because it was
opened again, answers anew; of the answers about one ticket the newest counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from crm_core.entities import SCHEMAS
from crm_core.ids import named_id
from crm_core.rules import surveys as rules
from crm_core.rules.mailing import is_address
from crm_core.rules.sla import ENDED
from crm_core.rules.surveys import Asking, Standing
from crm_core.sync.clock import ms_of
from crm_core.times import DAY_MS
from resources import CHINESE
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Record, Records, chunks
from sync_server.services.registers import blank
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.services.turns import by_turns
from sync_server.store.database import HqTransaction
from sync_server.store.surveys import SurveyEnd
from sync_server.store.tables import table_of

A_TURN: Final = 200  # tickets while the head of the feed is held
OPEN: Final = ("waits", "asked")
"""States in which an answer is still to come."""
ANSWER: Final = SCHEMAS["survey_answer"]
TICKET: Final = SCHEMAS["ticket"]
_CONTACT, _CUSTOMER, _SURVEY = (SCHEMAS[name] for name in ("contact", "customer", "survey"))
_ends = table_of(SurveyEnd)


@dataclass(frozen=True, slots=True)
class Decided:
    """How many ends of tickets were looked at, and after how many of them somebody is asked."""

    looked_at: int = 0
    asked: int = 0


def decide(hq: Headquarters, now_ms: int) -> Decided:
    """Look at the ends of tickets nobody has looked at yet; those that wait are looked at again later."""
    with hq.database.read() as snapshot:
        known = askings(snapshot.connection)
        if not known:
            return Decided()
        soonest = now_ms - min(each.wait_ms for each in known)
        ids = [row.id for row in _new_ends(snapshot.connection, known, soonest, now_ms)]
    looked_at = asked = 0
    for some in chunks(ids, A_TURN):
        with hq.database.write() as writing:
            done = _decide(writing, some, now_ms, "zh" if hq.settings.language == CHINESE else "en")
            looked_at, asked = looked_at + done.looked_at, asked + done.asked
    return Decided(looked_at, asked)


def askings(connection: Connection) -> tuple[Asking, ...]:
    """Return the surveys in use."""
    rows = connection.execute(select(_SURVEY.table).where(_SURVEY.table.c.life % 2 == 1)).mappings()
    return rules.askings_of([dict(row) for row in rows])


def _new_ends(connection: Connection, known: Sequence[Asking], until_ms: int, now_ms: int) -> Sequence[Any]:
    ticket, survey = TICKET.table.c, _SURVEY.table.c
    begun = connection.execute(
        select(func.min(survey.created_at)).where(survey.id.in_([each.id for each in known]))
    ).scalar()
    since = max(begun or 0, now_ms - rules.ASKED_BACK_DAYS * DAY_MS)
    looked_at = and_(_ends.c.ticket_id == ticket.id, _ends.c.closed_at == ticket.closed_at)
    query = (
        select(ticket.id)
        .join(_ends, looked_at, isouter=True)
        .where(ticket.status.in_(ENDED), ticket.closed_at >= since, ticket.closed_at <= until_ms)
        .where(ticket.life % 2 == 1, _ends.c.ticket_id.is_(None))
        .order_by(ticket.closed_at, ticket.id)
    )
    return connection.execute(query).all()


def _decide(hq: HqTransaction, ids: Sequence[str], now_ms: int, language: str) -> Decided:
    """Decide about some tickets as they stand now that nobody comes between."""
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    pen = Pen(hq, records, now_ms)
    known = askings(hq.connection)
    records.load({TICKET.no: ids})
    tickets = [each for each in (records.get(TICKET.no, row_id) for row_id in ids) if each is not None]
    ended = [each for each in tickets if each.lives and rules.is_ended(each.values)]
    looked_at: list[Record] = []
    met: set[str] = set()
    asked = 0
    for ticket in ended:
        customer = _linked(records, _CUSTOMER.no, ticket.values.get("customer_id"))
        level = customer.values.get("level") if customer is not None else None
        asking = rules.asking_for(known, ticket.values, level)
        if asking is not None and ticket.values["closed_at"] + asking.wait_ms > now_ms:
            continue
        looked_at.append(ticket)
        contact = _linked(records, _CONTACT.no, ticket.values.get("contact_id"))
        address = _address(ticket, contact)
        if asking is None or not address or address in met or _wants_none(ticket, customer, contact):
            continue
        if _is_left_alone(hq.connection, address, now_ms - asking.quiet_ms, is_known=contact is not None):
            continue
        spoken = str((contact.values.get("language") if contact is not None else None) or language)
        made = _new_asking(pen, ticket, asking, address, spoken)
        if made is not None:
            scopes.of_new(made)
            met.add(address)
            asked += 1
    store_all(hq, records, scopes)
    for some in chunks([each.id for each in looked_at]):
        hq.connection.execute(delete(_ends).where(_ends.c.ticket_id.in_(some)))
    if looked_at:
        rows = [{"ticket_id": each.id, "closed_at": each.values["closed_at"]} for each in looked_at]
        hq.connection.execute(insert(_ends), rows)
    return Decided(len(looked_at), asked)


def _linked(records: Records, number: int, record_id: str | None) -> Record | None:
    found = records.get(number, record_id) if record_id else None
    return found if found is not None and found.lives else None


def _address(ticket: Record, contact: Record | None) -> str:
    written = ticket.values.get("from_address") or (contact.values.get("email") if contact else None)
    address = str(written or "").strip().lower()
    return address if is_address(address) else ""


def _wants_none(ticket: Record, *people: Record | None) -> bool:
    own = bool(ticket.values.get("no_survey"))
    return own or any(each is not None and each.values.get("no_surveys") for each in people)


def _is_left_alone(connection: Connection, address: str, since_ms: int, *, is_known: bool) -> bool:
    """Tell whether somebody was asked lately, or, where no contact says it, wants to be asked no more."""
    columns = ANSWER.table.c
    lately = func.coalesce(columns.asked_at, columns.created_at) > since_ms
    never = columns.refused.is_(True)
    query = select(columns.id).where(
        columns.address == address, columns.life % 2 == 1, lately if is_known else or_(lately, never)
    )
    return connection.execute(query.limit(1)).first() is not None


def _new_asking(pen: Pen, ticket: Record, asking: Asking, address: str, language: str) -> Record | None:
    closed_at = ticket.values["closed_at"]
    answer_id = named_id("survey", f"{ticket.id} {closed_at}")
    if pen.records.get(ANSWER.no, answer_id) is not None:
        return None
    made = pen.mark()
    moment = ms_of(made.hlc)
    values: dict[str, Any] = {
        **blank(ANSWER.no),
        "id": answer_id,
        "ticket_id": ticket.id,
        "survey_id": asking.id,
        **{
            name: ticket.values.get(name)
            for name in ("customer_id", "contact_id", "product_id", "assignee_id", "team_id", "category_id")
        },
        "status": "waits",
        "closed_at": closed_at,
        "scale": asking.scale,
        "counted": False,
        "address": address,
        "language": language,
        "expires_at": moment + asking.lives_ms,
        "reminders": 0,
        "refused": False,
        "created_at": moment,
        "updated_at": moment,
    }
    record = Record(schema=ANSWER, id=answer_id, values=values, made=made, is_new=True)
    pen.records.add(record)
    return record


# What becomes of those that are asked


def look_again(hq: Headquarters, now_ms: int) -> int:
    """End what is asked no more, and have one answer count of each ticket; return how many changed."""
    columns, ticket = ANSWER.table.c, TICKET.table.c
    goes_on = or_(
        ticket.id.is_(None),
        ticket.life % 2 == 0,
        ticket.status.not_in(ENDED),
        ticket.closed_at.is_distinct_from(columns.closed_at),
    )
    over = (
        select(columns.id)
        .join(TICKET.table, ticket.id == columns.ticket_id, isouter=True)
        .where(columns.status.in_(OPEN), columns.life % 2 == 1)
        .where(or_(columns.expires_at <= now_ms, goes_on))
        .order_by(columns.id)
    )
    counted = (
        select(columns.ticket_id)
        .where(columns.status == "answered", columns.life % 2 == 1)
        .group_by(columns.ticket_id)
        # A merge puts the answers of two tickets together, and takes them apart again.
        .having(func.count().filter(columns.counted.is_(True)) != 1)
    )

    def end(writing: HqTransaction, ids: Sequence[str]) -> int:
        return _end(writing, ids, now_ms)

    def count(writing: HqTransaction, ids: Sequence[str]) -> int:
        records = Records(writing.connection)
        pen = Pen(writing, records, now_ms)
        for ticket_id in ids:
            count_newest(pen, ticket_id)
        store_all(writing, records, ScopeKeeper(records, writing.positions))
        return len(ids)

    return by_turns(hq.database, over, A_TURN, end) + by_turns(hq.database, counted, A_TURN, count)


def _end(hq: HqTransaction, ids: Sequence[str], now_ms: int) -> int:
    records = Records(hq.connection)
    pen = Pen(hq, records, now_ms)
    done = 0
    for answer, ticket in with_tickets(records, ids):
        if answer.values["status"] not in OPEN:
            continue
        match rules.standing(answer.values, ticket, now_ms):
            case Standing.EXPIRED:
                done += pen.write(answer, status="expired")
            case Standing.STOPPED:
                done += pen.write(answer, status="stopped")
            case _:
                pass
    store_all(hq, records, ScopeKeeper(records, hq.positions))
    return done


def with_tickets(records: Records, ids: Iterable[str]) -> list[tuple[Record, Mapping[str, Any] | None]]:
    """Return living askings, each with the values of its ticket; None where that is gone."""
    records.load({ANSWER.no: list(ids)})
    found: list[tuple[Record, Mapping[str, Any] | None]] = []
    for answer in (records.get(ANSWER.no, row_id) for row_id in ids):
        if answer is not None and answer.lives:
            ticket = _linked(records, TICKET.no, answer.values["ticket_id"])
            found.append((answer, ticket.values if ticket is not None else None))
    return found


def count_newest(pen: Pen, ticket_id: str) -> None:
    """Have the newest answer about a ticket count, none of the others, and the ticket say it."""
    columns = ANSWER.table.c
    records = pen.records
    records.noticed_kinds.add(ANSWER.no)
    query = select(columns.id).where(columns.ticket_id == ticket_id, columns.life % 2 == 1)
    records.load({ANSWER.no: records.connection.execute(query).scalars().all()})
    answered = [
        each
        for each in records.linking(ANSWER, "ticket_id", ticket_id)
        if each.lives and each.values["status"] == "answered"
    ]
    newest = max(answered, key=lambda each: (each.values["answered_at"] or 0, each.id), default=None)
    for each in answered:
        pen.write(each, counted=each is newest)
    ticket = _linked(records, TICKET.no, ticket_id)
    if ticket is not None and newest is not None:
        pen.write(ticket, satisfaction=newest.values["percent"])
