"""Reports and dashboards HQ sends by itself: what may be asked for, and when the next time is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.mailing import MOST_RECIPIENTS, Mailbox, mailboxes
from crm_core.rules.recurrence import next_occurrence, parse_repeat, zone_of
from crm_core.rules.standard_reports import STANDARD_REPORTS

MOST_READERS: Final = 50
"""People and roles one schedule names."""
KEPT_DAYS: Final = 90
"""How long it is kept what went to whom."""
_WHAT: Final = ("report_id", "standard", "dashboard_id")
_UTC: Final = ZoneInfo("UTC")


def problems_of_schedule(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a schedule as it would be saved."""
    return [
        Problem(field=name, message=said)
        for name, said in (
            ("report_id", _about_what(values)),
            ("repeat", _about_when(values)),
            ("zone", _about_zone(values)),
            ("readers", _about_readers(values)),
            ("outside", _about_outside(values)),
            ("to_laptops", _about_ways(values)),
        )
        if said is not None
    ]


def outside_of(values: Mapping[str, Any]) -> tuple[Mailbox, ...]:
    """Return the addresses outside a schedule names. `UserError` where one cannot be read."""
    return mailboxes(values.get("outside")) if values.get("outside") else ()


def may_go_to(address: str, allowed: Sequence[str]) -> bool:
    """Tell whether HQ lets reports go to an address outside; `allowed` are addresses and `@domain`."""
    wanted = address.casefold()
    domain = wanted[wanted.rfind("@") :]
    return any(each.strip().casefold() in (wanted, domain) for each in allowed if each.strip())


def planned_from(values: Mapping[str, Any]) -> str:
    """Return what the next time of a schedule follows from; another text and it is found anew."""
    return f"{values.get('repeat')}|{values.get('starts_at')}|{values.get('zone') or ''}"


def next_time(values: Mapping[str, Any], after_ms: int) -> int | None:
    """Return the first time of a schedule at or after a moment; None where it has ended, or says no time."""
    try:
        rule = parse_repeat(str(values.get("repeat") or ""))
    except UserError:
        return None
    first_ms = values.get("starts_at")
    if first_ms is None:
        return None
    found = next_occurrence(
        rule, int(first_ms), zone_of(values.get("zone"), _UTC), (), max(after_ms, int(first_ms))
    )
    return found[1] if found is not None else None


def latest_missed(values: Mapping[str, Any], due_ms: int, now_ms: int) -> tuple[int, int | None]:
    """Return the latest of the times that have come since `due_ms`, and the one that follows it.

    Where HQ rested over several, only the last is made up for.
    """
    latest: int = due_ms
    following = next_time(values, due_ms + 1)
    while following is not None and following <= now_ms:
        latest, following = following, next_time(values, following + 1)
    return latest, following


def _about_what(values: Mapping[str, Any]) -> Message | None:
    named = [name for name in _WHAT if values.get(name)]
    if len(named) != 1:
        return message(N_("Name one report or one dashboard"))
    if values.get("standard") and values["standard"] not in STANDARD_REPORTS:
        return message(N_("There is no standard report called “{name}”"), name=values["standard"])
    return None


def _about_when(values: Mapping[str, Any]) -> Message | None:
    try:
        parse_repeat(str(values.get("repeat") or ""))
    except UserError as error:
        return error.message
    return None


def _about_zone(values: Mapping[str, Any]) -> Message | None:
    zone = values.get("zone")
    if zone and zone_of(str(zone), _UTC).key != zone:
        return message(N_("There is no time zone called “{name}”"), name=zone)
    return None


def _about_readers(values: Mapping[str, Any]) -> Message | None:
    readers = values.get("readers") or []
    if not readers and not values.get("outside"):
        return message(N_("Say to whom it goes"))
    if len(readers) > MOST_READERS:
        return message(N_("At most {most} people and roles"), most=MOST_READERS)
    return None


def _about_outside(values: Mapping[str, Any]) -> Message | None:
    try:
        outside = outside_of(values)
    except UserError as error:
        return error.message
    if len(outside) > MOST_RECIPIENTS:
        return message(N_("A mail goes to at most {most} addresses"), most=MOST_RECIPIENTS)
    if outside and not values.get("by_mail"):
        return message(N_("Addresses outside are reached by mail alone"))
    return None


def _about_ways(values: Mapping[str, Any]) -> Message | None:
    if values.get("to_laptops") and not values.get("dashboard_id"):
        return message(N_("Only a dashboard goes onto laptops"))
    if not values.get("to_laptops") and not values.get("by_mail"):
        return message(N_("Say how it goes: by mail, or onto laptops"))
    return None
