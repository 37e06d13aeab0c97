"""A long text that gave way is kept beside the one that stands: for who lost, and for who won."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from crm_core.sync.protocol import Code, MsgKind
from crm_desktop.models.device_tables import OtherVersion as OtherVersionRow
from crm_desktop.services import customers, deciding, other_versions, records, returned_edits
from crm_desktop.services.other_versions import OtherVersion
from tests.support.hq import Office
from tests.support.replicas import Cut, Laptop, Laptops, differences, settle_all

HERS, HIS = "Maya：她的记录", "Lin: his notes\nin two lines"


@pytest.fixture
def pair(office: Office, laptops: Laptops) -> tuple[Laptop, Laptop]:
    team = office.hq.create("team", {"name": "North"})
    made = (
        laptops.make("lin", office.user("Lin", "sales", team_id=team)),
        laptops.make("maya", office.user("Maya", "sales_manager", team_id=team)),
    )
    settle_all(list(made), 1)
    return made


def write_both(office: Office, lin: Laptop, maya: Laptop, *, first: Laptop) -> str:
    """Let both write the notes of one customer, Lin later; `first` syncs first."""
    customer = records.create(lin.replica, "customer", {"name": "纸鹤食品（示例）"}).value.id
    settle_all([lin, maya])
    records.update(maya.replica, "customer", customer, {"notes": "before"})
    settle_all([maya, lin])
    records.update(maya.replica, "customer", customer, {"notes": HERS})
    office.now_ms += 60_000
    records.update(lin.replica, "customer", customer, {"notes": HIS})
    settle_all([first, lin if first is maya else maya])
    settle_all([lin, maya])
    assert [line for laptop in (lin, maya) for line in differences(laptop)] == []
    return customer


def others(laptop: Laptop, customer: str) -> list[tuple[str, str]]:
    return [(each.who, each.text) for each in versions(laptop, customer)]


def versions(laptop: Laptop, customer: str) -> tuple[OtherVersion, ...]:
    return other_versions.of_record(laptop.replica, "customer", customer)


@pytest.mark.parametrize("first", ["lin", "maya"])
def test_both_see_the_text_that_gave_way_whoever_syncs_first(
    office: Office, pair: tuple[Laptop, Laptop], first: str
) -> None:
    lin, maya = pair
    customer = write_both(office, lin, maya, first=lin if first == "lin" else maya)
    assert records.get(maya.replica, "customer", customer)["notes"] == HIS
    assert others(lin, customer) == [("Maya", HERS)]
    assert others(maya, customer) == [("", HERS)]
    assert [each.text for each in customers.overview(lin.replica, customer).others] == [HERS]
    assert [code for _, _, code in maya.returned()] == [Code.SUPERSEDED]
    assert lin.returned() == []


def test_it_is_taken_joined_or_let_go_and_then_gone(office: Office, pair: tuple[Laptop, Laptop]) -> None:
    lin, maya = pair
    customer = write_both(office, lin, maya, first=lin)
    (kept,) = versions(lin, customer)
    other_versions.dismiss(lin.replica, [kept])
    assert versions(lin, customer) == ()
    other_versions.reopen(lin.replica, [kept])
    other_versions.take(lin.replica, kept, below=True)
    assert versions(lin, customer) == ()
    (back,) = versions(maya, customer)
    other_versions.dismiss(maya.replica, [back])
    assert returned_edits.returned(maya.replica) == ()
    settle_all([lin, maya])
    assert records.get(maya.replica, "customer", customer)["notes"] == f"{HIS}\n\n{HERS}"
    assert versions(maya, customer) == ()
    assert [line for laptop in pair for line in differences(laptop)] == []


def test_a_text_that_was_let_go_at_its_field_goes_for_good_after_thirty_days(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, maya = pair
    customer = write_both(office, lin, maya, first=lin)
    other_versions.dismiss(maya.replica, versions(maya, customer))
    (decided,) = returned_edits.decided(maya.replica)
    assert (decided.mine, decided.decided_ms) == (HERS, office.now_ms)
    office.now_ms += 31 * 24 * 60 * 60 * 1000
    assert deciding.forget_old(maya.replica) == 1
    assert returned_edits.decided(maya.replica) == ()


def test_an_answer_lost_brings_it_once(office: Office, pair: tuple[Laptop, Laptop]) -> None:
    lin, maya = pair
    customer = records.create(lin.replica, "customer", {"name": "Customer"}).value.id
    settle_all([lin, maya])
    records.update(maya.replica, "customer", customer, {"notes": HERS})
    office.now_ms += 60_000
    records.update(lin.replica, "customer", customer, {"notes": HIS})
    maya.sync()
    assert lin.try_sync(Cut.ANSWER) is None
    settle_all([lin, maya])
    assert others(lin, customer) == [("Maya", HERS)]


def test_of_one_line_and_of_what_was_seen_nothing_is_kept(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, maya = pair
    customer = records.create(lin.replica, "customer", {"name": "Customer", "notes": "First"}).value.id
    settle_all([lin, maya])
    records.update(maya.replica, "customer", customer, {"notes": HERS})
    settle_all([maya, lin])
    records.update(lin.replica, "customer", customer, {"notes": HIS})  # on top of hers
    records.update(maya.replica, "customer", customer, {"industry": "food"})
    office.now_ms += 60_000
    records.update(lin.replica, "customer", customer, {"industry": "paper"})
    settle_all([maya, lin, maya])
    assert others(lin, customer) == others(maya, customer) == []


def test_it_goes_with_the_record_from_whoever_may_not_see_it_any_more(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, maya = pair
    customer = write_both(office, lin, maya, first=maya)
    assert others(lin, customer) == [("Maya", HERS)]
    office.hq.update("customer", customer, {"owner_id": office.founder})
    settle_all([lin, maya])
    assert versions(lin, customer) == ()
    with lin.replica.read() as session:
        assert session.scalars(select(OtherVersionRow.text)).all() == []


def test_who_lost_the_right_before_it_was_sent_never_gets_it(
    office: Office, pair: tuple[Laptop, Laptop]
) -> None:
    lin, maya = pair
    customer = records.create(lin.replica, "customer", {"name": "Customer"}).value.id
    settle_all([lin, maya])
    records.update(maya.replica, "customer", customer, {"notes": HERS})
    office.now_ms += 60_000
    records.update(lin.replica, "customer", customer, {"notes": HIS})
    lin.sync()
    maya.sync()  # hers gives way, and Lin would be told
    office.hq.update("customer", customer, {"owner_id": office.founder})
    lin.sync()
    assert versions(lin, customer) == ()
    assert not [each for answer in lin.line.seen for each in answer.msgs if each[0] == MsgKind.OTHER_VERSION]
