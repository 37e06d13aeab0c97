"""What customers answer on the page of a survey: taken once, followed up where the score is bad."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message
from crm_core.rules import surveys as rules
from crm_core.rules.sla import ENDED
from crm_core.rules.surveys import Asking, Standing
from crm_core.sync.clock import ms_of
from resources import CHINESE, ENGLISH
from sync_server.services import errands, promises
from sync_server.services.errands import Errand
from sync_server.services.headquarters import Headquarters
from sync_server.services.hq_pen import Pen
from sync_server.services.neglect import managers_of
from sync_server.services.records import Record, Records
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.storing import store_all
from sync_server.services.surveys import ANSWER, OPEN, TICKET, count_newest, with_tickets

_SURVEY: Final = SCHEMAS["survey"]
_CONTACT: Final = SCHEMAS["contact"]
_CUSTOMER: Final = SCHEMAS["customer"]
_QUOTED: Final = 120
"""Characters of a customer's words that stand in a task."""
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a link leads to, as HQ has it now."""

    id: str
    answer: Values
    ticket: Values
    """Empty where it is gone."""
    asking: Asking
    companies: Mapping[str, str]
    """What the company that asks is called, by language."""
    standing: Standing

    @property
    def scale(self) -> str:
        """The scale the mail asked on, whatever its survey asks on by now."""
        return str(self.answer["scale"])

    @property
    def subject(self) -> str:
        """What the ticket is about, with its number."""
        number, subject = self.ticket.get("number"), str(self.ticket.get("subject") or "")
        return f"{subject} [{number}]" if number else subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody sent; checked already."""

    score: int
    words: str
    answers: Sequence[Sequence[str]] = ()
    language: str = "en"


def key_of(hq: Headquarters) -> bytes:
    """Return the key the tokens of this HQ are made with."""
    return bytes.fromhex(hq.settings.secret)


def find(hq: Headquarters, token: str, now_ms: int) -> Found | None:
    """Return what a token leads to; None where it leads nowhere.

    One that HQ did not make is looked up like any other, so how long that takes tells nothing.
    """
    answer_id = rules.id_of(token, key_of(hq))
    columns = ANSWER.table.c
    with hq.database.read() as snapshot:
        run = snapshot.connection.execute
        query = select(ANSWER.table).where(columns.id == (answer_id or ""), columns.life % 2 == 1)
        answer = run(query).mappings().first()
        tickets, surveys = TICKET.table, _SURVEY.table
        ticket = (
            run(
                select(tickets).where(
                    tickets.c.id == (answer["ticket_id"] if answer else ""), tickets.c.life % 2 == 1
                )
            )
            .mappings()
            .first()
        )
        survey = (
            run(select(surveys).where(surveys.c.id == (answer["survey_id"] if answer else "")))
            .mappings()
            .first()
        )
    if answer is None or survey is None:
        return None
    return Found(
        id=answer["id"],
        answer=dict(answer),
        ticket=dict(ticket) if ticket is not None else {},
        asking=rules.asking_of(dict(survey)),
        companies={each: hq.settings.company_name(each) for each in (ENGLISH, CHINESE)},
        standing=rules.standing(dict(answer), dict(ticket) if ticket is not None else None, now_ms),
    )


def take(hq: Headquarters, found: Found, given: Given, now_ms: int) -> bool:
    """Write an answer down with what follows from it; False where the link was used or closed meanwhile.

    One transaction: the answer, the ticket's satisfaction, its being opened again, and the task about it.
    """
    with hq.database.write() as writing:
        records = Records(writing.connection)
        scopes = ScopeKeeper(records, writing.positions)
        pen = Pen(writing, records, now_ms)
        now_there = with_tickets(records, [found.id])
        if not now_there:
            return False
        ((answer, ticket),) = now_there
        if rules.standing(answer.values, ticket, now_ms) is not Standing.OPEN:
            return False
        pen.write(
            answer,
            status="answered",
            answered_at=ms_of(pen.mark().hlc),
            asked_at=answer.values["asked_at"] or now_ms,
            score=given.score,
            percent=rules.percent_of(found.scale, given.score),
            words=given.words.strip() or None,
            answers=[list(each) for each in given.answers] or None,
            language=given.language,
        )
        count_newest(pen, answer.values["ticket_id"])
        if found.asking.is_bad(found.scale, given.score):
            _follow_up(pen, scopes, answer, found.asking, now_ms)
        store_all(writing, records, scopes)
    return True


def refuse(hq: Headquarters, found: Found, now_ms: int) -> None:
    """Ask somebody no more: his contact keeps that, and for a stranger the asking does."""
    with hq.database.write() as writing:
        records = Records(writing.connection)
        pen = Pen(writing, records, now_ms)
        for answer, _ticket in with_tickets(records, [found.id]):
            pen.write(answer, refused=True)
            if answer.values["status"] in OPEN:
                pen.write(answer, status="stopped")
            contact_id = answer.values.get("contact_id")
            contact = records.get(_CONTACT.no, contact_id) if contact_id else None
            if contact is not None and contact.lives:
                pen.write(contact, no_surveys=True)
        store_all(writing, records, ScopeKeeper(records, writing.positions))


def _follow_up(pen: Pen, scopes: ScopeKeeper, answer: Record, asking: Asking, now_ms: int) -> None:
    """Have somebody look after a customer who is not content, and open his ticket again where that is set."""
    records = pen.records
    ticket = records.get(TICKET.no, answer.values["ticket_id"])
    assert ticket is not None, answer.id
    if asking.reopens and ticket.values.get("status") in ENDED:
        machine = TICKET.meta.machine
        assert machine is not None
        step = machine.named("reopen")
        assert step is not None
        pen.write(ticket, **machine.effects(step, ms_of(pen.mark().hlc), held=ticket.values))
        promises.write(pen, [ticket])
    if asking.bad_to == "nobody":
        return
    owner_id = _who(pen, answer, ticket, asking.bad_to)
    errand = Errand(subject=_said(records, answer, ticket), about=ticket, owner_id=owner_id)
    errands.open_tasks(pen.hq, records, scopes, [errand], now_ms)


def _who(pen: Pen, answer: Record, ticket: Record, bad_to: str) -> str | None:
    """Return who looks after it: who had the ticket, or the head of his team; of nobody the team's head."""
    assignee = answer.values.get("assignee_id") or ticket.values.get("assignee_id")
    managers = managers_of(pen.hq.connection)
    if bad_to == "manager" and assignee in managers:
        return managers[assignee]
    if assignee:
        return str(assignee)
    team_id = ticket.values.get("team_id")
    team = pen.records.get(SCHEMAS["team"].no, team_id) if team_id else None
    head = team.values.get("manager_id") if team is not None and team.lives else None
    return str(head) if head else errands.founder(pen.records)


def _said(records: Records, answer: Record, ticket: Record) -> Message:
    customer_id = answer.values.get("customer_id")
    customer = records.get(_CUSTOMER.no, customer_id) if customer_id else None
    name = str(customer.values.get("name") or "") if customer is not None else ""
    words = " ".join(str(answer.values.get("words") or "").split())
    return message(
        N_("{customer} is not content with ticket {number}: {score} of {most}. {words}"),
        customer=name or str(answer.values.get("address") or ""),
        number=str(ticket.values.get("number") or ticket.values.get("subject") or ""),
        score=answer.values["score"],
        most=rules.SCALES[str(answer.values["scale"])].most,
        words=words if len(words) <= _QUOTED else f"{words[: _QUOTED - 1]}…",
    )
