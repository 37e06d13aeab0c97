"""Lists of values that several entities share."""

from __future__ import annotations

from crm_core.i18n import N_
from crm_core.schema.field import Choice


def choices(*pairs: tuple[str, str]) -> tuple[Choice, ...]:
    """Return choices from (value, label) pairs; labels are marked where they are written."""
    return tuple(Choice(value=value, label=label) for value, label in pairs)


LEVELS = choices(("A", N_("A · key account")), ("B", N_("B · regular")), ("C", N_("C · occasional")))

SOURCES = choices(
    ("referral", N_("Referral")),
    ("exhibition", N_("Exhibition")),
    ("web", N_("Web site")),
    ("phone", N_("Phone call")),
    ("advertisement", N_("Advertisement")),
    ("partner", N_("Partner")),
    ("visit", N_("Own visit")),
    ("other", N_("Other")),
)

PRIORITIES = choices(
    ("low", N_("Low")), ("normal", N_("Normal")), ("high", N_("High")), ("urgent", N_("Urgent"))
)

COLOURS = choices(
    ("neutral", N_("Neutral")),
    ("accent", N_("Accent")),
    ("good", N_("Green")),
    ("warn", N_("Amber")),
    ("bad", N_("Red")),
)

ASKED_STATES = choices(
    ("draft", N_("Not asked for yet")),
    ("waiting", N_("Waiting for approval")),
    ("granted", N_("Accepted")),
    ("withdrawn", N_("Withdrawn")),
)
"""Where what was asked for by a form stands."""
