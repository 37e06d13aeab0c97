"""Reports HQ counts and sends by itself: to each reader by his own rights, once, over a real SMTP server."""

from __future__ import annotations

from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import pytest

from crm_core.charts.form import plain_chart, stored_chart
from crm_core.charts.starters import STARTERS
from crm_core.errors import Invalid
from crm_core.ids import named_id
from crm_core.rules.dashboards import plain_tiles
from crm_core.rules.reports import Group, Report
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS, HOUR_MS
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, reports
from sync_server.services import mail_line, scheduled_reports
from sync_server.services.headquarters import Headquarters
from sync_server.services.reading import Reader
from sync_server.services.reports import count
from sync_server.services.scheduled_reports import run_due
from tests.support.drawn_reports import typed_records
from tests.support.hq import Office, make
from tests.support.paper_firm import headquarters_of
from tests.support.post_office import PostOffice, post_office
from tests.support.replicas import Laptop, Laptops

OWNERS = Report(entity="deal", rows=(Group(field="owner_id"),))
BOSS, SELLER = "boss@heron.example", "li@heron.example"


@pytest.fixture(scope="module")
def post() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


class Firm:
    """Li Na sells, Boss leads; the sales they make are drawn at random."""

    def __init__(self, office: Office, post: PostOffice, laptops: Laptops, **settings: Any) -> None:
        self.office = office
        office.hq.write_all(
            [make(entity, record_id, **values) for entity, record_id, values in typed_records()]
        )
        self.seller_id = named_id("user", "Li Na")
        self.boss_id = office.user("Boss", "admin", email=BOSS)
        office.hq.update("user", self.seller_id, {"email": SELLER})
        self.hq: Headquarters = headquarters_of(
            office,
            smtp_server=f"smtp://127.0.0.1:{post.port}",
            smtp_from="office@heron.example",
            report_outside=("@kontor.example",),
            report_outside_as="Li Na",
            **settings,
        )
        self.boss: Laptop = laptops.make("Boss", self.boss_id)
        self.boss.sync()
        self.report_id = reports.save(self.boss.replica, "按负责人", OWNERS, "bar").value.id
        self.boss.sync()

    def schedule(self, laptop: Laptop | None = None, **values: Any) -> str:
        """Make a schedule on a laptop without a network: every day from an hour ahead; then sync."""
        asked = {
            "name": "Owners",
            "report_id": self.report_id,
            "readers": [self.boss_id, self.seller_id],
            "starts_at": self.office.now_ms + HOUR_MS,
            "repeat": "FREQ=DAILY",
            "zone": "Asia/Shanghai",
            **values,
        }
        made = records.create((laptop or self.boss).replica, "report_schedule", asked).value.id
        (laptop or self.boss).sync()
        self.run()
        return made

    def run(self, hours: float = 0) -> dict[str, int]:
        self.office.now_ms += round(hours * HOUR_MS)
        return run_due(self.hq, self.office.now_ms)

    def counted(self, user_id: str) -> int:
        """Return how many records somebody sees that the report counts."""
        with self.office.database.read() as snapshot:
            reader = Reader(snapshot.connection, self.office.person(user_id))
            return count(reader, OWNERS, "CNY", self.office.now_ms).counted

    def sendings(self, schedule_id: str) -> list[dict[str, Any]]:
        return [row for _, row in self.office.hq.find("report_sending", "schedule_id", schedule_id)]


@pytest.fixture
def firm(office: Office, laptops: Laptops, post: PostOffice) -> Firm:
    post.envelopes.clear()
    post.answer, post.refused, post.drops = "250 taken", frozenset(), False
    return Firm(office, post, laptops)


def _to(post: PostOffice, address: str) -> EmailMessage:
    (letter,) = [each for each in post.letters if each["To"].addresses[0].addr_spec == address]
    return letter


def _total(letter: EmailMessage) -> int:
    """Return how many records a letter says were counted."""
    (line,) = [each for each in _text(letter).splitlines() if each.startswith(("合计", "Total"))]
    return int(line.split()[-1])


def _text(letter: EmailMessage, kind: str = "plain") -> str:
    body = letter.get_body((kind,))
    assert body is not None
    return str(body.get_content())


