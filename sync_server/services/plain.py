"""Field values as JSON carries them, read into a record's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.errors import Invalid, Problem, UserError
from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import Schema
from crm_core.schema.standards import standardised
from crm_core.schema.values import parse_text


def values_of(
    schema: Schema, custom: Mapping[str, Field], body: Mapping[str, Any], row: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a JSON object sets: text in the forms of the command line, or JSON's own values.

    `row` is the record so far, for an amount given without its currency takes the record's. Numbers with a
    fraction must come as text (`json.loads(..., parse_float=str)`). Numbers, addresses and places become
    standard where that is certain. Raises `Invalid` naming every field that is wrong.
    """
    values: dict[str, Any] = {}
    problems = []
    for name, given in body.items():
        field = schema.fields.get(name) or custom.get(name)
        if field is None:
            told = message(
                N_("{entity} has no field called “{field}”"), entity=Message(schema.meta.label), field=name
            )
            problems.append(Problem(field=name, message=told))
            continue
        try:
            values.update(_read(field, given, {**row, **values}))
        except UserError as error:
            problems.append(Problem(field=name, message=error.message))
    if problems:
        raise Invalid(problems)
    return standardised({**schema.fields, **custom}, values, row)


def _read(field: Field, given: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    match given:
        case None:
            return {field.name: None}
        case list() | dict() if field.kind in (Kind.TAGS, Kind.JSON):
            return {field.name: given}
        case bool() if field.kind is Kind.BOOLEAN:
            return {field.name: given}
        case bool() | list() | dict():
            raise UserError(N_("This is not a value of the field"))
        case _:
            return dict(parse_text(field, str(given), row))
