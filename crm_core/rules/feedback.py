"""Which customers complain often and which recommend us, with the reasons. Values in, marks out. No I/O.

Laptops and HQ ask the same function; each over what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.sla import ENDED
from crm_core.rules.surveys import DELIGHTED, UNHAPPY
from crm_core.times import DAY_MS

COMPLAINS, PROMOTES, BOTH = "complains", "promotes", "both"
MOST_DAYS: Final = 3650
MOST_COUNT: Final = 1000
READ_OF_TICKETS: Final = ("customer_id", "kind", "status", "created_at", "solve_due_at", "solve_failed_at")
"""Fields of a ticket the rules ask."""
_TICKET_KIND: Final = {COMPLAINS: "complaint", PROMOTES: "praise"}
_CRITERIA: Final = ("tickets", "late", "scores", "referrals")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTerms:
    """When a customer is marked: at least one of what is set holds; None: it is not asked."""

    id: str
    kind: str
    name: str = ""
    days: int
    tickets: int | None = None
    share_percent: int | None = None
    """Complaints, or praises, count only where they are this share of all tickets in those days."""
    late: int | None = None
    scores: int | None = None
    bound: int
    referrals: int | None = None
    task: bool = True
    task_days: int = 90


@dataclass(frozen=True, slots=True)
class TicketHeard:
    """A ticket of a customer: its kind, when it was made, and whether it is open and late."""

    kind: str
    at_ms: int
    is_late: bool = False


@dataclass(frozen=True, slots=True)
class ScoreHeard:
    """An answer to a survey: how satisfied, 0 to 100, and when."""

    percent: int
    at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard from a customer: living tickets, answers that count, when customers came by him."""

    tickets: Sequence[TicketHeard] = ()
    scores: Sequence[ScoreHeard] = ()
    referrals: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Why a rule holds for a customer."""

    terms: FeedbackTerms
    reasons: tuple[Message, ...] = field(default=())


USUAL: Final = (
    FeedbackTerms(id="usual complains", kind=COMPLAINS, days=180, tickets=3, late=2, scores=2, bound=UNHAPPY),
    FeedbackTerms(
        id="usual promotes", kind=PROMOTES, days=365, tickets=2, scores=2, bound=DELIGHTED, referrals=1
    ),
)
"""What counts where nobody set anything up."""


def terms_of(rows: Iterable[Mapping[str, Any]]) -> tuple[FeedbackTerms, ...]:
    """Return the rules in use, of the rows that live; of a kind without any the usual one.

    One a newer program wrote and this cannot read is left out.
    """
    known = sorted(rows, key=lambda row: str(row["id"]))
    own = tuple(
        FeedbackTerms(
            id=str(row["id"]),
            kind=str(row["kind"] or COMPLAINS),
            name=str(row["name"] or ""),
            days=int(row["days"]),
            tickets=row["tickets"],
            share_percent=row["share_percent"],
            late=row["late"],
            scores=row["scores"],
            bound=_bound(row),
            referrals=row["referrals"],
            task=row["task"] is not False,
            task_days=int(row["task_days"] if row["task_days"] is not None else 90),
        )
        for row in known
        if row["active"] is not False and not problems_of_terms(row)
    )
    set_up = {str(row["kind"] or COMPLAINS) for row in known}
    return (*own, *(each for each in USUAL if each.kind not in set_up))


def judge(heard: Heard, terms: Iterable[FeedbackTerms], now_ms: int) -> tuple[Judged, ...]:
    """Return which rules hold for a customer, and why, in the order of the rules."""
    found = (Judged(terms=each, reasons=tuple(_reasons(heard, each, now_ms))) for each in terms)
    return tuple(each for each in found if each.reasons)


def mark_of(judged: Iterable[Judged]) -> str | None:
    """Return how a customer is marked."""
    kinds = {each.terms.kind for each in judged}
    if {COMPLAINS, PROMOTES} <= kinds:
        return BOTH
    return next(iter(kinds), None)


def heard_by(
    tickets: Iterable[Mapping[str, Any]],
    answers: Iterable[Mapping[str, Any]],
    referred: Iterable[Mapping[str, Any]],
    now_ms: int,
) -> dict[str, Heard]:
    """Return what was heard from each customer, by id, of the living records there are.

    `answers` are those that count; `referred` are customers that name one they came by.
    """
    tickets_of: dict[str, list[TicketHeard]] = {}
    scores_of: dict[str, list[ScoreHeard]] = {}
    referrals_of: dict[str, list[int]] = {}
    for row in tickets:
        tickets_of.setdefault(str(row["customer_id"]), []).append(heard_ticket(row, now_ms))
    for row in answers:
        score = ScoreHeard(int(row["percent"]), int(row["answered_at"]))
        scores_of.setdefault(str(row["customer_id"]), []).append(score)
    for row in referred:
        referrals_of.setdefault(str(row["referred_by_id"]), []).append(int(row["created_at"] or 0))
    return {
        customer_id: Heard(
            tickets=tuple(tickets_of.get(customer_id, ())),
            scores=tuple(scores_of.get(customer_id, ())),
            referrals=tuple(referrals_of.get(customer_id, ())),
        )
        for customer_id in {*tickets_of, *scores_of, *referrals_of}
    }


def heard_ticket(row: Mapping[str, Any], now_ms: int) -> TicketHeard:
    """Return what a ticket's record says; it is late where it was not solved in time."""
    is_open = (row["status"] or "new") not in ENDED
    due = row["solve_due_at"]
    is_late = row["solve_failed_at"] is not None or (due is not None and due < now_ms)
    return TicketHeard(str(row["kind"] or ""), int(row["created_at"] or 0), is_open and is_late)


