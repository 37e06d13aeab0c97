"""What goes with a comment when it is written: who is mentioned, and whether he may see the record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS
from crm_core.entities.people import Role, Team, Territory, User
from crm_core.errors import AccessDenied, BrokenPromise, Invalid, Problem
from crm_core.i18n import N_, message
from crm_core.rules import mentions
from crm_core.rules.access import Action, Person, decide
from crm_core.rules.people import person_for
from crm_core.rules.scopes import LENT, direct_scopes
from crm_core.schema.field import Plain
from crm_desktop.models import repository
from crm_desktop.models.records import Record
from crm_desktop.services import rights


def complete(session: Session, person: Person, values: dict[str, Plain], before: Record | None) -> None:
    """Note whom the text mentions. Raises `Invalid` naming who may not see the record, before it is sent."""
    if "body" not in values:
        return
    row = {**(before.values if before is not None else {}), **values}
    people = {
        user.id: user.name or ""
        for user in session.execute(
            select(User.id, User.name).where(User.life % 2 == 1, User.active.isnot(False))
        )
    }
    named = mentions.mentioned(str(values["body"] or ""), people)
    blind = [people[user_id] for user_id in named if not _may_see(session, person, user_id, row)]
    if blind:
        said = message(
            N_("{people} may not see this record: share it first, or leave out the @"),
            people=", ".join(sorted(blind)),
        )
        raise Invalid([Problem(field="body", message=said)])
    values["mentions"] = list[Plain](named) or None


def demand_own(person: Person, record: Record) -> None:
    """Raise `AccessDenied` for a change of what somebody else said of a record: a comment, a vote."""
    own = mentions.is_own(record.values, person.user_id)
    if record.schema.meta.written_by_readers and not own and not person.rights.administers:
        raise AccessDenied(mentions.not_yours(record.entity))


def _may_see(session: Session, person: Person, user_id: str, comment: Mapping[str, Any]) -> bool:
    entity, record_id = str(comment.get("record_entity") or ""), str(comment.get("record_id") or "")
    if user_id == person.user_id or entity not in SCHEMAS:
        return True
    record = repository.get(session, entity, record_id)
    try:
        other = _person(session, user_id)
    except BrokenPromise:
        return True  # roles this laptop does not hold: HQ tells whom it may
    scopes = set(rights.record_scopes(session, entity, record.values)) if record is not None else set()
    scopes |= _lent(session, entity, record_id)
    return bool(decide(other, Action.READ, entity, scopes))


def _person(session: Session, user_id: str) -> Person:
    rows = [
        [dict(row) for row in session.execute(select(model.__table__).where(model.life % 2 == 1)).mappings()]
        for model in (User, Team, Territory, Role)
    ]
    return person_for(user_id, *rows)


def _lent(session: Session, entity: str, record_id: str) -> set[str]:
    """Return the scopes a record is lent to, by the lenders that are here."""
    found: set[str] = set()
    for lender in SCHEMAS.values():
        for link in lender.lending_fields:
            if link.target == entity:
                table = lender.table
                query = select(table).where(table.c[link.name] == record_id, table.c.life % 2 == 1)
                for row in session.execute(query).mappings():
                    found.update(LENT + scope for scope in direct_scopes(lender, dict(row)))
    return found
