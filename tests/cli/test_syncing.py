"""Signing in, syncing and settling what came back, against a headquarters that runs as a process."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop import assembly
from crm_desktop.models import state
from crm_desktop.models.state import Key
from sync_server.cli import run as run_crm_server
from sync_server.services import people
from tests.cli.support import PASSPHRASE, Crm
from tests.support.server import Ran, RunningServer, running_server


@pytest.fixture(scope="module")
def hq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Give an HQ with two sales people of one team, who see each other's customers."""
    with running_server(tmp_path_factory.mktemp("hq")) as server:
        for name in ("ann", "bob"):
            server.add_user(name, "regional_manager", password="a long password")
        yield server


def _signed_in(hq: RunningServer, profile: Path, user: str) -> Crm:
    crm = Crm(profile)
    ran = crm.run(
        "--json", "sign-in", "--server", hq.url, "--user", user, "--password-stdin", stdin="a long password\n"
    )
    assert ran.status == 0, ran.err
    assert ran.json()["user"] == user
    return crm


def test_a_round_prints_what_the_contract_names(hq: RunningServer, tmp_path: Path) -> None:
    ann = _signed_in(hq, tmp_path / "ann", "ann")
    first = ann.json("sync")
    assert set(first) == {
        "sent",
        "received",
        "purged",
        "superseded",
        "refused",
        "round_trips",
        "bytes_up",
        "bytes_down",
        "seconds",
        "up_to_date",
    }
    assert first["up_to_date"] is True
    assert first["received"] > 0
    assert first["bytes_down"] > 0
    made = ann.json("add", "customer", "name=腾飞（示例）")
    assert ann.json("status")["waiting_records"] == 1
    assert ann.json("sync")["sent"] == 1
    stands = ann.json("status")
    assert (stands["waiting_records"], stands["user"], stands["enrolled"]) == (0, "ann", True)
    assert stands["age_seconds"] < 60
    assert ann.json("show", "customer", made["id"], "--labels")["Owner"] == "ann"


def test_doctor_compares_with_hq_where_asked(hq: RunningServer, tmp_path: Path) -> None:
    ann = _signed_in(hq, tmp_path / "compared", "ann")
    ann.json("sync")
    assert "compared" not in ann.json("doctor")
    told = ann.json("doctor", "--compare")
    assert (told["healthy"], told["compared"], told["repaired"], told["differing"]) == (True, True, 0, 0)


def test_before_the_first_round_a_command_says_to_sync(hq: RunningServer, tmp_path: Path) -> None:
    ann = _signed_in(hq, tmp_path / "ann", "ann")
    for command in (("list", "customer"), ("add", "customer", "name=A")):
        ran = ann.run(*command)
        assert (ran.status, ran.out) == (1, "")
        assert "Sync, then try again" in ran.err


def test_a_wrong_password_is_status_1_and_a_wrong_address_status_3(hq: RunningServer, tmp_path: Path) -> None:
    crm = Crm(tmp_path / "p")
    arguments = ("--user", "ann", "--password-stdin")
    ran = crm.run("sign-in", "--server", hq.url, *arguments, stdin="wrong\n")
    assert (ran.status, ran.out) == (1, "")
    assert "password" in ran.err
    assert crm.run("sign-in", "--server", "http://127.0.0.1:9", *arguments, stdin="x\n").status == 3
    assert crm.run("sign-in", "--server", "no address", *arguments, stdin="x\n").status in (1, 3)
    assert list(crm.profile.glob("replica.*")) == []


