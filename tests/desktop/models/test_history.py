"""Fields changed at once share a row of the history, and are read, counted and dropped one by one."""

from __future__ import annotations

from crm_desktop.models import history
from crm_desktop.models.device_tables import History
from crm_desktop.models.replica import Replica
from tests.desktop.models.support import KEY
from tests.support.pages import found_in

ROW = "0" * 32


def add(replica: Replica, field: str, old: object, new: object, at_ms: int) -> None:
    with replica.applying() as session:
        session.add(
            History(entity="customer", row_id=ROW, field=field, old=old, new=new, at_ms=at_ms, origin="hq")
        )


def lines(replica: Replica, limit: int | None = None) -> list[tuple[str, object, object, int]]:
    with replica.read() as session:
        found = history.newest_lines(session, "customer", ROW, limit=limit)
    return [(line.field, line.old, line.new, line.at_ms) for line in found]


def fill(replica: Replica) -> None:
    add(replica, "10", None, "Heron", 1)
    add(replica, history.shared_key(["1", "10", "13"]), [None, "Heron", "5"], ["A", "Kanarienvogel", None], 2)
    add(replica, "", 1, 2, 3)


def test_a_row_that_fields_share_reads_as_a_line_for_each_newest_first(replica: Replica) -> None:
    fill(replica)
    newest = [
        ("", 1, 2, 3),
        ("13", "5", None, 2),
        ("10", "Heron", "Kanarienvogel", 2),
        ("1", None, "A", 2),
        ("10", None, "Heron", 1),
    ]
    assert lines(replica) == newest
    assert lines(replica, limit=2) == newest[:2]
    with replica.read() as session:
        assert history.count_lines(session, "customer", ROW) == 4
        assert history.count_lines(session, "customer", "1" * 32) == 0


def test_a_dropped_field_goes_from_the_rows_it_shares_and_leaves_the_others(replica: Replica) -> None:
    fill(replica)
    with replica.applying() as session:
        history.drop_field(session, "customer", "10")
    assert lines(replica) == [("", 1, 2, 3), ("13", "5", None, 2), ("1", None, "A", 2)]
    assert replica.scrub()
    assert found_in(replica.profile.root, KEY, ["kanarienvogel", "heron"]) == set()
    with replica.applying() as session:
        history.drop_field(session, "customer", "13")
        history.drop_field(session, "customer", "1")
    assert lines(replica) == [("", 1, 2, 3)]
