"""Leads: what matters before a call, triage of many at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.activity import Activity
from crm_core.entities.lead import OPEN
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules import conversion
from crm_core.rules.access import Action, PoolRight
from crm_core.rules.scoring import Score
from crm_core.schema.field import Plain
from crm_desktop.models import query, repository
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import converting, next_steps, pool, records, rights, scoring
from crm_desktop.services.calendar import end_of_today_ms
from crm_desktop.services.next_steps import NextStep
from crm_desktop.services.outcome import Outcome
from resources import CHINESE, ENGLISH

_NAMED = ("owner_id", "team_id", "territory_id", "product_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadStanding:
    """What the person may do with a lead as it stands."""

    may_edit: bool
    may_claim: bool
    """It is nobody's, and the role may take it."""
    may_give_back: bool
    may_convert: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadOverview:
    """What a person sees of a lead at a glance."""

    lead: Record
    titles: Mapping[str, str]
    """What its links are called, by field."""
    next_step: NextStep | None
    became: Mapping[str, tuple[str, str, str]]
    """What it was converted to: (kind, id, title) by field."""
    scores: Mapping[str, Score]
    """What it scores, with the reasons, by language."""
    stands: LeadStanding
    may_take_back: bool
    """Whether its conversion is young enough to be undone."""


def standing(replica: Replica, lead_id: str) -> LeadStanding:
    """Return what may be done with a lead. `NotFound`, `AccessDenied`."""
    lead = records.get(replica, "lead", lead_id)
    with replica.read() as session:
        return _standing_in(session, replica, lead)


def overview(replica: Replica, lead_id: str) -> LeadOverview:
    """Return a lead at a glance. `NotFound`, `AccessDenied`."""
    lead = records.get(replica, "lead", lead_id)
    links = {name: str(lead.get(name)) for name in _NAMED if lead.get(name)}
    targets = {name: str(SCHEMAS["lead"].fields[name].target) for name in links}
    called = records.titles(replica, [(targets[name], record_id) for name, record_id in links.items()])
    now = replica.clock.now_ms()
    with replica.read() as session:
        stands = _standing_in(session, replica, lead)
        steps = next_steps.next_steps(session, Activity.lead_id, [lead.id], now, end_of_today_ms(now))
    became = converting.result_titles(replica, lead)
    return LeadOverview(
        lead=lead,
        titles={
            name: called[targets[name], record_id]
            for name, record_id in links.items()
            if (targets[name], record_id) in called
        },
        next_step=steps.get(lead.id),
        became=became,
        scores={
            language: scoring.score_of(replica, lead, chinese=language == CHINESE)
            for language in (ENGLISH, CHINESE)
        },
        stands=stands,
        may_take_back=stands.may_edit
        and lead.get("status") == "converted"
        and conversion.may_take_back(lead.get("converted_at"), now),
    )


def set_state(
    replica: Replica, ids: Collection[str], state: str, reason: str | None = None
) -> Outcome[tuple[Record, ...]]:
    """Take leads to a state by as many steps as that takes; to `junk` with the reason they lead nowhere.

    Returns them as they were. All or none: `UserError` where no way leads there from one of them.
    """
    with replica.write() as session:
        before = tuple(_lead(session, lead_id) for lead_id in ids)
        for lead in before:
            _walk(session, replica, lead, state, reason)
    return Outcome(before, frozenset(session.changed))


def put_back(replica: Replica, before: Collection[Record]) -> Outcome[tuple[Record, ...]]:
    """Take leads back to the states they had, each by as many steps as that takes."""
    with replica.write() as session:
        for lead in before:
            present = _lead(session, lead.id)
            _walk(session, replica, present, str(lead.get("status") or "new"), lead.get("junk_reason"))
    return Outcome(tuple(before), frozenset(session.changed))


def assign(replica: Replica, owners: Mapping[str, str | None]) -> Outcome[dict[str, str | None]]:
    """Give leads to people, by lead id; return whose they were. All or none."""
    held: dict[str, str | None] = {}
    with replica.write() as session:
        for lead_id, owner_id in owners.items():
            held[lead_id] = _lead(session, lead_id).get("owner_id")
            records.update_in(session, replica, "lead", lead_id, {"owner_id": owner_id})
    return Outcome(held, frozenset(session.changed))


def people(replica: Replica, limit: int = 50) -> tuple[tuple[str, str], ...]:
    """Return who may be given a lead: (id, name), the person here first."""
    with replica.read() as session:
        wanted = query.ListQuery(entity="user", sort=(("name", False),), limit=limit, fields=("name",))
        rows = query.page(session, replica.person, wanted).rows
    own = replica.person.user_id
    return tuple(sorted(((row.id, row.title) for row in rows), key=lambda found: found[0] != own))


def _standing_in(session: Session, replica: Replica, lead: Record) -> LeadStanding:
    may_edit = bool(rights.may(session, replica.person, Action.EDIT, "lead", lead.values))
    return LeadStanding(
        may_edit=may_edit,
        may_claim=PoolRight.LEADS in replica.person.rights.pool and pool.lead_is_free(lead),
        may_give_back=pool.lead_is_own(replica, lead),
        may_convert=may_edit and lead.get("status") in (None, *OPEN),
    )


def _walk(session: WriteSession, replica: Replica, lead: Record, state: str, reason: Plain) -> None:
    machine = lead.schema.meta.machine
    assert machine is not None
    steps = machine.path(lead.get("status"), state)
    if steps is None:
        raise UserError(machine.refusal)
    for step in steps:
        changes: dict[str, Plain] = {"status": step.ends}
        if "junk_reason" in step.takes:
            changes["junk_reason"] = reason
        records.update_in(session, replica, "lead", lead.id, changes)


def _lead(session: WriteSession, lead_id: str) -> Record:
    lead = repository.get(session, "lead", lead_id)
    if lead is None:
        raise UserError(N_("There is no such record on this laptop"))
    return lead
