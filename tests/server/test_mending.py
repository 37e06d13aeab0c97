"""`crm-server mend`: what HQ holds is counted, listed and put right where that is certain."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sync_server.services.headquarters import open_headquarters
from sync_server.settings import read_settings
from tests.server.test_cli import here
from tests.support.server import initialised


def test_values_are_counted_first_and_put_right_where_that_is_certain(tmp_path: Path) -> None:
    data = initialised(tmp_path / "hq", company="Example Ltd")
    with closing(open_headquarters(read_settings(data))) as hq:
        clear = hq.records.create("customer", {"name": "A", "province": "江苏", "phone": "0512 5550 0199"})
        hq.records.create(
            "customer", {"name": "B", "city": "Atlantis", "province": "江苏", "industry": "Legal"}
        )
    counted = here(data, "--json", "mend", "customer").rows()
    assert {(row["field"], row["certain"], row["unclear"], row["mended"]) for row in counted} == {
        ("phone", 1, 0, 0),
        ("province", 2, 0, 0),
        ("city", 0, 1, 0),
        ("industry", 0, 1, 0),
    }
    listed = here(data, "--json", "mend", "customer", "--list").rows()
    assert {row["standard"] for row in listed} == {"江苏省", "+8651255500199", None}
    mended = here(data, "--json", "mend", "--apply").rows()
    assert {row["field"]: row["mended"] for row in mended} == {
        "phone": 1,
        "province": 2,
        "city": 0,
        "industry": 0,
    }
    with closing(open_headquarters(read_settings(data))) as hq:
        held = hq.records.get("customer", clear)
        assert (held["province"], held["phone"]) == ("江苏省", "+8651255500199")
        assert hq.records.find("customer", "city", "Atlantis")
    assert here(data, "mend", "nonsense").status == 1