def test_each_reader_gets_it_at_its_time_by_his_own_rights(firm: Firm, post: PostOffice) -> None:
    schedule = firm.schedule(attach_pdf=True, attach_xlsx=True, language="zh_CN")
    assert firm.run(0.9)["sent"] == 0
    assert firm.run(0.2)["sent"] == 2
    assert firm.run(0.1)["sent"] == 0
    whole, own = _to(post, BOSS), _to(post, SELLER)
    assert whole["Subject"] == own["Subject"] == "按负责人"
    assert _total(whole) == firm.counted(firm.boss_id) > _total(own) == firm.counted(firm.seller_id)
    assert "按 Li Na 的权限" in _text(own)
    page = _text(own, "html")
    assert '<html lang="zh-CN">' in page
    assert "color-scheme" in page
    assert 'scope="col"' in page
    picture = next(part for part in own.walk() if part.get_content_type() == "image/png")
    assert f'src="cid:{picture["Content-ID"].strip("<>")}"' in page
    assert 'alt="按负责人' in page
    files = {part.get_filename(): part.get_content()[:4] for part in own.iter_attachments()}
    assert files == {"按负责人.pdf": b"%PDF", "按负责人.xlsx": b"PK\x03\x04"}
    held = firm.office.row("report_schedule", schedule)
    assert (held["last_at"], held["next_at"]) == (held["starts_at"], held["starts_at"] + DAY_MS)
    assert {row["status"] for row in firm.sendings(schedule)} == {"sent"}
    firm.boss.sync()
    assert records.get(firm.boss.replica, "report_schedule", schedule)["last_at"] == held["starts_at"]


def test_what_hq_rested_over_is_sent_once_not_day_by_day(firm: Firm, post: PostOffice) -> None:
    firm.schedule(readers=[named_id("role", "admin")])
    assert firm.run(1 + 24 * 5)["sent"] == 1  # the founder has no address
    assert firm.run(24)["sent"] == 1
    assert len(post.letters) == 2


