"""Lists of any length: pages by key, placeholders, few pages in memory, changes taken up in place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.models import repository
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.services import records
from crm_desktop.ui.itemmodels import keyset
from crm_desktop.ui.itemmodels.keyset import KeysetModel
from crm_desktop.ui.itemmodels.rows import CellText, Column
from crm_desktop.ui.widgets.cells import CellKind
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged

BY_NAME = ListQuery(entity="customer", sort=(("name", False),))
NUMBER = 47


@pytest.fixture
def stage(
    look: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """Give 47 customers in pages of ten, of which three stay in memory."""
    monkeypatch.setattr(keyset, "PAGE", 10)
    monkeypatch.setattr(keyset, "AHEAD", 2)
    monkeypatch.setattr(keyset, "PAGES_KEPT", 3)
    app = empty_app(tmp_path)
    with app.replica.write() as session:
        rows = [{"name": f"Demo {number:02}", "level": "A"} for number in range(NUMBER)]
        repository.create_many(session, "customer", rows)
    app.replica.catch_up()
    with staged(qtbot, app) as made:
        yield made


def model_of(stage: Stage) -> KeysetModel:
    """Return a model of the names."""
    column = Column(
        key="name",
        title="Name",
        kind=CellKind.TEXT,
        width=100,
        cell=lambda row: CellText(row.record.title),
        stretch=True,
    )
    model = KeysetModel(stage.context, [column])
    model.setParent(stage.window)
    return model


def names(model: KeysetModel) -> list[str]:
    """Return what the rows show."""
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def walk_to_the_end(stage: Stage, model: KeysetModel) -> None:
    """Ask for the last row until there is no more."""
    for _ in range(20):
        if model.complete:
            return
        model.row_at(model.rowCount() - 1)
        stage.settle()


def test_a_list_begins_with_one_page_and_placeholders_for_what_is_left(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.until(lambda: model.total == NUMBER and model.known == 10)
    assert str(model.index(0, 0).data()) == "Demo 00"
    assert model.rowCount() == 20
    assert model.data(model.index(19, 0)) == "…"


def test_the_model_keeps_qts_rules_while_pages_come_go_and_change(stage: Stage) -> None:
    model = model_of(stage)
    # Breaches are told as warnings, which fail a test; the tester itself asks for further pages.
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    model.ask(BY_NAME)
    stage.settle()
    walk_to_the_end(stage, model)
    assert model.known == NUMBER
    row = model.row_at(model.known - 1)
    assert row is not None
    records.delete(stage.app.replica, "customer", row.id)
    model.follow({row.id})
    stage.settle()
    assert model.rowCount() == NUMBER - 1
    model.ask(ListQuery(entity="customer", sort=(("name", True),)))
    stage.settle()


def test_showing_a_row_near_the_end_reads_the_next_page(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.settle()
    assert model.known == 10
    model.row_at(9)
    stage.settle()
    assert model.known == 20
    walk_to_the_end(stage, model)
    assert model.rowCount() == model.known == NUMBER


def test_only_the_pages_used_last_stay_in_memory_and_others_come_back_when_shown(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.settle()
    walk_to_the_end(stage, model)
    assert model.pages_kept == 3
    assert model.row_at(0) is None
    assert model.index(0, 0).data() == "…"
    stage.settle()
    assert model.index(0, 0).data() == "Demo 00"
    assert model.pages_kept == 3
    assert model.rowCount() == NUMBER


def test_a_changed_record_is_shown_anew_where_it_stands(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.settle()
    row = model.row_at(3)
    assert row is not None
    records.update(stage.app.replica, "customer", row.id, {"level": "C"})
    model.follow({row.id})
    stage.settle()
    again = model.row_at(3)
    assert again is not None
    assert again.record["level"] == "C"


def test_a_deleted_record_leaves_the_list_without_moving_the_others(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.settle()
    row = model.row_at(3)
    assert row is not None
    removed: list[tuple[int, int]] = []
    model.rowsRemoved.connect(lambda _parent, first, last: removed.append((first, last)))
    records.delete(stage.app.replica, "customer", row.id)
    model.follow({row.id})
    stage.settle()
    assert (3, 3) in removed
    assert names(model)[:5] == ["Demo 00", "Demo 01", "Demo 02", "Demo 04", "Demo 05"]
    assert model.total == NUMBER - 1


def test_a_record_made_meanwhile_takes_its_place(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.settle()
    made = records.create(stage.app.replica, "customer", {"name": "Demo 03½"}).value
    model.follow({made.id})
    stage.settle()
    assert names(model)[3:6] == ["Demo 03", "Demo 03½", "Demo 04"]


def test_another_order_is_another_query(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.settle()
    model.ask(ListQuery(entity="customer", sort=(("name", True),)))
    assert model.index(0, 0).data() == "Demo 00", "the old rows stay until the new ones are here"
    stage.settle()
    assert model.index(0, 0).data() == f"Demo {NUMBER - 1}"


def test_an_answer_to_an_older_question_changes_nothing(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.settle()
    model.fetchMore(QModelIndex())
    one = Condition(field="name", op=Op.EQUAL, value="Demo 07")
    model.ask(ListQuery(entity="customer", conditions=(one,), sort=(("name", False),)))
    stage.settle()
    assert names(model) == ["Demo 07"]
    assert model.complete


def test_a_placeholder_can_neither_be_selected_nor_changed(stage: Stage) -> None:
    model = model_of(stage)
    model.ask(BY_NAME)
    stage.settle()
    flags = model.flags(model.index(model.rowCount() - 1, 0))
    assert not flags & (Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable)
