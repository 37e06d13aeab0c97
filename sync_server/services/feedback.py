"""Marking customers who complain often or recommend us, and telling owners: by a rule once in its days."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, and_, delete, insert, or_, select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules import feedback as rules
from crm_core.rules.feedback import FeedbackTerms, Heard, Judged
from crm_core.rules.sla import ENDED
from crm_core.times import DAY_MS
from sync_server.services import errands
from sync_server.services.errands import Errand
from sync_server.services.hq_pen import Pen
from sync_server.services.records import Record, Records, chunks
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.store.database import Database, HqTransaction
from sync_server.store.feedback import FeedbackNotice
from sync_server.store.tables import table_of

A_TURN: Final = 200  # customers while the head of the feed is held
_CUSTOMER: Final = SCHEMAS["customer"]
_ticket, _answer, _rule = (SCHEMAS[name].table for name in ("ticket", "survey_answer", "feedback_rule"))
_notices = table_of(FeedbackNotice)
_SAID: Final[Mapping[str, str]] = {
    rules.COMPLAINS: N_("{customer} complains often: {reasons}"),
    rules.PROMOTES: N_("{customer} recommends us: {reasons}"),
}


@dataclass(frozen=True, slots=True)
class Marked:
    """How many customers are marked anew or otherwise, and how many tasks were opened."""

    marks: int = 0
    tasks: int = 0


def mark_customers(database: Database, now_ms: int) -> Marked:
    """Bring the marks of all customers up to date, and tell owners of new ones."""
    with database.read() as snapshot:
        found = _judged(snapshot.connection, None, now_ms)
        held = _marks(snapshot.connection)
        told = _told(snapshot.connection)
    wanted = {customer_id: rules.mark_of(judged) for customer_id, judged in found.items() if judged}
    changed = {key for key in {*wanted, *held} if wanted.get(key) != held.get(key)}
    changed |= {key for key, judged in found.items() if _untold(key, judged, told, now_ms)}
    marks = tasks = 0
    for some in chunks(sorted(changed), A_TURN):
        with database.write() as hq:
            done = _mark(hq, some, now_ms)
            marks, tasks = marks + done.marks, tasks + done.tasks
    return Marked(marks, tasks)


def _mark(hq: HqTransaction, ids: Sequence[str], now_ms: int) -> Marked:
    """Do it as things stand now that nobody comes between."""
    records = Records(hq.connection)
    scopes = ScopeKeeper(records, hq.positions)
    pen = Pen(hq, records, now_ms)
    records.load({_CUSTOMER.no: ids})
    found, told = _judged(hq.connection, ids, now_ms), _told(hq.connection)
    marks = 0
    opened: list[Errand] = []
    noted: list[tuple[str, str]] = []
    for customer in (records.get(_CUSTOMER.no, each) for each in ids):
        if customer is None or not customer.lives:
            continue
        judged = found.get(customer.id, ())
        marks += pen.write(customer, feedback=rules.mark_of(judged))
        for each in _untold(customer.id, judged, told, now_ms):
            noted.append((customer.id, each.terms.id))
            if customer.values.get("owner_id"):  # nobody looks after a customer of the pool
                opened.append(Errand(subject=_said(customer, each), about=customer))
    errands.open_tasks(hq, records, scopes, opened, now_ms)
    store_all(hq, records, scopes)
    for some in chunks(noted):
        keys = [and_(_notices.c.customer_id == key[0], _notices.c.rule == key[1]) for key in some]
        hq.connection.execute(delete(_notices).where(or_(*keys)))
        rows = [{"customer_id": key[0], "rule": key[1], "told_at": now_ms} for key in some]
        hq.connection.execute(insert(_notices), rows)
    return Marked(marks, len(opened))


def _said(customer: Record, judged: Judged) -> Message:
    reasons = rules.all_reasons((judged,))
    name = str(customer.values.get("name") or "")
    return message(_SAID[judged.terms.kind], customer=name, reasons=reasons or "")


def _untold(
    customer_id: str, judged: Iterable[Judged], told: Mapping[tuple[str, str], int], now_ms: int
) -> list[Judged]:
    """Return those its owner was not told of within the days of their rule."""
    found = []
    for each in judged:
        told_at = told.get((customer_id, each.terms.id))
        is_over = told_at is None or now_ms - told_at >= each.terms.task_days * DAY_MS
        if each.terms.task and is_over:
            found.append(each)
    return found


def _judged(connection: Connection, ids: Sequence[str] | None, now_ms: int) -> dict[str, tuple[Judged, ...]]:
    """Return which rules hold for which customers; of all, or of those named."""
    terms = rules.terms_of([dict(row) for row in connection.execute(_living(_rule)).mappings()])
    heard = _heard(connection, terms, ids, now_ms)
    return {customer_id: rules.judge(each, terms, now_ms) for customer_id, each in heard.items()}


def _heard(
    connection: Connection, terms: Iterable[FeedbackTerms], ids: Sequence[str] | None, now_ms: int
) -> dict[str, Heard]:
    since = now_ms - max((each.days for each in terms), default=0) * DAY_MS
    tickets = select(
        *(_ticket.c[name] for name in rules.READ_OF_TICKETS),
    ).where(
        _ticket.c.life % 2 == 1,
        _ticket.c.customer_id.is_not(None),
        or_(_ticket.c.created_at >= since, _ticket.c.status.not_in(ENDED), _ticket.c.status.is_(None)),
    )
    answers = select(_answer.c.customer_id, _answer.c.percent, _answer.c.answered_at).where(
        _answer.c.life % 2 == 1,
        _answer.c.counted.is_(True),
        _answer.c.customer_id.is_not(None),
        _answer.c.answered_at >= since,
    )
    customer = _CUSTOMER.table.c
    referred = select(customer.referred_by_id, customer.created_at).where(
        customer.life % 2 == 1, customer.referred_by_id.is_not(None), customer.created_at >= since
    )
    if ids is not None:
        tickets = tickets.where(_ticket.c.customer_id.in_(ids))
        answers = answers.where(_answer.c.customer_id.in_(ids))
        referred = referred.where(customer.referred_by_id.in_(ids))
    rows_of = [
        [dict(row) for row in connection.execute(each).mappings()] for each in (tickets, answers, referred)
    ]
    return rules.heard_by(rows_of[0], rows_of[1], rows_of[2], now_ms)


def _living(table: Any) -> Any:
    return select(table).where(table.c.life % 2 == 1)


def _marks(connection: Connection) -> dict[str, str]:
    customer = _CUSTOMER.table.c
    query = select(customer.id, customer.feedback).where(
        customer.life % 2 == 1, customer.feedback.is_not(None)
    )
    return {row.id: row.feedback for row in connection.execute(query)}


def _told(connection: Connection) -> dict[tuple[str, str], int]:
    return {(row.customer_id, row.rule): row.told_at for row in connection.execute(select(_notices))}
