"""Choices that are good or bad news: drawn as a mark of a tone wherever they stand in a list."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crm_core.entities.customer import MARKS
from crm_core.rules.feedback import COMPLAINS, PROMOTES
from crm_core.schema.field import Choice, Field
from crm_desktop.ui.widgets.paint import Tone

FEEDBACK: Mapping[str, Tone] = MappingProxyType({COMPLAINS: Tone.BAD, PROMOTES: Tone.GOOD})
"""The tone of a customer's mark; of both marks at once there is something to be wary of."""
_TONES: Mapping[tuple[Choice, ...], Mapping[str, Tone]] = MappingProxyType({tuple(MARKS): FEEDBACK})


def is_toned(field: Field) -> bool:
    """Tell whether the choices of a field have tones."""
    return tuple(field.choices) in _TONES


def tone_of(field: Field, value: str) -> Tone:
    """Return the tone of one of the choices of such a field."""
    return _TONES[tuple(field.choices)].get(value, Tone.WARN)
