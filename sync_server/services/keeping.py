"""What the program keeps by itself and HQ vouches for, whatever an operation made by hand says: who ticked
something off and when, what a task is about, what only HQ fills in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules import messages, service_levels
from crm_core.schema.field import Field
from crm_core.schema.reading import Schema
from crm_core.sync.protocol import Code, OpKind
from crm_core.times import DAY_MS
from sync_server.services import whose
from sync_server.services.records import Record, Records
from sync_server.services.rights import Author, AuthorRights, Refused, is_at_hq, speaks_for_hq
from sync_server.services.wanted import Wanted, kept_by_the_program

_ACTIVITY: Final = SCHEMAS["activity"]
_ATTACHMENT: Final = SCHEMAS["attachment"]
_MILESTONE: Final = SCHEMAS["deal_milestone"]
_DEAL: Final = SCHEMAS["deal"]
_TICKET: Final = SCHEMAS["ticket"]
_MESSAGE: Final = SCHEMAS[messages.MESSAGE]
_TICKED: Final = frozenset(("done", "done_at", "done_by"))
_SKIP: Final = frozenset(("skip_at", "skipped"))
_ORIGIN: Final = "split_from_id"
_ABOUT_NOTHING: Final = message(N_("What this is about is not at HQ, or your role may not see it"))


def demand_own(schema: Schema, values: Mapping[str, Any], author: Author) -> None:
    """Raise `Refused` for a new record that says what HQ alone fills in."""
    for field in _filled_by_hq(schema.no):
        if values.get(field.name) not in (None, field.default) and not speaks_for_hq(author, schema):
            raise Refused(Code.INVALID, kept_by_the_program(field))


def subjects(
    schema: Schema, changed: Mapping[str, Any], held: Mapping[str, Any]
) -> Iterator[tuple[int, str] | None]:
    """Yield what a change says a record is about, where that may be of any kind: entity number and id.

    `held` are the record's values so far, or with the change. None stands for what can be no record.
    """
    for name, kind_of in _links_to_any_kind(schema.no):
        named = changed.get(name, held.get(name))
        if named and not changed.keys().isdisjoint((name, kind_of)):
            target = SCHEMAS.get(changed.get(kind_of, held.get(kind_of)) or "")
            yield (target.no, named) if target is not None else None


def demand_typed(field: Field, author: Author) -> None:
    """Raise `Refused` for a word that is put into a set HQ alone fills in, or taken out."""
    if field.by_hq and not is_at_hq(author):
        raise Refused(Code.INVALID, kept_by_the_program(field))


def demand_said(record: Record, wanted: Wanted, author: Author) -> None:
    """Raise `Refused` for a change of what was said to a customer, or by somebody else, and its deletion."""
    if record.schema is not _MESSAGE or is_at_hq(author):
        return
    if wanted.kind is OpKind.DELETE and (stays := messages.why_it_stays(record.values, author.user_id)):
        raise Refused(Code.ILLEGAL_STATE, stays)
    if wanted.kind is not OpKind.SET:
        return
    changed = [name for name, value in wanted.values.items() if value != record.values.get(name)]
    if (fixed := messages.why_it_stands(record.values, changed, author.user_id)) is not None:
        raise Refused(Code.ILLEGAL_STATE, fixed)


def demand_seen(
    records: Records,
    rights: AuthorRights,
    schema: Schema,
    changed: Mapping[str, Any],
    held: Mapping[str, Any],
) -> None:
    """Raise `Refused` where something is to be about a record of any kind that its author does not see.

    Nor is a ticket split from such a one: it is answered by the same way.
    """
    for subject in subjects(schema, changed, held):
        found = records.get(*subject) if subject is not None else None
        if found is None or not rights.sees(found):
            raise Refused(Code.PARENT, _ABOUT_NOTHING)
    came_from = records.get(schema.no, changed[_ORIGIN]) if changed.get(_ORIGIN) else None
    if changed.get(_ORIGIN) and (came_from is None or not rights.sees(came_from)):
        raise Refused(Code.PARENT, _ABOUT_NOTHING)
    _demand_no_circle(records, schema, changed, str(held.get("id") or ""))
    if schema is _MESSAGE and changed.get("files"):
        _demand_own_files(records, rights, {**held, **changed})
    whose.demand_one(records, schema, changed, {**held, **changed})


def _demand_own_files(records: Records, rights: AuthorRights, values: Mapping[str, Any]) -> None:
    """Raise `Refused` where other files are to go along with a message than those of its ticket."""
    named = [each for each in values["files"] if isinstance(each, str)][: messages.FILES_MOST]
    there = {each: found for each in named if (found := records.get(_ATTACHMENT.no, each)) is not None}
    seen = {key: each.values for key, each in there.items() if each.lives and rights.sees(each)}
    if (why := messages.why_files_stay(values, seen)) is not None:
        raise Refused(Code.INVALID, why)


def _demand_no_circle(records: Records, schema: Schema, changed: Mapping[str, Any], record_id: str) -> None:
    """Raise `Refused` where a record would be part of itself by way of others, which two laptops can do."""
    for name in _links_to_own_kind(schema.no):
        above, seen = changed.get(name), set[str]()
        while above and above not in seen:
            if above == record_id:
                raise Refused(Code.INVALID, message(N_("A record cannot refer to itself")))
            seen.add(above)
            found = records.get(schema.no, above)
            above = found.values.get(name) if found is not None and found.lives else None


@cache
def _links_to_own_kind(entity: int) -> tuple[str, ...]:
    schema = BY_NO[entity]
    return tuple(field.name for field in schema.fields.values() if field.target == schema.name)


@cache
def _filled_by_hq(entity: int) -> tuple[Field, ...]:
    return tuple(field for field in BY_NO[entity].fields.values() if field.by_hq)


@cache
def _links_to_any_kind(entity: int) -> tuple[tuple[str, str], ...]:
    links = BY_NO[entity].fields.values()
    return tuple((link.name, link.target_field) for link in links if link.target_field and not link.parent)


def vouched_for(record: Record, wanted: Wanted, author: Author, at_ms: int) -> dict[str, Any]:
    """Return what HQ writes in the place of what is told, by field; `record` is as it was, or being made.

    Who did something is who says so; of something that is made when it was done already, its owner may be.
    """
    if is_at_hq(author):
        return {}
    told, is_made = wanted.values, wanted.kind is OpKind.CREATE
    if record.schema is _MESSAGE and is_made and told.get("author_id") not in (None, author.user_id):
        return {"author_id": author.user_id}
    if record.schema is _TICKET and not is_made and "closed_at" in told:
        return {"closed_at": service_levels.ended_at(record.values, at_ms)}
    if record.schema is _ACTIVITY and told.get("done_by"):
        other = record.values["owner_id" if is_made else "done_by"]
        return {} if told["done_by"] in (author.user_id, other) else {"done_by": author.user_id}
    if record.schema is _MILESTONE and not _TICKED.isdisjoint(told):
        return _ticked(told, author, at_ms, {} if is_made else record.values)
    if record.schema is _DEAL and is_made and not _SKIP.isdisjoint(told):
        return dict.fromkeys(_SKIP)
    return {}


def _ticked(told: Mapping[str, Any], author: Author, at_ms: int, held: Mapping[str, Any]) -> dict[str, Any]:
    if all(told.get(name) == held.get(name) for name in _TICKED):
        return {}
    if not told.get("done"):
        return {"done_at": None, "done_by": None}
    ticked_ms = told.get("done_at")
    is_likely = ticked_ms is not None and ticked_ms <= at_ms + DAY_MS
    return {"done_at": ticked_ms if is_likely else at_ms, "done_by": author.user_id}
