"""An edit its writer had no right to make goes to whoever has: accepted or declined, once, and told back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from crm_core.errors import NotFound
from crm_core.ids import named_id
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from crm_desktop.models import state
from crm_desktop.models.device_tables import Offer
from crm_desktop.services import deciding, offers, records, returned_edits, syncing
from crm_desktop.services.deciding import Decision, Verdict
from crm_desktop.services.returned_edits import ReturnedEdit
from sync_server.store.tables import Audit, table_of
from tests.support.hq import Office
from tests.support.replicas import Cut, Laptop, Laptops, differences, settle_all


@dataclass
class Scene:
    """Lin's customer was given to Wang while Lin, offline, still worked on it."""

    office: Office
    lin: Laptop
    wang: Laptop
    customer: str

    def type(self, **values: Any) -> None:
        """Let Lin edit while he still may, let HQ give the customer away, and let both hear of it."""
        records.update(self.lin.replica, "customer", self.customer, values)
        self.give("wang")
        settle_all([self.lin, self.wang], 1)

    def give(self, name: str) -> None:
        self.office.now_ms += 1000
        owner = {"lin": self.lin, "wang": self.wang}[name].user_id
        self.office.hq.update("customer", self.customer, {"owner_id": owner})

    def offered(self, laptop: Laptop | None = None) -> list[tuple[str | None, Any, Any, str]]:
        found = offers.offered((laptop or self.wang).replica)
        return [(each.field, each.value, each.present, each.who) for each in found]

    def accept(self) -> None:
        offers.accept(self.wang.replica, [each.id for each in offers.offered(self.wang.replica)])

    def back(self) -> ReturnedEdit:
        (edit,) = returned_edits.returned(self.lin.replica)
        return edit

    def audited(self, action: str) -> list[Any]:
        audit = table_of(Audit)
        with self.office.database.read() as snapshot:
            query = select(audit.c.user_id, audit.c.row_id, audit.c.detail).where(audit.c.action == action)
            return list(snapshot.connection.execute(query))


@pytest.fixture
def scene(office: Office, laptops: Laptops) -> Scene:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    wang = laptops.make("wang", office.user("Wang", "sales"))
    settle_all([lin, wang], 1)
    customer = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）", "phone": "000"}).value.id
    lin.sync()
    return Scene(office, lin, wang, customer)


def test_the_new_owner_accepts_what_the_old_one_typed_and_both_are_named(scene: Scene) -> None:
    scene.type(phone="111 111")
    assert scene.back().code is Code.FORBIDDEN_ROW
    assert not scene.back().exists
    assert scene.back().may_be_handed
    assert scene.offered() == [("phone", "111 111", "000", "Lin")]
    assert syncing.status(scene.wang.replica).offered == 1
    scene.accept()
    assert scene.offered() == []
    scene.office.now_ms += 1000
    settle_all([scene.wang, scene.lin], 1)
    assert scene.office.row("customer", scene.customer)["phone"] == "111 111"
    assert scene.office.row("customer", scene.customer)["updated_by"] == scene.wang.user_id
    assert records.get(scene.wang.replica, "customer", scene.customer)["phone"] == "111 111"
    newest = records.history(scene.wang.replica, "customer", scene.customer)[0]
    assert (newest.field, newest.user_name, newest.typed_by_name) == ("phone", "Wang", "Lin")
    assert returned_edits.returned(scene.lin.replica) == ()
    assert [edit.state for edit in returned_edits.decided(scene.lin.replica)] == ["accepted"]
    (entry,) = scene.audited("accept edit")
    assert (entry.user_id, entry.row_id) == (scene.wang.user_id, scene.customer)
    assert entry.detail["writer"] == scene.lin.user_id
    assert list(differences(scene.wang)) == list(differences(scene.lin)) == []


def test_a_declined_edit_stays_with_its_writer_who_hears_who_said_no(scene: Scene) -> None:
    scene.type(phone="111 111")
    (offer,) = offers.offered(scene.wang.replica)
    deciding.decide(scene.lin.replica, [(scene.back().id, Decision(verdict=Verdict.OWNER))])
    assert returned_edits.returned(scene.lin.replica) == ()
    offers.decline(scene.wang.replica, [offer.id])
    settle_all([scene.wang, scene.lin], 1)
    assert scene.office.row("customer", scene.customer)["phone"] == "000"
    assert (scene.back().mine, scene.back().declined_by, scene.back().may_be_handed) == (
        "111 111",
        "Wang",
        False,
    )
    assert scene.offered() == []
    assert [event.kind for event in syncing.events(scene.lin.replica)].count("judged") == 1


def test_an_answer_is_carried_out_once_however_often_the_line_breaks(scene: Scene) -> None:
    scene.type(phone="111 111")
    scene.accept()
    for cut in (Cut.REQUEST, Cut.ANSWER, Cut.ANSWER):
        assert scene.wang.try_sync(cut) is None
    scene.office.hq.update("customer", scene.customer, {"phone": "222 222"})
    scene.wang.sync()
    assert scene.office.row("customer", scene.customer)["phone"] == "222 222"
    assert len(scene.audited("accept edit")) == 1
    assert scene.offered() == []


def test_an_answer_can_be_taken_back_until_hq_has_heard_it(scene: Scene) -> None:
    scene.type(phone="111 111")
    (offer,) = offers.offered(scene.wang.replica)
    offers.accept(scene.wang.replica, [offer.id])
    offers.take_back(scene.wang.replica, [offer.id])
    assert [each.id for each in offers.offered(scene.wang.replica)] == [offer.id]
    scene.wang.sync()
    assert scene.office.row("customer", scene.customer)["phone"] == "000"
    offers.accept(scene.wang.replica, [offer.id])
    scene.wang.sync()
    with pytest.raises(NotFound):
        offers.take_back(scene.wang.replica, [offer.id])


