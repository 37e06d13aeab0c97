"""Templates of documents in the window: written, checked while typing, and seen on a real quote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from crm_desktop.documents import template_records
from crm_desktop.services import quotes, records
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.document_templates import DocumentTemplatesPage
from crm_desktop.ui.settings.template_editor import TemplateEditor
from crm_desktop.ui.settings.template_grid import TemplateGrid
from crm_desktop.ui.settings.word_file import WordFileEditor
from tests.documents.test_templates import word_file
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    """Give an administrator's profile with one quote."""
    app = empty_app(tmp_path)
    customer = records.create(app.replica, "customer", {"name": "纸鹤食品", "phone": "021 5550 0142"}).value
    quote = quotes.create(app.replica, {"customer_id": customer.id, "currency": "CNY"}).value
    line = {"description": "泵", "quantity": "2", "unit_price": 100_00, "unit": "台"}
    quotes.add_line(app.replica, quote.id, line)
    with staged(qtbot, app) as made:
        made.quote = quote  # type: ignore[attr-defined]
        yield made


def opened(stage: Stage, **values: str) -> tuple[DocumentTemplatesPage, TemplateGrid]:
    page = DocumentTemplatesPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="document_templates", options={"new": "document_template", "values": values}))
    stage.settle()
    assert page.form is not None
    grid = page.form.findChild(TemplateGrid)
    assert grid is not None
    return page, grid


def test_a_template_is_seen_on_a_quote_while_it_is_written(stage: Stage) -> None:
    shipped = template_records.shipped()[0]
    _, grid = opened(stage, name="方案", kind="proposal", language="zh", body=shipped.body)
    quote = stage.quote  # type: ignore[attr-defined]
    grid.record.link(quote.id, "Q")
    grid.record.edited.emit()
    stage.settle()
    assert grid.document.pageCount() == 1
    assert grid.told.text() == ""
    editor = grid.fields["body"].editor
    assert isinstance(editor, TemplateEditor)
    editor.text.setPlainText("# A\n\n{{ customer.nmae }} {{ x }}")
    stage.settle()
    assert not grid.view.isVisible()
    assert (
        "Line 3, column 4: There is nothing called “customer.nmae”; is it “customer.name”?"
        in grid.told.text()
    )
    assert "Line 3, column 24" in grid.told.text()


def test_a_variable_is_put_in_by_enter(stage: Stage) -> None:
    _, grid = opened(stage, name="T")
    editor = grid.fields["body"].editor
    assert isinstance(editor, TemplateEditor)

    def find(under: QTreeWidgetItem, words: str) -> QTreeWidgetItem | None:
        for place in range(under.childCount()):
            child = under.child(place)
            if child.text(0).startswith(words):
                return child
            if (found := find(child, words)) is not None:
                return found
        return None

    for words in ("totals.total ", "quote.valid_until ", "customer.name "):
        item = find(editor.variables.invisibleRootItem(), words)
        assert item is not None
        editor.variables.setCurrentItem(item)
        stage.press(editor.variables, Qt.Key.Key_Return)
    assert editor.text.toPlainText() == (
        "{{ totals.total | money }}{{ quote.valid_until | date }}{{ customer.name }}"
    )


def test_a_wrong_template_stays_open_with_the_line_named_and_a_right_one_is_saved(stage: Stage) -> None:
    page, grid = opened(stage, name="T", body="{{ nothing }}")
    assert page.form is not None
    page.form.save()
    stage.settle()
    assert "Line 1, column 4" in str(grid.fields["body"].widget.error)
    assert template_records.templates(stage.app.replica, "quote")[0].name != "T"
    editor = grid.fields["body"].editor
    assert isinstance(editor, TemplateEditor)
    editor.text.setPlainText("{{ customer.name }}")
    page.form.save()
    stage.settle()
    assert template_records.templates(stage.app.replica, "quote")[0].name == "T"


def test_a_word_file_is_chosen_and_what_is_none_is_refused(stage: Stage, tmp_path: Path) -> None:
    _, grid = opened(stage, name="W", engine="word")
    editor = grid.fields["word"].editor
    assert isinstance(editor, WordFileEditor)
    assert editor.isVisible()
    assert not grid.fields["body"].widget.isVisible()
    file = tmp_path / "offer.docx"
    file.write_bytes(b"no")
    editor.take(file)
    stage.settle()
    assert editor.name.text() == "No Word file yet"
    file.write_bytes(word_file("{{ customer.name }}"))
    editor.take(file)
    stage.settle()
    assert editor.name.text() == "offer.docx"


def test_a_new_one_begins_with_what_comes_along(stage: Stage) -> None:
    page = DocumentTemplatesPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(Place(page="document_templates"))
    stage.settle()
    gone: list[Place] = []
    stage.context.go.connect(gone.append)
    page.starts().actions()[0].trigger()
    assert gone[-1].options["values"]["body"] == template_records.shipped()[0].body
