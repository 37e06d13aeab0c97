"""The service levels every HQ starts with, as the data an administrator may then change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crm_core.i18n import N_, Translate
from crm_core.rules.working_time import ALWAYS, DAY_MINUTES, NINE_TO_SIX
from crm_core.schema.field import Plain

WEEKDAYS: Final = N_("Monday to Friday, 9 to 18")
NIGHT_AND_DAY: Final = N_("Night and day")
POLICY: Final = N_("Standard service level")
_DAY: Final = 9 * 60
_PROMISED: Final[Mapping[str, Mapping[str, int]]] = {
    "urgent": {"reply": 60, "next": 120, "solve": _DAY},
    "high": {"reply": 240, "next": 240, "solve": 2 * _DAY},
    "normal": {"reply": 480, "next": 480, "solve": 5 * _DAY},
    "low": {"reply": 24 * 60, "next": 24 * 60, "solve": 10 * _DAY},
}
_ESCALATIONS: Final[tuple[Mapping[str, Plain], ...]] = (
    {"after": 0, "to": "assignee"},
    {"after": 120, "to": "manager"},
    {"after": 480, "to": "flag"},
)


def standard_service(
    show: Translate, zone: str, *, night_and_day: bool = False
) -> tuple[tuple[str, dict[str, Plain]], ...]:
    """Return a calendar and a service level as (entity, values).

    `show` translates the names. `night_and_day`: time is counted by the clock alone, a day being 24 hours.
    """
    promised: dict[str, Plain] = {
        priority: {
            name: minutes * DAY_MINUTES // _DAY if night_and_day and name == "solve" else minutes
            for name, minutes in limits.items()
        }
        for priority, limits in _PROMISED.items()
    }
    spans = ALWAYS if night_and_day else NINE_TO_SIX
    calendar: dict[str, Plain] = {
        "name": show(NIGHT_AND_DAY if night_and_day else WEEKDAYS),
        "time_zone": zone,
        "hours": [[list(span) for span in day] for day in spans],
        "standard": True,
    }
    policy: dict[str, Plain] = {
        "name": show(POLICY),
        "rank": 100,
        "promised": promised,
        "warn_minutes": 30,
        "escalations": [dict(level) for level in _ESCALATIONS],
        "active": True,
    }
    return ("work_calendar", calendar), ("sla_policy", policy)
