"""What SQL asks of values in their standard form: functions of the connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, literal, null, or_

from crm_core.schema.code_lists import CodeList
from crm_core.schema.field import Field, Kind
from crm_core.schema.phones import compared_form, home_region
from crm_core.schema.reading import Schema
from crm_core.schema.standards import doubt_with

_END: Final = 2
"""Digits at the end of a number by which others are left aside before any is read as one."""
_CACHED: Final = 50_000
_PROBES: Final = MappingProxyType(
    {
        **{kind.value: Field(no=0, label="", kind=kind) for kind in (Kind.PHONE, Kind.EMAIL)},
        **{each.value: Field(no=0, label="", kind=Kind.TEXT, code_list=each) for each in CodeList},
    }
)
"""A field of each standard, by its name in SQL."""


def _phone_form(text: str | None) -> str | None:
    """Return what all spellings of a number have in common."""
    return None if text is None else compared_form(text)


def _doubtful(standard: str, value: str | None, country: str | None, province: str | None) -> int:
    """Tell whether a value is not in its standard form, beside what the row says of country and province."""
    return _is_doubtful(standard, value, country, province, home_region())


@lru_cache(_CACHED)
def _is_doubtful(
    standard: str, value: str | None, country: str | None, province: str | None, _home: str
) -> int:
    row = {CodeList.COUNTRY.value: country, CodeList.PROVINCE.value: province}
    return int(doubt_with(_PROBES[standard], value, row) is not None)


FUNCTIONS: Final[Mapping[str, tuple[int, Callable[..., Any]]]] = MappingProxyType(
    {"phone_form": (1, _phone_form), "doubtful": (4, _doubtful)}
)
"""Functions of SQL by their names, with how many values they take."""


def is_number(column: ColumnElement[Any], number: str) -> ColumnElement[bool]:
    """Return that a column holds a number, also one kept as somebody typed it."""
    wanted = compared_form(number)
    typed = and_(column.not_like("+%"), column.like(f"%{wanted[-_END:]}"), func.phone_form(column) == wanted)
    return or_(column == number, typed)


def is_doubtful(schema: Schema, field: Field, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return that a column holds something that is not in the standard form of its field."""
    standard = field.code_list.value if field.code_list is not None else field.kind.value
    linked = field.code_list in (CodeList.PROVINCE, CodeList.CITY)

    def beside(which: CodeList) -> ColumnElement[Any]:
        return schema.table.c[which.value] if linked and which.value in schema.table.c else null()

    doubtful: ColumnElement[int] = func.doubtful(
        literal(standard), column, beside(CodeList.COUNTRY), beside(CodeList.PROVINCE)
    )
    return doubtful == 1