def test_hq_ended_while_it_hands_over_says_perhaps_and_never_sends_twice(
    firm: Firm, post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = firm.schedule(readers=[firm.boss_id])
    whole = mail_line.Line.hand_over

    def dies_behind(self: mail_line.Line, *how: Any) -> mail_line.Handed:
        whole(self, *how)
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(mail_line.Line, "hand_over", dies_behind)
        with pytest.raises(SystemExit):
            firm.run(1.1)
    assert firm.run(0.1)["sent"] == 0
    assert len(post.letters) == 1
    assert [row["status"] for row in firm.sendings(schedule)] == ["unknown"]
    assert firm.run(24)["sent"] == 1
    assert post.letters[0]["Message-ID"] != post.letters[1]["Message-ID"]


def test_hq_ended_before_it_hands_over_sends_it_when_it_is_back(
    firm: Firm, post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm.schedule(readers=[firm.boss_id])

    def dies(*_how: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(scheduled_reports, "letter_of", dies)
        with pytest.raises(SystemExit):
            firm.run(1.1)
    assert not post.letters
    assert firm.run(0.1)["sent"] == 1


def test_one_that_breaks_holds_up_no_other_and_is_tried_again(
    firm: Firm, post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = firm.schedule()
    whole = scheduled_reports.letter_of

    def breaks(wanted: Any, sender: Any, to: Address, now_ms: int) -> EmailMessage:
        if to.addr_spec == BOSS:
            raise ZeroDivisionError
        return whole(wanted, sender, to, now_ms)

    with monkeypatch.context() as broken:
        broken.setattr(scheduled_reports, "letter_of", breaks)
        counts = firm.run(1.1)
    assert (counts["sent"], counts["waiting"]) == (1, 1)
    (held,) = [row for row in firm.sendings(schedule) if row["status"] == "waiting"]
    assert "its log says why" in held["outcome"][0]
    assert firm.run(0.5)["sent"] == 1
    assert {each["To"].addresses[0].addr_spec for each in post.letters} == {BOSS, SELLER}


def test_refused_by_the_server_it_is_paused_and_its_maker_is_told(firm: Firm, post: PostOffice) -> None:
    post.refused = frozenset({BOSS})
    schedule = firm.schedule(readers=[firm.boss_id])
    assert firm.run(1.1)["failed"] == 1
    held = firm.office.row("report_schedule", schedule)
    assert (held["paused"], held["next_at"]) == (True, None)
    (task,) = [
        row for _, row in firm.office.hq.find("activity", "about_id", schedule) if row["kind"] == "task"
    ]
    assert (task["owner_id"], "550 nobody here" in task["subject"]) == (firm.boss_id, True)
    post.refused = frozenset()
    firm.boss.sync()
    records.update(firm.boss.replica, "report_schedule", schedule, {"paused": False})
    firm.boss.sync()
    firm.run()
    assert firm.run(24)["sent"] == 1


def test_not_now_is_tried_again(firm: Firm, post: PostOffice) -> None:
    post.answer = "450 later"
    firm.schedule(readers=[firm.boss_id])
    assert firm.run(1.1)["waiting"] == 1
    post.answer = "250 taken"
    assert firm.run(0.5)["sent"] == 1


def test_it_ends_with_its_maker_and_with_his_sight_of_the_report(firm: Firm, post: PostOffice) -> None:
    gone = firm.schedule(readers=[firm.seller_id])
    firm.office.hq.update("user", firm.boss_id, {"active": False})
    assert firm.run(1.1)["sent"] == 0
    held = firm.office.row("report_schedule", gone)
    assert (held["paused"], held["outcome"][0]) == (True, "Whoever made it is not in use any more")
    assert not post.letters


def test_outside_only_where_the_administrator_allows_and_by_the_rights_he_named(
    firm: Firm, laptops: Laptops, post: PostOffice
) -> None:
    firm.schedule(readers=[], outside="ann@kontor.example, eve@other.example")
    counts = firm.run(1.1)
    assert (counts["sent"], counts["refused"]) == (1, 1)
    (letter,) = post.letters
    assert letter["To"].addresses[0].addr_spec == "ann@kontor.example"
    assert _total(letter) == firm.counted(firm.seller_id)
    assert "Li Na" in _text(letter)
    other = laptops.make("Amy", named_id("user", "Amy"))
    other.sync()
    own = {"report_id": None, "standard": "win_rate"}
    paused = firm.schedule(other, readers=[], outside="ann@kontor.example", **own)
    assert firm.run(1.1)["refused"] == 1
    assert firm.office.row("report_schedule", paused)["paused"]
    assert len(post.letters) == 1


def test_a_dashboard_goes_onto_each_readers_laptop_by_his_rights_and_with_them(
    firm: Firm, laptops: Laptops, post: PostOffice
) -> None:
    tiles = plain_tiles(STARTERS[0].tiles)
    shown = {"name": "Sales", "tiles": tiles, "shown_to": [named_id("role", "sales")]}
    board = firm.office.hq.create("dashboard", shown, firm.boss_id)
    firm.boss.sync()
    schedule = firm.schedule(report_id=None, dashboard_id=board, by_mail=False, to_laptops=True, name="Sales")
    assert firm.run(1.1)["sent"] == 2
    seller = laptops.make("Li Na", firm.seller_id)
    seller.sync()
    firm.boss.sync()
    kept = {}
    for laptop in (seller, firm.boss):
        snapshot = records.get(laptop.replica, "dashboard_snapshot", _snapshot_id(board, laptop, firm))
        charts = {tile["id"]: stored_chart(tile["chart"]) for tile in snapshot["tiles"] if "chart" in tile}
        assert all(
            chart is not None and stored_chart(plain_chart(chart)) == chart for chart in charts.values()
        )
        kept[laptop.replica.person.user_id] = charts
    assert kept[firm.boss_id] != kept[firm.seller_id]
    others = records.page(seller.replica, ListQuery(entity="dashboard_snapshot")).rows
    assert len(others) == 1
    # Another role: what was counted by the rights he had goes before anything is counted anew.
    firm.office.hq.update("user", firm.seller_id, {"role_id": named_id("role", "marketing")})
    firm.run()
    seller.sync()
    assert not records.page(seller.replica, ListQuery(entity="dashboard_snapshot")).rows
    assert not post.letters
    assert {row["way"] for row in firm.sendings(schedule)} == {"laptop"}


def _snapshot_id(board: str, laptop: Laptop, firm: Firm) -> str:
    return named_id("dashboard_snapshot", f"{board}/{laptop.replica.person.user_id}")


def test_what_nobody_may_write_is_refused(firm: Firm) -> None:
    schedule = firm.schedule()
    forger = firm.office.laptop(firm.boss_id)
    forger.sync()
    for entity, values in (
        ("report_sending", {"schedule_id": schedule, "status": "waiting", "reader_id": firm.seller_id}),
        ("dashboard_snapshot", {"shown_to": [firm.boss_id], "tiles": []}),
        ("report_schedule", {"name": "Forged", "standard": "ranking", "next_at": 1, "repeat": "FREQ=DAILY"}),
    ):
        forger.create(entity, values)
        forger.sync()
        assert forger.code(forger.last_op) is Code.INVALID, entity
    asked: tuple[dict[str, Any], ...] = (
        {"report_id": None, "standard": "nothing"},
        {"repeat": "sometimes"},
        {"zone": "Mars/Base"},
        {"readers": [], "outside": None},
        {"outside": "nobody"},
        {"to_laptops": True},
        {"by_mail": False},
        {"dashboard_id": "f" * 32},
    )
    for wrong in asked:
        with pytest.raises(Invalid):
            firm.schedule(**wrong)
