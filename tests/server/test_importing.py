"""Files into HQ as its administrator: through the merge, so that laptops hear of every row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import UserError
from crm_core.exchange.plan import ImportReport, Mode
from sync_server.services import audit, founding, importing
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.importing import ImportWish
from sync_server.settings import fresh_settings
from tests.support.server import crm_server, initialised

PASSWORD = "correct horse battery"


@pytest.fixture
def hq(tmp_path: Path) -> Iterator[Headquarters]:
    """Give a fresh headquarters, opened in this process."""
    settings = fresh_settings(tmp_path / "hq")
    founding.found(settings, "admin", PASSWORD)
    hq = open_headquarters(settings)
    yield hq
    hq.close()


def _bring(hq: Headquarters, folder: Path, text: str, entity: str, **wish: Any) -> ImportReport:
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    plan = importing.plan_table(hq, importing.read_file(file), entity, ImportWish(**wish), file.stem)
    return importing.run_plan(hq, plan, file.name)


def _by_name(hq: Headquarters, entity: str) -> dict[str, dict[str, Any]]:
    return {values["name"]: {**values, "id": record_id} for record_id, values in hq.records.all(entity)}


def test_the_administrator_owns_what_names_no_owner(hq: Headquarters, tmp_path: Path) -> None:
    admin = hq.records.find("user", "name", "admin")[0][0]
    role = hq.records.find("role", "name", "sales")[0][0]
    ann = hq.records.create("user", {"name": "Ann（示例）", "role_id": role})
    report = _bring(
        hq, tmp_path, "name,who\nA,Ann（示例）\nB,\nC,Nobody\n", "customer", lookups=("who=user.name",)
    )
    assert report.counts() == {"created": 2, "updated": 0, "skipped": 0, "rejected": 1}
    owners = {name: values["owner_id"] for name, values in _by_name(hq, "customer").items()}
    assert owners == {"A": ann, "B": admin}


def test_rows_are_changed_by_their_key_and_only_where_they_differ(hq: Headquarters, tmp_path: Path) -> None:
    _bring(hq, tmp_path, "name,city,employees\nA,Oslo,1\nB,Rome,2\n", "customer", key="name")
    report = _bring(
        hq, tmp_path, "name,city,employees\nA,Oslo,1\nB,Rome,3\nC,,\n", "customer", key="name", mode=Mode.BOTH
    )
    assert report.counts() == {"created": 1, "updated": 1, "skipped": 1, "rejected": 0}
    assert _by_name(hq, "customer")["B"]["employees"] == 3


def test_what_hqs_own_rules_refuse_is_a_rejected_row_and_takes_its_children_along(
    hq: Headquarters, tmp_path: Path
) -> None:
    role = hq.records.find("role", "name", "sales")[0][0]
    gone = hq.records.create("user", {"name": "Gone（示例）", "role_id": role})
    file = tmp_path / "list.csv"
    file.write_text("name,who,part of\nChild,,Parent\nParent,Gone（示例）,\nFree,,\n", encoding="utf-8")
    wish = ImportWish(lookups=("who=user.name", "part of=customer.name"))
    plan = importing.plan_table(hq, importing.read_file(file), "customer", wish, "list")
    hq.records.delete("user", gone)  # between plan and deed, as by another administrator
    report = importing.run_plan(hq, plan, file.name)
    assert report.counts() == {"created": 1, "updated": 0, "skipped": 0, "rejected": 2}
    assert list(_by_name(hq, "customer")) == ["Free"]
    assert "line 3" in str(next(row for row in report.rejected if row.line == 2).reasons[0])


def test_deals_go_into_the_standard_pipeline_or_one_of_their_own(hq: Headquarters, tmp_path: Path) -> None:
    text = "code,step,close_date,amount\nD1,Won,3/13/2017,5\nD2,Lost,3/14/2017,0\nD3,,,\n"
    wish: dict[str, Any] = {"lookups": ("step=stage.name",), "currency": "USD"}
    report = _bring(hq, tmp_path, text, "deal", **wish)
    assert report.created == 3
    deals = {values["code"]: values for _, values in hq.records.all("deal")}
    assert (deals["D1"]["amount"], deals["D1"]["currency"], deals["D1"]["probability"]) == (500, "USD", 100)
    assert deals["D1"]["stage_since"] == 1489363200000
    assert deals["D2"]["loss_reason"] == "other"
    assert hq.records.name_of("stage", deals["D3"]["stage_id"]) == "Qualified"
    text = "code,step,amount\nE1,Won,5 USD\nE2,Odd,\n"
    own = _bring(hq, tmp_path, text, "deal", create_missing=("step=stage.name",))
    assert own.created == 2, own.rejected
    assert hq.records.find("pipeline", "name", "list")


def test_an_import_is_in_the_audit_log_without_what_was_in_the_file(hq: Headquarters, tmp_path: Path) -> None:
    _bring(hq, tmp_path, "name\nVerysecret\n", "customer")
    with hq.database.read() as snapshot:
        assert audit.broken_at(snapshot.connection) is None
        entries = list(audit._entries(snapshot.connection))
    entry = next(each for each in entries if each["action"] == "import")
    assert entry["detail"]["created"] == 1
    assert "Verysecret" not in str(entry)


def test_custom_fields_are_filled_at_hq_too(hq: Headquarters, tmp_path: Path) -> None:
    hq.records.create(
        "custom_field", {"entity": "customer", "key": "region", "label": "Sales region", "kind": "text"}
    )
    assert _bring(hq, tmp_path, "name,Sales region\nA,North\n", "customer").created == 1
    record_id = _by_name(hq, "customer")["A"]["id"]
    assert hq.records.get("customer", record_id)["x:region"] == "North"


def test_a_file_that_is_none_is_told(hq: Headquarters, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.csv"):
        importing.read_file(tmp_path / "none.csv")


def test_the_command_prints_four_counts_and_writes_the_rejects(tmp_path: Path) -> None:
    data = initialised(tmp_path / "hq")
    file, rejects = tmp_path / "客户.csv", tmp_path / "rejects.csv"
    file.write_bytes("名称,员工人数\n腾飞（示例）,12\n坏行,很多\n".encode("gb18030"))
    arguments = ("--json", "import", str(file), "customer", "--rejects", str(rejects))
    dry = crm_server(data, *arguments, "--dry-run")
    ran = crm_server(data, *arguments)
    assert dry.json() == ran.json() == {"created": 1, "updated": 0, "skipped": 0, "rejected": 1}
    with rejects.open(encoding="utf-8-sig", newline="") as stream:
        assert [row["名称"] for row in csv.DictReader(stream)] == ["坏行"]
    onto_itself = crm_server(data, "import", str(file), "customer", "--rejects", str(file))
    assert (onto_itself.status, onto_itself.out) == (1, "")
    assert file.read_bytes().endswith("很多\n".encode("gb18030"))
    wrong = crm_server(data, "import", str(tmp_path / "none.csv"), "customer")
    assert (wrong.status, wrong.out) == (1, "")
    assert crm_server(data, "import", str(file), "nothing").status == 1
    assert crm_server(data, "import", str(file)).status == 2
