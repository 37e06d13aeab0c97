"""Records by what other programs call them, and links said by what somebody knows of their target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from crm_core.entities import SCHEMAS, schema_of
from crm_core.errors import CrmError, Invalid, Problem, UserError
from crm_core.i18n import N_, Message
from crm_core.rules.access import Action, decide
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.schema.validate import is_storable
from crm_core.schema.values import parse_text
from sync_server.services.reading import Reader
from sync_server.services.records import chunks
from sync_server.store.outside import ExternalId
from sync_server.store.tables import table_of

EXTERNAL: Final = "external_id"
"""How a record's name in another program is called in JSON."""
LONGEST_NAME: Final = 200

_names = table_of(ExternalId)


def record_of(connection: Connection, user_id: str, entity: str, name: str) -> str | None:
    """Return the id of the record a program has a name for; None where it named none so."""
    if not is_storable(name):
        return None
    of_name = (
        _names.c.user_id == user_id,
        _names.c.entity == schema_of(entity).no,
        _names.c.name == name,
    )
    found = connection.execute(select(_names.c.row_id).where(*of_name)).scalar()
    return None if found is None else str(found)


def names_of(connection: Connection, user_id: str, entity: str, ids: Iterable[str]) -> dict[str, str]:
    """Return a program's names of records, by id."""
    found: dict[str, str] = {}
    of_kind = (_names.c.user_id == user_id, _names.c.entity == schema_of(entity).no)
    for some in chunks(sorted(ids)):
        query = select(_names.c.row_id, _names.c.name).where(*of_kind, _names.c.row_id.in_(some))
        found.update((row_id, name) for row_id, name in connection.execute(query))
    return found


def keep_name(connection: Connection, user_id: str, entity: str, name: str, record_id: str) -> None:
    """Write down what a program calls a record. Raises `Invalid` where the record or the name has another."""
    held = record_of(connection, user_id, entity, name)
    if held == record_id:
        return
    other = names_of(connection, user_id, entity, [record_id]).get(record_id)
    if held is not None or other is not None:
        told = (
            Message(N_("Another record is called “{name}” already"), {"name": name})
            if held is not None
            else Message(N_("This record is called “{name}” already"), {"name": other})
        )
        raise Invalid([Problem(field=EXTERNAL, message=told)])
    row = {"user_id": user_id, "entity": schema_of(entity).no, "name": name, "row_id": record_id}
    connection.execute(insert(_names).values(row))


def demand_name(name: Any) -> str:
    """Return a name a program gives a record. Raises `Invalid` for one that cannot be kept."""
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST_NAME or not is_storable(name):
        told = Message(N_("An external id is text of 1 to {most} characters"), {"most": LONGEST_NAME})
        raise Invalid([Problem(field=EXTERNAL, message=told)])
    return name


def with_links(reader: Reader, entity: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON object with every link as an id that was said by something else.

    A link may be said as `{"external_id": "C-100"}` or by one field of its target that only one record has,
    as `{"code": "P-7"}`. Raises `Invalid` naming every link that leads nowhere the reader sees.
    """
    schema = schema_of(entity)
    values, problems = dict(body), []
    for name, said in body.items():
        field = schema.fields.get(name)
        if field is None or field.kind is not Kind.REF or not isinstance(said, Mapping):
            continue
        try:
            values[name] = _linked(reader, _target_of(schema, field, body), said)
        except CrmError as error:
            problems.append(Problem(field=name, message=error.message))
    if problems:
        raise Invalid(problems)
    return values


def _target_of(schema: Schema, field: Field, body: Mapping[str, Any]) -> str:
    target = body.get(field.target_field or "") if field.target == "*" else field.target
    if target not in SCHEMAS:
        raise UserError(N_("There is no kind of record called “{name}”"), name=target)
    return str(target)


def _linked(reader: Reader, target: str, said: Mapping[str, Any]) -> str:
    if len(said) != 1:
        raise UserError(N_("Name what the link leads to by one field"))
    ((name, value),) = said.items()
    if name == EXTERNAL:
        found = record_of(reader.connection, reader.person.user_id, target, str(value))
        if found is None:
            raise UserError(N_("You have named no record “{name}” so far"), name=value)
        return found
    field = schema_of(target).fields.get(name)
    if field is None or field.kind in (Kind.JSON, Kind.TAGS, Kind.MONEY) or not isinstance(value, str | int):
        raise UserError(N_("A link cannot be named by “{field}”"), field=name)
    decide(reader.person, Action.READ, target, None, [field]).demand()
    wanted = parse_text(field, str(value))[name]
    visible = reader.visible(target).subquery()
    ids = reader.connection.execute(select(visible.c.id).where(visible.c[name] == wanted).limit(2)).scalars()
    match list(ids):
        case [one]:
            return str(one)
        case []:
            raise UserError(N_("No record has “{value}” there, or you may not see it"), value=value)
        case _:
            raise UserError(N_("Several records have “{value}” there"), value=value)
