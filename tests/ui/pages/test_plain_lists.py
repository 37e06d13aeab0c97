"""All tickets, and all articles, in a list: what figures are drilled into, and the way to one of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_core.entities import SCHEMAS
from crm_core.entities.ticket import TicketMessage
from crm_core.i18n import message
from crm_core.rules.conditions import Condition, Op
from crm_desktop.models.query import ListQuery
from crm_desktop.services import lists, records, tickets
from crm_desktop.services.tickets import Queue
from crm_desktop.ui.context import Place
from crm_desktop.ui.dashboards.drilling import open_rule
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.itemmodels.rows import cell_of
from crm_desktop.ui.pages.plain_lists import ArticleListPage, TicketListPage
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets.glyphs import Glyph
from tests.support.desktop import sample_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, sample_app(tmp_path)) as made:
        yield made


def test_a_figure_of_tickets_leads_to_the_very_tickets_and_from_there_to_one(stage: Stage) -> None:
    went: list[Place] = []
    stage.context.go.connect(went.append)
    page = TicketListPage(stage.context, stage.actions)
    stage.show(page)
    rule = Condition(field="kind", op=Op.EQUAL, value="praise")
    open_rule(page, stage.context, "ticket", rule, "Praise")
    stage.until(lambda: bool(went))
    assert went[-1].page == "ticket_list"
    page.show_place(went[-1])
    stage.settle()
    kinds = [page.list.model.row_at(place) for place in range(page.list.model.known)]
    assert [row.record["kind"] for row in kinds if row is not None] == ["praise"]
    (praise,) = kinds
    assert praise is not None
    assert praise.glyph is None
    said = tickets.reply(stage.app.replica, praise.id, "Thank you").value
    records.update(stage.app.replica, "ticket", praise.id, {"status": "open"})
    stage.settle()
    with stage.app.replica.applying() as session:  # as HQ's page says it
        held = session.get(TicketMessage, said.id)
        assert held is not None
        held.status = "held"
    stage.until(lambda: page.list.model.row_at(0).glyph is Glyph.ANSWERED_TWICE)  # type: ignore[union-attr]
    assert tickets.view(stage.app.replica, praise.id).answered_twice
    marked = [row.id for row in tickets.queue(stage.app.replica, Queue.ALL) if row.answered_twice]
    assert marked == [praise.id]
    stage.press(page.list.table, Qt.Key.Key_Return)
    assert went[-1] == Place(page="tickets", record_id=kinds[0].id)  # type: ignore[union-attr]
    page.new_button.click()
    assert went[-1] == Place(page="tickets", options={"new": "ticket"})


def test_a_figure_of_articles_leads_to_the_very_articles_and_from_there_to_one(stage: Stage) -> None:
    page = ArticleListPage(stage.context, stage.actions)
    stage.show(page)
    wanted = {
        each.id
        for each in records.page(stage.app.replica, ListQuery(entity="article", limit=200)).rows
        if each["status"] == "draft"
    }
    assert wanted
    open_rule(page, stage.context, "article", Condition(field="status", op=Op.EQUAL, value="draft"), "Drafts")
    stage.until(lambda: bool(stage.places))
    assert stage.places[-1].page == "article_list"
    page.show_place(stage.places[-1])
    stage.settle()
    rows = [page.list.model.row_at(place) for place in range(page.list.model.known)]
    assert {row.id for row in rows if row is not None} == wanted
    stage.press(page.list.table, Qt.Key.Key_Return)
    assert stage.places[-1].page == "knowledge"
    assert stage.places[-1].record_id in wanted


def test_a_record_with_two_names_is_shown_and_found_by_the_one_of_the_language_on_screen(
    stage: Stage,
) -> None:
    replica = stage.app.replica
    names = {"name": "Siphons (demo)", "name_zh": "虹吸管（示例）"}
    category = records.create(replica, "article_category", names).value.id
    form = records.create(
        replica, "request_form", names | {"questions": [{"key": "q", "label": "Q", "kind": "text"}]}
    )
    article = records.page(replica, ListQuery(entity="article", limit=1)).rows[0]
    records.update(replica, "article", article.id, {"category_id": category})
    page = ArticleListPage(stage.context, stage.actions)
    stage.show(page)
    page.show_place(
        Place(
            page="article_list",
            options={
                "conditions": (Condition(field="category_id", op=Op.EQUAL, value=category),),
                "title": "T",
            },
        )
    )
    stage.settle()
    row = page.list.model.row_at(0)
    assert row is not None
    field = SCHEMAS["article"].fields["category_id"]
    link = LinkEditor(stage.context, field)
    told = message("{name}", name=row.titles["article_category", category])
    for language, shown in (("zh_CN", names["name_zh"]), ("en", names["name"])):
        translator().use(language)
        stage.settle()
        row.cells.clear()
        column = next(each for each in page.list.model.columns if each.key == "category_id")
        assert cell_of(row, column).text == shown
        link.fill({"category_id": category}, {"category_id": row.titles["article_category", category]})
        assert (link.text(), show(told)) == (shown, shown)
        assert link.read({}) == {"category_id": category}
    for entity, wanted in (("article_category", category), ("request_form", form.value.id)):
        for text in ("虹吸", "siphon"):
            found = lists.options(replica, entity, text)
            assert [(each.id, each.title) for each in found] == [(wanted, names["name"])]
            assert str(getattr(found[0].title, "chinese", "")) == names["name_zh"]
