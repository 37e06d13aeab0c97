"""What must hold for a record beyond each field's own form: links, stages, frozen quotes.

Every function raises `Refused`; none changes anything.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any, Final

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.entities.attachment import CONTENT_FIELDS, ROLE_FIELDS
from crm_core.errors import BrokenPromise
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import read_rights
from crm_core.rules.sheets import FIXED, PARTS, Sheet
from crm_core.rules.standing import why_fixed, why_not_deleted
from crm_core.schema.field import Field
from crm_core.schema.reading import Schema
from crm_core.sync.blobs import is_sha256
from crm_core.sync.protocol import Code, OpKind
from sync_server.services import payments
from sync_server.services.records import Key, Record, Records
from sync_server.services.rights import AuthorRights, Refused
from sync_server.services.wanted import Wanted

_PARENT_UNKNOWN = message(N_("The record this belongs to is not at HQ, or your role may not see it"))
PARENT_DELETED = message(N_("The record this belongs to was deleted; restore it or choose another"))


def demand_parents(
    records: Records,
    rights: AuthorRights,
    schema: Schema,
    values: Mapping[str, Any],
    changed: Collection[Field] | None = None,
    spared: Collection[Key] = (),
) -> None:
    """Every record the row belongs to is there and visible; attachments hang on no attachment.

    `changed` leaves out links that stay as they were; those `spared` need not be seen.
    """
    for link, key in records.parent_links(schema, values):
        if changed is not None and link not in changed:
            continue
        if key in spared:
            continue
        parent = records.get(*key) if key else None
        if parent is None or not rights.sees(parent) or parent.schema is schema:
            raise Refused(Code.PARENT, _PARENT_UNKNOWN)


def demand_sound(schema: Schema, record_id: str, values: Mapping[str, Any]) -> None:
    """A record is no part of itself; a role's rights can be read, or nobody who holds it could sync."""
    for name in _links_to_own_kind(schema.no):
        if values.get(name) == record_id:
            raise Refused(Code.INVALID, message(N_("A record cannot refer to itself")))
    if schema.name == "role" and "rights" in values:
        try:
            read_rights(values["rights"])
        except BrokenPromise as error:
            raise Refused(Code.INVALID, error.message) from error


@cache
def _links_to_own_kind(entity: int) -> tuple[str, ...]:
    schema = BY_NO[entity]
    return tuple(field.name for field in schema.fields.values() if field.target == schema.name)


def demand_people(records: Records, fields: Iterable[Field], values: Mapping[str, Any]) -> None:
    """Every user, team and territory a row is put with or shared with is there and not deleted."""
    for field in fields:
        if field.scope is None or not values.get(field.name):
            continue
        targets = field.members or ((field.target,) if field.target else ())
        for target_id in values[field.name] if field.members else (values[field.name],):
            found = [records.get(SCHEMAS[target].no, target_id) for target in targets]
            if not any(target is not None and target.lives for target in found):
                raise Refused(
                    Code.INVALID,
                    message(N_("{field}: HQ has no such record"), field=Message(field.label)),
                )


def demand_draft(records: Records, record: Record | None, wanted: Wanted) -> None:
    """What stands in a state does not change in it; lines and terms of a quote, contract, order or delivery
    change only while it is open.
    """
    if record is not None:
        fixed = None
        if wanted.kind is OpKind.DELETE:
            fixed = why_not_deleted(record.schema, record.values)
        elif wanted.kind is OpKind.SET:
            fixed = why_fixed(record.schema, record.values, wanted.values)
        if fixed is not None:
            raise Refused(Code.ILLEGAL_STATE, fixed)
        if wanted.kind is OpKind.SET:
            payments.demand_changed(records, record, wanted)
    name = wanted.schema.name
    if name in PARTS:
        sheet = PARTS[name]
        above = {wanted.values.get(sheet.link), record.values.get(sheet.link) if record else None}
        for record_id in above:
            found = records.get(SCHEMAS[sheet.entity].no, record_id) if record_id else None
            if found is not None and not sheet.is_open(found.values):
                raise _frozen(sheet)
    elif (
        name in FIXED
        and wanted.kind is OpKind.SET
        and record is not None
        and not FIXED[name].is_open(record.values)
        and not FIXED[name].fixed.isdisjoint(wanted.values)
    ):
        raise _frozen(FIXED[name])


def _frozen(sheet: Sheet) -> Refused:
    return Refused(Code.ILLEGAL_STATE, message(sheet.stands_at_hq))


def _goes_along(record: Record, wanted: Wanted) -> bool:
    """Tell whether a mail goes along with a ticket that is merged into another or taken apart again."""
    is_of_ticket = wanted.schema.name == "outgoing_mail" and record.values["record_entity"] == "ticket"
    return is_of_ticket and wanted.values.keys() == {"record_id"}


_STAY: Final = frozenset(("acceptance", "outgoing_mail"))


def demand_content(record: Record | None, wanted: Wanted) -> None:
    """A file has the content it was made with: hashes are hashes, and what is said of it stays.

    Links and mails stay as they were made too; their states go by steps.
    """
    is_typed = not all(field.by_hq for field in wanted.fields)
    if record is not None and is_typed and wanted.schema.name in _STAY and not _goes_along(record, wanted):
        raise Refused(Code.ILLEGAL_STATE, message(N_("This stays as it was made; make another one")))
    if wanted.schema.name != "attachment":
        return
    for name in ("sha256", "preview_sha256"):
        said = wanted.values.get(name)
        if said is not None and not is_sha256(said):
            raise Refused(Code.INVALID, message(N_("This is not the hash of a file")))
    if record is not None and not set(ROLE_FIELDS).isdisjoint(wanted.values):
        raise Refused(Code.ILLEGAL_STATE, message(N_("What a file is of a document is said once")))
    for name in CONTENT_FIELDS:
        held = record.values.get(name) if record is not None and record.values.get("sha256") else None
        if held is not None and wanted.values.get(name, held) != held:
            raise Refused(
                Code.ILLEGAL_STATE, message(N_("The content of a file stands as it is; add another file"))
            )


def demand_unused(records: Records, record: Record) -> None:
    """A role somebody still holds is not deleted: its holders could do nothing, not even sync."""
    if record.schema.name != "role":
        return
    users = SCHEMAS["user"].table
    query = users.select().where(users.c.role_id == record.id, users.c.life % 2 == 1).limit(1)
    if records.connection.execute(query).first() is not None:
        raise Refused(Code.ILLEGAL_STATE, message(N_("This role still has holders")))


def links_among(schema: Schema, fields: Iterable[Field]) -> list[Field]:
    """Return the links among the fields that decide which scopes a row lies in."""
    changed = {field.name for field in fields}
    return [
        field
        for field in schema.fields.values()
        if (field.scope is not None or field.parent)
        and not changed.isdisjoint((field.name, field.target_field))
    ]