def test_an_edit_replaced_by_a_newer_one_is_returned_and_can_be_redone_or_discarded(
    hq: RunningServer, tmp_path: Path
) -> None:
    ann = _signed_in(hq, tmp_path / "ann", "ann")
    ann.json("sync")
    made = ann.json("add", "customer", "name=Acme（示例）", "city=Oslo")
    ann.json("sync")
    again = _signed_in(hq, tmp_path / "other", "ann")
    again.json("sync")
    _set_clocks_alike(ann, again)
    ann.json("set", "customer", made["id"], "city=Older", "annual_revenue=1 EUR", "name=Older（示例）")
    again.json("set", "customer", made["id"], "city=Newer", "annual_revenue=2 USD", "name=Newer（示例）")
    again.json("sync")
    assert ann.json("sync")["superseded"] == 3
    assert ann.json("show", "customer", made["id"])["city"] == "Newer"
    edits = {edit["field"]: edit for edit in ann.rows("returned")}
    assert {name: (edit["base"], edit["mine"], edit["theirs"]) for name, edit in edits.items()} == {
        "city": ("Oslo", "Older", "Newer"),
        "annual_revenue": (None, "1.00 EUR", "2.00 USD"),
        "name": ("Acme（示例）", "Older（示例）", "Newer（示例）"),
    }
    edit = edits["city"]
    assert edit["reason"]
    amount = str(edits["annual_revenue"]["id"])
    assert ann.json("returned", "edit", amount, "annual_revenue=3 GBP")["annual_revenue"] == "3.00 GBP"
    ann.json("returned", "undo", amount)
    refused = ann.run("returned", "edit", str(edit["id"]), "name=Other")
    assert (refused.status, refused.out) == (1, "")
    assert "City" in refused.err
    address = ann.json("returned", "edit", str(edit["id"]), "city=Bergen", "province=Vestland")
    assert (address["city"], address["province"]) == ("Bergen", "Vestland")
    ann.json("returned", "undo", str(edit["id"]))
    for other in ("annual_revenue", "name"):
        assert ann.json("returned", "discard", str(edits[other]["id"])) == {"discarded": edits[other]["id"]}
    assert ann.json("returned", "redo", str(edit["id"]))["city"] == "Older"
    assert ann.rows("returned") == []
    ann.json("sync")
    again.json("sync")
    shown = again.json("show", "customer", made["id"])
    assert (shown["city"], shown["annual_revenue"], shown["name"]) == ("Older", "2.00 USD", "Newer（示例）")


def _set_clocks_alike(*laptops: Crm) -> None:
    """Let laptops of one machine know its time: on a slow line each believes HQ half a round trip wrong."""
    for laptop in laptops:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CRM_PASSPHRASE", PASSPHRASE)
            app = assembly.open_profile(laptop.profile)
        with app.replica.applying() as session:
            state.write(session, {Key.OFFSET_MS: 0})
        app.close()


@pytest.mark.soak
def test_what_is_imported_offline_arrives_at_colleagues(hq: RunningServer, tmp_path: Path) -> None:
    ann = _signed_in(hq, tmp_path / "ann", "ann")
    ann.json("sync")
    file = tmp_path / "list.csv"
    file.write_text(
        "name,tags\n" + "".join(f"Imported {n}（示例）,a;b\n" for n in range(300)), encoding="utf-8"
    )
    batch = ann.json("import", str(file), "customer")
    assert batch["created"] == 300
    assert ann.json("sync")["refused"] == 0
    other = _signed_in(hq, tmp_path / "other", "ann")
    other.json("sync")
    assert len(other.rows("list", "customer", "--where", "name ~ Imported")) == 300
    assert ann.json("undo-import", batch["batch"])["removed"] == 300
    assert ann.json("sync")["refused"] == 0
    other.json("sync")
    assert other.rows("list", "customer", "--where", "name ~ Imported") == []


