"""Work begun without an HQ goes to it, as the work of whoever signs in."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select

from crm_core.ids import new_id
from crm_desktop.models.device_tables import OutboxOp
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import LOCAL_USER
from crm_desktop.services import deals, records, syncing
from crm_desktop.sync.handing_over import hand_over
from tests.support.desktop import empty_app
from tests.support.server import running_server


def test_what_was_made_before_connecting_is_accepted_by_hq_as_the_new_persons(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        server.add_user("lin", "sales", "lin password")
        app = empty_app(tmp_path)
        replica = app.replica
        customer = records.create(replica, "customer", {"name": "Made before (demo)", "tags": ["new"]}).value
        deal = records.create(replica, "deal", {"name": "Before", "customer_id": customer.id}).value
        records.update(replica, "customer", customer.id, {"phone": "0512 111"})
        app.enrol(server.url, "lin", "lin password")
        report = app.sync_now()
        assert (report.refused, report.superseded) == (0, 0)
        assert not syncing.has_waiting(replica)
        kept = records.get(replica, "customer", customer.id)
        assert kept["owner_id"] == replica.person.user_id
        assert (kept["phone"], kept["tags"]) == ("0512 111", ["new"])
        assert records.get(replica, "deal", deal.id)["owner_id"] == replica.person.user_id
        users = records.page(replica, ListQuery(entity="user")).rows
        assert LOCAL_USER not in {user.id for user in users}
        assert len(deals.board(replica).columns) == 5
        app.close()


def test_every_waiting_operation_names_the_new_person(tmp_path: Path) -> None:
    app = empty_app(tmp_path)
    replica, person = app.replica, new_id()
    role = records.create(replica, "role", {"name": "Seller", "rights": {}}).value
    other = records.create(replica, "user", {"name": "Other (demo)", "role_id": role.id}).value
    made = records.create(replica, "customer", {"name": "One (demo)"}).value
    records.update(replica, "customer", made.id, {"owner_id": other.id})
    records.update(replica, "customer", made.id, {"owner_id": LOCAL_USER})
    with replica.applying() as session:
        hand_over(session, LOCAL_USER, person)
        values = [str(value) for value in session.scalars(select(OutboxOp.value))]
    assert not any(LOCAL_USER in value for value in values)
    assert sum(person in value for value in values) == 2
    assert any(other.id in value for value in values)
    assert records.get(replica, "customer", made.id)["owner_id"] == person
    assert all(
        LOCAL_USER not in (entry.old, entry.new) for entry in records.history(replica, "customer", made.id)
    )
    app.close()
