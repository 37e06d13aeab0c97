"""The profile behind the command line: its key, its health, HQ out of reach, pipes that break."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.cli.support import PASSPHRASE, Crm, bare_environment
from tests.support.server import ROOT


def test_help_imports_neither_qt_nor_the_database() -> None:
    code = (
        "import sys; from crm_desktop.cli import run; status = run(['--help']); "
        "heavy = {'sqlalchemy', 'PySide6', 'sqlcipher3', 'requests'} & set(sys.modules); "
        "sys.exit(status or len(heavy))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_no_command_but_the_window_imports_qt(crm: Crm) -> None:
    code = (
        "import sys; from crm_desktop.cli import run; "
        f"status = run(['--profile', {str(crm.profile)!r}, 'list', 'customer']); "
        "sys.exit(status or 'PySide6' in sys.modules)"
    )
    environment = bare_environment({})
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("command", ["list", "import", "returned"])
def test_every_command_has_help_in_both_languages(crm: Crm, command: str) -> None:
    english = crm.process(command, "--help")
    chinese = crm.process(command, "--help", CRM_LANGUAGE="zh_CN")
    assert (english.status, chinese.status) == (0, 0)
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english.out)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese.out)
    assert chinese.out.startswith("用法：crm")
    assert "选项:" in chinese.out
    assert "Show this message" not in chinese.out


def test_a_wrong_passphrase_is_told_and_changes_nothing(crm: Crm) -> None:
    ran = crm.process("list", "customer", CRM_PASSPHRASE="another passphrase")
    assert (ran.status, ran.out) == (1, "")
    assert "passphrase" in ran.err
    assert crm.rows("list", "customer") == []


def test_without_passphrase_and_terminal_the_way_out_is_named(crm: Crm) -> None:
    ran = crm.process("list", "customer", CRM_PASSPHRASE="")
    assert ran.status == 1
    assert "CRM_PASSPHRASE" in ran.err


def test_a_profile_that_is_none_or_no_database_is_told(crm: Crm, tmp_path: Path) -> None:
    ran = Crm(tmp_path / "nothing").run("list", "customer")
    assert (ran.status, ran.out) == (1, "")
    for file in crm.profile.glob("replica.db*"):
        file.unlink()
    (crm.profile / "replica.db").write_bytes(os.urandom(8192))
    broken = crm.run("list", "customer")
    assert (broken.status, broken.out) == (1, "")
    assert "database" in broken.err


def test_an_emptied_database_is_no_profile_and_signing_in_makes_it_anew(crm: Crm) -> None:
    for file in crm.profile.glob("replica.db*"):
        file.unlink()
    (crm.profile / "replica.db").touch()
    for command in (("list", "customer"), ("status",), ("doctor",)):
        ran = crm.run(*command)
        assert ran.status == 1
        assert "Sign in" in ran.out + ran.err


def test_a_profile_that_is_a_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = Crm(tmp_path / "file").process("list", "customer")
    assert (ran.status, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "folder" in ran.err
    chinese = Crm(tmp_path / "file").process("list", "customer", CRM_LANGUAGE="zh_CN")
    assert chinese.err == "profile 应为文件夹，而不是文件\n"


def test_a_group_without_a_command_shows_its_commands(crm: Crm) -> None:
    ran = crm.run("quote")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("Usage:")
    assert "pdf" in ran.err


def test_the_profile_can_be_named_by_the_environment(crm: Crm) -> None:
    made = crm.json("add", "customer", "name=A")
    command = [sys.executable, "-m", "crm_desktop", "--json", "list", "customer"]
    environment = bare_environment({"CRM_PROFILE": str(crm.profile)})
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", check=True
    )
    assert json.loads(ran.stdout)["id"] == made["id"]


def test_commands_that_need_hq_say_that_there_is_none(crm: Crm) -> None:
    ran = crm.run("sync")
    assert ran.status == 1
    assert "Sign in" in ran.err


def test_an_hq_out_of_reach_is_status_3_and_leaves_no_half_made_profile(tmp_path: Path) -> None:
    fresh = Crm(tmp_path / "fresh")
    arguments = ("sign-in", "--server", "http://127.0.0.1:9", "--user", "ann", "--password-stdin")
    ran = fresh.run(*arguments, stdin="secret\n")
    assert (ran.status, ran.out) == (3, "")
    assert list(fresh.profile.glob("replica.*")) == []


def test_a_known_profile_survives_a_sign_in_that_fails(crm: Crm) -> None:
    made = crm.json("add", "customer", "name=A")
    arguments = ("sign-in", "--server", "http://127.0.0.1:9", "--user", "ann", "--password-stdin")
    assert crm.run(*arguments, stdin="secret\n").status == 3
    assert [row["id"] for row in crm.rows("list", "customer")] == [made["id"]]


def test_the_password_never_comes_as_an_argument(tmp_path: Path) -> None:
    ran = Crm(tmp_path / "p").run("sign-in", "--server", "http://127.0.0.1:9", "--user", "ann")
    assert ran.status == 1
    assert "--password-stdin" in ran.err


def test_status_tells_what_waits(crm: Crm) -> None:
    crm.json("add", "customer", "name=A")
    stands = crm.json("status")
    assert (stands["enrolled"], stands["waiting_records"], stands["last_sync"]) == (False, 1, None)
    assert stands["rows"]["customer"] == 1
    assert stands["oldest_waiting"].endswith("Z")


def test_nothing_has_come_back_and_unknown_edits_are_told(crm: Crm) -> None:
    assert crm.rows("returned") == []
    for command in ("redo", "discard"):
        ran = crm.run("returned", command, "7")
        assert ran.status == 1
        assert "no such returned edit" in ran.err
    assert crm.run("returned", "redo", "x").status == 2


def test_doctor_packs_a_bundle_without_what_was_typed(crm: Crm, tmp_path: Path) -> None:
    crm.json("add", "customer", "name=Verysecret Ltd", "email=secret@firm.example", "phone=13800138000")
    crm.run("list", "customer", "--where", "name = Verysecret")
    bundle = tmp_path / "bundle.zip"
    told = crm.json("doctor", str(bundle))
    assert (told["healthy"], told["rows"]["customer"]) == (True, 1)
    with zipfile.ZipFile(bundle) as packed:
        assert packed.namelist() == told["bundled"]
        content = b"".join(packed.read(name) for name in packed.namelist())
        assert json.loads(packed.read("report.json"))["waiting_operations"] > 0
    for secret in (b"Verysecret", b"secret@firm", b"13800138000", PASSPHRASE.encode()):
        assert secret not in content


def test_doctor_names_the_bundle_it_cannot_write(crm: Crm, tmp_path: Path) -> None:
    ran = crm.run("doctor", str(tmp_path / "none" / "bundle.zip"))
    assert (ran.status, ran.out) == (1, "")
    assert "bundle.zip cannot be written" in ran.err


def test_doctor_reports_a_broken_profile_and_ends_with_1(crm: Crm) -> None:
    for file in crm.profile.glob("replica.db*"):
        file.unlink()
    (crm.profile / "replica.db").write_bytes(os.urandom(8192))
    ran = crm.run("--json", "doctor")
    assert ran.status == 1
    assert ran.json()["healthy"] is False


def test_a_reader_that_stops_listening_is_no_error(crm: Crm) -> None:
    for number in range(3):
        crm.json("add", "customer", f"name={number}")
    command = f"{sys.executable} -m crm_desktop --profile {crm.profile} --json list customer"
    ran = subprocess.run(
        ["bash", "-c", f"( {command}; echo status $? >&2 ) | true"],
        cwd=ROOT,
        env=bare_environment({}),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ran.stderr == "status 0\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told(crm: Crm) -> None:
    crm.json("add", "customer", "name=A")
    with open("/dev/full", "w", encoding="utf-8") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "crm_desktop", "--profile", str(crm.profile), "list", "customer"],
            cwd=ROOT,
            env=bare_environment({}),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
    assert ran.returncode == 1
    assert "the disk is full" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_closed_output_and_wrong_usage_are_told_in_the_persons_language(crm: Crm) -> None:
    command = f"{sys.executable} -m crm_desktop --profile {crm.profile} list customer >&-"
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env=bare_environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    chinese = {"LC_ALL": "", "LANG": "zh_CN.UTF-8"}
    for arguments, said in (
        (("nothing",), "没有命令 nothing；请看 --help"),
        (("list", "customer", "--limit", "x"), "limit 应为不小于 1 的整数"),
        (("returned", "redo", "x"), "ID 应为整数"),
        (("quote", "pdf", "x", "y", "--language", "fr"), "language 只能是 en, zh, both 之一"),
    ):
        ran_so = crm.process(*arguments, **chinese)
        assert (ran_so.status, ran_so.err.strip()) == (2, said)


def test_a_window_without_a_display_is_refused_in_words(crm: Crm) -> None:
    for arguments in ((), ("open",)):
        ran = crm.process(*arguments)
        assert ran.status == 1
        assert "display" in ran.err
