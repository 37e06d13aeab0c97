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
STEP_WORDS: Final[Mapping[tuple[str, str], Message]] = MappingProxyType(
    {
        ("instalment", "plan_again"): message("Back to the drafts"),
        ("instalment", "void"): message("Void it"),
        ("instalment", "revive"): message("Back to the drafts"),
        ("receipt", "post"): message("Post it"),
        ("receipt", "ask"): message("Ask for approval"),
        ("receipt", "take_back"): message("Take it back"),
        ("receipt", "refuse"): message("Nothing came"),
        ("receipt", "report_again"): message("Report it again"),
        ("invoice", "issue"): message("Issue…"),
        ("invoice", "decline"): message("Decline…"),
        ("invoice", "withdraw"): message("Withdraw it"),
        ("invoice", "request_again"): message("Ask again"),
        ("invoice", "void"): message("Void…"),
    }
)
"""What the buttons of steps say, by kind of record and name of the step; others have none."""
FIRST_STEPS: Final = frozenset((("receipt", "post"), ("invoice", "issue")))
"""Steps whose button stands out."""
