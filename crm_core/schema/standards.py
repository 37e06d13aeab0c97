"""What may be kept and is not in its standard form: said at the field, and listed for mending."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_core.i18n import N_, Message, message
from crm_core.schema.field import Field, Kind
from crm_core.schema.phones import is_standard

NO_NUMBER = message(N_("No phone number of this or another country; kept as it is typed"))


def doubt_with(field: Field, value: Any, values: Mapping[str, Any]) -> Message | None:
    """Return what is not standard about a value that may be kept; None for nothing. `values` is the row."""
    if not isinstance(value, str) or not value:
        return None
    if field.kind is Kind.PHONE:
        return None if is_standard(value) else NO_NUMBER
    return None
