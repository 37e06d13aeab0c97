"""`crm-server` as a person or a script meets it: what it prints, where, and how it ends."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sync_server import cli
from tests.support.server import ADMIN, ROOT, Ran, crm_server, initialised


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a headquarters the tests of this module share."""
    return initialised(tmp_path_factory.mktemp("cli") / "hq", company="Example Ltd")


def run(data: Path, *arguments: str, stdin: str = "", **environment: str) -> Ran:
    """Run a command in a process of its own."""
    ran = crm_server(data, *arguments, stdin=stdin, environment=environment)
    assert "Traceback" not in ran.err + ran.out
    return ran


def here(data: Path, *arguments: str, stdin: str = "") -> Ran:
    """Run a command in this process, which saves the start of another."""
    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(sys, "stdin", io.StringIO(stdin))
        status = cli.run(["--data", str(data), *arguments])
    return Ran(status, out.getvalue(), err.getvalue())


def test_init_makes_everything_a_headquarters_starts_with(tmp_path: Path) -> None:
    folder = tmp_path / "hq"
    made = run(folder, "--json", "init", "--admin", "Chief", "--password-stdin", stdin="correct horse\n")
    assert made.status == 0, made.err
    said = made.json()
    assert (said["admin"], said["roles"], said["data"]) == ("Chief", 8, str(folder))
    assert "password" not in said
    assert stat.S_IMODE((folder / "crm-server.toml").stat().st_mode) == 0o600
    assert stat.S_IMODE((folder / "satchel.db").stat().st_mode) == 0o600
    roles = {role["name"]: role["holders"] for role in run(folder, "--json", "role", "list").rows()}
    assert roles == {
        **dict.fromkeys(("sales", "sales_manager", "regional_manager", "finance"), 0),
        **dict.fromkeys(("service", "marketing", "auditor"), 0),
        "admin": 1,
    }


def test_init_a_second_time_is_refused_and_changes_nothing(data: Path) -> None:
    before = (data / "crm-server.toml").read_bytes()
    again = here(data, "init", "--admin", "Other", "--password-stdin", stdin="correct horse\n")
    assert again.status == 1
    assert "already" in again.err
    assert again.out == ""
    assert (data / "crm-server.toml").read_bytes() == before


def test_init_without_anybody_to_ask_makes_a_password_and_says_it_once(tmp_path: Path) -> None:
    made = run(tmp_path / "hq", "--json", "init")
    password = made.json()["password"]
    assert made.status == 0
    assert len(password) >= 16
    assert password in made.err


def test_init_into_a_database_of_something_else_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "theirs.db"
    subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sqlite3; sqlite3.connect({str(database)!r}).execute('CREATE TABLE t(x)')",
        ],
        check=True,
    )
    made = here(
        tmp_path / "hq", "init", "--database", f"sqlite:///{database}", "--password-stdin", stdin="x\n"
    )
    assert (made.status, made.out) == (1, "")
    assert not (tmp_path / "hq" / "crm-server.toml").exists()


def test_a_founding_that_fails_is_not_in_the_way_of_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "hq"
    nameless = here(folder, "init", "--admin", " ", "--password-stdin", stdin="correct horse\n")
    assert (nameless.status, (folder / "crm-server.toml").exists()) == (1, False)
    assert here(folder, "init", "--admin", "Chief", "--password-stdin", stdin="correct horse\n").status == 0


def test_without_a_headquarters_every_command_says_how_to_make_one(tmp_path: Path) -> None:
    for command in (["serve"], ["user", "list"], ["check"], ["migrate"], ["backup", str(tmp_path / "b")]):
        ran = here(tmp_path / "none", *command)
        assert (ran.status, ran.out) == (1, "")
        assert "crm-server init" in ran.err


def test_wrong_usage_ends_with_2_and_a_hint(data: Path) -> None:
    for command in (
        ["frobnicate"],
        ["user", "add"],
        ["serve", "--port", "x"],
        ["user", "add", "A", "--nope"],
        [],
    ):
        ran = here(data, *command)
        assert ran.status == 2, command
        assert ran.err


