"""Records as the command line prints and takes them: names and texts, or labels and titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.errors import Invalid, NotFound, Problem, UserError
from crm_core.i18n import N_, Message, message
from crm_core.ids import is_id
from crm_core.rules.access import ClassRight
from crm_core.schema.field import Field, Kind, Plain
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.schema.standards import doubts_of, standardised
from crm_core.schema.values import links_of, parse_text, to_plain
from crm_desktop.cli.console import tr
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record, flat_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import records
from crm_terminal.console import Console

_ASSIGNMENT = re.compile(r"([A-Za-z_][\w:.]*?)(\+=|-=|=)(.*)\Z", re.DOTALL)


def record_id_of(text: str) -> str:
    """Return a record's id as typed, hyphens and capitals forgiven. Raises `NotFound` for what is none."""
    record_id = text.strip().lower().replace("-", "")
    if not is_id(record_id):
        raise NotFound(N_("“{text}” is not the id of a record"), text=text)
    return record_id


def declared_fields(replica: Replica, entity: str) -> dict[str, Field]:
    """Return every field of an entity by name, custom ones as `x:key`."""
    with replica.read() as session:
        return fields_of(session, entity)


def flat(replica: Replica, record: Record) -> dict[str, Any]:
    """Return a record as one flat object without what the person's role does not read.

    A deleted one says so.
    """
    right, entity = replica.person.rights.class_right, record.entity
    fields = declared_fields(replica, entity)
    masked = {name for name, each in fields.items() if right(entity, each.field_class) < ClassRight.READ}
    return {name: value for name, value in flat_with(fields, record).items() if name not in masked}


def flat_with(fields: Mapping[str, Field], record: Record) -> dict[str, Any]:
    """Return a record as one flat object; `fields` are the entity's by name."""
    values = flat_of(record, fields)
    return values if record.alive else {**values, "deleted": True}


def labelled(replica: Replica, record: Record) -> dict[str, Any]:
    """Return a record by its fields' labels, links as what they lead to is called, without what is empty."""
    fields = declared_fields(replica, record.entity)
    links = {name: links_of(field, record.values) for name, field in fields.items()}
    titles = records.titles(replica, {link for several in links.values() for link in several})
    shown: dict[str, Any] = {"ID": record.id}
    for name, field in fields.items():
        value = to_plain(field, record.values)
        if value in (None, "", []):
            continue
        if field.kind is Kind.CHOICE:
            value = tr(field.choice_label(str(value)))
        elif field.choices and isinstance(value, list):
            value = [tr(field.choice_label(str(word))) for word in value]
        named = [titles[link] for link in links[name] if link in titles]
        shown[tr(field.label)] = (sorted(named) if field.members else named[:1] and named[0]) or value
    return shown


def named_rows(replica: Replica, found: Iterable[Record], columns: Sequence[str]) -> list[dict[str, Any]]:
    """Return records of one kind as flat objects for a table, links as what they lead to is called."""
    several = list(found)
    fields = declared_fields(replica, several[0].entity) if several else {}
    links = {name: fields[name] for name in columns if name in fields}
    wanted = {link for each in several for field in links.values() for link in links_of(field, each.values)}
    titles = records.titles(replica, wanted)
    return [
        {
            **flat_with(fields, each),
            **{
                name: ", ".join(titles.get(link, link[1]) for link in links_of(field, each.values))
                for name, field in links.items()
                if links_of(field, each.values)
            },
        }
        for each in several
    ]


def parse(
    fields: Mapping[str, Field],
    entity: str,
    assignments: Sequence[str],
    present: Mapping[str, Any] | None = None,
) -> dict[str, Plain]:
    """Return what `field=value`, `tags+=word` and `tags-=word` set.

    Raises `click.UsageError` for another form, and `Invalid` naming every field that is wrong.
    """
    values: dict[str, Plain] = {}
    problems: list[Problem] = []
    for assignment in assignments:
        found = _ASSIGNMENT.match(assignment)
        if found is None:
            said = message(N_("“{text}” does not have the form field=value"), text=assignment)
            raise click.UsageError(said.show(tr))
        name, sign, text = found.groups()
        field = fields.get(name)
        if field is None:
            label = Message(schema_of(entity).meta.label)
            said = message(N_("{entity} has no field called “{field}”"), entity=label, field=name)
            problems.append(Problem(field=name, message=said))
            continue
        try:
            row = {**(present or {}), **values}
            values.update(
                _with_words(field, sign, text, row) if sign != "=" else parse_text(field, text, row)
            )
        except UserError as error:
            problems.append(Problem(field=name, message=error.message))
    if problems:
        raise Invalid(problems)
    named = {name: value for name, value in values.items() if name}
    return standardised(fields, named, present or {})


def _with_words(field: Field, sign: str, text: str, row: Mapping[str, Any]) -> dict[str, Plain]:
    if field.kind is not Kind.TAGS:
        raise UserError(N_("Only a set takes += and -="))
    words = parse_text(field, text)[field.name]
    given = {str(word) for word in words} if isinstance(words, list) else set()
    held = {str(word) for word in row.get(field.name) or ()}
    return {field.name: [*sorted(held | given if sign == "+=" else held - given)]}


def tell_doubts(
    console: Console, fields: Mapping[str, Field], written: Mapping[str, Plain], record: Record
) -> None:
    """Say which of the values written to a record are kept though they are not standard."""
    held = {name: record.values.get(name) for name in written}
    for name, doubt in doubts_of(fields, held, record.values).items():
        console.tell(N_("{column}: {problem}"), column=name, problem=doubt)


def plain_change(field: Field | None, value: Plain, row: Mapping[str, Any]) -> Plain:
    """Return one value of a history in its JSON form; an amount takes the currency its row has now."""
    if field is None or value is None:
        return value
    return to_plain(field, {**row, field.name: value})


def listed_columns(fields: Mapping[str, Field], readable: Iterable[str]) -> list[str]:
    """Return the fields a table shows where none are named: those of the window's list, then the id."""
    names = set(readable)
    shown = [name for name, field in fields.items() if field.in_list and name in names]
    return [*(name for name in shown if not name.startswith(CUSTOM_PREFIX)), "id"]
