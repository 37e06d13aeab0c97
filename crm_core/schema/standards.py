"""What may be kept and is not in its standard form: said at the field, listed, mended where it is clear."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Any

from crm_core.i18n import N_, Message, message
from crm_core.schema import code_lists
from crm_core.schema.code_lists import CodeList, row_of
from crm_core.schema.field import Field, Kind
from crm_core.schema.phones import is_standard, standard_form
from crm_core.schema.validate import problem_with

NO_NUMBER = message(N_("No phone number of this or another country; kept as it is typed"))
NOT_LISTED = message(N_("Not a standard name; kept as it is typed"))
SEVERAL = message(N_("Several places are called so; say which province or country"))


def has_standard(field: Field) -> bool:
    """Tell whether values of a field have a standard form."""
    return field.kind in (Kind.PHONE, Kind.EMAIL) or field.code_list is not None


def doubt_with(field: Field, value: Any, values: Mapping[str, Any]) -> Message | None:
    """Return what is not standard about a value that may be kept; None for nothing. `values` is the row."""
    if not isinstance(value, str) or not value:
        return None
    if field.kind is Kind.PHONE:
        clear = standard_form(value)
        if clear is not None and clear != value:
            return _other_spelling(clear)
        return None if is_standard(value) else NO_NUMBER
    if field.kind is Kind.EMAIL:
        return problem_with(field, value)
    return None if field.code_list is None else _doubt_with_name(field.code_list, value, row_of(values))


def mended(field: Field, value: Any, values: Mapping[str, Any]) -> str | None:
    """Return the standard form of a clear value that is not in it; None where nothing is to be mended."""
    if not isinstance(value, str) or not value:
        return None
    clear: str | None = None
    if field.kind is Kind.PHONE:
        clear = standard_form(value)
    elif field.kind is Kind.EMAIL:
        clear = _clear_email(field, value)
    elif field.code_list is not None:
        clear = code_lists.standard_name(field.code_list, value, row_of(values))
    return clear if clear != value else None


def standardised(
    fields: Mapping[str, Field], written: Mapping[str, Any], held: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what somebody wrote with all that is certain in its standard form, the rest as it was written.

    `held` is the row so far: a place is looked for in the others. What forms, commands, files and programs
    write goes through here.
    """
    row = {**held, **written}
    return {
        name: (_certain(fields[name], value, row) or value) if name in fields else value
        for name, value in written.items()
    }


def doubts_of(
    fields: Mapping[str, Field], written: Mapping[str, Any], held: Mapping[str, Any]
) -> dict[str, Message]:
    """Return what is not standard about what somebody wrote and may be kept, by field."""
    row = {**held, **written}
    found = {name: doubt_with(fields[name], value, row) for name, value in written.items() if name in fields}
    return {name: doubt for name, doubt in found.items() if doubt is not None}


def _certain(field: Field, value: Any, values: Mapping[str, Any]) -> str | None:
    if field.code_list is None:
        return mended(field, value, values)
    if not isinstance(value, str) or not value:
        return None
    return code_lists.certain_name(field.code_list, value, row_of(values))


def _doubt_with_name(which: CodeList, value: str, row: Mapping[CodeList, str]) -> Message | None:
    clear = code_lists.standard_name(which, value, row)
    if clear is not None:
        return None if clear == value else _other_spelling(clear)
    if not code_lists.is_listed(which, row):
        return None
    if len(code_lists.named(which, value, row)) > 1:
        return SEVERAL
    upper = code_lists.WITHIN.get(which)
    within = row.get(upper, "").strip() if upper is not None else ""
    if not within:
        return NOT_LISTED
    return message(N_("Not a standard name in {place}; kept as it is typed"), place=within)


def _other_spelling(name: str) -> Message:
    return message(N_("Another spelling of {name}"), name=name)


def _clear_email(field: Field, value: str) -> str | None:
    plain = unicodedata.normalize("NFKC", value).strip().strip("<>;,.。；，").strip()
    plain = plain.removeprefix("mailto:").strip()
    return plain if plain and problem_with(field, plain) is None else None
