"""Customers held by others: a laptop says that HQ has one, and holds nothing of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm_core.errors import NotFound
from crm_core.ids import named_id
from crm_core.rules.known import KnownPage, hashes_in
from crm_core.sync import codec
from crm_desktop.models import known as hashes
from crm_desktop.services import records
from crm_desktop.services.duplicates import held_elsewhere
from crm_desktop.sync import known
from sync_server.services import known as hq_known
from sync_server.services.known import KnownCustomers
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops, settle_all


class Telling:
    """The line to an HQ that tells; every page goes through its bytes."""

    def __init__(self, office: Office, laptop: Laptop, *, tells: bool = True) -> None:
        self._service = KnownCustomers(office.database, replace(office.settings, tell_known_customers=tells))
        self._session = laptop.line._device
        self.bytes = 0
        self.pages: list[KnownPage] = []

    def __call__(self, since: int, epoch: str) -> KnownPage:
        """Return what changed since there."""
        raw = codec.encode(self._service.page(self._session, since, epoch))
        self.bytes += len(raw)
        self.pages.append(codec.decode(raw, KnownPage))
        return self.pages[-1]


@pytest.fixture(autouse=True)
def _always_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hq_known, "FRESH_S", 0.0)


def words(laptop: Laptop, **values: str) -> list[str]:
    """Return why a laptop says that somebody else holds such a customer."""
    return [str(reason) for reason in held_elsewhere(laptop.replica, values)]


def test_a_laptop_says_that_somebody_else_holds_a_customer_and_forgets_what_changed(
    office: Office, laptops: Laptops
) -> None:
    lin = laptops.make("lin", office.user("Lin", "sales"))
    wang = laptops.make("wang", office.user("Wang", "sales"))
    settle_all([lin, wang])
    theirs = records.create(
        wang.replica,
        "customer",
        {"name": "深圳市纸鹤食品有限公司", "phone": "0755-28780808", "tax_number": "91-33 AB"},
    ).value.id
    records.create(lin.replica, "customer", {"name": "Own Works Ltd", "phone": "+49 30 1234567"})
    settle_all([lin, wang])
    line = Telling(office, lin)
    known.fetch(lin.replica, line)
    assert words(lin, name="深圳紙鶴食品") == ["Same name"]
    assert words(lin, phone="+86 755 2878 0808", tax_number="9133ab") == [
        "Same tax number",
        "Same phone number",
    ]
    assert words(lin, name="Own Works", phone="030 1234567") == []
    assert words(lin, name="Somebody Else", phone="075528780809") == []
    # Nothing of the customer itself is here.
    with pytest.raises(NotFound):
        records.get(lin.replica, "customer", theirs)
    assert len(hashes_in(line.pages[0].added)) == 5
    # Only what changed is told.
    records.update(wang.replica, "customer", theirs, {"phone": "0755-11112222"})
    wang.sync()
    line.bytes = 0
    known.fetch(lin.replica, line)
    assert (len(line.pages[-1].added), len(line.pages[-1].removed), line.pages[-1].begins) == (5, 5, False)
    assert words(lin, phone="075528780808") == []
    assert words(lin, phone="075511112222") == ["Same phone number"]
    records.delete(wang.replica, "customer", theirs)
    wang.sync()
    known.fetch(lin.replica, line)
    assert words(lin, name="深圳紙鶴食品", phone="075511112222") == []


def test_what_two_have_alike_stays_until_both_are_gone_and_pages_follow_each_other(
    office: Office, laptops: Laptops, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hq_known, "PAGE_HASHES", 2)
    lin = laptops.make("lin", office.user("Lin", "sales"))
    boss = laptops.make("boss", office.user("Boss", "admin"))
    settle_all([lin, boss])
    ids = [
        records.create(boss.replica, "customer", {"name": name, "phone": "075528780808"}).value.id
        for name in ("Paper Crane", "Paper Kite", "Paper Boat")
    ]
    boss.sync()
    line = Telling(office, lin)
    known.fetch(lin.replica, line)
    assert [page.more for page in line.pages] == [True, True, False]
    records.delete(boss.replica, "customer", ids[0])
    boss.sync()
    known.fetch(lin.replica, line)
    assert (words(lin, name="Paper Crane"), words(lin, phone="075528780808")) == ([], ["Same phone number"])
    for each in ids[1:]:
        records.delete(boss.replica, "customer", each)
    boss.sync()
    known.fetch(lin.replica, line)
    assert words(lin, name="Paper Kite", phone="075528780808") == []


def test_it_goes_where_hq_tells_nothing_or_the_role_makes_no_customers(
    office: Office, laptops: Laptops
) -> None:
    lin_id = office.user("Lin", "sales")
    lin = laptops.make("lin", lin_id)
    boss = laptops.make("boss", office.user("Boss", "admin"))
    service = laptops.make("service", office.user("Serving", "service"))
    settle_all([lin, boss, service])
    records.create(boss.replica, "customer", {"name": "Paper Crane"})
    boss.sync()
    known.fetch(lin.replica, Telling(office, lin))
    assert words(lin, name="Paper Crane") == ["Same name"]
    known.fetch(service.replica, Telling(office, service))
    with service.replica.read() as session:
        assert hashes.standing(session)[1] == b""
    office.hq.update("user", lin_id, {"role_id": named_id("role", "service")})
    known.fetch(lin.replica, Telling(office, lin))
    with lin.replica.read() as session:
        assert session.connection().exec_driver_sql("SELECT count(*) FROM known_hash").scalar() == 0
    known.fetch(boss.replica, Telling(office, boss, tells=False))
    with boss.replica.read() as session:
        assert hashes.standing(session)[:3] == ("", b"", 0)


def test_another_hq_or_one_restored_begins_anew(office: Office, laptops: Laptops) -> None:
    boss = laptops.make("boss", office.user("Boss", "admin"))
    settle_all([boss])
    records.create(boss.replica, "customer", {"name": "Paper Crane"})
    boss.sync()
    line = Telling(office, boss)
    assert line(0, "").begins
    assert line(10**6, office.epoch.hex()).begins
    assert line(1, "00" * 16).begins
    assert not line(1, office.epoch.hex()).begins
