"""Any record: read, make, change, delete, bring back, look into its past.

Each writing function is one transaction: rights, completion, check, write, what follows from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import AccessDenied, Invalid, NotFound, Problem, UserError
from crm_core.i18n import N_, message
from crm_core.rules import messages, sharing
from crm_core.rules.access import Action, Person, life_right, readable_fields
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.reading import CUSTOM_PREFIX, Schema
from crm_core.schema.validate import custom_problems, problems_of
from crm_desktop.models import counting, query, repository
from crm_desktop.models.custom import all_custom_fields
from crm_desktop.models.derived import derived_fields
from crm_desktop.models.history import newest_lines
from crm_desktop.models.query import ListQuery, Page
from crm_desktop.models.records import Record, field_named
from crm_desktop.models.replica import Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import (
    commenting,
    completing_payments,
    completing_sheets,
    delivering,
    pooling,
    quote_sending,
    rights,
    stepping,
)
from crm_desktop.services.calendar import local
from crm_desktop.services.completing import complete_change, complete_new
from crm_desktop.services.declaring import declaration_problems
from crm_desktop.services.outcome import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One change of one field. `field` None is the record itself: made, deleted or restored."""

    at_ms: int
    user_id: str | None
    user_name: str
    field: str | None
    label: str
    """English label of the field; '' for the record itself."""
    old: Plain
    new: Plain
    origin: str
    """`here`, `hq`, or `restored`."""
    sent: bool | None
    typed_by_name: str = ""
    """Whose edit it was that `user_name` accepted."""


def get(replica: Replica, entity: str, record_id: str) -> Record:
    """Return a record. `NotFound` where there is none on this laptop."""
    schema_of(entity)
    rights.may_do(replica, Action.READ, entity).demand()
    with replica.read() as session:
        record = repository.get(session, entity, record_id)
    if record is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return record


def page(replica: Replica, wanted: ListQuery) -> Page:
    """Return one page of a list."""
    with replica.read() as session:
        return query.page(session, replica.person, wanted)


def count(replica: Replica, wanted: ListQuery) -> int:
    """Return how many records a list holds in all."""
    with replica.read() as session:
        return query.count(session, replica.person, wanted)


