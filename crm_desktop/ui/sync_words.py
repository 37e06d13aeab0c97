"""What the status bar says of synchronisation: the most urgent state that holds, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_core.entities import BY_NO, SCHEMAS
from crm_core.i18n import Message, message
from crm_desktop.services.syncing import SyncStatus as Known
from crm_desktop.sync.report import Step
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.format import clock, near_date, near_moment
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.sync_badge import SyncState, SyncStatus

FAILED_AFTER = 3
"""Failures in a row before offline is called a failure: a train leaves coverage twice in a tunnel."""
_SIGN_IN = ("sign_in", "revoked", "disabled", "wipe")


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncWords:
    """The badge and the soft words around it."""

    badge: SyncStatus
    network: Text
    age: Text
    next_try: Text


def sync_words(status: Status, known: Known) -> SyncWords:
    """Return what to say; `known` is what the replica holds, `status` what the sync thread is doing."""
    if not known.enrolled:
        return SyncWords(
            badge=SyncStatus(state=SyncState.NOT_CONNECTED),
            network="",
            age="",
            next_try="",
        )
    state = sync_state(status, known)
    offline = is_offline(status)
    network: Text = ""
    if offline and state is not SyncState.OFFLINE and status.offline_since_ms:
        if state is SyncState.OFFLINE_WITH_WORK or not known.waiting_records:
            network = message("Offline since {time}", time=clock(moment(status.offline_since_ms)))
        else:
            network = message("Offline · {count} not sent", count=known.waiting_records)
    tells_next = offline and state is not SyncState.FAILED and status.next_try_ms
    return SyncWords(
        badge=SyncStatus(
            state=state,
            count=_count(state, status, known),
            done=status.step.done if status.step else 0,
            total=status.step.total if status.step else 0,
            what=entity_words(status.step),
            at=_at(state, status, known),
            reason=status.pause_reason or "",
        ),
        network=network,
        age=data_age(known.last_ok_ms),
        next_try=message("Next try {time}", time=clock(moment(status.next_try_ms))) if tells_next else "",
    )


def sync_state(status: Status, known: Known) -> SyncState:
    """Return the most urgent state that holds."""
    step = status.step
    urgent = [
        (status.phase is Phase.REFUSED and status.refusal == "upgrade", SyncState.UPDATE_NEEDED),
        (status.phase is Phase.REFUSED and status.refusal in _SIGN_IN, SyncState.SIGN_IN),
        (status.failures >= FAILED_AFTER or status.phase is Phase.REFUSED, SyncState.FAILED),
        (known.returned + known.offered > 0, SyncState.ATTENTION),
        (bool(step) and step.phase == "sending", SyncState.SENDING),
        (bool(step) and step.phase == "receiving" and step.total > 0, SyncState.RECEIVING),
        (status.phase is Phase.PAUSED, SyncState.PAUSED),
        (is_offline(status) and known.waiting_records > 0, SyncState.OFFLINE_WITH_WORK),
        (is_offline(status), SyncState.OFFLINE),
        (known.waiting_records > 0, SyncState.PENDING),
        (not _is_even(status, known), SyncState.UNKNOWN),
    ]
    return next((state for holds, state in urgent if holds), SyncState.UP_TO_DATE)


def is_offline(status: Status) -> bool:
    """Tell whether HQ was not reached last; while it is tried again too, or the words would flicker."""
    return status.phase is Phase.OFFLINE or (
        status.phase is Phase.RUNNING and status.offline_since_ms is not None and status.step is None
    )


def _is_even(status: Status, known: Known) -> bool:
    """Tell whether HQ had nothing more when it was asked last; a round broken off leaves that open."""
    if status.last_report is None:
        return known.last_ok_ms is not None
    return status.last_report.up_to_date


def data_age(last_ok_ms: int | None) -> Message | str:
    """Return how old the data is: `Data as of 10:42`; nothing before the first sync."""
    return message("Data as of {time}", time=near_moment(moment(last_ok_ms))) if last_ok_ms else ""


def entity_words(step: Step | None) -> Text:
    """Return what is being received, as a word inside a sentence."""
    if step is None or not step.entity:
        return message("records")
    schema = BY_NO.get(int(step.entity)) if step.entity.isdecimal() else SCHEMAS.get(step.entity)
    return Message(schema.meta.plural) if schema else message("records")


def moment(at_ms: int) -> datetime:
    """Return a time in milliseconds as a moment in the laptop's zone."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone()


def until(at_ms: int) -> str:
    """Return a time to come: the clock alone for today, else with its day."""
    at = moment(at_ms)
    day = at.date()
    if day == datetime.now().astimezone().date():
        return clock(at)
    return tr("{day} {time}", day=near_date(day), time=clock(at))


def _count(state: SyncState, status: Status, known: Known) -> int:
    if state is SyncState.FAILED:
        return max(1, status.failures)
    return known.returned + known.offered if state is SyncState.ATTENTION else known.waiting_records


def _at(state: SyncState, status: Status, known: Known) -> datetime | None:
    at_ms = {
        SyncState.FAILED: status.next_try_ms,
        SyncState.OFFLINE: status.offline_since_ms,
        SyncState.UP_TO_DATE: known.last_ok_ms,
    }.get(state)
    return moment(at_ms) if at_ms else None
