"""Files come in and go out by folders: each once and whole, by the rights of a key, told where they fail."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crm_core.errors import AccessDenied, CrmError, UserError
from crm_core.exchange.plan import Mode
from crm_core.times import DAY_MS
from sync_server.jobs import drops as job
from sync_server.services import drop_in, drop_out, drops, importing, keys, outside
from sync_server.services.auth import now_ms
from sync_server.services.drops import OutWish
from sync_server.services.headquarters import Headquarters
from sync_server.services.importing import ImportWish
from tests.support.server import crm_server

SCOPES = (
    "customer:write",
    "product:write",
    "order:write",
    "order_line:write",
    "stock_level:write",
    "receipt:write",
)
BOTH = ImportWish(key="name", mode=Mode.BOTH)


@pytest.fixture
def folder(headquarters: Headquarters, tmp_path: Path) -> Path:
    """A folder customers come in by."""
    keys.add(headquarters, "Old ERP", SCOPES, {"role": "admin"})
    drops.add_in(headquarters, "customers", "customer", tmp_path / "in", "Old ERP", BOTH)
    return tmp_path / "in"


def put(folder: Path, name: str, raw: bytes, *, age_s: float = 60.0) -> Path:
    """Put a file into a folder as if it had been there for a while."""
    path = folder / name
    path.write_bytes(raw)
    os.utime(path, (time.time() - age_s, time.time() - age_s))
    return path


def names(hq: Headquarters) -> list[str]:
    return sorted(str(values["name"]) for _, values in hq.records.all("customer"))


def look(hq: Headquarters, name: str = "customers") -> int:
    return drop_in.take_in(hq, drops.find(hq, name))


def there(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_whole_files_are_taken_once_whatever_their_encoding(headquarters: Headquarters, folder: Path) -> None:
    hq = headquarters
    put(folder, "first.csv", b"\xef\xbb\xbfname,phone\r\nHeron,+86 21 5550 0142\r\n")
    put(folder, "second.csv", "name\n苍鹭阀门\n".encode("gb18030"))
    put(folder, "third.csv.part", b"name\nUnfinished\n")
    put(folder, ".hidden.csv", b"name\nHidden\n")
    put(folder, "young.csv", b"name\nStill being writ", age_s=0.0)
    (folder / "linked.csv").symlink_to(hq.settings.file)
    assert look(hq) == 2
    assert names(hq) == ["Heron", "苍鹭阀门"]
    assert there(folder)[:2] == [".hidden.csv", "done/first.csv"]
    put(folder, "again.csv", b"\xef\xbb\xbfname,phone\r\nHeron,+86 21 5550 0142\r\n")
    hq.records.update("customer", hq.records.find("customer", "name", "Heron")[0][0], {"phone": None})
    look(hq)
    assert hq.records.find("customer", "name", "Heron")[0][1]["phone"] is None
    assert (folder / "done" / "again.csv").exists()
    assert [row["state"] for row in drops.files(hq, "customers")] == ["done", "done"]
    ((_, heron),) = hq.records.find("customer", "name", "Heron")
    _key_id, user_id = keys.find(hq, "Old ERP")
    assert heron["created_by"] == user_id


def test_rows_that_are_refused_lie_in_failed_with_the_reason(
    headquarters: Headquarters, folder: Path
) -> None:
    hq = headquarters
    raw = b"name,email\nHeron,info@heron.example\nCrane,not an address\n,nobody@heron.example\n"
    put(folder, "mixed.csv", raw)
    put(folder, "empty.csv", b"\n\n")
    look(hq)
    assert names(hq) == ["Heron"]
    assert there(folder) == [
        *("failed/empty.csv", "failed/empty.csv.reason.txt"),
        *("failed/mixed.csv", "failed/mixed.csv.rejects.csv"),
    ]
    text = (folder / "failed" / "mixed.csv.rejects.csv").read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows[1:]] == ["Crane", ""]
    assert all(row[-1] for row in rows[1:])
    put(folder, "mended.csv", b"name,email\nCrane,info@crane.example\n")
    put(folder, "mixed.csv", raw)  # the same again: only what was not taken is tried
    look(hq)
    assert names(hq) == ["Crane", "Heron"]
    assert (folder / "done" / "mended.csv").exists()


def test_a_file_that_was_broken_off_goes_on_where_it_was(
    headquarters: Headquarters, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hq = headquarters
    monkeypatch.setattr(importing, "ROWS_A_TRANSACTION", 2)
    drops.add_in(hq, "made", "customer", folder.parent / "made", "Old ERP", ImportWish())
    put(folder.parent / "made", "five.csv", b"name\nA\nB\nC\nD\nE\n")
    kept, calls = drop_in._keep_lines, 0

    def killed(connection: Any, drop_id: int, sha: str, lines: Sequence[int]) -> None:
        nonlocal calls
        calls += 1
        kept(connection, drop_id, sha, lines)
        if calls == 2:
            raise KeyboardInterrupt  # in the second transaction, before it is committed

    monkeypatch.setattr(drop_in, "_keep_lines", killed)
    with pytest.raises(KeyboardInterrupt):
        look(hq, "made")
    assert names(hq) == ["A", "B"]
    monkeypatch.setattr(drop_in, "_keep_lines", kept)
    monkeypatch.setattr(drop_in, "_move", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        look(hq, "made")
    monkeypatch.undo()
    assert names(hq) == ["A", "B", "C", "D", "E"]
    look(hq, "made")
    assert names(hq) == ["A", "B", "C", "D", "E"]
    assert there(folder.parent / "made") == ["done/five.csv"]


def test_a_folder_has_the_rights_of_its_key(headquarters: Headquarters, tmp_path: Path) -> None:
    hq = headquarters
    keys.add(hq, "Reader", ["customer:read"], {"role": "sales"})
    with pytest.raises(AccessDenied):
        drops.add_in(hq, "customers", "customer", tmp_path / "in", "Reader", BOTH)
    with pytest.raises(AccessDenied):
        drops.add_out(hq, "products", "product", tmp_path / "out", "Reader", OutWish())
    for wish in (
        OutWish(fields=("planet",)),
        OutWish(fields=("owner_id.shoe_size",)),
        OutWish(at=("25:00",)),
        OutWish(whole=True),
        OutWish(where=("name is long",)),
    ):
        with pytest.raises(CrmError):
            drops.add_out(hq, "customers", "customer", tmp_path / "out", "Reader", wish)
    drops.add_out(hq, "customers", "customer", tmp_path / "out", "Reader", OutWish(fields=("name",)))
    hq.records.create("customer", {"name": "Somebody else's"})
    assert drop_out.put_out(hq, drops.find(hq, "customers"), now_ms()) is None
    with pytest.raises(UserError):
        drops.add_out(hq, "customers", "customer", tmp_path / "out", "Reader", OutWish())


def test_what_changed_goes_out_whole_and_once(headquarters: Headquarters, folder: Path) -> None:
    hq, out = headquarters, folder.parent / "out"
    fields = ("number", "customer_id.name", "external_id", "notes", "total")
    wish = OutWish(fields=fields, encoding="gb18030")
    drops.add_out(hq, "orders", "order", out, "Old ERP", wish)
    heron = hq.records.create("customer", {"name": "苍鹭阀门"})
    order = hq.records.create("order", {"customer_id": heron, "currency": "CNY", "notes": "=1+1"})
    line = {"order_id": order, "description": "Valve", "quantity": "4", "unit_price": 1250}
    hq.records.create("order_line", line)
    _key_id, user_id = keys.find(hq, "Old ERP")
    with hq.database.note() as connection:
        outside.keep_name(connection, user_id, "order", "SO-1", order)
    job.look(hq)
    (path,) = out.iterdir()
    first, second = csv.reader(io.StringIO(path.read_bytes().decode("gb18030")))
    assert first == ["id", "change", *fields]
    assert second[:2] == [order, "created"]
    assert second[3:] == ["苍鹭阀门", "SO-1", "'=1+1", "50.00"]
    job.look(hq)
    assert len(list(out.iterdir())) == 1
    hq.records.delete("order", order)
    path_after = drop_out.put_out(hq, drops.find(hq, "orders"), now_ms())
    assert path_after is not None
    assert path_after.read_bytes().decode("gb18030").splitlines()[1].startswith(f"{order},deleted,")


def test_everything_goes_out_at_its_time(headquarters: Headquarters, folder: Path) -> None:
    hq, out = headquarters, folder.parent / "out"
    wish = OutWish(fields=("name",), where=("name ~ er",), at=("06:00",), whole=True)
    drops.add_out(hq, "list", "customer", out, "Old ERP", wish)
    for name in ("Heron", "Crane", "Plover"):
        hq.records.create("customer", {"name": name})
    now = now_ms()
    due = [drop_out.put_out(hq, drops.find(hq, "list"), now + hour * DAY_MS // 24) for hour in range(50)]
    written = [path for path in due if path is not None]
    assert len(written) == 2
    rows = list(csv.reader(io.StringIO(written[0].read_text("utf-8-sig"))))
    assert [row[1] for row in rows] == ["name", "Heron", "Plover"]


def test_a_folder_that_fails_says_why_and_holds_up_no_other(
    headquarters: Headquarters, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hq = headquarters
    drops.add_in(hq, "another", "customer", folder.parent / "another", "Old ERP", BOTH)
    (folder.parent / "another").rmdir()
    put(folder, "first.csv", b"name\nHeron\n")
    job.look(hq)
    assert names(hq) == ["Heron"]
    reasons = {row["name"]: row["reason"] for row in drops.listed(hq)}
    assert reasons["another"]
    assert reasons["customers"] == ""
    keys.revoke(hq, "Old ERP")
    put(folder, "second.csv", b"name\nCrane\n")
    job.look(hq)
    assert names(hq) == ["Heron"]
    assert all(row["reason"] for row in drops.listed(hq))


def test_folders_are_kept_by_command(headquarters: Headquarters, folder: Path) -> None:
    data, out = headquarters.settings.data, folder.parent / "out"
    asked = ("drop", "in", "stock", "stock_level", str(folder.parent / "stock"), "--by", "Old ERP")
    how = ("--lookup", "code=product.code", "--map", "stock=quantity")
    assert crm_server(data, *asked, *how).status == 0
    drops.add_out(headquarters, "names", "customer", out, "Old ERP", OutWish(fields=("name",)))
    headquarters.records.create("customer", {"name": "Heron"})
    ran = crm_server(data, "--json", "drop", "run", "names").json()
    assert Path(ran["file"]).read_text("utf-8-sig").splitlines()[1].endswith(",created,Heron")
    assert [(row["name"], row["way"]) for row in drops.listed(headquarters)] == [
        *(("customers", "in"), ("names", "out"), ("stock", "in")),
    ]
    headquarters.records.create("product", {"name": "Valve", "code": "V-1"})
    put(
        folder.parent / "stock",
        "stock.csv",
        b"code,stock,warehouse,as_of\nV-1,17,main,2026-11-28T08:00:00Z\n",
    )
    assert look(headquarters, "stock") == 1
    ((_, level),) = headquarters.records.all("stock_level")
    assert level["quantity"] == "17"
    drops.remove(headquarters, "names")
    with pytest.raises(CrmError):
        drops.find(headquarters, "names")
