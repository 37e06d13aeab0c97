"""The shared pool: when a customer returns to it, who may take one, or a lead. The same on laptop and at HQ.

Everything is counted by the time something happened, never by when it was heard of: a visit made without a
network keeps a customer just as one logged at once. Values in, answer out; nothing here reads a database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from crm_core.entities.lead import OPEN
from crm_core.errors import Problem
from crm_core.i18n import N_, Message, message
from crm_core.times import DAY_MS

WEEK_MS = 7 * DAY_MS
POOL, HELD, LOCKED = "pool", "held", "locked"
TAKE, RETURN, LOCK, UNLOCK = "take", "return", "lock", "unlock"
CUSTOMER, LEAD = "customer", "lead"
CLAIMED_FIRST = N_("{person} claimed this customer first")
ANOTHER_HOLDS = message(N_("Somebody else holds this customer by now"))
NOT_IN_POOL = message(N_("This customer is not in the public pool"))
MAY_NOT_CLAIM = message(N_("Your role may not claim customers from the pool"))
MAY_NOT_RETURN = message(N_("Only who holds a customer may return it to the pool, and who assigns customers"))
SAY_WHY = message(N_("Say why it is returned"))
LEAD_CLAIMED_FIRST = N_("{person} has this lead already")
ANOTHER_HAS_LEAD = message(N_("Somebody else has this lead by now"))
LEAD_NOT_FREE = message(N_("This lead is not free to be claimed"))
MAY_NOT_CLAIM_LEADS = message(N_("Your role may not claim leads"))
MAY_NOT_RETURN_LEAD = message(N_("Only who has a lead may give it back, and who assigns leads"))
_CUSTOMERS_ALONE = message(N_("Only a rule for customers says this; leave it empty in one for leads"))
MAY_NOT_LOCK = message(N_("Your role may not lock customers, or this one is not yours"))


class Why(StrEnum):
    """Which clock of a rule runs out."""

    CONTACT = "contact"
    DEAL = "deal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. A limit of None is none; `level` and `status` None: of every one."""

    id: str
    name: str
    kind: str = CUSTOMER
    """Kind of record it is for: `CUSTOMER` or `LEAD`."""
    level: str | None = None
    status: str | None = None
    spared: bool = False
    contact_days: int | None = None
    deal_days: int | None = None
    remind_days: int = 0
    most_held: int | None = None
    most_locked: int | None = None
    claims_a_day: int | None = None
    claims_a_week: int | None = None
    barred_days: int | None = None

    def fits(self, level: str | None, status: str | None) -> bool:
        """Tell whether the rule is for customers of a level and life cycle."""
        return self.level in (None, level) and self.status in (None, status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How it stands with a customer. Instants are milliseconds."""

    owner_id: str | None
    holding: str | None
    level: str | None
    status: str | None
    since_ms: int
    """Since when the owner has it."""
    contact_ms: int | None = None
    """When somebody last spoke with it."""
    deal_ms: int | None = None
    """When its newest deal came to the stage it is in."""
    has_open_deal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """When a customer returns, by which rule and why."""

    at_ms: int
    why: Why
    days: int
    """How many days the rule gives."""
    rule: Rule

    @property
    def warn_ms(self) -> int:
        """When the owner is to be told."""
        return self.at_ms - self.rule.remind_days * DAY_MS

    def days_left(self, now_ms: int) -> int:
        """Return the days left, begun ones whole; 0 where it may return any moment."""
        return max(0, -((now_ms - self.at_ms) // DAY_MS))

    def reason(self) -> Message:
        """Return the rule as a sentence."""
        if self.why is Why.CONTACT:
            return message(N_("{days} days without contact ({rule})"), days=self.days, rule=self.rule.name)
        return message(N_("{days} days without a deal ({rule})"), days=self.days, rule=self.rule.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a person holds and took already, of the customers or leads a rule is for."""

    held: int = 0
    locked: int = 0
    day: int = 0
    """Taken from the pool in the last 24 hours."""
    week: int = 0
    """Taken from the pool in the last 7 days."""


def rules_of(rows: Iterable[Mapping[str, Any]], kind: str = CUSTOMER) -> tuple[Rule, ...]:
    """Return the rules in use for a kind of record; the most particular come first, of alike the older."""
    found = [
        Rule(
            id=row["id"],
            name=row["name"] or "",
            kind=kind,
            level=row["level"] or None,
            status=row["status"] or None,
            spared=bool(row["spared"]),
            remind_days=max(0, row["remind_days"] or 0),
            **{name: _at_least(row[name], 1) for name in _DAYS},
            **{name: _at_least(row[name], 0) for name in _LIMITS},
        )
        for row in rows
        if row["active"] is not False and row["life"] % 2 == 1 and (row["kind"] or CUSTOMER) == kind
    ]
    return tuple(sorted(found, key=lambda rule: (rule.level is None, rule.status is None, rule.id)))


_DAYS = ("contact_days", "deal_days", "barred_days")
_LIMITS = ("most_held", "most_locked", "claims_a_day", "claims_a_week")
_OF_CUSTOMERS = ("level", "status", "spared", "contact_days", "deal_days", "most_locked")


def problems_of_rule(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a rule's record as it would be saved."""
    least = {**dict.fromkeys(("barred_days", "remind_days", *_LIMITS), 0), "contact_days": 1, "deal_days": 1}
    too_low = [
        Problem(field=name, message=message(N_("This is at least {least}, or empty"), least=lowest))
        for name, lowest in least.items()
        if isinstance(values.get(name), int) and values[name] < lowest
    ]
    of_customers = [
        Problem(field=name, message=_CUSTOMERS_ALONE)
        for name in _OF_CUSTOMERS
        if values.get("kind") == LEAD and values.get(name) not in (None, "", False)
    ]
    return too_low + of_customers


def _at_least(value: Any, least: int) -> int | None:
    return None if value is None or value < least else int(value)


def rule_for(rules: Iterable[Rule], level: str | None, status: str | None) -> Rule | None:
    """Return the rule for customers of a level and life cycle; `rules` as `rules_of` orders them."""
    return next((rule for rule in rules if rule.fits(level or None, status or None)), None)


def due(rules: Iterable[Rule], standing: Standing) -> Due | None:
    """Return when a customer returns to the pool; None for one that never does as it stands."""
    if standing.owner_id is None or standing.holding not in (None, HELD):
        return None
    rule = rule_for(rules, standing.level, standing.status)
    if rule is None or rule.spared:
        return None
    found = []
    if rule.contact_days is not None:
        begun = max(standing.since_ms, standing.contact_ms or 0)
        found.append((begun + rule.contact_days * DAY_MS, Why.CONTACT, rule.contact_days))
    if rule.deal_days is not None and not standing.has_open_deal:
        begun = max(standing.since_ms, standing.deal_ms or 0)
        found.append((begun + rule.deal_days * DAY_MS, Why.DEAL, rule.deal_days))
    if not found:
        return None
    at_ms, why, days = min(found)
    return Due(at_ms=at_ms, why=why, days=days, rule=rule)


class _Words(NamedTuple):
    """The sentences of a claim that is refused."""

    barred: str
    held: str
    day: str
    week: str


_CUSTOMER_WORDS = _Words(
    barred=N_("You held this customer before: you may claim it again in {days} days ({rule})"),
    held=N_("You hold {count} of the {most} customers one may hold ({rule})"),
    day=N_("You took {count} customers in 24 hours; {most} is most ({rule})"),
    week=N_("You took {count} customers in 7 days; {most} is most ({rule})"),
)
_LEAD_WORDS = _Words(
    barred=N_("You had this lead before: you may claim it again in {days} days ({rule})"),
    held=N_("You have {count} of the {most} open leads one may have ({rule})"),
    day=N_("You claimed {count} leads in 24 hours; {most} is most ({rule})"),
    week=N_("You claimed {count} leads in 7 days; {most} is most ({rule})"),
)


def claim_refusal(
    rule: Rule | None,
    taken: Taken,
    *,
    person_id: str,
    last_owner_id: str | None,
    returned_ms: int | None,
    now_ms: int,
) -> Message | None:
    """Return why a person may not take a customer or lead, with the figures; None where he may."""
    if rule is None:
        return None
    words = _LEAD_WORDS if rule.kind == LEAD else _CUSTOMER_WORDS
    if rule.barred_days and last_owner_id == person_id and returned_ms is not None:
        free_ms = returned_ms + rule.barred_days * DAY_MS
        if now_ms < free_ms:
            left = -((now_ms - free_ms) // DAY_MS)
            return message(words.barred, days=left, rule=rule.name)
    for most, has, said in (
        (rule.most_held, taken.held, words.held),
        (rule.claims_a_day, taken.day, words.day),
        (rule.claims_a_week, taken.week, words.week),
    ):
        if most is not None and has >= most:
            return message(said, count=has, most=most, rule=rule.name)
    return None


def lock_refusal(rule: Rule | None, taken: Taken) -> Message | None:
    """Return why a person may lock no more customers; None where he may."""
    if rule is not None and rule.most_locked is not None and taken.locked >= rule.most_locked:
        return message(
            N_("You have locked {count} of the {most} customers one may lock ({rule})"),
            count=taken.locked,
            most=rule.most_locked,
            rule=rule.name,
        )
    return None


def taken_of(
    rules: tuple[Rule, ...],
    rule: Rule | None,
    customers: Iterable[Mapping[str, Any]],
    person_id: str,
    now_ms: int,
) -> Taken:
    """Return what a person holds and took of the customers a rule is for.

    `customers` are those he holds, and those he held last that were taken from the pool in the last 7 days.
    """
    held = locked = day = week = 0
    for row in customers:
        if rule_for(rules, row["level"], row["status"]) != rule:
            continue
        is_own = row["owner_id"] == person_id
        held += is_own
        locked += is_own and row["holding"] == LOCKED
        age_ms = now_ms - (row["claimed_at"] or 0)
        if is_own or (row["owner_id"] is None and row["last_owner_id"] == person_id):
            day += age_ms < DAY_MS
            week += age_ms < WEEK_MS
    return Taken(held=held, locked=locked, day=day, week=week)


def leads_taken(leads: Iterable[Mapping[str, Any]], person_id: str, now_ms: int) -> Taken:
    """Return what a person has and claimed of leads.

    `leads` are his, and those he claimed in the last 7 days. One that was given to him counts among those he
    has, and not among those he claimed.
    """
    held = day = week = 0
    for row in leads:
        held += row["owner_id"] == person_id and (row["status"] or "new") in OPEN
        if row["claimed_by"] == person_id:
            age_ms = now_ms - (row["claimed_at"] or 0)
            day += age_ms < DAY_MS
            week += age_ms < WEEK_MS
    return Taken(held=held, day=day, week=week)


def comes_back(rules: Iterable[Rule], standing: Standing, returned_ms: int) -> bool:
    """Tell whether what is heard late would have kept a customer that was returned by rule.

    `standing` is that before the return, with everything known by now.
    """
    would = due(rules, standing)
    return would is None or would.at_ms > returned_ms
