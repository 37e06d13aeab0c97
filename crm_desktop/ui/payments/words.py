"""What payments are called: states with their tones, the steps one takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from crm_core.i18n import Message, message
from crm_core.rules.payments import State
from crm_desktop.ui.widgets.paint import Tone

STATE_WORDS: Final[Mapping[State, Message]] = MappingProxyType(
    {
        State.DRAFT: message("Draft"),
        State.OPEN: message("To collect"),
        State.PART: message("Partly paid"),
        State.PAID: message("Paid"),
        State.OVERDUE: message("Overdue"),
        State.VOID: message("Void"),
    }
)
STATE_TONES: Final[Mapping[State, Tone]] = MappingProxyType(
    {
        State.DRAFT: Tone.INFO,
        State.OPEN: Tone.INFO,
        State.PART: Tone.WARN,
        State.PAID: Tone.GOOD,
        State.OVERDUE: Tone.BAD,
        State.VOID: Tone.INFO,
    }
)
