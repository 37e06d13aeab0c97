"""Bringing a file in by the window: guessed, changed, mended, written, taken back."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
import xlsxwriter
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from crm_core.exchange.plan import Mode
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_desktop.interchange import importing, templates, undoing
from crm_desktop.models import state
from crm_desktop.models.query import ListQuery
from crm_desktop.models.state import Key as StateKey
from crm_desktop.services import records
from crm_desktop.ui.context import Place
from crm_desktop.ui.imports.wizard import ImportWizard
from crm_desktop.ui.pages.customers import CustomersPage
from crm_desktop.ui.pages.imports import ImportPage
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.translate import show, translator
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged
from tests.support.windows import has_keyboard

Key = Qt.Key
HEADS = "客户名称;等级;城市;Mail"


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a window over a profile without records."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        yield made


def file_of(folder: Path, *lines: str, encoding: str = "utf-8", name: str = "customers.csv") -> Path:
    """Return a file with these lines."""
    path = folder / name
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def import_page(stage: Stage, entity: str = "customer") -> ImportPage:
    """Return the page on screen, asked for an import of a kind."""
    page = ImportPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="import", options={"entity": entity}))
    stage.settle()
    return page


def take(stage: Stage, wizard: ImportWizard, path: Path) -> None:
    """Choose a file and wait until it is read."""
    wizard.file.take_file(path)
    stage.settle()


def press_next(stage: Stage, wizard: ImportWizard, times: int = 1) -> None:
    """Press the button that goes on, by keyboard."""
    for _ in range(times):
        assert wizard.next.isEnabled()
        wizard.next.setFocus()
        stage.press(wizard.next, Key.Key_Space)


def names(stage: Stage, entity: str = "customer") -> list[str]:
    """Return what the records are called."""
    query = ListQuery(entity=entity, sort=(("name", False),))
    return [row.title for row in records.page(stage.app.replica, query).rows]


def choose(stage: Stage, box: object, wanted: object) -> None:
    """Choose in a box as a person does."""
    box.setCurrentIndex(box.findData(wanted))  # type: ignore[attr-defined]
    box.activated.emit(box.currentIndex())  # type: ignore[attr-defined]
    stage.settle()


def test_a_file_goes_in_with_enter_alone_once_it_is_chosen(stage: Stage, tmp_path: Path) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, HEADS, "Demo 1;A;Leeds;one@demo.example", "Demo 2;B;苏州;"))
    assert has_keyboard(wizard.next)
    for _ in range(4):
        stage.press(wizard, Key.Key_Return)
    report = wizard.result.report
    assert report is not None
    assert report.counts() == {"created": 2, "updated": 0, "skipped": 0, "rejected": 0}
    assert names(stage) == ["Demo 1", "Demo 2"]


def test_a_dropped_file_is_read_and_its_encoding_and_delimiter_are_shown(
    stage: Stage, tmp_path: Path
) -> None:
    wizard = import_page(stage).wizard
    path = file_of(tmp_path, HEADS, "纸鹤食品;A;苏州;", "云杉泵业;B;杭州;", encoding="gb18030")
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(5, 5),
        Qt.DropAction.CopyAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    wizard.file.drop.dropEvent(event)
    stage.settle()
    assert wizard.file.encoding.currentText() == "GB18030"
    assert wizard.file.delimiter.currentText() == "Semicolon"
    assert wizard.file.model.index(0, 1).data() == "纸鹤食品"
    assert wizard.file.drop.line.text() == "2 rows, columns: 4"


def test_a_wrong_guess_of_the_encoding_is_corrected_by_hand(stage: Stage, tmp_path: Path) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, "Name|City", "Café|Málaga", encoding="cp1252"))
    choose(stage, wizard.file.encoding, "cp1252")
    choose(stage, wizard.file.delimiter, "|")
    assert wizard.file.model.index(0, 1).data() == "Café"
    assert wizard.file.model.index(0, 2).data() == "Málaga"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file is empty"),
        (b"\x00\x01\x02\x00\x03,\x00", "The file is no text"),
        (None, "cannot be opened"),
    ],
)
def test_a_file_that_is_no_list_is_refused_where_it_was_chosen(
    stage: Stage, tmp_path: Path, content: bytes | None, said: str
) -> None:
    wizard = import_page(stage).wizard
    path = tmp_path / "bad.csv"
    if content is not None:
        path.write_bytes(content)
    take(stage, wizard, path)
    assert said in wizard.file.drop.line.text()
    assert not wizard.next.isEnabled()
    take(stage, wizard, file_of(tmp_path, HEADS, "Demo 1;A;Leeds;"))
    assert wizard.next.isEnabled()


@pytest.mark.parametrize("kind", ["xlsx", "vcf", "json"])
def test_spreadsheets_address_cards_and_json_go_the_same_way(stage: Stage, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"customers.{kind}"
    if kind == "xlsx":
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            for line, cells in enumerate((("客户名称", "城市"), ("Demo 1", "苏州"))):
                sheet.write_row(line, 0, cells)
    elif kind == "vcf":
        card = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Demo 1\r\nADR:;;;苏州;;;\r\nEND:VCARD\r\n"
        path.write_text(card, encoding="utf-8")
    else:
        path.write_text('[{"name": "Demo 1", "city": "苏州"}]', encoding="utf-8")
    wizard = import_page(stage).wizard
    take(stage, wizard, path)
    assert wizard.file.encoding.isVisible() is False
    press_next(stage, wizard, 4)
    made = records.page(stage.app.replica, ListQuery(entity="customer")).rows
    assert [(row.title, row["city"]) for row in made] == [("Demo 1", "苏州市")], "by its standard name"


def test_what_is_chosen_stays_when_a_person_goes_back(stage: Stage, tmp_path: Path) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, "Name;Where", "Demo 1;Leeds"))
    press_next(stage, wizard)
    choose(stage, wizard.columns.lines[1].field, "city")
    press_next(stage, wizard)
    wizard.rules.modes[Mode.BOTH].radio.setChecked(True)
    choose(stage, wizard.rules.key, "name")
    line = wizard.rules.add_default()
    assert line is not None
    choose(stage, line.field, "level")
    choose(stage, line.value, "B")
    press_next(stage, wizard)
    for _ in range(3):
        wizard.back.click()
        stage.settle()
    press_next(stage, wizard)
    assert wizard.columns.lines[1].field.currentData() == "city"
    press_next(stage, wizard)
    assert wizard.rules.modes[Mode.BOTH].radio.isChecked()
    assert wizard.rules.key.currentData() == "name"
    assert [(each.name, each.text) for each in wizard.rules.defaults] == [("level", "B")]
    press_next(stage, wizard, 2)
    made = records.page(stage.app.replica, ListQuery(entity="customer")).rows
    assert [(row.title, row["city"], row["level"]) for row in made] == [("Demo 1", "Leeds", "B")]


def test_two_columns_cannot_fill_one_field(stage: Stage, tmp_path: Path) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, "Name;Other", "Demo 1;Demo 2"))
    press_next(stage, wizard)
    choose(stage, wizard.columns.lines[1].field, "name")
    assert not wizard.columns.lines[1]._twice.isHidden()
    assert not wizard.next.isEnabled()
    choose(stage, wizard.columns.lines[1].field, "")
    assert wizard.next.isEnabled()


def test_a_wrong_cell_is_mended_in_place_and_then_the_others_that_say_the_same(
    stage: Stage, tmp_path: Path
) -> None:
    wizard = import_page(stage).wizard
    rows = [f"Demo {number};{level};Leeds;" for number, level in enumerate(("A", "Top", "B", "Top", "Top"))]
    take(stage, wizard, file_of(tmp_path, HEADS, *rows))
    press_next(stage, wizard, 3)
    check = wizard.check
    assert [check.tabs._tabs[place].count for place in range(5)] == [5, 2, 0, 0, 3]
    bad = check.table.currentIndex()
    assert bad.data() == "Top"  # the first that is wrong is the current one
    assert "none of A, B, C" in bad.data(Qt.ItemDataRole.ToolTipRole)
    QTest.keyClick(check.table, Key.Key_F2)
    editor = check.table.findChild(QLineEdit)
    assert editor is not None
    editor.setText("C")
    stage.press(editor, Key.Key_Return)
    assert [check.tabs._tabs[place].count for place in range(5)] == [5, 3, 0, 0, 2]
    assert check.bar.label.text() == "2 more rows say the same in “等级”"
    stage.press(check.bar.action, Key.Key_Space)
    assert [check.tabs._tabs[place].count for place in range(5)] == [5, 5, 0, 0, 0]
    press_next(stage, wizard)
    assert len(names(stage)) == 5


def test_rejected_rows_go_to_a_file_that_can_be_mended_and_brought_in(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, HEADS, "Demo 1;A;Leeds;", "Demo 2;Top;Leeds;"))
    press_next(stage, wizard, 4)
    target = tmp_path / "rejected.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    stage.press(wizard.result.rejects_button, Key.Key_Space)
    with target.open(encoding="utf-8-sig", newline="") as opened:
        found = list(csv.reader(opened))
    assert found[1][:2] == ["Demo 2", "Top"]
    assert "none of A, B, C" in found[1][-1]
    assert str(stage.notices[-1].text) == "The rejected rows are in rejected.csv"


def test_an_import_is_taken_back_and_its_records_are_gone(stage: Stage, tmp_path: Path) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, HEADS, "Demo 1;A;Leeds;"))
    press_next(stage, wizard, 4)
    assert has_keyboard(wizard.result.open_button)
    stage.press(wizard.result.undo_button, Key.Key_Space)
    assert names(stage) == []
    assert "1 deleted" in wizard.result.head.text()
    stage.press(wizard.result.another_button, Key.Key_Space)
    assert wizard.step is wizard.file


def test_taking_back_that_is_stopped_can_be_gone_on_with(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, HEADS, *(f"Demo {number:02};A;Leeds;" for number in range(30))))
    press_next(stage, wizard, 4)
    monkeypatch.setattr(undoing, "ROWS_A_TRANSACTION", 10)
    step = Job.step

    def stop_soon(job: Job, done: int, total: int) -> None:
        if done >= 10:
            job.cancel()
        step(job, done, total)

    monkeypatch.setattr(Job, "step", stop_soon)
    stage.press(wizard.result.undo_button, Key.Key_Space)
    assert len(names(stage)) == 20
    assert wizard.result.head.text().startswith("Taking back was stopped: 10 deleted")
    monkeypatch.setattr(Job, "step", step)
    stage.press(wizard.result.undo_button, Key.Key_Space)
    assert names(stage) == []
    assert [each.undone for each in undoing.imports(stage.app.replica)] == [True]


def test_an_empty_list_offers_to_bring_a_file_in(stage: Stage) -> None:
    page = CustomersPage(stage.context, stage.actions)
    stage.show(page)
    assert page.list is not None
    page.list.choose_view("all")
    stage.settle()
    assert not page.import_button.isVisible()
    stage.press(page.list.empty.import_button, Key.Key_Space)
    assert stage.places[-1] == Place(page="import", options={"entity": "customer"})


def test_the_imported_records_are_shown_and_no_others(stage: Stage, tmp_path: Path) -> None:
    records.create(stage.app.replica, "customer", {"name": "There before"})
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, HEADS, "Demo 1;A;Leeds;", "Demo 2;A;Leeds;"))
    press_next(stage, wizard, 4)
    stage.press(wizard.result.open_button, Key.Key_Space)
    place = stage.places[-1]
    assert place.page == "customers"
    query = ListQuery(entity="customer", conditions=place.options["conditions"])
    assert {row.title for row in records.page(stage.app.replica, query).rows} == {"Demo 1", "Demo 2"}


def test_contacts_are_shown_by_the_customers_they_are_at(stage: Stage, tmp_path: Path) -> None:
    for name in ("Blue Heron (demo)", "Otter Creek (demo)"):
        records.create(stage.app.replica, "customer", {"name": name})
    wizard = import_page(stage, "contact").wizard
    take(stage, wizard, file_of(tmp_path, "Name,Customer", "Ann,Blue Heron (demo)", name="people.csv"))
    press_next(stage, wizard, 4)
    stage.press(wizard.result.open_button, Key.Key_Space)
    query = ListQuery(entity="customer", conditions=stage.places[-1].options["conditions"])
    assert [row.title for row in records.page(stage.app.replica, query).rows] == ["Blue Heron (demo)"]


def test_a_link_is_looked_up_by_the_field_chosen_and_made_where_asked(stage: Stage, tmp_path: Path) -> None:
    records.create(stage.app.replica, "customer", {"name": "Blue Heron (demo)", "tax_number": "T-1"})
    wizard = import_page(stage, "contact").wizard
    take(stage, wizard, file_of(tmp_path, "Name,Customer", "Ann,T-1", "Ben,T-2", name="people.csv"))
    press_next(stage, wizard)
    line = wizard.columns.lines[1]
    by = next(place for place in range(line.lookup.count()) if "Tax number" in line.lookup.itemText(place))
    line.lookup.setCurrentIndex(by)
    line.lookup.activated.emit(by)
    press_next(stage, wizard, 2)
    assert [len(wizard.check._rows[key]) for key in ("create", "reject")] == [1, 1]
    assert "“T-2” was not found" in wizard.check._rows["reject"][0].why


def test_a_template_is_kept_offered_taken_and_deleted(stage: Stage, tmp_path: Path) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, "Firma;Ort", "Demo 1;Leeds"))
    press_next(stage, wizard)
    for line, field in zip(wizard.columns.lines, ("name", "city"), strict=True):
        choose(stage, line.field, field)
    popup = wizard.columns.ask_for_name()
    QTest.keyClicks(popup.line, "German list")
    stage.press(popup, Key.Key_Return)
    assert wizard.columns.template.currentText() == "German list"
    wizard.begin("customer")
    take(stage, wizard, file_of(tmp_path, "Firma;Ort", "Demo 2;Derby"))
    press_next(stage, wizard)
    choose(stage, wizard.columns.template, "German list")
    assert [line.field.currentData() for line in wizard.columns.lines] == ["name", "city"]
    wizard.begin("customer")
    take(stage, wizard, file_of(tmp_path, "Name;Stadt", "Demo 3;Derby"))
    press_next(stage, wizard)
    choose(stage, wizard.columns.template, "German list")
    assert "The template does not fit" in wizard.columns._wrong.text()
    assert wizard.columns.lines[0].field.currentData() == "name"  # as guessed, still
    wizard.choices.template = "German list"
    wizard.columns._show_templates()
    stage.press(wizard.columns.forget_button, Key.Key_Space)
    assert templates.templates_of(stage.app.replica, "customer") == ()


def test_what_is_wrong_with_the_whole_is_said_where_it_can_be_put_right(stage: Stage, tmp_path: Path) -> None:
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, "City", "Leeds"))
    press_next(stage, wizard, 2)
    wizard.rules.modes[Mode.UPDATE].radio.setChecked(True)
    press_next(stage, wizard)
    assert wizard.step is wizard.rules
    assert wizard._problem.text() == "Say by which field records are recognised: the key"


def test_an_update_by_key_changes_what_is_there_and_leaves_the_rest(stage: Stage, tmp_path: Path) -> None:
    kept = records.create(stage.app.replica, "customer", {"name": "Demo 1", "city": "Leeds"}).value.id
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, "Name;City", "Demo 1;Derby", "Demo 2;Derby"))
    press_next(stage, wizard, 2)
    wizard.rules.modes[Mode.UPDATE].radio.setChecked(True)
    choose(stage, wizard.rules.key, "name")
    press_next(stage, wizard, 2)
    assert records.get(stage.app.replica, "customer", kept)["city"] == "Derby"
    assert names(stage) == ["Demo 1"]


def test_cancel_stops_between_portions_and_what_is_written_can_be_taken_back(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROWS_A_TRANSACTION", 10)
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, HEADS, *(f"Demo {number:03};A;Leeds;" for number in range(100))))
    press_next(stage, wizard, 3)
    step = Job.step

    def stop_soon(job: Job, done: int, total: int) -> None:
        if done >= 30:
            job.cancel()
        step(job, done, total)

    monkeypatch.setattr(Job, "step", stop_soon)
    press_next(stage, wizard)
    report = wizard.result.report
    assert report is not None
    assert report.created == 30
    assert len(report.rejected) == 70
    assert show(report.rejected[0].reasons[0]) == "The import was stopped before this row"
    stage.press(wizard.result.undo_button, Key.Key_Space)
    assert names(stage) == []


def test_earlier_imports_are_listed_and_the_chosen_one_is_taken_back(stage: Stage, tmp_path: Path) -> None:
    page = import_page(stage)
    for number in (1, 2):
        name = f"list {number}.csv"
        take(stage, page.wizard, file_of(tmp_path, HEADS, f"Demo {number};A;Leeds;", name=name))
        press_next(stage, page.wizard, 4)
        page.wizard.begin("customer")
    page.show_place(Place(page="import", options={"past": True}))
    stage.settle()
    past = page.past
    assert [row.file_name for row in past.model.rows] == ["list 2.csv", "list 1.csv"]
    stage.press(past.table, Key.Key_Down)
    stage.press(past.undo_button, Key.Key_Space)
    assert names(stage) == ["Demo 2"]
    assert [past.model.index(place, 4).data() for place in (0, 1)] == ["Brought in", "Taken back"]
    assert not past.undo_button.isEnabled()
    assert [each.undone for each in undoing.imports(stage.app.replica)] == [False, True]


def test_an_import_on_its_way_stays_while_another_page_is_looked_at(stage: Stage, tmp_path: Path) -> None:
    page = import_page(stage)
    take(stage, page.wizard, file_of(tmp_path, HEADS, "Demo 1;A;Leeds;"))
    press_next(stage, page.wizard, 2)
    assert page.leave()
    page.show_place(Place(page="import"))
    assert page.wizard.step is page.wizard.rules
    page.show_place(Place(page="import", options={"entity": "product"}))
    stage.settle()
    assert page.wizard.step is page.wizard.file
    assert page.wizard.choices.entity == "product"
    assert page.wizard.choices.path is not None


@pytest.mark.parametrize(
    "entity", ["receipt", "invoice", "instalment", "invoice_title", "price_book", "exchange_rate"]
)
def test_what_a_list_offers_to_bring_in_is_a_kind_the_import_knows(stage: Stage, entity: str) -> None:
    page = import_page(stage, entity)
    assert page.wizard.file.entity.currentData() == entity


def test_receipts_of_a_bank_are_brought_in(stage: Stage, tmp_path: Path) -> None:
    records.create(stage.app.replica, "customer", {"name": "Acme"})
    page = import_page(stage, "receipt")
    lines = ("Customer;Amount;Date;Reference number", "Acme;60.00;2026-11-20;B-1", "Nobody;5;2026-11-20;B-2")
    take(stage, page.wizard, file_of(tmp_path, *lines, name="bank.csv"))
    press_next(stage, page.wizard, 4)
    (receipt,) = records.page(stage.app.replica, ListQuery(entity="receipt")).rows
    assert (receipt["amount"], receipt["reference"], receipt["status"]) == (60_00, "B-1", "reported")
    report = page.wizard.result.report
    assert report is not None
    assert report.counts()["rejected"] == 1


def test_prices_asked_for_at_a_book_are_of_that_book(stage: Stage, tmp_path: Path) -> None:
    page, replica = import_page(stage), stage.app.replica
    for name in ("2026", "Partners"):
        records.create(replica, "price_book", {"name": name, "currency": "CNY"})
    pump = records.create(replica, "product", {"name": "Pump", "code": "P-1"}).value.id
    page.show_place(Place(page="import", options={"entity": "price", "defaults": {"book_id": "Partners"}}))
    stage.settle()
    take(stage, page.wizard, file_of(tmp_path, "Product;Unit price", "Pump;80.50", name="prices.csv"))
    press_next(stage, page.wizard, 2)
    assert [(line.name, line.text) for line in page.wizard.rules.defaults] == [("book_id", "Partners")]
    press_next(stage, page.wizard, 2)
    (row,) = records.page(replica, ListQuery(entity="price")).rows
    assert (row["product_id"], row["book"], row["unit_price"]) == (pump, "Partners", 80_50)


def test_other_rights_leave_the_kind_that_was_chosen(stage: Stage) -> None:
    page = import_page(stage, "product")
    records.create(stage.app.replica, "role", {"name": "sales", "rights": STANDARD_ROLES["sales"][1]})
    stage.settle()
    assert page.wizard.file.entity.currentData() == "product"
    assert page.wizard.choices.entity == "product"


def test_the_button_is_there_for_whoever_may_make_such_records(stage: Stage) -> None:
    records.create(stage.app.replica, "customer", {"name": "There before"})  # else the empty list offers it
    page = CustomersPage(stage.context, stage.actions)
    stage.show(page)
    stage.settle()
    assert page.import_button.isVisible()
    stage.press(page.import_button, Key.Key_Space)
    assert stage.places[-1] == Place(page="import", options={"entity": "customer"})
    role = records.create(
        stage.app.replica, "role", {"name": "auditor", "rights": STANDARD_ROLES["auditor"][1]}
    ).value.id
    user = records.create(stage.app.replica, "user", {"name": "Me", "role_id": role}).value.id
    with stage.app.replica.applying() as session:
        state.write(session, {StateKey.USER_ID: user})
        session.changed.add(("user", user))
    stage.settle()
    assert not page.import_button.isVisible()


def test_steps_outcomes_and_reasons_are_said_in_chinese(stage: Stage, tmp_path: Path) -> None:
    translator().use("zh_CN")
    wizard = import_page(stage).wizard
    take(stage, wizard, file_of(tmp_path, HEADS, "Demo 1;A;Leeds;", "Demo 2;Top;Leeds;"))
    press_next(stage, wizard, 3)
    assert [show(step.name) for step in wizard.steps] == ["文件", "列", "规则", "检查", "结果"]
    assert [wizard.check.model.index(place, 1).data() for place in (0, 1)] == ["将新建", "拒绝"]
    assert "等级" in wizard.check.model.rows[1].why
    assert wizard.next._shown_text() == "导入 1 行"
    press_next(stage, wizard)
    assert wizard.result.head.text() == "导入完成"
