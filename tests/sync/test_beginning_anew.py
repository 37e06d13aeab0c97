"""Laptops that begin anew: HQ went back to a backup, a profile was copied, somebody signed in again."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import select

from crm_core.entities.activity import Activity
from crm_core.sync.protocol import Code, EnrolResponse
from crm_core.times import DAY_MS
from crm_desktop.models.device_tables import SyncEvent
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.services import quotes, records, tickets
from crm_desktop.sync import enrolment
from crm_desktop.sync.report import COPIED
from sync_server.services import forgetting, numbers
from sync_server.services.auth import DeviceSession
from sync_server.services.hq import Hq
from sync_server.services.renumbering import TOLD
from sync_server.services.sync import SyncService
from sync_server.store.database import Database, renew_epoch
from tests.support.hq import Office
from tests.support.replicas import KEY, Cut, Laptop, Laptops, Line, differences, settle_all


class Saved:
    """HQ as it was when this was made, to go back to."""

    def __init__(self, office: Office, folder: Path) -> None:
        self._office, self._copy = office, folder / "saved.db"
        (self._file,) = office.settings.data.glob("*.db")
        with closing(sqlite3.connect(self._file)) as source, closing(sqlite3.connect(self._copy)) as target:
            source.backup(target)

    def go_back(self) -> None:
        """Put HQ back, as `backup.restore` does."""
        office = self._office
        office.database.close()
        with closing(sqlite3.connect(self._copy)) as source, closing(sqlite3.connect(self._file)) as target:
            source.backup(target)
        office.database = Database(office.settings.database_url)
        office.hq = Hq(office.database, office.clock)
        office.sync = SyncService(office.database, office.settings, office.clock)
        with office.database.note() as connection:
            office.epoch = bytes.fromhex(renew_epoch(connection))
            numbers.set_lost_apart(connection, office.now_ms)
        office.now_ms += 60_000


def new_customer(laptop: Laptop, name: str = "纸鹤食品（示例）") -> str:
    return records.create(laptop.replica, "customer", {"name": name}).value.id


def new_quote(laptop: Laptop, customer: str) -> str:
    values = {"customer_id": customer, "currency": "CNY", "valid_until": "2031-12-31"}
    return str(records.create(laptop.replica, "quote", values).value["number"])


def new_sent_quote(laptop: Laptop, customer: str) -> str:
    quote = quotes.create(laptop.replica, {"customer_id": customer, "currency": "CNY"}).value.id
    quotes.add_line(laptop.replica, quote, {"description": "Pump", "unit_price": 100, "quantity": "2"})
    quotes.set_status(laptop.replica, quote, "sent")
    return quote


def number_on(laptop: Laptop, quote: str) -> str:
    return str(records.get(laptop.replica, "quote", quote)["number"])


def numbers_at(office: Office, user_id: str) -> list[str]:
    shown = office.projection(user_id)
    return sorted(row["number"] for (entity, _), row in shown.items() if entity == 50 and "number" in row)


def copy_of(tmp_path: Path, office: Office, laptop: Laptop) -> Laptop:
    """Return another laptop that holds a copy of the folder of this one; close its replica."""
    root = laptop.replica.profile.root
    laptop.replica.close()
    shutil.copytree(root, tmp_path / "copy")
    laptop.replica = Replica.open(Profile(root), KEY, laptop._clock())
    there = Replica.open(Profile(tmp_path / "copy"), KEY, laptop._clock())
    return Laptop("copy", laptop.user_id, office, there, Line(office, laptop.line._device))


def sign_in_again(office: Office, laptop: Laptop) -> None:
    """Make a laptop known to HQ as another device, as signing in does."""
    known = office.laptop(laptop.user_id)
    answer = EnrolResponse(
        device=known.device,
        secret="",
        user_id=laptop.user_id,
        user_name=laptop.name,
        company="",
        epoch=office.epoch,
        nonce=known.nonce,
        server_ms=office.now_ms,
    )
    with laptop.replica.applying() as session:
        enrolment.remember(session, answer, "https://hq.example")
    laptop.line = Line(office, DeviceSession(device_id=known.device, user_id=laptop.user_id))


def assert_even(*laptops: Laptop) -> None:
    assert [line for laptop in laptops for line in differences(laptop)] == []


def test_what_was_handed_in_after_a_backup_comes_again_from_who_made_it(
    tmp_path: Path, office: Office, laptops: Laptops
) -> None:
    lin, maya = (
        laptops.make("lin", office.user("Lin", "sales")),
        laptops.make("maya", office.user("Maya", "admin")),
    )
    settle_all([lin, maya], 1)
    known = new_customer(lin)
    contact = records.create(lin.replica, "contact", {"name": "何苗", "customer_id": known}).value.id
    settle_all([lin, maya])
    saved = Saved(office, tmp_path)
    office.now_ms += 60_000
    made = new_customer(lin, "Made after")
    number = new_quote(lin, made)
    records.update(lin.replica, "customer", known, {"industry": "paper", "city": "杭州"})
    records.change_tags(lin.replica, "customer", known, add=["vip"])
    records.delete(lin.replica, "contact", contact)
    settle_all([lin, maya])
    office.now_ms += 60_000
    records.update(maya.replica, "customer", known, {"industry": "food"})
    records.create(maya.replica, "contact", {"name": "Maya's", "customer_id": made})
    settle_all([maya, lin])
    records.update(lin.replica, "customer", made, {"website": "https://unsent.example"})
    before = office.projection(maya.user_id)
    saved.go_back()
    settle_all([maya, lin])
    assert_even(lin, maya)
    there = office.projection(maya.user_id)
    assert there[10, known]["industry"] == "food"
    assert there[10, known]["city"] == "杭州"
    assert [word for word, _ in there[10, known]["tags"]] == ["vip"]
    assert there[11, contact]["life"] == 2
    assert there[10, made]["website"] == "https://unsent.example"
    assert numbers_at(office, maya.user_id) == [number]
    assert there.keys() == before.keys()
    assert lin.returned() == maya.returned() == []


def test_numbers_given_out_after_a_backup_are_given_to_nobody_else(
    tmp_path: Path, office: Office, laptops: Laptops
) -> None:
    lin, wang = (laptops.make(name, office.user(name, "sales")) for name in ("Lin", "Wang"))
    saved = Saved(office, tmp_path)
    settle_all([lin, wang])  # leases HQ will not remember
    given = [new_quote(laptop, new_customer(laptop)) for laptop in (lin, wang)]
    lin.sync()
    saved.go_back()
    settle_all([lin, wang])
    later = [new_quote(laptop, new_customer(laptop)) for laptop in (wang, lin) for _ in range(3)]
    settle_all([wang, lin])
    assert len({*given, *later}) == len(given) + len(later)
    assert lin.returned() == wang.returned() == []
    admin = office.user("Admin", "admin")
    assert numbers_at(office, admin) == sorted([*given, *later])


def test_an_hq_that_never_went_back_is_sent_nothing_twice(office: Office, laptops: Laptops) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    lin.sync()
    customer = new_customer(lin)
    lin.sync()
    office.hq.update("customer", customer, {"industry": "HQ's"})
    office.hq.delete("customer", customer)
    with lin.replica.applying() as session:
        enrolment.state.write(session, {enrolment.Key.NONCE: b"of an old copy"})
    assert lin.sync().sent == 0
    assert_even(lin)


def test_a_copied_profile_gives_out_no_number_the_original_has(
    tmp_path: Path, office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    lin.sync()
    customer = new_customer(lin)
    lin.sync()
    root = lin.replica.profile.root
    lin.replica.close()
    shutil.copytree(root, tmp_path / "copy")
    lin.replica = Replica.open(Profile(root), KEY, lin._clock())
    line = Line(office, DeviceSession(device_id=lin.line._device.device_id, user_id=lin.user_id))
    copy = Laptop(
        "copy", lin.user_id, office, Replica.open(Profile(tmp_path / "copy"), KEY, lin._clock()), line
    )
    try:
        lin.sync()
        settle_all([lin, copy], 2)
        given = []
        for _ in range(3):
            given += [new_quote(laptop, customer) for laptop in (lin, copy)]
            settle_all([lin, copy], 2)
        assert len(set(given)) == len(given)
        assert lin.returned() == copy.returned() == []
        assert_even(lin, copy)
    finally:
        copy.replica.close()


def test_who_signs_in_again_goes_on_as_another_laptop_and_keeps_only_what_is_still_visible(
    office: Office, laptops: Laptops
) -> None:
    lin, wang = office.user("Lin", "sales"), office.user("Wang", "sales")
    laptop = laptops.make("lin", lin)
    laptop.sync()
    kept, lost = new_customer(laptop), new_customer(laptop, "Given away")
    records.change_tags(laptop.replica, "customer", kept, add=["old"])
    laptop.sync()
    records.update(laptop.replica, "customer", kept, {"industry": "unsent"})
    records.change_tags(laptop.replica, "customer", kept, add=["new"], remove=["old"])
    office.hq.update("customer", lost, {"owner_id": wang})
    sign_in_again(office, laptop)
    assert laptop.sync().up_to_date
    assert_even(laptop)
    assert laptop.projection().keys().isdisjoint({(10, lost)})
    assert office.row("customer", kept)["industry"] == "unsent"
    assert office.row("customer", kept)["tags"] == ["new"]
    assert laptop.returned() == []


def test_a_laptop_enrolled_after_the_backup_brings_back_all_it_made(
    tmp_path: Path, office: Office, laptops: Laptops
) -> None:
    user = office.user("Lin", "sales")
    saved = Saved(office, tmp_path)
    lin = laptops.make("lin", user)
    lin.sync()
    customer = new_customer(lin)
    number = new_quote(lin, customer)
    lin.sync()
    records.change_tags(lin.replica, "customer", customer, add=["sent"])
    lin.sync()
    records.change_tags(lin.replica, "customer", customer, add=["unsent"])
    saved.go_back()
    sign_in_again(office, lin)
    assert lin.sync().up_to_date
    assert office.row("customer", customer)["tags"] == ["sent", "unsent"]
    assert numbers_at(office, user) == [number]
    assert_even(lin)
    assert lin.returned() == []


def test_a_laptop_cut_off_while_hq_tells_what_it_has_still_brings_back_what_it_lost(
    tmp_path: Path, office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"), page_bytes=2048)
    lin.sync()
    for count in range(60):
        new_customer(lin, f"Known {count}")
    lin.sync()
    saved = Saved(office, tmp_path)
    made = new_customer(lin, "Made after")
    lin.sync()
    records.update(lin.replica, "customer", made, {"industry": "unsent"})
    saved.go_back()
    for cuts in (
        (Cut.ANSWER,),
        (Cut.NOWHERE, Cut.ANSWER),
        (Cut.REQUEST,),
        (Cut.NOWHERE, Cut.NOWHERE, Cut.ANSWER),
    ):
        assert lin.try_sync(*cuts) is None
        lin.reopen()
    assert [response.acked_to for response in lin.line.seen if response.incarnation] == [60]
    assert lin.sync().up_to_date
    assert office.row("customer", made)["industry"] == "unsent"
    assert_even(lin)
    assert lin.returned() == []


def test_a_number_nobody_lost_is_still_refused_from_who_does_not_hold_it(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    lin.sync()
    customer = new_customer(lin)
    new_quote(lin, customer)
    with lin.replica.applying() as session:
        (op,) = session.query(enrolment.OutboxOp).filter_by(entity="quote")
        fields, values = op.value
        op.value = [fields, ["Q-2027-0999" if value == "Q-2027-0001" else value for value in values]]
    lin.sync()
    assert [code for _, _, code in lin.returned()] == [Code.INVALID]


def test_a_copy_and_its_original_both_hand_in_what_waited_once_and_go_on(
    tmp_path: Path, office: Office, laptops: Laptops
) -> None:
    lin, wang = (laptops.make(name, office.user(name, "sales")) for name in ("lin", "wang"))
    lin.sync()
    customer = new_customer(lin)
    lin.sync()
    office.now_ms += 60_000
    records.change_tags(lin.replica, "customer", customer, add=["waited in both"])
    records.update(lin.replica, "customer", customer, {"industry": "waited in both"})
    clone = copy_of(tmp_path, office, lin)
    try:
        office.now_ms += 60_000
        mine, others = new_customer(lin, "Made on the original"), new_customer(clone, "Made on the copy")
        records.update(clone.replica, "customer", customer, {"website": "https://copy.example"})
        number = new_quote(lin, mine)
        lin.sync()
        office.hq.update("customer", customer, {"industry": "HQ's, later"})
        report = clone.sync()  # known for a copy at once, whatever its nonce, and goes on in the same round
        assert (report.begun_anew, report.refused, report.up_to_date) == (COPIED, 0, True)
        assert clone.waiting() == 0
        settle_all([clone, lin, wang], 3)
        row = office.row("customer", customer)
        assert (row["industry"], row["website"]) == ("HQ's, later", "https://copy.example")
        assert row["tags"] == ["waited in both"]
        shown = office.projection(lin.user_id)
        assert len(shown[10, customer]["tags"]) == 1
        assert {(10, mine), (10, others)} <= shown.keys()
        later = [new_quote(laptop, customer) for laptop in (clone, lin)]
        settle_all([lin, clone], 2)
        assert len({number, *later}) == 3
        assert (lin.returned(), clone.returned()) == ([], [])
        assert_even(lin, clone)
    finally:
        clone.replica.close()


def test_quotes_numbered_alike_on_both_copies_all_stand_under_numbers_of_their_own(
    tmp_path: Path, office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    lin.sync()
    customer = new_customer(lin)
    lin.sync()
    clone = copy_of(tmp_path, office, lin)
    try:
        sent = [new_sent_quote(laptop, customer) for laptop in (lin, lin, clone, clone, clone)]
        before = [
            number_on(laptop, quote) for laptop, quote in zip([lin] * 2 + [clone] * 3, sent, strict=True)
        ]
        assert before[:2] == before[2:4]
        with_ticket = [tickets.create(laptop.replica, {"subject": "Pump"}).value for laptop in (lin, clone)]
        assert with_ticket[0]["number"] == with_ticket[1]["number"]
        assert lin.sync().refused == 0
        report = clone.sync()
        assert (report.begun_anew, report.refused, report.up_to_date) == (COPIED, 0, True)
        settle_all([lin, clone], 3)
        rows = [office.row("quote", quote) for quote in sent]
        assert [row["status"] for row in rows] == ["sent"] * 5
        assert all(row["total"] == 200 for row in rows)
        numbers_now = [row["number"] for row in rows]
        # What was given out first keeps its number, and so does what nobody else used.
        assert numbers_now[:2] == before[:2]
        assert numbers_now[4] == before[4]
        assert len(set(numbers_now)) == 5
        with clone.replica.read() as session:
            tasks = session.scalars(select(Activity.subject).where(Activity.kind == "task")).all()
            remarks = session.scalars(select(SyncEvent.kind)).all()
        now = [str(office.row("ticket", ticket.id)["number"]) for ticket in with_ticket]
        assert now[0] == with_ticket[0]["number"] != now[1]
        told = [*((before[n], numbers_now[n]) for n in (2, 3)), (now[0], now[1])]
        assert sorted(tasks) == sorted(TOLD.format(old=old, new=new) for old, new in told)
        assert remarks.count("renumbered") == 3
        assert "begun_anew" in remarks
        assert (lin.returned(), clone.returned()) == ([], [])
        assert_even(lin, clone)
    finally:
        clone.replica.close()


def test_a_laptop_away_beyond_what_hq_keeps_begins_anew_with_all_that_is_its_own(
    office: Office, laptops: Laptops
) -> None:
    lin, boss = (laptops.make(n, office.user(n, r)) for n, r in (("lin", "sales"), ("boss", "admin")))
    settle_all([lin, boss])
    kept, lost, dead = new_customer(lin), new_customer(lin, "Given away"), new_customer(lin, "Deleted")
    lin.sync()
    office.now_ms += 60_000
    office.hq.update("customer", kept, {"industry": "newer"})
    new_quote(lin, kept)
    office.now_ms -= 120_000
    lin.skew_ms = -120_000
    records.update(lin.replica, "customer", kept, {"industry": "older"})
    lin.skew_ms = 0
    office.now_ms += 120_000
    lin.sync()
    came_back = lin.returned()
    with lin.replica.read() as session:
        leases = [(each.lo, each.hi, each.next) for each in session.query(enrolment.NumberLease)]
    records.update(lin.replica, "customer", kept, {"website": "https://typed-away.example"})
    records.update(lin.replica, "customer", dead, {"industry": "typed on what is gone"})
    office.hq.update("customer", lost, {"owner_id": boss.user_id})
    office.hq.delete("customer", dead)
    for _ in range(5):
        forgetting.forget(office.database, 180, office.now_ms)
        office.now_ms += 95 * DAY_MS
        boss.sync()
    report = lin.sync()
    assert report.up_to_date
    assert any(response.resync for response in lin.line.seen)
    assert not any(response.incarnation for response in lin.line.seen)
    assert office.row("customer", kept)["website"] == "https://typed-away.example"
    assert lin.returned()[: len(came_back)] == came_back
    entity, _, code = lin.returned()[-1]
    assert (entity, code) == ("customer", Code.STALE_LIFE)
    with lin.replica.read() as session:
        assert [(each.lo, each.hi, each.next) for each in session.query(enrolment.NumberLease)] == leases
    assert_even(lin)
    assert lin.projection().keys().isdisjoint({(10, lost), (10, dead)})
