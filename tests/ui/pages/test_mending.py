"""Fields to mend: counted by field, opened at the field, mended where clear and taken back as one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.models.query import ListQuery
from crm_desktop.services import lists, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.mending import BECOMES, MendingPage
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged
from tests.support.windows import has_keyboard


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give a profile with a phone and cities to mend."""
    with staged(qtbot, empty_app(tmp_path)) as made:
        for number, (city, phone) in enumerate(
            (("苏州", "+8651255500199"), ("Atlantis", "5550 0199"), ("无锡", "+8651055500199"))
        ):
            values = {"city": city, "phone": phone, "email": f"a{number}@demo.example", "level": "A"}
            records.create(
                made.app.replica, "customer", {"name": f"C{number}", "industry": "Education", **values}
            )
        yield made


def page_on(stage: Stage) -> MendingPage:
    page = MendingPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="mend"))
    stage.settle()
    return page


def cities(stage: Stage) -> set[object]:
    found = lists.page(stage.app.replica, ListQuery(entity="customer"))
    return {row.get("city") for row in found.rows}


def test_what_is_clear_is_mended_after_a_look_and_taken_back(stage: Stage) -> None:
    page = page_on(stage)
    told = [page.flaws.item(row).text() for row in range(page.flaws.count())]
    assert told == ["Customers · Phone\n1 · not standard", "Customers · City\n3 · not standard"]
    page.flaws.setCurrentRow(1)
    stage.settle()
    shown = page._lists[page.flaw.key]
    column = [each.key for each in shown.model.columns].index(BECOMES)
    becomes = [shown.model.index(row, column).data() for row in range(shown.model.rowCount())]
    assert becomes == ["Suzhou", "", "Wuxi"]
    page.look.click()
    stage.settle()
    assert page.said.text() == "2 will change · 1 are not clear and stay"
    assert cities(stage) == {"苏州", "Atlantis", "无锡"}
    page.apply.click()
    stage.settle()
    assert cities(stage) == {"苏州市", "Atlantis", "无锡市"}
    assert page.flaws.item(1).text() == "Customers · City\n1 · not standard"
    stage.notices[-1].act()
    stage.settle()
    assert cities(stage) == {"苏州", "Atlantis", "无锡"}


def test_a_record_opens_at_the_field_and_leaves_the_list_once_mended(stage: Stage) -> None:
    page = page_on(stage)
    record_id = page._lists[page.flaw.key].model.row_at(0).id
    page.open_record(record_id)
    stage.settle()
    editor = page.form.grid.fields["phone"].editor
    stage.until(lambda: has_keyboard(editor))
    editor.setText("0512 5550 0198")
    editor.textEdited.emit(editor.text())
    page.form.save(close=True)
    stage.settle()
    assert page.form is None
    assert [page.flaws.item(row).text() for row in range(page.flaws.count())] == [
        "Customers · City\n3 · not standard"
    ]
