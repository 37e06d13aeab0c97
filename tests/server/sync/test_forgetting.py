"""HQ forgets what no laptop in use needs; whoever was away longer still loses nothing and doubles nothing."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from sqlalchemy import func, select, update

from crm_core.ids import named_id, new_id
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from sync_server.services import forgetting
from sync_server.services import sync as sync_service
from sync_server.services.checking import check
from sync_server.store.tables import (
    Device,
    EntitlementVersion,
    Grave,
    LostEditLog,
    OpLog,
    OpSeen,
    Quarantine,
    ScopeExit,
    UserScopeEver,
    table_of,
)
from tests.support.hq import Laptop, Office

DAY = DAY_MS
KEEP = 180
STRIDE = 95


def count(office: Office, model: type[Any]) -> int:
    with office.database.read() as snapshot:
        return int(
            snapshot.connection.execute(select(func.count()).select_from(table_of(model))).scalar_one()
        )


def floor_of(office: Office) -> int:
    with office.database.read() as snapshot:
        return snapshot.floor


def forget(office: Office) -> dict[str, int]:
    return forgetting.forget(office.database, KEEP, office.now_ms)


def pass_days(office: Office, days: int, *present: Laptop) -> None:
    """Let days go by, HQ keeping house and these laptops syncing now and then."""
    while days > 0:
        forget(office)
        office.now_ms += min(days, STRIDE) * DAY
        days -= STRIDE
        for laptop in present:
            laptop.sync()
    forget(office)


def stage(office: Office) -> dict[str, str]:
    return {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}


def held_back(laptop: Laptop) -> None:
    """Send what waits and lose the answer."""
    laptop.send(laptop.request())


@pytest.fixture
def office(sqlite_office: Office) -> Office:
    return sqlite_office


@pytest.fixture
def users(office: Office) -> tuple[str, str]:
    return office.user("Lin", "sales"), office.user("Maya", "sales")


def made(laptop: Laptop, **values: Any) -> str:
    customer = laptop.create("customer", {"name": "纸鹤食品（示例）", **values})
    laptop.sync()
    return customer


def test_what_every_laptop_in_use_has_seen_is_forgotten_after_the_time(
    office: Office, users: tuple[str, str]
) -> None:
    lin, maya = (office.laptop(user) for user in users)
    customer = made(lin)
    maya.sync()
    for name in ("admin", "sales"):
        office.hq.update("user", users[1], {"role_id": named_id("role", name)})
        maya.sync()
        office.hq.update("customer", customer, {"owner_id": users[name == "admin"]})
        lin.sync()
    lin.do(99, "customer", customer, 0, None)
    lin.sync()
    before = {model: count(office, model) for model in (ScopeExit, EntitlementVersion, OpLog, Quarantine)}
    pass_days(office, 150, lin, maya)
    assert {model: count(office, model) for model in before} == before
    pass_days(office, 60, lin, maya)
    assert all(count(office, model) < before[model] for model in before)
    assert count(office, ScopeExit) == count(office, Quarantine) == 0
    assert count(office, OpSeen) > 0
    assert [lin.replica, maya.replica] == [office.projection(user) for user in users]


@pytest.mark.soak
def test_a_laptop_in_use_that_lags_behind_holds_the_floor(office: Office, users: tuple[str, str]) -> None:
    lin, maya = (office.laptop(user) for user in users)
    for _ in range(2):
        office.hq.update("customer", made(lin), {"owner_id": users[1]})
        maya.sync()
    with office.database.note() as connection:  # whose pages do not come through any more
        lagging = update(table_of(Device)).where(table_of(Device).c.id == maya.device)
        connection.execute(lagging.values(last_seen_at=office.now_ms + 300 * DAY))
    office.hq.update("customer", made(lin), {"owner_id": users[1]})
    pass_days(office, 300, lin)
    standing = forgetting.standing(office.database, KEEP, office.now_ms)
    assert standing.held_by == maya.device
    assert 0 < standing.floor == standing.held_at < standing.head
    pass_days(office, 300, lin)
    assert floor_of(office) > standing.floor


def test_who_was_away_longer_begins_anew_and_keeps_what_waits(office: Office, users: tuple[str, str]) -> None:
    lin, maya = (office.laptop(user) for user in users)
    kept, lost = made(maya), made(maya, industry="given away")
    maya.sync()
    office.hq.update("customer", lost, {"owner_id": users[0]})
    maya.set("customer", kept, "industry", "typed long ago")
    pass_days(office, 400, lin)
    assert count(office, ScopeExit) == 0
    response = maya.send(maya.request())
    assert response.resync
    maya.apply(response)
    maya.sync()
    assert maya.replica == office.projection(users[1])
    assert maya.shown("customer", lost) is None
    assert office.row("customer", kept)["industry"] == "typed long ago"


def test_an_operation_whose_answer_was_lost_and_then_collected_is_not_taken_twice(
    office: Office, users: tuple[str, str]
) -> None:
    lin = office.laptop(users[0])
    other = office.laptop(users[0])
    customer = made(lin)
    other.sync()
    lin.set("customer", customer, "industry", "first")
    lin.tag("customer", customer, "vip")
    lin.set("customer", customer, "name", None)  # refused
    held_back(lin)
    other.sync()
    other.set("customer", customer, "industry", "a colleague's later word")
    other.untag("customer", customer, "vip")
    other.sync()
    pass_days(office, 400, other)
    with office.database.read() as snapshot:
        query = select(func.count()).where(table_of(OpLog).c.device == lin.device)
        assert snapshot.connection.execute(query).scalar_one() == 1, "only the last one stays whole"
    lin.do(99, "customer", customer, 0, None)  # and one HQ never heard of
    lin.sync()
    assert lin.outbox == []
    assert [lin.code(no) for no in (2, 3, 4, 5)] == [Code.APPLIED, Code.APPLIED, Code.INVALID, Code.INVALID]
    row = office.row("customer", customer)
    assert (row["industry"], row["tags"]) == ("a colleague's later word", None)
    assert lin.replica == office.projection(users[0])


@pytest.mark.soak
def test_another_content_under_a_collected_number_is_an_alarm_still(
    office: Office, users: tuple[str, str]
) -> None:
    lin = office.laptop(users[0])
    customer = made(lin)
    lin.set("customer", customer, "industry", "first")
    lin.set("customer", customer, "industry", "second")
    before = copy.deepcopy(lin.outbox[0])
    held_back(lin)
    pass_days(office, 400)
    lin.outbox[0].op = type(before.op)(
        *(before.op.no, before.op.kind, before.op.entity, before.op.row, before.op.field, "forged", 0, 0)
    )
    answer = lin.send(lin.request())
    assert (answer.answers, answer.resync, answer.incarnation) == ([], True, 2)
    assert office.row("customer", customer)["industry"] == "second"


def test_a_copy_that_comes_after_a_year_is_recognised_by_what_it_brings(
    office: Office, users: tuple[str, str]
) -> None:
    lin, other = office.laptop(users[0]), office.laptop(users[0])
    customer = made(lin)
    lin.set("customer", customer, "industry", "before the copy")
    lin.tag("customer", customer, "vip")
    old = copy.copy(lin)
    old.outbox, old.replica, old.bases = (
        copy.deepcopy(lin.outbox),
        copy.deepcopy(lin.replica),
        dict(lin.bases),
    )
    lin.sync()
    other.sync()
    other.set("customer", customer, "industry", "since")
    other.untag("customer", customer, "vip")
    other.sync()
    pass_days(office, 400, lin, other)
    assert count(office, OpSeen) >= 3
    old.set("customer", customer, "notes", "typed on the copy")
    old.create("customer", {"name": "Made on the copy"})
    old.sync()
    old.sync()
    assert old.outbox == []
    row = office.row("customer", customer)
    assert (row["industry"], row["tags"]) == ("since", None)
    names = {shown["name"] for (entity, _), shown in old.replica.items() if entity == 10}
    assert names == {"纸鹤食品（示例）", "Made on the copy"}
    assert old.replica == office.projection(users[0])
    lin.sync()
    assert lin.replica == office.projection(users[0])


@pytest.mark.soak
def test_who_signs_in_again_after_a_lost_answer_doubles_nothing(
    office: Office, users: tuple[str, str]
) -> None:
    lin = office.laptop(users[0])
    lin.sync()
    customer = lin.create("customer", {"name": "Sent, never answered"})
    lin.tag("customer", customer, "vip")
    held_back(lin)
    again = office.laptop(users[0])
    again.outbox = copy.deepcopy(lin.outbox)
    again.last_op, again.hlc = lin.last_op, lin.hlc
    again.sync()
    assert {answer.code for answer in again.answers.values()} == {Code.APPLIED}
    assert again.replica == office.projection(users[0])
    assert len(again.replica[10, customer]["tags"]) == 1


@pytest.mark.soak
def test_a_lost_edit_waits_for_its_writer_however_long_he_is_away(
    office: Office, users: tuple[str, str]
) -> None:
    lin, desk = office.laptop(users[0]), office.laptop(users[0])
    customer = made(lin)
    desk.sync()
    desk.set("customer", customer, "industry", "hers")
    lin.set("customer", customer, "industry", "his, unseen")
    lin.send(lin.request())  # taken; the answer never came
    office.now_ms += 5000
    desk.hlc = 0
    desk.set("customer", customer, "industry", "hers, later")
    desk.sync()
    assert count(office, LostEditLog) == 1
    pass_days(office, 500, desk)
    assert count(office, LostEditLog) == 1
    lin.sync()
    assert [lost.mine for lost in lin.lost] == ["his, unseen"]
    pass_days(office, 10, lin, desk)
    assert count(office, LostEditLog) == 0


@pytest.mark.soak
def test_after_going_back_to_a_backup_hq_still_knows_how_far_it_had_answered(
    office: Office, users: tuple[str, str]
) -> None:
    lin = office.laptop(users[0])
    for _ in range(5):
        made(lin)
    pass_days(office, 400, lin)
    request = lin.request(epoch=b"another one's....")
    assert lin.send(request).acked_to == 5


# Records gone for good


def bury(office: Office, customer: str, *present: Laptop) -> None:
    office.hq.delete("customer", customer)
    pass_days(office, 200, *present)


def test_what_was_deleted_long_ago_leaves_hq_and_every_laptop(office: Office, users: tuple[str, str]) -> None:
    lin, boss = office.laptop(users[0]), office.laptop(office.user("Boss", "admin"))
    away = office.laptop(users[0])
    customer = made(lin, industry="secret plans")
    contact = lin.create("contact", {"name": "何苗", "customer_id": customer})
    number = lin.create("deal", {"name": "Deal", "customer_id": customer, **stage(office)})
    lin.sync()
    away.sync()
    bury(office, customer, lin, boss)
    pass_days(office, 20, lin, boss)  # those it belonged to follow those that belonged to it
    assert count(office, Grave) == 3
    with pytest.raises(Exception, match="No row"):
        office.row("customer", customer)
    for entity, row in (("customer", customer), ("contact", contact), ("deal", number)):
        for laptop in (lin, boss):
            assert laptop.shown(entity, row) is None
    away.sync()
    for laptop in (lin, boss, away):
        laptop.sync()
        assert laptop.replica == office.projection(laptop.user_id)
    wrong = [finding.name for finding in check(office.settings, office.database).findings if not finding.ok]
    assert set(wrong) <= {"revision"}, "this office was made without steps"


def test_nothing_brings_a_record_back_that_is_gone_for_good(office: Office, users: tuple[str, str]) -> None:
    lin, away, stranger = (office.laptop(user) for user in (users[0], users[0], users[1]))
    customer = made(lin)
    for laptop in (away, stranger):
        laptop.sync()
    away.set("customer", customer, "industry", "typed before it was deleted")
    away.create("contact", {"name": "何苗", "customer_id": customer})
    bury(office, customer, lin)
    away.sync()
    assert [away.code(no) for no in (1, 2)] == [Code.STALE_LIFE, Code.PARENT]
    again = away.create("customer", {"name": "Once more"}, customer)
    restored = away.do(4, "customer", customer, 0, 2)
    away.sync()
    assert away.code(away.last_op) == Code.STALE_LIFE, restored
    assert away.code(away.last_op - 1) == Code.STALE_LIFE, again
    guessed = stranger.set("customer", customer, "industry", "guessed")
    nobody = stranger.set("customer", new_id(), "industry", "guessed")
    stranger.create("customer", {"name": "Guessed"}, customer)
    stranger.sync()
    assert stranger.code(guessed) == stranger.code(nobody) == Code.FORBIDDEN_ROW
    assert stranger.answers[guessed].extra == stranger.answers[nobody].extra
    assert stranger.code(stranger.last_op) == Code.ID_TAKEN
    assert away.replica == office.projection(users[0])


def test_a_record_gone_for_good_goes_from_who_never_heard_that_it_was_taken(
    office: Office, users: tuple[str, str]
) -> None:
    lin, desk = office.laptop(users[0]), office.laptop(users[0])
    lin.sync()
    customer = lin.create("customer", {"name": "Sent, never answered"})
    held_back(lin)
    desk.sync()
    bury(office, customer, desk)
    assert count(office, Grave) == 1
    pass_days(office, 200, desk)
    lin.sync()
    assert lin.code(1) == Code.APPLIED
    assert lin.replica == office.projection(users[0])


@pytest.mark.soak
def test_what_a_living_record_links_to_is_not_buried(office: Office, users: tuple[str, str]) -> None:
    lin = office.laptop(users[0])
    customer = made(lin)
    contact = lin.create("contact", {"name": "何苗", "customer_id": customer})
    lin.create("deal", {"name": "D", "customer_id": customer, "contact_id": contact, **stage(office)})
    lin.sync()
    lin.delete("contact", contact)
    lin.sync()
    pass_days(office, 400, lin)
    assert office.row("contact", contact)["name"] == "何苗"
    assert count(office, Grave) == 0


@pytest.mark.soak
def test_everything_stays_where_hq_is_told_to_keep_it(office: Office, users: tuple[str, str]) -> None:
    lin = office.laptop(users[0])
    customer = made(lin)
    office.hq.delete("customer", customer)
    office.now_ms += 4000 * DAY
    lin.sync()
    assert forgetting.forget(office.database, 0, office.now_ms) == {}
    assert office.row("customer", customer)["life"] == 2


def test_what_left_a_scope_somebody_lost_is_purged_though_his_old_rights_are_forgotten(
    office: Office, users: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_service, "LEAST_BYTES", 1)  # each thing is a page of its own
    team = office.hq.create("team", {"name": "North"})
    boss = office.user("Boss", "sales_manager", team_id=team)
    mine = office.hq.create("customer", {"name": "Mine", "owner_id": boss})
    office.hq.create("customer", {"name": "Stays", "owner_id": users[1], "team_id": team})
    leaver = office.hq.create("customer", {"name": "Leaves", "owner_id": users[1], "team_id": team})
    laptop, second = office.laptop(boss), office.laptop(boss)
    laptop.sync()
    office.hq.update("user", boss, {"team_id": None})
    second.sync()  # so that HQ writes his new rights down
    office.hq.update("customer", mine, {"name": "Mine, changed"})
    office.hq.update("customer", leaver, {"team_id": None})
    while (laptop.shown("customer", mine) or {})["name"] == "Mine":
        laptop.apply(laptop.send(laptop.request(1)))
    assert laptop.shown("customer", leaver) is not None, "its exit is still to come"
    rights = count(office, EntitlementVersion)
    for _ in range(3):
        forget(office)
        office.now_ms += STRIDE * DAY
        laptop.send(laptop.request(1))  # the answer is lost
        second.sync()
    forget(office)
    assert count(office, EntitlementVersion) < rights
    laptop.sync()
    assert laptop.replica == office.projection(boss)
    laptop.sync()
    pass_days(office, 2 * KEEP, laptop, second)
    assert not _ever_had(office, boss, f"team:{team}")


def _ever_had(office: Office, user_id: str, scope: str) -> bool:
    ever = table_of(UserScopeEver)
    with office.database.read() as snapshot:
        query = select(ever.c.scope).where(ever.c.user_id == user_id, ever.c.scope == scope)
        return snapshot.connection.execute(query).first() is not None