def test_what_its_writer_lets_go_or_makes_again_is_shown_to_nobody(scene: Scene) -> None:
    scene.type(phone="111 111")
    edit = scene.back()
    assert len(scene.offered()) == 1
    deciding.discard(scene.lin.replica, edit.id)
    settle_all([scene.lin, scene.wang], 1)
    assert scene.offered() == []
    deciding.undo(scene.lin.replica, [edit.id])
    settle_all([scene.lin, scene.wang], 1)
    assert scene.offered() == [("phone", "111 111", "000", "Lin")]


def test_an_edit_is_shown_only_to_who_may_make_it_now_and_leaves_no_trace(
    scene: Scene, laptops: Laptops
) -> None:
    zhao = laptops.make("zhao", scene.office.user("Zhao", "sales"))
    reader = laptops.make("auditor", scene.office.user("Audit", "auditor"))
    boss = laptops.make("boss", scene.office.user("Boss", "admin"))
    scene.type(phone="111 111")
    settle_all([zhao, reader, boss], 1)
    assert scene.offered(zhao) == scene.offered(reader) == []
    assert scene.offered(boss) == scene.offered() == [("phone", "111 111", "000", "Lin")]
    scene.office.hq.update("customer", scene.customer, {"owner_id": zhao.user_id})
    settle_all([scene.wang, zhao], 1)
    assert scene.offered() == []
    with scene.wang.replica.read() as session:
        assert session.scalar(select(func.count()).select_from(Offer)) == 0
    assert [each[1] for each in scene.offered(zhao)] == ["111 111"]


def test_a_masked_field_is_offered_to_nobody_who_may_not_write_it(scene: Scene, laptops: Laptops) -> None:
    service = laptops.make("service", scene.office.user("Sun", "service"))
    boss = laptops.make("boss", scene.office.user("Boss", "admin"))
    role = named_id("role", "sales")
    rights = scene.office.row("role", role)["rights"]
    rights["classes"]["customer"]["money"] = "mask"
    records.update(scene.lin.replica, "customer", scene.customer, {"credit_limit": 900})
    scene.office.hq.update("role", role, {"rights": rights})
    settle_all([scene.lin, service, boss], 1)
    assert scene.back().code is Code.FORBIDDEN_FIELD
    assert scene.offered(service) == []
    assert [(field, value[0]) for field, value, *_ in scene.offered(boss)] == [("credit_limit", 900)]


def test_what_cannot_be_accepted_says_why_and_waits(scene: Scene) -> None:
    stage, pipeline = scene.office.stages, scene.office.pipeline
    deal = records.create(
        scene.lin.replica,
        "deal",
        {"name": "D", "customer_id": scene.customer, "stage_id": stage["open"], "amount": 100},
    ).value.id
    scene.lin.sync()
    records.update(scene.lin.replica, "deal", deal, {"stage_id": stage["won"]})
    scene.office.hq.update("deal", deal, {"owner_id": scene.wang.user_id})
    scene.give("wang")
    settle_all([scene.lin, scene.wang], 1)
    assert [field for field, *_ in scene.offered()] == ["pipeline_id"]
    scene.office.hq.delete("stage", stage["won"])
    scene.accept()
    scene.wang.sync()
    (offer,) = offers.offered(scene.wang.replica)
    assert offer.problem is not None
    assert scene.office.row("deal", deal)["stage_id"] == stage["open"]
    assert scene.office.row("deal", deal)["pipeline_id"] == pipeline


def test_a_guessed_number_and_one_of_somebody_elses_are_answered_alike(
    scene: Scene, laptops: Laptops
) -> None:
    scene.type(phone="111 111")
    zhao = laptops.make("zhao", scene.office.user("Zhao", "sales"))
    zhao.sync()
    (real,) = (each.id for each in offers.offered(scene.wang.replica))
    with zhao.replica.applying() as session:
        for number in (real, 10_000):
            session.add(
                Offer(
                    id=number,
                    kind=2,
                    entity="customer",
                    row_id=scene.customer,
                    field="11",
                    value="x",
                    code=10,
                    at_ms=scene.office.now_ms,
                    answer="accept",
                )
            )
    zhao.sync()
    with zhao.replica.read() as session:
        assert session.scalars(select(Offer)).all() == []
    assert scene.office.row("customer", scene.customer)["phone"] == "000"
    assert [each.id for each in offers.offered(scene.wang.replica)] == [real]


def test_an_edit_nobody_decides_about_is_shown_for_30_days(scene: Scene) -> None:
    scene.type(phone="111 111")
    scene.office.now_ms += 31 * DAY_MS
    assert scene.offered() == []
    scene.office.hq.update("customer", scene.customer, {"industry": "food"})
    scene.wang.sync()
    with scene.wang.replica.read() as session:
        assert session.scalars(select(Offer)).all() == []
    assert scene.back().mine == "111 111"


def test_a_laptop_that_begins_anew_still_hears_of_decisions_and_offers(scene: Scene) -> None:
    scene.type(phone="111 111")
    for laptop in (scene.lin, scene.wang):
        with laptop.replica.applying() as session:
            state.write(session, {state.Key.NONCE: b"of a copy"})
    scene.wang.sync()
    assert len(scene.offered()) == 1
    scene.accept()
    settle_all([scene.wang, scene.lin], 2)
    assert [edit.state for edit in returned_edits.decided(scene.lin.replica)] == ["accepted"]
    assert scene.offered() == []