def test_messages_are_in_the_terminals_language(data: Path) -> None:
    chinese = run(data, "user", "disable", "nobody", CRM_LANGUAGE="zh_CN")
    english = run(data, "user", "disable", "nobody", CRM_LANGUAGE="en", LANG="zh_CN.UTF-8")
    locale = run(data, "frobnicate", LANG="zh_CN.UTF-8")
    assert "没有名为 nobody 的用户" in chinese.err
    assert "There is no user called nobody" in english.err
    assert "没有命令 frobnicate" in locale.err
    assert "添加用户" in run(data, "user", "--help", CRM_LANGUAGE="zh").out


def test_a_terminal_that_knows_no_chinese_is_no_reason_to_fail(data: Path) -> None:
    added = run(data, "team", "add", "华北", PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert added.status == 0, added.err
    assert "华北" in added.out


def test_the_last_administrator_stays_one(data: Path) -> None:
    for command in (("user", "disable", ADMIN), ("user", "set", ADMIN, "--role", "sales")):
        ended = here(data, *command)
        assert ended.status == 1
        assert "last administrator" in ended.err
    here(data, "team", "add", "Head office")
    of = ("--role", "admin", "--team", "Head office")
    added = here(data, "user", "add", "second", *of, "--password-stdin", stdin="a long pass phrase\n")
    assert added.status == 0, added.err
    assert here(data, "user", "disable", ADMIN).status == 0


def test_users_are_added_listed_changed_and_disabled(data: Path) -> None:
    here(data, "team", "add", "South")
    here(data, "territory", "add", "Pearl River")
    where = ("--team", "south", "--territory", "Pearl River", "--email", "li@firm.example")
    added = here(
        data,
        "--json",
        "user",
        "add",
        "Li Lei",
        "--role",
        "sales",
        "--password-stdin",
        *where,
        stdin="long enough\n",
    ).json()
    assert (added["role"], added["team"], added["territory"]) == ("sales", "South", "Pearl River")
    assert "Li Lei" in [user["name"] for user in here(data, "--json", "user", "list").rows()]
    assert "password" not in json.dumps(added)
    changed = here(
        data, "--json", "user", "set", "li lei", "--name", "Li Wei", "--role", "finance", "--team", ""
    ).json()
    assert (changed["name"], changed["role"], changed["team"]) == ("Li Wei", "finance", None)
    assert here(data, "--json", "user", "disable", changed["id"]).json()["active"] is False
    assert here(data, "--json", "user", "set", "Li Wei", "--enable").json()["active"] is True


def test_a_user_that_cannot_be_is_not_added_by_half(data: Path) -> None:
    def users() -> int:
        return len(here(data, "--json", "user", "list").rows())

    before = users()
    for arguments, stdin in (
        ([ADMIN.upper(), "--role", "sales"], "password\n"),
        (["Han", "--role", "emperor"], "password\n"),
        (["Han", "--role", "sales", "--team", "nowhere"], "password\n"),
        (["Han", "--role", "sales", "--email", "nonsense"], "password\n"),
        (["Han", "--role", "sales"], "\n"),
        ([" ", "--role", "sales"], "password\n"),
    ):
        ran = here(data, "user", "add", *arguments, "--password-stdin", stdin=stdin)
        assert (ran.status, ran.out) == (1, ""), arguments
    assert here(data, "user", "add", "Han", "--role", "sales").status == 1  # nobody to ask for a password
    assert users() == before


def test_teams_form_a_tree_and_no_ring(data: Path) -> None:
    here(data, "team", "add", "Top")
    below = here(data, "--json", "team", "add", "Below", "--parent", "Top", "--manager", ADMIN).json()
    assert (below["parent"], below["manager"]) == ("Top", ADMIN)
    ring = here(data, "team", "set", "Top", "--parent", "Below")
    assert ring.status == 1
    assert here(data, "team", "add", "top").status == 1


def test_a_role_is_made_like_another_and_changed(data: Path) -> None:
    made = here(
        data,
        *("--json", "role", "set", "junior", "--like", "sales"),
        *("--reach", "deal.delete=none", "--class", "deal.money=read"),
    ).json()
    assert made["allows"]["deal"]["delete"] == "none"
    assert made["allows"]["deal"]["money"] == "read"
    assert made["allows"]["customer"]["delete"] == "own"
    again = here(data, "--json", "role", "set", "junior", "--reach", "deal.read=team").json()
    assert (again["allows"]["deal"]["read"], again["allows"]["deal"]["delete"]) == ("team", "none")
    assert here(data, "--json", "role", "show", "sales").json()["allows"]["deal"]["delete"] == "own"


@pytest.mark.parametrize(
    "arguments",
    [
        ["newcomer"],
        ["sales", "--reach", "deal.fly=own"],
        ["sales", "--reach", "deal.read=far"],
        ["sales", "--reach", "spaceship.read=own"],
        ["sales", "--class", "deal.money=burn"],
        ["sales", "--class", "nonsense"],
    ],
)
def test_a_right_there_is_none_of_is_refused(data: Path, arguments: list[str]) -> None:
    assert here(data, "role", "set", *arguments).status == 1


@pytest.mark.parametrize("rights", ["[]", "5", '{"reach": 5}', '{"reach": {"deal": []}}', '{"classes": [1]}'])
def test_rights_of_another_shape_are_refused_and_change_nothing(
    data: Path, tmp_path: Path, rights: str
) -> None:
    file = tmp_path / "rights.json"
    file.write_text(rights, encoding="utf-8")
    before = here(data, "--json", "role", "show", "sales").out
    ran = run(data, "--json", "role", "set", "sales", "--rights", str(file))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.strip() == "A role's rights cannot be read"
    assert here(data, "--json", "role", "show", "sales").out == before


def test_a_device_nobody_enrolled_cannot_be_revoked(data: Path) -> None:
    assert here(data, "devices").status == 0
    assert here(data, "devices", "revoke", "99").status == 1
    assert here(data, "devices", "revoke", "x").status == 2


def test_check_finds_everything_in_order_and_shows_no_secret(data: Path) -> None:
    checked = here(data, "--json", "check")
    report = checked.json()
    assert checked.status == 0
    assert report["ok"] is True
    assert {finding["name"] for finding in report["findings"]} == {
        *("tls", "revision", "storage", "feed", "records", "scopes", "roles", "files", "audit")
    }
    settings = (data / "crm-server.toml").read_text()
    secret = next(line for line in settings.splitlines() if line.startswith("secret")).split('"')[1]
    assert secret not in checked.out + checked.err
    assert report["settings"]["company"] == "Example Ltd"


def test_a_database_that_does_not_answer_is_unreachable_not_wrong(data: Path) -> None:
    ran = run(data, "user", "list", CRM_SERVER_DATABASE_URL="postgresql://crm:geheim@127.0.0.1:1/crm")
    assert (ran.status, ran.out) == (3, "")
    assert "geheim" not in ran.err


def test_a_database_that_is_damaged_is_for_a_person_to_put_right(data: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(data, tmp_path / "hq")
    (damaged / "satchel.db").write_bytes(b"no database" * 1000)
    ran = run(damaged, "user", "list")
    assert (ran.status, ran.out) == (1, "")
    assert "not a database" in ran.err


def test_output_into_a_closed_pipe_is_no_error(data: Path) -> None:
    command = f"{sys.executable} -m sync_server --data '{data}' --json role list"
    command = f"( {command}; echo status $? >&2 ) | true"
    ran = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.stderr == "status 0\n"


def test_the_data_folder_may_come_from_the_environment(data: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "sync_server", "--json", "user", "list"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "CRM_SERVER_DATA": str(data)},
        check=True,
    )
    assert ADMIN in ran.stdout


def test_bytes_that_are_no_text_are_refused(data: Path) -> None:
    refused = run(data, "team", "add", os.fsdecode(b"\xff\xfe"))
    assert refused.status == 1
    assert "UTF-8" in refused.err


def test_housekeeping_says_what_is_kept_and_forgets_when_told(data: Path) -> None:
    said = here(data, "--json", "housekeeping").json()
    assert (said["keep_days"], said["floor"], said["held_by"], said["forgotten"]) == (180, 0, None, {})
    assert said["rows"]["entitlements"] >= 0
    again = here(data, "--json", "housekeeping", "--now").json()
    assert again["oldest_mark_ms"] is not None
    assert again["forgotten"].keys() >= {"answers", "records", "scope_exits"}
    told = here(data, "housekeeping", "--now")
    assert (told.status, "0 / " in told.out) == (0, True)


def test_pipelines_and_stages_are_made_ordered_and_retired(data: Path) -> None:
    made = here(data, "--json", "pipeline", "add", "Renewals", "--neglect-days", "30")
    assert made.status == 0, made.err
    assert (made.json()["stages"], made.json()["neglect_days"]) == (["Won", "Lost"], 30)
    for name in ("Asked", "Agreed"):
        added = here(
            data, "--json", "stage", "add", "Renewals", name, "--probability", "40", "--color", "good"
        )
        assert added.status == 0, added.err
    ordered = here(data, "--json", "stage", "order", "renewals", "Agreed", "Asked")
    assert [row["name"] for row in ordered.rows()] == ["Agreed", "Asked", "Won", "Lost"]
    changed = here(data, "--json", "stage", "set", "Renewals", "Asked", "--age-limit-days", "9", "--retire")
    assert (changed.json()["age_limit_days"], changed.json()["retired"]) == (9, True)
    last = here(data, "stage", "set", "Renewals", "Agreed", "--retire")
    assert (last.status, "keeps one stage of each kind" in last.err) == (1, True)
    assert here(data, "stage", "add", "Renewals", "won").status == 1  # there is one called so
    first = here(data, "--json", "pipeline", "order", "Renewals")
    assert [row["name"] for row in first.rows()] == ["Renewals", "Sales"]
    assert here(data, "pipeline", "set", "Renewals", "--retire").status == 0
    kept = here(data, "pipeline", "set", "Sales", "--retire")
    assert (kept.status, "last pipeline in use" in kept.err) == (1, True)
    nobody = here(data, "stage", "list", "Nothing")
    assert (nobody.status, "crm-server pipeline list" in nobody.err) == (1, True)


def test_conditions_and_milestones_are_set_up_by_name(data: Path) -> None:
    survey = here(
        data,
        "--json",
        "milestone",
        "add",
        "Survey",
        "--pipeline",
        "Sales",
        "--stage",
        "Needs",
        "--due-days",
        "5",
    )
    assert survey.status == 0, survey.err
    assert (survey.json()["stage"], survey.json()["due_days"]) == ("Needs", 5)
    ways = (
        (("--filled", "close_date"), "“Closing date” must be filled in"),
        (("--compares", "amount>=10000 CNY"), "“Amount” must be at least 10000 CNY"),
        (("--activity", "visit", "--days", "14"), "“Visit” must have been done in the last 14 days"),
        (("--quote-sent",), "A quote for this deal must have been sent"),
        (("--on", "exit", "--milestone", "Survey"), "The milestone “Survey” must be done"),
        (("--filled", "source", "--message", "Where from?", "--message-zh", "来源？"), "Where from?"),
    )
    ids = []
    for way, asks in ways:
        added = here(data, "--json", "condition", "add", "Sales", "Proposal", *way)
        assert added.status == 0, added.err
        assert added.json()["asks"] == asks
        ids.append(added.json()["id"])
    listed = here(data, "--json", "condition", "list", "Sales").rows()
    assert [row["asks"] for row in listed if row["stage"] == "Proposal"] == [asks for _, asks in ways]
    assert [row["asks"] for row in listed if row["stage"] == "Lost"] == ["Say why the deal was lost"]
    lifted = here(data, "--json", "condition", "lift", "Sales", "Won", "amount").rows()
    assert not [row for row in lifted if row["stage"] == "Won"]
    assert here(data, "condition", "remove", ids[0]).status == 0
    for wrong, said in (
        (("--compares", "amount"), "amount>=10000"),
        (("--compares", "amount>=lots"), "not an amount"),
        (("--filled", "nonsense"), "no field called"),
        ((), "Say one of"),
        (("--quote-sent", "--filled", "source"), "Say one of"),
    ):
        refused = here(data, "condition", "add", "Sales", "Proposal", *wrong)
        assert (refused.status, said in refused.err) == (1, True), refused.err
    retired = here(data, "--json", "milestone", "set", "Survey", "--retire", "--name-zh", "勘察")
    assert (retired.json()["active"], retired.json()["name_zh"]) == (False, "勘察")
