"""Tags: their colours wherever one is shown, and how many customers carry each."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.models.query import ListQuery
from crm_desktop.services import records, tagging
from crm_desktop.ui.pages.tags import TagsPage
from crm_desktop.ui.shell.standing import standing
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.chips import Tag
from crm_desktop.ui.widgets.tag_looks import tag_looks
from tests.support.desktop import empty_app
from tests.support.stage import Stage, staged


@pytest.fixture
def stage(look: QApplication, qtbot: QtBot, tmp_path: Path) -> Iterator[Stage]:
    with staged(qtbot, empty_app(tmp_path)) as made:
        replica = made.app.replica
        for name, color in (("Key", "accent"), ("Late", "bad"), ("Plain", "neutral"), ("Unused", "good")):
            records.create(replica, "tag", {"name": name, "color": color})
        for number, tags in enumerate((["Key"], ["key", "Late"], ["Key"], [])):
            records.create(replica, "customer", {"name": f"Customer {number} (demo)", "tags": tags})
        yield made
    tag_looks().use({})


def test_each_tag_stands_with_its_customers_and_leads_to_them(stage: Stage) -> None:
    page = TagsPage(stage.context, stage.actions)
    stage.show(page)
    stage.settle()
    model = page.list.model
    shown = {column.key: place for place, column in enumerate(model.columns)}
    told = [
        tuple(model.index(row, shown[key]).data() for key in ("name", "customers", "share"))
        for row in range(model.rowCount())
    ]
    assert told == [
        ("Key", "3", "75 %"),  # capitals make no other tag
        ("Late", "1", "25 %"),
        ("Plain", "0", "0 %"),
        ("Unused", "0", "0 %"),
    ]
    page.list.select_record(model.row_at(1).id)
    stage.settle()
    page.show_button.click()
    place = stage.places[-1]
    assert (place.page, place.options["conditions"][0].value) == ("customers", "Late")
    assert not page.unlisted.isVisible()


def test_words_carried_that_are_no_tag_are_counted_shown_and_listed_with_undo(stage: Stage) -> None:
    replica = stage.app.replica
    for name, tags in (("Fifth (demo)", ["老客户", "Gone"]), ("Sixth (demo)", ["老客户"])):
        records.create(replica, "customer", {"name": name, "tags": tags})
    page = TagsPage(stage.context, stage.actions)
    stage.show(page)
    stage.settle()
    assert page.unlisted.isVisible()
    assert [button.text() for button in page.unlisted.words] == ["老客户 · 2 · 33 %", "Gone · 1 · 17 %"]
    page.unlisted.words[0].click()
    assert stage.places[-1].options["conditions"][0].value == "老客户"
    page.unlisted.list_button.click()
    stage.settle()
    assert not page.unlisted.isVisible()
    assert tagging.unlisted(replica) == ()
    assert page.list.model.rowCount() == 6
    undo = stage.notices[-1].act
    assert undo is not None
    undo()
    stage.settle()
    assert [each.word for each in tagging.unlisted(replica)] == ["老客户", "Gone"]


def test_a_list_without_a_way_to_bring_files_in_offers_none_where_it_is_empty(stage: Stage) -> None:
    replica = stage.app.replica
    for tag in records.page(replica, ListQuery(entity="tag")).rows:
        records.delete(replica, "tag", tag.id)
    page = TagsPage(stage.context, stage.actions)
    stage.show(page)
    stage.settle()
    assert page.list.empty.new_button.isVisible()
    assert not page.list.empty.import_button.isVisible()


def test_what_is_masked_is_not_counted(stage: Stage) -> None:
    replica = stage.app.replica
    tags = records.page(replica, ListQuery(entity="tag")).rows
    assert tagging.uses(replica, [tags[0].id])[tags[0].id].share == Decimal("0.75")
    for customer in records.page(replica, ListQuery(entity="customer")).rows:
        records.delete(replica, "customer", customer.id)
    assert tagging.uses(replica, [tags[0].id])[tags[0].id] == tagging.TagUse(count=0, share=Decimal(0))


def test_a_tag_is_painted_in_its_colour_as_soon_as_it_is_known(stage: Stage) -> None:
    late, key = Tag("late"), Tag("Unknown")
    for tag in (late, key):
        tag.resize(tag.sizeHint())

    def ground(tag: Tag) -> str:
        return tag.grab().toImage().pixelColor(4, tag.height() // 2).name()

    assert ground(late) == ground(key) == theme().color("hover").name()
    assert tag_looks().use(standing(stage.app.replica).tag_colours)
    assert not tag_looks().use(standing(stage.app.replica).tag_colours)
    assert ground(late) == theme().color("bad-soft").name()
    assert ground(key) == theme().color("hover").name()
