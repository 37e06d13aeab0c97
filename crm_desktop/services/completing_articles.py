"""What the program fills in of articles, and what must then hold."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy.orm import Session

from crm_core.errors import UserError
from crm_core.rules import articles
from crm_core.rules.access import Person
from crm_core.schema.field import Plain
from crm_desktop.models import numbers, repository
from crm_desktop.models.clock import Clock
from crm_desktop.models.records import Record

Values = dict[str, Plain]


def new(session: Session, _person: Person, clock: Clock, values: Values) -> None:
    """Number it. `UserError` for a revision of what is not published here."""
    if values.get("replaces_id"):
        original = _original(session, values)
        if original is None or original.get("status") != articles.PUBLISHED:
            raise UserError(articles.GONE)
    values["number"] = numbers.take(session, articles.ARTICLE, clock.today())


def changed(session: Session, person: Person, _clock: Clock, before: Record, changes: Values) -> None:
    """See that a step is this person's to take, and fits the article a revision is of."""
    machine = before.schema.meta.machine
    assert machine is not None
    if machine.field not in changes:
        return
    step = machine.between(before.get(machine.field), changes[machine.field])
    if step is None or machine.state_of(before.get(machine.field)) == changes[machine.field]:
        return
    articles.demand_taker(person, before.entity, before.values, step)
    original = _original(session, before.values)
    articles.demand_possible(before.values, original.values if original else None, step)


def _original(session: Session, values: Mapping[str, Plain]) -> Record | None:
    original_id = values.get("replaces_id")
    found = repository.get(session, articles.ARTICLE, str(original_id)) if original_id else None
    return found if found is not None and found.alive else None
