"""Real processes: HQ goes back to an older backup; a laptop is revoked or wiped and signs in again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import Crm
from tests.support.server import RunningServer, running_server


def signed_in(folder: Path, hq: RunningServer, user: str) -> Crm:
    crm = Crm(folder)
    ran = crm.run("sign-in", "--server", hq.url, "--user", user, "--password-stdin", stdin=user)
    assert ran.status == 0, ran.err
    return crm


def add(crm: Crm, entity: str, *values: str) -> dict[str, str]:
    made: dict[str, str] = crm.json("add", entity, *values)
    return made


def _goes_back(tmp_path: Path, database_url: str | None) -> None:
    with running_server(tmp_path, database_url) as hq:
        hq.add_user("lin", "sales")
        hq.add_user("ada", "admin")
        lin, ada = signed_in(tmp_path / "lin", hq, "lin"), signed_in(tmp_path / "ada", hq, "ada")
        lin.json("sync")
        known = add(lin, "customer", "name=Known（示例）")
        lin.json("sync")
        ada.json("sync")
        saved = tmp_path / "saved.backup"
        assert hq.command("backup", str(saved)).status == 0
        made = add(lin, "customer", "name=Made after")
        quote = add(lin, "quote", f"customer_id={made['id']}", "currency=CNY", "valid_until=2031-12-31")
        lin.json("set", "customer", known["id"], "industry=paper", "tags+=vip")
        lin.json("sync")
        ada.json("sync")
        ada.json("set", "customer", known["id"], "website=https://shared.example")
        ada.json("sync")
        hq.stop()
        ran = hq.command("restore", str(saved), "--overwrite-newer")
        assert ran.status == 0, ran.err
        hq.start()
        for _ in range(2):
            for crm in (lin, ada):
                assert crm.json("sync")["up_to_date"]
        for crm in (lin, ada):
            there = {row["name"]: row for row in crm.rows("list", "customer")}
            assert there.keys() == {"Known（示例）", "Made after"}
            shown = there["Known（示例）"]
            assert (shown["industry"], shown["tags"]) == ("paper", ["vip"])
            assert shown["website"] == "https://shared.example"
            assert [row["number"] for row in crm.rows("list", "quote")] == [quote["number"]]
            assert crm.rows("returned") == []
        assert hq.command("check").status == 0


def test_an_hq_gone_back_to_a_backup_gets_again_what_it_lost(tmp_path: Path) -> None:
    _goes_back(tmp_path, None)


@pytest.mark.soak
@pytest.mark.postgres
def test_an_hq_on_postgresql_gone_back_to_a_backup_gets_again_what_it_lost(
    tmp_path: Path, fresh_postgres: str
) -> None:
    _goes_back(tmp_path, fresh_postgres)


def test_a_revoked_laptop_signs_in_again_and_sends_on(tmp_path: Path) -> None:
    with running_server(tmp_path) as hq:
        hq.add_user("lin", "sales")
        wang = hq.add_user("wang", "sales")
        lin = signed_in(tmp_path / "lin", hq, "lin")
        lin.json("sync")
        kept, given = add(lin, "customer", "name=Kept"), add(lin, "customer", "name=Given away")
        stands = lin.json("sync")
        assert stands["up_to_date"]
        lin.json("set", "customer", kept["id"], "industry=unsent")
        device = lin.json("status")["device"]
        assert hq.command("devices", "revoke", str(device)).status == 0
        assert lin.run("sync").status == 1
        with hq.headquarters() as there:
            there.records.update("customer", given["id"], {"owner_id": wang["id"]})
        signed_in(tmp_path / "lin", hq, "lin")
        assert lin.json("sync")["up_to_date"]
        assert [(row["name"], row["industry"]) for row in lin.rows("list", "customer")] == [
            ("Kept", "unsent")
        ]
        add(lin, "customer", "name=Later")
        assert lin.json("sync")["sent"] > 0
        assert lin.json("status")["waiting_operations"] == 0
        again = signed_in(tmp_path / "other", hq, "lin")
        again.json("sync")
        assert {row["name"] for row in again.rows("list", "customer")} == {"Kept", "Later"}


@pytest.mark.soak
def test_a_wiped_laptop_holds_nothing_and_may_begin_as_new(tmp_path: Path) -> None:
    with running_server(tmp_path) as hq:
        hq.add_user("lin", "sales")
        lin = signed_in(tmp_path / "lin", hq, "lin")
        lin.json("sync")
        add(lin, "customer", "name=Kept at HQ")
        lin.json("sync")
        device = str(lin.json("status")["device"])
        assert hq.command("devices", "revoke", device, "--wipe").status == 0
        ran = lin.run("sync")
        assert (ran.status, "erased" in ran.err) == (1, True)
        assert not [path for path in lin.profile.rglob("*") if path.name.startswith("replica")]
        assert lin.run("list", "customer").status == 1
        signed_in(tmp_path / "lin", hq, "lin").json("sync")
        assert [row["name"] for row in lin.rows("list", "customer")] == ["Kept at HQ"]
