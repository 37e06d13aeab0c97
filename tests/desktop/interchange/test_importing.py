"""Files into the replica: written in batches, recorded like any edit, taken back when asked."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, NotFound, UserError
from crm_core.exchange.plan import ImportReport, Mode
from crm_core.i18n import untranslated
from crm_core.sync.protocol import OpKind
from crm_desktop.interchange.importing import FileOptions, import_file, plan_file, run_plan, write_rejects
from crm_desktop.interchange.known_rows import Doubles
from crm_desktop.interchange.undoing import imports, undo_import
from crm_desktop.models.device_tables import ImportChange, OutboxOp
from crm_desktop.models.query import ListQuery
from crm_desktop.models.replica import LOCAL_USER, Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services import records, search
from tests.desktop.interchange.conftest import act_as, make


def _file(tmp_path: Path, text: str, name: str = "list.csv") -> Path:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def _count(replica: Replica, entity: str = "customer") -> int:
    return records.count(replica, ListQuery(entity=entity))


def _named(replica: Replica, name: str, entity: str = "customer") -> dict[str, object]:
    rows = records.page(replica, ListQuery(entity=entity)).rows
    return dict(next(row for row in rows if row.title == name).values)


def test_rows_become_records_that_wait_for_hq_and_can_be_found(replica: Replica, tmp_path: Path) -> None:
    path = _file(tmp_path, "名称,行业,标签\n上海腾飞,制造,红;蓝\nAcme,retail,\n")
    report = import_file(
        replica, path, "customer", FileOptions(maps=("标签=tags", "名称=name", "行业=industry"))
    )
    assert report.counts() == {"created": 2, "updated": 0, "skipped": 0, "rejected": 0}
    assert _named(replica, "上海腾飞")["tags"] == ["红", "蓝"]
    assert _named(replica, "Acme")["owner_id"] == LOCAL_USER
    assert [hit.title for hit in search.find(replica, "tengfei")] == ["上海腾飞"]
    with replica.read() as session:
        waiting = session.scalar(select(func.count()).where(OutboxOp.entity == "customer"))
    assert waiting == 4  # two creations, two words


def test_a_dry_run_writes_nothing(replica: Replica, tmp_path: Path) -> None:
    plan = plan_file(replica, _file(tmp_path, "name\nA\n"), "customer", FileOptions())
    assert plan.report().created == 1
    assert _count(replica) == 0
    assert imports(replica) == ()


def test_an_import_is_undone_with_what_it_made_and_what_it_changed(replica: Replica, tmp_path: Path) -> None:
    known = make(replica, "customer", name="Known", city="Old", tags=["keep"])
    before = records.get(replica, "customer", known)
    path = _file(tmp_path, "name,city,tags\nKnown,New,more\nFresh,X,\n")
    report = import_file(replica, path, "customer", FileOptions(key="name", mode=Mode.BOTH))
    assert report.counts() == {"created": 1, "updated": 1, "skipped": 0, "rejected": 0}
    assert _named(replica, "Known")["tags"] == ["keep", "more"]
    undone = undo_import(replica, report.batch)
    assert (undone.removed, undone.restored, undone.kept) == (1, 1, 0)
    after = records.get(replica, "customer", known)
    assert (after["city"], after["tags"]) == (before["city"], before["tags"])
    assert _count(replica) == 1
    with pytest.raises(UserError, match="already"):
        undo_import(replica, report.batch)
    with pytest.raises(NotFound):
        undo_import(replica, "0" * 32)


def test_what_people_changed_after_an_import_is_not_undone(replica: Replica, tmp_path: Path) -> None:
    known = make(replica, "customer", name="Known", city="Old", industry="Old")
    path = _file(tmp_path, "name,city,industry\nKnown,New,New\nFresh,X,\nOther,Y,\n")
    report = import_file(replica, path, "customer", FileOptions(key="name", mode=Mode.BOTH))
    records.update(replica, "customer", known, {"city": "By hand"})
    fresh = str(
        next(r.id for r in records.page(replica, ListQuery(entity="customer")).rows if r.title == "Fresh")
    )
    records.update(replica, "customer", fresh, {"city": "By hand"})
    undone = undo_import(replica, report.batch)
    assert (undone.removed, undone.restored, undone.kept) == (1, 1, 1)
    assert records.get(replica, "customer", known)["city"] == "By hand"
    assert records.get(replica, "customer", known)["industry"] == "Old"
    assert records.get(replica, "customer", fresh).alive


def test_changes_of_many_rows_at_once_are_those_of_each_by_itself(replica: Replica, tmp_path: Path) -> None:
    known = [make(replica, "customer", name=f"K{no}", city="Old", tags=["a"]) for no in range(4)]
    options = FileOptions(key="name", mode=Mode.UPDATE)
    path = _file(tmp_path, "name,city,employees,tags\nK0,New,5,b\nK1,New,6,\nK2,,7,a\nK3,New,8,c\n")
    plan = plan_file(replica, path, "customer", options)
    records.delete(replica, "customer", known[3])  # between plan and deed
    with replica.read() as session:
        last = session.scalar(select(func.max(OutboxOp.no))) or 0
    report = run_plan(replica, plan, path.name)
    assert report.counts() == {"created": 0, "updated": 3, "skipped": 0, "rejected": 1}
    with replica.read() as session:
        ops = session.execute(
            select(OutboxOp.row_id, OutboxOp.field, OutboxOp.value).where(OutboxOp.no > last)
        ).all()
        waiting = session.scalar(select(func.count()).select_from(ImportChange))
    assert (len(ops), waiting) == (6, 3)
    city, employees = (str(SCHEMAS["customer"].fields[name].no) for name in ("city", "employees"))
    by_field = {(known.index(op.row_id), op.field): op.value for op in ops}
    assert by_field[0, employees] == 5
    assert "New" in by_field[1, next(field for no, field in by_field if no == 1 and field != employees)]
    assert (2, city) not in by_field
    assert [entry.new for entry in records.history(replica, "customer", known[2])][:1] == [7]
    undone = undo_import(replica, report.batch)
    assert (undone.removed, undone.restored, undone.kept) == (0, 3, 0)
    after = records.get(replica, "customer", known[0])
    assert (after["city"], after["employees"], after["tags"]) == ("Old", None, ["a"])


def test_steps_of_many_rows_go_out_at_once_and_those_that_write_more_one_by_one(
    replica: Replica, tmp_path: Path
) -> None:
    leads = [make(replica, "lead", name=f"L{no}") for no in range(5)]
    options = FileOptions(key="name", mode=Mode.UPDATE)

    def import_lines(*lines: str) -> tuple[ImportReport, int]:
        path = _file(tmp_path, "\n".join(("name,status,junk_reason,notes", *lines)))
        flushes: list[object] = []

        def count(*_: object) -> None:
            flushes.append(1)

        event.listen(WriteSession, "before_flush", count)
        try:
            return import_file(replica, path, "lead", options), len(flushes)
        finally:
            event.remove(WriteSession, "before_flush", count)

    plain = ("L0,working,,", "L1,qualified,,x", "L2,junk,spam,", "L3,converted,,", "L4,nurture,,")
    report, written = import_lines(*plain)
    assert report.counts() == {"created": 0, "updated": 4, "skipped": 0, "rejected": 1}
    assert written < len(leads)
    states = [records.get(replica, "lead", each)["status"] for each in leads]
    assert states == ["working", "qualified", "junk", "new", "nurture"]
    with replica.read() as session:
        taken = session.execute(select(OutboxOp.value).where(OutboxOp.kind == OpKind.COMMAND)).scalars()
        assert sorted(value[0] for value in taken) == ["disqualify", "nurture", "qualify", "work"]
    # Putting a lead back from junk clears its reason too: that, and undoing it, goes row by row.
    revived, _ = import_lines("L2,new,,")
    assert records.get(replica, "lead", leads[2])["junk_reason"] is None
    assert undo_import(replica, revived.batch).restored == 1
    assert records.get(replica, "lead", leads[2])["junk_reason"] == "spam"
    undone = undo_import(replica, report.batch)
    assert (undone.restored, undone.kept) == (4, 0)
    assert {records.get(replica, "lead", each)["status"] for each in leads} == {"new"}


def test_importing_the_same_file_twice_changes_nothing_the_second_time(
    replica: Replica, tmp_path: Path
) -> None:
    path = _file(tmp_path, "name,city,employees,tags\nA,X,5,b;a\nB,,,\n")
    options = FileOptions(key="name", mode=Mode.BOTH)
    import_file(replica, path, "customer", options)
    again = import_file(replica, path, "customer", options)
    assert again.counts() == {"created": 0, "updated": 0, "skipped": 2, "rejected": 0}
    assert again.batch == ""


def test_deals_get_their_pipeline_and_the_day_they_really_changed(replica: Replica, tmp_path: Path) -> None:
    make(replica, "customer", name="Acme")
    text = "name,account,stage,close_date,amount\nD1,acme,Won,3/13/2017,1054\nD2,,Lost,3/14/2017,0\nD3,,,,\n"
    options = FileOptions(
        lookups=("account=customer.name", "stage=stage.name"), currency="USD", maps=("close_date=close_date",)
    )
    report = import_file(replica, _file(tmp_path, text), "deal", options)
    assert report.counts()["created"] == 3
    won = _named(replica, "D1", "deal")
    assert (won["amount"], won["currency"], won["close_date"]) == (105400, "USD", "2017-03-13")
    assert won["stage_since"] == 1489363200000
    assert _named(replica, "D2", "deal")["loss_reason"] == "other"
    assert _named(replica, "D3", "deal")["currency"] == "CNY"


def test_a_person_without_the_right_imports_nothing(replica: Replica, tmp_path: Path) -> None:
    act_as(replica, "auditor")
    with pytest.raises(AccessDenied):
        import_file(replica, _file(tmp_path, "name\nA\n"), "customer", FileOptions())


def test_rows_outside_the_persons_rights_are_rejected_one_by_one(replica: Replica, tmp_path: Path) -> None:
    role = make(replica, "role", name="other", rights={})
    other = make(replica, "user", name="Other", role_id=role)
    foreign = make(replica, "customer", name="Foreign", owner_id=other)
    act_as(replica, "sales")
    mine = make(replica, "customer", name="Mine")
    text = "name,owner,city\nMine,,New\nForeign,,New\nGiven,Other,X\nOwn,,X\n"
    report = import_file(
        replica,
        _file(tmp_path, text),
        "customer",
        FileOptions(lookups=("owner=user.name",), key="name", mode=Mode.BOTH),
    )
    assert report.counts() == {"created": 1, "updated": 1, "skipped": 0, "rejected": 2}
    assert sorted(row.line for row in report.rejected) == [3, 4]
    assert records.get(replica, "customer", mine)["city"] == "New"
    assert records.get(replica, "customer", foreign).get("city") is None


def test_a_row_whose_parent_is_refused_when_written_is_refused_too(replica: Replica, tmp_path: Path) -> None:
    role = make(replica, "role", name="other", rights={})
    make(replica, "user", name="Other", role_id=role)
    act_as(replica, "sales")
    text = "name,owner,part of\nChild,,Parent\nParent,Other,\nFree,,\n"
    report = import_file(
        replica,
        _file(tmp_path, text),
        "customer",
        FileOptions(lookups=("owner=user.name", "part of=customer.name")),
    )
    assert report.counts() == {"created": 1, "updated": 0, "skipped": 0, "rejected": 2}
    child = next(row for row in report.rejected if row.line == 2)
    assert "line 3" in str(child.reasons[0])


def test_an_import_stopped_half_way_keeps_whole_batches_and_says_which_rows_are_left(
    replica: Replica, tmp_path: Path
) -> None:
    path = _file(tmp_path, "name\n" + "".join(f"C{n}\n" for n in range(2500)))
    seen: list[int] = []
    report = import_file(
        replica,
        path,
        "customer",
        FileOptions(),
        progress=lambda done, _total: seen.append(done),
        cancelled=lambda: len(seen) >= 2,
    )
    assert report.counts() == {"created": 1000, "updated": 0, "skipped": 0, "rejected": 1500}
    assert _count(replica) == 1000
    rejects = tmp_path / "rest.csv"
    write_rejects(report, rejects, untranslated)
    rest = import_file(replica, rejects, "customer", FileOptions(maps=("name=name",)))
    assert rest.counts()["created"] == 1500
    assert undo_import(replica, report.batch).removed == 1000


def test_a_failure_in_the_middle_leaves_no_half_batch(
    replica: Replica, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crm_desktop.interchange import writing_rows

    def fail(*_: object) -> None:
        raise OSError("disk gone")

    monkeypatch.setattr(writing_rows.repository, "create_many", fail)
    with pytest.raises(OSError, match="disk gone"):
        import_file(replica, _file(tmp_path, "name\nA\n"), "customer", FileOptions())
    assert _count(replica) == 0
    with replica.read() as session:
        assert session.scalar(select(func.count()).select_from(ImportChange)) == 0


def test_custom_fields_are_filled_by_their_key_or_label(replica: Replica, tmp_path: Path) -> None:
    make(replica, "custom_field", entity="customer", key="region", label="Sales region", kind="text")
    make(replica, "custom_field", entity="customer", key="floor", label="Floor", kind="integer")
    path = _file(tmp_path, "name,Sales region,stockwerk\nA,North,3\nB,,x\n")
    report = import_file(replica, path, "customer", FileOptions(maps=("stockwerk=x:floor",)))
    assert [row.line for row in report.rejected] == [3]
    values = _named(replica, "A")
    assert (values["x:region"], values["x:floor"]) == ("North", 3)
    again = import_file(
        replica, path, "customer", FileOptions(maps=("stockwerk=x:floor",), key="name", mode=Mode.UPDATE)
    )
    assert again.counts() == {"created": 0, "updated": 0, "skipped": 2, "rejected": 0}


def test_a_file_that_cannot_be_opened_is_named(replica: Replica, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"missing\.csv"):
        import_file(replica, tmp_path / "missing.csv", "customer", FileOptions())
    with pytest.raises(UserError):
        import_file(replica, tmp_path, "customer", FileOptions())


def test_quotes_and_their_lines_come_in_with_numbers_and_totals(replica: Replica, tmp_path: Path) -> None:
    make(replica, "customer", name="Acme")
    quotes = _file(tmp_path, "customer,terms\nAcme,Net 30\n", "quotes.csv")
    assert (
        import_file(replica, quotes, "quote", FileOptions(lookups=("customer=customer.name",))).created == 1
    )
    quote = records.page(replica, ListQuery(entity="quote")).rows[0]
    lines = _file(
        tmp_path, f"quote,description,unit_price\n{quote.id},Box,12.50\n{quote.id},Bag,2\n", "l.csv"
    )
    assert import_file(replica, lines, "quote_line", FileOptions(maps=("quote=quote_id",))).created == 2
    assert records.get(replica, "quote", quote.id)["total"] == 1450


def test_ten_thousand_rows_take_seconds(replica: Replica, tmp_path: Path) -> None:
    rows = "".join(f"Customer {n},C{n % 50},{n},2026-01-{n % 28 + 1:02}\n" for n in range(10_000))
    path = _file(tmp_path, "name,city,employees,note\n" + rows)
    started = time.process_time()
    report = import_file(replica, path, "customer", FileOptions())
    assert report.created == 10_000
    assert time.process_time() - started < 30


def test_imported_points_are_counted_and_taken_back_by_entries_against_them(
    replica: Replica, tmp_path: Path
) -> None:
    known = make(replica, "customer", name="Known")
    path = _file(tmp_path, "Customer,Points,Reason\nKnown,100,Order\nKnown,-30,Voucher\nKnown,0,Nothing\n")
    report = import_file(replica, path, "point_entry", FileOptions())
    assert report.counts() == {"created": 2, "updated": 0, "skipped": 0, "rejected": 1}
    assert records.get(replica, "customer", known)["points"] == 70
    undone = undo_import(replica, report.batch)
    assert (undone.removed, undone.kept) == (2, 0)
    assert records.get(replica, "customer", known)["points"] == 0
    assert _count(replica, "point_entry") == 4


def test_rows_that_are_probably_here_are_made_left_out_or_fill_in_what_is_missing(
    replica: Replica, tmp_path: Path
) -> None:
    records.create(replica, "customer", {"name": "纸鹤食品有限公司", "phone": "0755-28780808"})
    path = _file(
        tmp_path,
        "name,phone,city,parent\n紙鶴食品,075528780808,深圳,\n"
        "Lumen Optics,,Ulm,紙鶴食品\nLumen Optics GmbH,,Ulm,\n",
    )
    lookups = ("parent=customer.name",)
    for doubles, counts in (
        (Doubles.CREATE, (3, 0, 0)),
        (Doubles.SKIP, (1, 0, 2)),
        (Doubles.MERGE, (2, 1, 0)),
    ):
        options = FileOptions(lookups=lookups, doubles=doubles)
        report = plan_file(replica, path, "customer", options).report()
        assert (report.created, report.updated, report.skipped) == counts, doubles
    skipped = plan_file(replica, path, "customer", replace(options, doubles=Doubles.SKIP)).rows
    assert [str(reason) for row in skipped for reason in row.reasons] == [
        "It is probably here already: “纸鹤食品有限公司” (Same name)",
        "It is probably the same as line 3",
    ]
    import_file(replica, path, "customer", replace(options, doubles=Doubles.SKIP))
    import_file(replica, path, "customer", options)
    rows = records.page(replica, ListQuery(entity="customer")).rows
    held = {row.title: row for row in rows}
    assert set(held) == {"纸鹤食品有限公司", "Lumen Optics"}
    assert held["纸鹤食品有限公司"]["city"] == "深圳市"
    assert held["Lumen Optics"]["parent_id"] == held["纸鹤食品有限公司"].id