def titles(replica: Replica, links: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return what records are called, by (entity, id); ids unknown here are left out."""
    by_entity: dict[str, set[str]] = {}
    for entity, record_id in links:
        by_entity.setdefault(entity, set()).add(record_id)
    with replica.read() as session:
        return {
            (entity, record_id): title
            for entity, ids in by_entity.items()
            for record_id, title in query.labels(session, entity, ids).items()
        }


def create(
    replica: Replica, entity: str, values: Mapping[str, Plain], record_id: str | None = None
) -> Outcome[Record]:
    """Make a record and return it as it was saved. Raises `Invalid` or `AccessDenied`."""
    with replica.write() as session:
        record = create_in(session, replica, entity, values, record_id)
    return Outcome(record, frozenset(session.changed))


def update(
    replica: Replica,
    entity: str,
    record_id: str,
    changes: Mapping[str, Plain],
    expected: Mapping[str, Plain] | None = None,
    *,
    restores: bool = False,
) -> Outcome[Record]:
    """Change fields of a record. `expected` are the values the person saw: see `repository.update`.

    `restores`: the record gets back what it held before, a choice that was retired meanwhile too.
    """
    with replica.write() as session:
        record = update_in(session, replica, entity, record_id, changes, expected, restores=restores)
    return Outcome(record, frozenset(session.changed))


def delete(replica: Replica, entity: str, record_id: str) -> Outcome[Record]:
    """Delete a record; it stays among the recently deleted."""
    with replica.write() as session:
        deleted = delete_in(session, replica, entity, record_id)
    return Outcome(deleted, frozenset(session.changed))


def delete_in(session: WriteSession, replica: Replica, entity: str, record_id: str) -> Record:
    """Delete a record within a writer's session."""
    record = _readable(session, entity, record_id)
    commenting.demand_own(replica.person, record)
    rights.may(session, replica.person, life_right(entity), entity, record.values).demand()
    stepping.demand_deletable(record)
    completing_sheets.demand_deletable(session, record)
    if entity == messages.MESSAGE:
        stays = messages.why_it_stays(record.values, replica.person.user_id)
        if stays is not None:
            raise UserError(stays)
    deleted = repository.delete(session, entity, record_id)
    counting.follow(session, deleted)
    return deleted


def restore(replica: Replica, entity: str, record_id: str) -> Outcome[Record]:
    """Bring a deleted record back."""
    with replica.write() as session:
        record = _readable(session, entity, record_id)
        commenting.demand_own(replica.person, record)
        rights.may(session, replica.person, life_right(entity), entity, record.values).demand()
        restored = repository.restore(session, entity, record_id)
        counting.follow(session, restored)
    return Outcome(restored, frozenset(session.changed))


def change_tags(
    replica: Replica,
    entity: str,
    record_id: str,
    field: str = "tags",
    add: Iterable[str] = (),
    remove: Iterable[str] = (),
) -> Outcome[Record]:
    """Put words into a set of a record and take words out."""
    with replica.write() as session:
        present = _readable(session, entity, record_id)
        words = (set(present.get(field, [])) | {w.strip() for w in add if w.strip()}) - set(remove)
        record = update_in(session, replica, entity, record_id, {field: sorted(words)})
    return Outcome(record, frozenset(session.changed))


def history(replica: Replica, entity: str, record_id: str, limit: int = 500) -> tuple[HistoryEntry, ...]:
    """Return who changed what, newest first, as far as this laptop knows."""
    get(replica, entity, record_id)
    schema = SCHEMAS[entity]
    readable = {field.name for field in readable_fields(replica.person, entity)}
    with replica.read() as session:
        custom = all_custom_fields(session, entity)
        right = replica.person.rights.class_right
        readable |= {each.name for each in custom.values() if right(entity, each.field_class)}
        lines = newest_lines(session, entity, record_id, limit=limit)
        people = {user_id for line in lines for user_id in (line.user_id, line.typed_by) if user_id}
        names = query.labels(session, "user", people)
        entries = []
        for line in lines:
            field = field_named(schema, line.field) or custom.get(line.field)
            if field is not None and field.name not in readable:
                continue
            entries.append(
                HistoryEntry(
                    at_ms=line.at_ms,
                    user_id=line.user_id,
                    user_name=names.get(line.user_id or "", ""),
                    field=field.name if field else line.field or None,
                    label=field.label if field else line.field.removeprefix(CUSTOM_PREFIX),
                    old=line.old,
                    new=line.new,
                    origin=line.origin,
                    sent=line.sent,
                    typed_by_name=names.get(line.typed_by or "", ""),
                )
            )
    return tuple(entries)


def create_in(
    session: WriteSession,
    replica: Replica,
    entity: str,
    values: Mapping[str, Plain],
    record_id: str | None = None,
) -> Record:
    """Make a record inside an open transaction; what `create` does, for use cases of several steps."""
    schema = schema_of(entity)
    _demand_writable(entity, values)
    person = replica.person
    complete = complete_new(session, person, replica.clock, entity, _cleaned(entity, values))
    custom = all_custom_fields(session, entity)
    problems = problems_of(schema, complete) + custom_problems(custom, complete)
    problems += declaration_problems(session, entity, complete) + _shares_that_are_over(replica, complete)
    problems += _links_to_nothing(session, person, (schema, custom), values, complete)
    if problems:
        raise Invalid(problems)
    known = {**schema.fields, **custom}
    written = [known[name] for name, value in values.items() if name in known and value]
    rights.may(session, person, Action.CREATE, entity, complete, written).demand()
    rights.demand_assignable(session, person, entity, None, complete)
    record = repository.create(session, entity, complete, record_id)
    counting.follow(session, record)
    return _counted(session, record)


def update_in(
    session: WriteSession,
    replica: Replica,
    entity: str,
    record_id: str,
    changes: Mapping[str, Plain],
    expected: Mapping[str, Plain] | None = None,
    *,
    restores: bool = False,
) -> Record:
    """Change a record inside an open transaction; what `update` does, for use cases of several steps."""
    schema = schema_of(entity)
    _demand_writable(entity, changes)
    before = _readable(session, entity, record_id)
    person = replica.person
    commenting.demand_own(person, before)
    complete = complete_change(session, person, replica.clock, before, _cleaned(entity, changes))
    custom = all_custom_fields(session, entity)
    problems = problems_of(schema, complete, partial=True) + _links_to_itself(
        session, schema, record_id, complete
    )
    if not restores:
        problems += custom_problems(custom, complete, before.values) + _shares_that_are_over(replica, changes)
    problems += declaration_problems(session, entity, {**before.values, **complete}, before)
    changed = {
        name: value
        for name, value in changes.items()
        if name not in custom or value != before.values.get(name)  # what it links to may be out of sight
    }
    linked = {**changed, **_joining(schema, changes, before.values)}
    problems += _links_to_nothing(session, person, (schema, custom), linked, {**before.values, **complete})
    if problems:
        raise Invalid(problems)
    known = {**schema.fields, **custom}
    written = [known[name] for name in changes if name in known]
    of_step = pooling.demand_step(session, person, replica.clock, before, complete)
    written = [field for field in written if field.name not in of_step]
    if written or not of_step:
        after = {**before.values, **complete, **{name: before.get(name) for name in of_step}}
        leaves = len(written) == len(changes) and rights.only_leaves(person, written, before.values, after)
        if not leaves:
            rights.may(session, person, Action.EDIT, entity, before.values, written).demand()
        rights.demand_assignable(session, person, entity, before.values, after)
    quote_sending.keep_before_sending(session, before, complete)
    delivering.install_before(session, person, before, complete)
    record = repository.update(session, entity, record_id, complete, expected)
    for each in (*completing_payments.take_off(session, before, record), record):
        counting.follow(session, each)
    return _counted(session, record)


def _counted(session: Session, record: Record) -> Record:
    """Return a record with what was just counted of it."""
    follows = any(field.computed for field in record.schema.fields.values())
    return (repository.get(session, record.entity, record.id) or record) if follows else record


def _shares_that_are_over(replica: Replica, changes: Mapping[str, Plain]) -> list[Problem]:
    return sharing.problems_of(changes, local(replica.clock.now_ms()).date())


def _links_to_nothing(
    session: Session,
    person: Person,
    fields: tuple[Schema, Mapping[str, Field]],
    written: Mapping[str, Any],
    values: Mapping[str, Any],
) -> list[Problem]:
    """Return a problem for each written link to a record that is not on this laptop.

    A person can only mean what he sees, and HQ would refuse the record hours later. He himself is there,
    though his own record may come with the first sync only.
    """
    missing = []
    schema, custom = fields
    for link in (*schema.fields.values(), *custom.values()):
        if link.members and written.get(link.name) and _names_nobody(session, person, link, written):
            missing.append(link.name)
            continue
        target = values.get(link.target_field or "") if link.target == "*" else link.target
        linked_id = written.get(link.name)
        if not linked_id or target not in SCHEMAS or (target == "user" and linked_id == person.user_id):
            continue
        if repository.get(session, str(target), str(linked_id)) is None:
            missing.append(link.name)
    said = message(N_("There is no such record on this laptop"))
    return [Problem(field=name, message=said) for name in missing]


def _joining(schema: Schema, changes: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return who joins those a record is shared with; somebody who is there may have left the company."""
    return {
        field.name: sorted(set(changes[field.name] or ()) - set(before.get(field.name) or ()))
        for field in schema.set_fields
        if field.members and field.name in changes
    }


def _names_nobody(session: Session, person: Person, field: Field, written: Mapping[str, Any]) -> bool:
    """Tell whether one of those a record is to be shared with is not on this laptop."""
    return not all(
        member_id == person.user_id
        or any(repository.get(session, entity, str(member_id)) is not None for entity in field.members)
        for member_id in written[field.name]
    )


def _links_to_itself(
    session: Session, schema: Schema, record_id: str, values: Mapping[str, Any]
) -> list[Problem]:
    """Return a problem for each link that would make a record part of itself, at once or by way of others."""
    problems = []
    for name, field in schema.fields.items():
        if field.target != schema.name or not values.get(name):
            continue
        above = [str(values[name])]
        while record_id not in above:
            record = repository.get(session, schema.name, above[-1])
            following = record.get(name) if record is not None and record.alive else None
            if not following or following in above:
                break
            above.append(str(following))
        else:
            said = message(N_("A record cannot refer to itself"))
            if len(above) > 1:
                first = repository.get(session, schema.name, above[0])
                title = first.title if first is not None else ""
                said = message(N_("That is a circle: “{title}” stands below this record"), title=title)
            problems.append(Problem(field=name, message=said))
    return problems


def _readable(session: Session, entity: str, record_id: str) -> Record:
    schema_of(entity)
    record = repository.get(session, entity, record_id)
    if record is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return record


def _demand_writable(entity: str, values: Mapping[str, Plain]) -> None:
    """Refuse what no person writes: numbers, totals, times the program keeps."""
    schema = SCHEMAS[entity]
    derived = {field.name: field for field in derived_fields(entity)}
    for name in values:
        field = schema.fields.get(name, derived.get(name))
        if field is not None and (field.computed or field.read_only):
            raise AccessDenied(N_("The program keeps “{field}” itself"), field=field.label)
        if field is not None and field.by_hq:
            raise AccessDenied(N_("Only HQ sets “{field}”"), field=field.label)


def _cleaned(entity: str, values: Mapping[str, Plain]) -> dict[str, Any]:
    """Return values with text trimmed and empty text as nothing, so that one state has one form."""
    schema = SCHEMAS[entity]
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        field = schema.fields.get(name)
        if isinstance(value, str):
            value = value.strip() if field is None or field.kind is not Kind.LONG_TEXT else value.rstrip()
            value = value or None
        cleaned[name] = value
    return cleaned
