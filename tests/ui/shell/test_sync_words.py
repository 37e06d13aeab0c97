"""Of several states that hold, the most urgent one is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm_core.entities import SCHEMAS
from crm_core.i18n import message
from crm_desktop.services.syncing import SyncStatus as Known
from crm_desktop.sync.report import RoundReport, Step
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.sync_words import sync_state, sync_words
from crm_desktop.ui.widgets.sync_badge import SyncState

QUIET = Known(
    enrolled=True,
    server="https://hq.example",
    user_name="demo",
    company="Demo",
    waiting_records=0,
    waiting_operations=0,
    oldest_waiting_ms=None,
    returned=0,
    last_ok_ms=1_800_000_000_000,
    device=3,
    quote_numbers_left=50,
    has_customers=True,
    interval_s=120,
)
WORK = replace(QUIET, waiting_records=12, waiting_operations=30, oldest_waiting_ms=1_800_000_000_000)
FINE = Status(phase=Phase.IDLE, last_report=RoundReport(up_to_date=True))
OFFLINE = Status(phase=Phase.OFFLINE, failures=1, offline_since_ms=1_800_000_000_000)
CASES = [
    (FINE, QUIET, SyncState.UP_TO_DATE),
    (FINE, WORK, SyncState.PENDING),
    (OFFLINE, QUIET, SyncState.OFFLINE),
    (OFFLINE, WORK, SyncState.OFFLINE_WITH_WORK),
    (replace(OFFLINE, failures=3), WORK, SyncState.FAILED),
    (OFFLINE, replace(WORK, returned=2), SyncState.ATTENTION),
    (replace(FINE, phase=Phase.PAUSED), WORK, SyncState.PAUSED),
    (replace(FINE, step=Step(phase="sending", done=4, total=12)), WORK, SyncState.SENDING),
    (replace(FINE, step=Step(phase="receiving", done=4, total=12, entity="10")), QUIET, SyncState.RECEIVING),
    (Status(), replace(QUIET, last_ok_ms=None), SyncState.UNKNOWN),
    (replace(FINE, last_report=RoundReport(up_to_date=False)), QUIET, SyncState.UNKNOWN),
    (replace(OFFLINE, phase=Phase.RUNNING), QUIET, SyncState.OFFLINE),
    (replace(OFFLINE, phase=Phase.RUNNING), WORK, SyncState.OFFLINE_WITH_WORK),
    (
        replace(OFFLINE, phase=Phase.RUNNING, step=Step(phase="sending", done=0, total=3)),
        WORK,
        SyncState.SENDING,
    ),
    (replace(OFFLINE, phase=Phase.PAUSED, paused_until_ms=1_900_000_000_000), WORK, SyncState.PAUSED),
    (Status(phase=Phase.REFUSED, refusal="sign_in"), replace(WORK, returned=2), SyncState.SIGN_IN),
    (Status(phase=Phase.REFUSED, refusal="upgrade"), WORK, SyncState.UPDATE_NEEDED),
    (Status(phase=Phase.REFUSED, refusal="policy", problem=message("Undo")), QUIET, SyncState.FAILED),
]


@pytest.mark.parametrize(("status", "known", "state"), CASES)
def test_the_most_urgent_state_is_shown(status: Status, known: Known, state: SyncState) -> None:
    assert sync_state(status, known) is state
    assert sync_words(status, known).badge.state is state


def test_a_laptop_no_hq_knows_is_said_to_be_so_and_not_to_be_offline() -> None:
    words = sync_words(Status(), replace(QUIET, enrolled=False))
    assert words.badge.state is SyncState.NOT_CONNECTED


def test_the_badge_counts_records_and_not_operations() -> None:
    assert sync_words(OFFLINE, WORK).badge.count == WORK.waiting_records


def test_what_is_being_received_is_named_by_its_kind() -> None:
    status = replace(FINE, step=Step(phase="receiving", done=1, total=9, entity=str(SCHEMAS["deal"].no)))
    assert str(sync_words(status, QUIET).badge.sentence()) == "Receiving Deals 1 of 9…"


def test_offline_tells_when_it_is_tried_again() -> None:
    words = sync_words(replace(OFFLINE, next_try_ms=1_800_000_600_000), WORK)
    assert str(words.next_try).startswith("Next try ")
    assert str(words.network).startswith("Offline since ")
