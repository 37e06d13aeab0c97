"""A long question to the database is broken off from another thread, and the next one is answered."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from crm_core.errors import UserError
from crm_desktop.models.replica import Replica
from crm_desktop.models.stopping import Stop

_ENDLESS = text(
    "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n where i < 0"
)


def test_what_runs_is_stopped_and_what_follows_is_not(replica: Replica) -> None:
    stop = Stop()
    timer = threading.Timer(0.05, stop.ask)
    timer.start()
    with pytest.raises(UserError, match="Stopped"), replica.read() as session, stop.over(session):
        session.execute(_ENDLESS)
    timer.join()
    with pytest.raises(UserError), replica.read() as session, stop.over(session):
        pytest.fail("what was stopped begins nothing more")
    with replica.read() as session, Stop().over(session):
        assert session.execute(text("select 1")).scalar() == 1