def all_reasons(judged: Iterable[Judged]) -> Message | None:
    """Return all reasons as one text; None without any."""
    joined: Message | None = None
    for reason in (reason for each in judged for reason in each.reasons):
        joined = reason if joined is None else message(N_("{first}, {second}"), first=joined, second=reason)
    return joined


def _reasons(heard: Heard, terms: FeedbackTerms, now_ms: int) -> Iterable[Message]:
    since, days = now_ms - terms.days * DAY_MS, terms.days
    made = [each for each in heard.tickets if since <= each.at_ms <= now_ms]
    such = sum(each.kind == _TICKET_KIND[terms.kind] for each in made)
    is_share = terms.share_percent is None or 100 * such >= terms.share_percent * len(made)
    if terms.tickets is not None and such >= terms.tickets and is_share:
        yield _said_of_tickets(terms.kind, such, len(made), days)
    late = sum(each.is_late for each in heard.tickets)
    if terms.kind == COMPLAINS and terms.late is not None and late >= terms.late:
        one, many = (
            message(N_("1 open ticket is late")),
            message(N_("{count} open tickets are late"), count=late),
        )
        yield plural(late, one, many)
    given = [each.percent for each in heard.scores if since <= each.at_ms <= now_ms]
    scores = sum(each <= terms.bound if terms.kind == COMPLAINS else each >= terms.bound for each in given)
    if terms.scores is not None and scores >= terms.scores:
        yield _said_of_scores(terms.kind, scores, len(given), days)
    brought = sum(since <= at_ms <= now_ms for at_ms in heard.referrals)
    if terms.kind == PROMOTES and terms.referrals is not None and brought >= terms.referrals:
        yield plural(
            brought,
            message(N_("Referred a customer in {days} days"), days=days),
            message(N_("Referred {count} customers in {days} days"), count=brought, days=days),
        )


def _said_of_tickets(kind: str, such: int, of: int, days: int) -> Message:
    if kind == COMPLAINS:
        one = message(N_("1 complaint in {days} days, of {of} tickets"), days=days, of=of)
        many = message(N_("{count} complaints in {days} days, of {of} tickets"), count=such, days=days, of=of)
    else:
        one = message(N_("Praised once in {days} days"), days=days)
        many = message(N_("Praised {count} times in {days} days"), count=such, days=days)
    return plural(such, one, many)


def _said_of_scores(kind: str, such: int, of: int, days: int) -> Message:
    text = (
        N_("{count} bad scores of {of} in {days} days")
        if kind == COMPLAINS
        else N_("{count} very good scores of {of} in {days} days")
    )
    return message(text, count=such, of=of, days=days)


# What may be set up


def problems_of_terms(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a rule's record as it would be saved."""
    problems = []
    bounds = (
        ("days", 1, MOST_DAYS),
        ("share_percent", 0, 100),
        ("bound", 0, 100),
        ("task_days", 1, MOST_DAYS),
        *((name, 1, MOST_COUNT) for name in _CRITERIA),
    )
    for name, least, most in bounds:
        value = values.get(name)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and not (is_number and least <= value <= most):
            said = message(N_("From {least} to {most}"), least=least, most=most)
            problems.append(Problem(field=name, message=said))
    if values.get("days") is None:
        problems.append(Problem(field="days", message=message(N_("This is required"))))
    if (values.get("kind") or COMPLAINS) not in _TICKET_KIND:
        problems.append(Problem(field="kind", message=message(N_("There is no such kind of rule"))))
    unasked = "referrals" if (values.get("kind") or COMPLAINS) == COMPLAINS else "late"
    if not any(values.get(name) is not None for name in _CRITERIA if name != unasked):
        said = message(N_("Say at least one thing a customer is marked for"))
        problems.append(Problem(field="tickets", message=said))
    return problems


def _bound(row: Mapping[str, Any]) -> int:
    if row["bound"] is not None:
        return int(row["bound"])
    return DELIGHTED if row["kind"] == PROMOTES else UNHAPPY
