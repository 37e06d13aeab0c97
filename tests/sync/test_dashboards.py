"""A dashboard counted at HQ by somebody's rights says what his laptop says, as figures, file and picture."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crm_core.charts.starters import STARTERS, Starter
from crm_core.charts.tiles import Counted
from crm_core.i18n import Message
from crm_core.ids import named_id
from crm_desktop.services import dashboards as on_laptop
from resources import translation
from resources.report_file import dashboard_file
from sync_server.services import dashboards as at_hq
from sync_server.services.reading import Reader
from tests.support.drawn_reports import PEOPLE, typed_records
from tests.support.hq import Office, make
from tests.support.replicas import Laptop, Laptops
from tests.support.server import crm_server, initialised

SELLER = named_id("user", PEOPLE[0])
TR = translation("zh_CN")


@pytest.fixture
def seller(office: Office, laptops: Laptops) -> Laptop:
    """Give the laptop of somebody who sells, with what is his of a good deal of everything."""
    office.hq.write_all([make(entity, record_id, **values) for entity, record_id, values in typed_records()])
    laptop = laptops.make("Li Na", SELLER)
    laptop.sync()
    return laptop


def _counted_at_hq(office: Office, user_id: str, starter: Starter) -> tuple[Counted, ...]:
    with office.database.read() as snapshot:
        reader = Reader(snapshot.connection, office.person(user_id))
        entry = at_hq.find(reader, starter.key)
        return at_hq.count_dashboard(reader, entry, "CNY", office.clock())


def _files(starter: Starter, counted: tuple[Counted, ...]) -> list[bytes]:
    name = Message(starter.name)
    return [
        dashboard_file(starter.tiles, counted, ending, name, "", "zh_CN", TR)
        for ending in (".json", ".svg", ".pdf")
    ]


def test_hq_and_the_laptop_say_the_same_and_others_see_more(office: Office, seller: Laptop) -> None:
    others = 0
    for starter in STARTERS:
        here = on_laptop.count_tiles(seller.replica, starter.tiles, starter.period)
        there = _counted_at_hq(office, SELLER, starter)
        assert [each.fault for each in there] == [each.fault for each in here]
        assert any(each.drawn is not None for each in here)
        for mine, theirs in zip(here, there, strict=True):
            if mine.drawn is not None and theirs.drawn is not None:
                assert theirs.drawn.table.rows == mine.drawn.table.rows
                assert theirs.drawn.chart == mine.drawn.chart
        assert _files(starter, there) == _files(starter, here)
        others += _counted_at_hq(office, office.founder, starter) != there
    assert others


def test_the_command_counts_by_a_users_rights_and_writes_every_file(tmp_path: Path) -> None:
    data = initialised(tmp_path / "hq")
    listed = crm_server(data, "--json", "report", "dashboards")
    assert [json.loads(line)["key"] for line in listed.out.splitlines()] == [each.key for each in STARTERS]
    for ending, begins in ((".pdf", b"%PDF"), (".png", b"\x89PNG"), (".xlsx", b"PK"), (".json", b"[")):
        file = tmp_path / f"board{ending}"
        ran = crm_server(data, "report", "dashboard", "sales", str(file), "--period", "this-year")
        assert (ran.status, file.read_bytes()[: len(begins)]) == (0, begins), ran.err
    for ending, begins in ((".pdf", b"%PDF"), (".svg", b"<svg"), (".xlsx", b"PK")):
        file = tmp_path / f"report{ending}"
        assert crm_server(data, "report", "export", "ranking", str(file)).status == 0
        assert file.read_bytes()[: len(begins)] == begins
    printed = crm_server(data, "--json", "report", "dashboard", "Service")
    assert all("rows" in json.loads(line) for line in printed.out.splitlines())
    wrong = crm_server(data, "report", "dashboard", "sales", str(tmp_path / "board.doc"))
    assert (wrong.status, "ends in none of" in wrong.err) == (1, True)