def test_hq_that_stops_answering_is_status_3_and_nothing_is_lost(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        server.add_user("ann", "sales", password="a long password")
        ann = _signed_in(server, tmp_path / "ann", "ann")
        ann.json("sync")
        server.stop()
        made = ann.json("add", "customer", "name=Offline（示例）")
        ran = ann.run("--json", "sync")
        assert (ran.status, ran.out) == (3, "")
        ran = ann.run("--json", "doctor", "--compare")
        assert (ran.status, ran.json()["compared"]) == (1, False)
        assert len(ran.json()["problems"]) == 1
        assert ann.json("status")["waiting_records"] == 1
        server.start()
        assert ann.json("sync")["sent"] == 1
        assert ann.json("show", "customer", made["id"])["name"] == "Offline（示例）"


def test_a_file_put_on_a_record_here_is_saved_there(hq: RunningServer, tmp_path: Path) -> None:
    ann, other = (_signed_in(hq, tmp_path / name, "ann") for name in ("laptop", "other"))
    ann.json("sync")
    customer = ann.json("add", "customer", "name=Acme")["id"]
    original = tmp_path / "报价单.bin"
    original.write_bytes(bytes(range(256)) * 400)
    file = ann.json("attach", "customer", customer, str(original), "--caption", "as sent")
    assert (file["name"], file["size_bytes"], file["caption"]) == ("报价单.bin", 102_400, "as sent")
    assert [row["state"] for row in ann.rows("attachment", "of", "customer", customer)] == ["waiting"]
    assert ann.run("attachment", "free", file["id"]).status == 1
    assert ann.json("attachment", "pause", file["id"])["state"] == "paused"
    assert "files_sent" not in ann.json("sync")
    assert [(row["id"], row["state"]) for row in ann.rows("attachment", "waiting")] == [
        (file["id"], "paused")
    ]
    assert ann.json("attachment", "resume", file["id"])["state"] == "waiting"
    assert ann.json("sync")["files_sent"] == 1
    other.json("sync")
    assert [row["id"] for row in other.rows("list", "attachment", "--where", f"record_id={customer}")] == [
        file["id"]
    ]
    copy = tmp_path / "copy.bin"
    assert other.json("attachment", "save", file["id"], str(copy)) == {"file": str(copy), "bytes": 102_400}
    assert copy.read_bytes() == original.read_bytes()
    assert other.json("attachment", "free", file["id"])["state"] == "at_hq"
    assert other.json("attachment", "fetch", file["id"])["state"] == "here"
    for wrong in (["attach", "customer", customer, str(tmp_path / "none")], ["attach", "nothing", "x", "y"]):
        assert ann.run(*wrong).status == 1
    other.run("attachment", "free", file["id"])
    hq.kill()
    assert other.run("attachment", "fetch", file["id"]).status == 3
    hq.restart()


def test_a_laptop_without_a_line_signs_in_and_syncs_by_file(hq: RunningServer, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    new, there, back = (stick / f"{name}.satchel" for name in ("new", "there", "back"))
    with hq.headquarters() as headquarters:
        ann, _ = people.find(headquarters, "user", "ann")
        headquarters.records.create("customer", {"name": "Canaryname Foods", "owner_id": ann})
        headquarters.by_file.enrol(ann, "van", "corn field 7", hq.url, new)
    assert b"Canaryname" not in new.read_bytes()
    van = Crm(tmp_path / "van")
    ran = van.run("sign-in", "--file", str(new), "--passphrase-stdin", stdin="corn field 8\n")
    assert (ran.status, ran.out) == (1, "")
    assert "does not open this file" in ran.err
    assert not (tmp_path / "van" / "replica.db").exists()
    ran = van.run("--json", "sign-in", "--file", str(new), "--passphrase-stdin", stdin="corn field 7\n")
    assert ran.status == 0, ran.err
    assert (ran.json()["user"], ran.json()["server"]) == ("ann", hq.url)
    assert [row["name"] for row in van.rows("list", "customer", "--where", "name ~ Canary")]
    customer = van.json("add", "customer", "name=腾飞（示例）")["id"]
    quote = van.json("add", "quote", f"customer_id={customer}")
    assert quote["number"].startswith("Q-")
    written = van.json("sync", "--to", str(there))
    assert (written["records"], written["operations"] >= 2, written["bytes"]) == (
        2,
        True,
        there.stat().st_size,
    )
    with hq.headquarters() as headquarters:
        headquarters.by_file.answer(there, back)
        assert headquarters.records.get("quote", quote["id"])["number"] == quote["number"]
    report = van.json("sync", "--from", str(back))
    assert (report["sent"], report["refused"], report["up_to_date"]) == (written["operations"], 0, True)
    assert van.json("status")["waiting_operations"] == 0
    assert van.json("sync")["up_to_date"] is True  # and over the line, when there is one
    ran = van.run("sync", "--from", str(back))
    assert (ran.status, ran.out) == (1, "")
    assert "in touch with HQ since" in ran.err
    assert van.run("sync", "--from", str(back), "--to", str(there)).status == 2


def _crm_server(hq: RunningServer, *arguments: str, stdin: str = "") -> Ran:
    """Run a command of HQ's in this process, which takes a fraction of the time of one of its own."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(stdin))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = run_crm_server(["--data", str(hq.data), *arguments])
    assert "Traceback" not in err.getvalue(), err.getvalue()
    return Ran(status, out.getvalue(), err.getvalue())


def test_crm_server_writes_and_answers_files(hq: RunningServer, tmp_path: Path) -> None:
    new, there, back = (tmp_path / f"{name}.satchel" for name in ("new", "there", "back"))
    ran = _crm_server(
        hq,
        *("--json", "devices", "enrol", "bob", "--name", "van", "--out", str(new), "--passphrase-stdin"),
        stdin="short\n",
    )
    assert (ran.status, new.exists()) == (1, False)
    ran = _crm_server(
        hq,
        *("--json", "devices", "enrol", "bob", "--name", "van", "--out", str(new), "--passphrase-stdin"),
        stdin="corn field 7\n",
    )
    assert ran.status == 0, ran.err
    assert (ran.json()["user"], ran.json()["bytes"]) == ("bob", new.stat().st_size)
    van = Crm(tmp_path / "van")
    assert van.run("sign-in", "--file", str(new), "--passphrase-stdin", stdin="corn field 7\n").status == 0
    van.json("add", "customer", "name=腾飞（示例）")
    van.json("sync", "--to", str(there))
    ran = _crm_server(hq, "--json", "exchange", str(there), "--out", str(back))
    assert ran.status == 0, ran.err
    told = ran.json()
    assert (told["user"], told["outcome"], told["operations"]) == ("bob", "answered", 1)
    assert van.json("sync", "--from", str(back))["up_to_date"] is True
    ran = _crm_server(hq, "exchange", str(back), "--out", str(there))
    assert (ran.status, ran.out) == (1, "")
    assert "answer to a laptop" in ran.err


@pytest.mark.soak
def test_a_file_that_signed_one_laptop_in_does_not_serve_a_second_one_whose_work_stays(
    hq: RunningServer, tmp_path: Path
) -> None:
    new, there, back = (tmp_path / f"{name}.satchel" for name in ("new", "there", "back"))
    with hq.headquarters() as headquarters:
        ann, _ = people.find(headquarters, "user", "ann")
        device = headquarters.by_file.enrol(ann, "van", "corn field 7", hq.url, new).device
    first, second = Crm(tmp_path / "first"), Crm(tmp_path / "second")
    for laptop in (first, second):
        ran = laptop.run("sign-in", "--file", str(new), "--passphrase-stdin", stdin="corn field 7\n")
        assert ran.status == 0, ran.err
    customer = second.json("add", "customer", "name=腾飞（示例）")["id"]
    second.json("sync", "--to", str(there))
    first.json("sync")
    refused = second.run("sync")
    assert (refused.status, refused.out) == (1, "")
    assert "Another laptop was signed in with the same file" in refused.err
    with hq.headquarters() as headquarters:
        assert headquarters.by_file.answer(there, back).outcome == "sign_in"
        flagged = {row["id"]: row for row in headquarters.auth.devices()}[device]
    assert (flagged["alarms"], flagged["file_used"]) == (2, True)
    refused = second.run("sync", "--from", str(back))
    assert refused.status == 1
    assert "Another laptop was signed in with the same file" in refused.err
    assert first.json("sync")["up_to_date"] is True
    ran = second.run(
        "sign-in", "--server", hq.url, "--user", "ann", "--password-stdin", stdin="a long password\n"
    )
    assert ran.status == 0, ran.err
    assert second.json("sync")["refused"] == 0
    with hq.headquarters() as headquarters:
        assert headquarters.records.get("customer", customer)["name"] == "腾飞（示例）"
