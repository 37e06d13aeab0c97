"""What SQL asks of values in their standard form: functions of the connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_

from crm_core.schema.phones import compared_form

_END: Final = 2
"""Digits at the end of a number by which others are left aside before any is read as one."""


def phone_form(text: str | None) -> str | None:
    """Return what all spellings of a number have in common."""
    return None if text is None else compared_form(text)


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = MappingProxyType({"phone_form": phone_form})
"""By their names in SQL; each takes one value."""


def is_number(column: ColumnElement[Any], number: str) -> ColumnElement[bool]:
    """Return that a column holds a number, also one kept as somebody typed it."""
    wanted = compared_form(number)
    typed = and_(column.not_like("+%"), column.like(f"%{wanted[-_END:]}"), func.phone_form(column) == wanted)
    return or_(column == number, typed)
